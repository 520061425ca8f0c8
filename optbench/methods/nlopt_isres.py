"""ISRES, as NLopt has it: an evolution strategy whose members are ranked by value and by violation, by chance."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome, Scope
from .nlopt_bridge import Run, Stops, seed
from .options import Options, option
from .scipy_bridge import MORE_EQUATIONS, Evaluations
from .space import Point


@dataclass(frozen=True)
class IsresOptions(Options):
    """Its population, what counts as feasible, and when it stops."""

    population: int = option(0, "its members; 0: 20 (n + 1)", at_least=0, at_most=10**6)
    feasibility: float = option(1e-6, "violation of a constraint that is tolerated", at_least=0)
    evaluations: int = option(20_000, "evaluations at most", at_least=1, at_most=10**8)


def isres(objective: Constrained, x: Point, value: float, options: IsresOptions, accept: Accept) -> Outcome:
    """Search the whole range until its evaluations are over; its iterates are the best feasible points."""
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS

    def solve() -> Outcome:
        seed(asked)
        run = Run(asked, "GN_ISRES", Stops(evaluations=options.evaluations, violation=options.feasibility))
        run.solver.set_population(options.population)
        return run.outcome()

    return asked.outcome(solve, gradients=False)


METHOD = Method(
    name="nlopt-isres",
    summary="NLopt's ISRES: an evolution strategy with stochastic ranking, for constraints over the whole range.",
    source="T. P. Runarsson & X. Yao 2005, IEEE Trans. Syst. Man Cybern. C 35; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=isres,
    options=IsresOptions,
    constraints=True,
    equations=False,  # its population never meets them to the tolerance
    needs_box=True,
    largest_dimension=200,
    scope=Scope.GLOBAL,
    random=True,
    library="nlopt",
)
