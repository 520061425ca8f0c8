"""What the engine itself finds at a point that a method claims, whatever the method said.

The point is evaluated again, in the range and the natural domain; under constraints it is first moved onto those that it
violates. Then first-order and second-order conditions are checked, and the function is looked at in a neighbourhood,
since a vanishing second derivative decides nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from optbench.result import Assurance, Optimality
from optbench.workbench.constraint_rows import by_constraint
from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.kkt import Kkt, kkt
from optbench.workbench.kkt_by_structure import lagrangian_is_convex
from optbench.workbench.neighbours import Neighbours, neighbours
from optbench.workbench.objective import stationarity
from optbench.workbench.restoration import CLEAN, restored
from optbench.workbench.set_up_limit import SetUpTooLong, set_up_limit
from optbench.workbench.surroundings import (
    CHEAP,
    DENSE,
    after_a_push,
    curvature_at,
    decreases_along_a_valley,
    decreases_nearby,
    has_corner,
    is_at_a_pole,
    is_kink,
    jumps_next_to,
    leans_on_open_end,
    newton_step_gains_nothing,
    signs,
)

FEASIBILITY = 1e-6  # tolerated violation of a constraint
_WHOLE = 1e-6  # distance from a whole number that is taken for rounding
_MOVED = 50_000  # entries of the constraints' gradients up to which points are moved onto them by the hundred
_LAST_DIGIT = 1e-15  # distance from a bound, relative to its size, at which a point lies on it
_ROUNDING = 1e-12  # tolerated violation of a range, relative to the point
STATIONARITY = 1e-5  # greatest scaled projected gradient of a point that is called a local optimum
COMPLEMENTARITY = 1e-6  # greatest scaled |multiplier * slack| of a point that is called a local optimum
_CLEAN_ENOUGH = 1e-9  # violation of a constraint at a point that is called a local optimum


class Moved(NamedTuple):
    """What was put right at a point that violated its constraints."""

    violation: float  # before
    distance: float  # in the maximum norm


@dataclass(frozen=True)
class Judgement:
    """What holds at a point. `x` is the flat point, `value` the minimand there."""

    x: Any
    value: float
    assurance: Assurance  # local, feasible or none
    optimality: Optimality
    kind: str  # interior, boundary or kink
    reason: str | None  # why it is no more than that
    multipliers: Mapping[str, Any] = field(default_factory=dict)  # by constraint: change of the objective for a unit of its right-hand side
    checked: str | None = None  # what `local` means where it is not the usual: a clause about the point
    moved: Moved | None = None  # where it is not the point that was claimed, but one near it that satisfies the constraints


def judge(function: Function, x: Any, restore: bool = False) -> Judgement:
    """Return what is known of a claimed point; with `restore`, of one near it that satisfies the constraints, if it doesn't."""
    with silent_numpy():
        x = x if function.scalar or not function.has_bounds else _on_touched_bounds(function, x)
        if function.integers:
            return _with_whole_numbers(function, x, restore)
        if not function.constraint_count or not restore:
            return _judged(function, x)
        violation = function.violation(x)
        point = restored(function, x) if CLEAN < violation < math.inf else x
        judgement = _judged(function, point)
        if violation <= FEASIBILITY or function.violation(point) > FEASIBILITY:
            return judgement
        return replace(judgement, moved=Moved(violation, function.space.max_abs(point - x)))


def judge_within(function: Function, x: Any, seconds: float) -> Judgement:
    """Return the judgement of a claimed point, restored, or only whether it is feasible where that takes more than so many seconds."""
    if seconds == math.inf:
        return judge(function, x, restore=True)
    try:
        with set_up_limit(seconds):
            return judge(function, x, restore=True)
    except SetUpTooLong:
        with silent_numpy():
            return _unchecked(function, x)


def _unchecked(function: Function, x: Any) -> Judgement:
    value, violation = function.value(x), function.violation(x)
    is_feasible = math.isfinite(value) and function.defined(x) and _is_inside(function, x) and violation <= FEASIBILITY
    reason = "there was no time to check the conditions of an optimum"
    return _only_feasible(function, x, value, violation, None, reason) if is_feasible else _refused(function, x, value, violation, reason)


def _on_touched_bounds(function: Function, x: Any) -> Any:
    """The point with entries that rounding alone keeps from a bound on it, such as the double next to that of sin(1)."""
    import numpy as np

    for bound in (function.lower, function.upper):
        x = np.where(np.isfinite(bound) & (abs(x - bound) <= _LAST_DIGIT * np.maximum(1.0, abs(bound))), bound, x)
    return x


