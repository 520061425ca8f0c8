"""Parts of a problem, solved by the whole stage, and the least of several cases: what the reductions have in common.

A reduction shows that the infimum of a problem is the least of the infima of some `Case`s, each a smaller problem whose
feasible points are lifted to feasible points of the whole with the same value. `least` then compares the cases exactly and
puts the answer together; where one case has no exact answer there is none of the whole.
`part_of` writes a part down with all conditions under which the whole was defined and feasible, so that no point is
gained. `solved` re-enters the stage; what is being solved already, or lies too deep, is refused.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> whole = validated(ProblemDraft("minimize", Text("(x - 1)^2 + y^2")), open_names=True)
>>> y = symbol("y")
>>> smaller = part_of(whole, parse("(x - 1)^2").node, [v for v in whole.variables if v.symbol is not y], [])
>>> least(whole, "example", [Case(smaller, {y: parse("0").node})]).value_exact
'0'
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import islice
from typing import Any, TypeAlias

from optbench.arithmetic.balls import compare, value_of
from optbench.exact import several
from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.line.pieces import Place, Undecided, Undefined, point, sign, smoothed
from optbench.exact.numbers.formula import as_float, enclosure
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.reach import check_reach
from optbench.exact.region.signs import NEGATIVE, NOT_POSITIVE, NOT_ZERO, ZERO, Region, Signs, tidy
from optbench.exact.several import Point
from optbench.language.build import condition, negate, number, substitute, subtract, symbol
from optbench.language.derivative import NotDifferentiable
from optbench.language.domain import natural_domain
from optbench.language.elaborate import parse
from optbench.language.graph import Call, GraphError, Node, Symbol, size, symbols
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval, restricted
from optbench.problem.problem import Problem, Variable
from optbench.result import Assurance, Status

MAX_UNKNOWNS = 12
MAX_NODES = 1_000
MAX_DEPTH = 10  # problems inside of problems
MAX_PARTS = 150  # problems inside of one problem
MAX_SECONDS = 3.0  # of all parts of one problem; a part that has begun is not stopped
MAX_KNOWN = 2_000  # answers that are kept
MAX_POINTS = 64
_NO_PROOFS = ("gradient",)  # strategies whose answers are never exact

Send: TypeAlias = Callable[[dict[str, Any]], None]


def check(problem: Problem) -> None:
    """Raise `NotApplicable` unless the unknowns are a few numbers and every part of the problem is known."""
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES, constraints=True)


class Infeasible(Exception):
    """A condition holds nowhere."""


# ---- the conditions of a problem -----------------------------------------------------------------------------------------


def comparisons(problem: Problem) -> list[Node]:
    """Return the constraints as single conditions."""
    return [c for constraint in problem.constraints for c in _taken_apart(constraint.condition)]


def _taken_apart(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.function == "and":
        for part in node.args:
            yield from _taken_apart(part)
    else:
        yield node


def range_conditions(variable: Variable, value: Node) -> list[Node]:
    """Return what it takes for a value to lie in the range of a variable."""
    interval, found = variable.ranges[0], []
    if interval.lower is not MINUS_INFINITY:
        found.append(condition("greater_equal" if interval.lower_closed else "greater", value, interval.lower))
    if interval.upper is not INFINITY:
        found.append(condition("less_equal" if interval.upper_closed else "less", value, interval.upper))
    return found


def region_of(problem: Problem) -> Region:
    """Return what is known of the feasible points: ranges, single conditions on one unknown, and all comparisons."""
    every = [*problem.domain, *comparisons(problem)]
    intervals = {v.symbol: v.ranges[0] for v in problem.variables}
    facts: list[tuple[Node, Signs]] = []
    for c in every:
        found = symbols(c)
        if len(found) == 1 and (narrower := restricted(intervals[found[0]], c, found[0])) is not None:
            if narrower.is_empty:
                raise Infeasible(f"{text(c)} does not hold")
            intervals[found[0]] = narrower
        elif isinstance(c, Call) and c.function in _RESIDUAL_SIGNS:
            left, right = c.args if not c.function.startswith("greater") else reversed(c.args)
            facts.append((subtract(left, right), _RESIDUAL_SIGNS[c.function]))
    return Region(intervals, facts)


_RESIDUAL_SIGNS = {
    "less": NEGATIVE,
    "greater": NEGATIVE,
    "less_equal": NOT_POSITIVE,
    "greater_equal": NOT_POSITIVE,
    "equal": ZERO,
    "not_equal": NOT_ZERO,
}


def part_of(problem: Problem, objective: Node, variables: Sequence[Variable], conditions: Iterable[Node]) -> Problem:
    """Return the problem of minimising a function under conditions.

    The objective may be rewritten in a form that is defined at more points, so the conditions have to say where it is
    defined; those that surely hold are left out. Raises `Infeasible` where one of them holds nowhere.
    """
    smaller = several.part(problem, tidy(objective), variables, [])
    intervals = region_of(smaller)
    implied = set(smaller.domain)
    kept: dict[Node, None] = {}
    for simple in (part for c in conditions for part in _taken_apart(c)):
        if simple in implied:
            continue
        c = shortened(simple)
        held = holds(c) if not symbols(c) else intervals.truth(c)
        if held is False:
            raise Infeasible(f"{text(c)} does not hold")
        if held is None:
            kept[c] = None
    return several.part(problem, smaller.objective, variables, list(kept))


def replaced(problem: Problem, values: Mapping[Node, Node], more: Iterable[Node] = (), objective: Node | None = None) -> Problem:
    """Return the problem with formulas in the place of some unknowns, which have to lie in their ranges.

    All other constraints are kept, and where the problem is defined. `more`: further conditions; `objective`: the minimand
    with the formulas put in, where it is known in a shorter form.
    """
    table = dict(values)
    gone = [v for v in problem.variables if v.symbol in table]
    conditions = [
        *(c for v in gone for c in range_conditions(v, table[v.symbol])),
        *(substitute(c, table) for c in problem.domain),
        *more,
        *(substitute(c, table) for c in comparisons(problem)),
    ]
    reduced = substitute(problem.minimand, table) if objective is None else objective
    return part_of(problem, reduced, [v for v in problem.variables if v.symbol not in table], conditions)


def shortened(c: Node) -> Node:
    """Return a condition that holds at the same points at which its parts are defined, written shorter."""
    if not isinstance(c, Call) or c.function in ("and", "or", "not"):
        return c
    if any(a.shape for a in c.args) or not symbols(c):
        return c
    left = tidy(subtract(*c.args))
    if natural_domain(left) != natural_domain(c):
        return c
    other = condition(c.function, left, 0)
    return other if size(other) <= size(c) else c


def holds(c: Node) -> bool | None:
    """Return whether a condition without unknowns is defined and holds, None where that is not decided."""
    try:
        return holds_on(c, point(symbol("t"), number(0)))
    except Undecided:
        return None


def holds_on(c: Node, place: Place) -> bool:
    """Return whether a condition is defined and holds on a place, everywhere or nowhere; raise `Undecided`."""
    if not isinstance(c, Call):
        raise NotApplicable("a condition is no comparison")
    match c.function:
        case "and":
            return all(holds_on(a, place) for a in c.args)
        case "or":
            return any(holds_on(a, place) for a in c.args)
        case "not":
            return not holds_on(c.args[0], place)
    if c.function not in _SIGNS or any(a.shape for a in c.args):
        raise NotApplicable("a condition is no comparison of numbers")
    try:
        return sign(smoothed(subtract(*c.args), place), place) in _SIGNS[c.function]
    except Undefined:
        return False


_SIGNS = {"less": (-1,), "less_equal": (-1, 0), "greater": (1,), "greater_equal": (0, 1), "equal": (0,), "not_equal": (-1, 1)}


# ---- parts, solved --------------------------------------------------------------------------------------------------------


@dataclass
class _Work:
    """Which problems are being solved, one inside of the other, and what was found so far."""

    inside: list[tuple[Any, ...]] = field(default_factory=list)
    problem: tuple[Any, ...] = ()  # the whole
    deadline: float = 0.0
    parts: int = 0
    refused: int = 0  # problems that were not tried, since they lay too deep
    known: dict[tuple[Any, ...], ExactAnswer | str] = field(default_factory=dict)


_work = _Work()


def solved(problem: Problem) -> ExactAnswer:
    """Return the exact answer of the stage to a part; raise `NotApplicable` with the reason where there is none."""
    if not problem.variables:
        return _of_no_unknown(problem)
    key = _key(problem)
    if key not in _work.known:
        _solve(problem, key)
    known = _work.known.get(key, "the problem has too many parts inside of each other")
    if isinstance(known, str):
        raise NotApplicable(known)
    return known


def _key(problem: Problem) -> tuple[Any, ...]:
    return (
        problem.sense,
        problem.minimand,
        *((v.symbol, v.ranges) for v in problem.variables),
        *(c.condition for c in problem.constraints),
    )


def _begin(problem: Problem) -> None:
    """All reductions of one whole problem share its limits."""
    if not _work.inside and _work.problem != _key(problem):
        _work.problem, _work.deadline = _key(problem), time.perf_counter() + MAX_SECONDS
        _work.parts = _work.refused = 0


def _solve(problem: Problem, key: tuple[Any, ...]) -> None:
    late = time.perf_counter() > _work.deadline
    if late or key in _work.inside or len(_work.inside) >= MAX_DEPTH or _work.parts >= MAX_PARTS:
        _work.refused += 1
        return
    _work.parts += 1
    refused = _work.refused
    _work.inside.append(key)
    try:
        answer = _by_strategies(problem)
    finally:
        _work.inside.pop()
    if len(_work.known) > MAX_KNOWN:
        _work.known.clear()
    if isinstance(answer, ExactAnswer) or _work.refused == refused:
        _work.known[key] = answer


def _by_strategies(problem: Problem) -> ExactAnswer | str:
    from optbench.exact.stage import STRATEGIES

    reason = "no strategy applies to a part of the problem"
    for name in STRATEGIES:
        if name in _NO_PROOFS:
            continue
        try:
            answer: ExactAnswer = import_module(f"optbench.exact.{name}").solve(problem, 12, None)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
            continue
        if answer.assurance is Assurance.EXACT:
            return answer.with_representatives()
        reason = answer.reason or reason
    return reason


def _of_no_unknown(problem: Problem) -> ExactAnswer:
    """A problem whose unknowns are all gone: its conditions hold or not, and its value is a number."""
    for c in (*problem.domain, *comparisons(problem)):
        held = holds(c)
        if held is None:
            raise NotApplicable(f"it can't be decided whether {text(c)}")
        if not held:
            return several.infeasible("cases", f"{text(c)} does not hold")
    value = simplified(smoothed(problem.minimand, point(symbol("t"), number(0))))
    only = ExactSolution({}, {}, {}, "interior", True, None)
    return ExactAnswer("cases", Status.OPTIMAL, Assurance.EXACT, text(value), as_float(value), enclosure(value, 12), (only,), True)


def order(a: Node, b: Node) -> int:
    """Return the sign of a - b for values, which may be infinite; raise `NotApplicable` where it can't be decided."""
    if a is b:
        return 0
    if a is MINUS_INFINITY or b is INFINITY:
        return -1
    if a is INFINITY or b is MINUS_INFINITY:
        return 1
    found = compare(a, b, 256)
    if found is None:
        found = 0 if is_zero(subtract(a, b)) else compare(a, b)
    if found is None and (simplified(a), simplified(b)) != (a, b):
        return order(simplified(a), simplified(b))
    if found is None:
        raise NotApplicable("it can't be decided which of two values is smaller")
    return found


