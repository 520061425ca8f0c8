"""Newton's method in a trust region whose subproblem is solved almost exactly, as SciPy has it."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, Evaluations, minimized
from .space import Point

REASONS = {
    "terminated successfully": "the gradient is below the tolerance",
    "bad approximation": "its quadratic model promises no lower value",
    "linalg": "its trust-region subproblem could not be solved",
}


@dataclass(frozen=True)
class TrustExactOptions(Options):
    """The trust region, and when it stops."""

    initial_radius: float = option(1.0, "trust region at the start; below max_radius", above=0)
    max_radius: float = option(1000.0, "largest trust region", above=0)
    acceptance: float = option(0.15, "part of the promised decrease that a step must bring", at_least=0, below=0.25)
    gradient_tolerance: float = option(0.0, "norm of the gradient at which it stops; 0: the tolerance of the run", at_least=0)


def trust_exact(objective: Constrained, x: Point, value: float, options: TrustExactOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="trust-exact")`, which takes nan for convergence: a sentence then."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        settings = {
            "initial_trust_radius": min(options.initial_radius, options.max_radius / 2),
            "max_trust_radius": options.max_radius,
            "eta": options.acceptance,
            "gtol": options.gradient_tolerance or objective.tolerance,
            "maxiter": FOREVER,
        }
        ended = minimized(asked, "trust-exact", REASONS, jac=asked.gradient, hess=asked.hessian, options=settings)
        return ended

    return asked.outcome(solve)


METHOD = Method(
    name="scipy-trust-exact",
    summary="SciPy's trust-exact: Newton's method in a trust region, its subproblem solved almost exactly; copes with saddles.",
    source="A. R. Conn, N. I. Gould & P. L. Toint 2000, Trust region methods, section 7.3; scipy.optimize.minimize",
    adapter=trust_exact,
    options=TrustExactOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    bounds=False,
    needs_smooth=True,
    largest_dimension=2000,
    library="scipy.optimize",
)
