"""The child: all that happens between the fork and the end of the process that runs one task.

The supervisor forks and calls `live` with a `Start`, which never returns: it ties the child's end to the parent's, takes
the standard streams and the parent's signal handlers from it, limits its time and its memory, runs the task of its
`Order`, and writes its answer, or what kept it from one, as a frame (`frames`). The parent's side is `handle`.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple, NoReturn

from optbench.errors import printable
from optbench.workbench.frames import CHUNK, Frames, Kind, Pipe, close_all, encode_frame
from optbench.workbench.task import Limits, Task, shortened, tells_shortage

ALARM_GRACE = 0.25  # seconds in which the parent, who kills the whole group, goes first
_LONGEST_ALARM = 1e8  # seconds; later ones may overflow the kernel's timer
_PR_SET_PDEATHSIG = 1
_MUTE_EXIT = 1  # exit code of a child that could not even say what went wrong


class Order(NamedTuple):
    """What was submitted."""

    key: str
    task: Task
    limits: Limits
    earliest: float = 0.0  # of time.monotonic, at which it may start


class Start(NamedTuple):
    """What a child needs to know of its parent."""

    order: Order
    parent: int
    foreign: list[int]  # descriptors to close
    pipe: Pipe
    complaints: Pipe
    lifeline: Pipe | None  # the parent alone holds its write end; None where the kernel tells of the parent's end
    debug: bool
    signal_mask: set[int]  # to restore


def live(start: Start) -> NoReturn:
    """Be the child: run the task, send its answer, and end without running anything of the parent's."""
    try:
        gc.freeze()  # the parent's garbage is the parent's to collect
        _join_fate(start.parent, start.lifeline)
        writer, stderr = _above_standard_streams(start.pipe[1]), _above_standard_streams(start.complaints[1])
        close_all(*start.foreign, *start.pipe, *start.complaints)
        _kept = _mute(stderr, start.debug)
        _settle_signals(start.order.limits.wall_seconds, start.signal_mask, start.debug)
        _perform(start.order, Frames(writer))
        os._exit(0)
    finally:
        os._exit(_MUTE_EXIT)


def _join_fate(parent: int, lifeline: Pipe | None) -> None:
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
    prctl()(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(_MUTE_EXIT)


def _hand_down() -> None:
    """Let whatever this process forks in Python die with it."""
    forking: list[int] = []

    def remember() -> None:
        forking[:] = [os.getpid()]

    os.register_at_fork(before=remember, after_in_child=lambda: _die_with(forking[0]))


@cache
def prctl() -> Callable[[int, int, int, int, int], int]:
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
    set_alarm(wall_seconds)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal_mask)


def set_alarm(wall_seconds: float) -> None:
    """Let the process end so many seconds from now, if the parent has not killed it before; never, if they are infinite."""
    signal.setitimer(signal.ITIMER_REAL, max(0.0, wall_seconds) + ALARM_GRACE if wall_seconds < _LONGEST_ALARM else 0.0)


def _perform(order: Order, frames: Frames) -> None:
    """Run the task and write its answer, or what kept it from one."""
    here = os.getpid()
    lift_limit = _limit_memory(order.limits.memory_bytes)
    try:
        frame = encode_frame(Kind.ANSWER, order.task(frames.send))
    except BaseException as error:
        lift_limit()
        frame = encode_frame(*_fault(error, order.limits.memory_bytes is not None))
    if os.getpid() == here:  # else a fork of the task has come back from it
        frames.write(frame)


def _limit_memory(memory_bytes: int | None) -> Callable[[], None]:
    """Limit the address space to what is mapped now and `memory_bytes`; return a function that lifts the limit again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    mapped = mapped_bytes()
    if memory_bytes is not None and mapped is not None:
        allowed = [mapped + memory_bytes] + [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_AS, (min(*allowed, sys.maxsize), hard))
    return partial(resource.setrlimit, resource.RLIMIT_AS, (soft, hard))  # all built now: to lift it, no memory is needed


def mapped_bytes() -> int | None:
    """Return the size of this process's address space, where /proc tells it."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return None


def _fault(error: BaseException, limited: bool) -> tuple[Kind, str | None]:
    """Return what to say of an exception that left the task."""
    try:
        text = str(error)
    except Exception:  # its author's __str__ may do anything
        text = ""
    if isinstance(error, MemoryError) or (limited and tells_shortage(text[:CHUNK].lower())):
        return Kind.SHORTAGE, None
    name = printable(type(error).__name__)
    return Kind.FAULT, f"raised {name}: {shortened(text)}" if text else f"raised {name}"
