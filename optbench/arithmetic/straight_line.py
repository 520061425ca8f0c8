"""Compiling a graph into straight-line code: one assignment a node, shared nodes once, no recursion.

The source is made from the graph alone: names are numbered by us, numbers are printed floats, and functions come from
the arithmetic's own namespace. No text of a user ever reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

from optbench.language.graph import Call, Node, Number, Symbol, topological

_PIECE = 2_000  # lines that are compiled at once: Python's compiler can't be interrupted, and takes 20 us a line


class Arithmetic(Protocol):
    """What the generator needs to know of an arithmetic."""

    namespace: Mapping[str, Any]

    def code(self, node: Call, args: Sequence[str]) -> str:
        """Return the Python expression of one call on the names of its arguments."""

    def constant(self, node: Node) -> Any | None:
        """Return the value of a node that needs no code, or None."""


def compiled(outputs: Sequence[Node], inputs: Sequence[Symbol], arithmetic: Arithmetic) -> Callable[..., Any]:
    """Return a function of the inputs' values that returns a tuple with the value of each output."""
    names: dict[Node, str] = {symbol: f"x{i}" for i, symbol in enumerate(inputs)}
    arguments = ", ".join(names.values())
    namespace = dict(arithmetic.namespace)
    lines: list[str] = []
    free: list[str] = []
    order = _needed(outputs, arithmetic, names, namespace)
    is_long = len(order) > 2 * _PIECE
    if is_long:
        names |= {symbol: f"v[{i}]" for i, symbol in enumerate(inputs)}
    for node, dying in zip(order, _last_uses(order, outputs), strict=True):
        assert isinstance(node, Call)
        code = arithmetic.code(node, [names[a] for a in node.args])
        free.extend(names[a] for a in dying)
        names[node] = free.pop() if free else f"v[{len(names)}]" if is_long else f"v{len(names)}"
        lines.append(f"    {names[node]} = {code}")
    results = [names[output] for output in outputs]
    if is_long:
        return _in_pieces(lines, results, len(inputs), len(names), namespace)
    return _function(arguments, [*lines, _returned(results)], namespace)


def _returned(names: Sequence[str]) -> str:
    return f"    return ({''.join(f'{name}, ' for name in names)})"


def _function(arguments: str, lines: Sequence[str], namespace: dict[str, Any]) -> Callable[..., Any]:
    source = f"def evaluate({arguments}):\n" + "\n".join(lines) + "\n"
    exec(compile(source, "<optbench expression>", "exec"), namespace)  # our own source, see above
    evaluate: Callable[..., Any] = namespace["evaluate"]
    return evaluate


def _in_pieces(
    lines: Sequence[str], results: Sequence[str], arguments: int, places: int, namespace: dict[str, Any]
) -> Callable[..., tuple[Any, ...]]:
    """Return the same function of many lines as several in a row, which work on one list v: the arguments, then the others."""
    steps = [_function("v", lines[i : i + _PIECE], namespace) for i in range(0, len(lines), _PIECE)]
    gather = [_function("v", [_returned(results[i : i + _PIECE])], namespace) for i in range(0, len(results), _PIECE)]
    rest: list[Any] = [None] * (places - arguments)

    def evaluate(*given: Any) -> tuple[Any, ...]:
        v = [*given, *rest]
        for step in steps:
            step(v)
        return tuple(chain.from_iterable(part(v) for part in gather))

    return evaluate


def _last_uses(order: Sequence[Node], outputs: Sequence[Node]) -> list[list[Node]]:
    """Return for each call which calls are read there for the last time, so that their names, and memory, serve again."""
    last = {arg: i for i, node in enumerate(order) for arg in node.args}
    kept = set(outputs)
    dying: list[list[Node]] = [[] for _ in order]
    for node in order:
        if node not in kept:
            dying[last[node]].append(node)
    return dying


def _needed(outputs: Sequence[Node], arithmetic: Arithmetic, names: dict[Node, str], namespace: dict[str, Any]) -> list[Node]:
    """Return the calls to be computed, in order; constants are put into the namespace instead."""

    def enter(node: Node) -> Sequence[Node]:
        if node in names:
            return ()
        value = arithmetic.constant(node)
        if value is None:
            return node.args
        names[node] = f"c{len(names)}"
        namespace[names[node]] = value
        return ()

    order = topological(*outputs, enter=enter)
    missing = [n.name for n in order if isinstance(n, Symbol) and n not in names]
    if missing:
        raise KeyError(f"symbols without a value: {missing}")
    return [node for node in order if node not in names]


def joined(sign: str, args: Sequence[str], group: int = 200) -> str:
    """Return a long sum or product, grouped so that Python's compiler need not nest deeply."""
    parts = list(args)
    while len(parts) > group:
        parts = [f"({sign.join(parts[i : i + group])})" for i in range(0, len(parts), group)]
    return sign.join(parts)


def float_of(node: Number) -> float:
    """Return the nearest double of an exact number, infinite beyond the doubles."""
    try:
        return float(node.value)
    except OverflowError:
        return float("inf") if node.value > 0 else float("-inf")
