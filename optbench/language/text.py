"""Printing an expression as text that `parse` reads back to the same node.

Pieces are emitted from a stack, so neither depth nor length needs recursion. Every node has a precedence; an operand
that binds less than its place requires gets parentheses.

>>> from optbench.language.elaborate import parse
>>> text(parse("2x - -1/3*(y+1)^2").node)
'2*x + 1/3*(y + 1)^2'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

from optbench.language.build import negate, number
from optbench.language.digits import digits, quotient
from optbench.language.functions import RELATION_SIGN, TABLE, Kind
from optbench.language.graph import Call, Node, Number, Symbol, topological

MAX_LENGTH = 2_000_000

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5
Piece: TypeAlias = str | tuple[Node, int]
Pieces: TypeAlias = tuple[int, list[Piece]]


_e_is_taken = ContextVar("a problem has a variable or parameter named e", default=False)


@contextmanager
def beside(names: Iterable[str]) -> Iterator[None]:
    """Within this, Euler's number is written exp(1) if one of these names, of a problem, is e."""
    token = _e_is_taken.set(_e_is_taken.get() or "e" in names)
    try:
        yield
    finally:
        _e_is_taken.reset(token)


class TooLong(Exception):
    """The text would be longer than 2 million characters (an expression with many shared parts)."""


def text(root: Node, *, decimals: bool = False) -> str:
    """Return the expression as text.

    Numbers are whole or quotients; with `decimals`, quotients such as 13/50 are written as 0.26, which is as exact.
    """
    e_is_free = not _e_is_taken.get() and not any(isinstance(n, Symbol) and n.name == "e" for n in topological(root))
    return "".join(emit(root, lambda node: _pieces(node, decimals, e_is_free), "(", ")"))


def emit(root: Node, pieces_of: Callable[[Node], Pieces], left: str, right: str) -> list[str]:
    """Return the strings of an expression, given how one node is written."""
    out: list[str] = []
    length = 0
    stack: list[Piece] = [(root, 0)]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
            length += len(piece)
            if length > MAX_LENGTH:
                raise TooLong
            continue
        node, required = piece
        precedence, pieces = pieces_of(node)
        if precedence < required:
            pieces = [left, *pieces, right]
        stack.extend(reversed(pieces))
    return out


def number_text(value: Fraction, decimals: bool = False) -> str:
    """Return a rational number as text: 3, -1/3, and with `decimals` 0.26 and 1e-6."""
    if decimals and value.denominator >= 10:
        exact = _decimal(value)
        if exact is not None:
            return exact
    return quotient(value)


def _decimal(value: Fraction) -> str | None:
    """Return the finite decimal of a number, or None if it has none of at most 25 digits."""
    denominator, places = value.denominator, 0
    while denominator % 10 == 0:
        denominator, places = denominator // 10, places + 1
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator, places = denominator // prime, places + 1
    if denominator != 1 or places > 400:
        return None
    scaled = abs(value.numerator) * 10**places // value.denominator
    if scaled >= 10**25:
        return None
    written, sign = str(scaled), "-" if value < 0 else ""
    significant = written.rstrip("0")
    if places >= len(written) + 4:
        exponent = len(written) - places - 1
        mantissa = significant[0] + ("." + significant[1:] if len(significant) > 1 else "")
        return f"{sign}{mantissa}e{exponent}"
    written = written.rjust(places + 1, "0")
    return f"{sign}{written[:-places]}.{written[-places:]}".rstrip("0")


def is_negative(node: Node) -> bool:
    """Whether a term is written with a minus sign in front: where `negate` takes one away."""
    if isinstance(node, Call) and node.function == "divide":
        node = node.args[0]
    if isinstance(node, Call) and node.function == "multiply":
        node = node.args[0]
        return isinstance(node, Number) and node.value < 0
    return node.value < 0 if isinstance(node, Number) else isinstance(node, Call) and node.function == "negate"


def separated(args: Sequence[Node]) -> list[Piece]:
    """Return arguments with commas between them."""
    pieces: list[Piece] = []
    for arg in args:
        pieces.extend(([", "] if pieces else []) + [(arg, 0)])
    return pieces


def _pieces(node: Node, decimals: bool, e_is_free: bool) -> Pieces:
    if isinstance(node, Number):
        written = number_text(node.value, decimals)
        return (_PRODUCT if "/" in written else _SIGN if node.value < 0 else _ATOM), [written]
    if isinstance(node, Symbol):
        return _ATOM, [node.name]
    assert isinstance(node, Call)
    if node.function == "exp" and node.args[0] is number(1) and e_is_free:
        return _ATOM, ["e"]
    if node.function in _WRITTEN:
        return _WRITTEN[node.function](node)
    if node.function in RELATION_SIGN:
        return _SUM, [(node.args[0], _SUM), f" {RELATION_SIGN[node.function]} ", (node.args[1], _SUM)]
    row = TABLE[node.function]
    if row.kind is Kind.REDUCTION and node.static[0] is not None:
        return _ATOM, [f"{node.function}(", (node.args[0], 0), f", axis={node.static[0]})"]
    if not row.args and not node.static:
        return _ATOM, [node.function]
    extra = f", {node.static}" if node.static and row.kind is Kind.STRUCTURE else ""
    return _ATOM, [f"{node.function}(", *separated(node.args), f"{extra})"]


