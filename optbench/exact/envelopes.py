"""Kinks in several unknowns, taken apart: min(a, b), -|u|, -max(a, b) as the least of smooth functions, |u| by its sign.

min(a, b) is the least of a and b, and -|u| of u and -u; so the infimum of c + min(a, b) is the least of those of c + a and
c + b, wherever both are defined. A kink that bends the other way is split by conditions: where u >= 0, |u| is u, where
u <= 0 it is -u, and where a >= b, max(a, b) is a; the feasible points are the union of both parts.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("maximize", Text("abs(x - 1) - x^2 - y^2")), open_names=True)).value_exact
'5/4'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Infeasible, Send, comparisons, guarded, least, part_of
from optbench.exact.region.signs import tidy
from optbench.language.build import add, condition, negate, substitute, subtract
from optbench.language.graph import Call, Node, symbols, topological
from optbench.problem.problem import Problem

NAME = "envelopes"
MAX_KINKS = 5


class Choice(NamedTuple):
    """A kink stands for this expression where the conditions hold."""

    value: Node
    conditions: tuple[Node, ...] = ()


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the least of the answers without one kink; raise `NotApplicable` where there is none."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    kinks = [n for n in topological(problem.minimand, *comparisons(problem)) if _is_kink(n)]
    if not kinks or len(kinks) > MAX_KINKS:
        raise NotApplicable("there are no kinks" if not kinks else f"there are more than {MAX_KINKS} kinks")
    below = [(k, choices) for k, choices in _lowered(problem.minimand) if _is_only_there(problem, k)]
    kink, choices = below[0] if below else (kinks[0], list(_split(kinks[0])))
    conditions = [*problem.domain, *comparisons(problem)]
    cases = []
    for choice in choices:
        table = {kink: choice.value}
        try:
            put_in = [*(substitute(c, table) for c in conditions), *choice.conditions]
            cases.append(Case(part_of(problem, substitute(problem.minimand, table), problem.variables, put_in)))
        except Infeasible:
            continue
    if not cases:
        return several.infeasible(NAME, "no point satisfies all conditions")
    return least(problem, NAME, cases, digits)


def _is_kink(node: Node) -> bool:
    return isinstance(node, Call) and node.function in ("abs", "maximum", "minimum", "relu") and bool(symbols(node))


def _is_only_there(problem: Problem, kink: Node) -> bool:
    """Whether a kink stands in one term of the minimand only, and in no condition."""
    elsewhere = topological(*problem.domain, *comparisons(problem))
    return kink not in elsewhere and _count(problem.minimand, kink) == 1


def _count(function: Node, part: Node) -> int:
    counts: dict[Node, int] = {}
    for node in topological(function):
        counts[node] = 1 if node is part else sum(counts[a] for a in node.args)
    return counts[function]


def _lowered(function: Node) -> Iterator[tuple[Node, list[Choice]]]:
    """Kinks that are terms of a sum and bend downwards, as lower envelopes."""
    for term, sign in _signed_terms(function, 1):
        if isinstance(term, Call) and symbols(term):
            match term.function, sign:
                case ("abs", -1):
                    yield term, [Choice(term.args[0]), Choice(negate(term.args[0]))]
                case ("maximum", -1) | ("minimum", 1):
                    yield term, [Choice(a) for a in term.args]
                case ("relu", -1):
                    yield term, [Choice(add(0)), Choice(term.args[0])]


def _signed_terms(function: Node, sign: int) -> Iterator[tuple[Node, int]]:
    """The terms of a sum, without their factors, and the sign of these where they are numbers."""
    from optbench.exact.region.signs import Region

    if isinstance(function, Call):
        match function.function:
            case "add":
                for term in function.args:
                    yield from _signed_terms(term, sign)
                return
            case "negate":
                yield from _signed_terms(function.args[0], -sign)
                return
            case "multiply" | "divide":
                moving = [a for a in function.args if symbols(a)]
                numbers = [a for a in function.args if not symbols(a)]
                if len(moving) == 1 and moving[0] is function.args[0 if function.function == "divide" else -1]:
                    signs = [Region({}).signs(a) for a in numbers]
                    if all(s in ({1}, {-1}) for s in signs):
                        for s in signs:
                            sign *= next(iter(s))
                        yield from _signed_terms(moving[0], sign)
                        return
    yield function, sign


def _split(kink: Node) -> Iterator[Choice]:
    """A kink by conditions, which together hold everywhere."""
    assert isinstance(kink, Call)
    if kink.function in ("abs", "relu"):
        [u] = kink.args
        yield Choice(u, (condition("greater_equal", u, 0),))
        yield Choice(negate(u) if kink.function == "abs" else add(0), (condition("less_equal", u, 0),))
        return
    relation = "greater_equal" if kink.function == "maximum" else "less_equal"
    for a in kink.args:
        yield Choice(a, tuple(condition(relation, tidy_difference(a, b), 0) for b in _others(kink.args, a)))


def _others(args: Sequence[Node], one: Node) -> list[Node]:
    return [a for a in args if a is not one]


def tidy_difference(a: Node, b: Node) -> Node:
    """Return a - b, written shorter where that is defined at the same points."""
    difference = subtract(a, b)
    other = tidy(difference)
    return other if difference.total and other.total else difference
