"""Whether a function falls again along lines from a local optimum: what is looked at before further starts are tried.

A function without further valleys, as far as lines tell, rises all along the way from its minimum to any other point. So it
is looked at on lines to points all over the range, at places that lie the denser the nearer they are to the optimum, since
small ripples are seen from near only. Under constraints it is the exact penalty function that has to rise (J. Nocedal,
S. Wright, Numerical Optimization, 2nd ed., theorem 17.3), whose weight is twice the greatest multiplier.

On a line on which all unknowns change at once, the valleys of single terms are lost in the growth of the others; so each unknown
changes alone on two further lines. That it only rises proves nothing: a narrow valley may lie between the lines. Where it falls
again on a few of them, the valleys seen there are searched first, and it ends with that if none of them is lower.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.judgement import Judgement
from optbench.workbench.starts import scattered

LINES = 12
LINES_UNDER_CONSTRAINTS = 8  # where each place costs twice as much
FEW_VALLEYS = 3  # that are worth to be searched by themselves
_PLACES = tuple((k / 14) ** 2.5 for k in range(1, 15))  # on a line, from the optimum (0) to its end (1)
_FEWER_PLACES = _PLACES[1::2]  # where one unknown changes
_MOST_UNKNOWNS = 10  # for which lines tell something
_ROUNDING = 1e-9  # fall of the value, relative to its size, that is none
_ENOUGH = 0.5  # of the places have to be defined
_FEW = 50  # unknowns up to which a Hessian is looked at in units of their own
_FLAT = 1e-8  # curvature, relative to the value, that is none
_LEAST_WEIGHT = 1e-3  # of a violation, where all multipliers are smaller


class Look(NamedTuple):
    """What was seen along lines."""

    begin: Judgement  # where they begin
    lines: int  # that were looked along, in all
    valleys: list[Any]  # the lowest places of lines on which it falls again, the lowest first
    only_rises: bool  # whether it falls on none, and is defined on most of what was looked at, which is all
    values: int  # evaluations of the function
    constraints: int  # and of the constraints
    seconds: float

    @property
    def is_rugged(self) -> bool:
        """Whether there are more valleys than a few; then the look ended with them."""
        return len(self.valleys) > FEW_VALLEYS


def look(function: Function, judgement: Judgement, seed: int, seconds: float = math.inf) -> Look:
    """Return what is seen along lines from a point that was judged; it ends where there are many valleys, or time is over."""
    began = time.monotonic()
    value, lines = _penalised(function, judgement), list(_lines(function, judgement.x, seed))
    looked_at, defined, late, valleys = 0, 0, False, []
    with silent_numpy():
        for step, places in lines:
            highest, valley = judgement.value, (math.inf, judgement.x)
            for x in _points(function, judgement.x, step, places):
                here = value(x)
                looked_at += 1
                late = time.monotonic() - began > seconds
                if late:
                    break
                if math.isfinite(here):
                    defined += 1
                    if here < highest - _ROUNDING * max(function.scale, abs(highest)):
                        valley = min(valley, (here, x), key=lambda place: place[0])
                    highest = max(here, highest)
            valleys += [valley] if valley[0] < math.inf else []
            if late or len(valleys) > FEW_VALLEYS:
                break
    only_rises = not (valleys or late) and defined > _ENOUGH * looked_at
    lowest = [x for _, x in sorted(valleys, key=lambda place: place[0])]
    return Look(
        judgement, len(lines), lowest, only_rises, looked_at, looked_at if function.constraint_count else 0, time.monotonic() - began
    )


def is_worth_a_look(function: Function, judgement: Judgement) -> bool:
    """Whether lines may tell anything: not of many unknowns, where the optimum is flat, or some unknowns are whole numbers."""
    if function.integers or function.dimension > _MOST_UNKNOWNS:
        return False
    return judgement.optimality.curvature != "semidefinite" or _is_curved(function, judgement)


def _is_curved(function: Function, judgement: Judgement) -> bool:
    """Whether a Hessian whose eigenvalues differ too much is definite nevertheless, in units of the unknowns' own.

    A fit that has run off to where its model no longer depends on an unknown has next to no curvature in that one.
    """
    n = function.dimension
    if not 1 < n <= _FEW or function.constraint_count or function.hessian_missing_because:
        return False
    import numpy as np

    H, x = np.asarray(function.hessian(judgement.x)), judgement.x
    curvature = H.diagonal() * np.maximum(abs(x), 1.0) ** 2
    if not (np.isfinite(H).all() and curvature.min() > _FLAT * max(function.scale, abs(judgement.value))):
        return False
    root = np.sqrt(H.diagonal())
    return float(np.linalg.eigvalsh(H / np.outer(root, root))[0]) > _FLAT


def _lines(function: Function, x: Any, seed: int) -> Iterator[tuple[Any, tuple[float, ...]]]:
    """Yield for each line the step from x to its end, and the places on it; first those on which a single unknown changes."""
    points = scattered(function, seed, LINES_UNDER_CONSTRAINTS if function.constraint_count else LINES)
    if not function.scalar:
        for i in range(function.dimension):
            along = [point[i] - x[i] for point in points]
            for most in (min(along), max(along)):
                yield most * function.space.unit(i), _FEWER_PLACES
    for point in points:
        yield point - x, _PLACES


def _points(function: Function, x: Any, step: Any, places: tuple[float, ...]) -> list[Any]:
    if function.scalar:
        return [x + t * step for t in places]
    import numpy as np

    return list(x + np.multiply.outer(places, step))


def _penalised(function: Function, judgement: Judgement) -> Callable[[Any], float]:
    """The minimand, or under constraints its exact penalty function."""
    if not function.constraint_count:
        return function.value
    import numpy as np

    equalities = function.equalities
    multipliers = [float(np.max(np.abs(m), initial=0.0)) for m in judgement.multipliers.values()]
    weight = 2 * max(_LEAST_WEIGHT, *multipliers)

    def penalised(x: Any) -> float:
        residuals: list[float] = function.constraints(x).tolist()
        violation = sum(abs(r) if equal else max(r, 0.0) for r, equal in zip(residuals, equalities, strict=True))
        return function.value(x) + weight * violation

    return penalised
