"""A slice of a problem: some unknowns are held at values, the others are free.

>>> from optbench.api import define
>>> cut = sliced(define("x^2 + y^2 + z^2"), ["y=1, z=1/2"])
>>> [str(v.ranges[0]) for v in cut.variables]
['(-inf, inf)', '[1, 1]', '[1/2, 1/2]']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import prod

from optbench.errors import ProblemError, UsageError, nearest, printable
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Node, symbols
from optbench.problem.interval import Interval, as_float, order
from optbench.problem.problem import Problem, Variable


def sliced(problem: Problem, texts: Sequence[str]) -> Problem:
    """Return the problem with unknowns held as texts such as "x=1, y[0]=2, z[1:]=0" say.

    A name without an index means all entries of an array, and a later text overrides an earlier one. Raise `UsageError` for
    what is no such text, for names and entries that there are not, and for values outside of a range.
    """
    held: dict[str, dict[int, Node]] = {}
    variables = {v.name: v for v in problem.variables}
    for text in texts:
        for assignment in _assignments(text):
            name, places, value = _read(assignment, variables)
            held.setdefault(name, {}).update(dict.fromkeys(places, value))
    if not held:
        return problem
    changed = tuple(_held(v, held[v.name]) if v.name in held else v for v in problem.variables)
    return replace(problem, variables=changed, written=None)


def free_entries(problem: Problem) -> list[int]:
    """Return the places of the entries of the flat point that may take more than one value."""
    ranges = (interval for v in problem.variables for interval in v.entry_ranges())
    return [place for place, interval in enumerate(ranges) if not interval.is_fixed]


def _assignments(text: str) -> Iterator[str]:
    """The parts of a text between commas outside of brackets."""
    depth, begin = 0, 0
    for position, character in enumerate(text + ","):
        depth += (character in "([") - (character in ")]")
        if character == "," and (depth <= 0 or position == len(text)):
            if text[begin:position].strip():
                yield text[begin:position].strip()
            begin = position + 1


def _read(text: str, variables: dict[str, Variable]) -> tuple[str, list[int], Node]:
    """The name, the places of its entries, and the value of one assignment."""
    match = re.fullmatch(r"(\w+)\s*(?:\[([^\]]*)\])?\s*=\s*(.+)", text, re.DOTALL)
    if match is None:
        raise UsageError(f"--slice takes values of unknowns, as x=1,y=2 or 'x[2:]=0', not '{printable(text[:60])}'.")
    name, index, value = match.groups()
    if name not in variables:
        known = list(variables)[:20]
        raise UsageError(
            f"--slice: there is no unknown '{printable(name)}'.{nearest(name, known) or ' The unknowns are ' + ', '.join(known) + '.'}"
        )
    return name, _places(name, index, variables[name].shape), _value(text, value)


def _value(text: str, written: str) -> Node:
    try:
        node = parse(written, Scope()).node
    except ProblemError as error:
        raise UsageError(f"--slice: '{printable(text[:60])}' has no value that can be read: {error.mistakes[0].sentence}") from None
    if node.shape or symbols(node) or not abs(as_float(node)) < float("inf"):
        raise UsageError(f"--slice: '{printable(text[:60])}' takes one finite number.")
    return node


def _places(name: str, index: str | None, shape: Sequence[int]) -> list[int]:
    """The places of entries in row-major order; all of them without an index."""
    if index is None:
        return list(range(prod(shape)))
    parts = [part.strip() for part in index.split(",")]
    if len(parts) != len(shape):
        dimensions = "no array" if not shape else f"an array with {len(shape)} {'index' if len(shape) == 1 else 'indices'}"
        raise UsageError(f"--slice: {name} is {dimensions}, so '{printable(name + '[' + index[:40] + ']')}' means nothing.")
    chosen = [_along(name, part, size) for part, size in zip(parts, shape, strict=True)]
    return [_flat(entry, shape) for entry in product(*chosen)]


def _along(name: str, part: str, size: int) -> list[int]:
    """The indices that one index means: a whole number, or a range such as 2:."""
    match = re.fullmatch(r"(-?\d{1,18})?\s*(:)?\s*(-?\d{1,18})?", part)
    if match is None or (match[2] is None and match[1] is None):
        raise UsageError(f"--slice: '{printable(part[:40])}' is no index of {name}; write 0, -1 or 2:5.")
    if match[2]:
        return list(range(size))[int(match[1]) if match[1] else None : int(match[3]) if match[3] else None]
    if not -size <= int(match[1]) < size:
        raise UsageError(f"--slice: {name} has no entry {match[1]}; the last one is {size - 1}.")
    return [int(match[1]) % size]


def _flat(entry: Sequence[int], shape: Sequence[int]) -> int:
    place = 0
    for index, size in zip(entry, shape, strict=True):
        place = place * size + index
    return place


def _held(variable: Variable, values: dict[int, Node]) -> Variable:
    """The variable with some entries held."""
    ranges = list(variable.entry_ranges())
    for place, value in values.items():
        _check(variable, ranges[place], value)
        ranges[place] = Interval(value, value)
    starts = tuple(
        tuple(as_float(values[k]) if k in values and s is not None else s for k, s in enumerate(start)) for start in variable.starts
    )
    return replace(variable, ranges=tuple(ranges), starts=starts)


def _check(variable: Variable, interval: Interval, value: Node) -> None:
    low, high = order(interval.lower, value), order(value, interval.upper)
    below = low == 1 or (low == 0 and not interval.lower_closed)
    if below or high == 1 or (high == 0 and not interval.upper_closed):
        raise UsageError(f"--slice: {variable.name} lies in {interval}, where {Interval(value, value).lower} is not.")
    if variable.symbol.integer and not as_float(value).is_integer():
        raise UsageError(f"--slice: {variable.name} takes whole numbers only.")
