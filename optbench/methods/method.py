"""What a numerical method is, and what it sees of a problem.

A method's `algorithm` is a generator of iterates `(x, value)` that returns an `Outcome`. It sees the problem as an
`Objective`, whose points are floats in one variable and numpy arrays in several; `objective.space` has the operations
on them. Whoever runs it may stop it at any iterate or raise through any evaluation; a method lets every exception pass.
Overflow is no error in it: it runs under `numpy.errstate(all="ignore")`. A solver of another library has an `adapter`
instead, a function that passes its iterates on.

A new method is a file in this folder with a `METHOD` in it; its options are a frozen dataclass, declared once:

>>> from optbench.methods.options import option, read_options
>>> @dataclass(frozen=True)
... class Walk(Options):
...     step: float = option(0.5, "length of a step", above=0)
>>> def walk(objective, x, value, options):
...     for _ in range(2):
...         x = x - options.step
...         yield x, objective.value(x)
...     return Outcome(False, "the walk is over")
>>> method = Method("walk", "Walk to the left.", "nobody", walk, Walk, frozenset({"value"}), bounds=False)
>>> read_options(method, {"step": "0.25"})
Walk(step=0.25)
>>> method.refuses(Facts(dimension=1, has_bounds=True))
'handles no bounds'
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from optbench.arithmetic.sparsity import Sparsity

from .options import Options
from .space import Matrix, Point, Space

if TYPE_CHECKING:
    from optbench.language.graph import Node

USES = frozenset({"value", "gradient", "hessian", "residuals", "batches"})  # what a method may ask for

NOT_DEFINED_AT_START = "the function is not defined at the start"
STATIONARY = "the projected gradient is below the tolerance"


class Objective(Protocol):
    """The function to minimise over a box, and perhaps under constraints, as a method sees it."""

    @property
    def space(self) -> Space:
        """The operations on its points."""

    @property
    def lower(self) -> Point:
        """Lower bounds, -inf where there is none."""

    @property
    def upper(self) -> Point:
        """Upper bounds, inf where there is none."""

    @property
    def tolerance(self) -> float:
        """The relative tolerance in x for methods without derivatives."""

    @property
    def value(self) -> Callable[[Point], float]:
        """f(x): nan where f is undefined, possibly infinite."""

    @property
    def gradient(self) -> Callable[[Point], Point]:
        """The gradient at x; entries may be nan."""

    @property
    def hessian(self) -> Callable[[Point], Matrix]:
        """The symmetric Hessian at x: a float in one variable, else an (n, n) array; entries may be nan."""

    @property
    def integers(self) -> Sequence[int]:
        """The places of those entries of a point that take whole numbers only."""

    @property
    def seconds_left(self) -> float:
        """How much longer the run may take before it is ended; inf where there is no limit."""

    def project(self, x: Point) -> Point:
        """Return the point of the box that is nearest to x."""

    def is_stationary(self, x: Point, value: float, gradient: Point) -> bool:
        """Return whether x satisfies the scaled first-order condition within the tolerance."""

    def random(self) -> random.Random:
        """Return the seeded source of chance."""


class LeastSquares(Objective, Protocol):
    """An objective that is a sum of squares: f(x) = r(x)'r(x) + a constant."""

    def residuals(self, x: Point) -> Any:
        """Return r(x), an array of shape (r,); entries may be nan. It counts as an evaluation of f."""

    def residual_jacobian(self, x: Point) -> Any:
        """Return r'(x), an array of shape (r, n). It counts as an evaluation of the gradient."""


class RowSum(Objective, Protocol):
    """An objective that is a sum over rows of data: f(x) = rest(x) + the sum of g(x, row) over all rows."""

    @property
    def rows(self) -> int:
        """The number m of rows."""

    def batch_gradient(self, x: Point, rows: Any) -> Point:
        """Return rest'(x) + m/B * the sum of g'(x, row) over an array of the numbers of B rows, from 0.

        Its mean over batches that go through all rows is the gradient. It counts as B/m of an evaluation of that.
        """


