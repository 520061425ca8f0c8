"""Evaluating a minimand and constraint residuals at flat points, with all derivatives that methods ask for.

`Reading` is what both ways of doing it offer: `GraphReading` compiles the graph and its own derivatives (plain floats
for scalar expressions, numpy for arrays), and `optbench.arithmetic.casadi_graph` has CasADi do it. A flat point is a
float in one scalar variable, else an array with the entries of all variables in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any, Protocol

from optbench.arithmetic import floats
from optbench.arithmetic.sparsity import Sparsity, full
from optbench.language.build import add, multiply, reduction, symbol
from optbench.language.derivative import gradient, hessian, hessian_product
from optbench.language.graph import Node, Number, Symbol

SYMBOLIC = 12  # variables up to which second derivatives are written out; beyond, a product with a direction is compiled


class Reading(Protocol):
    """f and c as functions of a flat point; matrices as values in the order of their sparsity."""

    @property
    def value(self) -> Callable[[Any], float]:
        """f(x); nan where it is undefined."""

    @property
    def gradient(self) -> Callable[[Any], Any]:
        """The gradient of f, a point."""

    @property
    def hessian_sparsity(self) -> Sparsity:
        """Where the Hessian of f has entries, (n, n)."""

    def hessian(self, x: Any) -> Any:
        """These entries; a `GraphReading` returns the whole matrix, a float in one scalar variable."""

    def constraints(self, x: Any) -> Any:
        """The residuals c(x), shape (m,)."""

    @property
    def jacobian_sparsity(self) -> Sparsity:
        """Where c'(x) has entries, (m, n)."""

    def jacobian(self, x: Any) -> Any:
        """The entries of c'(x)."""

    @property
    def lagrangian_sparsity(self) -> Sparsity:
        """Where the Hessian of factor*f + multipliers'c has entries, (n, n)."""

    def lagrangian_hessian(self, x: Any, factor: float, multipliers: Any) -> Any:
        """Its entries."""

    def prepare(self, wanted: Iterable[str]) -> None:
        """Compile these of the above beforehand: constraints, jacobian, hessian, lagrangian_hessian."""


