"""Zeros of sums of logarithms: SciPy's bracketed zeros of the same function are all among the formulas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from optbench.api import define
from optbench.arithmetic.balls import value_of
from optbench.exact.line.equation import zeros
from optbench.exact.line.log_linear import solutions
from optbench.exact.line.pieces import Place
from optbench.exact.stage import solve
from optbench.language.build import number, symbol
from optbench.language.elaborate import parse
from optbench.language.graph import Node
from optbench.result import Assurance, Status

X = symbol("x")
POWERS = [(1, 1), (1, -1), (2, -2), (-1, -1), (Fraction(1, 2), Fraction(1, 2)), (2, -1)]  # of degree 1 and 2


def middle(formula: Node) -> float:
    return float(value_of(formula).lower.mid())


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(POWERS), st.integers(-4, 4), st.integers(-4, 4), st.fractions(-3, 3, max_denominator=4))
def test_every_bracketed_zero_is_among_the_formulas(powers: tuple[Fraction, Fraction], a: int, b: int, c: Fraction) -> None:
    assume(a != b)
    (p, q), start = powers, max(-a, -b)
    found = solutions(parse(f"{p}*log(x + {a}) + {q}*log(x + {b}) + {c}").node, X)
    formulas = [middle(f) for f in found]
    at = start + np.geomspace(1e-6, 1e3, 400)

    def value(x: float) -> float:
        return float(p * np.log(x + a) + q * np.log(x + b) + float(c))

    signs = np.sign([value(x) for x in at])
    for i in np.flatnonzero(signs[1:] != signs[:-1]):
        zero = brentq(value, at[i], at[i + 1], xtol=1e-13)
        assert min(abs(x - zero) for x in formulas) <= 1e-8 * max(1.0, abs(zero))


@pytest.mark.parametrize(
    ("written", "roots"),
    [
        ("log(x) + log(x + 1) - 1", ["(sqrt(1 + 4*e) - 1)/2"]),
        ("log(x)/2 - log(x + 3) + 2", ["(exp(4) - 6 - sqrt(exp(8) - 12*exp(4)))/2", "(exp(4) - 6 + sqrt(exp(8) - 12*exp(4)))/2"]),
        ("log(x + 2) - log(x + 1) - log(2)/3", ["(2 - 2^(1/3))/(2^(1/3) - 1)"]),
    ],
)
def test_roots_are_proved_to_be_all(written: str, roots: list[str]) -> None:
    found = zeros(parse(written).node, Place(X, number(0), number(50)))
    assert found.proved
    for one, expected in zip(found.roots, roots, strict=True):
        assert middle(one) == pytest.approx(middle(parse(expected).node), rel=1e-14)


@pytest.mark.parametrize("written", ["log(x) + x", "log(x)*log(x + 1) - 1", "3*log(x) - 1", "log(x) + log(x + 1) + log(x + 2) - 1"])
def test_other_forms_have_no_candidates(written: str) -> None:
    assert solutions(parse(written).node, X) == []


TWO_PRODUCTS = [  # objective, ends, minimiser
    ("x^pi - x", "(0, inf)", "pi^(1/(1 - pi))"),
    ("x^pi - x^e", "[0.1, 2]", "(e/pi)^(1/(pi - e))"),
    ("e^x - x^e", "[0, 5]", "e"),
    ("pi^x - x^pi", "[2.5, 2.9]", "(1 - pi)/log(pi)*lambertw(log(pi)/(1 - pi)*(log(pi)/pi)^(1/(pi - 1)), -1)"),
    ("x^sqrt(2) + 1/x", "(0, inf)", "2^(-1/(2*(sqrt(2) + 1)))"),
]


@pytest.mark.parametrize(("objective", "ends", "minimiser"), TWO_PRODUCTS)
def test_powers_with_exponents_that_are_not_rational(objective: str, ends: str, minimiser: str) -> None:
    answer = solve(define(objective, variables={"x": ends}))
    assert (answer.status, answer.assurance, answer.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    [solution] = answer.solutions
    assert solution.exact is not None
    assert middle(parse(solution.exact["x"]).node) == pytest.approx(middle(parse(minimiser).node), abs=1e-12)
