"""How many local searches are enough: the Bayesian stopping rule.

After N local searches from uniformly drawn starts that led to w different minima, w*(N - 1)/(N - w - 2) minima are expected
in all. Searching ends when that is at most w + 1/2.

Source: C. G. E. Boender, A. H. G. Rinnooy Kan, Bayesian stopping rules for multistart global optimization methods,
Math. Program. 37 (1987) 59-80, (1.2).
"""

from __future__ import annotations

import math
from typing import Any

from optbench.methods.space import Space

_VALUE = 1e-6  # relative difference of values, and of points, up to which two searches are said to have met
_POINT = 1e-4


class Minima:
    """The different points at which local searches ended."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.searches = 0
        self.found: list[tuple[float, Any]] = []

    def add(self, x: Any, value: float) -> None:
        """Note the end of a search; x is None where it came to none."""
        self.searches += 1
        if x is not None and math.isfinite(value) and not any(self._meet(x, value, *known) for known in self.found):
            self.found.append((value, self.space.copy(x)))

    def _meet(self, x: Any, value: float, other: float, y: Any) -> bool:
        near = abs(value - other) <= _VALUE * max(1.0, abs(value))
        return near and self.space.max_abs(x - y) <= _POINT * max(1.0, self.space.max_abs(x))

    @property
    def expected(self) -> float:
        """How many minima are to be expected in all, inf while too few searches were made to tell."""
        w, n = len(self.found), self.searches
        return w * (n - 1) / (n - w - 2) if n > w + 2 else math.inf

    def are_enough(self) -> bool:
        """Whether further searches are not worth it."""
        return self.expected <= len(self.found) + 0.5

    def facts(self) -> dict[str, Any]:
        """Return what came of the searches: how many there were, how many different ends, how many minima are expected."""
        expected = self.expected if math.isfinite(self.expected) else None
        return {"made": self.searches, "different": len(self.found), "expected": expected, "enough": self.are_enough()}

    def told(self) -> str:
        """What came of the searches, in words."""
        count = "the same minimum" if len(self.found) == 1 else f"{len(self.found)} different points"
        return f"{self.searches} starts led to {count}"
