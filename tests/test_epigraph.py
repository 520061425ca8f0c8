"""The smooth form of problems with max, min and abs has the same values and minima, and judges kinks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import optbench
from optbench.errors import OptbenchError
from optbench.problem.problem import Problem
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.result import Assurance, Result
from optbench.workbench import judgement
from optbench.workbench.epigraph import epigraph
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge
from optbench.workbench.restoration import restored

PROBLEMS = Path(__file__).parent.parent / "problems"
V: dict[str, Any] = {"variables": {"v": {"shape": 4}}}
VA: dict[str, Any] = {"variables": {"v": {"shape": 4}, "A": {"shape": (2, 3)}}}


def auto(problem: Problem, **asked: Any) -> Result:
    return optbench.solve(problem, methods="auto", exact=False, certify=False, **asked)


def bundled(name: str) -> Problem:
    return validated(read(str(PROBLEMS / f"{name}.yaml")))


# ---- which problems have one ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("abs(x) + max(y, 1 - y)", {}),
        ("-min(x, y) + x^2 + y^2", {}),
        ("exp(max(x, y)) + log(1 + exp(abs(x)))", {}),
        ("max(abs(x), y)^3 + relu(x - y)", {"range": (0, 5)}),
        ("2*max(x, y)*exp(x)", {}),
        ("1/min(x, y)", {"range": (1, 5)}),
        ("sqrt(max(x, y)) - 3*min(x, -y)/2", {}),
        ("max(v) + sum(abs(v - 1)) - min(2*v)", V),
        ("sum(max(A, axis=0)) + sum(maximum(v, 0)) - sum(min(A, axis=1))", VA),
        ("x + y", {"subject_to": ["abs(x) + abs(y) <= 1", "min(x, y) >= -2"]}),
    ],
)
def test_problems_in_which_everything_grows_with_what_is_replaced(text: str, asked: dict[str, Any]) -> None:
    form = epigraph(optbench.define(text, **asked))
    assert form is not None
    assert form.function.is_smooth


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("x^2", {}),
        ("-abs(x)", {}),
        ("min(x, y)", {}),
        ("sin(max(x, y))", {}),
        ("max(x, y)*x", {}),
        ("max(x, y)^2", {}),
        ("abs(x) + floor(y)", {}),
        ("abs(x) + if(x > y, x, y)", {}),
        ("abs(x) - abs(x)/2 + y - abs(x*y)", {}),
        ("x + y", {"subject_to": ["max(x, y) == 1"]}),
        ("x + y", {"subject_to": ["max(x, y) >= 1"]}),
    ],
)
def test_others_have_none(text: str, asked: dict[str, Any]) -> None:
    assert epigraph(optbench.define(text, **asked)) is None


# ---- it is the same problem ----------------------------------------------------------------------------------------------------

_LEAVES = st.sampled_from(["x", "y", "2", "(x - y)", "v[0]", "sum(v^2)", "max(v)", "sum(abs(v))", "(1 - x)"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "relu", "exp", "sqrt", "-", "atan", "acos"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("({})^{}".format, inner, st.sampled_from(["2", "3", "-1", "0.5"])),
    )


@settings(deadline=None, max_examples=600, suppress_health_check=list(HealthCheck))
@given(st.recursive(_LEAVES, _larger, max_leaves=7), st.sampled_from([(-3, 3), (0, 2), (-4, -0.5)]), st.integers(0, 2**32))
def test_values_are_the_same_and_only_grow_with_the_new_unknowns(text: str, ends: tuple[float, float], seed: int) -> None:
    try:
        problem = optbench.define(f"({text}) + 0*(x + y + sum(v))", range=ends, variables={"x": None, "y": None, "v": {"shape": 3}})
    except OptbenchError:
        assume(False)
    form = epigraph(problem)
    if form is None:
        return
    function, chance = Function(problem), np.random.default_rng(seed)
    x = chance.uniform(*ends, problem.dimension)
    with np.errstate(all="ignore"):
        value, lifted = function.value(x), np.array(form.lifted(x.tolist()))
        if not np.isfinite(value) or not np.isfinite(lifted).all() or np.abs(lifted).max() > 1e6:
            return
        assert form.function.value(lifted) == pytest.approx(value, rel=1e-9, abs=1e-9)
        assert form.function.violation(lifted) <= 1e-9 * (1 + np.abs(lifted).max())
        moved = lifted.copy()
        moved[problem.dimension :] += chance.normal(0, 1, len(lifted) - problem.dimension)
        there = form.function.value(moved)
        if form.function.violation(moved) == 0 and np.isfinite(there):
            assert there >= value - 1e-9 * (1 + abs(value) + abs(there))


# ---- what it is good for -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),  # L. Luksan, J. Vlcek, Test problems for nonsmooth optimization, 2000, and the files' own sources
    [
        ("cb2", 1.9522245),
        ("cb3", 2),
        ("demyanov_malozemov", -3),
        ("ql", 7.2),
        ("lq", -(2**0.5)),
        ("mifflin_1", -1),
        ("rosen_suzuki_minimax", -44),
    ],
)
def test_published_minimax_problems_are_solved_and_shown_to_be_local(name: str, value: float) -> None:
    result = auto(bundled(name))
    assert result.assurance is Assurance.LOCAL
    assert result.value == pytest.approx(value, rel=1e-6)
    assert result.attempts[0].stage == "epigraph form"


def test_a_fit_in_absolute_values_is_a_linear_program() -> None:
    """The median: any point between the two middle ones is optimal."""
    result = auto(optbench.define("abs(a - 1) + abs(a - 2) + abs(a - 7) + abs(a - 9) + abs(b - a)"))
    assert result.attempts[0].method == "casadi-highs"
    assert result.value == pytest.approx(13)
    assert 2 <= result.solutions[0].point["a"] <= 7  # type: ignore[index]


def test_points_that_are_no_minima_are_not_taken_for_kinks() -> None:
    function = Function(optbench.define("max(x, -x) + max(y, x) + (y + 1)^2"))
    at = {assurance: judge(function, np.array(point)).assurance for assurance, point in {"no": [0.0, 0.0], "off": [0.1, -0.4]}.items()}
    assert at == {"no": Assurance.FEASIBLE, "off": Assurance.FEASIBLE}
    assert judge(function, np.array([0.0, -0.0])).assurance is Assurance.FEASIBLE
    minimum = auto(function.problem)
    assert minimum.assurance is Assurance.LOCAL


def test_multipliers_are_those_of_the_constraints_that_the_user_wrote() -> None:
    result = auto(optbench.define("abs(x) + abs(y)", subject_to=["x + 2*y >= 2"], start={"x": 3, "y": 3}))
    assert result.value == pytest.approx(1)
    (multipliers,) = [s.multipliers for s in result.solutions]
    assert list(multipliers) == ["x + 2*y >= 2"] or len(multipliers) == 1
    assert list(multipliers.values()) == [pytest.approx(0.5)]


EXPONENTIAL = ("max(abs((x1 + x2*t)/(1 + x3*t + x4*t^2 + x5*t^3) - exp(t)))", "arange(-10, 11)/10", [0.5, 0, 0, 0, 0], 1.2237125e-4)
RECIPROCAL = ("max(abs(x1*exp(x3*t) + x2*exp(x4*t) - 1/(1 + t)))", "arange(-10, 11)/20", [1, 1, -3, -1], 2.0160753e-3)


@pytest.mark.parametrize(("text", "t", "start", "value"), [EXPONENTIAL, RECIPROCAL])
def test_a_best_uniform_fit_is_a_local_minimum(text: str, t: str, start: list[float], value: float) -> None:
    """So many errors reach the greatest that no direction is left, and what is computed as curvature is rounding.

    Values: L. Luksan, J. Vlcek, Test problems for nonsmooth unconstrained and linearly constrained optimization, 2000
    (problems EXP and OET6). The best fit with n parameters has n + 1 extreme errors, of alternating signs (Chebyshev).
    """
    problem = optbench.define(text, parameters={"t": t}, start={f"x{k}": v for k, v in enumerate(start, 1)})
    result = auto(problem)
    assert (result.assurance, result.value) == (Assurance.LOCAL, pytest.approx(value, rel=1e-7))
    point = result.solutions[0].point
    assert point is not None
    x, at = [float(point[f"x{k}"]) for k in range(1, len(start) + 1)], np.array(range(-10, 11)) / (10 if len(start) == 5 else 20)
    if len(start) == 5:
        errors = (x[0] + x[1] * at) / (1 + x[2] * at + x[3] * at**2 + x[4] * at**3) - np.exp(at)
    else:
        errors = x[0] * np.exp(x[2] * at) + x[1] * np.exp(x[3] * at) - 1 / (1 + at)
    extreme = errors[abs(errors) > (1 - 1e-6) * value]
    assert len(extreme) == len(start) + 1
    assert all(a * b < 0 for a, b in pairwise(extreme))
    assert judge(Function(problem), np.array(x) + 1e-3).assurance is Assurance.FEASIBLE


def test_curvature_that_is_more_than_rounding_still_counts() -> None:
    """At the origin, max(x, -x) leaves y alone, along which the function falls."""
    function = Function(optbench.define("max(x, -x) - y^2/1e3 + y^4"))
    assert judge(function, np.array([0.0, 0.0])).assurance is Assurance.FEASIBLE


def test_a_look_around_a_point_of_many_kinks_moves_few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred unknowns and as many kinks: to move one point onto all bounds costs as much as a step of the method."""
    text = "sum(-x[:-1] + 2*(x[:-1]^2 + x[1:]^2 - 1) + 1.75*abs(x[:-1]^2 + x[1:]^2 - 1))"
    problem = optbench.define(text, variables={"x": {"shape": 200, "start": -1}})
    point = optbench.solve(problem, methods="auto", exact=False, certify=False).solutions[0].point
    assert point is not None
    moves = 0

    def counted(*asked: Any) -> Any:
        nonlocal moves
        moves += 1
        return restored(*asked)

    monkeypatch.setattr(judgement, "restored", counted)
    found = judge(Function(problem), np.array(point["x"]))
    assert (found.assurance, found.value) == (Assurance.LOCAL, pytest.approx(-140.8607, abs=1e-4))
    assert 0 < moves < 100
