"""Whether the costs of a method grew from one run to another, beyond what is noise.

For each problem that both runs solved, the ratio of the costs is taken. That a method got dearer is said if the median of
the ratios is at least the threshold, and a rank test says that chance would hardly do that. That it got dearer on some
problems is said if, after the median is taken out, the ratio of many more problems is above the threshold than below its
inverse. Without enough problems, or repeats, for such a test nothing is said but `unclear`.

The time of an instance is that of its least repeat, of equally many on both sides and without the first: what disturbs a
measurement makes it longer, never shorter (J. Chen, J. Revels, Robust benchmarking in noisy environments, 2016). In tests
over problems, the logarithm of a ratio is what is left of it when the ranges of the repeats are taken off: where they
overlap, nothing.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from optbench.statistics.outcomes import Outcome
from optbench.statistics.rank_tests import rank_sums, signed_ranks, signs
from optbench.statistics.records import Instance, Question

SHORTEST = 1e-4  # seconds; shorter times count as this, since a clock and a call take that much
_FEWEST = 1.0  # evaluations
_MANY = 4  # repeats, from which the middle half is their range
Problem = tuple[str, Question]
Repeats = tuple[list[float], list[float]]  # the times of an instance, in base and in new


class Trend(Enum):
    """What is said of the costs of a method."""

    STEADY = "steady"
    GROWN = "grown"
    GROWN_ON_SOME = "grown on some"
    SHRUNK = "shrunk"
    SHRUNK_ON_SOME = "shrunk on some"
    UNCLEAR = "unclear"  # the median is beyond the threshold, of too few problems to tell


@dataclass(frozen=True)
class CostChange:
    """How the cost of a method changed."""

    trend: Trend
    ratios: Mapping[Problem, float]  # new over base, of each problem that both runs solved
    median: float  # of them
    quartiles: tuple[float, float]
    grown: list[Problem]  # whose ratio is at least the threshold
    shrunk: list[Problem]  # whose ratio is at most its inverse
    p_value: float | None  # of the test that decided; None where there was none

    @property
    def typical_growth(self) -> float:
        """The median ratio of the problems on which it grew."""
        return statistics.median(self.ratios[problem] for problem in self.grown) if self.grown else 1.0

    @property
    def typical_fall(self) -> float:
        """The median ratio of the problems on which it shrank."""
        return statistics.median(self.ratios[problem] for problem in self.shrunk) if self.shrunk else 1.0


@dataclass(frozen=True)
class Pair:
    """What a method made of an instance in both runs; solved in both."""

    base: Outcome
    new: Outcome

    @property
    def instance(self) -> Instance:
        return self.base.instance

    def times(self) -> Repeats:
        """The times that count, in both runs, equally many."""
        before, after = self.base.timed, self.new.timed
        count = min(len(before), len(after))
        return [max(r.seconds, SHORTEST) for r in before[:count]], [max(r.seconds, SHORTEST) for r in after[:count]]


class _Growth(NamedTuple):
    """The logarithm of a ratio of costs, and what of it stands out from the repeats, which lies between that and 0."""

    likely: float
    clear: float


def time_change(pairs: Sequence[Pair], threshold: float, level: float) -> CostChange | None:
    """Return how the times changed; None without pairs. `level` is the probability of a false alarm of either test."""
    times = {pair.instance: pair.times() for pair in pairs}
    grown = {
        instance: _Growth(math.log(min(after) / min(before)), _clear_growth(before, after)) for instance, (before, after) in times.items()
    }
    return _change(grown, list(times.values()), threshold, level)


def evaluation_change(pairs: Sequence[Pair], threshold: float, level: float) -> CostChange | None:
    """Return how the evaluations changed; None without pairs that have any."""
    counted = [pair for pair in pairs if pair.base.evaluations or pair.new.evaluations]
    logs = {pair.instance: math.log(max(pair.new.evaluations, _FEWEST) / max(pair.base.evaluations, _FEWEST)) for pair in counted}
    return _change({instance: _Growth(log, log) for instance, log in logs.items()}, [], threshold, level)


def _clear_growth(before: Sequence[float], after: Sequence[float]) -> float:
    """The logarithm of the gap between the times before and after, with its sign; 0 where they overlap."""
    (low, high), (new_low, new_high) = _range(before), _range(after)
    return math.log(new_low / high) if new_low > high else math.log(new_high / low) if new_high < low else 0.0


def _range(times: Sequence[float]) -> tuple[float, float]:
    """The ends of some times; of many, those of the middle half."""
    return _quartiles(times) if len(times) >= _MANY else (min(times), max(times))


def _change(grown: Mapping[Instance, _Growth], repeats: Sequence[Repeats], threshold: float, level: float) -> CostChange | None:
    if not grown:
        return None
    of_problem: dict[Problem, list[_Growth]] = {}
    for instance, growth in grown.items():
        of_problem.setdefault((instance.problem, instance.question), []).append(growth)
    means = {problem: _Growth(*map(statistics.fmean, zip(*its, strict=True))) for problem, its in of_problem.items()}
    ratios = {problem: math.exp(mean.likely) for problem, mean in means.items()}
    trend, p_value = _trend(list(means.values()), repeats, math.log(threshold), level)
    return CostChange(
        trend,
        ratios,
        statistics.median(ratios.values()),
        _quartiles(ratios.values()),
        [problem for problem, ratio in ratios.items() if ratio >= threshold],
        [problem for problem, ratio in ratios.items() if ratio <= 1 / threshold],
        p_value,
    )


def _trend(growths: Sequence[_Growth], repeats: Sequence[Repeats], least: float, level: float) -> tuple[Trend, float | None]:
    """What is said, and the p-value on which it rests."""
    median = statistics.median(growth.likely for growth in growths)
    unclear = False
    for sign, overall in ((1, Trend.GROWN), (-1, Trend.SHRUNK)):
        if sign * median >= least:
            p = _p_value([sign * growth.clear for growth in growths], repeats if sign > 0 else [(b, a) for a, b in repeats], level)
            if p is not None and p <= level:
                return overall, p
            unclear = unclear or p is None
    for sign, some in ((1, Trend.GROWN_ON_SOME), (-1, Trend.SHRUNK_ON_SOME)):
        usual = max(0.0, sign * median)
        clear = [sign * growth.likely - usual for growth in growths if growth.clear]
        p = signs(sum(log >= least for log in clear), sum(log <= -least for log in clear))
        if p <= level:
            return some, p
    return (Trend.UNCLEAR if unclear else Trend.STEADY), None


def _p_value(logs: Sequence[float], repeats: Sequence[Repeats], level: float) -> float | None:
    """The p-value for growth: over problems, if they are many enough to tell; else over their repeats; else None."""
    if 2.0 ** -len(logs) <= level:
        return signed_ranks(logs)
    least = math.prod(1 / math.comb(len(before) + len(after), len(after)) for before, after in repeats)
    return rank_sums([(before, after) for before, after in repeats]) if repeats and least <= level else None


def _quartiles(values: Iterable[float]) -> tuple[float, float]:
    found = sorted(values)
    if len(found) < 2:
        return found[0], found[0]
    low, _, high = statistics.quantiles(found, n=4, method="inclusive")
    return low, high
