"""A lesson as Markdown with TeX maths between dollars, as GitHub, Jupyter and pandoc show it."""

from __future__ import annotations

from collections.abc import Sequence

from optbench.report.explanation.latex import displayed
from optbench.report.explanation.model import Block, Display, Grid, Lesson, Math, Paragraph, Piece
from optbench.report.markdown import escaped


def render(lesson: Lesson) -> str:
    """Return the Markdown text, ending with a newline; it has no raw HTML."""
    blocks = [f"# {_prose(lesson.title)}"]
    for number, section in enumerate(lesson.sections, 1):
        blocks += [f"## {number}. {escaped(section.title)}", *map(_block, section.blocks)]
    return "\n\n".join(blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(pieces):
            return _prose(pieces)
        case Display(lines):
            return f"$$\n{displayed(lines)}\n$$"
        case Grid(headings, rows):
            cells = [[escaped(h) for h in headings], ["---"] * len(headings), *([_prose(cell) for cell in row] for row in rows)]
            return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _prose(pieces: Sequence[Piece]) -> str:
    return "".join(_inline(piece.tex) if isinstance(piece, Math) else escaped(piece) for piece in pieces)


def _inline(tex: str) -> str:
    """Maths between dollars; a bar would end a table's cell."""
    return f"${tex.replace('|', chr(92) + 'vert ')}$"
