"""Proving that the roots that were found are all the zeros of a function on an open interval.

Each root gets a cell on which some derivative of the function keeps one sign, all lower ones being 0 at the root: by
Taylor's theorem the function has no other zero in the cell. What is left between the cells is cut until on each part an
enclosure of the function excludes 0, or the function is monotone and moves away from 0. `isolated` also takes parts on
which it is monotone and changes its sign: those hold one more zero each. Enclosures hold wherever the
function is defined, so a part may reach to an open end, and to infinity. A zero that lies on an excluded end gets a cell
too, if the function is smooth there.

>>> from optbench.language.elaborate import parse
>>> from optbench.exact.line.pieces import Place
>>> from optbench.language.build import number, symbol
>>> place = Place(symbol("x"), number(0), number(10))
>>> are_all_zeros(parse("x - exp(-x)").node, [parse("lambertw(1)").node], place)
True

Sources: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (SIAM 2009), chapters 5 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import NamedTuple, TypeAlias

from flint import arb

from optbench.arithmetic.balls import Enclosure, as_fraction, between, evaluator, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.line.enclosed import Bracket
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.line.pieces import Place, Undecided, Undefined, point, sign, smoothed
from optbench.exact.numbers.identities import is_zero, normal
from optbench.exact.numbers.sums import TooLarge, quotient_node, sign_of
from optbench.language.build import number
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.graph import GraphError, Node, Symbol, size
from optbench.problem.interval import INFINITY, MINUS_INFINITY

MAX_CELLS = 1_500
MAX_PARTS = 40  # cells on which signs are looked for factor by factor, which is slow
MAX_MULTIPLICITY = 6
MAX_DERIVATIVE_NODES = 2_000
_PRECISION = 64
_FAR_OUT = Fraction(1 << 20)
_HALVINGS = 40  # a cell around a root is at least 2^-40 of the first one tried

End: TypeAlias = Fraction | float  # a float only where it is infinite


def are_all_zeros(function: Node, roots: Sequence[Node], place: Place, budget: int = MAX_CELLS) -> bool:
    """Return True where it is proved that a function that is smooth on the open interval has no zeros there but `roots`,
    which are zeros of it, ascending and strictly inside; False where that is not proved."""
    try:
        return _Proof(function, place, budget).covers(roots)
    except (NotDifferentiable, GraphError, NotApplicable, _Failed):
        return False


def isolated(function: Node, roots: Sequence[Node], place: Place, budget: int = MAX_CELLS) -> Isolation | None:
    """Return brackets of all zeros of a smooth function on the open interval but `roots`, which are zeros of it, ascending
    and strictly inside; None where they can't be had. A rational number that turns out to be a zero is given instead."""
    try:
        return Isolation(tuple(_Proof(function, place, budget).brackets(roots)))
    except _Rational as found:
        return Isolation((), found.zero)
    except (NotDifferentiable, GraphError, NotApplicable, _Failed):
        return None


class Isolation(NamedTuple):
    """All other zeros, one a bracket, ascending; or a rational zero that was met, which makes the search pointless."""

    brackets: tuple[Bracket, ...]
    met: Fraction | None = None


class _Failed(Exception):
    """The proof does not succeed within its budget."""


class _Rational(Exception):
    """The function is 0 at a rational number."""

    def __init__(self, zero: Fraction) -> None:
        super().__init__(str(zero))
        self.zero = zero


class _Derivatives:
    """A function and its derivatives, made and compiled when they are asked for."""

    def __init__(self, function: Node, place: Place) -> None:
        self.place = place
        self.nodes = [function]
        self.factored: dict[int, Node] = {}
        self.parts_left = MAX_PARTS
        self.programs: dict[int, Callable[[Sequence[Enclosure], int], list[Enclosure]]] = {}

    def node(self, order: int) -> Node:
        """The derivative, proved to exist on the whole place."""
        while len(self.nodes) <= order:
            [slope] = gradient(self.nodes[-1], [self.place.variable])
            if size(slope) > MAX_DERIVATIVE_NODES:
                raise _Failed
            try:
                self.nodes.append(smoothed(slope, self.place))
            except (Undecided, Undefined):
                raise _Failed from None
        return self.nodes[order]

    def enclose(self, order: int, box: Enclosure) -> Enclosure:
        """An enclosure of its values on the part of the box that lies in the place."""
        if order not in self.programs:
            self.programs[order] = evaluator([self.node(order)], [self.place.variable])
        return self.programs[order]([box], _PRECISION)[0]

    def sign(self, order: int, box: Enclosure) -> int:
        """The sign on the box, 0 where that is not known."""
        value = self.enclose(order, box)
        return 0 if value.empty or value.contains_zero else 1 if value.is_positive else -1

    def sign_of_parts(self, order: int, low: End, high: End) -> int:
        """The sign strictly between the ends of a cell, also by the signs of its factors; 0 where that is not known."""
        found = self.sign(order, _box(low, high))
        if found or low == high or not self.parts_left:
            return found
        self.parts_left -= 1
        cell = self.place.part(_end_node(low), _end_node(high))
        try:
            return sign(self._factored(order), cell)
        except (Undecided, NotApplicable, TooLarge):
            return 0

    def _factored(self, order: int) -> Node:
        """The derivative with common factors in front, where that can be had."""
        if order not in self.factored:
            self.factored[order] = quotient_node(normal(self.node(order)))
        return self.factored[order]


