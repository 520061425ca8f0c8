"""Points at which all constraints are proved to hold, and the multipliers that go with them.

A point of doubles may satisfy inequalities as it is, or after a small shift into the feasible set. Equations are hardly
ever satisfied by doubles: there a Newton test proves that a true solution lies in a tiny box, in as many coordinates as
there are equations (and inequalities that hold with equality), the others staying where they are.

Source: E. Hansen, G. W. Walster, Global Optimization Using Interval Analysis, 2nd ed. (Dekker 2004), section 15.4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from optbench.arithmetic.ball_enclosure import between
from optbench.arithmetic.interval_constants import doubles_around_end
from optbench.arithmetic.interval_reading import DEFINED
from optbench.certify.curvature import krawczyk
from optbench.certify.linear_forms import Array, Mask, above, below
from optbench.certify.model import Model

_SHIFTS = (0.0, 1e-14, 1e-12, 1e-10, 1e-9, 1e-8)  # how far inside of inequalities a point is moved, relative to their size
_RADII = (1e-13, 1e-11, 1e-9, 1e-7)  # of the boxes in which solutions are proved, relative to the point
_NEARLY = 1e-6  # an inequality with a residual above minus this may hold with equality at the solution
_NEWTON_STEPS = 8
_PRECISION = 128  # bits of the enclosures that decide


class Feasible(NamedTuple):
    """A box in which a feasible point is proved to lie."""

    box: Array  # (2, n); thin where the point itself is feasible
    upper: float  # an upper bound of the minimand there
    equations: tuple[int, ...] = ()  # the functions that are solved in the box, in ...
    coordinates: tuple[int, ...] = ()  # ... as many coordinates; none where the point itself is feasible
    around: Array | None = None  # (2, n): the box in which a Newton test finds exactly one solution, which is in `box`


def feasible_near(model: Model, x: Array) -> Feasible | None:
    """Return a proved feasible point near x, (n,), or None where none is found."""
    x = model.in_range(x[:, None], np.stack([model.lower, model.upper])[:, :, None])[:, 0]
    if not model.equality.any():
        for shift in _SHIFTS if len(model.rows) else _SHIFTS[:1]:
            point = x if not shift else _shifted(model, x, shift)
            if point is not None and (found := as_it_is(model, point)) is not None:
                return found
    elif (found := as_it_is(model, x)) is not None:
        return found
    return _by_newton(model, x) if len(model.rows) and model.has_slopes else None


def as_it_is(model: Model, x: Array) -> Feasible | None:
    """Return the point if all constraints are proved to hold at it as it stands."""
    box = np.stack([x, x])
    upper = _upper(model, box, ())
    return None if upper is None else Feasible(box, upper)


def _upper(model: Model, box: Array, solved: tuple[int, ...]) -> float | None:
    """The greatest value in a box (2, n), where all constraints but those that are solved hold everywhere; by balls, which
    know more than doubles: that 2^2 - 4 is 0, and which elementary functions numpy has has no part in it."""
    if not ((box[0] >= model.inner_lower) & (box[1] <= model.inner_upper) & np.isfinite(box)).all():
        return None
    value, *residuals = model.balls([between(low, high) for low, high in box.T.tolist()], _PRECISION)
    if not value.everywhere or not all(r.everywhere for r in residuals):
        return None
    for k, (row, residual) in enumerate(zip(model.rows, residuals, strict=True), 1):
        if row.equality:
            holds = residual.is_thin and residual.contains_zero
        else:
            holds = bool(residual.upper < 0 if row.strict else residual.upper <= 0)
        if not holds and k not in solved:
            return None
    upper = doubles_around_end(value.upper)[1]
    return upper if upper < np.inf else None


def _middles(model: Model, x: Array) -> tuple[Array, Array]:
    """About the values, (m,), and gradients, (m, n), of all functions at x."""
    found = model.slopes(np.stack([x, x])[:, :, None])
    return found.value[..., 0].mean(axis=0), found.gradient[..., 0].mean(axis=0)


def _movable(model: Model, x: Array) -> Mask:
    """The coordinates that can move both ways."""
    movable: Mask = (x > model.inner_lower) & (x < model.inner_upper) & ~model.integer
    return movable


def _shifted(model: Model, x: Array, shift: float) -> Array | None:
    """Return a point at which nearly violated inequalities hold by about `shift`, found by Newton's method."""
    if not model.has_slopes:
        return None
    for _ in range(_NEWTON_STEPS):
        values, slopes = _middles(model, x)
        wanted = -shift * np.maximum(1.0, np.abs(slopes[1:]).max(axis=1, initial=0.0))
        off = values[1:] > wanted / 2
        if not off.any():
            return x
        movable = _movable(model, x)
        if not movable.any() or not np.isfinite(slopes[1:][off]).all() or not np.isfinite(values).all():
            return None
        step = np.linalg.lstsq(slopes[1:][off][:, movable], (wanted - values[1:])[off], rcond=None)[0]
        x = x.copy()
        x[movable] += step
        x = np.clip(x, model.inner_lower, model.inner_upper)
    return x


