"""What a lesson is made of: sections of paragraphs, displayed lines and grids, in which maths has a text and a TeX form.

>>> notation = Notation({}, "f", "x")
>>> line = Line((notation.derivative("x^2/2"), "=", notation.maths("x")), notation.prose("here `x = 1`"))
>>> "".join(plain(line.parts)), [str(piece) for piece in line.note]
("(x^2/2)' = x", ['here ', "Math(text='x = 1', tex='x = 1')"])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from optbench.language.graph import Node
from optbench.language.latex import latex_name
from optbench.report.latex import constraint, expression, interval

LONG = 60  # characters of a formula that stands inside of a sentence or a cell


class Math(NamedTuple):
    """A piece of maths, in our language and in TeX."""

    text: str
    tex: str


Piece: TypeAlias = str | Math


class Paragraph(NamedTuple):
    """Prose with maths in it."""

    pieces: tuple[Piece, ...]


class Line(NamedTuple):
    """One displayed line: maths with relations between them ("=", "<", "in", "->"), and a remark in prose."""

    parts: tuple[Piece, ...]
    note: tuple[Piece, ...] = ()


class Display(NamedTuple):
    """Displayed lines below one another."""

    lines: tuple[Line, ...]


class Grid(NamedTuple):
    """A table; each cell is prose with maths in it."""

    headings: tuple[str, ...]
    rows: tuple[tuple[tuple[Piece, ...], ...], ...]


Block: TypeAlias = Paragraph | Display | Grid


class Section(NamedTuple):
    """A titled part of a lesson."""

    title: str
    blocks: tuple[Block, ...]


class Lesson(NamedTuple):
    """The whole explanation."""

    title: tuple[Piece, ...]
    sections: tuple[Section, ...]


def say(*pieces: Piece) -> Paragraph:
    """Return a paragraph."""
    return Paragraph(pieces)


def texts(pieces: Sequence[Piece]) -> str:
    """Return prose with its maths in our language."""
    return "".join(piece.text if isinstance(piece, Math) else piece for piece in pieces)


def display(lines: Iterable[Line]) -> Display:
    """Return displayed lines."""
    return Display(tuple(lines))


def plain(parts: Sequence[Piece]) -> Iterator[str]:
    """Yield the texts of a line's parts, relations with spaces around them."""
    for part in parts:
        yield part.text if isinstance(part, Math) else f" {part} "


@dataclass(frozen=True)
class Notation:
    """How a problem's maths is written: its names, the letter of its function, and what that depends on ("x, y")."""

    names: Mapping[str, Node]
    letter: str
    arguments: str

    def maths(self, text: str) -> Math:
        """Return an expression; a long one is set as it is typed."""
        return Math(text, expression(text, self.names))

    def prose(self, text: str) -> tuple[Piece, ...]:
        """Return a text of ours in which maths stands between backticks."""
        parts = text.split("`")
        return tuple(self._equation(part) if k % 2 else part for k, part in enumerate(parts) if part)

    def _equation(self, text: str) -> Math:
        return Math(text, " = ".join(expression(side, self.names) for side in text.split(" = ")))

    def constraint(self, text: str) -> Math:
        """Return a constraint."""
        return Math(text, constraint(text, self.names))

    def condition(self, text: str) -> Math:
        """Return conditions of a domain, joined by "and"; what has an "or" is set as it is typed."""
        parts = [text] if " or " in text else text.split(" and ")
        return Math(text, r" \text{ and } ".join(_condition(part, self.names) for part in parts))

    def named(self, name: str) -> Math:
        """Return a name."""
        return Math(name, latex_name(name))

    def interval(self, text: str) -> Math:
        """Return an interval such as "(0, pi]"."""
        return Math(text, interval(text))

    def f(self, primes: int = 0, at: str | None = None) -> Math:
        """Return f(x) or one of its derivatives, also at a named point."""
        point = self.arguments if at is None else at
        tex = ", ".join(latex_name(name) for name in point.split(", "))
        return Math(f"{self.letter}{chr(39) * primes}({point})", f"{latex_name(self.letter)}{chr(39) * primes}({tex})")

    def partial(self, unknown: str) -> Math:
        """Return df/dx."""
        return Math(f"d{self.letter}/d{unknown}", rf"\frac{{\partial {latex_name(self.letter)}}}{{\partial {latex_name(unknown)}}}")

    def derivative(self, text: str, unknown: str | None = None) -> Math:
        """Return (u)', or d(u)/dx where there are several unknowns."""
        inner = self.maths(text)
        if unknown is None:
            return Math(f"({text})'", rf"\left({inner.tex}\right)'")
        return Math(f"d({text})/d{unknown}", rf"\frac{{\partial}}{{\partial {latex_name(unknown)}}}\left({inner.tex}\right)")


def _condition(text: str, names: Mapping[str, Node]) -> str:
    left, sign, right = text.partition(" != ")
    return rf"{expression(left, names)} \ne {expression(right, names)}" if sign and " or " not in text else constraint(text, names)


def function_letter(names: Iterable[str]) -> str:
    """Return a letter for the function that no variable or parameter has."""
    taken = set(names)
    return next(letter for letter in ("f", "g", "h", "F", "G", "the_function") if letter not in taken)


def number(value: float, digits: int = 9) -> Math:
    """Return a double, rounded to so many significant digits."""
    return _decimal(f"{value:.{digits}g}")


def digits_of(ends: Sequence[str]) -> tuple[str, Math]:
    """Return a relation and a number by an enclosure of it: the digits on which both ends agree, with dots where more follow.

    >>> [(relation, maths.text) for relation, maths in map(digits_of, [("0.7390", "0.7391"), ("2", "2"), ("0.9999", "1.0001")])]
    [('=', '0.739...'), ('=', '2'), ('in', '[0.9999, 1.0001]')]
    """
    low, high = ends
    if low == high:
        return "=", _decimal(low)
    (first, _, exponent), (second, _, other) = low.partition("e"), high.partition("e")
    shared = "".join(a for a, b in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
    if exponent != other or len(shared.lstrip("-0.").replace(".", "")) < 3 or "." not in shared:
        return "in", Math(f"[{low}, {high}]", f"[{_decimal(low).tex}, {_decimal(high).tex}]")
    power = rf" \cdot 10^{{{int(exponent)}}}" if exponent else ""
    return "=", Math(f"{shared}...{'e' if exponent else ''}{exponent}", rf"{shared}\ldots{power}")


def digits_unless(formula: str | None, ends: Sequence[str] | None) -> tuple[Piece, ...]:
    """Return the relation and the digits of an enclosure; nothing where there is none, or the formula is that number already."""
    if ends is None:
        return ()
    relation, digits = digits_of(ends)
    return () if formula in ("0", digits.text) else (relation, digits)


def _decimal(text: str) -> Math:
    return Math(text, expression(text))
