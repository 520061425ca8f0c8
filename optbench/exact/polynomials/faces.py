"""Where the minimum of a fraction of polynomials over polynomial constraints can lie: one system for each set of active ones.

Let x be a minimiser, and A the set of all inequalities that are 0 at x. Near x the points at which the equalities and
those in A are 0 are feasible, so x minimises the objective over them too, and the gradients of the objective and of these
equations are linearly dependent at x (Lagrange, and Fritz John where the equations' gradients themselves depend on each
other; no sign of a multiplier is used). So `stationary` visits every set A of inequalities (`Face`), and solves there:
equations = 0, all maximal minors of the gradients = 0. Linear equations eliminate an unknown first, which only changes
the generators. Inequalities outside of A are not 0 at x, so factors of theirs are dropped, unless the equations alone
have finitely many solutions: these cover the larger sets, too, and the visit ends there.

A system may have infinitely many complex solutions, a `Sheet` W with as many equations as its codimension. Among the
minimisers near x let x be the one with the least first coordinate, of these with the least second one, and so on. Near x
the points of W are feasible. If the equations' gradients are independent at x, W is a manifold there, on which x
minimises the objective; otherwise they depend on each other. So the minors of these gradients and the objective's vanish
at x. If they vanish on all of W, the objective is constant on W near x, and x minimises the first coordinate there, so
the minors with that gradient vanish, and so on. `descend` adds these minors until finitely many points are left.
If the minimisers are a compact set, each of its connected parts has such an x; a point that is isolated among the
minimisers is one itself.

>>> from optbench.exact.polynomials.polynomial_reader import Fractional, Inequality, Reading
>>> ring = Ring(2)
>>> x, y = ring.unknowns
>>> circle = Reading(Fractional(x + y, ring.constant(1)), [0, 1], [], [Inequality(x**2 + y**2 - 2)])
>>> [c.points.number(x + y, 0).rational for c in stationary(ring, circle).candidates]
[Fraction(2, 1), Fraction(-2, 1)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from math import comb, gcd
from typing import NamedTuple

from optbench.exact.polynomials.ideals import TooHard, groebner_basis
from optbench.exact.polynomials.polynomial_reader import Fractional, Reading
from optbench.exact.polynomials.polynomial_ring import Elimination, Polynomial, Ring, Signs, irreducible_factors, never_zero, substituted
from optbench.exact.polynomials.solutions import Points, Sheet, Solutions
from optbench.exact.polynomials.systems import Effort, OutOfEffort, solve

MAX_MINORS = 120
MAX_DEGREE = 60
MAX_DEPTH = 12


class Candidate(NamedTuple):
    """Conjugate points that may be minimisers."""

    points: Points
    on_sheet: bool = False  # one of infinitely many with this value


@dataclass(frozen=True)
class Face:
    """The points at which some inequalities are 0; linear equations have eliminated unknowns."""

    unknowns: tuple[int, ...]
    objective: Fractional
    equations: tuple[Polynomial, ...] = ()
    others: tuple[tuple[int, Polynomial], ...] = ()  # numbered inequalities: residual <= 0
    nonzero: tuple[Polynomial, ...] = ()
    solved: tuple[Elimination, ...] = ()  # with numbers a


@dataclass
class Stationary:
    """All candidates; on the `sheets` that are left the objective is constant near each point."""

    ring: Ring
    unknowns: Sequence[int]
    signs: Signs
    effort: Effort
    candidates: list[Candidate] = field(default_factory=list)
    sheets: list[tuple[Face, Sheet]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)  # systems beyond the limits: candidates may be missing

    def descend(self, face: Face, sheet: Sheet, level: int = 0) -> None:
        """Take the candidates on a sheet, as far as the limits allow."""
        try:
            descend(self, face, sheet, level)
        except TooHard as reason:
            self.doubts.append(str(reason))


def stationary(ring: Ring, reading: Reading, effort: Effort | None = None) -> Stationary:
    """Return the candidates for the minimisers of a problem in polynomials; raise `TooHard` beyond the limits."""
    found = Stationary(ring, reading.unknowns, reading.signs, effort or Effort())
    residuals = tuple(enumerate(c.residual for c in reading.inequalities))
    start = Face(tuple(reading.unknowns), reading.objective, (), residuals, tuple(reading.nonzero))
    try:
        for face in _all_restricted(ring, [start], reading.equalities, found):
            _explore(found, face, 0)
    except OutOfEffort as reason:
        found.doubts.append(str(reason))
    return found


def _all_restricted(ring: Ring, faces: list[Face], equations: Sequence[Polynomial], found: Stationary) -> list[Face]:
    """Put in the equations one after the other, the linear ones first."""
    for p in sorted(equations, key=lambda p: (p.total_degree(), len(p.monoms()))):
        faces = [after for face in faces for after in restricted(found, face, _image(ring, face, p))]
    return faces


def _image(ring: Ring, face: Face, p: Polynomial) -> Polynomial:
    for v, a, b in face.solved:
        p = substituted(p, a * ring.unknowns[v] + b, v, ring)
    return p


def _explore(found: Stationary, face: Face, start: int) -> None:
    """Find the candidates on a face and, with more active inequalities from number `start` on, on its parts."""
    found.effort.spend()
    if len(face.equations) >= len(face.unknowns):
        solutions = _solutions(found, face, [], face.nonzero)
        if solutions is not None and not solutions.sheets:
            return
    else:
        solutions = _solutions(found, face, None, [*face.nonzero, *(r for _, r in face.others)])
    for number, residual in face.others:
        if number >= start:
            rest = replace(face, others=tuple(o for o in face.others if o[0] != number))
            for part in restricted(found, rest, residual):
                _explore(found, part, number + 1)


def _solutions(found: Stationary, face: Face, conditions: list[Polynomial] | None, nonzero: Sequence[Polynomial]) -> Solutions | None:
    """Note the solutions of a face's equations and, by default, of the stationarity conditions; None beyond the limits."""
    try:
        conditions = _stationarity(found, face, face.equations) if conditions is None else conditions
        solutions = solve(found.ring, [*face.equations, *conditions], face.unknowns, nonzero, found.signs, found.effort)
    except OutOfEffort:
        raise
    except TooHard as reason:
        found.doubts.append(str(reason))
        return None
    found.candidates.extend(Candidate(p.with_more(face.solved)) for p in solutions.points)
    for sheet in solutions.sheets:
        found.descend(face, sheet)
    return solutions


