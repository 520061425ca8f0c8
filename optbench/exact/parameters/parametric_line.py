"""The minimum over one unknown of a function with parameters, where it is the same formula for all their values.

The conditions cut an interval out of the range. On it the function is smooth between the zeros of what stands in abs, max
and min, and `sign_chart` says where it falls and rises. So its infimum is the least of: the values where it turns from
falling to rising, the values at closed ends and the limits at open ends away from which it rises. A turn that is the only
one is the minimum, without a comparison; otherwise the values are compared, which needs the signs of their differences.

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> a, x = symbol("a"), symbol("x")
>>> given = Assumptions({a: KINDS["positive"]})
>>> found = least_on_line(parse("a*x - log(x)").node, x, Interval(number(0), lower_closed=False), [], given)
>>> found.value, found.points
(log(a) + 1, ({x: 1/a},))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from optbench.exact.answer import NotApplicable
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.parameters.assumptions import Assumptions, cancelled
from optbench.exact.parameters.parametric_wave import least_of_wave
from optbench.exact.parameters.sign_chart import chart
from optbench.exact.parameters.stretch import Chart, Stretch
from optbench.exact.region.signs import NEGATIVE, NOT_NEGATIVE, NOT_POSITIVE, NOT_ZERO, POSITIVE, ZERO, Signs
from optbench.language.build import add, condition, divide, negate, number, substitute, subtract, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, functions, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.result import Status

MAX_PIECES = 12
_JUMPS = {"if", "sign", "floor", "ceil", "mod", "atan2"}
SIGNS = {
    "less": NEGATIVE,
    "less_equal": NOT_POSITIVE,
    "greater": POSITIVE,
    "greater_equal": NOT_NEGATIVE,
    "equal": ZERO,
    "not_equal": NOT_ZERO,
}
Place = Mapping[Symbol, Node]


def table_of(place: Place) -> dict[Node, Node]:
    """Return what to put in the place of the unknowns."""
    return {s: place[s] for s in place}


@dataclass(frozen=True)
class Outcome:
    """The infimum of a minimand for all values of the parameters that are considered."""

    status: Status
    value: Node | None = None
    points: tuple[Place, ...] = ()
    complete: bool = False
    kinds: tuple[str, ...] = ()


INFEASIBLE = Outcome(Status.INFEASIBLE)
UNBOUNDED = Outcome(Status.UNBOUNDED)


class Section(NamedTuple):
    """The part of a line on which conditions hold: an interval, and what is assumed between its ends."""

    lower: Node
    upper: Node
    lower_closed: bool
    upper_closed: bool
    given: Assumptions  # of the parameters
    between: Assumptions  # also of x, strictly between the ends

    def stretch(self, x: Symbol) -> Stretch:
        """The open interval, with everything that is assumed there."""
        return Stretch(x, self.between_without(x), self.lower, self.upper)

    def between_without(self, x: Symbol) -> Assumptions:
        """The assumptions on the inside, for which the chart adds the range of x again."""
        return Assumptions({s: i for s, i in self.between.intervals.items() if s is not x}, self.between.facts)


def least_on_line(minimand: Node, x: Symbol, interval: Interval, conditions: Sequence[Node], given: Assumptions) -> Outcome:
    """Return the infimum over x; the conditions say among others where the minimand is defined, and all depend on x.

    Raises `Open` where the parameters have to be told apart, `NotApplicable` where it is out of reach.
    """
    try:
        section = section_of(x, interval, conditions, given)
        if section is None:
            return INFEASIBLE
        return least_on_section(minimand, x, section)
    except (GraphError, NotDifferentiable, ZeroDivisionError) as error:
        raise NotApplicable(str(error) or "the function is out of reach") from None


# ---- conditions -------------------------------------------------------------------------------------------------------------------


def section_of(x: Symbol, interval: Interval, conditions: Sequence[Node], given: Assumptions) -> Section | None:
    """Return the part of a range on which conditions hold, None where there is none."""
    section = Section(interval.lower, interval.upper, interval.lower_closed, interval.upper_closed, given, given)
    if interval.lower is interval.upper and not interval.is_fixed:
        return None
    waiting = sorted(conditions, key=lambda c: _rank(c, x))
    for c in waiting:
        cut = _cut(section, x, c)
        if cut is None:
            return None
        section = cut
    return section


def _rank(c: Node, x: Symbol) -> int:
    """Bounds first, then what is bent; alternatives last."""
    if not isinstance(c, Call) or c.function not in SIGNS:
        return 3
    return 0 if x in c.args else 1 if c.function != "not_equal" else 2


def _cut(section: Section, x: Symbol, c: Node) -> Section | None:
    if section.lower is section.upper:
        return section if _holds_at(section, c, x, section.lower) else None
    if not isinstance(c, Call) or c.function not in SIGNS or any(a.shape for a in c.args):
        return _unchanged(section, x, c)
    residual, wanted = subtract(*c.args), SIGNS[c.function]
    found = chart(residual, section.stretch(x))
    if found.touches and not (wanted >= ZERO and all(s in wanted for s in found.signs)):
        raise NotApplicable(f"it is not known where {c} just holds")
    if found.signs == (0,):
        return section if 0 in wanted else None
    if wanted == ZERO:
        return _at_root(section, found, residual, x)
    held = [s in wanted for s in found.signs]
    if not any(held):
        return _at_ends(section, c, x)
    first, last = held.index(True), len(held) - 1 - held[::-1].index(True)
    if not all(held[first : last + 1]):
        raise NotApplicable(f"{c} holds on several intervals")
    return _narrowed(section, x, found, first, last, residual, wanted)


def _narrowed(section: Section, x: Symbol, found: Chart, first: int, last: int, residual: Node, wanted: Signs) -> Section | None:
    lower, upper = section.lower, section.upper
    low_closed, high_closed = 0 in wanted, 0 in wanted
    if first:
        lower = found.roots[first - 1]
    else:
        low_closed = section.lower_closed and _end_holds(section, residual, x, lower, wanted)
    if last < len(found.roots):
        upper = found.roots[last]
    else:
        high_closed = section.upper_closed and _end_holds(section, residual, x, upper, wanted)
    if wanted == NOT_ZERO and len(found.signs) > 1:
        raise NotApplicable("the range has a gap")
    if lower is upper and not (low_closed and high_closed):
        return None
    between = section.stretch(x).inside.with_fact(residual, frozenset((found.signs[first],)))
    return Section(lower, upper, low_closed, high_closed, section.given, between)


def _end_holds(section: Section, residual: Node, x: Symbol, end: Node, wanted: Signs) -> bool:
    """Whether the condition holds at a closed end, where it holds beside it."""
    try:
        value = substitute(residual, {x: end})
    except GraphError:
        return False
    return section.given.sign(value) in wanted


def _unchanged(section: Section, x: Symbol, c: Node) -> Section:
    """The section if a condition of any kind holds on all of it."""
    if holds(c, section.stretch(x).inside) is not True:
        raise NotApplicable(f"it is not known where {c}")
    low = section.lower_closed and _holds_at(section, c, x, section.lower)
    high = section.upper_closed and _holds_at(section, c, x, section.upper)
    return section._replace(lower_closed=low, upper_closed=high)


def _holds_at(section: Section, c: Node, x: Symbol, at: Node) -> bool:
    try:
        found = substitute(c, {x: at})
    except GraphError:
        return False
    truth = holds(found, section.given)
    if truth is None:
        raise NotApplicable(f"it is not known whether {found}")
    return truth


def range_conditions(value: Node, interval: Interval) -> list[Node]:
    """Return what it takes for a value to lie in a range."""
    found = []
    if interval.lower is not MINUS_INFINITY:
        found.append(condition("greater_equal" if interval.lower_closed else "greater", value, interval.lower))
    if interval.upper is not INFINITY:
        found.append(condition("less_equal" if interval.upper_closed else "less", value, interval.upper))
    return found


def holds(c: Node, given: Assumptions) -> bool | None:
    """Whether a condition holds wherever it is defined, None where that is not known or differs."""
    if isinstance(c, Call) and c.function in SIGNS and not any(a.shape for a in c.args):
        found, wanted = given.signs(subtract(*c.args)), SIGNS[c.function]
        return True if found <= wanted else False if not found & wanted else None
    if isinstance(c, Call) and c.function in ("and", "or"):
        parts = [holds(a, given) for a in c.args]
        decisive = c.function == "or"
        return decisive if decisive in parts else None if None in parts else not decisive
    return given.region.truth(c)


def _at_root(section: Section, found: Chart, residual: Node, x: Symbol) -> Section | None:
    """An equation: the one point at which it holds."""
    ends = [end for end, closed in ((section.lower, section.lower_closed), (section.upper, section.upper_closed)) if closed]
    at_ends = [end for end in ends if section.given.sign(substitute(residual, {x: end})) == 0]
    points = [*found.roots, *at_ends]
    if found.touches or len(points) > 1:
        raise NotApplicable("an equation has several solutions")
    return Section(points[0], points[0], True, True, section.given, section.given) if points else None


def _at_ends(section: Section, c: Node, x: Symbol) -> Section | None:
    """A condition that fails between the ends."""
    closed = [e for e, is_closed in ((section.lower, section.lower_closed), (section.upper, section.upper_closed)) if is_closed]
    held = [e for e in closed if _holds_at(section, c, x, e)]
    if len(held) > 1:
        raise NotApplicable(f"{c} holds at two points")
    return Section(held[0], held[0], True, True, section.given, section.given) if held else None


# ---- falling and rising ---------------------------------------------------------------------------------------------------------------


class Profile(NamedTuple):
    """Points in ascending order and the signs of the derivative between them, and which of the points are kinks."""

    points: tuple[Node, ...]
    signs: tuple[int, ...]
    kinks: frozenset[Node]


def least_on_section(minimand: Node, x: Symbol, section: Section) -> Outcome:
    """Return the infimum on an interval on which the minimand is defined and continuous."""
    given = section.given
    if section.lower is section.upper:
        value = given.simplified(substitute(minimand, {x: section.lower}))
        return Outcome(Status.OPTIMAL, value, ({x: section.lower},), True, ("boundary",))
    _check_order(section)
    check_continuous(minimand, x, section)
    if section.lower is MINUS_INFINITY and section.upper is INFINITY and functions(minimand) & {"cos", "sin"}:
        wave = least_of_wave(minimand, section.stretch(x))
        if wave is not None:
            return Outcome(Status.OPTIMAL, wave[0], ({x: wave[1]},), False, ("interior",))
    profile = _profile(minimand, section.stretch(x))
    found = list(_candidates(minimand, x, section, profile))
    best = _least(found, given)
    if best[0].value is MINUS_INFINITY:
        return UNBOUNDED
    attained = [c for c in best if c.attained]
    if not attained:
        return Outcome(Status.NOT_ATTAINED, best[0].value, ({x: best[0].at},), True, ("limit",))
    points = tuple({x: c.at} for c in attained)
    return Outcome(Status.OPTIMAL, attained[0].value, points, 0 not in profile.signs, tuple(c.kind for c in attained))


def _check_order(section: Section) -> None:
    if section.lower is MINUS_INFINITY or section.upper is INFINITY:
        return
    if section.given.sign(subtract(section.upper, section.lower)) <= 0:
        raise NotApplicable("the range is empty or a point for some parameters")


def check_continuous(function: Node, x: Symbol, section: Section) -> None:
    """Raise `NotApplicable` where a function may jump, or be x^y near 0^0."""
    if functions(function) & _JUMPS:
        raise NotApplicable("the function may jump")
    for node in topological(function):
        if isinstance(node, Call) and node.function == "power" and not isinstance(node.args[1], Number) and x in symbols(node):
            positive = section.stretch(x).inside.signs(node.args[0]) <= POSITIVE
            if not positive or (x in symbols(node.args[1]) and (section.lower_closed or section.upper_closed)):
                raise NotApplicable(f"{node} may not be continuous")
            if (section.lower_closed or section.upper_closed) and not section.given.signs(node.args[1]) <= POSITIVE:
                raise NotApplicable(f"{node} may not be continuous at an end")


def _profile(minimand: Node, stretch: Stretch) -> Profile:
    waiting, points, signs, kinks = [stretch], [], [], set()  # type: ignore[var-annotated]
    for _ in range(MAX_PIECES):
        if not waiting:
            return _joined(points, signs, kinks)
        piece = waiting.pop()
        smooth, switch = _smoothed(minimand, piece)
        if switch is not None:
            ends = [piece.lower, *switch.roots, piece.upper]
            kinks |= set(switch.roots)
            waiting.extend(piece.between(a, b) for a, b in reversed(list(pairwise(ends))))
            continue
        [slope] = gradient(smooth, [piece.variable])
        found = chart(slope, piece)
        points += [*found.roots, piece.upper]
        signs += found.signs
    raise NotApplicable("the function has too many pieces")


def _joined(points: list[Node], signs: list[int], kinks: set[Node]) -> Profile:
    """Without points at which nothing changes."""
    kept: list[Node] = []
    shown = signs[:1]
    for at, sign in zip(points[:-1], signs[1:], strict=True):
        if sign != shown[-1]:
            kept.append(at)
            shown.append(sign)
    return Profile(tuple(kept), tuple(shown), frozenset(kinks))


def _smoothed(function: Node, piece: Stretch) -> tuple[Node, Chart | None]:
    """The function without abs, max and min on the piece, or the chart of a part that changes its sign there."""
    table: dict[Node, Node] = {}
    for node in topological(function):
        if not isinstance(node, Call) or not piece.depends(node) or node.function not in ("abs", "relu", "minimum", "maximum"):
            continue
        args = [substitute(a, table) for a in node.args]
        chosen = args[0]
        others = args[1:] if node.function in ("minimum", "maximum") else [number(0) if node.function == "relu" else negate(args[0])]
        for other in others:
            found = chart(subtract(chosen, other), piece)
            if len(found.signs) > 1:
                return function, found
            if found.signs[0] < 0 if node.function != "minimum" else found.signs[0] > 0:
                chosen = other
        table[node] = chosen
    return substitute(function, table), None


# ---- candidates -------------------------------------------------------------------------------------------------------------------------


class Candidate(NamedTuple):
    """A value of the minimand, or a limit where it is not attained."""

    value: Node
    at: Node
    kind: str
    attained: bool = True


def _candidates(minimand: Node, x: Symbol, section: Section, profile: Profile) -> Iterator[Candidate]:
    signs, given = profile.signs, section.given
    for at, before, after in zip(profile.points, signs, signs[1:], strict=False):
        if before <= 0 <= after:
            yield Candidate(value_at(minimand, x, at, given), at, "kink" if at in profile.kinks else "interior")
    if signs == (0,):
        yield _somewhere(minimand, x, section)
        return
    for end, closed, rises, side in (
        (section.lower, section.lower_closed, signs[0] > 0, 1),
        (section.upper, section.upper_closed, signs[-1] < 0, -1),
    ):
        if rises and closed:
            yield Candidate(value_at(minimand, x, end, given), end, "boundary")
        elif rises:
            yield Candidate(_limit(minimand, section.stretch(x), end, side), end, "limit", False)
    for end, sign in ((section.lower, signs[0]), (section.upper, signs[-1])):
        if sign == 0 and len(signs) > 1 and (profile.points == ()):
            raise NotApplicable(f"the function is constant up to {end}")


def _somewhere(minimand: Node, x: Symbol, section: Section) -> Candidate:
    """A point of an interval on which the function is constant."""
    low, high = section.lower, section.upper
    if low is MINUS_INFINITY:
        at = number(0) if high is INFINITY else subtract(high, 1)
    else:
        at = add(low, 1) if high is INFINITY else divide(add(low, high), 2)
    return Candidate(value_at(minimand, x, at, section.given), at, "interior")


def value_at(minimand: Node, x: Symbol, at: Node, given: Assumptions) -> Node:
    """Return the minimand at a point at which it is defined."""
    return given.simplified(decided(substitute(minimand, {x: at}), given))


def decided(node: Node, given: Assumptions) -> Node:
    """Return an expression of parameters without abs, max and min where it is known which part counts, and without 0^a, a > 0."""
    table: dict[Node, Node] = {}
    for part in topological(node):
        if not isinstance(part, Call):
            continue
        args = [substitute(a, table) for a in part.args]
        if part.function == "power" and given.vanishes(args[0]) and given.signs(args[1]) <= POSITIVE:
            table[part] = number(0)
        elif part.function in ("abs", "minimum", "maximum") and len(args) <= 2:
            other = args[1] if len(args) == 2 else negate(args[0])
            signs = given.signs(subtract(args[0], other))
            if signs <= NOT_NEGATIVE or signs <= NOT_POSITIVE:
                table[part] = args[0] if (signs <= NOT_NEGATIVE) == (part.function != "minimum") else other
    return substitute(node, table) if table else node


def _limit(minimand: Node, stretch: Stretch, end: Node, side: int) -> Node:
    """The limit at an end: the value where the function is defined there, else by its growth in t = 1/|x - end|."""
    x = stretch.variable
    finite = end is not INFINITY and end is not MINUS_INFINITY
    if finite:
        try:
            moved = substitute(minimand, {x: end})
            if all(holds(c, stretch.assumptions) for c in natural_domain(moved)):
                return stretch.assumptions.simplified(moved)
        except GraphError:
            pass
    t = symbol("t'")
    place: Node = t
    if finite:
        place = add(end, divide(side, t))
    elif end is MINUS_INFINITY:
        place = negate(t)
    given = stretch.assumptions.with_symbol(t, Interval(number(0), lower_closed=False))
    moved = given.simplified(substitute(minimand, {x: place}))
    with given.applied():
        forms = [moved, cancelled(moved)]
    for form in forms:
        try:
            return _limit_at_infinity(form, t, given)
        except Indeterminate:
            continue
    raise NotApplicable(f"the limit of the function at {end} is not known")


def _limit_at_infinity(node: Node, t: Symbol, given: Assumptions) -> Node:
    """The limit for t -> inf; what does not depend on t is set aside."""
    terms = node.args if isinstance(node, Call) and node.function == "add" else (node,)
    constant = add(number(0), *(term for term in terms if t not in symbols(term)))
    moving = [term for term in terms if t in symbols(term)]
    with given.applied():
        found = limit(add(number(0), *moving), t, INFINITY, -1)
    return found if found in (INFINITY, MINUS_INFINITY) else given.simplified(add(found, constant))


def _least(found: list[Candidate], given: Assumptions) -> list[Candidate]:
    best: list[Candidate] = []
    for candidate in found:
        order = -1 if not best else _order(candidate.value, best[0].value, given)
        if order < 0:
            best = [candidate]
        elif order == 0:
            best.append(candidate)
    return best


def _order(a: Node, b: Node, given: Assumptions) -> int:
    if a is b:
        return 0
    if a is MINUS_INFINITY or b is INFINITY:
        return -1
    if b is MINUS_INFINITY or a is INFINITY:
        return 1
    return given.sign(subtract(a, b))
