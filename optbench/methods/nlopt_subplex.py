"""NLopt's local methods without derivatives: Subplex, the simplex method, and Powell's quadratic models BOBYQA and NEWUOA."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .nlopt_bridge import Run, Stops
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

ALGORITHMS = {"sbplx": "LN_SBPLX", "neldermead": "LN_NELDERMEAD", "bobyqa": "LN_BOBYQA", "newuoa": "LN_NEWUOA_BOUND"}
MODELS = ("bobyqa", "newuoa")
ONE_VARIABLE = Outcome(False, "BOBYQA and NEWUOA need two variables at least that bounds do not fix")


@dataclass(frozen=True)
class SubplexOptions(Options):
    """Its algorithm, and when it stops."""

    algorithm: str = option("sbplx", "simplices in subspaces, one simplex, or quadratic models of two kinds", choices=tuple(ALGORITHMS))
    steps: float = option(1e-9, "relative change of the point at which it stops", at_least=0)
    values: float = option(0.0, "relative change of the function at which it stops", at_least=0)


def subplex(objective: Constrained, x: Point, value: float, options: SubplexOptions, accept: Accept) -> Outcome:
    """Continue from x; its iterates are the best points that it tries."""
    asked = Evaluations(objective, x, value, accept)
    if asked.dimension == 1 and options.algorithm in MODELS:
        return ONE_VARIABLE
    stops = Stops(options.steps, options.values)
    return asked.outcome(lambda: Run(asked, ALGORITHMS[options.algorithm], stops).outcome(), gradients=False)


METHOD = Method(
    name="nlopt-subplex",
    summary="NLopt's Subplex: simplices in subspaces, for bounds, without derivatives; or Nelder-Mead, BOBYQA, NEWUOA.",
    source="T. Rowan 1990, thesis, University of Texas at Austin; M. J. D. Powell 2009, report DAMTP 2009/NA06; S. G. Johnson, "
    "the NLopt nonlinear-optimization package",
    adapter=subplex,
    options=SubplexOptions,
    largest_dimension=200,
    library="nlopt",
)
