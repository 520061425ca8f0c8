"""One problem of scalar unknowns as the search sees it: doubles around its ranges, and compiled enclosures.

Functions are numbered: 0 is the minimand, 1, 2, ... the residuals of the constraints. A box is an array of shape (2, n),
many boxes one of shape (2, n, N), lower ends first.

>>> from optbench.problem.draft import ProblemDraft, Text, VariableDraft
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("minimize", Text("x^2 - y"), variables=(VariableDraft(Text("y"), Text("[0, 1]")),))
>>> model = Model(validated(draft, open_names=True))
>>> model.dimension, model.lower.tolist(), model.upper.tolist()
(2, [0.0, -inf], [1.0, inf])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.arithmetic.balls import evaluator as ball_evaluator
from optbench.arithmetic.balls import value_of
from optbench.arithmetic.interval_constants import doubles_around, doubles_around_end
from optbench.arithmetic.interval_reading import DEFINED, Values, evaluator
from optbench.certify.answer import NotApplicable
from optbench.certify.linear_forms import Array, Mask
from optbench.language.build import negate, subtract
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.graph import Call, Node, Number
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem

MOST_CURVED = 30  # unknowns up to which second derivatives are enclosed
MOST_WHOLE = 2.0**53  # beyond it there are whole numbers that are no doubles
PRECISION_OF_ENDS = 4_000  # bits with which the ends of ranges are compared with doubles


class Row(NamedTuple):
    """A constraint: residual <= 0, < 0 where `strict`, == 0 where it is an `equality`."""

    residual: Node
    equality: bool
    strict: bool


class Slopes(NamedTuple):
    """Enclosures over N boxes of all functions and their gradients."""

    value: Array  # (2, m, N)
    state: NDArray[np.int8]  # (m, N)
    gradient: Array  # (2, m, n, N)
    smooth: Mask  # (m, N): the gradient is defined and continuous on the whole box


class Curvature(NamedTuple):
    """Enclosures over N boxes of all functions' Hessians."""

    hessian: Array  # (2, m, n, n, N)
    smooth: Mask  # (m, N): it is defined and continuous on the whole box


class Ends(NamedTuple):
    """The ends of N boxes along one coordinate: enclosures (2, N) of them, and whether the range ends there, too.

    Between whole numbers a box's own end takes the range's place, as nothing is known beyond it.
    """

    lower: Array
    upper: Array
    touches_lower: Mask
    touches_upper: Mask


