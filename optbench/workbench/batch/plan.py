"""What a batch is made of: problems and where they are read, and for each of them its units, one an attempt.

A unit is a problem, a method with its options, a seed and a repeat; beside them stand one exact and one certified unit for
each problem. Everything that determines what a unit comes to goes into its key, so that one that has been done, on any
machine with the same versions, is known again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, NamedTuple

from optbench import __version__
from optbench.errors import OptbenchError
from optbench.problem.problem import Problem
from optbench.result import Attempt, AttemptStatus, plain
from optbench.workbench import attempt
from optbench.workbench.settings import Settings
from optbench.workbench.task import Ended

SCHEMA = "optbench/attempt/1"
_CERTIFY_GRACE = 1.0  # seconds that certification has beyond its own limit, before it is killed
_REPORTING = 0.1, 1.0  # of its time, at most so many seconds, that an attempt has for ending by itself


class Source(NamedTuple):
    """Where a problem is read: a document of a file, or a text."""

    file: str | None = None  # as given
    text: str | None = None  # an expression, or with `is_document` YAML or JSON
    is_document: bool = False
    document: int = 0  # the place of the problem among those of the file or the text
    point: tuple[tuple[str, Fraction], ...] = ()  # of the scan

    def __str__(self) -> str:
        """What messages call it."""
        name = self.file or ("standard input" if self.is_document or self.text is None else self.text)
        return f"{name}, document {self.document + 1}" if self.document else name


class Read(NamedTuple):
    """What is read there: a problem, or why there is none."""

    problem: Problem | None
    error: OptbenchError | None = None
    documents: int = 1  # of the file or the text


Reader = Callable[[Source], Read]


class MethodFacts(NamedTuple):
    """A method of a problem, as its worker tells of it: plain JSON."""

    label: str
    options: Mapping[str, Any]
    version: str
    is_named: bool  # whether it was asked for, and so has the whole budget


class ProblemFacts(NamedTuple):
    """A problem, as its worker tells of it: plain JSON."""

    problem: str
    problem_hash: str
    starts_hash: str
    sense: str
    dimension: int
    constraint_count: int
    known_value: float | None
    methods: tuple[MethodFacts, ...]

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> ProblemFacts:
        """Return the facts after a way through JSON."""
        return cls(**{**plain, "methods": tuple(MethodFacts(*m) for m in plain["methods"])})


class Unit(NamedTuple):
    """An attempt that is to be made."""

    source: Source
    kind: str  # exact, certified or numerical
    method: str  # its label
    seed: int | None
    repeat: int
    problem_hash: str  # of what is to be found at its source
    is_named: bool = True  # whether the method was asked for
    key: str = ""  # of its record, where that has been computed


class Open(NamedTuple):
    """The work of reading a problem."""

    source: Source


class Try(NamedTuple):
    """The work of making an attempt."""

    unit: Unit


class Judge(NamedTuple):
    """The work of making a row of an attempt that was cut short, with the best point that it had told."""

    unit: Unit
    ended: Ended
    latest: Any
    started: str  # when the attempt began


@dataclass(frozen=True)
class Plan:
    """What is done with each problem."""

    settings: Settings
    seeds: tuple[int, ...] = (0,)
    repeats: int = 1
    shard: tuple[int, int] = (1, 1)  # the first of the numbers is from 1 to the second

    def units(self, source: Source, facts: ProblemFacts) -> Iterator[Unit]:
        """Yield the units of a problem."""
        if self.settings.exact:
            yield Unit(source, "exact", "exact stage", None, 0, facts.problem_hash)
        if self.settings.certify:
            yield Unit(source, "certified", "branch-and-bound", None, 0, facts.problem_hash)
        for method in facts.methods:
            for seed in self.seeds:
                for repeat in range(self.repeats):
                    yield Unit(source, "numerical", method.label, seed, repeat, facts.problem_hash, method.is_named)

    def keys(self, unit: Unit, facts: ProblemFacts) -> tuple[str, bool]:
        """Return the key of a unit, and whether it belongs to this shard."""
        method = next((m for m in facts.methods if m.label == unit.method), None)
        identity = {
            "problem": facts.problem_hash,
            "starts": facts.starts_hash,
            "kind": unit.kind,
            "method": unit.method,
            "options": {} if method is None else method.options,
            "seed": unit.seed,
            "scan": scan_of(unit.source),
            "repeat": unit.repeat,
            "limits": self._limits(unit),
            "tolerance": self.settings.tolerance,
        }
        version = f"optbench {__version__}" if method is None else method.version
        return digest({**identity, "version": version}), self.is_ours(identity)

    def key_of_unreadable(self, source: Source, reason: str) -> tuple[str, bool]:
        """Return the key of the record that says why a problem can't be read, and whether it belongs to this shard."""
        identity = {"file": source.file, "text": source.text, "document": source.document, "scan": scan_of(source)}
        return digest({**identity, "reason": reason, "version": __version__}), self.is_ours(identity)

    def is_ours(self, identity: Mapping[str, Any]) -> bool:
        """Return whether what is known by this belongs to this shard."""
        number, count = self.shard
        return count == 1 or int(digest(identity)[:16], 16) % count == number - 1

    def _limits(self, unit: Unit) -> list[Any]:
        limits: list[Any] = [self.seconds(unit.kind), self.settings.memory_limit]
        if unit.kind == "numerical":
            budget = self.budget(unit)
            return [*limits, budget.iterations, budget.evaluations, self.settings.starts]
        return [*limits, self.own_seconds(unit.kind), self.settings.digits]

    def seconds(self, kind: str) -> float:
        """Return after how many seconds an attempt is killed; opening a problem is of the kind `open`."""
        settings = self.settings
        if kind == "exact":
            return min(settings.exact_time, settings.time_limit)
        return min(settings.certify_time + _CERTIFY_GRACE, settings.time_limit) if kind == "certified" else settings.time_limit

    def own_seconds(self, kind: str) -> float:
        """Return after how many seconds an attempt ends by itself; the exact stage sees to that alone."""
        seconds, (share, most) = self.seconds(kind), _REPORTING
        own = seconds if kind == "exact" else seconds - min(share * seconds, most)
        return min(own, self.settings.certify_time) if kind == "certified" else own

    def budget(self, unit: Unit) -> attempt.Budget:
        """Return what a numerical attempt may use."""
        seconds = self.own_seconds(unit.kind)
        return attempt.Budget(seconds) if unit.is_named else attempt.Budget(seconds, *attempt.PANEL)


def scan_of(source: Source) -> dict[str, str]:
    """Return the point of the scan, the values as texts."""
    return {name: _decimal(value) for name, value in source.point}


def _decimal(value: Fraction) -> str:
    """A number as decimals: those of a scan were given so, and have finitely many."""
    with localcontext(prec=400):
        return f"{(Decimal(value.numerator) / value.denominator).normalize():f}"


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def cut_short(unit: Unit | None, status: str, reason: str) -> dict[str, Any]:
    """Return the fields of an attempt of which nothing but its end is known; without a unit, of what never became one."""
    name, kind, seed = ("", "", None) if unit is None else (unit.method, unit.kind, unit.seed)
    row = plain(Attempt(name, kind, AttemptStatus.CRASHED, seed=seed))
    ended = {"method": name or None, "kind": kind or None, "status": status, "reason": reason}
    return {**row, **ended, "assurance": "none", "value_enclosure": None, "outcome": None}
