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

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it, as far as rational ends tell exactly and others to the last digit."""
        if isinstance(self.lower, Number) and isinstance(self.upper, Number):
            low, high = self.lower.value, self.upper.value
            return low > high or (low == high and not self.is_fixed)
        low_float, high_float = self.floats
        if self.lower is self.upper:
            return not self.is_fixed
        return low_float > high_float + 1e-12 * abs(high_float)

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
    if coefficients is None or len(coefficients) != 2 or not _has_rational_ends(interval):
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


def _has_rational_ends(interval: Interval) -> bool:
    return all(isinstance(e, Number) or e in (INFINITY, MINUS_INFINITY) for e in (interval.lower, interval.upper))


def _cut_above(interval: Interval, end: Fraction, closed: bool) -> Interval:
    upper = interval.upper
    if isinstance(upper, Number) and (upper.value < end or (upper.value == end and (closed or not interval.upper_closed))):
        return interval
    return replace(interval, upper=number(end), upper_closed=closed)


def _cut_below(interval: Interval, end: Fraction, closed: bool) -> Interval:
    lower = interval.lower
    if isinstance(lower, Number) and (lower.value > end or (lower.value == end and (closed or not interval.lower_closed))):
        return interval
    return replace(interval, lower=number(end), lower_closed=closed)


def _without(interval: Interval, point: Fraction) -> Interval | None:
    """Remove one point, where the rest is still an interval."""
    node = number(point)
    lower_at, upper_at = interval.lower is node, interval.upper is node
    if lower_at or upper_at:
        return replace(interval, lower_closed=interval.lower_closed and not lower_at, upper_closed=interval.upper_closed and not upper_at)
    low, high = interval.floats
    return None if low < point < high else interval
