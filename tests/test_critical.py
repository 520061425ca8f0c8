"""Minima over polynomial constraints: known answers, planted ones, invariance, and sets without a minimum."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optbench.arithmetic.floats import function
from optbench.exact import critical
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.language.elaborate import parse
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status
from tests.sampled import check, lowest, minimand, problem_of, same_number


def solved(objective: str, *constraints: str, sense: str = "minimize", **ranges: str) -> ExactAnswer:
    """The answer of this strategy alone; nothing of it may be refuted by samples."""
    problem = problem_of(objective, *constraints, sense=sense, **ranges)
    answer = critical.solve(problem)
    check(problem, answer, equalities=any("==" in c for c in constraints))
    return answer


def points(answer: ExactAnswer) -> set[tuple[str, ...]]:
    """The minimisers, each in the order of its unknowns' names."""
    return {tuple(f for _, f in sorted(s.exact.items())) for s in answer.solutions if s.exact is not None}


# objective, constraints, ranges, value, minimisers (None: not compared); all are complete
MINIMA = [
    # without constraints
    ("x^4 + y^4 - 4*x*y + 1", [], {}, "-1", [("1", "1"), ("-1", "-1")]),
    ("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", [], {}, "0", None),  # Himmelblau
    ("(3/2 - x + x*y)^2 + (9/4 - x + x*y^2)^2 + (21/8 - x + x*y^3)^2", [], {}, "0", [("3", "1/2")]),  # Beale
    ("x^4*y^2 + x^2*y^4 - 3*x^2*y^2 + 1", [], {}, "0", [("1", "1"), ("1", "-1"), ("-1", "1"), ("-1", "-1")]),  # Motzkin
    ("2*x^2 - 21/20*x^4 + x^6/6 + x*y + y^2", [], {}, "0", [("0", "0")]),  # the three-hump camel
    ("x/(x^2 + y^2 + 1)", [], {}, "-1/2", [("-1", "0")]),
    ("-(x + y)/(x^2 + y^2 + 1)", [], {}, "-sqrt(2)/2", [("sqrt(2)/2", "sqrt(2)/2")]),
    ("(x^2 + y^2)^2 - 2*x^2 - 2*y^2 + x", [], {}, None, None),
    # on curves and surfaces
    ("x*y", ["x^2 + y^2 == 2"], {}, "-1", [("1", "-1"), ("-1", "1")]),
    ("x^2 + y^2", ["x*y == 1"], {}, "2", [("1", "1"), ("-1", "-1")]),
    ("-x^2*y*z", ["x^2 + y^2 + z^2 == 4"], {}, "-2", None),
    ("-x^2*y^2*z^2", ["x^2 + y^2 + z^2 == 1"], {}, "-1/27", None),
    ("x^4 + y^4 + z^4", ["x^2 + y^2 + z^2 == 1"], {}, "1/3", None),
    ("-x - 2*y - 3*z", ["x - y + z == 1", "x^2 + y^2 == 1"], {}, "-3 - sqrt(29)", None),
    ("x", ["(x^2 + y^2)^2 == x^2 - y^2"], {}, "-1", [("-1", "0")]),  # a lemniscate, singular at 0
    ("x", ["y^2 == x^3"], {}, "0", [("0", "0")]),  # a cusp: no multipliers
    ("x + y", ["x^3 == y^2", "x <= 4"], {}, "-4", [("4", "-8")]),
    ("y + x", ["x^2 == 0"], {"y": "[-1, 2]"}, "-1", [("0", "-1")]),  # the gradient of the constraint is 0
    # distances
    ("(x - 3)^2 + y^2", ["x^2/4 + y^2 == 1"], {}, "1", [("2", "0")]),
    ("(x - 1)^2 + y^2", ["x^2/4 + y^2 == 1"], {}, "2/3", [("4/3", "sqrt(5)/3"), ("4/3", "-sqrt(5)/3")]),
    ("x^2 + (y - 3)^2", ["y == x^2"], {}, "11/4", [("sqrt(10)/2", "5/2"), ("-sqrt(10)/2", "5/2")]),
    ("(x - 4)^2 + (y - 2)^2 + z^2", ["z^2 == x^2 + y^2"], {}, "10", [("2", "1", "sqrt(5)"), ("2", "1", "-sqrt(5)")]),
    ("-4*x*y", ["x^2/9 + y^2/4 == 1"], {"x": "[0, inf)", "y": "[0, inf)"}, "-12", [("3*sqrt(2)/2", "sqrt(2)")]),  # a rectangle
    # inequalities
    ("2*x^2 - y^2 + 6*y", ["x^2 + y^2 <= 16"], {}, "-40", [("0", "-4")]),
    ("x^2 + 2*y^2 - x", ["x^2 + y^2 <= 1"], {}, "-1/4", [("1/2", "0")]),
    ("x", ["x^2 + (y - 1)^2 <= 1", "x^2 + (y + 1)^2 <= 1"], {}, "0", [("0", "0")]),  # one point, no interior
    ("x + y", ["x^2 + y^2 <= 2", "x^2 + y^2 <= 3", "2*x^2 + 2*y^2 <= 4"], {}, "-2", [("-1", "-1")]),  # redundant
    ("x^2 + y^2", ["x + y > -1", "x^2 - y < 5"], {}, "0", [("0", "0")]),  # strict, not active
    ("-x*y*z", ["x^2 + 2*y^2 + 4*z^2 <= 48"], {}, "-16*sqrt(2)", None),  # Hock, Schittkowski (1981): 29
    ("x - y", ["-3*x^2 + 2*x*y - y^2 + 1 >= 0"], {}, "-1", [("0", "1")]),  # 10
    ("x^2/2 + y^2 - x*y - 7*x - 7*y", ["25 - 4*x^2 - y^2 >= 0"], {}, "-30", [("2", "3")]),  # 12
    ("(x - 2)^2 + y^2", ["(1 - x)^3 - y >= 0"], {"x": "[0, inf)", "y": "[0, inf)"}, "1", [("1", "0")]),  # 13: no qualification
    ("(x - 2)^2 + (y - 1)^2", ["-x^2/4 - y^2 + 1 >= 0", "x - 2*y + 1 == 0"], {}, "9 - 23*sqrt(7)/8", None),  # 14
    ("x^2 + y^2", ["x + y >= 1", "x^2 + y^2 >= 1", "9*x^2 + y^2 >= 9", "x^2 >= y", "y^2 >= x"], {}, "2", [("1", "1")]),  # 23
    ("-a*b*c*d", ["a^3 + b^2 == 1", "a^2*d == c", "d^2 == b"], {}, "-1/4", None),  # 40
    ("abs(x) + 2*abs(y)", ["x^2 + y^2 == 1"], {}, "1", [("1", "0"), ("-1", "0")]),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "value", "at"), MINIMA, ids=[f"{m[0]} | {', '.join(m[1])}" for m in MINIMA])
