"""Translating a graph into CasADi's, and functions of CasADi's of it and of its derivatives.

Every value is a column of its entries (`casadi_columns`). Parts that hold no unknown are computed by numpy beforehand.
Small expressions and those without arrays become SX (scalar operations), others MX (operations on whole arrays). A call
becomes what `casadi_elementwise` or `casadi_structure` has for it; `casadi_derivatives` has the matrices.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> roots = [parse("x*log(x)").node]
>>> translated(roots, roots, [symbol("x")], {}).minimand
SX((x*log(x)))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from typing import Any

import casadi as ca
import numpy as np

from optbench.arithmetic import numpy_arrays
from optbench.arithmetic.casadi_columns import as_column, chosen, spread_to, total
from optbench.arithmetic.casadi_derivatives import hessian_entries, jacobian_entries, places_of
from optbench.arithmetic.casadi_elementwise import elementwise, power
from optbench.arithmetic.casadi_graph import dependent
from optbench.arithmetic.casadi_structure import STRUCTURE, Arguments
from optbench.arithmetic.sparsity import Sparsity
from optbench.arithmetic.straight_line import compiled, float_of
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Symbol, topological

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
        pattern, entries = hessian_entries(self.minimand, self.point)
        return self._function("hessian", _marked(entries, self.undefined)), places_of(pattern)

    def constraints(self) -> Any:
        """The residuals c of the point."""
        return self._function("constraints", _marked(self.residuals, self.residuals_undefined))

    @cached_property
    def jacobian(self) -> tuple[Any, Sparsity]:
        """The entries of c', and where they are."""
        pattern = ca.jacobian_sparsity(self.residuals, self.point)
        places = places_of(pattern)
        marks = None if self.residuals_undefined is None else chosen(self.residuals_undefined, places.rows)
        return self._function("jacobian", _marked(jacobian_entries(self.residuals, self.point, pattern), marks)), places

    @cached_property
    def lagrangian_hessian(self) -> tuple[Any, Sparsity]:
        """The entries of the Hessian of factor*f + multipliers'c, a function of (point, factor, multipliers)."""
        factor, multipliers = self._symbol("factor", 1), self._symbol("multipliers", self.constraint_count)
        pattern, entries = hessian_entries(factor * self.minimand + ca.dot(multipliers, self.residuals), self.point)
        marked = _marked(entries, self.undefined)
        if self.residuals_undefined is not None:
            marked = _marked(marked, total(self.residuals_undefined))
        return self._function("lagrangian_hessian", marked, factor, multipliers), places_of(pattern)

    def _symbol(self, name: str, size: int) -> Any:
        return type(self.point).sym(name, size)

    def _function(self, name: str, output: Any, *more: Any) -> Any:
        return ca.Function(name, [self.point, *more], [output], {"cse": self.eliminates})


def _marked(values: Any, undefined: Any | None) -> Any:
    return values if undefined is None else values + undefined


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
    columns = [as_column(kind, values[node], prod(node.shape)) for node in prepared]
    residuals_undefined = None if all(mark is None for mark in marks[1:]) else ca.vertcat(*map(_spread_mark, marks[1:], columns[1:]))
    residuals = ca.vertcat(kind.zeros(0, 1), *columns[1:])
    is_few = kind is ca.MX or len(order) <= _FEW_COMPARED
    eliminates = is_few and sum(prod(node.shape) for node in numbers) <= _QUICKLY_HASHED
    return Expressions(point, columns[0], residuals, marks[0], residuals_undefined, eliminates)


def _spread_mark(mark: Any | None, column: Any) -> Any:
    """Return a mark once an entry of a column."""
    return type(column).zeros(column.size1(), 1) if mark is None else as_column(type(column), mark, column.size1())


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
            values[node] = _call(node, Arguments(kind, [values[a] for a in node.args], [numbers.get(a) for a in node.args]))
        else:
            values[node] = variables[node]
    return values


def _call(node: Call, args: Arguments) -> Any:
    if 0 in node.shape:
        return args.kind.zeros(0, 1)
    row = TABLE[node.function]
    if row.kind not in (Kind.ELEMENTWISE, Kind.CONDITION):
        return STRUCTURE[str(row.casadi)](node, args)
    spread = [spread_to(value, a.shape, node.shape) for value, a in zip(args.values, node.args, strict=True)]
    name = str(row.casadi)
    if name == "power":
        base, exponent = spread
        value = power(base, exponent, node.args[1], args.numbers[1])
    else:
        value = elementwise(name, *spread)
    return as_column(args.kind, value, prod(node.shape))  # CasADi makes a scalar of v + x - v


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
