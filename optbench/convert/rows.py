"""Constraints as most solvers take them: lower <= body <= upper, where only the body has variables.

A chain such as `0 <= x + y <= 9` is one row, an equation has equal bounds, and what has variables on both sides becomes a
difference with the bound 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from optbench.errors import ProblemError, printable
from optbench.language.build import broadcast, number, subtract
from optbench.language.graph import Call, Node, Symbol, functions, topological
from optbench.language.shapes import broadcast_shapes
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Problem


@dataclass(frozen=True)
class Row:
    """One condition, entry by entry where the body is an array; a bound is a scalar or has the body's shape."""

    constraint: str  # the name of the constraint that it belongs to
    body: Node
    lower: Node | None
    upper: Node | None
    strict: bool = False  # a bound itself is excluded


def rows(problem: Problem) -> list[Row]:
    """Return the rows of all constraints, in order; raise `ProblemError` for one with an infinity inside."""
    unknown = set(problem.symbols)
    return [row for c in problem.constraints for row in _merged([_row(c.name, part, unknown) for part in _comparisons(c.condition)])]


def _comparisons(condition: Node) -> Iterator[Call]:
    assert isinstance(condition, Call)
    if condition.function in ("and", "all"):
        for arg in condition.args:
            yield from _comparisons(arg)
    else:
        yield condition


_ORDERED = {"less": (1, True), "less_equal": (1, False), "greater": (-1, True), "greater_equal": (-1, False), "equal": (0, False)}


def _row(name: str, comparison: Call, unknown: set[Symbol]) -> Row:
    left, right = comparison.args
    side, strict = _ORDERED[comparison.function]
    if _is_known(right, unknown) and not _is_known(left, unknown):
        body, bound = left, right
    elif _is_known(left, unknown) and not _is_known(right, unknown):
        body, bound, side = right, left, -side
    else:
        body, bound = subtract(left, right), number(0)
    if "inf" in functions(body):
        raise ProblemError(f"In the constraint {printable(name)} inf stands in a formula; it can only be a bound.")
    body = broadcast(body, broadcast_shapes([body.shape, bound.shape]))
    finite = None if bound is INFINITY or bound is MINUS_INFINITY else bound
    return Row(name, body, finite if side <= 0 else None, finite if side >= 0 else None, strict)


def _is_known(node: Node, unknown: set[Symbol]) -> bool:
    return not any(part in unknown for part in topological(node))


def _merged(parts: list[Row]) -> list[Row]:
    """A lower and an upper bound of the same body are one row."""
    found: list[Row] = []
    for part in parts:
        last = found[-1] if found else None
        if last is not None and last.body is part.body and (last.lower is None) != (last.upper is None):
            if last.lower is None and part.upper is None:
                found[-1] = replace(last, lower=part.lower, strict=last.strict or part.strict)
                continue
            if last.upper is None and part.lower is None:
                found[-1] = replace(last, upper=part.upper, strict=last.strict or part.strict)
                continue
        found.append(part)
    return found


def names(found: list[Row]) -> list[str]:
    """Return a name for each row: that of its constraint, with a number where that has several rows."""
    counts: dict[str, int] = {}
    for row in found:
        counts[row.constraint] = counts.get(row.constraint, 0) + 1
    seen: dict[str, int] = {}
    given = []
    for row in found:
        seen[row.constraint] = seen.get(row.constraint, 0) + 1
        given.append(row.constraint if counts[row.constraint] == 1 else f"{row.constraint}.{seen[row.constraint]}")
    return given
