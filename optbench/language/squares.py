"""Finding a sum of squares in an expression: what methods for least squares work on.

A sum of squares is a sum of terms that are squares times positive constants, and a constant; sums over arrays, products
`v @ v` and even powers count as well. What is found are the residuals r, with which the expression is r'r + offset.

>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> squares = sum_of_squares(parse("sum((x[1:] - 1)^2) + 4*x[0]^2 + 7", Scope({"x": symbol("x", (3,))})).node)
>>> squares.residuals, squares.offset
([x[1:] - 1, 2*x[0]], Fraction(7, 1))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from typing import NamedTuple

from optbench.language.build import call, multiply, number, power
from optbench.language.graph import Call, Node, Number


class SumOfSquares(NamedTuple):
    """An expression as r'r + offset, with the entries of all residuals in order."""

    residuals: list[Node]  # scalars and arrays
    offset: Fraction


class _NoSquare(Exception):
    """A term is none."""


def sum_of_squares(root: Node) -> SumOfSquares | None:
    """Return the residuals of a scalar expression, or None where it is not seen to be a sum of squares."""
    offset = Fraction(0)
    residuals: list[Node] = []
    try:
        for factor, term in _terms(root, Fraction(1)):
            if isinstance(term, Number):
                offset += factor * term.value
            else:
                residuals.append(_residual(factor, term))
    except _NoSquare:
        return None
    return SumOfSquares(residuals, offset) if residuals else None


def _terms(root: Node, factor: Fraction) -> Iterator[tuple[Fraction, Node]]:
    """Yield the terms of a sum with their constant factors; a term that is an array stands for the sum of its entries."""
    waiting = [(factor, root)]
    while waiting:
        factor, node = waiting.pop()
        inside = list(_inside(node))
        if inside:
            waiting.extend((factor * constant, part) for constant, part in reversed(inside))
        else:
            yield factor, node


def _inside(node: Node) -> Iterator[tuple[Fraction, Node]]:
    """Yield the parts of a node that is a sum or a constant multiple; nothing for one that is neither."""
    if not isinstance(node, Call):
        return
    match node.function, node.args:
        case "add", args if all(a.shape == node.shape for a in args):
            yield from ((Fraction(1), a) for a in args)
        case "negate", (a,):
            yield Fraction(-1), a
        case "sum", (a,):
            yield Fraction(1), a
        case "power", (Call(function="sqrt", args=(a,)), Number(value=2)):  # of a norm
            yield Fraction(1), a
        case "divide", (a, Number(value=value)) if value and a.shape == node.shape:
            yield 1 / value, a
        case "multiply", args:
            constants = [a.value for a in args if isinstance(a, Number)]
            others = [a for a in args if not isinstance(a, Number)]
            if constants and others:
                product = Fraction(1)
                for constant in constants:
                    product *= constant
                yield product, multiply(*others)


def _residual(factor: Fraction, term: Node) -> Node:
    """Return what is squared, times the root of the factor."""
    if factor < 0:
        raise _NoSquare
    over, under = isqrt(factor.numerator), isqrt(factor.denominator)
    exact = Fraction(over, under) ** 2 == factor
    return multiply(number(Fraction(over, under)) if exact else call("sqrt", number(factor)), _root(term))


def _root(term: Node) -> Node:
    if isinstance(term, Call):
        match term.function, term.args:
            case "power", (base, Number(value=n)) if n > 0 and n % 2 == 0:
                return power(base, number(n / 2))
            case "matmul", (a, b) if a is b and len(a.shape) == 1:
                return a
            case "multiply", args:
                often = Counter(args)
                return multiply(*(power(_root(a), number(n)) if n % 2 else power(a, number(n // 2)) for a, n in often.items()))
    raise _NoSquare
