"""From a problem and what is known of its answer to a picture: the function becomes a callable of what is free."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from optbench.errors import ExitCode, OptbenchError, ProblemError, UsageError
from optbench.problem.problem import Problem
from optbench.problem.slice import free_entries
from optbench.report.picture.drawn import Detail, NothingDefined, Subject, picture
from optbench.report.picture.known import Flat, Known
from optbench.report.picture.model import Picture
from optbench.workbench.function import Function, entry_ranges, silent_numpy

_SECONDS = 2.0  # that looking at the function takes, about, where an evaluation is slow
_FEWEST = 24  # points along a side of a map all the same
_TIMED = 3  # evaluations that tell how slow it is
_QUICK = 1e-4  # seconds an evaluation up to which nothing is measured
_SHOWN = 5  # names in a sentence


class NowhereDefined(OptbenchError):
    """It is proved that the problem is defined nowhere on its range."""

    exit_code = ExitCode.INFEASIBLE


def check(problem: Problem) -> list[int]:
    """Return the one or two free entries of a problem that can be drawn; raise errors with a sentence for others."""
    if problem.free_parameters:
        names = [p.name for p in problem.free_parameters]
        raise UsageError(f"{_listed(names)} {'has' if len(names) == 1 else 'have'} no value; --param {names[0]}=2 gives one, to be drawn.")
    if any(interval.is_empty for interval, _ in problem.domains.values()):
        raise NowhereDefined("There is nothing to draw: the problem is defined nowhere on its range (proved).")
    free = free_entries(problem)
    if len(free) > 2:
        names = Function(problem).entry_names() if problem.dimension <= 1000 else [v.name for v in problem.variables]
        shown = [names[k] for k in free] if problem.dimension <= 1000 else names
        example = f"{shown[-1]}=1" if problem.dimension <= 1000 else f"{shown[-1]}[2:]=1"
        raise UsageError(
            f"{len(free):,} unknowns are free ({_listed(shown)}), and a picture shows one or two; "
            f"--slice holds the others, as in --slice {example}."
        )
    if free or problem.dimension == 1:
        return free or [0]
    raise UsageError("There is nothing to draw: every unknown has one value only.")


def drawn(problem: Problem, function: Function, known: Known, detail: Detail) -> Picture:
    """Return the picture of a problem that `check` accepts; raise `ProblemError` where the function is defined nowhere."""
    subject = subject_of(problem, function, check(problem))
    with silent_numpy():
        try:
            return picture(subject, known, _affordable(subject, detail))
        except NothingDefined as reason:
            raise ProblemError(str(reason)) from None


def _title(problem: Problem, held: Mapping[str, float]) -> str:
    """What is drawn, in a line."""
    name = f"{problem.name}: " if problem.name else ""
    values = [f"{entry} = {value:.6g}" for entry, value in islice(held.items(), _SHOWN)]
    slice_ = f", with {', '.join(values)}{', ...' if len(held) > _SHOWN else ''}" if held else ""
    return f"{name}{problem.sense} {problem.objective_text}{slice_}"


def subject_of(problem: Problem, function: Function, free: Sequence[int]) -> Subject:
    """Return the problem's function over its free entries; the others are held at the one value that they have."""
    ranges = [interval.floats for interval in entry_ranges(problem)]
    base = tuple(low if low == high else math.nan for low, high in ranges)
    at = _point(function, free, base)
    sign, value = problem.sign, function.value
    names = function.entry_names()
    return Subject(
        _title(problem, {name: base[k] for k, name in enumerate(names) if k not in free}),
        tuple(free),
        tuple(names[k] for k in free),
        tuple(ranges[k] for k in free),
        tuple(0.0 if k in free else c for k, c in enumerate(base)),
        lambda *x: sign * value(at(*x)) + 0.0,
        _inequality(function, at),
        _equations(function, at),
        tuple(k in function.integers for k in free),
    )


def _point(function: Function, free: Sequence[int], base: Flat) -> Callable[..., Any]:
    """The flat point of given free entries."""
    if function.scalar:
        return lambda x: x
    whole = function.space.point(list(base))
    places = list(free)

    def at(*x: float) -> Any:
        whole[places] = x
        return whole

    return at


def _inequality(function: Function, at: Callable[..., Any]) -> Callable[..., float] | None:
    """The greatest residual of the inequalities, nan where one is undefined; None without inequalities."""
    if all(function.equalities):
        return None
    import numpy as np

    chosen = ~np.array(function.equalities)
    return lambda *x: float(np.max(function.constraints(at(*x))[chosen]))


_MOST_EQUATIONS = 20


def _equations(function: Function, at: Callable[..., Any]) -> tuple[Callable[..., float], ...]:
    places = [k for k, equality in enumerate(function.equalities) if equality][:_MOST_EQUATIONS]
    return tuple(lambda *x, k=k: float(function.constraints(at(*x))[k]) for k in places)


def _affordable(subject: Subject, detail: Detail) -> Detail:
    """The detail, or less of it where an evaluation takes so long that looking would take seconds."""
    x = [_inner(low, high) for low, high in subject.ranges]
    began = time.perf_counter()
    subject.objective(*x)  # compiles it
    began = time.perf_counter()
    subject.objective(*x)
    if time.perf_counter() - began < _QUICK:
        return detail
    for _ in range(_TIMED):
        subject.objective(*x)
    most = _SECONDS / ((time.perf_counter() - began) / (_TIMED + 1))
    if len(subject.entries) == 1:
        return Detail(max(_FEWEST, min(detail.points, int(most / 4))), detail.columns, detail.rows, detail.levels)
    part = min(1.0, math.sqrt(most / (detail.columns * detail.rows)))
    return Detail(detail.points, max(_FEWEST, int(part * detail.columns)), max(_FEWEST, int(part * detail.rows)), detail.levels)


def _inner(low: float, high: float) -> float:
    return low / 2 + high / 2 if math.isfinite(low) and math.isfinite(high) else min(max(0.0, low), high)


def _listed(names: Sequence[str]) -> str:
    """The first names."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
