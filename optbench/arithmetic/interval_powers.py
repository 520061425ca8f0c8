"""Powers of intervals, and x*log(x), which is bounded near 0.

Whole powers are operations of their own: x^2 is not x*x of two numbers that do not know of each other. Small ones are
products of the ends; all others are exp(y*log(x)).

>>> from optbench.arithmetic.interval_values import SIGNS, ends_of
>>> x = (ends_of([-1.0], [2.0]), None)
>>> whole_power(x, 2)[0] * SIGNS
array([[0.],
       [4.]])

Source of the error bounds: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. (SIAM 2002), section 3.1.
"""

from __future__ import annotations

import math

import numpy as np

from optbench.arithmetic.interval_monotone import MONOTONE, Domain
from optbench.arithmetic.interval_operators import divide, magnitudes, multiply, scaled
from optbench.arithmetic.interval_rounding import EPSILON, SPECK, TINY, finite_below, raised
from optbench.arithmetic.interval_values import (
    CLOSED,
    DEFINED,
    NOWHERE,
    PARTIAL,
    SIGNS,
    Array,
    Mask,
    States,
    Value,
    ends_of,
    greatest,
    least,
    marked,
    thin,
    worst,
)

MOST_FACTORS = 64  # whole powers up to this are products
ROOTS = (2, 3, 4)  # x^(p/q) for these q are powers of a root
_ONE = np.array([[-1.0], [1.0]])

# ---- whole powers --------------------------------------------------------------------------------------------------


def whole_power(x: Value, n: int) -> Value:
    """x^n for a whole number n of at most MOST_FACTORS, with x^0 = 1."""
    if n < 0:
        return reciprocal(whole_power(x, -n))
    if n <= 1:
        return (x[0] if n else _ONE), x[1]
    ends = _even_power(x[0], n) if n % 2 == 0 else raised(_product_of_equals(x[0], n), (n - 1) * EPSILON, x[0])
    return ends, x[1]


def _product_of_equals(x: Array, n: int) -> Array:
    """x^n by squaring; relatively off by (n - 1)*u/(1 - (n - 1)*u) at most, u = 2^-53, since x^(2k) doubles an error and adds u."""
    product = None
    while True:
        if n % 2:
            product = x if product is None else product * x
        n //= 2
        if not n:
            assert product is not None
            return product
        x = x * x


def _even_power(ends: Array, n: int) -> Array:
    """The least distance from 0 is lowered where its power may underflow: to 0, or far less than what that can cost."""
    shift = TINY ** (1 / n)
    size = np.empty(ends.shape)
    np.minimum(np.minimum(ends[0], ends[1]) + shift, 0.0, out=size[0])
    np.maximum(ends[0], ends[1], out=size[1])
    power = _product_of_equals(size, n)
    power *= _WIDENED[n]
    if not least(power[1]) >= TINY:
        power[1] += SPECK * ((size[1] > 0) & (power[1] < TINY))
    return finite_below(power, n * EPSILON)


_WIDENED = [np.array([[(n - 1) * EPSILON - 1], [(n - 1) * EPSILON + 1]]) for n in range(MOST_FACTORS + 1)]


def reciprocal(x: Value) -> Value:
    return divide((_ONE, None), x)


def large_whole_power(x: Value, lower: float, upper: float, odd: bool) -> Value:
    """x^n for a whole number n > 0 that is even or odd, and between two doubles since it need not be one."""
    n = ends_of([lower], [upper]), None
    if not odd:
        return power((magnitudes(x[0]), x[1]), n)
    columns = x[0].shape[1]
    sizes, _ = power((thin(np.abs(x[0]).ravel()), None), n)
    least_sizes, greatest_sizes = -sizes[0].reshape(2, columns), sizes[1].reshape(2, columns)
    return finite_below(np.where(x[0] >= 0, greatest_sizes, -least_sizes)), x[1]


# ---- powers of numbers >= 0 ----------------------------------------------------------------------------------------


