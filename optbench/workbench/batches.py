"""The gradient of a minimand on a batch of the rows of its data, at the cost of the batch.

The sum over a batch is compiled once for each length of a batch (there are two in an epoch at most), with the data as
arguments: a call takes the rows out of the data and computes nothing else. CasADi does it where it can, else numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from optbench.arithmetic import NoReading
from optbench.language.build import number
from optbench.language.derivative import gradient
from optbench.language.graph import Node, Symbol
from optbench.language.row_sums import Column, RowSum


class BatchGradient:
    """The estimate rest'(x) + m/B * the sum of g'(x, row) over a batch of B of the m rows, a flat point.

    `scalar`: points are floats. It is nan where the sum or its derivative is undefined.
    """

    def __init__(self, row_sum: RowSum, symbols: Sequence[Symbol], data: Mapping[Symbol, Any], scalar: bool, casadi: bool) -> None:
        self.row_sum, self.symbols, self.data, self.scalar, self.casadi = row_sum, list(symbols), data, scalar, casadi
        self._compiled: dict[int, Callable[[Any, Any], Any]] = {}

    def prepare(self) -> None:
        """Compute the data that have rows, which costs a pass over them."""
        _ = self._entries

    def __call__(self, x: Any, rows: Any) -> Any:
        """Return it at x for an array of the numbers of the rows, from 0."""
        evaluate = self._compiled.get(len(rows))
        if evaluate is None:
            evaluate = self._compiled[len(rows)] = self._compile(len(rows))
        return evaluate(x, rows)

    def _compile(self, size: int) -> Callable[[Any, Any], Any]:
        batch = self.row_sum.batch(size)
        slopes = gradient(batch.estimate, self.symbols)
        evaluate = self._in_casadi(batch.columns, slopes) if self.casadi else None
        evaluate = evaluate or self._in_numpy(batch.columns, slopes)
        if self.scalar:
            return lambda x, rows: float(evaluate(x, rows)[0])
        return evaluate

    def _in_casadi(self, columns: Sequence[Column], slopes: Sequence[Node]) -> Callable[[Any, Any], Any] | None:
        """One flat argument holds the point and, behind it, the rows; None where CasADi lacks a function."""
        import numpy as np

        from optbench.arithmetic.casadi_graph import reading

        inputs = [*self.symbols, *(c.placeholder for c in columns)]
        try:
            evaluate = reading(number(0), inputs, self.data, slopes).constraints
        except (NoReading, ImportError):
            return None
        dimension = sum(prod(s.shape) for s in self.symbols)
        argument = np.zeros(sum(prod(s.shape) for s in inputs))
        parts, start = [], dimension
        for column, (values, axis) in zip(columns, self._values(columns), strict=True):
            shape = column.placeholder.shape
            parts.append((values, axis, argument[start : start + prod(shape)].reshape(shape)))
            start += prod(shape)
        point = argument[:dimension]

        def on_rows(x: Any, rows: Any) -> Any:
            point[...] = x
            for values, axis, part in parts:
                values.take(rows, axis, part, "clip")
            return evaluate(argument)

        return on_rows

    def _in_numpy(self, columns: Sequence[Column], slopes: Sequence[Node]) -> Callable[[Any, Any], Any]:
        import numpy as np

        from optbench.arithmetic import numpy_arrays
        from optbench.workbench.reading import cut, flattened

        evaluate = numpy_arrays.function(slopes, [*self.symbols, *(c.placeholder for c in columns)], self.data)
        shapes, values = [s.shape for s in self.symbols], self._values(columns)

        def on_rows(x: Any, rows: Any) -> Any:
            point = cut(np.atleast_1d(x), shapes)
            return flattened(evaluate(*point, *(np.take(entries, rows, axis) for entries, axis in values)))

        return on_rows

    def _values(self, columns: Sequence[Column]) -> list[tuple[Any, int]]:
        """The entries of the data that the columns are rows of, each with the axis of its rows."""
        return [(self._entries[c.source], c.axis) for c in columns]

    @cached_property
    def _entries(self) -> dict[Node, Any]:
        """The entries of all data that have rows."""
        import numpy as np

        from optbench.arithmetic import numpy_arrays

        sources = [column.source for column in self.row_sum.batch(1).columns]
        entries = numpy_arrays.function(sources, [], self.data)()
        return {source: np.ascontiguousarray(e, dtype=float) for source, e in zip(sources, entries, strict=True)}
