"""The executor of a Dask cluster: each work is a Dask task on a worker that is chosen here, under the same limits as at home.

Each thread of each Dask worker is one place for works. Before a worker is given anything, it is introduced to the batch and its
versions are compared with those of here. Its hosts (`dask_worker`, `host`) do the works. Where a worker goes, what was given to
it goes to another as soon as that has a place; where there is none, it waits for one. Results come back over Dask,
and only here are records made of them: what comes of a task that has been given up is not looked at.
"""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import queue
import re
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any

from optbench.errors import UsageError, printable
from optbench.workbench.batch import dask_worker
from optbench.workbench.batch.executor import Report, Work
from optbench.workbench.batch.files import LACKS, Catalogue, Content, Manifest
from optbench.workbench.batch.host import Setup
from optbench.workbench.batch.plan import Judge, Open, Source, Try
from optbench.workbench.task import Ended, Ending

LOCAL = "local"
LOCAL_WORKERS = 2
_CONNECTING = 15  # seconds
_LEAVING = 5  # seconds
_GATHERING = 10  # seconds for a small result; its worker may have gone
_LOOKING = 1.0  # seconds between two looks at which workers there are
_MOST_FETCHES = 100  # of files, for one work
_NOTHING = object()
_RAISED = "raised"
# They speak of each worker that goes, and print a traceback where a scheduler goes; each has a level and a handler of its own.
_TALKATIVE = ("distributed", "distributed.client", "distributed.gc", "tornado.application", "asyncio")

Tell = Callable[[str], None]


# ---- the connection -------------------------------------------------------------------------------------------------------


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield the client of a cluster: of `local`, of an address, or of a scheduler's file; raise `UsageError` where there is none."""
    distributed = _library()
    with warnings.catch_warnings(action="ignore"):
        if address == LOCAL:
            cluster = _local(distributed)
            try:
                with _client(distributed, address=cluster) as client:
                    yield client
            finally:
                cluster.close(timeout=_LEAVING)
        else:
            with _client(distributed, **_scheduler(address)) as client:
                yield client


def _library() -> Any:
    try:
        import distributed
    except ImportError:
        raise UsageError("--dask needs the library distributed: `pip install 'optbench[dask]'`, here and on the workers.") from None
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed


def _local(distributed: Any) -> Any:
    """Two processes of this machine, for trying it out; nothing can be reached from outside."""
    try:
        return distributed.LocalCluster(
            n_workers=LOCAL_WORKERS,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            memory_limit=None,
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise UsageError(f"No local Dask cluster can be started: {printable(str(error))}.") from None


def _scheduler(address: str) -> dict[str, str]:
    """How a client is told of an address, or of the file that a scheduler wrote."""
    if address.lower().endswith(".json"):
        if not os.path.isfile(address):
            raise UsageError(f"There is no file '{printable(address[:200])}'; a Dask scheduler writes it with --scheduler-file.")
        return {"scheduler_file": address}
    from distributed.comm.addressing import get_address_host_port

    try:
        get_address_host_port(address)
    except (ValueError, TypeError, NotImplementedError) as error:
        shown = printable(address[:200])
        raise UsageError(f"'{shown}' is no address of a Dask scheduler ({_reason(error)}); tcp://host:8786 would be one.") from None
    return {"address": address}


@contextmanager
def _client(distributed: Any, **given: Any) -> Iterator[Any]:
    shown = printable(str(given.get("scheduler_file") or given["address"])[:200])
    try:
        client = _within(2 * _CONNECTING, partial(_patient(distributed), **given, timeout=_CONNECTING, set_as_default=False))
    except (OSError, TimeoutError) as error:
        raise UsageError(f"The Dask scheduler at '{shown}' can't be reached: {_reason(error)}.") from None
    except Exception as error:  # of the handshake
        raise UsageError(
            f"The Dask scheduler at '{shown}' does not understand what it is asked ({_reason(error)}): it is of another version "
            f"than distributed {distributed.__version__}, which is here; install the same there as here."
        ) from None
    try:
        _check_scheduler(client, shown)
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_LEAVING)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """Return what a call returns; raise TimeoutError where that takes too long, as with a server that is no scheduler."""
    answers: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def put() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:
            answers.put((None, error))

    threading.Thread(target=put, daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"nothing that is a Dask scheduler answers within {seconds} s") from None
    if error is not None:
        raise error
    return answer


