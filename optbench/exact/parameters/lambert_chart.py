"""Where two kinds of equations with Lambert's W change their sign, with parameters in all places.

A*y + B + C*exp(k*y) and y*exp(k*y) - t are positive factors times u*exp(u) - z or its opposite, with u linear in y. u*exp(u) falls up
to u = -1 and then grows, from 0 over -1/e to infinity; so u*exp(u) - z has one zero W(z) for z >= 0, two for -1/e < z < 0, on both real
branches, and none below. The same equations in y = log(x) are those of log(x) and a power, and of x*log(x).

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.language.build import symbol
>>> a, x = symbol("a"), symbol("x")
>>> stretch = Stretch(x, Assumptions({a: KINDS["positive"]}))
>>> product_level(frozenset({(x, Fraction(1)), (call("exp", x), Fraction(1))}), a, stretch)
Chart(roots=(lambertw(a),), signs=(-1, 1), touches=False)
"""

from __future__ import annotations

from fractions import Fraction

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.sums import UNIT, Monomial, is_call, product_node
from optbench.exact.parameters.assumptions import Assumptions, linear_in
from optbench.exact.parameters.stretch import Chart, Stretch, clipped, constant_chart
from optbench.exact.region.signs import NOT_NEGATIVE
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, subtract
from optbench.language.graph import Node

Grouped = dict[Monomial, Node]  # coefficients, free of x, of the different products of powers that depend on x


def product_level(base: Monomial, t: Node, stretch: Stretch) -> Chart:
    """x^p*exp(k*x) - t and x*log(x) - t for p = 1, or for x > 0."""
    atoms = dict(base)
    x = stretch.variable
    others = [a for a in atoms if a is not x]
    if x not in atoms or len(others) != 1:
        raise NotApplicable(f"it is not known where {product_node(Fraction(1), base, [])} is {t}")
    p, other = atoms[x], others[0]
    positive = stretch.inside.signs(x) <= NOT_NEGATIVE
    if is_call(other, "log") and other.args[0] is x and p == 1 and atoms[other] == 1:
        return clipped(_exponentials(_lambert_levels(number(1), t, stretch), stretch), stretch)
    rate = linear_in(other.args[0], x) if is_call(other, "exp") else None
    if rate is None or rate[1] is not number(0) or (p != 1 and not positive):
        raise NotApplicable(f"it is not known where {product_node(Fraction(1), base, [])} is {t}")
    k = stretch.assumptions.simplified(multiply(number(atoms[other] / p), rate[0]))
    if p != 1:
        if stretch.assumptions.sign(t) <= 0:
            return constant_chart(1)
        t = rooted(t, p, stretch)
    return clipped(_lambert_levels(k, t, stretch), stretch)


def _exponentials(found: Chart, stretch: Stretch) -> Chart:
    return Chart(tuple(stretch.assumptions.simplified(call("exp", r)) for r in found.roots), found.signs, found.touches)


def _lambert_levels(k: Node, t: Node, stretch: Stretch) -> Chart:
    """y*exp(k*y) - t on the whole line: with u = k*y and z = k*t it is (u*exp(u) - z)/k, and u*exp(u) falls up to -1, then grows."""
    given = stretch.assumptions
    sign, z = given.sign(k), given.simplified(multiply(k, t))
    if sign == 0:
        raise NotApplicable("the rate of an exponential may be 0")
    roots, signs = _branches(z, given)
    formulas = [given.simplified(divide(r, k)) for r in roots]
    if sign < 0:
        return Chart(tuple(reversed(formulas)), tuple(-s for s in reversed(signs)), not roots)
    return Chart(tuple(formulas), tuple(signs), not roots)


def _branches(z: Node, given: Assumptions) -> tuple[list[Node], list[int]]:
    """The zeros of u*exp(u) - z in ascending order, and its signs."""
    sign = given.sign(z)
    if sign >= 0:
        return [call("lambertw", z) if sign else number(0)], [-1, 1]
    if given.sign(add(multiply(constant("e"), z), 1)) <= 0:
        return [], [1]
    return [call("lambertw_lower", z), call("lambertw", z)], [1, -1, 1]


