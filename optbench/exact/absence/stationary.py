"""The equation that a stationary point of one unknown solves, and an interval that holds this solution and no other.

The equation is the derivative of the minimand, written without kinks on an interval around the point. It changes its sign
there and is strictly monotone, so it has one zero in it, by the mean value theorem.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from optbench.arithmetic.balls import Enclosure, between, decimals, enclose
from optbench.exact.absence.field import Refused
from optbench.exact.answer import NotApplicable
from optbench.exact.line.enclosed import Bracket, EnclosedRoot
from optbench.exact.line.pieces import Place, Undecided, Undefined, smoothed
from optbench.language.build import number
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.graph import GraphError, Node, Symbol

DIGITS = 60  # of the interval; small enough to tell exceptions from the root (the theory asks for 55)


class StationaryPoint(NamedTuple):
    """The only zero of `equation` in an interval, whose ends are decimal texts."""

    equation: Node
    unknown: Symbol
    ends: tuple[str, str]

    @property
    def box(self) -> Enclosure:
        """The interval."""
        low, high = map(Fraction, self.ends)
        return between(low, high)


def stationary_point(minimand: Node, unknown: Symbol, low: Fraction, high: Fraction) -> StationaryPoint:
    """Return the equation and a narrow interval for the stationary point between two numbers; raise `Refused` for another point."""
    try:
        smooth = smoothed(minimand, Place(unknown, number(low), number(high)))
        [equation] = gradient(smooth, [unknown])
        [slope] = gradient(equation, [unknown])
        box = {unknown: between(low, high)}
        [curvature] = enclose([slope], box)
        ends = [enclose([equation], {unknown: between(end, end)})[0] for end in (low, high)]
        if curvature.contains_zero or not curvature.everywhere or not (ends[0].is_negative and ends[1].is_positive):
            raise Refused("it is not seen to be a simple zero of the derivative")
        found = EnclosedRoot(Bracket(equation, slope, unknown, low, high)).enclosure(round(DIGITS * 3.4))
    except (NotDifferentiable, NotApplicable, GraphError, Undecided, Undefined):
        raise Refused("the derivative at the point is not known as an expression") from None
    return StationaryPoint(equation, unknown, decimals(found, DIGITS))
