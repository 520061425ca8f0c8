"""The forms that Lambert's W solves: candidates satisfy random equations at 50 digits, and every sign change is one of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import pytest
from exact_values import evaluate, real_number
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.api import solve
from optbench.exact.line.lambert import solutions
from optbench.language.build import add, call, multiply, power, symbol
from optbench.language.elaborate import parse
from optbench.language.graph import Node

X = symbol("x")
FACTORS = st.builds(Fraction, st.integers(-9, 9).filter(bool), st.integers(1, 4))
EXPONENTS = st.sampled_from([Fraction(p, q) for p in (-3, -2, -1, 1, 2, 3) for q in (1, 2, 3)])


def value(node: Node, x: mpmath.mpf | None = None) -> mpmath.mpf | None:
    """The value at 50 digits, None where it is undefined."""
    number = evaluate(node, {} if x is None else {"x": x}).item().real
    return None if number is None else real_number(number)


def sign_changes(function: Node, points: list[float]) -> list[mpmath.mpf]:
    """Zeros between neighbouring points with opposite signs, by bisection."""
    roots = []
    at = [mpmath.mpf(p) for p in points]
    values = [value(function, p) for p in at]
    for a, b, u, v in zip(at, at[1:], values, values[1:], strict=False):
        if u is not None and v is not None and u * v < 0:
            roots.append(bisected(function, a, b, u))
    return roots


def bisected(function: Node, a: mpmath.mpf, b: mpmath.mpf, at_a: mpmath.mpf) -> mpmath.mpf:
    for _ in range(80):
        middle = (a + b) / 2
        at_middle = value(function, middle)
        assert at_middle is not None
        a, b = (middle, b) if at_middle * at_a > 0 else (a, middle)
    return (a + b) / 2


def check(function: Node, points: list[float]) -> None:
    found = [v for v in map(value, solutions(function, X)) if v is not None]
    for x in found:
        terms = [abs(value(part, x) or 0) for part in function.args]
        residual = value(function, x)
        if residual is None:
            continue  # outside the domain, for example x < 0 in sqrt(x)*exp(x)
        assert abs(residual) <= mpmath.mpf(10) ** -25 * max(terms)
    for root in sign_changes(function, points):
        assert any(abs(root - x) <= mpmath.mpf(10) ** -15 * max(1, abs(root)) for x in found)


@settings(max_examples=60, deadline=None)
@given(FACTORS, st.integers(-5, 5), FACTORS, EXPONENTS)
def test_logarithm_and_power(a: Fraction, b: int, c: Fraction, p: Fraction) -> None:
    check(add(multiply(a, call("log", X)), b, multiply(c, power(X, p))), [10.0**k for k in range(-6, 7)])


@settings(max_examples=60, deadline=None)
@given(FACTORS, st.integers(-5, 5), FACTORS, FACTORS)
def test_line_and_exponential(a: Fraction, b: int, c: Fraction, k: Fraction) -> None:
    check(add(multiply(a, X), b, multiply(c, call("exp", multiply(k, X)))), [-30.0, -9.0, -3.0, -1.0, -0.1, 0.1, 1.0, 3.0, 9.0, 30.0])


@settings(max_examples=60, deadline=None)
@given(FACTORS, FACTORS, FACTORS, EXPONENTS)
def test_power_times_exponential(c: Fraction, d: Fraction, k: Fraction, p: Fraction) -> None:
    opposite = abs(d) if c < 0 else -abs(d)  # with equal signs there is no zero at x > 0, and roots of -D/C are not real
    function = add(multiply(c, power(X, p), call("exp", multiply(k, X))), opposite)
    check(function, [10.0**j for j in range(-4, 2)])


@pytest.mark.parametrize(
    ("written", "roots"),
    [
        ("x + exp(x)", ["-lambertw(1)", "-lambertw(1, -1)"]),
        ("log(x) + 1 - 1/(2*sqrt(x))", ["exp(2*lambertw(exp(1/2)/4) - 1)", "exp(2*lambertw(exp(1/2)/4, -1) - 1)"]),
        ("x*exp(x) - 3", ["lambertw(3)", "lambertw(3, -1)"]),
        ("sin(x) + x", []),
        ("x^2 + x + exp(x)", []),
        ("log(x)^2 + x", []),
        ("exp(x^2) + x", []),
        ("x^2 - 3", []),
        ("5", []),
    ],
)
def test_forms_and_what_is_none(written: str, roots: list[str]) -> None:
    assert solutions(parse(written).node, X) == [parse(root).node for root in roots]


@pytest.mark.parametrize(
    ("written", "low", "high", "at"),
    [
        ("(x - 1)*exp(x) - 2*x*exp(2)", "1/2", 3, "2"),
        ("(x - 1)*exp(x) + x/2*log(2)", -1, 0, "-log(2)"),
        ("(x - 1)*exp(x) - 3*x*exp(3)", 0, 9, "3"),
    ],
)
def test_a_solution_of_w_that_is_elementary_is_written_without_it(written: str, low: Any, high: Any, at: str) -> None:
    result = solve(written, range=(low, high), certify=False, methods="brent")
    assert result.closed_form is not None
    assert (result.solutions[0].exact, result.closed_form.cls != "lambertw") == ({"x": at}, True)
