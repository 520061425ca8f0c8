"""One-sided limits by a calculus of leading terms, which is a proof wherever it gives an answer.

Towards an end of an interval let t be |x| or 1/|x - a|, so that t grows without bound. A `Germ` says that an expression
behaves as s*c*exp(E)*t^p*log(t)^q, in the sense that the quotient of both goes to 1. Products, quotients, powers, exp and
log of such expressions are again of this kind; in a sum the term that grows fastest wins, and terms of one kind add up
unless they cancel. Where terms cancel at a point where the function is smooth, its Taylor polynomial decides. Everything
else is `Indeterminate`.

>>> from optbench.language.elaborate import parse
>>> x = symbol("x")
>>> limit(parse("x*log(x)").node, x, number(0), 1), limit(parse("(1 + 1/x)^x").node, x, INFINITY, -1)
(0, e)

Source: G. H. Hardy, Orders of Infinity (Cambridge 1910), chapters II and III.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from optbench.exact.answer import NotApplicable
from optbench.exact.line.pieces import Undefined, point, smoothed
from optbench.exact.numbers.identities import is_zero, normal, simplified
from optbench.exact.numbers.sums import ONE, Quotient, Sum, TooLarge, is_call, sign_of, sum_node
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, subtract, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, size, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY

__all__ = ["Indeterminate", "limit", "symbol"]

_MAX_TAYLOR = 5
_MAX_NODES = 1_500
_MAX_CONJUGATES = 4
_MAX_REWRITINGS = 3
_ONE = number(1)
_AS_ARGUMENT = ("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "expm1", "log1p", "lambertw")  # f(u) ~ u at 0
_AT_ZERO: dict[str, Callable[[Node], Node]] = {  # f(u) ~ this, as u goes to 0 from the right
    "gamma": lambda u: divide(1, u),
    "lgamma": lambda u: negate(call("log", u)),
    "digamma": lambda u: divide(-1, u),
    "trigamma": lambda u: divide(1, power(u, 2)),
}
_GROW = ("asinh", "acosh", "lambertw", "lgamma", "gamma", "log2", "log10", "log1p", "digamma")


class Indeterminate(Exception):
    """The calculus has no answer."""


@dataclass(frozen=True)
class Germ:
    """An expression behaves as sign*size*exp(growth)*t^power*log(t)^log.

    `size`: a positive number, None where it is not known; `growth`: a germ that outgrows log(t), or None for no such
    factor; with it power and log say nothing. `vague`: only sign and limit are known: infinite for `power` > 0, else 0.
    """

    sign: int
    size: Node | None = _ONE
    power: Fraction = Fraction(0)
    log: Fraction = Fraction(0)
    growth: Germ | None = None
    vague: bool = False

    @property
    def direction(self) -> int:
        """1 where it goes to infinity, -1 to 0, 0 to a number other than 0."""
        if self.growth is not None:
            return self.growth.sign
        leading = self.power or self.log
        return int(leading > 0) - int(leading < 0)


_ZERO = Germ(0)


def limit(function: Node, variable: Symbol, end: Node, side: int) -> Node:
    """Return the limit towards `end` from the right (side 1) or left (-1) of an expression that is smooth beside it.

    The result is a number, or plus or minus inf. Raises `Indeterminate` where the calculus has no answer.
    """
    try:
        calculus = _Calculus(variable, end, side)
        try:
            return calculus.limit(function)
        except Indeterminate:
            return _Rewritten(calculus).limit(function)
    except (GraphError, NotDifferentiable, NotApplicable, TooLarge, RecursionError):
        raise Indeterminate from None


def sign_towards(function: Node, variable: Symbol, end: Node, side: int) -> int:
    """Return the sign, -1, 0 or 1, that an expression has everywhere near `end`; raise `Indeterminate` where that is not known."""
    try:
        return _Calculus(variable, end, side).germ(function).sign
    except (GraphError, NotDifferentiable, NotApplicable, TooLarge, RecursionError):
        raise Indeterminate from None


class _Rewritten:
    """Limits of the normal form, in which hyperbolic functions are exponentials and terms have cancelled."""

    def __init__(self, calculus: _Calculus) -> None:
        self.calculus, self.steps = calculus, _MAX_REWRITINGS

    def limit(self, function: Node) -> Node:
        self.steps -= 1
        if self.steps < 0:
            raise Indeterminate
        form = normal(function)
        try:
            return self.calculus.limit(divide(add(*_terms(form.top)), add(*_terms(form.bottom))))
        except Indeterminate:
            pass
        if (found := _one_logarithm(form, self.calculus.variable)) is not None:
            return self._of_logarithm(*found)
        return self._by_leading_term(form)

    def _of_logarithm(self, c: Fraction, inside: Node, rest: Node) -> Node:
        """c*log(u) + v is c times the logarithm of u*exp(v/c)."""
        value = self._of_any(multiply(inside, call("exp", divide(rest, c))))
        if value is number(0) or value is INFINITY:
            return INFINITY if (value is INFINITY) == (c > 0) else MINUS_INFINITY
        return simplified(multiply(c, call("log", value)))

    def _of_any(self, function: Node) -> Node:
        try:
            return self.calculus.limit(function)
        except Indeterminate:
            return self.limit(function)

    def _by_leading_term(self, form: Quotient) -> Node:
        """Divide top and bottom by the term of the bottom that grows fastest: the limit of the bottom is then a number."""
        below = _terms(form.bottom)
        if len(below) < 2:
            raise Indeterminate
        leading = self._leading(below)
        above = [simplified(divide(a, leading)) for a in _terms(form.top)]
        return self.calculus.limit(divide(add(*above), add(*(simplified(divide(b, leading)) for b in below))))

    def _leading(self, terms: list[Node]) -> Node:
        best = terms[0]
        for term in terms[1:]:
            if _compare(self.calculus.germ(term), self.calculus.germ(best)) > 0:
                best = term
        return best


def _terms(terms: Sum) -> list[Node]:
    return [sum_node({m: c}) for m, c in terms.items()]


def _one_logarithm(form: Quotient, variable: Symbol) -> tuple[Fraction, Node, Node] | None:
    """Return c, u and v of c*log(u) + v."""
    if form.bottom != ONE:
        return None
    for monomial, c in form.top.items():
        for atom, e in monomial if len(monomial) == 1 else ():
            if e == 1 and is_call(atom, "log") and size(atom) > 2 and variable in symbols(atom):
                rest = {m: d for m, d in form.top.items() if m != monomial}
                return c, atom.args[0], sum_node(rest)
    return None


class _Calculus:
    def __init__(self, variable: Symbol, end: Node, side: int) -> None:
        self.variable, self.end, self.side = variable, end, side
        self.known: dict[Node, Germ] = {}
        self.conjugates = 0

    def limit(self, function: Node) -> Node:
        if self._is_finite():
            value = self._value(function)
            if value is not None:
                return value
        try:
            germ = self.germ(function)
        except Indeterminate:
            return self._sum_of_limits(function)
        if germ.sign == 0 or germ.direction < 0:
            return number(0)
        if germ.direction > 0:
            return INFINITY if germ.sign > 0 else MINUS_INFINITY
        if germ.size is None:
            raise Indeterminate
        return multiply(germ.sign, germ.size)

    def _sum_of_limits(self, function: Node) -> Node:
        """Terms that cancel as far as they are known may still have limits of their own."""
        if not (isinstance(function, Call) and function.function == "add"):
            raise Indeterminate
        limits = [self.limit(term) for term in function.args]
        if INFINITY in limits or MINUS_INFINITY in limits:
            raise Indeterminate
        return simplified(add(*limits))

    def _is_finite(self) -> bool:
        return self.end is not INFINITY and self.end is not MINUS_INFINITY

    def _value(self, function: Node) -> Node | None:
        """The value at a finite end where the expression is defined: all functions here are continuous."""
        at = point(self.variable, self.end)
        try:
            return simplified(at.at(smoothed(function, at)))
        except (Undefined, NotApplicable):
            return None

    def germ(self, root: Node) -> Germ:
        for node in topological(root, enter=lambda n: () if n in self.known else n.args):
            if node not in self.known:
                if len(self.known) > _MAX_NODES:
                    raise Indeterminate
                self.known[node] = self._germ(node)
        return self.known[root]

    def _germ(self, node: Node) -> Germ:
        if node is self.variable:
            return self._of_variable()
        if self.variable not in symbols(node):
            return _of_number(node)
        assert isinstance(node, Call)
        if node.boolean or node.shape:
            raise Indeterminate
        args = [self.known[a] for a in node.args]
        match node.function:
            case "add":
                return self._sum(node, args)
            case "negate":
                return replace(args[0], sign=-args[0].sign)
            case "multiply":
                return _product(args)
            case "divide":
                return _product([args[0], _raised(args[1], Fraction(-1))])
            case "sqrt" | "cbrt":
                return _raised(args[0], Fraction(1, 2 if node.function == "sqrt" else 3), node.function == "cbrt")
            case "power" if isinstance(node.args[1], Number):
                return _raised(args[0], node.args[1].value)
            case "power":
                return self.germ(call("exp", multiply(node.args[1], call("log", node.args[0]))))
            case "tan" if args[0].direction == 0:
                return self.germ(divide(call("sin", node.args[0]), call("cos", node.args[0])))
            case "exp":
                return self._exponential(node.args[0], args[0])
            case "log":
                return self._logarithm(node.args[0], args[0])
        return self._other(node, args)

    def _of_variable(self) -> Germ:
        if self.end is INFINITY or self.end is MINUS_INFINITY:
            return Germ(1 if self.end is INFINITY else -1, power=Fraction(1))
        if self.end is number(0):
            return Germ(self.side, power=Fraction(-1))
        return _of_number(self.end)

    # ---- sums -------------------------------------------------------------------------------------------------------------

    def _sum(self, node: Call, terms: list[Germ]) -> Germ:
        terms = [t for t in terms if t.sign]
        if not terms:
            return _ZERO
        leading = _leading(terms)
        if len(leading) == 1:
            return leading[0]
        if any(t.vague or t.growth is not None or t.size is None for t in leading):
            return _of_one_sign(leading)
        total = add(*(multiply(t.sign, t.size) for t in leading if t.size is not None))
        sign = sign_of(total)
        if sign is None:
            return self._taylor(node) if self._is_finite() else self._by_conjugate(node)
        return replace(leading[0], sign=sign, size=multiply(sign, total))

    def _by_conjugate(self, node: Call) -> Germ:
        """a + b = (a^2 - b^2)/(a - b) where a and b cancel as far as they are known: roots come free of their square."""
        if len(node.args) != 2 or self.conjugates >= _MAX_CONJUGATES:
            raise Indeterminate
        self.conjugates += 1
        a, b = node.args
        squares = simplified(subtract(power(a, 2), power(b, 2)))
        return self.germ(divide(squares, subtract(a, b)))

    def _taylor(self, node: Node) -> Germ:
        """The first derivative at a finite end that is not 0, where the expression is smooth."""
        if not self._is_finite():
            raise Indeterminate
        derivative, factorial = node, 1
        for order in range(_MAX_TAYLOR + 1):
            value = self._value(derivative)
            if value is None or size(derivative) > _MAX_NODES:
                raise Indeterminate
            sign = sign_of(value)
            if sign is not None:
                scale = divide(multiply(sign, value), factorial)
                return Germ(sign * (self.side if order % 2 else 1), scale, Fraction(-order))
            if not is_zero(value):
                raise Indeterminate
            [derivative] = gradient(derivative, [self.variable])
            factorial *= order + 1
        raise Indeterminate

    # ---- exponentials, logarithms, the others -------------------------------------------------------------------------------

    def _exponential(self, node: Node, u: Germ) -> Germ:
        if u.sign == 0 or u.direction < 0:
            return Germ(1)
        if u.direction == 0:
            return Germ(1, None if u.size is None else call("exp", multiply(u.sign, u.size)))
        if not u.vague and (u.growth is not None or u.power > 0):
            return Germ(1, None, growth=u)
        return Germ(1, None, power=Fraction(u.sign), vague=True)

    def _logarithm(self, node: Node, u: Germ) -> Germ:
        if u.sign <= 0:
            raise Indeterminate
        if u.growth is not None:
            return u.growth
        if u.vague or (not u.power and u.log):
            return Germ(u.direction, None, power=Fraction(1), vague=True)
        if u.power:
            return Germ(1 if u.power > 0 else -1, number(abs(u.power)), log=Fraction(1))
        if u.size is None:
            raise Indeterminate
        value = call("log", u.size)
        sign = sign_of(value)
        if sign is not None:
            return Germ(sign, multiply(sign, value))
        if not is_zero(value):
            raise Indeterminate
        return self.germ(subtract(node, 1))  # log(u) behaves as u - 1 where u goes to 1

    def _other(self, node: Call, args: list[Germ]) -> Germ:
        u = args[0]
        if len(args) > 1:
            raise Indeterminate
        if u.direction > 0:
            return _at_infinity(node.function, u)
        if (u.sign == 0 or u.direction < 0) and node.function in _AS_ARGUMENT:
            return u
        if u.sign > 0 and u.direction < 0 and node.function in _AT_ZERO:
            return self.germ(_AT_ZERO[node.function](node.args[0]))
        at = number(0) if u.sign == 0 or u.direction < 0 else None if u.size is None else multiply(u.sign, u.size)
        if at is None:
            raise Indeterminate
        if node.function == "atanh" and at in (number(1), number(-1)):
            return self.germ(divide(call("log", divide(add(1, node.args[0]), subtract(1, node.args[0]))), 2))
        place = point(symbol("u'"), at)
        try:
            value = place.at(smoothed(call(node.function, place.variable), place))
        except Undefined:
            raise Indeterminate from None
        sign = sign_of(value)
        return self._taylor(node) if sign is None else Germ(sign, multiply(sign, value))


def _leading(terms: list[Germ]) -> list[Germ]:
    """The terms that no other one outgrows; all that go the same way where one of them is vague."""
    foremost = max(t.direction for t in terms)
    along = [t for t in terms if t.direction == foremost]
    if any(t.vague for t in along):
        return along
    leading = [along[0]]
    for term in along[1:]:
        order = _compare(term, leading[0])
        if order >= 0:
            leading = [term] if order > 0 else [*leading, term]
    return leading


def _of_number(node: Node) -> Germ:
    sign = sign_of(node)
    if sign is not None:
        return Germ(sign, multiply(sign, node))
    if is_zero(node):
        return _ZERO
    raise Indeterminate


def _compare(a: Germ, b: Germ) -> int:
    """1 where a outgrows b, 0 where they are of one kind (of one vague kind, too)."""
    if a.vague or b.vague:
        if a.direction == b.direction:
            return 0
        return 1 if a.direction > b.direction else -1
    if a.growth is not None or b.growth is not None:
        if a.growth is None or b.growth is None:
            exponent, sign = (a.growth, 1) if a.growth is not None else (b.growth, -1)
            assert exponent is not None
            return exponent.sign * sign
        return _compare_signed(a.growth, b.growth)
    return ((a.power, a.log) > (b.power, b.log)) - ((a.power, a.log) < (b.power, b.log))


def _compare_signed(a: Germ, b: Germ) -> int:
    """Which of two exponents is the greater one by ever more; 0 where that is not known."""
    if a.sign != b.sign:
        return 1 if a.sign > b.sign else -1
    order = _compare(a, b)
    if order == 0 and a.size is not None and b.size is not None and not a.vague and not b.vague:
        order = sign_of(subtract(a.size, b.size)) or 0
    return order * a.sign


def _of_one_sign(terms: list[Germ]) -> Germ:
    """Terms of one kind, of which little is known, add up to that kind if their signs agree."""
    if len({t.sign for t in terms}) > 1 or any(t.direction == 0 for t in terms):
        raise Indeterminate
    if all(t.growth is None and not t.vague for t in terms):
        return replace(terms[0], size=None)
    return Germ(terms[0].sign, None, power=Fraction(terms[0].direction), vague=True)


def _product(factors: list[Germ]) -> Germ:
    total = factors[0]
    for factor in factors[1:]:
        total = _times(total, factor)
    return total


def _times(a: Germ, b: Germ) -> Germ:
    sign = a.sign * b.sign
    if not sign:
        return _ZERO
    if a.vague or b.vague:
        directions = {a.direction, b.direction} - {0}
        if len(directions) != 1:
            raise Indeterminate
        return Germ(sign, None, power=Fraction(directions.pop()), vague=True)
    if a.growth is not None or b.growth is not None:
        return Germ(sign, None, growth=_exponents(a.growth, b.growth))
    size = None if a.size is None or b.size is None else multiply(a.size, b.size)
    return Germ(sign, size, a.power + b.power, a.log + b.log)


def _exponents(a: Germ | None, b: Germ | None) -> Germ:
    """The sum of two exponents."""
    if a is None or b is None:
        only = a or b
        assert only is not None
        return only
    order = _compare(a, b)
    if order:
        return a if order > 0 else b
    if a.size is None or b.size is None:
        raise Indeterminate
    total = add(multiply(a.sign, a.size), multiply(b.sign, b.size))
    sign = sign_of(total)
    if sign is None:
        raise Indeterminate
    return replace(a, sign=sign, size=multiply(sign, total))


def _raised(base: Germ, exponent: Fraction, odd: bool = False) -> Germ:
    """base^exponent; with `odd` the root of a negative number is negative."""
    if base.sign == 0:
        if exponent > 0:
            return _ZERO
        raise Indeterminate
    if base.sign < 0 and exponent.denominator > 1 and not odd:
        raise Indeterminate
    sign = base.sign if odd or exponent.numerator % 2 else 1
    if exponent == 0:
        return Germ(1)
    if base.vague:
        return Germ(sign, None, power=base.power * exponent, vague=True)
    if base.growth is not None:
        return Germ(sign, None, growth=_scaled(base.growth, exponent))
    size = None if base.size is None else power(base.size, number(exponent))
    return Germ(sign, size, base.power * exponent, base.log * exponent)


def _scaled(exponent: Germ, factor: Fraction) -> Germ:
    size = None if exponent.size is None else multiply(abs(factor), exponent.size)
    return replace(exponent, sign=exponent.sign if factor > 0 else -exponent.sign, size=size)


def _at_infinity(function: str, u: Germ) -> Germ:
    """Functions of an argument that goes to plus or minus infinity."""
    large = Germ(1, None, power=Fraction(1), vague=True)
    small = Germ(1, None, power=Fraction(-1), vague=True)
    if function in ("sinh", "cosh"):
        return replace(large, sign=u.sign if function == "sinh" else 1)
    if function in _GROW and u.sign > 0:
        return large
    if function == "asinh":
        return replace(large, sign=-1)
    constants = {
        "atan": (divide(constant("pi"), 2), u.sign),
        "tanh": (_ONE, u.sign),
        "erf": (_ONE, u.sign),
    }
    if function in constants:
        return Germ(constants[function][1], constants[function][0])
    if function == "softplus":
        return u if u.sign > 0 else small
    if function == "sigmoid":
        return Germ(1) if u.sign > 0 else small
    if function == "erfc":
        return small if u.sign > 0 else Germ(1, number(2))
    if function in ("expm1",):
        return large if u.sign > 0 else Germ(-1)
    if function == "trigamma" and u.sign > 0:
        return small
    raise Indeterminate
