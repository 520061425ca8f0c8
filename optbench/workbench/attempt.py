"""Driving one method: from a start to a row's facts, whatever the method does.

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
from optbench.workbench.objective import LimitReached, MeteredObjective

_BOTTOMLESS = -1e300  # a value below this is taken for a fall without end


@dataclass(frozen=True)
class Budget:
    """What one attempt may use."""

    seconds: float
    iterations: int = 10_000
    evaluations: int = 200_000


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
) -> dict[str, Any]:
    """Run the method from each start within one budget; return the facts of the best run, with all costs added up."""
    began = time.monotonic()
    objective = MeteredObjective(function, tolerance, seed, began + budget.seconds, budget.evaluations)
    objective.report = _reporter(objective, send)
    try:
        runs = [_run(objective, method, options, start, budget, trace) for start in starts]
    except Exception:
        objective.report()  # the best point outlives the crash
        raise
    best = min(runs, key=lambda run: math.inf if run["value"] is None else run["value"])
    return {
        **best,
        "iterations": sum(run["iterations"] for run in runs),
        "counts": _counts(objective),
        "solve_seconds": time.monotonic() - began,
    }


def _reporter(objective: MeteredObjective, send: Callable[[Any], None]) -> Callable[[], None]:
    """Send the best point, where it is a new one."""
    sent = objective.best

    def report() -> None:
        nonlocal sent
        best = objective.best
        if best is not sent:
            sent = best
            send({"x": objective.space.coordinates(best.x), "value": best.value, "counts": _counts(objective)})

    return report


def _counts(objective: MeteredObjective) -> list[int]:
    counts = objective.counts
    return [counts.objective, counts.gradient, counts.hessian, counts.constraint]


def _run(objective: MeteredObjective, method: Method, options: Any, start: Sequence[float], budget: Budget, trace: bool) -> dict[str, Any]:
    """Follow the iterates from one start; the row's point is the last iterate, or the best point if that is better."""
    space, path = objective.space, []
    status, reason, x, value, iterations = "stalled", "it ended without a word", None, math.nan, -1
    iterates = method.minimize(objective, space.point(start), options)
    try:
        while True:
            x, value = next(iterates)
            iterations += 1
            if iterations == 0:
                objective.report()  # from now on something is known, whatever happens
            if trace:
                path.append([iterations, objective.counts.objective, value if math.isfinite(value) else None, space.coordinates(x)])
            if not math.isfinite(value) or value < _BOTTOMLESS:
                status, reason = "diverged", _divergence(value * objective.function.problem.sign, value, iterations)
                break
            if iterations >= budget.iterations:
                status, reason = "limit", f"reached its limit of {budget.iterations:,} iterations"
                break
    except StopIteration as stop:
        status, reason = ("converged" if stop.value.converged else "stalled"), stop.value.reason
    except LimitReached as limit:
        status, reason = "limit", str(limit)
    best = objective.best
    if best.x is not None and not (-math.inf < value <= best.value and objective.contains(x)):
        x, value = best.x, best.value
    known = x is not None and math.isfinite(value) and objective.contains(x)
    return {
        "status": status,
        "reason": reason,
        "x": space.coordinates(x) if known else None,
        "value": value if known else None,
        "iterations": max(iterations, 0),
        "trace": path if trace else None,
    }


def _divergence(shown: float, value: float, iterations: int) -> str:
    """Why it ended, in terms of the function as the user wrote it."""
    where = "at the start" if iterations == 0 else f"in iteration {iterations:,}"
    if math.isnan(value):
        return f"the function is not defined {where}"
    if value > 0:
        return f"the function is infinite {where}"
    return f"the function falls below {_BOTTOMLESS:g} {where}" if shown < 0 else f"the function rises above {-_BOTTOMLESS:g} {where}"
