"""Whether a point of doubles that misses constraints by rounding lies next to one that satisfies them all.

What a local method calls feasible can miss every constraint by a little, and where no point satisfies them (x^2 < 0; x >= 1
and x < 1) it says nothing against a proof of that. Newton's method tells the two apart: when all that was missed is made to
hold with equality, it arrives if a feasible point is near, and quickly. Residuals are computed in balls, and steps are those of
least length (J. Nocedal, S. Wright, Numerical Optimization, 2nd ed., chapter 11) by the derivatives at the point.

>>> import optbench
>>> circle = optbench.define("x", subject_to=["x^2 + y^2 = 2", "x >= 1"])
>>> close_by(circle, [1.0 - 1e-13, 1.0 + 2e-13]) is None
False
>>> close_by(optbench.define("x", subject_to=["x^2 <= -1e-20"]), [1e-9]) is None
True
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.arithmetic.balls import enclose
from optbench.certify.model import Row, rows
from optbench.language.build import subtract
from optbench.language.derivative import gradient
from optbench.language.graph import Symbol
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Problem

_PRECISION = 400  # bits
_STEPS = 12
_FARTHEST = 1e-3  # length of a step, relative above 1, that is still next to the point
_CLOSED = "1e-40"  # of what was missed first: so much less may be missed in the end
_INSIDE = "1e-60"  # by which a strict comparison is to hold


def close_by(problem: Problem, coordinates: Sequence[float]) -> dict[Symbol, Enclosure] | None:
    """Return a point next to the given one that satisfies all constraints, those of the ranges included, equations and closed
    inequalities up to 1e-40 of what was missed first; None where Newton's method finds none. For scalar unknowns only."""
    symbols = problem.symbols
    comparisons = list(_comparisons(problem))
    active: dict[int, list[float]] = {}  # comparisons that were missed once, with their gradients
    first: dict[int, arb] = {}
    with ctx.workprec(_PRECISION):
        x = [arb(c) for c in coordinates]
        for _ in range(_STEPS):
            point = {s: Enclosure(c, c, True) for s, c in zip(symbols, x, strict=True)}
            values = _middles(enclose([c.residual for c in comparisons], point, _PRECISION))
            if values is None:
                return None
            missed = [_missed(c, value) for c, value in zip(comparisons, values, strict=True)]
            if all(abs(m) <= (0 if comparisons[i].strict else arb(_CLOSED) * first.get(i, 0)) for i, m in enumerate(missed)):
                return point
            for i, m in enumerate(missed):
                if m != 0 and i not in active:
                    slopes = _middles(enclose(gradient(comparisons[i].residual, symbols), point, _PRECISION))
                    if slopes is None:
                        return None
                    active[i], first[i] = [float(g) for g in slopes], abs(m)
            size = max(abs(m) for m in missed)
            step, *_ = np.linalg.lstsq(np.array(list(active.values())), np.array([float(-missed[i] / size) for i in active]), rcond=1e-9)
            moves = [(arb(d) * size).mid() for d in step.tolist()]
            if not all(abs(d) <= _FARTHEST * max(arb(1), abs(c)) for d, c in zip(moves, x, strict=True)):
                return None
            x = [(c + d).mid() for c, d in zip(x, moves, strict=True)]
    return None


def _missed(c: Row, residual: arb) -> arb:
    """How far the residual is from where it has to be, with its sign; 0 where it is there."""
    if c.equality:
        return residual
    if c.strict:
        return residual + arb(_INSIDE).mid() if residual >= 0 else arb(0)
    return max(residual, arb(0))


def _middles(values: Sequence[Enclosure]) -> list[arb] | None:
    if not all(v.everywhere and v.is_bounded for v in values):
        return None
    return [((v.lower + v.upper) / 2).mid() for v in values]


def _comparisons(problem: Problem) -> Iterator[Row]:
    yield from rows(problem)
    for v in problem.variables:
        [interval] = v.ranges
        if interval.lower is not MINUS_INFINITY:
            yield Row(subtract(interval.lower, v.symbol), False, not interval.lower_closed)
        if interval.upper is not INFINITY:
            yield Row(subtract(v.symbol, interval.upper), False, not interval.upper_closed)
