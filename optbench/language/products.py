"""Products in which equal bases cancel, for derivatives only.

`x * (1/x)` is 1 wherever it is defined. Cancelling forgets that x was not to be 0, so it is done only in derivatives,
which are asked for where the function itself is defined.

>>> from optbench.language.build import divide, multiply, symbol
>>> x = symbol("x")
>>> cancelled(multiply(3, x), divide(1, x))
3
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce

from optbench.language.build import binary_product, call, divide, multiply, power
from optbench.language.graph import Call, Node, Number

_MAX_FACTORS = 12  # longer products are kept as they are
_MAX_FLAT = 32  # factors up to which a product is taken apart in another one; else a chain of n links would have n^2


def cancelled(*factors: Node) -> Node:
    """Return the product with the powers of each base joined: x*x^2 is x^3, sqrt(x)*x^(-1/2) is 1."""
    parts: dict[Node, Fraction] = {}
    coefficient = Fraction(1)
    pending = [(factor, Fraction(1)) for factor in reversed(factors)]
    while pending:
        factor, exponent = pending.pop()
        inside = _taken_apart(factor, exponent)
        if len(parts) + len(pending) + len(inside) > _MAX_FACTORS:
            return _product(factors)
        if isinstance(factor, Number) and factor.value and exponent.denominator == 1:
            coefficient *= factor.value ** int(exponent)
        elif inside:
            pending.extend(reversed(inside))
        else:
            parts[factor] = parts.get(factor, Fraction(0)) + exponent
    return _joined(coefficient, parts, factors)


def _product(factors: Sequence[Node]) -> Node:
    """Return the product, with long products among the factors as one part each."""
    count = sum(len(f.args) if isinstance(f, Call) and f.function == "multiply" else 1 for f in factors)
    return multiply(*factors) if count <= _MAX_FLAT else reduce(binary_product, factors)


def _taken_apart(node: Node, exponent: Fraction) -> list[tuple[Node, Fraction]]:
    """Return the factors of a product, quotient or rational power with their exponents, or nothing."""
    if not isinstance(node, Call):
        return []
    if node.function == "negate" and exponent.denominator == 1:
        return [(multiply(-1), exponent), (node.args[0], exponent)]
    if node.function == "multiply" and exponent.denominator == 1:
        return [(a, exponent) for a in node.args]
    if node.function == "divide" and exponent.denominator == 1:
        return [(node.args[0], exponent), (node.args[1], -exponent)]
    if node.function == "sqrt" and exponent.denominator == 1:
        return [(node.args[0], exponent / 2)]
    if node.function == "power" and isinstance(node.args[1], Number) and exponent.denominator == 1:
        return [(node.args[0], exponent * node.args[1].value)]
    return []


def _joined(coefficient: Fraction, parts: dict[Node, Fraction], factors: tuple[Node, ...]) -> Node:
    if not coefficient:
        return multiply(*factors)
    above = [_powered(base, exponent) for base, exponent in parts.items() if exponent > 0]
    below = [_powered(base, -exponent) for base, exponent in parts.items() if exponent < 0]
    top = multiply(coefficient.numerator, *above) if below else multiply(coefficient, *above)
    product = divide(top, multiply(coefficient.denominator, *below)) if below else top
    return product if product.shape == multiply(*factors).shape else multiply(*factors)


def _powered(base: Node, exponent: Fraction) -> Node:
    return call("sqrt", base) if exponent == Fraction(1, 2) else power(base, exponent)
