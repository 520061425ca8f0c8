"""What a mean-value form says: lower bounds, and the part of a box on which a function can be small.

Over a box X with a point c in it, f(x) lies in f(c) + G*(x - c), where G encloses the slopes of f over X. All arrays hold
N boxes at once in their last axis; every number is rounded to the safe side.

Sources: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (SIAM 2009), section 6.4; E. Baumann,
Optimal centered forms, BIT 28 (1988) 80-87; E. Hansen, G. W. Walster, Global Optimization Using Interval Analysis, 2nd ed.
(Dekker 2004), section 12.5, on the cuts.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # of doubles, unless it is said
Mask: TypeAlias = NDArray[Any]  # of truth values

_LARGEST = np.finfo(float).max


def below(x: Array) -> Array:
    """Return the next doubles below."""
    return np.nextafter(x, -np.inf)


def above(x: Array) -> Array:
    """Return the next doubles above."""
    return np.nextafter(x, np.inf)


def middle(box: Array) -> Array:
    """Return a point of each box, (n, N): its middle, or a finite point where an end is infinite."""
    low, high = box
    with np.errstate(invalid="ignore", over="ignore"):
        half = low / 2 + high / 2
    from_low = np.maximum(2 * np.abs(low), 1.0) + low
    from_high = high - np.maximum(2 * np.abs(high), 1.0)
    point = np.where(np.isfinite(half), half, np.where(np.isfinite(low), from_low, np.where(np.isfinite(high), from_high, 0.0)))
    clipped: Array = np.clip(np.clip(point, -_LARGEST, _LARGEST), low, high)
    return clipped


def baumann_point(gradient: Array, box: Array) -> Array:
    """Return the centre, (n, N), that makes the mean-value form's lower bound greatest (Baumann 1988, theorem 2)."""
    (least, greatest), (low, high) = gradient, box
    inside = (low * greatest - high * least) / (greatest - least)
    point = np.where(least >= 0, low, np.where(greatest <= 0, high, inside))
    return np.where(np.isfinite(point), np.clip(point, low, high), middle(box))


def offsets(box: Array, centre: Array) -> Array:
    """Return an enclosure of box - centre, (2, n, N)."""
    low, high = box[0] - centre, box[1] - centre
    return np.stack([np.where(low == 0, 0.0, below(low)), np.where(high == 0, 0.0, above(high))])


def least_terms(gradient: Array, offset: Array) -> Array:
    """Return lower bounds, (n, N), of each G_i*(x_i - c_i)."""
    return np.minimum(_product_below(gradient[0], offset[1]), _product_below(gradient[1], offset[0]))


def _product_below(a: Array, b: Array) -> Array:
    return np.where((a == 0) | (b == 0), 0.0, below(a * b))  # 0 times an infinite end is 0


def lower_bound(value: Array, terms: Array) -> Array:
    """Return lower bounds, (N,), of the form from lower bounds of f(c) and of its terms."""
    total = value
    for term in terms:
        total = below(total + term)
    return np.where(np.isnan(total), -np.inf, total)


class Cut(NamedTuple):
    """What is left of N boxes."""

    box: Array  # (2, n, N)
    empty: Mask  # (N,): nothing is left


def cut(value: Array, gradient: Array, box: Array, centre: Array, most: Array | float) -> Cut:
    """Return the part of each box on which a function with this form can be at most `most`; `value`: lower bounds of f(c)."""
    offset = offsets(box, centre)
    terms = least_terms(gradient, offset)
    room = _room(value, terms, most)
    with np.errstate(divide="ignore", invalid="ignore"):
        up, down = above(room / gradient[0]), below(room / gradient[1])  # where the line through (0, room) is crossed
        up_low, down_high = below(room / gradient[0]), above(room / gradient[1])
    lacks = room < 0
    right_exists = ~lacks | ((gradient[0] < 0) & (up_low <= offset[1]))
    left_exists = ~lacks | ((gradient[1] > 0) & (down_high >= offset[0]))
    right_end = np.where(~lacks & (gradient[0] > 0), np.minimum(up, offset[1]), offset[1])
    left_end = np.where(~lacks & (gradient[1] < 0), np.maximum(down, offset[0]), offset[0])
    low = np.where(left_exists, left_end, np.maximum(up_low, 0.0))
    high = np.where(right_exists, right_end, np.minimum(down_high, 0.0))
    new = np.stack([np.maximum(box[0], below(centre + low)), np.minimum(box[1], above(centre + high))])
    new = np.where(np.isnan(new), box, new)
    empty = (~left_exists & ~right_exists) | (new[0] > new[1])
    return Cut(np.where(empty.any(axis=0), box, new), empty.any(axis=0))


def _room(value: Array, terms: Array, most: Array | float) -> Array:
    """Return upper bounds, (n, N), of what each term may be: `most` less f(c) and all other terms at their least."""
    n = len(terms)
    before, after = np.empty_like(terms), np.empty_like(terms)
    total: Array = np.broadcast_to(value, terms.shape[1:])
    for i in range(n):
        before[i] = total
        total = below(total + terms[i])
    total = np.zeros(terms.shape[1:])
    for i in reversed(range(n)):
        after[i] = total
        total = below(total + terms[i])
    room = above(most - below(before + after))
    return np.where(np.isnan(room), np.inf, room)
