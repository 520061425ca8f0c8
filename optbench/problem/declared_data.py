"""The data of a draft: its columns that occur in an expression, and matrices made of columns, become names."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.errors import nearest, printable
from optbench.language.build import symbol
from optbench.language.tokens import names_in
from optbench.problem.declarations import Declarations, is_free
from optbench.problem.draft import MatrixDraft, ProblemDraft, Text
from optbench.problem.nested import leaves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def declare_data(draft: ProblemDraft, declared: Declarations) -> list[str]:
    """Declare the columns and the matrices of the data that a draft names; return the names of all columns."""
    if draft.data is None:
        return []
    from optbench.problem.data import column_names, read_columns

    path, place = (draft.folder or Path()) / draft.data.file.value, draft.data.file.place
    names = declared.attempt(lambda: column_names(path, place))
    if names is None:
        declared.columns_known = False
        return []
    written = {name for t in (*texts(draft), *_closed_texts(draft)) for name in names_in(t.value)}
    written |= {column.value for matrix in draft.data.matrices for column in matrix.columns}
    wanted = [name for name in names if name in written]
    columns = declared.attempt(lambda: read_columns(path, wanted, place, declared.warnings.append))
    if columns is None:
        declared.columns_known = False
        return names
    for name, column in columns.items():
        if name.isidentifier() and is_free(name):
            _declare(name, column, declared)
    _check_clashes(draft, set(columns), declared)
    for matrix in draft.data.matrices:
        _declare_matrix(matrix, columns, names, declared)
    return names


def texts(draft: ProblemDraft) -> Iterator[Text]:
    """Yield every text in which a column may be named: other columns may hold anything, such as labels."""
    yield from (draft.objective,) if draft.model is None else draft.model
    yield from (c.text for c in draft.constraints)
    yield from (p.value for p in draft.parameters if isinstance(p.value, Text))


def _closed_texts(draft: ProblemDraft) -> Iterator[Text]:
    """The texts of what must be known beforehand: lengths, ends of ranges, starts, entries of lists."""
    for variable in draft.variables:
        ends = (variable.range,) if isinstance(variable.range, Text) else variable.range or ()
        for value in (*ends, variable.start, *variable.starts, *(variable.shape or ())):
            yield from (leaf for leaf in leaves(value) if isinstance(leaf, Text))
    lists = (p.value for p in draft.parameters if isinstance(p.value, tuple))
    yield from (leaf for value in lists for leaf in leaves(value) if isinstance(leaf, Text))


def _declare(name: str, values: NDArray[np.float64], declared: Declarations) -> None:
    node = symbol(name, values.shape, bool((values % 1 == 0).all()))
    declared.nodes[name], declared.values[node] = node, array("d", values.tobytes())


def _check_clashes(draft: ProblemDraft, columns: set[str], declared: Declarations) -> None:
    for kind, names in (
        ("parameter", [p.name for p in draft.parameters]),
        ("variable", [v.name for v in draft.variables]),
        ("matrix", [m.name for m in draft.data.matrices] if draft.data else []),
    ):
        for name in names:
            if name.value in columns:
                declared.mistake(f"{name.value} is both a column of the data and a {kind}; give one of them another name.", name.place)


def _declare_matrix(draft: MatrixDraft, columns: Mapping[str, Any], names: Sequence[str], declared: Declarations) -> None:
    declared.check_name(draft.name, "matrix")
    missing = [column for column in draft.columns if column.value not in columns]
    for column in missing:
        declared.mistake(f"The data have no column {printable(column.value)}.{nearest(column.value, list(names))}", column.place)
    if not missing and draft.columns:
        import numpy as np

        _declare(draft.name.value, np.column_stack([columns[column.value] for column in draft.columns]), declared)
