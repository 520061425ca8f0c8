"""A minimiser to many digits: Newton's method in balls, from a box in which exactly one stationary point was proved.

Source: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Computers 66
(2017) 1281-1292; R. Krawczyk, Computing 4 (1969) 187-201, for the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from flint import arb, arb_mat, ctx

from optbench.arithmetic.ball_enclosure import Enclosure, between
from optbench.arithmetic.balls import evaluator, value_of
from optbench.certify.minimisers import Cluster
from optbench.certify.model import Model
from optbench.language.derivative import gradient

_MOST_STEPS = 60
_GUARD = 40  # bits beyond those that are asked for


class Refined(NamedTuple):
    """A minimiser and the value there, enclosed."""

    point: list[Enclosure]
    value: Enclosure


def refined(model: Model, cluster: Cluster, digits: int) -> Refined | None:
    """Return the one stationary point of a cluster to about so many digits, or None where that is not reached."""
    bits = int(digits * 3.33) + _GUARD
    free = np.flatnonzero(~cluster.held).tolist()
    point = [_start(model, cluster, i, bits) for i in range(model.dimension)]
    if free:
        newton = _Newton(model, free)
        with ctx.workprec(bits + _GUARD):
            if not newton.converges(point, bits) or not _inside(point, cluster, free):
                return None
    [value, *_] = model.balls(point, bits + _GUARD)
    return Refined(point, value) if value.everywhere else None


def _start(model: Model, cluster: Cluster, i: int, bits: int) -> Enclosure:
    """An unknown that is held at an end of its range is known exactly; others begin in the middle."""
    low, high = cluster.box[:, i].tolist()
    if not cluster.held[i]:
        return between(low / 2 + high / 2, low / 2 + high / 2)
    if model.integer[i] or low == high:
        return between(low, high)
    interval = model.ranges[i]
    return value_of(interval.lower if low == model.lower[i] else interval.upper, bits + _GUARD)


def _inside(point: Sequence[Enclosure], cluster: Cluster, free: Sequence[int]) -> bool:
    return all(bool(point[i].lower >= cluster.around[0, i]) and bool(point[i].upper <= cluster.around[1, i]) for i in free)


class _Newton:
    """Newton's method for the derivatives by the free unknowns."""

    def __init__(self, model: Model, free: Sequence[int]) -> None:
        self.free = free
        slopes = [model.gradients[0][i] for i in free]
        moving = [model.symbols[i] for i in free]
        self.slopes = evaluator(slopes, model.symbols)
        self.hessian = evaluator([entry for slope in slopes for entry in gradient(slope, moving)], model.symbols)

    def converges(self, point: list[Enclosure], bits: int) -> bool:
        """Replace the free unknowns by enclosures of the zero; False where that fails. Works with the precision in force."""
        last = arb.pos_inf()
        for _ in range(_MOST_STEPS):
            step = self.step(point)
            if step is None:
                return False
            size = max((abs(s).upper() for s in step), default=arb(0))
            for i, s in zip(self.free, step, strict=True):
                middle = (point[i].lower - s).mid()
                point[i] = Enclosure(middle, middle, True)
            if size >= last or size == 0:
                break
            last = size
        return self.encloses(point, last, bits)

    def step(self, point: Sequence[Enclosure]) -> list[arb] | None:
        n = len(self.free)
        slopes, entries = self.slopes(point, ctx.prec), self.hessian(point, ctx.prec)
        if any(e.empty or not e.is_bounded for e in (*slopes, *entries)):
            return None
        matrix = arb_mat(n, n, [_middle(e) for e in entries])
        try:
            found = matrix.solve(arb_mat(n, 1, [_middle(s) for s in slopes]))
        except ZeroDivisionError:
            return None
        return [found[i, 0] for i in range(n)]

    def encloses(self, point: list[Enclosure], last: arb, bits: int) -> bool:
        """Widen the point to a box that is mapped into its own inside, unless it is known to be the zero itself."""
        if all(e.everywhere and e.is_thin and e.contains_zero for e in self.slopes(point, ctx.prec)):
            return True
        n, centre = len(self.free), [point[i].lower for i in self.free]
        for radius in (
            4 * last + arb(2) ** -(bits + _GUARD // 2) * max(max((abs(c) for c in centre), default=arb(0)), arb(1)),
            arb(2) ** (-bits),
        ):
            radius = radius.upper()
            if not radius.is_finite():
                continue
            box = list(point)
            for i, c in zip(self.free, centre, strict=True):
                box[i] = Enclosure((c - radius).lower(), (c + radius).upper(), True)
            slopes, entries = self.slopes(point, ctx.prec), self.hessian(box, ctx.prec)
            if not all(e.everywhere for e in (*slopes, *entries)):
                continue
            matrix = arb_mat(n, n, [_ball(e) for e in entries])
            try:
                inverse = arb_mat(n, n, [_middle(e) for e in entries]).inv()
            except ZeroDivisionError:
                continue
            offset = arb_mat(n, 1, [arb(0, radius)] * n)
            identity = arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
            image = (identity - inverse * matrix) * offset - inverse * arb_mat(n, 1, [_ball(s) for s in slopes])
            if all(abs(image[k, 0]) < radius for k in range(n)):
                wider = radius * arb(2) ** -_GUARD  # whoever tests it again needs an inside
                for k, i in enumerate(self.free):
                    new = centre[k] + image[k, 0]
                    point[i] = Enclosure((new - wider).lower(), (new + wider).upper(), True)
                return True
        return False


def _middle(e: Enclosure) -> arb:
    return ((e.lower + e.upper) / 2).mid()


def _ball(e: Enclosure) -> arb:
    return e.lower.union(e.upper)
