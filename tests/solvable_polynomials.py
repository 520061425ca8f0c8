"""Irreducible polynomials of degree 5 and more whose roots can be written with radicals, by construction.

Powers, Dickson polynomials, cyclotomic polynomials and their subfields, quintics with the groups C5, D5 and F20, compositions of
small polynomials, and sums of roots of two of them. Each is also shown in disguise: shifted, scaled and turned round, which
changes neither the field of its roots nor its group.

>>> dickson(5, 1)
x^5 + (-5)*x^3 + 5*x
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import gcd, lcm

import mpmath
from flint import fmpq_poly, fmpz_mpoly_ctx, fmpz_poly

X = fmpz_poly([0, 1])


def is_irreducible(f: fmpz_poly) -> bool:
    """Whether it is over the rational numbers."""
    _, factors = f.factor()
    return len(factors) == 1 and factors[0][1] == 1


# ---- families: generators of solvable polynomials, irreducible or not --------------------------------------------------------


def powers() -> Iterator[fmpz_poly]:
    """x^n - a."""
    return (X**n - a for n in (5, 6, 7, 8, 9, 10, 11, 12, 13) for a in (2, 3, -5, 12))


def dickson(n: int, a: int) -> fmpz_poly:
    """The polynomial D with D(u + a/u) = u^n + (a/u)^n, so that D(x) = b is solved by a quadratic equation and a power."""
    before, now = fmpz_poly([2]), X
    for _ in range(n - 1):
        before, now = now, X * now - a * before
    return now


def dicksons() -> Iterator[fmpz_poly]:
    """D(x) = b; with a = 1 these are Chebyshev polynomials."""
    return (dickson(n, a) - b for n in (5, 7, 9, 11, 13) for a in (1, -2, 3) for b in (1, 3, 6))


def cyclotomics() -> Iterator[fmpz_poly]:
    """Roots of unity."""
    return (fmpz_poly.cyclotomic(n) for n in (7, 9, 11, 13, 15, 16, 20, 21, 24, 28, 35))


def periods() -> Iterator[fmpz_poly]:
    """Sums of p-th roots of unity over a subgroup of the whole numbers modulo p: cyclic groups."""
    for p, n in ((11, 5), (13, 6), (29, 7), (31, 5), (31, 6), (41, 5), (41, 8), (43, 7), (61, 10), (19, 9), (23, 11), (37, 12)):
        yield _period(p, n)


def _period(p: int, n: int) -> fmpz_poly:
    root = next(g for g in range(2, p) if len({pow(g, k, p) for k in range(p - 1)}) == p - 1)
    with mpmath.workdps(60):
        sums = [mpmath.fsum(mpmath.expjpi(mpmath.mpf(2) * pow(root, k + n * j, p) / p) for j in range((p - 1) // n)) for k in range(n)]
        coefficients = [mpmath.mpc(1)]  # the leading one first
        for s in sums:
            coefficients = [a - s * b for a, b in zip([*coefficients, 0], [0, *coefficients], strict=True)]
        return fmpz_poly([int(mpmath.nint(c.real)) for c in reversed(coefficients)])


def frobenius_quintics() -> Iterator[fmpz_poly]:
    """x^5 + a*x + b (B. Spearman, K. Williams, Amer. Math. Monthly 101 (1994) 986-992): groups D5 and F20."""
    for c, sign in product((Fraction(0), Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3), Fraction(7, 3)), (1, -1)):
        yield _whole([-4 * (11 * sign + 2 * c) / (c * c + 1), 5 * (3 - 4 * sign * c) / (c * c + 1), 0, 0, 0, 1])
    for a, b in ((5, 3), (5, -15), (25, 300), (100, 1000), (250, 625)):
        yield X**5 + a * X**2 + b


def dihedral_quintics() -> Iterator[fmpz_poly]:
    """A. Brumer's family with the group D5."""
    for a, b in product(range(-3, 4), range(-2, 3)):
        yield fmpz_poly([a, b, a * a - a - 1 - 2 * b, b - a + 3, a - 3, 1])


def lehmer_quintics() -> Iterator[fmpz_poly]:
    """E. Lehmer's family with the group C5 (Math. Comp. 50 (1988) 535-541)."""
    for n in range(-3, 6):
        middle = [n**3 + 4 * n**2 + 10 * n + 10, n**4 + 5 * n**3 + 11 * n**2 + 15 * n + 5, -(2 * n**3 + 6 * n**2 + 10 * n + 10)]
        yield fmpz_poly([1, *middle, n * n, 1])


