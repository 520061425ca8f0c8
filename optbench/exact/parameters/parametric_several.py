"""The minimum over several unknowns of a function with parameters, by steps that each leave a smaller problem.

- *Equations*: one that is linear in an unknown, with a factor that is nowhere 0, gives that unknown; its range becomes a condition.
- *One after the other*: inf over (x, y) of f is the infimum over x of inf over y of f(x, y). The inner problem has one unknown, and
  x is a parameter in it. Where the inner minimum is attained at the same formula y(x) for all x, it is put in. Where the
  feasible y are an interval between formulas of x, that this isn't empty is a condition on x.
- *Ellipsoids*: see `parametric_ellipsoid`.
- *Roots*: an equation A*s^2 + B == 0 gives s = sqrt(-B/A), where s >= 0, or the sign of s makes no difference.
- *Inactive or active*: without one inequality g <= 0 let x0 be the minimiser. If g(x0) <= 0, it is the answer. Else, where f
  is convex and the other conditions are linear, the way from any feasible point to x0 meets g = 0 where f is not higher; so g == 0.
- *Separate sums*: unknowns that occur in different terms and conditions are separate problems.

Each step is tried under the assumptions on the parameters; `Open` names a sign on which the answer depends.

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> a, x, y = symbol("a"), symbol("x"), symbol("y")
>>> given = Assumptions({a: KINDS["positive"]})
>>> least(Question(parse("x^2 + a*y^2 - 2*x*y*0 - 2*y").node, ((x, Interval()), (y, Interval())), (), given)).value
-1/a
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from optbench.exact.answer import NotApplicable
from optbench.exact.parameters.assumptions import KINDS, Assumptions, Open, linear_in
from optbench.exact.parameters.parametric_cases import Question, Unfit, check_time
from optbench.exact.parameters.parametric_ellipsoid import on_ellipsoid
from optbench.exact.parameters.parametric_line import (
    INFEASIBLE,
    SIGNS,
    Outcome,
    Section,
    decided,
    holds,
    least_on_line,
    least_on_section,
    range_conditions,
    section_of,
    table_of,
)
from optbench.exact.region.signs import NOT_POSITIVE, POSITIVE, is_continuous
from optbench.language.build import add, condition, divide, multiply, negate, number, substitute, subtract
from optbench.language.build import call as build_call
from optbench.language.derivative import NotDifferentiable, gradient, hessian
from optbench.language.graph import Call, GraphError, Node, Symbol, size, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.result import Status

MAX_UNKNOWNS = 5
MAX_NODES = 400


def least(question: Question) -> Outcome:
    """Return the infimum; raise `Open` or `NotApplicable` where it isn't one formula, or not found."""
    question = _without_settled(question)
    if any(holds(c, question.given) is False for c in question.conditions):
        return INFEASIBLE
    free = [c for c in question.conditions if not set(symbols(c)) & set(question.symbols)]
    for c in free:
        _need(c, question.given)
    question = replace(question, conditions=tuple(c for c in question.conditions if c not in free))
    if not question.unknowns:
        value = question.given.simplified(decided(question.minimand, question.given))
        return Outcome(Status.OPTIMAL, value, ({},), True, ("interior",))
    outer = _peeled(question)
    if outer is not None:
        return outer
    if len(question.unknowns) == 1:
        [(x, interval)] = question.unknowns
        return least_on_line(question.minimand, x, interval, question.conditions, question.given)
    if len(question.unknowns) > MAX_UNKNOWNS or size(question.minimand) > MAX_NODES:
        raise NotApplicable("the problem with parameters has too many unknowns or parts")
    return _first(question)


def _need(c: Node, given: Assumptions) -> None:
    """A condition on the parameters alone has to hold; where it is open, the parameters are told apart."""
    if holds(c, given) is True:
        return
    if isinstance(c, Call) and len(c.args) == 2 and c.function in SIGNS:
        given.sign(subtract(*c.args))
    raise NotApplicable(f"it is not known whether {c}")


def _without_settled(question: Question) -> Question:
    """Without conditions that always hold in the ranges."""
    inside = _inside(question)
    kept = [c for c in question.conditions if not _surely(c, inside)]
    return replace(question, conditions=tuple(dict.fromkeys(kept)))


