"""The smooth form of a problem with max, min and abs: each becomes an unknown that lies above its choices.

minimise max(f, g) is minimise t with f <= t and g <= t (S. Boyd, L. Vandenberghe, Convex Optimization, 2004, section 4.1.3).
That has the same minima if the minimand and the constraints grow with each maximum that is replaced, and fall with each
minimum: `epigraph` follows how they depend on each part, and leaves alone what does not. Arrays stay arrays.

>>> from optbench.api import define
>>> form = epigraph(define("max(x, 1 - x) + abs(y)", start={"x": 3, "y": -1}))
>>> form.problem.dimension, form.lifted([3.0, -1.0])
(4, [3.0, -1.0, 3.0, 1.0])
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from optbench.language.build import condition, negate, number, reshape, substitute, subtract, symbol
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, functions, topological
from optbench.problem.interval import Interval
from optbench.problem.problem import Constraint, Problem, Variable
from optbench.workbench.constraint_rows import Part, parts
from optbench.workbench.convexity import Shapes
from optbench.workbench.function import Function

_MOST = 100_000  # new unknowns
_RISES, _FALLS = frozenset({1}), frozenset({-1})
_BOTH = _RISES | _FALLS
_KEEPING = frozenset({"add", "sum", "index", "take", "array", "transpose", "reshape", "broadcast", "pad", "scatter"})
_GREATEST = frozenset({"maximum", "max", "abs", "relu"})
_SMALLEST = frozenset({"minimum", "min"})


class _Bound(NamedTuple):
    """A new unknown, times `sign` at least each of some expressions of the old unknowns and of earlier new ones."""

    unknown: Node
    sign: int
    choices: tuple[Node, ...]
    stands_for: Node  # in the old unknowns


@dataclass(frozen=True)
class Epigraph:
    """A problem's smooth form: the old unknowns first, then the new ones."""

    original: Problem
    problem: Problem
    values: tuple[Node, ...]  # what the new unknowns are at a point: expressions of the old ones

    @cached_property
    def function(self) -> Function:
        """The smooth form as methods see it."""
        return Function(self.problem)

    def lifted(self, point: Sequence[float]) -> list[float]:
        """Return a flat point of the old unknowns with the values of the new ones."""
        import numpy as np

        entries, start, named = list(point), 0, []
        for v in self.original.variables:
            part = entries[start : start + v.size]
            named.append(np.array(part).reshape(v.shape) if v.shape else part[0])
            start += v.size
        values = self._evaluate(*named)
        return [*entries, *(float(c) for value, node in zip(values, self.values, strict=True) for c in _flat(value, node))]

    @cached_property
    def _evaluate(self) -> Any:
        from optbench.arithmetic import numpy_arrays

        return numpy_arrays.function(list(self.values), self.original.symbols, self.original.data)


def _flat(value: Any, node: Node) -> Any:
    import numpy as np

    return np.broadcast_to(value, node.shape).ravel()


def epigraph(problem: Problem) -> Epigraph | None:
    """Return the smooth form, or None where the problem has none of this kind, or is smooth already."""
    rows = parts(problem)
    roots = [problem.minimand, *(row.residual for row in rows)]
    known = Shapes(problem)
    ways = _ways(known, [(problem.minimand, _RISES), *((row.residual, _BOTH if row.equality else _RISES) for row in rows)])
    kinks = [node for node in topological(*roots) if isinstance(node, Call) and node in ways and _sign(node, ways[node])]
    bounds = _replaced(kinks)
    if not bounds or sum(prod(b.unknown.shape) for b in bounds) > _MOST:
        return None
    new = {bound.stands_for: bound.unknown for bound in bounds}
    minimand, *residuals = (substitute(root, new) for root in roots)
    above = [subtract(_above(bound, choice), _signed(bound)) for bound in bounds for choice in bound.choices]
    if not all(TABLE[name].smooth for name in functions(minimand, *residuals, *above)):
        return None
    conditions = [
        *(Constraint(row.constraint, _as_it_was(row, r), "") for row, r in zip(rows, residuals, strict=True)),
        *(Constraint(f"epigraph {i}", condition("less_equal", r, 0), "") for i, r in enumerate(above)),
    ]
    unknowns = (Variable(bound.unknown, (_range(bound, known.ends[bound.stands_for]),)) for bound in bounds)  # type: ignore[arg-type]
    smooth = replace(
        problem,
        objective=minimand if problem.sense == "minimize" else negate(minimand),
        variables=(*problem.variables, *unknowns),
        constraints=tuple(conditions),
        model=None,
        known=None,
    )
    return Epigraph(problem, smooth, tuple(bound.stands_for for bound in bounds))


