"""A lesson as plain text, wrapped to a width.

>>> from optbench.report.explanation.model import Line, Math, display, say, Section
>>> blocks = (say("The equation is"), display([Line((Math("x", "x"), "=", Math("1", "1")), ("why",))]))
>>> print(render(Lesson(("Why",), (Section("One", blocks),)), 60))
Why
<BLANKLINE>
1. One
<BLANKLINE>
   The equation is
<BLANKLINE>
       x = 1    (why)
<BLANKLINE>
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from optbench.errors import printable
from optbench.report.explanation.model import Block, Display, Grid, Lesson, Paragraph, Piece, plain, texts

WIDTH = 100
_INDENT = "   "


def render(lesson: Lesson, width: int = WIDTH) -> str:
    """Return the text, ending with a newline."""
    return "\n".join(line for line, _ in lines(lesson, width)) + "\n"


def lines(lesson: Lesson, width: int = WIDTH) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is a title."""
    yield _prose(lesson.title), True
    for number, section in enumerate(lesson.sections, 1):
        yield "", False
        yield f"{number}. {section.title}", True
        for block in section.blocks:
            yield "", False
            yield from ((line, False) for line in _lines(block, width))


def _lines(block: Block, width: int) -> Iterator[str]:
    match block:
        case Paragraph(pieces):
            yield from textwrap.wrap(
                _prose(pieces), width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
            )
        case Display(shown):
            yield from _displayed([("".join(plain(line.parts)), texts(line.note)) for line in shown])
        case Grid(headings, rows):
            yield from _grid([headings, *([_prose(cell) for cell in row] for row in rows)])


def _prose(pieces: Sequence[Piece]) -> str:
    return printable(texts(pieces))


def _displayed(shown: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The lines with their remarks in one column, where that is near."""
    column = max((len(line) for line, note in shown if note and len(line) <= 60), default=0)
    for line, note in shown:
        yield _INDENT + "    " + (f"{printable(line):<{column}}    ({printable(note)})" if note else printable(line))


def _grid(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield (_INDENT + "    " + "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
