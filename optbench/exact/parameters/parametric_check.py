"""The second side of a formula with parameters: it is compared with numbers at values of the parameters.

At each of some admissible values, zeros first, the points have to satisfy the conditions and to have the value, and no point
of a sample may be feasible and lower. In one unknown the problem with the first values is solved exactly too, and has to
agree. A formula that fails is not shown. This is no part of the proof: it is to find our mistakes before a user does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from optbench.arithmetic.floats import function
from optbench.exact.answer import NotApplicable
from optbench.language.build import number, substitute, subtract
from optbench.language.graph import Call, GraphError, Node, Symbol
from optbench.language.text import text
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

if TYPE_CHECKING:
    from optbench.exact.parameters.parametric_cases import Question
    from optbench.exact.parameters.parametric_line import Outcome
    from optbench.problem.interval import Interval

SAMPLES = 7
SOLVED = 3  # of these samples are solved exactly too
POINTS = 150
SEED = 20
_TOLERANCE = 1e-7
_VALUES = [Fraction(*q) for q in ((1, 1), (1, 2), (3, 1), (7, 3), (1, 4), (5, 1), (8, 5), (2, 1), (1, 7))]


def check(problem: Problem, question: Question, outcome: Outcome) -> None:
    """Raise `NotApplicable` where an outcome disagrees with numbers."""
    random = Random(SEED)
    for k, values in enumerate(_samples(question, random)):
        if outcome.status in (Status.OPTIMAL, Status.NOT_ATTAINED) and not _agrees(question, outcome, values, random):
            raise NotApplicable(_words(values))
        if k < SOLVED and problem.dimension == 1 and not problem.constraints and not _same_as_solved(problem, outcome, values):
            raise NotApplicable(_words(values))


def _words(values: dict[Symbol, Fraction]) -> str:
    return f"the formula that was derived fails at {', '.join(f'{s.name} = {v}' for s, v in values.items())}"


def _samples(question: Question, random: Random) -> Iterator[dict[Symbol, Fraction]]:
    intervals = question.given.intervals
    for k in range(SAMPLES):
        zeros = k == 0  # where signs change and terms vanish
        yield {s: Fraction(0) if zeros and _admits_zero(i) else _admissible(i, random) for s, i in intervals.items()}


def _admits_zero(interval: Interval) -> bool:
    low, high = interval.floats
    return low < 0 < high or (low == 0 and interval.lower_closed)


def _admissible(interval: Interval, random: Random) -> Fraction:
    low, high = interval.floats
    while True:
        q = random.choice(_VALUES) * random.choice((1, -1))
        if low < q < high:
            return q


# ---- by floats ------------------------------------------------------------------------------------------------------------------


def _agrees(question: Question, outcome: Outcome, values: dict[Symbol, Fraction], random: Random) -> bool:
    assert outcome.value is not None
    table: dict[Node, Node] = {s: number(v) for s, v in values.items()}
    try:
        value = function([substitute(outcome.value, table)], [])()[0]
        minimand = function([substitute(question.minimand, table)], question.symbols)
        tests = [(c.function, function([substitute(subtract(*c.args), table)], question.symbols)) for c in _comparisons(question)]
        points = [[function([substitute(p[s], table)], [])()[0] for s in question.symbols] for p in outcome.points]
    except GraphError:
        return False
    room = _TOLERANCE * max(1.0, abs(value))
    if not math.isfinite(value):
        return False
    if outcome.status is Status.OPTIMAL:
        for x in points:
            if (
                not all(map(math.isfinite, x))
                or not abs(minimand(*x)[0] - value) <= room
                or not all(_nearly(kind, r(*x)[0]) for kind, r in tests)
            ):
                return False
    for x in _near(question, points, random):
        if all(_clearly(kind, r(*x)[0]) for kind, r in tests) and minimand(*x)[0] < value - room:
            return False
    return True


def _comparisons(question: Question) -> list[Call]:
    return [c for c in question.conditions if isinstance(c, Call) and c.function not in ("and", "or", "not") and not c.args[0].shape]


def _nearly(kind: str, residual: float) -> bool:
    return {
        "equal": abs(residual) <= 1e-6,
        "not_equal": residual != 0,
        "less": residual < 1e-9,
        "less_equal": residual <= 1e-6,
        "greater": residual > -1e-9,
        "greater_equal": residual >= -1e-6,
    }.get(kind, True)


def _clearly(kind: str, residual: float) -> bool:
    return {
        "equal": abs(residual) <= 1e-12,
        "not_equal": residual != 0,
        "less": residual < 0,
        "less_equal": residual <= 0,
        "greater": residual > 0,
        "greater_equal": residual >= 0,
    }.get(kind, False)


def _near(question: Question, points: list[list[float]], random: Random) -> Iterator[list[float]]:
    """Points all over the ranges and near the solutions."""
    ends = [interval.floats for _, interval in question.unknowns]
    for k in range(POINTS):
        x = []
        for i, (low, high) in enumerate(ends):
            if math.isfinite(low) and math.isfinite(high):
                c = random.uniform(low, high)
            elif k % 3 and points and math.isfinite(points[0][i]):
                c = points[k % len(points)][i] + random.gauss(0, 1) * 4.0 ** random.randint(-6, 2)
            else:
                c = random.gauss(0, 1) * 3.0 ** random.randint(-2, 3)
            if not low < c < high:
                c = low + abs(c - low) if math.isfinite(low) else high - abs(c - high)
            x.append(c)
        yield x


# ---- by the exact stage -------------------------------------------------------------------------------------------------------


def _same_as_solved(problem: Problem, outcome: Outcome, values: dict[Symbol, Fraction]) -> bool:
    """Whether the exact answer with these values is the same, where there is one."""
    from optbench.exact.several import value_of_minimand
    from optbench.exact.univariate import solve

    table: dict[Node, Node] = {s: number(v) for s, v in values.items()}
    minimand = substitute(problem.minimand, table)
    numerical = Problem(None, "minimize", minimand, problem.variables, text(minimand))
    try:
        answer = solve(numerical, 15)
    except NotApplicable:
        return True
    if answer.assurance is not Assurance.EXACT:
        return True
    if answer.status is not outcome.status:
        return False
    if outcome.value is None or answer.value_exact is None:
        return True
    expected = function([value_of_minimand(answer, numerical)], [])()[0]
    found = function([substitute(outcome.value, table)], [])()[0]
    return abs(expected - found) <= _TOLERANCE * max(1.0, abs(expected))
