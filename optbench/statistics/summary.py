"""A run in figures: for each method what it solved, what it claimed, how it failed and what it cost; and profiles of all.

Costs are shifted geometric means, exp(mean(log(cost + shift))) - shift: small times, which are mostly noise, and large ones
do not outweigh all others (H. D. Mittelmann, Benchmarks for optimization software; T. Achterberg, Constraint integer
programming, 2007, appendix A.3). A case that is not solved counts with the limit, there as here.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from optbench.statistics import profiles
from optbench.statistics.arrivals import TARGETS, arrival, arrivals, start_gap
from optbench.statistics.outcomes import Outcome, Outcomes, outcomes
from optbench.statistics.profiles import Costs, Curve
from optbench.statistics.records import Instance, Run, Unreadable
from optbench.statistics.truth import CLOSE, Basis, truths

SHIFT_SECONDS, SHIFT_EVALUATIONS = 0.01, 10.0
TAUS = (1e-1, 1e-3, 1e-5, 1e-7)  # of data profiles: what is left of the way from the start to the optimum


@dataclass(frozen=True)
class MethodSummary:
    """What a method did, over its cases: problems, at the points of a scan, each with each seed."""

    method: str
    kind: str
    cases: int
    attempts: int  # cases times repeats
    solved: int  # cases that every repeat solved
    claimed: int  # cases that a repeat says to have converged on
    wrong: int  # of these, those with a value that is not the truth
    wrong_on: list[str]  # the names of their problems, each once
    statuses: Mapping[str, int]  # of the attempts
    seconds: float  # shifted geometric mean; unsolved cases count with the limit
    evaluations: float | None  # the same; None for proofs
    common_seconds: float | None  # over the cases that all numerical methods solved; None without any, or for proofs
    common_evaluations: float | None
    spread: float | None  # median over the cases of the range of the times over their median; None without repeats


class Profiles(NamedTuple):
    """The profiles of the numerical methods, and the cases that they are over, in the order of the costs."""

    cases: list[Instance]
    seconds: Costs  # until the end, of each method on each case; inf where it is not solved
    evaluations: Costs
    by_seconds: dict[str, Curve]
    by_evaluations: dict[str, Curve]
    data: dict[float, dict[str, Curve]]  # by tau; over evaluations/(n + 1)
    ecdf: dict[str, Curve]  # over evaluations/n
    expected: dict[str, dict[str, float]]  # by method and problem: evaluations until within 1e-6 of the truth (ERT)
    missing: int  # pairs of a method and a case without an attempt; they count as unsolved
    is_traced: bool  # whether every attempt has its iterates


@dataclass(frozen=True)
class Summary:
    """A run in figures."""

    name: str
    problems: int  # at the points of scans
    cases: int
    attempts: int
    unreadable: list[Unreadable]
    bases: Mapping[str, int]  # how many truths rest on what
    without_optimum: int  # problems that are proved to have none
    disputes: list[str]  # sentences
    limit_seconds: float  # with which unsolved cases count
    limit_evaluations: float
    common: int  # cases that all numerical methods solved
    methods: list[MethodSummary]
    profiles: Profiles
    warnings: list[str]


def summary(run: Run) -> Summary:
    """Return the figures of a run."""
    truth_of = truths(run.records)
    found = outcomes(run.records, truth_of)
    numerical = {method: its for method, its in found.items() if _is_numerical(its)}
    cases = list(dict.fromkeys(instance for its in found.values() for instance in its))
    profiled = list(dict.fromkeys(instance for its in numerical.values() for instance in its))
    common = [case for case in profiled if all(case in its and its[case].is_solved for its in numerical.values())]
    seconds, evaluations = limit_seconds(run), max((float(r.evaluations) for r in run.records), default=0.0)
    names = {case.question: case.name for case in cases}
    return Summary(
        run.name,
        len(truth_of),
        len(profiled),
        len(run.records),
        run.unreadable,
        Counter(one.basis.value for one in truth_of.values()),
        sum(one.is_proved and not one.is_finite for one in truth_of.values()),
        [
            f"{names[question]}: {one.basis.value} {_shown(one.value)}, but {one.dispute}"
            for question, one in truth_of.items()
            if one.dispute
        ],
        seconds,
        evaluations,
        len(common),
        [_of_method(method, its, common, seconds, evaluations) for method, its in found.items()],
        _profiles(numerical, profiled),
        list(run.warnings),
    )


def _is_numerical(its: Mapping[Instance, Outcome]) -> bool:
    return next(iter(its.values())).kind == "numerical"


def _shown(value: float | None) -> str:
    return "value unknown" if value is None else f"{value:.9g}"


def limit_seconds(run: Run) -> float:
    """Return the limit of time that the journals tell, or else the longest time of an attempt."""
    told = [options.get("time_limit") for header in run.headers if isinstance(options := header.get("options"), Mapping)]
    limits = [float(limit) for limit in told if isinstance(limit, int | float)]
    return max(limits or [record.seconds for record in run.records], default=0.0)


def _of_method(
    method: str, its: Mapping[Instance, Outcome], common: Sequence[Instance], limit_seconds: float, limit_evaluations: float
) -> MethodSummary:
    all_ = list(its.values())
    shared = [its[case] for case in common] if _is_numerical(its) else []
    spreads = [one.spread for one in all_ if one.spread is not None]
    seconds = [one.seconds if one.is_solved else max(one.seconds, limit_seconds) for one in all_]
    evaluations = [one.evaluations if one.is_solved else max(one.evaluations, limit_evaluations) for one in all_]
    return MethodSummary(
        method,
        all_[0].kind,
        len(all_),
        sum(len(one.records) for one in all_),
        sum(one.is_solved for one in all_),
        sum(one.is_claimed for one in all_),
        sum(one.is_wrong for one in all_),
        list(dict.fromkeys(one.instance.name for one in all_ if one.is_wrong)),
        Counter(record.status for one in all_ for record in one.records),
        shifted_geometric_mean(seconds, SHIFT_SECONDS),
        shifted_geometric_mean(evaluations, SHIFT_EVALUATIONS) if _is_numerical(its) else None,
        shifted_geometric_mean([one.seconds for one in shared], SHIFT_SECONDS) if shared else None,
        shifted_geometric_mean([one.evaluations for one in shared], SHIFT_EVALUATIONS) if shared else None,
        statistics.median(spreads) if spreads else None,
    )


def shifted_geometric_mean(values: Iterable[float], shift: float) -> float:
    """Return exp(mean(log(value + shift))) - shift for a positive shift; at least one value is needed, none below 0.

    >>> round(shifted_geometric_mean([0.0, 30.0], 10.0), 12), shifted_geometric_mean([0.0, 0.0], 10.0)
    (10.0, 0.0)
    """
    logarithms = [math.log1p(value / shift) for value in values]  # so that the mean of zeros is 0
    return shift * math.expm1(math.fsum(logarithms) / len(logarithms))


# ---- profiles --------------------------------------------------------------------------------------------------------------


def costs(found: Outcomes, cases: Sequence[Instance], cost: Callable[[Outcome], float]) -> dict[str, list[float]]:
    """Return the cost of each method on each case; inf where it is not solved, or was not attempted."""
    return {
        method: [cost(its[case]) if case in its and its[case].is_solved else math.inf for case in cases] for method, its in found.items()
    }


def _profiles(found: Outcomes, cases: list[Instance]) -> Profiles:
    by_seconds = costs(found, cases, lambda one: one.seconds)
    by_evaluations = costs(found, cases, lambda one: one.evaluations)
    of_case = {case: [its[case] for its in found.values() if case in its] for case in cases}
    dimensions = [of_case[case][0].last.dimension for case in cases]
    gaps = {case: start_gap(its) for case, its in of_case.items()}
    return Profiles(
        cases,
        by_seconds,
        by_evaluations,
        profiles.performance_profile(by_seconds),
        profiles.performance_profile(by_evaluations),
        {
            tau: profiles.data_profile(_arrivals(found, cases, lambda case, tau=tau: tau * gaps[case]), dimensions)  # type: ignore[misc]
            for tau in TAUS
        },
        profiles.ecdf(_all_arrivals(found, cases), dimensions),
        {method: _expected(its) for method, its in found.items()},
        sum(case not in its for its in found.values() for case in cases),
        all(record.steps for its in found.values() for one in its.values() for record in one.records if record.value is not None),
    )


def _arrivals(found: Outcomes, cases: Sequence[Instance], target: Callable[[Instance], float]) -> dict[str, list[float]]:
    """The evaluations of each method until a target, which may differ by case."""
    return {
        method: [arrival(its[case].last, its[case].truth, target(case)).evaluations if case in its else math.inf for case in cases]
        for method, its in found.items()
    }


def _all_arrivals(found: Outcomes, cases: Sequence[Instance]) -> dict[str, list[list[float]]]:
    """The evaluations of each method until each of the targets."""
    never = [math.inf] * len(TARGETS)
    return {
        method: [
            [one.evaluations for one in arrivals(its[case].last, its[case].truth, TARGETS)] if case in its else never for case in cases
        ]
        for method, its in found.items()
    }


def _expected(its: Mapping[Instance, Outcome]) -> dict[str, float]:
    """The expected running time on each problem, over its seeds."""
    grouped: dict[tuple[str, str], list[Outcome]] = {}
    for instance, one in its.items():
        grouped.setdefault((instance.name, instance.question.problem_hash), []).append(one)
    names = Counter(name for name, _ in grouped)
    return {
        name if names[name] == 1 else f"{name} [{its_hash[-8:]}]": profiles.expected_running_time(
            [arrival(one.last, one.truth, CLOSE).evaluations for one in runs], [float(one.last.evaluations) for one in runs]
        )
        for (name, its_hash), runs in grouped.items()
    }


def knows_truth(bases: Mapping[str, int]) -> bool:
    """Whether any truth is more than the best that the methods themselves have found."""
    return any(bases.get(basis.value) for basis in (Basis.EXACT, Basis.CERTIFIED, Basis.PUBLISHED))
