"""A problem's minimand and constraints as functions of one flat point, compiled on first use.

A point is a float where the problem has one scalar unknown, else a numpy array with the entries of all variables in
order. Small problems are computed in plain floats, with small arrays written out entry by entry; larger ones by CasADi
where it knows all of their functions, else in numpy.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from importlib.util import find_spec
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from optbench.arithmetic.sparsity import Sparsity
from optbench.language.build import reduction
from optbench.language.curvature_places import most_second_derivatives
from optbench.language.derivative import NotDifferentiable, has_all_derivatives
from optbench.language.expand import all_entries, entries
from optbench.language.functions import TABLE
from optbench.language.graph import GraphError, Node, functions, size, work
from optbench.language.linear import degrees
from optbench.language.row_sums import NOT_SEEN, NoRowSum, RowSum, row_sum
from optbench.language.squares import SumOfSquares, sum_of_squares
from optbench.methods.space import Euclidean, Line, Space
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem
from optbench.workbench.batches import BatchGradient
from optbench.workbench.constraint_rows import Part, parts
from optbench.workbench.programs import not_convex_because
from optbench.workbench.reading import GraphReading, Reading

if TYPE_CHECKING:
    from optbench.workbench.epigraph import Epigraph

_WRITTEN_OUT = 200  # entries of all arrays up to which plain floats may be quicker than numpy, which takes 1 us an operation
_NEXT_TO_ZERO = 1e-20
_SMALL = 60  # nodes up to which plain floats are quicker than loading CasADi
_LONG = 2_500  # entries an operation, on average, from which numpy is quicker than CasADi
_MOST = 5_000_000  # second derivatives that are worked with
_FEW = 50  # unknowns up to which second derivatives may be dense, and made column by column


class Function:
    """The minimand, the constraints, their derivatives, the domain and the box, for the methods and for the judgement.

    Constraints are residuals c(x), one an entry: at most 0, or equal to 0 where `equalities` says so.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.dimension = problem.dimension
        self.scalar = self.dimension == 1 and not problem.variables[0].shape
        self.parts: list[Part] = parts(problem)
        self.equalities = [part.equality for part in self.parts for _ in range(prod(part.shape))]
        self.constraint_count = len(self.equalities)
        self.space: Space = Line() if self.scalar else Euclidean(self.dimension)
        self.integers = _integers(problem)  # the places of entries that take whole numbers only
        lower, upper = _box(problem)
        self.lower, self.upper = self.space.point(lower), self.space.point(upper)
        self.scale = 1.0  # what counts as a large value of the minimand; the engine estimates it for small ones
        self.has_bounds = any(map(math.isfinite, lower)) or any(map(math.isfinite, upper))
        self.is_boxed = all(map(math.isfinite, lower)) and all(map(math.isfinite, upper))

    # ---- the minimand -----------------------------------------------------------------------------------------------------

    def value(self, x: Any) -> float:
        """The minimand; nan where it is undefined."""
        return self._value(x)

    def gradient(self, x: Any) -> Any:
        """Its gradient, as a point."""
        return self._gradient(x)

    def hessian(self, x: Any) -> Any:
        """Its Hessian: a float in one variable, else an (n, n) array."""
        found = self.reading.hessian(x)
        return found if isinstance(self.reading, GraphReading) else self.reading.hessian_sparsity.dense(found)

    def defined(self, x: Any) -> bool:
        """Whether the natural domain's conditions hold at x."""
        return all(bool(holds) and holds == holds for holds in self._domain(*self.graph.arguments(x)))

    @cached_property
    def _value(self) -> Callable[[Any], float]:
        return self.reading.value

    @cached_property
    def _gradient(self) -> Callable[[Any], Any]:
        return self.reading.gradient

    @cached_property
    def _domain(self) -> Callable[..., Sequence[Any]]:
        conditions = [reduction("all", c) if c.shape else c for c in self.problem.domain]
        return self.graph.compiled([node for written in self._written_out(conditions) for node in written])

    @cached_property
    def most_second_derivatives(self) -> int:
        """A bound for the entries of second derivatives that may differ from 0."""
        return most_second_derivatives([self.problem.minimand, *(part.residual for part in self.parts)], self.problem.symbols)

    @cached_property
    def work(self) -> int:
        """How many entries of arrays and numbers an evaluation of the minimand computes."""
        return work(self.problem.minimand)

    # ---- constraints ------------------------------------------------------------------------------------------------------

    def constraints(self, x: Any) -> Any:
        """The residuals c(x) as an array, nan where undefined."""
        return self.reading.constraints(x)

    @property
    def jacobian_sparsity(self) -> Sparsity:
        """Where the derivatives of c have entries."""
        return self.reading.jacobian_sparsity

    def jacobian(self, x: Any) -> Any:
        """These entries at x."""
        return self.reading.jacobian(x)

    @property
    def lagrangian_sparsity(self) -> Sparsity:
        """Where second derivatives of f and c have entries."""
        return self.reading.lagrangian_sparsity

    def lagrangian_hessian(self, x: Any, factor: float, multipliers: Any) -> Any:
        """These entries of the Hessian of factor*f + multipliers'c at x."""
        return self.reading.lagrangian_hessian(x, factor, multipliers)

    def violation(self, x: Any) -> float:
        """The greatest violation of a range or constraint at x, 0 where all hold; inf where a constraint is undefined."""
        worst = self.fraction(x)
        for value, (low, high) in zip(self.space.coordinates(x), self.closed_box, strict=True):
            worst = max(worst, low - value, value - high)
        return max(worst, self.excess(self.constraints(x))) if self.constraint_count else worst

    def excess(self, residuals: Any) -> float:
        """The greatest violation that residuals show, 0 where all constraints hold; inf where one is undefined."""
        import numpy as np

        worst = float(np.maximum.reduce(np.where(self._are_equalities, abs(residuals), residuals), initial=0.0))
        return math.inf if math.isnan(worst) else worst

    @cached_property
    def _are_equalities(self) -> Any:
        import numpy as np

        return np.array(self.equalities, dtype=bool)

    # ---- whole numbers ------------------------------------------------------------------------------------------------------

    def fraction(self, x: Any) -> float:
        """How far the entries that take whole numbers only are from them, at most."""
        if not self.integers:
            return 0.0
        coordinates = self.space.coordinates(x)
        return max(abs(coordinates[i] - _whole(coordinates[i])) for i in self.integers)

    def rounded(self, x: Any, within: float = 0.5) -> Any:
        """Return x with those of its integer entries rounded that are so near to a whole number."""
        if not self.integers:
            return x
        coordinates = self.space.coordinates(x)
        for i in self.integers:
            if abs(coordinates[i] - _whole(coordinates[i])) <= within:
                coordinates[i] = _whole(coordinates[i])
        return self.space.point(coordinates)

    def with_integers_held(self, x: Any) -> Function:
        """Return the same function on the part of the box where the integer entries are those of x, as one of the others."""
        held = copy.copy(self)
        held.integers = []
        bounds = [self.space.coordinates(bound) for bound in (self.lower, self.upper)]
        coordinates = self.space.coordinates(x)
        for i in self.integers:
            bounds[0][i] = bounds[1][i] = coordinates[i]
        held.lower, held.upper = (self.space.point(bound) for bound in bounds)
        return held

    @cached_property
    def closed_box(self) -> list[tuple[float, float]]:
        """The ranges' ends, one pair an entry."""
        return [interval.floats for v in self.problem.variables for interval in v.entry_ranges()]

    # ---- sums of squares ---------------------------------------------------------------------------------------------------

    @cached_property
    def squares(self) -> SumOfSquares | None:
        """The minimand as a sum of squares, where it is one."""
        return sum_of_squares(self.problem.minimand, self.problem.data)

    @cached_property
    def is_linear(self) -> bool:
        """Whether the minimand and all constraints are linear."""
        return all(degree in (0, 1) for degree in self._degrees)

    @cached_property
    def is_quadratic(self) -> bool:
        """Whether the minimand has degree 2 at most and all constraints are linear."""
        return self._degrees[0] is not None and all(degree in (0, 1) for degree in self._degrees[1:])

    @cached_property
    def _degrees(self) -> list[int | None]:
        """Bounds on the degrees of the minimand and of each part of the constraints."""
        return degrees([self.problem.minimand, *(part.residual for part in self.parts)], self.problem.symbols)

    @cached_property
    def not_convex_because(self) -> str | None:
        """Why a quadratic program is not seen to be convex, or None."""
        return not_convex_because(self)

    @cached_property
    def residuals_are_linear(self) -> bool:
        """Whether it is a sum of squares of linear functions."""
        return self.squares is not None and all(d in (0, 1) for d in degrees(self.squares.residuals, self.problem.symbols))

    @cached_property
    def least_squares(self) -> Reading:
        """A reading whose residuals are those of the sum of squares."""
        assert self.squares is not None
        return self._read(self.squares.residuals)

    # ---- sums over rows of data ----------------------------------------------------------------------------------------------

    @cached_property
    def row_sum(self) -> RowSum | str:
        """The minimand as a sum over rows of data, or why it is not seen to be one."""
        if not self.problem.has_arrays:
            return NOT_SEEN
        try:
            return row_sum(self.problem.minimand, self.problem.symbols)
        except NoRowSum as reason:
            return str(reason)

    @property
    def rows(self) -> int | None:
        """The number of these rows."""
        return None if isinstance(self.row_sum, str) else self.row_sum.rows

    @cached_property
    def batch_gradient(self) -> BatchGradient:
        """The gradient's estimate from a batch of these rows."""
        assert not isinstance(self.row_sum, str)
        return BatchGradient(self.row_sum, self.problem.symbols, self.problem.data, self.scalar, importable("casadi"))

    # ---- readings ------------------------------------------------------------------------------------------------------------

    @cached_property
    def reading(self) -> Reading:
        """How the minimand and the constraints are computed."""
        return self._read([part.residual for part in self.parts])

    @cached_property
    def graph(self) -> GraphReading:
        """The graph's own reading, whatever `reading` is."""
        return self._graph_reading([part.residual for part in self.parts])

    def _read(self, residuals: Sequence[Node]) -> Reading:
        graph = self._graph_reading(residuals)
        if self.scalar or (graph.plain and size(graph.minimand, *graph.residuals) <= _SMALL) or self._is_of_long_arrays(graph):
            return graph
        return self._casadi_reading(residuals) or graph

    def _is_of_long_arrays(self, graph: GraphReading) -> bool:
        """Whether few unknowns meet long arrays of data, where numpy is quicker than CasADi, and need not copy them."""
        return self.dimension <= _FEW and work(graph.minimand, *graph.residuals) > _LONG * size(graph.minimand, *graph.residuals)

    def _graph_reading(self, residuals: Sequence[Node]) -> GraphReading:
        problem = self.problem
        written = self._written_out([problem.minimand, *residuals])
        if not self.plain:
            return GraphReading(problem.minimand, problem.symbols, problem.data, residuals, plain=False, scalar=self.scalar)
        (minimand,), rest = written[0], [entry for residual in written[1:] for entry in residual]
        return GraphReading(minimand, _entry_symbols(problem), {}, rest, plain=True, scalar=self.scalar)

    def _casadi_reading(self, residuals: Sequence[Node]) -> Reading | None:
        """CasADi's reading, or None where it lacks a function or can't be imported."""
        if not importable("casadi"):
            return None
        from optbench.arithmetic import NoReading

        try:
            from optbench.arithmetic.casadi_graph import reading

            return reading(self.problem.minimand, self.problem.symbols, self.problem.data, residuals)
        except (NoReading, ImportError):
            return None

    @cached_property
    def plain(self) -> bool:
        """Whether the graph is computed in plain floats: it has no arrays, or few entries."""
        if not self.problem.has_arrays:
            return True
        try:
            all_entries([self.problem.minimand, *(part.residual for part in self.parts)], self.problem.data, _WRITTEN_OUT)
        except GraphError:
            return False
        return True

    def _written_out(self, roots: Sequence[Node]) -> list[list[Node]]:
        """The expressions entry by entry where everything is computed in plain floats, else as they are."""
        if not self.plain or not self.problem.has_arrays:
            return [[root] for root in roots]
        return all_entries(roots, self.problem.data)

    def prepare(self) -> None:
        """Compile what methods and judgement need."""
        for part in ("_value", "_domain", *(() if self.gradient_missing_because else ("_gradient",))):
            getattr(self, part)

    # ---- what the graph lacks -------------------------------------------------------------------------------------------------

    @cached_property
    def gradient_missing_because(self) -> str | None:
        """Why there is no gradient, or None."""
        return None if self._has_all_derivatives else _failure(lambda: self.graph.gradient_nodes)

    @cached_property
    def _has_all_derivatives(self) -> bool:
        return has_all_derivatives(self.problem.minimand, *(part.residual for part in self.parts))

    @cached_property
    def hessian_missing_because(self) -> str | None:
        """Why there is no Hessian, or None."""
        if self.dimension > _FEW and self.most_second_derivatives > _MOST:
            return f"it may have {self.most_second_derivatives:,} entries, and at most {_MOST:,} are worked with"
        if self._has_all_derivatives:
            return None
        return self.gradient_missing_because or _failure(lambda: self.graph.curvature)

    @cached_property
    def constraint_gradient_missing_because(self) -> str | None:
        """Why the constraints have no gradients, or None."""
        if not self.constraint_count or self._has_all_derivatives:
            return None
        return _failure(lambda: self.graph.jacobian_nodes)

    @cached_property
    def is_smooth(self) -> bool:
        """Whether no function of the minimand or the constraints has a kink or jump inside its domain."""
        return all(TABLE[name].smooth for name in functions(self.problem.minimand, *(part.residual for part in self.parts)))

    @cached_property
    def is_seen_convex(self) -> bool:
        """Whether a local optimum is known to be a global one, where whole numbers are not asked for: by rules of composition, or
        by the Hessian of a quadratic program."""
        from optbench.workbench.convexity import is_convex

        return is_convex(self.problem) or (self.is_quadratic and self.not_convex_because is None)

    @cached_property
    def smooth_form(self) -> Epigraph | None:
        """A problem with kinks written without them, where that is possible: see `epigraph`."""
        from optbench.workbench.epigraph import epigraph

        return None if self.is_smooth else epigraph(self.problem)

    # ---- points ------------------------------------------------------------------------------------------------------------

    def entry_names(self) -> list[str]:
        """The name of each entry of a point, such as x[2]."""
        return [name for v in self.problem.variables for name in (_entries_of(v.name, v.shape) if v.shape else [v.name])]

    def named(self, coordinates: Sequence[float]) -> dict[str, Any]:
        """Coordinates as (nested lists of) floats by variable; whole numbers where a variable takes no others."""
        entries: list[float] = [float(c) + 0.0 for c in coordinates]
        for i in self.integers:
            if entries[i].is_integer():
                entries[i] = int(entries[i])
        return shaped(self.problem, entries)


