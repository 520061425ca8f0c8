"""The exact stage: known answers, planted ones, traps, and random functions against a numerical search.

What it must never do is claim too much, so most tests compare an `exact` answer with a dense evaluation of the function,
which is the second way to compute.
"""

from __future__ import annotations

import json
import math
import os
import random
import select
import signal
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.arithmetic.balls import decimals, value_of
from optbench.arithmetic.floats import function
from optbench.errors import ProblemError
from optbench.exact import gradient, quadratic, univariate
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.stage import solve
from optbench.language.build import number, substitute
from optbench.language.elaborate import parse
from optbench.problem.draft import Number, ProblemDraft, Text, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Status


def problem_of(objective: str, sense: str = "minimize", **ranges: str | tuple[Any, Any]) -> Problem:
    """A problem; a range is a text, or two ends that are numbers, texts or None."""

    def end(value: Any) -> Any:
        return value if value is None else Text(value) if isinstance(value, str) else Number(Fraction(value))

    variables = tuple(
        VariableDraft(Text(name), range=Text(r) if isinstance(r, str) else tuple(map(end, r)))  # type: ignore[arg-type]
        for name, r in ranges.items()
    )
    return validated(ProblemDraft(sense, Text(objective), variables=variables), open_names=True)  # type: ignore[arg-type]


def number_of(text: str) -> mpmath.mpf:
    """A formula of ours as 30 digits."""
    with mpmath.workdps(40):
        low, high = decimals(value_of(parse(text).node, 130), 35)
        return (mpmath.mpf(low) + mpmath.mpf(high)) / 2


def places(answer: ExactAnswer) -> list[float]:
    return sorted(s.point["x"] for s in answer.solutions if s.point is not None)


def test_the_headline() -> None:
    answer = solve(problem_of("x*log(x) - sqrt(x)", x=(0, 10)))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert answer.value_enclosure is not None
    assert answer.value_enclosure[0].startswith("-1.08688826533295769153759")
    [solution] = answer.solutions
    assert solution.exact == {"x": "exp(2*lambertw(exp(1/2)/4) - 1)"}
    assert solution.enclosure is not None
    assert solution.enclosure["x"][0].startswith("0.67584063094470724481175")
    assert (solution.kind, solution.unique) == ("interior", True)
    assert solution.closed_form is not None
    assert (solution.closed_form.verdict, solution.closed_form.kind) == ("found", "lambertw")
    assert answer.value_exact is not None
    with mpmath.workdps(40):
        w = mpmath.lambertw(mpmath.exp(mpmath.mpf(1) / 2) / 4).real
        x = mpmath.exp(2 * w - 1)
        assert abs(number_of(answer.value_exact) - (x * mpmath.log(x) - mpmath.sqrt(x))) < mpmath.mpf("1e-29")


def test_an_answer_survives_the_way_through_json() -> None:
    for objective in ("x^4 - x^2", "exp(x)", "x^3", "log(-1 - x^2)"):
        answer = solve(problem_of(objective))
        assert ExactAnswer.from_json(json.loads(json.dumps(answer.to_json(), allow_nan=False))) == answer


def test_something_is_sent_before_the_end() -> None:
    sent: list[dict[str, Any]] = []
    answer = univariate.solve(problem_of("x^2 - x"), send=sent.append)
    assert ExactAnswer.from_json(sent[0]).value == answer.value
    assert sent[0]["assurance"] == "local"