def _judged(function: Function, x: Any) -> Judgement:
    violation = function.violation(x)
    value = function.value(x)
    if not math.isfinite(value) or not function.defined(x):
        return _refused(function, x, value, violation, "the function is not defined there")
    if not _is_inside(function, x):
        return _refused(function, x, value, violation, "it lies outside the range")
    if violation > FEASIBILITY:
        return _refused(function, x, value, violation, f"it violates a constraint by {violation:.1e}")
    if jumps_next_to(function, x, value):
        return _only_feasible(function, x, value, violation, None, "the function jumps next to it")
    if function.scalar and is_at_a_pole(function, x, value):
        return _only_feasible(function, x, value, violation, None, "the function grows without bound next to it")
    if function.gradient_missing_because:
        return _only_feasible(function, x, value, violation, None, function.gradient_missing_because)
    look = _under_constraints if function.constraint_count else _with_gradient
    found = look(function, x, value, violation)
    return found if found.assurance is Assurance.LOCAL or function.scalar else _in_smooth_form(function, found)


def _in_smooth_form(function: Function, plain: Judgement) -> Judgement:
    """The same judgement, or a better one by the conditions of Karush, Kuhn and Tucker in a form without kinks, at a point
    at which gradients are no help."""
    form = function.smooth_form
    if form is None or len(function.space.coordinates(plain.x)) + len(form.values) > DENSE:
        return plain
    form.function.scale = function.scale
    y = form.function.space.point(form.lifted(function.space.coordinates(plain.x)))
    if not (math.isfinite(form.function.value(y)) and form.function.violation(y) <= _CLEAN_ENOUGH):
        return plain
    if not function.constraint_count and decreases_nearby(function, plain.x, plain.value):
        return plain
    found = _under_constraints(form.function, y, plain.value, plain.optimality.infeasibility)
    names = {c.name for c in function.problem.constraints}
    multipliers = {name: value for name, value in found.multipliers.items() if name in names}
    kind = "kink" if found.assurance is Assurance.LOCAL and plain.kind == "interior" else plain.kind
    return replace(found, x=plain.x, value=plain.value, kind=kind, multipliers=multipliers)


# ---- whole numbers --------------------------------------------------------------------------------------------------------------


def _with_whole_numbers(function: Function, x: Any, restore: bool) -> Judgement:
    """The usual judgement with the whole numbers held, then a look at the neighbours, in which one of them differs by 1."""
    x = function.rounded(x, _WHOLE)
    fraction = function.fraction(x)
    if fraction:
        return _refused(function, x, function.value(x), function.violation(x), f"it is {fraction:.1e} away from whole numbers")
    held, mixed = function.with_integers_held(x), len(function.integers) < function.dimension
    found = judge(held, x, restore) if mixed else _where_all_are_whole(function, x)
    if found.assurance is not Assurance.LOCAL:
        return replace(found, reason=f"with its whole numbers held, {found.reason}" if mixed else found.reason)
    beside = neighbours(function, found.x, found.value)
    if beside.better is not None:
        name = function.entry_names()[beside.better[0]]
        return replace(found, assurance=Assurance.FEASIBLE, reason=f"a lower value is found with {name} = {beside.better[1]:g}")
    return replace(found, checked=_checked(beside, mixed))


def _where_all_are_whole(function: Function, x: Any) -> Judgement:
    """Whether a point with whole numbers alone is feasible: there is nothing else to it."""
    value, violation = function.value(x), function.violation(x)
    if not math.isfinite(value) or not function.defined(x):
        return _refused(function, x, value, violation, "the function is not defined there")
    if violation > FEASIBILITY:
        return _refused(function, x, value, violation, f"it violates a constraint by {violation:.1e}")
    reason = (
        None if violation <= _CLEAN_ENOUGH else f"it violates a constraint by {violation:.1e}, and whole numbers can't be moved a little"
    )
    assurance = Assurance.LOCAL if reason is None else Assurance.FEASIBLE
    return Judgement(x, value, assurance, Optimality(None, violation, None), _place(function, x), reason)


def _checked(beside: Neighbours, mixed: bool) -> str:
    """What `local` means here, in words."""
    held = "local with its whole numbers held, and " if mixed else ""
    if not beside.all:
        return f"{held}the only whole numbers in the range"
    some = "" if beside.looked_at == beside.all else f" (in {beside.looked_at:,} of {beside.all:,} ways)"
    if not beside.feasible:
        return f"{held}no feasible point was found with one whole number changed by 1{some}"
    anew = " and the others found anew" if mixed else ""
    return f"{held}no better point was found with one whole number changed by 1{anew}{some}"


