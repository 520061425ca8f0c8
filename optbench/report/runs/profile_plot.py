"""Profiles drawn with characters: the share upwards, the ratio to the right, on a logarithmic scale.

Where several curves meet, the one that is listed first is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from optbench.errors import printable
from optbench.statistics.profiles import Curve

MARKS = "*+ox#%@"
_WIDTH, _HEIGHT = 64, 12  # characters
_LARGEST = 1000.0  # the ratio at the right end


def plot(curves: Mapping[str, Curve], title: str) -> str:
    """Return the lines of a plot; of more curves than there are marks, those that are highest on average."""
    shown = dict(sorted(curves.items(), key=lambda item: -_area(item[1]))[: len(MARKS)])
    cells = [[" "] * _WIDTH for _ in range(_HEIGHT + 1)]
    for mark, curve in reversed(list(zip(MARKS, shown.values(), strict=False))):
        for column in range(_WIDTH):
            cells[round(curve.at(_tau(column)) * _HEIGHT)][column] = mark
    lines = [f"{_percent(row)} |{''.join(cells[row])}".rstrip() for row in range(_HEIGHT, -1, -1)]
    legend = "   ".join(f"{mark} {printable(name[:60])}" for mark, name in zip(MARKS, shown, strict=False))
    left = f"   (and {len(curves) - len(shown)} more)" if len(shown) < len(curves) else ""
    return "\n".join([title, *lines, f"      +{'-' * _WIDTH}", _ticks(), f"       {legend}{left}"])


def _tau(column: int) -> float:
    return math.pow(_LARGEST, column / (_WIDTH - 1)) * (1 + 1e-9)  # so that 10 is not missed by rounding


def _area(curve: Curve) -> float:
    return sum(curve.at(_tau(column)) for column in range(_WIDTH))


def _percent(row: int) -> str:
    return f"{100 * row / _HEIGHT:3.0f} %" if row % 3 == 0 else " " * 5


def _ticks() -> str:
    line = [" "] * (_WIDTH + 12)
    for tau in (1, 10, 100, 1000):
        place = 7 + round((_WIDTH - 1) * math.log(tau) / math.log(_LARGEST))
        line[place : place + len(str(tau))] = str(tau)
    return "".join(line).rstrip()
