"""Whether a function falls again along lines from a local optimum: what is looked at before further starts are tried.

A function without further valleys, as far as lines tell, rises all along the way from its minimum to any other point. So it
is looked at on lines to points all over the range, at places that lie the denser the nearer they are to the optimum, since
small ripples are seen from near only. Under constraints it is the exact penalty function that has to rise (J. Nocedal,
S. Wright, Numerical Optimization, 2nd ed., theorem 17.3), whose weight is twice the greatest multiplier.

That it only rises proves nothing: a narrow valley may lie between the lines. The more unknowns there are, the less it tells: on a
line on which all of them change at once, the valleys of single terms are lost in the growth of the others. So there have to be
two lines for each.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.judgement import Judgement
from optbench.workbench.starts import scattered

LINES = 12
LINES_UNDER_CONSTRAINTS = 8  # where each place costs twice as much
_PLACES = tuple((k / 14) ** 2.5 for k in range(1, 15))  # on a line, from the optimum (0) to its end (1)
_LINES_AN_UNKNOWN = 2  # without which lines tell too little
_ROUNDING = 1e-9  # fall of the value, relative to its size, that is none
_ENOUGH = 0.5  # of the places have to be defined
_FEW = 50  # unknowns up to which a Hessian is looked at in units of their own
_FLAT = 1e-8  # curvature, relative to the value, that is none
_LEAST_WEIGHT = 1e-3  # of a violation, where all multipliers are smaller


class Look(NamedTuple):
    """What was seen along lines."""

    begin: Judgement  # where they begin
    lines: int  # that were looked along
    falls: bool  # whether it falls again on one of them
    only_rises: bool  # whether it falls on none, and is defined on most of what was looked at, which is all
    values: int  # evaluations of the function
    constraints: int  # and of the constraints
    seconds: float


def look(function: Function, judgement: Judgement, seed: int, seconds: float = math.inf) -> Look:
    """Return what is seen along lines from a point that was judged; it ends where the function falls, or time is over."""
    began = time.monotonic()
    value, lines = _penalised(function, judgement), _lines(function)
    looked_at, defined, highest, falls, late = 0, 0, judgement.value, False, False
    with silent_numpy():
        for t, x in _places(judgement.x, scattered(function, seed, lines)):
            here = value(x)
            looked_at += 1
            late = time.monotonic() - began > seconds
            highest = judgement.value if t == _PLACES[0] else highest
            if math.isfinite(here):
                defined += 1
                falls = here < highest - _ROUNDING * max(function.scale, abs(highest))
                highest = max(here, highest)
            if falls or late:
                break
    only_rises = not (falls or late) and defined > _ENOUGH * looked_at
    return Look(judgement, lines, falls, only_rises, looked_at, looked_at if function.constraint_count else 0, time.monotonic() - began)


def is_worth_a_look(function: Function, judgement: Judgement) -> bool:
    """Whether lines may tell anything: not where they are too few, the optimum is flat, or some unknowns are whole numbers."""
    if function.integers or _LINES_AN_UNKNOWN * function.dimension > _lines(function):
        return False
    return judgement.optimality.curvature != "semidefinite" or _is_curved(function, judgement)


def _lines(function: Function) -> int:
    return LINES_UNDER_CONSTRAINTS if function.constraint_count else LINES


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


def _places(x: Any, ends: Sequence[Any]) -> Iterator[tuple[float, Any]]:
    """Yield the places on the lines from x to each of the ends, one line after the other."""
    for end in ends:
        step = end - x
        for t in _PLACES:
            yield t, x + t * step


def _penalised(function: Function, judgement: Judgement) -> Callable[[Any], float]:
    if not function.constraint_count:
        return function.value
    import numpy as np

    equalities = np.array(function.equalities)
    multipliers = [float(np.max(np.abs(m), initial=0.0)) for m in judgement.multipliers.values()]
    weight: float = 2 * max(_LEAST_WEIGHT, *multipliers)

    def penalised(x: Any) -> float:
        c = function.constraints(x)
        violations = np.where(equalities, np.abs(c), np.maximum(c, 0.0))
        return function.value(x) + weight * float(violations.sum())

    return penalised
