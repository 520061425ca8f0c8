"""Convex quadratic programs in rational numbers, decided by pivots: a minimiser with multipliers, a ray, or an empty set.

The conditions for a minimum are a linear complementarity problem, which the criss-cross method solves in finitely many
pivots; what it returns is checked: a minimum in those conditions, an empty set by multipliers y >= 0 with A'y = 0 and
y'r < 0 (Farkas), a fall without bound by a feasible point and a direction d with Qd = 0, Ad <= 0 and b'd < 0.

>>> from optbench.exact.programs.rational_program import Program, Row
>>> minimum(Program([[fmpq(2)]], [fmpq(-1)], [Row([fmpq(-1)], fmpq(-2))]))
Optimum(point=[2], multipliers=[3])

Source: D. den Hertog, C. Roos, T. Terlaky, The linear complementarity problem, sufficient matrices, and the criss-cross
method, Linear Algebra Appl. 187 (1993) 1-14.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flint import fmpq, fmpq_mat

from optbench.exact.answer import NotApplicable
from optbench.exact.programs.rational_program import (
    Frame,
    Program,
    Row,
    Vector,
    dot,
    falling_direction,
    frame_of,
    nullspace,
    restricted,
    times,
)

_WORK = 3_000_000  # entries that exact pivots may change
_TINY = 1e-9  # floats up to this count as 0
_ZERO, _ONE = fmpq(0), fmpq(1)


class Optimum(NamedTuple):
    """A global minimiser, and for each inequality that is no equality its multiplier, in their order."""

    point: Vector
    multipliers: Vector


class Ray(NamedTuple):
    """From the feasible point along the direction the function falls without bound."""

    point: Vector
    direction: Vector


class Empty(NamedTuple):
    """No point satisfies the rows; strict ones are taken as they are."""


class Curved(NamedTuple):
    """The function is not convex on the affine space of the equalities: d'Qd < 0."""

    direction: Vector


def minimum(program: Program) -> Optimum | Ray | Empty | Curved:
    """Return the proved answer to a program, strict rows taken as closed; raise `NotApplicable` after too many pivots."""
    frame = frame_of(program)
    if frame is None:
        return Empty()
    inner = restricted(program, frame)
    falling = falling_direction(inner.matrix)
    if falling is not None:
        return Curved(frame.direction(falling))
    found = _minimum(inner)
    if isinstance(found, Optimum):
        return Optimum(frame.at(found.point), found.multipliers)
    return Ray(frame.at(found.point), frame.direction(found.direction)) if isinstance(found, Ray) else found


def _minimum(program: Program) -> Optimum | Ray | Empty:
    """The answer to a convex program without equalities."""
    found = _by_guess(program)
    if found is not None:
        return found
    start = _feasible(program)
    if start is None:
        return Empty()
    direction = _endless(program)
    if direction is not None:
        return Ray(start, direction)
    return _by_pivots(program)


def _by_guess(program: Program) -> Optimum | None:
    """The minimum from the basis that Lemke's method ends with in floating point, solved again and verified exactly."""
    chosen = _chosen_in_floats(program)
    found = None if chosen is None else _solved(program, chosen)
    return found if found is not None and _is_optimal(program, found) else None


def _by_pivots(program: Program) -> Optimum:
    """The minimum by exact pivots alone."""
    pairs = _Pairs(_table(program), len(program.linear))
    if pairs.free_first() and pairs.criss_cross():
        found = _solved(program, [i for i, swapped in enumerate(pairs.swapped) if swapped])
        if found is not None and _is_optimal(program, found):
            return found
    raise NotApplicable("the linear conditions need more pivots than are tried")


def _is_optimal(program: Program, found: Optimum) -> bool:
    """Whether the conditions of Karush, Kuhn and Tucker hold, which for a convex program prove the minimum."""
    slacks = [r.bound - dot(r.normal, found.point) for r in program.rows]
    slope = [g + b for g, b in zip(times(program.matrix, found.point), program.linear, strict=True)]
    for r, y in zip(program.rows, found.multipliers, strict=True):
        if y:
            slope = [g + y * a for g, a in zip(slope, r.normal, strict=True)]
    signs = all(s >= 0 and y >= 0 and not (s and y) for s, y in zip(slacks, found.multipliers, strict=True))
    return signs and not any(slope)


def _feasible(program: Program) -> Vector | None:
    """A point that satisfies the rows, or None: the least violation t of them is above 0, by multipliers that are checked."""
    n = len(program.linear)
    matrix = [[_ZERO] * (n + 1) for _ in range(n + 1)]
    rows = [Row([*r.normal, -_ONE], r.bound) for r in program.rows]
    slack = Program(matrix, [_ZERO] * n + [_ONE], [*rows, Row([_ZERO] * n + [-_ONE], _ZERO)])
    found = _by_guess(slack) or _by_pivots(slack)
    return None if found.point[n] > 0 else found.point[:n]


