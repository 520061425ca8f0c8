"""`optbench merge`: several journals of one plan, such as its shards, become one."""

import os
import sys
from typing import Annotated

import typer


def merge(
    journals: Annotated[list[str], typer.Argument(metavar="RUN.jsonl...", help="Journals of `optbench batch`.")],
    out: Annotated[str, typer.Option("--out", "-o", metavar="RUN.jsonl", help="The new journal.")],
) -> int:
    """Make one journal of several; where they have a record of the same attempt, the last one stays."""
    from optbench.errors import ExitCode, UsageError, printable
    from optbench.workbench.batch.journal import merge as merged

    if out == "-":
        raise UsageError("--out names the file of the new journal, and - is none.")
    if os.path.lexists(out):
        raise UsageError(f"There is '{printable(out)}' already; give --out another name.")
    found = merged(journals, out)
    repeated = f"; {found.repeated:,} were there more than once" if found.repeated else ""
    print(f"{found.records:,} records of {found.headers:,} runs{repeated}", file=sys.stderr)
    return ExitCode.ANSWERED
