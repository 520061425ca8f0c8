"""What a function does next to a point: whether it jumps, has a corner, curves upwards, or falls somewhere nearby.

Each of these is looked at with doubles, so it speaks against a claim or for it, and proves nothing.
"""

from __future__ import annotations

import math
import random
from typing import Any

from optbench.language.graph import functions
from optbench.workbench.function import Function, entry_ranges, importable
from optbench.workbench.reading import GraphReading

_JUMPING = {"floor", "ceil", "sign", "mod", "if", "atan2"}
_DECREMENT = 1e-10  # greatest relative gain of a Newton step from a point that is called a local optimum
_PUSH = 1e-4  # relative distance of a restart
_CLEARLY = 1e-6  # relative fall of the value after which a restart has found a lower point
_CURVATURE = 1e-8  # relative to the greatest second derivative
DENSE = 400  # up to this dimension the Hessian's eigenvalues are computed
_SPARSE = 50  # entries a row, on average, up to which a Hessian is factorised by its structure beyond that dimension
CHEAP = 1_000_000  # entries computed in an evaluation from which one looks around only where derivatives don't tell
_LOOKED_AT = 40_000_000  # entries computed along an axis, or a direction, in a look around


# ---- jumps and poles -----------------------------------------------------------------------------------------------------------------


def jumps_next_to(function: Function, x: Any, value: float) -> bool:
    """Whether a function that may jump does so very near x, along an axis."""
    if not functions(function.problem.minimand) & _JUMPING or function.dimension > DENSE:
        return False
    space = function.space
    axes = [1.0] if function.scalar else [space.unit(i) for i in range(function.dimension)]
    reach = 1e-4 * max(1.0, space.max_abs(x))
    ends = [space.clip(x + sign * reach * axis, function.lower, function.upper) for axis in axes for sign in (1.0, -1.0)]
    return any(_jumps_between(function, x, value, end) for end in ends)


def _jumps_between(function: Function, x: Any, value: float, end: Any) -> bool:
    """Whether a difference of values stays while the way between two points is halved, again and again."""
    left, right = (x, value), (end, function.value(end))
    first = abs(right[1] - left[1])
    if not first > 1e-6 * max(function.scale, abs(value)):
        return False
    for _ in range(40):
        middle = left[0] + (right[0] - left[0]) / 2
        at_middle = function.value(middle)
        left, right = (left, (middle, at_middle)) if abs(at_middle - left[1]) > abs(right[1] - at_middle) else ((middle, at_middle), right)
    return not abs(right[1] - left[1]) < first / 2


def is_at_a_pole(function: Function, x: float, value: float) -> bool:
    """Whether a function of one variable is huge at x and halves within the next thousand doubles."""
    if abs(value) < 1e6 * function.scale:
        return False
    step = 1024 * math.ulp(x)
    return any(abs(function.value(y)) < abs(value) / 2 for y in (x - step, x + step) if function.lower <= y <= function.upper)


# ---- kinks, and ends that are open ---------------------------------------------------------------------------------------------------


def is_kink(function: Function, x: float) -> bool:
    """Whether a function of one variable falls towards x from both sides, with slopes that do not vanish."""
    h = 1e-6 * max(1.0, abs(x))
    left, right = function.gradient(x - h), function.gradient(x + h)
    low, high = function.lower, function.upper
    return bool((x - h < low or left < 0) and (x + h > high or right > 0) and not decreases_nearby(function, x, function.value(x)))


def has_corner(function: Function, x: float) -> bool:
    """Whether the slope jumps from negative to positive at x: on both sides it stays what it is as x comes nearer."""
    h = 1e-5 * max(1.0, abs(x))
    left, right = function.gradient(x - h), function.gradient(x + h)
    return bool(left < 0 < right and function.gradient(x - h / 100) < left / 2 and function.gradient(x + h / 100) > right / 2)


def leans_on_open_end(function: Function, x: Any, gradient: Any) -> bool:
    """Whether the function falls towards an end that does not belong to the range: the next double to it is no minimum."""
    space = function.space
    slopes, ends = space.coordinates(gradient), zip(space.coordinates(function.lower), space.coordinates(function.upper), strict=True)
    return any(
        (c <= low and slope > 0 and not interval.lower_closed) or (c >= high and slope < 0 and not interval.upper_closed)
        for c, slope, (low, high), interval in zip(space.coordinates(x), slopes, ends, entry_ranges(function.problem), strict=True)
    )


# ---- second derivatives --------------------------------------------------------------------------------------------------------------


def newton_step_gains_nothing(function: Function, x: Any, value: float, gradient: Any) -> bool:
    """Whether the quadratic model at x is convex and its minimum hardly lower than the value: half the squared Newton
    decrement (S. Boyd, L. Vandenberghe, Convex Optimization, 2004, section 9.5.1), which no scaling of x changes."""
    if not function.is_smooth or function.dimension > DENSE or function.hessian_missing_because or not function.space.is_finite(gradient):
        return False
    space = function.space
    free = space.free(x, gradient, function.lower, function.upper)
    slope = space.masked(gradient, free)
    step = space.cholesky_solve(space.restricted(function.hessian(x), free), slope)
    return step is not None and space.dot(slope, step) / 2 <= _DECREMENT * max(function.scale, abs(value))


def curvature_at(function: Function, x: Any, gradient: Any) -> str | None:
    """The sign of the Hessian on the directions that no active bound holds; None where it is not computed."""
    if function.hessian_missing_because:
        return None
    if function.dimension > DENSE:
        return _sparse_curvature(function, x, gradient)
    hessian = function.hessian(x)
    if function.scalar:
        free = bool(function.space.free(x, gradient, function.lower, function.upper))
        return signs([hessian] if free else [])
    import numpy as np

    mask = np.asarray(function.space.free(x, gradient, function.lower, function.upper))
    free_part = hessian[np.ix_(mask, mask)]
    if not np.all(np.isfinite(free_part)):
        return None
    return signs(list(np.linalg.eigvalsh(free_part)))


