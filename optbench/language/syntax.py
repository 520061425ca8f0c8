"""The syntax tree: what was written, with spans, before names have a meaning.

Chains are flat (`a + b - c` is one `Chain`), so a sum of 10,000 terms is one node deep.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number."""

    span: Span
    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is not called."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined from left to right by operators of one precedence; `operators[i]` stands before `operands[i]`.

    The first operator is '+' or '-' in a sum (a leading sign) and '*' in a product.
    """

    span: Span
    operators: tuple[str, ...]
    operands: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """base ^ exponent."""

    span: Span
    base: Syntax
    exponent: Syntax


@dataclass(frozen=True, slots=True)
class Bars:
    """|operand|."""

    span: Span
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Apply:
    """A call of a function; `axis` is the operand of `axis=`; `clauses` are those of an index sum."""

    span: Span
    name: Name
    args: tuple[Syntax, ...]
    axis: Syntax | None = None
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """`for name in first..last`, both ends included."""

    name: Name
    first: Syntax
    last: Syntax


@dataclass(frozen=True, slots=True)
class Slice:
    """start:stop:step inside an index."""

    span: Span
    start: Syntax | None
    stop: Syntax | None
    step: Syntax | None


@dataclass(frozen=True, slots=True)
class Subscript:
    """base[items]."""

    span: Span
    base: Syntax
    items: tuple[Syntax | Slice, ...]


@dataclass(frozen=True, slots=True)
class Transpose:
    """base.T."""

    span: Span
    base: Syntax


@dataclass(frozen=True, slots=True)
class List:
    """[a, b, c]."""

    span: Span
    entries: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
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
        elif isinstance(item, tuple):
            pending.extend(reversed(item))
        elif isinstance(item, Apply):
            pending.extend((item.clauses, item.axis, item.args))
        elif isinstance(item, Clause):
            pending.extend((item.last, item.first))
        elif hasattr(item, "__slots__") and not isinstance(item, Literal):
            pending.extend(getattr(item, field) for field in reversed(item.__slots__) if field not in ("span", "operators", "signs"))
    return found