def cyclic_sextics() -> Iterator[fmpz_poly]:
    """M.-N. Gras's family with the group C6."""
    return (fmpz_poly([1, 2 * (n + 3), 5 * n, -20, -5 * (n + 3), -2 * n, 1]) for n in range(-4, 9))


def compositions() -> Iterator[fmpz_poly]:
    """g(h), both of degree 2, 3 or 4, with small coefficients: the degrees are 6, 8, 9, 12 and 16."""
    choose = random.Random(5)
    for m, n in ((2, 3), (3, 2), (2, 4), (4, 2), (3, 3), (3, 4), (4, 3), (4, 4)):
        for _ in range(5):
            yield _random_monic(choose, m)(_random_monic(choose, n))


def towers() -> Iterator[fmpz_poly]:
    """Quadratics and powers around the quintics above, and them around quadratics."""
    for quintic in (X**5 - 5 * X + 12, X**5 - 2, dickson(5, 1) - 3):
        for inner in (X**2, X**2 - X + 3, X**3 - 2):
            yield quintic(inner)
            yield inner(quintic)


def sums_of_roots() -> Iterator[fmpz_poly]:
    """The polynomial of a + b for roots a of f and b of g."""
    choose = random.Random(6)
    for m, n in ((2, 3), (2, 4), (3, 3), (3, 4), (2, 5)):
        for _ in range(4):
            g = X**5 - choose.choice((2, 3, 6)) if n == 5 else _random_monic(choose, n)
            yield _sum_of_roots(_random_monic(choose, m), g)


def _random_monic(choose: random.Random, degree: int) -> fmpz_poly:
    return fmpz_poly([choose.randint(-5, 5) for _ in range(degree)] + [1])


def _sum_of_roots(f: fmpz_poly, g: fmpz_poly) -> fmpz_poly:
    context = fmpz_mpoly_ctx.get(("x", "y"), "lex")
    x, y = context.gens()
    first = sum((int(c) * y**k for k, c in enumerate(f.coeffs())), context.constant(0))
    second = sum((int(c) * (x - y) ** k for k, c in enumerate(g.coeffs())), context.constant(0))
    terms = {int(exponents[0]): int(c) for exponents, c in first.resultant(second, "y").to_dict().items()}
    return fmpz_poly([terms.get(k, 0) for k in range(max(terms) + 1)])


FAMILIES: dict[str, Callable[[], Iterator[fmpz_poly]]] = {
    family.__name__: family
    for family in (
        *(powers, dicksons, cyclotomics, periods, frobenius_quintics, dihedral_quintics, lehmer_quintics, cyclic_sextics),
        *(compositions, towers, sums_of_roots),
    )
}


# ---- what the tests take -----------------------------------------------------------------------------------------------------


@cache
def solvable(family: str) -> tuple[fmpz_poly, ...]:
    """Different irreducible polynomials of a family, every second one in disguise."""
    choose = random.Random(family)
    found = dict.fromkeys(tuple(int(c) for c in f.coeffs()) for f in FAMILIES[family]() if f.degree() >= 5 and is_irreducible(f))
    plain = map(fmpz_poly, map(list, found))
    return tuple(disguised(choose, f) if k % 2 else f for k, f in enumerate(plain))


def disguised(choose: random.Random, f: fmpz_poly) -> fmpz_poly:
    """The polynomial of (r + s)*q or its inverse, for the roots r of f."""
    if choose.random() < 0.5:
        f = fmpz_poly(list(f.coeffs())[::-1])
    scale = Fraction(choose.choice((1, 2, -1, 3)), choose.choice((1, 1, 2)))
    line = fmpq_poly([choose.choice((-2, -1, 0, 1, 3)), 1]) * scale.numerator / scale.denominator
    moved = fmpq_poly(f)(line)
    return _whole([Fraction(int(c.p), int(c.q)) for c in moved.coeffs()])


def _whole(coefficients: list[Fraction | int]) -> fmpz_poly:
    """The multiple with whole coefficients without a common divisor."""
    scale = lcm(*(Fraction(c).denominator for c in coefficients))
    whole = [int(c * scale) for c in coefficients]
    return fmpz_poly([c // gcd(*whole) for c in whole])
