"""What the names of a draft stand for, as far as it has been read, and every mistake that was found on the way.

Parameters, columns of data and variables are declared one after another; an expression may name what stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from optbench.errors import Mistake, Place, ProblemError, printable
from optbench.language.build import number, shape_text
from optbench.language.elaborate import Parsed, Scope, parse
from optbench.language.functions import EXPANDED, TABLE
from optbench.language.graph import Node, Shape, Symbol, symbols
from optbench.problem.draft import Number, ProblemDraft, Scalar, Text, Values

_RESERVED = ("pi", "inf", "for", "in", "and", "or", "not", "axis")
_UNKNOWN = re.compile(
    r"(?:The name |A response is one number a row of the data, and |)(\w+) is (?:not declared|no column|a scalar and has no entries)"
)
T = TypeVar("T")


def is_free(name: str) -> bool:
    """Whether a name has no meaning in the language."""
    return name not in TABLE and name not in EXPANDED and name not in _RESERVED


def shape_phrase(shape: Shape) -> str:
    """The words for a shape after a name."""
    return f"has the shape {shape_text(shape)}" if shape else "is one number"


class Declarations:
    """The names of a draft; `nodes` has what each stands for, `values` the numbers of those that are data."""

    def __init__(self, draft: ProblemDraft) -> None:
        self.mistakes: list[Mistake] = []
        self.warnings: list[str] = []
        self.nodes: dict[str, Node] = {}
        self.values: dict[Symbol, Any] = {}
        self.faulty: set[str] = set(draft.faulty)  # names whose declaration is a mistake
        self.columns_known = True  # whether the data could be read
        self._current: str | None = None  # the name that is being declared
        self._undeclared = {v.name.value: "variable" for v in draft.variables} | {p.name.value: "parameter" for p in draft.parameters}

    @contextmanager
    def declaring(self, name: str) -> Iterator[None]:
        """Within, the name can't be used yet; after it, it can."""
        self._current = name
        yield
        self._undeclared.pop(name, None)

    def scope(self) -> Scope:
        """What expressions see that must be known beforehand."""
        return Scope(self.nodes, self.values)

    # ---- mistakes -------------------------------------------------------------------------------------------------------

    def mistake(self, sentence: str, place: Place | None = None, hint: str | None = None) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(sentence, place, hint))

    def attempt(self, what: Callable[[], T]) -> T | None:
        """Return the value, or note the mistakes and return None."""
        try:
            return what()
        except ProblemError as error:
            self.mistakes.extend(error.mistakes)
            return None

    def is_consequence(self, mistake: Mistake) -> bool:
        """Whether a name is only unknown because its declaration is faulty, or the data that may have it."""
        unknown = _UNKNOWN.match(mistake.sentence)
        return unknown is not None and (not self.columns_known or unknown[1] in self.faulty)

    def check_name(self, name: Text, kind: str) -> None:
        """Note a mistake where something of this kind can't have the name."""
        if not name.value.isidentifier():
            self.mistake(
                f"'{printable(name.value)}' can't name a {kind}; a name has letters, digits and _, and begins with no digit.", name.place
            )
        elif not is_free(name.value):
            self.mistake(f"{name.value} has a meaning in the language and can't name a {kind}; {name.value}_ could.", name.place)

    # ---- expressions ----------------------------------------------------------------------------------------------------

    def expression(self, written: Text, scope: Scope) -> Node | None:
        """Return the node of an expression, or note its mistakes and return None."""
        try:
            return self.kept(parse(written.value, scope, written.at))
        except ProblemError as error:
            self.mistakes.extend(map(self._explained, error.mistakes))
            return None

    def _explained(self, mistake: Mistake) -> Mistake:
        """A name that is not declared yet has a sentence of its own."""
        unknown = _UNKNOWN.match(mistake.sentence)
        kind = self._undeclared.get(unknown[1]) if unknown is not None and mistake.sentence.startswith("The name ") else None
        if unknown is None or kind is None:
            return mistake
        if unknown[1] == self._current:
            return mistake._replace(sentence=f"{unknown[1]} can't depend on itself.", hint=None)
        if kind == "variable":
            return mistake._replace(sentence=f"{unknown[1]} is a variable, and this must be known beforehand.", hint=None)
        return mistake._replace(sentence=f"{unknown[1]} is declared further down; declare it before it is used.", hint=None)

    def kept(self, parsed: Parsed) -> Node:
        """Return the node of what was read, and keep its warnings."""
        self.warnings.extend(parsed.warnings)
        return parsed.node

    def closed(self, value: Scalar, what: str) -> Node | None:
        """The node of a number or of an expression without unknowns; what it needs must be declared before."""
        if value is None:
            return None
        if isinstance(value, Number):
            return number(value.value)
        node = self.expression(value, self.scope())
        if node is None:
            return None
        if node.shape or any(s not in self.values for s in symbols(node)):
            self.mistake(f"{what} must be one number, and {printable(value.value)} is not.", value.at(0, len(value.value)))
            return None
        return node

    def shape_of(self, value: Values, name: Text) -> Shape | None:
        """The shape of a nested list, or None (and a mistake) where its rows differ in length."""
        if not isinstance(value, tuple):
            return ()
        if not value:
            self.mistake(f"A list in {name.value} has no entries.", name.place)
            return None
        shapes = {self.shape_of(part, name) for part in value}
        if len(shapes) != 1 or None in shapes:
            if None not in shapes:
                self.mistake(f"The entries of {name.value} do not form a regular array.", name.place)
            return None
        inner = shapes.pop()
        assert inner is not None
        return (len(value), *inner)
