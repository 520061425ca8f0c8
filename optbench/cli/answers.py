"""Solving and showing: from a problem to what is printed and the exit code.

On a terminal the rows of the comparison appear as they finish; into a pipe goes the finished answer only. Answers go to
standard output, warnings and errors to standard error.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from optbench.api import method_choice
from optbench.cli import arguments
from optbench.errors import ExitCode, OptbenchError, UsageError, printable
from optbench.problem.problem import Problem
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Status
from optbench.workbench.engine import Interrupted, Listener, summary
from optbench.workbench.engine import solve as run
from optbench.workbench.settings import Settings

_MAX_INPUT = 16 * 2**20  # characters of standard input
_UNITS = {"": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30}


@dataclass(frozen=True)
class Output:
    """How answers are shown."""

    json: bool = False
    quiet: bool = False
    color: bool = True


def settings(methods: Sequence[str], memory_limit: str, require: str, **options: Any) -> Settings:
    """Return the settings that the options ask for; raise `UsageError` for values out of range."""
    for name in ("exact_time", "certify_time", "time_limit"):
        if not options[name] >= 0 or math.isinf(options[name]):
            raise UsageError(f"--{name.replace('_', '-')} takes a number of seconds from 0, not {options[name]:g}.")
    if not 0 < options["tolerance"] < 1:
        raise UsageError(f"--tol takes a number between 0 and 1, not {options['tolerance']:g}.")
    if not 1 <= options["digits"] <= 1000:
        raise UsageError(f"--digits takes a number from 1 to 1000, not {options['digits']}.")
    chosen = tuple(map(method_choice, methods))
    return Settings(methods=chosen, memory_limit=_bytes(memory_limit), require=Assurance(require), **options)


def _bytes(text: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?b?)\s*", text.lower())
    unit = (match[2] if match[2].endswith("b") or not match[2] else match[2] + "b") if match else "?"
    size = float(match[1]) * _UNITS[unit] if match and unit in _UNITS else 0
    if not 2**20 <= size <= 2**50:
        raise UsageError(f"--memory-limit takes a size of at least 1MB, such as 512MB or 4GB, not '{printable(text)}'.")
    return int(size)


def answer(problem_of: Callable[[], Problem], options: Settings, output: Output) -> int:
    """Read, solve and show one problem; return the exit code."""
    try:
        problem = problem_of()
        result, interrupted = _solved(problem, options, output)
    except OptbenchError as error:
        if output.json:
            print(_invalid(error).to_json(), flush=True)
        raise
    _warn(result, output)
    _show(result, output)
    return ExitCode.INTERRUPTED if interrupted else exit_code(result, options)


def from_standard_input(stream: TextIO, flags: arguments.Flags, options: Settings, output: Output) -> int:
    """Solve a YAML or JSON document, or one expression a line with one line of JSON for each."""
    text = _read(stream)
    if re.search(r"^\s*[{\"']*\s*(minimize|maximize)\b\"?\s*:", text, re.MULTILINE):
        return answer(lambda: arguments.of_document(text, flags), options, output)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError("Standard input holds no problem; write an expression, or a YAML or JSON document.")
    codes = [_line(line, flags, options, output) for line in lines]
    return next((code for code in codes if code), ExitCode.ANSWERED)


def _read(stream: TextIO) -> str:
    try:
        text = stream.read(_MAX_INPUT + 1)
    except UnicodeDecodeError as error:
        raise UsageError(f"Standard input is not UTF-8 (byte {error.object[error.start]:#04x}).") from None
    if len(text) > _MAX_INPUT:
        raise UsageError("Standard input has more than 16 MB, which is the limit.")
    return text


def _line(line: str, flags: arguments.Flags, options: Settings, output: Output) -> int:
    try:
        problem = arguments.of_expression(line, flags)
        result, interrupted = _solved(problem, options, Output(json=True, quiet=True))
    except UsageError:
        raise
    except OptbenchError as error:
        print(_invalid(error).to_json(), flush=True)
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(result.to_json(), flush=True)
    if interrupted:
        raise KeyboardInterrupt
    return exit_code(result, options)


def _solved(problem: Problem, options: Settings, output: Output) -> tuple[Result, bool]:
    """The result, and whether it was cut short by Ctrl-C."""
    try:
        with _progress(problem, output) as listener:
            return run(problem, options, listener), False
    except Interrupted as interrupt:
        return interrupt.result, True


def _invalid(error: OptbenchError) -> Result:
    first = error.mistakes[0].sentence if error.mistakes else str(error)
    return Result(None, Status.INVALID, Assurance.NONE, first, error=str(error))


# ---- showing ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _progress(problem: Problem, output: Output) -> Iterator[Listener]:
    """On a terminal, show rows as they finish; they make room for the final answer."""
    if output.json or output.quiet or not sys.stdout.isatty():
        yield lambda row: None
        return
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from optbench.report.table import heading, rows

    finished: list[Attempt] = []
    title = [Text(line) for line in heading(summary(problem))]
    with Live(Group(*title, Text("solving ...", style="dim")), console=_console(output), transient=True, auto_refresh=False) as live:

        def listener(row: Attempt) -> None:
            finished.append(row)
            live.update(Group(*title, rows(finished), Text("solving ...", style="dim")), refresh=True)

        live.refresh()
        yield listener


def _console(output: Output) -> Any:
    from rich.console import Console

    return Console(no_color=not output.color or None, highlight=False, markup=False, emoji=False)


def _show(result: Result, output: Output) -> None:
    if output.json:
        from optbench.report.json import render as render_json

        sys.stdout.write(render_json(result))
    elif sys.stdout.isatty():
        from optbench.report.table import picture

        _console(output).print(picture(result))
    else:
        from optbench.report.table import render

        sys.stdout.write(render(result))
    sys.stdout.flush()


def _warn(result: Result, output: Output) -> None:
    if not output.quiet:
        for sentence in result.warnings:
            print(f"warning: {printable(sentence)}", file=sys.stderr)


# ---- the exit code -----------------------------------------------------------------------------------------------------------


def exit_code(result: Result, options: Settings) -> ExitCode:
    """Return the first that applies, in the order of the table in docs/architecture.md."""
    if result.disagreements:
        return ExitCode.DISAGREEMENT
    if result.status is Status.INFEASIBLE:
        return ExitCode.INFEASIBLE
    if result.status in (Status.UNBOUNDED, Status.NOT_ATTAINED):
        return ExitCode.NO_MINIMUM
    if result.assurance.rank <= options.require.rank:
        return ExitCode.ANSWERED
    if result.assurance is not Assurance.NONE:
        return ExitCode.BELOW_REQUIREMENT
    stopped = (AttemptStatus.LIMIT, AttemptStatus.KILLED)
    if any(row.status in stopped for row in result.attempts):
        return ExitCode.LIMIT
    return ExitCode.NO_METHOD_CONVERGED
