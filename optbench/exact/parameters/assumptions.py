"""What is assumed of parameters without values, and the signs of expressions that follow from it.

`Assumptions` holds a range for each symbol and facts (an expression has one of some signs). `signs` takes the normal form
apart into irreducible factors and asks `Region` for the sign of each; of a sum S*sqrt(P) + T with parts of opposite signs it
is the sign of S^2*P - T^2, and increasing functions are undone: log(u) > c where u > exp(c). Every answer is a proof. `sign` wants
one sign and raises `Open` with the factor whose sign is not known, so that the caller can tell cases apart; `having`
adds what holds in such a case, and `solved` solves an equation for one of the parameters.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> a, b = symbol("a"), symbol("b")
>>> given = Assumptions({a: KINDS["positive"], b: KINDS["real"]})
>>> given.sign(parse("sqrt(b^2 + a) - b").node), sorted(given.signs(parse("a*b^2 - 2*a^2*b + a^3").node))
(1, [0, 1])
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any, TypeAlias

from flint import Ordering, fmpz_mpoly_ctx

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import (
    ONE,
    RADICANDS,
    UNIT,
    Monomial,
    Sum,
    TooLarge,
    assuming,
    is_call,
    name_of,
    plain_sum,
    product_node,
    quotient_node,
    scaled,
    sum_plus,
    sum_times,
    taken_out,
)
from optbench.exact.region.signs import (
    ANY,
    NEGATIVE,
    NOT_NEGATIVE,
    NOT_POSITIVE,
    NOT_ZERO,
    POSITIVE,
    ZERO,
    Region,
    Signs,
    normal_form,
)
from optbench.language.build import call, condition, divide, multiply, negate, number, power, substitute, subtract
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols
from optbench.problem.interval import Interval, restricted

KINDS = {
    "positive": Interval(number(0), lower_closed=False),
    "nonnegative": Interval(number(0)),
    "negative": Interval(upper=number(0), upper_closed=False),
    "real": Interval(),
    "integer": Interval(),  # what holds for all real numbers holds for the whole ones
}
_COMPARISON = {POSITIVE: "greater", NOT_NEGATIVE: "greater_equal", NEGATIVE: "less", NOT_POSITIVE: "less_equal"}
_HALF = Fraction(1, 2)
MAX_ATOMS = 12  # that polynomials are made of
MAX_TERMS = 12  # of a sum that is taken further apart
MAX_FACTS = 6  # the last ones, with which an expression is compared
_DEPTH = 4  # roots and logarithms inside of each other that are undone
Factor: TypeAlias = tuple[Node, Signs]


class Open(Exception):
    """The sign of an expression is not the same for all values of its symbols, or not known."""

    def __init__(self, expression: Node) -> None:
        super().__init__(f"the sign of {expression} is not known")
        self.expression = expression


@dataclass(frozen=True)
class Assumptions:
    """Ranges of symbols, and expressions in them that have one of some signs."""

    intervals: Mapping[Symbol, Interval]
    facts: tuple[tuple[Node, Signs], ...] = ()
    _busy: list[None] = field(default_factory=list, compare=False, repr=False)
    _known: dict[tuple[Node, int], list[Factor]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def region(self) -> Region:
        """The values at which all of this holds."""
        return Region(self.intervals, self.facts)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let normal forms use these assumptions."""
        with assuming(self._quick):
            yield

    def simplified(self, node: Node) -> Node:
        """Return an expression with the same value under these assumptions, perhaps shorter."""
        with self.applied():
            shorter = simplified(node)
            try:
                return min(shorter, cancelled(shorter), key=lambda n: len(name_of(n)))
            except (TooLarge, GraphError, ZeroDivisionError):
                return shorter

    def vanishes(self, node: Node) -> bool:
        """Whether an expression is proved to be 0."""
        with self.applied():
            form = normal_form(node)
        return form is not None and not form.top

    # ---- signs ----------------------------------------------------------------------------------------------------------------

    def sign(self, node: Node) -> int:
        """Return the one sign of an expression; raise `Open` where it may have several."""
        found = self.signs(node)
        if len(found) == 1:
            return next(iter(found))
        raise Open(self._undecided(node))

    def signs(self, node: Node) -> Signs:
        """Return a set of signs outside of which the expression has no value."""
        found = POSITIVE
        for _, signs in self._factors(node, _DEPTH):
            found = _products(found, signs)
        return found

    def _undecided(self, node: Node) -> Node:
        return next((factor for factor, signs in self._factors(node, _DEPTH) if len(signs) > 1), node)

    def _quick(self, node: Node) -> int | None:
        """A sign for the normal form; questions that come up on the way to it are not answered."""
        if self._busy:
            return None
        self._busy.append(None)
        try:
            found = self.region.signs(node)
            if len(found) > 1:
                found = self.signs(node)
        finally:
            self._busy.pop()
        return next(iter(found)) if len(found) == 1 and found <= NOT_ZERO else None

    def _factors(self, node: Node, depth: int) -> list[Factor]:
        """Factors whose product has the sign of the node, with the signs of each."""
        if self._busy:
            return self._new_factors(node, depth)
        if (node, depth) not in self._known:
            self._known[node, depth] = self._new_factors(node, depth)
        return self._known[node, depth]

    def _new_factors(self, node: Node, depth: int) -> list[Factor]:
        with self.applied():
            form = normal_form(node)
        if form is None:
            return [(node, self.region.signs(node))]
        if not form.top:
            return [(node, ZERO)]
        bottom = [(n, (s - ZERO) or ANY) for n, s in self._factors_of_sum(form.bottom, depth)] if form.bottom != ONE else []
        return [*self._factors_of_sum(form.top, depth), *bottom]

    def _factors_of_sum(self, terms: Sum, depth: int) -> list[Factor]:
        content, common, rest = taken_out(terms)
        found: list[Factor] = [(number(1), POSITIVE if content > 0 else NEGATIVE)]
        for atom, e in common:
            found.append(self._of_atom(atom, e))
        for factor, count in factors_of_sum(rest):
            node = plain_sum(factor)
            parts = self._of_irreducible(factor, node, depth)
            found += parts if count % 2 else [(n, _products(s, s) & NOT_NEGATIVE) for n, s in parts]
        return found

    def _of_atom(self, atom: Node, e: Fraction) -> Factor:
        found = self.region.signs(atom)
        if e.denominator > 1:
            found = (found & NOT_NEGATIVE) or ANY
        if e < 0:
            found = (found - ZERO) or ANY
        return atom, found if e.denominator > 1 or e.numerator % 2 else frozenset(s * s for s in found)

    def _of_irreducible(self, terms: Sum, node: Node, depth: int) -> list[Factor]:
        """Factors with the same product of signs: the node itself, or what is left where a root or a function is undone."""
        found = self.region.signs(node)
        if len(found) == 1 or not depth or len(terms) > MAX_TERMS:
            return [(node, found)]
        try:
            found = self._beside_facts(node, found) & self._of_square(terms, depth) or found
            if len(found) == 1:
                return [(node, found)]
            return (
                self._undone(terms, depth) or self._of_logarithms(terms, depth) or self._with_root(terms, found, depth) or [(node, found)]
            )
        except (TooLarge, GraphError):
            return [(node, found)]

    def _beside_facts(self, node: Node, found: Signs) -> Signs:
        """A node that is at least a positive fact is positive, and so on."""
        for fact, signs in self.facts[-MAX_FACTS:]:
            for sign in (1, -1):
                if signs <= NOT_NEGATIVE or signs <= NOT_POSITIVE:
                    away = self.region.signs(_expanded(subtract(node, multiply(sign, fact))))
                    toward = frozenset(sign * s for s in signs)
                    both = away | toward
                    if both <= NOT_NEGATIVE or both <= NOT_POSITIVE:
                        strict = 0 not in away or 0 not in toward
                        found &= both - ZERO if strict else both
        return found

    def _of_square(self, terms: Sum, depth: int) -> Signs:
        """A*s^2 + B*s + C with B^2 < 4*A*C has the sign of A."""
        for s in {a for m in terms for a, e in m if e == 2 and isinstance(a, Symbol)}:
            parts: dict[Fraction, Sum] = {}
            for m, c in terms.items():
                parts.setdefault(dict(m).get(s, Fraction(0)), {})[frozenset((a, e) for a, e in m if a is not s)] = c
            if set(parts) <= {Fraction(0), Fraction(1), Fraction(2)} and Fraction(0) in parts:
                square = sum_times(parts.get(Fraction(1), {}), parts.get(Fraction(1), {}))
                less = sum_plus(square, scaled(sum_times(parts[Fraction(2)], parts[Fraction(0)]), Fraction(-4)))
                if depth > 1 and self._product(less, depth - 1) <= NEGATIVE:
                    return self._product(parts[Fraction(2)], depth - 1)
        return ANY

    def _with_root(self, terms: Sum, known: Signs, depth: int) -> list[Factor] | None:
        """S*sqrt(P) + T has the sign of S where S^2*P > T^2, that of T where it is less; where they are equal, 0 or both."""
        for atom in (a for m in terms for a, e in m if e.denominator == 2):
            outside, inside = _split_at_root(terms, atom)
            square = RADICANDS.get(atom, {frozenset({(atom, Fraction(1))}): Fraction(1)})
            difference = sum_plus(sum_times(sum_times(inside, inside), square), scaled(sum_times(outside, outside), Fraction(-1)))
            s, t, factors = self._product(inside, depth), self._product(outside, depth), self._factors_of_any(difference, depth)
            if len(s) == 1 and len(t) == 1 and s != t and s | t == NOT_ZERO:
                return [(number(1), s), *factors]
            d = POSITIVE
            for _, signs in factors:
                d = _products(d, signs)
            larger = (s - ZERO if 1 in d else frozenset()) | (t - ZERO if -1 in d else frozenset())
            cancel = 0 in t or (1 in s and -1 in t) or (-1 in s and 1 in t)
            equal = (s & t | (ZERO if cancel else frozenset())) if 0 in d else frozenset()
            return [(plain_sum(terms), (known & (larger | equal)) or known)]
        return None

    def _factors_of_any(self, terms: Sum, depth: int) -> list[Factor]:
        return self._factors_of_sum(terms, depth - 1) if terms else [(number(0), ZERO)]

    def _product(self, terms: Sum, depth: int) -> Signs:
        found = POSITIVE
        for _, signs in self._factors_of_any(terms, depth):
            found = _products(found, signs)
        return found

    def _undone(self, terms: Sum, depth: int) -> list[Factor] | None:
        """c1*h(u) + c0 with an increasing h and numbers c0, c1: the sign of c1*(u - g(-c0/c1)) with the inverse g of h."""
        if len(terms) != 2 or UNIT not in terms:
            return None
        [(monomial, c1)] = [(m, c) for m, c in terms.items() if m]
        inverse = _inverse(monomial, -terms[UNIT] / c1)
        return None if inverse is None else [(number(1), POSITIVE if c1 > 0 else NEGATIVE), *self._factors(subtract(*inverse), depth - 1)]

    def _of_logarithms(self, terms: Sum, depth: int) -> list[Factor] | None:
        """k1*log(u1) + k2*log(u2) + ... + c with rational k has the sign of the difference of two products of powers."""
        sides: tuple[list[Node], list[Node]] = ([], [])
        for monomial, c in terms.items():
            if not monomial:
                sides[c < 0].append(call("exp", number(abs(c))))
                continue
            [(atom, e), *more] = monomial
            if more or e != 1 or not is_call(atom, "log"):
                return None
            sides[c < 0].append(power(atom.args[0], number(abs(c))))
        above, below = (multiply(*side) if side else number(1) for side in sides)
        return self._factors(subtract(above, below), depth - 1)

    # ---- cases ------------------------------------------------------------------------------------------------------------------

    def having(self, node: Node, signs: Signs) -> Assumptions:
        """Return these assumptions and that an expression has one of some signs."""
        if len(symbols(node)) == 1 and signs in _COMPARISON:
            [s] = symbols(node)
            narrower = restricted(self.intervals[s], condition(_COMPARISON[signs], node, 0), s) if s in self.intervals else None
            if narrower is not None and not narrower.is_empty:
                return Assumptions({**self.intervals, s: narrower}, (*self.facts, (node, signs)))
        return Assumptions(self.intervals, (*self.facts, (node, signs)))

    def with_fact(self, node: Node, signs: Signs) -> Assumptions:
        """Return these assumptions and one more, said of the one factor of the expression whose sign is not known without it."""
        unsure = [(n, s) for n, s in self._factors(node, 0) if len(s) > 1]
        if len(unsure) == 1 and len(signs) == 1 and signs <= NOT_ZERO:
            [(factor, possible)] = unsure
            rest = POSITIVE
            for n, s in self._factors(node, 0):
                rest = rest if n is factor else _products(rest, s)
            if rest <= NOT_ZERO and possible >= NOT_ZERO:
                return Assumptions(self.intervals, (*self.facts, (factor, _products(signs, rest))))
        return Assumptions(self.intervals, (*self.facts, (node, signs)))

    def solved(self, node: Node) -> tuple[Symbol, Node] | None:
        """Return a symbol and what it is where the expression is 0, if it is linear in one with a factor that is not 0."""
        for s in sorted(symbols(node), key=lambda s: s.name):
            parts = linear_in(node, s)
            if parts is not None and s in self.intervals and 0 not in self.signs(parts[0]):
                return s, self.simplified(negate(divide(parts[1], parts[0])))
        return None

    def without(self, s: Symbol, value: Node) -> Assumptions:
        """Return what is assumed of the other symbols where one has this value."""
        interval = self.intervals[s]
        rest = Assumptions({other: i for other, i in self.intervals.items() if other is not s})
        for node, signs in self.facts:
            rest = rest.having(substitute(node, {s: value}), signs)
        for signs in (NEGATIVE, NOT_POSITIVE, POSITIVE, NOT_NEGATIVE):
            if interval == _RANGES[signs]:
                rest = rest.having(value, signs)
        return rest

    def with_symbol(self, s: Symbol, interval: Interval) -> Assumptions:
        """Return these assumptions with one more symbol, or another range of it."""
        return Assumptions({**self.intervals, s: interval}, self.facts)


