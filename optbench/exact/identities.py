"""A normal form for expressions in exp, log, W, sin, cos and roots, by rules that are identities of real numbers.

A `Quotient` is a quotient of two sums; a sum maps monomials to rational coefficients; a monomial is a product of atoms
(nodes that no rule takes apart) with rational exponents. The rules are theorems wherever both sides are defined:
exp(c*log(a)) = a^c, log(exp(r)) = r, exp(n*W(z)) = (z/W(z))^n, log(W(z)) = log(z) - W(z) for z > 0, products and powers of
positive bases, cos^2 = 1 - sin^2, the addition theorems, sin and cos of asin, acos and atan. So the normal form has the
value of the expression wherever that is defined, and `is_zero` is a proof.

>>> from optbench.language.elaborate import parse
>>> is_zero(parse("exp(-2*lambertw(3)) - lambertw(3)^2/9").node)
True
>>> simplified(parse("log(8)/log(2) + sqrt(12)*sin(atan(2))").node)
4*sqrt(15)/5 + 3
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import floor, gcd
from typing import NamedTuple, TypeAlias

from flint import fmpz

from optbench.arithmetic.balls import enclose
from optbench.exact import algebraic
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, rebuild, subtract
from optbench.language.graph import Call, GraphError, Node, Number, symbols, topological
from optbench.language.text import text

Monomial: TypeAlias = frozenset[tuple[Node, Fraction]]
Sum: TypeAlias = dict[Monomial, Fraction]

MAX_TERMS = 400
MAX_NODES = 3_000
_MAX_POWER = 40  # whole powers of sums that are multiplied out
_MAX_RATIONALISED = 8  # terms of a bottom that is made rational
_MAX_TURNS = 12  # multiples of an angle that are taken apart
_UNIT: Monomial = frozenset()
_ONE: Sum = {_UNIT: Fraction(1)}


class TooLarge(Exception):
    """The normal form would have more terms than is sensible."""


class Quotient(NamedTuple):
    """top/bottom; the bottom is not 0 where the expression is defined."""

    top: Sum
    bottom: Sum


def is_zero(node: Node) -> bool | None:
    """Return whether a number without unknowns, which must be defined, is 0; None where that is not decided."""
    if isinstance(node, Number):
        return node.value == 0
    if sign_of(node) is not None:
        return False
    if algebraic.is_algebraic(node):
        decided = algebraic.is_zero(node)
        if decided is not None:
            return decided
    try:
        top = normal(node).top
    except (TooLarge, GraphError):
        return None
    return True if all(algebraic.is_zero(g) is True for g in _algebraic_coefficients(top)) else None


def simplified(node: Node) -> Node:
    """Return the same number written shorter, where the normal form does that."""
    try:
        other = quotient_node(normal(node))
    except (TooLarge, GraphError, ZeroDivisionError):
        return node
    return other if len(text(other)) <= len(text(node)) else node


def sign_of(node: Node, precisions: Sequence[int] = (64, 256, 1024)) -> int | None:
    """Return 1 or -1 for a number without unknowns that is surely not 0, else None."""
    for precision in precisions:
        [value] = enclose([node], {}, precision)
        if value.empty:
            return None
        if not value.contains_zero:
            return 1 if value.is_positive else -1
    return None


def normal(node: Node) -> Quotient:
    """Return the normal form; raise `TooLarge` where it has too many terms."""
    order = topological(node)
    if len(order) > MAX_NODES:
        raise TooLarge
    known: dict[Node, Quotient] = {}
    for part in order:
        known[part] = _normal_of(part, [known[a] for a in part.args])
    return known[node]


# ---- sums and quotients ------------------------------------------------------------------------------------------------


def _constant(value: Fraction | int) -> Quotient:
    return Quotient({_UNIT: Fraction(value)} if value else {}, _ONE)


def _atom(node: Node, exponent: Fraction | int = 1) -> Quotient:
    if isinstance(node, Number):
        return _root_of_number(node.value, Fraction(exponent))
    return Quotient({frozenset({(node, Fraction(exponent))}): Fraction(1)}, _ONE)


def _plus(a: Quotient, b: Quotient) -> Quotient:
    if not a.top or not b.top:
        return a if a.top else b
    if a.bottom == b.bottom:
        return _lifted(_sum_plus(a.top, b.top), a.bottom)
    for p, q in ((a, b), (b, a)):
        whole = _divided(p.bottom, q.bottom) if len(q.bottom) > 1 else None
        if whole is not None:
            return _lifted(_sum_plus(p.top, _sum_times(q.top, whole)), p.bottom)
    return Quotient(_sum_plus(_sum_times(a.top, b.bottom), _sum_times(b.top, a.bottom)), _sum_times(a.bottom, b.bottom))


def _times(a: Quotient, b: Quotient) -> Quotient:
    return _lifted(_sum_times(a.top, b.top), _sum_times(a.bottom, b.bottom))


def _over(a: Quotient, b: Quotient) -> Quotient:
    if not b.top:
        raise GraphError("A quotient by 0 is not defined.")
    return _lifted(_sum_times(a.top, b.bottom), _sum_times(a.bottom, b.top))


def _lifted(top: Sum, bottom: Sum) -> Quotient:
    """Move a bottom that is one monomial into the top, and common factors of both away."""
    if len(bottom) > 1 and len(top) >= len(bottom):
        whole = _divided(top, bottom)
        if whole is not None:
            return Quotient(whole, _ONE)
    if 1 < len(bottom) <= _MAX_RATIONALISED:
        top, bottom = _rationalised(top, bottom)
    if len(bottom) == 1:
        [(monomial, coefficient)] = bottom.items()
        if not any(_stays_below(atom) for atom, _ in monomial):
            inverse = frozenset((atom, -e) for atom, e in monomial)
            return Quotient(_sum_times(top, {inverse: 1 / coefficient}), _ONE)
    return Quotient(top, bottom)


def _divided(top: Sum, bottom: Sum) -> Sum | None:
    """top/bottom where that is a sum, found by long division in at most a few steps, else None."""
    first = min(bottom, key=_order)
    if any(_stays_below(atom) for atom, _ in first):
        return None
    inverse = {frozenset((atom, -e) for atom, e in first): 1 / bottom[first]}
    quotient: Sum = {}
    for _ in range(len(top) + 2):
        if not top:
            return quotient
        leading = min(top, key=_order)
        part = _sum_times({leading: top[leading]}, inverse)
        quotient, top = _sum_plus(quotient, part), _sum_plus(top, _scaled(_sum_times(part, bottom), Fraction(-1)))
    return None


def _rationalised(top: Sum, bottom: Sum) -> tuple[Sum, Sum]:
    """Multiply a bottom that is a number by its conjugate, a - b*sqrt(p) for a + b*sqrt(p), where that is surely not 0."""
    half = Fraction(1, 2)
    for atom in {atom for monomial in bottom for atom, e in monomial if e == half and (isinstance(atom, Number) or atom in _radicands)}:
        conjugate = {m: -c if (atom, half) in m else c for m, c in bottom.items()}
        product = _sum_times(bottom, conjugate)
        node = _plain_sum(product)
        if len(product) <= len(bottom) and not symbols(node) and sign_of(node) is not None:
            top, bottom = _sum_times(top, conjugate), product
    return top, bottom


def _stays_below(atom: Node) -> bool:
    return atom in _radicands or _is_call(atom, "cos")


def _sum_plus(a: Sum, b: Sum) -> Sum:
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


def _sum_times(a: Sum, b: Sum) -> Sum:
    if a == _ONE or b == _ONE:
        return b if a == _ONE else a
    if len(a) * len(b) > MAX_TERMS * 20:
        raise TooLarge
    total: Sum = {}
    for left, p in a.items():
        for right, q in b.items():
            total = _sum_plus(total, _scaled(_monomial_times(left, right), p * q))
    return total


def _scaled(terms: Sum, factor: Fraction) -> Sum:
    return {monomial: factor * c for monomial, c in terms.items()} if factor else {}


def _monomial_times(left: Monomial, right: Monomial) -> Sum:
    exponents = dict(left)
    for atom, e in right:
        exponents[atom] = exponents.get(atom, Fraction(0)) + e
    return _settled(exponents)


def _settled(exponents: dict[Node, Fraction]) -> Sum:
    """Return a product of powers, with whole powers of numbers and radicands multiplied out and cos^2 = 1 - sin^2."""
    coefficient, others = Fraction(1), _ONE
    kept: dict[Node, Fraction] = {}
    for atom, e in exponents.items():
        whole = floor(e)
        if isinstance(atom, Number):
            coefficient *= atom.value**whole
            kept[atom] = e - whole
        elif atom in _radicands:
            others = _sum_times(others, _sum_power(_radicands[atom], whole))
            kept[atom] = e - whole
        elif isinstance(atom, Call) and atom.function == "cos" and e >= 2 and e == whole:
            sine = frozenset({(call("sin", atom.args[0]), Fraction(2))})
            others = _sum_times(others, _sum_power({_UNIT: Fraction(1), sine: Fraction(-1)}, whole // 2))
            kept[atom] = Fraction(whole % 2)
        else:
            kept[atom] = e
    monomial = frozenset((atom, e) for atom, e in kept.items() if e)
    return _scaled(_sum_times({monomial: Fraction(1)}, others) if others is not _ONE else {monomial: Fraction(1)}, coefficient)


def _sum_power(base: Sum, exponent: int) -> Sum:
    if exponent < 0 or exponent > _MAX_POWER:
        raise TooLarge
    result = _ONE
    for _ in range(exponent):
        result = _sum_times(result, base)
    return result


def _whole_power(base: Quotient, n: int) -> Quotient:
    if n < 0:
        return _whole_power(_over(_constant(1), base), -n)
    if len(base.top) == 1 and len(base.bottom) == 1:
        top, bottom = (_monomial_power(s, n) for s in base)
        return _lifted(top, bottom)
    return _lifted(_sum_power(base.top, n), _sum_power(base.bottom, n))


def _monomial_power(terms: Sum, n: int) -> Sum:
    [(monomial, coefficient)] = terms.items()
    if coefficient.numerator.bit_length() * n > 10_000 or coefficient.denominator.bit_length() * n > 10_000:
        raise TooLarge
    return _scaled(_settled({atom: e * n for atom, e in monomial}), coefficient**n)


# ---- back to nodes -------------------------------------------------------------------------------------------------------


def quotient_node(q: Quotient) -> Node:
    """Return the expression of a normal form, with common factors in front."""
    return divide(sum_node(q.top), sum_node(q.bottom)) if q.bottom != _ONE else sum_node(q.top)


def sum_node(terms: Sum) -> Node:
    """Return a sum as an expression: rational factor and common powers in front, negative powers below."""
    if not terms:
        return number(0)
    content, common, rest = _taken_out(terms)
    if len(rest) > 1 and not any(e < 0 for _, e in common):
        return _plain_sum(terms)
    return _product_node(content, common, [] if rest == _ONE else [_plain_sum(rest)])


def _plain_sum(terms: Sum) -> Node:
    ordered = sorted(terms.items(), key=lambda item: _order(item[0]))
    return add(*(_product_node(c, m, []) for m, c in ordered))


def _order(monomial: Monomial) -> tuple[int, list[tuple[str, Fraction]]]:
    """Longer products first, numbers last, the same order in every run."""
    return -len(monomial), sorted((_name(atom), -e) for atom, e in monomial)


@lru_cache(maxsize=4096)
def _name(node: Node) -> str:
    return text(node)


def _product_node(coefficient: Fraction, monomial: Monomial, more: list[Node]) -> Node:
    coefficient, monomial = _unnegated(coefficient, monomial)
    ordered = sorted(_joined_numbers(monomial), key=lambda item: _name(item[0]))
    exponential = add(*(multiply(e, atom.args[0]) for atom, e in ordered if _is_call(atom, "exp")))
    others = [(atom, e) for atom, e in ordered if not _is_call(atom, "exp")]
    above = [_power_node(atom, e) for atom, e in others if e > 0] + more
    if exponential is not number(0):
        above.append(call("exp", exponential))
    below = [_power_node(atom, -e) for atom, e in others if e < 0]
    if coefficient.denominator > 1 or below:
        top = multiply(abs(coefficient).numerator, *above)
        result = divide(top, multiply(coefficient.denominator, *below))
        return negate(result) if coefficient < 0 else result
    return multiply(coefficient, *above)


def _unnegated(coefficient: Fraction, monomial: Monomial) -> tuple[Fraction, Monomial]:
    """Whole powers of -w are written with w."""
    kept = {}
    for atom, e in monomial:
        if _is_call(atom, "negate") and e.denominator == 1:
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


def _taken_out(terms: Sum) -> tuple[Fraction, Monomial, Sum]:
    """Return c, m, rest with terms = c*m*rest, c > 0 unless all of terms is one monomial; m has the lowest exponents."""
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
    content, common, rest = _taken_out(terms)
    kept = frozenset((atom, e) for atom, e in common if e > 0 and vanishes(atom))
    return _sum_times(rest, {kept: Fraction(1)})


def _algebraic_coefficients(terms: Sum) -> list[Node]:
    """Return the coefficients of the transcendental monomials, as algebraic numbers: all are 0, so is the sum."""
    groups: dict[Monomial, Sum] = {}
    for monomial, c in terms.items():
        inside = frozenset((atom, e) for atom, e in monomial if _is_algebraic_atom(atom))
        groups.setdefault(monomial - inside, {})[inside] = c
    return [_plain_sum(group) for group in groups.values()]


@lru_cache(maxsize=4096)
def _is_algebraic_atom(atom: Node) -> bool:
    return algebraic.is_algebraic(atom)


def _is_call(node: Node, function: str) -> bool:
    return isinstance(node, Call) and node.function == function


# ---- roots, exponentials, logarithms ------------------------------------------------------------------------------------------

_radicands: dict[Node, Sum] = {}  # sums that stand under a root


def _root(base: Quotient, exponent: Fraction) -> Quotient:
    """base^exponent for base >= 0."""
    if exponent.denominator == 1:
        return _whole_power(base, int(exponent))
    if not base.top:
        return _constant(0)
    if exponent < 0:
        return _over(_constant(1), _root(base, -exponent))
    top, bottom = _both_positive(base)
    return _over(_sum_root(top, exponent), _sum_root(bottom, exponent))


def _both_positive(q: Quotient) -> tuple[Sum, Sum]:
    """Return top and bottom of a positive number with signs such that both are positive."""
    if q.bottom == _ONE:
        return q
    if symbols(sum_node(q.bottom)):
        raise TooLarge
    sign = sign_of(sum_node(q.bottom))
    if sign is None:
        raise TooLarge
    return _scaled(q.top, Fraction(sign)), _scaled(q.bottom, Fraction(sign))


def _sum_root(terms: Sum, exponent: Fraction) -> Quotient:
    """terms^exponent for a sum that is positive; its factors that are positive come out."""
    content, common, rest = _taken_out(terms)
    if content < 0:
        content, rest = -content, _scaled(rest, Fraction(-1))
    outside = {(atom, e) for atom, e in common if _is_positive(atom)}
    inside = common - outside
    if rest == _ONE and len(inside) == 1 and all(e == 1 for _, e in inside):
        outside, inside = set(common), frozenset()
    rest = _sum_times(rest, {frozenset(inside): Fraction(1)})
    result = _root_of_number(content, exponent)
    for atom, e in outside:
        result = _times(result, Quotient(_settled({atom: e * exponent}), _ONE))
    if rest == _ONE:
        return result
    node = _plain_sum(rest)
    _radicands[node] = rest
    return _times(result, Quotient(_settled({node: exponent}), _ONE))


def _root_of_number(value: Fraction, exponent: Fraction) -> Quotient:
    """A rational power of a positive rational number: prime numbers to exponents in [0, 1) and a rational factor."""
    if value == 1:
        return _constant(1)
    exponents: dict[Node, Fraction] = {}
    for whole, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in _factors(whole):
            exponents[number(prime)] = exponents.get(number(prime), Fraction(0)) + sign * count * exponent
    if any(abs(e) * atom.value.numerator.bit_length() > 20_000 for atom, e in exponents.items() if isinstance(atom, Number)):
        raise TooLarge
    return Quotient(_settled(exponents), _ONE)


def _factors(whole: int) -> list[tuple[int, int]]:
    """Prime factors, as far as they are found quickly; a large rest stands as it is."""
    if whole == 1:
        return []
    found = fmpz(whole).factor() if whole.bit_length() < 64 else fmpz(whole).factor_smooth(20)
    return [(int(p), int(k)) for p, k in found]


def _is_positive(atom: Node) -> bool:
    if isinstance(atom, Number) or _is_call(atom, "exp") or atom is constant("pi") or atom in _radicands:
        return True
    return not symbols(atom) and sign_of(atom) == 1


def _exponential(q: Quotient) -> Quotient:
    if q.bottom != _ONE:
        return _atom(call("exp", quotient_node(q)))
    result = _constant(1)
    for monomial, c in q.top.items():
        result = _times(result, _exponential_of_term(monomial, c))
    return result


def _exponential_of_term(monomial: Monomial, c: Fraction) -> Quotient:
    if len(monomial) == 1:
        [(atom, e)] = monomial
        if e == 1 and _is_call(atom, "log"):
            return _root(normal(atom.args[0]), c)
        if e == 1 and atom in _lambert:
            sign, argument = _lambert[atom]  # atom = sign*W(z) > 0 and exp(W(z)) = z/W(z) = (sign*z)/atom
            return _root(_over(argument, _atom(atom)), c * sign)
    return _atom(call("exp", _product_node(Fraction(1), monomial, [])), c)


def _logarithm(q: Quotient) -> Quotient:
    top, bottom = _both_positive(q)
    return _plus(_sum_logarithm(top), _times(_constant(-1), _sum_logarithm(bottom)))


def _sum_logarithm(terms: Sum) -> Quotient:
    if terms == _ONE:
        return _constant(0)
    content, common, rest = _taken_out(terms)
    if content < 0:
        content, rest = -content, _scaled(rest, Fraction(-1))
    inside = frozenset((atom, e) for atom, e in common if not _is_positive(atom))
    rest = _sum_times(rest, {inside: Fraction(1)})
    result = _logarithm_of_number(content)
    for atom, e in common - inside:
        result = _plus(result, _times(_constant(e), _logarithm_of_atom(atom)))
    return result if rest == _ONE else _plus(result, _atom(call("log", _plain_sum(rest))))


def _logarithm_of_number(value: Fraction) -> Quotient:
    result = _constant(0)
    for whole, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in _factors(whole):
            result = _plus(result, _times(_constant(sign * count), _atom(call("log", prime))))
    return result


def _logarithm_of_atom(atom: Node) -> Quotient:
    if _is_call(atom, "exp"):
        return normal(atom.args[0])
    if atom in _lambert:
        sign, argument = _lambert[atom]
        return _plus(_logarithm(argument), _times(_constant(-sign), _atom(atom)))
    return _atom(call("log", atom))


_lambert: dict[Node, tuple[int, Quotient]] = {}  # positive atoms sign*W(z), with sign*z


def _lambert_w(node: Call, z: Quotient) -> Quotient:
    """W(z) as sign times a positive atom."""
    if not z.top:
        return _constant(0)
    value = call(node.function, quotient_node(z))
    if symbols(value):
        return _atom(value)
    sign = 1 if node.function == "lambertw" else -1
    if sign == 1:
        found = sign_of(quotient_node(z))
        if found is None:
            return _atom(value)
        sign = found
    atom = value if sign == 1 else negate(value)
    _lambert[atom] = (sign, _times(_constant(sign), z))
    return _times(_constant(sign), _atom(atom))


# ---- angles ----------------------------------------------------------------------------------------------------------------------


def _cosine_and_sine(angle: Quotient) -> tuple[Quotient, Quotient]:
    if angle.bottom != _ONE:
        node = quotient_node(angle)
        return _atom(call("cos", node)), _atom(call("sin", node))
    cosine, sine = _constant(1), _constant(0)
    for monomial, c in angle.top.items():
        cosine, sine = _turned((cosine, sine), _cosine_and_sine_of_term(monomial, c))
    return cosine, sine


def _turned(a: tuple[Quotient, Quotient], b: tuple[Quotient, Quotient]) -> tuple[Quotient, Quotient]:
    """cos and sin of a sum of two angles."""
    cosine = _plus(_times(a[0], b[0]), _times(_constant(-1), _times(a[1], b[1])))
    return cosine, _plus(_times(a[1], b[0]), _times(a[0], b[1]))


def _cosine_and_sine_of_term(monomial: Monomial, c: Fraction) -> tuple[Quotient, Quotient]:
    angle = _product_node(Fraction(1), monomial, [])
    if angle is constant("pi"):
        return _cosine_and_sine_of_turn(c)
    unit = _inverse(angle)
    if unit is None or abs(c.numerator) > _MAX_TURNS or c.denominator not in (1, 2):
        piece = _product_node(abs(c), monomial, [])
        return _atom(call("cos", piece)), _times(_constant(1 if c > 0 else -1), _atom(call("sin", piece)))
    if c.denominator == 2:
        unit = _halved(angle, unit)
    if c < 0:
        unit = unit[0], _times(_constant(-1), unit[1])
    result = unit
    for _ in range(abs(c.numerator) - 1):
        result = _turned(result, unit)
    return result


def _inverse(angle: Node) -> tuple[Quotient, Quotient] | None:
    """cos and sin of asin(u), acos(u), atan(u)."""
    if not (isinstance(angle, Call) and angle.function in ("asin", "acos", "atan")):
        return None
    u = normal(angle.args[0])
    square = _times(u, u)
    if angle.function == "atan":
        cosine = _root(_plus(_constant(1), square), Fraction(-1, 2))
        return cosine, _times(u, cosine)
    other = _root(_plus(_constant(1), _times(_constant(-1), square)), Fraction(1, 2))
    return (other, u) if angle.function == "asin" else (u, other)


def _halved(angle: Node, unit: tuple[Quotient, Quotient]) -> tuple[Quotient, Quotient]:
    """asin, acos, atan lie in [-pi/2, pi], so the cosine of the half is not negative and the sine has the sign of the angle."""
    half = _constant(Fraction(1, 2))
    cosine = _root(_times(half, _plus(_constant(1), unit[0])), half.top[_UNIT])
    sine = _root(_times(half, _plus(_constant(1), _times(_constant(-1), unit[0]))), half.top[_UNIT])
    sign = sign_of(angle)
    if sign is None:
        raise TooLarge
    return cosine, _times(_constant(sign), sine)


def _cosine_and_sine_of_turn(r: Fraction) -> tuple[Quotient, Quotient]:
    """cos and sin of r*pi, from the first quadrant."""
    quarter, rest = divmod(r * 2, 1)
    rest = rest / 2
    cosine, sine = _first_quadrant(rest)
    for _ in range(int(quarter) % 4):
        cosine, sine = _times(_constant(-1), sine), cosine
    return cosine, sine


def _first_quadrant(r: Fraction) -> tuple[Quotient, Quotient]:
    half = _constant(Fraction(1, 2))
    values: dict[Fraction, Callable[[], tuple[Quotient, Quotient]]] = {
        Fraction(0): lambda: (_constant(1), _constant(0)),
        Fraction(1, 6): lambda: (_times(half, _root_of_number(Fraction(3), Fraction(1, 2))), half),
        Fraction(1, 4): lambda: (_root_of_number(Fraction(1, 2), Fraction(1, 2)),) * 2,
        Fraction(1, 3): lambda: (half, _times(half, _root_of_number(Fraction(3), Fraction(1, 2)))),
    }
    if r in values:
        return values[r]()
    angle = multiply(r, constant("pi"))
    return _atom(call("cos", angle)), _atom(call("sin", angle))


# ---- one node ------------------------------------------------------------------------------------------------------------------------


def _normal_of(node: Node, args: list[Quotient]) -> Quotient:
    if isinstance(node, Number):
        return _constant(node.value)
    if not isinstance(node, Call):
        return _atom(node)
    rule = _RULES.get(node.function)
    return rule(node, *args) if rule is not None else _opaque(node, *args)


_SPECIAL = {
    "asin": {"1": "pi/2", "1/2": "pi/6", "sqrt(2)/2": "pi/4", "sqrt(3)/2": "pi/3"},
    "atan": {"1": "pi/4", "sqrt(3)": "pi/3", "sqrt(3)/3": "pi/6"},
}


def _odd(node: Call, x: Quotient) -> Quotient:
    """asin, atan, erf: odd functions, with the angles that everybody knows."""
    if not x.top:
        return _constant(0)
    if max(x.top.items(), key=lambda item: _order(item[0]))[1] < 0:
        return _times(_constant(-1), _odd(node, _times(_constant(-1), x)))
    argument = quotient_node(x)
    turn = _SPECIAL.get(node.function, {}).get(_name(argument))
    if turn is not None:
        return _times(_constant(Fraction(1, int(turn[3:]))), _atom(constant("pi")))
    return _atom(call(node.function, argument))


def _arc_cosine(node: Call, x: Quotient) -> Quotient:
    """pi/2 - asin(x) where asin is known, else itself."""
    angle = normal(call("asin", quotient_node(x)))
    if angle.bottom == _ONE and all(atom is constant("pi") for monomial in angle.top for atom, _ in monomial):
        return _plus(_times(_constant(Fraction(1, 2)), _atom(constant("pi"))), _times(_constant(-1), angle))
    return _atom(call("acos", quotient_node(x)))


def _opaque(node: Call, *args: Quotient) -> Quotient:
    return _atom(rebuild(node, tuple(map(quotient_node, args))) if not node.boolean else node)


def _sum_of(node: Call, *args: Quotient) -> Quotient:
    total = args[0]
    for arg in args[1:]:
        total = _plus(total, arg)
    return total


def _product_of(node: Call, *args: Quotient) -> Quotient:
    total = args[0]
    for arg in args[1:]:
        total = _times(total, arg)
    return total


def _power_of(node: Call, base: Quotient, exponent: Quotient) -> Quotient:
    """b^y for a rational y; else exp(y*log(b)) for b > 0."""
    if isinstance(node.args[1], Number):
        return _root(base, node.args[1].value)
    written = quotient_node(base)
    if symbols(written) or sign_of(written) != 1:
        return _opaque(node, base, exponent)
    return _exponential(_times(exponent, _logarithm(base)))


def _cube_root(node: Call, base: Quotient) -> Quotient:
    if not base.top:
        return _constant(0)
    written = quotient_node(base)
    sign = None if symbols(written) else sign_of(written)
    if sign is None:
        return _opaque(node, base)
    return _times(_constant(sign), _root(_times(_constant(sign), base), Fraction(1, 3)))


def _absolute(node: Call, base: Quotient) -> Quotient:
    written = quotient_node(base)
    sign = None if symbols(written) else sign_of(written)
    if not base.top or sign is None:
        return _constant(0) if not base.top else _opaque(node, base)
    return _times(_constant(sign), base)


def _expanded(template: Callable[[Node], Node]) -> Callable[..., Quotient]:
    """A function that is a combination of others."""
    return lambda node, *args: normal(template(quotient_node(args[0])))


_RULES: dict[str, Callable[..., Quotient]] = {
    "add": _sum_of,
    "multiply": _product_of,
    "negate": lambda node, x: _times(_constant(-1), x),
    "divide": lambda node, x, y: _over(x, y),
    "power": _power_of,
    "sqrt": lambda node, x: _root(x, Fraction(1, 2)),
    "cbrt": _cube_root,
    "abs": _absolute,
    "exp": lambda node, x: _exponential(x),
    "log": lambda node, x: _logarithm(x),
    "lambertw": _lambert_w,
    "lambertw_lower": _lambert_w,
    "cos": lambda node, x: _cosine_and_sine(x)[0],
    "sin": lambda node, x: _cosine_and_sine(x)[1],
    "tan": lambda node, x: _over(*reversed(_cosine_and_sine(x))),
    "asin": _odd,
    "atan": _odd,
    "erf": _odd,
    "acos": _arc_cosine,
    "log2": _expanded(lambda u: divide(call("log", u), call("log", 2))),
    "log10": _expanded(lambda u: divide(call("log", u), call("log", 10))),
    "log1p": _expanded(lambda u: call("log", add(1, u))),
    "expm1": _expanded(lambda u: subtract(call("exp", u), 1)),
    "sinh": _expanded(lambda u: divide(subtract(call("exp", u), call("exp", negate(u))), 2)),
    "cosh": _expanded(lambda u: divide(add(call("exp", u), call("exp", negate(u))), 2)),
    "tanh": _expanded(lambda u: subtract(1, divide(2, add(call("exp", multiply(2, u)), 1)))),
    "asinh": _expanded(lambda u: call("log", add(u, call("sqrt", add(power(u, 2), 1))))),
    "acosh": _expanded(lambda u: call("log", add(u, call("sqrt", subtract(power(u, 2), 1))))),
    "atanh": _expanded(lambda u: divide(call("log", divide(add(1, u), subtract(1, u))), 2)),
    "sigmoid": _expanded(lambda u: divide(1, add(1, call("exp", negate(u))))),
    "softplus": _expanded(lambda u: call("log", add(1, call("exp", u)))),
    "hypot": lambda node, x, y: _root(_plus(_times(x, x), _times(y, y)), Fraction(1, 2)),
}
