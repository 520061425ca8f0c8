"""What the adapters of CasADi's solvers share: the objective as functions of CasADi, and a solver that stops when told.

CasADi prints an exception of Python and goes on, whatever it was. So none reaches it: after the first one its functions
return nan, its iteration callback says stop, and `Evaluations.outcome` raises the exception when the solver has gone. The
functions fill CasADi's own memory, and know where derivatives have entries:

    model = Model(asked)
    solve = model.solver("ipopt", {"grad_f": model.function("grad_f", ...)}, {"ipopt": {...}})
    ended = solve(asked.start)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from optbench.arithmetic.sparsity import Sparsity, full

from .scipy_bridge import Abandoned, Array, Evaluations

DENSE = 100  # variables up to which the Hessian of an unconstrained problem is taken as a whole

QUIET = {
    "print_time": False,
    "show_eval_warnings": False,
    "no_nlp_grad": True,  # for it CasADi would derive our functions
    "calc_lam_p": False,
    "error_on_fail": False,
}


class Matrix(NamedTuple):
    """A sparse matrix of the objective as CasADi stores it: column by column, upwards by row."""

    pattern: Any  # CasADi's
    order: Array  # of the objective's entries

    def entries(self, values: Array) -> Array:
        """Return the objective's entries as CasADi's."""
        return values[self.order]


class Ended(NamedTuple):
    """How a solver of CasADi ended."""

    x: Array
    value: float
    status: str  # its word for it
    slackness: float  # greatest product of a multiplier with the distance from its bound


class Model:
    """The objective as functions of CasADi, and what else must stay alive as long as a solver."""

    def __init__(self, asked: Evaluations) -> None:
        self.asked = asked
        self.n, self.m = asked.dimension, len(asked.equalities)
        self._alive: list[Any] = []

    # ---- the objective ----------------------------------------------------------------------------------------------------------

    @property
    def vector(self) -> Any:
        """The pattern of a point."""
        return column(self.n)

    @property
    def residuals(self) -> Any:
        """The pattern of c(x)."""
        return column(self.m)

    def jacobian(self) -> Matrix:
        """Return the pattern of c'."""
        import numpy as np

        if not self.m:
            return matrix(full(0, self.n), np.arange(0), np.arange(self.n))
        return matrix(self.asked.objective.jacobian_sparsity, np.arange(self.m), self._places())

    def jacobian_at(self, found: Matrix, x: Array) -> Array:
        """Return the entries of c'(x)."""
        return found.entries(self.asked.jacobian_entries(x)) if self.m else x[:0]

    def hessian(self, triangle: bool) -> Matrix:
        """Return the pattern of the Lagrangian's Hessian: all of it, or its upper triangle."""
        import numpy as np

        if self._takes_whole_hessians():
            return matrix(full(self.n, self.n), np.arange(self.n), np.arange(self.n), triangle)
        return matrix(self.asked.objective.lagrangian_sparsity, self._places(), self._places(), triangle)

    def hessian_at(self, found: Matrix, x: Array, factor: Array, multipliers: Array) -> Array:
        """Return the entries of the Hessian of factor*f + multipliers'c."""
        if self._takes_whole_hessians():
            return found.entries(factor[0] * self.asked.hessian(x).ravel())
        return found.entries(self.asked.lagrangian_entries(x, float(factor[0]), multipliers))

    def _takes_whole_hessians(self) -> bool:
        return not self.m and self.n <= DENSE

    def _places(self) -> Array:
        """For each variable its place among those that are free, -1 where it is fixed."""
        import numpy as np

        places = np.full(self.asked.objective.space.dimension, -1)
        places[self.asked.free] = np.arange(self.n)
        return places

    # ---- functions --------------------------------------------------------------------------------------------------------------

    def function(
        self, name: str, inputs: Sequence[Any], outputs: Sequence[tuple[Any, Callable[..., Any]]], failed: float = math.nan
    ) -> Any:
        """Return a function of CasADi from the patterns of its arguments, and patterns and functions for its results.

        Results that CasADi doesn't ask for are not computed; once something came up they are all `failed`.
        """
        import numpy as np

        asked = self.asked

        def fill(arguments: Sequence[Any], results: Sequence[Any]) -> int:
            try:
                given = [np.frombuffer(memory) if memory is not None else None for memory in arguments]
                for memory, (_, compute) in zip(results, outputs, strict=True):
                    if memory is not None:
                        np.frombuffer(memory)[:] = compute(*given)
            except BaseException as error:
                if not isinstance(error, Abandoned):
                    asked.error = asked.error or error
                for memory in results:
                    if memory is not None:
                        np.frombuffer(memory)[:] = failed
            return 0

        made = _filled()(name, inputs, [pattern for pattern, _ in outputs], fill)
        self._alive.append(made)
        return made

    def _callback(self) -> Any:
        """Return what CasADi calls after each iteration: it is passed on, and 1 means stop."""
        outputs = {"x": self.vector, "f": column(1), "g": self.residuals, "lam_x": self.vector, "lam_g": self.residuals, "lam_p": column(0)}

        def iterate(x: Array | None, value: Array | None, *others: Array) -> float:
            if self.asked.error is None and x is not None:
                self.asked.passed_if_new(x, None if value is None else float(value[0]))
            return 0.0 if self.asked.error is None else 1.0

        return self.function("iterate", list(outputs.values()), [(column(1), iterate)], failed=1.0)

    # ---- the solver ---------------------------------------------------------------------------------------------------------------

    def solver(self, plugin: str, derivatives: Mapping[str, Any], options: Mapping[str, Any]) -> Callable[[Array], Ended]:
        """Return a solver of CasADi as a function of the start."""
        import casadi
        import numpy as np

        asked = self.asked
        x = casadi.MX.sym("x", self.n)
        f = self.function("f", [self.vector], [(column(1), asked.value)])
        g = self.function("g", [self.vector], [(self.residuals, asked.constraints)]) if self.m else None
        problem = {"x": x, "f": f(x), "g": casadi.MX(0, 1) if g is None else g(x)}
        solver = casadi.nlpsol("solver", plugin, problem, {**QUIET, "iteration_callback": self._callback(), **derivatives, **options})
        bounds = {"x": (asked.lower, asked.upper), "g": (np.where(asked.equalities, 0.0, -np.inf), np.zeros(self.m))}
        given = {f"{end}b{name}": bound for name, pair in bounds.items() for end, bound in zip("lu", pair, strict=True)}

        def solve(start: Array) -> Ended:
            found = solver(x0=start, **given)
            slackness = max(_slackness(found[name], found[f"lam_{name}"], *bounds[name]) for name in bounds)
            return Ended(np.array(found["x"]).ravel(), float(found["f"]), _status(solver), slackness)

        return solve


