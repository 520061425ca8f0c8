"""Writing expressions with arrays out into scalar expressions, entry by entry.

An array variable `x` of three entries becomes the scalar symbols `x[0]`, `x[1]`, `x[2]`, a matrix `A` the symbols
`A[0, 0]`, `A[0, 1]`, ...; data become exact numbers. Readings that know scalars only (enclosures, closed forms) work on
the result. Entries are in row-major order.

>>> from optbench.language.elaborate import Scope, parse
>>> scalar(parse("sum((x[1:] - x[:-1]^2)^2)", Scope({"x": symbol("x", (3,))})).node)
(x[1] - x[0]^2)^2 + (x[2] - x[1]^2)^2
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod

from optbench.language.build import add, call, condition, multiply, number, rebuild, symbol
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, GraphError, Node, Number, Shape, Symbol, topological
from optbench.language.shapes import broadcast_shapes

Entries = list[Node]

LIMIT = 100_000


def scalar(root: Node, values: Mapping[Symbol, Sequence[Fraction]] | None = None, limit: int = LIMIT) -> Node:
    """Return a scalar expression without arrays, equal to `root`; `values` and `limit` as for `entries`."""
    if root.shape:
        raise GraphError("This expression is an array, and a scalar is needed here.")
    return entries(root, values, limit)[0]


def entries(root: Node, values: Mapping[Symbol, Sequence[Fraction]] | None = None, limit: int = LIMIT) -> Entries:
    """Return the entries of an expression, each a scalar expression without arrays.

    `values` holds the entries of the symbols that are data. Raises `GraphError` where all arrays in the expression have
    more than `limit` entries together, and for an index that is not known.
    """
    return all_entries([root], values, limit)[0]


def all_entries(roots: Sequence[Node], values: Mapping[Symbol, Sequence[Fraction]] | None = None, limit: int = LIMIT) -> list[Entries]:
    """Return the entries of several expressions, whose common parts are written out once."""
    order = topological(*roots)
    _check_size(order, limit)
    known = values or {}
    done: dict[Node, Entries] = {}
    for node in order:
        if isinstance(node, Call):
            done[node] = _call_entries(node, [done[a] for a in node.args])
        else:
            done[node] = _symbol_entries(node, known) if isinstance(node, Symbol) else [node]
    return [done[root] for root in roots]


def _check_size(order: Sequence[Node], limit: int) -> None:
    total = sum(_cost(node) for node in order)
    if total > limit:
        raise GraphError(f"Written out entry by entry this has {total:,} parts; the limit is {limit:,}.")


def _cost(node: Node) -> int:
    """The number of entries that have to be made, for products of matrices and `others` that of their factors."""
    if isinstance(node, Call) and node.function == "matmul":
        return prod(node.shape) * node.args[0].shape[-1]
    if isinstance(node, Call) and node.function == "others":
        return prod(node.shape) * (prod(node.shape) if node.static[0] is None else node.shape[node.static[0]])
    return prod(node.shape) if node.shape else 0


def _symbol_entries(node: Symbol, values: Mapping[Symbol, Sequence[Fraction]]) -> Entries:
    if node in values:
        return [number(_as_written(value)) for value in values[node]]
    if not node.shape:
        return [node]
    return [symbol(f"{node.name}[{', '.join(map(str, place))}]", (), node.integer) for place in _places(node.shape)]


def _as_written(value: Fraction | float) -> Fraction:
    """The exact number of an entry; a double is the shortest decimal that reads as it: 0.1 is 1/10."""
    return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)


def _call_entries(node: Call, args: list[Entries]) -> Entries:
    kind = TABLE[node.function].kind
    if kind is Kind.REDUCTION:
        return _reduced(node, args[0])
    if kind is Kind.STRUCTURE:
        return _STRUCTURE[node.function](node, args)
    columns = [_spread(a, arg.shape, node.shape) for a, arg in zip(args, node.args, strict=True)]
    return [rebuild(node, row) for row in zip(*columns, strict=True)] if columns else [node]


# ---- places of entries ---------------------------------------------------------------------------------------------------


def _places(shape: Shape) -> Iterable[tuple[int, ...]]:
    """Yield every index of an array in row-major order."""
    return product(*map(range, shape))


def _strides(shape: Shape) -> list[int]:
    """Return how far apart neighbours along each axis stand in row-major order."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def _offsets(axes: Sequence[Iterable[int]], strides: Sequence[int]) -> list[int]:
    """Return the position of each combination of one index an axis, in row-major order."""
    offsets = [0]
    for indices, stride in zip(axes, strides, strict=True):
        steps = [i * stride for i in indices]
        offsets = [offset + step for offset in offsets for step in steps]
    return offsets


def _spread(entries: Entries, shape: Shape, target: Shape) -> Entries:
    """Return the entries of an array broadcast to another shape."""
    if shape == target:
        return entries
    if len(entries) == 1:
        return entries * prod(target)
    padded = (1,) * (len(target) - len(shape)) + shape
    strides = [0 if size == 1 else stride for size, stride in zip(padded, _strides(padded), strict=True)]
    return [entries[k] for k in _offsets([range(size) for size in target], strides)]


def _lines(shape: Shape, axis: int | None) -> list[list[int]]:
    """Return the positions that a reduction joins, one list for each entry of its result."""
    if axis is None:
        return [list(range(prod(shape)))]
    strides = _strides(shape)
    starts = _offsets([range(1) if a == axis else range(size) for a, size in enumerate(shape)], strides)
    return [[start + k * strides[axis] for k in range(shape[axis])] for start in starts]


