"""Linear programs by HiGHS: against SciPy's own call of it, and against the exact strategies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import optbench
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Attempt, AttemptStatus
from optbench.workbench.auto import ladder
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.panel import facts_of
from optbench.workbench.settings import Settings

pytest.importorskip("casadi")


def row(problem: Problem, **options: Any) -> Attempt:
    choice = MethodChoice("casadi-highs", tuple(options.items()))
    [found] = solve(problem, Settings(exact=False, certify=False, methods=(choice,))).attempts
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(0, 5))
def test_random_programs_are_solved_as_by_scipy(seed: int, n: int, m: int) -> None:
    """The optimal value, or that there is none."""
    source = np.random.default_rng(seed)
    c, A, b = source.integers(-5, 6, n), source.integers(-3, 4, (m, n)), source.integers(-4, 9, m)
    lower, upper = -source.integers(0, 5, n), source.integers(0, 7, n)
    upper[0] += 1  # a range of one point leaves a method nothing to do
    equal = source.random(m) < 0.25
    problem = optbench.define(
        "c @ x + 3",
        variables={"x": {"shape": n, "range": [[int(v) for v in lower], [int(v) for v in upper]]}},
        parameters={"c": [int(v) for v in c]},
        subject_to=[
            f"{' + '.join(f'({v})*x[{j}]' for j, v in enumerate(a))} {'==' if e else '<='} {r}"
            for a, r, e in zip(A, b, equal, strict=True)
            if a.any()
        ],
    )
    kept = A.any(axis=1) if m else np.zeros(0, bool)
    given_: dict[str, Any] = {}
    if (kept & ~equal).any():
        given_ |= {"A_ub": A[kept & ~equal], "b_ub": b[kept & ~equal]}
    if (kept & equal).any():
        given_ |= {"A_eq": A[kept & equal], "b_eq": b[kept & equal]}
    expected = linprog(c, bounds=list(zip(lower, upper, strict=True)), method="highs", **given_)
    found = row(problem)
    if expected.status == 0:
        assert found.status is AttemptStatus.CONVERGED, found.reason
        assert found.value == pytest.approx(expected.fun + 3, abs=1e-7)
        assert (found.infeasibility or 0.0) <= 1e-9
    else:
        assert found.status is not AttemptStatus.CONVERGED


@pytest.mark.parametrize("algorithm", ["choose", "simplex", "ipm"])
def test_the_multipliers_are_those_of_a_textbook(algorithm: str) -> None:
    """Dantzig's diet in small: 3x + 2y is greatest at (2, 2), with the prices 1 and 1."""
    problem = optbench.define("3*x + 2*y", subject_to=["x + y <= 4", "2*x + y <= 6"], range=(0, None), maximize=True)
    result = solve(problem, Settings(exact=False, certify=False, methods=(MethodChoice("casadi-highs", (("solver", algorithm),)),)))
    assert result.value == pytest.approx(10, abs=1e-6)
    assert result.solutions[0].multipliers == pytest.approx({"c1": 1, "c2": 1}, abs=1e-5)


def test_there_may_be_no_optimum() -> None:
    assert "infeasible" in (row(optbench.define("x + y", subject_to=["x + y >= 3"], range=(0, 1))).reason or "")
    assert "unbounded" in (row(optbench.define("x - y", subject_to=["x + y <= 3"])).reason or "")


def test_fixed_variables_stay() -> None:
    found = row(optbench.define("x + 2*y + z", subject_to=["x + y + z >= 4"], variables={"x": (0, 9), "y": (1, 1), "z": (0, 2)}))
    assert found.point is not None
    assert found.point["y"] == 1
    assert found.value == pytest.approx(5, abs=1e-9)


def test_a_large_sparse_program() -> None:
    """A staircase of 400 unknowns: x0 >= 1 and each at least the one before, whose least sum is 400."""
    problem = optbench.define("sum(x)", variables={"x": {"shape": 400, "range": [0, 5]}}, subject_to=["x[1:] >= x[:-1]", "x[0] >= 1"])
    found = row(problem)
    assert found.status is AttemptStatus.CONVERGED, found.reason
    assert found.value == pytest.approx(400, abs=1e-6)


@pytest.mark.parametrize(
    ("objective", "subject_to", "linear"),
    [
        ("x + y", ["x + 2*y <= 3"], True),
        ("2*x - y/3 + 1", ["x == 2*y"], True),
        ("x*y", ["x + y <= 3"], False),
        ("x + y", ["x^2 + y <= 3"], False),
        ("abs(x) + y", ["x + y <= 3"], False),
    ],
)
def test_auto_takes_it_for_linear_programs_only(objective: str, subject_to: list[str], linear: bool) -> None:
    problem = optbench.define(objective, subject_to=subject_to, range=(0, 1))
    name, because, *_ = ladder(facts_of(problem, Function(problem)))[0]
    assert (name == "casadi-highs") == linear
    assert because
    assert (row(problem).status is AttemptStatus.NOT_APPLICABLE) == (not linear)
