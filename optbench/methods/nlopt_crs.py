"""CRS, as NLopt has it: a population whose simplices are reflected, with local mutations, over the whole range."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome, Scope
from .nlopt_bridge import Run, Stops, seed
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

ALGORITHMS = {"crs": "GN_CRS2_LM", "esch": "GN_ESCH"}


@dataclass(frozen=True)
class CrsOptions(Options):
    """Its algorithm, its population, and when it stops."""

    algorithm: str = option("crs", "controlled random search, or an evolution strategy", choices=tuple(ALGORITHMS))
    population: int = option(0, "its members; 0: 10 (n + 1), or 40 for the evolution strategy", at_least=0, at_most=10**6)
    steps: float = option(1e-9, "relative change of the point at which it stops", at_least=0)
    values: float = option(1e-13, "relative change of the function at which it stops", at_least=0)
    evaluations: int = option(20_000, "evaluations at most", at_least=1, at_most=10**8)


def crs(objective: Constrained, x: Point, value: float, options: CrsOptions, accept: Accept) -> Outcome:
    """Search the whole range; x is one of the population, and its iterates are the best points."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        seed(asked)
        run = Run(asked, ALGORITHMS[options.algorithm], Stops(options.steps, options.values, options.evaluations))
        run.solver.set_population(options.population)
        return run.outcome()

    return asked.outcome(solve, gradients=False)


METHOD = Method(
    name="nlopt-crs",
    summary="NLopt's controlled random search: a population over the whole range, reflected and mutated; no derivatives.",
    source="P. Kaelo & M. M. Ali 2006, J. Optim. Theory Appl. 130; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=crs,
    options=CrsOptions,
    needs_box=True,
    largest_dimension=200,
    scope=Scope.GLOBAL,
    random=True,
    library="nlopt",
)
