"""Where an expression of x and parameters is positive and negative: its zeros as formulas, and its signs between them.

The expression's normal form is taken apart into factors. Each factor has one sign by what is assumed, or is brought down to
M(x) - t, with t free of x, by these equivalences (c1 > 0, and the like for c1 < 0):

- c1*M + c0 > 0 where M > -c0/c1; a quadratic in M is c2*(M - M1)*(M - M2), or has no zero where the discriminant is negative;
- x^s > t where x > t^(1/s) for x >= 0; the even and odd whole powers of any x; exp(u) > t where u > log(t), or t <= 0;
  log(u) > t where u > exp(t); sqrt(u) > t where u > t^2, or t < 0;
- A*x + B + C*exp(k*x) and x*exp(k*x) - t, which are convex or concave or monotone, have the zeros that the real branches of
  Lambert's W give: one for a positive argument of W, two between -1/e and 0, none below.
- S*sqrt(P) + T has the sign of S or T where these agree, else that of S*(S^2*P - T^2).

Every sign of an expression in the parameters that is needed on the way, also to bring zeros in order, must be the same for all
values of the parameters; `Open` names one that is not, and the caller tells cases apart.

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> a, x = symbol("a"), symbol("x")
>>> chart(parse("x^3 - a*x").node, Stretch(x, Assumptions({a: KINDS["positive"]})))
Chart(roots=(-sqrt(a), 0, sqrt(a)), signs=(-1, 1, -1, 1), touches=False)
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.sums import (
    ONE,
    RADICANDS,
    UNIT,
    Monomial,
    Sum,
    TooLarge,
    is_call,
    plain_sum,
    product_node,
    scaled,
    sum_plus,
    sum_times,
    taken_out,
)
from optbench.exact.parameters.assumptions import factors_of_sum
from optbench.exact.parameters.lambert_chart import Grouped, exp_of, of_line_and_exponential, product_level, rooted
from optbench.exact.parameters.stretch import Chart, Stretch, clipped, constant_chart, product
from optbench.exact.region.signs import NOT_NEGATIVE, NOT_ZERO, POSITIVE, normal_form
from optbench.language.build import add, call, divide, multiply, negate, number, power, subtract
from optbench.language.graph import Node, Number, Symbol

_DEPTH = 12


def chart(node: Node, stretch: Stretch, depth: int = _DEPTH) -> Chart:
    """Return the zeros and signs of an expression that is defined on the stretch; a sign of 0 says that it is 0 there.

    Raises `Open` where that depends on the parameters in a way that is not assumed, `NotApplicable` where it is out of reach.
    """
    if depth < 0:
        raise NotApplicable("an equation is nested too deep")
    with stretch.inside.applied():
        form = normal_form(node)
    if form is None:
        raise NotApplicable(f"{node} is too long for the rules on parameters")
    if not form.top:
        return Chart((), (0,))
    top = _of_sum(form.top, stretch, depth)
    if form.bottom == ONE:
        return top
    bottom = _of_sum(form.bottom, stretch, depth)
    if bottom.roots or bottom.touches:
        raise NotApplicable(f"{node} has a pole")
    return product(top, bottom, stretch)


def _of_sum(terms: Sum, stretch: Stretch, depth: int) -> Chart:
    content, common, rest = taken_out(terms)
    total = constant_chart(1 if content > 0 else -1)
    for atom, e in common:
        total = product(total, _of_atom(atom, e, stretch, depth), stretch)
    for factor, count in factors_of_sum(rest):
        part = _of_factor(factor, stretch, depth)
        if count % 2 == 0 and part.signs != (0,):
            part = Chart((), (1,), bool(part.roots) or part.touches)
        total = product(total, part, stretch)
    return total


def _of_atom(atom: Node, e: Fraction, stretch: Stretch, depth: int) -> Chart:
    if not stretch.depends(atom):
        sign = 1 if e.denominator > 1 else stretch.assumptions.sign(atom)
        if sign == 0 or (e.denominator > 1 and stretch.assumptions.sign(atom) == 0):
            return constant_chart(0)
        return constant_chart(sign if e.numerator % 2 else 1)
    found = stretch.inside.signs(atom)
    if len(found) == 1 and found <= NOT_ZERO:
        return constant_chart(next(iter(found)) if e.denominator == 1 and e.numerator % 2 else 1)
    if e.denominator > 1:
        whole = chart(atom, stretch, depth - 1) if not isinstance(atom, Symbol) else clipped(Chart((number(0),), (-1, 1)), stretch)
        if whole.roots or whole.signs != (1,):
            raise NotApplicable(f"{atom} is not positive throughout")
        return whole
    part = _of_factor({frozenset({(atom, Fraction(1))}): Fraction(1)}, stretch, depth)
    if part.roots and e < 0:
        raise NotApplicable(f"there is a pole where {atom} is 0")
    return part if e.numerator % 2 else Chart((), (1,), bool(part.roots) or part.touches)


# ---- one factor ------------------------------------------------------------------------------------------------------------------


def _of_factor(terms: Sum, stretch: Stretch, depth: int) -> Chart:
    node = plain_sum(terms)
    if not stretch.depends(node):
        return constant_chart(stretch.assumptions.sign(node))
    found = stretch.inside.signs(node)
    if len(found) == 1 and found <= NOT_ZERO:
        return constant_chart(next(iter(found)))
    grouped = _by_powers_of_x(terms, stretch)
    for attempt in (_of_line, _by_square_roots, _of_powers, _of_lambert, _of_two_exponentials, _of_logarithms, _of_root):
        try:
            result = attempt(grouped, terms, stretch, depth)
        except TooLarge:
            continue
        if result is not None:
            return result
    raise NotApplicable(f"it is not known where {node} is 0")


def _by_powers_of_x(terms: Sum, stretch: Stretch) -> Grouped:
    parts: dict[Monomial, Sum] = {}
    for monomial, c in terms.items():
        inside = frozenset((a, e) for a, e in monomial if stretch.depends(a))
        parts.setdefault(inside, {})[monomial - inside] = c
    return {m: plain_sum(t) for m, t in parts.items()}


def _of_line(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    x = frozenset({(stretch.variable, Fraction(1))})
    if set(grouped) - {x, UNIT} or x not in grouped:
        return None
    sign = stretch.assumptions.sign(grouped[x])
    if sign == 0:
        return constant_chart(stretch.assumptions.sign(grouped.get(UNIT, number(0))))
    root = _quotient(grouped.get(UNIT, number(0)), grouped[x], stretch)
    return clipped(Chart((root,), (-sign, sign)), stretch)


def _by_square_roots(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    """A quadratic like b*x^2 - a*(1 - x)^2 with positive a, b: it has linear factors with sqrt(a) and sqrt(b)."""
    x = stretch.variable
    degrees = {dict(m).get(x, Fraction(0)) for m in grouped}
    if degrees != {Fraction(0), Fraction(1), Fraction(2)} or any(set(dict(m)) - {x} for m in grouped):
        return None
    atoms = {a for m in terms for a, _ in m if a is not x}
    positive = {a for a in atoms if stretch.assumptions.signs(a) <= POSITIVE}
    factors = factors_of_sum(terms, positive)
    if len(factors) < 2:
        return None
    total = constant_chart(1)
    for factor, count in factors:
        total = product(total, _of_factor(factor, stretch, depth), stretch) if count % 2 else total
    return total


def _quotient(c0: Node, c1: Node, stretch: Stretch) -> Node:
    """-c0/c1"""
    return stretch.assumptions.simplified(negate(divide(c0, c1)))


def _of_powers(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    """c1*M + c0, or c2*M^2 + c1*M + c0, with a product M of powers."""
    found = [m for m in grouped if m]
    base = _common_power(found)
    if base is None:
        return None
    degrees = {_degree(m, base): c for m, c in grouped.items()}
    if 0 not in degrees or min(degrees) < 0 or max(degrees) > 2:
        return None
    c0, c1, c2 = degrees[0], degrees.get(1, number(0)), degrees.get(2)
    if c2 is None:
        return _above(base, c1, c0, stretch, depth)
    return _of_quadratic(base, c2, c1, c0, stretch, depth)


def _common_power(monomials: list[Monomial]) -> Monomial | None:
    """The monomial of which all of these are whole powers, with the lowest such powers."""
    if not monomials:
        return None
    atoms = sorted(dict(monomials[0]), key=repr)
    if any(sorted(dict(m), key=repr) != atoms for m in monomials):
        return None
    lead = atoms[0]
    exponents = [dict(m)[lead] for m in monomials]
    if any(e < 0 for e in exponents):
        return None
    bottom = lcm(*(e.denominator for e in exponents))
    unit = Fraction(gcd(*(int(e * bottom) for e in exponents)), bottom)
    first = dict(monomials[0])
    base = {a: first[a] / first[lead] * unit for a in atoms}
    if any(dict(m)[a] * unit != base[a] * dict(m)[lead] for m in monomials for a in atoms):
        return None
    return frozenset(base.items())


def _degree(monomial: Monomial, base: Monomial) -> int:
    if not monomial:
        return 0
    [(atom, e)] = list(base)[:1]
    return int(dict(monomial)[atom] / e)


def _above(base: Monomial, c1: Node, c0: Node, stretch: Stretch, depth: int) -> Chart:
    """c1*M + c0"""
    sign = stretch.assumptions.sign(c1)
    if sign == 0:
        return constant_chart(stretch.assumptions.sign(c0))
    return product(constant_chart(sign), _level(base, _quotient(c0, c1, stretch), stretch, depth), stretch)


def _of_quadratic(base: Monomial, c2: Node, c1: Node, c0: Node, stretch: Stretch, depth: int) -> Chart:
    given = stretch.assumptions
    sign = given.sign(c2)
    if sign == 0:
        return _above(base, c1, c0, stretch, depth)
    half = given.simplified(divide(c1, multiply(2, c2)))
    square = given.simplified(subtract(power(half, 2), divide(c0, c2)))
    inside = given.sign(square)
    if inside < 0:
        return constant_chart(sign)
    root = number(0) if inside == 0 else given.simplified(call("sqrt", square))
    levels = [given.simplified(subtract(s, half)) for s in (negate(root), root)]
    below, above = (_level(base, t, stretch, depth) for t in levels)
    return product(constant_chart(sign), product(below, above, stretch), stretch)


def _level(base: Monomial, t: Node, stretch: Stretch, depth: int) -> Chart:
    """M - t for a product M of powers and a number t."""
    if len(base) > 1 and all(is_call(atom, "exp") for atom, _ in base):
        base = frozenset({(call("exp", add(*(multiply(number(e), atom.args[0]) for atom, e in base))), Fraction(1))})
    if len(base) == 2:
        return product_level(base, t, stretch)
    if len(base) != 1:
        raise NotApplicable(f"it is not known where {product_node(Fraction(1), base, [])} is {t}")
    [(atom, s)] = base
    if atom is stretch.variable:
        return clipped(_power_level(s, t, stretch), stretch)
    if is_call(atom, "log") and s == 1:
        return chart(subtract(atom.args[0], exp_of(t)), stretch, depth - 1)
    if is_call(atom, "exp"):
        if stretch.assumptions.sign(t) <= 0:
            return constant_chart(1)
        return chart(subtract(multiply(number(s), atom.args[0]), call("log", t)), stretch, depth - 1)
    if atom in RADICANDS and 0 < s < 1:
        sign = stretch.assumptions.sign(t)
        return Chart((), (1,), sign == 0) if sign <= 0 else chart(subtract(atom, power(t, number(1 / s))), stretch, depth - 1)
    raise NotApplicable(f"it is not known where {product_node(Fraction(1), base, [])} is {t}")


def _power_level(s: Fraction, t: Node, stretch: Stretch) -> Chart:
    """x^s - t for s > 0."""
    if s == 1:
        return Chart((t,), (-1, 1))
    if stretch.inside.signs(stretch.variable) <= NOT_NEGATIVE:
        if stretch.assumptions.sign(t) <= 0:
            return constant_chart(1)
        return Chart((rooted(t, s, stretch),), (-1, 1))
    if s.denominator > 1:
        raise NotApplicable("a root is taken of what may be negative")
    sign = stretch.assumptions.sign(t)
    if s.numerator % 2:
        root = number(0) if sign == 0 else rooted(multiply(sign, t), s, stretch)
        return Chart((negate(root) if sign < 0 else root,), (-1, 1))
    if sign <= 0:
        return Chart((), (1,), sign == 0)
    root = rooted(t, s, stretch)
    return Chart((negate(root), root), (1, -1, 1))


def _of_lambert(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    return of_line_and_exponential(grouped, stretch)


def _of_two_exponentials(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    """c1*exp(u1) + c2*exp(u2) has the sign of c1 where u1 - u2 > log(-c2/c1), and everywhere if the factors have one sign."""
    if len(grouped) != 2 or not all(m and all(is_call(atom, "exp") for atom, _ in m) for m in grouped):
        return None
    (m1, c1), (m2, c2) = grouped.items()
    u1, u2 = (add(*(multiply(number(e), atom.args[0]) for atom, e in m)) for m in (m1, m2))
    sign, t = stretch.assumptions.sign(c1), _quotient(c2, c1, stretch)
    if sign == 0 or stretch.assumptions.sign(t) <= 0:
        return constant_chart(sign or stretch.assumptions.sign(c2))
    return product(constant_chart(sign), chart(subtract(subtract(u1, u2), call("log", t)), stretch, depth - 1), stretch)


def _of_logarithms(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    """c*(k1*log(u1) + k2*log(u2) + ... - t) with rational k is positive where c > 0 and u1^k1*u2^k2*... > exp(t), and so on."""
    rest = dict(grouped)
    constant = rest.pop(UNIT, number(0))
    if len(rest) < 2 or any(len(m) != 1 or not is_call(a, "log") or e != 1 for m in rest for a, e in m):
        return None
    given = stretch.assumptions
    first = next(iter(rest.values()))
    ratios = {m: given.simplified(divide(c, first)) for m, c in rest.items()}
    sign = given.sign(first)
    if not sign or not all(isinstance(r, Number) for r in ratios.values()):
        return None
    above: list[Node] = []
    below = [exp_of(_quotient(constant, first, stretch))]
    for m, r in ratios.items():
        [(atom, _)] = m
        assert isinstance(r, Number)
        (above if r.value > 0 else below).append(power(atom.args[0], number(abs(r.value))))
    difference = subtract(multiply(*above) if above else number(1), multiply(*below))
    return product(constant_chart(sign), chart(difference, stretch, depth - 1), stretch)


# ---- roots ----------------------------------------------------------------------------------------------------------------------------


def _of_root(grouped: Grouped, terms: Sum, stretch: Stretch, depth: int) -> Chart | None:
    """S*sqrt(P) + T on the parts on which S and T have one sign each."""
    half = Fraction(1, 2)
    atoms = sorted({a for m in terms for a, e in m if e.denominator == 2 and stretch.depends(a)}, key=repr)
    if not 1 <= len(atoms) <= 2:
        return None
    atom = atoms[0]
    s: Sum = {}
    t: Sum = {}
    for monomial, c in terms.items():
        e = dict(monomial).get(atom, Fraction(0))
        if e not in (0, half):
            return None
        (s if e else t)[frozenset((a, k) for a, k in monomial if a is not atom)] = c
    square = RADICANDS.get(atom, {frozenset({(atom, Fraction(1))}): Fraction(1)})
    difference = sum_plus(sum_times(sum_times(s, s), square), scaled(sum_times(t, t), Fraction(-1)))
    charts = [chart(plain_sum(part), stretch, depth - 1) for part in (s, t, difference)]
    return _combined(charts, stretch)


def _combined(charts: list[Chart], stretch: Stretch) -> Chart:
    """Signs from those of S, T and S^2*P - T^2."""
    cuts: list[Node] = []
    for part in charts:
        for root in part.roots:
            cuts = _inserted(cuts, root, stretch)
    ends = [stretch.lower, *cuts, stretch.upper]
    signs = []
    for low, high in pairwise(ends):
        s, t, d = (_sign_between(part, low, high, stretch) for part in charts)
        signs.append(s if d > 0 else t if d < 0 else s if s == t else 0)
    roots, kept = [], signs[:1]
    for cut, sign in zip(cuts, signs[1:], strict=True):
        if sign != kept[-1]:
            roots.append(cut)
            kept.append(sign)
    return Chart(tuple(roots), tuple(kept), any(c.touches for c in charts) or len(roots) < len(cuts))


def _inserted(cuts: list[Node], root: Node, stretch: Stretch) -> list[Node]:
    for i, cut in enumerate(cuts):
        order = stretch.order(root, cut)
        if order == 0:
            return cuts
        if order < 0:
            return [*cuts[:i], root, *cuts[i:]]
    return [*cuts, root]


def _sign_between(part: Chart, low: Node, high: Node, stretch: Stretch) -> int:
    """The sign on an interval on which it does not change."""
    below = sum(1 for r in part.roots if stretch.order(r, low) <= 0)
    return part.signs[below]