def _surely(c: Node, inside: Assumptions) -> bool:
    if isinstance(c, Call) and c.function in SIGNS and not any(a.shape for a in c.args):
        return inside.signs(subtract(*c.args)) <= SIGNS[c.function]
    return inside.region.truth(c) is True


def _inside(question: Question, but: Symbol | None = None) -> Assumptions:
    """The assumptions on the parameters and the ranges of all unknowns, but one."""
    given = question.given
    for s, interval in question.unknowns:
        if s is not but:
            given = given.with_symbol(s, interval)
    return given


def _first(question: Question) -> Outcome:
    """The first step that works; where none does, the first sign of parameters that one of them needs."""
    reason: NotApplicable | None = None
    for steps in (_steps(question), _further_steps(question)):
        case: Open | None = None
        for step in steps:
            check_time()
            try:
                return step()
            except Open as needed:
                if case is None and set(symbols(needed.expression)) <= set(question.given.intervals) - set(question.symbols):
                    case = needed
            except Unfit:
                continue
            except NotApplicable as not_applicable:
                reason = reason or not_applicable
            except (GraphError, NotDifferentiable, ZeroDivisionError):
                continue
        if case is not None:
            raise case
    raise reason or NotApplicable("no step leads to a smaller problem with parameters")


Step = Callable[[], Outcome]


def _steps(question: Question) -> Iterator[Step]:
    yield lambda: _separated(question)
    for i, c in enumerate(question.conditions):
        if isinstance(c, Call) and c.function == "equal":
            for s, interval in sorted(question.unknowns, key=lambda u: u[1] != Interval()):
                yield lambda i=i, s=s, interval=interval: _eliminated(question, i, s, interval)  # type: ignore[misc]
            yield lambda i=i: on_ellipsoid(question, i)  # type: ignore[misc]
            for s, interval in question.unknowns:
                yield lambda i=i, s=s, interval=interval: _root_taken(question, i, s, interval)  # type: ignore[misc]
    for i, c in enumerate(question.conditions):
        if isinstance(c, Call) and c.function in ("less_equal", "greater_equal"):
            yield lambda i=i: on_ellipsoid(question, i)  # type: ignore[misc]
    for s, interval in reversed(question.unknowns):
        yield lambda s=s, interval=interval: _one_by_one(question, s, interval)  # type: ignore[misc]


def _further_steps(question: Question) -> Iterator[Step]:
    """What takes longer, and is not tried where another step only needs the parameters to be told apart."""
    for s, interval in question.unknowns if len(question.unknowns) == 2 else ():
        if interval.lower_closed or interval.upper_closed:
            yield lambda s=s, interval=interval: _end_apart(question, s, interval)  # type: ignore[misc]
    for i, c in enumerate(question.conditions):
        if isinstance(c, Call) and c.function in ("less_equal", "greater_equal"):
            yield lambda i=i: _inactive_or_active(question, i)  # type: ignore[misc]


def _peeled(question: Question) -> Outcome | None:
    """sqrt(g) is least where g is, and -sqrt(g) where -g is."""
    node, sign = question.minimand, 1
    if isinstance(node, Call) and node.function == "negate":
        node, sign = node.args[0], -1
    if not (isinstance(node, Call) and node.function == "sqrt"):
        return None
    try:
        found = least(replace(question, minimand=multiply(sign, node.args[0])))
    except NotApplicable:
        return None
    if found.status is not Status.OPTIMAL or found.value is None:
        return None
    value = multiply(sign, build_call("sqrt", question.given.simplified(multiply(sign, found.value))))
    return replace(found, value=question.given.simplified(value))


# ---- separate problems ---------------------------------------------------------------------------------------------------------


def _separated(question: Question) -> Outcome:
    """A sum of functions of different unknowns."""
    terms = _terms(question.minimand)
    groups = _groups(question, [*terms, *question.conditions])
    if len(groups) < 2:
        raise Unfit("the unknowns are not separate")
    constant = [t for t in terms if not set(symbols(t)) & set(question.symbols)]
    outcomes = []
    for group in groups:
        mine = [t for t in terms if set(symbols(t)) & group]
        conditions = tuple(c for c in question.conditions if set(symbols(c)) & group)
        part = Question(add(*mine) if mine else number(0), tuple(u for u in question.unknowns if u[0] in group), conditions, question.given)
        outcomes.append(least(part))
    if any(o.status is not Status.OPTIMAL for o in outcomes):
        raise NotApplicable("a part of the problem has no minimum")
    value = question.given.simplified(add(*(o.value for o in outcomes if o.value is not None), *constant))
    points: list[dict[Symbol, Node]] = [{}]
    for o in outcomes:
        points = [{**p, **dict(q)} for p in points for q in o.points]
    kinds = ("interior",) if all(set(o.kinds) == {"interior"} for o in outcomes) else ("boundary",)
    return Outcome(Status.OPTIMAL, value, tuple(points), all(o.complete for o in outcomes), kinds * len(points))


