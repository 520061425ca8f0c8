"""Short local searches: for certification, from a good point, and for the judgement of a point, from one beside it.

Certification believes nothing of it; a better point only lets it drop more boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter

from optbench.methods.method import Method
from optbench.methods.options import read_options
from optbench.methods.registry import get
from optbench.problem.problem import Problem
from optbench.workbench import attempt
from optbench.workbench.function import Function, importable

_BUDGET = attempt.Budget(seconds=0.5, iterations=500, evaluations=10_000)
_FEW = attempt.Budget(seconds=5.0, iterations=30, evaluations=300)
_SECONDS_IN_ALL = 2.0
_TOLERANCE = 1e-12

Improve = Callable[[Sequence[float]], Sequence[float] | None]


def improver(problem: Problem) -> Improve:
    """Return a function that searches from a point and returns where it arrives, or None."""
    function = Function(problem)
    method = _method(function)
    if method is None:
        return lambda start: None
    options = read_options(method, {})
    seconds_left = _SECONDS_IN_ALL

    def improve(start: Sequence[float]) -> Sequence[float] | None:
        nonlocal seconds_left
        if seconds_left <= 0:
            return None
        budget, began = replace(_BUDGET, seconds=min(_BUDGET.seconds, seconds_left)), perf_counter()
        try:
            found = attempt.run(function, method, options, [list(start)], budget, _TOLERANCE, 0, False, lambda message: None)
        except Exception:  # a proof needs no local search
            return None
        finally:
            seconds_left -= perf_counter() - began
        point: Sequence[float] | None = found["x"]
        return point

    return improve


def descended(function: Function, start: Sequence[float]) -> float | None:
    """Return the value that a few steps of descent from a point reach; None where they come to nothing.

    It is for functions with a gradient and without constraints; the numbers of steps and evaluations are limited, not the time.
    """
    method = get("lbfgs")
    if function.gradient_missing_because:
        return None
    try:
        found = attempt.run(function, method, read_options(method, {}), [list(start)], _FEW, _TOLERANCE, 0, False, lambda message: None)
    except Exception:  # it was only a second look
        return None
    value: float | None = found["value"]
    return value


def _method(function: Function) -> Method | None:
    """A method with derivatives that handles what the problem has; None where there is none, or nothing for it to do."""
    if any(v.symbol.integer for v in function.problem.variables) or function.gradient_missing_because:
        return None
    if function.constraint_count:
        return get("casadi-ipopt") if importable("casadi") and not function.constraint_gradient_missing_because else None
    return get("bfgs")
