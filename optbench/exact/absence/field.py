"""Expressions in one unknown as fractions of polynomials in the unknown, roots, and kernels.

A `Field` reads expressions. Each root (`sqrt(w)`, a root object, the imaginary unit i) becomes a generator with a relation
that it satisfies over the ones before it, each exponential or logarithm a generator called kernel, whose argument is a
fraction of the generators before. Sines and their kin are written with exp(i*w), arc tangents and their kin with logarithms.
A constant such as e is a kernel too. What is something else (another function, a kernel in a kernel, a constant such as pi
or log(2)) is refused, with that reason. The relations need not be irreducible: what is concluded from them uses only that the true
values satisfy them.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> field = Field(symbol("x"))
>>> equation = field.read(parse("cos(x) - x").node)
>>> [(k.kind, str(k.argument.top)) for k in field.kernels], str(equation.top)
([('exp', 'x*i')], '-x*y0 + 1/2*y0^2 + 1/2')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple, TypeAlias

from flint import fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from optbench.language.graph import Call, Node, Number, Symbol, functions, topological

MAX_ROOTS, MAX_KERNELS, MAX_PARAMETERS = 6, 4, 4
MAX_POWER = 60
MAX_TERMS = 4_000  # of a polynomial
ROOTS = tuple(f"a{k}" for k in range(MAX_ROOTS))
KERNELS = tuple(f"y{k}" for k in range(MAX_KERNELS))
PARAMETERS = tuple(f"p{k}" for k in range(MAX_PARAMETERS))
NAMES = ("x", "i", *ROOTS, *KERNELS, *PARAMETERS, "s", "e")  # s, e: for the argument of a kernel and its exponential
CONTEXT = fmpq_mpoly_ctx.get(NAMES, "lex")
GENERATORS = dict(zip(NAMES, CONTEXT.gens(), strict=True))

Polynomial: TypeAlias = fmpq_mpoly


class Refused(Exception):
    """The expression is beyond what is known here; the text says what it holds."""


class Quotient(NamedTuple):
    """top/bottom."""

    top: Polynomial
    bottom: Polynomial


class Root(NamedTuple):
    """A generator, and what is 0 for it: bottom*a^degree - top for a root of a fraction, else a polynomial in it alone."""

    name: str
    relation: Polynomial
    degree: int
    radicand: Quotient | None  # None for a root object ...
    number: int = 0  # ... which is the real root with this number, from 0 upwards


class Kernel(NamedTuple):
    """A generator that stands for exp(argument) or log(argument)."""

    name: str
    kind: str  # exp or log
    argument: Quotient


class Field:
    """Reads expressions in one unknown, and perhaps in parameters."""

    def __init__(self, unknown: Symbol, parameters: Sequence[Symbol] = ()) -> None:
        self.symbols: dict[Node, Quotient] = {unknown: whole(GENERATORS["x"])}
        if len(parameters) > MAX_PARAMETERS:
            raise Refused(f"there are more than {MAX_PARAMETERS} parameters")
        self.symbols |= {p: whole(GENERATORS[name]) for p, name in zip(parameters, PARAMETERS, strict=False)}
        self.unknown = unknown
        self.roots: list[Root] = []
        self.kernels: list[Kernel] = []
        self.uses_i = False
        self._known: dict[Node, Quotient] = {}
        self._radicands: dict[tuple[str, str, int], Quotient] = {}
        self._units: list[Quotient] = []  # arguments of exponentials that are to be kernels, prepared by `read`

    def read(self, node: Node) -> Quotient:
        """Return an expression as a fraction; raise `Refused` where it is none."""
        self._prepare(node)
        return self._read(node)

    def _prepare(self, node: Node) -> None:
        """Choose kernels exp(u) such that every exponential is a whole power of one of them."""
        arguments = _Arguments(self)
        arguments.collect(node)
        self._units = arguments.units()

    def moves(self, a: Quotient) -> bool:
        """Whether the unknown is in a fraction or in its roots."""
        moving = ["x"]
        for root in self.roots:  # each holds those before it only
            if root.radicand is not None and depends_on(root.radicand, moving):
                moving.append(root.name)
        return depends_on(a, moving)

    # ---- expressions -----------------------------------------------------------------------------------------------------

    def _read(self, node: Node) -> Quotient:
        if node not in self._known:
            self._known[node] = self._fresh(node)
        return self._known[node]

    def _fresh(self, node: Node) -> Quotient:
        if isinstance(node, Number):
            return constant(node.value)
        if isinstance(node, Symbol):
            if node not in self.symbols:
                raise Refused(f"{node.name} is an unknown constant")
            return self.symbols[node]
        assert isinstance(node, Call)
        rule = _RULES.get(node.function)
        if rule is None:
            raise Refused(f"there is no theory for {node.function} here")
        return rule(self, node)

    def imaginary(self) -> Quotient:
        self.uses_i = True
        return whole(GENERATORS["i"])

    def root(self, radicand: Quotient, q: int) -> Quotient:
        """Return a generator a with a^q = radicand."""
        key = (str(radicand.top), str(radicand.bottom), q)
        if key not in self._radicands:
            name = self._new_name()
            self.roots.append(Root(name, radicand.bottom * GENERATORS[name] ** q - radicand.top, q, radicand))
            self._radicands[key] = whole(GENERATORS[name])
        return self._radicands[key]

    def algebraic(self, coefficients: Sequence[int], number: int) -> Quotient:
        """Return a generator for a real root of a polynomial."""
        name = self._new_name()
        relation = sum((fmpq(c) * GENERATORS[name] ** k for k, c in enumerate(coefficients)), CONTEXT.constant(0))
        self.roots.append(Root(name, relation, len(coefficients) - 1, None, number))
        return whole(GENERATORS[name])

    def _new_name(self) -> str:
        if len(self.roots) >= MAX_ROOTS:
            raise Refused(f"there are more than {MAX_ROOTS} different roots")
        return ROOTS[len(self.roots)]

    # ---- kernels -----------------------------------------------------------------------------------------------------------

    def exponential(self, argument: Quotient) -> Quotient:
        """exp of a fraction without kernels, as a power of a kernel."""
        if not argument.top:
            return constant(1)
        for unit in self._units:
            q = rational_ratio(argument, unit)
            if q is not None and q.denominator == 1:
                return power(self._kernel("exp", unit), int(q))
        raise Refused("its exponentials are too many")

    def logarithm(self, argument: Quotient) -> Quotient:
        """log of a fraction without kernels."""
        if argument.top == argument.bottom:
            return constant(0)
        if is_constant(argument):
            raise Refused("it holds the logarithm of a constant")
        return self._kernel("log", argument)

    def _kernel(self, kind: str, argument: Quotient) -> Quotient:
        for kernel in self.kernels:
            if kernel.kind == kind and not difference(kernel.argument, argument).top:
                return whole(GENERATORS[kernel.name])
        if len(self.kernels) >= MAX_KERNELS:
            raise Refused(f"it has more than {MAX_KERNELS} different exponentials and logarithms")
        name = KERNELS[len(self.kernels)]
        self.kernels.append(Kernel(name, kind, argument))
        return whole(GENERATORS[name])


# ---- fractions -------------------------------------------------------------------------------------------------------------


def whole(polynomial: Polynomial) -> Quotient:
    """Return a polynomial as a fraction."""
    return Quotient(polynomial, CONTEXT.constant(1))


def generator(name: str) -> Quotient:
    """Return a generator as a fraction."""
    return whole(GENERATORS[name])


def constant(value: Fraction | int) -> Quotient:
    """Return a rational number."""
    fraction = Fraction(value)
    return whole(CONTEXT.constant(fmpq(fraction.numerator, fraction.denominator)))


def _reduced(top: Polynomial, bottom: Polynomial) -> Quotient:
    """A fraction with i^2 = -1 and without common factors."""
    top, bottom = with_i_reduced(top), with_i_reduced(bottom)
    if max(len(top), len(bottom)) > MAX_TERMS:
        raise Refused("its polynomials become too large")
    if not top:
        return constant(0)
    common = top.gcd(bottom)
    if not common.is_constant():
        top, bottom = top / common, bottom / common
    if bottom.is_constant():
        return whole(top / bottom.leading_coefficient())
    return Quotient(top, bottom)


_I_PLACE = NAMES.index("i")


def degree(p: Polynomial, name: str) -> int:
    """Return the degree in one generator."""
    return int(p.degrees()[NAMES.index(name)])


def with_i_reduced(p: Polynomial) -> Polynomial:
    """Return the polynomial with i^2 = -1."""
    if p.degrees()[_I_PLACE] < 2:
        return p
    terms: dict[tuple[int, ...], fmpq] = {}
    for exponents, c in p.to_dict().items():
        n = exponents[_I_PLACE]
        key = (*exponents[:_I_PLACE], n % 2, *exponents[_I_PLACE + 1 :])
        terms[key] = terms.get(key, fmpq(0)) + (c if n % 4 < 2 else -c)
    return CONTEXT.from_dict(terms)


def total(a: Quotient, b: Quotient) -> Quotient:
    """a + b."""
    return _reduced(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)


def difference(a: Quotient, b: Quotient) -> Quotient:
    """a - b."""
    return _reduced(a.top * b.bottom - b.top * a.bottom, a.bottom * b.bottom)


def product(a: Quotient, b: Quotient) -> Quotient:
    """a*b."""
    return _reduced(a.top * b.top, a.bottom * b.bottom)


def ratio(a: Quotient, b: Quotient) -> Quotient:
    """a/b."""
    if not b.top:
        raise Refused("it divides by zero")
    return _reduced(a.top * b.bottom, a.bottom * b.top)


def power(a: Quotient, n: int) -> Quotient:
    """a^n."""
    if abs(n) > MAX_POWER:
        raise Refused(f"it has a power above {MAX_POWER}")
    if n < 0:
        return power(ratio(constant(1), a), -n)
    return _reduced(a.top**n, a.bottom**n)


def depends_on(a: Quotient, names: Sequence[str]) -> bool:
    """Whether a fraction has one of these generators in it."""
    places = [NAMES.index(name) for name in names]
    return any(p.degrees()[k] > 0 for p in a for k in places)


def is_constant(a: Quotient) -> bool:
    """Whether a fraction has neither the unknown nor kernels nor roots in it, which may depend on the unknown."""
    return not depends_on(a, ("x", *ROOTS, *KERNELS))


def rational_ratio(a: Quotient, b: Quotient) -> Fraction | None:
    """Return a/b where that is a rational number, as far as the normal form shows."""
    found = ratio(a, b)
    if not found.top.is_constant() or not found.bottom.is_constant():
        return None
    c = found.top.leading_coefficient() / found.bottom.leading_coefficient()
    return Fraction(int(c.p), int(c.q))


def shown(polynomial: Polynomial, names: Mapping[str, str] | None = None) -> str:
    """Return a polynomial as text, with other names for some generators."""
    return re.sub(r"[a-z]\w*", lambda found: (names or {}).get(found[0], found[0]), str(polynomial))


def quotient_text(a: Quotient) -> str:
    """Return a fraction as text."""
    return shown(a.top) if a.bottom.is_one() else f"({shown(a.top)})/({shown(a.bottom)})"


# ---- which exponentials there are ---------------------------------------------------------------------------------------------


class _Arguments:
    """The arguments of all exponentials of an expression."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.found: list[Quotient] = []

    def collect(self, node: Node) -> None:
        for argument in _exponents(self.field, node):
            if argument.top:
                self.found.append(argument)

    def units(self) -> list[Quotient]:
        """Return fractions of which all arguments are whole multiples, one for each class of proportional arguments."""
        classes: list[tuple[Quotient, list[Fraction]]] = []
        for argument in self.found:
            for first, multiples in classes:
                q = rational_ratio(argument, first)
                if q is not None:
                    multiples.append(q)
                    break
            else:
                classes.append((argument, [Fraction(1)]))
        return [product(first, constant(Fraction(1, lcm(*(q.denominator for q in multiples))))) for first, multiples in classes]


