"""The executor of this machine: workers that are forked from a warm parent, used again, and replaced where they end.

A worker is a long task of a `Supervisor`, with a pipe of its own on which it waits for works. Its wall limit begins anew
with each work. Whatever ends a worker (a limit, a signal, an exception) is reported as the end of its work; then another is
forked in its place. One whose address space has grown by half of the limit of memory leaves by itself between two works, so
that each finds at least the other half.

>>> with Pool(lambda work, channel: work + 1, jobs=1) as pool:
...     pool.give("worker 1", 41, seconds=60)
...     pool.next_report(60).ended.payload
42
"""

from __future__ import annotations

import json
import math
import os
import pickle
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from optbench.errors import UsageError
from optbench.workbench.batch.blackboard import Blackboard
from optbench.workbench.batch.executor import Perform, Report, Work
from optbench.workbench.child import mapped_bytes, set_alarm
from optbench.workbench.supervisor import Supervisor
from optbench.workbench.task import Ended, Ending, Limits, Message, Send

_MOST_IDLE_ENDS = 5  # in a row: of workers that end without having been asked for anything
_NOTHING = object()


@dataclass
class _Worker:
    """The parent's view of a worker."""

    key: str  # of its task: another one for each that takes its place
    writer: int  # where works are sent
    board: Blackboard
    work: Work = _NOTHING
    seconds: float = math.inf
    long_note: Any = None  # the last one that did not fit on the board
    is_undelivered: bool = False  # it had ended before the work reached it
    is_leaving: bool = False  # it has grown too large, and ends by itself


class Pool:
    """A context manager that leaves no worker behind; `inherited` are descriptors that are the parent's alone."""

    def __init__(
        self, perform: Perform, jobs: int, memory_limit: int | None = None, inherited: Sequence[int] = (), debug: bool = False
    ) -> None:
        self._perform, self._memory_limit, self._inherited = perform, memory_limit, list(inherited)
        self._supervisor = Supervisor(jobs=jobs, debug=debug)
        self._workers: dict[str, _Worker] = {}
        self._names: dict[str, str] = {}  # of workers, by the keys of their tasks
        self._forked = 0
        self._idle_ends = 0
        for number in range(1, jobs + 1):
            self._hire(f"worker {number}")

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._supervisor.__exit__(kind, error, trace)
        for worker in self._workers.values():
            os.close(worker.writer)
        self._workers.clear()

    def idle(self) -> list[str]:
        """Return the names of the workers that have nothing to do."""
        return [name for name, worker in self._workers.items() if worker.work is _NOTHING and not worker.is_leaving]

    def give(self, worker: str, work: Work, seconds: float) -> None:
        """Let an idle worker do a work within so many seconds."""
        one = self._workers[worker]
        one.work, one.seconds, one.long_note = work, seconds, None
        one.board.wipe()
        self._supervisor.allow(one.key, seconds, one.board.begun)
        try:
            _write(one.writer, pickle.dumps((work, seconds), pickle.HIGHEST_PROTOCOL))
            one.is_undelivered = False
        except BrokenPipeError:
            one.is_undelivered = True

    def next_report(self, patience: float) -> Report | None:
        """Return the next report, or None if none has come in so many seconds."""
        event = self._supervisor.next_event(patience)
        if event is None:
            return None
        name = self._names[event.key]
        return self._heard(name, event.payload) if isinstance(event, Message) else self._ended(name, event)

    def cancel(self) -> None:
        """End all that is being done; each work is reported as cancelled."""
        for worker in self._workers.values():
            if worker.work is not _NOTHING:
                self._supervisor.cancel(worker.key)

    def _hire(self, name: str) -> None:
        """Fork a worker; it is the first to read what is sent to this name."""
        reader, writer = os.pipe()
        self._forked += 1
        key = f"{name}, {self._forked}"
        foreign = [writer, *(worker.writer for worker in self._workers.values()), *self._inherited]
        worker = _Worker(key, writer, Blackboard())
        self._workers[name], self._names[key] = worker, name
        task = _serving(reader, worker.board, foreign, self._perform, self._memory_limit)
        self._supervisor.submit(key, task, Limits(math.inf, self._memory_limit))
        os.close(reader)

    def _heard(self, name: str, message: Any) -> Report | None:
        worker = self._workers[name]
        kind, payload = message
        if kind == "note":
            worker.long_note = payload
        elif kind in ("done", "last"):
            payload, seconds = payload
            report = Report(name, worker.work, _finished(name, payload, seconds), None, worker.board.begun() is not None)
            worker.work, self._idle_ends = _NOTHING, 0
            worker.is_leaving = kind == "last"
            self._supervisor.allow(worker.key, math.inf)
            return report
        return None

    def _ended(self, name: str, ended: Ended) -> Report | None:
        """See to a worker's end, and to another in its place."""
        del self._names[ended.key]
        worker = self._workers[name]
        if not worker.is_leaving and (worker.work is _NOTHING or worker.is_undelivered):
            self._count_idle_end(ended)
        work, again = worker.work, worker.is_undelivered
        self._replace(name)
        if work is _NOTHING:
            return None
        if again:
            self.give(name, work, worker.seconds)
            return None
        note = worker.board.note()
        latest = worker.long_note if note is None else json.loads(note)
        return Report(name, work, ended, latest, worker.board.begun() is not None)

    def _count_idle_end(self, ended: Ended) -> None:
        self._idle_ends += 1
        if self._idle_ends > _MOST_IDLE_ENDS:
            raise UsageError(f"No worker can be kept running: the last one {ended.reason}.")

    def _replace(self, name: str) -> None:
        os.close(self._workers.pop(name).writer)
        self._hire(name)


def _finished(name: str, payload: Any, seconds: float) -> Ended:
    return Ended(name, Ending.FINISHED, Ending.FINISHED.value, payload, seconds, 0.0)


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


# ---- inside of a worker --------------------------------------------------------------------------------------------------


class _ToParent:
    """The channel of a work: the parent's clock begins anew as the worker's alarm does."""

    def __init__(self, send: Send, board: Blackboard) -> None:
        self._send, self._board = send, board
        self.began = time.monotonic()

    def note(self, payload: Any) -> None:
        if not self._board.write(json.dumps(payload).encode()):
            self._send(("note", payload))
            self._board.rub_out()

    def begin(self, seconds: float) -> None:
        set_alarm(seconds)
        self.began = time.monotonic()
        self._board.begin(self.began, seconds)


def _serving(reader: int, board: Blackboard, foreign: Sequence[int], perform: Perform, memory_limit: int | None) -> Callable[[Send], None]:
    """Return the task of a worker: it does what it is sent until its parent has no more, or it has grown too large."""

    def serve(send: Send) -> None:
        for descriptor in foreign:
            with suppress(OSError):
                os.close(descriptor)
        begun = mapped_bytes()
        with os.fdopen(reader, "rb") as works:
            while True:
                try:
                    work, seconds = pickle.load(works)
                except EOFError:
                    return
                set_alarm(seconds)
                channel = _ToParent(send, board)
                payload = perform(work, channel)
                set_alarm(math.inf)
                is_last = _has_grown(begun, memory_limit)
                send(("last" if is_last else "done", (payload, time.monotonic() - channel.began)))
                if is_last:
                    return

    return serve


def _has_grown(begun: int | None, memory_limit: int | None) -> bool:
    if begun is None or memory_limit is None:
        return False
    return (mapped_bytes() or 0) - begun > memory_limit // 2
