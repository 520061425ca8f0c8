"""The standard streams, whatever they are: closed, full, of a narrow encoding, or left by their reader."""

from __future__ import annotations

import errno
import os
import sys

from optbench.errors import OptbenchError, UsageError, printable

_MAX_INPUT = 16 * 2**20  # bytes of standard input


def prepare() -> None:
    """Make every text printable, and take the places of closed streams, so that no file of ours comes to stand there."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        raise UsageError("Standard output is closed, so the answer can't be given.")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def read_input() -> str:
    """Return the whole of standard input, as UTF-8 whatever the locale is."""
    if sys.stdin is None:
        raise UsageError("Standard input is closed; a problem is expected there.")
    content = sys.stdin.buffer.read(_MAX_INPUT + 1)
    if len(content) > _MAX_INPUT:
        raise UsageError(f"Standard input has more than {_MAX_INPUT // 2**20} MB, which is the limit.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"Standard input is not UTF-8: byte {content[error.start]:#04x} on line {line}.") from None


def complain(error: OptbenchError | str) -> None:
    """Print each mistake to standard error, as text that no terminal obeys."""
    for mistake in error.mistakes if isinstance(error, OptbenchError) else [error]:
        print("\n".join(map(printable, f"error: {mistake}".split("\n"))), file=sys.stderr)


_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def why_unwritable(error: Exception) -> str | None:
    """Why standard output takes no more, if that is what the error says: who writes to a file sees to its errors there."""
    return os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno in _UNWRITABLE else None


def leave_quietly() -> None:
    """Write nothing more to standard output, not even at Python's exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
