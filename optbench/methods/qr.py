"""Linear least squares by QR: the closed form in the way that keeps its digits."""

from __future__ import annotations

from typing import Any

from .method import Iterates, LeastSquares, Method, Outcome
from .normal_equations import SOLVED
from .options import Options
from .space import Point

DEFICIENT = "columns of J depend on each other: of all solutions this is one"
_RANK = 1e-13  # diagonal entries of R below this part of the greatest one count as 0, for columns of length 1


def qr(objective: LeastSquares, x: Point, value: float, options: Options) -> Iterates:
    """One step from anywhere: J D^-1 = Q R with columns of length 1, and R D p = -Q'r.

    Where columns depend on each other, the step of least norm in D p is taken, by the singular values of R.
    """
    import numpy as np

    r, J = objective.residuals(x), objective.residual_jacobian(x)
    largest = np.abs(J).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)  # out before squares, which may be beyond the doubles
    J = J / largest
    D = np.linalg.norm(J, axis=0)
    D = np.where(D > 0, D, 1.0)
    Q, R = np.linalg.qr(J / D)
    diagonal = np.abs(np.diag(R))
    step: Any = -(Q.T @ r)
    if len(diagonal) == J.shape[1] and diagonal.min() > _RANK * diagonal.max():
        step, reason = np.linalg.solve(R, step), SOLVED
    else:
        step, reason = np.linalg.lstsq(R, step, rcond=_RANK)[0], DEFICIENT
    x = x + objective.space.point(step / D / largest)
    yield x, objective.value(x)
    return Outcome(True, reason)


METHOD = Method(
    name="qr",
    summary="Linear least squares by Householder's QR factorisation: the closed form in one step, without squaring the condition number.",
    source="G. H. Golub 1965, Numer. Math. 7, 206-216",
    algorithm=qr,
    uses=frozenset({"value", "residuals", "gradient"}),
    bounds=False,
    linear_residuals_only=True,
    largest_dimension=2000,
)
