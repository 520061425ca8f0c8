"""One equation solved for one of its unknowns: formulas in the others, with the conditions under which they are solutions.

`solved_for(f, y, region)` says for all values of the other unknowns in the region: those y at which f is defined and 0 are
exactly the values of the formulas whose conditions hold (and which solve it where f is defined). Either f, or its numerator
where the denominator has no zeros, is a polynomial of degree 1 or 2 in y, or y stands at one place only, and the functions
around it are undone one by one; what is divided by is proved not to be 0.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> from optbench.problem.interval import Interval
>>> x, y = symbol("x"), symbol("y")
>>> region = Region({x: Interval(), y: Interval()})
>>> solved_for(parse("x^2 + y^2 - 1").node, y, region)
[Branch(formula=-sqrt(-x^2 + 1), conditions=(-x^2 + 1 >= 0,)), Branch(formula=sqrt(-x^2 + 1), conditions=(-x^2 + 1 >= 0,))]
>>> solved_for(parse("exp(y) - x").node, y, region)
[Branch(formula=log(x), conditions=(x > 0,))]
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.identities import normal
from optbench.exact.numbers.sums import Sum, TooLarge, plain_sum, sum_node, sum_times
from optbench.exact.region.signs import Region, tidy
from optbench.language.build import add, call, condition, constant, divide, multiply, negate, number, power, subtract
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, size, symbols, topological

MAX_NODES = 200


class Branch(NamedTuple):
    """One solution, for those values of the other unknowns at which the conditions hold."""

    formula: Node
    conditions: tuple[Node, ...] = ()


def solved_for(function: Node, unknown: Symbol, region: Region) -> list[Branch]:
    """Return all solutions of function = 0 for the unknown; raise `NotApplicable` where they can't be written."""
    if size(function) > MAX_NODES:
        raise NotApplicable("an equation is too long to be solved for one unknown")
    if unknown not in symbols(function):
        raise NotApplicable(f"an equation does not hold {unknown.name}")
    coefficients = polynomial_in(function, unknown, 2)
    if coefficients is not None:
        return _of_polynomial(coefficients, region)
    short = tidy(function)
    if _count(short, unknown) == 1:
        return _Undoing(unknown, region).solve(short)
    numerator = _numerator(short, unknown, region)
    coefficients = None if numerator is None else polynomial_in(numerator, unknown, 2)
    if coefficients is not None and len(coefficients) > 1:
        return _of_polynomial(coefficients, region)
    return _Undoing(unknown, region).solve(function)


def _numerator(function: Node, unknown: Symbol, region: Region) -> Node | None:
    """The top of the normal form without negative powers of the unknown, if what it is multiplied by is never 0."""
    try:
        form = normal(function)
    except (TooLarge, GraphError):
        return None
    lowest = min((e for monomial in form.top for atom, e in monomial if atom is unknown), default=Fraction(0))
    power_of_unknown: Sum = {frozenset({(unknown, -lowest)} if lowest < 0 else ()): Fraction(1)}
    factor = multiply(sum_node(form.bottom), sum_node(power_of_unknown))
    if not symbols(factor) or 0 in region.signs(factor):
        return None
    return plain_sum(sum_times(form.top, power_of_unknown))


# ---- polynomials in one unknown ------------------------------------------------------------------------------------------


def polynomial_in(function: Node, unknown: Symbol, degree: int) -> list[Node] | None:
    """Return the coefficients, constant first, of a function that is a polynomial of at most this degree in one unknown,
    None for others. They are free of the unknown, and the last one is not the number 0; they may be defined at more points
    than the function is."""
    known: dict[Node, list[Node] | None] = {}
    for node in topological(function):
        known[node] = _coefficients(node, known, unknown, degree)
    found = known[function]
    if found is None:
        return None
    found = [tidy(c) for c in found]
    while len(found) > 1 and found[-1] is number(0):
        found.pop()
    return found


