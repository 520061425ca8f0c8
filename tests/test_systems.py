"""Polynomial systems: all real solutions, compared with what was planted, with substitution, and with numpy's eigenvalues."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optbench.exact.polynomials.ideals import TooHard
from optbench.exact.polynomials.polynomial_ring import Ring
from optbench.exact.polynomials.solutions import Solutions
from optbench.exact.polynomials.systems import solve


def ring_of(count: int) -> tuple[Ring, Any]:
    ring = Ring(count)
    return ring, ring.unknowns


def found(solutions: Solutions, unknowns: Any) -> list[tuple[float, ...]]:
    """All points in floats, ascending."""
    return sorted(
        tuple(float(p.number(u, place).enclosure(80)) for u in unknowns) for p in solutions.points for place in range(p.field.places)
    )


def exact(solutions: Solutions, unknowns: Any) -> list[tuple[Fraction | None, ...]]:
    return sorted(tuple(p.number(u, place).rational for u in unknowns) for p in solutions.points for place in range(p.field.places))  # type: ignore[type-var]


def test_circle_and_hyperbola() -> None:
    ring, (x, y) = ring_of(2)
    solutions = solve(ring, [x**2 + y**2 - 5, x * y - 2], [0, 1])
    assert exact(solutions, (x, y)) == [(-2, -1), (-1, -2), (1, 2), (2, 1)]
    assert not solutions.sheets


def test_only_real_solutions_are_given() -> None:
    ring, (x, y) = ring_of(2)
    assert not solve(ring, [x**2 + y**2 + 1], [0, 1]).points
    solutions = solve(ring, [x**4 - 1, y - x], [0, 1])
    assert exact(solutions, (x, y)) == [(-1, -1), (1, 1)]


def test_solutions_that_are_no_rational_numbers() -> None:
    ring, (x, y) = ring_of(2)
    solutions = solve(ring, [x**2 - 2, y**2 - x * y - 1], [0, 1])
    expected = sorted((s, (s + t * math.sqrt(6)) / 2) for s in (math.sqrt(2), -math.sqrt(2)) for t in (1, -1))
    assert np.allclose(found(solutions, (x, y)), expected)


def test_multiple_solutions_are_given_once() -> None:
    ring, (x, y) = ring_of(2)
    assert exact(solve(ring, [(x - y) ** 2 * (x + y - 2), (x - 1) ** 3], [0, 1]), (x, y)) == [(1, 1)]


def test_what_must_not_vanish_is_left_out() -> None:
    ring, (x, y) = ring_of(2)
    solutions = solve(ring, [x * (x - 1), y * (y - 2)], [0, 1], [x, x - y])
    assert exact(solutions, (x, y)) == [(1, 0), (1, 2)]


def test_signs_leave_solutions_out() -> None:
    """What an unknown known to be positive can't be may be given or not; what it can be must be there."""
    ring, (x, y) = ring_of(2)
    solutions = solve(ring, [x**2 - 4, y - x], [0, 1], (), {0: 1, 1: 1})
    assert (2, 2) in exact(solutions, (x, y))


def test_infinitely_many_solutions_are_a_sheet() -> None:
    ring, (x, y, z) = ring_of(3)
    solutions = solve(ring, [x * y - 1], [0, 1, 2])
    assert [s.dimension for s in solutions.sheets] == [2]
    assert not solutions.points
    both = solve(ring, [x * (y - 1), x * (z**2 - 4)], [0, 1, 2])
    assert {s.dimension for s in both.sheets} == {1, 2}


def test_the_intersections_of_three_spheres() -> None:
    ring, (x, y, z) = ring_of(3)
    spheres = [x**2 + y**2 + z**2 - 3, (x - 1) ** 2 + y**2 + z**2 - 2, x**2 + (y - 1) ** 2 + z**2 - 2]
    assert exact(solve(ring, spheres, [0, 1, 2]), (x, y, z)) == [(1, 1, -1), (1, 1, 1)]


def test_cyclic_roots() -> None:
    """cyclic-3 has six solutions, permutations of the cube roots of unity times each other: none of them is real."""
    ring, (x, y, z) = ring_of(3)
    assert not solve(ring, [x + y + z, x * y + y * z + z * x, x * y * z - 1], [0, 1, 2]).points


def test_katsura() -> None:
    """katsura-2: four solutions, all real; sums and squares as the equations say."""
    ring, (x, y, z) = ring_of(3)
    equations = [x + 2 * y + 2 * z - 1, x**2 + 2 * y**2 + 2 * z**2 - x, 2 * x * y + 2 * y * z - y]
    points = found(solve(ring, equations, [0, 1, 2]), (x, y, z))
    assert len(points) == 4
    for a, b, c in points:
        assert a + 2 * b + 2 * c == pytest.approx(1)
        assert a**2 + 2 * b**2 + 2 * c**2 == pytest.approx(a)
        assert 2 * a * b + 2 * b * c == pytest.approx(b)


