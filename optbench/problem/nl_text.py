"""An `.nl` file as lines: its header, the segments below it, and the place of each line for a mistake.

A file that begins with `g` is text. One that begins with `b` has the same header, and below it the same in binary; that is
written out as the lines that the text form would have, so that there is one reader for both. Numbers of a binary file are
the shortest decimals that are these doubles, as AMPL writes them in text.

Source: D. M. Gay, "Writing .nl Files" (2005), and "Hooking Your Solver to AMPL" (1997), section 2.

>>> text = "g3 1 1 0\\n 1 0 1 0 0\\n 0 0\\n 0 0\\n 0 0 0\\n 0 0 0 1\\n 0 0 0 0 0\\n 0 1\\n 0 0\\n 0 0 0 0 0\\nb\\n3\\n"
>>> source = source_of(text.encode(), "a.nl")
>>> source.header.variables, source.segments
(1, [(10, 12)])
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, NoReturn

from optbench.errors import Mistake, Place, ProblemError, printable
from optbench.problem.nl_binary import CutOff, lines_of
from optbench.problem.regular_file import shown

MAX_BYTES = 64 * 2**20
HEADER_LINES = 10
_SEGMENTS = frozenset("FSVCLOdxrbkKJG")  # the letters that begin one; expressions begin with others, data with a digit
_LONG = 400  # characters of a line that a message repeats


class Header(NamedTuple):
    """What the first ten lines say; counts that the reader does not need are left out."""

    options: tuple[int, ...]  # AMPL's own, which a solution file repeats
    tolerance: str | None  # AMPL's vbtol, likewise
    variables: int
    constraints: int
    objectives: int
    logical_constraints: int
    nonlinear: tuple[int, int, int]  # variables nonlinear in constraints, in objectives, in both
    binary: int
    integer: int
    nonlinear_integer: tuple[int, int, int]  # in both, in constraints only, in objectives only
    jacobian_entries: int
    gradient_entries: int


@dataclass
class Source:
    """The lines of a file without comments, and where its segments are: from their first line to that after their last."""

    file: str
    lines: list[str]
    header: Header
    segments: list[tuple[int, int]]
    text: str | None  # the text as it is in the file; None: it is binary
    offsets: list[int] | None = None  # of a binary file, the byte at which each line stands

    def stop(self, line: int, sentence: str, hint: str | None = None) -> NoReturn:
        """Raise the mistake in a line, counted from 0."""
        raise ProblemError(self.mistake(line, sentence, hint))

    def mistake(self, line: int, sentence: str, hint: str | None = None) -> Mistake:
        """Return the mistake in a line, counted from 0."""
        if self.text is not None:
            return Mistake(sentence, _place(self.text, line, self.file), hint)
        at = self.offsets[min(line, len(self.offsets) - 1)] if self.offsets else 0
        return Mistake(f"{shown(self.file)}: {sentence} (Byte {at:,} of the file.)", None, hint)


def source_of(content: bytes, file: str) -> Source:
    """Return the lines of a file's content; raise `ProblemError` where it is no `.nl` file, or cut off."""
    if content[:1] not in (b"g", b"b"):
        begins = f"begins with {printable(content[:8].decode('latin-1'))!r}" if content else "is empty"
        raise ProblemError(f"{shown(file)} is no .nl file: it {begins}, and these begin with g or b, for example 'g3 1 1 0'.")
    return _text_source(content, file) if content[:1] == b"g" else _binary_source(content, file)


def _text_source(content: bytes, file: str) -> Source:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProblemError(f"{shown(file)}: line {line:,} is not UTF-8 (byte {content[error.start]:#04x}); is it a text file?") from None
    lines = _without_comments(text).split("\n")
    if lines.pop():
        where = _place(text, len(lines), file)
        raise ProblemError(Mistake("The file ends in the middle of a line; it was cut off.", where))
    header = _header(lines[:HEADER_LINES], lambda line: _place(text, line, file), file)
    starts = [number for number, line in enumerate(lines) if line[:1] in _SEGMENTS and number >= HEADER_LINES]
    source = Source(file, lines, header, _spans(starts, len(lines)), text)
    if lines[HEADER_LINES:] and (not starts or starts[0] != HEADER_LINES):
        source.stop(HEADER_LINES, "A segment is expected here: one of the letters F S V C L O d x r b k J G.")
    return source