class GraphReading:
    """The graph's own derivatives, compiled.

    `symbols` are scalars if `plain` (then everything is computed in floats), else the variables in their shapes.
    """

    def __init__(
        self, minimand: Node, symbols: Sequence[Symbol], data: Mapping[Symbol, Any], residuals: Sequence[Node], plain: bool, scalar: bool
    ) -> None:
        self.minimand, self.symbols, self.data, self.residuals = minimand, list(symbols), data, list(residuals)
        self.plain, self.scalar = plain, scalar
        self.dimension = sum(prod(s.shape) for s in symbols)
        self.residual_count = sum(prod(r.shape) for r in residuals)

    # ---- values and gradients -----------------------------------------------------------------------------------------------

    @cached_property
    def value(self) -> Callable[[Any], float]:
        evaluate = self.compiled([self.minimand])
        if self.scalar:
            return lambda x: float(evaluate(x)[0])
        if self.plain:
            return lambda x: float(evaluate(*x.tolist())[0])
        arguments = self.arguments
        return lambda x: float(evaluate(*arguments(x))[0])

    @cached_property
    def gradient(self) -> Callable[[Any], Any]:
        evaluate = self.compiled(self.gradient_nodes)
        if self.scalar:
            return lambda x: float(evaluate(x)[0])
        import numpy

        array = numpy.array
        if self.plain:
            return lambda x: array(evaluate(*x.tolist()))
        return lambda x: flattened(evaluate(*self.arguments(x)))

    @cached_property
    def gradient_nodes(self) -> list[Node]:
        return gradient(self.minimand, self.symbols)

    # ---- residuals ------------------------------------------------------------------------------------------------------------

    def constraints(self, x: Any) -> Any:
        return flattened(self._residuals(*self.arguments(x)))

    @cached_property
    def _residuals(self) -> Callable[..., Sequence[Any]]:
        return self.compiled(self.residuals)

    @cached_property
    def jacobian_sparsity(self) -> Sparsity:
        if not self.plain:
            return full(self.residual_count, self.dimension)
        filled = [[i, j] for i, row in enumerate(self.jacobian_nodes) for j, entry in enumerate(row) if not _is_zero(entry)]
        return _places(filled, (self.residual_count, self.dimension))

    def jacobian(self, x: Any) -> Any:
        if self.plain:
            return flattened(self._jacobian_entries(*self.arguments(x)))
        import numpy as np

        here = self.arguments(x)
        return np.array([flattened(self._directional(*here, *self.arguments(unit))) for unit in np.eye(self.dimension)]).T.ravel()

    @cached_property
    def jacobian_nodes(self) -> list[list[Node]]:
        """The gradients of scalar residuals; those of arrays are only shown to exist."""
        return [gradient(reduction("sum", r), self.symbols) for r in self.residuals]

    @cached_property
    def _jacobian_entries(self) -> Callable[..., Sequence[Any]]:
        return self.compiled([entry for row in self.jacobian_nodes for entry in row if not _is_zero(entry)])

    @cached_property
    def _directional(self) -> Callable[..., Sequence[Any]]:
        """c'(x) d, as the derivative by w of d'(c'(x)'w), which is linear in w: two reverse passes give a forward one."""
        weights = [symbol(f"residual {i}", r.shape) for i, r in enumerate(self.residuals)]
        directions = [symbol(f"{s.name}'", s.shape) for s in self.symbols]
        combined = add(*(reduction("sum", multiply(w, r)) for w, r in zip(weights, self.residuals, strict=True)))
        slopes = gradient(combined, self.symbols)
        along = add(*(reduction("sum", multiply(g, d)) for g, d in zip(slopes, directions, strict=True)))
        return self.compiled(gradient(along, weights), [*self.symbols, *directions])

    # ---- second derivatives ------------------------------------------------------------------------------------------------------

    @property
    def hessian_sparsity(self) -> Sparsity:
        return full(self.dimension, self.dimension)

    def hessian(self, x: Any) -> Any:
        if self.scalar:
            return float(self.curvature(x)[0] if self._written_out else self.curvature(x, 1.0)[0])
        if self._written_out:
            return flattened(self.curvature(*self.arguments(x))).reshape(self.dimension, self.dimension)
        return self._by_columns(self.curvature, [*self.arguments(x)])

    @cached_property
    def curvature(self) -> Callable[..., Sequence[Any]]:
        """Second derivatives of f in row-major order, or their product with a direction."""
        return self._second_derivatives(self.minimand, self.symbols)

    @cached_property
    def lagrangian_sparsity(self) -> Sparsity:
        return full(self.dimension, self.dimension)

    def lagrangian_hessian(self, x: Any, factor: float, multipliers: Any) -> Any:
        given = [*self.arguments(x), factor, *self._multipliers(multipliers)]
        return flattened(self._lagrangian(*given)) if self._written_out else self._by_columns(self._lagrangian, given).ravel()

    @cached_property
    def _lagrangian(self) -> Callable[..., Sequence[Any]]:
        factor = symbol("objective factor")
        weights = [symbol(f"multiplier {i}", r.shape) for i, r in enumerate(self.residuals)]
        terms = (reduction("sum", multiply(w, r)) for w, r in zip(weights, self.residuals, strict=True))
        return self._second_derivatives(add(multiply(factor, self.minimand), *terms), [*self.symbols, factor, *weights])

    def _second_derivatives(self, root: Node, inputs: Sequence[Symbol]) -> Callable[..., Sequence[Any]]:
        if self._written_out:
            return self.compiled([entry for row in hessian(root, self.symbols) for entry in row], inputs)
        directions, product = hessian_product(root, self.symbols)
        return self.compiled(product, [*inputs, *directions])

    @property
    def _written_out(self) -> bool:
        return self.plain and self.dimension <= SYMBOLIC

    def _by_columns(self, product: Callable[..., Sequence[Any]], given: list[Any]) -> Any:
        import numpy as np

        matrix = np.array([flattened(product(*given, *self.arguments(unit))) for unit in np.eye(self.dimension)])
        return (matrix + matrix.T) / 2

    def _multipliers(self, flat: Any) -> list[Any]:
        return cut(flat, [r.shape for r in self.residuals]) if self.residuals else []

    def prepare(self, wanted: Iterable[str]) -> None:
        """Compile what they need."""
        slopes = ("jacobian_sparsity", "_jacobian_entries") if self.plain else ("_directional",)
        needed = {"constraints": ("_residuals",), "jacobian": slopes, "hessian": ("curvature",), "lagrangian_hessian": ("_lagrangian",)}
        for name in wanted:
            for part in needed[name]:
                getattr(self, part)

    # ---- points -------------------------------------------------------------------------------------------------------------------

    def compiled(self, outputs: Sequence[Node], inputs: Sequence[Symbol] | None = None) -> Callable[..., Sequence[Any]]:
        """Return the outputs as a function of the inputs (by default the variables), each in its shape."""
        inputs = self.symbols if inputs is None else inputs
        if self.plain:
            return floats.function(outputs, inputs)
        from optbench.arithmetic import numpy_arrays

        return numpy_arrays.function(outputs, inputs, self.data)

    def arguments(self, x: Any) -> Sequence[Any]:
        """A flat point as one value a symbol, in its shape."""
        if self.scalar:
            return (float(x),)
        return x.tolist() if self.plain else cut(x, [s.shape for s in self.symbols])


def cut(flat: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """A flat array as parts of these shapes."""
    parts, start = [], 0
    for shape in shapes:
        part = flat[start : start + prod(shape)]
        parts.append(part.reshape(shape) if shape else float(part[0]))
        start += prod(shape)
    return parts


def flattened(parts: Sequence[Any]) -> Any:
    import numpy as np

    if not any(isinstance(part, np.ndarray) and part.ndim for part in parts):
        return np.array(parts, dtype=float)
    return np.concatenate([np.ravel(part) for part in parts])


def _places(pairs: list[list[int]], shape: tuple[int, int]) -> Sparsity:
    import numpy as np

    places = np.array(pairs, dtype=int).reshape(-1, 2).T
    return Sparsity(places[0], places[1], shape)


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and not node.value
