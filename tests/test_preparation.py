"""Compiled beforehand: what a method asks for, no more, and in time that is set-up."""

from __future__ import annotations

from typing import Any

import pytest

from optbench import define
from optbench.methods.registry import get, names
from optbench.problem.problem import Problem
from optbench.workbench.attempt import Budget, run
from optbench.workbench.function import Function, importable
from optbench.workbench.preparation import prepare, wanted

PROBLEMS = {
    "free": define("(1 - x)^2 + 100*(y - x^2)^2", range=(-5, 5)),
    "constrained": define("exp(x) + y^2", subject_to=["x*y >= 1", "x + y == 3"], range=(-5, 5)),
    "long": define("sum(x^4 - x) + sum(exp(x))", variables={"x": {"shape": 80, "range": (-5, 5)}}),
}
LATE = {"scipy-trust-constr"}  # asks for the minimand's own Hessian beside that of the constraints


def applicable(name: str, problem: Problem) -> bool:
    """Whether a method is made for the problem and asks for derivatives that are known beforehand."""
    method = get(name)
    special = method.linear_only or method.quadratic_only or method.linear_residuals_only or name in LATE
    special = special or not method.equations or not importable((method.library or "optbench").partition(".")[0])
    return not special and method.constraints == bool(problem.constraints) and (method.constraints or "hessian" in method.uses)


CASES = [(name, title) for title, problem in PROBLEMS.items() for name in names() if applicable(name, problem)]


@pytest.mark.parametrize(("name", "title"), [*CASES, ("levenberg-marquardt", "free")])
def test_nothing_more_is_compiled_once_a_method_runs(name: str, title: str) -> None:
    method, function = get(name), Function(PROBLEMS[title])
    options = method.options()
    function.prepare()
    prepare(function, method, options)
    compiled = compiled_parts(function)
    run(function, method, options, [[0.1] * function.dimension], Budget(5.0, 3, 60), 1e-8, 0, False, lambda message: None)
    assert compiled_parts(function) <= compiled


def compiled_parts(function: Function) -> set[tuple[str, str]]:
    """The derivatives that have been compiled, by the reading that has them."""
    parts = {"curvature", "_lagrangian", "_residuals", "_jacobian_entries", "_directional"}
    parts |= {"constraints", "jacobian", "hessian", "lagrangian_hessian"}
    readings: dict[str, Any] = {name: vars(function).get(name) for name in ("reading", "least_squares")}
    return {(name, part) for name, reading in readings.items() if reading is not None for part in vars(reading) if part in parts}


def test_a_method_that_learns_the_hessian_has_none_compiled() -> None:
    method, function = get("casadi-ipopt"), Function(PROBLEMS["constrained"])
    assert "lagrangian_hessian" in wanted(function, method, method.options())
    assert "lagrangian_hessian" not in wanted(function, method, method.options(hessian="limited-memory"))
