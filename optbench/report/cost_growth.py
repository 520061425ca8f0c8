"""How the cost of methods grows with a scanned parameter: exponents p of cost ~ n^p, by least squares on logarithms.

>>> exponent([10, 100, 1000], [0.02, 0.2, 2.0])
1.0
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optbench.result import Attempt, AttemptStatus, Result

LEAST = 3  # points from which an exponent is told
_FIRST = (None, "epigraph form")  # stages that begin from the start
_APART = 1.5  # factor from which on two points tell one: nearer ones tell the noise


@dataclass(frozen=True)
class Growth:
    """How one method's costs grow, over the points at which it converged."""

    method: str
    points: int  # at which it converged
    largest: float | None  # the greatest of these
    time: float | None  # exponent of its time; None with too few points
    last_time: float | None  # that between the last two points; None where they are near each other
    evaluations: float | None  # exponent of its evaluations of objective, gradient and Hessian
    ended_by: str | None  # why it did not converge at the first greater point where it did not


def growth(results: Sequence[Result], name: str) -> list[Growth]:
    """Return the growth of each method over the results of a scan of one parameter with positive values, in their order.

    What `auto` does after its first method is left out: how much that is depends on what it finds.
    """
    rows: dict[str, dict[float, Attempt]] = {}
    for result in results:
        for row in result.attempts:
            if result.scan is not None and row.kind == "numerical" and row.stage in _FIRST:
                rows.setdefault(row.method, {})[result.scan[name]] = row
    return [_of_method(method, found) for method, found in rows.items()]


def _of_method(method: str, rows: Mapping[float, Attempt]) -> Growth:
    converged = {n: row for n, row in sorted(rows.items()) if row.status is AttemptStatus.CONVERGED}
    sizes = list(converged)
    times = [row.setup_seconds + row.solve_seconds for row in converged.values()]
    counts = [row.objective_evaluations + row.gradient_evaluations + row.hessian_evaluations for row in converged.values()]
    apart = len(sizes) >= LEAST and sizes[-1] >= _APART * sizes[-2]
    failed = next((row.reason for n, row in sorted(rows.items()) if n > max(sizes, default=0.0) and n not in converged), None)
    return Growth(
        method,
        len(sizes),
        max(sizes, default=None),
        exponent(sizes, times) if len(sizes) >= LEAST else None,
        exponent(sizes[-2:], times[-2:]) if apart else None,
        exponent(sizes, [float(c) for c in counts]) if len(sizes) >= LEAST else None,
        failed,
    )


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """Return the slope of the line through (log n, log cost) by least squares; None where that is not defined."""
    if len(sizes) < 2 or min(sizes) <= 0 or min(costs) <= 0 or min(sizes) == max(sizes):
        return None
    x, y = [math.log(n) for n in sizes], [math.log(c) for c in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    over = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return round(over / sum((a - mean_x) ** 2 for a in x), 12)
