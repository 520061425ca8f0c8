"""What one method sees of a problem: the function, metered.

Every evaluation is counted here, the same way for every method; limits are obeyed exactly (with a budget of one
evaluation the second one is refused, with a deadline that has passed the first); the best point is kept.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from optbench.arithmetic.sparsity import Sparsity
from optbench.language.expand import all_entries
from optbench.language.graph import Node
from optbench.methods.space import Space
from optbench.workbench.function import Function

_REPORT_EVERY = 0.1  # seconds between two reports, at most
_REPORTING = 30  # a report that takes long, since it holds many numbers, is followed by this many times its time without one
_LOOK_EVERY = 0.001  # seconds between two looks at the clock, about
_MOST_UNSEEN = 64  # evaluations without a look at the clock
FEASIBLE = 1e-8  # violation up to which points are compared by their values alone

OBJECTIVE, GRADIENT, HESSIAN, CONSTRAINT = range(4)  # what is counted


class LimitReached(Exception):
    """A limit was hit; the text is the reason."""


class Best(NamedTuple):
    """The best point seen so far, among those that lie in the box and at which the function is defined."""

    x: Any = None
    value: float = math.inf
    violation: float = math.inf  # of the constraints

    def is_better_than(self, other: Best) -> bool:
        """Whether it violates the constraints less, or has the lower value where neither violates them."""
        return (max(self.violation, FEASIBLE), self.value) < (max(other.violation, FEASIBLE), other.value)


class Meter:
    """Counts evaluations and refuses those beyond a limit.

    The clock is looked at as often as the evaluations' own time warrants, and at the first one.
    """

    __slots__ = (
        "_looked",
        "_report_took",
        "_reported",
        "_stride",
        "began",
        "counts",
        "deadline",
        "left",
        "max_evaluations",
        "passes",
        "report",
        "rows",
    )

    def __init__(self, deadline: float, max_evaluations: int) -> None:
        self.deadline, self.max_evaluations = deadline, max_evaluations
        self.counts = [0, 0, 0, 0]
        self.rows = self.passes = 0  # rows of batches, and the passes over all rows that they have begun
        self.report: Callable[[], None] = lambda: None  # called now and then
        self.left = 0  # evaluations until the next look
        self._stride = 1
        self.began = self._looked = self._reported = time.monotonic()
        self._report_took = 0.0

    def counted(self, evaluate: Callable[..., Any], kind: int) -> Callable[..., Any]:
        """Return the function with every call counted."""
        counts = self.counts

        def evaluated(*args: Any) -> Any:
            if self.left <= 0:
                self.look()
            self.left -= 1
            counts[kind] += 1
            return evaluate(*args)

        return evaluated

    def counted_at(self, evaluate: Callable[[Any], Any], kind: int) -> Callable[[Any], Any]:
        """The same for a function of one argument, where every 50 ns count."""
        counts = self.counts

        def evaluated(x: Any) -> Any:
            if self.left <= 0:
                self.look()
            self.left -= 1
            counts[kind] += 1
            return evaluate(x)

        return evaluated

    def counted_by_rows(self, evaluate: Callable[[Any, Any], Any], kind: int, whole: int) -> Callable[[Any, Any], Any]:
        """The same for a function of a point and some of `whole` rows: as many rows make one evaluation, which counts when it begins."""
        counts = self.counts

        def evaluated(x: Any, rows: Any) -> Any:
            if self.left <= 0:
                self.look()
            self.left -= 1
            self.rows += len(rows)
            if self.rows > self.passes * whole:
                self.passes += 1
                counts[kind] += 1
            return evaluate(x, rows)

        return evaluated

    def look(self) -> None:
        """Refuse to go on beyond a limit; report after times that double until they are a tenth of a second."""
        spare = self.max_evaluations - sum(self.counts)
        if spare <= 0:
            raise LimitReached(f"reached its limit of {self.max_evaluations:,} evaluations")
        now = time.monotonic()
        if now >= self.deadline:
            raise LimitReached("reached its time limit")
        if now >= self._reported + max(min(_REPORT_EVERY, now - self.began), _REPORTING * self._report_took):
            self.report()
            self._reported = time.monotonic()
            self._report_took = self._reported - now
        self._stride = min(2 * self._stride, _MOST_UNSEEN) if now - self._looked < _LOOK_EVERY else 1
        self._looked = now
        self.left = min(self._stride, spare)


class MeteredObjective:
    """The protocol `optbench.methods.method.Objective` over a compiled function."""

    def __init__(self, function: Function, tolerance: float, seed: int, deadline: float, max_evaluations: int) -> None:
        self.function, self.tolerance, self.seed = function, tolerance, seed
        self.space: Space = function.space
        self.lower, self.upper, self.integers = function.lower, function.upper, function.integers
        self.constraint_count, self.equalities = function.constraint_count, function.equalities
        self.best = Best()
        self.meter = Meter(deadline, max_evaluations)
        self.value: Callable[[Any], float] = self._noting_the_best(self.meter.counted_at(_innermost(function, "value"), OBJECTIVE))
        self.gradient: Callable[[Any], Any] = self.meter.counted_at(_innermost(function, "gradient"), GRADIENT)
        self.hessian: Callable[[Any], Any] = self.meter.counted_at(function.hessian, HESSIAN)
        self._last_value: tuple[Any, float] = (None, math.inf)
        self._last_violation: tuple[Any, float] = (None, math.inf)

    @property
    def seconds_left(self) -> float:
        """How much longer the run may take."""
        return max(0.0, self.meter.deadline - time.monotonic())

    @property
    def counts(self) -> list[int]:
        """Evaluations so far: of the objective, its gradient, Hessians, constraints (with their derivatives)."""
        return self.meter.counts

    def _noting_the_best(self, evaluate: Callable[[Any], float]) -> Callable[[Any], float]:
        if self.constraint_count:

            def constrained_value(x: Any) -> float:
                value = evaluate(x)
                if math.isfinite(value):
                    self._last_value = (self.space.copy(x), value)
                    self._note_constrained()
                return value

            return constrained_value

        def free_value(x: Any) -> float:
            value = evaluate(x)
            if -math.inf < value < self.best.value and self.contains(x):
                self.best = Best(self.space.copy(x), value, 0.0)
            return value

        return free_value

    def _note_constrained(self) -> None:
        """Keep the point if its value and its violation are both known and it is the best: nothing is evaluated for it."""
        x, value = self._last_value
        other, violation = self._last_violation
        if x is None or other is None or not self.space.equal(x, other):
            return
        seen = Best(x, value, violation)
        if math.isfinite(violation) and self.contains(x) and seen.is_better_than(self.best):
            self.best = seen

    # ---- least squares: f is r'r + offset ----------------------------------------------------------------------------------

    def residuals(self, x: Any) -> Any:
        """The residuals at x, shape (r,): an evaluation of the objective."""
        assert self.function.squares is not None
        r = self.meter.counted_at(self.function.least_squares.constraints, OBJECTIVE)(x)
        value = float(r.dot(r)) + float(self.function.squares.offset)
        if not self.constraint_count and -math.inf < value < self.best.value and self.contains(x):
            self.best = Best(self.space.copy(x), value, 0.0)
        return r

    def residual_jacobian(self, x: Any) -> Any:
        """Their derivatives, shape (r, n): an evaluation of the gradient."""
        reading = self.function.least_squares
        return reading.jacobian_sparsity.dense(self.meter.counted_at(reading.jacobian, GRADIENT)(x))

    # ---- sums over rows of data ------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """The number of rows."""
        assert self.function.rows is not None
        return self.function.rows

    @cached_property
    def batch_gradient(self) -> Callable[[Any, Any], Any]:
        """The gradient's estimate at x from some rows: their part of an evaluation of the gradient."""
        return self.meter.counted_by_rows(self.function.batch_gradient, GRADIENT, self.rows)

    @property
    def epochs(self) -> float | None:
        """The passes over the data that gradients have taken so far; None where there are no rows or no gradients."""
        counted = self.counts[GRADIENT]
        if not counted or self.function.rows is None:
            return None
        return counted - self.meter.passes + self.meter.rows / self.function.rows

    # ---- formulas --------------------------------------------------------------------------------------------------------------

    def formulas(self) -> tuple[Node, list[Node], list[Node]]:
        """The minimand, the entries of the constraints and the unknowns, written out as scalar expressions."""
        problem, parts = self.function.problem, self.function.parts
        found = all_entries([problem.minimand, *(part.residual for part in parts), *problem.symbols], problem.data)
        split = 1 + len(parts)
        return found[0][0], [entry for residual in found[1:split] for entry in residual], [entry for s in found[split:] for entry in s]

    # ---- constraints ----------------------------------------------------------------------------------------------------------

    def constraints(self, x: Any) -> Any:
        """The residuals of the constraints, shape (m,)."""
        c = self.meter.counted_at(self.function.constraints, CONSTRAINT)(x)
        self._last_violation = (self.space.copy(x), self.function.excess(c))
        self._note_constrained()
        return c

    @property
    def jacobian_sparsity(self) -> Sparsity:
        """Where their derivatives have entries."""
        return self.function.jacobian_sparsity

    def jacobian(self, x: Any) -> Any:
        """These entries."""
        return self.meter.counted_at(self.function.jacobian, CONSTRAINT)(x)

    def dense_jacobian(self, x: Any) -> Any:
        """Their derivatives, shape (m, n)."""
        return self.jacobian_sparsity.dense(self.jacobian(x))

    @property
    def lagrangian_sparsity(self) -> Sparsity:
        """Where the Hessian of the Lagrangian has entries."""
        return self.function.lagrangian_sparsity

    def lagrangian_hessian(self, x: Any, factor: float, multipliers: Any) -> Any:
        """These entries of the Hessian of factor*f + multipliers'c."""
        return self.meter.counted(self.function.lagrangian_hessian, HESSIAN)(x, factor, multipliers)

    # ---- points ------------------------------------------------------------------------------------------------------------------

    def project(self, x: Any) -> Any:
        """The nearest point of the box."""
        return self.space.clip(x, self.lower, self.upper)

    def contains(self, x: Any) -> bool:
        """Whether x lies in the box, and its integer entries are whole."""
        return self.space.equal(x, self.project(x)) and not (self.integers and self.function.fraction(x))

    def is_stationary(self, x: Any, value: float, gradient: Any) -> bool:
        """Whether the projected gradient is within the tolerance, relative to the function's values."""
        return stationarity(self.function, x, value, gradient) <= self.tolerance

    def random(self) -> random.Random:
        """The seeded source of chance."""
        return random.Random(self.seed)


def _innermost(function: Function, name: str) -> Callable[[Any], Any]:
    """The compiled function itself, where `Function` only passes on to it: a call less."""
    compiled = getattr(type(function), name) is getattr(Function, name) and not function.gradient_missing_because
    found: Callable[[Any], Any] = getattr(function, f"_{name}" if compiled else name)
    return found


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
