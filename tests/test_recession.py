"""Curves to infinity: textbook cases without a minimum, what holds along curves, and bounded functions left alone."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optbench.arithmetic.floats import function
from optbench.exact import cases, recession, stage
from optbench.exact.answer import NotApplicable
from optbench.exact.line import sympy_solve
from optbench.exact.region.paths import NotSettled, eventually, limit_along
from optbench.language.build import substitute, symbol
from optbench.language.elaborate import parse, parse_constraint
from optbench.problem.interval import INFINITY, MINUS_INFINITY, as_float
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status
from tests.sampled import check, minimand, problem_of, same_number
from tests.test_reductions import REDUCTIONS


@pytest.fixture(autouse=True)
def only_reductions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are solved by the reductions and the solvers of one unknown and of quadratic forms, without SymPy."""
    monkeypatch.setattr(stage, "STRATEGIES", ("univariate", "quadratic", *REDUCTIONS))
    monkeypatch.setattr(sympy_solve, "solutions", lambda function, place: [])
    monkeypatch.setattr(cases, "_work", cases._Work())


POSITIVE = {"x": "(0, inf)", "y": "(0, inf)"}

UNBOUNDED = [
    ("x*y", [], {}),
    ("x^2 - y^2", [], {}),
    ("x*y", ["x + y <= 1"], {}),
    ("x*y*z", [], {}),
    ("x^3 + y^3 - 3*x*y", [], {}),
    ("x^2 + 4*x*y + y^2", [], {}),
    ("x + y*z - w", [], {}),
    ("(x^2 - y)^2 - x", [], {}),
    ("(x - y)^2 - exp(x)", [], {}),
    ("(x - 2*y)^2 - x", [], {}),
    ("x^2*y^2 - x", [], {}),
    ("x^4 + y^4 - x^3*y^2", [], {}),
    ("abs(x) - y^2/(1 + x^2)", [], {}),
    ("max(x, y) - x*y", [], {}),
    ("x/(1 + y^2)", [], {}),
    ("x*log(y)", [], {"x": "[0, inf)", "y": "(0, inf)"}),
    ("log(x^2 + y^2)", [], {}),
    ("log(4 - x^2 - y^2)", [], {}),
    ("1/(x - y)", [], {}),
    ("-1/(x*y)", [], POSITIVE),
    ("(x + 2)/(x - 1)*y^2", [], {}),
    ("-1/(x^2 + y^2)", [], {}),
    ("-sqrt(x)*y", [], {"x": "[0, inf)", "y": "[0, 1]"}),
    ("x - y", ["x*y >= 1"], POSITIVE),
    ("-x - y", ["x*y <= 1"], POSITIVE),
    ("x*y - log(x)", [], POSITIVE),
    ("tan(x) + y^2", [], {"x": "(-pi/2, pi/2)", "y": "[0, 1]"}),
    ("-x^2 + y^2", ["x - y <= 1", "y <= 5"], {}),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges"), UNBOUNDED, ids=[r[0] for r in UNBOUNDED])
def test_textbook_problems_that_are_unbounded(objective: str, constraints: list[str], ranges: dict[str, str]) -> None:
    problem = problem_of(objective, *constraints, **ranges)
    answer = recession.solve(problem)
    assert (answer.status, answer.assurance, answer.value_exact) == (Status.UNBOUNDED, Assurance.EXACT, "-inf")
    assert answer.reason is not None
    assert_falls(problem, answer.reason)


def assert_falls(problem: Problem, reason: str) -> None:
    """The curve that a reason names is feasible, and the function falls on it."""
    curve = dict(re.findall(r"(\w+) = ([^,]*?)(?:,| as)", reason))
    t = symbol("t")
    places = function([parse(curve[s.name]).node for s in problem.symbols], [t])
    value = minimand(problem)
    values = [value(places(10.0**k)) for k in (2, 4, 6)]
    assert all(math.isfinite(v) for v in values), (reason, values)
    assert values[0] > values[1] > values[2], (reason, values)


NOT_ATTAINED = [
    ("(x*y - 1)^2 + x^2", [], {}, "0"),
    ("(x*y - 1)^2 + y^2 + 3", [], {}, "3"),
    ("exp(-x) + y^2", [], {}, "0"),
    ("x^2 + exp(y)", [], {}, "0"),
    ("1/x + 1/y", [], POSITIVE, "0"),
    ("exp(x*y) + x^2", [], {}, "0"),
    ("x*y", [], POSITIVE, "0"),
    ("1/(x^2 + y^2)", [], {}, "0"),
    ("x^2 + 1/(x*y)", [], POSITIVE, "0"),
    ("x^2*exp(-y) + 1/(1 + x^2)", [], {}, "0"),
    ("exp(x - y) + exp(y - 2*x)", [], {}, "0"),
    ("x/y", [], POSITIVE, "0"),
    ("1 + 1/(1 + abs(x) + abs(y))", [], {}, "1"),
    ("x + 1/y", ["x >= 0"], {"x": "(-inf, inf)", "y": "(0, inf)"}, "0"),
    ("x^2 + y", ["y > 0"], {}, "0"),
    ("exp(-x) + exp(-y) + z^2", [], {}, "0"),
    ("(x^2 + 1)/(y^2 + 1)", [], {}, "0"),
    ("cosh(x)*exp(y)", [], {}, "0"),
    ("-(x + y)^2/(x^2 + y^2 + 1)", [], {}, "-2"),
    ("x*y/(x^2 + y^2 + 1)", [], {}, "-1/2"),
    ("-x^2/(1 + x^2 + y^2)", [], {}, "-1"),
    ("-(x + y + z)^2/(x^2 + y^2 + z^2 + 1)", [], {}, "-3"),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "value"), NOT_ATTAINED, ids=[r[0] for r in NOT_ATTAINED])
