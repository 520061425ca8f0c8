"""A run, or two compared, as plain text: sentences, a table, a plot of the profiles, and notes."""

from __future__ import annotations

from itertools import zip_longest

from optbench.report.runs import words
from optbench.report.runs.profile_plot import plot
from optbench.report.runs.words import Table
from optbench.statistics.change import Comparison
from optbench.statistics.summary import Summary


def render(found: Summary | Comparison) -> str:
    """Return the text."""
    if isinstance(found, Comparison):
        return _joined(*words.of_comparison(found)) + _aligned(words.comparison_table(found)) + _notes(*words.notes_on_comparison(found))
    drawn = ""
    if any(curve.costs for curve in found.profiles.by_seconds.values()):
        drawn = plot(found.profiles.by_seconds, "Time: share of the cases within a factor of the least") + "\n\n"
    return _joined(*words.of_run(found)) + _aligned(words.run_table(found)) + drawn + _notes(*words.notes_on_run(found))


def _joined(*sentences: str) -> str:
    return "\n".join(sentences) + "\n\n"


def _notes(*notes: str) -> str:
    return "\n".join(notes) + "\n"


def _aligned(table: Table) -> str:
    lines = [table.headings, *table.rows]
    widths = [max(map(len, column)) for column in zip_longest(*lines, fillvalue="")]
    left = [heading in table.words for heading in table.headings]
    text = [
        "  ".join(cell.ljust(width) if is_left else cell.rjust(width) for cell, width, is_left in zip(line, widths, left, strict=True))
        for line in lines
    ]
    return "\n".join(line.rstrip() for line in text) + "\n\n"
