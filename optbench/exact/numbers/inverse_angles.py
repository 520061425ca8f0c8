"""Inverse trigonometric functions of sines, cosines and tangents of numbers: asin(sin(2)) is pi - 2.

>>> from optbench.language.elaborate import parse
>>> [str(undone(parse(t).node)) for t in ("atan(tan(2))", "asin(sin(2))", "acos(cos(4))", "acos(cos(-1))", "asin(cos(1))")]
['2 - pi', '-(2 - pi)', '-(4 - 2*pi)', '1', 'None']
"""

from __future__ import annotations

from optbench.arithmetic.balls import as_fraction, value_of
from optbench.exact.numbers.sums import sign_of
from optbench.language.build import constant, divide, multiply, negate, subtract
from optbench.language.graph import Call, Node, symbols

_INVERSES = {"asin": "sin", "acos": "cos", "atan": "tan"}


def undone(node: Call) -> Node | None:
    """Return the angle of asin(sin(c)), acos(cos(c)) or atan(tan(c)), proved to be that one; None for anything else.

    With the whole number m nearest to c/pi, c - m*pi lies between -pi/2 and pi/2, and the sine has the sign (-1)^m there.
    """
    inner = node.args[0]
    if not (isinstance(inner, Call) and inner.function == _INVERSES.get(node.function)) or symbols(inner):
        return None
    [c], step = inner.args, 2 if node.function == "acos" else 1
    turns = _nearest(divide(c, multiply(step, constant("pi"))))
    if turns is None:
        return None
    rest = subtract(c, multiply(step * turns, constant("pi")))
    if node.function == "acos":
        sign = sign_of(rest)
        return None if sign is None else rest if sign > 0 else negate(rest)
    return negate(rest) if node.function == "asin" and turns % 2 else rest


def _nearest(value: Node) -> int | None:
    """The whole number that is proved to be nearer than 1/2 to a number."""
    ball = value_of(value)
    if ball.empty or not ball.is_bounded:
        return None
    low, high = as_fraction(ball.lower), as_fraction(ball.upper)
    nearest = round(low)
    return nearest if abs(low - nearest) * 2 < 1 and abs(high - nearest) * 2 < 1 else None