def _terms(node: Node) -> list[Node]:
    if isinstance(node, Call) and node.function == "add":
        return [t for a in node.args for t in _terms(a)]
    if isinstance(node, Call) and node.function == "negate":
        return [negate(t) for t in _terms(node.args[0])]
    return [node]


def _groups(question: Question, parts: list[Node]) -> list[set[Symbol]]:
    """The unknowns that hang together."""
    groups: list[set[Symbol]] = [{s} for s in question.symbols]
    for part in parts:
        together = set(symbols(part)) & set(question.symbols)
        touched = [g for g in groups if g & together]
        if len(touched) > 1:
            groups = [g for g in groups if not g & together] + [set().union(*touched)]
    return groups


# ---- equations ------------------------------------------------------------------------------------------------------------------


def _eliminated(question: Question, i: int, s: Symbol, interval: Interval) -> Outcome:
    equation = question.conditions[i]
    assert isinstance(equation, Call)
    residual = subtract(*equation.args)
    inside = _inside(question, None)
    with inside.applied():
        parts = linear_in(residual, s)
    if parts is None:
        raise Unfit(f"{equation} is not solved for {s.name}")
    more = []
    if 0 in inside.signs(parts[0]):
        if set(symbols(parts[0])) <= set(question.given.intervals):
            question.given.sign(parts[0])
        more = [_sign_of_factor(parts, s, inside)]
    value = inside.simplified(negate(divide(parts[1], parts[0])))
    return _lifted(question, s, value, [*more, *range_conditions(value, interval)], i)


def _sign_of_factor(parts: tuple[Node, Node], s: Symbol, inside: Assumptions) -> Node:
    """The condition on A that A*s + B == 0 implies where s and B have one sign each."""
    signs = inside.signs(parts[1]), inside.signs(s)
    if any(len(found) > 1 or 0 in found for found in signs):
        raise Unfit(f"an equation is not solved for {s.name}")
    [b], [sign] = signs
    return condition("less" if b * sign > 0 else "greater", parts[0], 0)


def _root_taken(question: Question, i: int, s: Symbol, interval: Interval) -> Outcome:
    """An equation A*s^2 + B == 0, where s is not negative, or its sign makes no difference: then s = sqrt(-B/A), or the opposite."""
    equation = question.conditions[i]
    assert isinstance(equation, Call)
    both = interval == Interval()
    if not both and interval not in (KINDS["positive"], KINDS["nonnegative"]):
        raise Unfit(f"{s.name} has ends")
    inside = _inside(question)
    slope, curvature = _slope_and_curvature(subtract(*equation.args), s, inside)
    zero: dict[Node, Node] = {s: number(0)}
    if s in symbols(curvature) or not inside.vanishes(substitute(slope, zero)) or 0 in inside.signs(curvature):
        raise Unfit(f"{equation} is not solved for {s.name}")
    others = [c for k, c in enumerate(question.conditions) if k != i and s in symbols(c)]
    if both and (others or not inside.vanishes(subtract(substitute(question.minimand, {s: negate(s)}), question.minimand))):
        raise Unfit(f"the sign of {s.name} makes a difference")
    square = inside.simplified(negate(divide(multiply(2, substitute(subtract(*equation.args), zero)), curvature)))
    more = [condition("greater_equal" if interval != KINDS["positive"] else "greater", square, 0)]
    found = _lifted(question, s, build_call("sqrt", square), more, i)
    if not both:
        return found
    mirrored = tuple({**p, s: question.given.simplified(negate(p[s]))} for p in found.points if p[s] is not number(0))
    kept = tuple(k for k, p in zip(found.kinds, found.points, strict=False) if p[s] is not number(0))
    return replace(found, points=(*found.points, *mirrored), kinds=(*found.kinds, *kept))


