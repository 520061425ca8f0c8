"""What `auto` does after its first method: it goes on where that one did not arrive, and looks elsewhere where that may help."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.methods.method import Facts
from optbench.methods.space import Euclidean
from optbench.problem.problem import Problem
from optbench.result import Assurance, Attempt, AttemptStatus, Optimality, Result
from optbench.workbench import portfolio
from optbench.workbench.auto import ladder
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement
from optbench.workbench.multistart import Minima
from optbench.workbench.starts import starts
from optbench.workbench.verdict import Finding, best_of


def auto(problem: Problem, **asked: Any) -> Result:
    return optbench.solve(problem, methods="auto", **{"exact": False, "certify": False, **asked})


def stages(result: Result) -> list[tuple[str, str | None]]:
    return [(row.method, row.stage) for row in result.attempts if row.kind == "numerical"]


RASTRIGIN = optbench.define("sum(x^2 - 10*cos(2*pi*x) + 10)", variables={"x": {"range": (-5, 5), "shape": 2}}, start={"x": 4.1})


def test_further_starts_find_the_lowest_of_many_valleys() -> None:
    result = auto(RASTRIGIN)
    assert stages(result)[:2] == [("newton", None), ("newton", "further starts")]
    first, further, *_ = result.attempts
    assert first.value is not None
    assert first.value > 10
    assert further.value == pytest.approx(0, abs=1e-9)
    assert len(further.options["start"]) > 10
    assert further.reason is not None
    assert "different points" in further.reason
    assert result.assurance is Assurance.LOCAL  # nothing was proved


def test_what_is_seen_to_be_convex_has_one_start() -> None:
    assert stages(auto(optbench.define("exp(x) + y^2 - x + softplus(y)", start={"x": 3, "y": 2})))[-1][1] is None
    assert stages(auto(optbench.define("x^2 + x*y + y^2 - x"))) == [("newton", None)]  # by its Hessian
    assert stages(auto(optbench.define("x^2 + x*y + y^4 + y^2")))[1:] == [("auto", "lines")]  # not seen to be


def test_a_sum_of_squares_that_has_come_to_nothing_has_no_lower_values() -> None:
    rosenbrock = "100*(y - x^2)^2 + (1 - x)^2"
    assert stages(auto(optbench.define(rosenbrock))) == [("levenberg-marquardt", None)]
    assert stages(auto(optbench.define(f"{rosenbrock} + (x*y - 4)^2")))[-1][1] == "further starts"


def test_what_auto_saw_is_told() -> None:
    row = auto(optbench.define("(x - 1)^2 + (y - x^2)^2", range=(-2, 2))).attempts[0]
    assert row.chosen_because == "it is a sum of squares (it saw 2 variables, bounds; smooth, a sum of squares, not seen to be convex)"


def test_starts_that_were_asked_for_are_all_that_there_are() -> None:
    assert stages(auto(RASTRIGIN, starts=3)) == [("newton", None)]


def test_what_is_proved_is_not_looked_for_any_further() -> None:
    result = auto(optbench.define("sin(x) + x/3", range=(-5, 5)), exact=True)
    assert result.assurance is Assurance.EXACT
    assert [stage for _, stage in stages(result)] == [None]


def test_a_method_that_does_not_arrive_is_followed_by_another_from_its_point() -> None:
    """The slope is infinite at the minimum: nothing that looks at gradients says that it has arrived."""
    result = auto(optbench.define("sqrt(abs(x - 0.3)) + (y - x)^2", range=(-5, 5), start={"x": -2, "y": 3}))
    rows = [row for row in result.attempts if row.kind == "numerical"]
    assert len(rows) > 1
    assert len({row.method for row in rows}) == len(rows)
    for first, second in pairwise(rows):
        assert second.stage == "continued"
        assert second.chosen_because is not None
        assert second.chosen_because.startswith(f"{first.method} ")
    best = min(rows[0].value, *(row.value for row in rows))  # type: ignore[type-var, arg-type]
    assert result.value == pytest.approx(best, abs=1e-12)
    assert rows[1].options["start"][0] == rows[0].point


def test_a_saddle_is_left() -> None:
    """Newton's method begins in a saddle point and stays; what goes on begins beside it as well."""
    result = auto(optbench.define("x^4 - x^2 + y^2", range=(-2, 2), start={"x": 0, "y": 0}))
    assert result.assurance is Assurance.LOCAL
    assert result.value == pytest.approx(-0.25)


