"""Real algebraic numbers: exact signs, comparisons and formulas of what one root of a polynomial generates.

A `NumberField` is Q[t] modulo an irreducible polynomial m; an element is a polynomial in t of lower degree. At a root of
m an element is 0 only if it is the polynomial 0, since m is irreducible; so every sign is decided by enclosures of
growing precision, which must end. The minimal polynomial of an element, computed by linear algebra, and the place of its
value among the real roots of that polynomial make a `RealNumber`; two of these are equal only if both parts are.

>>> field = NumberField([-2, 0, 0, 1])  # t^3 = 2
>>> t = field.element([0, 1])
>>> field.number(t * t + 1, 0)
RealNumber(coefficients=(-5, 3, -3, 1), place=0)
>>> field.number(t * t + 1, 0).sign, field.number(t, 0).formula
(1, 2^(1/3))
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm
from typing import Any, NamedTuple, TypeAlias

from flint import arb, arb_poly, ctx, fmpq, fmpq_mat, fmpq_poly, fmpz

from optbench.arithmetic.balls import Enclosure, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.line import polynomial
from optbench.language.build import add, call, divide, multiply, negate, number, power, symbol
from optbench.language.graph import Node
from optbench.language.rootof import real_roots
from optbench.language.text import text

Element: TypeAlias = Any  # fmpq_poly, reduced
_PRECISIONS = (64, 192, 512, 1536, 4096, 12288)


class RealNumber(NamedTuple):
    """Real root number `place`, ascending from 0, of an irreducible primitive polynomial with a positive leading coefficient."""

    coefficients: tuple[int, ...]
    place: int

    def enclosure(self, precision: int = 64) -> arb:
        """Return a ball around the number."""
        if len(self.coefficients) == 2:
            with ctx.workprec(precision):
                return arb(fmpq(-self.coefficients[0], self.coefficients[1]))
        root: arb = roots_of(self.coefficients, precision)[self.place]
        return root

    @property
    def rational(self) -> Fraction | None:
        """The number as a fraction, where it is one."""
        return Fraction(-self.coefficients[0], self.coefficients[1]) if len(self.coefficients) == 2 else None

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return compared(self, ZERO)

    @property
    def negative(self) -> RealNumber:
        """The opposite number."""
        mirrored = [c * (-1) ** k for k, c in enumerate(self.coefficients)]
        count = 1 if len(mirrored) == 2 else len(roots_of(self.coefficients, 64))
        return RealNumber(primitive(mirrored), count - 1 - self.place)

    @property
    def formula(self) -> Node:
        """The number in our language."""
        return formulas_of(self.coefficients)[self.place]

    def __lt__(self, other: tuple[Any, ...]) -> bool:
        assert isinstance(other, RealNumber)
        return compared(self, other) < 0


def rational_number(value: Fraction | int | fmpq) -> RealNumber:
    """Return a rational number as a real number."""
    if isinstance(value, fmpq):
        return RealNumber((-int(value.p), int(value.q)), 0)
    value = Fraction(value)
    return RealNumber((-value.numerator, value.denominator), 0)


ZERO = RealNumber((0, 1), 0)


def compared(a: RealNumber, b: RealNumber) -> int:
    """Return the sign of a - b."""
    if a == b:
        return 0
    p, q = a.rational, b.rational
    if p is not None and q is not None:
        return (p > q) - (p < q)
    for precision in _PRECISIONS:
        left, right = a.enclosure(precision), b.enclosure(precision)
        if left < right or right < left:
            return -1 if left < right else 1
    raise NotApplicable("two values agree to thousands of digits, which is too close to compare them")


@lru_cache(maxsize=2048)
def roots_of(coefficients: tuple[int, ...], precision: int) -> list[Any]:
    """Return disjoint balls around the real roots of an irreducible polynomial, ascending."""
    with ctx.workprec(precision):
        return real_roots(coefficients)


# ---- fields ----------------------------------------------------------------------------------------------------------------


class NumberField:
    """The rational numbers with a root t of an irreducible polynomial, given by its coefficients, constant first."""

    def __init__(self, coefficients: Sequence[Any]) -> None:
        self.coefficients = primitive([int(c) for c in coefficients])
        self.modulus = fmpq_poly(list(self.coefficients))
        self.degree = len(self.coefficients) - 1

    def __repr__(self) -> str:
        return f"NumberField({list(self.coefficients)})"

    @property
    def places(self) -> int:
        """How many real roots the polynomial has: the real numbers that t may stand for."""
        return 1 if self.degree == 1 else len(roots_of(self.coefficients, 64))

    def element(self, coefficients: Sequence[Any]) -> Element:
        """Return the element that is this polynomial in t."""
        return fmpq_poly(list(coefficients)) % self.modulus

    def times(self, a: Element, b: Element) -> Element:
        """Return the product."""
        return (a * b) % self.modulus

    def inverse(self, a: Element) -> Element:
        """Return 1/a for an element that is not 0."""
        if a.degree() <= 0:
            return fmpq_poly([1 / a[0]])
        one = fmpq_mat(self.degree, 1, [1] + [0] * (self.degree - 1))
        solved = self._multiplication(a).transpose().solve(one)
        return fmpq_poly([solved[k, 0] for k in range(self.degree)])

    def _multiplication(self, a: Element) -> Any:
        """The matrix whose row k has the coefficients of t^k*a."""
        rows, row = [], a
        for _ in range(self.degree):
            rows.append([row[k] for k in range(self.degree)])
            row = row.left_shift(1) % self.modulus
        return fmpq_mat(rows)

    def enclosure(self, a: Element, place: int, precision: int = 64) -> arb:
        """Return a ball around the value of an element where t is the real root number `place`."""
        if a.degree() <= 0:
            with ctx.workprec(precision):
                return arb(a[0])
        t = RealNumber(self.coefficients, place).enclosure(precision)
        with ctx.workprec(precision):
            return arb_poly(a)(t)

    def sign(self, a: Element, place: int) -> int:
        """Return the sign of an element at a place."""
        if a.degree() <= 0:
            return int(a[0] > 0) - int(a[0] < 0)
        for precision in _PRECISIONS:
            value = self.enclosure(a, place, precision)
            if not value.contains(0):
                return 1 if value > 0 else -1
        raise NotApplicable("a number is too close to 0 to tell its sign")

    def minimal_polynomial(self, a: Element) -> tuple[int, ...]:
        """Return the primitive irreducible polynomial of which an element is a root."""
        if a.degree() <= 0:
            return primitive([-int(a[0].p), int(a[0].q)])
        if a.degree() == 1:  # a = c + d*t: compose the modulus with (t - c)/d
            shifted = fmpq_poly([-a[0] / a[1], 1 / a[1]])
            return primitive(self.modulus(shifted).coeffs())
        return primitive(self._multiplication(a).minpoly().coeffs())

    def number(self, a: Element, place: int) -> RealNumber:
        """Return the value of an element at a place."""
        minimal = self.minimal_polynomial(a)
        if len(minimal) == 2:
            return RealNumber(minimal, 0)
        for precision in _PRECISIONS:
            value = self.enclosure(a, place, precision)
            near = [k for k, root in enumerate(roots_of(minimal, precision)) if root.overlaps(value)]
            if len(near) == 1:
                return RealNumber(minimal, near[0])
        raise NotApplicable("the roots of a polynomial are too close to each other")


def primitive(coefficients: Sequence[Any]) -> tuple[int, ...]:
    """Return whole coefficients without a common factor, the last one positive."""
    fractions = [Fraction(int(c.p), int(c.q)) if isinstance(c, fmpq) else Fraction(int(c)) for c in coefficients]
    scale = lcm(*(c.denominator for c in fractions))
    whole = [int(c * scale) for c in fractions]
    content = gcd(*whole) * (1 if whole[-1] > 0 else -1)
    return tuple(c // content for c in whole)


RATIONALS = NumberField([0, 1])


# ---- formulas ---------------------------------------------------------------------------------------------------------------

_X = symbol("x")
MAX_RADICAL = 60  # characters of a nested root that is preferred to rootof


@lru_cache(maxsize=1024)
def formulas_of(coefficients: tuple[int, ...]) -> list[Node]:
    """Return a formula for each real root of an irreducible polynomial, ascending."""
    if len(coefficients) == 2:
        return [number(Fraction(-coefficients[0], coefficients[1]))]
    found = _nested(coefficients) or polynomial.real_roots(
        {frozenset({(_X, Fraction(k))} if k else ()): Fraction(c) for k, c in enumerate(coefficients) if c}, _X
    )
    assert found is not None
    return _in_order(found, coefficients)


def _in_order(found: Sequence[Node], coefficients: tuple[int, ...]) -> list[Node]:
    """The formulas in the order of the roots; that each is a root is known, which one is told by enclosures."""
    for precision in _PRECISIONS[:4]:
        roots = roots_of(coefficients, precision)
        values = [value_of(f, precision) for f in found]
        matches = [[f for f, v in zip(found, values, strict=True) if _overlaps(v, root)] for root in roots]
        if all(len(m) == 1 for m in matches):
            return [m[0] for m in matches]
    raise NotApplicable("the roots of a polynomial are too close to each other")


def _overlaps(value: Enclosure, root: arb) -> bool:
    return not (value.upper < root or value.lower > root)


def _nested(coefficients: tuple[int, ...]) -> list[Node] | None:
    """The roots of a*x^(2k) + b*x^k + c, k > 1, as roots of roots: denested, or where they are short."""
    k = gcd(*(d for d, c in enumerate(coefficients) if c and d))
    if k == 1 or len(coefficients) != 2 * k + 1:
        return None
    c, b, a = coefficients[0], coefficients[k], coefficients[2 * k]
    if b * b < 4 * a * c:
        return None
    roots: list[Node] = []
    for inner, negative in zip(_of_quadratic(c, b, a), (b > 0 or c < 0, b > 0 and c > 0), strict=True):
        if negative and k % 2 == 0:
            continue
        root = power(negate(inner), number(Fraction(1, k))) if negative else _root(inner, k)
        roots += [root if not negative else negate(root)] if k % 2 else [negate(root), root]
    if k == 2 and (simple := _denested(c, b, a)) is not None:
        roots = simple
    return roots if all(len(text(r)) <= MAX_RADICAL for r in roots) else None


def _root(node: Node, k: int) -> Node:
    return call("sqrt", node) if k == 2 else power(node, number(Fraction(1, k)))


def _of_quadratic(c: int, b: int, a: int) -> list[Node]:
    """The two real roots of an irreducible quadratic with a > 0, the smaller one first."""
    square, rest = _square_part(b * b - 4 * a * c)
    middle, width = Fraction(-b, 2 * a), Fraction(square, 2 * a)
    denominator = lcm(middle.denominator, width.denominator)
    root = call("sqrt", rest)
    return [divide(add(middle * denominator, multiply(s * width * denominator, root)), denominator) for s in (-1, 1)]


def _denested(c: int, b: int, a: int) -> list[Node] | None:
    """x^4 + p*x^2 + q with q = r^2: the roots are +-sqrt((2r - p)/4) +- sqrt((-2r - p)/4)."""
    p, q = Fraction(b, a), Fraction(c, a)
    r = _exact_root(q)
    if r is None or 2 * r - p < 0 or -2 * r - p < 0:
        return None
    u, v = (_surd((s * 2 * r - p) / 4) for s in (1, -1))
    return [add(multiply(s, u), multiply(t, v)) for s in (1, -1) for t in (1, -1)]


def _exact_root(q: Fraction) -> Fraction | None:
    if q < 0:
        return None
    root = Fraction(isqrt(q.numerator), isqrt(q.denominator))
    return root if root * root == q else None


def _square_part(value: int) -> tuple[int, int]:
    """Return s, r with value = s^2*r and r without square factors that are found quickly."""
    square, rest = 1, 1
    for prime, count in fmpz(value).factor() if value.bit_length() < 100 else fmpz(value).factor_smooth(20):
        square *= int(prime) ** (count // 2)
        rest *= int(prime) ** (count % 2)
    return square, rest


def _surd(value: Fraction) -> Node:
    """sqrt(value) with its square factors in front."""
    square, rest = _square_part(value.numerator * value.denominator)
    return divide(multiply(square, call("sqrt", rest)) if rest > 1 else number(square), value.denominator)
