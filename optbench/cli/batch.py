"""`optbench batch`: many problems by many methods, with limits that kill and a journal that loses nothing."""

from enum import StrEnum
from typing import Annotated

import typer

from optbench.cli import completion, options

_METHODS, _OUTPUT = options.METHODS, options.OUTPUT
_PLAN = "The plan"


class Form(StrEnum):
    """How progress is told."""

    auto = "auto"
    json = "json"
    none = "none"


def batch(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Problem files, folders, patterns, bundled problems as @NAME, or - for standard input.",
            autocompletion=completion.problems,
        ),
    ] = None,
    method: options.Method = None,
    seed: Annotated[list[str] | None, typer.Option(metavar="N|N..M", help="A seed, or several: 0..9.", rich_help_panel=_PLAN)] = None,
    repeat: Annotated[int, typer.Option(metavar="N", help="How often each attempt is made, for its time.", rich_help_panel=_PLAN)] = 1,
    scan: Annotated[
        list[str] | None,
        typer.Option(metavar="n=10,100", help="Each problem for several values of a parameter.", rich_help_panel=_PLAN),
    ] = None,
    shard: Annotated[str, typer.Option(metavar="I/N", help="Only the I-th of N parts of the plan.", rich_help_panel=_PLAN)] = "1/1",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, and how long it would take.", rich_help_panel=_PLAN)
    ] = False,
    range_: options.Range = None,
    var: options.Var = None,
    integer: options.Integer = None,
    maximize: options.Maximize = False,
    subject_to: options.SubjectTo = None,
    param: options.Param = None,
    start: options.Start = None,
    starts: options.Starts = 1,
    no_exact: options.NoExact = False,
    no_certify: options.NoCertify = False,
    tol: options.Tolerance = 1e-8,
    digits: Annotated[int, typer.Option(help="Significant digits of enclosures.", rich_help_panel=_METHODS)] = 30,
    trace: Annotated[bool, typer.Option("--trace", help="Every record has its iterates.", rich_help_panel=_OUTPUT)] = False,
    exact_time: options.ExactTime = 10.0,
    certify_time: options.CertifyTime = 5.0,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", help="Limit of each attempt.", rich_help_panel=options.LIMITS)
    ] = 30.0,
    memory_limit: options.MemoryLimit = "4GB",
    jobs: Annotated[
        int | None, typer.Option(metavar="N", help="Workers; as many as there are processors.", rich_help_panel=options.LIMITS)
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS|local",
            help="Run on a Dask cluster: the scheduler's address or file; local starts one of two workers here.",
            rich_help_panel=options.LIMITS,
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="RUN.jsonl", help="The journal; without it, records go to standard output.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Run what the journal lacks.", rich_help_panel=_OUTPUT)] = False,
    fail_on: Annotated[
        str,
        typer.Option(metavar="STATUS,...", help="What counts as failed, for exit code 10; none for nothing.", rich_help_panel=_OUTPUT),
    ] = "invalid,crashed,killed",
    progress: Annotated[Form, typer.Option(help="What is told on standard error.", rich_help_panel=_OUTPUT)] = Form.auto,
    debug: options.Debug = False,
) -> int:
    """Run many problems by many methods; every attempt becomes a record of the journal."""
    from optbench.cli import answers, batch_sources, batch_values
    from optbench.cli.arguments import Flags
    from optbench.cli.batch_running import Request, run
    from optbench.cli.scans import points
    from optbench.workbench.batch.plan import Plan

    settings = answers.settings(
        exact=not no_exact,
        certify=not no_certify,
        tolerance=tol,
        seed=0,
        starts=starts,
        exact_time=exact_time,
        certify_time=certify_time,
        certificate=None,
        time_limit=time_limit,
        memory_limit=memory_limit,
        require="local",
        digits=digits,
        methods=method or [],
        trace=trace,
        debug=debug,
    )
    flags = Flags.given(range_, var, integer, None, maximize, subject_to, param, start)
    plan = Plan(settings, batch_values.seeds(seed or ["0"]), batch_values.repeats(repeat), batch_values.shard(shard))
    found = points(scan) if scan else []
    return run(
        Request(
            plan,
            batch_sources.sources(paths or [], found),
            batch_sources.ProblemReader(flags, found),
            batch_values.jobs(jobs),
            None if out == "-" else out,
            resume,
            dry_run,
            batch_values.failing(fail_on),
            progress,
            batch_values.cluster(dask, jobs),
        )
    )
