"""Rigorous enclosures of real values: closed intervals of the extended real line with exact binary ends.

An `Enclosure` says that a value lies between two exact numbers, either of which may be infinite, and whether the
expression behind it is defined and continuous on the whole box. Intervals, not balls, because ranges may be half-infinite
and functions undefined at an end; the ends are made by ball arithmetic (python-flint's `arb`) and rounded outward.

>>> from fractions import Fraction
>>> decimals(exactly(Fraction(1, 3), 128), 5)
('0.33333', '0.33334')
>>> decimals(between(0, float("inf")), 5)
('0', 'inf')

Sources: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Computers 66
(2017) 1281-1292; IEEE Std 1788-2015, Interval Arithmetic (the set-based flavour; `everywhere` is its decoration "dac").
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from flint import arb, ctx, fmpq, fmpz

DEFAULT_PRECISION = 128

INFINITY = arb.pos_inf()
MINUS_INFINITY = arb.neg_inf()
ZERO = arb(0)
ONE = arb(1)

End: TypeAlias = Fraction | int | float | arb


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A value lies in [lower, upper] wherever it is defined.

    `lower`, `upper`: exact numbers or infinities, lower <= upper but for the empty enclosure. `everywhere`: the expression
    is defined at every point of the box, and continuous there relative to the box. A condition is enclosed too: 1 where it
    holds, 0 where it does not, [0, 1] where that is not known; `everywhere` then says that it is defined.
    """

    lower: arb
    upper: arb
    everywhere: bool

    @staticmethod
    def nowhere() -> Enclosure:
        """Return the empty enclosure: the expression is defined at no point of the box."""
        return NOWHERE

    @property
    def empty(self) -> bool:
        """Whether there is no value at all."""
        return bool(self.upper < self.lower)

    @property
    def contains_zero(self) -> bool:
        """Whether 0 lies between the ends."""
        return bool(self.lower <= 0) and bool(self.upper >= 0)

    @property
    def is_positive(self) -> bool:
        """Whether every value is above 0 (true of none at all, too)."""
        return bool(self.lower > 0)

    @property
    def is_negative(self) -> bool:
        """Whether every value is below 0 (true of none at all, too)."""
        return bool(self.upper < 0)

    @property
    def is_thin(self) -> bool:
        """Whether both ends are the same number."""
        return bool(self.lower == self.upper)

    @property
    def is_bounded(self) -> bool:
        """Whether both ends are finite."""
        return bool(self.lower.is_finite()) and bool(self.upper.is_finite())

    @property
    def width(self) -> arb:
        """The distance of the ends, rounded upward; 0 where there is no value."""
        if self.empty:
            return ZERO
        distance = (self.upper - self.lower).upper()
        return INFINITY if distance.is_nan() else distance

    def contains(self, value: Fraction | int) -> bool:
        """Whether a rational number lies between the ends, decided exactly."""
        return _order(self.lower, Fraction(value)) <= 0 and _order(self.upper, Fraction(value)) >= 0


NOWHERE = Enclosure(INFINITY, MINUS_INFINITY, False)
REAL_LINE = Enclosure(MINUS_INFINITY, INFINITY, False)


def exactly(value: Fraction | int, precision: int = DEFAULT_PRECISION) -> Enclosure:
    """Return an enclosure of a rational number, thin where `precision` bits hold it exactly."""
    with ctx.workprec(precision):
        ball = arb(fmpq(value.numerator, value.denominator))
        return Enclosure(ball.lower(), ball.upper(), True)


def between(lower: End, upper: End, precision: int = DEFAULT_PRECISION) -> Enclosure:
    """Return the box from `lower` to `upper`; ends that are no binary fractions are rounded outward to `precision` bits.

    Raises `ValueError` where the ends are in the wrong order or no numbers.
    """
    box = Enclosure(_ends(lower, precision)[0], _ends(upper, precision)[1], True)
    if box.lower.is_nan() or box.upper.is_nan() or box.empty:
        raise ValueError(f"There is no box from {lower} to {upper}.")
    return box


def rounded(value: Enclosure) -> Enclosure:
    """Return the enclosure with its ends rounded outward to the precision that is set in `flint.ctx`.

    All that is computed with ends needs this first: even -x and abs(x) of arb round to that precision.
    """
    if value.empty:
        return NOWHERE
    return Enclosure(value.lower.lower(), value.upper.upper(), value.everywhere)


def bounded(low: arb, high: arb, everywhere: bool) -> Enclosure:
    """Return the enclosure from the lower end of one ball to the upper end of another; nan is no bound."""
    lower, upper = low.lower(), high.upper()
    if lower.is_nan() or upper.is_nan():
        return Enclosure(MINUS_INFINITY if lower.is_nan() else lower, INFINITY if upper.is_nan() else upper, False)
    return Enclosure(lower, upper, everywhere)


