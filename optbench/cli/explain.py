"""`optbench explain`: one problem and its answer as a lesson, or what a word of an answer means."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from optbench.cli import completion, options
from optbench.errors import ExitCode

if TYPE_CHECKING:
    from optbench.report.explanation.model import Lesson


class Format(StrEnum):
    """How a lesson is written."""

    text = "text"
    markdown = "markdown"
    latex = "latex"
    json = "json"


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="EXPR|FILE|@NAME|-|WORD",
            help="An expression, a problem file, a bundled problem, - for standard input; or a status, verdict, assurance or exit code.",
            autocompletion=completion.explained,
        ),
    ],
    range_: options.Range = None,
    var: options.Var = None,
    integer: options.Integer = None,
    data: options.Data = None,
    maximize: options.Maximize = False,
    subject_to: options.SubjectTo = None,
    param: options.Param = None,
    start: options.Start = None,
    seed: options.Seed = 0,
    exact_time: options.ExactTime = 10.0,
    certify_time: options.CertifyTime = 5.0,
    time_limit: options.TimeLimit = 30.0,
    memory_limit: options.MemoryLimit = "4GB",
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="How the lesson is written; Markdown and LaTeX have TeX maths, json is the result with its account.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = Format.text,
    no_color: options.NoColor = False,
    debug: options.Debug = False,
) -> int:
    """Show step by step how a problem is solved, why the answer holds, and what numerical methods do on it."""
    from optbench.report.explanation.glossary import words

    if meanings := words(what):
        for word in meanings:
            print(f"{word.name}, {word.kind}: {word.meaning}")
        return ExitCode.ANSWERED

    from optbench.cli import answers
    from optbench.cli.arguments import Flags, one_problem
    from optbench.report.explanation.convergence import METHODS
    from optbench.report.explanation.lesson import lesson

    settings = answers.settings(
        methods=list(METHODS),
        memory_limit=memory_limit,
        require="local",
        exact_time=exact_time,
        certify_time=certify_time,
        certificate=None,
        certify=True,
        time_limit=time_limit,
        tolerance=1e-8,
        digits=30,
        seed=seed,
        starts=1,
        trace=True,
        account=True,
        debug=debug,
    )
    problem = one_problem(what, Flags.given(range_, var, integer, data, maximize, subject_to, param, start))
    result, interrupted = answers.solved(problem, settings)
    if format_ is Format.json:
        print(result.to_json())
    else:
        _show(lesson(result), format_, color=not no_color)
    if interrupted:
        print("interrupted: what was done until then is explained.", file=sys.stderr)
    return ExitCode.INTERRUPTED if interrupted else ExitCode.DISAGREEMENT if result.disagreements else ExitCode.ANSWERED


def _show(explained: "Lesson", format_: Format, color: bool) -> None:
    from importlib import import_module

    if format_ is not Format.text:
        sys.stdout.write(import_module(f"optbench.report.explanation.{format_.value}").render(explained))
        return
    from optbench.report.explanation import terminal

    if not sys.stdout.isatty():
        sys.stdout.write(terminal.render(explained))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(no_color=not color or None, highlight=False, markup=False, emoji=False)
    for line, is_title in terminal.lines(explained, min(console.width, terminal.WIDTH)):
        console.print(Text(line, style="bold" if is_title else ""), soft_wrap=True)
