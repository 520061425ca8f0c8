"""The natural domain: where an expression is defined over the reals, as conditions of the same graph.

Every function of the table says where it is defined; an expression is defined where all its parts are. What stands in a
branch of `if` has to be defined only where that branch is taken.

>>> from optbench.language.elaborate import parse
>>> natural_domain(parse("x*log(x) - sqrt(x)").node)
[x > 0, x >= 0]
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import eq, ge, gt, le, lt, ne

from optbench.language.build import condition, number, reduction, substitute
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, topological
from optbench.language.row_texts import conditions


def natural_domain(*roots: Node) -> list[Node]:
    """Return conditions that hold together exactly where all the expressions are defined; none if that is everywhere."""
    roots = tuple(root for root in roots if not root.total)
    branches: dict[Node, list[Node]] = {}  # for every `if`, innermost first, what its branches require
    for node in topological(*roots):
        if isinstance(node, Call) and node.function == "if":
            branches[node] = _branch_conditions(node, branches)
    return _conditions_outside_branches(roots, branches)


def _conditions_outside_branches(roots: Sequence[Node], branches: dict[Node, list[Node]]) -> list[Node]:
    found: dict[Node, None] = {}
    for node in topological(*roots, enter=_always_evaluated):
        if isinstance(node, Call):
            own = branches[node] if node.function == "if" else own_conditions(node)
            found.update((c, None) for c in own if not _is_true(c))
    return list(found)


def _always_evaluated(node: Node) -> tuple[Node, ...]:
    """Arguments that must be defined wherever the node is: of `if` only the condition."""
    if node.total:
        return ()
    return node.args[:1] if isinstance(node, Call) and node.function == "if" else node.args


def _branch_conditions(node: Call, branches: dict[Node, list[Node]]) -> list[Node]:
    test, yes, no = node.args
    taken = [_unless(condition("not", test), c) for c in _conditions_outside_branches([yes], branches)]
    other = [_unless(test, c) for c in _conditions_outside_branches([no], branches)]
    return taken + other


def _unless(excuse: Node, required: Node) -> Node:
    """`excuse or required`, entry by entry; as wholes where a slice has changed the shape on the way."""
    try:
        return condition("or", excuse, required)
    except GraphError:
        return condition("or", reduction("all", excuse), reduction("all", required))


def own_conditions(node: Call) -> list[Node]:
    """Return what one call requires of its arguments, whatever they are."""
    if node.function == "power":
        return _power_conditions(*node.args)
    return conditions(node.function, node.args)


def _power_conditions(base: Node, exponent: Node) -> list[Node]:
    """x^y over the reals, with 0^0 = 1: any x for whole y >= 0, x != 0 for whole y < 0, else x >= 0 (x > 0 for y <= 0)."""
    if isinstance(exponent, Number):
        if exponent.integer:
            return [] if exponent.value >= 0 else [condition("not_equal", base, 0)]
        return [condition("greater_equal" if exponent.value > 0 else "greater", base, 0)]
    limit = _exponent_at_zero(base, exponent)
    if isinstance(limit, Number) and not exponent.integer:
        return [condition("greater_equal" if limit.value >= 0 else "greater", base, 0)]
    at_zero = condition("and", condition("equal", base, 0), condition("greater_equal", exponent, 0))
    return [condition("or", condition("not_equal" if exponent.integer else "greater", base, 0), at_zero)]


def _exponent_at_zero(base: Node, exponent: Node) -> Node | None:
    """The exponent where a base that is a symbol is 0, if it can be said: in x^x it is 0."""
    if not isinstance(base, Symbol) or base.shape:
        return None
    try:
        return substitute(exponent, {base: number(0)})
    except GraphError:
        return None


def _is_true(node: Node) -> bool:
    """Whether a condition holds by its numbers alone."""
    if not isinstance(node, Call):
        return False
    if node.function == "or":
        opposites = {a.args[0] for a in node.args if isinstance(a, Call) and a.function == "not"}
        return any(_is_true(a) or a in opposites for a in node.args)
    if node.function == "and":
        return all(map(_is_true, node.args))
    left, right = (node.args[0], node.args[1]) if len(node.args) == 2 else (None, None)
    if not isinstance(left, Number) or not isinstance(right, Number):
        return False
    return node.function in _COMPARED and _COMPARED[node.function](left.value, right.value)


_COMPARED = {"less": lt, "less_equal": le, "greater": gt, "greater_equal": ge, "equal": eq, "not_equal": ne}
