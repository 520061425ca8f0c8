"""Zeros of sums of logarithms of polynomials: r1*log(v1) + r2*log(v2) + ... + c with rational r and a constant c.

Multiplied by a whole number, the r are whole, and the sum is 0 where v1^r1*v2^r2*... = exp(-c). That is a polynomial equation
with one constant exp(-c) in its coefficients, which is solved up to degree 2. `equation` verifies the candidates.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> solutions(parse("log(x) + log(x + 1) - 1").node, symbol("x"))
[-(sqrt(1 + 4*e) + 1)/2, (sqrt(1 + 4*e) - 1)/2]
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from optbench.language.build import add, call, divide, multiply, negate, number, power, subtract
from optbench.language.constants import polynomial
from optbench.language.graph import Call, Node, Number, Symbol, symbols

_MAX_POWER = 12
_MAX_DEGREE = 24
_ONE = [Fraction(1)]

Coefficients = list[Fraction]  # of a polynomial, constant first


class _OtherForm(Exception):
    """The function is no sum of logarithms of polynomials."""


def solutions(function: Node, variable: Symbol) -> list[Node]:
    """Return candidates for the zeros; none where the function has another form."""
    try:
        factors, constant = _collected(function, variable)
    except _OtherForm:
        return []
    if len(factors) < 2:
        return []
    scale = lcm(*(r.denominator for _, r in factors))
    over, under = _product(factors, scale), _product([(v, -r) for v, r in factors], scale)
    if over is None or under is None or max(len(over), len(under)) > _MAX_DEGREE:
        return []
    return _roots(over, under, call("exp", multiply(-scale, constant)))


def _collected(function: Node, variable: Symbol) -> tuple[list[tuple[Coefficients, Fraction]], Node]:
    """The polynomials with the factors of their logarithms, and the constant."""
    terms = function.args if isinstance(function, Call) and function.function == "add" else (function,)
    factors: list[tuple[Coefficients, Fraction]] = []
    constant: Node = number(0)
    for term in terms:
        if variable not in symbols(term):
            constant = add(constant, term)
            continue
        factor, inner = _logarithm(term)
        coefficients = polynomial(inner, variable, _MAX_DEGREE)
        if coefficients is None:
            raise _OtherForm
        factors.append((list(coefficients), factor))
    return factors, constant


def _logarithm(term: Node) -> tuple[Fraction, Node]:
    """Return r and v of r*log(v)."""
    match term:
        case Call(function="log", args=(inner,)):
            return Fraction(1), inner
        case Call(function="negate", args=(inner,)):
            factor, found = _logarithm(inner)
            return -factor, found
        case Call(function="multiply", args=(Number(value=c), inner)):
            factor, found = _logarithm(inner)
            return c * factor, found
        case Call(function="divide", args=(inner, Number(value=c))) if c:
            factor, found = _logarithm(inner)
            return factor / c, found
    raise _OtherForm


def _product(factors: Sequence[tuple[Coefficients, Fraction]], scale: int) -> Coefficients | None:
    """The product of those with positive powers."""
    result = _ONE
    for coefficients, r in factors:
        n = int(r * scale)
        if n > _MAX_POWER:
            return None
        for _ in range(max(n, 0)):
            result = _times(result, coefficients)
    return result


def _times(a: Coefficients, b: Coefficients) -> Coefficients:
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            result[i + j] += p * q
    return result


def _roots(over: Coefficients, under: Coefficients, constant: Node) -> list[Node]:
    """The roots of over - constant*under, up to degree 2."""
    degree = max(len(over), len(under)) - 1
    padded = [side + [Fraction(0)] * (degree + 1 - len(side)) for side in (over, under)]
    coefficients = [subtract(number(p), multiply(q, constant)) for p, q in zip(*padded, strict=True)]
    if degree == 1:
        c, b = coefficients
        return [negate(divide(c, b))]
    if degree != 2:
        return []
    c, b, a = coefficients
    root = call("sqrt", subtract(power(b, 2), multiply(4, a, c)))
    return [divide(negate(add(root, b)), multiply(2, a)), divide(subtract(root, b), multiply(2, a))]
