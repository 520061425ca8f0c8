"""Partial minimisation: for fixed values of the others one unknown y takes its best value, which is known as a formula.

A plan (see `plans`) gives formulas y1(x), y2(x), ... with conditions such that each stands for feasible points, or for
points that feasible ones approach, and that for every x the infimum of f over y is that at one of them. So inf f is the
least infimum of the functions f(x, yi(x)) of x. Where f is a*y^2 + b*y + c and a holds one other unknown, the intervals on
which a > 0, a < 0 and the numbers at which a = 0 are separate problems.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("(x*y - 1)^2 + x^2")), open_names=True))
>>> answer.status.value, answer.value_exact
('not_attained', '0')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, islice

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import (
    Case,
    Infeasible,
    Send,
    comparisons,
    guarded,
    holds,
    least,
    optimal,
    order,
    part_of,
    replaced,
    same_point,
    solved,
    with_range,
)
from optbench.exact.ranges import holding
from optbench.exact.region.isolated import polynomial_in
from optbench.exact.region.plans import Answered, Choice, Plan, Whole, plan_along
from optbench.exact.region.slices import along
from optbench.exact.several import Point
from optbench.language.build import condition, substitute
from optbench.language.graph import Symbol, symbols
from optbench.language.text import text
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "partial"
MAX_TRIALS = 4  # unknowns that are tried
MAX_CASES = 14


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer by taking one unknown at its best value; raise `NotApplicable` where none has a known one."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if problem.dimension < 2:
        raise NotApplicable("there is only one unknown")
    reason = "no unknown has a best value that is known as a formula"
    plans, splits = [], []
    for unknown in problem.symbols:
        try:
            plans.append(plan_along(along(problem, unknown)))
        except Answered as answered:
            return answered.answer
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
            splits.append(unknown)
    for plan in islice(sorted(plans, key=lambda p: p.effort), MAX_TRIALS):
        try:
            return _by_plan(problem, plan, digits)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
    for unknown in splits:
        try:
            return _by_sign_of_square(problem, unknown, digits)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
    raise NotApplicable(reason)


# ---- following a plan ----------------------------------------------------------------------------------------------------


def _by_plan(problem: Problem, plan: Plan, digits: int) -> ExactAnswer:
    if plan.free is not None and (answer := _without_bounds(problem, plan, digits)) is not None:
        return answer
    if len(plan.choices) > MAX_CASES:
        raise NotApplicable("one unknown has too many values that may be best")
    cases = [case for choice in plan.choices if (case := _case(plan, choice)) is not None]
    if not cases:
        return several.infeasible(NAME, f"no value of {plan.slice.unknown.name} satisfies all conditions")
    answer = least(problem, NAME, cases, digits, plan.whole is not Whole.NOT_KNOWN)
    if answer.status is Status.NOT_ATTAINED and plan.whole is not Whole.ALL and (reached := _between_ends(problem, cases, answer)):
        return optimal(problem, NAME, reached, False, digits, ["interior"] * len(reached), several.value_of_minimand(answer, problem))
    if answer.complete and not _is_whole(problem, plan, answer):
        return replace(answer, complete=False, solutions=tuple(replace(s, unique=False) for s in answer.solutions))
    return answer


def _between_ends(problem: Problem, cases: Sequence[Case], answer: ExactAnswer) -> list[Point]:
    """Points with the value of an open end for the same x, such as where the function does not depend on y for this x."""
    lowest = several.value_of_minimand(answer, problem)
    points: list[Point] = []
    for case in cases:
        found = solved(case.problem)
        reached = found.status is Status.OPTIMAL and order(several.value_of_minimand(found, case.problem), lowest) == 0
        if case.attained or not reached:
            continue
        if not found.complete:
            raise NotApplicable("an infimum at an open end may be attained between the ends")
        for at in several.points_of(found, case.problem):
            line = replaced(problem, at)
            here = solved(line)
            lifted = [{**at, **y} for y in several.points_of(here, line)] if here.status is Status.OPTIMAL else []
            points += [p for p in lifted if not any(same_point(p, other) for other in points)]
    return points


def _is_whole(problem: Problem, plan: Plan, answer: ExactAnswer) -> bool:
    """Whether there are no other minimisers for the x of the solutions."""
    points = several.points_of(answer, problem)
    if plan.whole is Whole.WHERE_IT_RISES:
        return all(holds(condition("not_equal", substitute(plan.slope, dict(at)), 0)) is True for at in points)
    return plan.whole is not Whole.UNLESS_TWO or not _has_two(points, plan.slice.unknown)


def _case(plan: Plan, choice: Choice) -> Case | None:
    y = plan.slice.unknown
    try:
        part = plan.slice.part(substitute(plan.slice.problem.minimand, {y: choice.formula}), choice.conditions)
    except Infeasible:
        return None
    path = "" if choice.attained else f"{y.name} -> {text(choice.formula)}"
    return Case(part, {y: choice.formula}, choice.attained, path=path, kind=choice.kind)


def _without_bounds(problem: Problem, plan: Plan, digits: int) -> ExactAnswer | None:
    """The answer without the bounds of y, where solutions of that are feasible: it is a lower bound that is reached."""
    assert plan.free is not None
    case = _case(plan, replace(plan.free, conditions=()))
    if case is None:
        return None
    try:
        answer = solved(case.problem)
    except NotApplicable:
        return None
    if answer.status is not Status.OPTIMAL:
        return None
    points = several.points_of(answer, case.problem)
    inside = [at for at in points if all(holds(substitute(c, dict(at))) is True for c in plan.free.conditions)]
    if not inside:
        return None
    kinds = ["interior"] * len(inside)
    value = several.value_of_minimand(answer, case.problem)
    return optimal(problem, NAME, [case.lifted(at) for at in inside], answer.complete, digits, kinds, value)


def _has_two(points: Sequence[Point], unknown: Symbol) -> bool:
    """Whether two solutions differ in one unknown only."""
    others = [{s: f for s, f in at.items() if s is not unknown} for at in points]
    return any(same_point(a, b) for a, b in combinations(others, 2))


# ---- squares whose coefficient may be 0 --------------------------------------------------------------------------------------


def _by_sign_of_square(problem: Problem, unknown: Symbol, digits: int) -> ExactAnswer:
    """a(z)*y^2 + b*y + c by the intervals of z on which a has one sign, and the numbers at which it is 0."""
    coefficients = polynomial_in(problem.minimand, unknown, 2)
    if coefficients is None or len(coefficients) != 3 or len(symbols(coefficients[2])) != 1:
        raise NotApplicable("no unknown has a best value that is known as a formula")
    [z] = symbols(coefficients[2])
    interval = along(problem, unknown).region.intervals[z]
    variable = next(v for v in problem.variables if v.symbol is z)
    conditions = [*problem.domain, *comparisons(problem)]
    cases = []
    for relation in ("less", "equal", "greater"):
        for found in holding([condition(relation, coefficients[2], 0)], z, interval):
            try:
                if found.is_fixed:
                    cases.append(Case(replaced(problem, {z: found.lower}), {z: found.lower}))
                    continue
                variables = [with_range(v, found) if v is variable else v for v in problem.variables]
                cases.append(Case(part_of(problem, problem.minimand, variables, conditions)))
            except Infeasible:
                continue
    if len(cases) > MAX_CASES:
        raise NotApplicable("a coefficient changes its sign too often")
    if len(cases) == 1 and cases[0].problem.dimension == problem.dimension:
        raise NotApplicable("the sign of a coefficient is known on the whole range")
    return least(problem, NAME, cases, digits)
