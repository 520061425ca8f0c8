"""Quadratic functions under linear conditions, with rational data: linear programs, least squares, convex and small other ones.

A point x with multipliers y >= 0 of the inequalities Ax <= r such that Qx + b + A'y = 0 and y'(Ax - r) = 0 is a global
minimiser of x'Qx/2 + b'x if Q is positive semidefinite, since the function lies above its tangent plane. Equalities are
eliminated first, so Q has to be semidefinite on their affine space only. The conditions are a linear complementarity
problem, which the criss-cross method solves in rational numbers, in finitely many pivots. Nothing that it returns is
trusted: a minimum is checked in those conditions, an empty set by multipliers y >= 0 with A'y = 0 and y'r < 0 (Farkas), a
fall without bound by a feasible point and a direction d with Qd = 0, Ad <= 0 and b'd < 0. All minimisers are the
feasible x with Qx = Qx* and b'x = b'x*, so there is only one if that cone of directions holds 0 alone.

Where Q is not semidefinite, but the set is compact, a minimiser in the face of smallest dimension that holds one is the
only stationary point of the function on the affine hull of that face, and Q is definite there: these are enumerated.

Conditions of other kinds are left out first. Where the minimum without them satisfies them it is the minimum with them.

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("minimize", Text("2*x^2 + y^2"), constraints=(ConstraintDraft(Text("x + y == 1")),))
>>> solve(validated(draft, open_names=True)).value_exact
'2/3'

Sources: D. den Hertog, C. Roos, T. Terlaky, The linear complementarity problem, sufficient matrices, and the criss-cross
method, Linear Algebra Appl. 187 (1993) 1-14; O. L. Mangasarian, A simple characterization of solution sets of convex
programs, Oper. Res. Lett. 7 (1988) 21-26.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from flint import fmpq, fmpq_mat

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.line.pieces import Undecided, Undefined, smoothed, truth
from optbench.exact.line.pieces import point as place_of
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.numbers.sums import sign_of
from optbench.exact.programs.complementarity import Curved, Empty, Optimum, Ray, freedom, inward, minimum, strictly_feasible
from optbench.exact.programs.rational_program import (
    Frame,
    Program,
    Row,
    Vector,
    dot,
    falling_direction,
    frame_of,
    frame_on,
    node_of,
    nullspace,
    program_of,
    restricted,
    times,
)
from optbench.exact.reach import check_reach
from optbench.exact.several import Condition, Point, infeasible, not_attained, optimal, unbounded
from optbench.language.build import add, multiply, substitute
from optbench.language.build import symbol as symbol_of
from optbench.language.graph import GraphError, Node, Symbol
from optbench.language.text import text
from optbench.problem.problem import Problem

NAME = "quadratic_program"
MAX_UNKNOWNS = 40
MAX_NODES = 5_000
MAX_FACES = 20_000  # sets of conditions that are tried where the function is not convex
MAX_LISTED = 64  # minimisers that are listed
_ZERO, _ONE = fmpq(0), fmpq(1)
_NONE_STRICT = "no point satisfies all linear conditions, some of which are strict"


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the proved answer for a quadratic function; raise `NotApplicable` for what is not quadratic or not decided."""
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES, constraints=True)
    program, others = program_of(problem)
    if others and not any(program.linear) and not any(map(any, program.matrix)):
        raise NotApplicable("the function is constant, and a condition is not linear")
    found = minimum(program)
    if isinstance(found, Curved):
        return _answer_of_curved(problem, program, others, digits)
    return answer_of(problem, program, others, found, NAME, digits)


# ---- answers -------------------------------------------------------------------------------------------------------------------


def answer_of(
    problem: Problem, program: Program, others: Sequence[Condition], found: Optimum | Ray | Empty, name: str, digits: int
) -> ExactAnswer:
    """Return the answer to a problem of what was found for a convex program, whose first unknowns are the problem's; that
    of a problem with other conditions, too, where the point found satisfies them."""
    if isinstance(found, Empty):
        return infeasible(name, "the linear conditions contradict one another (a sum of multiples of them reads 0 >= 1 or 0 > 0)")
    if isinstance(found, Ray):
        start = strictly_feasible(program)
        if start is None:
            return infeasible(name, _NONE_STRICT)
        if others:
            raise NotApplicable("the function falls without bound where only the linear conditions are kept")
        return unbounded(problem, name, path_text(problem.symbols, found._replace(point=start)))
    point = found.point
    if not _is_strict(program, point):
        inside = strictly_feasible(_on_optimal_set(program, point))
        if inside is None:
            return _open(problem, program, others, point, name, digits)
        point = inside
    direction = freedom(program, point, len(problem.symbols))
    if direction is not None and not program.rows:
        point = _nearest_to_origin(program, point)
    at = node_point(problem.symbols, point)
    if not satisfies(problem, others, at):
        raise NotApplicable("the minimum under the linear conditions alone violates another one")
    answer = optimal(with_value(problem, at), name, [at], direction is None, digits, [_kind(program, point, len(at))])
    return answer if direction is None else replace(answer, reason=_family_text(problem.symbols, program, direction))