class Model:
    """The minimand and the constraints of a problem in scalar unknowns, with enclosures of their values and derivatives."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.symbols = problem.symbols
        self.ranges = [interval for v in problem.variables for interval in v.entry_ranges()]
        self.rows = list(rows(problem))
        self.functions = [problem.minimand, *(row.residual for row in self.rows)]
        self.dimension = len(self.symbols)
        self.integer = np.array([s.integer for s in self.symbols], dtype=bool)
        low, inner_low, inner_high, high = np.array([self._ends(r, s.integer) for r, s in zip(self.ranges, self.symbols, strict=True)]).T
        self.lower, self.upper = low, high  # doubles around the range
        self.lower_ends, self.upper_ends = np.stack([low, inner_low]), np.stack([inner_high, high])  # (2, n): around its ends
        self.open_lower = np.array([not r.lower_closed for r in self.ranges]) & ~self.integer  # (n,): whether an end is none of its points
        self.open_upper = np.array([not r.upper_closed for r in self.ranges]) & ~self.integer
        inner = low == inner_low, high == inner_high
        self.inner_lower = np.where(self.open_lower & inner[0] & np.isfinite(low), np.nextafter(low, np.inf), inner_low)  # doubles in it
        self.inner_upper = np.where(self.open_upper & inner[1] & np.isfinite(high), np.nextafter(high, -np.inf), inner_high)

    @staticmethod
    def _ends(interval: Interval, integer: bool) -> tuple[float, float, float, float]:
        """The doubles around both ends of a range; of one of whole numbers the least and the greatest of them, twice."""
        if not integer:
            return *outward(interval.lower), *outward(interval.upper)
        low = least_whole(interval.lower, interval.lower_closed)
        high = -least_whole(negate(interval.upper), interval.upper_closed)
        return low, low, high, high

    @cached_property
    def equality(self) -> Mask:
        """(m - 1,): which constraints are equalities."""
        return np.array([row.equality for row in self.rows], dtype=bool)

    @cached_property
    def strict(self) -> Mask:
        """(m - 1,): which constraints are strict."""
        return np.array([row.strict for row in self.rows], dtype=bool)

    # ---- points and ends ---------------------------------------------------------------------------------------------

    def in_range(self, point: Array, box: Array) -> Array:
        """Return points (n, N) of boxes as points of the range: whole where they must be, and inside of its ends."""
        low, high = np.maximum(box[0], self.inner_lower[:, None]), np.minimum(box[1], self.inner_upper[:, None])
        inside = np.where(low <= high, np.clip(point, low, high), np.clip(point, *box))
        return np.where(self.integer[:, None], np.rint(inside), inside)

    def whole(self, box: Array) -> Array:
        """Return boxes (2, n, N) whose ends are whole where unknowns are."""
        return np.where(self.integer[:, None], np.stack([np.ceil(box[0]), np.floor(box[1])]), box)

    def ends(self, i: int, box: Array) -> Ends:
        """Return where minima lie in boxes (2, n, N) along whose i-th coordinate the function falls towards an end."""
        low, high = box[:, i]
        if self.integer[i]:
            everywhere = np.ones(len(low), bool)
            return Ends(np.stack([low, low]), np.stack([high, high]), everywhere, everywhere)
        lower, upper = (np.repeat(ends[:, i, None], len(low), axis=1) for ends in (self.lower_ends, self.upper_ends))
        return Ends(lower, upper, low == self.lower[i], high == self.upper[i])

    # ---- enclosures ------------------------------------------------------------------------------------------------

    @cached_property
    def gradients(self) -> list[list[Node]]:
        """The gradient of each function; raises `NotDifferentiable`."""
        return [gradient(f, self.symbols) for f in self.functions]

    @cached_property
    def depends(self) -> Mask:
        """(m, n): whether a function depends on an unknown."""
        return np.array([[not _is_zero(g) for g in row] for row in self.gradients], dtype=bool)

    @cached_property
    def has_slopes(self) -> bool:
        """Whether every function has a gradient."""
        try:
            return bool(self.gradients)
        except NotDifferentiable:
            return False

    @cached_property
    def has_curvature(self) -> bool:
        """Whether second derivatives are enclosed."""
        if not self.has_slopes or self.dimension > MOST_CURVED:
            return False
        try:
            return bool(self._hessians)
        except NotDifferentiable:
            return False

    def values(self, boxes: Array) -> Values:
        """Enclose all functions over boxes."""
        return self._values(boxes)

    def slopes(self, boxes: Array) -> Slopes:
        """Enclose all functions and their gradients over boxes."""
        m, n, count = len(self.functions), self.dimension, boxes.shape[2]
        found = self._slopes(boxes)
        slopes = np.zeros((2, m, n, count))
        smooth = np.ones((m, count), dtype=bool)
        for place, (k, i) in enumerate(self._slope_places, m):
            slopes[:, k, i] = found.bounds[:, place]
            smooth[k] &= found.state[place] == DEFINED
        return Slopes(found.bounds[:, :m], found.state[:m], slopes, smooth)

    def curvature(self, boxes: Array) -> Curvature:
        """Enclose the Hessians of all functions over boxes."""
        m, n, count = len(self.functions), self.dimension, boxes.shape[2]
        hessian, smooth = np.zeros((2, m, n, n, count)), np.ones((m, count), dtype=bool)
        if self._curved_places:
            found = self._curvature(boxes)
            for place, (k, i, j) in enumerate(self._curved_places):
                hessian[:, k, i, j] = hessian[:, k, j, i] = found.bounds[:, place]
                smooth[k] &= found.state[place] == DEFINED
        return Curvature(hessian, smooth)

    @cached_property
    def balls(self) -> Callable[[Sequence[Enclosure], int], list[Enclosure]]:
        """Enclose all functions over one box of enclosures, with so many bits."""
        return ball_evaluator(self.functions, self.symbols)

    @cached_property
    def _values(self) -> Callable[[Array], Values]:
        return evaluator(self.functions, self.symbols)

    @cached_property
    def _slope_places(self) -> list[tuple[int, int]]:
        return [(k, i) for k, row in enumerate(self.gradients) for i, g in enumerate(row) if not _is_zero(g)]

    @cached_property
    def _slopes(self) -> Callable[[Array], Values]:
        return evaluator([*self.functions, *(self.gradients[k][i] for k, i in self._slope_places)], self.symbols)

    @cached_property
    def _hessians(self) -> list[list[list[Node]]]:
        return [[gradient(g, self.symbols) for g in row] for row in self.gradients]

    @cached_property
    def _curved_places(self) -> list[tuple[int, int, int]]:
        return [
            (k, i, j)
            for k, rows in enumerate(self._hessians)
            for i, row in enumerate(rows)
            for j, h in enumerate(row[: i + 1])
            if not _is_zero(h)
        ]

    @cached_property
    def _curvature(self) -> Callable[[Array], Values]:
        return evaluator([self._hessians[k][i][j] for k, i, j in self._curved_places], self.symbols)


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and not node.value


# ---- from a problem to entries -------------------------------------------------------------------------------------------


def rows(problem: Problem) -> Iterator[Row]:
    """Yield the constraints as comparisons with 0; raise `NotApplicable` for a condition that is none."""
    for constraint in problem.constraints:
        yield from _comparisons(constraint.condition)


def _comparisons(condition: Node) -> Iterator[Row]:
    assert isinstance(condition, Call)
    if condition.function in ("and", "all"):
        for part in condition.args:
            yield from _comparisons(part)
        return
    if condition.function not in _RELATIONS:
        raise NotApplicable(f"the condition {condition} is no comparison")
    left, right = condition.args
    at_most = condition.function in ("less", "less_equal", "equal")
    residual = subtract(left, right) if at_most else subtract(right, left)
    yield Row(residual, condition.function == "equal", condition.function in ("less", "greater"))


_RELATIONS = ("less", "less_equal", "greater", "greater_equal", "equal")


def outward(end: Node) -> tuple[float, float]:
    """Return the greatest double at most, and the least at least, the value of an expression without symbols.

    Raises `NotApplicable` where it is not known between which two neighbours it lies.
    """
    if end is INFINITY or end is MINUS_INFINITY:
        return (math.inf, math.inf) if end is INFINITY else (-math.inf, -math.inf)
    if isinstance(end, Number):
        return doubles_around(end.value)
    value = value_of(end, PRECISION_OF_ENDS)
    low, high = doubles_around_end(value.lower)[0], doubles_around_end(value.upper)[1]
    if value.empty or high > math.nextafter(low, math.inf):
        raise NotApplicable("an end of a range can't be told from a number next to it")
    return low, high


def least_whole(end: Node, closed: bool) -> float:
    """Return the least whole number from an end on; raise `NotApplicable` where it is not known, or doubles may not hold it."""
    low, high = outward(end)
    if math.isinf(low):
        return low
    if abs(high) >= MOST_WHOLE:
        raise NotApplicable("there are whole numbers beyond 2^53 in a range")
    value, least = value_of(end, PRECISION_OF_ENDS), math.ceil(high)
    if value.lower.ceil() != value.upper.ceil():
        raise NotApplicable("an end of a range can't be told from a whole number next to it")
    return float(least + (not closed and bool(value.lower == least)))
