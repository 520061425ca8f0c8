"""Files of problems on machines that need not have them: known by their content, fetched where they are lacking.

With a work goes a manifest: what the batch's own machine has at each path that the problem has been seen to need. The worker takes
its own file of that name if the content is the same (a shared file system), else a copy from its store. What it lacks, and
what it finds to need on the way (a table of data), it names; then it gets that, and does the work once more.

>>> Catalogue().manifest("nowhere/a.yaml").popitem()[1]
"There is no folder 'nowhere'."
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from optbench.errors import OptbenchError
from optbench.problem.regular_file import NotThere, files_found_by, regular_file
from optbench.workbench.batch.executor import Channel, Perform, Work

LACKS = "optbench: lacks"  # the key of an answer that names a path instead of a result
_MOST_KNOWN = 10_000  # files whose content is known by its hash
_CHUNK = 2**20


class Content(NamedTuple):
    """What stands in a file."""

    size: int
    digest: str  # SHA-256


Manifest = dict[str, Content | str]  # by absolute paths; a sentence where there is no file to be had


class Digests:
    """The contents of files, read again only where a file has changed."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[tuple[int, int, int], Content]] = OrderedDict()

    def __call__(self, path: str) -> Content:
        """Return the content of a regular file; raise `OptbenchError` or OSError where it is not to be had."""
        found = os.stat(path)
        state = found.st_mtime_ns, found.st_size, found.st_ino
        if path not in self._known or self._known[path][0] != state:
            self._known[path] = state, _content(path)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[path][1]


def _content(path: str) -> Content:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Content(size, digest.hexdigest())


class Catalogue:
    """What the batch's own machine has; kept for those problems that need more than one file."""

    def __init__(self) -> None:
        self._digests = Digests()
        self._needed: dict[str, list[str]] = {}  # further files, by the problem's

    def manifest(self, file: str | None) -> Manifest:
        """Return what is known of the files of a problem, as they are now."""
        own = [] if file is None else [os.path.abspath(file)]
        return {path: self._entry(path, file) for path in own + self._needed.get(file or "", [])}

    def add(self, file: str | None, path: str) -> None:
        """Take note that a problem needs a file."""
        self._needed.setdefault(file or "", []).append(path)

    def _entry(self, path: str, file: str | None) -> Content | str:
        named = path if file is None or os.path.isabs(file) else os.path.relpath(path)
        try:
            regular_file(named, sys.maxsize).close()
            return self._digests(path)
        except (OptbenchError, OSError) as error:
            return str(error)


class Visiting:
    """Does works away from the files of their problems: a function of a work with its manifest, and a channel.

    `folder` is where the batch was called, `store` where copies are, by their digests.
    """

    def __init__(self, perform: Perform, folder: str, store: str) -> None:
        self._perform, self._folder, self._store = perform, folder, store
        self._digests = Digests()

    def __call__(self, work: tuple[Work, Manifest | None], channel: Channel) -> Any:
        inner, manifest = work
        if manifest is None:
            return self._perform(inner, channel)
        try:
            with files_found_by(self._finder(manifest)):
                return self._perform(inner, channel)
        except _Lacking as lacking:
            return {LACKS: lacking.path}

    def _finder(self, manifest: Mapping[str, Content | str]) -> Callable[[str], str]:
        def find(name: str) -> str:
            path = os.path.normpath(os.path.join(self._folder, name))
            content = manifest.get(path)
            if isinstance(content, str):
                raise NotThere(content)
            for place in (path, os.path.join(self._store, content.digest)) if content is not None else ():
                if self._has(place, content):
                    return place
            raise _Lacking(path)

        return find

    def _has(self, place: str, content: Content | None) -> bool:
        try:
            return content is not None and os.path.getsize(place) == content.size and self._digests(place) == content
        except OSError:
            return False


class _Lacking(Exception):
    """A file is not here, or nothing is known of it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def keep(store: str, digest: str, content: bytes) -> None:
    """Put a file into a store; in one step, for those who look at the same time."""
    Path(store).mkdir(parents=True, exist_ok=True)
    partial = os.path.join(store, f"{digest}.{os.getpid()}")
    Path(partial).write_bytes(content)
    os.replace(partial, os.path.join(store, digest))
