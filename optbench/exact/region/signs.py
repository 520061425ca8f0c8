"""Which signs an expression of several unknowns can have on a region: ranges, and facts from constraints.

`Region.signs` gives a set of signs (-1, 0, 1) outside of which the expression has no value on the region. It follows from
the signs of the parts (a sum of positive terms is positive, a product has the product of the signs, exp is positive), from
an enclosure over the box of the ranges, for polynomials from two more rules: moved to the finite ends of the ranges all
monomials may be nonnegative, and a quadratic form may be positive semidefinite; and from the constraints, as numbers: an
expression that is a constraint's residual up to a factor and a number is on the same side as that number. Every rule only
takes signs away that can't occur, so each answer is a proof.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import number, symbol
>>> x, y = symbol("x"), symbol("y")
>>> region = Region({x: Interval(number(0)), y: Interval()})
>>> sorted(region.signs(parse("x*y^2 + exp(y)").node)), sorted(region.signs(parse("x^2 - x*y + y^2").node))
([1], [0, 1])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from optbench.arithmetic.balls import Enclosure, enclose
from optbench.exact.answer import NotApplicable
from optbench.exact.line.pieces import hull
from optbench.exact.numbers.identities import is_zero, normal
from optbench.exact.numbers.sums import Quotient, TooLarge, quotient_node, sign_of
from optbench.language.build import add, multiply, number, power, subtract
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, functions, size, symbols, topological
from optbench.problem.interval import Interval, order

Signs: TypeAlias = frozenset[int]
Powers: TypeAlias = frozenset[tuple[Symbol, int]]
Polynomial: TypeAlias = dict[Powers, Fraction]

ANY: Signs = frozenset((-1, 0, 1))
POSITIVE: Signs = frozenset((1,))
NOT_NEGATIVE: Signs = frozenset((0, 1))
NEGATIVE: Signs = frozenset((-1,))
NOT_POSITIVE: Signs = frozenset((-1, 0))
NOT_ZERO: Signs = frozenset((-1, 1))
ZERO: Signs = frozenset((0,))

MAX_NODES = 400
MAX_MONOMIALS = 60
MAX_SQUARED = 2
_ALWAYS_POSITIVE = ("exp", "cosh", "sigmoid", "softplus", "erfc")
_JUMPS = {"if", "sign", "floor", "ceil", "mod", "atan2"}
_OF_ARGUMENT = ("cbrt", "sinh", "tanh", "asinh", "atan", "asin", "atanh", "erf", "expm1", "log1p", "sign", "lambertw")
_HOLDS = {
    "less": NEGATIVE,
    "less_equal": NOT_POSITIVE,
    "greater": POSITIVE,
    "greater_equal": NOT_NEGATIVE,
    "equal": ZERO,
    "not_equal": NOT_ZERO,
}


class Region:
    """The points of a box at which facts (an expression has one of some signs) hold; nothing is known where it is empty."""

    def __init__(self, intervals: Mapping[Symbol, Interval], facts: Iterable[tuple[Node, Signs]] = ()) -> None:
        self.intervals = dict(intervals)
        self.box: dict[Symbol, Enclosure] = {s: hull(i.lower, i.upper) for s, i in self.intervals.items()}
        facts = list(facts)
        self.given = facts
        self.facts = [(terms, signs) for node, signs in facts if (terms := polynomial_of(node))]
        self.squared = 0  # how many roots are being squared, one inside of the other
        self.known: dict[Node, Signs] = {s: _of_interval(i) for s, i in self.intervals.items()}
        without_facts = Region(self.intervals) if facts else self
        for node, signs in facts:
            known = without_facts.signs(node) if polynomial_of(node) is None else ANY
            self.known[node] = (self.known.get(node, known) & signs) or ANY

    def signs(self, node: Node) -> Signs:
        """Return the signs that the expression may have on the region."""
        if size(node) > MAX_NODES:
            return ANY
        below = topological(node, enter=lambda n: () if n in self.known else n.args)
        parts = [n for n in below if n not in self.known and not n.boolean]
        for part, value in zip(parts, self._enclosures(parts), strict=True):
            self.known[part] = self._of_node(part, value)
        found = self.known[node]
        return found if len(found) == 1 else found & self._of_polynomial(node)

    def is_positive(self, node: Node) -> bool:
        """Whether it is proved that all its values are above 0."""
        return self.signs(node) <= POSITIVE

    def is_not_negative(self, node: Node) -> bool:
        """Whether it is proved that no value is below 0."""
        return self.signs(node) <= NOT_NEGATIVE

    def has_no_zero(self, node: Node) -> bool:
        """Whether it is proved that it is nowhere 0."""
        return 0 not in self.signs(node)

    def truth(self, condition: Node) -> bool | None:
        """Return True where a condition is proved to hold at all points at which it is defined, False where at none."""
        if not isinstance(condition, Call):
            return None
        parts = [self.truth(a) for a in condition.args] if condition.function in ("and", "or", "not") else []
        match condition.function:
            case "not":
                return None if parts[0] is None else not parts[0]
            case "and":
                return False if False in parts else True if all(parts) else None
            case "or":
                return True if True in parts else None if None in parts else False
        if condition.function not in _HOLDS or condition.args[0].shape or condition.args[1].shape:
            return None
        found, holds = self.signs(tidy(subtract(*condition.args))), _HOLDS[condition.function]
        return True if found <= holds else False if not found & holds else None

    # ---- one node -----------------------------------------------------------------------------------------------------

    def _enclosures(self, nodes: Sequence[Node]) -> Sequence[Enclosure | None]:
        try:
            return enclose(nodes, self.box, 64)
        except GraphError:
            return [None] * len(nodes)

    def _of_node(self, node: Node, value: Enclosure | None) -> Signs:
        if isinstance(node, Number):
            return frozenset(((node.value > 0) - (node.value < 0),))
        if not isinstance(node, Call) or node.shape:
            return ANY
        found = self._by_parts(node)
        found = found if len(found) == 1 else (found & _of_enclosure(value)) or ANY
        return found & self._of_root_and_rest(node) or ANY if found >= NOT_ZERO and node.function == "add" else found

    def _of_root_and_rest(self, node: Call) -> Signs:
        """c*sqrt(a) + b has the sign of c where c^2*a > b^2, since then |c|*sqrt(a) > |b|; where they are equal, it may be 0."""
        for term in node.args:
            root = root_in(term)
            if root is not None:
                sign, square = root
                rest = subtract(node, term)
                found = self._of_difference(subtract(square, power(rest, 2))) if not root_in(rest) else ANY
                if found <= NOT_NEGATIVE:
                    return frozenset((0, sign)) if 0 in found else frozenset((sign,))
        return ANY

    def _of_difference(self, node: Node) -> Signs:
        """The signs of an expression in which a root was squared; other roots in it may be squared again, but not for ever."""
        if self.squared >= MAX_SQUARED:
            return ANY
        self.squared += 1
        try:
            return self.signs(tidy(node))
        finally:
            self.squared -= 1

    def _by_parts(self, node: Call) -> Signs:
        args = [self.known.get(a, ANY) for a in node.args]
        match node.function:
            case "add":
                return _of_sum(args)
            case "negate":
                return frozenset(-s for s in args[0])
            case "multiply":
                return _of_product(node.args, args)
            case "divide":
                return _products(args[0], args[1] - ZERO)
            case "power":
                return _of_power(node, args)
            case "sqrt" | "hypot":
                inside = args[0] if node.function == "sqrt" else args[0] | args[1]
                return _of_root(node, args) if inside else ANY
            case "abs":
                return frozenset(abs(s) for s in args[0])
            case "relu":
                return frozenset(max(s, 0) for s in args[0])
            case "log":
                return self.signs(tidy(subtract(node.args[0], 1)))
            case "minimum":
                return frozenset(s for s in ANY if any(s in a for a in args) and all(max(a) >= s for a in args))
            case "maximum":
                return frozenset(s for s in ANY if any(s in a for a in args) and all(min(a) <= s for a in args))
            case "if":
                return args[1] | args[2]
        if node.function in _ALWAYS_POSITIVE:
            return POSITIVE
        return args[0] if node.function in _OF_ARGUMENT else _of_range(node.function)

    # ---- polynomials --------------------------------------------------------------------------------------------------

    def _of_polynomial(self, node: Node) -> Signs:
        terms = polynomial_of(node)
        if terms is None or not terms:
            return ANY if terms is None else ZERO
        found = self._by_facts(terms)
        for sign in (1, -1):
            signed = {m: sign * c for m, c in terms.items()}
            if found >= NOT_ZERO and (lowest := self._least(signed)) is not None:
                found &= frozenset(sign * s for s in (lowest, 1))
        return found

    def _least(self, terms: Polynomial) -> int | None:
        """0 where a polynomial has no negative values, 1 where it has only positive ones, None where neither is proved."""
        moved = self._moved(terms)
        if moved is None:
            return None
        free = {s for s, i in self.intervals.items() if _rational_end(i) is None}
        if all(c > 0 and all(e % 2 == 0 or s not in free for s, e in m) for m, c in moved.items()):
            return 1 if moved.get(frozenset(), 0) > 0 or any(self._is_off_its_ends(m) for m in moved) else 0
        return _of_quadratic_form(terms)

    def _is_off_its_ends(self, powers: Powers) -> bool:
        """Whether a monomial in the distances from the ends is surely not 0: all those ends are open."""
        return all(_is_open_there(self.intervals[s]) for s, _ in powers)

    def _moved(self, terms: Polynomial) -> Polynomial | None:
        """The polynomial in the distances from a finite rational end of each range, where there is one."""
        for s in {s for m in terms for s, _ in m}:
            if s not in self.intervals:
                return None
            end = _rational_end(self.intervals[s])
            if end is not None and end != (Fraction(0), 1):
                terms = shifted(terms, s, *end)
                if len(terms) > MAX_MONOMIALS:
                    return None
        return terms

    def _by_facts(self, terms: Polynomial) -> Signs:
        """The signs that are left by constraints: with r <= 0, c - k*r >= c for k > 0."""
        found = ANY
        for residual, signs in self.facts:
            if not residual:
                continue
            factor = factor_of(terms, residual)
            if factor is None:
                continue
            rest = terms.get(frozenset(), Fraction(0)) - factor * residual.get(frozenset(), Fraction(0))
            sign = 1 if factor > 0 else -1
            found &= _of_sum([frozenset(sign * s for s in signs), frozenset(((rest > 0) - (rest < 0),))])
        return found


def _of_enclosure(value: Enclosure | None) -> Signs:
    if value is None or value.empty:
        return ANY
    return frozenset(s for s, possible in ((-1, not value.lower >= 0), (0, value.contains_zero), (1, not value.upper <= 0)) if possible)


def _of_interval(interval: Interval) -> Signs:
    zero = number(0)
    low, high = order(interval.lower, zero), order(interval.upper, zero)
    found = set(ANY)
    if low == 1 or (low == 0):
        found -= {-1}
        if low == 1 or not interval.lower_closed:
            found -= {0}
    if high == -1 or (high == 0):
        found -= {1}
        if high == -1 or not interval.upper_closed:
            found -= {0}
    return frozenset(found) or ANY


def _rational_end(interval: Interval) -> tuple[Fraction, int] | None:
    """A finite end and the direction into the range."""
    if isinstance(interval.lower, Number):
        return interval.lower.value, 1
    return (interval.upper.value, -1) if isinstance(interval.upper, Number) else None


def _is_open_there(interval: Interval) -> bool:
    if isinstance(interval.lower, Number):
        return not interval.lower_closed
    return isinstance(interval.upper, Number) and not interval.upper_closed


def _of_sum(terms: list[Signs]) -> Signs:
    low, high = (any(-1 in t for t in terms), any(1 in t for t in terms))
    if not low or not high:
        if not low and not high:
            return ZERO
        zero = all(0 in t for t in terms)
        return frozenset((1,) if high else (-1,)) | (ZERO if zero else frozenset())
    return ANY


def _products(a: Signs, b: Signs) -> Signs:
    return frozenset(x * y for x in a for y in b) or ANY


def _of_product(factors: tuple[Node, ...], args: list[Signs]) -> Signs:
    total = POSITIVE
    for factor in dict.fromkeys(factors):
        found, count = args[factors.index(factor)], factors.count(factor)
        total = _products(total, found if count % 2 else frozenset(s * s for s in found))
    return total


def _of_power(node: Call, args: list[Signs]) -> Signs:
    base, exponent = args[0], node.args[1]
    if not isinstance(exponent, Number):
        return POSITIVE if base <= POSITIVE else NOT_NEGATIVE if not exponent.integer else ANY
    if exponent.value == 0:
        return POSITIVE
    if exponent.value < 0:
        base = base - ZERO
    if exponent.integer:
        return (base if exponent.value % 2 else frozenset(s * s for s in base)) or ANY
    return (base - NEGATIVE) or ANY


def _of_root(node: Call, args: list[Signs]) -> Signs:
    """sqrt(x) and hypot(x, y)."""
    if node.function == "sqrt":
        return (args[0] - NEGATIVE) or ANY
    return NOT_NEGATIVE if 0 in args[0] and 0 in args[1] else POSITIVE


def root_in(term: Node) -> tuple[int, Node] | None:
    """Return the sign of c and c^2*a for a term c*sqrt(a) or c*hypot(u, v) with a rational number c, None for others."""
    factor = Fraction(1)
    while isinstance(term, Call) and term.function in ("negate", "multiply"):
        if term.function == "negate":
            factor, term = -factor, term.args[0]
        elif len(term.args) == 2 and isinstance(term.args[0], Number):
            factor, term = factor * term.args[0].value, term.args[1]
        else:
            return None
    if not isinstance(term, Call) or term.function not in ("sqrt", "hypot") or not symbols(term) or not factor:
        return None
    square = term.args[0] if term.function == "sqrt" else add(*(power(a, 2) for a in term.args))
    return (1 if factor > 0 else -1), multiply(factor * factor, square)


def _of_range(function: str) -> Signs:
    """The signs that the table's bounds of all values leave."""
    low, high = TABLE[function].range
    below = low == "0" or (not low.startswith("-"))
    above = high.startswith("-") or high == "0"
    return NOT_NEGATIVE if below else NOT_POSITIVE if above else ANY


