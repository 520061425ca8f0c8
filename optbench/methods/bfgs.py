"""BFGS: Newton's method with an inverse Hessian learned from gradients, and bounds by projection."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .line_search import NO_DECREASE, free_entries, margins, weak_wolfe
from .method import Iterates, Method, Objective, Progress, settled
from .options import Options, option
from .space import EPSILON, Matrix, Point


@dataclass(frozen=True)
class BfgsOptions(Options):
    """The two conditions of the line search."""

    sufficient_decrease: float = option(1e-4, "part of the promised decrease that a step must bring", above=0, below=0.5)
    curvature: float = option(0.9, "part of the slope that may be left at its end; above sufficient_decrease", above=0, below=1)
    patience: int = option(20, "iterations without progress after which it stops", at_least=1)


def bfgs(objective: Objective, x: Point, value: float, options: BfgsOptions) -> Iterates:
    """Nocedal & Wright 2006, algorithm 6.1, with the line search of Lewis & Overton 2013.

    With bounds, the entries held back have a metric of their own, a multiple of the identity (Bertsekas 1982, section
    2): their rows of H are reset, and s and y count on the others only.
    """
    space = objective.space
    progress = Progress(objective, options.patience)
    bounded = progress.bounded
    margin = margins(objective)
    g = objective.gradient(x)
    H: Matrix | None = None  # stands for `scale` times the identity
    scale = 0.0
    while True:
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        free = free_entries(objective, x, g, margin) if bounded else None
        scale = scale or 1.0 / max(1.0, space.norm(g))
        if H is not None and free is not None and not space.all(free):
            H = space.restricted(H, free, scale)
        p = -scale * g if H is None else -space.times(H, g)
        trial = weak_wolfe(objective, x, value, g, p, options.sufficient_decrease, options.curvature, bounded)
        if trial is None and H is not None:  # what H has learned may be rounding: once more along the gradient
            H, scale = None, 0.0
            continue
        if trial is None or trial.gradient is None:
            return NO_DECREASE
        s, y = trial.x - x, trial.gradient - g
        if free is not None:
            s, y = space.masked(s, free), space.masked(y, free)
        x, value, g = trial.x, trial.value, trial.gradient
        yield x, value
        sy, yy = space.dot(s, y), space.dot(y, y)
        if sy > EPSILON * yy * scale and 0 < yy < math.inf:  # else there is no curvature to be learned
            if H is None:
                scale = sy / yy  # (6.20)
                H = scale * space.identity()
            H = space.bfgs_update(H, s, y, sy)  # (6.17)


METHOD = Method(
    name="bfgs",
    summary="The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno; its line search copes with kinks too.",
    source="J. Nocedal & S. J. Wright 2006, Numerical Optimization, section 6.1; A. S. Lewis & M. L. Overton 2013, Math. Program. 141",
    algorithm=bfgs,
    options=BfgsOptions,
    uses=frozenset({"value", "gradient"}),
    largest_dimension=5000,
)
