"""Journals of batches, read: one `Record` an attempt, of each key the last one, in an order that does not depend on who was first.

Lines of other kinds are skipped; a last line that was half written, and lines that can't be read, are told in `warnings`.

>>> run = parsed(['{"schema": "optbench/run/1", "run": "7"}', '{"schema": "optbench/attempt/1", "key": "ab", "status": "conv'], "a.jsonl")
>>> len(run.headers), run.records, run.warnings
(1, [], ['a.jsonl: the last line is half written (a batch may be running, or was cut off); it is left out.'])
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from optbench.errors import ProblemError, printable
from optbench.problem.regular_file import regular_file

ATTEMPT, HEADER = "optbench/attempt/1", "optbench/run/1"
FEASIBLE = 1e-6  # greatest infeasibility of a point that counts
_LARGEST = 64 * 2**30  # bytes of a journal
_COUNTS = ("objective_evaluations", "gradient_evaluations", "hessian_evaluations", "constraint_evaluations")
_FOUND = ("start", "steps", "strategy")  # among the options of a row: what was not asked for, but came about
_KINDS = {"exact": 0, "certified": 1, "numerical": 2}  # of attempts, in their order
_SHOWN = 5  # numbers of unreadable lines that are told

Scan = tuple[tuple[str, str], ...]


class Question(NamedTuple):
    """What has one true answer: a problem, at a point of a scan."""

    problem_hash: str
    scan: Scan


class Instance(NamedTuple):
    """What methods are compared on: a problem as it is named, and the seed of the batch from which those of the methods derive."""

    problem: str
    question: Question
    seed: int = 0

    @property
    def name(self) -> str:
        """The problem and the point of the scan, as they are shown."""
        point = ", ".join(f"{name} = {value}" for name, value in self.question.scan)
        return f"{self.problem} ({point})" if point else self.problem


class Step(NamedTuple):
    """An iterate of a traced attempt."""

    evaluations: int  # until then, of the function and its gradient
    seconds: float  # until then, over all starts
    value: float | None
    infeasibility: float  # 0 without constraints


@dataclass(frozen=True, slots=True)
class Record:
    """An attempt, as far as statistics need it; `whole` is all of its line, where that was asked for."""

    key: str
    run: str
    instance: Instance
    sense: str  # minimize or maximize
    dimension: int  # unknowns
    known_value: float | None  # published
    method: str
    kind: str  # exact, certified or numerical
    options: str  # that were asked for, as canonical JSON
    version: str
    repeat: int
    started: str
    status: str
    reason: str | None
    assurance: str
    value: float | None
    value_enclosure: tuple[float, float] | None  # rounded to doubles
    infeasibility: float | None  # None without constraints
    seconds: float  # of preparing and solving
    evaluations: int  # of objective, gradient, Hessian and constraints, a call each
    steps: tuple[Step, ...] = ()
    whole: Mapping[str, Any] | None = None

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is."""
        return -1 if self.sense == "maximize" else 1

    @property
    def is_proof(self) -> bool:
        """Whether the attempt proved the global optimum, or that there is none."""
        return self.kind != "numerical" and self.assurance in ("exact", "certified")

    @property
    def feasible_value(self) -> float | None:
        """The value at the attempt's point, as it was evaluated again; None where no feasible point is known."""
        if self.value is None or (self.infeasibility or 0.0) > FEASIBLE:
            return None
        return None if self.assurance == "none" and self.kind != "certified" else self.value


class Unreadable(NamedTuple):
    """A problem that could not be read."""

    problem: str
    status: str
    reason: str


@dataclass
class Run:
    """What journals have."""

    names: list[str]  # of the journals
    headers: list[Mapping[str, Any]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)  # by problem, seed, method and repeat
    unreadable: list[Unreadable] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The journals' names in one text."""
        return ", ".join(self.names)


