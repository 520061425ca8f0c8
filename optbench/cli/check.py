"""`optbench check`: whether problem files can be read, and what they say, without solving them."""

import os
import sys
from typing import Annotated

import typer

from optbench.cli import completion
from optbench.cli.streams import complain
from optbench.errors import ExitCode, OptbenchError, printable


def check(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Problem files, folders, or bundled problems as @NAME.", autocompletion=completion.problems),
    ],
    json_: Annotated[bool, typer.Option("--json", help="One line of JSON for each.")] = False,
) -> int:
    """Read problems and report all their mistakes, without solving anything."""
    from optbench.cli.answers import first_that_applies

    return first_that_applies([_checked(path, json_) for named in paths for path in _files(named)])


def _files(path: str) -> list[str]:
    from optbench.cli.batch_sources import files

    return files(path) if os.path.isdir(path) else [path]


def _checked(path: str, as_json: bool) -> ExitCode:
    from optbench.cli.arguments import Flags, problem_of

    try:
        problem = problem_of(path, Flags())
    except OptbenchError as error:
        if as_json:
            _print_json({"path": path, "valid": False, "mistakes": [str(m) for m in error.mistakes], "warnings": []})
        for mistake in error.mistakes:
            complain(str(mistake) if mistake.place is not None and mistake.place.file else f"{path}: {mistake}")
        return error.exit_code
    if as_json:
        _print_json({"path": path, "valid": True, "mistakes": [], "warnings": list(problem.warnings)})
    else:
        unknowns = f"{problem.dimension:,} unknown{'' if problem.dimension == 1 else 's'}"
        print(f"{printable(path)}: valid; {problem.sense} {printable(problem.objective_text[:200])} ({unknowns})")
    for warning in problem.warnings:
        print(f"warning: {printable(path)}: {printable(warning)}", file=sys.stderr)
    return ExitCode.ANSWERED


def _print_json(row: dict[str, object]) -> None:
    import json

    print(json.dumps(row))
