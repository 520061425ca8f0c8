"""Contour lines of a function on a grid, by marching squares (C. Maple, Geometric design and space planning using the
marching squares and marching cube algorithms, 2003, section 2), and the levels at which they show the minimum.

Along each edge of the grid the function is taken to be linear; a saddle is decided by the mean of its four corners, and
squares with an undefined corner are left out.

>>> from optbench.report.picture.sampling import grid
>>> lines(grid(lambda x, y: x, (0.0, 2.0), (0.0, 1.0), 3, 2), 0.5)
[((0.5, 0.0), (0.5, 1.0))]
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from optbench.report.picture.model import Contour, Line, Point
from optbench.report.picture.sampling import Grid

_DECADES = 3.0  # how many powers of ten the levels above a minimum span
_EVEN = 0.38  # where the median lies between least and largest value, from which on levels are equally distant
_TOP = 0.95  # the part of the values that lie below the highest level

Edge = tuple[int, int, bool]  # column and row of its lower left end, whether it goes upwards


def levels(grid: Grid, count: int = 10, least: float | None = None) -> list[float]:
    """Return levels in ascending order: at distances above the least value that grow geometrically, as around a minimum,
    or equally distant where the values themselves are spread evenly.

    `least` is the least value where it is known better than from the grid. A constant function has no levels.
    """
    values = sorted(grid.finite())
    if not values:
        return []
    low = min(values[0], values[0] if least is None or not math.isfinite(least) else least)
    top = values[int(_TOP * (len(values) - 1))]
    high = top if top > values[0] else values[-1]
    span = high / 2 - low / 2
    if span <= 0:
        return []
    if values[len(values) // 2] / 2 - low / 2 > _EVEN * (values[-1] / 2 - low / 2):
        shares = [(k + 1) / (count + 1) for k in range(count)]
        span = values[-1] / 2 - low / 2
    else:
        shares = [10 ** (_DECADES * (k / max(count - 1, 1) - 1)) for k in range(count)]
    return sorted({level for share in shares if low < (level := low + share * span + share * span) < values[-1]})


def contours(grid: Grid, levels: Sequence[float]) -> list[Contour]:
    """Return the contour lines of each level, levels without a line left out."""
    ascending = sorted(levels)
    segments: list[dict[Edge, list[Edge]]] = [defaultdict(list) for _ in ascending]
    values = grid.values
    for j in range(len(grid.y) - 1):
        below, above = values[j], values[j + 1]
        for i in range(len(grid.x) - 1):
            corners = (below[i], below[i + 1], above[i + 1], above[i])
            least, largest = min(corners), max(corners)
            if not math.isfinite(sum(c / 4 for c in corners)):
                continue
            for k in range(bisect_right(ascending, least), bisect_right(ascending, largest)):
                for start, end in _crossings(corners, ascending[k], i, j):
                    segments[k][start].append(end)
                    segments[k][end].append(start)
    found = [Contour(level, tuple(_joined(grid, level, part))) for level, part in zip(ascending, segments, strict=True)]
    return [contour for contour in found if contour.lines]


def lines(grid: Grid, level: float) -> list[Line]:
    """Return the contour lines of one level; closed ones end where they begin."""
    found = contours(grid, [level])
    return list(found[0].lines) if found else []


def _crossings(corners: tuple[float, float, float, float], level: float, i: int, j: int) -> list[tuple[Edge, Edge]]:
    """The segments of a square, from edge to edge; corners and edges counted from the lower left one against the clock."""
    edges = ((i, j, False), (i + 1, j, True), (i, j + 1, False), (i, j, True))
    inside = [c >= level for c in corners]
    crossed = [k for k in range(4) if inside[k] != inside[(k + 1) % 4]]
    if len(crossed) == 2:
        return [(edges[crossed[0]], edges[crossed[1]])]
    if len(crossed) != 4:
        return []
    around_first = (sum(c / 4 for c in corners) >= level) != inside[0]  # the first corner is cut off from the centre
    return [(edges[3], edges[0]), (edges[1], edges[2])] if around_first else [(edges[0], edges[1]), (edges[2], edges[3])]


def _joined(grid: Grid, level: float, neighbours: dict[Edge, list[Edge]]) -> list[Line]:
    """Segments joined to lines: open ones from their ends first, then closed ones."""
    found = []
    for start in [*(edge for edge, others in neighbours.items() if len(others) == 1), *neighbours]:
        if not neighbours[start]:
            continue
        edges = [start]
        while neighbours[edges[-1]]:
            after = neighbours[edges[-1]].pop()
            neighbours[after].remove(edges[-1])
            edges.append(after)
        found.append(tuple(_place(grid, level, edge) for edge in edges))
    return found


def _place(grid: Grid, level: float, edge: Edge) -> Point:
    """Where the function, taken as linear along an edge, has the level."""
    i, j, upwards = edge
    if upwards:
        return grid.x[i], _between(grid.y[j], grid.y[j + 1], grid.values[j][i], grid.values[j + 1][i], level)
    return _between(grid.x[i], grid.x[i + 1], grid.values[j][i], grid.values[j][i + 1], level), grid.y[j]


def _between(start: float, end: float, at_start: float, at_end: float, level: float) -> float:
    share = (level / 2 - at_start / 2) / (at_end / 2 - at_start / 2) if at_end / 2 != at_start / 2 else 0.5
    return start * (1 - share) + end * share
