"""Real roots of polynomials with rational coefficients, written with radicals.

Degrees up to 4 by the formulas of Cardano and Ferrari, powers by their roots, f = g(h) by a root s of g and then one of
h - s, f = x^m*g(x + c/x) likewise, Dickson's polynomials by their pairs of roots, and other quintics by Lagrange's resolvents
(`quintics`). All in real numbers: where a cubic has three real roots, real radicals don't do (casus irreducibilis), and its
roots are written with cos(acos(w)/3), which is the mean of the cube roots of w + i*sqrt(1 - w^2) and w - i*sqrt(1 - w^2). Each
formula is a root by an identity, which needs no more than signs, and those are proved; where the separation bound of f(x) is in
reach (see `algebraic`), that it is 0 is proved again. That it is no other root than the one asked for is seen from balls around
all of them.

>>> from flint import fmpz_poly
>>> from optbench.language.rootof import real_roots
>>> f = fmpz_poly([-1, -1, 0, 1])
>>> written(f, real_roots([-1, -1, 0, 1])[0])
cbrt(1/2 + sqrt(69)/18) + cbrt(1/2 - sqrt(69)/18)

Source: B. L. van der Waerden, Algebra I (Springer, 8th edition 1971), sections 64 and 65.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm

from flint import arb, ctx, fmpz_poly

from optbench.arithmetic.balls import value_of
from optbench.exact.absence import quintics
from optbench.exact.absence.substitutions import Dickson, Reciprocal, decompositions, dickson, is_power, reciprocal
from optbench.exact.numbers import algebraic
from optbench.exact.numbers.identities import simplified
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, subtract
from optbench.language.graph import GraphError, Node, Number
from optbench.language.rootof import real_roots
from optbench.language.text import text

MAX_TEXT = 3000  # of a formula
MAX_INNER = 80  # of a coefficient in a cubic or a quartic equation
_BITS = 200


def written(f: fmpz_poly, root: arb) -> Node | None:
    """Return a formula for the real root of an irreducible polynomial that lies in a ball; None where none is made."""
    with ctx.workprec(_BITS):
        zeros = real_roots(tuple(map(int, f.coeffs())))
        places = [zero for zero in zeros if zero.overlaps(root)]
        if len(places) != 1:
            return None
        for formula in _candidates(f, *places):
            if _near(formula, zeros) == places and algebraic.is_zero(_value(f, formula)) is not False:
                return formula if len(text(formula)) <= MAX_TEXT else None
    return None


def _near(formula: Node, zeros: Sequence[arb]) -> list[arb]:
    """The zeros that a formula may be equal to, as balls tell."""
    value = value_of(formula, _BITS)
    return [zero for zero in zeros if zero.overlaps(value.lower.union(value.upper))] if value.is_bounded else []


def _value(f: fmpz_poly, x: Node) -> Node:
    """f(x) by Horner's rule."""
    result: Node = number(0)
    for c in reversed(f.coeffs()):
        result = add(multiply(result, x), int(c))
    return result


def _candidates(f: fmpz_poly, root: arb) -> Iterator[Node]:
    """Formulas for real roots, where they are defined; one is the root, if this is a kind of equation that is solved here."""
    n = int(f.degree())
    if n <= 4:
        yield from _solved([number(int(c)) for c in f.coeffs()])
        return
    known = dickson(f)
    if known is not None:
        yield from _of_dickson(known)
    elif n == 5:
        yield from quintics.solved(f, root)
    turned = reciprocal(f)
    if turned is not None:
        yield from _turned_back(turned, root)
    for g, h in decompositions(f):
        if is_power(h) or h.degree() <= 4:
            yield from _preimages(g, h, root)


def _of_dickson(known: Dickson) -> Iterator[Node]:
    """x = shift + u + v for u^n, v^n = (b +- sqrt(b^2 - 4*a^n))/2 with u*v = a; n is odd.

    Where the square root is not real, v is the conjugate of u, of size sqrt(a), so that u + v is 2*sqrt(a)*cos(t) with cos(n*t) =
    b/(2*sqrt(a)^n).
    """
    n, shift, a, b = known
    square = number(b**2 - 4 * a**n)
    if a == 0:
        yield from (add(shift, u) for u in _root_of(number(b), n))
    elif _sign(square) in (0, 1):
        root = simplified(call("sqrt", square))
        powers = [simplified(divide(way(b, root), 2)) for way in (add, subtract)]
        yield from (add(shift, *parts) for parts in zip(*(_root_of(power, n) for power in powers), strict=True))
    else:
        size = simplified(call("sqrt", a))
        angle = call("acos", simplified(divide(b, multiply(2, power(size, n)))))
        for k in range(n):
            cosine = call("cos", add(divide(angle, n), multiply(Fraction(2 * k, n), constant("pi"))))
            yield add(shift, multiply(2, size, cosine))


def _turned_back(turned: Reciprocal, root: arb) -> Iterator[Node]:
    """x + c/x = s is quadratic in x."""
    s = written(turned.g, root + turned.c / root)
    if s is not None:
        yield from _quadratic(negate(s), number(turned.c))


def _preimages(g: fmpz_poly, h: fmpz_poly, root: arb) -> Iterator[Node]:
    """The x with h(x) = s for the root s of g."""
    s = written(g, h(root))
    if s is None:
        return
    if is_power(h):
        yield from _root_of(s, int(h.degree()))
    elif h.degree() == 2 or len(text(s)) <= MAX_INNER:
        constant_term, *others = (int(c) for c in h.coeffs())
        yield from _solved([subtract(constant_term, s), *map(number, others)])


