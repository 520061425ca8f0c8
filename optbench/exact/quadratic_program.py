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
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from flint import fmpq, fmpq_mat

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.identities import is_zero, simplified
from optbench.exact.pieces import Undecided, Undefined, smoothed, truth
from optbench.exact.pieces import point as place_of
from optbench.exact.reach import check_reach
from optbench.exact.several import Condition, Point, conditions, infeasible, not_attained, optimal, unbounded
from optbench.exact.sums import sign_of
from optbench.language.build import add, multiply, number, substitute
from optbench.language.build import symbol as symbol_of
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, topological
from optbench.language.text import text
from optbench.problem.problem import Problem

NAME = "quadratic_program"
MAX_UNKNOWNS = 40
MAX_NODES = 5_000
MAX_FACES = 20_000  # sets of conditions that are tried where the function is not convex
MAX_LISTED = 64  # minimisers that are listed
_WORK = 3_000_000  # entries that exact pivots may change
_TINY = 1e-9  # floats up to this count as 0

Vector: TypeAlias = list[fmpq]
Polynomial: TypeAlias = dict[tuple[int, ...], fmpq]  # of degree 2 at most: a coefficient for (), (i,) and (i, j), i <= j
_ZERO, _ONE = fmpq(0), fmpq(1)
_NONE_STRICT = "no point satisfies all linear conditions, some of which are strict"


class Row(NamedTuple):
    """normal'x <= bound, < bound where `strict`, == bound where it is an `equality`."""

    normal: Vector
    bound: fmpq
    equality: bool = False
    strict: bool = False


