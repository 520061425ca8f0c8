"""Functions that are even in an unknown: it may be taken as not negative, and each solution has a mirror image.

If f(-x, y) = f(x, y), every condition holds at (-x, y) where it holds at (x, y), and x ranges over all numbers, then the
feasible points with x <= 0 are the mirror images of those with x >= 0, with the same values: the infimum is that over
x >= 0, and all minimisers are those with x >= 0 and their images. With a sign, powers of x are positive where x is not 0.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("x^2 + y^2 + 1/(x^2*y^2)")), open_names=True))
>>> answer.value_exact, len(answer.solutions), answer.complete
('3', 4, True)
"""

from __future__ import annotations

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Send, comparisons, guarded, least, part_of, with_range
from optbench.exact.region.signs import is_identically_zero
from optbench.language.build import negate, number, substitute, subtract
from optbench.language.graph import Call, Node, Symbol, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem

NAME = "mirrored"


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer with an unknown that is not negative; raise `NotApplicable` where the function is even in none."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    conditions = [*problem.domain, *comparisons(problem)]
    for v in problem.variables:
        s, interval = v.symbol, v.ranges[0]
        free = interval.lower is MINUS_INFINITY and interval.upper is INFINITY
        if not free or not _is_even(problem.minimand, s) or not all(_is_mirrored(c, s) for c in conditions):
            continue
        variables = [with_range(v, Interval(number(0))) if u is v else u for u in problem.variables]
        part = part_of(problem, problem.minimand, variables, conditions)
        return least(problem, NAME, [Case(part), Case(part, {s: negate(s)})], digits)
    raise NotApplicable("the function is even in no unknown")


def _is_even(function: Node, unknown: Symbol) -> bool:
    """Whether f(-x) = f(x), wherever one of them is defined as `_is_mirrored` says of the natural domain."""
    if unknown not in symbols(function):
        return True
    image = substitute(function, {unknown: negate(unknown)})
    return image is function or is_identically_zero(subtract(image, function))


def _is_mirrored(condition: Node, unknown: Symbol) -> bool:
    """Whether a comparison has sides that are even."""
    if not isinstance(condition, Call) or any(a.boolean for a in condition.args):
        return False
    return all(_is_even(a, unknown) for a in condition.args)
