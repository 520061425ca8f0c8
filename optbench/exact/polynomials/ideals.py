"""Ideals of polynomials: Groebner bases, and linear algebra modulo an ideal with finitely many solutions.

>>> from optbench.exact.polynomials.polynomial_ring import Ring
>>> ring = Ring(2)
>>> x, y = ring.unknowns
>>> basis = groebner_basis(ring, [x**2 + y**2 - 5, x * y - 2])
>>> residues = Residues(ring, basis, [0, 1])
>>> residues.size, residues.minimal_polynomial(residues.matrix(0))
(4, (4, 0, -5, 0, 1))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from flint import fmpq, fmpq_mat

from optbench.exact.answer import NotApplicable
from optbench.exact.polynomials.number_field import RATIONALS, Element, NumberField, primitive
from optbench.exact.polynomials.polynomial_ring import Polynomial, Ring

_GROEBNER_LIMITS = (250, 600, 6000)  # polynomials, terms of one, bits of a coefficient
MAX_SOLUTIONS = 100  # complex ones of one system


class TooHard(NotApplicable):
    """A system is beyond the limits."""


def groebner_basis(ring: Ring, equations: Sequence[Polynomial]) -> list[Polynomial] | None:
    """Return a basis none of whose leading terms divides another, the smallest first; None beyond the limits."""
    basis, complete = ring.vector(equations).buchberger_naive(limits=_GROEBNER_LIMITS)
    if not complete:
        return None
    ordered = sorted((p for p in basis if p), key=lambda p: sum(p.monoms()[0]))
    kept: list[Polynomial] = []
    for p in ordered:
        if not any(_divides(q.monoms()[0], p.monoms()[0]) for q in kept):
            kept.append(p)
    return kept


def _divides(a: Sequence[int], b: Sequence[int]) -> bool:
    return all(i <= j for i, j in zip(a, b, strict=True))


def is_finite(basis: Sequence[Polynomial], unknowns: Sequence[int]) -> bool:
    """Whether a Groebner basis has finitely many complex solutions: each unknown has a power among the leading terms."""
    leading = [p.monoms()[0] for p in basis]
    return all(any(m[v] == sum(m) for m in leading) for v in unknowns)


def dimension_of(basis: Sequence[Polynomial], unknowns: Sequence[int]) -> int:
    """Return the dimension of the complex solutions: the most unknowns of which no leading term is a product."""
    leading = [{i for i, e in enumerate(p.monoms()[0]) if e} for p in basis]
    for size in range(len(unknowns), 0, -1):
        if any(not any(m <= set(chosen) for m in leading) for chosen in combinations(unknowns, size)):
            return size
    return 0


class Residues:
    """The polynomials modulo an ideal with finitely many solutions, as a vector space over the rational numbers."""

    def __init__(self, ring: Ring, basis: Sequence[Polynomial], unknowns: Sequence[int]) -> None:
        self.ring, self.unknowns = ring, unknowns
        self.basis = ring.vector(basis)
        self.monomials = list(_standard_monomials([p.monoms()[0] for p in basis], unknowns, len(ring.names)))
        self.size = len(self.monomials)
        self.places = {m: k for k, m in enumerate(self.monomials)}
        self.mark = tuple(int(i == len(ring.names) - 1) for i in range(len(ring.names)))
        self.matrices: dict[int, Any] = {}

    def matrix(self, v: int) -> Any:
        """Return the matrix of multiplication by an unknown."""
        if v not in self.matrices:
            rows = []
            for m in self.monomials:
                raised = tuple(e + (i == v) for i, e in enumerate(m))
                if raised in self.places:
                    row = [fmpq(0)] * self.size
                    row[self.places[raised]] = fmpq(1)
                else:
                    row = self.full_row(self.ring.context.from_dict({raised: 1}))
                rows.append(row)
            self.matrices[v] = fmpq_mat(rows)
        return self.matrices[v]

    def row(self, p: Polynomial) -> dict[int, fmpq]:
        """Return the normal form of a polynomial, by places of monomials.

        The reduction loses a factor, which the mark, that no leading term has, keeps.
        """
        terms = dict((p + self.ring.mark).reduction_primitive_part(self.basis).terms())
        scale = terms.pop(self.mark)
        return {self.places[m]: fmpq(c, scale) for m, c in terms.items()}

    def full_row(self, p: Polynomial) -> list[fmpq]:
        """Return the normal form of a polynomial as a vector."""
        row = [fmpq(0)] * self.size
        for k, c in self.row(p).items():
            row[k] = c
        return row

    def multiplication(self, p: Polynomial) -> Any:
        """Return the matrix of multiplication by a polynomial; row k is its product with the k-th monomial."""
        if p.is_constant():
            return fmpq_mat([[fmpq(int(p.leading_coefficient()) if i == j else 0) for j in range(self.size)] for i in range(self.size)])
        return fmpq_mat([self.full_row(p * self.ring.context.from_dict({m: 1})) for m in self.monomials])

    def quotient(self, top: Polynomial, bottom: Polynomial) -> Any:
        """Return the matrix of multiplication by top/bottom."""
        if not top:
            return fmpq_mat(self.size, self.size)
        whole = self.multiplication(top)
        return whole if bottom.is_one() else self.multiplication(bottom).solve(whole)

    def composed(self, coefficients: Sequence[int], matrix: Any) -> Polynomial:
        """Return a polynomial in the element of which a matrix is the multiplication, up to a constant factor."""
        start = fmpq_mat(1, self.size, [int(not any(m)) for m in self.monomials])
        row = fmpq_mat(1, self.size)
        for c in reversed(coefficients):
            row = row * matrix + c * start
        whole = row.numer_denom()[0]
        terms = {m: whole[0, k] for k, m in enumerate(self.monomials) if whole[0, k]}
        if any(m[self.ring.count] for m in terms):
            raise TooHard("a system of equations for the stationary points is too large to be split")
        return self.ring.context.from_dict(terms)

    def minimal_polynomial(self, matrix: Any) -> tuple[int, ...]:
        """Return the minimal polynomial of a matrix of multiplication."""
        return primitive(matrix.minpoly().coeffs())

    def coordinates(self, matrix: Any, minimal: tuple[int, ...], unknowns: Sequence[int]) -> tuple[NumberField, dict[int, Element]]:
        """Return all unknowns as polynomials in the one whose powers span the space."""
        powers = [[fmpq(int(k == self.places[(0,) * len(self.ring.names)])) for k in range(self.size)]]
        for _ in range(self.size - 1):
            powers.append((fmpq_mat([powers[-1]]) * matrix).tolist()[0])
        wanted = [self.full_row(self.ring.context.gen(v)) for v in unknowns]
        solved = fmpq_mat(powers).transpose().solve(fmpq_mat(wanted).transpose())
        number_field = NumberField(minimal) if len(minimal) > 2 else RATIONALS
        return number_field, {v: number_field.element([solved[k, j] for k in range(self.size)]) for j, v in enumerate(unknowns)}


def _standard_monomials(leading: Sequence[tuple[int, ...]], unknowns: Sequence[int], width: int) -> Iterator[tuple[int, ...]]:
    """The monomials that no leading term divides, the lower degrees first."""
    level, total = [(0,) * width], 0
    while level:
        total += len(level)
        if total > MAX_SOLUTIONS:
            raise TooHard(f"a system of equations for the stationary points has more than {MAX_SOLUTIONS} solutions")
        yield from level
        above = {tuple(e + (i == v) for i, e in enumerate(m)) for m in level for v in unknowns}
        level = sorted(m for m in above if not any(_divides(lead, m) for lead in leading))
