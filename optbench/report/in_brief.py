"""A result in a few short lines, as Python's prompt shows it: the sentence, the formulas, and the rows of the comparison."""

from __future__ import annotations

from collections.abc import Iterator

from optbench.errors import printable
from optbench.report import plain_words
from optbench.result import Result

_WIDTH = 120  # characters of a line
_ROWS = 20
_COLUMNS = ("method", "status", "value", "point")


def brief(result: Result) -> str:
    """Return the lines, without a newline at the end."""
    return "\n".join(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..." for line in _lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield printable(result.sentence)
    yield from (f"  {formula}" for formula in plain_words.formulas(result))
    rows = [[plain_words.cells(attempt)[column] for column in _COLUMNS] for attempt in result.attempts[:_ROWS]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if len(result.attempts) > _ROWS:
        yield f"and {len(result.attempts) - _ROWS} more attempts"
