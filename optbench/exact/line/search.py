"""The search on the line: pieces on which a function is smooth, the zeros of its derivative, and where its infimum may be.

`find_pieces` cuts an interval into open pieces and solves for the zeros of the slope on each. `candidates` yields every value
and limit of which the infimum is the least: zeros at which the slope turns from minus to plus, points between pieces, closed
ends, and those ends of pieces towards which the function falls. What is not proved is noted in the search's `doubts`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from optbench.arithmetic.balls import between, enclose
from optbench.exact.answer import NotApplicable
from optbench.exact.line.enclosed import EnclosedRoot, EnclosedValue
from optbench.exact.line.equation import Isolated, Zeros, shown, zeros
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.line.pieces import Place, Undecided, Undefined, point, sample, smoothed
from optbench.exact.line.tails import bounded_beside_infinite, shortened
from optbench.exact.numbers.identities import simplified
from optbench.language.build import number, substitute
from optbench.language.derivative import gradient
from optbench.language.graph import Call, Node, Number, Symbol, functions, size, topological
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem

MAX_NODES = 600
MAX_PIECES = 300
_WAVES = {"sin", "cos", "tan"}
_DISCONTINUOUS = {"if", "sign", "floor", "ceil", "mod", "atan2"}


@dataclass(frozen=True)
class Piece:
    """An open interval on which the minimand is `smooth`, with the zeros of its derivative."""

    place: Place
    smooth: Node
    slope: Node
    zeros: Zeros

    @property
    def signs(self) -> tuple[int, ...]:
        """The signs of the slope between its zeros; empty where they are not known."""
        return self.zeros.isolated.signs if self.zeros.isolated is not None else self.zeros.signs


@dataclass(frozen=True)
class Candidate:
    """Where the infimum may be: `value` of the minimand at `at`, or its limit there if it is not `attained`."""

    value: Node | EnclosedValue  # also plus or minus inf
    at: Node | EnclosedRoot
    kind: str  # interior, boundary, kink, limit
    attained: bool = True
    proved: bool = True  # false: the formula may not be a stationary point
    constant: bool = False  # the value is taken on a whole interval


@dataclass
class Search:
    """The state of one search: what was found, and the reasons why it is not the whole truth."""

    problem: Problem
    digits: int
    computer_algebra: bool = False  # whether SymPy may be asked
    undecided: bool = False  # whether values that may be equal were left undecided
    known: dict[Node, Node] = field(default_factory=dict)  # values, simplified
    without_formula: str | None = None  # why a zero has no formula
    pieces: list[Piece] = field(default_factory=list)
    cuts: list[Node] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def variable(self) -> Symbol:
        return self.problem.variables[0].symbol

    @property
    def minimand(self) -> Node:
        return self.problem.minimand

    def shortest(self, value: Node) -> Node:
        """Return a number simplified, which is done once."""
        if value not in self.known:
            self.known[value] = simplified(value)
        return self.known[value]

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - begin


def parts(problem: Problem, interval: Interval) -> Iterator[Interval]:
    """Yield the range, and what is left of an infinite one without its tails, which comes first where they may hold many zeros."""
    waves = bool(functions(problem.minimand) & _WAVES)
    if not waves:
        yield interval
    finite = None if interval.is_bounded else shortened(problem.minimand, problem.symbols[0], interval)
    if finite is not None:
        yield finite
    if waves:
        yield interval


# ---- pieces ---------------------------------------------------------------------------------------------------------------


def find_pieces(search: Search, interval: Interval) -> None:
    """Find the pieces of an interval; raise `NotApplicable` where that does not succeed."""
    if interval.is_fixed:
        return
    waiting = [Place(search.variable, interval.lower, interval.upper)]
    for _ in range(MAX_PIECES):
        if not waiting:
            return
        place = waiting.pop()
        try:
            smooth = smoothed(search.minimand, place)
            slope = _slope(smooth, place)
        except Undefined:
            continue
        except Undecided as undecided:
            waiting.extend(reversed(_cut(search, place, undecided.switch)))
            continue
        search.pieces.append(Piece(place, smooth, slope, zeros(slope, place, search.computer_algebra)))
    raise NotApplicable(f"the function has more than {MAX_PIECES} pieces")


def _slope(smooth: Node, place: Place) -> Node:
    [slope] = gradient(smooth, [place.variable])
    if size(slope) > 4 * MAX_NODES:
        raise NotApplicable("the derivative has too many parts")
    try:
        return smoothed(slope, place)
    except Undefined:
        raise NotApplicable("the derivative is not defined where the function is") from None


def _cut(search: Search, place: Place, switch: Node) -> list[Place]:
    """The parts of a place on which an expression has one sign each."""
    found = zeros(switch, place, search.computer_algebra)
    if found.identically:
        return [place.with_sign(switch, 0)]
    if not found.proved:
        raise NotApplicable(found.reason or f"it is not known where {shown(switch)} is 0")
    search.cuts.extend(found.roots)
    ends = [place.lower, *found.roots, place.upper]
    return [place.part(a, b).with_sign(switch, s) for a, b, s in zip(ends, ends[1:], found.signs, strict=False)]


# ---- candidates -------------------------------------------------------------------------------------------------------------


def candidates(search: Search, interval: Interval) -> Iterator[Candidate]:
    """Yield the values and limits of which the infimum over the interval is the least."""
    attained: set[Node] = set()
    for at, kind in _special_points(search, interval):
        value = _value_at(search, at)
        if value is not None:
            attained.add(at)
            yield Candidate(value, at, kind)
    continuous = _is_continuous(search.minimand)
    for piece in search.pieces:
        yield from _stationary(search, piece)
        for end, side in _falling_ends(piece):
            if not (continuous and end in attained):
                yield from _limit(search, piece, end, side)


def _is_continuous(function: Node) -> bool:
    """Whether it is continuous wherever it is defined: no jumps, and no x^y near 0^0."""
    jumps = any(isinstance(n, Call) and n.function == "power" and not isinstance(n.args[1], Number) for n in topological(function))
    return not jumps and not functions(function) & _DISCONTINUOUS


def _special_points(search: Search, interval: Interval) -> Iterator[tuple[Node, str]]:
    """Closed ends, and the points between pieces."""
    if interval.lower_closed:
        yield interval.lower, "boundary"
    if interval.upper_closed and interval.upper is not interval.lower:
        yield interval.upper, "boundary"
    sides = [end for piece in search.pieces for end in (piece.place.lower, piece.place.upper)]
    for cut in dict.fromkeys(search.cuts):
        yield cut, "kink" if sides.count(cut) == 2 else "boundary"


def _value_at(search: Search, at: Node) -> Node | None:
    place = point(search.variable, at)
    try:
        return place.at(smoothed(search.minimand, place))
    except Undefined:
        return None


def _stationary(search: Search, piece: Piece) -> Iterator[Candidate]:
    found = piece.zeros
    if found.identically:
        at = number(sample(piece.place.lower, piece.place.upper))
        yield Candidate(substitute(piece.smooth, {search.variable: at}), at, "interior", constant=True)
    if found.isolated is not None:
        yield from _isolated(search, piece, found.isolated)
        return
    if not found.proved and found.reason:
        search.doubts.append(found.reason)
    for i, root in enumerate(found.roots):
        if found.signs and not (found.signs[i] < 0 < found.signs[i + 1]):
            continue
        yield Candidate(substitute(piece.smooth, {search.variable: root}), root, "interior", proved=root in found.verified)


def _isolated(search: Search, piece: Piece, found: Isolated) -> Iterator[Candidate]:
    """Where the derivative turns from minus to plus, with and without a formula."""
    for root, before, after in zip(found.roots, found.signs, found.signs[1:], strict=False):
        if not before < 0 < after:
            continue
        if isinstance(root, EnclosedRoot):
            search.without_formula = piece.zeros.reason
            yield Candidate(EnclosedValue(piece.smooth, search.variable, root), root, "interior")
        else:
            yield Candidate(substitute(piece.smooth, {search.variable: root}), root, "interior")


def _falling_ends(piece: Piece) -> Iterator[tuple[Node, int]]:
    """The ends towards which the function falls, with the side from which they are approached; both where that is not known."""
    signs, place = piece.signs, piece.place
    if piece.zeros.identically:
        return
    if not signs or signs[0] > 0:
        yield place.lower, 1
    if not signs or signs[-1] < 0:
        yield place.upper, -1


def _limit(search: Search, piece: Piece, end: Node, side: int) -> Iterator[Candidate]:
    try:
        value = limit(piece.smooth, search.variable, end, side)
    except Indeterminate:
        if _falls_forever(piece, end):
            value = MINUS_INFINITY
        elif (infinite := _infinite_limit(search, piece, end)) is not None:
            value = infinite
        else:
            search.doubts.append(f"the limit of the function at {text(end)} is not known")
            return
    yield Candidate(value, end, "limit", attained=False)


def _infinite_limit(search: Search, piece: Piece, end: Node) -> Node | None:
    try:
        return bounded_beside_infinite(piece.smooth, search.variable, end)
    except Indeterminate:
        return None


def _falls_forever(piece: Piece, end: Node) -> bool:
    """Whether the derivative keeps away from 0 towards an infinite end, on the side on which the function falls."""
    if end is not INFINITY and end is not MINUS_INFINITY:
        return False
    low = piece.place.box.lower
    for k in range(0, 40, 4):
        q = 2**k
        if not ((end is INFINITY and low < q) or (end is MINUS_INFINITY and piece.place.box.upper > -q)):
            continue
        tail = between(q, float("inf")) if end is INFINITY else between(float("-inf"), -q)
        [slope] = enclose([piece.slope], {piece.place.variable: tail}, 64)
        if not slope.empty and (slope.is_negative if end is INFINITY else slope.is_positive):
            return True
    return False
