"""All real solutions of polynomial equations with rational coefficients, split by algebra until each piece is plain.

A `Branch` is a set of equations and of polynomials that are known not to be 0. It is taken apart by steps each of which
keeps exactly the real solutions: an equation whose left side factors becomes one branch for each factor; a factor that
can't vanish by the signs of its terms goes, and one whose terms all have one sign makes each term 0; an equation
a*v + b = 0 with a known not to be 0 eliminates v. What is left goes to a Groebner basis (python-flint). If the basis has
finitely many solutions, the minimal polynomials of the coordinates (linear algebra in the quotient ring) are factored,
which splits further; where all are irreducible the ideal is radical (Seidenberg's lemma) and its dimension the number of
solutions, so a linear form t whose minimal polynomial has that degree separates them, and all coordinates are
polynomials in t: `Points`. A branch with infinitely many complex solutions is a `Sheet`. So every real solution lies in
one of the results; each of the points is put into the equations again.

>>> ring = Ring(2)
>>> x, y = ring.unknowns
>>> found = solve(ring, [x**2 + y**2 - 5, x * y - 2], [0, 1])
>>> sorted([str(p.number(u, 0).rational) for u in (x, y)] for p in found.points)
[['-1', '-2'], ['-2', '-1'], ['1', '2'], ['2', '1']]

Sources: D. Cox, J. Little, D. O'Shea, Using Algebraic Geometry, 2nd ed. (Springer 2005), chapter 2; F. Rouillier, Solving
zero-dimensional systems through the rational univariate representation, AAECC 9 (1999) 433-461.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from flint import fmpq, fmpz_poly

from optbench.exact.polynomials.ideals import Residues, TooHard, dimension_of, groebner_basis, is_finite
from optbench.exact.polynomials.number_field import RATIONALS, Element, NumberField, primitive, roots_of
from optbench.exact.polynomials.polynomial_ring import (
    Elimination,
    Polynomial,
    Ring,
    Signs,
    coefficients_in,
    distinct,
    irreducible_factors,
    is_in,
    linear_coefficient,
    never_zero,
    only_unknown,
    sign_of_term,
    substituted,
)
from optbench.exact.polynomials.solutions import Points, Sheet, Solutions

MAX_SATURATION = 8  # degree of a product that must not vanish
MAX_COMPOSED = 6  # coefficients of a polynomial that is written out in a linear form
MAX_IMAGE = 40  # degree that an elimination may lead to
_PRIME = (1 << 61) - 1


class OutOfEffort(TooHard):
    """The limits of the whole search are reached."""


@dataclass
class Effort:
    """What may still be spent on the systems of one problem."""

    branches: int = 4000
    seconds: float = 5.0
    began: float = field(default_factory=time.monotonic)

    def spend(self) -> None:
        """Count one branch; raise `TooHard` where the limit is reached."""
        self.branches -= 1
        if self.branches < 0 or time.monotonic() - self.began > self.seconds:
            raise OutOfEffort("there are too many systems of equations for the stationary points")


@dataclass(frozen=True)
class Branch:
    """Equations in the unknowns that are left; `solved` has (v, a, b) for a*v + b = 0, a != 0, in order of elimination."""

    equations: tuple[Polynomial, ...]
    unknowns: frozenset[int]
    nonzero: tuple[Polynomial, ...] = ()
    solved: tuple[Elimination, ...] = ()


def solve(
    ring: Ring,
    equations: Iterable[Polynomial],
    unknowns: Iterable[int],
    nonzero: Sequence[Polynomial] = (),
    signs: Signs | None = None,
    effort: Effort | None = None,
) -> Solutions:
    """Return all real solutions at which no polynomial of `nonzero` is 0 and the unknowns have the given signs.

    Solutions that violate only `signs` may be among them too. Raises `TooHard` beyond the limits.
    """
    return _Search(ring, tuple(unknowns), signs or {}, effort or Effort()).run(tuple(equations), tuple(nonzero))


class _Search:
    def __init__(self, ring: Ring, unknowns: tuple[int, ...], signs: Signs, effort: Effort) -> None:
        self.ring, self.unknowns, self.signs, self.effort = ring, unknowns, signs, effort
        self.found = Solutions([], [])

    def run(self, equations: tuple[Polynomial, ...], nonzero: tuple[Polynomial, ...]) -> Solutions:
        factors = [f for p in nonzero for f in irreducible_factors(p)]
        waiting = [Branch(equations, frozenset(self.unknowns), distinct(factors))]
        while waiting:
            self.effort.spend()
            waiting.extend(reversed(self.split(waiting.pop())))
        self.check(equations)
        return self.found

    def check(self, equations: tuple[Polynomial, ...]) -> None:
        """Each point satisfies all equations modulo a prime: a second way to see that the algebra above has no slip."""
        for points in self.found.points:
            assert points.vanish_modulo(equations, _PRIME)

    def split(self, branch: Branch) -> list[Branch]:
        """Return the branches into which one falls apart; what is solved goes to the results."""
        factored = self.factored(branch)
        if not isinstance(factored, Branch):
            return factored
        branch = factored
        for step in (self.eliminated_by_constant, self.without_real_roots, self.eliminated_by_nonzero):
            after = step(branch)
            if after is not None:
                return after
        if not branch.equations:
            self.finish(branch)
            return []
        if len(branch.unknowns) == 1:
            return self.on_a_line(branch)
        return self.by_groebner_basis(branch)

    # ---- factors and signs -----------------------------------------------------------------------------------------------

    def factored(self, branch: Branch) -> Branch | list[Branch]:
        """Make all equations irreducible; return branches where one of them falls apart, none where there is no solution."""
        kept: list[Polynomial] = []
        choices: list[list[Polynomial]] = []
        for p in branch.equations:
            if not p:
                continue
            if p.is_constant():
                return []
            factors = [f for f in irreducible_factors(p) if not is_in(f, branch.nonzero) and not self.never_zero(f, branch)]
            if not factors:
                return []
            if len(factors) > 1:
                choices.append(factors)
                continue
            terms = self.each_term_zero(factors[0])
            if terms is not None:
                rest = [q for q in branch.equations if q is not p]
                return [replace(branch, equations=(*rest, *terms))]
            kept.append(factors[0])
        kept = list(distinct(kept))
        choices = [c for c in choices if not any(is_in(f, kept) for f in c)]
        if not choices:
            return replace(branch, equations=tuple(kept))
        first = min(choices, key=len)
        rest = [prod(c[1:], start=c[0]) for c in choices if c is not first]
        return [replace(branch, equations=(f, *kept, *rest), nonzero=distinct((*branch.nonzero, *first[:i]))) for i, f in enumerate(first)]

    def never_zero(self, p: Polynomial, branch: Branch) -> bool:
        """Whether all terms have one sign and one of them is not 0."""
        positive = {i for i in range(self.ring.count) if is_in(self.ring.unknowns[i], branch.nonzero)}
        return never_zero(p, self.signs, positive)

    def each_term_zero(self, p: Polynomial) -> list[Polynomial] | None:
        """The terms, without powers, where all have the same sign and so must all be 0; None for a single unknown."""
        seen = 0
        for m, c in p.terms():
            side = sign_of_term(m, c, self.signs)
            if not side or side == -seen:
                return None
            seen = side
        monomials = p.monoms()
        if len(monomials) == 1 and sum(monomials[0]) == 1:
            return None
        return [prod((self.ring.context.gen(i) for i, e in enumerate(m) if e), start=self.ring.constant(1)) for m in monomials]

    # ---- elimination -------------------------------------------------------------------------------------------------------

    def eliminated_by_constant(self, branch: Branch) -> list[Branch] | None:
        """Eliminate an unknown by an equation in which its coefficient is a number."""
        best = None
        for p in branch.equations:
            size = len(p.monoms())
            if best is not None and best[0] <= size:
                continue
            for v in sorted(branch.unknowns):
                a = linear_coefficient(p, v, self.ring)
                if a is not None and a.is_constant() and self.is_cheap(p, v, branch):
                    best = (size, p, v, a)
                    break
        if best is None:
            return None
        _, p, v, a = best
        return self.eliminated(branch, p, v, a)

    def is_cheap(self, p: Polynomial, v: int, branch: Branch) -> bool:
        """Whether the elimination leaves degrees low, or few unknowns."""
        highest = max(int(q.total_degree()) + int(q.degrees()[v]) * (int(p.total_degree()) - 1) for q in branch.equations)
        if len(branch.unknowns) <= 2 or highest > MAX_IMAGE:
            return highest <= MAX_IMAGE
        degree = p.total_degree()
        return degree <= 1 or max(q.degrees()[v] for q in branch.equations) == 1 or (degree == 2 and len(p.monoms()) <= 3)

    def eliminated_by_nonzero(self, branch: Branch) -> list[Branch] | None:
        """Eliminate an unknown by an equation in which its coefficient is known not to be 0."""
        for p in sorted(branch.equations, key=lambda p: len(p.monoms())):
            for v in sorted(branch.unknowns):
                a = linear_coefficient(p, v, self.ring)
                if a is not None and self.is_cheap(p, v, branch) and self.is_known_nonzero(a, branch):
                    return self.eliminated(branch, p, v, a)
        return None

    def is_known_nonzero(self, a: Polynomial, branch: Branch) -> bool:
        return all(is_in(f, branch.nonzero) or self.never_zero(f, branch) for f in irreducible_factors(a))

    def eliminated(self, branch: Branch, p: Polynomial, v: int, a: Polynomial) -> list[Branch]:
        b = p - a * self.ring.unknowns[v]
        side = self.signs.get(v)
        definite = side is not None and b and self.never_zero(b, branch) and self.never_zero(a, branch)
        if side is not None and definite and side * self.definite_sign(a) * self.definite_sign(b) > 0:
            return []  # v = -b/a has the wrong sign
        nonzero = []
        for q in branch.nonzero:
            image = substituted(q, p, v, self.ring)
            if not image:
                return []
            nonzero.extend(irreducible_factors(image))
        rest = tuple(substituted(q, p, v, self.ring) for q in branch.equations if q is not p)
        solved = (*branch.solved, (v, a, b))
        return [replace(branch, equations=rest, unknowns=branch.unknowns - {v}, nonzero=distinct(nonzero), solved=solved)]

    def definite_sign(self, p: Polynomial) -> int:
        return next(sign_of_term(m, c, self.signs) for m, c in p.terms())

    def without_real_roots(self, branch: Branch) -> list[Branch] | None:
        """No branch where an equation in one unknown has no real root of the right sign, or two such contradict."""
        lonely: dict[int, Polynomial] = {}
        for p in branch.equations:
            v = only_unknown(p)
            if v is None:
                continue
            if v in lonely or not self.has_root(v, coefficients_in(p, v)):
                return []  # two irreducible polynomials have no common root
            lonely[v] = p
        return None

    def has_root(self, v: int, coefficients: tuple[int, ...]) -> bool:
        side = self.signs.get(v, 0)
        if len(coefficients) == 2:
            return side * coefficients[0] <= 0
        if coefficients[0] < 0 and (side >= 0 or len(coefficients) % 2):
            return True  # positive far out, negative at 0
        if not side and len(coefficients) % 2 == 0:
            return True
        return any(not side * root < 0 for root in roots_of(coefficients, 64))

    # ---- results -----------------------------------------------------------------------------------------------------------

    def finish(self, branch: Branch) -> None:
        """No equation is left."""
        if branch.unknowns:
            equations = tuple(a * self.ring.unknowns[v] + b for v, a, b in branch.solved)
            self.found.sheets.append(Sheet(equations, branch.nonzero, len(branch.unknowns), True))
        else:
            self.add_points(branch, RATIONALS, {})

    def on_a_line(self, branch: Branch) -> list[Branch]:
        """One unknown is left, with one irreducible equation (two would contradict)."""
        [v], [p] = branch.unknowns, branch.equations
        coefficients = coefficients_in(p, v)
        if len(coefficients) == 2:
            self.add_points(branch, RATIONALS, {v: RATIONALS.element([fmpq(-coefficients[0], coefficients[1])])})
        else:
            number_field = NumberField(coefficients)
            self.add_points(branch, number_field, {v: number_field.element([0, 1])}, Residues(self.ring, [p], [v]))
        return []

    def add_points(self, branch: Branch, number_field: NumberField, known: Mapping[int, Element], algebra: Residues | None = None) -> None:
        """Keep solutions at which nothing vanishes that must not."""
        if not number_field.places:
            return
        points = Points(self.ring, number_field, known, branch.solved, algebra if number_field.degree > 1 else None)
        for i, (_, a, _) in enumerate(branch.solved):
            if Points(self.ring, number_field, known, branch.solved[i + 1 :], points.algebra).vanishes(a):
                return
        if not any(points.vanishes(q) for q in branch.nonzero):
            self.found.points.append(points)

    # ---- Groebner bases ------------------------------------------------------------------------------------------------------

    def by_groebner_basis(self, branch: Branch) -> list[Branch]:
        basis = groebner_basis(self.ring, branch.equations)
        if basis is None:
            return self.by_cases(branch)
        if basis[0].is_constant():
            return []
        unknowns = sorted(branch.unknowns)
        if is_finite(basis, unknowns):
            return self.finitely_many(branch, basis, Residues(self.ring, basis, unknowns))
        if any(self.falls_apart(p, branch) for p in basis):
            return [replace(branch, equations=tuple(basis))]
        return self.saturated(branch, basis) if branch.nonzero else self.sheet(branch, basis, dimension_of(basis, unknowns))

    def falls_apart(self, p: Polynomial, branch: Branch) -> bool:
        factors = irreducible_factors(p)
        return len(factors) > 1 or self.each_term_zero(p) is not None or self.never_zero(p, branch)

    def saturated(self, branch: Branch, basis: Sequence[Polynomial]) -> list[Branch]:
        """Require that nothing of `nonzero` vanishes, by one more unknown w with w*product = 1."""
        product = self.ring.constant(1)
        for q in sorted(branch.nonzero, key=lambda q: (q.total_degree(), len(q.monoms()))):
            if product.total_degree() + q.total_degree() <= MAX_SATURATION or product.is_one():
                product = product * q
        more = groebner_basis(self.ring, [*basis, self.ring.inverse * product - 1])
        unknowns = [*sorted(branch.unknowns), self.ring.count]
        if more is None:
            return self.sheet(branch, basis, dimension_of(basis, sorted(branch.unknowns)))
        if more[0].is_constant():
            return []
        if is_finite(more, unknowns):
            return self.finitely_many(branch, basis, Residues(self.ring, more, unknowns))
        plain = [p for p in more if not p.degrees()[self.ring.count] and not is_in(p, basis)]
        if any(self.falls_apart(p, branch) for p in plain):
            return [replace(branch, equations=(*plain, *basis))]
        return self.sheet(branch, basis, dimension_of(more, unknowns))

    def sheet(self, branch: Branch, basis: Sequence[Polynomial], dimension: int) -> list[Branch]:
        """Infinitely many solutions; go on by cases where the equations are not as many as the codimension."""
        solved = tuple(a * self.ring.unknowns[v] + b for v, a, b in branch.solved)
        for equations in (branch.equations, tuple(basis)):
            if len(equations) == len(branch.unknowns) - dimension:
                self.found.sheets.append(Sheet((*solved, *equations), branch.nonzero, dimension, True))
                return []
        cases = self.cases(replace(branch, equations=tuple(basis)))
        if cases is not None:
            return cases
        self.found.sheets.append(Sheet((*solved, *branch.equations), branch.nonzero, dimension, False))
        return []

    def by_cases(self, branch: Branch) -> list[Branch]:
        cases = self.cases(branch)
        if cases is None:
            raise TooHard("a system of equations for the stationary points is too large for a Groebner basis")
        return cases

    def cases(self, branch: Branch) -> list[Branch] | None:
        """a*v + b = 0: either a = b = 0, or v = -b/a."""
        best = None
        for p in branch.equations:
            for v in branch.unknowns:
                if v < self.ring.count and (a := linear_coefficient(p, v, self.ring)) is not None:
                    cost = (len(p.monoms()), a.total_degree())
                    if best is None or cost < best[0]:
                        best = (cost, p, v, a)
        if best is None:
            return None
        _, p, v, a = best
        rest = tuple(q for q in branch.equations if q is not p)
        zero = replace(branch, equations=(a, p - a * self.ring.unknowns[v], *rest))
        other = replace(branch, nonzero=distinct((*branch.nonzero, *irreducible_factors(a))))
        return [zero, *self.eliminated(other, p, v, a)]

    # ---- finitely many solutions -----------------------------------------------------------------------------------------------

    def finitely_many(self, branch: Branch, basis: Sequence[Polynomial], algebra: Residues) -> list[Branch]:
        """Split by the minimal polynomials of the unknowns; `algebra` may have the unknown w beside those of the branch.

        Where they are irreducible, the ideal is radical; that holds with w too, which is a polynomial in the others.
        """
        minimal: dict[int, tuple[int, ...]] = {}
        for v in sorted(branch.unknowns):
            whole = algebra.minimal_polynomial(algebra.matrix(v))
            factors = _factors(whole)
            real = [f for f in factors if self.has_root(v, f)]
            if not real:
                return []
            if len(real[0]) < len(whole):
                return [replace(branch, equations=(self.composed(f, {v: 1}, algebra), *basis)) for f in real]
            minimal[v] = whole
        return self.separated(branch, basis, algebra, minimal)

    def separated(
        self, branch: Branch, basis: Sequence[Polynomial], algebra: Residues, minimal: Mapping[int, tuple[int, ...]]
    ) -> list[Branch]:
        """The ideal is radical. Find a linear form with different values at all solutions, and the coordinates in it."""
        unknowns = sorted(branch.unknowns)
        for weights in _linear_forms(unknowns):
            matrix = _combined(weights, algebra.matrix)
            whole = minimal[next(iter(weights))] if len(weights) == 1 else algebra.minimal_polynomial(matrix)
            if len(whole) - 1 < algebra.size:
                continue
            factors = _factors(whole)
            real = [f for f in factors if len(f) % 2 == 0 or roots_of(f, 64)]
            if len(factors) > 1:
                return [replace(branch, equations=(self.composed(f, weights, algebra), *basis)) for f in real]
            if real:
                self.add_points(branch, *algebra.coordinates(matrix, whole, unknowns), algebra)
            return []
        raise TooHard("no linear form was found that separates the stationary points")

    def composed(self, coefficients: Sequence[int], weights: Mapping[int, int], algebra: Residues) -> Polynomial:
        """A polynomial in a linear form, up to the equations and a constant factor."""
        if len(coefficients) > MAX_COMPOSED:
            return algebra.composed(coefficients, _combined(weights, algebra.matrix))
        inner, result = _combined(weights, self.ring.context.gen), self.ring.constant(0)
        for c in reversed(coefficients):
            result = result * inner + c
        return result


def _factors(coefficients: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [primitive(f.coeffs()) for f, _ in fmpz_poly(list(coefficients)).factor()[1]]


def _combined(weights: Mapping[int, int], of: Callable[[int], Any]) -> Any:
    first, *others = weights
    return sum((of(v) * weights[v] for v in others), of(first) * weights[first])


def _linear_forms(unknowns: Sequence[int]) -> Iterator[dict[int, int]]:
    """Each unknown alone, then sums with small weights."""
    for v in reversed(unknowns):
        yield {v: 1}
    if len(unknowns) == 1:
        return
    for k in range(1, 40):
        yield {v: (k * i * i + i * (k % 3) + 1) * (-1 if (i + k) % 2 else 1) for i, v in enumerate(unknowns)}
