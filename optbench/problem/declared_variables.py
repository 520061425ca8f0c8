"""Variables of a draft become names, with their shapes, their ranges and starts; each of these for all entries, or an entry."""

from __future__ import annotations

import math
from fractions import Fraction
from math import prod
from typing import TypeAlias

from optbench.errors import Place, printable
from optbench.language.build import MAX_ENTRIES, number, shape_text, symbol
from optbench.language.graph import GraphError, Node, Shape, symbols
from optbench.language.graph import Number as NumberNode
from optbench.problem.declarations import Declarations, shape_phrase
from optbench.problem.draft import Text, Values, VariableDraft
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval, as_float
from optbench.problem.nested import entry_name, leaves, place_of
from optbench.problem.problem import Variable
from optbench.problem.range_text import ends_of

Range: TypeAlias = Text | tuple[Values, Values]

_WRITTEN_OUT = 1_000  # entries up to which an array of ends or starts is exact; longer ones are doubles
_COUNTED = 10**30  # beyond it nobody wants to read how many


def declare_variable(draft: VariableDraft, declared: Declarations) -> Variable | None:
    """Declare a variable and return it; None, with mistakes noted, where it can't be."""
    with declared.declaring(draft.name.value):
        shape = _said_shape(draft, declared) if draft.shape is not None else _implied_shape(draft, declared)
        if shape is None or _is_too_long(shape, draft, declared):
            return None
        node = symbol(draft.name.value, shape, draft.integer)
        declared.nodes[draft.name.value] = node
        entries = _Entries(draft, shape, declared)
        ranges = entries.ranges()
        written = ([draft.start] if draft.start is not None else []) + list(draft.starts)
        starts = tuple(entries.start(start, ranges or (Interval(),)) for start in written)
        return None if ranges is None else Variable(node, ranges, starts, draft.unit.value if draft.unit else None)


# ---- shapes ----------------------------------------------------------------------------------------------------------------


def _said_shape(draft: VariableDraft, declared: Declarations) -> Shape | None:
    """The shape that is said, with the parameters in it."""
    found = [length if isinstance(length, int) else _length(length, draft.name.value, declared) for length in draft.shape or ()]
    return None if any(length is None for length in found) else tuple(length for length in found if length is not None)


def _length(written: Text, name: str, declared: Declarations) -> int | None:
    node = declared.closed(written, f"A length of {name}")
    if node is None:
        return None
    if isinstance(node, NumberNode) and node.value.denominator == 1 and node.value >= 1:
        return node.value.numerator
    declared.mistake(
        f"A length of {name} must be a whole number from 1 on, and {printable(written.value)} is not.",
        written.at(0, len(written.value)),
    )
    return None


def _implied_shape(draft: VariableDraft, declared: Declarations) -> Shape:
    """The shape of the first list among start and ends; that of a number without any."""
    for value in (draft.start, *(draft.range if isinstance(draft.range, tuple) else ()), *draft.starts):
        if isinstance(value, tuple):
            return declared.shape_of(value, draft.name) or ()
    return ()


def _is_too_long(shape: Shape, draft: VariableDraft, declared: Declarations) -> bool:
    if prod(shape) <= MAX_ENTRIES:
        return False
    entries = f"{prod(shape):,}" if prod(shape) < _COUNTED else "far too many"
    declared.mistake(f"{draft.name.value} has {entries} entries; the limit is {MAX_ENTRIES:,}.", draft.name.place)
    return True


# ---- ranges and starts -------------------------------------------------------------------------------------------------------


