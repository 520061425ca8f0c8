"""A polynomial times an exponential that decays in all directions: p(x)*exp(q(x)), all stationary points of which are known.

Let p and q be polynomials on a box of ranges, and let the terms of q of the highest degree m be negative at all directions
d != 0 in which the box has no end. A point of the box is such a d plus a bounded vector, so q <= -c*|d|^m plus terms of lower
degree tends to minus infinity far out, and p*exp(q) tends to 0. So where p has a negative value, the function is at most that
value only at points of a bounded set; with the ends of the ranges it takes its least value there. Of the unknowns that are at
no end of their range at this point, all derivatives vanish: grad p + p*grad q = 0 in these unknowns, since exp(q) > 0. All
solutions of these equations, for each choice of the unknowns at an end, are found as those of a problem with a constant
objective. The least value among them is the minimum if the ends where it is taken belong to the ranges.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("maximize", Text("(x^2 + 2*y^2)*exp(-x^2 - y^2)")), open_names=True))
>>> answer.value_exact, answer.complete, [dict(s.exact) for s in answer.solutions]
('2*exp(-1)', True, [{'x': '0', 'y': '-1'}, {'x': '0', 'y': '1'}])
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import (
    Infeasible,
    Send,
    comparisons,
    guarded,
    holds,
    optimal,
    order,
    part_of,
    range_conditions,
    same_point,
    solved,
    with_range,
)
from optbench.exact.invariant import is_defined_everywhere
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import Sum, plain_sum
from optbench.exact.region.signs import Polynomial, Region, is_identically_zero, normal_form, polynomial_of
from optbench.exact.several import Point, points_of
from optbench.language.build import add, condition, multiply, number, power, substitute
from optbench.language.derivative import gradient
from optbench.language.graph import Call, Node, Symbol, functions
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "decaying"
MAX_UNKNOWNS = 4


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the minimum at the least stationary value; raise `NotApplicable` for other functions, and where it is not below 0."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if functions(problem.minimand) & {"exp", "power"} == set() or not 2 <= problem.dimension <= MAX_UNKNOWNS:
        raise NotApplicable("the function has no exponential of several unknowns")
    if comparisons(problem) or not is_defined_everywhere(problem):
        raise NotApplicable("there are constraints, or the function is not defined everywhere")
    p, q = _factors(problem)
    if not _falls_everywhere(q, problem):
        raise NotApplicable("the exponential is not seen to decay in all directions")
    points: list[Point] = []
    for face in _faces(problem):
        points += [at for at in _stationary(problem, p, q, face) if not any(same_point(at, other) for other in points)]
    if not points:
        raise NotApplicable("there is no stationary point")
    value, best = _lowest([(simplified(substitute(problem.minimand, dict(at))), at) for at in points])
    if order(value, number(0)) >= 0:
        raise NotApplicable("the function is not below 0 at a stationary point")
    if not all(holds(substitute(c, dict(at))) is True for at in best for v in problem.variables for c in range_conditions(v, v.symbol)):
        raise NotApplicable("the least value is at an end that does not belong to the range")
    kinds = ["boundary" if any(at[s] in (i.lower, i.upper) for s, i in _closed(problem).items()) else "interior" for at in best]
    return optimal(problem, NAME, best, True, digits, kinds, value)


def _closed(problem: Problem) -> dict[Symbol, Interval]:
    """The ranges with their finite ends."""
    return {v.symbol: Interval(v.ranges[0].lower, v.ranges[0].upper) for v in problem.variables}


def _faces(problem: Problem) -> Iterator[dict[Node, Node]]:
    """The unknowns that are at a finite end of their range, with that end, in all combinations."""
    choices = [[None, *(e for e in (i.lower, i.upper) if e not in (INFINITY, MINUS_INFINITY))] for i in _closed(problem).values()]
    for ends in product(*choices):
        yield {s: end for s, end in zip(problem.symbols, ends, strict=True) if end is not None}


def _stationary(problem: Problem, p: Node, q: Node, face: dict[Node, Node]) -> list[Point]:
    """All points of a face at which the derivatives by its free unknowns vanish, but for those at which the function is 0."""
    free = [v for v in problem.variables if v.symbol not in face]
    if not free:
        return [face]
    unknowns = [v.symbol for v in free]
    slopes = zip(*(gradient(substitute(f, face), unknowns) for f in (p, q)), strict=True)
    factor = substitute(p, face)
    if is_identically_zero(factor):
        return []  # the function is 0 there, and wanted are values below 0
    equations = [condition("equal", add(dp, multiply(factor, dq)), 0) for dp, dq in slopes]
    closed = _closed(problem)
    try:
        part = part_of(problem, number(0), [with_range(v, closed[v.symbol]) for v in free], equations)
        answer = solved(part)
    except Infeasible:
        return []
    if answer.status is Status.INFEASIBLE:
        return []
    if answer.status is not Status.OPTIMAL or not answer.complete:
        raise NotApplicable("not all stationary points are known")
    return [{**face, **at} for at in points_of(answer, part)]


def _factors(problem: Problem) -> tuple[Node, Node]:
    """The polynomial p and the exponent q of the minimand p*exp(q)."""
    form = normal_form(problem.minimand)
    if form is None or len(form.bottom) != 1 or not form.top:
        raise NotApplicable("the function is no polynomial times one exponential")
    [(below, scale)] = form.bottom.items()
    exponents = {_exponent(monomial) for monomial in form.top}
    if len(exponents) != 1:
        raise NotApplicable("the function is no polynomial times one exponential")
    p: Sum = {frozenset(_powers(monomial)): c / scale for monomial, c in form.top.items()}
    if any(True for _ in _powers(below)):
        raise NotApplicable("the function is no polynomial times one exponential")
    q = add(exponents.pop(), multiply(-1, _exponent(below)))
    if polynomial_of(plain_sum(p)) is None or polynomial_of(q) is None:
        raise NotApplicable("the function is no polynomial times one exponential")
    return plain_sum(p), q


def _exponent(monomial: frozenset[tuple[Node, Fraction]]) -> Node:
    """The sum of what stands in exponentials of a product, as one node."""
    terms = [multiply(e, atom.args[0]) for atom, e in monomial if isinstance(atom, Call) and atom.function == "exp"]
    return add(*sorted(terms, key=str)) if terms else number(0)


def _powers(monomial: frozenset[tuple[Node, Fraction]]) -> Iterator[tuple[Node, Fraction]]:
    return ((atom, e) for atom, e in monomial if not (isinstance(atom, Call) and atom.function == "exp"))


def _falls_everywhere(q: Node, problem: Problem) -> bool:
    """Whether the terms of the highest degree are negative in all directions in which the ranges have no end: where one
    unknown is 1 or -1, whichever one."""
    terms = polynomial_of(q)
    if not terms:
        return False
    degree = max(sum(e for _, e in m) for m in terms)
    highest = _node({m: -c for m, c in terms.items() if sum(e for _, e in m) == degree})
    zero = number(0)
    cone = {
        s: Interval(MINUS_INFINITY if i.lower is MINUS_INFINITY else zero, INFINITY if i.upper is INFINITY else zero)
        for s, i in _closed(problem).items()
    }
    region = Region(cone)
    sides = [(s, k) for s, i in cone.items() for k, end in ((1, i.upper), (-1, i.lower)) if end is not zero]
    return degree > 0 and all(region.is_positive(substitute(highest, {s: number(k)})) for s, k in sides)


def _node(terms: Polynomial) -> Node:
    return add(*(multiply(c, *(power(s, e) for s, e in m)) for m, c in terms.items()))


def _lowest(found: list[tuple[Node, Point]]) -> tuple[Node, list[Point]]:
    value = found[0][0]
    for other, _ in found:
        if order(other, value) < 0:
            value = other
    return value, [at for other, at in found if order(other, value) == 0]
