"""Convex quadratic programs: against planted solutions, against complementarity, and what is refused; and how they are seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.arithmetic.sparsity import Sparsity, full
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.linear import degree
from optbench.methods.method import Facts
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Assurance, AttemptStatus, Result
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.panel import entrants
from optbench.workbench.programs import programs
from optbench.workbench.settings import Settings

pytest.importorskip("casadi")
SOLVERS = ["casadi-osqp", "casadi-daqp"]


def by(name: str, problem: Problem, **options: Any) -> Result:
    """The result with one method alone."""
    choice = MethodChoice(name, tuple((option, str(value)) for option, value in options.items()))
    return solve(problem, Settings(exact=False, certify=False, methods=(choice,)))


# ---- the solvers ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(0, 4), st.sampled_from(SOLVERS))
def test_planted_solutions(seed: int, n: int, m: int, name: str) -> None:
    """g is chosen so that the conditions of Karush, Kuhn and Tucker hold at x; H may be singular, and that x is no other's."""
    source = np.random.default_rng(seed)
    M, A, x = source.integers(-3, 4, (source.integers(1, n + 1), n)), source.integers(-3, 4, (m, n)), source.integers(-2, 3, n)
    A[~A.any(axis=1), 0] = 1
    active, multipliers = source.random(m) < 0.6, source.integers(1, 5, m)
    right = A @ x + np.where(active, 0, source.integers(1, 4, m))
    at_lower = source.random(n) < 0.3
    lower = np.where(at_lower, x, -5)
    g = -M.T @ (M @ x) - A.T @ (multipliers * active) + at_lower * source.integers(0, 4, n)
    problem = optbench.define(
        "sum((M @ x)^2)/2 + g @ x + 7",
        variables={"x": {"shape": n, "range": [lower.tolist(), [5] * n]}},
        parameters={"M": M.tolist(), "g": g.tolist()},
        subject_to=[f"{' + '.join(f'({v})*x[{j}]' for j, v in enumerate(a) if v)} <= {r}" for a, r in zip(A, right, strict=True)],
    )
    value = ((M @ x) ** 2).sum() / 2 + g @ x + 7
    [row] = by(name, problem).attempts
    assert row.value == pytest.approx(value, abs=1e-6 * max(1, abs(value))), row.reason
    assert (row.infeasibility or 0.0) <= 1e-9


@pytest.mark.parametrize("name", SOLVERS)
def test_the_least_norm_on_a_plane_has_the_multiplier_of_the_textbook(name: str) -> None:
    result = by(name, optbench.define("(x^2 + y^2 + z^2)/2", subject_to=["x + y + z == 3"]))
    assert result.assurance is Assurance.LOCAL
    assert result.value == pytest.approx(1.5, abs=1e-9)
    assert result.solutions[0].multipliers["c1"] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", SOLVERS)
def test_there_may_be_no_optimum(name: str) -> None:
    infeasible = by(name, optbench.define("x^2 + y^2", subject_to=["x + y >= 3"], range=(0, 1)))
    assert infeasible.attempts[0].status is AttemptStatus.STALLED
    assert "infeasible" in (infeasible.attempts[0].reason or "")
    unbounded = by(name, optbench.define("x^2 - y", subject_to=["x + y >= -1"]))
    assert unbounded.attempts[0].status is AttemptStatus.STALLED


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize(
    ("objective", "subject_to", "reason"),
    [
        ("x^2 - y^2", ["x + y <= 3"], "negative eigenvalue"),
        ("x*y", ["x + y <= 3"], "negative eigenvalue"),
        ("x^2 + y", ["x^2 + y <= 3"], "linear constraints"),
        ("x^4 + y", ["x + y <= 3"], "a quadratic objective"),
    ],
)
def test_what_is_no_convex_program_is_refused(name: str, objective: str, subject_to: list[str], reason: str) -> None:
    [row] = by(name, optbench.define(objective, subject_to=subject_to, range=(0, 1))).attempts
    assert row.status is AttemptStatus.NOT_APPLICABLE
    assert reason in (row.reason or "")


