"""The bundled problems: YAML files that `@NAME` on the command line stands for.

They lie in `problems/` at the top of the source tree, and in `optbench/problems` of an installed wheel; a problem's name
is its file's name without the ending. Listing them reads no file.

>>> "entropy_root" in names()
True
"""

from __future__ import annotations

from pathlib import Path

from optbench.errors import Mistake, UsageError, nearest, printable

_PACKAGE = Path(__file__).resolve().parent.parent


def names() -> list[str]:
    """Return the names of all bundled problems in alphabetical order."""
    return sorted(file.stem for file in _folder().glob("*.yaml"))


def path(name: str) -> Path:
    """Return the file of the bundled problem `name` (without the `@`).

    Raises UsageError, with the nearest name, for an unknown one.

    >>> path("rosenbrock").name
    'rosenbrock.yaml'
    """
    known = names()
    if name not in known:
        sentence = f"There is no bundled problem '{printable(_shortened(name))}'.{nearest(name[:_LONGEST], known)}"
        raise UsageError(Mistake(sentence, hint="`optbench problems` lists them all."))
    return _folder() / f"{name}.yaml"


_LONGEST = 80  # characters of an unknown name that are shown and compared


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else name[:_LONGEST] + "..."


def _folder() -> Path:
    installed = _PACKAGE / "problems"
    return installed if installed.is_dir() else _PACKAGE.parent / "problems"
