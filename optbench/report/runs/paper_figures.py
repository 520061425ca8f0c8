"""Profiles as figures for a paper, in SVG and PNG, by matplotlib (the extra `[plots]`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from optbench.errors import UsageError, printable
from optbench.report.picture.paper import MISSING, is_possible
from optbench.statistics.profiles import Curve
from optbench.statistics.summary import Summary

_SIZE = (5.5, 3.6)  # inches
_DASHES = ("-", "--", ":", "-.")
_COLOURS = 8
_MOST_IN_LEGEND = 16
_LARGEST_RATIO = 1e4
_DOTS = 200  # an inch, in PNG


class Figure(NamedTuple):
    """A figure: the name of its files, its axis, and a curve a method."""

    name: str
    axis: str
    curves: Mapping[str, Curve]
    largest: float | None = None  # what is shown of the axis


def figures(found: Summary) -> Iterator[Figure]:
    """Yield the profiles that have anything to show."""
    profiles = found.profiles
    if not any(curve.costs for curve in profiles.by_seconds.values()):
        return
    yield Figure("performance-time", "time, over the least of all methods", profiles.by_seconds, _LARGEST_RATIO)
    yield Figure("performance-evaluations", "evaluations, over the least of all methods", profiles.by_evaluations, _LARGEST_RATIO)
    for tau, curves in profiles.data.items():
        yield Figure(f"data-{tau:g}", f"evaluations per n + 1, until {tau:g} of the way is left", curves)
    yield Figure("ecdf", "evaluations per n", profiles.ecdf)


def write(found: Summary, folder: str) -> list[str]:
    """Write each figure as SVG and PNG into a folder, which is made; return the names of the files.

    Raise `UsageError` where matplotlib is missing, and OSError where a file can't be written.
    """
    if not is_possible():
        raise UsageError(f"--figures can't draw: {MISSING}.")
    import matplotlib

    Path(folder).mkdir(parents=True, exist_ok=True)
    names = []
    with matplotlib.rc_context({"svg.hashsalt": "optbench", "svg.fonttype": "none", "text.usetex": False, "text.parse_math": False}):
        for figure in figures(found):
            drawn = _drawn(figure)
            for ending in ("svg", "png"):
                names.append(str(Path(folder) / f"{figure.name}.{ending}"))
                drawn.savefig(names[-1], dpi=_DOTS, metadata={"Date": None} if ending == "svg" else {"Software": None})
    return names


def _drawn(figure: Figure) -> Any:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=_SIZE, layout="constrained")
    axes = canvas.add_subplot()
    right = min(
        figure.largest or float("inf"), max((curve.costs[-1] for curve in figure.curves.values() if curve.costs), default=1.0) * 1.2
    )
    left = 1.0 if figure.largest else min((curve.costs[0] for curve in figure.curves.values() if curve.costs), default=1.0)
    for k, (method, curve) in enumerate(figure.curves.items()):
        steps = list(curve.steps())
        xs, ys = [left, *(cost for cost, _ in steps), right], [0.0, *(share for _, share in steps), steps[-1][1] if steps else 0.0]
        axes.step(
            xs, ys, where="post", color=f"C{k % _COLOURS}", linestyle=_DASHES[k // _COLOURS % len(_DASHES)], label=printable(method[:60])
        )
    axes.set(xscale="log", xlabel=figure.axis, ylabel="share of the cases", xlim=(left, max(right, 1.01 * left)), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    if len(figure.curves) <= _MOST_IN_LEGEND:
        axes.legend(fontsize="small")
    return canvas