class Program(NamedTuple):
    """Minimise x'Qx/2 + b'x with the matrix Q and the linear part b, subject to the rows."""

    matrix: list[Vector]
    linear: Vector
    rows: list[Row]


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


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the proved answer for a quadratic function; raise `NotApplicable` for what is not quadratic or not decided."""
    check_reach(replace(problem, constraints=()), MAX_UNKNOWNS, MAX_NODES)
    program, others = program_of(problem)
    found = minimum(program)
    if isinstance(found, Curved):
        return _answer_of_curved(problem, program, others, digits)
    return answer_of(problem, program, others, found, NAME, digits)


# ---- reading the problem -----------------------------------------------------------------------------------------------------


def program_of(problem: Problem) -> tuple[Program, list[Condition]]:
    """Return the problem as a quadratic program, and the conditions that are not linear with rational numbers."""
    places = {s: i for i, s in enumerate(problem.symbols)}
    objective = polynomial_of(problem.minimand, places)
    if objective is None:
        raise NotApplicable("the function is not quadratic with rational coefficients")
    rows, others = [], []
    for condition in conditions(problem):
        residual = polynomial_of(condition.residual, places)
        if residual is None or any(len(m) == 2 for m in residual):
            others.append(condition)
        else:
            rows.append(Row(linear_part(residual, len(places)), -residual.get((), _ZERO), condition.equality, condition.strict))
    return Program(*matrix_of(objective, len(places)), rows), others


def polynomial_of(node: Node, places: Mapping[Symbol, int]) -> Polynomial | None:
    """Return an expression as a polynomial of degree 2 at most with rational coefficients, else None."""
    if not node.total:
        return None
    known: dict[Node, Polynomial] = {}
    for part in topological(node):
        found = _polynomial_of(part, known, places)
        if found is None:
            return None
        known[part] = found
    return known[node]


def _polynomial_of(node: Node, known: Mapping[Node, Polynomial], places: Mapping[Symbol, int]) -> Polynomial | None:
    if isinstance(node, Number):
        return {(): rational(node.value)}
    if isinstance(node, Symbol):
        return {(places[node],): _ONE} if node in places else None
    assert isinstance(node, Call)
    parts = [known[a] for a in node.args]
    match node.function:
        case "add":
            return combined([(_ONE, p) for p in parts])
        case "negate":
            return combined([(-_ONE, parts[0])])
        case "divide" if isinstance(node.args[1], Number):
            return combined([(1 / rational(node.args[1].value), parts[0])])
        case "multiply":
            return _product(parts)
        case "power" if isinstance(node.args[1], Number) and node.args[1].integer and 0 <= node.args[1].value <= 2:
            return _product([parts[0]] * int(node.args[1].value))
    return None


def combined(terms: Sequence[tuple[fmpq, Polynomial]]) -> Polynomial:
    """Return the sum of multiples of polynomials."""
    total: Polynomial = {}
    for factor, polynomial in terms:
        for monomial, c in polynomial.items():
            total[monomial] = total.get(monomial, _ZERO) + factor * c
    return {m: c for m, c in total.items() if c}


def _product(factors: Sequence[Polynomial]) -> Polynomial | None:
    result: Polynomial = {(): _ONE}
    for factor in factors:
        product: Polynomial = {}
        for m, a in result.items():
            for n, c in factor.items():
                key = tuple(sorted(m + n))
                product[key] = product.get(key, _ZERO) + a * c
        if any(len(m) > 2 for m in product):
            return None
        result = {m: c for m, c in product.items() if c}
    return result


def linear_part(polynomial: Polynomial, count: int) -> Vector:
    """Return the coefficients of the unknowns."""
    return [polynomial.get((i,), _ZERO) for i in range(count)]


def matrix_of(polynomial: Polynomial, count: int) -> tuple[list[Vector], Vector]:
    """Return Q and b of x'Qx/2 + b'x."""
    matrix = [[_ZERO] * count for _ in range(count)]
    for monomial, c in polynomial.items():
        if len(monomial) == 2:
            i, j = monomial
            matrix[i][j] += c
            matrix[j][i] += c
    return matrix, linear_part(polynomial, count)


def rational(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def node_of(value: fmpq) -> Node:
    """Return a rational number as a node."""
    return number(Fraction(int(value.p), int(value.q)))


# ---- linear algebra ------------------------------------------------------------------------------------------------------------


def dot(a: Sequence[fmpq], b: Sequence[fmpq]) -> fmpq:
    return sum((x * y for x, y in zip(a, b, strict=True) if x and y), _ZERO)


def times(matrix: Sequence[Vector], x: Sequence[fmpq]) -> Vector:
    return [dot(row, x) for row in matrix]


def falling_direction(matrix: Sequence[Vector]) -> Vector | None:
    """Return d with d'Qd < 0, or None where the symmetric matrix Q is positive semidefinite (by Q = LDL')."""
    a = [list(row) for row in matrix]
    n = len(a)
    basis = [[_ONE if i == j else _ZERO for j in range(n)] for i in range(n)]  # a[i][j] is basis[i]'Q basis[j]
    for k in range(n):
        if a[k][k] < 0:
            return basis[k]
        if not a[k][k]:
            j = next((j for j in range(k + 1, n) if a[k][j]), None)
            if j is not None:
                step = -(abs(a[j][j]) + 1) / a[k][j]
                return [step * p + q for p, q in zip(basis[k], basis[j], strict=True)]
            continue
        for i in range(k + 1, n):
            factor = a[i][k] / a[k][k]
            if factor:
                basis[i] = [p - factor * q for p, q in zip(basis[i], basis[k], strict=True)]
                a[i] = [p - factor * q for p, q in zip(a[i], a[k], strict=True)]
    return None


def nullspace(rows: Sequence[Vector], count: int) -> list[Vector]:
    """Return a basis of the d with row'd = 0 for all rows."""
    frame = _frame([Row(list(r), _ZERO, True) for r in rows], count)
    assert frame is not None
    return frame.columns


