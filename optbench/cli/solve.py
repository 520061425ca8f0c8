"""`optbench solve`: one problem in, the exact and the numerical answers side by side out."""

from enum import StrEnum
from typing import Annotated

import typer

from optbench.cli import completion, options
from optbench.errors import UsageError
from optbench.report import formats


class Require(StrEnum):
    """How well the answer has to be known."""

    exact = "exact"
    certified = "certified"
    local = "local"
    feasible = "feasible"


_PROBLEM, _OUTPUT = options.PROBLEM, options.OUTPUT


def solve(
    what: Annotated[
        str,
        typer.Argument(
            metavar="EXPR|FILE|@NAME|-",
            help="An expression, a .yaml, .json or .nl file, a bundled problem, or - for standard input.",
            autocompletion=completion.problems,
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
    scan: Annotated[
        list[str] | None,
        typer.Option(
            metavar="n=10,100", help="The same problem for several values of a parameter: n=10,100 or a=0..1:0.1.", rich_help_panel=_PROBLEM
        ),
    ] = None,
    method: options.Method = None,
    starts: options.Starts = 1,
    no_exact: options.NoExact = False,
    no_certify: options.NoCertify = False,
    tol: options.Tolerance = 1e-8,
    seed: options.Seed = 0,
    exact_time: options.ExactTime = 10.0,
    certify_time: options.CertifyTime = 5.0,
    time_limit: options.TimeLimit = 30.0,
    memory_limit: options.MemoryLimit = "4GB",
    require: Annotated[
        Require, typer.Option(help="How well the answer has to be known for exit code 0.", rich_help_panel=_OUTPUT)
    ] = Require.local,
    digits: Annotated[int, typer.Option(help="Significant digits of enclosures.", rich_help_panel=_OUTPUT)] = 30,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FMT",
            help=f"How the answer is printed: {', '.join(formats())}. By default a table; JSON Lines for one expression a line.",
            rich_help_panel=_OUTPUT,
            autocompletion=completion.formats,
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As --format json.", rich_help_panel=_OUTPUT)] = False,
    export: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FMT=FILE", help="Write a copy of the answer to a file.", rich_help_panel=_OUTPUT, autocompletion=completion.exports
        ),
    ] = None,
    trace: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write every iterate to a file, as JSON Lines.", rich_help_panel=_OUTPUT)
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.html", help="Write a page with the answer, its picture, and how methods converged.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    certificate: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the proof to a file that `verify` checks.", rich_help_panel=_OUTPUT)
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No warnings, no progress.", rich_help_panel=_OUTPUT)] = False,
    no_color: options.NoColor = False,
    debug: options.Debug = False,
) -> int:
    """Find the minimum of an expression or a problem: exactly, and by numerical methods, side by side."""
    from optbench.cli import answers, outputs
    from optbench.cli.arguments import Flags, problem_of

    with answers.reported(outputs.Output("json" if json_ else format_)):
        output = outputs.output(format_, json_, export or [], trace, quiet, not no_color, report)
    with answers.reported(output):
        settings = answers.settings(
            exact=not no_exact,
            certify=not no_certify,
            tolerance=tol,
            seed=seed,
            starts=starts,
            exact_time=exact_time,
            certify_time=certify_time,
            certificate=certificate,
            time_limit=time_limit,
            memory_limit=memory_limit,
            require=require.value,
            digits=digits,
            methods=method or [],
            trace=trace is not None or report is not None,
            account=report is not None and not no_exact,
            debug=debug,
        )
        flags = Flags.given(range_, var, integer, data, maximize, subject_to, param, start)
        if scan:
            if what == "-":
                raise UsageError("--scan takes a problem on the command line or in a file, not on standard input.")
            if report is not None:
                raise UsageError("--report takes one problem; a scan has several.")
            return answers.scan(what, flags, scan, settings, output)
        if what == "-":
            if report is not None:
                raise UsageError("--report takes one problem on the command line or in a file, not standard input.")
            return answers.from_standard_input(flags, settings, output)
        return answers.answer(lambda: problem_of(what, flags), settings, output)
