"""The syntax tree: what was written, with spans, before names have a meaning.

Chains are flat (`a + b - c` is one `Chain`), so a sum of 10,000 terms is one node deep.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple, TypeAlias

Span: TypeAlias = tuple[int, int]


class Literal(NamedTuple):
    """A number."""

    span: Span
    value: Fraction


class Name(NamedTuple):
    """A name that is not called."""

    span: Span
    name: str


class Chain(NamedTuple):
    """Operands joined from left to right by operators of one precedence; `operators[i]` stands before `operands[i]`.

    The first operator is '+' or '-' in a sum (a leading sign) and '*' in a product.
    """

    span: Span
    operators: tuple[str, ...]
    operands: tuple[Syntax, ...]


class Power(NamedTuple):
    """base ^ exponent."""

    span: Span
    base: Syntax
    exponent: Syntax


class Bars(NamedTuple):
    """|operand|."""

    span: Span
    operand: Syntax


class Apply(NamedTuple):
    """A call of a function; `axis` is the operand of `axis=`; `clauses` are those of an index sum."""

    span: Span
    name: Name
    args: tuple[Syntax, ...]
    axis: Syntax | None = None
    clauses: tuple[Clause, ...] = ()


class Clause(NamedTuple):
    """`for name in first..last`, both ends included."""

    name: Name
    first: Syntax
    last: Syntax


class Slice(NamedTuple):
    """start:stop:step inside an index."""

    span: Span
    start: Syntax | None
    stop: Syntax | None
    step: Syntax | None


class Subscript(NamedTuple):
    """base[items]."""

    span: Span
    base: Syntax
    items: tuple[Syntax | Slice, ...]


class Transpose(NamedTuple):
    """base.T."""

    span: Span
    base: Syntax


class List(NamedTuple):
    """[a, b, c]."""

    span: Span
    entries: tuple[Syntax, ...]


class Comparison(NamedTuple):
    """operands[0] signs[0] operands[1] ..."""

    span: Span
    signs: tuple[str, ...]
    operands: tuple[Syntax, ...]


Syntax: TypeAlias = Literal | Name | Chain | Power | Bars | Apply | Subscript | Transpose | List | Comparison


def names(tree: Syntax) -> list[Name]:
    """Return every name that is written in the tree and not called, in order."""
    found: list[Name] = []
    pending: list[object] = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, Name):
            found.append(item)
        elif isinstance(item, Apply):
            pending.extend((item.clauses, item.axis, item.args))
        elif isinstance(item, Clause):
            pending.extend((item.last, item.first))
        elif isinstance(item, tuple) and not isinstance(item, Literal):
            pending.extend(reversed(item))  # spans, signs and operators hold no names
    return found
