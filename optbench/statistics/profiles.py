"""Profiles: for each method the share of the problems that it solves, as a function of what one is ready to spend.

A performance profile (E. D. Dolan, J. J. Moré, Benchmarking optimization software with performance profiles, Math. Program.
91, 2002) counts the problems that a method solves at a cost of at most tau times the least cost of any method: rho(1) is
how often it was the cheapest, the right end how many it solves. A data profile (J. J. Moré, S. M. Wild, Benchmarking
derivative-free optimization algorithms, SIAM J. Optim. 20, 2009) counts those that it solves within so many simplex
gradients, n + 1 evaluations each. An ECDF of run times counts pairs of a problem and a target, and the expected running time
(ERT) is what it costs on average to reach a target with restarts (both: N. Hansen et al., COCO: a platform for comparing
continuous optimizers in a black-box setting, Optim. Methods Softw. 36, 2021).

All but the last are distribution functions, of which `Curve` is one.

>>> curves = performance_profile({"a": [1.0, 4.0, math.inf], "b": [2.0, 2.0, 5.0]})
>>> curves["a"].at(1.0), curves["a"].at(2.0), curves["b"].at(2.0)
(0.3333333333333333, 0.6666666666666666, 1.0)
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

_LEAST = 1e-9  # what a cost of 0 is taken for


@dataclass(frozen=True)
class Curve:
    """The share of `count` cases whose cost is at most x: a step function of x that never falls."""

    costs: tuple[float, ...]  # the finite ones, ascending
    count: int  # of all cases, those of infinite cost included

    @classmethod
    def of(cls, costs: Sequence[float]) -> Curve:
        """Return the curve of some costs, of which inf means never."""
        return cls(tuple(sorted(cost for cost in costs if math.isfinite(cost))), len(costs))

    def at(self, x: float) -> float:
        """Return the share of the cases whose cost is at most x; 0 of no cases."""
        return bisect_right(self.costs, x) / self.count if self.count else 0.0

    def steps(self) -> Iterator[tuple[float, float]]:
        """Yield where the curve rises, and to what share."""
        for number, cost in enumerate(self.costs, 1):
            if number == len(self.costs) or self.costs[number] != cost:
                yield cost, number / self.count


Costs = Mapping[str, Sequence[float]]  # of each method on each problem, in the same order; inf where it is not solved


def ratios(costs: Costs, leaving_out: Mapping[str, Collection[str]] | None = None) -> dict[str, list[float]]:
    """Return the cost of each method on each problem over the least cost of any; inf where it is not solved.

    `leaving_out` says of a method whose costs don't count for its ratios.
    """
    found = {}
    for method, own in costs.items():
        others = [them for name, them in costs.items() if name not in (leaving_out or {}).get(method, ())]
        least = [max(min(column), _LEAST) for column in zip(*others, strict=True)]
        found[method] = [max(cost, _LEAST) / best if math.isfinite(cost) else math.inf for cost, best in zip(own, least, strict=True)]
    return found


def performance_profile(costs: Costs) -> dict[str, Curve]:
    """Return for each method the share of the problems that it solves at a ratio of at most tau (Dolan and Moré, equation 2.1)."""
    return {method: Curve.of(its) for method, its in ratios(costs).items()}


def data_profile(evaluations: Costs, dimensions: Sequence[int]) -> dict[str, Curve]:
    """Return for each method the share of the problems that it solves within kappa*(n + 1) evaluations (Moré and Wild, equation 2.8).

    `evaluations` are those until the test of convergence holds, `dimensions` the unknowns of the problems.
    """
    return {method: Curve.of([count / (n + 1) for count, n in zip(its, dimensions, strict=True)]) for method, its in evaluations.items()}


def ecdf(arrivals: Mapping[str, Sequence[Sequence[float]]], dimensions: Sequence[int]) -> dict[str, Curve]:
    """Return for each method the share of pairs of a problem and a target that it reaches within so many evaluations an unknown.

    `arrivals` has for each method and problem the evaluations until each target is reached, inf where it is not
    (Hansen et al., section 4.4).
    """
    return {
        method: Curve.of([count / n for counts, n in zip(its, dimensions, strict=True) for count in counts])
        for method, its in arrivals.items()
    }


def expected_running_time(until: Sequence[float], spent: Sequence[float]) -> float:
    """Return the evaluations of all runs on a problem over the number of those that reached the target (Hansen et al., section 4.3).

    `until` has for each run the evaluations until it reached the target, inf if it did not; `spent` those of the whole run.
    inf where none did.

    >>> expected_running_time([10.0, math.inf], [30.0, 90.0])
    100.0
    """
    successes = sum(map(math.isfinite, until))
    total = sum(first if math.isfinite(first) else whole for first, whole in zip(until, spent, strict=True))
    return total / successes if successes else math.inf
