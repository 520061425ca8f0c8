"""Intervals of both real branches of Lambert's W: an approximation, and then bounds that interval operations prove.

The principal branch W >= -1 rises: w >= -1 is below W(x) where w*exp(w) <= x. The lower branch W <= -1 falls from -1 at
-1/e to -inf at 0; there w + log(-w) rises and is log(-x) at w = W(x). An approximation is moved outward until that is
proved, and is given up for the end of the branch's range where it can't be.

>>> from optbench.arithmetic.interval_values import ends_of
>>> ends, state = lambertw((ends_of([0.0, -1.0], [1.0, 0.0]), None))
>>> ends * SIGNS, state
(array([[ 0.        , -1.        ],
       [ 0.56714329,  0.        ]]), array([0, 1], dtype=int8))

Source: R. M. Corless et al., On the Lambert W function, Adv. Comput. Math. 5 (1996) 329-359, (4.22) and (5.9).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from optbench.arithmetic.interval_monotone import MONOTONE
from optbench.arithmetic.interval_operators import add, multiply
from optbench.arithmetic.interval_rounding import EPSILON, SPECK
from optbench.arithmetic.interval_values import (
    CLOSED,
    LARGEST,
    NOWHERE,
    PARTIAL,
    SIGNS,
    Array,
    Mask,
    Value,
    ends_of,
    marked,
    opposite,
    thin,
)

BELOW_BRANCH_POINT = -0.36787944117144233  # the doubles next to -1/e
ABOVE_BRANCH_POINT = math.nextafter(BELOW_BRANCH_POINT, 0)
_BRANCH_SERIES = (-1.0, 1.0, -1 / 3, 11 / 72, -43 / 540, 769 / 17280)
_ITERATIONS = 8
_OUTWARD = 8.0  # factor of a step outward
_STEPS = 10

_Proof = Callable[[Array, Array], Mask]


def lambertw(x: Value) -> Value:
    lower, upper = x[0] * SIGNS
    state = marked(marked(x[1], lower < ABOVE_BRANCH_POINT, CLOSED), upper <= BELOW_BRANCH_POINT, NOWHERE)
    points = np.clip([lower, upper], ABOVE_BRANCH_POINT, LARGEST)
    w = _approximate(points)
    low = _proved(w[0], points[0], _is_below, -1.0, -1.0)
    high = _proved(w[1], points[1], _is_above, 1.0, math.inf)
    low = np.where(lower < ABOVE_BRANCH_POINT, -1.0, low)
    return ends_of(np.maximum(low, -1.0), np.where(upper == math.inf, math.inf, np.maximum(high, -1.0))), state


def lambertw_lower(x: Value) -> Value:
    lower, upper = x[0] * SIGNS
    state = marked(marked(x[1], lower < ABOVE_BRANCH_POINT, CLOSED), upper >= 0, PARTIAL)
    state = marked(state, (upper <= BELOW_BRANCH_POINT) | (lower >= 0), NOWHERE)
    points = np.clip([lower, upper], ABOVE_BRANCH_POINT, -SPECK)
    w = _approximate_lower(points)
    low = _proved(w[1], points[1], _is_below_lower, -1.0, -math.inf)
    high = _proved(w[0], points[0], _is_above_lower, 1.0, -1.0)
    low, high = np.where(upper > -SPECK, -math.inf, low), np.where(lower < ABOVE_BRANCH_POINT, -1.0, high)
    return ends_of(low, np.minimum(high, -1.0)), state


# ---- proofs --------------------------------------------------------------------------------------------------------


def _proved(w: Array, x: Array, holds: _Proof, direction: float, limit: float) -> Array:
    """Return bounds of the branch at x: w moved outward, further and further, until they are proved, else the limit."""
    step = np.abs(w) * (16 * EPSILON) + np.where(w == 0, 0.0, SPECK)
    bound = w + direction * step
    for _ in range(_STEPS):
        proved = holds(bound, x)
        if np.logical_and.reduce(proved):
            return bound
        step *= _OUTWARD
        bound = np.where(proved, bound, w + direction * step)
    return np.where(holds(bound, x), bound, limit)


def _is_below(w: Array, x: Array) -> Mask:
    return _both(w >= -1, _times_exp(w)[1] <= x)


def _is_above(w: Array, x: Array) -> Mask:
    return _both(w >= -1, -_times_exp(w)[0] >= x)


def _is_below_lower(w: Array, x: Array) -> Mask:
    return _both(w < -1, _plus_log(w)[1] <= -_log_of_opposite(x)[0])


def _is_above_lower(w: Array, x: Array) -> Mask:
    return _both(w < -1, -_plus_log(w)[0] >= _log_of_opposite(x)[1])


def _both(a: Mask, b: Mask) -> Mask:
    both: Mask = a & b
    return both


def _times_exp(w: Array) -> Array:
    point = (thin(w), None)
    return multiply(point, MONOTONE["exp"](point))[0]


def _plus_log(w: Array) -> Array:
    """w + log(-w), for w < -1."""
    return add((thin(w), None), (_log_of_opposite(w), None))[0]


def _log_of_opposite(x: Array) -> Array:
    return MONOTONE["log"]((opposite(thin(x)), None))[0]


# ---- approximations ------------------------------------------------------------------------------------------------


def _approximate(x: Array) -> Array:
    """The principal branch: a first guess, then Halley's method, (5.9)."""
    w = np.where(np.abs(x) < 0.3, x * (1 - x * (1 - 1.5 * x)), _guess(x))
    for _ in range(_ITERATIONS):
        residual = w - x * np.exp(-w)
        step = residual / ((w + 1) - (w + 2) * residual / (2 * w + 2))
        w = w - np.where(np.isfinite(step), step, 0.0)
    return np.maximum(w, -1.0)


def _guess(x: Array) -> Array:
    log1p = np.log1p(x)
    large = log1p * (1 - np.log1p(np.maximum(log1p, 0.0)) / (2 + log1p))
    return np.where(x > 0, large, _branch_series(_from_branch_point(x)))


def _approximate_lower(x: Array) -> Array:
    """The lower branch: a first guess, then Newton's method for w + log(-w) = log(-x)."""
    logarithm = np.log(-x)
    w = np.where(x < -0.25, _branch_series(-_from_branch_point(x)), logarithm - np.log(np.maximum(-logarithm, 1.0)))
    w = np.minimum(w, -1 - EPSILON)
    for _ in range(_ITERATIONS):
        step = (w + np.log(-w) - logarithm) / (1 + 1 / w)
        w = np.minimum(w - np.where(np.isfinite(step), step, 0.0), -1 - EPSILON)
    return w


def _from_branch_point(x: Array) -> Array:
    """p = sqrt(2*(e*x + 1))."""
    return np.sqrt(np.maximum(2 * (math.e * x + 1), 0.0))


def _branch_series(p: Array) -> Array:
    """W near its branch point, (4.22)."""
    w = np.zeros_like(p)
    for coefficient in reversed(_BRANCH_SERIES):
        w = w * p + coefficient
    return w
