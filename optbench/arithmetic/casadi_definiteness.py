"""Whether a constant symmetric matrix is positive semidefinite, as far as doubles tell: what makes a quadratic program convex.

The matrix is scaled to a unit diagonal, so that the units of the unknowns change nothing, and shifted by what rounding may
have cost. It is positive definite then if all of its Cholesky pivots are (G. Golub, C. Van Loan, Matrix Computations,
4th ed., section 4.2); CasADi orders and factorises it by its structure.

>>> import numpy as np
>>> from optbench.arithmetic.sparsity import full
>>> [is_positive_semidefinite(full(2, 2), np.array(entries)) for entries in ([1.0, 1.0, 1.0, 1.0], [1.0, 1.1, 1.1, 1.0])]
[True, False]
"""

from __future__ import annotations

from typing import Any

import casadi
import numpy as np

from optbench.arithmetic.sparsity import Sparsity

_ROUNDING = 1e-12  # for each entry of a row, relative to the diagonal
_DENSE = 1000  # rows up to which LAPACK is quick enough where the matrix is not sparse


def is_positive_semidefinite(sparsity: Sparsity, entries: Any, margin: float = 0.0) -> bool:
    """Return whether the symmetric matrix with these entries has no negative eigenvalue beyond rounding; False for nan.

    With a margin, whether all eigenvalues of the scaled matrix are greater than that.
    """
    n = sparsity.shape[0]
    rows, columns, entries = np.asarray(sparsity.rows), np.asarray(sparsity.columns), np.asarray(entries, dtype=float)
    diagonal = np.zeros(n)
    diagonal[rows[rows == columns]] = entries[rows == columns]
    if not np.isfinite(entries).all() or (diagonal < 0).any() or (margin and not diagonal.all()):
        return False
    empty = (diagonal[rows] == 0) | (diagonal[columns] == 0)
    if (entries[empty] != 0).any():
        return False
    scale = np.where(diagonal > 0, diagonal, 1.0) ** -0.5
    scaled = np.where(rows == columns, 1.0, entries * scale[rows] * scale[columns])  # 1 in empty rows: they are left out so
    rows_used = np.bincount(rows, minlength=n).max(initial=1)
    shift = _ROUNDING * max(10, int(rows_used)) - margin
    if len(entries) > n * n / 8 and n <= _DENSE:
        return _has_cholesky_factor(sparsity.dense(scaled) + shift * np.eye(n) + np.diag(np.where(diagonal == 0, 1.0, 0.0)))
    pattern = casadi.Sparsity.triplet(n, n, rows.tolist(), columns.tolist())
    order = np.lexsort((rows, columns))
    M = casadi.DM(pattern, scaled[order]) + casadi.diag(casadi.DM(np.where(diagonal == 0, 1.0, shift)))
    pivots = np.array(casadi.ldl(M)[0]).ravel()
    return bool((pivots > 0).all())


def _has_cholesky_factor(M: Any) -> bool:
    try:
        np.linalg.cholesky(M)
    except np.linalg.LinAlgError:
        return False
    return True
