"""The truth of each problem, and what attempts are worth before it.

The truth is what an exact or a certified attempt proved; else the published value; else the best value of a feasible point
that any attempt found. A method's own claim counts for nothing: values and infeasibilities are the engine's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from optbench.result import AttemptStatus
from optbench.statistics.records import Question, Record

CLOSE = 1e-6  # relative to max(1, |truth|)


class Basis(Enum):
    """On what a truth rests, from the best downwards."""

    EXACT = "exact"
    CERTIFIED = "certified"
    PUBLISHED = "published"
    BEST = "best known"
    NONE = "unknown"


@dataclass(frozen=True)
class Truth:
    """The optimal value of a problem."""

    basis: Basis
    value: float | None = None  # None where it is unknown, or proved that there is none, for lack of a bound or of feasible points
    dispute: str | None = None  # a clause: what contradicts it

    @property
    def is_finite(self) -> bool:
        """Whether there is a value to compare with."""
        return _is_finite(self.value)

    @property
    def is_proved(self) -> bool:
        """Whether it rests on a proof."""
        return self.basis in (Basis.EXACT, Basis.CERTIFIED)


@dataclass(frozen=True)
class Verdict:
    """What an attempt is worth."""

    solved: bool  # its own value is feasible, and the truth
    claimed: bool  # it says that it has converged
    wrong: bool  # it says so, and its value is not the truth; a minimum that is not global counts, too


def truths(records: Iterable[Record]) -> dict[Question, Truth]:
    """Return the truth of each problem, at each point of a scan, from all attempts on it."""
    by_question: dict[Question, list[Record]] = {}
    for record in records:
        by_question.setdefault(record.instance.question, []).append(record)
    return {question: truth(found) for question, found in by_question.items()}


def truth(records: Iterable[Record]) -> Truth:
    """Return the truth of the one problem that the attempts are on.

    A published value that a feasible point improves on gives way to that point. A proved one does not: then one of both is
    at fault, which is told as a dispute.
    """
    found = list(records)
    best = min((r for r in found if r.feasible_value is not None), key=lambda r: r.sign * (r.feasible_value or 0.0), default=None)
    for basis in (Basis.EXACT, Basis.CERTIFIED):
        proved = next((r for r in found if r.is_proof and r.assurance == basis.value), None)
        if proved is not None:
            value = _proved_value(proved)
            return Truth(basis, value, _contradiction(value, best))
    known = next((r.known_value for r in found if r.known_value is not None), None)
    if known is not None and _contradiction(known, best) is None:
        return Truth(Basis.PUBLISHED, known)
    if best is None:
        return Truth(Basis.NONE)
    dispute = None if known is None else f"the published value {known:.9g} is not the best: {_found(best)}"
    return Truth(Basis.BEST, best.feasible_value, dispute)


def _proved_value(record: Record) -> float | None:
    """The value of a proof; None, or infinite, where it proves that there is no optimum."""
    if record.value is not None or record.value_enclosure is None:
        return record.value
    low, high = record.value_enclosure
    infinite = next((end for end in (low, high) if math.isinf(end)), None)
    return low + (high - low) / 2 if infinite is None else infinite


def _contradiction(value: float | None, best: Record | None) -> str | None:
    """What a feasible point says against a value, if it is clearly better."""
    if best is None or best.feasible_value is None or value is None or math.isinf(value):
        return None
    is_better = best.sign * (best.feasible_value - value) < -CLOSE * max(1.0, abs(value))
    return _found(best) if is_better else None


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _found(best: Record) -> str:
    return f"{best.method} found {best.feasible_value:.9g} at a feasible point"


def gap(record_value: float, sign: int, found: Truth) -> float:
    """Return by how much a value is worse than the truth, relative to max(1, |truth|)."""
    assert found.value is not None
    return sign * (record_value - found.value) / max(1.0, abs(found.value))


def verdict(record: Record, found: Truth) -> Verdict:
    """Return what an attempt is worth before the truth of its problem."""
    claimed = record.status == AttemptStatus.CONVERGED.value
    if record.is_proof and found.is_proved and not found.is_finite and not _is_finite(_proved_value(record)):
        return Verdict(True, claimed, False)  # that there is no optimum is proved by this attempt, too
    value = record.feasible_value
    solved = found.is_finite and value is not None and abs(gap(value, record.sign, found)) <= CLOSE
    return Verdict(solved, claimed, claimed and not solved and found.basis is not Basis.NONE)


def disputes(found: Mapping[Question, Truth]) -> dict[Question, str]:
    """Return the clauses on what contradicts truths."""
    return {question: one.dispute for question, one in found.items() if one.dispute is not None}
