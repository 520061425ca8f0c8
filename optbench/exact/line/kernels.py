"""Candidates for the zeros of sums that are polynomials in one function of the unknown, without SymPy.

The sum is factored (`atoms`). A factor in which the unknown stands in one kernel only, exp(u), log(u), atan(u), a root, is a
polynomial in it: its roots y give kernel = y, which is undone, and u = ... is solved in the same way; so is an equation in
which the unknown stands inside of one kernel only, as in exp(exp(x))*exp(x) = 5. Sines and cosines are left to
`trigonometric`, roots of sums are eliminated by resultants. A*exp(k*x) + B with A, B powers of one linear factor or numbers
has its zeros by Lambert's W; log(a*x + b) is put to y, x^d under an exponential to t.

Each step keeps all zeros, or is counted as a doubt: factors, resultants that are not 0, all real roots of polynomials,
inverse functions, both real branches of W, all angles in a bounded place. So without a doubt every zero is among the
candidates. Some of them may be no zeros (squaring adds some); `equation` verifies them.

Source of the Lambert form: R. M. Corless, G. H. Gonnet, D. E. G. Hare, D. J. Jeffrey, D. E. Knuth, On the Lambert W
function, Advances in Computational Mathematics 5 (1996), section 2.

>>> from optbench.exact.numbers.identities import normal
>>> from optbench.language.elaborate import parse
>>> from optbench.problem.interval import INFINITY, MINUS_INFINITY
>>> line = Place(symbol("x"), MINUS_INFINITY, INFINITY)
>>> solutions(normal(parse("exp(2*x) - exp(x) - 6").node).top, line)
Candidates(formulas=[log(3)], complete=True)
>>> solutions(normal(parse("(2 - x)*exp(x) - 1").node).top, line).formulas
[2 + lambertw(-exp(-2)), 2 + lambertw(-exp(-2), -1)]
>>> solutions(normal(parse("exp(exp(x))*exp(x) - 5").node).top, line).formulas
[log(lambertw(5))]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import lcm

from optbench.exact.answer import NotApplicable
from optbench.exact.line import trigonometric
from optbench.exact.line.pieces import Place
from optbench.exact.line.polynomial import Candidates, roots_of
from optbench.exact.numbers.atoms import by_powers, factors, resultant, without_negative_powers
from optbench.exact.numbers.identities import normal, simplified
from optbench.exact.numbers.sums import RADICANDS, Sum, TooLarge, is_call, name_of, sign_of, sum_node, sum_plus
from optbench.language.build import add, call, divide, multiply, negate, number, power, substitute, subtract, symbol
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY

MAX_DEPTH = 5
MAX_CANDIDATES = 400
_INVERSE = {"exp": "log", "log": "exp", "atan": "tan", "asin": "sin", "acos": "cos"}


def solutions(terms: Sum, place: Place) -> Candidates:
    """Return candidates for the zeros of a sum on a place."""
    search = _Search()
    found: dict[Node, None] = {}
    try:
        for candidate in search.solved(terms, place, 0):
            found[candidate] = None
            if len(found) > MAX_CANDIDATES:
                search.doubt()
                break
    except (TooLarge, GraphError, NotApplicable, OverflowError, ZeroDivisionError):
        search.doubt()
    return Candidates(list(found), search.complete)


class _Search:
    def __init__(self) -> None:
        self.complete = True

    def doubt(self) -> None:
        """Say that a zero may be missing."""
        self.complete = False

    def solved(self, terms: Sum, place: Place, depth: int) -> Iterator[Node]:
        """Yield candidates for the zeros of a sum."""
        if depth > MAX_DEPTH or not terms:
            self.doubt()
            return
        unknown = place.variable
        for factor in factors(trigonometric.of_one_angle(without_negative_powers(terms), unknown), unknown):
            yield from self._of_factor(factor, place, depth)

    def _of_factor(self, factor: Sum, place: Place, depth: int) -> Iterator[Node]:
        x = place.variable
        atoms = {atom for monomial in factor for atom, _ in monomial if x in symbols(atom)}
        radicands = sorted((atom for atom in atoms if atom in RADICANDS), key=name_of)
        if radicands:
            yield from self.solved(_without_root(factor, radicands[0]), place, depth + 1)
        elif all(isinstance(a, Call) and a.function in ("sin", "cos") for a in atoms):
            for angle, value in trigonometric.angles(factor, x, place, self.doubt):
                yield from self._equal(angle, value, place, depth)
        elif len(atoms) == 1:
            [kernel] = atoms
            for value in roots_in(factor, kernel, self.doubt):
                yield from self._undone(kernel, value, place, depth)
        elif (inner := only_inside(atoms, x)) is not None:
            yield from self._in_terms_of(inner, factor, place, depth)
        else:
            yield from self._of_two_atoms(factor, atoms, place, depth)

    def _in_terms_of(self, inner: Node, factor: Sum, place: Place, depth: int) -> Iterator[Node]:
        """A function of y = exp(x), or of another kernel, in which alone the unknown stands: solved for y."""
        y = symbol(f"inner{depth}'")
        terms = in_terms_of(inner, factor, y)
        lower = number(0) if is_call(inner, "exp") else MINUS_INFINITY
        for value in self.solved(terms, Place(y, lower, INFINITY), depth + 1):
            yield from self._undone(inner, value, place, depth)

    def _of_two_atoms(self, factor: Sum, atoms: set[Node], place: Place, depth: int) -> Iterator[Node]:
        others = atoms - {place.variable}
        [kernel] = others if len(others) == 1 else [place.variable]
        if is_call(kernel, "exp"):
            yield from self._with_exponential(factor, kernel, place, depth)
        elif is_call(kernel, "log"):
            yield from self._with_logarithm(factor, kernel, place, depth)
        else:
            self.doubt()

    def _equal(self, kernel: Node, value: Node, place: Place, depth: int) -> Iterator[Node]:
        """Yield candidates for the zeros of kernel - value."""
        if kernel is place.variable:
            yield simplified(value)
        else:
            yield from self.solved(normal(subtract(kernel, value)).top, place, depth + 1)

    def _undone(self, kernel: Node, value: Node, place: Place, depth: int) -> Iterator[Node]:
        if kernel is place.variable:
            yield simplified(value)
            return
        inverse = self._inverse(kernel, value)
        if inverse is not None:
            assert isinstance(kernel, Call)
            yield from self._equal(kernel.args[0], simplified(inverse), place, depth)

    def _inverse(self, kernel: Node, value: Node) -> Node | None:
        """The argument at which the kernel may have a value."""
        function = kernel.function if isinstance(kernel, Call) else ""
        if function == "lambertw":
            return multiply(value, call("exp", value))
        if function == "cbrt":
            return power(value, 3)
        if function not in _INVERSE:
            self.doubt()
            return None
        if function == "exp" and (sign := sign_of(value)) != 1:
            if sign is None and value is not number(0):
                self.doubt()
            return None
        return call(_INVERSE[function], value)

    # ---- Lambert's W, and what leads to it -----------------------------------------------------------------------------------

    def _with_exponential(self, factor: Sum, kernel: Node, place: Place, depth: int) -> Iterator[Node]:
        assert isinstance(kernel, Call)
        x = place.variable
        rate = simplified(divide(kernel.args[0], x))
        if x in symbols(rate):
            yield from self._with_power_inside(factor, kernel.args[0], place, depth)
            return
        groups = sorted(((e, terms) for (e,), terms in by_powers(factor, [kernel]).items()), key=lambda group: group[0])
        powers = [_linear_power(terms, x) for _, terms in groups]
        if len(groups) != 2 or powers[0] is None or powers[1] is None:
            self.doubt()
            return
        yield from self._by_lambert(multiply(groups[1][0] - groups[0][0], rate), powers[0], powers[1])

    def _by_lambert(self, k: Node, below: _LinearPower, above: _LinearPower) -> Iterator[Node]:
        """c1*(x - r)^d1 + c2*(x - r)^d2*exp(k*x) = 0: with T = x - r and d = d2 - d1 it is T*exp(k/d*T) = z, where
        z^d = -c1/c2*exp(-k*r), so T = d/k*W(k*z/d)."""
        (c1, r1, d1), (c2, r2, d2) = below, above
        ratio = simplified(negate(divide(c1, c2)))
        side = sign_of(ratio)
        if (r1 is not None and r2 is not None and r1 is not r2) or d1 == d2 or side is None or sign_of(k) is None:
            self.doubt()
            return
        r, d = r1 or r2, d2 - d1
        assert r is not None
        z = multiply(power(multiply(side, ratio), number(1 / d)), call("exp", multiply(number(-1 / d), k, r)))
        for sign in _signs(side, d):
            argument = simplified(multiply(sign, divide(k, number(d)), z))
            for branch in ("lambertw", "lambertw_lower"):
                yield add(r, _product(simplified(divide(number(d), k)), call(branch, argument)))

    def _with_power_inside(self, factor: Sum, inside: Node, place: Place, depth: int) -> Iterator[Node]:
        """exp(c*x^d) and powers of x: with t = x^d, and for a negative x with t = (-x)^d."""
        x = place.variable
        powers = [e for (e,) in by_powers(normal(inside).top, [x])]
        if len(powers) != 1 or powers[0] in (0, 1) or any(x in symbols(a) and a is not x for m in normal(inside).top for a, _ in m):
            self.doubt()
            return
        t, inverse = symbol(f"power{depth}'"), 1 / powers[0]
        if place.box.lower < 0 < place.box.upper:
            yield number(0)
        for sign in (1, -1):
            if (place.box.upper if sign > 0 else -place.box.lower) <= 0:
                continue
            inner = normal(substitute(sum_node(factor), {x: multiply(sign, _raised(t, inverse))}))
            for value in self.solved(inner.top, Place(t, number(0), INFINITY), depth + 1):
                if sign_of(value) == 1:
                    yield simplified(multiply(sign, _raised(value, inverse)))
                elif sign_of(value) is None:
                    self.doubt()

    def _with_logarithm(self, factor: Sum, kernel: Node, place: Place, depth: int) -> Iterator[Node]:
        """log(a*x + b) = y, x = (exp(y) - b)/a."""
        assert isinstance(kernel, Call)
        x = place.variable
        powers = by_powers(normal(kernel.args[0]).top, [x])
        a, b = (sum_node(powers.get((Fraction(k),), {})) for k in (1, 0))
        if not powers.keys() <= {(Fraction(0),), (Fraction(1),)} or x in symbols(a, b) or sign_of(a) is None:
            self.doubt()
            return
        y = symbol(f"log{depth}'")
        back = divide(subtract(call("exp", y), b), a)
        inner = normal(substitute(substitute(sum_node(factor), {kernel: y}), {x: back}))
        for value in self.solved(inner.top, Place(y, MINUS_INFINITY, INFINITY), depth + 1):
            yield simplified(substitute(back, {y: value}))


def in_terms_of(inner: Node, terms: Sum, y: Symbol) -> Sum:
    """Return a sum with a symbol in the place of a kernel, also inside of other kernels."""
    return {frozenset((substitute(a, {inner: y}), e) for a, e in monomial): c for monomial, c in terms.items()}


def only_inside(atoms: set[Node], x: Symbol) -> Node | None:
    """Return a kernel outside of which the unknown does not stand, or None."""
    for inner in sorted((a for a in atoms if isinstance(a, Call) and a.function in _INVERSE), key=name_of):
        y = symbol("inner'")
        if all(x not in symbols(substitute(a, {inner: y})) for a in atoms):
            return inner
    return None


def _without_root(factor: Sum, radicand: Node) -> Sum:
    """A sum without w^(p/q), which is 0 where the factor is: the resultant with y^q - w."""
    q = lcm(*(e.denominator for monomial in factor for atom, e in monomial if atom is radicand))
    y = symbol("root'")
    written = {frozenset((y if a is radicand else a, e * q if a is radicand else e) for a, e in m): c for m, c in factor.items()}
    relation = sum_plus({frozenset({(y, Fraction(q))}): Fraction(1)}, {m: -c for m, c in RADICANDS[radicand].items()})
    return normal(sum_node(resultant(written, relation, y))).top


# ---- polynomials in one kernel ------------------------------------------------------------------------------------------------


def roots_in(factor: Sum, kernel: Node, doubt: Callable[[], None]) -> list[Node]:
    """Return all real values of a kernel at which a polynomial in its powers may be 0, or say that there is a doubt:
    where the coefficients are not rational only square roots, or one root, are taken."""
    powers = by_powers(factor, [kernel])
    q = lcm(*(e.denominator for (e,) in powers))
    top = int(max(e for (e,) in powers) * q)
    if min(e for (e,) in powers) < 0 or top > 60:
        doubt()
        return []
    coefficients = [sum_node(powers.get((Fraction(k, q),), {})) for k in range(top + 1)]
    found = _roots(coefficients, doubt)
    return found if q == 1 else [simplified(power(y, q)) for y in found]


def _roots(coefficients: Sequence[Node], doubt: Callable[[], None]) -> list[Node]:
    rational = [c.value for c in coefficients if isinstance(c, Number)]
    if len(rational) == len(coefficients):
        return roots_of(rational)
    degree = len(coefficients) - 1
    if sign_of(coefficients[-1]) is not None:
        if degree == 1:
            return [simplified(negate(divide(coefficients[0], coefficients[1])))]
        if degree == 2:
            return _quadratic(coefficients, doubt)
        if all(c is number(0) for c in coefficients[1:-1]):
            return _binomial(simplified(negate(divide(coefficients[0], coefficients[-1]))), degree, doubt)
    doubt()
    return []


def _quadratic(coefficients: Sequence[Node], doubt: Callable[[], None]) -> list[Node]:
    c, b, a = coefficients
    discriminant = simplified(subtract(power(b, 2), multiply(4, a, c)))
    sign = sign_of(discriminant)
    if sign is None:
        doubt()
    if sign != 1:
        return []
    root = call("sqrt", discriminant)
    return [simplified(divide(add(negate(b), signed), multiply(2, a))) for signed in (negate(root), root)]


def _binomial(value: Node, degree: int, doubt: Callable[[], None]) -> list[Node]:
    sign = sign_of(value)
    if sign is None:
        doubt()
    if sign is None or (sign < 0 and degree % 2 == 0):
        return []
    root = simplified(_raised(multiply(sign, value), Fraction(1, degree)))
    return [negate(root), root] if degree % 2 == 0 else [multiply(sign, root)]


# ---- Lambert's form ----------------------------------------------------------------------------------------------------------


_LinearPower = tuple[Node, Node | None, Fraction]  # c, r, d for c*(x - r)^d; r is None for d = 0


def _linear_power(terms: Sum, x: Symbol) -> _LinearPower | None:
    powers = {e: sum_node(c) for (e,), c in by_powers(terms, [x]).items()}
    degree = max(powers)
    if len(powers) == 1:
        return powers[degree], number(0) if degree else None, degree
    if degree.denominator > 1 or degree < 1:
        return None
    zero = number(0)
    leading = powers[degree]
    r = simplified(negate(divide(powers.get(degree - 1, zero), multiply(degree, leading))))
    if degree == 1:
        return leading, r, degree
    expected = by_powers(normal(multiply(leading, power(subtract(x, r), number(degree)))).top, [x])
    same = {e: sum_node(c) for (e,), c in expected.items()} == powers
    return (leading, r, degree) if same else None


def _signs(side: int, d: Fraction) -> tuple[int, ...]:
    """The signs that z may have, of which z^d has the sign `side`."""
    if d.numerator % 2:
        return (side,) if d.denominator % 2 else (1,)
    return (1, -1) if side > 0 else ()


def _product(factor: Node, w: Node) -> Node:
    """2*W/3 rather than 2/3*W."""
    if isinstance(factor, Number):
        return divide(multiply(factor.value.numerator, w), factor.value.denominator)
    if is_call(factor, "divide"):
        assert isinstance(factor, Call)
        return divide(multiply(factor.args[0], w), factor.args[1])
    return multiply(factor, w)


def _raised(value: Node, exponent: Fraction) -> Node:
    """sqrt(y) rather than y^(1/2)."""
    return call("sqrt", value) if exponent == Fraction(1, 2) else power(value, number(exponent))
