"""IPOPT, as it comes with CasADi: a primal-dual interior-point method with a filter line search, for constraints and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .casadi_bridge import Model, column
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, MORE_EQUATIONS, Evaluations, sentence
from .space import Point

NEARER = 0.01
UNSCALED = 100.0
CONVERGED = {
    "Solve_Succeeded": "the first-order conditions hold within the tolerance",
    "Solved_To_Acceptable_Level": "the first-order conditions hold within the tolerance, and it gets no nearer",
    "Feasible_Point_Found": "it found a point that satisfies the equations, of which there are as many as variables",
}
STALLED = {
    "Infeasible_Problem_Detected": "it found the constraints locally infeasible",
    "Search_Direction_Becomes_Too_Small": "its steps have become too small",
    "Diverging_Iterates": "its iterates diverge",
    "User_Requested_Stop": "it was stopped",
    "Maximum_Iterations_Exceeded": "its iterations are over",
    "Restoration_Failed": "its restoration found no point with less violation",
    "Error_In_Step_Computation": "its step could not be computed",
    "Maximum_CpuTime_Exceeded": "its time is over",
    "Maximum_WallTime_Exceeded": "its time is over",
    "Not_Enough_Degrees_Of_Freedom": "it handles no more equations than variables",
    "Invalid_Number_Detected": "the function, a constraint or a derivative is not defined where it needs it",
    "Insufficient_Memory": "it ran out of memory",
}


@dataclass(frozen=True)
class IpoptOptions(Options):
    """The Hessian, the barrier, scaling, and when it stops."""

    hessian: str = option("exact", "second derivatives: of the problem, or learned from gradients", choices=("exact", "limited-memory"))
    mu_strategy: str = option("monotone", "how the barrier shrinks", choices=("monotone", "adaptive"))
    mu_init: float = option(0.1, "barrier parameter at the start", above=0)
    scaling: str = option("gradient-based", "scaling of the functions", choices=("gradient-based", "none"))
    tolerance: float = option(0.0, "scaled error of the optimality conditions at which it stops; 0: the tolerance of the run", at_least=0)


def ipopt(objective: Constrained, x: Point, value: float, options: IpoptOptions, accept: Accept) -> Outcome:
    """Continue from x, which it moves off the bounds. Its linear algebra is that of MUMPS."""
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS

    def solve() -> Outcome:
        model = Model(asked)
        exact = options.hessian == "exact"
        ended = model.solver("ipopt", derivatives(model, exact), {"ipopt": settings(options, objective.tolerance)})(asked.start)
        if ended.status not in CONVERGED:
            return Outcome(False, STALLED.get(ended.status) or sentence(ended.status.replace("_", " ")))
        asked.passed_if_new(ended.x, ended.value)
        asked.pushed_onto_bounds()
        return Outcome(True, CONVERGED[ended.status])

    return asked.outcome(solve)


def derivatives(model: Model, exact: bool) -> dict[str, Any]:
    """Return the functions that IPOPT asks for beside values; their second argument are parameters, of which there are none."""
    asked, nothing = model.asked, column(0)
    J = model.jacobian()
    first = {
        "grad_f": [(column(1), lambda x, p: asked.value(x)), (model.vector, lambda x, p: asked.gradient(x))],
        "jac_g": [(model.residuals, lambda x, p: asked.constraints(x)), (J.pattern, lambda x, p: model.jacobian_at(J, x))],
    }
    functions = {name: model.function(name, [model.vector, nothing], outputs) for name, outputs in first.items()}
    if exact:
        H = model.hessian(triangle=True)
        inputs = [model.vector, nothing, column(1), model.residuals]
        functions["hess_lag"] = model.function("hess_lag", inputs, [(H.pattern, lambda x, p, f, g: model.hessian_at(H, x, f, g))])
    return functions


def settings(options: IpoptOptions, tolerance: float) -> dict[str, Any]:
    """Return IPOPT's own options; it prints nothing, reads no file, and stays within the bounds.

    It ends on its way through the interior, so its tolerance is below that of the run, which is the one it may accept. The
    gradient counts as it is, too, since IPOPT divides a function by its gradient at the start, where that is large.
    """
    tolerance = options.tolerance or tolerance
    return {
        "sb": "yes",
        "print_level": 0,
        "option_file_name": "",
        "linear_solver": "mumps",
        "tol": NEARER * tolerance,
        "constr_viol_tol": tolerance,
        "dual_inf_tol": UNSCALED * tolerance,
        "acceptable_tol": tolerance,
        "acceptable_constr_viol_tol": tolerance,
        "max_iter": FOREVER,
        "bound_relax_factor": 0.0,
        "honor_original_bounds": "yes",
        "hessian_approximation": options.hessian,
        "mu_strategy": options.mu_strategy,
        "mu_init": options.mu_init,
        "nlp_scaling_method": options.scaling,
    }


METHOD = Method(
    name="casadi-ipopt",
    summary="IPOPT through CasADi: an interior-point method with exact sparse derivatives, for constraints and bounds.",
    source="A. Wächter & L. T. Biegler 2006, Math. Program. 106; IPOPT with MUMPS in the wheel of CasADi",
    adapter=ipopt,
    options=IpoptOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    library="casadi",
)
