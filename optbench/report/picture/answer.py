"""What a result knows of where the optimum is, as flat points, boxes and paths that a picture can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from optbench.account import LineSearch, Zero
from optbench.report.picture.known import Flat, Known, Place, Region, Run
from optbench.report.picture.model import MarkKind
from optbench.report.picture.sampling import thinned
from optbench.result import Attempt, Result, Solution, Status

_MOST_BOXES = 2_000
_MOST_ITERATES = 2_000  # of a path
_SAME = 1e-9  # relative distance of points that are one
_DIGITS = 9


def known(result: Result, names: Sequence[str]) -> Known:
    """Return what a result knows; `names` are those of the entries of a flat point, used in the words."""
    places = list(_solutions(result, names))
    search = None if result.account is None else result.account.search
    notes = list(_sentences(result))
    if search is not None:
        places += _stationary(search, places)
        notes += _missing(search)
    regions, left_out = _regions(result)
    return Known(
        tuple(places),
        regions,
        tuple(run for attempt in result.attempts for run in _runs(attempt)),
        (*notes, *left_out, *_without_path(result.attempts)),
        _period(search),
    )


# ---- solutions ---------------------------------------------------------------------------------------------------------------


def _solutions(result: Result, names: Sequence[str]) -> Iterator[Place]:
    proved = result.status is Status.OPTIMAL and result.assurance.is_proof
    if not proved and result.status not in (Status.LOCALLY_OPTIMAL, Status.FEASIBLE):
        return
    for solution in result.solutions if proved else result.solutions[:1]:
        x = _flat(solution.point)
        if x is not None and len(x) == len(names):
            kind = MarkKind.PROVED if proved else MarkKind.BEST
            yield Place(kind, x, result.value, _told(result.value, x, names))


def _told(value: float | None, x: Flat, names: Sequence[str]) -> str:
    many = len(x) > 4
    where = ", ".join(f"{name} = {c:.{_DIGITS}g}" for name, c in zip(names[:4], x, strict=False)) + (", ..." if many else "")
    return where if value is None else f"{value:.{_DIGITS}g} at {where}"


def _sentences(result: Result) -> Iterator[str]:
    """What is to be said because there is no point that says it."""
    if result.status is Status.UNKNOWN:
        yield "No optimum was found or proved within the limits."
    elif result.status not in (Status.OPTIMAL, Status.LOCALLY_OPTIMAL, Status.FEASIBLE):
        yield result.sentence
    elif not result.assurance.is_proof:
        yield "No global optimum was proved."
    elif not any(solution.point for solution in result.solutions):
        yield result.sentence
    yield from result.disagreements


def _flat(point: Any) -> Flat | None:
    return None if point is None else tuple(_leaves(point))


def _leaves(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield float(value)


# ---- stationary points ---------------------------------------------------------------------------------------------------------


def _stationary(search: LineSearch, known: Sequence[Place]) -> Iterator[Place]:
    """The zeros of the derivative that are not yet among the places."""
    for piece in search.pieces:
        for zero in piece.zeros:
            if zero.enclosure is None:
                continue
            x = _middle(zero.enclosure)
            if not any(len(place.x) == 1 and abs(place.x[0] - x) <= _SAME * max(abs(x), 1.0) for place in known):
                yield Place(_kind(zero), (x,), None, "")


def _kind(zero: Zero) -> MarkKind:
    if (zero.before, zero.after) == (-1, 1) or zero.bend == 1:
        return MarkKind.MINIMUM
    return MarkKind.MAXIMUM if (zero.before, zero.after) == (1, -1) or zero.bend == -1 else MarkKind.STATIONARY


def _missing(search: LineSearch) -> Iterator[str]:
    if search.left_out or any(not piece.proved for piece in search.pieces):
        reasons = [piece.reason for piece in search.pieces if not piece.proved and piece.reason]
        yield "Not all stationary points are shown" + (f": {reasons[0]}." if reasons else ".")


def _period(search: LineSearch | None) -> float | None:
    if search is None or search.period is None:
        return None
    from optbench.language.elaborate import parse
    from optbench.problem.interval import as_float

    return as_float(parse(search.period).node)


def _middle(ends: Sequence[str]) -> float:
    return float(ends[0]) / 2 + float(ends[1]) / 2


# ---- enclosures ------------------------------------------------------------------------------------------------------------------


def _regions(result: Result) -> tuple[tuple[Region, ...], list[str]]:
    value = None if result.value_enclosure is None else _ends(result.value_enclosure)
    found = [Region(sides, value) for s in result.solutions if (sides := _sides(s)) is not None]
    certificate = result.certificate
    boxes = [] if certificate is None else certificate.possible
    found += [Region(tuple(map(_ends, box)), value) for box in boxes[:_MOST_BOXES]]
    note = f"Of {len(boxes):,} boxes in which optima may be {_MOST_BOXES:,} are shown."
    return tuple(found), [note] if len(boxes) > _MOST_BOXES else []


def _sides(solution: Solution) -> tuple[tuple[float, float], ...] | None:
    return None if solution.enclosure is None or solution.point is None else tuple(_pairs(list(solution.enclosure.values())))


def _pairs(value: Any) -> Iterator[tuple[float, float]]:
    if len(value) == 2 and isinstance(value[0], str):
        yield _ends(value)
    else:
        for part in value:
            yield from _pairs(part)


def _ends(pair: Sequence[str]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


# ---- paths -----------------------------------------------------------------------------------------------------------------------


def _runs(attempt: Attempt) -> Iterator[Run]:
    records = attempt.trace or []
    starts = list(dict.fromkeys(record["start"] for record in records))
    label = attempt.method if attempt.stage is None else f"{attempt.method} ({attempt.stage})"
    for start in starts:
        mine = [r for r in records if r["start"] == start]
        name = label if len(starts) == 1 else f"{label}, start {start + 1}"
        yield Run(name, tuple((tuple(_leaves(r["point"])), r["value"]) for r in thinned(mine, _MOST_ITERATES)))


def _without_path(attempts: Iterable[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        if attempt.kind == "numerical" and not attempt.trace:
            yield f"{attempt.method} has no path: {attempt.reason or attempt.status.value}."
