"""Exact values of expressions that hold no unknown whole numbers: indices, bounds of index sums, polynomials.

>>> from optbench.language.build import add, call
>>> entries(add(call("arange", 0, 3, 1), 1), {})
[1, 2, 3]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from optbench.language.graph import Call, Node, Number, Symbol, topological


def whole_number(node: Node) -> int | None:
    """Return the value of a node that is a whole number, else None."""
    return int(node.value) if isinstance(node, Number) and node.integer else None


def entries(node: Node, values: Mapping[Symbol, Sequence[float]]) -> list[int] | None:
    """Return the entries of a whole-number expression in row-major order, or None where they are not known beforehand.

    `values` are the entries of the symbols that are data.
    """
    known: dict[Node, list[int]] = {}
    for part in topological(node):
        found = _entries_of(part, known, values)
        if found is None:
            return None
        known[part] = found
    return known[node]


def _entries_of(node: Node, known: dict[Node, list[int]], values: Mapping[Symbol, Sequence[float]]) -> list[int] | None:
    if isinstance(node, Symbol):
        return [int(v) for v in values[node]] if node.integer and node in values else None
    if not node.integer:
        return None
    if isinstance(node, Number):
        return [int(node.value)]
    assert isinstance(node, Call)
    if node.function == "arange":
        return list(range(*(int(a.value) for a in node.args if isinstance(a, Number))))
    if node.function == "array":
        return [value for a in node.args for value in known[a]]
    rule = _RULES.get(node.function)
    if rule is None or len(node.shape) > 1:
        return None
    length = node.shape[0] if node.shape else 1
    columns = [known[a] * length if len(known[a]) == 1 else known[a] for a in node.args]
    if any(len(column) != length for column in columns):
        return None
    return [rule(*row) for row in zip(*columns, strict=True)]


def _multiply(*factors: int) -> int:
    product = 1
    for factor in factors:
        product *= factor
    return product


_RULES: dict[str, Callable[..., int]] = {
    "add": lambda *terms: sum(terms),
    "multiply": _multiply,
    "negate": lambda x: -x,
    "minimum": min,
    "maximum": max,
    "abs": abs,
}


def polynomial(node: Node, unknown: Symbol, max_degree: int = 1000) -> list[Fraction] | None:
    """Return the coefficients, constant first, of an expression that is a polynomial with rational coefficients, else None."""
    known: dict[Node, list[Fraction]] = {}
    for part in topological(node):
        found = _coefficients(part, unknown, known, max_degree)
        if found is None:
            return None
        known[part] = found
    return known[node]


def _coefficients(node: Node, unknown: Symbol, known: dict[Node, list[Fraction]], max_degree: int) -> list[Fraction] | None:
    if isinstance(node, Number):
        return [node.value]
    if node is unknown:
        return [Fraction(0), Fraction(1)]
    if not isinstance(node, Call):
        return None
    parts = [known[a] for a in node.args]
    match node.function:
        case "add":
            result = [Fraction(0)] * max(map(len, parts))
            for part in parts:
                for k, c in enumerate(part):
                    result[k] += c
            return _trimmed(result)
        case "negate":
            return [-c for c in parts[0]]
        case "divide" if len(parts[1]) == 1 and parts[1][0]:
            return [c / parts[1][0] for c in parts[0]]
        case "multiply":
            return _product(parts, max_degree)
        case "power" if len(parts[1]) == 1 and parts[1][0].denominator == 1 and 0 <= parts[1][0] <= max_degree:
            return _product([parts[0]] * int(parts[1][0]), max_degree)
    return None


def _product(parts: Sequence[list[Fraction]], max_degree: int) -> list[Fraction] | None:
    if sum(len(part) - 1 for part in parts) > max_degree:
        return None
    result = [Fraction(1)]
    for part in parts:
        product = [Fraction(0)] * (len(result) + len(part) - 1)
        for i, a in enumerate(result):
            for j, b in enumerate(part):
                product[i + j] += a * b
        result = product
    return _trimmed(result)


def _trimmed(coefficients: list[Fraction]) -> list[Fraction]:
    while len(coefficients) > 1 and not coefficients[-1]:
        coefficients.pop()
    return coefficients
