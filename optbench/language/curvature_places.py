"""How many second derivatives of a function may differ from 0: a bound that needs no derivatives.

Each nonlinear node may make second derivatives between all the unknowns that meet in one of its entries, and nothing else
does; so arrays of few unknowns an entry make few of them, and a square of a long sum makes all.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import Scope, parse
>>> x = symbol("x", (1000,))
>>> chained, dense = (parse(text, Scope({"x": x})).node for text in ("sum((x[1:] - x[:-1]^2)^2)", "sum(x)^2"))
>>> most_second_derivatives([chained], [x]), most_second_derivatives([dense], [x])
(4995, 1000000)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Symbol, topological

_SUMS = {"add", "negate", "sum"}
_PRODUCTS = {"multiply", "matmul"}
_NOT_LINEAR = {"others", *_PRODUCTS}


def most_second_derivatives(roots: Sequence[Node], unknowns: Sequence[Symbol]) -> int:
    """Return an upper bound for the entries of the Hessian of any combination of the expressions that may differ from 0."""
    n = sum(prod(s.shape) for s in unknowns)
    total = 0
    met: dict[Node, int] = dict.fromkeys(unknowns, 1)  # how many unknowns an entry of a node may depend on, where it depends on any
    for node in topological(*roots):
        if not isinstance(node, Call):
            continue
        inner = [a for a in node.args if a in met]
        if not inner:
            continue
        several = [met[a] * _joined(node, a) for a in inner]
        each = met[node] = min(n, max(several) if node.function == "array" else sum(several))
        if not _is_linear(node, inner):
            total = min(n * n, total + prod(node.shape) * each**2)
    return total


def _joined(node: Call, argument: Node) -> int:
    """How many entries of an argument one entry of a call depends on."""
    if node.function == "matmul":
        return node.args[0].shape[-1]
    if TABLE[node.function].kind is Kind.REDUCTION:
        axis = node.static[0]
        return prod(argument.shape) if axis is None else int(argument.shape[axis])
    if node.function in ("scatter", "others"):
        return prod(argument.shape)
    return 1


def _is_linear(node: Call, inner: list[Node]) -> bool:
    """Whether a call is linear in what depends on unknowns."""
    if node.function in _SUMS or (TABLE[node.function].kind is Kind.STRUCTURE and node.function not in _NOT_LINEAR):
        return True
    if node.function in _PRODUCTS:
        return len(inner) == 1
    return node.function == "divide" and inner == [node.args[0]]
