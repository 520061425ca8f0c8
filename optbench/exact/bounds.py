"""Exact bounds of an expression from those of its parts, and the equations that say where a bound is reached.

Each part gets a least and a greatest value that it can't pass, as formulas: a cosine lies between -1 and 1, an even power
is at least 0, a sum has the sums of its terms' bounds, a product of two bounded factors those of its corner values, a
monotone function those of its argument. With each bound goes the list of equations that hold exactly where the part is
defined and has that value: those of all terms of a sum, of both factors at the only corner with that product (the product
is linear in each factor, so its value inside is a mean of the corner values with positive weights), of the argument.

So the minimand is at least its lower bound L, and equals L exactly where the equations hold. Where they have a feasible
solution, L is the minimum, and their solutions are all minimisers. They are a problem with a constant objective, which the
other strategies solve; where it has no solution, nothing is answered. With one unknown a point is enough that has the value
L: one that another strategy found and could not prove to be global (sin(1/x) on (0, 1) has stationary points without end),
or a simple number.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("x^2/2 + (x - y)^2 - 3*cos(x)*cos(y)")), open_names=True))
>>> answer.value_exact, [dict(s.exact) for s in answer.solutions]
('-3', [{'x': '0', 'y': '0'}])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Send, comparisons, guarded, holds, order, range_conditions, region_of
from optbench.exact.numbers.identities import simplified
from optbench.exact.region.signs import NOT_NEGATIVE, Region
from optbench.exact.several import Point
from optbench.exact.vanishing import by_equations, needed, zeros_of
from optbench.language.build import add, call, divide, multiply, negate, number, power, substitute, subtract
from optbench.language.graph import Call, Node, Number, Symbol, functions, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Problem

NAME = "bounds"
_RISING = {"exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "cbrt", "sinh", "tanh", "atan", "asinh", "erf", "sigmoid", "softplus"}
_BEGINS = {"exp": Fraction(0), "sigmoid": Fraction(0), "softplus": Fraction(0), "expm1": Fraction(-1), "tanh": Fraction(-1)}  # not reached
_POLES = {"log": 0, "log2": 0, "log10": 0, "log1p": -1}  # where a function falls to minus infinity
_ZERO = number(0)
_SIMPLE = (0, 1, -1)


class Bound(NamedTuple):
    """A value that is not passed; it is taken exactly where all equations `when` == 0 hold, nowhere if that is None."""

    value: Node
    when: tuple[Node, ...] | None


class Bounds(NamedTuple):
    """What is known of an expression's values; None where they may be as low or high as one likes."""

    low: Bound | None = None
    high: Bound | None = None

    @property
    def opposite(self) -> Bounds:
        """Those of -u."""
        low, high = (b and Bound(negate(b.value), b.when) for b in self)
        return Bounds(high, low)


_FREE = Bounds()


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer that the function reaches its bound; raise `NotApplicable` where it has none or that is not reached."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    low = _lower_bound(problem)
    if problem.dimension == 1:
        return _at_one(problem, low, [({problem.symbols[0]: number(q)}, "interior") for q in _SIMPLE], digits)
    equations = list(dict.fromkeys(low.when or ()))
    if functions(*needed(equations)) & {"sin", "cos"}:
        raise NotApplicable("the lower bound by the parts of the function may be reached in every period")
    return by_equations(problem, NAME, equations, simplified(low.value), digits)


def reached(problem: Problem, answer: ExactAnswer, digits: int = 30) -> ExactAnswer:
    """Return the answer that a point which another strategy found reaches the bound; raise `NotApplicable` where none does."""
    kinds = [s.kind for s in answer.solutions if s.exact is not None and s.kind != "limit"]

    def solve(problem: Problem, digits: int) -> ExactAnswer:
        points = several.points_of(answer, problem)
        return _at_one(problem, _lower_bound(problem), list(zip(points, kinds, strict=True)), digits)

    return guarded(NAME, solve, problem, digits)


def _lower_bound(problem: Problem) -> Bound:
    low = _Parts(region_of(problem)).of(problem.minimand).low
    if low is None:
        raise NotApplicable("the parts of the function give no lower bound")
    if not low.when:
        raise NotApplicable("the lower bound by the parts of the function is not reached")
    return low


