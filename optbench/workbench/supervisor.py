"""The supervisor: runs whatever may run away in a forked child, with a wall limit and a limit of memory.

A task is a function of one argument, `send`. It runs in a child of its own, streams JSON values through `send`, and
returns a JSON value. The parent is one `selectors` loop over the children's pipes and their pidfds: `Supervisor._start`
forks a child. `child` is all that happens inside of it, `frames` is how it is heard, `handle` is the parent's hold on it,
which says how it ended, and `task` has the words of all of them: what may be asked, and what is reported.

>>> with Supervisor(jobs=1) as supervisor:
...     supervisor.submit("sum", lambda send: sum(range(10)), Limits(wall_seconds=10, memory_bytes=None))
...     for event in supervisor.events():
...         print(event.key, event.ending.name, event.payload)
sum FINISHED 45

What is guaranteed:

- A child leads its own process group, and whenever it ends or is killed, its whole group is killed. A descendant that
  moves itself to another group or session escapes this.
- No child outlives its parent, not even after kill -9. On Linux the kernel sends SIGKILL (PR_SET_PDEATHSIG), which no
  computation can delay, and what a child forks in Python inherits that. A program that a child started by other means
  (`subprocess`, `system`) is not reached when the parent dies by kill -9; in all other cases the group's end takes it.
  Elsewhere a thread of the child waits for its parent's end and then kills the group; code that holds the interpreter's
  lock delays it.
- The kernel ties a child to the thread that forked it: use a supervisor in one thread, which lives as long as its tasks.
- Wall limits hold while nobody reads the events, too: an alarm (SIGALRM) ends the child shortly after its limit, unless
  the task uses that signal itself.
- Memory is limited where /proc tells how much is mapped (Linux), as address space that the task adds to what it inherits.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

from optbench.workbench.child import Order, Start, live, prctl
from optbench.workbench.frames import Pipe, close_all, open_pipes
from optbench.workbench.handle import BegunAnew, Handle
from optbench.workbench.task import Ended, Ending, Event, Limits, Message, Send, Task

__all__ = ["Ended", "Ending", "Event", "Limits", "Message", "Send", "Supervisor", "Task"]


_HAS_DEATH_SIGNAL = sys.platform == "linux"
_POLL = 0.05  # seconds between two looks at a child where no pidfd reports its end
_LONGEST_SLEEP = 3600.0  # seconds; epoll accepts no more than a few weeks


class Supervisor:
    """Run tasks in children, at most `jobs` at once and the others in order; a context manager that leaves no child.

    With `debug`, what the children write to stderr passes through; else it only helps to explain their end. stdout is dropped.
    """

    def __init__(self, jobs: int = 2, debug: bool = False) -> None:
        if jobs < 1:
            raise ValueError("A supervisor needs at least one job.")
        self._jobs = jobs
        self._debug = debug
        self._waiting: deque[Order] = deque()
        self._running: dict[str, Handle] = {}
        self._ready: deque[Event] = deque()
        self._selector = selectors.DefaultSelector()
        self._lifeline = None if _HAS_DEATH_SIGNAL else os.pipe()

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._abandon()
        self._selector.close()
        for descriptor in self._lifeline or ():
            os.close(descriptor)
        self._lifeline = None

    def submit(self, key: str, task: Task, limits: Limits, delay: float = 0.0) -> None:
        """Start `task`, or let it wait for its turn. `task(send)` runs in the child and returns a JSON value.

        After a `delay` in seconds its turn is the next. Raise ValueError while another task with this key waits or runs.
        """
        if key in self._running or any(order.key == key for order in self._waiting):
            raise ValueError(f"A task {key!r} is not over yet.")
        order = Order(key, task, limits, time.monotonic() + delay)
        self._waiting.appendleft(order) if delay else self._waiting.append(order)
        self._start_next()

    def hurry(self, key: str) -> None:
        """Let a task that waits for its delay to pass have the next turn."""
        for place, order in enumerate(self._waiting):
            if order.key == key:
                self._waiting[place] = order._replace(earliest=0.0)

    def events(self) -> Iterator[Event]:
        """Yield messages and endings until every task has ended; those of one key in order, `Ended` last.

        Tasks may be submitted and cancelled on the way. Where waiting is interrupted, all children are killed.
        """
        while (event := self.next_event()) is not None:
            yield event

    def next_event(self, patience: float = math.inf) -> Event | None:
        """Return the next event, or None once every task has ended, or after so many seconds of `patience`.

        Where waiting is interrupted, all children are killed.
        """
        until = time.monotonic() + patience
        while not self._ready and (self._running or self._waiting):
            try:
                self._start_next()
                if not self._ready:
                    self._attend(until)
            except BaseException:
                self._abandon()
                raise
            if time.monotonic() >= until:
                break
        return self._ready.popleft() if self._ready else None

    def allow(self, key: str, seconds: float, begun_anew: BegunAnew | None = None) -> None:
        """Let the wall limit of a running task begin anew: so many seconds from now, or none if that is infinite.

        Before the task is killed, and at its end, `begun_anew` is asked whether its time has begun once more since then. The
        alarm that stands in for a busy parent is the task's to set anew, by `child.set_alarm`.
        """
        if key in self._running:
            self._running[key].allow(seconds, begun_anew)

    def cancel(self, key: str) -> None:
        """Kill the task, or drop it if it waits; `Ended` follows. A task that has ended stays as it ended."""
        if key in self._running:
            self._running[key].kill(Ending.CANCELLED, Ending.CANCELLED.value)
        for order in [order for order in self._waiting if order.key == key]:
            self._waiting.remove(order)
            self._ready.append(Ended(key, Ending.CANCELLED, Ending.CANCELLED.value, None, 0.0, 0.0))

    def _start_next(self) -> None:
        while len(self._running) < self._jobs and (order := self._next_order()) is not None:
            self._waiting.remove(order)
            try:
                pipe, complaints = open_pipes()
            except OSError as error:
                self._report_no_start(order, error)
                continue
            with _interrupts_held() as signal_mask:
                self._start(order, pipe, complaints, signal_mask)

    def _next_order(self) -> Order | None:
        """Return the first of those that wait whose time has come."""
        return next((order for order in self._waiting if order.earliest <= time.monotonic()), None)

    def _start(self, order: Order, pipe: Pipe, complaints: Pipe, signal_mask: set[int]) -> None:
        """Fork, and enter the child in the books. The child never returns from here."""
        if _HAS_DEATH_SIGNAL:
            prctl()  # loads ctypes once, here, and not in every child
        start = Start(order, os.getpid(), self._foreign_descriptors(), pipe, complaints, self._lifeline, self._debug, signal_mask)
        started = time.monotonic()
        try:
            pid = _fork_quietly()
        except OSError as error:
            close_all(*pipe, *complaints)
            self._report_no_start(order, error)
            return
        if pid == 0:
            live(start)
        close_all(pipe[1], complaints[1])
        with suppress(OSError):  # the child does it as well; whoever comes first
            os.setpgid(pid, pid)
        child = Handle(order.key, order.limits, pid, started, pipe[0], complaints[0], _pidfd(pid), self._ready.append)
        self._running[order.key] = child
        for descriptor in child.watched():
            self._selector.register(descriptor, selectors.EVENT_READ, child)

    def _report_no_start(self, order: Order, error: OSError) -> None:
        """Report that there was no process or descriptor to be had: this task's misfortune, not the end of the others."""
        self._ready.append(Ended(order.key, Ending.CRASHED, f"could not be started: {error.strerror}", None, 0.0, 0.0))

    def _foreign_descriptors(self) -> list[int]:
        """Return what a new child inherits but must not keep: its siblings' pipes and the selector."""
        fileno = getattr(self._selector, "fileno", None)  # of epoll and kqueue; select and poll have none
        return ([fileno()] if fileno else []) + [d for child in self._running.values() for d in child.descriptors()]

    def _attend(self, until: float) -> None:
        """Wait until a child sends, ends or passes its limit, at most until that time, and see to it."""
        ready = {key.fd for key, _ in self._selector.select(min(self._patience(), max(0.0, until - time.monotonic())))}
        for child in list(self._running.values()):
            if child.pipe in ready and not child.read() and child.hung_up:
                self._selector.unregister(child.pipe)  # else its end of file would wake us for ever
                child.heard_all = True
            if child.pidfd in ready or (child.pidfd is None and child.reap(os.WNOHANG)):
                self._bury(child)
            elif child.verdict is None and child.is_late():
                child.kill(Ending.TIME, Ending.TIME.value.format(seconds=child.limits.wall_seconds))

    def _patience(self) -> float:
        """Return for how many seconds nothing needs to be done unless a child stirs."""
        deadline = min((child.deadline for child in self._running.values() if child.verdict is None), default=math.inf)
        if len(self._running) < self._jobs:
            deadline = min([deadline, *(order.earliest for order in self._waiting)])
        longest = _POLL if any(child.pidfd is None for child in self._running.values()) else _LONGEST_SLEEP
        return max(0.0, min(deadline - time.monotonic(), longest))

    def _bury(self, child: Handle) -> None:
        """End the group of a child that has ended, deliver what it still said, reap it and report."""
        with _interrupts_held():
            child.kill_group()
            while child.read():
                pass
            child.reap(0)
            self._ready.append(child.judge())
            self._release(child)

    def _abandon(self) -> None:
        """Kill and reap every child and forget every task."""
        with _interrupts_held():
            self._waiting.clear()
            self._ready.clear()
            for child in self._running.values():
                child.kill(Ending.CANCELLED, Ending.CANCELLED.value)
            for child in list(self._running.values()):
                child.reap(0)
                self._release(child)

    def _release(self, child: Handle) -> None:
        for descriptor in child.watched():
            with suppress(KeyError):  # where an interrupt came between two lines of `_attend`
                self._selector.unregister(descriptor)
        close_all(*child.descriptors())
        del self._running[child.key]


