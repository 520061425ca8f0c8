"""Logarithms of products taken apart: log(u^2*v/w) as 2*log(u) + log(v) - log(w), where u, v and w are proved positive.

Where all factors are positive at every feasible point, both forms are defined there and equal, so the problem is the same.
Written as a sum it may be separable, or seen to be convex.

>>> from optbench.problem.draft import ProblemDraft, Text, VariableDraft
>>> from optbench.problem.validate import validated
>>> positive = tuple(VariableDraft(Text(name), range=Text("(0, inf)")) for name in "xy")
>>> answer = solve(validated(ProblemDraft("minimize", Text("x + y^2 - log(x*y^2)"), variables=positive)))
>>> answer.value_exact, dict(answer.solutions[0].exact)
('2', {'x': '1', 'y': '1'})
"""

from __future__ import annotations

from collections.abc import Iterator

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Send, comparisons, guarded, least, part_of, region_of
from optbench.exact.region.signs import Region
from optbench.language.build import add, call, divide, multiply, rebuild
from optbench.language.graph import Call, Node, Number, functions, symbols, topological
from optbench.problem.problem import Problem

NAME = "logarithms"
_LOGARITHMS = {"log", "log2", "log10"}


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer with such logarithms taken apart; raise `NotApplicable` where there are none."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if not functions(problem.minimand) & _LOGARITHMS:
        raise NotApplicable("there is no logarithm")
    apart = taken_apart(problem.minimand, region_of(problem))
    if apart is problem.minimand:
        raise NotApplicable("there is no logarithm of a product of positive factors")
    part = part_of(problem, apart, problem.variables, [*problem.domain, *comparisons(problem)])
    return least(problem, NAME, [Case(part)], digits)


def taken_apart(function: Node, region: Region) -> Node:
    """Return the function with its logarithms of products as sums, as far as all factors are positive on the region."""
    done: dict[Node, Node] = {}
    for node in topological(function):
        done[node] = rebuild(node, tuple(done[a] for a in node.args)) if isinstance(node, Call) else node
        if isinstance(node, Call) and node.function in _LOGARITHMS and symbols(node):
            done[node] = _sum(node, region) or done[node]
    return done[function]


def _sum(node: Call, region: Region) -> Node | None:
    factors = list(_factors(node.args[0]))
    if len(factors) == 1 and factors[0][0] is node.args[0]:
        return None
    if not all(region.is_positive(u) for u, _ in factors):
        return None
    return add(*(multiply(exponent, _logarithm(node.function, u)) for u, exponent in factors))


def _logarithm(function: str, u: Node) -> Node:
    if isinstance(u, Call) and u.function == "exp":
        return u.args[0] if function == "log" else divide(u.args[0], call("log", 2 if function == "log2" else 10))
    return call(function, u)


def _factors(node: Node) -> Iterator[tuple[Node, Node | int]]:
    """The factors of a product, with their exponents."""
    if isinstance(node, Call):
        match node.function:
            case "multiply":
                for factor in node.args:
                    yield from _factors(factor)
                return
            case "divide":
                yield from _factors(node.args[0])
                yield from ((u, multiply(-1, e)) for u, e in _factors(node.args[1]))
                return
            case "sqrt":
                yield from ((u, divide(e, 2)) for u, e in _factors(node.args[0]))
                return
            case "power" if isinstance(node.args[1], Number):
                yield from ((u, multiply(e, node.args[1])) for u, e in _factors(node.args[0]))
                return
    yield node, 1
