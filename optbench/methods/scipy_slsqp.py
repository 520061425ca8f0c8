"""SLSQP, as SciPy has it: sequential least squares programming, for constraints and bounds in up to some hundred variables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, STEEPEST, Abandoned, Evaluations, bounds_of, minimize, separate_constraints, told
from .space import Point

REASONS = {
    "terminated successfully": "the first-order conditions hold within the tolerance",
    "more equality": "there are more equations than variables",
    "lsq subproblem": "its least-squares problem took too many iterations",
    "incompatible": "the linearised constraints contradict each other",
    "singular matrix e": "the matrix of its least-squares problem is singular",
    "singular matrix c": "the gradients of the constraints are dependent",
    "rank-deficient": "the gradients of the equations are dependent",
    "positive directional": "its line search found no direction of descent",
}
TIGHTER = 1e-4  # its tolerance is one of values, not of gradients
LOOSER = 1e3  # times its tolerance
NO_DESCENT = 8  # its status
LEAST = 1e-15  # violation that it may always leave
PATIENCE = 10  # iterates in a row that are no better than an earlier one
NOTHING = 1e-13  # relative change of the value that may be rounding
HARDLY = 0.9  # times the violation that is no less
NOWHERE_YET = (math.inf, math.inf)  # value and violation
STANDS = Outcome(False, "its iterates get no better")


@dataclass(frozen=True)
class SlsqpOptions(Options):
    """When it stops."""

    tolerance: float = option(
        0.0, "change of the function, and violation, at which it stops; 0: 1e-4 times the tolerance of the run", at_least=0
    )


def slsqp(objective: Constrained, x: Point, value: float, options: SlsqpOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="SLSQP")`.

    It calls back with the first trial of each line search. So its iterates are taken where it asks for gradients. Where
    rounding lets it go no further, it is asked once more whether it has arrived, with a tolerance relative to the value.
    It would go on for ever where rounding keeps constraints from being met as exactly as it wants; so it is stopped, and asked
    in the same way, where a step has changed nothing but rounding, and given up after 10 iterates none of which is better
    than all before, in its value or its violation (R. Fletcher & S. Leyffer 2002).
    """
    asked = Evaluations(objective, x, value, accept)
    better = Better()

    def gradient(z: Any) -> Any:
        found = asked.gradient(z)
        asked.passed_if_new(z)
        better.look(asked, z)
        return found

    bounds, constraints = bounds_of(asked), separate_constraints(asked)

    def run(start: Any, tolerance: float) -> Any:
        given = {"jac": gradient, "bounds": bounds, "constraints": constraints, "callback": None}
        return minimize(asked, "SLSQP", x0=start, options={"ftol": tolerance, "maxiter": FOREVER}, **given)

    def solve() -> Outcome:
        tolerance = options.tolerance or TIGHTER * objective.tolerance
        tolerance = max(tolerance / max(1.0, asked.unit), min(LEAST if constraints else 0.0, tolerance))
        try:
            try:
                result = run(asked.start, tolerance)
                end = result.x if result.status == NO_DESCENT else None
            except Stands as here:
                if options.tolerance:
                    raise
                end = here.z
            if end is not None and not options.tolerance:
                better.last = NOWHERE_YET
                least = LOOSER * TIGHTER * objective.tolerance  # of a violation, whatever the unit
                result = run(end, max(least, LOOSER * tolerance * abs(asked.value(end))))
        except NoBetter:
            return STANDS
        return told(asked, result, REASONS)

    return asked.outcome(solve, steepest=STEEPEST if bounds or constraints else math.inf)


class NoBetter(Abandoned):
    """Leaves the solver: its iterates have been no better than earlier ones for a while."""


class Stands(NoBetter):
    """The same, after a step that has changed nothing but rounding; `z` is where."""

    def __init__(self, z: Any) -> None:
        self.z = z


class Better:
    """Whether iterates are better than earlier ones: a filter, which holds those whose value and violation none is below.

    Source: R. Fletcher & S. Leyffer, Nonlinear programming without a penalty function, Math. Program. 91 (2002).
    """

    def __init__(self) -> None:
        self.filter: list[tuple[float, float]] = []
        self.waited = 0  # iterates since the last that was better
        self.last = NOWHERE_YET

    def look(self, asked: Evaluations, z: Any) -> None:
        """Look at an iterate, and leave the solver if there have been too many that were no better."""
        if not asked.is_constrained:
            return
        here = (asked.value(z), max(LEAST, violation(asked, z)))
        rounding = abs(here[0] - self.last[0]) <= NOTHING * max(1.0, abs(here[0])) and here[1] >= HARDLY * self.last[1]
        self.last = here
        if any(value <= here[0] and excess <= here[1] for value, excess in self.filter):
            self.waited += 1
            if self.waited > PATIENCE:
                raise NoBetter
        else:
            self.filter = [known for known in self.filter if known[0] < here[0] or known[1] < here[1]] + [here]
            self.waited = 0
        if rounding:
            raise Stands(z.copy())


def violation(asked: Evaluations, z: Any) -> float:
    """Return the greatest violation of a constraint."""
    import numpy as np

    c = asked.constraints_or_inf(z)
    return float(np.max(np.where(asked.equalities, abs(c), c), initial=0.0))


METHOD = Method(
    name="scipy-slsqp",
    summary="SciPy's SLSQP: sequential quadratic programming with a learned Hessian, for constraints and bounds.",
    source="D. Kraft 1988, A software package for sequential quadratic programming, DFVLR-FB 88-28; scipy.optimize.minimize",
    adapter=slsqp,
    options=SlsqpOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    largest_dimension=1000,
    library="scipy.optimize",
)