class Constrained(Objective, Protocol):
    """An objective with constraints c(x), each of whose m entries has to be at most 0, or equal to 0."""

    @property
    def constraint_count(self) -> int:
        """The number m of entries; 0 for a problem without constraints."""

    @property
    def equalities(self) -> Sequence[bool]:
        """Which entries have to be equal to 0."""

    def constraints(self, x: Point) -> Any:
        """Return c(x), an array of shape (m,); entries may be nan."""

    @property
    def jacobian_sparsity(self) -> Sparsity:
        """Where c' has entries, shape (m, n)."""

    def jacobian(self, x: Point) -> Any:
        """Return the entries of c'(x)."""

    def dense_jacobian(self, x: Point) -> Any:
        """Return c'(x), an array of shape (m, n)."""

    @property
    def lagrangian_sparsity(self) -> Sparsity:
        """Where the Hessian of the Lagrangian has entries, both triangles, shape (n, n)."""

    def lagrangian_hessian(self, x: Point, factor: float, multipliers: Any) -> Any:
        """Return the entries of the Hessian of factor*f + multipliers'c at x."""

    def formulas(self) -> tuple[Node, list[Node], list[Node]]:
        """Return f, the m entries of c and the n unknowns as scalar expressions; raise `GraphError` where they are too many."""


class Outcome(NamedTuple):
    """How a method ended by itself: converged or stalled, and why (a sentence without its full stop)."""

    converged: bool
    reason: str


Iterates = Generator[tuple[Point, float], None, Outcome]  # yields (x, f(x)); a value that is not finite is the last: it diverged
Accept = Callable[[Point, float], None]  # takes an iterate; may raise to end the run
Adapter = Callable[[Any, Point, float, Any, Accept], Outcome]  # (objective, x, value, options, accept)


class Scope(Enum):
    """Where a method looks."""

    LOCAL = "near its start"
    GLOBAL = "over the whole range"


class Facts(NamedTuple):
    """What decides whether a method is applicable to a problem."""

    dimension: int  # number of scalar variables
    has_bounds: bool = False  # any finite end of a range
    is_boxed: bool = False  # a finite range for every variable
    has_constraints: bool = False
    constraint_count: int = 0  # of scalar ones
    has_equations: bool = False  # among them
    sum_of_squares: bool = False
    rows_missing_because: str | None = "this function is not seen to be one"  # None for a sum over rows of data
    linear: bool = False  # objective and constraints
    quadratic: bool = False  # the objective has degree 2 at most, constraints are linear
    linear_residuals: bool = False  # a sum of squares of linear functions
    has_integers: bool = False
    smooth: bool = True  # twice differentiable where it is defined
    gradient_missing_because: str | None = None  # e.g. "there is no derivative rule for trigamma"; None where there is a gradient
    hessian_missing_because: str | None = None
    constraint_gradient_missing_because: str | None = None
    missing_libraries: frozenset[str] = frozenset()  # of those that methods stand on, which can't be imported


@dataclass(frozen=True)
class Method:
    """A numerical method: what it is, what it handles, and its algorithm.

    `algorithm(objective, x, value, options)` continues from a start x in the box with a finite value; it yields the
    iterates after the start. `adapter(objective, x, value, options, accept)` does the same with a solver of another
    library, passing each iterate to `accept`. A method that handles bounds evaluates nothing outside of them.
    """

    name: str
    summary: str  # one sentence
    source: str  # the publication
    algorithm: Callable[[Any, Point, float, Any], Iterates] | None = None
    options: type[Options] = Options
    uses: frozenset[str] = frozenset({"value"})  # of USES
    bounds: bool = True  # handles bounds
    constraints: bool = False  # handles constraints
    equations: bool = True  # among them equations
    one_variable_only: bool = False
    needs_box: bool = False  # wants a finite range for every variable
    needs_smooth: bool = False  # makes no sense without second derivatives
    linear_residuals_only: bool = False  # solves linear least squares
    linear_only: bool = False  # solves linear programs
    quadratic_only: bool = False  # solves quadratic programs
    integers: bool = False  # handles variables that take whole numbers only
    largest_dimension: int | None = None  # beyond it, its matrices or its simplex cost too much
    scope: Scope = Scope.LOCAL
    random: bool = False  # draws from the seeded source of chance
    library: str | None = None  # the module that its adapter stands on, such as "scipy.optimize"
    adapter: Adapter | None = None
    origin: str | None = None  # the package that it comes from, with its version; None for ours

    def run(self, objective: Any, start: Point, options: Options, accept: Accept) -> Outcome:
        """Minimise from `start` (projected onto the box), passing every iterate to `accept`, the start first.

        Where f is not finite at the start, nothing is passed on.
        """
        x = objective.project(start)
        value = objective.value(x)
        if not math.isfinite(value):
            return Outcome(False, NOT_DEFINED_AT_START if math.isnan(value) else "the function is infinite at the start")
        accept(x, value)
        if self.adapter is not None:
            return _outcome(self.adapter(objective, x, value, options, accept))
        assert self.algorithm is not None
        iterates = self.algorithm(objective, x, value, options)
        while True:
            try:
                x, value = next(iterates)
            except StopIteration as end:
                return _outcome(end.value)
            accept(x, value)

    def refuses(self, facts: Facts, options: Options | None = None) -> str | None:
        """Return why the method is not applicable (with these options), or None where it is."""
        return next((reason for reason in _refusals(self, facts, options or self.options()) if reason), None)


