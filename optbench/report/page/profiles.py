"""The charts of a run's profiles, each with the table of the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from optbench.report.page.charts import SHARE, Axis, Chart, Series, around, distribution
from optbench.report.page.words import Table, short
from optbench.statistics.profiles import Curve
from optbench.statistics.summary import Profiles

_LARGEST_RATIO = 1e4  # the right end of performance profiles, at most
TAUS = (1.0, 2.0, 5.0, 10.0, 100.0, 1000.0)  # in tables


class Figure(NamedTuple):
    """A chart and the table behind it."""

    name: str  # in ids
    chart: Chart
    note: str
    table: Table
    at: Sequence[float]  # what the columns of the table belong to, after the method


def figures(profiles: Profiles, numbers: Mapping[str, int]) -> list[Figure]:
    """Return the figures of all profiles that have anything to show, in the order of the page."""
    if not any(curve.count for curve in profiles.by_seconds.values()):
        return []
    found = [_performance("time", profiles.by_seconds, numbers), _performance("evaluations", profiles.by_evaluations, numbers)]
    for tau, curves in profiles.data.items():
        words = (
            f"Share of the cases in which all but {tau:g} of the way from the start to the optimum was made, within so many evaluations."
        )
        found.append(
            _over_evaluations(f"data-{-round(math.log10(tau))}", f"Data profile, tau = {tau:g}", words, "per n + 1", curves, numbers)
        )
    words = "Share of pairs of a case and a target (51 relative errors from 100 to 1e-8) that are reached within so many evaluations."
    return [*found, _over_evaluations("ecdf", "ECDF of run times", words, "per n", profiles.ecdf, numbers)]


def _performance(cost: str, curves: Mapping[str, Curve], numbers: Mapping[str, int]) -> Figure:
    ratios = [ratio for curve in curves.values() for ratio in curve.costs[-1:]]
    x = Axis(
        f"{cost}, over the least of the methods shown",
        1.0,
        min(_LARGEST_RATIO, 10.0 ** max(1, math.ceil(math.log10(max(ratios, default=1.0))))),
    )
    words = f"Share of the cases that a method solves within so many times the least {cost}: on the left how often it was the best one."
    return _figure(cost, f"Performance profile, {cost}", words, x, curves, numbers, TAUS)


def _over_evaluations(name: str, title: str, words: str, unit: str, curves: Mapping[str, Curve], numbers: Mapping[str, int]) -> Figure:
    costs = [cost for curve in curves.values() for cost in (*curve.costs[:1], *curve.costs[-1:])]
    x = around(costs, f"evaluations {unit}", 0.1)
    first, last = round(math.log10(x.low)), round(math.log10(x.high))
    return _figure(name, title, words, x, curves, numbers, [10.0**k for k in range(first, last + 1)][-7:])


def _figure(
    name: str, title: str, words: str, x: Axis, curves: Mapping[str, Curve], numbers: Mapping[str, int], at: Sequence[float]
) -> Figure:
    lines = tuple(distribution(Series(numbers[method], list(curve.steps())), x) for method, curve in curves.items())
    headings = ["method", *(f"{place:,.10g}" for place in at)]
    rows = [[short(method, 60), *(percent(curve.at(place * (1 + 1e-9))) for place in at)] for method, curve in curves.items()]
    shown = [numbers[method] for method in curves]
    table = Table(f"{title}: shares at some values of {x.words}", headings, rows, frozenset(headings[1:]), shown)
    kind = "performance" if name in ("time", "evaluations") else "profile"
    return Figure(name, Chart(kind, title, words, x, SHARE, lines, has_ends=False), words, table, at)


def percent(share: float) -> str:
    """Return a share as text, rounded as the script of the page does it."""
    return f"{math.floor(100 * share + 0.5)} %"
