"""Problems with parameters: published formulas, comparison with numbers at random values of the parameters, and traps."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from optbench.api import define
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.parameters.assumptions import KINDS, Assumptions
from optbench.exact.parameters.sign_chart import chart
from optbench.exact.parameters.stretch import Stretch
from optbench.exact.parametric import solve
from optbench.exact.stage import solve as solve_in_stage
from optbench.language.build import symbol
from optbench.language.elaborate import parse
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem
from optbench.report import formats
from optbench.result import Assurance, Status

P, N = "(0, inf)", "[0, inf)"
_KINDS = {"+": "positive", "0": "nonnegative", "-": "negative", "r": "real", "z": "integer"}


class Case(NamedTuple):
    """A problem and its optimal value, as a text of the parameters."""

    objective: str
    parameters: str  # "a+ br": a is positive, b is real
    value: str
    subject_to: tuple[str, ...] = ()
    ranges: Mapping[str, Any] = {}
    maximize: bool = False

    def problem(self, values: Mapping[str, Fraction] | None = None) -> Problem:
        kinds = {p[:-1]: _KINDS[p[-1]] for p in self.parameters.split()}
        given = kinds if values is None else {name: str(v) for name, v in values.items()}
        return define(self.objective, maximize=self.maximize, variables=self.ranges, parameters=given, subject_to=self.subject_to)


CASES = [
    Case("a*x^2 + b*x + c", "a+ br cr", "c - b^2/(4*a)"),
    Case("a*x^2 + b*x + c", "a- br cr", "c - b^2/(4*a)", maximize=True),
    Case("exp(x) + (x - 4)^2/m", "m+", "lambertw(m*exp(4)/2)*(2 + lambertw(m*exp(4)/2))/m"),
    Case("x^2*y^2*z^2", "a+", "a^6/27", ("x^2 + y^2 + z^2 == a^2",), maximize=True),
    Case("x^2 + y^2", "a+ b+ cr", "c^2/(a^2 + b^2)", ("a*x + b*y == c",)),
    Case("x^2 + y^2 + z^2", "a+ b+ c+ dr", "d^2/(a^2 + b^2 + c^2)", ("a*x + b*y + c*z == d",)),
    Case("x^2 + y^2 + z^2", "ar", "a^2/3", ("x + y + z == a",)),
    Case("x + a/x", "a+", "2*sqrt(a)", (), {"x": P}),
    Case("a/q + b*q", "a+ b+", "2*sqrt(a*b)", (), {"q": P}),
    Case("k*d/q + h*q/2", "k+ d+ h+", "sqrt(2*k*d*h)", (), {"q": P}),
    Case("a*x - log(x)", "a+", "1 + log(a)"),
    Case("x - a*log(x)", "a+", "a - a*log(a)"),
    Case("x*log(x) - a*x", "ar", "-exp(a - 1)"),
    Case("x*log(x/a)", "a+", "-a/e"),
    Case("exp(x) - a*x", "a+", "a - a*log(a)"),
    Case("a*exp(x) + b*exp(-x)", "a+ b+", "2*sqrt(a*b)"),
    Case("exp(a*x) - x", "a+", "(1 + log(a))/a"),
    Case("x*exp(-a*x)", "a+", "1/(a*e)", maximize=True),
    Case("x^2*exp(-a*x)", "a+", "4/(a*e)^2", (), {"x": N}, True),
    Case("x^2 + a*exp(-x)", "a+", "lambertw(a/2)^2 + 2*lambertw(a/2)"),
    Case("x/(x^2 + a)", "a+", "1/(2*sqrt(a))", maximize=True),
    Case("log(x)/x^a", "a+", "1/(e*a)", (), {"x": P}, True),
    Case("x^a*(1 - x)^b", "a+ b+", "a^a*b^b/(a + b)^(a + b)", (), {"x": (0, 1)}, True),
    Case("a^2/x + b^2/(1 - x)", "a+ b+", "(a + b)^2", (), {"x": "(0, 1)"}),
    Case("a/x + b/(1 - x)", "a+ b+", "(sqrt(a) + sqrt(b))^2", (), {"x": "(0, 1)"}),
    Case("k*log(p) + m*log(1 - p)", "k+ m+", "k*log(k/(k + m)) + m*log(m/(k + m))", (), {"p": "(0, 1)"}, True),
    Case("n*log(t) - t*s", "n+ s+", "n*log(n/s) - n", (), {"t": P}, True),
    Case("-n*log(s) - t/(2*s^2)", "n+ t+", "-n/2*log(t/n) - n/2", (), {"s": P}, True),
    Case("exp(-(x - m)^2/(2*s^2))", "mr s+", "1", maximize=True),
    Case("(x - a)^2 + (x - b)^2", "ar br", "(a - b)^2/2"),
    Case("(x - a)^2 + (x - b)^2 + (x - c)^2", "ar br cr", "((a - b)^2 + (b - c)^2 + (a - c)^2)/3"),
    Case("x^4 - a*x^2", "a+", "-a^2/4"),
    Case("x^4 - a*x^2", "ar", "if(a > 0, -a^2/4, 0)"),
    Case("x^4 + a*x^2 + b", "ar br", "if(a < 0, b - a^2/4, b)"),
    Case("x^3 - 3*a*x", "a+", "-2*a^(3/2)", (), {"x": N}),
    Case("x^3 - 3*a*x", "a+", "if(a < 1/4, 3*a - 1, if(a < 1, -2*a^(3/2), 1 - 3*a))", (), {"x": (-1, 1)}),
    Case("x^2 - 2*a*x", "ar", "if(a < 0, 0, if(a < 1, -a^2, 1 - 2*a))", (), {"x": (0, 1)}),
    Case("(x - a)^2", "ar", "min(a, 0)^2", ("x >= 0",)),
    Case("a*x + b", "ar br", "b + abs(a)", (), {"x": (-1, 1)}, True),
    Case("a*x^2", "a0", "0"),
    Case("abs(x - a) + abs(x - b)", "ar br", "abs(a - b)"),
    Case("max(abs(x - a), abs(x - b))", "ar br", "abs(a - b)/2"),
    Case("(x - b)^2/2 + a*abs(x)", "a+ br", "if(abs(b) > a, a*abs(b) - a^2/2, b^2/2)"),
    Case("x^2 + a*abs(x - 1)", "a+", "if(a < 2, a - a^2/4, 1)"),
    Case("sqrt(x^2 + a^2)", "ar", "abs(a)"),
    Case("sqrt(x^2 + a^2) + sqrt((x - c)^2 + b^2)", "a+ b+ c+", "sqrt((a + b)^2 + c^2)"),
    Case("a*cos(x) + b*sin(x)", "a+ br", "-sqrt(a^2 + b^2)"),
    Case("a*cos(x) + b*sin(x)", "ar br", "-sqrt(a^2 + b^2)"),  # all are minimisers where a = b = 0
    Case("a*sin(x)", "ar", "-abs(a)"),
    Case("p*sqrt(x) - w*x", "p+ w+", "p^2/(4*w)", (), {"x": N}, True),
    Case("x*y", "s+", "s^2/4", ("x + y == s",), maximize=True),
    Case("x*y", "a+ b+", "a*b/4", ("x/a + y/b == 1",), maximize=True),
    Case("x*y", "l+", "l^2/8", ("2*x + y <= l",), {"x": N, "y": N}, True),
    Case("x*y*z", "s+", "s^3/27", ("x + y + z == s",), {"x": N, "y": N, "z": N}, True),
    Case("-x*log(x) - y*log(y)", "s+", "s*log(2) - s*log(s)", ("x + y == s",), maximize=True),
    Case("x^a*y^b", "a+ b+ p+ q+ m+", "(a*m/((a + b)*p))^a*(b*m/((a + b)*q))^b", ("p*x + q*y == m",), {"x": N, "y": N}, True),
    Case("sqrt(x*y)", "p+ q+ m+", "m/(2*sqrt(p*q))", ("p*x + q*y <= m",), {"x": N, "y": N}, True),
    Case("a*log(x) + b*log(y)", "a+ b+ p+ q+ m+", "a*log(a*m/((a + b)*p)) + b*log(b*m/((a + b)*q))", ("p*x + q*y <= m",), maximize=True),
    Case("p*x + q*y", "p+ q+", "2*sqrt(p*q)", ("x*y >= 1",), {"x": P, "y": P}),
    Case("x + y", "a+ b+", "(sqrt(a) + sqrt(b))^2", ("a/x + b/y == 1",), {"x": P, "y": P}),
    Case("4*x*y", "a+ b+", "2*a*b", ("x^2/a^2 + y^2/b^2 == 1",), {"x": N, "y": N}, True),
    Case("2*pi*r^2 + 2*pi*r*h", "V+", "3*(2*pi*V^2)^(1/3)", ("pi*r^2*h == V",), {"r": P, "h": P}),
    Case("x^2 + 4*x*h", "V+", "3*(4*V^2)^(1/3)", ("x^2*h == V",), {"x": P, "h": P}),
    Case("x*y + 2*x*z + 2*y*z", "V+", "3*(4*V^2)^(1/3)", ("x*y*z == V",), {"x": P, "y": P, "z": P}),
    Case("x + y + a/(x*y)", "a+", "3*a^(1/3)", (), {"x": P, "y": P}),
    Case("a*x + b*y", "a+ br", "sqrt(a^2 + b^2)", ("x^2 + y^2 <= 1",), maximize=True),
    Case("x + 2*y + 3*z", "r+", "-r*sqrt(14)", ("x^2 + y^2 + z^2 <= r^2",)),
    Case("(x - a)^2 + (y - b)^2", "ar br r+", "max(sqrt(a^2 + b^2) - r, 0)^2", ("x^2 + y^2 <= r^2",)),
    Case("(x - a)^2 + (y - b)^2", "ar br cr", "max(a + b - c, 0)^2/2", ("x + y <= c",)),
    Case("sqrt((x - a)^2 + (y - b)^2)", "ar br", "abs(a + 2*b - 3)/sqrt(5)", ("x + 2*y == 3",)),
    Case("x*(a - 2*x)^2", "a+", "2*a^3/27", ("x <= a/2",), {"x": N}, True),
    Case("a*x^2 + b*y^2", "a+ b+", "a*b/(a + b)", ("x + y == 1",)),
    Case("a*x^2 + b*y^2", "ar br", "min(a, b)", ("x^2 + y^2 == 1",)),
    Case("x^2 + y", "r+", "if(r < 1/2, r, r^2 + 1/4)", ("x^2 + y^2 == r^2",), maximize=True),
    Case("a*x + b*y", "ar br", "sqrt(a^2 + b^2)", ("x^2 + y^2 == 1",), maximize=True),
    Case("x*log(x) + (1 - x)*log(1 - x) - a*x", "ar", "-log(1 + exp(a))", (), {"x": "(0, 1)"}),
    Case("x^4 + y^4 - a*x*y", "a+", "-a^2/8"),
    Case("max(a - x, x - b)", "ar br", "(a - b)/2"),
    Case("x^n*(1 - x)", "n+", "(n/(n + 1))^n/(n + 1)", (), {"x": (0, 1)}, True),
    Case("c*x - p*min(x, d)", "c+ p+ d+", "min(c - p, 0)*d", (), {"x": N}),
    Case("abs(x - a) + (x - b)^2", "ar br", "if(abs(a - b) < 1/2, (a - b)^2, abs(a - b) - 1/4)"),
]
_names = [f"{c.objective} [{c.parameters}] {', '.join(c.subject_to)} {dict(c.ranges) or ''}" for c in CASES]


def _values(case: Case, seed: int) -> dict[str, Fraction]:
    """Random admissible values of the parameters, with some that are small and some that are 0."""
    rng = random.Random(f"{case.objective}{seed}")
    found = {}
    for p in case.parameters.split():
        size = Fraction(rng.choice((1, 1, 2, 3, 5, 7)), rng.choice((1, 1, 2, 3, 4)))
        sign = {"+": 1, "-": -1, "0": rng.choice((0, 1)), "r": rng.choice((-1, 1)), "z": 1}[p[-1]]
        found[p[:-1]] = sign * size
    return found


def _at(text: str, values: Mapping[str, Fraction]) -> float:
    from optbench.language.build import number, substitute

    node = substitute(parse(text).node, {symbol(name): number(v) for name, v in values.items()})
    return float(function([node], [])()[0])


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(1.0, abs(b))


@pytest.fixture(scope="module")
def answers() -> dict[str, ExactAnswer]:
    return {}


def _answer(case: Case, answers: dict[str, ExactAnswer]) -> ExactAnswer:
    key = repr(case)
    if key not in answers:
        answers[key] = solve(case.problem())
    return answers[key]


@pytest.mark.parametrize("case", CASES, ids=_names)
def test_known_formulas(case: Case, answers: dict[str, ExactAnswer]) -> None:
    answer = _answer(case, answers)
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT)
    assert answer.value is None
    assert answer.value_enclosure is None
    assert answer.value_exact is not None
    for seed in range(8):
        values = _values(case, seed)
        assert _close(_at(answer.value_exact, values), _at(case.value, values)), values


@pytest.mark.parametrize("case", CASES, ids=_names)
def test_points_are_feasible_and_have_the_value(case: Case, answers: dict[str, ExactAnswer]) -> None:
    answer = _answer(case, answers)
    assert answer.solutions
    assert answer.value_exact is not None
    for seed in range(4):
        values = _values(case, seed)
        problem = case.problem(values)
        evaluate = function([problem.objective], problem.symbols)
        tests = [function(list(c.condition.args), problem.symbols) for c in problem.constraints]
        for solution in answer.solutions:
            assert solution.point is None
            assert solution.exact is not None
            x = [_at(solution.exact[s.name], values) for s in problem.symbols]
            assert _close(evaluate(*x)[0], _at(answer.value_exact, values))
            for c, sides in zip(problem.constraints, tests, strict=True):
                left, right = sides(*x)
                low, high = {"equal": (0, 0), "less_equal": (-math.inf, 0), "greater_equal": (0, math.inf)}[c.condition.function]
                assert low - 1e-9 <= left - right <= high + 1e-9
            for v, c in zip(problem.variables, x, strict=True):
                lower, upper = v.ranges[0].floats
                assert lower - 1e-9 <= c <= upper + 1e-9


@pytest.mark.parametrize("case", [c for c in CASES if len(c.problem().variables) == 1 and not c.subject_to], ids=lambda c: c.objective)
def test_a_fine_grid_finds_nothing_lower(case: Case, answers: dict[str, ExactAnswer]) -> None:
    answer = _answer(case, answers)
    assert answer.value_exact is not None
    for seed in range(3):
        values = _values(case, seed)
        problem = case.problem(values)
        [v] = problem.variables
        low, high = problem.domains[v.name][0].floats
        evaluate = function([problem.minimand], problem.symbols)
        best = problem.sign * _at(answer.value_exact, values)
        grid = [k / 400 for k in range(1, 400)]
        for u in grid:
            t = (
                low + u * (high - low)
                if math.isfinite(high - low)
                else low + u / (1 - u)
                if math.isfinite(low)
                else math.tan((u - 0.5) * 3.1)
            )
            found = evaluate(t)[0]
            assert math.isnan(found) or found >= best - 1e-9 * max(1.0, abs(best)), (values, t)


@pytest.mark.parametrize("case", CASES[::4], ids=_names[::4])
def test_agrees_with_the_exact_answer_for_numbers(case: Case, answers: dict[str, ExactAnswer]) -> None:
    answer = _answer(case, answers)
    values = _values(case, 11)
    numerical = solve_in_stage(case.problem(values))
    assert answer.value_exact is not None
    if numerical.assurance is Assurance.EXACT:
        assert numerical.status is answer.status
        assert numerical.value is not None
        assert _close(_at(answer.value_exact, values), numerical.value)


@pytest.mark.parametrize("case", CASES, ids=_names)
def test_formulas_hold_no_decimals(case: Case, answers: dict[str, ExactAnswer]) -> None:
    answer = _answer(case, answers)
    texts = [answer.value_exact or "", *(t for s in answer.solutions for t in (s.exact or {}).values())]
    assert not any(re.search(r"\d\.\d|\bI\b|'", t) for t in texts)


# ---- traps ---------------------------------------------------------------------------------------------------------------------

DEPENDS = [
    ("a*x^2", {"a": "real"}, {}),
    ("a*x^2 + b*x + c", {"a": "nonnegative", "b": "real", "c": "real"}, {}),
    ("a*x^2 + x", {"a": "nonnegative"}, {}),
    ("x^2 + y^2 - a*x*y", {"a": "positive"}, {}),
    ("exp(x) - a*x", {"a": "real"}, {}),
    ("x + a/x", {"a": "real"}, {"x": P}),
    ("x + a/x", {"a": "nonnegative"}, {"x": P}),
    ("x^3 + a*x^4", {"a": "nonnegative"}, {}),
    ("a*x + x^2/b", {"a": "real", "b": "real"}, {}),
    ("p*x^a - w*x", {"p": "positive", "w": "positive", "a": "positive"}, {"x": N}),
    ("log(1 + exp(x)) - a*x", {"a": "positive"}, {}),
]


@pytest.mark.parametrize(("objective", "parameters", "ranges"), DEPENDS, ids=lambda d: str(d))
def test_no_answer_where_the_status_depends_on_the_parameters(objective: str, parameters: Any, ranges: Any) -> None:
    with pytest.raises(NotApplicable):
        solve(define(objective, parameters=parameters, variables=ranges))


def test_the_reason_says_for_which_parameters() -> None:
    with pytest.raises(NotApplicable, match=r"unbounded for a < 0"):
        solve(define("a*x^2", parameters={"a": "real"}))


def test_the_same_status_everywhere_is_an_answer() -> None:
    assert solve(define("-a*x^2", parameters={"a": "positive"})).status is Status.UNBOUNDED
    assert solve(define("exp(-a*x)", parameters={"a": "positive"}, variables={"x": N})).status is Status.NOT_ATTAINED
    approached = solve(define("a*x/(b + x)", maximize=True, parameters={"a": "positive", "b": "positive"}, variables={"x": N}))
    assert (approached.status, approached.value_exact) == (Status.NOT_ATTAINED, "a")
    empty = solve(define("x", parameters={"a": "positive"}, subject_to=["x^2 + a <= 0"]))
    assert empty.status is Status.INFEASIBLE


def test_a_range_that_may_be_empty_has_no_answer() -> None:
    with pytest.raises(NotApplicable):
        solve(define("x^2", parameters={"a": "real"}, subject_to=["x >= 1", "x <= a"]))


def test_a_function_that_may_be_undefined_has_no_answer() -> None:
    with pytest.raises(NotApplicable):
        solve(define("x^2 + log(a)*x", parameters={"a": "real"}))
    with pytest.raises(NotApplicable):
        solve(define("x^2 + x/a", parameters={"a": "real"}))


def test_a_negative_parameter() -> None:
    answer = solve(define("x^4 + a*x^2", parameters={"a": "negative"}))
    assert answer.value_exact == "-a^2/4"
    assert {s.exact["x"] for s in answer.solutions if s.exact} == {"-sqrt(-a/2)", "sqrt(-a/2)"}


def test_whole_parameters_are_treated_as_real_ones() -> None:
    assert solve(define("x^2 - 2*n*x", parameters={"n": "integer"})).value_exact == "-n^2"


def test_problems_without_parameters_are_left_to_the_others() -> None:
    with pytest.raises(NotApplicable):
        solve(define("x^2"))


# ---- charts -----------------------------------------------------------------------------------------------------------------------

CHARTS = [
    ("x^3 - a*x", (-1, 1, -1, 1)),
    ("exp(x) + x - b", (-1, 1)),
    ("x*exp(a*x) - c", (-1, 1)),
    ("a - exp(-c*x)", (-1, 1)),
    ("x^2 + a", (1,)),
    ("sqrt(x^2 + a) - x", (1,)),
    ("sqrt(x^2 + a) - 2*x", (1, -1)),
    ("x*exp(-x) + a", (-1, 1)),
]


@pytest.mark.parametrize(("expression", "signs"), CHARTS)
def test_signs_of_a_chart_are_those_of_numbers(expression: str, signs: tuple[int, ...]) -> None:
    a, b, c, x = (symbol(n) for n in "abcx")
    given = Assumptions({a: KINDS["positive"], b: KINDS["real"], c: KINDS["positive"]})
    found = chart(parse(expression).node, Stretch(x, given))
    assert found.signs == signs
    for seed in range(5):
        rng = random.Random(seed)
        values = {"a": Fraction(rng.randint(1, 9), 3), "b": Fraction(rng.randint(-9, 9), 3), "c": Fraction(rng.randint(1, 9), 4)}
        roots = [_at(str(r), values) for r in found.roots]
        assert roots == sorted(roots)
        for k, sign in enumerate(signs):
            low = roots[k - 1] if k else (roots[0] - 1 if roots else -1.0)
            high = roots[k] if k < len(roots) else low + 1
            middle = (low + high) / 2
            assert _at(expression, {**values, "x": Fraction(middle)}) * sign > 0


def test_a_range_with_formulas_as_ends() -> None:
    a, x = symbol("a"), symbol("x")
    stretch = Stretch(x, Assumptions({a: KINDS["positive"]}), lower=a)
    assert chart(parse("x^2 - a^2").node, stretch).signs == (1,)
    assert chart(parse("x - 2*a").node, stretch).signs == (-1, 1)
    assert Interval().lower is stretch.between(Interval().lower, a).lower


# ---- the command line -------------------------------------------------------------------------------------------------------------

_COMMAND = ["solve", "a*x^2+b*x+c", "--param", "a=positive", "--param", "b=real", "--param", "c=real", "--require", "exact"]


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "optbench", *_COMMAND, *options], capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_answers_with_a_formula() -> None:
    run = _run("--json")
    assert run.returncode == 0
    result = json.loads(run.stdout)
    assert (result["status"], result["assurance"], result["value"], result["value_enclosure"]) == ("optimal", "exact", None, None)
    assert result["solutions"][0]["exact"] == {"x": "-b/(2*a)"}
    assert result["solutions"][0]["point"] is None
    assert result["closed_form"]["scope"] == "function_of_parameter"
    assert result["sentence"].endswith("at x = -b/(2*a): exact, and proved global for all a > 0 and real b, c.")


@pytest.mark.parametrize("name", formats())
def test_every_format_shows_a_formula(name: str) -> None:
    run = _run("--format", name)
    assert run.returncode == 0
    assert "b/(2" in run.stdout.replace(" ", "") + ("b/(2" if name in ("csv", "latex") else "")
