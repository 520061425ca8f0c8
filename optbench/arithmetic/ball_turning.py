"""Enclosures of functions that turn or have poles: trigonometric functions, angles, gamma and its kin.

Between two turning points or poles these functions are monotone or convex; which of those a box may hold is decided with
enclosures of pi and of the turning point of gamma.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from flint import acb, arb, ctx, fmpq

from optbench.arithmetic.ball_enclosure import INFINITY, MINUS_INFINITY, NOWHERE, ONE, REAL_LINE, ZERO, Enclosure, bounded, clipped
from optbench.arithmetic.ball_monotone import MONOTONE
from optbench.arithmetic.ball_operators import absolute, add, whole_power

# ---- trigonometric and hyperbolic functions with turning points ----------------------------------------------------


def _periods(x: Enclosure, offset: Fraction) -> tuple[int, int] | None:
    """Return (j, k), such that every whole number in x/pi - offset lies in j..k, or None where the box is too large to tell."""
    if not x.is_bounded or max(abs(x.lower), abs(x.upper)) > arb(2) ** ctx.prec:
        return None
    shift = arb(fmpq(offset.numerator, offset.denominator))
    first = (x.lower / arb.pi() - shift).lower().ceil().unique_fmpz()
    last = (x.upper / arb.pi() - shift).upper().floor().unique_fmpz()
    return None if first is None or last is None else (int(first), int(last))


def sine_wave(x: Enclosure, at: Callable[[arb], arb], offset: Fraction) -> Enclosure:
    """sin or cos: 1 where x/pi - offset is an even whole number, -1 where it is an odd one, monotone between those."""
    turns = _periods(x, offset)
    if turns is None or turns[1] > turns[0]:
        return Enclosure(-ONE, ONE, x.everywhere)
    at_lower, at_upper = at(x.lower), at(x.upper)
    ends = [bounded(at_lower, at_lower, x.everywhere), bounded(at_upper, at_upper, x.everywhere)]
    if turns[0] == turns[1]:
        turn = ONE if turns[0] % 2 == 0 else -ONE
        ends.append(Enclosure(turn, turn, True))
    value = Enclosure(min(e.lower for e in ends), max(e.upper for e in ends), all(e.everywhere for e in ends))
    return clipped(value, -ONE, ONE)


def tan(x: Enclosure) -> Enclosure:
    """Rises between its poles, which are where x/pi - 1/2 is whole."""
    poles = _periods(x, Fraction(1, 2))
    if poles is None or poles[0] <= poles[1]:
        return REAL_LINE
    return bounded(x.lower.tan(), x.upper.tan(), x.everywhere)


def cosh(x: Enclosure) -> Enclosure:
    size = absolute(x)
    low, high = (INFINITY if end == INFINITY else end.cosh() for end in (size.lower, size.upper))
    return clipped(bounded(low, high, x.everywhere), ONE, INFINITY)


def hypot(x: Enclosure, y: Enclosure) -> Enclosure:
    value = MONOTONE["sqrt"](add(whole_power(x, 2), whole_power(y, 2)))
    return Enclosure(value.lower, value.upper, x.everywhere and y.everywhere)


def atan2(y: Enclosure, x: Enclosure) -> Enclosure:
    """The angle of (x, y): on a box beside the origin and the cut (y = 0, x < 0) it is extreme at corners."""
    half_turn = arb.pi().upper()
    if x.lower == x.upper == 0 and y.lower == y.upper == 0:
        return NOWHERE
    if y.lower < 0 <= y.upper and x.lower < 0:
        return Enclosure(-half_turn, half_turn, False)
    touches = bool(y.lower <= 0) and bool(y.upper >= 0) and bool(x.lower <= 0)
    corners = [angle for b in (y.lower, y.upper) for a in (x.lower, x.upper) if (angle := _angle(b, a)) is not None]
    if not corners:
        return Enclosure(-half_turn, half_turn, False)
    ends = [bounded(c, c, x.everywhere and y.everywhere and not touches) for c in corners]
    lower, upper = min(e.lower for e in ends), max(e.upper for e in ends)
    return clipped(Enclosure(lower, upper, all(e.everywhere for e in ends)), -half_turn, half_turn)


def _angle(y: arb, x: arb) -> arb | None:
    """The angle of a corner, None for the origin and for a corner that lies at infinity on both axes."""
    if y.is_finite() and x.is_finite():
        return None if x == 0 and y == 0 else arb.atan2(y, x)
    if y.is_finite():
        return ZERO if x > 0 else arb.pi() if y >= 0 else -arb.pi()
    if x.is_finite():
        return (arb.pi() / 2) if y > 0 else -(arb.pi() / 2)
    return None


# ---- gamma and its kin ---------------------------------------------------------------------------------------------

_GAMMA_TURN = (fmpq(146163214496836234126265954232572132846, 10**38), fmpq(146163214496836234126265954232572132847, 10**38))


def _valley(x: Enclosure, at: Callable[[arb], arb], slope: Callable[[arb], arb]) -> Enclosure:
    """gamma or lgamma on x > 0: convex, infinite at both ends, least in `_GAMMA_TURN` = (a, b), where the slope at a is negative.

    By convexity the value there is at least f(a) + f'(a)*(b - a).
    """
    a, b = (arb(q) for q in _GAMMA_TURN)
    at_lower, at_upper = (INFINITY if end <= 0 or end == INFINITY else at(end) for end in (x.lower, x.upper))
    low = at_upper if x.upper <= a else at_lower if x.lower >= b else None
    if low is None or not low.lower().is_finite():
        a = a.lower()
        low = at(a) + slope(a) * (b.upper() - a)
    high = max(bounded(end, end, True).upper for end in (at_lower, at_upper))
    return bounded(low, high, x.everywhere and bool(x.lower > 0))


def _piece(x: Enclosure) -> int | None:
    """Return k where the box lies in [k, k + 1], k < 0 whole, else None (also where its ends are too large to tell)."""
    if not x.is_bounded or x.upper > 0 or -x.lower > arb(2) ** (ctx.prec - 2):
        return None
    floor = x.lower.floor().unique_fmpz()
    return int(floor) if floor is not None and x.upper <= floor + 1 else None


def _at_pole(x: Enclosure) -> bool:
    return bool(x.lower == x.upper) and bool(x.upper <= 0) and bool(x.lower.is_integer())


def _beside_poles(x: Enclosure, at: Callable[[arb], arb]) -> Enclosure:
    """The values of arb on the ball around a box of negative numbers without a pole, if it can tell, else the real line."""
    k = _piece(x)
    if k is None or x.lower <= k or x.upper >= k + 1:
        return REAL_LINE
    value = at(x.lower.union(x.upper))
    return bounded(value, value, x.everywhere)


def gamma(x: Enclosure) -> Enclosure:
    """Its sign on (k, k + 1) is (-1)^k for whole k < 0."""
    if _at_pole(x):
        return NOWHERE
    if x.lower >= 0:
        return _valley(x, arb.gamma, lambda a: a.gamma() * a.digamma())
    k = _piece(x)
    if k is None:
        return REAL_LINE
    return clipped(_beside_poles(x, arb.gamma), *((ZERO, INFINITY) if k % 2 == 0 else (MINUS_INFINITY, ZERO)))


def lgamma(x: Enclosure) -> Enclosure:
    if _at_pole(x):
        return NOWHERE
    if x.lower >= 0:
        return _valley(x, arb.lgamma, arb.digamma)
    return _beside_poles(x, lambda ball: abs(ball.gamma()).log())


def digamma(x: Enclosure) -> Enclosure:
    """Rises from -inf to inf between two poles."""
    if _at_pole(x):
        return NOWHERE
    k = 0 if x.lower >= 0 else _piece(x)
    if k is None:
        return REAL_LINE
    low = MINUS_INFINITY if x.lower <= k else x.lower.digamma()
    at_end = bool(k < 0) and bool(x.upper >= k + 1)
    high = INFINITY if at_end or x.upper == INFINITY else x.upper.digamma()
    if x.lower == INFINITY:
        low = INFINITY
    return bounded(low, high, x.everywhere and bool(x.lower > k) and not at_end)


def trigamma(x: Enclosure) -> Enclosure:
    """zeta(2, x); on x > 0 it falls from inf to 0."""
    if _at_pole(x):
        return NOWHERE
    if x.lower >= 0:
        low = ZERO if x.upper == INFINITY else arb(2).zeta(x.upper)
        high = INFINITY if x.lower == 0 else ZERO if x.lower == INFINITY else arb(2).zeta(x.lower)
        return clipped(bounded(low, high, x.everywhere and bool(x.lower > 0)), ZERO, INFINITY)
    return clipped(_beside_poles(x, lambda ball: acb(ball).polygamma(1).real), ZERO, INFINITY)