# objective, range, sense, value, minimisers
OPTIMA = [
    ("x^4 - x^2", (-3, 3), "minimize", "-1/4", ["-sqrt(2)/2", "sqrt(2)/2"]),
    ("x^4 - x^2", (0, 3), "minimize", "-1/4", ["sqrt(2)/2"]),
    ("log(x) - x", (0, None), "maximize", "-1", ["1"]),
    ("x/(x^2 + 1)", (None, None), "maximize", "1/2", ["1"]),
    ("x^2*log(x)", (0, None), "minimize", "-exp(-1)/2", ["exp(-1/2)"]),
    ("8/sin(x) + 1/cos(x)", (0, "pi/2"), "minimize", "5*sqrt(5)", ["atan(2)"]),
    ("x^(1/x)", (0, None), "maximize", "exp(exp(-1))", ["e"]),
    ("x^x", (0, 5), "minimize", "exp(-exp(-1))", ["exp(-1)"]),
    ("x^3/(exp(x) - 1)", (0, None), "maximize", None, ["3 + lambertw(-3*exp(-3))"]),
    ("exp(x) - 3*x^2", (0, 5), "minimize", "exp(-lambertw(-1/6, -1)) - 3*lambertw(-1/6, -1)^2", ["-lambertw(-1/6, -1)"]),
    ("x^6 - x^5 + x^3 - x", (-2, 2), "minimize", None, ["rootof(6*t^5 - 5*t^4 + 3*t^2 - 1, 0)"]),
    ("2*x^3 - 15*x^2 + 36*x", (1, 5), "maximize", "55", ["5"]),
    ("sin(x)", (0, 4), "minimize", "sin(4)", ["4"]),
    ("sin(x) + cos(x)", (0, 20), "minimize", "-sqrt(2)", ["5*pi/4", "13*pi/4", "21*pi/4"]),
    ("sin(x) + sin(2*x)", (0, "2*pi"), "minimize", None, ["2*pi - acos((-1 + sqrt(33))/8)"]),
    ("sin(x)*exp(-x)", (0, 20), "minimize", "-sqrt(2)*exp(-5*pi/4)/2", ["5*pi/4"]),
    ("x/2 - 2*sin(x/2)", (-12, 12), "minimize", "-5*pi/3 - sqrt(3)", ["-10*pi/3"]),
    ("abs(x - 1) + abs(x - 2) + abs(x - 4)", (None, None), "minimize", "3", ["2"]),
    ("abs(x^3 + x)", (0, 2), "maximize", "10", ["2"]),
    ("abs(abs(x) - 1)", (-3, 3), "minimize", "0", ["-1", "1"]),
    ("max(x, 1 - x)", (-1, 2), "minimize", "1/2", ["1/2"]),
    ("min(x, 1 - x)", (-1, 2), "maximize", "1/2", ["1/2"]),
    ("x^(1/3)", (0, 5), "minimize", "0", ["0"]),
    ("cbrt(x)^2", (-1, 2), "minimize", "0", ["0"]),
    ("sqrt(1 - x^2)", (-1, 1), "minimize", "0", ["-1", "1"]),
    ("sqrt(x^2 - 4) - x/2", (-6, 6), "minimize", "-1", ["2"]),
    ("asin(x)", (-1, 1), "minimize", "-pi/2", ["-1"]),
    ("hypot(x, 1) - x/2", (None, None), "minimize", "sqrt(3)/2", ["sqrt(3)/3"]),
    ("(x*exp(-x) - 1/5)^2", (0, 10), "minimize", "0", ["-lambertw(-1/5)", "-lambertw(-1/5, -1)"]),
    ("abs(sin(x))", (-4, 4), "minimize", "0", ["-pi", "0", "pi"]),
    ("if(x < 0, x + 1, x)", (-1, 1), "minimize", "0", ["-1", "0"]),
    ("if(x < 1, (x - 2)^2, x^2)", (-3, 3), "minimize", "1", ["1"]),
    ("x^2/1000000 + x^100", (-1, 1), "minimize", "0", ["0"]),
    ("(x - 1)^3*(x - 3)^5", (None, None), "minimize", "-84375/65536", ["7/4"]),
    ("x*log(abs(x))", (-1, 1), "minimize", "-exp(-1)", ["exp(-1)"]),
    ("2^x - x", (None, None), "minimize", "(1 + log(log(2)))/log(2)", ["-log(log(2))/log(2)"]),
    ("x - 1/(1 + 10000000000*(x - 1/3)^2)", ("1/3", "1/3"), "minimize", "-2/3", ["1/3"]),
]


