"""A normal form for expressions in exp, log, W, sin, cos and roots, by rules that are identities of real numbers.

`normal` reduces an expression to a `Quotient` of two sums (see `sums`). The rules are theorems wherever both sides are defined:
exp(c*log(a)) = a^c, log(exp(r)) = r, exp(n*W(z)) = (z/W(z))^n, log(W(z)) = log(z) - W(z) for z > 0, products and powers of
positive bases, cos^2 = 1 - sin^2, the addition theorems, sin and cos of asin, acos and atan, and
these of sines, cosines and tangents of numbers. So the normal form has the
value of the expression wherever that is defined, and `is_zero` is a proof.

>>> from optbench.language.elaborate import parse
>>> is_zero(parse("exp(-2*lambertw(3)) - lambertw(3)^2/9").node)
True
>>> simplified(parse("log(8)/log(2) + sqrt(12)*sin(atan(2))").node)
4*sqrt(15)/5 + 3
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import isqrt, lcm

from optbench.exact.numbers import algebraic
from optbench.exact.numbers.inverse_angles import undone
from optbench.exact.numbers.recognition import elementary_w, known_angle
from optbench.exact.numbers.sums import (
    ONE,
    RADICANDS,
    UNIT,
    Monomial,
    Quotient,
    Sum,
    TooLarge,
    atom_of,
    constant_of,
    factors_of,
    is_call,
    is_open,
    name_of,
    over,
    plain_sum,
    plus,
    product_node,
    quotient_node,
    root_of_number,
    scaled,
    settled,
    sign_of,
    sum_node,
    sum_times,
    taken_out,
    term_order,
    times,
    whole_power,
)
from optbench.language.build import add, call, constant, divide, multiply, negate, power, rebuild, subtract
from optbench.language.elaborate import parse
from optbench.language.graph import Call, GraphError, Node, Number, functions, topological
from optbench.language.text import text

MAX_NODES = 3_000
_ROOM = 3  # how many times longer a formula without sines of inverse sines may be
_MAX_TURNS = 12  # multiples of an angle that are taken apart


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
    if all(algebraic.is_zero(g) is True for g in _algebraic_coefficients(top)) or _logarithms_cancel(top):
        return True
    return None


def _logarithms_cancel(top: Sum) -> bool:
    """Whether r1*log(u1) + ... + c is 0, with rational r and c, since u1^r1*... is exp(-c): exp is injective."""
    logarithms, rest = {}, Fraction(0)
    for monomial, c in top.items():
        powers = dict(monomial)
        [atom] = powers if len(powers) == 1 else [None]
        if not powers:
            rest = c
        elif atom is not None and is_call(atom, "log") and powers[atom] == 1:
            logarithms[atom.args[0]] = c
        else:
            return False
    scale = lcm(rest.denominator, *(c.denominator for c in logarithms.values()))
    if len(logarithms) < 2 or any(abs(c * scale) > _MAX_TURNS for c in logarithms.values()):
        return False
    product = multiply(*(power(u, int(c * scale)) for u, c in logarithms.items()))
    return is_zero(subtract(product, call("exp", -rest * scale))) is True


def simplified(node: Node) -> Node:
    """Return the same number written shorter, where the normal form does that."""
    try:
        form = normal(node)
        other = quotient_node(form)
        if form.bottom == ONE:
            other = min((other, plain_sum(form.top)), key=lambda n: len(text(n)))
    except (TooLarge, GraphError, ZeroDivisionError):
        return node
    if not _has_known_waves(node) or _has_known_waves(other):
        return other if len(text(other)) <= len(text(node)) else node
    other = min((other, _under_one_root(other)), key=lambda n: len(text(n)))
    return other if len(text(other)) <= _ROOM * len(text(node)) else node


def _has_known_waves(node: Node) -> bool:
    """Whether there is a sine of an inverse sine, or of a fraction of pi, or the like."""
    waves = [n for n in topological(node) if isinstance(n, Call) and n.function in ("sin", "cos", "tan")]
    return any(functions(w.args[0]) & {"asin", "acos", "atan"} or algebraic.pi_multiple(w.args[0]) is not None for w in waves)


def _under_one_root(node: Node) -> Node:
    """The number as the root of its square, which may be shorter where it has several nested roots."""
    if functions(node) - {"add", "multiply", "negate", "divide", "sqrt"} or text(node).count("sqrt") < 3:
        return node
    try:
        square = _over_one_bottom(normal(power(node, 2)))
    except (TooLarge, GraphError, ZeroDivisionError):
        return node
    return multiply(sign_of(node) or 1, call("sqrt", square)) if sign_of(node) else node


def normal(node: Node) -> Quotient:
    """Return the normal form; raise `TooLarge` where it has too many terms."""
    order = topological(node)
    if len(order) > MAX_NODES:
        raise TooLarge
    known: dict[Node, Quotient] = {}
    for part in order:
        known[part] = _normal_of(part, [known[a] for a in part.args])
    return known[node]


def _algebraic_coefficients(terms: Sum) -> list[Node]:
    """Return the coefficients of the transcendental monomials, as algebraic numbers: all are 0, so is the sum."""
    groups: dict[Monomial, Sum] = {}
    for monomial, c in terms.items():
        inside = frozenset((atom, e) for atom, e in monomial if _is_algebraic_atom(atom))
        groups.setdefault(monomial - inside, {})[inside] = c
    return [plain_sum(group) for group in groups.values()]


@lru_cache(maxsize=4096)
def _is_algebraic_atom(atom: Node) -> bool:
    return algebraic.is_algebraic(atom)


def _over_one_bottom(q: Quotient) -> Node:
    """(33*sqrt(33) + 207)/128 rather than 33*sqrt(33)/128 + 207/128."""
    bottom = lcm(*(c.denominator for c in q.top.values()))
    return divide(plain_sum(scaled(q.top, Fraction(bottom))), bottom) if q.bottom == ONE else quotient_node(q)


# ---- roots, exponentials, logarithms ------------------------------------------------------------------------------------------


def _root(base: Quotient, exponent: Fraction) -> Quotient:
    """base^exponent for base >= 0."""
    if exponent.denominator == 1:
        return whole_power(base, int(exponent))
    if not base.top:
        return constant_of(0)
    if exponent < 0:
        return over(constant_of(1), _root(base, -exponent))
    top, bottom = _both_positive(base)
    return over(_sum_root(top, exponent), _sum_root(bottom, exponent))


def _both_positive(q: Quotient) -> tuple[Sum, Sum]:
    """Return top and bottom of a positive number with signs such that both are positive."""
    if q.bottom == ONE:
        return q
    if is_open(sum_node(q.bottom)):
        raise TooLarge
    sign = sign_of(sum_node(q.bottom))
    if sign is None:
        raise TooLarge
    return scaled(q.top, Fraction(sign)), scaled(q.bottom, Fraction(sign))


def _sum_root(terms: Sum, exponent: Fraction) -> Quotient:
    """terms^exponent for a sum that is positive; its factors that are positive come out."""
    content, common, rest = taken_out(terms)
    if content < 0:
        content, rest = -content, scaled(rest, Fraction(-1))
    outside = {(atom, e) for atom, e in common if _is_positive(atom)}
    inside = common - outside
    if rest == ONE and len(inside) == 1 and all(e == 1 for _, e in inside):
        outside, inside = set(common), frozenset()
    rest = sum_times(rest, {frozenset(inside): Fraction(1)})
    result = root_of_number(content, exponent)
    for atom, e in outside:
        result = times(result, Quotient(settled({atom: e * exponent}), ONE))
    if rest == ONE:
        return result
    denested = _denested(rest) if exponent.denominator == 2 else None
    if denested is not None:
        return times(result, whole_power(Quotient(denested, ONE), exponent.numerator))
    node = plain_sum(rest)
    RADICANDS[node] = rest
    return times(result, Quotient(settled({node: exponent}), ONE))


def _denested(terms: Sum) -> Sum | None:
    """sqrt(a + b*sqrt(r)) = sqrt((a + d)/2) + sign(b)*sqrt((a - d)/2) where d^2 = a^2 - b^2*r, if d is rational; a, d >= 0."""
    if len(terms) != 2 or UNIT not in terms:
        return None
    [(monomial, b)] = [(m, c) for m, c in terms.items() if m]
    a = terms[UNIT]
    if a <= 0 or not all(isinstance(atom, Number) and e == Fraction(1, 2) for atom, e in monomial):
        return None
    r = Fraction(1)
    for atom, _ in monomial:
        r *= atom.value if isinstance(atom, Number) else 0
    d = _rational_root(a * a - b * b * r)
    if d is None:
        return None
    outer, inner = (root_of_number(half, Fraction(1, 2)) if half else constant_of(0) for half in ((a + d) / 2, (a - d) / 2))
    return plus(outer, times(constant_of(1 if b > 0 else -1), inner)).top


def _rational_root(value: Fraction) -> Fraction | None:
    if value < 0:
        return None
    roots = isqrt(value.numerator), isqrt(value.denominator)
    return Fraction(*roots) if Fraction(roots[0] ** 2, roots[1] ** 2) == value else None


def _is_positive(atom: Node) -> bool:
    if isinstance(atom, Number) or is_call(atom, "exp") or atom is constant("pi") or atom in RADICANDS:
        return True
    return not is_open(atom) and sign_of(atom) == 1


def _exponential(q: Quotient) -> Quotient:
    if q.bottom != ONE:
        return atom_of(call("exp", quotient_node(q)))
    result = constant_of(1)
    for monomial, c in q.top.items():
        result = times(result, _exponential_of_term(monomial, c))
    return result


def _exponential_of_term(monomial: Monomial, c: Fraction) -> Quotient:
    if len(monomial) == 1:
        [(atom, e)] = monomial
        if e == 1 and is_call(atom, "log"):
            return _root(normal(atom.args[0]), c)
        if e == 1 and atom in _lambert:
            sign, argument = _lambert[atom]  # atom = sign*W(z) > 0 and exp(W(z)) = z/W(z) = (sign*z)/atom
            return _root(over(argument, atom_of(atom)), c * sign)
    return atom_of(call("exp", product_node(Fraction(1), monomial, [])), c)


def _logarithm(q: Quotient) -> Quotient:
    top, bottom = _both_positive(q)
    return plus(_sum_logarithm(top), times(constant_of(-1), _sum_logarithm(bottom)))


def _sum_logarithm(terms: Sum) -> Quotient:
    if terms == ONE:
        return constant_of(0)
    content, common, rest = taken_out(terms)
    if content < 0:
        content, rest = -content, scaled(rest, Fraction(-1))
    inside = frozenset((atom, e) for atom, e in common if not _is_positive(atom))
    rest = sum_times(rest, {inside: Fraction(1)})
    result = _logarithm_of_number(content)
    for atom, e in common - inside:
        result = plus(result, times(constant_of(e), _logarithm_of_atom(atom)))
    return result if rest == ONE else plus(result, atom_of(call("log", plain_sum(rest))))


def _logarithm_of_number(value: Fraction) -> Quotient:
    result = constant_of(0)
    for whole, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in factors_of(whole):
            result = plus(result, times(constant_of(sign * count), atom_of(call("log", prime))))
    return result


def _logarithm_of_atom(atom: Node) -> Quotient:
    if is_call(atom, "exp"):
        return normal(atom.args[0])
    if atom in _lambert:
        sign, argument = _lambert[atom]
        return plus(_logarithm(argument), times(constant_of(-sign), atom_of(atom)))
    return atom_of(call("log", atom))


_lambert: dict[Node, tuple[int, Quotient]] = {}  # positive atoms sign*W(z), with sign*z


def _lambert_w(node: Call, z: Quotient) -> Quotient:
    """W(z) as sign times a positive atom."""
    if not z.top:
        return constant_of(0)
    value = call(node.function, quotient_node(z))
    if is_open(value):
        return atom_of(value)
    known = elementary_w(node.function, quotient_node(z))
    if known is not None:
        return normal(known)
    sign = 1 if node.function == "lambertw" else -1
    if sign == 1:
        found = sign_of(quotient_node(z))
        if found is None:
            return atom_of(value)
        sign = found
    atom = value if sign == 1 else negate(value)
    _lambert[atom] = (sign, times(constant_of(sign), z))
    return times(constant_of(sign), atom_of(atom))


# ---- angles ----------------------------------------------------------------------------------------------------------------------


def _cosine_and_sine(angle: Quotient) -> tuple[Quotient, Quotient]:
    if angle.bottom != ONE:
        node = quotient_node(angle)
        return atom_of(call("cos", node)), atom_of(call("sin", node))
    cosine, sine = constant_of(1), constant_of(0)
    for monomial, c in angle.top.items():
        cosine, sine = _turned((cosine, sine), _cosine_and_sine_of_term(monomial, c))
    return cosine, sine


def _turned(a: tuple[Quotient, Quotient], b: tuple[Quotient, Quotient]) -> tuple[Quotient, Quotient]:
    """cos and sin of a sum of two angles."""
    cosine = plus(times(a[0], b[0]), times(constant_of(-1), times(a[1], b[1])))
    return cosine, plus(times(a[1], b[0]), times(a[0], b[1]))


def _cosine_and_sine_of_term(monomial: Monomial, c: Fraction) -> tuple[Quotient, Quotient]:
    angle = product_node(Fraction(1), monomial, [])
    if angle is constant("pi"):
        return _cosine_and_sine_of_turn(c)
    unit = _inverse(angle)
    if unit is None or abs(c.numerator) > _MAX_TURNS or c.denominator not in (1, 2):
        piece = product_node(abs(c), monomial, [])
        return atom_of(call("cos", piece)), times(constant_of(1 if c > 0 else -1), atom_of(call("sin", piece)))
    if c.denominator == 2:
        unit = _halved(angle, unit)
    if c < 0:
        unit = unit[0], times(constant_of(-1), unit[1])
    result = unit
    for _ in range(abs(c.numerator) - 1):
        result = _turned(result, unit)
    return result


def _inverse(angle: Node) -> tuple[Quotient, Quotient] | None:
    """cos and sin of asin(u), acos(u), atan(u)."""
    if not (isinstance(angle, Call) and angle.function in ("asin", "acos", "atan")):
        return None
    u = normal(angle.args[0])
    square = times(u, u)
    if angle.function == "atan":
        cosine = _root(plus(constant_of(1), square), Fraction(-1, 2))
        return cosine, times(u, cosine)
    other = _root(plus(constant_of(1), times(constant_of(-1), square)), Fraction(1, 2))
    return (other, u) if angle.function == "asin" else (u, other)


def _halved(angle: Node, unit: tuple[Quotient, Quotient]) -> tuple[Quotient, Quotient]:
    """asin, acos, atan lie in [-pi/2, pi], so the cosine of the half is not negative and the sine has the sign of the angle."""
    half = constant_of(Fraction(1, 2))
    cosine = _root(times(half, plus(constant_of(1), unit[0])), half.top[UNIT])
    sine = _root(times(half, plus(constant_of(1), times(constant_of(-1), unit[0]))), half.top[UNIT])
    sign = sign_of(angle)
    if sign is None:
        raise TooLarge
    return cosine, times(constant_of(sign), sine)


def _cosine_and_sine_of_turn(r: Fraction) -> tuple[Quotient, Quotient]:
    """cos and sin of r*pi, from the first quadrant."""
    quarter, rest = divmod(r * 2, 1)
    rest = rest / 2
    cosine, sine = _first_quadrant(rest)
    for _ in range(int(quarter) % 4):
        cosine, sine = times(constant_of(-1), sine), cosine
    return cosine, sine


_FIFTHS = {  # cos and sin of r*pi
    Fraction(1, 12): ("(sqrt(6) + sqrt(2))/4", "(sqrt(6) - sqrt(2))/4"),
    Fraction(5, 12): ("(sqrt(6) - sqrt(2))/4", "(sqrt(6) + sqrt(2))/4"),
    Fraction(1, 8): ("sqrt(2 + sqrt(2))/2", "sqrt(2 - sqrt(2))/2"),
    Fraction(3, 8): ("sqrt(2 - sqrt(2))/2", "sqrt(2 + sqrt(2))/2"),
    Fraction(1, 5): ("(1 + sqrt(5))/4", "sqrt(10 - 2*sqrt(5))/4"),
    Fraction(2, 5): ("(sqrt(5) - 1)/4", "sqrt(10 + 2*sqrt(5))/4"),
    Fraction(1, 10): ("sqrt(10 + 2*sqrt(5))/4", "(sqrt(5) - 1)/4"),
    Fraction(3, 10): ("sqrt(10 - 2*sqrt(5))/4", "(1 + sqrt(5))/4"),
}


def _first_quadrant(r: Fraction) -> tuple[Quotient, Quotient]:
    half = constant_of(Fraction(1, 2))
    values: dict[Fraction, Callable[[], tuple[Quotient, Quotient]]] = {
        Fraction(0): lambda: (constant_of(1), constant_of(0)),
        Fraction(1, 6): lambda: (times(half, root_of_number(Fraction(3), Fraction(1, 2))), half),
        Fraction(1, 4): lambda: (root_of_number(Fraction(1, 2), Fraction(1, 2)),) * 2,
        Fraction(1, 3): lambda: (half, times(half, root_of_number(Fraction(3), Fraction(1, 2)))),
    }
    if r in values:
        return values[r]()
    if r in _FIFTHS:
        return normal(parse(_FIFTHS[r][0]).node), normal(parse(_FIFTHS[r][1]).node)
    angle = multiply(r, constant("pi"))
    return atom_of(call("cos", angle)), atom_of(call("sin", angle))


# ---- one node ------------------------------------------------------------------------------------------------------------------------


def _normal_of(node: Node, args: list[Quotient]) -> Quotient:
    if isinstance(node, Number):
        return constant_of(node.value)
    if not isinstance(node, Call):
        return atom_of(node)
    rule = _RULES.get(node.function)
    return rule(node, *args) if rule is not None else _opaque(node, *args)


_SPECIAL = {
    "asin": {"1": "pi/2", "1/2": "pi/6", "sqrt(2)/2": "pi/4", "sqrt(3)/2": "pi/3"},
    "atan": {"1": "pi/4", "sqrt(3)": "pi/3", "sqrt(3)/3": "pi/6"},
}


def _unless_undone(node: Call, x: Quotient, rule: Callable[[Call, Quotient], Quotient]) -> Quotient:
    angle = undone(node)
    return rule(node, x) if angle is None else normal(angle)


def _odd(node: Call, x: Quotient) -> Quotient:
    """asin, atan, erf: odd functions, with the angles that everybody knows."""
    if not x.top:
        return constant_of(0)
    if max(x.top.items(), key=lambda item: term_order(item[0]))[1] < 0:
        return times(constant_of(-1), _odd(node, times(constant_of(-1), x)))
    argument = quotient_node(x)
    turn = _SPECIAL.get(node.function, {}).get(name_of(argument))
    if turn is not None:
        return times(constant_of(Fraction(1, int(turn[3:]))), atom_of(constant("pi")))
    angle = known_angle(node.function, argument) if node.function in _SPECIAL else None
    return atom_of(call(node.function, argument)) if angle is None else times(constant_of(angle), atom_of(constant("pi")))


def _arc_cosine(node: Call, x: Quotient) -> Quotient:
    """pi/2 - asin(x) where asin is known, else itself."""
    angle = normal(call("asin", quotient_node(x)))
    if angle.bottom == ONE and all(atom is constant("pi") for monomial in angle.top for atom, _ in monomial):
        return plus(times(constant_of(Fraction(1, 2)), atom_of(constant("pi"))), times(constant_of(-1), angle))
    return atom_of(call("acos", quotient_node(x)))


def _opaque(node: Call, *args: Quotient) -> Quotient:
    return atom_of(rebuild(node, tuple(map(quotient_node, args))) if not node.boolean else node)


def _sum_of(node: Call, *args: Quotient) -> Quotient:
    total = args[0]
    for arg in args[1:]:
        total = plus(total, arg)
    return total


def _product_of(node: Call, *args: Quotient) -> Quotient:
    total = args[0]
    for arg in args[1:]:
        total = times(total, arg)
    return total


def _power_of(node: Call, base: Quotient, exponent: Quotient) -> Quotient:
    """b^y for a rational y; else exp(y*log(b)) for b > 0."""
    if isinstance(node.args[1], Number):
        return _root(base, node.args[1].value)
    written, raised_to = quotient_node(base), quotient_node(exponent)
    if not base.top and not is_open(raised_to) and sign_of(raised_to) == 1:
        return constant_of(0)
    if is_open(written) or sign_of(written) != 1:
        return _opaque(node, base, exponent)
    return _exponential(times(exponent, _logarithm(base)))


def _cube_root(node: Call, base: Quotient) -> Quotient:
    if not base.top:
        return constant_of(0)
    written = quotient_node(base)
    sign = None if is_open(written) else sign_of(written)
    if sign is None:
        return _opaque(node, base)
    return times(constant_of(sign), _root(times(constant_of(sign), base), Fraction(1, 3)))


def _absolute(node: Call, base: Quotient) -> Quotient:
    written = quotient_node(base)
    sign = None if is_open(written) else sign_of(written)
    if not base.top or sign is None:
        return constant_of(0) if not base.top else _opaque(node, base)
    return times(constant_of(sign), base)


def _expanded(template: Callable[[Node], Node]) -> Callable[..., Quotient]:
    """A function that is a combination of others."""
    return lambda node, *args: normal(template(quotient_node(args[0])))


_RULES: dict[str, Callable[..., Quotient]] = {
    "add": _sum_of,
    "multiply": _product_of,
    "negate": lambda node, x: times(constant_of(-1), x),
    "divide": lambda node, x, y: over(x, y),
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
    "tan": lambda node, x: over(*reversed(_cosine_and_sine(x))),
    "asin": lambda node, x: _unless_undone(node, x, _odd),
    "atan": lambda node, x: _unless_undone(node, x, _odd),
    "erf": _odd,
    "acos": lambda node, x: _unless_undone(node, x, _arc_cosine),
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
    "hypot": lambda node, x, y: _root(plus(times(x, x), times(y, y)), Fraction(1, 2)),
}
