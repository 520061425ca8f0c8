"""Line charts as geometry: where ticks and lines lie in a box of fixed size; the templates write them as SVG.

>>> axis = Axis("ratio", 1.0, 100.0)
>>> axis.fraction(10.0), [tick.text for tick in axis.ticks()]
(0.5, ['1', '10', '100'])
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 62, 30, 12, 48  # margins around the lines

_MOST_TICKS = 8
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Tick(NamedTuple):
    """A mark on an axis: where, in the units of the picture, and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """One side of a chart, logarithmic; `0 < low < high`, both finite."""

    words: str
    low: float
    high: float
    as_powers: bool = False  # whether ticks are shown as powers of ten

    def fraction(self, value: float) -> float:
        """Where a value lies, 0 at the lower end and 1 at the upper one; values beyond the ends lie there."""
        inside = min(max(value, self.low), self.high)
        return (math.log(inside) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def ticks(self) -> list[Tick]:
        """The powers of ten between the ends, as many as can be read; `at` is a fraction."""
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, math.ceil((last - first + 1) / _MOST_TICKS))
        powers = [k for k in range(first, last + 1) if k % every == 0]
        if len(powers) < 2:
            return [
                Tick(self.fraction(value), f"{value:.3g}") for value in (self.low, math.sqrt(self.low) * math.sqrt(self.high), self.high)
            ]
        return [Tick(self.fraction(10.0**k), self._text(k)) for k in powers]

    def _text(self, power: int) -> str:
        if not self.as_powers and -4 < power < 6:
            return f"{10.0**power:,.10g}"
        return f"10{str(power).translate(_POWERS)}"


class Share(Axis):
    """The axis of a share, from 0 to 1; linear."""

    def fraction(self, value: float) -> float:
        """The share itself."""
        return value

    def ticks(self) -> list[Tick]:
        """0 % to 100 %."""
        return [Tick(k / 4, f"{25 * k} %") for k in range(5)]


SHARE = Share("", 0.0, 1.0)


class Series(NamedTuple):
    """What is drawn of a method: its number and corners (x, y), where y holds from x on."""

    method: int
    corners: Sequence[tuple[float, float]]


class Line(NamedTuple):
    """A drawn line: the number of its method, the path, and its end."""

    method: int
    path: str
    end: tuple[str, str]


@dataclass(frozen=True)
class Chart:
    """A chart as it is written; `kind` tells the script what to draw again."""

    kind: str
    title: str
    words: str  # what it shows, for those who can't see it
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    has_ends: bool  # whether the ends of the lines are marked

    def x_ticks(self) -> list[Tick]:
        """The ticks below."""
        return [Tick(round(across(tick.at), 1), tick.text) for tick in self.x.ticks()]

    def y_ticks(self) -> list[Tick]:
        """The ticks on the left."""
        return [Tick(round(upwards(tick.at), 1), tick.text) for tick in self.y.ticks()]


def across(fraction: float) -> float:
    """Return the place of a fraction of the width."""
    return LEFT + fraction * (WIDTH - LEFT - RIGHT)


def upwards(fraction: float) -> float:
    """Return the place of a fraction of the height."""
    return HEIGHT - BOTTOM - fraction * (HEIGHT - TOP - BOTTOM)


def distribution(series: Series, x: Axis) -> Line:
    """Return the line of a distribution function, which begins at 0 and goes on to the right end."""
    path, last = f"M{LEFT} {_shown(upwards(0.0))}", ""
    y = _shown(upwards(0.0))
    for place, height in _visible(series.corners, x, SHARE):
        if place != last:
            path += f"H{place}"
        path, last, y = path + f"V{height}", place, height
    return Line(series.method, f"{path}H{WIDTH - RIGHT}", (_shown(WIDTH - RIGHT), y))


def descent(series: Series, x: Axis, y: Axis) -> Line:
    """Return the line of what holds from corner to corner, from the first to the last; at least one is needed."""
    (first, start), *rest = _visible(series.corners, x, y)
    path, end = f"M{first} {start}", (first, start)
    for place, height in rest:
        path += f"H{place}" + (f"V{height}" if height != end[1] else "")
        end = (place, height)
    return Line(series.method, path, end)


def _visible(corners: Iterable[tuple[float, float]], x: Axis, y: Axis) -> list[tuple[str, str]]:
    """The places of corners; of those in one column the last."""
    found: dict[str, str] = {}
    for a, b in corners:
        found[_shown(across(x.fraction(a)))] = _shown(upwards(y.fraction(b)))
    return list(found.items())


def _shown(place: float) -> str:
    """A place to half a unit, which is less than a pixel."""
    return f"{math.floor(2 * place + 0.5) / 2:g}"


def around(values: Iterable[float], words: str, least: float = 0.0, as_powers: bool = False) -> Axis:
    """Return an axis that has all values, which are positive; whole powers of ten at its ends."""
    known = [max(value, least) for value in values if math.isfinite(value) and max(value, least) > 0]
    low, high = (min(known), max(known)) if known else (1.0, 10.0)
    first, last = max(-307, math.floor(math.log10(low))), min(308, math.ceil(math.log10(high)))
    return Axis(words, 10.0**first, 10.0 ** max(last, first + 1), as_powers)
