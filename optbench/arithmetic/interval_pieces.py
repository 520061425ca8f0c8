"""Intervals of functions made of pieces, and of conditions: 1 where one holds, 0 where not, [0, 1] where that is not known.

The rules are those of `ball_operators.choose` and `ball_functions.any_of` and `all_of`: a branch that is not taken does
not matter, and a condition that is decided by one part holds or fails whether or not its other parts are defined.

>>> from optbench.arithmetic.interval_values import ends_of
>>> x, one = (ends_of([0.0, 0.0, 2.0], [0.5, 3.0, 3.0]), None), (ends_of([1.0], [1.0]), None)
>>> less(x, one)[0] * SIGNS
array([[1., 0., 0.],
       [1., 1., 0.]])
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import numpy.typing as npt

from optbench.arithmetic.interval_operators import floor
from optbench.arithmetic.interval_values import (
    CLOSED,
    DEFINED,
    NOWHERE,
    PARTIAL,
    SIGNS,
    Array,
    Mask,
    Value,
    any_holds,
    marked,
    opposite,
    worst,
)

# ---- pieces and steps ----------------------------------------------------------------------------------------------


def ceil(x: Value) -> Value:
    ends, state = floor((opposite(x[0]), x[1]))
    return opposite(ends), state


def sign(x: Value) -> Value:
    ends = np.sign(x[0])
    jumps = ends[0] + ends[1] != 0
    return ends, marked(x[1], jumps, PARTIAL) if any_holds(jumps) else x[1]


def relu(x: Value) -> Value:
    return np.array([np.minimum(x[0][0], 0.0), np.maximum(x[0][1], 0.0)]), x[1]


def minimum(*args: Value) -> Value:
    return reduce(_lesser, args)


def maximum(*args: Value) -> Value:
    return reduce(_greater, args)


def _lesser(x: Value, y: Value) -> Value:
    return np.array([np.maximum(x[0][0], y[0][0]), np.minimum(x[0][1], y[0][1])]), worst(x[1], y[1])


def _greater(x: Value, y: Value) -> Value:
    return np.array([np.minimum(x[0][0], y[0][0]), np.maximum(x[0][1], y[0][1])]), worst(x[1], y[1])


def choose(test: Value, yes: Value, no: Value) -> Value:
    """`if`: the branch that the test decides for, else the hull of both."""
    holds, fails = test[0][0] == -1, test[0][1] == 0
    if np.logical_and.reduce(holds):
        return yes[0], worst(test[1], yes[1])
    if np.logical_and.reduce(fails):
        return no[0], worst(test[1], no[1])
    of_yes, of_no = _states(yes), _states(no)
    takes_yes = holds | (~fails & (of_no == NOWHERE))
    takes_no = fails | (~holds & (of_yes == NOWHERE))
    ends = np.where(takes_yes, yes[0], np.where(takes_no, no[0], np.maximum(yes[0], no[0])))
    undecided = np.where((of_yes == NOWHERE) & (of_no == NOWHERE), np.int8(NOWHERE), np.int8(PARTIAL))
    return ends, worst(np.where(holds, of_yes, np.where(fails, of_no, undecided)), test[1])


def _states(value: Value) -> npt.NDArray[np.int8]:
    return _ALL_DEFINED if value[1] is None else value[1]


_ALL_DEFINED = np.zeros(1, np.int8)

# ---- comparisons ---------------------------------------------------------------------------------------------------


def less(x: Value, y: Value) -> Value:
    least, greatest = _differences(x, y)
    return _verdict(greatest < 0, least >= 0), worst(x[1], y[1])


def less_equal(x: Value, y: Value) -> Value:
    least, greatest = _differences(x, y)
    return _verdict(greatest <= 0, least > 0), worst(x[1], y[1])


def greater(x: Value, y: Value) -> Value:
    return less(y, x)


def greater_equal(x: Value, y: Value) -> Value:
    return less_equal(y, x)


def equal(x: Value, y: Value) -> Value:
    least, greatest = _differences(x, y)
    return _verdict((greatest <= 0) & (least >= 0), (greatest < 0) | (least > 0)), worst(x[1], y[1])


def not_equal(x: Value, y: Value) -> Value:
    return not_so(equal(x, y))


def _differences(x: Value, y: Value) -> tuple[Array, Array]:
    """The least and the greatest x - y, rounded to nearest, which keeps their signs."""
    opposite_of_least, greatest = x[0] + opposite(y[0])
    return -opposite_of_least, greatest


def _verdict(holds: Mask, fails: Mask) -> Array:
    return np.array([np.negative(holds, dtype=float), np.logical_not(fails)], dtype=float)


# ---- conditions joined ---------------------------------------------------------------------------------------------


def not_so(test: Value) -> Value:
    return opposite(test[0]) + SIGNS, test[1]


def any_of(*tests: Value) -> Value:
    """`or`: it holds where one test holds, whether or not the others are defined there.

    Beside a test that is defined nowhere it can only hold, and is defined nowhere itself where no other test ever holds.
    """
    lower, upper, states = _stacked(tests)
    missing = states == NOWHERE
    settled = ((lower == 1) & (states == DEFINED)).any(axis=0)
    high = np.where(missing, 0.0, upper).max(axis=0)
    low = np.where(missing, upper, lower).max(axis=0)
    ends = np.array([-np.minimum(low, high), high])
    undecided = (lower != upper).any(axis=0)
    return ends, _joined(states, settled, undecided, missing.any(axis=0) & (high == 0))


def all_of(*tests: Value) -> Value:
    """`and`: it fails where one test fails, whether or not the others are defined there."""
    return not_so(any_of(*map(not_so, tests)))


def _stacked(tests: tuple[Value, ...]) -> tuple[Array, Array, npt.NDArray[np.int8]]:
    """Lower and upper ends and states, one row a test; where one is defined nowhere, [0, 1]."""
    columns = max(ends.shape[1] for ends, _ in tests)
    ends = np.array([np.broadcast_to(ends, (2, columns)) for ends, _ in tests])
    states = np.array([np.broadcast_to(_states(test), columns) for test in tests])
    missing = states == NOWHERE
    return np.where(missing, 0.0, -ends[:, 0]), np.where(missing, 1.0, ends[:, 1]), states


def _joined(states: npt.NDArray[np.int8], settled: Mask, undecided: Mask, nowhere: Mask) -> npt.NDArray[np.int8]:
    """CLOSED stays so where every test is decided: unions and intersections of closed sets are closed."""
    state = states.max(axis=0)
    loose = (state == NOWHERE) | ((state == CLOSED) & undecided)
    state = np.where(settled, np.int8(DEFINED), np.where(loose, np.int8(PARTIAL), state))
    return np.where(nowhere, np.int8(NOWHERE), state)
