"""Roots of sums that are polynomials in one unknown: complete, since real roots of polynomials can be isolated.

The polynomial is factored over the rational numbers. Linear factors give rational numbers, quadratic ones square roots,
x^n - c its n-th root, all others `rootof`.

>>> from optbench.exact.numbers.identities import normal
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> real_roots(normal(parse("(x^2 - 2)*(x^3 - x - 1)").node).top, symbol("x"))
[-sqrt(2), sqrt(2), rootof(t^3 - t - 1, 0)]
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from flint import fmpz, fmpz_poly

from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import Sum, sign_of
from optbench.language.build import add, call, divide, multiply, negate, number, power
from optbench.language.graph import Node, Symbol
from optbench.language.rootof import MAX_DEGREE, real_root
from optbench.language.rootof import real_roots as isolated


class Candidates(NamedTuple):
    """Formulas that may be zeros of a function; `complete`: every zero is one of them."""

    formulas: list[Node]
    complete: bool


def real_roots(terms: Sum, unknown: Symbol) -> list[Node] | None:
    """Return every real root of a sum that is a polynomial in the unknown with rational coefficients, each once; None
    where the sum is no such polynomial."""
    read = in_powers(terms, unknown)
    if read is None:
        return None
    coefficients, q = read
    roots = roots_of(coefficients)
    return roots if q == 1 else [simplified(power(t, q)) for t in roots if t is number(0) or sign_of(t) == 1]


def in_powers(terms: Sum, unknown: Symbol) -> tuple[list[Fraction], int] | None:
    """Return the coefficients, constant first, and q of a sum that is a polynomial in t = x^(1/q), where t >= 0 if q is not 1."""
    degrees = _degrees(terms, unknown)
    if degrees is None:
        return None
    q = lcm(*(d.denominator for d in degrees))
    coefficients = _coefficients({d * q: c for d, c in degrees.items()})
    return None if coefficients is None else (coefficients, q)


def factored(coefficients: Sequence[Fraction]) -> list[tuple[list[int], int]]:
    """Return the factors that are irreducible over the rational numbers, each with its multiplicity, without a constant factor."""
    scale = lcm(*(c.denominator for c in coefficients))
    _, factors = fmpz_poly([int(c * scale) for c in coefficients]).factor()
    return [([int(c) for c in factor.coeffs()], int(count)) for factor, count in factors]


def roots_of(coefficients: Sequence[Fraction]) -> list[Node]:
    """Return the real roots of a polynomial, each once, from its coefficients, constant first, the last one not 0."""
    return [root for factor, _ in factored(coefficients) for root in _roots_of_factor(factor)]


def _degrees(terms: Sum, unknown: Symbol) -> dict[Fraction, Fraction] | None:
    """Return the coefficient of each power of the unknown."""
    degrees: dict[Fraction, Fraction] = {}
    for monomial, c in terms.items():
        powers = dict(monomial)
        degree = powers.pop(unknown, Fraction(0))
        if powers:
            return None
        degrees[degree] = c
    return degrees


def _coefficients(degrees: dict[Fraction, Fraction]) -> list[Fraction] | None:
    """Return the coefficients of whole powers, constant first; x^-2*(...) has the zeros of (...) where it is defined."""
    shift = min(min(degrees), Fraction(0))
    top = int(max(degrees) - shift)
    if top > MAX_DEGREE:
        return None
    return [degrees.get(Fraction(k) + shift, Fraction(0)) for k in range(top + 1)]


def _roots_of_factor(factor: list[int]) -> list[Node]:
    degree = len(factor) - 1
    if degree == 1:
        return [number(Fraction(-factor[0], factor[1]))]
    if degree == 2:
        return _quadratic(*factor)
    if not any(factor[1:-1]):
        return _binomial(Fraction(-factor[0], factor[-1]), degree)
    return [real_root(factor, k) for k in range(len(isolated(factor)))]


def _quadratic(c: int, b: int, a: int) -> list[Node]:
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return []
    square, rest = _square_part(discriminant)
    root = call("sqrt", rest)
    middle, width = Fraction(-b, 2 * a), Fraction(square, 2 * abs(a))
    if not middle:
        return [negate(_times(width, root)), _times(width, root)]
    denominator = lcm(middle.denominator, width.denominator)
    whole, part = middle * denominator, multiply(width * denominator, root)
    return [divide(add(whole, signed), denominator) for signed in (negate(part), part)]


def _times(factor: Fraction, root: Node) -> Node:
    return divide(multiply(factor.numerator, root), factor.denominator)


def _square_part(value: int) -> tuple[int, int]:
    """Return s, r with value = s^2*r and r without square factors that are found quickly."""
    square, rest = 1, 1
    factors = fmpz(value).factor() if value.bit_length() < 100 else fmpz(value).factor_smooth(20)
    for prime, count in factors:
        square *= int(prime) ** (count // 2)
        rest *= int(prime) ** (count % 2)
    return square, rest


def _binomial(value: Fraction, degree: int) -> list[Node]:
    """x^n = value."""
    if degree % 2 == 0:
        if value < 0:
            return []
        root = power(number(value), number(Fraction(1, degree)))
        return [negate(root), root]
    root = power(number(abs(value)), number(Fraction(1, degree)))
    return [root if value > 0 else negate(root)]