@pytest.mark.parametrize(("objective", "range_", "sense", "value", "minimisers"), OPTIMA, ids=[row[0] for row in OPTIMA])
def test_optima_are_exact_and_complete(
    objective: str, range_: tuple[Any, Any], sense: str, value: str | None, minimisers: list[str]
) -> None:
    answer = solve(problem_of(objective, sense, x=range_))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True), answer.reason
    assert answer.value_exact is not None
    if value is not None:
        assert abs(number_of(answer.value_exact) - number_of(value)) < mpmath.mpf("1e-28")
    found = [number_of((s.exact or {})["x"]) for s in answer.solutions]
    expected = [number_of(m) for m in minimisers]
    assert len(found) == len(expected)
    assert all(abs(a - b) < mpmath.mpf("1e-28") for a, b in zip(sorted(found), sorted(expected), strict=True))
    assert answer.solutions[0].unique == (len(expected) == 1)


@pytest.mark.parametrize(
    ("objective", "range_", "status", "value"),
    [
        ("x^3", (None, None), Status.UNBOUNDED, None),
        ("-x", (None, None), Status.UNBOUNDED, None),
        ("log(x)", (0, 1), Status.UNBOUNDED, None),
        ("1/x", (-1, 1), Status.UNBOUNDED, None),
        ("tan(x)", ("-pi/2", "pi/2"), Status.UNBOUNDED, None),
        ("(x^2 + 1)/(x - 1)", (None, None), Status.UNBOUNDED, None),
        ("x*exp(-x)", (None, None), Status.UNBOUNDED, None),
        ("exp(x)", (None, None), Status.NOT_ATTAINED, "0"),
        ("exp(-x^2)", (None, None), Status.NOT_ATTAINED, "0"),
        ("atan(x)", (None, None), Status.NOT_ATTAINED, "-pi/2"),
        ("x^2", "(0, 1)", Status.NOT_ATTAINED, "0"),
        ("-(1 + 1/x)^x", (0, None), Status.NOT_ATTAINED, "-e"),
        ("if(x < 0, x, x + 5)", "(-1, 1)", Status.NOT_ATTAINED, "-1"),
        ("if(x <= 0, 1, x)", (-1, 1), Status.NOT_ATTAINED, "0"),
        ("log(x)", (-5, -1), Status.INFEASIBLE, None),
        ("log(-1 - x^2)", (None, None), Status.INFEASIBLE, None),
    ],
)
def test_no_minimum(objective: str, range_: Any, status: Status, value: str | None) -> None:
    answer = solve(problem_of(objective, x=range_))
    assert (answer.status, answer.assurance) == (status, Assurance.EXACT)
    if value is not None:
        assert answer.value_exact is not None
        assert abs(number_of(answer.value_exact) - number_of(value)) < mpmath.mpf("1e-28")


def test_unbounded_is_said_in_the_users_sense() -> None:
    assert solve(problem_of("x^3")).value_exact == "-inf"
    assert solve(problem_of("x^3", "maximize")).value_exact == "inf"


@pytest.mark.parametrize("objective", ["x*0 + 2", "x - x", "relu(x)", "abs(x - 1) + x", "max(1, x)"])
def test_a_whole_interval_of_minimisers_is_not_called_complete(objective: str) -> None:
    answer = solve(problem_of(objective, x=(-1, 3)))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, False)
    assert not any(s.unique for s in answer.solutions)


@pytest.mark.parametrize("objective", ["floor(x) + x", "x % 1", "atan2(x, -1)", "ceil(x)"])
def test_jumps_are_not_applicable(objective: str) -> None:
    answer = solve(problem_of(objective, x=(-2, 2)))
    assert (answer.status, answer.assurance) == (Status.UNKNOWN, Assurance.NONE)
    assert answer.reason is not None
    assert "jumps" in answer.reason