def _add(node: Call) -> Pieces:
    pieces: list[Piece] = [(node.args[0], _SUM)]
    for term in node.args[1:]:
        pieces.extend([" - ", (negate(term), _PRODUCT)] if is_negative(term) else [" + ", (term, _PRODUCT)])
    return _SUM, pieces


def _multiply(node: Call) -> Pieces:
    pieces: list[Piece] = [(node.args[0], _PRODUCT)]
    for factor in node.args[1:]:
        pieces.extend(["*", (factor, _POWER)])
    return _PRODUCT, pieces


def _negate(node: Call) -> Pieces:
    """-a*b reads as (-a)*b, which is the same; -A @ x does not, so it needs parentheses."""
    operand = first = node.args[0]
    while isinstance(first, Call) and first.function in ("multiply", "divide"):
        first = first.args[0]
    plain = not (isinstance(first, Call) and first.function in ("matmul", "mod"))
    return _PRODUCT if operand is not first else _SIGN, ["-", (operand, _PRODUCT if plain else _POWER)]


def _binary(sign: str) -> Callable[[Call], Pieces]:
    return lambda node: (_PRODUCT, [(node.args[0], _PRODUCT), sign, (node.args[1], _POWER)])


def _power(node: Call) -> Pieces:
    return _POWER, [(node.args[0], _ATOM), "^", (node.args[1], _POWER)]


def _extreme(node: Call) -> Pieces:
    name = node.function if any(a.shape for a in node.args) else node.function[:3]
    return _ATOM, [f"{name}(", *separated(node.args), ")"]


def _index(node: Call) -> Pieces:
    items = [_slice(part, size) for part, size in zip(node.static, node.args[0].shape, strict=True)]
    while len(items) > 1 and items[-1] == ":":
        items.pop()
    return _ATOM, [(node.args[0], _ATOM), f"[{', '.join(items)}]"]


def _slice(part: Any, size: int) -> str:
    if isinstance(part, int):
        return str(part)
    start, stop, step = part
    first, last = (0, size) if step > 0 else (size - 1, -1)
    return f"{'' if start == first else start}:{'' if stop == last else stop}{'' if step == 1 else f':{step}'}"


def _take(node: Call) -> Pieces:
    axis = node.static[0] or 0
    return _ATOM, [(node.args[0], _ATOM), "[", *([":, "] * axis), *separated(node.args[1:]), "]"]


def _and(node: Call) -> Pieces:
    """Comparisons that share their operands are written as the chain that they came from."""
    relations = [a for a in node.args if isinstance(a, Call) and a.function in RELATION_SIGN]
    linked = all(a.args[1] is b.args[0] for a, b in pairwise(relations))
    if len(relations) < len(node.args) or not linked:
        return _words(node)
    pieces: list[Piece] = [(relations[0].args[0], _SUM)]
    for relation in relations:
        pieces.extend([f" {RELATION_SIGN[relation.function]} ", (relation.args[1], _SUM)])
    return _SUM, pieces


def _words(node: Call) -> Pieces:
    pieces: list[Piece] = []
    for arg in node.args:
        pieces.extend(
            ([f" {node.function} "] if pieces else []) + [(arg, _PRODUCT if isinstance(arg, Call) and arg.function in ("and", "or") else 0)]
        )
    return _SUM, pieces


def polynomial_text(coefficients: Sequence[int], unknown: str) -> str:
    """Return integer coefficients, constant first, as a polynomial: t^5 - t - 1."""
    out = ""
    for degree in range(len(coefficients) - 1, -1, -1):
        c = coefficients[degree]
        if not c:
            continue
        power = "" if degree == 0 else unknown if degree == 1 else f"{unknown}^{degree}"
        size = "" if abs(c) == 1 and power else f"{digits(abs(c))}{'*' if power else ''}"
        out += f"{(' - ' if c < 0 else ' + ') if out else ('-' if c < 0 else '')}{size}{power}"
    return out or "0"


def _rootof(node: Call) -> Pieces:
    return _ATOM, [f"rootof({polynomial_text(node.static[0], 't')}, {node.static[1]})"]


def _arange(node: Call) -> Pieces:
    return _ATOM, ["arange(", *separated(node.args[:2] if node.args[2] is number(1) else node.args), ")"]


_WRITTEN: dict[str, Callable[[Call], Pieces]] = {
    "add": _add,
    "multiply": _multiply,
    "negate": _negate,
    "divide": _binary("/"),
    "mod": _binary(" % "),
    "matmul": _binary(" @ "),
    "power": _power,
    "minimum": _extreme,
    "maximum": _extreme,
    "index": _index,
    "take": _take,
    "and": _and,
    "or": _words,
    "not": lambda node: (_POWER, ["not ", (node.args[0], _ATOM)]),
    "rootof": _rootof,
    "arange": _arange,
    "lambertw_lower": lambda node: (_ATOM, ["lambertw(", (node.args[0], 0), ", -1)"]),
    "linspace": lambda node: (_ATOM, ["linspace(", *separated(node.args), f", {node.static[0]})"]),
    "zeros": lambda node: (_ATOM, [f"zeros({', '.join(map(str, node.static[0]))})"]),
    "ones": lambda node: (_ATOM, [f"ones({', '.join(map(str, node.static[0]))})"]),
    "array": lambda node: (_ATOM, ["[", *separated(node.args), "]"]),
    "transpose": lambda node: (_ATOM, [(node.args[0], _ATOM), ".T"]),
}
