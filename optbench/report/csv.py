"""The attempts as CSV (RFC 4180): a header, then one row an attempt.

The columns are `problem`, the fields of an attempt (see docs/json.md) without its trace, and in the place of its point a
column for each coordinate (`x`, `y`, for arrays `x[0]`, `x[1,2]`). Beyond 100 coordinates, and where several problems
share one header, the point is one column `point` that holds JSON. A coordinate that has the name of another column is
called `point.NAME`. A result without attempts, such as that of a faulty expression, is one row with its status and reason.

Numbers are the shortest that read back the same, so csv.DictReader, pandas and spreadsheets get the numbers themselves.
Text that begins with = + - @ gets an apostrophe in front of it, which spreadsheets take as "this is text"; otherwise a
problem named =HYPERLINK(...) would become a formula. Control characters are shown escaped.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from typing import Any

from optbench.errors import printable
from optbench.report.plain_words import label, leaves, mistake
from optbench.result import Attempt, ProblemSummary, Result

_FIELDS = [f.name for f in fields(Attempt) if f.name != "trace"]
_MOST_COORDINATES = 100
_BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def render(result: Result) -> str:
    """Return the table of one result, with a column for each coordinate."""
    names = _coordinates(result.problem)
    if names is None:
        return _text([_header(["point"]), *_rows(result)])
    return _text([_header(names), *_rows(result, len(names))])


def render_all(results: Iterable[Result]) -> Iterator[str]:
    """Yield the rows of several results under one header, which has points as JSON."""
    header = [_header(["point"])]
    for result in results:
        yield _text([*header, *_rows(result)])
        header = []


def _coordinates(problem: ProblemSummary | None) -> list[str] | None:
    """The names of the columns for the coordinates; None where there is none or too many."""
    found: list[str] = []
    for name, variable in (problem.variables if problem else {}).items():
        for entry in product(*map(range, variable.shape or ())):
            column = f"{name}[{','.join(map(str, entry))}]" if entry else name
            found.append(f"point.{column}" if column in (*_FIELDS, "problem") else column)
            if len(found) > _MOST_COORDINATES:
                return None
    return found or None


def _header(point: Sequence[str]) -> list[str]:
    return ["problem", *(column for name in _FIELDS for column in (point if name == "point" else [name]))]


def _rows(result: Result, coordinates: int | None = None) -> Iterator[list[str]]:
    """The rows of a result; its points fill so many columns, or one."""
    for attempt in _attempts(result):
        row = [cell(result.problem and label(result.problem))]
        for name in _FIELDS:
            value = attempt.get(name)
            row += _point(value, coordinates) if name == "point" and coordinates is not None else [cell(value)]
        yield row


def _attempts(result: Result) -> list[dict[str, Any]]:
    plain = result.to_dict()
    if plain["attempts"]:
        return [*plain["attempts"]]
    return [{"status": plain["status"], "reason": " ".join([result.sentence, *mistake(result)]), "value": plain["value"]}]


def _point(point: Mapping[str, Any] | None, coordinates: int) -> list[str]:
    return [""] * coordinates if point is None else [cell(value) for value in leaves([*point.values()])]


def cell(value: Any) -> str:
    """Return a value as a cell has it."""
    if value is None or value == {}:
        return ""
    if not isinstance(value, str):
        return json.dumps(value)
    text = printable(value)
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text


def _text(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
