"""Finding a sum of squares in an expression: what methods for least squares work on.

A sum of squares is a sum of terms that are squares times what is known not to be negative, and a constant. Sums over arrays,
products `v @ v`, norms and even powers count as well; numbers and data are known. Such a term is weight*root^2, summed over
all entries, and sqrt(weight)*root are its residuals r, with which the expression is r'r + offset.

>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> x, w = symbol("x", (3,)), symbol("w", (2,))
>>> squares = sum_of_squares(parse("sum(w*(x[1:] - 1)^2) + 4*x[0]^2 + 7", Scope({"x": x, "w": w})).node, {w: [2, 5]})
>>> squares.residuals, squares.offset
([sqrt(w)*(x[1:] - 1), 2*x[0]], Fraction(7, 1))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt, prod
from typing import NamedTuple

from optbench.language.build import call, divide, multiply, number, power, reduction
from optbench.language.constants import Data
from optbench.language.graph import Call, Node, Number, Symbol, topological

_ONE = number(1)


class Square(NamedTuple):
    """factor*weight*root^2, of which the entries are added up."""

    factor: Fraction  # positive
    weight: Node  # of data and constants, nowhere negative; 1 where there is none
    root: Node

    @property
    def residual(self) -> Node:
        """What is squared, with the root of the factor and of the weight."""
        over, under = isqrt(self.factor.numerator), isqrt(self.factor.denominator)
        exact = Fraction(over, under) ** 2 == self.factor
        factor = number(Fraction(over, under)) if exact else call("sqrt", number(self.factor))
        return multiply(factor, self.root) if self.weight is _ONE else multiply(factor, call("sqrt", self.weight), self.root)


@dataclass(frozen=True)
class SumOfSquares:
    """An expression as r'r + offset."""

    squares: tuple[Square, ...]
    offset: Fraction

    @cached_property
    def residuals(self) -> list[Node]:
        """Scalars and arrays, whose entries in order are r."""
        return [square.residual for square in self.squares]


class _NoSquare(Exception):
    """A term is none."""


class _Term(NamedTuple):
    """factor*weight*node, of which the entries are added up, after broadcasting."""

    factor: Fraction
    weight: Node
    node: Node

    def times(self, factor: Fraction, node: Node, weight: Node = _ONE) -> _Term:
        """The term with another node in the place of its own, times a factor and a weight."""
        return _Term(self.factor * factor, self.weight if weight is _ONE else multiply(self.weight, weight), node)

    def added_up(self, factor: Fraction, node: Node) -> _Term:
        """The term with a node whose entries its own adds up."""
        return _Term(self.factor * factor, reduction("sum", self.weight), node)


def sum_of_squares(root: Node, values: Data | None = None) -> SumOfSquares | None:
    """Return the squares of a scalar expression, or None where it is not seen to be a sum of them.

    `values` are the entries of the symbols that are data; without them only numbers are weights.
    """
    offset = Fraction(0)
    squares: list[Square] = []
    try:
        for factor, weight, node in _terms(root, _Weights(root, values or {})):
            if isinstance(node, Number) and weight is _ONE:
                offset += factor * node.value
            elif factor < 0 or isinstance(node, Number):
                return None
            else:
                squares.append(Square(factor, weight, _root(node)))
    except _NoSquare:
        return None
    return SumOfSquares(tuple(squares), offset) if squares else None


# ---- the terms of a sum ------------------------------------------------------------------------------------------------------


def _terms(root: Node, weights: _Weights) -> Iterator[_Term]:
    """Yield the terms of a sum, in order; `weights` are the nodes that are known not to be negative."""
    waiting = [_Term(Fraction(1), _ONE, root)]
    while waiting:
        term = waiting.pop()
        inside = list(_inside(term, weights))
        if inside:
            waiting.extend(reversed(inside))
        else:
            yield term


def _inside(term: _Term, weights: _Weights) -> Iterator[_Term]:
    """Yield the parts of a term that is a sum or a multiple; nothing for one that is neither."""
    node = term.node
    if not isinstance(node, Call):
        return
    match node.function, node.args:
        case "add", args if all(a.shape == node.shape for a in args) or term.weight.shape in ((), node.shape):
            yield from (_part(term, a) for a in args)
        case "array", args if not term.weight.shape:
            yield from (term.times(Fraction(1), a) for a in args)
        case "negate", (a,):
            yield term.times(Fraction(-1), a)
        case "sum", (a,) if not node.shape or not term.weight.shape:
            yield term.added_up(Fraction(1), a)
        case "matmul", (a, b) if len(a.shape) == len(b.shape) == 1:
            yield term.added_up(Fraction(1), multiply(a, b))
        case "power", (Call(function="sqrt", args=(a,)), Number(value=2)):  # of a norm
            yield term.times(Fraction(1), a)
        case "divide" | "multiply", _:
            yield from _multiple(term, weights)


