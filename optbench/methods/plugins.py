"""Methods of other packages: what the entry points of the group `optbench.methods` name.

A package declares one in its pyproject.toml, and once it is installed, the method is there by that name:

    [project.entry-points."optbench.methods"]
    heavy-ball = "heavy_ball.method:METHOD"

`found` reads what is declared and imports nothing of it; `load` imports one method and looks it over. Whoever loads one
that nobody knows does so in a child first (`optbench.workbench.admission`), as an import may do anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from importlib import metadata
from io import StringIO
from typing import Any, NamedTuple

from optbench.errors import printable

from .method import USES, Method, Scope
from .options import KINDS, Options, Range
from .registry import names
from .silence import silence

GROUP = "optbench.methods"
RESERVED = frozenset({"auto", "all", "probe"})  # words of the command line where names of methods stand, too
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Unusable(Exception):
    """A method that can't be used; the text says why, in a sentence about its package without a full stop."""


class Plugin(NamedTuple):
    """A method as a package declares it."""

    name: str
    package: str  # with its version, such as "heavy-ball 1.2"
    load: Callable[[], Any]  # imports its module and returns what is declared
    refused: str | None = None  # why it is not even imported


@cache
def found() -> dict[str, Plugin]:
    """Return the methods of all installed packages by name, in alphabetical order; nothing of theirs is imported.

    Those whose name is no name, belongs to a method of ours, or is declared twice are there with the reason.
    """
    declared: dict[str, list[Plugin]] = {}
    for entry in metadata.entry_points(group=GROUP):
        plugin = Plugin(printable(entry.name), _package(entry), entry.load)
        same = declared.setdefault(plugin.name, [])
        if plugin.package not in (other.package for other in same):  # a folder may be searched twice
            same.append(plugin)
    return {name: _weighed(same) for name, same in sorted(declared.items())}


def all_names() -> list[str]:
    """Return the names of all methods, of ours and of other packages, in alphabetical order."""
    return sorted({*names(), *found()})


def _package(entry: metadata.EntryPoint) -> str:
    try:
        return printable(f"{entry.dist.name} {entry.dist.version}") if entry.dist is not None else "an unnamed package"
    except Exception:  # its own files are damaged
        return "a damaged package"


def _weighed(same: list[Plugin]) -> Plugin:
    first = same[0]
    if len(same) > 1:
        packages = ", ".join(sorted(plugin.package for plugin in same))
        return first._replace(package=packages, refused="they declare a method of one name; only one of them can be installed")
    if first.name in RESERVED or not NAME.fullmatch(first.name):
        return first._replace(refused="its name is none that a method can have (small letters, digits and hyphens; not auto, all or probe)")
    return first._replace(refused="optbench has a method of that name itself") if first.name in names() else first


def load(plugin: Plugin) -> Method:
    """Import a method and return it, with its `origin`; what its import prints is dropped.

    Raise `Unusable` where it is refused, can't be imported, or is no method.
    """
    if plugin.refused:
        raise Unusable(plugin.refused)
    with silence(), redirect_stdout(StringIO()):
        try:
            loaded = plugin.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also SystemExit: its author's, not the user's
            raise Unusable(f"importing it raised {_shown(error)}") from error
    for fault in _faults(plugin, loaded):
        raise Unusable(fault)
    method: Method = loaded
    return replace(method, origin=plugin.package)


def _shown(error: BaseException) -> str:
    try:
        text = printable(str(error))[:200]
    except Exception:  # its author's __str__ may do anything
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


# ---- whether what is declared is a method ------------------------------------------------------------------------------


def _faults(plugin: Plugin, loaded: Any) -> Iterator[str]:
    """Yield what is wrong with a method."""
    if not isinstance(loaded, Method):
        yield f"what it declares is no Method of optbench.plugin but of type {type(loaded).__name__}"
        return
    if loaded.name != plugin.name:
        yield f"its entry point is named '{plugin.name}', but its method {_quoted(loaded.name)}"
    if (loaded.algorithm is None) == (loaded.adapter is None) or not callable(loaded.algorithm or loaded.adapter):
        yield "it needs either an algorithm or an adapter, which is a function"
    for field in fields(Method):
        if fault := _fault_of(field.name, str(field.type), getattr(loaded, field.name)):
            yield fault
    yield from _faults_of_options(loaded.options)


_TYPES: dict[str, Callable[[Any], bool]] = {  # by the annotation of a field of Method
    "str": lambda value: isinstance(value, str) and bool(value.strip()) and value.isprintable(),
    "bool": lambda value: isinstance(value, bool),
    "str | None": lambda value: value is None or isinstance(value, str),
    "int | None": lambda value: value is None or (isinstance(value, int) and value > 0),
    "frozenset[str]": lambda value: isinstance(value, frozenset | set) and value <= USES,
    "Scope": lambda value: isinstance(value, Scope),
}


def _fault_of(name: str, annotation: str, value: Any) -> str | None:
    check = _TYPES.get(annotation)
    if check is None or check(value):
        return None
    wanted = f"some of {', '.join(sorted(USES))}" if name == "uses" else annotation
    return f"its field '{name}' must be {wanted}, not {_quoted(value)}"


def _faults_of_options(options: Any) -> Iterator[str]:
    if not (isinstance(options, type) and issubclass(options, Options) and is_dataclass(options)):
        yield "its options are no dataclass that is derived from Options"
        return
    for field in fields(options):
        accepted = field.metadata.get("range")
        if not isinstance(accepted, Range) or not _TYPES["str"](field.metadata.get("meaning")):
            yield f"its option '{field.name}' is not declared by option(default, meaning)"
        elif field.default is MISSING or type(field.default) not in KINDS:
            yield f"its option '{field.name}' needs a default that is a number, a word or true or false"
        elif field.default not in accepted:
            yield f"its option '{field.name}' has a default that it does not accept itself: {_quoted(field.default)}"


def _quoted(value: Any) -> str:
    return printable(repr(value))[:60]
