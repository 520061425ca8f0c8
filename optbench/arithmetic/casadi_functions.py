"""Translating a graph into CasADi's, and CasADi's derivatives of it.

Every value is a column of its entries in row-major order, whatever its shape: CasADi's own arrays have two axes and are
column-major. What moves entries about becomes one choice of entries, found by having numpy move their positions. Parts
that hold no unknown are computed by numpy beforehand. Small expressions and those without arrays become SX (scalar
operations), others MX (operations on whole arrays).

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> roots = [parse("x*log(x)").node]
>>> translated(roots, roots, [symbol("x")], {}).minimand
SX((x*log(x)))
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from typing import Any

import casadi as ca
import numpy as np

from optbench.arithmetic import NoReading, numpy_arrays
from optbench.arithmetic.casadi_graph import dependent
from optbench.arithmetic.sparsity import Sparsity
from optbench.arithmetic.straight_line import compiled, float_of
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Shape, Symbol, topological

_SCALAR_WORK = 50  # scalar operations up to which SX is quicker
_SCALAR_LENGTH = 10  # entries an operation, on average, up to which it is quicker too
_FEW_COMPARED = 20_000  # scalar operations up to which that elimination costs less than it saves in a few hundred evaluations
_QUICKLY_HASHED = 10_000  # numbers in constants up to which CasADi's elimination of common subexpressions is quick


@dataclass(frozen=True)
class Expressions:
    """A minimand and constraint residuals in CasADi's graph, and CasADi functions of them and of their derivatives.

    `undefined`, `residuals_undefined`: 0 where a value is defined and nan elsewhere, to be added to it (None: it is
    defined everywhere); the latter has one entry a residual. `eliminates`: whether common subexpressions are looked for.
    """

    point: Any  # a column
    minimand: Any
    residuals: Any  # a column
    undefined: Any | None
    residuals_undefined: Any | None
    eliminates: bool

    @property
    def dimension(self) -> int:
        return int(self.point.numel())

    @property
    def constraint_count(self) -> int:
        return int(self.residuals.numel())

    @property
    def kind(self) -> str:
        return type(self.point).__name__

    def value(self) -> Any:
        """f of the point."""
        return self._function("value", _marked(self.minimand, self.undefined))

    def gradient(self) -> Any:
        """The gradient of f, a column."""
        return self._function("gradient", _marked(ca.densify(ca.gradient(self.minimand, self.point)), self.undefined))

    @cached_property
    def hessian(self) -> tuple[Any, Sparsity]:
        """The entries of the Hessian of f, and where they are."""
        pattern, entries = _hessian(self.minimand, self.point)
        return self._function("hessian", _marked(entries, self.undefined)), _places(pattern)

    def constraints(self) -> Any:
        """The residuals c of the point."""
        return self._function("constraints", _marked(self.residuals, self.residuals_undefined))

    @cached_property
    def jacobian(self) -> tuple[Any, Sparsity]:
        """The entries of c', and where they are."""
        pattern = ca.jacobian_sparsity(self.residuals, self.point)
        places = _places(pattern)
        marks = None if self.residuals_undefined is None else _chosen(self.residuals_undefined, places.rows)
        return self._function("jacobian", _marked(_jacobian(self.residuals, self.point, pattern), marks)), places

    @cached_property
    def lagrangian_hessian(self) -> tuple[Any, Sparsity]:
        """The entries of the Hessian of factor*f + multipliers'c, a function of (point, factor, multipliers)."""
        factor, multipliers = self._symbol("factor", 1), self._symbol("multipliers", self.constraint_count)
        pattern, entries = _hessian(factor * self.minimand + ca.dot(multipliers, self.residuals), self.point)
        marked = _marked(entries, self.undefined)
        if self.residuals_undefined is not None:
            marked = _marked(marked, _total(self.residuals_undefined))
        return self._function("lagrangian_hessian", marked, factor, multipliers), _places(pattern)

    def _symbol(self, name: str, size: int) -> Any:
        return type(self.point).sym(name, size)

    def _function(self, name: str, output: Any, *more: Any) -> Any:
        return ca.Function(name, [self.point, *more], [output], {"cse": self.eliminates})


