"""DAQP, as it comes with CasADi: a dual active-set method for dense convex quadratic programs."""

from __future__ import annotations

from dataclasses import dataclass

from .casadi_bridge import Model
from .casadi_programs import program_of, solved
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point

OPTIMAL = "the conditions of optimality hold at its active set"
OPTIMAL_STATUS = "1"
FAILED = {
    "-1": "it found the constraints infeasible",
    "-2": "its active sets cycle",
    "-3": "it found the function unbounded",
    "-4": "its iterations are over",
    "-5": "it takes the program for not convex",
}
NOT_CONVEX = Outcome(False, "its Hessian has a negative eigenvalue, and it solves convex programs only")
PROXIMAL = 1e-5  # weight of the distance from the last point, relative to the Hessian, where that is singular


@dataclass(frozen=True)
class DaqpOptions(Options):
    """Its limit."""

    iterations: int = option(100_000, "its iterations at most", at_least=1)


def daqp(objective: Constrained, x: Point, value: float, options: DaqpOptions, accept: Accept) -> Outcome:
    """Solve min x'H x/2 + g'x with A x + d <= 0 or = 0 and bounds, all read off the derivatives at the start.

    Where H is singular, or so to rounding, proximal steps are taken.
    """
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        program = program_of(asked, Model(asked), quadratic=True)
        if not program.is_convex():
            return NOT_CONVEX
        proximal = 0.0 if program.is_convex(margin=PROXIMAL) else PROXIMAL
        found = solved(program, "daqp", {"daqp": {"iter_limit": options.iterations, "eps_prox": proximal}})
        if found.status != OPTIMAL_STATUS:
            return Outcome(False, FAILED.get(found.status, "it could not factorise its matrices"))
        asked.passed_if_new(found.x, asked.value(found.x) * asked.unit)
        return Outcome(True, OPTIMAL)

    return asked.outcome(solve)


METHOD = Method(
    name="casadi-daqp",
    summary="DAQP through CasADi: a dual active-set method for dense convex quadratic programs.",
    source="D. Arnström, A. Bemporad & D. Axehill 2022, IEEE Trans. Automat. Contr. 67(8); DAQP in the wheel of CasADi",
    adapter=daqp,
    options=DaqpOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    quadratic_only=True,
    largest_dimension=1000,
    library="casadi",
)
