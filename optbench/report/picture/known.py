"""What a picture can show of an answer, in all of its coordinates.

A flat point has the entries of all unknowns in the order of the problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from optbench.report.picture.model import MarkKind

Flat = tuple[float, ...]


class Place(NamedTuple):
    """A point worth marking; `value` is None where it has to be evaluated."""

    kind: MarkKind
    x: Flat
    value: float | None
    words: str


class Region(NamedTuple):
    """A box that is proved to hold an optimum, or not proved to be without one: the ends of each entry, and of the value."""

    sides: tuple[tuple[float, float], ...]
    value: tuple[float, float] | None


class Run(NamedTuple):
    """The iterates of a method from one start; values are None where they are not finite."""

    name: str
    iterates: tuple[tuple[Flat, float | None], ...]


@dataclass(frozen=True)
class Known:
    """All that can be shown of an answer."""

    places: tuple[Place, ...] = ()
    regions: tuple[Region, ...] = ()
    runs: tuple[Run, ...] = ()
    notes: tuple[str, ...] = ()
    period: float | None = None  # of the function, where its stationary points repeat
