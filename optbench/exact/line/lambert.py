"""Zeros of equations that Lambert's W solves, without SymPy.

Three forms, with numbers A, B, C, D and a rational p:

- A*log(x) + B + C*x^p is 0 at x = exp(-B/A - W(z)/p) with z = p*C/A*exp(-p*B/A);
- A*x + B + C*exp(k*x) is 0 at x = -B/A - W(z)/k with z = k*C/A*exp(-k*B/A);
- C*x^p*exp(k*x) + D is 0 at x = p/k*W(z) with z = k/p*(-D/C)^(1/p).

Both real branches give candidates, some of which may be no zeros (the third form raises to a power); `equation` verifies
them and proves whether they are all.

Source: R. M. Corless, G. H. Gonnet, D. E. G. Hare, D. J. Jeffrey, D. E. Knuth, On the Lambert W function, Advances in
Computational Mathematics 5 (1996), section 2.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> solutions(parse("x + exp(x)").node, symbol("x"))[0]
-lambertw(1)
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from optbench.language.build import add, call, divide, multiply, negate, number, power, subtract
from optbench.language.constants import polynomial
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols


class Term(NamedTuple):
    """factor * x^exponent * log(x)^logarithms * exp(rate*x)."""

    factor: Node
    exponent: Fraction = Fraction(0)
    logarithms: int = 0
    rate: Fraction = Fraction(0)


class Form(NamedTuple):
    """An equation of Lambert's W, by its kind: `logarithm` a*log(x) + b + c*x^p, `line` a*x + b + c*exp(p*x), and
    `product` c*x^p*exp(a*x) + b."""

    kind: str
    a: Node
    b: Node
    c: Node
    p: Fraction
    argument: Node  # z of w*exp(w) = z

    @property
    def shift(self) -> Node:
        """b/a."""
        return _ratio(self.b, self.a)

    def solution(self, branch: str) -> Node:
        """The x for w = W(z)."""
        w = call(branch, self.argument)
        if self.kind == "product":
            assert isinstance(self.a, Number)
            return _scaled(number(self.p / self.a.value), w)
        unlogged = subtract(_scaled(number(-1 / self.p), w), self.shift)
        return call("exp", unlogged) if self.kind == "logarithm" else unlogged

    def inner(self, x: Symbol) -> Node:
        """The w of x, for which the equation is w*exp(w) = z."""
        if self.kind == "product":
            return _scaled(number(1 / self.p), multiply(self.a, x))
        y = call("log", x) if self.kind == "logarithm" else x
        return _scaled(number(-self.p), add(y, self.shift))


class _OtherForm(Exception):
    """The function is no sum of such terms."""


def solutions(function: Node, variable: Symbol) -> list[Node]:
    """Return candidates for the zeros; none where the function has another form."""
    form = recognised(function, variable)
    try:
        return [] if form is None else [form.solution(branch) for branch in ("lambertw", "lambertw_lower")]
    except GraphError:
        return []


def recognised(function: Node, variable: Symbol) -> Form | None:
    """Return which of the three forms a function has; None where it has none."""
    try:
        return _form(_collected(function, variable))
    except (_OtherForm, GraphError):
        return None


def _collected(function: Node, variable: Symbol) -> dict[tuple[Fraction, int, Fraction], Node]:
    """The factors of the distinct terms, by exponent, power of the logarithm and rate."""
    parts = function.args if isinstance(function, Call) and function.function == "add" else (function,)
    collected: dict[tuple[Fraction, int, Fraction], Node] = {}
    for term in (_term(part, variable) for part in parts):
        key = (term.exponent, term.logarithms, term.rate)
        collected[key] = add(collected.get(key, number(0)), term.factor)
    return collected


def _term(node: Node, variable: Symbol) -> Term:
    if variable not in symbols(node):
        return Term(node)
    if node is variable:
        return Term(number(1), Fraction(1))
    if not isinstance(node, Call):
        raise _OtherForm
    match node.function:
        case "negate":
            inner = _term(node.args[0], variable)
            return inner._replace(factor=negate(inner.factor))
        case "multiply":
            product = Term(number(1))
            for arg in node.args:
                product = _product(product, _term(arg, variable))
            return product
        case "divide":
            return _product(_term(node.args[0], variable), _raised(_term(node.args[1], variable), Fraction(-1)))
        case "sqrt":
            return _raised(_term(node.args[0], variable), Fraction(1, 2))
        case "power" if isinstance(node.args[1], Number):
            return _raised(_term(node.args[0], variable), node.args[1].value)
        case "log" if node.args[0] is variable:
            return Term(number(1), logarithms=1)
        case "exp":
            return _exponential(node.args[0], variable)
    raise _OtherForm


def _product(a: Term, b: Term) -> Term:
    return Term(multiply(a.factor, b.factor), a.exponent + b.exponent, a.logarithms + b.logarithms, a.rate + b.rate)


def _raised(term: Term, exponent: Fraction) -> Term:
    """A term to a rational power: of x alone, or of exp, or any to the power -1 or a whole one."""
    if term.logarithms or (exponent.denominator != 1 and term.factor is not number(1)):
        raise _OtherForm
    factor = term.factor if term.factor is number(1) else power(term.factor, exponent)
    return Term(factor, term.exponent * exponent, 0, term.rate * exponent)


def _exponential(argument: Node, variable: Symbol) -> Term:
    coefficients = polynomial(argument, variable, 1)
    if coefficients is None or len(coefficients) != 2:
        raise _OtherForm
    return Term(_exp(number(coefficients[0])), rate=coefficients[1])


def _exp(argument: Node) -> Node:
    return number(1) if argument is number(0) else call("exp", argument)


def _form(terms: dict[tuple[Fraction, int, Fraction], Node]) -> Form | None:
    zero = Fraction(0)
    rest = dict(terms)
    constant = rest.pop((zero, 0, zero), number(0))
    if len(rest) == 1:
        [((p, logarithms, k), factor)] = rest.items()
        if p and k and not logarithms:
            z = multiply(k / p, power(negate(divide(constant, factor)), 1 / p))
            return Form("product", number(k), constant, factor, p, z)
    if len(rest) == 2:
        return _logarithm_and_power(rest, constant) or _line_and_exponential(rest, constant)
    return None


def _logarithm_and_power(rest: dict[tuple[Fraction, int, Fraction], Node], constant: Node) -> Form | None:
    a = rest.get((Fraction(0), 1, Fraction(0)))
    powers = [(p, c) for (p, logarithms, k), c in rest.items() if p and not logarithms and not k]
    return _exponential_form("logarithm", a, constant, *powers[0]) if a is not None and len(powers) == 1 else None


def _line_and_exponential(rest: dict[tuple[Fraction, int, Fraction], Node], constant: Node) -> Form | None:
    a = rest.get((Fraction(1), 0, Fraction(0)))
    exponentials = [(k, c) for (p, logarithms, k), c in rest.items() if k and not logarithms and not p]
    return _exponential_form("line", a, constant, *exponentials[0]) if a is not None and len(exponentials) == 1 else None


def _exponential_form(kind: str, a: Node, b: Node, p: Fraction, c: Node) -> Form:
    """a*y + b + c*exp(p*y) = 0, which both forms are, with y = log(x) in the first."""
    z = _scaled(multiply(p, divide(c, a)), _exp(multiply(-p, _ratio(b, a))))
    return Form(kind, a, b, c, p, z)


def _ratio(b: Node, a: Node) -> Node:
    """b/a, for an a that is not 0."""
    return b if b is number(0) else divide(b, a)


def _scaled(factor: Node, node: Node) -> Node:
    """The product as a person writes it: exp(1/2)/4 rather than 1/4*exp(1/2)."""
    if not isinstance(factor, Number):
        return multiply(factor, node)
    return divide(multiply(factor.value.numerator, node), factor.value.denominator)
