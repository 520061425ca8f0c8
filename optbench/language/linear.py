"""Whether an expression is linear (affine) in some symbols, by the rules of its functions.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import Scope, parse
>>> scope = Scope({"x": symbol("x", (3,)), "A": symbol("A", (2, 3)), "b": symbol("b", (2,))})
>>> is_linear(parse("A @ x - 3*b", scope).node, [symbol("x", (3,))]), is_linear(parse("x[0]*x[1]", scope).node, [symbol("x", (3,))])
(True, False)
"""

from __future__ import annotations

from collections.abc import Iterable

from optbench.language.graph import Call, Node, Symbol, topological

_LINEAR = frozenset(["add", "negate", "sum", "index", "array", "transpose", "reshape", "broadcast", "pad", "scatter"])
_BILINEAR = frozenset(["multiply", "matmul"])  # linear in each argument alone


def is_linear(root: Node, unknowns: Iterable[Symbol]) -> bool:
    """Return whether an expression is seen to be linear in the unknowns; False says nothing, it may cancel."""
    moving: dict[Node, bool] = {}  # whether a node depends on the unknowns
    among = set(unknowns)
    for node in topological(root):
        if not isinstance(node, Call):
            moving[node] = node in among
            continue
        depends = [moving[a] for a in node.args]
        moving[node] = any(depends)
        if any(depends) and not _keeps_linear(node.function, depends):
            return False
    return True


def _keeps_linear(function: str, depends: list[bool]) -> bool:
    """Whether a function of linear arguments, those that depend on the unknowns, is linear."""
    if function in _LINEAR:
        return True
    if function in _BILINEAR:
        return sum(depends) == 1
    return function in ("divide", "take") and depends[0] and not any(depends[1:])
