"""Linear and quadratic programs as HiGHS asks for them, read off an objective that is one, with HiGHS as its own package has it.

program = program_of(asked, quadratic=False)
ended = solved(program, {"solver": "simplex"})
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from optbench.arithmetic.sparsity import Sparsity, full

from .method import Outcome
from .scipy_bridge import Array, Evaluations, sentence
from .silence import silence

OPTIMAL = "its solution is optimal within its tolerance"
FAILED = {
    "Infeasible": "it found the constraints infeasible",
    "Unbounded": "it found the function unbounded",
    "Primal infeasible or unbounded": "it found the constraints infeasible, or the function unbounded",
    "Iteration limit reached": "its iterations are over",
    "Time limit reached": "its time is over",
}
IN_TIME = 0.9  # part of what is left of the time after which it ends by itself, with its best point
DENSE = 100  # variables up to which the Hessian of an unconstrained problem is taken as a whole
FEASIBLE = 2  # its word for a point that satisfies all


class Columns(NamedTuple):
    """A sparse matrix, column by column."""

    start: Array
    index: Array
    value: Array


@dataclass(frozen=True)
class Program:
    """Minimise x'H x/2 + g'x, where rows_lower <= A x <= rows_upper and lower <= x <= upper; of H there is the lower triangle."""

    H: Columns | None
    g: Array
    A: Columns
    rows_lower: Array
    rows_upper: Array
    lower: Array
    upper: Array
    integers: Array  # the places of unknowns that are whole numbers

    def held(self, places: Array, x: Array) -> Program:
        """Return the program in which the unknowns at these places are those of x, and none has to be whole."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[places] = upper[places] = x[places]
        return replace(self, lower=lower, upper=upper, integers=places[:0])


class Solved(NamedTuple):
    """Where it ended, shape (n,), and its word for how; `feasible` is what it says of the point itself."""

    x: Array
    status: str
    feasible: bool


def program_of(asked: Evaluations, quadratic: bool) -> Program:
    """Return the program that an objective with these derivatives at the start is."""
    import numpy as np

    x, m = asked.start, len(asked.equalities)
    rows, columns, entries = _jacobian(asked)
    right = np.bincount(rows, entries * x[columns], m) - asked.constraints(x) if m else np.zeros(0)
    g, H = asked.gradient(x), None
    if quadratic:
        i, j, curvature = _hessian(asked)
        g = g - np.bincount(i, curvature * x[j], len(x))
        lower = i >= j
        H = _columns(i[lower], j[lower], curvature[lower], len(x))
    below = np.where(asked.equalities, right, -np.inf)
    return Program(H, g, _columns(rows, columns, entries, len(x)), below, right, asked.lower, asked.upper, asked.integers)


def _jacobian(asked: Evaluations) -> tuple[Array, Array, Array]:
    """Return c' at the start, entry by entry, for the variables that are free."""
    import numpy as np

    if not asked.is_constrained:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0)
    sparsity = asked.objective.jacobian_sparsity
    return _free(asked, Sparsity(sparsity.rows, sparsity.columns, sparsity.shape), asked.jacobian_entries(asked.start), rows_too=False)


def _hessian(asked: Evaluations) -> tuple[Array, Array, Array]:
    """Return f'' at the start, entry by entry, for the variables that are free."""
    import numpy as np

    n = asked.dimension
    if not asked.is_constrained and n <= DENSE:
        whole = full(n, n)
        return whole.rows, whole.columns, asked.hessian(asked.start)[whole.rows, whole.columns]
    entries = asked.lagrangian_entries(asked.start, 1.0, np.zeros(len(asked.equalities)))
    return _free(asked, asked.objective.lagrangian_sparsity, entries, rows_too=True)


def _free(asked: Evaluations, sparsity: Sparsity, entries: Array, rows_too: bool) -> tuple[Array, Array, Array]:
    import numpy as np

    places = np.full(asked.objective.space.dimension, -1)
    places[asked.free] = np.arange(asked.dimension)
    rows = places[sparsity.rows] if rows_too else np.array(sparsity.rows, dtype=int)
    columns = places[sparsity.columns]
    kept = (rows >= 0) & (columns >= 0)
    return rows[kept], columns[kept], np.array(entries, dtype=float)[kept]


def _columns(rows: Array, columns: Array, entries: Array, n: int) -> Columns:
    import numpy as np

    order = np.lexsort((rows, columns))
    start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=n))])
    return Columns(start.astype(np.int32), rows[order].astype(np.int32), entries[order])


def solved(program: Program, options: Mapping[str, Any], seconds: float) -> Solved:
    """Return where HiGHS ends, within so many seconds; it prints nothing, and runs in one thread."""
    import highspy
    import numpy as np

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.g), len(program.rows_upper)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.g, program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.rows_lower, program.rows_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = program.A
    if len(program.integers):
        whole = set(program.integers.tolist())
        lp.integrality_ = [highspy.HighsVarType.kInteger if i in whole else highspy.HighsVarType.kContinuous for i in range(lp.num_col_)]
    with silence():
        solver = highspy.Highs()
        settings = {"output_flag": False, "parallel": "off", "threads": 1, **options}
        for name, value in (settings | ({"time_limit": IN_TIME * seconds} if math.isfinite(seconds) else {})).items():
            solver.setOptionValue(name, value)
        solver.passModel(lp)
        if program.H is not None:
            hessian = highspy.HighsHessian()
            hessian.dim_, hessian.format_ = lp.num_col_, highspy.HessianFormat.kTriangular
            hessian.start_, hessian.index_, hessian.value_ = program.H
            solver.passHessian(hessian)
        solver.run()
    status = solver.modelStatusToString(solver.getModelStatus())
    x = np.array(solver.getSolution().col_value, dtype=float)
    return Solved(x if len(x) else program.lower * math.nan, status, int(solver.getInfo().primal_solution_status) == FEASIBLE)


def failed(found: Solved) -> Outcome:
    """Return the outcome of a run without an answer."""
    return Outcome(False, FAILED.get(found.status) or sentence(found.status))
