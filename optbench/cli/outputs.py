"""Where answers go: in which format to standard output, and as which copies into files.

`output` reads what is asked for before anything is solved. Copies are written after the answer was printed, and one that
can't be written is a sentence and an exit code; the answer stands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from optbench import report
from optbench.cli.streams import complain
from optbench.errors import ExitCode, UsageError, nearest, printable
from optbench.result import Result

FOR_PROGRAMS = ("csv", "json", "jsonl")  # formats in which a mistake is a result, too: its status is `invalid`


class Export(NamedTuple):
    """A copy of the answer: its format and its file."""

    format: str
    file: str


@dataclass(frozen=True)
class Output:
    """How answers are shown, and which copies of them are kept."""

    format: str | None = None  # None: a table for one problem, JSON Lines for one expression a line
    quiet: bool = False
    color: bool = True
    exports: tuple[Export, ...] = ()
    trace: str | None = None  # the file for the iterates
    report: str | None = None  # the file for the page

    @property
    def reports_mistakes(self) -> bool:
        """Whether standard output shows a mistake as a result."""
        return self.format in FOR_PROGRAMS


def output(
    format_: str | None, json: bool, exports: Sequence[str], trace: str | None, quiet: bool, color: bool, report: str | None = None
) -> Output:
    """Return what was asked for; raise `UsageError` for formats that there are not."""
    if format_ is not None:
        _check_format(format_, "--format")
    for option, file in (("--trace", trace), ("--report", report)):
        if file == "-":
            raise UsageError(f"{option} writes a file, and - is none.")
    return Output("json" if json else format_, quiet, color, tuple(map(_export, exports)), trace, report)


def _export(text: str) -> Export:
    """Return the copy that FMT=FILE asks for."""
    name, equals, file = text.partition("=")
    if not equals or not file:
        raise UsageError(f"--export takes a format and a file, as csv=rows.csv, not '{printable(text)}'.")
    _check_format(name, "--export")
    if file == "-":
        raise UsageError(f"--export writes files; for standard output write --format {name}.")
    return Export(name, file)


def _check_format(name: str, option: str) -> None:
    known = list(report.formats())
    if name not in known:
        words = f"{option} knows no format '{printable(name[:60])}'."
        raise UsageError(f"{words}{nearest(name[:60], known) or ' There are ' + ', '.join(known) + '.'}")


class Copies:
    """The files that are written beside standard output; `several` where more than one problem is solved."""

    def __init__(self, output: Output, several: bool = False) -> None:
        self.output, self.several = output, several
        self.results: list[Result] = []
        self.iterates: str | None = None  # of the last result, not yet written
        self.begun = False  # whether the trace's file is
        self.faulty: set[str] = set()  # files that can't be written

    def add(self, result: Result) -> Result:
        """Keep a result; return it as it is shown, without what the files of the iterates and of the page get."""
        if self.output.trace is not None:
            from optbench.report.trace_lines import render

            self.iterates = render(result)
        if self.output.trace is not None or self.output.report is not None:
            result = replace(result, account=None, attempts=[replace(attempt, trace=None) for attempt in result.attempts])
        if self.output.exports:
            self.results.append(result)
        return result

    @property
    def code(self) -> ExitCode:
        """What a file that can't be written does to the exit code."""
        return ExitCode.USAGE if self.faulty else ExitCode.ANSWERED

    def write_all(self) -> None:
        """Write every file that was asked for."""
        self.write_trace()
        for export in self.output.exports:
            self.write(export.file, texts(export.format, self.results, self.several), "w")

    def write_trace(self) -> None:
        """Write the iterates of the last result, after those of the results before it."""
        if self.output.trace is not None and self.iterates is not None:
            self.write(self.output.trace, [self.iterates], "a" if self.begun else "w")
            self.iterates, self.begun = None, True

    def write(self, file: str, content: Iterable[str], mode: str) -> None:
        """Write or append to a file; complain, once, where that can't be done."""
        if file in self.faulty:
            return
        try:
            with open(file, mode, encoding="utf-8", errors="backslashreplace", newline="") as opened:
                opened.writelines(content)
        except OSError as error:
            self.faulty.add(file)
            complain(f"'{file}' can't be written: {os.strerror(error.errno or 0).lower()}.")


def texts(name: str, results: Iterable[Result], several: bool) -> Iterator[str]:
    """Yield what results are in a format; of several problems it is one text all the same."""
    return report.render_all(name, results) if several else (report.render(name, result) for result in results)


def show(content: Iterable[str]) -> None:
    """Write to standard output, each piece at once."""
    for text in content:
        sys.stdout.write(text)
        sys.stdout.flush()