def _slope_and_curvature(node: Node, s: Symbol, inside: Assumptions) -> tuple[Node, Node]:
    [slope] = gradient(node, [s])
    [curvature] = gradient(slope, [s])
    return slope, inside.simplified(curvature)


def _lifted(question: Question, s: Symbol, value: Node, more: list[Node], gone: int | None = None) -> Outcome:
    """The outcome with a formula in the place of an unknown."""
    table: dict[Node, Node] = {s: value}
    conditions = [substitute(c, table) for k, c in enumerate(question.conditions) if k != gone]
    unknowns = tuple(u for u in question.unknowns if u[0] is not s)
    smaller = Question(substitute(question.minimand, table), unknowns, (*more, *conditions), question.given)
    smaller = replace(smaller, minimand=_shorter(smaller))
    found = least(smaller)
    if found.status is not Status.OPTIMAL:
        return replace(found, points=())
    points = []
    for p in found.points:
        lifted = question.given.simplified(decided(substitute(value, table_of(p)), question.given))
        points.append({**p, s: lifted})
    return replace(found, points=tuple(points))


def _shorter(question: Question) -> Node:
    """The minimand in a shorter form with the same value wherever all was defined, which the conditions say."""
    return _inside(question).simplified(question.minimand)


# ---- one after the other ----------------------------------------------------------------------------------------------------


def _one_by_one(question: Question, s: Symbol, interval: Interval) -> Outcome:
    inside = _inside(question, s)
    own = [c for c in question.conditions if s in symbols(c)]
    others = [c for c in question.conditions if s not in symbols(c)]
    for c in others:
        if isinstance(c, Call) and c.function in SIGNS and not any(a.shape for a in c.args):
            inside = inside.with_fact(subtract(*c.args), SIGNS[c.function])
    section, more = _section(s, interval, own, inside, question)
    if section is None:
        return INFEASIBLE
    if not more:
        section, more = _not_empty(section, question)
    found = least_on_section(question.minimand, s, section)
    strict = all(isinstance(c, Call) and c.function in ("greater", "less") for c in more)
    if found.status is not Status.OPTIMAL or (not strict and set(found.kinds) != {"boundary"}):
        raise NotApplicable(f"there is no one best {s.name} for each choice of the others")
    if len(found.points) > 1:
        return _of_several(question, s, found, more)
    return _completed(_lifted(replace(question, conditions=tuple(others)), s, found.points[0][s], more), found)


def _section(s: Symbol, interval: Interval, own: list[Node], inside: Assumptions, question: Question) -> tuple[Section | None, list[Node]]:
    """The feasible values of an unknown, with the condition on the others without which there are none."""
    try:
        return section_of(s, interval, own, inside), []
    except Open as case:
        q = case.expression
        if not set(symbols(q)) & set(question.symbols):
            raise
    sections = {}
    for sign in inside.signs(q):
        found = section_of(s, interval, own, inside.with_fact(q, frozenset((sign,))))
        if found is not None:
            sections[sign] = found
    if len(sections) != 1 or 0 in sections:
        raise NotApplicable(f"the range of {s.name} is not the same formula for all choices of the others")
    [(sign, section)] = sections.items()
    return section, [condition("greater" if sign > 0 else "less", q, 0)]


def _completed(outcome: Outcome, inner: Outcome) -> Outcome:
    return replace(outcome, complete=outcome.complete and inner.complete)


def _of_several(question: Question, s: Symbol, found: Outcome, more: list[Node]) -> Outcome:
    """Several best values of an unknown, each of which gives solutions."""
    others = tuple(c for c in question.conditions if s not in symbols(c))
    parts = [_lifted(replace(question, conditions=others), s, p[s], more) for p in found.points]
    if any(p.status is not Status.OPTIMAL for p in parts):
        raise NotApplicable("a part of the problem has no minimum")
    points = tuple(p for part in parts for p in part.points)
    kinds = tuple(k for part in parts for k in part.kinds)
    return Outcome(Status.OPTIMAL, parts[0].value, points, found.complete and all(p.complete for p in parts), kinds)


