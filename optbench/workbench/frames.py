"""Frames: how what a child says crosses the pipe to its parent.

A frame is a header (its kind, the length of its text, the child's clock) and a JSON text. The child writes frames with
`Frames`, from several threads if need be; the parent's `handle` cuts what it reads into frames again. `open_pipes` makes
what both need: the pipe for frames, and one for what native code complains of on stderr.

>>> frame = encode_frame(Kind.MESSAGE, [1, 2])
>>> HEADER.unpack_from(frame)[:2], frame[HEADER.size :]
((0, 6), b'[1, 2]')
"""

from __future__ import annotations

import json
import os
import struct
import time
from enum import IntEnum
from typing import Any

CHUNK = 1 << 16  # bytes of one read; what a pipe holds on Linux
HEADER = struct.Struct("!BQd")  # kind, length of the JSON text that follows, monotonic clock of the child

Pipe = tuple[int, int]  # read end, write end


class Kind(IntEnum):
    """What a frame carries."""

    MESSAGE = 0
    ANSWER = 1
    FAULT = 2  # the sentence about it
    SHORTAGE = 3  # nothing: the memory is used up


class Frames:
    """The child's end of the pipe."""

    def __init__(self, writer: int) -> None:
        from threading import Lock

        self._writer = writer
        self._lock = Lock()  # a task may send from several threads

    def send(self, payload: Any) -> None:
        """Stream a JSON value to the parent."""
        self.write(encode_frame(Kind.MESSAGE, payload))

    def write(self, frame: bytes) -> None:
        """Write a frame; wait where the parent is slower than the task."""
        with self._lock:
            rest = memoryview(frame)
            while rest:
                rest = rest[os.write(self._writer, rest) :]


def encode_frame(kind: Kind, payload: Any) -> bytes:
    text = json.dumps(payload).encode()
    return HEADER.pack(kind, len(text), time.monotonic()) + text


def open_pipes() -> tuple[Pipe, Pipe]:
    """Return the pipe for frames, on which only the child waits, and the one for stderr, on which nobody does."""
    frames = os.pipe()
    try:
        complaints = os.pipe()
    except OSError:
        close_all(*frames)
        raise
    for descriptor in (frames[0], *complaints):
        os.set_blocking(descriptor, False)
    return frames, complaints


def close_all(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
