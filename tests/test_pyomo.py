"""Real Pyomo models solved by `optbench-ampl`, with optima and multipliers known by theory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optbench import __version__

pyo: Any = pytest.importorskip("pyomo.environ")


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return pyo.SolverFactory("optbench-ampl", solver_io="nl")


def variables(**bounds: Any) -> Any:
    """A model with variables of these bounds, or domains."""
    found = pyo.ConcreteModel()
    for name, given in bounds.items():
        setattr(found, name, pyo.Var(bounds=given) if isinstance(given, tuple) else pyo.Var(domain=given))
    found.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    return found


ANY = (None, None)


def linear() -> Any:
    """The example of Wyndor Glass (Hillier and Lieberman): 36 at (2, 6), shadow prices 0, 3/2 and 1."""
    m = variables(x=(0, None), y=(0, None))
    m.value = pyo.Objective(expr=3 * m.x + 5 * m.y, sense=pyo.maximize)
    m.rows = pyo.ConstraintList()
    for row in (m.x <= 4, 2 * m.y <= 12, 3 * m.x + 2 * m.y <= 18):
        m.rows.add(row)
    return m


def mixed_integer() -> Any:
    m = variables(x=pyo.NonNegativeIntegers, y=pyo.Binary, z=(0, 5))
    m.value = pyo.Objective(expr=5 * m.x + 4 * m.y + 3 * m.z, sense=pyo.maximize)
    m.rows = pyo.ConstraintList()
    for row in (2 * m.x + 3 * m.y + m.z <= 5, 4 * m.x + m.y + 2 * m.z <= 11, 3 * m.x + 4 * m.y + 2 * m.z <= 8):
        m.rows.add(row)
    return m


def quadratic() -> Any:
    m = variables(x=ANY, y=ANY)
    m.value = pyo.Objective(expr=(m.x - 1) ** 2 + (m.y - 2.5) ** 2)
    m.row = pyo.Constraint(expr=m.x + m.y == 2)
    return m


def hock_schittkowski_71() -> Any:
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(4), bounds=(1, 5), initialize={0: 1, 1: 5, 2: 5, 3: 1})
    m.value = pyo.Objective(expr=m.x[0] * m.x[3] * (m.x[0] + m.x[1] + m.x[2]) + m.x[2])
    m.product = pyo.Constraint(expr=m.x[0] * m.x[1] * m.x[2] * m.x[3] >= 25)
    m.sphere = pyo.Constraint(expr=sum(m.x[i] ** 2 for i in m.x) == 40)
    m.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
    return m


def transcendental() -> Any:
    m = variables(x=(0, 6))
    m.value = pyo.Objective(expr=pyo.sin(m.x) + pyo.log(m.x + 1) / 10 + pyo.exp(-m.x))
    return m


def with_kinks() -> Any:
    m = variables(x=(-3, 3))
    m.value = pyo.Objective(expr=abs(m.x - 1) + abs(m.x - 2) + m.x**2 / 4)
    return m


def nonlinear_integer() -> Any:
    m = variables(n=pyo.Integers, x=(0, 10))
    m.n.setlb(0)
    m.n.setub(10)
    m.value = pyo.Objective(expr=(m.n - 2.6) ** 2 + pyo.exp(m.x) - m.x * m.n)
    return m


def between() -> Any:
    m = variables(x=ANY, y=ANY)
    m.value = pyo.Objective(expr=(m.x - 3) ** 2 + (m.y + 1) ** 2)
    m.row = pyo.Constraint(expr=(-1, m.x + m.y, 1))
    return m


def circle() -> Any:
    m = variables(x=ANY, y=ANY)
    m.value = pyo.Objective(expr=m.x + m.y)
    m.row = pyo.Constraint(expr=m.x**2 + m.y**2 <= 2)
    return m


def feasibility() -> Any:
    m = variables(x=(0, 5), y=(0, 5))
    m.value = pyo.Objective(expr=0)
    m.row = pyo.Constraint(expr=m.x**2 + m.y == 4)
    m.other = pyo.Constraint(expr=m.x - m.y >= -1)
    return m


MODELS: list[tuple[Callable[[], Any], float, list[float]]] = [  # with the optimum and its multipliers, by theory
    (linear, 36, [0, 1.5, 1]),
    (mixed_integer, 13, []),
    (quadratic, 9 / 8, [-1.5]),
    (hock_schittkowski_71, 17.0140173, [0.55229366, -0.16146857]),
    (transcendental, -0.8167890792, []),
    (with_kinks, 5 / 4, []),
    (nonlinear_integer, 0.16 + 3 - 3 * 1.0986122886681098, []),
    (between, 1 / 2, [-1]),
    (circle, -2, [-0.5]),
    (feasibility, 0, []),
]


@pytest.mark.parametrize(
    ("build", "value", "multipliers"),
    [pytest.param(*row, marks=pytest.mark.slow if row[0] is hock_schittkowski_71 else (), id=row[0].__name__) for row in MODELS],
)
def test_pyomo_models_are_solved(solver: Any, build: Callable[[], Any], value: float, multipliers: list[float]) -> None:
    m = build()
    found = solver.solve(m)
    assert found.solver.termination_condition == pyo.TerminationCondition.optimal
    assert found.solver.status == pyo.SolverStatus.ok
    assert f"optbench {__version__}" in str(found.solver.message).replace("\\x3a", ":")
    assert pyo.value(m.value) == pytest.approx(value, rel=1e-6, abs=1e-6)
    rows = list(m.component_data_objects(pyo.Constraint, active=True))
    assert all(pyo.value(row.body) >= pyo.value(row.lower) - 1e-6 for row in rows if row.lower is not None)
    assert all(pyo.value(row.body) <= pyo.value(row.upper) + 1e-6 for row in rows if row.upper is not None)
    if multipliers:
        assert [m.dual[row] for row in rows] == pytest.approx(multipliers, rel=1e-5, abs=1e-5)


def infeasible() -> Any:
    m = linear()
    m.more = pyo.Constraint(expr=m.x + m.y >= 20)
    return m


def unbounded() -> Any:
    m = variables(x=ANY, y=(0, None))
    m.value = pyo.Objective(expr=-m.x - m.y)
    m.row = pyo.Constraint(expr=m.x >= m.y - 3)
    return m


@pytest.mark.parametrize(("build", "condition"), [(infeasible, "infeasible"), (unbounded, "unbounded")])
def test_pyomo_is_told_of_what_has_no_optimum(solver: Any, build: Callable[[], Any], condition: str) -> None:
    found = solver.solve(build(), load_solutions=False)
    assert found.solver.termination_condition == condition


def test_pyomo_hands_options_over(solver: Any) -> None:
    assert solver.available()
    solver.options["exact"] = 0
    solver.options["certify"] = 0
    solver.options["method"] = "casadi-ipopt"
    found = solver.solve(quadratic())
    assert "locally optimal" in str(found.solver.message)


@pytest.mark.slow
def test_multipliers_are_those_of_ipopt() -> None:
    """IPOPT, called by CasADi alone: its multipliers of a minimum are the opposite of the change of the value."""
    ca = pytest.importorskip("casadi")
    x = ca.SX.sym("x", 4)
    nlp = {"x": x, "f": x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2], "g": ca.vertcat(x[0] * x[1] * x[2] * x[3], ca.dot(x, x))}
    solve = ca.nlpsol("hs71", "ipopt", nlp, {"print_time": False, "ipopt": {"print_level": 0, "sb": "yes"}})
    found = solve(x0=[1, 5, 5, 1], lbx=1, ubx=5, lbg=[25, 40], ubg=[ca.inf, 40])
    expected = next(multipliers for build, _, multipliers in MODELS if build is hock_schittkowski_71)
    assert (-found["lam_g"]).full().ravel().tolist() == pytest.approx(expected, rel=1e-5)
