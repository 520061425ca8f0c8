"""Variables that take whole numbers only: against all points, one by one, and against published optima."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Assurance, AttemptStatus, Result
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge
from optbench.workbench.neighbours import neighbours
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts

pytest.importorskip("casadi")


def whole(low: float | None, high: float | None, shape: int | None = None) -> dict[str, Any]:
    return {"range": (low, high), "integer": True} | ({} if shape is None else {"shape": shape})


def by(name: str, problem: Problem, **options: Any) -> Result:
    """The result with one method alone."""
    choice = MethodChoice(name, tuple((option, str(value)) for option, value in options.items()))
    return solve(problem, Settings(exact=False, certify=False, methods=(choice,)))


def texts(A: Any, b: Any, name: str = "x") -> list[str]:
    rows = [" + ".join(f"({v})*{name}[{j}]" for j, v in enumerate(a) if v) for a in A]
    return [f"{row} <= {right}" for row, right in zip(rows, b, strict=True) if row]


# ---- against all points ---------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 4))
def test_random_linear_programs_in_whole_numbers(seed: int, n: int, m: int) -> None:
    source = np.random.default_rng(seed)
    c, A, b = source.integers(-5, 6, n), source.integers(-3, 5, (m, n)), source.integers(-3, 12, m)
    low, high = -source.integers(0, 3, n), source.integers(1, 5, n)
    problem = optbench.define(
        "c @ x",
        variables={"x": {"shape": n, "integer": True, "range": [[int(v) for v in low], [int(v) for v in high]]}},
        parameters={"c": [int(v) for v in c]},
        subject_to=texts(A, b),
    )
    rows = A.any(axis=1) if m else np.zeros(0, bool)
    feasible = [c @ x for x in product(*(range(i, j + 1) for i, j in zip(low, high, strict=True))) if (A[rows] @ x <= b[rows]).all()]
    [row] = by("casadi-highs", problem).attempts
    if feasible:
        assert row.status is AttemptStatus.CONVERGED, row.reason
        assert row.value == min(feasible)
    else:
        assert row.status is AttemptStatus.STALLED
        assert "infeasible" in (row.reason or "")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 2), st.sampled_from(["B-BB", "B-OA"]))
def test_random_convex_quadratic_programs_in_whole_numbers(seed: int, n: int, m: int, algorithm: str) -> None:
    source = np.random.default_rng(seed)
    M, d = source.integers(-3, 4, (n, n)), source.integers(-8, 9, n) + 0.25
    A, b = source.integers(-3, 5, (m, n)), source.integers(0, 12, m)
    problem = optbench.define(
        "sum((M @ x - d)^2) + sum(x^2)/10",
        variables={"x": whole(-4, 4, n)},
        parameters={"M": M.tolist(), "d": d.tolist()},
        subject_to=texts(A, b),
    )
    rows = A.any(axis=1) if m else np.zeros(0, bool)
    grid = (np.array(x) for x in product(range(-4, 5), repeat=n))
    least = min(((M @ x - d) ** 2).sum() + (x**2).sum() / 10 for x in grid if (A[rows] @ x <= b[rows]).all())
    [row] = by("casadi-bonmin", problem, algorithm=algorithm).attempts
    assert row.status is AttemptStatus.CONVERGED, row.reason
    assert row.value == pytest.approx(least, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_mixed_programs_against_the_best_of_each_slice(seed: int) -> None:
    """min c'n + (x - a'n)^2 + x, whose x is known for each n."""
    source = np.random.default_rng(seed)
    c, a = source.integers(-3, 4, 2), source.integers(-3, 4, 2) / 4
    problem = optbench.define(
        "c @ n + (x - a @ n)^2 + x",
        variables={"n": whole(-3, 3, 2), "x": (-1, 1)},
        parameters={"c": c.tolist(), "a": a.tolist()},
        subject_to=["n[0] + n[1] >= x"],
    )
    least = min(
        c @ n + (x - a @ n) ** 2 + x
        for n in map(np.array, product(range(-3, 4), repeat=2))
        if n.sum() >= -1
        for x in [np.clip(a @ n - 0.5, -1, min(1, n.sum()))]
    )
    assert by("casadi-bonmin", problem).value == pytest.approx(least, abs=1e-7)


# ---- published optima -------------------------------------------------------------------------------------------------------------

BITS = {f"y{i}": whole(0, 1) for i in (1, 2, 3, 4)}
PUBLISHED = {  # MINLPLib, with its optima
    "ex1223b": (
        optbench.define(
            "(x1 - 1)^2 + (x2 - 2)^2 + (x3 - 3)^2 + (y1 - 1)^2 + (y2 - 2)^2 + (y3 - 1)^2 - log(1 + y4)",
            variables={"x1": (0, 10), "x2": (0, 10), "x3": (0, 10), **BITS},
            subject_to=[
                "x1 + x2 + x3 + y1 + y2 + y3 <= 5",
                "x1^2 + x2^2 + x3^2 + y3^2 <= 5.5",
                "x1 + y1 <= 1.2",
                "x2 + y2 <= 1.8",
                "x3 + y3 <= 2.5",
                "x1 + y4 <= 1.2",
                "x2^2 + y2^2 <= 1.64",
                "x3^2 + y3^2 <= 4.25",
                "x3^2 + y2^2 <= 4.64",
            ],
        ),
        4.5795824024,
    ),
    "nvs03": (
        optbench.define(
            "(a - 8)^2 + (b - 2)^2",
            variables={"a": whole(0, 200), "b": whole(0, 200)},
            subject_to=["b >= 0.1*a^2", "a/3 + b <= 4.5"],
        ),
        16.0,
    ),
    "nvs10": (
        optbench.define(
            "7*a^2 + 6*b^2 - 35*a - 80.4*b",
            variables={"a": whole(0, 200), "b": whole(0, 200)},
            subject_to=["9*a^2 + 10*a*b + 8*b^2 <= 583", "6*a^2 + 8*a*b + 6*b^2 <= 441"],
        ),
        -310.8,
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_optima(name: str) -> None:
    problem, value = PUBLISHED[name]
    result = by("casadi-bonmin", problem)
    assert result.value == pytest.approx(value, abs=1e-8)
    assert result.assurance is Assurance.LOCAL, result.sentence


def test_the_pressure_vessel_of_whole_sheets() -> None:
    """Its optimum follows by hand from 13 and 7 sixteenths of an inch: two constraints are equations then."""
    import math

    shell, heads = 13 / 16, 7 / 16
    radius = shell / 0.0193
    length = (1296000 - 4 / 3 * math.pi * radius**3) / (math.pi * radius**2)
    value = 0.6224 * shell * radius * length + 1.7781 * heads * radius**2 + 3.1661 * shell**2 * length + 19.84 * shell**2 * radius
    assert value == pytest.approx(6059.714335, abs=1e-6)
    problem = optbench.define(
        "0.6224*(n1/16)*x3*x4 + 1.7781*(n2/16)*x3^2 + 3.1661*(n1/16)^2*x4 + 19.84*(n1/16)^2*x3",
        variables={"n1": whole(1, 99), "n2": whole(1, 99), "x3": (10, 200), "x4": (10, 200)},
        subject_to=["n1/16 >= 0.0193*x3", "n2/16 >= 0.00954*x3", "pi*x3^2*x4 + 4/3*pi*x3^3 >= 1296000"],
    )
    result = by("casadi-bonmin", problem)
    assert result.value == pytest.approx(value, rel=1e-9)
    point = result.solutions[0].point
    assert point is not None
    assert (point["n1"], point["n2"]) == (13, 7)
    assert isinstance(point["n1"], int)
    assert result.solutions[0].multipliers["c2"] == pytest.approx(0, abs=1e-6)  # it concerns whole numbers and is not active


def test_a_knapsack() -> None:
    """Ten things, each taken or left: the best load by all 1,024 choices."""
    profit, weight = [92, 57, 49, 68, 60, 43, 67, 84, 87, 72], [23, 31, 29, 44, 53, 38, 63, 85, 89, 82]
    loads = (np.array(x) for x in product((0, 1), repeat=10))
    assert max(int(x @ profit) for x in loads if x @ weight <= 165) == 309
    problem = optbench.define(
        "profit @ x",
        variables={"x": whole(0, 1, 10)},
        parameters={"profit": profit, "weight": weight},
        subject_to=["weight @ x <= 165"],
        maximize=True,
    )
    for name in ("casadi-highs", "casadi-bonmin"):
        result = by(name, problem)
        assert result.value == 309
        assert result.solutions[0].point == {"x": [1, 1, 1, 1, 0, 1, 0, 0, 0, 0]}


# ---- no optimum -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["casadi-highs", "casadi-bonmin"])
def test_infeasible_in_whole_numbers_alone(name: str) -> None:
    problem = optbench.define("n + m", variables={"n": whole(0, 9), "m": whole(0, 9)}, subject_to=["2*n - 2*m == 1"])
    result = by(name, problem)
    assert result.attempts[0].status is AttemptStatus.STALLED
    assert result.assurance is Assurance.NONE


@pytest.mark.parametrize("name", ["casadi-highs", "casadi-bonmin"])
def test_unbounded_in_whole_numbers(name: str) -> None:
    problem = optbench.define("-n", variables={"n": whole(0, None), "m": whole(0, None)}, subject_to=["n - m <= 1"])
    [row] = by(name, problem).attempts
    assert row.status in (AttemptStatus.STALLED, AttemptStatus.DIVERGED)
    assert "unbounded" in (row.reason or "")


def test_a_range_without_a_whole_number_has_no_point() -> None:
    for others in ({}, {"x": (0, 1)}):
        problem = optbench.define(f"(n - 1)^2 {'+ x^2' if others else ''}", variables={"n": whole(0.2, 0.8), **others})  # type: ignore[arg-type, dict-item]
        result = by("casadi-bonmin", problem)
        assert result.assurance is Assurance.NONE
        assert result.attempts[0].status is AttemptStatus.STALLED


# ---- how points are judged ----------------------------------------------------------------------------------------------------------

SLOPE = optbench.define("(n - 2.6)^2 + (x - n)^2", variables={"n": whole(-5, 5), "x": (-5, 5)})


def test_nearly_whole_is_rounded_and_half_is_a_violation() -> None:
    function = Function(SLOPE)
    near = judge(function, function.space.point([3.0000004, 3.0]))
    assert near.assurance is Assurance.LOCAL
    assert near.x.tolist() == [3.0, 3.0]
    half = judge(function, function.space.point([2.6, 2.6]))
    assert half.assurance is Assurance.NONE
    assert "whole" in (half.reason or "")
    assert half.optimality.infeasibility == pytest.approx(0.4)


def test_local_asks_for_the_others_and_for_the_neighbours() -> None:
    function = Function(SLOPE)
    elsewhere = judge(function, function.space.point([3.0, 2.0]))
    assert elsewhere.assurance is Assurance.FEASIBLE
    assert "with its whole numbers held" in (elsewhere.reason or "")
    beside = judge(function, function.space.point([2.0, 2.0]))
    assert beside.assurance is Assurance.FEASIBLE
    assert "n = 3" in (beside.reason or "")
    best = judge(function, function.space.point([3.0, 3.0]))
    assert best.assurance is Assurance.LOCAL
    assert "changed by 1" in (best.checked or "")


def test_neighbours_are_moved_onto_constraints() -> None:
    problem = optbench.define("x + y - n", variables={"n": whole(0, 5), "x": (0, 9), "y": (0, 9)}, subject_to=["x^2 + y >= n/2"])
    function = Function(problem)
    found = neighbours(function, function.space.point([2.0, 1.0, 0.0]), -1.0)
    assert found.better == (0, 3.0)  # x = sqrt(3/2) brings -1.78


def test_values_are_whole_in_json() -> None:
    result = by("casadi-highs", optbench.define("2*n + x", variables={"n": whole(1, 3), "x": (1, 2)}, subject_to=["n + x >= 3.5"]))
    assert '"n": 2,' in result.to_json() or '"n": 2}' in result.to_json()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(-3, 3), st.integers(1, 4), st.booleans())
def test_starts_are_whole_numbers_of_the_range(seed: int, low: int, size: int, open_end: bool) -> None:
    variables = {"n": whole(low + 0.3, None if open_end else low + size + 0.5), "x": (0, 1)}  # type: ignore[arg-type]
    function = Function(optbench.define("n^2 + x", variables=variables))
    for n, _ in starts(function, seed, 3):
        assert n == int(n)
        assert n >= low + 1
        assert open_end or n <= low + size


def test_nothing_else_handles_whole_numbers() -> None:
    [row] = by("bfgs", SLOPE).attempts
    assert row.status is AttemptStatus.NOT_APPLICABLE
    assert row.reason == "handles no integer variables"


def test_a_time_limit_leaves_the_best_point() -> None:
    n = 25
    M = np.random.default_rng(0).standard_normal((n, n)).round(3)
    problem = optbench.define("sum((M @ x - 5)^2)", variables={"x": whole(-50, 50, n)}, parameters={"M": M.tolist()})
    choice = MethodChoice("casadi-bonmin")
    result = solve(problem, Settings(exact=False, certify=False, methods=(choice,), time_limit=1.0))
    assert result.attempts[0].status is not AttemptStatus.CONVERGED
    assert result.value is not None
    assert all(isinstance(c, int) for c in (result.solutions[0].point or {})["x"])
