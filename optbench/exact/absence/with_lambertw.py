"""Numbers z with P(z, exp(z)) = 0 that have no formula even with Lambert's W.

L_W is the smallest algebraically closed field that is closed under exp, log and all branches of W. Assume Schanuel's
conjecture, and let P be absolutely irreducible with both variables, and z not algebraic. Then z is in L_W only if P is, up to a
constant, (X - g)^r*Y^s - k or Y^s - k*(X - g)^r. This result is our own and awaits publication: the proof is in
docs/closed-forms.md. For several kernels it is false: x*exp(x) + 5*(x + log(x)) = 1 has the root W(1).

The coefficients of P may hold i, with i^2 = -1.
"""

from __future__ import annotations

from collections.abc import Iterator

from flint import fmpq

from optbench.exact.absence.field import CONTEXT, GENERATORS, NAMES, Polynomial, degree, with_i_reduced

REACH = 6  # whole numbers up to this are tried as coordinates of a smooth point


def has_none(polynomial: Polynomial, z: str, w: str) -> bool:
    """Whether the theorem applies to P, which must be 0 at z and its exponential, but not at algebraic numbers z."""
    if min(degree(polynomial, z), degree(polynomial, w)) < 1:
        return False
    return is_absolutely_irreducible(polynomial, z, w) and not is_lambert_form(polynomial, z, w)


def is_lambert_form(polynomial: Polynomial, z: str, w: str) -> bool:
    """Whether P is a constant times (z - g)^r*w^s - k or w^s - k*(z - g)^r."""
    coefficients = by_powers(polynomial, w)
    if len(coefficients) != 2 or min(coefficients) != 0:
        return False
    constant, other = sorted(coefficients.values(), key=lambda c: degree(c, z))
    return degree(constant, z) == 0 and _is_power_of_line(other, z)


def by_powers(polynomial: Polynomial, name: str) -> dict[int, Polynomial]:
    """Return the coefficients of the powers of one generator."""
    place = NAMES.index(name)
    found: dict[int, dict[tuple[int, ...], fmpq]] = {}
    for exponents, c in polynomial.to_dict().items():
        rest = tuple(0 if k == place else n for k, n in enumerate(exponents))
        found.setdefault(int(exponents[place]), {})[rest] = c
    return {n: CONTEXT.from_dict(terms) for n, terms in found.items()}


def _is_power_of_line(f: Polynomial, z: str) -> bool:
    """Whether f is c*(z - g)^r with r of at least 1."""
    n, coefficients = degree(f, z), by_powers(f, z)
    leading, next_ = coefficients[n], coefficients.get(n - 1, CONTEXT.constant(0))
    line = n * leading * GENERATORS[z] + next_
    return n >= 1 and not with_i_reduced(f * (n * leading) ** n - leading * line**n)


def is_absolutely_irreducible(polynomial: Polynomial, z: str, w: str) -> bool:
    """Whether P is seen to be irreducible over the complex numbers.

    Sufficient: degree 1 in one variable, with coefficients that have no common factor. For a P without i that is irreducible
    over the rational numbers, also a smooth point with rational coordinates, in which conjugate factors would meet.
    """
    for name, other in ((z, w), (w, z)):
        if degree(polynomial, name) == 1 and _have_no_common_factor(by_powers(polynomial, name), other):
            return True
    if degree(polynomial, "i") > 0 or not _is_irreducible(polynomial):
        return False
    slopes = [polynomial.derivative(name) for name in (z, w)]
    return any(slope.subs(at) for at in _rational_points(polynomial, z, w) for slope in slopes)


def _is_irreducible(polynomial: Polynomial) -> bool:
    """Whether it is over the rational numbers."""
    _, factors = polynomial.factor()
    return len(factors) == 1 and factors[0][1] == 1


def _have_no_common_factor(coefficients: dict[int, Polynomial], name: str) -> bool:
    """Whether the norms to the rational numbers have none."""
    if len(coefficients) != 2:
        return False
    norms = [c.resultant(GENERATORS["i"] ** 2 + 1, "i") if degree(c, "i") > 0 else c for c in coefficients.values()]
    return degree(norms[0].gcd(norms[1]), name) < 1


def _rational_points(polynomial: Polynomial, z: str, w: str) -> Iterator[dict[str | int, int | fmpq]]:
    for fixed, free in ((z, w), (w, z)):
        for a in range(-REACH, REACH + 1):
            line = polynomial.subs({fixed: a})
            for factor, _ in line.factor()[1] if line else ():
                if degree(factor, free) == 1:
                    linear = {n: c.leading_coefficient() for n, c in by_powers(factor, free).items()}
                    yield {fixed: a, free: -linear.get(0, 0) / linear[1]}
