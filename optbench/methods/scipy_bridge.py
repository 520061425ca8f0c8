"""What foreign solvers share: the objective as they ask for it, and how they are stopped; then SciPy's `minimize`.

A foreign solver asks for values at arrays that it may reuse, catches exceptions as it likes, and calls back with a point.
`Evaluations` stands between it and the objective: points are copied and projected onto the box, entries that bounds hold
fixed are put in, what was asked for last is remembered, and the first exception that comes up (a limit, an error, Ctrl-C)
ends the solver and is raised again when it is gone:

    asked = Evaluations(objective, x, value, accept)
    return asked.outcome(lambda: told(solve(asked.value, asked.start, callback=asked.iterate)))

Files of methods import numpy, SciPy and CasADi only inside of functions: to list the methods costs nothing.
"""

from __future__ import annotations

import math
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from optbench.arithmetic.sparsity import Sparsity

from .method import Accept, Constrained, Outcome
from .space import EPSILON, Point

Array = Any  # of numpy, with floats

FOREVER = 10**9  # iterations or evaluations: the engine limits, not the library
HOPELESS = 1000  # requests and iterates in a row that bring nothing new, after which a solver is given up
ROUNDING = 4 * EPSILON
STEEPEST = 1e4  # with a gradient of 1e6 and bounds, SLSQP claims success at its start
SMALLEST_UNIT = 1e-30
NEXT_TO_BOUND = 1e-6
REMEMBERED = 256  # points at which the constraints are remembered, at most
LARGE = 1_000_000  # numbers remembered for that
FALLS_LITTLE = 10 * EPSILON  # relative change of the value that is no progress
NO_GRADIENT = Outcome(False, "the gradient is not defined at the start")
LOST = Outcome(False, "it asked for the same points again and again")
NOWHERE = Outcome(False, "the function is not defined where it ended")
NO_LAST_GRADIENT = Outcome(False, "the gradient is not defined at the last iterate")
MORE_EQUATIONS = Outcome(False, "it handles no more equations than variables")
ALL_FIXED = "the range leaves one point only"


class Abandoned(BaseException):
    """Leaves a solver, whatever it catches; the reason is `Evaluations.error`."""


class _Known(NamedTuple):
    """What was found at a point."""

    key: Any
    x: Point
    found: Any


