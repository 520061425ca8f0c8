"""How functions of one argument bend: where each is convex or concave, and whether it rises there.

>>> BENDS["exp"]
(Bend(low=-inf, high=inf, bend=1, rise=1),)
"""

from __future__ import annotations

from typing import NamedTuple

_INF = float("inf")


class Bend(NamedTuple):
    """A function of one argument between two ends: how it bends (1 convex, -1 concave), whether it rises (1) or falls (-1)."""

    low: float
    high: float
    bend: int
    rise: int = 0


_TURNED = (Bend(0, _INF, -1, 1), Bend(-_INF, 0, 1, 1))  # convex below 0, concave above, rising
BENDS: dict[str, tuple[Bend, ...]] = {
    "exp": (Bend(-_INF, _INF, 1, 1),),
    "expm1": (Bend(-_INF, _INF, 1, 1),),
    "softplus": (Bend(-_INF, _INF, 1, 1),),
    "relu": (Bend(-_INF, _INF, 1, 1),),
    "abs": (Bend(-_INF, _INF, 1),),
    "log": (Bend(0, _INF, -1, 1),),
    "log2": (Bend(0, _INF, -1, 1),),
    "log10": (Bend(0, _INF, -1, 1),),
    "log1p": (Bend(-1, _INF, -1, 1),),
    "cosh": (Bend(-_INF, _INF, 1), Bend(0, _INF, 1, 1), Bend(-_INF, 0, 1, -1)),
    "sinh": (Bend(0, _INF, 1, 1), Bend(-_INF, 0, -1, 1)),
    "tanh": _TURNED,
    "atan": _TURNED,
    "asinh": _TURNED,
    "erf": _TURNED,
    "sigmoid": _TURNED,
    "erfc": (Bend(0, _INF, 1, -1), Bend(-_INF, 0, -1, -1)),
    "acosh": (Bend(1, _INF, -1, 1),),
    "asin": (Bend(0, 1, 1, 1), Bend(-1, 0, -1, 1)),
    "acos": (Bend(0, 1, -1, -1), Bend(-1, 0, 1, -1)),
    "atanh": (Bend(0, 1, 1, 1), Bend(-1, 0, -1, 1)),
    "gamma": (Bend(0, _INF, 1),),
    "lgamma": (Bend(0, _INF, 1),),
    "digamma": (Bend(0, _INF, -1, 1),),
    "lambertw": (Bend(-0.36787944117144233, _INF, -1, 1),),
    "sin": (Bend(0, 3.14159, -1), Bend(-3.14159, 0, 1)),
    "cos": (Bend(-1.570796, 1.570796, -1), Bend(1.570797, 4.712388, 1)),
    "tan": (Bend(0, 1.570796, 1, 1), Bend(-1.570796, 0, -1, 1)),
}
DOMAIN_BEGINS = {"log": 0.0, "log2": 0.0, "log10": 0.0, "log1p": -1.0, "acosh": 1.0, "lambertw": -0.36787944117144233}  # and has no end
