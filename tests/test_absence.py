"""Verdicts on closed forms: the counterexamples of the theory's referee get none, and what the theorems cover gets one."""

from __future__ import annotations

import mpmath
import pytest
from flint import fmpz_poly
from planted_equations import DIGITS, value

from optbench.api import define
from optbench.exact.absence import galois
from optbench.exact.absence.field import Refused
from optbench.exact.absence.stationary import StationaryPoint
from optbench.exact.absence.verdict import _Equation, _not_in_l, _of_functions
from optbench.exact.stage import solve
from optbench.language.build import symbol
from optbench.language.elaborate import parse

# Equations with a root that has a formula; each is a trap for an argument that leaves out a hypothesis (the referee's names).
TRAPS = {
    "C1": ("exp(sqrt(4*x^2 + 8*x + 4)) - 3*exp(x + 1) + 2", "log(2) - 1"),
    "C2": ("exp(2*sqrt(x + 1)*sqrt(x + 2)) - 3*exp(sqrt(x^2 + 3*x + 2)) + 2", "(-3 + sqrt(1 + 4*log(2)^2))/2"),
    "C3": ("exp(sqrt(x + 2*sqrt(x - 1))) - 2*exp(sqrt(x - 1)) - 1", "1 + log(e - 2)^2"),
    "C4": ("asinh(x) + log(sqrt(x^2 + 1) - x) + exp(x) - 3", "log(3)"),
    "C4'": ("atan(x) + atan(1/x) - x", "pi/2"),
    "C5": ("log(2)*exp(sqrt(2)*x) - 4*x", "sqrt(2)*log(2)/4"),
    "C5, 3": ("log(3)*exp(sqrt(3)*x) - 6*x", "sqrt(3)*log(3)/6"),
    "C6": ("cos(2*cos(pi/15)*x) - pi/(30*x)", "pi/(30*cos(pi/15))"),
    "C7": ("exp(x)*(x^2 - e^2) + x - e", "e"),
    "C8": ("2^x + x*log(2) - 3 - log(3)", "log(3)/log(2)"),
    "root 0": ("exp(x) - x^2 - 1", "0"),
    "root 0 again": ("(x + 1)^2*exp(x) - 1", "0"),
    "two logarithms": ("(x - 4)*log(x) + log(x + 2)", "2"),
    "dependent logarithms": ("log(x^2 - 1) - log(1 - x) - log(-x - 1) + exp(x) - 1/4", "-log(4)"),
    "dependent logarithms of squares": ("log(x^2 - 1) - log((x - 1)^2)/2 - log((x + 1)^2)/2 + exp(x) - 1/4", "-log(4)"),
    "acos + asin": ("acos(x) + asin(x) - 5*x", "pi/10"),
    "e in the coefficients": ("x*exp(x) - 2*exp(2)", "2"),
    "pi in the coefficients": ("cos(x) - x + pi/2", "pi/2"),
    "log(2) in the coefficients": ("x*exp(x) - 2*log(2)", "log(2)"),
    "e and a logarithm": ("x*log(x) - e", "e"),
    "a constant exponent": ("x*exp(sqrt(x^2)/x) - 2", "2/e"),
    "an exponential": ("exp(x) - 3", "log(3)"),
    "a power of an exponential": ("exp(2*x) - 5*exp(x) + 6", "log(2)"),
}


def at(root: str, equation: str) -> _Equation:
    """The equation with a narrow interval around its root."""
    with mpmath.workdps(90):
        x = value(root)
        ends = tuple(mpmath.nstr(x + sign * mpmath.mpf(10) ** -60, 80, min_fixed=-100, max_fixed=100) for sign in (-1, 1))
    return _Equation(StationaryPoint(parse(equation).node, symbol("x"), ends))


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_has_the_root(name: str) -> None:
    equation, root = TRAPS[name]
    with mpmath.workdps(DIGITS):
        assert abs(value(equation, value(root))) < mpmath.mpf("1e-200")