def _endless(program: Program) -> Vector | None:
    """A direction that keeps to the rows and along which a convex function falls at a constant rate, or None."""
    n = len(program.linear)
    columns = nullspace([row for row in program.matrix if any(row)], n)
    frame = Frame([_ZERO] * n, columns)
    slope = [dot(program.linear, c) for c in columns]
    cone = [Row([dot(r.normal, c) for c in columns], _ZERO) for r in program.rows]
    rate = Program([[_ZERO] * len(columns) for _ in columns], slope, [*cone, Row([-s for s in slope], _ONE)])
    found = _by_guess(rate) or _by_pivots(rate)
    return frame.direction(found.point) if dot(slope, found.point) < 0 else None


# ---- the complementarity problem -----------------------------------------------------------------------------------------------


def _table(program: Program) -> list[list[Any]]:
    """The rows [M, q] of w = Mz + q, where z holds the unknowns and the multipliers, w the slope and the slacks."""
    n, m = len(program.linear), len(program.rows)
    table = [[*program.matrix[i], *(r.normal[i] for r in program.rows), program.linear[i]] for i in range(n)]
    return table + [[*(-a for a in r.normal), *[0 * r.bound] * m, r.bound] for r in program.rows]


def _solved(program: Program, chosen: Sequence[int]) -> Optimum | None:
    """The solution at which only the chosen z are not 0, and their w are."""
    table = _table(program)
    values = [_ZERO] * len(table)
    if chosen:
        try:
            solution = fmpq_mat([[table[i][j] for j in chosen] for i in chosen]).solve(fmpq_mat([[-table[i][-1]] for i in chosen]))
        except ZeroDivisionError:
            return None
        for k, i in enumerate(chosen):
            values[i] = solution[k, 0]
    return Optimum(values[: len(program.linear)], values[len(program.linear) :])


def _chosen_in_floats(program: Program) -> list[int] | None:
    """Which z are not 0 at the solution, as far as floating point tells."""
    try:
        near = _in_floats(program)
    except OverflowError:
        return None
    pairs = _Pairs(_table(near), len(near.linear), _TINY)
    if not pairs.free_first() or not pairs.lemke():
        return None
    return [i for i, swapped in enumerate(pairs.swapped) if swapped]


def _in_floats(program: Program) -> Program:
    """The program with function and rows scaled to sizes near 1."""

    def scaled(entries: Sequence[fmpq], size: fmpq) -> list[Any]:
        return [int((e / size).p) / int((e / size).q) for e in entries]

    size = max((abs(e) for row in [*program.matrix, program.linear] for e in row), default=_ONE) or _ONE
    rows = []
    for r in program.rows:
        norm = max((abs(a) for a in r.normal), default=_ONE) or _ONE
        rows.append(Row(scaled(r.normal, norm), scaled([r.bound], norm)[0]))
    return Program([scaled(row, size) for row in program.matrix], scaled(program.linear, size), rows)


