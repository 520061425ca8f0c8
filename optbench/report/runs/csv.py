"""The attempts of a run as CSV (RFC 4180): a header, then one row an attempt, with what it is worth before the truth of its problem.

Numbers are the shortest that read back the same; texts that a spreadsheet would take for a formula begin with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from optbench.report.csv import cell
from optbench.statistics.records import Record, Run
from optbench.statistics.truth import Truth, gap, truths, verdict

COLUMNS = (
    *("problem", "scan", "method", "kind", "options", "seed", "repeat", "status", "reason", "assurance", "value", "infeasibility"),
    *("evaluations", "seconds", "optimum", "optimum_known_by", "relative_error", "solved", "claimed", "wrong", "version"),
)


def render(run: Run) -> str:
    """Return the table; problems that could not be read have a row with their status and reason."""
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *_rows(run)])
    return out.getvalue()


def _rows(run: Run) -> Iterator[list[str]]:
    found = truths(run.records)
    for record in run.records:
        yield [cell(value) for value in _values(record, found[record.instance.question])]
    for lost in run.unreadable:
        known = {"problem": lost.problem, "status": lost.status, "reason": lost.reason}
        yield [cell(known.get(name)) for name in COLUMNS]


def _values(record: Record, truth: Truth) -> Iterator[Any]:
    """The values of a row, in the order of the columns."""
    judged, value = verdict(record, truth), record.feasible_value
    yield from (record.instance.problem, ", ".join(f"{name}={text}" for name, text in record.instance.question.scan))
    yield from (record.method, record.kind, record.options, record.instance.seed, record.repeat, record.status, record.reason)
    yield from (record.assurance, record.value, record.infeasibility, record.evaluations, record.seconds)
    yield from (truth.value if truth.is_finite else None, truth.basis.value)
    yield gap(value, record.sign, truth) if truth.is_finite and value is not None else None
    yield from (judged.solved, judged.claimed, judged.wrong, record.version)
