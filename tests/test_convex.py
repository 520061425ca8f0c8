"""Convex problems: proofs of convexity against samples, known minima, affine changes, wrong points and false friends.

Both halves of an answer are tested on their own: that what `Curvatures` calls convex is so (midpoints of random segments,
on which it must also be defined), and that `certify` accepts no point but a minimiser.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_quadratic_program import points, problem_of, rational

from optbench.arithmetic.balls import compare
from optbench.arithmetic.floats import function
from optbench.errors import ProblemError
from optbench.exact import convex, piecewise_linear, posynomial, quadratic_program
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.programs.convex_program import box_of, convex_program
from optbench.exact.programs.convexity import Curvatures
from optbench.exact.programs.subgradients import certify, vanishes
from optbench.language.build import negate, number
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import GraphError, Node
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status


def solve(objective: str, *constraints: str, sense: str = "minimize", **ranges: Any) -> ExactAnswer:
    return convex.solve(problem_of(objective, *constraints, sense=sense, **ranges))


def same(left: str | None, right: str) -> bool:
    """Whether two formulas are so close that enclosures of 512 bits don't tell them apart."""
    return left is not None and compare(parse(left).node, parse(right).node, 512) in (0, None)


# objective, constraints, ranges, sense, value, the only minimiser
UNIQUE: list[tuple[str, list[str], dict[str, Any], str, str, dict[str, str]]] = [
    (  # the Fermat point of an equilateral triangle
        "sqrt(x^2 + y^2) + sqrt((x - 2)^2 + y^2) + sqrt((x - 1)^2 + (y - sqrt(3))^2)",
        [],
        {},
        "minimize",
        "2*sqrt(3)",
        {"x": "1", "y": "sqrt(3)/3"},
    ),
    ("hypot(x, y) + hypot(x - 1, y) + hypot(x, y - 1) + 3*hypot(x, y)", [], {}, "minimize", "2", {"x": "0", "y": "0"}),
    (
        "x*log(x) + y^2 - 2*y + z^4 - z",
        [],
        {"x": (0, None)},
        "minimize",
        "-exp(-1) - 1 - 3*4^(-4/3)",
        {"x": "exp(-1)", "y": "1", "z": "4^(-1/3)"},
    ),
    (  # Rosen and Suzuki: Hock, Schittkowski (1981), problem 43
        "x^2 + y^2 + 2*z^2 + w^2 - 5*x - 5*y - 21*z + 7*w",
        [
            "x^2 + y^2 + z^2 + w^2 + x - y + z - w <= 8",
            "x^2 + 2*y^2 + z^2 + 2*w^2 - x - w <= 10",
            "2*x^2 + y^2 + z^2 + 2*x - y - w <= 5",
        ],
        {},
        "minimize",
        "-44",
        {"x": "0", "y": "1", "z": "2", "w": "-1"},
    ),
    ("exp(x + y) + x^2 + y^2", [], {}, "minimize", "lambertw(1)^2/2 + lambertw(1)", {"x": "-lambertw(1)/2", "y": "-lambertw(1)/2"}),
    ("x^2 + y^2", ["exp(x) <= y"], {}, "minimize", "lambertw(2)^2/4 + lambertw(2)/2", {"x": "-lambertw(2)/2", "y": "sqrt(lambertw(2)/2)"}),
    ("exp(x^2 + y^2) - 2*x", [], {}, "minimize", None, {"x": "sqrt(lambertw(2)/2)", "y": "0"}),  # type: ignore[list-item]
    ("log(exp(x) + exp(y) + exp(-x - y))", [], {}, "minimize", "log(3)", {"x": "0", "y": "0"}),
    ("x*log(x) + y*log(y) + z*log(z)", ["x + y + z == 1"], {}, "minimize", "-log(3)", dict.fromkeys("xyz", "1/3")),
    (  # the largest entropy of a die with three faces and mean 5/2
        "-x*log(x) - y*log(y) - z*log(z)",
        ["x + y + z == 1", "x + 2*y + 3*z == 5/2"],
        {},
        "maximize",
        None,  # type: ignore[list-item]
        {"x": "(5 - sqrt(13))/12", "y": "sqrt(13)/6 - 1/3", "z": "(11 - sqrt(13))/12"},
    ),
    ("x + y + z", ["x^2 + y^2 + z^2 == 1"], {}, "maximize", "sqrt(3)", dict.fromkeys("xyz", "sqrt(3)/3")),
    ("x + y + z", ["sqrt(x^2 + y^2 + z^2) <= 1"], {}, "minimize", "-sqrt(3)", dict.fromkeys("xyz", "-sqrt(3)/3")),
    ("(x - 2)^2 + (y - 1)^2", ["x^2 - y <= 0", "x + y <= 2"], {}, "minimize", "1", {"x": "1", "y": "1"}),
    ("sqrt(x) + sqrt(y)", ["x + y <= 1"], {}, "maximize", "sqrt(2)", {"x": "1/2", "y": "1/2"}),
    ("x^(1/3)*y^(2/3)", ["x + 2*y <= 4"], {"x": (0, None), "y": (0, None)}, "maximize", "4/3", {"x": "4/3", "y": "4/3"}),
    ("log(x) + log(y)", ["x + y <= 1", "x <= 1/4"], {}, "maximize", "log(3/16)", {"x": "1/4", "y": "3/4"}),
    ("abs(x) + abs(y) + x^2 - x/2 + exp(x) - x", [], {}, "minimize", "1", {"x": "0", "y": "0"}),
    ("max(exp(x), exp(-x)) + (x - y)^2", [], {}, "minimize", "1", {"x": "0", "y": "0"}),
    ("x^2/y + y^2/x", ["x + y == 2"], {"x": (0, None), "y": (0, None)}, "minimize", "2", {"x": "1", "y": "1"}),
    ("exp(x) - x + (y - exp(1))^2", [], {}, "minimize", "1", {"x": "0", "y": "e"}),
    ("x^2 + y^2 - 2*sqrt(2)*x", [], {}, "minimize", "-2", {"x": "sqrt(2)", "y": "0"}),
    ("-sqrt(1 - x^2 - y^2) - x/2", [], {}, "minimize", "-sqrt(5)/2", {"x": "sqrt(5)/5", "y": "0"}),
    ("sqrt(x^2 + 4) + sqrt(y^2 + 9)", ["x + y == 5"], {}, "minimize", "5*sqrt(2)", {"x": "2", "y": "3"}),
    ("x^4 + x^2*y^2 + y^4 - 6*x", [], {}, "minimize", None, {"x": "(3/2)^(1/3)", "y": "0"}),  # type: ignore[list-item]
    ("x*log(x/y) + y^2", ["x + y >= 1"], {"x": (0, None), "y": (0, None)}, "minimize", None, {}),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "sense", "value", "at"), UNIQUE[:-1], ids=[row[0] for row in UNIQUE[:-1]])