@pytest.mark.parametrize("name", TRAPS)
def test_a_root_with_a_formula_is_never_said_to_have_none(name: str) -> None:
    equation, root = TRAPS[name]
    with pytest.raises(Refused):
        _not_in_l(at(root, equation))


def test_lambert_w_is_beyond_one_kernel_but_within_reach_of_w() -> None:
    """x*exp(x) + 5*(x + log(x)) = 1 has the root W(1): not in L, and nothing is said of W."""
    facts = _not_in_l(at("lambertw(1)", "x*exp(x) + 5*(x + log(x)) - 1"))
    assert facts["unreviewed"]["none_in"] == ["L"]
    assert "none_in" not in facts


def test_eliminations_that_would_take_minutes_are_refused() -> None:
    """They are single calls, which no limit on time interrupts."""
    coefficients = "(rootof(t^3 - t - 1, 0)*x + rootof(t^5 - t - 1, 0) + sqrt(2) + sqrt(x + 3))"
    with pytest.raises(Refused, match="too many roots"):
        _not_in_l(at("0", f"{coefficients}*(exp(5*x) + x - 1) + x"))


@pytest.mark.parametrize(
    ("objective", "ends", "not_even_w"),
    [
        ("x^2/2 - sin(x)", (0.5, 2), True),
        ("exp(x) + x^4 + x", (-2, 1), True),
        ("x^2/2 - log(1 + exp(-3*x))", (-4, 4), True),
        ("x - x^2*atan(x)/2", (0.2, 1), None),
        ("(x - 2)^2 + exp(sqrt(x))", (0, 4), None),
    ],
)
def test_one_kernel_is_decided_by_lin(objective: str, ends: tuple[float, float], not_even_w: bool | None) -> None:
    for sense in (False, True):
        facts = solve(define(objective, range=ends, maximize=sense)).solutions[0].closed_form
        assert facts is not None
        if facts.verdict == "none":
            assert (facts.none_in, facts.theorem, facts.assumes, facts.review) == (("L",), "lin1983", ("Schanuel",), "literature")
            if not_even_w is not None:
                assert (facts.unreviewed is not None) == not_even_w
            return
    pytest.fail("no stationary point had a verdict")


@pytest.mark.parametrize("objective", ["exp(x) + x*log(x) - 2*x", "x^2/2 - sin(x) + exp(x)/2", "(x - 1)*exp(x) + x^3/3 - 2*e*x"])
def test_several_kernels_are_an_argument_that_awaits_publication(objective: str) -> None:
    facts = solve(define(objective, range=(0, 2))).solutions[0].closed_form
    assert facts is not None
    assert (facts.verdict, facts.none_in, facts.theorem) == ("not_found", (), None)
    assert facts.unreviewed is not None
    assert (facts.unreviewed["none_in"], facts.unreviewed["assumes"]) == (["L"], ["Schanuel"])


def test_lambert_w_and_no_formula_without_it() -> None:
    facts = solve(define("x*log(x) - sqrt(x)", range=(0, 10))).solutions[0].closed_form
    assert facts is not None
    assert (facts.verdict, facts.kind, facts.none_in, facts.theorem) == ("found", "lambertw", ("L",), "lin1983")


# ---- roots of polynomials -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coefficients", "rule"),
    [
        ([-1, -1, 0, 0, 0, 1], "prime-degree"),
        ([3, -7, 0, 0, 0, 0, 0, 1], "prime-degree"),  # PSL(2, 7)
        ([-1, -1, *[0] * 48, 1], "long-prime-cycle"),
        ([-1, -1, 0, 0, 1], None),  # S4, solvable
        ([-1, -1, 0, 1], None),  # S3, solvable
        ([12, -5, 0, 0, 0, 1], None),  # D5, solvable
        ([-2, 0, 0, 0, 0, 1], None),
    ],
)
def test_the_rules_of_galois_theory(coefficients: list[int], rule: str | None) -> None:
    proof = galois.not_solvable(fmpz_poly(coefficients))
    assert (None if proof is None else proof.rule) == rule


