"""Reductions of exact problems: known answers, planted ones, and nothing exact that a search at random refutes."""

from __future__ import annotations

import random
from fractions import Fraction
from importlib import import_module
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optbench.arithmetic.floats import function
from optbench.exact import cases, stage
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import order
from optbench.exact.line import sympy_solve
from optbench.exact.numbers.formula import as_float
from optbench.exact.ranges import holding
from optbench.exact.region.isolated import solved_for
from optbench.exact.region.signs import Region
from optbench.language.build import number, substitute, symbol
from optbench.language.elaborate import parse, parse_constraint
from optbench.language.graph import symbols
from optbench.problem.draft import ParameterDraft, ProblemDraft, Text
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Status
from tests.sampled import check, lowest, minimand, points, problem_of, same_number

REDUCTIONS = (
    "ranges",
    "bounds",
    "logarithms",
    "separable",
    "peeled",
    "affine",
    "recession",
    "inactive",
    "vanishing",
    "eliminated",
    "invariant",
    "sinusoids",
    "partial",
    "envelopes",
)


@pytest.fixture(autouse=True)
def only_reductions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage with the reductions and the solvers of one unknown and of quadratic forms only."""
    monkeypatch.setattr(stage, "STRATEGIES", ("univariate", "quadratic", *REDUCTIONS))
    monkeypatch.setattr(cases, "_work", cases._Work())


@pytest.fixture
def no_sympy(monkeypatch: pytest.MonkeyPatch) -> None:
    """SymPy may take minutes for the equations of random problems."""
    monkeypatch.setattr(sympy_solve, "solutions", lambda function, place: [])


def solved(problem: Problem) -> ExactAnswer:
    answer = stage.solve(problem)
    check(problem, answer, equalities=any("==" in c.text for c in problem.constraints))
    return answer


# ---- textbook cases: objective, constraints, ranges, value, minimisers (None: not compared), complete ----------------------------

OPTIMA = [
    # sums and products of functions of different unknowns
    ("x^2 - 2*x + y^4 - y", [], {}, "-1 - 3/4*4^(-1/3)", [("1", "4^(-1/3)")], True),
    ("sin(x) + cos(y) + z^2", [], {"x": "[0, 7]", "y": "[0, 7]"}, "-2", [("3*pi/2", "pi", "0")], True),
    ("2*(x^2 + abs(y - 1)) - 3", [], {}, "-3", [("0", "1")], True),
    ("(x - y)^2 + 2*x*y", [], {}, "0", [("0", "0")], True),
    ("x^2*exp(-x)*exp(-y)", [], {"x": "[1, 2]", "y": "[0, 3]"}, "exp(-4)", [("1", "3")], True),
    ("x^2*y^2*z", [], {"x": "[1, 2]", "y": "[-1, 2]", "z": "[1, 3]"}, "0", None, False),
    ("x^2 + y", ["x >= 1", "y >= 2"], {}, "3", [("1", "2")], True),
    ("x + y", ["x^2 >= 2", "y^2 <= 3", "x <= 1", "x >= -5"], {}, "-5 - sqrt(3)", [("-5", "-sqrt(3)")], True),
    ("y^2", ["x^2 <= 1"], {"x": "(-inf, inf)", "y": "[2, 3]"}, "4", None, False),
    # outer functions
    ("exp(x^2 + y^2 - x*y)", [], {}, "1", [("0", "0")], True),
    ("sqrt(x^2 + y^2 - 2*x + 5)", [], {}, "2", [("1", "0")], True),
    ("log(1 + x^2 + y^2)^3", [], {}, "0", [("0", "0")], True),
    ("-1/(1 + (x - 1)^2 + y^2)", [], {}, "-1", [("1", "0")], True),
    ("abs(3 + x^2 + y^4)", [], {}, "3", [("0", "0")], True),
    ("-(x^2 + y^2)*exp(-x^2 - y^2)", [], {}, "-exp(-1)", None, False),
    ("(x + y)^2 - 4*(x + y)", ["x^2 + y^2 <= 100"], {"x": "[0, 3]", "y": "[0, 3]"}, "-4", None, False),
    ("cosh(x^2 + y^2 + 1)", [], {}, "cosh(1)", [("0", "0")], True),
    # equalities
    ("2*x^2 + y^2", ["x + y == 1"], {}, "2/3", [("1/3", "2/3")], True),
    ("x^2 + y^2 + z^2 + w^2", ["x + y + z + w == 1"], {}, "1/4", [("1/4",) * 4], True),
    ("x + y", ["x*y == 4"], {"x": "(0, inf)", "y": "(0, inf)"}, "4", [("2", "2")], True),
    ("x^2 + y^2", ["x*y == 4"], {}, "8", [("-2", "-2"), ("2", "2")], True),
    ("y^2 + z^2 - x^2", ["x^2 + y^2 + z^2 == 1"], {}, "-1", [("0", "0", "-1"), ("0", "0", "1")], True),
    ("-x - y", ["x^2 + y^2 == 1"], {}, "-sqrt(2)", [("sqrt(2)/2", "sqrt(2)/2")], True),
    ("x^2 + y^2 - y", ["x*y == 0"], {}, "-1/4", [("0", "1/2")], True),
    ("x + y", ["x^2 == 2", "y == 3*x"], {}, "-4*sqrt(2)", [("-sqrt(2)", "-3*sqrt(2)")], True),
    ("x^2 + y", ["exp(y) == 1 + x^2"], {}, "0", [("0", "0")], True),
    # one unknown at its best value
    ("x*y", [], {"x": "[-1, 1]", "y": "[-2, 1]"}, "-2", [("1", "-2")], True),
    ("x*y - 2*x^2 - y^2", [], {"x": "[-1, 0]", "y": "[-1/2, 1/2]"}, "-11/4", [("-1", "1/2")], True),
    ("x^2 + y^2 + x*y - 3*x", [], {"x": "[0, 1]", "y": "[0, inf)"}, "-2", [("1", "0")], True),
    ("(1 - x)^2 + 100*(y - x^2)^2", [], {"x": "[2, 3]"}, "1", [("2", "4")], True),
    ("x*y + 1/x + 1/y", [], {"x": "(0, inf)", "y": "(0, inf)"}, "3", [("1", "1")], True),
    ("-x*y", ["2*x + 3*y <= 10"], {"x": "[0, inf)", "y": "[0, inf)"}, "-25/6", [("5/2", "5/3")], True),
    ("x + y", ["x*y >= 1"], {"x": "(0, inf)", "y": "(0, inf)"}, "2", [("1", "1")], True),
    ("-3*x - 5*y", ["x <= 4", "2*y <= 12", "3*x + 2*y <= 18"], {"x": "[0, inf)", "y": "[0, inf)"}, "-36", [("2", "6")], True),
    ("2*x^2 - y^2 + 6*y", ["x^2 + y^2 <= 16"], {}, "-40", [("0", "-4")], True),
    ("x*y*z", [], {"x": "[-1, 2]", "y": "[-1, 2]", "z": "[-3, 1]"}, "-12", [("2", "2", "-3")], True),
    ("exp(x)*y^2 - 2*y + exp(x)", [], {"x": "[0, inf)"}, "0", [("0", "1")], True),
    # kinks
    ("abs(x + 2*y - 1) + abs(x - y) + abs(y)", [], {}, "1/3", [("1/3", "1/3")], True),
    ("max(x, y, 1 - x - y)", [], {}, "1/3", [("1/3", "1/3")], True),
    ("abs(x + y) + x^2 + y^2 - 3*x", [], {}, "-5/4", [("1", "-1/2")], True),
    ("x^2 + y^2 - abs(x + y)", [], {}, "-1/2", [("-1/2", "-1/2"), ("1/2", "1/2")], True),
    ("min(x^2 + y^2, (x - 1)^2 + (y - 1)^2 + 1)", [], {}, "0", [("0", "0")], True),
    # terms that vanish together
    ("(3/2 - x + x*y)^2 + (9/4 - x + x*y^2)^2 + (21/8 - x + x*y^3)^2", [], {}, "0", [("3", "1/2")], True),
    ("abs(x + 2*y - 1) + abs(x - y)", [], {}, "0", [("1/3", "1/3")], True),
    ("(exp(x) - 2)^2 + (x*y - 1)^2 + 5", [], {}, "5", [("log(2)", "1/log(2)")], True),
    ("hypot(x - 1, y - 2) + sqrt(abs(x - y + 1))", [], {}, "0", [("1", "2")], True),
    ("(a + 10*b)^2 + 5*(c - d)^2 + (b - 2*c)^4 + 10*(a - d)^4", [], {}, "0", [("0",) * 4], True),
    # symmetries
    ("-(x^2 + 4*x*y + 4*y^2)/(x^2 + y^2)", [], {}, "-5", None, False),
    ("x/y + y/x", [], {"x": "(0, inf)", "y": "(0, inf)"}, "2", None, False),
    ("(x - y)^2 + (y - z)^2 + (x - z - 3)^2", [], {}, "3", None, False),
    ("sqrt(x^2 + y^2) + x + y", ["x^2 + y^2 <= 16"], {}, "4 - 4*sqrt(2)", [("-2*sqrt(2)", "-2*sqrt(2)")], True),
    ("(x + y - 1)^2 + (x - y)^4 - (x - y)^2", [], {}, "-1/4", None, True),
    # one unknown in a sine and a cosine
    ("x^2 + 2*x*sin(y)", [], {"y": "[0, 6.5]"}, "-1", [("pi/2", "-1"), ("3*pi/2", "1")], True),
    ("cos(x)*cos(y)", [], {"x": "[0, 2*pi]", "y": "[0, 2*pi]"}, "-1", None, True),
    # constraints that do not matter
    ("(x - 1)^2 + (y - 1)^2", ["x^4 + x*y^3 <= 100"], {}, "0", [("1", "1")], True),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "value", "minimisers", "complete"), OPTIMA, ids=[r[0] for r in OPTIMA])
def test_textbook_optima(
    objective: str,
    constraints: list[str],
    ranges: dict[str, str],
    value: str,
    minimisers: list[tuple[str, ...]] | None,
    complete: bool,
) -> None:
    problem = problem_of(objective, *constraints, **ranges)
    answer = solved(problem)
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT), answer.reason
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, value), answer.value_exact
    assert answer.complete == complete
    if minimisers is not None:
        found = [tuple(s.exact[n.name] for n in problem.symbols) for s in answer.solutions if s.exact is not None]
        assert len(found) == len(minimisers)
        for expected in minimisers:
            assert any(all(map(same_number, expected, point)) for point in found), found


NEITHER = [
    ("(x*y - 1)^2 + x^2", [], {}, Status.NOT_ATTAINED, "0"),
    ("x^2 + exp(y)", [], {}, Status.NOT_ATTAINED, "0"),
    ("1/(1 + x^2 + y^2)", [], {}, Status.NOT_ATTAINED, "0"),
    ("-atan(x^2 + y^2)", [], {}, Status.NOT_ATTAINED, "-pi/2"),
    ("x^2 + y^2", ["x + y > 2"], {}, Status.NOT_ATTAINED, "2"),
    ("x + y^2", ["x > 1"], {}, Status.NOT_ATTAINED, "1"),
    ("exp(-x)*(1 + y^2)", [], {}, Status.NOT_ATTAINED, "0"),
    ("x + y", ["x - y == 1"], {}, Status.UNBOUNDED, "-inf"),
    ("x*y*z", ["x + y + z == 1", "x - y == 0"], {}, Status.UNBOUNDED, "-inf"),
    ("x^2*y + y^2", [], {}, Status.UNBOUNDED, "-inf"),
    ("x^4 + y^4 - 3*x^2*y^2", [], {}, Status.UNBOUNDED, "-inf"),
    ("log(x) + y^2", [], {}, Status.UNBOUNDED, "-inf"),
    ("x^2 + y", ["x^2 + 1 <= 0"], {}, Status.INFEASIBLE, None),
    ("x^2 + y^2", ["x + y == 1", "2*x + 2*y == 3"], {}, Status.INFEASIBLE, None),
    ("x*y", ["x^2 + y^2 == -1"], {}, Status.INFEASIBLE, None),
    ("sqrt(-1 - x^2) + y", [], {}, Status.INFEASIBLE, None),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "status", "value"), NEITHER, ids=[r[0] for r in NEITHER])
def test_textbook_problems_without_a_minimum(
    objective: str, constraints: list[str], ranges: dict[str, str], status: Status, value: str | None
) -> None:
    answer = solved(problem_of(objective, *constraints, **ranges))
    assert (answer.status, answer.assurance) == (status, Assurance.EXACT), answer.reason
    if value is not None:
        assert answer.value_exact is not None
        assert answer.value_exact == value or same_number(answer.value_exact, value)


@pytest.mark.parametrize("row", [r for r in OPTIMA if "max(" not in r[0] and "min(" not in r[0]], ids=lambda r: r[0])
def test_the_opposite_is_maximised(row: tuple[str, list[str], dict[str, str], str, object, bool]) -> None:
    objective, constraints, ranges, value, _, complete = row
    answer = solved(problem_of(f"-({objective})", *constraints, sense="maximize", **ranges))
    assert answer.status is Status.OPTIMAL
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, f"-({value})")
    assert answer.complete == complete


def test_what_is_beyond_the_reductions_says_so() -> None:
    draft = ProblemDraft("minimize", Text("x^2 + a*y^2"), parameters=(ParameterDraft(Text("a"), Text("positive")),))
    problem = validated(draft, open_names=True)
    for name in REDUCTIONS:
        with pytest.raises(NotApplicable, match="a has no value"):
            import_module(f"optbench.exact.{name}").solve(problem)


# ---- symptoms: what was wrong once -----------------------------------------------------------------------------------------------


def test_a_flat_stretch_beyond_the_last_kink_is_not_forgotten() -> None:
    answer = solved(problem_of("x + max(z, x)", x="[0, 1]", z="(-inf, inf)"))
    assert (answer.value_exact, answer.complete) == ("0", False)


def test_a_hole_in_the_domain_of_an_inner_function_is_seen() -> None:
    answer = solved(problem_of("y/y - y*y + 0*x", sense="maximize", x="[0, 1]", y="[-1, 1]"))
    assert answer.status in (Status.NOT_ATTAINED, Status.UNKNOWN)
    assert solved(problem_of("1/(x*y) + x*y", x="[-1, 1]", y="[-1, 1]")).status is Status.UNBOUNDED


def test_an_open_end_is_not_a_minimiser() -> None:
    answer = solved(problem_of("x + y", x="(0, 1]", y="[0, 1]"))
    assert (answer.status, answer.value_exact) == (Status.NOT_ATTAINED, "0")
    answer = solved(problem_of("x*y + y", "x + y > 1", x="[0, inf)", y="[0, inf)"))
    assert answer.status is Status.OPTIMAL  # at y = 0 with any x > 1


# ---- the parts ------------------------------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(["x^2 >= 2", "x^3 - x <= 0", "abs(x - 1) < 1", "1/x >= 1", "log(x) <= 1", "x*(x - 1)^2*(x - 2) <= 0"]),
    st.integers(0, 60),
)
def test_where_a_condition_on_one_unknown_holds(condition: str, k: int) -> None:
    c, x = parse_constraint(condition).node, symbol("x")
    value = number(Fraction(k - 30, 10))
    inside = [
        i
        for i in holding([c], x, Interval())
        if order(i.lower, value) < (1 if i.lower_closed else 0) and order(value, i.upper) < (1 if i.upper_closed else 0)
    ]
    try:
        holds = cases.holds(substitute(c, {x: value}))
    except NotApplicable:
        assume(False)
    assert bool(inside) == bool(holds)


EQUATIONS = [
    "x^2 + y^2 - 4",
    "exp(y) - x",
    "x - 1/y^2",
    "y^3 + x",
    "(y - 1)^(3/2) - x",
    "2*abs(y) + x",
    "log(y + 3) - x",
    "x*y^2 + y - 1",
    "x + 1 - 1/y",
    "x - y + 2/y",
    "1/y + 1/(x^2 + 1) - 1",
]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_an_equation_is_solved_for_one_unknown(equation: str) -> None:
    """At numbers for x the formulas give the zeros that a search for changes of sign finds, and only zeros."""
    x, y = symbol("x"), symbol("y")
    f = parse(equation).node
    positive = {s: Interval(number(0), lower_closed=False) for s in symbols(f)} if "x*y^2" in equation or "/y" in equation else {}
    branches = solved_for(f, y, Region({x: Interval(), y: Interval(), **positive}))
    evaluate = function([f], [x, y])
    for at in (-2, -1, Fraction(1, 3), 1, 3):
        if positive and at < 0:
            continue
        values = {x: number(Fraction(at))}
        found = [substitute(b.formula, values) for b in branches if all(cases.holds(substitute(c, values)) for c in b.conditions)]
        floats = [float(evaluate(float(at), as_float(v))[0]) for v in found]
        assert all(abs(v) < 1e-9 for v in floats)
        grid = [-5 + k * 0.00917 for k in range(1091)]
        signs = [evaluate(float(at), v)[0] for v in grid if not positive or v > 0]
        changes = sum(1 for a, b in pairwise(signs) if a * b < 0)
        inside = [v for v in found if -5 < as_float(v) < 5 and (not positive or as_float(v) > 0)]
        assert len(inside) >= changes


SIGNED = [
    "x^2 - x*y + y^2",
    "x*y - 3",
    "exp(x) - 1 + y/9",
    "x*y^2 + 1",
    "log(1 + x^2)*y^2",
    "sqrt(x)*y",
    "abs(x) - y",
    "max(x, y) + 3",
    "(x - 1)*(y + 2)",
]


@given(st.sampled_from(SIGNED), st.sampled_from(["(-inf, inf)", "[0, inf)", "[1, 4]", "(0, 2)", "[-3, 0]"]), st.integers(0, 1000))
def test_signs_hold_at_every_sampled_point(expression: str, range_: str, seed: int) -> None:
    problem = problem_of(expression, x=range_, y="[-2, 3]")
    signs = Region({v.symbol: v.ranges[0] for v in problem.variables}).signs(problem.objective)
    value = minimand(problem)
    for x in points(problem, 60, random.Random(seed)):
        at = value(x)
        if at != float("inf") and abs(at) > 1e-9:
            assert (1 if at > 0 else -1) in signs


# ---- planted optima ----------------------------------------------------------------------------------------------------------------------

small = st.integers(-3, 3)
positive_number = st.integers(1, 4)
# functions of one unknown with their least value and where it is
PLANTED = [
    ("({x} - {a})^2", "0", "{a}"),
    ("({x} - {a})^4 + ({x} - {a})^2", "0", "{a}"),
    ("exp({x} - {a}) - {x}", "1 - {a}", "{a}"),
    ("abs({x} - {a})", "0", "{a}"),
    ("sqrt(1 + ({x} - {a})^2)", "1", "{a}"),
    ("cosh({x} - {a})", "1", "{a}"),
]
planted = st.tuples(st.sampled_from(PLANTED), small, positive_number)


def planted_sum(parts: list[tuple[tuple[str, str, str], int, int]], names: list[str]) -> tuple[str, str, list[str]]:
    """A sum of planted functions, its least value, and its minimiser."""
    terms, values, at = [], [], []
    for ((f, value, place), a, c), name in zip(parts, names, strict=True):
        terms.append(f"{c}*({f.format(x=name, a=f'({a})')})")
        values.append(f"{c}*({value.format(a=f'({a})')})")
        at.append(place.format(a=f"({a})"))
    return " + ".join(terms), " + ".join(values), at


slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@slow
@given(st.lists(planted, min_size=2, max_size=4))
def test_planted_separable_optima_are_found(parts: list[tuple[tuple[str, str, str], int, int]]) -> None:
    names = ["x", "y", "z", "w"][: len(parts)]
    objective, value, at = planted_sum(parts, names)
    answer = stage.solve(problem_of(objective))
    assert (answer.status, answer.complete) == (Status.OPTIMAL, True), answer.reason
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, value)
    [solution] = answer.solutions
    assert solution.exact is not None
    assert all(same_number(solution.exact[name], place) for name, place in zip(names, at, strict=True))


@slow
@given(st.lists(planted, min_size=2, max_size=2), st.tuples(small, small, small, small), small, small)
def test_planted_optima_survive_a_change_of_unknowns(
    parts: list[tuple[tuple[str, str, str], int, int]], matrix: tuple[int, int, int, int], p: int, q: int
) -> None:
    a, b, c, d = matrix
    assume(a * d - b * c != 0 and (a and b) and (c and d))
    objective, value, at = planted_sum(parts, [f"({a}*x + {b}*y + {p})", f"({c}*x + {d}*y + {q})"])
    answer = stage.solve(problem_of(objective))
    assert (answer.status, answer.complete) == (Status.OPTIMAL, True), (objective, answer.reason)
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, value)
    [solution] = answer.solutions
    assert solution.exact is not None
    x, y = (f"({solution.exact[name]})" for name in "xy")
    assert same_number(f"{a}*{x} + {b}*{y} + {p}", at[0])
    assert same_number(f"{c}*{x} + {d}*{y} + {q}", at[1])


@slow
@given(st.lists(planted, min_size=3, max_size=3), small, small, positive_number)
def test_a_planted_optimum_on_a_plane_is_found(parts: list[tuple[tuple[str, str, str], int, int]], p: int, q: int, r: int) -> None:
    """The third unknown is a combination of the first two at the optimum of these, so its own term is at its least too."""
    (_, a, _), (_, b, _), _ = parts
    third = (parts[2][0], p * a + q * b, parts[2][2])
    objective, value, _ = planted_sum([*parts[:2], third], ["x", "y", "z"])
    answer = stage.solve(problem_of(objective, f"{r}*z == {r}*({p}*x + {q}*y)"))
    if answer.assurance is Assurance.EXACT:
        assert answer.value_exact is not None
        assert same_number(answer.value_exact, value), (objective, answer.value_exact)


@slow
@given(st.lists(planted, min_size=2, max_size=2), st.sampled_from(["exp({f})", "sqrt(5 + {f})", "({f})^3", "-1/(20 + {f})", "atan({f})"]))
def test_monotone_functions_keep_the_minimiser(parts: list[tuple[tuple[str, str, str], int, int]], outer: str) -> None:
    objective, _, _ = planted_sum(parts, ["x", "y"])
    inner = stage.solve(problem_of(objective))
    assume(inner.value is not None and inner.value > -4)
    whole = stage.solve(problem_of(outer.format(f=f"({objective})")))
    assert whole.status is Status.OPTIMAL, whole.reason
    assert whole.value_exact is not None
    assert same_number(whole.value_exact, outer.format(f=f"({inner.value_exact})"))
    assert [s.exact for s in whole.solutions] == [s.exact for s in inner.solutions]


# ---- random problems against a search at random ----------------------------------------------------------------------------------------

LEAVES = ["x", "y", "x", "y", "1", "2", "1/2"]
FORMS = ["({a} + {b})", "({a} - {b})", "({a}*{b})", "({a})^2", "({a})^3", "({a})/({b})", "exp(-({a}))", "sqrt({a})", "abs({a})"]
RANGES = ["(-inf, inf)", "[0, inf)", "(0, inf)", "[-1, 1]", "[0, 2]", "(0, 2)", "(-inf, 0]", "[1, 4)"]


def random_expression(source: random.Random, depth: int) -> str:
    if not depth:
        return source.choice(LEAVES)
    a, b = (random_expression(source, depth - 1) for _ in range(2))
    form = source.choice(
        ["({a} + {b})", "({a} - {b})", "({a}*{b})", "({a})^2", "({a})^3", "({a})/({b})", "exp(-({a}))", "sqrt({a})", "abs({a})"]
    )
    return form.format(a=a, b=b)


def random_problem(seed: int) -> Problem:
    source = random.Random(seed)
    constraints = ["x + y <= 2", "x^2 + y^2 <= 4", "x*y >= 1", "x - y < 1", "abs(x) + y <= 3"]
    chosen = source.sample(constraints, source.choice([0, 0, 1, 2]))
    objective = random_expression(source, source.choice([2, 3]))
    return problem_of(
        f"{objective} + 0*(x + y)", *chosen, sense=source.choice(["minimize", "maximize"]), x=source.choice(RANGES), y=source.choice(RANGES)
    )


@pytest.mark.usefixtures("no_sympy")
@pytest.mark.parametrize("seed", range(60))
def test_random_problems_are_never_answered_wrongly(seed: int) -> None:
    problem = random_problem(seed)
    answer = stage.solve(problem)
    check(problem, answer)
    if answer.status is Status.UNBOUNDED:
        assert lowest(problem, 4000).value < -8 or lowest(problem, 20_000, 2).value < -8, answer.reason


@pytest.mark.slow
@pytest.mark.usefixtures("no_sympy")
@pytest.mark.parametrize("seed", range(60, 120))
def test_many_random_problems_are_never_answered_wrongly(seed: int) -> None:
    problem = random_problem(seed)
    check(problem, stage.solve(problem))
