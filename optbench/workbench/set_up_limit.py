"""A limit on the time of work that is done in this process, where no supervisor can end it: compiling a function, above all.

A timer raises `SetUpTooLong` between two steps of the interpreter, so a single call of a library is waited for. It is no
ordinary exception: what catches failures on the way must not take it for one. Away from the main thread, where no signal
arrives, and where another owner uses this timer, the limit is looked at only where the work calls `check`.

>>> try:
...     with set_up_limit(0.01):
...         while True: pass
... except SetUpTooLong:
...     print("ended")
ended
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.1  # seconds after which the timer asks again, where it came at a bad moment
_IMPORTING = "<frozen importlib._bootstrap>"
_NOT_WITHIN = {"_forget"}  # callbacks of weak references, out of which no exception comes


class SetUpTooLong(BaseException):
    """The limit was reached."""


@contextmanager
def set_up_limit(seconds: float) -> Iterator[Callable[[], None]]:
    """Raise `SetUpTooLong` in the block once so many seconds have passed; the block may ask for it at good moments, too."""
    deadline = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() >= deadline:
            raise SetUpTooLong

    if not _has_timer():
        yield check
        return

    def end(number: int, frame: FrameType | None) -> None:
        if not _is_delicate(frame):
            raise SetUpTooLong

    previous = signal.signal(signal.SIGALRM, end)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), _AGAIN)
        yield check
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _has_timer() -> bool:
    """Whether the timer is there for us: signals arrive, and nobody else uses it."""
    threading = sys.modules.get("threading")  # not loaded: there are no other threads
    in_main_thread = threading is None or threading.current_thread() is threading.main_thread()
    return in_main_thread and signal.getitimer(signal.ITIMER_REAL)[0] == 0 and signal.getsignal(signal.SIGALRM) is not None


def _is_delicate(frame: FrameType | None) -> bool:
    """Whether an exception would be lost, or would leave a module half loaded."""
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING or frame.f_code.co_name in _NOT_WITHIN:
            return True
        frame = frame.f_back
    return False