def _patient(distributed: Any) -> Any:
    """A client that, where it could not be made, does not wait half a minute for being closed."""

    class Client(distributed.Client):  # type: ignore[misc]
        def __del__(self) -> None:
            pass

    return Client


def _check_scheduler(client: Any, shown: str) -> None:
    """Raise where the scheduler could not read what we send: it, too, must have what is here."""
    try:
        found = client.get_versions(check=False)
    except Exception as error:
        raise UsageError(f"The Dask scheduler at '{shown}' can't be talked to: {_reason(error)}.") from None
    for name in ("dask", "distributed"):
        ours, theirs = (found[side]["packages"].get(name) for side in ("client", "scheduler"))
        if ours != theirs:
            raise UsageError(f"The Dask scheduler at '{shown}' has {name} {theirs}, and here is {ours}; install the same there as here.")
    try:
        answer = client.run_on_scheduler(dask_worker.versions)
    except Exception as error:
        answer = error
    ours = dask_worker.versions()
    if (why := _unfit(answer, {name: ours[name] for name in ("optbench", "Python")})) is not None:
        raise UsageError(f"The Dask scheduler at '{shown}' {why}; install the same there as here.")


def _reason(error: BaseException) -> str:
    text = printable(str(error).strip().partition("\n")[0][:200]).rstrip(".")
    return text or type(error).__name__


# ---- the executor ---------------------------------------------------------------------------------------------------------


@dataclass
class _Place:
    """Where a work is done: a thread of a Dask worker, or none for the time being."""

    name: str
    address: str | None
    work: Work = _NOTHING
    seconds: float = 0.0
    task: str = ""  # the key of the Dask task; what comes of others is not looked at
    future: Any = None
    manifest: Manifest | None = None
    losses: int = 0
    fetches: int = 0


