"""The methods that there are: each file of this folder that is not shared by several of them, and those of other packages.

>>> get("brent").name
'brent'
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from optbench.errors import UsageError, nearest, printable

from .method import Method

SHARED = frozenset(  # files here that are no methods
    {
        "method",
        "options",
        "registry",
        "space",
        "line_search",
        "bracket",
        "mini_batches",
        "scipy_bridge",
        "casadi_bridge",
        "casadi_programs",
        "nlopt_bridge",
        "highspy_bridge",
        "plugins",
        "silence",
    }
)


@cache
def names() -> tuple[str, ...]:
    """Return the names of all our methods in alphabetical order; nothing is imported for it. Others are those of `plugins`."""
    modules = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(sorted(name.replace("_", "-") for name in modules if name not in SHARED))


def get(name: str) -> Method:
    """Return the method of that name, importing its file alone, or that of another package.

    Raise `UsageError` with the nearest name, or where the method of another package can't be used.
    """
    if name in names():
        method = importlib.import_module(f"{__package__}.{name.replace('-', '_')}").METHOD
        assert isinstance(method, Method)
        return method
    from .plugins import Unusable, all_names, found, load

    plugin = found().get(name)
    if plugin is None:
        guess = nearest(name, all_names()) or " `optbench methods` lists them."
        raise UsageError(f"There is no method '{printable(name)}'.{guess}")
    try:
        return load(plugin)
    except Unusable as reason:
        raise UsageError(f"The method '{name}' of {plugin.package} can't be used: {reason}.") from None


def methods() -> dict[str, Method]:
    """Return all our methods by name; imports every file."""
    return {name: get(name) for name in names()}
