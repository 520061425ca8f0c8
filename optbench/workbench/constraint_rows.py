"""The constraints of a problem as residuals: c(x) <= 0 for inequalities, c(x) = 0 for equations, one an entry.

`lhs <= rhs` has the residual lhs - rhs, `lhs >= rhs` its opposite, chains have a part for each comparison. A side without
variables is the right-hand side, wherever it stands: it is what a multiplier is told for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from optbench.language.build import subtract
from optbench.language.graph import Call, Node, Shape, topological
from optbench.problem.problem import Problem


class Part(NamedTuple):
    """One comparison of a constraint."""

    constraint: str  # its name
    residual: Node  # a scalar or an array
    equality: bool
    sign: float  # change of the residual for a unit more on the constraint's right-hand side
    shape: Shape


def parts(problem: Problem) -> list[Part]:
    """Return the comparisons of all constraints, in order."""
    moving: set[Node] = set(problem.symbols)  # and what holds one of them
    for node in topological(*(c.condition for c in problem.constraints)):
        if any(a in moving for a in node.args):
            moving.add(node)
    return [part for c in problem.constraints for part in _parts(c.name, c.condition, moving)]


def _parts(name: str, condition: Node, moving: set[Node]) -> Iterator[Part]:
    assert isinstance(condition, Call)
    if condition.function in ("and", "all"):
        for arg in condition.args:
            yield from _parts(name, arg, moving)
        return
    left, right = condition.args
    swapped = left not in moving and right in moving
    at_most = condition.function in ("less", "less_equal", "equal")
    residual = subtract(left, right) if at_most else subtract(right, left)
    yield Part(name, residual, condition.function == "equal", -1.0 if at_most != swapped else 1.0, residual.shape)


def by_constraint(found: Sequence[Part], values: Any) -> dict[str, Any]:
    """Return numbers given one an entry of the residuals, times their signs, by constraint: floats, or lists for arrays."""
    import numpy as np

    totals: dict[str, Any] = {}
    start = 0
    for part in found:
        size = int(np.prod(part.shape, dtype=int))
        entries = part.sign * np.asarray(values[start : start + size], dtype=float).reshape(part.shape)
        totals[part.constraint] = totals.get(part.constraint, 0.0) + entries
        start += size
    return {name: (total + 0.0).tolist() for name, total in totals.items()}
