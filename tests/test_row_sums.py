"""Sums over rows of data: what is found to be one is one, row by row, and batches estimate its gradient without bias.

The other side is numpy, with each function written out as a loop over rows, and the gradient of the whole function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.arithmetic import numpy_arrays
from optbench.language.row_sums import RowSum, row_sum
from optbench.problem.library import path
from optbench.problem.problem import Problem
from optbench.problem.reader import read, read_text
from optbench.problem.validate import validated
from optbench.workbench.function import Function
from optbench.workbench.starts import starts

M, K = 12, 3
DATA = f"""
parameters:
  X: "sin([arange(1, {M + 1})^2].T @ [sqrt(arange(1, {K + 1}))])"
  y: "cos(arange(0, {M})^2)"
  t: "arange(1, {M + 1})/4"
  I: {[i % K for i in range(M)]}
"""
X = np.sin(np.outer(np.arange(1, M + 1) ** 2, np.sqrt(np.arange(1, K + 1))))
Y = np.cos(np.arange(M) ** 2)
T = np.arange(1, M + 1) / 4
GROUP = np.arange(M) % K


def softplus(z: Any) -> Any:
    return np.logaddexp(0, z)


Row = Callable[[Any, int], float]
W = "w: {shape: 3, start: 0}"
AB = "a: {}, b: {}"
SUMS: dict[str, tuple[str, Row, Callable[[Any], float]]] = {  # text: variables, g(x, i), rest(x)
    "sum((X @ w - y)^2)": (W, lambda w, i: (X[i] @ w - Y[i]) ** 2, lambda w: 0.0),
    "mean((X @ w - y)^2)/2": (W, lambda w, i: (X[i] @ w - Y[i]) ** 2 / (2 * M), lambda w: 0.0),
    "norm(y - X @ w)^2 + 3*norm(w)^2": (W, lambda w, i: (X[i] @ w - Y[i]) ** 2, lambda w: 3 * w @ w),
    "(y - X @ w) @ (y - X @ w)/7 + abs(w[0])": (W, lambda w, i: (X[i] @ w - Y[i]) ** 2 / 7, lambda w: abs(w[0])),
    "dot(X @ w, X @ w) - 2*dot(y, X @ w)": (W, lambda w, i: (X[i] @ w) ** 2 - 2 * Y[i] * (X[i] @ w), lambda w: 0.0),
    "0.5*(mean(softplus(X @ w)) - mean(y*(X @ w)) + 0.1*sum(w^2))": (
        W,
        lambda w, i: 0.5 * (softplus(X[i] @ w) - Y[i] * (X[i] @ w)) / M,
        lambda w: 0.05 * w @ w,
    ),
    "sum((y[i] - a*exp(-b*t[i]))^2 for i in 0..11)": (AB, lambda x, i: (Y[i] - x[0] * np.exp(-x[1] * T[i])) ** 2, lambda x: 0.0),
    "sum((y - a - b*t)^2)/(1 + a^2) + log(1 + a^2)": (
        AB,
        lambda x, i: (Y[i] - x[0] - x[1] * T[i]) ** 2 / (1 + x[0] ** 2),
        lambda x: np.log(1 + x[0] ** 2),
    ),
    "sum(if(y > a*t, 2, 1)*abs(y - a*t)) + b^2": (
        AB,
        lambda x, i: (2 if Y[i] > x[0] * T[i] else 1) * abs(Y[i] - x[0] * T[i]),
        lambda x: x[1] ** 2,
    ),
    "sum(logsumexp(X*w, axis=1) - y)": (W, lambda w, i: np.log(np.sum(np.exp(X[i] * w))) - Y[i], lambda w: 0.0),
    "sum(sum(X*w, axis=0)^2) + sum((X.T*y)*w[0])": (  # of the first sum the rows are mixed
        W,
        lambda w, i: np.sum(X[i] * Y[i]) * w[0],
        lambda w: np.sum((X.sum(axis=0) * w) ** 2),
    ),
    "mean((y - w[I]*t)^2) + sum(w)": (W, lambda w, i: (Y[i] - w[GROUP[i]] * T[i]) ** 2 / M, lambda w: np.sum(w)),
    "-sum((w @ X.T)*y - softplus((X @ [w].T)[:, 0]))": (W, lambda w, i: softplus(X[i] @ w) - Y[i] * (X[i] @ w), lambda w: 0.0),
}
MIXED = "sum(sum(X*w, axis=0)^2) + sum((X.T*y)*w[0])"
ROW_SUMS = [text for text in SUMS if text != MIXED]


@cache
def problem_of(text: str, variables: str) -> Problem:
    return validated(read_text(f'minimize: "{text}"\nvariables: {{{variables}}}\n{DATA}'))


@cache
def function_of(text: str, casadi: bool) -> Function:
    function = Function(problem_of(text, SUMS[text][0]))
    function.batch_gradient.casadi = casadi
    return function


def found_in(problem: Problem) -> RowSum:
    return row_sum(problem.minimand, problem.symbols)


def value_on(problem: Problem, sums: RowSum, x: Any, rows: Any) -> float:
    """The sum of g over some rows, by the graph."""
    batch = sums.batch(len(rows))
    sources = numpy_arrays.function([c.source for c in batch.columns], [], problem.data)()
    taken = [np.take(v, rows, c.axis) for v, c in zip(sources, batch.columns, strict=True)]
    point = [x] if problem.symbols[0].shape else list(x)
    (value,) = numpy_arrays.function([batch.sum], [*problem.symbols, *(c.placeholder for c in batch.columns)], problem.data)(*point, *taken)
    return float(value)


points = st.lists(st.floats(-2, 2), min_size=K, max_size=K).map(np.array)
orders = st.permutations(range(M))


@pytest.mark.parametrize("text", ROW_SUMS)
@settings(max_examples=20, deadline=None)
@given(points, orders, st.integers(1, M))
def test_rest_and_rows_are_what_the_loop_says_and_add_up_to_the_function(text: str, x: Any, order: list[int], size: int) -> None:
    variables, g, rest = SUMS[text]
    problem = problem_of(text, variables)
    x = x[: problem.dimension]
    sums = found_in(problem)
    assert sums.rows == M
    batches = [order[i : i + size] for i in range(0, M, size)]
    seen = [value_on(problem, sums, x, rows) for rows in batches]
    assert seen == pytest.approx([sum(g(x, i) for i in rows) for rows in batches], rel=1e-12, abs=1e-12)
    assert sum(seen) + rest(x) == pytest.approx(Function(problem).value(x), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("casadi", [True, False])
@pytest.mark.parametrize("text", ROW_SUMS)
@settings(max_examples=20, deadline=None)
@given(points, orders, st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_the_mean_of_the_batch_gradients_of_an_epoch_is_the_gradient(text: str, casadi: bool, x: Any, order: list[int], size: int) -> None:
    x = x[: problem_of(text, SUMS[text][0]).dimension]
    function = function_of(text, casadi)
    batch_gradient = function.batch_gradient
    mean = np.mean([batch_gradient(x, np.array(order[i : i + size])) for i in range(0, M, size)], axis=0)
    assert mean == pytest.approx(function.gradient(x), rel=1e-10, abs=1e-10)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_columns_from_a_table_of_any_size(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, y, w = rng.normal(size=(rows, columns)), rng.normal(size=rows), rng.normal(size=columns)
    table = f"{{A: {A.tolist()}, y: {y.tolist()}}}"
    text = f'minimize: "mean((A @ w - y)^2) + sum(w^2)/5"\nvariables: {{w: {{shape: {columns}}}}}\nparameters: {table}\n'
    function = Function(validated(read_text(text)))
    assert function.rows == rows
    picked = rng.permutation(rows)[: rng.integers(1, rows + 1)]
    expected = 2 * A[picked].T @ (A[picked] @ w - y[picked]) / len(picked) + 2 * w / 5
    assert function.batch_gradient(w, picked) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_one_scalar_unknown_has_floats_for_gradients() -> None:
    function = Function(problem_of("sum((y - a*t)^2)", "a: {}"))
    assert function.scalar
    found = function.batch_gradient(0.5, np.array([3, 7]))
    assert isinstance(found, float)
    assert found == pytest.approx(M / 2 * sum(-2 * T[i] * (Y[i] - 0.5 * T[i]) for i in (3, 7)), rel=1e-12)


def test_a_model_is_a_sum_over_the_rows_of_its_data() -> None:
    problem = validated(read_text("model: {response: y, expr: 'a + b*t'}\nvariables: {a: {}, b: {}}\n" + DATA))
    assert found_in(problem).rows == M


def test_a_maximum_is_one_of_the_opposite() -> None:
    problem = validated(read_text('maximize: "-mean((y - a*t)^2)"\nvariables: {a: {}}\n' + DATA))
    assert found_in(problem).rows == M


def test_of_two_tables_the_longer_one_has_the_rows() -> None:
    problem = validated(read_text('minimize: "sum((arange(50)*a - 1)^2) + sum((y - a*t)^2)"\nvariables: {a: {}}\n' + DATA))
    sums = found_in(problem)
    assert sums.rows == 50
    assert len(sums.summands) == 1
    assert "cos" in str(sums.rest)  # of y


@pytest.mark.parametrize(
    ("text", "variables", "reason"),
    [
        ("sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)", "x: {shape: 9}", "this function is not seen to be one"),
        ("sum((x - y)^2)", "x: {shape: 12}", "the unknown x has an entry for each row"),
        ("max(abs(y - a*t))", "a: {}", "this function is not seen to be one"),
        ("sum(y - a*t)^2", "a: {}", "this function is not seen to be one"),
        ("sum((y - a*t)^2)*sum((y + a*t)^2)", "a: {}", "a part of this function beside the sum goes over the data as well"),
        ("sum((y - a*t)^2) + max(abs(y - a*t))", "a: {}", "a part of this function beside the sum goes over the data as well"),
        ("sum((y - a*(t - mean(a*t)))^2)", "a: {}", "a part of this function beside the sum goes over the data as well"),
        (MIXED, W, "a part of this function beside the sum goes over the data as well"),
        ("a^2 + b^2", AB, "this function is not seen to be one"),
        ("sum(y)*0 + a^2", "a: {}", "this function is not seen to be one"),
    ],
)
def test_what_is_none_has_a_reason(text: str, variables: str, reason: str) -> None:
    function = Function(problem_of(text, variables))
    assert function.rows is None
    assert function.row_sum == reason


WITH_ROWS = (
    "aids_poisson",
    "bard",
    "diabetes_ridge",
    "hartmann_6",
    "iris_logistic",
    "iris_network",
    "lennard_jones_7",
    "longley",
    "stackloss",
)


@pytest.mark.parametrize("casadi", [True, False])
@pytest.mark.parametrize("name", WITH_ROWS)
def test_bundled_problems_with_rows(name: str, casadi: bool) -> None:
    function = Function(validated(read(str(path(name)))))
    assert function.rows is not None
    function.batch_gradient.casadi = casadi
    x = function.space.point(starts(function, 0)[0]) + 0.01
    batches = np.array_split(np.random.default_rng(0).permutation(function.rows), 3)
    mean = sum(len(rows) / function.rows * function.batch_gradient(x, rows) for rows in batches)
    gradient = function.gradient(x)
    assert mean == pytest.approx(gradient, rel=1e-9, abs=1e-9 * np.abs(gradient).max())


def test_a_scalar_problem_is_told_at_once() -> None:
    assert Function(optbench.define("x^2 + y^2")).rows is None