def _coefficients(node: Node, known: dict[Node, list[Node] | None], unknown: Symbol, degree: int) -> list[Node] | None:
    if node is unknown:
        return [number(0), number(1)] if degree else None
    if not isinstance(node, Call):
        return [node]
    args = [known[a] for a in node.args]
    if all(a is not None and len(a) == 1 and a[0] is b for a, b in zip(args, node.args, strict=True)):
        return [node]
    if node.shape or node.boolean or any(a is None for a in args):
        return None
    whole = [a for a in args if a is not None]
    match node.function:
        case "add":
            longest = max(map(len, whole))
            return [add(*(a[k] for a in whole if k < len(a))) for k in range(longest)]
        case "negate":
            return [negate(c) for c in whole[0]]
        case "multiply":
            return _product(whole, degree)
        case "divide" if len(whole[1]) == 1:
            return [c if c is number(0) else divide(c, whole[1][0]) for c in whole[0]]
        case "power" if isinstance(node.args[1], Number) and node.args[1].integer and 0 < node.args[1].value <= degree:
            return _product([whole[0]] * int(node.args[1].value), degree)
    return None


def _product(factors: list[list[Node]], degree: int) -> list[Node] | None:
    total = factors[0]
    for factor in factors[1:]:
        if len(total) + len(factor) - 2 > degree:
            return None
        terms: list[list[Node]] = [[] for _ in range(len(total) + len(factor) - 1)]
        for i, a in enumerate(total):
            for j, b in enumerate(factor):
                if a is not number(0) and b is not number(0):
                    terms[i + j].append(multiply(a, b))
        total = [add(*t) for t in terms]
    return total


def _of_polynomial(coefficients: list[Node], region: Region) -> list[Branch]:
    leading = coefficients[-1]
    if len(coefficients) == 1:
        raise NotApplicable("an equation does not depend on the unknown")
    if not region.has_no_zero(leading):
        raise NotApplicable(f"it is not known where {leading} is 0")
    if len(coefficients) == 2:
        return [Branch(tidy(negate(divide(coefficients[0], leading))))]
    c, b, a = coefficients
    if b is number(0):
        return _roots_of_square(tidy(negate(divide(c, a))), region)
    discriminant = tidy(subtract(power(b, 2), multiply(4, a, c)))
    root = call("sqrt", discriminant)
    conditions = () if region.is_not_negative(discriminant) else (condition("greater_equal", discriminant, 0),)
    return [Branch(divide(add(negate(b), signed), multiply(2, a)), conditions) for signed in (negate(root), root)]


def _roots_of_square(value: Node, region: Region) -> list[Branch]:
    if region.signs(value) == {0}:
        return [Branch(number(0))]
    conditions = () if region.is_not_negative(value) else (condition("greater_equal", value, 0),)
    root = call("sqrt", value)
    return [Branch(negate(root), conditions), Branch(root, conditions)]


# ---- functions undone one by one ------------------------------------------------------------------------------------------


def _count(function: Node, unknown: Symbol) -> int:
    """How many times the unknown stands in the function, written out."""
    counts: dict[Node, int] = {}
    for node in topological(function):
        counts[node] = 1 if node is unknown else sum(counts[a] for a in node.args)
    return counts[function]


# function: (its inverse applied to the right-hand side, what the right-hand side must satisfy)
_INVERSES: dict[str, tuple[Callable[[Node], Node], Callable[[Node], tuple[Node, ...]]]] = {
    "exp": (lambda v: call("log", v), lambda v: (condition("greater", v, 0),)),
    "log": (lambda v: call("exp", v), lambda v: ()),
    "log2": (lambda v: power(2, v), lambda v: ()),
    "log10": (lambda v: power(10, v), lambda v: ()),
    "log1p": (lambda v: subtract(call("exp", v), 1), lambda v: ()),
    "expm1": (lambda v: call("log", add(v, 1)), lambda v: (condition("greater", v, -1),)),
    "sqrt": (lambda v: power(v, 2), lambda v: (condition("greater_equal", v, 0),)),
    "cbrt": (lambda v: power(v, 3), lambda v: ()),
    "sinh": (lambda v: call("asinh", v), lambda v: ()),
    "asinh": (lambda v: call("sinh", v), lambda v: ()),
    "tanh": (lambda v: call("atanh", v), lambda v: (condition("greater", v, -1), condition("less", v, 1))),
    "atanh": (lambda v: call("tanh", v), lambda v: ()),
    "atan": (
        lambda v: call("tan", v),
        lambda v: (condition("greater", v, divide(constant("pi"), -2)), condition("less", v, divide(constant("pi"), 2))),
    ),
    "sigmoid": (
        lambda v: call("log", divide(v, subtract(1, v))),
        lambda v: (condition("greater", v, 0), condition("less", v, 1)),
    ),
}


