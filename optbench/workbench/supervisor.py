"""The supervisor: runs whatever may run away in a forked child, with a wall limit and a limit of memory.

A task is a function of one argument, `send`. It runs in a child of its own, streams JSON values through `send`, and
returns a JSON value. The parent is one `selectors` loop over the children's pipes and their pidfds: `_start` forks a
child, `_Child` is the parent's view of it, `_live` and what follows it is all that happens inside of it, and
`_Child.judge` says how it ended.

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

import gc
import json
import math
import os
import resource
import selectors
import signal
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import cache, partial
from types import FrameType, TracebackType
from typing import Any, NamedTuple, NoReturn

from optbench.errors import printable

_HAS_DEATH_SIGNAL = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_CHUNK = 1 << 16  # bytes of one read; what a pipe holds on Linux
_LARGEST_MESSAGE = 64 * 2**20  # bytes
_LARGEST_TOTAL = 512 * 2**20  # bytes of all messages of one task
_LONGEST_TEXT = 300  # characters of an exception's text
_POLL = 0.05  # seconds between two looks at a child where no pidfd reports its end
_LONGEST_SLEEP = 3600.0  # seconds; epoll accepts no more than a few weeks
_LONGEST_ALARM = 1e8  # seconds; later ones may overflow the kernel's timer
_ALARM_GRACE = 0.25  # seconds in which the parent, who kills the whole group, goes first
_MUTE_EXIT = 1  # exit code of a child that could not even say what went wrong
_SHORTAGE_TEXTS = ("bad_alloc", "allocate memory", "out of memory", "failed to map segment")  # of C++, GMP and libc, the loader

_Pipe = tuple[int, int]  # read end, write end
Send = Callable[[Any], None]
Task = Callable[[Send], Any]


@dataclass(frozen=True)
class Limits:
    """What a task may use."""

    wall_seconds: float  # from the start of the child; may be math.inf
    memory_bytes: int | None  # address space that the task may add; None for no limit


class Ending(Enum):
    """How a task ended; the value is the sentence that the user reads, to be completed by `Ended.reason`."""

    FINISHED = "finished"
    TIME = "ran past its wall limit of {seconds:g} s and was killed"
    MEMORY = "ran out of {memory}"
    CRASHED = "{fault}"
    CANCELLED = "was cancelled"


@dataclass(frozen=True)
class Ended:
    """The last event of a task."""

    key: str
    ending: Ending
    reason: str  # a sentence whose subject is the task
    payload: Any  # the JSON value that the task returned; None unless it finished
    wall_seconds: float
    cpu_seconds: float  # of the child and of those of its children for which it waited


@dataclass(frozen=True)
class Message:
    """What a task sent while it ran."""

    key: str
    payload: Any  # a JSON value


Event = Message | Ended


class Supervisor:
    """Run tasks in children, at most `jobs` at once and the others in order; a context manager that leaves no child.

    With `debug`, what the children write to stderr passes through; else it only helps to explain their end. stdout is dropped.
    """

    def __init__(self, jobs: int = 2, debug: bool = False) -> None:
        if jobs < 1:
            raise ValueError("A supervisor needs at least one job.")
        self._jobs = jobs
        self._debug = debug
        self._waiting: deque[_Order] = deque()
        self._running: dict[str, _Child] = {}
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

    def submit(self, key: str, task: Task, limits: Limits) -> None:
        """Start `task`, or let it wait for its turn. `task(send)` runs in the child and returns a JSON value.

        Raise ValueError while another task with this key waits or runs.
        """
        if key in self._running or any(order.key == key for order in self._waiting):
            raise ValueError(f"A task {key!r} is not over yet.")
        self._waiting.append(_Order(key, task, limits))
        self._start_next()

    def events(self) -> Iterator[Event]:
        """Yield messages and endings until every task has ended; those of one key in order, `Ended` last.

        Tasks may be submitted and cancelled on the way. Where waiting is interrupted, all children are killed.
        """
        while self._ready or self._running or self._waiting:
            while self._ready:
                yield self._ready.popleft()
            try:
                self._start_next()
                if self._running and not self._ready:
                    self._attend()
            except BaseException:
                self._abandon()
                raise

    def cancel(self, key: str) -> None:
        """Kill the task, or drop it if it waits; `Ended` follows. A task that has ended stays as it ended."""
        if key in self._running:
            self._running[key].kill(Ending.CANCELLED, Ending.CANCELLED.value)
        for order in [order for order in self._waiting if order.key == key]:
            self._waiting.remove(order)
            self._ready.append(Ended(key, Ending.CANCELLED, Ending.CANCELLED.value, None, 0.0, 0.0))

    def _start_next(self) -> None:
        while self._waiting and len(self._running) < self._jobs:
            order = self._waiting.popleft()
            try:
                pipe, complaints = _pipes()
            except OSError as error:
                self._report_no_start(order, error)
                continue
            with _interrupts_held() as signal_mask:
                self._start(order, pipe, complaints, signal_mask)

    def _start(self, order: _Order, pipe: _Pipe, complaints: _Pipe, signal_mask: set[int]) -> None:
        """Fork, and enter the child in the books. The child never returns from here."""
        if _HAS_DEATH_SIGNAL:
            _prctl()  # loads ctypes once, here, and not in every child
        start = _Start(order, os.getpid(), self._foreign_descriptors(), pipe, complaints, self._lifeline, self._debug, signal_mask)
        started = time.monotonic()
        try:
            pid = _fork_quietly()
        except OSError as error:
            _close(*pipe, *complaints)
            self._report_no_start(order, error)
            return
        if pid == 0:
            _live(start)
        _close(pipe[1], complaints[1])
        with suppress(OSError):  # the child does it as well; whoever comes first
            os.setpgid(pid, pid)
        child = _Child(order.key, order.limits, pid, started, pipe[0], complaints[0], _pidfd(pid), self._ready.append)
        self._running[order.key] = child
        for descriptor in child.watched():
            self._selector.register(descriptor, selectors.EVENT_READ, child)

    def _report_no_start(self, order: _Order, error: OSError) -> None:
        """Report that there was no process or descriptor to be had: this task's misfortune, not the end of the others."""
        self._ready.append(Ended(order.key, Ending.CRASHED, f"could not be started: {error.strerror}", None, 0.0, 0.0))

    def _foreign_descriptors(self) -> list[int]:
        """Return what a new child inherits but must not keep: its siblings' pipes and the selector."""
        fileno = getattr(self._selector, "fileno", None)  # of epoll and kqueue; select and poll have none
        return ([fileno()] if fileno else []) + [d for child in self._running.values() for d in child.descriptors()]

    def _attend(self) -> None:
        """Wait until a child sends, ends or passes its limit, and see to it."""
        ready = {key.fd for key, _ in self._selector.select(self._patience())}
        for child in list(self._running.values()):
            if child.pipe in ready and not child.read() and child.hung_up:
                self._selector.unregister(child.pipe)  # else its end of file would wake us for ever
                child.heard_all = True
            if child.pidfd in ready or (child.pidfd is None and child.reap(os.WNOHANG)):
                self._bury(child)
            elif child.verdict is None and time.monotonic() >= child.deadline:
                child.kill(Ending.TIME, Ending.TIME.value.format(seconds=child.limits.wall_seconds))

    def _patience(self) -> float:
        """Return for how many seconds nothing needs to be done unless a child stirs."""
        deadline = min((child.deadline for child in self._running.values() if child.verdict is None), default=math.inf)
        longest = _POLL if any(child.pidfd is None for child in self._running.values()) else _LONGEST_SLEEP
        return max(0.0, min(deadline - time.monotonic(), longest))

    def _bury(self, child: _Child) -> None:
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

    def _release(self, child: _Child) -> None:
        for descriptor in child.watched():
            with suppress(KeyError):  # where an interrupt came between two lines of `_attend`
                self._selector.unregister(descriptor)
        _close(*child.descriptors())
        del self._running[child.key]


