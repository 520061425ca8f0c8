"""Problems with parameters, told apart by signs of expressions of the parameters, and the answers put together with `if`.

A `Question` is a minimisation with what is assumed of its parameters. `by_cases` answers it; where the sign of an
expression q has to be known (`Open`), it answers q < 0, q = 0 and q > 0 on their own, each with one assumption more. For q = 0 a
parameter is replaced by what it has to be. The three answers are one formula, `if(q <= 0, A, B)` and the like; the answer
for q = 0 joins a neighbour whose formulas it agrees with. The status has to be the same in all cases.

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.exact.parameters.parametric_several import least
>>> from optbench.problem.interval import Interval
>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> a, x = symbol("a"), symbol("x")
>>> question = Question(parse("x^2 - 2*a*x").node, ((x, Interval(number(0), number(1))),), (), Assumptions({a: KINDS["real"]}))
>>> by_cases(question, least).points
({x: if(a <= 0, 0, if(a <= 1, a, 1))},)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.sums import plain_sum, product_node, scaled
from optbench.exact.parameters.assumptions import Assumptions, Open
from optbench.exact.parameters.parametric_line import Outcome, Place, decided, holds, range_conditions, table_of
from optbench.exact.region.signs import NEGATIVE, POSITIVE, ZERO, normal_form
from optbench.language.build import add, call, condition, number, substitute, subtract
from optbench.language.domain import natural_domain
from optbench.language.graph import GraphError, Node, Symbol, symbols
from optbench.language.text import text
from optbench.problem.interval import Interval
from optbench.result import Status

MAX_DEPTH = 6  # cases inside of cases
MAX_CASES = 40
MAX_SECONDS = 1.5  # of processor time, for one route


class Unfit(NotApplicable):
    """The step is for problems of another form."""


@dataclass
class Effort:
    """What all cases of one problem share; the last one that began counts."""

    deadline: float = field(default_factory=lambda: time.process_time() + MAX_SECONDS)
    cases: int = 0

    def spend(self) -> None:
        """Count a case; raise `NotApplicable` when there are too many."""
        self.cases += 1
        if self.cases > MAX_CASES:
            raise NotApplicable("the parameters would have to be told apart in too many cases")


_efforts: list[Effort] = []


def check_time() -> None:
    """Raise `NotApplicable` once the cases of a problem have taken too long."""
    if _efforts and time.process_time() > _efforts[-1].deadline:
        raise NotApplicable("the parameters would have to be told apart for too long")


@dataclass(frozen=True)
class Question:
    """The least value of a minimand over unknowns with ranges under conditions, for all parameters that are assumed."""

    minimand: Node
    unknowns: tuple[tuple[Symbol, Interval], ...]
    conditions: tuple[Node, ...]  # comparisons, also those that say where all is defined
    given: Assumptions

    def without(self, s: Symbol, value: Node) -> Question:
        """The question where a parameter has a value."""
        table: dict[Node, Node] = {s: value}
        conditions = tuple(substitute(c, table) for c in self.conditions)
        return Question(substitute(self.minimand, table), self.unknowns, conditions, self.given.without(s, value))

    @property
    def symbols(self) -> list[Symbol]:
        """The unknowns."""
        return [s for s, _ in self.unknowns]


Answer = Callable[[Question], Outcome]
Values: TypeAlias = Mapping[Symbol, Node]


def by_cases(question: Question, answer: Answer, effort: Effort | None = None, depth: int = MAX_DEPTH) -> Outcome:
    """Return one outcome for all parameters; raise `NotApplicable` where there is none."""
    if effort is None:
        effort = Effort()
        _efforts[:] = [effort]
    effort.spend()
    check_time()
    try:
        return answer(question)
    except Open as case:
        q = case.expression
    if not depth or not symbols(q) or any(s not in question.given.intervals for s in symbols(q)):
        raise NotApplicable(f"the sign of {q} is not known")
    signs = question.given.signs(q)
    found: dict[int, Outcome] = {}
    values = _where_zero(question.given, q) if 0 in signs else {}
    for sign in sorted(signs, key=lambda s: s == 0):
        part = _case(question, q, sign, values)
        try:
            found[sign] = by_cases(part, answer, effort, depth - 1)
        except NotApplicable as reason:
            raise _in_case(q, sign, reason) from None
    _check_statuses(q, found)
    return _joined(question, q, found, values)


def _where_zero(given: Assumptions, q: Node) -> Values:
    """What parameters are where q = 0: one in which q is linear, or all of a sum of even powers; nothing where that is not seen."""
    solved = given.solved(q)
    if solved is not None:
        return dict([solved])
    form = normal_form(q)
    if form is None or symbols(plain_sum(form.bottom)) or not all(c > 0 for c in form.top.values()):
        return {}
    powers = [next(iter(m)) for m in form.top if len(m) == 1]
    if len(powers) < len(form.top) or not all(isinstance(s, Symbol) and e > 0 and e.denominator == 1 and e % 2 == 0 for s, e in powers):
        return {}
    return {s: number(0) for s, _ in powers if isinstance(s, Symbol)}


def _case(question: Question, q: Node, sign: int, values: Values) -> Question:
    if sign == 0:
        if not values:
            return replace(question, given=question.given.having(q, ZERO))
        for s, value in values.items():
            question = question.without(s, value)
        return question
    return replace(question, given=question.given.having(q, POSITIVE if sign > 0 else NEGATIVE))


def _in_case(q: Node, sign: int, reason: NotApplicable) -> NotApplicable:
    words = str(reason)
    if words.startswith(("the parameters would", "for ")):
        return reason
    return NotApplicable(f"for {text(comparison(q, ('equal', 'greater', 'less')[sign]))}: {words}")


def _check_statuses(q: Node, found: dict[int, Outcome]) -> None:
    statuses = {o.status for o in found.values()}
    if len(statuses) > 1:
        names = [f"{_WORDS[o.status]} for {text(comparison(q, ('equal', 'greater', 'less')[s]))}" for s, o in found.items()]
        raise NotApplicable(f"the answer depends on the parameters: {', '.join(names)}")


_WORDS = {
    Status.OPTIMAL: "there is an optimum",
    Status.NOT_ATTAINED: "the optimum is not attained",
    Status.UNBOUNDED: "it is unbounded",
    Status.INFEASIBLE: "no point is feasible",
}


# ---- one formula ------------------------------------------------------------------------------------------------------------------


def _joined(question: Question, q: Node, found: dict[int, Outcome], values: Values) -> Outcome:
    below, zero, above = (found.get(s) for s in (-1, 0, 1))
    if zero is not None:
        wider_below = None if below is None else _extended(below, zero, question, q, values)
        wider_above = None if above is None else _extended(above, zero, question, q, values)
        if wider_below and wider_above and below == above:
            return wider_below
        if wider_below and (wider_above is None or wider_below.complete >= wider_above.complete):
            return wider_below if above is None else _chosen(q, "less_equal", wider_below, above)
        if wider_above:
            return wider_above if below is None else _chosen(q, "less", below, wider_above)
        rest = zero
        if above is not None:
            rest = _chosen(q, "equal", zero, above)
            if _has_value(above, zero, question, q, values):
                rest = replace(rest, value=above.value)
        return _chosen(q, "less", below, rest) if below else rest
    if below is None or above is None:
        return next(iter(found.values()))
    return below if below == above else _chosen(q, "less", below, above)


def _extended(other: Outcome, zero: Outcome, question: Question, q: Node, values: Values) -> Outcome | None:
    """The outcome of a neighbour if its formulas are right where q = 0, too; perhaps not complete any more."""
    if zero.value is None or other.value is None or not other.points:
        return other if zero.value is other.value else None
    table = dict[Node, Node](values.items())
    case = _case(question, q, 0, values)
    try:
        if not case.given.vanishes(subtract(substitute(other.value, table), zero.value)):
            return None
        points = [{s: substitute(f, table) for s, f in p.items()} for p in other.points]
        if not all(holds(c, case.given) for c in natural_domain(*(f for p in points for f in p.values()))):
            return None
        met = [_place_of(p, zero, case.given) for p in points]
        if any(k is None and not _is_optimal(p, zero, case) for k, p in zip(met, points, strict=True)):
            return None
    except GraphError:
        return None
    return replace(other, complete=other.complete and zero.complete and set(met) >= set(range(len(zero.points))))


def _has_value(other: Outcome, zero: Outcome, question: Question, q: Node, values: Values) -> bool:
    """Whether the value of a neighbour is defined and right where q = 0, too."""
    if zero.value is None or other.value is None:
        return False
    case = _case(question, q, 0, values)
    try:
        value = substitute(other.value, dict[Node, Node](values.items()))
        return all(holds(c, case.given) for c in natural_domain(value)) and case.given.vanishes(subtract(value, zero.value))
    except GraphError:
        return False


def _place_of(p: Place, zero: Outcome, given: Assumptions) -> int | None:
    """Which of the solutions where q = 0 a point is."""
    for k, z in enumerate(zero.points):
        if all(given.vanishes(subtract(p[s], z[s])) for s in p):
            return k
    return None


def _is_optimal(p: Place, zero: Outcome, case: Question) -> bool:
    """Whether a point is feasible and has the optimal value where q = 0."""
    if zero.status is not Status.OPTIMAL or zero.value is None:
        return False
    table = table_of(p)
    ranges = [c for s, interval in case.unknowns for c in range_conditions(p[s], interval)]
    if not all(holds(c, case.given) for c in [*ranges, *(substitute(c, table) for c in case.conditions)]):
        return False
    return case.given.vanishes(subtract(decided(substitute(case.minimand, table), case.given), zero.value))


def _chosen(q: Node, function: str, yes: Outcome, no: Outcome) -> Outcome:
    """The outcome `yes` where the comparison of q with 0 holds, else `no`; a point of the one goes with some point of the other."""
    c = comparison(q, function)
    count = max(len(yes.points), len(no.points))
    points = []
    for i in range(count):
        a, b = yes.points[i % len(yes.points)], no.points[i % len(no.points)]
        points.append({s: _if(c, a[s], b[s]) for s in a})
    value = None if yes.value is None or no.value is None else _if(c, yes.value, no.value)
    kinds = tuple(min(yes.kinds[i % len(yes.kinds)], no.kinds[i % len(no.kinds)]) for i in range(count))
    return Outcome(yes.status, value, tuple(points), yes.complete and no.complete, kinds)


def _if(c: Node, yes: Node, no: Node) -> Node:
    return yes if yes is no else call("if", c, yes, no)


def comparison(q: Node, function: str) -> Node:
    """Return the comparison of an expression with 0, with a positive term on each side where there are such."""
    form = normal_form(q)
    if form is None or len(form.bottom) > 1:
        return condition(function, q, 0)
    left = {m: c for m, c in form.top.items() if c > 0}
    right = {m: c for m, c in form.top.items() if c < 0}
    moved = {m: c for m, c in left.items() if not m}
    if right and moved and len(left) > 1:
        left = {m: c for m, c in left.items() if m}
        right = {**right, **moved}
    if not left:
        turned = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal", "equal": "equal"}
        return condition(turned[function], add(*(product_node(-c, m, []) for m, c in right.items())), 0)
    return condition(function, plain_sum(left), plain_sum(scaled(right, Fraction(-1))) if right else number(0))
