"""Solutions of polynomial equations: conjugate points, and sheets of infinitely many.

>>> from optbench.exact.polynomials.ideals import Residues
>>> from optbench.exact.polynomials.polynomial_ring import Ring
>>> ring = Ring(2)
>>> x, y = ring.unknowns
>>> field = NumberField([-2, 0, 1])  # x^2 = 2, and y = 3/x
>>> points = Points(ring, field, {0: field.element([0, 1])}, [(1, x, ring.constant(-3))], Residues(ring, [x**2 - 2], [0]))
>>> [points.number(x + y, place).formula for place in (0, 1)], points.vanishes(x * y - 3)
([-5*sqrt(2)/2, 5*sqrt(2)/2], True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from flint import arb, ctx, nmod_poly

from optbench.exact.answer import NotApplicable
from optbench.exact.polynomials.ideals import Residues
from optbench.exact.polynomials.number_field import Element, NumberField, RealNumber, rational_number, roots_of
from optbench.exact.polynomials.polynomial_ring import Elimination, Polynomial, Ring, ball_at, eliminated_from, value_at

PRECISIONS = (128, 384, 1152, 3456, 10368)


class Points:
    """Conjugate solutions: one for each real root t of the field's polynomial.

    The unknowns that are left in `algebra` are polynomials in t; `solved` has (v, a, b) with a*v + b = 0, a != 0, for the
    others, in the order in which they were eliminated.
    """

    def __init__(
        self,
        ring: Ring,
        number_field: NumberField,
        coordinates: Mapping[int, Element],
        solved: Sequence[Elimination] = (),
        algebra: Residues | None = None,
    ) -> None:
        self.ring, self.field, self.coordinates, self.solved, self.algebra = ring, number_field, dict(coordinates), tuple(solved), algebra
        self._balls: dict[tuple[int, int], dict[int, arb]] = {}

    def with_more(self, solved: Sequence[Elimination]) -> Points:
        """Return the points with unknowns that were eliminated before."""
        return Points(self.ring, self.field, self.coordinates, (*solved, *self.solved), self.algebra)

    def balls(self, place: int, precision: int) -> dict[int, arb]:
        """Return enclosures of all unknowns at one of the solutions."""
        if (place, precision) not in self._balls:
            at = {i: self.field.enclosure(c, place, precision) for i, c in self.coordinates.items()}
            with ctx.workprec(precision):
                for v, a, b in reversed(self.solved):
                    at[v] = -ball_at(b, at, precision) / ball_at(a, at, precision)
            self._balls[place, precision] = at
        return self._balls[place, precision]

    def ball(self, p: Polynomial, place: int, precision: int = 128) -> arb:
        """Return an enclosure of the value of a polynomial at one of the solutions."""
        return ball_at(p, self.balls(place, precision), precision)

    def ratio(self, top: Polynomial, bottom: Polynomial, place: int, precision: int) -> arb:
        """Return an enclosure of top/bottom at one of the solutions."""
        with ctx.workprec(precision):
            return self.ball(top, place, precision) / self.ball(bottom, place, precision)

    def sign(self, p: Polynomial, place: int) -> int:
        """Return the sign of a polynomial at one of the solutions."""
        for precision in PRECISIONS:
            ball = self.ball(p, place, precision)
            if not ball.contains(0):
                return 1 if ball > 0 else -1
            if precision == PRECISIONS[0] and self.vanishes(p):
                return 0
        raise NotApplicable("a number is too close to 0 to tell its sign")

    def vanishes(self, p: Polynomial) -> bool:
        """Whether a polynomial is 0 at the solutions (at one of them and so at all, since t has no smaller polynomial)."""
        if not self.ball(p, 0).contains(0):
            return False
        top, _ = eliminated_from(p, self.ring.constant(1), self.solved, self.ring)
        return not (self.algebra.row(top) if self.algebra else any(value_at(top, self.coordinates, self.field).coeffs()))

    def number(self, top: Polynomial, place: int, bottom: Polynomial | None = None) -> RealNumber:
        """Return the value of top/bottom at one of the solutions."""
        top, bottom = eliminated_from(top, self.ring.constant(1) if bottom is None else bottom, self.solved, self.ring)
        if self.algebra is None:
            value = [value_at(p, self.coordinates, self.field)[0] for p in (top, bottom)]
            return rational_number(value[0] / value[1])
        minimal = self.algebra.minimal_polynomial(self.algebra.quotient(top, bottom))
        if len(minimal) == 2:
            return RealNumber(minimal, 0)
        for precision in PRECISIONS:
            ball = self.ratio(top, bottom, place, precision)
            near = [k for k, root in enumerate(roots_of(minimal, precision)) if root.overlaps(ball)]
            if len(near) == 1:
                return RealNumber(minimal, near[0])
        raise NotApplicable("the roots of a polynomial are too close to each other")

    def value(self, p: Polynomial) -> Element:
        """Return the value of a polynomial as an element of the field, which is slow in fields of high degree."""
        for v, a, b in reversed(self.solved):
            if v not in self.coordinates:
                bottom = self.field.inverse(value_at(a, self.coordinates, self.field))
                self.coordinates[v] = self.field.times(-value_at(b, self.coordinates, self.field), bottom)
        return value_at(p, self.coordinates, self.field)

    def vanish_modulo(self, polynomials: Iterable[Polynomial], prime: int) -> bool:
        """Whether the values are 0 modulo a prime number, as they must be where they are 0; True where that can't be computed."""
        try:
            modulus = _modulo(self.field.modulus, prime)
            at = {i: _modulo(c, prime) for i, c in self.coordinates.items()}
        except ValueError:
            return True
        images = (eliminated_from(p, self.ring.constant(1), self.solved, self.ring)[0] for p in polynomials)
        return not any(_value_modulo(p, at, modulus, prime) for p in images)


class Sheet(NamedTuple):
    """Infinitely many complex solutions: where all equations are 0 and no polynomial of `nonzero` is."""

    equations: tuple[Polynomial, ...]
    nonzero: tuple[Polynomial, ...]
    dimension: int
    regular: bool  # there are as many equations as unknowns without the dimension (a complete intersection)


class Solutions(NamedTuple):
    """Every real solution lies in one of these."""

    points: list[Points]
    sheets: list[Sheet]


def _modulo(a: Element, prime: int) -> nmod_poly:
    """The coefficients modulo a prime number; raises `ValueError` where a denominator has no inverse."""
    return nmod_poly([int(c.p) * pow(int(c.q), -1, prime) % prime for c in a.coeffs()], prime)


def _value_modulo(p: Polynomial, at: Mapping[int, nmod_poly], modulus: nmod_poly, prime: int) -> bool:
    """Whether the value is not 0."""
    total = nmod_poly([0], prime)
    for m, c in p.terms():
        term = nmod_poly([int(c)], prime)
        for i, e in enumerate(m):
            for _ in range(int(e)):
                term = term * at[i] % modulus
        total = total + term
    return any(int(c) for c in (total % modulus).coeffs())
