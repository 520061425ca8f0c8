"""A host: a process beside a Dask worker that has one worker of a batch, a fork of it with limits that kill.

A Dask worker has threads, and may itself be killed; a host has neither threads nor anything to lose. Its standard input and
output are a socket, over which works come, and what becomes of them goes, pickled. It ends when the other end of that does, or
when nothing has come for a while. What it forks ends with it.

    python -m optbench.workbench.batch.host
"""

from __future__ import annotations

import os
import pickle
import select
import socket
from contextlib import suppress
from typing import NamedTuple

from optbench.workbench.batch.files import Visiting
from optbench.workbench.batch.packets import receive, send
from optbench.workbench.batch.performer import Performer, warm
from optbench.workbench.batch.pool import Pool

_IDLE = 300.0  # seconds after which a host that is asked for nothing ends
_PATIENCE = 0.1  # seconds between two looks at whether anybody still waits
_WORKER = "worker 1"


class Setup(NamedTuple):
    """What a host needs to know of a batch."""

    perform: Performer
    folder: str  # where the batch was called
    memory_limit: int | None
    debug: bool


def main() -> None:
    """Serve until nobody asks any more."""
    with socket.socket(fileno=os.dup(0)) as asker:
        os.dup2(2, 1)  # whoever prints must not be taken for an answer
        store, setup = receive(asker), receive(asker)
        if store is not None and setup is not None:
            _serve(pickle.loads(setup), store.decode(), asker)


def _serve(setup: Setup, store: str, asker: socket.socket) -> None:
    warm(setup.perform.plan)
    perform = Visiting(setup.perform, setup.folder, store)
    with Pool(perform, 1, setup.memory_limit, [asker.fileno()], setup.debug) as pool, suppress(ConnectionError):
        while _has_come(asker, _IDLE) and (message := receive(asker)) is not None:
            work, seconds = pickle.loads(message)
            pool.give(_WORKER, work, seconds)
            while (report := pool.next_report(_PATIENCE)) is None:
                if _has_come(asker, 0.0):  # the end: nobody sends a work before the last one is answered
                    return
            send(asker, pickle.dumps(report._replace(work=None)))  # who asks knows the work


def _has_come(asker: socket.socket, patience: float) -> bool:
    return bool(select.select([asker], [], [], patience)[0])


if __name__ == "__main__":
    main()
