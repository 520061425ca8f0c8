"""A validated problem: immutable, and trusted by everything downstream.

Files, flags and the Python API all become a draft and then, through `validate`, this.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from optbench.language.build import negate, power, reduction, subtract
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, Node, Shape, Symbol, topological
from optbench.language.text import TooLong, text
from optbench.problem.interval import Interval, restricted

if TYPE_CHECKING:
    from optbench.problem.draft import ProblemDraft


_SHOWN = 1_000  # ranges of one variable whose texts are hashed


@dataclass(frozen=True)
class Variable:
    """An unknown: a number, or an array of numbers."""

    symbol: Symbol  # name, shape, and whether it takes whole numbers only
    ranges: tuple[Interval, ...]  # one for all entries, or one an entry in row-major order
    starts: tuple[tuple[float | None, ...], ...] = ()  # for each start one number an entry; None: the engine chooses
    unit: str | None = None

    @property
    def name(self) -> str:
        return self.symbol.name

    @property
    def shape(self) -> Shape:
        return self.symbol.shape

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    def entry_ranges(self) -> Sequence[Interval]:
        """One range an entry."""
        return self.ranges * self.size if len(self.ranges) == 1 else self.ranges


class Parameter(NamedTuple):
    """A named constant of the problem, as it was given; `symbol` is set for one that keeps its name in formulas."""

    name: str
    value: str  # text: a number, an expression, a list, or the kind of a free symbol
    symbol: Symbol | None = None


class Constraint(NamedTuple):
    """A condition on the variables, entry by entry where it is an array."""

    name: str
    condition: Node
    written: str | None = None  # how it is shown; None: as the condition prints

    @property
    def text(self) -> str:
        """How it is shown."""
        return printed(self.condition) if self.written is None else self.written


def printed(node: Node) -> str:
    """Return an expression as text, or where that would be long, with what is shared written out, its size and a fingerprint."""
    order = topological(node)
    length = _lengths(order)[node]
    if length <= _PRINTED:
        with suppress(TooLong):
            return text(node, decimals=True)
    return _in_short(length, _fingerprint(order))


def _lengths(order: Sequence[Node]) -> dict[Node, int]:
    """How many parts each expression has, with what is shared written out."""
    lengths: dict[Node, int] = {}
    for part in order:
        lengths[part] = 1 + sum(lengths[a] for a in part.args)
    return lengths


def _in_short(length: int, fingerprint: str) -> str:
    many = f"{length:,}" if length < _COUNTED else f"more than {_COUNTED:,}"
    return f"an expression of {many} parts ({fingerprint})"


_PRINTED = 20_000  # parts
_PRINTED_IN_ALL = 1_000_000  # parts of all constraints together
_COUNTED = 10**9  # beyond it nobody wants to read how many


def _fingerprint(order: Sequence[Node]) -> str:
    """A hash of an expression, which different ones do not share."""
    places = {part: str(i) for i, part in enumerate(order)}
    content = hashlib.sha256()
    for part in order:
        content.update(f"{_head(part)} {' '.join(places[a] for a in part.args)};".encode())
    return f"sha256 {content.hexdigest()[:16]}"


def _digests(order: Sequence[Node]) -> dict[Node, str]:
    """Such hashes of many expressions that share parts, each made of those of its arguments."""
    found: dict[Node, str] = {}
    for part in order:
        content = f"{_head(part)} {' '.join(found[a] for a in part.args)}"
        found[part] = f"sha256 {hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return found


def _head(part: Node) -> str:
    return f"{part.function} {part.static}" if isinstance(part, Call) else repr(part)


class MethodChoice(NamedTuple):
    """A method to run, as asked for, with its options as given."""

    name: str
    options: tuple[tuple[str, str | Fraction | bool], ...] = ()


class Known(NamedTuple):
    """The published answer: compared with ours, never used to find it."""

    value: float | None
    at: Mapping[str, Any]  # nested lists of floats by variable
    source: str | None


class Model(NamedTuple):
    """A regression: the response, one number a row of the data, and what the model says in its place."""

    response: Node
    prediction: Node

    def sum_of_squares(self) -> Node:
        """Return what is to be minimised."""
        return reduction("sum", power(subtract(self.response, self.prediction), 2))


@dataclass(frozen=True)
class Problem:
    """What is asked."""

    name: str | None
    sense: Literal["minimize", "maximize"]
    objective: Node  # as the user wrote it
    variables: tuple[Variable, ...]
    objective_text: str  # the objective as it is shown
    parameters: tuple[Parameter, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    data: Mapping[Symbol, Any] = field(default_factory=dict)  # entries of the array symbols that are no variables, row by row
    methods: tuple[MethodChoice, ...] = ()
    known: Known | None = None
    tags: tuple[str, ...] = ()
    description: str | None = None
    warnings: tuple[str, ...] = ()
    model: Model | None = None  # of which the objective is the sum of squares
    written: ProblemDraft | None = field(default=None, compare=False, repr=False)  # what it was made of, in the user's own words

    @property
    def minimand(self) -> Node:
        """The function to be minimised: the objective, or its opposite."""
        return self.objective if self.sense == "minimize" else negate(self.objective)

    @property
    def sign(self) -> float:
        """The objective is this times the minimand."""
        return 1.0 if self.sense == "minimize" else -1.0

    @property
    def symbols(self) -> list[Symbol]:
        """The variables' symbols, in order."""
        return [v.symbol for v in self.variables]

    @property
    def dimension(self) -> int:
        """How many numbers are unknown."""
        return sum(v.size for v in self.variables)

    @property
    def free_parameters(self) -> list[Parameter]:
        """Parameters without a value."""
        return [p for p in self.parameters if p.symbol is not None]

    @cached_property
    def constraint_texts(self) -> list[str]:
        """How each constraint is shown; once these are long together, further ones by their sizes and fingerprints."""
        conditions = [c.condition for c in self.constraints]
        lengths = _lengths(topological(*conditions))
        texts, shown = [], 0
        digests: dict[Node, str] = {}
        for constraint in self.constraints:
            length = lengths[constraint.condition] if constraint.written is None else 0
            shown += length
            if shown <= _PRINTED_IN_ALL or shown == length:
                texts.append(constraint.text)
            else:
                digests = digests or _digests(topological(*conditions))
                texts.append(_in_short(length, digests[constraint.condition]))
        return texts

    @cached_property
    def has_arrays(self) -> bool:
        """Whether any part of the problem has a shape."""
        if any(v.shape for v in self.variables) or self.data:
            return True
        return any(node.shape for node in topological(self.objective, *(c.condition for c in self.constraints)))

    @cached_property
    def domain(self) -> list[Node]:
        """Conditions that hold together exactly where the objective and the constraints are defined."""
        return natural_domain(self.objective, *(c.condition for c in self.constraints))

    @cached_property
    def domains(self) -> dict[str, tuple[Interval, tuple[Node, ...]]]:
        """For each scalar variable its range without the parts on which the problem is undefined, and the conditions
        on it alone that could not be made part of the interval."""
        alone = _conditions_on_one(self.domain)
        return {v.name: _domain_of(v, alone.get(v.symbol, ())) for v in self.variables if not v.shape}

    @cached_property
    def hash(self) -> str:
        """A hash of everything that determines the answer."""
        content = {
            "sense": self.sense,
            "objective": self.objective_text,
            "variables": [[v.name, list(v.shape), v.symbol.integer, _hashed_ranges(v.ranges)] for v in self.variables],
            "parameters": [[p.name, p.value] for p in self.parameters],
            "constraints": self.constraint_texts,
            "data": {s.name: hashlib.sha256(_bytes(values)).hexdigest() for s, values in self.data.items()},
        }
        return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _hashed_ranges(ranges: Sequence[Interval]) -> list[str]:
    """What is hashed of ranges: their texts, or for many the doubles of their ends."""
    if len(ranges) <= _SHOWN:
        return [str(r) for r in ranges]
    ends = array("d", (end for r in ranges for end in (*r.floats, r.lower_closed, r.upper_closed)))
    return [hashlib.sha256(ends.tobytes()).hexdigest()]


