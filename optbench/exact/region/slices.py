"""A problem seen along one of its unknowns: for fixed values of the others, the interval of the feasible values of y.

>>> from optbench.language.build import symbol
>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("minimize", Text("x*y"), constraints=(ConstraintDraft(Text("x + 2*y <= 1")), ConstraintDraft(Text("x >= 0"))))
>>> slice_ = along(validated(draft, open_names=True), symbol("y"))
>>> slice_.lower, slice_.upper, slice_.rest
([], [Bound(formula=-x/2 + 1/2, closed=True)], [x >= 0])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from optbench.exact.answer import NotApplicable
from optbench.exact.cases import comparisons, part_of, region_of
from optbench.exact.region.isolated import polynomial_in
from optbench.exact.region.signs import NEGATIVE, NOT_NEGATIVE, NOT_POSITIVE, POSITIVE, Region, tidy
from optbench.language.build import add, call, condition, divide, multiply, negate, power, subtract
from optbench.language.graph import Call, Node, Number, Symbol, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem, Variable


class Bound(NamedTuple):
    """y is at most (at least) the value of a formula in the other unknowns, or less (more) where it is not closed."""

    formula: Node
    closed: bool


@dataclass
class Slice:
    """For the x at which the conditions of `rest` hold, y is feasible exactly between the bounds, where these leave a value.

    `region`: what is known of all feasible points, facts included; `box`: ranges and conditions on single unknowns only.
    """

    problem: Problem
    variable: Variable
    region: Region
    box: Region
    lower: list[Bound] = field(default_factory=list)
    upper: list[Bound] = field(default_factory=list)
    rest: list[Node] = field(default_factory=list)

    @property
    def unknown(self) -> Symbol:
        return self.variable.symbol

    @property
    def others(self) -> list[Variable]:
        return [v for v in self.problem.variables if v is not self.variable]

    def part(self, objective: Node, conditions: Sequence[Node]) -> Problem:
        """The problem of minimising a function of the other unknowns, under the conditions on them and more."""
        return part_of(self.problem, objective, self.others, [*self.rest, *conditions])

    def not_empty(self) -> list[Node]:
        """Conditions under which there is a feasible y."""
        return [_at_most(low, high) for low in self.lower for high in self.upper]

    def ends(self, upper: bool) -> Iterator[tuple[Bound, list[Node]]]:
        """Each bound on one side with the conditions under which it is the end of the interval of the feasible y."""
        mine, others = (self.upper, self.lower) if upper else (self.lower, self.upper)
        for bound in mine:
            tighter = [b for b in mine if b is not bound]
            conditions = [_is_tighter(bound, b, upper) for b in tighter]
            conditions += [_at_most(b, bound) if upper else _at_most(bound, b) for b in others]
            yield bound, conditions

    def within(self, value: Node) -> list[Node]:
        """Conditions under which a value is feasible."""
        exact = Bound(value, True)
        return [*(_at_most(low, exact) for low in self.lower), *(_at_most(exact, high) for high in self.upper)]


def _at_most(low: Bound, high: Bound) -> Node:
    return condition("less_equal" if low.closed and high.closed else "less", low.formula, high.formula)


def _is_tighter(bound: Bound, other: Bound, upper: bool) -> Node:
    """An open bound is the end where both are equal."""
    strict = bound.closed and not other.closed
    relation = ("less" if upper else "greater") + ("" if strict else "_equal")
    return condition(relation, bound.formula, other.formula)


def along(problem: Problem, unknown: Symbol) -> Slice:
    """Return the problem along one unknown; raise `NotApplicable` where a condition can't be solved for it."""
    variable = next(v for v in problem.variables if v.symbol is unknown)
    region = region_of(problem)
    found = Slice(problem, variable, region, Region(region.intervals))
    _add_interval(found, region.intervals.get(unknown, variable.ranges[0]))
    for c in (*problem.domain, *comparisons(problem)):
        if unknown not in symbols(c):
            found.rest.append(c)
        elif found.box.truth(c) is not True:
            _add_condition(found, c)
    return found


def _add_interval(found: Slice, interval: Interval) -> None:
    if interval.lower is not MINUS_INFINITY:
        found.lower.append(Bound(interval.lower, interval.lower_closed))
    if interval.upper is not INFINITY:
        found.upper.append(Bound(interval.upper, interval.upper_closed))


_CLOSED = {"less": False, "less_equal": True, "greater": False, "greater_equal": True}


def _add_condition(found: Slice, c: Node) -> None:
    """A condition as bounds of y: p*y + q <= 0 with the sign of p known, or a*y^2 + b*y + c <= 0 with a > 0."""
    if not (isinstance(c, Call) and c.function in _CLOSED):
        raise NotApplicable("a condition can't be solved for one unknown")
    left, right = reversed(c.args) if c.function.startswith("greater") else c.args
    coefficients = polynomial_in(subtract(left, right), found.unknown, 2)
    closed = _CLOSED[c.function]
    if coefficients is None or len(coefficients) < 2:
        raise NotApplicable("a condition can't be solved for one unknown")
    leading = found.region.signs(coefficients[-1])
    if len(coefficients) == 2 and found.region.is_positive(coefficients[0]) and leading in (NOT_NEGATIVE, NOT_POSITIVE):
        relation, leading = ("greater", POSITIVE) if leading == NOT_NEGATIVE else ("less", NEGATIVE)
        found.rest.append(condition(relation, coefficients[1], 0))  # for p = 0 it is not satisfied
    if len(coefficients) == 2 and leading in (POSITIVE, NEGATIVE):
        bound = Bound(tidy(negate(divide(coefficients[0], coefficients[1]))), closed)
        (found.upper if leading == POSITIVE else found.lower).append(bound)
    elif len(coefficients) == 3 and leading == POSITIVE:
        _add_roots(found, coefficients, closed)
    else:
        raise NotApplicable("a condition can't be solved for one unknown")


def _add_roots(found: Slice, coefficients: Sequence[Node], closed: bool) -> None:
    c, b, a = coefficients
    quarter = tidy(subtract(power(divide(b, 2), 2), multiply(a, c)))
    root = call("sqrt", quarter)
    found.rest.append(condition("greater_equal" if closed else "greater", quarter, 0))
    half = tidy(negate(divide(b, 2)))
    found.lower.append(Bound(tidy(divide(subtract(half, root), a)), closed))
    found.upper.append(Bound(tidy(divide(add(half, root), a)), closed))


def is_number(bound: Bound) -> bool:
    """Whether a bound does not depend on the other unknowns."""
    return isinstance(bound.formula, Number) or not symbols(bound.formula)
