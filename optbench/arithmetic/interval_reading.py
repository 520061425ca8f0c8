"""The interval reading: rigorous bounds of scalar expressions over thousands of boxes at once, in numpy.

Every bound is rounded outward. The enclosure over a box contains f(x) for every x of the box at which f is defined; a
state says how far it is defined there. Sums, products, quotients and square roots rest on IEEE arithmetic alone (see
`interval_check`), the other elementary functions on `LIBM_ASSUMPTION`, of which `balls` are free. A value is a pair of
ends and states (`interval_values`); the graph becomes one straight-line function of such pairs.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> over = evaluator([parse("x^2 - sqrt(x)").node], [symbol("x")])
>>> bounds, state = over(np.array([[[0.0, -1.0, -3.0]], [[1.0, 1.0, -2.0]]]))
>>> bounds[:, 0].tolist(), state.tolist()
([[-1.0000000000000007, -1.0000000000000007, -inf], [1.0000000000000004, 1.0000000000000004, inf]], [[0, 1, 3]])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from optbench.arithmetic import NoReading
from optbench.arithmetic.interval_constants import constant_value, doubles_around
from optbench.arithmetic.interval_functions import RULES
from optbench.arithmetic.interval_monotone import LIBM_ASSUMPTION, LIBM_ULPS
from optbench.arithmetic.interval_operators import scaled
from optbench.arithmetic.interval_powers import (
    MOST_FACTORS,
    ROOTS,
    large_whole_power,
    power,
    power_times_log,
    power_to_whole,
    reciprocal,
    root_power,
    whole_power,
)
from optbench.arithmetic.interval_rounding import EPSILON
from optbench.arithmetic.interval_values import CLOSED, DEFINED, LARGEST, NOWHERE, PARTIAL, Array, Value
from optbench.arithmetic.product_pieces import Piece, Repeated, pieces_of
from optbench.arithmetic.straight_line import compiled
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, Symbol, topological

__all__ = ["CLOSED", "DEFINED", "LIBM_ASSUMPTION", "LIBM_ULPS", "NOWHERE", "PARTIAL", "Values", "evaluator"]


class Values(NamedTuple):
    """Enclosures of m expressions over N boxes."""

    bounds: Array  # lower and upper ends, of shape (2, m, N); of a condition 1 where it holds, 0 where not
    state: npt.NDArray[np.int8]  # how far each is defined, (m, N): DEFINED, CLOSED, PARTIAL or NOWHERE


def evaluator(outputs: Sequence[Node], inputs: Sequence[Symbol]) -> Callable[[Array], Values]:
    """Return a function that encloses the outputs over boxes, given as lower and upper ends of the inputs: (2, n, N).

    Ends may be infinite or equal. Raises `NoReading` for arrays and for functions without a rule.
    """
    run = compiled(outputs, inputs, _Intervals(outputs))

    def evaluate(boxes: Array) -> Values:
        count = boxes.shape[2]
        if not count:
            return _gathered([], len(outputs), 0)
        ends = np.empty((len(inputs), 2, count))
        np.negative(boxes[0], out=ends[:, 0])
        ends[:, 1] = boxes[1]
        np.maximum(ends, -LARGEST, out=ends)
        with np.errstate(all="ignore"):
            return _gathered(run(*((e, None) for e in ends)), len(outputs), count)

    return evaluate


def _gathered(values: Sequence[Value], outputs: int, count: int) -> Values:
    bounds, state = np.empty((2, outputs, count)), np.zeros((outputs, count), np.int8)
    for i, (ends, states) in enumerate(values):
        np.subtract(0.0, ends[0], out=bounds[0, i])  # not negated: there is no -0
        bounds[1, i] = ends[1]
        if states is not None:
            state[i] = states
            nowhere = state[i] == NOWHERE
            bounds[0, i, nowhere], bounds[1, i, nowhere] = -math.inf, math.inf
    return Values(bounds, state)


class _Intervals:
    """The arithmetic of the straight-line function."""

    namespace: Mapping[str, Any]

    def __init__(self, outputs: Sequence[Node]) -> None:
        self.namespace = _NAMESPACE
        self.moving: set[Node] = set()
        for node in topological(*outputs):
            if node.shape:
                raise NoReading("no interval rule for arrays")
            if isinstance(node, Symbol) or any(a in self.moving for a in node.args):
                self.moving.add(node)

    def constant(self, node: Node) -> Any | None:
        return None if node in self.moving else constant_value(node)

    def code(self, node: Call, args: Sequence[str]) -> str:
        names = dict(zip(node.args, args, strict=True))
        match node.function:
            case "multiply":
                return _product_code(node.args, names)
            case "divide" if isinstance(node.args[1], Number) and _is_plain(node.args[1].value):
                return _scaled_code(args[0], 1 / node.args[1].value)
            case "power":
                return _power_code(node.args[1], *args)
        name = TABLE[node.function].intervals
        if name not in RULES:
            raise NoReading(f"no interval rule for {node.function}")
        return f"{_PREFIX}{name}({', '.join(args)})"


_PREFIX = "rule_"  # some names are Python's own
_OWN: tuple[Callable[..., Value], ...] = (
    *(scaled, power, power_times_log, power_to_whole, reciprocal, root_power, whole_power, large_whole_power),
)
_NAMESPACE = {
    "inf": math.inf,
    **{_PREFIX + name: rule for name, rule in RULES.items()},
    **{rule.__name__: rule for rule in _OWN},
}


def _product_code(factors: Sequence[Node], names: Mapping[Node, str]) -> str:
    first = factors[0]
    if isinstance(first, Number) and _is_plain(first.value):
        return _scaled_code(_product_code(factors[1:], names), first.value)
    pieces = [_piece_code(piece, names) for piece in pieces_of(factors)]
    return pieces[0] if len(pieces) == 1 else f"{_PREFIX}multiply({', '.join(pieces)})"


def _piece_code(piece: Piece, names: Mapping[Node, str]) -> str:
    if isinstance(piece, Repeated):
        base = names[piece.factor]
        return base if piece.count == 1 else _whole_power_code(base, piece.count)
    if not _is_plain(piece.exponent):
        return f"{_PREFIX}multiply({', '.join(names[part] for part in piece.parts)})"
    factor, slack = _factor_and_slack(1 / piece.exponent)
    return f"power_times_log({names[piece.power]}, {names[piece.logarithm]}, {factor}, {slack})"


def _scaled_code(argument: str, factor: Fraction) -> str:
    return f"scaled({argument}, {', '.join(map(repr, _factor_and_slack(factor)))})"


def _is_plain(factor: Fraction) -> bool:
    """Whether a factor is neither 0 nor of extreme size."""
    return 2**-500 <= abs(factor) <= 2**500


def _factor_and_slack(factor: Fraction) -> tuple[float, float]:
    """The nearest double, and the slack of a product with it: none for powers of 2, twice that of a rounding where it is inexact."""
    near = float(factor)
    if near != factor:
        return near, 2 * EPSILON
    return near, 0.0 if abs(math.frexp(near)[0]) == 0.5 else EPSILON


def _power_code(exponent: Node, base: str, name: str) -> str:
    if not isinstance(exponent, Number):
        return f"{'power_to_whole' if exponent.integer else 'power'}({base}, {name})"
    p, q = exponent.value.numerator, exponent.value.denominator
    if q == 1:
        return _whole_power_code(base, p)
    return f"root_power({base}, {p}, {q})" if q in ROOTS and abs(p) <= MOST_FACTORS else f"power({base}, {name})"


def _whole_power_code(base: str, n: int) -> str:
    if abs(n) <= MOST_FACTORS:
        return f"whole_power({base}, {n})"
    lower, upper = doubles_around(Fraction(abs(n)))
    power_code = f"large_whole_power({base}, {lower}, {upper}, {n % 2 == 1})"
    return power_code if n > 0 else f"reciprocal({power_code})"
