"""One searched part of a problem, as a certificate states it, and what can be enclosed over its boxes.

>>> part = Part({"minimand": "u0^2", "unknowns": [{"lower": "-1", "upper": "2", "lower_closed": True, "upper_closed": True,
...     "integer": False}], "constraints": [], "root": [[-1], [2]], "multipliers": [[]]})
>>> look = part.look([(0.5, 1.0)], [False])
>>> look.slope(0, 0).is_positive
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure, bounded
from optbench.arithmetic.ball_operators import add, multiply
from optbench.arithmetic.balls import evaluator
from optbench.language.build import subtract, symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.graph import Call, Node
from optbench.verify.forms import Box, interval, lower_bound
from optbench.verify.ranges import Range, Refused, number

PRECISION = 128  # bits


class Row(NamedTuple):
    """A constraint: residual <= 0, < 0 where `strict`, == 0 where it is an `equality`."""

    residual: Node
    equality: bool
    strict: bool


class Part:
    """The minimand (function 0) and the residuals of the constraints (1, 2, ...), with their derivatives."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self.claims = claims
        self.ranges = [Range(given) for given in claims["unknowns"]]
        self.integer = [r.integer for r in self.ranges]
        self.root = [r.root for r in self.ranges]  # the first box
        if list(zip(*claims["root"], strict=True)) != [tuple(map(_written, ends)) for ends in self.root]:
            raise Refused("the first box is not that of the ranges")
        self.symbols = [symbol(f"u{k}", (), whole) for k, whole in enumerate(self.integer)]
        scope = Scope({s.name: s for s in self.symbols})
        self.minimand = _scalar(parse(claims["minimand"], scope).node)
        self.conditions = [parse_constraint(text, scope).node for text in claims["constraints"]]
        self.rows = [row for condition in self.conditions for row in _rows(condition)]
        self.functions = [self.minimand, *(row.residual for row in self.rows)]
        self.multipliers = [[1.0, *map(number, found)] for found in claims["multipliers"]]
        for found in self.multipliers:
            self._check_multipliers(found)

    def _check_multipliers(self, found: Sequence[float]) -> None:
        if len(found) != len(self.functions) or not all(map(math.isfinite, found)):
            raise Refused("there is not one multiplier for each constraint")
        if any(m < 0 and not row.equality for m, row in zip(found[1:], self.rows, strict=True)):
            raise Refused("an inequality has a negative multiplier")

    # ---- derivatives --------------------------------------------------------------------------------------------------

    @cached_property
    def gradients(self) -> list[list[Node]]:
        return [gradient(f, self.symbols) for f in self.functions]

    @cached_property
    def values(self) -> Callable[[Sequence[Enclosure], int], list[Enclosure]]:
        return evaluator(self.functions, self.symbols)

    @cached_property
    def slopes(self) -> Callable[[Sequence[Enclosure], int], list[Enclosure]]:
        return evaluator([g for row in self.gradients for g in row], self.symbols)

    @cached_property
    def hessians(self) -> Callable[[Sequence[Enclosure], int], list[Enclosure]]:
        return evaluator([h for row in self.gradients for g in row for h in gradient(g, self.symbols)], self.symbols)

    # ---- boxes --------------------------------------------------------------------------------------------------------

    def box(self, ends: Any) -> list[tuple[float, float]]:
        """Return the box whose lower and upper ends these two lists are."""
        box = [(number(low), number(high)) for low, high in zip(*ends, strict=True)]
        if len(box) != len(self.root) or any(low > high for low, high in box):
            raise Refused("what should be a box is none")
        return box

    def point(self, coordinates: Any) -> list[float]:
        """Return the finite point with these coordinates."""
        point = list(map(number, coordinates))
        if len(point) != len(self.root) or not all(map(math.isfinite, point)):
            raise Refused("what should be a point is none")
        return point

    def look(self, box: Box, held: Sequence[bool]) -> Look:
        """Return what can be enclosed over a box."""
        return Look(self, list(box), list(held))

    def depends(self, k: int, i: int) -> bool:
        """Whether a function depends on an unknown."""
        return self.gradients[k][i] is not _ZERO


