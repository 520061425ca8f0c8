"""Whether a problem in polynomials has a minimum: lower bounds, and compact sets that must hold one.

>>> from optbench.exact.polynomials.polynomial_form import polynomial_form
>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> form = polynomial_form(validated(ProblemDraft("minimize", Text("(x*y - 1)^2 + x^4 + y^2 - 3")), open_names=True))
>>> is_compact(form), is_compact(form, Fraction(-2)), lower_bound(form).rational
(False, True, Fraction(-3, 1))
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, product
from math import prod

from optbench.exact.polynomials.compact import is_bounded
from optbench.exact.polynomials.ideals import groebner_basis
from optbench.exact.polynomials.number_field import RealNumber, rational_number
from optbench.exact.polynomials.polynomial_form import PolynomialForm
from optbench.exact.polynomials.polynomial_reader import Reading
from optbench.exact.polynomials.polynomial_ring import Polynomial, Ring, sign_of_term, sign_within, substituted
from optbench.exact.polynomials.solutions import Points

MAX_SAMPLES = 3_000


def lower_bound(form: PolynomialForm) -> RealNumber | None:
    """Return a number that the objective is nowhere below, since what it adds to it is never negative."""
    if form.offset is not None:
        return rational_number(form.offset)
    top, bottom = form.closed.objective
    constant = Fraction(0)
    for monomial, c in top.terms():
        if not any(monomial):
            constant = Fraction(int(c), int(bottom.leading_coefficient()))
        elif sign_of_term(monomial, c, form.closed.signs) <= 0:
            return None
    return rational_number(constant)


_HUGE = 10**30  # stands for some bound, which is not computed


def is_compact(form: PolynomialForm, value: Fraction | None = None) -> bool:
    """Return whether it is proved that the feasible points, or those with at most this value, are bounded (and so compact)."""
    ring, plain, closed = form.ring, form.plain, form.closed
    if all(sign_within(q, plain.signs, plain.ends, ring) for q in plain.nonzero):  # then this reading is closed, too
        below = [c.residual for c in plain.inequalities]
        if _is_bounded(ring, plain, plain.equalities, below, plain.unknowns):
            return True
        if value is not None and _is_bounded(ring, plain, plain.equalities, below + _at_most(ring, plain, value), plain.unknowns):
            return True
    below = [c.residual for c in closed.inequalities]
    if value is not None:
        below += [p for q in form.squares for p in (q - _HUGE, -q - _HUGE)]
        below += _at_most(ring, closed, value) + _at_most(ring, plain, value)
    return any(_is_bounded(ring, closed, *parts) for parts in _eliminations(form, below))


def _at_most(ring: Ring, reading: Reading, value: Fraction) -> list[Polynomial]:
    """What is at most 0 where the objective is at most a value; nothing where the sign of its bottom is not known."""
    top, bottom = reading.objective
    side = sign_within(bottom, reading.signs, reading.ends, ring)
    return [side * (top * value.denominator - bottom * value.numerator)] if side else []


def _is_bounded(ring: Ring, reading: Reading, equalities: list[Polynomial], below: list[Polynomial], unknowns: list[int]) -> bool:
    both = [p for q in equalities for p in (q, -q)]
    return is_bounded(ring, unknowns, [*below, *both], {v: s for v, s in reading.signs.items() if v in unknowns})


def _eliminations(form: PolynomialForm, below: list[Polynomial]) -> Iterator[tuple[list[Polynomial], list[Polynomial], list[int]]]:
    """The closed reading as it is, and without unknowns for which an equation gives a polynomial in the others."""
    ring, equalities, unknowns = form.ring, list(form.closed.equalities), list(form.closed.unknowns)
    yield equalities, below, unknowns
    while (found := _given_by_others(equalities, unknowns)) is not None:
        p, v = found
        equalities = [q for q in (substituted(q, p, v, ring) for q in equalities if q is not p) if q]
        below = [substituted(q, p, v, ring) for q in below]
        unknowns = [u for u in unknowns if u != v]
        yield equalities, _with_reduced(ring, equalities, below), unknowns


def _given_by_others(equalities: list[Polynomial], unknowns: list[int]) -> tuple[Polynomial, int] | None:
    """An equation a*v + b = 0 with a number a > 0."""
    for p in sorted(equalities, key=lambda p: p.total_degree()):
        for v in unknowns:
            if p.degrees()[v] == 1 and (a := p.derivative(v)).is_constant():
                return (p if a.leading_coefficient() > 0 else -p), v
    return None


def _with_reduced(ring: Ring, equalities: list[Polynomial], below: list[Polynomial]) -> list[Polynomial]:
    """The inequalities, and the last one modulo the equations."""
    basis = groebner_basis(ring, equalities) if equalities and below else None
    if not basis or not below[-1]:
        return below
    reduced = (below[-1] + ring.mark).reduction_primitive_part(ring.vector(basis))
    scale = reduced.derivative(ring.count + 1)
    return [*below, (reduced - scale * ring.mark) * (1 if scale.leading_coefficient() > 0 else -1)]


def is_undercut(form: PolynomialForm, points: Points, place: int) -> bool:
    """Return whether a sample of the feasible points has a smaller value, so that the point would mislead."""
    at = points.balls(place, 64)
    centre = [float(at[v]) for v in form.plain.unknowns]
    least = float(points.ratio(*form.plain.objective, place, 64))
    margin = 1e-9 * max(1.0, abs(least))
    axes = [[c, c + 1e-2, c - 1e-2, 0.5 * c, 2 * c, c + 1, c - 1, 10.0, -10.0, 1000.0, -1000.0] for c in centre]
    for sample in islice(product(*axes), MAX_SAMPLES):
        here = dict(zip(form.plain.unknowns, sample, strict=True))
        if any(_float_value(c.residual, here) > 0 for c in form.plain.inequalities):
            continue
        bottom = _float_value(form.plain.objective.bottom, here)
        if bottom and _float_value(form.plain.objective.top, here) / bottom < least - margin:
            return True
    return False


def _float_value(p: Polynomial, at: dict[int, float]) -> float:
    return sum((float(int(c)) * prod(at[i] ** int(e) for i, e in enumerate(m) if e) for m, c in p.terms()), 0.0)
