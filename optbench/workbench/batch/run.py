"""The loop of a batch: works for idle workers, a record for each that ends, and nothing begun before it is written.

Problems are read by the workers, one after the other as they are needed, and a worker goes on with the problem that it has
read; where no problems are left to be read, it helps with another's. So a plan of millions of attempts takes no more memory
than one of a few, and no file can hold up or end the whole.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from optbench.errors import printable
from optbench.workbench.batch.executor import Executor, Report
from optbench.workbench.batch.journal import Sink, short
from optbench.workbench.batch.plan import SCHEMA, Judge, Open, Plan, ProblemFacts, Source, Try, Unit, cut_short, scan_of
from optbench.workbench.task import Ended, Ending

INVALID = "invalid"  # the status of a problem that can't be read
FAILURES = (INVALID, "crashed", "killed")  # what counts as failed where nothing else is said
_PATIENCE = 0.2  # seconds between two looks at the clock
_GRACE = 5.0  # seconds that attempts have to end after an interrupt
_LONGEST_NAME = 200  # characters
_OF_A_PROBLEM = ("problem_hash", "sense", "dimension", "constraint_count", "known_value")
_KILLED = (Ending.TIME, Ending.MEMORY)


@dataclass
class Progress:
    """How far a batch has come."""

    sources: int  # problems, as far as is known
    opened: int = 0  # of them
    unreadable: int = 0
    planned: int = 0  # units of those that are opened
    kept: int = 0  # that were in the journal before
    done: int = 0  # that are recorded now
    dropped: int = 0  # that an interrupt has cut short
    twice: int = 0  # problems that are given more than once
    statuses: Counter[str] = field(default_factory=Counter)  # of those that are kept or done
    by_method: Counter[str] = field(default_factory=Counter)  # units that are planned
    started: float = field(default_factory=time.monotonic)
    interrupted: bool = False

    @property
    def total(self) -> int:
        """How many records there will be; an estimate until every problem is opened."""
        left = self.sources - self.opened - self.unreadable
        average = self.planned / self.opened if self.opened else 1.0
        return self.planned + self.unreadable + round(left * average)

    @property
    def is_exact(self) -> bool:
        """Whether the total is no estimate."""
        return self.opened + self.unreadable == self.sources

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.done / max(time.monotonic() - self.started, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        """An estimate; None where nothing is done yet."""
        return (self.total - self.done - self.kept) / self.rate if self.done else None

    def failures(self, which: Iterable[str]) -> int:
        """How many of the attempts ended in one of these ways."""
        return sum(self.statuses[status] for status in set(which))


class Listener:
    """Who wants to hear of it; does nothing by itself."""

    def recorded(self, record: Mapping[str, Any], progress: Progress) -> None:
        """Hear of a new record."""

    def told(self, sentence: str) -> None:
        """Hear of something that is no record."""

    def waited(self, progress: Progress) -> None:
        """Hear that time goes by."""


class Batch:
    """One run of a plan. With `dry`, problems are opened and units are counted, and nothing else is done."""

    def __init__(
        self, plan: Plan, sources: Iterable[Source], executor: Executor, sink: Sink, listener: Listener, dry: bool = False
    ) -> None:
        self.plan, self.executor, self.sink, self.listener, self.dry = plan, executor, sink, listener, dry
        self.run_id = uuid.uuid4().hex[:16]
        self.sources = deque(sources)
        self.progress = Progress(len(self.sources))
        self.facts: dict[Source, ProblemFacts] = {}  # of problems with units that are not done
        self.missing: dict[Source, int] = {}  # how many those are
        self.queues: dict[Source, deque[Unit]] = {}  # those of them that are not begun
        self.favourites: dict[str, Source] = {}  # the problem that each worker has read last
        self.to_judge: deque[Judge] = deque()
        self.known: dict[tuple[str, ...], str] = {}  # where each problem was seen first
        self.started: dict[str, str] = {}  # when each worker began its work
        self.busy = 0

    def run(self, is_stopped: Callable[[], bool] = lambda: False) -> Progress:
        """Do what is to be done; after `is_stopped`, end what runs within a few seconds, and begin nothing more.

        Raise `JournalError` where the journal takes no more. Every record that was written is kept whatever happens.
        """
        stopped_at: float | None = None
        while True:
            if stopped_at is None and is_stopped():
                stopped_at, self.progress.interrupted = time.monotonic(), True
            if stopped_at is None or self.to_judge:
                self._give(stopped=stopped_at is not None)
            if not self.busy:
                break
            report = self.executor.next_report(_PATIENCE)
            if report is not None:
                self._take(report)
            if stopped_at is not None and time.monotonic() - stopped_at > _GRACE:
                self.executor.cancel()
            self.sink.sync()
            self.listener.waited(self.progress)
        self.sink.sync(at_once=True)
        return self.progress

    # ---- handing out -------------------------------------------------------------------------------------------------------

    def _give(self, stopped: bool) -> None:
        for worker in self.executor.idle():
            work = self.to_judge.popleft() if self.to_judge else None if stopped else self._next(worker)
            if work is None:
                return
            self.busy += 1
            self.started[worker] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self.executor.give(worker, work, self.plan.settings.time_limit)

    def _next(self, worker: str) -> Open | Try | None:
        """A unit of the problem that the worker has read, or another problem, or another's unit."""
        favourite = self.favourites.get(worker)
        if favourite in self.queues:
            return self._unit_of(favourite)
        if self.sources:
            return Open(self.sources.popleft())
        if self.queues:
            self.favourites[worker] = fullest = max(self.queues, key=lambda source: len(self.queues[source]))
            return self._unit_of(fullest)
        return None

    def _unit_of(self, source: Source) -> Try:
        queue = self.queues[source]
        unit = queue.popleft()
        if not queue:
            del self.queues[source]
        return Try(unit)

    # ---- what comes of it -----------------------------------------------------------------------------------------------------

    def _take(self, report: Report) -> None:
        self.busy -= 1
        match report.work:
            case Open(source):
                self._take_opened(source, report)
            case Try(unit):
                self._take_tried(unit, report)
            case Judge(unit, ended, _, started):
                self.started[report.worker] = started
                self._take_judged(unit, ended, report)

    def _take_opened(self, source: Source, report: Report) -> None:
        ended = report.ended
        if ended.ending is Ending.CANCELLED:
            self.progress.dropped += 1
        elif ended.ending is not Ending.FINISHED:
            self._unreadable(source, _status(ended), f"reading it {ended.reason}", report)
        else:
            self._add_documents(source, ended.payload["documents"])
            if ended.payload["problem"] is None:
                self._unreadable(source, INVALID, ended.payload["error"], report)
            else:
                self._opened(source, ProblemFacts.from_json(ended.payload["problem"]), report.worker)

    def _add_documents(self, source: Source, count: int) -> None:
        """The first problem of a file tells how many there are beside it."""
        if source.document == 0 and count > 1:
            self.sources.extendleft(source._replace(document=k) for k in reversed(range(1, count)))
            self.progress.sources += count - 1

    def _unreadable(self, source: Source, status: str, reason: str, report: Report) -> None:
        """Record that there is no problem to be had."""
        self.progress.unreadable += 1
        key, is_ours = self.plan.key_of_unreadable(source, reason)
        if not is_ours:
            return
        if short(key) in self.sink.done:
            self._keep(self.sink.done[short(key)])
        elif self.dry:
            self.progress.statuses[status] += 1
        else:
            name = {"problem": str(source)[:_LONGEST_NAME], **dict.fromkeys(_OF_A_PROBLEM), "file": source.file}
            where = {"scan": scan_of(source), "base_seed": None, "repeat": 0}
            self._record(key, {**name, **where, **cut_short(None, status, reason)}, report.worker)

    def _opened(self, source: Source, facts: ProblemFacts, worker: str) -> None:
        identity = (facts.problem_hash, facts.starts_hash, *map(str, scan_of(source).items()))
        if identity in self.known:
            self.progress.twice += 1
            self.progress.sources -= 1
            self.listener.told(f"{printable(str(source))} is the same problem as {self.known[identity]}, and is run once.")
            return
        self.known[identity] = printable(str(source))
        self.progress.opened += 1
        units = deque(self._missing(source, facts))
        self.favourites[worker] = source
        if units and not self.dry:
            self.facts[source], self.missing[source], self.queues[source] = facts, len(units), units

    def _missing(self, source: Source, facts: ProblemFacts) -> Iterator[Unit]:
        """Yield the units that are this shard's and not done."""
        for unit in self.plan.units(source, facts):
            key, is_ours = self.plan.keys(unit, facts)
            if not is_ours:
                continue
            self.progress.planned += 1
            self.progress.by_method[unit.method] += 1
            if short(key) in self.sink.done:
                self._keep(self.sink.done[short(key)])
            else:
                yield unit._replace(key=key)

    def _keep(self, status: str) -> None:
        self.progress.kept += 1
        self.progress.statuses[status] += 1

    def _take_tried(self, unit: Unit, report: Report) -> None:
        ended = report.ended
        if ended.ending is Ending.CANCELLED:
            self.progress.dropped += 1
        elif ended.ending is Ending.FINISHED:
            self._record_attempt(unit, ended.payload, report.worker)
        else:
            if not report.has_begun:
                ended = ended._replace(reason=f"while it was prepared, it {ended.reason}")
            self.to_judge.append(Judge(unit, ended, report.latest, self.started[report.worker]))

    def _take_judged(self, unit: Unit, ended: Ended, report: Report) -> None:
        if report.ended.ending is Ending.FINISHED:
            self._record_attempt(unit, report.ended.payload, report.worker)
        else:
            self._record_attempt(unit, cut_short(unit, _status(ended), ended.reason), report.worker)

    # ---- records --------------------------------------------------------------------------------------------------------------

    def _record_attempt(self, unit: Unit, fields: Mapping[str, Any], worker: str) -> None:
        source, facts = unit.source, self.facts[unit.source]
        problem = {name: value for name, value in facts._asdict().items() if name not in ("methods", "starts_hash")}
        self._record(
            unit.key,
            {**problem, "file": source.file, "scan": scan_of(source), "base_seed": unit.seed, "repeat": unit.repeat, **fields},
            worker,
        )
        self.missing[source] -= 1
        if not self.missing[source]:
            del self.facts[source], self.missing[source]

    def _record(self, key: str, fields: Mapping[str, Any], worker: str) -> None:
        record = {"schema": SCHEMA, "key": key, "run": self.run_id, "started": self.started[worker], **fields}
        self.sink.write(record)
        self.progress.done += 1
        self.progress.statuses[str(fields["status"])] += 1
        self.listener.recorded(record, self.progress)


def _status(ended: Ended) -> str:
    return "killed" if ended.ending in _KILLED else "crashed"
