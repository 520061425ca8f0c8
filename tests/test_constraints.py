"""Constraints in the engine: residuals and multipliers, the conditions at a point, feasibility restored, honest suspicion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

import optbench
from optbench.exact.answer import ExactAnswer
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status
from optbench.workbench.constraint_rows import by_constraint
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement, judge
from optbench.workbench.kkt import kkt, nonnegative_least_squares, null_space
from optbench.workbench.restoration import restored
from optbench.workbench.verdict import _excludes


def judged(objective: str, at: dict[str, Any], restore: bool = False, **asked: Any) -> Judgement:
    problem = optbench.define(objective, **asked)
    return judge(*point_of(problem, at), restore=restore)


def point_of(problem: Problem, at: dict[str, Any]) -> tuple[Function, Any]:
    function = Function(problem)
    flat = [float(c) for v in problem.variables for c in np.ravel(at[v.name])]
    return function, function.space.point(flat)


# ---- residuals ----------------------------------------------------------------------------------------------------------------

ARRAYS: dict[str, Any] = {"variables": {"x": {"shape": 3, "range": (-5, 5)}, "y": (-5, 5)}}
SOME = ["x <= y", "1 <= sum(x) <= 2", "y^2 + x[0] == 4", "x[0] >= -1"]


def test_residuals_are_at_most_0_where_the_constraint_holds() -> None:
    function, x = point_of(optbench.define("sum(x^2) + y", subject_to=SOME, **ARRAYS), {"x": [1, 2, 3], "y": 2})
    assert function.equalities == [False] * 5 + [True, False]
    assert list(function.constraints(x)) == [-1, 0, 1, 1 - 6, 6 - 2, 1, -1 - 1]
    assert function.violation(x) == 4


@pytest.mark.parametrize("written_out", [True, False])
def test_derivatives_of_residuals_agree_with_differences(written_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not written_out:
        monkeypatch.setattr("optbench.workbench.function._WRITTEN_OUT", 0)
        monkeypatch.setattr("optbench.workbench.function.importable", lambda name: False)
    function, x = point_of(optbench.define("sum(x^4)*y", subject_to=[*SOME, "x^2*y <= exp(y)"], **ARRAYS), {"x": [1, 2, 3], "y": 2})
    assert function.plain is written_out
    J = function.jacobian_sparsity.dense(function.jacobian(x))
    h = 1e-6
    for i in range(4):
        e = np.eye(4)[i]
        assert J[:, i] == pytest.approx((function.constraints(x + h * e) - function.constraints(x - h * e)) / (2 * h), abs=1e-7)
    multipliers = np.arange(1.0, 1.0 + function.constraint_count)

    def lagrangian_gradient(z: Any) -> Any:
        return 2.5 * function.gradient(z) + multipliers @ function.jacobian_sparsity.dense(function.jacobian(z))

    H = function.lagrangian_sparsity.dense(function.lagrangian_hessian(x, 2.5, multipliers))
    for i in range(4):
        e = np.eye(4)[i]
        assert H[:, i] == pytest.approx((lagrangian_gradient(x + h * e) - lagrangian_gradient(x - h * e)) / (2 * h), rel=1e-6, abs=1e-5)


# ---- multipliers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "asked", "at", "constraint"),
    [
        ("x^2", {"subject_to": ["x >= {}"]}, lambda b: {"x": b}, 1.0),
        ("x^2", {"subject_to": ["{} <= x"]}, lambda b: {"x": b}, 1.0),
        ("-x^3", {"subject_to": ["x <= {}"], "range": (0, 9)}, lambda b: {"x": b}, 2.0),
        ("x^3", {"subject_to": ["{} >= x"], "maximize": True, "range": (0, 9)}, lambda b: {"x": b}, 2.0),
        ("x^2 + y^2", {"subject_to": ["x + y == {}"]}, lambda b: {"x": b / 2, "y": b / 2}, 3.0),
        ("x*y", {"subject_to": ["x + 2*y <= {}"], "maximize": True, "range": (0, 9)}, lambda b: {"x": b / 2, "y": b / 4}, 4.0),
        ("(x - 7)^2", {"subject_to": ["-1 <= x <= {}"]}, lambda b: {"x": b}, 2.0),
    ],
)
def test_a_multiplier_is_the_change_of_the_value_for_a_unit_of_the_right_hand_side(
    objective: str, asked: dict[str, Any], at: Any, constraint: float
) -> None:
    """Against a difference of optimal values, which are known as functions of the right-hand side."""

    def at_side(b: float) -> tuple[Judgement, float]:
        texts = [text.format(f"{b:.17g}") for text in asked["subject_to"]]
        problem = optbench.define(objective, **{**asked, "subject_to": texts})
        found = judge(*point_of(problem, at(b)))
        return found, problem.sign * found.value

    found, _ = at_side(constraint)
    assert found.assurance is Assurance.LOCAL, found.reason
    (multiplier,) = found.multipliers.values()
    h = 1e-5
    assert multiplier == pytest.approx((at_side(constraint + h)[1] - at_side(constraint - h)[1]) / (2 * h), rel=1e-6)


def test_multipliers_of_an_array_constraint_are_a_list() -> None:
    found = judged("sum((x - 3)^2)", {"x": [1, 2, 3]}, subject_to=["x <= [1, 2, 8]"], variables={"x": {"shape": 3}})
    assert found.assurance is Assurance.LOCAL, found.reason
    assert found.multipliers == {"c1": pytest.approx([-4, -2, 0], abs=1e-9)}


def test_a_chain_adds_the_multipliers_of_both_ends() -> None:
    function = Function(optbench.define("x", subject_to=["1 <= x + y <= 2", "x == y"]))
    assert by_constraint(function.parts, [3.0, 5.0, 7.0]) == {"c1": 3.0 - 5.0, "c2": -7.0}


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 8))
def test_nonnegative_least_squares_agrees_with_scipy(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    M, b, free = rng.normal(size=(rows, columns)), rng.normal(size=rows), rng.random(columns) < 0.3
    ours = nonnegative_least_squares(M, b, free)
    theirs = lsq_linear(M, b, (np.where(free, -np.inf, 0.0), np.inf), method="bvls").x
    assert np.all(ours[~free] >= 0)
    assert np.linalg.norm(M @ ours - b) == pytest.approx(np.linalg.norm(M @ theirs - b), abs=1e-8)


@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(1, 5))
def test_a_null_space_is_orthogonal_to_the_rows_and_as_large_as_it_can_be(seed: int, rows: int, columns: int) -> None:
    A = np.random.default_rng(seed).integers(-2, 3, size=(rows, columns)).astype(float)
    Z = null_space(A)
    assert Z.shape == (columns, columns - (np.linalg.matrix_rank(A) if rows else 0))
    assert abs(A @ Z).max(initial=0.0) < 1e-12
    assert abs(Z.T @ Z - np.eye(Z.shape[1])).max(initial=0.0) < 1e-12


# ---- the conditions at a point ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "constraints", "at", "reason"),
    [
        ("x^2 + y^2", ["x + y >= 1"], {"x": 0.6, "y": 0.4}, "no multipliers satisfy the first-order conditions"),
        ("x + y", ["x^2 + y^2 <= 1"], {"x": math.sqrt(0.5), "y": math.sqrt(0.5)}, "no multipliers satisfy"),  # the maximum
        ("x*y", ["x + y == 2"], {"x": 1.0, "y": 1.0}, "the curvature along the constraints is negative there"),
        ("x^2 + y^2", ["x + y >= 1"], {"x": 0.0, "y": 0.0}, "it violates a constraint by 1.0e+00"),
        ("x^2 - y^4", ["x == 0*y"], {"x": 0.0, "y": 0.0}, "there are lower values nearby"),
        ("-x^3", ["x^2 + y^2 == 1"], {"x": 0.0, "y": 1.0}, "there are lower values nearby"),
        ("-3*x*y - 3", ["(x - 1)^3 + y <= 0"], {"x": 1.0, "y": 0.0}, "there are lower values nearby"),  # along the constraint's edge only
        ("x^2 - y^2", ["y >= sin(x)"], {"x": -4.5e-5, "y": math.sin(-4.5e-5)}, "there are lower values nearby"),  # hardly held
    ],
)
def test_what_is_no_minimum_is_not_called_one(objective: str, constraints: list[str], at: dict[str, float], reason: str) -> None:
    found = judged(objective, at, subject_to=constraints)
    assert found.assurance is not Assurance.LOCAL
    assert found.reason is not None
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("objective", "asked", "at"),
    [
        ("x + 2*y", {"subject_to": ["x + y >= 1"], "range": (0, 9)}, {"x": 1.0, "y": 0.0}),  # a vertex
        ("x^2 + y^2", {"subject_to": ["x + y == 1"]}, {"x": 0.5, "y": 0.5}),
        ("x", {"subject_to": ["x^2 + y^2 <= 1"]}, {"x": -1.0, "y": 0.0}),
        ("x", {"subject_to": ["x + y >= 1", "y <= 1", "x + 2*y >= 2"]}, {"x": 0.0, "y": 1.0}),  # more active than it has variables
        ("(x - 1)^2", {"subject_to": ["x <= 5"]}, {"x": 1.0}),  # nothing is active
        ("x + y", {"subject_to": ["x + y >= 1"]}, {"x": 0.3, "y": 0.7}),  # a whole edge
    ],
)
def test_a_minimum_is_called_local(objective: str, asked: dict[str, Any], at: dict[str, float]) -> None:
    found = judged(objective, at, **asked)
    assert (found.assurance, found.reason) == (Assurance.LOCAL, None)
    assert found.optimality.stationarity == pytest.approx(0, abs=1e-12)
    assert found.optimality.complementarity == pytest.approx(0, abs=1e-12)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 4))
def test_multipliers_planted_in_a_convex_quadratic_are_found(seed: int, n: int, m: int) -> None:
    """f = |x - p|^2/2 with p chosen so that the wanted multipliers are those of the constraints a_j'x <= b_j at the origin."""
    rng = np.random.default_rng(seed)
    A = rng.integers(-3, 4, size=(min(m, n), n)).astype(float)
    if np.linalg.matrix_rank(A) < len(A):
        return
    planted = rng.integers(1, 4, size=len(A)).astype(float)
    target = A.T @ planted
    names = [f"x{i}" for i in range(n)]
    objective = " + ".join(f"({name} - ({p:g}))^2/2" for name, p in zip(names, target, strict=True))
    texts = [" + ".join(f"({a:g})*{name}" for a, name in zip(row, names, strict=True)) + " <= 0" for row in A]
    found = judged(objective, dict.fromkeys(names, 0.0), subject_to=texts, variables=dict.fromkeys(names))
    assert found.assurance is Assurance.LOCAL, found.reason
    assert list(found.multipliers.values()) == pytest.approx(-planted, abs=1e-9)


