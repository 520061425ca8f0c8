"""A result as a fragment of HTML, as notebooks show it: the problem, the sentence, the formulas, and the table of attempts.

It stands alone: no script, no style sheet, nothing from elsewhere. Text takes the page's colour, light or dark, and the
dot before a status has a tone that is told apart from both; the status itself is said in words. What comes from the user
is escaped, also from MathJax, which would set what stands between two dollar signs as maths.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from optbench.errors import printable
from optbench.report import plain_words
from optbench.result import AttemptStatus, Result

TONES = {"green": "#2f9e44", "yellow": "#c77700", "red": "#e03131", "dim": "#868e96"}  # of 3:1 or more on white and on #111


def fragment(result: Result) -> str:
    """Return one `div` element."""
    return "\n".join(["<div>", *_parts(result), "</div>"]) + "\n"


def _parts(result: Result) -> Iterator[str]:
    if result.problem is not None:
        yield f"<p>{'<br>'.join(_code(line.strip()) for line in plain_words.heading(result.problem))}</p>"
    yield f"<p><strong>{_text(result.sentence)}</strong></p>"
    found, known, wrong = plain_words.formulas(result), plain_words.remarks(result), plain_words.mistake(result)
    yield from _list([*map(_code, found), *map(_text, known), *map(_code, wrong)])
    if result.attempts:
        yield from _table(result)
    yield from _list(_text(line) for line in [*plain_words.notes(result.attempts), *result.warnings])


def _list(items: Iterable[str]) -> Iterator[str]:
    if lines := [f"<li>{item}</li>" for item in items]:
        yield from ["<ul>", *lines, "</ul>"]


def _table(result: Result) -> Iterator[str]:
    headings, rows = plain_words.table(result.attempts)
    yield '<div style="overflow-x: auto"><table>'
    yield f"<thead><tr>{''.join(_cell('th', heading, _text(heading)) for heading in headings)}</tr></thead>"
    yield "<tbody>"
    for attempt, row in zip(result.attempts, rows, strict=True):
        yield f"<tr>{_row(headings, row, attempt.status)}</tr>"
    yield "</tbody></table></div>"


def _row(headings: Sequence[str], row: Sequence[str], status: AttemptStatus) -> str:
    dot = f'<span style="color: {TONES[plain_words.COLOURS[status]]}" aria-hidden="true">&#9679;</span> '
    cells = [(heading, (dot if heading == "status" else "") + _text(cell)) for heading, cell in zip(headings, row, strict=True)]
    return "".join(_cell("td", heading, content) for heading, content in cells)


def _cell(tag: str, heading: str, content: str) -> str:
    side = "left" if heading in plain_words.WORDS else "right"
    return f'<{tag} style="text-align: {side}; padding: 0.1em 0.6em">{content}</{tag}>'


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _text(text: str) -> str:
    escaped = html.escape(printable(text))
    return escaped.replace("\\", "<span>\\</span>").replace("$", "<span>$</span>")
