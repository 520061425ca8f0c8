"""The minimum of a function of one number on an interval: stationary points, kinks, ends and limits; the smallest wins.

On each of the open pieces from `pieces` the function is smooth, and the sign of its derivative between the zeros is
proved. So it is monotone there, and its infimum over the range is the least of: its values at zeros where the derivative
turns from minus to plus, at the points between pieces and at closed ends, and its limits at those ends of pieces towards
which it falls. If each of these numbers and each comparison is proved, so is the minimum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from optbench.arithmetic.balls import between, compare, enclose
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.exact.equation import Zeros, shown, zeros
from optbench.exact.formula import as_float, enclosure, facts
from optbench.exact.identities import is_zero, normal, simplified
from optbench.exact.limits import Indeterminate, limit
from optbench.exact.pieces import Place, Undecided, Undefined, point, sample, smoothed
from optbench.exact.reach import check_reach
from optbench.exact.sums import TooLarge
from optbench.language.build import add, multiply, negate, number, substitute, subtract
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, functions, size, topological
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

NAME = "univariate"
MAX_NODES = 600
MAX_PIECES = 300
MAX_VALUES = 3  # formulas of one value, of which the shortest is shown
_DISCONTINUOUS = {"if", "sign", "floor", "ceil", "mod", "atan2"}

Send = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Piece:
    """An open interval on which the minimand is `smooth`, with the zeros of its derivative."""

    place: Place
    smooth: Node
    slope: Node
    zeros: Zeros


@dataclass(frozen=True)
class Candidate:
    """Where the infimum may be: `value` of the minimand at `at`, or its limit there if it is not `attained`."""

    value: Node  # also plus or minus inf
    at: Node
    kind: str  # interior, boundary, kink, limit
    attained: bool = True
    proved: bool = True  # false: the formula may not be a stationary point
    constant: bool = False  # the value is taken on a whole interval


@dataclass
class _Search:
    """The state of one search: what was found, and the reasons why it is not the whole truth."""

    problem: Problem
    digits: int
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

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - begin


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the minimum of a problem in one number; raise `NotApplicable` for others and where nothing is found."""
    _check(problem)
    search = _Search(problem, digits)
    interval = problem.domains[problem.variables[0].name][0]
    if interval.is_empty:
        return _infeasible(search)
    try:
        with search.timed("equations"):
            _find_pieces(search, interval)
        with search.timed("candidates"):
            found = list(_candidates(search, interval))
        if send is not None:
            send(_preliminary(search, found).to_json())
        with search.timed("comparison"):
            best = _least(search, found)
        with search.timed("formulas"):
            return _answer(search, found, best)
    except (GraphError, NotDifferentiable) as error:
        raise NotApplicable(str(error)) from None
    except OverflowError:
        raise NotApplicable("numbers of extreme size appear") from None


def _check(problem: Problem) -> None:
    if problem.dimension != 1:
        raise NotApplicable("there is more than one unknown")
    check_reach(problem, 1, MAX_NODES)


# ---- pieces ---------------------------------------------------------------------------------------------------------------


def _find_pieces(search: _Search, interval: Interval) -> None:
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
        search.pieces.append(Piece(place, smooth, slope, zeros(slope, place)))
    raise NotApplicable(f"the function has more than {MAX_PIECES} pieces")


def _slope(smooth: Node, place: Place) -> Node:
    [slope] = gradient(smooth, [place.variable])
    if size(slope) > 4 * MAX_NODES:
        raise NotApplicable("the derivative has too many parts")
    try:
        return smoothed(slope, place)
    except Undefined:
        raise NotApplicable("the derivative is not defined where the function is") from None


def _cut(search: _Search, place: Place, switch: Node) -> list[Place]:
    """The parts of a place on which an expression has one sign each."""
    found = zeros(switch, place)
    if found.identically:
        return [place.with_sign(switch, 0)]
    if not found.proved:
        raise NotApplicable(found.reason or f"it is not known where {shown(switch)} is 0")
    search.cuts.extend(found.roots)
    ends = [place.lower, *found.roots, place.upper]
    return [place.part(a, b).with_sign(switch, s) for a, b, s in zip(ends, ends[1:], found.signs, strict=False)]


# ---- candidates -------------------------------------------------------------------------------------------------------------


