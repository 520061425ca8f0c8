"""From an equation with one kernel to polynomials in z and exp(z), of which one vanishes at a number known by a ball.

Let P(x, a, y) = 0, where the a are roots and y = exp(u) or y = log(v) is the only kernel. With s = u for an exponential,
Res(P, s - u) is a polynomial in s and y = exp(s); with y for a logarithm, Res(P, exp(y) - v) one in y and exp(y). The roots,
i included, are eliminated in the same way. Each resultant vanishes wherever both of its polynomials do, so the last
one vanishes at the true values, and so does at least one of its irreducible factors; which ones may, a ball tells.

The root x is in L if and only if z is: z = u(x) or y = log(v(x)) is made of x by algebraic functions and a logarithm, and x
is algebraic over z or over exp(z) (review of the theory, section 6.A.2, with its proof there).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm, prod
from typing import NamedTuple

from flint import acb, arb, ctx, fmpz_poly

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.exact.absence.field import (
    CONTEXT,
    GENERATORS,
    KERNELS,
    NAMES,
    PARAMETERS,
    Field,
    Kernel,
    Polynomial,
    Quotient,
    Refused,
    Root,
    degree,
    with_i_reduced,
)
from optbench.language.rootof import real_roots

Values = Mapping[str, acb]

MAX_SIZE = 4_000  # of a polynomial without roots, in terms


class Relation(NamedTuple):
    """A polynomial in z (the first name) and exp(z) (the second) that vanishes there, as do its factors that may."""

    names: tuple[str, str]
    with_i: Polynomial  # in z, exp(z) and i
    factors: list[Polynomial]  # irreducible over the rational numbers, of which at least one vanishes
    z: acb


def vanishing_part(equation: Quotient, values: Values) -> Polynomial:
    """Return the product of the irreducible factors of the numerator that may be 0 at the values."""
    _, factors = equation.top.factor()
    result = CONTEXT.constant(1)
    for factor, _ in factors:
        if may_vanish(factor, values):
            result *= factor
    return result


def eliminated(field: Field, polynomial: Polynomial, kernel: Kernel, values: Values) -> Relation:
    """Return the relation for a polynomial in which there is one kernel; raise `Refused` where elimination tells nothing."""
    _check_size(field, polynomial)
    names = ("s", kernel.name) if kernel.kind == "exp" else (kernel.name, "e")
    marker = GENERATORS["s" if kernel.kind == "exp" else "e"]
    link = marker * kernel.argument.bottom - kernel.argument.top
    for root in reversed(field.roots):
        polynomial, link = _without(polynomial, root.relation, root.name), _without(link, root.relation, root.name)
    with_i = with_i_reduced(_resultant(polynomial, link, "x"))
    _, factors = _without(with_i, GENERATORS["i"] ** 2 + 1, "i").factor()
    argument = quotient_value(kernel.argument, values)
    values = {**values, "s" if kernel.kind == "exp" else "e": argument}
    surviving = [f for f, _ in factors if may_vanish(f, values)]
    if not surviving:
        raise Refused("the elimination does not fit the root")  # would be an error of ours
    return Relation(names, with_i, surviving, values[names[0]])


def algebraic_polynomial(field: Field, polynomial: Polynomial, values: Values) -> fmpz_poly:
    """Return the irreducible polynomial over the rational numbers that is 0 at x, for a polynomial without kernels."""
    _, factors = without_roots(field, polynomial).factor()
    surviving = [f for f, _ in factors if may_vanish(f, values)]
    if len(surviving) != 1:
        raise Refused("the polynomial of the root could not be told")
    return univariate(surviving[0])


def univariate(polynomial: Polynomial) -> fmpz_poly:
    """Return a polynomial in x alone with whole coefficients without a common divisor."""
    terms = {exponents[0]: Fraction(int(c.p), int(c.q)) for exponents, c in polynomial.to_dict().items()}
    scale = lcm(*(c.denominator for c in terms.values()))
    whole = fmpz_poly([int(terms.get(k, Fraction(0)) * scale) for k in range(max(terms) + 1)])
    return whole // fmpz_poly([whole.content() * (1 if whole[whole.degree()] > 0 else -1)])


def without_roots(field: Field, polynomial: Polynomial) -> Polynomial:
    """Return a polynomial over the rational numbers that vanishes where this one does, by resultants with the roots' relations."""
    _check_size(field, polynomial)
    for root in reversed(field.roots):
        polynomial = _without(polynomial, root.relation, root.name)
    return _without(polynomial, GENERATORS["i"] ** 2 + 1, "i")


def _check_size(field: Field, polynomial: Polynomial) -> None:
    """Refuse what no limit on time could interrupt: a resultant multiplies the degrees by that of the root that it eliminates."""
    factor = prod(root.degree for root in field.roots if degree(polynomial, root.name) > 0) * (2 if degree(polynomial, "i") > 0 else 1)
    if prod(degree(polynomial, name) * factor + 1 for name in ("x", *KERNELS, *PARAMETERS) if degree(polynomial, name) > 0) > MAX_SIZE:
        raise Refused("it has too many roots, of too high a degree")


def _without(polynomial: Polynomial, relation: Polynomial, name: str) -> Polynomial:
    if polynomial.degrees()[NAMES.index(name)] <= 0:
        return polynomial
    return _resultant(polynomial, relation, name)


def _resultant(a: Polynomial, b: Polynomial, name: str) -> Polynomial:
    found = a.resultant(b, name)
    if not found:
        raise Refused("an elimination leaves nothing")
    return found


# ---- the true values, in balls --------------------------------------------------------------------------------------------


def values_at(field: Field, x: Enclosure, precision: int) -> dict[str, acb]:
    """Enclose all generators at the root, which lies in x."""
    with ctx.workprec(precision):
        values = {"x": acb(x.lower.union(x.upper)), "i": acb(0, 1)}
        for root in field.roots:
            values[root.name] = acb(_root_value(root, values))
        for kernel in field.kernels:
            argument = quotient_value(kernel.argument, values)
            values[kernel.name] = argument.exp() if kernel.kind == "exp" else argument.log()
        return values


def _root_value(root: Root, values: Values) -> arb:
    if root.radicand is None:
        found: arb = real_roots(tuple(coefficients(root)))[root.number]
        return found
    radicand: arb = quotient_value(root.radicand, values).real
    if radicand < 0 and root.degree % 2:
        return -((-radicand).root(root.degree))
    return radicand.root(root.degree)


def coefficients(root: Root) -> list[int]:
    """Return the coefficients of the polynomial of a root object, constant first."""
    place = NAMES.index(root.name)
    found = [0] * (root.degree + 1)
    for exponents, c in root.relation.to_dict().items():
        found[exponents[place]] = int(c.p)
    return found


def polynomial_value(polynomial: Polynomial, values: Values) -> acb:
    """Enclose a polynomial at the values."""
    result = acb(0)
    for exponents, c in polynomial.to_dict().items():
        term = acb(arb(c))
        for name, n in zip(NAMES, exponents, strict=True):
            if n:
                term *= values[name] ** int(n)
        result += term
    return result


def quotient_value(quotient: Quotient, values: Values) -> acb:
    return polynomial_value(quotient.top, values) / polynomial_value(quotient.bottom, values)


def may_vanish(polynomial: Polynomial, values: Values) -> bool:
    return polynomial_value(polynomial, values).contains(acb(0))
