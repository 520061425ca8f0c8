"""What is known of a function of one unknown y for every value of the others: where its infimum over the feasible y is.

For fixed x let I(x) be the interval of the feasible y (see `slices`). What is used of f as a function of y alone, each
proved on the whole region:
- it rises (falls): its infimum over I(x) is at the lower (upper) end;
- it is concave or linear: at one of the ends; towards an infinite end a strictly concave f falls without bound, and a
  linear one where its slope has that sign, which the minimum of the slope over x decides;
- it is convex and its derivative is 0 at y*(x) only: at y*(x) where that lies in I(x), else at an end;
- it is piecewise of degree 2 at most, between kinks k1(x), k2(x), ...: at a kink, an end, or where the derivative of a
  convex piece is 0, unless it falls towards an infinite end.

>>> from optbench.exact.region.slices import along
>>> from optbench.language.build import symbol
>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> problem = validated(ProblemDraft("minimize", Text("exp(x)*y^2 - 2*y + x")), open_names=True)
>>> [choice.formula for choice in plan_along(along(problem, symbol("y"))).choices]
[exp(-x)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import combinations, product

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import (
    Infeasible,
    infimum,
    order,
    solved,
)
from optbench.exact.line.pieces import sample
from optbench.exact.ranges import holding
from optbench.exact.region.isolated import polynomial_in, solved_for
from optbench.exact.region.signs import NEGATIVE, NOT_NEGATIVE, NOT_POSITIVE, POSITIVE, ZERO, Region, is_continuous, tidy
from optbench.exact.region.slices import Bound, Slice, is_number
from optbench.exact.separable import inside
from optbench.language.build import condition, divide, multiply, negate, number, substitute, subtract
from optbench.language.derivative import gradient
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Symbol, size, symbols, topological
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.result import Status

NAME = "partial"
MAX_KINKS = 4
MAX_SLOPE = 300  # nodes of a derivative
_KINKS = ("abs", "maximum", "minimum", "relu")


class Whole(Enum):
    """Whether all minimisers for one x are among the formulas."""

    ALL = "they all are"
    UNLESS_TWO = "they are if only one of the formulas is a minimiser for this x"
    WHERE_IT_RISES = "they are where the function rises or falls strictly at the minimiser"
    NOT_KNOWN = "there may be others"


@dataclass(frozen=True)
class Choice:
    """A value of y, with the conditions on x under which it is feasible, or approached by feasible ones."""

    formula: Node
    conditions: tuple[Node, ...] = ()
    attained: bool = True
    kind: str | None = None


@dataclass
class Plan:
    """For every x the infimum over y is that at one of the choices."""

    slice: Slice
    choices: list[Choice] = field(default_factory=list)
    whole: Whole = Whole.ALL
    free: Choice | None = None  # the minimiser over all y, which the bounds may exclude
    slope: Node = field(default_factory=lambda: number(0))  # the derivative by y, where that matters

    @property
    def effort(self) -> tuple[int, int]:
        """How much work it may be: the number of cases, and the size of the formulas."""
        return len(self.choices) - 2 * (self.free is not None), sum(size(c.formula, *c.conditions) for c in self.choices)


class Answered(Exception):
    """The answer was found on the way to a plan."""

    def __init__(self, answer: ExactAnswer) -> None:
        super().__init__(answer.status.value)
        self.answer = answer


def plan_along(slice_: Slice) -> Plan:
    """Return where the infimum over y is for every x; raise `NotApplicable` where that is not known."""
    function, y = slice_.problem.minimand, slice_.unknown
    if y not in symbols(function):
        return _of_constant(slice_)
    coefficients = polynomial_in(function, y, 2)
    if coefficients is not None:
        return _of_polynomial(slice_, coefficients) if len(coefficients) > 1 else _of_constant(slice_)
    if any(isinstance(n, Call) and n.function in _KINKS and y in symbols(n) for n in topological(function)):
        try:
            return _of_pieces(slice_)
        except NotApplicable:
            return _of_slope(slice_)
    return _of_slope(slice_)


def _of_constant(slice_: Slice) -> Plan:
    """f does not depend on y: any feasible value."""
    closed = [b.closed for b in (*slice_.lower, *slice_.upper)]
    plan = Plan(slice_, whole=Whole.NOT_KNOWN)
    if not closed:
        plan.choices = [Choice(number(0))]
    elif all(closed):
        plan.choices = _end_choices(slice_, upper=not slice_.lower)
    elif len(slice_.lower) <= 1 and len(slice_.upper) <= 1 and all(map(is_number, (*slice_.lower, *slice_.upper))):
        low = slice_.lower[0].formula if slice_.lower else MINUS_INFINITY
        high = slice_.upper[0].formula if slice_.upper else INFINITY
        plan.choices = [Choice(number(sample(low, high)))]
    else:
        raise NotApplicable("no feasible value of an unknown is known as a formula")
    return plan


def _end_choices(slice_: Slice, upper: bool) -> list[Choice]:
    return [Choice(b.formula, tuple(conditions), b.closed, "boundary") for b, conditions in slice_.ends(upper)]


def _of_polynomial(slice_: Slice, coefficients: Sequence[Node]) -> Plan:
    leading = slice_.region.signs(coefficients[-1])
    if len(coefficients) == 2:
        return _of_line(slice_, coefficients[1], leading)
    _, b, a = coefficients
    if leading == POSITIVE:
        return _of_convex(slice_, tidy(negate(divide(b, multiply(2, a)))))
    if leading <= NOT_POSITIVE and slice_.lower and slice_.upper:
        return _of_ends(slice_, Whole.ALL if leading == NEGATIVE else Whole.UNLESS_TWO)
    if leading == NEGATIVE:
        _check_not_empty(slice_)
        raise Answered(several.unbounded(slice_.problem, NAME, f"as {slice_.unknown.name} -> {'-' if slice_.upper else ''}inf"))
    raise NotApplicable(f"the sign of {text(a)} is not known")


def _of_ends(slice_: Slice, whole: Whole) -> Plan:
    choices = [*_end_choices(slice_, upper=False), *_end_choices(slice_, upper=True)]
    return Plan(slice_, choices, whole if _is_closed(slice_) or whole is Whole.ALL else Whole.NOT_KNOWN)


def _of_convex(slice_: Slice, best: Node) -> Plan:
    """Strictly convex, with its minimum over all y at one formula."""
    free = Choice(best, tuple(slice_.within(best)))
    if not slice_.lower and not slice_.upper:
        return Plan(slice_, [free])
    return Plan(slice_, [free, *_end_choices(slice_, upper=False), *_end_choices(slice_, upper=True)], free=free)


def _of_line(slice_: Slice, slope: Node, signs: frozenset[int]) -> Plan:
    """f = slope*y + c."""
    if signs == ZERO:
        return _of_constant(slice_)
    if slice_.lower and slice_.upper and not (signs <= NOT_NEGATIVE or signs <= NOT_POSITIVE):
        return _of_ends(slice_, Whole.UNLESS_TWO)
    strict = 0 not in signs
    if not signs <= NOT_POSITIVE and not slice_.lower:
        strict = _check_slope(slice_, negate(slope), -1)
        signs = NOT_POSITIVE
    if not signs <= NOT_NEGATIVE and not slice_.upper:
        strict = _check_slope(slice_, slope, 1)
        signs = NOT_NEGATIVE if signs != NOT_POSITIVE or slice_.lower else ZERO
    if signs == ZERO or (not slice_.lower and not slice_.upper):
        raise NotApplicable("the slope in one unknown vanishes")
    upper = signs <= NOT_POSITIVE
    return Plan(slice_, _end_choices(slice_, upper), Whole.ALL if strict else Whole.WHERE_IT_RISES, slope=slope)


def _check_slope(slice_: Slice, slope: Node, side: int) -> bool:
    """Return whether slope > 0 for all x, where it is proved to be nowhere negative; f is unbounded where it is somewhere."""
    try:
        part = slice_.part(slope, slice_.not_empty())
    except Infeasible:
        raise NotApplicable("no value of the other unknowns is feasible") from None
    answer = solved(part)
    lowest = infimum(answer, part)
    if lowest is None:
        raise Answered(several.infeasible(NAME, answer.reason or "no point satisfies all conditions"))
    sign = order(lowest, number(0))
    if sign < 0:
        where = f"as {slice_.unknown.name} -> {'' if side > 0 else '-'}inf where {text(slope)} < 0"
        raise Answered(several.unbounded(slice_.problem, NAME, where))
    return sign > 0 or answer.status is Status.NOT_ATTAINED


def _check_not_empty(slice_: Slice) -> None:
    """Raise `NotApplicable` unless it is proved that there is a feasible point."""
    try:
        answer = solved(slice_.part(number(0), slice_.not_empty()))
    except Infeasible:
        raise NotApplicable("no value of the other unknowns is feasible") from None
    if answer.status is Status.INFEASIBLE:
        raise Answered(several.infeasible(NAME, answer.reason or "no point satisfies all conditions"))


# ---- derivatives ---------------------------------------------------------------------------------------------------------------


def _of_slope(slice_: Slice) -> Plan:
    """By the sign of the derivative, or of the second one."""
    function, y = slice_.problem.minimand, slice_.unknown
    if not is_continuous(function):
        raise NotApplicable("the function may jump")
    [slope] = gradient(function, [y])
    slope = tidy(slope)
    if size(slope) > MAX_SLOPE:
        raise NotApplicable("a derivative has too many parts")
    inside = _opened(slice_)
    if not all(inside.truth(c) for c in natural_domain(slope)):
        raise NotApplicable("the derivative is not defined everywhere")
    signs = slice_.region.signs(slope)
    if signs <= NOT_NEGATIVE or signs <= NOT_POSITIVE:
        return _of_monotone(slice_, slope, upper=signs <= NOT_POSITIVE, strict=0 not in signs)
    if not _is_smooth(function, y):
        raise NotApplicable("the function has kinks")
    [curvature] = gradient(slope, [y])
    if size(curvature) > MAX_SLOPE or not all(inside.truth(c) for c in natural_domain(curvature)):
        raise NotApplicable("the second derivative is not known")
    bends = slice_.region.signs(tidy(curvature))
    if bends <= NOT_POSITIVE and slice_.lower and slice_.upper and _is_closed(slice_):
        return _of_ends(slice_, Whole.ALL if bends == NEGATIVE else Whole.UNLESS_TWO)
    return _of_stationary(slice_, slope, curvature)


def _of_monotone(slice_: Slice, slope: Node, upper: bool, strict: bool) -> Plan:
    bounds = slice_.upper if upper else slice_.lower
    if not bounds or not all(b.closed for b in bounds):
        raise NotApplicable("the function falls towards an end that is not feasible")
    return Plan(slice_, _end_choices(slice_, upper), Whole.ALL if strict else Whole.WHERE_IT_RISES, slope=slope)


def _is_closed(slice_: Slice) -> bool:
    return all(b.closed for b in (*slice_.lower, *slice_.upper))


def _of_stationary(slice_: Slice, slope: Node, curvature: Node) -> Plan:
    """Convex on the whole interval of y on which it is defined, with one stationary point for every x."""
    y = slice_.unknown
    wide = _as_far_as_defined(slice_)
    inner = Region({**wide.intervals, y: _without_ends(wide.intervals[y])})
    if not all(inner.truth(c) for c in (*natural_domain(slope), *natural_domain(curvature))):
        raise NotApplicable("the derivatives in one unknown are not defined everywhere")
    if not inner.signs(tidy(curvature)) <= POSITIVE:
        raise NotApplicable("the function is not convex in one unknown")
    branches = solved_for(slope, y, wide)
    if len(branches) != 1 or branches[0].conditions:
        raise NotApplicable("the stationary points in one unknown are not known for all values of the others")
    best = branches[0].formula
    here = wide.intervals[y]
    needed = [condition("greater", best, here.lower)] if here.lower is not MINUS_INFINITY else []
    needed += [condition("less", best, here.upper)] if here.upper is not INFINITY else []
    if not all(wide.truth(c) for c in (*needed, *natural_domain(best))):
        raise NotApplicable("the stationary point in one unknown may lie where the function is not defined")
    plan = _of_convex(slice_, best)
    if not all(b.closed for b in (*slice_.lower, *slice_.upper) if not _is_end_of(b, here)):
        raise NotApplicable("the function is minimal at an end that is not feasible")
    ends = [c for c in plan.choices if c.attained]
    return replace(plan, choices=ends)


def _is_end_of(bound: Bound, interval: Interval) -> bool:
    """An open end of the interval on which the function is defined, where a convex one has no minimum."""
    return bound.formula is interval.lower or bound.formula is interval.upper


def _as_far_as_defined(slice_: Slice) -> Region:
    """The region with y on the whole interval on which the function is defined, its bounds forgotten."""
    y, here = slice_.unknown, slice_.region.intervals[slice_.unknown]
    needed = [c for c in natural_domain(slice_.problem.minimand) if y in symbols(c)]
    some = inside(here)
    wide = next(i for i in holding([c for c in needed if symbols(c) == [y]], y, Interval()) if _holds_number(i, some))
    region = Region({**slice_.region.intervals, y: wide})
    if not all(region.truth(c) for c in needed):
        raise NotApplicable("where the function is defined along one unknown depends on the others")
    return region


def _holds_number(interval: Interval, value: Node) -> bool:
    return order(interval.lower, value) <= 0 <= order(interval.upper, value)


def _opened(slice_: Slice) -> Region:
    """The box without the ends of y, at which a derivative need not exist."""
    y = slice_.unknown
    return Region({**slice_.box.intervals, y: _without_ends(slice_.box.intervals[y])}, slice_.region.given)


def _without_ends(interval: Interval) -> Interval:
    return replace(interval, lower_closed=False, upper_closed=False)


def _is_smooth(function: Node, unknown: Symbol) -> bool:
    return all(TABLE[n.function].smooth for n in topological(function) if isinstance(n, Call) and unknown in symbols(n))


# ---- pieces --------------------------------------------------------------------------------------------------------------------


def _of_pieces(slice_: Slice) -> Plan:
    """A sum of kinks of linear expressions in y: on every piece it is a polynomial of degree 2 at most."""
    function, y = slice_.problem.minimand, slice_.unknown
    kinks = [n for n in topological(function) if isinstance(n, Call) and n.function in _KINKS and y in symbols(n)]
    if len(kinks) > MAX_KINKS or any(k in topological(*other.args) for k in kinks for other in kinks):
        raise NotApplicable("there are too many kinks in one unknown")
    corners = dict.fromkeys(corner for kink in kinks for corner in _corners(kink, y, slice_.region))
    pieces = [_piece(function, dict(zip(kinks, chosen, strict=True)), y) for chosen in product(*(_sides(k, y) for k in kinks))]
    choices = [Choice(c, tuple(slice_.within(c)), kind="kink") for c in corners]
    choices += [*_end_choices(slice_, upper=False), *_end_choices(slice_, upper=True)]
    for piece in pieces:
        choices.extend(_stationary_choice(slice_, piece))
    whole = Whole.UNLESS_TWO if _is_closed(slice_) else Whole.NOT_KNOWN
    for upper, bounds in ((True, slice_.upper), (False, slice_.lower)):
        if not bounds:
            far = _piece(function, {k: _far_side(k, y, upper) for k in kinks}, y)
            if not _rises(slice_, far, 1 if upper else -1):
                whole = Whole.NOT_KNOWN
    if not choices:
        raise NotApplicable("the function is constant in one unknown")
    return Plan(slice_, list(dict.fromkeys(choices)), whole)


def _lines(kink: Call) -> list[Node]:
    """The expressions of which a kink takes one: u and -u, or all arguments."""
    if kink.function == "abs":
        return [kink.args[0], negate(kink.args[0])]
    return [kink.args[0], number(0)] if kink.function == "relu" else list(kink.args)


def _corners(kink: Call, y: Symbol, region: Region) -> Iterator[Node]:
    """The values of y at which two of the expressions are equal; all others are apart from each other for all y."""
    for a, b in combinations(_lines(kink), 2):
        coefficients = polynomial_in(subtract(a, b), y, 1)
        if coefficients is None:
            raise NotApplicable("a kink is not that of linear expressions")
        if len(coefficients) == 2:
            if symbols(coefficients[1]):
                raise NotApplicable("the slope of a kink depends on the other unknowns")
            if not region.has_no_zero(coefficients[1]):
                raise NotApplicable("the slope of a kink may be 0")
            yield tidy(negate(divide(coefficients[0], coefficients[1])))


def _sides(kink: Call, y: Symbol) -> list[Node]:
    return _lines(kink)


def _far_side(kink: Call, y: Symbol, upper: bool) -> Node:
    """Which expression a kink is for large values of y, or for those far below 0."""
    sign = (1 if upper else -1) * (-1 if kink.function == "minimum" else 1)
    best: tuple[Node, Node] | None = None
    for line in _lines(kink):
        coefficients = polynomial_in(line, y, 1)
        if coefficients is None:
            raise NotApplicable("a kink is not that of linear expressions")
        slope = coefficients[1] if len(coefficients) == 2 else number(0)
        if best is not None and order(slope, best[1]) == 0:
            raise NotApplicable("two expressions of a kink are parallel")
        if best is None or sign * order(slope, best[1]) > 0:
            best = line, slope
    assert best is not None
    return best[0]


def _piece(function: Node, sides: dict[Call, Node], y: Symbol) -> list[Node]:
    coefficients = polynomial_in(substitute(function, {k: sides[k] for k in sides}), y, 2)
    if coefficients is None:
        raise NotApplicable("the function is no polynomial of degree 2 between its kinks")
    return coefficients


def _stationary_choice(slice_: Slice, piece: Sequence[Node]) -> Iterator[Choice]:
    if len(piece) < 3:
        return
    signs = slice_.region.signs(piece[2])
    if signs == POSITIVE:
        best = tidy(negate(divide(piece[1], multiply(2, piece[2]))))
        yield Choice(best, tuple(slice_.within(best)))
    elif not signs <= NOT_POSITIVE:
        raise NotApplicable("it is not known how a piece bends")


def _rises(slice_: Slice, far: Sequence[Node], side: int) -> bool:
    """Whether the function rises strictly towards an infinite end for all x; it is proved that it falls for none."""
    if len(far) == 3:
        if slice_.region.signs(far[2]) != POSITIVE:
            raise NotApplicable("it is not known how the function behaves far out")
        return True
    if len(far) == 1:
        return False
    slope = multiply(side, far[1])
    signs = slice_.region.signs(slope)
    return signs == POSITIVE if signs <= NOT_NEGATIVE else _check_slope(slice_, slope, side)
