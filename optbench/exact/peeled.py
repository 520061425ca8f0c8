"""Monotone outer functions taken off: the minimum of h(g) from that of g, and functions of one inner function.

Let h be continuous and strictly increasing on an interval that holds the values of g. Then h(g) is least exactly where g
is, and inf h(g) is the limit of h towards inf g from the right, whether that is finite or not; it is attained exactly
if inf g is. Where h decreases, -g takes the place of g. So layers come off one by one: sums and products with a number, exp, log,
roots, powers, the monotone functions of the table; |g|, even powers, cosh and 1/g where g has one sign, which is proved.
The parts of the domain that only the outer functions need (g > 0 for log(g)) are first left out: if the minimum
without them satisfies them, it is the one with them; otherwise they are constraints.

Where f is h(g) with any h of one variable, and the unknowns range over a convex set on which g is defined and continuous,
then g takes on all values between its infimum and its supremum, and min f is the minimum of h over this interval.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("maximize", Text("3/sqrt(1 + x^2 + y^2)")), open_names=True)).value_exact
'3'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice, product
from typing import NamedTuple, TypeAlias

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import (
    Case,
    Infeasible,
    Send,
    comparisons,
    guarded,
    holds,
    infimum,
    limit_point,
    optimal,
    order,
    part_of,
    path_of,
    range_conditions,
    region_of,
    solved,
)
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.numbers.identities import simplified
from optbench.exact.ranges import holding
from optbench.exact.region.isolated import solved_for
from optbench.exact.region.signs import (
    NOT_NEGATIVE,
    NOT_POSITIVE,
    Region,
    factor_of,
    is_continuous,
    is_convex_quadratic,
    polynomial_of,
    tidy,
)
from optbench.exact.separable import inside
from optbench.exact.several import Point
from optbench.language.build import add, call, condition, multiply, negate, number, rebuild, substitute, subtract, symbol
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, Symbol, symbols, topological
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem, Variable
from optbench.result import Status

NAME = "peeled"
_T = symbol("t'")  # the value of the inner function
MAX_TRIALS = 12  # points from which a point with the best value is looked for
_NOT_STRICT = {"sign", "floor", "ceil", "relu"}


class Layer(NamedTuple):
    """A node is outer(inner), where outer is strictly monotone on the values of inner."""

    inner: Node
    outer: Callable[[Node], Node]
    direction: int  # 1: it rises, -1: it falls


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer from that of an inner function; raise `NotApplicable` where there is none."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    region = region_of(problem)
    inner, outer, direction = _peeled(problem.minimand, region)
    if inner is problem.minimand or inner is negate(problem.minimand):
        inner, outer, direction = _peeled(problem.minimand, region, _sides(problem))
    if inner is not problem.minimand and inner is not negate(problem.minimand):
        return _by_inner(problem, inner, outer, direction, digits)
    return _through(problem, digits)


Side: TypeAlias = Callable[[Node], int]


def _peeled(function: Node, region: Region, side: Side = lambda node: 0) -> tuple[Node, Node, int]:
    """The innermost function below monotone layers, the layers as a function of `_T`, and whether they rise or fall.

    `side` gives 1 for a function that is nowhere negative, -1 for one that is nowhere positive, 0 where that is not known.
    """
    outer: list[Callable[[Node], Node]] = []
    direction, inner = 1, function
    while (layer := _layer(inner, region, side)) is not None:
        inner, direction = layer.inner, direction * layer.direction
        outer.append(layer.outer)
    whole: Node = _T
    for apply in reversed(outer):
        whole = apply(whole)
    return inner, whole, direction


# ---- one layer -------------------------------------------------------------------------------------------------------------


def _layer(node: Node, region: Region, side: Side) -> Layer | None:
    if not isinstance(node, Call) or node.shape:
        return None
    moving = [k for k, a in enumerate(node.args) if symbols(a)]
    if len(moving) != 1 or node.boolean:
        return None
    [k] = moving
    inner = node.args[k]
    if inner.boolean or not isinstance(inner, Call):
        return None

    def outer(t: Node) -> Node:
        return rebuild(node, tuple(t if i == k else a for i, a in enumerate(node.args)))

    if node.function in ("abs", "cosh", "power", "hypot", "divide"):
        return _by_sign(node, k, inner, outer, region, side)
    direction = _direction(node, k, region)
    return None if direction is None else Layer(inner, outer, direction)


def _direction(node: Call, place: int, region: Region) -> int | None:
    """How a function that is monotone wherever it is defined depends on one argument."""
    match node.function:
        case "add":
            return 1
        case "negate":
            return -1
        case "multiply":
            return _only_sign(region, multiply(*(a for k, a in enumerate(node.args) if k != place)))
    row = TABLE[node.function]
    return row.monotone if row.monotone and len(node.args) == 1 and node.function not in _NOT_STRICT else None


def _only_sign(region: Region, number_: Node) -> int | None:
    found = region.signs(number_)
    return next(iter(found)) if found in ({1}, {-1}) else None


def _sides(problem: Problem) -> Side:
    """The side of 0 on which a function lies, by its infimum and its supremum."""

    def side(function: Node) -> int:
        wider = [*natural_domain(function, *(c.condition for c in problem.constraints)), *comparisons(problem)]
        for sign in (1, -1):
            try:
                part = part_of(problem, multiply(sign, function), problem.variables, wider)
                lowest = infimum(solved(part), part)
            except (NotApplicable, Infeasible):
                continue
            if lowest is not None and order(lowest, number(0)) >= 0:
                return sign
        return 0

    return side


def _by_sign(node: Call, place: int, inner: Node, outer: Callable[[Node], Node], region: Region, known: Side) -> Layer | None:
    """Functions that rise or fall by the sign of the argument."""
    if node.function == "divide" and place == 0:
        sign = _only_sign(region, node.args[1])
        return None if sign is None else Layer(inner, outer, sign)
    if node.function == "power" and place == 1:
        sign = _only_sign(region, call("log", node.args[0])) if region.is_positive(node.args[0]) else None
        return None if sign is None else Layer(inner, outer, sign)
    exponent = node.args[1].value if node.function == "power" and isinstance(node.args[1], Number) else None
    if node.function == "power" and not exponent:  # u^0 is 1 wherever u is defined
        return None
    if exponent is not None and (exponent.denominator > 1 or (exponent > 0 and exponent % 2 == 1)):
        return Layer(inner, outer, 1 if exponent > 0 else -1)
    found = region.signs(inner)
    side = 1 if found <= NOT_NEGATIVE else -1 if found <= NOT_POSITIVE else known(inner)
    if not side:
        return None
    if node.function == "divide":
        sign = _only_sign(region, node.args[0])
        return None if sign is None else Layer(inner, outer, -sign)
    if exponent is not None:
        return Layer(inner, outer, side if exponent > 0 else -side if exponent % 2 == 0 else -1)
    if node.function == "abs":
        return Layer(inner, lambda t: multiply(side, t), side)
    return Layer(inner, outer, side)


# ---- from the inner function -------------------------------------------------------------------------------------------------


def _by_inner(problem: Problem, inner: Node, outer: Node, direction: int, digits: int) -> ExactAnswer:
    conditions = [*problem.domain, *comparisons(problem)]
    own = set(natural_domain(inner, *(c.condition for c in problem.constraints)))
    only_outer = [c for c in problem.domain if c not in own]
    loose = part_of(problem, multiply(direction, inner), problem.variables, [c for c in conditions if c not in only_outer])
    tight = part_of(problem, multiply(direction, inner), problem.variables, conditions)
    if len(tight.constraints) == len(loose.constraints):
        return _mapped(problem, tight, solved(tight), outer, direction, digits)
    try:
        answer = solved(loose)
        if _stays_inside(answer, loose, only_outer, inner, direction):
            return _mapped(problem, loose, answer, outer, direction, digits)
    except NotApplicable:
        pass
    return _mapped(problem, tight, solved(tight), outer, direction, digits)


def _stays_inside(answer: ExactAnswer, part: Problem, conditions: Sequence[Node], inner: Node, direction: int) -> bool:
    """Whether the solutions, or all points near a limit, satisfy the conditions that were left out."""
    if answer.status is Status.INFEASIBLE:
        return True
    if answer.status is Status.OPTIMAL:
        points = several.points_of(answer, part)
        return bool(points) and all(holds(substitute(c, dict(at))) is True for c in conditions for at in points)
    return all(_holds_near(c, answer, part, inner, direction) for c in conditions)


def _holds_near(c: Node, answer: ExactAnswer, part: Problem, inner: Node, direction: int) -> bool:
    """Whether a bound of the inner function holds near its infimum (its supremum for direction -1), which is not attained."""
    if not (isinstance(c, Call) and len(c.args) == 2 and c.args[0] is inner and isinstance(c.args[1], Number)):
        return False
    if c.function not in ("greater", "greater_equal", "not_equal"):
        return False
    lowest = infimum(answer, part)
    assert lowest is not None
    at = lowest if direction == 1 else INFINITY if lowest is MINUS_INFINITY else negate(lowest)
    return order(at, c.args[1]) > 0


def _mapped(problem: Problem, part: Problem, answer: ExactAnswer, outer: Node, direction: int, digits: int) -> ExactAnswer:
    """The answer for outer(inner) from that for direction*inner."""
    if answer.status is Status.INFEASIBLE:
        return several.infeasible(NAME, answer.reason or "no point satisfies all conditions")
    if answer.status is Status.OPTIMAL:
        points = several.points_of(answer, part)
        kinds = [s.kind for s in answer.solutions if s.exact is not None and s.kind != "limit"]
        value = simplified(substitute(outer, {_T: multiply(direction, several.value_of_minimand(answer, part))}))
        return optimal(problem, NAME, points, answer.complete, digits, kinds, value)
    lowest = infimum(answer, part)
    assert lowest is not None
    end = lowest if direction == 1 else INFINITY if lowest is MINUS_INFINITY else negate(lowest)
    try:
        value = limit(outer, _T, end, -1 if end is INFINITY else 1 if end is MINUS_INFINITY else direction)
    except Indeterminate:
        raise NotApplicable("the limit of an outer function is not known") from None
    path = path_of(answer, part) or "in a limit"
    if value is MINUS_INFINITY:
        return several.unbounded(problem, NAME, path)
    if value is INFINITY:
        raise NotApplicable("the limit of an outer function is not known")
    return several.not_attained(problem, NAME, value, path, limit_point(part, Case(part), answer), digits)


# ---- functions of one inner function --------------------------------------------------------------------------------------


def _through(problem: Problem, digits: int) -> ExactAnswer:
    """min h(g) as the minimum of h over the values of g."""
    if problem.dimension < 2:
        raise NotApplicable("there is only one unknown")
    waist = _waist(problem.minimand)
    if waist is None:
        raise NotApplicable("the function is not monotone in one inner function")
    inner, function = waist
    box = Region({v.symbol: v.ranges[0] for v in problem.variables})
    if not _is_convex(problem) or not is_continuous(inner) or not all(box.truth(c) for c in natural_domain(inner)):
        raise NotApplicable("the values of the inner function are not known to be an interval")
    conditions = [*natural_domain(inner), *comparisons(problem)]
    low, high = (part_of(problem, multiply(sign, inner), problem.variables, conditions) for sign in (1, -1))
    lowest, highest = solved(low), solved(high)
    bottom, top = infimum(lowest, low), infimum(highest, high)
    if bottom is None or top is None:
        return several.infeasible(NAME, "no point satisfies all conditions")
    values = Interval(
        bottom,
        INFINITY if top is MINUS_INFINITY else negate(top),
        lowest.status is Status.OPTIMAL,
        highest.status is Status.OPTIMAL,
    )
    if order(values.lower, values.upper) == 0:
        raise NotApplicable("the inner function is constant")
    t = symbol(next(name for name in ("t", "u", "value", "value_") if name not in [v.name for v in problem.variables]))
    outer = several.part(problem, substitute(function, {_T: t}), [Variable(t, (values,))], [])
    answer = solved(outer)
    return _with_preimages(problem, inner, outer, answer, ((bottom, low, lowest), (values.upper, high, highest)), digits)


def _waist(function: Node) -> tuple[Node, Node] | None:
    """A small expression g and a function h of `_T` with f = h(g); g holds several unknowns, and is no sum with a number."""
    unknowns = set(symbols(function))
    for node in topological(function):
        if isinstance(node, Call) and not node.boolean and node is not function and set(symbols(node)) == unknowns:
            inner = _without_number(node)
            outer = _Rewriting(inner).of(function)
            if outer is not None and not _is_linear(outer):
                return inner, outer
    return None


def _is_linear(function: Node) -> bool:
    terms = polynomial_of(function)
    return terms is not None and all(sum(e for _, e in m) <= 1 for m in terms)


def _without_number(node: Call) -> Node:
    """A sum without its numbers, with a positive first term."""
    moving = add(*(a for a in node.args if symbols(a))) if node.function == "add" else node
    first = moving.args[0] if isinstance(moving, Call) and moving.function == "add" else moving
    negative = isinstance(first, Call) and (first.function == "negate" or _begins_negative(first))
    return tidy(negate(moving)) if negative and first is not moving else moving


def _begins_negative(term: Call) -> bool:
    return any(isinstance(a, Number) and a.value < 0 for a in term.args[:1])


class _Rewriting:
    """Expressions as functions of one inner expression, which may stand in them as k*g + c."""

    def __init__(self, inner: Node) -> None:
        self.inner, self.terms = inner, polynomial_of(inner)
        self.known: dict[Node, Node | None] = {inner: _T}

    def of(self, function: Node) -> Node | None:
        for node in topological(function):
            if node not in self.known:
                self.known[node] = self._of_node(node)
        return self.known[function]

    def _of_node(self, node: Node) -> Node | None:
        if not symbols(node):
            return node
        args = [self.known[a] for a in node.args]
        if isinstance(node, Call) and all(a is not None for a in args):
            return rebuild(node, tuple(a for a in args if a is not None))
        terms = polynomial_of(node) if self.terms and node.total and not isinstance(node, Symbol) else None
        factor = factor_of(terms, self.terms) if terms and self.terms else None
        if terms is None or self.terms is None or factor is None:
            return None
        return add(multiply(factor, _T), terms.get(frozenset(), Fraction(0)) - factor * self.terms.get(frozenset(), Fraction(0)))


def _is_convex(problem: Problem) -> bool:
    """Whether the feasible points make up a convex set: ranges, linear constraints, convex quadratic ones."""
    for c in comparisons(problem):
        if not (isinstance(c, Call) and len(c.args) == 2):
            return False
        left, right = reversed(c.args) if c.function.startswith("greater") else c.args
        residual = polynomial_of(subtract(left, right))
        if residual is None or c.function == "not_equal":
            return False
        degree = max((sum(e for _, e in m) for m in residual), default=0)
        if degree > 2 or (degree == 2 and (c.function == "equal" or not is_convex_quadratic(residual))):
            return False
    return True


def _with_preimages(
    problem: Problem,
    inner: Node,
    outer: Problem,
    answer: ExactAnswer,
    ends: Sequence[tuple[Node, Problem, ExactAnswer]],
    digits: int,
) -> ExactAnswer:
    if answer.status is Status.INFEASIBLE:
        return several.infeasible(NAME, answer.reason or "the function is defined nowhere")
    if answer.status is not Status.OPTIMAL:
        return _limit_of_values(problem, inner, outer, answer, digits)
    points: list[Point] = []
    complete = answer.complete
    for at in several.points_of(answer, outer):
        [value] = at.values()
        here = [(part, found) for end, part, found in ends if end not in (INFINITY, MINUS_INFINITY) and order(end, value) == 0]
        for part, found in here:
            points.extend(several.points_of(found, part))
            complete = complete and found.complete
        if not here:
            points.append(_preimage(problem, inner, value, [several.points_of(found, part) for _, part, found in ends]))
            complete = False
    kinds = ["interior"] * len(points)
    return optimal(problem, NAME, points, complete, digits, kinds, several.value_of_minimand(answer, outer))


def _limit_of_values(problem: Problem, inner: Node, outer: Problem, answer: ExactAnswer, digits: int) -> ExactAnswer:
    path = path_of(answer, outer).replace(f"{outer.variables[0].name} ->", f"{text(inner)} ->") or "in a limit"
    if answer.status is Status.UNBOUNDED:
        return several.unbounded(problem, NAME, path)
    return several.not_attained(problem, NAME, several.value_of_minimand(answer, outer), path, None, digits)


def _preimage(problem: Problem, inner: Node, value: Node, ends: Sequence[Sequence[Point]]) -> Point:
    """A feasible point at which the inner function has a value: between those with less and more, or on a parallel to an axis."""
    lines = [(low, high) for low in ends[0][:1] for high in ends[1][:1]]
    for low, high in lines:
        s = symbol("s'")
        line: dict[Node, Node] = {x: add(low[x], multiply(s, subtract(high[x], low[x]))) for x in problem.symbols}
        try:
            [place, *_] = holding([condition("equal", substitute(inner, line), value)], s, Interval(number(0), number(1)))
        except (NotApplicable, ValueError):
            continue
        return {x: simplified(substitute(f, {s: place.lower})) for x, f in line.items()}
    for others, v in _parallels(problem):
        try:
            equation = substitute(subtract(inner, value), others)
            branches = solved_for(equation, v.symbol, Region({v.symbol: v.ranges[0]}))
        except NotApplicable:
            continue
        for branch in branches:
            at = {**others, v.symbol: branch.formula}
            if all(holds(c) for c in branch.conditions) and is_feasible(problem, at):
                return at
    raise NotApplicable("no formula was found for a point at which the inner function has its best value")


def _parallels(problem: Problem) -> Iterator[tuple[dict[Node, Node], Variable]]:
    """Numbers for all unknowns but one."""
    region = region_of(problem)
    for v in problem.variables:
        choices = [_some(region.intervals[w.symbol]) for w in problem.variables if w is not v]
        for chosen in islice(product(*choices), MAX_TRIALS):
            yield dict(zip((w.symbol for w in problem.variables if w is not v), chosen, strict=True)), v


def _some(interval: Interval) -> list[Node]:
    """A few numbers of a range."""
    ends = [e for e, closed in ((interval.lower, interval.lower_closed), (interval.upper, interval.upper_closed)) if closed]
    return list(dict.fromkeys([inside(interval), *ends]))


def is_feasible(problem: Problem, at: Point) -> bool:
    """Whether it is proved that a point lies in all ranges and satisfies all conditions."""
    conditions = [c for v in problem.variables for c in range_conditions(v, at[v.symbol])]
    conditions += [substitute(c, dict(at)) for c in (*problem.domain, *comparisons(problem))]
    try:
        return all(holds(c) is True for c in conditions)
    except NotApplicable:
        return False
