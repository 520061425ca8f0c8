"""Expressions read as fractions of polynomials, with more unknowns for roots, absolute values, angles and reciprocals.

>>> from optbench.exact.several import conditions
>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> x = symbol("x")
>>> places = Places([x], 4)
>>> read = Reader(places, Turning(x, []), {}, closed=False)
>>> read(parse("abs(x)/(1 + sqrt(x)) + sqrt(9/4)", Scope({"x": x})).node), read.equalities
(Fractional(top=2*x1 + 3*x2 + 3, bottom=2*x2 + 2), [-x0^2 + x1^2, x2^2 - x0])
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from flint import fmpz

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.algebraic import pi_multiple
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import sign_of
from optbench.exact.polynomials.angles import CIRCULAR, Arc, LinearForm, Turning, arcs, linear_form, signs_of_arcs
from optbench.exact.polynomials.polynomial_ring import Ends, Polynomial, Ring, factored, irreducible_factors, sign_within
from optbench.language.build import negate
from optbench.language.elaborate import parse
from optbench.language.graph import Call, Node, Number, Symbol, symbols, topological

MAX_TERMS = 600
MAX_DEGREE = 40


class Fractional(NamedTuple):
    """A fraction of polynomials."""

    top: Polynomial
    bottom: Polynomial


class Inequality(NamedTuple):
    """residual <= 0, or < 0 where strict."""

    residual: Polynomial
    strict: bool = False


@dataclass
class Reading:
    """A problem in polynomials: the objective is to be minimised, equalities are 0, `nonzero` are not."""

    objective: Fractional
    unknowns: list[int] = field(default_factory=list)
    equalities: list[Polynomial] = field(default_factory=list)
    inequalities: list[Inequality] = field(default_factory=list)
    nonzero: list[Polynomial] = field(default_factory=list)
    signs: dict[int, int] = field(default_factory=dict)  # 1: at least 0, -1: at most 0
    ends: dict[int, Ends] = field(default_factory=dict)  # of ranges, as far as they are rational

    def polynomials(self) -> list[Polynomial]:
        """Return everything in it."""
        return [*self.objective, *self.equalities, *(c.residual for c in self.inequalities), *self.nonzero]

    def with_one(self, ring: Ring, place: int) -> Reading:
        """Return the reading with 1 for an unknown."""
        objective = Fractional(*(with_one(ring, p, place) for p in self.objective))
        return Reading(
            objective,
            [v for v in self.unknowns if v != place],
            [with_one(ring, p, place) for p in self.equalities],
            [Inequality(with_one(ring, c.residual, place), c.strict) for c in self.inequalities],
            [q for p in self.nonzero if not (q := with_one(ring, p, place)).is_constant()],
            {v: s for v, s in self.signs.items() if v != place},
            {},
        )


def with_one(ring: Ring, p: Polynomial, place: int) -> Polynomial:
    return p.subs({ring.names[place]: 1})


class Places:
    """Which unknown stands for what: symbols first, then roots and reciprocals in the order in which they are met."""

    def __init__(self, given: list[Symbol], more: int) -> None:
        self.ring = Ring(len(given) + more)
        self.known: dict[Hashable, int] = {s: i for i, s in enumerate(given)}

    def __call__(self, what: Hashable) -> int:
        if what not in self.known and len(self.known) == self.ring.count:
            raise NotApplicable("the problem has too many roots and divisions")
        return self.known.setdefault(what, len(self.known))


class Reader:
    def __init__(self, places: Places, found: Turning, circles: dict[Symbol, tuple[int, int]], closed: bool) -> None:
        self.places, self.ring, self.closed = places, places.ring, closed
        self.found, self.circles = found, circles
        self.done: dict[Node, Fractional] = {}
        self.used: dict[int, None] = {}
        self.equalities: list[Polynomial] = []
        self.inequalities: list[Inequality] = []
        self.nonzero: list[Polynomial] = []
        self.signs: dict[int, int] = {}
        self.ends: dict[int, Ends] = {}

    def reading(self) -> Reading:
        ends = [(self(c.residual), c) for c in self.found.conditions]
        objective = self(self.found.minimand)
        self.used.update((place, None) for what, place in self.places.known.items() if isinstance(what, Symbol))
        for s in self.circles:
            self.circle(s)
        self.signs.update(signs_of_arcs(self.found, self.circles))
        for residual, _ in ends:
            self.note_end(residual)
        for residual, c in ends:
            if c.equality:
                self.equalities.append(residual.top)
            else:
                self.inequalities.append(Inequality(self.on_one_side(residual), c.strict))
        self.inequalities += [Inequality(self.on_one_side(self.arc(a))) for a in arcs(self.found)]
        return Reading(objective, sorted(self.used), self.equalities, self.inequalities, self.nonzero, self.signs, self.ends)

    def note_end(self, residual: Fractional) -> None:
        """Note the end that an inequality c*x + d <= 0 gives to x, and its sign."""
        p = residual.top
        inside = [i for i, d in enumerate(p.degrees()) if d]
        if len(inside) != 1 or p.total_degree() != 1 or not residual.bottom.is_constant():
            return
        [v] = inside
        slope = _number(p.derivative(v))
        end = Fraction(-_number(p - slope * self.ring.unknowns[v]), slope)
        low, high = self.ends.get(v, (None, None))
        if slope > 0:
            self.ends[v] = low, end if high is None else min(high, end)
        else:
            self.ends[v] = end if low is None else max(low, end), high
        if end * slope <= 0:
            self.signs[v] = -1 if slope > 0 else 1

    def on_one_side(self, residual: Fractional) -> Polynomial:
        """A polynomial with the sign of a fraction wherever that is defined."""
        top, bottom = residual
        nonzero = [i for i in self.used if any(p == self.ring.unknowns[i] for p in self.nonzero)]
        side = sign_within(bottom, self.signs, self.ends, self.ring, nonzero)
        return side * top if side else top * bottom

    # ---- expressions -----------------------------------------------------------------------------------------------------

    def __call__(self, root: Node) -> Fractional:
        for node in topological(root, enter=_entered):
            if node not in self.done:
                self.done[node] = self.read(node)
        return self.done[root]

    def read(self, node: Node) -> Fractional:
        if isinstance(node, Number):
            return self.number(node.value)
        if isinstance(node, Symbol):
            return self.unknown(self.places(node))
        assert isinstance(node, Call)
        if node.function in CIRCULAR:
            return self.circular(node)
        args = [self.done[a] for a in node.args]
        if node.function == "power":
            return self.power(args[0], node.args[1])
        rule = _RULES.get(node.function)
        if rule is None and not symbols(node):
            return self.constant(node)
        if rule is None:
            raise NotApplicable(f"{node.function} is no function that polynomials and roots can express")
        return rule(self, *args)

    def number(self, value: Fraction) -> Fractional:
        return Fractional(self.ring.constant(value.numerator), self.ring.constant(value.denominator))

    def constant(self, node: Node) -> Fractional:
        """A number such as pi, as if it were an unknown; `scaling` removes it."""
        side = sign_of(node)
        if side is None:
            raise NotApplicable("the sign of a number is not known")
        result = self.unknown(place := self.places(("constant", node if side > 0 else simplified(negate(node)))))
        self.signs[place] = 1
        if not any(result.top == p for p in self.nonzero):
            self.nonzero.append(result.top)
        return result if side > 0 else self.negative(result)

    def unknown(self, place: int) -> Fractional:
        self.used[place] = None
        return Fractional(self.ring.unknowns[place], self.ring.constant(1))

    def quotient(self, top: Polynomial, bottom: Polynomial) -> Fractional:
        """top/bottom in lowest terms."""
        if max(len(top.monoms()), len(bottom.monoms())) > MAX_TERMS or max(top.total_degree(), bottom.total_degree()) > MAX_DEGREE:
            raise NotApplicable(f"written out, the problem has more than {MAX_TERMS} terms, or a degree above {MAX_DEGREE}")
        common = top.gcd(bottom)
        if not common.is_one():
            top, bottom = top / common, bottom / common
        return Fractional(-top, -bottom) if bottom.leading_coefficient() < 0 else Fractional(top, bottom)

    def sum(self, *terms: Fractional) -> Fractional:
        total = terms[0]
        for t in terms[1:]:
            total = self.quotient(total.top * t.bottom + t.top * total.bottom, total.bottom * t.bottom)
        return total

    def product(self, *factors: Fractional) -> Fractional:
        total = factors[0]
        for f in factors[1:]:
            total = self.quotient(total.top * f.top, total.bottom * f.bottom)
        return total

    def negative(self, q: Fractional) -> Fractional:
        return Fractional(-q.top, q.bottom)

    def ratio(self, top: Fractional, bottom: Fractional) -> Fractional:
        return self.product(top, self.inverse(bottom))

    def inverse(self, q: Fractional) -> Fractional:
        if not q.top:
            raise NotApplicable("there is a division by 0")
        for factor in irreducible_factors(q.top):
            if not any(factor == p for p in self.nonzero):
                self.nonzero.append(factor)
        if not self.closed:
            return self.quotient(q.bottom, q.top)
        content, factors = factored(q.top)
        result = self.quotient(q.bottom, self.ring.constant(int(content)))
        for factor, e in factors:
            result = self.product(result, self.whole_power(self.reciprocal(factor), int(e)))
        return result

    def reciprocal(self, p: Polynomial) -> Fractional:
        result = self.unknown(self.places(("reciprocal", tuple(p.terms()))))
        self.define(p * result.top - 1)
        return result

    def define(self, equation: Polynomial) -> None:
        if not any(equation == p for p in self.equalities):
            self.equalities.append(equation)

    def power(self, base: Fractional, exponent: Node) -> Fractional:
        if not isinstance(exponent, Number):
            raise NotApplicable("an exponent is not a number")
        e = exponent.value
        root = base if e.denominator == 1 else self.root(base, e.denominator)
        return self.whole_power(self.inverse(root) if e < 0 else root, abs(e.numerator))

    def whole_power(self, base: Fractional, n: int) -> Fractional:
        if n * max(base.top.total_degree(), base.bottom.total_degree()) > MAX_DEGREE:
            raise NotApplicable(f"written out, the problem has a degree above {MAX_DEGREE}")
        return Fractional(base.top**n, base.bottom**n) if n else self.number(Fraction(1))

    def root(self, q: Fractional, n: int, signed: bool = False) -> Fractional:
        """The unknown s with s^n = q, s >= 0 unless `signed`."""
        if q.top.is_constant() and q.bottom.is_constant():
            exact = _exact_root(Fraction(_number(q.top), _number(q.bottom)), n)
            if exact is not None:
                return self.number(exact)
        s = self.unknown(place := self.places(("root", n, signed, *_key(q))))
        self.define(s.top**n * q.bottom - q.top)
        if not signed:
            self.at_least_zero(place)
        return s

    def square_root(self, q: Fractional) -> Fractional:
        return self.root(q, 2)

    def cube_root(self, q: Fractional) -> Fractional:
        return self.root(q, 3, signed=True)

    def hypotenuse(self, x: Fractional, y: Fractional) -> Fractional:
        return self.root(self.sum(self.product(x, x), self.product(y, y)), 2)

    def absolute(self, q: Fractional) -> Fractional:
        if q.top.is_constant() and q.bottom.is_constant():
            return self.number(abs(Fraction(_number(q.top), _number(q.bottom))))
        s = self.unknown(place := self.places(("abs", *_key(q))))
        self.define((s.top * q.bottom) ** 2 - q.top**2)
        self.at_least_zero(place)
        return s

    def at_least_zero(self, place: int) -> None:
        if place not in self.signs:
            self.signs[place] = 1
            self.inequalities.append(Inequality(-self.ring.unknowns[place]))

    # ---- angles ----------------------------------------------------------------------------------------------------------

    def circular(self, node: Call) -> Fractional:
        turn = pi_multiple(node.args[0])
        if turn is None and not symbols(node):
            raise NotApplicable("a sine or cosine of a number is beyond roots")
        cosine, sine = self.point(linear_form(node.args[0])) if turn is None else self.turn(turn)
        if node.function == "tan":
            return self.ratio(sine, cosine)
        return cosine if node.function == "cos" else sine

    def turn(self, turn: Fraction) -> tuple[Fractional, Fractional]:
        """Cosine and sine of turn*pi, by halving angles that are known."""
        quarter, rest = divmod(turn * 2, 1)
        cosine, sine = (self.cosine_below_quarter(r) for r in (rest / 2, (1 - rest) / 2))
        for _ in range(int(quarter) % 4):
            cosine, sine = self.negative(sine), cosine
        return cosine, sine

    def cosine_below_quarter(self, turn: Fraction) -> Fractional:
        """cos(turn*pi) for a turn from 0 to 1/2."""
        if turn in _COSINES:
            return self(parse(_COSINES[turn]).node)
        if turn.denominator % 2 or turn.denominator > MAX_TURN:
            raise NotApplicable("a sine or cosine of a number is beyond roots")
        whole, _ = self.turn(2 * turn)
        return self.root(self.product(self.sum(self.number(Fraction(1)), whole), self.number(Fraction(1, 2))), 2)

    def point(self, form: LinearForm) -> tuple[Fractional, Fractional]:
        """Cosine and sine of a linear form, by the addition theorems."""
        cosine, sine = self.turn(form.turn)
        for s, slope in form.slopes.items():
            if s not in self.circles:
                raise NotApplicable("a sine or cosine has an argument that is no angle")
            times = int(slope * self.found.angles[s].divisor)
            c, t = self.circle(s)
            if times < 0:
                t = self.negative(t)
            for _ in range(abs(times)):
                cosine, sine = (
                    self.sum(self.product(cosine, c), self.negative(self.product(sine, t))),
                    self.sum(self.product(sine, c), self.product(cosine, t)),
                )
        return cosine, sine

    def circle(self, s: Symbol) -> tuple[Fractional, Fractional]:
        c, t = map(self.unknown, self.circles[s])
        self.define(c.top**2 + t.top**2 - 1)
        return c, t

    def arc(self, arc: Arc) -> Fractional:
        """What is at most 0 on an arc."""
        cosine, sine = self.point(arc.form)
        if arc.half is None:
            return self.negative(sine)
        if arc.half < 0:
            return self.number(Fraction(1))
        return self.sum(self.turn(arc.half)[0], self.negative(cosine))

    def sine_of(self, form: LinearForm) -> Polynomial:
        """The sine of a linear form."""
        return self.point(form)[1].top

    def maximum(self, *args: Fractional) -> Fractional:
        """max(a, b) = (a + b + abs(a - b))/2."""
        best = args[0]
        for other in args[1:]:
            gap = self.absolute(self.sum(best, self.negative(other)))
            best = self.product(self.sum(best, other, gap), self.number(Fraction(1, 2)))
        return best

    def minimum(self, *args: Fractional) -> Fractional:
        return self.negative(self.maximum(*map(self.negative, args)))


MAX_TURN = 48  # denominators of the multiples of pi whose cosine is written in roots
_COSINES = {
    Fraction(0): "1",
    Fraction(1, 2): "0",
    Fraction(1, 3): "1/2",
    Fraction(1, 4): "sqrt(2)/2",
    Fraction(1, 6): "sqrt(3)/2",
    Fraction(1, 5): "(1 + sqrt(5))/4",
    Fraction(2, 5): "(sqrt(5) - 1)/4",
}
_RULES: dict[str, Callable[..., Fractional]] = {
    "add": Reader.sum,
    "multiply": Reader.product,
    "negate": Reader.negative,
    "divide": Reader.ratio,
    "sqrt": Reader.square_root,
    "cbrt": Reader.cube_root,
    "hypot": Reader.hypotenuse,
    "abs": Reader.absolute,
    "maximum": Reader.maximum,
    "minimum": Reader.minimum,
}


def _entered(node: Node) -> tuple[Node, ...]:
    return () if isinstance(node, Call) and node.function in CIRCULAR else node.args


def _number(p: Polynomial) -> int:
    return int(p.leading_coefficient()) if p else 0


def _key(q: Fractional) -> tuple[Hashable, ...]:
    return tuple(q.top.terms()), tuple(q.bottom.terms())


def _exact_root(value: Fraction, n: int) -> Fraction | None:
    """The n-th root of a fraction where that is a fraction."""
    parts: list[Any] = [fmpz(abs(v)) for v in (value.numerator, value.denominator)]
    root = Fraction(*(int(part.root(n)) for part in parts)) * (-1 if value < 0 else 1)
    return root if root**n == value else None
