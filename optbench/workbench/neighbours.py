"""The points beside a point whose integer entries differ from its own by 1 in one place, and whether one of them is better.

The other entries of such a neighbour are found anew: moved onto the constraints, then by a local search. That shows a better
point where there is one nearby; it proves nothing of points in which two whole numbers differ.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from optbench.methods.method import Method
from optbench.methods.options import read_options
from optbench.methods.registry import get
from optbench.workbench import attempt
from optbench.workbench.function import Function, importable
from optbench.workbench.restoration import restored

_EVALUATED = 2000  # neighbours that are looked at where all entries are whole numbers, at most
_SEARCHED = 24  # where the others have to be found by a local search, which takes ten milliseconds
_BUDGET = attempt.Budget(seconds=0.5, iterations=200, evaluations=4000)
_TOLERANCE = 1e-9
_FEASIBLE = 1e-9  # violation of a neighbour that counts
_BETTER = 1e-9  # relative difference of values that counts


class Neighbours(NamedTuple):
    """What is known of the neighbours of a point."""

    all: int  # within the range
    looked_at: int
    feasible: int  # of these
    better: tuple[int, float] | None  # the place of the entry, and its value, with which the function has a lower value


def neighbours(function: Function, x: Any, value: float) -> Neighbours:
    """Look at the neighbours of a point whose integer entries are whole; end at the first that is better."""
    moves = _moves(function, x)
    searched = len(function.integers) < function.dimension
    most = _SEARCHED if searched else _EVALUATED
    chosen = moves if len(moves) <= most else random.Random(0).sample(moves, most)
    room = _BETTER * max(function.scale, abs(value))
    feasible = 0
    for number, (place, whole) in enumerate(chosen, start=1):
        lowest = _lowest(function, _moved(function, x, place, whole), value - room, searched)
        feasible += lowest is not None
        if lowest is not None and lowest < value - room:
            return Neighbours(len(moves), number, feasible, (place, whole))
    return Neighbours(len(moves), len(chosen), feasible, None)


def _moves(function: Function, x: Any) -> list[tuple[int, float]]:
    """The entries that may change, and what they become."""
    coordinates, low, high = (function.space.coordinates(p) for p in (x, function.lower, function.upper))
    return [(i, c) for i in function.integers for c in (coordinates[i] - 1, coordinates[i] + 1) if low[i] <= c <= high[i]]


def _moved(function: Function, x: Any, place: int, whole: float) -> Any:
    coordinates = function.space.coordinates(x)
    coordinates[place] = whole
    return function.space.point(coordinates)


def _lowest(function: Function, y: Any, enough: float, searched: bool) -> float | None:
    """The least value found with the whole numbers of y; None where nothing feasible is found. It may end with `enough`."""
    if not searched:
        return _value(function, y)
    held = function.with_integers_held(y)
    known = _value(held, restored(held, y))
    if known is not None and known < enough:
        return known
    arrived = _searched(held, y)
    values = [v for v in (known, None if arrived is None else _value(held, restored(held, arrived))) if v is not None]
    return min(values, default=None)


def _value(function: Function, y: Any) -> float | None:
    """The value at a point that is feasible."""
    value = function.value(y)
    feasible = value == value and function.violation(y) <= _FEASIBLE and function.defined(y)
    return value if feasible else None


def _searched(held: Function, y: Any) -> Any:
    """Where a local search over the other entries arrives; None where there is none, or it gets nowhere."""
    method = _method(held)
    if method is None:
        return None
    start = held.space.coordinates(y)
    try:
        found = attempt.run(held, method, read_options(method, {}), [start], _BUDGET, _TOLERANCE, 0, False, lambda message: None)
    except Exception:  # then this neighbour is not shown to be better
        return None
    return None if found["x"] is None else held.space.point(found["x"])


def _method(held: Function) -> Method | None:
    """A method with derivatives that handles what the problem has."""
    if held.gradient_missing_because or held.constraint_gradient_missing_because:
        return None
    if held.constraint_count:
        return get("casadi-ipopt") if importable("casadi") else None
    return get("bfgs")