@pytest.mark.parametrize(("name", "n"), [("casadi-osqp", 200), ("casadi-osqp", 2000), ("casadi-daqp", 200)])
def test_a_rope_over_a_hill_satisfies_complementarity(name: str, n: int) -> None:
    """min u'Tu/2 over u >= obstacle: the force u'T is at least 0, and 0 where the rope hangs free."""
    t = np.linspace(0, 1, n + 2)[1:-1]
    hill = 0.2 - 2 * (t - 0.45) ** 2
    problem = optbench.define(
        "sum((u[1:] - u[:-1])^2)/2 + (u[0]^2 + u[-1]^2)/2",
        variables={"u": {"shape": n, "range": [hill.tolist(), [10.0] * n]}},
    )
    result = by(name, problem)
    assert result.attempts[0].status is AttemptStatus.CONVERGED, result.attempts[0].reason
    u = np.array((result.solutions[0].point or {})["u"])
    force = 2 * u - np.r_[0, u[:-1]] - np.r_[u[1:], 0]
    assert force.min() >= -1e-9
    assert np.minimum(force, u - hill).max() <= 1e-9


# ---- how they are seen ----------------------------------------------------------------------------------------------------------

X = symbol("x", (3,))
SCOPE = Scope({"x": X, "A": symbol("A", (2, 3)), "b": symbol("b", (2,))})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 0),
        ("exp(b[0])*2", 0),
        ("A @ x - b", 1),
        ("x[0]/b[0] - mean(x)", 1),
        ("sum((A @ x - b)^2)", 2),
        ("x @ x + x[1]*x[2]", 2),
        ("(x[0] + 1)^2/b[1]", 2),
        ("dot(x, x)", 2),
        ("x[0]^3", None),
        ("x[0]*x[1]*x[2]", None),
        ("b[0]/x[0]", None),
        ("x[0]^b[0]", None),
        ("abs(x[0])", None),
        ("exp(x[0])", None),
        ("norm(x)^2", None),
    ],
)
def test_degrees(text: str, expected: int | None) -> None:
    assert degree(parse(text, SCOPE).node, [X]) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.booleans())
def test_definiteness_is_that_of_the_eigenvalues(seed: int, n: int, dense: bool) -> None:
    from optbench.arithmetic.casadi_definiteness import is_positive_semidefinite

    source = np.random.default_rng(seed)
    M = source.integers(-3, 4, (source.integers(1, n + 1), n)) * (source.random(n) < 0.8)
    H = M.T @ M - source.choice([0, 0, 1], n) * np.eye(n)
    units = 2.0 ** source.integers(-30, 30, n)
    scaled = H * units[:, None] * units
    if dense:
        sparsity, entries = full(n, n), scaled.ravel()
    else:
        rows, columns = np.nonzero(scaled)
        sparsity, entries = Sparsity(rows, columns, (n, n)), scaled[rows, columns]
    assert is_positive_semidefinite(sparsity, entries) == (np.linalg.eigvalsh(H).min() > -1e-9)


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        (Facts(2, linear=True, quadratic=True, has_constraints=True), ["casadi-highs", "casadi-osqp", "casadi-daqp"]),
        (Facts(2, linear=True, quadratic=True, has_constraints=True, has_integers=True), ["casadi-highs", "casadi-bonmin"]),
        (Facts(2, quadratic=True, has_integers=True), ["casadi-bonmin"]),
        (Facts(2, quadratic=True, has_bounds=True), []),
        (Facts(150, quadratic=True, has_bounds=True), ["casadi-osqp", "casadi-daqp"]),
        (Facts(2, quadratic=True, has_constraints=True), ["casadi-osqp", "casadi-daqp"]),
        (Facts(2, quadratic=True, has_constraints=True, constraint_count=5000), ["casadi-ipopt", "casadi-osqp", "casadi-daqp"]),
        (Facts(2, quadratic=True), []),
        (Facts(2000, quadratic=True), ["casadi-osqp", "casadi-daqp"]),
        (Facts(2, has_constraints=True), []),
        (Facts(2, quadratic=True, has_bounds=True, missing_libraries=frozenset({"casadi"})), []),
    ],
)
def test_kinds_have_their_solvers(facts: Facts, names: list[str]) -> None:
    assert [name for name, _ in programs(facts)] == names


def test_auto_takes_another_way_where_the_hessian_has_a_negative_eigenvalue() -> None:
    for objective, name in (("sum(x^2) + x[0]*x[1]", "casadi-osqp"), ("sum(x^2) + 3*x[0]*x[1]", "casadi-ipopt")):
        problem = optbench.define(objective, variables={"x": {"shape": 50, "range": (-2, 2)}}, subject_to=["sum(x) >= 1"])
        [entrant] = entrants(problem, Function(problem), [MethodChoice("auto")])
        assert entrant.method.name == name