def test_the_tangent_space_is_that_of_the_constraints_whatever_the_sizes_of_the_variables() -> None:
    function, x = point_of(optbench.define("x^2 + y^2", subject_to=["x + y >= 100"], range=(-500, 500)), {"x": 50, "y": 50})
    found = kkt(function, x, 5000.0, function.gradient(x), function.constraints(x))
    assert found is not None
    assert [1, 1] @ found.tangent == pytest.approx([0], abs=1e-9)
    function, x = point_of(optbench.define("x*y", subject_to=["x + 400*y >= 8"], range=(0.001, 500)), {"x": 4.0, "y": 0.01})
    found = kkt(function, x, 0.04, function.gradient(x), function.constraints(x))
    assert found is not None
    assert [1, 400] @ found.tangent == pytest.approx([0], abs=1e-9)


def test_a_point_where_a_gradient_is_undefined_has_no_conditions() -> None:
    function, x = point_of(optbench.define("x", subject_to=["sqrt(x) >= y"], range=(0, 4)), {"x": 0, "y": 0})
    assert kkt(function, x, 0.0, function.gradient(x), function.constraints(x)) is None


# ---- feasibility ------------------------------------------------------------------------------------------------------------------


def test_a_violated_point_is_restored_and_that_is_told() -> None:
    found = judged("x^2 + y^2", {"x": 0.49, "y": 0.5}, restore=True, subject_to=["x + y == 1"])
    assert found.optimality.infeasibility == 0
    assert found.x == pytest.approx([0.495, 0.505])
    assert found.moved is not None
    assert found.moved.violation == pytest.approx(0.01)
    assert found.moved.distance == pytest.approx(0.005)


