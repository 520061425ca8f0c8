"""Branch and bound: boxes are looked at, batch after batch, and divided until what is left holds every global minimum.

First the least bounds are raised until they are within the gap of the upper bound; then what is left is divided further,
until each box is small. Whatever ends the search earlier, what is known then is valid.

Source: E. Hansen, G. W. Walster, Global Optimization Using Interval Analysis, 2nd ed. (Dekker 2004), chapter 12.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.arithmetic.interval_reading import CLOSED
from optbench.certify.boxes import Batch, Pool
from optbench.certify.examination import Examination
from optbench.certify.feasible import Feasible, as_it_is, feasible_near, multipliers_at
from optbench.certify.linear_forms import Array, Mask, middle
from optbench.certify.model import MOST_WHOLE, Model
from optbench.certify.record import Record

Improve = Callable[[Sequence[float]], Sequence[float] | None]

BATCH = 512  # boxes that are looked at together
_FEWEST = 32  # of them as long as there are so many
_THIN = 1e-15  # relative width of a box that is not divided further for its bound
_SMALL = 1e-8  # relative width of a box that is not divided further to isolate minimisers: values tell no more there
_SIMPLE = 16  # boxes whose shortest decimals are tried
_MOST_PLACES = 4_000  # boxes in which minimisers may be from which they are no longer told apart
_MOST_LEFT = 20_000  # boxes that are looked at a last time
_APART = 1e3  # ratio of ends from which boxes are divided at the geometric mean
_FAR = 1e50  # half-lines are not divided beyond: exp of such numbers is within reach of balls
_IMPROVEMENTS = 12  # local searches from good points


@dataclass(frozen=True)
class Budget:
    """What one search may use."""

    deadline: float  # of time.monotonic
    boxes: int = 1_000_000
    gap: float = 1e-8  # of value, relative above 1


class Outcome(NamedTuple):
    """What is known when the search ends."""

    lower: float  # a lower bound of the infimum; inf where no point is feasible
    feasible: Feasible | None
    left: Batch  # boxes that hold every global minimum
    isolated: bool  # nothing that is left can be divided further
    boxes: int
    reason: str | None  # why it ended before that


@dataclass
class Search:
    """One search; `run` does it."""

    model: Model
    budget: Budget
    improve: Improve = lambda start: None
    record: Record | None = None
    feasible: Feasible | None = None
    multipliers: Array = field(init=False)
    boxes: int = 0
    promising: Array | None = None  # the last point that lowered the upper bound, until a local search began there
    improvements: int = 0
    improved: float = np.inf  # the upper bound after the last of them
    rounds: int = 0
    numbers: int = 1  # of boxes so far
    noting_bounds: bool = False

    def __post_init__(self) -> None:
        n = self.model.dimension
        self.multipliers = np.zeros(len(self.model.rows))
        self.open, self.closed, self.small = Pool(n), Pool(n), Pool(n)
        self.use_multipliers(self.multipliers)

    @property
    def upper(self) -> float:
        """An upper bound of the minimum."""
        return np.inf if self.feasible is None else self.feasible.upper

    @property
    def gap(self) -> float:
        """The width of an enclosure of the value that is wanted."""
        return self.budget.gap * max(1.0, abs(self.upper)) if self.upper < np.inf else 0.0

    @property
    def close(self) -> float:
        """Bounds from here on are within the gap."""
        return self.upper - self.gap

    # ---- the search ----------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Search."""
        root = self.whole()
        if (root.box[0] <= root.box[1]).all():  # else there is no whole number in a range
            self.open.add(root)
        reason = self.exhaust(isolate=False)
        if reason is None and self.feasible is not None:
            self.open.add(self.closed.take_all())
            reason = self.exhaust(isolate=True)
        left = self.open.take_all().joined(self.closed.take_all(), self.small.take_all())
        with np.errstate(all="ignore"):
            self.offer_simple_points(left)
            if left.count <= _MOST_LEFT:
                left = self.last_look(left)
                self.note("left", left.node, box=left.box, bound=left.bound)
            elif self.record is not None:
                self.record.give_up(f"more than {_MOST_LEFT:,} boxes are left")
        lower = float(min(left.bound.min(initial=np.inf), self.upper))
        return Outcome(lower, self.feasible, left, reason is None, self.boxes, reason)

    def whole(self) -> Batch:
        box = np.stack([self.model.lower, self.model.upper])[:, :, None]
        batch = Batch.whole(self.model.whole(box)[:, :, 0])
        return replace(batch, fixed=self.held(batch.box))

    def held(self, box: Array) -> Mask:
        """(n, N): where an unknown that takes whole numbers has one left."""
        held: Mask = self.model.integer[:, None] & (box[0] == box[1])
        return held

    def exhaust(self, isolate: bool) -> str | None:
        """Work until no box is open, or return why that was not reached."""
        while len(self.open):
            if time.monotonic() > self.budget.deadline:
                return "the time was over"
            if self.boxes > self.budget.boxes:
                return f"there were more than {self.budget.boxes:,} boxes"
            if isolate and len(self.open) + len(self.small) > _MOST_PLACES:
                return "minimisers may lie in too many places to be told apart"
            with np.errstate(all="ignore"):
                self.round(isolate)
        return None

    def round(self, isolate: bool) -> None:
        size = min(BATCH, max(_FEWEST, len(self.open) // 2))
        batch = self.open.take(size)
        self.rounds, self.boxes = self.rounds + 1, self.boxes + batch.count
        look = Examination(self, batch)
        batch = look.run()
        self.improve_upper_bound(batch)
        done = look.settled() if isolate else batch.bound >= self.close
        (self.small if isolate else self.closed).add(batch.chosen(done))
        weight = look.smear()[:, ~done] if self.rounds % 3 == 0 else None
        self.divide(batch.chosen(~done), weight, _SMALL if isolate else _THIN)

    def last_look(self, left: Batch) -> Batch:
        """Return what is left, with bounds that hold for the boxes as they are now, and are noted."""
        self.noting_bounds = True
        parts = [left.chosen(np.arange(k, min(k + BATCH, left.count))) for k in range(0, left.count, BATCH)]
        looked = [Examination(self, replace(part, bound=np.full(part.count, -np.inf))).run() for part in parts]
        return left.chosen(np.zeros(left.count, bool)).joined(*looked)

    # ---- the upper bound ---------------------------------------------------------------------------------------------------

    def offer(self, points: Array, values: Array, state: NDArray[np.int8]) -> None:
        """Take the best of some points (n, N), at which all functions are enclosed, if it is feasible and better."""
        model = self.model
        high, inside = values[1, 1:], (points >= model.inner_lower[:, None]) & (points <= model.inner_upper[:, None])
        holds = np.where(model.strict[:, None], high < 0, high <= 0) & ~model.equality[:, None]
        usable = (state <= CLOSED).all(axis=0) & holds.all(axis=0) & inside.all(axis=0)
        upper = np.where(usable, values[1, 0], np.inf)
        if upper.min(initial=np.inf) < self.upper:
            x = points[:, int(upper.argmin())]
            found = as_it_is(model, x)
            if found is not None and found.upper < self.upper:
                self.feasible, self.promising = found, x

    def offer_simple_points(self, batch: Batch) -> None:
        """Offer the shortest decimals in small boxes: where a function ends, it may be defined there and nowhere near."""
        if not batch.count:
            return
        points = self.model.in_range(middle(batch.box), batch.box)
        for digits in reversed(range(16)):
            rounded = np.round(points, digits)
            points = np.where((batch.box[0] <= rounded) & (rounded <= batch.box[1]), rounded, points)
        for k in np.argsort(batch.bound, kind="stable")[:_SIMPLE]:
            self.take(as_it_is(self.model, points[:, k]))

    def take(self, found: Feasible | None) -> None:
        """Take a feasible point if it is better."""
        if found is not None and found.upper < self.upper:
            self.feasible = found

    def consider(self, x: Array) -> None:
        """Take a feasible point near x if it is better, and the multipliers there."""
        found = feasible_near(self.model, x)
        if found is not None and found.upper < self.upper:
            self.feasible = found
            self.use_multipliers(multipliers_at(self.model, found.box.mean(axis=0)))

    def improve_upper_bound(self, batch: Batch) -> None:
        """Search locally from a point that lowered the upper bound, or from a promising box where no point is known."""
        if self.improvements >= _IMPROVEMENTS:
            return
        start = self.promising
        if self.feasible is None and batch.count and self.rounds & (self.rounds - 1) == 0:
            start = middle(batch.box[:, :, [int(batch.bound.argmin())]])[:, 0]
        if start is None or (self.feasible is not None and self.upper > self.improved - self.gap):
            return
        self.improvements, self.promising = self.improvements + 1, None
        better = self.improve(start.tolist())
        if better is not None:
            self.consider(np.array(better, dtype=float))
        self.improved = self.upper

    # ---- division ------------------------------------------------------------------------------------------------------------

    def divide(self, batch: Batch, weight: Array | None, least: float) -> None:
        """Put the halves of boxes back to be looked at, and aside those that are too small."""
        at, small = split_points(batch, self.model.integer, least)
        self.offer_simple_points(batch.chosen(small))
        self.small.add(batch.chosen(small))
        batch, at = batch.chosen(~small), at[:, ~small]
        if not batch.count:
            return
        width = relative_widths(batch) if weight is None else weight[:, ~small]
        i, all_of_them = np.where(np.isnan(at), -1.0, width).argmax(axis=0), np.arange(batch.count)
        children = self.new_numbers(2 * batch.count).reshape(2, -1)
        cut = at[i, all_of_them]
        self.note("split", batch.node, coordinate=i, at=cut, children=children)
        for side, numbers in enumerate(children):
            half = replace(batch, box=batch.box.copy(), node=numbers)
            whole = self.model.integer[i] & (side == 1) & (np.abs(cut) < MOST_WHOLE)  # beyond, the halves have a number in common
            half.box[1 - side, i, all_of_them] = np.where(whole, cut + 1, cut)
            self.open.add(replace(half, fixed=batch.fixed | self.held(half.box)))

    # ---- the record -----------------------------------------------------------------------------------------------------------

    def new_numbers(self, count: int) -> NDArray[np.int64]:
        """Return numbers for so many new boxes."""
        self.numbers += count
        return np.arange(self.numbers - count, self.numbers)

    def use_multipliers(self, multipliers: Array) -> None:
        """Let the Lagrangian have these from now on."""
        self.multipliers = multipliers
        if self.record is not None:
            self.record.use_multipliers(multipliers)

    def note(self, step: str, nodes: NDArray[np.int64], **facts: Array) -> None:
        """Note a step of the proof for boxes with these numbers."""
        if self.record is not None and len(nodes):
            self.record.note(step, nodes, facts)


# ---- where boxes are divided -------------------------------------------------------------------------------------------------


def relative_widths(batch: Batch) -> Array:
    """Return widths (n, N), relative to the size of the numbers above 1; inf for half-lines."""
    low, high = batch.box
    size = np.maximum(1.0, np.minimum(np.abs(low), np.abs(high)))
    return np.where(np.isinf(high - low), np.inf, (high - low) / size)


def split_points(batch: Batch, integer: Mask, least: float) -> tuple[Array, Mask]:
    """Return where each box would be divided along each coordinate (n, N), nan where it is not, and which boxes are too
    small for that (N,): with relative widths up to `least`."""
    low, high = batch.box
    at = np.where(np.isinf(low) | np.isinf(high), _on_half_lines(low, high), low + (high - low) / 2)
    apart = (low > 0) & (high > _APART * low) & np.isfinite(high) | (high < 0) & (low < _APART * high) & np.isfinite(low)
    at = np.where(apart, np.sign(low) * np.sqrt(np.abs(low)) * np.sqrt(np.abs(high)), at)
    at = np.where(integer[:, None], np.floor(at), at)
    wide = (relative_widths(batch) > np.where(integer, 0.0, least)[:, None]) & ~batch.fixed
    next_is_known = integer[:, None] & (np.abs(at) < MOST_WHOLE)
    inside = np.where(next_is_known, (at >= low) & (at < high), (at > low) & (at < high))
    at = np.where(wide & inside & (np.abs(at) < _FAR), at, np.nan)
    small: Mask = np.all(np.isnan(at), axis=0)
    return at, small


def _on_half_lines(low: Array, high: Array) -> Array:
    """Return 0 between infinite ends, else ever larger steps away from the finite end: 1, 10, 100, 1e4, 1e8, ..."""
    to_right = np.where(low < 1, np.where(low < 0, 0.0, 1.0), np.where(low < 10, 10.0, low * low))
    to_left = np.where(high > -1, np.where(high > 0, 0.0, -1.0), np.where(high > -10, -10.0, -high * high))
    return np.where(np.isinf(low) & np.isinf(high), 0.0, np.where(np.isinf(high), to_right, to_left))