@pytest.mark.parametrize(
    ("objective", "ends", "verdict", "kind"),
    [
        ("x^6/6 - x^2/2 - x", (-3, 3), "none", "algebraic_root"),
        ("x^6/6 - 5*x^2/2 + 12*x", (-3, 3), "found", "radicals"),
        ("x^4 - 3*x^2 + x", (-3, 3), "found", "radicals"),
        ("x^5 + x^4 - x^2 - x", (-1, 3), "found", "radicals"),
        ("x^8/8 - 2*x^6 + 9*x^4 - x^2", (0.1, 0.6), "found", "radicals"),
    ],
)
def test_polynomials(objective: str, ends: tuple[float, float], verdict: str, kind: str) -> None:
    answer = solve(define(objective, range=ends))
    facts = answer.solutions[0].closed_form
    assert facts is not None
    assert (facts.verdict, facts.kind) == (verdict, kind)
    if verdict == "none":
        assert (facts.none_in, facts.theorem, facts.assumes) == (("radicals",), "galois", ())


def test_functions_of_parameters() -> None:
    """Kepler's equation; and exp(p*x - 1) = 2*p*x - 1, which 1/p solves (the referee's C9)."""
    kepler = solve(define("x^2/2 + a*cos(x) - b*x", parameters={"a": "positive", "b": "positive"}))
    assert kepler.closed_form is not None
    assert kepler.closed_form.unreviewed is not None
    assert (kepler.closed_form.unreviewed["none_in"], kepler.closed_form.unreviewed["assumes"]) == (["EL"], [])
    trap = solve(define("exp(p*x - 1)/p - p*x^2 + x + x^4*0", parameters={"p": "positive"}))
    assert trap.closed_form is None


@pytest.mark.parametrize(
    "objective",
    [
        "p*(exp(x) - x^3/3 - x) + x^2/2",  # 0 is stationary for all p
        "p*(exp(x) - x) + x^4 + cos(x)",  # and here the minimum
        "p*(exp(x) - x) + x^4 + x^2",
        "p*(x^3/3 - x + exp(x) - e*x) + (x - 1)^4",  # 1 is, and the derivative has a constant kernel
        "p*(x*log(x) - x) + (x - 1)^4",
        "p*(exp(x) + cos(x)) + sin(x)*exp(x)",  # all coefficients have kernels
    ],
)
def test_constant_solutions_are_no_functions_of_the_parameter(objective: str) -> None:
    assert _of_functions(define(objective, parameters={"p": "positive"})) is None


@pytest.mark.parametrize(
    "objective",
    ["x^2/2 + p*cos(x) - x", "p*(exp(x) - x^3/3 - x) + (x - 1)^2*(x + 2)^2/4", "p*x - exp(x) - x^2", "x*log(x) - p*(x^3 + x) + exp(x)"],
)
def test_solutions_that_depend_on_the_parameter(objective: str) -> None:
    """No real x solves these for all p: where the coefficient of one power of p is 0, another one is not."""
    facts = _of_functions(define(objective, parameters={"p": "positive"}))
    assert facts is not None
    assert facts.unreviewed is not None
    assert facts.unreviewed["none_in"] == ["EL"]


def test_lambert_w_of_a_parameter_is_no_simpler_function() -> None:
    found = solve(define("(x - 1)*exp(x) - a*x", parameters={"a": "positive"})).solutions[0].closed_form
    assert found is not None
    assert (found.verdict, found.kind, found.none_in) == ("found", "lambertw", ())
    assert found.unreviewed is not None
    assert (found.unreviewed["none_in"], found.unreviewed["theorem"]) == (["EL"], "function")
    simpler = solve(define("(x - 1)*exp(x) - x*a*exp(a)", parameters={"a": "positive"}))  # at x = a
    assert all(s.closed_form is not None and s.closed_form.unreviewed is None for s in simpler.solutions)
