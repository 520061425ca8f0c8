"""What holds no input, as intervals of doubles: rational numbers exactly enclosed, everything else by balls.

>>> from fractions import Fraction
>>> doubles_around(Fraction(1, 10))
(0.09999999999999999, 0.1)
>>> doubles_around(Fraction(10) ** 400)
(1.7976931348623157e+308, inf)
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from optbench.arithmetic.balls import as_fraction, value_of
from optbench.arithmetic.interval_values import LARGEST, NOWHERE, PARTIAL, Value, ends_of
from optbench.language.graph import Node, Number

if TYPE_CHECKING:
    from flint import arb

_BITS = 64  # of the enclosure, before it is rounded to doubles
_LEAST = math.ulp(0.0)


def constant_value(node: Node) -> Value:
    """Return the value of an expression without symbols; raise `GraphError` where it holds arrays."""
    if isinstance(node, Number):
        lower, upper = doubles_around(node.value)
        return ends_of([lower], [upper]), None
    value = value_of(node, _BITS)
    if value.empty:
        return ends_of([-math.inf], [math.inf]), np.array([NOWHERE], np.int8)
    state = None if value.everywhere else np.array([PARTIAL], np.int8)
    return ends_of([doubles_around_end(value.lower)[0]], [doubles_around_end(value.upper)[1]]), state


def doubles_around(value: Fraction) -> tuple[float, float]:
    """Return the greatest double that is not above the number, and the least one that is not below it."""
    try:
        near = float(value)
    except OverflowError:
        return (LARGEST, math.inf) if value > 0 else (-math.inf, -LARGEST)
    exact = Fraction(near)
    return (near if exact <= value else math.nextafter(near, -math.inf)), (near if exact >= value else math.nextafter(near, math.inf))


def doubles_around_end(end: arb) -> tuple[float, float]:
    """The doubles around an exact end, which may be infinite or of a size that is never written out."""
    if not end.is_finite():
        return (LARGEST, math.inf) if end > 0 else (-math.inf, -LARGEST)
    if abs(end) > LARGEST:
        return (LARGEST, math.inf) if end > 0 else (-math.inf, -LARGEST)
    if 0 < abs(end) < _LEAST:
        return (0.0, _LEAST) if end > 0 else (-_LEAST, 0.0)
    return doubles_around(as_fraction(end))
