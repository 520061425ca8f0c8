"""Gradient descent: a step against the gradient, projected onto the bounds, with a line search or a fixed length."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .line_search import DIVERGED, NO_DECREASE, NO_STEP, backtrack, step_inside
from .method import Iterates, Method, Objective, Progress, settled
from .options import Options, option
from .space import Point

FIXED_STEP = 0.01


@dataclass(frozen=True)
class GradientDescentOptions(Options):
    """How long a step is."""

    line_search: str = option("armijo", "how the length of a step is found", choices=("armijo", "fixed"))
    step: float = option(
        0.0,
        f"the fixed step, or the first that armijo tries; 0 means {FIXED_STEP} if fixed, else one that moves x by at most 1",
        at_least=0,
    )
    # with a part c, steps up to 2(1 - c)/L pass on a curvature L, and the longest of them hardly contract if c is small
    sufficient_decrease: float = option(0.25, "part of the promised decrease that armijo wants", above=0, below=0.5)
    shrink: float = option(0.5, "factor by which armijo shortens a step", above=0, below=1)
    patience: int = option(1000, "iterations without progress after which it stops", at_least=1)


def gradient_descent(objective: Objective, x: Point, value: float, options: GradientDescentOptions) -> Iterates:
    """x_{k+1} = P(x_k - t_k g_k); Bertsekas 1976 with the step sizes of Armijo."""
    space = objective.space
    progress = Progress(objective, options.patience)
    step = options.step
    known: Point | None = None  # the gradient at x, where the line search has evaluated it
    while True:
        g = objective.gradient(x) if known is None else known
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        if options.line_search == "fixed":
            inside = step_inside(objective, x, objective.project(x - (step or FIXED_STEP) * g))
            if inside is None:
                return NO_STEP
            x, value = inside
        else:
            step = step or 1.0 / max(1.0, space.norm(g))
            trial = backtrack(objective, x, value, g, -g, step, options.sufficient_decrease, options.shrink)
            if trial is None:
                return NO_DECREASE
            x, value, known = trial.x, trial.value, trial.gradient
            step = 2 * trial.length  # so that steps can grow again
        yield x, value
        if not math.isfinite(value):
            return DIVERGED


METHOD = Method(
    name="gradient-descent",
    summary="Steps against the gradient, of a length found by Armijo's rule along the projection arc, or of a fixed one.",
    source="A. Cauchy 1847; L. Armijo 1966, Pacific J. Math. 16(1); D. P. Bertsekas 1976, IEEE Trans. Autom. Control 21(2)",
    algorithm=gradient_descent,
    options=GradientDescentOptions,
    uses=frozenset({"value", "gradient"}),
)
