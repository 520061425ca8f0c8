"""Sums of terms that are nowhere negative and are all 0 at some point: sums of squares, absolute values, roots.

If f = c + f1 + ... + fk with every fi >= 0 on the feasible points, then f >= c, and f = c exactly where all fi are 0. So
where the equations have a common solution that is feasible, c is the minimum, and their solutions are all minimisers. The
equations are a problem with a constant objective, which the other strategies solve one equality after the other; where
they have no solution, f > c everywhere, and nothing is answered.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("abs(x + 2*y - 1) + (x*y - 1/9)^4")), open_names=True))
>>> sorted(tuple(s.exact.items()) for s in answer.solutions)
[(('x', '1/3'), ('y', '1/3')), (('x', '2/3'), ('y', '1/6'))]
"""

from __future__ import annotations

from collections.abc import Iterator

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Infeasible, Send, comparisons, guarded, least, part_of, region_of, solved
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.numbers.sums import is_call
from optbench.exact.region.isolated import polynomial_in
from optbench.exact.region.signs import NOT_NEGATIVE, Region, polynomial_of, sign_of_number
from optbench.exact.separable import terms_of
from optbench.language.build import add, condition, divide, negate, substitute
from optbench.language.graph import Call, GraphError, Node, Number, symbols
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "vanishing"


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer that all terms are 0; raise `NotApplicable` where they are not, or may be negative."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    region = region_of(problem)
    terms = terms_of(problem.minimand)
    moving = [t for t in terms if symbols(t)]
    if not moving:
        raise NotApplicable("the function is constant")
    equations: dict[Node, None] = {}
    for term in moving:
        if not region.signs(term) <= NOT_NEGATIVE:
            raise NotApplicable("a term may be negative")
        equations.update(dict.fromkeys(zeros_of(term, region)))
    if not equations:
        raise NotApplicable("no term is ever 0")
    return by_equations(problem, NAME, list(equations), add(*(t for t in terms if not symbols(t))), digits)


def by_equations(problem: Problem, strategy: str, equations: list[Node], value: Node, digits: int) -> ExactAnswer:
    """Return the answer that the minimand has its least value exactly where all equations hold; raise `NotApplicable`
    where no feasible point is known at which they do."""
    conditions = [*problem.domain, *comparisons(problem), *(condition("equal", e, 0) for e in needed(equations))]
    try:
        part = part_of(problem, value, problem.variables, conditions)
    except Infeasible:
        raise NotApplicable("the terms are not all 0 at one point") from None
    answer = solved(part)
    if answer.status is not Status.OPTIMAL:
        raise NotApplicable("the terms are not all 0 at one point")
    return least(problem, strategy, [Case(part, kind="interior")], digits)


def needed(equations: list[Node]) -> list[Node]:
    """Return the equations without those that follow where others give unknowns their values."""
    values: dict[Node, Node] = {}
    giving: set[Node] = set()
    while (found := next(filter(None, (_given_by(e, values) for e in equations if e not in giving)), None)) is not None:
        equation, unknown, value = found
        giving.add(equation)
        values[unknown] = value
    return [e for e in equations if e in giving or not _holds_at(e, values)]


def _given_by(equation: Node, values: dict[Node, Node]) -> tuple[Node, Node, Node] | None:
    """The equation, the one unknown that it holds besides those with values, and its value, if it is linear in that."""
    try:
        rest = substitute(equation, values)
    except GraphError:
        return None
    inside = symbols(rest)
    coefficients = polynomial_in(rest, inside[0], 1) if len(inside) == 1 else None
    if coefficients is None or len(coefficients) != 2 or not sign_of_number(coefficients[1]):
        return None
    return equation, inside[0], simplified(divide(negate(coefficients[0]), coefficients[1]))


def _holds_at(equation: Node, values: dict[Node, Node]) -> bool:
    try:
        return set(symbols(equation)) <= values.keys() and is_zero(substitute(equation, values)) is True
    except GraphError:
        return False


def zeros_of(term: Node, region: Region) -> Iterator[Node]:
    """Return expressions that are all 0 exactly where a term is defined and 0, which is nowhere negative."""
    signs = region.signs(term)
    if 0 not in signs:
        raise NotApplicable("a term is positive everywhere")
    if isinstance(term, Call):
        match term.function:
            case "abs" | "sqrt" | "cbrt":
                yield from _zeros_of_number(term.args[0], region)
                return
            case "hypot":
                for a in term.args:
                    yield from _zeros_of_number(a, region)
                return
            case "power" if isinstance(term.args[1], Number) and term.args[1].value > 0:
                yield from _zeros_of_number(term.args[0], region)
                return
            case "add":
                parts = terms_of(term)
                if all(region.signs(t) <= NOT_NEGATIVE for t in parts):
                    for part in parts:
                        yield from zeros_of(part, region)
                    return
            case "multiply" | "divide":
                yield from _zeros_of_product(term, region)
                return
    yield term


def _zeros_of_number(node: Node, region: Region) -> Iterator[Node]:
    """The same for a part of a term, which may be negative."""
    if region.signs(node) <= NOT_NEGATIVE and (is_call(node, "add") or polynomial_of(node) is None):
        yield from zeros_of(node, region)
    else:
        yield node


def _zeros_of_product(term: Call, region: Region) -> Iterator[Node]:
    """A product is 0 where its only factor is 0 that ever is."""
    factors = term.args[:1] if term.function == "divide" else term.args
    vanishing = [f for f in dict.fromkeys(factors) if 0 in region.signs(f)]
    if len(vanishing) == 1:
        yield from _zeros_of_number(vanishing[0], region)
    else:
        yield term
