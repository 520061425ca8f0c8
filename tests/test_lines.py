"""Lines from a local optimum: whether the function falls again on them, before further starts are tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.problem.library import path
from optbench.problem.problem import MethodChoice, Problem
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.result import Result
from optbench.workbench.attempt import Budget
from optbench.workbench.batch.automatic import automatic
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement, judge
from optbench.workbench.lines import LINES, LINES_UNDER_CONSTRAINTS, Look, is_worth_a_look, look
from optbench.workbench.panel import entrants
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts

numbers = st.integers(-30, 30).map(lambda k: k / 10)
positive = st.integers(1, 50).map(lambda k: k / 10)


def read_problem(name: str) -> Problem:
    return validated(read(str(path(name))))


def judged(problem: Problem, *x: float) -> tuple[Function, Judgement]:
    function = Function(problem)
    return function, judge(function, function.space.point(list(x)), restore=True)


def looked(problem: Problem, *x: float, seed: int = 0) -> Look:
    return look(*judged(problem, *x), seed)


def auto(problem: Problem, **asked: Any) -> Result:
    return optbench.solve(problem, methods="auto", **{"exact": False, "certify": False, **asked})


@settings(deadline=None, max_examples=40)
@given(numbers, numbers, positive, positive, numbers, st.integers(0, 99))
def test_what_is_quasiconvex_only_rises(a: float, b: float, p: float, q: float, r: float, seed: int) -> None:
    """A rising function of a convex one with its minimum at (a, b); it is not convex itself."""
    text = f"log(1 + {p}*(x - {a})^2 + {q}*(y - {b} + {r}*(x - {a}))^2)"
    assert looked(optbench.define(text, range=(-4, 4)), a, b, seed=seed).only_rises
    assert looked(optbench.define(text), a, b, seed=seed).only_rises


@settings(deadline=None, max_examples=20)
@given(numbers, numbers, positive, st.integers(0, 99))
def test_an_exact_penalty_of_a_convex_problem_only_rises(a: float, b: float, p: float, seed: int) -> None:
    problem = optbench.define(
        f"(x - {a})^2 + {p}*(y - {b})^2 + x*y/10", range=(-5, 5), subject_to=["x + 2*y <= 1", "x^2 + y^2 <= 4", "x - y == 0.5"]
    )
    result = auto(problem)
    function, known = judged(problem, *(result.solutions[0].point[name] for name in "xy"))
    assert look(function, known, seed).only_rises


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("(x^2 - 1)^2 + x/5 + y^2", (0.9735, 0)),  # the lower of two valleys is at -1.02
        ("x^2 + y^2 + 2 - cos(3*pi*x)/3 - cos(4*pi*y)/2 + 0*x", (0.629, 0)),  # ripples on a bowl
    ],
)
def test_it_falls_where_another_valley_lies_on_the_way(text: str, x: tuple[float, float], seed: int) -> None:
    assert looked(optbench.define(text, range=(-3, 3)), *x, seed=seed).valleys


def test_every_evaluation_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = optbench.define("log(1 + x^2 + y^2) - x", range=(-1, 1), subject_to=["x + y <= 1"])
    function, known = judged(problem, 1, 0)
    calls = {"value": 0, "constraints": 0}

    def counted(name: str) -> Any:
        compute = getattr(function, name)

        def evaluate(x: Any) -> Any:
            calls[name] += 1
            return compute(x)

        return evaluate

    for name in calls:
        monkeypatch.setattr(function, name, counted(name))
    seen = look(function, known, 0)
    assert (seen.values, seen.constraints) == (calls["value"], calls["constraints"])
    assert seen.values == seen.constraints
    assert seen.lines == LINES_UNDER_CONSTRAINTS + 4
    assert seen.only_rises


def test_where_the_function_is_hardly_defined_it_is_not_taken_to_rise() -> None:
    seen = looked(optbench.define("x - y + (x + y)^2 + 0*log(y + 0.001 - x^2)", range=(-1, 1)), -0.5, 0.5)
    assert not seen.only_rises


def test_a_look_ends_with_its_time() -> None:
    seen = look(*judged(optbench.define("x^2 + y^2"), 0, 0), 0, 0.0)
    assert (seen.values, seen.valleys, seen.only_rises) == (1, [], False)


def test_flat_optima_and_whole_numbers_are_not_looked_at() -> None:
    """A fit may have run off to where its model is flat, and there everything rises or stays."""
    assert not is_worth_a_look(*judged(optbench.define("x^4 + y^2"), 0, 0))
    assert is_worth_a_look(*judged(optbench.define("x^2 + y^2"), 0, 0))
    whole = optbench.define("x^2 + y^2", variables={"x": {"range": (-3, 3), "integer": True}, "y": None})
    assert not is_worth_a_look(*judged(whole, 0, 0))


def test_the_row_says_what_was_seen_and_what_it_cost() -> None:
    result = auto(optbench.define("x*exp(-x^2 - y^2) + (x^2 + y^2)/5", start={"x": -1, "y": 1}))
    first, row = result.attempts
    assert (row.method, row.stage, row.searches) == ("auto", "lines", None)
    assert (row.value, row.point) == (first.value, first.point)
    assert row.objective_evaluations == LINES * 14 + 4 * 7
    assert row.chosen_because == f"the function only rises along {LINES + 4} lines from there to points all over the range"
    assert result.value == first.value


def test_the_costs_of_a_look_in_vain_are_those_of_the_further_starts() -> None:
    wavy = optbench.define("sum(x^2 - 10*cos(2*pi*x) + 10)", variables={"x": {"range": (-5, 5), "shape": 2}}, start={"x": 4.1})
    first, further, *_ = auto(wavy, trace=True).attempts
    seen = look(*judged(wavy, *first.point["x"]), 0)
    assert seen.is_rugged
    assert further.stage == "further starts"
    assert further.trace is not None
    assert further.objective_evaluations >= seen.values + further.trace[-1]["objective_evaluations"]


def test_in_a_batch_the_look_is_a_step() -> None:
    problem = optbench.define("x*exp(-x^2 - y^2) + (x^2 + y^2)/5", start={"x": -1, "y": 1})
    function, chosen = Function(problem), Settings(methods=(MethodChoice("auto"),))
    function.prepare()
    (first,) = entrants(problem, function, chosen.methods)
    row, judgement = automatic(function, first, starts(function, 0), Budget(10.0), chosen, lambda message: None)
    assert row.options["steps"] == ["newton", "auto (lines)"]
    assert row.objective_evaluations > LINES * 14
    assert judgement is not None


@pytest.mark.parametrize("n", [4, 8, 12])
def test_valleys_of_single_terms_are_found_where_lines_do_not_show_them(n: int) -> None:
    """A sum of double wells, begun in the higher one of each: on lines along which all unknowns change, the growth of all terms
    hides that each could fall. The least value is n times that of one well, a root of a cubic."""
    wells = optbench.define("sum((x^2 - 1)^2 + 0.1*x)", variables={"x": {"shape": n, "start": 1}})
    result = auto(wells)
    lower, higher = sorted(r.real for r in np.roots([4, 0, -4, 0.1]) if abs(r.real) > 0.5)
    first = result.attempts[0]
    assert first.value == pytest.approx(n * ((higher**2 - 1) ** 2 + 0.1 * higher))
    assert result.value is not None
    assert result.value < 0.6 * n * ((lower**2 - 1) ** 2 + 0.1 * lower) + 0.4 * first.value  # most terms are in their lower well
    assert result.attempts[1].stage == "further starts"


def test_a_few_valleys_are_searched_by_themselves() -> None:
    """McCormick's function has one more local minimum in its box; if it is no lower, that is all."""
    result = auto(read_problem("mccormick"))
    first, valleys = result.attempts
    assert valleys.stage == "valleys"
    assert valleys.chosen_because == "it saw another valley on lines from there"
    assert result.value == first.value == pytest.approx(-1.9132229549810362)
    assert valleys.value is not None
    assert valleys.value > result.value + 0.1


def test_a_lower_valley_asks_for_starts_all_over() -> None:
    result = auto(read_problem("shekel_5"))
    assert [row.stage for row in result.attempts[:3]] == [None, "valleys", "further starts"]
    assert result.attempts[2].chosen_because == "one of these valleys is lower"
    assert result.value == pytest.approx(-10.1532, abs=1e-4)
