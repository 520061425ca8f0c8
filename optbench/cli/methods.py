"""`optbench methods`: which numerical methods there are, the options of one, and which work here."""

import shutil
import sys
import textwrap
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from optbench.cli import completion
from optbench.errors import UsageError, printable

_CODE = ("algorithm", "adapter", "options")  # fields of a method that are no facts


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|probe]",
            help="A method, to see its options and source; a pattern; or 'probe', to see which methods work here.",
            autocompletion=completion.method_names,
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> int:
    """List the numerical methods, or show one with its options, or try which of them work here."""
    if name == "probe":
        return _probe(json_)
    is_pattern = name is not None and any(sign in name for sign in "*?[")
    found = [_one(name)] if name and not is_pattern else list(_matching(name or "*"))
    if json_:
        import json

        print(json.dumps([_facts(method, refusal) for method, refusal in found]))
    elif name and not is_pattern:
        print("\n".join(_page(found[0][0])))
    else:
        width = max(len(method.name) for method, _ in found)
        print("\n".join(line for method, refusal in found for line in _listed(method.name, width, refusal or _summary(method))))
    return 0


def _listed(name: str, width: int, words: str) -> list[str]:
    """One line; on a narrow terminal the words go on below one another."""
    line = f"{name:{width}}  {words}"
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else len(line)
    if len(line) <= columns or columns < width + 20:
        return [line]
    return textwrap.wrap(line, columns, subsequent_indent=" " * (width + 2))


def _matching(pattern: str) -> Iterator[tuple[Any, str | None]]:
    """The methods whose names match; raise `UsageError` where there are none."""
    found = [(method, refusal) for method, refusal in _all() if fnmatchcase(method.name, pattern)]
    if not found:
        raise UsageError(f"No method matches '{printable(pattern[:60])}'; `optbench methods` lists them.")
    yield from found


def _all() -> Iterator[tuple[Any, str | None]]:
    """All methods, those of other packages among them, and why one can't be used."""
    from optbench.methods.plugins import all_names, found
    from optbench.methods.registry import get, names

    plugins = found()
    if plugins:
        from optbench.workbench.admission import admitted, examine

        examine(list(plugins))
    for name in all_names():
        if name in names():
            yield get(name), None
        if name in plugins:
            yield admitted(name)


def _one(name: str) -> tuple[Any, None]:
    """A method by its name; raise `UsageError` where there is none, or it can't be used."""
    from optbench.methods.plugins import found
    from optbench.methods.registry import get, names

    if name in names() or name not in found():
        return get(name), None
    from optbench.workbench.admission import admitted

    method, refusal = admitted(name)
    if refusal:
        raise UsageError(f"The method '{name}' {refusal}.")
    return method, None


def _summary(method: Any) -> str:
    return f"{method.summary} (from {method.origin})" if method.origin else str(method.summary)


def _probe(as_json: bool) -> int:
    """Try every method and tell which work."""
    from optbench.cli.probe import probe, table
    from optbench.methods.plugins import all_names

    found = probe(all_names())
    if as_json:
        import json

        print(json.dumps([{**row._asdict(), "state": row.state.value} for row in found]))
    else:
        print("\n".join(table(found)))
    return 0


def _facts(method: Any, refusal: str | None) -> dict[str, Any]:
    """What is said of a method in its declaration, and why it can't be used, if that is so."""
    from dataclasses import fields

    from optbench.methods.options import describe

    declared = {f.name: _plain(getattr(method, f.name)) for f in fields(method) if f.name not in _CODE}
    return {**declared, "options": [row._asdict() for row in describe(method)], "refusal": refusal}


def _plain(value: Any) -> Any:
    from enum import Enum

    if isinstance(value, Enum):
        return value.name.lower()
    return sorted(value) if isinstance(value, frozenset | set) else value


def _page(method: Any) -> Iterator[str]:
    from optbench.methods.options import describe

    yield f"{method.name}: {method.summary}"
    yield f"  uses     {', '.join(sorted(method.uses))}"
    yield f"  handles  {', '.join(_handled(method))}"
    yield f"  looks    {method.scope.value}"
    yield f"  source   {method.source}"
    if method.origin:
        yield f"  from     {method.origin}"
    for row in describe(method):
        accepted = f"; {row.range}" if row.range else ""
        yield f"  {row.name}={row.default}  {row.meaning} ({row.type}{accepted})"


def _handled(method: Any) -> Iterator[str]:
    if method.one_variable_only:
        yield "one variable"
    else:
        yield f"up to {method.largest_dimension:,} variables" if method.largest_dimension else "any number of variables"
    yield "finite ranges only" if method.needs_box else "bounds" if method.bounds else "no bounds"
    yield "constraints" if method.constraints else "no constraints"