# ---- solutions of equations ----------------------------------------------------------------------------------------------


def _by_newton(model: Model, x: Array) -> Feasible | None:
    values, slopes = _middles(model, x)
    tight = model.equality | (~model.strict & (values[1:] > -_NEARLY * np.maximum(1.0, np.abs(slopes[1:]).max(axis=1, initial=0.0))))
    for solved in dict.fromkeys((tuple(np.flatnonzero(tight) + 1), tuple(np.flatnonzero(model.equality) + 1))):
        coordinates = _solvable(slopes[list(solved)], _movable(model, x))
        if coordinates is not None and solved:
            found = _solution(model, x, tuple(map(int, solved)), coordinates)
            if found is not None:
                return found
    return None


def _solvable(slopes: Array, movable: Mask) -> tuple[int, ...] | None:
    """Return coordinates for which the equations' gradients, (k, n), are well independent: pivots of an elimination."""
    rest, chosen = np.where(movable, slopes, 0.0), []
    if not np.isfinite(rest).all():
        return None
    scale = np.abs(rest).max(axis=1, initial=0.0)
    for _ in range(len(slopes)):
        size = np.abs(rest) / np.where(scale > 0, scale, 1.0)[:, None]
        row, column = np.unravel_index(int(size.argmax()), size.shape) if size.size else (0, 0)
        if not size.size or size[row, column] < 1e-9:
            return None
        chosen.append(int(column))
        rest = rest - np.outer(rest[:, column] / rest[row, column], rest[row])
        rest[row], rest[:, column] = 0.0, 0.0
    return tuple(sorted(chosen))


def _solution(model: Model, x: Array, solved: tuple[int, ...], coordinates: tuple[int, ...]) -> Feasible | None:
    rows, columns = list(solved), list(coordinates)
    x = x.copy()
    for _ in range(_NEWTON_STEPS):
        values, slopes = _middles(model, x)
        matrix = slopes[np.ix_(rows, columns)]
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) == 0:
            return None
        x[columns] -= np.linalg.solve(matrix, values[rows])
        if not np.isfinite(x).all():
            return None
    for radius in _RADII:
        box = np.stack([x, x])
        box[:, columns] += np.outer([-1, 1], radius * np.maximum(1.0, np.abs(x[columns])))
        narrow = _contracted(model, box, x, rows, columns)
        if narrow is not None and (upper := _upper(model, narrow, solved)) is not None:
            return Feasible(narrow, upper, solved, coordinates, box)
    return None


def _contracted(model: Model, box: Array, x: Array, rows: list[int], columns: list[int]) -> Array | None:
    """Return a smaller box with exactly one solution, or None where that is not proved."""
    wide, thin = model.slopes(box[:, :, None]), model.values(np.stack([x, x])[:, :, None])
    if not (wide.smooth[rows].all() and (wide.state[rows] == DEFINED).all() and (thin.state[rows] == DEFINED).all()):
        return None
    jacobian, part = wide.gradient[:, rows][:, :, columns], box[:, columns, None]
    free = np.ones((len(columns), 1), dtype=bool)
    step = krawczyk(thin.bounds[:, rows], jacobian, part, x[columns, None], free)
    if not step.unique[0]:
        return None
    narrow = box.copy()
    narrow[:, columns] = np.stack([below(step.box[0, :, 0]), above(step.box[1, :, 0])])
    return narrow


# ---- multipliers -----------------------------------------------------------------------------------------------------------


def multipliers_at(model: Model, x: Array) -> Array:
    """Return about the multipliers, (m - 1,), of the constraints at a solution: zero for inequalities that are not tight.

    They leave the least of the Lagrangian's gradient by the coordinates that can move (least squares; those of the wrong
    sign are left out one after the other). Bounds are valid with any multipliers of the right sign.
    """
    found = np.zeros(len(model.rows))
    if not len(model.rows) or not model.has_slopes:
        return found
    values, slopes = _middles(model, x)
    movable = _movable(model, x) & (np.minimum(x - model.lower, model.upper - x) > 1e-7 * np.maximum(1.0, np.abs(x)))
    tight = np.flatnonzero(model.equality | (values[1:] > -_NEARLY * np.maximum(1.0, np.abs(slopes[1:]).max(axis=1, initial=0.0))))
    while len(tight) and np.isfinite(slopes).all():
        weights = np.linalg.lstsq(slopes[1 + tight][:, movable].T, -slopes[0, movable], rcond=None)[0]
        wrong = np.where(model.equality[tight], 0.0, weights)
        if wrong.min() >= 0:
            found[tight] = weights
            break
        tight = np.delete(tight, int(wrong.argmin()))
    return found