def infimum(answer: ExactAnswer, problem: Problem) -> Node | None:
    """Return the infimum of the minimand, perhaps minus infinity; None where no point is feasible."""
    if answer.status is Status.INFEASIBLE:
        return None
    return MINUS_INFINITY if answer.status is Status.UNBOUNDED else several.value_of_minimand(answer, problem)


# ---- cases ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A part of a problem, and what its points are in the whole.

    `lift`: formulas for those unknowns of the whole that the part has no more, in the part's unknowns; `attained`: false
    where the values of the part are only approached by feasible points of the whole; `complete`: every solution of the
    whole that belongs to this case is lifted from one of the part; `path`: how points of the whole are approached.
    """

    problem: Problem
    lift: Mapping[Node, Node] = field(default_factory=dict)
    attained: bool = True
    complete: bool = True
    path: str = ""
    kind: str | None = None  # of the points, where the part does not say it

    def lifted(self, at: Point) -> Point:
        """The point of the whole for a point of the part."""
        return {**at, **{s: substitute(f, dict(at)) for s, f in self.lift.items()}}


def least(problem: Problem, strategy: str, cases: Sequence[Case], digits: int = 30, complete: bool = True) -> ExactAnswer:
    """Return the answer of a problem whose infimum is the least one of the cases; `complete`: the cases hold all solutions."""
    found = []
    for case in cases:
        answer = solved(case.problem)
        if answer.status is Status.UNBOUNDED:
            return several.unbounded(problem, strategy, _path(case, answer))
        found.append((case, answer))
    feasible = [(case, answer) for case, answer in found if answer.status is not Status.INFEASIBLE]
    if not feasible:
        reason = next((a.reason for _, a in found if a.reason), None)
        return several.infeasible(strategy, reason or "no point satisfies all conditions")
    best = _lowest(feasible)
    attained = [(case, answer) for case, answer in best if case.attained and answer.status is Status.OPTIMAL]
    if attained:
        return _optimal(problem, strategy, attained, complete, digits)
    case, answer = best[0]
    value = several.value_of_minimand(answer, case.problem)
    return several.not_attained(problem, strategy, value, _path(case, answer), limit_point(problem, case, answer), digits)


def _lowest(found: Sequence[tuple[Case, ExactAnswer]]) -> list[tuple[Case, ExactAnswer]]:
    best: list[tuple[Case, ExactAnswer]] = []
    lowest: Node = INFINITY
    for case, answer in found:
        value = several.value_of_minimand(answer, case.problem)
        sign = order(value, lowest) if best else -1
        if sign < 0:
            best, lowest = [], value
        if sign <= 0:
            best.append((case, answer))
    return best


def _optimal(problem: Problem, strategy: str, attained: Sequence[tuple[Case, ExactAnswer]], complete: bool, digits: int) -> ExactAnswer:
    points: list[Point] = []
    kinds: list[str] = []
    for case, answer in attained:
        shown = [s for s in answer.solutions if s.exact is not None and s.kind != "limit"]
        for at, solution in zip(several.points_of(answer, case.problem), shown, strict=True):
            lifted = case.lifted(at)
            if not any(same_point(lifted, other) for other in points):
                points.append(lifted)
                kinds.append(case.kind or solution.kind)
        complete = complete and case.complete and answer.complete
    case, answer = attained[0]
    return optimal(problem, strategy, points, complete, digits, kinds, several.value_of_minimand(answer, case.problem))


def optimal(
    problem: Problem, strategy: str, points: Sequence[Point], complete: bool, digits: int, kinds: Sequence[str], value: Node
) -> ExactAnswer:
    """Return the answer that these points are global minimisers, where the minimum of the minimand is known as a formula too.

    Of the first points only some are shown where there are many; then the answer is not complete.
    """
    complete = complete and len(points) <= MAX_POINTS
    answer = several.optimal(problem, strategy, points[:MAX_POINTS], complete, digits, list(kinds)[:MAX_POINTS])
    value = simplified(value if problem.sense == "minimize" else negate(value))
    assert answer.value_exact is not None
    return replace(answer, value_exact=text(value)) if len(text(value)) < len(answer.value_exact) else answer


def same_point(a: Point, b: Point) -> bool:
    """Whether two points are equal; raise `NotApplicable` where that can't be decided."""
    return all(order(a[s], b[s]) == 0 for s in a)


