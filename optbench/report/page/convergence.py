"""How attempts converged: the relative error of the best feasible value until then, against evaluations and against time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from optbench.report.page.charts import Chart, Series, around, descent
from optbench.report.page.words import Table
from optbench.statistics.outcomes import Outcome
from optbench.statistics.records import FEASIBLE, Record, Step
from optbench.statistics.truth import Truth, gap

LEAST = 1e-16  # errors below are shown there: they are rounding
_LARGEST = 1e12
UNTIL = "Evaluations until the relative error is at most so much"
_TARGETS = (1e-1, 1e-2, 1e-4, 1e-6, 1e-8)  # relative errors, in the table


class Way(NamedTuple):
    """How an attempt came to its value: evaluations, seconds, and the relative error of the best value until then."""

    method: int
    steps: Sequence[tuple[float, float, float]]


def way(method: int, values: Iterable[tuple[float, float, float]], spent: tuple[float, float], sign: int, truth: Truth) -> Way | None:
    """Return how an attempt converged; None where no error can be told.

    `values` are its feasible ones in turn, each with the evaluations and seconds until then; it has `spent` so many in all.
    """
    if not truth.is_finite:
        return None
    best, found = float("inf"), list[tuple[float, float, float]]()
    for value, evaluations, seconds in values:
        error = min(max(gap(value, sign, truth), LEAST), _LARGEST)
        if error < best:
            best = error
            found.append((evaluations, seconds, best))
    if not found:
        return None
    return Way(method, [*found, (max(spent[0], found[-1][0]), max(spent[1], found[-1][1]), best)])


def of_outcomes(outcomes: Iterable[Outcome], numbers: Mapping[str, int]) -> list[Way]:
    """Return the ways of the last repeats of outcomes, by the numbers of their methods."""
    ways = (
        way(numbers[one.method], _values(one.last), (one.last.evaluations, one.last.seconds), one.last.sign, one.truth)
        for one in outcomes
        if one.kind == "numerical"
    )
    return [found for found in ways if found is not None]


def _values(record: Record) -> Iterator[tuple[float, float, float]]:
    yield from of_steps(record.steps)
    if (value := record.feasible_value) is not None:
        yield value, record.evaluations, record.seconds


def of_steps(steps: Iterable[Step]) -> Iterator[tuple[float, float, float]]:
    """Yield the feasible values of iterates, with the evaluations and seconds until then."""
    yield from ((s.value, s.evaluations, s.seconds) for s in steps if s.value is not None and s.infeasibility <= FEASIBLE)


def charts(ways: Sequence[Way], problem: str, places: int) -> list[Chart]:
    """Return the two charts of a problem; of each way so many corners are kept."""
    if not ways:
        return []
    errors = around([step[2] for its in ways for step in its.steps], "relative error", LEAST, as_powers=True)
    found = []
    for column, words, kind, least in ((0, "evaluations", "evaluations", 1.0), (1, "seconds", "time", 1e-6)):
        x = around([step[column] for its in ways for step in its.steps], words, least, as_powers=column == 1)
        lines = tuple(descent(Series(its.method, _thinned([(s[column], s[2]) for s in its.steps], places)), x, errors) for its in ways)
        told = f"For each attempt on {problem}, the relative error of its best feasible value, against {words}; both axes are logarithmic."
        found.append(Chart("convergence", f"Error against {kind}", told, x, errors, lines, has_ends=True))
    return found


def table(ways: Sequence[Way], names: Mapping[int, str], caption: str) -> Table:
    """Return for each method the evaluations until its relative error was small enough: the median over its attempts."""
    rows = []
    methods = list(dict.fromkeys(its.method for its in ways))
    for method in methods:
        mine = [its for its in ways if its.method == method]
        until = [sorted(_until(its, target) for its in mine)[len(mine) // 2] for target in _TARGETS]
        rows.append([names[method], *(f"{count:,.0f}" if math.isfinite(count) else "never" for count in until)])
    headings = ["method", *(f"{target:g}" for target in _TARGETS)]
    return Table(caption, headings, rows, frozenset(headings[1:]), methods)


def _until(its: Way, target: float) -> float:
    return next((evaluations for evaluations, _, error in its.steps if error <= target), math.inf)


def _thinned(corners: Sequence[tuple[float, float]], places: int) -> Sequence[tuple[float, float]]:
    """The first and the last corner, and evenly chosen ones between them."""
    if len(corners) <= places:
        return corners
    step = (len(corners) - 1) / (places - 1)
    return [corners[round(k * step)] for k in range(places)]
