"""CasADi's sqpmethod: sequential quadratic programming with exact second derivatives, for constraints and bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .casadi_bridge import Ended, Model, column
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, MORE_EQUATIONS, Evaluations, sentence
from .space import Point

CONVERGED = {"Solve_Succeeded": "the first-order conditions hold within the tolerance"}
STALLED = {
    "Search_Direction_Becomes_Too_Small": "its steps have become too small",
    "Non_Regular_Sensitivities": "the function, a constraint or a derivative is not defined at the last iterate",
    "User_Requested_Stop": "it was stopped",
    "Maximum_Iterations_Exceeded": "its iterations are over",
    "Unknown": "the Hessian is not defined at the last iterate, or could not be made positive definite",
}
NOT_ACTIVE = Outcome(False, "its multipliers are those of constraints that are not active")
FEW = 60  # variables up to which the eigenvalues of the Hessian are changed one by one
SLACKNESS = 1e-6  # product of a multiplier with the distance from its bound that is taken for 0
NO_QP = Outcome(False, "its quadratic programme could not be solved")


@dataclass(frozen=True)
class SqpOptions(Options):
    """The Hessian, the line search, and when it stops."""

    hessian: str = option("exact", "second derivatives: of the problem, or learned from gradients", choices=("exact", "limited-memory"))
    convexify: str = option(
        "auto",
        "what is done to a Hessian that is not positive definite: eigenvalues are clipped or reflected, or all are shifted; "
        "auto: clipped in up to 60 variables, else shifted",
        choices=("auto", "eigen-clip", "eigen-reflect", "regularize"),
    )
    least_curvature: float = option(1e-4, "smallest eigenvalue of the Hessian after that", above=0)
    line_search: int = option(20, "trials of one line search at most; the last is accepted whatever it brings", at_least=1)
    shortening: float = option(0.5, "part of the step that is tried next", above=0, below=1)
    tolerance: float = option(0.0, "gradient of the Lagrangian, and violation, at which it stops; 0: the tolerance of the run", at_least=0)


def sqpmethod(objective: Constrained, x: Point, value: float, options: SqpOptions, accept: Accept) -> Outcome:
    """Continue from x; its quadratic programmes are solved by the active-set method qrqp.

    qrqp takes multipliers of constraints that are not active for a solution where they come with its start. Then the
    method claims success too early, and is sent on its way again, without multipliers.
    """
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS
    tolerance = options.tolerance or objective.tolerance

    def solve() -> Outcome:
        model = Model(asked)
        chosen = settings(options, tolerance, convexify(options, model))
        try:
            ended = complementary(model.solver("sqpmethod", derivatives(model, options.hessian == "exact"), chosen), asked.start)
        except RuntimeError as error:
            if "qp" in str(error).lower():
                return NO_QP
            raise
        if ended.status not in CONVERGED:
            return Outcome(False, STALLED.get(ended.status) or sentence(ended.status.replace("_", " ")))
        asked.passed_if_new(ended.x, ended.value)
        return Outcome(True, CONVERGED[ended.status]) if ended.slackness <= SLACKNESS else NOT_ACTIVE

    return asked.outcome(solve)


def complementary(run: Callable[[Any], Ended], start: Any) -> Ended:
    """Return how it ended, after as many starts as bring it on."""
    ended = run(start)
    while ended.status in CONVERGED and ended.slackness > SLACKNESS and (ended.x != start).any():
        start = ended.x
        ended = run(start)
    return ended


def derivatives(model: Model, exact: bool) -> dict[str, Any]:
    """Return the functions that it asks for beside values; their second argument are parameters, of which there are none."""
    asked, nothing = model.asked, column(0)
    J = model.jacobian()
    outputs = [
        (column(1), lambda x, p: asked.value(x)),
        (model.vector, lambda x, p: asked.gradient(x)),
        (model.residuals, lambda x, p: asked.constraints(x)),
        (J.pattern, lambda x, p: model.jacobian_at(J, x)),
    ]
    functions = {"jac_fg": model.function("jac_fg", [model.vector, nothing], outputs)}
    if exact:
        H = model.hessian(triangle=False)
        inputs = [model.vector, nothing, column(1), model.residuals]
        functions["hess_lag"] = model.function("hess_lag", inputs, [(H.pattern, lambda x, p, f, g: model.hessian_at(H, x, f, g))])
    return functions


def convexify(options: SqpOptions, model: Model) -> dict[str, Any]:
    """Return the options that make the exact Hessian positive definite; that by eigenvalues takes long in many variables."""
    if options.hessian != "exact":
        return {}
    automatic = "eigen-clip" if model.n <= FEW else "regularize"
    strategy = automatic if options.convexify == "auto" else options.convexify
    return {"convexify_strategy": strategy, "convexify_margin": options.least_curvature, "max_iter_eig": 100_000}


def settings(options: SqpOptions, tolerance: float, convex: dict[str, Any]) -> dict[str, Any]:
    """Return its options; it prints nothing."""
    return {
        "qpsol": "qrqp",
        "qpsol_options": {"print_header": False, "print_iter": False, "print_info": False, "error_on_fail": False},
        "print_header": False,
        "print_iteration": False,
        "print_status": False,
        "hessian_approximation": options.hessian,
        "max_iter": FOREVER,
        "max_iter_ls": options.line_search,
        "beta": options.shortening,
        "tol_pr": tolerance,
        "tol_du": tolerance,
        "min_step_size": 1e-16,
        **convex,
    }


METHOD = Method(
    name="casadi-sqpmethod",
    summary="CasADi's sqpmethod: sequential quadratic programming with exact second derivatives, for constraints and bounds.",
    source="J. A. E. Andersson et al. 2019, CasADi, Math. Program. Comput. 11; J. Nocedal & S. J. Wright 2006, chapter 18",
    adapter=sqpmethod,
    options=SqpOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    largest_dimension=1000,
    library="casadi",
)