def test_rounding_alone_is_restored_without_a_word() -> None:
    found = judged("x^2 + y^2", {"x": 0.5, "y": 0.5 - 1e-8}, restore=True, subject_to=["x + y == 1"])
    assert (found.moved, found.assurance) == (None, Assurance.LOCAL)
    assert found.optimality.infeasibility < 1e-15


def test_restoration_stays_in_the_box() -> None:
    problem = optbench.define("x", variables={"x": (0, 1), "y": (0, 5)}, subject_to=["4*x + y == 6"])
    function, x = point_of(problem, {"x": 1.0, "y": 0.0})
    assert restored(function, x) == pytest.approx([1.0, 2.0])


def test_what_cannot_be_restored_stays_where_it_is_best() -> None:
    function, x = point_of(optbench.define("x", subject_to=["x^2 + y^2 <= -1"]), {"x": 2, "y": 1})
    y = restored(function, x)
    assert function.violation(y) <= function.violation(x)
    assert function.violation(y) >= 1


# ---- what contradicts a proof ------------------------------------------------------------------------------------------------------


def excluded(subject_to: list[str], at: tuple[float, float], proved: str | None) -> bool:
    """Whether the point is taken as a contradiction to the claim that this is the minimum of -x^2 + y (None: infeasible)."""
    problem = optbench.define("-x^2 + y", subject_to=subject_to)
    function, x = point_of(problem, dict(zip("xy", at, strict=True)))
    value = None if proved is None else float(proved)
    status = Status.INFEASIBLE if proved is None else Status.OPTIMAL
    enclosure = None if proved is None else (proved, proved)
    answer = ExactAnswer("planted", status, Assurance.EXACT, proved, value, enclosure)
    return _excludes(problem, function, answer, judge(function, x))


