"""Problems with arrays as people write them in files, from the text to the answer, each against a value known in another way.

The optima are planted: projections onto boxes and bands, linear systems by numpy, configurations of points. Each problem is
solved by several methods, the best point is evaluated again in numpy, and it has the variables' shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.api import method_choice
from optbench.cli.arguments import Flags, of_document
from optbench.result import Result
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.settings import Settings


@dataclass(frozen=True)
class Case:
    text: str
    methods: tuple[str, ...]
    value: float  # the optimum
    point: Mapping[str, Any]  # where it is, if it is unique
    objective: Callable[..., float]  # in numpy, of the variables in order
    violation: Callable[..., Any] = lambda *_: 0.0  # at most 0 where the constraints hold
    tolerance: float = 1e-6


def _pairs(x: np.ndarray, y: np.ndarray) -> float:
    return sum(1 / ((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2) for i in range(4) for j in range(i + 1, 4))


_B = np.array([[1.0, -1, 7], [1 / 3, math.sqrt(2), 9]])
_BAND = np.clip(_B.sum(axis=0), [0, 0, 0], [5, 2, 4])  # what each column adds up to, at best
_IN_BAND = _B + (_BAND - _B.sum(axis=0)) / 2
_I, _J, _D = np.array([0, 1, 2, 3, 3]), np.array([1, 2, 3, 0, 1]), np.array([1.0, 2, 1, -3, 1])
_INCIDENCE = np.vstack((np.eye(4)[_I] - np.eye(4)[_J], np.eye(4) / 10))  # of the arcs, and what pulls to 0
_NODES = np.linalg.lstsq(_INCIDENCE, np.concatenate((_D, np.zeros(4))), rcond=None)[0]
_C = np.array([-1.0, 0.5, 2])
_BENT = np.where(_C < 0, 1 - _C / 2, 1 - _C / 4)  # where each of the two parabolas has its least value with the slope c

CASES = {
    "fixed entries, null ends, a start an entry": Case(
        'minimize: "sum((x - arange(1, 5))^2)"\n'
        "variables: {x: {range: [[0, 2, null, 1], [0, 2, 2.5, null]], start: [0, 1, null, 7], starts: ['arange(4)', [1, 1, 1, 1]]}}",
        ("bfgs", "levenberg-marquardt", "nelder-mead", "scipy-l-bfgs-b"),
        1.25,
        {"x": [0, 2, 2.5, 4]},
        lambda x: float(np.sum((x - np.arange(1, 5)) ** 2)),
    ),
    "index arrays, ranges by expressions, a size by a parameter": Case(
        'minimize: "sum((x[I] - x[J] - d)^2) + sum(x^2)/100"\n'
        'variables: {x: {shape: n, range: ["linspace(-10, -4, n)", "linspace(4, 10, n)"]}}\n'
        "parameters: {n: 4, I: [0, 1, 2, 3, 3], J: [1, 2, 3, 0, 1], d: [1, 2, 1, -3, 1]}",
        ("bfgs", "levenberg-marquardt", "newton", "scipy-trust-constr"),
        float(np.sum((_NODES[_I] - _NODES[_J] - _D) ** 2) + np.sum(_NODES**2) / 100),
        {"x": _NODES},
        lambda x: float(np.sum((x[_I] - x[_J] - _D) ** 2) + np.sum(x**2) / 100),
    ),
    "a matrix between two-sided constraints of arrays": Case(
        'minimize: "sum((A - B)^2)"\n'
        'variables: {A: {shape: [m, "m + 1"], range: ["zeros(2, 3) - 9", [[9, 9, 9], [9, null, 9]]], start: [[1, 1, 1], [2, 2, 2]]}}\n'
        'parameters: {m: 2, B: [[1, -1, 7], ["1/3", "sqrt(2)", 9]]}\n'
        'subject to: {band: "0 <= A[0, :] + A[1, :] <= [5, 2, 4]", other: "sum(A, axis=0) >= -1"}',
        ("casadi-ipopt", "casadi-sqpmethod", "scipy-slsqp"),
        float(np.sum((_IN_BAND - _B) ** 2)),
        {"A": _IN_BAND},
        lambda A: float(np.sum((A - _B) ** 2)),
        lambda A: np.concatenate((-A.sum(axis=0), A.sum(axis=0) - [5, 2, 4])),
    ),
    "a product between two bounds": Case(
        'minimize: "(x - 2)^2 + sum((y - 2)^2)"\nvariables: {x: {start: 1.5}, y: {shape: 1, start: 0.5}}\nsubject to: ["0 <= x*y <= 1"]',
        ("casadi-ipopt", "casadi-sqpmethod", "scipy-slsqp"),
        2.0,  # (x - 2)^2 + (y - 2)^2 = (x + y - 2)^2 + 4 - 2xy, with xy = 1; flat, of fourth order, along the hyperbola
        {},
        lambda x, y: float((x - 2) ** 2 + np.sum((y - 2) ** 2)),
        lambda x, y: np.array([-x * y[0], x * y[0] - 1]),
    ),
    "pairs of points in a disk": Case(
        'minimize: "sum(1/((x[i] - x[j])^2 + (y[i] - y[j])^2) for i in 0..n-1 for j in i+1..n-1)"\n'
        "variables: {x: {shape: n, range: [-1, 1], start: [1, -0.5, -0.5, 0]}, y: {shape: n, range: [-1, 1], start: [0, 0.8, -0.8, 0.1]}}\n"
        'parameters: {n: 4}\nsubject to: ["x^2 + y^2 <= 1"]',
        ("casadi-ipopt", "casadi-sqpmethod"),
        2.5,  # a square: four sides of length sqrt(2), two diagonals of length 2
        {},
        _pairs,
        lambda x, y: x**2 + y**2 - 1,
    ),
    "cases entry by entry": Case(
        'minimize: "sum(if(x > 1, (x - 1)^2, 2*(x - 1)^2) + c*x) + if(y < x[0], 1, 3)*(y - 5)^2"\n'
        "variables: {x: {shape: 3, range: [-9, 9], start: 2}, y: {range: [3, 4], start: 3.5}}\nparameters: {c: [-1, 0.5, 2]}",
        ("bfgs", "gradient-descent", "nelder-mead"),
        float(np.sum(np.where(_BENT > 1, (_BENT - 1) ** 2, 2 * (_BENT - 1) ** 2) + _C * _BENT)) + 3,
        {"x": _BENT, "y": 4},
        lambda x, y: float(np.sum(np.where(x > 1, (x - 1) ** 2, 2 * (x - 1) ** 2) + _C * x) + (1 if y < x[0] else 3) * (y - 5) ** 2),
    ),
    "every entry of a simplex the same": Case(
        'maximize: "sum(log(x))"\nvariables: {x: {shape: 5, range: "(0, inf)", start: "arange(1, 6)/15"}}\nsubject to: ["sum(x) = 1"]',
        ("casadi-ipopt", "casadi-sqpmethod", "scipy-slsqp"),
        -5 * math.log(5),
        {"x": [0.2] * 5},
        lambda x: float(np.sum(np.log(x))),
        lambda x: np.abs([x.sum() - 1]),
    ),
}


def solved(case: Case) -> Result:
    problem = of_document(case.text, Flags())
    return solve(problem, Settings(exact=False, certify=False, methods=tuple(map(method_choice, case.methods))))


@pytest.mark.parametrize("name", CASES)
def test_every_method_finds_the_planted_optimum(name: str) -> None:
    case = CASES[name]
    result = solved(case)
    assert [row.method for row in result.attempts] == list(case.methods)
    for row in result.attempts:
        assert row.value == pytest.approx(case.value, rel=case.tolerance, abs=case.tolerance), row
        assert row.point is not None
        arrays = [np.array(part) for part in row.point.values()]
        assert case.objective(*arrays) == pytest.approx(row.value, rel=1e-9)
        assert np.max(case.violation(*arrays)) <= 1e-6
        for variable, entries in case.point.items():
            assert np.array(row.point[variable]) == pytest.approx(np.array(entries), abs=1e-3)


@pytest.mark.parametrize("name", CASES)
def test_the_answer_has_the_shapes_of_the_variables(name: str) -> None:
    result = solved(CASES[name])
    written = result.to_dict()
    point = written["solutions"][0]["point"]
    for variable, facts in written["problem"]["variables"].items():
        assert list(np.shape(point[variable])) == (facts["shape"] or [])
    assert result.value == pytest.approx(CASES[name].value, rel=1e-6, abs=1e-6)


def test_fixed_entries_stay_exactly_where_they_are() -> None:
    result = solved(CASES["fixed entries, null ends, a start an entry"])
    for row in result.attempts:
        assert row.point is not None
        assert row.point["x"][:2] == [0, 2]


def test_multipliers_of_array_constraints_have_their_shape() -> None:
    result = solved(CASES["a matrix between two-sided constraints of arrays"])
    multipliers = result.solutions[0].multipliers
    excess = _B.sum(axis=0) - _BAND  # the value is the sum of excess^2/2, so it changes by -excess for a unit more
    assert multipliers["band"] == pytest.approx(list(-excess), abs=1e-5)
    assert multipliers["other"] == pytest.approx([0, 0, 0], abs=1e-5)


@given(st.lists(st.floats(-3, 3), min_size=8, max_size=8))
def test_pair_sums_are_double_loops(values: list[float]) -> None:
    """Also where an index begins at the other one, and in the plain floats that small problems are computed with."""
    text = (
        'minimize: "sum((x[i] - y[j])^2*(i + 2*j) for i in 0..n-1 for j in i..n-1) + sum(x[i]*y[j] for i in 0..n-1 for j in 0..i-1)"\n'
        "variables: {x: {shape: n}, y: {shape: n}}\nparameters: {n: 4}"
    )
    function = Function(of_document(text, Flags()))
    x, y = values[:4], values[4:]
    expected = sum((x[i] - y[j]) ** 2 * (i + 2 * j) for i in range(4) for j in range(i, 4))
    expected += sum(x[i] * y[j] for i in range(4) for j in range(i))
    assert function.value(function.space.point(values)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=6))
def test_slices_of_matrices_are_numpys(values: list[float]) -> None:
    text = (
        'minimize: "sum(A[0, 1:]*A[1, :-1]) + sum(A[:, -1]^2) + A[1, 0]*A[-1, 2] + sum(A.T @ A[:, 0]) + max(A[0, ::2]) + sum(A[I, J])"\n'
        "variables: {A: {shape: [2, 3]}}\nparameters: {I: [0, 1, 1], J: [2, 0, 1]}"
    )
    function = Function(of_document(text, Flags()))
    A = np.array(values).reshape(2, 3)
    expected = np.sum(A[0, 1:] * A[1, :-1]) + np.sum(A[:, -1] ** 2) + A[1, 0] * A[-1, 2] + np.sum(A.T @ A[:, 0])
    expected += np.max(A[0, ::2]) + np.sum(A[[0, 1, 1], [2, 0, 1]])
    assert function.value(function.space.point(values)) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


def test_several_starts_of_several_variables_are_taken_together() -> None:
    """From the first start the nearer valley is found, from the second one the deeper."""
    text = 'minimize: "(x^2 - 1)^2 + 0.2*x + sum(y^2)"\nvariables: {{x: {{starts: [{}]}}, y: {{shape: 2, starts: [[0.1, 0.2], [0, 0.1]]}}}}'
    values = []
    for starts in ("1.1", "1.1, -1.1"):
        problem = of_document(text.format(starts), Flags())
        result = solve(problem, Settings(exact=False, certify=False, methods=(method_choice("gradient-descent"),)))
        values.append(result.attempts[0].value)
    valleys = [float(((r**2 - 1) ** 2 + 0.2 * r).real) for r in np.roots([4, 0, -4, 0.2]) if abs(r) > 0.5]
    assert values == pytest.approx([max(valleys), min(valleys)], rel=1e-6)
