"""Solvers of other libraries, called as their own users would call them: what `profiles.py` compares `auto` with.

Each gets the function, its gradient, the constraints and their Jacobian as optbench compiled them (`Counted`, the same for
all, counted as they are called), and bounds and constraints in the form that it has for them. IPOPT gets the expressions
themselves and takes CasADi's exact derivatives. Options are the solvers' own defaults.

    run = SOLVERS["SLSQP"](function, start)
    outcome = run()                          # only this is timed
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import casadi
import numpy as np
from scipy.optimize import LinearConstraint, NonlinearConstraint, minimize

from optbench.arithmetic.casadi_functions import translated
from optbench.arithmetic.casadi_graph import lacking, prepared
from optbench.language.linear import is_linear
from optbench.workbench.function import Function

Array = np.ndarray[Any, np.dtype[np.float64]]


class DoesNotApply(Exception):
    """The solver has no place for what the problem has; the text is the reason."""


class Outcome(NamedTuple):
    """What a solver says."""

    x: list[float]
    claims: bool  # whether it says that it has succeeded
    words: str
    evaluations: int  # of the function, the constraints and their derivatives, one each


class Counted:
    """A problem's functions at flat arrays, shape (n,). Constraints are computed once where they are asked for again."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.calls = 0
        self.has_gradient = function.gradient_missing_because is None
        self.has_jacobian = function.constraint_gradient_missing_because is None
        self.lower, self.upper = (np.array(end) for end in zip(*function.closed_box, strict=True))
        self.equalities = np.array(function.equalities, dtype=bool)
        self._constraints = _remembered(self._all_constraints)
        self._jacobian = _remembered(self._all_jacobian)

    def point(self, x: Array) -> Any:
        return float(x[0]) if self.function.scalar else x

    def value(self, x: Array) -> float:
        self.calls += 1
        return self.function.value(self.point(x))

    def gradient(self, x: Array) -> Array:
        self.calls += 1
        return np.atleast_1d(self.function.gradient(self.point(x)))

    def constraints(self, x: Array, rows: Array) -> Array:
        """The residuals of these rows, shape (r,)."""
        return np.asarray(self._constraints(x)[rows])

    def jacobian(self, x: Array, rows: Array) -> Array:
        """Their derivatives, shape (r, n)."""
        return np.asarray(self._jacobian(x)[rows])

    def _all_constraints(self, x: Array) -> Array:
        self.calls += 1
        return np.asarray(self.function.constraints(self.point(x)))

    def _all_jacobian(self, x: Array) -> Array:
        self.calls += 1
        return np.asarray(self.function.jacobian_sparsity.dense(self.function.jacobian(self.point(x))))

    @property
    def linear_rows(self) -> Array:
        """Which residuals are linear, shape (m,)."""
        symbols = self.function.problem.symbols
        return np.array(
            [is_linear(part.residual, symbols) for part in self.function.parts for _ in range(math.prod(part.shape))], dtype=bool
        )


def _remembered(compute: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return the function with its last result kept."""
    last: list[tuple[bytes, Array]] = [(b"", np.zeros(0))]

    def found(x: Array) -> Array:
        key = x.tobytes()
        if last[0][0] != key:
            last[0] = (key, compute(x))
        return last[0][1]

    return found


# ---- SciPy -------------------------------------------------------------------------------------------------------------------


def scipy(method: str | None, function: Function, start: Sequence[float]) -> Callable[[], Outcome]:
    """Return a call of `scipy.optimize.minimize`; without a method it picks BFGS, L-BFGS-B or SLSQP."""
    f = Counted(function)
    if method == "L-BFGS-B" and function.constraint_count:
        raise DoesNotApply("it takes no constraints")
    given: dict[str, Any] = {"method": method, "jac": f.gradient if f.has_gradient else None}
    if function.has_bounds:
        given["bounds"] = [(None if math.isinf(low) else low, None if math.isinf(high) else high) for low, high in function.closed_box]
    if function.constraint_count:
        given["constraints"] = _objects(f, np.array(start)) if method == "trust-constr" else _dictionaries(f)
    f.calls = 0

    def run() -> Outcome:
        found = minimize(f.value, np.array(start), **given)
        return Outcome(np.atleast_1d(found.x).tolist(), bool(found.success), str(found.message), f.calls)

    return run


def _dictionaries(f: Counted) -> list[dict[str, Any]]:
    """The constraints for SLSQP: c = 0, and -c >= 0."""
    found = []
    for kind, sign, rows in (("eq", 1.0, np.flatnonzero(f.equalities)), ("ineq", -1.0, np.flatnonzero(~f.equalities))):
        if rows.size:
            slopes = {"jac": partial(_signed, f.jacobian, sign, rows)} if f.has_jacobian else {}
            found.append({"type": kind, "fun": partial(_signed, f.constraints, sign, rows), **slopes})
    return found


def _signed(compute: Callable[[Array, Array], Array], sign: float, rows: Array, x: Array) -> Array:
    return sign * compute(x, rows)


def _objects(f: Counted, start: Array) -> list[Any]:
    """The constraints for trust-constr: those that are linear as a matrix, the others as functions."""
    found: list[Any] = []
    linear = f.linear_rows if f.has_jacobian else np.zeros(len(f.equalities), dtype=bool)
    if linear.any():
        rows = np.flatnonzero(linear)
        A = f.jacobian(start, rows)
        b = A @ start - f.constraints(start, rows)
        found.append(LinearConstraint(A, np.where(f.equalities[rows], b, -np.inf), b))
    if not linear.all():
        rows = np.flatnonzero(~linear)
        slopes = {"jac": lambda x: f.jacobian(x, rows)} if f.has_jacobian else {}
        found.append(NonlinearConstraint(lambda x: f.constraints(x, rows), np.where(f.equalities[rows], 0.0, -np.inf), 0.0, **slopes))
    return found


# ---- IPOPT ---------------------------------------------------------------------------------------------------------------------


def ipopt(function: Function, start: Sequence[float]) -> Callable[[], Outcome]:
    """Return a call of CasADi's `nlpsol` with IPOPT and exact derivatives, which are made before."""
    problem = function.problem
    outputs = [problem.minimand, *(part.residual for part in function.parts)]
    name = lacking(*outputs, data=problem.data)
    if name is not None:
        raise DoesNotApply(f"CasADi lacks {name}")
    made = translated(outputs, prepared(outputs, problem.data), problem.symbols, problem.data)
    quiet = {"print_time": False, "show_eval_warnings": False, "ipopt": {"print_level": 0, "sb": "yes"}}
    solver = casadi.nlpsol("solver", "ipopt", {"x": made.point, "f": made.minimand, "g": made.residuals}, quiet)
    lower, upper = (np.array(end) for end in zip(*function.closed_box, strict=True))
    low = np.where(np.array(function.equalities, dtype=bool), 0.0, -np.inf)

    def run() -> Outcome:
        found = solver(x0=np.array(start), lbx=lower, ubx=upper, lbg=low, ubg=np.zeros(low.size))
        told = solver.stats()
        calls = sum(int(told[key]) for key in told if key.startswith("n_call_nlp_"))
        return Outcome(np.array(found["x"]).ravel().tolist(), bool(told["success"]), str(told["return_status"]), calls)

    return run


SOLVERS: Mapping[str, Callable[[Function, Sequence[float]], Callable[[], Outcome]]] = {
    "SciPy default": partial(scipy, None),
    "SLSQP": partial(scipy, "SLSQP"),
    "L-BFGS-B": partial(scipy, "L-BFGS-B"),
    "trust-constr": partial(scipy, "trust-constr"),
    "IPOPT": ipopt,
}
