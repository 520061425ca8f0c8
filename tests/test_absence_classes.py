"""The class of a formula that was found: no wider and no narrower than all of its coordinates need."""

from __future__ import annotations

import pytest

import optbench
from optbench.api import define
from optbench.exact.numbers.formula import facts, facts_of_point
from optbench.exact.numbers.identities import is_zero
from optbench.exact.stage import solve
from optbench.language.elaborate import parse
from optbench.report import verdict_words

CUBIC, QUINTIC = "x^4/4 - x^2/2 - x", "x^6/6 - x^2/2 - x"  # stationary where x^3 - x = 1 and x^5 - x = 1


@pytest.mark.parametrize(
    ("formulas", "kind"),
    [
        (["1/2", "3"], "rational"),
        (["sqrt(2) + sqrt(3) + sqrt(5)", "1"], "radicals"),
        (["sqrt(2) + sqrt(3) + sqrt(5)", "log(3)"], "elementary"),
        (["lambertw(3)", "log(3) + log(5) + log(7)"], "lambertw"),
        (["rootof(t^5 - t - 1, 0)", "lambertw(3)"], "algebraic_root"),
        (["gamma(1/3)", "lambertw(3)"], None),
        (["log(erf(1)) + sqrt(2)", "1"], None),
    ],
)
def test_a_point_needs_what_its_coordinates_need(formulas: list[str], kind: str | None) -> None:
    for some in (formulas, formulas[::-1]):
        assert facts_of_point(parse(f).node for f in some).kind == kind


@pytest.mark.parametrize(
    ("objective", "function"), [("(x - gamma(1/3))^2", "gamma"), ("x^2/2 - erf(1)*x + y^2", "erf"), ("exp(x) - digamma(3)*x", "digamma")]
)
def test_special_functions_are_in_no_class(objective: str, function: str) -> None:
    result = optbench.solve(objective, methods=["bfgs"])
    facts = result.closed_form
    assert facts is not None
    assert (facts.verdict, facts.cls) == ("found", None)
    assert function in str(facts.reason)
    assert "closed form: found, verified exactly" in list(verdict_words.lines(facts, proved=True))


@pytest.mark.parametrize(
    "formula", ["cos(pi/7)", "tan(3*pi/8)^2", "sin(asin(1/3)/5 + pi/9)", "2*cos((acos(sqrt(2)/3) + 4*pi)/11)", "sqrt(a) + a^(2/3)"]
)
def test_written_with_radicals(formula: str) -> None:
    assert facts(parse(formula).node).kind == "radicals"


@pytest.mark.parametrize(
    "formula",
    ["cos(1)", "cos(acos(1/3)*sqrt(2))", "2^sqrt(2)", "pi", "acos(1/3)/5", "sin(acos(1/3) + 1)", "cos(acos(log(2))/3)", "cos(pi^2)"],
)
def test_not_written_with_radicals(formula: str) -> None:
    assert facts(parse(formula).node).kind == "elementary"


@pytest.mark.parametrize(
    ("objective", "verdict", "kind"),
    [
        (f"{CUBIC} + exp(y) - 3*y", "found", "elementary"),
        (f"{CUBIC} + (y - 1)*exp(y) - 3*y", "found", "lambertw"),
        (f"exp(y) - 3*y + {CUBIC}", "found", "elementary"),
        (f"{QUINTIC} + exp(y) - 3*y", "none", "algebraic_root"),
        ("exp(y) - 3*y + (x - 1)^2 + (z^2 - 2)^2 + z", "found", "elementary"),
    ],
)
def test_all_coordinates_count(objective: str, verdict: str, kind: str) -> None:
    facts = solve(define(objective)).solutions[0].closed_form
    assert facts is not None
    assert (facts.verdict, facts.kind) == (verdict, kind)


@pytest.mark.parametrize(
    ("degree", "kind", "root_object"),
    [(3, "elementary", False), (5, "algebraic_root", True)],
)
def test_roots_inside_of_a_logarithm_are_written_with_radicals(degree: int, kind: str, root_object: bool) -> None:
    """exp(x)^degree = exp(x) + 1, which the logarithm of a root solves; this is no root of a polynomial itself."""
    [solution] = solve(define(f"exp({degree + 1}*x)/{degree + 1} - exp(2*x)/2 - exp(x)")).solutions
    assert solution.closed_form is not None
    assert solution.exact is not None
    assert (solution.closed_form.verdict, solution.closed_form.kind, solution.closed_form.none_in) == ("found", kind, ())
    assert ("rootof" in solution.exact["x"]) == root_object


def test_lambert_w_of_a_root_object_is_no_simpler_number() -> None:
    """exp(x) = -2*r*x with the root r of a quintic: Lin's theorem takes root objects as coefficients."""
    facts = solve(define("exp(x) + x^2*rootof(t^5 - t - 1, 0)")).solutions[0].closed_form
    assert facts is not None
    assert (facts.verdict, facts.kind, facts.none_in, facts.theorem) == ("found", "lambertw", ("L",), "lin1983")


LOWER, UPPER = ("maximize", (-8, -1)), ("minimize", (-0.999, 5))  # on which side of -1 the root of x*exp(x) = c lies


@pytest.mark.parametrize(
    ("constant", "side", "formula"),
    [
        ("2*log(2)", UPPER, "log(2)"),
        ("2*exp(2)", UPPER, "2"),
        ("6*log(6)", UPPER, "log(6)"),
        ("exp(1 + e)", UPPER, "e"),
        ("2*e*(1 + log(2))", UPPER, "1 + log(2)"),
        ("-log(2)/2", UPPER, "-log(2)"),
        ("-log(2)/2", LOWER, "-2*log(2)"),
        ("-8/9*log(3/2)", UPPER, "-2*log(3/2)"),
        ("-8/9*log(3/2)", LOWER, "-3*log(3/2)"),
        ("-2/exp(2)", LOWER, "-2"),
    ],
)
def test_values_of_lambert_w_that_are_simpler_are_written_so(constant: str, side: tuple[str, tuple[float, float]], formula: str) -> None:
    """x*exp(x) = 2*log(2) has the root log(2), which needs no W."""
    sense, ends = side
    [solution] = solve(define(f"(x - 1)*exp(x) - ({constant})*x", range=ends, maximize=sense == "maximize")).solutions
    assert solution.exact is not None
    assert solution.closed_form is not None
    assert is_zero(parse(f"{solution.exact['x']} - ({formula})").node)
    assert solution.closed_form == facts(parse(formula).node)


@pytest.mark.parametrize("constant", ["log(3)", "27*log(3)", "sqrt(2)*log(2)", "e + 1", "3"])
def test_other_values_of_lambert_w_keep_their_class(constant: str) -> None:
    known = solve(define(f"(x - 1)*exp(x) - ({constant})*x", range=(-0.9, 3))).solutions[0].closed_form
    assert known is not None
    assert (known.verdict, known.kind) == ("found", "lambertw")
