"""Whether a problem is seen to be convex, by the rules of composition, for arrays of any size.

The exact stage proves convexity of small expressions with balls. This is for `auto`, which has to know quickly whether
further starts can find anything better: bounds are floats, one pair for all entries of an array, and nothing is written out.
That a problem is not seen to be convex says nothing.

Source: M. Grant, S. Boyd, Y. Ye, Disciplined convex programming, in: Global Optimization, From Theory to Implementation
(Springer 2006) 155-210.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from optbench.arithmetic import NoReading, floats
from optbench.language.bends import BENDS, DOMAIN_BEGINS
from optbench.language.build import call, number, symbol
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, topological
from optbench.problem.problem import Problem
from optbench.workbench.constraint_rows import parts

_INF = math.inf
_ANY = (-_INF, _INF)
_X = symbol("x")
Ends = tuple[float, float]


class Shape(NamedTuple):
    """How an expression bends in the unknowns, each of its entries; what is both is affine. `log_convex`: it is positive and
    its logarithm is convex."""

    convex: bool = False
    concave: bool = False
    log_convex: bool = False

    @property
    def affine(self) -> bool:
        return self.convex and self.concave

    def times(self, ends: Ends) -> Shape:
        """The shape after a multiplication by constants between two ends."""
        if ends[0] >= 0 or self.affine:
            return self._replace(log_convex=self.log_convex and ends[0] > 0)
        return Shape(self.concave, self.convex) if ends[1] <= 0 else _NEITHER


_NEITHER = Shape()
_AFFINE = Shape(True, True)
_POSITIVE = Shape(convex=True, log_convex=True)
_LOGARITHMS = ("log", "log2", "log10")
_KEEPING = frozenset({"add", "sum", "index", "take", "array", "transpose", "reshape", "broadcast"})


def is_convex(problem: Problem) -> bool:
    """Return whether the minimand and all constraints are seen to be convex, and the equations to be affine.

    Of a problem in whole numbers it is said that it would be without these: methods that branch need no more.
    """
    known = Shapes(problem)
    if not known.of(problem.minimand).convex or any(len(v.ranges) not in (1, v.size) for v in problem.variables):
        return False
    return all(known.of(part.residual).affine if part.equality else known.of(part.residual).convex for part in parts(problem))


class Shapes:
    """What is known of the expressions of a problem: shapes, and ends of the values."""

    def __init__(self, problem: Problem) -> None:
        self.unknowns = set(problem.symbols)
        self.ends: dict[Node, Ends] = {s: _data_ends(values) for s, values in problem.data.items()}
        self.ends.update(_ranges(problem))
        self.moving: dict[Node, bool] = {}
        self.shapes: dict[Node, Shape] = {}

    def of(self, root: Node) -> Shape:
        for node in topological(root):
            if node not in self.shapes:
                self.moving[node] = node in self.unknowns or (isinstance(node, Call) and any(self.moving[a] for a in node.args))
                if node not in self.ends:
                    self.ends[node] = _ends_of(node, self.ends)
                self.shapes[node] = self._shape(node) if self.moving[node] else _AFFINE._replace(log_convex=self.ends[node][0] > 0)
        return self.shapes[root]

    def _shape(self, node: Node) -> Shape:
        if not isinstance(node, Call) or node.boolean:
            return _NEITHER if node.boolean else _AFFINE
        shapes = [self.shapes[a] for a in node.args]
        match node.function:
            case function if function in _KEEPING:
                return Shape(*(all(flags) for flags in zip(*shapes, strict=True)))
            case "pad" | "scatter":  # zeros around
                return shapes[0]._replace(log_convex=False)
            case "negate":
                return shapes[0].times((-1.0, -1.0))
            case "maximum" | "max" | "logsumexp":
                return Shape(convex=all(s.convex for s in shapes))
            case "minimum" | "min":
                return Shape(concave=all(s.concave for s in shapes))
            case "hypot":
                return Shape(convex=all(s.affine or (s.convex and self.ends[a][0] >= 0) for s, a in zip(shapes, node.args, strict=True)))
            case "multiply" | "matmul":
                return self._product(node)
            case "divide":
                return self._quotient(node)
            case "sqrt" if self._is_square_norm(node.args[0]):
                return Shape(convex=True)
            case "sqrt":
                return _power(0.5, shapes[0], self.ends[node.args[0]])
            case "power":
                return self._power(node)
        return self._by_table(node)

    def _product(self, node: Call) -> Shape:
        moving = [a for a in node.args if self.moving[a]]
        if all(self.shapes[a].log_convex for a in node.args):
            return _POSITIVE
        if len(moving) == 1:
            factors = (1.0, 1.0)
            for a in node.args:
                factors = factors if self.moving[a] else _times(factors, self.ends[a])
            return self.shapes[moving[0]].times(factors)
        if node.function == "matmul" and node.args[0] is node.args[1] and not node.shape:
            return _power(2.0, self.shapes[moving[0]], self.ends[moving[0]])
        if len(moving) == 2 and len(node.args) == 2:
            for u, v in (node.args, node.args[::-1]):
                if isinstance(v, Call) and v.function in _LOGARITHMS and v.args[0] is u and self.shapes[u].affine:
                    return Shape(convex=True)
        return _NEITHER

    def _quotient(self, node: Call) -> Shape:
        above, below = node.args
        reciprocal = _power(-1.0, self.shapes[below], self.ends[below])
        if not self.moving[above]:
            return reciprocal.times(self.ends[above])
        if self.moving[below]:
            squared = (
                isinstance(above, Call) and above.function == "power" and above.args[1] is number(2) and self.shapes[above.args[0]].affine
            )
            return Shape(convex=squared and reciprocal.convex)
        return self.shapes[above].times(_reciprocal(self.ends[below]))

    def _power(self, node: Call) -> Shape:
        base, exponent = node.args
        if isinstance(exponent, Number):
            if exponent.value == 2 and isinstance(base, Call) and base.function == "sqrt" and self._is_square_norm(base.args[0]):
                return Shape(convex=True)
            return _power(float(exponent.value), self.shapes[base], self.ends[base])
        low, high = self.ends[base]
        if self.moving[base] or low <= 0:
            return _NEITHER
        shape = self.shapes[exponent]
        return Shape(convex=shape.affine or (shape.convex and low >= 1) or (shape.concave and high <= 1))

    def _is_square_norm(self, node: Node) -> bool:
        """Whether the root of an expression is the length of a vector of affine entries."""
        waiting = [node]
        while waiting:
            match waiting.pop():
                case Call(function="add" | "sum" | "broadcast" | "reshape", args=args):
                    waiting.extend(args)
                case Call(function="power", args=(u, Number(value=2))) if self.shapes[u].affine:
                    pass
                case Call(function="matmul", args=(u, v)) if u is v and len(u.shape) == 1 and self.shapes[u].affine:
                    pass
                case Call(function="multiply", args=(Number(value=a), *rest)) if a >= 0 and len(rest) == 1:
                    waiting.append(rest[0])
                case Number(value=value) if value >= 0:
                    pass
                case _:
                    return False
        return True

    def _by_table(self, node: Call) -> Shape:
        if len(node.args) != 1:
            return _NEITHER
        inner, (low, high) = self.shapes[node.args[0]], self.ends[node.args[0]]
        if node.function == "abs" and (low >= 0 or high <= 0):
            return inner.times((1.0, 1.0) if low >= 0 else (-1.0, -1.0))
        if inner.concave:
            low = max(low, DOMAIN_BEGINS.get(node.function, -_INF))
        convex = concave = False
        for bend in BENDS.get(node.function, ()):
            follows = inner.affine or (inner.convex and bend.rise * bend.bend > 0) or (inner.concave and bend.rise * bend.bend < 0)
            if follows and low >= bend.low and high <= bend.high:
                convex, concave = convex or bend.bend > 0, concave or bend.bend < 0
        convex = convex or (node.function in _LOGARITHMS and inner.log_convex)
        return Shape(convex, concave, node.function == "exp" and convex)


def _power(p: float, inner: Shape, ends: Ends) -> Shape:
    """The shape of u^p."""
    low = ends[0]
    even = p == math.floor(p) and p % 2 == 0
    if p == 1:
        return inner
    if p > 1 and even:
        rising, falling = inner.convex and low >= 0, inner.concave and ends[1] <= 0
        return Shape(convex=inner.affine or rising or falling)
    if p > 1:
        return Shape(convex=inner.convex and (low >= 0 or (inner.affine and p != math.floor(p))))
    if p > 0:
        return Shape(concave=inner.concave)  # defined where u >= 0 only
    return Shape(convex=inner.concave and (low >= 0 or p != math.floor(p)))


# ---- ends of values -------------------------------------------------------------------------------------------------------------


def _ranges(problem: Problem) -> dict[Node, Ends]:
    found: dict[Node, Ends] = {}
    for v in problem.variables:
        ranges = v.ranges if v.shape else (problem.domains[v.name][0],)
        found[v.symbol] = (min(r.floats[0] for r in ranges), max(r.floats[1] for r in ranges))
    return found


def _data_ends(values: Any) -> Ends:
    import numpy as np

    array = np.asarray(values, dtype=float)
    return (float(array.min()), float(array.max())) if array.size and np.isfinite(array).all() else _ANY


def _ends_of(node: Node, known: Mapping[Node, Ends]) -> Ends:
    """Ends between which all entries lie where they are defined; not rounded outward."""
    if isinstance(node, Number):
        return (float(node.value), float(node.value)) if abs(node.value) < 1e300 else _ANY
    if not isinstance(node, Call) or node.boolean:
        return _ANY
    inner = [known[a] for a in node.args]
    match node.function:
        case "add":
            return sum(low for low, _ in inner), sum(high for _, high in inner)
        case "negate":
            return -inner[0][1], -inner[0][0]
        case "multiply":
            ends = (1.0, 1.0)
            for pair in inner:
                ends = _times(ends, pair)
            return ends
        case "matmul":
            if node.args[0] is node.args[1] and not node.shape:
                return 0.0, _INF
            return _repeated(_times(*inner), node.args[0].shape[-1])
        case "sum":
            count = math.prod(node.args[0].shape) // max(1, math.prod(node.shape))
            return _repeated(inner[0], count)
        case "divide":
            return _times(inner[0], _reciprocal(inner[1]))
        case "power" if isinstance(node.args[1], Number):
            return _power_ends(inner[0], float(node.args[1].value))
        case "maximum":
            return max(low for low, _ in inner), max(high for _, high in inner)
        case "minimum":
            return min(low for low, _ in inner), min(high for _, high in inner)
        case "abs":
            low, high = inner[0]
            return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case "if":
            return min(inner[1][0], inner[2][0]), max(inner[1][1], inner[2][1])
        case "array" | "index" | "take" | "transpose" | "reshape" | "broadcast" | "max" | "min":
            return min(low for low, _ in inner[: len(node.args)]), max(high for _, high in inner)
        case "pad" | "scatter":
            return min(0.0, inner[0][0]), max(0.0, inner[0][1])
    return _by_monotony(node, inner)


def _by_monotony(node: Call, inner: list[Ends]) -> Ends:
    row = TABLE[node.function]
    if row.kind is not Kind.ELEMENTWISE:
        return _ANY
    least, greatest = _RANGES.get(row.range[0], _ANY[0]), _RANGES.get(row.range[1], _ANY[1])
    if len(node.args) != 1 or not row.monotone:
        return _constant(node) if not node.args else (least, greatest)
    low, high = (_at(node.function, end) for end in (inner[0] if row.monotone > 0 else inner[0][::-1]))
    return max(least, -_INF if math.isnan(low) else low), min(greatest, _INF if math.isnan(high) else high)


_RANGES = {"0": 0.0, "1": 1.0, "-1": -1.0, "2": 2.0, "pi": math.pi, "-pi": -math.pi, "pi/2": math.pi / 2, "-pi/2": -math.pi / 2}
_RANGES |= {"inf": _INF, "-inf": -_INF}


def _at(function: str, x: float) -> float:
    return math.nan if math.isinf(x) else _value(call(function, _X), x)


def _constant(node: Node) -> Ends:
    value = _value(node)
    return _ANY if math.isnan(value) else (value, value)


def _value(node: Node, *x: float) -> float:
    try:
        return float(floats.function([node], [_X][: len(x)])(*x)[0])
    except NoReading:
        return math.nan


def _times(a: Ends, b: Ends) -> Ends:
    products = [0.0 if 0.0 in (u, v) else u * v for u, v in product(a, b)]
    return min(products), max(products)


def _repeated(ends: Ends, count: int) -> Ends:
    return _times(ends, (count, count))


def _reciprocal(ends: Ends) -> Ends:
    low, high = ends
    if low < 0 < high:
        return _ANY
    if low >= 0:
        return (1 / high if high else _INF), (1 / low if low else _INF)
    return (1 / high if high else -_INF), 1 / low


def _power_ends(ends: Ends, p: float) -> Ends:
    if p < 0:
        return _reciprocal(_power_ends(ends, -p))
    low, high = ends
    if p != math.floor(p):
        low, high = max(low, 0.0), max(high, 0.0)
    a, b = _raised(low, p), _raised(high, p)
    if p == math.floor(p) and p % 2 == 0:
        return (0.0 if low <= 0 <= high else min(a, b)), max(a, b)
    return a, b


def _raised(x: float, p: float) -> float:
    try:
        return float(x**p)
    except OverflowError:
        return _INF if x > 0 or p % 2 == 0 else -_INF