# ---- polynomials -------------------------------------------------------------------------------------------------------


def polynomial_of(node: Node) -> Polynomial | None:
    """Return a polynomial with rational coefficients by its monomials, None for everything else."""
    form = normal_form(node)
    if form is None or any(form.bottom) or len(form.top) > MAX_MONOMIALS:
        return None
    scale = form.bottom[frozenset()]
    terms: Polynomial = {}
    for monomial, c in form.top.items():
        if any(not isinstance(a, Symbol) or e.denominator > 1 or e < 0 for a, e in monomial):
            return None
        terms[frozenset((a, int(e)) for a, e in monomial if isinstance(a, Symbol))] = c / scale
    return terms


def shifted(terms: Polynomial, unknown: Symbol, end: Fraction, direction: int) -> Polynomial:
    """Return the polynomial with end + direction*u for an unknown; u has its name."""
    total: Polynomial = {}
    for powers, c in terms.items():
        degree = dict(powers).get(unknown, 0)
        rest = powers - {(unknown, degree)}
        for k in range(degree + 1):
            part = c * comb(degree, k) * end ** (degree - k) * direction**k
            key = rest | {(unknown, k)} if k else rest
            value = total.pop(key, Fraction(0)) + part
            if value:
                total[key] = value
    return total


def factor_of(terms: Polynomial, other: Polynomial) -> Fraction | None:
    """Return the factor k != 0 for which terms - k*other is a number, None where there is none."""
    mine, others = ({m: c for m, c in p.items() if m} for p in (terms, other))
    if not mine or mine.keys() != others.keys():
        return None
    ratios = {mine[m] / others[m] for m in mine}
    return ratios.pop() if len(ratios) == 1 else None


