"""Conditions on one unknown become its range, unknowns with one value go: a proof, since no feasible point is lost or won.

The numbers at which a condition on one unknown holds are found by the zeros of the expressions in it, which cut the range
into open intervals and points, on each of which it holds everywhere or nowhere; what is undefined doesn't hold. They make up
finitely many intervals; the minimum is the least one over all of them, each a problem without this condition.

>>> from optbench.language.elaborate import parse_constraint
>>> from optbench.language.build import symbol
>>> holding([parse_constraint("x^2 >= 2").node, parse_constraint("x < 9").node], symbol("x"), Interval())
[(-inf, -sqrt(2)], [sqrt(2), 9)]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from itertools import pairwise, product

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Infeasible, Send, comparisons, guarded, holds, holds_on, least, order, part_of, replaced, with_range
from optbench.exact.line.equation import Zeros, zeros
from optbench.exact.line.pieces import Place, Undecided, point, sample
from optbench.exact.numbers.identities import simplified
from optbench.exact.region.isolated import solved_for
from optbench.exact.region.signs import Region, sign_of_number
from optbench.language.build import number, substitute
from optbench.language.graph import GraphError, Node, Symbol, symbols
from optbench.language.text import text
from optbench.problem.interval import Interval, restricted
from optbench.problem.problem import Problem, Variable

NAME = "ranges"
MAX_CASES = 24
MAX_PLACES = 60


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer by ranges that hold the conditions on one unknown; raise `NotApplicable` where there are none."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    conditions = comparisons(problem)
    box = Region({v.symbol: v.ranges[0] for v in problem.variables})
    for c in (*problem.domain, *conditions):
        if box.truth(c) is False:
            return several.infeasible(NAME, f"{text(c)} holds nowhere in the ranges")
    single = {v.symbol: [c for c in conditions if symbols(c) == [v.symbol]] for v in problem.variables}
    rest = [c for c in conditions if len(symbols(c)) > 1]
    if len(rest) == len(conditions) and not any(v.ranges[0].is_fixed for v in problem.variables):
        raise NotApplicable("there is no condition on one unknown")
    choices = [[with_range(v, i) for i in _intervals(v, single[v.symbol])] for v in problem.variables]
    cases = []
    for chosen in _bounded_product(choices):
        try:
            cases.append(_case(problem, chosen, [*rest, *(c for c in conditions if not symbols(c))]))
        except Infeasible:
            continue
    if not cases:
        return several.infeasible(NAME, "no value of an unknown satisfies all conditions on it")
    return least(problem, NAME, cases, digits)


def _bounded_product(choices: Sequence[Sequence[Variable]]) -> list[tuple[Variable, ...]]:
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MAX_CASES:
        raise NotApplicable("the conditions on single unknowns leave too many intervals")
    return list(product(*choices))


def _case(problem: Problem, variables: Sequence[Variable], conditions: Sequence[Node]) -> Case:
    """The problem on smaller ranges; a range that is one number is put in."""
    smaller = part_of(problem, problem.minimand, variables, [*problem.domain, *conditions])
    values: dict[Node, Node] = {v.symbol: v.ranges[0].lower for v in variables if v.ranges[0].is_fixed}
    return Case(replaced(smaller, values), values) if values else Case(smaller)


def _intervals(variable: Variable, conditions: Sequence[Node]) -> list[Interval]:
    interval = variable.ranges[0]
    if interval.is_empty:
        return []
    return holding(conditions, variable.symbol, interval) if conditions else [interval]


# ---- where conditions on one unknown hold -------------------------------------------------------------------------------


def holding(conditions: Sequence[Node], variable: Symbol, interval: Interval) -> list[Interval]:
    """Return the intervals, ascending, that make up all numbers of an interval at which the conditions are defined and hold."""
    found = [interval]
    for c in conditions:
        found = [narrower for i in found for narrower in _where(c, variable, i)]
    return found


def _where(c: Node, variable: Symbol, interval: Interval) -> list[Interval]:
    narrower = restricted(interval, c, variable)
    if narrower is not None:
        return [] if narrower.is_empty else [narrower]
    if interval.is_fixed:
        return [interval] if holds_on(c, point(variable, interval.lower)) else []
    return _joined(interval, c, *_cells(c, Place(variable, interval.lower, interval.upper)))


def _cells(c: Node, place: Place) -> tuple[list[Place], list[bool], list[bool]]:
    """Open intervals, ascending, whether the condition holds on each, and whether it holds at the points between them."""
    waiting, cells, inside = [place], list[Place](), list[bool]()
    for _ in range(MAX_PLACES):
        if not waiting:
            between = [holds_on(c, point(place.variable, cell.lower)) for cell in cells[1:]]
            return cells, inside, between
        cell = waiting.pop()
        try:
            inside.append(holds_on(c, cell))
            cells.append(cell)
        except Undecided as undecided:
            waiting.extend(reversed(_cut(cell, undecided.switch)))
    raise NotApplicable("a condition on one unknown changes too often")


def _cut(place: Place, switch: Node) -> list[Place]:
    found = _by_formulas(switch, place) or zeros(switch, place)
    if found.identically:
        return [place.with_sign(switch, 0)]
    if not found.proved:
        raise NotApplicable(found.reason or "it is not known where a condition on one unknown holds")
    ends = [place.lower, *found.roots, place.upper]
    return [place.part(a, b).with_sign(switch, s) for a, b, s in zip(ends, ends[1:], found.signs, strict=False)]


def _by_formulas(switch: Node, place: Place) -> Zeros | None:
    """The zeros of an expression that can be solved for its unknown, which are all there are."""
    interval = Interval(place.lower, place.upper, False, False)
    try:
        branches = solved_for(switch, place.variable, Region({place.variable: interval}))
        roots = [simplified(b.formula) for b in branches if all(is_true(c) for c in b.conditions)]
        inside = [r for r in roots if order(place.lower, r) < 0 < order(place.upper, r)]
        inside.sort(key=cmp_to_key(order))
        apart = [r for k, r in enumerate(inside) if not k or order(inside[k - 1], r)]
        ends = [place.lower, *apart, place.upper]
        signs = [sign_of_number(substitute(switch, {place.variable: number(sample(a, b))})) for a, b in pairwise(ends)]
    except (NotApplicable, GraphError):
        return None
    known = tuple(s for s in signs if s)
    return Zeros(tuple(apart), known, True) if len(known) == len(signs) else None


def is_true(c: Node) -> bool:
    """Return the truth of a condition without unknowns; raise `NotApplicable` where it is not decided."""
    held = holds(c)
    if held is None:
        raise NotApplicable(f"it can't be decided whether {c}")
    return held


def _joined(interval: Interval, c: Node, cells: Sequence[Place], inside: Sequence[bool], between: Sequence[bool]) -> list[Interval]:
    """The intervals made up by the cells and points at which the condition holds."""
    variable, ends = cells[0].variable, [*(cell.lower for cell in cells), interval.upper]
    first = interval.lower_closed and holds_on(c, point(variable, interval.lower))
    last = interval.upper_closed and holds_on(c, point(variable, interval.upper))
    at_ends, inside = [first, *between, last], [*inside, False]
    found, begin, closed = [], None, False
    for end, there, goes_on in zip(ends, at_ends, inside, strict=True):
        if begin is not None and not (there and goes_on):
            found.append(Interval(begin, end, closed, there))
            begin, there = None, False
        if begin is None and goes_on:
            begin, closed = end, there
        elif begin is None and there:
            found.append(Interval(end, end))
    return found
