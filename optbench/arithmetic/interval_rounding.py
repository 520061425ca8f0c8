"""Rounding ends outward, which is upward since lower ends are kept as opposites.

IEEE operations round to nearest, within half a unit in the last place u*|c| of their result c, u = 2^-53. For normal c,
fl(c + fl(2u*|c|)) is no less than the successor of c: 2u*|c| is at least the unit ulp(c), and rounding is monotone. A
sum that is subnormal is exact. So a sum needs nothing else, and sums that are 0 stay 0. A product may lose everything
below the least double; there the sign of the exact result decides, so that 0 stays 0 and a sign is kept.

>>> tenth = np.array([[-0.1], [0.1]])
>>> raised(tenth * 3, EPSILON, tenth) > tenth * 3
array([[ True],
       [ True]])

Source: S. M. Rump, P. Zimmermann, S. Boldo, G. Melquiond, Computing predecessor and successor in rounding to nearest,
BIT Numer. Math. 49 (2009) 419-431, of which this is the variant without their eta.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from optbench.arithmetic.interval_values import LARGEST, Array, Mask, least

EPSILON = 2.0**-52  # the relative slack of one rounding
TINY = 2.0**-1000  # from here on relative slack is enough: no underflow on the way to a larger result
SPECK = 2.0**-1070  # more than what underflow can lose


@lru_cache(maxsize=256)
def _lowest(columns: int, slack: float) -> Array:
    return np.full((2, columns), -LARGEST * (1 - slack))


def finite_below(ends: Array, slack: float = 0.0) -> Array:
    """Replace -inf, where a result lies below all doubles, by the least double, in place.

    Slack is added after that, or given here, since what has overflown may exactly be within the doubles.
    """
    return np.maximum(ends, _lowest(ends.shape[1], slack), out=ends)


def raised_sum(ends: Array) -> Array:
    """Return an upper bound of exact sums from their nearest doubles, in place."""
    finite_below(ends)
    slack = np.abs(ends)
    slack *= EPSILON
    ends += slack
    return ends


def raised(ends: Array, slack: float, signs: Array) -> Array:
    """Return an upper bound of exact results within `slack` of the given ones, relatively, in place.

    `signs`: any numbers that have the signs of the exact results. A slack of 0 says that results from TINY up are exact.
    """
    finite_below(ends)
    size = np.abs(ends)
    small = None if least(size) >= TINY else size < TINY
    if slack:
        size *= slack
        ends += size
    return ends if small is None else near_zero(ends, small, signs)


def near_zero(ends: Array, small: Mask, signs: Array) -> Array:
    """Return ends that also hold where results are so small that underflow may have cost them all digits."""
    up = ends + SPECK
    kept = np.where(signs > 0, up, np.where(signs < 0, np.minimum(up, 0.0), 0.0))
    return np.where(small, kept, ends)