def test_known_minima(
    objective: str, constraints: list[str], ranges: dict[str, Any], sense: str, value: str | None, at: dict[str, str]
) -> None:
    answer = solve(objective, *constraints, sense=sense, **ranges)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert value is None or same(answer.value_exact, value)
    [point] = points(answer)
    assert all(same(point[name], formula) for name, formula in at.items())
    assert answer.solutions[0].unique


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        ("sqrt((x - 1)^2 + (y - 2)^2) + sqrt((x - 4)^2 + (y - 6)^2)", "5"),
        ("log(exp(x) + exp(y)) - x/3 - 2*y/3", "log(3) - 2*log(2)/3"),
        ("sqrt((x - y)^2 + 1) + abs(x + y - 2*z)", "1"),
        ("exp((x + y)^2)", "1"),
        ("abs(x)^3 + exp(y) - y", "1"),  # there is only one, which is not seen: x^3 has no curvature at 0
    ],
)
def test_a_minimum_that_is_not_proved_to_be_at_one_point_only_is_not_complete(objective: str, value: str) -> None:
    answer = solve(objective)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, False)
    assert same(answer.value_exact, value)


@pytest.mark.parametrize(
    ("objective", "constraints"),
    [
        ("x*y", []),
        ("x^4 - x^2 + y^2", []),
        ("x^6 + x^2*y^2 + y^6", []),  # convex only away from 0
        ("sin(x) + x^2/4 + y^2", []),
        ("log(x^2 + 1) + y^2", []),
        ("exp(-x^2 - y^2)", []),
        ("sqrt(abs(x)) + abs(y)", []),
        ("x^2 + y^2", ["x*y >= 1"]),  # the minimiser of the rest violates it
        ("x^2 + y^2", ["x^2 + y^2 == 1"]),
        ("x + y", ["x^2 + y^2 >= 1"]),
        ("exp(x) + exp(y)", []),  # not attained
        ("x - y + exp(x)", []),  # unbounded
        ("x^2 + y^2", ["x > 1"]),  # open
        ("cosh(x) + (x - 1)^2 + y^2", []),  # no formula
        ("hypot(x, 1) - hypot(y, 1)", []),
    ],
)
def test_false_friends_are_refused(objective: str, constraints: list[str]) -> None:
    with pytest.raises(NotApplicable):
        solve(objective, *constraints)