def _part(term: _Term, part: Node) -> _Term:
    """A part of a sum; a scalar in a sum of arrays is added up once an entry."""
    if part.shape == term.node.shape or term.weight.shape:
        return term.times(Fraction(1), part)
    return term.times(Fraction(prod(term.node.shape), prod(part.shape)), part)


def _multiple(term: _Term, weights: _Weights) -> Iterator[_Term]:
    """Yield the term without its known factors, if it has any."""
    top, bottom = _factors(term.node, weights)
    often = Counter(top)
    known = [f for f, n in often.items() if f in weights and not isinstance(f, Number) and n % 2]
    numbers = [f.value for f in top if isinstance(f, Number)]
    below = [f for f in bottom if not isinstance(f, Number)]
    numbers += [1 / f.value for f in bottom if isinstance(f, Number)]
    others = [f for f, n in often.items() if not isinstance(f, Number) for _ in range(n - (f in known))]
    if others and (known or numbers or below):
        weight = multiply(*known) if known else _ONE
        weight = divide(weight, multiply(*below)) if below else weight
        rest = multiply(*others)
        if (not term.node.shape or term.weight.shape in ((), term.node.shape)) and _covers(weight, rest, term.node):
            yield term.times(prod(numbers, start=Fraction(1)), rest, weight)


def _covers(weight: Node, rest: Node, product: Node) -> bool:
    """Whether a factor or the other has the product's shape, so that entries are added up as often as in the product."""
    return product.shape in (rest.shape, weight.shape)


def _factors(node: Node, weights: _Weights) -> tuple[list[Node], list[Node]]:
    """The factors above and below the line; below are weights alone."""
    top: list[Node] = []
    bottom: list[Node] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Call) and part.function == "multiply":
            waiting.extend(reversed(part.args))
        elif isinstance(part, Call) and part.function == "divide" and _divides(part.args[1], weights):
            waiting.append(part.args[0])
            bottom.append(part.args[1])
        else:
            top.append(part)
    return top, bottom


def _divides(node: Node, weights: _Weights) -> bool:
    return node.value != 0 if isinstance(node, Number) else node in weights


# ---- squares -----------------------------------------------------------------------------------------------------------------


def _root(term: Node) -> Node:
    if isinstance(term, Call):
        match term.function, term.args:
            case "power", (Call(function="abs", args=(base,)), Number(value=n)) if n > 0 and n % 4 == 2:
                return power(base, number(n / 2))
            case "power", (base, Number(value=n)) if n > 0 and n % 2 == 0:
                return power(base, number(n / 2))
            case "multiply", args:
                often = Counter(args)
                return multiply(*(power(_root(a), number(n)) if n % 2 else power(a, number(n // 2)) for a, n in often.items()))
            case "divide", (a, b):
                return divide(_root(a), _root(b))
    raise _NoSquare


# ---- weights -----------------------------------------------------------------------------------------------------------------

_KEEPING = {
    "add",
    "multiply",
    "divide",
    "sum",
    "prod",
    "minimum",
    "min",
    "array",
    "transpose",
    "matmul",
    "reshape",
    "broadcast",
    "arange",
    "linspace",
}
_ALWAYS = {"abs", "sqrt", "exp", "pi", "cosh", "erfc", "sigmoid", "softplus", "relu", "hypot", "zeros", "ones"}


class _Weights:
    """The parts of an expression that hold no unknowns and are seen not to be negative where they are defined.

    Data are looked at only where they could be a weight.
    """

    def __init__(self, root: Node, values: Data) -> None:
        self.values = values
        self.known: set[Node] = set()
        self.signs: dict[Node, bool] = {}
        for node in topological(root):
            if node in values if isinstance(node, Symbol) else all(a in self.known for a in node.args):
                self.known.add(node)

    def __contains__(self, node: Node) -> bool:
        if node not in self.known:
            return False
        for part in topological(node, enter=lambda n: () if n in self.signs else n.args):
            if part not in self.signs:
                self.signs[part] = self.is_not_negative(part)
        return self.signs[node]

    def is_not_negative(self, node: Node) -> bool:
        """The sign of a known node, by those of its arguments."""
        if isinstance(node, Symbol):
            return all(v >= 0 for v in self.values[node])
        if isinstance(node, Number):
            return node.value >= 0
        assert isinstance(node, Call)
        match node.function, node.args:
            case "power", (base, exponent):
                return self.signs[base] or (isinstance(exponent, Number) and exponent.value % 2 == 0)
            case (("maximum" | "max"), args):
                return any(self.signs[a] for a in args)
            case (("index" | "take"), (a, *_)):
                return self.signs[a]
        return node.function in _ALWAYS or (node.function in _KEEPING and all(self.signs[a] for a in node.args))
