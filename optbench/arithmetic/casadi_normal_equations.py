"""Least squares with a sparse matrix, by its normal equations, which CasADi orders and factorises by their structure.

Rows are scaled to length 1 beforehand, and a small multiple of the identity makes dependent rows harmless; what that costs
in accuracy a second solution for the residual brings back (A. Björck, Numerical Methods for Least Squares Problems, 1996,
sections 2.2 and 2.9).

>>> import numpy as np
>>> A = SparseRows(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([1.0, 1.0, 2.0]), (2, 3))
>>> A.weights(np.array([-1.0, -3.0, 0.0])).round(6).tolist(), A.shortest(np.array([1.0, 2.0])).round(6).tolist()
([-1.0, -1.0], [0.0, 1.0, 0.0])
"""

from __future__ import annotations

from typing import Any, NamedTuple

import casadi
import numpy as np

_SHIFT = 1e-13


class SparseRows(NamedTuple):
    """A matrix A by the places and values of its entries."""

    rows: Any
    columns: Any
    values: Any
    shape: tuple[int, int]

    def times(self, x: Any) -> Any:
        """Return A x."""
        return np.bincount(self.rows, self.values * x[self.columns], self.shape[0])

    def transposed_times(self, y: Any) -> Any:
        """Return A'y."""
        return np.bincount(self.columns, self.values * y[self.rows], self.shape[1])

    def lengths(self) -> Any:
        """Return the lengths of the rows."""
        return np.sqrt(np.bincount(self.rows, self.values**2, self.shape[0]))

    def part(self, rows: Any, columns: Any) -> SparseRows:
        """Return the rows and the columns of two masks."""
        kept = rows[self.rows] & columns[self.columns]
        places = np.cumsum(rows) - 1, np.cumsum(columns) - 1
        shape = int(rows.sum()), int(columns.sum())
        return SparseRows(places[0][self.rows[kept]], places[1][self.columns[kept]], self.values[kept], shape)

    def weights(self, target: Any) -> Any:
        """Return y that minimises |A'y - target|."""
        solve = self._solver()
        y = solve(self.times(target))
        return y + solve(self.times(target - self.transposed_times(y)))

    def shortest(self, target: Any) -> Any:
        """Return the shortest x with A x = target, or next to it."""
        solve = self._solver()
        x = self.transposed_times(solve(target))
        return x + self.transposed_times(solve(target - self.times(x)))

    def _solver(self) -> Any:
        """Return what solves A A'y = b."""
        lengths = self.lengths()
        scale = np.where(lengths > 0, 1 / np.where(lengths > 0, lengths, 1.0), 1.0)
        order = np.lexsort((self.rows, self.columns))
        pattern = casadi.Sparsity.triplet(*self.shape, self.rows[order].tolist(), self.columns[order].tolist())
        A = casadi.DM(pattern, (self.values * scale[self.rows])[order])
        N = casadi.mtimes(A, A.T) + _SHIFT * casadi.DM.eye(self.shape[0])
        solver = casadi.Linsol("normal", "ldl", N.sparsity())
        return lambda b: scale * np.array(solver.solve(N, casadi.DM(b * scale))).ravel()
