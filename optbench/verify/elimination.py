"""Polynomials that are 0 at a number, freed of one generator after the other.

A resultant is 0 where both of its polynomials are, and one of the irreducible factors of a polynomial is 0 where it is. Where
the values of the generators are known by balls, the factors that are not 0 there are left out. So what is left is 0 at the number
in any case. Of polynomials in a variable x all factors are kept.
"""

from __future__ import annotations

from math import prod

from optbench.arithmetic.sympy_polynomials import Polynomial, degree, factors, resultant
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
    if not degree(p, name):
        return p
    found = field.without_i_squared(resultant(p, relation, name))
    if not found:
        raise Refused("an elimination leaves nothing")
    if len(found) > MAX_TERMS:
        raise Refused("a polynomial becomes too large")
    return vanishing_part(field, found)


def without_roots(field: KernelField, p: Polynomial) -> Polynomial:
    """Eliminate all roots but i, the last ones first, since each may hold those before it."""
    for root in reversed(field.roots):
        p = without(field, p, root.relation, root.name)
    return p


def without_i(field: KernelField, p: Polynomial) -> Polynomial:
    """Eliminate i."""
    return without(field, p, field.generators["i"] ** 2 + 1, "i")


def rational_factors(field: KernelField, p: Polynomial) -> list[Polynomial]:
    """Return the irreducible polynomials without roots and i that may be 0 at the number, for a polynomial that is."""
    return vanishing(field, without_i(field, without_roots(field, p)))
