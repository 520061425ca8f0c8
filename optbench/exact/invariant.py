"""Functions that do not change, or change by a factor, when the point is moved or stretched: one unknown gets a number.

- f(x + s*d) = f(x) for all s, for a direction d: then an unknown with d_i != 0 that ranges over all numbers may be taken as 0.
- f(s^w x) = s^k f(x) for all s > 0, with weights w (s^w x has the coordinates s^w_i x_i), where all ranges and
  conditions have this symmetry: an unknown with w_i != 0 may be taken as 1, 0 or -1. For k = 0 the infimum is the least one of these
  cases. For k != 0 it is minus infinity if f is negative in one of them, and else 0, for s -> 0 or s -> inf.
- f(s*x) = f(0) + s^k*(f(x) - f(0)) for k > 0 and all s > 0, under one condition q(x) <= c with q homogeneous and positive but at 0:
  stretching x up to q(x) = c makes f lower where it is below f(0). So the minimum is f(0), or it lies on q = c.

The first two are proved by the derivatives, whose combination is 0 by the normal form: d/ds f(x + s*d) = d'grad f and
s d/ds f(s^w x) = sum w_i x_i f_i (Euler); the third one too.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("maximize", Text("(x^2 + 4*x*y + 4*y^2)/(x^2 + y^2)")), open_names=True)).value_exact
'5'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product

from optbench.arithmetic.floats import function
from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import (
    Case,
    Infeasible,
    Send,
    comparisons,
    guarded,
    holds,
    infimum,
    least,
    order,
    part_of,
    region_of,
    replaced,
    solved,
)
from optbench.exact.eliminated import part_without
from optbench.exact.numbers.identities import simplified
from optbench.exact.region.signs import Region, is_identically_zero
from optbench.language.build import add, condition, multiply, number, substitute, subtract
from optbench.language.derivative import gradient
from optbench.language.graph import Call, Node, Symbol, functions, size
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "invariant"
MAX_UNKNOWNS = 5
MAX_SLOPE = 400  # nodes of all derivatives
_STEPS = {"if", "sign", "floor", "ceil", "mod", "atan2"}
_WEIGHTS = (1, -1, 2, -2, 0)


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer by a symmetry that fixes one unknown; raise `NotApplicable` where there is none."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if not 2 <= problem.dimension <= MAX_UNKNOWNS:
        raise NotApplicable("symmetries are looked for in two to five unknowns")
    if functions(problem.minimand) & _STEPS:
        raise NotApplicable("the function may jump")
    slopes = gradient(problem.minimand, problem.symbols)
    if size(*slopes) > MAX_SLOPE:
        raise NotApplicable("the derivatives have too many parts")
    for attempt in (_moved, _stretched, _star_shaped):
        answer = attempt(problem, slopes, digits)
        if answer is not None:
            return answer
    raise NotApplicable("no symmetry was found")


def _sample(problem: Problem, slopes: Sequence[Node]) -> list[float] | None:
    """The derivatives at some point, to guess a symmetry from."""
    evaluate = function(slopes, problem.symbols)
    for shift in (0.3, 1.3, 2.7):
        found = evaluate(*(shift + 0.37 * k for k in range(problem.dimension)))
        if all(abs(v) < 1e9 for v in found):
            return list(found)
    return None


def _residuals(problem: Problem) -> list[Node]:
    """The sides of all conditions, as one expression each."""
    conditions = [*problem.domain, *comparisons(problem)]
    if not all(isinstance(c, Call) and len(c.args) == 2 and not c.args[0].boolean for c in conditions):
        raise NotApplicable("a condition is no comparison")
    return [subtract(*c.args) for c in conditions]


# ---- moving ----------------------------------------------------------------------------------------------------------------------


def _moved(problem: Problem, slopes: Sequence[Node], digits: int) -> ExactAnswer | None:
    free = [v.ranges[0].lower is MINUS_INFINITY and v.ranges[0].upper is INFINITY for v in problem.variables]
    for direction in _directions(problem, slopes):
        if any(d and not f for d, f in zip(direction, free, strict=True)):
            continue
        if all(is_identically_zero(_along(direction, g)) for g in (slopes, *_slopes_of_conditions(problem))):
            unknown = next(s for s, d in zip(problem.symbols, direction, strict=True) if d)
            zero: dict[Node, Node] = {unknown: number(0)}
            return least(problem, NAME, [Case(replaced(problem, zero), zero, complete=False)], digits)
    return None


def _slopes_of_conditions(problem: Problem) -> list[list[Node]]:
    return [gradient(r, problem.symbols) for r in _residuals(problem)]


def _along(direction: Sequence[Fraction], slopes: Sequence[Node]) -> Node:
    return add(*(multiply(d, g) for d, g in zip(direction, slopes, strict=True) if d))


def _directions(problem: Problem, slopes: Sequence[Node]) -> Iterator[list[Fraction]]:
    n = problem.dimension
    values = _sample(problem, slopes)
    for i, j in combinations(range(n), 2) if values is not None else ():
        assert values is not None
        if values[i] and values[j]:
            ratio = Fraction(values[i] / values[j]).limit_denominator(50)
            if ratio and abs(float(ratio) * values[j] - values[i]) < 1e-9 * abs(values[i]):
                direction = [Fraction(0)] * n
                direction[i], direction[j] = Fraction(1), -ratio
                yield direction
    if n > 2:
        yield [Fraction(1)] * n


# ---- stretching -------------------------------------------------------------------------------------------------------------------


def _stretched(problem: Problem, slopes: Sequence[Node], digits: int) -> ExactAnswer | None:
    if not all(_is_cone(v.ranges[0]) for v in problem.variables):
        return None
    for weights in _weights(problem, slopes):
        degree = _degree(problem.minimand, slopes, problem.symbols, weights)
        if degree is None or not _keeps_conditions(problem, weights):
            continue
        cases = list(_cases(problem, weights))
        if degree == 0:
            return least(problem, NAME, cases, digits)
        return _homogeneous(problem, cases, digits)
    return None


def _is_cone(interval: Interval) -> bool:
    zero = number(0)
    return interval.lower in (MINUS_INFINITY, zero) and interval.upper in (INFINITY, zero) and not interval.is_fixed


def _weights(problem: Problem, slopes: Sequence[Node]) -> Iterator[tuple[int, ...]]:
    """All ones first, then small whole numbers whose combination of x_i*f_i is 0 at a point."""
    n = problem.dimension
    yield (1,) * n
    values = _sample(problem, [multiply(s, g) for s, g in zip(problem.symbols, slopes, strict=True)])
    if values is None or n > 3:
        return
    scale = max(map(abs, values)) or 1.0
    for weights in product(_WEIGHTS, repeat=n):
        first = next((w for w in weights if w), 0)
        if first > 0 and weights != (1,) * n and abs(sum(w * v for w, v in zip(weights, values, strict=True))) < 1e-9 * scale:
            yield weights


def _degree(function_: Node, slopes: Sequence[Node], unknowns: Sequence[Symbol], weights: Sequence[int]) -> int | None:
    """k with f(s^w x) = s^k*f(x), by Euler's identity."""
    total = add(*(multiply(w, s, g) for w, s, g in zip(weights, unknowns, slopes, strict=True) if w))
    for k in (0, 1, 2, 3, 4, -1, -2, 6):
        if is_identically_zero(subtract(total, multiply(k, function_))):
            return k
    return None


