"""Constants such as pi that a change of scale removes: x = pi^a*y for each unknown, with powers a from linear equations.

A constant k > 0 stands in the polynomials as if it were an unknown. If exponents a can be chosen such that, with x_i =
k^(a_i)*y_i, all terms of each polynomial have the same power of k in front, then each is that power times the polynomial
in y with 1 for k. Since k > 0 that changes no sign and no zero, and the objective by a positive factor only. So the
problem in y, whose coefficients are rational, has the same minimisers up to these factors.

>>> from optbench.exact.polynomials.polynomial_ring import Ring
>>> ring = Ring(3)  # r, h, pi
>>> r, h, k = ring.unknowns
>>> scale = exponents([k * r**2 + k * r * h, k * r**2 * h - 1000], [0, 1], 2)
>>> scale[0], scale[1], weight(k * r**2 + k * r * h, scale, 2)
(Fraction(-1, 3), Fraction(-1, 3), Fraction(1, 3))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from optbench.exact.answer import NotApplicable
from optbench.exact.polynomials.polynomial_ring import Polynomial

Exponents: TypeAlias = dict[int, Fraction]  # of the constant, for each unknown


def exponents(polynomials: Iterable[Polynomial], unknowns: Sequence[int], constant: int) -> Exponents:
    """Return exponents of the constant with which all polynomials are homogeneous; raise `NotApplicable` if there are none."""
    rows = []
    for p in polynomials:
        monomials = [[int(e) for e in m] for m in p.monoms()]
        for m in monomials[1:]:
            difference = [a - b for a, b in zip(m, monomials[0], strict=True)]
            rows.append([*(difference[v] for v in unknowns), -difference[constant]])
    solved = _solved([list(row) for row in {tuple(row) for row in rows}], len(unknowns))
    if solved is None:
        raise NotApplicable("a constant such as pi can't be removed by a change of scale")
    return dict(zip(unknowns, solved, strict=True))


def weight(p: Polynomial, scale: Mapping[int, Fraction], constant: int) -> Fraction:
    """Return the power of the constant that comes out of a polynomial."""
    monomial = p.monoms()[0]
    return int(monomial[constant]) + sum((int(e) * scale[v] for v, e in enumerate(monomial) if e and v != constant), Fraction(0))


def _solved(rows: Sequence[Sequence[int]], width: int) -> list[Fraction] | None:
    """A solution of linear equations, right-hand sides last, with 0 for what is free."""
    if not rows:
        return [Fraction(0)] * width
    reduced, rank = fmpq_mat([[fmpq(c) for c in row] for row in rows]).rref()
    solution = [Fraction(0)] * width
    for i in range(rank):
        pivot = next(j for j in range(width + 1) if reduced[i, j])
        if pivot == width:
            return None
        value = reduced[i, width]
        solution[pivot] = Fraction(int(value.p), int(value.q))
    return solution