def shaped(problem: Problem, entries: Sequence[Any]) -> dict[str, Any]:
    """Return one thing an unknown number as nested lists by variable, in the variable's shape."""
    result, start = {}, 0
    for variable in problem.variables:
        result[variable.name] = _nested(list(entries[start : start + variable.size]), variable.shape)
        start += variable.size
    return result


def importable(library: str) -> bool:
    """Return whether a library is there to be imported, as far as can be told without doing it."""
    try:
        return find_spec(library) is not None
    except (ImportError, ValueError):
        return False


def _entries_of(name: str, shape: Sequence[int]) -> list[str]:
    return [f"{name}[{', '.join(map(str, place))}]" for place in product(*map(range, shape))]


def _integers(problem: Problem) -> list[int]:
    """The places of the entries of the flat point that take whole numbers only."""
    flags = [v.symbol.integer for v in problem.variables for _ in range(v.size)] if any(v.symbol.integer for v in problem.variables) else []
    return [i for i, integer in enumerate(flags) if integer]


def _whole(number: float) -> float:
    return float(round(number)) if math.isfinite(number) else number


def _entry_symbols(problem: Problem) -> list[Any]:
    """One symbol an entry of the flat point."""
    if not problem.has_arrays:
        return list(problem.symbols)
    return [entry for symbol in problem.symbols for entry in entries(symbol)]


