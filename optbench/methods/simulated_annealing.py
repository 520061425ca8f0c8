"""Simulated annealing: a random walk that climbs less and less, with a step for each variable that adapts to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from .bracket import height
from .line_search import DIVERGED
from .method import Iterates, Method, Objective, Outcome, Scope
from .options import Options, option
from .random_search import cauchy, scattered, widths
from .space import EPSILON, Point

C = 2.0  # how quickly steps change: the paper's c, the same for all variables
SAMPLES = 20  # random points that tell the first temperature, for each variable and once more
LARGEST = 1e300  # coordinates beyond which there is no room for steps

FROZEN = Outcome(True, "the steps of all variables are below the tolerance")
COLD = Outcome(True, "the temperature is below the rounding of the function")


@dataclass(frozen=True)
class SimulatedAnnealingOptions(Options):
    """The schedule."""

    temperature: float = option(0.0, "first temperature; 0 means the spread of the function over random points", at_least=0)
    cooling: float = option(0.85, "factor of the temperature after each stage", above=0, below=1)
    moves: int = option(20, "moves of each variable between two changes of the steps", at_least=1)
    adjustments: int = option(5, "changes of the steps at one temperature", at_least=1)


def simulated_annealing(objective: Objective, x: Point, value: float, options: SimulatedAnnealingOptions) -> Iterates:
    """Corana, Marchesi, Martini & Ridella 1987, section 2, with their letters; it yields the best point of each temperature.

    Other than theirs, moves have Cauchy's distribution, with the step as its width. It goes on until steps are as short
    as rounding: the comparison of the last values, with which the paper ends, would leave a value that is good to the
    tolerance at a point that is not.
    """
    space = objective.space
    scale = widths(objective, x)
    rooms = space.coordinates(objective.upper - objective.lower)
    walker = Walker(objective, x, value)
    T = first = options.temperature or spread(walker, scale)
    v = list(scale)
    relative = max(objective.tolerance, math.sqrt(EPSILON))
    while True:
        for _ in range(options.adjustments):  # N_T
            accepted = [0] * space.dimension
            for _ in range(options.moves):  # N_S
                for h, step in enumerate(v):
                    accepted[h] += walker.moves(h, step, T)
            v = [min(adjusted(step, n / options.moves), room, LARGEST) for step, n, room in zip(v, accepted, rooms, strict=True)]
        walker.return_to_best()
        yield walker.x, walker.value
        if not (math.isfinite(walker.value) and space.max_abs(walker.x) < LARGEST):
            return DIVERGED
        if all(step <= relative * width for step, width in zip(v, scale, strict=True)):
            return FROZEN
        rounding = EPSILON * max(abs(walker.value), EPSILON * first)
        if rounding >= T:
            return COLD
        T *= options.cooling  # r_T


class Walker:
    """Where the walk is, and the best point that it has met."""

    def __init__(self, objective: Objective, x: Point, value: float) -> None:
        self.objective, self.chance = objective, objective.random()
        self.x, self.value = self.x_opt, self.f_opt = x, value
        self.directions = [objective.space.unit(h) for h in range(objective.space.dimension)]

    def moves(self, h: int, step: float, T: float) -> bool:
        """Try to move the variable h by about a step; return whether it did. A move beyond a bound ends on it."""
        if step == 0:
            return False
        far = step * cauchy(self.chance)  # heavy tails lead out of any valley: Szu & Hartley 1987
        x = self.objective.project(self.x + far * self.directions[h])
        value = height(self.objective, x) if self.objective.space.is_finite(x) else math.inf
        if value > self.value and self.chance.random() >= math.exp((self.value - value) / T):  # Metropolis et al. 1953
            return False
        self.x, self.value = x, value
        if value < self.f_opt:
            self.x_opt, self.f_opt = x, value
        return True

    def return_to_best(self) -> None:
        """Go to the best point met so far."""
        self.x, self.value = self.x_opt, self.f_opt


def adjusted(step: float, ratio: float) -> float:
    """Return the step after one at which this part of the moves was accepted: it aims at a half (their step 4)."""
    if ratio > 0.6:
        return step * (1 + C * (ratio - 0.6) / 0.4)
    if ratio < 0.4:
        return step / (1 + C * (0.4 - ratio) / 0.4)
    return step


def spread(walker: Walker, scale: list[float]) -> float:
    """Return how far the lowest of some random points lies below their median, in which huge values don't count."""
    objective, space = walker.objective, walker.objective.space
    points = (scattered(objective, walker.chance, walker.x, space.point(scale)) for _ in range(SAMPLES * (space.dimension + 1)))
    heights = [walker.value, *(h for h in (height(objective, x) for x in points if space.is_finite(x)) if math.isfinite(h))]
    middle = median(heights)
    return middle - min(heights) or abs(middle) or 1.0


METHOD = Method(
    name="simulated-annealing",
    summary="A random walk that climbs less and less as it cools, with steps that adapt to each variable; no derivatives.",
    source="A. Corana, M. Marchesi, C. Martini & S. Ridella 1987, ACM Trans. Math. Softw. 13(3); S. Kirkpatrick et al. 1983, Science 220",
    algorithm=simulated_annealing,
    options=SimulatedAnnealingOptions,
    largest_dimension=100,
    scope=Scope.GLOBAL,
    random=True,
)
