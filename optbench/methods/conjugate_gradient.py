"""The conjugate gradient method of Hager and Zhang: directions that always descend, their line search, bounds by projection.

The line search is written as in the paper, with generators that ask for step lengths and are sent what is found there:
`lengths` would go on as long as there is an interval, and whoever drives it ends it at the first step that is good.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

from .line_search import NO_DECREASE, ROUNDING, first_length, free_entries, margins
from .method import Iterates, Method, Objective, Progress, settled
from .options import Options, option
from .space import EPSILON, Mask, Point, Space

ETA = 0.4  # lower bound of beta, relative
NU = 0.1  # part of a gradient along the last one at which directions are forgotten
THETA = 0.5  # where an interval is cut in which f is too high
GAMMA = 0.66  # part of an interval that two secant steps must not leave
RHO = 5.0  # growth of steps until they bracket
PSI_1, PSI_2 = 0.1, 2.0  # parts of the last step: for a look along the new direction, and for a first trial without it


@dataclass(frozen=True)
class ConjugateGradientOptions(Options):
    """The two conditions of the line search."""

    sufficient_decrease: float = option(0.1, "part of the promised decrease that a step must bring", above=0, below=0.5)
    curvature: float = option(0.9, "part of the slope that may be left at its end; above sufficient_decrease", above=0, below=1)
    patience: int = option(50, "iterations without progress after which it stops", at_least=1)


def conjugate_gradient(objective: Objective, x: Point, value: float, options: ConjugateGradientOptions) -> Iterates:
    """Hager & Zhang 2005, with their lower bound of beta of 2013.

    With bounds, the entries held back (the set I+ of Bertsekas 1982, section 2) move against the gradient, and directions
    are forgotten where that set changes or a step is cut short at a bound.
    """
    space = objective.space
    progress = Progress(objective, options.patience)
    margin = margins(objective)
    g = objective.gradient(x)
    last: Arc | None = None  # where the last step was made, unless all begins anew
    free: Mask | None = None
    step = drop = 0.0
    while True:
        if outcome := settled(objective, x, value, g) or progress.ended(x, value, g):
            return outcome
        if progress.bounded:
            known, free = free, free_entries(objective, x, g, margin)
            last = last if known is not None and space.equal(known, free) else None
        d = -g if last is None else direction(space, g, g - last.g, last.d, free)
        arc = Arc(objective, x, value, g, d, progress.bounded)
        first = first_step(arc, step, drop) if step else first_length(objective, x, g)
        found = good_step(arc, first, options.sufficient_decrease, options.curvature)
        if found is None and step:  # what is learned may be rounding: once more along the gradient
            last, step = None, 0.0
            continue
        if found is None:
            return NO_DECREASE
        last = arc if space.equal(found.x, x + found.t * arc.d) else None
        step, drop = found.t, value - found.phi
        x, value, g = found.x, found.phi, found.gradient
        yield x, value


def direction(space: Space, g: Point, y: Point, d: Point, free: Mask | None) -> Point:
    """Return the direction at a point with gradient g after a step along d that changed the gradient by y.

    It is (1.2) of Hager & Zhang 2005 on the free entries, and -g on the others. It is -g as well where the gradients are
    far from orthogonal (Nocedal & Wright 2006, (5.52)): in few variables this saves most of the steps.
    """
    r, d, y = (g, d, y) if free is None else (space.masked(g, free), space.masked(d, free), space.masked(y, free))
    dy, dd = space.dot(d, y), space.dot(d, d)
    if not 0 < dy < math.inf or dd == 0 or abs(space.dot(r, r - y)) >= NU * space.dot(r, r):
        return -g
    beta = (space.dot(y, r) - 2 * space.dot(y, y) * space.dot(d, r) / dy) / dy  # (1.3)
    lowest = ETA * space.dot(d, r - y) / dd  # Hager & Zhang 2013; other than (1.6) of 2005, a factor of f changes nothing
    return max(beta, lowest) * d - g


# The line search: Hager & Zhang 2005, section 4 ------------------------------------------------------------------------


class Probe(NamedTuple):
    """A step t, phi(t) = f(P(x + t d)), its slope, the point and its gradient; phi is inf, and its slope nan, where f is undefined."""

    t: float
    phi: float
    slope: float
    x: Point
    gradient: Point


class Arc:
    """The points P(x + t d), where P projects onto the bounds; entries of d that are held by a bound are 0."""

    def __init__(self, objective: Objective, x: Point, value: float, g: Point, d: Point, bounded: bool) -> None:
        self.objective, self.bounded = objective, bounded
        space = objective.space
        self.x, self.value, self.g = x, value, g
        self.d = space.masked(d, space.free(x, -d, objective.lower, objective.upper)) if bounded else d
        self.slope = space.dot(g, self.d)
        self.high = value + ROUNDING * abs(value)  # phi(0) + epsilon_k

    def at(self, t: float) -> tuple[Point, Point]:
        """Return x + t d and its projection."""
        target = self.x + t * self.d
        return target, self.objective.project(target) if self.bounded else target

    def probe(self, t: float) -> Probe:
        """Evaluate f and its gradient at a step t."""
        space = self.objective.space
        target, x = self.at(t)
        phi = self.objective.value(x)
        if math.isfinite(phi):
            gradient = self.objective.gradient(x)
            moving = space.masked(gradient, x == target) if self.bounded else gradient  # what is clipped moves no more
            slope = space.dot(moving, self.d)
            if math.isfinite(slope):
                return Probe(t, phi, slope, x, gradient)
        return Probe(t, math.inf, math.nan, x, None)


Search = Generator[float, Probe, tuple[Probe, Probe]]  # asks for probes, returns an interval


def first_step(arc: Arc, step: float, drop: float) -> float:
    """Return where to look first after a step that lowered f by `drop`: I1 and I2."""
    r = PSI_1 * step
    if drop > ROUNDING * abs(arc.value):
        phi = arc.objective.value(arc.at(r)[1])
        excess = phi - arc.value - r * arc.slope
        if phi <= arc.value and excess > 0:
            return -0.5 * arc.slope * r * (r / excess)  # the minimum of the parabola through phi(0), phi'(0) and phi(r)
    return PSI_2 * step


def good_step(arc: Arc, first: float, delta: float, sigma: float) -> Probe | None:
    """Return a step that satisfies the Wolfe conditions T1, or the approximate ones T2 where f can't be told from phi(0).

    Where there is none, as at a kink, it is the lowest with a sufficient decrease; None where there is none either.
    """
    if not (-math.inf < arc.slope < 0 and 0 < first < math.inf):
        return None
    space = arc.objective.space
    proposals = lengths(arc, first)
    lowest: Probe | None = None
    t = next(proposals)
    while True:
        probe = arc.probe(t)
        moved = probe.x - arc.x
        promised = space.dot(arc.g, moved)  # t phi'(0), where nothing is clipped
        enough = probe.phi <= arc.value + delta * promised and probe.phi < arc.value
        if not enough and probe.phi <= arc.high and promised < 0:
            enough = space.dot(probe.gradient, moved) <= (2 * delta - 1) * promised
        if enough and probe.slope >= sigma * arc.slope:
            return probe
        if enough and (lowest is None or probe.phi < lowest.phi):
            lowest = probe
        try:
            t = proposals.send(probe)
        except StopIteration:
            return lowest


def lengths(arc: Arc, first: float) -> Generator[float, Probe, None]:
    """Ask for probes as L0 to L3 do, until the interval is as short as rounding."""
    a, b = yield from bracket(arc, first)
    while b.t - a.t > EPSILON * b.t:
        A, B = yield from secant_twice(arc, a, b)
        if B.t - A.t > GAMMA * (b.t - a.t):  # L2
            A, B = yield from update(arc, A, B, 0.5 * (A.t + B.t))
        a, b = A, B


def bracket(arc: Arc, c: float) -> Search:
    """Return an interval with opposite slopes at its ends: B0 to B3."""
    a = Probe(0.0, arc.value, arc.slope, arc.x, arc.g)
    while c < math.inf:
        probe = yield c
        if probe.slope >= 0:  # B1
            return a, probe
        if not probe.phi <= arc.high:  # B2, from the last probe instead of 0
            return (yield from halve(arc, a, probe))
        a, c = probe, RHO * c  # B3
    return a, a  # f falls as far as floats reach


def update(arc: Arc, a: Probe, b: Probe, c: float) -> Search:
    """Return the part of the interval on the side of c where the ends have opposite slopes: U0 to U3."""
    if not a.t < c < b.t:
        return a, b
    probe = yield c
    if probe.slope >= 0:
        return a, probe
    if probe.phi <= arc.high:
        return probe, b
    return (yield from halve(arc, a, probe))


def halve(arc: Arc, a: Probe, b: Probe) -> Search:
    """Return a part of an interval at whose right end f is too high, but at its right end rises: U3."""
    while b.t - a.t > EPSILON * b.t:
        probe = yield (1 - THETA) * a.t + THETA * b.t
        if probe.slope >= 0:
            return a, probe
        if probe.phi <= arc.high:
            a = probe
        else:
            b = probe
    return a, b


def secant_twice(arc: Arc, a: Probe, b: Probe) -> Search:
    """Return the interval after one or two secant steps: S1 to S4."""
    c = secant(a, b)
    A, B = yield from update(arc, a, b, c)
    if c == B.t:
        return (yield from update(arc, A, B, secant(b, B)))
    if c == A.t:
        return (yield from update(arc, A, B, secant(a, A)))
    return A, B


def secant(a: Probe, b: Probe) -> float:
    """Return where the slope would be 0 if it were linear; nan where it is not known."""
    rise = b.slope - a.slope
    return (a.t * b.slope - b.t * a.slope) / rise if rise else math.nan


METHOD = Method(
    name="conjugate-gradient",
    summary="Conjugate directions that always descend, with a line search that is exact to rounding (CG_DESCENT); bounds by projection.",
    source="W. W. Hager & H. Zhang 2005, SIAM J. Optim. 16(1), and 2006, ACM Trans. Math. Softw. 32(1); 2013, SIAM J. Optim. 23(4)",
    algorithm=conjugate_gradient,
    options=ConjugateGradientOptions,
    uses=frozenset({"value", "gradient"}),
)
