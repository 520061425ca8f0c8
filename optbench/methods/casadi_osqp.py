"""OSQP, as it comes with CasADi: convex quadratic programs by an alternating direction method of multipliers, then polished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .casadi_bridge import Model
from .casadi_programs import program_of, solved
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import Evaluations, sentence
from .space import Point

OPTIMAL = "its solution is optimal within its tolerance"
FAILED = {
    "primal infeasible": "it found the constraints infeasible",
    "primal infeasible inaccurate": "it takes the constraints for infeasible",
    "dual infeasible": "it found the function unbounded",
    "dual infeasible inaccurate": "it takes the function for unbounded",
    "maximum iterations reached": "its iterations are over",
    "solved inaccurate": "its solution is optimal within a larger tolerance only",
}
NOT_CONVEX = Outcome(False, "its Hessian has a negative eigenvalue, and it solves convex programs only")


@dataclass(frozen=True)
class OsqpOptions(Options):
    """When it stops, and whether it polishes its solution."""

    tolerance: float = option(1e-9, "residuals at which it stops, absolute and relative", above=0)
    iterations: int = option(50_000, "its iterations at most", at_least=1)
    polish: bool = option(True, "whether equations of the constraints that seem active are solved in the end")


def osqp(objective: Constrained, x: Point, value: float, options: OsqpOptions, accept: Accept) -> Outcome:
    """Solve min x'H x/2 + g'x with A x + d <= 0 or = 0 and bounds, all read off the derivatives at the start.

    Its iterates stay inside; a guess of the active constraints, solved as equations, then gives the solution to rounding.
    """
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        program = program_of(asked, Model(asked), quadratic=True)
        if not program.is_convex():
            return NOT_CONVEX
        found = solved(program, "osqp", {"osqp": settings(options)})
        if found.status not in ("solved", "solved inaccurate"):
            return Outcome(False, FAILED.get(found.status) or sentence(found.status))
        asked.passed_if_new(found.x, asked.value(found.x) * asked.unit)
        return Outcome(True, OPTIMAL) if found.status == "solved" else Outcome(False, FAILED[found.status])

    return asked.outcome(solve)


def settings(options: OsqpOptions) -> dict[str, Any]:
    """Return its own options; it prints nothing, and adapts its penalty by counts, not by the clock, so that runs repeat."""
    return {
        "verbose": False,
        "eps_abs": options.tolerance,
        "eps_rel": options.tolerance,
        "max_iter": options.iterations,
        "polish": options.polish,
        "adaptive_rho_interval": 50,
    }


METHOD = Method(
    name="casadi-osqp",
    summary="OSQP through CasADi: convex quadratic programs by operator splitting, with a polished solution.",
    source="B. Stellato, G. Banjac, P. Goulart, A. Bemporad & S. Boyd 2020, Math. Program. Comput. 12; OSQP in the wheel of CasADi",
    adapter=osqp,
    options=OsqpOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    quadratic_only=True,
    library="casadi",
)
