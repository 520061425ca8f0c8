"""`optbench info`: what this installation is: versions, the machine, the limits in force, how many methods and problems."""

import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

_TOOLS = ("test", "docs")  # extras that are no part of the program


def info(json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> int:
    """Show versions, libraries, the machine, and the limits in force."""
    facts = _facts()
    if json_:
        import json

        print(json.dumps(facts))
    else:
        print("\n".join(_lines(facts)))
    return 0


def _facts() -> dict[str, Any]:
    import platform

    from optbench import __version__
    from optbench.methods.registry import names as methods
    from optbench.problem.library import names as problems
    from optbench.workbench.settings import Settings

    return {
        "optbench": __version__,
        "python": platform.python_version(),
        "libraries": dict(_libraries()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": _memory(),
        "defaults": dict(Settings().as_options()),
        "methods": len(methods()),
        "problems": len(problems()),
    }


def _libraries() -> Iterator[tuple[str, str | None]]:
    """Each library that optbench can use, and its version, or None where it is missing; none is imported."""
    import re
    from importlib import metadata

    try:
        required = metadata.requires("optbench") or []
    except metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return
    for line in required:
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        name = re.match(r"[\w.-]+", line)
        if name is None or (extra and extra[1] in _TOOLS):
            continue
        try:
            yield name[0], metadata.version(name[0])
        except metadata.PackageNotFoundError:
            yield name[0], None


def _processor() -> str:
    """The processor's name, where the system tells it."""
    import platform

    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
            return next(named, "") or platform.machine()
    except OSError:
        return platform.processor() or platform.machine()


def _memory() -> int | None:
    """Bytes of the machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"optbench {facts['optbench']}, Python {facts['python']} ({sys.implementation.name}), {facts['system']}"
    memory = f", {facts['memory'] / 2**30:.1f} GB of memory" if facts["memory"] else ""
    yield f"{facts['processor']}: {facts['usable_cores']} of {facts['cores']} cores usable{memory}"
    yield f"{facts['methods']} methods, {facts['problems']} bundled problems"
    yield from _section("libraries", {name: version or "missing" for name, version in facts["libraries"].items()})
    yield from _section("by default", facts["defaults"])


def _section(title: str, rows: dict[str, Any]) -> Iterator[str]:
    if rows:
        yield f"\n{title}"
    width = max(map(len, rows), default=0)
    yield from (f"  {name.replace('_', ' '):{width}}  {_shown(name, value)}" for name, value in rows.items())


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "memory_limit":
        return f"{value / 2**30:g} GB"
    return f"{value:g} s" if name.endswith(("_time", "time_limit")) else str(value)
