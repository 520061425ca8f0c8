"""When an attempt first had a value that is good enough: from its trace, or else at its end.

Without a trace nothing is known of the way, so each target that the last value reaches counts as reached with the last
evaluation: costs of easy targets are upper bounds then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from optbench.statistics.outcomes import Outcome
from optbench.statistics.records import FEASIBLE, Record
from optbench.statistics.truth import Truth, gap

TARGETS = tuple(10 ** (2 - k / 5) for k in range(51))  # 100 to 1e-8, evenly in the logarithm, as COCO has them
_ROUNDING = 1e-12  # relative to max(1, |truth|)


class Arrival(NamedTuple):
    """What it cost to arrive; inf where that never happened."""

    evaluations: float
    seconds: float


NEVER = Arrival(math.inf, math.inf)


def arrival(record: Record, truth: Truth, target: float) -> Arrival:
    """Return when the attempt first had a feasible value that is worse than the truth by at most `target`*max(1, |truth|)."""
    return arrivals(record, truth, [target])[0]


def arrivals(record: Record, truth: Truth, targets: Sequence[float]) -> list[Arrival]:
    """Return when the attempt arrived at each of the targets, which descend."""
    found: list[Arrival] = []
    if truth.is_finite:
        for value, *costs in _way(record):
            worse = gap(value, record.sign, truth)
            while len(found) < len(targets) and worse <= targets[len(found)] + _ROUNDING:
                found.append(Arrival(*costs))
    return found + [NEVER] * (len(targets) - len(found))


def _way(record: Record) -> Iterator[tuple[float, float, float]]:
    """The feasible values in turn, with the evaluations and seconds until then."""
    for step in record.steps:
        if step.value is not None and step.infeasibility <= FEASIBLE:
            yield step.value, step.evaluations, step.seconds
    if (value := record.feasible_value) is not None:
        yield value, record.evaluations, record.seconds


def start_gap(outcomes: Sequence[Outcome]) -> float:
    """Return by how much the start of a problem is worse than the truth, relative to max(1, |truth|).

    It is the first value of a traced attempt, the worst where they differ; without any it is 1.
    """
    first = [
        gap(step.value, outcome.last.sign, outcome.truth)
        for outcome in outcomes
        for step in outcome.last.steps[:1]
        if outcome.truth.is_finite and step.value is not None
    ]
    return max((g for g in first if g > 0), default=1.0)