class _Entries:
    """What is said of the entries of a variable whose shape is known."""

    def __init__(self, draft: VariableDraft, shape: Shape, declared: Declarations) -> None:
        self.draft, self.shape, self.declared = draft, shape, declared
        self.name = draft.name.value

    def ranges(self) -> tuple[Interval, ...] | None:
        """One interval for all entries, or one an entry; None, with mistakes noted, where there is none."""
        written = self.draft.range
        if written is None:
            return (Interval(),)
        if not isinstance(written, Text):
            return self._checked(self._intervals(*written))
        parts = self.declared.attempt(lambda: ends_of(written))
        return None if parts is None else self._checked(self._intervals(*parts))

    def _intervals(self, low: Values, high: Values, low_closed: bool = True, high_closed: bool = True) -> tuple[Interval, ...] | None:
        lower, upper = (self._spread(end, f"An end of the range of {self.name}") for end in (low, high))
        if lower is None or upper is None:
            return None
        count = max(len(lower), len(upper))
        lows, highs = (ends * count if len(ends) == 1 else ends for ends in (lower, upper))
        return tuple(
            Interval(MINUS_INFINITY if a is None else a, INFINITY if b is None else b, low_closed, high_closed)
            for a, b in zip(lows, highs, strict=True)
        )

    def _checked(self, ranges: tuple[Interval, ...] | None) -> tuple[Interval, ...] | None:
        for position, interval in enumerate(ranges or ()):
            low, high = interval.floats
            name = self.name if ranges and len(ranges) == 1 else entry_name(self.name, self.shape, position)
            if math.isnan(low) or math.isnan(high) or low == math.inf or high == -math.inf:
                self.declared.mistake(f"The range {interval} of {name} has an end that is no number.", self._range_place())
                return None
            if interval.is_empty:
                self.declared.mistake(f"The range {interval} of {name} is empty; the lower end comes first.", self._range_place())
                return None
        return ranges

    def _range_place(self) -> Place | None:
        written = self.draft.range
        return written.place if isinstance(written, Text) and written.place else self.draft.name.place

    def start(self, value: Values, ranges: tuple[Interval, ...]) -> tuple[float | None, ...]:
        """Return a start, projected onto the ranges; None for what is not said."""
        size = prod(self.shape)
        nodes = self._spread(value, f"The start of {self.name}")
        if nodes is None:
            return (None,) * size
        numbers = [None if n is None else as_float(n) for n in nodes]
        numbers = numbers * size if len(numbers) == 1 else numbers
        if any(n is not None and not math.isfinite(n) for n in numbers):
            place = place_of(value) if isinstance(value, tuple) else value.place if value is not None else None
            self.declared.mistake(f"The start of {self.name} is no finite number.", place or self.draft.name.place)
        bounds = ranges * size if len(ranges) == 1 else ranges
        inside = [n if n is None else min(max(n, b.floats[0]), b.floats[1]) for n, b in zip(numbers, bounds, strict=True)]
        if inside != numbers:
            self.declared.warnings.append(f"The start of {self.name} lies outside its range and was projected onto it.")
        return tuple(inside)

    def _spread(self, value: Values, what: str) -> list[Node | None] | None:
        """One node for all entries, or one an entry; None and a mistake where the shape is wrong."""
        if isinstance(value, Text):
            return self._spread_text(value, what)
        if not isinstance(value, tuple):
            return [self.declared.closed(value, what)]
        given = self.declared.shape_of(value, self.draft.name)
        if given != self.shape:
            if given is not None:
                self.declared.mistake(
                    f"{self.name} {shape_phrase(self.shape)}, and a list of shape {shape_text(given)} is given.",
                    place_of(value) or self.draft.name.place,
                )
            return None
        return [self.declared.closed(leaf, what) for leaf in leaves(value)]

    def _spread_text(self, value: Text, what: str) -> list[Node | None] | None:
        """An expression that is one number, or an array of the variable's shape such as zeros(3)."""
        node = self.declared.expression(value, self.declared.scope())
        if node is None:
            return None
        if not node.shape:
            return [self.declared.closed(value, what)]
        place = value.at(0, len(value.value))
        if node.shape != self.shape:
            needed = shape_text(self.shape) if self.shape else "a number"
            self.declared.mistake(f"{what} has the shape {shape_text(node.shape)}, and {needed} is needed.", place)
            return None
        if prod(self.shape) > _WRITTEN_OUT:
            return self._computed(node, place, what)
        from optbench.language.expand import entries

        known = {s: list(map(Fraction, self.declared.values[s])) for s in symbols(node) if s in self.declared.values}
        try:
            return list(entries(node, known))
        except GraphError as error:
            self.declared.mistake(str(error), place)
            return None

    def _computed(self, node: Node, place: Place | None, what: str) -> list[Node | None] | None:
        """The entries of an array that is too long to be written out, as the shortest decimals of doubles."""
        from optbench.arithmetic.numpy_arrays import function

        found = function([node], [], self.declared.values)()[0].ravel().tolist()
        if any(map(math.isnan, found)):
            self.declared.mistake(f"{what} is not defined in each entry.", place)
            return None
        nodes: dict[float, Node] = {math.inf: INFINITY, -math.inf: MINUS_INFINITY}
        nodes.update((v, number(Fraction(repr(v)))) for v in set(found) - nodes.keys())
        return [nodes[v] for v in found]
