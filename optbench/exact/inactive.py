"""Constraints that do not matter: the minimum without them, where it satisfies them.

The points that satisfy all constraints are some of those that satisfy a few of them. So if a minimiser under a few
constraints satisfies all, it is one of the whole problem, and all others of that are among the minimisers under the few.

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> bound = ConstraintDraft(Text("x^2 + y^3 <= 100"))
>>> solve(validated(ProblemDraft("minimize", Text("(x - 1)^2 + y^2 - 4*y"), constraints=(bound,)), open_names=True)).value_exact
'-4'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Infeasible, Send, comparisons, guarded, holds, optimal, part_of, range_conditions, solved
from optbench.language.build import substitute
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, Node, symbols
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "inactive"
MAX_SINGLE = 3  # constraints that are left out one by one


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer without some constraints; raise `NotApplicable` where that is not one with them."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    conditions = comparisons(problem)
    bounds = [c for c in conditions if len(symbols(c)) > 1 and isinstance(c, Call) and c.function not in ("equal", "not_equal")]
    if not bounds:
        raise NotApplicable("there is no inequality in several unknowns")
    for dropped in _choices(bounds):
        answer = _without(problem, [c for c in conditions if c not in dropped], digits)
        if answer is not None:
            return answer
    raise NotApplicable("constraints that can be left out are violated then")


def _choices(bounds: Sequence[Node]) -> Iterator[Sequence[Node]]:
    yield bounds
    if 1 < len(bounds) <= MAX_SINGLE:
        yield from ([c] for c in bounds)


def _without(problem: Problem, kept: Sequence[Node], digits: int) -> ExactAnswer | None:
    try:
        loose = part_of(problem, problem.minimand, problem.variables, [*natural_domain(problem.minimand, *kept), *kept])
        answer = solved(loose)
    except Infeasible as reason:
        return several.infeasible(NAME, str(reason))
    except NotApplicable:
        return None
    if answer.status is Status.INFEASIBLE:
        return several.infeasible(NAME, answer.reason or "no point satisfies all constraints")
    if answer.status is not Status.OPTIMAL:
        return None
    return feasible_ones(problem, NAME, answer, Case(loose), digits)


def feasible_ones(problem: Problem, strategy: str, answer: ExactAnswer, case: Case, digits: int) -> ExactAnswer | None:
    """Return the answer by those minimisers that are feasible, of a case with more points and the same values; None where
    none of them is."""
    shown = [s for s in answer.solutions if s.exact is not None and s.kind != "limit"]
    conditions = [*problem.domain, *comparisons(problem), *(c for v in problem.variables for c in range_conditions(v, v.symbol))]
    lifted = [case.lifted(at) for at in several.points_of(answer, case.problem)]
    inside = [
        (at, solution.kind)
        for at, solution in zip(lifted, shown, strict=True)
        if all(holds(substitute(c, dict(at))) is True for c in conditions)
    ]
    if not inside:
        return None
    value = several.value_of_minimand(answer, case.problem)
    return optimal(problem, strategy, [at for at, _ in inside], answer.complete, digits, [kind for _, kind in inside], value)
