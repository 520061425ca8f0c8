"""Where the problems of a batch are: files, folders, patterns, bundled problems and standard input; and how one is read.

>>> [str(source) for source in sources(["@rosenbrock"], [])]
['@rosenbrock']
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from optbench.cli import streams
from optbench.cli.arguments import FILES, Flags, begins_document, of_expression, of_reading, problem_of
from optbench.cli.scans import Point, check_difference, given_at
from optbench.errors import OptbenchError, ProblemError, UsageError, printable
from optbench.language.tokens import names_in
from optbench.problem.problem import Problem
from optbench.workbench.batch.plan import Read, Source

if TYPE_CHECKING:
    from optbench.problem.reader import Reading


def sources(paths: Sequence[str], scan: Sequence[Point]) -> list[Source]:
    """Return the sources that the arguments name, each once, at every point of the scan; raise `UsageError` where there are none."""
    if not paths:
        raise UsageError("No problems are given: name files, folders, patterns such as 'problems/*.yaml', @NAME, or - for standard input.")
    found = list(dict.fromkeys(source for path in paths for source in _named(path)))
    points = [tuple(point.items()) for point in scan] or [()]
    return [source._replace(point=point) for source in found for point in points]


def _named(path: str) -> Iterator[Source]:
    if path == "-":
        yield from _of_standard_input()
    elif path.startswith("@"):
        yield from (Source(file=f"@{name}") for name in _bundled(path[1:]))
    else:
        yield from map(Source, files(path))


def _of_standard_input() -> Iterator[Source]:
    text = streams.read_input()
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if not lines:
        raise UsageError("Standard input holds no problem; write an expression a line, or a YAML or JSON document.")
    if begins_document(lines):
        yield Source(text=text, is_document=True)
    else:
        yield from (Source(text=line.strip()) for line in lines)


def _bundled(name: str) -> list[str]:
    from optbench.problem.library import names, path

    return [known for known in names() if fnmatchcase(known, name)] or [path(name).stem]


def files(path: str) -> list[str]:
    """Return the files of an argument, in alphabetical order; raise `UsageError` where there are none."""
    shown = printable(path[:300])
    if os.path.isdir(path):
        if not (found := sorted(_below(path))):
            raise UsageError(f"The folder '{shown}' holds no problems ({', '.join(FILES)}).")
        return found
    if os.path.exists(path):
        if not path.lower().endswith(FILES):
            raise UsageError(f"'{shown}' has none of the endings {', '.join(FILES)}, by which problem files are known.")
        return [path]
    if has_magic(path):
        if not (found := sorted(name for name in glob(path, recursive=True) if name.lower().endswith(FILES) and os.path.isfile(name))):
            raise UsageError(f"No problem file ({', '.join(FILES)}) matches '{shown}'.")
        return found
    raise UsageError(f"There is no file or folder '{shown}'. (An expression is read from standard input, as -, one a line.)")


def _below(folder: str) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(place, name) for name in files if name.lower().endswith(FILES) and not name.startswith("."))


class ProblemReader:
    """Reads the problem of a source, with what the command line says of it; keeps the last file, for its further documents."""

    def __init__(self, flags: Flags, scan: Sequence[Point]) -> None:
        self.flags, self.scan = flags, scan
        self._kept: tuple[object, tuple[Reading, ...], str] | None = None
        self._looked_at: tuple[Source, OptbenchError | None] | None = None  # whether it depends on what is scanned

    def __call__(self, source: Source) -> Read:
        try:
            problem_at, documents = self._problem_at(source)
        except OptbenchError as error:
            return Read(None, error)
        try:
            self._check(source, problem_at)
            return Read(problem_at(dict(source.point)), None, documents)
        except OptbenchError as error:
            return Read(None, error, documents)

    def _problem_at(self, source: Source) -> tuple[Callable[[Point], Problem], int]:
        """What makes the problem at a point of the scan, and the number of documents beside."""
        if source.text is not None and not source.is_document:
            expression = source.text
            return lambda point: of_expression(expression, self._flags(expression, point)), 1
        path = _path(source.file)
        if path is not None and not path.lower().endswith((".yaml", ".yml", ".json")):
            return lambda point: problem_of(path, self.flags), 1
        readings, text = self._readings(source.text, path)
        if source.document >= len(readings):
            raise ProblemError("There is no problem here." if not readings else "The file has changed: it has fewer documents than before.")
        return lambda point: of_reading(readings[source.document], self._flags(text, point)), len(readings)

    def _flags(self, text: str, point: Point) -> Flags:
        """The flags that concern a problem: of many, few have the same names."""
        flags = self.flags.for_expression(text)
        words = names_in(" ".join([text, *flags.subject_to]))
        given = [one for one in flags.parameters if one.partition("=")[0].strip() in words]
        return replace(flags, parameters=(*given, *given_at(point)))

    def _readings(self, text: str | None, path: str | None) -> tuple[tuple[Reading, ...], str]:
        """The documents of a file or a text, read once."""
        from optbench.problem.reader import file_text, readings

        about: object = text
        if path is not None:
            try:
                status = os.stat(path)
                about = path, status.st_mtime_ns, status.st_size
            except OSError:
                about = None  # reading it says why
        if self._kept is None or about is None or self._kept[0] != about:
            content = file_text(path) if path is not None else text or ""
            self._kept = about, readings(content, path, None if path is None else Path(path).parent), content
        return self._kept[1:]

    def _check(self, source: Source, problem_at: Callable[[Point], Problem]) -> None:
        """Raise where the scan makes no difference."""
        whole = source._replace(point=())
        if not source.point or (self._looked_at and self._looked_at == (whole, None)):
            return
        if self._looked_at is None or self._looked_at[0] != whole:
            try:
                check_difference(problem_at, self.scan)
                self._looked_at = whole, None
            except OptbenchError as error:
                self._looked_at = whole, error
        if self._looked_at[1] is not None:
            raise self._looked_at[1]


def _path(file: str | None) -> str | None:
    if file is None or not file.startswith("@"):
        return file
    from optbench.problem.library import path

    return str(path(file[1:]))
