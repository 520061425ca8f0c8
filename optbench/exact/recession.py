"""Curves along which the function falls without bound, or towards an infimum that it does not reach.

Candidates are curves x_i = b + c*t^a with small rational exponents and coefficients, logarithms too, around the ends and
poles of each unknown; plain floats choose the promising ones. On such a curve all conditions are proved to hold for all large t
(see `paths`), so a limit of minus infinity proves that the problem is unbounded. A finite limit L is a value that feasible
points approach; where f > L is proved for all feasible points, L is the infimum and not attained. f > L is proved by the
signs of the parts of f - L, or where f - L is a sum of terms that are nowhere negative and never 0 together, or by the least
value of P where f - L = P/Q with a positive Q.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("x^3 + y^3 - 3*x*y")), open_names=True))
>>> answer.status.value, answer.reason
('unbounded', 'it falls without bound along x = 0, y = -t as t -> inf')
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import NamedTuple

from optbench.arithmetic import NoReading
from optbench.arithmetic.floats import function
from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Infeasible, Send, comparisons, guarded, order, part_of, region_of, solved
from optbench.exact.numbers.formula import as_float
from optbench.exact.numbers.sums import sum_node
from optbench.exact.ranges import holding
from optbench.exact.region.paths import NotSettled, eventually, limit_along
from optbench.exact.region.signs import NOT_NEGATIVE, POSITIVE, Region, is_continuous, normal_form
from optbench.exact.separable import inside, terms_of
from optbench.exact.vanishing import zeros_of
from optbench.language.build import add, call, condition, divide, multiply, number, power, substitute, subtract, symbol
from optbench.language.elaborate import parse
from optbench.language.graph import Call, GraphError, Node, Symbol, symbols
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "recession"
MAX_UNKNOWNS = 6
MAX_CURVES = 3_000
MAX_LIMITS = 14  # curves whose limit is computed exactly
_T = symbol("t")
_TIMES = (1e2, 1e4, 1e7)
_TOLERANCE = 1e-9


class Curve(NamedTuple):
    """A value of every unknown for every large t, with the values of the minimand at three times."""

    at: tuple[Node, ...]
    values: tuple[float, ...]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer that the infimum is not attained, or infinite; raise `NotApplicable` where no curve shows it."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if not 1 <= problem.dimension <= MAX_UNKNOWNS:
        raise NotApplicable(f"curves are looked for in at most {MAX_UNKNOWNS} unknowns")
    if any(isinstance(c, Call) and c.function == "equal" for c in comparisons(problem)):
        raise NotApplicable("curves along equalities are not looked for")
    if _is_closed(problem):
        raise NotApplicable("the feasible points are a bounded and closed set, on which the function is continuous")
    curves = _curves(problem)
    falling = sorted((c for c in curves if _falls_far(c.values)), key=_length)
    for curve in islice(falling, MAX_LIMITS):
        if _limit(problem, curve, lambda value: value is MINUS_INFINITY) is not None:
            return several.unbounded(problem, NAME, _written(problem, curve))
    return _not_attained(problem, curves, digits)


def _is_closed(problem: Problem) -> bool:
    """Whether a minimum is attained, since a continuous function attains it on a bounded and closed set."""
    ranges = [v.ranges[0] for v in problem.variables]
    if not all(i.lower_closed and i.upper_closed for i in ranges) or not is_continuous(problem.minimand):
        return False
    conditions = [c for c in comparisons(problem) if isinstance(c, Call)]
    box = Region({v.symbol: v.ranges[0] for v in problem.variables})
    return not any(c.function in ("less", "greater", "not_equal") for c in conditions) and all(box.truth(c) for c in problem.domain)


def _length(curve: Curve) -> int:
    return sum(len(text(f)) for f in curve.at)


def _written(problem: Problem, curve: Curve) -> str:
    places = (f"{s.name} = {text(f)}" for s, f in zip(problem.symbols, curve.at, strict=True))
    return f"along {', '.join(places)} as t -> inf"


def _falls_far(values: Sequence[float]) -> bool:
    a, b, c = values
    return (b < a - 0.1 * abs(a) - 0.01 and c < b - 0.1 * abs(b) - 0.01) or (c < b < a and c < -10)


def _limit(problem: Problem, curve: Curve, wanted: Callable[[Node], bool]) -> Node | None:
    """The limit of the minimand along a curve that is feasible for all large t; None where it is not known, not wanted, or
    the curve is not feasible."""
    table: dict[Node, Node] = dict(zip(problem.symbols, curve.at, strict=True))
    try:
        value = limit_along(substitute(problem.minimand, table), _T)
        if wanted(value) and all(eventually(substitute(c, table), _T) for c in (*problem.domain, *comparisons(problem))):
            return value
    except (NotSettled, NotApplicable, GraphError):
        return None
    return None


# ---- curves --------------------------------------------------------------------------------------------------------------------


def _curves(problem: Problem) -> list[Curve]:
    """Curves on which the minimand has values and that seem feasible."""
    region = region_of(problem)
    widths = {1: 2, 2: 2, 3: 1}.get(problem.dimension, 0)
    pieces = [_pieces(problem, s, region, widths) for s in problem.symbols]
    count = math.prod(map(len, pieces))
    if count > MAX_CURVES:
        pieces = [_pieces(problem, s, region, 0) for s in problem.symbols]
    evaluate = [_evaluated(piece) for piece in pieces]
    value = _value(problem)
    found = []
    for chosen in islice(product(*(range(len(p)) for p in pieces)), MAX_CURVES):
        at = [evaluate[i][k] for i, k in enumerate(chosen)]
        values = tuple(value(*(place[j] for place in at)) for j in range(len(_TIMES)))
        if all(math.isfinite(v) for v in values):
            found.append(Curve(tuple(pieces[i][k] for i, k in enumerate(chosen)), values))
    return found


def _value(problem: Problem) -> Callable[..., float]:
    """The minimand in floats, nan where it is not defined or a condition is clearly violated."""
    residuals = [r.residual for r in several.conditions(problem)]
    try:
        evaluate = function([problem.minimand, *residuals], problem.symbols)
    except NoReading as reason:
        raise NotApplicable(str(reason)) from None

    def value(*x: float) -> float:
        try:
            f, *rest = evaluate(*x)
        except OverflowError:
            return math.nan
        scale = max(1.0, *map(abs, x))
        return f if all(r <= _TOLERANCE * scale for r in rest) else math.nan

    return value


def _evaluated(pieces: Sequence[Node]) -> list[tuple[float, ...]]:
    evaluate = function(pieces, [_T])
    columns = [evaluate(t) for t in _TIMES]
    return list(zip(*columns, strict=True))


def _pieces(problem: Problem, s: Symbol, region: Region, width: int) -> list[Node]:
    """Curves of one unknown, in its range for all large t: constants, towards infinity, towards ends and poles."""
    found: dict[Node, None] = {}
    for interval in (*_intervals(problem, s, region), *(_coupled_intervals(problem, s, region) if width else ())):
        found.update(dict.fromkeys(_constants(interval)))
        found.update(dict.fromkeys(_outwards(interval, width)))
        if width:
            found.update(dict.fromkeys(_towards_ends(interval, width)))
    return list(found)


def _intervals(problem: Problem, s: Symbol, region: Region) -> list[Interval]:
    """The intervals on which the conditions on one unknown hold."""
    single = [c for c in (*problem.domain, *comparisons(problem)) if symbols(c) == [s]]
    try:
        return holding(single, s, region.intervals[s])
    except NotApplicable:
        return [region.intervals[s]]


def _coupled_intervals(problem: Problem, s: Symbol, region: Region) -> Iterator[Interval]:
    """The intervals on which the minimand is defined where all other unknowns have a simple value."""
    others: dict[Node, Node] = {o: _simple(i) for o, i in region.intervals.items() if o is not s}
    for c in problem.domain:
        if s in symbols(c) and len(symbols(c)) > 1:
            try:
                yield from holding([substitute(c, others)], s, region.intervals[s])
            except (NotApplicable, GraphError):
                continue


def _simple(interval: Interval) -> Node:
    zero = number(0)
    return zero if order(interval.lower, zero) < 0 < order(interval.upper, zero) else inside(interval)


def _constants(interval: Interval) -> Iterator[Node]:
    if interval.lower_closed:
        yield interval.lower
    if interval.upper_closed:
        yield interval.upper
    if interval.is_fixed:
        return
    yield inside(interval)
    for k in (0, 1, -1):
        if order(interval.lower, number(k)) < 0 < order(interval.upper, number(k)):
            yield number(k)


def _outwards(interval: Interval, width: int) -> Iterator[Node]:
    shapes: list[Node] = [_T]
    if width:
        shapes += [power(_T, 2), multiply(2, _T)]
    if width > 1:
        shapes += [multiply(3, _T), call("sqrt", _T), call("log", _T), power(_T, 3)]
    for shape in shapes:
        if interval.upper is INFINITY:
            yield shape
        if interval.lower is MINUS_INFINITY:
            yield multiply(-1, shape)


def _towards_ends(interval: Interval, width: int) -> Iterator[Node]:
    shapes = [divide(1, _T), divide(1, power(_T, 2))]
    if width > 1:
        shapes.append(divide(1, call("sqrt", _T)))
    centre = [number(0)] if _simple(interval) is number(0) else []
    for shape in shapes:
        for b in (interval.lower, *centre):
            if b is not MINUS_INFINITY and not interval.is_fixed:
                yield add(b, shape)
        for b in (interval.upper, *centre):
            if b is not INFINITY and not interval.is_fixed:
                yield subtract(b, shape)


# ---- infima that are not attained ----------------------------------------------------------------------------------------------------


def _not_attained(problem: Problem, curves: Sequence[Curve], digits: int) -> ExactAnswer:
    """The lowest limit along a curve, if the function is above it everywhere."""
    lowest = min((v for c in curves for v in c.values), default=math.inf)
    settling = [c for c in curves if _settles(c.values) and _moves(c) and c.values[-1] <= lowest + 1e-3 * max(1.0, abs(lowest))]
    tried: list[Node] = []
    for curve in islice(sorted(settling, key=lambda c: (round(c.values[-1], 6), _length(c))), MAX_LIMITS):
        value = _limit(problem, curve, lambda value: value is not INFINITY and all(order(value, other) for other in tried))
        if value is MINUS_INFINITY:
            return several.unbounded(problem, NAME, _written(problem, curve))
        if value is None:
            continue
        if as_float(value) <= lowest + 1e-9 and is_above(problem, value):
            return several.not_attained(problem, NAME, value, _written(problem, curve), None, digits)
        tried.append(value)
        if len(tried) > 1:
            break
    raise NotApplicable("no curve is known along which the function falls without bound or towards an infimum")


def _moves(curve: Curve) -> bool:
    return any(symbols(f) for f in curve.at)


def _settles(values: Sequence[float]) -> bool:
    a, b, c = values
    return (a > b >= c and b - c < a - b) or a == b == c


def is_above(problem: Problem, level: Node) -> bool:
    """Whether it is proved that the minimand is greater than a number at all feasible points."""
    region = region_of(problem)
    if region.is_positive(subtract(problem.minimand, level)) or _has_positive_numerator(problem, level, region):
        return True
    terms = terms_of(problem.minimand)
    moving = [t for t in terms if symbols(t)]
    rest = subtract(add(*(t for t in terms if not symbols(t))), level)
    if not all(region.signs(t) <= NOT_NEGATIVE for t in moving) or not region.signs(rest) <= NOT_NEGATIVE:
        return False
    if region.signs(rest) <= POSITIVE or any(region.is_positive(t) for t in moving):
        return True
    return _is_never_zero(problem, moving, region)


def _has_positive_numerator(problem: Problem, level: Node, region: Region) -> bool:
    """Whether f - L is P/Q with a positive Q, and P has a positive least value, or does not reach an infimum of at least 0."""
    form = normal_form(subtract(problem.minimand, level))
    if form is None:
        return False
    bottom = sum_node(form.bottom)
    if not symbols(bottom) or not region.is_positive(bottom):
        return False
    try:
        answer = solved(part_of(problem, sum_node(form.top), problem.variables, [*problem.domain, *comparisons(problem)]))
    except (Infeasible, NotApplicable):
        return False
    if answer.value_exact is None or answer.status not in (Status.OPTIMAL, Status.NOT_ATTAINED):
        return False
    sign = order(parse(answer.value_exact).node, number(0))
    return sign > 0 or (sign == 0 and answer.status is Status.NOT_ATTAINED)


def _is_never_zero(problem: Problem, terms: Sequence[Node], region: Region) -> bool:
    """Whether terms that are nowhere negative are never 0 together."""
    equations = dict.fromkeys(e for t in terms for e in zeros_of(t, region))
    conditions = [*problem.domain, *comparisons(problem), *(condition("equal", e, 0) for e in equations)]
    try:
        return solved(part_of(problem, number(0), problem.variables, conditions)).status is Status.INFEASIBLE
    except Infeasible:
        return True
    except NotApplicable:
        return False