def test_textbook_infima_that_are_not_attained(objective: str, constraints: list[str], ranges: dict[str, str], value: str) -> None:
    problem = problem_of(objective, *constraints, **ranges)
    answer = recession.solve(problem)
    assert (answer.status, answer.assurance) == (Status.NOT_ATTAINED, Assurance.EXACT)
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, value)
    check(problem, answer)


@pytest.mark.parametrize("row", NOT_ATTAINED[:6], ids=lambda r: r[0])
def test_suprema_that_are_not_attained(row: tuple[str, list[str], dict[str, str], str]) -> None:
    objective, constraints, ranges, value = row
    answer = recession.solve(problem_of(f"2 - ({objective})", *constraints, sense="maximize", **ranges))
    assert answer.status is Status.NOT_ATTAINED
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, f"2 - ({value})")


ATTAINED = [
    ("x^2 + y^2", [], {}),
    ("x^4 + y^4 - 100*x*y", [], {}),
    ("(x*y - 1)^2 + x^2 + y^2", [], {}),
    ("x*y", ["x^2 + y^2 <= 4"], {}),
    ("x*y", [], {"x": "[0, 1]", "y": "[0, 1]"}),
    ("x + 1/x + y + 1/y", [], POSITIVE),
    ("exp(x) - x + exp(y) - 3*y", [], {}),
    ("sin(x) + sin(y)", [], {}),
    ("sin(x) + cos(x*y)", [], {}),
    ("x^2*y^2", [], {}),
    ("(x + y)^2 + exp(x + y)", [], {}),
    ("sqrt(x^2 + y^2) - x", [], {}),
    ("abs(x - y) + exp(x)*0", [], {}),
    ("x*log(x) + y^2", [], {"x": "[0, inf)", "y": "(-inf, inf)"}),
    ("log(1 + x^2 + y^2)", [], {}),
    ("-(x + y)^2/(x^2 + y^2)", [], {}),  # -2 is reached
    ("-(x + y + 1)^2/(x^2 + y^2 + 1)", [], {}),  # -3 is below the limits far out
]


@pytest.mark.parametrize(("objective", "constraints", "ranges"), ATTAINED, ids=[r[0] for r in ATTAINED])
def test_functions_with_a_minimum_are_left_alone(objective: str, constraints: list[str], ranges: dict[str, str]) -> None:
    with pytest.raises(NotApplicable):
        recession.solve(problem_of(objective, *constraints, **ranges))


