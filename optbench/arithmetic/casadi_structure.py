"""What CasADi computes of arrays as a whole: entries chosen and placed, products of matrices, and reductions.

`STRUCTURE` has what the table of functions names, each a function of the call and of its arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import casadi as ca
import numpy as np

from optbench.arithmetic import NoReading
from optbench.arithmetic.casadi_columns import as_column, chosen, positions_of, spread_to, total
from optbench.language.graph import Call, Shape


@dataclass(frozen=True)
class Arguments:
    """Of a call: the values of its arguments and, where they are constants, their numbers."""

    kind: Any
    values: list[Any]
    numbers: list[Any | None]


# ---- choosing entries ------------------------------------------------------------------------------------------------


def _index(node: Call, args: Arguments) -> Any:
    spec = tuple(_slice(part) if isinstance(part, tuple) else part for part in node.static)
    return chosen(args.values[0], np.ravel(positions_of(node.args[0].shape)[spec]))


def _slice(part: tuple[int, int, int]) -> slice:
    start, stop, step = part
    return slice(start, stop if stop >= 0 else None, step)


def _take(node: Call, args: Arguments) -> Any:
    return chosen(args.values[0], np.ravel(positions_of(node.args[0].shape)[_indices(node, args)]))


def _indices(node: Call, args: Arguments) -> tuple[Any, ...]:
    """Return what to index by: one array along an axis, or one for each axis."""
    known = [number for number in args.numbers[1:] if number is not None]
    if len(known) < len(node.args) - 1:
        raise NoReading("An index that is an unknown has no reading in CasADi.")
    arrays = [np.asarray(number).astype(np.intp).reshape(a.shape) for number, a in zip(known, node.args[1:], strict=True)]
    return (*[slice(None)] * (node.static[0] or 0), *arrays)


def _pad(node: Call, args: Arguments) -> Any:
    spec, shape = node.static
    where = np.ravel(positions_of(shape)[tuple(_slice(part) if isinstance(part, tuple) else part for part in spec)])
    return _placed(args.values[0], where, prod(shape))


def _scatter(node: Call, args: Arguments) -> Any:
    return _placed(args.values[0], np.ravel(positions_of(node.static[1])[_indices(node, args)]), prod(node.static[1]))


def _placed(value: Any, positions: Any, size: int) -> Any:
    """Return zeros plus each entry at its position, of which some may be equal."""
    count = len(positions)
    order = np.argsort(positions, kind="stable")
    ends = np.searchsorted(positions[order], np.arange(size + 1))
    pattern = ca.Sparsity(count, size, ends.tolist(), order.tolist())
    return ca.densify(ca.mtimes(ca.DM(pattern, 1).T, as_column(type(value), value, count)))


def _transpose(node: Call, args: Arguments) -> Any:
    shape = node.args[0].shape
    if len(shape) == 2:
        return ca.vec(ca.reshape(args.values[0], shape[1], shape[0]).T)
    return chosen(args.values[0], positions_of(shape).T.ravel())


def _matmul(node: Call, args: Arguments) -> Any:
    """left @ right; as columns in row-major order they are the transposed matrices, so their product is right.T @ left.T."""
    left, right = args.values
    inner = node.args[0].shape[-1]
    if not node.shape:
        return _dot(left, right)
    return ca.vec(ca.mtimes(ca.reshape(right, -1, inner), ca.reshape(left, inner, -1)))


def _dot(left: Any, right: Any) -> Any:
    negative = isinstance(left, ca.MX) and left.is_op(ca.OP_NEG) and right.is_op(ca.OP_NEG)
    return ca.dot(left.dep(0), right.dep(0)) if negative else ca.dot(left, right)


def _linspace(node: Call, args: Arguments) -> Any:
    first, last = args.values
    weight = np.linspace(0.0, 1.0, node.shape[0])
    return args.kind(ca.DM(1 - weight)) * first + args.kind(ca.DM(weight)) * last


# ---- reductions ------------------------------------------------------------------------------------------------------


def _lines(value: Any, shape: Shape, axis: int | None) -> Any:
    """Return a matrix with the entries to be joined in its rows."""
    if axis is None:
        return ca.reshape(value, 1, -1)
    moved = chosen(value, np.moveaxis(positions_of(shape), axis, 0).ravel())
    return ca.reshape(moved, -1, shape[axis])


def _reduced(join: Callable[[Any], Any], empty: float) -> Callable[[Call, Arguments], Any]:
    """Return a reduction that joins the rows of a matrix."""

    def reduced(node: Call, args: Arguments) -> Any:
        shape = node.args[0].shape
        if 0 in shape:
            return args.kind.ones(prod(node.shape), 1) * empty
        return join(_lines(args.values[0], shape, node.static[0]))

    return reduced


def _row_sums(lines: Any) -> Any:
    return total(ca.vec(lines)) if lines.size1() == 1 else ca.sum2(lines)


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


def _others(node: Call, args: Arguments) -> Any:
    """For each entry the product of the others on its line: the slope of the product."""
    shape, axis = node.shape, node.static[0]
    entry = args.kind.sym("entry", prod(shape))
    product = _row_products(_lines(entry, shape, axis))
    slope = ca.densify(ca.jtimes(product, entry, args.kind.ones(product.shape), True))
    return ca.Function("others", [entry], [slope]).call(args.values, True, False)[0]


STRUCTURE: dict[str, Callable[[Call, Arguments], Any]] = {
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
    "broadcast": lambda node, args: as_column(args.kind, spread_to(args.values[0], node.args[0].shape, node.shape), prod(node.shape)),
    "others": _others,
    "linspace": _linspace,
}
