"""A proof that a point is a minimiser by multipliers: with them the Lagrange function is convex and stationary there.

Let L = f + sum l_j*g_j + sum m_i*h_i with l_j >= 0, l_j = 0 unless g_j is 0 at the point x, and gradient 0 at x. If L is
convex on a convex set that contains all feasible points (all points, or those at which the unknowns have their signs),
then f >= L >= L(x) = f(x) at each of them. The functions themselves need not be convex. L is seen to be convex if it is a
quadratic function with a positive semidefinite matrix plus even powers of single unknowns, or any powers of unknowns that
are at least 0, with coefficients that are not negative. All numbers are those of the field of the point.

>>> from optbench.exact.polynomials.number_field import RATIONALS
>>> from optbench.exact.polynomials.polynomial_reader import Fractional, Inequality, Reading
>>> from optbench.exact.polynomials.polynomial_ring import Ring
>>> ring = Ring(2)
>>> x, y = ring.unknowns
>>> disc = Reading(Fractional(2 * x**2 - y**2 + 6 * y, ring.constant(1)), [0, 1], [], [Inequality(x**2 + y**2 - 16)])
>>> at = Points(ring, RATIONALS, {0: RATIONALS.element([0]), 1: RATIONALS.element([-4])})
>>> certified(disc, at, 0)
Certificate(unique=True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import NamedTuple, TypeAlias

from optbench.exact.polynomials.number_field import Element, NumberField
from optbench.exact.polynomials.polynomial_reader import Reading
from optbench.exact.polynomials.polynomial_ring import Polynomial
from optbench.exact.polynomials.solutions import Points

MAX_FIELD = 12  # degree of the numbers
MAX_CHOICES = 200  # sets of active inequalities for which multipliers are tried
Row: TypeAlias = list[Element]
Terms: TypeAlias = dict[tuple[int, ...], Element]


class Certificate(NamedTuple):
    """The point is a global minimiser."""

    unique: bool  # the only one: the quadratic part of L is positive definite


def certified(reading: Reading, points: Points, place: int) -> Certificate | None:
    """Return a certificate for a feasible point, or None."""
    if not reading.objective.bottom.is_constant() or points.field.degree > MAX_FIELD:
        return None
    active = [c.residual for c in reading.inequalities if not points.sign(c.residual, place)]
    for chosen in islice(_choices(active), MAX_CHOICES):
        multipliers = _multipliers(reading, chosen, points, place)
        if multipliers is None:
            continue
        terms = _lagrange_function(reading, chosen, multipliers, points.field)
        definite = _is_convex(terms, reading, points.field, place)
        if definite is not None:
            return Certificate(definite)
    return None


def _choices(active: Sequence[Polynomial]) -> Iterator[tuple[Polynomial, ...]]:
    for size in range(len(active) + 1):
        yield from combinations(active, size)


def _multipliers(reading: Reading, chosen: Sequence[Polynomial], points: Points, place: int) -> list[Element] | None:
    """Multipliers of the chosen inequalities, then of the equalities, with which the gradients cancel that of the top."""
    constraints = [*chosen, *reading.equalities]
    rows = []
    for v in reading.unknowns:
        row = [points.value(g.derivative(v)) for g in constraints]
        rows.append([*row, -points.value(reading.objective.top.derivative(v))])
    solved = _solved(rows, len(constraints), points.field)
    if solved is None or any(points.field.sign(m, place) < 0 for m in solved[: len(chosen)]):
        return None
    return solved


def _solved(rows: list[Row], width: int, field: NumberField) -> list[Element] | None:
    """A solution of linear equations, right-hand sides last, with 0 for what is free; None where there is none."""
    pivots: list[int] = []
    for j in range(width):
        k = next((i for i in range(len(pivots), len(rows)) if rows[i][j]), None)
        if k is None:
            continue
        rows[len(pivots)], rows[k] = rows[k], rows[len(pivots)]
        top = rows[len(pivots)]
        inverse = field.inverse(top[j])
        top[:] = [field.times(c, inverse) for c in top]
        for i, row in enumerate(rows):
            if i != len(pivots) and row[j]:
                factor = row[j]
                row[:] = [a - field.times(factor, b) for a, b in zip(row, top, strict=True)]
        pivots.append(j)
    if any(row[width] for row in rows[len(pivots) :]):
        return None
    solution = [field.element([0])] * width
    for i, j in enumerate(pivots):
        solution[j] = rows[i][width]
    return solution


def _lagrange_function(reading: Reading, chosen: Sequence[Polynomial], multipliers: Sequence[Element], field: NumberField) -> Terms:
    """The top of the objective plus multipliers times constraints, without the constant."""
    total: Terms = {}
    factors = [field.element([1]), *multipliers]
    for p, factor in zip([reading.objective.top, *chosen, *reading.equalities], factors, strict=True):
        for monomial, c in p.terms():
            key = tuple(int(e) for e in monomial)
            if any(key):
                total[key] = total.get(key, field.element([0])) + factor * c
    return {m: c for m, c in total.items() if c}


def _is_convex(terms: Terms, reading: Reading, field: NumberField, place: int) -> bool | None:
    """Whether the matrix is positive definite, of a function that is seen to be convex; None for others."""
    unknowns = list(reading.unknowns)
    matrix = [[field.element([0]) for _ in unknowns] for _ in unknowns]
    for monomial, c in terms.items():
        inside = [v for v in unknowns for _ in range(monomial[v])]
        if len(inside) == 2:
            i, j = map(unknowns.index, inside)
            matrix[i][j] += c
            matrix[j][i] += c
        elif len(inside) > 2 and not _is_convex_power(inside, field.sign(c, place), reading.signs):
            return None
    return _is_definite(matrix, field, place)


def _is_convex_power(inside: Sequence[int], sign: int, signs: Mapping[int, int]) -> bool:
    """c*x^k with the sign of c, k > 2."""
    if len(set(inside)) > 1:
        return False
    return sign > 0 if len(inside) % 2 == 0 else sign == signs.get(inside[0], 0)


def _is_definite(matrix: list[Row], field: NumberField, place: int) -> bool | None:
    """Whether a symmetric matrix is positive definite; None where it is not even semidefinite (by completing squares)."""
    rank = 0
    for i, top in enumerate(matrix):
        side = field.sign(top[i], place)
        if side < 0 or (not side and any(top[i:])):
            return None
        if not side:
            continue
        rank += 1
        inverse = field.inverse(top[i])
        for r in range(i + 1, len(matrix)):
            factor = field.times(matrix[r][i], inverse)
            if factor:
                matrix[r] = [a - field.times(factor, b) for a, b in zip(matrix[r], top, strict=True)]
    return rank == len(matrix)
