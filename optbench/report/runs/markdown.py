"""A run, or two compared, as Markdown: sentences as a list, a table, and notes. What comes from the user is escaped."""

from __future__ import annotations

from optbench.report.markdown import escaped, table
from optbench.report.runs import words
from optbench.statistics.change import Comparison
from optbench.statistics.summary import Summary


def render(found: Summary | Comparison) -> str:
    """Return the Markdown text; it has no raw HTML."""
    if isinstance(found, Comparison):
        first, *more = words.of_comparison(found)
        shown, notes = words.comparison_table(found), words.notes_on_comparison(found)
    else:
        first, *more = words.of_run(found)
        shown, notes = words.run_table(found), words.notes_on_run(found)
    blocks = [f"**{escaped(first)}**", _list(more), table(shown.headings, shown.rows, shown.words), _list([*notes])]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
