"""Sums as polynomials in powers of their atoms: factors over the rational numbers, resultants, coefficients.

Every atom of a sum is taken for an unknown of its own, which is an identity whatever else the atoms satisfy: the product of
the factors is the sum, up to powers of atoms.

>>> from optbench.exact.numbers.identities import normal
>>> from optbench.exact.numbers.sums import sum_node
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> [sum_node(f) for f in factors(normal(parse("sin(x)^3 - 8*cos(x)*sin(x)^2").node).top, symbol("x"))]
[8*cos(x) - sin(x), sin(x)]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from flint import Ordering, fmpz_mpoly_ctx

from optbench.exact.numbers.sums import Monomial, Sum, TooLarge, name_of, sum_plus, taken_out
from optbench.language.graph import Node, Symbol, symbols

MAX_DEGREE = 60
MAX_GENERATORS = 10


class Atoms:
    """The polynomial ring in which generator i stands for atoms[i]^(1/steps[i])."""

    def __init__(self, sums: Sequence[Sum]) -> None:
        steps: dict[Node, int] = {}
        for atom, e in (power for terms in sums for monomial in terms for power in monomial):
            steps[atom] = lcm(steps.get(atom, 1), e.denominator)
        if len(steps) > MAX_GENERATORS:
            raise TooLarge
        self.steps = dict(sorted(steps.items(), key=lambda item: name_of(item[0])))
        self.places = {atom: i for i, atom in enumerate(self.steps)}
        self.context = fmpz_mpoly_ctx.get(tuple(f"g{i}" for i in range(max(1, len(steps)))), Ordering.lex)

    def polynomial(self, terms: Sum) -> Any:
        """Return a sum without negative powers as a polynomial, times a whole number."""
        scale = lcm(*(c.denominator for c in terms.values()))
        found = {}
        for monomial, c in terms.items():
            exponents = [0] * max(1, len(self.steps))
            for atom, e in monomial:
                exponents[self.places[atom]] = int(e * self.steps[atom])
            if min(exponents) < 0 or sum(exponents) > MAX_DEGREE:
                raise TooLarge
            found[tuple(exponents)] = int(c * scale)
        return self.context.from_dict(found)

    def sum(self, polynomial: Any) -> Sum:
        """Return a polynomial as a sum."""
        atoms = list(self.steps)
        found: Sum = {}
        for exponents, c in polynomial.to_dict().items():
            powers = frozenset((atoms[i], Fraction(int(e), self.steps[atoms[i]])) for i, e in enumerate(exponents) if e)
            found[powers] = Fraction(int(c))
        return found

    def generator(self, atom: Node) -> str:
        """Return the name of the generator of an atom."""
        return f"g{self.places[atom]}"


def factors(terms: Sum, unknown: Symbol) -> list[Sum]:
    """Return the different irreducible factors of a sum in which an unknown occurs, without negative powers."""
    terms = without_negative_powers(terms)
    if not terms:
        return []
    ring = Atoms([terms])
    found = [ring.sum(f) for f, _ in ring.polynomial(terms).factor()[1]]
    return [f for f in found if any(unknown in symbols(atom) for monomial in f for atom, _ in monomial)]


def without_negative_powers(terms: Sum) -> Sum:
    """Return the sum without the powers that all its terms share, where these are negative."""
    if not terms:
        return terms
    content, common, rest = taken_out(terms)
    kept = frozenset((atom, e) for atom, e in common if e > 0)
    return {frozenset(_joined(m, kept).items()): content * c for m, c in rest.items()}


def _joined(left: Monomial, right: Monomial) -> Mapping[Node, Fraction]:
    exponents = dict(left)
    for atom, e in right:
        exponents[atom] = exponents.get(atom, Fraction(0)) + e
    return {atom: e for atom, e in exponents.items() if e}


def resultant(terms: Sum, other: Sum, atom: Node) -> Sum:
    """Return a sum without an atom that is 0 wherever both sums are; the atom's power counts as one of its own."""
    ring = Atoms([terms, other])
    found = ring.polynomial(terms).resultant(ring.polynomial(other), ring.generator(atom))
    return ring.sum(found)


def by_powers(terms: Sum, atoms: Sequence[Node]) -> dict[tuple[Fraction, ...], Sum]:
    """Return the coefficients of the products of powers of some atoms, by the exponents."""
    found: dict[tuple[Fraction, ...], Sum] = {}
    for monomial, c in terms.items():
        powers = dict(monomial)
        key = tuple(powers.pop(atom, Fraction(0)) for atom in atoms)
        found[key] = sum_plus(found.get(key, {}), {frozenset(powers.items()): c})
    return found
