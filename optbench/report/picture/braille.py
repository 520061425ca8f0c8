"""A picture in characters, for a terminal: lines are dots of braille (two by four a character), marks are signs.

>>> from optbench.report.picture.model import Axis, Picture
>>> for line in render(Picture("x", Axis("x", 0.0, 1.0), Axis("f", 0.0, 1.0), curves=(((0.0, 0.0), (1.0, 1.0)),)), 20, 7):
...     print(line)
x
1 ┤           ⢀⣀⠤⠔⠒⠉
  │     ⢀⣀⠤⠔⠒⠉⠁
0 ┤⣀⠤⠔⠒⠉⠁
  └┬───────┬───────┬
   0      0.5    1.0
  x
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil
from typing import NamedTuple

from optbench.errors import printable
from optbench.report.picture.model import Axis, Box, Line, MarkKind, Picture, Point
from optbench.report.picture.sampling import thinned
from optbench.report.picture.ticks import ticks

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of the left and the right column of a character, downwards
_AROUND = 4  # lines of the title and below the picture: axis, numbers, name
_MOST_LINES = 12  # of one entry of the legend
_FAR = 1e6  # pictures' widths beyond which a line is not followed
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MOST_LETTERS, _MOST_ON_A_GRAPH = 12, 60  # of one path: on a map a line joins them
_PATH_COLOURS = ("33", "35", "32", "36", "31", "34")
_CURVE, _CONTOUR, _DIM, _OPTIMUM, _OTHER = "36", "34", "2", "1;31", "1"


class Signs(NamedTuple):
    """The characters of a picture."""

    marks: dict[MarkKind, str]
    dot: str
    shade: str
    side: str
    tick: str
    corner: str
    floor: str
    floor_tick: str
    is_braille: bool = True

    def all(self) -> str:
        """Every character that a picture may have, beside its texts."""
        lines = self.dot + self.shade + self.side + self.tick + self.corner + self.floor + self.floor_tick
        return "".join(self.marks.values()) + lines + (chr(0x28FF) if self.is_braille else "")


BRAILLE = Signs(
    {MarkKind.PROVED: "★", MarkKind.BEST: "●", MarkKind.MINIMUM: "▽", MarkKind.MAXIMUM: "△", MarkKind.STATIONARY: "○"},
    dot="•",
    shade="░",
    side="│",
    tick="┤",
    corner="└",
    floor="─",
    floor_tick="┬",
)
ASCII = Signs(
    {MarkKind.PROVED: "*", MarkKind.BEST: "@", MarkKind.MINIMUM: "V", MarkKind.MAXIMUM: "A", MarkKind.STATIONARY: "O"},
    dot="o",
    shade=":",
    side="|",
    tick="|",
    corner="+",
    floor="-",
    floor_tick="+",
    is_braille=False,
)


def render(picture: Picture, width: int, height: int, color: bool = False, signs: Signs = BRAILLE) -> list[str]:
    """Return the lines of a picture that is so many characters wide and high, title and axes included; below it the legend.

    No line is longer than the width; the legend is wrapped. Colours are those of the terminal.
    """
    rows = max(height - _AROUND, 1)
    upwards = ticks(picture.y.low, picture.y.high, max((rows + 3) // 4, 2))
    margin = min(max((len(text) for _, text in upwards), default=0), width // 3)
    columns = max(width - margin - 2, 1)
    canvas = _Canvas(picture, columns, rows, signs, color)
    canvas.draw()
    return [_cut(printable(picture.title), width), *_framed(canvas, upwards, margin), *_legend(picture, width, signs, color)]


# ---- the canvas ----------------------------------------------------------------------------------------------------------------


@dataclass
class _Cell:
    dots: int = 0
    sign: str = ""
    color: str = ""


class _Canvas:
    """The characters within the axes."""

    def __init__(self, picture: Picture, columns: int, rows: int, signs: Signs, color: bool) -> None:
        self.picture, self.columns, self.rows = picture, columns, rows
        self.signs, self.color = signs, color
        self.cells = [[_Cell() for _ in range(columns)] for _ in range(rows)]

    def draw(self) -> None:
        picture = self.picture
        for box in picture.infeasible:
            self.shade(box)
        for contour in picture.contours:
            self.lines(contour.lines, _CONTOUR)
        self.lines(picture.limits, _DIM)
        self.lines((curve for curve in picture.curves if len(curve) > 1), _CURVE)
        for curve in picture.curves:
            if len(curve) == 1:
                self.sign(curve[0], self.signs.dot, _CURVE)
        for box in picture.enclosures:
            self.lines(_outline(box), _OTHER)
        for k, path in enumerate(picture.paths):
            color, letter = _PATH_COLOURS[k % len(_PATH_COLOURS)], _LETTERS[k % len(_LETTERS)]
            if picture.contours:
                self.lines([path.points], color)
            for point in thinned(path.points, _MOST_LETTERS if picture.contours else _MOST_ON_A_GRAPH):
                self.sign(point, letter, color)
        for mark in sorted(picture.marks, key=lambda mark: -list(MarkKind).index(mark.kind)):
            self.sign(mark.at, self.signs.marks[mark.kind], _color(mark.kind))

    # ---- dots ------------------------------------------------------------------------------------------------------------------

    def place(self, point: Point) -> Point:
        """A point in dots, from the upper left corner on."""
        x = min(max(self.picture.x.fraction(point[0]), -_FAR), _FAR)
        y = min(max(self.picture.y.fraction(point[1]), -_FAR), _FAR)
        return x * (2 * self.columns - 1), (1 - y) * (4 * self.rows - 1)

    def lines(self, lines: Iterable[Line], color: str) -> None:
        for line in lines:
            places = [self.place(point) for point in line]
            if len(places) == 1:
                self.segment(places[0], places[0], color)
            for start, end in pairwise(places):
                self.segment(start, end, color)

    def segment(self, start: Point, end: Point, color: str) -> None:
        inside = _clipped(start, end, 2 * self.columns - 1, 4 * self.rows - 1)
        if inside is None:
            return
        (x, y), (right, down) = inside
        steps = max(1, ceil(max(abs(right - x), abs(down - y))))
        for k in range(steps + 1):
            self.dot(round(x + (right - x) * k / steps), round(y + (down - y) * k / steps), color)

    def dot(self, x: int, y: int, color: str) -> None:
        cell = self.cells[y // 4][x // 2]
        cell.dots |= _DOTS[x % 2][y % 4]
        cell.color = color

    # ---- signs -----------------------------------------------------------------------------------------------------------------

    def sign(self, point: Point, sign: str, color: str) -> None:
        if self.picture.holds(point):
            x, y = self.place(point)
            cell = self.cells[round(y) // 4][round(x) // 2]
            cell.sign, cell.color = sign, color

    def shade(self, box: Box) -> None:
        """Shade the characters whose middle lies in the box."""
        left, down = self.place(box.low)
        right, top = self.place(box.high)
        for j in range(max(0, _first(top, 4)), min(self.rows, _first(down, 4))):
            for i in range(max(0, _first(left, 2)), min(self.columns, _first(right, 2))):
                self.cells[j][i].sign, self.cells[j][i].color = self.signs.shade, _DIM

    # ---- text ------------------------------------------------------------------------------------------------------------------

    def texts(self) -> Iterator[str]:
        for row in self.cells:
            last = max((i for i, cell in enumerate(row) if cell.dots or cell.sign), default=-1)
            runs = groupby(row[: last + 1], key=lambda cell: cell.color if self.color else "")
            yield "".join(painted("".join(map(self.character, cells)), color, self.color) for color, cells in runs)

    def character(self, cell: _Cell) -> str:
        is_line = cell.dots and cell.sign in ("", self.signs.shade)
        return self.dots(cell.dots) if is_line else cell.sign or " "

    def dots(self, dots: int) -> str:
        if self.signs.is_braille:
            return chr(0x2800 + dots)
        return "." if dots & 0xE4 and not dots & 0x1B else "'" if dots & 0x1B and not dots & 0xE4 else ":"


def _first(place: float, dots: int) -> int:
    """The first character whose middle lies at or beyond a place in dots."""
    return int(-((place - dots / 2 + 0.5) // -dots))


def _outline(box: Box) -> list[Line]:
    (left, down), (right, top) = box.low, box.high
    return [((left, down), (right, down), (right, top), (left, top), (left, down))]


def _clipped(start: Point, end: Point, right: float, down: float) -> tuple[Point, Point] | None:
    """The part of a segment between 0 and the ends, both included (Y.-D. Liang, B. Barsky, ACM Trans. Graphics 3, 1984)."""
    (x, y), dx, dy = start, end[0] - start[0], end[1] - start[1]
    first, last = 0.0, 1.0
    for step, room in ((-dx, x), (dx, right - x), (-dy, y), (dy, down - y)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first > last:
        return None
    places = [(min(max(x + t * dx, 0.0), right), min(max(y + t * dy, 0.0), down)) for t in (first, last)]
    return places[0], places[1]


# ---- around it -----------------------------------------------------------------------------------------------------------------


def _framed(canvas: _Canvas, upwards: Sequence[tuple[float, str]], margin: int) -> Iterator[str]:
    """The canvas with its axes."""
    picture, signs, rows = canvas.picture, canvas.signs, canvas.rows
    labels = {round((1 - picture.y.fraction(value)) * (4 * rows - 1)) // 4: text for value, text in upwards}
    for row, text in enumerate(canvas.texts()):
        label = labels.get(row)
        side = signs.side if label is None else signs.tick
        yield f"{_cut(label or '', margin):>{margin}} {painted(side, _DIM, canvas.color)}{text}"
    floor, below = _floor(picture.x, canvas.columns, signs)
    yield f"{'':{margin}} {painted(signs.corner + floor, _DIM, canvas.color)}"
    yield f"{'':{margin}}  {below}".rstrip()
    yield f"{'':{margin}} {_cut(printable(_names(picture)), canvas.columns + 1)}"


def _names(picture: Picture) -> str:
    return f"{picture.x.name} to the right, {picture.y.name} upwards" if picture.contours else picture.x.name


def _floor(axis: Axis, columns: int, signs: Signs) -> tuple[str, str]:
    """The lower axis, and the numbers below it as far as they have room."""
    floor, below = [signs.floor] * columns, ""
    for value, text in ticks(axis.low, axis.high, max(columns // 10, 3)):
        column = round(axis.fraction(value) * (2 * columns - 1)) // 2
        begin = max(0, min(column - (len(text) - 1) // 2, columns - len(text)))
        if 0 <= column < columns and len(text) <= columns and (not below or begin > len(below)):
            floor[column] = signs.floor_tick
            below = below.ljust(begin) + text
    return "".join(floor), below


def _legend(picture: Picture, width: int, signs: Signs, color: bool) -> Iterator[str]:
    for kind in MarkKind:
        words = [mark.words for mark in picture.marks if mark.kind is kind and picture.holds(mark.at)]
        if words:
            told = "; ".join(filter(None, dict.fromkeys(words)))
            yield from _entry(signs.marks[kind], _color(kind), f"{kind.value}{f': {told}' if told else ''}", width, color)
    for k, path in enumerate(picture.paths):
        letter = _LETTERS[k % len(_LETTERS)]
        yield from _entry(letter, _PATH_COLOURS[k % len(_PATH_COLOURS)], f"{path.name}: {_counted(path.points)}", width, color)
    if picture.infeasible:
        yield from _entry(signs.shade, _DIM, "infeasible", width, color)
    for note in picture.notes:
        yield from _wrapped(printable(note), width)


def _counted(points: Line) -> str:
    iterates = len(points) - 1
    return f"its start and {iterates:,} {'iterate' if iterates == 1 else 'iterates'}" if iterates else "its start"


def _entry(sign: str, color_: str, words: str, width: int, color: bool) -> Iterator[str]:
    first, *more = _wrapped(f"{sign} {printable(words)}", width)
    yield painted(sign, color_, color) + first[len(sign) :]
    yield from more


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return wrap(text, width, subsequent_indent="  ", max_lines=_MOST_LINES, placeholder=" ...") if width > 8 else [text[:width]]


def _color(kind: MarkKind) -> str:
    return _OPTIMUM if kind in (MarkKind.PROVED, MarkKind.BEST) else _OTHER


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."[:width]


def painted(text: str, code: str, color: bool) -> str:
    """Return a text in a colour of the terminal."""
    return f"\x1b[{code}m{text}\x1b[0m" if color and code else text