# ---- faces ---------------------------------------------------------------------------------------------------------------------


def restricted(found: Stationary, face: Face, p: Polynomial) -> Iterator[Face]:
    """Yield the parts of a face at which a polynomial in its unknowns is 0, one for each factor."""
    if not p:
        yield face
    for factor in irreducible_factors(p):
        if any(factor == q for q in face.nonzero) or never_zero(factor, found.signs, _positive(found.ring, face)):
            continue
        if factor.total_degree() > 1:
            yield replace(face, equations=(*face.equations, factor))
        else:
            yield from _eliminated(found, face, factor)


def _positive(ring: Ring, face: Face) -> list[int]:
    return [v for v in face.unknowns if any(ring.unknowns[v] == q for q in face.nonzero)]


def _eliminated(found: Stationary, face: Face, p: Polynomial) -> Iterator[Face]:
    """Use a linear equation; nothing is left where an inequality or `nonzero` is violated throughout."""
    ring = found.ring
    v = min((v for v in face.unknowns if p.degrees()[v]), key=lambda v: (abs(int(p.derivative(v).leading_coefficient())), -v))
    a = p.derivative(v)
    if a.leading_coefficient() < 0:
        p, a = -p, -a  # so that images have the signs of what they come from
    others: list[tuple[int, Polynomial]] = []
    for number, residual in face.others:
        r = substituted(residual, p, v, ring)
        if r.is_constant():
            if r and r.leading_coefficient() > 0:
                return
        elif not any(r / r.content() == q for _, q in others):
            others.append((number, r / r.content()))
    nonzero = [substituted(q, p, v, ring) for q in face.nonzero]
    if not all(nonzero):
        return
    after = replace(
        face,
        unknowns=tuple(u for u in face.unknowns if u != v),
        objective=_image_of_fraction(face.objective, p, a, v, ring),
        equations=(),
        others=tuple(others),
        nonzero=tuple(q for q in nonzero if not q.is_constant()),
        solved=(*face.solved, (v, a, p - a * ring.unknowns[v])),
    )
    faces = [after]
    for q in face.equations:
        faces = [part for part in faces for part in restricted(found, part, _later_image(q, face, part, ring))]
    yield from faces


