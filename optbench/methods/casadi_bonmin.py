"""Bonmin, as it comes with CasADi: branch and bound, and outer approximations, over IPOPT, for unknowns that are whole numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from .casadi_bridge import Model
from .casadi_ipopt import derivatives
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import MORE_EQUATIONS, Array, Evaluations, sentence
from .space import Point

CONVERGED = {"SUCCESS": "its tree is searched to the end, as far as each of its local searches can be trusted"}
STALLED = {
    "INFEASIBLE": "it found no point with whole numbers that satisfies the constraints",
    "CONTINUOUS_UNBOUNDED": "it found the function unbounded where whole numbers are not asked for",
    "LIMIT_EXCEEDED": "its time is over",
    "USER_INTERRUPT": "it was stopped",
    "MINLP_ERROR": "its local searches failed",
}
NOT_WHOLE = Outcome(False, "it ended without whole numbers, of which there may be none in the range")
BROKE_DOWN = Outcome(False, "it broke down, since its local searches failed")
IN_TIME = 0.9  # part of what is left of the time after which it ends by itself, with its best point
NEARLY_WHOLE = 1e-6
ITERATIONS = 1000  # of one local search, at most
UNSEEN = {"pass_nonlinear_variables": False, "pass_nonlinear_constraints": False}  # for these CasADi would derive our functions
HIGH = 1e50
FEASIBLE = 1e-8  # violation of a point that is passed on
SILENT = ("bb_log_level", "nlp_log_level", "nlp_log_at_root", "milp_log_level", "oa_log_level", "fp_log_level", "lp_log_level")


@dataclass(frozen=True)
class BonminOptions(Options):
    """Its algorithm, and how often it searches again where a function may not be convex."""

    algorithm: str = option(
        "B-BB",
        "branch and bound over local searches; or outer approximations, for convex problems only",
        choices=("B-BB", "B-OA"),
    )
    restarts: int = option(0, "further local searches from random points, at the root and wherever one fails", at_least=0)
    decrease: float = option(1e-10, "by how much a branch must promise to be better to be looked at", at_least=0)
    tolerance: float = option(0.0, "scaled error of the optimality conditions of a local search; 0: the tolerance of the run", at_least=0)


class Incumbents(Evaluations):
    """Passes on better and better points with whole numbers as they are met: Bonmin itself shows its last alone."""

    best = math.inf

    def value(self, z: Any) -> float:
        """Return f; where z is nearly whole and better than what is known, the point beside it with whole numbers is looked at."""
        found = super().value(z)
        if found < self.best and (point := self.whole(z)) is not None:
            self.offer(point)
        return found

    def whole(self, z: Any) -> Array | None:
        """Return z with whole numbers rounded; None where it is not near to that."""
        import numpy as np

        z = np.array(z, dtype=float)
        near = np.round(z[self.integers])
        if not abs(z[self.integers] - near).max(initial=0.0) <= NEARLY_WHOLE:
            return None
        z[self.integers] = near
        return z

    def offer(self, z: Array) -> None:
        """Pass a point with whole numbers on, if it is feasible and better than all before."""
        import numpy as np

        c = self.constraints(z)
        violation = np.where(self.equalities, abs(c), c)
        if not (violation <= FEASIBLE).all():
            return
        value = super().value(z)
        if value < self.best:
            self.best = value
            self.passed_if_new(z, value * self.unit)


class Ending(Model):
    """The objective, which is high and flat once something came up: then every search ends at once, and so does the tree."""

    def function(
        self, name: str, inputs: Sequence[Any], outputs: Sequence[tuple[Any, Callable[..., Any]]], failed: float | None = None
    ) -> Any:
        return super().function(name, inputs, outputs, (HIGH if name == "f" else 0.0) if failed is None else failed)


def bonmin(objective: Constrained, x: Point, value: float, options: BonminOptions, accept: Accept) -> Outcome:
    """Continue from x. Each node of its tree is a local search of IPOPT with exact sparse derivatives.

    What it finds is a minimum over all points where the functions are convex; else it may cut off better ones. In the end the
    whole numbers are held, and IPOPT searches once more over the others.
    """
    asked = Incumbents(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS

    def solve() -> Outcome:
        with redirect_stdout(StringIO()):  # it reports on its root node, whatever its options are
            model = Ending(asked)
            own = {"bonmin": settings(options, objective.tolerance, objective.seconds_left), "discrete": discrete(asked), **UNSEEN}
            try:
                ended = model.solver("bonmin", derivatives(model, True), own)(asked.start)
            except RuntimeError:
                if asked.undefined is None and asked.error is None:
                    return BROKE_DOWN
                raise
        found = asked.whole(ended.x)
        if ended.status in (*CONVERGED, "LIMIT_EXCEEDED") and found is not None and math.isfinite(ended.value):
            settle(asked, found, options)
        if ended.status not in CONVERGED:
            return Outcome(False, STALLED.get(ended.status) or sentence(ended.status.replace("_", " ")))
        return Outcome(True, CONVERGED[ended.status]) if found is not None else NOT_WHOLE

    return asked.outcome(solve)


def discrete(asked: Evaluations) -> list[bool]:
    """Return for each entry whether it is to be a whole number."""
    import numpy as np

    return np.isin(np.arange(asked.dimension), asked.integers).tolist()  # type: ignore[no-any-return]


def settle(asked: Incumbents, z: Array, options: BonminOptions) -> None:
    """Pass on the point with these whole numbers: as it is, or where its other entries need that, after one more search."""
    asked.offer(z)
    if len(asked.integers) < asked.dimension:
        asked.lower[asked.integers] = asked.upper[asked.integers] = z[asked.integers]
        model = Model(asked)
        chosen = local_settings(options, asked.objective.tolerance) | {"option_file_name": ""}
        asked.offer(model.solver("ipopt", derivatives(model, True), {"ipopt": chosen})(z).x)
    if asked.best == math.inf:
        asked.passed_if_new(z, asked.value(z) * asked.unit)  # the engine says what it violates


def local_settings(options: BonminOptions, tolerance: float) -> dict[str, Any]:
    """Return IPOPT's own options; it prints nothing, and stays within the bounds."""
    tolerance = options.tolerance or tolerance
    return {
        "sb": "yes",
        "print_level": 0,
        "linear_solver": "mumps",
        "tol": 0.01 * tolerance,
        "constr_viol_tol": tolerance,
        "bound_relax_factor": 0.0,
        "honor_original_bounds": "yes",
    }