def read(paths: Sequence[str], whole: bool = False) -> Run:
    """Return what journals have; with `whole` each record keeps its line.

    Raise `UsageError` for a file that can't be read, and `ProblemError` for one that is no journal of this version.
    """
    reader = _Reader(Run(list(paths)), whole)
    for path in paths:
        with regular_file(path, _LARGEST) as file:
            reader.add((line.decode("utf-8", "replace") for line in file), printable(path))
    return reader.run()


def parsed(lines: Iterable[str], name: str, whole: bool = False) -> Run:
    """Return what the lines of one journal have."""
    reader = _Reader(Run([name]), whole)
    reader.add(lines, printable(name))
    return reader.run()


class _Reader:
    """Takes journals line by line; what comes later replaces what has the same key."""

    def __init__(self, found: Run, whole: bool) -> None:
        self.found, self.whole = found, whole
        self.last: dict[str, Record | Unreadable] = {}

    def run(self) -> Run:
        """Return all that was read."""
        records = [entry for entry in self.last.values() if isinstance(entry, Record)]
        unreadable = [entry for entry in self.last.values() if isinstance(entry, Unreadable)]
        ranks = _ranks(self.found.headers)
        self.found.records = sorted(records, key=lambda record: (_place(record.instance), _method_place(record, ranks), record.repeat))
        self.found.unreadable = sorted(unreadable, key=lambda one: _natural(one.problem))
        return self.found

    def add(self, lines: Iterable[str], name: str) -> None:
        """Take the lines of a journal."""
        faulty, is_ours, number, line = list[int](), False, 0, ""
        for number, line in enumerate(lines, 1):
            fields = _object(line) if line.strip() else {}
            if fields is None:
                faulty.append(number)
            else:
                is_ours = self._take(fields, f"{name}:{number}") or is_ours
        if not is_ours:
            raise ProblemError(f"'{name}' is no journal of `optbench batch`: it has no line of the schema {ATTEMPT}.")
        if faulty and faulty[-1] == number and not line.endswith("\n"):
            faulty.pop()
            self._warn(f"{name}: the last line is half written (a batch may be running, or was cut off); it is left out.")
        if faulty:
            numbers = ", ".join(map(str, faulty[:_SHOWN])) + (", ..." if len(faulty) > _SHOWN else "")
            words = "1 line is no JSON and is" if len(faulty) == 1 else f"{len(faulty):,} lines are no JSON and are"
            self._warn(f"{name}: {words} left out ({numbers}).")

    def _warn(self, sentence: str) -> None:
        self.found.warnings.append(sentence)

    def _take(self, fields: Mapping[str, Any], where: str) -> bool:
        """Keep what a line says; return whether it is of a kind that is known."""
        schema = fields.get("schema")
        _check_version(schema, where)
        if schema == HEADER:
            self.found.headers.append(fields)
        elif schema == ATTEMPT:
            try:
                self.last[_text(fields["key"])] = self._entry(fields)
            except KeyError as error:
                raise ProblemError(f"{where}: the record has no field {error}.") from None
            except (TypeError, ValueError, AttributeError, IndexError) as error:
                raise ProblemError(f"{where}: the record can't be read: {printable(str(error))[:200]}.") from None
        return schema in (HEADER, ATTEMPT)

    def _entry(self, fields: Mapping[str, Any]) -> Record | Unreadable:
        problem = _text(fields["problem"])
        if fields.get("kind") is None:
            return Unreadable(problem, _text(fields["status"]), str(fields.get("reason") or ""))
        scan = tuple(sorted((str(name), str(value)) for name, value in (fields.get("scan") or {}).items()))
        question = Question(_text(fields["problem_hash"]), scan)
        return _record(fields, Instance(problem, question, _count(fields.get("base_seed"))), self.whole)


# ---- the order: workers end when they end, so that of the lines means nothing -----------------------------------------------