def _marked(values: Any, undefined: Any | None) -> Any:
    return values if undefined is None else values + undefined


def _places(pattern: Any) -> Sparsity:
    return Sparsity(*_triplet(pattern), pattern.shape)


def _triplet(pattern: Any) -> tuple[Any, Any]:
    """Return the rows and the columns of a pattern's entries, in CasADi's order."""
    rows, columns = (np.array(places, dtype=np.intp) for places in pattern.get_triplet())
    return rows, columns


# ---- matrices of derivatives -----------------------------------------------------------------------------------------

_MOST_PATHS = 2e9  # steps of CasADi's star colouring, at a quarter of a nanosecond each


def _hessian(scalar: Any, point: Any) -> tuple[Any, Any]:
    """Return the pattern of the Hessian, which is symmetric, and its entries."""
    slope = ca.densify(ca.gradient(scalar, point))
    own = ca.jacobian_sparsity(slope, point)
    pattern = own + own.T  # CasADi takes a condition for a dependence, in one direction
    if own.is_symmetric() and 2 * own.nnz() <= own.numel() and _paths(own) < _MOST_PATHS:
        return pattern, _stored(ca.jacobian(slope, point, {"symmetric": True}), pattern)
    return pattern, _jacobian(slope, point, pattern)


def _paths(pattern: Any) -> float:
    """Return the number of paths of three edges, which is what a star colouring looks at."""
    rows, columns = _triplet(pattern)
    degrees = np.bincount(rows, minlength=pattern.size1()).astype(float)
    return float(np.bincount(columns, weights=degrees[rows], minlength=pattern.size1())[rows].sum())


def _stored(matrix: Any, pattern: Any) -> Any:
    """Return the entries of a matrix at the places of a pattern, as a column."""
    return ca.densify(ca.sparsity_cast(ca.project(matrix, pattern), ca.Sparsity.dense(pattern.nnz(), 1)))


def _jacobian(values: Any, point: Any, pattern: Any) -> Any:
    """Return the entries of a Jacobian: columns (or rows) without a common row (column) are computed as one.

    Of MX not by CasADi's own `jacobian`: in its reverse mode all seeds are taken to have the pattern of the first where a
    scalar is added to an array, and the others lose what flows into the scalar. Seeds without zeros left out are right.

    Source: A. R. Curtis, M. J. D. Powell and J. K. Reid, On the estimation of sparse Jacobian matrices, J. Inst. Maths.
    Applics. 13 (1974) 117-119.
    """
    if isinstance(values, ca.SX):
        return _stored(ca.jacobian(values, point), pattern)
    rows, columns = _triplet(pattern)
    across, down = _groups(pattern), _groups(pattern.T)
    if across.size2() <= 2 * down.size2():
        products = ca.jtimes(values, point, ca.MX(ca.DM(across, 1)))
        group, entry = _group_of_each(across)[columns], rows
    else:
        products = ca.jtimes(values, point, ca.MX(ca.densify(ca.DM(down, 1))), True)
        group, entry = _group_of_each(down)[rows], columns
    return _chosen(ca.vec(ca.densify(products)), group * products.size1() + entry)


def _groups(pattern: Any) -> Any:
    """Return which columns of a matrix are computed as one: a column of zeros and ones for each group."""
    if 2 * pattern.nnz() > pattern.numel():  # hardly any go together, and to find them takes long
        return ca.Sparsity.diag(pattern.size2())
    return pattern.uni_coloring()


def _group_of_each(groups: Any) -> Any:
    members, group = _triplet(groups)
    return group[np.argsort(members)]


# ---- the translation -------------------------------------------------------------------------------------------------


