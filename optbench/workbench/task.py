"""A task of the supervisor: what may be asked, and what is reported of it.

A `Task` is a function that runs in a child within `Limits`. What it streams through `Send` arrives as `Message`, and the
last of its events is `Ended`, whose `Ending` the child's own words (`child`) and the parent's view (`handle`) decide;
both look for a shortage of memory with `tells_shortage` and cut what they quote with `shortened`.

>>> Ended("sum", Ending.FINISHED, Ending.FINISHED.value, 45, wall_seconds=0.1, cpu_seconds=0.1).reason
'finished'
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from optbench.errors import printable

_LONGEST_TEXT = 300  # characters of an exception's text
_SHORTAGE_TEXTS = ("bad_alloc", "allocate memory", "out of memory", "failed to map segment")  # of C++, GMP and libc, the loader

Send = Callable[[Any], None]
Task = Callable[[Send], Any]


class Limits(NamedTuple):
    """What a task may use."""

    wall_seconds: float  # from the start of the child; may be math.inf
    memory_bytes: int | None  # address space that the task may add; None for no limit


class Ending(Enum):
    """How a task ended; the value is the sentence that the user reads, to be completed by `Ended.reason`."""

    FINISHED = "finished"
    TIME = "ran past its wall limit of {seconds:g} s and was killed"
    MEMORY = "ran out of {memory}"
    CRASHED = "{fault}"
    CANCELLED = "was cancelled"


class Ended(NamedTuple):
    """The last event of a task."""

    key: str
    ending: Ending
    reason: str  # a sentence whose subject is the task
    payload: Any  # the JSON value that the task returned; None unless it finished
    wall_seconds: float
    cpu_seconds: float  # of the child and of those of its children for which it waited


class Message(NamedTuple):
    """What a task sent while it ran."""

    key: str
    payload: Any  # a JSON value


Event = Message | Ended


def tells_shortage(text: str) -> bool:
    """Return whether a lower-case text says that an allocation failed."""
    return any(words in text for words in _SHORTAGE_TEXTS)


def shortened(text: str) -> str:
    """Return at most 300 characters of a text, fit for a terminal."""
    shown = printable(text[: _LONGEST_TEXT + 1])
    return shown if len(shown) <= _LONGEST_TEXT else shown[: _LONGEST_TEXT - 3] + "..."