def test_a_later_step_costs_no_more_than_the_budget() -> None:
    result = auto(RASTRIGIN, time_limit=0.0)
    assert [row.status for row in result.attempts] == [AttemptStatus.LIMIT]


def test_results_repeat_and_depend_on_the_seed() -> None:
    def path(seed: int) -> list[Attempt]:
        return auto(RASTRIGIN, seed=seed).attempts

    first, again, other = (path(seed) for seed in (1, 1, 2))
    assert [row.options["start"] for row in first] == [row.options["start"] for row in again] != [row.options["start"] for row in other]


@settings(deadline=None)
@given(
    st.builds(
        Facts,
        dimension=st.sampled_from([1, 2, 50, 300, 10_000]),
        has_bounds=st.booleans(),
        has_constraints=st.booleans(),
        sum_of_squares=st.booleans(),
        linear=st.booleans(),
        linear_residuals=st.booleans(),
        smooth=st.booleans(),
        gradient_missing_because=st.sampled_from([None, "there is none"]),
        missing_libraries=st.sampled_from([frozenset(), frozenset({"casadi"}), frozenset({"casadi", "scipy"})]),
    )
)
def test_there_is_always_something_to_try_and_nothing_twice(facts: Facts) -> None:
    steps = ladder(facts)
    assert steps
    assert len({step.method for step in steps}) == len(steps)
    assert all(step.because for step in steps)


# ---- the stopping rule -------------------------------------------------------------------------------------------------------------


def test_the_expected_number_of_minima_is_that_of_boender_and_rinnooy_kan() -> None:
    """Their example in words: with w of N different, w*(N - 1)/(N - w - 2) are expected."""
    minima = Minima(Euclidean(1))
    for k in range(10):
        minima.add(np.array([float(k % 3)]), float(k % 3))
    assert (minima.searches, len(minima.found)) == (10, 3)
    assert minima.expected == pytest.approx(3 * 9 / 5)
    assert not minima.are_enough()
    for k in range(40):
        minima.add(np.array([float(k % 3)]), float(k % 3))
    assert minima.expected == pytest.approx(3 * 49 / 45)
    assert minima.are_enough()


def test_too_few_searches_are_never_enough_and_none_counts_as_one_without_a_point() -> None:
    minima = Minima(Euclidean(2))
    for _ in range(3):
        minima.add(None, np.inf)
        minima.add(np.zeros(2), 1.0)
    assert (minima.searches, len(minima.found)) == (6, 1)
    assert minima.told() == "6 starts led to the same minimum"
    assert not Minima(Euclidean(2)).are_enough()


def test_a_box_with_too_many_valleys_for_starts_is_searched_as_a_whole() -> None:
    """Schwefel's function has its minimum far from the next best valleys (H.-P. Schwefel 1981): -418.9829 an unknown."""
    problem = optbench.define("-sum(x*sin(sqrt(abs(x))))", variables={"x": {"range": (-500, 500), "shape": 4}}, start={"x": 100})
    result = auto(problem)
    assert [stage for _, stage in stages(result)][:3] == [None, "further starts", "global search"]
    assert result.value == pytest.approx(-4 * 418.98288727, rel=1e-8)
    searches = result.attempts[1].searches
    assert searches is not None
    assert searches["made"] == len(result.attempts[1].options["start"])
    assert not searches["enough"]
    assert result.attempts[2].chosen_because == f"{searches['different']} of {searches['made']} starts led to different points"


def test_a_further_start_costs_no_more_than_some_times_the_first_search() -> None:
    first, further, *_ = auto(RASTRIGIN).attempts
    spent = [row.objective_evaluations + row.gradient_evaluations + row.hessian_evaluations for row in (first, further)]
    assert further.searches is not None
    assert spent[1] <= further.searches["made"] * max(300, 5 * spent[0])


@pytest.mark.parametrize("unit", [1.0, 1e5])
def test_further_starts_follow_the_size_of_a_start_that_was_given(unit: float) -> None:
    """Many valleys around 7 units: points of ordinary size all lie in one valley far from there, or beyond all of them."""
    u = f"(x/{unit!r} - 7)"
    result = auto(optbench.define(f"sum({u}^2 - 10*cos(2*pi*{u}) + 10)", variables={"x": {"shape": 2, "start": 4.1 * unit}}))
    assert result.attempts[0].value is not None
    assert result.attempts[0].value > 15
    assert result.value == pytest.approx(0, abs=2.1)
    begun = np.array([start["x"] for start in result.attempts[1].options["start"]])
    assert np.median(abs(begun[1::2])) == pytest.approx(4.1 * unit, rel=0.7)


