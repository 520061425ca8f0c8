"""What is computed with in the interval reading: the ends of many intervals at once, and where the values are defined.

Ends are an array of shape (2, N) whose first row holds the *opposites* of the lower ends, the second the upper ends. So
all rounding is upward, the opposite of an interval is its rows exchanged, a hull is a maximum, and a sum is one addition.
No entry is nan or -inf: what lies above the largest double is enclosed by [largest double, inf].

States say of each box how far an expression is defined there; None stands for DEFINED at all boxes and costs nothing.
A constant has one column, which numpy's broadcasting spreads over the boxes.

>>> x = ends_of([1.0, -2.0], [3.0, float("inf")])
>>> opposite(x)
array([[ 3., inf],
       [-1.,  2.]])
>>> worst(None, np.array([DEFINED, PARTIAL], np.int8))
array([0, 2], dtype=int8)

Source: B. Lambov, Interval arithmetic using SSE-2, LNCS 5045 (2008) 102-113, for lower ends kept as opposites.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]
States: TypeAlias = npt.NDArray[np.int8] | None
Value: TypeAlias = tuple[Array, States]
Rule: TypeAlias = Callable[..., Value]

DEFINED = 0  # defined and continuous at every point of the box, relative to the box
CLOSED = 1  # not defined at all points, but those where it is are a closed set, on which it is continuous
PARTIAL = 2  # anything else
NOWHERE = 3  # defined at no point of the box

LARGEST = sys.float_info.max
SIGNS = np.array([[-1.0], [1.0]])  # from ends to lower and upper, and back


def ends_of(lower: Any, upper: Any) -> Array:
    """Return the ends of intervals given by their lower and upper ends, which may be infinite."""
    ends: Array = np.array([np.negative(lower), upper], dtype=float)
    return np.maximum(ends, -LARGEST, out=ends)


def opposite(ends: Array) -> Array:
    """Return the ends of -x."""
    return ends[::-1]


def thin(points: Array) -> Array:
    """Return the ends of the intervals that hold one point each."""
    return ends_of(points, points)


def worst(a: States, b: States) -> States:
    """Return the state of what needs both."""
    return b if a is None else a if b is None else np.maximum(a, b)


def marked(state: States, where: Mask, mark: int) -> States:
    """Return the states, raised to `mark` where a condition holds."""
    return worst(state, np.where(where, np.int8(mark), np.int8(DEFINED)))


def any_holds(where: Mask) -> bool:
    """Whether a condition holds at some box."""
    return bool(np.logical_or.reduce(where, axis=None))


def least(entries: Array) -> float:
    """Return the least entry, nan if there is one."""
    return float(np.minimum.reduce(entries, axis=None))


def greatest(entries: Array) -> float:
    """Return the greatest entry, nan if there is one."""
    return float(np.maximum.reduce(entries, axis=None))
