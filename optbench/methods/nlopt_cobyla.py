"""COBYLA, as NLopt has it: a trust region on linear models of values alone, for constraints and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .nlopt_bridge import Run, Stops
from .options import Options, option
from .scipy_bridge import MORE_EQUATIONS, Evaluations
from .space import Point


@dataclass(frozen=True)
class CobylaOptions(Options):
    """When it stops."""

    steps: float = option(1e-8, "relative change of the point at which it stops", at_least=0)
    values: float = option(0.0, "relative change of the function at which it stops", at_least=0)
    feasibility: float = option(1e-8, "violation of a constraint that is tolerated", at_least=0)


def cobyla(objective: Constrained, x: Point, value: float, options: CobylaOptions, accept: Accept) -> Outcome:
    """Continue from x; its iterates are the best feasible points that it tries."""
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS
    stops = Stops(options.steps, options.values, violation=options.feasibility)
    return asked.outcome(lambda: Run(asked, "LN_COBYLA", stops).outcome(), gradients=False)


METHOD = Method(
    name="nlopt-cobyla",
    summary="NLopt's COBYLA: a trust region on interpolated linear models, for constraints and bounds without derivatives.",
    source="M. J. D. Powell 1994, Advances in Optimization and Numerical Analysis; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=cobyla,
    options=CobylaOptions,
    constraints=True,
    largest_dimension=100,
    library="nlopt",
)
