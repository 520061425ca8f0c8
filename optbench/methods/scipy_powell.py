"""Powell's method of conjugate directions, as SciPy has it: searches along lines, without derivatives, with bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FALLS_LITTLE, FOREVER, Evaluations, bounds_of, minimized
from .space import Point

REASONS = {"terminated successfully": "the function hardly falls any more", "nan": "the function is not defined where it ended"}


@dataclass(frozen=True)
class PowellOptions(Options):
    """When it stops."""

    step_tolerance: float = option(1e-6, "relative accuracy of its line searches", above=0)
    value_tolerance: float = option(FALLS_LITTLE, "relative decrease of the function in an iteration at which it stops", above=0)


def powell(objective: Constrained, x: Point, value: float, options: PowellOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="Powell")`; where f is undefined it sees inf."""
    asked = Evaluations(objective, x, value, accept)
    settings = {"xtol": options.step_tolerance, "ftol": options.value_tolerance, "maxiter": FOREVER, "maxfev": FOREVER}
    return asked.outcome(
        lambda: minimized(asked, "Powell", REASONS, fun=asked.value_or_inf, bounds=bounds_of(asked), options=settings), gradients=False
    )


METHOD = Method(
    name="scipy-powell",
    summary="SciPy's version of Powell's method: searches along conjugate directions, without derivatives, with bounds.",
    source="M. J. D. Powell 1964, The Computer Journal 7; scipy.optimize.minimize",
    adapter=powell,
    options=PowellOptions,
    largest_dimension=1000,
    library="scipy.optimize",
)