def _path(case: Case, answer: ExactAnswer) -> str:
    return ", ".join(filter(None, (path_of(answer, case.problem), case.path or _written(case.lift)))) or "in a limit"


def _written(lift: Mapping[Node, Node]) -> str:
    formulas = {s.name: text(tidy(f)) for s, f in lift.items() if isinstance(s, Symbol)}
    return ", ".join(f"{name} = {f}" for name, f in formulas.items() if len(f) <= 60)


def path_of(answer: ExactAnswer, problem: Problem) -> str:
    """Return how an infimum is approached, as far as the answer of a part says it: "along x = t as t -> inf"."""
    if answer.reason:
        reason = answer.reason.removeprefix("it is approached ")
        return reason.removeprefix("it falls without bound ").removeprefix("it grows without bound ")
    for solution in answer.solutions:
        if solution.kind == "limit" and solution.exact is not None:
            return "as " + ", ".join(f"{name} -> {f}" for name, f in solution.exact.items())
        if solution.exact is None and problem.dimension == 1:
            return _far_out(answer, problem)
    return ""


def _far_out(answer: ExactAnswer, problem: Problem) -> str:
    """Towards which infinity a function of one unknown has its infimum as a limit."""
    [v] = problem.variables
    value = infimum(answer, problem)
    for end, side in ((INFINITY, -1), (MINUS_INFINITY, 1)):
        if end in (v.ranges[0].upper, v.ranges[0].lower):
            try:
                found = limit(problem.minimand, v.symbol, end, side)
                if value is not None and order(found, value) == 0:
                    return f"as {v.name} -> {text(end)}"
            except (Indeterminate, NotApplicable):
                continue
    return f"far out in {v.name}"


