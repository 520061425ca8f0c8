"""Proofs for convex problems: that a function is convex where it is defined, and that a point minimises it.

Convexity is proved by composition: what is known of the parts of an expression (affine, convex, concave, logarithm convex,
range over the box) says what it is itself. f(u) is convex if f is convex on the range of u and u is affine, or f rises and
u is convex, or f falls and u is concave. So are norms of affine vectors, u*log(u), monomials such as u^2/v, logarithms of
sums of exponentials, quadratic forms by the signs of their pivots, and what is left by its second derivatives. Each rule
also proves that the set where the expression is defined is convex within the box.

Of a convex f on a convex set given by convex g <= 0 and affine h = 0, a feasible point is a global minimiser if 0 is a
subgradient of f plus multiples >= 0 of gradients of the g that are 0 there, plus multiples of those of the h (no
constraint qualification is needed for this direction). A kink of f as the greatest of smooth u_i has the weighted means
of their gradients as subgradients, one of c*|u| with a vector u that is 0 the c*s'u' with |s| <= 1. There is no other
minimiser if the Lagrange function is strictly convex at the point along all directions in which the conditions with
multipliers above 0 are level.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> from optbench.arithmetic.balls import between
>>> everywhere = Curvatures({symbol("x"): between(float("-inf"), float("inf"))})
>>> everywhere.of(parse("exp(x^2) + abs(3*x - 1)").node).convex, everywhere.of(parse("x^3").node).convex
(True, False)

Sources: M. Grant, S. Boyd, Y. Ye, Disciplined convex programming, in: Global Optimization, From Theory to Implementation
(Springer 2006) 155-210; R. T. Rockafellar, Convex Analysis (1970), theorems 23.8, 27.4, 28.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, islice
from math import lcm
from typing import Any, NamedTuple

from flint import arb_mat, ctx, fmpq

from optbench.arithmetic.balls import Enclosure, between, decide, enclose, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.formula import as_float
from optbench.exact.identities import is_zero, normal, simplified
from optbench.exact.pieces import hull
from optbench.exact.quadratic_program import Polynomial, falling_direction, matrix_of, polynomial_of
from optbench.exact.several import Point, conditions
from optbench.exact.sums import Sum, TooLarge, plain_sum, sign_of
from optbench.language.build import add, call, divide, multiply, negate, number, power, rebuild, substitute, subtract
from optbench.language.derivative import NotDifferentiable, gradient, hessian
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, functions, symbols, topological
from optbench.problem.interval import Interval, restricted
from optbench.problem.problem import Problem

MAX_HESSIAN = 3  # unknowns of a function whose second derivatives are looked at
_CELLS = 400  # boxes on which the sign of a minor is proved
_PRECISION = 64
_MAX_LOGARITHMS = 8
_MAX_CHOICES = 200  # sets of gradients that are tried for multipliers
_TINY = 1e-9  # floats up to this count as 0
_INF = float("inf")


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


class _Rule(NamedTuple):
    """A function of one argument between two ends: how it bends (1 convex, -1 concave), whether it rises (1) or falls (-1)."""

    low: float
    high: float
    bend: int
    rise: int = 0


_TURNED = (_Rule(0, _INF, -1, 1), _Rule(-_INF, 0, 1, 1))  # convex below 0, concave above, rising
_RULES: dict[str, tuple[_Rule, ...]] = {
    "exp": (_Rule(-_INF, _INF, 1, 1),),
    "expm1": (_Rule(-_INF, _INF, 1, 1),),
    "softplus": (_Rule(-_INF, _INF, 1, 1),),
    "relu": (_Rule(-_INF, _INF, 1, 1),),
    "abs": (_Rule(-_INF, _INF, 1),),
    "log": (_Rule(0, _INF, -1, 1),),
    "log2": (_Rule(0, _INF, -1, 1),),
    "log10": (_Rule(0, _INF, -1, 1),),
    "log1p": (_Rule(-1, _INF, -1, 1),),
    "cosh": (_Rule(-_INF, _INF, 1), _Rule(0, _INF, 1, 1), _Rule(-_INF, 0, 1, -1)),
    "sinh": (_Rule(0, _INF, 1, 1), _Rule(-_INF, 0, -1, 1)),
    "tanh": _TURNED,
    "atan": _TURNED,
    "asinh": _TURNED,
    "erf": _TURNED,
    "sigmoid": _TURNED,
    "erfc": (_Rule(0, _INF, 1, -1), _Rule(-_INF, 0, -1, -1)),
    "acosh": (_Rule(1, _INF, -1, 1),),
    "asin": (_Rule(0, 1, 1, 1), _Rule(-1, 0, -1, 1)),
    "acos": (_Rule(0, 1, -1, -1), _Rule(-1, 0, 1, -1)),
    "atanh": (_Rule(0, 1, 1, 1), _Rule(-1, 0, -1, 1)),
    "gamma": (_Rule(0, _INF, 1),),
    "lgamma": (_Rule(0, _INF, 1),),
    "digamma": (_Rule(0, _INF, -1, 1),),
    "lambertw": (_Rule(-0.36787944117144233, _INF, -1, 1),),
    "sin": (_Rule(0, 3.14159, -1), _Rule(-3.14159, 0, 1)),
    "cos": (_Rule(-1.570796, 1.570796, -1), _Rule(1.570797, 4.712388, 1)),
    "tan": (_Rule(0, 1.570796, 1, 1), _Rule(-1.570796, 0, -1, 1)),
}
_DOMAIN_BEGINS = {"log": 0.0, "log2": 0.0, "log10": 0.0, "log1p": -1.0, "acosh": 1.0, "lambertw": -0.36787944117144233}  # and has no end
_LOGARITHMS = ("log", "log2", "log10")


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
        doubtful = [a for a in _terms(root) if not self.of(a).convex]
        return any(_has_convex_hessian(f, self.box) for f in dict.fromkeys((add(*doubtful), root)))

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
        constants, factors = _constant_factors(node)
        sign = _sign(constants)
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
        terms = _terms(node)
        quadratic = [a for a in terms if polynomial_of(a, self.places) is not None]
        if not all(self._is_square(a) for a in terms if a not in quadratic):
            return False
        form = polynomial_of(add(*quadratic), self.places) if quadratic else {}
        return form is not None and _is_sum_of_squares(form, len(self.places))

    def _is_square(self, term: Node) -> bool:
        constants, factors = _constant_factors(term)
        if _sign(constants) <= 0 or len(factors) > 1:
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
        if inner.concave and node.function in _DOMAIN_BEGINS and low < _DOMAIN_BEGINS[node.function]:
            low = between(_DOMAIN_BEGINS[node.function], _INF).lower
        for rule in _RULES.get(node.function, ()):
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


def _terms(node: Node) -> tuple[Node, ...]:
    return node.args if isinstance(node, Call) and node.function == "add" else (node,)


def _constant_factors(node: Node) -> tuple[list[Node], list[Node]]:
    """The factors of a product without and with unknowns."""
    constants: list[Node] = []
    factors: list[Node] = []
    waiting = [node]
    while waiting:
        part = waiting.pop(0)
        if not symbols(part):
            constants.append(part)
        elif isinstance(part, Call) and part.function == "multiply":
            waiting[:0] = part.args
        elif isinstance(part, Call) and part.function == "negate":
            waiting[:0] = [negate(add(1)), *part.args]
        elif isinstance(part, Call) and part.function == "divide" and not symbols(part.args[1]):
            constants.append(call("divide", 1, part.args[1]))
            waiting.insert(0, part.args[0])
        else:
            factors.append(part)
    return constants, factors


def _sign(constants: Sequence[Node]) -> int:
    """The sign of a product of constants, 0 where it is 0 or not known."""
    total = 1
    for constant in constants:
        total *= sign_of(constant) or 0
    return total


def _is_square_root(node: Call) -> bool:
    return node.function == "sqrt" or (isinstance(node.args[1], Number) and node.args[1].value == Fraction(1, 2))


def _is_sum_of_squares(form: Polynomial, count: int) -> bool:
    """Whether a quadratic polynomial is a sum of squares of affine ones: its matrix with a row for the constant is semidefinite."""
    matrix, linear = matrix_of(form, count)
    rows = [[*row, b] for row, b in zip(matrix, linear, strict=True)]
    return falling_direction([*rows, [*linear, 2 * form.get((), fmpq(0))]]) is None


# ---- second derivatives ----------------------------------------------------------------------------------------------------------


def _has_convex_hessian(function: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    """Whether all principal minors of the second derivatives are proved not negative inside the box, all of which (but for
    its ends) lies in the domain of the function and of these derivatives."""
    unknowns = symbols(function)
    if not 0 < len(unknowns) <= MAX_HESSIAN or any(not TABLE[f].smooth for f in functions(function)):
        return False
    if any(isinstance(n, Call) and n.function == "power" and not isinstance(n.args[1], Number) for n in topological(function)):
        return False
    part = {s: box[s] for s in unknowns}
    try:
        matrix = hessian(function, unknowns)
        if not all(_holds_inside(c, part) for c in natural_domain(function, *(h for row in matrix for h in row))):
            return False
        return all(
            is_nonnegative(_determinant([[matrix[i][j] for j in chosen] for i in chosen]), part)
            for k in range(1, len(unknowns) + 1)
            for chosen in combinations(range(len(unknowns)), k)
        )
    except (NotDifferentiable, GraphError):
        return False


def _holds_inside(condition: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    """Whether a condition of the domain holds in the box but perhaps at its ends."""
    if decide(condition, box, _PRECISION):
        return True
    match condition:
        case Call(function="greater" | "greater_equal" | "not_equal", args=(Symbol() as s, Number() as end)):
            return bool(box[s].lower >= between(end.value, end.value).upper)
    return False


def _determinant(matrix: list[list[Node]]) -> Node:
    if len(matrix) == 1:
        return matrix[0][0]
    minors = ([row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix)))
    return add(*(multiply((-1) ** j, matrix[0][j], _determinant(minor)) for j, minor in enumerate(minors)))


def is_nonnegative(node: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    """Return whether an expression is proved not negative wherever it is defined on the box."""
    if enclose([node], box, _PRECISION)[0].lower >= 0:
        return True
    try:
        form = normal(node)
    except (TooLarge, GraphError):
        form = None
    if form is not None and _has_positive_terms(form.top, box) and _has_positive_terms(form.bottom, box):
        return True
    return _is_nonnegative_on_cells(node, box)


def _has_positive_terms(terms: Sum, box: Mapping[Symbol, Enclosure]) -> bool:
    atoms = {atom for monomial in terms for atom, _ in monomial}
    positive = {atom for atom in atoms if enclose([atom], box, _PRECISION)[0].lower >= 0}
    return all(
        c > 0 and all(atom in positive or (e.denominator == 1 and e % 2 == 0) for atom, e in monomial) for monomial, c in terms.items()
    )


def _is_nonnegative_on_cells(node: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    if not all(side.is_bounded for side in box.values()):
        return False
    waiting = [dict(box)]
    for _ in range(_CELLS):
        if not waiting:
            return True
        cell = waiting.pop()
        if enclose([node], cell, _PRECISION)[0].lower >= 0:
            continue
        widest = max(cell, key=lambda s: float(cell[s].width))
        middle = ((cell[widest].lower + cell[widest].upper) / 2).mid()
        waiting.append({**cell, widest: between(cell[widest].lower, middle)})
        waiting.append({**cell, widest: between(middle, cell[widest].upper)})
    return not waiting


# ---- convex problems ---------------------------------------------------------------------------------------------------------------


class ConvexProgram(NamedTuple):
    """Minimise a convex function where convex ones are <= 0 and affine ones == 0; all feasible points of the problem that
    it stands for are feasible for it. (In other coordinates, if need be: see `posynomial`.)"""

    objective: Node
    inequalities: list[Node]
    equalities: list[Node]


def convex_program(problem: Problem) -> ConvexProgram:
    """Return the convex program with the conditions of a problem that are convex, an equality of a convex function as an
    inequality; raise `NotApplicable` where the function is not seen to be convex."""
    try:
        known = Curvatures(box_of(problem))
        if not known.is_convex(problem.minimand):
            raise NotApplicable("the function is not seen to be convex")
        program = ConvexProgram(problem.minimand, [], [])
        for condition in conditions(problem):
            residual = condition.residual
            if condition.equality and known.of(residual).affine:
                program.equalities.append(residual)
            elif known.is_convex(residual):
                program.inequalities.extend(_without_maximum(residual))
            elif condition.equality and known.is_convex(negate(residual)):
                program.inequalities.extend(_without_maximum(negate(residual)))
    except GraphError as error:
        raise NotApplicable(str(error)) from None
    return program


def box_of(problem: Problem) -> dict[Symbol, Enclosure]:
    """Return enclosures of the intervals that `narrowed` gives."""
    intervals = {s: narrowed(problem, s) for s in problem.symbols}
    return {s: hull(interval.lower, interval.upper) for s, interval in intervals.items()}


def narrowed(problem: Problem, unknown: Symbol) -> Interval:
    """Return the range of an unknown, narrowed by the natural domain and by conditions on it alone."""
    interval: Interval = problem.domains[unknown.name][0]
    for constraint in problem.constraints:
        for c in _comparisons(constraint.condition):
            if symbols(c) == [unknown]:
                interval = restricted(interval, c, unknown) or interval
    if interval.is_empty:
        raise NotApplicable(f"no {unknown.name} satisfies all conditions")
    return interval


def _comparisons(node: Node) -> Iterator[Node]:
    for part in topological(node, enter=lambda n: n.args if isinstance(n, Call) and n.function == "and" else ()):
        if not (isinstance(part, Call) and part.function == "and"):
            yield part


def _without_maximum(residual: Node) -> list[Node]:
    """Instead of max(u, v) + w <= 0 both u + w <= 0 and v + w <= 0."""
    terms = _terms(residual)
    for i, term in enumerate(terms):
        constants, factors = _constant_factors(term)
        choices = choices_of(factors[0]) if len(factors) == 1 and _sign(constants) > 0 else None
        if choices is not None:
            return [r for u in choices for r in _without_maximum(add(*terms[:i], multiply(*constants, u), *terms[i + 1 :]))]
    return [residual]


def choices_of(node: Node) -> tuple[Node, ...] | None:
    """Return the expressions of which abs, relu or max is the greatest, else None."""
    match node:
        case Call(function="abs", args=(u,)):
            return u, negate(u)
        case Call(function="relu", args=(u,)):
            return u, add(0)
        case Call(function="maximum", args=choices):
            return choices
    return None


# ---- points that are proved to be minimisers -------------------------------------------------------------------------------------


class Certificate(NamedTuple):
    """A point is a global minimiser: whether the only one, and of what kind."""

    unique: bool
    kind: str  # interior, boundary, kink


class _Kinked(Exception):
    """A function has a kink at a point, and is not of a form whose subgradients are known."""


class _Kink(NamedTuple):
    """factor times the greatest of functions, all equal at the point, or (`ball`) the length of a vector that is 0 there."""

    factor: Node
    pieces: list[Node]
    ball: bool


class _Columns(NamedTuple):
    """Functions whose gradients at the point, times multipliers, have to cancel that of the smooth part."""

    functions: list[Node]
    gradients: list[list[Node]]
    signed: list[bool]  # whether its multiplier must not be negative
    groups: list[int | None]  # of which greatest of functions it is one
    factors: list[Node]  # what the multipliers of such a group add up to
    balls: list[tuple[list[int], Node]]  # places of the entries of a vector, with the greatest length of its multipliers


def certify(program: ConvexProgram, point: Point) -> Certificate | None:
    """Return the proof that a point minimises a convex program, or None; the point is not tested in the equalities, nor in
    what the program leaves out."""
    try:
        smooth, kinks = _parts_at(program.objective, point)
        active = [_smooth_at(g, point) for g in program.inequalities if _is_active(g, point)]
        level = [_smooth_at(h, point) for h in program.equalities]
        columns = _columns(kinks, active, level, point)
        total = [*(negate(g) for g in _gradient_at(smooth, point)), *columns.factors]
    except (_Kinked, GraphError, NotDifferentiable):
        return None
    multipliers = _multipliers(columns, total)
    if multipliers is None:
        return None
    lagrangian = add(smooth, *(multiply(m, f) for m, f in zip(multipliers, columns.functions, strict=True)))
    unique = _is_strict_minimum(lagrangian, _level_functions(columns, multipliers), point)
    return Certificate(unique, "boundary" if active else "kink" if kinks else "interior")


def _is_active(residual: Node, point: Point) -> bool:
    value = substitute(residual, dict(point))
    sign = sign_of(value)
    if sign == -1:
        return False
    if sign == 1 or not vanishes(value):
        raise _Kinked
    return True


def vanishes(node: Node) -> bool:
    """Return whether a number without unknowns is proved to be 0, also a sum of logarithms of algebraic numbers."""
    if is_zero(node):
        return True
    try:
        top = normal(node).top
    except (TooLarge, GraphError):
        return False
    logarithms: list[tuple[Fraction, Node]] = []
    rest: Sum = {}
    for monomial, c in top.items():
        [(atom, e), *more] = [*monomial] or [(number(0), Fraction(0))]
        if isinstance(atom, Call) and atom.function == "log" and e == 1 and not more:
            logarithms.append((c, atom.args[0]))
        else:
            rest[monomial] = c
    if not logarithms or len(logarithms) > _MAX_LOGARITHMS or (rest and not is_zero(plain_sum(rest))):
        return False
    scale = lcm(*(c.denominator for c, _ in logarithms))
    product = multiply(*(power(a, number(c * scale)) for c, a in logarithms))
    return is_zero(subtract(product, 1)) is True


def _parts_at(objective: Node, point: Point) -> tuple[Node, list[_Kink]]:
    """The sum of the terms that are smooth at the point, and the other terms."""
    smooth, kinks = [], []
    for term in _terms(objective):
        try:
            smooth.append(_smooth_at(term, point))
        except _Kinked:
            if not _is_flat_at(term, point):
                kinks.append(_kink_at(term, point))
    return add(0, *smooth), kinks


def _is_flat_at(term: Node, point: Point) -> bool:
    """Whether the term is c*v^p with c > 0, p > 1 and a v >= 0 that is 0 at the point, so that 0 is its gradient there."""
    constants, factors = _constant_factors(term)
    match factors:
        case [Call(function="power", args=(Call(function="abs" | "relu" | "hypot" | "sqrt") as v, Number(value=p)))] if p > 1:
            return _sign(constants) > 0 and vanishes(substitute(v, dict(point)))
    return False


def _smooth_at(root: Node, point: Point) -> Node:
    """The expression without kinks that has its values near the point."""
    done: dict[Node, Node] = {}
    for node in topological(root):
        done[node] = node
        if isinstance(node, Call):
            done[node] = _without_kink(rebuild(node, tuple(done[a] for a in node.args)), point)
    return done[root]


def _without_kink(node: Node, point: Point) -> Node:
    if not isinstance(node, Call) or node.boolean or not symbols(node):
        return node
    u = node.args[0]
    match node.function:
        case "abs" | "relu":
            sign = _sign_at(u, point)
            return u if sign > 0 else negate(u) if node.function == "abs" else number(0)
        case "maximum" | "minimum":
            best = u
            for other in node.args[1:]:
                if other is not best and _sign_at(subtract(other, best), point) == (1 if node.function == "maximum" else -1):
                    best = other
            return best
        case "hypot":
            radicand = add(*(power(a, 2) for a in node.args))
            _sign_at(radicand, point)
            return call("sqrt", radicand)
        case "sqrt":
            _sign_at(u, point)
    if not TABLE[node.function].smooth:
        raise _Kinked
    return node


def _sign_at(node: Node, point: Point) -> int:
    """The sign at the point, which is not 0."""
    sign = sign_of(substitute(node, dict(point)))
    if sign is None:
        raise _Kinked
    return sign


def _kink_at(term: Node, point: Point) -> _Kink:
    constants, factors = _constant_factors(term)
    sign = _sign(constants)
    if len(factors) != 1 or not sign:
        raise _Kinked
    factor = multiply(*constants) if sign > 0 else negate(multiply(*constants))
    match factors[0], sign:
        case Call(function="minimum", args=args), -1:
            return _Kink(factor, _greatest([negate(u) for u in args], point), False)
        case Call(function="hypot", args=args), 1:
            return _Kink(factor, list(args), True)
        case Call(function="sqrt", args=(radicand,)), 1:
            return _Kink(factor, [_root_of_square(square) for square in _terms(radicand)], True)
    choices = choices_of(factors[0])
    if choices is None or sign < 0:
        raise _Kinked
    return _Kink(factor, _greatest(list(choices), point), False)


def _root_of_square(square: Node) -> Node:
    constants, factors = _constant_factors(square)
    match factors:
        case [Call(function="power", args=(u, Number(value=2)))] if _sign(constants) > 0:
            return multiply(call("sqrt", multiply(*constants)), u)
    raise _Kinked


def _greatest(choices: list[Node], point: Point) -> list[Node]:
    """The functions that have the greatest value at the point."""
    waiting, flat = list(choices), []
    while waiting:
        inner = choices_of(waiting[0])
        if inner is not None:
            waiting[:1] = inner
        else:
            flat.append(waiting.pop(0))
    values = {u: substitute(u, dict(point)) for u in flat}
    best = max(flat, key=lambda u: as_float(values[u]))
    greatest = []
    for u, value in values.items():
        difference = subtract(value, values[best])
        if sign_of(difference) != -1:
            if not vanishes(difference):
                raise _Kinked
            greatest.append(_smooth_at(u, point))
    return greatest


def _columns(kinks: Sequence[_Kink], active: Sequence[Node], level: Sequence[Node], point: Point) -> _Columns:
    columns = _Columns([], [], [], [], [], [])

    def take(function: Node, signed: bool, group: int | None = None) -> None:
        columns.functions.append(function)
        columns.gradients.append(_gradient_at(function, point))
        columns.signed.append(signed)
        columns.groups.append(group)

    for function in active:
        take(function, True)
    for function in level:
        take(function, False)
    for kink in kinks:
        if kink.ball:
            columns.balls.append((list(range(len(columns.functions), len(columns.functions) + len(kink.pieces))), kink.factor))
        else:
            columns.factors.append(kink.factor)
        for piece in kink.pieces:
            if kink.ball and not (_is_affine(piece, point) and vanishes(substitute(piece, dict(point)))):
                raise _Kinked
            take(_smooth_at(piece, point), not kink.ball, None if kink.ball else len(columns.factors) - 1)
    return columns


def _is_affine(function: Node, point: Point) -> bool:
    return not any(symbols(simplified(g)) for g in gradient(function, list(point)))  # type: ignore[arg-type]


def _gradient_at(function: Node, point: Point) -> list[Node]:
    """The gradient as numbers, which must be defined."""
    slopes = [simplified(substitute(g, dict(point))) for g in gradient(function, list(point))]  # type: ignore[arg-type]
    if not all(value.everywhere for value in enclose(slopes, {}, _PRECISION)):
        raise _Kinked
    return slopes


# ---- multipliers -----------------------------------------------------------------------------------------------------------------


def _multipliers(columns: _Columns, total: Sequence[Node]) -> list[Node] | None:
    """Multipliers with the signs that they need, proved to solve the equations exactly; None where none are found."""
    count = len(columns.functions)
    groups = range(len(columns.factors))
    entries = [[*g, *(number(int(group == k)) for k in groups)] for g, group in zip(columns.gradients, columns.groups, strict=True)]
    near = [[as_float(e) for e in column] for column in entries]
    rank = len(pivots(near))
    for chosen in islice(combinations(range(count), rank), _MAX_CHOICES):
        if len(pivots([near[j] for j in chosen])) < rank:
            continue
        solved = _solved([entries[j] for j in chosen], total)
        if solved is None:
            continue
        multipliers: list[Node] = [number(0)] * count
        for j, value in zip(chosen, solved, strict=True):
            multipliers[j] = value
        if _have_signs(columns, multipliers):
            return multipliers
    return None


def _have_signs(columns: _Columns, multipliers: Sequence[Node]) -> bool:
    signed = all(_is_nonnegative_number(m) for m, signed in zip(multipliers, columns.signed, strict=True) if signed)
    return signed and all(_is_nonnegative_number(_room(ball, multipliers)) for ball in columns.balls)


def _room(ball: tuple[list[int], Node], multipliers: Sequence[Node]) -> Node:
    places, factor = ball
    return subtract(power(factor, 2), add(*(power(multipliers[j], 2) for j in places)))


def _is_nonnegative_number(node: Node) -> bool:
    sign = sign_of(node)
    return sign == 1 or (sign is None and vanishes(node))


def _solved(columns: Sequence[Sequence[Node]], total: Sequence[Node]) -> list[Node] | None:
    """The factors with which independent columns add up to the total, exactly; None where that is not proved."""
    rows = [[*(column[i] for column in columns), t] for i, t in enumerate(total)]
    for place in range(len(columns)):
        best = max(range(place, len(rows)), key=lambda i: abs(as_float(rows[i][place])))
        if sign_of(rows[best][place]) is None:
            return None
        rows[place], rows[best] = rows[best], rows[place]
        for i, row in enumerate(rows):
            if i != place and row[place] is not number(0):
                factor = divide(row[place], rows[place][place])
                rest = [_difference(a, factor, b) for a, b in zip(row[place + 1 :], rows[place][place + 1 :], strict=True)]
                rows[i] = [*row[:place], number(0), *rest]
    if not all(vanishes(row[-1]) for row in rows[len(columns) :]):
        return None
    return [simplified(divide(rows[i][-1], rows[i][i])) for i in range(len(columns))]


def _difference(a: Node, factor: Node, b: Node) -> Node:
    return simplified(subtract(a, multiply(factor, b)))


def _level_functions(columns: _Columns, multipliers: Sequence[Node]) -> list[Node]:
    """Functions that have the same value at all minimisers: those with a multiplier that is not 0; of a greatest of
    functions their differences, of a vector its entries where the multipliers leave room."""
    loose = {j for places, factor in columns.balls if sign_of(_room((places, factor), multipliers)) != 1 for j in places}
    level: list[Node] = []
    first: dict[int, Node] = {}
    for j, (function, group) in enumerate(zip(columns.functions, columns.groups, strict=True)):
        if j in loose or (columns.signed[j] and sign_of(multipliers[j]) != 1):
            continue
        if group is None:
            level.append(function)
        elif group in first:
            level.append(subtract(function, first[group]))
        else:
            first[group] = function
    return level


def _is_strict_minimum(lagrangian: Node, level: Sequence[Node], point: Point) -> bool:
    """Whether the second derivative of a convex function is proved positive along all directions in which functions are level."""
    unknowns: list[Symbol] = list(point)  # type: ignore[arg-type]
    box = {s: value_of(point[s], 2 * _PRECISION) for s in unknowns}
    n = len(unknowns)
    try:
        slopes = [g for function in level for g in gradient(function, unknowns)]
        curves = [h for row in hessian(lagrangian, unknowns) for h in row]
        values = enclose([*slopes, *curves], box, 2 * _PRECISION)
    except (GraphError, NotDifferentiable):
        return False
    if not all(v.is_bounded and v.everywhere for v in values):
        return False
    with ctx.workprec(2 * _PRECISION):
        balls = [v.lower.union(v.upper) for v in values]
        rows = [balls[k : k + n] for k in range(0, len(balls), n)]
        tangents = _tangents(rows[: len(level)], n)
        if tangents is None:
            return False
        inner = (tangents.transpose() * arb_mat(rows[len(level) :]) * tangents).tolist() if tangents.ncols() else []
        return all(arb_mat([row[:k] for row in inner[:k]]).det() > 0 for k in range(1, len(inner) + 1))


def _tangents(slopes: Sequence[Sequence[Any]], n: int) -> Any | None:
    """A matrix whose columns span the directions that independent ones of the slopes leave, in balls."""
    found = pivots([[float(e) for e in row] for row in slopes])
    places = [place for _, place in found]
    others = [i for i in range(n) if i not in places]
    tangents = arb_mat(n, len(others), [int(i == k) for i in range(n) for k in others])
    if not found or not others:
        return tangents
    try:
        solved = arb_mat([[slopes[i][p] for p in places] for i, _ in found]).solve(
            arb_mat([[slopes[i][k] for k in others] for i, _ in found])
        )
    except ZeroDivisionError:
        return None
    for a, i in enumerate(places):
        for k in range(len(others)):
            tangents[i, k] = -solved[a, k]
    return tangents


def pivots(rows: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return rows that are independent as far as floating point tells, each with a place where it is not 0 after the others."""
    left = {i: [e / size for e in row] for i, row in enumerate(rows) if (size := max(map(abs, row), default=0.0))}
    found = []
    while left:
        i, place = max(((i, k) for i, row in left.items() for k in range(len(row))), key=lambda at: abs(left[at[0]][at[1]]))
        row = left.pop(i)
        if abs(row[place]) < _TINY:
            break
        found.append((i, place))
        left = {k: [a - other[place] / row[place] * b for a, b in zip(other, row, strict=True)] for k, other in left.items()}
    return found
