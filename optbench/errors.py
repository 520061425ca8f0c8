"""Mistakes of the user, each a sentence with its place, and the exit codes of the command line.

An error that the user can mend is an `OptbenchError`; it carries one or more `Mistake`s, and `str(error)` is what the
user reads. Everything else that is raised is a bug of ours and keeps its traceback.

>>> text = "x +* 2"
>>> print(ExpressionError(Mistake("'*' needs something on its left.", Place.in_text(text, 3, 4))))
'*' needs something on its left.
  x +* 2
     ^
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

_WINDOW = 60  # characters of a long line shown on each side of the caret


class ExitCode(IntEnum):
    """What the process returns; where several apply, the table in docs/architecture.md orders them."""

    ANSWERED = 0
    INTERNAL = 1
    USAGE = 2
    CONTENT = 3
    NO_METHOD_CONVERGED = 4
    BELOW_REQUIREMENT = 5
    INFEASIBLE = 6
    NO_MINIMUM = 7
    LIMIT = 8
    DISAGREEMENT = 9
    RUNS_FAILED = 10
    REGRESSION = 11
    INTERRUPTED = 130


class Place(NamedTuple):
    """Where a mistake stands: a line of text, the columns at fault, and the file if there is one.

    `line` and `column` count from 1 and are None where the text is not a file's; `line_text` is that one line;
    `start` and `end` are 0-based columns of `line_text`.
    """

    line_text: str
    start: int
    end: int
    file: str | None = None
    line: int | None = None

    @classmethod
    def in_text(cls, text: str, start: int, end: int, file: str | None = None, first_line: int | None = None) -> Place:
        """Return the place of `text[start:end]`, reduced to the line on which it begins."""
        begin = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        line = None if first_line is None else first_line + text.count("\n", 0, start)
        return cls(text[begin:stop], start - begin, max(min(end, stop) - begin, start - begin), file, line)

    @property
    def column(self) -> int:
        """The column of the mistake, counted from 1."""
        return self.start + 1

    def picture(self) -> str:
        """Return the line with a caret under the fault, cut to a window when it is long."""
        left = max(0, self.start - _WINDOW)
        right = min(len(self.line_text), max(self.end, self.start + 1) + _WINDOW)
        right = min(right, self.start + 2 * _WINDOW)
        before = ("..." if left else "") + printable(self.line_text[left : self.start])
        fault = printable(self.line_text[self.start : min(self.end, right)])
        after = printable(self.line_text[max(self.start, min(self.end, right)) : right]) + ("..." if right < len(self.line_text) else "")
        return f"  {before}{fault}{after}\n  {' ' * len(before)}{'^' * max(1, len(fault))}"

    def __str__(self) -> str:
        place = "" if self.file is None else printable(self.file) + ("" if self.line is None else f":{self.line}:{self.column}")
        return place


class Mistake(NamedTuple):
    """One thing to mend: a sentence, and its place and a suggestion where there are any."""

    sentence: str
    place: Place | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = str(self.place) if self.place is not None else ""
        lines = [f"{where}: {self.sentence}" if where else self.sentence]
        if self.place is not None:
            lines.append(self.place.picture())
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


class OptbenchError(Exception):
    """One or more mistakes of the user. `exit_code` is what the command returns."""

    exit_code = ExitCode.CONTENT

    def __init__(self, *mistakes: Mistake | str) -> None:
        self.mistakes = tuple(Mistake(m) if isinstance(m, str) else m for m in mistakes)
        super().__init__("\n".join(str(m) for m in self.mistakes))


class UsageError(OptbenchError):
    """The program was called in a way that it does not accept (exit code 2)."""

    exit_code = ExitCode.USAGE


class ProblemError(OptbenchError):
    """The problem's content can't be accepted (exit code 3)."""


class ExpressionError(ProblemError):
    """An expression can't be read; its mistakes have a place in the text."""


def printable(text: str) -> str:
    """Return `text` with control and invisible formatting characters shown as escapes, so that no terminal obeys them.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def nearest(name: str, known: list[str]) -> str:
    """Return " Did you mean NAME?" for the closest of `known`, or an empty text."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1, 0.6)
    return f" Did you mean {close[0]}?" if close else ""