_RANGES = {
    POSITIVE: KINDS["positive"],
    NOT_NEGATIVE: KINDS["nonnegative"],
    NEGATIVE: KINDS["negative"],
    NOT_POSITIVE: Interval(upper=number(0)),
}


def _products(a: Signs, b: Signs) -> Signs:
    return frozenset(x * y for x in a for y in b) or ANY


def _split_at_root(terms: Sum, atom: Node) -> tuple[Sum, Sum]:
    """(T, S) with terms = S*sqrt(atom) + T, where T and S have no root of the atom."""
    outside: Sum = {}
    inside: Sum = {}
    for monomial, c in terms.items():
        e = dict(monomial).get(atom, Fraction(0))
        if e.denominator == 1:
            outside[monomial] = c
        elif e.denominator == 2:
            left = {**dict(monomial), atom: e - _HALF}
            inside[frozenset((a, k) for a, k in left.items() if k)] = c
        else:
            raise TooLarge
    return outside, inside


def _inverse(monomial: Monomial, level: Fraction) -> tuple[Node, Node] | None:
    """(u, g) such that the monomial is above a level where u > g."""
    if len(monomial) != 1:
        return None
    [(atom, e)] = monomial
    if e == 1 and is_call(atom, "log"):
        return atom.args[0], call("exp", number(level))
    if level <= 0 or e < 0:
        return None
    if is_call(atom, "exp"):
        return multiply(number(e), atom.args[0]), call("log", number(level))
    if e == 1 and is_call(atom, "lambertw"):
        return atom.args[0], multiply(number(level), call("exp", number(level)))
    return (atom, power(number(level), number(1 / e))) if e.denominator > 1 else None


