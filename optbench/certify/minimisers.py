"""From the boxes that are left to the solutions that are reported: clusters of boxes, and what is proved of each.

Boxes that touch, or nearly so, belong to one cluster. Around a cluster there may be a box in which a Newton test proves exactly one
stationary point, or on which the problem is strictly convex: then at most one minimiser lies in it. Else it is a possible
place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.arithmetic.interval_reading import DEFINED
from optbench.certify.boxes import Batch
from optbench.certify.curvature import positive_definite
from optbench.certify.examination import Examination, widened
from optbench.certify.linear_forms import Array, Mask, middle
from optbench.certify.model import Model

_NEIGHBOURS = 4.0  # boxes that are nearer than so many of their widths are of one cluster
_MARGINS = (1.0, 100.0)  # how far around a cluster the tests look, in its widths
_LEAST_MARGIN = 1e-9  # the same, relative to the numbers


class Cluster(NamedTuple):
    """A box that holds all global minimisers of a neighbourhood."""

    box: Array  # (2, n)
    around: Array  # (2, n): the box, or a larger one, with unknowns that are held at their ends
    held: Mask  # (n,): unknowns that are at an end of their range at every minimiser in the box
    unique: bool  # at most one global minimiser lies in the box
    stationary: bool  # exactly one point lies in `around` at which the derivatives by the other unknowns vanish; minimisers are there
    feasible: bool = False  # every constraint holds in all of `around`


def clusters(model: Model, left: Batch, isolated: bool) -> list[Cluster]:
    """Return the clusters of the boxes that are left, those with the least bounds first; one where they are not isolated."""
    if not left.count:
        return []
    groups = _groups(left.box) if isolated else [np.arange(left.count)]
    groups.sort(key=lambda group: float(left.bound[group].min()))
    return [_cluster(model, left.chosen(group)) for group in groups]


def _groups(box: Array) -> list[NDArray[np.int64]]:
    """Return the numbers of boxes that lie close to one another, directly or through others."""
    room = _NEIGHBOURS * (box[1] - box[0])
    low, high = (box[0] - room).T, (box[1] + room).T
    free = np.ones(len(low), bool)
    groups = []
    while free.any():
        waiting = [int(free.argmax())]
        free[waiting[0]] = False
        group = list(waiting)
        while waiting:
            k = waiting.pop()
            near = np.flatnonzero(free & (low <= high[k]).all(axis=1) & (high >= low[k]).all(axis=1)).tolist()
            free[near] = False
            group += near
            waiting += near
        groups.append(np.array(group))
    return groups


def _cluster(model: Model, group: Batch) -> Cluster:
    box = np.stack([group.box[0].min(axis=1), group.box[1].max(axis=1)])
    at_one_end: Mask = (group.fixed & (group.box == box[:, :, None]).all(axis=0)).all(axis=1)
    held, ends = _held(model, box, at_one_end)
    if held.all():
        return Cluster(box, ends, held, True, True, _feasible(model, ends, held))
    for margin in _MARGINS:
        around = _around(model, ends, held, margin)
        if _one_stationary_point(model, around, held):
            return Cluster(box, around, held, True, True, _feasible(model, around, held))
    return Cluster(box, ends, held, _strictly_convex(model, box), False)


def _held(model: Model, box: Array, held: Mask) -> tuple[Mask, Array]:
    """Return which unknowns are at an end of their range at each minimiser in a box, as slopes tell, and the box with these ends."""
    batch = replace(Batch.whole(box.copy()), fixed=held[:, None].copy())
    if model.has_slopes:
        look = Examination(_Quiet(model), batch)
        look.enclose()
        if look.batch.count:
            look.follow_slopes()
        batch = look.batch if look.batch.count else batch
    return batch.fixed[:, 0], batch.box[:, :, 0]


def _one_stationary_point(model: Model, around: Array, held: Mask) -> bool:
    """Whether the gradient by the unknowns that are not held vanishes exactly once in a box, and does so at each minimiser."""
    if not model.has_curvature:
        return False
    look = Examination(_Quiet(model), replace(Batch.whole(around), fixed=held[:, None]))
    look.enclose()
    if not look.batch.count:
        return False
    look.enclose_curvature()
    look.known["centre"] = model.in_range(middle(look.batch.box), look.batch.box)
    look.known["slope"] = look.at(look.known["centre"], look.batch)[1]
    look.newton()
    return bool(look.batch.count and look.batch.unique[0])


def _feasible(model: Model, around: Array, held: Mask) -> bool:
    """Whether every constraint is seen to hold in all of a box."""
    values = model.values(widened(model, replace(Batch.whole(around), fixed=held[:, None])))
    return bool((values.bounds[1, 1:] < 0).all() and (values.state == DEFINED).all() and not model.equality.any())


def _around(model: Model, box: Array, held: Mask, margin: float) -> Array:
    room = np.maximum(margin * (box[1] - box[0]), _LEAST_MARGIN * np.maximum(1.0, np.abs(box).max(axis=0)))
    return np.where(held, box, np.stack([np.maximum(box[0] - room, model.lower), np.minimum(box[1] + room, model.upper)]))


def _strictly_convex(model: Model, box: Array) -> bool:
    """Whether the minimand is strictly convex on a box, and the part of it that satisfies the constraints is convex."""
    if not model.has_curvature or (model.integer & (box[0] < box[1])).any():
        return False
    wide = widened(model, Batch.whole(box))
    slopes, curvature = model.slopes(wide), model.curvature(wide)
    free = np.ones((model.dimension, 1), bool)
    if not ((slopes.state == DEFINED) & slopes.smooth & curvature.smooth).all() or not positive_definite(curvature.hessian[:, 0], free)[0]:
        return False
    return all(_convex_row(curvature.hessian[:, k], free, row.equality) for k, row in enumerate(model.rows, 1))


def _convex_row(hessian: Array, free: Mask, equality: bool) -> bool:
    flat = (hessian == 0).all(axis=(0, 2))
    return bool(flat[free].all() or (not equality and positive_definite(hessian, free & ~flat)[0]))


class _Quiet:
    """A search that is over: nothing is too high, nothing is noted."""

    noting_bounds = False
    upper = np.inf

    def __init__(self, model: Model) -> None:
        self.model, self.multipliers = model, np.zeros(len(model.rows))

    def offer(self, points: Array, values: Array, state: NDArray[np.int8]) -> None: ...

    def note(self, step: str, nodes: NDArray[np.int64], **facts: Array) -> None: ...

    def new_numbers(self, count: int) -> NDArray[np.int64]:
        return np.zeros(count, np.int64)
