"""POUNCE: IPOPT's primal-dual interior-point method written anew in Rust, for constraints and bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optbench.arithmetic.sparsity import Sparsity, full

from .casadi_ipopt import CONVERGED
from .casadi_ipopt import STALLED as IPOPT_STALLED
from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, MORE_EQUATIONS, Abandoned, Array, Evaluations, sentence
from .silence import silence
from .space import Point

STALLED = {
    **IPOPT_STALLED,
    "User_Requested_Stop": "it was stopped",
    "Maximum_Iterations_Exceeded": "its iterations are over",
    "Restoration_Failed": "its restoration found no point with less violation",
}
NEARER = 0.01
DENSE = 100  # variables up to which the Hessian of an unconstrained problem is taken as a whole
INFINITE = 2e19  # what it takes for no bound


@dataclass(frozen=True)
class PounceOptions(Options):
    """The Hessian, the barrier, and when it stops."""

    hessian: str = option("exact", "second derivatives: of the problem, or learned from gradients", choices=("exact", "limited-memory"))
    mu_strategy: str = option("adaptive", "how the barrier shrinks", choices=("adaptive", "monotone"))
    tolerance: float = option(0.0, "scaled error of the optimality conditions at which it stops; 0: the tolerance of the run", at_least=0)


def pounce(objective: Constrained, x: Point, value: float, options: PounceOptions, accept: Accept) -> Outcome:
    """Continue from x, which it moves off the bounds; its iterates are the points at which it asks for gradients."""
    asked = Evaluations(objective, x, value, accept)
    if asked.equalities.sum() > asked.dimension:
        return MORE_EQUATIONS

    def solve() -> Outcome:
        import numpy as np
        import pounce

        model = (Model if options.hessian == "exact" else Learned)(asked)
        m = len(asked.equalities)
        bounds = {
            "lb": np.maximum(asked.lower, -INFINITE),
            "ub": np.minimum(asked.upper, INFINITE),
            "cl": np.where(asked.equalities, 0.0, -INFINITE),
            "cu": np.zeros(m),
        }
        with silence():
            problem = pounce.Problem(n=asked.dimension, m=m, problem_obj=model, **bounds)
            for name, chosen in settings(options, objective.tolerance).items():
                problem.add_option(name, chosen)
            z, ended = problem.solve(x0=asked.start)
        if model.left is not None:
            raise model.left if isinstance(model.left, Abandoned) else Abandoned
        status = word_of(ended)
        if status not in CONVERGED:
            return Outcome(False, STALLED.get(status) or sentence(status.replace("_", " ")))
        asked.passed_if_new(z, asked.value(z))
        asked.pushed_onto_bounds()
        return Outcome(True, CONVERGED[status])

    return asked.outcome(solve)


def word_of(ended: dict[str, Any]) -> str:
    """Return its word for how it ended."""
    said = ended.get("status_msg", "")
    return said.decode() if isinstance(said, bytes) else str(said)


def settings(options: PounceOptions, tolerance: float) -> dict[str, Any]:
    """Return its own options; it prints nothing, reads no file, and stays within the bounds."""
    tolerance = options.tolerance or tolerance
    return {
        "sb": "yes",
        "print_level": 0,
        "option_file_name": "",
        "tol": NEARER * tolerance,
        "constr_viol_tol": tolerance,
        "acceptable_tol": tolerance,
        "acceptable_constr_viol_tol": tolerance,
        "max_iter": FOREVER,
        "bound_relax_factor": 0.0,
        "honor_original_bounds": "yes",
        "hessian_approximation": options.hessian,
        "mu_strategy": options.mu_strategy,
    }


class Learned:
    """The objective as POUNCE asks for it, without second derivatives; it goes by the names of cyipopt."""

    def __init__(self, asked: Evaluations) -> None:
        self.asked = asked
        self.left: BaseException | None = None  # why it was stopped

    def held(self, compute: Callable[[], Any], failed: Any) -> Any:
        """Return what is computed; `failed` once something has come up, with which POUNCE is stopped."""
        if self.left is None:
            try:
                return compute()
            except BaseException as error:
                self.left = error
        return failed

    def objective(self, z: Array) -> float:
        """Return f."""
        return float(self.held(lambda: self.asked.value(z), math.nan))

    def gradient(self, z: Array) -> Array:
        """Return the gradient of f."""
        return self.held(lambda: self.first(z), z * math.nan)

    def first(self, z: Array) -> Array:
        """Return the gradient at a point that it has accepted."""
        found = self.asked.gradient(z)
        self.asked.passed_if_new(z, self.asked.value(z))
        return found

    def constraints(self, z: Array) -> Array:
        """Return c."""
        return self.held(lambda: self.asked.constraints(z), self.asked.equalities * math.nan)

    def jacobianstructure(self) -> tuple[Array, Array]:
        """Return where c' has entries."""
        return self.places(self.asked.objective.jacobian_sparsity, rows_too=False)[:2] if self.asked.is_constrained else nothing()

    def jacobian(self, z: Array) -> Array:
        """Return the entries of c'."""
        if not self.asked.is_constrained:
            return z[:0]
        kept = self.places(self.asked.objective.jacobian_sparsity, rows_too=False)[2]
        return self.held(lambda: self.asked.jacobian_entries(z)[kept], kept * math.nan)

    def intermediate(self, *facts: Any, **more: Any) -> bool:
        """Return whether it is to go on."""
        return self.left is None

    def places(self, sparsity: Sparsity, rows_too: bool) -> tuple[Array, Array, Array]:
        """Return rows and columns of a matrix's entries among the free variables, and which of all entries they are.

        Where the rows are variables, too, the matrix is symmetric, and its lower triangle is enough.
        """
        import numpy as np

        places = np.full(self.asked.objective.space.dimension, -1)
        places[self.asked.free] = np.arange(self.asked.dimension)
        columns = places[sparsity.columns]
        rows = places[sparsity.rows] if rows_too else np.array(sparsity.rows, dtype=int)
        kept = np.flatnonzero((rows >= 0) & (columns >= 0) & ((rows >= columns) | (not rows_too)))
        return rows[kept], columns[kept], kept