def _without_comments(text: str) -> str:
    """The text without comments, and without blanks at the ends of its lines."""
    if "#" in text:
        *before, last = _COMMENT.split(text)
        text = "".join([*(part.rstrip(_BLANKS) for part in before), last])
    return _END.sub("", text) if any(f"{blank}\n" in text for blank in _BLANKS) else text


_COMMENT, _END, _BLANKS = re.compile(r"#[^\n]*"), re.compile(r"[ \t\r]+(?=\n)"), " \t\r"


def _binary_source(content: bytes, file: str) -> Source:
    end = -1
    for _ in range(HEADER_LINES):
        end = content.find(b"\n", end + 1)
        if end < 0 or end > HEADER_LINES * _LONG:
            raise ProblemError(f"{shown(file)} is no .nl file: it does not have the ten lines that these begin with.")
    text = content[:end].decode("latin-1")
    lines = _without_comments(text + "\n").split("\n")[:HEADER_LINES]
    header = _header(lines, lambda line: _place(text, line, file), file)
    arithmetic = _counts(lines[5])[2:3]
    try:
        written, offsets = lines_of(content, end + 1, big_endian=arithmetic == [2])
    except CutOff as error:
        raise ProblemError(f"{shown(file)}: {error}") from None
    starts = [number for number, line in enumerate(written, HEADER_LINES) if line[:1] in _SEGMENTS]
    whole = [*lines, *written]
    return Source(file, whole, header, _spans(starts, len(whole)), None, [0] * HEADER_LINES + offsets)


def _spans(starts: list[int], end: int) -> list[tuple[int, int]]:
    return list(pairwise([*starts, end]))


def _place(text: str, line: int, file: str) -> Place:
    """The place of a whole line, counted from 0."""
    start = 0
    for _ in range(line):
        start = text.find("\n", start) + 1
    stop = text.find("\n", start)
    content = text[start : len(text) if stop < 0 else stop][:_LONG].rstrip()
    return Place(content, 0, len(content), file, line + 1)


# ---- the header --------------------------------------------------------------------------------------------------------


def _header(lines: list[str], place: object, file: str) -> Header:
    def stop(line: int, sentence: str) -> NoReturn:
        raise ProblemError(Mistake(sentence, place(line)))  # type: ignore[operator]

    if len(lines) < HEADER_LINES:
        raise ProblemError(f"{shown(file)} is no .nl file, or was cut off: it has {len(lines)} lines, and its header alone has ten.")
    options, tolerance = _options(lines[0])
    if options is None:
        stop(0, "The first line must say how many options follow, and these: for example g3 1 1 0.")
    found: list[list[int]] = [[]]
    for number, line in enumerate(lines[1:], 1):
        if not re.fullmatch(r"\s*\d{1,18}(\s+\d{1,18})*\s*", line):
            stop(number, "A line of the header has whole numbers and nothing else.")
        found.append(_counts(line))
    if len(found[1]) < 3:
        stop(1, "The second line has at least three numbers: those of variables, constraints and objectives.")
    sizes, nonlinear, discrete, entries = found[1], _padded(found[4], 3), _padded(found[6], 5), _padded(found[7], 2)
    header = Header(
        options,
        tolerance,
        sizes[0],
        sizes[1],
        sizes[2],
        _padded(sizes, 6)[5],
        (nonlinear[0], nonlinear[1], nonlinear[2]),
        discrete[0],
        discrete[1],
        (discrete[2], discrete[3], discrete[4]),
        entries[0],
        entries[1],
    )
    if max(*nonlinear, *discrete, discrete[0] + discrete[1]) > header.variables:
        stop(4 if max(nonlinear) > header.variables else 6, f"These are more than the {header.variables:,} variables of the second line.")
    return header


def _options(line: str) -> tuple[tuple[int, ...] | None, str | None]:
    """The options after g or b: their number, as many whole numbers, and a tolerance if the second of them is 3."""
    count, *words = line[1:].split() or [""]
    given = words[: int(count)] if re.fullmatch(r"\d", count) else []
    if not re.fullmatch(r"\d", count) or len(given) < int(count) or not all(re.fullmatch(r"-?\d{1,9}", word) for word in given):
        return None, None
    tolerance = words[len(given)] if len(words) > len(given) > 1 and given[1] == "3" else None
    return tuple(map(int, given)), tolerance


def _counts(line: str) -> list[int]:
    return list(map(int, line.split()))


def _padded(numbers: list[int], length: int) -> list[int]:
    """Numbers that older files leave out are 0."""
    return [*numbers[:length], *[0] * (length - len(numbers))]
