"""The journal of a batch: a file of JSON Lines that only grows, one record an attempt, after a header for each run.

A record is handed to the system in one piece before its worker begins anything else, so that it outlives this process
whatever ends it; once a second all is synced to the disk. Opened again, a journal knows the keys of what is done. A last
line that was half written when the machine or the disk gave up is cut off. Two batches can't have one journal: it is locked.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import IO, Any, NamedTuple, Protocol

from optbench.errors import UsageError, printable
from optbench.workbench.batch.plan import SCHEMA

HEADER_SCHEMA = "optbench/run/1"
_SYNC = 1.0  # seconds between two syncs
_PATIENCE = 1.0  # seconds for a lock: the children of a killed batch need a moment to end
_LONGEST_LINE = 256 * 2**20  # bytes


class JournalError(UsageError):
    """The journal can't be opened or takes no more; what it has is kept."""


class Sink(Protocol):
    """Where records go."""

    done: Mapping[bytes, str]  # the statuses of what was there before, by the keys

    def write(self, record: Mapping[str, Any]) -> None:
        """Hand a record to the system; raise `JournalError` where it takes no more."""

    def sync(self, at_once: bool = False) -> None:
        """See to it that what was written is on the disk, at most once a second."""


class Found(NamedTuple):
    """What a journal has, as it was found."""

    statuses: dict[bytes, str]  # by key, of the last record with it
    seconds: float  # of solving, on average
    whole: int  # bytes up to the end of the last whole line
    half: int  # bytes after that
    lacks_newline: bool  # whether the last line is whole, but not ended


class Journal:
    """A journal that is open for writing; a context manager.

    Raise `JournalError`, a sentence to act on, where the file is not to be had, is none of ours, or is another batch's.
    """

    def __init__(self, path: str, resume: bool) -> None:
        self.path = path
        self._descriptor = _opened(path, resume)
        try:
            _lock(self._descriptor, path)
            self.found = examined(path)
            self._repair()
        except BaseException:
            os.close(self._descriptor)
            raise
        self.done: Mapping[bytes, str] = self.found.statuses
        self._synced = time.monotonic()
        self._is_dirty = False

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.sync(at_once=True)
        finally:
            os.close(self._descriptor)

    @property
    def descriptor(self) -> int:
        """The file, which is nobody else's: a copy of it would keep the lock."""
        return self._descriptor

    def write(self, record: Mapping[str, Any]) -> None:
        """Hand a record to the system, all of it or nothing; raise `JournalError` where it takes no more."""
        self._append(as_line(record))

    def sync(self, at_once: bool = False) -> None:
        """See to it that what was written is on the disk, at most once a second."""
        if self._is_dirty and (at_once or time.monotonic() - self._synced >= _SYNC):
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EROFS):  # pipes and devices know no syncing
                    raise self._no_more(error) from None
            self._synced, self._is_dirty = time.monotonic(), False

    def _append(self, line: bytes) -> None:
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            os.ftruncate(self._descriptor, self._size)
            raise self._no_more(error) from None
        self._size += len(line)
        self._is_dirty = True

    def _no_more(self, error: OSError) -> JournalError:
        reason = os.strerror(error.errno or errno.EIO).lower()
        return JournalError(
            f"The journal '{printable(self.path)}' takes no more: {reason}. What it has is kept; "
            "when that is mended, the same command with --resume runs what is missing."
        )

    def _repair(self) -> None:
        """Cut off what was half written, and end a last line that lacks only its end."""
        self._size = self.found.whole
        if self.found.half:
            os.ftruncate(self._descriptor, self._size)
        if self.found.lacks_newline:
            self._append(b"\n")


class Stream:
    """Records on standard output: nothing is known of what was there before."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.done: Mapping[bytes, str] = {}

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record."""
        self._stream.write(as_line(record).decode())
        self._stream.flush()

    def sync(self, at_once: bool = False) -> None:
        """Do nothing: it has been flushed."""


