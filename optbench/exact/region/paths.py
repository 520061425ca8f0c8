"""Curves x_i(t) for t -> inf: what holds on them for all large t, and the limits of functions along them.

An expression in t is settled from its leaves: where it is defined for all large t, kinks are put in as what they are for
all large t, by the sign that their argument keeps, which the limit of the argument or of its reciprocal shows.

>>> from optbench.language.elaborate import parse, parse_constraint
>>> from optbench.language.build import symbol
>>> t = symbol("t")
>>> limit_along(parse("abs(1/t - 2)*log(t)/t + 1").node, t)
1
>>> eventually(parse_constraint("sqrt(t) <= t - 100").node, t)
True
"""

from __future__ import annotations

from optbench.exact.answer import NotApplicable
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.numbers.identities import simplified
from optbench.exact.region.signs import is_identically_zero, root_in, sign_of_number, tidy, tidy_anyway
from optbench.language.build import add, call, divide, multiply, number, power, rebuild, subtract
from optbench.language.domain import own_conditions
from optbench.language.graph import Call, Node, Number, Symbol, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY

_JUMPS = ("floor", "ceil", "mod", "atan2")
_HOLDS = {"less": (-1,), "less_equal": (-1, 0), "greater": (1,), "greater_equal": (0, 1), "equal": (0,), "not_equal": (-1, 1)}


class NotSettled(Exception):
    """It is not known what an expression is for all large t, or it is not defined there."""


def limit_along(function: Node, t: Symbol) -> Node:
    """Return the limit for t -> inf of an expression that is defined for all large t, a number or plus or minus inf; raise
    `NotSettled`."""
    return _limit(settled(function, t), t)


def settled(function: Node, t: Symbol) -> Node:
    """Return a form without kinks that has the values of an expression for all large t, at which it is defined."""
    done: dict[Node, Node] = {}
    for node in topological(function, enter=lambda n: n.args[:1] if isinstance(n, Call) and n.function == "if" else n.args):
        if not isinstance(node, Call):
            done[node] = node
        elif node.function == "if":
            taken = node.args[1] if eventually(node.args[0], t) else node.args[2]
            done[node] = settled(taken, t)
        else:
            done[node] = _without_kinks(rebuild(node, tuple(done[a] for a in node.args)), t)
    return done[function]


def _without_kinks(node: Node, t: Symbol) -> Node:
    if not isinstance(node, Call) or node.boolean:
        return node
    if node.shape or node.function in _JUMPS:
        raise NotSettled
    if not all(eventually(c, t) for c in own_conditions(node)):
        raise NotSettled
    match node.function:
        case "abs":
            return multiply(eventual_sign(node.args[0], t), node.args[0])
        case "relu":
            return node.args[0] if eventual_sign(node.args[0], t) > 0 else number(0)
        case "sign":
            return number(eventual_sign(node.args[0], t))
        case "hypot":
            return call("sqrt", add(*(power(a, 2) for a in node.args)))
        case "minimum" | "maximum":
            best = node.args[0]
            for other in node.args[1:]:
                if eventual_sign(subtract(other, best), t) == (1 if node.function == "maximum" else -1):
                    best = other
            return best
    return node


def eventually(condition: Node, t: Symbol) -> bool:
    """Return whether a condition holds for all large t (True) or for none (False); raise `NotSettled`."""
    if not isinstance(condition, Call):
        raise NotSettled
    match condition.function:
        case "not":
            return not eventually(condition.args[0], t)
        case "and":
            return all(eventually(a, t) for a in condition.args)
        case "or":
            return any(eventually(a, t) for a in condition.args)
    if condition.function not in _HOLDS or any(a.shape for a in condition.args):
        raise NotSettled
    return eventual_sign(settled(subtract(*condition.args), t), t) in _HOLDS[condition.function]


def eventual_sign(node: Node, t: Symbol) -> int:
    """Return the sign that a settled expression has for all large t; raise `NotSettled`."""
    if isinstance(node, Number):
        return (node.value > 0) - (node.value < 0)
    if not symbols(node):
        found = sign_of_number(node)
        if found is None:
            raise NotSettled
        return found
    at = _limit(node, t)
    if at is INFINITY or at is MINUS_INFINITY:
        return 1 if at is INFINITY else -1
    found = sign_of_number(at)
    if found is None:
        raise NotSettled
    if found or is_identically_zero(node):
        return found
    inverse = _limit(divide(1, tidy(node)), t)
    if inverse is INFINITY or inverse is MINUS_INFINITY:
        return 1 if inverse is INFINITY else -1
    raise NotSettled


def _limit(node: Node, t: Symbol) -> Node:
    """The limit of a settled expression, of its normal form too, in which terms may cancel."""
    if not symbols(node):
        return node
    try:
        return limit(node, t, INFINITY, -1)
    except (Indeterminate, NotApplicable):
        pass
    try:
        return limit(tidy_anyway(node), t, INFINITY, -1)
    except (Indeterminate, NotApplicable):
        return _limit_of_difference(node, t)


def _limit_of_difference(node: Node, t: Symbol) -> Node:
    """c*sqrt(a) + b as (c^2*a - b^2)/(c*sqrt(a) - b), where that is not 0 for large t since it tends to infinity."""
    for term in node.args if isinstance(node, Call) and node.function == "add" else ():
        found = root_in(term)
        if found is not None and t in symbols(term):
            rest = subtract(node, term)
            below = subtract(term, rest)
            try:
                if limit(below, t, INFINITY, -1) in (INFINITY, MINUS_INFINITY):
                    value = limit(divide(tidy_anyway(subtract(found[1], power(rest, 2))), below), t, INFINITY, -1)
                    return value if value in (INFINITY, MINUS_INFINITY) else simplified(value)
            except (Indeterminate, NotApplicable):
                continue
    raise NotSettled
