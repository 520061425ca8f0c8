"""Formulas of parameters as a person writes them, and what is assumed of the parameters in words.

`written` gives the shortest text of a formula: with what stands in functions simplified on its own, with powers in the place
of exp(u*log(v)), and with a minus sign inside of the branches of `if`.

>>> from optbench.language.elaborate import parse
>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.language.build import symbol
>>> given = Assumptions({symbol("a"): KINDS["real"], symbol("b"): KINDS["positive"]})
>>> written(parse("exp(2 - a*log(b))/exp(1)").node, given), written(parse("-if(a < 0, -b, sqrt(a^2))").node, given)
('e/b^a', 'if(a < 0, b, -abs(a))')
"""

from __future__ import annotations

from optbench.exact.answer import NotApplicable
from optbench.exact.parameters.assumptions import Assumptions
from optbench.exact.parameters.parametric_line import SIGNS, decided
from optbench.language.build import add, call, divide, multiply, negate, number, power, rebuild, substitute, symbol
from optbench.language.graph import Call, GraphError, Node, Number, functions, topological
from optbench.language.text import text
from optbench.problem.problem import Problem

_BOUNDS = {"positive": "> 0", "nonnegative": ">= 0", "negative": "< 0"}
_KINDS = {"real": "real", "integer": "whole"}
_ARITHMETIC = {"add", "multiply", "negate", "divide"}


def written(node: Node, given: Assumptions) -> str:
    """Return the text of a formula."""
    return text(shortest(node, given))


def shortest(node: Node, given: Assumptions) -> Node:
    """Return a formula with the same value for all parameters that are assumed, written shorter."""
    if isinstance(node, Call) and node.function == "negate" and _is_choice(node.args[0]):
        c, yes, no = node.args[0].args
        return shortest(call("if", c, negate(yes), negate(no)), given)
    if _is_choice(node):
        c, yes, no = node.args
        return call("if", c, shortest(yes, _where(given, c)), shortest(no, given))
    forms = [node, given.simplified(node), _by_parts(node, given)]
    forms += [_with_powers(f) for f in forms] + [decided(_with_bars(f), given) for f in forms]
    return min(forms, key=lambda f: len(text(f)))


def _is_choice(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "if"


def _where(given: Assumptions, c: Node) -> Assumptions:
    """The assumptions in a branch; only conditions on one parameter are used."""
    if isinstance(c, Call) and c.function in SIGNS:
        return given.having(add(c.args[0], negate(c.args[1])), SIGNS[c.function])
    return given


def _by_parts(node: Node, given: Assumptions) -> Node:
    """With the arguments of functions simplified on their own, and the functions not taken apart."""
    table: dict[Node, Node] = {}
    hidden: dict[Node, Node] = {}
    try:
        for part in topological(node):
            if isinstance(part, Call) and part.function not in _ARITHMETIC and not _is_whole_power(part) and part.args and not part.boolean:
                args = tuple(given.simplified(substitute(substitute(a, table), hidden)) for a in part.args)
                shown = symbol(f"f{len(hidden)}'")
                hidden[shown] = substitute(rebuild(part, args), hidden)
                table[part] = shown
        return substitute(given.simplified(substitute(node, table)), hidden)
    except (GraphError, NotApplicable):
        return node


def _is_whole_power(node: Call) -> bool:
    return node.function == "power" and isinstance(node.args[1], Number) and node.args[1].integer


def _with_bars(node: Node) -> Node:
    """abs(u) in the place of sqrt(u^2)."""
    table: dict[Node, Node] = {}
    for part in topological(node):
        if isinstance(part, Call) and part.function == "sqrt":
            inside = substitute(part.args[0], table)
            if isinstance(inside, Call) and inside.function == "power" and inside.args[1] is number(2):
                table[part] = call("abs", inside.args[0])
    return substitute(node, table) if table else node


def _with_powers(node: Node) -> Node:
    """v^u in the place of exp(u*log(v))."""
    table: dict[Node, Node] = {}
    for part in topological(node):
        if isinstance(part, Call) and part.function == "exp" and "log" in functions(part):
            table[part] = _powers(substitute(part.args[0], table))
    return substitute(node, table) if table else node


def _powers(exponent: Node) -> Node:
    """exp(exponent), with v^u for each term u*log(v)."""
    terms = exponent.args if isinstance(exponent, Call) and exponent.function == "add" else (exponent,)
    above: list[Node] = []
    below: list[Node] = []
    rest: list[Node] = []
    for term in terms:
        sign, positive = (-1, term.args[0]) if isinstance(term, Call) and term.function == "negate" else (1, term)
        found = _power_of(positive)
        if found is None:
            rest.append(term)
        else:
            (above if sign > 0 else below).append(found)
    if rest:
        above.append(call("exp", add(*rest)))
    top = multiply(*above) if above else number(1)
    return divide(top, multiply(*below)) if below else top


def _power_of(term: Node) -> Node | None:
    """v^u where the term is u*log(v)."""
    factors = term.args if isinstance(term, Call) and term.function == "multiply" else (term,)
    logs = [f for f in factors if isinstance(f, Call) and f.function == "log"]
    if len(logs) != 1 or isinstance(logs[0].args[0], Number):
        return None
    others = [f for f in factors if f is not logs[0]]
    return power(logs[0].args[0], multiply(*others) if others else number(1))


# ---- words ------------------------------------------------------------------------------------------------------------------------


def conditions_of(problem: Problem) -> str:
    """Return 'a > 0, m < 0 and real b, c'."""
    bounds: list[str] = []
    for kind, bound in _BOUNDS.items():
        names = [p.name for p in problem.free_parameters if p.value == kind]
        bounds += [f"{', '.join(names)} {bound}"] if names else []
    for kind, word in _KINDS.items():
        names = [p.name for p in problem.free_parameters if p.value == kind]
        bounds += [f"{word} {', '.join(names)}"] if names else []
    return bounds[0] if len(bounds) == 1 else f"{', '.join(bounds[:-1])} and {bounds[-1]}"
