"""`rootof(t^5 - t - 1, k)`: the k-th distinct real root, ascending from 0, of a squarefree rational polynomial in t.

The node holds the primitive integer coefficients, constant first, and k. Whether the polynomial is squarefree and has
such a root is decided exactly, with python-flint, when the node is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any

from optbench.language import syntax
from optbench.language.build import call, symbol
from optbench.language.constants import polynomial, whole_number
from optbench.language.functions import CONSTANTS
from optbench.language.graph import GraphError, Node
from optbench.language.tokens import SyntaxProblem

MAX_DEGREE = 200


def root_of(tree: syntax.Apply) -> Node:
    """Return the node of `rootof(polynomial, k)` as it was written."""
    from optbench.language.elaborate import Scope, _Elaborator

    if len(tree.args) != 2 or tree.axis is not None:
        raise SyntaxProblem("rootof takes a polynomial and which root: rootof(t^5 - t - 1, 0).", *tree.span)
    unknowns = {name.name for name in syntax.names(tree.args[0])} - set(CONSTANTS)
    if len(unknowns) != 1:
        raise SyntaxProblem("The polynomial of rootof has exactly one unknown.", *tree.args[0].span)
    unknown = symbol(unknowns.pop())
    body = _Elaborator(Scope({unknown.name: unknown})).number(tree.args[0])
    coefficients = polynomial(body, unknown, MAX_DEGREE)
    if coefficients is None or len(coefficients) < 2:
        raise SyntaxProblem(f"rootof needs a polynomial with rational coefficients, of degree 1 to {MAX_DEGREE}.", *tree.args[0].span)
    k = whole_number(_Elaborator(Scope()).number(tree.args[1]))
    if k is None or k < 0:
        raise SyntaxProblem("The second argument of rootof counts the real roots from 0.", *tree.args[1].span)
    try:
        return real_root(coefficients, k)
    except GraphError as error:
        raise SyntaxProblem(str(error), *tree.span) from None


def real_root(coefficients: Sequence[Fraction | int], k: int) -> Node:
    """Return the node of the k-th real root; raise `GraphError` if the polynomial is not squarefree or has too few."""
    primitive = _primitive(coefficients)
    count = len(real_roots(primitive))
    if k >= count:
        raise GraphError(f"This polynomial has {count} real root{'' if count == 1 else 's'}; they are counted from 0.")
    return call("rootof", static=(primitive, k))


def real_roots(coefficients: Sequence[int]) -> list[Any]:
    """Return enclosures (python-flint `arb`) of the real roots of a squarefree polynomial, ascending and disjoint."""
    from flint import fmpz_poly

    f = fmpz_poly(list(coefficients))
    if f.gcd(f.derivative()).degree() > 0:
        raise GraphError("The polynomial of rootof must be squarefree, and this one has a repeated root.")
    found: Any = f.complex_roots()  # pairs of a ball and its multiplicity
    real = [root.real for root, _ in found if root.imag == 0]
    return sorted(real, key=lambda ball: ball.mid())


def _primitive(coefficients: Sequence[Fraction | int]) -> tuple[int, ...]:
    fractions = [Fraction(c) for c in coefficients]
    scale = lcm(*(c.denominator for c in fractions))
    whole = [int(c * scale) for c in fractions]
    content = reduce(gcd, whole)
    sign = 1 if whole[-1] > 0 else -1
    return tuple(sign * c // content for c in whole)