def _outcome(told: Any) -> Outcome:
    """Return how a method says that it ended; raise TypeError where it does not say it."""
    if isinstance(told, Outcome) and isinstance(told.reason, str):
        return told
    raise TypeError(f"a method has to return an Outcome with a reason, not {type(told).__name__}")


def _refusals(method: Method, facts: Facts, options: Options) -> Generator[str | None, None, None]:
    """Yield a reason or None for each of the things that a method may not handle."""
    n = facts.dimension
    yield "handles no integer variables" if facts.has_integers and not method.integers else None
    if method.library is not None and method.library.partition(".")[0] in facts.missing_libraries:
        yield f"needs {method.library.partition('.')[0]}, which can't be imported here"
    yield "handles no constraints" if facts.has_constraints and not method.constraints else None
    yield "handles no equations among the constraints" if facts.has_equations and not method.equations else None
    yield "handles no bounds" if facts.has_bounds and not method.bounds else None
    yield "needs a finite range for every variable" if method.needs_box and not facts.is_boxed else None
    yield (
        "needs a sum of squares, and this function is not seen to be one"
        if "residuals" in method.uses and not facts.sum_of_squares
        else None
    )
    if facts.rows_missing_because and ("batches" in method.uses or options.uses_batches):
        yield f"needs a sum over rows of data, and {facts.rows_missing_because}"
    yield (
        "needs residuals that are linear in the unknowns, and these are not seen to be"
        if method.linear_residuals_only and not facts.linear_residuals
        else None
    )
    yield (
        "needs a linear objective and linear constraints, and these are not seen to be" if method.linear_only and not facts.linear else None
    )
    yield (
        "needs a quadratic objective and linear constraints, and these are not seen to be"
        if method.quadratic_only and not facts.quadratic
        else None
    )
    yield f"handles one variable only, and this problem has {n}" if method.one_variable_only and n != 1 else None
    if method.largest_dimension is not None and n > method.largest_dimension:
        yield f"handles at most {method.largest_dimension} variables, and this problem has {n}"
    yield _missing("a gradient", "gradient", method, facts.gradient_missing_because)
    yield _missing("gradients of the constraints", "gradient", method, facts.constraint_gradient_missing_because)
    yield _missing("a Hessian", "hessian", method, facts.gradient_missing_because or facts.hessian_missing_because)
    yield "needs second derivatives everywhere, and this function has kinks or jumps" if method.needs_smooth and not facts.smooth else None


def _missing(words: str, what: str, method: Method, because: str | None) -> str | None:
    return f"needs {words}, and {because}" if because and what in method.uses else None


def projected_gradient(objective: Objective, x: Point, gradient: Point) -> Point:
    """Return x - P(x - gradient), where P projects onto the bounds, without the rounding of these two differences.

    For a large x they would lose the gradient. At first-order points of the box it is 0 (Nocedal & Wright 2006, section 16.7).
    """
    return objective.space.clip(gradient, x - objective.upper, x - objective.lower)


def settled(objective: Objective, x: Point, value: float, gradient: Point) -> Outcome | None:
    """Return the outcome if the gradient at x is undefined or x is stationary, else None."""
    if objective.is_stationary(x, value, gradient):
        return Outcome(True, STATIONARY)
    if not objective.space.is_finite(gradient):
        return Outcome(False, "the gradient is not defined at the last iterate")
    return None


def is_bounded(objective: Objective) -> bool:
    """Return whether any variable has a bound."""
    space = objective.space
    return not (space.equal(objective.lower, space.full(-math.inf)) and space.equal(objective.upper, space.full(math.inf)))


class Progress:
    """Notices that neither the value nor the gradient has been smaller for `patience` iterates: rounding has the last word."""

    def __init__(self, objective: Objective, patience: int) -> None:
        self.objective, self.patience = objective, patience
        self.bounded = is_bounded(objective)
        self.idle = 0
        self.value = math.inf
        self.size = math.inf

    def ended(self, x: Point, value: float, gradient: Point) -> Outcome | None:
        """Note an iterate; return the outcome if patience is at its end."""
        size = self.objective.space.max_abs(projected_gradient(self.objective, x, gradient) if self.bounded else gradient)
        lower = value < self.value or size < self.size
        self.value, self.size = min(value, self.value), min(size, self.size)
        self.idle = 0 if lower else self.idle + 1
        if self.idle < self.patience:
            return None
        return Outcome(False, f"neither the function nor its gradient has been smaller for {self.patience} iterations")
