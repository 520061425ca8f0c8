"""Polynomials in several unknowns with whole coefficients: their signs, factors, values, and elimination of unknowns.

>>> ring = Ring(2)
>>> x, y = ring.unknowns
>>> definite_sign(x**2 - x * y + y**2 + 1, {}), definite_sign(x + y, {0: 1, 1: 1}), definite_sign(x + y, {0: 1, 1: 1}, [0])
(1, 0, 1)
>>> substituted(x**2 - y, 2 * x + y, 0, ring)  # 4*(y^2/4 - y)
x1^2 - 4*x1
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

from flint import Ordering, arb, ctx, fmpq, fmpq_mat, fmpz_mpoly_ctx, fmpz_mpoly_vec

from optbench.exact.answer import NotApplicable
from optbench.exact.polynomials.number_field import Element, NumberField, primitive

Polynomial: TypeAlias = Any  # fmpz_mpoly
Signs: TypeAlias = Mapping[int, int]  # 1: the unknown is at least 0, -1: it is at most 0
Ends: TypeAlias = tuple[Fraction | None, Fraction | None]  # between which an unknown lies
Elimination: TypeAlias = tuple[int, Polynomial, Polynomial]  # (v, a, b): a*v + b = 0 and a is not 0
MAX_SHIFTED = 4  # unknowns whose ends are used for a sign


class Ring:
    """Polynomials with whole coefficients in `count` unknowns, ordered by degree; two more are for internal use."""

    def __init__(self, count: int) -> None:
        names = [f"x{i}" for i in range(count)] + ["w", "mark"]
        self.count = count
        self.context = fmpz_mpoly_ctx.get(tuple(names), Ordering.degrevlex)
        generators = self.context.gens()
        self.unknowns: list[Polynomial] = list(generators[:count])
        self.inverse: Polynomial = generators[count]
        self.mark: Polynomial = generators[count + 1]
        self.names = names

    def constant(self, value: int) -> Polynomial:
        """Return a number as a polynomial."""
        return self.context.constant(value)

    def vector(self, polynomials: Sequence[Polynomial]) -> Any:
        """Return python-flint's vector of polynomials."""
        return fmpz_mpoly_vec(list(polynomials), self.context)


# ---- factors and signs -------------------------------------------------------------------------------------------------------


def irreducible_factors(p: Polynomial) -> list[Polynomial]:
    """Return the different irreducible factors of a polynomial that are no numbers."""
    if p.is_constant():
        return []
    return [f for f, _ in factored(p)[1]]


def factored(p: Polynomial) -> tuple[Any, list[tuple[Polynomial, int]]]:
    """Return the number and the irreducible factors, with their exponents, of which a polynomial is the product."""
    try:
        return p.factor()  # type: ignore[no-any-return]
    except OverflowError:  # python-flint sorts the factors by their coefficients, which have to be small for that
        raise NotApplicable("a polynomial has too large coefficients to be factored") from None


def never_zero(p: Polynomial, signs: Signs, positive: Iterable[int] = ()) -> bool:
    """Whether all terms have one sign by the signs of the unknowns, and one of them is surely not 0.

    `positive` are unknowns that are not 0.
    """
    strict, sides = False, set()
    nonzero = set(positive)
    for m, c in p.terms():
        side = sign_of_term(m, c, signs)
        sides.add(side)
        if not side or len(sides) > 1:
            return False
        strict = strict or all(i in nonzero for i, e in enumerate(m) if e)
    return strict


def definite_sign(p: Polynomial, signs: Signs, positive: Iterable[int] = ()) -> int:
    """Return 1 or -1 where a polynomial is seen to have that sign everywhere, else 0; arguments as in `never_zero`.

    Its factors are looked at one by one: their terms all have one sign, or they are quadratic with a definite form.
    """
    if p.is_constant():
        return (1 if p.leading_coefficient() > 0 else -1) if p else 0
    content, factors = factored(p)
    total = 1 if content > 0 else -1
    positive = list(positive)
    for factor, e in factors:
        side = _definite_sign_of_factor(factor, signs, positive)
        if not side:
            return 0
        total *= side ** int(e)
    return total


def sign_within(p: Polynomial, signs: Signs, ends: Mapping[int, Ends], ring: Ring, positive: Iterable[int] = ()) -> int:
    """Return the sign that a polynomial is seen to have wherever the unknowns lie between their ends, else 0."""
    found = definite_sign(p, signs, positive)
    shifted = [v for v in ends if p.degrees()[v] > 0]
    if found or len(shifted) > MAX_SHIFTED:
        return found
    for chosen in product(*([(v, end, side) for end, side in zip(ends[v], (1, -1), strict=True) if end is not None] for v in shifted)):
        q = p
        for v, end, side in chosen:
            q = _counted_from(q, v, end, side, ring)
        found = definite_sign(q, {**signs, **dict.fromkeys(shifted, 1)})
        if found:
            return found
    return 0


def _counted_from(p: Polynomial, v: int, end: Fraction, side: int, ring: Ring) -> Polynomial:
    """A positive multiple of p with v = end + side*v' for v' >= 0, which has the place of v."""
    degree = int(p.degrees()[v])
    inner = end.numerator + side * ring.unknowns[v]
    total = ring.constant(0)
    for m, c in p.terms():
        e = int(m[v])
        rest = ring.context.from_dict({tuple(0 if i == v else k for i, k in enumerate(m)): c})
        total += rest * inner**e * end.denominator ** (degree - e)
    return total


