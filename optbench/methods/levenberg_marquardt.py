"""Levenberg-Marquardt: sums of squares by damped linear least squares; bounds by two metrics.

The linear problem is never squared: the damping joins the Jacobian as further rows. Variables are scaled by the columns
of the Jacobian, so that their units don't matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from .line_search import NO_DECREASE, ROUNDING, free_entries, margins
from .method import Iterates, LeastSquares, Method, Progress, settled
from .options import Options, option
from .space import EPSILON, Point

REFINEMENTS = 3  # steps after the gradient has become small enough, while the linear model promises that digits are gained
PROMISING = 1e-13  # part of r'r that has to be promised for that
BY_QR = 10  # unknowns from which a QR factorisation costs less than singular values


@dataclass(frozen=True)
class LevenbergMarquardtOptions(Options):
    """The first damping, and what a step must bring."""

    damping: float = option(1e-3, "first damping, relative to the squares of the Jacobian's columns", above=0)
    sufficient_decrease: float = option(1e-4, "part of the promised decrease that a step must bring", above=0, below=0.25)
    patience: int = option(20, "iterations without progress after which it stops", at_least=1)


class Place(NamedTuple):
    """A point, the residuals r and their Jacobian J there, and half of the gradient of f = r'r."""

    x: Point
    r: Any  # shape (r,)
    J: Any  # shape (r, n)
    half: Any  # J'r, shape (n,)


def levenberg_marquardt(objective: LeastSquares, x: Point, value: float, options: LevenbergMarquardtOptions) -> Iterates:
    """More 1978 with the damping of Nielsen 1999, on the projection arc of Bertsekas 1982, section 2, where there are bounds.

    What the value at the start has beside r'r is the constant part of f.
    """
    import numpy as np

    space = objective.space
    progress = Progress(objective, options.patience)
    margin = margins(objective)
    here = place(objective, x, objective.residuals(x))
    constant = value - _square(here.r)
    constant = constant if abs(constant) > ROUNDING * abs(value) else 0.0
    damping = Damping(options.damping)
    D = np.zeros(space.dimension)
    refined = 0
    while True:
        gradient = space.point(2 * here.half)
        outcome = settled(objective, x, value, gradient) or progress.ended(x, value, gradient)
        if outcome is not None and not (outcome.converged and refined < REFINEMENTS and is_promising(here, D, damping.mu)):
            return outcome
        refined += outcome is not None
        free = np.full(space.dimension, True)
        if progress.bounded:
            free[:] = free_entries(objective, x, gradient, margin)
        D = np.maximum(D, np.linalg.norm(here.J, axis=0))  # More 1978, section 6
        found = better(objective, here, np.where(D > 0, D, 1.0), free, damping, options.sufficient_decrease)
        if found is None:
            return outcome or NO_DECREASE
        here = found
        x, value = here.x, _square(here.r) + constant
        yield x, value


class Damping:
    """The damping mu, and nu, by which it grows next: Nielsen 1999, (2.21) of Madsen, Nielsen & Tingleff 2004."""

    def __init__(self, mu: float) -> None:
        self.mu, self.nu = mu, 2.0

    def succeeded(self, gain: float) -> None:
        """Shrink the damping after a step, the more of what it had promised it has brought."""
        self.mu *= max(1 / 3, 1 - (2 * min(gain, 1.0) - 1) ** 3)
        self.nu = 2.0

    def failed(self) -> None:
        """Let it grow, ever faster."""
        self.mu *= self.nu
        self.nu *= 2


def better(objective: LeastSquares, here: Place, D: Any, free: Any, damping: Damping, decrease: float) -> Place | None:
    """Return a point that brings enough of the decrease that the linear model promises, or None."""
    import numpy as np

    space = objective.space
    while True:
        x = objective.project(here.x + space.point(step(here, D, free, damping.mu)))
        if space.equal(x, here.x) or not space.is_finite(x):
            return None
        moved = _array(objective, x - here.x)
        slope = 2 * float(here.half @ moved)
        promised = -slope - _square(here.J @ moved)  # negative where a bound has bent the step: then a shorter one
        if promised > 0:
            r = objective.residuals(x)
            there: Place | None = None
            brought = float((here.r - r) @ (here.r + r))
            if promised <= ROUNDING * _square(here.r):  # differences of f are rounding: its slopes decide
                there = place(objective, x, r)
                brought = -0.5 * (slope + 2 * float(there.half @ moved))
            if brought > decrease * promised:
                there = there or place(objective, x, r)
                if np.isfinite(there.half).all():
                    damping.succeeded(brought / promised)
                    return there
        damping.failed()


def is_promising(here: Place, D: Any, mu: float) -> bool:
    """Whether a step is likely to gain digits though the gradient is small beside the function's scale: where r'r is small, too."""
    import numpy as np

    p = step(here, np.where(D > 0, D, 1.0), np.full(len(D), True), mu)
    return bool(-2 * float(here.half @ p) - _square(here.J @ p) > PROMISING * _square(here.r))


def step(here: Place, D: Any, free: Any, mu: float) -> Any:
    """Return the p that makes |J p + r|^2 + mu |D p|^2 least in the free entries, and in the others as if J'J were D^2."""
    import numpy as np

    p = -here.half / ((1 + mu) * D**2)
    J = here.J[:, free] / D[free]
    n = J.shape[1]
    if n:
        rows, right = np.vstack((J, np.sqrt(mu) * np.eye(n))), np.concatenate((-here.r, np.zeros(n)))
        p[free] = _least_squares(rows, right) / D[free]
    return p


def _least_squares(A: Any, b: Any) -> Any:
    """Return the p that makes |A p - b| least: by QR where that is quicker than singular values and A has full rank."""
    import numpy as np

    n = A.shape[1]
    if n >= BY_QR:
        R: Any = np.linalg.qr(np.column_stack((A, b)), mode="r")  # its last column has Q'b
        pivots = abs(R.diagonal()[:n])
        if pivots.min() > max(A.shape) * EPSILON * pivots.max():
            return np.linalg.solve(R[:n, :n], R[:n, n])
    return np.linalg.lstsq(A, b, rcond=None)[0]


def place(objective: LeastSquares, x: Point, r: Any) -> Place:
    """Return what is known at a point where the residuals are r."""
    J = objective.residual_jacobian(x)
    return Place(x, r, J, r @ J)


def _array(objective: LeastSquares, x: Point) -> Any:
    import numpy as np

    return np.array(objective.space.coordinates(x))


def _square(r: Any) -> float:
    return float(r @ r)


METHOD = Method(
    name="levenberg-marquardt",
    summary="Gauss and Newton's method for sums of squares, damped as far as the linear model fails; bounds by projection.",
    source="J. J. More 1978, Lect. Notes Math. 630; H. B. Nielsen 1999, report IMM-REP-1999-05, Technical University of Denmark",
    algorithm=levenberg_marquardt,
    options=LevenbergMarquardtOptions,
    uses=frozenset({"value", "residuals", "gradient"}),
    largest_dimension=2000,
)
