"""Driving one method: from its starts to a row's facts, whatever the method does.

This runs in a child that may be killed; so the best point is sent along the way, and everything that leaves is plain
JSON. The method itself knows nothing of limits, counts or traces.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from optbench.methods.method import Method
from optbench.workbench.function import Function
from optbench.workbench.multistart import Minima
from optbench.workbench.objective import FEASIBLE, GRADIENT, OBJECTIVE, Best, LimitReached, MeteredObjective
from optbench.workbench.preparation import prepare

PANEL = (2_000, 40_000)  # iterations and evaluations of a method that nobody asked for: who waits for it has its answer already
_BOTTOMLESS = -1e300  # a value below this is taken for a fall without end
_TRACED = 2_000_000  # numbers that a trace holds at most


@dataclass(frozen=True)
class Budget:
    """What one attempt may use."""

    seconds: float
    iterations: int = 10_000
    evaluations: int = 200_000
    each: int | None = None  # evaluations of the run from one start


class _Ended(Exception):
    """The engine ends a run: the iterates fall without end, or there were too many."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass
class _Run:
    """One run from one start, and what is known of it."""

    objective: MeteredObjective
    number: int  # of the start
    most_iterations: int
    trace: list[list[Any]] | None
    iterations: int = -1  # the start is no iteration
    x: Any = None  # the last iterate
    value: float = math.nan
    status: str = "stalled"
    reason: str = "it ended without a word"

    def accept(self, x: Any, value: float) -> None:
        """Note an iterate."""
        self.x, self.value = self.objective.space.copy(x), value
        self.iterations += 1
        if self.iterations == 0:
            self.objective.meter.report()  # from now on something is known, whatever happens
        if self.trace is not None and len(self.trace) * (self.objective.space.dimension + 6) < _TRACED:
            self.trace.append(self._record())
        if not math.isfinite(value) or value < _BOTTOMLESS:
            sign = self.objective.function.problem.sign
            raise _Ended("diverged", _divergence(value * sign, value, self.iterations))
        if self.iterations >= self.most_iterations:
            raise _Ended("limit", f"reached its limit of {self.most_iterations:,} iterations")

    def _record(self) -> list[Any]:
        counts = self.objective.counts
        seconds = round(time.monotonic() - self.objective.meter.began, 6)
        known = self.value if math.isfinite(self.value) else None
        coordinates = self.objective.space.coordinates(self.x)
        return [self.number, self.iterations, counts[OBJECTIVE], counts[GRADIENT], seconds, known, self._violation(), coordinates]

    def _violation(self) -> float | None:
        return self.objective.function.violation(self.x) if self.objective.constraint_count else None

    def follow(self, method: Method, options: Any, start: Any) -> None:
        """Run the method to its end, or to ours."""
        try:
            outcome = method.run(self.objective, start, options, self.accept)
            self.status, self.reason = ("converged" if outcome.converged else "stalled"), outcome.reason
        except LimitReached as limit:
            self.status, self.reason = "limit", str(limit)
        except _Ended as end:
            self.status, self.reason = end.status, end.reason

    def outcome(self) -> Best:
        """The point of this run: the last iterate, or the best point seen if that is better; no point where none is known."""
        objective, best = self.objective, self.objective.best
        if self.x is None or not math.isfinite(self.value) or not objective.contains(self.x):
            return best
        last = Best(self.x, self.value, self._violation() or 0.0)
        settled = self.status == "converged" and objective.constraint_count and last.violation <= FEASIBLE**0.5
        return best if best.is_better_than(last) and not settled else last


def run(
    function: Function,
    method: Method,
    options: Any,
    starts: Sequence[Sequence[float]],
    budget: Budget,
    tolerance: float,
    seed: int,
    trace: bool,
    send: Callable[[Any], None],
    until_enough: bool = False,
) -> dict[str, Any]:
    """Run the method from each start, each with its share of the budget; return the facts of the best run, costs added up.

    With `until_enough` no more starts are taken than the stopping rule of `multistart` asks for.
    """
    ends = time.monotonic() + budget.seconds
    prepare(function, method, options)
    began = time.monotonic()
    minima = Minima(function.space)
    best: tuple[Best, _Run] | None = None
    spent, iterations, path = [0, 0, 0, 0], 0, []
    epochs: float | None = None
    for number, start in enumerate(starts):
        share = len(starts) - number
        deadline = time.monotonic() + (ends - time.monotonic()) / share
        most = min((budget.evaluations - sum(spent)) // share, budget.each or budget.evaluations)
        objective = MeteredObjective(function, tolerance, seed + number, deadline, most)
        objective.meter.report = _reporter(objective, best[0] if best else Best(), spent, epochs, send)
        one = _Run(objective, number, max(0, budget.iterations - iterations) // share, [] if trace else None)
        try:
            one.follow(method, options, function.space.point(start))
        except Exception:
            objective.meter.report()  # the best point outlives the crash
            raise
        path += [[*record[:2], *_added(record[2:4], spent), *record[4:]] for record in one.trace or []]
        spent, iterations = _added(objective.counts, spent), iterations + max(one.iterations, 0)
        epochs = _with_epochs(epochs, objective)
        outcome = one.outcome()
        if best is None or outcome.is_better_than(best[0]):
            best = outcome, one
        minima.add(outcome.x, outcome.value)
        if until_enough and minima.are_enough():
            break
    assert best is not None
    found, told = best
    return {
        "status": told.status,
        "reason": f"{minima.told()}; from the best, {told.reason}" if until_enough else told.reason,
        "x": None if found.x is None else function.space.coordinates(found.x),
        "value": None if found.x is None else found.value,
        "iterations": iterations,
        "trace": path if trace else None,
        "counts": spent,
        "epochs": epochs,
        "searches": minima.facts() if until_enough else None,
        "solve_seconds": time.monotonic() - began,
    }


def _added(counts: Sequence[int], more: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(counts, more, strict=False)]


def _with_epochs(epochs: float | None, objective: MeteredObjective) -> float | None:
    """The passes over the data so far; None where nothing passes over rows."""
    return epochs if objective.epochs is None else (epochs or 0.0) + objective.epochs


def _reporter(
    objective: MeteredObjective, known: Best, spent: Sequence[int], epochs: float | None, send: Callable[[Any], None]
) -> Callable[[], None]:
    """Send the best point, where it is a new one and better than that of earlier starts."""
    sent = known

    def report() -> None:
        nonlocal sent
        best = objective.best
        if best is not sent and best.is_better_than(sent):
            sent = best
            costs = {"counts": _added(objective.counts, spent), "epochs": _with_epochs(epochs, objective)}
            send({"x": objective.space.coordinates(best.x), "value": best.value, **costs})

    return report


def _divergence(shown: float, value: float, iterations: int) -> str:
    """Why it ended, in terms of the function as the user wrote it."""
    where = "at the start" if iterations == 0 else f"in iteration {iterations:,}"
    if math.isnan(value):
        return f"the function is not defined {where}"
    if value > 0:
        return f"the function is infinite {where}"
    return f"the function falls below {_BOTTOMLESS:g} {where}" if shown < 0 else f"the function rises above {-_BOTTOMLESS:g} {where}"
