"""HiGHS, as its own package has it: an active-set method for convex quadratic programs."""

from __future__ import annotations

from dataclasses import dataclass

from .highspy_bridge import OPTIMAL, failed, program_of, solved
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point


@dataclass(frozen=True)
class HighspyQuadraticOptions(Options):
    """How it treats a function that is flat in some direction."""

    regularisation: float = option(1e-11, "multiple of the identity that is added to the Hessian", at_least=0)


def quadratic(objective: Constrained, x: Point, value: float, options: HighspyQuadraticOptions, accept: Accept) -> Outcome:
    """Solve min x'H x/2 + g'x with A x + d <= 0 or = 0 and bounds; all of these are the derivatives and residuals at the start."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        found = solved(program_of(asked, quadratic=True), {"qp_regularization_value": options.regularisation}, objective.seconds_left)
        if found.status != "Optimal":
            return failed(found)
        asked.passed_if_new(found.x, asked.value(found.x) * asked.unit)
        return Outcome(True, OPTIMAL)

    return asked.outcome(solve)


METHOD = Method(
    name="highspy-quadratic",
    summary="HiGHS from its own package: an active-set method for convex quadratic programs.",
    source="M. Feldmeier 2023, thesis, University of Edinburgh; highspy",
    adapter=quadratic,
    options=HighspyQuadraticOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    quadratic_only=True,
    largest_dimension=5000,
    library="highspy",
)
