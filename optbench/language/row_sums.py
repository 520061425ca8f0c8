"""Finding a sum over rows of data in an expression: what methods that work on mini-batches stand on.

An expression f of some unknowns is a sum over m rows where f(x) = rest(x) + the sum of g(x, row i) over i = 1..m. What
holds no unknown is data, and data with an axis of length m have rows; whatever depends on no row, such as a ridge
penalty, is the rest, or stands in every g. Sums and means count, with factors and scalars beside them, and what is
written as `a @ b` or `norm(r)^2`. Of a number of rows a `Batch` is the same sum over placeholders of that length:

>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> scope = Scope({"w": symbol("w", (2,)), "X": symbol("X", (60, 2)), "y": symbol("y", (60,))})
>>> found = row_sum(parse("mean((X @ w - y)^2) + 3*sum(w^2)", scope).node, [symbol("w", (2,))])
>>> found.rows, found.rest, found.batch(5).estimate
(60, sum(3*w^2), 12*sum(1/60*(rows_0 @ w - rows_1)^2) + sum(3*w^2))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import prod
from typing import NamedTuple, TypeAlias, cast

from optbench.language.build import add, divide, index, multiply, number, rebuild, reduction, structure, symbol
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Shape, Symbol, topological

NOT_SEEN = "this function is not seen to be one"
_PASSES_OVER_DATA = "a part of this function beside the sum goes over the data as well"


class NoRowSum(Exception):
    """An expression is not seen to be a sum over rows of data; the text says why, as the second half of a sentence."""


class Column(NamedTuple):
    """Data that a batch needs: `placeholder` stands for the entries of `source` at the batch's places along `axis`."""

    placeholder: Symbol
    source: Node  # without unknowns
    axis: int


class Batch(NamedTuple):
    """The sum over a batch of rows."""

    sum: Node  # of g over the batch, in terms of the unknowns and the placeholders
    columns: list[Column]
    estimate: Node  # rest + m/size * sum: on the average over all batches it is f


class RowSum(NamedTuple):
    """f = rest + the sum over `rows` rows of all summands, each an array with its rows along an axis."""

    rows: int
    summands: list[tuple[Node, int]]
    rest: Node
    depends: frozenset[Node]  # which nodes hold an unknown

    def batch(self, size: int) -> Batch:
        """Return the sum over `size` rows, each of which is to be put in the place of the placeholders."""
        columns: dict[tuple[Node, int], Column] = {}
        parts = [_batched(array, axis, size, self.depends, columns) for array, axis in self.summands]
        total = add(*(reduction("sum", part) for part in parts))
        estimate = add(multiply(Fraction(self.rows, size), total), self.rest)
        return Batch(total, list(columns.values()), estimate)


def row_sum(root: Node, unknowns: Iterable[Symbol]) -> RowSum:
    """Return a scalar expression as a sum over the rows of its data, the longest there are.

    Raises `NoRowSum` where it is not seen to be one, and where a part beside the sum goes over as many numbers as the
    sum, so that a batch would save nothing.
    """
    unknowns = list(unknowns)
    terms = list(_terms(root, _reach(root, _dependent([root], unknowns))))
    if not any(term.shape for term in terms):
        raise NoRowSum(NOT_SEEN)
    depends = _dependent(terms, unknowns)
    reasons: list[str] = []
    axes = [_row_axis(array, depends, reasons) for array in terms]
    rows = max((array.shape[axis] for array, axis in zip(terms, axes, strict=True) if axis is not None), default=0)
    if not rows:
        raise NoRowSum(reasons[0] if reasons else NOT_SEEN)
    summands: list[tuple[Node, int]] = []
    others: list[Node] = []
    for array, axis in zip(terms, axes, strict=True):
        if axis is not None and array.shape[axis] == rows:
            summands.append((array, axis))
        else:
            others.append(reduction("sum", array))
    found = RowSum(rows, summands, add(*others), depends)
    _check_that_batches_are_cheap(found, sum(prod(u.shape) for u in unknowns))
    return found


