"""`optbench report`: a run of a batch as a page to look at, or as Markdown, LaTeX, CSV or JSON; figures for papers."""

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from optbench.errors import ExitCode, UsageError, printable

if TYPE_CHECKING:
    from optbench.statistics.records import Run


class Format(StrEnum):
    """How a run is written."""

    html = "html"
    markdown = "markdown"
    csv = "csv"
    latex = "latex"
    json = "json"


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Journals of `optbench batch`; several are one run.")],
    out: Annotated[str | None, typer.Option("--out", "-o", metavar="FILE", help="The file; else standard output.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="A page, the same summary, or (csv) all attempts.")] = Format.html,
    problem: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only the problems of this name, or pattern; repeatable.")
    ] = None,
    figures: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write the profiles there as SVG and PNG, for a paper; needs [plots].")
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="The title of the page.")] = "",
) -> int:
    """Write a report on what methods did: one HTML file that opens offline, or text."""
    from optbench.statistics.records import read

    out = None if out == "-" else out
    if out is None and format_ is Format.html and sys.stdout.isatty():
        raise UsageError("A page is no good in a terminal: name its file, as in -o report.html.")
    _check(out, runs)
    found = read(runs, whole=format_ is Format.html)
    for sentence in found.warnings:
        print(f"warning: {sentence}", file=sys.stderr)
    _choose(found, problem or [])
    if figures is not None:
        _write_figures(found, figures)
    text = _rendered(found, format_, title)
    if out is None:
        sys.stdout.write(text)
    else:
        written(out, text)
    return ExitCode.ANSWERED


def written(path: str, text: str) -> None:
    """Write a text to a file; raise `UsageError` where that can't be done."""
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0).lower() if isinstance(error, OSError) else "it is no name of a file"
        raise UsageError(f"'{printable(path[:300])}' can't be written: {reason}.") from None


def _check(out: str | None, runs: Sequence[str]) -> None:
    """Raise where the report would take the place of a journal."""
    if out is not None and any(os.path.exists(run) and os.path.exists(out) and os.path.samefile(run, out) for run in runs):
        raise UsageError(f"'{printable(out[:300])}' is a journal that the report is made of; give the report another name.")


def _choose(found: "Run", patterns: Sequence[str]) -> None:
    """Keep the problems whose names match one of the patterns, if there are any."""
    from fnmatch import fnmatchcase

    if not patterns:
        return
    known = {record.instance.name for record in found.records}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) or name == pattern for name in known):
            raise UsageError(f"--problem: no problem of the run is named '{printable(pattern[:60])}'.")
    found.records = [r for r in found.records if any(fnmatchcase(r.instance.name, p) or r.instance.name == p for p in patterns)]
    found.unreadable = []


def _write_figures(found: "Run", folder: str) -> None:
    from optbench.report.runs.paper_figures import write
    from optbench.statistics.summary import summary

    try:
        names = write(summary(found), folder)
    except OSError as error:
        raise UsageError(f"--figures can't write to '{printable(folder[:300])}': {os.strerror(error.errno or 0).lower()}.") from None
    words = f"{len(names):,} files written to {printable(folder[:300])}" if names else "no figure was written: no method solved anything"
    print(words, file=sys.stderr)


def _rendered(found: "Run", format_: Format, title: str) -> str:
    if format_ is Format.html:
        from optbench.cli.report_pictures import pictures
        from optbench.report.page.run import render

        return render(found, pictures(found), title)
    if format_ is Format.csv:
        from optbench.report.runs import csv

        return csv.render(found)
    from importlib import import_module

    from optbench.statistics.summary import summary

    text: str = import_module(f"optbench.report.runs.{format_.value}").render(summary(found))
    return text
