"""Newton's method with a Hessian made positive definite, a backtracking line search, and bounds by two metrics."""

from __future__ import annotations

from dataclasses import dataclass

from .line_search import NO_DECREASE, backtrack, free_entries, margins
from .method import Iterates, Method, Objective, Outcome, Progress, settled
from .options import Options, option
from .space import Matrix, Point, Space


@dataclass(frozen=True)
class NewtonOptions(Options):
    """The line search, and how a Hessian is made positive definite."""

    sufficient_decrease: float = option(1e-4, "part of the promised decrease that a step must bring", above=0, below=0.5)
    shrink: float = option(0.5, "factor by which a step is shortened", above=0, below=1)
    regularisation: float = option(1e-3, "first multiple of the identity to be added, relative to the largest entry", above=0)
    patience: int = option(20, "iterations without progress after which it stops", at_least=1)


def newton(objective: Objective, x: Point, value: float, options: NewtonOptions) -> Iterates:
    """Nocedal & Wright 2006, algorithm 3.2, on the projection arc of Bertsekas 1982, section 2."""
    space = objective.space
    progress = Progress(objective, options.patience)
    bounded = progress.bounded
    margin = margins(objective)
    g = objective.gradient(x)
    while True:
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        H = objective.hessian(x)
        if not space.is_finite(H):
            return Outcome(False, "the Hessian is not defined at the last iterate")
        if bounded:  # the entries held back get a metric of their own: a multiple of the identity
            H = space.restricted(H, free_entries(objective, x, g, margin), space.max_abs(H) or 1.0)
        p = direction(space, H, g, options.regularisation)
        trial = backtrack(objective, x, value, g, p, 1.0, options.sufficient_decrease, options.shrink)
        if trial is None:
            return NO_DECREASE
        x, value = trial.x, trial.value
        yield x, value
        g = objective.gradient(x) if trial.gradient is None else trial.gradient


def direction(space: Space, H: Matrix, g: Point, regularisation: float) -> Point:
    """Return -(H + tau I)^-1 g with a small tau >= 0 that makes the matrix positive definite; H must be finite.

    Nocedal & Wright 2006, algorithm 3.3, with a beta relative to the size of H.
    """
    beta = regularisation * (space.max_abs(H) or 1.0)
    smallest = space.smallest_diagonal(H)
    tau = 0.0 if smallest > 0 else beta - smallest
    while (p := space.cholesky_solve(space.add_to_diagonal(H, tau) if tau else H, -g)) is None:
        tau = max(2 * tau, beta)
    return p


METHOD = Method(
    name="newton",
    summary="Newton's method: the Hessian made positive definite, steps shortened by Armijo's rule, bounds by projection.",
    source="J. Nocedal & S. J. Wright 2006, Numerical Optimization, section 3.4; D. P. Bertsekas 1982, SIAM J. Control Optim. 20(2)",
    algorithm=newton,
    options=NewtonOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    needs_smooth=True,
    largest_dimension=2000,
)