class Look:
    """Enclosures over a box, widened by a double on each side where the range goes on."""

    def __init__(self, part: Part, box: list[tuple[float, float]], held: list[bool]) -> None:
        self.part, self.box, self.held = part, box, held
        self.wide = [_widened(b, r, h) for b, r, h in zip(box, part.root, held, strict=True)]

    @cached_property
    def region(self) -> list[Enclosure]:
        return [interval(*ends) for ends in self.wide]

    @cached_property
    def values(self) -> list[Enclosure]:
        return self.part.values(self.region, PRECISION)

    @cached_property
    def slopes(self) -> list[Enclosure]:
        return self.part.slopes(self.region, PRECISION)

    @cached_property
    def hessians(self) -> list[Enclosure]:
        return self.part.hessians(self.region, PRECISION)

    def slope(self, k: int, i: int) -> Enclosure:
        return self.gradient(k)[i]

    def gradient(self, k: int) -> list[Enclosure]:
        """The slopes of function k; a slope that is undefined says nothing."""
        n = len(self.box)
        return [_LINE if g.empty else g for g in self.slopes[k * n : (k + 1) * n]]

    def hessian(self, k: int) -> list[list[Enclosure]]:
        """The Hessian of function k, each pair of equal entries by the one below the diagonal."""
        n = len(self.box)
        return [[self.hessians[k * n * n + max(i, j) * n + min(i, j)] for j in range(n)] for i in range(n)]

    @property
    def bounded(self) -> bool:
        return all(math.isfinite(low) and math.isfinite(high) for low, high in self.box)

    # ---- what holds on the whole box --------------------------------------------------------------------------------------

    def continuous(self, k: int) -> bool:
        """Whether function k is defined and continuous."""
        return self.values[k].everywhere

    def curved(self, k: int) -> bool:
        """Whether function k has continuous first and second derivatives."""
        n = len(self.box)
        first, second = self.slopes[k * n : (k + 1) * n], self.hessians[k * n * n : (k + 1) * n * n]
        return self.continuous(k) and all(e.everywhere for e in (*first, *second))

    def unhindered(self, i: int) -> bool:
        """Whether small moves along a coordinate violate nothing, and all functions are continuous."""
        functions = range(len(self.part.functions))
        free = all(not self.part.depends(k, i) or self.lax(k) for k in functions[1:])
        return not self.held[i] and free and all(map(self.continuous, functions))

    def lax(self, k: int) -> bool:
        """Whether constraint k holds strictly."""
        return not self.part.rows[k - 1].equality and self.continuous(k) and self.values[k].is_negative

    def violated(self, k: int, value: Enclosure) -> bool:
        """Whether constraint k holds nowhere, from an enclosure of its residual."""
        row = self.part.rows[k - 1]
        return value.is_positive or (row.equality and value.is_negative) or (row.strict and bool(value.lower >= 0))

    # ---- mean-value forms ---------------------------------------------------------------------------------------------------

    def at(self, centre: Sequence[float]) -> list[Enclosure]:
        """Enclose all functions at a point of the box."""
        if not all(low <= c <= high for c, (low, high) in zip(centre, self.wide, strict=True)):
            raise Refused("a centre lies outside of its box")
        return [v if v.everywhere else _LINE for v in self.part.values([interval(c, c) for c in centre], PRECISION)]

    def bound(self, k: int, centre: Sequence[float]) -> Enclosure:
        """Enclose function k over the box by its mean-value form."""
        if not self.continuous(k):
            return _LINE
        value, gradient = self.at(centre)[k], self.gradient(k)
        with ctx.workprec(PRECISION):
            low = lower_bound(value, gradient, self.box, centre)
            high = -lower_bound(_opposite(value), [_opposite(g) for g in gradient], self.box, centre)
            return bounded(low, high, True)

    def lagrangian(self, weights: Sequence[float], parts: Sequence[Enclosure]) -> Enclosure:
        """The Lagrangian's enclosure from enclosures of its functions' values or derivatives."""
        terms = [multiply(interval(w, w), e) for w, e in zip(weights, parts, strict=True) if w]
        return add(*terms)

    def lagrangian_gradient(self, weights: Sequence[float]) -> list[Enclosure]:
        columns = [self.gradient(k) for k in range(len(weights))]
        return [self.lagrangian(weights, [column[i] for column in columns]) for i in range(len(self.box))]

    def lagrangian_hessian(self, weights: Sequence[float]) -> list[list[Enclosure]]:
        parts = [self.hessian(k) for k in range(len(weights))]
        n = range(len(self.box))
        return [[self.lagrangian(weights, [part[i][j] for part in parts]) for j in n] for i in n]


_LINE = Enclosure(arb.neg_inf(), arb.pos_inf(), True)
_ZERO = parse("0").node


def _opposite(e: Enclosure) -> Enclosure:
    return Enclosure(-e.upper, -e.lower, e.everywhere)


def _widened(part: tuple[float, float], whole: tuple[float, float], held: bool) -> tuple[float, float]:
    if held:
        return part
    return max(math.nextafter(part[0], -math.inf), whole[0]), min(math.nextafter(part[1], math.inf), whole[1])


def _written(end: float) -> float | str:
    """A number as JSON has it in a mapping."""
    return end if math.isfinite(end) else str(end)


def _scalar(node: Node) -> Node:
    if node.shape or node.boolean:
        raise Refused("what is minimised is no number")
    return node


def _rows(condition: Node) -> list[Row]:
    assert isinstance(condition, Call)
    if condition.function in ("and", "all"):
        return [row for part in condition.args for row in _rows(part)]
    if condition.function not in _RELATIONS:
        raise Refused("a constraint is no comparison")
    left, right = condition.args
    residual = subtract(left, right) if condition.function in ("less", "less_equal", "equal") else subtract(right, left)
    return [Row(residual, condition.function == "equal", condition.function in ("less", "greater"))]


_RELATIONS = ("less", "less_equal", "greater", "greater_equal", "equal")
