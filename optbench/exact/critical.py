"""Several unknowns under polynomial constraints: all points that can be minimisers, exactly, and the least of them.

`polynomial_form` turns the problem into polynomials, `faces` lists every point at which its minimum can be attained, as
exact algebraic numbers; here the feasible ones are compared. That the least of these is the minimum takes one more proof:
that there is a minimum at all. It is given by `compact` (all feasible points at which the objective is at most that value
are bounded, and they are a closed set, so the objective takes a least value on it), or by a lower bound that the value
reaches (the objective is that number plus a sum of squares, or of terms that are never negative), or by multipliers >= 0
at the point with which the Lagrange function is convex (`certificate`). Otherwise the point is given as `local`.

Comparisons `<` are taken as `<=`, so the set is closed. If a minimiser of that problem satisfies them, it is one of the
problem asked; if none does, the strategy is not applicable. Where all feasible points are bounded and no candidate is
feasible, there is no feasible point.

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("maximize", Text("x*y*z"), constraints=(ConstraintDraft(Text("x^2 + 2*y^2 + 3*z^2 <= 6")),))
>>> answer = solve(validated(draft, open_names=True))
>>> answer.value_exact, answer.assurance.value, answer.complete, len(answer.solutions)
('2*sqrt(3)/3', 'exact', True, 4)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from flint import arb

from optbench.arithmetic.balls import as_fraction
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.numbers.formula import as_float, enclosure
from optbench.exact.numbers.identities import simplified
from optbench.exact.polynomials.angles import angles_at, direction
from optbench.exact.polynomials.attained import is_compact, is_undercut, lower_bound
from optbench.exact.polynomials.certificate import Certificate, certified
from optbench.exact.polynomials.faces import Candidate, constant_value, stationary
from optbench.exact.polynomials.ideals import TooHard
from optbench.exact.polynomials.number_field import RealNumber, compared, rational_number
from optbench.exact.polynomials.polynomial_form import PolynomialForm, polynomial_form
from optbench.exact.polynomials.polynomial_reader import Fractional
from optbench.exact.polynomials.polynomial_ring import Polynomial
from optbench.exact.polynomials.solutions import Points
from optbench.exact.polynomials.systems import solve as solve_system
from optbench.exact.reach import check_reach
from optbench.exact.several import infeasible, solution_at
from optbench.language.graph import Node
from optbench.language.text import text
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

NAME = "critical"
MAX_UNKNOWNS = 6
MAX_NODES = 5_000
MAX_SHOWN = 64
NOT_PROVED = "it is the least of all stationary points, but it is not proved that the function has a minimum"


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the minimum over polynomial constraints; raise `NotApplicable` for other problems and beyond the limits."""
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES, constraints=True)
    form = polynomial_form(problem)
    search = _Search(form)
    if not search.squares_vanish():
        search.compare()
    return _answer(problem, form, search, digits)


@dataclass(frozen=True)
class Point:
    """One candidate: a real root of the field of its conjugates."""

    points: Points
    place: int
    minimand: Fractional
    on_sheet: bool

    def enclosure(self, precision: int) -> arb:
        """Return a ball around the value."""
        return self.points.ratio(*self.minimand, self.place, precision)

    @cached_property
    def exact_value(self) -> RealNumber:
        """The value of the minimand."""
        return self.points.number(self.minimand.top, self.place, self.minimand.bottom)

    def sign(self, p: Polynomial) -> int:
        """Return the sign of a polynomial at the point."""
        return self.points.sign(p, self.place)

    def coordinates(self, unknowns: Sequence[int]) -> tuple[RealNumber, ...]:
        """Return the unknowns as real numbers."""
        return tuple(self.points.number(self.points.ring.unknowns[v], self.place) for v in unknowns)


class Solution(NamedTuple):
    """A candidate as the user sees it; of an angle there may be several."""

    point: Point
    formulas: dict[Node, Node]
    at_end: bool  # an angle is on an end of its range