class _Pairs:
    """w = Mz + q with w'z = 0, for a bisymmetric and semidefinite M. In the first `free` pairs z is free and w is 0, in
    the others both are at least 0. Row i gives w_i, or z_i where `swapped`, by those of the other kind. The numbers are
    exact, or floats, of which those up to `tiny` count as 0."""

    def __init__(self, table: list[list[Any]], free: int, tiny: float = 0) -> None:
        self.table, self.free, self.tiny = table, free, tiny
        self.swapped = [False] * len(table)

    def free_first(self) -> bool:
        """Let rows give every free z that counts; False where some w can't be 0."""
        waiting = list(range(self.free))
        while waiting:
            i = max(waiting, key=lambda k: self.table[k][k])
            others = [*(k for k in waiting if k != i), *range(self.free, len(self.table))]
            j = i if self._counts(self.table[i][i]) else max(others, key=lambda k: abs(self.table[i][k]), default=i)
            waiting.remove(i)
            if self._counts(self.table[i][j]):
                self._exchange(i, j)
                waiting = [k for k in waiting if k != j]
            elif self._counts(self.table[i][-1]):
                return False
        return True

    def criss_cross(self) -> bool:
        """Exchange by least indices until no value is below 0; False where a row shows that this can't be."""
        inequalities = range(self.free, len(self.table))
        for _ in range(_WORK // (len(self.table) + 1) ** 2):
            i = next((i for i in inequalities if self.table[i][-1] < 0), None)
            if i is None:
                return True
            j = i if self.table[i][i] > 0 else next((j for j in inequalities if self.table[i][j] > 0), None)
            if j is None:
                return False
            self._exchange(i, j)
        return False

    def lemke(self) -> bool:
        """Keep w + z0 and z complementary from large z0 down to z0 = 0; False where the path goes to infinity."""
        rows = [[*row[self.free : -1], 1.0, row[-1]] for row in self.table[self.free :]]
        count = len(rows)
        inside, outside = list(range(count)), list(range(count, 2 * count + 1))  # w_i is i, z_i is count + i, z0 the last
        if all(row[-1] >= -self.tiny for row in rows):
            return True
        r, column = min(range(count), key=lambda i: rows[i][-1]), count
        for _ in range(100 * count):
            _pivot(rows, r, column)
            inside[r], outside[column] = outside[column], inside[r]
            if outside[column] == 2 * count:
                break
            column = outside.index((outside[column] + count) % (2 * count))
            limits = [(-row[-1] / row[column], inside[i] != 2 * count, i) for i, row in enumerate(rows) if row[column] < -self.tiny]
            if not limits:
                return False
            r = min(limits)[2]
        else:
            return False
        for variable in inside:
            if variable >= count:
                self.swapped[self.free + variable - count] ^= True
        return True

    def _counts(self, entry: Any) -> bool:
        return bool(entry > self.tiny) or bool(entry < -self.tiny)

    def _exchange(self, i: int, j: int) -> None:
        """Exchange w and z in the pair i, or in both i and j, where the diagonal is 0 at i."""
        _pivot(self.table, i, j)
        if i != j:
            _pivot(self.table, j, i)
            self.table[i], self.table[j] = self.table[j], self.table[i]
            for row in self.table:
                row[i], row[j] = row[j], row[i]
            self.swapped[j] = not self.swapped[j]
        self.swapped[i] = not self.swapped[i]


def _pivot(table: list[list[Any]], r: int, c: int) -> None:
    """Solve row r for the variable of column c, and put that into the other rows."""
    inverse = 1 / table[r][c]
    solved = [-entry * inverse for entry in table[r]]
    solved[c] = inverse
    places = [k for k, entry in enumerate(solved) if entry and k != c]
    for i, row in enumerate(table):
        factor = row[c]
        if i != r and factor:
            for k in places:
                row[k] += factor * solved[k]
            row[c] = factor * inverse
    table[r] = solved


# ---- how many minimisers -------------------------------------------------------------------------------------------------------


def freedom(program: Program, point: Sequence[fmpq], watched: int) -> Vector | None:
    """Return a direction that leads to another minimiser of a convex program, one that moves the first `watched` unknowns,
    or None where these are the same in all minimisers."""
    n = len(program.linear)
    tight = [r.normal for r in program.rows if not r.equality and dot(r.normal, point) == r.bound]
    level = [row for row in program.matrix if any(row)] + [program.linear] + [r.normal for r in program.rows if r.equality]
    columns = nullspace(level, n)
    moving = [c for c in columns if any(c[:watched])]
    cone = [[dot(a, c) for c in columns] for a in tight]
    frame = Frame([_ZERO] * n, columns)
    if not moving:
        return None
    for t in (*nullspace(cone, len(columns)), *inward(cone, len(columns))):
        direction = frame.direction(t)
        if any(direction[:watched]):
            return direction
    if watched == n:
        return None
    return _freedom_of_some(cone, frame, watched)


def inward(cone: Sequence[Vector], count: int) -> Iterator[Vector]:
    """Yield a t with Gt <= 0 that is not 0 in all of Gt, if there is one."""
    if not cone:
        return
    slope = [sum(column, _ZERO) for column in zip(*cone, strict=True)]
    rows = [Row(list(g), _ZERO) for g in cone] + [Row([-e for e in g], _ONE) for g in cone]
    found = _minimum(Program([[_ZERO] * count for _ in range(count)], slope, rows))
    if isinstance(found, Optimum) and dot(slope, found.point) < 0:
        yield found.point


def _freedom_of_some(cone: Sequence[Vector], frame: Frame, watched: int) -> Vector | None:
    """The same for a few of the unknowns, each of which is driven both ways."""
    count = len(frame.columns)
    for i in range(watched):
        for sign in (1, -1):
            slope = [sign * c[i] for c in frame.columns]
            rows = [*(Row(list(g), _ZERO) for g in cone), Row([-s for s in slope], _ONE)]
            found = _minimum(Program([[_ZERO] * count for _ in range(count)], slope, rows))
            if isinstance(found, Optimum) and dot(slope, found.point) < 0:
                return frame.direction(found.point)
    return None


def strictly_feasible(program: Program, level: Vector | None = None, value: fmpq = _ZERO) -> Vector | None:
    """Return a point that satisfies all rows, the strict ones strictly, or None; with `level`, one with level'x == value."""
    n = len(program.linear)
    rows = [Row([*r.normal, _ONE if r.strict else _ZERO], r.bound, r.equality) for r in program.rows]
    if level is not None:
        rows.append(Row([*level, _ZERO], value, True))
    rows.append(Row([_ZERO] * n + [_ONE], _ONE))
    found = minimum(Program([[_ZERO] * (n + 1) for _ in range(n + 1)], [_ZERO] * n + [-_ONE], rows))
    return found.point[:n] if isinstance(found, Optimum) and found.point[n] > 0 else None