def _sliced(shape: Shape, spec: Sequence[int | tuple[int, int, int]]) -> list[int]:
    """Return the positions that an index of ints and (start, stop, step) picks."""
    return _offsets([range(*part) if isinstance(part, tuple) else (part,) for part in spec], _strides(shape))


def _taken(shape: Shape, axis: int | None, indices: list[Entries], shapes: list[Shape]) -> list[int]:
    """Return the positions that arrays of indices pick: one along an axis, or (axis None) one for each axis."""
    common = broadcast_shapes(shapes)
    sizes = shape if axis is None else (shape[axis],)
    columns = [
        [_whole(entry, size) for entry in _spread(column, own, common)] for column, own, size in zip(indices, shapes, sizes, strict=True)
    ]
    strides = _strides(shape)
    if axis is None:
        return [sum(i * stride for i, stride in zip(row, strides, strict=True)) for row in zip(*columns, strict=True)]
    return _offsets([columns[0] if a == axis else range(size) for a, size in enumerate(shape)], strides)


def _whole(index: Node, size: int) -> int:
    if not isinstance(index, Number) or not index.integer:
        raise GraphError("An index must be known beforehand: a number, or an array of whole numbers that is no variable.")
    where = int(index.value)
    if not -size <= where < size:
        raise GraphError(f"The index {where} lies outside 0..{size - 1}.")
    return where % size


# ---- reductions and structure: (node, entries of the arguments) -> entries ----------------------------------------------------


def _reduced(node: Call, x: Entries) -> Entries:
    join = _JOINED[node.function]
    return [join([x[k] for k in line]) for line in _lines(node.args[0].shape, node.static[0])]


def _log_sum_exp(terms: Entries) -> Node:
    return call("log", add(*(call("exp", term) for term in terms)))


def _all(tests: Entries) -> Node:
    return condition("and", *tests) if tests else condition("equal", 0, 0)


_JOINED: dict[str, Callable[[Entries], Node]] = {
    "sum": lambda terms: add(*terms),
    "prod": lambda factors: multiply(*factors),
    "min": lambda terms: call("minimum", *terms),
    "max": lambda terms: call("maximum", *terms),
    "logsumexp": _log_sum_exp,
    "all": _all,
}


def _take(node: Call, args: list[Entries]) -> Entries:
    positions = _taken(node.args[0].shape, node.static[0], args[1:], [a.shape for a in node.args[1:]])
    return [args[0][k] for k in positions]


def _scatter(node: Call, args: list[Entries]) -> Entries:
    axis, shape = node.static
    positions = _taken(shape, axis, args[1:], [a.shape for a in node.args[1:]])
    return _placed(shape, positions, args[0])


def _pad(node: Call, args: list[Entries]) -> Entries:
    spec, shape = node.static
    return _placed(shape, _sliced(shape, spec), args[0])


def _placed(shape: Shape, positions: list[int], x: Entries) -> Entries:
    """Return zeros plus each entry of x at its position; what falls on one position is added."""
    terms: list[Entries] = [[] for _ in range(prod(shape))]
    for position, entry in zip(positions, x, strict=True):
        terms[position].append(entry)
    return [add(*t) for t in terms]


def _others(node: Call, args: list[Entries]) -> Entries:
    result: Entries = [number(1)] * len(args[0])
    for line in _lines(node.shape, node.static[0]):
        for k in line:
            result[k] = multiply(*(args[0][other] for other in line if other != k))
    return result


def _matmul(node: Call, args: list[Entries]) -> Entries:
    """Rows of the left times columns of the right; a vector is a row on the left and a column on the right."""
    left, right = args
    inner = node.args[0].shape[-1]
    columns = prod(node.args[1].shape[1:])
    rows = prod(node.args[0].shape[:-1])
    return [
        add(*(multiply(left[i * inner + k], right[k * columns + j]) for k in range(inner))) for i in range(rows) for j in range(columns)
    ]


def _transpose(node: Call, args: list[Entries]) -> Entries:
    strides = _strides(node.args[0].shape)[::-1]
    return [args[0][k] for k in _offsets([range(size) for size in node.shape], strides)]


def _arange(node: Call, args: list[Entries]) -> Entries:
    start, _, step = args
    return [add(start[0], multiply(k, step[0])) for k in range(node.shape[0])]


def _linspace(node: Call, args: list[Entries]) -> Entries:
    """linspace(a, b, n) is a + (b - a)*k/(n - 1)."""
    (a,), (b,) = args
    last = max(1, node.shape[0] - 1)
    weights = [Fraction(k, last) for k in range(node.shape[0])]
    return [add(multiply(1 - w, a), multiply(w, b)) if w not in (0, 1) else (b if w else a) for w in weights]


_STRUCTURE: dict[str, Callable[[Call, list[Entries]], Entries]] = {
    "index": lambda node, args: [args[0][k] for k in _sliced(node.args[0].shape, node.static)],
    "take": _take,
    "array": lambda node, args: [entry for arg in args for entry in arg],
    "transpose": _transpose,
    "matmul": _matmul,
    "reshape": lambda node, args: args[0],
    "broadcast": lambda node, args: _spread(args[0], node.args[0].shape, node.shape),
    "pad": _pad,
    "scatter": _scatter,
    "others": _others,
    "arange": _arange,
    "linspace": _linspace,
    "zeros": lambda node, args: [number(0)] * prod(node.shape),
    "ones": lambda node, args: [number(1)] * prod(node.shape),
}
