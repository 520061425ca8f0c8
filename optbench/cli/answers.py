"""Solving and showing: from a problem to what is printed and the exit code.

On a terminal the rows of the comparison appear as they finish; into a pipe goes the finished answer only. Answers go to
standard output, warnings and errors to standard error, and copies into files after that (`outputs`).
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from optbench.api import MOST_STARTS, method_choice
from optbench.cli import arguments, streams
from optbench.cli.outputs import Copies, Output, show, texts
from optbench.cli.scans import Point, at, check_dependence, points
from optbench.errors import ExitCode, OptbenchError, ProblemError, UsageError, printable
from optbench.problem.problem import Problem
from optbench.report.cost_growth import growth
from optbench.report.scan_table import block, growth_table
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Status
from optbench.workbench.engine import Interrupted, Listener, summary
from optbench.workbench.engine import solve as run
from optbench.workbench.settings import Settings

_UNITS = {"": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30}


def settings(methods: Sequence[str], memory_limit: str, require: str, **options: Any) -> Settings:
    """Return the settings that the options ask for; raise `UsageError` for values out of range."""
    for name in ("exact_time", "certify_time", "time_limit"):
        if not options[name] >= 0 or math.isinf(options[name]):
            raise UsageError(f"--{name.replace('_', '-')} takes a number of seconds from 0, not {options[name]:g}.")
    if not 0 < options["tolerance"] < 1:
        raise UsageError(f"--tol takes a number between 0 and 1, not {options['tolerance']:g}.")
    if not 1 <= options["digits"] <= 1000:
        raise UsageError(f"--digits takes a number from 1 to 1000, not {options['digits']}.")
    if not 0 <= options["seed"] < 2**53:
        raise UsageError(f"--seed takes a whole number from 0 to {2**53 - 1}, not {options['seed']}.")
    if not 1 <= options["starts"] <= MOST_STARTS:
        raise UsageError(f"--starts takes a whole number from 1 to {MOST_STARTS}, not {options['starts']}.")
    _check_certificate(options["certificate"], options["certify"])
    chosen = tuple(map(method_choice, methods))
    return Settings(methods=chosen, memory_limit=_bytes(memory_limit), require=Assurance(require), **options)


def _bytes(text: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?b?)\s*", text.lower())
    unit = (match[2] if match[2].endswith("b") or not match[2] else match[2] + "b") if match else "?"
    size = float(match[1]) * _UNITS[unit] if match and unit in _UNITS else 0
    if not 2**20 <= size <= 2**50:
        raise UsageError(f"--memory-limit takes a size of at least 1MB, such as 512MB or 4GB, not '{printable(text)}'.")
    return int(size)


def _check_certificate(file: str | None, certify: bool) -> None:
    """Raise `UsageError` for a certificate that could never be written."""
    if file is None:
        return
    if not certify:
        raise UsageError("--certificate needs the certification that --no-certify turns off.")
    folder = os.path.dirname(file) or "."
    is_other = os.path.exists(file) and not os.path.isfile(file)  # a device would be replaced
    if file in ("", "-") or is_other or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise UsageError(f"--certificate can't write '{printable(file)}': it is no file in a folder that can be written to.")


@contextmanager
def reported(output: Output) -> Iterator[None]:
    """For programs a mistake is a result, too: its status is `invalid`."""
    try:
        yield
    except OptbenchError as error:
        _give(invalid(error), output, shown=output.reports_mistakes)
        raise


def answer(problem_of: Callable[[], Problem], options: Settings, output: Output) -> int:
    """Read, solve and show one problem; return the exit code."""
    problem = problem_of()
    result, interrupted = _solved(problem, options, output)
    _warn(result, output)
    copied = _give(result, output, page=lambda: _page(problem, result))
    if interrupted:
        print("interrupted: what was done until then is shown.", file=sys.stderr)
    return first_that_applies([copied, ExitCode.INTERRUPTED if interrupted else exit_code(result, options)])


def solved(problem: Problem, options: Settings) -> tuple[Result, bool]:
    """Return the result of a problem, and whether it was cut short by Ctrl-C, without showing anything."""
    return _solved(problem, options, Output(quiet=True))


def from_standard_input(flags: arguments.Flags, options: Settings, output: Output) -> int:
    """Solve a YAML or JSON document, or one expression a line with an answer for each."""
    text = streams.read_input()
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if not lines:
        raise UsageError("Standard input holds no problem; write an expression a line, or a YAML or JSON document.")
    if options.certificate is not None and len(lines) > 1 and not arguments.begins_document(lines):
        raise UsageError("--certificate takes one problem; standard input has several.")
    if arguments.begins_document(lines):
        return answer(lambda: arguments.of_document(text, flags), options, output)
    return _answers(lines, flags, options, output)


def scan(what: str, flags: arguments.Flags, scans: Sequence[str], options: Settings, output: Output) -> int:
    """Solve and show a problem for each point of a scan, each as soon as it is solved; then how the costs grow."""
    found = points(scans)
    if options.certificate is not None:
        raise UsageError("--certificate takes one problem; a scan has several.")
    check_dependence(what, flags, found)
    copies = Copies(output, several=True)
    codes: list[ExitCode] = []
    kept: list[Result] = []

    def results() -> Iterator[Result]:
        for point in found:
            result, interrupted = _solved(at(what, flags, point), options, Output(quiet=True))
            result = replace(result, scan={name: float(value) for name, value in point.items()})
            codes.append(ExitCode.INTERRUPTED if interrupted else exit_code(result, options))
            kept.append(result)
            yield copies.add(result)
            copies.write_trace()
            if interrupted:
                print("interrupted: the points that were solved until then are shown.", file=sys.stderr)
                raise KeyboardInterrupt

    try:
        if output.format in (None, "table"):
            show(map(block, results()))
        else:
            show(texts(output.format, results(), several=True))
    finally:
        copies.write_all()
    _show_growth(kept, found, output)
    return first_that_applies([*codes, copies.code])


def _show_growth(results: Sequence[Result], found: Sequence[Point], output: Output) -> None:
    """Below the table, how costs grow with the one parameter that is scanned, if its values are positive."""
    if output.format not in (None, "table") or len(found[0]) != 1 or not all(value > 0 for p in found for value in p.values()):
        return
    [name] = found[0]
    show([growth_table(growth(results, name), name)])


def _answers(lines: Sequence[str], flags: arguments.Flags, options: Settings, output: Output) -> int:
    """Solve and show an expression a line, each as soon as it is solved."""
    copies = Copies(output, several=True)
    codes: list[ExitCode] = []

    def results() -> Iterator[Result]:
        for line in lines:
            result, code = _line(line, flags, options)
            codes.append(code)
            yield copies.add(result)
            copies.write_trace()
            if code is ExitCode.INTERRUPTED:
                raise KeyboardInterrupt

    try:
        show(texts(output.format or "jsonl", results(), several=True))
    finally:
        copies.write_all()
    return first_that_applies([*codes, copies.code])


def _line(line: str, flags: arguments.Flags, options: Settings) -> tuple[Result, ExitCode]:
    try:
        result, interrupted = _solved(arguments.of_expression(line, flags.for_expression(line)), options, Output(quiet=True))
    except ProblemError as error:
        streams.complain(error)
        return invalid(error), error.exit_code
    return result, ExitCode.INTERRUPTED if interrupted else exit_code(result, options)


def _solved(problem: Problem, options: Settings, output: Output) -> tuple[Result, bool]:
    """The result, and whether it was cut short by Ctrl-C."""
    try:
        with _progress(problem, output) as listener:
            return run(problem, options, listener), False
    except Interrupted as interrupt:
        return interrupt.result, True


def invalid(error: OptbenchError) -> Result:
    """Return the result that a mistake is."""
    first = error.mistakes[0].sentence if error.mistakes else str(error)
    return Result(None, Status.INVALID, Assurance.NONE, first, error=str(error))


# ---- showing ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _progress(problem: Problem, output: Output) -> Iterator[Listener]:
    """On a terminal, show rows as they finish; they make room for the final answer."""
    if not _as_picture(output) or output.quiet:
        yield lambda row: None
        return
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from optbench.report.plain_words import heading
    from optbench.report.table import rows

    finished: list[Attempt] = []
    title = [Text(line) for line in heading(summary(problem))]
    console = _console(output)
    with Live(Group(*title, Text("solving ...", style="dim")), console=console, transient=True, auto_refresh=False) as live:

        def listener(row: Attempt) -> None:
            finished.append(row)
            live.update(Group(*title, rows(finished, width=console.width), Text("solving ...", style="dim")), refresh=True)

        live.refresh()
        yield listener


def _console(output: Output) -> Any:
    from rich.console import Console

    return Console(no_color=not output.color or None, highlight=False, markup=False, emoji=False)


def _page(problem: Problem, result: Result) -> str:
    from optbench.cli.report_pictures import picture
    from optbench.report.page.single import render
    from optbench.report.picture.answer import known
    from optbench.report.picture.drawn import Detail

    return render(result, picture(problem, lambda names: known(result, names), Detail()))


def _give(result: Result, output: Output, shown: bool = True, page: Callable[[], str] | None = None) -> ExitCode:
    """Show a result, then write its copies and its page, also where standard output takes no more."""
    copies = Copies(output)
    plain = copies.add(result)
    try:
        if shown:
            _show(plain, output)
    finally:
        copies.write_all()
        if output.report is not None and page is not None:
            copies.write(output.report, [page()], "w")
    return copies.code


def _show(result: Result, output: Output) -> None:
    if _as_picture(output):
        from optbench.report.table import picture

        console = _console(output)
        console.print(picture(result, width=console.width))
        sys.stdout.flush()
    else:
        show(texts(output.format or "table", [result], several=False))


def _as_picture(output: Output) -> bool:
    """Whether a table goes to a terminal."""
    return output.format in (None, "table") and sys.stdout.isatty()


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


_ORDER = (2, 3, 130, 1, 9, 6, 7, 5, 8, 4, 0)


def first_that_applies(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code of several answers: 0 only if all were answered."""
    return min(codes, key=_ORDER.index)