def _later_image(q: Polynomial, face: Face, part: Face, ring: Ring) -> Polynomial:
    for v, a, b in part.solved[len(face.solved) :]:
        q = substituted(q, a * ring.unknowns[v] + b, v, ring)
    return q


def _image_of_fraction(f: Fractional, p: Polynomial, a: Polynomial, v: int, ring: Ring) -> Fractional:
    if not f.top:
        return Fractional(f.top, ring.constant(1))
    top, bottom = substituted(f.top, p, v, ring), substituted(f.bottom, p, v, ring)
    top, bottom = top * a ** int(f.bottom.degrees()[v]), bottom * a ** int(f.top.degrees()[v])
    common = top.gcd(bottom)
    return Fractional(top / common, bottom / common)


# ---- gradients -------------------------------------------------------------------------------------------------------------------


def _stationarity(found: Stationary, face: Face, equations: Sequence[Polynomial]) -> list[Polynomial]:
    """Polynomials that vanish exactly where the gradients of objective and equations are dependent."""
    return dependent(found, face, [_gradient_of_fraction(face.objective, face.unknowns), *(_gradient(p, face.unknowns) for p in equations)])


def _gradient(p: Polynomial, unknowns: Sequence[int]) -> list[Polynomial]:
    return [p.derivative(v) for v in unknowns]


def _gradient_of_fraction(f: Fractional, unknowns: Sequence[int]) -> list[Polynomial]:
    """The gradient times the square of the bottom."""
    if f.bottom.is_constant():
        return _gradient(f.top, unknowns)
    return [f.top.derivative(v) * f.bottom - f.top * f.bottom.derivative(v) for v in unknowns]


def dependent(found: Stationary, face: Face, rows: list[list[Polynomial]]) -> list[Polynomial]:
    """Return polynomials that all vanish exactly where the rows are linearly dependent and nothing of `nonzero` vanishes."""
    one = found.ring.constant(1)
    positive = _positive(found.ring, face)

    def is_nonzero(p: Polynomial) -> bool:
        return bool(p) and all(any(f == q for q in face.nonzero) or never_zero(f, found.signs, positive) for f in irreducible_factors(p))

    while rows:
        if any(not any(row) for row in rows):
            return []
        entries = [(i, j) for i, row in enumerate(rows) for j, p in enumerate(row) if p]
        pivot = next((e for e in entries if rows[e[0]][e[1]].is_constant()), None)
        pivot = pivot or next((e for e in entries if is_nonzero(rows[e[0]][e[1]])), None)
        if pivot is None:
            break
        rows = _eliminated_row(rows, *pivot)
    if not rows:
        return [one]
    width, height = len(rows[0]), len(rows)
    if width < height:
        return []
    if comb(width, height) > MAX_MINORS:
        raise TooHard("the gradients of the active constraints have too many minors")
    minors = [_determinant(rows, list(columns)) for columns in combinations(range(width), height)]
    if any(m.total_degree() > MAX_DEGREE for m in minors if m):
        raise TooHard(f"the equations for the stationary points have a degree above {MAX_DEGREE}")
    return [m for m in minors if m]


