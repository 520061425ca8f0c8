"""The parent's handle on a running child: its pipe and its process, and the judgement of how it ended.

The supervisor calls `read` when the pipe stirs, which delivers messages and keeps the child's last word; `kill` where its
time is over; `reap` at its end; and then `judge`, which weighs the last word that `child` sent in a frame, the reason for
which we killed it, its exit status and its stderr.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from optbench.workbench.child import ALARM_GRACE
from optbench.workbench.frames import CHUNK, HEADER, Kind
from optbench.workbench.task import Ended, Ending, Event, Limits, Message, shortened, tells_shortage

_LARGEST_MESSAGE = 64 * 2**20  # bytes
_LARGEST_TOTAL = 512 * 2**20  # bytes of all messages of one task

BegunAnew = Callable[[], tuple[float, float] | None]  # when the time of a task began anew (monotonic clock), and how long it is


@dataclass(eq=False)
class Handle:
    """The parent's view of one running task."""

    key: str
    limits: Limits
    pid: int
    started: float  # monotonic clock
    pipe: int  # where its frames arrive
    complaints: int  # what it wrote to stderr: the first 64 KB, read only to explain its end
    pidfd: int | None
    deliver: Callable[[Event], None]
    begun_anew: BegunAnew | None = None  # asked where its time seems to be over
    unread: bytearray = field(default_factory=bytearray)
    received: int = 0  # bytes
    hung_up: bool = False  # the pipe is at its end of file
    heard_all: bool = False  # and is no longer watched
    deaf: bool = False  # what it sends is no longer listened to
    verdict: tuple[Ending, str] | None = None  # why we killed it
    last: tuple[Kind, Any, float] | None = None  # what it said at its end, and when
    status: int | None = None  # as wait4 gives it
    cpu_seconds: float = 0.0

    @property
    def deadline(self) -> float:
        """The monotonic clock at which its time is over."""
        return self.started + self.limits.wall_seconds

    def allow(self, seconds: float, begun_anew: BegunAnew | None = None) -> None:
        """Let its time, and what it may send, begin anew; what it complained of before explains nothing any more."""
        self._begin(time.monotonic(), seconds)
        self.received, self.begun_anew = 0, begun_anew
        with suppress(BlockingIOError):
            os.read(self.complaints, CHUNK)

    def is_late(self) -> bool:
        """Return whether its time is over, after asking when that began."""
        if time.monotonic() >= self.deadline:
            self._ask()
        return time.monotonic() >= self.deadline

    def _ask(self) -> None:
        if self.begun_anew is not None and (begun := self.begun_anew()) is not None:
            self._begin(*begun)

    def _begin(self, started: float, seconds: float) -> None:
        self.started, self.limits = started, self.limits._replace(wall_seconds=seconds)

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
            chunk = os.read(self.pipe, CHUNK)
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
        while len(self.unread) >= HEADER.size and not self.deaf:
            kind, length, clock = HEADER.unpack_from(self.unread)
            if length > _LARGEST_MESSAGE:
                self._refuse(f"sent a message of {_megabytes(length)}, where {_megabytes(_LARGEST_MESSAGE)} are accepted, and was killed")
                return
            end = HEADER.size + length
            if len(self.unread) < end:
                return
            text = self.unread[HEADER.size : end]
            del self.unread[:end]
            self._take(kind, text, clock)

    def _take(self, number: int, text: bytearray, clock: float) -> None:
        try:
            kind, payload = Kind(number), json.loads(text)
        except (ValueError, RecursionError) as error:  # written by two processes at once, or too deep or long for us
            self._refuse(f"sent a message that can't be read ({shortened(str(error))}) and was killed")
            return
        if kind is Kind.MESSAGE:
            self.deliver(Message(self.key, payload))
        else:
            self.last = kind, payload, clock

    def _refuse(self, reason: str) -> None:
        self.deaf = True
        self.unread.clear()
        self.kill(Ending.CRASHED, reason)

    def judge(self) -> Ended:
        """Return how it ended, once it is reaped and all that it sent is read."""
        self._ask()
        now = self.last[2] if self.last else time.monotonic()
        wall = now - self.started
        if self._died_of(signal.SIGALRM):
            wall = min(wall, self.limits.wall_seconds + ALARM_GRACE)  # the parent was busy and looked later
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

    def _last_word(self, kind: Kind, payload: Any) -> tuple[Ending, str]:
        match kind:
            case Kind.ANSWER:
                return Ending.FINISHED, Ending.FINISHED.value
            case Kind.FAULT:
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
            text = os.read(self.complaints, CHUNK).decode(errors="replace").lower()
        except BlockingIOError:
            return False
        return tells_shortage(text)


def _megabytes(size: int) -> str:
    """Return a size as it was probably meant: both 512 * 2**20 and 512,000,000 bytes are "512 MB"."""
    binary, rest = divmod(size, 2**20)
    return f"{binary} MB" if size and not rest else f"{size / 1e6:.4g} MB"
