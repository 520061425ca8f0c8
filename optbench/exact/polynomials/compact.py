"""Whether the points that satisfy polynomial inequalities are bounded: the proof that a minimum is attained.

`is_bounded` collects facts about all points of {p <= 0 for every p} until every unknown is known to be bounded, or
nothing new comes. Facts are: an unknown is at least or at most 0 (`signs`); it is bounded above or below; a product of
powers |x|^a is bounded (`products`, exponents a; negative ones say that it keeps away from 0); a linear form is bounded
above (`linear`). A rule takes p <= 0 apart. Write P for its terms that are never negative. If each other term is bounded
below by the facts, or dominated by P, then each term of P is bounded. A term x^b is dominated by P if b is a combination,
with coefficients of sum below 1, of the exponents in P (then |x^b| <= e*P + C for every e > 0, by weighted means), or if
the coefficients of all such terms together are small enough where the sum is 1. Quadratic terms are taken together: a
positive definite form bounds its unknowns, a semidefinite one the linear forms of which it is the squares. In two
unknowns the terms of the highest weighted degree may be any form without real zeros, which real root counting decides.
Only whether there is a bound matters, never its size, so all of this is exact.

>>> from optbench.exact.polynomials.polynomial_ring import Ring
>>> ring = Ring(3)
>>> x, y, z = ring.unknowns
>>> is_bounded(ring, [0, 1, 2], [x**2 - 3 * x * y + 4 * y**2 - z, z - x - 5], {})
True
>>> is_bounded(ring, [0, 1], [x**2 - 2 * x * y + y**2 - 1], {})
False

Source for the means: B. Reznick, Forms derived from the arithmetic-geometric inequality, Math. Ann. 283 (1989) 431-464.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from flint import fmpq, fmpq_mat, fmpz_poly

from optbench.exact.polynomials.nonnegative import is_combination, least
from optbench.exact.polynomials.number_field import primitive, roots_of
from optbench.exact.polynomials.polynomial_ring import Polynomial, Ring

Exponents: TypeAlias = tuple[int, ...]
MAX_ROUNDS = 12
MAX_SUMS = 40


class Term(NamedTuple):
    """A coefficient times a product of powers."""

    exponents: Exponents
    coefficient: fmpq


def is_bounded(ring: Ring, unknowns: Sequence[int], inequalities: Iterable[Polynomial], signs: Mapping[int, int]) -> bool:
    """Return whether it is proved that all points with p <= 0 for every inequality and with these signs are bounded."""
    facts = _Facts(ring, unknowns, list(inequalities), dict(signs))
    for _ in range(MAX_ROUNDS):
        if facts.complete:
            return True
        if not facts.grow() and not facts.combine():
            return False
    return facts.complete


class _Facts:
    """What is known of all points; unknowns are numbered as in the ring."""

    def __init__(self, ring: Ring, unknowns: Sequence[int], inequalities: list[Polynomial], signs: dict[int, int]) -> None:
        self.unknowns, self.signs = list(unknowns), signs
        self.given = [_terms(p, ring.count) for p in inequalities]
        self.width = ring.count
        self.above: set[int] = set()
        self.below: set[int] = set()
        self.products: list[Exponents] = []
        self.linear: list[tuple[fmpq, ...]] = []
        self.news = False
        self.combined = False

    @property
    def complete(self) -> bool:
        """Whether every unknown is bounded."""
        return all(v in self.above and v in self.below for v in self.unknowns)

    def grow(self) -> bool:
        """Apply all rules once; return whether that gave anything new."""
        self.news = False
        for v, side in self.signs.items():
            self.learn_side(v, -side)
        self.learn_from_linear_forms()
        for terms in self.given:
            if any(not self.is_bounded(v) for t in terms for v, e in enumerate(t.exponents) if e):
                self.learn_signs(terms)
                self.learn_from(terms)
        for v in self.unknowns:
            if self.is_bounded_product(self.unit(v)):
                self.learn_bounded(v)
        return self.news

    def combine(self) -> bool:
        """Add, once, sums of two inequalities in which a term goes that stood in the way; return whether there are any."""
        if self.combined:
            return False
        self.combined = True
        sums = []
        for terms in self.given:
            for t in terms:
                if any(t.exponents) and not self.is_bounded_below(t):
                    sums += [_sum(terms, other, t) for other in self.given if any(_cancels(t, u) for u in other)]
        self.given += sums[:MAX_SUMS]
        return bool(sums)

    # ---- facts -------------------------------------------------------------------------------------------------------------

    def unit(self, v: int, e: int = 1) -> Exponents:
        return tuple(e if i == v else 0 for i in range(self.width))

    def learn_bounded(self, v: int) -> None:
        self.learn_side(v, 1)
        self.learn_side(v, -1)

    def learn_side(self, v: int, side: int) -> None:
        """Note that an unknown is bounded above (side 1) or below (side -1)."""
        known = self.above if side > 0 else self.below
        if v not in known:
            known.add(v)
            self.news = True
        if v in self.above and v in self.below:
            self.learn_product(self.unit(v))

    def learn_product(self, exponents: Exponents) -> None:
        if any(exponents) and exponents not in self.products and not self.is_bounded_product(exponents):
            self.products.append(exponents)
            self.news = True

    def learn_sign(self, v: int, side: int) -> None:
        if v not in self.signs:
            self.signs[v] = side
            self.news = True

    def learn_linear(self, form: tuple[fmpq, ...]) -> None:
        if form not in self.linear:
            self.linear.append(form)
            self.news = True

    def is_bounded_product(self, exponents: Exponents) -> bool:
        return not any(exponents) or (bool(self.products) and is_combination(self.products, exponents))

    def is_bounded(self, v: int) -> bool:
        return v in self.above and v in self.below

    def sign_of(self, term: Term) -> int:
        """1 or -1 where the term never has the other sign, else 0."""
        sign = 1 if term.coefficient > 0 else -1
        for v, e in enumerate(term.exponents):
            if e % 2:
                sign *= self.signs.get(v, 0)
        return sign

    def is_bounded_below(self, term: Term) -> bool:
        if self.sign_of(term) > 0 or self.is_bounded_product(term.exponents):
            return True
        v = _lonely(term)
        return v is not None and v in (self.below if term.coefficient > 0 else self.above)

    # ---- signs ---------------------------------------------------------------------------------------------------------------

    def learn_signs(self, terms: list[Term]) -> None:
        """Signs that one inequality implies, and products that it keeps away from 0."""
        constant = sum((t.coefficient for t in terms if not any(t.exponents)), fmpq(0))
        others = [t for t in terms if any(t.exponents) and self.sign_of(t) <= 0]
        if constant < 0 or not others:
            return
        if len(others) == 1:
            [t] = others
            v = _lonely(t)
            if v is not None:
                self.learn_sign(v, -1 if t.coefficient > 0 else 1)
            if constant > 0 and self.sign_of(t) < 0:
                self.learn_product(tuple(-e for e in t.exponents))
        if constant > 0 and len(others) == len(terms) - 1:
            for v in self.unknowns:
                self.learn_sign_of_factor(v, others)

    def learn_sign_of_factor(self, v: int, terms: list[Term]) -> None:
        """A positive number plus x^odd*q, where q has one sign, is at most 0: so x has the other one."""
        if v in self.signs or not all(t.exponents[v] % 2 for t in terms):
            return
        self.signs[v] = 1
        sides = {self.sign_of(t) for t in terms}
        del self.signs[v]
        if sides in ({1}, {-1}):
            self.learn_sign(v, -sides.pop())

    # ---- one inequality --------------------------------------------------------------------------------------------------------

    def learn_from(self, terms: list[Term]) -> None:
        """What one inequality says about sizes."""
        moving = [t for t in terms if any(t.exponents)]
        good = [t for t in moving if self.sign_of(t) > 0]
        bad = [t for t in moving if not self.is_bounded_below(t)]
        if len(bad) == 1 and (v := _lonely(bad[0])) is not None:
            self.learn_side(v, 1 if bad[0].coefficient > 0 else -1)
        if not bad or self.is_dominated(bad, good):
            for t in good:
                self.learn_product(t.exponents)
            return
        if not self.by_quadratic_form(moving):
            self.by_form_in_two(moving)

    def is_dominated(self, bad: list[Term], good: list[Term]) -> bool:
        """Whether the good terms outgrow the bad ones together."""
        vectors = [t.exponents for t in good] + self.products
        costs = [1] * len(good) + [0] * len(self.products)
        tight = []
        for t in bad:
            share = least(costs, vectors, t.exponents)
            if share is None or share > 1:
                return False
            if share == 1:
                tight.append(t)
        return not tight or self.is_dominated_together(tight, good)

    def is_dominated_together(self, tight: list[Term], good: list[Term]) -> bool:
        """Whether |c_b|*x^b <= sum of shares of the good terms, which leave a part of each good term that is used.

        Unknowns: the shares s(b, j) >= 0, with sum_j s(b, j)*a_j = b and sum_j s(b, j) = 1, and a rest d(j) = c_j - d*c_j
        - sum_b |c_b|*s(b, j) >= 0 of each term; d is to be the largest.
        """
        n, m, k = len(good), len(tight), self.width + 1
        vectors: list[list[fmpq]] = []
        for i, b in enumerate(tight):
            for j, g in enumerate(good):
                column = [fmpq(0)] * (m * k + n)
                column[i * k : i * k + self.width] = [fmpq(e) for e in g.exponents]
                column[i * k + self.width] = fmpq(1)
                column[m * k + j] = abs(b.coefficient)
                vectors.append(column)
        vectors.append([fmpq(0)] * (m * k) + [g.coefficient for g in good])
        vectors.extend([fmpq(0)] * (m * k) + [fmpq(int(i == j)) for i in range(n)] for j in range(n))
        target = [fmpq(e) for b in tight for e in (*b.exponents, 1)] + [abs(g.coefficient) for g in good]
        value = least([0] * (m * n) + [-1] + [0] * n, vectors, target)
        return value is not None and value < 0

    # ---- quadratic forms ------------------------------------------------------------------------------------------------------

    def inside(self, term: Term) -> list[int]:
        """The unbounded unknowns of a term, each as often as its exponent says."""
        return [v for v, e in enumerate(term.exponents) for _ in range(e) if not self.is_bounded(v)]

    def by_quadratic_form(self, moving: list[Term]) -> bool:
        """Take the terms of degree 2 in the unbounded unknowns together."""
        whole = [t for t in moving if len(self.inside(t)) == 2 and sum(t.exponents) == 2]
        if not whole or any(len(self.inside(t)) >= 2 and t not in whole and self.sign_of(t) <= 0 for t in moving):
            return False
        slopes = [t for t in moving if len(self.inside(t)) == 1]
        helpful = [t for t in whole if self.sign_of(t) > 0 and max(t.exponents) == 1]
        return any(self.by_form([t for t in whole if t not in left_out], slopes) for left_out in ([], helpful))

    def by_form(self, whole: list[Term], slopes: list[Term]) -> bool:
        places = sorted({v for t in whole for v in self.inside(t)})
        squares = _sum_of_squares(whole, places)
        if squares is None:
            return False
        if len(squares) == len(places):
            if not all(self.inside(t)[0] in places or self.is_bounded_below(t) for t in slopes):
                return False
            for v in places:
                self.learn_bounded(v)
            return True
        return self.by_squares(places, squares, slopes)

    def by_squares(self, places: list[int], squares: list[list[fmpq]], slopes: list[Term]) -> bool:
        """A sum of squares of fewer forms: they are bounded, if the linear terms depend on nothing else."""
        forms = [[form[places.index(v)] if v in places else fmpq(0) for v in range(self.width)] for form in squares]
        for kept in (slopes, [t for t in slopes if not self.is_bounded_below(t)]):
            if any(sum(t.exponents) > 1 for t in kept):
                continue
            slope = [sum((t.coefficient for t in kept if t.exponents[v]), fmpq(0)) for v in range(self.width)]
            if _rank([*forms, slope]) == len(forms):
                for form in forms:
                    self.learn_linear(tuple(form))
                    self.learn_linear(tuple(-c for c in form))
                return True
        return False

    # ---- forms in two unknowns -------------------------------------------------------------------------------------------------

    def by_form_in_two(self, moving: list[Term]) -> bool:
        """The terms of highest weight have no zero but the origin, where x^a and y^b have the weight 1."""
        places = sorted({v for t in moving for v in self.inside(t)})
        if len(places) != 2:
            return False
        powers = [(t.exponents[places[0]], t.exponents[places[1]]) for t in moving]
        a, b = max((i for i, j in powers if not j), default=0), max((j for i, j in powers if not i), default=0)
        if not a or not b or any(i * b + j * a > a * b for i, j in powers):
            return False
        top = [(t, i, j) for t, (i, j) in zip(moving, powers, strict=True) if i * b + j * a == a * b]
        if any(sum(t.exponents) != i + j for t, i, j in top):
            return False
        form = {(i, j): t.coefficient for t, i, j in top}
        if not self.is_positive_form(form, places, b):
            return False
        for v in places:
            self.learn_bounded(v)
        return True

    def is_positive_form(self, form: dict[tuple[int, int], fmpq], places: list[int], b: int) -> bool:
        """q(1, y), q(-1, y), q(0, 1) and q(0, -1) are positive, as far as the signs of x and y allow these points."""
        x, y = places
        if any(form[0, b] * side**b <= 0 for side in self.sides(y)):
            return False
        for side in self.sides(x):
            coefficients = [fmpq(0)] * (b + 1)
            for (i, j), c in form.items():
                coefficients[j] += c * side**i
            if not _is_positive(coefficients, self.sides(y)):
                return False
        return True

    def sides(self, v: int) -> tuple[int, ...]:
        return (self.signs[v],) if v in self.signs else (1, -1)

    # ---- linear forms ------------------------------------------------------------------------------------------------------------

    def learn_from_linear_forms(self) -> None:
        """An unknown is bounded above where it is a combination of forms that are."""
        forms = [*self.linear, *filter(any, map(self.linear_part, self.given))]
        forms += [
            tuple(fmpq(s) * e for e in self.unit(v)) for v in self.unknowns for s in (1, -1) if v in (self.above if s > 0 else self.below)
        ]
        for v in self.unknowns:
            for side, known in ((1, self.above), (-1, self.below)):
                if v not in known and is_combination(forms, self.unit(v, side)):
                    self.learn_side(v, side)

    def linear_part(self, terms: list[Term]) -> tuple[fmpq, ...]:
        """The linear form that an inequality bounds above, if all its other terms are bounded below."""
        form = [fmpq(0)] * self.width
        for t in terms:
            if sum(t.exponents) == 1:
                form[t.exponents.index(1)] += t.coefficient
            elif any(t.exponents) and not self.is_bounded_below(t):
                return ()
        return tuple(form)


def _terms(p: Polynomial, width: int) -> list[Term]:
    return [Term(tuple(int(e) for e in m[:width]), fmpq(c)) for m, c in p.terms()]


def _cancels(t: Term, u: Term) -> bool:
    return t.exponents == u.exponents and t.coefficient * u.coefficient < 0


def _sum(terms: list[Term], others: list[Term], gone: Term) -> list[Term]:
    """The first inequality plus so much of the other one that a term cancels."""
    factor = next(-gone.coefficient / u.coefficient for u in others if u.exponents == gone.exponents)
    total = {t.exponents: t.coefficient for t in terms}
    for u in others:
        total[u.exponents] = total.get(u.exponents, fmpq(0)) + factor * u.coefficient
    return [Term(e, c) for e, c in total.items() if c]


def _lonely(term: Term) -> int | None:
    """The unknown of a term c*x^odd, which has the sign of c*x and is bounded on the same sides, None for other terms."""
    inside = [v for v, e in enumerate(term.exponents) if e]
    return inside[0] if len(inside) == 1 and term.exponents[inside[0]] % 2 else None


def _sum_of_squares(terms: list[Term], places: list[int]) -> list[list[fmpq]] | None:
    """The forms of which a quadratic form is a positive combination of squares (by completing squares), None if it is none."""
    n = len(places)
    q = [[fmpq(0)] * n for _ in range(n)]
    for t in terms:
        i, j = (places.index(v) for v in (v for v, e in enumerate(t.exponents) for _ in range(e)))
        q[i][j] += t.coefficient / 2
        q[j][i] += t.coefficient / 2
    forms = []
    for i in range(n):
        if q[i][i] < 0 or (not q[i][i] and any(q[i])):
            return None
        if not q[i][i]:
            continue
        form = [c / q[i][i] for c in q[i]]
        forms.append(form)
        pivot = q[i][i]
        for r in range(n):
            for s in range(n):
                q[r][s] -= pivot * form[r] * form[s]
    return forms


def _rank(rows: list[list[fmpq]]) -> int:
    return int(fmpq_mat(rows).rank()) if rows else 0


def _is_positive(coefficients: Sequence[fmpq], sides: tuple[int, ...]) -> bool:
    """Whether a polynomial in one unknown is positive at all numbers with these signs and at 0."""
    if coefficients[0] <= 0:
        return False
    whole = primitive(coefficients[: _degree(coefficients) + 1])
    for factor, _ in fmpz_poly(list(whole)).factor()[1]:
        for root in roots_of(primitive(factor.coeffs()), 64):
            if any(not side * root < 0 for side in sides):
                return False
    return True


def _degree(coefficients: Sequence[fmpq]) -> int:
    return max(k for k, c in enumerate(coefficients) if c)
