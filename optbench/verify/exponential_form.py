"""Sines, arc tangents and their kin, written with exponentials, logarithms, square roots and a symbol i, the square root of -1.

Each formula holds for all real x at which the function is defined, with the principal branch of the logarithm.

>>> from optbench.language.elaborate import parse
>>> exponential_form(parse("cos(2*x)").node)
(exp(2*i*x) + exp(-2*i*x))/2
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from optbench.language.build import rebuild, substitute, symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Call, Node, topological

FORMULAS: Mapping[str, str] = {
    "sin": "(exp(i*x) - exp(-i*x))/(2*i)",
    "cos": "(exp(i*x) + exp(-i*x))/2",
    "tan": "(exp(i*x) - exp(-i*x))/(i*(exp(i*x) + exp(-i*x)))",
    "sinh": "(exp(x) - exp(-x))/2",
    "cosh": "(exp(x) + exp(-x))/2",
    "tanh": "(exp(x) - exp(-x))/(exp(x) + exp(-x))",
    "expm1": "exp(x) - 1",
    "sigmoid": "1/(1 + exp(-x))",
    "log1p": "log(1 + x)",
    "atan": "log((1 + i*x)/(1 - i*x))/(2*i)",
    "atanh": "log((1 + x)/(1 - x))/2",
    "asin": "log(i*x + sqrt(1 - x^2))/i",
    "acos": "log(x + i*sqrt(1 - x^2))/i",  # without pi, which is no algebraic number
    "asinh": "log(x + sqrt(x^2 + 1))",
    "acosh": "log(x + sqrt(x^2 - 1))",
}
_X, _I = symbol("x"), symbol("i")


def exponential_form(node: Node) -> Node:
    """Return the expression without the functions of `FORMULAS`."""
    done: dict[Node, Node] = {}
    for part in topological(node):
        if not isinstance(part, Call):
            done[part] = part
        elif part.function in FORMULAS:
            done[part] = substitute(_formula(part.function), {_X: done[part.args[0]]})
        else:
            done[part] = rebuild(part, tuple(done[a] for a in part.args))
    return done[node]


@cache
def _formula(function: str) -> Node:
    return parse(FORMULAS[function], Scope({"x": _X, "i": _I})).node
