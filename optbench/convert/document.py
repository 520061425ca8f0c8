"""A problem file as a tree of fields: what YAML and JSON have in common.

A tree is made of dicts, lists, texts, exact numbers, booleans and None. Data stay in their CSV file, which is copied to
where the new file can name it; a text that stands alone has them as lists among its parameters.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeAlias

from optbench.convert.drafted import drafted
from optbench.errors import ProblemError, printable
from optbench.language.digits import digits
from optbench.language.functions import EXPANDED, TABLE
from optbench.language.tokens import names_in
from optbench.problem.draft import (
    ConstraintDraft,
    DataDraft,
    Flag,
    KnownDraft,
    MethodDraft,
    Number,
    Option,
    ProblemDraft,
    Text,
    Values,
    VariableDraft,
)
from optbench.problem.problem import Problem
from optbench.problem.reader import MAX_BYTES

Tree: TypeAlias = "str | Fraction | bool | list[Tree] | dict[str, Tree] | None"

INLINE = 100_000  # numbers of data that a text without other files may have


class Document(NamedTuple):
    """The fields of a problem file, and the files that it names."""

    fields: dict[str, Tree]
    beside: tuple[tuple[Path, bytes], ...] = ()


def document(problem: Problem, target: Path | None) -> Document:
    """Return the fields of a problem file at `target`, or of one that needs no other file."""
    draft = drafted(problem)
    if draft.data is None:
        return Document(_fields(draft))
    if target is None:
        return Document(_with_lists(_fields(draft), draft))
    source = (draft.folder or Path()) / draft.data.file.value
    name, copy = _named(source, draft.data.file.value, target.parent)
    moved = draft.data._replace(file=Text(name))
    return Document({**_fields(draft), "data": _data(moved)}, copy)


def checked(text: str) -> str:
    """Return the text of a problem file if it is not longer than one may be."""
    if len(text.encode()) > MAX_BYTES:
        raise ProblemError(f"The problem file would have more than {MAX_BYTES // 2**20} MB, which is the limit for reading it again.")
    return text


def decimal(value: Fraction) -> str | None:
    """Return a number as a decimal that is exactly it, or None where there is none.

    >>> decimal(Fraction(-13, 400)), decimal(Fraction(12 * 10**20)), decimal(Fraction(1, 3))
    ('-0.0325', '12e20', None)
    """
    places, rest = _places(value.denominator)
    if rest != 1:
        return None
    written, sign = digits(abs(value.numerator) * 10**places // value.denominator), "-" if value < 0 else ""
    whole = written.rstrip("0")
    if places == 0:
        zeros = len(written) - len(whole)
        return f"{sign}{whole}e{zeros}" if zeros > _ZEROS and whole else f"{sign}{written}"
    if places > len(written) + _ZEROS:
        return f"{sign}{whole}e{len(written) - len(whole) - places}"
    padded = written.rjust(places + 1, "0")
    return f"{sign}{padded[:-places]}.{padded[-places:]}".rstrip("0").removesuffix(".")


_ZEROS = 6  # zeros at an end of a number that are written out


def _places(denominator: int) -> tuple[int, int]:
    """Return how many decimal places a fraction in lowest terms has, and what of its denominator hinders it."""
    counts = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator, count = denominator // prime, count + 1
        counts.append(count)
    return max(counts), denominator


# ---- the fields --------------------------------------------------------------------------------------------------------


def _fields(draft: ProblemDraft) -> dict[str, Tree]:
    """The fields that are given, in the order in which people write them."""
    fields: dict[str, Tree] = {"name": _word(draft.name), "description": _word(draft.description)}
    if draft.model is not None and draft.sense == "minimize":
        fields["model"] = {"response": draft.model.response.value, "expr": draft.model.expr.value}
    else:
        fields[draft.sense] = draft.objective.value
    fields["variables"] = {v.name.value: _variable(v) for v in draft.variables}
    fields["parameters"] = {p.name.value: _values(p.value) for p in draft.parameters}
    fields["subject to"] = _constraints(draft.constraints)
    fields["data"] = None if draft.data is None else _data(draft.data)
    fields["methods"] = [_method(m) for m in draft.methods]
    fields["known"] = None if draft.known is None else _known(draft.known)
    fields["tags"] = [tag.value for tag in draft.tags]
    return {name: value for name, value in fields.items() if value is not None and value not in ([], {})}


def _word(text: Text | None) -> str | None:
    return None if text is None else text.value


def _values(value: Values) -> Tree:
    if isinstance(value, tuple):
        return [_values(part) for part in value]
    if isinstance(value, Number):
        return value.value
    return None if value is None else value.value


def _variable(draft: VariableDraft) -> Tree:
    range_: Tree = draft.range.value if isinstance(draft.range, Text) else None if draft.range is None else list(map(_values, draft.range))
    more: dict[str, Tree] = {
        "range": range_,
        "start": _values(draft.start),
        "starts": list(map(_values, draft.starts)),
        "shape": None if draft.shape is None else _shape(draft.shape),
        "integer": draft.integer or None,
        "unit": _word(draft.unit),
    }
    given: dict[str, Tree] = {name: value for name, value in more.items() if value is not None and value != []}
    return range_ if set(given) <= {"range"} else given


def _shape(lengths: tuple[int | Text, ...]) -> Tree:
    written: list[Tree] = [Fraction(length) if isinstance(length, int) else length.value for length in lengths]
    return written[0] if len(written) == 1 else written


def _constraints(drafts: tuple[ConstraintDraft, ...]) -> Tree:
    """A list, or a mapping where every constraint has a name of its own."""
    names = [c.name.value for c in drafts if c.name is not None]
    if len(names) == len(drafts) == len(set(names)):
        return {c.name.value: c.text.value for c in drafts if c.name is not None}
    return [c.text.value if c.name is None else {c.name.value: c.text.value} for c in drafts]


def _data(draft: DataDraft) -> Tree:
    matrices: Tree = {m.name.value: [column.value for column in m.columns] for m in draft.matrices}
    return {"file": draft.file.value, **({"matrices": matrices} if matrices else {})}


def _method(draft: MethodDraft) -> Tree:
    return {draft.name.value: {o.name.value: _option(o.value) for o in draft.options}} if draft.options else draft.name.value


def _option(option: Option) -> Tree:
    return option.value if isinstance(option, Flag) else _values(option)


def _known(draft: KnownDraft) -> Tree:
    at: Tree = {name.value: _values(value) for name, value in draft.at}
    known: dict[str, Tree] = {"value": _values(draft.value), "at": at, "source": _word(draft.source)}
    return {name: value for name, value in known.items() if value is not None and value != {}}


# ---- data --------------------------------------------------------------------------------------------------------------


def _named(source: Path, name: str, folder: Path) -> tuple[str, tuple[tuple[Path, bytes], ...]]:
    """Return the name by which a problem file in `folder` finds the data, and the copy that is needed for it."""
    where, there = os.path.realpath(source), os.path.realpath(folder)
    if os.path.commonpath([where, there]) == there:
        return Path(os.path.relpath(where, there)).as_posix(), ()
    own = Path(name) if not Path(name).is_absolute() and ".." not in Path(name).parts else Path(Path(name).name)
    return own.as_posix(), ((folder / own, source.read_bytes()),)


def _with_lists(fields: dict[str, Tree], draft: ProblemDraft) -> dict[str, Tree]:
    """The fields with the columns that they name as parameters, before all that may need them."""
    assert draft.data is not None
    from optbench.problem.data import column_names, read_columns

    path = (draft.folder or Path()) / draft.data.file.value
    words = names_in(" ".join(_texts([_without_prose(fields[name]) for name in _WITH_FORMULAS if name in fields]))) - _RESERVED
    grouped = {column.value for matrix in draft.data.matrices for column in matrix.columns}
    columns = read_columns(path, [name for name in column_names(path) if name in words | grouped])
    count = sum(map(len, columns.values()))
    if count > INLINE:
        raise ProblemError(
            f"The data of {printable(draft.data.file.value)} are {count:,} numbers; a text without other files may have {INLINE:,}. "
            "Write to a file, beside which they can stand."
        )
    lists = {name: [_shortest(v) for v in column.tolist()] for name, column in columns.items()}
    named: dict[str, Tree] = {name: list(values) for name, values in lists.items() if name in words}
    for matrix in draft.data.matrices:
        named[matrix.name.value] = [list(row) for row in zip(*(lists[c.value] for c in matrix.columns), strict=True)]
    given = fields.get("parameters")
    own = given if isinstance(given, dict) else {}
    replaced: dict[str, Tree] = {}
    for name, value in fields.items():
        if name not in ("data", "parameters"):
            replaced[name] = value
        if name == "variables":
            replaced["parameters"] = {**named, **own}
    return replaced


_WITH_FORMULAS = ("minimize", "maximize", "model", "variables", "parameters", "subject to", "known")
_RESERVED = frozenset([*TABLE, *EXPANDED, *("for", "in", "and", "or", "not", "axis")])  # what can be no column's name


def _without_prose(tree: Tree) -> Tree:
    """A field without what people say in it: units and sources."""
    if not isinstance(tree, dict):
        return tree
    return {name: _without_prose(part) for name, part in tree.items() if name not in ("unit", "source")}


def _shortest(value: float) -> Fraction:
    return Fraction(repr(value))


def _texts(tree: Tree) -> Iterator[str]:
    """Yield every text of a tree but the names of its fields."""
    if isinstance(tree, str):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _texts(part)