@pytest.mark.parametrize(
    ("objective", "range_"),
    [
        ("x^2 + cos(x) - x", (-3, 3)),
        ("cosh(x) + (x - 1)^2", (None, None)),
        ("max(x^2, exp(x) - 1/2)", (-3, 3)),
        ("exp(x) + x^2 + x^4", (-5, 5)),
        ("sin(x) + sin(x^2)", (0, 5)),
    ],
)
def test_what_has_no_known_formula_is_not_exact(objective: str, range_: tuple[Any, Any]) -> None:
    answer = solve(problem_of(objective, x=range_))
    assert answer.assurance is not Assurance.EXACT
    assert answer.reason
    check(problem_of(objective, x=range_), answer)


@pytest.mark.parametrize(
    "objective",
    ["x*exp(-x)*(x - 3)^2", "sin(x)*exp(-x/3)", "abs(x^2 - 2)*exp(-x)", "cos(2*x) + cos(x)", "cos(x)*sin(3*x)", "exp(x)*(x^2 - 3*x + 1)"],
)
@pytest.mark.parametrize("range_", [(-4, 9), (0, 7), ("-pi", "3*pi")])
def test_a_solver_that_misses_roots_never_makes_an_exact_answer(objective: str, range_: tuple[Any, Any]) -> None:
    problem = problem_of(objective, x=range_)
    check(problem, solve(problem))


# ---- planted minima ------------------------------------------------------------------------------------------------------

rationals = st.fractions(-4, 4, max_denominator=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(rationals, min_size=1, max_size=5), st.fractions(Fraction(1, 5), 5, max_denominator=5), st.booleans())
def test_polynomials_with_planted_stationary_points(roots: list[Fraction], factor: Fraction, bounded: bool) -> None:
    if len(roots) % 2 == 0:
        roots = [*roots, roots[0]]
    slope = [Fraction(factor)]
    for root in roots:
        slope = [a - root * b for a, b in zip([Fraction(0), *slope], [*slope, Fraction(0)], strict=True)]
    objective = " + ".join(f"({c / (k + 1)})*x^{k + 1}" for k, c in enumerate(slope))
    problem = problem_of(objective, x=(-5, 5) if bounded else (None, None))
    answer = solve(problem)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    candidates = set(roots) | ({Fraction(-5), Fraction(5)} if bounded else set())
    values = {x: sum((c * x ** (k + 1) / (k + 1) for k, c in enumerate(slope)), Fraction(0)) for x in candidates}
    least = min(values.values())
    assert answer.value_exact is not None
    assert parse(answer.value_exact).node is parse(f"{least}").node
    assert places(answer) == sorted(float(x) for x in candidates if values[x] == least)


@settings(max_examples=40, deadline=None)
@given(rationals, rationals, st.fractions(Fraction(1, 4), 4, max_denominator=4), st.booleans())
def test_affine_changes_move_the_answer(shift: Fraction, offset: Fraction, scale: Fraction, mirrored: bool) -> None:
    sign = -1 if mirrored else 1
    inner = f"({sign * scale}*x + {shift})"
    problem = problem_of(f"({inner}^4 - {inner}^2)*{scale} + {offset}")
    answer = solve(problem)
    assert (answer.assurance, answer.complete, len(answer.solutions)) == (Assurance.EXACT, True, 2)
    assert answer.value_exact is not None
    assert parse(answer.value_exact).node is parse(f"{offset - scale / 4}").node
    half = math.sqrt(0.5)
    assert places(answer) == pytest.approx(sorted((s * half - shift) / (sign * scale) for s in (1, -1)), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))
def test_rational_functions_with_poles(a: int, b: int, c: int) -> None:
    problem = problem_of(f"{a}/(x - {b}) + {c}/(x + {b})^2 + x^2", x=(-6, 6))
    check(problem, solve(problem))


