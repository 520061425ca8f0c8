"""What the strategies for several unknowns share: the feasible set as conditions, parts of a problem, answers from formulas.

>>> from optbench.language.elaborate import parse
>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> problem = validated(ProblemDraft("minimize", Text("x*y"), constraints=(ConstraintDraft(Text("x + y == 2")),)), open_names=True)
>>> conditions(problem)
[Condition(residual=x + y - 2, equality=True, strict=False)]
>>> x, y = problem.symbols
>>> optimal(problem, "example", [{x: parse("1").node, y: parse("1").node}], complete=True).value_exact
'1'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.exact.line.pieces import Undecided, Undefined, smoothed
from optbench.exact.line.pieces import point as place_of
from optbench.exact.numbers.formula import as_float, enclosure, facts_of_point
from optbench.exact.numbers.identities import simplified
from optbench.language.build import negate, number, substitute, subtract
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Call, GraphError, Node
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Constraint, Problem, Variable
from optbench.result import Assurance, Status

Point: TypeAlias = Mapping[Node, Node]  # a formula for the symbol of each unknown


class Condition(NamedTuple):
    """One comparison that feasible points satisfy: residual <= 0, < 0 where `strict`, == 0 where it is an `equality`."""

    residual: Node
    equality: bool = False
    strict: bool = False


def conditions(problem: Problem) -> list[Condition]:
    """Return the ends of all ranges and all constraints, in that order; the natural domain is `problem.domain`."""
    return [*_ends(problem), *(c for constraint in problem.constraints for c in _comparisons(constraint.condition))]


def _ends(problem: Problem) -> Iterator[Condition]:
    for v in problem.variables:
        interval = v.ranges[0]
        if interval.lower is not MINUS_INFINITY:
            yield Condition(subtract(interval.lower, v.symbol), strict=not interval.lower_closed)
        if interval.upper is not INFINITY:
            yield Condition(subtract(v.symbol, interval.upper), strict=not interval.upper_closed)


def _comparisons(node: Node) -> Iterator[Condition]:
    assert isinstance(node, Call)
    if node.function == "and":
        for part in node.args:
            yield from _comparisons(part)
        return
    if node.function not in ("less", "less_equal", "greater", "greater_equal", "equal"):
        raise NotApplicable("a constraint is no comparison of numbers")
    difference = subtract(*node.args)
    residual = negate(difference) if node.function.startswith("greater") else difference
    yield Condition(residual, node.function == "equal", node.function in ("less", "greater"))


def part(
    problem: Problem, minimand: Node, variables: Sequence[Variable] | None = None, constraints: Sequence[Node] | None = None
) -> Problem:
    """Return the problem of minimising another function, by default of the same variables under the same constraints."""
    kept = problem.constraints if constraints is None else tuple(Constraint(f"c{i}", c, text(c)) for i, c in enumerate(constraints, 1))
    return Problem(
        None, "minimize", minimand, problem.variables if variables is None else tuple(variables), text(minimand), problem.parameters, kept
    )


def solve_part(problem: Problem, digits: int = 30) -> ExactAnswer:
    """Return the answer of the whole exact stage to a part; raise `NotApplicable` with its reason where nothing is proved."""
    from optbench.exact.stage import solve

    answer = solve(problem, digits)
    if answer.assurance is not Assurance.EXACT:
        raise NotApplicable(answer.reason or "a part of the problem has no exact answer")
    return answer.with_representatives()


def points_of(answer: ExactAnswer, problem: Problem) -> list[Point]:
    """Return the solutions of an answer as formulas, without those that are only approached."""
    known = Scope({p.name: p.symbol for p in problem.free_parameters if p.symbol is not None})
    return [
        {s: parse(solution.exact[s.name], known).node for s in problem.symbols}
        for solution in answer.solutions
        if solution.exact is not None and solution.kind != "limit"
    ]


def value_of_minimand(answer: ExactAnswer, problem: Problem) -> Node:
    """Return the optimal value of an answer as a formula of the minimand."""
    assert answer.value_exact is not None
    known = Scope({p.name: p.symbol for p in problem.free_parameters if p.symbol is not None})
    value = parse(answer.value_exact, known).node
    return value if problem.sense == "minimize" else negate(value)


# ---- answers: every one of them is proved by the strategy that builds it ------------------------------------------------------


def optimal(
    problem: Problem, strategy: str, points: Sequence[Point], complete: bool, digits: int = 30, kinds: Sequence[str] = ()
) -> ExactAnswer:
    """Return the answer that these points are global minimisers, and all of them where `complete`."""
    value = min((simplified(_value_at(problem, p)) for p in points[:3]), key=lambda node: len(text(node)))
    kinds = list(kinds) or ["interior"] * len(points)
    solutions = tuple(solution_at(problem, p, kind, complete and len(points) == 1, digits) for p, kind in zip(points, kinds, strict=True))
    return replace(_valued(problem, strategy, Status.OPTIMAL, value, digits), solutions=solutions, complete=complete)


def _value_at(problem: Problem, point: Point) -> Node:
    """The objective at a point, without kinks where their signs are decided."""
    value = substitute(problem.objective, dict(point))
    try:
        return smoothed(value, place_of(problem.symbols[0], number(0)))
    except (Undecided, Undefined, NotApplicable, GraphError):
        return value


def local(problem: Problem, strategy: str, point: Point, reason: str, digits: int = 30) -> ExactAnswer:
    """Return the answer that this formula is a stationary point, with the reason why no more is proved."""
    value = simplified(substitute(problem.objective, dict(point)))
    answer = replace(_valued(problem, strategy, Status.LOCALLY_OPTIMAL, value, digits), assurance=Assurance.LOCAL, reason=reason)
    return replace(answer, solutions=(solution_at(problem, point, "interior", False, digits),))


def not_attained(problem: Problem, strategy: str, infimum: Node, approached: str, at: Point | None = None, digits: int = 30) -> ExactAnswer:
    """Return the answer that the infimum of the minimand is not attained.

    `approached` says along which path ("along x = t, y = 1/t as t -> 0"), `at` is the limit point where there is one.
    """
    value = simplified(infimum if problem.sense == "minimize" else negate(infimum))
    where = ExactSolution(None, None, None, "limit", False, None) if at is None else solution_at(problem, at, "limit", False, digits)
    answer = _valued(problem, strategy, Status.NOT_ATTAINED, value, digits)
    return replace(answer, solutions=(where,), reason=f"it is approached {approached}")


def unbounded(problem: Problem, strategy: str, path: str) -> ExactAnswer:
    """Return the answer that the minimand falls without bound; `path` says along which way, as in `not_attained`."""
    infinite, moves = ("-inf", "falls") if problem.sense == "minimize" else ("inf", "grows")
    where = (ExactSolution(None, None, None, "limit", False, None),)
    return ExactAnswer(strategy, Status.UNBOUNDED, Assurance.EXACT, infinite, solutions=where, reason=f"it {moves} without bound {path}")


def infeasible(strategy: str, reason: str) -> ExactAnswer:
    """Return the answer that no point satisfies all conditions, because of the reason (a clause)."""
    return ExactAnswer(strategy, Status.INFEASIBLE, Assurance.EXACT, reason=reason)


def solution_at(problem: Problem, point: Point, kind: str, unique: bool, digits: int = 30) -> ExactSolution:
    """Return one point of an answer, its formulas simplified."""
    formulas = {s.name: simplified(point[s]) for s in problem.symbols}
    return ExactSolution(
        {name: as_float(f) for name, f in formulas.items()},
        {name: text(f) for name, f in formulas.items()},
        {name: enclosure(f, digits) for name, f in formulas.items()},
        kind,
        unique,
        facts_of_point(formulas.values()),
    )


def _valued(problem: Problem, strategy: str, status: Status, value: Node, digits: int) -> ExactAnswer:
    return ExactAnswer(strategy, status, Assurance.EXACT, text(value), as_float(value), enclosure(value, digits))
