"""A picture as PNG or PDF for a paper, by matplotlib, which is imported when the first one is drawn."""

from __future__ import annotations

import io
import warnings
from importlib.util import find_spec
from typing import Any

from optbench.errors import printable
from optbench.report.picture.model import Box, Line, MarkKind, Picture, Point
from optbench.report.picture.ticks import ticks

FORMATS = ("png", "pdf")
MISSING = "matplotlib is not installed; it comes with the extra `plots`: pip install 'optbench[plots]'"
_DOTS = 100  # pixels an inch
_TICKS = 8  # along a side, at most
_FAR = 1e3  # pictures' widths beyond which a line is not followed
_SIGNS = {
    MarkKind.PROVED: ("*", "#b00020", 130),
    MarkKind.BEST: ("o", "#b00020", 45),
    MarkKind.MINIMUM: ("v", "#ffffff", 45),
    MarkKind.MAXIMUM: ("^", "#ffffff", 45),
    MarkKind.STATIONARY: ("o", "#ffffff", 35),
}
_STYLES = ("-", "--", ":", "-.")


def is_possible() -> bool:
    """Return whether matplotlib is there."""
    return find_spec("matplotlib") is not None


def render(picture: Picture, format_: str, width: int = 720, height: int = 460) -> bytes:
    """Return the file's content; the sizes are pixels, 100 of them an inch. Raise `ImportError` without matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / _DOTS, height / _DOTS), dpi=_DOTS, layout="constrained")
    _draw(picture, figure.add_subplot())
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of characters that the font lacks: they are boxes
        figure.savefig(content, format=format_, metadata={"CreationDate": None} if format_ == "pdf" else {"Software": None})
    return content.getvalue()


def _draw(picture: Picture, axes: Any) -> None:
    """Draw in fractions of the picture's sides, which are small numbers whatever the problem's are."""
    from matplotlib.patches import Rectangle

    def rectangle(box: Box, **style: Any) -> None:
        (left, low), (right, high) = _place(picture, box.low), _place(picture, box.high)
        axes.add_patch(Rectangle((left, low), right - left, high - low, **style))

    def line(points: Line, style: str, **more: Any) -> None:
        axes.plot(*_columns(picture, points), style, **more)

    for box in picture.infeasible:
        rectangle(box, facecolor="#8c959f", alpha=0.28, linewidth=0)
    count = len(picture.contours)
    for k, contour in enumerate(picture.contours):
        for points in contour.lines:
            line(points, "-", color="#3a6ea5", linewidth=0.8, alpha=1 - 0.65 * k / max(count - 1, 1))
    for points in picture.limits:
        line(points, "-", color="#57606a", linewidth=1.2)
    for points in picture.curves:
        line(points, "-", color="#0b5cad", linewidth=1.6, marker="." if len(points) == 1 else None)
    for box in picture.enclosures:
        rectangle(box, fill=False, edgecolor="#b35900", linewidth=1.2)
    for k, path in enumerate(picture.paths):
        line(path.points, _STYLES[k % len(_STYLES)], color=f"C{k % 9 + 1}", marker=".", linewidth=1.1, label=_text(path.name))
    for kind, (sign, color, area) in _SIGNS.items():
        if places := tuple(mark.at for mark in picture.marks if mark.kind is kind and picture.holds(mark.at)):
            style = {"s": area, "marker": sign, "color": color, "edgecolors": "#1f2328", "linewidths": 0.8, "zorder": 5}
            axes.scatter(*_columns(picture, places), label=kind.value, **style)
    _frame(picture, axes)


def _frame(picture: Picture, axes: Any) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=_text(picture.x.name), ylabel=_text(picture.y.name))
    for axis, side in ((picture.x, axes.xaxis), (picture.y, axes.yaxis)):
        marks = ticks(axis.low, axis.high, _TICKS)
        side.set_ticks([axis.fraction(value) for value, _ in marks], [text for _, text in marks])
    axes.set_title(_text(picture.title), fontsize="medium")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small")


def _place(picture: Picture, point: Point) -> Point:
    x, y = picture.x.fraction(point[0]), picture.y.fraction(point[1])
    return min(max(x, -_FAR), _FAR), min(max(y, -_FAR), _FAR)


def _columns(picture: Picture, points: Line) -> tuple[list[float], list[float]]:
    places = [_place(picture, point) for point in points]
    return [x for x, _ in places], [y for _, y in places]


def _text(text: str) -> str:
    """A text that matplotlib takes as it is, not as TeX; names that begin with _ would be left out of its legend."""
    shown = printable(text if len(text) <= 100 else f"{text[:99]}…").replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
