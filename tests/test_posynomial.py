"""Geometric programs: textbook cases, planted weights and stationary points, samples, and what looks like one but is none."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_quadratic_program import points, problem_of, rational

from optbench.arithmetic.balls import compare
from optbench.arithmetic.floats import function
from optbench.exact import posynomial
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.language.elaborate import parse
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status


def solve(objective: str, *constraints: str, sense: str = "minimize", **ranges: Any) -> ExactAnswer:
    return posynomial.solve(problem_of(objective, *constraints, sense=sense, **ranges))


def positive(names: str) -> dict[str, Any]:
    return dict.fromkeys(names, (0, None))


def same(left: str | None, right: str) -> bool:
    """Whether two formulas are so close that enclosures of 512 bits don't tell them apart."""
    return left is not None and compare(parse(left).node, parse(right).node, 512) in (0, None)


# objective, constraints, unknowns, sense, value, the only minimiser
UNIQUE: list[tuple[str, list[str], str, str, str, dict[str, str]]] = [
    ("x*y + 1/x + 1/y", [], "xy", "minimize", "3", {"x": "1", "y": "1"}),
    ("x + 4/x^2", [], "x", "minimize", "3", {"x": "2"}),
    ("x + 4/(x*y) + y", [], "xy", "minimize", "3*4^(1/3)", {"x": "4^(1/3)", "y": "4^(1/3)"}),
    ("x*y*z", ["x*y + 2*x*z + 2*y*z == 12"], "xyz", "maximize", "4", {"x": "2", "y": "2", "z": "1"}),
    ("x*y*z", ["x + y + z <= 1"], "xyz", "maximize", "1/27", dict.fromkeys("xyz", "1/3")),
    ("x^2*y^3", ["x + y == 5"], "xy", "maximize", "108", {"x": "2", "y": "3"}),
    ("x + y", ["x*y >= 4"], "xy", "minimize", "4", {"x": "2", "y": "2"}),
    ("x*y + y*z + z*x", ["x*y*z == 8"], "xyz", "minimize", "12", dict.fromkeys("xyz", "2")),
    ("8*x*y*z", ["x^2/4 + y^2/9 + z^2/16 <= 1"], "xyz", "maximize", "64/sqrt(3)", {"x": "2/sqrt(3)", "y": "sqrt(3)", "z": "4/sqrt(3)"}),
    ("2*pi*x^2 + 2*pi*x*y", ["pi*x^2*y == 16*pi"], "xy", "minimize", "24*pi", {"x": "2", "y": "4"}),
    ("pi*x^2*y", ["2*pi*x^2 + 2*pi*x*y == 6*pi"], "xy", "maximize", "2*pi", {"x": "1", "y": "2"}),
    ("sqrt(x*y) + 1/x + 1/y + 2", [], "xy", "minimize", "2 + 2*sqrt(2)", {"x": "sqrt(2)", "y": "sqrt(2)"}),
    # Duffin, Peterson, Zener (1967), section 1.2, and the same with a condition (Boyd et al., A tutorial on geometric programming)
    ("40/(x*y*z) + 40*y*z", ["x*z/2 + x*y/4 <= 1"], "xyz", "minimize", "60", {"x": "2", "y": "1", "z": "1/2"}),
    ("40/(x*y*z) + 40*x*z + 20*x*y + 10*y*z", [], "xyz", "minimize", "100", {"x": "1/2", "y": "2", "z": "1"}),
    # degree of difficulty above 0
    ("x*y + 1/x + 1/y", ["x >= 2"], "xy", "minimize", "1/2 + 2*sqrt(2)", {"x": "2", "y": "sqrt(1/2)"}),
    ("x^2 + 1/x + y^2 + 1/y", [], "xy", "minimize", "3*2^(1/3)", {"x": "2^(-1/3)", "y": "2^(-1/3)"}),
    ("x^3 + y^3 + 3/(x*y) + 3*x*y", [], "xy", "minimize", None, {}),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("objective", "constraints", "names", "sense", "value", "at"), UNIQUE, ids=[row[0] for row in UNIQUE])
def test_known_minima(objective: str, constraints: list[str], names: str, sense: str, value: str | None, at: dict[str, str]) -> None:
    problem = problem_of(objective, *constraints, sense=sense, **positive(names))
    answer = posynomial.solve(problem)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    if value is not None:
        assert same(answer.value_exact, value)
        [point] = points(answer)
        assert all(same(point[name], at[name]) for name in names)
    check(problem, answer)


