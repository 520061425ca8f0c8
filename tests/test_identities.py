"""The normal form keeps the value, finds what is 0, and never calls anything else 0."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.arithmetic.balls import value_of
from optbench.exact.numbers import algebraic
from optbench.exact.numbers.identities import is_zero, normal, simplified
from optbench.exact.numbers.sums import TooLarge, quotient_node
from optbench.language.elaborate import parse
from optbench.language.graph import GraphError
from optbench.language.text import text

ZERO = [
    "exp(-2*lambertw(3)) - lambertw(3)^2/9",
    "-1/(2*sqrt(exp(2*lambertw(exp(1/2)/4) - 1))) + log(exp(2*lambertw(exp(1/2)/4) - 1)) + 1",
    "log(-lambertw(-1/6, -1)) + lambertw(-1/6, -1) - log(1/6)",
    "exp(lambertw(-1/6, -1)/2) - sqrt(-1/(6*lambertw(-1/6, -1)))",
    "sin(2*atan(2)) - 4/5",
    "cos(acos((-1 + sqrt(33))/8)/2)^2 - (7 + sqrt(33))/16",
    "cos(pi/7) - cos(2*pi/7) + cos(3*pi/7) - 1/2",
    "sin(7*pi/6) + 1/2",
    "sqrt(2) + sqrt(3) - sqrt(5 + 2*sqrt(6))",
    "cbrt(2 + sqrt(5)) + cbrt(2 - sqrt(5)) - 1",
    "rootof(t^5 - t - 1, 0)^5 - rootof(t^5 - t - 1, 0) - 1",
    "rootof(t^4 - 10*t^2 + 1, 3) - sqrt(2) - sqrt(3)",
    "sinh(log(2)) - 3/4",
    "tanh(log(3)) - 4/5",
    "2^(1/3)*4^(1/3) - 2",
    "log(8)/log(2) - 3",
    "2^sqrt(2) - exp(sqrt(2)*log(2))",
    "(exp(3) - 1)/(exp(2) + e + 1) - e + 1",
    "asin(1/2) - pi/6",
    "acos(-1/2) - 2*pi/3",
    "asinh(3/4) - log(2)",
    "log(3 + 2*sqrt(2)) - 2*log(1 + sqrt(2))",
    "log(2 + e)/2 - log(4 + 4*e + exp(2))/4",
]


@pytest.mark.parametrize("text", ZERO)
def test_zero_is_found_and_a_tiny_number_is_not(text: str) -> None:
    assert is_zero(parse(text).node) is True
    assert is_zero(parse(f"{text} + 1/10^60").node) is False


def test_near_misses_are_not_zero() -> None:
    assert is_zero(parse("exp(pi*sqrt(163)) - 262537412640768744").node) is False
    assert is_zero(parse("sqrt(1000001) + sqrt(1000025) - sqrt(1000031) - sqrt(1000018) + 1/10^400").node) is False


def test_what_is_not_decided_is_not_claimed() -> None:
    assert is_zero(parse("4*atan(1/5) - atan(1/239) - pi/4").node) is None  # Machin's formula


LEAVES = [
    "1",
    "2",
    "1/3",
    "5",
    "sqrt(2)",
    "pi",
    "exp(1/2)",
    "log(3)",
    "lambertw(1/4)",
    "lambertw(-1/6, -1)",
    "atan(2)",
    "cbrt(5)",
    "rootof(t^3 - t - 1, 0)",
]
UNARY = [
    "sqrt({})",
    "exp({})",
    "log({})",
    "sin({})",
    "cos({})",
    "({})^2",
    "1/({})",
    "-({})",
    "({})^(3/2)",
    "abs({})",
    "tan({})",
    "asinh({})",
]
BINARY = ["({})+({})", "({})-({})", "({})*({})", "({})/({})"]

constants = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.builds(lambda f, a: f.format(a), st.sampled_from(UNARY), inner),
        st.builds(lambda f, a, b: f.format(a, b), st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(constants)
def test_the_normal_form_has_the_same_value(text: str) -> None:
    node = parse(text).node
    value = value_of(node, 100)
    if not value.everywhere or not value.is_bounded or abs(value.upper) > 10**30:
        return
    try:
        other = value_of(quotient_node(normal(node)), 100)
    except (TooLarge, GraphError):
        return
    assert other.lower <= value.upper
    assert value.lower <= other.upper
    assert other.width < 1


@settings(max_examples=80, deadline=None)
@given(constants)
def test_simplified_formulas_read_back_and_keep_the_value(text: str) -> None:
    value = value_of(parse(text).node, 100)
    if not value.everywhere or not value.is_bounded:
        return
    other = value_of(parse(f"{simplified(parse(text).node)!r}").node, 100)
    assert other.lower <= value.upper
    assert value.lower <= other.upper


@settings(max_examples=80, deadline=None)
@given(constants, constants)
def test_zero_is_never_claimed_of_a_number_that_is_not(left: str, right: str) -> None:
    node = parse(f"({left}) - ({right})").node
    value = value_of(node, 60)
    if value.everywhere and is_zero(node):
        assert value.contains_zero


@pytest.mark.parametrize("text", ["sqrt(2)", "cbrt(-5)", "cos(pi/9)", "rootof(t^5 - t - 1, 0)", "(1/3)^(5/7)", "sqrt(2 - sqrt(3))/7"])
def test_the_separation_bound_is_below_the_number(text: str) -> None:
    bits = algebraic.separation_bits(parse(text).node)
    assert bits is not None
    value = value_of(parse(f"abs({text})").node, 60)
    assert value.lower > 2.0**-bits


def test_transcendental_numbers_are_not_algebraic() -> None:
    assert not any(algebraic.is_algebraic(parse(text).node) for text in ("pi", "exp(1)", "log(2)", "sin(1)", "2^sqrt(2)"))


@pytest.mark.parametrize(
    ("written", "simpler"),
    [
        ("lambertw(2*log(2))", "log(2)"),
        ("lambertw(3*exp(3))", "3"),
        ("lambertw(-log(2)/2)", "-log(2)"),
        ("lambertw(-log(2)/2, -1)", "-2*log(2)"),
        ("lambertw(-3*exp(-3), -1)", "-3"),
        ("lambertw(-3*exp(-3))", "lambertw(-3*exp(-3))"),
        ("sqrt(3 + 2*sqrt(2))", "sqrt(2) + 1"),
        ("sqrt(5 - 2*sqrt(6))", "-sqrt(2) + sqrt(3)"),
        ("cos(pi/5)", "sqrt(5)/4 + 1/4"),
        ("acos((1 + sqrt(5))/4)", "pi/5"),
        ("atan(2 - sqrt(3))", "pi/12"),
        ("sin(-2*acos(sqrt(33)/8 - 1/8)) - sin(acos(sqrt(33)/8 - 1/8))", "-sqrt((33*sqrt(33) + 207)/128)"),
    ],
)
def test_numbers_are_written_as_a_person_would(written: str, simpler: str) -> None:
    node = parse(written).node
    assert text(simplified(node)) == simpler
    assert value_of(node, 200).lower <= value_of(parse(simpler).node, 200).upper
    assert value_of(parse(simpler).node, 200).lower <= value_of(node, 200).upper


@given(st.fractions(-40, 40, max_denominator=50), st.sampled_from([("asin", "sin"), ("acos", "cos"), ("atan", "tan")]))
def test_inverse_functions_of_angles_are_the_right_angles(c: Fraction, functions: tuple[str, str]) -> None:
    """Against mpmath with 40 digits."""
    inverse, forward = functions
    node = parse(f"{inverse}({forward}({c}))").node
    with mpmath.workdps(40):
        expected = getattr(mpmath, inverse)(getattr(mpmath, forward)(mpmath.mpf(c.numerator) / c.denominator))
        ball = value_of(simplified(node), 120)
        assert abs(mpmath.mpf(ball.lower.str(40, radius=False)) - expected) < 1e-28
    assert inverse not in text(simplified(node))
