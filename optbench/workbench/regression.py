"""The statistics of a fit by least squares: how well its parameters are known, if the model is right.

With residuals r, their Jacobian J at the estimates, m observations and n parameters, s^2 = r'r/(m - rank J) estimates the
variance of the errors, and where the rank is n the standard errors are the roots of the diagonal of s^2*(J'J)^-1 (G. A. F.
Seber, C. J. Wild, Nonlinear Regression, Wiley 1989, section 2.1.2). J'J is never formed: the singular values of J with scaled
columns give its inverse and its rank. With weights w the residuals are sqrt(w)*(y - f), and the variances of errors s^2/w.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from optbench.language.build import broadcast, divide, multiply, number, power
from optbench.language.graph import Call, Node, symbols
from optbench.language.squares import Square
from optbench.problem.problem import Problem
from optbench.result import Fit
from optbench.workbench.function import Function, shaped

if TYPE_CHECKING:
    import numpy as np

_MAX_ENTRIES = 50_000_000  # of the Jacobian, 400 MB
_RANK = 1e-13  # singular values below this part of the greatest one count as 0, for columns of length 1


class Response(NamedTuple):
    """What a model is fitted to."""

    values: Node  # the observations, one a row of the data, up to their sign; shape (m,), no unknowns in it
    weight: Node  # of the squares of the residuals, none of it negative; shape (m,)


def fit(problem: Problem, function: Function, coordinates: list[float], *, is_minimum: bool = True) -> Fit | None:
    """Return the statistics at a point; None where the problem is no regression, or the residuals are not defined there.

    A regression has a model, or its objective adds up squares of data minus something, with or without weights. A factor that
    all squares share, as in a mean, does not belong to the residuals; observations of weight 0 don't count. There are standard
    errors where the point is a minimum only.
    """
    responses = responses_of(problem, function)
    if not responses:
        return None
    import numpy as np

    x = function.space.point(coordinates)
    r = np.atleast_1d(np.asarray(function.least_squares.constraints(x), float)) / math.sqrt(_common_factor(function))
    if not np.isfinite(r).all():
        return None
    y, w = _observed(problem, responses)
    m, n, rss = int(np.count_nonzero(w)), int(_free(function).sum()), float(r @ r)
    rank, spread, reason = _spread(function, x, m, n)
    if not is_minimum:
        spread, reason = None, "these estimates are not seen to be a minimum"
    freedom = m - (n if rank is None else rank)
    s = math.sqrt(rss / freedom) if freedom > 0 else None
    return Fit(
        m,
        freedom,
        rss,
        s,
        _r_squared(y, w, rss),
        shaped(problem, [float(c) + 0.0 for c in coordinates]),
        None if spread is None or s is None else shaped(problem, _standard_errors(function, s * spread)),
        reason,
        rank,
    )


# ---- what is fitted ------------------------------------------------------------------------------------------------------------


def responses_of(problem: Problem, function: Function) -> list[Response]:
    """Return the responses of a regression, one for each array of residuals; none for other problems."""
    squares = function.squares
    if problem.sense != "minimize" or squares is None or squares.offset or problem.free_parameters:
        return []
    if problem.model is not None:
        return [Response(problem.model.response, broadcast(number(1), problem.model.response.shape))]
    factors = {_scalar_factor(square) for square in squares.squares}
    found = [_response(problem, square, is_shared=len(factors) == 1) for square in squares.squares]
    responses = [response for response in found if response is not None]
    return responses if len(responses) == len(found) else []


def _common_factor(function: Function) -> float:
    """The number with which all squares are multiplied, 1 where they share none."""
    from optbench.arithmetic.numpy_arrays import function as compiled

    squares = function.squares.squares if function.squares is not None else ()
    factors = {_scalar_factor(square) for square in squares}
    if len(factors) != 1:
        return 1.0
    return float(compiled([factors.pop()], [], function.problem.data)()[0]) or 1.0


def _scalar_factor(square: Square) -> Node:
    return number(square.factor) if square.weight.shape else multiply(number(square.factor), square.weight)


def _response(problem: Problem, square: Square, is_shared: bool) -> Response | None:
    """The one term of a residual that is made of data alone and is different in different rows."""
    shape = square.residual.shape
    unknowns = set(problem.symbols)
    scale, difference = _without_data(square.root, unknowns)
    terms = difference.args if isinstance(difference, Call) and difference.function == "add" else ()
    found = [t for t in terms if t.shape == shape and not unknowns.intersection(symbols(t)) and symbols(t)]
    if len(shape) != 1 or len(found) != 1 or len(terms) < 2:
        return None
    factor = number(1) if is_shared else _scalar_factor(square)
    weight = multiply(factor, power(scale, number(2)), square.weight if square.weight.shape else number(1))
    return Response(found[0], weight if weight.shape == shape else broadcast(weight, shape))


def _without_data(root: Node, unknowns: set[Any]) -> tuple[Node, Node]:
    """A root as what holds no unknowns, times the rest."""
    scale: Node = number(1)
    while isinstance(root, Call) and root.function in ("multiply", "divide", "negate"):
        known = [a for a in root.args if not unknowns.intersection(symbols(a))]
        others = [a for a in root.args if a not in known]
        if len(others) != 1 or (root.function == "divide" and others[0] is not root.args[0]):
            break
        if known:
            scale = divide(scale, known[0]) if root.function == "divide" else multiply(scale, *known)
        root = others[0]
    return scale, root


def _observed(problem: Problem, responses: list[Response]) -> tuple[np.ndarray, np.ndarray]:
    """The observations and their weights, one after the other."""
    import numpy as np

    from optbench.arithmetic.numpy_arrays import function as compiled

    found = compiled([node for response in responses for node in response], [], problem.data)()
    return np.concatenate([np.asarray(y, float) for y in found[::2]]), np.concatenate([np.asarray(w, float) for w in found[1::2]])


# ---- the statistics --------------------------------------------------------------------------------------------------------------


def _r_squared(y: np.ndarray, w: np.ndarray, rss: float) -> float | None:
    """The coefficient of determination about the mean, both with the weights."""
    import numpy as np

    y, w = y[w > 0], w[w > 0]
    if not len(y) or y.min() == y.max():
        return None
    total = float(np.sum(w * (y - np.average(y, weights=w)) ** 2))
    return 1 - rss / total if total > 0 else None


def _free(function: Function) -> np.ndarray:
    """Which parameters are no constants."""
    import numpy as np

    lower, upper = (np.asarray(function.space.coordinates(end), float) for end in (function.lower, function.upper))
    free: np.ndarray = lower < upper
    return free


def _spread(function: Function, x: Any, m: int, n: int) -> tuple[int | None, np.ndarray | None, str | None]:
    """The rank of J, what s is to be multiplied with for the standard errors of the n free parameters, or why there are none."""
    import numpy as np

    missing = function.gradient_missing_because or function.constraint_gradient_missing_because
    if missing:
        return None, None, missing
    if m * function.dimension > _MAX_ENTRIES:
        return None, None, f"the Jacobian has more than {_MAX_ENTRIES:,} entries"
    reading = function.least_squares
    J = reading.jacobian_sparsity.dense(reading.jacobian(x))[:, _free(function)] / math.sqrt(_common_factor(function))
    if not np.isfinite(J).all():
        return None, None, "a derivative of the residuals is no finite number"
    rank, roots = _inverse_diagonal(J)
    if function.constraint_count:
        return rank, None, "the parameters are constrained"
    if _at_an_end(function, x):
        return rank, None, "a parameter is at an end of its range"
    if m <= n:
        return rank, None, f"there {'is 1 observation' if m == 1 else f'are {m} observations'} for {n} parameter{'' if n == 1 else 's'}"
    if roots is None:
        return rank, None, _dependent(rank, n)
    return (rank, roots, None) if np.isfinite(roots).all() else (rank, None, "they are beyond the numbers of double precision")


def _dependent(rank: int, n: int) -> str:
    parameters = "the parameter" if n == 1 else f"the {n} parameters"
    return f"the data do not determine {parameters}: the Jacobian has rank {rank}, its columns depend on each other, to rounding"


def _at_an_end(function: Function, x: Any) -> bool:
    """Whether a free parameter is at an end of its range."""
    import numpy as np

    values, lower, upper = (np.asarray(function.space.coordinates(v), float) for v in (x, function.lower, function.upper))
    return bool(((values <= lower) | (values >= upper))[lower < upper].any())


def _standard_errors(function: Function, errors: np.ndarray) -> list[float | None]:
    """The errors of the free parameters, None for a fixed one."""
    free = iter(errors)
    return [float(next(free)) if is_free else None for is_free in _free(function)]


def _inverse_diagonal(J: np.ndarray) -> tuple[int, np.ndarray | None]:
    """The rank of J to rounding, and the square roots of the diagonal of (J'J)^-1, None where its columns depend on each other."""
    import numpy as np

    if not J.shape[1]:
        return 0, np.zeros(0)
    largest = np.abs(J).max(axis=0)
    scale = np.where(largest > 0, largest, 1.0)
    J = J / scale  # before squares, which may be beyond the doubles
    lengths = np.where(largest > 0, np.linalg.norm(J, axis=0), 1.0)
    _, singular, V = np.linalg.svd(J / lengths, full_matrices=False)
    rank = int(np.count_nonzero(singular > _RANK * singular[0]))
    if rank < J.shape[1]:
        return rank, None
    with np.errstate(over="ignore"):
        found: np.ndarray = np.linalg.norm(V.T / singular, axis=1) / lengths / scale
    return rank, found
