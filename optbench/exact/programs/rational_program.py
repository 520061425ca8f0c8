"""Quadratic programs in rational numbers: how a problem is read as one, and the linear algebra of its equalities.

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("minimize", Text("x^2 - x"), constraints=(ConstraintDraft(Text("x >= 2")),))
>>> program, others = program_of(validated(draft, open_names=True))
>>> program.matrix, program.linear, program.rows, others
([[2]], [-1], [Row(normal=[-1], bound=-2, equality=False, strict=False)], [])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from flint import fmpq, fmpq_mat

from optbench.exact.answer import NotApplicable
from optbench.exact.several import Condition, conditions
from optbench.language.build import number
from optbench.language.graph import Call, Node, Number, Symbol, topological
from optbench.problem.problem import Problem

Vector: TypeAlias = list[fmpq]
Polynomial: TypeAlias = dict[tuple[int, ...], fmpq]  # of degree 2 at most: a coefficient for (), (i,) and (i, j), i <= j
_ZERO, _ONE = fmpq(0), fmpq(1)


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
    frame = frame_on([Row(list(r), _ZERO, True) for r in rows], count)
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
    return frame_on([r for r in program.rows if r.equality], len(program.linear))


def frame_on(equalities: Sequence[Row], count: int) -> Frame | None:
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
