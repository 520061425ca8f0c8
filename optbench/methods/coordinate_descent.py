"""Coordinate descent: one variable after the other is moved to the minimum of a parabola; no derivatives; bounds.

Cyclic, with a step for each variable that adapts to it, and after each round a search along the way of the round, without
which narrow valleys take for ever. It ends where no step of any variable helps. Where f is smooth, this makes the point
stationary; at a kink it proves nothing, and so second differences decide at the end whether there is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from .bracket import FIRST_STEP, height
from .line_search import DIVERGED, ROUNDING
from .method import Iterates, Method, Objective, Outcome
from .options import Options, option
from .space import EPSILON, Point

SHRINK = 0.1  # to no less than this part of itself a step shrinks in one round
LARGEST = 1e150  # coordinates whose squares overflow

STILL = Outcome(True, "no step along any variable lowers the function")
KINK = Outcome(False, "no step along any variable lowers the function, but it has a kink here, where this proves nothing")
EDGE = Outcome(False, "no step along any variable lowers the function, but right beside the last iterate it is undefined")


@dataclass(frozen=True)
class CoordinateDescentOptions(Options):
    """The search along the way of a whole round."""

    acceleration: bool = option(True, "after each round of all variables, a search along the way that it went")


class Place(NamedTuple):
    """A point at the signed distance t along a direction, and the height of f there: inf where it is undefined."""

    t: float
    x: Point
    height: float


def coordinate_descent(objective: Objective, x: Point, value: float, options: CoordinateDescentOptions) -> Iterates:
    """Wright 2015, algorithm 1 in cyclic order with a search along each coordinate; the pattern move of Hooke & Jeeves 1961."""
    space = objective.space
    steps = first_steps(objective, x)
    sizes = [EPSILON * step for step in steps]  # of the moves
    while True:
        before = x
        for i, step in enumerate(steps):
            t, x, value = search(objective, Place(0.0, x, value), space.unit(i), step)
            steps[i] = math.copysign(max(abs(t), SHRINK * abs(step)), t or step)
            sizes[i] = max(sizes[i], abs(t))
        way = x - before
        if options.acceleration and space.dimension > 1 and space.max_abs(way) > 0:
            _, x, value = search(objective, Place(0.0, x, value), way, 1.0)
        yield x, value
        if not (math.isfinite(value) and space.max_abs(x) < LARGEST):
            return DIVERGED
        scales = [max(abs(entry), size) for entry, size in zip(space.coordinates(x), sizes, strict=True)]
        shortest = [max(objective.tolerance, math.sqrt(EPSILON)) * scale for scale in scales]  # of steps that f resolves
        moved = space.coordinates(x - before)
        if all(max(abs(step), abs(by)) <= least for step, by, least in zip(steps, moved, shortest, strict=True)):
            return verdict(objective, x, value, scales, shortest)
        steps = [math.copysign(max(abs(step), least), step) for step, least in zip(steps, shortest, strict=True)]


def first_steps(objective: Objective, x: Point) -> list[float]:
    """Return a step for each variable: relative to it, or to its range where that is short."""
    space = objective.space
    ends = zip(space.coordinates(x), space.coordinates(objective.lower), space.coordinates(objective.upper), strict=True)
    return [FIRST_STEP * min(max(1.0, abs(entry)), (upper - lower) or 1.0) for entry, lower, upper in ends]


# The search along a direction ------------------------------------------------------------------------------------------


def search(objective: Objective, start: Place, direction: Point, step: float) -> Place:
    """Return the lowest point found along the direction, the start if none is lower.

    Steps double as long as f falls; then comes the minimum of the parabola through the lowest point and its neighbours.
    """
    far = look(objective, start, start, direction, step)
    back = start
    if not far.height < start.height:
        back, step = far, -step
        far = look(objective, start, start, direction, step)
    near = start
    while far.height < near.height:
        back, near = near, far
        step *= 2
        far = look(objective, start, near, direction, near.t + step)
    t = vertex(back, near, far)
    if not min(back.t, far.t) < t < max(back.t, far.t):
        return near
    found = look(objective, start, near, direction, t)
    return found if found.height < near.height else near


def look(objective: Objective, start: Place, known: Place, direction: Point, t: float) -> Place:
    """Evaluate f at a distance t, or where the bounds stop it; infinitely high where that is the `known` point."""
    space = objective.space
    x = objective.project(start.x + t * direction)
    if space.equal(x, known.x) or not space.is_finite(x):
        return Place(t, x, math.inf)
    square = space.dot(direction, direction)
    return Place(space.dot(x - start.x, direction) / square if square > 0 else t, x, height(objective, x))


def vertex(a: Place, b: Place, c: Place) -> float:
    """Return where the parabola through three points is lowest; nan if one of them is infinitely high."""
    left, right = (b.t - a.t) * (b.height - c.height), (b.t - c.t) * (b.height - a.height)
    difference = left - right
    return b.t - 0.5 * ((b.t - a.t) * left - (b.t - c.t) * right) / difference if difference else math.nan


# What it means that no step helps ----------------------------------------------------------------------------------------


def verdict(objective: Objective, x: Point, value: float, scales: list[float], shortest: list[float]) -> Outcome:
    """Return what the end means: f may have a kink at x or be undefined beside it."""
    centre = Place(0.0, x, value)
    found = STILL
    for i, (scale, least) in enumerate(zip(scales, shortest, strict=True)):
        h = EPSILON**0.25 * scale
        rise = rise_around(objective, centre, i, h)
        while rise == math.inf and h > 64 * least:
            h *= 0.25
            rise = rise_around(objective, centre, i, h)
        if rise == math.inf:
            return EDGE
        nearer = rise_around(objective, centre, i, 0.25 * h)
        if objective.space.dimension > 1 and nearer > max(rise / 8, ROUNDING * abs(value)):  # 1/16 where f is smooth, 1/4 at a kink
            found = KINK
    return found


def rise_around(objective: Objective, centre: Place, i: int, h: float) -> float:
    """Return the sum of the rises to both sides along a variable: inf where f is undefined, 0 where a bound leaves no room for both."""
    e = objective.space.unit(i)
    ahead, behind = objective.project(centre.x + h * e), objective.project(centre.x - h * e)
    if objective.space.dot(ahead - behind, e) < 1.99 * h:
        return 0.0
    return (height(objective, ahead) - centre.height) + (height(objective, behind) - centre.height)


METHOD = Method(
    name="coordinate-descent",
    summary="Moves one variable after the other to the minimum of a parabola, then along the whole way; needs no derivatives.",
    source="S. J. Wright 2015, Math. Program. 151(1); R. Hooke & T. A. Jeeves 1961, J. ACM 8(2)",
    algorithm=coordinate_descent,
    options=CoordinateDescentOptions,
    largest_dimension=2000,
)