def _status(solver: Any) -> str:
    """Return the solver's word for how it ended; CasADi itself stumbles where it has set none."""
    try:
        return str(solver.stats()["return_status"])
    except RuntimeError:
        return "Unknown"


def _slackness(values: Any, multipliers: Any, lower: Array, upper: Array) -> float:
    """Return the greatest product of a multiplier with the distance from its bound: the upper one if it is positive."""
    import numpy as np

    values, multipliers = np.array(values).ravel(), np.array(multipliers).ravel()
    distance = np.where(multipliers > 0, upper - values, values - lower)
    return float(np.max(np.where(multipliers == 0, 0.0, abs(multipliers * distance)), initial=0.0))


def matrix(sparsity: Sparsity, rows: Array, columns: Array, triangle: bool = False) -> Matrix:
    """Return those entries whose rows and columns have new places of at least 0, at these; or the upper triangle of them."""
    import casadi
    import numpy as np

    i, j = rows[sparsity.rows], columns[sparsity.columns]
    kept = np.flatnonzero((i >= 0) & (j >= 0) & ((i <= j) | (not triangle)))
    order = kept[np.lexsort((i[kept], j[kept]))]
    shape = (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    return Matrix(casadi.Sparsity.triplet(*shape, i[order].tolist(), j[order].tolist()), order)


def column(size: int) -> Any:
    """Return CasADi's pattern of a vector."""
    import casadi

    return casadi.Sparsity.dense(size, 1)


@cache
def _filled() -> Any:
    """Return the class of functions of CasADi that fill its memory; CasADi is imported with it."""
    import casadi

    class Filled(casadi.Callback):
        def __init__(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any], fill: Callable[..., int]) -> None:
            casadi.Callback.__init__(self)
            self.inputs, self.outputs, self.fill = inputs, outputs, fill
            self.construct(name, {})

        def get_n_in(self) -> int:
            return len(self.inputs)

        def get_n_out(self) -> int:
            return len(self.outputs)

        def get_sparsity_in(self, i: int) -> Any:
            return self.inputs[i]

        def get_sparsity_out(self, i: int) -> Any:
            return self.outputs[i]

        def has_eval_buffer(self) -> bool:
            return True

        def eval_buffer(self, arguments: Sequence[Any], results: Sequence[Any]) -> int:
            return self.fill(arguments, results)

    return Filled
