"""Enclosures of sums, products, quotients and powers, and of functions made of pieces.

0*inf is 0 where it is a product of ends, since an end at infinity stands for arbitrarily large numbers; a quotient whose
divisor reaches 0 is unbounded and not `everywhere`. Whole powers are operations of their own: x^2 is not x*x of two
numbers that do not know of each other.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from flint import arb, fmpq

from optbench.arithmetic.ball_enclosure import INFINITY, MINUS_INFINITY, NOWHERE, ONE, REAL_LINE, ZERO, Enclosure, bounded, clipped, hull
from optbench.arithmetic.ball_monotone import MONOTONE

# ---- sums, products, quotients -------------------------------------------------------------------------------------


def add(*terms: Enclosure) -> Enclosure:
    """inf - inf is nan in arb, and so no bound."""
    lower, upper, everywhere = ZERO, ZERO, True
    for term in terms:
        lower, upper = lower + term.lower, upper + term.upper
        everywhere = everywhere and term.everywhere
    return bounded(lower, upper, everywhere)


def negate(x: Enclosure) -> Enclosure:
    return Enclosure(-x.upper, -x.lower, x.everywhere)


def multiply(*factors: Enclosure) -> Enclosure:
    product = factors[0]
    for factor in factors[1:]:
        product = _times(product, factor)
    return product


def _times(a: Enclosure, b: Enclosure) -> Enclosure:
    everywhere = a.everywhere and b.everywhere
    if a.lower < 0 and a.upper <= 0:
        flipped = _times(negate(a), b)
        return Enclosure(-flipped.upper, -flipped.lower, everywhere)
    if a.lower >= 0:
        low = _end_product(a.lower if b.lower >= 0 else a.upper, b.lower)
        high = _end_product(a.upper if b.upper >= 0 else a.lower, b.upper)
        return bounded(low, high, everywhere)
    if b.lower >= 0 or b.upper <= 0:
        return _times(b, a)
    lower = min(_end_product(a.lower, b.upper).lower(), _end_product(a.upper, b.lower).lower())
    upper = max(_end_product(a.lower, b.lower).upper(), _end_product(a.upper, b.upper).upper())
    return Enclosure(lower, upper, everywhere)


def _end_product(a: arb, b: arb) -> arb:
    """0*inf is 0: an end at infinity stands for arbitrarily large numbers, each of which times 0 is 0."""
    product = a * b
    return ZERO if product.is_nan() else product


def divide(x: Enclosure, y: Enclosure) -> Enclosure:
    if y.lower >= 0:
        return _over_positive(x, y)
    if y.upper <= 0:
        return _over_positive(negate(x), negate(y))
    if x.lower == 0 and x.upper == 0:
        return Enclosure(ZERO, ZERO, False)
    return REAL_LINE


def _over_positive(x: Enclosure, y: Enclosure) -> Enclosure:
    if y.upper == 0:
        return NOWHERE
    low = _end_quotient(x.lower, y.upper if x.lower >= 0 else y.lower)
    high = _end_quotient(x.upper, y.lower if x.upper >= 0 else y.upper)
    return bounded(low, high, x.everywhere and y.everywhere and bool(y.lower > 0))


def _end_quotient(a: arb, b: arb) -> arb:
    if b == 0:
        return ZERO if a == 0 else INFINITY if a > 0 else MINUS_INFINITY
    return a / b


def mod(x: Enclosure, y: Enclosure) -> Enclosure:
    """x - y*floor(x/y), in [0, y) for y > 0 and in (y, 0] for y < 0."""
    quotient = divide(x, y)
    if quotient.empty:
        return NOWHERE
    whole = floor(quotient)
    rest = add(x, negate(_times(y, whole)))
    return clipped(rest, min(y.lower, ZERO), max(y.upper, ZERO))


# ---- powers --------------------------------------------------------------------------------------------------------


def whole_power(x: Enclosure, n: int) -> Enclosure:
    """x^n for a whole number n, with x^0 = 1."""
    if n < 0:
        return divide(Enclosure(ONE, ONE, True), whole_power(x, -n))
    if n == 0:
        return Enclosure(ONE, ONE, x.everywhere)
    if n == 1:
        return x
    if n % 2:
        return bounded(_raised(x.lower, n), _raised(x.upper, n), x.everywhere)
    size = absolute(x)
    return clipped(bounded(_raised(size.lower, n), _raised(size.upper, n), x.everywhere), ZERO, INFINITY)


def _raised(a: arb, n: int) -> arb:
    """a^n for n >= 1, of an odd n where a is negative; arb may take a power by exp and log, which need a > 0."""
    if a < 0:
        return -_raised(-a, n)
    return a**n if a > 0 and a.is_finite() else a


def rational_power(x: Enclosure, exponent: Fraction) -> Enclosure:
    """x^(p/q), p/q not whole: defined for x >= 0, or x > 0 where p < 0."""
    rises = exponent > 0
    if x.upper < 0 or (not rises and x.upper <= 0):
        return NOWHERE
    everywhere = x.everywhere and bool(x.lower >= 0 if rises else x.lower > 0)
    at_lower, at_upper = _rational(max(x.lower, ZERO), exponent), _rational(x.upper, exponent)
    power = bounded(at_lower, at_upper, everywhere) if rises else bounded(at_upper, at_lower, everywhere)
    return clipped(power, ZERO, INFINITY)


def _rational(a: arb, exponent: Fraction) -> arb:
    if a == 0 or not a.is_finite():
        return INFINITY if (a == 0) == (exponent < 0) else ZERO
    p, q = exponent.numerator, exponent.denominator
    if q == 2:
        return a.sqrt() ** p
    return a ** arb(fmpq(p, q))


def power(x: Enclosure, y: Enclosure) -> Enclosure:
    """x^y = exp(y*log(x)) for x > 0; at x = 0 it is 0 for y > 0 and 1 for y = 0."""
    if x.upper < 0:
        return NOWHERE
    certain = x.everywhere and y.everywhere and bool(x.lower >= 0)
    if x.upper == 0:
        if y.upper < 0:
            return NOWHERE
        return Enclosure(ONE if y.upper == 0 else ZERO, ZERO if y.lower > 0 else ONE, certain and bool(y.lower > 0))
    logarithm = MONOTONE["log"](x)
    value = MONOTONE["exp"](_times(logarithm, y))
    return Enclosure(value.lower, value.upper, value.everywhere or (certain and bool(y.lower > 0)))


def power_to_whole(x: Enclosure, y: Enclosure) -> Enclosure:
    """x^y where y takes whole values only, so that x may be negative."""
    if y.lower == y.upper and y.lower.is_finite():
        exponent = y.lower.unique_fmpz()
        if exponent is None:
            return NOWHERE
        value = whole_power(x, int(exponent))
        return Enclosure(value.lower, value.upper, value.everywhere and y.everywhere)
    if x.lower >= 0:
        return power(x, y)
    size = power(absolute(x), y)
    return NOWHERE if size.empty else Enclosure(-size.upper, size.upper, False)


def times_log(x: Enclosure) -> Enclosure:
    """x*log(x) for x > 0: it falls to -1/e at x = 1/e and rises from there; its limit at 0 is 0."""
    if x.upper <= 0:
        return NOWHERE
    turn = arb(-1).exp()
    at_lower, at_upper = (ZERO if end <= 0 else INFINITY if end == INFINITY else end * end.log() for end in (x.lower, x.upper))
    low = at_upper if x.upper <= turn else at_lower if x.lower >= turn else -turn
    down, up = bounded(low, at_lower, x.everywhere), bounded(low, at_upper, x.everywhere)
    return Enclosure(down.lower, max(down.upper, up.upper), down.everywhere and up.everywhere and bool(x.lower > 0))


# ---- pieces and steps ----------------------------------------------------------------------------------------------


def absolute(x: Enclosure) -> Enclosure:
    if x.lower >= 0:
        return x
    if x.upper <= 0:
        return negate(x)
    return Enclosure(ZERO, max(-x.lower, x.upper), x.everywhere)


def relu(x: Enclosure) -> Enclosure:
    return Enclosure(max(x.lower, ZERO), max(x.upper, ZERO), x.everywhere)


def _stepped(x: Enclosure, step: Callable[[arb], arb]) -> Enclosure:
    """A step function that rises; it has no jump on the box where its values at both ends are one."""
    lower, upper = (end if abs(end) == INFINITY else step(end) for end in (x.lower, x.upper))
    return bounded(lower, upper, x.everywhere and bool(lower == upper))


def floor(x: Enclosure) -> Enclosure:
    return _stepped(x, arb.floor)


def ceil(x: Enclosure) -> Enclosure:
    return _stepped(x, arb.ceil)


def sign(x: Enclosure) -> Enclosure:
    lower, upper = x.lower.sgn(), x.upper.sgn()
    return Enclosure(lower, upper, x.everywhere and bool(lower == upper))


def minimum(*args: Enclosure) -> Enclosure:
    return Enclosure(min(a.lower for a in args), min(a.upper for a in args), all(a.everywhere for a in args))


def maximum(*args: Enclosure) -> Enclosure:
    return Enclosure(max(a.lower for a in args), max(a.upper for a in args), all(a.everywhere for a in args))


def choose(test: Enclosure, yes: Enclosure, no: Enclosure) -> Enclosure:
    """`if`: the branch that the test decides for, else the hull of both."""
    if test.empty:
        return NOWHERE
    if test.lower != test.upper:
        return hull(yes, no)
    taken = yes if test.lower == 1 else no
    return Enclosure(taken.lower, taken.upper, taken.everywhere and test.everywhere) if not taken.empty else NOWHERE