def _exponents(field: Field, node: Node) -> list[Quotient]:
    """Return the arguments u of the exponentials exp(u) that the functions in an expression stand for."""
    found = []
    for part in topological(node):
        if isinstance(part, Call) and part.function in _EXPONENTIAL:
            if functions(part.args[0]) & _TRANSCENDENTAL:
                raise Refused(f"it has {part}, one exponential or logarithm inside of another")
            argument = field._read(part.args[0])
            _check_plain(argument, part)
            found.append(product(field.imaginary(), argument) if part.function in _CIRCULAR else argument)
    return found


_CIRCULAR = frozenset(("sin", "cos", "tan"))
_EXPONENTIAL = _CIRCULAR | {"exp", "expm1", "sinh", "cosh", "tanh", "sigmoid"}
_LOGARITHMIC = frozenset(("log", "log1p", "log2", "log10", "atan", "asin", "acos", "asinh", "acosh", "atanh", "softplus"))
_TRANSCENDENTAL = _EXPONENTIAL | _LOGARITHMIC


def _check_plain(argument: Quotient, node: Call) -> None:
    if depends_on(argument, KERNELS):
        raise Refused(f"it has {node}, one exponential or logarithm inside of another")
    if depends_on(argument, PARAMETERS):
        raise Refused(f"it has {node}, with a parameter inside")


