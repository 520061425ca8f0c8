"""SLSQP, as NLopt has it: sequential least squares programming, for constraints and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .nlopt_bridge import Run, Stops
from .options import Options, option
from .scipy_bridge import MORE_EQUATIONS, STEEPEST, Evaluations
from .space import Point


@dataclass(frozen=True)
class NloptSlsqpOptions(Options):
    """When it stops."""

    steps: float = option(1e-10, "relative change of the point at which it stops", at_least=0)
    values: float = option(1e-15, "relative change of the function at which it stops", at_least=0)
    feasibility: float = option(1e-8, "violation of a constraint that is tolerated", at_least=0)


def slsqp(objective: Constrained, x: Point, value: float, options: NloptSlsqpOptions, accept: Accept) -> Outcome:
    """Continue from x; its iterates are the points at which it asks for gradients."""
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS
    stops = Stops(options.steps, options.values, violation=options.feasibility)
    return asked.outcome(lambda: Run(asked, "LD_SLSQP", stops).outcome(), steepest=STEEPEST)


METHOD = Method(
    name="nlopt-slsqp",
    summary="NLopt's SLSQP: sequential quadratic programming with a learned Hessian, for constraints and bounds.",
    source="D. Kraft 1994, ACM Trans. Math. Softw. 20; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=slsqp,
    options=NloptSlsqpOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    largest_dimension=1000,
    library="nlopt",
)