def test_known_minima(
    objective: str, constraints: list[str], ranges: dict[str, str], value: str | None, at: list[tuple[str, ...]] | None
) -> None:
    answer = solved(objective, *constraints, **ranges)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert answer.value_exact is not None
    assert value is None or same_number(answer.value_exact, value)
    if at is not None:
        found = points(answer)
        assert len(found) == len(at)
        assert all(any(all(map(same_number, p, q)) for q in at) for p in found)


def test_six_hump_camel() -> None:
    answer = solved("(4 - 21/10*x^2 + x^4/3)*x^2 + x*y + (-4 + 4*y^2)*y^2", x="[-3, 3]", y="[-2, 2]")
    assert (answer.assurance, answer.complete, len(answer.solutions)) == (Assurance.EXACT, True, 2)
    assert answer.value == pytest.approx(-1.031628453489877351)
    assert {round(s.point["x"], 10) for s in answer.solutions if s.point is not None} == {0.0898420131, -0.0898420131}


def test_goldstein_price() -> None:
    first = "1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2)"
    second = "30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2)"
    answer = critical.solve(problem_of(f"({first})*({second})", x="[-2, 2]", y="[-2, 2]"))
    assert (answer.assurance, answer.value_exact, points(answer)) == (Assurance.EXACT, "3", {("0", "-1")})


