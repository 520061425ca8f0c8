"""Taking an expression without arrays apart: a constant, linear terms, and the terms that are not linear.

>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> parts = apart(parse("2*(x + sin(y)) - x/2 + 3", Scope({"x": symbol("x"), "y": symbol("y")})).node)
>>> parts.constant, parts.linear, parts.rest
(Fraction(3, 1), {x: Fraction(3, 2)}, 2*sin(y))
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from optbench.language.build import add, multiply, number
from optbench.language.graph import Call, Node, Number, Symbol, topological
from optbench.problem.interval import as_float


class Parts(NamedTuple):
    """The constant, the coefficient of each symbol that has a linear term, and the sum of all other terms, or None."""

    constant: Fraction
    linear: dict[Symbol, Fraction]
    rest: Node | None


def apart(root: Node) -> Parts:
    """Return the parts whose sum the expression is. Constants such as pi become the doubles next to them."""
    order = topological(root)
    has_symbols: set[Node] = set()
    for node in order:
        if isinstance(node, Symbol) or any(a in has_symbols for a in node.args):
            has_symbols.add(node)
    factors: dict[Node, Fraction] = {root: Fraction(1)}
    constant, linear, rest = Fraction(0), dict[Symbol, Fraction](), list[Node]()
    for node in reversed(order):
        factor = factors.pop(node, None)
        if factor is None or not factor:
            continue
        value = None if node in has_symbols else exact_or_double(node)
        if value is not None:
            constant += factor * value
        elif isinstance(node, Symbol):
            linear[node] = factor
        else:
            terms = _terms(node, has_symbols)
            if terms is None:
                rest.append(multiply(number(factor), node))
            for coefficient, term in terms or ():
                factors[term] = factors.get(term, Fraction(0)) + factor * coefficient
    return Parts(constant, dict(reversed(linear.items())), add(*reversed(rest)) if rest else None)


def _terms(node: Node, has_symbols: set[Node]) -> list[tuple[Fraction, Node]] | None:
    """The terms of a sum or of a multiple, with their factors; None for what has none."""
    assert isinstance(node, Call)
    if node.function == "add":
        return [(Fraction(1), a) for a in node.args]
    if node.function == "negate":
        return [(Fraction(-1), node.args[0])]
    if node.function == "divide":
        bottom = None if node.args[1] in has_symbols else exact_or_double(node.args[1])
        return [(1 / bottom, node.args[0])] if bottom else None
    if node.function != "multiply":
        return None
    known = [None if a in has_symbols else exact_or_double(a) for a in node.args]
    inner = [a for a, value in zip(node.args, known, strict=True) if value is None]
    return [(math.prod((value for value in known if value is not None), start=Fraction(1)), inner[0])] if len(inner) == 1 else None


def exact_or_double(node: Node) -> Fraction | None:
    """Return the value of an expression without symbols: exact for a number, else a double; None where that is not finite."""
    if isinstance(node, Number):
        return node.value
    value = as_float(node)
    return Fraction(repr(value)) if math.isfinite(value) else None