class Evaluations:
    """The objective and its constraints for a solver whose points are arrays of the entries that bounds don't fix.

    Every exception of the objective and of `accept` passes: `outcome` raises it again once the solver has gone. Solvers
    that ask for gradients see the objective divided by `unit`, since their tolerances are absolute.
    """

    def __init__(self, objective: Constrained, x: Point, value: float, accept: Accept) -> None:
        import numpy as np

        self.objective, self._accept = objective, accept
        self.error: BaseException | None = None
        self.undefined: str | None = None  # what was last found to be undefined somewhere
        self._whole = np.array(np.atleast_1d(x), dtype=float)
        lower, upper = np.atleast_1d(objective.lower), np.atleast_1d(objective.upper)
        self.free = np.flatnonzero(lower < upper)
        self.start, self.lower, self.upper = self._whole[self.free], lower[self.free], upper[self.free]
        self.integers = np.flatnonzero(np.isin(self.free, objective.integers))  # places among the free entries
        bounds = [bound for bound in (self.lower, self.upper) if np.isfinite(bound).any()]
        self._margins = [(bound, np.where(np.isfinite(bound), ROUNDING * abs(bound), -1.0)) for bound in bounds]
        self.equalities = np.array(objective.equalities if objective.constraint_count else [], dtype=bool)
        self._first = self._lowest = self._last = self._iterate = _Known(self._key(x), x, value)
        self._asked_last: tuple[bytes | None, Point, Any] = (None, x, None)  # an array of the solver, its point and the key of that
        self._moved = False  # whether an iterate has been passed on
        self._others: dict[str, _Known] = {}  # by kind, at the point last asked for
        self._residuals: OrderedDict[Any, Array] = OrderedDict()  # the constraints at the last points
        self._remembers = max(1, min(REMEMBERED, LARGE // max(1, len(self.equalities))))
        self._idle = 0  # requests and iterates since the last that was new
        self.unit = 1.0  # a power of 2, so that nothing is rounded

    @property
    def dimension(self) -> int:
        """The number of entries that are free."""
        return len(self.free)

    @property
    def is_constrained(self) -> bool:
        """Whether there are constraints."""
        return len(self.equalities) > 0

    # ---- points ---------------------------------------------------------------------------------------------------------

    def point(self, z: Any) -> Point:
        """Return the point of the box at, or nearest to, an array of the solver; rounding next to a bound is taken back."""
        return self._place(z)[0]

    def _place(self, z: Any) -> tuple[Point, Any]:
        """The point and its key. Solvers ask for several things at a point in a row, so the last one is remembered."""
        import numpy as np

        z = np.asarray(z, dtype=float)
        asked = z.tobytes()
        if asked != self._asked_last[0]:
            for bound, margin in self._margins:
                z = np.where(abs(z - bound) <= margin, bound, z)
            self._whole[self.free] = z
            whole: Any = self._whole  # not a list of it, which took a third of the time with many variables
            x = self.objective.project(self.objective.space.point(whole))
            self._asked_last = asked, x, self._key(x)
        return self._asked_last[1:]

    def _key(self, x: Point) -> Any:
        return x if isinstance(x, float) else x.tobytes()

    # ---- what a solver asks for ---------------------------------------------------------------------------------------------

    def value(self, z: Any) -> float:
        """Return f, nan where it is undefined."""
        x, key = self._place(z)
        known = self._value_at(key)
        self._wait(known is not None)
        if known is None:
            known = self._last = _Known(key, x, float(self._evaluated("the function", self.objective.value, x)))
            if known.found < self._lowest.found:
                self._lowest = known
        return float(known.found) / self.unit

    def _wait(self, in_vain: bool) -> None:
        """Give a solver up that has gone on too long without anything new."""
        self._idle = self._idle + 1 if in_vain else 0
        if self._idle > HOPELESS:
            raise Abandoned

    def _value_at(self, key: Any) -> _Known | None:
        """What is remembered of the function at a point."""
        return next((known for known in (self._last, self._lowest, self._first) if known.key == key), None)

    def value_or_inf(self, z: Any) -> float:
        """Return f, inf where it is undefined."""
        value = self.value(z)
        return math.inf if math.isnan(value) else value

    def gradient(self, z: Any) -> Array:
        """Return the gradient of f, shape (n,)."""
        import numpy as np

        whole = self._remembered("the gradient", self.objective.gradient, z, len(self._whole))
        return np.array(np.atleast_1d(whole)[self.free], dtype=float) / self.unit

    def hessian(self, z: Any) -> Array:
        """Return the Hessian of f, shape (n, n)."""
        import numpy as np

        n = len(self._whole)
        whole = self._remembered("the Hessian", self.objective.hessian, z, (n, n))
        return np.array(np.atleast_2d(whole)[np.ix_(self.free, self.free)], dtype=float) / self.unit

    def constraints(self, z: Any) -> Array:
        """Return c, shape (m,); remembered for some points, as solvers look back."""
        import numpy as np

        if not self.is_constrained:
            return np.zeros(0)
        x, key = self._place(z)
        if key not in self._residuals:
            self._residuals[key] = self._evaluated("a constraint", self.objective.constraints, x, len(self.equalities))
            if len(self._residuals) > self._remembers:
                self._residuals.popitem(last=False)
        return np.array(self._residuals[key], dtype=float)

    def constraints_or_inf(self, z: Any) -> Array:
        """Return c, inf where it is undefined: comparisons with nan let SciPy take it for satisfied."""
        import numpy as np

        c = self.constraints(z)
        return np.where(np.isnan(c), np.inf, c)

    def jacobian_entries(self, z: Any) -> Array:
        """Return the entries of c' in the order of the objective's sparsity, those of fixed variables too."""
        size = len(self.objective.jacobian_sparsity.rows)
        return self._remembered("a derivative of a constraint", self.objective.jacobian, z, size)

    def jacobian(self, z: Any) -> Array:
        """Return c', shape (m, n)."""
        return self.objective.jacobian_sparsity.dense(self.jacobian_entries(z))[:, self.free]

    def lagrangian_entries(self, z: Any, factor: float, multipliers: Any) -> Array:
        """Return the entries of the Hessian of factor*f + multipliers'c, those of fixed variables too."""
        import numpy as np

        size = len(self.objective.lagrangian_sparsity.rows)
        given = np.array(multipliers, dtype=float)
        return self._evaluated(
            "the Hessian", lambda x: self.objective.lagrangian_hessian(x, factor / self.unit, given), self.point(z), size
        )

    def sparse_jacobian(self, z: Any) -> Any:
        """Return c' as a sparse array of SciPy, shape (m, n)."""
        return self._sparse(self.objective.jacobian_sparsity, self.jacobian_entries(z))[:, self.free]

    def sparse_curvature(self, z: Any, factor: float, multipliers: Any) -> Any:
        """Return the Hessian of factor*f + multipliers'c as a sparse array of SciPy, shape (n, n)."""
        whole = self._sparse(self.objective.lagrangian_sparsity, self.lagrangian_entries(z, factor, multipliers))
        return whole[self.free][:, self.free]

    def _sparse(self, sparsity: Sparsity, entries: Array) -> Any:
        from scipy.sparse import csr_array

        return csr_array((entries, (sparsity.rows, sparsity.columns)), shape=sparsity.shape)

    def constraint_curvature(self, z: Any, multipliers: Any) -> Array:
        """Return the Hessian of multipliers'c, shape (n, n)."""
        import numpy as np

        whole = self.objective.lagrangian_sparsity.dense(self.lagrangian_entries(z, 0.0, multipliers))
        return whole[np.ix_(self.free, self.free)]

    def _remembered(self, kind: str, evaluate: Callable[[Point], Any], z: Any, shape: Any) -> Any:
        x, key = self._place(z)
        known = self._others.get(kind)
        if known is None or known.key != key:
            known = _Known(key, x, self._evaluated(kind, evaluate, x, shape))
            self._others[kind] = known
        return known.found

    def _evaluated(self, kind: str, evaluate: Callable[[Point], Any], x: Point, shape: Any = None) -> Any:
        """Return what is asked for; nan, in that shape, at a point that is none."""
        if self.error is not None:
            raise Abandoned
        if not self.objective.space.is_finite(x):
            self.undefined = kind
            self._wait(True)
            if shape is None:
                return math.nan
            import numpy as np

            return np.full(shape, math.nan)
        try:
            found = evaluate(x)
        except BaseException as error:
            self.error = error
            raise Abandoned from None
        if not _is_finite(found):
            self.undefined = kind
        return found

    # ---- iterates -----------------------------------------------------------------------------------------------------------

    def called_with_result(self) -> Callable[[Any], None]:
        """Return SciPy's callback, which knows by the argument's name that it gets a result; older versions pass the point."""

        def iterate(intermediate_result: Any) -> None:
            self.passed(getattr(intermediate_result, "x", intermediate_result), getattr(intermediate_result, "fun", None))

        return iterate

    def called_with_best(self) -> Callable[[Any], None]:
        """The same, where the library calls back after every evaluation with the best point: each is passed on once."""

        def iterate(intermediate_result: Any) -> None:
            self.passed_if_new(getattr(intermediate_result, "x", intermediate_result), getattr(intermediate_result, "fun", None))

        return iterate

    def passed(self, z: Any, value: float | None = None) -> None:
        """Pass on a point with its value: as remembered, else as the library tells it, else the last point evaluated.

        The start has been passed on before, and a point at which the function is undefined or infinite is no iterate.
        """
        if self.error is not None:
            raise Abandoned
        x, key = self._place(z)
        if not self._moved and key == self._first.key:
            return
        known = self._value_at(key) or (self._last if value is None else _Known(key, x, float(value) * self.unit))
        if math.isnan(known.found) or known.found == math.inf:
            return
        self._wait(known.key == self._iterate.key)
        self._iterate, self._moved = known, True
        try:
            self._accept(self._iterate.x, self._iterate.found)
        except BaseException as error:
            self.error = error
            raise Abandoned from None

    def passed_if_new(self, z: Any, value: float | None = None) -> None:
        """Pass on a point, unless it was the last iterate."""
        if z is not None and self._place(z)[1] != self._iterate.key:
            self.passed(z, value)

    def pushed_onto_bounds(self) -> None:
        """Pass on the point that an interior-point method, which never touches bounds, means by its last iterate.

        It has the bounds that the last iterate is next to and leans on; it is passed on if its value is no higher.
        """
        import numpy as np

        if self.is_constrained:
            return
        x = np.atleast_1d(self._iterate.x)[self.free]
        z, g = x.copy(), self.gradient(x)
        for bound, sign in ((self.lower, 1.0), (self.upper, -1.0)):
            near = abs(x - bound) <= np.minimum(NEXT_TO_BOUND * np.maximum(1.0, abs(bound)), sign * g)
            z[near] = bound[near]
        if (z != x).any() and self.value(z) <= self._iterate.found / self.unit:
            self.passed(z)

    # ---- the run ------------------------------------------------------------------------------------------------------------

    def outcome(self, solve: Callable[[], Outcome], gradients: bool = True, steepest: float = math.inf) -> Outcome:
        """Return what `solve` does, or raise what came up in the objective; warnings of libraries are not shown.

        A library that raises something of its own where values were undefined has stalled; else it has crashed. With
        `gradients` there has to be one at the start, and `unit` is chosen by it; it shall not be steeper than `steepest`.
        """
        if not self.dimension:
            return Outcome(not self.is_constrained, ALL_FIXED)
        ended: Outcome | None = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ended = NO_GRADIENT if gradients and not self._measured(steepest) else solve()
            except Abandoned:
                ended = LOST
            except Exception:
                if self.error is None and self.undefined is None:
                    raise
        if self.error is not None:
            raise self.error
        return ended or Outcome(False, f"it broke down, since {self.undefined} is not defined everywhere")

    def _measured(self, steepest: float) -> bool:
        """Whether there is a gradient at the start. Where it is small, and the value too, `unit` becomes their size."""
        slope = float(abs(self.gradient(self.start)).max())
        if 0 < slope < 1:
            size = max(slope, abs(self._first.found), SMALLEST_UNIT)
            self.unit = 2.0 ** min(0, math.floor(math.log2(size)))
        elif steepest < slope < math.inf:
            self.unit = 2.0 ** math.ceil(math.log2(slope / steepest))
        return math.isfinite(slope)


def _is_finite(found: Any) -> bool:
    import numpy as np

    return math.isfinite(found) if isinstance(found, float) else bool(np.isfinite(found).all())


# ---- SciPy ------------------------------------------------------------------------------------------------------------------


def minimized(asked: Evaluations, method: str, reasons: Mapping[str, str], **arguments: Any) -> Outcome:
    """Run a local solver of SciPy and return its outcome; see `told` for the reasons."""
    return told(asked, minimize(asked, method, **arguments), reasons)


def minimize(asked: Evaluations, method: str, **arguments: Any) -> Any:
    """Run a solver of `scipy.optimize.minimize` and return its result; by default its iterates are those it calls back with."""
    from scipy.optimize import minimize

    arguments = {"fun": asked.value, "x0": asked.start, "callback": asked.called_with_result(), **arguments}
    return minimize(method=method, **arguments)


def told(asked: Evaluations, result: Any, reasons: Mapping[str, str]) -> Outcome:
    """Return the outcome of a solver's result: the first of `reasons` whose key is a part of its message, else the message."""
    asked.passed_if_new(result.get("x"), result.get("fun"))
    if result.get("fun") is not None and not result.fun < math.inf:
        return NOWHERE
    if not _is_finite(result.get("jac", 0.0)):
        return NO_LAST_GRADIENT
    said = result.get("message", "")
    message = " ".join(("; ".join(said) if isinstance(said, list) else str(said)).replace("_", " ").split())
    reason = next((words for part, words in reasons.items() if part.lower() in message.lower()), None)
    return Outcome(bool(result.get("success", False)), reason or sentence(message))


def sentence(message: str) -> str:
    """Return a library's message as a sentence without its full stop.

    >>> sentence("Iteration limit reached. ")
    'it says: Iteration limit reached'
    """
    return f"it says: {message.strip().rstrip('.')}" if message.strip() else "it ended without a word"


def bounds_of(asked: Evaluations) -> Any:
    """Return SciPy's bounds, to be kept at every iterate; None where there are none."""
    import numpy as np
    from scipy.optimize import Bounds

    if not (np.isfinite(asked.lower).any() or np.isfinite(asked.upper).any()):
        return None
    return Bounds(asked.lower, asked.upper, keep_feasible=True)


def constraint_of(asked: Evaluations, **derivatives: Any) -> list[Any]:
    """Return the constraints as none or one of SciPy's objects."""
    import numpy as np
    from scipy.optimize import NonlinearConstraint

    if not asked.is_constrained:
        return []
    return [NonlinearConstraint(asked.constraints_or_inf, np.where(asked.equalities, 0.0, -np.inf), 0.0, **derivatives)]


def gradient_search(asked: Evaluations) -> dict[str, Any]:
    """Return the arguments of `minimize` for the local searches of a global solver: L-BFGS-B with our gradients."""
    settings = {"gtol": asked.objective.tolerance, "ftol": FALLS_LITTLE}
    return {"method": "L-BFGS-B", "jac": asked.gradient, "bounds": bounds_of(asked), "options": settings}


def separate_constraints(asked: Evaluations) -> list[dict[str, Any]]:
    """Return the constraints as SciPy's older dictionaries: g(x) >= 0 and h(x) = 0, as far as there are any."""
    kinds = (("ineq", ~asked.equalities, -1.0), ("eq", asked.equalities, 1.0))
    return [_dictionary(asked, kind, chosen, sign) for kind, chosen, sign in kinds if chosen.any()]


def _dictionary(asked: Evaluations, kind: str, chosen: Array, sign: float) -> dict[str, Any]:
    return {
        "type": kind,
        "fun": lambda z: sign * asked.constraints_or_inf(z)[chosen],
        "jac": lambda z: sign * asked.jacobian(z)[chosen],
    }


def chance(solver: Callable[..., Any], asked: Evaluations) -> dict[str, Any]:
    """Return the argument that seeds a solver, by the name that this version of SciPy has for it."""
    from inspect import signature

    import numpy as np

    generator = np.random.default_rng(asked.objective.random().getrandbits(32))
    return {"rng" if "rng" in signature(solver).parameters else "seed": generator}


def box_of(asked: Evaluations) -> list[tuple[float, float]]:
    """Return the bounds as pairs."""
    return [(float(low), float(high)) for low, high in zip(asked.lower, asked.upper, strict=True)]