# ---- functions ------------------------------------------------------------------------------------------------------------------


def _argument(field: Field, node: Call) -> Quotient:
    argument = field._read(node.args[0])
    _check_plain(argument, node)
    return argument


def _add(field: Field, node: Call) -> Quotient:
    result = constant(0)
    for part in node.args:
        result = total(result, field._read(part))
    return result


def _multiply(field: Field, node: Call) -> Quotient:
    result = constant(1)
    for part in node.args:
        result = product(result, field._read(part))
    return result


def _raised(field: Field, node: Call) -> Quotient:
    exponent = node.args[1]
    if not isinstance(exponent, Number):
        raise Refused(f"it has a power with a variable exponent, {node}")
    p, q = exponent.value.numerator, exponent.value.denominator
    return power(_rooted(field, node, q), p)


def _rooted(field: Field, node: Call, q: int) -> Quotient:
    base = field._read(node.args[0])
    if q == 1:
        return base
    if depends_on(base, KERNELS):
        raise Refused(f"it has {node}, the root of an exponential or a logarithm")
    if q > MAX_POWER:
        raise Refused(f"it has a root of a degree above {MAX_POWER}")
    return field.root(base, q)


def _hyperbolic(sign: int) -> Callable[[Field, Call], Quotient]:
    def rule(field: Field, node: Call) -> Quotient:
        y = field.exponential(_argument(field, node))
        return product(constant(Fraction(1, 2)), (total if sign > 0 else difference)(y, ratio(constant(1), y)))

    return rule


