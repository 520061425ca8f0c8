"""What gradient descent and Newton's method do on the problem: their first iterates, errors, and the order of convergence seen.

>>> observed([0.5, 0.1, 0.02, 0.004], 1e-15).order
1.0
>>> round(observed([1e-1, 1e-2, 1e-4, 1e-8], 1e-15).order, 6)
2.0
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from optbench.report.explanation.model import Block, Grid, Math, Piece, number, say
from optbench.report.explanation.subject import Subject
from optbench.report.plain_words import coordinate, leaves
from optbench.result import Attempt, AttemptStatus

METHODS = ("gradient-descent", "newton")
_ITERATES = 3  # that are shown, beside the start
_COORDINATES = 3
_ROUNDING = 2.0**-50  # relative: errors below are those of doubles
_LAST = 3  # ratios that tell the order


class Observed(NamedTuple):
    """How fast errors e_k fall: e_(k+1) is about factor * e_k^order."""

    order: float
    ratio: float  # of the last two errors


def observed(errors: Sequence[float], rounding: float) -> Observed | None:
    """Return the order of convergence p = log(e2/e1)/log(e1/e0), the median of the last ones; None where it can't be told.

    Errors that are not above `rounding` say nothing, nor do steps that went up.

    Source: J. Nocedal, S. J. Wright, Numerical Optimization (Springer 2006), appendix A.2.
    """
    known = list(errors[: next((k for k, e in enumerate(errors) if e <= rounding), len(errors))])
    triples = list(zip(known, known[1:], known[2:], strict=False))[-_LAST:]
    orders = [math.log(c / b) / math.log(b / a) for a, b, c in triples if a > b > c]
    if not orders or len(orders) < len(triples):
        return None
    return Observed(median(orders), known[-1] / known[-2])


def numerical_methods(subject: Subject) -> Iterator[Block]:
    """Yield the blocks on the methods that were traced."""
    if any(attempt.method in METHODS and attempt.trace for attempt in subject.result.attempts):
        yield say("They begin at the best of a few sample points, or at a start that is given.")
    for attempt in subject.result.attempts:
        if attempt.method in METHODS:
            yield from _of_method(subject, attempt)


def _of_method(subject: Subject, attempt: Attempt) -> Iterator[Block]:
    title = "Gradient descent" if attempt.method == "gradient-descent" else "Newton's method"
    if attempt.status is AttemptStatus.NOT_APPLICABLE or not attempt.trace:
        yield say(f"{title} was not run: {attempt.reason or 'it has no iterates'}.")
        return
    yield say(f"{title}: ", *_idea(subject, attempt.method), f". {_care(subject)}")
    target = _target(subject, attempt)
    if target is None:
        yield _iterates(subject, attempt.trace, None)
        yield say(_ending(subject, attempt, None), " There is no solution to compare with, so errors can't be told.")
        return
    errors = [_distance(record["point"], target) for record in attempt.trace]
    yield _iterates(subject, attempt.trace, errors)
    yield say(_ending(subject, attempt, errors), " ", _speed(errors, target))


def _idea(subject: Subject, method: str) -> tuple[Piece, ...]:
    x = subject.notation.named(subject.unknown)
    if not subject.is_on_line:
        way = "along the negative gradient" if subject.problem.sense == "minimize" else "along the gradient, which is descent on -f"
        return (f"a step {way}" if method == "gradient-descent" else f"a step to the {subject.best} of the quadratic model",)
    first, second = subject.notation.f(1), subject.notation.f(2)
    if method == "gradient-descent":
        way = "against" if subject.problem.sense == "minimize" else "along"
        return x, f" moves {way} the slope, by ", Math(f"s*{first.text}", rf"s \cdot {first.tex}"), " with a step size s"
    ratio = Math(f"-{first.text}/{second.text}", rf"-\frac{{{first.tex}}}{{{second.tex}}}")
    return x, " moves by ", ratio, ", to where the tangent of the derivative is 0"


def _care(subject: Subject) -> str:
    """What both methods do where the plain step is no good."""
    enough = "fall enough" if subject.problem.sense == "minimize" else "rise enough"
    return f"The step is turned round where it leads the wrong way, and shortened where the function would not {enough} or the range ends."


def _target(subject: Subject, attempt: Attempt) -> Mapping[str, Any] | None:
    """The solution nearest to where the method ended, else the best point known."""
    points = [s.point for s in subject.result.solutions if s.point is not None]
    if not points or attempt.point is None:
        return None
    ended = attempt.point
    return min(points, key=lambda point: _distance(ended, point))


def _distance(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """The infinity norm of the difference."""
    return max((abs(p - q) for name in a for p, q in zip(leaves([a[name]]), leaves([b[name]]), strict=True)), default=0.0)


def _iterates(subject: Subject, trace: Sequence[Mapping[str, Any]], errors: Sequence[float] | None) -> Grid:
    names = list(subject.problem.variables)[:_COORDINATES]
    rows = []
    for k, record in enumerate(trace[: _ITERATES + 1]):
        value = "undefined" if record["value"] is None else number(record["value"])
        cells: list[Piece] = [str(record["iteration"]), *(_coordinate(record["point"][name]) for name in names), value]
        rows.append(tuple((cell,) for cell in (*cells, *(() if errors is None else (number(errors[k], 3),)))))
    return Grid(("step", *names, subject.notation.f().text, *(() if errors is None else (_error(subject),))), tuple(rows))


def _error(subject: Subject) -> str:
    """What the distance to the nearest known point is: an error only where all solutions are known, one by one."""
    result = subject.result
    if not result.assurance.is_proof:
        return "distance to the best point known"
    return "error" if result.complete and not any(s.family for s in result.solutions) else "distance to a solution"


def _coordinate(value: Any) -> Piece:
    return coordinate(value) if isinstance(value, list) else number(value, 12)


def _ending(subject: Subject, attempt: Attempt, errors: Sequence[float] | None) -> str:
    steps = attempt.iterations or 0
    ended = f"After {steps:,} step{'' if steps == 1 else 's'} it {_ENDINGS[attempt.status]}"
    if attempt.reached_optimum is False:
        return f"{ended}, but not at the global {subject.best}: a method that looks at one point at a time can't know of the others."
    if errors is None:
        return f"{ended}."
    return f"{ended}; the {_error(subject)} is then {number(errors[-1], 2).text}."


_ENDINGS = {
    AttemptStatus.CONVERGED: "stopped, as its optimality conditions held",
    AttemptStatus.STALLED: "got stuck",
    AttemptStatus.LIMIT: "reached its limit",
    AttemptStatus.DIVERGED: "ran off",
    AttemptStatus.CRASHED: "crashed",
    AttemptStatus.KILLED: "was stopped",
    AttemptStatus.NOT_APPLICABLE: "was not run",
}


def _speed(errors: Sequence[float], target: Mapping[str, Any]) -> str:
    size = max((abs(v) for v in leaves([*target.values()])), default=1.0)
    seen = observed(errors, _ROUNDING * max(1.0, size))
    if seen is None:
        return "Too few iterates with falling errors above the rounding of doubles to see an order of convergence."
    if seen.order < 1.3:
        return f"Order of convergence seen: {seen.order:.2f}, linear: the last step left a share of {seen.ratio:.2g} of the error."
    if seen.order < 1.7:
        return f"Order of convergence seen: {seen.order:.2f}, faster than linear."
    digits = "doubles" if seen.order < 2.5 else f"grows by a factor of {seen.order:.1f}"
    return f"Order of convergence seen: {seen.order:.2f}: with each step the number of right digits about {digits}."
