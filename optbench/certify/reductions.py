"""Taking a problem apart before it is searched: entries of arrays, monotone outer functions, sums of independent parts.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> problem = in_entries(validated(ProblemDraft("minimize", Text("exp(x^2 + y^4 + 1)")), open_names=True))
>>> outer, inner = peeled(problem)
>>> outer
exp(t + 1)
>>> [part.objective for part in separated(inner)]
[x^2, y^4]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from optbench.language.build import add, call, condition, divide, multiply, negate, power, substitute, symbol
from optbench.language.expand import all_entries
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, Symbol, symbols
from optbench.language.row_texts import conditions
from optbench.language.text import text
from optbench.problem.problem import Constraint, Problem, Variable

T = symbol("t")  # what an outer function is written in


def in_entries(problem: Problem) -> Problem:
    """Return the problem of minimising the same in scalar unknowns, one an entry, without data.

    Where there are arrays, the unknowns are called u0, u1, ...
    """
    roots = [problem.minimand, *(c.condition for c in problem.constraints)]
    [[minimand], *written] = all_entries(roots, problem.data)
    entries = [entry for part in all_entries(problem.symbols) for entry in part]
    ranges = [interval for v in problem.variables for interval in v.entry_ranges()]
    names = {s: symbol(f"u{k}", (), s.integer) if problem.has_arrays else s for k, s in enumerate(entries)}
    variables = [Variable(names[s], (interval,)) for s, interval in zip(entries, ranges, strict=True)]  # type: ignore[arg-type]
    conditions_ = [(c, substitute(entry, names)) for c, part in zip(problem.constraints, written, strict=True) for entry in part]
    constraints = [Constraint(c.name, node, c.written) for c, node in conditions_]
    return Problem(None, "minimize", substitute(minimand, names), tuple(variables), "", constraints=tuple(constraints))


# ---- monotone outer functions ------------------------------------------------------------------------------------------------


def peeled(problem: Problem) -> tuple[Node, Problem]:
    """Return F(t), rising in t, and the problem of minimising g, where the objective is F(g).

    Where F is defined only for some t, that becomes a constraint on g. F(t) = t where there is nothing to peel.
    """
    outer: Node = T
    objective, constraints, rises = problem.objective, list(problem.constraints), True
    while (step := _step(objective)) is not None:
        shell, inner, monotone = step
        outer = substitute(outer, {T: shell})
        constraints += [Constraint(f"domain {len(constraints)}", c, text(c)) for c in _domain(objective)]
        objective, rises = inner, rises == (monotone > 0)
    if outer is T or not symbols(objective):
        return T, problem
    if not rises:
        outer, objective = substitute(outer, {T: negate(T)}), negate(objective)
    return outer, replace(problem, objective=objective, constraints=tuple(constraints))


def _step(node: Node) -> tuple[Node, Node, int] | None:
    """Return F(t), g and whether F rises (1) or falls (-1), where the node is F(g) for one more function."""
    if not isinstance(node, Call):
        return None
    moving = [a for a in node.args if symbols(a)]
    still = [a for a in node.args if a not in moving]
    if not moving or not all(a.total for a in still):
        return None
    if node.function == "add" and still:
        return add(T, *still), add(*moving), 1
    if len(moving) > 1:
        return None
    [inner] = moving
    match node.function:
        case "negate":
            return negate(T), inner, -1
        case "multiply" if isinstance(node.args[0], Number) and len(node.args) == 2 and node.args[0].value:
            return multiply(node.args[0], T), inner, 1 if node.args[0].value > 0 else -1
        case "divide" if inner is node.args[0] and isinstance(node.args[1], Number) and node.args[1].value:
            return divide(T, node.args[1]), inner, 1 if node.args[1].value > 0 else -1
        case "power" if inner is node.args[0] and isinstance(node.args[1], Number) and _is_odd_or_root(node.args[1]):
            return power(T, node.args[1]), inner, 1
    row = TABLE[node.function]
    if row.monotone and row.smooth and len(node.args) == 1:
        return call(node.function, T), inner, row.monotone
    return None


def _is_odd_or_root(exponent: Number) -> bool:
    return exponent.value > 0 and (not exponent.integer or exponent.value % 2 == 1)


def _domain(node: Node) -> Sequence[Node]:
    """The conditions under which one call is defined."""
    assert isinstance(node, Call)
    if node.function == "power" and not node.args[1].integer:
        return [condition("greater_equal", node.args[0], 0)]
    return [] if node.function in ("negate", "add", "multiply", "divide", "power") else conditions(node.function, node.args)


# ---- independent parts ---------------------------------------------------------------------------------------------------------


def separated(problem: Problem) -> list[Problem]:
    """Return problems without common unknowns whose objectives add up to this one; just this one where there are no such.

    Constants in the sum, and unknowns on which nothing depends, come with the first of them.
    """
    objective = problem.objective
    terms = objective.args if isinstance(objective, Call) and objective.function == "add" else (objective,)
    conditions_of = {c: set(symbols(c.condition)) for c in problem.constraints}
    groups = _joined([*(set(symbols(t)) for t in terms), *conditions_of.values()])
    if len(groups) < 2:
        return [problem]
    groups[0] |= set(problem.symbols).difference(*groups)
    return [
        replace(
            problem,
            objective=add(*(t for t in terms if set(symbols(t)) & group or (k == 0 and not symbols(t)))),
            variables=tuple(v for v in problem.variables if v.symbol in group),
            constraints=tuple(c for c, names in conditions_of.items() if names & group or (k == 0 and not names)),
        )
        for k, group in enumerate(groups)
    ]


def _joined(sets: Sequence[set[Symbol]]) -> list[set[Symbol]]:
    """Return the unions of sets that have elements in common, directly or through others, in the order of their first."""
    found: list[set[Symbol]] = []
    for one in filter(None, sets):
        apart = [group for group in found if not group & one]
        merged = set(one).union(*(group for group in found if group & one))
        place = next((k for k, group in enumerate(found) if group & one), len(apart))
        found = [*apart[:place], merged, *apart[place:]]
    return found