class Cluster:
    """A context manager that leaves nothing running; `tell` gets sentences on workers that come and go."""

    def __init__(self, client: Any, setup: Setup, tell: Tell, ignores_interrupts: bool = False) -> None:
        import dask

        self._client, self._tell, self._ignores_interrupts = client, tell, ignores_interrupts
        self._batch = uuid.uuid4().hex[:12]
        self._setup = pickle.dumps(setup, pickle.HIGHEST_PROTOCOL)
        self._most_losses = int(dask.config.get("distributed.scheduler.allowed-failures", 3))
        self._catalogue = Catalogue()
        self._places: dict[str, _Place] = {}
        self._refused: set[str] = set()
        self._outcomes: queue.SimpleQueue[tuple[str, str, str | None, Any]] = queue.SimpleQueue()
        self._reports: deque[Report] = deque()
        self._numbers, self._tasks = itertools.count(1), itertools.count(1)
        self._looked = -_LOOKING
        self._is_waiting = False
        self._look(is_first=True)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._places.clear()
        self._end_all()

    def idle(self) -> list[str]:
        """Return the names of the places that have nothing to do; one that waits for a worker, where there is none."""
        if not self._places:
            self._add(None)
        return [place.name for place in self._places.values() if place.work is _NOTHING]

    def give(self, worker: str, work: Work, seconds: float) -> None:
        """Let a worker do a work within so many seconds."""
        place = self._places[worker]
        place.work, place.seconds, place.losses, place.fetches = work, seconds, 0, 0
        self._submit(place)

    def next_report(self, patience: float) -> Report | None:
        """Return the next report, or None if none has come in so many seconds.

        Raise `UsageError` where the scheduler is not to be had any more.
        """
        until = time.monotonic() + patience
        while not self._reports:
            self._look()
            try:
                outcome = self._outcomes.get(timeout=max(0.0, min(until - time.monotonic(), _LOOKING)))
            except queue.Empty:
                if time.monotonic() >= until:
                    return None
            else:
                self._hear(*outcome)
        return self._reports.popleft()

    def cancel(self) -> None:
        """End all that is being done; each work is reported as cancelled."""
        if any(place.work is not _NOTHING for place in self._places.values()):
            self._end_all()
        for place in self._places.values():
            if place.work is not _NOTHING:
                self._report(place, Ended(place.name, Ending.CANCELLED, Ending.CANCELLED.value, None, 0.0, 0.0))

    def _end_all(self) -> None:
        with suppress(Exception):  # where there is no connection any more, the hosts end by themselves
            self._client.run(dask_worker.leaving, self._batch, on_error="ignore", wait=False)
        for place in self._places.values():
            place.future = None

    # ---- tasks ---------------------------------------------------------------------------------------------------------------

    def _submit(self, place: _Place) -> None:
        """Send the work of a place to its worker, if it has one."""
        place.task = f"optbench-{self._batch}-{next(self._tasks)}"
        place.future = None
        if place.address is None:
            return
        source = _source(place.work)
        place.manifest = self._catalogue.manifest(source.file) if _has_files(source) else None
        content = pickle.dumps(((place.work, place.manifest), place.seconds), pickle.HIGHEST_PROTOCOL)
        try:
            place.future = self._client.submit(
                dask_worker.perform,
                self._batch,
                place.name,
                content,
                key=place.task,
                workers=[place.address],
                allow_other_workers=False,
                pure=False,
            )
            place.future.add_done_callback(partial(self._came, place.name, place.task))
        except Exception as error:  # the connection is lost
            raise self._no_scheduler(error) from None

    def _came(self, name: str, task: str, future: Any) -> None:
        """Fetch what a task came to; called in another thread."""
        try:
            prevented, report = future.result(timeout=_GATHERING)
        except BaseException as error:
            prevented, report = _RAISED, error
        self._outcomes.put((name, task, prevented, report))

    def _hear(self, name: str, task: str, prevented: str | None, content: Any) -> None:
        place = self._places.get(name)
        if place is None or place.task != task or place.work is _NOTHING:
            return
        if prevented == dask_worker.UNKNOWN:
            if self._introduce([place.address or ""]):
                self._submit(place)
            else:
                self._lose(place, "it knows nothing of the batch")
        elif prevented is not None:
            self._lose(place, f"raised {_reason(content)}" if prevented == _RAISED else "its process ended")
        else:
            self._take(place, pickle.loads(content))

    def _take(self, place: _Place, report: Report) -> None:
        ended = report.ended
        lacking = ended.payload.get(LACKS) if ended.ending is Ending.FINISHED and isinstance(ended.payload, dict) else None
        if lacking is None:
            self._report(place, ended, report)
        elif place.fetches == _MOST_FETCHES:
            self._report(place, Ended(place.name, Ending.CRASHED, f"could not get the file '{printable(lacking)}'", None, 0.0, 0.0))
        else:
            place.fetches += 1
            self._supply(place, lacking)
            self._submit(place)

    def _supply(self, place: _Place, path: str) -> None:
        """See to it that a file that a work has asked for is known, or is there."""
        content = (place.manifest or {}).get(path)
        if not isinstance(content, Content):
            self._catalogue.add(_source(place.work).file, path)
            return
        with suppress(Exception), open(path, "rb") as file:  # if that fails, the next attempt tells
            self._client.run(dask_worker.take_file, self._batch, content.digest, file.read(), workers=[place.address])

    def _lose(self, place: _Place, what: str) -> None:
        """A work has been lost: it is given to the same worker again, if that is there, or to another."""
        place.losses += 1
        place.future = None
        if place.losses > self._most_losses:
            reason = f"was given up after {place.losses} Dask workers were lost while they did it (the last one: {what})"
            self._report(place, Ended(place.name, Ending.CRASHED, reason, None, 0.0, 0.0))
        elif place.address is not None:
            address = place.address
            self._look(at_once=True)
            if place.address == address and place.future is None:
                self._submit(place)

    def _report(self, place: _Place, ended: Ended, report: Report | None = None) -> None:
        latest, has_begun = (None, True) if report is None else (report.latest, report.has_begun)
        self._reports.append(Report(place.name, place.work, ended, latest, has_begun))
        place.work, place.future, place.manifest = _NOTHING, None, None
        if place.address is None:
            del self._places[place.name]

    # ---- workers -------------------------------------------------------------------------------------------------------------

    def _look(self, at_once: bool = False, is_first: bool = False) -> None:
        """See which workers there are, and what becomes of the works of those that have gone."""
        if not at_once and time.monotonic() - self._looked < _LOOKING:
            return
        try:
            threads: dict[str, int] = dict(self._client.nthreads())
        except Exception as error:
            raise self._no_scheduler(error) from None
        self._looked = time.monotonic()
        self._part_with(set(threads))
        known = {place.address for place in self._places.values()}
        new = [address for address in threads if address not in known and address not in self._refused]
        for address in self._introduce(new, is_first):
            for _ in range(threads[address]):
                self._add(address)
        self._settle()
        is_waiting = all(place.address is None for place in self._places.values())
        if is_waiting and not self._is_waiting:
            self._tell("there is no Dask worker; waiting for one.")
        self._is_waiting = is_waiting

    def _part_with(self, there: set[str]) -> None:
        gone = {place.address for place in self._places.values() if place.address is not None} - there
        for place in [place for place in self._places.values() if place.address in gone]:
            place.address = None
            if place.work is _NOTHING:
                del self._places[place.name]
        lost = [place for place in self._places.values() if place.address is None and place.future is not None]
        for address in gone:
            self._tell(f"the Dask worker {address} has gone; what it did is done again.")
        self._refused &= there
        for place in lost:
            self._lose(place, "it has gone")

    def _settle(self) -> None:
        """Give what has no worker to those that have nothing to do."""
        homeless = deque(place for place in self._places.values() if place.address is None and place.work is not _NOTHING)
        for free in [place for place in self._places.values() if place.address is not None and place.work is _NOTHING]:
            if not homeless:
                return
            place = homeless.popleft()
            place.address = free.address
            del self._places[free.name]
            self._submit(place)

    def _add(self, address: str | None) -> None:
        place = _Place(f"worker {next(self._numbers)}", address)
        self._places[place.name] = place

    def _introduce(self, addresses: Sequence[str], is_first: bool = False) -> list[str]:
        """Tell workers of the batch; return those that are fit for it. Where they are the first ones, all must be."""
        if not addresses:
            return []
        arguments = self._batch, self._setup, self._ignores_interrupts
        try:
            found = self._client.run(dask_worker.introduce, *arguments, workers=list(addresses), on_error="return")
        except Exception as error:
            found = dict.fromkeys(addresses, error)
        fit, ours = [], dask_worker.versions()
        for address in addresses:
            if (why := _unfit(found.get(address), ours)) is None:
                fit.append(address)
                continue
            sentence = f"The Dask worker {address} {why}"
            if is_first:
                raise UsageError(f"{sentence}; install the same there as here.")
            self._tell(f"{sentence}; it is given nothing.")
            self._refused.add(address)
        return fit

    def _no_scheduler(self, error: BaseException) -> UsageError:
        return UsageError(
            f"The Dask scheduler can't be reached any more ({_reason(error)}). What the journal has is kept; "
            "when there is a scheduler again, the same command with --resume runs what is missing."
        )


def _unfit(answer: Any, ours: dict[str, str]) -> str | None:
    """Why who answers so when it is asked for its versions can't do what is done here."""
    if not isinstance(answer, dict):
        if (module := re.search(r"No module named '([\w.]+)'", str(answer))) is None:
            return f"can't be talked to ({_reason(answer) if isinstance(answer, BaseException) else 'it does not answer'})"
        return "has no optbench" if module[1] == "optbench" else f"has another version of optbench, without {module[1]}"
    different = [f"{name} {answer.get(name)} instead of {version}" for name, version in ours.items() if answer.get(name) != version]
    return f"has {', '.join(different)}" if different else None


def _source(work: Work) -> Source:
    match work:
        case Open(source):
            return source
        case Try(unit) | Judge(unit):
            return unit.source
    raise TypeError(f"{work!r} is no work of a batch")


def _has_files(source: Source) -> bool:
    """Whether reading a problem may open a file that is not optbench's own."""
    return source.is_document if source.file is None else not source.file.startswith("@")