def _bytes(values: Sequence[Fraction] | array[float]) -> bytes:
    """What is hashed of data: the doubles of columns, the fractions of lists."""
    return values.tobytes() if isinstance(values, array) else repr(list(values)).encode()


def _conditions_on_one(conditions: Sequence[Node]) -> dict[Symbol, list[Node]]:
    """The conditions that hold one symbol only, by that symbol; what they share is looked at once."""
    held: dict[Node, frozenset[Symbol]] = {}  # at most two symbols of each part
    for node in topological(*conditions):
        inner = [held[a] for a in node.args if held[a]]
        some = frozenset([node]) if isinstance(node, Symbol) else inner[0] if inner else frozenset()
        for more in inner:
            some = some if len(some) > 1 or more is some else frozenset(sorted(some | more, key=id)[:2])
        held[node] = some
    found: dict[Symbol, list[Node]] = {}
    for condition in conditions:
        if len(held[condition]) == 1:
            [only] = held[condition]
            found.setdefault(only, []).append(condition)
    return found


def _domain_of(variable: Variable, conditions: Sequence[Node]) -> tuple[Interval, tuple[Node, ...]]:
    """The range of a variable without what the conditions on it alone take away, and those that are left."""
    interval, rest = variable.ranges[0], []
    for condition in conditions:
        narrower = restricted(interval, condition, variable.symbol)
        if narrower is None:
            rest.append(condition)
        else:
            interval = narrower
    return interval, tuple(_unimplied(rest, interval, variable.symbol))


def _unimplied(conditions: list[Node], interval: Interval, variable: Symbol) -> list[Node]:
    """Drop an `or` of conditions one of which holds on the whole interval."""
    return [c for c in conditions if not _holds_throughout(c, interval, variable)]


def _holds_throughout(condition: Node, interval: Interval, variable: Symbol) -> bool:
    if isinstance(condition, Call) and condition.function == "or":
        return any(_holds_throughout(part, interval, variable) for part in condition.args)
    return restricted(interval, condition, variable) == interval


def domain_text(interval: Interval, rest: Sequence[Node]) -> str:
    """Return an inferred domain as text: an interval, and conditions after `where`."""
    if interval.is_empty:
        return "empty"
    return str(interval) + (f" where {' and '.join(text(c, decimals=True) for c in rest)}" if rest else "")
