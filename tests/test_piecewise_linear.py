"""Functions with kinks in several unknowns: textbook cases, known formulas, linear programs of scipy, and samples."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_quadratic_program import points, problem_of, rational, text_of

from optbench.arithmetic.floats import function
from optbench.exact import piecewise_linear
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.result import Assurance, Status


def solve(objective: str, *constraints: str, sense: str = "minimize", **ranges: Any) -> ExactAnswer:
    return piecewise_linear.solve(problem_of(objective, *constraints, sense=sense, **ranges))


BOX: dict[str, Any] = {"x": (-1, 1), "y": (-2, 2)}

# objective, constraints, ranges, sense, value, all minimisers
OPTIMA: list[tuple[str, list[str], dict[str, Any], str, str, list[dict[str, str]]]] = [
    ("abs(x + 2*y - 1) + abs(x - y)", [], {}, "minimize", "0", [{"x": "1/3", "y": "1/3"}]),
    ("max(x + y, x - y, -x)", [], {}, "minimize", "0", [{"x": "0", "y": "0"}]),
    ("max(x + y, x - y, -2*x) + x^2", [], {}, "minimize", "0", [{"x": "0", "y": "0"}]),
    ("abs(x - 1) + abs(x - 2) + abs(x - 4)", [], {}, "minimize", "3", [{"x": "2"}]),
    ("(x + y - 3)^2 + (x - 2*y + 1)^2 + 2*abs(x) + 2*abs(y)", [], {}, "minimize", "5", [{"x": "1", "y": "1"}]),
    ("abs(x) + abs(y)", ["x + 2*y >= 4"], {}, "minimize", "2", [{"x": "0", "y": "2"}]),
    ("x + 2*y", ["abs(x) + abs(y) <= 1"], {}, "maximize", "2", [{"x": "0", "y": "1"}]),
    ("min(x, y)", ["x + 2*y <= 6"], {}, "maximize", "2", [{"x": "2", "y": "2"}]),
    ("max(abs(x), abs(y)) + abs(x + y - 2)", [], {}, "minimize", "1", [{"x": "1", "y": "1"}]),
    ("max(1 - x - y, 0)^2 + max(1 + x - y, 0)^2 + x^2 + y^2", [], {}, "minimize", "2/3", [{"x": "0", "y": "2/3"}]),
    ("max(x^2, (x - 2)^2) + y^2", [], {"x": (0, 2), "y": (0, 1)}, "minimize", "1", [{"x": "1", "y": "0"}]),
    ("sqrt((x - 1)^2) + abs(x + y)", [], {}, "minimize", "0", [{"x": "1", "y": "-1"}]),
    ("relu(x - 1)/2 + relu(1 - x) + (y - 2)^2", [], {}, "minimize", "0", [{"x": "1", "y": "2"}]),
    # not convex
    ("x - abs(x) + y^2 - abs(y)", [], BOX, "minimize", "-9/4", [{"x": "-1", "y": "1/2"}, {"x": "-1", "y": "-1/2"}]),
    ("abs(abs(x) - 1) + abs(y)", [], {}, "minimize", "0", [{"x": "1", "y": "0"}, {"x": "-1", "y": "0"}]),
    ("if(x < 0, x + 5, x) + abs(y)", [], BOX, "minimize", "0", [{"x": "0", "y": "0"}]),
    ("if(x == 0, -1, abs(x)) + y^2", [], BOX, "minimize", "-1", [{"x": "0", "y": "0"}]),
    ("x*sign(x) + abs(y)", [], BOX, "minimize", "0", [{"x": "0", "y": "0"}]),
    ("abs(x) + x/2 + abs(y)", ["abs(x) + abs(y) >= 1"], {}, "minimize", "1/2", [{"x": "-1", "y": "0"}]),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "sense", "value", "at"), OPTIMA, ids=[row[0] for row in OPTIMA])
def test_known_minima(
    objective: str, constraints: list[str], ranges: dict[str, Any], sense: str, value: str, at: list[dict[str, str]]
) -> None:
    answer = solve(objective, *constraints, sense=sense, **ranges)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert answer.value_exact == value
    assert sorted(points(answer), key=str) == sorted(at, key=str)


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges", "status", "value"),
    [
        ("abs(x - 1) + abs(x - 2) + abs(x - 4) + abs(x - 6)", [], {}, Status.OPTIMAL, "7"),
        ("abs(x + y)", [], {}, Status.OPTIMAL, "0"),
        ("min(x, y)", [], BOX, Status.OPTIMAL, "-2"),
        ("abs(x) + abs(y)", ["abs(x) + abs(y) >= 1"], {}, Status.OPTIMAL, "1"),
        ("abs(x) - abs(y)", [], {}, Status.UNBOUNDED, "-inf"),
        ("abs(x) - 2*y", ["abs(y) <= x + 1"], {}, Status.UNBOUNDED, "-inf"),
        ("max(x, y, -x, -y)", ["x + y > 1"], {}, Status.NOT_ATTAINED, "1/2"),
        ("if(x <= 0, 1, x) + abs(y)", [], BOX, Status.NOT_ATTAINED, "0"),
        ("abs(x) + abs(y)", ["abs(x) + abs(y) <= 1", "x + y >= 2"], {}, Status.INFEASIBLE, None),
    ],
)
def test_no_minimum_or_no_only_one(
    objective: str, constraints: list[str], ranges: dict[str, Any], status: Status, value: str | None
) -> None:
    answer = solve(objective, *constraints, **ranges)
    assert (answer.status, answer.assurance, answer.complete) == (status, Assurance.EXACT, False)
    assert answer.value_exact == value


@pytest.mark.parametrize("objective", ["x^2 + y^2", "abs(x*y)", "abs(exp(x)) + abs(y)", "floor(x) + abs(y)", "abs(x)*abs(y) - x^3"])
def test_what_is_beyond_is_refused(objective: str) -> None:
    with pytest.raises(NotApplicable):
        solve(objective, **({"x": (-1, 1)} if "y" not in objective else BOX))


small = st.integers(-3, 3)
fractions = st.fractions(-3, 3, max_denominator=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(fractions, st.fractions(Fraction(1, 4), 2, max_denominator=4)), min_size=1, max_size=3))
def test_soft_thresholds(terms: list[tuple[Fraction, Fraction]]) -> None:
    """(x - a)^2/2 + c*|x| is least at the a that is drawn towards 0 by c."""
    names = [f"x{i}" for i in range(len(terms))]
    answer = solve(" + ".join(f"({name} - ({a}))^2/2 + {c}*abs({name})" for name, (a, c) in zip(names, terms, strict=True)))
    expected = [max(abs(a) - c, Fraction(0)) * (1 if a > 0 else -1) for a, c in terms]
    assert (answer.assurance, answer.complete) == (Assurance.EXACT, True)
    assert [rational(points(answer)[0][name]) for name in names] == expected


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_least_absolute_deviations_agree_with_linprog(data: st.DataObject) -> None:
    from scipy.optimize import linprog

    n, m = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 6))
    names = [f"x{i}" for i in range(n)]
    rows = data.draw(st.lists(st.lists(small, min_size=n, max_size=n), min_size=m, max_size=m))
    ends = data.draw(st.lists(small, min_size=m, max_size=m))
    greatest = data.draw(st.booleans())
    parts = [f"abs({text_of(r, names)} - ({b}))" for r, b in zip(rows, ends, strict=True)]
    objective = f"max({', '.join(parts)})" if greatest else " + ".join(parts)
    count = 1 if greatest else m
    above = [
        [*(s * a for a in r), *(-float(k == (0 if greatest else i)) for k in range(count))] for i, r in enumerate(rows) for s in (1, -1)
    ]
    cost = [0.0] * n + [1.0] * count
    expected = linprog(cost, A_ub=above, b_ub=[s * b for b in ends for s in (1, -1)], bounds=(None, None), method="highs")
    answer = solve(f"{objective} + 0*({' + '.join(names)})")
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT)
    assert answer.value == pytest.approx(expected.fun, abs=1e-7)
    assert answer.value_exact is not None
    at = function([problem_of(objective).minimand], problem_of(objective).symbols)
    found = {name: float(rational(points(answer)[0][name])) for name in names}
    assert at(*(found[s.name] for s in problem_of(objective).symbols))[0] == pytest.approx(float(rational(answer.value_exact)), abs=1e-9)


PARTS = ["abs({})", "max({}, {})", "min({}, {})", "relu({})", "if({} < {}, {}, {})", "{}", "({})^2", "sign({})", "-({})"]


def random_function(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.2:
        return dice.choice(["x", "y", "x + y", "x - 2*y", "x - 1/2", "1 - y", "2*x + y - 1", "1"])
    form = dice.choice(PARTS)
    return form.format(*(random_function(dice, depth - 1) for _ in range(form.count("{}"))))


@pytest.mark.parametrize("start", [0, pytest.param(100, marks=pytest.mark.slow)])
def test_random_functions_are_never_below_a_proved_minimum(start: int) -> None:
    proved = 0
    for seed in range(start, start + (100 if start == 0 else 1_000)):
        dice = random.Random(seed)
        objective = " + ".join(f"{dice.choice([1, 1, 2, -1])}*({random_function(dice, 2)})" for _ in range(dice.choice([1, 2])))
        problem = problem_of(f"{objective} + 0*x + 0*y", x=(-2, 2), y=("-3/2", 1))
        try:
            answer = piecewise_linear.solve(problem)
        except NotApplicable:
            continue
        evaluate = function([problem.minimand], problem.symbols)
        steps = range(-16, 17)
        values = [evaluate(x / 8, y / 8)[0] for x in steps for y in steps if -12 <= y <= 8]
        values += [evaluate(dice.uniform(-2, 2), dice.uniform(-1.5, 1))[0] for _ in range(300)]
        assert answer.assurance is Assurance.EXACT
        assert answer.value is not None, objective
        assert min(values) >= answer.value - 1e-9, objective
        for point in points(answer):
            at = [float(rational(point[s.name])) for s in problem.symbols]
            assert answer.status is not Status.OPTIMAL or evaluate(*at)[0] == pytest.approx(answer.value, abs=1e-9), objective
        proved += 1
    assert proved > 50