def _fork_quietly() -> int:
    """Fork, without the warning of Python 3.12 about threads: the child waits for no thread of the parent's."""
    if sys.version_info >= (3, 12):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return os.fork()
    else:
        return os.fork()


def _pidfd(pid: int) -> int | None:
    """Return a descriptor that is readable once the process has ended, where the system has such a thing."""
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        with suppress(OSError):
            return os.pidfd_open(pid)
    return None


@contextmanager
def _interrupts_held() -> Iterator[set[int]]:
    """Let signals wait that could end the parent half way through its books; yield the mask of signals to restore.

    Masking keeps them from a child that has not yet dropped the parent's handlers. In the parent it isn't enough, as a
    thread of a native library may receive them, upon which Python runs the handler in the main thread; so handlers wait too.
    """
    held = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    arrived: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        arrived.append(number)

    mask = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    handlers = {number: signal.getsignal(number) for number in held} if _in_main_thread() else {}
    swapped = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number in swapped:
            signal.signal(number, note)
        yield {int(number) for number in mask}
    finally:
        for number, handler in swapped.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for late in arrived:
            signal.raise_signal(late)


def _in_main_thread() -> bool:
    threading = sys.modules.get("threading")  # not loaded: there are no other threads
    return threading is None or threading.current_thread() is threading.main_thread()