def _tanh(field: Field, node: Call) -> Quotient:
    y = power(field.exponential(_argument(field, node)), 2)
    return ratio(difference(y, constant(1)), total(y, constant(1)))


def _circular(field: Field, node: Call) -> tuple[Quotient, Quotient]:
    """cos and i*sin."""
    y = field.exponential(product(field.imaginary(), _argument(field, node)))
    inverse, half = ratio(constant(1), y), constant(Fraction(1, 2))
    return product(half, total(y, inverse)), product(half, difference(y, inverse))


def _sin(field: Field, node: Call) -> Quotient:
    return ratio(_circular(field, node)[1], field.imaginary())


def _tan(field: Field, node: Call) -> Quotient:
    cosine, sine = _circular(field, node)
    return ratio(sine, product(field.imaginary(), cosine))


def _atan(field: Field, node: Call) -> Quotient:
    """-i/2*log((1 + i*w)/(1 - i*w))."""
    iw = product(field.imaginary(), _argument(field, node))
    kernel = field.logarithm(ratio(total(constant(1), iw), difference(constant(1), iw)))
    return ratio(kernel, product(constant(2), field.imaginary()))


def _atanh(field: Field, node: Call) -> Quotient:
    w = _argument(field, node)
    return product(constant(Fraction(1, 2)), field.logarithm(ratio(total(constant(1), w), difference(constant(1), w))))


def _asinh(field: Field, node: Call) -> Quotient:
    w = _argument(field, node)
    return field.logarithm(total(w, field.root(total(power(w, 2), constant(1)), 2)))


def _acosh(field: Field, node: Call) -> Quotient:
    w = _argument(field, node)
    return field.logarithm(total(w, field.root(difference(power(w, 2), constant(1)), 2)))


def _circular_angle(field: Field, node: Call) -> tuple[Quotient, Quotient]:
    """w and sqrt(1 - w^2)."""
    w = _argument(field, node)
    return w, field.root(difference(constant(1), power(w, 2)), 2)


def _asin(field: Field, node: Call) -> Quotient:
    """-i*log(i*w + sqrt(1 - w^2))."""
    w, root = _circular_angle(field, node)
    return ratio(field.logarithm(total(product(field.imaginary(), w), root)), field.imaginary())


def _acos(field: Field, node: Call) -> Quotient:
    """-i*log(w + i*sqrt(1 - w^2)): no pi is hidden in it."""
    w, root = _circular_angle(field, node)
    return ratio(field.logarithm(total(w, product(field.imaginary(), root))), field.imaginary())


def _sigmoid(field: Field, node: Call) -> Quotient:
    y = field.exponential(_argument(field, node))
    return ratio(y, total(constant(1), y))


def _exp(field: Field, node: Call) -> Quotient:
    return field.exponential(_argument(field, node))


def _log(field: Field, node: Call) -> Quotient:
    return field.logarithm(_argument(field, node))


_RULES: dict[str, Callable[[Field, Call], Quotient]] = {
    "add": _add,
    "multiply": _multiply,
    "negate": lambda field, node: product(constant(-1), field._read(node.args[0])),
    "divide": lambda field, node: ratio(field._read(node.args[0]), field._read(node.args[1])),
    "power": _raised,
    "sqrt": lambda field, node: _rooted(field, node, 2),
    "cbrt": lambda field, node: _rooted(field, node, 3),
    "rootof": lambda field, node: field.algebraic(*node.static),
    "exp": _exp,
    "expm1": lambda field, node: difference(_exp(field, node), constant(1)),
    "sinh": _hyperbolic(-1),
    "cosh": _hyperbolic(1),
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "sin": _sin,
    "cos": lambda field, node: _circular(field, node)[0],
    "tan": _tan,
    "log": _log,
    "log1p": lambda field, node: field.logarithm(total(constant(1), _argument(field, node))),
    "atan": _atan,
    "asin": _asin,
    "acos": _acos,
    "asinh": _asinh,
    "acosh": _acosh,
    "atanh": _atanh,
}
