"""DIRECT, as NLopt has it: the range is cut into thirds wherever the function may be lowest, without derivatives."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome, Scope
from .nlopt_bridge import Run, Stops
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

ALGORITHMS = {"direct-l": "GN_DIRECT_L", "direct": "GN_DIRECT"}


@dataclass(frozen=True)
class NloptDirectOptions(Options):
    """How it divides, and when it stops."""

    algorithm: str = option("direct-l", "divide fewer boxes, near the lowest value; or as it was published", choices=tuple(ALGORITHMS))
    evaluations: int = option(20_000, "evaluations at most", at_least=1, at_most=10**8)


def direct(objective: Constrained, x: Point, value: float, options: NloptDirectOptions, accept: Accept) -> Outcome:
    """Search the whole range, without any use of a start, until its evaluations are over; its iterates are the best points."""
    asked = Evaluations(objective, x, value, accept)
    stops = Stops(evaluations=options.evaluations)
    return asked.outcome(lambda: Run(asked, ALGORITHMS[options.algorithm], stops).outcome(), gradients=False)


METHOD = Method(
    name="nlopt-direct",
    summary="NLopt's DIRECT: the range is divided wherever its boxes may be lowest, without derivatives or chance.",
    source="D. R. Jones, C. D. Perttunen & B. E. Stuckman 1993, J. Optim. Theory Appl. 79; J. M. Gablonsky & C. T. Kelley 2001, "
    "J. Global Optimization 21; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=direct,
    options=NloptDirectOptions,
    needs_box=True,
    largest_dimension=50,
    scope=Scope.GLOBAL,
    library="nlopt",
)
