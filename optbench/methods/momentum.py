"""Gradient descent with momentum, the heavy ball: each step keeps a part of the one before."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .line_search import DIVERGED, NO_STEP, step_inside
from .method import Iterates, Method, Objective, Options, Progress, option, settled
from .space import Point


@dataclass(frozen=True)
class MomentumOptions(Options):
    """The ball's step and weight."""

    step: float = option(0.01, "factor of the gradient in a step", above=0)
    momentum: float = option(0.9, "part of the last step that is kept", at_least=0, below=1)
    patience: int = option(1000, "iterations without progress after which it stops", at_least=1)


def momentum(objective: Objective, x: Point, value: float, options: MomentumOptions) -> Iterates:
    """x_{k+1} = P(x_k - alpha g_k + beta (x_k - x_{k-1})); Polyak 1964, the two-step method, with a projection."""
    progress = Progress(objective, options.patience)
    alpha, beta = options.step, options.momentum
    last = x
    while True:
        g = objective.gradient(x)
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        inside = step_inside(objective, x, objective.project(x - alpha * g + beta * (x - last)))
        if inside is None:
            return NO_STEP
        last, (x, value) = x, inside
        yield x, value
        if not math.isfinite(value):
            return DIVERGED


METHOD = Method(
    name="momentum",
    summary="Steps against the gradient that keep a part of the step before, projected onto the bounds (the heavy ball).",
    source="B. T. Polyak 1964, USSR Comput. Math. Math. Phys. 4(5)",
    algorithm=momentum,
    options=MomentumOptions,
    uses=frozenset({"value", "gradient"}),
)
