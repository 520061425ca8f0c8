"""Reading the columns of a CSV file: a header line with names, then one measurement a line.

Columns are float64, since data are measured; where a number has more digits than a double keeps, that is told. Every mistake
names one cell only, with its line and column, and at most 20 are reported. Lines of plain numbers are read many at a time
(`plain_rows`); from the first lines that need care on, cell by cell.

>>> import tempfile
>>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
...     print("y,x\\n10.07,77.6\\n14.73,114.9", file=file, flush=True)
...     read_columns(file.name)["y"]
array([10.07, 14.73])
"""

from __future__ import annotations

import csv
import io
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optbench.errors import Mistake, Place, ProblemError, nearest, printable
from optbench.problem.plain_rows import cells_of, longest_cell, plain_rows
from optbench.problem.regular_file import regular_file, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES = 256 * 2**20
MAX_ROWS = 10_000_000
_MAX_MISTAKES = 20
_SAFE = 15  # characters of a number that is surely read back as it is written, unless it is tiny
_BLOCK = 10_000  # rows that are converted together


class _Row(NamedTuple):
    line: int
    cells: list[str]


class _Enough(Exception):
    """Nothing more is to be read."""


class _Findings:
    """The mistakes found so far in one file."""

    def __init__(self, name: str) -> None:
        self.name = printable(name)
        self.found: list[tuple[float, Mistake]] = []  # each with its line
        self.rounded: dict[str, int] = {}  # the first line in which a column has a number with more digits than a double keeps

    def report(self, line: int, sentence: str, hint: str | None = None) -> None:
        self.found.append((line, Mistake(f"{self.name}:{line}: {sentence}", hint=hint)))
        if len(self.found) >= _MAX_MISTAKES:
            self.found.append((math.inf, Mistake(f"{self.name}: Reading stopped after {_MAX_MISTAKES} mistakes.")))
            raise _Enough

    @property
    def mistakes(self) -> list[Mistake]:
        """What was reported, line by line."""
        return [mistake for _, mistake in sorted(self.found, key=lambda pair: pair[0])]


