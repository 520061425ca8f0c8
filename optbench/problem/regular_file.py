"""Opening a file that a user names: a regular one, of bounded size, without ever waiting on a pipe or a device.

What the system says of a file may be wrong by the time it is read, and says little of those that it makes up itself (/proc):
so bytes are counted again as they come, and what goes wrong then is the user's to know, too.

>>> regular_file("nowhere/at.all", 1000)
Traceback (most recent call last):
    ...
optbench.errors.UsageError: There is no folder 'nowhere'.
"""

from __future__ import annotations

import io
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast

from optbench.errors import Mistake, Place, ProblemError, UsageError, nearest, printable

_LISTED = 5000  # names of a folder among which the nearest is looked for
_LONGEST = 300  # characters of a path that are shown

Find = Callable[[str], str]  # where the file is that is named so; raises `NotThere` with a sentence
_find: Find = str


class NotThere(Exception):
    """A file is not to be had where it is looked for; a sentence."""


@contextmanager
def files_found_by(find: Find) -> Iterator[None]:
    """Let files be looked for elsewhere than at their names, by which they are still called."""
    global _find
    before, _find = _find, find
    try:
        yield
    finally:
        _find = before


def is_file(path: str | Path) -> bool:
    """Return whether there is a regular file of this name."""
    try:
        return os.path.isfile(_find(str(path)))
    except NotThere:
        return False


def regular_file(path: str | Path, most_bytes: int, named_at: Place | None = None) -> BinaryIO:
    """Return the opened file.

    `named_at` is the place in a problem file that names this file. Raises UsageError if it can't be opened (ProblemError
    if a problem file names it), and ProblemError if it has more than `most_bytes`; so does reading from it.
    """
    name = str(path)
    try:
        place = _find(name)
        _check_kind(name, os.stat(place), named_at)
        raw = open(place, "rb", buffering=0, opener=_without_waiting)  # noqa: SIM115
    except NotThere as error:
        _refuse(str(error), named_at)
    except (OSError, ValueError) as error:
        _refuse(_not_opened(name, error), named_at)
    found = os.fstat(raw.fileno())
    try:
        _check_kind(name, found, named_at)
        if found.st_size > most_bytes:
            raise ProblemError(Mistake(too_large(name, most_bytes), named_at))
    except (UsageError, ProblemError):
        raw.close()
        raise
    return cast(BinaryIO, io.BufferedReader(_Bounded(raw, name, most_bytes, named_at), 2**17))


class _Bounded(io.RawIOBase):
    """An open file of which at most so many bytes are read, and whose failures are sentences."""

    def __init__(self, raw: io.FileIO, name: str, most_bytes: int, named_at: Place | None) -> None:
        self.raw, self.name, self.most_bytes, self.named_at = raw, name, most_bytes, named_at
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = self.raw.readinto(buffer)
        except OSError as error:
            _refuse(_not_read(self.name, error), self.named_at)
        if count is None:
            _refuse(f"{shown(self.name)} can't be read without waiting; a regular file is expected.", self.named_at)
        self.count += count
        if self.count > self.most_bytes:
            raise ProblemError(Mistake(too_large(self.name, self.most_bytes), self.named_at))
        return count

    def close(self) -> None:
        self.raw.close()
        super().close()


def _without_waiting(name: str, flags: int) -> int:
    """Open a file, which may have become a pipe since it was looked at; what is a terminal must not become ours."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _check_kind(name: str, found: os.stat_result, named_at: Place | None) -> None:
    if not stat.S_ISREG(found.st_mode):
        _refuse(_not_a_file(name, found.st_mode), named_at)


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
    hint = " (standard input is written -)" if name.lower().endswith((".yaml", ".yml", ".json")) else ""
    return f"{shown(name)} is a pipe, a socket or a device; a regular file is expected{hint}."


def _not_opened(name: str, error: OSError | ValueError) -> str:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return _missing(Path(name))
    if isinstance(error, PermissionError):
        return f"{shown(name)} can't be read: you have no permission."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{shown(name)} can't be opened: {reason[:1].lower()}{reason[1:]}."


def _not_read(name: str, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{shown(name)} can't be read: {reason[:1].lower()}{reason[1:]}."


def _missing(path: Path) -> str:
    if not os.path.isdir(path.parent):
        return f"There is no folder {shown(str(path.parent))}."
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _LISTED)]
    except OSError:
        names = []
    return f"There is no file {shown(str(path))}.{printable(nearest(path.name[:_LONGEST], names))}"