def linear_in(node: Node, s: Symbol) -> tuple[Node, Node] | None:
    """Return (A, B) such that the node is 0 where A*s + B is 0 and the node is defined; None for what is not linear in s or 1/s.

    For a node that is linear in s it is A*s + B.
    """
    form = normal_form(node)
    if form is None or s in symbols(plain_sum(form.bottom)):
        return None
    parts: dict[Fraction, Sum] = {}
    for monomial, c in form.top.items():
        left = frozenset((a, k) for a, k in monomial if a is not s)
        if any(s in symbols(a) for a, _ in left):
            return None
        parts.setdefault(dict(monomial).get(s, Fraction(0)), {})[left] = c
    low = min(parts, default=Fraction(0))
    if set(parts) == {Fraction(1)}:
        low = Fraction(0)
    if low not in (0, -1) or set(parts) - {low, low + 1} or low + 1 not in parts:
        return None
    bottom = plain_sum(form.bottom)
    return divide(plain_sum(parts[low + 1]), bottom), divide(plain_sum(parts[low]), bottom) if low in parts else number(0)


def _expanded(node: Node) -> Node:
    form = normal_form(node)
    return node if form is None else quotient_node(form)


# ---- factors --------------------------------------------------------------------------------------------------------------------


def factors_of_sum(terms: Sum, halved: Collection[Node] = ()) -> list[tuple[Sum, int]]:
    """Return the irreducible factors of a sum as a polynomial in roots of its atoms, with their counts; numbers are left out
    except -1. An atom under a root is not negative, wherever the sum is defined; of those in `halved`, which must not be
    negative, roots may be taken."""
    if terms == ONE:
        return []
    roots = {a: 2 * k if a in halved else k for a, k in _lowest_roots([terms]).items()}
    if not roots or len(terms) == 1 or len(roots) > MAX_ATOMS or any(e < 0 for m in terms for _, e in m):
        return [(terms, 1)]
    p, _ = _as_polynomial(terms, roots, dict.fromkeys(roots, Fraction(0)), _context(roots))
    content, factors = p.factor()
    found = [(_sum_of(f, roots), int(count)) for f, count in factors]
    return found if content > 0 else [({UNIT: Fraction(-1)}, 1), *found]


