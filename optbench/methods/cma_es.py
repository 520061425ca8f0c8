"""CMA-ES, as the package cma has it: points drawn from a normal distribution whose covariance is learned, for bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import FOREVER, Array, Evaluations, sentence
from .space import Point

CONVERGED = {
    "tolfun": "its values change no more",
    "tolfunhist": "its best values change no more",
    "tolfunrel": "its values change no more",
    "tolx": "its steps are as short as they may become",
    "tolflatfitness": "all of its points have one value",
}
STALLED = {
    "tolfacupx": "its steps have grown without end",
    "tolupsigma": "its steps have grown without end",
    "conditioncov": "its covariance has become singular",
    "noeffectaxis": "rounding lets it go no further",
    "noeffectcoord": "rounding lets it go no further",
    "tolstagnation": "its values have got no better for long",
    "maxiter": "its iterations are over",
}
SILENT = {"verbose": -10, "verb_log": 0, "verb_disp": 0}  # nor does it read a file of the folder that it runs in


@dataclass(frozen=True)
class CmaOptions(Options):
    """The first distribution, its samples, and when it stops."""

    deviation: float = option(0.25, "its first deviation, relative to the range; to the start where there is no range", above=0)
    population: int = option(0, "points a generation; 0: 4 + 3 log(n)", at_least=0, at_most=10**6)
    elitist: bool = option(False, "keep the best point among the parents")
    active: bool = option(True, "learn from the worst points, too")
    restarts: int = option(0, "further runs, each with twice the population, from points drawn in the range", at_least=0, at_most=20)
    values: float = option(1e-13, "change of the values at which it stops", at_least=0)
    steps: float = option(1e-11, "deviation, relative to the first, at which it stops", at_least=0)


def cma_es(objective: Constrained, x: Point, value: float, options: CmaOptions, accept: Accept) -> Outcome:
    """Continue from x; its iterates are points that are better than all before. Bounds are kept by a transformation of its own.

    With restarts (IPOP; A. Auger & N. Hansen 2005) the outcome is that of the last run.
    """
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        search, start, size = Search(asked, options, value), asked.start, options.population
        for _ in range(options.restarts):
            size = 2 * search.run(start, size)[1]
            start = search.drawn()
        return search.run(start, size)[0]

    return asked.outcome(solve, gradients=False)


class Search:
    """The runs from one start and those after it."""

    def __init__(self, asked: Evaluations, options: CmaOptions, value: float) -> None:
        import numpy as np

        self.asked, self.options = asked, options
        self.lowest = value
        self.chance = asked.objective.random()
        width = asked.upper - asked.lower
        self.deviations = options.deviation * np.where(np.isfinite(width), width, np.maximum(1.0, abs(asked.start)))
        self.scale = min(1.0, abs(value) or 1.0)

    def run(self, start: Array, population: int) -> tuple[Outcome, int]:
        """Return how a run from there ends, and its population; 0 stands for the usual one."""
        import cma
        import numpy as np

        asked = self.asked
        free = [[None if np.isinf(end) else float(end) for end in ends] for ends in (asked.lower, asked.upper)]
        settings: dict[str, Any] = {
            **SILENT,
            "bounds": free,
            **({"CMA_stds": self.deviations} if asked.dimension > 1 else {"maxstd": math.inf}),  # it stumbles over one deviation
            "CMA_elitist": self.options.elitist,
            "CMA_active": self.options.active,
            "seed": self.chance.randrange(1, 2**31),
            "tolfun": self.options.values * self.scale,
            "tolfunhist": self.options.values * self.scale,
            "tolx": self.options.steps * float(min(self.deviations)),
            "maxiter": FOREVER,
            **({"popsize": population} if population else {}),
        }
        strategy = cma.CMAEvolutionStrategy(start, 1.0 if asked.dimension > 1 else float(self.deviations[0]), settings)
        while not strategy.stop():
            points = strategy.ask()
            strategy.tell(points, self.evaluated(points))
        word = next(iter(strategy.stop()))
        return Outcome(word in CONVERGED, CONVERGED.get(word) or STALLED.get(word) or sentence(word)), int(strategy.popsize)

    def evaluated(self, points: list[Array]) -> list[float]:
        """Return the values at points, with those that are not finite made worse than all others; pass on what is better."""
        values = [self.asked.value(z) for z in points]
        for z, value in zip(points, values, strict=True):
            if value < self.lowest:
                self.lowest = value
                self.asked.passed_if_new(z, value)
        finite = [value for value in values if math.isfinite(value)] or [0.0]
        worst = max(finite) + (max(finite) - min(finite)) + self.scale
        return [value if math.isfinite(value) else worst for value in values]

    def drawn(self) -> Array:
        """Return a point of the range by chance; around the start where there is no end."""
        import numpy as np

        asked, n = self.asked, self.asked.dimension
        u = np.array([self.chance.random() for _ in range(n)])
        low = np.where(np.isfinite(asked.lower), asked.lower, asked.start - self.deviations)
        high = np.where(np.isfinite(asked.upper), asked.upper, asked.start + self.deviations)
        return np.clip(low + u * (high - low), asked.lower, asked.upper)


METHOD = Method(
    name="cma-es",
    summary="The package cma's CMA-ES: normal samples whose covariance is learned, with bounds and without derivatives.",
    source="N. Hansen & A. Ostermeier 2001, Evolutionary Computation 9(2); N. Hansen, Y. Akimoto & P. Baudis, cma",
    adapter=cma_es,
    options=CmaOptions,
    largest_dimension=300,
    scope=Scope.GLOBAL,
    random=True,
    library="cma",
)