def as_line(record: Mapping[str, Any]) -> bytes:
    """Return the line of a record: ASCII JSON without NaN, which every reader takes."""
    return json.dumps(record, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def short(key: str) -> bytes:
    """Return half of a key's bytes, which is enough to tell keys apart and takes less memory."""
    try:
        return bytes.fromhex(key[:32])
    except ValueError:  # of a record that is not ours
        return key.encode()


# ---- reading what is there -------------------------------------------------------------------------------------------------


def examined(path: str) -> Found:
    """Return what a journal has; raise `JournalError` where it is none of this version."""
    statuses: dict[bytes, str] = {}
    seconds, attempts, place = 0.0, 0, 0
    for number, line, is_last in _lines(path):
        record = _parsed(line)
        if record is None:
            if not is_last:
                raise JournalError(
                    f"Line {number} of '{printable(path)}' is no JSON object, so it is no journal; nothing was written to it."
                )
            return Found(statuses, seconds / max(attempts, 1), place, len(line), False)
        _check_schema(record.get("schema"), number, path)
        if record.get("schema") == SCHEMA:
            statuses[short(str(record.get("key", "")))] = sys.intern(str(record.get("status")))
            if isinstance(solved := record.get("solve_seconds"), int | float):
                seconds, attempts = seconds + solved, attempts + 1
        place += len(line)
    ends_open = place > 0 and not line.endswith(b"\n")
    return Found(statuses, seconds / max(attempts, 1), place, 0, ends_open)


def _lines(path: str) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the lines with their numbers, and whether nothing comes after them."""
    with open(path, "rb") as file:
        line = file.readline(_LONGEST_LINE)
        number = 1
        while line:
            following = file.readline(_LONGEST_LINE)
            yield number, line, not following
            line, number = following, number + 1


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _check_schema(schema: Any, number: int, path: str) -> None:
    """Raise for what this version did not write: the first line is a header, other lines may be of kinds that come later."""
    shown = f"'{printable(path)}'"
    name, _, version = str(schema).rpartition("/")
    if f"{name}/1" in (SCHEMA, HEADER_SCHEMA) and version != "1":
        raise JournalError(
            f"{shown} is a journal of another version of optbench (line {number} has the schema {printable(str(schema)[:60])}, "
            f"this version writes {name}/1); give --out another name."
        )
    if number == 1 and schema != HEADER_SCHEMA:
        raise JournalError(f"{shown} is no journal of `optbench batch`: its first line is no header. Nothing was written to it.")


def _opened(path: str, resume: bool) -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | (0 if resume else os.O_EXCL)
    shown = printable(path)
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileExistsError:
        raise JournalError(f"There is '{shown}' already: with --resume it gets what it lacks; else give --out another name.") from None
    except OSError as error:
        raise JournalError(f"The journal '{shown}' can't be written: {os.strerror(error.errno or errno.EIO).lower()}.") from None
    if not os.path.isfile(path):
        os.close(descriptor)
        raise JournalError(f"The journal '{shown}' can't be written: it is no ordinary file.")
    return descriptor


def _lock(descriptor: int, path: str) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise JournalError(f"Another batch writes to '{printable(path)}'; wait for its end, or give --out another name.") from None
            time.sleep(0.05)
        except OSError as error:
            reason = os.strerror(error.errno or errno.EIO).lower()
            raise JournalError(f"The journal '{printable(path)}' can't be locked: {reason}; put it on a local disk.") from None


# ---- merging ---------------------------------------------------------------------------------------------------------------


class Merged(NamedTuple):
    """What a merged journal has."""

    headers: int
    records: int
    repeated: int  # records that were there more than once


def merge(paths: list[str], out: str) -> Merged:
    """Write the headers and records of several journals into a new one, of each key the last record.

    Half-written last lines are left out. Raise `JournalError` for a journal that a batch is writing to.
    """
    locks = [_shared(path) for path in paths]
    try:
        last = {key: (path, number) for path in paths for number, key in _keys(path)}
        with Journal(out, resume=False) as journal:
            headers = records = repeated = 0
            for path in paths:
                for number, line, _ in _lines(path):
                    record = _parsed(line)
                    if record is None:
                        continue
                    if record.get("schema") != SCHEMA:
                        headers += record.get("schema") == HEADER_SCHEMA
                    elif last[short(record["key"])] == (path, number):
                        records += 1
                    else:
                        repeated += 1
                        continue
                    journal.write(record)
        return Merged(headers, records, repeated)
    finally:
        for descriptor in locks:
            os.close(descriptor)


def _keys(path: str) -> Iterator[tuple[int, bytes]]:
    examined(path)  # raises for what is no journal
    for number, line, _ in _lines(path):
        record = _parsed(line)
        if record is not None and record.get("schema") == SCHEMA:
            yield number, short(record["key"])


def _shared(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO).lower()
        raise JournalError(f"The journal '{printable(path)}' can't be read: {reason}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise JournalError(f"A batch writes to '{printable(path)}'; merge when it has ended.") from None
    return descriptor