def test_logarithms_of_algebraic_numbers_cancel() -> None:
    assert vanishes(parse("log(3 + 2*sqrt(2)) - 2*log(1 + sqrt(2))").node)
    assert vanishes(parse("log(sqrt(13) - 2) + log(sqrt(13) + 2) - 2*log(3)").node)
    assert not vanishes(parse("log(3 + 2*sqrt(2)) - 2*log(1 + sqrt(2)) + 1/10^30").node)
    assert not vanishes(parse("log(2)*log(3) - log(3)*log(5)").node)


# ---- wrong points ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "constraints", "at"),
    [
        ("abs(x) + abs(y) + 2*x", [], ["0", "0"]),  # the slope is too steep
        ("hypot(x, y) + x + y/10", [], ["0", "0"]),
        ("max(x, 2*x) + y^2 + x^2", [], ["1/2", "0"]),
        ("x^2 + y^2", ["x + y >= 1"], ["1", "0"]),
        ("x^2 + y^2", ["x + y <= 1"], ["1/2", "1/2"]),  # the multiplier is negative
        ("exp(x) - x + y^2", [], ["0", "1/1000000"]),
        ("exp(x) - x + y^2", [], ["10^-40", "0"]),
        ("(x + y - 1)^2 + abs(x - y - 1/3)", [], ["1/2", "1/2"]),
        (
            "sqrt(x^2 + y^2) + sqrt((x - 2)^2 + y^2) + sqrt((x - 1)^2 + (y - sqrt(3))^2)",
            [],
            ["1", "0.577350269189625764509148780501957455647"],
        ),
    ],
)
def test_points_that_are_no_minimisers_are_not_certified(objective: str, constraints: list[str], at: list[str]) -> None:
    problem = problem_of(objective, *constraints)
    point: dict[Node, Node] = {s: parse(v).node for s, v in zip(problem.symbols, at, strict=True)}
    assert certify(convex_program(problem), point) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fractions(-2, 2, max_denominator=3), min_size=2, max_size=2), st.sampled_from(range(6)))
def test_certified_points_are_those_where_a_convex_function_is_least(at: list[Fraction], which: int) -> None:
    objective = [
        "abs(x - 1) + abs(y + 1) + abs(x + y)",
        "max(x, y, -x - y) + abs(x)",
        "hypot(x - 1, y - 1) + hypot(x, y)/2",
        "exp(x - y) + (x + y)^2 - x + y",
        "abs(x) + x^2 + relu(y - x) + y^2/2 - y/3",
        "max(x^2, y) + abs(y)",
    ][which]
    problem = problem_of(objective)
    proof = certify(convex_program(problem), {s: number(v) for s, v in zip(problem.symbols, at, strict=True)})
    evaluate = function([problem.minimand], problem.symbols)
    here = evaluate(*map(float, at))[0]
    dice = random.Random(1)
    lowest = min(evaluate(*(float(v) + dice.gauss(0, 0.5**k) for v in at))[0] for k in range(12) for _ in range(60))
    assert proof is None or lowest >= here - 1e-12


# ---- planted minima --------------------------------------------------------------------------------------------------------------------

CONVEX = [  # of u and v, least at 0 only
    "exp(u) - u + v^2",
    "cosh(u) + exp(v) - v",
    "sqrt(1 + u^2 + v^2)",
    "log(exp(u) + exp(v) + exp(-u - v))",
    "abs(u) + abs(v) + exp(u + v) - u - v",
    "hypot(u, v) + u^4",
    "max(u, -u, v - u, -v) + u^2 + v^2",
    "(u + 1)*log(u + 1) - u + exp(v^2)",
    "-sqrt(4 - u^2 - v^2)",
    "-log(1 - u) - log(1 + u) + softplus(v) + softplus(-v)",
]
entries = st.integers(-3, 3)
shifts = st.fractions(-2, 2, max_denominator=3)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(CONVEX), st.lists(entries, min_size=4, max_size=4), st.lists(shifts, min_size=2, max_size=2))
@example("-log(1 - u) - log(1 + u) + softplus(v) + softplus(-v)", [-1, 1, 0, 1], [Fraction(1, 3), Fraction(-2, 3)])  # starts at an end
def test_affine_changes_move_the_minimiser(form: str, matrix: list[int], at: list[Fraction]) -> None:
    a, b, c, d = matrix
    if a * d == b * c:
        return
    u, v = (f"({p}*(x - ({at[0]})) + {q}*(y - ({at[1]})))" for p, q in ((a, b), (c, d)))
    objective = "".join({"u": u, "v": v}.get(letter, letter) if k else letter for k, letter in tokens(form))
    answer = solve(objective)
    least = function(
        [parse(form, Scope({n: problem_of("u + v").symbols[i] for i, n in enumerate("uv")})).node], problem_of("u + v").symbols
    )
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert [rational(points(answer)[0][name]) for name in "xy"] == at
    assert answer.value == pytest.approx(least(0.0, 0.0)[0])


