"""The first- and second-order conditions of a constrained problem at a point, and the multipliers they rest on.

The multipliers are those that leave the least gradient of the Lagrangian, found by nonnegative least squares over the
active constraints and bounds (C. Lawson, R. Hanson, Solving Least Squares Problems, 1974, chapter 23); the conditions are
those of Karush, Kuhn and Tucker (J. Nocedal, S. Wright, Numerical Optimization, 2nd ed., theorems 12.1 and 12.5).

>>> nonnegative_least_squares([[1.0, 0.0], [0.0, 1.0]], [2.0, -3.0], [False, False]).tolist()
[2.0, 0.0]
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from optbench.workbench.function import Function
from optbench.workbench.kkt_by_structure import Conditions, is_within_reach

_ACTIVE = 1e-6  # slack up to which a constraint or bound may be active, relative to the size of its gradient or of the point
_HELD = 1e-8  # scaled multiplier from which an active constraint holds the point back
_MANY = 100  # multipliers from which they are not found one after the other
_PATIENCE = 3  # exchanges that may leave as many wrong signs as before
_FIRMLY = 1e-3  # and from which it does so firmly, whatever the tolerances
LARGEST = 4_000_000  # entries of the gradients of active constraints that are worked with as a whole


class Kkt(NamedTuple):
    """What holds at a point; relative figures are scaled as the projected gradient is."""

    multipliers: Any  # one a residual, 0 for inactive ones; those of inequalities are at least 0
    stationarity: float  # relative size of what is left of the Lagrangian's gradient
    complementarity: float  # greatest |multiplier * residual| of an inequality, relative to the value
    held: Any  # which constraints hold the point: the equations and the inequalities with a multiplier
    tangent: Any  # independent columns: directions that no equation and no inequality or bound with a multiplier forbids
    nearly_tangent: Any  # likewise, where only large multipliers count
    has_tangents: bool = True  # False where there are too many directions to be told


def kkt(function: Function, x: Any, value: float, gradient: Any, residuals: Any) -> Kkt | None:
    """Return the conditions at a point in the box; None where the gradients are undefined, or too large for dense algebra
    and without a structure to go by."""
    import numpy as np

    x, gradient = np.atleast_1d(x), np.atleast_1d(gradient)
    weights = np.maximum(abs(x), 1.0)  # of a relative change of x, see `stationarity`
    size = max(function.scale, abs(value))
    derivatives = function.jacobian(_point(function, x))
    fixed = np.atleast_1d(function.lower) == np.atleast_1d(function.upper)
    equalities = np.array(function.equalities)
    if not (np.isfinite(gradient).all() and np.isfinite(derivatives).all() and np.isfinite(residuals).all()):
        return None
    if function.dimension * (function.constraint_count + function.dimension) > LARGEST:
        return _by_structure(function, x, gradient, residuals, derivatives, size) if is_within_reach(function) else None
    gradient = np.where(fixed, 0.0, gradient)  # what a constraint does to fixed entries has no part in its multiplier
    J = np.where(fixed, 0.0, function.jacobian_sparsity.dense(derivatives) * (weights / size))
    norms = np.linalg.norm(J, axis=1)
    active = (equalities | (residuals >= -_ACTIVE * np.maximum(1.0, norms * size))) & (norms > 0)
    bounds = np.vstack([_active_bounds(function, x, weights), np.eye(len(x))[fixed]])
    normed = J[active] / norms[active][:, None]
    columns = np.vstack([normed, bounds]).T
    free = np.concatenate([equalities[active], np.zeros(len(bounds) - fixed.sum(), dtype=bool), np.ones(fixed.sum(), dtype=bool)])
    found = nonnegative_least_squares(columns, -gradient * weights / size, free)
    left = gradient * weights / size + columns @ found
    multipliers = np.zeros(len(equalities))
    multipliers[active] = found[: active.sum()] / norms[active]
    slack = np.where(equalities, 0.0, multipliers * residuals) / size
    holding, firm = (free | (found > least) for least in (_HELD, _FIRMLY))
    held = equalities.copy()
    held[active] = holding[: active.sum()]
    stationarity, complementarity = (float(np.max(abs(rest), initial=0.0)) for rest in (left, slack))
    tangent, nearly = (weights[:, None] * null_space(columns.T[which]) for which in (holding, firm))
    return Kkt(multipliers, stationarity, complementarity, held, tangent, nearly)


def _by_structure(function: Function, x: Any, gradient: Any, residuals: Any, derivatives: Any, size: float) -> Kkt:
    """The conditions without tangent directions, of which there would be too many."""
    import numpy as np

    conditions = Conditions(function, x, gradient, residuals, derivatives, size, _ACTIVE)
    multipliers = conditions.multipliers()
    slack = np.where(conditions.equalities, 0.0, multipliers * residuals) / size
    none = np.zeros((len(x), 0))
    held = conditions.equalities | (multipliers > _HELD)
    return Kkt(multipliers, conditions.left(multipliers), float(np.max(abs(slack), initial=0.0)), held, none, none, False)


def _point(function: Function, x: Any) -> Any:
    return float(x[0]) if function.scalar else x


def _active_bounds(function: Function, x: Any, weights: Any) -> Any:
    """One row a bound that x touches, where the entry is not fixed: its outward unit vector."""
    import numpy as np

    lower, upper = np.atleast_1d(function.lower), np.atleast_1d(function.upper)
    unit = np.eye(len(x))
    near, free = _ACTIVE * weights, lower < upper
    return np.vstack([-unit[free & (x <= lower + near)], unit[free & (x >= upper - near)]])


def nonnegative_least_squares(M: Any, b: Any, free: Any) -> Any:
    """Return y that minimises |M y - b| with y_j >= 0 wherever `free` is not set (algorithm NNLS, step numbers as there)."""
    import numpy as np

    M, b, passive = np.asarray(M, dtype=float), np.asarray(b, dtype=float), np.array(free, dtype=bool)
    free = passive.copy()
    y = np.zeros(M.shape[1])
    if free.any():
        y[free] = np.linalg.lstsq(M[:, free], b, rcond=None)[0]
    if len(y) > _MANY:
        y, passive = _exchanged(M, b, free)
    for _ in range(3 * len(y)):
        w = M.T @ (b - M @ y)  # step 2
        w[passive] = -math.inf
        j = int(np.argmax(w)) if len(w) else -1
        if j < 0 or not w[j] > 1e-13 * max(1.0, float(np.linalg.norm(b))):  # step 3
            break
        passive[j] = True  # step 5
        while True:
            z = np.zeros_like(y)
            z[passive] = np.linalg.lstsq(M[:, passive], b, rcond=None)[0]  # step 6
            bad = passive & ~free & (z <= 0)
            if not bad.any():
                y = z  # step 7
                break
            alpha = float(np.min(y[bad] / np.maximum(y[bad] - z[bad], 1e-300)))  # steps 8 to 10
            y = y + alpha * (z - y)
            leaving = passive & ~free & (y <= 1e-15)  # step 11
            y[leaving] = 0.0
            passive &= ~leaving
            if not leaving.any():
                break
    return y


def _exchanged(M: Any, b: Any, free: Any) -> tuple[Any, Any]:
    """Return where to begin with many unknowns, which NNLS would take in one by one: nearly always its answer.

    All unknowns of the wrong sign are exchanged at once, as long as there are fewer and fewer of them; then negative ones are
    dropped until there are none.

    Source: L. F. Portugal, J. J. Judice, L. N. Vicente, A comparison of block pivoting and interior-point algorithms for linear
    least squares problems with nonnegative variables, Math. Comp. 63 (1994) 625-643, section 3.
    """
    import numpy as np

    passive, fewest, patience = np.ones(M.shape[1], dtype=bool), M.shape[1] + 1, _PATIENCE
    least = 1e-13 * max(1.0, float(np.linalg.norm(b)))
    while True:
        y = np.zeros(M.shape[1])
        if passive.any():
            y[passive] = np.linalg.lstsq(M[:, passive], b, rcond=None)[0]
        negative = passive & ~free & (y <= 0)
        missing = ~passive & (M.T @ (b - M @ y) > least)
        wrong = int(negative.sum() + missing.sum())
        patience = _PATIENCE if wrong < fewest else patience - 1
        fewest = min(fewest, wrong)
        if not negative.any() and (not missing.any() or patience < 0):
            return y, passive
        passive = passive & ~negative | (missing & (patience >= 0))


def null_space(rows: Any) -> Any:
    """Return an orthonormal basis of the directions that are orthogonal to all rows, as columns."""
    import numpy as np

    if not len(rows):
        return np.eye(rows.shape[1])
    _, singular, right = np.linalg.svd(rows)
    rank = int(np.sum(singular > 1e-10 * max(1.0, float(singular[0]))))
    return right[rank:].T
