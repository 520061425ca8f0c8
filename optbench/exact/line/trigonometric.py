"""Candidates for the zeros of polynomials in the sine and cosine of one angle.

Sines and cosines of multiples of an angle are written with those of their greatest common divisor. Such a polynomial
p(s, c), with c^2 = 1 - s^2, becomes one in a single number y: in s or in c where the other one does not stand in it, in
t = s/c where the degrees of all terms are even or all odd (c = 0 is looked at by itself), else by a resultant in c or in
s. Then the angle is asin, acos or atan of y, up to whole periods.

>>> from optbench.exact.numbers.identities import normal
>>> from optbench.exact.numbers.sums import sum_node
>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> sum_node(of_one_angle(normal(parse("cos(2*x) + cos(x)").node).top, symbol("x")))
cos(x) - 2*sin(x)^2 + 1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from optbench.exact.line.pieces import Place
from optbench.exact.numbers.atoms import by_powers, factors
from optbench.exact.numbers.identities import normal, simplified
from optbench.exact.numbers.sums import ONE, Monomial, Sum, TooLarge, product_node, scaled, sum_plus, sum_power, sum_times
from optbench.language.build import add, call, constant, divide, multiply, negate, subtract, symbol
from optbench.language.graph import Call, Node, Symbol, symbols

MAX_MULTIPLE = 12
MAX_TURNS = 100
_TURN = multiply(2, constant("pi"))


def of_one_angle(terms: Sum, unknown: Symbol) -> Sum:
    """Return the sum with the sines and cosines of one angle only, where all angles are rational multiples of each other."""
    found = {atom for monomial in terms for atom, _ in monomial if _is_wave(atom, unknown)}
    angles = {atom: _angle(atom) for atom in found}
    if len({m for m, _ in angles.values()}) != 1:
        return terms
    common = _gcd([c for _, c in angles.values()])
    if all(c == common for _, c in angles.values()):
        return terms
    [monomial] = {m for m, _ in angles.values()}
    base = product_node(common, monomial, [])
    waves = {atom: _multiple(atom, base, int(c / common)) for atom, (_, c) in angles.items()}
    return _replaced(terms, waves)


def _is_wave(atom: Node, unknown: Symbol) -> bool:
    return isinstance(atom, Call) and atom.function in ("sin", "cos") and unknown in symbols(atom)


def _angle(atom: Node) -> tuple[Monomial, Fraction]:
    """m, c with the angle c*m."""
    assert isinstance(atom, Call)
    form = normal(atom.args[0])
    if form.bottom != ONE or len(form.top) != 1:
        raise TooLarge
    [(monomial, c)] = form.top.items()
    return monomial, c


def _gcd(values: list[Fraction]) -> Fraction:
    bottom = lcm(*(v.denominator for v in values))
    return Fraction(gcd(*(int(v * bottom) for v in values)), bottom)


def _multiple(atom: Node, base: Node, n: int) -> Sum:
    """sin or cos of n times the base angle, by the addition theorems."""
    if n > MAX_MULTIPLE:
        raise TooLarge
    assert isinstance(atom, Call)
    s1, c1 = ({frozenset({(call(f, base), Fraction(1))}): Fraction(1)} for f in ("sin", "cos"))
    sine, cosine = s1, c1
    for _ in range(n - 1):
        sine, cosine = (
            sum_plus(sum_times(sine, c1), sum_times(cosine, s1)),
            sum_plus(sum_times(cosine, c1), scaled(sum_times(sine, s1), Fraction(-1))),
        )
    return sine if atom.function == "sin" else cosine


def _replaced(terms: Sum, waves: dict[Node, Sum]) -> Sum:
    total: Sum = {}
    for monomial, c in terms.items():
        product: Sum = {frozenset((atom, e) for atom, e in monomial if atom not in waves): c}
        for atom, e in monomial:
            if atom in waves:
                if e.denominator > 1 or e < 0:
                    raise TooLarge
                product = sum_times(product, sum_power(waves[atom], int(e)))
        total = sum_plus(total, product)
    return total


# ---- the equation -------------------------------------------------------------------------------------------------------------


def angles(factor: Sum, unknown: Symbol, place: Place, doubt: Callable[[], None]) -> Iterator[tuple[Node, Node]]:
    """Yield the angle as an expression of the unknown, with a value that it may have where the factor is 0.

    All such values, unless it says that there is a doubt.
    """
    angle = _only_angle(factor, unknown)
    for first, period in _first_angles(factor, angle, doubt):
        for k in _turns(angle, first, period, place, doubt):
            yield angle, simplified(add(first, multiply(k, period)))


def in_one_number(factor: Sum, unknown: Symbol) -> tuple[Node, Sum, Symbol]:
    """Return the sine, the cosine or the tangent of an angle, and the polynomial in it, with its symbol, that is 0 where the
    factor is; raise `TooLarge` where there are several angles."""
    angle = _only_angle(factor, unknown)
    kind, equation, y = _equation(factor, angle)
    return call(kind, angle), equation, y


def _only_angle(factor: Sum, unknown: Symbol) -> Node:
    atoms = {a for m in factor for a, _ in m}
    arguments = {atom.args[0] for atom in atoms if isinstance(atom, Call) and _is_wave(atom, unknown)}
    if len(arguments) != 1:
        raise TooLarge
    return arguments.pop()


def _equation(factor: Sum, angle: Node) -> tuple[str, Sum, Symbol]:
    powers = by_powers(factor, [call("sin", angle), call("cos", angle)])
    if any(e.denominator > 1 or e < 0 for key in powers for e in key):
        raise TooLarge
    return _in_one_number(powers)


def _first_angles(factor: Sum, angle: Node, doubt: Callable[[], None]) -> Iterator[tuple[Node, Node]]:
    """Yield one angle and the period with which it repeats, for each zero."""
    kind, equation, y = _equation(factor, angle)
    pi = constant("pi")
    if kind == "tan":
        yield divide(pi, 2), pi
    for value in _values(equation, y, doubt):
        first = call({"sin": "asin", "cos": "acos", "tan": "atan"}[kind], value)
        yield first, pi if kind == "tan" else _TURN
        if kind != "tan":
            yield (negate(first) if kind == "cos" else subtract(pi, first)), _TURN


def _values(equation: Sum, y: Symbol, doubt: Callable[[], None]) -> list[Node]:
    from optbench.exact.line.kernels import roots_in

    if not equation:
        doubt()
    return [value for factor in factors(equation, y) for value in roots_in(factor, y, doubt)]


_Powers = dict[tuple[Fraction, ...], Sum]


def _in_one_number(powers: _Powers) -> tuple[str, Sum, Symbol]:
    """Which function of the angle has a polynomial of its own, and that polynomial."""
    y = symbol("wave'")
    if all(j == 0 for _, j in powers):
        return "sin", _sum(powers, lambda i, j: _power(y, i)), y
    if all(i % 2 == 0 for i, _ in powers):
        return "cos", _sum(powers, lambda i, j: sum_times(sum_power(_one_minus(y), int(i) // 2), _power(y, j))), y
    degree = max(i + j for i, j in powers)
    if all((degree - i - j) % 2 == 0 for i, j in powers):
        return "tan", _sum(powers, lambda i, j: sum_times(_power(y, i), sum_power(_one_plus(y), int(degree - i - j) // 2))), y
    return _by_resultant(powers, y)


def _by_resultant(powers: _Powers, y: Symbol) -> tuple[str, Sum, Symbol]:
    """even + odd*s = 0 gives even^2 - (1 - c^2)*odd^2 = 0; the same with s and c exchanged. The one with smaller factors."""
    with_cosine = _squared(powers, y, 0)
    with_sine = _squared(powers, y, 1)
    sizes = [max((len(f) for f in factors(e, y)), default=0) for e in (with_cosine, with_sine)]
    return ("cos", with_cosine, y) if sizes[0] <= sizes[1] else ("sin", with_sine, y)


def _squared(powers: _Powers, y: Symbol, kept: int) -> Sum:
    gone = kept  # index of the function that is eliminated: 0 the sine, 1 the cosine
    parts: list[Sum] = [{}, {}]
    for key, c in powers.items():
        e = int(key[gone])
        term = sum_times(c, sum_times(_power(y, key[1 - gone]), sum_power(_one_minus(y), e // 2)))
        parts[e % 2] = sum_plus(parts[e % 2], term)
    even, odd = parts
    return sum_plus(sum_times(even, even), scaled(sum_times(_one_minus(y), sum_times(odd, odd)), Fraction(-1)))


def _sum(powers: _Powers, term: Callable[[Fraction, Fraction], Sum]) -> Sum:
    total: Sum = {}
    for (i, j), c in powers.items():
        total = sum_plus(total, sum_times(c, term(i, j)))
    return total


def _power(y: Symbol, e: Fraction) -> Sum:
    return {frozenset({(y, Fraction(e))}): Fraction(1)} if e else ONE


def _one_minus(y: Symbol) -> Sum:
    return {frozenset(): Fraction(1), frozenset({(y, Fraction(2))}): Fraction(-1)}


def _one_plus(y: Symbol) -> Sum:
    return {frozenset(): Fraction(1), frozenset({(y, Fraction(2))}): Fraction(1)}


def _turns(angle: Node, first: Node, period: Node, place: Place, doubt: Callable[[], None]) -> range:
    """The numbers of periods that lead into a place; a few where it is not bounded."""
    from optbench.arithmetic.balls import value_of

    box, at, step = place.enclosure(angle), value_of(first), value_of(period)
    if at.empty:
        return range(0)
    if box.empty or not box.is_bounded:
        doubt()
        return range(-1, 2)
    low, high, begin, length = (float(v) for v in (box.lower, box.upper, at.lower, step.lower))
    found = range(floor((low - begin) / length - 0.01), ceil((high - begin) / length + 0.01) + 1)
    if len(found) > MAX_TURNS:
        raise TooLarge
    return found