# ---- under constraints ----------------------------------------------------------------------------------------------------------


def _under_constraints(function: Function, x: Any, value: float, violation: float) -> Judgement:
    """The conditions of Karush, Kuhn and Tucker, curvature on the tangent space, and a look around along the constraints."""
    if function.constraint_gradient_missing_because:
        return _only_feasible(function, x, value, violation, None, function.constraint_gradient_missing_because)
    residuals = function.constraints(x)
    found = kkt(function, x, value, function.gradient(x), residuals)
    if found is None:
        return _only_feasible(function, x, value, violation, None, "the gradients there are undefined, or too large to be checked")
    curvature = _tangent_curvature(function, x, found)
    optimality = Optimality(found.stationarity, violation, curvature, found.complementarity)
    signed = by_constraint(function.parts, function.problem.sign * found.multipliers)
    kind = "boundary" if _place(function, x) == "boundary" or _is_active(function, residuals) else "interior"

    def feasible(reason: str | None) -> Judgement:
        assurance = Assurance.LOCAL if reason is None else Assurance.FEASIBLE
        return Judgement(x, value, assurance, optimality, kind, reason, signed)

    if not found.stationarity <= STATIONARITY:
        none = "no multipliers satisfy" if found.has_tangents else "no multipliers were found that satisfy"
        return feasible(f"{none} the first-order conditions; the least scaled gradient is {found.stationarity:.1e}")
    if not found.complementarity <= COMPLEMENTARITY:
        return feasible(f"a constraint with a multiplier is not active: their scaled product is {found.complementarity:.1e}")
    if violation > _CLEAN_ENOUGH:
        return feasible(f"it violates a constraint by {violation:.1e}, and a point that doesn't was not found")
    if not found.has_tangents and not lagrangian_is_convex(function, x, found.multipliers):
        return feasible("the curvature along so many constraints is not decided")
    if curvature in ("negative", "indefinite"):
        return feasible(f"the curvature along the constraints is {curvature} there")
    if _is_worth_a_look(function) and _decreases_along_constraints(function, x, value, found):
        return feasible("there are lower values nearby")
    return feasible(None)


def _is_worth_a_look(function: Function) -> bool:
    """Whether looking along the constraints may tell more than these conditions, which are sufficient where all is convex
    (S. Boyd, L. Vandenberghe, Convex Optimization, 2004, section 5.5.3): there it is done where it costs little."""
    return _is_quickly_moved(function) or not function.is_seen_convex


def _is_active(function: Function, residuals: Any) -> bool:
    return any(equal or c >= -(CLEAN**0.5) for c, equal in zip(residuals, function.equalities, strict=True))


def _tangent_curvature(function: Function, x: Any, found: Kkt) -> str | None:
    """The sign of the Lagrangian's Hessian on the tangent space; None where that is a point, or it is not computed."""
    import numpy as np

    if function.dimension > DENSE or not found.tangent.shape[1] or function.hessian_missing_because:
        return None
    H = function.lagrangian_sparsity.dense(function.lagrangian_hessian(x, 1.0, found.multipliers))
    reduced = found.tangent.T @ H @ found.tangent
    if not np.isfinite(reduced).all():
        return None
    eigenvalues = np.linalg.eigvalsh(reduced)
    weights = np.maximum(abs(np.atleast_1d(x)), 1.0)
    rounding = _LAST_DIGIT * len(H) * float(abs(weights[:, None] * H * weights).max())  # in the directions, so in their curvature
    return signs(list(np.where(abs(eigenvalues) <= rounding, 0.0, eigenvalues)))


def _decreases_along_constraints(function: Function, x: Any, value: float, found: Kkt) -> bool:
    """Whether a feasible point near x has a clearly lower value: reached in tangent directions, and moved onto the constraints."""
    room = 1e-9 * max(1.0, abs(value))
    size = max(1.0, function.space.max_abs(x))
    lengths = (1e-4, 1e-3, 1e-2, 0.1) if _is_quickly_moved(function) else (1e-2,)
    steps = [(sign * h * size) * d for d in _tangent_directions(function, found) for h in lengths for sign in (1.0, -1.0)]
    ways = (None, found.held) if found.held.any() else (None,)
    return any(_falls_on_the_way(function, x, step, value, room, held) for step in steps for held in ways)