def _candidates(search: _Search, interval: Interval) -> Iterator[Candidate]:
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


def _special_points(search: _Search, interval: Interval) -> Iterator[tuple[Node, str]]:
    """Closed ends, and the points between pieces."""
    if interval.lower_closed:
        yield interval.lower, "boundary"
    if interval.upper_closed and interval.upper is not interval.lower:
        yield interval.upper, "boundary"
    sides = [end for piece in search.pieces for end in (piece.place.lower, piece.place.upper)]
    for cut in dict.fromkeys(search.cuts):
        yield cut, "kink" if sides.count(cut) == 2 else "boundary"


def _value_at(search: _Search, at: Node) -> Node | None:
    place = point(search.variable, at)
    try:
        return place.at(smoothed(search.minimand, place))
    except Undefined:
        return None


def _stationary(search: _Search, piece: Piece) -> Iterator[Candidate]:
    found = piece.zeros
    if found.identically:
        at = number(sample(piece.place.lower, piece.place.upper))
        yield Candidate(substitute(piece.smooth, {search.variable: at}), at, "interior", constant=True)
    if not found.proved and found.reason:
        search.doubts.append(found.reason)
    for i, root in enumerate(found.roots):
        if found.signs and not (found.signs[i] < 0 < found.signs[i + 1]):
            continue
        yield Candidate(substitute(piece.smooth, {search.variable: root}), root, "interior", proved=root in found.verified)


def _falling_ends(piece: Piece) -> Iterator[tuple[Node, int]]:
    """The ends towards which the function falls, with the side from which they are approached; both where that is not known."""
    signs, place = piece.zeros.signs, piece.place
    if piece.zeros.identically:
        return
    if not signs or signs[0] > 0:
        yield place.lower, 1
    if not signs or signs[-1] < 0:
        yield place.upper, -1


def _limit(search: _Search, piece: Piece, end: Node, side: int) -> Iterator[Candidate]:
    try:
        value = limit(piece.smooth, search.variable, end, side)
    except Indeterminate:
        if _falls_forever(piece, end):
            value = MINUS_INFINITY
        else:
            search.doubts.append(f"the limit of the function at {text(end)} is not known")
            return
    yield Candidate(value, end, "limit", attained=False)


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


# ---- the least -----------------------------------------------------------------------------------------------------------------


