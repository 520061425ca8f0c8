"""The conditions of Karush, Kuhn and Tucker where the gradients of the constraints are too many to be written as a whole.

Entries at a bound are left out of the least squares that give the multipliers; what is left of the Lagrangian's gradient
there must point out of the box. Inequalities whose multiplier would be negative are let go, a few times over. However
they were found, multipliers that leave next to nothing prove the conditions; others prove nothing against them.
"""

from __future__ import annotations

from typing import Any

from optbench.workbench.function import Function, importable

_ROUNDS = 30
_NEGLIGIBLE = 1e-12  # scaled multiplier whose sign is rounding


class Conditions:
    """The gradients of active constraints at a point, scaled so that figures are relative."""

    def __init__(self, function: Function, x: Any, gradient: Any, residuals: Any, derivatives: Any, size: float, near: float) -> None:
        import numpy as np

        from optbench.arithmetic.casadi_normal_equations import SparseRows

        weights = np.maximum(abs(x), 1.0)
        sparsity = function.jacobian_sparsity
        self.J = SparseRows(sparsity.rows, sparsity.columns, derivatives * weights[sparsity.columns] / size, sparsity.shape)
        self.g = gradient * weights / size
        self.equalities = np.array(function.equalities)
        self.at_lower, self.at_upper = x <= function.lower + near * weights, x >= function.upper - near * weights
        lengths = self.J.lengths()
        self.active = (self.equalities | (residuals >= -near * np.maximum(1.0, lengths * size))) & (lengths > 0)

    def multipliers(self) -> Any:
        """Return one multiplier a constraint, those of inequalities at least 0."""
        import numpy as np

        free = ~(self.at_lower | self.at_upper)
        found, kept = np.zeros(len(self.active)), self.active
        for _ in range(_ROUNDS):
            found[:] = 0.0
            if not kept.any():
                break
            found[kept] = self.J.part(kept, free).weights(-self.g[free])
            negative = kept & ~self.equalities & (found < -_NEGLIGIBLE)
            if not negative.any():
                break
            kept = kept & ~negative
        return np.where(self.equalities, found, np.maximum(found, 0.0))

    def left(self, multipliers: Any) -> float:
        """Return the greatest entry of what the multipliers and the bounds leave of the Lagrangian's gradient."""
        import numpy as np

        rest = self.g + self.J.transposed_times(multipliers)
        held = (self.at_lower & (rest > 0)) | (self.at_upper & (rest < 0)) | (self.at_lower & self.at_upper)
        return float(np.max(abs(rest[~held]), initial=0.0))


def is_within_reach(function: Function) -> bool:
    """Whether the gradients' pattern is known and may be factorised."""
    from optbench.workbench.reading import GraphReading

    return importable("casadi") and not isinstance(function.reading, GraphReading)


def lagrangian_is_convex(function: Function, x: Any, multipliers: Any) -> bool:
    """Whether the Hessian of the Lagrangian has no negative eigenvalue, and no vanishing one unless it is the same everywhere."""
    from optbench.arithmetic.casadi_definiteness import is_positive_semidefinite

    if function.hessian_missing_because or not function.is_smooth:
        return False
    margin = 0.0 if function.is_linear or function.is_quadratic else 1e-8
    return is_positive_semidefinite(function.lagrangian_sparsity, function.lagrangian_hessian(x, 1.0, multipliers), margin)


def restoring_step(function: Function, x: Any, residuals: Any, wanted: Any, watched: Any) -> Any:
    """Return the shortest step that changes the watched residuals by what is wanted, to first order, by entries off their bounds."""
    import numpy as np

    from optbench.arithmetic.casadi_normal_equations import SparseRows

    sparsity, derivatives = function.jacobian_sparsity, function.jacobian(x)
    if not (np.isfinite(residuals).all() and np.isfinite(derivatives).all()):
        return None
    movable = (x > function.lower) & (x < function.upper)
    J = SparseRows(sparsity.rows, sparsity.columns, derivatives, sparsity.shape).part(watched, movable)
    step = np.zeros_like(x)
    step[movable] = J.shortest(wanted)
    return step
