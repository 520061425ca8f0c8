"""Opening a file that a user names: a regular one, of bounded size, without ever waiting on a pipe or a device.

>>> regular_file("nowhere/at.all", 1000)
Traceback (most recent call last):
    ...
optbench.errors.UsageError: There is no folder 'nowhere'.
"""

from __future__ import annotations

import itertools
import os
import stat
from pathlib import Path
from typing import BinaryIO, NoReturn

from optbench.errors import Mistake, Place, ProblemError, UsageError, nearest, printable

_LISTED = 5000  # names of a folder among which the nearest is looked for
_LONGEST = 300  # characters of a path that are shown


def regular_file(path: str | Path, most_bytes: int, named_at: Place | None = None) -> BinaryIO:
    """Return the opened file.

    `named_at` is the place in a problem file that names this file. Raises UsageError if it can't be opened (ProblemError
    if a problem file names it), and ProblemError if it has more than `most_bytes`.
    """
    name = str(path)
    try:
        found = os.stat(name)
        if not stat.S_ISREG(found.st_mode):
            _refuse(_not_a_file(name, found.st_mode), named_at)
        opened = open(name, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        _refuse(_not_opened(name, error), named_at)
    if found.st_size > most_bytes:
        opened.close()
        raise ProblemError(Mistake(too_large(name, most_bytes), named_at))
    return opened


def too_large(name: str, most_bytes: int) -> str:
    """Return the sentence on a file of more than `most_bytes`."""
    return f"{shown(name)} is larger than {most_bytes // 2**20} MB, the most that is read."


def shown(name: str) -> str:
    """Return a path in quotes, safe to print and of bounded length."""
    short = name if len(name) <= _LONGEST else "..." + name[-_LONGEST:]
    return f"'{printable(short)}'"


def _refuse(sentence: str, named_at: Place | None) -> NoReturn:
    if named_at is None:
        raise UsageError(Mistake(sentence)) from None
    raise ProblemError(Mistake(sentence, named_at)) from None


def _not_a_file(name: str, mode: int) -> str:
    if stat.S_ISDIR(mode):
        return f"{shown(name)} is a folder; a file is expected."
    return f"{shown(name)} is a pipe, a socket or a device; a regular file is expected (standard input is written -)."


def _not_opened(name: str, error: OSError | ValueError) -> str:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return _missing(Path(name))
    if isinstance(error, PermissionError):
        return f"{shown(name)} can't be read: you have no permission."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{shown(name)} can't be opened: {reason[:1].lower()}{reason[1:]}."


def _missing(path: Path) -> str:
    if not os.path.isdir(path.parent):
        return f"There is no folder {shown(str(path.parent))}."
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _LISTED)]
    except OSError:
        names = []
    return f"There is no file {shown(str(path))}.{printable(nearest(path.name[:_LONGEST], names))}"
