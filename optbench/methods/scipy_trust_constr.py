"""trust-constr, as SciPy has it: a trust-region interior-point method with exact derivatives, for constraints and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, MORE_EQUATIONS, Evaluations, bounds_of, constraint_of, minimize
from .space import Point

NEARER = 0.01  # it ends on its way through the interior: the barrier must be smaller than the tolerance
STOPPED = 3  # SciPy's status where the callback has ended the run
SPARSE = 20  # variables from which its matrices are sparse


@dataclass(frozen=True)
class TrustConstrOptions(Options):
    """The trust region, the barrier, the Hessian, and when it stops."""

    hessian: str = option("exact", "second derivatives: of the problem, or learned from gradients", choices=("exact", "bfgs", "sr1"))
    initial_radius: float = option(1.0, "trust region at the start", above=0)
    initial_barrier: float = option(0.1, "barrier parameter at the start", above=0)
    initial_penalty: float = option(1.0, "penalty of the constraints at the start", above=0)
    tolerance: float = option(
        0.0, "gradient of the Lagrangian, violation and 100 times the barrier at which it stops; 0: the tolerance of the run", at_least=0
    )
    smallest_radius: float = option(1e-12, "trust region at which it stops", above=0)


def trust_constr(objective: Constrained, x: Point, value: float, options: TrustConstrOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="trust-constr")`.

    With bounds or inequalities SciPy is content with first-order conditions whatever the barrier, that is, far from the
    bounds; so its test of the gradient is made here, once the barrier is small.
    """
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS
    tolerance = options.tolerance or objective.tolerance

    def settled(z: Any, state: Any) -> bool:
        asked.passed(z, state.fun)
        held = state.optimality <= tolerance and state.constr_violation <= tolerance
        return bool(held and state.get("barrier_parameter", 0.0) <= NEARER * tolerance)

    def solve() -> Outcome:
        sparse = asked.dimension >= SPARSE
        curvature = exact(asked, sparse) if options.hessian == "exact" else learned(options.hessian)
        settings = {
            "gtol": 0.0,
            "xtol": options.smallest_radius,
            "barrier_tol": NEARER * tolerance,
            "initial_tr_radius": options.initial_radius,
            "initial_barrier_parameter": options.initial_barrier,
            "initial_constr_penalty": options.initial_penalty,
            "sparse_jacobian": sparse,
            "maxiter": FOREVER,
        }
        result = minimize(
            asked,
            "trust-constr",
            fun=asked.value_or_inf,
            jac=asked.gradient,
            hess=curvature["objective"],
            bounds=bounds_of(asked),
            constraints=constraint_of(asked, jac=asked.sparse_jacobian if sparse else asked.jacobian, hess=curvature["constraints"]),
            callback=settled,
            options=settings,
        )
        asked.passed_if_new(result.x, result.fun)
        asked.pushed_onto_bounds()
        if result.status == STOPPED:
            return Outcome(True, "the first-order conditions hold within the tolerance")
        if result.constr_violation > tolerance:
            return Outcome(False, "its trust region has become as small as it may, at a point that violates a constraint")
        return Outcome(True, "its trust region has become as small as it may")

    return asked.outcome(solve)


def exact(asked: Evaluations, sparse: bool) -> dict[str, Any]:
    """Return our second derivatives, of the objective and of the constraints."""
    if not sparse:
        return {"objective": asked.hessian, "constraints": asked.constraint_curvature}
    none = [0.0] * len(asked.equalities)
    return {
        "objective": lambda z: asked.sparse_curvature(z, 1.0, none),
        "constraints": lambda z, multipliers: asked.sparse_curvature(z, 0.0, multipliers),
    }


def learned(name: str) -> dict[str, Any]:
    """Return SciPy's approximations of them."""
    from scipy.optimize import BFGS, SR1

    made = SR1 if name == "sr1" else BFGS
    return {"objective": made(), "constraints": made()}


METHOD = Method(
    name="scipy-trust-constr",
    summary="SciPy's trust-constr: an interior-point method in a trust region with exact derivatives, for constraints and bounds.",
    source="R. H. Byrd, M. E. Hribar & J. Nocedal 1999, SIAM J. Optim. 9; M. Lalee, J. Nocedal & T. Plantenga 1998, SIAM J. Optim. 8; "
    "scipy.optimize.minimize",
    adapter=trust_constr,
    options=TrustConstrOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    largest_dimension=5000,
    library="scipy.optimize",
)