def _ranks(headers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The places of the methods that were asked for, in the order in which they were."""
    plans = [plan for header in headers if isinstance(plan := header.get("plan"), Mapping)]
    lists = [methods for plan in plans if isinstance(methods := plan.get("methods"), list)]
    return {name: place for place, name in enumerate(dict.fromkeys(str(name) for methods in lists for name in methods))}


def _method_place(record: Record, ranks: Mapping[str, int]) -> tuple[int, int, tuple[Any, ...], str]:
    """Proofs come first, then methods as they were asked for, then the others by name; of a method, one set of options after another."""
    return _KINDS.get(record.kind, len(_KINDS)), ranks.get(record.method, len(ranks)), _natural(record.method), record.options


def _place(instance: Instance) -> tuple[Any, ...]:
    """Problems by name, and each at the points of its scan in the order of their values."""
    problem_hash, scan = instance.question
    return _natural(instance.problem), problem_hash, [(name, _natural_decimal(value)) for name, value in scan], instance.seed


def _natural(name: str) -> tuple[list[str | int], str]:
    """Names as people sort them, `hs9` before `hs10`; those that differ in case only have one order too."""
    return [int(part) if place % 2 else part for place, part in enumerate(re.split(r"([0-9]{1,18})", name.casefold()))], name


def _natural_decimal(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return math.inf, value


def _object(line: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _refused(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _check_version(schema: Any, where: str) -> None:
    name, _, version = str(schema).rpartition("/")
    if f"{name}/1" in (ATTEMPT, HEADER) and version != "1":
        shown = printable(str(schema)[:60])
        raise ProblemError(f"{where}: this is a record of another version of optbench ({shown}); this one reads {name}/1.")


def _record(fields: Mapping[str, Any], instance: Instance, whole: bool) -> Record:
    enclosure = fields.get("value_enclosure")
    return Record(
        _text(fields["key"]),
        str(fields.get("run") or ""),
        instance,
        str(fields.get("sense") or "minimize"),
        _count(fields.get("dimension")) or 1,
        _number(fields.get("known_value")),
        _text(fields["method"]),
        _text(fields["kind"]),
        json.dumps({name: option for name, option in (fields.get("options") or {}).items() if name not in _FOUND}, sort_keys=True),
        str(fields.get("version") or ""),
        _count(fields.get("repeat")),
        str(fields.get("started") or ""),
        _text(fields["status"]),
        None if fields.get("reason") is None else _text(fields["reason"]),
        str(fields.get("assurance") or "feasible"),
        _number(fields.get("value")),
        None if enclosure is None else (float(_text(enclosure[0])), float(_text(enclosure[1]))),
        _number(fields.get("infeasibility")),
        _amount(fields.get("setup_seconds")) + _amount(fields.get("solve_seconds")),
        sum(_count(fields.get(name)) for name in _COUNTS),
        tuple(steps(fields.get("trace") or ())),
        fields if whole else None,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is expected, not {json.dumps(value)[:60]}")
    return value


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)
    raise TypeError(f"a number is expected, not {json.dumps(value)[:60]}")


def _amount(value: Any) -> float:
    """A number from 0; 0 where there is none."""
    number = _number(value) or 0.0
    if number < 0:
        raise TypeError(f"a number from 0 is expected, not {number:g}")
    return number


def _count(value: Any) -> int:
    return int(_amount(value))


def steps(trace: Iterable[Mapping[str, Any]]) -> Iterator[Step]:
    """Yield the iterates of an attempt's `trace`; the seconds of earlier starts are added to those of later ones, as the evaluations
    are already."""
    start, before, latest = None, 0.0, 0.0
    for entry in trace:
        if entry["start"] != start:
            start, before, latest = entry["start"], before + latest, 0.0
        latest = _amount(entry["seconds"])
        count = _count(entry["objective_evaluations"]) + _count(entry["gradient_evaluations"])
        yield Step(count, before + latest, _number(entry["value"]), _number(entry.get("infeasibility")) or 0.0)