def _of_quadratic_form(terms: Polynomial) -> int | None:
    """0 where a quadratic polynomial has no negative values, 1 where it has only positive ones: the matrix of its form in
    (x, 1) is positive semidefinite, definite."""
    if any(sum(e for _, e in m) > 2 for m in terms):
        return None
    unknowns = sorted({s for m in terms for s, _ in m}, key=lambda s: s.name)
    places: dict[Symbol | None, int] = {s: i for i, s in enumerate([*unknowns, None])}
    matrix = fmpq_mat(len(places), len(places))
    for powers, c in terms.items():
        at = [places[s] for s, e in powers for _ in range(e)]
        i, j = (*at, *[places[None]] * 2)[:2]
        half = fmpq(c.numerator, c.denominator) / 2
        matrix[i, j] += half
        matrix[j, i] += half
    found = semidefinite(matrix)
    return None if found is None else int(found)


def is_convex_quadratic(terms: Polynomial) -> bool:
    """Whether a polynomial of degree 2 at most is convex: the matrix of its squares and products is positive semidefinite."""
    return _of_quadratic_form({**{m: c for m, c in terms.items() if sum(e for _, e in m) != 1}, frozenset(): Fraction(0)}) is not None


def semidefinite(matrix: fmpq_mat) -> bool | None:
    """Return True where a symmetric matrix is positive definite, False where it is semidefinite, None where it is neither
    (by its coefficients: the signs of the characteristic polynomial alternate if and only if no eigenvalue is negative)."""
    coefficients = [(-1) ** (matrix.nrows() - k) * c for k, c in enumerate(matrix.charpoly().coeffs())]
    if any(c < 0 for c in coefficients):
        return None
    return bool(coefficients[0] > 0)


