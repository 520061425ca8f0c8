"""SLSQP, as SciPy has it: sequential least squares programming, for constraints and bounds in up to some hundred variables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Options, Outcome, option
from .scipy_bridge import FOREVER, STEEPEST, Evaluations, bounds_of, minimize, separate_constraints, told
from .space import Point

REASONS = {
    "terminated successfully": "the first-order conditions hold within the tolerance",
    "more equality": "there are more equations than variables",
    "lsq subproblem": "its least-squares problem took too many iterations",
    "incompatible": "the linearised constraints contradict each other",
    "singular matrix e": "the matrix of its least-squares problem is singular",
    "singular matrix c": "the gradients of the constraints are dependent",
    "rank-deficient": "the gradients of the equations are dependent",
    "positive directional": "its line search found no direction of descent",
}
TIGHTER = 1e-4  # its tolerance is one of values, not of gradients
LOOSER = 1e3  # times its tolerance
NO_DESCENT = 8  # its status
LEAST = 1e-15  # violation that it may always leave


@dataclass(frozen=True)
class SlsqpOptions(Options):
    """When it stops."""

    tolerance: float = option(
        0.0, "change of the function, and violation, at which it stops; 0: 1e-4 times the tolerance of the run", at_least=0
    )


def slsqp(objective: Constrained, x: Point, value: float, options: SlsqpOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="SLSQP")`.

    It calls back with the first trial of each line search. So its iterates are taken where it asks for gradients. Where
    rounding lets it go no further, it is asked once more whether it has arrived, with a tolerance relative to the value.
    """
    asked = Evaluations(objective, x, value, accept)

    def gradient(z: Any) -> Any:
        found = asked.gradient(z)
        asked.passed_if_new(z)
        return found

    bounds, constraints = bounds_of(asked), separate_constraints(asked)

    def run(start: Any, tolerance: float) -> Any:
        given = {"jac": gradient, "bounds": bounds, "constraints": constraints, "callback": None}
        return minimize(asked, "SLSQP", x0=start, options={"ftol": tolerance, "maxiter": FOREVER}, **given)

    def solve() -> Outcome:
        tolerance = options.tolerance or TIGHTER * objective.tolerance
        tolerance = max(tolerance / max(1.0, asked.unit), min(LEAST if constraints else 0.0, tolerance))
        result = run(asked.start, tolerance)
        if result.status == NO_DESCENT and not options.tolerance:
            result = run(result.x, LOOSER * tolerance * max(1.0, abs(result.fun)))
        return told(asked, result, REASONS)

    return asked.outcome(solve, steepest=STEEPEST if bounds or constraints else math.inf)


METHOD = Method(
    name="scipy-slsqp",
    summary="SciPy's SLSQP: sequential quadratic programming with a learned Hessian, for constraints and bounds.",
    source="D. Kraft 1988, A software package for sequential quadratic programming, DFVLR-FB 88-28; scipy.optimize.minimize",
    adapter=slsqp,
    options=SlsqpOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    largest_dimension=1000,
    library="scipy.optimize",
)
