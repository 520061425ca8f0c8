"""Kinks, as the checker takes them away: the smooth expression has the same values in the box, and where none is seen it says so."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.arithmetic.ball_enclosure import between
from optbench.arithmetic.floats import function
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import functions
from optbench.verify import Refused
from optbench.verify.smooth import smooth

X = symbol("x")
KINKED = ("abs", "sign", "relu", "maximum", "minimum", "if", "hypot")
TEXTS = (
    "abs(x - 1/3) + x^2",
    "sign(x)*x + max(x, x^2, 1/2)",
    "min(x, 1 - x) - relu(x - 1/4)",
    "if(x < 1/2, x^2, 1 - x)",
    "if(x < 1/2, if(x > 0, abs(x), 1), relu(-x))*hypot(x, 2)",
    "abs(abs(x) - 1/2)",
)


@pytest.mark.parametrize("text", TEXTS)
@given(st.fractions(-2, 2, max_denominator=60), st.integers(2, 60))
def test_the_smooth_expression_has_the_same_values(text: str, low: Fraction, width: int) -> None:
    node, high = parse(text, Scope({"x": X})).node, low + Fraction(1, width)
    try:
        found = smooth(node, {X: between(low, high)})
    except Refused:
        return
    assert not functions(found) & (set(KINKED) - {"hypot"})
    evaluate = function([node, found], [X])
    for k in range(5):
        kinked, plain = evaluate(float(low + (high - low) * Fraction(2 * k + 1, 10)))
        assert kinked == pytest.approx(plain, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["abs(x)", "sign(x)", "relu(x)", "max(x, 0)", "min(x, x^3)", "if(x > 0, x, 1)", "floor(x)", "ceil(x + 1/2)", "x % 2", "atan2(x, 1)"],
)
def test_a_kink_or_a_jump_in_the_box_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        smooth(parse(text, Scope({"x": X})).node, {X: between(Fraction(-1, 3), Fraction(1, 4))})
