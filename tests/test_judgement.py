"""What the engine finds at a point, whatever the method said: what only a restart from beside it shows."""

from __future__ import annotations

import numpy as np
import pytest

import optbench
from optbench.result import Assurance
from optbench.workbench import judgement
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge


def test_a_saddle_that_no_axis_shows_is_found_by_a_restart_where_there_are_no_second_derivatives() -> None:
    """It falls along one direction of thirty, and digamma has no second derivative that the graph knows."""
    n = 30
    d = np.random.default_rng(3).normal(size=n)
    d /= np.linalg.norm(d)
    along = "sum(d*x)"
    text = f"100*sum((x - d*{along})^2) - {along}^2 + {along}^4 + sum((digamma(x + 10) - digamma(10))^2)/1000"
    function = Function(optbench.define(text, variables={"x": {"shape": n}}, parameters={"d": d.tolist()}))
    assert function.hessian_missing_because
    saddle = judge(function, np.zeros(n))
    assert saddle.assurance is Assurance.FEASIBLE
    assert "a restart from a point beside it falls to" in (saddle.reason or "")
    result = optbench.solve(function.problem, methods="bfgs", exact=False, certify=False)
    minimum = np.array(result.solutions[0].point["x"])  # type: ignore[index]
    assert judge(function, minimum).assurance is Assurance.LOCAL


@pytest.mark.parametrize(
    "text", ["(x - 1)^2 + 100*(y - x^2)^2", "x^4 + y^4 + (x - y)^2", "sin(3*x)*sin(3*y) + x^2 + y^2", "exp(x + y) + exp(-x) + exp(-y)"]
)
def test_minima_stay_minima(text: str) -> None:
    problem = optbench.define(text)
    for seed in range(3):
        result = optbench.solve(problem, methods=["bfgs", "newton", "gradient-descent"], exact=False, certify=False, seed=seed)
        assert result.assurance is Assurance.LOCAL


@pytest.mark.parametrize(("objective", "looks"), [("x + 2*y", False), ("x + 2*y - 0.1*x^2", True)])
def test_sufficient_conditions_of_many_constraints_need_no_look_along_them(
    monkeypatch: pytest.MonkeyPatch, objective: str, looks: bool
) -> None:
    """To move points onto five hundred constraints took seven of the nine seconds that a linear program needed."""
    looked: list[str] = []
    monkeypatch.setattr(judgement, "_MOVED", 0)
    monkeypatch.setattr(judgement, "_decreases_along_constraints", lambda *args: looked.append(objective))
    function = Function(optbench.define(objective, subject_to=["x + y >= 1", "x - y <= 3"], variables={"x": (0, 5), "y": (0, 5)}))
    found = judge(function, np.array([1.0, 0.0]))
    assert (found.assurance, bool(looked)) == (Assurance.LOCAL, looks)
    assert judge(function, np.array([0.0, 1.0])).assurance is Assurance.FEASIBLE
