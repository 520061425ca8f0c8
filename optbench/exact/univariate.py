"""The minimum of a function of one number on an interval: stationary points, kinks, ends and limits; the smallest wins.

On each of the open pieces from `pieces` the function is smooth, and the sign of its derivative between the zeros is
proved. So it is monotone there, and its infimum over the range is the least of: its values at zeros where the derivative
turns from minus to plus, at the points between pieces and at closed ends, and its limits at those ends of pieces towards
which it falls. If each of these numbers and each comparison is proved, so is the minimum.

A zero without a formula is isolated all the same, and the function enclosed there to any precision. If the least value is
such a one the answer is `certified`: an enclosure of the minimum, proved, without a formula.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("cosh(x) + (x - 1)^2")), open_names=True), digits=10)
>>> answer.assurance.value, answer.value_enclosure
('certified', ('1.341291659', '1.341291660'))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from flint import arb, ctx

from optbench.arithmetic.balls import Enclosure, as_fraction, between, compare, decimals, enclose, value_of
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts, NotApplicable
from optbench.exact.line.enclosed import EnclosedRoot, EnclosedValue, real_enclosure
from optbench.exact.line.equation import Isolated, Zeros, shown, zeros
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.line.pieces import Place, Undecided, Undefined, point, sample, smoothed
from optbench.exact.line.tails import bounded_beside_infinite, shortened
from optbench.exact.numbers.formula import as_float, enclosure, facts, midpoint
from optbench.exact.numbers.identities import is_zero, normal, simplified
from optbench.exact.numbers.sums import TooLarge
from optbench.exact.reach import check_reach
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
_CLOSE = 1024  # bits in which values agree that may be equal
MAX_VALUES = 3  # formulas of one value, of which the shortest is shown
_WAVES = {"sin", "cos", "tan"}
_DISCONTINUOUS = {"if", "sign", "floor", "ceil", "mod", "atan2"}

Send = Callable[[dict[str, Any]], None]


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


_LAMBERT = frozenset(("lambertw", "lambertw_lower"))


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


def solve(problem: Problem, digits: int = 30, send: Send | None = None, computer_algebra: bool = False) -> ExactAnswer:
    """Return the minimum of a problem in one number; raise `NotApplicable` for others and where nothing is found.

    With `computer_algebra` SymPy is asked for formulas that nothing else finds.
    """
    _check(problem)
    interval = problem.domains[problem.variables[0].name][0]
    if interval.is_empty:
        return _infeasible(Search(problem, digits))
    answers, failures = list[ExactAnswer](), list[NotApplicable]()
    for part in parts(problem, interval):
        try:
            answers.append(_solve_on(Search(problem, digits, computer_algebra), part, send))
        except NotApplicable as not_applicable:
            failures.append(not_applicable)
            continue
        if answers[-1].assurance.is_proof:
            return answers[-1]
    if not answers:
        raise failures[-1]
    return min(answers, key=lambda answer: answer.assurance.rank)


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


def _solve_on(search: Search, interval: Interval, send: Send | None) -> ExactAnswer:
    found, best = examined(search, interval, send)
    with search.timed("formulas"), _numbers_of_moderate_size():
        return _answer(search, found, best)


def examined(search: Search, interval: Interval, send: Send | None = None) -> tuple[list[Candidate], list[Candidate]]:
    """Return all candidates on an interval and those with the least value; `search` then has the pieces, and what is in doubt.

    Raises `NotApplicable` where nothing can be said.
    """
    with _numbers_of_moderate_size():
        with search.timed("equations"):
            _find_pieces(search, interval)
        with search.timed("candidates"):
            found = list(_candidates(search, interval))
        if send is not None:
            send(_preliminary(search, found).to_json())
        with search.timed("comparison"):
            return found, _least(search, found)


@contextmanager
def _numbers_of_moderate_size() -> Iterator[None]:
    """What the graph refuses is not for this strategy."""
    try:
        yield
    except (GraphError, NotDifferentiable) as error:
        raise NotApplicable(str(error)) from None
    except OverflowError:
        raise NotApplicable("numbers of extreme size appear") from None


def _check(problem: Problem) -> None:
    if problem.dimension != 1:
        raise NotApplicable("there is more than one unknown")
    check_reach(problem, 1, MAX_NODES)


# ---- pieces ---------------------------------------------------------------------------------------------------------------


def _find_pieces(search: Search, interval: Interval) -> None:
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


def _candidates(search: Search, interval: Interval) -> Iterator[Candidate]:
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


# ---- the least -----------------------------------------------------------------------------------------------------------------


def _least(search: Search, candidates: list[Candidate]) -> list[Candidate]:
    """All candidates that may have the smallest value, that of the first being one of them."""
    best: list[Candidate] = []
    for candidate in candidates:
        order = _order(search, candidate, best[0]) if best else -1
        if order == 1:
            continue
        if order == -1:
            best = [candidate, *(b for b in best[1:] if _order(search, candidate, b) != -1)]
        else:
            best.append(candidate)
    search.undecided = any(_order(search, best[0], b) is None for b in best[1:])
    if search.undecided and not all(b.attained for b in best):
        raise NotApplicable(f"it can't be decided which value is smaller, that at {_shown(best[0].at)} or that at {_shown(best[-1].at)}")
    return best


def _shown(at: Node | EnclosedRoot) -> str:
    return shown(at) if isinstance(at, Node) else f"{float(real_enclosure(at, 53).lower):.9g}"


def _order(search: Search, a: Candidate, b: Candidate) -> int | None:
    """The sign of the difference of two values, None where that is not decided."""
    if a.value is b.value:
        return 0
    if a.value in (INFINITY, MINUS_INFINITY) or b.value in (INFINITY, MINUS_INFINITY):
        return _sign(_rank(a.value) - _rank(b.value))
    if isinstance(a.value, Node) and isinstance(b.value, Node):
        return _order_of_formulas(search, a, b, a.value, b.value)
    for bits in (64, 256, 1024):
        left, right = real_enclosure(a.value, bits), real_enclosure(b.value, bits)
        if left.upper < right.lower or right.upper < left.lower:
            return -1 if left.upper < right.lower else 1
        if bits == 64 and _mirrored(search, a, b):
            return 0
    return None


def _order_of_formulas(search: Search, a: Candidate, b: Candidate, left: Node, right: Node) -> int | None:
    order = compare(left, right, 256)
    if order is None and (is_zero(subtract(left, right)) or _mirrored(search, a, b)):
        order = 0
    if order is None:
        order = compare(simplified(left), simplified(right))
    if order is None and not _are_close(left, right):
        raise NotApplicable(f"it can't be decided which value is smaller, that at {_shown(a.at)} or that at {_shown(b.at)}")
    return order


def _are_close(left: Node, right: Node) -> bool:
    """Whether two numbers are known to be equal in hundreds of digits."""
    boxes = [value_of(n, _CLOSE) for n in (left, right)]
    if any(b.empty or not b.is_bounded or not b.everywhere for b in boxes):
        return False
    low, high = min(as_fraction(b.lower) for b in boxes), max(as_fraction(b.upper) for b in boxes)
    return (high - low) * (1 << (_CLOSE - 8)) <= max(abs(low), abs(high), Fraction(1))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _rank(value: Node | EnclosedValue) -> int:
    return 1 if value is INFINITY else -1 if value is MINUS_INFINITY else 0


def _mirrored(search: Search, a: Candidate, b: Candidate) -> bool:
    """Whether the function is even and the points are opposite."""
    x, f = search.variable, search.minimand
    if not (a.attained and b.attained):
        return False
    try:
        even = normal(substitute(f, {x: negate(x)})) == normal(f)
    except (TooLarge, GraphError):
        return False
    return even and _are_opposite(a.at, b.at)


def _are_opposite(a: Node | EnclosedRoot, b: Node | EnclosedRoot) -> bool:
    """Whether a + b = 0, for zeros of the derivative of an even function.

    The opposite of such a zero is another one. So a root that is alone in its bracket is the opposite of a zero that has an
    enclosure whose mirror image lies in the bracket.
    """
    if isinstance(a, Node) and isinstance(b, Node):
        return is_zero(add(a, b)) is True
    if isinstance(a, Node) or isinstance(b, Node):
        return False
    box, bracket = a.enclosure(64), b.bracket
    return bracket.low < -as_fraction(box.upper) and -as_fraction(box.lower) < bracket.high


# ---- the answer ------------------------------------------------------------------------------------------------------------------


def _infeasible(search: Search) -> ExactAnswer:
    reason = "the function is defined nowhere in the range"
    return ExactAnswer(NAME, Status.INFEASIBLE, Assurance.EXACT, reason=reason, seconds=search.seconds)


def _answer(search: Search, candidates: list[Candidate], best: list[Candidate]) -> ExactAnswer:
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
    complete = not search.undecided and not any(c.constant for c in attained)
    if search.undecided or not any(isinstance(c.value, Node) for c in attained):
        return _certified(search, attained, complete)
    return _built(search, Status.OPTIMAL, Assurance.EXACT, attained, complete)


def _certified(search: Search, best: list[Candidate], complete: bool) -> ExactAnswer:
    """The answer without a formula: the least of these values, which may all be equal, is the minimum."""
    bits = int(search.digits * 3.33) + 24
    boxes = [real_enclosure(c.value, bits) for c in best]
    least = Enclosure(min(b.lower for b in boxes), min(b.upper for b in boxes), True)
    value = least if search.problem.sense == "minimize" else Enclosure(*_negated(least), True)
    return ExactAnswer(
        NAME,
        Status.OPTIMAL,
        Assurance.CERTIFIED,
        None,
        midpoint(value),
        decimals(value, max(search.digits, 10)),
        tuple(_solution(search, c, complete and len(best) == 1) for c in best),
        complete,
        search.without_formula if not search.undecided else "it can't be decided whether the values at several points are equal",
        search.seconds,
    )


def _negated(value: Enclosure) -> tuple[arb, arb]:
    with ctx.workprec(100_000):
        return -value.upper, -value.lower


def _unbounded(search: Search, best: list[Candidate]) -> ExactAnswer:
    infinite, moves = ("-inf", "falls") if search.problem.sense == "minimize" else ("inf", "grows")
    solutions = tuple(_solution(search, c, False) for c in best)
    reason = f"it {moves} without bound as {search.variable.name} -> {_shown(best[0].at)}"
    return ExactAnswer(NAME, Status.UNBOUNDED, Assurance.EXACT, infinite, None, None, solutions, False, reason, search.seconds)


def _local(search: Search, candidates: list[Candidate], best: list[Candidate]) -> ExactAnswer:
    """The best point that is known, if no limit that is known lies lower."""
    points = [c for c in best if c.attained and not c.constant and isinstance(c.value, Node)]
    reason = "; ".join(dict.fromkeys(search.doubts)) or "a formula could not be verified in f'(x) = 0"
    if not points or _is_undercut(search, points[0]):
        return ExactAnswer(NAME, Status.UNKNOWN, Assurance.NONE, reason=reason, seconds=search.seconds)
    return _built(search, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, points, False, reason)


def _is_undercut(search: Search, best: Candidate) -> bool:
    """Whether the function is lower at one of some sample points, so that the best candidate would mislead."""
    evaluate = function([search.minimand], [search.variable])
    assert isinstance(best.value, Node)
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


def _preliminary(search: Search, candidates: list[Candidate]) -> ExactAnswer:
    """The lowest of the points so far, before anything about it is proved."""
    points = [c for c in candidates if c.attained and isinstance(c.value, Node)]
    if not points:
        return ExactAnswer(NAME, Status.UNKNOWN, Assurance.NONE, reason="the search is not finished")
    lowest = min(points, key=lambda c: as_float(c.value) if isinstance(c.value, Node) else 0.0)
    return _built(search, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, [lowest], False, "the search is not finished")


def _built(
    search: Search, status: Status, assurance: Assurance, best: list[Candidate], complete: bool, reason: str | None = None
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


def _value(search: Search, best: list[Candidate]) -> Node:
    """The value of the user's objective as the shortest formula that the candidates give."""
    sign = 1 if search.problem.sense == "minimize" else -1
    formulas = [c.value for c in best if isinstance(c.value, Node)]
    return min((search.shortest(multiply(sign, v)) for v in formulas[:MAX_VALUES]), key=lambda node: len(text(node)))