def translated(outputs: Sequence[Node], prepared: Sequence[Node], inputs: Sequence[Symbol], data: Mapping[Symbol, Any]) -> Expressions:
    """Return a minimand and constraint residuals in CasADi's graph.

    `outputs` are the expressions as they are, which say where they are defined; `prepared` have the same values and are
    what is translated. Raises `NoReading` for an index that is an unknown, `KeyError` for a symbol without a value.
    """
    domains = [natural_domain(output) for output in outputs]
    roots = [*prepared, *(condition for domain in domains for condition in domain)]
    depends = dependent(roots, data)
    unknowns = set(inputs)
    missing = [node.name for node in depends if isinstance(node, Symbol) and node not in unknowns]
    if missing:
        raise KeyError(f"symbols without a value: {missing}")
    order = topological(*roots, enter=lambda node: node.args if node in depends else ())
    kind = ca.SX if _is_small([node for node in order if node in depends]) else ca.MX
    point = kind.sym("x", sum(prod(s.shape) for s in inputs))
    numbers = _numbers([node for node in order if node not in depends], data)
    values = _values(order, kind, dict(zip(inputs, _parts(point, inputs), strict=True)), numbers)
    marks = [_mark(kind, [numbers.get(c, values[c]) for c in domain]) for domain in domains]
    columns = [_column(kind, values[node], prod(node.shape)) for node in prepared]
    residuals_undefined = None if all(mark is None for mark in marks[1:]) else ca.vertcat(*map(_spread_mark, marks[1:], columns[1:]))
    residuals = ca.vertcat(kind.zeros(0, 1), *columns[1:])
    is_few = kind is ca.MX or len(order) <= _FEW_COMPARED
    eliminates = is_few and sum(prod(node.shape) for node in numbers) <= _QUICKLY_HASHED
    return Expressions(point, columns[0], residuals, marks[0], residuals_undefined, eliminates)


def _spread_mark(mark: Any | None, column: Any) -> Any:
    """Return a mark once an entry of a column."""
    return type(column).zeros(column.size1(), 1) if mark is None else _column(type(column), mark, column.size1())


def _is_small(calls: Sequence[Node]) -> bool:
    """Whether scalar operations are quicker: there are few, or few an operation on arrays."""
    return sum(map(_work, calls)) <= max(_SCALAR_WORK, _SCALAR_LENGTH * len(calls))


def _work(node: Node) -> int:
    """How many scalar operations a node stands for."""
    if isinstance(node, Symbol):
        return 0
    if isinstance(node, Call) and node.function == "matmul":
        return prod(node.shape) * node.args[0].shape[-1]
    is_reduction = isinstance(node, Call) and TABLE[node.function].kind is Kind.REDUCTION
    return prod(node.args[0].shape if is_reduction else node.shape)


def _parts(point: Any, inputs: Sequence[Symbol]) -> list[Any]:
    """Return each symbol's part of the point."""
    ends = np.cumsum([0, *(prod(s.shape) for s in inputs)]).tolist()
    return list(ca.vertsplit(point, ends)) if len(inputs) > 1 else [point] * len(inputs)


def _numbers(constants: Sequence[Node], data: Mapping[Symbol, Any]) -> dict[Node, Any]:
    """Return what holds no unknown: a float, or the flat entries of an array; 0 where that is undefined.

    What is undefined either makes the whole undefined, which its conditions say, or stands in a branch that is not taken,
    where nan would spoil the slopes.
    """
    numbers: dict[Node, Any] = {node: float_of(node) for node in constants if isinstance(node, Number)}
    rest = [node for node in constants if node not in numbers]
    for node, value in zip(rest, _in_numpy(rest, data), strict=True):
        entries = np.broadcast_to(value, node.shape).astype(float).ravel()
        if not np.isfinite(entries).all() and not all(map(np.all, _in_numpy(natural_domain(node), data))):
            entries[~np.isfinite(entries)] = 0.0
        numbers[node] = entries if node.shape else float(entries[0])
    return numbers


def _in_numpy(constants: Sequence[Node], data: Mapping[Symbol, Any]) -> Any:
    with np.errstate(all="ignore"):
        return compiled(constants, (), numpy_arrays._Numpy(set(), data, fold=False))()


