"""Polynomials in SymPy: rings, resultants, and factors over the rational numbers and modulo primes.

Where python-flint is installed, SymPy computes with its integers and leaves the factors of polynomials in one unknown to it.
Here SymPy's own algorithms are called (Zassenhaus's for one unknown, Wang's for several), so that they are a second way to
what `flint` finds. Importing this module imports SymPy's polynomials, which takes a quarter of a second: import it late.

>>> g = generators(["x", "y"])
>>> resultant(g["x"] ** 2 + g["y"] ** 2 - 1, g["x"] - g["y"], "x")
2*y**2 - 1
>>> factors((g["x"] ** 2 - 2 * g["y"] ** 2) * (g["x"] - g["y"]) ** 2 / 3)
[x - y, x**2 - 2*y**2]
>>> is_irreducible([-1, -1, 0, 0, 0, 1]), degrees_modulo([-1, -1, 0, 0, 0, 1], 2)
(True, [2, 3])
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

from sympy import QQ, ZZ, integer_nthroot, isprime
from sympy.polys.densebasic import dmp_from_dict, dmp_to_dict
from sympy.polys.densetools import dmp_ground_primitive
from sympy.polys.euclidtools import dmp_primitive, dmp_resultant
from sympy.polys.factortools import dmp_zz_wang, dup_zz_factor_sqf
from sympy.polys.galoistools import gf_factor_sqf, gf_from_int_poly, gf_sqf_p
from sympy.polys.matrices import DomainMatrix
from sympy.polys.polyerrors import BasePolynomialError
from sympy.polys.rings import ring
from sympy.polys.rootisolation import dup_count_real_roots
from sympy.polys.sqfreetools import dmp_sqf_part, dup_sqf_p, dup_sqf_part

Polynomial: TypeAlias = Any  # an element of a ring of SymPy's, with rational coefficients: +, -, *, **, ==, gcd, diff


def generators(names: Sequence[str]) -> dict[str, Polynomial]:
    """Return the generators of a ring of polynomials with rational coefficients, by name."""
    return dict(zip(names, ring(list(names), QQ)[1:], strict=True))


def terms(p: Polynomial) -> list[tuple[dict[str, int], Fraction]]:
    """Return each term as the powers of its generators, those that occur, and its coefficient."""
    names = _names(p.ring)
    return [
        ({name: int(n) for name, n in zip(names, exponents, strict=True) if n}, Fraction(int(c.numerator), int(c.denominator)))
        for exponents, c in p.terms()
    ]


def degree(p: Polynomial, name: str) -> int:
    """Return the degree in one generator; that of 0 is 0."""
    return max(0, int(p.degree(_place(p, name)))) if p else 0


def derivative(p: Polynomial, name: str) -> Polynomial:
    """Return the partial derivative by one generator."""
    return p.diff(_place(p, name))


def primitive(p: Polynomial) -> Polynomial:
    """Return the multiple with whole coefficients that have no common divisor, the leading one positive; 0 is itself."""
    if not p:
        return p
    whole = p.clear_denoms()[1].primitive()[1]
    return -whole if whole.LC < 0 else whole


def by_powers(p: Polynomial, names: Sequence[str]) -> dict[tuple[int, ...], Polynomial]:
    """Return the coefficient of each product of powers of some generators that occurs, a polynomial in the others."""
    places = [_place(p, name) for name in names]
    found: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
    for exponents, c in p.terms():
        rest = tuple(0 if k in places else n for k, n in enumerate(exponents))
        found.setdefault(tuple(exponents[k] for k in places), {})[rest] = c
    return {powers: p.ring.from_dict(part) for powers, part in found.items()}


def rank(polynomials: Sequence[Polynomial]) -> int:
    """Return how many of the polynomials are linearly independent over the rational numbers."""
    monomials = sorted({m for p in polynomials for m in p})
    rows = [[p.get(m, QQ(0)) for m in monomials] for p in polynomials]
    return int(DomainMatrix(rows, (len(rows), len(monomials)), QQ).rank())


def is_power(p: Polynomial, n: int) -> bool:
    """Whether a polynomial is the n-th power of one with rational coefficients, n prime."""
    if not p:
        return True
    c, parts = p.sqf_list()
    c = Fraction(int(c.numerator), int(c.denominator))
    size = all(integer_nthroot(abs(part), n)[1] for part in (c.numerator, c.denominator))
    return size and (c > 0 or n > 2) and all(exponent % n == 0 for _, exponent in parts)


def resultant(a: Polynomial, b: Polynomial, name: str) -> Polynomial:
    """Return the resultant with respect to one generator, up to a rational factor; raise `ArithmeticError` where SymPy fails."""
    place = _place(a, name)
    used = [place, *(k for k in _used(a, b) if k != place)]
    dense = [dmp_from_dict(_projected(p, used), len(used) - 1, ZZ) for p in (a, b)]
    try:
        found = dmp_resultant(*dense, len(used) - 1, ZZ)
    except BasePolynomialError as error:
        raise ArithmeticError(f"SymPy finds no resultant: {error}") from None
    if len(used) == 1:
        return a.ring(QQ.convert(found, ZZ))
    return _lifted(a.ring, found, used[1:])


def factors(p: Polynomial) -> list[Polynomial]:
    """Return the irreducible factors over the rational numbers, each once and primitive, without constants.

    Raises `ArithmeticError` for 0 and where SymPy fails.
    """
    if not p:
        raise ArithmeticError("0 has no factors")
    used = _used(p)
    if not used:
        return []
    try:
        found = _factors(dmp_from_dict(_projected(p, used), len(used) - 1, ZZ), len(used) - 1)
    except BasePolynomialError as error:
        raise ArithmeticError(f"SymPy finds no factors: {error}") from None
    return sorted((primitive(_lifted(p.ring, f, used[-1 - u :])) for f, u in found), key=str)


def _factors(f: Any, u: int) -> list[tuple[Any, int]]:
    """The factors of a dense polynomial in u + 1 unknowns, each with the number of its unknowns less 1."""
    if u == 0:
        return [(g, 0) for g in dup_zz_factor_sqf(dup_sqf_part(f, ZZ), ZZ)[1]]
    content, rest = dmp_primitive(dmp_ground_primitive(f, u, ZZ)[1], u, ZZ)
    found = _factors(content, u - 1)
    return found if len(rest) <= 1 else [*found, *((g, u) for g in dmp_zz_wang(dmp_sqf_part(rest, u, ZZ), u, ZZ))]


def _place(p: Polynomial, name: str) -> int:
    return _names(p.ring).index(name)


@cache
def _names(ring_of_polynomials: Any) -> tuple[str, ...]:
    return tuple(map(str, ring_of_polynomials.symbols))


def _used(*polynomials: Polynomial) -> list[int]:
    """The places of the generators that occur."""
    return sorted({k for p in polynomials for exponents in p for k, n in enumerate(exponents) if n})


def _projected(p: Polynomial, used: Sequence[int]) -> dict[tuple[int, ...], Any]:
    """The terms of a multiple with whole coefficients, in some of the generators."""
    return {tuple(exponents[k] for k in used): ZZ.convert(c, QQ) for exponents, c in p.clear_denoms()[1].items()}


def _lifted(whole_ring: Any, dense: Any, used: Sequence[int]) -> Polynomial:
    """The element of the ring for a dense polynomial in some of the generators."""
    found = {}
    for exponents, c in dmp_to_dict(dense, len(used) - 1, ZZ).items():
        powers = [0] * whole_ring.ngens
        for k, n in zip(used, exponents, strict=True):
            powers[k] = n
        found[tuple(powers)] = QQ.convert(c, ZZ)
    return whole_ring.from_dict(found)


# ---- polynomials in one unknown, by their whole coefficients, constant first ------------------------------------------------


def is_irreducible(coefficients: Sequence[int]) -> bool:
    """Whether a polynomial is irreducible over the rational numbers."""
    f = _dense(coefficients)
    return len(f) > 1 and dup_sqf_p(f, ZZ) and len(dup_zz_factor_sqf(f, ZZ)[1]) == 1


def degrees_modulo(coefficients: Sequence[int], p: int) -> list[int] | None:
    """Return the degrees of the factors modulo p, ascending.

    None if p is no prime, or divides the leading coefficient or the discriminant, that is if a factor is repeated.
    """
    f = _dense(coefficients)
    if not isprime(p) or f[0] % p == 0:
        return None
    modular = gf_from_int_poly(f, p)
    if not gf_sqf_p(modular, p, ZZ):
        return None
    return sorted(len(g) - 1 for g in gf_factor_sqf(modular, p, ZZ)[1])


def count_real_roots(coefficients: Sequence[int]) -> int:
    """Return the number of different real roots, by Sturm's theorem."""
    return int(dup_count_real_roots(dup_sqf_part(_dense(coefficients), ZZ), ZZ))


def _dense(coefficients: Sequence[int]) -> Any:
    if not coefficients or not coefficients[-1]:
        raise ArithmeticError("the leading coefficient is 0")
    return [ZZ(c) for c in reversed(coefficients)]
