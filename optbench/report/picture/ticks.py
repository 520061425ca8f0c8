"""Round numbers along an axis, and how they are written: no longer than tells them apart.

>>> [text for _, text in ticks(-1.0, 4.0, 6)]
['-1', '0', '1', '2', '3', '4']
"""

from __future__ import annotations

import math

_ROUND = (1, 2, 5, 10)
_PLAIN = (1e-4, 1e6)  # sizes that are written without an exponent


def ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Return at most so many round numbers from low to high, in ascending order, with their texts."""
    span = high / 2 - low / 2
    if not (span > 0 and most > 0):
        return []
    step = _step(2 * (span / most) if math.isfinite(2 * (span / most)) else span / most)
    while (places := _places(low, high, step)) and len(places) > most:
        step = _step(1.5 * step)
    size = max(abs(low), abs(high))
    if size / step > 1e8:  # such as 1e9 and 1e9 + 1: too many digits to be read
        return [(place, f"{place:.17g}") for place in (low, high)][:most]
    return [(place, _text(place, step, size)) for place in places]


def _step(least: float) -> float:
    """The next round number from `least` on."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 1e-300 else 1e-300
    return next(digit * power for digit in _ROUND if digit * power >= least * (1 - 1e-9) or digit == 10)


def _places(low: float, high: float, step: float) -> list[float]:
    first, last = low / step, high / step
    if not abs(first) + abs(last) < 1e15:
        return [low, high]
    return [k * step for k in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)]


def _text(place: float, step: float, size: float) -> str:
    if place == 0:
        return "0"
    if not _PLAIN[0] <= size < _PLAIN[1]:
        digits = max(0, math.floor(math.log10(abs(place)) + 1e-9) - math.floor(math.log10(step) + 1e-9))
        mantissa, _, exponent = f"{place:.{digits}e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{place:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
