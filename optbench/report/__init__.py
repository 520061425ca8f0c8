"""Renderings of a result: one file a format, each with `render(result) -> str`.

A file whose name is one word is a format, found by this folder; names of several words and folders are parts of others. A format may
say how the answers to several problems follow one another: `BETWEEN`, a text that stands between two of them, or
`render_all`, which yields a text for each.

>>> "csv" in formats(), "plain_words" in formats()
(True, False)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optbench.result import Result  # typing only: --help shows the names of the formats


def formats() -> tuple[str, ...]:
    """Return the names of all formats in alphabetical order; nothing is imported for it."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return tuple(sorted(module.name for module in modules if not module.ispkg and "_" not in module.name))


def render(name: str, result: Result) -> str:
    """Return the result in the format of that name, ending with a newline."""
    text: str = importlib.import_module(f"{__name__}.{name}").render(result)
    return text


def render_all(name: str, results: Iterable[Result]) -> Iterator[str]:
    """Yield a text for each result as it comes; joined they are one text in the format of that name."""
    module = importlib.import_module(f"{__name__}.{name}")
    if hasattr(module, "render_all"):
        yield from module.render_all(results)
        return
    between = ""
    for result in results:
        yield between + module.render(result)
        between = getattr(module, "BETWEEN", "")
