"""DIRECT, as SciPy has it: the range is cut into thirds wherever the function may be lowest, without derivatives."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import Evaluations, bounds_of, told
from .space import Point

REASONS = {
    "side length": "the box around the lowest value is as short as it may become",
    "volume": "the box around the lowest value is as small as it may become",
    "maxfun": "its evaluations are over",
    "function evaluations": "its evaluations are over",
    "maxiter": "its iterations are over",
    "number of iterations": "its iterations are over",
    "maximum number of levels": "its boxes are as small as it can store",
    "out of memory": "it has no room for more boxes",
}


@dataclass(frozen=True)
class DirectOptions(Options):
    """How it divides, and when it stops."""

    locally_biased: bool = option(True, "divide fewer boxes, near the lowest value: for few minima")
    epsilon: float = option(1e-12, "relative decrease that a box must promise to be divided", at_least=0)
    shortest_side: float = option(1e-8, "side, relative to the range, at which it stops", at_least=0, at_most=1)
    smallest_volume: float = option(0.0, "volume, relative to the range, at which it stops", at_least=0, at_most=1)
    evaluations: int = option(200_000, "evaluations at most: it takes memory for them at the start", at_least=1, at_most=10**8)


def direct(objective: Constrained, x: Point, value: float, options: DirectOptions, accept: Accept) -> Outcome:
    """Run `scipy.optimize.direct`, which makes no use of a start; its iterates are the best points after each round."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        from scipy.optimize import direct

        result = direct(
            asked.value_or_inf,
            bounds_of(asked),
            eps=options.epsilon,
            maxfun=options.evaluations,
            maxiter=options.evaluations,
            locally_biased=options.locally_biased,
            vol_tol=options.smallest_volume,
            len_tol=options.shortest_side,
            callback=asked.passed,
        )
        return told(asked, result, REASONS)

    return asked.outcome(solve, gradients=False)


METHOD = Method(
    name="scipy-direct",
    summary="SciPy's DIRECT: the range is divided wherever its boxes may be lowest, without derivatives or chance.",
    source="D. R. Jones, C. D. Perttunen & B. E. Stuckman 1993, J. Optim. Theory Appl. 79; J. M. Gablonsky & C. T. Kelley 2001, "
    "J. Global Optimization 21; scipy.optimize.direct",
    adapter=direct,
    options=DirectOptions,
    needs_box=True,
    largest_dimension=50,
    scope=Scope.GLOBAL,
    library="scipy.optimize",
)