def _sparse_curvature(function: Function, x: Any, gradient: Any) -> str | None:
    """The same by a factorisation that leaves zeros out; None where that would take long, or the library for it is missing."""
    if not function.is_smooth or not importable("casadi") or function.most_second_derivatives > _SPARSE * function.dimension:
        return None
    if isinstance(function.reading, GraphReading):
        return None
    import numpy as np

    from optbench.arithmetic.casadi_definiteness import is_positive_semidefinite
    from optbench.arithmetic.sparsity import Sparsity

    sparsity = function.reading.hessian_sparsity
    free = np.asarray(function.space.free(x, gradient, function.lower, function.upper))
    kept = free[sparsity.rows] & free[sparsity.columns]
    if not free.any():
        return None
    place = np.cumsum(free) - 1
    left = Sparsity(place[sparsity.rows[kept]], place[sparsity.columns[kept]], (int(free.sum()),) * 2)
    entries = function.reading.hessian(x)[kept]
    if not np.isfinite(entries).all():
        return None
    if is_positive_semidefinite(left, entries, _CURVATURE):
        return "positive"
    return "semidefinite" if is_positive_semidefinite(left, entries) else "indefinite"


def signs(eigenvalues: list[float]) -> str | None:
    if not eigenvalues or not all(map(math.isfinite, eigenvalues)):
        return None
    scale = _CURVATURE * max(map(abs, eigenvalues))
    low, high = min(eigenvalues), max(eigenvalues)
    if low > scale:
        return "positive"
    if low < -scale:
        return "negative" if high < -scale else "indefinite"
    return "semidefinite"


# ---- lower values --------------------------------------------------------------------------------------------------------------------


def decreases_along_a_valley(function: Function, x: Any, value: float, gradient: Any) -> bool:
    """Whether values fall along a curve that leaves x in a direction without curvature and keeps to the floor of the valley.

    (y - x^2)*(y - 3*x^2) falls along y = 2*x^2, and along no line through 0.
    """
    import numpy as np

    free = np.asarray(function.space.free(x, gradient, function.lower, function.upper))
    eigenvalues, vectors = np.linalg.eigh(function.hessian(x)[np.ix_(free, free)])
    flat = eigenvalues <= 1e-6 * eigenvalues[-1]
    across, stiff = vectors[:, ~flat], eigenvalues[~flat]
    room, size = 1e-9 * max(1.0, abs(value)), max(1.0, function.space.max_abs(x))

    def at(step: Any) -> float:
        y = np.array(x)
        y[free] += step
        y[free] -= across @ ((across.T @ function.gradient(y)[free]) / stiff)  # a Newton step across the valley
        return function.value(function.space.clip(y, function.lower, function.upper))

    steps = [sign * h * size * d for d in vectors[:, flat].T[:10] for h in (0.01, 0.1, 0.3) for sign in (1.0, -1.0)]
    return any(at(step) < value - room and all(at(step * k / 8) <= value + 1e-12 for k in range(1, 8)) for step in steps)


def decreases_nearby(function: Function, x: Any, value: float) -> bool:
    """Whether a point near x, along an axis or a random direction, has a clearly lower value."""
    space, chance = function.space, random.Random(0)
    room = 1e-9 * max(1.0, abs(value))
    size = max(1.0, space.max_abs(x))
    for direction in _directions(function, chance):
        for h in (1e-4, 1e-3, 1e-2, 0.1, 0.5):
            for sign in (1.0, -1.0):
                y = space.clip(x + (sign * h * size) * direction, function.lower, function.upper)
                if function.value(y) < value - room and _is_downhill(function, x, y, value):
                    return True
    return False


def _is_downhill(function: Function, x: Any, y: Any, value: float) -> bool:
    """Whether the way from x to a lower y never rises: else y belongs to another valley."""
    steps = [k / 16 for k in range(1, 16)] + [2.0**-k for k in range(5, 27)]
    return all(function.value(x + t * (y - x)) <= value + 1e-12 * max(1.0, abs(value)) for t in steps)


def _directions(function: Function, chance: random.Random) -> list[Any]:
    n = function.dimension
    if function.scalar:
        return [1.0]
    few = max(2, min(20, _LOOKED_AT // function.work))
    axes = [function.space.unit(i) for i in (range(n) if n <= few else chance.sample(range(n), few))]
    if n > DENSE:
        import numpy as np

        return [*axes, *np.random.default_rng(0).standard_normal((few, n)) / math.sqrt(n)]
    mixed = [function.space.point([chance.gauss(0, 1) / math.sqrt(n) for _ in range(n)]) for _ in range(min(4 * n, few))]
    return axes + mixed


def after_a_push(function: Function, x: Any, value: float) -> float | None:
    """The value that a short descent from a point beside x reaches, if it is clearly lower: x is then no more than a saddle, or
    a place where the method ran out of breath."""
    if function.dimension > DENSE or function.work > CHEAP:
        return None
    from optbench.workbench.improvement import descended

    chance, space = random.Random(0), function.space
    size = _PUSH * max(1.0, space.max_abs(x))
    beside = space.clip(x + space.point([size * chance.gauss(0, 1) for _ in range(function.dimension)]), function.lower, function.upper)
    lower = descended(function, space.coordinates(beside))
    return lower if lower is not None and lower < value - _CLEARLY * max(function.scale, abs(value)) else None
