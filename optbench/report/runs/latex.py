"""A run, or two compared, as LaTeX for a paper: a booktabs table, the sentences above it and the notes below."""

from __future__ import annotations

from optbench.language.latex import escaped
from optbench.report.runs import words
from optbench.statistics.change import Comparison
from optbench.statistics.summary import Summary


def render(found: Summary | Comparison) -> str:
    """Return the fragment, for a document that loads booktabs; what comes from the user is escaped."""
    if isinstance(found, Comparison):
        sentences, shown, notes = words.of_comparison(found), words.comparison_table(found), words.notes_on_comparison(found)
    else:
        sentences, shown, notes = words.of_run(found), words.run_table(found), words.notes_on_run(found)
    blocks = [
        "% needs \\usepackage{booktabs}",
        "\n".join(map(escaped, sentences)),
        _tabular(shown),
        "\n".join(f"{escaped(note)}." for note in notes),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _tabular(table: words.Table) -> str:
    columns = "".join("l" if heading in table.words else "r" for heading in table.headings)
    head = [rf"\begin{{tabular}}{{{columns}}}", "\\toprule", _line(table.headings), "\\midrule"]
    return "\n".join([*head, *map(_line, table.rows), "\\bottomrule", "\\end{tabular}"])


def _line(cells: list[str]) -> str:
    return f"{' & '.join(map(escaped, cells))} \\\\"