def entry_ranges(problem: Problem) -> list[Interval]:
    """One range an entry of the flat point, cut to the natural domain where that is an interval."""
    found: list[Interval] = []
    for v in problem.variables:
        found.extend(v.entry_ranges() if v.shape else [problem.domains[v.name][0]])
    return found


def _box(problem: Problem) -> tuple[list[float], list[float]]:
    """Bounds that methods may evaluate at: an open end is replaced by a double near to it inside, or the next whole number."""
    lower, upper = [], []
    for interval in entry_ranges(problem):
        low, high = interval.floats
        lower.append(low if interval.lower_closed or math.isinf(low) else _inside(low, high))
        upper.append(high if interval.upper_closed or math.isinf(high) else _inside(high, low))
    for i in _integers(problem):
        low, high = (
            (math.ceil(lower[i]) if math.isfinite(lower[i]) else -math.inf),
            math.floor(upper[i]) if math.isfinite(upper[i]) else math.inf,
        )
        if low <= high:
            lower[i], upper[i] = float(low), float(high)
    return lower, upper


def _inside(end: float, other: float) -> float:
    """The next double inside; next to 0 not one of the denormal ones, at which slopes such as those of log are past all use."""
    if end:
        return math.nextafter(end, other)
    return math.copysign(min(_NEXT_TO_ZERO, 1e-10 * abs(other)), other)


def _nested(values: list[Any], shape: Sequence[int]) -> Any:
    if not shape:
        return values[0]
    if len(shape) == 1:
        return values
    step = prod(shape[1:])
    return [_nested(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def _failure(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except NotDifferentiable as error:
        sentence = str(error).rstrip(".")
        return sentence[0].lower() + sentence[1:]
    return None


def silent_numpy() -> Any:
    """Overflow is an answer, not a warning; without numpy there is nothing to silence."""
    return sys.modules["numpy"].errstate(all="ignore") if "numpy" in sys.modules else nullcontext()
