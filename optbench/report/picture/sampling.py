"""Looking at a function: of one variable at points that follow its bends, of two on a grid.

Functions are callables of floats that return nan where they are undefined. Such places, poles and jumps are gaps: a curve
is a list of pieces, and a grid has nan there.

>>> [(piece[0][0], piece[-1][0]) for piece in curve(lambda x: x * x, -1.0, 1.0)]
[(-1.0, 1.0)]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from optbench.report.picture.model import Line, Point

_EVEN = 120  # points that are equally far from one another
_DEEPEST = 8  # how often the gap between two of them is halved where the function bends
_BENT = 0.002  # distance from the chord, as a part of the visible height, from which it bends
_STEEP = 0.2  # rise over next to nothing, as a part of the visible height, from which it is a jump or a pole
_NEAR = 0.5  # heights beyond an end within which all is shown
_EDGE = 24  # halvings until an edge of the domain, or a jump, is where it is
_WIDEST = 4.0  # times the spread of the middle values: heights beyond are cut off
_LARGEST = sys.float_info.max

Item = TypeVar("Item")


@dataclass(frozen=True)
class Grid:
    """Values on a grid; `values[j][i]` belongs to x[i] and y[j]."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    def finite(self) -> list[float]:
        """All values that are finite."""
        return [value for row in self.values for value in row if math.isfinite(value)]


# ---- two variables ---------------------------------------------------------------------------------------------------------


def grid(f: Callable[[float, float], float], x: tuple[float, float], y: tuple[float, float], columns: int, rows: int) -> Grid:
    """Return f on a grid over two closed ranges, with both ends."""
    xs, ys = even(*x, columns), even(*y, rows)
    return Grid(xs, ys, tuple(tuple(f(a, b) for a in xs) for b in ys))


def even(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return `count` points from low to high, ends included."""
    steps = max(count - 1, 1)
    return (*(low * ((steps - i) / steps) + high * (i / steps) for i in range(steps)), high)


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many of the items, evenly chosen, with the first and the last one."""
    if len(items) <= most:
        return list(items)
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]


# ---- one variable ----------------------------------------------------------------------------------------------------------


def curve(f: Callable[[float], float], low: float, high: float, through: Iterable[float] = (), points: int = _EVEN) -> list[Line]:
    """Return the graph of f on [low, high] as pieces of consecutive points, each without a gap.

    It begins with so many equally distant `points` and those that it is to go `through`, and adds more where the function
    bends as far as can be seen, at the edges of its domain, and beside jumps and poles.
    """
    xs = sorted({*even(low, high, points), *(x for x in through if low <= x <= high)})
    first = [(x, f(x)) for x in xs]
    height = _height(visible([y for _, y in first]))
    pieces: list[list[Point]] = [[]]
    for left, right in pairwise(first):
        _follow(f, left, right, height, pieces)
    _put(first[-1], pieces)
    return [tuple(piece) for piece in pieces if piece]


def _follow(f: Callable[[float], float], left: Point, right: Point, height: float, pieces: list[list[Point]]) -> None:
    """Add the graph from `left` on, without `right`, to the last piece; begin new pieces after gaps."""
    waiting = [(left, right, 0)]
    while waiting:
        a, b, depth = waiting.pop()
        if _is_shown(a) != _is_shown(b):
            _put_edge(f, a, b, pieces)
            continue
        middle = a[0] / 2 + b[0] / 2
        if depth == _DEEPEST or not a[0] < middle < b[0]:
            _put_last(f, a, b, height, pieces)
            continue
        m = (middle, f(middle))
        if depth < 1 or _bends(a, m, b, height):
            waiting += [(m, b, depth + 1), (a, m, depth + 1)]
        else:
            _put(a, pieces)
            _put(m, pieces)


def _bends(a: Point, m: Point, b: Point, height: float) -> bool:
    if not (_is_shown(a) and _is_shown(m) and _is_shown(b)):
        return _is_shown(m) != _is_shown(a)
    return abs(m[1] - (a[1] / 2 + b[1] / 2)) > _BENT * height


def _put_last(f: Callable[[float], float], a: Point, b: Point, height: float, pieces: list[list[Point]]) -> None:
    """Add a, the last one before b: with a gap between them where the function jumps."""
    _put(a, pieces)
    if _is_shown(a) and _is_shown(b) and abs(b[1] / 2 - a[1] / 2) > _STEEP * height / 2:
        left, right = _jump(f, a, b)
        if abs(right[1] / 2 - left[1] / 2) > _STEEP * height / 2:
            _put(left, pieces)
            pieces.append([right])


def _jump(f: Callable[[float], float], a: Point, b: Point) -> tuple[Point, Point]:
    """Halve the interval again and again, and keep the half in which the function changes more."""
    for _ in range(_EDGE):
        m = (a[0] / 2 + b[0] / 2, 0.0)
        m = (m[0], f(m[0]))
        if not a[0] < m[0] < b[0] or not _is_shown(m):
            break
        a, b = (a, m) if abs(m[1] / 2 - a[1] / 2) > abs(b[1] / 2 - m[1] / 2) else (m, b)
    return a, b


