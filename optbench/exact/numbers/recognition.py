"""Numbers that are simpler than they are written: W(2*log(2)) = log(2), asin((sqrt(6) - sqrt(2))/4) = pi/12.

An enclosure suggests that a number is q times a known one with a simple fraction q; that it is so is then proved: w = W(z) on
the branch where w lies if w*exp(w) = z, and asin(u) = t if u = sin(t) and t lies between -pi/2 and pi/2. Both equations are
decided without W and without inverse functions.

>>> from optbench.language.elaborate import parse
>>> elementary_w("lambertw", parse("2*log(2)").node), elementary_w("lambertw_lower", parse("-exp(-1)").node)
(log(2), -1)
>>> print(known_angle("asin", parse("(sqrt(6) - sqrt(2))/4").node))
1/12
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from flint import arb, ctx

from optbench.arithmetic.balls import enclose
from optbench.exact.numbers.simplest_fraction import simple_fraction
from optbench.language.build import call, constant, divide, multiply, negate, number, subtract
from optbench.language.graph import Call, Node, functions, symbols, topological

_BITS = 90
_NARROW = Fraction(1, 1 << 40)  # the greatest width of a ball in which a simple fraction is no chance
_SIMPLE = 1000  # the greatest numerator and denominator that is worth a proof
_MAX_TURN = 60  # the greatest denominator of an angle over pi
_MAX_PARTS = 40


@lru_cache(maxsize=2048)
def elementary_w(branch: str, z: Node) -> Node | None:
    """Return W(z) written without W, where it is a simple multiple of 1 or of a logarithm, an exponent, an exponential or a sum in z."""
    from optbench.exact.numbers.identities import is_zero

    if symbols(z) or len(topological(z)) > _MAX_PARTS or functions(z) & {"lambertw", "lambertw_lower"}:
        return None
    value = _ball(call(branch, z))
    if value is None:
        return None
    for unit in _units(z):
        w = _multiple(value, unit)
        if w is not None and _lies_on(branch, w) and is_zero(subtract(multiply(w, call("exp", w)), z)):
            return w
    return None


def _units(z: Node) -> Iterator[Node]:
    yield number(1)
    parts = [part for part in topological(z) if isinstance(part, Call)]
    exponentials = [part for part in parts if part.function == "exp"]
    for part in parts:
        if part.function == "log":
            yield part
        elif part.function == "exp":
            inside = part.args[0]
            yield inside.args[0] if isinstance(inside, Call) and inside.function == "negate" else inside
            yield part
        elif part.function == "add":  # 6*log(2) + 6*log(3), and 2*e*log(2) + 2*e
            yield part
            yield from (divide(part, e) for e in exponentials)


def _lies_on(branch: str, w: Node) -> bool:
    """W(z) >= -1 on the upper branch, <= -1 on the lower one."""
    value = _ball(w)
    if value is None:
        return False
    return w is number(-1) or bool(value > -1 if branch == "lambertw" else value < -1)


@lru_cache(maxsize=2048)
def known_angle(function: str, u: Node) -> Fraction | None:
    """Return q where asin(u) or atan(u) is q*pi, -1/2 <= q <= 1/2, with a simple fraction q, else None."""
    from optbench.exact.numbers.algebraic import is_algebraic
    from optbench.exact.numbers.algebraic import is_zero as is_algebraic_zero

    if symbols(u) or len(topological(u)) > _MAX_PARTS or not is_algebraic(u):
        return None
    value = _ball(call(function, u))
    if value is None:
        return None
    with ctx.workprec(_BITS):
        q = simple_fraction(value / arb.pi(), _MAX_TURN, _NARROW)
    if q is None or abs(q) >= Fraction(1, 2):
        return None
    angle = multiply(q, constant("pi"))
    sine, cosine = call("sin", angle), call("cos", angle)
    equation = subtract(u, sine) if function == "asin" else subtract(multiply(u, cosine), sine)
    return q if is_algebraic_zero(equation) else None


def _multiple(value: arb, unit: Node) -> Node | None:
    size = _ball(unit)
    if size is None or size.contains(0):
        return None
    with ctx.workprec(_BITS):
        q = simple_fraction(value / size, _SIMPLE, _NARROW)
    if not q:
        return None
    return negate(multiply(-q, unit)) if q < 0 and unit is not number(1) else multiply(q, unit)


def _ball(node: Node) -> arb | None:
    [value] = enclose([node], {}, _BITS)
    return value.lower.union(value.upper) if not value.empty and value.is_bounded else None