def settings(options: BonminOptions, tolerance: float, seconds: float) -> dict[str, Any]:
    """Return Bonmin's options: no gap is left, and a search that fails ends its branch, not the run."""
    chosen: dict[str, Any] = {
        **local_settings(options, tolerance),
        **dict.fromkeys(SILENT, 0),
        "algorithm": options.algorithm,
        "allowable_gap": 0.0,
        "allowable_fraction_gap": 0.0,
        "cutoff_decr": options.decrease,
        "max_iter": ITERATIONS,
        "integer_tolerance": NEARLY_WHOLE,
        "nlp_failure_behavior": "fathom",
    }
    if options.restarts and options.algorithm == "B-BB":
        chosen |= {"num_resolve_at_root": options.restarts, "num_resolve_at_infeasibles": options.restarts}
    return chosen | ({"time_limit": max(0.01, IN_TIME * seconds)} if math.isfinite(seconds) else {})


METHOD = Method(
    name="casadi-bonmin",
    summary="Bonmin through CasADi: branch and bound over IPOPT, with exact derivatives, for whole numbers, constraints and bounds.",
    source="P. Bonami, L. T. Biegler, A. R. Conn et al. 2008, Discrete Optim. 5; Bonmin in the wheel of CasADi",
    adapter=bonmin,
    options=BonminOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    integers=True,
    library="casadi",
)
