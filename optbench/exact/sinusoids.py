"""One unknown in a sine and a cosine only: A*sin(w) + B*cos(w) + C is least where the angle is opposite to (B, A).

For fixed other unknowns A*sin(w) + B*cos(w) takes exactly the values in [-R, R], R = sqrt(A^2 + B^2), while w runs through a
whole period. So the minimum over an unknown y, w = k*y, whose range holds a whole period, is C - R, and for R > 0 it is
taken exactly where sin(w) = -A/R and cos(w) = -B/R. The same for sin(w)^2 and sin(w)*cos(w), which are linear in the sine
and cosine of 2*w.

>>> from optbench.problem.draft import ProblemDraft, Text, VariableDraft
>>> from optbench.problem.validate import validated
>>> ranges = tuple(VariableDraft(Text(name), range=Text("[0, 2*pi]")) for name in "xy")
>>> solve(validated(ProblemDraft("maximize", Text("cos(x)*cos(y)*cos(x + y)"), variables=ranges))).value_exact
'1'
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Send, comparisons, guarded, infimum, optimal, order, part_of, path_of, solved, with_range
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.numbers.sums import Sum, is_call, sum_node
from optbench.exact.region.signs import normal_form, sign_of_number, tidy
from optbench.exact.separable import inside
from optbench.exact.several import Point
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, rebuild, substitute, subtract
from optbench.language.graph import Call, Node, Symbol, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem, Variable
from optbench.result import Status

NAME = "sinusoids"
MAX_TURNS = 20
_TURN = multiply(2, constant("pi"))


class Sinusoid(NamedTuple):
    """sine*sin(angle*y) + cosine*cos(angle*y) + rest."""

    sine: Node
    cosine: Node
    rest: Node
    angle: Fraction


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer without an unknown that only stands in a sine and cosine; raise `NotApplicable` where none does."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    reason = "no unknown stands in a sine and cosine only"
    for variable in problem.variables:
        wave = _sinusoid(problem, variable.symbol)
        if wave is None or not _holds_a_period(variable.ranges[0], wave.angle):
            continue
        try:
            return _without(problem, variable, wave, digits)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
    raise NotApplicable(reason)


def _sinusoid(problem: Problem, y: Symbol) -> Sinusoid | None:
    conditions = [*problem.domain, *comparisons(problem)]
    used = any(n.function in ("sin", "cos") and y in symbols(n) for n in topological(problem.minimand) if isinstance(n, Call))
    if not used or any(y in symbols(c) for c in conditions):
        return None
    form = normal_form(problem.minimand)
    if form is None or any(y in symbols(atom) for monomial in form.bottom for atom, _ in monomial):
        return None
    parts = _by_powers(form.top, y)
    if parts is None:
        return None
    angle, sums = parts
    bottom = sum_node(form.bottom)
    found = {powers: divide(sum_node(terms), bottom) for powers, terms in sums.items()}
    zero, rest = number(0), found.pop((0, 0), number(0))
    if found.keys() <= {(1, 0), (0, 1)}:
        return Sinusoid(found.get((1, 0), zero), found.get((0, 1), zero), rest, angle)
    if found.keys() <= {(2, 0), (1, 1)}:
        half = divide(found.get((2, 0), zero), 2)
        return Sinusoid(divide(found.get((1, 1), zero), 2), negate(half), add(rest, half), 2 * angle)
    return None


def _by_powers(terms: Sum, y: Symbol) -> tuple[Fraction, dict[tuple[int, int], Sum]] | None:
    """The terms by the powers of the sine and cosine of one multiple of y."""
    angles: set[Fraction] = set()
    sums: dict[tuple[int, int], Sum] = {}
    for monomial, c in terms.items():
        powers, rest = {"sin": 0, "cos": 0}, []
        for atom, e in monomial:
            if y not in symbols(atom):
                rest.append((atom, e))
                continue
            angle = _multiple(atom.args[0], y) if isinstance(atom, Call) and atom.function in powers else None
            if angle is None or e.denominator > 1 or e < 0:
                return None
            assert isinstance(atom, Call)
            angles.add(angle)
            powers[atom.function] += int(e)
        sums.setdefault((powers["sin"], powers["cos"]), {})[frozenset(rest)] = c
    return (angles.pop(), sums) if len(angles) == 1 else None


def _multiple(angle: Node, y: Symbol) -> Fraction | None:
    """k > 0 where an angle is k*y."""
    if angle is y:
        return Fraction(1)
    form = normal_form(angle)
    if form is None or list(form.top) != [frozenset({(y, Fraction(1))})] or any(form.bottom):
        return None
    [c] = form.top.values()
    return c if c > 0 else None


def _holds_a_period(interval: Interval, angle: Fraction) -> bool:
    if interval.lower is MINUS_INFINITY or interval.upper is INFINITY:
        return True
    found = order(subtract(interval.upper, interval.lower), divide(_TURN, angle))
    return found > 0 or (found == 0 and (interval.lower_closed or interval.upper_closed))


# ---- without the unknown ---------------------------------------------------------------------------------------------------------


def _without(problem: Problem, variable: Variable, wave: Sinusoid, digits: int) -> ExactAnswer:
    radius = root_of_square(tidy(add(power(wave.sine, 2), power(wave.cosine, 2))))
    others = [v for v in problem.variables if v is not variable]
    part = part_of(problem, subtract(wave.rest, radius), others, [*problem.domain, *comparisons(problem)])
    lift: dict[Node, Node] = {}
    if len(others) == 1 and _has_half_angle(radius, others[0].symbol):
        part, lift = _doubled(part)
    answer = solved(part)
    case = Case(part, lift)
    if answer.status is Status.INFEASIBLE:
        return several.infeasible(NAME, answer.reason or "no point satisfies all conditions")
    if answer.status is Status.UNBOUNDED:
        return several.unbounded(problem, NAME, path_of(answer, part) or "in a limit")
    if answer.status is not Status.OPTIMAL:
        value = infimum(answer, part)
        assert value is not None
        return several.not_attained(problem, NAME, value, path_of(answer, part) or "in a limit", None, digits)
    points: list[Point] = []
    complete = answer.complete
    for at in (case.lifted(p) for p in several.points_of(answer, part)):
        angles, all_of_them = _angles(variable, wave, at)
        points.extend({**at, variable.symbol: y} for y in angles)
        complete = complete and all_of_them
    value = several.value_of_minimand(answer, part)
    return optimal(problem, NAME, points, complete, digits, ["interior"] * len(points), value)


def _angles(variable: Variable, wave: Sinusoid, at: Point) -> tuple[list[Node], bool]:
    """The values of y with the smallest value at a point, and whether they are all."""
    interval = variable.ranges[0]
    a, b = (simplified(substitute(n, dict(at))) for n in (wave.sine, wave.cosine))
    square = simplified(add(power(a, 2), power(b, 2)))
    zero, sign = is_zero(square), sign_of_number(a)
    if zero:
        return [inside(interval)], False
    if zero is None or sign is None:
        raise NotApplicable("the sign of an amplitude can't be decided")
    angle = call("acos", simplified(negate(divide(b, call("sqrt", square)))))
    first = simplified(angle if sign <= 0 else negate(angle))
    bounded = interval.lower is not MINUS_INFINITY and interval.upper is not INFINITY
    turns = _turns(interval, first, wave.angle)
    return [simplified(divide(add(first, multiply(k, _TURN)), wave.angle)) for k in (turns if bounded else islice(turns, 1))], bounded


def _turns(interval: Interval, first: Node, angle: Fraction) -> Iterator[int]:
    """The numbers of turns, those nearest to 0 first, that lead into a range."""
    count = 0
    for k in sorted(range(-10_000, 10_001), key=abs):
        value = divide(add(first, multiply(k, _TURN)), angle)
        low, high = order(interval.lower, value), order(value, interval.upper)
        if (low < 0 or (low == 0 and interval.lower_closed)) and (high < 0 or (high == 0 and interval.upper_closed)):
            yield k
            count += 1
            if count > MAX_TURNS:
                raise NotApplicable("the range holds too many periods")
        elif abs(k) > MAX_TURNS and count == 0:
            raise NotApplicable("the range is far from 0")
        elif abs(k) > 2 * MAX_TURNS:
            return


# ---- squares under a root -----------------------------------------------------------------------------------------------------------


def root_of_square(square: Node) -> Node:
    """Return the root of an expression that is nowhere negative, without a root where it is a square."""
    form = normal_form(square)
    if form is None or any(form.bottom):
        return call("sqrt", square)
    terms = {m: c / form.bottom[frozenset()] for m, c in form.top.items()}
    if len(terms) == 1:
        [(monomial, c)] = terms.items()
        if c > 0 and all(e.denominator == 1 and e % 2 == 0 for _, e in monomial):
            powers = [power(call("abs", atom), number(e / 2)) for atom, e in monomial]
            return multiply(simplified(call("sqrt", number(c))), *powers)
    if len(terms) == 2 and frozenset() in terms:
        found = _of_two_terms(terms)
        if found is not None:
            return found
    return call("sqrt", square)


def _of_two_terms(terms: Sum) -> Node | None:
    """c - c*sin(u)^2, c + c*cos(u), c - c*cos(u)."""
    c = terms[frozenset()]
    [(monomial, d)] = [(m, d) for m, d in terms.items() if m]
    if len(monomial) != 1 or c <= 0 or abs(d) != c:
        return None
    [(atom, e)] = monomial
    if is_call(atom, "sin") and e == 2 and d < 0:
        return multiply(simplified(call("sqrt", number(c))), call("abs", call("cos", atom.args[0])))
    if is_call(atom, "cos") and e == 1:
        half = tidy(divide(atom.args[0], 2))
        return multiply(simplified(call("sqrt", number(2 * c))), call("abs", call("cos" if d > 0 else "sin", half)))
    return None


def _has_half_angle(radius: Node, x: Symbol) -> bool:
    half = tidy(divide(x, 2))
    return any(isinstance(n, Call) and n.function in ("sin", "cos") and n.args[0] is half for n in topological(radius))


def _doubled(part: Problem) -> tuple[Problem, dict[Node, Node]]:
    """The problem in half of its unknown, in which half angles are whole ones."""
    [v] = part.variables
    interval = v.ranges[0]
    ends = [e if e in (INFINITY, MINUS_INFINITY) else simplified(divide(e, 2)) for e in (interval.lower, interval.upper)]
    twice = multiply(2, v.symbol)
    halved = with_range(v, Interval(ends[0], ends[1], interval.lower_closed, interval.upper_closed))
    conditions = [substitute(c, {v.symbol: twice}) for c in (*part.domain, *comparisons(part))]
    return part_of(part, _whole_angles(substitute(part.minimand, {v.symbol: twice})), [halved], conditions), {v.symbol: twice}


def _whole_angles(function: Node) -> Node:
    """The angles of sines and cosines written shorter."""
    done: dict[Node, Node] = {}
    for node in topological(function):
        if isinstance(node, Call) and node.function in ("sin", "cos") and symbols(node):
            done[node] = call(node.function, tidy(done[node.args[0]]))
        elif isinstance(node, Call):
            done[node] = rebuild(node, tuple(done[a] for a in node.args))
        else:
            done[node] = node
    return done[function]