def _eliminated_row(rows: list[list[Polynomial]], i: int, j: int) -> list[list[Polynomial]]:
    """Rows without row i and column j, of which the pivot there makes the entries 0."""
    pivot = rows[i][j]
    after = []
    for k, row in enumerate(rows):
        if k != i:
            whole = [row[c] * pivot - row[j] * rows[i][c] if row[j] else row[c] for c in range(len(row)) if c != j]
            after.append(_primitive_row(whole))
    return after


def _primitive_row(row: list[Polynomial]) -> list[Polynomial]:
    """The row without a common factor of its coefficients."""
    content = gcd(*(int(p.content()) for p in row if p)) if any(row) else 1
    return [p / content for p in row] if content > 1 else row


def _determinant(rows: list[list[Polynomial]], columns: list[int]) -> Polynomial:
    if len(rows) == 1:
        return rows[0][columns[0]]
    total = rows[0][0] * 0
    for k, c in enumerate(columns):
        if rows[0][c]:
            total = total + (-1) ** k * rows[0][c] * _determinant(rows[1:], columns[:k] + columns[k + 1 :])
    return total


# ---- infinitely many points ------------------------------------------------------------------------------------------------------


def descend(found: Stationary, face: Face, sheet: Sheet, level: int = 0, depth: int = 0) -> None:
    """Add the conditions for a least objective (level 0), first unknown (1), second one (2) on a sheet, until points are left.

    A sheet on which the objective is constant near each point waits in `found.sheets` for level 1.
    """
    found.effort.spend()
    if not sheet.regular or depth > MAX_DEPTH or level > len(found.unknowns):
        raise TooHard("there are infinitely many stationary points, in a shape that the strategy can't follow")
    if level == 0:
        first = _gradient_of_fraction(face.objective, face.unknowns)
    else:
        first = _gradient(_coordinate(found.ring, face, found.unknowns[level - 1]), face.unknowns)
    inside = replace(face, nonzero=sheet.nonzero)
    conditions = dependent(found, inside, [first, *(_gradient(p, face.unknowns) for p in sheet.equations)])
    solutions = solve(found.ring, [*sheet.equations, *conditions], face.unknowns, sheet.nonzero, found.signs, found.effort)
    found.candidates.extend(Candidate(p.with_more(face.solved), level > 0) for p in solutions.points)
    for other in solutions.sheets:
        if other.dimension == sheet.dimension and _same(other.equations, sheet.equations):
            if level == 0:
                found.sheets.append((face, other))
            else:
                descend(found, face, other, level + 1, depth + 1)
        else:
            descend(found, face, other, 0, depth + 1)


def _coordinate(ring: Ring, face: Face, v: int) -> Polynomial:
    """A positive multiple of an unknown, in the unknowns of the face."""
    p = ring.unknowns[v]
    for u, a, b in face.solved:
        p = substituted(p, a * ring.unknowns[u] + b, u, ring)
    return p


def _same(a: Sequence[Polynomial], b: Sequence[Polynomial]) -> bool:
    return len(a) == len(b) and all(any(p == q or p == -q for q in b) for p in a)


def constant_value(found: Stationary, face: Face, sheet: Sheet) -> Fraction | None:
    """Return the value of the objective on a sheet where its equations show that it is one rational number."""
    basis = groebner_basis(found.ring, sheet.equations)
    if basis is None:
        return None
    mark, vector = found.ring.mark, found.ring.vector(basis)
    parts = []
    for p in face.objective:
        reduced = (p + mark).reduction_primitive_part(vector)
        scale = reduced.derivative(found.ring.count + 1)
        parts.append((reduced - scale * mark, int(scale.leading_coefficient())))
    (top, s), (bottom, t) = parts
    if not bottom or not top:
        return Fraction(0) if bottom else None
    ratio = Fraction(int(top.leading_coefficient()) * t, int(bottom.leading_coefficient()) * s)
    return ratio if not top * t * ratio.denominator - bottom * s * ratio.numerator else None