def _put_edge(f: Callable[[float], float], a: Point, b: Point, pieces: list[list[Point]]) -> None:
    """Add what lies between a and b, at one of which the function is not defined."""
    begins = _is_shown(b)
    _put(a, pieces)
    for _ in range(_EDGE):
        m = (a[0] / 2 + b[0] / 2, 0.0)
        m = (m[0], f(m[0]))
        if not a[0] < m[0] < b[0]:
            break
        if _is_shown(m) == begins:
            b = m
        else:
            a = m
    _put(b if begins else a, pieces)
    if not begins:
        pieces.append([])


def _put(point: Point, pieces: list[list[Point]]) -> None:
    if not _is_shown(point):
        if pieces[-1]:
            pieces.append([])
    elif not pieces[-1] or pieces[-1][-1][0] < point[0]:
        pieces[-1].append(point)


def _is_shown(point: Point) -> bool:
    return math.isfinite(point[1])


# ---- what can be seen ---------------------------------------------------------------------------------------------------------


def visible(values: Iterable[float], also: Iterable[float] = ()) -> tuple[float, float]:
    """Return the range of values that a picture shows: all of them, unless a few are far beyond the others (poles).

    What is in `also` is in it. The ends are finite and differ; without any finite value they are -1 and 1.
    """
    found = sorted(filter(math.isfinite, values))
    kept = list(filter(math.isfinite, also))
    if not found and not kept:
        return -1.0, 1.0
    low, high = _without_the_extreme(found) if found else (kept[0], kept[0])
    return widened(min([low, *kept]), max([high, *kept]))


def stretched(ends: tuple[float, float], values: Iterable[float]) -> tuple[float, float]:
    """Return the ends, each moved to the outermost of the values where that is not far beyond it."""
    found = [ends[0], *filter(math.isfinite, values), ends[1]]
    aside = _height(ends) * _NEAR
    low, high = min(found), max(found)
    return low if low >= ends[0] - aside else ends[0], high if high <= ends[1] + aside else ends[1]


def _without_the_extreme(values: Sequence[float]) -> tuple[float, float]:
    """The ends of sorted values, but for those that are several times as far out as the middle four fifths are wide."""
    last = len(values) - 1
    low, high = values[last // 10], values[last - last // 10]
    reach = _times(_height((low, high)), _WIDEST)
    if reach == 0:
        return values[0], values[-1]
    far_low, far_high = values[0] < low - reach, values[-1] > high + reach
    spread = _height((low, high)) / 4
    return (max(values[0], low - spread) if far_low else values[0], min(values[-1], high + spread) if far_high else values[-1])


def widened(low: float, high: float) -> tuple[float, float]:
    """Return ends that differ: those given, or for a single value ends beside it."""
    if low < high:
        return low, high
    aside = max(abs(low) / 2, 1.0) if low else 1.0
    return max(low - aside, -_LARGEST), min(high + aside, _LARGEST)


def with_margin(low: float, high: float, part: float = 0.05) -> tuple[float, float]:
    """Return ends that are further apart, by a part of their distance on either side."""
    aside = _times(_height((low, high)), part)
    return max(low - aside, -_LARGEST), min(high + aside, _LARGEST)


def _height(ends: tuple[float, float]) -> float:
    return min(ends[1] - ends[0], _LARGEST)


def _times(number: float, factor: float) -> float:
    return min(number * factor, _LARGEST)


# ---- which part of an infinite range ------------------------------------------------------------------------------------------


def window(low: float, high: float, core: Iterable[float] = (), around: Iterable[float] = ()) -> tuple[float, float]:
    """Return a finite part of a range: the range itself where it is finite, else what holds the interesting points.

    All of the `core` (optima, stationary points) lies in it, and of the points `around` (starts, iterates) those that are
    not so far away that the core could not be seen any more.
    """
    if math.isfinite(low) and math.isfinite(high):
        return (low, high) if low < high else widened(low, high)
    inside = sorted(x for x in core if math.isfinite(x) and low <= x <= high)
    others = [x for x in around if math.isfinite(x) and low <= x <= high]
    if not inside and not others:
        middle = min(max(0.0, low), high)
        return max(low, middle - _UNKNOWN), min(high, middle + _UNKNOWN * (2 if math.isfinite(low) else 1))
    if not inside:
        inside, others = sorted(others), []
    first, last = inside[0], inside[-1]
    reach = max(last - first, abs(first), abs(last), 1.0) * _REACH
    near = [x for x in others if first - reach <= x <= last + reach]
    first, last = min([first, *near]), max([last, *near])
    aside = max((last - first) * _ASIDE, _beside(max(abs(first), abs(last)), first == last))
    return max(low, first - aside, -_LARGEST), min(high, last + aside, _LARGEST)


def _beside(size: float, alone: bool) -> float:
    """What is shown at least beside points of a size, so that a bend around them is seen."""
    if size < _NO_SIZE:
        return _LEAST_ASIDE
    return max(_LEAST_ASIDE, size / 2) if alone and size > _LEAST_ASIDE else min(_LEAST_ASIDE, 4 * size)


_REACH = 3.0  # how far away a point may be that belongs to the picture, in widths of the core
_ASIDE = 0.4  # what is shown beside the points, in widths of what holds them
_LEAST_ASIDE = 2.0
_NO_SIZE = 1e-6  # below it a number is taken for 0
_UNKNOWN = 5.0  # what is shown on both sides of 0 where nothing is known
