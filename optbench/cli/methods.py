"""`optbench methods`: which numerical methods there are, and the options of one."""

from typing import Annotated, Any

import typer


def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A method, to see its options and source.")] = None,
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
    from optbench.methods.method import describe

    return {
        "name": method.name,
        "summary": method.summary,
        "source": method.source,
        "uses": sorted(method.uses),
        "bounds": method.bounds,
        "one_variable_only": method.one_variable_only,
        "options": [row._asdict() for row in describe(method)],
    }


def _page(method: Any) -> list[str]:
    from optbench.methods.method import describe

    handles = "one variable" if method.one_variable_only else "any number of variables"
    bounds = "bounds" if method.bounds else "no bounds"
    lines = [
        f"{method.name}: {method.summary}",
        f"  uses     {', '.join(sorted(method.uses))}",
        f"  handles  {handles}, {bounds}, no constraints",
    ]
    lines.append(f"  source   {method.source}")
    for row in describe(method):
        accepted = f"; {row.range}" if row.range else ""
        lines.append(f"  {row.name}={row.default}  {row.meaning} ({row.type}{accepted})")
    return lines
