"""Arrays in CasADi: columns of their entries in row-major order, whatever their shape.

CasADi's own arrays have two axes and are column-major. What moves entries about becomes one choice of entries, found by
having numpy move their positions.

>>> as_column(ca.DM, 2.0, 3)
DM([2, 2, 2])
"""

from __future__ import annotations

from math import prod
from typing import Any

import casadi as ca
import numpy as np

from optbench.language.graph import Shape


def as_column(kind: Any, value: Any, size: int) -> Any:
    """Return a value with all of its entries."""
    return value if isinstance(value, kind) and value.numel() == size else ca.mtimes(kind.ones(size, 1), kind(value))


def positions_of(shape: Shape) -> Any:
    """Return the position of each entry in the column, in the array's shape."""
    return np.arange(prod(shape)).reshape(shape)


def chosen(value: Any, positions: Any) -> Any:
    """Return the entries at these positions, as a slice where they are one."""
    count = len(positions)
    step = int(positions[1] - positions[0]) if count > 1 else 1
    if not count or step <= 0 or np.any(np.diff(positions) != step):
        return value[positions.tolist(), 0]
    start, stop = int(positions[0]), int(positions[-1]) + 1
    return value if (start, stop, step) == (0, value.size1(), 1) else value[start:stop:step, 0]


def spread_to(value: Any, shape: Shape, target: Shape) -> Any:
    """Return the entries repeated to another shape; a scalar stays one."""
    if prod(shape) in (1, prod(target)):
        return value
    return chosen(value, np.broadcast_to(positions_of(shape), target).ravel())


def total(column: Any) -> Any:
    return ca.dot(column, type(column).ones(column.size1(), 1))
