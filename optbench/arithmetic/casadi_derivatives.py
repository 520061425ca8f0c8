"""Matrices of derivatives in CasADi: their patterns, and their entries alone, a column in CasADi's order.

>>> x = ca.SX.sym("x", 2)
>>> pattern, entries = hessian_entries(x[0] ** 2 * x[1], x)
>>> pattern.nnz(), entries.numel()
(3, 3)
"""

from __future__ import annotations

from typing import Any

import casadi as ca
import numpy as np

from optbench.arithmetic.casadi_columns import chosen
from optbench.arithmetic.sparsity import Sparsity

_MOST_PATHS = 2e9  # steps of CasADi's star colouring, at a quarter of a nanosecond each


def places_of(pattern: Any) -> Sparsity:
    return Sparsity(*_triplet(pattern), pattern.shape)


def _triplet(pattern: Any) -> tuple[Any, Any]:
    """Return the rows and the columns of a pattern's entries, in CasADi's order."""
    rows, columns = (np.array(places, dtype=np.intp) for places in pattern.get_triplet())
    return rows, columns


def hessian_entries(scalar: Any, point: Any) -> tuple[Any, Any]:
    """Return the pattern of the Hessian, which is symmetric, and its entries."""
    slope = ca.densify(ca.gradient(scalar, point))
    own = ca.jacobian_sparsity(slope, point)
    pattern = own + own.T  # CasADi takes a condition for a dependence, in one direction
    if own.is_symmetric() and 2 * own.nnz() <= own.numel() and _paths(own) < _MOST_PATHS:
        return pattern, _stored(ca.jacobian(slope, point, {"symmetric": True}), pattern)
    return pattern, jacobian_entries(slope, point, pattern)


def _paths(pattern: Any) -> float:
    """Return the number of paths of three edges, which is what a star colouring looks at."""
    rows, columns = _triplet(pattern)
    degrees = np.bincount(rows, minlength=pattern.size1()).astype(float)
    return float(np.bincount(columns, weights=degrees[rows], minlength=pattern.size1())[rows].sum())


def _stored(matrix: Any, pattern: Any) -> Any:
    """Return the entries of a matrix at the places of a pattern, as a column."""
    return ca.densify(ca.sparsity_cast(ca.project(matrix, pattern), ca.Sparsity.dense(pattern.nnz(), 1)))


def jacobian_entries(values: Any, point: Any, pattern: Any) -> Any:
    """Return the entries of a Jacobian: columns (or rows) without a common row (column) are computed as one.

    Of MX not by CasADi's own `jacobian`: in its reverse mode all seeds are taken to have the pattern of the first where a
    scalar is added to an array, and the others lose what flows into the scalar. Seeds without zeros left out are right.

    Source: A. R. Curtis, M. J. D. Powell and J. K. Reid, On the estimation of sparse Jacobian matrices, J. Inst. Maths.
    Applics. 13 (1974) 117-119.
    """
    if isinstance(values, ca.SX):
        return _stored(ca.jacobian(values, point), pattern)
    rows, columns = _triplet(pattern)
    across, down = _groups(pattern), _groups(pattern.T)
    if across.size2() <= 2 * down.size2():
        products = ca.jtimes(values, point, ca.MX(ca.DM(across, 1)))
        group, entry = _group_of_each(across)[columns], rows
    else:
        products = ca.jtimes(values, point, ca.MX(ca.densify(ca.DM(down, 1))), True)
        group, entry = _group_of_each(down)[rows], columns
    return chosen(ca.vec(ca.densify(products)), group * products.size1() + entry)


def _groups(pattern: Any) -> Any:
    """Return which columns of a matrix are computed as one: a column of zeros and ones for each group."""
    if 2 * pattern.nnz() > pattern.numel():  # hardly any go together, and to find them takes long
        return ca.Sparsity.diag(pattern.size2())
    return pattern.uni_coloring()


def _group_of_each(groups: Any) -> Any:
    members, group = _triplet(groups)
    return group[np.argsort(members)]
