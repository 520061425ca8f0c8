"""The expression graph: immutable nodes of three kinds, each of which exists once.

`Number` is an exact rational, `Symbol` a variable or an array of data, `Call` an operator or function of the table
applied to nodes. Nodes are hash-consed: building the same expression twice gives the same object, so equality is
identity and common subexpressions are shared. Nodes are made by `optbench.language.build`, which knows shapes and the
rules of exact numbers; this module only holds and walks them. No walk recurses, so depth is no limit.

>>> from optbench.language.build import add, symbol
>>> x = symbol("x")
>>> add(x, 1) is add(x, 1)
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias
from weakref import ref

Shape: TypeAlias = tuple[int, ...]


class GraphError(Exception):
    """An expression that can't be built (a shape, a size, an index); the text is a sentence for the user."""


class Node:
    """A value of some shape, () for a scalar.

    `integer`: every value it can take is known to be whole. `boolean`: a condition, not a number. `total`: defined for
    all real values of its symbols, as far as the table tells.
    """

    __slots__ = ("__weakref__", "boolean", "integer", "shape", "total")
    shape: Shape
    integer: bool
    boolean: bool
    total: bool

    @property
    def args(self) -> tuple[Node, ...]:
        return ()

    def __repr__(self) -> str:
        from optbench.language.text import text

        return text(self)


class Number(Node):
    """An exact rational number."""

    __slots__ = ("value",)
    value: Fraction


class Symbol(Node):
    """A named unknown or array of data; two symbols of one name and different shape are different nodes."""

    __slots__ = ("name",)
    name: str


class Call(Node):
    """`function` (a row of the table) of `args`; `static` is what is no node: axis, index, shape, coefficients."""

    __slots__ = ("_args", "function", "static")
    function: str
    _args: tuple[Node, ...]
    static: tuple[Any, ...]

    @property
    def args(self) -> tuple[Node, ...]:
        return self._args


class _Reference(ref[Node]):
    """What the table of all nodes has of a node: it doesn't keep it alive, and knows where it stands."""

    __slots__ = ("key",)
    key: tuple[Any, ...]


_nodes: dict[tuple[Any, ...], _Reference] = {}  # as a WeakValueDictionary, which takes three times as long


def _forget(reference: ref[Node], nodes: dict[tuple[Any, ...], _Reference] = _nodes) -> None:
    """Take a node that is gone from the table, unless an equal one has come in its place."""
    assert isinstance(reference, _Reference)
    if nodes.get(reference.key) is reference:
        del nodes[reference.key]


def _known(key: tuple[Any, ...]) -> Node | None:
    reference = _nodes.get(key)
    return None if reference is None else reference()


def _enter(key: tuple[Any, ...], node: Node) -> None:
    reference = _Reference(node, _forget)
    reference.key = key
    _nodes[key] = reference


def intern_number(value: Fraction) -> Number:
    """Return the one node of this number."""
    key = (value.numerator, value.denominator)
    node = _known(key)
    if node is None:
        node = Number()
        node.value, node.shape, node.boolean, node.total = value, (), False, True
        node.integer = value.denominator == 1
        _enter(key, node)
    assert isinstance(node, Number)
    return node


def intern_symbol(name: str, shape: Shape, integer: bool) -> Symbol:
    """Return the one node of this symbol."""
    key = (name, shape, integer)
    node = _known(key)
    if node is None:
        node = Symbol()
        node.name, node.shape, node.integer, node.boolean, node.total = name, shape, integer, False, True
        _enter(key, node)
    assert isinstance(node, Symbol)
    return node


def intern_call(
    function: str, args: tuple[Node, ...], static: tuple[Any, ...], facts: Callable[[], tuple[Shape, bool, bool, bool]]
) -> Call:
    """Return the one node of this call; `facts` gives shape, integer, boolean and total when it is new."""
    key = (function, args, static)
    node = _known(key)
    if node is None:
        node = Call()
        node.function, node._args, node.static = function, args, static
        node.shape, node.integer, node.boolean, node.total = facts()
        _enter(key, node)
    assert isinstance(node, Call)
    return node


def topological(*roots: Node, enter: Callable[[Node], Iterable[Node]] | None = None) -> list[Node]:
    """Return every node that the roots stand on, each once, arguments before the calls that use them.

    `enter` names the arguments to follow (all of them by default).
    """
    follow = enter or (lambda node: node.args)
    order: list[Node] = []
    seen: set[Node] = set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack: list[tuple[Node, Iterator[Node]]] = [(root, iter(follow(root)))]
        while stack:
            node, rest = stack[-1]
            for child in rest:
                if child not in seen:
                    seen.add(child)
                    stack.append((child, iter(follow(child))))
                    break
            else:
                order.append(node)
                stack.pop()
    return order


def symbols(*roots: Node) -> list[Symbol]:
    """Return the symbols of the expressions, in the order of their first appearance."""
    return [node for node in topological(*roots) if isinstance(node, Symbol)]


def functions(*roots: Node) -> set[str]:
    """Return the names of all operators and functions that the expressions call."""
    return {node.function for node in topological(*roots) if isinstance(node, Call)}


def size(*roots: Node) -> int:
    """Return how many different nodes the expressions have."""
    return len(topological(*roots))


def work(*roots: Node) -> int:
    """Return how many entries all different nodes of the expressions have."""
    return sum(prod(node.shape) for node in topological(*roots))