def _dependent(roots: Iterable[Node], unknowns: Iterable[Symbol]) -> frozenset[Node]:
    """Return the nodes that hold an unknown."""
    found: set[Node] = set(unknowns)
    for node in topological(*roots):
        if any(a in found for a in node.args):
            found.add(node)
    return frozenset(found)


def _check_that_batches_are_cheap(found: RowSum, dimension: int) -> None:
    """Raise where data of the length of the sum are left beside unknowns in a batch."""
    long = max(found.rows, dimension + 1)
    estimate, columns = found.batch(1).estimate, found.batch(1).columns
    depends = _dependent([estimate], [*(s for s in found.depends if isinstance(s, Symbol)), *(c.placeholder for c in columns)])
    for node in topological(estimate, enter=lambda n: n.args if n in depends else ()):
        if node not in depends and prod(node.shape) >= long:
            raise NoRowSum(_PASSES_OVER_DATA)


# ---- the terms of the sum --------------------------------------------------------------------------------------------------


def _reach(root: Node, depends: frozenset[Node]) -> dict[Node, int]:
    """Return for each node with an unknown how many entries the largest array has that is computed for it."""
    reach: dict[Node, int] = {}
    for node in topological(root):
        if node in depends:
            reach[node] = max(prod(node.shape), *(reach.get(a, 0) for a in node.args), 0)
    return reach


def _terms(root: Node, reach: dict[Node, int]) -> Iterator[Node]:
    """Yield arrays and scalars whose entries, all added up, are the expression."""
    waiting: list[tuple[Node, Node]] = [(number(1), root)]  # scalar factors, and what they multiply
    while waiting:
        factor, node = waiting.pop()
        inside = list(_inside(node, reach)) if reach.get(node, 0) > 1 else []
        waiting.extend((multiply(factor, more), part) for more, part in reversed(inside))
        if not inside:
            yield multiply(factor, node)


def _inside(node: Node, reach: dict[Node, int]) -> Iterator[tuple[Node, Node]]:
    """Yield the parts of which a scalar is the sum (of all their entries), each with a scalar factor."""
    if not isinstance(node, Call) or node.shape:
        return
    one = number(1)
    match node.function, node.args:
        case "add", args:
            yield from ((one, a) for a in args)
        case "negate", (a,):
            yield number(-1), a
        case "divide", (a, b):
            yield divide(1, b), a
        case "multiply", args:
            large = max(args, key=lambda a: reach.get(a, 0))
            place = args.index(large)
            yield multiply(*args[:place], *args[place + 1 :]), large
        case "sum", (a,):
            yield one, a.args[0] if isinstance(a, Call) and a.function == "sum" else a  # the sum of a sum along an axis
        case "matmul", (a, b):
            yield one, multiply(a, b)
        case "power", (Call(function="sqrt", args=(a,)), Number(value=2)):  # of a norm
            yield one, a


# ---- rows ------------------------------------------------------------------------------------------------------------------


def _row_axis(array: Node, depends: frozenset[Node], reasons: list[str]) -> int | None:
    """Return the axis along which an array has rows, the longest; None where it has none, with the reason noted."""
    for axis in sorted(range(len(array.shape)), key=lambda axis: -array.shape[axis]):
        if array in depends and array.shape[axis] > 1:
            try:
                _batched(array, axis, 1, depends, {})
            except NoRowSum as reason:
                reasons.append(str(reason))
            else:
                return axis
    return None


_Along: TypeAlias = tuple[Node, int | None]  # a node, and the axis of its rows; None: it is the same for all rows


