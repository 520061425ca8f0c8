"""Whether the processor computes as the interval reading assumes: round to nearest, ties to even, subnormals kept.

Both are settings of the processor that a library may have changed for everyone (codac leaves it rounding upward, what is
built with -ffast-math may flush subnormals). They are checked by computing, in the lengths in which numpy uses different instructions.

>>> processor_fault() is None
True
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optbench.arithmetic.interval_values import Array

_LENGTHS = (1, 2, 3, 64, 65)  # single numbers and those at the end of an array may take other instructions
_HALF_ULP = 2.0**-53  # of 1
_LEAST = 2.0**-1074
_LEAST_NORMAL = 2.0**-1022


def processor_fault() -> str | None:
    """Return a sentence that says why intervals can't be trusted on this processor as it is set now, or None."""
    if not all(map(_rounds_to_nearest, _LENGTHS)):
        return "The processor does not round to nearest, so that intervals can't be rounded outward."
    if not all(map(_keeps_subnormals, _LENGTHS)):
        return "The processor flushes subnormal numbers to 0, so that intervals can't be rounded outward."
    return None


def _rounds_to_nearest(length: int) -> bool:
    return all(bool((got == expected).all()) for got, expected in _roundings(length))


def _roundings(length: int) -> Iterator[tuple[Array, float]]:
    """Sums, products, quotients and roots with the results that rounding to nearest gives, and no other direction does."""
    one, half = np.full(length, 1.0), np.full(length, _HALF_ULP)
    above = one + 2 * half
    for sign in (1.0, -1.0):
        yield sign * one + sign * half, sign
        yield sign * one + sign * (half * above), sign * (1 + 2 * _HALF_ULP)
        yield sign * above + sign * half, sign * (1 + 4 * _HALF_ULP)
        yield sign * above * above, sign * (1 + 4 * _HALF_ULP)
        yield sign * (one - half) * above, sign
        yield sign * one / (10 * one), sign * 7205759403792794 * 2.0**-56
        yield sign * one / (3 * one), sign * 6004799503160661 * 2.0**-54
    yield np.sqrt(2 * one), 6369051672525773 * 2.0**-52
    yield np.sqrt(3 * one), 7800463371553962 * 2.0**-52


def _keeps_subnormals(length: int) -> bool:
    with np.errstate(all="ignore"):
        least, normal, half = np.full(length, _LEAST), np.full(length, _LEAST_NORMAL), np.full(length, 0.5)
        kept = (
            *(least + 0.0, least * 1.0, least + least - least, least / half * half),
            *(normal - normal * (1 - 2 * _HALF_ULP), normal * half - (normal * half - least)),
        )
        return all(map(_are_least, kept))


def _are_least(numbers: Array) -> bool:
    """Whether each is the least double: by its bits, since a comparison may take subnormals for 0."""
    return bool((numbers.view(np.int64) == 1).all())
