"""Problems in one unknown as calculus books set them, with the answers that mpmath computes from independent formulas.

Each row states what is asked and, in mpmath's words, the value and the points; where there is no closed form mpmath finds
the root of a hand-written derivative. Besides, no point of a fine grid may have a lower value than a proved minimum.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest

import optbench
from optbench.arithmetic.balls import as_fraction, value_of
from optbench.arithmetic.floats import function
from optbench.exact import computer_algebra
from optbench.exact.answer import NotApplicable
from optbench.exact.stage import solve
from optbench.language.build import number, substitute, symbol
from optbench.language.elaborate import Scope, parse
from optbench.problem.draft import Number, ProblemDraft, Text, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Status

INF = None
NAMES = ("sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "pi", "e", "lambertw", "cbrt")
MPMATH = {name: getattr(mpmath, name) for name in NAMES}
MPMATH |= {"findroot": mpmath.findroot, "mpf": mpmath.mpf, "erf": mpmath.erf, "W": lambda z: mpmath.lambertw(z).real}

# objective, sense, range, value, points; the last two in mpmath's words
OPTIMAL: list[tuple[str, str, tuple[Any, Any], str, list[str]]] = [
    # rational functions and polynomials
    ("x^3 - 3*x + 1", "min", (0, 3), "-1", ["1"]),
    ("x^3 - 3*x^2 + 1", "max", ("-1/2", 4), "17", ["4"]),
    ("x^4 - 2*x^2 + 3", "min", (-2, 3), "2", ["-1", "1"]),
    ("3*x^4 - 16*x^3 + 18*x^2", "max", (-1, 4), "37", ["-1"]),
    ("x/(x^2 - x + 1)", "max", (0, 3), "1", ["1"]),
    ("(x^2 - 4)/(x^2 + 4)", "min", (-4, 4), "-1", ["0"]),
    ("x + 1/x", "min", ("1/5", 4), "2", ["1"]),
    ("x^2 + 54/x", "min", (0, INF), "27", ["3"]),
    ("2*pi*x^2 + 2000/x", "min", (0, INF), "3*cbrt(2*pi*1000**2)", ["cbrt(500/pi)"]),
    ("x*(1200 - 2*x)", "max", (0, 1200), "180000", ["300"]),
    ("x*(5 - 2*x)*(8 - 2*x)", "max", (0, "5/2"), "18", ["1"]),
    ("(x - 1)^2*(x + 2)^3", "min", (-3, 2), "-16", ["-3"]),
    ("x^5 - 5*x + 1", "max", (-2, "3/2"), "5", ["-1"]),
    # roots
    ("x*sqrt(4 - x^2)", "max", (-1, 2), "2", ["sqrt(2)"]),
    ("x*sqrt(1 - x)", "max", (-1, 1), "2*sqrt(3)/9", ["mpf(2)/3"]),
    ("sqrt(x^2 + 1) + sqrt((x - 3)^2 + 4)", "min", (INF, INF), "sqrt(18)", ["1"]),
    ("sqrt(x^2 + 9)/6 + (8 - x)/8", "min", (0, 8), "1 + sqrt(7)/8", ["9/sqrt(7)"]),
    ("cbrt(x)*(8 - x)", "max", (0, 8), "6*cbrt(2)", ["2"]),
    ("x^(2/3)*(5 - x)", "min", (0, 6), "-cbrt(36)", ["6"]),
    ("x - 2*sqrt(x)", "min", (0, 9), "-1", ["1"]),
    ("x/sqrt(x^2 + 1) - x/2", "max", (0, INF), "sqrt(4**(mpf(1)/3) - 1)/cbrt(2) - sqrt(4**(mpf(1)/3) - 1)/2", ["sqrt(4**(mpf(1)/3) - 1)"]),
    ("sqrt(x) + sqrt(1 - x)", "max", (0, 1), "sqrt(2)", ["mpf(1)/2"]),
    ("cbrt(x^2 - 1)", "min", (-2, 2), "-1", ["0"]),
    # exponentials and logarithms
    ("x*exp(-x^2/8)", "max", (-1, 4), "2*exp(-mpf(1)/2)", ["2"]),
    ("x*exp(-x^2)", "min", (INF, INF), "-exp(-mpf(1)/2)/sqrt(2)", ["-1/sqrt(2)"]),
    ("exp(-x) - exp(-2*x)", "max", (0, 1), "mpf(1)/4", ["log(2)"]),
    ("x - log(x)", "min", ("1/2", 2), "1", ["1"]),
    ("log(x)/x", "max", (1, 3), "exp(-1)", ["e"]),
    ("log(x)/x^2", "max", (0, INF), "exp(-1)/2", ["exp(mpf(1)/2)"]),
    ("log(x^2 + x + 1)", "min", (-1, 1), "log(mpf(3)/4)", ["-mpf(1)/2"]),
    ("x^x", "min", (0, INF), "exp(-exp(-1))", ["exp(-1)"]),
    ("x^(1/x)", "max", (0, INF), "exp(exp(-1))", ["e"]),
    ("x^2*exp(-x)", "max", (0, INF), "4*exp(-2)", ["2"]),
    ("exp(x) + exp(-2*x)", "min", (INF, INF), "3*2**(-mpf(2)/3)", ["log(2)/3"]),
    ("2^x + 2^(-x)", "min", (INF, INF), "2", ["0"]),
    ("exp(x)/(1 + exp(x))^2", "max", (INF, INF), "mpf(1)/4", ["0"]),
    ("x*log(x)^2", "max", (0, 1), "4*exp(-2)", ["exp(-2)"]),
    ("x^2 - 8*log(x)", "min", (1, "5"), "4 - 8*log(2)", ["2"]),
    ("x + exp(-3*x)", "min", (INF, INF), "(1 + log(3))/3", ["log(3)/3"]),
    ("(x^2 - 3)*exp(x)", "min", (INF, INF), "-2*e", ["1"]),
    ("exp(-x)*(1 - exp(-x))^3", "max", (0, INF), "mpf(27)/256", ["log(4)"]),
    ("x*exp(-x) + x/10", "min", (0, 6), "0", ["0"]),
    ("x^2/(exp(x) - 1)", "max", (0, INF), "(2 + W(-2*exp(-2)))**2/(exp(2 + W(-2*exp(-2))) - 1)", ["2 + W(-2*exp(-2))"]),
    ("exp(-x)*log(x)", "max", (0, INF), "exp(-1/lambertw(1).real)*lambertw(1).real", ["1/lambertw(1).real"]),
    ("exp(x) - sin(x)", "min", (-1, 4), "1", ["0"]),
    ("erf(x) - x^3/4", "max", (0, 2), "erf(sqrt(W(8/(3*sqrt(pi))))) - W(8/(3*sqrt(pi)))**(mpf(3)/2)/4", ["sqrt(W(8/(3*sqrt(pi))))"]),
    ("log(1 + x)/x^2 + log(x)", "min", (1, 9), "log(2)", ["1"]),
    # sines and cosines on intervals
    ("x - 2*sin(x)", "max", (0, "2*pi"), "5*pi/3 + sqrt(3)", ["5*pi/3"]),
    ("2*cos(x) + sin(2*x)", "max", (0, "pi/2"), "3*sqrt(3)/2", ["pi/6"]),
    ("sin(x)^2 + cos(x)", "max", (0, "2*pi"), "mpf(5)/4", ["pi/3", "5*pi/3"]),
    ("x + 2*cos(x)", "min", (0, "pi"), "5*pi/6 - sqrt(3)", ["5*pi/6"]),
    ("4/sin(x) + 27/(2*cos(x))", "min", (0, "pi/2"), "(cbrt(16) + cbrt(mpf(729)/4))**(mpf(3)/2)", ["atan(cbrt(mpf(8)/27))"]),
    ("tan(x) - 2*x", "min", (0, "pi/2"), "1 - pi/2", ["pi/4"]),
    ("sin(x)*(1 + cos(x))", "max", (0, "pi"), "3*sqrt(3)/4", ["pi/3"]),
    ("3*sin(x) - 4*cos(x)", "max", (0, 3), "5", ["pi - atan(mpf(3)/4)"]),
    ("cos(2*x) - 4*cos(x)", "min", ("pi/4", "5*pi/4"), "-2*sqrt(2)", ["pi/4"]),
    ("sin(x)^3 + cos(x)^3", "min", (0, "pi/2"), "1/sqrt(2)", ["pi/4"]),
    ("exp(-x)*sin(x)", "max", (0, "2*pi"), "exp(-pi/4)/sqrt(2)", ["pi/4"]),
    ("sin(pi*x)", "max", (0, 3), "1", ["mpf(1)/2", "mpf(5)/2"]),
    ("1/(2 - cos(x))", "min", (-2, 4), "mpf(1)/3", ["pi"]),
    # inverse functions, hyperbolic functions
    ("atan(x) - x/2", "max", (0, 3), "pi/4 - mpf(1)/2", ["1"]),
    ("atan((x + 2)/1) - atan(x)", "max", (INF, INF), "pi/2", ["-1"]),
    ("atan(6/x) - atan(2/x)", "max", (0, INF), "atan(sqrt(3)) - atan(1/sqrt(3))", ["sqrt(12)"]),
    ("asin(x) + 2*sqrt(1 - x^2)", "max", (0, 1), "pi/6 + sqrt(3)", ["mpf(1)/2"]),
    ("cosh(x) - 2*x", "min", (INF, INF), "sqrt(5) - 2*asinh(2)", ["asinh(2)"]),
    ("5*cosh(x) + 3*sinh(x)", "min", (INF, INF), "4", ["-log(2)"]),
    ("x - tanh(2*x)", "min", (0, INF), "acosh(sqrt(2))/2 - 1/sqrt(2)", ["acosh(sqrt(2))/2"]),
    # kinks, pieces
    ("abs(x^2 - 4)", "max", (-3, "5/2"), "5", ["-3"]),
    ("abs(x - 3) + x^2/4", "min", (0, 5), "2", ["2"]),
    ("x*abs(x - 2)", "min", (-1, 3), "-3", ["-1"]),
    ("max(x^2, 2 - x)", "min", (-3, 3), "1", ["1"]),
    ("min(2*x, 3 - x)", "max", (INF, INF), "2", ["1"]),
    ("if(x < 1, x^2, 3 - 2*x)", "max", (-1, 2), "1", ["-1", "1"]),
    ("abs(sin(x) - 1/2)", "max", (0, "2*pi"), "mpf(3)/2", ["3*pi/2"]),
    ("exp(-abs(x))", "max", (-1, 2), "1", ["0"]),
    ("sqrt(abs(x - 1))", "min", (-2, 2), "0", ["1"]),
]

# objective, sense, range, the slope in mpmath's words, a start for its root
WITHOUT_FORMULA: list[tuple[str, str, tuple[Any, Any], str, str]] = [
    ("x^2 + cos(x) - x", "min", (-3, 3), "2*x - sin(x) - 1", "0.9"),
    ("cosh(x) + (x - 1)^2", "min", (INF, INF), "sinh(x) + 2*(x - 1)", "0.6"),
    ("sin(x)/x", "min", (1, 6), "x*cos(x) - sin(x)", "4.5"),
    ("x*sin(x)", "max", (0, "pi"), "sin(x) + x*cos(x)", "2"),
    ("x*cos(x)", "max", (0, "pi/2"), "cos(x) - x*sin(x)", "0.8"),
    ("exp(x) - 2*sin(x)", "min", (-1, 4), "exp(x) - 2*cos(x)", "0.5"),
    ("log(x) - x^2 + sin(x)", "max", (0, INF), "1/x - 2*x + cos(x)", "0.9"),
    ("x^2/10 + sin(x)", "min", (INF, INF), "x/5 + cos(x)", "-1.3"),
    ("erf(x) - x^3/4 - x^4/9", "max", (0, 2), "2/sqrt(pi)*exp(-x**2) - 3*x**2/4 - 4*x**3/9", "0.9"),
]

UNATTAINED = [
    ("exp(-x)", "min", (0, INF), "0"),
    ("1/(x^2 + 1)", "min", (INF, INF), "0"),
    ("x*log(x)", "max", (0, 1), None),  # the end 1 has the supremum 0, so it is attained
    ("atan(x)", "max", (INF, INF), "pi/2"),
    ("x/(x + 1)", "max", (0, INF), "1"),
    ("(1 + 1/x)^x", "min", (0, INF), "1"),
    ("sin(x)/x", "max", (0, 3), "1"),
    ("(exp(x) - 1)/x", "min", (0, 1), "1"),
    ("tanh(x)", "min", (INF, INF), "-1"),
    ("x - sqrt(x^2 - 1)", "min", (1, INF), "0"),
]

UNBOUNDED = [
    ("log(x)", "min", (0, 1)),
    ("1/x", "max", (0, 1)),
    ("x^3 - x", "min", (INF, 1)),
    ("tan(x)", "max", (0, "pi")),
    ("x*exp(x)", "max", (0, INF)),
    ("x + sin(x)", "min", (INF, INF)),
    ("1/(x - 1)^2", "max", (0, 3)),
    ("x^2 - exp(x)", "min", (0, INF)),
]

PERIODIC = [  # on the whole line: value, and the points of one period
    ("sin(x) + sin(2*x)", "min", "-sqrt((207 + 33*sqrt(33))/128)", ["-acos((sqrt(33) - 1)/8)"], "2*pi"),
    ("cos(x) + sin(x)^2", "max", "mpf(5)/4", ["-pi/3", "pi/3"], "2*pi"),
    ("sin(x)^4 + cos(x)^4", "min", "mpf(1)/2", ["pi/4"], "pi/2"),
    ("abs(sin(x))", "min", "0", ["0"], "pi"),
    ("exp(sin(x))", "max", "e", ["pi/2"], "2*pi"),
    ("sin(2*x/3) + cos(x/3)", "max", "sqrt((207 + 33*sqrt(33))/128)", ["3*asin((sqrt(33) - 1)/8)"], "6*pi"),
    ("3*sin(x) + 4*cos(x)", "max", "5", ["atan(mpf(3)/4)"], "2*pi"),
    ("1/(2 + cos(x))", "max", "1", ["pi"], "2*pi"),
    ("sin(2*pi*x)", "min", "-1", ["-mpf(1)/4"], "1"),
]


def problem_of(objective: str, sense: str, ends: tuple[Any, Any]) -> Problem:
    range_ = tuple(end if end is None else Text(end) if isinstance(end, str) else Number(end) for end in ends)
    draft = ProblemDraft("minimize" if sense == "min" else "maximize", Text(objective), variables=(VariableDraft(Text("x"), range=range_),))  # type: ignore[arg-type]
    return validated(draft)


def expected(words: str) -> mpmath.mpf:
    return mpmath.mpf(eval(words, {"__builtins__": {}}, dict(MPMATH)))


def number_of(formula: str) -> mpmath.mpf:
    return mpmath.mpf(as_mpf(formula))


def as_mpf(formula: str, **letters: int) -> mpmath.mpf:
    names = {name: symbol(name, integer=True) for name in letters}
    node = substitute(parse(formula, Scope(names)).node, {names[name]: number(k) for name, k in letters.items()})
    middle = as_fraction(value_of(node, 150).lower)
    return mpmath.mpf(middle.numerator) / middle.denominator


def is_not_undercut(problem: Problem, value: float) -> bool:
    """Whether no point of a grid has a value that is better than the optimum."""
    evaluate = function([problem.minimand], problem.symbols)
    low, high = (problem.domains["x"][0]).floats
    low, high = max(low, -40.0), min(high, 40.0)
    grid = (low + (high - low) * k / 4001 for k in range(1, 4001))
    return all(not v < problem.sign * value - 1e-12 * max(1.0, abs(value)) for v in (evaluate(x)[0] for x in grid) if math.isfinite(v))


@pytest.fixture(autouse=True)
def _forty_digits() -> Any:
    with mpmath.workdps(40):
        yield


@pytest.mark.parametrize(("objective", "sense", "ends", "value", "points"), OPTIMAL, ids=[f"{row[1]} {row[0]}" for row in OPTIMAL])
def test_optima_of_textbooks_are_exact(objective: str, sense: str, ends: tuple[Any, Any], value: str, points: list[str]) -> None:
    problem = problem_of(objective, sense, ends)
    answer = solve(problem)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True), answer.reason
    assert answer.value_exact is not None
    assert answer.value is not None
    assert abs(number_of(answer.value_exact) - expected(value)) < mpmath.mpf("1e-30")
    found = sorted(number_of((s.exact or {})["x"]) for s in answer.solutions)
    assert [mpmath.nstr(x, 25) for x in found] == [mpmath.nstr(x, 25) for x in sorted(map(expected, points))]
    assert is_not_undercut(problem, answer.value)


@pytest.mark.parametrize(
    ("objective", "sense", "ends", "slope", "start"), WITHOUT_FORMULA, ids=[f"{row[1]} {row[0]}" for row in WITHOUT_FORMULA]
)
def test_where_there_is_no_formula_the_optimum_is_enclosed(
    objective: str, sense: str, ends: tuple[Any, Any], slope: str, start: str
) -> None:
    problem = problem_of(objective, sense, ends)
    answer = solve(problem)
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.CERTIFIED, True), answer.reason
    assert answer.value_exact is None
    assert answer.value is not None
    [solution] = answer.solutions
    assert solution.enclosure is not None
    low, high = map(mpmath.mpf, solution.enclosure["x"])
    root = mpmath.findroot(lambda x: eval(slope, {"__builtins__": {}}, {**MPMATH, "x": x}), mpmath.mpf(start))
    assert low <= root <= high
    assert high - low < mpmath.mpf("1e-28")
    assert is_not_undercut(problem, answer.value)


@pytest.mark.parametrize(("objective", "sense", "ends", "infimum"), UNATTAINED, ids=[f"{row[1]} {row[0]}" for row in UNATTAINED])
def test_what_is_only_approached_is_not_attained(objective: str, sense: str, ends: tuple[Any, Any], infimum: str | None) -> None:
    answer = solve(problem_of(objective, sense, ends))
    assert answer.assurance is Assurance.EXACT
    assert answer.status is (Status.OPTIMAL if infimum is None else Status.NOT_ATTAINED)
    assert answer.value_exact is not None
    assert abs(number_of(answer.value_exact) - expected(infimum or "0")) < mpmath.mpf("1e-30")


@pytest.mark.parametrize(("objective", "sense", "ends"), UNBOUNDED, ids=[f"{row[1]} {row[0]}" for row in UNBOUNDED])
def test_what_has_no_bound_is_unbounded(objective: str, sense: str, ends: tuple[Any, Any]) -> None:
    answer = solve(problem_of(objective, sense, ends))
    assert (answer.status, answer.assurance) == (Status.UNBOUNDED, Assurance.EXACT)


@pytest.mark.parametrize(("objective", "sense", "value", "points", "period"), PERIODIC, ids=[f"{row[1]} {row[0]}" for row in PERIODIC])
def test_a_periodic_function_has_families_of_optima(objective: str, sense: str, value: str, points: list[str], period: str) -> None:
    answer = solve(problem_of(objective, sense, (INF, INF)))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert answer.value_exact is not None
    assert abs(number_of(answer.value_exact) - expected(value)) < mpmath.mpf("1e-30")
    assert all(s.family == {"k": "integer"} for s in answer.solutions)
    formulas = [(s.exact or {})["x"] for s in answer.solutions]
    at_zero = sorted(as_mpf(f, k=0) for f in formulas)
    assert [mpmath.nstr(x, 25) for x in at_zero] == [mpmath.nstr(x, 25) for x in sorted(map(expected, points))]
    assert all(abs(as_mpf(f, k=3) - as_mpf(f, k=2) - expected(period)) < mpmath.mpf("1e-30") for f in formulas)


@pytest.mark.parametrize(("ends", "sense", "nearest"), [((0, INF), "min", "pi"), ((1, INF), "max", "2*pi"), ((INF, -4), "max", "-2*pi")])
def test_on_a_half_line_the_family_begins_at_its_end(ends: tuple[Any, Any], sense: str, nearest: str) -> None:
    answer = solve(problem_of("cos(x)", sense, ends))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    [solution] = answer.solutions
    assert solution.family == {"k": "nonnegative integer"}
    assert abs(as_mpf((solution.exact or {})["x"], k=0) - expected(nearest)) < mpmath.mpf("1e-30")
    assert abs(as_mpf((solution.exact or {})["x"], k=2)) > abs(expected(nearest))


def test_the_letter_of_a_family_is_no_variable() -> None:
    answer = solve(validated(ProblemDraft("minimize", Text("cos(k)")), open_names=True))
    assert answer.solutions[0].family == {"n": "integer"}


def test_equal_values_that_no_symmetry_explains_are_both_listed() -> None:
    """Two copies of one function stand side by side."""
    answer = solve(problem_of("if(x < 10, x^2 + cos(x) - x, (x - 20)^2 + cos(x - 20) - (x - 20))", "min", (-5, 25)))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.CERTIFIED, False)
    assert len(answer.solutions) == 2


def test_a_value_at_the_edge_of_the_domain_is_compared() -> None:
    """sqrt(sin(2*x)) at pi, where enclosures alone can't tell that it is defined."""
    answer = solve(problem_of("sqrt(sin(2*x))/5 + x", "min", (-3, 3)))
    assert (answer.status, answer.assurance) == (Status.OPTIMAL, Assurance.EXACT)
    assert [(s.exact or {})["x"] for s in answer.solutions] == ["-3"]
    assert answer.value is not None
    assert is_not_undercut(problem_of("sqrt(sin(2*x))/5 + x", "min", (-3, 3)), answer.value)