def _context(roots: Mapping[Node, int]) -> Any:
    return fmpz_mpoly_ctx.get(tuple(f"y{i}" for i in range(len(roots))), Ordering.degrevlex)


def _sum_of(p: Any, roots: Mapping[Node, int]) -> Sum:
    terms: Sum = {}
    for exponents, c in p.terms():
        terms[frozenset((a, Fraction(int(e), k)) for (a, k), e in zip(roots.items(), exponents, strict=True) if e)] = Fraction(int(c))
    return terms


def cancelled(node: Node) -> Node:
    """Return a quotient of sums without their common factors, both as products of powers."""
    form = normal_form(node)
    if form is None:
        return node
    roots = _lowest_roots([form.top, form.bottom])
    if not roots or len(roots) > MAX_ATOMS:
        return node
    context = _context(roots)
    shift = {a: max([Fraction(0), *(-dict(m).get(a, Fraction(0)) for part in form for m in part)]) for a in roots}
    (p, c), (q, d) = (_as_polynomial(part, roots, shift, context) for part in form)
    common = p.gcd(q)
    (k, top), (n, bottom) = (_as_product(part / common, roots) for part in (p, q))
    factor = number(Fraction(k, n) * d / c)
    assert isinstance(factor, Number)
    whole = divide(multiply(abs(factor.value.numerator), top), multiply(factor.value.denominator, bottom))
    return negate(whole) if factor.value < 0 else whole


