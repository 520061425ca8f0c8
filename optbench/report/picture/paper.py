"""A picture as PNG or PDF for a paper, by matplotlib, which is imported when the first one is drawn."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

from optbench.errors import printable
from optbench.report.picture.model import Line, MarkKind, Picture

FORMATS = ("png", "pdf")
MISSING = "matplotlib is not installed; it comes with the extra `plots`: pip install 'optbench[plots]'"
_DOTS = 100  # pixels an inch
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
    axes = figure.add_subplot()
    _draw(picture, axes)
    content = io.BytesIO()
    figure.savefig(content, format=format_, metadata={"CreationDate": None} if format_ == "pdf" else {"Software": None})
    return content.getvalue()


def _draw(picture: Picture, axes: Any) -> None:
    from matplotlib.patches import Rectangle

    for box in picture.infeasible:
        size = (box.high[0] - box.low[0], box.high[1] - box.low[1])
        axes.add_patch(Rectangle(box.low, *size, facecolor="#8c959f", alpha=0.28, linewidth=0))
    count = len(picture.contours)
    for k, contour in enumerate(picture.contours):
        for line in contour.lines:
            axes.plot(*_columns(line), color="#3a6ea5", linewidth=0.8, alpha=1 - 0.65 * k / max(count - 1, 1))
    for line in picture.limits:
        axes.plot(*_columns(line), color="#57606a", linewidth=1.2)
    for line in picture.curves:
        axes.plot(*_columns(line), color="#0b5cad", linewidth=1.6, marker="." if len(line) == 1 else None)
    for box in picture.enclosures:
        size = (box.high[0] - box.low[0], box.high[1] - box.low[1])
        axes.add_patch(Rectangle(box.low, *size, fill=False, edgecolor="#b35900", linewidth=1.2))
    for k, path in enumerate(picture.paths):
        axes.plot(
            *_columns(path.points), _STYLES[k % len(_STYLES)], color=f"C{k % 9 + 1}", marker=".", linewidth=1.1, label=_text(path.name)
        )
    for kind, (sign, color, area) in _SIGNS.items():
        if places := [mark.at for mark in picture.marks if mark.kind is kind and picture.holds(mark.at)]:
            axes.scatter(
                *_columns(tuple(places)), s=area, marker=sign, color=color, edgecolors="#1f2328", linewidths=0.8, zorder=5, label=kind.value
            )
    axes.set(
        xlim=(picture.x.low, picture.x.high),
        ylim=(picture.y.low, picture.y.high),
        xlabel=_text(picture.x.name),
        ylabel=_text(picture.y.name),
    )
    axes.set_title(_text(picture.title), fontsize="medium")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small")


def _columns(line: Line) -> tuple[list[float], list[float]]:
    return [x for x, _ in line], [y for _, y in line]


def _text(text: str) -> str:
    """A text that matplotlib takes as it is, not as TeX; names that begin with _ would be left out of its legend."""
    shown = printable(text if len(text) <= 100 else f"{text[:99]}…").replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