class _Order(NamedTuple):
    """What was submitted."""

    key: str
    task: Task
    limits: Limits


class _Start(NamedTuple):
    """What a child needs to know of its parent."""

    order: _Order
    parent: int
    foreign: list[int]  # descriptors to close
    pipe: _Pipe
    complaints: _Pipe
    lifeline: _Pipe | None  # the parent alone holds its write end; None where the kernel tells of the parent's end
    debug: bool
    signal_mask: set[int]  # to restore


class _Kind(IntEnum):
    """What a frame carries."""

    MESSAGE = 0
    ANSWER = 1
    FAULT = 2  # the sentence about it
    SHORTAGE = 3  # nothing: the memory is used up


_HEADER = struct.Struct("!BQd")  # kind, length of the JSON text that follows, monotonic clock of the child


@dataclass(eq=False)
class _Child:
    """The parent's view of one running task."""

    key: str
    limits: Limits
    pid: int
    started: float  # monotonic clock
    pipe: int  # where its frames arrive
    complaints: int  # what it wrote to stderr: the first 64 KB, read only to explain its end
    pidfd: int | None
    deliver: Callable[[Event], None]
    unread: bytearray = field(default_factory=bytearray)
    received: int = 0  # bytes
    hung_up: bool = False  # the pipe is at its end of file
    heard_all: bool = False  # and is no longer watched
    deaf: bool = False  # what it sends is no longer listened to
    verdict: tuple[Ending, str] | None = None  # why we killed it
    last: tuple[_Kind, Any, float] | None = None  # what it said at its end, and when
    status: int | None = None  # as wait4 gives it
    cpu_seconds: float = 0.0

    @property
    def deadline(self) -> float:
        """The monotonic clock at which its time is over."""
        return self.started + self.limits.wall_seconds

    def descriptors(self) -> list[int]:
        """Return all that must be closed at its end."""
        return [self.pipe, self.complaints] + ([] if self.pidfd is None else [self.pidfd])

    def watched(self) -> list[int]:
        """Return those that wake the parent."""
        return ([] if self.heard_all else [self.pipe]) + ([] if self.pidfd is None else [self.pidfd])

    def kill(self, ending: Ending, reason: str) -> None:
        """Kill the whole group, for this reason; the first reason stands."""
        self.verdict = self.verdict or (ending, reason)
        self.kill_group()

    def kill_group(self) -> None:
        """Send SIGKILL to the group, and to the child itself in case that it has changed its group."""
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses where only a zombie is left
            os.killpg(self.pid, signal.SIGKILL)
        if self.status is None:  # once reaped, its number may belong to another process
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def reap(self, options: int) -> bool:
        """Return whether the child is reaped, after waiting for its end unless `options` is WNOHANG."""
        if self.status is None:
            try:
                pid, status, usage = os.wait4(self.pid, options)
            except ChildProcessError:  # the program ignores SIGCHLD, and the kernel reaped it
                self.status = 0
                return True
            if pid:
                self.status, self.cpu_seconds = status, usage.ru_utime + usage.ru_stime
        return self.status is not None

    def read(self) -> bool:
        """Take one chunk from the pipe and deliver the messages that it completes; return whether there may be more."""
        try:
            chunk = os.read(self.pipe, _CHUNK)
        except BlockingIOError:
            return False
        self.hung_up = not chunk
        self.received += len(chunk)
        if self.received > _LARGEST_TOTAL:
            self._refuse(f"sent more than {_megabytes(_LARGEST_TOTAL)} in all and was killed")
        if not self.deaf:
            self.unread += chunk
            self._split()
        return bool(chunk) and not self.deaf

    def _split(self) -> None:
        """Deliver every whole frame; a half one stays, and is dropped with the child."""
        while len(self.unread) >= _HEADER.size and not self.deaf:
            kind, length, clock = _HEADER.unpack_from(self.unread)
            if length > _LARGEST_MESSAGE:
                self._refuse(f"sent a message of {_megabytes(length)}, where {_megabytes(_LARGEST_MESSAGE)} are accepted, and was killed")
                return
            end = _HEADER.size + length
            if len(self.unread) < end:
                return
            text = self.unread[_HEADER.size : end]
            del self.unread[:end]
            self._take(kind, text, clock)

    def _take(self, number: int, text: bytearray, clock: float) -> None:
        try:
            kind, payload = _Kind(number), json.loads(text)
        except (ValueError, RecursionError) as error:  # written by two processes at once, or too deep or long for us
            self._refuse(f"sent a message that can't be read ({_shortened(str(error))}) and was killed")
            return
        if kind is _Kind.MESSAGE:
            self.deliver(Message(self.key, payload))
        else:
            self.last = kind, payload, clock

    def _refuse(self, reason: str) -> None:
        self.deaf = True
        self.unread.clear()
        self.kill(Ending.CRASHED, reason)

    def judge(self) -> Ended:
        """Return how it ended, once it is reaped and all that it sent is read."""
        now = self.last[2] if self.last else time.monotonic()
        wall = now - self.started
        if self._died_of(signal.SIGALRM):
            wall = min(wall, self.limits.wall_seconds + _ALARM_GRACE)  # the parent was busy and looked later
        ending, reason = self._ending(wall)
        payload = self.last[1] if self.last and ending is Ending.FINISHED else None
        return Ended(self.key, ending, reason, payload, wall, self.cpu_seconds)

    def _ending(self, wall: float) -> tuple[Ending, str]:
        if self.verdict and self.verdict[0] is not Ending.TIME:
            return self.verdict
        late = wall > self.limits.wall_seconds
        if self.last and not late:  # complete, even where our kill was under way
            return self._last_word(*self.last[:2])
        if self.last or self.verdict or (late and self._died_of(signal.SIGALRM)):
            return Ending.TIME, Ending.TIME.value.format(seconds=self.limits.wall_seconds)
        return self._silent_end()

    def _last_word(self, kind: _Kind, payload: Any) -> tuple[Ending, str]:
        match kind:
            case _Kind.ANSWER:
                return Ending.FINISHED, Ending.FINISHED.value
            case _Kind.FAULT:
                return Ending.CRASHED, Ending.CRASHED.value.format(fault=payload)
            case _:
                return self._shortage()

    def _silent_end(self) -> tuple[Ending, str]:
        """Explain an ending that the child did not explain itself: a signal, or an exit within native code."""
        if self.limits.memory_bytes is not None and self._complained_of_memory():
            return self._shortage()
        code = os.waitstatus_to_exitcode(self.status or 0)
        if code >= 0:
            return Ending.CRASHED, f"ended with exit code {code} without an answer"
        name = (signal.strsignal(-code) or "unknown").split(":")[0].lower()
        stranger = ", sent by another process or by the system when its memory ran out" if -code == signal.SIGKILL else ""
        return Ending.CRASHED, f"was ended by signal {-code} ({name}){stranger}"

    def _shortage(self) -> tuple[Ending, str]:
        limit = self.limits.memory_bytes
        memory = "the system's memory" if limit is None else f"its {_megabytes(limit)} of memory"
        return Ending.MEMORY, Ending.MEMORY.value.format(memory=memory)

    def _died_of(self, number: int) -> bool:
        return self.status is not None and os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == number

    def _complained_of_memory(self) -> bool:
        """Return whether native code (GMP, C++) that gave up said on stderr that an allocation failed."""
        try:
            text = os.read(self.complaints, _CHUNK).decode(errors="replace").lower()
        except BlockingIOError:
            return False
        return _tells_shortage(text)


