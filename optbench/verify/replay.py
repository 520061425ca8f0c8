"""Replaying the record of a search, box by box: every step must follow, and the boxes must cover all there is.

A box begins with its number and goes through its steps; the last of them drops it, divides it, or leaves it. What the steps
mean, and why they are right, is in docs/certificates.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.verify.forms import interval, kept, lower_bound, newton_image, positive_definite, quadratic_bound
from optbench.verify.part import PRECISION, Part
from optbench.verify.ranges import Refused, number

Box = list[tuple[float, float]]


@dataclass
class Left:
    """What a replay leaves: boxes that hold every global minimum."""

    boxes: list[tuple[Box, list[bool]]] = field(default_factory=list)
    lower: arb = field(default_factory=arb.pos_inf)  # a lower bound of the minimand in them
    count: int = 0  # of boxes replayed


def replay(part: Part, upper: float, lines: Iterable[Sequence[Any]]) -> Left:
    """Replay the boxes of a part whose minimum is at most `upper`; raise `Refused` where a step does not follow."""
    left = Left()
    box, held = _root(part)
    waiting = {0: (box, held)} if all(low <= high for low, high in box) else {}
    for place, *steps in lines:
        if place not in waiting:
            raise Refused(f"box {place} comes from nowhere")
        with ctx.workprec(PRECISION):
            _Box(part, arb(upper), place, *waiting.pop(place), waiting, left).follow(steps)
        left.count += 1
    if waiting:
        raise Refused(f"box {min(waiting)} is never dealt with")
    return left


def _root(part: Part) -> tuple[Box, list[bool]]:
    return list(part.root), [whole and low == high for (low, high), whole in zip(part.root, part.integer, strict=True)]


class _Box:
    """One box on its way through its steps."""

    def __init__(
        self, part: Part, upper: arb, number: int, box: Box, held: list[bool], waiting: dict[int, tuple[Box, list[bool]]], left: Left
    ) -> None:
        self.part, self.upper, self.number, self.waiting, self.left = part, upper, number, waiting, left
        self.box, self.held = box, held
        self.bound = arb.neg_inf()
        self.over = False  # whether a step has dropped, divided or left it
        self.look = part.look(box, held)

    def follow(self, steps: Sequence[Sequence[Any]]) -> None:
        for name, *facts in steps:
            if self.over or name not in _STEPS:
                raise Refused(f"box {self.number}: {'a step follows the last one' if self.over else f'there is no step {name!r}'}")
            _STEPS[name](self, *facts)
        if not self.over:
            raise Refused(f"box {self.number} is neither dropped nor divided nor left")

    def demand(self, holds: bool, why: str) -> None:
        if not holds:
            raise Refused(f"box {self.number}: {why}")

    def drop(self, holds: bool, why: str) -> None:
        self.demand(holds, why)
        self.over = True

    def shrink(self, box: Box) -> None:
        """Go on with a part of the box."""
        inside = all(low <= a and b <= high for (a, b), (low, high) in zip(box, self.box, strict=True))
        self.demand(inside, "it grows")
        self.move(box, self.held)

    def move(self, box: Box, held: list[bool]) -> None:
        """Go on with another box."""
        self.box, self.held = box, held
        self.look = self.part.look(box, held)

    # ---- values ----------------------------------------------------------------------------------------------------------------

    def undefined(self) -> None:
        self.drop(any(v.empty for v in self.look.values), "a function is defined in it")

    def infeasible(self) -> None:
        self.drop(any(self.look.violated(k, v) for k, v in enumerate(self.look.values[1:], 1)), "no constraint is violated in all of it")

    def infeasible_by_slopes(self, centre: list[float]) -> None:
        functions = range(1, len(self.part.functions))
        centre = self.part.point(centre)
        self.drop(any(self.look.violated(k, self.look.bound(k, centre)) for k in functions), "no constraint is violated in all of it")

    def above(self, way: str, *facts: Any) -> None:
        self.drop(self.lower_bound(way, *facts) > self.upper, "its values are not above the minimum")

    def bounded(self, way: str, *facts: Any) -> None:
        self.bound = max(self.bound, self.lower_bound(way, *facts))

    def lower_bound(self, way: str, centre: Any = None, multipliers: int = 0) -> arb:
        """A lower bound of the minimand at feasible points of the box."""
        if way == "values":
            return self.look.values[0].lower
        centre = self.part.point(centre)
        if way == "slopes":
            return self.look.bound(0, centre).lower
        by = {"Lagrangian": self.by_lagrangian, "tangent": self.by_tangent, "curvature": self.by_curvature}[way]
        return by(centre, self.weights(multipliers))

    def weights(self, multipliers: int) -> list[float]:
        self.demand(0 <= multipliers < len(self.part.multipliers), "there are no such multipliers")
        return self.part.multipliers[multipliers]

    def coordinate(self, i: int) -> int:
        self.demand(0 <= i < len(self.box), "there is no such coordinate")
        return i

    def by_lagrangian(self, centre: list[float], weights: list[float]) -> arb:
        look = self.look
        self.demand(all(look.continuous(k) for k, w in enumerate(weights) if w), "the Lagrangian is not continuous in it")
        return lower_bound(look.lagrangian(weights, look.at(centre)), look.lagrangian_gradient(weights), self.box, centre)

    def by_tangent(self, centre: list[float], weights: list[float]) -> arb:
        """The Lagrangian is convex, and so above its tangent; unknowns that are held stay in their boxes."""
        look = self.look
        self.demand(all(look.curved(k) for k, w in enumerate(weights) if w), "the Lagrangian is not smooth in it")
        hessian = look.lagrangian_hessian(weights)
        flat = [all(e.is_thin and e.contains_zero for e in row) for row in hessian]
        active = [i for i in range(len(self.box)) if not self.held[i] and not flat[i]]
        self.demand(positive_definite(hessian, active), "the Lagrangian is not convex in it")
        return lower_bound(*self.tangent(centre, weights), self.box, centre)

    def tangent(self, centre: list[float], weights: list[float]) -> tuple[Enclosure, list[Enclosure]]:
        """The Lagrangian's value and slopes at a point of the box, for all values of the unknowns that are held."""
        self.demand(all(low <= c <= high for c, (low, high) in zip(centre, self.box, strict=True)), "a point lies outside of it")
        point = [interval(*part) if held else interval(c, c) for part, c, held in zip(self.box, centre, self.held, strict=True)]
        values, slopes, n = self.part.values(point, PRECISION), self.part.slopes(point, PRECISION), len(self.box)
        return self.look.lagrangian(weights, values), [self.look.lagrangian(weights, slopes[i::n]) for i in range(n)]

    def by_curvature(self, centre: list[float], weights: list[float]) -> arb:
        """The Lagrangian's second-order expansion; unknowns that are held stay in their boxes."""
        look = self.look
        self.demand(all(look.curved(k) for k, w in enumerate(weights) if w), "the Lagrangian is not smooth in it")
        value, gradient = self.tangent(centre, weights)
        return quadratic_bound(value, gradient, look.lagrangian_hessian(weights), self.box, centre)

    # ---- cuts ----------------------------------------------------------------------------------------------------------------------

    def limits(self, weights: list[float], centre: list[float]) -> Iterator[list[Enclosure | None]]:
        """Yield what is left of each coordinate by the mean-value form of each function."""
        look, at = self.look, self.look.at(centre)

        def parts(value: arb, gradient: list[Enclosure], most: arb) -> list[Enclosure | None]:
            return kept(value, gradient, self.box, centre, most)

        if look.continuous(0):
            yield parts(at[0].lower, look.gradient(0), self.upper)
        if any(weights[1:]) and all(look.continuous(k) for k, w in enumerate(weights) if w):
            yield parts(look.lagrangian(weights, at).lower, look.lagrangian_gradient(weights), self.upper)
        for k, row in enumerate(self.part.rows, 1):
            if look.continuous(k):
                gradient = look.gradient(k)
                yield parts(at[k].lower, gradient, arb(0))
                if row.equality:
                    yield parts(-at[k].upper, [Enclosure(-g.upper, -g.lower, True) for g in gradient], arb(0))

    def remains(self, centre: list[float], multipliers: int) -> list[tuple[arb, arb]] | None:
        """What is left of the box; None where nothing is."""
        low, high = [arb(a) for a, _ in self.box], [arb(b) for _, b in self.box]
        for found in self.limits(self.weights(multipliers), self.part.point(centre)):
            for i, part in enumerate(found):
                if part is None:
                    return None
                if not self.held[i]:
                    low[i], high[i] = max(low[i], part.lower), min(high[i], part.upper)
        for i, whole in enumerate(self.part.integer):
            if whole and not self.held[i]:
                low[i], high[i] = low[i].ceil(), high[i].floor()
        return None if any(a > b for a, b in zip(low, high, strict=True)) else list(zip(low, high, strict=True))

    def cut(self, centre: list[float], box: list[list[float]], multipliers: int) -> None:
        new, rest = self.part.box(box), self.remains(centre, multipliers)
        covers = rest is None or all(arb(low) <= a and b <= arb(high) for (low, high), (a, b) in zip(new, rest, strict=True))
        self.demand(covers, "more is cut off than follows")
        self.shrink(new)

    def cut_off(self, centre: list[float], multipliers: int) -> None:
        self.drop(self.remains(centre, multipliers) is None, "something of it is left")

    # ---- slopes --------------------------------------------------------------------------------------------------------------------

    def direction(self, i: int) -> int:
        """1 where the minimand rises along a coordinate and points may move along it, -1 where it falls, else 0."""
        others = all(math.isfinite(a) and math.isfinite(b) for j, (a, b) in enumerate(self.box) if j != i)
        if not (others and self.look.continuous(0) and self.look.unhindered(i)):
            return 0
        slope = self.look.slope(0, i)
        return int(slope.is_positive) - int(slope.is_negative)

    def touches(self, i: int, side: int) -> bool:
        """Whether the box reaches an end of the range; between whole numbers its own end takes the range's place."""
        return self.part.integer[i] or self.box[i][side] == self.part.root[i][side]

    def end(self, i: int, box: list[list[float]]) -> None:
        direction, new = self.direction(self.coordinate(i)), self.part.box(box)
        side = 0 if direction > 0 else 1
        self.demand(direction != 0 and self.touches(i, side), "the minimum need not lie at an end")
        self.demand(new[i] == self.end_of(i, side) and _same_but(i, new, self.box), "this is not the end")
        self.move(new, [held or j == i for j, held in enumerate(self.held)])

    def end_of(self, i: int, side: int) -> tuple[float, float]:
        """The doubles around an end of the range; between whole numbers an end of the box takes its place."""
        at = self.box[i][side]
        self.demand(math.isfinite(at), "an end is infinite")
        return (at, at) if self.part.integer[i] else self.part.ranges[i].sides[side]

    def monotone(self, i: int) -> None:
        direction = self.direction(self.coordinate(i))
        self.drop(direction != 0 and not self.touches(i, 0 if direction > 0 else 1), "a minimum may lie in it")

    # ---- curvature -----------------------------------------------------------------------------------------------------------------

    def concave(self, i: int, children: list[int]) -> None:
        look = self.look
        concave = look.bounded and look.curved(0) and look.unhindered(self.coordinate(i)) and look.hessian(0)[i][i].is_negative
        self.demand(concave, "the minimand is not concave along this coordinate")
        for side, child in enumerate(children):
            if self.touches(i, side):
                self.demand(child >= 0, "an end is missing")
                self.add(child, [self.end_of(i, side) if j == i else part for j, part in enumerate(self.box)], i)
        self.over = True

    def newton_box(self, centre: list[float]) -> list[Enclosure]:
        """What is left of the unknowns that are not held by a Newton test for the minimand's gradient."""
        look, free = self.look, [i for i, held in enumerate(self.held) if not held]
        inside = all(part_low > low and part_high < high for (part_low, part_high), (low, high) in _pairs(self.box, self.part.root, free))
        movable = all(look.unhindered(i) and not self.part.integer[i] for i in free)
        self.demand(bool(free) and look.curved(0) and inside and movable, "its minima need not be stationary points")
        centre = self.part.point(centre)
        self.demand(all(low <= c <= high for c, (low, high) in zip(centre, self.box, strict=True)), "a centre lies outside of it")
        point = [interval(*part) if held else interval(c, c) for part, c, held in zip(self.box, centre, self.held, strict=True)]
        slopes, hessian = self.part.slopes(point, PRECISION), look.hessian(0)
        box = [interval(*self.box[i]) for i in free]
        matrix = [[hessian[i][j] for j in free] for i in free]
        image = newton_image([slopes[i] for i in free], matrix, box, [arb(centre[i]) for i in free])
        self.demand(image is not None, "a Newton test can't be done")
        assert image is not None
        return [Enclosure(max(k.lower, b.lower), min(k.upper, b.upper), True) for k, b in zip(image, box, strict=True)]

    def newton(self, centre: list[float], box: list[list[float]]) -> None:
        rest, new = self.newton_box(centre), self.part.box(box)
        free = [i for i, held in enumerate(self.held) if not held]
        self.demand(all(new[i] == self.box[i] for i, held in enumerate(self.held) if held), "an unknown that is held moves")
        covers = all(k.empty or (arb(new[i][0]) <= k.lower and k.upper <= arb(new[i][1])) for i, k in zip(free, rest, strict=True))
        self.demand(covers, "more is cut off than follows")
        self.shrink(new)

    def no_stationary_point(self, centre: list[float]) -> None:
        self.drop(any(part.empty for part in self.newton_box(centre)), "a stationary point may lie in it")

    # ---- division, and what is left ---------------------------------------------------------------------------------------------------

    def split(self, i: int, at: float, children: list[int]) -> None:
        (low, high), at = self.box[self.coordinate(i)], number(at)
        self.demand(low <= at <= high and math.isfinite(at) and not self.held[i], "it is divided outside of it")
        self.add(children[0], [(low, at) if j == i else part for j, part in enumerate(self.box)])
        apart = self.part.integer[i] and abs(at) < 2.0**53  # beyond that there are whole numbers between the doubles
        upper = (at + 1, high) if apart else (at, high)
        self.demand(not self.part.integer[i] or at == math.floor(at), "whole numbers are divided between them")
        self.add(children[1], [upper if j == i else part for j, part in enumerate(self.box)])
        self.over = True

    def add(self, number: int, box: Box, end: int | None = None) -> None:
        """Let another box wait to be dealt with; `end` is a coordinate that is held in it."""
        self.demand(number > self.number and number not in self.waiting, "a number is used twice")
        thin = [whole and low == high for (low, high), whole in zip(box, self.part.integer, strict=True)]
        self.waiting[number] = box, [held or thin[j] or j == end for j, held in enumerate(self.held)]

    def leave(self, box: list[list[float]], bound: float) -> None:
        self.demand(self.part.box(box) == self.box, "it is not the box that is left")
        self.left.boxes.append((self.box, self.held))
        self.left.lower = min(self.left.lower, self.bound)
        self.over = True


def _same_but(i: int, new: Box, old: Box) -> bool:
    return all(a == b for j, (a, b) in enumerate(zip(new, old, strict=True)) if j != i)


def _pairs(box: Box, root: Box, which: Sequence[int]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    return ((box[i], root[i]) for i in which)


_STEPS: dict[str, Callable[..., None]] = {
    "undefined": _Box.undefined,
    "infeasible": _Box.infeasible,
    "infeasible by slopes": _Box.infeasible_by_slopes,
    "cut": _Box.cut,
    "cut off": _Box.cut_off,
    "end": _Box.end,
    "monotone": _Box.monotone,
    "concave": _Box.concave,
    "newton": _Box.newton,
    "no stationary point": _Box.no_stationary_point,
    "split": _Box.split,
    "left": _Box.leave,
}
for _way in ("values", "slopes", "Lagrangian", "tangent", "curvature"):
    _STEPS[f"above by {_way}"] = lambda box, *facts, way=_way: box.above(way, *facts)
    _STEPS[f"bound by {_way}"] = lambda box, *facts, way=_way: box.bounded(way, *facts)
