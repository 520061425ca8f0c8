"""A second way to look for minima in tests: feasible points at random and around the best of them, in plain floats.

>>> problem = problem_of("x*y", "x + y <= 1", x="[0, inf)", y="[0, inf)")
>>> lowest(problem).value >= 0
True
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from optbench.arithmetic.balls import compare, value_of
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer
from optbench.exact.cases import comparisons
from optbench.language.build import subtract
from optbench.language.elaborate import parse
from optbench.language.graph import Call
from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Status


class Found(NamedTuple):
    value: float  # of the minimand; inf where no feasible point was found
    point: tuple[float, ...]


def problem_of(objective: str, *constraints: str, sense: str = "minimize", **ranges: str) -> Problem:
    """A problem; a range is a text."""
    variables = tuple(VariableDraft(Text(name), range=Text(range_)) for name, range_ in ranges.items())
    given = tuple(ConstraintDraft(Text(c)) for c in constraints)
    draft = ProblemDraft(sense, Text(objective), variables=variables, constraints=given)  # type: ignore[arg-type]
    return validated(draft, open_names=True)


def minimand(problem: Problem) -> Callable[[Sequence[float]], float]:
    """The minimand in floats, inf where a point is not feasible or the problem is not defined there."""
    conditions = [c for c in comparisons(problem) if isinstance(c, Call)]
    signs = [-1 if c.function.startswith("greater") else 1 for c in conditions]
    evaluate = function([problem.minimand, *(subtract(*c.args) for c in conditions)], problem.symbols)
    ranges = [v.ranges[0] for v in problem.variables]

    def value(x: Sequence[float]) -> float:
        for xi, interval in zip(x, ranges, strict=True):
            low, high = interval.floats
            if not low <= xi <= high or (xi == low and not interval.lower_closed) or (xi == high and not interval.upper_closed):
                return math.inf
        try:
            f, *residuals = evaluate(*x)
        except OverflowError:
            return math.inf
        for c, sign, r in zip(conditions, signs, residuals, strict=True):
            if not (abs(r) <= 1e-9 if c.function == "equal" else sign * r < 0 or (r == 0 and c.function.endswith("equal"))):
                return math.inf
        return f if math.isfinite(f) else math.inf

    return value


def points(problem: Problem, count: int, source: random.Random) -> Iterator[tuple[float, ...]]:
    """Points of the ranges, some of them far out, some at ends."""
    ends = [v.ranges[0].floats for v in problem.variables]
    for _ in range(count):
        yield tuple(_coordinate(low, high, source) for low, high in ends)


def _coordinate(low: float, high: float, source: random.Random) -> float:
    if math.isfinite(low) and math.isfinite(high):
        return low + (high - low) * source.choice((0.0, 1.0, 0.5, source.random(), source.random(), source.random()))
    step = source.choice(
        (source.uniform(-3, 3), source.choice((0.0, 1.0, -1.0, 2.0)), source.choice((-1, 1)) * 10 ** source.uniform(-4, 4))
    )
    if math.isfinite(low):
        return low + abs(step)
    return high - abs(step) if math.isfinite(high) else step


def lowest(problem: Problem, count: int = 1500, seed: int = 1) -> Found:
    """The lowest feasible point of a search at random, improved by steps that adapt their length."""
    source, value = random.Random(seed), minimand(problem)
    found = sorted((Found(value(x), x) for x in points(problem, count, source)), key=lambda f: f.value)[:4]
    return min((_improved(f, value, source) for f in found if f.value < math.inf), default=Found(math.inf, ()), key=lambda f: f.value)


def _improved(found: Found, value: Callable[[Sequence[float]], float], source: random.Random) -> Found:
    step = 0.3
    for _ in range(150):
        x = tuple(c + step * max(1.0, abs(c)) * source.gauss(0, 1) for c in found.point)
        if value(x) < found.value:
            found, step = Found(value(x), x), 1.3 * step
        else:
            step *= 0.9
    return found


def check(problem: Problem, answer: ExactAnswer, equalities: bool = False) -> None:
    """Assert that nothing which an exact answer says is refuted by sampled points, and that its points have its value.

    `equalities`: feasible points can't be hit at random, so only the points of the answer are looked at.
    """
    if answer.assurance is not Assurance.EXACT:
        return
    sign = 1 if problem.sense == "minimize" else -1
    seen = Found(math.inf, ()) if equalities else lowest(problem)
    if answer.status is Status.INFEASIBLE:
        assert seen.value == math.inf, f"feasible: {seen}"
    if answer.value is None:
        return
    margin = 1e-7 * max(1.0, abs(answer.value))
    assert seen.value >= sign * answer.value - margin, f"lower: {seen}"
    if answer.status is Status.NOT_ATTAINED:
        assert seen.value > sign * answer.value - 1e-12 * max(1.0, abs(answer.value)), f"reached: {seen}"
    if answer.status is Status.OPTIMAL:
        assert answer.solutions
        evaluate = function([problem.objective], problem.symbols)
        for solution in answer.solutions:
            assert solution.exact is not None
            assert solution.point is not None
            at = evaluate(*(solution.point[s.name] for s in problem.symbols))[0]
            assert math.isclose(at, answer.value, rel_tol=1e-6, abs_tol=1e-6), (solution.exact, at, answer.value)


def same_number(a: str, b: str) -> bool:
    """Whether two formulas have the same value, to 60 digits."""
    left, right = parse(a).node, parse(b).node
    return left is right or (compare(left, right, 256) is None and value_of(subtract(left, right), 200).contains_zero)
