"""Problems written in other languages: one file a format, each with `write(problem, target) -> Written`.

A file whose name has two words is a format, found by this folder; the first word is its name, and `ENDINGS` in it are the
endings of files that it writes. Files of one word are parts that formats share.

>>> formats()
('json', 'latex', 'nl', 'python', 'yaml')
>>> format_of("model.NL")
'nl'
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optbench.convert.written import Written
    from optbench.problem.problem import Problem


def formats() -> tuple[str, ...]:
    """Return the names of all formats in alphabetical order; nothing is imported for it."""
    return tuple(sorted(_files()))


def format_of(file: str) -> str | None:
    """Return the format that a file's ending asks for, or None."""
    ending = Path(file).suffix.lower()
    return next((name for name in formats() if ending in _module(name).ENDINGS), None)


def endings() -> list[str]:
    """Return the endings of all formats, in the order of the formats' names."""
    return [ending for name in formats() for ending in _module(name).ENDINGS]


def write(name: str, problem: Problem, target: Path | None) -> Written:
    """Return the problem in the format of that name, as the files that `target` and what stands beside it are to be.

    Without a target it is one text that needs no other file. Nothing is written here. Raises `ProblemError` where the
    format can't hold the problem, with the reason.
    """
    written: Written = _module(name).write(problem, target)
    return written


def _files() -> dict[str, str]:
    """The module of each format."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return {module.name.partition("_")[0]: module.name for module in modules if "_" in module.name}


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{_files()[name]}")
