"""From a draft to a problem: every text is read, every name declared once, every mistake collected.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> problem = validated(ProblemDraft("minimize", Text("x*log(x)")), open_names=True)
>>> problem.domains["x"][0]
(0, inf)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from optbench.errors import ProblemError, nearest, printable
from optbench.language.build import MAX_ENTRIES, shape_text
from optbench.language.domain import natural_domain
from optbench.language.elaborate import Scope, parse_constraint
from optbench.language.graph import Node, functions, symbols
from optbench.language.text import TooLong, text
from optbench.language.tokens import names_in
from optbench.problem.declarations import Declarations, shape_phrase
from optbench.problem.declared_data import declare_data, texts
from optbench.problem.declared_parameters import declare_parameter
from optbench.problem.declared_variables import Range, declare_variable
from optbench.problem.draft import ConstraintDraft, Flag, MethodDraft, Number, ProblemDraft, Text, Values, VariableDraft
from optbench.problem.interval import as_float
from optbench.problem.nested import place_of
from optbench.problem.problem import Constraint, Known, MethodChoice, Model, Problem, Variable

_LONG = 2_000  # an objective that prints longer than this is shown as it was typed
_MUCH_LONGER = 160  # the same for one without parameters and data, such as a sum over indices


def validated(draft: ProblemDraft, *, open_names: bool = False, default_range: Range | None = None) -> Problem:
    """Return the problem of a draft; raise `ProblemError` with every mistake.

    With `open_names` every name that is not declared is a variable (the command line) with the default range; else it is
    a mistake.
    """
    return _Validation(draft, open_names, default_range).problem()


class _Validation:
    def __init__(self, draft: ProblemDraft, open_names: bool, default_range: Range | None) -> None:
        self.draft, self.open_names, self.default_range = draft, open_names, default_range
        self.declared = Declarations(draft)
        self.column_names: list[str] = []  # all of the data

    def problem(self) -> Problem:
        draft, declared = self.draft, self.declared
        self.check_names()
        self.column_names = declare_data(draft, declared)
        parameters = tuple(p for one in draft.parameters if (p := declare_parameter(one, declared)))
        variables = [v for one in draft.variables if (v := declare_variable(one, declared))]
        self.note_faulty()
        scope = Scope(declared.nodes, declared.values, open=self.open_names or not draft.variables)
        model = self.model(scope)
        objective = self.objective(model, scope)
        constraints = tuple(c for c in (self.constraint(c, i, scope) for i, c in enumerate(draft.constraints, 1)) if c)
        if declared.mistakes or objective is None:
            raise ProblemError(*(m for m in declared.mistakes if not declared.is_consequence(m)))
        self.check_typing_errors(scope.found)
        found = [VariableDraft(Text(name), self.default_range) for name in scope.found]
        variables += [v for one in found if (v := declare_variable(one, declared))]
        self.check_objective(objective, variables)
        self.check_use(variables)
        used = {s for node in (objective, *(c.condition for c in constraints)) for s in symbols(node)}
        problem = Problem(
            draft.name.value if draft.name else None,
            draft.sense,
            objective,
            tuple(variables),
            self.shown(objective, draft.objective),
            parameters,
            constraints,
            {s: v for s, v in declared.values.items() if s in used},
            tuple(map(_method_choice, draft.methods)),
            self.known(),
            tuple(t.value for t in draft.tags),
            draft.description.value if draft.description else None,
            tuple(dict.fromkeys(declared.warnings)),
            model,
            draft,
        )
        if declared.mistakes:
            raise ProblemError(*dict.fromkeys(declared.mistakes))  # those of a range that several variables have are one
        return problem

    # ---- names ------------------------------------------------------------------------------------------------------------

    def check_names(self) -> None:
        draft = self.draft
        seen: dict[str, str] = {}
        for kind, names in (("parameter", [p.name for p in draft.parameters]), ("variable", [v.name for v in draft.variables])):
            for name in names:
                self.declared.check_name(name, kind)
                if name.value in seen:
                    self.declared.mistake(f"{name.value} is declared twice, as a {seen[name.value]} and as a {kind}.", name.place)
                seen[name.value] = kind

    def note_faulty(self) -> None:
        """What was to be declared by now, and is not, is at fault; that others do not find it is a consequence."""
        draft = self.draft
        matrices = draft.data.matrices if draft.data else ()
        written = (*(p.name for p in draft.parameters), *(v.name for v in draft.variables), *(m.name for m in matrices))
        self.declared.faulty |= {name.value for name in written} - set(self.declared.nodes)

    def check_typing_errors(self, found: Iterable[str]) -> None:
        """Where names need not be declared, one that is nearly that of an unused column is a variable, which may be a slip."""
        used = {name.name for name in self.declared.values}
        unused = [name for name in self.column_names if name not in used and name.isidentifier()]
        for name in found:
            if hint := nearest(name, unused):
                self.declared.warnings.append(f"{name} is a variable, as the data have no column of that name.{hint}")

    def check_use(self, variables: Sequence[Variable]) -> None:
        """A variable that occurs nowhere is a slip where names need not be declared; in a file it may be meant."""
        written = {name for t in texts(self.draft) for name in names_in(t.value)}
        for name in (v.name for v in self.draft.variables if v.name.value not in written):
            if self.open_names:
                others = [v.name for v in variables if v.name in written]
                self.declared.mistake(f"{name.value} does not occur in the expression.{nearest(name.value, others)}", name.place)
            else:
                self.declared.warnings.append(f"{name.value} occurs neither in the objective nor in a constraint.")

    # ---- what is asked ----------------------------------------------------------------------------------------------------

    def objective(self, model: Model | None, scope: Scope) -> Node | None:
        if self.draft.model is None:
            return self.declared.expression(self.draft.objective, scope)
        return None if model is None else model.sum_of_squares()

    def model(self, scope: Scope) -> Model | None:
        """The regression that is asked for, if there is one and it can be read."""
        draft = self.draft.model
        if draft is None:
            return None
        response, prediction = self.declared.expression(draft.response, scope), self.declared.expression(draft.expr, scope)
        if response is None or prediction is None:
            return None
        unknown = [s.name for s in symbols(response) if s not in self.declared.values]
        if len(response.shape) != 1 or unknown:
            why = f"{unknown[0]} is no column" if unknown else f"it has the shape {shape_text(response.shape)}"
            self.declared.mistake(
                f"A response is one number a row of the data, and {why}.", draft.response.at(0, len(draft.response.value))
            )
        elif prediction.shape not in ((), response.shape):
            shapes = f"{shape_text(prediction.shape)}, the response {shape_text(response.shape)}"
            self.declared.mistake(f"The model has the shape {shapes}.", draft.expr.at(0, len(draft.expr.value)))
        elif (where := self.undefined(response)) is not None:
            self.declared.mistake(f"The response is no finite number{where}.", draft.response.at(0, len(draft.response.value)))
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
            values, *holds = function([response, *conditions], [], {s: self.declared.values[s] for s in symbols(response)})()
        fine = np.isfinite(np.asarray(values, float))
        if fine.all():
            return None
        rows = [~h for h in map(np.asarray, holds) if h.shape == fine.shape and not h.all()]
        if not rows and fine.any():
            rows = [~fine]
        return f" in row {1 + min(int(np.flatnonzero(r)[0]) for r in rows)} of the data" if rows else ""

    def constraint(self, draft: ConstraintDraft, position: int, scope: Scope) -> Constraint | None:
        parsed = self.declared.attempt(lambda: parse_constraint(draft.text.value, scope, draft.text.at))
        if parsed is None:
            return None
        node = self.declared.kept(parsed)
        return Constraint(draft.name.value if draft.name else f"c{position}", node, self.shown(node, draft.text))

    def shown(self, node: Node, written: Text) -> str:
        """The expression as it is printed, or as it was typed where printing would be much longer.

        What names parameters or columns is only readable with their values, so that it is printed with them as far as that goes.
        """
        typed = " ".join(written.value.split())
        try:
            printed = text(node, decimals=True)
        except TooLong:
            return typed
        stand_alone = names_in(typed).isdisjoint({*self.column_names, *(p.name.value for p in self.draft.parameters)})
        return printed if len(printed) <= max(_MUCH_LONGER if stand_alone else _LONG, 2 * len(typed)) else typed

    def check_objective(self, objective: Node, variables: Sequence[Variable]) -> None:
        written = self.draft.objective if self.draft.model is None else self.draft.model.expr
        place = written.at(0, len(written.value))
        if objective.shape:
            self.declared.mistake(
                f"The objective is an array of shape {shape_text(objective.shape)}; a number is needed, for example its sum.", place
            )
        if "inf" in functions(objective):
            source = next((p.name.value for p in self.draft.parameters if self.is_infinite(p.name.value, written)), None)
            origin = "" if source is None else f"; the parameter {source} has it"
            self.declared.mistake(f"inf is for bounds and can't stand in the objective{origin}.", place)
        if not variables and not self.declared.mistakes:
            self.declared.mistake("There is no variable in this problem.", place)
        if sum(v.size for v in variables) > MAX_ENTRIES:
            self.declared.mistake(f"The variables have more than {MAX_ENTRIES:,} entries in all, which is the limit.", place)

    def is_infinite(self, name: str, written: Text) -> bool:
        """Whether an expression names a parameter in which inf stands."""
        return name in self.declared.nodes and "inf" in functions(self.declared.nodes[name]) and name in names_in(written.value)

    # ---- the published answer -------------------------------------------------------------------------------------------

    def known(self) -> Known | None:
        draft = self.draft.known
        if draft is None:
            return None
        value = self.declared.closed(draft.value, "The known value")
        at = {c.name.value: self.known_coordinate(c.value) for c in draft.at}
        for name, given in draft.at:
            node = self.declared.nodes.get(name.value)
            if node is None:
                self.declared.mistake(f"{printable(name.value)} is no variable of this problem.", name.place)
            elif isinstance(given, tuple) and (shape := self.declared.shape_of(given, name)) not in (None, node.shape):
                sentence = f"{name.value} {shape_phrase(node.shape)}, and a list of shape {shape_text(shape or ())} is given."
                self.declared.mistake(sentence, place_of(given) or name.place)
        return Known(None if value is None else as_float(value), at, draft.source.value if draft.source else None)

    def known_coordinate(self, value: Values) -> Any:
        if isinstance(value, tuple):
            return [self.known_coordinate(part) for part in value]
        node = self.declared.closed(value, "A known coordinate")
        return None if node is None else as_float(node)


def _method_choice(draft: MethodDraft) -> MethodChoice:
    options = [(o.name.value, o.value.value if isinstance(o.value, Number | Flag | Text) else "") for o in draft.options]
    return MethodChoice(draft.name.value, tuple(options))
