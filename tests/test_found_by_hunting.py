"""Wrong answers that a hunt for them found, each with what is true; the cause of each is named in its group."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from optbench.api import define
from optbench.certify.near_feasible import close_by
from optbench.exact.answer import ExactAnswer
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.parameters.assumptions import KINDS, Assumptions
from optbench.exact.stage import solve
from optbench.language.build import symbol
from optbench.language.elaborate import parse
from optbench.language.text import text
from optbench.problem.problem import MethodChoice
from optbench.result import Assurance, Attempt, AttemptStatus, Status
from optbench.workbench import engine
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge
from optbench.workbench.settings import Settings
from optbench.workbench.verdict import Finding, verdict


@pytest.mark.parametrize(
    ("objective", "maximize", "value"),
    [("x^2 + y^2 - 10*exp(-40*y)*sin(x)^40", False, -7.544882), ("exp(-x)*sin(x) - x^2/10", True, 0.274125)],
)
def test_a_product_of_functions_is_no_constant_though_its_exponents_add_up_to_zero(objective: str, maximize: bool, value: float) -> None:
    answer = solve(define(objective, maximize=maximize, range=(0, 3)))
    assert not answer.assurance.is_proof or answer.value == pytest.approx(value, abs=1e-5)


VANISHING: list[tuple[str, dict[str, Any]]] = [
    ("1/(a^2 + sqrt(x))", {"maximize": True, "parameters": {"a": "real"}, "range": (0, 1)}),
    ("log(a^2 + sqrt(x))", {"parameters": {"a": "real"}, "range": (0, 1)}),
    ("(b^2 + sqrt(abs(a)))*x^2 - 2*x", {"parameters": {"a": "real", "b": "real"}}),
    ("(b + sqrt(b^2 + c))*x^2 - 2*x", {"parameters": {"b": "nonnegative", "c": "nonnegative"}}),
    ("1/(sqrt(a) + x)", {"maximize": True, "parameters": {"a": "nonnegative"}, "range": (0, 1)}),
    ("x/(a + sqrt(x))", {"parameters": {"a": "nonnegative"}, "range": (0, 1)}),
    ("x", {"parameters": {"a": "nonnegative", "b": "nonnegative"}, "subject_to": ["(a + sqrt(a + b))*x >= 1"]}),
]


@pytest.mark.parametrize(("objective", "rest"), VANISHING)
def test_a_sum_with_a_root_may_vanish_where_both_parts_do(objective: str, rest: dict[str, Any]) -> None:
    """For some values of the parameters there is another answer, or none."""
    assert not solve(define(objective, **rest)).assurance.is_proof


def test_the_sign_of_a_sum_with_a_root() -> None:
    given = Assumptions({symbol("a"): KINDS["nonnegative"], symbol("b"): KINDS["nonnegative"]})
    assert given.signs(parse("a + sqrt(a + b)").node) == {0, 1}
    assert given.signs(parse("a + sqrt(a + b) + 1").node) == {1}


@pytest.mark.parametrize(
    ("objective", "ends", "value"),
    [
        ("x^sqrt(4)", (0, 1), "0"),
        ("x^log(e^2) + x", (0, 3), "0"),
        ("x^log10(100) + x", (0, 3), "0"),
        ("(x - 1)^(2*pi/pi) + x", (1, 2), "1"),
        ("x^sqrt(4)", (0, 0), "0"),
        ("x^sqrt(2)", (0, 1), "0"),
    ],
)
def test_powers_of_zero_with_exponents_that_are_formulas(objective: str, ends: tuple[int, int], value: str) -> None:
    answer = solve(define(objective, range=ends))
    assert (answer.status, answer.value_exact) == (Status.OPTIMAL, value)


def test_the_normal_form_of_powers_of_numbers_that_are_not_positive() -> None:
    assert is_zero(parse("0^sqrt(2)").node)
    assert text(simplified(parse("0^sqrt(4)").node)) == "0"
    assert text(simplified(parse("(-2)^sqrt(9)").node)) != "8"


def test_a_parameter_named_e_is_not_mixed_up_with_the_number() -> None:
    problem = define("x^(1/x)*e", maximize=True, parameters={"e": "positive"}, variables={"x": "(0, inf)"})
    answer = solve(problem)
    assert answer.solutions[0].exact == {"x": "exp(1)"}
    assert answer.value_exact == "e*exp(exp(-1))"
    assert text(parse("exp(1)").node) == "e"


@pytest.mark.parametrize("objective", ["a*x*y", "a*x*sin(y)", "a/(x + sqrt(x^2 + y))"])
def test_two_unknowns_and_a_parameter_without_an_answer(objective: str) -> None:
    result = engine.solve(define(objective, parameters={"a": "real"}))
    assert result.status is Status.UNKNOWN
    assert all("no value" in row.reason for row in result.attempts if row.kind == "numerical" and row.reason)


def test_infinity_is_no_point_of_a_table() -> None:
    result = engine.solve(define("x^3"), Settings(methods=(MethodChoice("bfgs"),), exact=False))
    [row] = [row for row in result.attempts if row.method == "branch-and-bound"]
    assert row.point is None


@pytest.mark.parametrize(
    ("objective", "ends", "words"),
    [
        ("exp(exp(exp(x)))", (5, 6), "The minimum is more than 1e+120411 at x = 5"),
        ("x*1e300", (-1e300, 1), "The minimum is -1e+600 at x = -1e+300"),
        ("x^2 + 1e-400", (-1, 1), "The minimum is 1e-400 at x = 0"),
        ("exp(x) - 1e-400", (None, None), "There is no minimum: the infimum -1e-400 is not attained"),
    ],
)
def test_a_value_beyond_doubles_is_no_infinity_and_no_zero(objective: str, ends: tuple[float, float], words: str) -> None:
    result = engine.solve(define(objective, range=ends), Settings(methods=(MethodChoice("bfgs"),)))
    assert result.sentence.startswith(words)
    assert not any(row.error_value is not None and not math.isfinite(row.error_value) for row in result.attempts)
    assert not any(row.value is not None and math.isinf(row.value) for row in result.attempts)


@pytest.mark.parametrize(
    ("objective", "condition"), [("a^2*x^2*exp(-a*x) - a^2*x^2*exp(-a*x)", "x*a <= 1"), ("(a*x)^2 - a^2*x^2", "a*x <= 1")]
)
def test_a_point_that_is_undefined_where_two_cases_meet_is_that_of_neither(objective: str, condition: str) -> None:
    """The value is right at any x, and 1/a - 1 is none at a = 0."""
    answer = solve(define(objective, parameters={"a": "real"}, subject_to=[condition]))
    assert answer.value_exact == "0"
    assert answer.solutions[0].exact == {"x": "if(a < 0, 1/a + 1, if(a == 0, 0, 1/a - 1))"}


def test_a_normal_form_that_grows_too_large_is_no_crash_with_parameters() -> None:
    objective = "atan(1/2*atan(x/a) - max(a, 1)*sqrt(x + a) + (1 + a^2)*atan(x/a))"
    assert not solve(define(objective, parameters={"a": "nonnegative"})).assurance.is_proof


INFEASIBLE_BUT_FOR_ROUNDING: list[tuple[str, dict[str, Any], list[str]]] = [
    ("x", {"x": None}, ["x^2 < 0"]),
    ("x", {"x": None}, ["exp(x) <= 0"]),
    ("x", {"x": None, "y": None}, ["x*y = 1", "x = 0"]),
    ("x + y", {"x": "[0, 1)", "y": "[0, 1]"}, ["x + y >= 2"]),
]


@pytest.mark.parametrize(("objective", "variables", "subject_to"), INFEASIBLE_BUT_FOR_ROUNDING)
def test_points_that_miss_constraints_by_rounding_do_not_contradict_that_there_are_none(
    objective: str, variables: dict[str, Any], subject_to: list[str]
) -> None:
    result = engine.solve(define(objective, variables=variables, subject_to=subject_to))
    assert (result.status, result.disagreements) == (Status.INFEASIBLE, [])


def test_a_point_that_misses_a_constraint_by_rounding_is_not_below_a_proved_minimum() -> None:
    """S. Boyd, L. Vandenberghe, Convex Optimization, exercise 5.21: the optimal value is 1; where y is large, x^2/y is nearly 0."""
    result = engine.solve(define("exp(-x)", variables={"x": None, "y": "(0, inf)"}, subject_to=["x^2/y <= 0"]))
    assert (result.status, result.value_exact, result.disagreements) == (Status.OPTIMAL, "1", [])


@pytest.mark.parametrize(
    ("subject_to", "point"),
    [
        (["x^2 + y^2 = 2", "x >= 1"], [1 - 1e-13, 1 + 2e-13]),
        (["x + y = 3", "x - y = 1", "x*y >= 2"], [2 + 1e-13, 1 - 1e-13]),
        (["exp(x) + y < 2", "x + y < 1"], [0.0, 1.0]),
        (["x*y <= 1", "x >= 1/3", "y >= 3"], [1 / 3, 3.0]),
    ],
)
def test_a_point_next_to_a_feasible_one_still_contradicts_that_there_is_none(subject_to: list[str], point: list[float]) -> None:
    function = Function(define("x + y", subject_to=subject_to))
    found = close_by(function.problem, point)
    assert found is not None
    assert all(abs(float(c.lower) - p) < 1e-9 for c, p in zip(found.values(), point, strict=True))
    judgement = judge(function, np.array(point))
    row = Attempt("seeker", "numerical", AttemptStatus.CONVERGED, value=judgement.value, point=dict(zip("xy", point, strict=True)))
    nowhere = ExactAnswer("fake", Status.INFEASIBLE, Assurance.EXACT)
    assert verdict(function.problem, function, nowhere, None, [Finding(row, judgement)]).disagreements
