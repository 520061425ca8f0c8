"""The result as Markdown with the tables of GitHub (GFM): a heading, the sentence, the formulas, and a table of attempts.

What is maths stands as inline code; all else is escaped, so that a text of the user's is shown as it is.

>>> escaped("<b>[x](y) | *z*"), code("a`b")
('\\\\<b\\\\>\\\\[x](y) \\\\| \\\\*z\\\\*', '``a`b``')
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from optbench.errors import printable
from optbench.report import plain_words
from optbench.result import ProblemSummary, Result

BETWEEN = "\n"  # stands between the answers to several problems


def render(result: Result) -> str:
    """Return the Markdown text; it has no raw HTML."""
    return "\n\n".join(_blocks(result)) + "\n"


def _blocks(result: Result) -> Iterator[str]:
    if result.problem is not None:
        yield _heading(result.problem)
        yield _list(code(line.strip()) for line in list(plain_words.heading(result.problem))[1:])
    yield f"**{escaped(result.sentence)}**"
    found, known, wrong = plain_words.formulas(result), plain_words.remarks(result), plain_words.mistake(result)
    if lines := [*map(code, found), *map(escaped, known), *map(code, wrong)]:
        yield _list(lines)
    if result.attempts:
        yield table(*plain_words.table(result.attempts))
    if lines := [*map(escaped, plain_words.notes(result.attempts)), *map(escaped, result.warnings)]:
        yield _list(lines)


def _heading(problem: ProblemSummary) -> str:
    name = f"{escaped(problem.name)}: " if problem.name else ""
    return f"## {name}{problem.sense} {code(plain_words.shortened(problem.objective))}"


def _list(lines: Iterator[str] | Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[str] = plain_words.WORDS) -> str:
    """Return a table whose columns line up in the source as well; those with a heading of `words` are aligned to the left."""
    lines = [[escaped(cell) for cell in line] for line in (headings, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width if h in words else "-" * (width - 1) + ":" for h, width in zip(headings, widths, strict=True)]
    aligned = [[_padded(cell, width, h in words) for cell, width, h in zip(line, widths, headings, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in (aligned[0], rule, *aligned[1:]))


def _padded(cell: str, width: int, is_words: bool) -> str:
    return cell.ljust(width) if is_words else cell.rjust(width)


def escaped(text: str) -> str:
    """Return `text` so that it is shown letter by letter: no emphasis, links, HTML, cells or mentions."""
    return re.sub(r"[\\`*_\[<>|~&$#@]|(?<=[a-z])://|(?<=www)\.", lambda found: rf"\{found[0]}", printable(text))


def code(text: str) -> str:
    """Return `text` as inline code, between more backticks than it has in a row."""
    text = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"
