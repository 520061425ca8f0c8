"""What happens in a Dask worker: it is introduced to a batch, and passes each work to a host of its own.

A host (`host`) is a process with a pipe to here: when this process is killed, the pipe ends, and with it the host and what the
host has forked. The functions are called by `dask_cluster` over Dask, those but `perform` while works are being done.
"""

from __future__ import annotations

import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import Any, NamedTuple

from optbench import __version__
from optbench.workbench.batch.files import keep
from optbench.workbench.batch.packets import receive, send

# Whatever can make a difference to what an attempt comes to.
_LIBRARIES = ("numpy", "scipy", "sympy", "casadi", "python-flint", "nlopt", "cma", "highspy", "pyscipopt", "pounce-solver")
_ONE_THREAD_EACH = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}  # as at home
_LONGEST_ENDING = 5.0  # seconds for a host to end in order

UNKNOWN = "unknown"  # this worker has not been introduced to the batch
LOST = "lost"  # the host ended in the middle of the work, nobody knows why


class _Batch(NamedTuple):
    setup: bytes
    store: str  # a folder for copies of files


_batches: dict[str, _Batch] = {}
_hosts: dict[tuple[str, str], Host] = {}  # by the batch and the place that works are given to; those that have nothing to do
_busy: set[Host] = set()
_lock = threading.Lock()


def versions() -> dict[str, str]:
    """Return the versions of all that works with numbers here."""
    found = {"optbench": __version__, "Python": ".".join(map(str, sys.version_info[:2]))}
    for library in _LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            found[library] = "none"
    return found


def introduce(batch: str, setup: bytes, ignores_interrupts: bool, dask_worker: Any = None) -> dict[str, str]:
    """Get to know a batch, whose setup a host can read; return the versions.

    A worker of the same terminal leaves it to the batch what becomes of Ctrl-C.
    """
    if ignores_interrupts and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = getattr(dask_worker, "local_directory", None) or tempfile.gettempdir()
    with _lock:
        _batches[batch] = _Batch(setup, os.path.join(folder, f"optbench-{batch}"))
    return versions()


def take_file(batch: str, digest: str, content: bytes) -> None:
    """Keep the copy of a file."""
    if (known := _batches.get(batch)) is not None:
        keep(known.store, digest, content)


def perform(batch: str, place: str, work: bytes) -> tuple[str | None, Any]:
    """Do a work with its seconds, pickled; return what prevented that, and the pickled report of it."""
    known = _batches.get(batch)
    if known is None:
        return UNKNOWN, None
    host = _host_of(batch, place, known)
    report = host.ask(work)
    with _lock:
        _busy.discard(host)
        if report is not None and batch in _batches and (batch, place) not in _hosts:
            _hosts[batch, place] = host
            return None, report
    host.end()
    return (LOST if report is None else None), report


def leave(batch: str) -> None:
    """Forget a batch, and end its hosts and what they do."""
    with _lock:
        known = _batches.pop(batch, None)
        idle = [_hosts.pop(key) for key in list(_hosts) if key[0] == batch]
        hosts = idle + [host for host in _busy if host.batch == batch]
    for host in hosts:
        host.dismiss()
    if known is not None:
        with suppress(OSError):
            for entry in os.scandir(known.store):
                os.unlink(entry)
            os.rmdir(known.store)


async def leaving(batch: str) -> None:
    """Do the same, for those who don't wait: Dask lets them do that with coroutines alone."""
    leave(batch)


def _host_of(batch: str, place: str, known: _Batch) -> Host:
    with _lock:
        host = _hosts.pop((batch, place), None)
    if host is not None and not host.is_alive():
        host.end()
        host = None
    host = host or Host(batch, known)
    with _lock:
        _busy.add(host)
    return host


class Host:
    """The hold on a host's process."""

    def __init__(self, batch: str, known: _Batch) -> None:
        self.batch = batch
        self._socket, theirs = socket.socketpair()
        environment = {**_ONE_THREAD_EACH, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-P", "-m", "optbench.workbench.batch.host"]
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=environment, start_new_session=True
            )
        with suppress(OSError):  # it has ended, which shows when it is asked
            send(self._socket, known.store.encode())
            send(self._socket, known.setup)

    def is_alive(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    def ask(self, work: bytes) -> bytes | None:
        """Return the pickled report of a work; None where the host ended before, or was dismissed."""
        try:
            send(self._socket, work)
            return receive(self._socket)
        except OSError:
            return None

    def dismiss(self) -> None:
        """Let it end, with what it does, without waiting for that."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """End it."""
        self.dismiss()
        try:
            self._process.wait(_LONGEST_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.close()
