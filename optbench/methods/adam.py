"""Adam: steps scaled entry by entry with running means of the gradient and of its square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .line_search import DIVERGED, NO_STEP, step_inside
from .method import Iterates, Method, Objective, Progress, settled
from .mini_batches import Plan, Shuffled, batch_option, descend, epochs_option, schedule_option
from .options import Options, option
from .space import Point


@dataclass(frozen=True)
class AdamOptions(Options):
    """The constants of the algorithm, under the paper's names where they are words."""

    step: float = option(0.1, "alpha, about the distance that each entry moves in a step", above=0)
    beta1: float = option(0.9, "decay of the mean of the gradient", at_least=0, below=1)
    beta2: float = option(0.999, "decay of the mean of its square", at_least=0, below=1)
    epsilon: float = option(1e-8, "added to the root of that mean", above=0)
    decay: str = option("none", "how alpha decreases with the iteration t: not, or as 1/sqrt(t)", choices=("none", "sqrt"))
    patience: int = option(1000, "iterations without progress after which it stops", at_least=1)
    batch: int = batch_option("all, and no chance")
    schedule: str = schedule_option("; with batches only")
    epochs: int = epochs_option("; with batches only")

    @property
    def uses_batches(self) -> bool:
        """Whether a step sees a part of the rows."""
        return self.batch > 0


def adam(objective: Any, x: Point, value: float, options: AdamOptions) -> Iterates:
    """Kingma & Ba 2015, algorithm 1, with a projection after each step; decaying steps as in their section 4.

    With batches of rows an iterate is an epoch, and steps follow the schedule as well.
    """
    steps = Moments(objective, options)
    if options.uses_batches:
        plan = Plan(options.epochs, options.schedule, options.patience)
        return (yield from descend(objective, x, value, steps, plan, Shuffled(objective, options.batch)))
    progress = Progress(objective, options.patience)
    while True:
        g = objective.gradient(x)
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        inside = step_inside(objective, x, objective.project(steps.moved(x, g)))
        if inside is None:
            return NO_STEP
        x, value = inside
        yield x, value
        if not math.isfinite(value):
            return DIVERGED


class Moments:
    """The running means of the gradient and of its square, with the paper's letters."""

    def __init__(self, objective: Objective, options: AdamOptions) -> None:
        self.zero, self.options = objective.space.full(0.0), options
        self.restart()

    def restart(self) -> None:
        self.m = self.v = self.zero
        self.t = 0

    def moved(self, x: Point, gradient: Point, factor: float = 1.0) -> Point:
        """Return the point after a step, not projected."""
        g, beta1, beta2 = gradient, self.options.beta1, self.options.beta2
        self.t += 1
        self.m = beta1 * self.m + (1 - beta1) * g
        self.v = beta2 * self.v + (1 - beta2) * (g * g)
        m_hat = self.m / (1 - beta1**self.t)
        v_hat = self.v / (1 - beta2**self.t)
        alpha = self.options.step / math.sqrt(self.t) if self.options.decay == "sqrt" else self.options.step
        return x - factor * alpha * m_hat / (v_hat**0.5 + self.options.epsilon)


METHOD = Method(
    name="adam",
    summary="Steps scaled entry by entry with running means of the gradient and of its square, projected onto the bounds.",
    source="D. P. Kingma & J. Ba 2015, Adam: a method for stochastic optimization, ICLR (arXiv:1412.6980)",
    algorithm=adam,
    options=AdamOptions,
    uses=frozenset({"value", "gradient"}),
)
