"""Convexity by second derivatives: all leading minors of the matrix of second derivatives are positive, or all principal ones
not negative, on the box; shown by the signs of their terms, or on boxes into which it is cut.

>>> from optbench.arithmetic.balls import between
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> box = {symbol("x"): between(1.0, float("inf")), symbol("y"): between(0.0, 1.0)}
>>> has_convex_hessian(parse("x^4 + x*y^2 + y^2").node, box)
True
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from optbench.arithmetic.balls import Enclosure, between, decide, enclose
from optbench.exact.numbers.identities import normal
from optbench.exact.numbers.sums import Sum, TooLarge
from optbench.language.build import add, multiply
from optbench.language.derivative import NotDifferentiable, hessian
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, functions, symbols, topological

MAX_HESSIAN = 3  # unknowns of a function whose second derivatives are looked at
_CELLS = 400  # boxes on which the sign of a minor is proved
_PRECISION = 64


def has_convex_hessian(function: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    """Whether all principal minors of the second derivatives are proved not negative inside the box, all of which (but for
    its ends) lies in the domain of the function and of these derivatives."""
    unknowns = symbols(function)
    if not 0 < len(unknowns) <= MAX_HESSIAN or any(not TABLE[f].smooth for f in functions(function)):
        return False
    if any(isinstance(n, Call) and n.function == "power" and not isinstance(n.args[1], Number) for n in topological(function)):
        return False
    part = {s: box[s] for s in unknowns}
    try:
        matrix = hessian(function, unknowns)
        if not all(_holds_inside(c, part) for c in natural_domain(function, *(h for row in matrix for h in row))):
            return False
        return all(
            is_nonnegative(_determinant([[matrix[i][j] for j in chosen] for i in chosen]), part)
            for k in range(1, len(unknowns) + 1)
            for chosen in combinations(range(len(unknowns)), k)
        )
    except (NotDifferentiable, GraphError):
        return False


def _holds_inside(condition: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    """Whether a condition of the domain holds in the box but perhaps at its ends."""
    if decide(condition, box, _PRECISION):
        return True
    match condition:
        case Call(function="greater" | "greater_equal" | "not_equal", args=(Symbol() as s, Number() as end)):
            return bool(box[s].lower >= between(end.value, end.value).upper)
    return False


def _determinant(matrix: list[list[Node]]) -> Node:
    if len(matrix) == 1:
        return matrix[0][0]
    minors = ([row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix)))
    return add(*(multiply((-1) ** j, matrix[0][j], _determinant(minor)) for j, minor in enumerate(minors)))


def is_nonnegative(node: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    """Return whether an expression is proved not negative wherever it is defined on the box."""
    if enclose([node], box, _PRECISION)[0].lower >= 0:
        return True
    try:
        form = normal(node)
    except (TooLarge, GraphError):
        form = None
    if form is not None and _has_positive_terms(form.top, box) and _has_positive_terms(form.bottom, box):
        return True
    return _is_nonnegative_on_cells(node, box)


def _has_positive_terms(terms: Sum, box: Mapping[Symbol, Enclosure]) -> bool:
    atoms = {atom for monomial in terms for atom, _ in monomial}
    positive = {atom for atom in atoms if enclose([atom], box, _PRECISION)[0].lower >= 0}
    return all(
        c > 0 and all(atom in positive or (e.denominator == 1 and e % 2 == 0) for atom, e in monomial) for monomial, c in terms.items()
    )


def _is_nonnegative_on_cells(node: Node, box: Mapping[Symbol, Enclosure]) -> bool:
    if not all(side.is_bounded for side in box.values()):
        return False
    waiting = [dict(box)]
    for _ in range(_CELLS):
        if not waiting:
            return True
        cell = waiting.pop()
        if enclose([node], cell, _PRECISION)[0].lower >= 0:
            continue
        widest = max(cell, key=lambda s: float(cell[s].width))
        middle = ((cell[widest].lower + cell[widest].upper) / 2).mid()
        if not cell[widest].lower < middle < cell[widest].upper:  # too narrow for this precision
            return False
        waiting.append({**cell, widest: between(cell[widest].lower, middle)})
        waiting.append({**cell, widest: between(middle, cell[widest].upper)})
    return not waiting
