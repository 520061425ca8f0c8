"""A function as a number plus a sum of squares, by completing the squares of the expressions that it is made of.

A term c*u^2, c*u*v or c*u makes the function a quadratic form in expressions u, v, ... and 1. Where the form is positive
semidefinite apart from the number, it is a sum of squares of combinations of them plus that number, which is then a lower
bound of the function.

>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> known = Scope({name: symbol(name) for name in "xy"})
>>> completed(parse("100*(y - x^2)^2 + x^2 - 2*x + 7", known).node)
SquareSum(squares=(y - x^2, x - 1), offset=Fraction(6, 1))
>>> completed(parse("x^2 + 3*x*y + y^2", known).node) is None
True
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import NamedTuple

from optbench.language.build import add, multiply, number, power
from optbench.language.graph import Call, Node, Number

MAX_PARTS = 60  # expressions in one form
_ONE = number(1)


class SquareSum(NamedTuple):
    """offset + sum of c*s^2 with positive numbers c."""

    squares: tuple[Node, ...]
    offset: Fraction


def completed(root: Node) -> SquareSum | None:
    """Return a sum of squares that the function is, or None where none is seen."""
    form: dict[tuple[Node, Node], Fraction] = {}
    for c, factors in _terms(root):
        left, right = _pair(factors)
        form[left, right] = form.get((left, right), Fraction(0)) + c
    parts = [p for p in dict.fromkeys(u for pair in form for u in pair) if p is not _ONE] + [_ONE]
    if len(parts) > MAX_PARTS:
        return None
    matrix = [[Fraction(0)] * len(parts) for _ in parts]
    for (u, v), c in form.items():
        i, j = parts.index(u), parts.index(v)
        matrix[i][j] += c / 2
        matrix[j][i] += c / 2
    return _squares(matrix, parts)


def _squares(q: list[list[Fraction]], parts: list[Node]) -> SquareSum | None:
    squares = []
    last = len(parts) - 1
    for i in range(last):
        pivot = q[i][i]
        if pivot < 0 or (not pivot and any(q[i])):
            return None
        if not pivot:
            continue
        row = [c / pivot for c in q[i]]
        squares.append(add(*(multiply(c, u) for c, u in zip(row, parts, strict=True) if c)))
        for r in range(i, last + 1):
            for s in range(i, last + 1):
                q[r][s] -= pivot * row[r] * row[s]
    return SquareSum(tuple(squares), q[last][last])


def _terms(root: Node) -> list[tuple[Fraction, list[Node]]]:
    """The terms of a sum as a number and the other factors, each as often as it occurs."""
    waiting, found = [(Fraction(1), root)], []
    while waiting:
        c, node = waiting.pop()
        match node:
            case Call(function="add"):
                waiting.extend((c, part) for part in reversed(node.args))
            case Call(function="negate"):
                waiting.append((-c, node.args[0]))
            case Call(function="divide", args=(top, Number() as bottom)) if bottom.value:
                waiting.append((c / bottom.value, top))
            case Call(function="multiply", args=(Number() as factor, Call(function="add" | "negate" | "divide") as inner)):
                waiting.append((c * factor.value, inner))
            case _:
                found.append(_term(c, node))
    return found


def _term(c: Fraction, node: Node) -> tuple[Fraction, list[Node]]:
    parts = node.args if isinstance(node, Call) and node.function == "multiply" else (node,)
    factors = []
    for f in (f for part in parts for f in _factors(part)):
        if isinstance(f, Number):
            c *= f.value
        else:
            factors.append(f)
    return c, factors


def _factors(node: Node) -> list[Node]:
    if isinstance(node, Call) and node.function == "power" and isinstance(node.args[1], Number):
        e = node.args[1].value
        if e.denominator == 1 and 0 < e <= 20:
            return [node.args[0]] * int(e)
    return [node]


def _pair(factors: list[Node]) -> tuple[Node, Node]:
    """The two expressions whose product a term is: equal ones for a square, 1 and the term where there is no other way."""
    counts = Counter(factors)
    if all(count % 2 == 0 for count in counts.values()):
        half = multiply(*(power(f, count // 2) for f, count in counts.items()))
        return half, half
    if len(factors) == 2:
        return factors[0], factors[1]
    return multiply(*(power(f, count) for f, count in counts.items())), _ONE
