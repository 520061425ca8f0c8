"""Numbers in many digits recognised as formulas: candidates, which are proved or dropped elsewhere.

A coordinate may be a rational or algebraic number, a logarithm or exponential of one, or a solution of a stationarity
equation that is left with one unknown.

>>> from flint import arb, ctx
>>> with ctx.workprec(BITS):
...     root = arb(2).sqrt()
>>> next(formula_points(Near({symbol("x"): root}, symbol("x"), [], SURE)))
{x: sqrt(2)}

Source: A. K. Lenstra, H. W. Lenstra, L. Lovász, Factoring polynomials with rational coefficients, Math. Ann. 261 (1982)
515-534.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import NamedTuple

from flint import arb, ctx, fmpz_mat, fmpz_poly

from optbench.arithmetic.balls import as_fraction, value_of
from optbench.exact.line import lambert, polynomial
from optbench.exact.numbers.identities import normal, simplified
from optbench.exact.numbers.simplest_fraction import simplest
from optbench.exact.numbers.sums import Sum, TooLarge, plain_sum, sum_node
from optbench.exact.several import Point
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, substitute, subtract, symbol
from optbench.language.derivative import gradient
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols

BITS = 400  # precision of the coordinates from which formulas are recognised
SURE = 300  # bits of them that are right
FREE = 60  # bits that a multiplier which should be 0 may have wrong


class Near(NamedTuple):
    """A minimiser in many bits; near it the smooth function has it as a stationary point where the equalities hold."""

    at: dict[Symbol, arb]
    smooth: Node
    equalities: list[Node]
    bits: int  # of the coordinates that are right


def formula_points(near: Near) -> Iterator[Point]:
    """Yield points of formulas that lie where the minimiser is, each once."""
    tried = set()
    for point in _guesses(near):
        if None not in point.values() and tuple(point.values()) not in tried:
            tried.add(tuple(point.values()))
            yield {s: node for s, node in point.items() if node is not None}


def _guesses(near: Near) -> Iterator[Mapping[Node, Node | None]]:
    found: dict[Node, Node | None] = {s: _algebraic(v, near.bits) for s, v in near.at.items()}
    yield found
    if near.bits >= SURE:
        yield {s: node or _transcendental(near.at[s]) for s, node in found.items()}  # type: ignore[index]
        yield _by_equations(near) or dict.fromkeys(near.at)


def _algebraic(value: arb, bits: int) -> Node | None:
    """A rational number, or a root of a polynomial with small whole coefficients."""
    with ctx.workprec(BITS):
        width = arb(2) ** -bits * (1 + abs(value))
        rational = simplest(as_fraction((value - width).lower()), as_fraction((value + width).upper()))
        if 2 * max(abs(rational.numerator).bit_length(), rational.denominator.bit_length()) < bits - 60 or bits < SURE:
            return number(rational)
        for degree in (2, 3, 4, 6, 8):
            relation = _relation([value**k for k in range(degree + 1)])
            if relation is not None:
                return _root_near(relation, value)
    return None


def _relation(values: Sequence[arb]) -> list[int] | None:
    """Small whole numbers, not all 0, with sum of c_k*values_k = 0 as far as the digits tell (Lenstra, Lenstra, Lovász)."""
    n = len(values)
    scaled = [int(as_fraction((v * arb(2) ** SURE).mid()) // 1) for v in values]
    reduced = fmpz_mat([[int(i == j) for j in range(n)] + [v] for i, v in enumerate(scaled)]).lll()
    row = [int(reduced[0, j]) for j in range(n + 1)]
    size = max(abs(c) for c in row)
    return row[:n] if size.bit_length() * n < SURE // 2 and any(row[:n]) else None


def _root_near(coefficients: Sequence[int], value: arb) -> Node | None:
    """The root of a polynomial that is a value, in roots where it is a polynomial of degree 1 or 2 in a power."""
    for factor, _ in fmpz_poly(list(coefficients)).factor()[1]:
        whole = [int(c) for c in factor.coeffs()]
        step = reduce(gcd, (k for k, c in enumerate(whole) if c and k), 0)
        if step > 1 and len(whole) > 3 and len(whole) - 1 > step:
            inner = _root_near(whole[::step], value**step)
            found = [] if inner is None else [_kth_root(inner, step), negate(_kth_root(inner, step))]
        else:
            t = symbol("t")
            terms: Sum = {frozenset({(t, Fraction(k))} if k else ()): Fraction(c) for k, c in enumerate(whole) if c}
            found = polynomial.real_roots(terms, t) or []
        for root in found:
            if _is_near(root, value):
                return root
    return None


def _is_near(node: Node, value: arb) -> bool:
    """Whether a formula has a value in all digits that are right."""
    enclosure = value_of(node, BITS)
    if enclosure.empty or not enclosure.is_bounded:
        return False
    with ctx.workprec(BITS):
        return bool(abs((enclosure.lower + enclosure.upper) / 2 - value) < arb(2) ** (FREE - SURE) * (1 + abs(value)))


def _constants(count: int = 5) -> dict[Node, arb]:
    """1, pi and some logarithms."""
    nodes: list[Node] = [number(1), *[constant("pi"), *(call("log", p) for p in (2, 3, 5, 7))][:count]]
    return {node: value_of(node, BITS).lower for node in nodes}


def _transcendental(value: arb) -> Node | None:
    """A sum of rational multiples of 1, pi and logarithms, the exponential of one, or the logarithm of an algebraic number."""
    with ctx.workprec(BITS):
        known = _constants()
        found = _combination(value, known)
        if found is not None:
            return found
        exponent = _combination(abs(value).log(), known)
        if exponent is not None:
            size = simplified(call("exp", exponent))
            return size if value > 0 else negate(size)
        if abs(value) < 50:
            inside = _algebraic(value.exp(), SURE)
            return None if inside is None else call("log", inside)
    return None


def _combination(value: arb, known: Mapping[Node, arb]) -> Node | None:
    """The value as a sum of rational multiples of known numbers."""
    relation = _relation([value, *known.values()])
    if relation is None or not relation[0]:
        return None
    return add(*(multiply(Fraction(-c, relation[0]), node) for c, node in zip(relation[1:], known, strict=True) if c))


# ---- equations with one unknown ------------------------------------------------------------------------------------------------


def _by_equations(near: Near) -> Point | None:
    """The minimiser from stationarity equations, where these can be solved one unknown at a time."""
    left = list(near.at)
    formulas: dict[Node, Node] = {}
    smooth, level = near.smooth, list(near.equalities)
    while (explicit := next(filter(None, (_explicit(h, left) for h in level)), None)) is not None:
        solved, formula, used = explicit
        left.remove(solved)
        level.remove(used)
        smooth, *level = (substitute(node, {solved: formula}) for node in (smooth, *level))
        formulas = {**{s: substitute(f, {solved: formula}) for s, f in formulas.items()}, solved: formula}
    equations = _equations(smooth, level, left)
    while left:
        step = _one_unknown(equations, left, near) or _linear_relation(left, near)
        if step is None:
            return None
        solved, formula = step
        left.remove(solved)
        equations = [substitute(e, {solved: formula}) for e in equations]
        formulas = {**{s: substitute(f, {solved: formula}) for s, f in formulas.items()}, solved: formula}
    return {s: simplified(formulas[s]) for s in near.at}


def _explicit(equality: Node, left: Sequence[Symbol]) -> tuple[Symbol, Node, Node] | None:
    """An unknown that stands in an equality with a constant factor only, what it is, and the equality."""
    for s in left:
        [slope] = gradient(equality, [s])
        slope = simplified(slope)
        if s in symbols(equality) and not symbols(slope) and slope is not number(0):
            formula = simplified(subtract(s, divide(equality, slope)))
            if s not in symbols(formula):
                return s, formula, equality
    return None


def _equations(smooth: Node, level: Sequence[Node], left: Sequence[Symbol]) -> list[Node]:
    """Equations that the unknowns satisfy at a stationary point on the set where functions are 0."""
    if not left:
        return []
    slopes = gradient(smooth, left)
    if not level:
        return slopes
    if len(level) > 1:
        return list(level)
    across = gradient(level[0], left)
    pairs = [(i, j) for i in range(len(left)) for j in range(i)]
    return [*level, *(subtract(multiply(slopes[i], across[j]), multiply(slopes[j], across[i])) for i, j in pairs)]


def _one_unknown(equations: Sequence[Node], left: Sequence[Symbol], near: Near) -> tuple[Symbol, Node] | None:
    for equation in equations:
        inside = symbols(equation)
        if len(inside) == 1 and inside[0] in left:
            root = _root_of(equation, inside[0], near.at[inside[0]])
            if root is not None:
                return inside[0], root
    return None


def _linear_relation(left: Sequence[Symbol], near: Near) -> tuple[Symbol, Node] | None:
    """One unknown as a rational multiple of another plus a number, as far as the digits tell."""
    with ctx.workprec(BITS):
        for i, s in enumerate(left):
            rational = _algebraic(near.at[s], SURE)
            if isinstance(rational, Number):
                return s, rational
            for t in left[:i]:
                for known in (_constants(0), _constants()):
                    found = _combination(near.at[s], {t: near.at[t], **known})
                    if found is not None and symbols(found):
                        return s, found
    return None


def _root_of(equation: Node, unknown: Symbol, value: arb) -> Node | None:
    """A formula for the root of an equation that is a value."""
    for form in dict.fromkeys(_forms(equation, unknown)):
        for root in _roots(form, unknown):
            if _is_near(root, value):
                return root
    return None


def _forms(equation: Node, unknown: Symbol) -> Iterator[Node]:
    yield equation
    try:
        top = normal(equation).top
    except (TooLarge, GraphError):
        return
    yield sum_node(top)
    logarithms, rest = _split_logarithms(top, unknown)
    if logarithms and unknown not in symbols(rest):
        up = [power(a, number(c)) for c, a in logarithms if c > 0]
        down = [power(a, number(-c)) for c, a in logarithms if c < 0]
        yield subtract(multiply(*up), multiply(call("exp", negate(rest)), *down))


def _split_logarithms(top: Sum, unknown: Symbol) -> tuple[list[tuple[Fraction, Node]], Node]:
    """The multiples of logarithms that hold the unknown, and the rest of a sum."""
    logarithms, rest = [], {}
    for monomial, c in top.items():
        atoms = [atom for atom, e in monomial if e == 1 and isinstance(atom, Call) and atom.function == "log" and unknown in symbols(atom)]
        if len(monomial) == 1 and atoms:
            logarithms.append((c, atoms[0].args[0]))
        else:
            rest[monomial] = c
    return logarithms, plain_sum(rest) if rest else number(0)


def _roots(form: Node, unknown: Symbol) -> Iterator[Node]:
    """Candidates for the roots: of a polynomial in x, exp(x) or log(x), and by Lambert's W in a power of x."""
    yield from _polynomial_roots(form, unknown)
    yield from lambert.solutions(form, unknown)
    for inside in ("log", "exp"):
        for root in _polynomial_roots(substitute(form, {unknown: call(inside, unknown)}), unknown):
            yield call(inside, root)
    for k in (2, 3, 4):
        inner = _kth_root(unknown, k)
        for root in lambert.solutions(simplified(substitute(form, {unknown: inner})), unknown):
            yield _kth_root(root, k)
            yield negate(_kth_root(root, k))