def _not_empty(section: Section, question: Question) -> tuple[Section, list[Node]]:
    """The section, assumed not to be empty where that depends on the other unknowns, which then is a condition on them."""
    if section.lower is MINUS_INFINITY or section.upper is INFINITY or section.lower is section.upper:
        return section, []
    length = subtract(section.upper, section.lower)
    if section.given.signs(length) <= POSITIVE or not set(symbols(length)) & set(question.symbols):
        return section, []
    closed = section.lower_closed and section.upper_closed
    given = section.given.with_fact(length, POSITIVE)
    between = replace(section.between, facts=(*section.between.facts, *given.facts[len(section.given.facts) :]))
    return section._replace(given=given, between=between), [condition("greater_equal" if closed else "greater", length, 0)]


def _end_apart(question: Question, s: Symbol, interval: Interval) -> Outcome:
    """The infimum over a range with a closed end is the lower one of those without the end and at the end."""
    end = interval.lower if interval.lower_closed else interval.upper
    opened = replace(interval, lower_closed=False) if interval.lower_closed else replace(interval, upper_closed=False)
    unknowns = tuple((u, opened if u is s else i) for u, i in question.unknowns)
    without = least(replace(question, unknowns=unknowns))
    if without.status is not Status.OPTIMAL or without.value is None:
        raise NotApplicable(f"without the end of the range of {s.name} there is no minimum")
    table: dict[Node, Node] = {s: end}
    conditions = tuple(substitute(c, table) for c in question.conditions)
    minimand = decided(substitute(question.minimand, table), question.given)
    at = least(Question(minimand, tuple(u for u in question.unknowns if u[0] is not s), conditions, question.given))
    if at.status is Status.INFEASIBLE:
        return without
    if at.status is not Status.OPTIMAL or at.value is None:
        raise NotApplicable(f"at the end of the range of {s.name} there is no minimum")
    order = question.given.sign(subtract(without.value, at.value))
    if order < 0:
        return without
    there = replace(at, points=tuple({**p, s: end} for p in at.points))
    if order > 0:
        return there
    return Outcome(
        Status.OPTIMAL, at.value, (*without.points, *there.points), without.complete and at.complete, (*without.kinds, *at.kinds)
    )


# ---- inactive or active -------------------------------------------------------------------------------------------------------------


def _inactive_or_active(question: Question, i: int) -> Outcome:
    c = question.conditions[i]
    assert isinstance(c, Call)
    others = tuple(o for k, o in enumerate(question.conditions) if k != i)
    relaxed = least(replace(question, conditions=others))
    if relaxed.status is not Status.OPTIMAL or len(relaxed.points) != 1 or not relaxed.complete:
        raise NotApplicable("without a condition there is no single minimiser")
    residual = subtract(*c.args) if c.function == "less_equal" else subtract(c.args[1], c.args[0])
    at = question.given.simplified(substitute(residual, table_of(relaxed.points[0])))
    if question.given.signs(at) <= NOT_POSITIVE or question.given.sign(at) <= 0:
        return relaxed
    if not is_continuous(residual) or not _is_convex(question) or not all(_is_linear(o, question) for o in others):
        raise NotApplicable("the function is not proved to be convex")
    return least(replace(question, conditions=(condition("equal", residual, 0), *others)))


def _is_linear(c: Node, question: Question) -> bool:
    if not isinstance(c, Call) or c.function not in SIGNS or c.function in ("equal", "not_equal"):
        return isinstance(c, Call) and c.function == "equal" and _is_affine(subtract(*c.args), question)
    return _is_affine(subtract(*c.args), question)


def _is_affine(node: Node, question: Question) -> bool:
    inside = _inside(question)
    return all(not set(symbols(inside.simplified(g))) & set(question.symbols) for g in gradient(node, question.symbols))


def _is_convex(question: Question) -> bool:
    """Whether all leading minors of the second derivatives are positive in the ranges."""
    inside = _inside(question)
    matrix = [[inside.simplified(h) for h in row] for row in hessian(question.minimand, question.symbols)]
    return all(inside.signs(_determinant([row[:k] for row in matrix[:k]])) <= POSITIVE for k in range(1, len(matrix) + 1))


def _determinant(matrix: list[list[Node]]) -> Node:
    if len(matrix) == 1:
        return matrix[0][0]
    minors = [_determinant([row[:j] + row[j + 1 :] for row in matrix[1:]]) for j in range(len(matrix))]
    return add(*(multiply((-1) ** j, matrix[0][j], m) for j, m in enumerate(minors)))
