"""`optbench problems`: the bundled problems: a table of them, one of them, and copies to begin one's own from."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from optbench.cli import completion
from optbench.cli.values import PlainCommand, PlainGroup

_COLUMNS = ("name", "unknowns", "constraints", "optimum", "tags", "source")
_SHORT = 60  # characters of a source in the table
_WIDE = 120  # columns of a terminal in which a line has room for a source


class ListByDefault(PlainGroup):
    """`problems` without the name of a command is `problems list`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        asked = not args and ctx.resilient_parsing  # for completion
        chosen = asked or args[:1] in ([name] for name in (*self.commands, "-h", "--help"))
        return super().parse_args(ctx, args if chosen else ["list", *args])


problems = typer.Typer(
    name="problems",
    cls=ListByDefault,
    help="The bundled problems: `problems` lists them, `show` and `export` give one.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


@problems.command("list", cls=PlainCommand)
def list_(
    pattern: Annotated[
        str, typer.Argument(metavar="[PATTERN]", help="A name, or a pattern such as 'b*'.", autocompletion=completion.problem_names)
    ] = "*",
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Only those with this tag (repeatable: with all of them).")] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> int:
    """List the bundled problems: unknowns, constraints, known optimum, tags and source."""
    rows = [row for row in map(_facts, _matching(pattern)) if set(tag or []) <= set(row["tags"])]
    if json_:
        _print_json(rows)
    elif rows:
        _print_table(rows)
    else:
        print("No bundled problem has these tags.", file=sys.stderr)
    return 0


def _matching(pattern: str) -> list[str]:
    """The names that match; an unknown name is a mistake, and the nearest one is offered."""
    from fnmatch import fnmatchcase

    from optbench.problem.library import names, path

    wanted = pattern.removeprefix("@")
    found = [name for name in names() if fnmatchcase(name, wanted)]
    return found or [path(wanted).stem]


def _facts(name: str) -> dict[str, Any]:
    from optbench.problem.library import path
    from optbench.problem.reader import read
    from optbench.problem.validate import validated

    problem = validated(read(str(path(name))))
    known = problem.known
    return {
        "name": name,
        "title": problem.name,
        "sense": problem.sense,
        "objective": problem.objective_text,
        "variables": [variable.name for variable in problem.variables],
        "unknowns": problem.dimension,
        "constraints": len(problem.constraints),
        "optimum": known.value if known else None,
        "at": dict(known.at) if known else {},
        "source": known.source if known else None,
        "tags": list(problem.tags),
        "data": bool(problem.data),
    }


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value))


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    """Columns that line up; on a terminal the long ones end where the line does, and a narrow one has no sources."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = None if sys.stdout.isatty() else 1000
    console = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    table = Table(box=None, pad_edge=False, header_style="")
    shown = _COLUMNS if console.width >= _WIDE else _COLUMNS[:-1]
    for heading in shown:
        number = heading in ("unknowns", "constraints", "optimum")
        whole = max(len(heading), *(len(_cell(row[heading])) for row in rows)) if heading not in ("tags", "source") else None
        table.add_column(heading, justify="right" if number else "left", no_wrap=True, min_width=whole)
    for row in rows:
        table.add_row(*(Text(_cell(row[heading])) for heading in shown))
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _cell(value: Any) -> str:
    from optbench.errors import printable

    if isinstance(value, float):
        return f"{value:.6g}"
    text = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return printable(text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}...")


@problems.command(cls=PlainCommand)
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A bundled problem.", autocompletion=completion.problem_names)],
    json_: Annotated[bool, typer.Option("--json", help="What `problems --json` says of it.")] = False,
) -> int:
    """Print a problem's file."""
    from optbench.problem.library import path

    file = path(name.removeprefix("@"))
    if json_:
        _print_json(_facts(file.stem))
    else:
        sys.stdout.write(file.read_text(encoding="utf-8"))
    return 0


@problems.command(cls=PlainCommand)
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A bundled problem.", autocompletion=completion.problem_names)],
    target: Annotated[str, typer.Argument(metavar="[FILE|DIR|-]", help="A .yaml file, a folder, or - for standard output.")] = ".",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> int:
    """Copy a problem, with its data, to where it can be changed and solved."""
    from optbench.problem.library import path

    source = path(name.removeprefix("@"))
    if target == "-":
        sys.stdout.write(source.read_text(encoding="utf-8"))
        return 0
    copies = dict(_copies(source, Path(target)))
    _check(copies, force)
    for file, content in copies.items():
        _write(file, content)
        print(file)
    return 0


def _copies(source: Path, target: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file that is to be written, and its content."""
    from optbench.errors import UsageError, printable
    from optbench.problem.reader import read

    if target.suffix.lower() in (".json", ".nl", ".csv"):
        raise UsageError(f"'{printable(str(target))}': a bundled problem is copied as YAML; give a name that ends in .yaml, or a folder.")
    file = target if target.suffix.lower() in (".yaml", ".yml") else target / source.name
    yield file, source.read_bytes()
    data = read(str(source)).data
    if data is not None:
        yield file.parent / data.file.value, (source.parent / data.file.value).read_bytes()


def _check(copies: dict[Path, bytes], force: bool) -> None:
    """Refuse to overwrite a file with another content, before anything is written."""
    from optbench.errors import UsageError, printable

    for file, content in copies.items():
        if not force and os.path.lexists(file) and not _holds(file, content):
            raise UsageError(f"'{printable(str(file))}' is there already; --force overwrites it.")


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.is_file() and file.read_bytes() == content
    except OSError:
        return False


def _write(file: Path, content: bytes) -> None:
    from optbench.errors import UsageError, printable

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"'{printable(str(file))}' can't be written: {os.strerror(error.errno or 0).lower()}.") from None