def test_a_shorter_period_of_the_values_is_none_of_the_domain() -> None:
    answer = solve(problem_of("sin(2*x) + 0*log(sin(x))", "min", (INF, INF)))
    assert (answer.status, answer.value_exact) == (Status.OPTIMAL, "-1")
    [solution] = answer.solutions
    assert abs(as_mpf((solution.exact or {})["x"], k=1) - as_mpf((solution.exact or {})["x"], k=0) - 2 * mpmath.pi) < mpmath.mpf("1e-30")


def test_unknowns_of_substitutions_are_kept_apart() -> None:
    """A logarithm beside a root needs two of them."""
    answer = solve(problem_of("(3*sqrt(x) + 2*x*log(1 - x))^2", "max", (0, 1)))
    assert (answer.status, answer.assurance) == (Status.UNBOUNDED, Assurance.EXACT)


def test_what_is_known_is_handed_over_before_computer_algebra(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []

    def killed(*args: Any) -> None:
        assert sent
        assert sent[-1]["assurance"] == "certified"
        raise NotApplicable("killed")

    monkeypatch.setattr(computer_algebra, "solve", killed)
    assert solve(problem_of("x^2 + cos(x) - x", "min", (-3, 3)), send=sent.append).assurance is Assurance.CERTIFIED


@pytest.mark.parametrize("digits", [20, 50, 200])
def test_enclosures_have_the_digits_that_were_asked_for(digits: int) -> None:
    for objective in ("x*log(x) - sqrt(x)", "x^2 + cos(x) - x"):
        answer = solve(problem_of(objective, "min", (0, 3)), digits)
        assert answer.value_enclosure is not None
        assert answer.solutions[0].enclosure is not None
        for low, high in (answer.value_enclosure, answer.solutions[0].enclosure["x"]):
            assert 0 < abs(Fraction(high) - Fraction(low)) <= abs(Fraction(low)) * Fraction(1, 10 ** (digits - 1))


def test_the_result_of_an_enclosed_optimum_claims_what_is_proved() -> None:
    result = optbench.solve("cosh(x) + (x - 1)^2", methods=["newton"])
    assert (result.status, result.assurance, result.complete) == (Status.OPTIMAL, Assurance.CERTIFIED, True)
    assert result.sentence == (
        "The minimum is 1.34129166 at x = 0.651010353: proved global, to 30 digits; "
        "no formula with roots, exp and log exists, if Schanuel's conjecture is true."
    )
    assert result.value_exact is None
    assert result.value_enclosure is not None
    assert result.closed_form is not None
    assert (result.closed_form.verdict, result.closed_form.none_in, result.closed_form.assumes) == ("none", ["L"], ["Schanuel"])
    assert all(row.error_value is not None and row.error_value < 1e-12 for row in result.attempts)


def test_the_result_of_a_periodic_function_has_its_family() -> None:
    result = optbench.solve("sin(x) + sin(2x)", methods=["newton"])
    assert result.sentence == "The minimum is -1.76017259 at x = -0.935929456, and periodically: exact, and proved global."
    assert (result.solutions[0].family, result.complete) == ({"k": "integer"}, True)
    assert result.value_exact == "-sqrt((33*sqrt(33) + 207)/128)"