class Frame(NamedTuple):
    """All x that satisfy the equalities: x = origin + sum of t_i*columns[i]."""

    origin: Vector
    columns: list[Vector]

    def at(self, t: Sequence[fmpq]) -> Vector:
        """Return the x of some t."""
        return [o + dot([c[i] for c in self.columns], t) for i, o in enumerate(self.origin)]

    def direction(self, t: Sequence[fmpq]) -> Vector:
        """Return the direction of x for a direction of t."""
        return [dot([c[i] for c in self.columns], t) for i in range(len(self.origin))]


def frame_of(program: Program) -> Frame | None:
    """Return the affine space of a program's equalities, None where it is empty."""
    return _frame([r for r in program.rows if r.equality], len(program.linear))


def _frame(equalities: Sequence[Row], count: int) -> Frame | None:
    if not equalities:
        return Frame([_ZERO] * count, [[_ONE if i == j else _ZERO for i in range(count)] for j in range(count)])
    echelon, rank = fmpq_mat([[*r.normal, r.bound] for r in equalities]).rref()
    rows = echelon.tolist()[:rank]
    pivots = [next(j for j, entry in enumerate(row) if entry) for row in rows]
    if count in pivots:
        return None
    origin = [_ZERO] * count
    for row, p in zip(rows, pivots, strict=True):
        origin[p] = row[count]
    columns = []
    for free in (j for j in range(count) if j not in pivots):
        column = [_ZERO] * count
        column[free] = _ONE
        for row, p in zip(rows, pivots, strict=True):
            column[p] = -row[free]
        columns.append(column)
    return Frame(origin, columns)


def restricted(program: Program, frame: Frame) -> Program:
    """Return the program in the coordinates t of a frame, without the equalities."""
    images = [times(program.matrix, c) for c in frame.columns]
    slope = [g + b for g, b in zip(times(program.matrix, frame.origin), program.linear, strict=True)]
    rows = [
        Row([dot(r.normal, c) for c in frame.columns], r.bound - dot(r.normal, frame.origin), False, r.strict)
        for r in program.rows
        if not r.equality
    ]
    matrix = [[dot(c, image) for image in images] for c in frame.columns]
    return Program(matrix, [dot(c, slope) for c in frame.columns], rows)


# ---- convex programs -----------------------------------------------------------------------------------------------------------


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
    for t in (*nullspace(cone, len(columns)), *_inward(cone, len(columns))):
        direction = frame.direction(t)
        if any(direction[:watched]):
            return direction
    if watched == n:
        return None
    return _freedom_of_some(cone, frame, watched)


def _inward(cone: Sequence[Vector], count: int) -> Iterator[Vector]:
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


# ---- answers -------------------------------------------------------------------------------------------------------------------


def answer_of(
    problem: Problem, program: Program, others: Sequence[Condition], found: Optimum | Ray | Empty, name: str, digits: int
) -> ExactAnswer:
    """Return the answer to a problem of what was found for a convex program, whose first unknowns are the problem's; that
    of a problem with other conditions, too, where the point found satisfies them."""
    if isinstance(found, Empty):
        return infeasible(name, "the linear conditions contradict one another: a combination of them reads 0 < 0")
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
    return not nullspace(normals, n) and not any(True for _ in _inward(normals, n))


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
    return best, least not in ties


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
        face = _frame([Row(program.rows[i].normal, program.rows[i].bound, True) for i in active], n)
        if face is None or len(face.columns) != n - len(active):
            continue  # no such face, or one that fewer conditions describe
        if not (only_vertices and face.columns):
            yield from _stationary(restricted(program._replace(rows=[]), face), face)
        if face.columns:
            waiting.extend(((*active, i), i + 1) for i in range(first, len(program.rows)))


def _stationary(inner: Program, face: Frame) -> Iterator[tuple[Vector, bool]]:
    if falling_direction(inner.matrix) is not None:
        return
    found = _frame([Row(row, -b, True) for row, b in zip(inner.matrix, inner.linear, strict=True)], len(inner.linear))
    if found is not None:
        yield face.at(found.origin), not found.columns
