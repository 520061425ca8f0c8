"""Exact values of expressions that hold no unknown whole numbers: indices, bounds of index sums, polynomials.

>>> from optbench.language.build import add, call
>>> entries(add(call("arange", 0, 3, 1), 1), {})
[1, 2, 3]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, TypeAlias

from optbench.language.graph import Call, Node, Number, Shape, Symbol, topological

Exact: TypeAlias = int | Fraction
Data: TypeAlias = Mapping[Symbol, Sequence[float]]


def whole_number(node: Node, values: Data | None = None) -> int | None:
    """Return the value of a scalar that is known beforehand to be one whole number, else None."""
    if isinstance(node, Number):
        return int(node.value) if node.integer else None
    known = entries(node, values or {}) if node.integer and node.shape == () and isinstance(node, Call) else None
    return known[0] if known else None


def entries(node: Node, values: Data) -> list[int] | None:
    """Return the entries of a whole-number expression in row-major order, or None where they are not known beforehand.

    `values` are the entries of the symbols that are data.
    """
    if not node.integer:
        return None
    known: dict[Node, list[Exact]] = {}
    for part in topological(node):
        found = _entries_of(part, known, values)
        if found is None:
            return None
        known[part] = found
    return list(map(int, known[node]))


def _entries_of(node: Node, known: dict[Node, list[Exact]], values: Data) -> list[Exact] | None:
    if isinstance(node, Symbol):
        return [int(v) for v in values[node]] if node.integer and node in values else None
    if isinstance(node, Number):
        return [int(node.value) if node.integer else node.value]
    assert isinstance(node, Call)
    match node.function:
        case "arange":
            return _arange(node.shape[0], *(known[a][0] for a in node.args))
        case "array":
            return [value for a in node.args for value in known[a]]
        case "index":
            return _indexed(known[node.args[0]], node.args[0].shape, node.static)
        case "take" if len(node.args[0].shape) == 1:
            row = known[node.args[0]]
            places = list(map(int, known[node.args[1]]))
            return [row[i] for i in places] if all(-len(row) <= i < len(row) for i in places) else None
    if node.function in _REDUCED and node.static == (None,):
        return [_REDUCED[node.function](known[node.args[0]])]
    return _entry_by_entry(node, known)


def _entry_by_entry(node: Call, known: dict[Node, list[Exact]]) -> list[Exact] | None:
    rule = _RULES.get(node.function)
    if rule is None or any(a.shape not in ((), node.shape) for a in node.args):
        return None
    length = _product(*node.shape)
    columns = [known[a] * (1 if a.shape else length) for a in node.args] if node.shape else [known[a] for a in node.args]
    try:
        return [rule(*row) for row in zip(*columns, strict=True)]
    except (ArithmeticError, ValueError):
        return None


def _arange(count: int, start: Exact, stop: Exact, step: Exact) -> list[Exact]:
    if isinstance(start, int) and isinstance(step, int):
        return list(range(start, start + count * step, step))
    return [start + k * step for k in range(count)]


def _indexed(row: list[Exact], shape: Shape, spec: tuple[Any, ...]) -> list[Exact]:
    places = [0]
    for size, part in zip(shape, spec, strict=True):
        chosen = [part] if isinstance(part, int) else range(*part)
        places = [place * size + i for place in places for i in chosen]
    return [row[place] for place in places]


def _product(*factors: Exact) -> Any:
    product: Exact = 1
    for factor in factors:
        product *= factor
    return product


def _power(base: Exact, exponent: Exact) -> Exact:
    if exponent < 0 or exponent > 10_000 or exponent != int(exponent):
        raise ValueError
    return base ** int(exponent)


_RULES: dict[str, Callable[..., Exact]] = {
    "add": lambda *terms: sum(terms),
    "multiply": _product,
    "negate": lambda x: -x,
    "divide": lambda x, y: Fraction(x) / y,
    "mod": lambda x, y: x % y,
    "power": _power,
    "floor": floor,
    "ceil": ceil,
    "sign": lambda x: (x > 0) - (x < 0),
    "minimum": min,
    "maximum": max,
    "abs": abs,
}
_REDUCED: dict[str, Callable[[list[Exact]], Exact]] = {"sum": sum, "prod": lambda row: _product(*row), "min": min, "max": max}


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
            return _polynomial_product(parts, max_degree)
        case "power" if len(parts[1]) == 1 and parts[1][0].denominator == 1 and 0 <= parts[1][0] <= max_degree:
            return _polynomial_product([parts[0]] * int(parts[1][0]), max_degree)
    return None


def _polynomial_product(parts: Sequence[list[Fraction]], max_degree: int) -> list[Fraction] | None:
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
