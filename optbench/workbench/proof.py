"""What is proved: the exact answer and the certified one, joined where each has what the other lacks.

An exact answer that is proved stands. A formula that is a verified stationary point, but not proved to be the minimum, is
proved by a certificate that leaves exactly one place for the minimum, with exactly one stationary point in it, if the
formula's point lies there. Else the certified answer stands, without a formula.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from optbench.problem.problem import Problem
from optbench.result import Assurance, Status
from optbench.workbench.function import shaped

if TYPE_CHECKING:
    from optbench.certify.answer import CertifiedAnswer, CertifiedSolution
    from optbench.exact.answer import ExactAnswer, ExactSolution

CERTIFIED_BY = "branch-and-bound"


def joined(problem: Problem, exact: ExactAnswer | None, certified: CertifiedAnswer | None) -> ExactAnswer | None:
    """Return what the two say together: one answer, and whether it is proved."""
    if certified is None or not certified.assurance.is_proof or (exact is not None and _stands(exact, certified)):
        return exact
    if exact is not None and _settles(problem, exact, certified):
        return replace(exact, status=Status.OPTIMAL, assurance=Assurance.EXACT, complete=True, reason=None, solutions=_only(exact))
    return _as_answer(problem, certified, exact)


def _stands(exact: ExactAnswer, certified: CertifiedAnswer) -> bool:
    """Whether the exact stage proved all that the certificate proves."""
    return exact.assurance is Assurance.EXACT or (exact.assurance is Assurance.CERTIFIED and exact.complete >= certified.complete)


def disagreement(problem: Problem, exact: ExactAnswer | None, certified: CertifiedAnswer | None) -> str | None:
    """Return a sentence where two proofs exclude each other."""
    if exact is None or certified is None or not exact.assurance.is_proof:
        return None
    if certified.status is Status.INFEASIBLE or exact.status is Status.INFEASIBLE:
        both = certified.status is exact.status or (certified.value_enclosure is None and certified.status is not Status.INFEASIBLE)
        return None if both else f"Answers disagree: {exact.strategy} and {CERTIFIED_BY} differ on whether any point is feasible."
    if exact.status is Status.NOT_ATTAINED and certified.status is Status.OPTIMAL:
        return f"Answers disagree: {exact.strategy} and {CERTIFIED_BY} differ on whether the optimum is attained."
    proved = _value_of(problem, exact)
    if proved is None or certified.value_enclosure is None or _overlap(proved, _ends(certified.value_enclosure)):
        return None
    return f"Answers disagree: the value of {exact.strategy} lies outside of the enclosure of {CERTIFIED_BY}."


def _value_of(problem: Problem, exact: ExactAnswer) -> tuple[Fraction | float, Fraction | float] | None:
    """The ends of the enclosure of a proved value, infinite ones too."""
    if exact.status is Status.UNBOUNDED:
        infinite = -math.inf if problem.sense == "minimize" else math.inf
        return infinite, infinite
    return None if exact.value_enclosure is None else _ends(exact.value_enclosure)


def _overlap(a: tuple[Fraction | float, Fraction | float], b: tuple[Fraction | float, Fraction | float]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _ends(pair: tuple[str, str]) -> tuple[Fraction | float, Fraction | float]:
    return _number(pair[0]), _number(pair[1])


def _number(text: str) -> Fraction | float:
    return float(text) if "inf" in text else Fraction(text)


def _settles(problem: Problem, exact: ExactAnswer, certified: CertifiedAnswer) -> bool:
    """Whether the certificate proves that the formula's point is the one minimiser."""
    if not certified.complete or len(certified.solutions) != 1 or not exact.stationary or not exact.solutions:
        return False
    [place], formula = certified.solutions, exact.solutions[0]
    if not place.stationary or place.kind != "interior" or not formula.enclosure or problem.has_arrays:
        return False
    if exact.value_enclosure and certified.value_enclosure and not _overlap(_ends(exact.value_enclosure), _ends(certified.value_enclosure)):
        return False
    ends = (formula.enclosure[v.name] for v in problem.variables)
    return all(_lies_in(inner, outer) for inner, outer in zip(ends, place.region, strict=True))


def _lies_in(inner: Sequence[str], outer: Sequence[str]) -> bool:
    return _number(outer[0]) <= _number(inner[0]) and _number(inner[1]) <= _number(outer[1])


def _only(exact: ExactAnswer) -> tuple[ExactSolution, ...]:
    return (replace(exact.solutions[0], unique=True),)


def _as_answer(problem: Problem, certified: CertifiedAnswer, exact: ExactAnswer | None) -> ExactAnswer:
    from optbench.exact.answer import ExactAnswer, FormulaFacts

    reason = "the exact stage did not run or did not finish" if exact is None else exact.reason
    facts = FormulaFacts("not_found", reason=reason)
    return ExactAnswer(
        CERTIFIED_BY,
        certified.status,
        certified.assurance,
        None,
        certified.value,
        certified.value_enclosure,
        tuple(_as_solution(problem, s, facts) for s in certified.solutions),
        certified.complete,
        "every box of its range was excluded" if certified.status is Status.INFEASIBLE else reason,
    )


def _as_solution(problem: Problem, solution: CertifiedSolution, facts: Any) -> ExactSolution:
    from optbench.exact.answer import ExactSolution

    point, enclosure = shaped(problem, solution.point), shaped(problem, solution.enclosure)
    return ExactSolution(point, None, enclosure, solution.kind, solution.unique, facts)