@pytest.mark.parametrize(
    ("subject_to", "at", "proved", "expected"),
    [
        (["x^2 + y^2 == 1"], (1.0 + 1e-14, 0.0), "-1", False),  # lower by its own violation only
        (["x^2 + y^2 == 1"], (1.0, 0.0), "-0.99", True),
        (["x <= 1", "y >= 0"], (1.0, 0.0), "-0.99999999999", True),  # feasible as it is: any difference counts
        (["x <= 1", "y >= 0"], (1.0 + 1e-12, 0.0), "-1", False),
        (["x <= 1", "y >= 0"], (1.0 + 1e-13, 0.0), "-0.99", True),
        (["y >= (1 - x)^3", "y <= 0"], (1.0, 0.0), "-0.99", True),
        (["y >= (1 - x)^3", "y <= 0"], (1.0 - 1e-5, 0.0), "-1", False),  # a cusp: far along it for a violation of 1e-15
        (["x <= 1", "y >= 0"], (2.0, 0.0), "-1", False),  # not feasible at all
        (["x <= 1", "y >= 0"], (1.0, 0.0), None, True),
        (["x + y == 1"], (1.0, 0.0), None, True),
        (["x + y == 1"], (2.0, 0.0), None, False),
    ],
)
def test_only_points_that_can_not_be_contradict_a_proof(
    subject_to: list[str], at: tuple[float, float], proved: str | None, expected: bool
) -> None:
    assert excluded(subject_to, at, proved) is expected
