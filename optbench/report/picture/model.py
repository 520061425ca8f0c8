"""What a picture shows, in the coordinates of the problem, whoever draws it.

>>> Axis("x", 0.0, 4.0).fraction(1.0)
0.25
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

Point = tuple[float, float]
Line = tuple[Point, ...]  # to be joined in order; a single point is a dot


class MarkKind(Enum):
    """What a marked point is; the value is what the legend says."""

    PROVED = "global optimum, proved"
    BEST = "best point found"
    MINIMUM = "local minimum"
    MAXIMUM = "local maximum"
    STATIONARY = "stationary point"


@dataclass(frozen=True)
class Axis:
    """One side of a picture; `low` lies below `high`, both are finite."""

    name: str
    low: float
    high: float

    def fraction(self, value: float) -> float:
        """Where a value lies between the ends, as a number that is 0 at the lower and 1 at the upper one."""
        span = self.high - self.low
        if math.isinf(span):
            return (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return (value - self.low) / span

    def contains(self, value: float) -> bool:
        """Whether a value lies between the ends."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Mark:
    """A point worth seeing."""

    kind: MarkKind
    at: Point
    words: str = ""  # what it is, in a line


@dataclass(frozen=True)
class Box:
    """A rectangle; `low` and `high` are opposite corners."""

    low: Point
    high: Point


@dataclass(frozen=True)
class Path:
    """The iterates of a method, from its start on."""

    name: str
    points: Line


@dataclass(frozen=True)
class Contour:
    """Where a function of two variables has one value."""

    level: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Picture:
    """A graph of a function of one variable, or a contour map of one of two."""

    title: str
    x: Axis
    y: Axis
    curves: tuple[Line, ...] = ()  # the graph, with gaps where it is undefined
    contours: tuple[Contour, ...] = ()  # from the lowest level upwards
    limits: tuple[Line, ...] = ()  # where a constraint holds with equality
    infeasible: tuple[Box, ...] = ()  # where a constraint is violated
    enclosures: tuple[Box, ...] = ()  # proved to hold an optimum, or not proved to be without one
    paths: tuple[Path, ...] = ()
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()  # what is not shown, and why: a sentence each

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside of the picture."""
        return self.x.contains(point[0]) and self.y.contains(point[1])
