"""The linear problem of a step, by QR and by singular values: the same minimum, also where columns depend on one another."""

from __future__ import annotations

import numpy as np
import pytest

import optbench
from optbench.methods import levenberg_marquardt
from optbench.result import Result

LINEAR = "sum((A @ x - b)^2)"


def fitted(A: list[list[float]], b: list[float], model: str = LINEAR) -> Result:
    parameters = {"A": A, "b": b}
    start = {"x": [0.0] * len(A[0])}
    problem = optbench.define(model, variables={"x": {"shape": len(A[0])}}, parameters=parameters, start=start)
    return optbench.solve(problem, methods="levenberg-marquardt", exact=False, certify=False)


def data(rows: int, columns: int, rank: int) -> tuple[list[list[float]], list[float]]:
    chance = np.random.default_rng(rows + columns + rank)
    A = chance.normal(size=(rows, rank)).round(2) @ chance.integers(-2, 3, size=(rank, columns))
    return A.round(4).tolist(), chance.normal(size=rows).round(2).tolist()


@pytest.mark.parametrize(("columns", "rank"), [(3, 3), (12, 12), (30, 30), (12, 7), (30, 1)])
def test_the_value_is_that_of_numpy(columns: int, rank: int) -> None:
    A, b = data(40, columns, rank)
    x = np.linalg.lstsq(np.array(A), np.array(b), rcond=None)[0]
    result = fitted(A, b)
    assert result.value == pytest.approx(float(np.sum((np.array(A) @ x - b) ** 2)), rel=1e-8)


@pytest.mark.parametrize("columns", [9, 10, 25])
def test_both_ways_to_solve_it_take_the_same_steps(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    A, b = data(40, columns, columns)
    model = "sum((A @ x + 0.1*sin(A @ x) - b)^2)"
    first = fitted(A, b, model).attempts[0]
    monkeypatch.setattr(levenberg_marquardt, "BY_QR", 10**6)
    second = fitted(A, b, model).attempts[0]
    assert first.value == pytest.approx(second.value, rel=1e-8)
    assert first.iterations == second.iterations


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-3])
def test_small_sums_of_squares_have_as_many_digits_as_large_ones(size: float) -> None:
    """Residuals in a smaller unit: their gradient is below the tolerance long before the parameters have settled."""
    t = np.arange(12) / 3
    noise = np.random.default_rng(1).normal(size=12) / 100
    y = 2 * np.exp(-t / 2) + np.exp(-3 * t) + noise
    model = f"sum(({size!r}*(y - a*exp(-b*t) - c*exp(-d*t)))^2)"
    start = {"a": 1, "b": 0.3, "c": 1, "d": 2}
    problem = optbench.define(model, parameters={"t": t.tolist(), "y": y.tolist()}, start=start)
    result = optbench.solve(problem, methods="levenberg-marquardt", exact=False, certify=False)
    point = result.solutions[0].point
    assert point is not None
    x = np.array([point[name] for name in start])
    fast, slow = np.exp(-x[1] * t), np.exp(-x[3] * t)
    J = np.column_stack((-fast, x[0] * t * fast, -slow, x[2] * t * slow))
    step = np.linalg.lstsq(J, -(y - x[0] * fast - x[2] * slow), rcond=None)[0]  # how far Gauss and Newton would still go
    assert np.max(abs(step / x)) < 1e-5