def _lowest_roots(parts: list[Sum]) -> dict[Node, int]:
    """For each atom the common denominator of its exponents."""
    roots: dict[Node, int] = {}
    for m in (m for part in parts for m in part):
        for atom, e in m:
            roots[atom] = lcm(roots.get(atom, 1), e.denominator)
    return dict(sorted(roots.items(), key=lambda item: name_of(item[0])))


def _as_polynomial(terms: Sum, roots: Mapping[Node, int], shift: Mapping[Node, Fraction], context: Any) -> tuple[Any, Fraction]:
    """A polynomial with whole coefficients in the roots of the atoms, and the number by which it is too large."""
    scale = lcm(*(c.denominator for c in terms.values()))
    exponents = {tuple(int((dict(m).get(a, 0) + shift[a]) * k) for a, k in roots.items()): int(c * scale) for m, c in terms.items()}
    return context.from_dict(exponents), Fraction(scale)


def _as_product(p: Any, roots: Mapping[Node, int]) -> tuple[int, Node]:
    """The number in front, and the product of the other factors."""
    content, factors = p.factor()
    parts = []
    for factor, count in factors:
        terms = _sum_of(factor, roots)
        total = plain_sum(terms)
        if len(terms) == 1:
            [(monomial, _)] = terms.items()
            parts.append(product_node(Fraction(1), frozenset((a, e * int(count)) for a, e in monomial), []))
        else:
            parts.append(power(total, int(count)))
    ordered = sorted(parts, key=lambda n: (isinstance(n, Call) and n.function in ("add", "power"), name_of(n)))
    return int(content), multiply(*ordered) if ordered else number(1)


def assumed(kinds: Mapping[Symbol, str]) -> Assumptions:
    """Return what the declarations of parameters say."""
    unknown = [kind for kind in kinds.values() if kind not in KINDS]
    if unknown:
        raise NotApplicable(f"nothing is known of parameters that are {unknown[0]}")
    return Assumptions({s: KINDS[kind] for s, kind in kinds.items()})