class _Search:
    """The comparison of all candidates: `best` are the feasible ones with the least value, where `<` counts as `<=`."""

    def __init__(self, form: PolynomialForm) -> None:
        self.form = form
        self.best: list[Point] = []
        self.followed: list[Fraction | None] = []  # values on the sheets that were looked at
        self.doubts: list[str] = []  # why there may be more candidates

    def squares_vanish(self) -> bool:
        """Whether the objective is a sum of squares that are all 0 at some feasible points; these are `best` then."""
        closed = self.form.closed
        if not self.form.squares:
            return False
        try:
            zeros = solve_system(self.form.ring, [*self.form.squares, *closed.equalities], closed.unknowns, (), closed.signs)
        except TooHard:
            return False
        self.take([Candidate(p) for p in zeros.points])
        self.followed = [None for _ in zeros.sheets]
        return bool(self.best)

    def compare(self) -> None:
        """Compare all candidates, then those on sheets that may have a value at most as large."""
        self.followed = []
        found = stationary(self.form.ring, self.form.plain)
        self.take(found.candidates)
        while found.sheets:
            face, sheet = found.sheets.pop()
            value = constant_value(found, face, sheet)
            if value is not None and self.best and compared(rational_number(value), self.best[0].exact_value) > 0:
                continue
            self.followed.append(value)
            known = len(found.candidates)
            found.descend(face, sheet, 1)
            self.take(found.candidates[known:])
        self.doubts = found.doubts

    @property
    def complete(self) -> bool:
        """Whether no sheet can have points with the least value."""
        if self.doubts or any(p.on_sheet for p in self.best):
            return False
        return all(value is not None and rational_number(value) != self.best[0].exact_value for value in self.followed)

    def take(self, candidates: Sequence[Candidate]) -> None:
        points = sorted((p for c in candidates for p in self.points_of(c)), key=lambda p: float(p.enclosure(64)))
        for p in points:
            if self.best and p.enclosure(128) > self.best[0].enclosure(128):
                continue
            if not self.is_feasible(p):
                continue
            order = self.order(p, self.best[0]) if self.best else -1
            if order < 0:
                self.best = [p]
            elif order == 0:
                self.best.append(p)

    def order(self, a: Point, b: Point) -> int:
        """The sign of the difference of values; that they are equal is known from their minimal polynomials."""
        for precision in (256, 1024):
            left, right = a.enclosure(precision), b.enclosure(precision)
            if left < right or right < left:
                return -1 if left < right else 1
        return compared(a.exact_value, b.exact_value)

    def points_of(self, candidate: Candidate) -> Iterator[Point]:
        points, plain = candidate.points, self.form.plain
        if any(points.vanishes(q) for q in plain.nonzero):
            return
        for place in range(points.field.places):
            yield Point(points, place, plain.objective, candidate.on_sheet)

    def is_feasible(self, p: Point) -> bool:
        return all(p.sign(c.residual) <= 0 for c in self.form.plain.inequalities)

    def attained(self) -> list[Solution]:
        """The best points that satisfy the strict comparisons too, and the ranges of angles, each once."""
        kept: dict[tuple[RealNumber, ...], Point] = {}
        places = [*self.form.numbers.values(), *(place for pair in self.form.circles.values() for place in pair)]
        for p in self.best:
            if all(p.sign(c.residual) < 0 for c in self.form.plain.inequalities if c.strict):
                kept.setdefault(p.coordinates(places), p)
        return [solution for place in sorted(kept) for solution in self.solutions_of(kept[place])]

    def solutions_of(self, p: Point) -> Iterator[Solution]:
        form = self.form
        numbers = p.coordinates([*form.numbers.values()])
        formulas: dict[Node, Node] = {
            s: form.rescaled(place, c.formula) for (s, place), c in zip(form.numbers.items(), numbers, strict=True)
        }
        if not form.circles:
            yield Solution(p, formulas, False)
            return
        directions = {s: direction(p.points, c, t, p.place) for s, (c, t) in form.circles.items()}
        turned, all_of_them = angles_at(form.turning, directions, lambda i: p.points.vanishes(form.lines[i]))
        if not all_of_them:
            self.followed.append(None)
        for t in turned:
            yield Solution(p, formulas | t.formulas, t.at_end)


# ---- answers -------------------------------------------------------------------------------------------------------------------


def _answer(problem: Problem, form: PolynomialForm, search: _Search, digits: int) -> ExactAnswer:
    if not search.best:
        return _without_point(form, search)
    attained = search.attained()
    if not attained:
        raise NotApplicable("the least value is approached where a comparison holds with equality that must not")
    point = attained[0].point
    proof = _proof(form, point, not search.doubts)
    if proof is None:
        return _local(problem, form, attained[0], search.doubts, digits)
    complete = (search.complete or proof.unique) and len(attained) <= MAX_SHOWN
    unique = complete and len(attained) == 1
    solutions = tuple(solution_at(problem, a.formulas, _kind(form, a), unique, digits) for a in attained[:MAX_SHOWN])
    return replace(_valued(problem, form, point, digits), solutions=solutions, complete=complete)


def _without_point(form: PolynomialForm, search: _Search) -> ExactAnswer:
    if search.doubts:
        raise NotApplicable(search.doubts[0])
    if is_compact(form):
        return infeasible(NAME, "no point satisfies all constraints: among them would be one with the least value, which is stationary")
    raise NotApplicable("no stationary point satisfies the constraints")


def _valued(problem: Problem, form: PolynomialForm, p: Point, digits: int) -> ExactAnswer:
    value = form.rescaled_value((p.exact_value if problem.sense == "minimize" else p.exact_value.negative).formula)
    value = simplified(value) if form.scales else value
    return ExactAnswer(NAME, Status.OPTIMAL, Assurance.EXACT, text(value), as_float(value), enclosure(value, digits))


def _kind(form: PolynomialForm, solution: Solution) -> str:
    """A point at which a root or absolute value is 0 is a kink."""
    p = solution.point
    if any(not p.sign(form.ring.unknowns[v]) for v in form.roots if v in form.plain.unknowns):
        return "kink"
    held = any(not p.sign(c.residual) for c in form.plain.inequalities)
    return "boundary" if held or solution.at_end else "interior"


def _local(problem: Problem, form: PolynomialForm, solution: Solution, doubts: Sequence[str], digits: int) -> ExactAnswer:
    reason = doubts[0] if doubts else NOT_PROVED
    if form.plain.equalities or is_undercut(form, solution.point.points, solution.point.place):
        raise NotApplicable(reason)
    at = solution_at(problem, solution.formulas, _kind(form, solution), False, digits)
    answer = replace(_valued(problem, form, solution.point, digits), status=Status.LOCALLY_OPTIMAL, assurance=Assurance.LOCAL)
    return replace(answer, reason=reason, solutions=(at,))


def _proof(form: PolynomialForm, p: Point, all_known: bool) -> Certificate | None:
    """A proof that the least of the candidates is the minimum; `all_known`: that there are no other candidates."""
    if p.exact_value == lower_bound(form) or (all_known and is_compact(form, _bound_above(p))):
        return Certificate(unique=False)
    return certified(form.plain, p.points, p.place)


def _bound_above(p: Point) -> Fraction:
    """A fraction that is at least the value, and is negative where that is."""
    if (rational := p.exact_value.rational) is not None:
        return rational
    precision = 64
    while (value := p.enclosure(precision)).contains(0):
        precision *= 2
    return as_fraction(value.upper())
