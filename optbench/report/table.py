"""The result as people read it: the problem, the answer in a sentence, and a table with a row for each attempt.

Whatever comes from the user is printed as `Text`, never as markup, with control characters escaped. Without a terminal
there is no colour, no box and no truncation.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from optbench.errors import printable
from optbench.report import plain_words
from optbench.result import Attempt, Result

BETWEEN = "\n"  # stands between the answers to several problems
_WIDE = 100_000  # characters of a line that nothing wraps
_DISPENSABLE = ("iterations", "evaluations", "epochs", "time", "infeasibility", "point", "true error")  # in this order, for lack of room
_POINT_WIDTH = 16  # characters to which points are folded before a column is left out
_GAP = 3  # characters between two columns


def render(result: Result) -> str:
    """Return the text for a pipe or a file."""
    out = io.StringIO()
    console = Console(file=out, width=_WIDE, color_system=None, force_terminal=False, highlight=False, markup=False, emoji=False)
    console.print(picture(result, boxed=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def picture(result: Result, boxed: bool = True, width: int = _WIDE) -> Group:
    """Return what a console of this width prints."""
    parts: list[RenderableType] = []
    if result.problem is not None:
        parts += [*map(Text, plain_words.heading(result.problem)), Text()]
    parts.append(Text(printable(result.sentence), style="bold"))
    parts += [Text("  " + line) for line in plain_words.answer(result)]
    if result.attempts:
        parts += [Text(), rows(result.attempts, boxed, width)]
    if notes := [Text(line, style="dim") for line in plain_words.notes(result.attempts)]:
        parts += [Text(), *notes]
    return Group(*parts)


def rows(attempts: Sequence[Attempt], boxed: bool = True, width: int = _WIDE) -> Table:
    """Return the table of attempts; no number in it is ever cut, a narrow one has fewer columns."""
    headings, lines = plain_words.table(attempts)
    table = Table(box=box.SIMPLE_HEAD if boxed else None, show_edge=False, pad_edge=False, header_style="bold" if boxed else "")
    shown = _fitting(headings, lines, width)
    for column in shown:
        heading = headings[column]
        right = heading not in plain_words.WORDS
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "point", overflow="fold")
    for attempt, line in zip(attempts, lines, strict=True):
        styles = {headings.index("status"): plain_words.COLOURS[attempt.status]}
        table.add_row(*(Text(line[column], style=styles.get(column, "")) for column in shown))
    return table


def _fitting(headings: Sequence[str], lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """The numbers of the columns for which there is room; a terminal shows no empty ones."""
    if width == _WIDE:
        return list(range(len(headings)))
    widths = [max(map(cell_len, column)) for column in zip(headings, *lines, strict=True)]
    widths[headings.index("point")] = min(widths[headings.index("point")], _POINT_WIDTH)
    shown = [c for c, h in enumerate(headings) if h not in _DISPENSABLE or any(line[c] for line in lines)]
    for heading in _DISPENSABLE:
        if sum(widths[column] + _GAP for column in shown) <= width:
            break
        shown = [column for column in shown if headings[column] != heading]
    return shown