def _solution(search: Search, candidate: Candidate, unique: bool) -> ExactSolution:
    if candidate.at in (INFINITY, MINUS_INFINITY):
        return ExactSolution(None, None, None, "limit", unique, None)
    if isinstance(candidate.at, EnclosedRoot):
        return _enclosed_solution(search, candidate.at, candidate.kind, unique)
    return replace(solution_at(search.problem, candidate.at, candidate.kind, search.digits), unique=unique)


def solution_at(problem: Problem, at: Node, kind: str, digits: int) -> ExactSolution:
    """Return the solution at a formula, not said to be the only one."""
    name = problem.variables[0].name
    if functions(at) & _LAMBERT and not functions(plain := simplified(at)) & _LAMBERT:  # W(2*exp(2)) is 2
        at = plain
    return ExactSolution({name: as_float(at)}, {name: text(at)}, {name: enclosure(at, digits)}, kind, False, facts(at))


def _enclosed_solution(search: Search, at: EnclosedRoot, kind: str, unique: bool) -> ExactSolution:
    name, box = search.variable.name, at.enclosure(int(search.digits * 3.33) + 24)
    none = FormulaFacts("not_found", reason=search.without_formula)
    return ExactSolution({name: midpoint(box)}, None, {name: decimals(box, max(search.digits, 10))}, kind, unique, none)
