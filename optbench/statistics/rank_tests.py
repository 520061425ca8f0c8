"""Rank tests of whether costs grew: of pairs (Wilcoxon's signed ranks), of repeats (stratified rank sums), of signs.

Each returns the probability that costs would grow as clearly as they did if nothing had changed (one-sided). Nothing is
assumed of distributions, ties have middle ranks, and small samples are counted out exactly (F. Wilcoxon, Individual
comparisons by ranking methods, Biometrics Bull. 1, 1945; E. L. Lehmann, Nonparametrics, 1975, sections 3.2 and 3.3).

>>> signed_ranks([0.5, 0.4, 0.3, 0.2]), rank_sums([([1.0, 1.1], [2.0, 2.1])])
(0.0625, 0.16666666666666666)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_EXACT = 50  # differences that are counted out
_EXACT_RANKS = 2_000_000  # steps of counting that rank sums may take
_TIE = 1e-12


def signed_ranks(differences: Sequence[float]) -> float:
    """Return the one-sided p-value of Wilcoxon's signed-rank test for differences that tend to be above 0; zeros are left out."""
    kept = [d for d in differences if abs(d) > _TIE]
    ranks = _doubled_ranks([abs(d) for d in kept])
    observed = sum(rank for rank, d in zip(ranks, kept, strict=True) if d > 0)
    if len(kept) <= _EXACT:
        counts = [1]  # of sign patterns, by the sum of the ranks with a plus
        for rank in ranks:
            counts = [a + b for a, b in zip(counts + [0] * rank, [0] * rank + counts, strict=True)]
        return float(sum(counts[observed:]) / 2 ** len(kept))
    variance = sum(rank * rank for rank in ranks) / 4
    return _upper_tail(observed, sum(ranks) / 2, variance)


def rank_sums(strata: Sequence[tuple[Sequence[float], Sequence[float]]]) -> float:
    """Return the one-sided p-value for the second sample of each pair to be above the first, in the sum of its ranks.

    Each stratum is a pair of samples, a problem's costs before and after; ranks are taken within the strata.
    """
    ranked = [(_doubled_ranks([*first, *second]), len(first)) for first, second in strata]
    observed = sum(sum(ranks[count:]) for ranks, count in ranked)
    if sum(sum(ranks) * len(ranks) * len(ranks) for ranks, _ in ranked) * len(ranked) <= _EXACT_RANKS:
        shares = [1.0]  # by the sum of the ranks
        for ranks, count in ranked:
            shares = _convolved(shares, _subset_sums(ranks, len(ranks) - count))
        return min(1.0, math.fsum(shares[observed:]))
    expected = variance = 0.0
    for ranks, count in ranked:
        size, mean = len(ranks), sum(ranks) / len(ranks)
        chosen = size - count
        expected += chosen * mean
        variance += chosen * count * sum((rank - mean) ** 2 for rank in ranks) / (size * (size - 1)) if size > 1 else 0.0
    return _upper_tail(observed, expected, variance)


def signs(above: int, below: int) -> float:
    """Return the probability of at least `above` heads in so many throws of a coin (the sign test).

    >>> signs(5, 0)
    0.03125
    """
    count = above + below
    return float(sum(math.comb(count, k) for k in range(above, count + 1)) / 2**count)


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the ranks, which are whole numbers also where ties share a middle rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and values[order[end]] - values[order[begin]] <= _TIE:
            end += 1
        for place in order[begin:end]:
            ranks[place] = begin + end + 1  # twice the mean of begin + 1 to end
        begin = end
    return ranks


def _subset_sums(ranks: Sequence[int], size: int) -> list[float]:
    """The shares of the subsets of so many ranks, by their sum."""
    counts = [[1], *([0] for _ in range(size))]
    for rank in ranks:
        for taken in range(size, 0, -1):
            fewer, same = counts[taken - 1], counts[taken]
            length = max(len(same), len(fewer) + rank)
            grown = same + [0] * (length - len(same))
            for total, count in enumerate(fewer):
                grown[total + rank] += count
            counts[taken] = grown
    return [count / math.comb(len(ranks), size) for count in counts[size]]


def _convolved(left: Sequence[float], right: Sequence[float]) -> list[float]:
    found = [0.0] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        if a:
            for j, b in enumerate(right):
                found[i + j] += a * b
    return found


def _upper_tail(observed: float, expected: float, variance: float) -> float:
    """The normal approximation with a correction for continuity; of doubled ranks, whose steps are 2."""
    if variance <= 0:
        return 1.0
    return 0.5 * math.erfc((observed - expected - 1.0) / math.sqrt(2 * variance))
