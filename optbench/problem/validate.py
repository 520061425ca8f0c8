"""From a draft to a problem: every text is read, every name declared once, every mistake collected.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> problem = validated(ProblemDraft("minimize", Text("x*log(x)")), open_names=True)
>>> problem.domains["x"][0]
(0, inf)
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from optbench.errors import Mistake, Place, ProblemError, nearest, printable
from optbench.language.build import MAX_ENTRIES, number, shape_text, symbol
from optbench.language.domain import natural_domain
from optbench.language.elaborate import Parsed, Scope, parse, parse_constraint
from optbench.language.functions import EXPANDED, TABLE
from optbench.language.graph import GraphError, Node, Shape, Symbol, functions, symbols
from optbench.language.graph import Number as NumberNode
from optbench.language.text import TooLong, number_text, text
from optbench.problem.draft import (
    ConstraintDraft,
    Flag,
    MethodDraft,
    Number,
    ParameterDraft,
    ProblemDraft,
    Scalar,
    Text,
    Values,
    VariableDraft,
)
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval, as_float
from optbench.problem.nested import entry_name, leaves, nested, place_of
from optbench.problem.problem import Constraint, Known, MethodChoice, Model, Parameter, Problem, Variable
from optbench.problem.range_text import ends_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RESERVED = ("pi", "inf", "for", "in", "and", "or", "not", "axis")
_UNKNOWN = re.compile(
    r"(?:The name |A response is one number a row of the data, and |)(\w+) is (?:not declared|no column|a scalar and has no entries)"
)
_WRITTEN_OUT = 1_000  # entries up to which an array of ends or starts is exact; longer ones are doubles
_LONG = 2_000  # an objective that prints longer than this is shown as it was typed
_COUNTED = 10**30  # beyond it nobody wants to read how many
T = TypeVar("T")


Range: TypeAlias = Text | tuple[Values, Values]


def validated(draft: ProblemDraft, *, open_names: bool = False, default_range: Range | None = None) -> Problem:
    """Return the problem of a draft; raise `ProblemError` with every mistake.

    With `open_names` every name that is not declared is a variable (the command line) with the default range; else it is
    a mistake.
    """
    return _Validation(draft, open_names, default_range).problem()


class _Validation:
    def __init__(self, draft: ProblemDraft, open_names: bool, default_range: Range | None) -> None:
        self.draft, self.open_names, self.default_range = draft, open_names, default_range
        self.mistakes: list[Mistake] = []
        self.warnings: list[str] = []
        self.nodes: dict[str, Node] = {}
        self.values: dict[Symbol, Any] = {}
        self.faulty: set[str] = set(draft.faulty)  # names whose declaration is a mistake
        self.current: str | None = None  # the name that is being declared
        self.undeclared = {v.name.value: "variable" for v in draft.variables} | {p.name.value: "parameter" for p in draft.parameters}
        self.columns_known = True
        self.column_names: list[str] = []  # of the data

    def problem(self) -> Problem:
        draft = self.draft
        self.check_names()
        self.read_data()
        parameters = tuple(p for p in map(self.parameter, draft.parameters) if p)
        declared = [v for v in map(self.variable, draft.variables) if v]
        matrices = draft.data.matrices if draft.data else ()
        names = [n.value for n in (*(p.name for p in draft.parameters), *(v.name for v in draft.variables), *(m.name for m in matrices))]
        self.faulty |= set(names) - set(self.nodes)
        scope = Scope(self.nodes, self.values, open=self.open_names or not draft.variables)
        model = self.model(scope)
        objective = self.expression(draft.objective, scope) if draft.model is None else None if model is None else model.sum_of_squares()
        constraints = tuple(c for c in (self.constraint(c, i, scope) for i, c in enumerate(draft.constraints, 1)) if c)
        if self.mistakes or objective is None:
            raise ProblemError(*(m for m in self.mistakes if not self.is_consequence(m)))
        self.check_typing_errors(scope.found)
        free = [self.variable(VariableDraft(Text(name), self.default_range)) for name in scope.found]
        variables = tuple(declared) + tuple(v for v in free if v)
        self.check_objective(objective, variables)
        used = {s for node in (objective, *(c.condition for c in constraints)) for s in symbols(node)}
        self.check_use(variables)
        problem = Problem(
            draft.name.value if draft.name else None,
            draft.sense,
            objective,
            variables,
            self.objective_text(objective),
            parameters,
            constraints,
            {s: v for s, v in self.values.items() if s in used},
            tuple(map(_method_choice, draft.methods)),
            self.known(),
            tuple(t.value for t in draft.tags),
            draft.description.value if draft.description else None,
            tuple(dict.fromkeys(self.warnings)),
            model,
            draft,
        )
        if self.mistakes:
            raise ProblemError(*self.mistakes)
        return problem

    # ---- mistakes -------------------------------------------------------------------------------------------------------

    def mistake(self, sentence: str, place: Place | None = None, hint: str | None = None) -> None:
        self.mistakes.append(Mistake(sentence, place, hint))

    def is_consequence(self, mistake: Mistake) -> bool:
        """Whether a name is only unknown because its declaration is faulty, or the data that may have it."""
        unknown = _UNKNOWN.match(mistake.sentence)
        return unknown is not None and (not self.columns_known or unknown[1] in self.faulty)

    def attempt(self, what: Callable[[], T]) -> T | None:
        """Return the value, or note the mistakes and return None."""
        try:
            return what()
        except ProblemError as error:
            self.mistakes.extend(error.mistakes)
            return None

    def check_names(self) -> None:
        draft = self.draft
        seen: dict[str, str] = {}
        for kind, names in (("parameter", [p.name for p in draft.parameters]), ("variable", [v.name for v in draft.variables])):
            for name in names:
                self.check_name(name, kind)
                if name.value in seen:
                    self.mistake(f"{name.value} is declared twice, as a {seen[name.value]} and as a {kind}.", name.place)
                seen[name.value] = kind

    def check_typing_errors(self, found: Iterable[str]) -> None:
        """Where names need not be declared, one that is nearly that of an unused column is a variable, which may be a slip."""
        used = {name.name for name in self.values}
        unused = [name for name in self.column_names if name not in used and name.isidentifier()]
        for name in found:
            if hint := nearest(name, unused):
                self.warnings.append(f"{name} is a variable, as the data have no column of that name.{hint}")

    def check_use(self, variables: Sequence[Variable]) -> None:
        """A variable that occurs nowhere is a slip where names need not be declared; in a file it may be meant."""
        written = set(re.findall(r"\w+", " ".join(t.value for t in self.texts())))
        for name in (v.name for v in self.draft.variables if v.name.value not in written):
            if self.open_names:
                others = [v.name for v in variables if v.name in written]
                self.mistake(f"{name.value} does not occur in the expression.{nearest(name.value, others)}", name.place)
            else:
                self.warnings.append(f"{name.value} occurs neither in the objective nor in a constraint.")

    def check_name(self, name: Text, kind: str) -> None:
        if not name.value.isidentifier():
            self.mistake(
                f"'{printable(name.value)}' can't name a {kind}; a name has letters, digits and _, and begins with no digit.", name.place
            )
        elif name.value in TABLE or name.value in EXPANDED or name.value in _RESERVED:
            self.mistake(f"{name.value} has a meaning in the language and can't name a {kind}; {name.value}_ could.", name.place)

    # ---- expressions ----------------------------------------------------------------------------------------------------

    def expression(self, written: Text, scope: Scope) -> Node | None:
        try:
            return self.kept(parse(written.value, scope, written.at))
        except ProblemError as error:
            self.mistakes.extend(map(self.explained, error.mistakes))
            return None

    def explained(self, mistake: Mistake) -> Mistake:
        """A name that is not declared yet has a sentence of its own."""
        unknown = _UNKNOWN.match(mistake.sentence)
        kind = self.undeclared.get(unknown[1]) if unknown is not None and mistake.sentence.startswith("The name ") else None
        if unknown is None or kind is None:
            return mistake
        if unknown[1] == self.current:
            return mistake._replace(sentence=f"{unknown[1]} can't depend on itself.", hint=None)
        if kind == "variable":
            return mistake._replace(sentence=f"{unknown[1]} is a variable, and this must be known beforehand.", hint=None)
        return mistake._replace(sentence=f"{unknown[1]} is declared further down; declare it before it is used.", hint=None)

    def model(self, scope: Scope) -> Model | None:
        """The regression that is asked for, if there is one and it can be read."""
        draft = self.draft.model
        if draft is None:
            return None
        response, prediction = self.expression(draft.response, scope), self.expression(draft.expr, scope)
        if response is None or prediction is None:
            return None
        unknown = [s.name for s in symbols(response) if s not in self.values]
        if len(response.shape) != 1 or unknown:
            why = f"{unknown[0]} is no column" if unknown else f"it has the shape {shape_text(response.shape)}"
            self.mistake(f"A response is one number a row of the data, and {why}.", draft.response.at(0, len(draft.response.value)))
        elif prediction.shape not in ((), response.shape):
            shapes = f"{shape_text(prediction.shape)}, the response {shape_text(response.shape)}"
            self.mistake(f"The model has the shape {shapes}.", draft.expr.at(0, len(draft.expr.value)))
        elif (where := self.undefined(response)) is not None:
            self.mistake(f"The response is no finite number{where}.", draft.response.at(0, len(draft.response.value)))
        else:
            return Model(response, prediction)
        return None

    def undefined(self, response: Node) -> str | None:
        """In which row, counted from 1, an expression of data is undefined or too large, if it is; the row where it can be told.

        The value of an array that is undefined in one entry is undefined in all of them, so its domain tells the row.
        """
        import numpy as np

        from optbench.arithmetic.numpy_arrays import function

        conditions = natural_domain(response)
        with np.errstate(all="ignore"):
            values, *holds = function([response, *conditions], [], {s: self.values[s] for s in symbols(response)})()
        fine = np.isfinite(np.asarray(values, float))
        if fine.all():
            return None
        rows = [~h for h in map(np.asarray, holds) if h.shape == fine.shape and not h.all()]
        if not rows and fine.any():
            rows = [~fine]
        return f" in row {1 + min(int(np.flatnonzero(r)[0]) for r in rows)} of the data" if rows else ""

    def kept(self, parsed: Parsed) -> Node:
        self.warnings.extend(parsed.warnings)
        return parsed.node

    def constraint(self, draft: ConstraintDraft, position: int, scope: Scope) -> Constraint | None:
        parsed = self.attempt(lambda: parse_constraint(draft.text.value, scope, draft.text.at))
        if parsed is None:
            return None
        node = self.kept(parsed)
        return Constraint(draft.name.value if draft.name else f"c{position}", node, self.shown(node, draft.text))

    def shown(self, node: Node, written: Text) -> str:
        """The expression as it is printed, or as it was typed where printing would be much longer."""
        try:
            printed = text(node, decimals=True)
        except TooLong:
            return " ".join(written.value.split())
        return printed if len(printed) <= max(_LONG, 2 * len(written.value)) else " ".join(written.value.split())

    def objective_text(self, objective: Node) -> str:
        return self.shown(objective, self.draft.objective)

    def check_objective(self, objective: Node, variables: Sequence[Variable]) -> None:
        written = self.draft.objective if self.draft.model is None else self.draft.model.expr
        place = written.at(0, len(written.value))
        if objective.shape:
            self.mistake(
                f"The objective is an array of shape {shape_text(objective.shape)}; a number is needed, for example its sum.", place
            )
        if "inf" in functions(objective):
            source = next((p.name.value for p in self.draft.parameters if self.is_infinite(p.name.value, written)), None)
            origin = "" if source is None else f"; the parameter {source} has it"
            self.mistake(f"inf is for bounds and can't stand in the objective{origin}.", place)
        if not variables:
            self.mistake("There is no variable in this problem.", place)
        if sum(v.size for v in variables) > MAX_ENTRIES:
            self.mistake(f"The variables have more than {MAX_ENTRIES:,} entries in all, which is the limit.", place)

    def is_infinite(self, name: str, written: Text) -> bool:
        """Whether an expression names a parameter in which inf stands."""
        return name in self.nodes and "inf" in functions(self.nodes[name]) and re.search(rf"\b{name}\b", written.value) is not None

    def closed(self, value: Scalar, what: str) -> Node | None:
        """The node of a number or of an expression without unknowns; what it needs must be declared before."""
        if value is None:
            return None
        if isinstance(value, Number):
            return number(value.value)
        node = self.expression(value, Scope(self.nodes, self.values))
        if node is None:
            return None
        if node.shape or any(s not in self.values for s in symbols(node)):
            self.mistake(f"{what} must be one number, and {printable(value.value)} is not.", value.at(0, len(value.value)))
            return None
        return node

    # ---- data and parameters --------------------------------------------------------------------------------------------

    def read_data(self) -> None:
        draft = self.draft.data
        if draft is None:
            return
        from optbench.problem.data import column_names, read_columns

        path = (self.draft.folder or Path()) / draft.file.value
        written = {name for t in (*self.texts(), *self.closed_texts()) for name in re.findall(r"\w+", t.value)}
        written |= {column.value for matrix in draft.matrices for column in matrix.columns}
        place = draft.file.place
        names = self.attempt(lambda: column_names(path, place))
        self.column_names = names or []
        wanted = [name for name in names or () if name in written]
        columns = None if names is None else self.attempt(lambda: read_columns(path, wanted, place, self.warnings.append))
        if names is None or columns is None:
            self.columns_known = False
            return
        for name, column in columns.items():
            if name.isidentifier() and name not in TABLE and name not in EXPANDED and name not in _RESERVED:
                self.declare_data(name, column)
        self.check_clashes(set(columns))
        for matrix in draft.matrices:
            self.declare_matrix(matrix.name, matrix.columns, columns, names)

    def check_clashes(self, columns: set[str]) -> None:
        draft = self.draft
        for kind, names in (
            ("parameter", [p.name for p in draft.parameters]),
            ("variable", [v.name for v in draft.variables]),
            ("matrix", [m.name for m in draft.data.matrices] if draft.data else []),
        ):
            for name in names:
                if name.value in columns:
                    self.mistake(f"{name.value} is both a column of the data and a {kind}; give one of them another name.", name.place)

    def texts(self) -> Iterator[Text]:
        """Every text in which a column may be named: other columns may hold anything, such as labels."""
        draft = self.draft
        yield from (draft.objective,) if draft.model is None else draft.model
        yield from (c.text for c in draft.constraints)
        yield from (p.value for p in draft.parameters if isinstance(p.value, Text))

    def closed_texts(self) -> Iterator[Text]:
        """The texts of what must be known beforehand: lengths, ends of ranges, starts, entries of lists."""
        for variable in self.draft.variables:
            ends = (variable.range,) if isinstance(variable.range, Text) else variable.range or ()
            for value in (*ends, variable.start, *variable.starts, *(variable.shape or ())):
                yield from (leaf for leaf in leaves(value) if isinstance(leaf, Text))
        lists = (p.value for p in self.draft.parameters if isinstance(p.value, tuple))
        yield from (leaf for value in lists for leaf in leaves(value) if isinstance(leaf, Text))

    def declare_data(self, name: str, values: NDArray[np.float64]) -> None:
        node = symbol(name, values.shape, bool((values % 1 == 0).all()))
        self.nodes[name], self.values[node] = node, array("d", values.tobytes())

    def declare_matrix(self, name: Text, columns: Sequence[Text], known: Mapping[str, Any], names: Sequence[str]) -> None:
        self.check_name(name, "matrix")
        missing = [c for c in columns if c.value not in known]
        for column in missing:
            self.mistake(f"The data have no column {printable(column.value)}.{nearest(column.value, list(names))}", column.place)
        if not missing and columns:
            import numpy as np

            self.declare_data(name.value, np.column_stack([known[c.value] for c in columns]))

    def parameter(self, draft: ParameterDraft) -> Parameter | None:
        self.current = draft.name.value
        found = self.valued(draft)
        self.undeclared.pop(draft.name.value, None)
        return found

    def valued(self, draft: ParameterDraft) -> Parameter | None:
        name, value = draft.name.value, draft.value
        if draft.is_symbol and isinstance(value, Text):
            node = symbol(name, (), value.value == "integer")
            self.nodes[name] = node
            return Parameter(name, value.value, node)
        if isinstance(value, Text):
            expression = self.expression(value, Scope(self.nodes, self.values))
            if expression is not None:
                self.nodes[name] = expression
            return Parameter(name, value.value)
        if value is None:
            self.mistake(f"The parameter {name} has no value.", draft.name.place)
            return None
        if isinstance(value, Number):
            self.nodes[name] = number(value.value)
            return Parameter(name, number_text(value.value, decimals=True))
        return self.list_parameter(draft.name, value)

    def list_parameter(self, name: Text, value: tuple[Values, ...]) -> Parameter | None:
        shape = self.shape_of(value, name)
        found = list(leaves(value))
        if shape is None:
            return None
        if all(isinstance(leaf, Number) for leaf in found):
            numbers = [leaf.value for leaf in found if isinstance(leaf, Number)]
            node = symbol(name.value, shape, all(v.denominator == 1 for v in numbers))
            self.nodes[name.value], self.values[node] = node, numbers
        else:
            if None in found:
                self.mistake(f"An entry of the parameter {name.value} has no value.", name.place)
            nodes = [self.closed(leaf, f"An entry of {name.value}") for leaf in found]
            if any(n is None for n in nodes):
                return None
            self.nodes[name.value] = nested([n for n in nodes if n is not None], shape)
        return Parameter(name.value, f"[{', '.join(map(_scalar_text, found))}]")

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

    # ---- variables ------------------------------------------------------------------------------------------------------

    def variable(self, draft: VariableDraft) -> Variable | None:
        self.current = draft.name.value
        found = self.ranged(draft)
        self.undeclared.pop(draft.name.value, None)
        return found

    def ranged(self, draft: VariableDraft) -> Variable | None:
        shape = self.lengths(draft) if draft.shape is not None else self.implied_shape(draft)
        if shape is None:
            return None
        if prod(shape) > MAX_ENTRIES:
            entries = f"{prod(shape):,}" if prod(shape) < _COUNTED else "far too many"
            self.mistake(f"{draft.name.value} has {entries} entries; the limit is {MAX_ENTRIES:,}.", draft.name.place)
            return None
        node = symbol(draft.name.value, shape, draft.integer)
        self.nodes[draft.name.value] = node
        ranges = self.ranges(draft, shape)
        written = ([draft.start] if draft.start is not None else []) + list(draft.starts)
        starts = tuple(self.start(s, draft, shape, ranges or (Interval(),)) for s in written)
        return None if ranges is None else Variable(node, ranges, starts, draft.unit.value if draft.unit else None)

    def lengths(self, draft: VariableDraft) -> Shape | None:
        """The shape that is said, with the parameters in it."""
        found = [length if isinstance(length, int) else self.length(length, draft.name.value) for length in draft.shape or ()]
        return None if any(length is None for length in found) else tuple(length for length in found if length is not None)

    def length(self, written: Text, name: str) -> int | None:
        node = self.closed(written, f"A length of {name}")
        if node is None:
            return None
        if isinstance(node, NumberNode) and node.value.denominator == 1 and node.value >= 1:
            return node.value.numerator
        self.mistake(
            f"A length of {name} must be a whole number from 1 on, and {printable(written.value)} is not.",
            written.at(0, len(written.value)),
        )
        return None

    def implied_shape(self, draft: VariableDraft) -> Shape:
        candidates = [draft.start, *(draft.range if isinstance(draft.range, tuple) else ()), *draft.starts]
        for value in candidates:
            if isinstance(value, tuple):
                return self.shape_of(value, draft.name) or ()
        return ()

    def ranges(self, draft: VariableDraft, shape: Shape) -> tuple[Interval, ...] | None:
        what = f"An end of the range of {draft.name.value}"
        if draft.range is None:
            return (Interval(),)
        if isinstance(draft.range, Text):
            written = draft.range
            parts = self.attempt(lambda: ends_of(written))
            return None if parts is None else self.intervals(*parts, shape, what, draft)
        return self.intervals(*draft.range, True, True, shape, what, draft)

    def intervals(
        self, low: Values, high: Values, low_closed: bool, high_closed: bool, shape: Shape, what: str, draft: VariableDraft
    ) -> tuple[Interval, ...] | None:
        """One interval for all entries, or one an entry."""
        lower, upper = (self.spread(end, shape, what, draft) for end in (low, high))
        if lower is None or upper is None:
            return None
        count = max(len(lower), len(upper))
        lows, highs = (ends * count if len(ends) == 1 else ends for ends in (lower, upper))
        made = tuple(
            Interval(MINUS_INFINITY if a is None else a, INFINITY if b is None else b, low_closed, high_closed)
            for a, b in zip(lows, highs, strict=True)
        )
        return self.checked(made, shape, draft)

    def spread(self, value: Values, shape: Shape, what: str, draft: VariableDraft) -> list[Node | None] | None:
        """One node for all entries, or one an entry; None and a mistake where the shape is wrong."""
        if isinstance(value, Text):
            return self.spread_text(value, shape, what)
        if not isinstance(value, tuple):
            return [self.closed(value, what)]
        given = self.shape_of(value, draft.name)
        if given != shape:
            if given is not None:
                self.mistake(
                    f"{draft.name.value} {_has_shape(shape)}, and a list of shape {shape_text(given)} is given.",
                    place_of(value) or draft.name.place,
                )
            return None
        return [self.closed(leaf, what) for leaf in leaves(value)]

    def spread_text(self, value: Text, shape: Shape, what: str) -> list[Node | None] | None:
        """An expression that is one number, or an array of the variable's shape such as zeros(3)."""
        node = self.expression(value, Scope(self.nodes, self.values))
        if node is None:
            return None
        if not node.shape:
            return [self.closed(value, what)]
        if node.shape != shape:
            needed = shape_text(shape) if shape else "a number"
            self.mistake(f"{what} has the shape {shape_text(node.shape)}, and {needed} is needed.", value.at(0, len(value.value)))
            return None
        if prod(shape) > _WRITTEN_OUT:
            return self.computed(node, value, what)
        from optbench.language.expand import entries

        try:
            return list(entries(node, {s: list(map(Fraction, v)) for s, v in self.values.items() if s in set(symbols(node))}))
        except GraphError as error:
            self.mistake(str(error), value.at(0, len(value.value)))
            return None

    def computed(self, node: Node, value: Text, what: str) -> list[Node | None] | None:
        """The entries of an array that is too long to be written out, as the shortest decimals of doubles."""
        from optbench.arithmetic.numpy_arrays import function

        found = function([node], [], self.values)()[0].ravel().tolist()
        if any(map(math.isnan, found)):
            self.mistake(f"{what} is not defined in each entry.", value.at(0, len(value.value)))
            return None
        nodes: dict[float, Node] = {math.inf: INFINITY, -math.inf: MINUS_INFINITY}
        nodes.update((v, number(Fraction(repr(v)))) for v in set(found) - nodes.keys())
        return [nodes[v] for v in found]

    def checked(self, ranges: tuple[Interval, ...], shape: Shape, draft: VariableDraft) -> tuple[Interval, ...] | None:
        for position, interval in enumerate(ranges):
            low, high = interval.floats
            name = draft.name.value if len(ranges) == 1 else entry_name(draft.name.value, shape, position)
            if math.isnan(low) or math.isnan(high) or low == math.inf or high == -math.inf:
                self.mistake(f"The range {interval} of {name} has an end that is no number.", self.range_place(draft))
                return None
            if interval.is_empty:
                self.mistake(f"The range {interval} of {name} is empty; the lower end comes first.", self.range_place(draft))
                return None
        return ranges

    def range_place(self, draft: VariableDraft) -> Place | None:
        return draft.range.place if isinstance(draft.range, Text) and draft.range.place else draft.name.place

    def start(self, value: Values, draft: VariableDraft, shape: Shape, ranges: tuple[Interval, ...]) -> tuple[float | None, ...]:
        size = prod(shape)
        nodes = self.spread(value, shape, f"The start of {draft.name.value}", draft)
        if nodes is None:
            return (None,) * size
        numbers = [None if n is None else as_float(n) for n in nodes]
        numbers = numbers * size if len(numbers) == 1 else numbers
        if any(n is not None and not math.isfinite(n) for n in numbers):
            place = place_of(value) if isinstance(value, tuple) else value.place if value is not None else None
            self.mistake(f"The start of {draft.name.value} is no finite number.", place or draft.name.place)
        bounds = ranges * size if len(ranges) == 1 else ranges
        inside = [n if n is None else min(max(n, b.floats[0]), b.floats[1]) for n, b in zip(numbers, bounds, strict=True)]
        if inside != numbers:
            self.warnings.append(f"The start of {draft.name.value} lies outside its range and was projected onto it.")
        return tuple(inside)

    # ---- the published answer -------------------------------------------------------------------------------------------

    def known(self) -> Known | None:
        draft = self.draft.known
        if draft is None:
            return None
        value = self.closed(draft.value, "The known value")
        at = {c.name.value: self.known_coordinate(c.value) for c in draft.at}
        for name, given in draft.at:
            node = self.nodes.get(name.value)
            if node is None:
                self.mistake(f"{printable(name.value)} is no variable of this problem.", name.place)
            elif isinstance(given, tuple) and (shape := self.shape_of(given, name)) not in (None, node.shape):
                sentence = f"{name.value} {_has_shape(node.shape)}, and a list of shape {shape_text(shape or ())} is given."
                self.mistake(sentence, place_of(given) or name.place)
        return Known(None if value is None else as_float(value), at, draft.source.value if draft.source else None)

    def known_coordinate(self, value: Values) -> Any:
        if isinstance(value, tuple):
            return [self.known_coordinate(part) for part in value]
        node = self.closed(value, "A known coordinate")
        return None if node is None else as_float(node)


def _has_shape(shape: Shape) -> str:
    return f"has the shape {shape_text(shape)}" if shape else "is one number"


def _scalar_text(value: Scalar) -> str:
    if isinstance(value, Number):
        return number_text(value.value, decimals=True)
    return "null" if value is None else value.value


def _method_choice(draft: MethodDraft) -> MethodChoice:
    options = [(o.name.value, o.value.value if isinstance(o.value, Number | Flag | Text) else "") for o in draft.options]
    return MethodChoice(draft.name.value, tuple(options))