def _falls_on_the_way(function: Function, x: Any, step: Any, value: float, room: float, held: Any) -> bool:
    """Whether the feasible points near x + t*step end lower at t = 1 and never rise on the way."""

    def at(t: float) -> float:
        y = restored(function, function.space.clip(x + t * step, function.lower, function.upper), held)
        return function.value(y) if function.violation(y) <= _CLEAN_ENOUGH else math.inf

    return at(1.0) < value - room and all(at(k / 8) <= value + 1e-12 * max(1.0, abs(value)) for k in range(1, 8))


def _is_quickly_moved(function: Function) -> bool:
    """Whether a point is moved onto the constraints so quickly that this can be done hundreds of times."""
    return function.dimension <= DENSE and function.dimension * function.constraint_count <= _MOVED


def _tangent_directions(function: Function, found: Kkt) -> list[Any]:
    columns, chance = found.nearly_tangent.T, random.Random(0)
    few, more = (20, 10) if _is_quickly_moved(function) else (2, 1)
    chosen = list(columns) if len(columns) <= few else [columns[i] for i in chance.sample(range(len(columns)), few)]
    mixed = [sum(chance.gauss(0, 1) * c for c in columns) for _ in range(min(2 * len(columns), more))] if len(columns) > 1 else []
    return [function.space.point(list(d / max(abs(d)))) for d in [*chosen, *mixed]]


# ---- under bounds alone -----------------------------------------------------------------------------------------------------------


def _is_inside(function: Function, x: Any) -> bool:
    space = function.space
    outside = space.max_abs(x - space.clip(x, function.lower, function.upper))
    return outside <= _ROUNDING * max(1.0, space.max_abs(x))


def _refused(function: Function, x: Any, value: float, violation: float, reason: str) -> Judgement:
    return Judgement(x, value, Assurance.NONE, Optimality(None, violation, None), _place(function, x), reason)


def _only_feasible(function: Function, x: Any, value: float, violation: float, slope: float | None, reason: str) -> Judgement:
    return Judgement(x, value, Assurance.FEASIBLE, Optimality(slope, violation, None), _place(function, x), reason)


def _with_gradient(function: Function, x: Any, value: float, violation: float) -> Judgement:
    gradient = function.gradient(x)
    slope = stationarity(function, x, value, gradient)
    if not slope <= STATIONARITY and not newton_step_gains_nothing(function, x, value, gradient):
        if function.scalar and is_kink(function, x):
            kind = "boundary" if _place(function, x) == "boundary" else "kink"
            return Judgement(x, value, Assurance.LOCAL, Optimality(None, violation, None), kind, None)
        shown = "undefined" if math.isinf(slope) else f"{slope:.1e}"
        stationary = None if math.isinf(slope) else slope
        return _only_feasible(function, x, value, violation, stationary, f"the scaled gradient is {shown} there")
    if leans_on_open_end(function, x, gradient):
        return _only_feasible(function, x, value, violation, slope, "the range is open at the end it leans on")
    curvature = curvature_at(function, x, gradient)
    optimality = Optimality(slope, violation, curvature)
    if curvature in ("negative", "indefinite"):
        return Judgement(x, value, Assurance.FEASIBLE, optimality, _place(function, x), f"the curvature is {curvature} there")
    if curvature == "positive" and function.is_smooth and function.work > CHEAP:
        return Judgement(x, value, Assurance.LOCAL, optimality, _place(function, x), None)
    with_valleys = curvature == "semidefinite" and not function.scalar and function.dimension <= DENSE
    if (with_valleys and decreases_along_a_valley(function, x, value, gradient)) or decreases_nearby(function, x, value):
        return Judgement(x, value, Assurance.FEASIBLE, optimality, _place(function, x), "there are lower values nearby")
    if curvature != "positive" and not function.scalar and (lower := after_a_push(function, x, value)) is not None:
        reason = f"a restart from a point beside it falls to {function.problem.sign * lower:.9g}"
        return Judgement(x, value, Assurance.FEASIBLE, optimality, _place(function, x), reason)
    kind = _place(function, x)
    if kind == "interior" and function.scalar and not function.is_smooth and has_corner(function, x):
        kind = "kink"
    return Judgement(x, value, Assurance.LOCAL, optimality, kind, None)


def _place(function: Function, x: Any) -> str:
    ends = zip(function.space.coordinates(x), function.closed_box, strict=True)
    return "boundary" if any(c in pair for c, pair in ends) else "interior"
