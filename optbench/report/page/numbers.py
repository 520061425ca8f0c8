"""The numbers that the script of a report sorts, filters and draws again: one JSON text, columns rather than rows.

Texts that many rows share (problems, methods, reasons) stand once; rows have their places.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from optbench.report.page.words import short
from optbench.statistics.outcomes import Outcome, Outcomes
from optbench.statistics.records import Instance, Record, Run
from optbench.statistics.summary import Summary
from optbench.statistics.truth import Basis, Verdict, gap

VERDICTS = ("right", "not the optimum", "wrong claim", "no answer", "optimum unknown", "no problem")
_T = TypeVar("_T")


class Places(Generic[_T]):
    """Things in the order in which they first come, each once."""

    def __init__(self, shown: Callable[[_T], str]) -> None:
        self._places: dict[_T, int] = {}
        self._shown = shown
        self.texts: list[str] = []

    def of(self, thing: _T) -> int:
        """Return the place of a thing."""
        if thing not in self._places:
            self._places[thing] = len(self.texts)
            self.texts.append(self._shown(thing))
        return self._places[thing]


def numbers(run: Run, found: Summary, outcomes: Outcomes, methods: Sequence[str], problems: Sequence[Instance]) -> str:
    """Return the JSON text; no `<` stands in it, so nothing in it can end the element that holds it."""
    reasons, statuses = Places(short), Places(str)
    names = Places[tuple[str, Any]](lambda one: short(one[0]))
    for problem in problems:
        names.of((problem.name, problem.question))
    number_of = {method: number for number, method in enumerate(methods)}
    columns: list[list[Any]] = []
    for record, one, judged in _attempts(outcomes):
        columns.append(
            [
                names.of((one.instance.name, one.instance.question)),
                number_of[record.method],
                statuses.of(record.status),
                _verdict(record, one, judged),
                _digits(record.value, 10),
                _error(record, one),
                record.evaluations,
                _digits(record.seconds, 4),
                record.instance.seed,
                record.repeat,
                reasons.of(record.reason or ""),
            ]
        )
    for lost in run.unreadable:
        place, why = names.of((lost.problem, None)), reasons.of(lost.reason)
        columns.append([place, None, statuses.of(lost.status), len(VERDICTS) - 1, None, None, None, None, None, None, why])
    content = {
        "methods": [short(method, 60) for method in methods],
        "problems": names.texts,
        "statuses": [status.replace("_", " ") for status in statuses.texts],
        "verdicts": VERDICTS,
        "reasons": reasons.texts,
        "attempts": [list(column) for column in zip(*columns, strict=True)],
        "costs": {"time": _costs(found.profiles.seconds, number_of), "evaluations": _costs(found.profiles.evaluations, number_of)},
    }
    return escaped(content)


def escaped(content: Any) -> str:
    """Return JSON that may stand in a script element."""
    return (
        json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )


def _attempts(outcomes: Outcomes) -> Iterable[tuple[Record, Outcome, Verdict]]:
    for its in outcomes.values():
        for one in its.values():
            yield from ((record, one, judged) for record, judged in zip(one.records, one.verdicts, strict=True))


def _verdict(record: Record, one: Outcome, judged: Verdict) -> int:
    if judged.solved:
        return 0
    if judged.wrong:
        return 2
    if record.feasible_value is None:
        return 3
    return 4 if one.truth.basis is Basis.NONE else 1


def _error(record: Record, one: Outcome) -> float | None:
    if not one.truth.is_finite or record.feasible_value is None:
        return None
    return _digits(abs(gap(record.feasible_value, record.sign, one.truth)), 3)


def _digits(value: float | None, digits: int) -> float | None:
    return float(f"{value:.{digits}g}") if value is not None and math.isfinite(value) else None


def _costs(costs: Mapping[str, Sequence[float]], number_of: Mapping[str, int]) -> list[list[Any]]:
    """For each method its number and its costs; null where it did not solve a case."""
    return [[number_of[method], [_digits(cost, 4) for cost in its]] for method, its in costs.items()]
