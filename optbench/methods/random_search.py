"""Random search: points scattered over the whole range, and between them a random walk around the best one that adapts.

It draws a given number of samples and can't know more than the best of them. Where a range is infinite, points scatter
around the best one with heavy tails, so that no place is out of reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from .bracket import height
from .line_search import DIVERGED
from .method import Iterates, Method, Objective, Outcome, Scope
from .options import Options, option
from .space import Point, Space

FIRST_RADIUS = 0.1  # of the walk, relative to the widths
EXPANSION, CONTRACTION = 2.0, 0.5  # ex and ct of Solis & Wets
SUCCESSES, FAILURES = 5, 3  # Scnt and Fcnt: so many in a row change the radius


@dataclass(frozen=True)
class RandomSearchOptions(Options):
    """How many samples are drawn, and where."""

    samples: int = option(20_000, "number of points at which the function is evaluated", at_least=1)
    exploration: float = option(0.5, "part of the draws that go over the whole range; 1 means pure random search", at_least=0, at_most=1)


def random_search(objective: Objective, x: Point, value: float, options: RandomSearchOptions) -> Iterates:
    """Pure random search (Brooks 1958) mixed with the walk of Solis & Wets 1981; it yields a point where that is the best so far."""
    space, chance = objective.space, objective.random()
    scale = space.point(widths(objective, x))
    walk = Walk(space, scale, objective.tolerance)
    left = options.samples
    while left > 0:
        explores = chance.random() < options.exploration
        candidates = [scattered(objective, chance, x, scale)] if explores else walk.around(x, chance)
        better = None
        for number, candidate in enumerate(candidates[:left]):
            left -= 1
            point = objective.project(candidate)
            trial = height(objective, point) if space.is_finite(point) else math.inf
            if trial < value:
                better = number
                x, value = point, trial
                yield x, value
                break
        if value == -math.inf:
            return DIVERGED
        if not explores:
            walk.learn(better)
        elif better is not None:
            walk.begin()
    return Outcome(False, f"all {options.samples:,} samples are drawn")


def widths(objective: Objective, x: Point) -> list[float]:
    """Return the width of each range, and for an infinite one how far x is from 0, at least 1."""
    space = objective.space
    ends = zip(space.coordinates(x), space.coordinates(objective.lower), space.coordinates(objective.upper), strict=True)
    return [upper - lower if upper - lower < math.inf else max(1.0, abs(entry)) for entry, lower, upper in ends]


def scattered(objective: Objective, chance: Random, x: Point, scale: Point) -> Point:
    """Return a point that is uniform in the finite ranges, and of Cauchy's distribution around x in the others, cut at an end."""
    space = objective.space
    rows = zip(*map(space.coordinates, (x, scale, objective.lower, objective.upper)), strict=True)
    return objective.project(space.point([_scattered(chance, *row) for row in rows]))


def _scattered(chance: Random, entry: float, scale: float, lower: float, upper: float) -> float:
    if upper - lower < math.inf:
        return lower + chance.random() * (upper - lower)
    return entry + scale * cauchy(chance)


def cauchy(chance: Random) -> float:
    """Return a number of Cauchy's distribution: half of them within 1 of 0, and any distance now and then."""
    return math.tan(math.pi * (chance.random() - 0.5))


class Walk:
    """Steps of a distribution whose centre b and width rho adapt: algorithm 1 of Solis & Wets 1981, with their letters.

    The distribution is Cauchy's and not the normal one, as its heavy tails lead out of any valley. Where rho falls below
    the tolerance, it begins anew, so that over time all lengths of steps are tried.
    """

    def __init__(self, space: Space, scale: Point, tolerance: float) -> None:
        self.space, self.scale, self.tolerance = space, scale, tolerance
        self.begin()

    def begin(self) -> None:
        """Forget all."""
        self.rho = FIRST_RADIUS
        self.b = self.xi = self.space.full(0.0)
        self.successes = self.failures = 0

    def around(self, x: Point, chance: Random) -> list[Point]:
        """Return the two points to try: x + xi, and if that is no better x - xi."""
        wide = self.space.point([cauchy(chance) for _ in range(self.space.dimension)])
        self.xi = self.b + self.rho * self.scale * wide
        return [x + self.xi, x - self.xi]

    def learn(self, better: int | None) -> None:
        """Learn which of the two was better, if any."""
        if better is None:
            self.b = 0.5 * self.b
            self.successes, self.failures = 0, self.failures + 1
        else:
            self.b = 0.2 * self.b + 0.4 * self.xi if better == 0 else self.b - 0.4 * self.xi
            self.successes, self.failures = self.successes + 1, 0
        if self.successes > SUCCESSES:
            self.rho, self.successes = EXPANSION * self.rho, 0
        if self.failures > FAILURES:
            self.rho, self.failures = CONTRACTION * self.rho, 0
        if not self.tolerance < self.rho < 1 / self.tolerance:
            self.begin()


METHOD = Method(
    name="random-search",
    summary="Draws points over the whole range, and between them from a random walk around the best one; no derivatives.",
    source="S. H. Brooks 1958, Oper. Res. 6(2); F. J. Solis & R. J.-B. Wets 1981, Math. Oper. Res. 6(1)",
    algorithm=random_search,
    options=RandomSearchOptions,
    scope=Scope.GLOBAL,
    random=True,
)
