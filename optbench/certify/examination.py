"""One look at a batch of boxes: what can be dropped, what a box's values are at least, and where in it minima can lie.

Every test is applied to a box widened by one double on each side (but not beyond the range), so that a minimum on the
edge of a box is one inside of it, and a function that ends at the edge is noticed. Tests with derivatives need functions
that are defined and continuous on all of that. They speak of global minima: where the infimum is approached within
bounded boxes on which the function is continuous, there is one.

Sources: E. Hansen, G. W. Walster, Global Optimization Using Interval Analysis, 2nd ed. (Dekker 2004), chapters 12 to 14.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optbench.arithmetic.interval_reading import DEFINED, NOWHERE
from optbench.certify.boxes import Batch
from optbench.certify.curvature import inverses, krawczyk, positive_definite, quadratic_bound, tangent_bound
from optbench.certify.linear_forms import Array, Mask, above, baumann_point, below, cut, least_terms, lower_bound, middle, offsets
from optbench.certify.model import Model

_TANGENTS = 3  # points at which a tangent is tried
_BOWL = 1e-6  # relative width of convex boxes that are small
_ANYTHING = np.array([-np.inf, np.inf])


class Overseer(Protocol):
    """What an examination needs of the search."""

    model: Model
    multipliers: Array  # (m - 1,): of the constraints, for the Lagrangian's bounds
    noting_bounds: bool  # whether lower bounds are to be noted, and not only where they drop a box

    @property
    def upper(self) -> float:
        """An upper bound of the minimum."""

    def offer(self, points: Array, values: Array, state: Array) -> None:
        """Take points, (n, N), with enclosures of all functions there, which may lower the upper bound."""

    def note(self, step: str, nodes: Array, **facts: Array) -> None:
        """Note a step of the proof for boxes with these numbers."""

    def new_numbers(self, count: int) -> NDArray[np.int64]:
        """Return numbers for so many new boxes."""


class Examination:
    """The look at one batch; `run` returns what is left of it.

    `known` has what is known of each box, arrays over N boxes in their last axis: `value` (2, m, N), `state` (m, N),
    `gradient` (2, m, n, N) and `smooth` (m, N) over the box; `centre` (n, N) and `at_centre` (2, m, N).
    """

    def __init__(self, overseer: Overseer, batch: Batch) -> None:
        self.overseer, self.model, self.batch = overseer, overseer.model, batch
        self.weights = np.concatenate([[1.0], overseer.multipliers])  # of the functions in the Lagrangian
        self.involved = self.weights != 0
        self.known: dict[str, Array] = {}

    def run(self) -> Batch:
        self.enclose()
        if self.batch.count and self.model.has_slopes:
            self.look_at_centre()
            self.bound_by_slopes()
            self.cut()
            self.follow_slopes()
        if self.batch.count and self.model.has_curvature:
            self.look_at_curvature()
        return self.batch

    # ---- what is left ------------------------------------------------------------------------------------------------

    def drop(self, step: str, which: Mask, **facts: Array) -> None:
        """Drop boxes, and note why."""
        if which.any():
            self.note(step, which, **facts)
            self.batch = self.batch.chosen(~which)
            self.known = {name: part[..., ~which] for name, part in self.known.items()}

    def note(self, step: str, which: Mask, **facts: Array) -> None:
        self.overseer.note(step, self.batch.node[which], **{name: part[..., which] for name, part in facts.items()})

    def raise_bounds(self, way: str, bound: Array, **facts: Array) -> None:
        """Take better lower bounds over, and drop the boxes that lie above the upper bound."""
        if self.overseer.noting_bounds:
            self.note(f"bound by {way}", bound > self.batch.bound, **facts)
        self.batch.bound = np.maximum(self.batch.bound, bound)
        self.drop(f"above by {way}", bound > self.overseer.upper, **facts)

    # ---- values and slopes over the boxes --------------------------------------------------------------------------------

    def enclose(self) -> None:
        wide = widened(self.model, self.batch)
        if self.model.has_slopes:
            self.known = self.model.slopes(wide)._asdict()
        else:
            values = self.model.values(wide)
            self.known = {"value": values.bounds, "state": values.state}
        self.drop("undefined", (self.known["state"] == NOWHERE).any(axis=0))
        self.drop("infeasible", self.violated(self.known["value"]))
        self.raise_bounds("values", self.known["value"][0, 0])

    def violated(self, value: Array) -> Mask:
        """Whether a constraint holds nowhere, from enclosures (2, m, N) of all functions."""
        low, high = value[0, 1:], value[1, 1:]
        equality, strict = self.model.equality[:, None], self.model.strict[:, None]
        nowhere: Mask = np.any((low > 0) | (equality & (high < 0)) | (strict & (low >= 0)), axis=0)
        return nowhere

    @property
    def valid(self) -> Mask:
        """(m, N): the function is defined and continuous on the whole box, so that its mean-value form holds."""
        valid: Mask = self.known["state"] == DEFINED
        return valid

    # ---- the mean-value form -------------------------------------------------------------------------------------------------

    def lagrangian(self, parts: Array) -> Array:
        """The Lagrangian's enclosure from enclosures (2, m, ..., N) of its functions' values or derivatives."""
        total = parts[:, 0]
        for k in np.flatnonzero(self.weights[1:]) + 1:
            term = self.weights[k] * (parts[:, k] if self.weights[k] > 0 else parts[::-1, k])
            total = np.stack([below(total[0] + below(term[0])), above(total[1] + above(term[1]))])
        return np.where(np.isnan(total), _ANYTHING.reshape(2, *[1] * (total.ndim - 1)), total)

    def look_at_centre(self) -> None:
        """Evaluate all functions where the Lagrangian's mean-value form is best."""
        gradient = self.lagrangian(self.known["gradient"])
        centre = self.model.in_range(baumann_point(gradient, self.batch.box), self.batch.box)
        values = self.model.values(np.stack([centre, centre]))
        self.overseer.offer(centre, values.bounds, values.state)
        self.known["centre"] = centre
        self.known["at_centre"] = np.where(values.state == DEFINED, values.bounds, _ANYTHING[:, None, None])

    def bound_by_slopes(self) -> None:
        offset = offsets(self.batch.box, self.known["centre"])
        low = np.array([self.bound(v, g, offset) for v, g in self.low_forms()])
        high = np.array([-self.bound(v, g, offset) for v, g in self.high_forms()])
        low, high = np.where(self.valid, low, -np.inf), np.where(self.valid, high, np.inf)
        whole = np.where(self.valid[self.involved].all(axis=0), self.bound(*self.lagrangian_form(), offset), -np.inf)
        beyond = self.violated(np.stack([low, high]))
        self.known |= {"by slopes": low[0], "by Lagrangian": whole}
        self.drop("infeasible by slopes", beyond, centre=self.known["centre"])
        for way in ("slopes", "Lagrangian") if self.weights[1:].any() else ("slopes",):
            self.raise_bounds(way, self.known[f"by {way}"], centre=self.known["centre"])

    def low_forms(self) -> Iterator[tuple[Array, Array]]:
        """Yield each function's lower bound at the centre and its slopes."""
        for k in range(len(self.weights)):
            yield self.known["at_centre"][0, k], self.known["gradient"][:, k]

    def high_forms(self) -> Iterator[tuple[Array, Array]]:
        """Yield the same of each function's opposite."""
        for k in range(len(self.weights)):
            yield -self.known["at_centre"][1, k], -self.known["gradient"][::-1, k]

    def lagrangian_form(self) -> tuple[Array, Array]:
        return self.lagrangian(self.known["at_centre"])[0], self.lagrangian(self.known["gradient"])

    @staticmethod
    def bound(value: Array, gradient: Array, offset: Array) -> Array:
        return lower_bound(value, least_terms(gradient, offset))

    # ---- cuts -------------------------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Cut off what is too high or infeasible by the mean-value forms; whole numbers round the ends."""
        box, centre = self.batch.box, self.known["centre"]
        new, empty = box, np.zeros(self.batch.count, bool)
        for value, gradient, most, valid in self.limits():
            part = cut(value, gradient, box, centre, most)
            new = np.where(valid, np.stack([np.maximum(new[0], part.box[0]), np.minimum(new[1], part.box[1])]), new)
            empty |= valid & part.empty
        new = self.model.whole(new)
        new = np.where(self.batch.fixed, box, new)
        empty |= (new[0] > new[1]).any(axis=0)
        smaller = (new != box).any(axis=(0, 1)) & ~empty
        if smaller.any():
            self.note("cut", smaller, centre=centre, box=new)
            self.batch.box = np.where(smaller, new, box)
        self.drop("cut off", empty, centre=centre)

    def limits(self) -> Iterator[tuple[Array, Array, float, Mask]]:
        """Yield forms, the most that they can be at a minimum, and where they hold."""
        upper, low, high = self.overseer.upper, list(self.low_forms()), list(self.high_forms())
        if upper < np.inf:
            yield *low[0], upper, self.valid[0]
            if self.weights[1:].any():
                yield *self.lagrangian_form(), upper, self.valid[self.involved].all(axis=0)
        for k, equality in enumerate(self.model.equality, 1):
            yield *low[k], 0.0, self.valid[k]
            if equality:
                yield *high[k], 0.0, self.valid[k]

    def smear(self) -> Array:
        """(n, N): how much the Lagrangian may change along each coordinate of what is left."""
        smear: Array = self.batch.box[1] - self.batch.box[0]
        if "gradient" in self.known:
            smear = smear * np.abs(self.lagrangian(self.known["gradient"])).max(axis=0)
        return np.where(np.isnan(smear), np.inf, smear)

    def settled(self) -> Mask:
        """(N,): boxes on which the problem is convex, so small that values tell no more."""
        low, high = self.batch.box
        narrow: Mask = (np.isfinite(high - low) & (high - low <= _BOWL * np.maximum(1.0, np.abs(low)))).all(axis=0)
        settled: Mask = narrow & self.known.get("convex", np.zeros(self.batch.count, bool))
        return settled

    # ---- monotonicity --------------------------------------------------------------------------------------------------------------

    def unhindered(self) -> Mask:
        """(n, N): small moves along a coordinate violate nothing: each constraint that depends on it holds strictly on the box.

        All functions are continuous there, so that where the infimum is approached in the box, it is attained in it.
        """
        lax = (self.known["value"][1, 1:] < 0) & ~self.model.equality[:, None]
        hindered = (self.model.depends[1:, :, None] & ~lax[:, None]).any(axis=0)
        return ~hindered & ~self.batch.fixed & self.valid.all(axis=0)

    def follow_slopes(self) -> None:
        """Where the function rises or falls along a coordinate, minima lie at one end of its range."""
        for i in range(self.model.dimension):
            slope, free = self.known["gradient"][:, 0, i], self.unhindered()[i]
            free &= np.isfinite(np.delete(self.batch.box, i, axis=1)).all(axis=(0, 1))
            self.move_to_end(i, free & (slope[0] > 0), free & (slope[1] < 0))

    def move_to_end(self, i: int, rises: Mask, falls: Mask) -> None:
        """Hold boxes at the end of the range towards which the function falls, and drop those that do not reach it.

        Between whole numbers a box's own end takes the range's place, as nothing is known beyond it.
        """
        ends = self.model.ends(i, self.batch.box)
        at_low, at_high = rises & ends.touches_lower, falls & ends.touches_upper
        held = (at_low & np.isfinite(ends.lower[0])) | (at_high & np.isfinite(ends.upper[1]))
        if held.any():
            box, fixed = self.batch.box.copy(), self.batch.fixed.copy()
            box[:, i] = np.where(held & at_low, ends.lower, np.where(held & at_high, ends.upper, box[:, i]))
            fixed[i] |= held
            self.note("end", held, coordinate=np.full(self.batch.count, i), box=box)
            self.batch.box, self.batch.fixed = box, fixed
        self.drop("monotone", (rises | falls) & ~at_low & ~at_high, coordinate=np.full(self.batch.count, i))

    # ---- second derivatives ---------------------------------------------------------------------------------------------------------

    def look_at_curvature(self) -> None:
        smooth = self.known["smooth"] & self.valid
        if not (smooth[0] | smooth[self.involved].all(axis=0)).any():
            return  # no test of second derivatives applies to any of the boxes
        self.enclose_curvature()
        self.leave_concave_stretches()
        if self.batch.count:
            self.known["centre"] = self.model.in_range(middle(self.batch.box), self.batch.box)
            self.bound_by_tangents()
        if self.batch.count:
            self.newton()

    def enclose_curvature(self) -> None:
        curvature = self.model.curvature(widened(self.model, self.batch))
        self.known |= {"hessian": curvature.hessian, "curved": curvature.smooth & self.known["smooth"] & self.valid}

    def leave_concave_stretches(self) -> None:
        """Where the second derivative along a coordinate is negative, minima lie at the ends of its range."""
        for i in range(self.model.dimension):
            bounded = np.isfinite(self.batch.box).all(axis=(0, 1))
            concave = self.unhindered()[i] & self.known["curved"][0] & (self.known["hessian"][1, 0, i, i] < 0) & bounded
            if concave.any():
                self.move_to_both_ends(i, concave)

    def move_to_both_ends(self, i: int, which: Mask) -> None:
        """Replace boxes by those of their faces that lie at an end of the range."""
        ends = self.model.ends(i, self.batch.box)
        faces = [(which & ends.touches_lower, ends.lower), (which & ends.touches_upper, ends.upper)]
        children = np.full((2, self.batch.count), -1)
        for number, (reached, _) in zip(children, faces, strict=True):
            number[reached] = self.overseer.new_numbers(int(reached.sum()))
        self.note("concave", which, coordinate=np.full(self.batch.count, i), children=children)
        parts = [self.batch.chosen(~which)]
        for number, (reached, end) in zip(children, faces, strict=True):
            part = self.batch.chosen(reached)
            part.box[:, i], part.fixed[i], part.node = end[:, reached], True, number[reached]
            parts.append(part)
        self.batch = parts[0].joined(*parts[1:])
        kept = [~which, *(reached for reached, _ in faces)]
        self.known = {name: np.concatenate([v[..., mask] for mask in kept], axis=-1) for name, v in self.known.items()}

    def bound_by_tangents(self) -> None:
        """Where the Lagrangian is convex, it lies above its tangents; that at its least point in the box is the best."""
        hessian = self.lagrangian(self.known["hessian"])
        flat = (hessian == 0).all(axis=(0, 2))  # coordinates in which it is linear, and apart from the others
        convex = self.known["curved"][self.involved].all(axis=0) & positive_definite(hessian, ~self.batch.fixed & ~flat)
        self.known["convex"] = convex
        value, slope = self.at(self.known["centre"], self.batch)
        self.known |= self.by_curvature(value, slope, hessian)
        self.known |= {"slope": slope, "by tangent": np.full(self.batch.count, -np.inf), "tangent point": self.known["centre"].copy()}
        if convex.any():
            self.try_tangents(convex, value[..., convex], slope[..., convex], hessian[..., convex])
        self.raise_bounds("tangent", self.known["by tangent"], centre=self.known["tangent point"])
        self.raise_bounds("curvature", self.known["by curvature"], centre=self.known["middle"])

    def by_curvature(self, value: Array, slope: Array, hessian: Array) -> dict[str, Array]:
        """Bounds of the Lagrangian by its second derivatives around a point of each box, where it has them."""
        curved = self.known["curved"][self.involved].all(axis=0)
        centre = self.known["centre"].copy()
        bound = quadratic_bound(self.lagrangian(value)[0], self.lagrangian(slope), hessian, self.batch.box, centre)
        return {"by curvature": np.where(curved, bound, -np.inf), "middle": centre}

    def try_tangents(self, convex: Mask, value: Array, slope: Array, hessian: Array) -> None:
        some, centre = self.batch.chosen(convex), self.known["centre"][:, convex]
        best, point = np.full(some.count, -np.inf), centre
        for attempt in range(_TANGENTS):
            if attempt:
                centre = self.newton_point(some, centre, slope, hessian)
                value, slope = self.at(centre, some)
            bound = tangent_bound(self.lagrangian(value)[0], self.lagrangian(slope), some.box, centre)
            point = np.where(bound > best, centre, point)
            best = np.maximum(best, bound)
        self.known["by tangent"][convex], self.known["tangent point"][:, convex] = best, point
        self.known["centre"][:, convex], self.known["slope"][..., convex] = centre, slope

    def at(self, centre: Array, batch: Batch) -> tuple[Array, Array]:
        """Enclose values (2, m, N) and slopes (2, m, n, N) at points; held coordinates stay in their boxes."""
        found = self.model.slopes(np.where(batch.fixed, batch.box, centre))
        self.overseer.offer(centre, found.value, found.state)
        return found.value, found.gradient

    def newton_point(self, batch: Batch, centre: Array, slope: Array, hessian: Array) -> Array:
        """Return about the least points in the boxes of the Lagrangian's quadratic models."""
        (low, high), gradient = batch.box, self.lagrangian(slope).mean(axis=0)
        held = batch.fixed | ((centre <= low) & (gradient > 0)) | ((centre >= high) & (gradient < 0))
        pair = ~held[:, None] & ~held[None, :]
        matrix = np.where(pair, hessian.mean(axis=0), np.eye(len(held))[:, :, None])
        inverse, _ = inverses(matrix)
        step = np.einsum("ijN,jN->iN", inverse, np.where(held, 0.0, gradient))
        return self.model.in_range(np.clip(centre - step, low, high), batch.box)

    def newton(self) -> None:
        """Contract boxes in which minima are stationary points to where the gradient can vanish."""
        low, high = self.batch.box
        inside = (low > self.model.lower[:, None]) & (high < self.model.upper[:, None]) & ~self.model.integer[:, None]
        free = ~self.batch.fixed
        possible = self.known["curved"][0] & (~free | (inside & self.unhindered())).all(axis=0) & free.any(axis=0)
        if not possible.any():
            return
        slope, hessian = self.known["slope"][:, 0][..., possible], self.known["hessian"][:, 0][..., possible]
        step = krawczyk(slope, hessian, self.batch.box[..., possible], self.known["centre"][:, possible], free[:, possible])
        box, unique, empty = self.batch.box.copy(), self.batch.unique.copy(), np.zeros(self.batch.count, bool)
        box[..., possible] = step.box
        unique[possible] |= step.unique
        empty[possible] = step.empty
        smaller = (box != self.batch.box).any(axis=(0, 1)) & ~empty
        if smaller.any():
            self.note("newton", smaller, centre=self.known["centre"], box=box)
        self.batch.box, self.batch.unique = box, unique
        self.drop("no stationary point", empty, centre=self.known["centre"])


def widened(model: Model, batch: Batch) -> Array:
    """Return the boxes with one double more on each side, but not beyond the range, nor where an unknown is held."""
    low = np.maximum(below(batch.box[0]), model.lower[:, None])
    high = np.minimum(above(batch.box[1]), model.upper[:, None])
    return np.where(batch.fixed, batch.box, np.stack([low, high]))
