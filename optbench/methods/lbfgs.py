"""L-BFGS: BFGS that remembers a few steps instead of a matrix, so that many variables cost little; bounds by projection."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .line_search import NO_DECREASE, first_length, free_entries, margins, weak_wolfe
from .method import Iterates, Method, Objective, Progress, settled
from .options import Options, option
from .space import EPSILON, Mask, Point, Space


@dataclass(frozen=True)
class LbfgsOptions(Options):
    """How many steps are remembered, and the two conditions of the line search."""

    memory: int = option(10, "number of steps that are remembered", at_least=1, at_most=1000)
    sufficient_decrease: float = option(1e-4, "part of the promised decrease that a step must bring", above=0, below=0.5)
    curvature: float = option(0.9, "part of the slope that may be left at its end; above sufficient_decrease", above=0, below=1)
    patience: int = option(20, "iterations without progress after which it stops", at_least=1)


class Pair(NamedTuple):
    """A step, the change of the gradient along it, and their product, which is positive."""

    s: Point
    y: Point
    sy: float


def lbfgs(objective: Objective, x: Point, value: float, options: LbfgsOptions) -> Iterates:
    """Nocedal & Wright 2006, algorithm 7.5, with the line search of Lewis & Overton 2013.

    With bounds, the entries held back have a metric of their own, gamma times the identity (Bertsekas 1982, section 2):
    what is remembered counts on the free entries only, so that the recursion leaves the others as they are.
    """
    space = objective.space
    progress = Progress(objective, options.patience)
    bounded = progress.bounded
    margin = margins(objective)
    pairs: deque[Pair] = deque(maxlen=options.memory)
    g = objective.gradient(x)
    gamma = 0.0
    free: Mask | None = None
    while True:
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        if bounded:
            known, free = free, free_entries(objective, x, g, margin)
            if known is not None and not space.equal(known, free):
                pairs = deque(restricted(space, pairs, free, gamma), options.memory)
        gamma = gamma or first_length(objective, x, g)
        p = -two_loops(space, pairs, g, gamma)
        trial = weak_wolfe(objective, x, value, g, p, options.sufficient_decrease, options.curvature, bounded)
        if trial is None and pairs:  # what it remembers may be rounding: once more along the gradient
            pairs.clear()
            gamma = 0.0
            continue
        if trial is None or trial.gradient is None:
            return NO_DECREASE
        s, y = trial.x - x, trial.gradient - g
        if free is not None:
            s, y = space.masked(s, free), space.masked(y, free)
        x, value, g = trial.x, trial.value, trial.gradient
        yield x, value
        sy, yy = space.dot(s, y), space.dot(y, y)
        if is_curved(sy, yy, gamma):
            pairs.append(Pair(s, y, sy))
            gamma = sy / yy  # (7.20)


def is_curved(sy: float, yy: float, gamma: float) -> bool:
    """Return whether a pair with these products has curvature that can be learned, and not rounding."""
    return sy > EPSILON * yy * gamma and 0 < yy < math.inf


def two_loops(space: Space, pairs: Sequence[Pair], g: Point, gamma: float) -> Point:
    """Return H g with the inverse Hessian H that BFGS makes of gamma times the identity and the pairs, oldest first.

    Nocedal & Wright 2006, algorithm 7.4 (Nocedal 1980).
    """
    q = space.copy(g)
    alphas = []
    for s, y, sy in reversed(pairs):
        alphas.append(space.dot(s, q) / sy)
        q -= alphas[-1] * y
    r = gamma * q
    for (s, y, sy), alpha in zip(pairs, reversed(alphas), strict=True):
        r += (alpha - space.dot(y, r) / sy) * s
    return r


def restricted(space: Space, pairs: Iterable[Pair], free: Mask, gamma: float) -> list[Pair]:
    """Return the pairs with 0 in the entries that are not free, without those that lose their curvature by it."""
    cut = ((space.masked(s, free), space.masked(y, free)) for s, y, _ in pairs)
    measured = ((s, y, space.dot(s, y), space.dot(y, y)) for s, y in cut)
    return [Pair(s, y, sy) for s, y, sy, yy in measured if is_curved(sy, yy, gamma)]


METHOD = Method(
    name="lbfgs",
    summary="Limited-memory BFGS: a quasi-Newton method that remembers a few steps and no matrix, for many variables.",
    source="J. Nocedal 1980, Math. Comput. 35(151); J. Nocedal & S. J. Wright 2006, Numerical Optimization, section 7.2",
    algorithm=lbfgs,
    options=LbfgsOptions,
    uses=frozenset({"value", "gradient"}),
)