def root_power(x: Value, p: int, q: int) -> Value:
    """x^(p/q) for p/q not whole and q in ROOTS: defined for x >= 0, or x > 0 where p < 0."""
    points, cut = _FROM_ZERO.cut(x[0] * SIGNS)
    root = MONOTONE["cbrt" if q == 3 else "sqrt"]((points * SIGNS, worst(x[1], cut)))
    return whole_power(MONOTONE["sqrt"](root) if q == 4 else root, p)


_FROM_ZERO = Domain(0, math.inf, first_open=False, last_open=True)


def power(x: Value, y: Value) -> Value:
    """x^y = exp(y*log(x)) for x > 0; at x = 0 it is 0 for y > 0 and 1 for y = 0."""
    ends, _ = MONOTONE["exp"](multiply(_logarithm(x), (y[0], None)))
    state = worst(x[1], y[1])
    if greatest(x[0][0]) < 0:
        return ends, state
    (x0, x1), (y0, y1) = np.broadcast_arrays(x[0], y[0])
    at_zero = np.array([np.where(y1 == 0, -1.0, 0.0), np.where(y0 < 0, 0.0, 1.0)])
    nowhere = (x1 < 0) | ((x1 == 0) & (y1 < 0))
    return np.where(x1 == 0, at_zero, ends), worst(state, _state_of_power(x0 >= 0, x0 > 0, y0 < 0, nowhere))


def _logarithm(x: Value) -> Value:
    return MONOTONE["log"](x)[0], None


def _state_of_power(reaches_zero: Mask, passes_zero: Mask, rises: Mask, nowhere: Mask) -> States:
    inside = np.where(rises, np.where(passes_zero, CLOSED, DEFINED), PARTIAL)
    state: States = np.where(nowhere, NOWHERE, np.where(reaches_zero, inside, DEFINED)).astype(np.int8)
    return state


def power_to_whole(x: Value, y: Value) -> Value:
    """x^y where y takes whole values only, so that x may be negative: by its size, or exactly where y is one number."""
    size = power((magnitudes(x[0]), x[1]), y)
    negative = x[0][0] > 0
    ends, state = np.where(negative, size[0][1], size[0]), marked(size[1], negative, PARTIAL)
    exponents = np.broadcast_to(np.where(-y[0][0] == y[0][1], y[0][1], np.inf), ends.shape[1:])
    for n in np.unique(exponents[np.abs(exponents) <= MOST_FACTORS]):
        ends, state = _replaced((ends, state), exponents == n, whole_power(x, int(n)), y[1])
    return ends, state


def _replaced(value: Value, where: Mask, by: Value, other: States) -> Value:
    """The value, where it says so replaced by another whose state is also that of its other argument."""
    zero = np.zeros(1, np.int8)
    states = (zero if s is None else s for s in (worst(by[1], other), value[1]))
    return np.where(where, by[0], value[0]), np.where(where, *states)


# ---- x*log(x) ------------------------------------------------------------------------------------------------------

_TURN = 0.36787944117144233  # the double above 1/e; below it is the next one
_BELOW_TURN = float(np.nextafter(_TURN, 0))


def power_times_log(x: Value, logarithm: Value, factor: float, slack: float) -> Value:
    """x*log(x) times a factor > 0 known within `slack`, where `logarithm` says how far it is defined."""
    state = worst(x[1], logarithm[1])
    return scaled((_times_log(x[0]), state), factor, slack)


def _times_log(ends: Array) -> Array:
    """x*log(x) for x > 0: it falls to -1/e at x = 1/e and rises from there; its limit at 0 is 0."""
    lower, upper = np.maximum(ends * SIGNS, 0.0)
    at_lower, at_upper = _times_log_at(lower), _times_log_at(upper)
    depth = np.where(upper <= _BELOW_TURN, at_upper[0], np.where(lower >= _TURN, at_lower[0], _TURN))
    return np.array([np.minimum(depth, _TURN), np.maximum(at_lower[1], at_upper[1])])


def _times_log_at(points: Array) -> Array:
    point = thin(points)
    return multiply((point, None), MONOTONE["log"]((point, None)))[0]
