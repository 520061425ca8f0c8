"""What second derivatives say: convexity and a bound by a tangent, and where a gradient can vanish.

Arrays hold N boxes in their last axis, as in `linear_forms`; Hessians are enclosures of shape (2, n, n, N).

Sources: S. M. Rump, Verification of positive definiteness, BIT 46 (2006) 433-452; R. Krawczyk, Newton-Algorithmen zur
Bestimmung von Nullstellen mit Fehlerschranken, Computing 4 (1969) 187-201.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optbench.certify.linear_forms import Array, Mask, above, below, least_terms, lower_bound, offsets

_SLACK = 1e-6  # share of its width by which a Newton box is widened: whoever repeats it may round in another way
_DOUBT = 1e-3  # relative error of an inverse from which it is of no use


def radius_and_middle(hessian: Array) -> tuple[Array, Array]:
    """Return symmetric matrices, (n, n, N), and upper bounds of the distance of every enclosed entry to them."""
    centre = hessian[0] / 2 + hessian[1] / 2
    return above(np.maximum(above(hessian[1] - centre), above(centre - hessian[0]))), centre


def positive_definite(hessian: Array, active: Mask) -> Mask:
    """Return for which boxes every enclosed symmetric matrix is positive definite on the `active` coordinates, (n, N).

    With D diagonal, scaling each variable by a power of two, and C the middle: if C - (|R| + e)I, scaled, has a Cholesky
    factor in doubles, all matrices C + R' with |R'| <= R are positive definite, where e bounds what rounding may hide
    (Rump 2006, theorem 2.3).
    """
    n = len(active)
    pair = active[:, None] & active[None, :]
    radius, centre = radius_and_middle(hessian)
    diagonal = np.where(active, centre[np.arange(n), np.arange(n)], 1.0)
    possible = np.isfinite(np.where(pair, centre + radius, 0.0)).all(axis=(0, 1)) & (diagonal > 0).all(axis=0)
    scale = np.exp2(-np.round(np.log2(np.where(possible, diagonal, 1.0)) / 2))
    scaled = np.where(pair, centre, 0.0) * scale[:, None] * scale[None, :]
    spread = np.where(pair, radius, 0.0) * scale[:, None] * scale[None, :]
    norm = np.zeros(active.shape)
    for column in range(n):
        norm = above(norm + spread[:, column])
    trace = np.where(active, diagonal * scale * scale, 0.0).sum(axis=0)
    shift = above(norm.max(axis=0) + 4 * (n + 2) ** 2 * 2.0**-53 * trace)
    places = np.arange(n)
    scaled[places, places] = np.where(active, below(scaled[places, places] - shift), 1.0)
    return possible & _has_cholesky_factor(np.where(possible, scaled, 0.0))


def _has_cholesky_factor(matrix: Array) -> Mask:
    """Whether Cholesky's decomposition runs to its end in doubles."""
    n, count = matrix.shape[1:]
    factor, good = np.zeros_like(matrix), np.ones(count, dtype=bool)
    for j in range(n):
        pivot = matrix[j, j] - (factor[j, :j] ** 2).sum(axis=0)
        good &= pivot > 0
        factor[j, j] = np.sqrt(np.where(good, pivot, 1.0))
        if j + 1 < n:
            rest = matrix[j + 1 :, j] - (factor[j + 1 :, :j] * factor[j, :j]).sum(axis=1)
            factor[j + 1 :, j] = rest / factor[j, j]
    return good


def tangent_bound(value: Array, slope: Array, box: Array, centre: Array) -> Array:
    """Return lower bounds, (N,), of convex functions on boxes from lower bounds of f(c) and an enclosure of their slopes at c."""
    return lower_bound(value, least_terms(slope, offsets(box, centre)))


def quadratic_bound(value: Array, slope: Array, hessian: Array, box: Array, centre: Array) -> Array:
    """Return lower bounds, (N,), of f(c) + g(c)*d + d*H*d/2 over boxes, for d = x - c and any enclosed Hessian H."""
    low, high = offset = offsets(box, centre)
    terms = list(least_terms(slope, offset))
    for i in range(len(centre)):
        square, half = above(np.maximum(low[i] ** 2, high[i] ** 2)), below(np.minimum(hessian[0, i, i], 0.0) / 2)
        terms.append(np.where(hessian[0, i, i] < 0, below(half * square), 0.0))
        for j in range(i):
            least = below(np.minimum(low[i] * high[j], high[i] * low[j]))
            greatest = above(np.maximum(low[i] * low[j], high[i] * high[j]))
            terms.append(least_terms(hessian[:, i, j], np.stack([least, greatest])))
    return lower_bound(value, np.array(terms))


class NewtonStep(NamedTuple):
    """Where the gradient can vanish."""

    box: Array  # (2, n, N): every zero in the box lies here too
    empty: Mask  # (N,): there is none
    unique: Mask  # (N,): there is exactly one


