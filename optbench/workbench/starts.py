"""Where methods begin: the problem's starts, completed or made by the engine.

Made starts are points of a Sobol sequence, shifted by the seed and mapped into the box: linearly into a finite range, by
t/(1 - t) into a half-infinite one, by the logit into an infinite one. Among the first of them at which the function is
defined, the one with the least value is taken. Of further starts beside a given one, every second is drawn around that one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from optbench.workbench.function import Function
from optbench.workbench.sobol import points

_HALF_INFINITE = 2.0  # the median distance from the finite end
_INFINITE = 3.0  # three quarters of the points lie within +-_INFINITE*log(7)
_TRIED = 32  # points of the sequence that are looked at; more while none is defined
_TRIED_AT_MOST = 2048


def starts(function: Function, seed: int, count: int = 1) -> list[list[float]]:
    """Return the starts as flat points: those of the problem, and further ones until there are `count`.

    Where no point is found at which the function is defined, the start is undefined there, and methods say so.
    """
    given = _given(function)
    if given and all(c is not None for start in given for c in start):
        found = [_whole(function, [float(c) for c in start if c is not None]) for start in given]
    else:
        made = _made(function, seed, given[0] if given else [None] * function.dimension)
        found = [_completed(function, start, made) for start in given] or [made]
    if count <= len(found):
        return found
    further = _further(function, seed, count, found[0] if given else None)
    return found + list(islice(further, count - len(found)))


def scattered(function: Function, seed: int, count: int) -> list[Any]:
    """Return as many points all over the range, those of the sequence after which the first start was chosen among."""
    units = points(_TRIED + count, function.dimension, seed)[_TRIED:]
    return [function.space.point(x) for x in _placed(function, units)]


def _further(function: Function, seed: int, count: int, given: Sequence[float] | None) -> Iterator[list[float]]:
    """Yield points of the sequence at which the function is defined, after those of which the first start was chosen.

    Where a start is given, every second one lies around it, as far as its own size says: it may be the only one who knows the
    units of unknowns without a range.
    """
    small = function.dimension <= 64
    first = _TRIED if small else 1
    for last in (first + 2 * count, _TRIED_AT_MOST if small else first + 4 * count):  # nearly always, the first few will do
        for number, unit in enumerate(points(last, function.dimension, seed)[first:]):
            x = _at(function, unit, given if number % 2 else None)
            if math.isfinite(function.value(function.space.point(x))):
                yield x
        first = last


def _placed(function: Function, units: Sequence[Sequence[float]]) -> Iterator[list[float]]:
    """Yield points of the unit cube as flat points of the box."""
    for unit in units:
        yield _at(function, unit)


def _at(function: Function, unit: Sequence[float], given: Sequence[float] | None = None) -> list[float]:
    """A point of the unit cube as a flat point of the box; where that is not finite, around a given one."""
    low, high = (function.space.coordinates(p) for p in (function.lower, function.upper))
    centres: Sequence[float | None] = given or [None] * len(low)
    return _whole(function, [_mapped(t, a, b, c) for t, a, b, c in zip(unit, low, high, centres, strict=True)])


def _completed(function: Function, given: Sequence[float | None], made: Sequence[float]) -> list[float]:
    """What is given of a start, and what was made where nothing is."""
    return _whole(function, [m if c is None else c for m, c in zip(made, given, strict=True)])


def _whole(function: Function, x: Sequence[float]) -> list[float]:
    """The point with whole numbers where the problem asks for them, within their range."""
    if not function.integers:
        return list(x)
    space = function.space
    return space.coordinates(function.rounded(space.clip(space.point(list(x)), function.lower, function.upper)))


def typical_scale(function: Function) -> float:
    """Return how much the minimand's values differ over the box, at most 1: what a gradient is compared with.

    So a function multiplied by 1e-9 is not taken for a constant. It is 1 where too few values are known.
    """
    if function.dimension > 64:
        return 1.0
    sample = _placed(function, points(8, function.dimension, 0))
    values = sorted(filter(math.isfinite, (function.value(function.space.point(x)) for x in sample)))
    spread = values[len(values) // 2] - values[0] if len(values) > 2 else 1.0
    return min(1.0, spread) if spread > 0 else 1.0


def _given(function: Function) -> list[list[float | None]]:
    variables = function.problem.variables
    count = max((len(v.starts) for v in variables), default=0)
    blank = {v.name: (None,) * v.size for v in variables}
    rows = [[v.starts[min(k, len(v.starts) - 1)] if v.starts else blank[v.name] for v in variables] for k in range(count)]
    return [list(chain.from_iterable(row)) for row in rows]


def _made(function: Function, seed: int, given: Sequence[float | None]) -> list[float]:
    """The point with the least value among the first of the sequence, or else the first at which the function is defined.

    Coordinates that are given are kept.
    """

    def made(first: int, last: int) -> Iterator[tuple[float, list[float]]]:
        for x in _placed(function, points(last, function.dimension, seed)[first:]):
            completed = _completed(function, given, x)
            yield function.value(function.space.point(completed)), completed

    tried, most = (_TRIED, _TRIED_AT_MOST) if function.dimension <= 64 else (1, 16)
    looked_at = list(made(0, tried))
    defined = [one for one in looked_at if math.isfinite(one[0])]
    if defined:
        return min(defined, key=lambda one: one[0])[1]
    return next((x for value, x in made(tried, most) if math.isfinite(value)), looked_at[0][1])


def _mapped(t: float, low: float, high: float, around: float | None = None) -> float:
    """A number of (0, 1) as one of the range; where that is not finite, the median is `around`, if that is given."""
    t = min(max(t, 2.0**-33), 1 - 2.0**-33)
    if math.isfinite(low) and math.isfinite(high):
        return min(max(low + (high - low) * t, low), high)
    if around is not None:
        return min(max(around + (abs(around) or 1.0) * math.log(t / (1 - t)), low), high)
    if math.isfinite(low):
        return low + _HALF_INFINITE * t / (1 - t)
    if math.isfinite(high):
        return high - _HALF_INFINITE * t / (1 - t)
    return _INFINITE * math.log(t / (1 - t))
