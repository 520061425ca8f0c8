"""Sums of monomials with rational exponents, and quotients of two of them: the normal form that `identities` reduces to.

A sum maps monomials to rational coefficients; a monomial is a product of atoms (nodes that no rule takes apart) with
rational exponents. Whole powers of numbers and of sums under a root (`RADICANDS`) are multiplied out, cos^2 is
1 - sin^2, and the bottoms of quotients are made rational, so that equal values mostly have equal forms.

>>> from optbench.language.build import symbol
>>> x = atom_of(symbol("x"))
>>> quotient_node(over(plus(times(x, x), constant_of(-1)), plus(x, constant_of(1))))
x - 1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from math import floor, gcd
from typing import NamedTuple, TypeAlias

from flint import fmpz

from optbench.arithmetic.balls import enclose
from optbench.language.build import add, call, divide, multiply, negate, number, power
from optbench.language.graph import Call, GraphError, Node, Number, symbols
from optbench.language.text import text

Monomial: TypeAlias = frozenset[tuple[Node, Fraction]]
Sum: TypeAlias = dict[Monomial, Fraction]

MAX_TERMS = 400
_MAX_POWER = 40  # whole powers of sums that are multiplied out
_MAX_RATIONALISED = 8  # terms of a bottom that is made rational
UNIT: Monomial = frozenset()
ONE: Sum = {UNIT: Fraction(1)}


RADICANDS: dict[Node, Sum] = {}  # sums that stand under a root


class TooLarge(Exception):
    """The normal form would have more terms than is sensible."""


class Quotient(NamedTuple):
    """top/bottom; the bottom is not 0 where the expression is defined."""

    top: Sum
    bottom: Sum


_oracles: list[Callable[[Node], int | None]] = []  # what is assumed of symbols, the last one counts


@contextmanager
def assuming(sign: Callable[[Node], int | None]) -> Iterator[None]:
    """Treat symbols as numbers of which `sign` knows the signs (1 or -1, None where it can't tell), as parameters are."""
    _oracles.append(sign)
    try:
        yield
    finally:
        _oracles.pop()


def is_open(node: Node) -> bool:
    """Whether nothing can be said of the sign of an expression, because of its symbols."""
    return not _oracles and bool(symbols(node))


def sign_of(node: Node, precisions: Sequence[int] = (64, 256, 1024)) -> int | None:
    """Return 1 or -1 for a number without unknowns that is surely not 0, else None."""
    if _oracles and symbols(node):
        return _oracles[-1](node)
    for precision in precisions:
        [value] = enclose([node], {}, precision)
        if value.empty:
            return None
        if not value.contains_zero:
            return 1 if value.is_positive else -1
    return None


# ---- sums and quotients ------------------------------------------------------------------------------------------------


def constant_of(value: Fraction | int) -> Quotient:
    return Quotient({UNIT: Fraction(value)} if value else {}, ONE)


def atom_of(node: Node, exponent: Fraction | int = 1) -> Quotient:
    if isinstance(node, Number):
        if node.value <= 0:
            if exponent != 1:
                raise GraphError("A power of a number that is not positive has no normal form.")
            return constant_of(node.value)
        return root_of_number(node.value, Fraction(exponent))
    return Quotient({frozenset({(node, Fraction(exponent))}): Fraction(1)}, ONE)


def plus(a: Quotient, b: Quotient) -> Quotient:
    if not a.top or not b.top:
        return a if a.top else b
    if a.bottom == b.bottom:
        return lifted(sum_plus(a.top, b.top), a.bottom)
    for p, q in ((a, b), (b, a)):
        whole = _divided(p.bottom, q.bottom) if len(q.bottom) > 1 else None
        if whole is not None:
            return lifted(sum_plus(p.top, sum_times(q.top, whole)), p.bottom)
    return Quotient(sum_plus(sum_times(a.top, b.bottom), sum_times(b.top, a.bottom)), sum_times(a.bottom, b.bottom))


def times(a: Quotient, b: Quotient) -> Quotient:
    return lifted(sum_times(a.top, b.top), sum_times(a.bottom, b.bottom))


def over(a: Quotient, b: Quotient) -> Quotient:
    if not b.top:
        raise GraphError("A quotient by 0 is not defined.")
    return lifted(sum_times(a.top, b.bottom), sum_times(a.bottom, b.top))


def lifted(top: Sum, bottom: Sum) -> Quotient:
    """Move a bottom that is one monomial into the top, and common factors of both away."""
    if len(bottom) > 1 and len(top) >= len(bottom):
        whole = _divided(top, bottom)
        if whole is not None:
            return Quotient(whole, ONE)
    if 1 < len(bottom) <= _MAX_RATIONALISED:
        top, bottom = _rationalised(top, bottom)
    if len(bottom) == 1:
        [(monomial, coefficient)] = bottom.items()
        if not any(_stays_below(atom) for atom, _ in monomial):
            inverse = frozenset((atom, -e) for atom, e in monomial)
            return Quotient(sum_times(top, {inverse: 1 / coefficient}), ONE)
    return Quotient(top, bottom)


def _divided(top: Sum, bottom: Sum) -> Sum | None:
    """top/bottom where that is a sum, found by long division in at most a few steps, else None."""
    first = min(bottom, key=term_order)
    if any(_stays_below(atom) for atom, _ in first):
        return None
    inverse = {frozenset((atom, -e) for atom, e in first): 1 / bottom[first]}
    quotient: Sum = {}
    for _ in range(len(top) + 2):
        if not top:
            return quotient
        leading = min(top, key=term_order)
        part = sum_times({leading: top[leading]}, inverse)
        quotient, top = sum_plus(quotient, part), sum_plus(top, scaled(sum_times(part, bottom), Fraction(-1)))
    return None


def _rationalised(top: Sum, bottom: Sum) -> tuple[Sum, Sum]:
    """Multiply a bottom that is a number by its conjugate, a - b*sqrt(p) for a + b*sqrt(p), where that is surely not 0."""
    half = Fraction(1, 2)
    for atom in {atom for monomial in bottom for atom, e in monomial if e == half and (isinstance(atom, Number) or atom in RADICANDS)}:
        conjugate = {m: -c if (atom, half) in m else c for m, c in bottom.items()}
        product = sum_times(bottom, conjugate)
        node = plain_sum(product)
        if len(product) <= len(bottom) and not symbols(node) and sign_of(node) is not None:
            top, bottom = sum_times(top, conjugate), product
    return top, bottom


def _stays_below(atom: Node) -> bool:
    return atom in RADICANDS or is_call(atom, "cos")


def sum_plus(a: Sum, b: Sum) -> Sum:
    total = dict(a)
    for monomial, coefficient in b.items():
        rest = total.get(monomial, Fraction(0)) + coefficient
        if rest:
            total[monomial] = rest
        else:
            total.pop(monomial, None)
    if len(total) > MAX_TERMS:
        raise TooLarge
    return total


def sum_times(a: Sum, b: Sum) -> Sum:
    if a == ONE or b == ONE:
        return b if a == ONE else a
    if len(a) * len(b) > MAX_TERMS * 20:
        raise TooLarge
    total: Sum = {}
    for left, p in a.items():
        for right, q in b.items():
            total = sum_plus(total, scaled(_monomial_times(left, right), p * q))
    return total


def scaled(terms: Sum, factor: Fraction) -> Sum:
    return {monomial: factor * c for monomial, c in terms.items()} if factor else {}


def _monomial_times(left: Monomial, right: Monomial) -> Sum:
    exponents = dict(left)
    for atom, e in right:
        exponents[atom] = exponents.get(atom, Fraction(0)) + e
    return settled(exponents)


def settled(exponents: dict[Node, Fraction]) -> Sum:
    """Return a product of powers, with whole powers of numbers and radicands multiplied out and cos^2 = 1 - sin^2."""
    coefficient, others = Fraction(1), ONE
    kept: dict[Node, Fraction] = {}
    for atom, e in exponents.items():
        whole = floor(e)
        if isinstance(atom, Number):
            coefficient *= atom.value**whole
            kept[atom] = e - whole
        elif atom in RADICANDS:
            others = sum_times(others, sum_power(RADICANDS[atom], whole))
            kept[atom] = e - whole
        elif isinstance(atom, Call) and atom.function == "cos" and e >= 2 and e == whole:
            sine = frozenset({(call("sin", atom.args[0]), Fraction(2))})
            others = sum_times(others, sum_power({UNIT: Fraction(1), sine: Fraction(-1)}, whole // 2))
            kept[atom] = Fraction(whole % 2)
        else:
            kept[atom] = e
    monomial = frozenset((atom, e) for atom, e in kept.items() if e)
    return scaled(sum_times({monomial: Fraction(1)}, others) if others is not ONE else {monomial: Fraction(1)}, coefficient)


def sum_power(base: Sum, exponent: int) -> Sum:
    if exponent < 0 or exponent > _MAX_POWER:
        raise TooLarge
    result = ONE
    for _ in range(exponent):
        result = sum_times(result, base)
    return result


def whole_power(base: Quotient, n: int) -> Quotient:
    if n < 0:
        return whole_power(over(constant_of(1), base), -n)
    if len(base.top) == 1 and len(base.bottom) == 1:
        top, bottom = (_monomial_power(s, n) for s in base)
        return lifted(top, bottom)
    return lifted(sum_power(base.top, n), sum_power(base.bottom, n))


def _monomial_power(terms: Sum, n: int) -> Sum:
    [(monomial, coefficient)] = terms.items()
    if coefficient.numerator.bit_length() * n > 10_000 or coefficient.denominator.bit_length() * n > 10_000:
        raise TooLarge
    return scaled(settled({atom: e * n for atom, e in monomial}), coefficient**n)


# ---- back to nodes -------------------------------------------------------------------------------------------------------


def quotient_node(q: Quotient) -> Node:
    """Return the expression of a normal form, with common factors in front."""
    return divide(sum_node(q.top), sum_node(q.bottom)) if q.bottom != ONE else sum_node(q.top)


def sum_node(terms: Sum) -> Node:
    """Return a sum as an expression: rational factor and common powers in front, negative powers below."""
    if not terms:
        return number(0)
    content, common, rest = taken_out(terms)
    if len(rest) > 1 and not any(e < 0 for _, e in common):
        return plain_sum(terms)
    return product_node(content, common, [] if rest == ONE else [plain_sum(rest)])


def plain_sum(terms: Sum) -> Node:
    ordered = sorted(terms.items(), key=lambda item: term_order(item[0]))
    return add(*(product_node(c, m, []) for m, c in ordered))


def term_order(monomial: Monomial) -> tuple[int, list[tuple[str, Fraction]]]:
    """Longer products first, numbers last, the same order in every run."""
    return -len(monomial), sorted((name_of(atom), -e) for atom, e in monomial)


@lru_cache(maxsize=4096)
def name_of(node: Node) -> str:
    return text(node)


def product_node(coefficient: Fraction, monomial: Monomial, more: list[Node]) -> Node:
    coefficient, monomial = _unnegated(coefficient, monomial)
    ordered = sorted(_joined_numbers(monomial), key=lambda item: name_of(item[0]))
    exponential = add(*(_times(e, atom.args[0]) for atom, e in ordered if is_call(atom, "exp")))
    others = [(atom, e) for atom, e in ordered if not is_call(atom, "exp")]
    above = [_power_node(atom, e) for atom, e in others if e > 0] + more
    if exponential is not number(0):
        above.append(call("exp", exponential))
    below = [_power_node(atom, -e) for atom, e in others if e < 0]
    if coefficient.denominator > 1 or below:
        top = multiply(abs(coefficient).numerator, *above)
        result = divide(top, multiply(coefficient.denominator, *below))
        return negate(result) if coefficient < 0 else result
    return multiply(coefficient, *above)


def _times(factor: Fraction, node: Node) -> Node:
    """5*pi/4 rather than 5/4*pi."""
    return multiply(factor, node) if isinstance(node, Number) else divide(multiply(factor.numerator, node), factor.denominator)


def _unnegated(coefficient: Fraction, monomial: Monomial) -> tuple[Fraction, Monomial]:
    """Whole powers of -w are written with w."""
    kept = {}
    for atom, e in monomial:
        if is_call(atom, "negate") and e.denominator == 1:
            atom, coefficient = atom.args[0], -coefficient if e.numerator % 2 else coefficient
        kept[atom] = e
    return coefficient, frozenset(kept.items())


def _joined_numbers(monomial: Monomial) -> list[tuple[Node, Fraction]]:
    """sqrt(3)*sqrt(5) is written sqrt(15)."""
    products: dict[Fraction, Fraction] = {}
    others = []
    for atom, e in monomial:
        if isinstance(atom, Number):
            products[e] = products.get(e, Fraction(1)) * atom.value
        else:
            others.append((atom, e))
    return [(number(value), e) for e, value in products.items()] + others


def _power_node(base: Node, exponent: Fraction) -> Node:
    if exponent == 1:
        return base
    return call("sqrt", base) if exponent == Fraction(1, 2) else power(base, number(exponent))


def taken_out(terms: Sum) -> tuple[Fraction, Monomial, Sum]:
    """Return c, m, rest with terms = c*m*rest, c > 0 unless all of terms is one monomial; m has the lowest exponents."""
    if not terms:
        raise GraphError("0 has no factors")
    content = _content(terms)
    lowest: dict[Node, Fraction] = {}
    for atom in {atom for monomial in terms for atom, _ in monomial}:
        e = min(dict(monomial).get(atom, Fraction(0)) for monomial in terms)
        if e:
            lowest[atom] = e
    common = frozenset(lowest.items())
    rest: Sum = {}
    for monomial, c in terms.items():
        left = {atom: e - lowest.get(atom, Fraction(0)) for atom, e in monomial}
        left.update({atom: -e for atom, e in lowest.items() if atom not in left})
        rest[frozenset((atom, e) for atom, e in left.items() if e)] = c / content
    if len(rest) == 1 or all(c < 0 for c in rest.values()):
        sign = 1 if next(iter(rest.values())) > 0 else -1
        return sign * content, common, {m: sign * c for m, c in rest.items()}
    return content, common, rest


def _content(terms: Sum) -> Fraction:
    top = gcd(*(c.numerator for c in terms.values()))
    bottom = 1
    for c in terms.values():
        bottom = bottom * c.denominator // gcd(bottom, c.denominator)
    return Fraction(top, bottom)


def without_common_factors(terms: Sum, vanishes: Callable[[Node], bool]) -> Sum:
    """Return the sum without the factors that all its terms share and that are not 0 by what `vanishes` says."""
    _, common, rest = taken_out(terms)
    kept = frozenset((atom, e) for atom, e in common if e > 0 and vanishes(atom))
    return sum_times(rest, {kept: Fraction(1)})


def is_call(node: Node, function: str) -> bool:
    return isinstance(node, Call) and node.function == function


def root_of_number(value: Fraction, exponent: Fraction) -> Quotient:
    """A rational power of a positive rational number: prime numbers to exponents in [0, 1) and a rational factor."""
    if value == 1:
        return constant_of(1)
    exponents: dict[Node, Fraction] = {}
    for whole, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in factors_of(whole):
            exponents[number(prime)] = exponents.get(number(prime), Fraction(0)) + sign * count * exponent
    if any(abs(e) * atom.value.numerator.bit_length() > 20_000 for atom, e in exponents.items() if isinstance(atom, Number)):
        raise TooLarge
    return Quotient(settled(exponents), ONE)


def factors_of(whole: int) -> list[tuple[int, int]]:
    """Prime factors, as far as they are found quickly; a large rest stands as it is."""
    if whole == 1:
        return []
    found = fmpz(whole).factor() if whole.bit_length() < 64 else fmpz(whole).factor_smooth(20)
    return [(int(p), int(k)) for p, k in found]
