"""Problems with long arrays: nothing is written out, nothing dense is made, and what does not fit says so at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.arithmetic.casadi_graph import Reading
from optbench.errors import ProblemError
from optbench.language.build import symbol
from optbench.language.curvature_places import most_second_derivatives
from optbench.language.elaborate import Scope, parse
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge
from optbench.workbench.objective import Meter
from optbench.workbench.panel import entrants
from optbench.workbench.reading import GraphReading

ROSENBROCK = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"


def problem(text: str, n: int, **more: object) -> Problem:
    return optbench.define(text, variables={"x": {"shape": n, **more}})


@pytest.fixture
def rows(tmp_path: Path) -> str:
    chance = np.random.default_rng(0)
    table = np.column_stack([chance.normal(size=(20_000, 2)), chance.random(20_000) < 0.4])
    file = f"{tmp_path}/rows.csv"
    np.savetxt(file, table, fmt="%.6g", delimiter=",", header="u,v,y", comments="")
    return file


LOGISTIC = "sum(softplus(a*u + b*v + c) - y*(a*u + b*v + c)) + 0.5*(a^2 + b^2)"


def test_long_data_are_computed_in_numpy_to_what_casadi_computes(rows: str) -> None:
    function = Function(optbench.define(LOGISTIC, data=rows))
    assert isinstance(function.reading, GraphReading)
    casadi = function._casadi_reading([])
    assert isinstance(casadi, Reading)
    x = np.array([0.3, -0.2, 0.1])
    assert function.value(x) == pytest.approx(casadi.value(x), rel=1e-12)
    assert function.gradient(x) == pytest.approx(casadi.gradient(x), rel=1e-10)
    assert function.hessian(x) == pytest.approx(casadi.hessian_sparsity.dense(casadi.hessian(x)), rel=1e-10)


def test_many_unknowns_are_computed_by_casadi() -> None:
    assert isinstance(Function(problem(ROSENBROCK, 20_000)).reading, Reading)


CALLS = [
    "sum((x[1:] - x[:-1]^2)^2)",
    "sum(x)^2",
    "sum(x^4) + sum(x[::2])^2",
    "sum(x[0:3])*sum(x[3:6]^2)",
    "exp(x[0]*x[1]) + sum(exp(x[2:]))",
    "sum(if(x > 0, x^2, -x))",
    "norm(x - 1)",
    "max(x^2) + logsumexp(x[:2])",
    "sum((A @ x)^2)",
    "sum(log(1 + (x[I] - x[1])^2))",
    "prod(2 + sin(x[2:4]))",
    "sum(x/(1 + x[0]^2))",
]


@pytest.mark.parametrize("text", CALLS)
def test_no_second_derivative_is_beyond_the_bound(text: str) -> None:
    parameters = {"A": [[1, 0, 0, 2, 0, 0], [0, 0, 3, 0, 0, 1]], "I": [0, 2, 4]}
    asked = optbench.define(text, variables={"x": {"shape": 6}}, parameters={name: v for name, v in parameters.items() if name in text})
    reading = Function(asked)._casadi_reading([])
    assert isinstance(reading, Reading)
    assert len(reading.hessian_sparsity.rows) <= most_second_derivatives([asked.minimand], asked.symbols)


@given(st.integers(2, 10**6))
def test_the_bound_grows_with_n_where_neighbours_meet(n: int) -> None:
    x = symbol("x", (n,))
    assert most_second_derivatives([parse(ROSENBROCK, Scope({"x": x})).node], [x]) <= 6 * n


def test_dense_second_derivatives_of_many_unknowns_are_refused_with_their_number() -> None:
    dense = problem("(sum(x) - 1)^2 + sum(x^4)", 10_000)
    refusals = {entrant.label: entrant.refusal for entrant in entrants(dense, Function(dense), [])}
    asked = optbench.solve(dense, methods=["casadi-ipopt"], exact=False, certify=False)
    assert asked.attempts[0].reason == "needs a Hessian, and it may have 100,000,000 entries, and at most 5,000,000 are worked with"
    assert all(name != "lbfgs" or reason is None for name, reason in refusals.items())


def test_second_order_conditions_of_many_unknowns_are_checked_by_structure() -> None:
    n = 5_000
    chained = Function(problem(ROSENBROCK, n))
    assert judge(chained, np.ones(n)).optimality.curvature == "positive"
    saddle = Function(problem("sum(x[:-1]*x[1:])", n))
    assert judge(saddle, np.zeros(n)).optimality.curvature == "indefinite"
    flat = Function(problem("sum((x[1:] - x[:-1])^2)", n))
    assert judge(flat, np.zeros(n)).optimality.curvature == "semidefinite"
    held = Function(problem("sum(x[1:]*x[:-1]) + sum(x)", n, range=(0, 1)))
    assert judge(held, np.zeros(n)).optimality.curvature is None  # its bounds hold every entry


def test_a_report_that_takes_long_is_seldom_made(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("optbench.workbench.objective.time.monotonic", lambda: clock[0])
    meter, reports = Meter(1e9, 10**9), []

    def report() -> None:
        reports.append(clock[0])
        clock[0] += 0.2

    meter.report = report
    evaluate = meter.counted_at(lambda x: x, 0)
    for _ in range(1_000):
        clock[0] += 0.01
        evaluate(0.0)
    assert 1 < len(reports) <= 4  # of 10 s, 6 s pass between two


def test_a_thousand_unknowns_are_solved_and_shown_in_short() -> None:
    found = optbench.solve(problem(ROSENBROCK, 1_000, start=0.5), methods=["casadi-ipopt"], exact=False, certify=False)
    assert found.status is Status.LOCALLY_OPTIMAL
    assert found.solutions[0].optimality.curvature == "positive"
    assert np.abs(np.array(found.solutions[0].point["x"]) - 1).max() < 1e-6


def test_a_bound_and_a_start_for_each_of_many_entries_are_doubles() -> None:
    n = 40_000
    asked = optbench.define(
        "sum(u^2)",
        variables={"u": {"shape": [200, 200], "range": ("sin(x)*cos(x.T)", None), "start": "2 + 0*x"}},
        parameters={"x": "zeros(200, 200) + arange(200)"},
    )
    x = np.broadcast_to(np.arange(200.0), (200, 200))
    [u] = asked.variables
    assert np.array([interval.floats[0] for interval in u.ranges]) == pytest.approx((np.sin(x) * np.cos(x.T)).ravel(), rel=1e-15)
    assert u.ranges[0].floats[1] == np.inf
    assert u.starts == ((2.0,) * n,)


def test_an_undefined_bound_among_many_is_a_mistake() -> None:
    with pytest.raises(ProblemError, match="An end of the range of x is not defined in each entry"):
        problem("sum(x^2)", 5_000, range=("log(arange(5000) - 1)", None))


def test_many_ranges_are_part_of_the_hash() -> None:
    ends = ["0.5*arange(3000)", "0.25*arange(3000)"]
    hashes = {problem("sum(x)", 3_000, range=(end, None)).hash for end in ends}
    assert len(hashes) == 2
    assert problem("sum(x)", 3_000, range=(ends[0], None)).hash in hashes


SLOPES = {"n": 3_000, "t": "2*sin(0.01*arange(n))"}


def sloped(objective: str, *constraints: str) -> Problem:
    return optbench.define(objective, variables={"x": {"shape": 3_000, "start": 0}}, parameters=SLOPES, subject_to=constraints)


def test_many_constraints_are_judged_by_structure() -> None:
    asked = sloped("sum((x - t)^2 + exp(0.1*x))", "x[1:] - x[:-1] <= 0.005", "x[0] == 0.5")
    found = optbench.solve(asked, methods=["casadi-ipopt"], exact=False, certify=False)
    assert found.status is Status.LOCALLY_OPTIMAL
    x, t = np.array(found.solutions[0].point["x"]), 2 * np.sin(0.01 * np.arange(3_000))
    multipliers = np.array(found.solutions[0].multipliers["c1"])
    assert multipliers.max() <= 0  # a larger right-hand side never raises the least value
    left = 2 * (x - t) + 0.1 * np.exp(0.1 * x)  # by hand: the multipliers of neighbours differ by the slope of the objective
    left[1:] -= multipliers
    left[:-1] += multipliers
    assert np.abs(left[1:]).max() < 1e-6  # the first one is free for the equation


def test_the_least_point_of_many_constraints_is_told_from_others() -> None:
    function = Function(sloped("sum(x^2)", "x[1:] + x[:-1] >= 2"))
    best, other = np.ones(3_000), np.where(np.arange(3_000) % 2, 0.5, 1.5)
    assert judge(function, best, restore=True).assurance is Assurance.LOCAL
    assert judge(function, other, restore=True).reason is not None
    saddle = judge(Function(sloped("sum(x[1:]*x[:-1])", "sum(x) == 0", "x[1:] + x[:-1] <= 2")), np.zeros(3_000), restore=True)
    assert saddle.reason == "the curvature along so many constraints is not decided"


def test_a_point_that_violates_many_constraints_is_restored_by_structure() -> None:
    function = Function(sloped("sum(x^2)", "x[1:] + x[:-1] >= 2"))
    judged = judge(function, np.full(3_000, 0.99), restore=True)
    assert judged.assurance is Assurance.LOCAL
    assert judged.moved is not None
    assert judged.moved.violation == pytest.approx(0.02)
    assert judged.x == pytest.approx(np.ones(3_000))
