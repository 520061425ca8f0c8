"""Which factors of a product belong together, since enclosures of them one by one forget what they share.

A factor that stands n times is a power. Beside its partner u^p, p > 0, a factor log(u) makes one function that is
bounded near 0, where the two of them are at odds.

>>> from optbench.language.elaborate import parse
>>> pieces_of(parse("y*sqrt(x)*y*log(x)").node.args)
[PowerTimesLog(power=sqrt(x), logarithm=log(x), exponent=Fraction(1, 2)), Repeated(factor=y, count=2)]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from optbench.language.graph import Call, Node, Number


@dataclass(frozen=True, slots=True)
class Repeated:
    """factor^count."""

    factor: Node
    count: int

    @property
    def parts(self) -> tuple[Node, ...]:
        """The factors of the product that the piece reads."""
        return (self.factor,)


@dataclass(frozen=True, slots=True)
class PowerTimesLog:
    """power*logarithm, where power is u^exponent and logarithm is log(u): v*log(v)/exponent with v = power."""

    power: Node
    logarithm: Node
    exponent: Fraction

    @property
    def parts(self) -> tuple[Node, ...]:
        """The factors of the product that the piece reads."""
        return (self.power, self.logarithm)


Piece: TypeAlias = Repeated | PowerTimesLog


def pieces_of(factors: Sequence[Node]) -> list[Piece]:
    """Return pieces whose product is that of the factors, those with a logarithm first."""
    counts = Counter(factors)
    pieces: list[Piece] = list(_powers_times_logs(factors, counts))
    pieces.extend(Repeated(factor, count) for factor, count in counts.items() if count)
    return pieces


def _powers_times_logs(factors: Sequence[Node], counts: Counter[Node]) -> Iterator[PowerTimesLog]:
    """Yield the pairs of a power and a logarithm, and take them out of the counts."""
    for factor in factors:
        if isinstance(factor, Call) and factor.function == "log" and counts[factor]:
            for partner in factors:
                exponent = _exponent_of(partner, factor.args[0])
                if counts[factor] and counts[partner] and exponent is not None:
                    counts.subtract((factor, partner))
                    yield PowerTimesLog(partner, factor, exponent)


def _exponent_of(factor: Node, base: Node) -> Fraction | None:
    """Return p > 0 where `factor` is base^p, else None."""
    if factor is base:
        return Fraction(1)
    if isinstance(factor, Call) and factor.args and factor.args[0] is base:
        if factor.function == "sqrt":
            return Fraction(1, 2)
        if factor.function == "power" and isinstance(factor.args[1], Number) and factor.args[1].value > 0:
            return factor.args[1].value
    return None
