"""Convex problems as programs: an objective, and conditions that are convex functions <= 0 or affine ones == 0.

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> draft = ProblemDraft("minimize", Text("exp(x) + y^2"), constraints=(ConstraintDraft(Text("max(x, y) <= 1")),))
>>> convex_program(validated(draft, open_names=True)).inequalities
[x - 1, y - 1]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from optbench.arithmetic.balls import Enclosure
from optbench.exact.answer import NotApplicable
from optbench.exact.line.pieces import hull
from optbench.exact.numbers.products import constant_factors, sign_of_factors, terms_in
from optbench.exact.programs.convexity import Curvatures
from optbench.exact.several import conditions
from optbench.language.build import add, multiply, negate
from optbench.language.graph import Call, GraphError, Node, Symbol, symbols, topological
from optbench.problem.interval import Interval, restricted
from optbench.problem.problem import Problem


class ConvexProgram(NamedTuple):
    """Minimise a convex function where convex ones are <= 0 and affine ones == 0; all feasible points of the problem that
    it stands for are feasible for it. (In other coordinates, if need be: see `posynomial`.)"""

    objective: Node
    inequalities: list[Node]
    equalities: list[Node]


def convex_program(problem: Problem) -> ConvexProgram:
    """Return the convex program with the conditions of a problem that are convex, an equality of a convex function as an
    inequality; raise `NotApplicable` where the function is not seen to be convex."""
    try:
        known = Curvatures(box_of(problem))
        if not known.is_convex(problem.minimand):
            raise NotApplicable("the function is not seen to be convex")
        program = ConvexProgram(problem.minimand, [], [])
        for condition in conditions(problem):
            residual = condition.residual
            if condition.equality and known.of(residual).affine:
                program.equalities.append(residual)
            elif known.is_convex(residual):
                program.inequalities.extend(_without_maximum(residual))
            elif condition.equality and known.is_convex(negate(residual)):
                program.inequalities.extend(_without_maximum(negate(residual)))
    except GraphError as error:
        raise NotApplicable(str(error)) from None
    return program


def box_of(problem: Problem) -> dict[Symbol, Enclosure]:
    """Return enclosures of the intervals that `narrowed` gives."""
    intervals = {s: narrowed(problem, s) for s in problem.symbols}
    return {s: hull(interval.lower, interval.upper) for s, interval in intervals.items()}


def narrowed(problem: Problem, unknown: Symbol) -> Interval:
    """Return the range of an unknown, narrowed by the natural domain and by conditions on it alone."""
    interval: Interval = problem.domains[unknown.name][0]
    for constraint in problem.constraints:
        for c in _comparisons(constraint.condition):
            if symbols(c) == [unknown]:
                interval = restricted(interval, c, unknown) or interval
    if interval.is_empty:
        raise NotApplicable(f"no {unknown.name} satisfies all conditions")
    return interval


def _comparisons(node: Node) -> Iterator[Node]:
    for part in topological(node, enter=lambda n: n.args if isinstance(n, Call) and n.function == "and" else ()):
        if not (isinstance(part, Call) and part.function == "and"):
            yield part


def _without_maximum(residual: Node) -> list[Node]:
    """Instead of max(u, v) + w <= 0 both u + w <= 0 and v + w <= 0."""
    terms = terms_in(residual)
    for i, term in enumerate(terms):
        constants, factors = constant_factors(term)
        choices = choices_of(factors[0]) if len(factors) == 1 and sign_of_factors(constants) > 0 else None
        if choices is not None:
            return [r for u in choices for r in _without_maximum(add(*terms[:i], multiply(*constants, u), *terms[i + 1 :]))]
    return [residual]


def choices_of(node: Node) -> tuple[Node, ...] | None:
    """Return the expressions of which abs, relu or max is the greatest, else None."""
    match node:
        case Call(function="abs", args=(u,)):
            return u, negate(u)
        case Call(function="relu", args=(u,)):
            return u, add(0)
        case Call(function="maximum", args=choices):
            return choices
    return None
