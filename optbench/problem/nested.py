"""Nested lists, as values of arrays are written: their entries in row-major order, their places, and names of entries."""

from __future__ import annotations

from collections.abc import Sequence

from optbench.errors import Place
from optbench.language.build import array as array_of
from optbench.language.graph import Node, Shape
from optbench.problem.draft import Scalar, Values


def leaves(value: Values) -> list[Scalar]:
    """The entries of a nested list in row-major order."""
    return [leaf for part in value for leaf in leaves(part)] if isinstance(value, tuple) else [value]


def nested(nodes: Sequence[Node], shape: Shape) -> Node:
    if len(shape) == 1:
        return array_of(nodes)
    step = len(nodes) // shape[0]
    return array_of([nested(nodes[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])])


def place_of(value: tuple[Values, ...]) -> Place | None:
    """Where a list stands: its entries, if they are on one line, else its first one."""
    first, last = value[0] if value else None, value[-1] if value else None
    while isinstance(first, tuple):
        first = first[0] if first else None
    while isinstance(last, tuple):
        last = last[-1] if last else None
    if first is None or first.place is None:
        return None
    end = last.place if last is not None else None
    on_one_line = end is not None and (end.file, end.line) == (first.place.file, first.place.line)
    return first.place._replace(end=end.end) if end is not None and on_one_line else first.place


def entry_name(name: str, shape: Shape, position: int) -> str:
    """The name of one entry, in row-major order.

    >>> entry_name("x", (2, 3), 4)
    'x[1, 1]'
    """
    index: list[int] = []
    for length in reversed(shape):
        position, place = divmod(position, length)
        index.insert(0, place)
    return f"{name}[{', '.join(map(str, index))}]" if index else name
