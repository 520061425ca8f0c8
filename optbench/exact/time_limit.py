"""A limit on the processor time of one piece of work, which ends it from inside: python-flint's and SymPy's calls included.

A timer of the process raises `OutOfTime` between two steps of the interpreter, so a single long call is waited for. It is
no ordinary exception: what catches the failures of a formula must not take it for one. Where it arrives in what Python calls
by itself (a finaliser, a callback of a weak reference), Python prints and drops it; so it comes again. Limits don't nest: within one,
another has no effect. Away from the main thread, where no signal arrives, there is no limit.

>>> try:
...     with time_limit(0.01):
...         while True: pass
... except OutOfTime as reason:
...     print(reason)
it took more than 0.01 seconds
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class OutOfTime(BaseException):
    """The limit was reached; the text says which."""


_AGAIN = 0.5  # seconds of the processor after which it is raised once more
_running = False


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the block once it has used so many seconds of the processor."""
    global _running
    if _running or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        raise OutOfTime(f"it took more than {seconds:.2g} seconds")

    previous = signal.signal(signal.SIGPROF, end)
    _running = True
    try:
        signal.setitimer(signal.ITIMER_PROF, max(seconds, 1e-6), _AGAIN)
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
        _running = False
