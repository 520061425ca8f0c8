"""The ends of a range that is written as a text: "[0, 10)", "(0, inf)" or "0..10"; each may be any expression, also an array.

>>> ends_of(Text("(-pi, arange(3)]"))
(Text(value='-pi', place=None, column=None), Text(value='arange(3)', place=None, column=None), False, True)
"""

from __future__ import annotations

from optbench.errors import Mistake, ProblemError, printable
from optbench.problem.draft import Text


def ends_of(written: Text) -> tuple[Text, Text, bool, bool]:
    """Return both ends, and whether each belongs to the range; raise `ProblemError` for a text that is none."""
    whole, stripped = written.value, written.value.strip()
    offset = whole.index(stripped) if stripped else 0
    brackets = "[]"
    if (dots := _top_level(stripped, "..")) is not None:
        spans = ((offset, offset + dots), (offset + dots + 2, offset + len(stripped)))
    elif len(stripped) > 2 and stripped[0] in "[(" and stripped[-1] in "])" and (comma := _top_level(stripped[1:-1], ",")) is not None:
        brackets = stripped[0] + stripped[-1]
        spans = ((offset + 1, offset + 1 + comma), (offset + comma + 2, offset + len(stripped) - 1))
    else:
        raise _no_range(written, "is no range; write [0, 10], (0, inf) or 0..10")
    if not all(whole[start:end].strip() for start, end in spans):
        raise _no_range(written, "has only one end; write inf where there is no bound")
    low, high = (_part(written, *span) for span in spans)
    return low, high, brackets[0] == "[", brackets[1] == "]"


def _no_range(written: Text, reason: str) -> ProblemError:
    whole = written.value
    return ProblemError(Mistake(f"'{printable(whole[:60])}' {reason}.", written.at(0, len(whole))))


def _top_level(stripped: str, sign: str) -> int | None:
    """Where a sign stands outside of all brackets for the first time."""
    depth = 0
    for position, character in enumerate(stripped):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and stripped.startswith(sign, position):
            return position
    return None


def _part(written: Text, start: int, end: int) -> Text:
    """A piece of a text, without blanks around it, that still knows its place."""
    piece = written.value[start:end]
    start += len(piece) - len(piece.lstrip())
    return Text(piece.strip(), written.place, None if written.column is None else written.column + start)