# What follows runs in the child.


def _live(start: _Start) -> NoReturn:
    """Be the child: run the task, send its answer, and end without running anything of the parent's."""
    try:
        gc.freeze()  # the parent's garbage is the parent's to collect
        _join_fate(start.parent, start.lifeline)
        writer, stderr = _above_standard_streams(start.pipe[1]), _above_standard_streams(start.complaints[1])
        _close(*start.foreign, *start.pipe, *start.complaints)
        _kept = _mute(stderr, start.debug)
        _settle_signals(start.order.limits.wall_seconds, start.signal_mask, start.debug)
        _perform(start.order, _Frames(writer))
        os._exit(0)
    finally:
        os._exit(_MUTE_EXIT)


def _join_fate(parent: int, lifeline: _Pipe | None) -> None:
    """Lead a group, and see to it that the parent's end is ours."""
    os.setpgid(0, 0)
    if lifeline is None:
        _die_with(parent)
        _hand_down()
    else:
        from threading import Thread

        os.close(lifeline[1])
        Thread(target=_end_group_after_parent, args=(lifeline[0],), daemon=True).start()


def _die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends."""
    _prctl()(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(_MUTE_EXIT)


def _hand_down() -> None:
    """Let whatever this process forks in Python die with it."""
    forking: list[int] = []

    def remember() -> None:
        forking[:] = [os.getpid()]

    os.register_at_fork(before=remember, after_in_child=lambda: _die_with(forking[0]))


@cache
def _prctl() -> Callable[[int, int, int, int, int], int]:
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    prctl.restype = ctypes.c_int
    return prctl


def _end_group_after_parent(lifeline: int) -> None:
    os.read(lifeline, 1)  # nobody writes: returns at end of file, when the parent is gone
    os.killpg(0, signal.SIGKILL)


def _above_standard_streams(descriptor: int) -> int:
    """Return a copy that isn't 0, 1 or 2, which a program started without standard streams gets for its pipes."""
    from fcntl import F_DUPFD_CLOEXEC, fcntl

    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3)


