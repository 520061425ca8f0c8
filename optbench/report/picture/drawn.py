"""Pictures of a function with what is known of its optimum: a graph over one unknown, a contour map over two.

`Subject` is what is drawn; the rest of the unknowns is held, so a flat point of the answer has a place in the picture where
it agrees with what is held.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from optbench.report.picture.contours import contours, levels, lines
from optbench.report.picture.known import Flat, Known, Place
from optbench.report.picture.model import Axis, Box, Line, Mark, MarkKind, Path, Picture, Point
from optbench.report.picture.sampling import Grid, curve, even, grid, stretched, visible, window, with_margin

_TRIED = 400  # points at which constraints on one unknown are looked at
_MOST_DOTS = 400  # whole numbers that are drawn one by one
_EDGE = 40  # halvings until a constraint's edge is where it is
_MOST_REPEATED = 400  # marks that a period gives
_FAR = 1e9  # a coordinate of what is not proved beyond which it does not decide what is shown
_SAME = 1e-6  # relative distance from what is held within which a point lies in the picture

Ends = tuple[float, float]


@dataclass(frozen=True)
class Subject:
    """What is drawn: the objective over some entries of the flat point, the others held."""

    title: str
    entries: tuple[int, ...]  # the places of the one or two free entries
    names: tuple[str, ...]  # their names
    ranges: tuple[Ends, ...]  # their ranges, maybe infinite
    base: Flat  # the whole point; where entries are free its value means nothing
    objective: Callable[..., float]  # of the free entries; nan where undefined
    inequality: Callable[..., float] | None = None  # of the free entries: the greatest residual, at most 0 where all hold
    equations: tuple[Callable[..., float], ...] = ()  # residuals that are to be 0
    whole: tuple[bool, ...] = ()  # which of the free entries take whole numbers only; empty: none

    def inside(self, x: Flat) -> Point | None:
        """The free entries of a flat point, where the others are those that are held; one free entry has 0 beside it."""
        if len(x) != len(self.base):
            return None
        for k, (here, held) in enumerate(zip(x, self.base, strict=True)):
            if k not in self.entries and not abs(here - held) <= _SAME * max(abs(held), 1.0):
                return None
        free = [x[k] for k in self.entries]
        return free[0], free[1] if len(free) > 1 else 0.0


@dataclass(frozen=True)
class Detail:
    """How closely is looked: the points of a graph, and the columns, rows and levels of a map."""

    points: int = 120
    columns: int = 121
    rows: int = 121
    levels: int = 10


class NothingDefined(Exception):
    """The function is defined at none of the points that were looked at; the text says where these were."""


def picture(subject: Subject, known: Known, detail: Detail) -> Picture:
    """Return the picture of a subject with one or two free entries; raise `NothingDefined` where there is none to see."""
    return graph(subject, known, detail) if len(subject.entries) == 1 else contour_map(subject, known, detail)


def windows(subject: Subject, known: Known) -> list[Ends]:
    """Return for each free entry the finite part of its range that is shown."""
    best = [at for place in known.places if place.kind is MarkKind.BEST and (at := subject.inside(place.x)) is not None]
    optima = [at for place in known.places if place.kind is not MarkKind.BEST and (at := subject.inside(place.x)) is not None]
    iterates = [[at for x, _ in run.iterates if (at := subject.inside(x)) is not None] for run in known.runs]
    ends = [at for at in [*best, *(at for path in iterates for at in (path[:1] + path[-1:]))] if max(map(abs, at)) < _FAR]
    found = []
    for k, (low, high) in enumerate(subject.ranges):
        first, last = window(low, high, [at[k] for at in optima], [at[k] for at in ends])
        if known.period is not None and math.isinf(low) and math.isinf(high):
            aside = max(known.period / 2, known.period - (last - first) / 2)  # two periods at least
            first, last = first - aside, last + aside
        found.append((first, last))
    return found


def _nowhere(names: Sequence[str], shown: Sequence[Ends]) -> str:
    where = " and ".join(f"{name} from {low:.6g} to {high:.6g}" for name, (low, high) in zip(names, shown, strict=True))
    return f"The function is defined at none of the points that were looked at, with {where}; --range LO HI shows another part."


# ---- one unknown ---------------------------------------------------------------------------------------------------------------


def graph(subject: Subject, known: Known, detail: Detail) -> Picture:
    """Return the graph of a function of one unknown."""
    (low, high), f = windows(subject, known)[0], subject.objective
    places = [*known.places, *_repeated(subject, known, low, high)]
    found = [(place, at[0], f(at[0])) for place in places if (at := subject.inside(place.x)) is not None]
    # what is marked stands on the curve, also where that would have been missed
    part = _defined_part(subject, low, high)
    pieces = _dots(subject, *part) or curve(f, *part, [x for _, x, _ in found], detail.points)
    if not pieces:
        raise NothingDefined(_nowhere(subject.names, [(low, high)]))
    marks = [Mark(place.kind, (x, y), place.words) for place, x, y in found if math.isfinite(y)]
    evenly = (f(x) for x in even(*part, detail.points))
    shown = stretched(
        visible(evenly, (mark.at[1] for mark in marks if low <= mark.at[0] <= high)), (y for piece in pieces for _, y in piece)
    )
    y_axis = Axis(_value_name(subject), *with_margin(*shown))
    x_axis = Axis(subject.names[0], low, high)
    paths = _paths(subject, known, lambda at, value: (at[0], value if value is not None else f(at[0])))
    whole = Picture(
        subject.title,
        x_axis,
        y_axis,
        curves=tuple(pieces),
        limits=tuple(((x, y_axis.low), (x, y_axis.high)) for g in subject.equations for x in _zeros(g, *part)),
        infeasible=tuple(Box((a, y_axis.low), (b, y_axis.high)) for a, b in _forbidden(subject, low, high)),
        enclosures=tuple(_strips(subject, known, y_axis)),
        paths=tuple(paths),
        marks=tuple(marks),
    )
    return _with_notes(subject, whole, known, len(found) < len(known.places))


def _defined_part(subject: Subject, low: float, high: float) -> Ends:
    """The part of a window that lies in the range: a window is wider where the range is a single point."""
    return max(low, subject.ranges[0][0]), min(high, subject.ranges[0][1])


def _dots(subject: Subject, low: float, high: float) -> list[Line]:
    """The graph over whole numbers, if the unknown takes no others and there are not too many of them in the window."""
    if not any(subject.whole) or high - low > _MOST_DOTS:
        return []
    points = ((float(x), subject.objective(float(x))) for x in range(math.ceil(low), math.floor(high) + 1))
    return [(point,) for point in points if math.isfinite(point[1])]


def _zeros(g: Callable[..., float], low: float, high: float) -> Iterator[float]:
    """Where a residual changes its sign."""
    xs = even(low, high, _TRIED)
    for a, b in pairwise(xs):
        if (g(a) <= 0) != (g(b) <= 0) and math.isfinite(g(a) / 2 - g(b) / 2):
            yield _edge(g, a, b, g(a) > 0)


def _value_name(subject: Subject) -> str:
    return "f" if "f" not in subject.names else "value"


def _repeated(subject: Subject, known: Known, low: float, high: float) -> Iterator[Place]:
    """The places that a period gives, within the window."""
    if known.period is None or not known.period > 0:
        return
    counted = 0
    for place in known.places:
        [x] = place.x
        for k in range(math.ceil((low - x) / known.period), math.floor((high - x) / known.period) + 1):
            if k and counted < _MOST_REPEATED:
                counted += 1
                yield Place(place.kind, (x + k * known.period,), None, "")


def _forbidden(subject: Subject, low: float, high: float) -> Iterator[Ends]:
    """The intervals on which an inequality is violated."""
    g = subject.inequality
    if g is None:
        return
    xs = even(low, high, _TRIED)
    bad = [not g(x) <= 0 for x in xs]
    begin: float | None = xs[0] if bad[0] else None
    for (a, b), (bad_a, bad_b) in zip(pairwise(xs), pairwise(bad), strict=True):
        if bad_a == bad_b:
            continue
        edge = _edge(g, a, b, bad_a)
        if bad_b:
            begin = edge
        elif begin is not None:
            yield begin, edge
            begin = None
    if begin is not None:
        yield begin, xs[-1]


def _edge(g: Callable[..., float], a: float, b: float, bad_first: bool) -> float:
    for _ in range(_EDGE):
        middle = a / 2 + b / 2
        if (not g(middle) <= 0) == bad_first:
            a = middle
        else:
            b = middle
    return b


def _strips(subject: Subject, known: Known, y: Axis) -> Iterator[Box]:
    """Enclosures of the optimum: as high as that of its value, or as the picture where that is not known."""
    for region in known.regions:
        low, high = subject.inside(tuple(a for a, _ in region.sides)), subject.inside(tuple(b for _, b in region.sides))
        if low is not None and high is not None:
            bottom, top = region.value or (y.low, y.high)
            yield Box((low[0], max(bottom, y.low)), (high[0], min(top, y.high)))


# ---- two unknowns --------------------------------------------------------------------------------------------------------------


def contour_map(subject: Subject, known: Known, detail: Detail) -> Picture:
    """Return the contour map of a function of two unknowns."""
    across, upwards = windows(subject, known)
    values = grid(subject.objective, across, upwards, detail.columns, detail.rows)
    if not values.finite():
        raise NothingDefined(_nowhere(subject.names, [across, upwards]))
    found = [(place, at) for place in known.places if (at := subject.inside(place.x)) is not None]
    optimum = min((place.value for place, _ in found if place.value is not None), default=None)
    infeasible, limits = _constraints(subject, across, upwards, detail)
    whole = Picture(
        subject.title,
        Axis(subject.names[0], *across),
        Axis(subject.names[1], *upwards),
        contours=tuple(contours(values, levels(values, detail.levels, optimum))),
        limits=tuple(limits),
        infeasible=tuple(infeasible),
        enclosures=tuple(_boxes(subject, known)),
        paths=tuple(_paths(subject, known, lambda at, value: at)),
        marks=tuple(Mark(place.kind, at, place.words) for place, at in found),
        notes=tuple(_without_contours(values)),
    )
    return _with_notes(subject, whole, known, len(found) < len(known.places))


def _without_contours(values: Grid) -> Iterator[str]:
    finite = values.finite()
    if finite and min(finite) == max(finite):
        yield f"There are no contour lines: the function is {finite[0]:.9g} wherever it was looked at."


def _constraints(subject: Subject, across: Ends, upwards: Ends, detail: Detail) -> tuple[list[Box], list[Line]]:
    """Where an inequality is violated, as rows of boxes, and the lines on which constraints hold with equality."""
    size = (across, upwards, detail.columns, detail.rows)
    limits = [line for residual in subject.equations for line in lines(grid(residual, *size), 0.0)]
    if subject.inequality is None:
        return [], limits
    excess = grid(subject.inequality, *size)
    return list(_shaded(excess)), [*limits, *lines(excess, 0.0)]


def _shaded(excess: Grid) -> Iterator[Box]:
    """Each run of points of a row at which a residual is positive or undefined, as a box around them."""
    xs, ys = _between(excess.x), _between(excess.y)
    for j, row in enumerate(excess.values):
        begin: int | None = None
        for i, value in enumerate([*row, 0.0]):
            if not value <= 0:
                begin = i if begin is None else begin
            elif begin is not None:
                yield Box((xs[begin], ys[j]), (xs[i], ys[j + 1]))
                begin = None


def _between(places: Sequence[float]) -> list[float]:
    """The first place, the middles between neighbours, the last place."""
    return [places[0], *(a / 2 + b / 2 for a, b in pairwise(places)), places[-1]]


def _boxes(subject: Subject, known: Known) -> Iterator[Box]:
    for region in known.regions:
        low, high = subject.inside(tuple(a for a, _ in region.sides)), subject.inside(tuple(b for _, b in region.sides))
        if low is not None and high is not None:
            yield Box(low, high)


# ---- both ----------------------------------------------------------------------------------------------------------------------


def _paths(subject: Subject, known: Known, point: Callable[[Point, float | None], Point]) -> Iterator[Path]:
    for run in known.runs:
        points = [point(at, value) for x, value in run.iterates if (at := subject.inside(x)) is not None]
        if points := [p for p in points if all(map(math.isfinite, p))]:
            yield Path(run.name, tuple(points))


def _with_notes(subject: Subject, whole: Picture, known: Known, places_missing: bool) -> Picture:
    notes = [*whole.notes, *_between_whole_numbers(subject, whole), *known.notes, *_outside(whole)]
    if places_missing or any(not whole.holds(mark.at) for mark in whole.marks):
        notes.append("Some of the points that are known lie outside of the picture.")
    return replace(whole, notes=tuple(dict.fromkeys(notes)))


def _between_whole_numbers(subject: Subject, whole: Picture) -> Iterator[str]:
    names = [name for name, only in zip(subject.names, subject.whole, strict=False) if only]
    if names and (whole.contours or any(len(piece) > 1 for piece in whole.curves)):
        verb = "takes" if len(names) == 1 else "take"
        yield f"{' and '.join(names)} {verb} whole numbers only; what is drawn between them is no part of the problem."


def _outside(whole: Picture) -> Iterable[str]:
    for path in whole.paths:
        count = sum(not whole.holds(point) for point in path.points)
        if count:
            yield f"{path.name}: {count:,} of {len(path.points):,} points outside of the picture."
