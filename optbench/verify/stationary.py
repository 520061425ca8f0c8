"""The stationary point that a certificate speaks of: that its interval holds one, no other, and the one of the solution.

The objective is read from the result, and derived. On the certificate's interval the derivative is defined and strictly
monotone, so it has one zero there at most; it changes its sign on what this interval and the solution's enclosure have in
common, so the zero is there, and is the solution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure, between
from optbench.arithmetic.balls import enclose
from optbench.language.build import symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Node, Symbol
from optbench.verify.ranges import Refused, fraction
from optbench.verify.smooth import smooth

X = symbol("x")
MAX_OBJECTIVE = 100_000  # characters
MAX_PARAMETERS = 4
_FREE = frozenset(("positive", "nonnegative", "negative", "real", "integer"))


class Asked(NamedTuple):
    """The problem of a result."""

    objective: str
    sense: str
    variables: Mapping[str, Mapping[str, Any]]
    parameters: Sequence[str]  # that have no value
    constrained: bool

    @staticmethod
    def of(problem: Mapping[str, Any]) -> Asked:
        """Return the problem as a result states it."""
        objective, sense = problem["objective"], problem["sense"]
        if not isinstance(objective, str) or len(objective) > MAX_OBJECTIVE or sense not in ("minimize", "maximize"):
            raise Refused("the problem of the result is not as it must be")
        free = [name for name, value in problem["parameters"].items() if value in _FREE]
        return Asked(objective, sense, problem["variables"], free, bool(problem["constraints"]))

    def function(self) -> Node:
        """Return the objective in the one unknown x and the parameters p0, p1, ..., whatever their names are."""
        if len(self.variables) != 1 or len(self.parameters) > MAX_PARAMETERS:
            raise Refused("the problem has several unknowns, or too many parameters")
        [(name, facts)] = self.variables.items()
        if facts["shape"] or facts["integer"]:
            raise Refused("the unknown is no real number")
        named: dict[str, Node] = {p: symbol(f"p{k}") for k, p in enumerate(self.parameters)}
        return parse(self.objective, Scope({name: X, **named})).node

    def slope(self) -> Node:
        """Return the derivative of the objective, where it has parameters."""
        return gradient(self.function(), [X])[0]


class StationaryPoint(NamedTuple):
    """The only zero of `equation`, an expression in x, in the ball `x`."""

    equation: Node
    x: arb


def stationary_point(asked: Asked, number: Mapping[str, Any], solution: Mapping[str, Any]) -> StationaryPoint:
    """Return the stationary point of a certificate; raise `Refused` if it is none, or not that of the solution."""
    [name] = asked.variables
    if set(number) != {"unknown", "in"} or number["unknown"] != name or asked.parameters:
        raise Refused("the number is not the problem's unknown")
    if solution["kind"] != "interior":
        raise Refused("the solution is said to be no stationary point")
    interval, enclosure = _ends(number["in"]), _ends(solution["enclosure"][name])
    found, curvature = _with_curvature(asked.function(), interval)
    if curvature != (1 if asked.sense == "minimize" else -1):
        raise Refused("the curvature at the number is not that of a solution")
    common = max(interval[0], enclosure[0]), min(interval[1], enclosure[1])
    if not common[0] < common[1] or _sign_at(found.equation, common[0]) * _sign_at(found.equation, common[1]) != -1:
        raise Refused("it is not seen that the solution is the number, a zero of the derivative")
    check_next_to(solution["point"][name], common)
    return found


def _with_curvature(function: Node, interval: tuple[Fraction, Fraction]) -> tuple[StationaryPoint, int]:
    """The equation f' = 0 on an interval on which f' is strictly monotone, and the sign of f'' there."""
    box = _box(between(*interval, ctx.prec))
    [equation] = gradient(smooth(function, box), [X])
    [curvature] = gradient(equation, [X])
    values = enclose([function, equation, curvature], box, ctx.prec)
    if not all(v.everywhere for v in values) or values[2].contains_zero:
        raise Refused("it is not seen that the derivative is defined and monotone around the number")
    return StationaryPoint(equation, box[X].lower.union(box[X].upper)), 1 if values[2].is_positive else -1


def check_next_to(point: float, interval: tuple[Fraction, Fraction]) -> None:
    """Demand that a double is between two numbers, up to rounding."""
    rounding = abs(Fraction(point)) / 2**50 + Fraction(1, 2**1000)
    if not interval[0] - rounding <= Fraction(point) <= interval[1] + rounding:
        raise Refused("the point of the solution is not the number")


def _ends(written: Sequence[str]) -> tuple[Fraction, Fraction]:
    low, high = written
    return fraction(low), fraction(high)


def _box(x: Enclosure) -> dict[Symbol, Enclosure]:
    return {X: x}


def _sign_at(equation: Node, at: Fraction) -> int:
    [value] = enclose([equation], _box(between(at, at, ctx.prec)), ctx.prec)
    return int(value.is_positive) - int(value.is_negative)