def read_columns(
    path: str | Path, wanted: Iterable[str] | None = None, named_at: Place | None = None, warn: Callable[[str], None] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return the columns by name, in the order of the file: all of them, or those `wanted`; others may hold anything.

    `warn` is told of each column that had to be rounded. `named_at` is the place in the problem file that names this one.
    Raises ProblemError with up to 20 mistakes of the content, or UsageError if the file can't be opened and no problem file names it.
    """
    import numpy as np

    findings = _Findings(str(path))
    with io.TextIOWrapper(regular_file(path, MAX_BYTES, named_at), "utf-8-sig", newline="") as text:
        columns = _columns(text, findings, wanted)
    if findings.mistakes:
        raise ProblemError(*findings.mistakes)
    if warn is not None:
        for name, line in findings.rounded.items():
            warn(f"{findings.name}:{line}: Column {_quoted(name)} has more digits than a double keeps; its numbers are rounded to doubles.")
    return {name: np.frombuffer(values, dtype=np.float64) for name, values in columns.items()}


def column_names(path: str | Path, named_at: Place | None = None) -> list[str]:
    """Return the names in the first line; raises as `read_columns` does."""
    findings = _Findings(str(path))
    with regular_file(path, MAX_BYTES, named_at) as opened, io.TextIOWrapper(opened, "utf-8-sig", newline="") as text:
        header = next(_rows(text, findings), None)
    if findings.mistakes:
        raise ProblemError(*findings.mistakes)
    return [name.strip() for name in header.cells] if header else []


def _columns(text: Iterator[str], findings: _Findings, wanted: Iterable[str] | None) -> dict[str, array[float]]:
    columns: dict[str, array[float]] = {}
    try:
        rows = _rows(text, findings)
        header = next(rows, None)
        if header is None:
            if not findings.mistakes:
                findings.report(1, "The file is empty; its first line must name the columns.")
            return {}
        chosen = _chosen(header, findings, wanted)
        columns = {name: array("d") for name in chosen}
        rest, line = (text, header.line) if findings.mistakes else _read_plain_rows(text, header, chosen, columns, findings)
        for block in _blocks(_rows(rest, findings, line), len(header.cells), findings, _length(columns)):
            for name, position in chosen.items():
                _convert(columns[name], name, [row.cells[position] for row in block], block, findings)
        if not findings.mistakes and columns and not any(columns.values()):
            findings.report(header.line, "There are no data below the names of the columns.")
    except _Enough:
        pass
    return columns


def _length(columns: Mapping[str, array[float]]) -> int:
    return max(map(len, columns.values()), default=0)


def _read_plain_rows(
    text: Iterator[str], header: _Row, chosen: Mapping[str, int], columns: Mapping[str, array[float]], findings: _Findings
) -> tuple[Iterator[str], int]:
    """Read lines of plain numbers, many at a time; return what is left from where care is needed, and how many lines were read."""
    line, positions = header.line, list(chosen.values())
    while True:
        lines: list[str] = []
        try:
            lines.extend(islice(text, _BLOCK))
        except UnicodeDecodeError as error:
            return chain(lines, _raised(error)), line
        rows = plain_rows(lines, len(header.cells), positions) if lines else None
        if rows is None or _length(columns) + len(lines) > MAX_ROWS:
            return chain(lines, text), line
        _note_rounded(lines, line, chosen, rows, findings)
        for column, values in zip(columns.values(), rows.T, strict=True):
            column.frombytes(values.tobytes())
        line += len(lines)


def _raised(error: UnicodeDecodeError) -> Iterator[str]:
    yield from ()
    raise error


def _note_rounded(lines: list[str], line: int, chosen: Mapping[str, int], rows: NDArray[np.float64], findings: _Findings) -> None:
    """Note in which columns numbers had to be rounded; hardly any block needs a look at its cells."""
    if longest_cell(lines) <= _SAFE and (rows.all() or not _UNDERFLOWING.search("".join(lines))):
        return
    cells = cells_of(lines)
    for (name, position), values in zip(chosen.items(), rows.T.tolist(), strict=True):
        own = cells[position :: len(cells) // len(lines)]
        if name not in findings.rounded and own != list(map(repr, values)):
            first = next((i for i, (cell, value) in enumerate(zip(own, values, strict=True), 1) if _is_rounded(cell, value)), None)
            if first is not None:
                findings.rounded[name] = line + first


def _rows(text: Iterable[str], findings: _Findings, before: int = 0) -> Iterator[_Row]:
    """Yield the rows that are not blank, until the text can't be read; `before`: lines that were read already."""
    reader = csv.reader(_without_nul(text, findings, before), strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            if cells:
                yield _Row(before + reader.line_num, cells)
    except csv.Error as error:
        findings.report(before + reader.line_num, _unreadable(str(error)))
    except UnicodeDecodeError as error:
        findings.report(
            before + reader.line_num + 1,
            f"Byte {error.object[error.start]:#04x} here or soon after is not UTF-8; save the file in that encoding.",
        )


def _without_nul(text: Iterable[str], findings: _Findings, before: int) -> Iterator[str]:
    for number, line in enumerate(text, before + 1):
        if "\0" in line:
            findings.report(number, "There is a NUL character; this is not a text file.")
            return
        yield "\n" if line.isspace() else line


def _unreadable(problem: str) -> str:
    if "limit" in problem:
        return f"A cell has more than {csv.field_size_limit():,} characters."
    if "unexpected end" in problem:
        return "A cell begins with a quotation mark that is never closed."
    if "expected after" in problem:
        return "A cell goes on after its closing quotation mark; a comma is expected there."
    return "The line can't be read as CSV; look for quotation marks."


def _chosen(header: _Row, findings: _Findings, wanted: Iterable[str] | None) -> dict[str, int]:
    """Return the position of each column to read."""
    names = [name.strip() for name in header.cells]
    _check_header(_Row(header.line, names), findings)
    if wanted is None:
        return {name: position for position, name in enumerate(names) if name}
    wanted = list(dict.fromkeys(wanted))
    for name in wanted:
        if name not in names:
            offered = printable(nearest(name[:80], names))
            findings.report(header.line, f"There is no column {_quoted(name)}.{offered}", f"The columns are {_listed(names)}.")
    return {name: names.index(name) for name in wanted if name in names}


def _check_header(header: _Row, findings: _Findings) -> None:
    names = header.cells
    if names[0].startswith("#"):
        findings.report(
            header.line, f"The first line must name the columns, and begins with {_quoted(names[0])}; comments are not accepted."
        )
        raise _Enough
    if all(_number(name) is not None for name in names):
        findings.report(header.line, f"The names of the columns are missing; the first line begins with {_quoted(names[0])}.")
        return
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        findings.report(header.line, "Commas must separate the columns, not semicolons or tabs.")
        raise _Enough
    seen: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if not name:
            findings.report(header.line, f"Column {position} has no name.")
        elif name in seen:
            findings.report(header.line, f"Columns {seen[name]} and {position} have the same name {_quoted(name)}.")
        seen.setdefault(name, position)


def _listed(names: list[str]) -> str:
    return ", ".join(printable(name[:40]) for name in names[:20]) + (", ..." if len(names) > 20 else "")


def _blocks(rows: Iterator[_Row], width: int, findings: _Findings, before: int = 0) -> Iterator[list[_Row]]:
    """Yield the rows that have `width` cells, many at a time; `before`: rows that were read already."""
    block: list[_Row] = []
    for count, row in enumerate(rows, before + 1):
        if count > MAX_ROWS:
            findings.report(row.line, f"There are more than {MAX_ROWS:,} rows.")
            break
        if len(row.cells) != width:
            findings.report(row.line, f"The line has {_cells(len(row.cells))}, the header has {width}.")
            continue
        block.append(row)
        if len(block) == _BLOCK:
            yield block
            block = []
    yield block


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _convert(column: array[float], name: str, cells: list[str], block: list[_Row], findings: _Findings) -> None:
    """Append the cells as numbers: together if all is well, else one after the other to find what is wrong."""
    joined = "".join(cells)
    try:
        if "_" in joined or not joined.isascii():  # float() takes 1_000 and the digits of all scripts
            raise ValueError
        values = array("d", map(float, cells))
        if not all(map(math.isfinite, values)):
            raise ValueError
    except ValueError:
        values = array("d")
        for row, cell in zip(block, cells, strict=True):
            if problem := _fault(cell):
                findings.report(row.line, f"Column {_quoted(name)}: {problem}")
            else:
                values.append(float(cell.strip()))
    column.extend(values)
    if name not in findings.rounded and len(values) == len(cells):
        line = next((row.line for row, cell, value in zip(block, cells, values, strict=True) if _is_rounded(cell, value)), None)
        if line is not None:
            findings.rounded[name] = line


_UNDERFLOWING = re.compile("[eE]-[0-9]{3}")  # without it up to 15 characters are 0 only if they say so


def _is_rounded(cell: str, value: float) -> bool:
    """Whether a number is not the shortest decimal of its double; up to 15 digits of moderate size always are."""
    return (len(cell) > _SAFE or not value) and Decimal(cell.strip()) != Decimal(repr(value))


_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_SEPARATED = re.compile(r"[-+]?[0-9]{1,3}(?:[,.'’\s]?[0-9]{3})*[,.]?[0-9]*")  # 1,5 and 1'234
_NOT_FINITE = re.compile(r"\s*[-+]?(?:nan|inf|infinity)\s*", re.IGNORECASE)


def _number(cell: str) -> float | None:
    return float(cell.strip()) if _NUMBER.fullmatch(cell) else None


def _fault(cell: str) -> str | None:
    number = _number(cell)
    if number is None:
        return _not_a_number(cell)
    return None if math.isfinite(number) else f"{_quoted(cell)} is too large for a double-precision number."


def _not_a_number(cell: str) -> str:
    if not cell.strip():
        return "the cell is empty; a number is expected."
    if _NOT_FINITE.fullmatch(cell):
        return f"{_quoted(cell)} is not accepted; leave the line out, or give a finite number."
    if _SEPARATED.fullmatch(cell.strip()):
        return f"{_quoted(cell)} is not a number; write a point before decimals and nothing between thousands."
    return f"{_quoted(cell)} is not a number."


def _quoted(cell: str) -> str:
    return shown(cell if len(cell) <= 40 else cell[:37] + "...")
