"""Infinite ranges cut to finite ones, where the function is surely higher beyond than at some point.

If f > f(c) on all of [t, inf), every minimum over the range is one over the part below t, and the infimum is the same: f
takes the value f(c) there. Whether it is so is decided by one enclosure of f over the whole tail. Sums of terms that stay
bounded on a tail and terms that go to infinity go where the latter go.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> shortened(parse("sin(x)/x").node, symbol("x"), Interval())
[-8, 8]
>>> bounded_beside_infinite(parse("x + sin(x)").node, symbol("x"), INFINITY)
inf
"""

from __future__ import annotations

import math
from fractions import Fraction

from optbench.arithmetic.balls import Enclosure, as_fraction, between, enclose, value_of
from optbench.arithmetic.floats import function as compiled
from optbench.exact.line.limits import Indeterminate, limit
from optbench.language.build import add, number
from optbench.language.graph import Call, Node, Symbol
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval

_POWERS = range(13)  # tails begin at a power of two
_GRID = [k / 8 for k in range(-400, 401)]
_PRECISION = 64


def shortened(function: Node, x: Symbol, interval: Interval) -> Interval | None:
    """Return the range without tails on which a function is surely higher than at some point that is kept; None where
    that cuts nothing off. Cut ends are closed."""
    best = _low_value(function, x, interval)
    if best is None:
        return None
    lower, upper = interval.lower, interval.upper
    for power in _POWERS if upper is INFINITY else ():
        if _lies_above(function, x, between(2**power, math.inf), best):
            upper = number(2**power)
            break
    for power in _POWERS if lower is MINUS_INFINITY else ():
        if _lies_above(function, x, between(-math.inf, -(2**power)), best):
            lower = number(-(2**power))
            break
    if lower is interval.lower and upper is interval.upper:
        return None
    cut = Interval(lower, upper, lower is not interval.lower or interval.lower_closed, upper is not interval.upper or interval.upper_closed)
    return None if cut.is_empty else cut


def _low_value(function: Node, x: Symbol, interval: Interval) -> Enclosure | None:
    """An enclosure of a low value that the function takes strictly inside the range."""
    low = None if interval.lower is MINUS_INFINITY else as_fraction(value_of(interval.lower).upper)
    high = None if interval.upper is INFINITY else as_fraction(value_of(interval.upper).lower)
    evaluate = compiled([function], [x])
    inside = [p for p in _GRID if (low is None or p > low) and (high is None or p < high)]
    values = [(v, p) for p in inside if math.isfinite(v := evaluate(p)[0])]
    if not values:
        return None
    [found] = enclose([function], {x: between(Fraction(min(values)[1]), Fraction(min(values)[1]))}, _PRECISION)
    return found if found.everywhere and not found.empty and found.is_bounded else None


def _lies_above(function: Node, x: Symbol, tail: Enclosure, value: Enclosure) -> bool:
    [found] = enclose([function], {x: tail}, _PRECISION)
    return found.empty or bool(found.lower > value.upper)


def bounded_beside_infinite(function: Node, x: Symbol, end: Node) -> Node:
    """Return the infinite limit of a sum at an infinite end, some terms of which stay bounded; raise `Indeterminate`."""
    if not (isinstance(function, Call) and function.function == "add") or end not in (INFINITY, MINUS_INFINITY):
        raise Indeterminate
    tail = between(1, math.inf) if end is INFINITY else between(-math.inf, -1)
    boxes = enclose(list(function.args), {x: tail}, _PRECISION)
    others = [term for term, box in zip(function.args, boxes, strict=True) if box.empty or not box.is_bounded]
    if not others or len(others) == len(function.args):
        raise Indeterminate
    found = limit(add(*others), x, end, -1 if end is INFINITY else 1)
    if found is not INFINITY and found is not MINUS_INFINITY:
        raise Indeterminate
    return found
