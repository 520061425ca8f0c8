"""Quintics that can be solved with radicals, by Lagrange's resolvents.

Let x_0, ..., x_4 be the roots of an irreducible monic f with whole coefficients, in an order in which the group of f consists of maps
i -> a*i + b modulo 5, and z = exp(2*pi*i/5). There is such an order exactly where f is solvable with radicals. Of the six
pentagons (orders up to those maps) each has a number d = (sum x_i*x_(i+1) - sum x_i*x_(i+2))^2; the six are the roots of a polynomial
with whole coefficients, and where one of them is a whole number and a simple root, its pentagon is mapped to itself by the group.

The resolvents l_j = sum z^(j*k)*x_k are then known: a = l_1*l_4, b = l_2*l_3 and u = l_1^5 + l_4^5, v = l_2^5 + l_3^5 have whole
a + b, a*b, u + v, u*v, since the maps and z -> z^c only exchange them; l_1^5 and l_4^5 are the roots of t^2 - u*t + a^5, the
others those of t^2 - v*t + b^5, and 5*x_0 = x_0 + ... + x_4 + l_1 + l_2 + l_3 + l_4. Whole numbers are found from balls that hold one
only. Where x_0 is the only real root, conjugation is i -> -i, and all l_j are real; where all roots are real, l_4 and l_3 are the
conjugates of l_1 and l_2, so that l_1 + l_4 = 2*sqrt(a)*cos(t) with cos(5*t) = u/(2*sqrt(a)^5).

>>> from flint import fmpz_poly
>>> from optbench.language.rootof import real_roots
>>> f = fmpz_poly([32, 20, 0, 0, 0, 1])
>>> len(list(solved(f, real_roots([32, 20, 0, 0, 0, 1])[0])))
1

Source: D. S. Dummit, Solving solvable quintics, Mathematics of Computation 57 (1991) 387-401; J.-L. Lagrange, Réflexions sur la
résolution algébrique des équations (1771).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from flint import acb, arb, ctx, fmpz_poly

from optbench.arithmetic.balls import value_of
from optbench.exact.numbers.identities import simplified
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, subtract
from optbench.language.graph import Node

_PRECISIONS = (512, 2048, 8192)
_PENTAGONS = ((0, 1, 2, 3, 4), (0, 1, 2, 4, 3), (0, 1, 3, 2, 4), (0, 1, 3, 4, 2), (0, 1, 4, 2, 3), (0, 1, 4, 3, 2))


class _Unclear(Exception):
    """The balls are too wide."""


class _Pair(NamedTuple):
    """Two conjugate resolvents l and m: whole-number facts and formulas of l*m and l^5 + m^5, and balls of both."""

    product: Node
    powers: Node
    resolvents: tuple[acb, acb]


def solved(f: fmpz_poly, root: arb) -> Iterator[Node]:
    """Yield a formula for the real root of an irreducible quintic that lies in a ball; nothing where none is made."""
    if f[5] < 0:
        f = -f
    c = int(f[5])
    monic = fmpz_poly([*(int(f[i]) * c ** (4 - i) for i in range(5)), 1])  # of c*x
    for precision in _PRECISIONS:
        with ctx.workprec(precision):
            try:
                zeros = _ordered(monic, root * c)
                if zeros is not None:
                    one_is_real = sum(zero.imag.contains(0) for zero in zeros) == 1
                    terms = [term for pair in _pairs(zeros) for term in (_real_ones(pair) if one_is_real else _conjugate_ones(pair))]
                    yield _short(divide(add(-int(monic[4]), *terms), 5 * c))
                return
            except _Unclear:
                continue


def _ordered(f: fmpz_poly, root: arb) -> list[acb] | None:
    """The zeros in an order in which the group of f consists of maps i -> a*i + b, the wanted one first; None where there is none."""
    found: Any = f.complex_roots()  # pairs of a ball and its multiplicity
    zeros: list[acb] = [zero for zero, _ in found]
    wanted = [z for z in zeros if z.imag.contains(0) and z.real.overlaps(root)]
    if len(wanted) != 1:
        raise _Unclear
    zeros = [wanted[0], *(z for z in zeros if z is not wanted[0])]
    orders = [[zeros[i] for i in pentagon] for pentagon in _PENTAGONS]
    values = [_invariant(x) for x in orders]
    resolvent = fmpz_poly([_whole(c) for c in _coefficients(values)])
    for k, (order, value) in enumerate(zip(orders, values, strict=True)):
        if value.real.rad() > 0.25:
            raise _Unclear
        whole = value.real.unique_fmpz()
        if whole is not None and value.imag.contains(0) and resolvent(whole) == 0:
            if any(value.overlaps(other) for other in values[:k] + values[k + 1 :]):
                raise _Unclear  # or a double root, which says nothing
            return order
    return None


def _invariant(x: Sequence[acb]) -> acb:
    return (sum((x[i] * (x[(i + 1) % 5] - x[(i + 2) % 5]) for i in range(5)), start=acb(0))) ** 2


def _coefficients(roots: Sequence[acb]) -> list[acb]:
    """Those of the monic polynomial with these roots, constant first."""
    found = [acb(1)]
    for r in roots:
        found = [low - r * high for low, high in zip([acb(0), *found], [*found, acb(0)], strict=True)]
    return found


def _whole(value: acb) -> int:
    """The one whole number in a ball, which is known to hold one."""
    found = value.real.unique_fmpz()
    if found is None:
        raise _Unclear
    return int(found)


def _pairs(x: Sequence[acb]) -> list[_Pair]:
    z = (acb(0, 2) * arb.pi() / 5).exp()
    l1, l2, l3, l4 = (sum((z ** (j * k) * x[k] for k in range(5)), start=acb(0)) for j in (1, 2, 3, 4))
    a, b = _conjugates(l1 * l4, l2 * l3)
    u, v = _conjugates(l1**5 + l4**5, l2**5 + l3**5)
    return [_Pair(a, u, (l1, l4)), _Pair(b, v, (l2, l3))]


def _conjugates(first: acb, second: acb) -> tuple[Node, Node]:
    """Formulas for two real numbers with a whole sum and product."""
    total, product = _whole(first + second), _whole(first * second)
    square = total**2 - 4 * product
    if square == 0:
        return number(Fraction(total, 2)), number(Fraction(total, 2))
    if (first - second).real.contains(0):
        raise _Unclear
    root = multiply(1 if first.real > second.real else -1, call("sqrt", number(square)))
    return simplified(divide(add(total, root), 2)), simplified(divide(subtract(total, root), 2))


def _real_ones(pair: _Pair) -> list[Node]:
    """Two real resolvents, from the quadratic equation of their fifth powers."""
    first, second = pair.resolvents
    root = call("sqrt", simplified(subtract(power(pair.powers, 2), multiply(4, power(pair.product, 5)))))
    high, low = sorted((first.real, second.real), key=lambda r: -float(r))
    fifth_powers = (divide(way(pair.powers, root), 2) for way in (add, subtract))
    return [_fifth_root(_short(p), r) for p, r in zip(fifth_powers, (high, low), strict=True)]


def _fifth_root(power_of_it: Node, r: arb) -> Node:
    if r.contains(0):
        raise _Unclear
    return power(power_of_it, number(Fraction(1, 5))) if r > 0 else negate(power(_short(negate(power_of_it)), number(Fraction(1, 5))))


def _conjugate_ones(pair: _Pair) -> list[Node]:
    """The sum of two conjugate resolvents with the product a and the sum u of fifth powers."""
    if pair.product is number(0):
        return []
    size = call("sqrt", pair.product)
    angle = call("acos", _short(divide(pair.powers, multiply(2, power(pair.product, 2), size))))
    real = 2 * pair.resolvents[0].real
    formulas = [multiply(2, size, call("cos", divide(add(angle, multiply(2 * k, constant("pi"))), 5))) for k in range(5)]
    near = [formula for formula in formulas if _may_be(formula, real)]
    if len(near) != 1:
        raise _Unclear
    return near


def _may_be(formula: Node, ball: arb) -> bool:
    value = value_of(formula, ctx.prec)
    return bool(value.lower.union(value.upper).overlaps(ball))


def _short(node: Node) -> Node:
    return min((node, simplified(node)), key=lambda n: len(str(n)))
