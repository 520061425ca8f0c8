"""Nesterov's accelerated gradient method: steps from a point ahead, of a length found by backtracking, with restarts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from .line_search import DIVERGED, NO_DECREASE, ROUNDING, SHORTEST, Trial, first_length
from .method import Iterates, Method, Objective, Progress, settled
from .options import Options, option
from .space import Point


@dataclass(frozen=True)
class NesterovOptions(Options):
    """The estimate of the Lipschitz constant of the gradient, and when momentum is dropped."""

    lipschitz: float = option(0.0, "first estimate of the Lipschitz constant; 0 means one whose step moves x by at least 1", at_least=0)
    growth: float = option(2.0, "factor by which the estimate grows where it is too small", above=1)
    relaxation: float = option(0.9, "factor by which it falls in each iteration; 1 means never", above=0, at_most=1)
    restart: str = option(
        "gradient", "momentum is dropped where it points uphill, where f has risen, or never", choices=("gradient", "function", "none")
    )
    patience: int = option(1000, "iterations without progress after which it stops", at_least=1)


class Place(NamedTuple):
    """A point with its value and gradient."""

    x: Point
    value: float
    gradient: Point


def nesterov(objective: Objective, x: Point, value: float, options: NesterovOptions) -> Iterates:
    """FISTA with backtracking: Beck & Teboulle 2009, section 4, with their letters; x is their x_{k-1}.

    The estimate L may fall as well (Scheinberg, Goldfarb & Bai 2014). The point ahead is projected onto the bounds, since
    f may be undefined outside: it comes nearer to all points inside, so that the bound of theorem 4.4 still holds.
    """
    progress = Progress(objective, options.patience)
    g = objective.gradient(x)
    here: Place | None = Place(x, value, g)
    L = L_last = options.lipschitz or 1.0 / first_length(objective, x, g)
    last, t = x, 0.0  # without momentum t is 0, then 1
    while True:
        t_next = 0.5 * (1 + math.sqrt(1 + 4 * (L / L_last) * t * t))  # (4.2), but for the change of L
        y = ahead(objective, x + ((t - 1) / t_next) * (x - last)) if t > 1 else None  # (4.3)
        if y is None:
            t, t_next = (t, t_next) if t <= 1 else (0.0, 1.0)
            y = here = here or Place(x, value, objective.gradient(x))
        if outcome := settled(objective, *y):
            if y is not here:
                yield y.x, y.value
            return outcome
        trial = forward(objective, y, L)
        if trial is None and L_last > L * SHORTEST:
            L *= options.growth
            continue
        if trial is None and y is not here:
            t, L = 0.0, L_last
            continue
        if trial is None:
            return NO_DECREASE
        if is_uphill(objective, options.restart, x, value, y, trial):
            t_next = 0.0
        last, t, L_last, L = x, t_next, L, options.relaxation * L
        x, value = trial.x, trial.value
        here = None if trial.gradient is None else Place(x, value, trial.gradient)
        yield x, value
        if not math.isfinite(value):
            return DIVERGED
        if outcome := progress.ended(*y):
            return outcome


def ahead(objective: Objective, x: Point) -> Place | None:
    """Return what is known of f at x, moved into the bounds, or None where it is undefined."""
    x = objective.project(x)
    value = objective.value(x)
    if not math.isfinite(value):
        return None
    gradient = objective.gradient(x)
    return Place(x, value, gradient) if objective.space.is_finite(gradient) else None


def forward(objective: Objective, y: Place, L: float) -> Trial | None:
    """Return p_L(y), the gradient step, if f is there at most the quadratic model Q_L of (2.5), else None: L is too small.

    Where the difference of the values drowns in rounding, that of the gradients decides (Becker, Candes & Grant 2011,
    section 5.3).
    """
    space = objective.space
    p = objective.project(y.x - y.gradient / L)  # (2.6)
    if space.equal(p, y.x):
        return None
    moved = p - y.x
    value, square = objective.value(p), space.dot(moved, moved)
    if abs(value - y.value) <= ROUNDING * abs(y.value):
        gradient = objective.gradient(p)
        return Trial(p, value, 1 / L, gradient) if space.dot(gradient - y.gradient, moved) <= L * square else None
    return Trial(p, value, 1 / L, None) if value <= y.value + space.dot(y.gradient, moved) + 0.5 * L * square else None


def is_uphill(objective: Objective, rule: str, x: Point, value: float, y: Place, trial: Trial) -> bool:
    """Return whether the step from x has gone uphill by the `rule`: O'Donoghue & Candes 2015, section 3.2."""
    if rule == "function":
        return trial.value > value
    return rule == "gradient" and objective.space.dot(y.x - trial.x, trial.x - x) > 0


METHOD = Method(
    name="nesterov",
    summary="Accelerated gradient steps from a point ahead (FISTA), of an estimated length and with restarts; bounds by projection.",
    source="Y. Nesterov 1983, Soviet Math. Doklady 27(2); A. Beck & M. Teboulle 2009, SIAM J. Imaging Sci. 2(1)",
    algorithm=nesterov,
    options=NesterovOptions,
    uses=frozenset({"value", "gradient"}),
)
