"""A picture as SVG: one element that stands alone or in a page, without script, and without anything from elsewhere.

Colours are CSS variables with a light and a dark set, after the reader's preference; a page that has a switch of its own
leaves `STYLE` out and sets the variables (`--ob-...`) itself. Paths differ by their dashes, too, not by colour alone. Each
path is a group with `data-method`, so that a page can hide it. What comes from the user is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from optbench.errors import printable
from optbench.report.picture.model import Axis, Line, Mark, MarkKind, Picture, Point
from optbench.report.picture.ticks import ticks

PATH_COLOURS = 8  # variables --ob-path-0 to --ob-path-7
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_MOST_ITERATES = 400  # of a path that get a dot
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 30, 40  # what is kept free around the picture itself
_LINE = 18  # height of a line of the legend
_FAR = 1e5  # pixels outside of the picture beyond which a line is not followed


def _paths(*colours: str) -> dict[str, str]:
    return {f"path-{k}": colour for k, colour in enumerate(colours)}


_LIGHT: dict[str, str] = {
    "background": "#ffffff",
    "ink": "#1f2328",
    "grid": "#e1e4e8",
    "curve": "#0b5cad",
    "contour": "#3a6ea5",
    "infeasible": "#8c959f",
    "enclosure": "#b35900",
    "optimum": "#b00020",
    **_paths("#c04000", "#0072b2", "#007a55", "#a0428a", "#8a6100", "#4b4ba8", "#0e7490", "#6b4f3a"),
}
_DARK: dict[str, str] = {
    "background": "#0d1117",
    "ink": "#e6edf3",
    "grid": "#2b323b",
    "curve": "#6cb6ff",
    "contour": "#79a8d8",
    "infeasible": "#8b949e",
    "enclosure": "#f0a35e",
    "optimum": "#ff7b86",
    **_paths("#ff9b5e", "#56b4e9", "#3fc99a", "#e59ad1", "#e6c34a", "#a5a5ff", "#5fd3e6", "#d0ab8e"),
}


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--ob-{name}: {value};" for name, value in colours.items())


STYLE = f".ob-picture {{ {_variables(_LIGHT)} }}\n@media (prefers-color-scheme: dark) {{ .ob-picture {{ {_variables(_DARK)} }} }}"


def render(picture: Picture, width: int = 720, height: int = 460, name: str = "picture", style: bool = True) -> str:
    """Return the `svg` element, ending with a newline; `name` begins its ids and differs from picture to picture of a page."""
    return "\n".join(_Drawing(picture, width, height, name).element(style)) + "\n"


class _Drawing:
    """A picture in pixels."""

    def __init__(self, picture: Picture, width: int, height: int, name: str) -> None:
        self.picture, self.name = picture, name
        self.legend = _legend(picture)
        self.width, self.height = width, height + _LINE * len(self.legend)
        self.left, self.right = _LEFT, width - _RIGHT
        self.top, self.bottom = _TOP, height - _BOTTOM

    def element(self, style: bool) -> Iterator[str]:
        picture, name = self.picture, escape(self.name)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="ob-picture" role="img" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" aria-labelledby="{name}-title {name}-desc" '
            'font-family="system-ui, sans-serif" font-size="12" fill="var(--ob-ink)">'
        )
        yield f'<title id="{name}-title">{_text(picture.title)}</title>'
        yield f'<desc id="{name}-desc">{_text(described(picture))}</desc>'
        if style:
            yield f"<style>\n{STYLE}\n</style>"
        yield f'<clipPath id="{name}-clip">{self.frame("")}</clipPath>'
        yield f'<rect width="{self.width}" height="{self.height}" fill="var(--ob-background)"/>'
        yield f'<text x="{self.left}" y="18" font-weight="600">{_text(_shortened(picture.title, (self.right - self.left) // 7))}</text>'
        yield from self.axes()
        yield f'<g clip-path="url(#{name}-clip)" fill="none" stroke-linejoin="round">'
        yield from self.infeasible()
        yield from self.contours()
        yield from (self.polyline(line, 'stroke="var(--ob-infeasible)" stroke-width="1.5"') for line in picture.limits)
        yield from (self.polyline(line, 'stroke="var(--ob-curve)" stroke-width="2"') for line in picture.curves)
        yield from self.enclosures()
        yield from self.paths()
        yield "</g>"
        yield from (self.mark(mark) for mark in picture.marks if picture.holds(mark.at))
        yield self.frame('fill="none" stroke="var(--ob-ink)" stroke-opacity="0.5"')
        yield from self.legend_lines()
        yield "</svg>"

    # ---- places -------------------------------------------------------------------------------------------------------------

    def x(self, value: float) -> float:
        return self.left + self.picture.x.fraction(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - self.picture.y.fraction(value) * (self.bottom - self.top)

    def place(self, point: Point) -> str:
        return f"{_number(_clamped(self.x(point[0])))},{_number(_clamped(self.y(point[1])))}"

    def frame(self, attributes: str) -> str:
        return f'<rect x="{self.left}" y="{self.top}" width="{self.right - self.left}" height="{self.bottom - self.top}" {attributes}/>'

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def axes(self) -> Iterator[str]:
        yield '<g stroke="var(--ob-grid)">'
        across, upwards = self.ticks(self.picture.x, 90), self.ticks(self.picture.y, 45)
        for value, _ in across:
            yield f'<path d="M{_number(self.x(value))},{self.top}V{self.bottom}"/>'
        for value, _ in upwards:
            yield f'<path d="M{self.left},{_number(self.y(value))}H{self.right}"/>'
        yield "</g>"
        for value, text in across:
            yield f'<text x="{_number(self.x(value))}" y="{self.bottom + 16}" text-anchor="middle">{text}</text>'
        for value, text in upwards:
            yield f'<text x="{self.left - 6}" y="{_number(self.y(value) + 4)}" text-anchor="end">{text}</text>'
        middle = (self.left + self.right) / 2
        yield f'<text x="{_number(middle)}" y="{self.bottom + 33}" text-anchor="middle">{_text(_shortened(self.picture.x.name, 60))}</text>'
        yield f'<text x="{self.left - 6}" y="{self.top - 12}" text-anchor="end">{_text(_shortened(self.picture.y.name, 8))}</text>'

    def ticks(self, axis: Axis, distance: int) -> list[tuple[float, str]]:
        room = self.right - self.left if axis is self.picture.x else self.bottom - self.top
        return ticks(axis.low, axis.high, max(room // distance, 2))

    def infeasible(self) -> Iterator[str]:
        if not self.picture.infeasible:
            return
        yield '<g fill="var(--ob-infeasible)" fill-opacity="0.28" stroke="none">'
        for box in self.picture.infeasible:
            yield self.rectangle(box.low, box.high, "")
        yield "</g>"

    def rectangle(self, low: Point, high: Point, attributes: str, least: float = 0.0) -> str:
        """A rectangle that is seen however narrow it is."""
        left, right = sorted(map(_clamped, (self.x(low[0]), self.x(high[0]))))
        top, bottom = sorted(map(_clamped, (self.y(low[1]), self.y(high[1]))))
        across, down = max(0.0, least - (right - left)) / 2, max(0.0, least - (bottom - top)) / 2
        sizes = (left - across, top - down, right - left + 2 * across, bottom - top + 2 * down)
        return '<rect x="{}" y="{}" width="{}" height="{}"'.format(*map(_number, sizes)) + f"{' ' if attributes else ''}{attributes}/>"

    def contours(self) -> Iterator[str]:
        found = self.picture.contours
        for k, contour in enumerate(found):
            opacity = 1 - 0.65 * k / max(len(found) - 1, 1)
            yield f'<g stroke="var(--ob-contour)" stroke-opacity="{_number(opacity)}"><title>{contour.level:.6g}</title>'
            yield from (self.polyline(line, "") for line in contour.lines)
            yield "</g>"

    def polyline(self, line: Line, attributes: str) -> str:
        if len(line) == 1:
            x, _, y = self.place(line[0]).partition(",")
            return f'<circle cx="{x}" cy="{y}" r="2.5" {attributes}/>'
        return f'<polyline points="{" ".join(map(self.place, line))}"{" " if attributes else ""}{attributes}/>'

    def enclosures(self) -> Iterator[str]:
        for box in self.picture.enclosures:
            yield self.rectangle(box.low, box.high, 'stroke="var(--ob-enclosure)" stroke-width="1.5"', least=11.0)

    def paths(self) -> Iterator[str]:
        for k, path in enumerate(self.picture.paths):
            colour = f"var(--ob-path-{k % PATH_COLOURS})"
            yield f'<g class="ob-path" data-method="{_text(path.name)}" stroke="{colour}"><title>{_text(path.name)}</title>'
            yield self.polyline(path.points, f'stroke-width="1.5"{_dashes(k)}')
            yield f'<g fill="{colour}" stroke="none">'
            for point in path.points[:_MOST_ITERATES]:
                if self.picture.holds(point):
                    x, _, y = self.place(point).partition(",")
                    yield f'<circle cx="{x}" cy="{y}" r="2.2"/>'
            yield "</g></g>"

    def mark(self, mark: Mark) -> str:
        place = f"translate({self.place(mark.at)})"
        return f'<g transform="{place}"><title>{_text(mark.words or mark.kind.value)}</title>{_SHAPES[mark.kind]}</g>'

    def legend_lines(self) -> Iterator[str]:
        first = self.bottom + _BOTTOM + 12
        for k, (sign, words) in enumerate(self.legend):
            y = first + _LINE * k
            yield f'<g transform="translate({self.left + 12},{y - 4})">{sign}</g>'
            yield f'<text x="{self.left + 32}" y="{y}">{_text(_shortened(words, (self.right - self.left - 32) // 7))}</text>'


_OPTIMUM = 'fill="var(--ob-optimum)" stroke="var(--ob-background)"'
_OTHER = 'fill="var(--ob-background)" stroke="var(--ob-ink)" stroke-width="1.5"'
_SHAPES = {
    MarkKind.PROVED: f'<path d="M0,-8L2,-2.6H7.6L3.1,0.9L4.8,6.4L0,3.1L-4.8,6.4L-3.1,0.9L-7.6,-2.6H-2Z" {_OPTIMUM}/>',
    MarkKind.BEST: f'<circle r="5" {_OPTIMUM}/>',
    MarkKind.MINIMUM: f'<path d="M0,5L-5,-4H5Z" {_OTHER}/>',
    MarkKind.MAXIMUM: f'<path d="M0,-5L-5,4H5Z" {_OTHER}/>',
    MarkKind.STATIONARY: f'<circle r="4" {_OTHER}/>',
}


def _legend(picture: Picture) -> list[tuple[str, str]]:
    """What each sign means, a line each, and the notes."""
    seen = [mark for mark in picture.marks if picture.holds(mark.at)]
    kinds = [kind for kind in MarkKind if any(mark.kind is kind for mark in seen)]
    found = [(_SHAPES[kind], _told(seen, kind)) for kind in kinds]
    if picture.enclosures:
        found.append(('<rect x="-5" y="-5" width="10" height="10" fill="none" stroke="var(--ob-enclosure)"/>', "enclosure"))
    if picture.infeasible:
        shade = 'fill="var(--ob-infeasible)" fill-opacity="0.28"'
        found.append((f'<rect x="-8" y="-5" width="16" height="10" {shade}/>', "infeasible"))
    for k, path in enumerate(picture.paths):
        line = f'<path d="M-10,0H10" fill="none" stroke="var(--ob-path-{k % PATH_COLOURS})" stroke-width="1.5"{_dashes(k)}/>'
        found.append((line, path.name))
    return [*found, *(("", note) for note in picture.notes)]


def _told(marks: Iterable[Mark], kind: MarkKind) -> str:
    """What a kind is, with the words of its marks where they are few."""
    words = [mark.words for mark in marks if mark.kind is kind and mark.words]
    return f"{kind.value}: {'; '.join(words)}" if 0 < len(words) <= 3 else kind.value


def described(picture: Picture) -> str:
    """Return what is to be seen, in words, for who does not see it."""
    what = "Contour map" if picture.contours else "Graph"
    parts = [f"{what} for {_range(picture.x)}" + (f" and {_range(picture.y)}." if picture.contours else f", values {_ends(picture.y)}.")]
    parts += [f"{kind.value}: {'; '.join(words)}." for kind in MarkKind if (words := _words(picture.marks, kind))]
    if picture.paths:
        parts.append(f"Paths of {', '.join(f'{path.name} ({len(path.points)} points)' for path in picture.paths)}.")
    return " ".join([*(part[0].upper() + part[1:] for part in parts), *picture.notes])


def _words(marks: Sequence[Mark], kind: MarkKind) -> list[str]:
    return [mark.words or f"({mark.at[0]:.6g}, {mark.at[1]:.6g})" for mark in marks if mark.kind is kind][:10]


def _range(axis: Axis) -> str:
    return f"{axis.name} {_ends(axis)}"


def _ends(axis: Axis) -> str:
    return f"from {axis.low:.6g} to {axis.high:.6g}"


def _dashes(k: int) -> str:
    dashes = _DASHES[k % len(_DASHES)]
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _clamped(pixels: float) -> float:
    """A place that no drawing program stumbles over."""
    return min(max(pixels, -_FAR), _FAR)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(text: str) -> str:
    return escape(printable(text))
