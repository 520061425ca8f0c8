"""HiGHS, as it comes with CasADi: the dual simplex method and interior points for linear programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .casadi_bridge import Model
from .method import Accept, Constrained, Method, Options, Outcome, option
from .scipy_bridge import Evaluations, sentence
from .space import Point

OPTIMAL = "its solution is optimal within its tolerance"
FAILED = {
    "Infeasible": "it found the constraints infeasible",
    "Unbounded": "it found the function unbounded",
    "Primal infeasible or unbounded": "it found the constraints infeasible, or the function unbounded",
    "Iteration limit reached": "its iterations are over",
}


@dataclass(frozen=True)
class HighsOptions(Options):
    """Which of its algorithms runs."""

    solver: str = option("choose", "its algorithm", choices=("choose", "simplex", "ipm"))


def highs(objective: Constrained, x: Point, value: float, options: HighsOptions, accept: Accept) -> Outcome:
    """Solve min c'x with A x + d <= 0 or = 0 and bounds; c, A and d are the derivatives and residuals at the start."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        found, status = solution(asked, Model(asked), {"output_flag": False, "solver": options.solver})
        if status != "Optimal":
            return Outcome(False, FAILED.get(status) or sentence(status))
        asked.passed_if_new(found, asked.value(found))
        asked.pushed_onto_bounds()
        return Outcome(True, OPTIMAL)

    return asked.outcome(solve)


def solution(asked: Evaluations, model: Model, settings: dict[str, Any]) -> tuple[Any, str]:
    """Return the point at which HiGHS ended, shape (n,), and its word for how."""
    import casadi
    import numpy as np

    x, J = asked.start, model.jacobian()
    A = casadi.DM(J.pattern, model.jacobian_at(J, x))
    right = np.array(A @ casadi.DM(x)).ravel() - asked.constraints(x) if model.m else np.zeros(0)
    problem = {"a": J.pattern, "h": casadi.Sparsity(model.n, model.n)}
    solver = casadi.conic("solver", "highs", problem, {"print_time": False, "error_on_fail": False, "highs": settings})
    bounds = {"lba": np.where(asked.equalities, right, -np.inf), "uba": right, "lbx": asked.lower, "ubx": asked.upper}
    result = solver(g=asked.gradient(x), a=A, **bounds)
    return np.array(result["x"]).ravel(), str(solver.stats()["return_status"])


METHOD = Method(
    name="casadi-highs",
    summary="HiGHS through CasADi: the simplex method and interior points for linear programs.",
    source="Q. Huangfu & J. A. J. Hall 2018, Math. Program. Comput. 10; HiGHS in the wheel of CasADi",
    adapter=highs,
    options=HighsOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    linear_only=True,
    library="casadi",
)
