"""Sums, products and quotients of intervals, many at once, rounded outward.

0*inf is 0 where it is a product of ends, since an end at infinity stands for arbitrarily large numbers; a quotient whose
divisor reaches 0 is unbounded and PARTIAL. The rules are those of `ball_operators`.

>>> from optbench.arithmetic.interval_values import ends_of
>>> x, y = (ends_of([1.0], [2.0]), None), (ends_of([-4.0], [-1.0]), None)
>>> multiply(x, y)[0]
array([[ 8.],
       [-1.]])
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optbench.arithmetic.interval_rounding import EPSILON, TINY, finite_below, near_zero, raised, raised_sum
from optbench.arithmetic.interval_values import NOWHERE, PARTIAL, Array, States, Value, any_holds, greatest, least, marked, opposite, worst

_Times = Callable[[Array, Array], Array]


def add(*terms: Value) -> Value:
    """Term by term, so that a larger box has a larger sum also in the last place."""
    total, state = terms[0]
    for ends, other in terms[1:]:
        total = raised_sum(total + ends)
        state = worst(state, other)
    return total, state


def subtract(x: Value, y: Value) -> Value:
    return add(x, negate(y))


def negate(x: Value) -> Value:
    return opposite(x[0]), x[1]


def scaled(x: Value, factor: float, slack: float) -> Value:
    """x times a number known as a double within `slack`, relatively; neither 0 nor of extreme size."""
    signs = x[0]
    product = raised(signs * abs(factor), slack, signs)
    return product if factor > 0 else opposite(product), x[1]


# ---- products ------------------------------------------------------------------------------------------------------


def multiply(*factors: Value) -> Value:
    product, state = factors[0]
    for ends, other in factors[1:]:
        product = _product(product, ends)
        state = worst(state, other)
    return product, state


def _product(a: Array, b: Array) -> Array:
    product = finite_below(_extreme_products(a, b, np.multiply))
    slack = np.abs(product)
    careless = not least(slack) >= TINY  # also where a 0*inf has made a nan
    if careless:
        columns = np.flatnonzero(~(np.minimum(slack[0], slack[1]) >= TINY))
    slack *= EPSILON
    product += slack
    if careless:
        product[:, columns] = _careful_product(_columns(a, columns), _columns(b, columns))
    return product


def _extreme_products(a: Array, b: Array, times: _Times) -> Array:
    """The greatest of the four products of ends with a minus sign, and without."""
    (a0, a1), (b0, b1) = a, b
    p, q = times(a0, b0), times(a1, b1)  # lower*lower, upper*upper
    r, s = times(a0, b1), times(a1, b0)  # -lower*upper, -upper*lower
    low_pq, low_rs = np.minimum(p, q), np.minimum(r, s)
    ends = np.empty((2, len(p)))
    np.maximum(np.maximum(r, s, out=r), np.negative(low_pq, out=low_pq), out=ends[0])
    np.maximum(np.maximum(p, q, out=p), np.negative(low_rs, out=low_rs), out=ends[1])
    return ends


def _columns(ends: Array, columns: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Array:
    return ends[:, columns] if ends.shape[1] > 1 else ends


def _careful_product(a: Array, b: Array) -> Array:
    product = finite_below(_extreme_products(a, b, _end_product))
    size = np.abs(product)
    return near_zero(product + size * EPSILON, size < TINY, _extreme_products(np.sign(a), np.sign(b), np.multiply))


def _end_product(a: Array, b: Array) -> Array:
    return np.where((a == 0) | (b == 0), 0.0, a * b)


# ---- quotients -----------------------------------------------------------------------------------------------------


def divide(x: Value, y: Value) -> Value:
    state = worst(x[1], y[1])
    if greatest(y[0][0]) < 0:
        return _over_positive(x[0], y[0]), state
    if greatest(y[0][1]) < 0:
        return _over_positive(opposite(x[0]), opposite(y[0])), state
    return _over_anything(x[0], y[0], state)


def _over_positive(x: Array, y: Array) -> Array:
    """A nan of inf/inf is none of the extreme quotients."""
    quotient = np.fmax(x / -y[0], x / y[1])
    return raised(quotient, EPSILON, x)


def _over_anything(x: Array, y: Array, state: States) -> Value:
    """Divisors below 0 change their sign, and then lie above 0, touch it from above, contain it, or are 0."""
    x, y = np.broadcast_arrays(x, y)
    below = y[1] <= 0
    x, y = np.where(below, x[::-1], x), np.where(below, y[::-1], y)
    reaches, contains, zero = y[0] >= 0, y[0] > 0, y[1] <= 0
    upper = np.where(zero, 1.0, y[1])
    divisor = np.array([np.where(reaches, -upper, y[0]), upper])
    quotient = np.where(reaches & (x > 0), np.inf, _over_positive(x, divisor))
    quotient = np.where(contains & ((x[0] != 0) | (x[1] != 0)), np.inf, quotient)
    return quotient, marked(marked(state, reaches, PARTIAL), zero, NOWHERE)


def mod(x: Value, y: Value) -> Value:
    """x - y*floor(x/y), in [0, y) for y > 0 and in (y, 0] for y < 0."""
    quotient, state = divide(x, y)
    rest = subtract(x, multiply(y, floor((_sharpened(quotient, x[0], y[0]), state))))
    return np.minimum(rest[0], np.maximum(y[0], 0.0)), rest[1]


def _sharpened(quotient: Array, x: Array, y: Array) -> Array:
    """The quotient, exact where a multiple of one number is divided by it, so that a box may end where a step is.

    Such a quotient has no more digits than the multiple, and is a double unless it overflows.
    """
    divisor, top = np.abs(y[1]), np.where(y[1] > 0, x, x[::-1])
    exact = (-y[0] == y[1]) & (np.fmod(top, divisor) == 0)
    return np.where(exact, top / divisor, quotient)


def floor(x: Value) -> Value:
    """Rises in steps, and has no jump on a box at whose ends it is the same."""
    ends = np.array([np.ceil(x[0][0]), np.floor(x[0][1])])
    jumps = ends[0] + ends[1] != 0
    return finite_below(ends), marked(x[1], jumps, PARTIAL) if any_holds(jumps) else x[1]


def absolute(x: Value) -> Value:
    return magnitudes(x[0]), x[1]


def magnitudes(ends: Array) -> Array:
    """The ends of |x|: the greatest distance from 0 is the greater end."""
    sizes = np.empty(ends.shape)
    np.minimum(ends[0], ends[1], out=sizes[0])
    np.minimum(sizes[0], 0.0, out=sizes[0])
    np.maximum(ends[0], ends[1], out=sizes[1])
    return sizes
