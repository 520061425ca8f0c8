"""Roots without a formula: numbers that are known by a proof, as enclosures of any width.

A `Bracket` is an interval on which a smooth function is strictly monotone and has opposite signs at the two ends, so it
holds exactly one zero. `EnclosedRoot` narrows it by interval Newton steps, which keep the zero by the mean value theorem
and double the digits, and by bisection where these do not help. `EnclosedValue` is the value of a function there.

>>> from fractions import Fraction
>>> from optbench.arithmetic.balls import decimals
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> root = EnclosedRoot(Bracket(parse("cos(x) - x").node, parse("-sin(x) - 1").node, symbol("x"), Fraction(0), Fraction(1)))
>>> decimals(root.enclosure(60), 12)
('0.739085133215', '0.739085133216')

Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (SIAM 2009), section 8.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from flint import arb, ctx

from optbench.arithmetic.balls import Enclosure, as_fraction, between, evaluator, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.simplest_fraction import simple_fraction
from optbench.language.build import call, constant, divide, multiply, negate, number
from optbench.language.graph import Node, Symbol

_MAX_STEPS = 400
_MOST_BITS = 100_000
_RECOGNISED = 100  # bits that a simple number has to agree with before its proof is tried
_SIMPLE = 1 << 24  # a fraction with a greater numerator or denominator is not worth a proof


class Bracket(NamedTuple):
    """Exactly one zero of `function` lies strictly between `low` and `high`, where its `slope` keeps one sign."""

    function: Node
    slope: Node
    variable: Symbol
    low: Fraction
    high: Fraction


class EnclosedRoot:
    """The zero in a bracket."""

    def __init__(self, bracket: Bracket) -> None:
        self.bracket = bracket
        self._low, self._high = bracket.low, bracket.high
        self._programs = evaluator([bracket.function, bracket.slope], [bracket.variable])
        self._sign_at_low = self._sign(self._low, 64) or -(self._sign(self._high, 64))

    @property
    def function(self) -> Node:
        """The function that is 0 there."""
        return self.bracket.function

    def enclosure(self, bits: int) -> Enclosure:
        """Return an enclosure of a width of at most 2^-bits, relative where the number is large."""
        for _ in range(_MAX_STEPS):
            width = self._high - self._low
            if width * (1 << bits) <= max(Fraction(1), min(abs(self._low), abs(self._high))):
                return self._box()
            if not (self._newton() or self._bisect()):
                break
        raise NotApplicable("a zero could not be enclosed any closer")

    def _box(self) -> Enclosure:
        return between(self._low, self._high)

    def _precision(self) -> int:
        """Twice the bits that are known, and some more."""
        width = self._high - self._low
        known = max(0, (width.denominator // max(width.numerator, 1)).bit_length())
        size = max(abs(self._low), abs(self._high)).__ceil__().bit_length()
        return min(2 * (known + size) + 64, _MOST_BITS)

    def _newton(self) -> bool:
        """Narrow the interval to a quarter or less; False where one step does not do that."""
        precision = self._precision()
        middle = _short((self._low + self._high) / 2, self._high - self._low)
        [value, _] = self._programs([between(middle, middle)], precision)
        [_, slope] = self._programs([self._box()], precision)
        if value.empty or slope.empty or slope.contains_zero or not (value.is_bounded and slope.is_bounded):
            return False
        with ctx.workprec(precision):
            step = _ball(value) / _ball(slope)
            if not step.is_finite():
                return False
            low, high = middle - as_fraction(step.upper()), middle - as_fraction(step.lower())
        old = self._high - self._low
        low, high = max(self._low, low), min(self._high, high)
        if high - low > old / 4:
            return False
        low, high = _outward(low, high)
        self._low, self._high = max(self._low, low), min(self._high, high)
        return True

    def _bisect(self) -> bool:
        """Halve the interval at one of some points at which the sign is known."""
        width = self._high - self._low
        for part in (Fraction(1, 2), Fraction(3, 8), Fraction(5, 8)):
            middle = _short(self._low + part * width, width / 8)
            sign = self._sign(middle, self._precision())
            if sign == self._sign_at_low:
                self._low = middle
                return True
            if sign == -self._sign_at_low:
                self._high = middle
                return True
        return False

    def _sign(self, at: Fraction, precision: int) -> int:
        for more in (1, 4):
            [value, _] = self._programs([between(at, at)], more * precision)
            if not value.empty and not value.contains_zero:
                return 1 if value.is_positive else -1
        return 0


class EnclosedValue:
    """The value of a function, or its negative, at a root without a formula."""

    def __init__(self, function: Node, variable: Symbol, root: EnclosedRoot) -> None:
        self.root = root
        self._program = evaluator([function], [variable])

    def enclosure(self, bits: int) -> Enclosure:
        """Return an enclosure of a relative width of at most 2^-bits; absolute where the value may be 0."""
        working, best = bits + 16, None
        for attempt in range(6):
            [value] = self._program([self.root.enclosure(working)], working + 32)
            if not value.empty and value.is_bounded and _is_narrow(value, bits):
                best = value
                if attempt > 1 or _is_narrow(value, bits, relative=True):
                    break
            working = working * 3 // 2 + 32
        if best is not None:
            return best
        raise NotApplicable("the value at a zero could not be enclosed any closer")


Real: TypeAlias = Node | EnclosedRoot | EnclosedValue


def real_enclosure(real: Real, bits: int) -> Enclosure:
    """Return an enclosure of a number, whether it has a formula or not."""
    return value_of(real, bits) if isinstance(real, Node) else real.enclosure(bits)


def simple_numbers(root: EnclosedRoot) -> Iterator[Node]:
    """Yield the numbers that a root may be by its first digits, a proof of which is worth a try: rational numbers and
    rational multiples of pi, square roots, logarithms and exponentials of such."""
    box = root.enclosure(_RECOGNISED + 20)
    with ctx.workprec(_RECOGNISED + 40):
        x = _ball(box)
        pi = constant("pi")
        for ball, written in (
            (x, number),
            (x / arb.pi(), lambda q: divide(multiply(q.numerator, pi), q.denominator)),
            (x * x, lambda q: call("sqrt", number(q)) if x > 0 else negate(call("sqrt", number(q)))),
            (x.exp(), lambda q: call("log", number(q))),
            (x.log() if x > 0 else x, lambda q: call("exp", number(q))),
        ):
            found = simple_fraction(ball, _SIMPLE, Fraction(1, 1 << 64))
            if found is not None:
                yield written(found)


def _is_narrow(value: Enclosure, bits: int, relative: bool = False) -> bool:
    with ctx.workprec(64):
        size = min(abs(value.lower).lower(), abs(value.upper).lower())
        return bool(value.width <= (size if relative else max(arb(1), size)) * arb(2) ** -bits)


def _ball(value: Enclosure) -> arb:
    return value.lower.union(value.upper)


def _short(value: Fraction, width: Fraction) -> Fraction:
    """A binary number near a value, compared with the width."""
    scale = 1 << max(0, (width.denominator // max(width.numerator, 1)).bit_length() + 4)
    return Fraction(round(value * scale), scale)


def _outward(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Binary numbers with few digits around an interval that is widened by a sixteenth at most."""
    width = high - low
    if not width:
        return low, high
    scale = 1 << max(0, (width.denominator // max(width.numerator, 1)).bit_length() + 5)
    return Fraction((low * scale).__floor__(), scale), Fraction((high * scale).__ceil__(), scale)
