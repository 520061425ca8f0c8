"""What runs the works of a batch: workers that take one work after another, each within a limit of time, and report.

A `Work` is any value that can be pickled. `Perform` does it, in the worker: it gets a `Channel`, over which it tells how far
it has come, and returns a JSON value. `pool` has the executor of this machine; another may stand in for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from optbench.workbench.task import Ended

Work = Any


class Channel(Protocol):
    """A worker's way to its executor while it does a work."""

    def note(self, payload: Any) -> None:
        """Tell the best that is known, as a JSON value: it outlives the worker."""

    def begin(self, seconds: float) -> None:
        """Let the time of the work begin anew, when what prepares it is done."""


Perform = Callable[[Work, Channel], Any]


class Report(NamedTuple):
    """What became of a work."""

    worker: str
    work: Work
    ended: Ended  # finished, with what `Perform` returned, or how it came to its end; with the seconds since its time began
    latest: Any  # the last note of a work that did not finish
    has_begun: bool  # whether its time had begun anew, see `Channel.begin`


class Executor(Protocol):
    """Workers."""

    def idle(self) -> list[str]:
        """Return the names of the workers that have nothing to do."""

    def give(self, worker: str, work: Work, seconds: float) -> None:
        """Let an idle worker do a work within so many seconds."""

    def next_report(self, patience: float) -> Report | None:
        """Return the next report, or None if none has come in so many seconds."""

    def cancel(self) -> None:
        """End all that is being done; each work is reported as cancelled."""
