"""Exact zero tests for algebraic numbers: a value closer to 0 than its separation bound is 0.

Every number made from integers by + - * /, roots, `rootof`, the sine and cosine of rational multiples of pi, and the cosine
of a third of an arc cosine, is U/L with algebraic integers U and L. If all conjugates of U are at most 2^u, all of L at
most 2^l, and the field that holds them has degree at most D, then U = 0 or |U| >= 2^(-u(D-1)), since the norm of U is a
whole number; so U/L = 0 or |U/L| >= 2^(-u(D-1) - l). The rules below carry u, l and D through an expression.

>>> from optbench.language.elaborate import parse
>>> is_zero(parse("sqrt(2) + sqrt(3) - sqrt(5 + 2*sqrt(6))").node)
True

Source: C. Burnikel, S. Funke, K. Mehlhorn, S. Schirra, S. Schmitt, A separation bound for real algebraic expressions,
Algorithmica 55 (2009) 14-28.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, log2
from typing import NamedTuple

from flint import arb, fmpz

from optbench.arithmetic.balls import enclose
from optbench.language.build import number
from optbench.language.graph import Call, Node, Number, topological

MAX_DEGREE = 5_000
MAX_BITS = 60_000
_SLACK = 1 + 1e-9  # more than covers what rounding takes from the logarithms


class _Size(NamedTuple):
    """The value is U/L; all conjugates of U are at most 2^u, all of L at most 2^l."""

    u: float
    l: float  # noqa: E741 (the letter of the source)


def is_zero(node: Node) -> bool | None:
    """Return whether an algebraic number without unknowns is 0, or None where it is not known to be algebraic or its
    bound is out of reach. The number must be defined; only its enclosure is looked at."""
    bits = separation_bits(node)
    if bits is None:
        return None
    precision = 64
    while True:
        [value] = enclose([node], {}, precision)
        if not value.contains_zero:
            return False
        if value.upper < _power_of_two(-bits) and value.lower > -_power_of_two(-bits):
            return True
        if precision > 2 * bits + 256:
            return None  # the enclosure does not get narrower
        precision = max(4 * precision, bits + 128) if precision > 256 else 4 * precision


def is_algebraic(node: Node) -> bool:
    """Whether the node is a number of the kind that this module can judge, whatever its size."""
    return all(_size_of(part, {a: _Size(0, 0) for a in _parts(part)}) is not None for part in _numbers(node))


def separation_bits(node: Node) -> int | None:
    """Return b such that the number is 0 or at least 2^-b in size; None where there is no such bound in reach."""
    sizes: dict[Node, _Size] = {}
    degree = 1
    for part in _numbers(node):
        size = _size_of(part, sizes)
        degree *= _degree_of(part)
        if size is None or degree > MAX_DEGREE:
            return None
        sizes[part] = size
    u, l = sizes[node]  # noqa: E741
    bits = ((degree - 1) * u + l) * _SLACK + 2
    return ceil(bits) if bits <= MAX_BITS else None


def _numbers(node: Node) -> list[Node]:
    """The parts that are numbers; the angle of a sine is no part of its own."""
    return topological(node, enter=_parts)


def _parts(node: Node) -> tuple[Node, ...]:
    third = third_of(node)
    if third is not None:
        return (third,)
    return () if _turn(node) is not None else node.args


def third_of(node: Node) -> Node | None:
    """Return w where the node is written as cos(acos(w)/3 + k*2*pi/3) with a whole k, so that 4*c^3 - 3*c = w; else None."""
    if not (isinstance(node, Call) and node.function == "cos"):
        return None
    angle = node.args[0]
    terms = angle.args if isinstance(angle, Call) and angle.function == "add" else (angle,)
    thirds = [t.args[0] for t in terms if isinstance(t, Call) and t.function == "divide" and t.args[1] is number(3)]
    inverses = [t for t in thirds if isinstance(t, Call) and t.function == "acos"]
    turns = [q for t in terms if (q := pi_multiple(t)) is not None]
    if len(inverses) != 1 or len(turns) != len(terms) - 1 or (sum(turns, Fraction(0)) * 3 / 2).denominator != 1:
        return None
    return inverses[0].args[0]


def _turn(node: Node) -> Fraction | None:
    """Return r where the node is sin(r*pi), cos(r*pi) or tan(r*pi) with rational r, else None."""
    if not (isinstance(node, Call) and node.function in ("sin", "cos", "tan")):
        return None
    return pi_multiple(node.args[0])


def pi_multiple(node: Node) -> Fraction | None:
    """Return r where the node is written as r*pi with a rational r, else None."""
    if isinstance(node, Number):
        return Fraction(0) if not node.value else None
    if not isinstance(node, Call):
        return None
    match node.function:
        case "pi":
            return Fraction(1)
        case "negate":
            inner = pi_multiple(node.args[0])
            return None if inner is None else -inner
        case "multiply" if len(node.args) == 2 and isinstance(node.args[0], Number):
            inner = pi_multiple(node.args[1])
            return None if inner is None else node.args[0].value * inner
        case "divide" if isinstance(node.args[1], Number) and node.args[1].value:
            inner = pi_multiple(node.args[0])
            return None if inner is None else inner / node.args[1].value
    return None


def _size_of(node: Node, sizes: dict[Node, _Size]) -> _Size | None:
    if isinstance(node, Number):
        return _Size(_bits(abs(node.value.numerator)), _bits(node.value.denominator))
    if not isinstance(node, Call):
        return None
    if _turn(node) is not None:
        return None if node.function == "tan" else _Size(1, 1)  # 2*cos(r*pi) is an algebraic integer, at most 2
    parts = [sizes[a] for a in _parts(node)]
    if third_of(node) is not None:
        return _third(parts[0])
    match node.function:
        case "add":
            total = parts[0]
            for part in parts[1:]:
                total = _Size(max(total.u + part.l, part.u + total.l) + 1, total.l + part.l)
            return total
        case "negate":
            return parts[0]
        case "multiply":
            return _Size(sum(p.u for p in parts), sum(p.l for p in parts))
        case "divide":
            return _Size(parts[0].u + parts[1].l, parts[0].l + parts[1].u)
        case "sqrt" | "cbrt":
            return _root(parts[0], 2 if node.function == "sqrt" else 3)
        case "power" if isinstance(node.args[1], Number):
            return _power(parts[0], node.args[1].value)
        case "rootof":
            return _root_object(node.static[0])
    return None


def _root(size: _Size, k: int) -> _Size:
    """(U/L)^(1/k) is (U*L^(k-1))^(1/k) / L, or U / (U^(k-1)*L)^(1/k)."""
    if size.u >= size.l:
        return _Size((size.u + (k - 1) * size.l) / k, size.l)
    return _Size(size.u, ((k - 1) * size.u + size.l) / k)


def _third(size: _Size) -> _Size:
    """With w = U/L, y = 2*L*c is a root of y^3 - 3*L^2*y - 2*U*L^2, so at most twice the larger of 3^(1/2)*L and (2*U*L^2)^(1/3)
    (Lagrange), and an algebraic integer."""
    return _Size(1 + max(0.8 + size.l, (1 + size.u + 2 * size.l) / 3), size.l + 1)


def _power(size: _Size, exponent: Fraction) -> _Size:
    base = _root(size, exponent.denominator) if exponent.denominator > 1 else size
    n = abs(exponent.numerator)
    raised = _Size(n * base.u, n * base.l)
    return raised if exponent > 0 else _Size(raised.l, raised.u)


def _root_object(coefficients: tuple[int, ...]) -> _Size:
    """A root r of a polynomial with leading coefficient a: a*r is an algebraic integer, |r| <= 1 + max |c|/|a| (Cauchy)."""
    leading = _bits(abs(coefficients[-1]))
    largest = _bits(max(map(abs, coefficients[:-1])) + abs(coefficients[-1]))
    return _Size(largest, leading)


def _degree_of(node: Node) -> int:
    if not isinstance(node, Call):
        return 1
    turn = _turn(node)
    if turn is not None:
        return max(1, _totient(2 * turn.denominator))
    if third_of(node) is not None:
        return 3
    match node.function:
        case "sqrt" | "cbrt":
            return 2 if node.function == "sqrt" else 3
        case "power" if isinstance(node.args[1], Number):
            return node.args[1].value.denominator
        case "rootof":
            return len(node.static[0]) - 1
    return 1


def _totient(n: int) -> int:
    return int(fmpz(n).euler_phi())


def _bits(value: int) -> float:
    """An upper bound of log2 for positive whole numbers of any size, 0 for 0 and 1."""
    if value <= 1:
        return 0.0
    return log2(value) if value < 1 << 500 else float(value.bit_length())


def _power_of_two(exponent: int) -> arb:
    return arb((fmpz(1), fmpz(exponent)))