def tokens(form: str) -> list[tuple[bool, str]]:
    """The letters of a text, each with whether it stands alone."""
    alone = [not (form[k - 1 : k].isalpha() or form[k + 1 : k + 2].isalpha()) for k in range(len(form))]
    return list(zip(alone, form, strict=True))


# ---- convexity against samples ----------------------------------------------------------------------------------------------------------

UNARY = ["sqrt({})", "exp({})", "log({})", "abs({})", "({})^2", "({})^3", "1/({})", "exp(-({}))", "-({})", "-({})", "({})^(3/2)", "({})^-2"]
UNARY += ["cosh({})", "sinh({})", "tanh({})", "atan({})", "relu({})", "softplus({})", "cbrt({})", "({})^4", "log1p({})", "({})^(1/3)"]
UNARY += [
    "2^({})",
    "(1/2)^({})",
    "asinh({})",
    "erf({})",
    "({0})*log({0})",
    "lambertw({})",
    "asin({})",
    "acos({})",
    "lgamma({})",
    "acosh({})",
]
UNARY += ["({})^(-1/2)", "tan({})", "sin({})", "cos({})", "sigmoid({})", "expm1({})", "log2({})", "erfc({})", "atanh({})", "gamma({})"]
BINARY = ["({})+({})", "({})+({})", "({})-({})", "({})*({})", "({})/({})", "max({},{})", "min({},{})", "hypot({},{})", "({})^2/({})"]
BINARY += ["sqrt(({})*({}))", "log(exp({})+exp({}))", "sqrt(({})^2+({})^2)", "({0})*log(({0})/({1}))", "({})*({})^2", "({})^({})"]
LEAVES = ["x", "y", "x+y", "x-y", "2*x-1", "x^2", "y^2", "x*y", "3", "1/2", "x^2+y^2", "x+2", "-x", "1-x-y", "x^2+x*y+y^2", "x*log(x)"]
LEAVES += ["pi", "sqrt(2)*x+y", "-y^2", "x^3"]
RANGES: list[dict[str, Any]] = [
    {"x": (-2, 3), "y": (-1, 2)},
    {"x": (0, None), "y": (0, None)},
    {"x": (None, None), "y": (None, None)},
    {"x": (0, 1), "y": (0, 1)},
    {"x": (1, 4), "y": ("1/2", 3)},
    {"x": (-1, 0), "y": (-3, -1)},
    {"x": "(0, inf)", "y": "(-inf, 0]"},
]


