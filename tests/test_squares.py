"""Sums of squares are found on the graph, and what is found is the expression again."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.arithmetic import numpy_arrays
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Node
from optbench.language.squares import sum_of_squares
from optbench.problem.library import names, path
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.workbench.function import Function

SYMBOLS = [symbol("x", (3,)), symbol("y")]
SQUARES = {
    "y^2": 1,
    "(y - 1)^2/2 + 3*(y + 2)^4": 2,
    "sum((x[1:] - x[:-1])^2) + 7": 2,
    "x @ x + dot(x - 1, x - 1)": 6,
    "mean((x - y)^2)": 3,
    "2*sum(3*(x - y)^2 + 5*x^4)": 6,
    "(x[0] - 1)^2*(y + 2)^2": 1,
    "-(-(y^2))": 1,
    "sum((x[i] - i)^2 for i in 0..2) + 100*(y - x[0]^2)^2 - 12": 4,
    "norm(x - 2)^2": 3,
}
OTHERS = ["y", "y^3", "y^2 - x[0]^2", "y^2 + y", "exp(y)", "sum(x)", "abs(y)", "y^2*x[0]", "3", "sum(x^2) + cos(y)", "y^2.5"]


DATA = {  # a shape and the entries, row by row
    symbol("w", (3,)): [0.5, 0, 2],
    symbol("s", (3,)): [1, -2, 0.5],
    symbol("p", (3,)): [1, 3, 0.25],
    symbol("A", (2, 3)): [1, 0, 2, 3, 0.5, 4],
}
WEIGHTED = {
    "sum(w*(x - y)^2)": 3,
    "sum(w*p*(x - y)^2/p^3)/2": 3,
    "sum((x - y)^2/s^2)": 3,
    "sum((x - y)^2/p) + w[0]*y^2": 4,
    "sum(((x - y)/s)^2)": 3,
    "dot(w, (x - y)^2)": 3,
    "w @ (x - y)^2 + (x - s) @ (w*(x - s)) + x @ (x/4)": 9,
    "sum(w*(2*(x - y)^2 + (x - p)^2/3))": 6,
    "sum(w)*sum((x - s)^2) + sum(w*sum((x - p)^2))": 6,
    "sum(w*(y - 1)^2)": 3,
    "sum(A*(x - y)^2)": 6,
    "sum((x - s)^2 + 3*(y - 1)^2 + 2)": 4,
    "sum(exp(-s)*abs(s)*(x - y)^2)": 3,
    "norm(sqrt(w)*(x - y))^2 + norm(s*x)^2": 6,
    "sum(w[i]*(x[i] - s[i]*y)^2 for i in 0..2)": 3,
    "sum(w[1:]*(x[1:] - s[1:]*x[:-1])^2)": 2,
    "pi*sum((x - s)^2)/sqrt(2)": 3,
    "sum(abs(x - s)^2)": 3,
    "sum([(y - 1)^2, 2*(x[0] - y)^2])": 2,
    "sum(max(p)*maximum(s, w)*(x - y)^2)": 3,
    "(y - 1)^2/(x[0] + 5)^2": 1,
}
NOT_WEIGHTED = [
    "sum(s*(x - y)^2)",
    "sum((1 - w)*(x - y)^2)",
    "sum(minimum(s, w)*(x - y)^2)",
    "sum(s*(x - y))",
    "sum(w*(x - y)^2 - w*y^2)",
    "-sum(w*(x - y)^2)",
    "sum(sum(A*(x - y)^2, axis=1)*[1, 2])",
]


def expression(text: str) -> Node:
    return parse(text, Scope({s.name: s for s in (*SYMBOLS, *DATA)}, DATA)).node


@pytest.mark.parametrize("text", SQUARES)
@given(values=st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_a_sum_of_squares_is_its_residuals_squared_and_added(text: str, values: list[float]) -> None:
    found = sum_of_squares(expression(text))
    assert found is not None
    evaluate = numpy_arrays.function([expression(text), *found.residuals], SYMBOLS)
    value, *residuals = evaluate(np.array(values[:3]), values[3])
    r = np.concatenate([np.ravel(r) for r in residuals])
    assert len(r) == SQUARES[text]
    assert r @ r + float(found.offset) == pytest.approx(float(value), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("text", WEIGHTED)
@given(values=st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_data_that_are_not_negative_are_weights(text: str, values: list[float]) -> None:
    found = sum_of_squares(expression(text), DATA)
    assert found is not None
    evaluate = numpy_arrays.function([expression(text), *found.residuals], SYMBOLS, DATA)
    value, *residuals = evaluate(np.array(values[:3]), values[3])
    r = np.concatenate([np.ravel(r) for r in residuals])
    assert len(r) == WEIGHTED[text]
    assert r @ r + float(found.offset) == pytest.approx(float(value), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("text", NOT_WEIGHTED)
def test_what_may_be_negative_is_no_weight(text: str) -> None:
    assert sum_of_squares(expression(text), DATA) is None


@pytest.mark.parametrize("text", ["sum(w*(x - y)^2)", "sum((x - y)^2/s^2)", "sum(((x - y)/p)^2) + sum(s^2*x^2)"])
def test_without_values_no_symbol_is_a_weight(text: str) -> None:
    """What is squared may still be divided by a square."""
    found = sum_of_squares(expression(text))
    assert found is None if "w" in text else found is not None


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_not_seen_to_be_one_is_none(text: str) -> None:
    assert sum_of_squares(expression(text)) is None


def test_the_opposite_is_to_be_minimised_where_the_maximum_is_wanted() -> None:
    assert Function(optbench.define("5 - (x - 2)^2", maximize=True)).squares == sum_of_squares(optbench.define("(x - 2)^2 - 5").objective)
    assert Function(optbench.define("(x - 2)^2", maximize=True)).squares is None


def test_weights_come_in_as_roots() -> None:
    found = sum_of_squares(optbench.define("(x - 1)^2/9 + 7/2").objective)
    assert found is not None
    assert (str(found.residuals), found.offset) == ("[1/3*(x - 1)]", Fraction(7, 2))


@pytest.mark.parametrize("name", [name for name in names() if name in ("rosenbrock", "misra1a", "powell_singular", "beale", "himmelblau")])
def test_least_squares_among_the_bundled_problems_are_seen(name: str) -> None:
    """The residuals' derivatives against the gradient: f' is 2 r'J."""
    function = Function(validated(read(str(path(name)))))
    assert function.squares is not None
    x = function.space.point([0.7 + 0.1 * i for i in range(function.dimension)])
    reading = function.least_squares
    r, J = reading.constraints(x), reading.jacobian_sparsity.dense(reading.jacobian(x))
    assert 2 * r @ J == pytest.approx(function.gradient(x), rel=1e-10)