@pytest.mark.parametrize(
    ("objective", "constraints", "sense", "status", "value"),
    [
        ("x/y + y/x", [], "minimize", Status.OPTIMAL, "2"),
        ("x*y + 1/(x*y) + 3", [], "minimize", Status.OPTIMAL, "5"),
        ("1/x + 1/y", [], "minimize", Status.NOT_ATTAINED, "0"),
        ("1/x + x + 1/y", [], "minimize", Status.NOT_ATTAINED, "2"),
        ("x + 1/(x*y) - 7", [], "minimize", Status.NOT_ATTAINED, "-7"),
        ("x*y", [], "maximize", Status.UNBOUNDED, "inf"),
        ("x*y", ["x <= 5*y"], "maximize", Status.UNBOUNDED, "inf"),
    ],
)
def test_no_minimum_or_no_only_one(objective: str, constraints: list[str], sense: str, status: Status, value: str) -> None:
    answer = solve(objective, *constraints, sense=sense, x="(0, inf)", y="(0, inf)")
    assert (answer.status, answer.assurance, answer.complete, answer.value_exact) == (status, Assurance.EXACT, False, value)


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges"),
    [
        ("x*y + 1/x - 1/y", [], {"x": "(0, inf)", "y": "(0, inf)"}),  # a minus
        ("x*y + 1/x + 1/y", [], {}),  # no signs
        ("x + y", [], {"x": (0, None), "y": (0, None)}),  # least at 0
        ("x + y + exp(x)", [], {"x": (1, 2), "y": (1, 2)}),
        ("x*y", ["x + y <= 1"], {"x": (0, None), "y": (-1, None)}),
        ("1/x + 1/y", ["x^2 - x*y + y^2 <= 4"], {"x": "(0, inf)", "y": "(0, inf)"}),  # what is left out cuts the ray
        ("1/x + 1/y", ["x + y >= 4", "x*exp(y) <= 100"], {"x": "(0, inf)", "y": "(0, inf)"}),
        ("x + 1/x", ["x + y == 3", "y <= 1/2"], {"x": "(0, inf)", "y": "(0, inf)"}),  # the relaxed equality is not tight
    ],
)
def test_what_is_beyond_is_refused(objective: str, constraints: list[str], ranges: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        solve(objective, *constraints, **ranges)


def check(problem: Problem, answer: ExactAnswer) -> None:
    """Raise where a sample of the feasible points is below a proved minimum."""
    assert answer.value is not None
    dice = random.Random(1)
    conditions = [c.condition for c in problem.constraints]
    evaluate = function([problem.minimand, *conditions], problem.symbols)
    for _ in range(400):
        value, *hold = evaluate(*(math.exp(dice.gauss(0, dice.choice([0.1, 1, 4]))) for _ in problem.symbols))
        if all(hold) and math.isfinite(value):
            assert value >= problem.sign * answer.value - 1e-9 * (1 + abs(answer.value))


# ---- planted minima -------------------------------------------------------------------------------------------------------------------

exponents = st.integers(-3, 3)
sizes = st.fractions(Fraction(1, 4), 4, max_denominator=4)


def term(c: Fraction, powers: list[int], names: list[str]) -> str:
    return "*".join([f"({c})", *(f"{name}^({a})" for name, a in zip(names, powers, strict=True) if a)])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_planted_weights(data: st.DataObject) -> None:
    """n + 1 terms whose values at a chosen point are in the ratio of chosen weights, for which the exponents cancel."""
    n = data.draw(st.integers(1, 3))
    names = [f"x{i}" for i in range(n)]
    at = data.draw(st.lists(sizes, min_size=n, max_size=n))
    weights = [*data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)), 1]
    powers = data.draw(st.lists(st.lists(exponents, min_size=n, max_size=n), min_size=n, max_size=n))
    powers.append([-sum(w * a[i] for w, a in zip(weights, powers, strict=False)) for i in range(n)])
    values = [math.prod((x**a for x, a in zip(at, row, strict=True)), start=Fraction(1)) for row in powers]
    problem = problem_of(
        " + ".join(term(w / v, row, names) for w, v, row in zip(weights, values, powers, strict=True)) + f" + 0*({'+'.join(names)})",
        **dict.fromkeys(names, "(0, inf)"),
    )
    if not any(any(row) for row in powers):
        return
    answer = posynomial.solve(problem)
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT)
    assert rational(answer.value_exact or "") == sum(weights)
    if answer.complete:
        assert [rational(points(answer)[0][name]) for name in names] == at
    check(problem, answer)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_planted_stationary_points(data: st.DataObject) -> None:
    """Pairs of terms with opposite exponents, equal at a chosen point."""
    n = data.draw(st.integers(1, 2))
    names = [f"x{i}" for i in range(n)]
    at = data.draw(st.lists(sizes, min_size=n, max_size=n))
    pairs = data.draw(st.lists(st.tuples(sizes, st.lists(st.integers(-2, 2), min_size=n, max_size=n)), min_size=n, max_size=3))
    terms = []
    for c, row in pairs:
        for sign in (1, -1):
            value = math.prod((x ** (sign * a) for x, a in zip(at, row, strict=True)), start=Fraction(1))
            terms.append(term(c / value, [sign * a for a in row], names))
    problem = problem_of(" + ".join(terms) + f" + 0*({'+'.join(names)})", **dict.fromkeys(names, "(0, inf)"))
    if not any(any(row) for _, row in pairs):
        return
    answer = posynomial.solve(problem)
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT)
    assert rational(answer.value_exact or "") == 2 * sum(c for c, _ in pairs)
    if answer.complete:
        assert [rational(points(answer)[0][name]) for name in names] == at


@pytest.mark.parametrize("start", [0, pytest.param(40, marks=pytest.mark.slow)])
def test_random_programs_are_never_below_a_proved_minimum(start: int) -> None:
    proved = 0
    for seed in range(start, start + (40 if start == 0 else 400)):
        dice = random.Random(seed)
        names = ["x", "y", "z"][: dice.choice([2, 2, 3])]

        def some(count: int, dice: random.Random = dice, names: list[str] = names) -> str:
            return " + ".join(term(Fraction(dice.randint(1, 5)), [dice.randint(-2, 2) for _ in names], names) for _ in range(count))

        conditions = [
            f"{some(dice.choice([1, 2]))} {dice.choice(['<=', '<=', '=='])} {dice.randint(1, 6)}" for _ in range(dice.choice([0, 1]))
        ]
        sense = dice.choice(["minimize", "minimize", "maximize"])
        objective = f"{some(dice.choice([2, 3, 4]) if sense == 'minimize' else 1)} + 0*({'+'.join(names)})"
        problem = problem_of(objective, *conditions, sense=sense, **dict.fromkeys(names, "(0, inf)"))
        try:
            answer = posynomial.solve(problem)
        except NotApplicable:
            continue
        assert answer.assurance is Assurance.EXACT
        if answer.status is Status.UNBOUNDED:
            continue
        check(problem, answer)
        proved += 1
    assert proved > 10
