"""MLSL, as NLopt has it: local searches from points over the whole range, one for each cluster of them."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome, Scope
from .nlopt_bridge import Run, Stops, seed
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

LOCAL = {"lbfgs": "LD_LBFGS", "slsqp": "LD_SLSQP", "mma": "LD_MMA"}
POINTS = {"random": "G_MLSL", "sobol": "G_MLSL_LDS"}


@dataclass(frozen=True)
class MlslOptions(Options):
    """Its points, its local searches, and when it stops."""

    local: str = option("lbfgs", "the local search, with gradients", choices=tuple(LOCAL))
    points: str = option("random", "how points are spread", choices=tuple(POINTS))
    steps: float = option(1e-9, "relative change of the point at which it stops", at_least=0)
    values: float = option(1e-14, "relative change of the function at which it stops", at_least=0)
    evaluations: int = option(2_000, "evaluations at most", at_least=1, at_most=10**8)


def mlsl(objective: Constrained, x: Point, value: float, options: MlslOptions, accept: Accept) -> Outcome:
    """Search the whole range and from x, until its evaluations are over; its iterates are those of its local searches."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        seed(asked)
        stops = Stops(options.steps, options.values, options.evaluations)
        return Run(asked, POINTS[options.points], stops, LOCAL[options.local]).outcome()

    return asked.outcome(solve)


METHOD = Method(
    name="nlopt-mlsl",
    summary="NLopt's multi-level single linkage: local searches from clusters of points over the whole range.",
    source="A. H. G. Rinnooy Kan & G. T. Timmer 1987, Math. Program. 39; S. Kucherenko & Y. Sytsko 2005, Comput. Optim. Appl. 30; "
    "S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=mlsl,
    options=MlslOptions,
    uses=frozenset({"value", "gradient"}),
    needs_box=True,
    largest_dimension=200,
    scope=Scope.GLOBAL,
    random=True,
    library="nlopt",
)
