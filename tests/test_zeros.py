"""The proof that no zero is missing: it succeeds on planted roots, and never when one of them is withheld."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.exact.line.equation import zeros
from optbench.exact.line.pieces import Place
from optbench.exact.line.zeros import are_all_zeros
from optbench.exact.numbers.simplest_fraction import simplest
from optbench.language.build import multiply, number, subtract, symbol
from optbench.language.elaborate import parse
from optbench.language.graph import Node
from optbench.problem.interval import INFINITY, MINUS_INFINITY

X = symbol("x")
ENDS = {"-inf": MINUS_INFINITY, "inf": INFINITY}


def node(text: str) -> Node:
    return ENDS[text] if text in ENDS else parse(text).node


def place(lower: str, upper: str) -> Place:
    return Place(X, node(lower), node(upper))


@pytest.mark.parametrize(
    ("function", "lower", "upper", "roots"),
    [
        ("x - exp(-x)", "0", "10", ["lambertw(1)"]),
        ("x - exp(-x)", "-inf", "inf", ["lambertw(1)"]),
        ("exp(x) - 3*x", "-inf", "inf", ["-lambertw(-1/3)", "-lambertw(-1/3, -1)"]),
        ("x^2*exp(-x)", "-1", "5", ["0"]),
        ("2*x*log(x) + x", "0", "inf", ["exp(-1/2)"]),
        ("sin(x)", "0", "10", ["pi", "2*pi", "3*pi"]),
        ("sin(x)", "0", "pi", []),
        ("cos(x)", "-pi/2", "pi/2", []),
        ("1 - cos(x)", "-1", "1", ["0"]),
        ("log(1 + 1/x) - 1/(x + 1)", "0", "inf", []),
        ("x*exp(x) - 3*exp(x) + 3", "0", "inf", ["3 + lambertw(-3*exp(-3))"]),
        ("x^5 - x - 1", "-inf", "inf", ["rootof(t^5 - t - 1, 0)"]),
        ("x^2 - 2", "sqrt(2)", "inf", []),
        ("atan(x) - 1/2", "-inf", "inf", ["tan(1/2)"]),
        ("x/sqrt(x^2 + 1) - 1/2", "-inf", "inf", ["sqrt(3)/3"]),
        ("1/x", "0", "inf", []),
        ("log(x)^2", "0", "inf", ["1"]),
    ],
)
def test_all_zeros_are_proved_and_none_can_be_withheld(function: str, lower: str, upper: str, roots: list[str]) -> None:
    where, formulas = place(lower, upper), [node(r) for r in roots]
    assert are_all_zeros(node(function), formulas, where)
    for missing in range(len(formulas)):
        assert not are_all_zeros(node(function), formulas[:missing] + formulas[missing + 1 :], where, 300)


rationals = st.fractions(-5, 5, max_denominator=7)


@settings(max_examples=60, deadline=None)
@given(st.lists(rationals, min_size=1, max_size=4), st.integers(0, 4))
def test_planted_roots_of_products(roots: list[Fraction], withheld: int) -> None:
    function = multiply(*(subtract(X, r) for r in roots), parse("2 + sin(x)").node)
    distinct = [number(r) for r in sorted(set(roots))]
    assert are_all_zeros(function, distinct, place("-6", "6"), 6000)
    if withheld < len(distinct):
        assert not are_all_zeros(function, distinct[:withheld] + distinct[withheld + 1 :], place("-6", "6"), 300)


def test_a_point_that_is_no_zero_is_not_proved() -> None:
    assert not are_all_zeros(node("x - 1"), [node("1 + 1/10^20"), node("1")], place("0", "2"))


def test_infinitely_many_zeros_are_not_proved() -> None:
    assert not are_all_zeros(node("sin(x)"), [node("0")], place("-inf", "inf"), 300)


@pytest.mark.parametrize(
    ("function", "roots", "signs"),
    [
        ("x^3 - x", ["-1", "0", "1"], (-1, 1, -1, 1)),
        ("x^2*(x - 1)", ["0", "1"], (-1, -1, 1)),
        ("exp(x)*(x^2 - 2)", ["-sqrt(2)", "sqrt(2)"], (1, -1, 1)),
        ("x/(x^2 + 1)", ["0"], (-1, 1)),
        ("exp(x) - 2", ["log(2)"], (-1, 1)),
        ("x^2 + 1", [], (1,)),
    ],
)
def test_zeros_and_signs(function: str, roots: list[str], signs: tuple[int, ...]) -> None:
    found = zeros(node(function), place("-inf", "inf"))
    assert found.proved
    assert found.roots == tuple(node(r) for r in roots)
    assert found.signs == signs


@pytest.mark.parametrize(
    ("function", "lower", "upper", "roots"),
    [
        ("atan(x) + x/(1 + x^2) - 2*x", "-1/2", "3", ["0"]),  # threefold
        ("exp(x) - e*log(x) - e", "1/2", "2", ["1"]),  # twofold
        ("sin(x)^2*(exp(x) - 1)*(x - 1/2)", "-1", "1", ["0", "1/2"]),
    ],
)
def test_multiple_zeros_at_simple_numbers_are_found(function: str, lower: str, upper: str, roots: list[str]) -> None:
    found = zeros(node(function), place(lower, upper))
    assert found.proved
    assert found.roots == tuple(node(r) for r in roots)


@given(st.fractions(-100, 100), st.fractions(Fraction(1, 1000), 10))
def test_the_simplest_fraction_lies_between(low: Fraction, width: Fraction) -> None:
    found = simplest(low, low + width)
    assert low <= found <= low + width
    assert found.denominator <= (1 / width).__ceil__() + 1