def normal_form(node: Node) -> Quotient | None:
    """Return the normal form, None where it is out of reach, or the expression is defined nowhere."""
    try:
        return normal(node)
    except (TooLarge, GraphError, ZeroDivisionError, NotApplicable, StopIteration):
        return None


def is_identically_zero(node: Node) -> bool:
    """Whether an expression is proved to be 0 wherever it is defined."""
    form = normal_form(node)
    return form is not None and not form.top


def tidy(node: Node) -> Node:
    """Return a form with the same value wherever the expression is defined (it may be defined at more points)."""
    other = node if isinstance(node, Number) or not symbols(node) else tidy_anyway(node)
    return other if size(other) <= size(node) else node


def tidy_anyway(node: Node) -> Node:
    """Return the normal form, also where it is longer, as for a product that is multiplied out."""
    form = normal_form(node)
    return node if form is None else quotient_node(form)


def sign_of_number(node: Node) -> int | None:
    """Return the sign of an expression without unknowns, exactly; None where it is not decided."""
    found = sign_of(node)
    return found if found is not None else 0 if is_zero(node) else None


def is_continuous(function: Node) -> bool:
    """Whether a function is continuous wherever it is defined: no jumps, and no x^y near 0^0."""
    powers = [n for n in topological(function) if isinstance(n, Call) and n.function == "power"]
    return not functions(function) & _JUMPS and not any(symbols(n.args[0]) and symbols(n.args[1]) for n in powers)