def of_line_and_exponential(grouped: Grouped, stretch: Stretch) -> Chart | None:
    """A*x + B + C*exp(k*x), and A*log(x) + B + C*x^p as the same in log(x); x*(log(x) + B) + C too."""
    x, rest = stretch.variable, dict(grouped)
    b = rest.pop(UNIT, number(0))
    if len(rest) != 2:
        return None
    line, logarithm = frozenset({(x, Fraction(1))}), frozenset({(call("log", x), Fraction(1))})
    if line in rest:
        [other] = [m for m in rest if m != line]
        if other == line | logarithm:
            return _of_logarithmic_product(rest[other], rest[line], b, stretch)
        rate = _rate(other, stretch)
        if rate is not None:
            return clipped(_lambert_zeros(rest[line], b, rest[other], rate, stretch), stretch)
    if logarithm in rest:
        [other] = [m for m in rest if m != logarithm]
        if set(dict(other)) == {x}:
            found = _lambert_zeros(rest[logarithm], b, rest[other], number(dict(other)[x]), stretch)
            return clipped(_exponentials(found, stretch), stretch)
    return None


def _rate(monomial: Monomial, stretch: Stretch) -> Node | None:
    """k where the monomial is exp(k*x)."""
    if len(monomial) != 1:
        return None
    [(atom, e)] = monomial
    parts = linear_in(atom.args[0], stretch.variable) if is_call(atom, "exp") else None
    if parts is None or parts[1] is not number(0):
        return None
    return stretch.assumptions.simplified(multiply(number(e), parts[0]))


def _of_logarithmic_product(a: Node, b: Node, c: Node, stretch: Stretch) -> Chart:
    """a*x*log(x) + b*x + c: with y = x*exp(b/a) it is a*exp(-b/a)*(y*log(y) - t), t = -c/a*exp(b/a)."""
    given = stretch.assumptions
    sign = given.sign(a)
    if sign == 0:
        raise NotApplicable("a factor of a logarithm may be 0")
    shift = exp_of(given.simplified(divide(b, a)))
    found = _exponentials(_lambert_levels(number(1), given.simplified(multiply(negate(divide(c, a)), shift)), stretch), stretch)
    roots = tuple(given.simplified(divide(r, shift)) for r in found.roots)
    return clipped(Chart(roots, tuple(sign * s for s in found.signs), found.touches), stretch)


def _lambert_zeros(a: Node, b: Node, c: Node, k: Node, stretch: Stretch) -> Chart:
    """a*y + b + c*exp(k*y): with u = -k*(y + b/a) and z = k*c/a*exp(-k*b/a) it is (-a/k*exp(-u))*(u*exp(u) - z)."""
    given = stretch.assumptions
    signs = {n: given.sign(n) for n in (a, c, k)}
    if 0 in signs.values():
        raise NotApplicable("a factor of an equation may be 0")
    shift = given.simplified(divide(b, a))
    z = given.simplified(multiply(divide(multiply(k, c), a), exp_of(given.simplified(multiply(negate(k), shift)))))
    roots, between = _branches(z, given)
    formulas = [given.simplified(subtract(negate(divide(u, k)), shift)) for u in roots]
    outer = -signs[a] * signs[k]
    between = [outer * s for s in between]
    if signs[k] > 0:  # y falls as u grows
        formulas, between = formulas[::-1], between[::-1]
    return Chart(tuple(formulas), tuple(between), not roots)


def exp_of(t: Node) -> Node:
    """Return exp(t)."""
    return number(1) if t is number(0) else call("exp", t)


def rooted(t: Node, s: Fraction, stretch: Stretch) -> Node:
    """Return t^(1/s)."""
    return stretch.assumptions.simplified(call("sqrt", t) if s == 2 else power(t, number(1 / s)))
