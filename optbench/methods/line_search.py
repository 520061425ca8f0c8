"""How far to go along a direction: rules of sufficient decrease, shared by the methods that use gradients.

All of them work on the projection arc x(t) = P(x + t d), where P projects onto the bounds, so that nothing is evaluated
outside of them; without bounds it is the line x + t d. A trial point at which the function is nan or infinite is never
accepted. Where the promised decrease drowns in the rounding of f, the slope decides (the approximate Wolfe conditions,
Hager & Zhang 2005, section 4): else no method could come nearer to a minimum than the square root of the rounding.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .method import Objective, Outcome, projected_gradient
from .space import Mask, Point, Space

ROUNDING = 2.0**-40  # values closer than this, relatively, may differ by rounding alone
SHORTEST = 2.0**-106  # a step is not shortened by more than this
TINY = 1e-290  # a gradient shorter than this counts as this long, lest its reciprocal overflow
NEAR_BOUND = 1e-3  # how near to a bound an entry may count as active: this, or this part of a shorter range

NO_DECREASE = Outcome(False, "the line search found no decrease")
NO_STEP = Outcome(False, "every step, however short, leaves the domain of the function")
DIVERGED = Outcome(False, "the iterates diverge")


class Trial(NamedTuple):
    """An accepted point, its value, the step length, and the gradient if it was evaluated."""

    x: Point
    value: float
    length: float
    gradient: Point | None


def backtrack(
    objective: Objective, x: Point, value: float, gradient: Point, direction: Point, length: float, decrease: float, shrink: float
) -> Trial | None:
    """Return the first point x(length), x(shrink length), ... of the arc with a sufficient decrease, or None.

    The rule is Armijo's along the projection arc: f(x(t)) <= f(x) + decrease * g'(x(t) - x) (Bertsekas 1976;
    without bounds Nocedal & Wright 2006, algorithm 3.1).
    """
    space = objective.space
    shortest = length * SHORTEST
    while length > shortest:
        point = objective.project(x + length * direction)
        if space.equal(point, x):
            return None
        moved = point - x
        slope = space.dot(gradient, moved)
        if -math.inf < slope < 0:
            trial = objective.value(point)
            if trial <= value + decrease * slope and trial < value:
                return Trial(point, trial, length, None)
            if _indistinguishable(trial, value):
                there = objective.gradient(point)
                if space.dot(there, moved) <= (2 * decrease - 1) * slope:  # approximate Wolfe, first half
                    return Trial(point, trial, length, there)
        length *= shrink
    return None


def weak_wolfe(
    objective: Objective, x: Point, value: float, gradient: Point, direction: Point, decrease: float, curvature: float, bounded: bool
) -> Trial | None:
    """Return a point of the arc that satisfies the weak Wolfe conditions, by bisection from the unit step.

    Lewis & Overton 2013, algorithm 2.6: it ends also where f has kinks. Where no step satisfies the second condition
    within rounding, the longest that satisfies the first is returned, and None where there is none.
    """
    space = objective.space
    low, high, length = 0.0, math.inf, 1.0
    longest: Trial | None = None
    while length < math.inf and (high == math.inf or high - low > 2.0**-30 * high > SHORTEST):
        target = x + length * direction
        point = objective.project(target) if bounded else target
        moved = point - x
        slope = space.dot(gradient, moved)
        trial = objective.value(point) if -math.inf < slope < 0 else math.nan
        near = _indistinguishable(trial, value)
        enough = trial <= value + decrease * slope and trial < value
        there = objective.gradient(point) if enough or near else None
        if there is not None:
            end = space.dot(there, moved)
            if not enough:
                enough = end <= (2 * decrease - 1) * slope  # approximate Wolfe, first half
            enough = enough and math.isfinite(end)
        if enough and there is not None:
            longest = Trial(point, trial, length, there)
            if bounded:
                end = length * space.dot(space.masked(there, point == target), direction)  # what is clipped moves no more
            if end >= curvature * slope:
                return longest
            low = length
        elif space.equal(point, x):
            break
        else:
            high = length
        length = 0.5 * (low + high) if high < math.inf else 2 * low
    return longest


def _indistinguishable(a: float, b: float) -> bool:
    return abs(a - b) <= ROUNDING * abs(b)


def first_length(objective: Objective, x: Point, gradient: Point) -> float:
    """Return a multiple of -gradient to begin with: it moves x by 1, or as far as x is long where that is above 1.

    A factor of f changes nothing in it. The sizes are those of the relative gradient by which methods are judged.
    """
    space = objective.space
    return max(1.0, space.max_abs(x)) / max(space.norm(gradient), TINY)


def step_inside(objective: Objective, x: Point, point: Point) -> tuple[Point, float] | None:
    """Return `point` and its value, the step from x halved as long as f is undefined there; None if it always is.

    For methods with a prescribed step. Where the point overflows, its value is infinite: that is divergence.
    """
    space = objective.space
    if not space.is_finite(point):
        return point, math.inf
    shortening = 1.0
    while not space.equal(point, x) and shortening > SHORTEST:
        value = objective.value(point)
        if not math.isnan(value):
            return point, value
        shortening *= 0.5
        point = x + 0.5 * (point - x)
    return None if shortening < 1 else (x, objective.value(x))


# Bounds ------------------------------------------------------------------------------------------------------------


def margins(objective: Objective) -> Point:
    """Return how near to a bound each entry may at most count as active."""
    space = objective.space
    return space.minimum(space.full(NEAR_BOUND), NEAR_BOUND * (objective.upper - objective.lower))


def free_entries(objective: Objective, x: Point, gradient: Point, margin: Point) -> Mask:
    """Return which entries are not in the set I+ of Bertsekas 1982, section 2, of those that a bound holds back.

    His epsilon is the smaller of `margin` and the length of the projected gradient step, which vanishes at a solution.
    """
    space: Space = objective.space
    length = space.norm(projected_gradient(objective, x, gradient))
    return space.free(x, gradient, objective.lower, objective.upper, space.minimum(margin, space.full(length)))
