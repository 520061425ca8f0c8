"""The degree of an expression in some symbols, as far as the rules of its functions show it: linear, quadratic, or neither.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import Scope, parse
>>> scope = Scope({"x": symbol("x", (3,)), "A": symbol("A", (2, 3)), "b": symbol("b", (2,))})
>>> is_linear(parse("A @ x - 3*b", scope).node, [symbol("x", (3,))]), is_linear(parse("x[0]*x[1]", scope).node, [symbol("x", (3,))])
(True, False)
>>> [degree(parse(text, scope).node, [symbol("x", (3,))]) for text in ("sum((A @ x - b)^2)", "x[0]^3", "exp(x[0])", "exp(b[0])")]
[2, None, None, 0]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optbench.language.graph import Call, Node, Number, Symbol, topological

_LINEAR = frozenset(["add", "negate", "sum", "index", "array", "transpose", "reshape", "broadcast", "pad", "scatter"])
_BILINEAR = frozenset(["multiply", "matmul"])  # linear in each argument alone
_GREATEST = 2  # greatest degree that is told


def is_linear(root: Node, unknowns: Iterable[Symbol]) -> bool:
    """Return whether an expression is seen to be linear (affine) in the unknowns; False says nothing, it may cancel."""
    return degree(root, unknowns) in (0, 1)


def is_quadratic(root: Node, unknowns: Iterable[Symbol]) -> bool:
    """Return whether an expression is seen to be a polynomial of degree 2 at most in the unknowns; False says nothing."""
    return degree(root, unknowns) is not None


def degree(root: Node, unknowns: Iterable[Symbol]) -> int | None:
    """Return a bound on the degree in the unknowns: 0, 1 or 2; None where it is greater, or no polynomial is seen."""
    return degrees([root], unknowns)[0]


def degrees(roots: Sequence[Node], unknowns: Iterable[Symbol]) -> list[int | None]:
    """Return such a bound for each of several expressions; what they share is looked at once."""
    found: dict[Node, int | None] = {}
    among = set(unknowns)
    for node in topological(*roots):
        if not isinstance(node, Call):
            found[node] = int(node in among)
            continue
        inner = [found[a] for a in node.args]
        known = [d for d in inner if d is not None]
        bound = _degree(node, known) if len(known) == len(inner) else None
        found[node] = None if bound is None or bound > _GREATEST else bound
    return [found[root] for root in roots]


def _degree(node: Call, degrees: Sequence[int]) -> int | None:
    """The degree of a call by those of its arguments."""
    if not any(degrees):
        return 0
    if node.function in _LINEAR:
        return max(degrees)
    if node.function in _BILINEAR:
        return sum(degrees)
    if node.function in ("divide", "take") and not any(degrees[1:]):
        return degrees[0]
    if node.function == "power" and isinstance(node.args[1], Number) and node.args[1].value in (1, 2):
        return degrees[0] * int(node.args[1].value)
    return None
