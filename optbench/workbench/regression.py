"""The statistics of a fit by least squares: how well its parameters are known, if the model is right.

With residuals r, their Jacobian J at the estimates, m observations and n parameters, s^2 = r'r/(m - n) estimates the variance
of the errors, and the standard errors are the roots of the diagonal of s^2*(J'J)^-1 (G. A. F. Seber, C. J. Wild, Nonlinear
Regression, Wiley 1989, section 2.1.2). J'J is never formed: the singular values of J with scaled columns give its inverse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optbench.language.graph import Call, Node, symbols
from optbench.problem.problem import Problem
from optbench.result import Fit
from optbench.workbench.function import Function, shaped

if TYPE_CHECKING:
    import numpy as np

_MAX_ENTRIES = 50_000_000  # of the Jacobian, 400 MB
DEPENDENT = "the parameters are not determined by the data: the columns of the Jacobian depend on each other, to rounding"
_RANK = 1e-13  # singular values below this part of the greatest one count as 0, for columns of length 1


def fit(problem: Problem, function: Function, coordinates: list[float]) -> Fit | None:
    """Return the statistics at a point; None where the problem is no regression, or the residuals are not defined there.

    A regression has a model, or its objective is the sum of the squares of one array, a response of data minus something.
    """
    response = response_of(problem, function)
    if response is None or function.squares is None:
        return None
    import numpy as np

    x = function.space.point(coordinates)
    r = np.atleast_1d(np.asarray(function.least_squares.constraints(x), float))
    if not np.isfinite(r).all():
        return None
    m, n, rss = len(r), int(_free(function).sum()), float(r @ r)
    errors, reason = _standard_errors(function, x, m, rss)
    return Fit(
        m,
        m - n,
        rss,
        math.sqrt(rss / (m - n)) if m > n and reason != DEPENDENT else None,
        _r_squared(problem, response, rss),
        shaped(problem, [float(c) + 0.0 for c in coordinates]),
        None if errors is None else shaped(problem, errors),
        reason,
    )


# ---- what is fitted ------------------------------------------------------------------------------------------------------------


def response_of(problem: Problem, function: Function) -> Node | None:
    """Return the response of a regression, up to its sign; None for other problems."""
    if problem.sense != "minimize" or function.squares is None or problem.free_parameters:
        return None
    if problem.model is not None:
        return problem.model.response
    residuals = function.squares.residuals
    if len(residuals) != 1 or len(residuals[0].shape) != 1 or function.squares.offset:
        return None
    return _data_term(problem, residuals[0])


def _data_term(problem: Problem, residual: Node) -> Node | None:
    """The one term of a residual that is made of data alone and is different in different rows."""
    terms = residual.args if isinstance(residual, Call) and residual.function == "add" else ()
    unknowns = set(problem.symbols)
    found = [t for t in terms if t.shape == residual.shape and not unknowns.intersection(symbols(t)) and symbols(t)]
    return found[0] if len(found) == 1 and len(terms) > 1 else None


# ---- the statistics --------------------------------------------------------------------------------------------------------------


def _r_squared(problem: Problem, response: Node, rss: float) -> float | None:
    """The coefficient of determination about the mean."""
    import numpy as np

    from optbench.arithmetic.numpy_arrays import function as compiled

    [y] = compiled([response], [], problem.data)()
    y = np.asarray(y, float)
    total = float(np.sum((y - y.mean()) ** 2))
    return 1 - rss / total if total > 0 else None


def _free(function: Function) -> np.ndarray:
    """Which parameters are no constants."""
    import numpy as np

    lower, upper = (np.asarray(function.space.coordinates(end), float) for end in (function.lower, function.upper))
    free: np.ndarray = lower < upper
    return free


def _standard_errors(function: Function, x: Any, m: int, rss: float) -> tuple[list[float | None] | None, str | None]:
    """The standard error of each parameter, None for a fixed one; or why there are none."""
    import numpy as np

    if function.constraint_count:
        return None, "the parameters are constrained"
    if function.constraint_gradient_missing_because or function.gradient_missing_because:
        return None, function.gradient_missing_because
    if m * function.dimension > _MAX_ENTRIES:
        return None, f"the Jacobian has more than {_MAX_ENTRIES:,} entries"
    values = np.asarray(function.space.coordinates(x), float)
    lower, upper = (np.asarray(function.space.coordinates(end), float) for end in (function.lower, function.upper))
    free, count = _free(function), int(_free(function).sum())
    if ((values <= lower) | (values >= upper))[free].any():
        return None, "a parameter is at an end of its range"
    if m <= count:
        return None, f"there {'is 1 observation' if m == 1 else f'are {m} observations'} for {count} parameter{'' if count == 1 else 's'}"
    if not count:
        return [None] * len(values), None
    reading = function.least_squares
    J = reading.jacobian_sparsity.dense(reading.jacobian(x))[:, free]
    roots = _inverse_diagonal(J)
    if roots is None:
        return None, DEPENDENT
    if not np.isfinite(roots).all():
        return None, "they are beyond the numbers of double precision"
    errors: list[float | None] = [None] * len(values)
    for place, root in zip(np.flatnonzero(free), roots, strict=True):
        errors[int(place)] = float(root) * math.sqrt(rss / (m - count))
    return errors, None


def _inverse_diagonal(J: np.ndarray) -> np.ndarray | None:
    """The square roots of the diagonal of (J'J)^-1; None where J has not full rank, to rounding."""
    import numpy as np

    largest = np.abs(J).max(axis=0)
    if not np.isfinite(J).all() or not (largest > 0).all():
        return None
    J = J / largest  # before squares, which may be beyond the doubles
    lengths = np.linalg.norm(J, axis=0)
    _, singular, V = np.linalg.svd(J / lengths, full_matrices=False)
    if singular[-1] <= _RANK * singular[0]:
        return None
    with np.errstate(over="ignore"):
        found: np.ndarray = np.linalg.norm(V.T / singular, axis=1) / lengths / largest
    return found