def test_convex_quadratics_in_several_unknowns() -> None:
    answer = solve(problem_of("(x + 2*y - 3)^2 + (x - y)^2 + z^2 - z/3"))
    assert (answer.strategy, answer.assurance, answer.complete) == ("quadratic", Assurance.EXACT, True)
    assert answer.value_exact == "-1/36"
    assert answer.solutions[0].exact == {"x": "1", "y": "1", "z": "1/6"}


@pytest.mark.parametrize(
    ("objective", "ranges"),
    [
        ("x^2 - y^2", {}),
        ("(x + y)^2", {}),
        ("x^2 + y^2", {"x": (1, 2), "y": (-1, 1)}),
        ("x^2 + y^2 - 2*sqrt(2)*x", {}),
        ("x^2 + y^2", {"x": "(0, 1)", "y": (-1, 1)}),
    ],
)
def test_what_is_not_convex_quadratic_inside_the_range_is_refused(objective: str, ranges: dict[str, Any]) -> None:
    with pytest.raises(NotApplicable):
        quadratic.solve(problem_of(objective, **ranges))


def test_stationary_points_found_without_a_proof_are_local_at_most() -> None:
    answer = gradient.solve(problem_of("x*y + 1/x + 1/y", x=(0, None), y=(0, None)))
    assert (answer.status, answer.assurance, answer.value_exact) == (Status.LOCALLY_OPTIMAL, Assurance.LOCAL, "3")
    with pytest.raises(NotApplicable):
        gradient.solve(problem_of("x*y"))  # a saddle


def test_the_stage_proves_what_one_strategy_can_not() -> None:
    answer = solve(problem_of("x*y + 1/x + 1/y", x=(0, None), y=(0, None)))
    assert (answer.status, answer.assurance, answer.value_exact) == (Status.OPTIMAL, Assurance.EXACT, "3")
    assert solve(problem_of("x*y")).status is Status.UNBOUNDED


# ---- against a numerical search --------------------------------------------------------------------------------------------


def samples(problem: Problem) -> Iterator[float]:
    """Points of the range: dense, and close to its ends and to small numbers."""
    low, high = problem.variables[0].ranges[0].floats
    points = [s * b**k for b, n in ((2.0, 60), (1.3, 70)) for k in range(-n, n) for s in (1, -1)]
    if math.isfinite(low) and math.isfinite(high):
        points += [low + (high - low) * k / 4000 for k in range(4001)]
    else:
        middle = low if math.isfinite(low) else high if math.isfinite(high) else 0.0
        points += [middle + k / 100 for k in range(-4000, 4001)]
    points += [c + s * 2.0**-k for c in (low, high, 1.0, -1.0, 2.0, 0.5) if math.isfinite(c) for k in range(1, 50) for s in (1, -1)]
    return (x for x in points if low <= x <= high and abs(x) < 1e15)


def check(problem: Problem, answer: ExactAnswer) -> None:
    """Raise where what an answer claims is contradicted by the function's values at many points."""
    evaluate = function([problem.minimand], problem.symbols)
    values = [(v, x) for x in samples(problem) if math.isfinite(v := evaluate(x)[0])]
    if answer.assurance is not Assurance.EXACT or not values:
        return
    assert answer.status is not Status.INFEASIBLE, f"defined at {values[0][1]}"
    lowest, where = min(values)
    if answer.status is Status.UNBOUNDED:
        assert deeper(evaluate, lowest, where, problem) < -3 or abs(where) > 1e6
        return
    assert answer.value is not None
    value = problem.sign * answer.value
    below = [(v, x) for v, x in values if v < value - 1e-7 * max(1.0, abs(value))]
    assert not any(truly_at(problem, x) < value - 1e-7 * max(1.0, abs(value)) for _, x in sorted(below)[:5]), below[0]
    if answer.status is Status.NOT_ATTAINED:
        assert lowest <= value + 0.5 * max(1.0, abs(value))
        return
    for place in places(answer):
        at = evaluate(place)[0]
        assert not math.isfinite(at) or abs(at - value) <= 1e-5 * max(1.0, abs(value))
    if answer.complete:
        others = [x for v, x in values if v <= value and min(abs(x - p) for p in places(answer)) > 1e-3]
        assert not any(truly_at(problem, x) <= value for x in others[:5] if abs(value) > 1e-6)