class Model(Learned):
    """The objective with second derivatives."""

    def hessianstructure(self) -> tuple[Array, Array]:
        """Return where the lower triangle of the Lagrangian's Hessian has entries."""
        n = self.asked.dimension
        if self.is_small:
            whole = full(n, n)
            lower = whole.rows >= whole.columns
            return whole.rows[lower], whole.columns[lower]
        return self.places(self.asked.objective.lagrangian_sparsity, rows_too=True)[:2]

    def hessian(self, z: Array, multipliers: Array, factor: float) -> Array:
        """Return these entries of the Hessian of factor*f + multipliers'c."""
        rows, columns = self.hessianstructure()
        if self.is_small:
            return self.held(lambda: factor * self.asked.hessian(z)[rows, columns], rows * math.nan)
        kept = self.places(self.asked.objective.lagrangian_sparsity, rows_too=True)[2]
        return self.held(lambda: self.asked.lagrangian_entries(z, factor, multipliers)[kept], kept * math.nan)

    @property
    def is_small(self) -> bool:
        """Whether the Hessian of f is taken as a whole."""
        return not self.asked.is_constrained and self.asked.dimension <= DENSE


def nothing() -> tuple[Array, Array]:
    """Return the places of a matrix without entries."""
    import numpy as np

    return np.zeros(0, dtype=int), np.zeros(0, dtype=int)


METHOD = Method(
    name="pounce-nlp",
    summary="POUNCE: IPOPT's interior-point method in Rust, with exact sparse derivatives, for constraints and bounds.",
    source="A. Wächter & L. T. Biegler 2006, Math. Program. 106; J. Kitchin, POUNCE (the package pounce-solver)",
    adapter=pounce,
    options=PounceOptions,
    uses=frozenset({"value", "gradient", "hessian"}),
    constraints=True,
    library="pounce",
)
