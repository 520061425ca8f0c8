"""A problem's minimand as a function of one flat point, compiled on first use.

A point is a float where the problem has one scalar unknown, else a numpy array with the entries of all variables in
order. Problems without arrays are computed in plain floats (numpy only carries the points), and so are those with small
arrays, written out entry by entry; others in numpy.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from math import prod
from typing import Any

from optbench.arithmetic import floats
from optbench.language.build import call, negate, reduction, subtract
from optbench.language.derivative import NotDifferentiable, gradient, hessian, hessian_product
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, functions
from optbench.methods.space import Euclidean, Line, Space
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem

_WRITTEN_OUT = 200  # entries of all arrays up to which plain floats are quicker than numpy, which takes 1 us an operation
_SYMBOLIC_HESSIAN = 12  # up to here second derivatives are written out, beyond a product with a direction is compiled


class Function:
    """The minimand, its derivatives, its domain and its box, for the methods and for the judgement."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.dimension = problem.dimension
        self.scalar = self.dimension == 1 and not problem.has_arrays
        conditions = [*map(_whole, problem.domain), *(_whole(c.condition) for c in problem.constraints)]
        written_out = _written_out(problem, [problem.minimand, *conditions])
        self.plain = written_out is not None  # computed in floats
        self.symbols: list[Any] = _entry_symbols(problem) if self.plain else problem.symbols
        self.minimand, *rest = written_out or [problem.minimand, *problem.domain, *(c.condition for c in problem.constraints)]
        self.domain, self.conditions = rest[: len(problem.domain)], rest[len(problem.domain) :]
        self.space: Space = Line() if self.scalar else Euclidean(self.dimension)
        lower, upper = _box(problem)
        self.lower, self.upper = self.space.point(lower), self.space.point(upper)
        self.scale = 1.0  # what counts as a large value of the minimand; the engine estimates it for small ones
        self.has_bounds = any(map(math.isfinite, lower)) or any(map(math.isfinite, upper))

    # ---- values -----------------------------------------------------------------------------------------------------------

    def value(self, x: Any) -> float:
        """The minimand; nan where it is undefined."""
        return float(self._value(*self.arguments(x))[0])

    def gradient(self, x: Any) -> Any:
        """Its gradient, as a point."""
        return self._joined(self._gradient(*self.arguments(x)))

    def hessian(self, x: Any) -> Any:
        """Its Hessian: a float in one variable, else an (n, n) array."""
        if self.scalar:
            return self._hessian(x)[0]
        if self.plain and self.dimension <= _SYMBOLIC_HESSIAN:
            return self._square(self._hessian(*self.arguments(x)))
        return self._hessian_by_columns(x)

    def defined(self, x: Any) -> bool:
        """Whether the natural domain's conditions hold at x."""
        return all(bool(holds) and holds == holds for holds in self._domain(*self.arguments(x)))

    def violation(self, x: Any) -> float:
        """The greatest violation of a range or constraint at x, 0 where all hold; inf where a constraint is undefined."""
        worst = 0.0
        for value, (low, high) in zip(self.space.coordinates(x), self.closed_box, strict=True):
            worst = max(worst, low - value, value - high)
        for excess in self._excesses(*self.arguments(x)):
            worst = max(worst, _greatest(excess))
        return worst

    @cached_property
    def closed_box(self) -> list[tuple[float, float]]:
        """The ranges' ends, one pair an entry."""
        return [interval.floats for v in self.problem.variables for interval in v.entry_ranges()]

    def prepare(self) -> None:
        """Compile what methods and judgement need."""
        for part in ("_value", "_domain", "_excesses", *(() if self.gradient_missing_because else ("_gradient",))):
            getattr(self, part)

    # ---- points ------------------------------------------------------------------------------------------------------------

    def arguments(self, x: Any) -> Sequence[Any]:
        """A flat point as one value a variable, in its shape."""
        if self.scalar:
            return (x,)
        if self.plain:
            return list(x.tolist())
        parts, start = [], 0
        for variable in self.problem.variables:
            part = x[start : start + variable.size]
            parts.append(part.reshape(variable.shape) if variable.shape else part[0])
            start += variable.size
        return parts

    def named(self, coordinates: Sequence[float]) -> dict[str, Any]:
        """Coordinates as (nested lists of) floats by variable."""
        result, start = {}, 0
        for variable in self.problem.variables:
            part = [float(c) + 0.0 for c in coordinates[start : start + variable.size]]
            result[variable.name] = _nested(part, variable.shape)
            start += variable.size
        return result

    # ---- what the graph lacks -------------------------------------------------------------------------------------------------

    @cached_property
    def gradient_missing_because(self) -> str | None:
        """Why there is no gradient, or None."""
        return _failure(lambda: self._gradient_nodes)

    @cached_property
    def hessian_missing_because(self) -> str | None:
        """Why there is no Hessian, or None."""
        return self.gradient_missing_because or _failure(lambda: self._hessian)

    @cached_property
    def is_smooth(self) -> bool:
        """Whether no function of the minimand has a kink or jump inside its domain."""
        return all(TABLE[name].smooth for name in functions(self.minimand))

    # ---- compilation -------------------------------------------------------------------------------------------------------------

    def _compiled(self, outputs: Sequence[Node], inputs: Sequence[Any] | None = None) -> Callable[..., Sequence[Any]]:
        inputs = self.symbols if inputs is None else inputs
        if self.plain:
            return floats.function(outputs, inputs)
        from optbench.arithmetic import numpy_arrays

        return numpy_arrays.function(outputs, inputs, self.problem.data)

    @cached_property
    def _value(self) -> Callable[..., Sequence[Any]]:
        return self._compiled([self.minimand])

    @cached_property
    def _gradient_nodes(self) -> list[Node]:
        return gradient(self.minimand, self.symbols)

    @cached_property
    def _gradient(self) -> Callable[..., Sequence[Any]]:
        return self._compiled(self._gradient_nodes)

    @cached_property
    def _hessian(self) -> Callable[..., Sequence[Any]]:
        """Second derivatives in row-major order, or (many variables, arrays) the product with a direction."""
        symbols = self.symbols
        if self.plain and self.dimension <= _SYMBOLIC_HESSIAN:
            return self._compiled([entry for row in hessian(self.minimand, symbols) for entry in row])
        directions, product = hessian_product(self.minimand, symbols)
        return self._compiled(product, [*symbols, *directions])

    @cached_property
    def _domain(self) -> Callable[..., Sequence[Any]]:
        return self._compiled([_whole(c) for c in self.domain])

    @cached_property
    def _excesses(self) -> Callable[..., Sequence[Any]]:
        """By how much each comparison of the constraints fails (negative where it holds)."""
        return self._compiled([e for c in self.conditions for e in _excess(c)])

    def _joined(self, parts: Sequence[Any]) -> Any:
        if self.scalar:
            return parts[0]
        import numpy as np

        if self.plain:
            return np.array(parts)
        return np.concatenate([np.ravel(part) for part in parts])

    def _square(self, entries: Sequence[Any]) -> Any:
        import numpy as np

        return np.array(entries).reshape(self.dimension, self.dimension)

    def _hessian_by_columns(self, x: Any) -> Any:
        import numpy as np

        columns = []
        for i in range(self.dimension):
            direction = self.arguments(self.space.unit(i))
            columns.append(self._joined(self._hessian(*self.arguments(x), *direction)))
        matrix = np.array(columns)
        return (matrix + matrix.T) / 2


