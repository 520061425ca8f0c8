"""Expressions in one unknown x as fractions of polynomials in x, i, roots and kernels, and what vanishes at a number.

A kernel is exp(u) or log(v), with u and v made of x and roots. Sines, arc tangents and their kin are rewritten before.
A certificate names its roots and kernels (`{"a0": "(x^2 + 1)^(1/2)"}`, `{"y0": "log(x + a0)"}`); others get names of
their own. Where the number is known by a ball, each name has a value, and nothing that may be 0 is divided by.

The polynomials are SymPy's, the values are balls with the precision of python-flint's context.

>>> field = KernelField(roots={}, kernels={"y0": "exp(i*x)"})
>>> fraction = field.read(field.parsed("cos(x) - x"))
>>> str(primitive(fraction.top))
'2*x*y0 - y0**2 - 1'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import comb
from typing import NamedTuple

from flint import acb, arb, fmpq

from optbench.arithmetic.sympy_polynomials import Polynomial, degree, generators, primitive, terms
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Call, Node, Number, Symbol, topological
from optbench.language.rootof import real_roots
from optbench.verify.exponential_form import exponential_form
from optbench.verify.ranges import Refused

ROOTS = tuple(f"a{k}" for k in range(6))
KERNELS = tuple(f"y{k}" for k in range(6))
PARAMETERS = tuple(f"p{k}" for k in range(4))
NAMES = ("x", "i", *ROOTS, *KERNELS, *PARAMETERS, "z", "w")
MAX_TEXT = 500_000  # characters of an expression in a certificate
MAX_TERMS = 20_000  # of a polynomial
MAX_DEGREE = 1_000
MAX_PRODUCTS = 1_000_000  # of terms, in a power

_SCOPE = Scope({name: symbol(name) for name in NAMES})


class Ratio(NamedTuple):
    """top/bottom."""

    top: Polynomial
    bottom: Polynomial


class Root(NamedTuple):
    """A generator a: bottom*a^degree = top for the degree-th root of a fraction, or a real root of a polynomial."""

    name: str
    degree: int
    radicand: Ratio | None  # None for a root of a polynomial ...
    relation: Polynomial  # 0 at a
    real_root: tuple[Sequence[int], int] | None = None  # ... which are its coefficients, constant first, and which root it is


class Kernel(NamedTuple):
    """A generator that stands for exp(argument) or log(argument)."""

    name: str
    kind: str
    argument: Ratio


class KernelField:
    """Reads expressions; `x` is an enclosure of the number, or None for a variable (of functions of parameters)."""

    def __init__(self, roots: Mapping[str, str], kernels: Mapping[str, str], x: arb | None = None) -> None:
        self.generators = generators(NAMES)
        self.one = self.generators["x"] ** 0
        self.roots: list[Root] = []
        self.kernels: list[Kernel] = []
        self.used: set[str] = set()  # of the names of roots and kernels, in what was read
        self.values: dict[str, acb] | None = None if x is None else {"x": acb(x), "i": acb(0, 1)}
        self._named = {*roots, *kernels}
        self._free_roots = [name for name in ROOTS if name not in roots]
        self._free_kernels = [name for name in KERNELS if name not in kernels]
        for name, written in roots.items():
            self._name_root(name, written)
        for name, written in kernels.items():
            self._name_kernel(name, written)
        self.used.clear()

    # ---- what a certificate names ----------------------------------------------------------------------------------------------

    def _name_root(self, name: str, written: str) -> None:
        found = re.fullmatch(r"\((.*)\)\^\(1/(\d{1,2})\)", written)
        if name not in ROOTS:
            raise Refused(f"{name} is no name for a root")
        if found:
            self._add_radical(name, self.read(self.parsed(found[1])), int(found[2]))
            return
        node = self.parsed(written)
        if not (isinstance(node, Call) and node.function == "rootof"):
            raise Refused("a root is neither written as a power nor as a rootof")
        self._add_root_object(name, *node.static)

    def _name_kernel(self, name: str, written: str) -> None:
        found = re.fullmatch(r"(exp|log)\((.*)\)", written)
        if name not in KERNELS or not found:
            raise Refused("a kernel is no exp(...) or log(...)")
        self._add_kernel(name, found[1], self.read(self.parsed(found[2])))

    def parsed(self, written: str) -> Node:
        """Return the graph of a text in the names of the generators."""
        if not isinstance(written, str) or len(written) > MAX_TEXT:
            raise Refused("an expression in a certificate is too long, or no text")
        return parse(written, _SCOPE).node

    def polynomial(self, written: str) -> Polynomial:
        """Return the polynomial that a certificate has, up to a rational factor."""
        top, bottom = self.read(self.parsed(written))
        if not top or not bottom.is_ground:
            raise Refused("a polynomial of the certificate is none")
        return primitive(top)

    # ---- generators ------------------------------------------------------------------------------------------------------------

    def _add_radical(self, name: str, w: Ratio, n: int) -> Ratio:
        if not 2 <= n <= MAX_DEGREE:
            raise Refused("a root has a degree that is too great")
        if any(degree(p, other) for p in w for other in KERNELS):
            raise Refused("a root is of an exponential or a logarithm")
        self.roots.append(Root(name, n, w, w.bottom * self.generators[name] ** n - w.top))
        if self.values is not None:
            self.values[name] = _real_root(self.value(w), n)
        return self._whole(name)

    def _add_root_object(self, name: str, coefficients: Sequence[int], number: int) -> Ratio:
        a = self.generators[name]
        relation = sum((c * a**k for k, c in enumerate(coefficients)), 0 * a)
        self.roots.append(Root(name, len(coefficients) - 1, None, relation, (coefficients, number)))
        if self.values is not None:
            self.values[name] = acb(real_roots(coefficients)[number])
        return self._whole(name)

    def _add_kernel(self, name: str, kind: str, argument: Ratio) -> Ratio:
        if any(degree(p, other) for p in argument for other in (*KERNELS, *PARAMETERS, "z", "w")):
            raise Refused("a kernel or a parameter stands inside of a kernel")
        self.kernels.append(Kernel(name, kind, argument))
        if self.values is not None:
            value = self.value(argument)
            self.values[name] = value.exp() if kind == "exp" else value.log()
        return self._whole(name)

    def _whole(self, name: str) -> Ratio:
        self.used.add(name)
        return Ratio(self.generators[name], self.one)

    def moves(self, a: Ratio) -> bool:
        """Whether x is in a fraction, or in a root that is."""
        moving = {"x"}
        for root in self.roots:  # each holds those before it only
            if root.radicand is not None and any(degree(p, name) for p in root.radicand for name in moving):
                moving.add(root.name)
        return any(degree(p, name) for p in a for name in moving)

    # ---- expressions -----------------------------------------------------------------------------------------------------------

    def read(self, node: Node) -> Ratio:
        """Return an expression in the symbols of `NAMES` as a fraction; raise `Refused` where it is none."""
        done: dict[Node, Ratio] = {}
        plain = exponential_form(node)
        for part in topological(plain):
            done[part] = self._read(part, [done[a] for a in part.args])
        return done[plain]

    def _read(self, node: Node, args: Sequence[Ratio]) -> Ratio:
        if isinstance(node, Number):
            return Ratio(self.one * node.value.numerator / node.value.denominator, self.one)
        if isinstance(node, Symbol):
            if node.name not in NAMES or node.shape:
                raise Refused(f"{node.name} is an unknown constant")
            return self._whole(node.name)
        assert isinstance(node, Call)
        rule = _RULES.get(node.function)
        if rule is None:
            raise Refused(f"there is no theory for {node.function}")
        return rule(self, node, args)

    def power(self, a: Ratio, exponent: Fraction) -> Ratio:
        """a to a rational power, by a root of a."""
        if exponent.denominator > 1:
            a = self.root(a, exponent.denominator)
        n = exponent.numerator
        if abs(n) > MAX_DEGREE or any(comb(abs(n) + len(p), len(p)) > MAX_PRODUCTS for p in a if len(p) > 1):
            raise Refused("a power is too great")
        return self._reduced(a.top**n, a.bottom**n) if n >= 0 else self.quotient(Ratio(self.one, self.one), self.power(a, Fraction(-n)))

    def sum(self, a: Ratio, b: Ratio) -> Ratio:
        """a + b."""
        return self._reduced(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)

    def product(self, a: Ratio, b: Ratio) -> Ratio:
        """a*b."""
        return self._reduced(a.top * b.top, a.bottom * b.bottom)

    def quotient(self, a: Ratio, b: Ratio) -> Ratio:
        """a/b."""
        if not b.top or (self.values is not None and self.may_vanish(b.top)):
            raise Refused("it is not seen that no denominator is 0")
        return self._reduced(a.top * b.bottom, a.bottom * b.top)

    def _reduced(self, top: Polynomial, bottom: Polynomial) -> Ratio:
        """A fraction with i^2 = -1 and without common factors."""
        top, bottom = self.without_i_squared(top), self.without_i_squared(bottom)
        if max(len(top), len(bottom)) > MAX_TERMS:
            raise Refused("a polynomial becomes too large")
        if not bottom.is_ground:
            _, top, bottom = top.cofactors(bottom)
        return Ratio(top / bottom.LC, bottom / bottom.LC)

    def without_i_squared(self, p: Polynomial) -> Polynomial:
        """Return the polynomial with i^2 = -1."""
        return p.rem(self.generators["i"] ** 2 + 1) if degree(p, "i") > 1 else p

    def root(self, w: Ratio, n: int) -> Ratio:
        """Return the generator for the n-th root of w."""
        for known in self.roots:
            if known.radicand is not None and known.degree == n and self.are_equal(known.radicand, w):
                return self._whole(known.name)
        if not self._free_roots:
            raise Refused("there are too many roots")
        return self._add_radical(self._free_roots.pop(0), w, n)

    def root_object(self, coefficients: Sequence[int], number: int) -> Ratio:
        """Return a generator for the real root of a polynomial that has this number."""
        for known in self.roots:
            if known.real_root == (coefficients, number):
                return self._whole(known.name)
        if not self._free_roots:
            raise Refused("there are too many roots")
        return self._add_root_object(self._free_roots.pop(0), coefficients, number)

    def are_equal(self, a: Ratio, b: Ratio) -> bool:
        """Whether two fractions are seen to be equal."""
        return not self.without_i_squared(a.top * b.bottom - b.top * a.bottom)

    def exponential(self, u: Ratio) -> Ratio:
        """exp(u), as a power of a kernel."""
        if not u.top:
            return Ratio(self.one, self.one)
        for kernel in self.kernels:
            k = self._multiple(u, kernel.argument) if kernel.kind == "exp" else None
            if k is not None:
                return self.power(self._whole(kernel.name), Fraction(k))
        return self._new_kernel("exp", u)

    def _multiple(self, a: Ratio, b: Ratio) -> int | None:
        """The whole number k with a = k*b, or None."""
        left, right = self.without_i_squared(a.top * b.bottom), self.without_i_squared(b.top * a.bottom)
        k = left.LC / right.LC if left and right else None
        return int(k) if k is not None and k.denominator == 1 and not left - right * k else None

    def logarithm(self, v: Ratio) -> Ratio:
        """log(v)."""
        if self.are_equal(v, Ratio(self.one, self.one)):
            return Ratio(0 * self.one, self.one)
        if not self.moves(v):
            raise Refused("it holds the logarithm of a constant")
        for kernel in self.kernels:
            if kernel.kind == "log" and self.are_equal(kernel.argument, v):
                return self._whole(kernel.name)
        return self._new_kernel("log", v)

    def _new_kernel(self, kind: str, argument: Ratio) -> Ratio:
        if not self._free_kernels:
            raise Refused("there are too many exponentials and logarithms")
        return self._add_kernel(self._free_kernels.pop(0), kind, argument)

    # ---- the values, and what vanishes at them ---------------------------------------------------------------------------------

    def value(self, a: Ratio) -> acb:
        """Enclose a fraction at the number."""
        return self.polynomial_value(a.top) / self.polynomial_value(a.bottom)

    def name_value(self, name: str, value: acb) -> None:
        """Let z or w stand for a number."""
        assert self.values is not None
        self.values[name] = value

    def polynomial_value(self, p: Polynomial) -> acb:
        """Enclose a polynomial at the number."""
        assert self.values is not None
        total = acb(0)
        for powers, c in terms(p):
            term = acb(arb(fmpq(c.numerator, c.denominator)))
            for name, n in powers.items():
                term *= self.values[name] ** n
            total += term
        return total

    def may_vanish(self, p: Polynomial) -> bool:
        """Whether a polynomial may be 0 at the number, as far as balls tell; at a variable, it may."""
        return self.values is None or bool(self.polynomial_value(p).contains(acb(0)))

    # ---- what a certificate says of an equation --------------------------------------------------------------------------------

    def check_named(self, equation: Polynomial) -> None:
        """Demand that a certificate names the kernels of an equation, and the roots that were met when it was read, and no others."""
        kernels = {name for name in KERNELS if degree(equation, name)}
        if kernels | (self.used & set(ROOTS)) != self._named:
            raise Refused("the roots, exponentials and logarithms of the equation are not those of the certificate")

    def check_listed(self, written: Sequence[str], known: Sequence[Polynomial]) -> None:
        """Demand that a certificate lists these irreducible polynomials, and no others."""
        if len(written) != len(known) or set(map(self.polynomial, written)) != set(known):
            raise Refused("the polynomials of the certificate are not those of the equation")


def _real_root(value: acb, n: int) -> acb:
    """The real n-th root of a real number; of a negative one, if n is odd."""
    if not value.imag == 0 or not value.real.is_finite():
        raise Refused("a root is of a number that is not seen to be real")
    radicand = value.real
    if radicand < 0 and n % 2:
        return acb(-((-radicand).root(n)))
    if not radicand >= 0:
        raise Refused("a root is of a number that is not seen to be positive")
    return acb(radicand.root(n))


def _power(field: KernelField, node: Call, args: Sequence[Ratio]) -> Ratio:
    exponent = node.args[1]
    if not isinstance(exponent, Number):
        raise Refused("a power has an exponent that is no number")
    return field.power(args[0], exponent.value)


def _all(join: Callable[[KernelField, Ratio, Ratio], Ratio]) -> Callable[[KernelField, Call, Sequence[Ratio]], Ratio]:
    def rule(field: KernelField, node: Call, args: Sequence[Ratio]) -> Ratio:
        while len(args) > 1:  # pair by pair, so that sums of many terms stay small for long
            args = [reduce(lambda a, b: join(field, a, b), args[k : k + 2]) for k in range(0, len(args), 2)]
        return args[0]

    return rule


_RULES: Mapping[str, Callable[[KernelField, Call, Sequence[Ratio]], Ratio]] = {
    "add": _all(KernelField.sum),
    "multiply": _all(KernelField.product),
    "divide": _all(KernelField.quotient),
    "negate": lambda field, node, args: Ratio(-args[0].top, args[0].bottom),
    "power": _power,
    "sqrt": lambda field, node, args: field.root(args[0], 2),
    "cbrt": lambda field, node, args: field.root(args[0], 3),
    "rootof": lambda field, node, args: field.root_object(*node.static),
    "exp": lambda field, node, args: field.exponential(args[0]),
    "log": lambda field, node, args: field.logarithm(args[0]),
}
