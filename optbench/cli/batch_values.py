"""The values of the options of `batch`.

>>> seeds(["0..2", "7"]), shard("2/3"), failing("crashed,killed")
((0, 1, 2, 7), (2, 3), ('crashed', 'killed'))
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from optbench.errors import UsageError, nearest, printable
from optbench.result import AttemptStatus
from optbench.workbench.batch.run import INVALID

_MOST_SEEDS = 100_000
_MOST_REPEATS = 10_000
_MOST_JOBS = 1_000


def seeds(texts: Sequence[str]) -> tuple[int, ...]:
    """Return the seeds of "7" and "0..9", each once."""
    found: dict[int, None] = {}
    for text in texts:
        match = re.fullmatch(r"\s*(\d{1,16})\s*(?:\.\.\s*(\d{1,16})\s*)?", text)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < 2**53:
            raise UsageError(f"--seed takes a whole number from 0 to {2**53 - 1}, or a range such as 0..9, not '{printable(text[:60])}'.")
        if last - first + len(found) >= _MOST_SEEDS:
            raise UsageError(f"--seed has more than {_MOST_SEEDS:,} seeds.")
        found.update(dict.fromkeys(range(first, last + 1)))
    return tuple(found)


def repeats(number: int) -> int:
    """Return how often each attempt is made."""
    return _between("--repeat", number, _MOST_REPEATS)


def jobs(number: int | None) -> int:
    """Return how many workers there are: as many as processors, where nothing is asked for."""
    if number is not None:
        return _between("--jobs", number, _MOST_JOBS)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cluster(address: str | None, jobs: int | None) -> str | None:
    """Return the address of a Dask cluster, which alone says how many workers there are."""
    if address is not None and jobs is not None:
        raise UsageError("--jobs is of this machine; a Dask cluster has as many workers as its workers have threads. Leave it out.")
    if address is not None and not address.strip():
        raise UsageError("--dask takes the address of a scheduler, as tcp://host:8786, the file that it wrote, or local.")
    return address


def _between(option: str, number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise UsageError(f"{option} takes a whole number from 1 to {most:,}, not {number}.")
    return number


def shard(text: str) -> tuple[int, int]:
    """Return the number of the part and how many there are."""
    match = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard takes a part and the number of parts, as 1/3, not '{printable(text[:60])}'.")
    return int(match[1]), int(match[2])


def failing(text: str) -> tuple[str, ...]:
    """Return the statuses that count as failed."""
    if text.strip() == "none":
        return ()
    known = [INVALID, *(status.value for status in AttemptStatus)]
    chosen = [word.strip() for word in text.split(",")]
    for word in chosen:
        if word not in known:
            hint = nearest(word[:60], known) or f" There are {', '.join(known)}, or none."
            raise UsageError(f"--fail-on knows no status '{printable(word[:60])}'.{hint}")
    return tuple(chosen)
