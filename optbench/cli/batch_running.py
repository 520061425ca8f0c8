"""Running a batch from the command line: the journal, the workers, interrupts, and the exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from optbench.cli.batch import Form
from optbench.cli.batch_progress import Teller, duration
from optbench.errors import ExitCode, UsageError, printable
from optbench.workbench.batch.executor import Executor
from optbench.workbench.batch.journal import HEADER_SCHEMA, Journal, Sink, Stream, examined
from optbench.workbench.batch.performer import Performer, warm
from optbench.workbench.batch.plan import Plan, Reader, Source
from optbench.workbench.batch.pool import Pool
from optbench.workbench.batch.run import INVALID, Batch, Listener, Progress
from optbench.workbench.engine import environment
from optbench.workbench.panel import labelled


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    plan: Plan
    sources: Sequence[Source]
    reader: Reader
    jobs: int
    out: str | None
    resume: bool
    dry_run: bool
    failing: Sequence[str]
    progress: Form
    dask: str | None = None  # the cluster that stands in for the workers of this machine


def run(request: Request) -> int:
    """Run a batch, or with `dry_run` say what it would be; return the exit code."""
    labelled(request.plan.settings.methods)  # raises for methods that there are not
    if request.resume and request.out is None:
        raise UsageError("--resume needs the journal that it goes on with: --out RUN.jsonl.")
    return _tell(request) if request.dry_run else _run(request)


def _run(request: Request) -> int:
    teller = Teller(request.progress, request.failing)
    with ExitStack() as stack:
        cluster = None if request.dask is None else stack.enter_context(_cluster(request, request.dask, teller))
        journal = None if request.out is None else stack.enter_context(Journal(request.out, request.resume))
        if journal is not None and journal.found.half:
            teller.told(f"the last line of {journal.path} was half written, and is cut off: its attempt is made again.")
        sink: Sink = Stream(sys.stdout) if journal is None else journal
        if cluster is None:
            warm(request.plan)
        workers = cluster or stack.enter_context(_pool(request, [] if journal is None else [journal.descriptor]))
        batch = Batch(request.plan, request.sources, workers, sink, teller)
        sink.write(_header(batch.run_id, request))
        progress = batch.progress
        try:
            with _interruptible(teller) as is_stopped:
                batch.run(is_stopped)
        except KeyboardInterrupt:
            progress.interrupted = True
    teller.ended(progress)
    if progress.interrupted:
        print(f"interrupted: {_kept(progress, request.out)}", file=sys.stderr)
        return ExitCode.INTERRUPTED
    return ExitCode.RUNS_FAILED if progress.failures(request.failing) else ExitCode.ANSWERED


def _pool(request: Request, inherited: Sequence[int]) -> Pool:
    settings = request.plan.settings
    return Pool(Performer(request.reader, request.plan), request.jobs, settings.memory_limit, inherited, settings.debug)


@contextmanager
def _cluster(request: Request, address: str, teller: Teller) -> Iterator[Executor]:
    """Yield the workers of a Dask cluster; raise `UsageError` where they are not to be had."""
    from optbench.workbench.batch.dask_cluster import LOCAL, Cluster, connected
    from optbench.workbench.batch.host import Setup

    settings = request.plan.settings
    setup = Setup(Performer(request.reader, request.plan), os.getcwd(), settings.memory_limit, settings.debug)
    with connected(address) as client, Cluster(client, setup, teller.told, ignores_interrupts=address == LOCAL) as cluster:
        yield cluster


def _kept(progress: Progress, out: str | None) -> str:
    if out is None:
        return f"{progress.done:,} records were written; with --out RUN.jsonl a batch can be gone on with."
    count = progress.done + progress.kept
    return f"{printable(out)} keeps {count:,} records; the same command with --resume runs what is missing."


@contextmanager
def _interruptible(teller: Teller) -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C end the batch in order, and the second at once; yield whether there was one."""
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    def is_stopped() -> bool:
        if came:  # not told by the handler, which may have come in the middle of other words
            teller.told("ending what runs; Ctrl-C once more ends it at once.")
        return bool(came)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield is_stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _header(run_id: str, request: Request) -> dict[str, Any]:
    plan = request.plan
    settings = {name: value for name, value in plan.settings.as_options().items() if name != "require"}
    return {
        "schema": HEADER_SCHEMA,
        "run": run_id,
        "started": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "command": ["optbench", *sys.argv[1:]],
        "plan": {
            "problems": len(request.sources),
            "methods": list(labelled(plan.settings.methods)) or None,
            "seeds": list(plan.seeds),
            "repeats": plan.repeats,
            "scan": {name: None for source in request.sources[:1] for name, _ in source.point},
            "shard": "/".join(map(str, plan.shard)),
        },
        "options": {**settings, **({"jobs": request.jobs} if request.dask is None else {"jobs": None, "dask": request.dask})},
        "environment": {**environment(), "processor": _processor()},
    }


def _processor() -> str | None:
    """The model's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), None)
    except OSError:
        return None


# ---- what would be done ------------------------------------------------------------------------------------------------------


def _tell(request: Request) -> int:
    """Print the plan: what there is, what is done already, and how long the rest may take."""
    sink = Stream(sys.stdout)
    seconds = 0.0
    if request.out is not None and os.path.exists(request.out):
        found = examined(request.out)
        sink.done, seconds = found.statuses, found.seconds
    with _pool(request, []) as pool:
        progress = Batch(request.plan, request.sources, pool, sink, Listener(), dry=True).run()
    for line in _plan_lines(request, progress, seconds):
        print(line)
    return ExitCode.ANSWERED


def _plan_lines(request: Request, progress: Progress, seconds: float) -> Iterator[str]:
    plan = request.plan
    left = progress.planned + progress.unreadable - progress.kept
    width = max([18, *map(len, progress.by_method)]) + 2

    def line(words: str, count: str, more: str = "") -> str:
        return f"{words:<{width}}{count:>10}{more}"

    yield line("problems", f"{progress.opened:,}")
    if progress.twice:
        yield line("  given twice", f"{progress.twice:,}")
    if progress.unreadable:
        yield line("  not to be read", f"{progress.unreadable:,}")
    yield line("attempts", f"{progress.planned:,}")
    for method, count in progress.by_method.items():
        yield line(f"  {method}", f"{count:,}")
    if progress.kept:
        yield line("in the journal", f"{progress.kept:,}")
    yield line("to be done", f"{left:,}")
    kinds = {"exact stage": "exact", "branch-and-bound": "certified"}
    most = sum(count * plan.seconds(kinds.get(method, "numerical")) for method, count in progress.by_method.items())
    share = left / max(progress.planned + progress.unreadable, 1)
    workers = f"{request.jobs} worker{'' if request.jobs == 1 else 's'}"
    if left:
        yield line("at most", duration(share * most / request.jobs), f" with {workers}, if each takes all of its time")
    if left and seconds:
        yield line("probably about", duration(left * seconds / request.jobs), " by the average of the journal")
    if progress.statuses[INVALID]:
        yield "`optbench check` says what is wrong with what can't be read."