# ---- sets without a minimum, and without a point -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "constraints"),
    [
        ("x^2 + (x*y - 1)^2", []),  # the infimum 0 is not attained, and there is a stationary point
        ("x^3 + y^3 - 3*x*y", []),  # unbounded, and there is a local minimum
        ("x^2 + y^3 - 3*y", []),
        ("x*y", ["x + y == 1", "y <= -1"]),
        ("x", ["x*y == 1", "x >= 0"]),
        ("x^2*y + y^2", []),
        ("x + y + z", ["x*y*z == 1"]),
        ("x^2 - y^2", ["x + y >= 0"]),
        ("x^2*(1 + y)^3 + y^2", []),  # one stationary point, a local minimum, and unbounded
    ],
)
def test_no_minimum_is_claimed_where_there_is_none(objective: str, constraints: list[str]) -> None:
    try:
        answer = critical.solve(problem_of(objective, *constraints))
    except NotApplicable:
        return
    assert answer.assurance is not Assurance.EXACT


@pytest.mark.parametrize(
    "constraints",
    [
        ["x^2 + y^2 == -1"],
        ["x^2 + y^2 <= 1", "x + y >= 2"],
        ["x^2 + y^2 == 1", "x*y == 1"],
        ["x^2 + 4*y^2 <= 4", "(x - 5)^2 + y^2 <= 4"],
        ["x^4 + y^4 == 1", "x^2 + y^2 == 1/2"],
    ],
)
def test_sets_without_a_point(constraints: list[str]) -> None:
    assert solved("x + y", *constraints).status is Status.INFEASIBLE


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges"),
    [
        ("x^2 + y^2", ["x + y > 1"], {}),
        ("x", ["x^2 + y^2 < 1"], {}),
        ("x^2 + y", ["x^2 + y^2 <= 1"], {"y": "(-1, 1]"}),
    ],
)
def test_a_minimum_on_what_is_excluded_is_none(objective: str, constraints: list[str], ranges: dict[str, str]) -> None:
    with pytest.raises(NotApplicable):
        critical.solve(problem_of(objective, *constraints, **ranges))


@pytest.mark.parametrize(
    ("objective", "constraints"),
    [("exp(x) + y^2", []), ("x^2 + y^2", ["sin(x) + x == y"]), ("x^pi + y^2", []), ("log(x^2 + y^2 + 1)", [])],
)
def test_what_polynomials_do_not_express_is_not_applicable(objective: str, constraints: list[str]) -> None:
    with pytest.raises(NotApplicable):
        critical.solve(problem_of(objective, *constraints))


# ---- planted minima -------------------------------------------------------------------------------------------------------------------

small = st.integers(-3, 3)
RADII = [math.sqrt(2) * k / 40 for k in range(41)]
ANGLES = [2 * math.pi * k / 120 for k in range(120)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small, small, small, small, st.integers(1, 3), st.integers(1, 3))
def test_planted_minima_of_sums_of_squares(a: int, b: int, p: int, q: int, s: int, t: int) -> None:
    """s*(y - q - p'(x))^2 + t*(x - a)^4 + c has the value c at one point only."""
    answer = solved(f"{s}*(y - {q} - ({p})*(x - {a})^2)^2 + {t}*(x - {a})^4 + {b}")
    assert (answer.value_exact, points(answer), answer.complete) == (str(b), {(str(a), str(q))}, True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(small, min_size=5, max_size=5), st.integers(1, 4))
def test_quadratic_forms_on_a_circle_have_the_least_eigenvalue(coefficients: list[int], r: int) -> None:
    a, b, c, *_ = coefficients
    assume(b != 0 or a != c)
    answer = solved(f"{a}*x^2 + {2 * b}*x*y + {c}*y^2", f"x^2 + y^2 == {r}")
    least = (a + c) / 2 - math.hypot((a - c) / 2, b)
    assert (answer.assurance, len(answer.solutions)) == (Assurance.EXACT, 2)
    assert answer.value == pytest.approx(r * least, abs=1e-9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(small, min_size=6, max_size=6))
