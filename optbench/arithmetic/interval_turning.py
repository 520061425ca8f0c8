"""Intervals of functions that turn or have poles: trigonometric functions, cosh, lengths and angles.

Where a box may hold a turning point or a pole is decided with its ends over the period, rounded outward; boxes that
reach further than 2^20 from 0 get the whole range.

>>> from optbench.arithmetic.interval_values import ends_of
>>> cos((ends_of([1.0], [4.0]), None))[0]
array([[1.        ],
       [0.54030231]])
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from optbench.arithmetic.interval_monotone import LIBM_SLACK, widened
from optbench.arithmetic.interval_operators import magnitudes
from optbench.arithmetic.interval_rounding import SPECK
from optbench.arithmetic.interval_values import (
    NOWHERE,
    PARTIAL,
    SIGNS,
    Array,
    Mask,
    Value,
    any_holds,
    greatest,
    marked,
    worst,
)

_FURTHEST = 2.0**20
_TURN_SLACK = 2.0**-50
HALF_TURN = math.nextafter(math.pi, math.inf)

# ---- trigonometric functions ---------------------------------------------------------------------------------------


def sin(x: Value) -> Value:
    return _wave(x[0], np.sin, 0.25), x[1]


def cos(x: Value) -> Value:
    return _wave(x[0], np.cos, 0.0), x[1]


def _wave(ends: Array, at: Callable[[Array], Array], peak: float) -> Array:
    """sin or cos: greatest at `peak` of a turn and least half a turn later, monotone between."""
    ends, far = _near(ends)
    turns = _turns(ends, 1 / (2 * math.pi))
    points = ends * SIGNS
    values = at(points)
    zero = points == 0 if peak else None
    above = np.maximum.reduce(widened(values.copy(), LIBM_SLACK, zero), axis=0)
    below = np.maximum.reduce(widened(-values, LIBM_SLACK, zero), axis=0)
    wave = np.array([np.where(_holds(turns, peak + 0.5), 1.0, below), np.where(_holds(turns, peak), 1.0, above)])
    wave = wave if far is None else np.where(far, 1.0, wave)
    np.minimum(wave, 1.0, out=wave)
    return wave


def tan(x: Value) -> Value:
    """Rises between its poles, half a turn apart."""
    ends, far = _near(x[0])
    poles = _holds(_turns(ends, 1 / math.pi), 0.5)
    poles = poles if far is None else poles | far
    values = widened(np.tan(ends), LIBM_SLACK, ends == 0)
    if not any_holds(poles):
        return values, x[1]
    return np.where(poles, np.inf, values), marked(x[1], poles, PARTIAL)


def _near(ends: Array) -> tuple[Array, Mask | None]:
    """Return the ends, those of far boxes replaced, and which boxes are far (None: none)."""
    if greatest(ends) <= _FURTHEST:
        return ends, None
    far = np.maximum(ends[0], ends[1]) > _FURTHEST
    return np.where(far, 0.0, ends), far


def _turns(ends: Array, frequency: float) -> Array:
    """The ends over a period, raised by more than all rounding here and in `_holds`."""
    turns = ends * frequency
    turns += np.abs(turns) * _TURN_SLACK + _TURN_SLACK
    return turns


def _holds(turns: Array, shift: float) -> Mask:
    """Whether the intervals may hold a whole number plus `shift`: floor(upper - shift) >= ceil(lower - shift)."""
    holds: Mask = np.floor(turns[0] + shift) + np.floor(turns[1] - shift) >= 0
    return holds


# ---- lengths and angles --------------------------------------------------------------------------------------------


def cosh(x: Value) -> Value:
    values = widened(np.cosh(magnitudes(x[0])) * SIGNS, LIBM_SLACK, None)
    return np.minimum(values, _ABOVE_ONE), x[1]


def hypot(x: Value, y: Value) -> Value:
    a, b = magnitudes(x[0]), magnitudes(y[0])
    values = widened(np.hypot(a, b) * SIGNS, LIBM_SLACK, (a == 0) & (b == 0))
    return np.minimum(values, _ABOVE_ZERO), worst(x[1], y[1])


_ABOVE_ONE, _ABOVE_ZERO = np.array([[-1.0], [np.inf]]), np.array([[0.0], [np.inf]])


def atan2(y: Value, x: Value) -> Value:
    """The angle of (x, y): on a box beside the origin and the cut (y = 0, x < 0) it is extreme at corners."""
    (y0, y1), (x0, x1) = np.broadcast_arrays(y[0], x[0])
    state = worst(y[1], x[1])
    touches = (x0 >= 0) & (y0 >= 0) & (y1 >= 0)
    if not any_holds(touches):
        return _corner_angles(-y0, y1, -x0, x1), state
    origin = (x0 == 0) & (x1 == 0) & (y0 == 0) & (y1 == 0)
    crosses = touches & (x0 > 0) & (y0 > 0)
    ends = np.where(crosses | origin, HALF_TURN, _corner_angles(-y0, y1, -x0, x1))
    return ends, marked(marked(state, touches, PARTIAL), origin, NOWHERE)


def _corner_angles(y_low: Array, y_high: Array, x_low: Array, x_high: Array) -> Array:
    """The extreme angles of four corners without the origin; there is no negative 0."""
    y, x = np.array([y_low, y_low, y_high, y_high]) + 0.0, np.array([x_low, x_high, x_low, x_high]) + 0.0
    angles = np.arctan2(y, x)
    slack = np.where((x == 0) & (y == 0), -np.inf, np.abs(angles) * LIBM_SLACK + SPECK)
    ends = np.array([np.maximum.reduce(slack - angles), np.maximum.reduce(slack + angles)])
    not_positive = np.array([y_low >= 0, (y_high < 0) | ((y_high == 0) & (x_low > 0))])
    np.minimum(ends, np.where(not_positive, 0.0, HALF_TURN), out=ends)
    return ends