def _mute(stderr: int, debug: bool) -> tuple[Any, ...]:
    """Take the standard streams from native and from Python code; return the old objects, which must not be finalised.

    Were they finalised, they would write what the parent has buffered a second time.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(null, descriptor)
    if not debug:
        os.dup2(stderr, 2)
    kept = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="replace", closefd=False) if debug else sys.stdout
    return kept


def _settle_signals(wall_seconds: float, signal_mask: set[int], debug: bool) -> None:
    """Drop the parent's handlers, set the alarm, and let signals through again."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "faulthandler" in sys.modules and not debug:  # it may hold a copy of the parent's stderr
        sys.modules["faulthandler"].disable()
    if wall_seconds < _LONGEST_ALARM:
        signal.setitimer(signal.ITIMER_REAL, max(0.0, wall_seconds) + _ALARM_GRACE)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal_mask)


def _perform(order: _Order, frames: _Frames) -> None:
    """Run the task and write its answer, or what kept it from one."""
    here = os.getpid()
    lift_limit = _limit_memory(order.limits.memory_bytes)
    try:
        frame = _frame(_Kind.ANSWER, order.task(frames.send))
    except BaseException as error:
        lift_limit()
        frame = _frame(*_fault(error, order.limits.memory_bytes is not None))
    if os.getpid() == here:  # else a fork of the task has come back from it
        frames.write(frame)


