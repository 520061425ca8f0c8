"""The simplest fraction of an interval, and of a ball that is so narrow that a simple one in it is no chance.

>>> simplest(Fraction(3, 10), Fraction(4, 10))
Fraction(1, 3)
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from optbench.arithmetic.balls import as_fraction


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction with the smallest denominator in [low, high], by continued fractions."""
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest(-high, -low)
    whole = low.__floor__()
    if whole == low or whole + 1 <= high:
        return Fraction(whole if whole == low else whole + 1)
    return whole + 1 / simplest(1 / (high - whole), 1 / (low - whole))


def simple_fraction(ball: arb, largest: int, width: Fraction) -> Fraction | None:
    """Return the simplest fraction in a ball of at most this width, if its numerator and denominator are at most `largest`."""
    if not ball.is_finite() or abs(ball) > largest:
        return None
    low, high = as_fraction(ball.lower()), as_fraction(ball.upper())
    if high - low > width:
        return None
    found = simplest(low, high)
    return found if max(abs(found.numerator), found.denominator) <= largest else None
