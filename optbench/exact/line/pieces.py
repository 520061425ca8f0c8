"""Cutting the range into open intervals on which the function is smooth, by signs that are proved.

`abs(u)` is u where u > 0 and -u where u < 0, so a place (an open interval, or a point) on which the sign of u is known
has a smooth form of the function. The same signs say where the function and its derivative are defined. `smoothed` walks
the graph from its leaves; where it needs a sign that nothing proves it raises `Undecided` with the expression u, whose
zeros then cut the interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from optbench.arithmetic.balls import Enclosure, as_fraction, between, enclose, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.identities import is_zero
from optbench.exact.numbers.simplest_fraction import simplest
from optbench.exact.numbers.sums import sign_of
from optbench.language.build import add, call, multiply, number, power, rebuild, substitute, subtract
from optbench.language.domain import own_conditions
from optbench.language.functions import RELATION_SIGN
from optbench.language.graph import Call, Node, Number, Symbol, functions, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY

_JUMPS = ("floor", "ceil", "mod")
_POSITIVE = ("exp", "cosh", "sigmoid", "softplus")
_SIGN_OF_ARGUMENT = ("sqrt", "cbrt", "sinh", "tanh", "asinh", "atan", "asin", "atanh", "erf", "expm1", "log1p", "sign", "lambertw")


class Undecided(Exception):
    """The sign of an expression on a place is not known; `switch` is smooth there."""

    def __init__(self, switch: Node) -> None:
        super().__init__()
        self.switch = switch

    def __str__(self) -> str:
        return f"the sign of {self.switch} is not known"


class Undefined(Exception):
    """The function is not defined on the place."""


@dataclass(frozen=True)
class Place:
    """An open interval of the variable, or, where both ends are the same node, a point. Signs hold on all of it."""

    variable: Symbol
    lower: Node
    upper: Node
    signs: Mapping[Node, int] = field(default_factory=dict)

    @property
    def is_point(self) -> bool:
        return self.lower is self.upper

    @cached_property
    def box(self) -> Enclosure:
        """An enclosure of the place and its ends."""
        return hull(self.lower, self.upper)

    def enclosure(self, node: Node) -> Enclosure:
        """An enclosure of the values of an expression on the place."""
        return enclose([node], {self.variable: self.box}, 64)[0]

    def with_sign(self, node: Node, sign: int) -> Place:
        """The same place, with one more sign."""
        return Place(self.variable, self.lower, self.upper, {**self.signs, node: sign})

    def part(self, lower: Node, upper: Node) -> Place:
        """A part of the place, where the same signs hold."""
        return Place(self.variable, lower, upper, self.signs)

    def at(self, node: Node) -> Node:
        """The value of an expression at a point."""
        return substitute(node, {self.variable: self.lower})


def point(variable: Symbol, at: Node) -> Place:
    """Return the place that is one number."""
    return Place(variable, at, at)


def hull(lower: Node, upper: Node) -> Enclosure:
    """Return the box from one number to another; ends may be infinite."""
    low = float("-inf") if lower is MINUS_INFINITY else value_of(lower).lower
    high = float("inf") if upper is INFINITY else value_of(upper).upper
    return between(low, high)


def sample(lower: Node, upper: Node) -> Fraction:
    """Return a rational number strictly between two numbers, with a small denominator."""
    low = None if lower is MINUS_INFINITY else as_fraction(value_of(lower).upper)
    high = None if upper is INFINITY else as_fraction(value_of(upper).lower)
    if low is None or high is None:
        if low is None:
            return Fraction(0) if high is None else Fraction(high.__floor__() - 1)
        return Fraction(low.__ceil__() + 1)
    if low >= high:
        raise NotApplicable("two points can't be told apart")
    return simplest(low + (high - low) / 4, high - (high - low) / 4)


# ---- the smooth form -----------------------------------------------------------------------------------------------------


def smoothed(root: Node, place: Place) -> Node:
    """Return a form without kinks of an expression, which has its values on the place and is proved to be defined there.

    Raises `Undefined` where it is defined nowhere on the place, `Undecided` where a sign is missing, `NotApplicable` for
    functions that jump.
    """
    done: dict[Node, Node] = {}
    for node in topological(root, enter=_entered):
        if not isinstance(node, Call):
            done[node] = node
        elif node.function == "if":
            taken = node.args[1] if truth(done[node.args[0]], place) else node.args[2]
            done[node] = smoothed(taken, place)
        else:
            done[node] = _without_kinks(rebuild(node, tuple(done[a] for a in node.args)), place)
    return done[root]


def _entered(node: Node) -> tuple[Node, ...]:
    return node.args[:1] if isinstance(node, Call) and node.function == "if" else node.args


def _without_kinks(node: Node, place: Place) -> Node:
    if not isinstance(node, Call) or node.boolean:
        return node
    if node.shape:
        raise NotApplicable("expressions with arrays are not solved exactly")
    for condition in own_conditions(node):
        if not truth(condition, place):
            raise Undefined
    match node.function:
        case "abs":
            return multiply(sign(node.args[0], place), node.args[0])
        case "relu":
            return node.args[0] if sign(node.args[0], place) > 0 else number(0)
        case "sign":
            return number(sign(node.args[0], place))
        case "minimum" | "maximum":
            return _extreme(node, place)
        case "hypot":
            return call("sqrt", add(*(power(a, 2) for a in node.args)))
    if node.function == "atan2":
        raise NotApplicable("atan2 jumps, which no exact strategy follows yet")
    if node.function in _JUMPS:
        if place.is_point:
            return _step(place.at(node))
        raise NotApplicable(f"{'%' if node.function == 'mod' else node.function} jumps, which no exact strategy follows yet")
    varies = node.function == "power" and not any(isinstance(a, Number) for a in node.args)
    if varies and not place.is_point and sign(node.args[0], place) > 0:
        return call("exp", multiply(node.args[1], call("log", node.args[0])))
    return node


def _step(node: Node) -> Node:
    """The value of a step function of rational numbers."""
    match node:
        case Call(function="floor", args=(Number() as x,)):
            return number(x.value.__floor__())
        case Call(function="ceil", args=(Number() as x,)):
            return number(x.value.__ceil__())
        case Call(function="mod", args=(Number() as x, Number() as y)) if y.value:
            return number(x.value % y.value)
    return node


def _extreme(node: Call, place: Place) -> Node:
    best = node.args[0]
    for other in node.args[1:]:
        if sign(subtract(other, best), place) == (1 if node.function == "maximum" else -1):
            best = other
    return best


# ---- signs -----------------------------------------------------------------------------------------------------------------


def truth(condition: Node, place: Place) -> bool:
    """Return whether a condition holds on the whole place (True) or nowhere on it (False); raise `Undecided`."""
    assert isinstance(condition, Call)
    if condition.function == "not":
        return not truth(condition.args[0], place)
    if condition.function in ("and", "or"):
        return _any(condition.args, place, condition.function == "or")
    if condition.function not in RELATION_SIGN:
        raise NotApplicable("a condition with arrays is not solved exactly")
    found = sign(subtract(*condition.args), place)
    return found in _HOLDS[condition.function]


def _any(conditions: tuple[Node, ...], place: Place, settles: bool) -> bool:
    """`or` is settled by one condition that holds, `and` by one that does not."""
    missing = None
    for condition in conditions:
        try:
            if truth(condition, place) == settles:
                return settles
        except Undecided as undecided:
            missing = missing or undecided
    if missing is not None:
        raise missing
    return not settles


_HOLDS = {"less": (-1,), "less_equal": (-1, 0), "greater": (1,), "greater_equal": (0, 1), "equal": (0,), "not_equal": (-1, 1)}


def sign(node: Node, place: Place) -> int:
    """Return the sign that a smooth expression has on the whole place; raise `Undecided`."""
    if isinstance(node, Number):
        return (node.value > 0) - (node.value < 0)
    if node in place.signs:
        return place.signs[node]
    if place.is_point or not symbols(node):
        return _sign_at_point(place.at(smoothed(node, place) if "if" in functions(node) else node), node)
    value = place.enclosure(node)
    if not value.empty and not value.contains_zero:
        return 1 if value.is_positive else -1
    found = _sign_by_parts(node, place)
    if found is None:
        raise Undecided(node)
    return found


def _sign_at_point(value: Node, node: Node) -> int:
    if isinstance(value, Number):
        return (value.value > 0) - (value.value < 0)
    found = sign_of(value)
    if found is None:
        if is_zero(value) is not True:
            raise NotApplicable(f"it can't be decided whether {value} is 0")
        found = 0
    return found


def _sign_by_parts(node: Node, place: Place) -> int | None:
    """The sign that follows from the signs of the parts, which may raise `Undecided` for a part."""
    if node is place.variable:
        low, high = place.box.lower, place.box.upper
        return 1 if low >= 0 else -1 if high <= 0 else None
    if not isinstance(node, Call):
        return None
    match node.function:
        case "negate":
            return -sign(node.args[0], place)
        case "multiply" | "divide":
            return _product_of_signs(node.args, place)
        case "power" if isinstance(node.args[1], Number):
            base = sign(node.args[0], place) if node.args[1].value else 1
            return base if node.args[1].integer and node.args[1].value % 2 else abs(base)
        case "power" if sign(node.args[0], place) > 0:
            return 1
        case "abs" | "hypot":
            return None if sign(node.args[0], place) == 0 else 1
        case "log":
            return sign(subtract(node.args[0], 1), place)
        case "add":
            return _sign_of_sum(node, place)
        case "if":
            return sign(node.args[1] if truth(node.args[0], place) else node.args[2], place)
    if node.function in _POSITIVE:
        return 1
    return sign(node.args[0], place) if node.function in _SIGN_OF_ARGUMENT else None


def _product_of_signs(factors: tuple[Node, ...], place: Place) -> int:
    total = 1
    for factor in factors:
        total *= sign(factor, place)
    return total


def _sign_of_sum(node: Call, place: Place) -> int | None:
    """A sum has the sign that all its terms have."""
    try:
        found = {sign(term, place) for term in node.args} - {0}
    except Undecided:
        return None
    return found.pop() if len(found) == 1 else None