def test_starts_around_a_given_one_stay_in_the_range() -> None:
    problem = optbench.define("x + y", variables={"x": {"range": (1, None), "start": 1.5}, "y": {"range": (0, 2), "start": 1}})
    for x, y in starts(Function(problem), 0, 40):
        assert x >= 1
        assert 0 <= y <= 2


def test_alike_terms_of_a_model_stay_where_the_start_has_led() -> None:
    """Two decays with some noise: every minimum is there twice, and further starts find the one as often as the other."""
    t = np.arange(24) / 4
    noise = np.random.default_rng(3).normal(size=24) / 50
    parameters = {"s": t.tolist(), "y": (5 * np.exp(-2 * t) + 3 * np.exp(-t / 4) + noise).tolist()}
    for seed in range(3):
        for fast, slow in (("b", "d"), ("d", "b")):
            start = {"a": 1, "c": 1, fast: 1.5, slow: 0.3}
            result = auto(optbench.define("sum((y - a*exp(-b*s) - c*exp(-d*s))^2)", parameters=parameters, start=start), seed=seed)
            point = result.solutions[0].point or {}
            assert point == result.attempts[0].point
            assert sorted((point["b"], point["d"])) == pytest.approx([0.25, 2], rel=0.1)


def found(value: float, stage: str | None, stationarity: float, assurance: Assurance = Assurance.LOCAL) -> Finding:
    row = Attempt("fake", "numerical", AttemptStatus.CONVERGED, value=value, stage=stage)
    return Finding(row, Judgement(None, value, assurance, Optimality(stationarity, 0.0, "positive"), "interior", None))


def test_the_best_point_is_that_of_the_start_unless_another_is_lower_by_more_than_rounding() -> None:
    first, further = found(3e-4, None, 1e-9), found(3e-4 * (1 - 1e-12), "further starts", 0.0)
    assert best_of([first, further]) is first
    lower = found(3e-4 * (1 - 1e-7), "further starts", 1e-9)  # small values have digits, too
    assert best_of([first, lower]) is lower
    feasible = found(3e-4 * (1 - 1e-7), None, 0.0, Assurance.FEASIBLE)
    assert best_of([feasible, first]) is first
    assert best_of([found(1.0, None, 0.0), found(0.9, "global search", 1.0, Assurance.FEASIBLE)]).row.value == 0.9  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(3))
def test_further_starts_of_a_fit_begin_with_short_steps(seed: int) -> None:
    """BoxBOD, from where its first step leads to a model that no longer depends on b2: NIST, Statistical Reference Datasets."""
    data = {"x": [1, 2, 3, 5, 7, 10], "y": [109, 149, 149, 191, 213, 224]}
    result = auto(optbench.define("sum((y - b1*(1 - exp(-b2*x)))^2)", parameters=data, start={"b1": 1, "b2": 1}), seed=seed)
    assert result.value == pytest.approx(1168.0088766, rel=1e-9)
    point = result.solutions[0].point or {}
    assert (point["b1"], point["b2"]) == pytest.approx((213.80940889, 0.54723748542), rel=1e-6)
    further = next(row for row in result.attempts if row.stage == "further starts")
    assert (further.options["damping"], result.attempts[0].options["damping"]) == (100.0, 1e-3)


@pytest.mark.parametrize("seed", range(2))
def test_a_system_with_a_solution_is_solved_past_its_other_minima(seed: int) -> None:
    """The trigonometric function of More, Garbow and Hillstrom, from ten times the usual start: 2.8e-5 there, 0 elsewhere."""
    residuals = "10 - sum(cos(x)) + arange(1, 11)*(1 - cos(x)) - sin(x)"
    result = auto(optbench.define(f"sum(({residuals})^2)", variables={"x": {"shape": 10, "start": 1}}), seed=seed)
    x = np.array((result.solutions[0].point or {})["x"])
    assert np.max(abs(10 - np.sum(np.cos(x)) + np.arange(1, 11) * (1 - np.cos(x)) - np.sin(x))) < 1e-7


def test_the_best_of_the_further_starts_goes_on_where_its_share_ended() -> None:
    """Each further start has a share of the evaluations; a point at which that ended is not left there."""
    row = Attempt("fake", "numerical", AttemptStatus.LIMIT, value=1.0, stage="further starts")
    assert portfolio._was_cut_short(Finding(row, None))
    assert not portfolio._was_cut_short(Finding(replace(row, status=AttemptStatus.CONVERGED), None))
    assert not portfolio._was_cut_short(Finding(replace(row, stage=None), None))
    assert not portfolio._was_cut_short(None)
