"""Index sums: `sum(body for i in a..b for j in i+1..b)`, likewise prod, min and max.

The body is first read with the indices as symbols. Where it depends on them only entry by entry, the indices are
replaced by arrays and the body is computed on all of them at once; then `sum((i+1)*x[i] for i in 0..9)` is
`sum((arange(0, 10) + 1)*x[arange(0, 10)])`. Else, and where the body holds no array, it is written out term by term.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from optbench.language import syntax
from optbench.language.build import MAX_ENTRIES, add, array, call, multiply, number, power, reduction, structure, substitute, symbol
from optbench.language.constants import entries, whole_number
from optbench.language.functions import CONSTANTS, TABLE, Kind, callable_names
from optbench.language.graph import Call, Node, Symbol, topological
from optbench.language.tokens import SyntaxProblem

if TYPE_CHECKING:
    from optbench.language.elaborate import _Elaborator

_WRITTEN_OUT = 100_000  # terms written out at most
_COMBINATIONS = 1_000_000  # of several indices at most
_SHORT = 1_000  # a body without arrays is written out up to here, which keeps it exact and free of numpy


def index_sum(outer: _Elaborator, tree: syntax.Apply) -> Node:
    """Return the node of a call with `for` clauses."""
    name = tree.name.name
    if name not in ("sum", "prod", "min", "max"):
        raise SyntaxProblem(f"{name} takes no 'for'; sum, prod, min and max do.", *tree.span)
    if len(tree.args) != 1 or tree.axis is not None:
        raise SyntaxProblem(f"Write one term: {name}(x[i] for i in 0..9).", *tree.span)
    rows = _index_rows(outer, tree.clauses, tree)
    if not rows:
        if name in ("min", "max"):
            raise SyntaxProblem(f"{name} over an empty range is not defined.", *tree.span)
        return number(0 if name == "sum" else 1)
    return _on_arrays(outer, tree, rows) or _written_out(outer, tree, rows)


def _index_rows(outer: _Elaborator, clauses: tuple[syntax.Clause, ...], tree: syntax.Apply) -> list[tuple[int, ...]]:
    """Return every combination of the indices, in order."""
    rows: list[tuple[int, ...]] = [()]
    for depth, clause in enumerate(clauses):
        _check_name(outer, clause, [c.name.name for c in clauses[:depth]])
        dependent = any(n.name in {c.name.name for c in clauses[:depth]} for n in (*syntax.names(clause.first), *syntax.names(clause.last)))
        fixed = None if dependent else _limits(outer, clauses, (), clause)
        longer: list[tuple[int, ...]] = []
        for row in rows:
            first, last = fixed or _limits(outer, clauses, row, clause)
            limit = MAX_ENTRIES if len(clauses) == 1 else _COMBINATIONS
            if len(longer) + last - first >= limit:
                raise SyntaxProblem(f"This {tree.name.name} has more than {limit:,} terms, which is the limit.", *tree.span)
            longer.extend((*row, i) for i in range(first, last + 1))
        rows = longer
    return rows


def _check_name(outer: _Elaborator, clause: syntax.Clause, earlier: list[str]) -> None:
    name = clause.name.name
    if name in outer.bound or name in earlier:
        raise SyntaxProblem(f"The index {name} is used twice.", *clause.name.span)
    if name in outer.scope.nodes or name in CONSTANTS or name in callable_names():
        raise SyntaxProblem(f"{name} has a meaning already; choose another name for the index.", *clause.name.span)


def _limits(outer: _Elaborator, clauses: tuple[syntax.Clause, ...], row: tuple[int, ...], clause: syntax.Clause) -> tuple[int, int]:
    inner = _bound(outer, clauses, row)
    ends = []
    for end in (clause.first, clause.last):
        value = whole_number(inner.number(end), outer.scope.values)
        if value is None:
            raise SyntaxProblem("The range of an index needs whole numbers that are known beforehand.", *end.span)
        ends.append(value)
    return ends[0], ends[1]


def _bound(outer: _Elaborator, clauses: tuple[syntax.Clause, ...], row: tuple[int, ...]) -> _Elaborator:
    indices = {clause.name.name: number(i) for clause, i in zip(clauses, row, strict=False)}
    return type(outer)(outer.scope, {**outer.bound, **indices})


def _on_arrays(outer: _Elaborator, tree: syntax.Apply, rows: list[tuple[int, ...]]) -> Node | None:
    """Return the sum computed on arrays of indices, or None where the body does not allow it or should be written out."""
    placeholders = [symbol(clause.name.name, (), True) for clause in tree.clauses]
    inner = type(outer)(outer.scope, {**outer.bound, **{p.name: p for p in placeholders}})
    try:
        body = inner.number(tree.args[0])
    except SyntaxProblem:
        return None  # for example a slice that depends on an index; written out, it may be right
    inner_placeholders = [b for b in outer.bound.values() if isinstance(b, Symbol)]
    if inner_placeholders or not _is_entrywise(body, placeholders):
        return None
    if len(rows) <= _SHORT and not any(node.shape for node in topological(body)):
        return None
    columns: dict[Node, Node] = dict(zip(placeholders, map(_index_array, zip(*rows, strict=True)), strict=True))
    for node in topological(body):
        if isinstance(node, Call) and node.function == "take" and not node.shape:
            _check_taken(node, columns, outer, tree)
    terms = substitute(body, columns)
    return reduction(tree.name.name, terms) if terms.shape else _repeated(tree.name.name, terms, len(rows))


def _is_entrywise(body: Node, placeholders: list[Symbol]) -> bool:
    """Whether the indices reach the body only through scalars: functions entry by entry, and entries of fixed arrays."""
    if body.shape:
        return False
    dependent: set[Node] = set(placeholders)
    for node in topological(body):
        if not isinstance(node, Call) or not any(a in dependent for a in node.args):
            continue
        entry = node.function == "take" and node.args[0] not in dependent
        if node.shape or not (entry or TABLE[node.function].kind in (Kind.ELEMENTWISE, Kind.CONDITION)):
            return False
        dependent.add(node)
    return True


def _index_array(column: tuple[int, ...]) -> Node:
    if len(column) == column[-1] - column[0] + 1 and all(b - a == 1 for a, b in pairwise(column)):
        return structure("arange", (number(column[0]), number(column[-1] + 1), number(1)), ())
    nodes = {i: number(i) for i in set(column)}
    return array([nodes[i] for i in column])


def _check_taken(node: Call, columns: dict[Node, Node], outer: _Elaborator, tree: syntax.Apply) -> None:
    for axis, position in enumerate(node.args[1:]):
        size = node.args[0].shape[axis]
        known = entries(substitute(position, columns), outer.scope.values)
        if known is None:
            raise SyntaxProblem(
                "An index must be known beforehand: a number, or an array of whole numbers that is no variable.", *tree.span
            )
        outside = [i for i in (min(known), max(known)) if not 0 <= i < size]
        if outside:
            raise SyntaxProblem(f"The index {outside[0]} lies outside 0..{size - 1}.", *tree.args[0].span)


def _repeated(name: str, term: Node, count: int) -> Node:
    """A body that depends on no index, once for every term."""
    if name == "sum":
        return multiply(count, term)
    return power(term, count) if name == "prod" else term


def _written_out(outer: _Elaborator, tree: syntax.Apply, rows: list[tuple[int, ...]]) -> Node:
    if len(rows) > _WRITTEN_OUT:
        raise SyntaxProblem(
            f"This {tree.name.name} has to be written out and has {len(rows):,} terms; the limit is {_WRITTEN_OUT:,}.", *tree.span
        )
    terms = [_bound(outer, tree.clauses, row).number(tree.args[0]) for row in rows]
    name = tree.name.name
    if name == "sum":
        return add(*terms)
    return multiply(*terms) if name == "prod" else call(f"{name}imum", *terms)