class _Undoing:
    """Follows the one place at which the unknown stands, from the outside inwards."""

    def __init__(self, unknown: Symbol, region: Region) -> None:
        self.unknown, self.region = unknown, region

    def solve(self, function: Node) -> list[Branch]:
        if _count(function, self.unknown) != 1:
            raise NotApplicable(f"{self.unknown.name} stands at several places of an equation")
        pending: list[tuple[Node, Node, tuple[Node, ...]]] = [(function, number(0), ())]
        found = []
        while pending:
            node, value, conditions = pending.pop()
            value = tidy(value)
            if node is self.unknown:
                found.append(Branch(value, conditions))
                continue
            assert isinstance(node, Call)
            for inner, right, more in reversed(self._undone(node, value)):
                kept = tuple(c for c in more if self.region.truth(c) is not True)
                if all(self.region.truth(c) is not False for c in kept):
                    pending.append((inner, right, (*conditions, *kept)))
        return found

    def _undone(self, node: Call, value: Node) -> list[tuple[Node, Node, tuple[Node, ...]]]:
        """(inner, right, conditions) such that node = value exactly where one inner = right and its conditions hold."""
        place = next(k for k, a in enumerate(node.args) if self.unknown in symbols(a))
        inner = node.args[place]
        others = [a for k, a in enumerate(node.args) if k != place]
        match node.function:
            case "add":
                return [(inner, subtract(value, add(*others)), ())]
            case "negate":
                return [(inner, negate(value), ())]
            case "multiply":
                self._check_not_zero(multiply(*others))
                return [(inner, divide(value, multiply(*others)), ())]
            case "divide" if place == 0:
                return [(inner, multiply(value, others[0]), ())]
            case "divide":
                self._check_not_zero(others[0])
                return [(inner, divide(others[0], value), (condition("not_equal", value, 0),))]
            case "power" if place == 0 and isinstance(node.args[1], Number):
                return self._power(inner, node.args[1].value, value)
            case "power" if place == 1 and isinstance(node.args[0], Number) and node.args[0].value > 0 and node.args[0].value != 1:
                return [(inner, divide(call("log", value), call("log", node.args[0])), (condition("greater", value, 0),))]
            case "abs":
                at_least = (condition("greater_equal", value, 0),)
                return [(inner, negate(value), at_least), (inner, value, at_least)]
        if node.function not in _INVERSES:
            raise NotApplicable(f"{node.function} can't be undone in an equation")
        inverse, needed = _INVERSES[node.function]
        return [(inner, inverse(value), needed(value))]

    def _check_not_zero(self, factor: Node) -> None:
        if not self.region.has_no_zero(factor):
            raise NotApplicable(f"it is not known where {factor} is 0")

    def _power(self, base: Node, exponent: Fraction, value: Node) -> list[tuple[Node, Node, tuple[Node, ...]]]:
        if exponent < 0:
            return [
                (inner, divide(1, right), (condition("not_equal", value, 0), *more))
                for inner, right, more in self._power(base, -exponent, value)
            ]
        at_least: tuple[Node, ...] = (condition("greater_equal", value, 0),)
        if exponent.denominator > 1:
            return [(base, power(value, number(1 / exponent)), at_least)]
        root = self._root(value, int(exponent))
        if exponent % 2 == 0:
            signs = self.region.signs(base)
            roots = ([root] if signs & {0, 1} else []) + ([negate(root)] if -1 in signs else [])
            return [(base, r, at_least) for r in roots]
        if self.region.is_not_negative(base):
            return [(base, root, at_least)]
        if exponent == 3:
            return [(base, call("cbrt", value), ())]
        below = (condition("less", value, 0),)
        return [(base, root, at_least), (base, negate(self._root(negate(value), int(exponent))), below)]

    def _root(self, value: Node, n: int) -> Node:
        """The n-th root, that of a quotient of positive numbers as a quotient."""
        if not (isinstance(value, Call) and value.function == "divide"):
            return _root(value, n)
        top, bottom = value.args
        apart = self.region.is_positive(bottom) and self.region.is_not_negative(top)
        return divide(_root(top, n), _root(bottom, n)) if apart else _root(value, n)


def _root(value: Node, n: int) -> Node:
    return call("sqrt", value) if n == 2 else power(value, number(Fraction(1, n)))