def _written_out(problem: Problem, roots: Sequence[Node]) -> list[Node] | None:
    """The expressions without arrays, or None where that is not worth it."""
    if not problem.has_arrays:
        return list(roots)
    from optbench.language.expand import all_entries

    try:
        return [node for entries in all_entries(roots, problem.data, _WRITTEN_OUT) for node in entries]
    except GraphError:
        return None


def _entry_symbols(problem: Problem) -> list[Node]:
    """One symbol an entry of the flat point."""
    if not problem.has_arrays:
        return list(problem.symbols)
    from optbench.language.expand import entries

    return [entry for symbol in problem.symbols for entry in entries(symbol)]


def _whole(condition: Node) -> Node:
    return reduction("all", condition) if condition.shape else condition


def entry_ranges(problem: Problem) -> list[Interval]:
    """One range an entry of the flat point, cut to the natural domain where that is an interval."""
    found: list[Interval] = []
    for v in problem.variables:
        found.extend(v.entry_ranges() if v.shape else [problem.domains[v.name][0]])
    return found


def _box(problem: Problem) -> tuple[list[float], list[float]]:
    """Bounds that methods may evaluate at: an open end is replaced by the next double inside."""
    lower, upper = [], []
    for interval in entry_ranges(problem):
        low, high = interval.floats
        lower.append(low if interval.lower_closed or math.isinf(low) else math.nextafter(low, math.inf))
        upper.append(high if interval.upper_closed or math.isinf(high) else math.nextafter(high, -math.inf))
    return lower, upper


def _nested(values: list[float], shape: Sequence[int]) -> Any:
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


def _excess(node: Node) -> list[Node]:
    """For each comparison an expression that is at most 0 where it holds."""
    assert isinstance(node, Call)
    if node.function == "and":
        return [e for part in node.args for e in _excess(part)]
    difference = subtract(*node.args)
    if node.function == "equal":
        return [call("abs", difference)]
    return [difference if node.function in ("less", "less_equal") else negate(difference)]


def _greatest(excess: Any) -> float:
    if isinstance(excess, float | int):
        return float(excess) if excess == excess else math.inf
    import numpy as np

    return float(np.max(np.where(np.isnan(excess), np.inf, excess), initial=0.0))


def silent_numpy() -> Any:
    """Overflow is an answer, not a warning; without numpy there is nothing to silence."""
    return sys.modules["numpy"].errstate(all="ignore") if "numpy" in sys.modules else nullcontext()