def with_value(problem: Problem, at: Point) -> Problem:
    """Return the problem with its objective as the number that it is at a point, without kinks."""
    place = place_of(problem.symbols[0], at[problem.symbols[0]])
    return replace(problem, objective=simplified(smoothed(substitute(problem.objective, dict(at)), place)))


def _is_strict(program: Program, point: Sequence[fmpq]) -> bool:
    return not any(r.strict and dot(r.normal, point) == r.bound for r in program.rows)


def _on_optimal_set(program: Program, point: Sequence[fmpq]) -> Program:
    """The rows together with Qx = Qx* and b'x = b'x*."""
    level = [Row(list(row), dot(row, point), True) for row in [*program.matrix, program.linear] if any(row)]
    return program._replace(rows=[*program.rows, *level])


def _open(problem: Problem, program: Program, others: Sequence[Condition], point: Vector, name: str, digits: int) -> ExactAnswer:
    """The answer where every minimiser of the closed set violates a strict condition."""
    if strictly_feasible(program) is None:
        return infeasible(name, _NONE_STRICT)
    if others:
        raise NotApplicable("the minimum under the linear conditions alone is not attained")
    at = node_point(problem.symbols, point)
    return not_attained(problem, name, with_value(problem, at).minimand, "at a point that the strict conditions exclude", at, digits)


def _nearest_to_origin(program: Program, point: Vector) -> Vector:
    """Of an affine family of minimisers the one with the smallest sum of squares."""
    columns = nullspace([row for row in program.matrix if any(row)], len(point))
    gram = fmpq_mat([[dot(c, d) for d in columns] for c in columns])
    t = gram.solve(fmpq_mat(len(columns), 1, [-dot(c, point) for c in columns]))
    return [p + s for p, s in zip(point, Frame(point, columns).direction([t[i, 0] for i in range(len(columns))]), strict=True)]


def _kind(program: Program, point: Sequence[fmpq], count: int) -> str:
    """Where a minimiser lies; the unknowns from `count` on are the values of functions with kinks."""
    tight = [r for r in program.rows if not r.equality and dot(r.normal, point) == r.bound]
    if any(not any(r.normal[count:]) for r in tight):
        return "boundary"
    return "kink" if len(tight) > len(program.linear) - count else "interior"


def _family_text(symbols: Sequence[Symbol], program: Program, direction: Vector) -> str:
    rank = fmpq_mat(program.matrix).rank()
    deficient = 0 < rank < len(symbols) == len(direction)
    moves = ", ".join(f"{s.name} {'+' if d > 0 else '-'} {text(node_of(abs(d)))}*t" for s, d in zip(symbols, direction, strict=False) if d)
    beginning = f"the quadratic form has rank {rank} of {len(symbols)}, and " if deficient else ""
    return f"{beginning}the minimum is attained at other points too, for one at {moves} with a small t > 0"


def node_point(symbols: Sequence[Symbol], point: Sequence[fmpq]) -> dict[Node, Node]:
    """Return rational coordinates as formulas for the symbols, which are the first of the unknowns."""
    return {s: node_of(v) for s, v in zip(symbols, point, strict=False)}


def path_text(symbols: Sequence[Symbol], ray: Ray) -> str:
    """Return the words for a ray: along x = 1 + t, y = -t as t -> inf."""
    name = next(n for n in ("t", "s", "u", "t_", "s_", "u_", "path") if n not in {s.name for s in symbols})
    t = symbol_of(name)
    along = [add(node_of(p), multiply(node_of(d), t)) for p, d in zip(ray.point, ray.direction, strict=True)]
    return f"along {', '.join(f'{s.name} = {text(a)}' for s, a in zip(symbols, along, strict=False))} as {name} -> inf"


def satisfies(problem: Problem, others: Sequence[Condition], at: Mapping[Node, Node]) -> bool:
    """Whether the point lies in the natural domain and satisfies the conditions, proved."""
    place = place_of(problem.symbols[0], at[problem.symbols[0]])
    try:
        if not all(truth(substitute(c, dict(at)), place) for c in problem.domain):
            return False
        return all(_holds(c, substitute(c.residual, dict(at))) for c in others)
    except (Undecided, Undefined, NotApplicable, GraphError):
        return False


def _holds(condition: Condition, residual: Node) -> bool:
    sign = sign_of(residual)
    if sign is not None:
        return sign < 0 and not condition.equality
    return not condition.strict and is_zero(residual) is True


