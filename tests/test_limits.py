"""One-sided limits, compared with known values and with the function's own values near the end."""

from __future__ import annotations

import math

import pytest

from optbench.arithmetic.floats import function as floats
from optbench.exact.line.limits import Indeterminate, limit
from optbench.language.build import symbol
from optbench.language.elaborate import parse
from optbench.problem.interval import INFINITY, MINUS_INFINITY, as_float

X = symbol("x")

LIMITS = [
    ("x*log(x)", "0", 1, "0"),
    ("x^2*log(x)", "0", 1, "0"),
    ("log(x)/x", "0", 1, "-inf"),
    ("log(x)/x", "inf", -1, "0"),
    ("x*exp(-x)", "inf", -1, "0"),
    ("x*exp(-x)", "-inf", 1, "-inf"),
    ("x^9*exp(-sqrt(x))", "inf", -1, "0"),
    ("exp(x) - 3*x^2", "inf", -1, "inf"),
    ("exp(x)*exp(-x^2)", "inf", -1, "0"),
    ("x - log(x)", "inf", -1, "inf"),
    ("(1 + 1/x)^x", "inf", -1, "e"),
    ("(1 + 1/x)^x", "0", 1, "1"),
    ("x^x", "0", 1, "1"),
    ("x^(1/x)", "inf", -1, "1"),
    ("x^(1/x)", "0", 1, "0"),
    ("sin(x)/x", "0", 1, "1"),
    ("(1 - cos(x))/x^2", "0", -1, "1/2"),
    ("x^3/(exp(x) - 1)", "0", 1, "0"),
    ("x/(exp(x) - 1)", "0", -1, "1"),
    ("1/cos(x)", "pi/2", -1, "inf"),
    ("tan(x)", "pi/2", 1, "-inf"),
    ("tan(x)", "pi/2", -1, "inf"),
    ("exp(-1/x)", "0", 1, "0"),
    ("exp(-1/x)", "0", -1, "inf"),
    ("1/(x - 1)", "1", -1, "-inf"),
    ("1/(x - 1)^2", "1", -1, "inf"),
    ("atan(x)", "inf", -1, "pi/2"),
    ("atan(x) - x", "-inf", 1, "inf"),
    ("tanh(x) + 1/x", "-inf", 1, "-1"),
    ("x^3 - 100*x^2", "inf", -1, "inf"),
    ("(2*x^2 + x)/(3*x^2 - 1)", "-inf", 1, "2/3"),
    ("cbrt(x)", "-inf", 1, "-inf"),
    ("sqrt(x) - x^(1/3)", "inf", -1, "inf"),
    ("log(tanh(x))", "0", 1, "-inf"),
    ("log(1 + exp(x))/x", "inf", -1, "1"),
    ("softplus(x)", "-inf", 1, "0"),
    ("lambertw(x)", "inf", -1, "inf"),
    ("erf(x)", "-inf", 1, "-1"),
    ("log(1 + 1/x) - 1/(x + 1)", "inf", -1, "0"),
    ("exp(x)/(1 + exp(x))", "inf", -1, "1"),
    ("exp(x)/(3*exp(x) - x^5)", "inf", -1, "1/3"),
    ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "-inf", 1, "-1"),
    ("exp(x^2 + x)/(exp(x^2) + exp(x))", "-inf", 1, "0"),
    ("log(1 + exp(x)) - x", "inf", -1, "0"),
    ("2*log(1 + exp(x)) - 2*x + 1", "inf", -1, "1"),
    ("x - 3*log(2 + exp(x))", "inf", -1, "-inf"),
    ("softplus(x) - x", "inf", -1, "0"),
    ("log(cosh(x)) - x", "inf", -1, "-log(2)"),
    ("acosh(x) - log(x)", "inf", -1, "log(2)"),
    ("asinh(x) - log(x)", "inf", -1, "log(2)"),
    ("sinh(x)/cosh(x)", "-inf", 1, "-1"),
    ("cosh(x) - x^4", "inf", -1, "inf"),
    ("x*(tanh(x) - 1)", "inf", -1, "0"),
    ("exp(sqrt(x^2 + x))/exp(x)", "inf", -1, "exp(1/2)"),
    ("exp(exp(x)) - 5*x", "inf", -1, "inf"),
    ("exp(exp(x))/exp(x^9)", "inf", -1, "inf"),
    ("exp(exp(2*x)) - exp(3*exp(x))", "inf", -1, "inf"),
    ("exp(-exp(x))*exp(x^2)", "inf", -1, "0"),
    ("atanh(x)", "1", -1, "inf"),
    ("atanh(x)", "-1", 1, "-inf"),
    ("x*digamma(x)", "0", 1, "-1"),
    ("x^2*trigamma(x)", "0", 1, "1"),
    ("lgamma(x)/log(x)", "0", 1, "-1"),
    ("x*gamma(x)", "0", 1, "1"),
    ("exp(x)*x - exp(x)*(x + 1)", "inf", -1, "-inf"),
]


@pytest.mark.parametrize(("function", "end", "side", "expected"), LIMITS, ids=[f"{row[0]} at {row[1]}" for row in LIMITS])
def test_limits(function: str, end: str, side: int, expected: str) -> None:
    at = {"inf": INFINITY, "-inf": MINUS_INFINITY}.get(end) or parse(end).node
    assert as_float(limit(parse(function).node, X, at, side)) == pytest.approx(as_float(parse(expected).node), rel=1e-14)


@pytest.mark.parametrize(("function", "end", "side", "expected"), LIMITS, ids=[f"{row[0]} at {row[1]}" for row in LIMITS])
def test_the_function_goes_there(function: str, end: str, side: int, expected: str) -> None:
    evaluate = floats([parse(function).node], [X])
    goal = as_float(parse(expected).node)
    at = as_float(parse(end).node)
    points = [side * -(10.0**k) for k in (1, 2, 3, 5, 7, 9)] if math.isinf(at) else [at + side * 10.0**-k for k in (1, 2, 3, 4, 5)]
    values = [v for x in points if math.isfinite(v := evaluate(x)[0])]
    if math.isinf(goal):
        assert not values or math.copysign(1, values[-1]) == math.copysign(1, goal)
    else:
        assert abs(values[-1] - goal) <= 1e-3 + 0.9 * abs(values[0] - goal)


@pytest.mark.parametrize(
    ("function", "end"),
    [
        ("sin(x)", "inf"),
        ("x - cbrt(x^3 + 1)", "inf"),
        ("exp(x) - exp(x + exp(-x))", "inf"),
        ("x*sin(x)", "inf"),
        ("sin(x) - sin(x + exp(-x))", "inf"),
    ],
)
def test_what_is_not_determined_is_not_answered(function: str, end: str) -> None:
    with pytest.raises(Indeterminate):
        limit(parse(function).node, X, INFINITY, -1)
