"""The two spaces agree in one variable, and each operation with its definition."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optbench.methods.space import Euclidean, Line, Space

numbers = st.floats(-1e6, 1e6)
vectors = arrays(float, 3, elements=numbers)
LINE, ONE, THREE = Line(), Euclidean(1), Euclidean(3)


def same(of_line: object, of_array: object) -> bool:
    """Whether a float (or bool) and an array with one entry, or two scalars, are equal."""
    return bool(np.ravel(np.asarray(of_array)).tolist() == pytest.approx([of_line], rel=1e-15))


@given(numbers, numbers)
def test_in_one_variable_both_spaces_agree(a: float, b: float) -> None:
    A, B = ONE.point([a]), ONE.point([b])
    for name in ("dot", "minimum", "maximum", "outer", "equal"):
        assert same(getattr(LINE, name)(a, b), getattr(ONE, name)(A, B)), name
    for name in ("norm", "max_abs", "is_finite", "copy", "coordinates"):
        assert same(np.ravel(getattr(LINE, name)(a))[0], getattr(ONE, name)(A)), name
    assert same(LINE.clip(a, -1.0, 1.0), ONE.clip(A, ONE.full(-1.0), ONE.full(1.0)))
    assert same(LINE.mean([a, b]), ONE.mean([A, B]))
    H = A.reshape(1, 1)
    assert same(LINE.times(a, b), ONE.times(H, B))
    assert same(LINE.add_to_diagonal(a, 2.0), ONE.add_to_diagonal(H, 2.0))
    assert same(LINE.smallest_diagonal(a), ONE.smallest_diagonal(H))
    for mask in (True, False):
        assert same(LINE.masked(a, mask), ONE.masked(A, np.array([mask])))
        assert same(LINE.restricted(a, mask, 3.0), ONE.restricted(H, np.array([mask]), 3.0))
        assert LINE.all(mask) == ONE.all(np.array([mask]))
    solved = ONE.cholesky_solve(H, B)
    assert (solved is None) == (LINE.cholesky_solve(a, b) is None)
    assert solved is None or same(LINE.cholesky_solve(a, b), solved)


@given(st.sampled_from([0.0, 1e-4, 0.5, 1.0]), st.sampled_from([-1.0, 0.0, 1.0]), st.sampled_from([0.0, 1e-3]), st.booleans())
def test_what_a_bound_holds_back_is_not_free(x: float, g: float, margin: float, fixed: bool) -> None:
    lower, upper = (x, x) if fixed else (0.0, 1.0)
    held = (x <= lower + margin and g > 0) or (x >= upper - margin and g < 0) or fixed
    assert LINE.free(x, g, lower, upper, margin) is not held
    mask = ONE.free(ONE.full(x), ONE.full(g), ONE.full(lower), ONE.full(upper), ONE.full(margin))
    assert mask.tolist() == [not held]


@given(vectors, vectors)
def test_vectors(a: np.ndarray, b: np.ndarray) -> None:
    assert THREE.dot(a, b) == pytest.approx(sum(p * q for p, q in zip(a, b, strict=True)), rel=1e-12, abs=1e-3)
    assert THREE.norm(a) == pytest.approx(math.hypot(*a), rel=1e-14)
    assert THREE.max_abs(a) == max(map(abs, a))
    assert THREE.outer(a, b).tolist() == [[p * q for q in b] for p in a]
    assert THREE.times(THREE.outer(a, b), b) == pytest.approx(a * float(b @ b), rel=1e-12, abs=1e-3)
    assert sum(a[i] * THREE.unit(i) for i in range(3)).tolist() == a.tolist()
    assert THREE.times(THREE.identity(), a).tolist() == a.tolist()


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_norm_neither_overflows_nor_underflows(scale: float) -> None:
    with np.errstate(over="ignore"):
        assert THREE.norm(scale * THREE.point([1, 2, 2])) == pytest.approx(3 * scale, rel=1e-15)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_seen(bad: float) -> None:
    assert not LINE.is_finite(bad)
    with np.errstate(invalid="ignore"):
        assert not THREE.is_finite(THREE.point([1, bad, 1e308]))
        assert not THREE.is_finite(np.diag([1, bad, 2]))
    assert THREE.is_finite(THREE.point([1e308, 1e308, 1e308]))
    with np.errstate(over="ignore"):
        assert THREE.is_finite(np.full((3, 3), 1e308))


@given(arrays(float, (3, 3), elements=st.floats(-5, 5)), vectors)
def test_only_positive_definite_systems_are_solved(A: np.ndarray, b: np.ndarray) -> None:
    definite = A @ A.T + 0.1 * np.eye(3)
    x = THREE.cholesky_solve(definite, b)
    assert x is not None
    assert definite @ x == pytest.approx(b, rel=1e-6, abs=1e-6 * (1 + np.abs(b).max()))
    largest = np.linalg.eigvalsh(definite)[-1]
    assert THREE.cholesky_solve(definite - 1.01 * largest * np.eye(3), b) is None


@pytest.mark.parametrize("H", [np.zeros((3, 3)), np.diag([1.0, 1.0, 1e-17]), np.full((3, 3), math.nan), np.ones((3, 3))])
def test_singular_systems_are_not_solved(H: np.ndarray) -> None:
    with np.errstate(invalid="ignore"):
        assert THREE.cholesky_solve(H, np.ones(3)) is None


@given(vectors, vectors)
def test_the_bfgs_update_is_the_product_formula(s: np.ndarray, y: np.ndarray) -> None:
    """(6.17) of Nocedal & Wright as printed, the secant equation H y = s with it."""
    s, y = s / 1e6, s / 1e6 + 0.3 * y / 1e6
    sy = float(s @ y)
    if sy < 1e-3:
        return
    H, rho, eye = np.diag([1.0, 2.0, 3.0]), 1 / sy, np.eye(3)
    printed = (eye - rho * np.outer(s, y)) @ H @ (eye - rho * np.outer(y, s)) + rho * np.outer(s, s)
    updated = THREE.bfgs_update(H.copy(), s, y, sy)
    size = np.abs(printed).max()
    assert updated == pytest.approx(printed, abs=1e-10 * size)
    assert updated @ y == pytest.approx(s, abs=1e-10 * size)
    assert updated == pytest.approx(updated.T, abs=1e-15 * size)


@pytest.mark.parametrize("space", [LINE, THREE])
def test_restriction_and_regularisation_leave_the_matrix_alone(space: Space) -> None:
    H = space.identity()
    space.add_to_diagonal(H, 5.0)
    space.restricted(H, space.free(space.full(0.0), space.full(1.0), space.full(0.0), space.full(1.0)), 7.0)
    assert np.array_equal(H, space.identity())


def test_one_variable_needs_no_numpy() -> None:
    code = """
import math, random, sys
from optbench.methods.options import read_options
from optbench.methods.registry import methods
from optbench.methods.space import Line
class Parabola:
    space, lower, upper, tolerance = Line(), -math.inf, 5.0, 1e-8
    value = staticmethod(lambda x: (x - 2) ** 2)
    gradient = staticmethod(lambda x: 2 * (x - 2))
    hessian = staticmethod(lambda x: 2.0)
    project = staticmethod(lambda x: min(x, 5.0))
    is_stationary = staticmethod(lambda x, value, gradient: abs(gradient) < 1e-6)
    random = staticmethod(lambda: random.Random(0))
for name, method in methods().items():
    if method.library or {"residuals", "batches"} & method.uses:
        continue
    path = []
    method.run(Parabola(), 1.0, read_options(method, {}), lambda x, value: path.append(x))
    assert abs(path[-1] - 2) < 1e-5, (name, path[-1])
assert not {"numpy", "scipy", "casadi"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
