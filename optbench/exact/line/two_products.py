"""Equations of two products, with logarithms in the place of their powers: A - B has the zeros of log(A) - log(B) where both are positive.

So x^pi = 2*x is pi*log(x) = log(2) + log(x), and exp(x) = x^e is x = e*log(x), which Lambert's W solves. The form is given only
where a power has an exponent that is not rational, since all else has shorter ways.

>>> from optbench.exact.line.pieces import Place
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> from optbench.problem.interval import INFINITY
>>> with_logarithms(parse("exp(x) - exp(pi*log(x))/3").node, Place(symbol("x"), number(0), INFINITY))
x - (pi*log(x) - log(3))
"""

from __future__ import annotations

from optbench.exact.answer import NotApplicable
from optbench.exact.line.pieces import Place, Undecided, sign
from optbench.language.build import add, call, divide, multiply, negate, number, subtract
from optbench.language.graph import Call, Node, Number, functions, symbols, topological


def with_logarithms(function: Node, place: Place) -> Node | None:
    """Return log(A) - log(B) for a function A - B on a place where A and B are positive; None for others."""
    if not (isinstance(function, Call) and function.function == "add" and len(function.args) == 2):
        return None
    if not any(isinstance(n, Call) and n.function == "exp" and symbols(n) and "log" in functions(n) for n in topological(function)):
        return None
    try:
        signs = [sign(term, place) for term in function.args]
        if sorted(signs) != [-1, 1]:
            return None
        first, second = (function.args[signs.index(s)] for s in (1, -1))
        return subtract(_logarithm(first, place), _logarithm(negate(second), place))
    except (Undecided, NotApplicable):
        return None


def _logarithm(node: Node, place: Place) -> Node:
    """log(u) of a positive u, taken apart."""
    match node:
        case Number(value=value) if value == 1:
            return number(0)
        case Call(function="exp", args=(u,)):
            return u
        case Call(function="negate", args=(u,)):
            return _of_size(u, place)
        case Call(function="multiply", args=factors):
            return add(*(_of_size(f, place) for f in factors))
        case Call(function="divide", args=(over, under)):
            return subtract(_of_size(over, place), _of_size(under, place))
        case Call(function="sqrt", args=(u,)):
            return divide(_of_size(u, place), 2)
        case Call(function="power", args=(base, Number() as exponent)):
            return multiply(exponent, _of_size(base, place))
    return call("log", node)


def _of_size(node: Node, place: Place) -> Node:
    """log(|u|) of a u with one sign."""
    return _logarithm(node if sign(node, place) > 0 else negate(node), place)