def _definite_sign_of_factor(p: Polynomial, signs: Signs, positive: Iterable[int]) -> int:
    if never_zero(p, signs, positive):
        monomial, coefficient = next(iter(p.terms()))
        return sign_of_term(monomial, coefficient, signs)
    if p.total_degree() != 2:
        return 0
    inside = [i for i, d in enumerate(p.degrees()) if d]
    matrix = [[fmpq(0)] * (len(inside) + 1) for _ in range(len(inside) + 1)]
    for m, c in p.terms():
        i, j = (*(k for k, v in enumerate(inside) for _ in range(int(m[v]))), len(inside), len(inside))[:2]
        matrix[i][j] += fmpq(c, 2)
        matrix[j][i] += fmpq(c, 2)
    for side in (1, -1):
        if all(side ** (k + 1) * fmpq_mat([row[: k + 1] for row in matrix[: k + 1]]).det() > 0 for k in range(len(matrix))):
            return side
    return 0


def sign_of_term(monomial: Sequence[int], coefficient: Any, signs: Signs) -> int:
    """1 or -1 where the term never has the other sign, else 0."""
    sign = 1 if coefficient > 0 else -1
    for i, e in enumerate(monomial):
        if e % 2:
            sign *= signs.get(i, 0)
    return sign


# ---- elimination -------------------------------------------------------------------------------------------------------------


def linear_coefficient(p: Polynomial, v: int, ring: Ring) -> Polynomial | None:
    """Return a where p = a*v + b and neither has v, else None."""
    return p.derivative(v) if p.degrees()[v] == 1 else None


def substituted(q: Polynomial, p: Polynomial, v: int, ring: Ring) -> Polynomial:
    """Return a^d*q with v = -b/a, for p = a*v + b and d the degree of q in v."""
    degree = int(q.degrees()[v])
    if degree <= 0:
        return q
    return q.resultant(p, ring.names[v]) * (-1) ** degree  # the resultant of c*v + d and a*v + b is c*b - d*a


def eliminated_from(top: Polynomial, bottom: Polynomial, solved: Sequence[Elimination], ring: Ring) -> tuple[Polynomial, Polynomial]:
    """Return top and bottom of a fraction in which eliminated unknowns are replaced."""
    for v, a, b in solved:
        p = a * ring.unknowns[v] + b
        i, j = max(0, int(top.degrees()[v])), max(0, int(bottom.degrees()[v]))
        top, bottom = substituted(top, p, v, ring) * a ** max(0, j - i), substituted(bottom, p, v, ring) * a ** max(0, i - j)
    return top, bottom


def ball_at(p: Polynomial, at: Mapping[int, arb], precision: int) -> arb:
    """Return an enclosure of the value of a polynomial where the unknowns are in balls."""
    with ctx.workprec(precision):
        powers: dict[tuple[int, int], arb] = {}
        total = arb(0)
        for m, c in p.terms():
            term = arb(c)
            for i, e in enumerate(m):
                if e:
                    term *= _ball_power(at[i], i, int(e), powers)
            total += term
        return total


def _ball_power(base: arb, i: int, e: int, known: dict[tuple[int, int], arb]) -> arb:
    """By products, since a power of a ball around 0 is no number in python-flint."""
    if e == 1:
        return base
    if (i, e) not in known:
        half = _ball_power(base, i, e // 2, known)
        known[i, e] = half * half * base if e % 2 else half * half
    return known[i, e]


def only_unknown(p: Polynomial) -> int | None:
    """Return the one unknown that a polynomial has, None where there are more."""
    inside = [i for i, d in enumerate(p.degrees()) if d]
    return inside[0] if len(inside) == 1 else None


def coefficients_in(p: Polynomial, v: int) -> tuple[int, ...]:
    """Return the coefficients, constant first, of a polynomial in one unknown."""
    coefficients = [0] * (p.degrees()[v] + 1)
    for m, c in p.terms():
        coefficients[m[v]] = int(c)
    return primitive(coefficients)


def value_at(p: Polynomial, at: Mapping[int, Element], number_field: NumberField) -> Element:
    """Return the value of a polynomial where the unknowns are elements of a field."""
    total = number_field.element([0])
    powers: dict[tuple[int, int], Element] = {}
    for m, c in p.terms():
        term = number_field.element([c])
        for i, e in enumerate(m):
            if e:
                term = number_field.times(term, _power(at[i], i, e, powers, number_field))
        total = total + term
    return total


def _power(base: Element, i: int, e: int, known: dict[tuple[int, int], Element], number_field: NumberField) -> Element:
    if e == 1:
        return base
    if (i, e) not in known:
        half = _power(base, i, e // 2, known, number_field)
        square = number_field.times(half, half)
        known[i, e] = number_field.times(square, base) if e % 2 else square
    return known[i, e]


def is_in(p: Polynomial, others: Iterable[Polynomial]) -> bool:
    """Return whether a polynomial is one of others."""
    return any(p == q for q in others)


def distinct(polynomials: Iterable[Polynomial]) -> tuple[Polynomial, ...]:
    """Return each polynomial once."""
    kept: list[Polynomial] = []
    for p in polynomials:
        if not is_in(p, kept):
            kept.append(p)
    return tuple(kept)
