"""Linear and quadratic programs as CasADi's solvers of them ask for it, read off an objective that is one.

program = program_of(asked, Model(asked), quadratic=True)
ended = solved(program, "osqp", {"osqp": {...}})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from optbench.arithmetic.sparsity import Sparsity

from .casadi_bridge import Model
from .scipy_bridge import Array, Evaluations
from .silence import silence


@dataclass(frozen=True)
class Program:
    """Minimise x'H x/2 + g'x, where rows_lower <= A x <= rows_upper and lower <= x <= upper; matrices are CasADi's."""

    H: Any
    g: Array
    A: Any
    rows_lower: Array
    rows_upper: Array
    lower: Array
    upper: Array
    integers: Array  # the places of unknowns that are whole numbers

    def is_convex(self, margin: float = 0.0) -> bool:
        """Return whether H is positive semidefinite, as far as doubles tell; or definite by a margin, relative to its diagonal."""
        import numpy as np

        from optbench.arithmetic.casadi_definiteness import is_positive_semidefinite

        rows, columns = (np.array(places, dtype=int) for places in self.H.sparsity().get_triplet())
        sparsity = Sparsity(rows, columns, (len(self.g), len(self.g)))
        return is_positive_semidefinite(sparsity, np.array(self.H.nonzeros()), margin)

    def held(self, places: Array, x: Array) -> Program:
        """Return the program in which the unknowns at these places are those of x, and none has to be whole."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[places] = upper[places] = x[places]
        return replace(self, lower=lower, upper=upper, integers=places[:0])


class Solved(NamedTuple):
    """Where a solver ended, shape (n,), and its word for how; `feasible` is what it says of the point itself."""

    x: Array
    status: str
    feasible: bool


def program_of(asked: Evaluations, model: Model, quadratic: bool) -> Program:
    """Return the program that an objective with these derivatives at the start is."""
    import casadi
    import numpy as np

    x, J = asked.start, model.jacobian()
    A = casadi.DM(J.pattern, model.jacobian_at(J, x))
    right = np.array(A @ casadi.DM(x)).ravel() - asked.constraints(x) if model.m else np.zeros(0)
    g, H = asked.gradient(x), casadi.DM(model.n, model.n)
    if quadratic:
        curvature = model.hessian(triangle=False)
        H = casadi.DM(curvature.pattern, model.hessian_at(curvature, x, np.ones(1), np.zeros(model.m)))
        g = g - np.array(H @ casadi.DM(x)).ravel()
    lower = np.where(asked.equalities, right, -np.inf)
    return Program(H, g, A, lower, right, asked.lower, asked.upper, asked.integers)


def solved(program: Program, plugin: str, options: Mapping[str, Any]) -> Solved:
    """Return where the solver of that name ends."""
    import casadi
    import numpy as np

    settings = {"print_time": False, "error_on_fail": False, **options}
    if len(program.integers):
        settings["discrete"] = np.isin(np.arange(len(program.g)), program.integers).tolist()
    solver = casadi.conic("solver", plugin, {"h": program.H.sparsity(), "a": program.A.sparsity()}, settings)
    bounds = {"lba": program.rows_lower, "uba": program.rows_upper, "lbx": program.lower, "ubx": program.upper}
    with silence():
        result = solver(h=program.H, g=program.g, a=program.A, **bounds)
    stats = solver.stats()
    return Solved(np.array(result["x"]).ravel(), str(stats["return_status"]), stats.get("primal_solution_status") == "Feasible")
