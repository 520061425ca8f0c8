"""A blackboard: what a worker tells its parent without waking it, and what is still there when the worker is not.

It is memory that both share, made before the fork. The worker writes when its time began anew, and its last note; the
parent looks where a limit is reached or the worker has ended. There are two places for a note: the worker fills the one
that is not in force, and then puts it in force; killed in between, it leaves the note before.

>>> board = Blackboard()
>>> board.write(b"2.0"), board.write(b"1.0")
(True, True)
>>> board.note()
b'1.0'
"""

from __future__ import annotations

import mmap

_LONGEST = 2**16  # bytes of a note
_BEGAN, _SECONDS, _IN_FORCE, *_LENGTHS = range(5)  # places among the numbers; what is in force is 0 for none, or 1 or 2
_HEAD = 5 * 8  # bytes of the numbers


class Blackboard:
    """Memory for one worker; the system gives of it what is used."""

    def __init__(self) -> None:
        self._memory = memoryview(mmap.mmap(-1, _HEAD + 2 * _LONGEST))
        self._numbers = self._memory[:_HEAD].cast("d")

    def wipe(self) -> None:
        """Leave nothing of the work before."""
        self._numbers[_BEGAN] = self._numbers[_SECONDS] = self._numbers[_IN_FORCE] = 0.0

    def begin(self, now: float, seconds: float) -> None:
        """Let the time of the work begin anew, at this monotonic clock."""
        self._numbers[_BEGAN], self._numbers[_SECONDS] = now, seconds

    def begun(self) -> tuple[float, float] | None:
        """Return when the time of the work began anew, and how long it is; None where it has not."""
        began, seconds = self._numbers[_BEGAN], self._numbers[_SECONDS]
        return (began, seconds) if began and seconds else None

    def write(self, note: bytes) -> bool:
        """Put a note in force; return False where it is too long, and leave the one before."""
        if len(note) > _LONGEST:
            return False
        place = 2 if self._numbers[_IN_FORCE] == 1 else 1
        at = _place(place)
        self._memory[at : at + len(note)] = note
        self._numbers[_LENGTHS[place - 1]] = len(note)
        self._numbers[_IN_FORCE] = place
        return True

    def rub_out(self) -> None:
        """Leave no note in force."""
        self._numbers[_IN_FORCE] = 0.0

    def note(self) -> bytes | None:
        """Return the note in force, of a worker that does not write any more."""
        place = int(self._numbers[_IN_FORCE])
        if not place:
            return None
        at = _place(place)
        return bytes(self._memory[at : at + int(self._numbers[_LENGTHS[place - 1]])])


def _place(number: int) -> int:
    return _HEAD + (number - 1) * _LONGEST
