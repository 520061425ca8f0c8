"""Polynomials that a substitution takes to simpler ones: f = g(h), f = x^m*g(x + c/x), and Dickson's polynomials.

>>> [(str(g), str(h)) for g, h in decompositions(fmpz_poly([5, 0, 3, 0, 1]))]
[('x^2 + 3*x + 5', 'x^2')]
>>> turned = reciprocal(fmpz_poly([1, 0, 0, -3, 0, 0, 1]))
>>> str(turned.g), turned.c
('x^3 + (-3)*x + (-3)', 1)
>>> dickson(fmpz_poly([-3, 5, 0, -5, 0, 1]))
Dickson(n=5, shift=Fraction(0, 1), a=Fraction(1, 1), b=Fraction(3, 1))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import fmpq, fmpq_poly, fmpz, fmpz_poly


def decompositions(f: fmpz_poly) -> Iterator[tuple[fmpz_poly, fmpz_poly]]:
    """Yield g and h of degree 2 or more with f = g(h), h monic without constant: at most one pair for each degree of g."""
    n = int(f.degree())
    for degree in range(2, n):
        if n % degree == 0 and degree < n and (found := _decomposed(f, n // degree)) is not None:
            yield found


def _decomposed(f: fmpz_poly, s: int) -> tuple[fmpz_poly, fmpz_poly] | None:
    """Return g and h with f = g(h) and h of degree s, both with integer coefficients (D. Kozen, S. Landau, J. Symb. Comput. 7
    (1989) 445-456): the upper half of f determines h, and the digits of f to the base h are the coefficients of g."""
    coefficients = [Fraction(int(c), int(f[int(f.degree())])) for c in f.coeffs()]
    n, h = len(coefficients) - 1, [Fraction(0)] * s + [Fraction(1)]
    r = n // s
    for k in range(1, s):
        h[s - k] = (coefficients[n - k] - _power_coefficient(h, r, n - k)) / r
    if any(c.denominator != 1 for c in h):
        return None
    inner = fmpz_poly([int(c) for c in h])
    digits: list[int] = []
    rest = f
    while rest.degree() >= 0 and len(digits) <= r:
        rest, digit = divmod(rest, inner)
        if digit.degree() > 0:
            return None
        digits.append(int(digit[0]))
    return (fmpz_poly(digits), inner) if len(digits) == r + 1 else None


def _power_coefficient(h: Sequence[Fraction], r: int, degree: int) -> Fraction:
    """The coefficient of x^degree in h^r."""
    power = [Fraction(1)]
    for _ in range(r):
        power = [
            sum((power[i] * h[k - i] for i in range(max(0, k - len(h) + 1), min(k + 1, len(power)))), Fraction(0))
            for k in range(len(power) + len(h) - 1)
        ]
    return power[degree]


def is_power(h: fmpz_poly) -> bool:
    """Whether a monic polynomial is x^n."""
    return sum(1 for c in h.coeffs() if int(c)) == 1


# ---- x + c/x -----------------------------------------------------------------------------------------------------------------


class Reciprocal(NamedTuple):
    """f = x^m*g(x + c/x), where g has degree m."""

    g: fmpz_poly
    c: int


def reciprocal(f: fmpz_poly) -> Reciprocal | None:
    """Return g and c where f has even degree and its coefficients are the same in both directions up to powers of c."""
    coefficients = [int(k) for k in f.coeffs()]
    m, odd = divmod(len(coefficients) - 1, 2)
    if odd or m < 2 or coefficients[0] % coefficients[-1]:
        return None
    for c in _integer_roots(coefficients[0] // coefficients[-1], m):
        if all(coefficients[m - k] == c**k * coefficients[m + k] for k in range(1, m + 1)):
            terms = (coefficients[m + k] * _dickson_polynomial(k, fmpq(c)) for k in range(1, m + 1))
            return Reciprocal(sum(terms, fmpq_poly([coefficients[m]])).numer(), c)
    return None


def _integer_roots(a: int, m: int) -> list[int]:
    """The integers c, not 0, with c^m = a."""
    size = int(fmpz(abs(a)).root(m))
    return [c for c in (size, -size) if c and c**m == a]


def _dickson_polynomial(n: int, a: fmpq) -> fmpq_poly:
    """The polynomial D with D(u + a/u) = u^n + (a/u)^n."""
    x = fmpq_poly([0, 1])
    before, now = fmpq_poly([2]), x
    for _ in range(n - 1):
        before, now = now, x * now - a * before
    return now


# ---- Dickson's polynomials --------------------------------------------------------------------------------------------------


class Dickson(NamedTuple):
    """f(x) = 0 says D(x - shift) = b, for Dickson's polynomial with D(u + a/u) = u^n + (a/u)^n; n is odd."""

    n: int
    shift: Fraction
    a: Fraction
    b: Fraction


def dickson(f: fmpz_poly) -> Dickson | None:
    """Return the form of an equation that is solved by a square root and n-th roots: u^n and (a/u)^n have sum b and product a^n."""
    n = int(f.degree())
    if n < 5 or n % 2 == 0:
        return None
    monic = fmpq_poly(f) / f[n]
    shift = -monic[n - 1] / n
    depressed = monic(fmpq_poly([shift, 1]))
    a = -depressed[n - 2] / n
    rest = _dickson_polynomial(n, a) - depressed
    return Dickson(n, *(Fraction(int(q.p), int(q.q)) for q in (shift, a, rest[0]))) if rest.degree() <= 0 else None
