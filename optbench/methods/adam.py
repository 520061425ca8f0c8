"""Adam: steps scaled entry by entry with running means of the gradient and of its square."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .line_search import DIVERGED, NO_STEP, step_inside
from .method import Iterates, Method, Objective, Options, Progress, option, settled
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


def adam(objective: Objective, x: Point, value: float, options: AdamOptions) -> Iterates:
    """Kingma & Ba 2015, algorithm 1, with a projection after each step; decaying steps as in their section 4."""
    space = objective.space
    progress = Progress(objective, options.patience)
    beta1, beta2 = options.beta1, options.beta2
    m = v = space.full(0.0)
    t = 0
    while True:
        g = objective.gradient(x)
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        t += 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        alpha = options.step / math.sqrt(t) if options.decay == "sqrt" else options.step
        inside = step_inside(objective, x, objective.project(x - alpha * m_hat / (v_hat**0.5 + options.epsilon)))
        if inside is None:
            return NO_STEP
        x, value = inside
        yield x, value
        if not math.isfinite(value):
            return DIVERGED


METHOD = Method(
    name="adam",
    summary="Steps scaled entry by entry with running means of the gradient and of its square, projected onto the bounds.",
    source="D. P. Kingma & J. Ba 2015, Adam: a method for stochastic optimization, ICLR (arXiv:1412.6980)",
    algorithm=adam,
    options=AdamOptions,
    uses=frozenset({"value", "gradient"}),
)