def _root_of(a: Node, n: int) -> list[Node]:
    """The real x with x^n = a; none if that is 0 or not known to be there."""
    sign = _sign(a)
    if not sign or (sign < 0 and n % 2 == 0):
        return []
    size = a if sign > 0 else negate(a)
    root = call("sqrt", size) if n == 2 else call("cbrt", size) if n == 3 else power(size, number(Fraction(1, n)))
    return [root if sign > 0 else negate(root), *([negate(root)] if n % 2 == 0 else [])]


def _sign(a: Node) -> int | None:
    """The sign of an algebraic number; None where it is not decided or undefined."""
    value = value_of(a, _BITS)
    if value.empty or not value.is_bounded:
        return None
    if not value.contains_zero:
        return 1 if value.is_positive else -1
    return 0 if algebraic.is_zero(a) else None


# ---- the formulas of degrees 1 to 4 ----------------------------------------------------------------------------------------------


def _solved(coefficients: Sequence[Node]) -> Iterator[Node]:
    """Real roots of a polynomial, constant first."""
    *rest, leading = coefficients
    monic = [simplified(divide(c, leading)) for c in rest]
    degree = len(monic)
    if degree == 1:
        yield simplified(negate(monic[0]))
    elif degree == 2:
        yield from _quadratic(monic[1], monic[0])
    else:
        shift = divide(monic[-1], degree)
        depressed = _shifted(monic, negate(shift))
        for root in _cubic(depressed[1], depressed[0]) if degree == 3 else _quartic(depressed[2], depressed[1], depressed[0]):
            yield _short(subtract(root, shift))


def _short(node: Node) -> Node:
    try:
        return min((node, simplified(node)), key=lambda n: len(text(n)))
    except GraphError:
        return node


def _shifted(monic: Sequence[Node], by: Node) -> list[Node]:
    """The coefficients of p(t + by), without the leading one."""
    shifted: list[Node] = [*monic, number(1)]
    for i in range(len(monic)):
        for k in range(len(monic) - 1, i - 1, -1):
            shifted[k] = simplified(add(shifted[k], multiply(by, shifted[k + 1])))
    return shifted[:-1]


def _quadratic(b: Node, c: Node) -> Iterator[Node]:
    """x^2 + b*x + c."""
    square = simplified(subtract(power(b, 2), multiply(4, c)))
    if _sign(square) in (0, 1):
        root = call("sqrt", square)
        yield _short(divide(subtract(root, b), 2))
        yield _short(divide(negate(add(root, b)), 2))


def _cubic(p: Node, q: Node) -> Iterator[Node]:
    """x^3 + p*x + q: Cardano's formula for one real root, Vieta's for three."""
    square = simplified(add(divide(power(q, 2), 4), divide(power(p, 3), 27)))
    sign = _sign(square)
    if sign is None:
        return
    if sign >= 0:
        half, root = divide(negate(q), 2), _short(call("sqrt", square))
        yield add(call("cbrt", add(half, root)), call("cbrt", subtract(half, root)))
        if sign == 0:
            yield _short(call("cbrt", divide(q, 2)))
        return
    size = simplified(multiply(2, call("sqrt", divide(negate(p), 3))))
    w = _short(divide(multiply(3, q), multiply(p, size)))
    for k in range(3):
        yield multiply(size, call("cos", subtract(divide(call("acos", w), 3), divide(multiply(2 * k, constant("pi")), 3))))


def _quartic(p: Node, q: Node, r: Node) -> Iterator[Node]:
    """x^4 + p*x^2 + q*x + r: Ferrari's formula with a positive root of the resolvent cubic, or a quadratic in x^2."""
    if _sign(q) == 0:
        for square in _quadratic(p, r):
            yield from _root_of(square, 2)
        return
    # (x^2 + p/2 + m)^2 = 2*m*x^2 - q*x + m^2 + p*m + p^2/4 - r is a square on the right for m^3 + p*m^2 + (p^2/4 - r)*m - q^2/8 = 0
    resolvent = [divide(negate(power(q, 2)), 8), subtract(divide(power(p, 2), 4), r), p, number(1)]
    for m in _resolvent_roots(resolvent):
        if _sign(m) == 1:
            root = _short(call("sqrt", multiply(2, m)))
            for sign in (1, -1):
                term = multiply(sign, divide(multiply(2, q), root))
                inside = _short(negate(add(multiply(2, m), multiply(2, p), term)))
                if _sign(inside) in (0, 1):
                    for other in (1, -1):
                        yield divide(add(multiply(sign, root), multiply(other, call("sqrt", inside))), 2)
            return


def _resolvent_roots(coefficients: Sequence[Node]) -> Iterator[Node]:
    """Roots of the resolvent, rational ones first, since they make short formulas."""
    exact = [c.value for c in map(simplified, coefficients) if isinstance(c, Number)]
    if len(exact) == len(coefficients):
        scale = lcm(*(c.denominator for c in exact))
        _, factors = fmpz_poly([int(c * scale) for c in exact]).factor()
        yield from (number(Fraction(-int(f[0]), int(f[1]))) for f, _ in factors if f.degree() == 1)
    yield from _solved(coefficients)
