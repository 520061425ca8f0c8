"""Golden section search: an interval around a minimum, shortened by the golden ratio with every evaluation."""

from __future__ import annotations

import math

from .bracket import bracket, height, lowest_end, tolerances
from .method import Iterates, Method, Objective, Outcome
from .options import Options

SECTION = (3 - math.sqrt(5)) / 2  # 0.381966...: what the golden ratio cuts off an interval of length 1


def golden_section(objective: Objective, x: float, value: float, options: Options) -> Iterates:
    """Kiefer 1953, the limit of the Fibonacci search: each new point cuts the longer part of the interval.

    From a start at any place of the interval the cuts become golden soon, and at once from one at a golden cut; then
    each evaluation leaves 0.618 of the interval.
    """
    found = yield from bracket(objective, x, value)
    if isinstance(found, Outcome):
        return found
    a, b, x, value = found
    relative, absolute = tolerances(objective, found)
    while b - a > 2 * (relative * abs(x) + absolute):
        u = x + SECTION * (b - x) if b - x > x - a else x - SECTION * (x - a)
        if not a < u < b or u == x:
            break
        trial = height(objective, u)
        if trial < value:
            a, b = (x, b) if u > x else (a, x)
            x, value = u, trial
        else:
            a, b = (a, u) if u > x else (u, b)
        yield x, value
    yield from lowest_end(objective, a, b, x, value)
    return Outcome(True, "the interval is as short as the tolerance")


METHOD = Method(
    name="golden-section",
    summary="Shortens an interval around a minimum by the golden ratio with every evaluation; one variable.",
    source="J. Kiefer 1953, Proc. Amer. Math. Soc. 4(3)",
    algorithm=golden_section,
    one_variable_only=True,
)
