"""The Barzilai-Borwein method: steps against the gradient whose length is learned from the last ones, projected onto the bounds."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from .line_search import NO_DECREASE, ROUNDING, SHORTEST, Trial, first_length
from .method import Iterates, Method, Objective, Progress, settled
from .options import Options, option
from .space import Point, Space

SIGMA_1, SIGMA_2 = 0.1, 0.9  # between these parts of a step its shortening is found by interpolation
TAU, SHORT_STEPS = 0.8, 10  # of the adaptive rule; the number is m + 1 of its authors


@dataclass(frozen=True)
class BarzilaiBorweinOptions(Options):
    """The lengths of Barzilai and Borwein, and how far f may rise in between."""

    length: str = option(
        "adaptive", "s's/s'y (long), s'y/y'y (short), or the one that suits the curvature met", choices=("adaptive", "long", "short")
    )
    memory: int = option(10, "number of values of which the highest may be reached again; 1 means that f never rises", at_least=1)
    sufficient_decrease: float = option(1e-4, "part of the promised decrease that a step must bring", above=0, below=0.5)
    patience: int = option(100, "iterations without progress after which it stops", at_least=1)


def barzilai_borwein(objective: Objective, x: Point, value: float, options: BarzilaiBorweinOptions) -> Iterates:
    """Birgin, Martinez & Raydan 2000, algorithm SPG2; their bounds of alpha are left out, as they would not scale with f."""
    progress = Progress(objective, options.patience)
    recent = deque([value], maxlen=options.memory)
    lengths = Lengths(options.length)
    lowest = value
    g = objective.gradient(x)
    while True:
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        alpha = lengths.next or first_length(objective, x, g)
        target = objective.project(x - alpha * g)
        trial = nonmonotone(objective, x, value, g, target, max(recent), lowest, options.sufficient_decrease)
        if trial is None and lengths.next:  # what was learned may be rounding: once more from the beginning
            lengths.forget()
            continue
        if trial is None or trial.gradient is None:
            return NO_DECREASE
        lengths.learn(objective.space, trial.x - x, trial.gradient - g)
        x, value, g = trial.x, trial.value, trial.gradient
        recent.append(value)
        lowest = min(lowest, value)
        yield x, value


class Lengths:
    """The next length by the rule: (5) and (6) of Barzilai & Borwein 1988, or ABBmin of Frassoldati, Zanni & Zanghirati 2008."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.next = 0.0  # where it is 0, there was no curvature to learn from
        self.shorts: deque[float] = deque(maxlen=SHORT_STEPS)

    def learn(self, space: Space, s: Point, y: Point) -> None:
        """Learn from a step s and the change y of the gradient; entries that a bound has held count in neither."""
        y = space.masked(y, s != 0)
        sy, yy = space.dot(s, y), space.dot(y, y)
        long, short = (space.dot(s, s) / sy, sy / yy) if sy > 0 and 0 < yy < math.inf else (0.0, 0.0)
        if not (short and math.isfinite(long)):
            self.forget()
            return
        self.shorts.append(short)
        if self.rule == "adaptive":
            self.next = min(self.shorts) if short < TAU * long else long
        else:
            self.next = long if self.rule == "long" else short


def nonmonotone(
    objective: Objective, x: Point, value: float, g: Point, target: Point, ceiling: float, lowest: float, gamma: float
) -> Trial | None:
    """Return a point between x and `target` at which f is enough below `ceiling`, the highest of the last values, or None.

    Grippo, Lampariello & Lucidi 1986, with the interpolation of Birgin, Martinez & Raydan 2000, section 2. A value that
    can't be told from the lowest so far passes as well: there no comparison decides.
    """
    space = objective.space
    d = target - x
    delta = space.dot(g, d)
    lamda, point = 1.0, target
    while -math.inf < delta < 0 and lamda > SHORTEST and not space.equal(point, x):
        trial = objective.value(point)
        if trial <= ceiling + gamma * lamda * delta or abs(trial - lowest) <= ROUNDING * abs(lowest):
            there = objective.gradient(point)
            if space.is_finite(there):
                return Trial(point, trial, lamda, there)
            trial = math.nan
        excess = trial - value - lamda * delta
        vertex = -0.5 * lamda**2 * delta / excess if excess > 0 else math.nan  # of the parabola through what is known
        lamda = vertex if SIGMA_1 * lamda <= vertex <= SIGMA_2 * lamda else 0.5 * lamda
        point = objective.project(x + lamda * d)  # x + lambda d, but for rounding
    return None


METHOD = Method(
    name="barzilai-borwein",
    summary="Gradient steps of a length that the last steps teach; f may rise now and then; bounds by projection.",
    source="J. Barzilai & J. Borwein 1988, IMA J. Numer. Anal. 8(1); E. Birgin, J. Martinez & M. Raydan 2000, SIAM J. Optim. 10(4)",
    algorithm=barzilai_borwein,
    options=BarzilaiBorweinOptions,
    uses=frozenset({"value", "gradient"}),
)