def krawczyk(slope: Array, hessian: Array, box: Array, centre: Array, free: Mask) -> NewtonStep:
    """Return the part of each box in which the gradient by the `free` coordinates, (n, N), can be 0.

    `slope` encloses the gradient with the free coordinates at the centre and the others in their boxes. K = c - Y*g(c) +
    (I - Y*H(X))*(X - c); where K lies inside of X, there is exactly one zero in X, and it is in K.
    """
    pair = free[:, None] & free[None, :]
    n = len(free)
    identity = np.eye(n)[:, :, None]
    matrix = np.where(pair, hessian / 1.0, identity)
    centre_matrix = matrix[0] / 2 + matrix[1] / 2
    inverse, regular = inverses(centre_matrix)
    doubt = _doubt(inverse, centre_matrix)
    regular &= doubt < _DOUBT
    step = _times_vector(inverse, np.where(free, slope, 0.0))
    defect = identity - _times_matrix(inverse, matrix)[::-1]
    defect = np.stack([below(defect[0]), above(defect[1])])
    offset = np.where(free, offsets(box, centre), 0.0)
    spread = _interval_times_vector(defect, offset)
    low = below(below(centre - step[1]) + spread[0])
    high = above(above(centre - step[0]) + spread[1])
    regular &= np.isfinite(np.where(free, low, 0.0)).all(axis=0) & np.isfinite(np.where(free, high, 0.0)).all(axis=0)
    inside = ((low > box[0]) & (high < box[1])) | ~free
    away = np.where(free & regular, np.maximum(np.abs(low - centre), np.abs(high - centre)), 0.0).max(axis=0)
    wider = _SLACK * (high - low) + 2 * doubt * away + 4 * np.abs(np.spacing(np.maximum(np.abs(low), np.abs(high))))
    low, high = np.maximum(box[0], low - wider), np.minimum(box[1], high + wider)
    empty = regular & (free & (low > high)).any(axis=0)
    new = np.where(free & regular & ~empty, np.stack([low, high]), box)
    return NewtonStep(new, empty, regular & ~empty & inside.all(axis=0))


def inverses(matrices: Array) -> tuple[Array, Mask]:
    """Return approximate inverses, (n, n, N), and which of them are usable."""
    stacked = np.moveaxis(matrices, 2, 0)
    good: Mask = np.all(np.isfinite(stacked), axis=(1, 2))
    stacked = np.where(good[:, None, None], stacked, np.eye(stacked.shape[1]))
    try:
        found = np.linalg.inv(stacked)
    except np.linalg.LinAlgError:
        good &= np.abs(np.linalg.det(stacked)) > 0
        found = np.linalg.inv(np.where(good[:, None, None], stacked, np.eye(stacked.shape[1])))
    good &= np.isfinite(found).all(axis=(1, 2))
    return np.moveaxis(np.where(good[:, None, None], found, 0.0), 0, 2), good


def _doubt(inverse: Array, matrix: Array) -> Array:
    """Return about how far off, (N,), approximate inverses may be, relatively, by rounding (R. Skeel's condition number)."""
    sizes = np.einsum("ijN,jkN->ikN", np.abs(inverse), np.abs(np.where(np.isfinite(matrix), matrix, 0.0)))
    doubt: Array = 4 * len(matrix) * np.finfo(float).eps * sizes.sum(axis=1).max(axis=0)
    return np.where(np.isfinite(doubt), doubt, np.inf)


# ---- rounded products ----------------------------------------------------------------------------------------------------


def _times_vector(matrix: Array, vector: Array) -> Array:
    """Return an enclosure, (2, n, N), of matrix (n, n, N) times vector (2, n, N)."""
    return _row_sums(_scaled(matrix, vector[:, None]))


def _times_matrix(left: Array, right: Array) -> Array:
    """Return an enclosure, (2, n, n, N), of left (n, n, N) times right (2, n, n, N)."""
    n = len(left)
    return np.stack([_row_sums(_scaled(left, right[:, None, :, k])) for k in range(n)], axis=2)


def _scaled(factor: Array, interval: Array) -> Array:
    """Return enclosures of numbers times intervals, entry by entry."""
    products = np.stack([factor * interval[0], factor * interval[1]])
    products = np.where(np.isnan(products), 0.0, products)
    return np.stack([below(products.min(axis=0)), above(products.max(axis=0))])


def _interval_times_vector(matrix: Array, vector: Array) -> Array:
    """Return an enclosure of an interval matrix (2, n, n, N) times an interval vector (2, n, N)."""
    products = np.stack([m * v[None] for m in matrix for v in vector])
    products = np.where(np.isnan(products), 0.0, products)
    return _row_sums(np.stack([below(products.min(axis=0)), above(products.max(axis=0))]))


def _row_sums(terms: Array) -> Array:
    """Return enclosures of the sums over the columns of (2, n, n, N)."""
    low, high = terms[0, :, 0], terms[1, :, 0]
    for k in range(1, terms.shape[2]):
        low, high = below(low + terms[0, :, k]), above(high + terms[1, :, k])
    return np.stack([low, high])
