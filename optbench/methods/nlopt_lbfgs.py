"""NLopt's methods of quasi-Newton type for bounds: limited-memory BFGS, variable metric, truncated Newton, as L. Lukšan wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .nlopt_bridge import Run, Stops
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

ALGORITHMS = {"lbfgs": "LD_LBFGS", "var1": "LD_VAR1", "var2": "LD_VAR2", "tnewton": "LD_TNEWTON_PRECOND_RESTART"}


@dataclass(frozen=True)
class NloptLbfgsOptions(Options):
    """Its algorithm, and when it stops."""

    algorithm: str = option(
        "lbfgs", "limited memory; variable metric of rank 1 or 2; truncated Newton, with restarts", choices=tuple(ALGORITHMS)
    )
    steps: float = option(1e-10, "relative change of the point at which it stops", at_least=0)
    values: float = option(1e-15, "relative change of the function at which it stops", at_least=0)


def lbfgs(objective: Constrained, x: Point, value: float, options: NloptLbfgsOptions, accept: Accept) -> Outcome:
    """Continue from x; its iterates are the points at which it asks for gradients."""
    asked = Evaluations(objective, x, value, accept)
    stops = Stops(options.steps, options.values)
    return asked.outcome(lambda: Run(asked, ALGORITHMS[options.algorithm], stops).outcome())


METHOD = Method(
    name="nlopt-lbfgs",
    summary="NLopt's limited-memory BFGS for bounds; or variable metric, or truncated Newton.",
    source="J. Nocedal 1980, Math. Comput. 35; L. Luksan & J. Vlcek; S. G. Johnson, the NLopt nonlinear-optimization package",
    adapter=lbfgs,
    options=NloptLbfgsOptions,
    uses=frozenset({"value", "gradient"}),
    library="nlopt",
)
