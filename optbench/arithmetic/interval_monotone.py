"""Intervals of the functions that rise or fall wherever they are defined: by their values at both ends.

One row a function in `_AT_ENDS` gives numpy's function and where it is 0; domain, direction and range are the table's.
What a function is not defined at is cut off its argument: the result is CLOSED where the domain keeps its end, as of
sqrt, and PARTIAL where not, as of log.

The values are numpy's (erf and erfc are the C library's), and assumed to be within LIBM_ULPS units in the last place
(sqrt: IEEE demands the nearest double); they are widened by more than that, and no further than to the function's known
range or to 0 where its sign is known.

>>> from optbench.arithmetic.interval_values import ends_of
>>> ends, state = MONOTONE["sqrt"]((ends_of([0.0, -1.0, -3.0], [4.0, 4.0, -2.0]), None))
>>> -ends[0], state
(array([0., 0., 0.]), array([0, 1, 3], dtype=int8))
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from optbench.arithmetic.interval_rounding import EPSILON, SPECK, finite_below
from optbench.arithmetic.interval_values import (
    CLOSED,
    NOWHERE,
    PARTIAL,
    SIGNS,
    Array,
    Mask,
    Rule,
    States,
    Value,
    greatest,
    least,
    marked,
    worst,
)
from optbench.language.functions import TABLE

LIBM_ULPS = 4
LIBM_ASSUMPTION = f"numpy's elementary functions are within {LIBM_ULPS} ulp"
LIBM_SLACK = (LIBM_ULPS + 2) * EPSILON  # one for the binade's border, one for the rounding of what is added


class _Row(NamedTuple):
    """`at`: the values, `zero`: the argument at which they are 0 (None: nowhere), `ulps`: how far they may be off."""

    at: Callable[[Array], Array]
    zero: float | None
    ulps: int = LIBM_ULPS


def _each(f: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function that numpy lacks, entry by entry."""
    f_of_array = np.frompyfunc(f, 1, 1)
    return lambda x: np.asarray(f_of_array(x), dtype=float)


def _sigmoid(x: Array) -> Array:
    """Within 7 units of 2^-52: those of exp, and one for the sum and the quotient each, of which both are well-conditioned."""
    falling = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, falling) / (1.0 + falling)


def _softplus(x: Array) -> Array:
    """Within 9 units of 2^-52: those of exp and of log1p, relatively off by no more than its argument is, and one of the sum."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


_AT_ENDS = {
    "sqrt": _Row(np.sqrt, 0, 0),
    "cbrt": _Row(np.cbrt, 0),
    "exp": _Row(np.exp, None),
    "log": _Row(np.log, 1),
    "log2": _Row(np.log2, 1),
    "log10": _Row(np.log10, 1),
    "log1p": _Row(np.log1p, 0),
    "expm1": _Row(np.expm1, 0),
    "asin": _Row(np.arcsin, 0),
    "acos": _Row(np.arccos, 1),
    "atan": _Row(np.arctan, 0),
    "sinh": _Row(np.sinh, 0),
    "tanh": _Row(np.tanh, 0),
    "asinh": _Row(np.arcsinh, 0),
    "acosh": _Row(np.arccosh, 1),
    "atanh": _Row(np.arctanh, 0),
    "erf": _Row(_each(math.erf), 0),
    "erfc": _Row(_each(math.erfc), None),
    "sigmoid": _Row(_sigmoid, None, 7),
    "softplus": _Row(_softplus, None, 9),
}


class Domain(NamedTuple):
    """The numbers from `first` to `last`, without the ends that are `open`."""

    first: float
    last: float
    first_open: bool
    last_open: bool

    def cut(self, points: Array) -> tuple[Array, States]:
        """Return lower and upper ends moved into the domain, and what that makes of the state."""
        state: States = None
        if self.first > -math.inf and not least(points[0]) > self.first:
            state = self._cut_below(points)
            points = np.maximum(points, self.first)
        if self.last < math.inf and not greatest(points[1]) < self.last:
            state = worst(state, self._cut_above(points))
            points = np.minimum(points, self.last)
        return points, state

    def _cut_below(self, points: Array) -> States:
        outside, nowhere = (np.less_equal if self.first_open else np.less)(points, self.first)
        return marked(marked(None, outside, PARTIAL if self.first_open else CLOSED), nowhere, NOWHERE)

    def _cut_above(self, points: Array) -> States:
        nowhere, outside = (np.greater_equal if self.last_open else np.greater)(points, self.last)
        return marked(marked(None, outside, PARTIAL if self.last_open else CLOSED), nowhere, NOWHERE)


_CONDITION = re.compile(r"x (>=|>|<=|<) (-?\d+)")


def _domain(name: str) -> Domain:
    first, last, first_open, last_open = -math.inf, math.inf, False, False
    for text in TABLE[name].domain:
        sign, end = _CONDITION.fullmatch(text).groups()  # type: ignore[union-attr]
        if sign[0] == ">":
            first, first_open = float(end), sign == ">"
        else:
            last, last_open = float(end), sign == "<"
    return Domain(first, last, first_open, last_open)


def _range(name: str) -> Array | None:
    """The ends of the table's range, rounded outward, or None for the real line."""
    lower, upper = (_bound(text) for text in TABLE[name].range)
    return None if upper == -lower == math.inf else np.array([[-lower], [upper]])


def _bound(text: str) -> float:
    number, pi, rest = text.partition("pi")
    if not pi:
        return float(text)
    size = math.nextafter(math.pi, math.inf) / (2 if rest == "/2" else 1)
    return -size if number == "-" else size


def widened(ends: Array, slack: float, not_positive: Mask | None) -> Array:
    """Return an upper bound of values within `slack` of the given ones, in place; some are known to be `not_positive`."""
    finite_below(ends)
    size = np.abs(ends)
    size *= slack
    size += SPECK
    ends += size
    if not_positive is not None:
        np.minimum(ends, 0.0, out=ends, where=not_positive)
    return ends


def _not_positive(points: Array, zero: float, falls: bool) -> Mask:
    """Where the opposites of the lower values, and the upper values, are 0 or less."""
    low, high = points[::-1] if falls else points
    return np.array([low <= zero, high >= zero] if falls else [low >= zero, high <= zero])


def _monotone(name: str) -> Rule:
    row, falls, domain, limits = _AT_ENDS[name], TABLE[name].monotone < 0, _domain(name), _range(name)
    slack = (row.ulps + 2) * EPSILON

    def rule(x: Value) -> Value:
        points, cut = domain.cut(x[0] * SIGNS)
        values = row.at(points)
        ends = (values[::-1] if falls else values) * SIGNS
        ends = widened(ends, slack, None if row.zero is None else _not_positive(points, row.zero, falls))
        return ends if limits is None else np.minimum(ends, limits), worst(x[1], cut)

    return rule


MONOTONE: dict[str, Rule] = {name: _monotone(name) for name in _AT_ENDS}