class _Proof:
    def __init__(self, function: Node, place: Place, budget: int) -> None:
        self.place, self.budget = place, budget
        self.function = _Derivatives(function, place)
        self.lower, self.upper = _outer(place)
        self.limits: dict[Node, int | None] = {}

    def covers(self, roots: Sequence[Node]) -> bool:
        return all(self._has_no_zero(low, high) for low, high in self._gaps(roots))

    def brackets(self, roots: Sequence[Node]) -> list[Bracket]:
        return [bracket for low, high in self._gaps(roots) for bracket in self._brackets_between(low, high)]

    def _gaps(self, roots: Sequence[Node]) -> Iterator[tuple[End, End]]:
        """Yield what is left between cells around the roots, ascending."""
        known = [*self._zero_at(self.place.lower), *roots, *self._zero_at(self.place.upper)]
        boxes = [value_of(r) for r in known]
        ends = [self.lower, *(_between(a, b) for a, b in pairwise(boxes)), self.upper]
        self._check_tails()
        left = self.lower
        for root, box, low, high in zip(known, boxes, ends, ends[1:], strict=False):
            cell = self._cell(root, box, low, high)
            yield left, cell[0]
            left = cell[1]
        yield left, self.upper

    def _check_tails(self) -> None:
        """Give up at once where nothing is known even far out, as with a function that has infinitely many zeros."""
        lower, upper = self._inner
        for low, high in ((max(lower, _FAR_OUT), self.upper), (self.lower, min(upper, -_FAR_OUT))):
            infinite = isinstance(low, float) or isinstance(high, float)
            if infinite and low < high and not self.function.sign(0, _box(low, high)) and not self._moves_away(low, high):
                raise _Failed

    def _zero_at(self, end: Node) -> list[Node]:
        """The end, if it is finite and the function is defined and 0 there."""
        if end is INFINITY or end is MINUS_INFINITY:
            return []
        at = point(self.place.variable, end)
        try:
            if not self.function.enclose(0, value_of(end)).contains_zero:
                return []
            value = at.at(smoothed(self.function.node(0), at))
        except (Undefined, NotApplicable):
            return []
        return [end] if is_zero(value) else []

    # ---- cells around roots -----------------------------------------------------------------------------------------

    def _cell(self, root: Node, box: Enclosure, low: End, high: End) -> tuple[End, End]:
        """Return ends of a cell in [low, high] in which there is no other zero of the function than this root."""
        order = self._multiplicity(root)
        width: Fraction | None = None
        for _ in range(_HALVINGS):
            a, b = _around(box, width, low, high)
            if self.function.sign_of_parts(order, a, b):
                return a, b
            width = _first_width(box, low, high) if width is None else width / 2
        raise _Failed

    def _multiplicity(self, root: Node) -> int:
        """Return the order of the first derivative that is not 0 at the root."""
        at = point(self.place.variable, root)
        inside = root is not self.place.lower and root is not self.place.upper
        for order in range(1, MAX_MULTIPLICITY + 1):
            node = self.function.node(order)
            try:
                value = at.at(node if inside else smoothed(node, at))
            except Undefined:
                raise _Failed from None
            if sign_of(value) is not None:
                return order
            if is_zero(value) is not True:
                raise _Failed
        raise _Failed

    # ---- the rest ---------------------------------------------------------------------------------------------------------

    def _has_no_zero(self, low: End, high: End) -> bool:
        waiting, seen = [(low, high)], 0
        while waiting:
            a, b = waiting.pop()
            if a == b:
                continue
            self.budget -= 1
            if self.budget < 0:
                return False
            if self.function.sign(0, _box(a, b)) or self._moves_away(a, b):
                continue
            middle = _middle(a, b)
            if middle is None:
                return False
            sign = self._sign_at(middle)
            if sign and sign == -seen:
                return False  # there is a zero in between
            seen = sign or seen
            waiting += [(middle, b), (a, middle)]
        return True

    def _brackets_between(self, low: End, high: End) -> Iterator[Bracket]:
        waiting = [(low, high)]
        while waiting:
            a, b = waiting.pop()
            self.budget -= 1
            if self.budget < 0:
                raise _Failed
            if a == b or self.function.sign(0, _box(a, b)):
                continue
            slope = self._slope_sign(a, b)
            if self._has_left_zero(a, b, slope):
                continue
            if slope and self._sign_at(a) == -slope and self._sign_at(b) == slope:
                assert isinstance(a, Fraction)
                assert isinstance(b, Fraction)
                yield Bracket(self.function.node(0), self.function.node(1), self.place.variable, a, b)
                continue
            middle = _middle(a, b)
            if middle is None:
                raise _Failed
            self._check_for_zero(middle)
            waiting += [(middle, b), (a, middle)]

    def _check_for_zero(self, middle: Fraction) -> None:
        if self._is_inside(middle) and not self._sign_at(middle):
            value = point(self.place.variable, number(middle)).at(self.function.node(0))
            if is_zero(value):
                raise _Rational(middle)

    def _moves_away(self, low: End, high: End) -> bool:
        """Whether the function is monotone on the cell and has left 0 behind at the end where it starts."""
        return self._has_left_zero(low, high, self._slope_sign(low, high))

    def _slope_sign(self, low: End, high: End) -> int:
        try:
            return self.function.sign_of_parts(1, low, high)
        except _Failed:
            return 0

    def _has_left_zero(self, low: End, high: End, slope: int) -> bool:
        if not slope:
            return False
        return self._sign_at(low) == slope or self._sign_at(high) == -slope or self._comes_from_zero(low, high, slope)

    def _comes_from_zero(self, low: End, high: End, slope: int) -> bool:
        """Whether the cell reaches to an end of the place at which the limit is 0 or has the sign that excludes a zero."""
        at_low = low == self.lower and self._limit_sign(self.place.lower, 1) in (0, slope)
        return at_low or (high == self.upper and self._limit_sign(self.place.upper, -1) in (0, -slope))

    def _limit_sign(self, end: Node, side: int) -> int | None:
        """The sign of the limit at an end of the place, None where it is not known."""
        if end not in self.limits:
            self.limits[end] = _signed_limit(self.function.node(0), self.place.variable, end, side)
        return self.limits[end]

    def _sign_at(self, end: End) -> int:
        """The sign at a point strictly inside the place, else 0."""
        return self.function.sign(0, between(end, end)) if self._is_inside(end) else 0

    def _is_inside(self, end: End) -> bool:
        low, high = self._inner
        return low < end < high

    @cached_property
    def _inner(self) -> tuple[End, End]:
        return _end(value_of(self.place.lower).upper), _end(value_of(self.place.upper).lower)


