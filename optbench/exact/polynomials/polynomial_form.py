"""A problem as polynomials: more unknowns for its roots and absolute values, fractions for its divisions.

`sqrt(u)` becomes an unknown s >= 0 with s^2 = u, `abs(u)` one with s^2 = u^2, `max` and `min` go back to `abs`; an
irrational number such as sqrt(3) is such an unknown, too, and an angle is a point of the circle (see `angles`). So the
points of the problem are those of the polynomial problem. A division stands as a fraction in the reading `plain`, and
what it divides by is one of its `nonzero`. In the reading `closed`, which is for questions of compactness, 1/q is one
more unknown u with u*q = 1: where no comparison is strict, the points of that reading are a closed set. Numbers such as
pi are removed by a change of scale (see `scaling`).

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("minimize", Text("x + sqrt(y)"), constraints=(ConstraintDraft(Text("y/x >= 1/2")),))
>>> form = polynomial_form(validated(draft, open_names=True))
>>> form.plain.equalities, [c.residual for c in form.plain.inequalities], form.plain.nonzero
([x2^2 - x1], [-x2, 2*x0^2 - 4*x0*x1], [x0])
>>> form.closed.equalities, [c.residual for c in form.closed.inequalities]
([x0*x3 - 1, x2^2 - x1], [-x2, -2*x1*x3 + 1])
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from optbench.exact.answer import NotApplicable
from optbench.exact.polynomials.angles import Turning, turning
from optbench.exact.polynomials.polynomial_reader import Places, Reader, Reading, with_one
from optbench.exact.polynomials.polynomial_ring import Polynomial, Ring
from optbench.exact.polynomials.scaling import exponents, weight
from optbench.exact.polynomials.square_sums import completed
from optbench.language.build import multiply, number, power
from optbench.language.graph import Call, Node, Symbol, size, symbols, topological
from optbench.language.squares import sum_of_squares
from optbench.problem.problem import Problem

MAX_NODES = 2_000
_ADDS_UNKNOWN = ("sqrt", "cbrt", "abs", "hypot", "maximum", "minimum", "power", "divide", "pi", "exp", "log")


@dataclass(frozen=True)
class PolynomialForm:
    """A problem in its two readings."""

    ring: Ring
    turning: Turning  # which unknowns are angles
    numbers: dict[Symbol, int]  # the unknowns of the problem that are none
    circles: dict[Symbol, tuple[int, int]]  # cosine and sine of angles
    lines: list[Polynomial]  # for each bound on a sum of angles the sine of its form
    roots: list[int]  # what stands for a root or an absolute value
    plain: Reading
    closed: Reading
    squares: list[Polynomial]  # where the minimand is offset plus a sum of squares: what is squared, in the closed reading
    offset: Fraction | None  # None where it is not seen to be a sum of squares
    scales: list[Scale]  # constants that were removed

    def rescaled(self, place: int, formula: Node) -> Node:
        """Return an unknown from its value in the readings."""
        return multiply(*(power(s.constant, number(s.exponents.get(place, Fraction(0)))) for s in self.scales), formula)

    def rescaled_value(self, formula: Node) -> Node:
        """Return the objective from its value in the readings."""
        return multiply(*(power(s.constant, number(s.of_objective)) for s in self.scales), formula)


class Scale(NamedTuple):
    """A constant k > 0: the unknowns are k^exponent times what the readings have, the objective k^of_objective times that."""

    constant: Node
    exponents: dict[int, Fraction]
    of_objective: Fraction


def polynomial_form(problem: Problem) -> PolynomialForm:
    """Return the problem in polynomials; raise `NotApplicable` where it has functions that they can't express."""
    found = turning(problem)
    nodes = [found.minimand, *(c.residual for c in found.conditions)]
    if sum(map(size, nodes)) > MAX_NODES:
        raise NotApplicable(f"the problem has more than {MAX_NODES} parts")
    more = sum(1 for node in topological(*nodes) if isinstance(node, Call) and node.function in _ADDS_UNKNOWN)
    numbers = [s for s in problem.symbols if s not in found.angles and s not in found.given]
    places = Places(numbers, 2 * more + 2 * len(found.angles) + 16)
    circles = {s: (places(("cos", s)), places(("sin", s))) for s in found.angles}
    plain = Reader(places, found, circles, closed=False)
    closed = Reader(places, found, circles, closed=True)
    squares, offset = _squares(found.minimand, closed)
    lines = [plain.sine_of(bound.form) for bound in found.bounds]
    readings = [reader.reading() for reader in (plain, closed)]
    roots = [place for what, place in places.known.items() if isinstance(what, tuple) and what[0] in ("root", "abs")]
    numbered = {s: places(s) for s in numbers}
    form = PolynomialForm(places.ring, found, numbered, circles, lines, roots, readings[0], readings[1], squares, offset, [])
    for what, place in places.known.items():
        if isinstance(what, tuple) and what[0] == "constant":
            form = _without_constant(form, place, what[1])
    return form


def _without_constant(form: PolynomialForm, place: int, constant: Node) -> PolynomialForm:
    """The form of the problem after the change of scale that removes a constant."""
    polynomials = [p for reading in (form.plain, form.closed) for p in reading.polynomials()] + form.squares
    unknowns = sorted({v for reading in (form.plain, form.closed) for v in reading.unknowns} - {place})
    scale = exponents([p for p in polynomials if p], unknowns, place)
    top, bottom = form.plain.objective
    of_objective = weight(top, scale, place) - weight(bottom, scale, place) if top else Fraction(0)
    keeps_squares = form.offset is not None and (not of_objective or not form.offset)
    return replace(
        form,
        plain=form.plain.with_one(form.ring, place),
        closed=form.closed.with_one(form.ring, place),
        squares=[with_one(form.ring, q, place) for q in form.squares] if keeps_squares else [],
        offset=form.offset if keeps_squares else None,
        scales=[*form.scales, Scale(constant, scale, of_objective)],
    )


def _squares(minimand: Node, reader: Reader) -> tuple[list[Polynomial], Fraction | None]:
    """What is squared in a sum of squares, up to constant factors, and the number beside it."""
    found = completed(minimand)
    squares, offset = ([], None) if found is None else found
    if found is None:
        others = sum_of_squares(minimand)
        if others is not None and not any(r.shape for r in others.residuals):
            squares, offset = [_without_numbers(r) for r in others.residuals], others.offset
    try:
        return [reader(s).top for s in squares], offset
    except NotApplicable:
        return [], offset


def _without_numbers(node: Node) -> Node:
    factors = node.args if isinstance(node, Call) and node.function == "multiply" else (node,)
    return multiply(*(f for f in factors if symbols(f)))
