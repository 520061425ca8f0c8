"""Polynomials that are 0 at a number, freed of one generator after the other.

A resultant is 0 where both of its polynomials are, b*A^2 - t*B^2 where A + B*sqrt(t/b) is, and one of the irreducible factors of
a polynomial where that is. Where the values of the generators are known by balls, the factors that are not 0 there are left
out. So what is left is 0 at the number in any case. Of polynomials in a variable x all factors are kept.
"""

from __future__ import annotations

from math import prod

from optbench.arithmetic.sympy_polynomials import Polynomial, by_powers, degree, factors, resultant
from optbench.verify.kernel_field import MAX_TERMS, KernelField
from optbench.verify.ranges import Refused


def vanishing(field: KernelField, p: Polynomial) -> list[Polynomial]:
    """Return the irreducible factors that may be 0 at the number, of a polynomial that is."""
    if not p:
        raise Refused("the equation says nothing")
    found = [f for f in factors(p) if field.may_vanish(f)]
    if not found:
        raise Refused("the polynomial is not 0 at the number")
    return found


def vanishing_part(field: KernelField, p: Polynomial) -> Polynomial:
    """Return the product of the irreducible factors that may be 0 at the number, of a polynomial that is."""
    return prod(vanishing(field, p), start=field.one)


def without(field: KernelField, p: Polynomial, relation: Polynomial, name: str) -> Polynomial:
    """Eliminate a generator from a polynomial by a relation; where both are 0, what is returned is."""
    return _vanishing(field, resultant(p, relation, name)) if degree(p, name) else p


def without_roots(field: KernelField, p: Polynomial) -> Polynomial:
    """Eliminate all roots but i, the last ones first, since each may hold those before it."""
    for root in reversed(field.roots):
        if root.degree == 2 and root.radicand is not None:
            p = _without_square_root(field, p, root.name, *root.radicand)
        else:
            p = without(field, p, root.relation, root.name)
    return p


def without_i(field: KernelField, p: Polynomial) -> Polynomial:
    """Eliminate i."""
    return _without_square_root(field, p, "i", -field.one, field.one)


def _without_square_root(field: KernelField, p: Polynomial, name: str, top: Polynomial, bottom: Polynomial) -> Polynomial:
    """Eliminate a = sqrt(t/b): where A + B*a is 0, so is b*A^2 - t*B^2."""
    if not degree(p, name):
        return p
    parts, most = by_powers(p, [name]), degree(p, name) // 2
    even, odd = (
        sum((c * top ** (k // 2) * bottom ** (most - k // 2) for (k,), c in parts.items() if k % 2 == rest), 0 * p) for rest in (0, 1)
    )
    return _vanishing(field, bottom * even**2 - top * odd**2)


def _vanishing(field: KernelField, p: Polynomial) -> Polynomial:
    """What a step of an elimination leaves, without the factors that are not 0 at the number."""
    p = field.without_i_squared(p)
    if not p:
        raise Refused("an elimination leaves nothing")
    if len(p) > MAX_TERMS:
        raise Refused("a polynomial becomes too large")
    return vanishing_part(field, p)


def rational_factors(field: KernelField, p: Polynomial) -> list[Polynomial]:
    """Return the irreducible polynomials without roots and i that may be 0 at the number, for a polynomial that is."""
    return vanishing(field, without_i(field, without_roots(field, p)))