def clipped(value: Enclosure, lower: arb, upper: arb) -> Enclosure:
    """Return the enclosure cut to bounds that are known to hold."""
    if value.lower >= lower and value.upper <= upper:
        return value
    return Enclosure(max(value.lower, lower), min(value.upper, upper), value.everywhere)


def hull(a: Enclosure, b: Enclosure) -> Enclosure:
    """Return the smallest enclosure of both, not `everywhere`."""
    if a.empty or b.empty:
        either = b if a.empty else a
        return NOWHERE if either.empty else Enclosure(either.lower, either.upper, False)
    return Enclosure(min(a.lower, b.lower), max(a.upper, b.upper), False)


def as_fraction(end: arb) -> Fraction:
    """Return a finite end of an enclosure as the rational number that it is."""
    mantissa, exponent = (int(part) for part in end.man_exp())
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def _ends(value: End, precision: int) -> tuple[arb, arb]:
    if isinstance(value, float | int):
        exact = arb(value)
        return exact, exact
    if isinstance(value, arb):
        return (value, value) if value.is_exact() else (value.lower(), value.upper())
    bits = value.denominator.bit_length() - 1
    if value.denominator == 1 << bits:
        exact = arb((fmpz(value.numerator), fmpz(-bits)))
        return exact, exact
    enclosure = exactly(value, precision)
    return enclosure.lower, enclosure.upper


def _order(end: arb, value: Fraction) -> int:
    """Return the sign of end - value, exactly; an end of extreme size is never written out."""
    near = exactly(value, 64)
    if end < near.lower or end > near.upper:
        return -1 if end < near.lower else 1
    exact = as_fraction(end)
    return (exact > value) - (exact < value)


# ---- decimals ----------------------------------------------------------------------------------------------------------

_EXTREME_BITS = 400_000  # beyond 2^±this an end becomes a power of ten, infinity or zero, on the safe side
_EXTREME_POWER = _EXTREME_BITS * 30103 // 100_000 - 1  # 10^this < 2^_EXTREME_BITS


def decimals(enclosure: Enclosure, digits: int) -> tuple[str, str]:
    """Return both ends as decimal texts of at most `digits` significant digits, the lower rounded down, the upper up.

    The texts enclose what the ends enclose: the rounding is done in whole numbers. Ends that have no more digits are
    written as they are. Raises `ValueError` for the empty enclosure.

    >>> decimals(between(Fraction(-1, 4), 10**30), 3)
    ('-0.25', '1e30')
    """
    if enclosure.empty:
        raise ValueError("An empty enclosure has no ends to write.")
    return _decimal(enclosure.lower, digits, up=False), _decimal(enclosure.upper, digits, up=True)


def _decimal(end: arb, digits: int, up: bool) -> str:
    if end == 0:
        return "0"
    sign = "-" if end < 0 else ""
    away = up != bool(sign)  # whether the magnitude is rounded up
    if not end.is_finite():
        return f"{sign}inf"
    mantissa, exponent = (int(part) for part in end.man_exp())
    if mantissa.bit_length() + exponent > _EXTREME_BITS:
        return f"{sign}inf" if away else f"{sign}1e{_EXTREME_POWER}"
    if mantissa.bit_length() + exponent < -_EXTREME_BITS:
        return f"{sign}1e-{_EXTREME_POWER}" if away else "0"
    whole, power = _significant(abs(as_fraction(end)), digits, away)
    return sign + _written(fmpz(whole).str(), power, digits)


def _significant(magnitude: Fraction, digits: int, away: bool) -> tuple[int, int]:
    """Return (m, k) with m*10^k next to the magnitude from above (`away`) or below, and m of `digits` digits or fewer."""
    bits = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    power = bits * 30103 // 100_000 - digits - 1  # at most two too low
    while True:
        top = magnitude.numerator * 10 ** max(-power, 0)
        whole, rest = divmod(top, magnitude.denominator * 10 ** max(power, 0))
        if whole < 10**digits:
            break
        power += 1
    if rest:
        return whole + away, power
    while whole % 10 == 0:
        whole, power = whole // 10, power + 1
    return whole, power


def _written(whole: str, power: int, digits: int) -> str:
    point = len(whole) + power  # digits before the decimal point
    if power >= 0 and point <= max(digits, 16):
        return whole + "0" * power
    if power < 0 < point:
        return f"{whole[:point]}.{whole[point:]}"
    if -5 < point <= 0:
        return f"0.{'0' * -point}{whole}"
    fraction = f".{whole[1:]}" if len(whole) > 1 else ""
    return f"{whole[0]}{fraction}e{point - 1}"