def _values(order: Sequence[Node], kind: Any, variables: Mapping[Node, Any], numbers: Mapping[Node, Any]) -> dict[Node, Any]:
    """Return the value of each node: a float if it is a constant scalar, else an SX or MX."""
    values: dict[Node, Any] = {}
    for node in order:
        if node in numbers:
            values[node] = kind(ca.DM(numbers[node])) if node.shape else numbers[node]
        elif isinstance(node, Call):
            values[node] = _call(node, _Arguments(kind, [values[a] for a in node.args], [numbers.get(a) for a in node.args]))
        else:
            values[node] = variables[node]
    return values


@dataclass(frozen=True)
class _Arguments:
    """Of a call: the values of its arguments and, where they are constants, their numbers."""

    kind: Any
    values: list[Any]
    numbers: list[Any | None]


def _call(node: Call, args: _Arguments) -> Any:
    if 0 in node.shape:
        return args.kind.zeros(0, 1)
    row = TABLE[node.function]
    if row.kind not in (Kind.ELEMENTWISE, Kind.CONDITION):
        return _STRUCTURE[str(row.casadi)](node, args)
    spread = [_spread(value, a.shape, node.shape) for value, a in zip(args.values, node.args, strict=True)]
    name = str(row.casadi)
    if name == "power":
        value = _power(node.args[1], spread[0], spread[1], args)
    else:
        value = _OWN[name](*spread) if name in _OWN else _of_casadi(name, *spread)
    return _column(args.kind, value, prod(node.shape))  # CasADi makes a scalar of v + x - v


def _of_casadi(name: str, *args: Any) -> Any:
    """Return one of CasADi's own functions of the arguments."""
    code = _CODES.get(name)
    return ca.SX.unary(code, *args) if code is not None and isinstance(args[0], ca.SX) else getattr(ca, name)(*args)