def _batched(array: Node, axis: int, size: int, depends: frozenset[Node], columns: dict[tuple[Node, int], Column]) -> Node:
    """Return the array with `size` rows along an axis; the data it needs are added to `columns`."""

    def inside(pair: _Along) -> list[_Along]:
        node, along = pair
        if along is None or (node not in depends and not _is_taken_apart(node)):
            return []
        if not isinstance(node, Call):
            raise NoRowSum(f"the unknown {node} has an entry for each row")
        return list(zip(node.args, _axes(node, along), strict=True))

    walk = cast(Callable[..., list[_Along]], topological)  # it walks whatever can be hashed
    done: dict[_Along, Node] = {}
    for pair in walk((array, axis), enter=inside):
        node, along = pair
        parts = inside(pair)
        if along is None:
            done[pair] = node
        elif parts:
            assert isinstance(node, Call)
            done[pair] = _rebuilt(node, along, size, tuple(done[part] for part in parts))
        else:
            done[pair] = _placeholder(node, along, size, columns)
    return done[array, axis]


def _is_taken_apart(data: Node) -> bool:
    """Whether data are no column of their own: there are none of conditions, and a sign is not worth a copy."""
    return data.boolean or (isinstance(data, Call) and data.function == "negate")


def _placeholder(source: Node, axis: int, size: int, columns: dict[tuple[Node, int], Column]) -> Symbol:
    if (source, axis) not in columns:
        name = f"rows_{len(columns)}"
        columns[source, axis] = Column(symbol(name, _resized(source.shape, axis, size), source.integer), source, axis)
    return columns[source, axis].placeholder


def _axes(node: Call, axis: int) -> list[int | None]:
    """Return for each argument the axis along which its rows are those of the call, None where all rows use all of it."""
    args = node.args
    if TABLE[node.function].kind in (Kind.ELEMENTWISE, Kind.CONDITION) or node.function == "broadcast":
        return [_aligned(a.shape, node.shape, axis) for a in args]
    if TABLE[node.function].kind is Kind.REDUCTION:
        return [axis if axis < node.static[0] else axis + 1]
    match node.function:
        case "matmul":
            return [0, None] if axis == 0 and len(args[0].shape) == 2 else [None, len(args[1].shape) - 1]
        case "transpose":
            return [1 - axis] if len(node.shape) == 2 else [len(node.shape) - 1 - axis]
        case "array" if axis > 0:
            return [axis - 1] * len(args)
        case "index":
            kept = [place for place, part in enumerate(node.static) if isinstance(part, tuple)]
            if node.static[kept[axis]] == (0, args[0].shape[kept[axis]], 1):
                return [kept[axis]]
        case "reshape":
            before = prod(node.shape[:axis])
            for place, length in enumerate(args[0].shape):
                if length == node.shape[axis] and prod(args[0].shape[:place]) == before:
                    return [place]
        case "take":
            return _axes_of_taken(node, axis)
    raise NoRowSum(NOT_SEEN)


def _axes_of_taken(node: Call, axis: int) -> list[int | None]:
    """The same for x[I] along an axis of x, and for x[I, J, ...]: rows of the indices, or of x."""
    indices = node.args[1:]
    first = node.static[0] or 0
    depth = max(len(i.shape) for i in indices)
    if first <= axis < first + depth:
        block = node.shape[first : first + depth]
        return [None, *(_aligned(i.shape, block, axis - first) for i in indices)]
    return [axis if axis < first else axis - depth + 1, *(None for _ in indices)]


def _aligned(shape: Shape, target: Shape, axis: int) -> int | None:
    """Return the axis of an argument that an axis of the result comes from, None where it is repeated along that."""
    place = axis - (len(target) - len(shape))
    return None if place < 0 or (shape[place] == 1 and target[axis] != 1) else place


def _rebuilt(node: Call, axis: int, size: int, args: tuple[Node, ...]) -> Node:
    """Return the call on other arguments, with `size` rows along an axis."""
    match node.function:
        case "reshape" | "broadcast":
            return structure(node.function, args, (_resized(node.shape, axis, size),))
        case "index":
            kept = [place for place, part in enumerate(node.static) if isinstance(part, tuple)]
            return index(args[0], tuple((0, size, 1) if place == kept[axis] else part for place, part in enumerate(node.static)))
    return rebuild(node, args)


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])
