"""What one method sees of a problem: the function, metered.

Every evaluation is counted here, the same way for every method; limits are obeyed exactly (with a budget of one
evaluation the second one is refused, with a deadline that has passed the first); the best feasible point is kept.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optbench.methods.space import Space
from optbench.workbench.function import Function

_REPORT_EVERY = 0.1  # seconds between two reports, at most


class LimitReached(Exception):
    """A limit was hit; the text is the reason."""


@dataclass
class Counts:
    """How often a method asked."""

    objective: int = 0
    gradient: int = 0
    hessian: int = 0
    constraint: int = 0


@dataclass(frozen=True)
class Best:
    """The best point seen so far, among those that lie in the box and at which the function is defined."""

    x: Any = None
    value: float = math.inf


class MeteredObjective:
    """The protocol `optbench.methods.method.Objective` over a compiled function."""

    def __init__(self, function: Function, tolerance: float, seed: int, deadline: float, max_evaluations: int) -> None:
        self.function, self.tolerance, self.seed = function, tolerance, seed
        self.deadline, self.max_evaluations = deadline, max_evaluations
        self.space: Space = function.space
        self.lower, self.upper = function.lower, function.upper
        self.counts, self.best = Counts(), Best()
        self.report: Callable[[], None] = lambda: None  # called now and then while the method evaluates
        self._began = self._next_look = time.monotonic()

    def value(self, x: Any) -> float:
        """f(x), counted."""
        self._check()
        self.counts.objective += 1
        value = self.function.value(x)
        if -math.inf < value < self.best.value and self.contains(x):
            self.best = Best(self.space.copy(x), value)
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

    def contains(self, x: Any) -> bool:
        """Whether x lies in the box."""
        return self.space.equal(x, self.project(x))

    def is_stationary(self, x: Any, value: float, gradient: Any) -> bool:
        """Whether the projected gradient is within the tolerance, relative to the function's values."""
        return stationarity(self.function, x, value, gradient) <= self.tolerance

    def random(self) -> random.Random:
        """The seeded source of chance."""
        return random.Random(self.seed)

    def _check(self) -> None:
        if self.counts.objective + self.counts.gradient + self.counts.hessian >= self.max_evaluations:
            raise LimitReached(f"reached its limit of {self.max_evaluations:,} evaluations")
        if (now := time.monotonic()) >= self._next_look:
            self._look(now)

    def _look(self, now: float) -> None:
        """Obey the deadline; report after times that double until they are a tenth of a second."""
        if now >= self.deadline:
            raise LimitReached("reached its time limit")
        self.report()
        self._next_look = min(self.deadline, now + min(_REPORT_EVERY, now - self._began))


def stationarity(function: Function, x: Any, value: float, gradient: Any) -> float:
    """Return the relative projected gradient: the greatest |g_i|*max(|x_i|, 1) / max(|value|, the function's scale).

    It is about the relative change of the value for a relative change of x (J. Dennis, R. Schnabel, Numerical Methods for
    Unconstrained Optimization, 1983, (7.2.5)). Entries that point out of the box at a bound that x touches are left out
    (J. Nocedal, S. Wright, Numerical Optimization, 2nd ed., section 16.7). It is inf where the gradient is not defined.
    """
    space = function.space
    free = space.free(x, gradient, function.lower, function.upper)
    size = space.max_abs(space.masked(gradient, free) * space.maximum(abs(x), space.full(1.0)))
    if size == 0:
        return 0.0
    return size / max(function.scale, abs(value)) if math.isfinite(size) else math.inf
