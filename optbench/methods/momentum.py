"""Gradient descent with momentum, the heavy ball: each step keeps a part of the one before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .line_search import DIVERGED, NO_STEP, step_inside
from .method import Iterates, Method, Progress, settled
from .mini_batches import HeavyBall, Plan, Shuffled, batch_option, descend, epochs_option, schedule_option
from .options import Options, option
from .space import Point


@dataclass(frozen=True)
class MomentumOptions(Options):
    """The ball's step and weight."""

    step: float = option(0.01, "factor of the gradient in a step", above=0)
    momentum: float = option(0.9, "part of the last step that is kept", at_least=0, below=1)
    patience: int = option(1000, "iterations without progress after which it stops", at_least=1)
    batch: int = batch_option("all, and no chance")
    schedule: str = schedule_option("; with batches only")
    epochs: int = epochs_option("; with batches only")

    @property
    def uses_batches(self) -> bool:
        """Whether a step sees a part of the rows."""
        return self.batch > 0


def momentum(objective: Any, x: Point, value: float, options: MomentumOptions) -> Iterates:
    """x_{k+1} = P(x_k - alpha g_k + beta (x_k - x_{k-1})); Polyak 1964, the two-step method, with a projection.

    With batches of rows an iterate is an epoch, and steps follow the schedule.
    """
    if options.uses_batches:
        plan, ball = Plan(options.epochs, options.schedule, options.patience), HeavyBall(options.step, options.momentum)
        return (yield from descend(objective, x, value, ball, plan, Shuffled(objective, options.batch)))
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