def truly_at(problem: Problem, x: float) -> float:
    """A lower bound of the minimand at a double, without the rounding errors of doubles; inf where it is undefined."""
    value = value_of(substitute(problem.minimand, {problem.symbols[0]: number(Fraction(x))}), 200)
    return math.inf if value.empty else float(value.lower)


def deeper(evaluate: Any, lowest: float, where: float, problem: Problem) -> float:
    """The lowest value near the lowest sample, by samples closer and closer."""
    low, high = problem.variables[0].ranges[0].floats
    for k in range(45):
        width = max(abs(where) * 1e-2, 1e-3) * 0.5**k
        near = [(evaluate(x)[0], x) for x in (where + width * j / 20 for j in range(-20, 21)) if low <= x <= high]
        lowest, where = min([(v, x) for v, x in near if v == v] + [(lowest, where)])
    return lowest


UNARY = ["sqrt({})", "exp({})", "log({})", "sin({})", "cos({})", "atan({})", "abs({})", "({})^2", "({})^3", "1/({})", "exp(-({}))"]
UNARY += ["tanh({})", "cbrt({})", "relu({})", "-({})", "({})^(3/2)", "sinh({})", "({})^-2", "log({})^2", "cosh({})", "tan({})"]
UNARY += ["asin({})", "erf({})", "softplus({})", "lambertw({})", "log1p({})", "sign({})"]
BINARY = ["({})+({})", "({})-({})", "({})*({})", "({})/({})", "max({},{})", "min({},{})", "hypot({},{})", "({})^({})"]
BINARY += ["({})+({})", "({})*({})", "if({0}<{1},{0},{1}^2)"]
LEAVES = ["x", "x", "x", "x-1", "2*x", "x+1/2", "x^2", "3", "1/2", "x^2-1", "pi*x", "x^2-2*x"]
RANGES: list[tuple[Any, Any]] = [(-2, 3), (0, 5), (-1, 1), (0, None), (None, None), (None, 2), ("1/3", "7/2"), (0, "2*pi")]


def random_function(dice: random.Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.15:
        return dice.choice(LEAVES)
    if dice.random() < 0.5:
        return dice.choice(UNARY).format(random_function(dice, depth - 1))
    return dice.choice(BINARY).format(random_function(dice, depth - 1), random_function(dice, depth - 1))


def contradiction(seed: int, seconds: float) -> str | None:
    """Solve and check a random problem in a child, which may run for so long; return what went wrong."""
    dice = random.Random(seed)
    objective, range_ = random_function(dice, dice.choice([2, 3, 3, 4])), dice.choice(RANGES)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            problem = problem_of(objective, x=range_)
            check(problem, solve(problem))
            message = ""
        except ProblemError:
            message = ""  # it has no x
        except BaseException as error:
            message = f"{seed}: {objective} on {range_}: {type(error).__name__} {error}"
        os.write(writing, message.encode()[:60_000] + b"\n")
        os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], seconds)
    message = os.read(reading, 65_536).decode().strip() if ready else ""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    return message or None


@pytest.mark.parametrize("start", [0, pytest.param(30, marks=pytest.mark.slow), pytest.param(200, marks=pytest.mark.slow)])
def test_random_functions_give_no_wrong_exact_answer(start: int) -> None:
    count, seconds = (30, 1.0) if start == 0 else (170, 5.0)
    wrong = [w for seed in range(start, start + count) if (w := contradiction(seed, seconds))]
    assert not wrong, "\n".join(wrong)