_UNARY = ("sqrt", "exp", "log", "log1p", "expm1", "sin", "cos", "tan", "asin", "acos", "atan")
_CODES = {name: getattr(ca, f"OP_{name.upper()}") for name in (*_UNARY, "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "fabs")}


def _column(kind: Any, value: Any, size: int) -> Any:
    """Return a value with all of its entries."""
    return value if isinstance(value, kind) and value.numel() == size else ca.mtimes(kind.ones(size, 1), kind(value))


def _mark(kind: Any, tests: Sequence[Any]) -> Any | None:
    """Return 0 where all tests (1 or 0, entry by entry) hold and nan elsewhere, or None if they always hold.

    The root of how many hold, less how many there are, is just that, and costs CasADi one pass.
    """
    constant = [test for test in tests if not isinstance(test, kind)]
    varying = [test for test in tests if isinstance(test, kind) and test.numel()]
    if not all(np.all(test == 1) for test in constant):
        return kind(np.nan)
    if not varying:
        return None
    holding = reduce(lambda a, b: a + b, (ca.dot(test, test) if test.numel() > 1 else test for test in varying))
    return ca.sqrt(holding - sum(test.numel() for test in varying))


# ---- entry by entry --------------------------------------------------------------------------------------------------


def _spread(value: Any, shape: Shape, target: Shape) -> Any:
    """Return the entries repeated to another shape; a scalar stays one."""
    if prod(shape) in (1, prod(target)):
        return value
    return _chosen(value, np.broadcast_to(_positions(shape), target).ravel())


def _add(*terms: Any) -> Any:
    number = sum(term for term in terms if isinstance(term, float))
    others = [term for term in terms if not isinstance(term, float)]
    total = reduce(_plus, others)
    return _shifted(total, number) if number else total


def _operator(code: int, plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operator that is given to SX by its code, which is ten times quicker than to have CasADi see what it is given."""
    binary = ca.SX.binary

    def applied(a: Any, b: Any) -> Any:
        if isinstance(a, ca.SX):
            return binary(code, a, b if isinstance(b, ca.SX) else ca.SX(b))
        return binary(code, ca.SX(a), b) if isinstance(b, ca.SX) else plain(a, b)

    return applied


_plus = _operator(ca.OP_ADD, operator.add)
_times = _operator(ca.OP_MUL, operator.mul)
_over = _operator(ca.OP_DIV, operator.truediv)


def _shifted(x: Any, number: float) -> Any:
    """x + number; of an MX as a difference, since CasADi spreads a number to an array in a sum and left of a minus sign."""
    if not isinstance(x, ca.MX):
        return _plus(x, number)
    return -(x.dep(0) - number) if x.is_op(ca.OP_NEG) else x - -number


def _multiply(*factors: Any) -> Any:
    return reduce(_times, sorted(factors, key=lambda factor: not isinstance(factor, float)))


def _power(exponent: Node, base: Any, power: Any, args: _Arguments) -> Any:
    """x^y; whole powers as products, which are right for negative bases and in all derivatives at 0."""
    number = args.numbers[1]
    if isinstance(exponent, Number) and exponent.integer:
        return _whole_power(base, int(exponent.value))
    if number is None:
        return ca.power(base, power)
    if np.all(number == np.round(number)) and np.all(np.abs(number) <= _MOST_FACTORS):
        return _whole_powers(base, number.astype(int)) if exponent.shape else _whole_power(base, int(number))
    return ca.sqrt(base) if np.all(number == 0.5) else ca.power(base, power)


_MOST_FACTORS = 2**10


def _whole_power(x: Any, n: int) -> Any:
    """x^n by squaring where n is small, else by the C library; a double does not hold whether a large n is odd."""
    if n == 1:
        return x
    if not n or abs(n) > 32:
        is_odd_and_large = n % 2 and abs(n) >= 2**53
        return ca.sign(x) * ca.fabs(x) ** _double(n) if is_odd_and_large else ca.power(x, _double(n))
    if n < 0:
        return _over(1.0, _whole_power(x, -n))
    root = _whole_power(x, n // 2)
    return _times(x, _times(root, root)) if n % 2 else _times(root, root)


def _double(n: int) -> float:
    try:
        return float(n)
    except OverflowError:
        return np.inf if n > 0 else -np.inf


def _whole_powers(x: Any, n: Any) -> Any:
    """x^n entry by entry for an array of numbers n: what is squared further is 1 where no higher square is needed."""
    if np.any(n < 0):
        x, n = _where(n < 0, 1 / _where(n < 0, x, 1.0), x), np.abs(n)
    product = 1.0
    while True:
        product = product * _where(n % 2 == 1, x, 1.0)
        n = n // 2
        if not np.any(n):
            return product
        root = _where(n > 0, x, 1.0)
        x = root * root


def _where(mask: Any, yes: Any, no: Any) -> Any:
    if mask.all() or not mask.any():
        return yes if mask.all() else no
    return ca.if_else(ca.DM(mask.astype(float)), yes, no)


_MISSING_OF_A_THIRD = 1.850371707708594e-17  # 1/3 less the double next to it, which shows where x is far from 1


def _cbrt(x: Any) -> Any:
    size = ca.fabs(x)
    return ca.sign(x) * (ca.power(size, 1 / 3) * ca.power(size, _MISSING_OF_A_THIRD))


def _mod(x: Any, y: Any) -> Any:
    """The floor modulus, by way of C's, which has the sign of x."""
    rest = ca.fmod(x, y)
    other_sign = ca.logic_and(ca.ne(rest, 0), ca.ne(ca.lt(rest, 0), ca.lt(y, 0)))
    return rest + ca.if_else(other_sign, y, 0)


def _atan2(y: Any, x: Any) -> Any:
    """There is no negative 0: what is added is 0, and makes it one."""
    return ca.atan2(y + ca.lt(y, -np.inf), x)


def _size_and_sign(x: Any) -> tuple[Any, Any]:
    """|x| and whether x >= 0, differentiated at 0 as on its right: for functions that are smooth there."""
    positive = ca.ge(x, 0)
    return ca.if_else(positive, x, -x), positive


def _sigmoid(x: Any) -> Any:
    size, positive = _size_and_sign(x)
    small = ca.exp(-size)
    return ca.if_else(positive, 1, small) / _shifted(small, 1.0)


def _softplus(x: Any) -> Any:
    size, positive = _size_and_sign(x)
    return ca.if_else(positive, x, 0) + ca.log1p(ca.exp(-size))


_OWN: dict[str, Callable[..., Any]] = {
    "add": _add,
    "multiply": _multiply,
    "negate": lambda x: -x,
    "divide": _over,
    "mod": _mod,
    "if": ca.if_else,
    "minimum": lambda *args: reduce(ca.fmin, args),
    "maximum": lambda *args: reduce(ca.fmax, args),
    "relu": lambda x: ca.fmax(x, 0),
    "cbrt": _cbrt,
    "log2": lambda x: ca.log(x) / np.log(2),
    "log10": lambda x: ca.log(x) / np.log(10),
    "atan2": _atan2,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logic_and": lambda *args: reduce(ca.logic_and, args),
    "logic_or": lambda *args: reduce(ca.logic_or, args),
}


# ---- choosing entries ------------------------------------------------------------------------------------------------


def _positions(shape: Shape) -> Any:
    """Return the position of each entry in the column, in the array's shape."""
    return np.arange(prod(shape)).reshape(shape)


def _chosen(value: Any, positions: Any) -> Any:
    """Return the entries at these positions, as a slice where they are one."""
    count = len(positions)
    step = int(positions[1] - positions[0]) if count > 1 else 1
    if not count or step <= 0 or np.any(np.diff(positions) != step):
        return value[positions.tolist(), 0]
    start, stop = int(positions[0]), int(positions[-1]) + 1
    return value if (start, stop, step) == (0, value.size1(), 1) else value[start:stop:step, 0]


def _index(node: Call, args: _Arguments) -> Any:
    spec = tuple(_slice(part) if isinstance(part, tuple) else part for part in node.static)
    return _chosen(args.values[0], np.ravel(_positions(node.args[0].shape)[spec]))


def _slice(part: tuple[int, int, int]) -> slice:
    start, stop, step = part
    return slice(start, stop if stop >= 0 else None, step)


def _take(node: Call, args: _Arguments) -> Any:
    return _chosen(args.values[0], np.ravel(_positions(node.args[0].shape)[_indices(node, args)]))


def _indices(node: Call, args: _Arguments) -> tuple[Any, ...]:
    """Return what to index by: one array along an axis, or one for each axis."""
    known = [number for number in args.numbers[1:] if number is not None]
    if len(known) < len(node.args) - 1:
        raise NoReading("An index that is an unknown has no reading in CasADi.")
    arrays = [np.asarray(number).astype(np.intp).reshape(a.shape) for number, a in zip(known, node.args[1:], strict=True)]
    return (*[slice(None)] * (node.static[0] or 0), *arrays)


def _pad(node: Call, args: _Arguments) -> Any:
    spec, shape = node.static
    where = np.ravel(_positions(shape)[tuple(_slice(part) if isinstance(part, tuple) else part for part in spec)])
    return _placed(args.values[0], where, prod(shape))


def _scatter(node: Call, args: _Arguments) -> Any:
    return _placed(args.values[0], np.ravel(_positions(node.static[1])[_indices(node, args)]), prod(node.static[1]))


def _placed(value: Any, positions: Any, size: int) -> Any:
    """Return zeros plus each entry at its position, of which some may be equal."""
    count = len(positions)
    order = np.argsort(positions, kind="stable")
    ends = np.searchsorted(positions[order], np.arange(size + 1))
    pattern = ca.Sparsity(count, size, ends.tolist(), order.tolist())
    return ca.densify(ca.mtimes(ca.DM(pattern, 1).T, _column(type(value), value, count)))


def _transpose(node: Call, args: _Arguments) -> Any:
    shape = node.args[0].shape
    if len(shape) == 2:
        return ca.vec(ca.reshape(args.values[0], shape[1], shape[0]).T)
    return _chosen(args.values[0], _positions(shape).T.ravel())


def _matmul(node: Call, args: _Arguments) -> Any:
    """left @ right; as columns in row-major order they are the transposed matrices, so their product is right.T @ left.T."""
    left, right = args.values
    inner = node.args[0].shape[-1]
    if not node.shape:
        return _dot(left, right)
    return ca.vec(ca.mtimes(ca.reshape(right, -1, inner), ca.reshape(left, inner, -1)))


def _dot(left: Any, right: Any) -> Any:
    negative = isinstance(left, ca.MX) and left.is_op(ca.OP_NEG) and right.is_op(ca.OP_NEG)
    return ca.dot(left.dep(0), right.dep(0)) if negative else ca.dot(left, right)


def _linspace(node: Call, args: _Arguments) -> Any:
    first, last = args.values
    weight = np.linspace(0.0, 1.0, node.shape[0])
    return args.kind(ca.DM(1 - weight)) * first + args.kind(ca.DM(weight)) * last


# ---- reductions ------------------------------------------------------------------------------------------------------


def _lines(value: Any, shape: Shape, axis: int | None) -> Any:
    """Return a matrix with the entries to be joined in its rows."""
    if axis is None:
        return ca.reshape(value, 1, -1)
    moved = _chosen(value, np.moveaxis(_positions(shape), axis, 0).ravel())
    return ca.reshape(moved, -1, shape[axis])


def _reduced(join: Callable[[Any], Any], empty: float) -> Callable[[Call, _Arguments], Any]:
    """Return a reduction that joins the rows of a matrix."""

    def reduced(node: Call, args: _Arguments) -> Any:
        shape = node.args[0].shape
        if 0 in shape:
            return args.kind.ones(prod(node.shape), 1) * empty
        return join(_lines(args.values[0], shape, node.static[0]))

    return reduced


def _row_sums(lines: Any) -> Any:
    return _total(ca.vec(lines)) if lines.size1() == 1 else ca.sum2(lines)


def _total(column: Any) -> Any:
    return ca.dot(column, type(column).ones(column.size1(), 1))


def _joined_in_pairs(join: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Return what joins the columns of a matrix into one, half of them with the other half at a time."""

    def joined(lines: Any) -> Any:
        while lines.size2() > 1:
            half = lines.size2() // 2
            pairs = join(lines[:, :half], lines[:, half : 2 * half])
            lines = ca.horzcat(pairs, lines[:, -1]) if lines.size2() % 2 else pairs
        return lines

    return joined


_row_products = _joined_in_pairs(lambda a, b: a * b)


def _log_sum_exp(lines: Any) -> Any:
    if lines.size1() == 1:
        return ca.logsumexp(ca.vec(lines))
    top = _joined_in_pairs(ca.fmax)(lines)
    return top + ca.log(ca.sum2(ca.exp(lines - ca.repmat(top, 1, lines.size2()))))


def _others(node: Call, args: _Arguments) -> Any:
    """For each entry the product of the others on its line: the slope of the product."""
    shape, axis = node.shape, node.static[0]
    entry = args.kind.sym("entry", prod(shape))
    product = _row_products(_lines(entry, shape, axis))
    slope = ca.densify(ca.jtimes(product, entry, args.kind.ones(product.shape), True))
    return ca.Function("others", [entry], [slope]).call(args.values, True, False)[0]


_STRUCTURE: dict[str, Callable[[Call, _Arguments], Any]] = {
    "sum": _reduced(_row_sums, 0.0),
    "prod": _reduced(_row_products, 1.0),
    "min": _reduced(lambda lines: ca.mmin(lines) if lines.size1() == 1 else _joined_in_pairs(ca.fmin)(lines), np.nan),
    "max": _reduced(lambda lines: ca.mmax(lines) if lines.size1() == 1 else _joined_in_pairs(ca.fmax)(lines), np.nan),
    "all": _reduced(_joined_in_pairs(ca.logic_and), 1.0),
    "logsumexp": _reduced(_log_sum_exp, np.nan),
    "index": _index,
    "take": _take,
    "pad": _pad,
    "scatter": _scatter,
    "array": lambda node, args: ca.vertcat(*args.values),
    "transpose": _transpose,
    "matmul": _matmul,
    "reshape": lambda node, args: args.values[0],
    "broadcast": lambda node, args: _column(args.kind, _spread(args.values[0], node.args[0].shape, node.shape), prod(node.shape)),
    "others": _others,
    "linspace": _linspace,
}
