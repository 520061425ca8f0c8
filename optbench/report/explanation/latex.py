r"""A lesson as LaTeX: a fragment for a document that loads amsmath and booktabs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optbench.language.latex import escaped
from optbench.report.explanation.model import Block, Display, Grid, Lesson, Line, Math, Paragraph, Piece

_RELATIONS = {"->": r"\to", "in": r"\in", "!=": r"\ne"}


def render(lesson: Lesson) -> str:
    """Return the fragment, with balanced braces and environments."""
    blocks = ["% needs \\usepackage{amsmath,booktabs}", rf"\section*{{{_prose(lesson.title)}}}"]
    for section in lesson.sections:
        blocks += [rf"\subsection*{{{escaped(section.title)}}}", *map(_block, section.blocks)]
    return "\n\n".join(blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(pieces):
            return _prose(pieces)
        case Display(lines):
            return f"\\begin{{equation*}}\n{displayed(lines)}\n\\end{{equation*}}"
        case Grid(headings, rows):
            head = [rf"\begin{{tabular}}{{{'l' * len(headings)}}}", r"\toprule", _row(map(escaped, headings)), r"\midrule"]
            return "\n".join([*head, *(_row(map(_prose, row)) for row in rows), r"\bottomrule", r"\end{tabular}"])


def displayed(lines: Sequence[Line]) -> str:
    """Return the lines, aligned at their first relation, for display maths."""
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(map(_line, lines)), r"\end{aligned}"])


def _line(line: Line) -> str:
    written, aligned = "", False
    for part in line.parts:
        if isinstance(part, Math):
            written += part.tex
        else:
            written += ("" if aligned else " &") + f" {_RELATIONS.get(part, part)} "
            aligned = True
    return written + (rf" && \text{{({_prose(line.note)})}}" if line.note else "")


def _row(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _prose(pieces: Sequence[Piece]) -> str:
    return "".join(f"${piece.tex}$" if isinstance(piece, Math) else escaped(piece) for piece in pieces)