def test_too_many_solutions_are_refused_not_guessed() -> None:
    ring, unknowns = ring_of(4)
    equations = [u**6 - 3 * v + 1 for u, v in zip(unknowns, (*unknowns[1:], unknowns[0]), strict=True)]
    with pytest.raises(TooHard):
        solve(ring, equations, [0, 1, 2, 3])


# ---- planted ------------------------------------------------------------------------------------------------------------------------

small = st.integers(-4, 4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(small, min_size=1, max_size=3), st.sets(small, min_size=1, max_size=3), small, small)
def test_grids_after_a_change_of_unknowns(xs: set[int], ys: set[int], a: int, b: int) -> None:
    """p(u) = q(v) = 0 with u = x + a*y, v = y + b."""
    ring, (x, y) = ring_of(2)
    u, v = x + a * y, y + b
    equations = [math.prod([u - c for c in xs], start=ring.constant(1)), math.prod([v - c for c in ys], start=ring.constant(1))]
    expected = sorted((c - a * (d - b), d - b) for c, d in product(xs, ys))
    assert exact(solve(ring, equations, [0, 1]), (x, y)) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(small, min_size=6, max_size=6), st.lists(small, min_size=3, max_size=3))
def test_a_conic_and_a_line_as_the_roots_of_one_polynomial(conic: list[int], line: list[int]) -> None:
    a, b, c, d, e, f = conic
    p, q, r = line
    assume(q != 0)
    ring, (x, y) = ring_of(2)
    equations = [a * x**2 + b * x * y + c * y**2 + d * x + e * y + f, p * x + q * y + r]
    put_in = np.poly1d([-p / q, -r / q])
    whole = a * np.poly1d([1, 0, 0]) + b * np.poly1d([1, 0]) * put_in + c * put_in**2 + d * np.poly1d([1, 0]) + e * put_in + f
    scale = [float(v) for v in (a * q * q - b * p * q + c * p * p, 2 * c * p * r - b * q * r + d * q * q - e * p * q)]
    disc = scale[1] ** 2 - 4 * scale[0] * (c * r * r - e * q * r + f * q * q)
    assume(scale[0] != 0)
    points = found(solve(ring, [g for g in equations if g], [0, 1]), (x, y))
    assert len(points) == (0 if disc < 0 else 1 if disc == 0 else 2)
    for s, t in points:
        assert abs(whole(s)) < 1e-6 * (1 + s * s)
        assert p * s + q * t + r == pytest.approx(0, abs=1e-9 * (1 + abs(s) + abs(t)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(small, min_size=6, max_size=6))
def test_eigenvectors_of_a_symmetric_matrix(entries: list[int]) -> None:
    """A v = t v with v'v = 1 has two solutions for each simple eigenvalue; numpy finds the eigenvalues."""
    a, b, c, d, e, f = entries
    matrix = np.array([[a, b, c], [b, d, e], [c, e, f]], dtype=float)
    values = np.linalg.eigvalsh(matrix)
    assume(min(np.diff(values)) > 1e-3)
    ring, (x, y, z, t) = ring_of(4)
    rows = [a * x + b * y + c * z - t * x, b * x + d * y + e * z - t * y, c * x + e * y + f * z - t * z]
    points = found(solve(ring, [*rows, x**2 + y**2 + z**2 - 1], [0, 1, 2, 3]), (x, y, z, t))
    assert len(points) == 6
    assert np.allclose(sorted(p[3] for p in points), np.repeat(values, 2), atol=1e-6)
    for *v, value in points:
        assert np.allclose(matrix @ np.array(v), value * np.array(v), atol=1e-6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(small, min_size=4, max_size=4), small, small)
def test_the_resultant_has_the_first_coordinates(coefficients: list[int], s: int, t: int) -> None:
    """y = q(x) and p(x, y) = 0: as many points as p(x, q(x)) has real roots, which numpy finds."""
    a, b, c, d = coefficients
    ring, (x, y) = ring_of(2)
    q = np.poly1d([1, s, t])
    whole = np.poly1d([1, 0]) * q + a * q + b * np.poly1d([1, 0, 0]) + c * np.poly1d([1, 0]) + d
    roots = whole.roots
    assume(all(abs(r.imag) < 1e-9 or abs(r.imag) > 1e-3 for r in roots))
    real = sorted(r.real for r in roots if abs(r.imag) < 1e-9)
    assume(all(v - u > 1e-3 for u, v in pairwise(real)))
    points = found(solve(ring, [y - x**2 - s * x - t, x * y + a * y + b * x**2 + c * x + d], [0, 1]), (x, y))
    assert np.allclose([p[0] for p in points], real, atol=1e-6)