def test_a_pole_at_an_end_that_belongs_to_the_range_is_no_end_of_the_domain() -> None:
    assert recession.solve(problem_of("-1/x + y^2", x="[0, 1]", y="[0, 1]")).status is Status.UNBOUNDED
    assert recession.solve(problem_of("1/x*y - y", x="[-1, 1]", y="[1, 2]")).status is Status.UNBOUNDED


def test_a_curve_that_leaves_the_constraints_shows_nothing() -> None:
    for constraint in ("x^2 + y^2 <= 9", "abs(x) + abs(y) <= 3", "exp(x^2 + y^2) <= 8"):
        with pytest.raises(NotApplicable):
            recession.solve(problem_of("x*y - x", constraint))


def test_many_unknowns_end_in_time() -> None:
    with pytest.raises(NotApplicable):
        recession.solve(problem_of(" + ".join(f"x{k}^2" for k in range(6))))
    assert recession.solve(problem_of(" + ".join(f"x{k}^2" for k in range(5)) + " - x5^3")).status is Status.UNBOUNDED


# ---- along curves ----------------------------------------------------------------------------------------------------------------

LIMITS = [
    ("(3*t^2 + t)/(t^2 - 1)", "3"),
    ("sqrt(t^2 + t) - t", None),
    ("abs(1/t - 2)*log(t)/t + 1", "1"),
    ("exp(-t)*t^5", "0"),
    ("(t - 1)^2 - t^2", "-inf"),
    ("max(t, 2*t, 5) - 2*t", "0"),
    ("if(t > 3, 1/t, t)", "0"),
    ("hypot(t, t)/t", "sqrt(2)"),
    ("log(t^2 + 1) - 2*log(t)", None),
    ("min(atan(t), 7)", "pi/2"),
    ("t*sin(1/t)", "1"),
    ("sin(t)", None),
]


@pytest.mark.parametrize(("expression", "value"), LIMITS, ids=[r[0] for r in LIMITS])
def test_limits_along_a_curve(expression: str, value: str | None) -> None:
    """A limit that is found is the one that is expected, and near the value far out."""
    t = symbol("t")
    node = parse(expression).node
    try:
        found = limit_along(node, t)
    except NotSettled:
        assert value is None
        return
    assert value is None or (repr(found) == value or same_number(repr(found), value))
    if found not in (INFINITY, MINUS_INFINITY):
        assert math.isclose(function([node], [t])(1e7)[0], as_float(found), rel_tol=1e-4, abs_tol=1e-4)


def test_differences_below_all_doubles_are_seen() -> None:
    t = symbol("t")
    assert eventually(parse_constraint("t - (t + exp(-t)) < 0").node, t) is True
    assert eventually(parse_constraint("exp(-t) >= 2*exp(-2*t)").node, t) is True


terms = st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(["t", "t^2", "1/t", "sqrt(t)", "log(t)", "1"])), min_size=1, max_size=4)


@settings(max_examples=80, deadline=None)
@given(terms, terms, st.sampled_from(["<=", "<", ">=", "=="]))
def test_what_holds_eventually_holds_far_out(left: list[tuple[int, str]], right: list[tuple[int, str]], relation: str) -> None:
    t = symbol("t")
    written = [" + ".join(f"({c})*{f}" for c, f in side) for side in (left, right)]
    condition = parse_constraint(f"{written[0]} {relation} {written[1]}").node
    try:
        holds = eventually(condition, t)
    except NotSettled:
        assume(False)
    for far in ("1000000000000", "10000000000000000"):
        assert cases.holds(substitute(condition, {t: parse(far).node})) == holds


coefficient = st.integers(-3, 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(coefficient, min_size=6, max_size=6))
def test_quadratic_forms_are_unbounded_only_if_they_are_not_convex(numbers: list[int]) -> None:
    a, b, c, p, q, r = numbers
    problem = problem_of(f"({a})*x^2 + ({b})*x*y + ({c})*y^2 + ({p})*x + ({q})*y + ({r}) + 0*x*y")
    try:
        answer = recession.solve(problem)
    except NotApplicable:
        return
    assert answer.status is Status.UNBOUNDED
    convex = a >= 0 and c >= 0 and 4 * a * c >= b * b
    if convex:  # then it falls along a direction in which the form is 0
        assert 4 * a * c == b * b
        assert (p, q) != (0, 0)