def test_random_polynomials_on_a_disc_have_the_least_value_of_a_polar_grid(coefficients: list[int]) -> None:
    a, b, c, d, e, f = coefficients
    problem = problem_of(f"{a}*x^3 + {b}*x^2*y + {c}*x*y + {d}*y^2 + {e}*x + {f}*y", "x^2 + y^2 <= 2")
    try:
        answer = critical.solve(problem)
    except NotApplicable:
        return
    assert answer.assurance is Assurance.EXACT
    value = function([problem.minimand], problem.symbols)
    order = [s.name for s in problem.symbols]
    grid = [{"x": r * math.cos(t), "y": r * math.sin(t)} for r in RADII for t in ANGLES]
    least = min(value(*(at[name] for name in order))[0] for at in grid)
    assert answer.value is not None
    assert answer.value - 1e-9 <= least <= answer.value + 0.05


# ---- invariance --------------------------------------------------------------------------------------------------------------------------

FORMS = [
    ("x^4 + x*y + y^4 - x", []),
    ("x^2*y + y^3 - y", ["x^2 + 2*y^2 <= 3"]),
    ("x*y", ["x^2 + x*y + y^2 == 3"]),
    ("(x - 1)^2 + (y - 2)^2", ["x*y >= 4", "x >= 0"]),
    ("x^3 - y", ["x^2 + y^2 <= 4", "y <= x"]),
]


def value_of(problem: Problem) -> tuple[str | None, float | None, int]:
    answer = critical.solve(problem)
    assert answer.assurance is Assurance.EXACT
    return answer.value_exact, answer.value, len(answer.solutions)


@pytest.mark.parametrize(("objective", "constraints"), FORMS)
def test_shifts_factors_names_and_order_change_nothing_else(objective: str, constraints: list[str]) -> None:
    value, number, count = value_of(problem_of(objective, *constraints))
    assert value is not None
    assert number is not None

    def put(table: dict[str, str]) -> tuple[str | None, float | None, int]:
        def renamed(source: str) -> str:
            return "".join(table.get(letter, letter) for letter in source)

        return value_of(problem_of(renamed(objective), *(renamed(c) for c in constraints)))

    moved = put({"x": "(x - 2)", "y": "(y + 1/3)"})
    assert same_number(moved[0] or "", value)
    assert moved[2] == count
    stretched = put({"x": "(3*x)", "y": "(y/2)"})
    assert same_number(stretched[0] or "", value)
    swapped = put({"x": "y", "y": "x"})
    assert same_number(swapped[0] or "", value)
    assert swapped[2] == count
    scaled = value_of(problem_of(f"7*({objective}) - 5", *constraints[::-1]))
    assert same_number(scaled[0] or "", f"7*({value}) - 5")
    negated = critical.solve(problem_of(f"-({objective})", *constraints, sense="maximize"))
    assert same_number(negated.value_exact or "", f"-({value})")


def test_two_solutions_of_random_problems_agree_with_descent() -> None:
    """Boxes, where a search at random comes close to the minimum."""
    source = random.Random(7)
    for _ in range(12):
        a, b, c, d = (Fraction(source.randint(-6, 6), 2) for _ in range(4))
        problem = problem_of(f"x^3*y + ({a})*x^2 + ({b})*x*y + ({c})*y^3 + ({d})*y", x="[-1, 2]", y="[-2, 1]")
        answer = critical.solve(problem)
        check(problem, answer)
        assert lowest(problem, 3000).value == pytest.approx(answer.value, abs=2e-2)
        value = minimand(problem)
        for solution in answer.solutions:
            assert solution.point is not None
            assert solution.exact is not None
            assert value(tuple(solution.point.values())) < math.inf
            assert all(parse(f) for f in solution.exact.values())
