"""Sums and products of functions of different unknowns: independent problems, where no constraint couples the groups.

Let f = f1(x) + f2(y) with conditions on x alone and on y alone. The feasible points are the pairs of feasible points, so
inf f = inf f1 + inf f2 (minus infinity as soon as one is and no group is infeasible), it is attained exactly if both are,
and the minimisers are all pairs of minimisers. For products let f1 >= m1 >= 0 and f2 >= m2 >= 0 on their groups: then
inf f1*f2 = m1*m2; for m1*m2 > 0 the minimisers are all pairs of minimisers, for m1*m2 = 0 all points at which one factor is
0. Likewise sup f1*f2 = M1*M2 for suprema M1, M2 > 0, infinite if one of them is. Factors of any sign have their least
product at ends of their ranges (see `_product_of_ranges`). An unknown that occurs nowhere takes any
value of its range.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("x^4 - x^2 + exp(y) - y")), open_names=True)).value_exact
'3/4'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import (
    MAX_POINTS,
    Case,
    Send,
    comparisons,
    guarded,
    holds,
    infimum,
    least,
    optimal,
    order,
    part_of,
    path_of,
    region_of,
    same_point,
    solved,
)
from optbench.exact.line.pieces import sample
from optbench.exact.region.signs import Region, tidy_anyway
from optbench.exact.several import Point
from optbench.language.build import add, call, divide, multiply, negate, number, power, substitute
from optbench.language.elaborate import parse
from optbench.language.graph import Call, Node, Number, Symbol, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem, Variable
from optbench.result import Status

NAME = "separable"


class Group(NamedTuple):
    """Unknowns that belong together, the terms or factors that hold them, and the conditions on them."""

    variables: tuple[Variable, ...]
    parts: tuple[Node, ...]
    conditions: tuple[Node, ...]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer put together from those of independent groups; raise `NotApplicable` where there is one group only."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if problem.dimension < 2:
        raise NotApplicable("there is only one unknown")
    if not all(symbols(c) or holds(c) for c in (*problem.domain, *comparisons(problem))):
        raise NotApplicable("a condition on numbers does not hold")
    idle = [v for v in problem.variables if v.symbol not in _occurring(problem)]
    if idle:
        return _without(problem, idle, digits)
    for taken_apart, combine in ((terms_of, _sum), (_rewritten_terms, _sum), (_factors, _product)):
        parts = taken_apart(problem.minimand)
        groups = _groups(problem, [p for p in parts if symbols(p)])
        if len(groups) > 1:
            return combine(problem, groups, [p for p in parts if not symbols(p)], digits)
    raise NotApplicable("the function is no sum or product of functions of different unknowns")


def _occurring(problem: Problem) -> set[Symbol]:
    return set(symbols(problem.minimand, *(c.condition for c in problem.constraints)))


def _without(problem: Problem, idle: Sequence[Variable], digits: int) -> ExactAnswer:
    """Unknowns that occur nowhere take any value of their ranges."""
    if any(v.ranges[0].is_empty for v in idle):
        return several.infeasible(NAME, "a range is empty")
    kept = [v for v in problem.variables if v not in idle]
    smaller = part_of(problem, problem.minimand, kept, [*problem.domain, *comparisons(problem)])
    case = Case(smaller, {v.symbol: inside(v.ranges[0]) for v in idle}, complete=all(v.ranges[0].is_fixed for v in idle))
    return least(problem, NAME, [case], digits)


def inside(interval: Interval) -> Node:
    """Return a number of a range that is not empty."""
    return interval.lower if interval.is_fixed else number(sample(interval.lower, interval.upper))


def is_separable(function: Node) -> bool:
    """Return whether a function is a sum or product of functions of different unknowns."""
    found = symbols(function)
    for parts in (terms_of(function), _factors(function)):
        groups: list[set[Symbol]] = []
        for part in parts:
            joined = set(symbols(part))
            groups = [*(g for g in groups if not g & joined), joined.union(*(g for g in groups if g & joined))]
        if sum(map(bool, groups)) > 1 and len(found) > 1:
            return True
    return False


# ---- groups ------------------------------------------------------------------------------------------------------------


def _groups(problem: Problem, parts: Sequence[Node]) -> list[Group]:
    """The finest grouping of the unknowns in which no part and no condition holds unknowns of two groups."""
    conditions = [*comparisons(problem), *problem.domain]
    leader = {s: s for s in problem.symbols}

    def found(s: Symbol) -> Symbol:
        while leader[s] is not s:
            s = leader[s]
        return s

    for node in (*parts, *conditions):
        for s in symbols(node):
            leader[found(s)] = found(symbols(node)[0])
    heads = list(dict.fromkeys(found(s) for s in problem.symbols))

    def of(nodes: Sequence[Node], head: Symbol) -> tuple[Node, ...]:
        return tuple(n for n in nodes if symbols(n) and found(symbols(n)[0]) is head)

    return [Group(tuple(v for v in problem.variables if found(v.symbol) is h), of(parts, h), of(conditions, h)) for h in heads]


def terms_of(function: Node) -> list[Node]:
    """Return the terms of a sum, with factors that are numbers distributed over them."""
    return list(_scaled_terms(function, number(1)))


def _scaled_terms(function: Node, factor: Node) -> Iterator[Node]:
    if isinstance(function, Call):
        match function.function:
            case "add":
                for term in function.args:
                    yield from _scaled_terms(term, factor)
                return
            case "negate":
                yield from _scaled_terms(function.args[0], negate(factor))
                return
            case "multiply":
                moving = [a for a in function.args if symbols(a)]
                if len(moving) == 1:
                    yield from _scaled_terms(moving[0], multiply(factor, *(a for a in function.args if not symbols(a))))
                    return
            case "divide" if not symbols(function.args[1]):
                yield from _scaled_terms(function.args[0], divide(factor, function.args[1]))
                return
    yield multiply(factor, function)


def _rewritten_terms(function: Node) -> list[Node]:
    """The terms of the normal form of a function that is defined everywhere, and so is its normal form."""
    other = tidy_anyway(function)
    return terms_of(other) if function.total and other.total else [function]


def _factors(function: Node) -> list[Node]:
    """The factors of a product; exp of a sum is a product, a power of a product too where that is defined as the product is."""
    return list(_raised_factors(function, 1))


def _raised_factors(function: Node, exponent: int) -> Iterator[Node]:
    if isinstance(function, Call):
        match function.function:
            case "multiply":
                for factor in function.args:
                    yield from _raised_factors(factor, exponent)
                return
            case "negate":
                yield number((-1) ** exponent)
                yield from _raised_factors(function.args[0], exponent)
                return
            case "divide":
                yield from _raised_factors(function.args[0], exponent)
                yield from _raised_factors(function.args[1], -exponent)
                return
            case "exp":
                yield from (call("exp", multiply(exponent, term)) for term in terms_of(function.args[0]))
                return
            case "power" if isinstance(function.args[1], Number) and function.args[1].integer and function.args[1].value:
                if abs(exponent * function.args[1].value) <= 100:
                    yield from _raised_factors(function.args[0], exponent * int(function.args[1].value))
                    return
    yield power(function, number(exponent))


# ---- sums --------------------------------------------------------------------------------------------------------------


def _sum(problem: Problem, groups: Sequence[Group], numbers: Sequence[Node], digits: int) -> ExactAnswer:
    parts = [part_of(problem, add(*g.parts), g.variables, g.conditions) for g in groups]
    answers: list[ExactAnswer | None] = []
    failed = None
    for part in parts:
        try:
            answers.append(solved(part))
        except NotApplicable as not_applicable:
            failed = not_applicable
            answers.append(None)
    for answer in answers:
        if answer is not None and answer.status is Status.INFEASIBLE:
            return several.infeasible(NAME, answer.reason or "a part of the problem has no feasible point")
    for part, answer in zip(parts, answers, strict=True):
        if answer is not None and answer.status is Status.UNBOUNDED and all(map(_has_points, parts, answers)):
            return several.unbounded(problem, NAME, path_of(answer, part) or f"in {_names(part)}")
    if failed is not None:
        raise failed
    known = [a for a in answers if a is not None]
    value = add(*numbers, *(several.value_of_minimand(a, p) for a, p in zip(known, parts, strict=True)))
    return _joined(problem, parts, known, value, digits)


def _has_points(part: Problem, answer: ExactAnswer | None) -> bool:
    """Whether it is proved that a part has a feasible point."""
    if answer is not None:
        return answer.status is not Status.INFEASIBLE
    if part.constraints:
        return False
    region = region_of(part)
    at: dict[Node, Node] = {s: inside(i) for s, i in region.intervals.items()}
    return len(at) == part.dimension and all(region.truth(substitute(c, at)) is True for c in part.domain)


def _names(part: Problem) -> str:
    return ", ".join(v.name for v in part.variables)


def _joined(problem: Problem, parts: Sequence[Problem], answers: Sequence[ExactAnswer], value: Node, digits: int) -> ExactAnswer:
    """The answer for a sum, or for a product that is not 0: all combinations of the solutions of the parts."""
    open_parts = [(p, a) for p, a in zip(parts, answers, strict=True) if a.status is Status.NOT_ATTAINED]
    if open_parts:
        path = ", ".join(path_of(a, p) or f"in the limit of {_names(p)}" for p, a in open_parts)
        return several.not_attained(problem, NAME, value, path, _limit_point(problem, parts, answers), digits)
    points, kinds = [], []
    for chosen in islice(product(*map(_solutions, parts, answers)), MAX_POINTS + 1):
        points.append({s: f for at, _ in chosen for s, f in at.items()})
        kinds.append(next((kind for kind in ("boundary", "kink") if kind in [k for _, k in chosen]), "interior"))
    complete = all(a.complete for a in answers) and len(points) <= MAX_POINTS
    return several.optimal(problem, NAME, points[:MAX_POINTS], complete, digits, kinds[:MAX_POINTS])


def _solutions(part: Problem, answer: ExactAnswer) -> list[tuple[Point, str]]:
    kinds = [s.kind for s in answer.solutions if s.exact is not None and s.kind != "limit"]
    return list(zip(several.points_of(answer, part), kinds, strict=True))


def _limit_point(problem: Problem, parts: Sequence[Problem], answers: Sequence[ExactAnswer]) -> Point | None:
    """One solution or finite limit of each part."""
    at: dict[Node, Node] = {}
    for part, answer in zip(parts, answers, strict=True):
        if not answer.solutions or answer.solutions[0].exact is None:
            return None
        at |= {s: parse(answer.solutions[0].exact[s.name]).node for s in part.symbols}
    return at


# ---- products ------------------------------------------------------------------------------------------------------------


def _product(problem: Problem, groups: Sequence[Group], numbers: Sequence[Node], digits: int) -> ExactAnswer:
    """A product of functions of different unknowns, times a number."""
    region = region_of(problem)
    constant = multiply(*numbers)
    direction = region.signs(constant)
    factors = [multiply(*g.parts) for g in groups]
    signs = [_sign(region, f) for f in factors]
    if direction not in ({1}, {-1}):
        raise NotApplicable("the sign of the number in front of a product is not known")
    if 0 in signs:
        return _product_of_ranges(problem, groups, factors, constant, digits)
    factors = [multiply(s, f) for s, f in zip(signs, factors, strict=True)]
    constant = multiply(constant, *signs)
    least_ = region.is_positive(constant)
    return (_least_product if least_ else _greatest_product)(problem, groups, factors, constant, digits)


def _sign(region: Region, factor: Node) -> int:
    found = region.signs(factor)
    return 1 if found <= {0, 1} else -1 if found <= {-1, 0} else 0


class _End(NamedTuple):
    """The infimum or supremum of a factor, or of a product of some: taken at the points, or only approached."""

    value: Node  # also plus or minus inf
    points: tuple[Point, ...] | None
    complete: bool


def _product_of_ranges(problem: Problem, groups: Sequence[Group], factors: Sequence[Node], constant: Node, digits: int) -> ExactAnswer:
    """Factors of any sign: the product of two is least, and greatest, at ends of the ranges of both.

    For a fixed b the values of a*b, a between m and M, lie between m*b and M*b, and each of these is linear in b; an end
    that is 0 times an infinite one is 0, which is approached for a fixed value of the other factor.
    """
    ends: tuple[_End, _End] | None = None
    for group, factor in zip(groups, factors, strict=True):
        mine = _ends_of(problem, group, factor)
        ends = mine if ends is None else (_corner(ends, mine, 1), _corner(ends, mine, -1))
    assert ends is not None
    sign = 1 if region_of(problem).is_positive(constant) else -1
    end = ends[0] if sign > 0 else ends[1]
    if end.value in (INFINITY, MINUS_INFINITY):
        return several.unbounded(problem, NAME, "as its factors go to the ends of their ranges")
    value = multiply(constant, end.value)
    if end.points is None:
        if order(end.value, number(0)) == 0:
            raise NotApplicable("a product may be 0 where one of its factors is not at the end of its range")
        return several.not_attained(problem, NAME, value, "as its factors go to the ends of their ranges", None, digits)
    kinds = ["interior"] * len(end.points)
    complete = end.complete and order(end.value, number(0)) != 0
    return optimal(problem, NAME, end.points, complete, digits, kinds, value)


def _ends_of(problem: Problem, group: Group, factor: Node) -> tuple[_End, _End]:
    found = []
    for sign in (1, -1):
        part = part_of(problem, multiply(sign, factor), group.variables, group.conditions)
        answer = solved(part)
        value = infimum(answer, part)
        if value is None:
            raise NotApplicable("a part of the problem has no feasible point")
        if value is not MINUS_INFINITY:
            value = multiply(sign, value)
        elif sign < 0:
            value = INFINITY
        points = tuple(several.points_of(answer, part)) if answer.status is Status.OPTIMAL else None
        found.append(_End(value, points, answer.complete))
    return found[0], found[1]


def _corner(a: tuple[_End, _End], b: tuple[_End, _End], sign: int) -> _End:
    """The least (greatest, for sign -1) product of an end of one factor and an end of another."""
    best: list[tuple[Node, _End, _End]] = []
    for x, y in product(a, b):
        value = _times(x.value, y.value)
        found = -1 if not best else sign * order(value, best[0][0])
        if found < 0:
            best = []
        if found <= 0:
            best.append((value, x, y))
    taken = [(x, y) for _, x, y in best if x.points is not None and y.points is not None]
    points = [{**p, **q} for x, y in taken for p, q in product(x.points or (), y.points or ())]
    complete = all(x.complete and y.complete for x, y in taken) and len(points) <= MAX_POINTS
    return _End(best[0][0], tuple(_apart(points[:MAX_POINTS])) if points else None, complete)


def _apart(points: Sequence[Point]) -> list[Point]:
    """The points, each once."""
    found: list[Point] = []
    for at in points:
        if not any(same_point(at, other) for other in found):
            found.append(at)
    return found


def _times(a: Node, b: Node) -> Node:
    """The product of two numbers or infinities, 0 where one of them is 0."""
    infinite = [x for x in (a, b) if x in (INFINITY, MINUS_INFINITY)]
    if not infinite:
        return multiply(a, b)
    signs = [order(x, number(0)) for x in (a, b)]
    return number(0) if 0 in signs else INFINITY if signs[0] * signs[1] > 0 else MINUS_INFINITY


def _least_product(problem: Problem, groups: Sequence[Group], factors: Sequence[Node], constant: Node, digits: int) -> ExactAnswer:
    parts = [part_of(problem, f, g.variables, g.conditions) for f, g in zip(factors, groups, strict=True)]
    answers = [solved(p) for p in parts]
    if any(a.status is Status.INFEASIBLE for a in answers):
        return several.infeasible(NAME, "a part of the problem has no feasible point")
    values = [several.value_of_minimand(a, p) for a, p in zip(answers, parts, strict=True)]
    if all(order(v, number(0)) > 0 for v in values):
        return _joined(problem, parts, answers, multiply(constant, *values), digits)
    return _zero_product(problem, parts, answers, values, digits)


def _zero_product(
    problem: Problem, parts: Sequence[Problem], answers: Sequence[ExactAnswer], values: Sequence[Node], digits: int
) -> ExactAnswer:
    """The infimum 0: attained where a factor is 0, whatever the others are."""
    zero = [order(v, number(0)) == 0 for v in values]
    attained = [i for i, a in enumerate(answers) if zero[i] and a.status is Status.OPTIMAL]
    if not attained:
        i = zero.index(True)
        path = path_of(answers[i], parts[i]) or f"in the limit of {_names(parts[i])}"
        return several.not_attained(problem, NAME, number(0), path, None, digits)
    i = attained[0]
    if any(a.status is not Status.OPTIMAL for a in answers):
        raise NotApplicable("no point is known at which one factor is 0 and the others are defined")
    chosen = [(_solutions(p, a) if j == i else _solutions(p, a)[:1]) for j, (p, a) in enumerate(zip(parts, answers, strict=True))]
    points = [{s: f for at, _ in c for s, f in at.items()} for c in islice(product(*chosen), MAX_POINTS)]
    return several.optimal(problem, NAME, points, False, digits)


def _greatest_product(problem: Problem, groups: Sequence[Group], factors: Sequence[Node], constant: Node, digits: int) -> ExactAnswer:
    parts = [part_of(problem, negate(f), g.variables, g.conditions) for f, g in zip(factors, groups, strict=True)]
    answers = [solved(p) for p in parts]
    lowest = [infimum(a, p) for a, p in zip(answers, parts, strict=True)]
    values = [v for v in lowest if v is not None]
    if len(values) < len(lowest):
        return several.infeasible(NAME, "a part of the problem has no feasible point")
    if not all(order(v, number(0)) < 0 for v in values):
        raise NotApplicable("a factor is 0 throughout")
    for part, answer, value in zip(parts, answers, values, strict=True):
        if value is MINUS_INFINITY:
            return several.unbounded(problem, NAME, path_of(answer, part) or f"in {_names(part)}")
    return _joined(problem, parts, answers, multiply(constant, *map(negate, values)), digits)
