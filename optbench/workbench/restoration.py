"""Moving a point onto the constraints: what a method leaves violated is put right before the point is judged.

Gauss-Newton steps of least length on what is violated, as in the restoration of filter methods (R. Fletcher, S. Leyffer,
Nonlinear programming without a penalty function, Math. Program. 91, 2002, section 2), inside the box.
"""

from __future__ import annotations

import math
from typing import Any

from optbench.workbench.function import Function
from optbench.workbench.kkt import LARGEST
from optbench.workbench.kkt_by_structure import is_within_reach, restoring_step

CLEAN = 1e-12  # violation of a point that needs no restoration
_STEPS = 30


def restored(function: Function, x: Any, held: Any = None) -> Any:
    """Return a point near x that satisfies the constraints better, as well as doubles allow; x where none is found.

    Inequalities that are `held` (a mask) are to hold as equations.
    """
    import numpy as np

    if not function.constraint_count or function.constraint_gradient_missing_because:
        return x
    large = function.dimension * function.constraint_count > LARGEST
    if large and not is_within_reach(function):
        return x
    space = function.space
    equalities = np.array(function.equalities) if held is None else held

    def violation_at(point: Any, residuals: Any) -> float:
        off = float(np.max(abs(residuals[equalities]), initial=0.0))
        return max(function.violation(point), off if off == off else math.inf)

    residuals = np.asarray(function.constraints(x))
    best, least = x, violation_at(x, residuals)
    for _ in range(_STEPS):
        if least <= CLEAN:
            break
        if large:
            step = _sparse_step(function, best, residuals, equalities)
        else:
            J = function.jacobian_sparsity.dense(function.jacobian(best))
            step = _step(function, np.atleast_1d(best), residuals, J, equalities)
        if step is None:
            break
        point = space.clip(space.point(space.coordinates(best)) + space.point(step.tolist()), function.lower, function.upper)
        there = np.asarray(function.constraints(point))
        violation = violation_at(point, there)
        if not violation < least:
            break
        best, least, residuals = point, violation, there
    return best


def _sparse_step(function: Function, x: Any, residuals: Any, equalities: Any) -> Any:
    """The same as `_step`, but for entries at a bound, which stay there."""
    import numpy as np

    violated = (equalities & (residuals != 0)) | (residuals > 0)
    watched = violated | equalities | (residuals > -1e-9)
    return restoring_step(function, x, residuals, np.where(violated, -residuals, 0.0)[watched], watched) if violated.any() else None


def _step(function: Function, x: Any, residuals: Any, J: Any, equalities: Any) -> Any:
    """The shortest step that satisfies the violated constraints to first order, by entries that bounds let move."""
    import numpy as np

    violated = (equalities & (residuals != 0)) | (residuals > 0)
    if not np.isfinite(residuals).all() or not np.isfinite(J).all() or not violated.any():
        return None
    watched = violated | equalities | (residuals > -1e-9)  # those that hold must go on holding
    lower, upper = np.atleast_1d(function.lower), np.atleast_1d(function.upper)
    movable = lower < upper
    step = np.zeros_like(x)
    wanted = np.where(violated, -residuals, 0.0)[watched]
    for _ in range(3):  # entries that would leave the box are held, and the others try again
        step[:] = 0.0
        step[movable] = np.linalg.lstsq(J[np.ix_(watched, movable)], wanted, rcond=None)[0]
        leaving = movable & ((x + step < lower) | (x + step > upper)) & ((x <= lower) | (x >= upper))
        if not leaving.any():
            break
        movable &= ~leaving
    return step
