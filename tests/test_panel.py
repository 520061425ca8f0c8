"""Which methods run: the panel, patterns, and what `auto` chooses for which problem, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

import optbench
from optbench.methods.registry import get, names
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import AttemptStatus
from optbench.workbench import panel
from optbench.workbench.engine import solve
from optbench.workbench.function import Function, importable
from optbench.workbench.panel import entrants
from optbench.workbench.settings import Settings


def field(problem: Problem, *chosen: str) -> list[panel.Entrant]:
    return entrants(problem, Function(problem), [MethodChoice(name) for name in chosen])


def many(n: int, text: str) -> Problem:
    return optbench.define(text, variables={"x": {"shape": n}})


CONSTRAINED: dict[str, Any] = {"subject_to": ["x + y >= 1"]}
CHOICES = [
    (optbench.define("x^4 - cos(x)"), "brent", "one variable"),
    (optbench.define("x*y + cos(x)"), "newton", "smooth and has 2 variables"),
    (optbench.define("(x - 1)^2 + (y - x^2)^2"), "levenberg-marquardt", "a sum of squares"),
    (optbench.define("abs(abs(x) - 1) + y^2"), "bfgs", "kinks"),
    (optbench.define("sum(abs(x)) + sum(x^2)", variables={"x": {"shape": 30}}), "casadi-osqp", "epigraph form"),
    (optbench.define("abs(x) + x*y"), "scipy-slsqp", "epigraph form"),
    (optbench.define("abs(x - 1) + max(x, y)", range=(-3, 3)), "casadi-highs", "a linear program"),
    (optbench.define("trigamma(x + 1) + y^2"), "newton", ""),
    (many(100, "sum(x^4 + x)"), "bfgs", "100 variables"),
    (many(2000, "sum(x^4 + x)"), "lbfgs", "2,000 variables"),
    (many(2000, "sum(abs(abs(x) - 1))"), "lbfgs", "not smooth"),
    (many(2000, "sum(abs(x))"), "casadi-highs", "epigraph form"),
    (optbench.define("x*y + x^4", **CONSTRAINED), "scipy-slsqp", "sequential quadratic programming"),
    (many(50, "sum(x^4 + x)"), "bfgs", "50 variables"),
    (optbench.define("sum(x^4 + x)", variables={"x": {"shape": 50}}, subject_to=["sum(x^3) >= 1"]), "casadi-ipopt", "interior-point"),
    (optbench.define("abs(abs(x) - 1) + y", **CONSTRAINED), "scipy-cobyqa", "not smooth"),
    (optbench.define("abs(x) + y^2", **CONSTRAINED), "scipy-slsqp", "epigraph form"),
    (optbench.define("x^2 + x*y + y^2", **CONSTRAINED), "scipy-slsqp", "small"),
    (optbench.define("sum(x^2)", variables={"x": {"shape": 30}}, subject_to=["sum(x) >= 1"]), "casadi-osqp", "a convex quadratic program"),
]


@pytest.mark.parametrize(("problem", "name", "because"), [c for c in CHOICES if "trigamma" not in c[0].objective_text])
def test_auto_chooses_by_the_facts_and_says_why(problem: Problem, name: str, because: str) -> None:
    (entrant,) = field(problem, "auto")
    assert entrant.method.name == name
    assert entrant.because is not None
    assert because in entrant.because
    assert entrant.refusal is None


def test_auto_without_a_gradient_needs_values_only() -> None:
    (entrant,) = field(optbench.define("trigamma(x + 3)^2 + y^2"), "auto")
    assert (entrant.method.name, entrant.refusal) == ("nelder-mead", None)


def test_auto_without_casadi_takes_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "importable", lambda name: name != "casadi")
    (entrant,) = field(optbench.define("x*y", **CONSTRAINED), "auto")
    assert entrant.method.name == "scipy-slsqp"
    (refused,) = field(optbench.define("x*y", **CONSTRAINED), "casadi-ipopt")
    assert refused.refusal == "needs casadi, which can't be imported here"


def test_the_panel_holds_what_auto_chooses_once_and_marks_it() -> None:
    found = field(optbench.define("x^4 - cos(x)"))
    assert [e.method.name for e in found] == ["gradient-descent", "newton", "bfgs", "brent", "nelder-mead"]
    assert [e.method.name for e in found if e.because] == ["brent"]
    assert [e.method.name for e in field(optbench.define("x*y", **CONSTRAINED))] == ["casadi-ipopt", "casadi-sqpmethod"]
    assert field(many(2000, "sum(x^4)"))[-1].method.name == "lbfgs"


def test_all_and_patterns_name_every_method_once() -> None:
    problem = optbench.define("x*y + x^2")
    assert [e.method.name for e in field(problem, "all")] == list(names())
    assert [e.method.name for e in field(problem, "b*", "bfgs")] == [name for name in names() if name.startswith("b")]


@pytest.mark.parametrize("name", names())
def test_every_method_that_does_not_run_says_why(name: str) -> None:
    """On a problem that has everything against it."""
    problem = optbench.define(
        "abs(x)*trigamma(y + 5) + z", variables={"x": None, "y": (0, 1), "z": {"range": (0, 5), "integer": True}}, subject_to=["x >= y"]
    )
    (entrant,) = field(problem, name)
    if name == "pyscipopt-scip" and entrant.refusal is None:
        return  # which functions it lacks, it says when it reads the formulas
    assert entrant.refusal == "handles no integer variables" or (entrant.method.integers and entrant.refusal is not None)


@pytest.mark.parametrize("name", names())
def test_constraints_and_bounds_are_refused_by_those_that_say_so(name: str) -> None:
    method = get(name)
    if not importable((method.library or "optbench").partition(".")[0]):
        pytest.skip(f"{method.library} is not installed")
    (constrained,) = field(optbench.define("x^2 + y^2", subject_to=["x + y >= 1"], range=(-5, 5)), name)
    if not (method.one_variable_only or method.linear_only or "residuals" in method.uses):
        assert (constrained.refusal is None) == method.constraints
    (unbounded,) = field(optbench.define("x^2 + y^2"), name)
    assert (unbounded.refusal == "needs a finite range for every variable") == method.needs_box


# ---- starts and traces -------------------------------------------------------------------------------------------------------

TWO_VALLEYS = optbench.define("(x^2 - 1)^2 + x/5", range=(-2, 2), start={"x": 0.9})


def solved(**settings: Any) -> Any:
    return solve(TWO_VALLEYS, Settings(exact=False, certify=False, methods=(MethodChoice("bfgs"),), **settings))


def test_several_starts_find_the_lower_valley_and_costs_are_added_up() -> None:
    one, many_starts = solved(), solved(starts=8)
    assert one.value > 0
    assert many_starts.value < -0.19
    (row,), (single,) = many_starts.attempts, one.attempts
    assert len(row.options["start"]) == 8
    assert row.options["start"][0] == {"x": 0.9}
    assert row.iterations > single.iterations
    assert row.objective_evaluations > single.objective_evaluations


def test_starts_share_the_limit_of_evaluations() -> None:
    result = solved(starts=8, time_limit=0.0)
    assert result.attempts[0].status is AttemptStatus.LIMIT


def test_a_trace_has_a_record_an_iterate_and_leads_to_the_answer() -> None:
    (row,) = solved(trace=True, starts=2).attempts
    assert row.trace is not None
    assert set(row.trace[0]) == {
        *("start", "iteration", "objective_evaluations", "gradient_evaluations", "seconds", "value", "infeasibility", "point")
    }
    assert row.trace[0]["point"] == {"x": 0.9}
    assert {record["start"] for record in row.trace} == {0, 1}
    evaluations = [record["objective_evaluations"] for record in row.trace]
    assert evaluations == sorted(evaluations)
    assert evaluations[-1] <= row.objective_evaluations
    assert min(record["value"] for record in row.trace) == pytest.approx(row.value)


def test_values_of_a_trace_are_those_of_the_function_as_it_was_written() -> None:
    problem = optbench.define("3 - (x - 1)^2", maximize=True, range=(-4, 4))
    (row,) = solve(problem, Settings(exact=False, certify=False, methods=(MethodChoice("newton"),), trace=True)).attempts
    assert row.trace is not None
    assert row.trace[-1]["value"] == pytest.approx(3)