def _signed_limit(function: Node, variable: Symbol, end: Node, side: int) -> int | None:
    try:
        value = limit(function, variable, end, side)
    except Indeterminate:
        return None
    if value is INFINITY or value is MINUS_INFINITY:
        return 1 if value is INFINITY else -1
    return 0 if value is number(0) or is_zero(value) else sign_of(value)


def _outer(place: Place) -> tuple[End, End]:
    box = place.box
    return _end(box.lower), _end(box.upper)


def _end(value: arb) -> End:
    return as_fraction(value) if value.is_finite() else -inf if value < 0 else inf


def _end_node(end: End) -> Node:
    return number(end) if isinstance(end, Fraction) else INFINITY if end > 0 else MINUS_INFINITY


def _between(left: Enclosure, right: Enclosure) -> Fraction:
    """A short binary number between two disjoint enclosures."""
    low, high = as_fraction(left.upper), as_fraction(right.lower)
    if low >= high:
        raise _Failed
    scale = 1
    while not (low < Fraction(round((low + high) / 2 * scale), scale) < high):
        scale *= 2
    return Fraction(round((low + high) / 2 * scale), scale)


def _around(box: Enclosure, width: Fraction | None, low: End, high: End) -> tuple[End, End]:
    """The box and a margin of `width` on both sides (None: as far as possible), within [low, high]."""
    if width is None:
        return low, high
    a, b = _short(as_fraction(box.lower) - width, width, -1), _short(as_fraction(box.upper) + width, width, 1)
    return max(a, low), min(b, high)


def _short(value: Fraction, width: Fraction, direction: int) -> Fraction:
    """A binary number near `value`, moved outward by at most `width`, with few digits."""
    scale = 1
    while Fraction(1, scale) > width:
        scale *= 2
    scaled = value * scale
    return Fraction(scaled.__floor__() if direction < 0 else scaled.__ceil__(), scale)


def _first_width(box: Enclosure, low: End, high: End) -> Fraction:
    if isinstance(low, float) or isinstance(high, float):
        return Fraction(2 ** abs(int(as_fraction(box.lower))).bit_length())
    return (high - low) / 2


def _box(low: End, high: End) -> Enclosure:
    return between(low, high)


def _middle(low: End, high: End) -> Fraction | None:
    """Where a cell is cut; None where it is too narrow."""
    if low < 0 < high and (isinstance(low, float) or isinstance(high, float)):
        return Fraction(0)
    if isinstance(low, float):
        return min(Fraction(-1), 2 * Fraction(high))
    if isinstance(high, float):
        return max(Fraction(1), 2 * Fraction(low))
    if (high - low) * (1 << 200) <= max(abs(low), abs(high)):
        return None
    return (low + high) / 2
