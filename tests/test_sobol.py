"""The Sobol points agree with SciPy's, form nets, and depend on the seed alone."""

from __future__ import annotations

import pytest
from scipy.stats import qmc

from optbench.workbench.sobol import DIMENSIONS, points, sobol


@pytest.mark.parametrize("dimension", range(1, DIMENSIONS + 1))
def test_unshifted_points_are_those_of_scipy(dimension: int) -> None:
    theirs = qmc.Sobol(dimension, scramble=False).random(256)
    assert points(256, dimension) == [tuple(row) for row in theirs.tolist()]


def test_high_indices_agree_with_scipy() -> None:
    theirs = qmc.Sobol(DIMENSIONS, scramble=False, bits=32)
    index = 2**22 - 3  # the step to the next power of two uses a bit of its own
    theirs.fast_forward(index)
    assert [sobol(index + i, DIMENSIONS) for i in range(4)] == [tuple(row) for row in theirs.random(4).tolist()]


def test_a_point_by_its_index_is_that_of_the_list() -> None:
    assert [sobol(index, 7) for index in range(100)] == points(100, 7)


@pytest.mark.parametrize("seed", [None, 0, 1, 2**40])
@pytest.mark.parametrize("m", [0, 1, 2, 5, 8])
def test_each_elementary_interval_holds_one_point_of_a_block(seed: int | None, m: int) -> None:
    block = points(2 * 2**m, 2, seed)[-(2**m) :]
    for j in range(m + 1):  # 2^j columns by 2^(m-j) rows; j = m and j = 0 are the two axes
        cells = {(int(x * 2**j), int(y * 2 ** (m - j))) for x, y in block}
        assert len(cells) == 2**m


@pytest.mark.parametrize("seed", [None, 3])
def test_every_axis_is_stratified(seed: int | None) -> None:
    for axis in zip(*points(64, DIMENSIONS, seed), strict=True):
        assert {int(x * 64) for x in axis} == set(range(64))


@pytest.mark.parametrize("dimension", [1, 5, DIMENSIONS, DIMENSIONS + 1, 200])
def test_the_seed_decides_the_points(dimension: int) -> None:
    assert points(20, dimension, 7) == points(20, dimension, 7) != points(20, dimension, 8)
    assert points(20, dimension) == points(20, dimension)


@pytest.mark.parametrize("dimension", [1, DIMENSIONS, DIMENSIONS + 1])
@pytest.mark.parametrize("seed", [None, 11])
def test_more_points_only_append(dimension: int, seed: int | None) -> None:
    many = points(33, dimension, seed)
    assert [points(count, dimension, seed) for count in range(33)] == [many[:count] for count in range(33)]
    assert all(len(point) == dimension and all(0 <= x < 1 for x in point) for point in many)
