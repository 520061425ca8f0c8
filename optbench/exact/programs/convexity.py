"""Proofs that a function is convex where it is defined.

Convexity is proved by composition: what is known of the parts of an expression (affine, convex, concave, logarithm convex,
range over the box) says what it is itself. f(u) is convex if f is convex on the range of u and u is affine, or f rises and
u is convex, or f falls and u is concave. So are norms of affine vectors, u*log(u), monomials such as u^2/v, logarithms of
sums of exponentials, quadratic forms by the signs of their pivots, and what is left by its second derivatives. Each rule
also proves that the set where the expression is defined is convex within the box.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> from optbench.arithmetic.balls import between
>>> everywhere = Curvatures({symbol("x"): between(float("-inf"), float("inf"))})
>>> everywhere.of(parse("exp(x^2) + abs(3*x - 1)").node).convex, everywhere.of(parse("x^3").node).convex
(True, False)

Source: M. Grant, S. Boyd, Y. Ye, Disciplined convex programming, in: Global Optimization, From Theory to Implementation
(Springer 2006) 155-210.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import fmpq

from optbench.arithmetic.balls import Enclosure, between, enclose
from optbench.exact.numbers.products import constant_factors, sign_of_factors, terms_in
from optbench.exact.numbers.sums import sign_of
from optbench.exact.programs.convex_hessian import has_convex_hessian
from optbench.exact.programs.rational_program import Polynomial, falling_direction, matrix_of, polynomial_of
from optbench.language.bends import BENDS, DOMAIN_BEGINS
from optbench.language.build import add, call, negate
from optbench.language.graph import Call, Node, Number, Symbol, symbols, topological

_PRECISION = 64
_INF = float("inf")
_LOGARITHMS = ("log", "log2", "log10")


class Shape(NamedTuple):
    """What is proved of an expression on the convex part of the box where it is defined; affine is both convex and
    concave, `log_convex` says that it is positive and its logarithm is convex."""

    convex: bool = False
    concave: bool = False
    log_convex: bool = False

    @property
    def affine(self) -> bool:
        return self.convex and self.concave

    @property
    def opposite(self) -> Shape:
        return Shape(self.concave, self.convex)


_AFFINE = Shape(True, True)
_NOTHING = Shape()


class Curvatures:
    """What is known of expressions over a box of the unknowns."""

    def __init__(self, box: Mapping[Symbol, Enclosure]) -> None:
        self.box = box
        self.places = {s: i for i, s in enumerate(box)}
        self._shapes: dict[Node, Shape] = {}
        self._ranges: dict[Node, Enclosure] = {}

    def of(self, root: Node) -> Shape:
        """Return what is proved of an expression."""
        order = [node for node in topological(root) if node not in self._shapes]
        numbers = [node for node in order if not node.boolean and node not in self._ranges]
        self._ranges.update(zip(numbers, enclose(numbers, self.box, _PRECISION), strict=True))
        for node in order:
            self._shapes[node] = self._shape(node)
        return self._shapes[root]

    def range(self, node: Node) -> Enclosure:
        """Return an enclosure of the values of an expression."""
        if node not in self._ranges:
            [self._ranges[node]] = enclose([node], self.box, _PRECISION)
        return self._ranges[node]

    def is_convex(self, root: Node) -> bool:
        """Return whether an expression is proved convex, at last by its second derivatives."""
        if self.of(root).convex:
            return True
        doubtful = [a for a in terms_in(root) if not self.of(a).convex]
        return any(has_convex_hessian(f, self.box) for f in dict.fromkeys((add(*doubtful), root)))

    def _shape(self, node: Node) -> Shape:
        if node.boolean or node.shape:
            return _NOTHING
        if isinstance(node, Symbol):
            return _AFFINE
        if not symbols(node):
            return Shape(True, True, sign_of(node) == 1)
        assert isinstance(node, Call)
        found = self._by_parts(node)
        return found if found.convex or found.concave else self._by_coefficients([node]) or found

    def _by_parts(self, node: Call) -> Shape:
        parts = [self.of(a) for a in node.args]
        match node.function:
            case "add":
                return self._sum(node.args)
            case "negate":
                return parts[0].opposite
            case "multiply":
                return self._product(node)
            case "maximum":
                return Shape(all(p.convex for p in parts), False, all(p.log_convex for p in parts))
            case "minimum":
                return Shape(concave=all(p.concave for p in parts))
            case "hypot":
                return Shape(all(p.affine or (p.convex and self._is_nonnegative(a)) for p, a in zip(parts, node.args, strict=True)))
            case "power" if not isinstance(node.args[1], Number):
                return self._exponential(*node.args)
            case "sqrt" | "power" if _is_square_root(node) and self._is_square_norm(node.args[0]):
                return Shape(convex=True)
            case "divide" if parts[1].concave and self._is_nonnegative(node.args[1]) and self._is_square_norm(node.args[0]):
                return Shape(convex=True)
            case "divide" | "power" | "sqrt" | "cbrt":
                return self._monomial(node)
        return self._by_table(node)

    def _is_nonnegative(self, node: Node) -> bool:
        return bool(self.range(node).lower >= 0)

    # ---- sums ---------------------------------------------------------------------------------------------------------------

    def _sum(self, terms: Sequence[Node]) -> Shape:
        parts = [self.of(a) for a in terms]
        found = Shape(*(all(flags) for flags in zip(*parts, strict=True)))
        if found.convex or found.concave:
            return found
        quadratic = [a for a in terms if polynomial_of(a, self.places) is not None]
        others = [self.of(a) for a in terms if a not in quadratic]
        together = self._by_coefficients(quadratic)
        if together is None:
            return _NOTHING
        return Shape(together.convex and all(p.convex for p in others), together.concave and all(p.concave for p in others))

    def _by_coefficients(self, terms: Sequence[Node]) -> Shape | None:
        """The shape of a quadratic function with rational coefficients."""
        form = polynomial_of(add(*terms), self.places) if terms else None
        if form is None:
            return None
        matrix, _ = matrix_of(form, len(self.places))
        return Shape(falling_direction(matrix) is None, falling_direction([[-e for e in row] for row in matrix]) is None)

    # ---- products, quotients, powers ------------------------------------------------------------------------------------------

    def _product(self, node: Call) -> Shape:
        constants, factors = constant_factors(node)
        sign = sign_of_factors(constants)
        if sign == 0:
            return _NOTHING
        if len(factors) == 1:
            shape = self.of(factors[0])
            return shape if sign > 0 else shape.opposite
        if all(self.of(f).log_convex for f in factors):
            return Shape(True, False, True) if sign > 0 else Shape(concave=True)
        if len(factors) == 2:
            for u, other in (factors, factors[::-1]):
                bend = self._entropy(u, other)
                if bend:
                    return Shape(bend * sign > 0, bend * sign < 0)
        return self._monomial(node)

    def _entropy(self, u: Node, logarithm: Node) -> int:
        """1 where u*logarithm is a positive multiple of v*log(v) or of v*log(v/w), up to an affine term, -1 for a negative one."""
        if not (isinstance(logarithm, Call) and logarithm.function in _LOGARITHMS and self.of(u).affine):
            return 0
        inside = logarithm.args[0]
        ratio = self._ratio(u, inside)
        if ratio:
            return 1 if ratio > 0 else -1
        if isinstance(inside, Call) and inside.function == "divide":
            above, below = inside.args
            ratio = self._ratio(u, above)
            if ratio and ratio > 0 and self.of(below).affine and self._is_nonnegative(below):
                return 1
        return 0

    def _ratio(self, u: Node, v: Node) -> fmpq | None:
        """The constant u/v of two affine expressions."""
        if u is v:
            return fmpq(1)
        a, b = polynomial_of(u, self.places), polynomial_of(v, self.places)
        if not a or not b or a.keys() != b.keys() or any(len(m) > 1 for m in a):
            return None
        ratios = {a[m] / b[m] for m in a}
        return ratios.pop() if len(ratios) == 1 else None

    def _exponential(self, base: Node, exponent: Node) -> Shape:
        """a^u = exp(u*log(a)) for a constant a > 0, and u^u."""
        if base is exponent and self.of(base).affine:
            return Shape(True, False, True)
        if symbols(base) or sign_of(base) != 1:
            return _NOTHING
        rate, u = sign_of(call("log", base)), self.of(exponent)
        rises = (u.convex and rate == 1) or (u.concave and rate == -1) or u.affine
        return Shape(True, False, True) if rises else _NOTHING

    def _monomial(self, node: Call) -> Shape:
        """c times powers of expressions that are not negative."""
        product = _Powers(self)
        product.take(node, Fraction(1))
        if not product.sign or not product.exponents or node in product.exponents:
            return _NOTHING
        found = self._powers(product)
        return found if product.sign > 0 else found.opposite

    def _powers(self, product: _Powers) -> Shape:
        shapes = {u: self.of(u) for u in product.exponents}
        if not all(self._is_nonnegative(u) or (u in product.forced and shapes[u].concave) for u in shapes):
            return self._quotient_by_log_convex(product, shapes)
        above = {u: e for u, e in product.exponents.items() if e > 0}
        below = -sum((e for e in product.exponents.values() if e < 0), Fraction(0))
        if not all(shapes[u].concave for u in product.divided):
            return _NOTHING
        if not above:
            return Shape(True, False, True)
        if not below and sum(above.values()) <= 1 and all(shapes[u].concave for u in above):
            return Shape(concave=True)
        [u, *more] = above
        if not more and above[u] >= 1 + below and shapes[u].convex:
            return Shape(True, False, shapes[u].log_convex)
        return self._quotient_by_log_convex(product, shapes)

    def _quotient_by_log_convex(self, product: _Powers, shapes: Mapping[Node, Shape]) -> Shape:
        for u, e in product.exponents.items():
            small = e < 0 and shapes[u].concave and (self._is_nonnegative(u) or u in product.forced)
            if not small and not (e > 0 and shapes[u].log_convex and u not in product.divided):
                return _NOTHING
        return Shape(True, False, True)

    def _is_square_norm(self, node: Node) -> bool:
        """Whether the root of an expression is the length of a vector whose entries are affine, or convex and not negative."""
        terms = terms_in(node)
        quadratic = [a for a in terms if polynomial_of(a, self.places) is not None]
        if not all(self._is_square(a) for a in terms if a not in quadratic):
            return False
        form = polynomial_of(add(*quadratic), self.places) if quadratic else {}
        return form is not None and _is_sum_of_squares(form, len(self.places))

    def _is_square(self, term: Node) -> bool:
        constants, factors = constant_factors(term)
        if sign_of_factors(constants) <= 0 or len(factors) > 1:
            return False
        if not factors:
            return True
        match factors[0]:
            case Call(function="power", args=(u, Number(value=2))):
                return self.of(u).affine or (self.of(u).convex and self._is_nonnegative(u))
        return False

    # ---- functions of one argument ----------------------------------------------------------------------------------------------

    def _by_table(self, node: Call) -> Shape:
        if len(node.args) != 1:
            return _NOTHING
        u = node.args[0]
        inner, values = self.of(u), self.range(u)
        if node.function == "abs" and (values.lower >= 0 or values.upper <= 0):
            return inner if values.lower >= 0 else inner.opposite
        found = _NOTHING
        low = values.lower
        if inner.concave and node.function in DOMAIN_BEGINS and low < DOMAIN_BEGINS[node.function]:
            low = between(DOMAIN_BEGINS[node.function], _INF).lower
        for rule in BENDS.get(node.function, ()):
            follows = inner.affine or (inner.convex and rule.rise * rule.bend > 0) or (inner.concave and rule.rise * rule.bend < 0)
            if follows and low >= rule.low and values.upper <= rule.high:
                found = Shape(found.convex or rule.bend > 0, found.concave or rule.bend < 0)
        if node.function == "exp":
            return found._replace(log_convex=found.convex)
        if node.function in _LOGARITHMS and inner.log_convex:
            return found._replace(convex=True)
        return found


class _Powers:
    """A product of powers: its sign as a constant factor, exponents of expressions, and those of them which the domain
    forces to be not negative."""

    def __init__(self, known: Curvatures) -> None:
        self.known, self.sign = known, 1
        self.exponents: dict[Node, Fraction] = {}
        self.forced: set[Node] = set()
        self.divided: set[Node] = set()  # what stands below somewhere, even if it cancels

    def take(self, node: Node, exponent: Fraction) -> None:
        """Multiply by node^exponent; only a constant is taken to a power when it is negative."""
        if not symbols(node):
            sign = sign_of(node) or 0
            self.sign *= sign if exponent.denominator == 1 and exponent % 2 else abs(sign)
            if sign < 0 and exponent.denominator != 1:
                self.sign = 0
            return
        whole = exponent.denominator == 1
        match node:
            case Call(function="negate", args=(u,)) if whole:
                self.sign *= -1 if exponent % 2 else 1
                self.take(u, exponent)
            case Call(function="multiply", args=factors) if whole or all(not symbols(f) or self._is_nonnegative(f) for f in factors):
                for factor in factors:
                    self.take(factor, exponent)
            case Call(function="divide", args=(u, v)) if whole or (self._is_nonnegative(u) and self._is_nonnegative(v)):
                self.take(u, exponent)
                self.take(v, -exponent)
            case Call(function="sqrt", args=(u,)):
                self._take_power(u, Fraction(1, 2), exponent)
            case Call(function="cbrt", args=(u,)) if self._is_nonnegative(u):
                self.take(u, exponent / 3)
            case Call(function="cbrt", args=(u,)) if whole and self.known.range(u).upper <= 0:
                self.sign *= -1 if exponent % 2 else 1
                self.take(negate(u), exponent / 3)
            case Call(function="power", args=(u, Number(value=p))) if p:
                self._take_power(u, p, exponent)
            case _:
                self._take_base(node, exponent)

    def _is_nonnegative(self, node: Node) -> bool:
        return bool(self.known.range(node).lower >= 0)

    def _take_power(self, u: Node, p: Fraction, exponent: Fraction) -> None:
        """(u^p)^exponent."""
        if p.denominator != 1:
            if not isinstance(u, Call) or u.function not in ("multiply", "divide", "power", "sqrt", "negate"):
                self.forced.add(u)
            self.take(u, p * exponent)
        elif p % 2 == 0 and not self._is_nonnegative(u):
            self._take_base(call("abs", u), p * exponent)
        elif exponent.denominator == 1 or self._is_nonnegative(u):
            self.take(u, p * exponent)
        else:
            self._take_base(call("power", u, p), exponent)

    def _take_base(self, u: Node, exponent: Fraction) -> None:
        if exponent.denominator == 1 and self.known.range(u).upper <= 0:
            self.sign *= -1 if exponent % 2 else 1
            u = negate(u)
        self.exponents[u] = self.exponents.get(u, Fraction(0)) + exponent
        if exponent < 0:
            self.divided.add(u)


def _is_square_root(node: Call) -> bool:
    return node.function == "sqrt" or (isinstance(node.args[1], Number) and node.args[1].value == Fraction(1, 2))


def _is_sum_of_squares(form: Polynomial, count: int) -> bool:
    """Whether a quadratic polynomial is a sum of squares of affine ones: its matrix with a row for the constant is semidefinite."""
    matrix, linear = matrix_of(form, count)
    rows = [[*row, b] for row, b in zip(matrix, linear, strict=True)]
    return falling_direction([*rows, [*linear, 2 * form.get((), fmpq(0))]]) is None
