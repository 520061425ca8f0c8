"""Attempts that differ by their repeat alone, brought together: what a method made of a problem, and at what cost.

The first of several repeats warms up what comes after it (imports, caches, compiled code), so its time does not count.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from optbench.statistics.records import Instance, Question, Record
from optbench.statistics.truth import Truth, Verdict, verdict


@dataclass(frozen=True)
class Outcome:
    """What a method made of an instance."""

    instance: Instance
    method: str
    truth: Truth
    records: tuple[Record, ...]  # one at least, by repeat
    verdicts: tuple[Verdict, ...]  # of these

    @property
    def kind(self) -> str:
        """Exact, certified or numerical."""
        return self.records[0].kind

    @property
    def last(self) -> Record:
        """The last repeat."""
        return self.records[-1]

    @property
    def solved(self) -> float:
        """The share of the repeats that solved the problem."""
        return sum(one.solved for one in self.verdicts) / len(self.verdicts)

    @property
    def is_solved(self) -> bool:
        """Whether every repeat did."""
        return all(one.solved for one in self.verdicts)

    @property
    def is_claimed(self) -> bool:
        """Whether any repeat says that it has converged."""
        return any(one.claimed for one in self.verdicts)

    @property
    def is_wrong(self) -> bool:
        """Whether any repeat says so of a value that is not the truth."""
        return any(one.wrong for one in self.verdicts)

    @cached_property
    def timed(self) -> tuple[Record, ...]:
        """The repeats without the first, where there are several."""
        first = self.records[0].repeat
        return tuple(record for record in self.records if record.repeat != first) or self.records

    @cached_property
    def seconds(self) -> float:
        """The median of the times."""
        return statistics.median(record.seconds for record in self.timed)

    @cached_property
    def spread(self) -> float | None:
        """The range of the times, relative to their median; None with fewer than two."""
        times = [record.seconds for record in self.timed]
        return (max(times) - min(times)) / self.seconds if len(times) > 1 and self.seconds > 0 else None

    @cached_property
    def evaluations(self) -> float:
        """The median of the evaluations."""
        return statistics.median(record.evaluations for record in self.timed)


Outcomes = dict[str, dict[Instance, Outcome]]  # by method


def outcomes(records: Iterable[Record], truth_of: Mapping[Question, Truth]) -> Outcomes:
    """Return what each method made of each instance, methods and instances in the order in which they come."""
    grouped: dict[tuple[str, Instance], list[Record]] = {}
    for record in records:
        grouped.setdefault((record.method, record.instance), []).append(record)
    found: Outcomes = {}
    for (method, instance), group in grouped.items():
        group.sort(key=lambda record: record.repeat)
        truth = truth_of[instance.question]
        verdicts = tuple(verdict(record, truth) for record in group)
        found.setdefault(method, {})[instance] = Outcome(instance, method, truth, tuple(group), verdicts)
    return found
