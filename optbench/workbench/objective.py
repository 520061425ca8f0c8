"""What one method sees of a problem: the function, metered.

Every evaluation is counted here, the same way for every method; limits are obeyed exactly (with a budget of one
evaluation the second one is refused, with a deadline that has passed the first); the best feasible point is kept.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from optbench.methods.space import Space
from optbench.workbench.function import Function


class LimitReached(Exception):
    """A limit was hit; the text is the reason."""


@dataclass
class Counts:
    """How often a method asked."""

    objective: int = 0
    gradient: int = 0
    hessian: int = 0
    constraint: int = 0


@dataclass
class Best:
    """The best point seen so far, among those that lie in the box and at which the function is defined."""

    x: Any = None
    value: float = math.inf
    improved: Callable[[Best], None] = field(default=lambda best: None)  # called after every improvement


class MeteredObjective:
    """The protocol `optbench.methods.method.Objective` over a compiled function."""

    def __init__(self, function: Function, tolerance: float, seed: int, deadline: float, max_evaluations: int) -> None:
        self.function, self.tolerance, self.seed = function, tolerance, seed
        self.deadline, self.max_evaluations = deadline, max_evaluations
        self.space: Space = function.space
        self.lower, self.upper = function.lower, function.upper
        self.counts, self.best = Counts(), Best()

    def value(self, x: Any) -> float:
        """f(x), counted."""
        self._check()
        self.counts.objective += 1
        value = self.function.value(x)
        if value < self.best.value:
            self._improve(x, value)
        return value

    def gradient(self, x: Any) -> Any:
        """The gradient at x, counted."""
        self._check()
        self.counts.gradient += 1
        return self.function.gradient(x)

    def hessian(self, x: Any) -> Any:
        """The Hessian at x, counted."""
        self._check()
        self.counts.hessian += 1
        return self.function.hessian(x)

    def project(self, x: Any) -> Any:
        """The nearest point of the box."""
        return self.space.clip(x, self.lower, self.upper)

    def is_stationary(self, x: Any, value: float, gradient: Any) -> bool:
        """Whether the projected gradient is within the tolerance, relative to the function's values."""
        return stationarity(self.function, x, value, gradient) <= self.tolerance

    def random(self) -> random.Random:
        """The seeded source of chance."""
        return random.Random(self.seed)

    def _check(self) -> None:
        if self.counts.objective + self.counts.gradient + self.counts.hessian >= self.max_evaluations:
            raise LimitReached(f"reached its limit of {self.max_evaluations:,} evaluations")
        if time.monotonic() >= self.deadline:
            raise LimitReached("reached its time limit")

    def _improve(self, x: Any, value: float) -> None:
        if self.space.equal(x, self.project(x)):
            self.best.x, self.best.value = self.space.copy(x), value
            self.best.improved(self.best)


def stationarity(function: Function, x: Any, value: float, gradient: Any) -> float:
    """Return the infinity norm of the projected gradient, relative to max(|value|, the function's scale).

    The projected gradient leaves out what points out of the box at a bound that x touches (J. Nocedal, S. Wright,
    Numerical Optimization, 2nd ed., section 16.7); relative as in J. Dennis, R. Schnabel, Numerical Methods for
    Unconstrained Optimization (1983), section 7.2. It is inf where the gradient is not defined.
    """
    space = function.space
    free = space.free(x, gradient, function.lower, function.upper)
    size = space.max_abs(space.masked(gradient, free))
    if size == 0:
        return 0.0
    return size / max(function.scale, abs(value)) if math.isfinite(size) else math.inf
