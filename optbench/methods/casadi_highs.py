"""HiGHS, as it comes with CasADi: the dual simplex method, interior points, and branch and cut for linear programs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .casadi_bridge import Model
from .casadi_programs import Program, Solved, program_of, solved
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import Evaluations, sentence
from .space import Point

OPTIMAL = "its solution is optimal within its tolerance"
FAILED = {
    "Infeasible": "it found the constraints infeasible",
    "Unbounded": "it found the function unbounded",
    "Primal infeasible or unbounded": "it found the constraints infeasible, or the function unbounded",
    "Iteration limit reached": "its iterations are over",
    "Time limit reached": "its time is over",
}
IN_TIME = 0.9  # part of what is left of the time after which it ends by itself, with its best point


@dataclass(frozen=True)
class HighsOptions(Options):
    """Which of its algorithms runs, and when branch and cut stops."""

    solver: str = option("choose", "its algorithm for programs without whole numbers", choices=("choose", "simplex", "ipm"))
    gap: float = option(0.0, "relative distance of the bound from the best value at which branch and cut stops", at_least=0)


def highs(objective: Constrained, x: Point, value: float, options: HighsOptions, accept: Accept) -> Outcome:
    """Solve min c'x with A x + d <= 0 or = 0 and bounds; c, A and d are the derivatives and residuals at the start.

    Where unknowns are whole numbers, it branches and cuts; then these are rounded and held, and the others found once more.
    """
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        program = program_of(asked, Model(asked), quadratic=False)
        found = solved(program, "highs", {"highs": settings(options, len(program.integers) > 0, objective.seconds_left)})
        if found.status != "Optimal" and not (found.feasible and len(program.integers)):
            return Outcome(False, FAILED.get(found.status) or sentence(found.status))
        z = with_whole_numbers(program, found, options)
        asked.passed_if_new(z, asked.value(z) * asked.unit)
        if found.status != "Optimal":
            return Outcome(False, f"{FAILED.get(found.status) or sentence(found.status)}, and its best point is not shown to be optimal")
        asked.pushed_onto_bounds()
        return Outcome(True, OPTIMAL)

    return asked.outcome(solve)


def with_whole_numbers(program: Program, found: Solved, options: HighsOptions) -> Any:
    """Return its point with the whole numbers rounded, and the best of the others with them."""
    import numpy as np

    z = found.x
    if not len(program.integers):
        return z
    z[program.integers] = np.round(z[program.integers])
    if len(program.integers) == len(z):
        return z
    again = solved(program.held(program.integers, z), "highs", {"highs": settings(options, False, math.inf)})
    return again.x if again.status == "Optimal" else z


def settings(options: HighsOptions, branches: bool, seconds: float) -> dict[str, Any]:
    """Return its own options; it prints nothing."""
    chosen: dict[str, Any] = {"output_flag": False, "solver": options.solver}
    if branches:
        chosen |= {"solver": "choose", "mip_rel_gap": options.gap, "mip_abs_gap": 0.0}
    return chosen | ({"time_limit": IN_TIME * seconds} if math.isfinite(seconds) else {})


METHOD = Method(
    name="casadi-highs",
    summary="HiGHS through CasADi: the simplex method, interior points, and branch and cut for linear programs.",
    source="Q. Huangfu & J. A. J. Hall 2018, Math. Program. Comput. 10; HiGHS in the wheel of CasADi",
    adapter=highs,
    options=HighsOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    linear_only=True,
    integers=True,
    library="casadi",
)
