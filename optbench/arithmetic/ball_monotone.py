"""Enclosures of the functions that rise or fall wherever they are defined: by their values at both ends.

One row a function in `_AT_ENDS` gives its values; domain, direction and range are the table's. What a function is not
defined at is cut off its argument, and the result is then not `everywhere`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from flint import arb

from optbench.arithmetic.ball_enclosure import INFINITY, MINUS_INFINITY, NOWHERE, ONE, ZERO, Enclosure, bounded, clipped
from optbench.language.functions import TABLE

Rule: TypeAlias = Callable[..., Enclosure]


def _cbrt(x: arb) -> arb:
    return -(-x).root(3) if x < 0 else x.root(3) if x > 0 else ZERO


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp()) if x > 0 else x.exp() / (1 + x.exp())


def _softplus(x: arb) -> arb:
    return x + (-x).exp().log1p() if x > 0 else x.exp().log1p()


def _right_angle() -> arb:
    return arb.pi() / 2


_inf = INFINITY
_AT_ENDS: dict[str, tuple[Callable[[arb], arb], arb | Callable[[arb], arb], arb | Callable[[arb], arb]]] = {
    # name: value at a point, limit at the domain's first end, limit at its last end
    "sqrt": (arb.sqrt, ZERO, _inf),
    "cbrt": (_cbrt, -_inf, _inf),
    "exp": (arb.exp, ZERO, _inf),
    "log": (arb.log, -_inf, _inf),
    "log2": (lambda x: x.log_base(2), -_inf, _inf),
    "log10": (lambda x: x.log_base(10), -_inf, _inf),
    "log1p": (arb.log1p, -_inf, _inf),
    "expm1": (arb.expm1, -ONE, _inf),
    "asin": (arb.asin, arb.asin, arb.asin),
    "acos": (arb.acos, arb.acos, ZERO),
    "atan": (arb.atan, lambda _: -_right_angle(), lambda _: _right_angle()),
    "sinh": (arb.sinh, -_inf, _inf),
    "tanh": (arb.tanh, -ONE, ONE),
    "asinh": (arb.asinh, -_inf, _inf),
    "acosh": (arb.acosh, ZERO, _inf),
    "atanh": (arb.atanh, -_inf, _inf),
    "erf": (arb.erf, -ONE, ONE),
    "erfc": (arb.erfc, arb(2), ZERO),
    "sigmoid": (_sigmoid, ZERO, ONE),
    "softplus": (_softplus, ZERO, _inf),
}

_OVERFLOW = arb(2) ** 80  # beyond it arb gives no bounds; the functions that grow fast are at least what they are here
_GROW_FAST = frozenset(("exp", "expm1", "sinh"))

_CONDITION = re.compile(r"x (>=|>|<=|<) (-?\d+)")


def _monotone(name: str) -> Rule:
    """Return the rule of a function that `_AT_ENDS` holds; domain, direction and range are the table's."""
    row = TABLE[name]
    at, at_first, at_last = _AT_ENDS[name]
    first, last, first_open, last_open = MINUS_INFINITY, INFINITY, False, False
    for text in row.domain:
        sign, end = _CONDITION.fullmatch(text).groups()  # type: ignore[union-attr]
        if sign[0] == ">":
            first, first_open = arb(int(end)), sign == ">"
        else:
            last, last_open = arb(int(end)), sign == "<"
    least, greatest = _range(name)

    def value(end: arb) -> arb:
        if first < end < last:
            return at(end)
        limit, end = (at_first, first) if end <= first else (at_last, last)
        return limit if isinstance(limit, arb) else limit(end)

    def rule(x: Enclosure) -> Enclosure:
        lower, upper = x.lower, x.upper
        if upper < first or lower > last or (first_open and upper <= first) or (last_open and lower >= last):
            return NOWHERE
        inside = (lower > first if first_open else lower >= first) and (upper < last if last_open else upper <= last)
        if row.monotone < 0:
            lower, upper = upper, lower
        if lower > _OVERFLOW and name in _GROW_FAST:
            lower = _OVERFLOW
        return clipped(bounded(value(lower), value(upper), x.everywhere and bool(inside)), least, greatest)

    return rule


def _range(name: str) -> tuple[arb, arb]:
    """The table's range; what is written with pi is left open, since arb's own values keep to it up to rounding."""
    low, high = TABLE[name].range
    return (arb(int(low)) if low.lstrip("-").isdigit() else MINUS_INFINITY), (arb(int(high)) if high.isdigit() else INFINITY)


def lambertw(x: Enclosure) -> Enclosure:
    """The branch w >= -1, which rises from -1 at -1/e."""
    branch_point = -arb(-1).exp()
    if x.upper < branch_point:
        return NOWHERE
    high = INFINITY if x.upper == INFINITY else x.upper.lambertw()
    if high.is_nan():  # too close to -1/e for arb
        high = -1 + _beside_branch_point(x.upper)
    inside = bool(x.lower >= branch_point)
    low = INFINITY if x.lower == INFINITY else x.lower.lambertw() if inside else -ONE
    return clipped(bounded(low, high, x.everywhere and inside), -ONE, INFINITY)


def lambertw_lower(x: Enclosure) -> Enclosure:
    """The branch w <= -1, which falls from -1 at -1/e to -inf at 0."""
    branch_point = -arb(-1).exp()
    if x.upper < branch_point or x.lower >= 0:
        return NOWHERE
    inside = bool(x.lower >= branch_point) and bool(x.upper < 0)
    low = MINUS_INFINITY if x.upper >= 0 else x.upper.lambertw(-1)
    if low.is_nan():
        low = _lower_branch_beside_branch_point(x.upper)
    high = x.lower.lambertw(-1) if x.lower >= branch_point else -ONE
    return clipped(bounded(low, high, x.everywhere and inside), MINUS_INFINITY, -ONE)


def _beside_branch_point(x: arb) -> arb:
    """Return an upper bound p of sqrt(2*(1 + e*x)); then W(x) <= p - 1.

    For w = p - 1 one has 1 + e*w*exp(w) = 1 + (p - 1)*exp(p) >= p^2/2 >= 1 + e*x, and w*exp(w) rises there.
    """
    bound: arb = max((2 * (1 + x * ONE.exp())).upper(), ZERO).sqrt().upper()
    return bound


def _lower_branch_beside_branch_point(x: arb) -> arb:
    """Return some c <= -1 with c*exp(c) >= x, which is below the lower branch at x since w*exp(w) falls there."""
    p = _beside_branch_point(x)
    for k in range(1, 6):
        c: arb = (-1 - p * 2**k).lower()
        if c * c.exp() >= x:
            return c
    return MINUS_INFINITY


MONOTONE: dict[str, Rule] = {name: _monotone(name) for name in _AT_ENDS} | {"lambertw": lambertw, "lambertw_lower": lambertw_lower}