def _keeps_conditions(problem: Problem, weights: Sequence[int]) -> bool:
    """Whether each condition is one between 0 and an expression that only changes by a positive factor."""
    return all(
        _degree(r, gradient(r, problem.symbols), problem.symbols, weights) is not None and _is_smooth(r) for r in _residuals(problem)
    )


def _is_smooth(node: Node) -> bool:
    return not functions(node) & _STEPS


def _cases(problem: Problem, weights: Sequence[int]) -> Iterator[Case]:
    """An unknown that is stretched is 1, -1 or 0."""
    place = next(k for k, w in enumerate(weights) if w)
    for value in (1, -1, 0):
        put_in: dict[Node, Node] = {problem.symbols[place]: number(value)}
        try:
            yield Case(replaced(problem, put_in), put_in, complete=False)
        except Infeasible:
            continue


def _homogeneous(problem: Problem, cases: Sequence[Case], digits: int) -> ExactAnswer | None:
    """f changes by s^k with k != 0: its infimum is 0 or minus infinity."""
    answers = [(case, solved(case.problem)) for case in cases]
    lowest = [(case, a, infimum(a, case.problem)) for case, a in answers if a.status is not Status.INFEASIBLE]
    for _, _, value in lowest:
        if value is not None and order(value, number(0)) < 0:
            return several.unbounded(problem, NAME, "along a ray on which it is negative")
    zero = [(case, a) for case, a, value in lowest if value is not None and order(value, number(0)) == 0]
    attained = [case for case, a in zero if a.status is Status.OPTIMAL]
    if attained:
        return least(problem, NAME, attained, digits)
    if not lowest:
        return several.infeasible(NAME, "no point satisfies all conditions")
    return several.not_attained(problem, NAME, number(0), "along a ray", None, digits)


# ---- stretching up to a boundary ---------------------------------------------------------------------------------------------------


def _star_shaped(problem: Problem, slopes: Sequence[Node], digits: int) -> ExactAnswer | None:
    """One condition q(x) <= c on a function that is homogeneous but for a number."""
    conditions = comparisons(problem)
    free = all(v.ranges[0].lower is MINUS_INFINITY and v.ranges[0].upper is INFINITY for v in problem.variables)
    if len(conditions) != 1 or not free or not isinstance(conditions[0], Call) or not is_defined_everywhere(problem):
        return None
    c = conditions[0]
    if c.function not in ("less_equal", "greater_equal"):
        return None
    left, right = reversed(c.args) if c.function == "greater_equal" else c.args
    origin: dict[Node, Node] = {s: number(0) for s in problem.symbols}
    residual = subtract(left, right)
    level = simplified(substitute(residual, origin))
    q = subtract(residual, level)
    at_origin = simplified(substitute(problem.minimand, origin))
    ones = (1,) * problem.dimension
    k = _degree(subtract(problem.minimand, at_origin), slopes, problem.symbols, ones)
    m = _degree(q, gradient(q, problem.symbols), problem.symbols, ones)
    if k is None or m is None or k <= 0 or m <= 0 or holds(condition("less", level, 0)) is not True:
        return None
    if not _is_positive_but_at_origin(problem, q):
        return None
    boundary = part_without(problem, [condition("equal", residual, 0)])
    middle = Case(part_of(problem, at_origin, [], []), origin, complete=False)
    return least(problem, NAME, [middle, Case(boundary)], digits)


def is_defined_everywhere(problem: Problem) -> bool:
    """Whether it is proved that the functions of a problem are defined on the whole box of the ranges."""
    box = Region({v.symbol: v.ranges[0] for v in problem.variables})
    return all(box.truth(c) for c in problem.domain)


def _is_positive_but_at_origin(problem: Problem, q: Node) -> bool:
    """q > 0 where one unknown is 1 or -1, whichever one."""
    region = region_of(several.part(problem, q, problem.variables, []))
    for s in problem.symbols:
        for value in (1, -1):
            if not region.is_positive(substitute(q, {s: number(value)})):
                return False
    return True