def _at_one(problem: Problem, low: Bound, points: Sequence[tuple[Point, str]], digits: int) -> ExactAnswer:
    """The answer at the first point that is feasible and has the value of the bound."""
    for point, kind in points:
        table = dict(point)
        ranges = [c for v in problem.variables for c in range_conditions(v, point[v.symbol])]
        rest = [substitute(c, table) for c in (*problem.domain, *comparisons(problem))]
        if all(map(holds, (*ranges, *rest))) and order(substitute(problem.minimand, table), low.value) == 0:
            return several.optimal(problem, NAME, [point], False, digits, [kind])
    raise NotApplicable("no point is known at which the function reaches the lower bound by its parts")


class _Parts:
    """The bounds of all parts of expressions on a region."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.known: dict[Node, Bounds] = {}

    def of(self, root: Node) -> Bounds:
        for node in topological(root, enter=lambda n: () if n in self.known else n.args):
            if node not in self.known:
                self.known[node] = self._of_node(node)
        return self.known[root]

    def _of_node(self, node: Node) -> Bounds:
        if node.boolean or node.shape:
            return _FREE
        if not symbols(node):
            return Bounds(Bound(node, ()), Bound(node, ()))
        if isinstance(node, Symbol):
            return self._of_symbol(node)
        assert isinstance(node, Call)
        found = self._by_parts(node)
        return self._with_sign(node, found)

    def _of_symbol(self, node: Symbol) -> Bounds:
        interval = self.region.intervals.get(node)
        if interval is None:
            return _FREE
        low = Bound(interval.lower, (subtract(node, interval.lower),) if interval.lower_closed else None)
        high = Bound(interval.upper, (subtract(node, interval.upper),) if interval.upper_closed else None)
        return Bounds(None if interval.lower is MINUS_INFINITY else low, None if interval.upper is INFINITY else high)

    def _with_sign(self, node: Call, found: Bounds) -> Bounds:
        """The bounds, with 0 where the signs of the parts tell more."""
        if found.low is None or order(found.low.value, _ZERO) < 0:
            signs = self.region.signs(node)
            if signs <= NOT_NEGATIVE:
                return Bounds(Bound(_ZERO, tuple(zeros_of(node, self.region)) if 0 in signs else None), found.high)
        return found

    def _by_parts(self, node: Call) -> Bounds:
        parts = [self.known.get(a, _FREE) for a in node.args]
        match node.function:
            case "add":
                return Bounds(_total([p.low for p in parts]), _total([p.high for p in parts]))
            case "negate":
                return parts[0].opposite
            case "multiply":
                return self._product(node)
            case "divide":
                return _times(parts[0], _reciprocal(parts[1]), node)
            case "power" if isinstance(node.args[1], Number) and node.args[1].value:
                return _power(node, parts[0], node.args[1].value)
            case "power" if not symbols(node.args[0]) and order(node.args[0], number(1)) > 0:
                return _monotone(parts[1], lambda u: power(node.args[0], u), Fraction(0))
            case "sin" | "cos":
                one = number(1)
                return Bounds(Bound(negate(one), (add(node, 1),)), Bound(one, (subtract(node, 1),)))
            case "abs":
                return _even(parts[0], node.args[0], lambda u: call("abs", u))
        if node.function in _RISING:
            return _rising(node, parts[0])
        return _FREE

    def _product(self, node: Call) -> Bounds:
        found, taken = self.known.get(node.args[0], _FREE), node.args[0]
        for factor in node.args[1:]:
            taken = multiply(taken, factor)
            found = _times(found, self.known.get(factor, _FREE), taken)
        return found


def _total(bounds: list[Bound | None]) -> Bound | None:
    known = [b for b in bounds if b is not None]
    if len(known) < len(bounds):
        return None
    return Bound(add(*(b.value for b in known)), _all_of(known))


def _all_of(bounds: list[Bound]) -> tuple[Node, ...] | None:
    equations: dict[Node, None] = {}
    for b in bounds:
        if b.when is None:
            return None
        equations.update(dict.fromkeys(b.when))
    return tuple(equations)


def _monotone(inner: Bounds, f: Callable[[Node], Node], begin: Fraction | None) -> Bounds:
    """The bounds of f(u) with a rising f; `begin`: what f tends to far to the left."""
    low = inner.low and Bound(f(inner.low.value), inner.low.when)
    if low is None and begin is not None:
        low = Bound(number(begin), None)
    return Bounds(low, inner.high and Bound(f(inner.high.value), inner.high.when))


def _rising(node: Call, inner: Bounds) -> Bounds:
    """The bounds of a rising function of the table."""
    low, high = inner
    pole = _POLES.get(node.function)
    if pole is not None:
        low, high = (b if b is not None and order(b.value, number(pole)) > 0 else None for b in inner)
    if node.function == "sqrt":
        low, high = _from_zero(inner, node.args[0])
    return _monotone(Bounds(low, high), lambda u: call(node.function, u), _BEGINS.get(node.function))


def _from_zero(inner: Bounds, u: Node) -> Bounds:
    """The bounds of u where it is not negative."""
    low, high = inner
    low = low if low is not None and order(low.value, _ZERO) >= 0 else Bound(_ZERO, (u,))
    return Bounds(low, high if high is not None and order(high.value, low.value) >= 0 else None)


def _power(node: Call, base: Bounds, exponent: Fraction) -> Bounds:
    def f(u: Node) -> Node:
        return power(u, number(exponent))

    if not exponent:
        return Bounds(Bound(number(1), ()), Bound(number(1), ()))
    if exponent < 0:
        positive = _power(node, base, -exponent) if exponent != -1 else base
        return _reciprocal(positive)
    if exponent.denominator > 1:
        return _monotone(_from_zero(base, node.args[0]), f, None)
    if exponent % 2:
        return _monotone(base, f, None)
    return _even(base, node.args[0], f)


def _even(inner: Bounds, u: Node, f: Callable[[Node], Node]) -> Bounds:
    """The bounds of f(u) = f(-u) with f(0) = 0 and f rising on the right."""
    low, high = inner
    if low is not None and order(low.value, _ZERO) >= 0:
        return _monotone(inner, f, None)
    if high is not None and order(high.value, _ZERO) <= 0:
        return _monotone(inner.opposite, f, None)
    least = Bound(_ZERO, (u,))
    if low is None or high is None:
        return Bounds(least)
    side = order(negate(low.value), high.value)
    if side == 0:
        return Bounds(least, Bound(f(high.value), (subtract(power(u, 2), power(high.value, 2)),)))
    return Bounds(least, Bound(f(low.value), low.when) if side > 0 else Bound(f(high.value), high.when))


def _reciprocal(inner: Bounds) -> Bounds:
    """The bounds of 1/u for a u > 0."""
    low, high = inner
    if low is None or order(low.value, _ZERO) < 0:
        return _FREE
    least = Bound(_ZERO, None) if high is None else Bound(divide(1, high.value), high.when)
    return Bounds(least, Bound(divide(1, low.value), low.when) if order(low.value, _ZERO) > 0 else None)


def _times(a: Bounds, b: Bounds, node: Node) -> Bounds:
    """The bounds of a product, which is the node."""
    constant = next((p for p in (a, b) if p.low is not None and p.high is not None and p.low.value is p.high.value), None)
    if constant is not None and constant.low is not None:
        return _scaled(b if constant is a else a, constant.low.value)
    if None not in (*a, *b):
        return Bounds(_corner(a, b, node, 1), _corner(a, b, node, -1))
    if any(p.low is None or order(p.low.value, _ZERO) < 0 for p in (a, b)):
        return _FREE
    assert a.low is not None
    assert b.low is not None
    return Bounds(_least_of_two(a.low, b.low))


def _scaled(inner: Bounds, factor: Node) -> Bounds:
    sign = order(factor, _ZERO)
    if sign == 0:
        return _FREE
    low, high = (b and Bound(multiply(factor, b.value), b.when) for b in inner)
    return Bounds(low, high) if sign > 0 else Bounds(high, low)


def _least_of_two(a: Bound, b: Bound) -> Bound | None:
    """The lower bound of a product of two factors that are at least a >= 0 and b >= 0."""
    zeros = [bound for bound in (a, b) if order(bound.value, _ZERO) == 0]
    if len(zeros) == 2:
        return None
    return Bound(multiply(a.value, b.value), zeros[0].when if zeros else _all_of([a, b]))


def _corner(a: Bounds, b: Bounds, node: Node, sense: int) -> Bound | None:
    """The least (sense 1) or greatest (-1) product of two factors between finite bounds."""
    corners = [(p, q, multiply(p.value, q.value)) for p in a for q in b if p is not None and q is not None]
    best = corners[0][2]
    for *_, value in corners:
        if sense * order(value, best) < 0:
            best = value
    there = [(p, q) for p, q, value in corners if order(value, best) == 0]
    if len(there) == 1:
        return Bound(best, _all_of(list(there[0])))
    return Bound(best, (subtract(node, best),))
