"""`optbench convert`: a problem in another language: YAML, JSON, AMPL's .nl, Python, LaTeX."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from optbench.cli import completion, options
from optbench.errors import UsageError, nearest, printable


def convert(
    what: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="An expression, a problem file, a bundled problem as @NAME, or - for standard input.",
            autocompletion=completion.problems,
        ),
    ],
    out: Annotated[str, typer.Argument(metavar="OUT", help="A file that ends in .yaml, .json, .nl, .py or .tex; - prints (with --to).")],
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT", help="json, latex, nl, python or yaml, whatever OUT is called.", autocompletion=completion.conversions
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    range_: options.Range = None,
    var: options.Var = None,
    integer: options.Integer = None,
    data: options.Data = None,
    maximize: options.Maximize = False,
    subject_to: options.SubjectTo = None,
    param: options.Param = None,
    start: options.Start = None,
) -> int:
    """Write a problem in another language: a problem file, a model for AMPL's solvers, Python code, or LaTeX."""
    from optbench.cli.arguments import Flags, one_problem
    from optbench.convert import write

    target = None if out == "-" else Path(out)
    _check_target(what, target)
    format_ = _format(out, to)
    problem = one_problem(what, Flags.given(range_, var, integer, data, maximize, subject_to, param, start))
    written = write(format_, problem, target)
    if target is None:
        sys.stdout.write(written.text)
    else:
        _keep([(target, written.text.encode()), *written.beside], force)
    for sentence in [*problem.warnings, *written.notes]:
        print(f"warning: {printable(sentence)}", file=sys.stderr)
    return 0


def _format(out: str, to: str | None) -> str:
    """What is to be written: what --to says, else what the file's ending says."""
    from optbench.convert import endings, format_of, formats

    if to is not None:
        if to not in formats():
            offered = nearest(to[:60], list(formats())) or f" There are {', '.join(formats())}."
            raise UsageError(f"--to knows no format '{printable(to[:60])}'.{offered}")
        return to
    if out == "-":
        raise UsageError(f"With - for OUT, say in which language: --to {', --to '.join(formats())}.")
    found = format_of(out)
    if found is None:
        raise UsageError(f"'{printable(out)}' has no ending that says the language; there are {', '.join(endings())}. --to says it, too.")
    return found


def _check_target(what: str, target: Path | None) -> None:
    """Refuse what can't be written, before anything is read."""
    if target is None:
        return
    if os.path.isdir(target):
        raise UsageError(f"'{printable(str(target))}' is a folder; name a file in it.")
    if os.path.exists(what) and os.path.exists(target) and os.path.samefile(what, target):
        raise UsageError(f"'{printable(str(target))}' is the problem itself; name another file.")


def _keep(files: list[tuple[Path, bytes]], force: bool) -> None:
    """Write the files, all or none of them where one is in the way; tell their names."""
    for file, content in files:
        if not force and os.path.lexists(file) and not _holds(file, content):
            raise UsageError(f"'{printable(str(file))}' is there already; --force overwrites it.")
    for file, content in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            raise UsageError(f"'{printable(str(file))}' can't be written: {os.strerror(error.errno or 0).lower()}.") from None
        print(printable(str(file)))


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.is_file() and file.read_bytes() == content
    except OSError:
        return False
