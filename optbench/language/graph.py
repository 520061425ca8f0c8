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

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from math import prod
from typing import Any, Generic, TypeAlias, TypeVar
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
    args: tuple[Node, ...] = ()

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

    __slots__ = ("args", "function", "static")
    function: str
    args: tuple[Node, ...]
    static: tuple[Any, ...]


N = TypeVar("N", bound=Node)


class Reference(ref[N]):
    """What a table has of a node: it doesn't keep it alive, and knows where it stands."""

    __slots__ = ("key",)
    key: tuple[Any, ...]


class Table(Generic[N]):
    """All nodes of one kind by what they are made of: as a WeakValueDictionary, which takes three times as long.

    Where a call in between would be felt, `known` and `enter` are written out (`build.scalar_maker`).
    """

    __slots__ = ("forget", "references")

    def __init__(self) -> None:
        references: dict[tuple[Any, ...], Reference[N]] = {}

        def forget(reference: ref[N]) -> None:
            """Take a node that is gone from the table, unless an equal one has come in its place."""
            assert isinstance(reference, Reference)
            if references.get(reference.key) is reference:
                del references[reference.key]

        self.references, self.forget = references, forget

    def known(self, key: tuple[Any, ...]) -> N | None:
        """Return the one node of this key, None where there is none yet."""
        reference = self.references.get(key)
        return None if reference is None else reference()

    def enter(self, key: tuple[Any, ...], node: N) -> None:
        """Make a node that of this key."""
        self.references[key] = reference = Reference(node, self.forget)
        reference.key = key


numbers, _symbols = Table[Number](), Table[Symbol]()  # of numbers by numerator and denominator
calls: defaultdict[str, Table[Call]] = defaultdict(Table)  # by their functions; by arguments, or by these and what is static


def new_number(value: Fraction, ratio: tuple[int, int]) -> Number:
    """Return the node of a number that has none yet."""
    node = Number()
    node.value, node.shape, node.integer, node.boolean, node.total = value, (), ratio[1] == 1, False, True
    numbers.enter(ratio, node)
    return node


def intern_symbol(name: str, shape: Shape, integer: bool) -> Symbol:
    """Return the one node of this symbol."""
    key = (name, shape, integer)
    node = _symbols.known(key)
    if node is None:
        node = Symbol()
        node.name, node.shape, node.integer, node.boolean, node.total = name, shape, integer, False, True
        _symbols.enter(key, node)
    return node


def known_call(function: str, args: tuple[Node, ...], static: tuple[Any, ...]) -> Call | None:
    """Return the one node of this call, None where there is none yet."""
    return calls[function].known((args, static) if static else args)


def new_call(
    function: str, args: tuple[Node, ...], static: tuple[Any, ...], shape: Shape, integer: bool, boolean: bool, total: bool
) -> Call:
    """Return the node of a call that has none yet."""
    node = Call()
    node.function, node.args, node.static = function, args, static
    node.shape, node.integer, node.boolean, node.total = shape, integer, boolean, total
    calls[function].enter((args, static) if static else args, node)
    return node


def topological(*roots: Node, enter: Callable[[Node], Iterable[Node]] | None = None) -> list[Node]:
    """Return every node that the roots stand on, each once, arguments before the calls that use them.

    `enter` names the arguments to follow (all of them by default).
    """
    order: list[Node] = []
    seen: set[Node] = set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack: list[tuple[Node, Iterator[Node]]] = [(root, iter(root.args if enter is None else enter(root)))]
        while stack:
            node, rest = stack[-1]
            for child in rest:
                if child not in seen:
                    seen.add(child)
                    inner = child.args if enter is None else enter(child)
                    if inner:
                        stack.append((child, iter(inner)))
                        break
                    order.append(child)
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