def _limit_memory(memory_bytes: int | None) -> Callable[[], None]:
    """Limit the address space to what is mapped now and `memory_bytes`; return a function that lifts the limit again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    mapped = _mapped_bytes()
    if memory_bytes is not None and mapped is not None:
        allowed = [mapped + memory_bytes] + [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_AS, (min(*allowed, sys.maxsize), hard))
    return partial(resource.setrlimit, resource.RLIMIT_AS, (soft, hard))  # all built now: to lift it, no memory is needed


def _mapped_bytes() -> int | None:
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return None


def _fault(error: BaseException, limited: bool) -> tuple[_Kind, str | None]:
    """Return what to say of an exception that left the task."""
    try:
        text = str(error)
    except Exception:  # its author's __str__ may do anything
        text = ""
    if isinstance(error, MemoryError) or (limited and _tells_shortage(text[:_CHUNK].lower())):
        return _Kind.SHORTAGE, None
    name = printable(type(error).__name__)
    return _Kind.FAULT, f"raised {name}: {_shortened(text)}" if text else f"raised {name}"


class _Frames:
    """The child's end of the pipe."""

    def __init__(self, writer: int) -> None:
        from threading import Lock

        self._writer = writer
        self._lock = Lock()  # a task may send from several threads

    def send(self, payload: Any) -> None:
        """Stream a JSON value to the parent."""
        self.write(_frame(_Kind.MESSAGE, payload))

    def write(self, frame: bytes) -> None:
        """Write a frame; wait where the parent is slower than the task."""
        with self._lock:
            rest = memoryview(frame)
            while rest:
                rest = rest[os.write(self._writer, rest) :]


def _frame(kind: _Kind, payload: Any) -> bytes:
    text = json.dumps(payload).encode()
    return _HEADER.pack(kind, len(text), time.monotonic()) + text


# What follows serves both.


def _pipes() -> tuple[_Pipe, _Pipe]:
    """Return the pipe for frames, on which only the child waits, and the one for stderr, on which nobody does."""
    frames = os.pipe()
    try:
        complaints = os.pipe()
    except OSError:
        _close(*frames)
        raise
    for descriptor in (frames[0], *complaints):
        os.set_blocking(descriptor, False)
    return frames, complaints


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


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


def _megabytes(size: int) -> str:
    """Return a size as it was probably meant: both 512 * 2**20 and 512,000,000 bytes are "512 MB"."""
    binary, rest = divmod(size, 2**20)
    return f"{binary} MB" if size and not rest else f"{size / 1e6:.4g} MB"


def _tells_shortage(text: str) -> bool:
    """Return whether a lower-case text says that an allocation failed."""
    return any(words in text for words in _SHORTAGE_TEXTS)


def _shortened(text: str) -> str:
    """Return at most 300 characters of a text, fit for a terminal."""
    shown = printable(text[: _LONGEST_TEXT + 1])
    return shown if len(shown) <= _LONGEST_TEXT else shown[: _LONGEST_TEXT - 3] + "..."