# ---- functions that are not convex -----------------------------------------------------------------------------------------------


def _answer_of_curved(problem: Problem, program: Program, others: Sequence[Condition], digits: int) -> ExactAnswer:
    frame = frame_of(program)
    assert frame is not None
    inner = restricted(program, frame)
    inside = strictly_feasible(inner)
    if inside is None:
        return infeasible(NAME, "no point satisfies all linear conditions")
    columns = nullspace([r.normal for r in inner.rows], len(inner.linear))
    line = Frame([_ZERO] * len(inner.linear), columns)
    falling = falling_direction(restricted(inner._replace(rows=[]), line).matrix) if columns else None
    if falling is not None and not others:
        return unbounded(problem, NAME, path_text(problem.symbols, Ray(frame.at(inside), frame.direction(line.direction(falling)))))
    if not _is_compact(inner):
        raise NotApplicable("the function is not convex and the linear conditions leave room to infinity")
    points, all_of_them = _least_on_faces(inner)
    attained = [frame.at(p) for p in points if _is_strict(inner, p)]
    if not attained:
        if others or not all_of_them:
            raise NotApplicable("it is not decided whether the minimum is attained")
        at = node_point(problem.symbols, frame.at(points[0]))
        return not_attained(problem, NAME, substitute(problem.minimand, at), "at a point that the strict conditions exclude", at, digits)
    formulas = [node_point(problem.symbols, p) for p in attained]
    kept = [(at, _kind(program, p, len(p))) for at, p in zip(formulas, attained, strict=True) if satisfies(problem, others, at)]
    if not kept:
        raise NotApplicable("the minimum under the linear conditions alone violates another one")
    listed = kept[:MAX_LISTED]
    return optimal(problem, NAME, [at for at, _ in listed], all_of_them and len(listed) == len(kept), digits, [kind for _, kind in listed])


def _is_compact(program: Program) -> bool:
    """Whether only d = 0 satisfies Ad <= 0."""
    n = len(program.linear)
    normals = [r.normal for r in program.rows]
    return not nullspace(normals, n) and not any(True for _ in inward(normals, n))


def _least_on_faces(program: Program) -> tuple[list[Vector], bool]:
    """The points with the least value among the stationary points of faces on which Q is definite, and whether these are
    all minimisers."""
    best: list[Vector] = []
    least: fmpq | None = None
    ties: list[fmpq] = []
    for stationary, definite in _stationary_on_faces(program):
        value = value_at(program, stationary)
        if not definite:
            ties.append(value)
        elif all(dot(r.normal, stationary) <= r.bound for r in program.rows):
            if least is None or value < least:
                best, least = [stationary], value
            elif value == least and stationary not in best:
                best.append(stationary)
    assert least is not None  # a vertex at least
    return best, least not in ties and not any(_is_level_between(program, a, b) for a, b in combinations(best, 2))


def _is_level_between(program: Program, a: Vector, b: Vector) -> bool:
    """Whether the middle of two minimisers is one, too: where Q is nowhere positive, an edge may have the least value."""
    middle = [(p + q) / 2 for p, q in zip(a, b, strict=True)]
    return value_at(program, middle) == value_at(program, a)


def value_at(program: Program, x: Sequence[fmpq]) -> fmpq:
    """Return x'Qx/2 + b'x."""
    return dot(times(program.matrix, x), x) / 2 + dot(program.linear, x)


def _stationary_on_faces(program: Program) -> Iterator[tuple[Vector, bool]]:
    """Yield one stationary point for the affine hull of each face where Q is semidefinite, and whether it is definite."""
    n = len(program.linear)
    only_vertices = n > 0 and falling_direction([[-e for e in row] for row in program.matrix]) is None
    waiting: list[tuple[tuple[int, ...], int]] = [((), 0)]
    seen = 0
    while waiting:
        active, first = waiting.pop()
        seen += 1
        if seen > MAX_FACES:
            raise NotApplicable("the function is not convex, and the linear conditions have too many faces")
        face = frame_on([Row(program.rows[i].normal, program.rows[i].bound, True) for i in active], n)
        if face is None or len(face.columns) != n - len(active):
            continue  # no such face, or one that fewer conditions describe
        if not (only_vertices and face.columns):
            yield from _stationary(restricted(program._replace(rows=[]), face), face)
        if face.columns:
            waiting.extend(((*active, i), i + 1) for i in range(first, len(program.rows)))


def _stationary(inner: Program, face: Frame) -> Iterator[tuple[Vector, bool]]:
    if falling_direction(inner.matrix) is not None:
        return
    found = frame_on([Row(row, -b, True) for row, b in zip(inner.matrix, inner.linear, strict=True)], len(inner.linear))
    if found is not None:
        yield face.at(found.origin), not found.columns
