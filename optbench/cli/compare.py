"""`optbench compare`: a run of a batch in figures, or what has changed from one run to another."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from optbench.errors import ExitCode, UsageError, printable


class Format(StrEnum):
    """How it is written."""

    table = "table"
    markdown = "markdown"
    json = "json"


def compare(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A journal of `optbench batch`; alone, its methods are compared.")],
    new: Annotated[str | None, typer.Argument(metavar="[NEW]", help="A later journal, which is compared with the first.")] = None,
    threshold: Annotated[
        float, typer.Option(metavar="RATIO", help="From what ratio of costs on a method may count as slower or dearer.")
    ] = 1.2,
    fail_on: Annotated[
        str, typer.Option(metavar="KIND,...", help="What counts as a regression: answers, time, evaluations; or none.")
    ] = "answers,time,evaluations",
    format_: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.table,
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> int:
    """Compare the methods of a run, or two runs: answers that changed, methods that got slower or worse beyond the noise.

    Exit code 11 on a regression.
    """
    from optbench.statistics import change
    from optbench.statistics.records import read

    if not 1 < threshold < 1e6:
        raise UsageError(f"--threshold takes a ratio above 1, such as 1.2, not {threshold:g}.")
    failing = _kinds(fail_on)
    first, second = read([base]), None if new is None else read([new])
    for sentence in [*first.warnings, *(second.warnings if second else ())]:
        print(f"warning: {sentence}", file=sys.stderr)
    if second is None:
        from optbench.statistics.summary import summary

        _show(summary(first), Format.json if json_ else format_)
        return ExitCode.ANSWERED
    found = change.compare(first, second, threshold)
    _show(found, Format.json if json_ else format_)
    return ExitCode.REGRESSION if found.regressions(failing) else ExitCode.ANSWERED


def _kinds(text: str) -> Sequence[str]:
    """The kinds of regressions that are asked for."""
    from optbench.statistics.change import REGRESSIONS

    kinds = [word.strip() for word in text.split(",") if word.strip()]
    if kinds == ["none"]:
        return []
    for kind in kinds:
        if kind not in REGRESSIONS:
            raise UsageError(f"--fail-on takes {', '.join(REGRESSIONS)}, with commas between them, or none; not '{printable(kind)[:60]}'.")
    return kinds


def _show(found: object, format_: Format) -> None:
    from importlib import import_module

    name = "text" if format_ is Format.table else format_.value
    sys.stdout.write(import_module(f"optbench.report.runs.{name}").render(found))