def limit_point(problem: Problem, case: Case, answer: ExactAnswer) -> Point | None:
    """Return the point that is approached, where the part says it and the formulas have values there."""
    for solution in islice(answer.solutions, 1):
        if solution.exact is not None:
            at: Point = {s: parse(solution.exact[s.name]).node for s in case.problem.symbols}
            try:
                lifted = case.lifted(at)
                if all(value_of(lifted[s]).everywhere and value_of(lifted[s]).is_bounded for s in problem.symbols):
                    return lifted
            except GraphError:
                return None
    return None


# ---- ranges -------------------------------------------------------------------------------------------------------------------


def with_range(variable: Variable, interval: Interval) -> Variable:
    """Return the variable with another range."""
    return Variable(variable.symbol, (interval,), (), variable.unit)


def guarded(name: str, solve: Callable[[Problem, int], ExactAnswer], problem: Problem, digits: int) -> ExactAnswer:
    """Run a reduction: what can't be built, derived or proved makes it not applicable, an empty range infeasible."""
    check(problem)
    _begin(problem)
    if any(problem.domains[v.name][0].is_empty for v in problem.variables):
        return several.infeasible(name, "the function is defined nowhere in the range")
    try:
        return solve(problem, digits)
    except Infeasible as reason:
        raise NotApplicable(str(reason)) from None
    except (GraphError, NotDifferentiable, Undecided, Undefined, ZeroDivisionError, OverflowError) as error:
        raise NotApplicable(str(error) or "a part of the problem is out of reach") from None
