"""Points that are proved to minimise a convex program, by multipliers and subgradients.

Of a convex f on a convex set given by convex g <= 0 and affine h = 0, a feasible point is a global minimiser if 0 is a
subgradient of f plus multiples >= 0 of gradients of the g that are 0 there, plus multiples of those of the h (no
constraint qualification is needed for this direction). A kink of f as the greatest of smooth u_i has the weighted means
of their gradients as subgradients, one of c*|u| with a vector u that is 0 the c*s'u' with |s| <= 1. There is no other
minimiser if the Lagrange function is strictly convex at the point along all directions in which the conditions with
multipliers above 0 are level.

>>> from optbench.exact.programs.convex_program import ConvexProgram
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> program = ConvexProgram(parse("abs(x) + x^2 - x/2").node, [], [])
>>> certify(program, {symbol("x"): parse("0").node}), certify(program, {symbol("x"): parse("1").node})
(Certificate(unique=True, kind='kink'), None)

Source: R. T. Rockafellar, Convex Analysis (1970), theorems 23.8, 27.4, 28.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, islice
from math import lcm
from typing import Any, NamedTuple

from flint import arb_mat, ctx

from optbench.arithmetic.balls import enclose, value_of
from optbench.exact.numbers.formula import as_float
from optbench.exact.numbers.identities import is_zero, normal, simplified
from optbench.exact.numbers.products import constant_factors, sign_of_factors, terms_in
from optbench.exact.numbers.sums import Sum, TooLarge, plain_sum, sign_of
from optbench.exact.programs.convex_program import ConvexProgram, choices_of
from optbench.exact.several import Point
from optbench.language.build import add, call, divide, multiply, negate, number, power, rebuild, substitute, subtract
from optbench.language.derivative import NotDifferentiable, gradient, hessian
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols, topological

_PRECISION = 64
_MAX_LOGARITHMS = 8
_MAX_CHOICES = 200  # sets of gradients that are tried for multipliers
_TINY = 1e-9  # floats up to this count as 0


class Certificate(NamedTuple):
    """A point is a global minimiser: whether the only one, and of what kind."""

    unique: bool
    kind: str  # interior, boundary, kink


class _Kinked(Exception):
    """A function has a kink at a point, and is not of a form whose subgradients are known."""


class _Kink(NamedTuple):
    """factor times the greatest of functions, all equal at the point, or (`ball`) the length of a vector that is 0 there."""

    factor: Node
    pieces: list[Node]
    ball: bool


class _Columns(NamedTuple):
    """Functions whose gradients at the point, times multipliers, have to cancel that of the smooth part."""

    functions: list[Node]
    gradients: list[list[Node]]
    signed: list[bool]  # whether its multiplier must not be negative
    groups: list[int | None]  # of which greatest of functions it is one
    factors: list[Node]  # what the multipliers of such a group add up to
    balls: list[tuple[list[int], Node]]  # places of the entries of a vector, with the greatest length of its multipliers


def certify(program: ConvexProgram, point: Point) -> Certificate | None:
    """Return the proof that a point minimises a convex program, or None; the point is not tested in the equalities, nor in
    what the program leaves out."""
    try:
        smooth, kinks = _parts_at(program.objective, point)
        active = [_smooth_at(g, point) for g in program.inequalities if _is_active(g, point)]
        level = [_smooth_at(h, point) for h in program.equalities]
        columns = _columns(kinks, active, level, point)
        total = [*(negate(g) for g in _gradient_at(smooth, point)), *columns.factors]
    except (_Kinked, GraphError, NotDifferentiable):
        return None
    multipliers = _multipliers(columns, total)
    if multipliers is None:
        return None
    lagrangian = add(smooth, *(multiply(m, f) for m, f in zip(multipliers, columns.functions, strict=True)))
    unique = _is_strict_minimum(lagrangian, _level_functions(columns, multipliers), point)
    return Certificate(unique, "boundary" if active else "kink" if kinks else "interior")


def _is_active(residual: Node, point: Point) -> bool:
    value = substitute(residual, dict(point))
    sign = sign_of(value)
    if sign == -1:
        return False
    if sign == 1 or not vanishes(value):
        raise _Kinked
    return True


def vanishes(node: Node) -> bool:
    """Return whether a number without unknowns is proved to be 0, also a sum of logarithms of algebraic numbers."""
    if is_zero(node):
        return True
    try:
        top = normal(node).top
    except (TooLarge, GraphError):
        return False
    logarithms: list[tuple[Fraction, Node]] = []
    rest: Sum = {}
    for monomial, c in top.items():
        [(atom, e), *more] = [*monomial] or [(number(0), Fraction(0))]
        if isinstance(atom, Call) and atom.function == "log" and e == 1 and not more:
            logarithms.append((c, atom.args[0]))
        else:
            rest[monomial] = c
    if not logarithms or len(logarithms) > _MAX_LOGARITHMS or (rest and not is_zero(plain_sum(rest))):
        return False
    scale = lcm(*(c.denominator for c, _ in logarithms))
    product = multiply(*(power(a, number(c * scale)) for c, a in logarithms))
    return is_zero(subtract(product, 1)) is True


def _parts_at(objective: Node, point: Point) -> tuple[Node, list[_Kink]]:
    """The sum of the terms that are smooth at the point, and the other terms."""
    smooth, kinks = [], []
    for term in terms_in(objective):
        try:
            smooth.append(_smooth_at(term, point))
        except _Kinked:
            if not _is_flat_at(term, point):
                kinks.append(_kink_at(term, point))
    return add(0, *smooth), kinks


def _is_flat_at(term: Node, point: Point) -> bool:
    """Whether the term is c*v^p with c > 0, p > 1 and a v >= 0 that is 0 at the point, so that 0 is its gradient there."""
    constants, factors = constant_factors(term)
    match factors:
        case [Call(function="power", args=(Call(function="abs" | "relu" | "hypot" | "sqrt") as v, Number(value=p)))] if p > 1:
            return sign_of_factors(constants) > 0 and vanishes(substitute(v, dict(point)))
    return False


def _smooth_at(root: Node, point: Point) -> Node:
    """The expression without kinks that has its values near the point."""
    done: dict[Node, Node] = {}
    for node in topological(root):
        done[node] = node
        if isinstance(node, Call):
            done[node] = _without_kink(rebuild(node, tuple(done[a] for a in node.args)), point)
    return done[root]


def _without_kink(node: Node, point: Point) -> Node:
    if not isinstance(node, Call) or node.boolean or not symbols(node):
        return node
    u = node.args[0]
    match node.function:
        case "abs" | "relu":
            sign = _sign_at(u, point)
            return u if sign > 0 else negate(u) if node.function == "abs" else number(0)
        case "maximum" | "minimum":
            best = u
            for other in node.args[1:]:
                if other is not best and _sign_at(subtract(other, best), point) == (1 if node.function == "maximum" else -1):
                    best = other
            return best
        case "hypot":
            radicand = add(*(power(a, 2) for a in node.args))
            _sign_at(radicand, point)
            return call("sqrt", radicand)
        case "sqrt":
            _sign_at(u, point)
    if not TABLE[node.function].smooth:
        raise _Kinked
    return node


def _sign_at(node: Node, point: Point) -> int:
    """The sign at the point, which is not 0."""
    sign = sign_of(substitute(node, dict(point)))
    if sign is None:
        raise _Kinked
    return sign


def _kink_at(term: Node, point: Point) -> _Kink:
    constants, factors = constant_factors(term)
    sign = sign_of_factors(constants)
    if len(factors) != 1 or not sign:
        raise _Kinked
    factor = multiply(*constants) if sign > 0 else negate(multiply(*constants))
    match factors[0], sign:
        case Call(function="minimum", args=args), -1:
            return _Kink(factor, _greatest([negate(u) for u in args], point), False)
        case Call(function="hypot", args=args), 1:
            return _Kink(factor, list(args), True)
        case Call(function="sqrt", args=(radicand,)), 1:
            return _Kink(factor, [_root_of_square(square) for square in terms_in(radicand)], True)
    choices = choices_of(factors[0])
    if choices is None or sign < 0:
        raise _Kinked
    return _Kink(factor, _greatest(list(choices), point), False)


def _root_of_square(square: Node) -> Node:
    constants, factors = constant_factors(square)
    match factors:
        case [Call(function="power", args=(u, Number(value=2)))] if sign_of_factors(constants) > 0:
            return multiply(call("sqrt", multiply(*constants)), u)
    raise _Kinked


def _greatest(choices: list[Node], point: Point) -> list[Node]:
    """The functions that have the greatest value at the point."""
    waiting, flat = list(choices), []
    while waiting:
        inner = choices_of(waiting[0])
        if inner is not None:
            waiting[:1] = inner
        else:
            flat.append(waiting.pop(0))
    values = {u: substitute(u, dict(point)) for u in flat}
    best = max(flat, key=lambda u: as_float(values[u]))
    greatest = []
    for u, value in values.items():
        difference = subtract(value, values[best])
        if sign_of(difference) != -1:
            if not vanishes(difference):
                raise _Kinked
            greatest.append(_smooth_at(u, point))
    return greatest


def _columns(kinks: Sequence[_Kink], active: Sequence[Node], level: Sequence[Node], point: Point) -> _Columns:
    columns = _Columns([], [], [], [], [], [])

    def take(function: Node, signed: bool, group: int | None = None) -> None:
        columns.functions.append(function)
        columns.gradients.append(_gradient_at(function, point))
        columns.signed.append(signed)
        columns.groups.append(group)

    for function in active:
        take(function, True)
    for function in level:
        take(function, False)
    for kink in kinks:
        if kink.ball:
            columns.balls.append((list(range(len(columns.functions), len(columns.functions) + len(kink.pieces))), kink.factor))
        else:
            columns.factors.append(kink.factor)
        for piece in kink.pieces:
            if kink.ball and not (_is_affine(piece, point) and vanishes(substitute(piece, dict(point)))):
                raise _Kinked
            take(_smooth_at(piece, point), not kink.ball, None if kink.ball else len(columns.factors) - 1)
    return columns


def _is_affine(function: Node, point: Point) -> bool:
    return not any(symbols(simplified(g)) for g in gradient(function, list(point)))  # type: ignore[arg-type]


def _gradient_at(function: Node, point: Point) -> list[Node]:
    """The gradient as numbers, which must be defined."""
    slopes = [simplified(substitute(g, dict(point))) for g in gradient(function, list(point))]  # type: ignore[arg-type]
    if not all(value.everywhere for value in enclose(slopes, {}, _PRECISION)):
        raise _Kinked
    return slopes


# ---- multipliers -----------------------------------------------------------------------------------------------------------------


def _multipliers(columns: _Columns, total: Sequence[Node]) -> list[Node] | None:
    """Multipliers with the signs that they need, proved to solve the equations exactly; None where none are found."""
    count = len(columns.functions)
    groups = range(len(columns.factors))
    entries = [[*g, *(number(int(group == k)) for k in groups)] for g, group in zip(columns.gradients, columns.groups, strict=True)]
    near = [[as_float(e) for e in column] for column in entries]
    rank = len(pivots(near))
    for chosen in islice(combinations(range(count), rank), _MAX_CHOICES):
        if len(pivots([near[j] for j in chosen])) < rank:
            continue
        solved = _solved([entries[j] for j in chosen], total)
        if solved is None:
            continue
        multipliers: list[Node] = [number(0)] * count
        for j, value in zip(chosen, solved, strict=True):
            multipliers[j] = value
        if _have_signs(columns, multipliers):
            return multipliers
    return None


def _have_signs(columns: _Columns, multipliers: Sequence[Node]) -> bool:
    signed = all(_is_nonnegative_number(m) for m, signed in zip(multipliers, columns.signed, strict=True) if signed)
    return signed and all(_is_nonnegative_number(_room(ball, multipliers)) for ball in columns.balls)


def _room(ball: tuple[list[int], Node], multipliers: Sequence[Node]) -> Node:
    places, factor = ball
    return subtract(power(factor, 2), add(*(power(multipliers[j], 2) for j in places)))


def _is_nonnegative_number(node: Node) -> bool:
    sign = sign_of(node)
    return sign == 1 or (sign is None and vanishes(node))


def _solved(columns: Sequence[Sequence[Node]], total: Sequence[Node]) -> list[Node] | None:
    """The factors with which independent columns add up to the total, exactly; None where that is not proved."""
    rows = [[*(column[i] for column in columns), t] for i, t in enumerate(total)]
    for place in range(len(columns)):
        best = max(range(place, len(rows)), key=lambda i: abs(as_float(rows[i][place])))
        if sign_of(rows[best][place]) is None:
            return None
        rows[place], rows[best] = rows[best], rows[place]
        for i, row in enumerate(rows):
            if i != place and row[place] is not number(0):
                factor = divide(row[place], rows[place][place])
                rest = [_difference(a, factor, b) for a, b in zip(row[place + 1 :], rows[place][place + 1 :], strict=True)]
                rows[i] = [*row[:place], number(0), *rest]
    if not all(vanishes(row[-1]) for row in rows[len(columns) :]):
        return None
    return [simplified(divide(rows[i][-1], rows[i][i])) for i in range(len(columns))]


def _difference(a: Node, factor: Node, b: Node) -> Node:
    return simplified(subtract(a, multiply(factor, b)))


def _level_functions(columns: _Columns, multipliers: Sequence[Node]) -> list[Node]:
    """Functions that have the same value at all minimisers: those with a multiplier that is not 0; of a greatest of
    functions their differences, of a vector its entries where the multipliers leave room."""
    loose = {j for places, factor in columns.balls if sign_of(_room((places, factor), multipliers)) != 1 for j in places}
    level: list[Node] = []
    first: dict[int, Node] = {}
    for j, (function, group) in enumerate(zip(columns.functions, columns.groups, strict=True)):
        if j in loose or (columns.signed[j] and sign_of(multipliers[j]) != 1):
            continue
        if group is None:
            level.append(function)
        elif group in first:
            level.append(subtract(function, first[group]))
        else:
            first[group] = function
    return level


def _is_strict_minimum(lagrangian: Node, level: Sequence[Node], point: Point) -> bool:
    """Whether the second derivative of a convex function is proved positive along all directions in which functions are level."""
    unknowns: list[Symbol] = list(point)  # type: ignore[arg-type]
    box = {s: value_of(point[s], 2 * _PRECISION) for s in unknowns}
    n = len(unknowns)
    try:
        slopes = [g for function in level for g in gradient(function, unknowns)]
        curves = [h for row in hessian(lagrangian, unknowns) for h in row]
        values = enclose([*slopes, *curves], box, 2 * _PRECISION)
    except (GraphError, NotDifferentiable):
        return False
    if not all(v.is_bounded and v.everywhere for v in values):
        return False
    with ctx.workprec(2 * _PRECISION):
        balls = [v.lower.union(v.upper) for v in values]
        rows = [balls[k : k + n] for k in range(0, len(balls), n)]
        tangents = _tangents(rows[: len(level)], n)
        if tangents is None:
            return False
        inner = (tangents.transpose() * arb_mat(rows[len(level) :]) * tangents).tolist() if tangents.ncols() else []
        return all(arb_mat([row[:k] for row in inner[:k]]).det() > 0 for k in range(1, len(inner) + 1))


def _tangents(slopes: Sequence[Sequence[Any]], n: int) -> Any | None:
    """A matrix whose columns span the directions that independent ones of the slopes leave, in balls."""
    found = pivots([[float(e) for e in row] for row in slopes])
    places = [place for _, place in found]
    others = [i for i in range(n) if i not in places]
    tangents = arb_mat(n, len(others), [int(i == k) for i in range(n) for k in others])
    if not found or not others:
        return tangents
    try:
        solved = arb_mat([[slopes[i][p] for p in places] for i, _ in found]).solve(
            arb_mat([[slopes[i][k] for k in others] for i, _ in found])
        )
    except ZeroDivisionError:
        return None
    for a, i in enumerate(places):
        for k in range(len(others)):
            tangents[i, k] = -solved[a, k]
    return tangents


def pivots(rows: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return rows that are independent as far as floating point tells, each with a place where it is not 0 after the others."""
    left = {i: [e / size for e in row] for i, row in enumerate(rows) if (size := max(map(abs, row), default=0.0))}
    found = []
    while left:
        i, place = max(((i, k) for i, row in left.items() for k in range(len(row))), key=lambda at: abs(left[at[0]][at[1]]))
        row = left.pop(i)
        if abs(row[place]) < _TINY:
            break
        found.append((i, place))
        left = {k: [a - other[place] / row[place] * b for a, b in zip(other, row, strict=True)] for k, other in left.items()}
    return found
