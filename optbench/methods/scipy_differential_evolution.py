"""Differential evolution, as SciPy has it: a population whose members move by differences of others, over the whole range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import FOREVER, Evaluations, bounds_of, chance, constraint_of, told
from .space import Point

REASONS = {
    "terminated successfully": "the population has contracted",
    "does not satisfy": "no member of the population satisfies the constraints",
}
STRATEGIES = tuple(
    f"{base}{crossover}" for base in ("best1", "best2", "rand1", "rand2", "currenttobest1", "randtobest1") for crossover in ("bin", "exp")
)


@dataclass(frozen=True)
class DifferentialEvolutionOptions(Options):
    """The population, how it moves, and when it stops."""

    population: int = option(15, "members a variable", at_least=1)
    strategy: str = option("best1bin", "how a trial is made from others", choices=STRATEGIES)
    mutation_from: float = option(0.5, "weight of the differences, drawn in each generation: from", at_least=0, below=2)
    mutation_to: float = option(1.0, "weight of the differences, drawn in each generation: to", at_least=0, below=2)
    recombination: float = option(0.7, "probability that a coordinate is that of the trial", at_least=0, at_most=1)
    initial: str = option("latinhypercube", "how the population is spread", choices=("latinhypercube", "sobol", "halton", "random"))
    tolerance: float = option(1e-12, "relative spread of the values in the population at which it stops", at_least=0)


def differential_evolution(
    objective: Constrained, x: Point, value: float, options: DifferentialEvolutionOptions, accept: Accept
) -> Outcome:
    """Continue with `scipy.optimize.differential_evolution`, x being one of the population; its polishing by differences is left out."""
    asked = Evaluations(objective, x, value, accept)

    def iterate(intermediate_result: Any) -> None:
        if math.isfinite(intermediate_result.fun):  # inf as long as no member satisfies the constraints
            asked.passed(intermediate_result.x, intermediate_result.fun)

    def solve() -> Outcome:
        from scipy.optimize import differential_evolution

        result = differential_evolution(
            asked.value_or_inf,
            bounds_of(asked),
            x0=asked.start,
            strategy=options.strategy,
            popsize=options.population,
            mutation=tuple(sorted((options.mutation_from, options.mutation_to))),
            recombination=options.recombination,
            init=options.initial,
            tol=options.tolerance,
            atol=objective.tolerance**2,
            constraints=constraint_of(asked),
            callback=iterate,
            maxiter=FOREVER,
            polish=False,
            **chance(differential_evolution, asked),
        )
        return told(asked, result, REASONS)

    return asked.outcome(solve, gradients=False)


METHOD = Method(
    name="scipy-differential-evolution",
    summary="SciPy's differential evolution: a population over the whole range, moved by differences of its members; no derivatives.",
    source="R. Storn & K. Price 1997, J. Global Optimization 11; J. Lampinen 2002 for constraints; scipy.optimize.differential_evolution",
    adapter=differential_evolution,
    options=DifferentialEvolutionOptions,
    constraints=True,
    equations=False,  # a population by chance never meets them
    needs_box=True,
    largest_dimension=200,
    scope=Scope.GLOBAL,
    random=True,
    library="scipy.optimize",
)