def random_function(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.2:
        return dice.choice(LEAVES)
    if dice.random() < 0.5:
        return dice.choice(UNARY).format(random_function(dice, depth - 1))
    return dice.choice(BINARY).format(random_function(dice, depth - 1), random_function(dice, depth - 1))


def place(dice: random.Random, low: float, high: float) -> float:
    low, high = max(low, -6.0), min(high, 6.0)
    return low + (high - low) * (dice.random() if dice.random() < 0.8 else dice.choice([0, 1]))


def broken_claim(seed: int) -> tuple[str | None, bool]:
    """What samples say against the claims on a random function, and whether there was a claim."""
    dice = random.Random(seed)
    text, ranges = random_function(dice, dice.choice([1, 2, 2, 3, 3])), dice.choice(RANGES)
    try:
        problem = problem_of("0*x + 0*y", **ranges)
        node = parse(text, Scope({s.name: s for s in problem.symbols})).node
        known = Curvatures(box_of(problem))
        shape = known.of(node)
        bends = [sign for sign, f in ((1, node), (-1, negate(node))) if known.is_convex(f)]
    except (GraphError, ProblemError):
        return None, False
    assert not shape.convex or 1 in bends
    evaluate = function([node], problem.symbols)
    ends = [v.ranges[0].floats for v in problem.variables]
    for _ in range(120):
        a = [place(dice, *e) for e in ends]
        b = (
            [place(dice, *e) for e in ends]
            if dice.random() < 0.7
            else [min(max(x + dice.gauss(0, 0.05), e[0]), e[1]) for x, e in zip(a, ends, strict=True)]
        )
        share = dice.choice([0.5, 0.5, 0.1, 0.9])
        middle = [share * x + (1 - share) * y for x, y in zip(a, b, strict=True)]
        left, right, value = evaluate(*a)[0], evaluate(*b)[0], evaluate(*middle)[0]
        if not bends or not (math.isfinite(left) and math.isfinite(right)):
            continue
        room = 1e-7 * (1 + abs(left) + abs(right))
        chord = share * left + (1 - share) * right
        if math.isnan(value):
            return f"{seed}: {text} on {ranges} is not defined between {a} and {b}", True
        if any(sign * value > sign * chord + room for sign in bends):
            return f"{seed}: {text} on {ranges} is not convex between {a} and {b}", True
        if shape.log_convex and not (
            left > -room
            and (min(left, right, value) <= room or math.log(value) <= share * math.log(left) + (1 - share) * math.log(right) + 1e-7)
        ):
            return f"{seed}: the logarithm of {text} on {ranges} is not convex between {a} and {b}", True
    return None, bool(bends)


@pytest.mark.parametrize("start", [0, pytest.param(10_000, marks=pytest.mark.slow)])
def test_what_is_called_convex_lies_below_its_chords(start: int) -> None:
    found = [broken_claim(seed) for seed in [*range(start, start + (150 if start == 0 else 400)), 2606, 3435, 4429, 11738]]
    assert not [words for words, _ in found if words]
    assert sum(claimed for _, claimed in found) > 50


# ---- answers against a numerical search --------------------------------------------------------------------------------------------------

STRATEGIES = (quadratic_program, posynomial, piecewise_linear, convex)


def contradiction(seed: int) -> tuple[str | None, bool]:
    """What a search says against the answers to a random problem, and whether there was an exact one."""
    dice = random.Random(seed)
    parts = [
        f"{dice.choice(['', '2*', '-', '1/2*'])}({random_function(dice, dice.choice([0, 1, 1, 2]))})"
        for _ in range(dice.choice([1, 2, 2, 3]))
    ]
    conditions = [f"{random_function(dice, 0)} {dice.choice(['<=', '>=', '=='])} 1" for _ in range(dice.choice([0, 0, 1]))]
    try:
        problem = problem_of(f"{' + '.join(parts)} + 0*x + 0*y", *conditions, **dice.choice(RANGES))
    except ProblemError:
        return None, False
    proved = False
    for strategy in STRATEGIES:
        try:
            answer = strategy.solve(problem)
        except NotApplicable:
            continue
        proved = proved or answer.assurance is Assurance.EXACT
        words = against(problem, answer, dice)
        if words:
            return f"{seed}: {problem.objective_text} {conditions} {strategy.NAME}: {words}", True
    return None, proved


def against(problem: Problem, answer: ExactAnswer, dice: random.Random) -> str | None:
    evaluate = function([problem.minimand, *(c.condition for c in problem.constraints)], problem.symbols)
    ends = [v.ranges[0].floats for v in problem.variables]
    known = [[s.point[v.name] for v in problem.variables] for s in answer.solutions if s.point is not None]
    samples = [[place(dice, *e) for e in ends] for _ in range(600)]
    samples += [
        [min(max(c + dice.gauss(0, 0.3**k), e[0]), e[1]) for c, e in zip(at, ends, strict=True)]
        for at in known[:2]
        for k in range(8)
        for _ in range(40)
    ]
    feasible = [(value, x) for x in samples for value, *hold in [evaluate(*x)] if all(hold) and math.isfinite(value)]
    if answer.status is Status.INFEASIBLE:
        return f"feasible at {feasible[0][1]}" if feasible else None
    if answer.status is Status.UNBOUNDED or not feasible:
        return None
    assert answer.value is not None
    value = problem.sign * answer.value
    lowest, where = min(feasible)
    room = 1e-7 * (1 + abs(value))
    if lowest < value - room:
        return f"{lowest} at {where} is below {value}"
    if answer.status is Status.OPTIMAL:
        for at in known:
            here, *_ = evaluate(*at)
            if math.isfinite(here) and abs(here - value) > 1e-5 * (1 + abs(value)):
                return f"the value at {at} is {here}, not {value}"
    if answer.complete and any(v <= value and min(math.dist(x, at) for at in known) > 1e-3 for v, x in feasible):
        return f"there are other minimisers than {known}"
    return None


@pytest.mark.parametrize("start", [0, pytest.param(1_000, marks=pytest.mark.slow)])
def test_random_problems_give_no_wrong_exact_answer(start: int) -> None:
    found = [contradiction(seed) for seed in range(start, start + (60 if start == 0 else 40))]
    assert not [words for words, _ in found if words]
    assert sum(proved for _, proved in found) > (5 if start == 0 else 3)