def _least(search: _Search, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates with the smallest value; raise `NotApplicable` where they can't be compared."""
    best: list[Candidate] = []
    for candidate in candidates:
        order = _order(search, candidate, best[0]) if best else -1
        if order < 0:
            best = [candidate]
        elif order == 0:
            best.append(candidate)
    return best


def _order(search: _Search, a: Candidate, b: Candidate) -> int:
    if a.value is b.value:
        return 0
    if a.value in (INFINITY, MINUS_INFINITY) or b.value in (INFINITY, MINUS_INFINITY):
        return _rank(a.value) - _rank(b.value)
    order = compare(a.value, b.value, 256)
    if order is None and (is_zero(subtract(a.value, b.value)) or _mirrored(search, a, b)):
        order = 0
    if order is None:
        order = compare(a.value, b.value)
    if order is None:
        raise NotApplicable(f"it can't be decided which value is smaller, that at {shown(a.at)} or that at {shown(b.at)}")
    return order


def _rank(value: Node) -> int:
    return 1 if value is INFINITY else -1 if value is MINUS_INFINITY else 0


def _mirrored(search: _Search, a: Candidate, b: Candidate) -> bool:
    """Whether the function is even and the points are opposite."""
    x, f = search.variable, search.minimand
    try:
        even = normal(substitute(f, {x: negate(x)})) == normal(f)
    except (TooLarge, GraphError):
        return False
    return even and a.attained and b.attained and is_zero(add(a.at, b.at)) is True


# ---- the answer ------------------------------------------------------------------------------------------------------------------


def _infeasible(search: _Search) -> ExactAnswer:
    reason = "the function is defined nowhere in the range"
    return ExactAnswer(NAME, Status.INFEASIBLE, Assurance.EXACT, reason=reason, seconds=search.seconds)


def _answer(search: _Search, candidates: list[Candidate], best: list[Candidate]) -> ExactAnswer:
    if any(c.value is MINUS_INFINITY for c in best):
        return _unbounded(search, best)
    proved = not search.doubts and all(c.proved for c in candidates)
    if not best:
        if proved:
            return _infeasible(search)
        raise NotApplicable(search.doubts[0])
    if not proved:
        return _local(search, candidates, best)
    attained = [c for c in best if c.attained]
    if not attained:
        return _built(search, Status.NOT_ATTAINED, Assurance.EXACT, best, complete=True)
    complete = not any(c.constant for c in attained)
    return _built(search, Status.OPTIMAL, Assurance.EXACT, attained, complete)


def _unbounded(search: _Search, best: list[Candidate]) -> ExactAnswer:
    infinite = "-inf" if search.problem.sense == "minimize" else "inf"
    solutions = tuple(_solution(search, c, False) for c in best)
    return ExactAnswer(NAME, Status.UNBOUNDED, Assurance.EXACT, infinite, None, None, solutions, False, None, search.seconds)


def _local(search: _Search, candidates: list[Candidate], best: list[Candidate]) -> ExactAnswer:
    """The best point that is known, if no limit that is known lies lower."""
    points = [c for c in best if c.attained and not c.constant]
    reason = "; ".join(dict.fromkeys(search.doubts)) or "a formula could not be verified in f'(x) = 0"
    if not points or _is_undercut(search, points[0]):
        return ExactAnswer(NAME, Status.UNKNOWN, Assurance.NONE, reason=reason, seconds=search.seconds)
    return _built(search, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, points, False, reason)


def _is_undercut(search: _Search, best: Candidate) -> bool:
    """Whether the function is lower at one of some sample points, so that the best candidate would mislead."""
    evaluate = function([search.minimand], [search.variable])
    value = as_float(best.value)
    margin = 1e-9 * max(1.0, abs(value))
    return any(evaluate(x)[0] < value - margin for piece in search.pieces for x in _samples(piece.place))


def _samples(place: Place) -> list[float]:
    """Points of a place, dense near a finite end, far out towards an infinite one."""
    low, high = (as_float(e) if e not in (INFINITY, MINUS_INFINITY) else None for e in (place.lower, place.upper))
    steps = [2.0**k for k in range(-20, 21)]
    if low is not None and high is not None:
        return [low + (high - low) * k / 200 for k in range(1, 200)] + [low + (high - low) * s for s in steps if s < 1]
    return [low + s for s in steps] if low is not None else [high - s for s in steps] if high is not None else [-s for s in steps] + steps


def _preliminary(search: _Search, candidates: list[Candidate]) -> ExactAnswer:
    """The lowest of the points so far, before anything about it is proved."""
    points = [c for c in candidates if c.attained]
    if not points:
        return ExactAnswer(NAME, Status.UNKNOWN, Assurance.NONE, reason="the search is not finished")
    lowest = min(points, key=lambda c: as_float(c.value))
    return _built(search, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, [lowest], False, "the search is not finished")


def _built(
    search: _Search, status: Status, assurance: Assurance, best: list[Candidate], complete: bool, reason: str | None = None
) -> ExactAnswer:
    value = _value(search, best)
    solutions = tuple(_solution(search, c, complete and len(best) == 1) for c in best)
    return ExactAnswer(
        NAME,
        status,
        assurance,
        text(value),
        as_float(value),
        enclosure(value, search.digits),
        solutions,
        complete and status is Status.OPTIMAL,
        reason,
        search.seconds,
    )


def _value(search: _Search, best: list[Candidate]) -> Node:
    """The value of the user's objective as the shortest formula that the candidates give."""
    sign = 1 if search.problem.sense == "minimize" else -1
    return min((simplified(multiply(sign, c.value)) for c in best[:MAX_VALUES]), key=lambda node: len(text(node)))


def _solution(search: _Search, candidate: Candidate, unique: bool) -> ExactSolution:
    name = search.variable.name
    if candidate.at in (INFINITY, MINUS_INFINITY):
        return ExactSolution(None, None, None, "limit", unique, None)
    at = candidate.at
    return ExactSolution(
        {name: as_float(at)},
        {name: text(at)},
        {name: enclosure(at, search.digits)},
        candidate.kind,
        unique,
        facts(at),
    )
