"""Packets: pieces of bytes that cross a socket whole, each after its length.

>>> here, there = socket.socketpair()
>>> send(here, b"work")
>>> receive(there)
b'work'
>>> here.close()
>>> receive(there) is None
True
"""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct("!Q")


def send(connection: socket.socket, content: bytes) -> None:
    """Send a packet; raise OSError where nobody is there."""
    connection.sendall(_LENGTH.pack(len(content)))
    connection.sendall(content)


def receive(connection: socket.socket) -> bytes | None:
    """Return the next packet, or None where the other end has gone."""
    length = _exactly(connection, _LENGTH.size)
    return None if length is None else _exactly(connection, _LENGTH.unpack(length)[0])


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    content = bytearray(count)
    rest = memoryview(content)
    while rest:
        try:
            received = connection.recv_into(rest)
        except ConnectionError:
            return None
        if not received:
            return None
        rest = rest[received:]
    return bytes(content)
