"""The ranges of a part's unknowns: their exact ends, and the doubles beside these.

>>> whole = Range({"lower": "pi", "upper": "5", "lower_closed": True, "upper_closed": False, "integer": True})
>>> whole.root, whole.holds(5.0, 5.0)
((4.0, 4.0), False)
>>> third = Range({"lower": "1/3", "upper": "inf", "lower_closed": True, "upper_closed": False, "integer": False})
>>> third.sides
((0.3333333333333333, 0.33333333333333337), (inf, inf))
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.arithmetic.balls import value_of
from optbench.language.elaborate import parse

_PRECISION = 4_000  # bits with which ends are compared with doubles
_MOST_WHOLE = 2.0**53  # beyond it there are whole numbers that are no doubles
_INFINITE = {"inf": math.inf, "-inf": -math.inf}


class Refused(Exception):
    """The proof does not hold; the text says where and why."""


class Range:
    """The range of one unknown."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given, self.integer = given, bool(given["integer"])
        self.closed = bool(given["lower_closed"]), bool(given["upper_closed"])  # whether an end belongs to the range
        self.open = tuple(not (closed or self.integer) for closed in self.closed)  # whether an end of the root does not
        infinite = given["lower"] in _INFINITE and self.closed[0], given["upper"] in _INFINITE and self.closed[1]
        if any(infinite) or given["lower"] == "inf" or given["upper"] == "-inf":
            raise Refused("a range has an infinite end on the wrong side, or as one of its numbers")

    def ends(self, precision: int) -> tuple[Enclosure, Enclosure]:
        """Enclose both ends with so many bits."""
        return _end(self.given["lower"], precision), _end(self.given["upper"], precision)

    @property
    def is_point(self) -> bool:
        """Whether both ends are one and the same."""
        return bool(self.given["lower"] == self.given["upper"])

    @cached_property
    def sides(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The doubles between which each end lies, twice the same where it is one; of whole numbers the first and the last."""
        lower, upper = (_neighbours(end) for end in self.ends(_PRECISION))
        if not self.integer:
            return lower, upper
        first, last = self._whole(0, 1), -self._whole(1, -1)
        return (first, first), (last, last)

    @property
    def root(self) -> tuple[float, float]:
        """The least interval of doubles that holds the range, or all whole numbers in it."""
        return self.sides[0][0], self.sides[1][1]

    def holds(self, low: float, high: float) -> bool:
        """Whether all numbers between two doubles are seen to be in the range, and whole where they must be."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return False
        if self.integer:
            return low == high == math.floor(low) and self.root[0] <= low <= self.root[1]
        first, last = self.ends(_PRECISION)
        above = arb(low) > first.upper or (self.closed[0] and arb(low) >= first.upper)
        return bool(above and (arb(high) < last.lower or (self.closed[1] and arb(high) <= last.lower)))

    def _whole(self, side: int, sign: int) -> float:
        """The least whole number from an end on, of the range or of its mirror image."""
        end = self.ends(_PRECISION)[side]
        if not end.is_bounded:
            return sign * _INFINITE[self.given["upper" if side else "lower"]]
        with ctx.workprec(2 * _PRECISION):
            low, high = sorted((sign * end.lower, sign * end.upper))
            least, greatest = low.ceil(), high.ceil()
            if not (abs(high) < _MOST_WHOLE and least == greatest):
                raise Refused("the whole numbers of a range are not known")
            return float(least) + (not self.closed[side] and bool(low == least))


def _end(text: str, precision: int) -> Enclosure:
    if text in _INFINITE:
        infinity = arb(_INFINITE[text])
        return Enclosure(infinity, infinity, True)
    end = value_of(parse(text).node, precision)
    if end.empty or not end.is_bounded:
        raise Refused("an end of a range is no number")
    return end


def _neighbours(end: Enclosure) -> tuple[float, float]:
    """The two neighbours between which an end lies, or twice the double that it is."""
    if not end.is_bounded:
        return float(end.lower), float(end.upper)
    low = min(max(float(end.lower), -sys.float_info.max), sys.float_info.max)
    while arb(low) > end.lower:
        low = math.nextafter(low, -math.inf)
    while arb(math.nextafter(low, math.inf)) <= end.lower:
        low = math.nextafter(low, math.inf)
    high = low if end.is_thin and arb(low) == end.lower else math.nextafter(low, math.inf)
    if not end.upper <= arb(high):
        raise Refused("an end of a range can't be told from a number next to it")
    return low, high


# ---- numbers in the file -------------------------------------------------------------------------------------------------------


def number(value: Any) -> float:
    """Return a number as a double; "inf" and "-inf" are infinite ones."""
    found = _INFINITE[value] if isinstance(value, str) else float(value)
    if isinstance(value, bool) or math.isnan(found) or (isinstance(value, int) and found != value):
        raise Refused(f"{value} is no double")
    return found


def fraction(text: str) -> Fraction:
    """Return the rational number of a decimal text of moderate size."""
    mantissa, _, exponent = text.partition("e")
    if len(mantissa) > 2_000 or len(exponent) > 7:
        raise Refused("a decimal number is too long")
    return Fraction(text)
