"""Basin hopping, as SciPy has it: from local minimum to local minimum by random steps, higher ones accepted at times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import Evaluations, chance, gradient_search, told
from .space import Point

REASONS = {
    "requested number": "its hops are over",
    "success condition": "the lowest minimum has not changed for as many hops as asked for",
}


@dataclass(frozen=True)
class BasinHoppingOptions(Options):
    """The hops."""

    hops: int = option(100, "hops, after which it ends", at_least=1)
    temperature: float = option(1.0, "difference of minima that a hop upwards is likely to overcome; 0: none", at_least=0)
    step: float = option(0.5, "longest change of a coordinate in a hop, adapted as it goes", above=0)
    interval: int = option(50, "hops until the step is adapted", at_least=1)
    idle: int = option(0, "hops without a lower minimum after which it ends; 0: all", at_least=0)


def basin_hopping(objective: Constrained, x: Point, value: float, options: BasinHoppingOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.basinhopping` and L-BFGS-B; its iterates are the local minima of its hops."""
    asked = Evaluations(objective, x, value, accept)

    def hop(z: Any, value: float, accepted: bool) -> None:
        asked.passed(z, value)

    def solve() -> Outcome:
        from scipy.optimize import basinhopping

        result = basinhopping(
            asked.value_or_inf,
            asked.start,
            niter=options.hops,
            T=options.temperature / asked.unit,
            stepsize=options.step,
            interval=options.interval,
            niter_success=options.idle or None,
            minimizer_kwargs=gradient_search(asked),
            callback=hop,
            **chance(basinhopping, asked),
        )
        return told(asked, result, REASONS)

    return asked.outcome(solve)


METHOD = Method(
    name="scipy-basin-hopping",
    summary="SciPy's basin hopping: random steps between local minima, each found by L-BFGS-B.",
    source="D. J. Wales & J. P. K. Doye 1997, J. Phys. Chem. A 101; scipy.optimize.basinhopping",
    adapter=basin_hopping,
    options=BasinHoppingOptions,
    uses=frozenset({"value", "gradient"}),
    scope=Scope.GLOBAL,
    random=True,
    library="scipy.optimize",
)
