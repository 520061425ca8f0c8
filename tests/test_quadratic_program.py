"""Quadratic functions under linear conditions: textbook cases, planted optima, scipy, and what must not be called exact.

A planted optimum is a second way to know the answer: a point, the conditions that hold tightly there and multipliers are
chosen first, and the linear part of the function is what the conditions of Karush, Kuhn and Tucker then ask for.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.exact import quadratic_program
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.programs.complementarity import Empty, Optimum, Ray, minimum
from optbench.exact.programs.rational_program import Program, Row, falling_direction
from optbench.language.elaborate import parse
from optbench.language.graph import Number as NumberNode
from optbench.problem.draft import ConstraintDraft, Number, ProblemDraft, Text, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Status


def problem_of(objective: str, *constraints: str, sense: str = "minimize", **ranges: str | tuple[Any, Any]) -> Problem:
    """A problem; a range is a text, or two ends that are numbers, texts or None."""

    def end(value: Any) -> Any:
        return value if value is None else Text(value) if isinstance(value, str) else Number(Fraction(value))

    variables = tuple(
        VariableDraft(Text(name), range=Text(r) if isinstance(r, str) else tuple(map(end, r)))  # type: ignore[arg-type]
        for name, r in ranges.items()
    )
    drafts = tuple(ConstraintDraft(Text(c)) for c in constraints)
    return validated(ProblemDraft(sense, Text(objective), variables=variables, constraints=drafts), open_names=True)  # type: ignore[arg-type]


def solve(objective: str, *constraints: str, sense: str = "minimize", **ranges: Any) -> ExactAnswer:
    return quadratic_program.solve(problem_of(objective, *constraints, sense=sense, **ranges))


def points(answer: ExactAnswer) -> list[dict[str, str]]:
    return [dict(s.exact) for s in answer.solutions if s.exact is not None]


def rational(text: str) -> Fraction:
    node = parse(text).node
    assert isinstance(node, NumberNode)
    return node.value


POSITIVE: dict[str, Any] = {"x": (0, None), "y": (0, None)}

# objective, constraints, ranges, sense, value, the only minimiser
UNIQUE: list[tuple[str, list[str], dict[str, Any], str, str, dict[str, str]]] = [
    ("2*x^2 + y^2", ["x + y == 1"], {}, "minimize", "2/3", {"x": "1/3", "y": "2/3"}),
    ("x^2 + y^2 - 2*x + 4*y + 6", [], {}, "minimize", "1", {"x": "1", "y": "-2"}),
    ("x^2 + y^2 + z^2 + w^2", ["x + y + z + w == 1"], {}, "minimize", "1/4", dict.fromkeys("xyzw", "1/4")),
    ("x*y", ["x + y == 2"], {}, "maximize", "1", {"x": "1", "y": "1"}),
    ("x*y", ["2*x + 3*y <= 10"], POSITIVE, "maximize", "25/6", {"x": "5/2", "y": "5/3"}),
    ("x^2 - x*y + 2*y^2", [], {"x": (-1, 0), "y": ("-1/2", "1/2")}, "maximize", "2", {"x": "-1", "y": "1/2"}),
    ("3*x + 2*y", ["x + y <= 4", "x + 3*y <= 6", "x <= 3"], POSITIVE, "maximize", "11", {"x": "3", "y": "1"}),
    ("20*x + 30*y", ["2*x + y <= 100", "x + 3*y <= 90"], POSITIVE, "maximize", "1320", {"x": "42", "y": "16"}),
    # Nocedal, Wright, Numerical Optimization, example 16.4
    (
        "(x - 1)^2 + (y - 5/2)^2",
        ["x - 2*y + 2 >= 0", "-x - 2*y + 6 >= 0", "-x + 2*y + 2 >= 0"],
        POSITIVE,
        "minimize",
        "4/5",
        {"x": "7/5", "y": "17/10"},
    ),
    # Nocedal, Wright, example 16.2: the equality constrained quadratic program
    (
        "3*x^2 + 2*x*y + x*z + 5/2*y^2 + 2*y*z + 2*z^2 - 8*x - 3*y - 3*z",
        ["x + z == 3", "y + z == 0"],
        {},
        "minimize",
        "-7/2",
        {"x": "2", "y": "-1", "z": "1"},
    ),
    ("(x - 1)^2 + (y - 2)^2", ["0 <= x + y <= 2"], {}, "minimize", "1/2", {"x": "1/2", "y": "3/2"}),
    ("x + y", ["x*y <= 5", "x + 2*y >= 3"], {"x": (1, None)}, "minimize", "2", {"x": "1", "y": "1"}),  # x*y <= 5 is left out
    ("(x - 1)^2 + (y - 2)^2", ["sqrt(x) <= 5"], {}, "minimize", "0", {"x": "1", "y": "2"}),
    ("(x - 1)^2 + y", [], {"x": (0, "pi"), "y": (2, "exp(2)")}, "minimize", "2", {"x": "1", "y": "2"}),
    ("x^2 + y", ["y >= 1", "x == x"], {}, "minimize", "1", {"x": "0", "y": "1"}),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "sense", "value", "at"), UNIQUE, ids=[row[0] for row in UNIQUE])
def test_known_minima(objective: str, constraints: list[str], ranges: dict[str, Any], sense: str, value: str, at: dict[str, str]) -> None:
    answer = solve(objective, *constraints, sense=sense, **ranges)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert answer.value_exact == value
    assert points(answer) == [at]
    assert answer.solutions[0].unique


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges", "sense", "value"),
    [
        ("(x + y - 1)^2 + (2*x + 2*y - 3)^2", [], {}, "minimize", "1/5"),
        ("x + y", ["x + y <= 4"], POSITIVE, "maximize", "4"),
        ("x^2", ["x + y > 0", "y >= 1"], {}, "minimize", "0"),
        ("0*x + 3", ["x <= 5"], {}, "minimize", "3"),
        ("(x - y)^2", [], {"x": (0, 1), "y": (0, 1)}, "minimize", "0"),
        ("x^2 + y^2", ["x >= 1"], {"y": (2, 2), "x": "[0, inf)"}, "minimize", "5"),
        ("x*y", [], {"x": (0, 1), "y": (0, 1)}, "minimize", "0"),
    ],
)
def test_more_than_one_minimiser(objective: str, constraints: list[str], ranges: dict[str, Any], sense: str, value: str) -> None:
    answer = solve(objective, *constraints, sense=sense, **ranges)
    assert (answer.status, answer.assurance, answer.value_exact) == (Status.OPTIMAL, Assurance.EXACT, value)
    only = objective == "x^2 + y^2"
    assert answer.complete is only
    assert all(s.unique is only for s in answer.solutions)


def test_least_squares_with_a_rank_deficiency_says_so_and_gives_the_point_nearest_to_0() -> None:
    answer = solve("(x + y - 1)^2 + (2*x + 2*y - 3)^2 + (x + y + z)^2")
    assert answer.reason is not None
    assert "rank 2 of 3" in answer.reason
    assert points(answer) == [{"x": "7/10", "y": "7/10", "z": "-7/5"}]


def test_concave_functions_list_all_vertices_that_tie() -> None:
    answer = solve("-x^2 - y^2", x=(-1, 1), y=(-1, 1))
    assert (answer.value_exact, answer.complete, len(answer.solutions)) == ("-2", True, 4)
    assert solve("-x^2 - y^2", x="(-1, 1)", y=(-1, 1)).status is Status.NOT_ATTAINED


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges", "sense", "status", "value"),
    [
        ("x*y", [], {}, "minimize", Status.UNBOUNDED, "-inf"),
        ("x*y", [], {}, "maximize", Status.UNBOUNDED, "inf"),
        ("x + y", ["x - y == 1"], {}, "minimize", Status.UNBOUNDED, "-inf"),
        ("x^2 - y", ["x + y >= 1"], {}, "minimize", Status.UNBOUNDED, "-inf"),
        ("x^2 + 2*x*y + y^2 - x", [], {}, "minimize", Status.UNBOUNDED, "-inf"),
        ("x + y", ["x + y >= 2", "x + y <= 1"], {}, "minimize", Status.INFEASIBLE, None),
        ("x + y", ["x + y == 2", "2*x + 2*y == 5"], {}, "minimize", Status.INFEASIBLE, None),
        ("y", ["x > 0", "x < 0"], {}, "minimize", Status.INFEASIBLE, None),
        ("y", ["x > 0", "x <= 0", "x*y <= 7"], {}, "minimize", Status.INFEASIBLE, None),
        ("x*y", ["x > 0", "x <= 0"], {}, "minimize", Status.INFEASIBLE, None),
        ("x + y", ["y >= 1"], {"x": "(0, inf)"}, "minimize", Status.NOT_ATTAINED, "1"),
        ("(x - 1)^2 + y^2", ["x < 1", "y > 0"], {}, "minimize", Status.NOT_ATTAINED, "0"),
    ],
)
def test_no_minimum(objective: str, constraints: list[str], ranges: dict[str, Any], sense: str, status: Status, value: str | None) -> None:
    answer = solve(objective, *constraints, sense=sense, **ranges)
    assert (answer.status, answer.assurance, answer.value_exact) == (status, Assurance.EXACT, value)
    assert answer.reason


def test_a_strict_condition_that_one_of_many_minimisers_satisfies_is_no_obstacle() -> None:
    answer = solve("x + y", "x + y >= 1", "x > 0", "y > 0")
    assert (answer.status, answer.value_exact) == (Status.OPTIMAL, "1")
    [point] = points(answer)
    assert rational(point["x"]) > 0 < rational(point["y"])


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges"),
    [
        ("x^3 + y^2", [], {}),
        ("x^2 + y^2 - 2*sqrt(2)*x", [], {}),
        ("x*y", [], POSITIVE),  # not convex, and not compact
        ("x^2 + y^2", ["x*y >= 1"], {}),  # what is left out matters
        ("x^2 + 0*log(y)", [], {}),
        ("x", ["x^2 + y^2 <= 1"], {}),
        ("x + y", ["exp(x) <= 1"], {"x": (1, 2), "y": (0, 1)}),
        ("x^2/y", [], {"y": (1, 2)}),
    ],
)
def test_what_is_beyond_is_refused(objective: str, constraints: list[str], ranges: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        solve(objective, *constraints, **ranges)


def test_whole_numbers_parameters_and_arrays_are_refused() -> None:
    whole = ProblemDraft("minimize", Text("n^2 - n"), variables=(VariableDraft(Text("n"), integer=True),))
    with pytest.raises(NotApplicable):
        quadratic_program.solve(validated(whole, open_names=True))


# ---- planted optima -----------------------------------------------------------------------------------------------------------------

small = st.integers(-3, 3)
fractions = st.fractions(-3, 3, max_denominator=4)
positive = st.fractions(Fraction(1, 4), 3, max_denominator=4)


def text_of(coefficients: Sequence[Any], names: Sequence[str]) -> str:
    return " + ".join(f"({c})*{name}" for c, name in zip(coefficients, names, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_planted_optima_of_convex_programs(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 4))
    names = [f"x{i}" for i in range(n)]
    at = data.draw(st.lists(fractions, min_size=n, max_size=n))
    factor = data.draw(st.lists(st.lists(small, min_size=n, max_size=n), max_size=n))  # Q = F'F may be singular
    rows = data.draw(st.lists(st.lists(small, min_size=n, max_size=n), max_size=4))
    duals = data.draw(st.lists(st.just(Fraction(0)) | positive, min_size=len(rows), max_size=len(rows)))
    slacks = [Fraction(0) if y else data.draw(st.just(Fraction(0)) | positive) for y in duals]
    equal = data.draw(st.booleans()) and bool(rows)
    slope = [sum(f[i] * sum(a * b for a, b in zip(f, at, strict=True)) for f in factor) for i in range(n)]
    linear = [-g - sum(y * r[i] for y, r in zip(duals, rows, strict=True)) for i, g in enumerate(slope)]
    quadratic = " + ".join(f"1/2*({text_of(f, names)})^2" for f in factor) or "0"
    constraints = []
    for k, (r, s) in enumerate(zip(rows, slacks, strict=True)):
        bound = sum(a * b for a, b in zip(r, at, strict=True)) + (0 if equal and k == 0 else s)
        constraints.append(f"{text_of(r, names)} {'==' if equal and k == 0 else '<='} {bound}")
    answer = solve(f"{quadratic} + {text_of(linear, names)}", *constraints)
    value = sum(sum(a * b for a, b in zip(f, at, strict=True)) ** 2 for f in factor) / Fraction(2)
    value += sum(b * x for b, x in zip(linear, at, strict=True))
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT)
    assert answer.value_exact is not None
    assert rational(answer.value_exact) == value
    if answer.complete:
        assert [rational(points(answer)[0][name]) for name in names] == at


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_concave_functions_are_least_at_a_vertex(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    names = [f"x{i}" for i in range(n)]
    ends = [sorted(data.draw(st.tuples(fractions, fractions))) for _ in range(n)]
    factor = data.draw(st.lists(st.lists(small, min_size=n, max_size=n), min_size=1, max_size=2))
    linear = data.draw(st.lists(fractions, min_size=n, max_size=n))
    objective = " ".join(f"- ({text_of(f, names)})^2" for f in factor) + f" + {text_of(linear, names)}"
    answer = solve(objective, **{name: (str(a), str(b)) for name, (a, b) in zip(names, ends, strict=True)})
    values = {
        v: sum(b * x for b, x in zip(linear, v, strict=True)) - sum(sum(a * x for a, x in zip(f, v, strict=True)) ** 2 for f in factor)
        for v in itertools.product(*ends)
    }
    assert answer.assurance is Assurance.EXACT
    assert rational(answer.value_exact or "") == min(values.values())
    if answer.complete:
        found = {tuple(rational(p[name]) for name in names) for p in points(answer)}
        assert found == {v for v, value in values.items() if value == min(values.values())}


# ---- against scipy -------------------------------------------------------------------------------------------------------------------


def random_program(dice: random.Random, n: int, m: int, rank: int) -> Program:
    factor = [[fmpq(dice.randint(-3, 3)) for _ in range(n)] for _ in range(rank)]
    matrix = [[sum((f[i] * f[j] for f in factor), fmpq(0)) for j in range(n)] for i in range(n)]
    rows = [Row([fmpq(dice.randint(-3, 3)) for _ in range(n)], fmpq(dice.randint(-4, 8)), dice.random() < 0.1) for _ in range(m)]
    return Program(matrix, [fmpq(dice.randint(-5, 5)) for _ in range(n)], rows)


def number(value: fmpq) -> float:
    return int(value.p) / int(value.q)


@pytest.mark.parametrize("seed", range(60))
def test_linear_programs_agree_with_linprog(seed: int) -> None:
    from scipy.optimize import linprog

    dice = random.Random(seed)
    n = dice.randint(1, 6)
    program = random_program(dice, n, dice.randint(0, 2 * n + 2), 0)
    other = {}
    for equality, left, right in ((False, "A_ub", "b_ub"), (True, "A_eq", "b_eq")):
        rows = [r for r in program.rows if r.equality is equality]
        if rows:
            other |= {left: [[*map(number, r.normal)] for r in rows], right: [number(r.bound) for r in rows]}
    expected = linprog([*map(number, program.linear)], bounds=(None, None), method="highs", **other)
    found = minimum(program)
    if isinstance(found, Optimum):
        value = sum(number(b) * number(x) for b, x in zip(program.linear, found.point, strict=True))
        assert expected.status == 0
        assert value == pytest.approx(expected.fun, rel=1e-7, abs=1e-7)
    else:
        assert expected.status in ((2, 4) if isinstance(found, Empty) else (3, 4, 2))
    if isinstance(found, Ray):  # the direction is its own proof
        assert sum(number(b) * number(d) for b, d in zip(program.linear, found.direction, strict=True)) < 0


@pytest.mark.parametrize("seed", range(20))
def test_quadratic_programs_agree_with_scipy(seed: int) -> None:
    from scipy.optimize import minimize

    dice = random.Random(seed)
    n = dice.randint(2, 5)
    program = random_program(dice, n, dice.randint(0, n + 2), n + 1)
    found = minimum(program)
    if not isinstance(found, Optimum):
        return

    def value(x: Sequence[float]) -> float:
        quadratic = sum(number(q) * x[i] * x[j] for i, row in enumerate(program.matrix) for j, q in enumerate(row))
        return quadratic / 2 + sum(number(b) * a for b, a in zip(program.linear, x, strict=True))

    def slack(r: Row) -> dict[str, Any]:
        kind = "eq" if r.equality else "ineq"
        return {"type": kind, "fun": lambda x: number(r.bound) - sum(number(a) * b for a, b in zip(r.normal, x, strict=True))}

    expected = minimize(value, [0.0] * n, method="SLSQP", constraints=[slack(r) for r in program.rows], options={"ftol": 1e-12})
    ours = value([*map(number, found.point)])
    assert not expected.success or ours <= expected.fun + 1e-6 * (1 + abs(expected.fun))


def test_thirty_unknowns_are_within_reach() -> None:
    dice = random.Random(7)
    names = [f"v{i}" for i in range(30)]
    squares = " + ".join(f"({text_of([dice.randint(-3, 3) for _ in names], names)} + {dice.randint(-9, 9)})^2" for _ in names)
    conditions = [f"{text_of([dice.randint(-5, 5) for _ in names], names)} <= {dice.randint(-4, 20)}" for _ in range(30)]
    answer = solve(squares, *conditions)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)


@given(st.lists(st.lists(small, min_size=3, max_size=3), min_size=3, max_size=3))
def test_a_falling_direction_falls(rows: list[list[int]]) -> None:
    matrix = [[fmpq(rows[i][j] + rows[j][i]) for j in range(3)] for i in range(3)]
    direction = falling_direction(matrix)
    forms = [sum(int(matrix[i][j].p) * d[i] * d[j] for i in range(3) for j in range(3)) for d in itertools.product(range(-3, 4), repeat=3)]
    if direction is None:
        assert min(forms) >= 0
    else:
        assert sum((matrix[i][j] * direction[i] * direction[j] for i in range(3) for j in range(3)), fmpq(0)) < 0
