"""`optbench methods`: which numerical methods there are, and the options of one."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from optbench.cli import completion

_CODE = ("algorithm", "adapter", "options")  # fields of a method that are no facts


def methods(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A method, to see its options and source.", autocompletion=completion.method_names),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> int:
    """List the numerical methods, or show one with its options."""
    from optbench.methods.method import get, names

    found = [get(n) for n in ([name] if name else names())]
    if json_:
        import json

        print(json.dumps([_facts(method) for method in found]))
    elif name:
        print("\n".join(_page(found[0])))
    else:
        width = max(len(method.name) for method in found)
        print("\n".join(f"{method.name:{width}}  {method.summary}" for method in found))
    return 0


def _facts(method: Any) -> dict[str, Any]:
    """What is said of a method in its declaration."""
    from dataclasses import fields

    from optbench.methods.method import describe

    declared = {f.name: _plain(getattr(method, f.name)) for f in fields(method) if f.name not in _CODE}
    return {**declared, "options": [row._asdict() for row in describe(method)]}


def _plain(value: Any) -> Any:
    from enum import Enum

    if isinstance(value, Enum):
        return value.name.lower()
    return sorted(value) if isinstance(value, frozenset) else value


def _page(method: Any) -> Iterator[str]:
    from optbench.methods.method import describe

    yield f"{method.name}: {method.summary}"
    yield f"  uses     {', '.join(sorted(method.uses))}"
    yield f"  handles  {', '.join(_handled(method))}"
    yield f"  looks    {method.scope.value}"
    yield f"  source   {method.source}"
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
