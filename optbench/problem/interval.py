"""Intervals of real numbers with exact ends, open or closed.

Ends are expressions without symbols (`2*pi` is an end), so nothing is rounded until an arithmetic reads them.

>>> from optbench.language.build import number
>>> Interval(number(0), number(10), lower_closed=False)
(0, 10]
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from optbench.language.build import constant, negate, number, subtract
from optbench.language.constants import polynomial
from optbench.language.graph import Call, Node, Number, Symbol
from optbench.language.text import text

INFINITY = constant("inf")
MINUS_INFINITY = negate(INFINITY)


@dataclass(frozen=True)
class Interval:
    """The numbers between two ends; an infinite end is always open."""

    lower: Node = MINUS_INFINITY
    upper: Node = INFINITY
    lower_closed: bool = True
    upper_closed: bool = True

    def __post_init__(self) -> None:
        if self.lower is MINUS_INFINITY:
            object.__setattr__(self, "lower_closed", False)
        if self.upper is INFINITY:
            object.__setattr__(self, "upper_closed", False)

    @cached_property
    def floats(self) -> tuple[float, float]:
        """The ends as the nearest doubles."""
        return as_float(self.lower), as_float(self.upper)

    @property
    def is_fixed(self) -> bool:
        """Whether it holds exactly one number."""
        return self.lower is self.upper and self.lower_closed and self.upper_closed

    @cached_property
    def is_empty(self) -> bool:
        """Whether it is proved that no number lies in it."""
        if self.lower is self.upper:
            return not self.is_fixed
        return order(self.lower, self.upper) == 1

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are finite."""
        return self.lower is not MINUS_INFINITY and self.upper is not INFINITY

    def __str__(self) -> str:
        left, right = "[" if self.lower_closed else "(", "]" if self.upper_closed else ")"
        return f"{left}{text(self.lower, decimals=True)}, {text(self.upper, decimals=True)}{right}"

    __repr__ = __str__


def as_float(node: Node) -> float:
    """Return the double of an expression without symbols."""
    if isinstance(node, Number):
        from optbench.arithmetic.straight_line import float_of

        return float_of(node)
    if node is INFINITY or node is MINUS_INFINITY:
        return math.inf if node is INFINITY else -math.inf
    from optbench.arithmetic.floats import function

    return float(function([node], [])()[0])


def restricted(interval: Interval, condition: Node, variable: Symbol) -> Interval | None:
    """Return the part of the interval on which a condition on one variable holds, where that is an interval and can be
    said exactly (the condition is linear in the variable), else None."""
    if not isinstance(condition, Call) or len(condition.args) != 2 or condition.function not in _SIDES:
        return None
    coefficients = polynomial(subtract(*condition.args), variable, 1)
    if coefficients is None or len(coefficients) != 2:
        return None
    root = -coefficients[0] / coefficients[1]
    if condition.function == "not_equal":
        return _without(interval, root)
    below, closed = _SIDES[condition.function]
    if below == (coefficients[1] > 0):
        return _cut_above(interval, root, closed)
    return _cut_below(interval, root, closed)


_SIDES = {
    "less": (True, False),
    "less_equal": (True, True),
    "greater": (False, False),
    "greater_equal": (False, True),
    "not_equal": (False, False),
}


def order(left: Node, right: Node) -> int | None:
    """Return the sign of left - right for ends of ranges, proved: rationals exactly, others with enclosures; None where
    these can't tell."""
    if left is right:
        return 0
    if left is MINUS_INFINITY or right is INFINITY:
        return -1
    if left is INFINITY or right is MINUS_INFINITY:
        return 1
    if isinstance(left, Number) and isinstance(right, Number):
        return (left.value > right.value) - (left.value < right.value)
    from optbench.arithmetic.balls import compare

    return compare(left, right, 1024)


def _side(end: Node, point: Fraction) -> int | None:
    """-1, 0 or 1 as an end lies below, at or above a point; None where that is not known."""
    return order(end, number(point))


def _cut_above(interval: Interval, end: Fraction, closed: bool) -> Interval | None:
    side = _side(interval.upper, end)
    if side is None or side < 0 or (side == 0 and (closed or not interval.upper_closed)):
        return None if side is None else interval
    return replace(interval, upper=number(end), upper_closed=closed)


def _cut_below(interval: Interval, end: Fraction, closed: bool) -> Interval | None:
    side = _side(interval.lower, end)
    if side is None or side > 0 or (side == 0 and (closed or not interval.lower_closed)):
        return None if side is None else interval
    return replace(interval, lower=number(end), lower_closed=closed)


def _without(interval: Interval, point: Fraction) -> Interval | None:
    """Remove one point, where the rest is still an interval."""
    low, high = _side(interval.lower, point), _side(interval.upper, point)
    if low == 0 or high == 0:
        return replace(interval, lower_closed=interval.lower_closed and low != 0, upper_closed=interval.upper_closed and high != 0)
    return interval if low == 1 or high == -1 else None
