"""MMA, as NLopt has it: convex separable approximations, globally convergent, for inequalities and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .nlopt_bridge import Run, Stops
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

ALGORITHMS = {"mma": "LD_MMA", "ccsaq": "LD_CCSAQ"}


@dataclass(frozen=True)
class MmaOptions(Options):
    """Its approximations, and when it stops."""

    algorithm: str = option("mma", "moving asymptotes, or quadratic approximations", choices=tuple(ALGORITHMS))
    steps: float = option(1e-10, "relative change of the point at which it stops", at_least=0)
    values: float = option(0.0, "relative change of the function at which it stops", at_least=0)
    feasibility: float = option(1e-8, "violation of a constraint that is tolerated", at_least=0)


def mma(objective: Constrained, x: Point, value: float, options: MmaOptions, accept: Accept) -> Outcome:
    """Continue from x; its iterates are the points at which it asks for gradients."""
    asked = Evaluations(objective, x, value, accept)
    stops = Stops(options.steps, options.values, violation=options.feasibility)
    return asked.outcome(lambda: Run(asked, ALGORITHMS[options.algorithm], stops).outcome())


METHOD = Method(
    name="nlopt-mma",
    summary="NLopt's method of moving asymptotes: convex separable approximations, for inequalities and bounds.",
    source="K. Svanberg 2002, SIAM J. Optim. 12; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=mma,
    options=MmaOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    equations=False,
    library="nlopt",
)
