"""Descent on mini-batches of rows of data, which stochastic gradient descent, momentum and Adam share.

In each epoch the rows are shuffled anew and cut into batches of equal length, to one row; each gives one step with the
gradient's estimate from its rows. At the end of an epoch the whole function is evaluated: that is an iterate. Where the
values of two iterates differ by no more than rounding, their whole gradients are compared, and nothing but a whole gradient
ends it as converged.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from .line_search import DIVERGED, ROUNDING
from .method import Iterates, Outcome, RowSum, is_bounded, projected_gradient, settled
from .options import option
from .space import Point

SCHEDULES = ("halving", "constant", "inverse", "cosine")


class Steps(Protocol):
    """How a method moves; it may remember its earlier steps."""

    def moved(self, x: Point, gradient: Point, factor: float) -> Point:
        """Return the point after a step of `factor` times the usual length."""

    def restart(self) -> None:
        """Forget all earlier steps."""


class HeavyBall:
    """Steps against the gradient that keep a part of the step before."""

    def __init__(self, step: float, momentum: float) -> None:
        self.step, self.momentum = step, momentum
        self.last: Point = 0.0

    def moved(self, x: Point, gradient: Point, factor: float) -> Point:
        """Return x - alpha g + beta (the last step)."""
        if not self.momentum:
            return x - (factor * self.step) * gradient
        self.last = self.momentum * self.last - (factor * self.step) * gradient
        return x + self.last

    def restart(self) -> None:
        self.last = 0.0


class Plan(NamedTuple):
    """How the rows are gone through."""

    epochs: int  # at most
    schedule: str  # of the length of the steps: see `descend`
    patience: int  # epochs without progress after which it ends
    average: bool = False  # whether an epoch may end at the mean of the iterates in its second half, if that is better than the last


def descend(objective: RowSum, x: Point, value: float, steps: Steps, plan: Plan, shuffled: Shuffled) -> Iterates:
    """Go through the rows epoch by epoch, each an iterate; the length of the steps follows the schedule.

    `halving`: an epoch that has not lowered the function is undone, and the steps are halved from then on (Bottou, Curtis &
    Nocedal 2018, section 4.2, where a constant step is taken until its noise shows); until it happens for the first time,
    each epoch doubles them, so that a step that is too short at first does no harm. `constant`: always the same. `inverse`:
    divided by 1 + the epochs gone by, as the conditions of Robbins & Monro 1951 ask for. `cosine`: times (1 + cos(pi*s))/2,
    where s is the part of all epochs that has gone by (Loshchilov & Hutter 2017, (5)).
    """
    place = best = Place(objective, x, value)
    halved = plan.schedule == "halving"
    factor, growth, idle = 1.0, 2.0, 0
    for epoch in range(plan.epochs):
        there = one_epoch(objective, place.x, steps, plan, shuffled, epoch, factor)
        progress = there.is_better_than(best)
        if progress:
            best = there
        if halved and not progress:
            factor, growth = 0.5 * factor, 1.0
            steps.restart()
        elif halved:
            factor *= growth
        place = best if halved else there
        yield place.x, place.value
        if not math.isfinite(place.value):
            return DIVERGED
        if outcome := place.outcome(halved and not progress):
            return outcome
        idle = idle + 1 if not progress and best.x is not x else 0  # at the start the steps may just be too long
        if idle == plan.patience and plan.schedule != "cosine":  # whose noise goes down at its end
            return place.outcome(True) or Outcome(False, f"no epoch of the last {idle} has lowered the function: what is left is noise")
    return place.outcome(True) or Outcome(False, f"its {plan.epochs} epoch{' is' if plan.epochs == 1 else 's are'} over")


def one_epoch(objective: RowSum, x: Point, steps: Steps, plan: Plan, shuffled: Shuffled, epoch: int, factor: float) -> Place:
    """Return where a pass over all rows leads; where a gradient is undefined on the way, to a place without a value."""
    space, bounded = objective.space, is_bounded(objective)
    batches = shuffled.batches()
    slope = total = space.full(0.0)
    averaged = 0
    for number, rows in enumerate(batches):
        gradient = objective.batch_gradient(x, rows)
        if not space.is_finite(gradient):
            return Place(objective, x, math.nan)
        slope = slope + gradient
        x = steps.moved(x, gradient, factor * length(plan, epoch + number / len(batches)))
        if bounded:
            x = objective.project(x)
        if plan.average and 2 * number >= len(batches):
            total, averaged = total + x, averaged + 1
    slope = slope / len(batches)
    last = Place(objective, x, objective.value(x), slope)
    if not averaged:
        return last
    x = objective.project(total / averaged)
    mean = Place(objective, x, objective.value(x), slope)
    return mean if mean.is_better_than(last) or math.isnan(last.value) else last


def length(plan: Plan, epochs: float) -> float:
    """Return the length of a step after so many epochs, as a part of the first."""
    if plan.schedule == "inverse":
        return 1 / (1 + epochs)
    return 0.5 * (1 + math.cos(math.pi * epochs / plan.epochs)) if plan.schedule == "cosine" else 1.0


class Place:
    """A point at which an epoch ends, with the mean of the gradients on the way there."""

    def __init__(self, objective: RowSum, x: Point, value: float, slope: Point | None = None) -> None:
        self.objective, self.x, self.value, self.slope = objective, x, value, slope

    @cached_property
    def gradient(self) -> Point:
        """The gradient of the whole function, evaluated only where it is needed."""
        return self.objective.gradient(self.x)

    @cached_property
    def size(self) -> float:
        """The largest entry of the projected gradient."""
        return self.objective.space.max_abs(projected_gradient(self.objective, self.x, self.gradient))

    def is_better_than(self, other: Place) -> bool:
        """Return whether the function is lower here, or its gradient smaller where the difference drowns in rounding."""
        if abs(self.value - other.value) <= ROUNDING * abs(other.value):
            return self.size < other.size
        return self.value < other.value

    def outcome(self, sure: bool) -> Outcome | None:
        """Return the outcome if the point is stationary, or the gradient undefined.

        The whole gradient is evaluated for it if one is `sure` to want it, or if the gradients on the way were small.
        """
        known = "gradient" in self.__dict__
        small = self.slope is not None and self.objective.is_stationary(self.x, self.value, self.slope)
        return settled(self.objective, self.x, self.value, self.gradient) if sure or known or small else None


class Shuffled:
    """The rows in a new order for each epoch, without replacement, from the seeded source of chance."""

    def __init__(self, objective: RowSum, batch: int) -> None:
        import numpy as np

        self.rows = objective.rows
        count = -(-self.rows // batch)
        self.ends = [i * self.rows // count for i in range(count + 1)]
        self.chance = np.random.default_rng(objective.random().getrandbits(64))

    def batches(self) -> list[Any]:
        """Return the batches of an epoch, each an array of the numbers of its rows."""
        order = self.chance.permutation(self.rows)
        return [order[begin:end] for begin, end in zip(self.ends, self.ends[1:], strict=False)]

    def sample(self) -> Any:
        """Return one batch, at the cost of a batch."""
        return self.chance.choice(self.rows, self.ends[1], replace=False)


# ---- options -------------------------------------------------------------------------------------------------------------


def batch_option(meaning: str) -> Any:
    """Declare the option that says how many rows a step sees."""
    return option(0, f"rows a step sees, drawn without replacement; 0 means {meaning}", at_least=0)


def epochs_option(condition: str = "") -> Any:
    """Declare the option that ends the passes over the data."""
    return option(100, f"passes over the data at most, each an iteration{condition}", at_least=1)


def schedule_option(condition: str = "") -> Any:
    """Declare the option that says how steps become shorter."""
    meaning = "how steps become shorter: halved after an epoch that has not lowered the function (which is undone), not at all, "
    return option("halving", f"{meaning}by 1/(1 + epochs), or along a cosine to 0{condition}", choices=SCHEDULES)
