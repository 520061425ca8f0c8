"""Shapes of arrays, by numpy's rules.

>>> broadcast_shapes([(3, 1), (4,)])
(3, 4)
>>> matmul_shape((2, 3), (3,))
(2,)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optbench.language.graph import GraphError, Shape


def broadcast_shapes(shapes: Sequence[Shape]) -> Shape:
    """Return the common shape; sizes must agree from the last axis backwards, where 1 agrees with everything."""
    distinct = {shape for shape in shapes if shape}
    if len(distinct) <= 1:
        return distinct.pop() if distinct else ()
    rank = max(map(len, distinct))
    result = [1] * rank
    for shape in distinct:
        for axis, size in enumerate(shape, rank - len(shape)):
            if size != 1 and result[axis] not in (1, size):
                listed = " and ".join(" x ".join(map(str, s)) for s in dict.fromkeys(s for s in shapes if s))
                raise GraphError(f"Arrays of shapes {listed} do not fit together entry by entry.")
            result[axis] = size if size != 1 else result[axis]
    return tuple(result)


def matmul_shape(left: Shape, right: Shape) -> Shape:
    """Return the shape of left @ right for vectors and matrices."""
    if not left or not right:
        raise GraphError("@ multiplies vectors and matrices; for a scalar write *.")
    if len(left) > 2 or len(right) > 2:
        raise GraphError("@ takes vectors and matrices, not arrays of more axes.")
    inner = right[0]
    if left[-1] != inner:
        shapes = f"{' x '.join(map(str, left))} and {' x '.join(map(str, right))}"
        raise GraphError(f"@ needs equal inner sizes, and these are {left[-1]} and {inner} (shapes {shapes}).")
    return (*left[:-1], *right[1:])


def reduced_shape(shape: Shape, axis: int | None) -> Shape:
    """Return the shape without one axis, or () for all axes."""
    return () if axis is None else (*shape[:axis], *shape[axis + 1 :])


def sliced_shape(shape: Shape, spec: tuple[Any, ...]) -> Shape:
    """Return the shape of an array indexed by ints and normalised (start, stop, step) triples, one an axis."""
    return tuple(len(range(*part)) for part in spec if isinstance(part, tuple))
