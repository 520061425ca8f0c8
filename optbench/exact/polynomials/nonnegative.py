"""Combinations with nonnegative coefficients, exactly: the simplex method in fractions, for small tables.

>>> least([1, 1], [[1, 0], [1, 2]], [3, 4])
3
>>> least([1, 1], [[1, 0], [1, 2]], [1, -1]) is None
True

Source: R. Bland, New finite pivoting rules for the simplex method, Math. Oper. Res. 2 (1977) 103-107.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from flint import fmpq

Number: TypeAlias = Any  # int or fmpq
Vector: TypeAlias = Sequence[Number]
MAX_PIVOTS = 500


def is_combination(vectors: Sequence[Vector], target: Vector) -> bool:
    """Return whether the target is a sum of the vectors with coefficients >= 0; False also where that takes too long."""
    return least([0] * len(vectors), vectors, target) is not None


def least(costs: Vector, vectors: Sequence[Vector], target: Vector) -> Number | None:
    """Return the least cost of coefficients >= 0 with which the vectors sum up to the target.

    None where there are none, where the cost has no lower bound, and where it takes too many steps.
    """
    n, m = len(vectors), len(target)
    rows = []
    for i in range(m):
        sign = -1 if target[i] < 0 else 1
        unit = [fmpq(int(i == k)) for k in range(m)]
        rows.append([sign * fmpq(v[i]) for v in vectors] + unit + [sign * fmpq(target[i])])
    basis = list(range(n, n + m))
    feasible = _descend(rows, basis, [fmpq(0)] * n + [fmpq(1)] * m, n + m)
    if feasible is None or feasible > 0:
        return None
    _leave(rows, basis, n)
    return _descend(rows, basis, [fmpq(c) for c in costs] + [fmpq(0)] * m, n)


def _descend(rows: list[list[Number]], basis: list[int], costs: list[Number], width: int) -> Number | None:
    """Exchange columns below `width`, the first that helps (Bland's rule), until the cost is least; return it."""
    for _ in range(MAX_PIVOTS):
        entering = next((j for j in range(width) if _reduced(rows, basis, costs, j) < 0), None)
        if entering is None:
            return sum((costs[b] * row[-1] for b, row in zip(basis, rows, strict=True)), fmpq(0))
        ratios = [(row[-1] / row[entering], basis[i], i) for i, row in enumerate(rows) if row[entering] > 0]
        if not ratios:
            return None
        _exchange(rows, basis, min(ratios)[2], entering)
    return None


def _reduced(rows: list[list[Number]], basis: list[int], costs: list[Number], j: int) -> Number:
    return costs[j] - sum((costs[b] * row[j] for b, row in zip(basis, rows, strict=True) if row[j]), fmpq(0))


def _exchange(rows: list[list[Number]], basis: list[int], i: int, j: int) -> None:
    pivot = rows[i][j]
    rows[i] = [v / pivot for v in rows[i]]
    for k, row in enumerate(rows):
        if k != i and row[j]:
            factor = row[j]
            rows[k] = [a - factor * b if b else a for a, b in zip(row, rows[i], strict=True)]
    basis[i] = j


def _leave(rows: list[list[Number]], basis: list[int], n: int) -> None:
    """Take columns of the first phase out of the basis; rows that are 0 stay with theirs, at level 0."""
    for i, b in enumerate(basis):
        if b >= n:
            j = next((j for j in range(n) if rows[i][j]), None)
            if j is not None:
                _exchange(rows, basis, i, j)