def _kth_root(node: Node, k: int) -> Node:
    return call("sqrt", node) if k == 2 else power(node, number(Fraction(1, k)))


def _polynomial_roots(form: Node, unknown: Symbol) -> Iterator[Node]:
    try:
        top = normal(form).top
        if not top:
            return
        yield from polynomial.real_roots(top, unknown) or []
        yield from _roots_with_constants(top, unknown)
    except (TooLarge, GraphError, ZeroDivisionError):
        return


def _roots_with_constants(top: Sum, unknown: Symbol) -> Iterator[Node]:
    """Roots of a polynomial of degree 1 or 2 in a power of the unknown, whose coefficients are any numbers."""
    groups: dict[Fraction, Sum] = {}
    for monomial, factor in top.items():
        powers = dict(monomial)
        exponent = powers.pop(unknown, Fraction(0))
        if any(unknown in symbols(atom) for atom in powers):
            return
        groups.setdefault(exponent, {})[frozenset(powers.items())] = factor
    exponents = sorted(groups)
    if not 2 <= len(exponents) <= 3:
        return
    coefficients = [plain_sum(groups[e]) for e in exponents]
    step = exponents[1] - exponents[0]
    if len(exponents) == 2:
        powers_of = [negate(divide(coefficients[0], coefficients[1]))]
    elif exponents[2] - exponents[1] == step:
        c, b, a = coefficients
        width = call("sqrt", subtract(power(b, 2), multiply(4, a, c)))
        powers_of = [divide(add(negate(b), signed), multiply(2, a)) for signed in (width, negate(width))]
    else:
        return
    for inner in powers_of:
        outer = simplified(power(inner, 1 / step))
        yield outer
        yield negate(outer)
