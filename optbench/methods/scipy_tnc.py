"""TNC, as SciPy has it: Newton's method whose systems are solved roughly by conjugate gradients, with bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, Evaluations, bounds_of, minimized
from .space import EPSILON, Point

REASONS = {
    "local minimum reached": "the projected gradient is below the tolerance",
    "|f n-f": "the function hardly falls any more",
    "|x n-x": "its steps are below the tolerance",
    "linear search failed": "its line search found no lower point",
    "unable to progress": "it makes no progress any more",
}
SCALED = 100.0  # nearer, its line search fails for rounding


@dataclass(frozen=True)
class TncOptions(Options):
    """The inner iterations, the line search, and when it stops."""

    inner_iterations: int = option(-1, "products with the Hessian in an iteration at most; -1: n/2, from 1 to 50", at_least=-1)
    severity: float = option(0.25, "part of the slope that its line search may leave", above=0, at_most=1)
    rescale: float = option(1.3, "decades by which the function changes until it is scaled again", at_least=0)
    gradient_tolerance: float = option(
        0.0, "projected gradient, times the scale of the variables, at which it stops; 0: 100 times the tolerance of the run", at_least=0
    )
    value_tolerance: float = option(0.0, "decrease of the function at which it stops", at_least=0)
    step_tolerance: float = option(EPSILON, "step at which it stops, relative to the scale of the variables", at_least=0)


def tnc(objective: Constrained, x: Point, value: float, options: TncOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="TNC")`; its products with the Hessian are differences of gradients."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        settings = {
            "maxCGit": options.inner_iterations,
            "eta": options.severity,
            "rescale": options.rescale,
            "gtol": options.gradient_tolerance or SCALED * objective.tolerance,
            "ftol": options.value_tolerance,
            "xtol": options.step_tolerance,
            "maxfun": FOREVER,
        }
        return minimized(asked, "TNC", REASONS, jac=asked.gradient, bounds=bounds_of(asked), callback=asked.passed, options=settings)

    return asked.outcome(solve)


METHOD = Method(
    name="scipy-tnc",
    summary="SciPy's TNC: a truncated Newton method with bounds; it needs gradients and learns curvature from their differences.",
    source="S. G. Nash 1984, SIAM J. Numer. Anal. 21; scipy.optimize.minimize (the C code of J.-S. Roy)",
    adapter=tnc,
    options=TncOptions,
    uses=frozenset({"value", "gradient"}),
    library="scipy.optimize",
)