def _as_it_was(row: Part, residual: Node) -> Node:
    """The residual as a condition with the sides, and so the sign of the multiplier, of the constraint that it comes from."""
    relation = "equal" if row.equality else "less_equal"
    return condition(relation, residual, 0) if row.sign < 0 else condition(relation, 0, negate(residual))


def _replaced(kinks: Iterable[Call]) -> list[_Bound]:
    """The new unknowns, inner ones first."""
    found: list[_Bound] = []
    new: dict[Node, Node] = {}
    for kink in kinks:
        unknown = symbol(f"epigraph {len(found)}", kink.shape)
        sign = -1 if kink.function in _SMALLEST else 1
        choices = [substitute(a, new) for a in kink.args]
        if kink.function == "abs":
            choices.append(negate(choices[0]))
        if kink.function == "relu":
            choices.append(number(0))
        found.append(_Bound(unknown, sign, tuple(choices), kink))
        new[kink] = unknown
    return found


def _range(bound: _Bound, ends: tuple[float, float]) -> Interval:
    """No further than what it stands for can reach: how the rest depends on it was concluded from that."""
    end = ends[1] if bound.sign > 0 else ends[0]
    if not math.isfinite(end):
        return Interval()
    return Interval(upper=number(Fraction(end))) if bound.sign > 0 else Interval(lower=number(Fraction(end)))


def _above(bound: _Bound, choice: Node) -> Node:
    return choice if bound.sign > 0 else negate(choice)


def _signed(bound: _Bound) -> Node:
    """The new unknown, or its opposite, in a shape that goes with its choices'."""
    unknown, kink = bound.unknown, bound.stands_for
    assert isinstance(kink, Call)
    axis = kink.static[0] if kink.function in ("max", "min") else None
    if axis is not None and unknown.shape:
        kept = list(kink.args[0].shape)
        kept[axis] = 1
        unknown = reshape(unknown, tuple(kept))
    return unknown if bound.sign > 0 else negate(unknown)


def _sign(node: Call, ways: frozenset[int]) -> int:
    """1 for a maximum with which everything grows, -1 for a minimum with which everything falls, else 0."""
    if node.function in _GREATEST and ways == _RISES:
        return 1
    return -1 if node.function in _SMALLEST and ways == _FALLS else 0


def _ways(known: Shapes, roots: Iterable[tuple[Node, frozenset[int]]]) -> dict[Node, frozenset[int]]:
    """How the roots depend on each part that moves: 1 rising, -1 falling, or both, which says nothing."""
    found: dict[Node, frozenset[int]] = {}
    pairs = list(roots)
    for root, ways in pairs:
        known.of(root)
        found[root] = found.get(root, frozenset()) | ways
    for node in reversed(list(topological(*(root for root, _ in pairs)))):
        if not isinstance(node, Call) or not known.moving[node]:
            continue
        ways = found[node]
        for place, child in enumerate(node.args):
            if known.moving[child]:
                own = _way(node, place, known)
                through = _BOTH if own == 0 else ways if own > 0 else frozenset(-way for way in ways)
                found[child] = found.get(child, frozenset()) | through
    return {node: ways for node, ways in found.items() if known.moving[node]}


def _way(node: Call, place: int, known: Shapes) -> int:
    """How a call depends on an argument: 1 rising, -1 falling, 0 unknown or neither."""
    child = node.args[place]
    low, high = known.ends[child]
    match node.function:
        case function if function in _KEEPING or function in _SMALLEST or function in ("maximum", "max", "logsumexp"):
            return 1
        case "negate":
            return -1
        case "multiply" | "matmul":
            others = [a for i, a in enumerate(node.args) if i != place]
            return _product_of(_sign_of(known.ends[a]) for a in others)
        case "divide":
            above, below = node.args
            if place == 0:
                return _sign_of(known.ends[below])
            return -_sign_of(known.ends[above]) if _sign_of((low, high)) else 0
        case "power" if place == 0 and isinstance(node.args[1], Number):
            return _way_of_power(float(node.args[1].value), low, high)
        case "hypot" if low >= 0:
            return 1
        case "abs":
            return 1 if low >= 0 else -1 if high <= 0 else 0
    return TABLE[node.function].monotone if len(node.args) == 1 else 0


def _way_of_power(p: float, low: float, high: float) -> int:
    if p != int(p) or low >= 0:
        return 1 if p > 0 else -1
    if p % 2 == 1 and p > 0:
        return 1
    return 0 if high > 0 else -1 if p > 0 else 1 if p % 2 == 0 else -1


def _sign_of(ends: tuple[float, float]) -> int:
    return 1 if ends[0] >= 0 else -1 if ends[1] <= 0 else 0


def _product_of(signs: Iterable[int]) -> int:
    found = 1
    for sign in signs:
        found *= sign
    return found
