"""Unknowns that are angles: each is a point (c, s) of the unit circle, and comes back from there as an angle.

An unknown of which only sines and cosines of linear forms matter is replaced by c and s with c^2 + s^2 = 1; the addition
theorems make the rest polynomial. `turning` finds such unknowns. A range from a*pi to b*pi that is shorter than a whole
turn is an arc: where sin(x - a*pi) >= 0 and sin(b*pi - x) >= 0 if it is at most half a turn, else where the cosine of the
difference to its middle is at least that of half its length. A bound on a sum of angles is an arc, too, where the ranges
leave the sum at most one whole turn. So all feasible angles go to feasible points of the circles; `angles_at` returns all
angles of such a point that satisfy the ranges and bounds, decided exactly.

>>> from optbench.exact.polynomials.polynomial_ring import Ring
>>> from optbench.exact.polynomials.systems import solve
>>> ring = Ring(2)
>>> c, s = ring.unknowns
>>> [points] = solve(ring, [c**2 + s**2 - 1, 2 * c - 1], [0, 1]).points
>>> [direction(points, 0, 1, place) for place in (0, 1)]
[Direction(formula=-pi/3, turn=Fraction(-1, 3)), Direction(formula=pi/3, turn=Fraction(1, 3))]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from itertools import product
from math import ceil, floor, lcm, pi
from typing import NamedTuple

from flint import acb, arb, ctx, fmpz_poly

from optbench.arithmetic.balls import compare, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.polynomials.number_field import primitive
from optbench.exact.polynomials.solutions import Points
from optbench.exact.several import Condition, conditions
from optbench.language.build import add, call, constant, divide, multiply, negate, number, substitute
from optbench.language.graph import Call, Node, Number, Symbol, symbols, topological
from optbench.language.text import text
from optbench.problem.problem import Problem

CIRCULAR = ("sin", "cos", "tan")
_PI = constant("pi")
MAX_TURN = 240  # denominators of the multiples of pi that are recognised
MAX_POINTS = 64


class LinearForm(NamedTuple):
    """sum of slope*symbol + turn*pi."""

    slopes: dict[Symbol, Fraction]
    turn: Fraction


@dataclass(frozen=True)
class Angle:
    """An unknown, `divisor` times the angle of a point of the circle; ends of its range in multiples of pi."""

    symbol: Symbol
    divisor: int = 1
    lower: Fraction | None = None
    upper: Fraction | None = None
    lower_closed: bool = True
    upper_closed: bool = True


class Bound(NamedTuple):
    """A linear form that is at most 0, or less where it is strict."""

    form: LinearForm
    strict: bool


@dataclass(frozen=True)
class Turning:
    """A problem whose angles are told apart from its other unknowns."""

    minimand: Node
    conditions: list[Condition]  # without those on angles alone
    angles: dict[Symbol, Angle] = field(default_factory=dict)
    bounds: list[Bound] = field(default_factory=list)  # on several angles
    given: dict[Symbol, Node] = field(default_factory=dict)  # angles that equations give as linear forms of the others


def turning(problem: Problem) -> Turning:
    """Return the problem with its angles found; raise `NotApplicable` where one is used as a number, too."""
    wanted = conditions(problem)
    found = {s for node in (problem.minimand, *(c.residual for c in wanted)) for s in _inside_of_circular(node)}
    if not found:
        return Turning(problem.minimand, wanted)
    _add_linked(found, wanted)
    minimand, given = problem.minimand, dict[Symbol, Node]()
    while (equation := _equation(wanted, found)) is not None:
        symbol = next(s for s in problem.symbols if s in equation.slopes)
        rest = {s: -c / equation.slopes[symbol] for s, c in equation.slopes.items() if s is not symbol}
        formula = _node(LinearForm(rest, -equation.turn / equation.slopes[symbol]))
        minimand = substitute(minimand, {symbol: formula})
        wanted = [c._replace(residual=substitute(c.residual, {symbol: formula})) for c in wanted]
        given = {s: substitute(f, {symbol: formula}) for s, f in given.items()} | {symbol: formula}
        found.discard(symbol)
    return _sorted_out(minimand, wanted, found, given)


def _add_linked(found: set[Symbol], wanted: Sequence[Condition]) -> None:
    """Unknowns that conditions compare with angles are angles, too."""
    while True:
        before = len(found)
        for c in wanted:
            if not _inside_of_circular(c.residual) and set(symbols(c.residual)) & found:
                found.update(symbols(c.residual))
        if len(found) == before:
            return


def _equation(wanted: Sequence[Condition], found: set[Symbol]) -> LinearForm | None:
    """An equation of angles alone."""
    for c in wanted:
        form = _form_of_angles(c.residual, found) if c.equality else None
        if form is not None and form.slopes:
            return form
    return None


def _sorted_out(minimand: Node, wanted: Sequence[Condition], found: set[Symbol], given: dict[Symbol, Node]) -> Turning:
    angles = {s: Angle(s) for s in found}
    bounds: list[Bound] = []
    others: list[Condition] = []
    for c in wanted:
        form = _form_of_angles(c.residual, found)
        if form is None:
            others.append(c)
        elif not form.slopes and (not form.turn if c.equality else form.turn < 0 or (not form.turn and not c.strict)):
            continue
        elif len(form.slopes) == 1:
            [(s, slope)] = form.slopes.items()
            angles[s] = _narrowed(angles[s], -form.turn / slope, slope > 0, not c.strict)
        else:
            bounds.append(Bound(form, c.strict))
    for _ in range(len(bounds) + 1):
        for bound in bounds:
            _tighten(angles, bound.form)
    nodes = [minimand, *(c.residual for c in others)]
    if any(s in found for node in nodes for s in _outside_of_circular(node)):
        raise NotApplicable("an unknown stands inside of a sine or cosine and outside, too")
    forms = [b.form for b in bounds] + [f for node in nodes for f in _arguments(node)]
    for s in found:
        divisor = lcm(*(f.slopes[s].denominator for f in forms if s in f.slopes))
        angles[s] = replace(angles[s], divisor=divisor)
    return Turning(minimand, others, angles, bounds, given)


def _tighten(angles: dict[Symbol, Angle], form: LinearForm) -> None:
    """Narrow the ranges by what a bound says where all other angles of its sum are as small as they can be."""
    for s, c in form.slopes.items():
        least = form.turn
        for other, slope in form.slopes.items():
            end = angles[other].lower if slope > 0 else angles[other].upper
            if other is not s and end is None:
                break
            least += slope * end if other is not s and end is not None else 0
        else:
            angles[s] = _narrowed(angles[s], -least / c, c > 0, True)


def _narrowed(angle: Angle, end: Fraction, above: bool, closed: bool) -> Angle:
    known = angle.upper if above else angle.lower
    if known is not None and (known < end if above else known > end):
        return angle
    if above:
        return replace(angle, upper=end, upper_closed=closed and (known != end or angle.upper_closed))
    return replace(angle, lower=end, lower_closed=closed and (known != end or angle.lower_closed))


# ---- linear forms --------------------------------------------------------------------------------------------------------------


def linear_form(node: Node) -> LinearForm:
    """Return an expression as a linear form with a multiple of pi; raise `NotApplicable` for others."""
    known: dict[Node, dict[Node, Fraction]] = {}
    for part in topological(node):
        known[part] = _linear(part, known)
    form = dict(known[node])
    turn, rest = form.pop(_PI, Fraction(0)), form.pop(_ONE, Fraction(0))
    if rest:
        raise NotApplicable("an angle is no multiple of pi")
    return LinearForm({s: c for s, c in form.items() if isinstance(s, Symbol)}, turn)


_ONE = number(1)


def _linear(node: Node, known: Mapping[Node, dict[Node, Fraction]]) -> dict[Node, Fraction]:
    if isinstance(node, Number):
        return {_ONE: node.value} if node.value else {}
    if isinstance(node, Symbol) or node is _PI:
        return {node: Fraction(1)}
    assert isinstance(node, Call)
    parts = [known[a] for a in node.args]
    if node.function == "add":
        total: dict[Node, Fraction] = {}
        for part in parts:
            for s, c in part.items():
                total[s] = total.get(s, Fraction(0)) + c
        return {s: c for s, c in total.items() if c}
    if node.function == "negate":
        return {s: -c for s, c in parts[0].items()}
    if node.function in ("multiply", "divide"):
        factors = [p.get(_ONE, Fraction(0)) for p in parts if not p.keys() - {_ONE}]
        others = [p for p in parts if p.keys() - {_ONE}]
        if len(others) <= 1 and (node.function == "multiply" or _is_number(parts[1])):
            total = dict(others[0]) if others else {_ONE: Fraction(1)}
            for i, factor in enumerate(factors):
                inverse = node.function == "divide" and i == len(factors) - 1
                total = {s: c / factor if inverse else c * factor for s, c in total.items() if factor}
            return total
    raise NotApplicable("the argument of a sine or cosine is no linear form")


def _is_number(part: Mapping[Node, Fraction]) -> bool:
    return bool(part) and not part.keys() - {_ONE}


def _form_of_angles(node: Node, angles: set[Symbol]) -> LinearForm | None:
    """A linear form of angles alone, else None."""
    inside = symbols(node)
    if not inside or not set(inside) <= angles or any(isinstance(n, Call) and n.function in CIRCULAR for n in topological(node)):
        return None
    return linear_form(node)


def _node(form: LinearForm) -> Node:
    return add(*(multiply(c, s) for s, c in form.slopes.items()), multiple_of_pi(form.turn))


def multiple_of_pi(turn: Fraction) -> Node:
    """Return turn*pi as a person writes it."""
    return divide(multiply(turn.numerator, _PI), turn.denominator) if turn else number(0)


def _inside_of_circular(node: Node) -> list[Symbol]:
    inside = [a for n in topological(node) if isinstance(n, Call) and n.function in CIRCULAR for a in n.args]
    return [s for a in inside for s in symbols(a)]


def _outside_of_circular(node: Node) -> list[Symbol]:
    order = topological(node, enter=lambda n: () if isinstance(n, Call) and n.function in CIRCULAR else n.args)
    return [n for n in order if isinstance(n, Symbol)]


def _arguments(node: Node) -> Iterator[LinearForm]:
    for n in topological(node):
        if isinstance(n, Call) and n.function in CIRCULAR and symbols(n):
            yield linear_form(n.args[0])


# ---- arcs ------------------------------------------------------------------------------------------------------------------------


class Arc(NamedTuple):
    """Where a function of an angle is at least a number: sin(form) >= 0, or, with a half, cos(form) >= cos(half*pi)."""

    form: LinearForm
    half: Fraction | None = None  # below 0 for an arc without points


def arcs(found: Turning) -> list[Arc]:
    """Return conditions for the arcs on which angles and their sums lie."""
    result: list[Arc] = []
    for a in found.angles.values():
        if a.lower is not None and a.upper is not None:
            result += _arc({a.symbol: Fraction(1, a.divisor)}, a.lower / a.divisor, a.upper / a.divisor)
    for bound in found.bounds:
        low, high = _range_of(bound.form.slopes, found.angles)
        end = -bound.form.turn
        if high <= end and not (bound.strict and high == end):
            continue
        if high - low > 2:
            raise NotApplicable("a sum of angles has a bound and more than a whole turn to go")
        result += _arc(bound.form.slopes, low, end)
    return result


def _arc(slopes: dict[Symbol, Fraction], low: Fraction, high: Fraction) -> list[Arc]:
    """The conditions for low*pi <= sum of slope*angle <= high*pi, up to whole turns."""
    if high - low >= 2:
        return []
    if 0 < high - low <= 1:
        above = Arc(LinearForm(slopes, -low))
        return [above] if high - low == 1 else [above, Arc(LinearForm({s: -c for s, c in slopes.items()}, high))]
    return [Arc(LinearForm(slopes, -(low + high) / 2), (high - low) / 2)]


def signs_of_arcs(found: Turning, circles: Mapping[Symbol, tuple[int, int]]) -> dict[int, int]:
    """Return the signs that cosine and sine have on the whole range of an angle."""
    signs = {}
    for s, (cosine, sine) in circles.items():
        a = found.angles[s]
        if a.lower is None or a.upper is None:
            continue
        low, high = 2 * a.lower / a.divisor, 2 * a.upper / a.divisor  # in quarters of a turn
        for place, quarter in ((cosine, low + 1), (sine, low)):
            if high - low <= 2 - quarter % 2:
                signs[place] = 1 if quarter % 4 < 2 else -1
    return signs


def _range_of(slopes: Mapping[Symbol, Fraction], angles: Mapping[Symbol, Angle]) -> tuple[Fraction, Fraction]:
    low = high = Fraction(0)
    for s, c in slopes.items():
        a = angles[s]
        if a.lower is None or a.upper is None:
            raise NotApplicable("a sum of angles has a bound, and one of them has none")
        low, high = low + min(c * a.lower, c * a.upper), high + max(c * a.lower, c * a.upper)
    return low, high


# ---- back to angles ----------------------------------------------------------------------------------------------------------------


class Direction(NamedTuple):
    """An angle; `turn` where it is a rational multiple of pi."""

    formula: Node
    turn: Fraction | None


def direction(points: Points, c: int, s: int, place: int) -> Direction:
    """Return the angle in (-pi, pi] of the point of the circle that two unknowns are."""
    cosine, sine = points.ring.unknowns[c], points.ring.unknowns[s]
    upwards, rightwards = points.sign(sine, place), points.sign(cosine, place)
    if not upwards:
        return _turned(Fraction(0) if rightwards > 0 else Fraction(1))
    with ctx.workprec(128):
        measured = acb(points.ball(cosine, place), points.ball(sine, place)).arg() / arb.pi()
    turn = Fraction(float(measured)).limit_denominator(MAX_TURN)
    double = points.number(2 * cosine, place).coefficients
    if abs(float(measured) - turn) < 1e-12 and double == primitive(fmpz_poly.cos_minpoly((turn / 2).denominator).coeffs()):
        return _turned(turn)
    angle = call("acos", points.number(cosine, place).formula)
    options = [angle if upwards > 0 else negate(angle)]
    if rightwards:
        angle = call("atan", points.number(sine, place, cosine).formula)
        options.append(angle if rightwards > 0 else add(multiply(upwards, _PI), angle))
    if rightwards > 0:
        options.append(call("asin", points.number(sine, place).formula))
    return Direction(min(options, key=lambda node: len(text(node))), None)


def _turned(turn: Fraction) -> Direction:
    return Direction(multiple_of_pi(turn), turn)


class Turned(NamedTuple):
    """All angles of one point: formulas, and whether they are on an end of a range."""

    formulas: dict[Node, Node]
    at_end: bool


def angles_at(found: Turning, directions: Mapping[Symbol, Direction], on_line: Callable[[int], bool]) -> tuple[list[Turned], bool]:
    """Return all angles with these directions on the circles that satisfy ranges and bounds, and whether these are all.

    They are not all where a range has no end. `on_line` tells whether the sine of the form of a bound is 0.
    """
    choices = [list(_values(angle, directions[s])) for s, angle in found.angles.items()]
    complete = all(a.lower is not None and a.upper is not None for a in found.angles.values())
    kept = []
    for chosen in product(*choices):
        at = dict(zip(found.angles, chosen, strict=True))
        sides = [_side(bound.form, at, partial(on_line, i)) for i, bound in enumerate(found.bounds)]
        if any(side > 0 or (not side and bound.strict) for side, bound in zip(sides, found.bounds, strict=True)):
            continue
        values: dict[Node, Node] = {s: d.formula for s, d in at.items()}
        formulas = values | {s: simplified(substitute(f, values)) for s, f in found.given.items()}
        ends = any(d.turn is not None and d.turn in (found.angles[s].lower, found.angles[s].upper) for s, d in at.items())
        kept.append(Turned(formulas, ends or 0 in sides))
        if len(kept) == MAX_POINTS:
            return kept, False
    return kept, complete


def _values(angle: Angle, base: Direction) -> Iterator[Direction]:
    """divisor*(base + 2*pi*k) within the range; one of them where there are infinitely many."""
    d = angle.divisor
    about = base.turn if base.turn is not None else Fraction(float(value_of(base.formula).lower) / pi)
    low = -1 if angle.lower is None else floor((angle.lower / d - about) / 2) - 1
    high = 1 if angle.upper is None else ceil((angle.upper / d - about) / 2) + 1
    if angle.lower is None:
        low = min(low, high - 3)
    if angle.upper is None:
        high = max(high, low + 3)
    inside = []
    for k in range(low, high + 1):
        turn = None if base.turn is None else d * (base.turn + 2 * k)
        formula = multiple_of_pi(turn) if turn is not None else simplified(multiply(d, add(base.formula, multiple_of_pi(Fraction(2 * k)))))
        value = Direction(formula, turn)
        if _is_beyond(value, angle.upper, angle.upper_closed, 1) or _is_beyond(value, angle.lower, angle.lower_closed, -1):
            continue
        inside.append((k, value))
    if angle.lower is None or angle.upper is None:
        inside = sorted(inside, key=lambda item: abs(item[0]))[:1]
    yield from (value for _, value in inside)


def _is_beyond(value: Direction, end: Fraction | None, closed: bool, side: int) -> bool:
    if end is None:
        return False
    if value.turn is not None:
        order = (value.turn > end) - (value.turn < end)
    else:
        order = _compared(value.formula, multiple_of_pi(end), lambda: False)
    return order == side or (not order and not closed)


def _side(form: LinearForm, at: Mapping[Symbol, Direction], on_line: Callable[[], bool]) -> int:
    """The sign of a linear form; `on_line` tells whether it is a multiple of pi."""
    if all(at[s].turn is not None for s in form.slopes):
        total = form.turn + sum((c * turn for s, c in form.slopes.items() if (turn := at[s].turn) is not None), Fraction(0))
        return (total > 0) - (total < 0)
    return _compared(add(*(multiply(c, at[s].formula) for s, c in form.slopes.items())), multiple_of_pi(-form.turn), on_line)


def _compared(left: Node, right: Node, is_multiple: Callable[[], bool]) -> int:
    """The sign of left - right; numbers that agree to many digits are equal if their difference is a multiple of pi."""
    order = compare(left, right, 512)
    if order is None:
        if is_multiple() or is_zero(add(left, negate(right))):
            return 0
        raise NotApplicable("it can't be decided whether an angle is within its range")
    return order
