"""Parameters that have a sign or nothing at all instead of a value: the answer is a formula of them, proved for all values.

Three routes, each proved for all values of the parameters: step by step (`parametric_several`, `parametric_line`), where the
answer may be told apart in cases with `if`, and by units (`parametric_scaling`), where a problem without parameters is left.
Whatever comes out is checked at values of the parameters: the points have to be feasible, to have that value, and no other
point of a sample may be lower; in one unknown the numerical problem is also solved exactly. A problem whose status depends on
the parameters has no one answer, and the reason says so.

>>> from optbench.problem.draft import ParameterDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> a = ParameterDraft(Text("a"), Text("positive"))
>>> solve(validated(ProblemDraft("minimize", Text("x^4 - a*x^2"), parameters=(a,)), open_names=True)).value_exact
'-a^2/4'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.language.graph import Node, Symbol
from optbench.problem.problem import Problem

if TYPE_CHECKING:
    from optbench.exact.parameters.parametric_cases import Question
    from optbench.exact.parameters.parametric_line import Outcome

NAME = "parametric"
MAX_UNKNOWNS = 6
MAX_SOLUTIONS = 16
Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer as formulas of the parameters; raise `NotApplicable` where nothing is proved for all of them."""
    if not problem.free_parameters:
        raise NotApplicable("every parameter has a value")
    _check(problem)
    from optbench.exact.parameters.parametric_check import check

    question = _question(problem)
    outcome = _outcome(question)
    check(problem, question, outcome)
    return _answer(problem, question, outcome)


def _check(problem: Problem) -> None:
    if problem.has_arrays:
        raise NotApplicable("arrays with parameters are beyond the exact strategies so far")
    if any(v.symbol.integer for v in problem.variables):
        raise NotApplicable("whole-number unknowns with parameters are beyond the exact strategies so far")
    if problem.dimension > MAX_UNKNOWNS:
        raise NotApplicable(f"there are more than {MAX_UNKNOWNS} unknowns beside the parameters")


def _question(problem: Problem) -> Question:
    from optbench.exact.cases import comparisons
    from optbench.exact.parameters.assumptions import assumed
    from optbench.exact.parameters.parametric_cases import Question

    kinds = {p.symbol: p.value for p in problem.free_parameters if p.symbol is not None}
    conditions = tuple(dict.fromkeys([*problem.domain, *comparisons(problem)]))
    unknowns = tuple((v.symbol, problem.domains[v.name][0]) for v in problem.variables)
    return Question(problem.minimand, unknowns, conditions, assumed(kinds))


def _outcome(question: Question) -> Outcome:
    from optbench.exact.parameters.parametric_cases import by_cases
    from optbench.exact.parameters.parametric_scaling import rescaled
    from optbench.exact.parameters.parametric_several import least

    routes = [least, rescaled] if len(question.unknowns) == 1 else [rescaled, least]
    reason: NotApplicable | None = None
    for route in routes:
        try:
            return by_cases(question, route)
        except NotApplicable as not_applicable:
            if reason is None or route is least:
                reason = not_applicable
    assert reason is not None
    raise reason


# ---- the answer ------------------------------------------------------------------------------------------------------------------


def _answer(problem: Problem, question: Question, outcome: Outcome) -> ExactAnswer:
    from optbench.exact import several
    from optbench.exact.parameters.parametric_text import written
    from optbench.language.build import negate
    from optbench.result import Assurance, Status

    if outcome.status is Status.UNBOUNDED:
        infinite = "-inf" if problem.sense == "minimize" else "inf"
        return ExactAnswer(NAME, Status.UNBOUNDED, Assurance.EXACT, infinite, reason=f"it is so {_for_all(problem)}")
    if outcome.status is Status.INFEASIBLE:
        return several.infeasible(NAME, f"no point satisfies all conditions, {_for_all(problem)}")
    assert outcome.value is not None
    value = written(outcome.value if problem.sense == "minimize" else negate(outcome.value), question.given)
    solutions = tuple(
        _solution(question, p, outcome.kinds[i], outcome.complete and len(outcome.points) == 1)
        for i, p in enumerate(outcome.points[:MAX_SOLUTIONS])
    )
    complete = outcome.complete and len(outcome.points) <= MAX_SOLUTIONS
    return ExactAnswer(NAME, outcome.status, Assurance.EXACT, value, solutions=solutions, complete=complete, reason=_for_all(problem))


def _solution(question: Question, point: Any, kind: str, unique: bool) -> ExactSolution:
    from optbench.exact.numbers.formula import facts_of_point
    from optbench.exact.parameters.parametric_text import shortest
    from optbench.language.text import text
    from optbench.problem.interval import INFINITY, MINUS_INFINITY

    formulas: dict[Symbol, Node] = {s: point[s] for s in question.symbols}
    if any(f in (INFINITY, MINUS_INFINITY) for f in formulas.values()):
        return ExactSolution(None, None, None, "limit", False, None)
    shown = {s.name: shortest(f, question.given) for s, f in formulas.items()}
    return ExactSolution(None, {name: text(f) for name, f in shown.items()}, None, kind, unique, facts_of_point(shown.values()))


def _for_all(problem: Problem) -> str:
    """'for all a > 0 and real b, c'"""
    from optbench.exact.parameters.parametric_text import conditions_of

    return f"for all {conditions_of(problem)}"
