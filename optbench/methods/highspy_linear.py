"""HiGHS, as its own package has it: the simplex method, interior points, first-order steps, and branch and cut for linear programs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .highspy_bridge import OPTIMAL, Program, Solved, failed, program_of, solved
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import Evaluations
from .space import Point


@dataclass(frozen=True)
class HighspyLinearOptions(Options):
    """Which of its algorithms runs, and when branch and cut stops."""

    solver: str = option(
        "choose", "its algorithm for programs without whole numbers", choices=("choose", "simplex", "ipm", "ipx", "hipo", "pdlp")
    )
    presolve: bool = option(True, "reduce the program first")
    gap: float = option(0.0, "relative distance of the bound from the best value at which branch and cut stops", at_least=0)


def linear(objective: Constrained, x: Point, value: float, options: HighspyLinearOptions, accept: Accept) -> Outcome:
    """Solve min c'x with A x + d <= 0 or = 0 and bounds; c, A and d are the derivatives and residuals at the start.

    Where unknowns are whole numbers, it branches and cuts; then these are rounded and held, and the others found once more.
    """
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        program = program_of(asked, quadratic=False)
        found = solved(program, settings(options, len(program.integers) > 0), objective.seconds_left)
        if found.status != "Optimal" and not (found.feasible and len(program.integers)):
            return failed(found)
        z = with_whole_numbers(program, found, options)
        asked.passed_if_new(z, asked.value(z) * asked.unit)
        if found.status != "Optimal":
            return Outcome(False, f"{failed(found).reason}, and its best point is not shown to be optimal")
        asked.pushed_onto_bounds()
        return Outcome(True, OPTIMAL)

    return asked.outcome(solve)


def settings(options: HighspyLinearOptions, branches: bool) -> dict[str, Any]:
    """Return its own options; its tolerances are as tight as they may be."""
    chosen: dict[str, Any] = {"presolve": "on" if options.presolve else "off", "solver": options.solver}
    if branches:
        chosen |= {"solver": "choose", "mip_rel_gap": options.gap, "mip_abs_gap": 0.0, "mip_feasibility_tolerance": 1e-9}
    return chosen


def with_whole_numbers(program: Program, found: Solved, options: HighspyLinearOptions) -> Any:
    """Return its point with the whole numbers rounded, and the best of the others with them."""
    import numpy as np

    z = found.x
    if not len(program.integers):
        return z
    z[program.integers] = np.round(z[program.integers])
    if len(program.integers) == len(z):
        return z
    again = solved(program.held(program.integers, z), settings(options, False), math.inf)
    return again.x if again.status == "Optimal" else z


METHOD = Method(
    name="highspy-linear",
    summary="HiGHS from its own package: the simplex method, interior points, and branch and cut for linear programs.",
    source="Q. Huangfu & J. A. J. Hall 2018, Math. Program. Comput. 10; highspy",
    adapter=linear,
    options=HighspyLinearOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    linear_only=True,
    integers=True,
    library="highspy",
)
