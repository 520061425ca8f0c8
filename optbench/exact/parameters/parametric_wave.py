"""The minimum of a wave A*cos(w*x) + B*sin(w*x) + C with parameters on the whole line.

It is C + R*cos(w*x - p) with R = sqrt(A^2 + B^2) and the angle p of the point (A, B), so its least value is C - R, at w*x = p + pi and
at all points that lie whole turns away.

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> a, x = symbol("a"), symbol("x")
>>> least_of_wave(parse("a*cos(x) + sin(x)").node, Stretch(x, Assumptions({a: KINDS["negative"]})))
(-sqrt(a^2 + 1), atan(1/a))
"""

from __future__ import annotations

from fractions import Fraction

from optbench.exact.numbers.sums import Sum, plain_sum
from optbench.exact.parameters.assumptions import Assumptions, linear_in
from optbench.exact.parameters.stretch import Stretch
from optbench.exact.region.signs import POSITIVE, normal_form
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, subtract
from optbench.language.graph import Call, Node, symbols


def least_of_wave(minimand: Node, stretch: Stretch) -> tuple[Node, Node] | None:
    """Return the minimum on the whole line and one point at which it is; None for functions of other forms."""
    x, given = stretch.variable, stretch.assumptions
    with stretch.inside.applied():
        form = normal_form(minimand)
    if form is None or x in symbols(plain_sum(form.bottom)):
        return None
    parts: dict[Node, Sum] = {}
    for monomial, c in form.top.items():
        [*waves] = [a for a, e in monomial if x in symbols(a)]
        if len(waves) > 1 or any(dict(monomial)[a] != 1 or not isinstance(a, Call) or a.function not in ("cos", "sin") for a in waves):
            return None
        key = waves[0] if waves else number(0)
        parts.setdefault(key, {})[monomial - {(key, Fraction(1))}] = c
    angles = {a.args[0] for a in parts if isinstance(a, Call)}
    rate = linear_in(next(iter(angles)), x) if len(angles) == 1 else None
    if rate is None or rate[1] is not number(0):
        return None
    angle, bottom = angles.pop(), plain_sum(form.bottom)
    a, b, rest = (divide(plain_sum(parts.get(key, {})), bottom) for key in (call("cos", angle), call("sin", angle), number(0)))
    size = given.simplified(add(power(a, 2), power(b, 2)))
    if given.sign(rate[0]) == 0 or given.sign(size) == 0:
        return None
    value = given.simplified(subtract(rest, call("sqrt", size)))
    return value, divide(_angle(negate(a), negate(b), given), rate[0])


def _angle(a: Node, b: Node, given: Assumptions) -> Node:
    """The angle of (a, b), which is not (0, 0)."""
    if given.signs(a) <= POSITIVE:
        return number(0) if given.vanishes(b) else call("atan", given.simplified(divide(b, a)))
    if given.vanishes(a):
        return multiply(given.sign(b), divide(constant("pi"), 2))
    return constant("pi") if given.vanishes(b) else call("atan2", given.simplified(b), given.simplified(a))
