"""What the adapters of NLopt's algorithms share: the objective as NLopt asks for it, and how it is stopped.

NLopt reports no iterates. Algorithms with gradients ask for them at points that they accept; others are followed by the
best points among those that they try. Exceptions don't pass through it: the first makes it stop.

    asked = Evaluations(objective, x, value, accept)
    return asked.outcome(lambda: Run(asked, "LD_SLSQP", stops).outcome())
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .method import Outcome
from .scipy_bridge import NOWHERE, Abandoned, Array, Evaluations

ENDED = {  # its positive results
    "SUCCESS": "its own condition for an end holds",
    "STOPVAL_REACHED": "the function falls without end",
    "FTOL_REACHED": "the function changes no more",
    "XTOL_REACHED": "its steps are as short as they may become",
    "MAXEVAL_REACHED": "its evaluations are over",
    "MAXTIME_REACHED": "its time is over",
}
CONVERGED = ("SUCCESS", "FTOL_REACHED", "XTOL_REACHED")
ROUNDED = "rounding lets it go no further"
FAILED = "it broke down"
INFEASIBLE = Outcome(False, "it ended where the constraints are violated")
NEARLY = 1e-6  # violation of its answer that is left to the judgement


class Stops(NamedTuple):
    """When an algorithm stops by itself; 0 where it does not."""

    steps: float = 0.0  # relative change of the point
    values: float = 0.0  # relative change of the function
    evaluations: int = 0
    violation: float = 0.0  # of a constraint, that is tolerated


class Run:
    """One run of an algorithm of NLopt, by its name there."""

    def __init__(self, asked: Evaluations, algorithm: str, stops: Stops, local: str | None = None) -> None:
        import nlopt
        import numpy as np

        self.asked, self.nlopt = asked, nlopt
        self.left: BaseException | None = None  # why it was stopped
        self.lowest = math.inf  # among the points passed on
        self.has_gradients = "D_" in algorithm[:3]
        self.solver = self._with_stops(nlopt.opt(getattr(nlopt, algorithm), asked.dimension), stops)
        self.solver.set_lower_bounds(asked.lower)
        self.solver.set_upper_bounds(asked.upper)
        self.solver.set_min_objective(self._objective)
        if local is not None:
            self.solver.set_local_optimizer(
                self._with_stops(nlopt.opt(getattr(nlopt, local), asked.dimension), stops._replace(evaluations=0))
            )
        self.violation = stops.violation
        kinds = ((asked.equalities, self.solver.add_equality_mconstraint), (~asked.equalities, self.solver.add_inequality_mconstraint))
        for chosen, add in kinds:
            if chosen.any():
                add(self._constraints(np.flatnonzero(chosen)), np.full(int(chosen.sum()), stops.violation))

    def _with_stops(self, solver: Any, stops: Stops) -> Any:
        solver.set_xtol_rel(stops.steps)
        solver.set_ftol_rel(stops.values)
        solver.set_maxeval(stops.evaluations)
        return solver

    # ---- what NLopt asks for -----------------------------------------------------------------------------------------------

    def _objective(self, z: Array, gradient: Array) -> float:
        return float(self._held(lambda: self._value(z, gradient), math.inf))

    def _value(self, z: Array, gradient: Array) -> float:
        value = self.asked.value_or_inf(z)
        if gradient.size:
            gradient[:] = self.asked.gradient(z)
            self.asked.passed_if_new(z, value)
        elif not self.has_gradients and value < self.lowest and self._is_feasible(z, self.violation):
            self.lowest = value
            self.asked.passed_if_new(z, value)
        return value

    def _is_feasible(self, z: Array, violation: float) -> bool:
        import numpy as np

        if not self.asked.is_constrained:
            return True
        c = self.asked.constraints_or_inf(z)
        return bool((np.where(self.asked.equalities, abs(c), c) <= violation).all())

    def _constraints(self, places: Array) -> Callable[[Array, Array, Array], None]:
        def fill(result: Array, z: Array, gradient: Array) -> None:
            result[:] = self._held(lambda: self.asked.constraints_or_inf(z)[places], math.inf)
            if gradient.size:
                gradient[:] = self._held(lambda: self.asked.jacobian(z)[places], math.nan)

        return fill

    def _held(self, compute: Callable[[], Any], failed: float) -> Any:
        """Return what is computed; `failed` once something has come up, with which NLopt is stopped."""
        if self.left is None:
            try:
                return compute()
            except BaseException as error:
                self.left = error
                self.solver.force_stop()
        return failed

    # ---- the run -------------------------------------------------------------------------------------------------------------

    def outcome(self) -> Outcome:
        """Run it from the start, pass its answer on, and say how it ended."""
        z, reason = None, FAILED
        try:
            z = self.solver.optimize(self.asked.start)
        except self.nlopt.RoundoffLimited:
            reason = ROUNDED
        except (self.nlopt.ForcedStop, RuntimeError, ValueError, MemoryError):
            if self.left is None and self.asked.undefined is None:
                raise
        if self.left is not None:
            raise self.left if isinstance(self.left, Abandoned) else Abandoned
        if z is None:
            return Outcome(False, reason)
        value = self.asked.value(z)
        if not math.isfinite(value):
            return NOWHERE
        self.asked.passed_if_new(z, value)
        if not self._is_feasible(z, NEARLY):
            return INFEASIBLE
        word = next((word for word in ENDED if getattr(self.nlopt, word) == self.solver.last_optimize_result()), "")
        return Outcome(word in CONVERGED, ENDED.get(word, reason))


def seed(asked: Evaluations) -> None:
    """Seed its source of chance by ours."""
    import nlopt

    nlopt.srand(asked.objective.random().getrandbits(32))
