"""An interval with a low point inside, where the methods for one variable begin.

Where f is undefined it counts as infinite, so an interval may end outside of the domain.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import NamedTuple

from .method import Objective, Outcome
from .space import EPSILON

FIRST_STEP = 0.1  # of the expansion, relative to |x| where that is above 1


class Bracket(NamedTuple):
    """a <= x <= b, and f is at most `value` = f(x) nowhere that was looked at, but at x."""

    a: float
    b: float
    x: float
    value: float


def height(objective: Objective, x: float) -> float:
    """Return f(x), or inf where it is undefined."""
    value = objective.value(x)
    return math.inf if math.isnan(value) else value


def bracket(objective: Objective, x: float, value: float) -> Generator[tuple[float, float], None, Bracket | Outcome]:
    """Yield ever lower points and return a finite bracket, or the outcome if f decreases as far as floats reach.

    A finite range is the bracket. With an infinite end, steps from x that double as long as f decreases find it (the
    method of Swann 1964, described in Box, Davies & Swann 1969); they stop at a finite end.
    """
    if math.isfinite(objective.lower) and math.isfinite(objective.upper):
        return Bracket(objective.lower, objective.upper, x, value)
    step = FIRST_STEP * max(1.0, abs(x))
    right, ahead = _look(objective, x + step)
    if not ahead < value:
        left, behind = _look(objective, x - step)
        if not behind < value:
            return Bracket(left, right, x, value)
        right, ahead, step = left, behind, -step
    last = x
    while ahead < value:
        last, x, value = x, right, ahead
        yield x, value
        step *= 2
        right, ahead = _look(objective, x + step)
        if not math.isfinite(right):
            return Outcome(False, f"the function still decreases at x = {x:g}")
    return Bracket(min(last, right), max(last, right), x, value)


def _look(objective: Objective, x: float) -> tuple[float, float]:
    """Return x moved into the range, and the height of f there."""
    x = objective.project(x)
    return x, height(objective, x) if math.isfinite(x) else math.inf


def tolerances(objective: Objective, found: Bracket) -> tuple[float, float]:
    """Return the relative and the absolute tolerance in x.

    Near a minimum f changes with the square of the distance, so no comparison of values tells points apart that are
    nearer than about sqrt(epsilon) |x| (Brent 1973, section 5.2): a smaller tolerance is raised to that. The absolute
    one decides for a minimum at 0 alone.
    """
    return max(objective.tolerance, math.sqrt(EPSILON)), EPSILON * (found.b - found.a)


def lowest_end(objective: Objective, a: float, b: float, x: float, value: float) -> Iterator[tuple[float, float]]:
    """Yield the ends of the range to which the interval from a to b still reaches, if f is as low there as at x."""
    for end, bound in ((a, objective.lower), (b, objective.upper)):
        if end == bound != x and (there := height(objective, end)) <= value:
            value = there
            yield end, value
