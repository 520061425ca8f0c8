"""Reading what was typed: arguments and flags become a draft.

`problem_of` makes the draft of an argument (an expression, a file, a bundled problem) and lays the flags over it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from optbench.cli import streams
from optbench.errors import ProblemError, UsageError, printable
from optbench.language.tokens import names_in
from optbench.problem.draft import ConstraintDraft, DataDraft, Number, ParameterDraft, ProblemDraft, Text, Values, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import validated

if TYPE_CHECKING:
    from optbench.problem.reader import Reading

_DEEPEST = 50  # lists in lists
FILES = (".yaml", ".yml", ".json", ".nl")


@dataclass(frozen=True)
class Flags:
    """What the command line says of the problem."""

    range: tuple[str, str] | None = None
    variables: Sequence[str] = ()
    integer: Sequence[str] = ()
    data: str | None = None
    maximize: bool = False
    subject_to: Sequence[str] = ()
    parameters: Sequence[str] = ()
    start: Sequence[str] = ()

    @classmethod
    def given(
        cls,
        range_: tuple[str, str] | None,
        var: Sequence[str] | None,
        integer: Sequence[str] | None,
        data: str | None,
        maximize: bool,
        subject_to: Sequence[str] | None,
        param: Sequence[str] | None,
        start: Sequence[str] | None,
    ) -> Flags:
        """Return the flags of a command line, on which what is not given is None."""
        return cls(range_, var or (), integer or (), data, maximize, subject_to or (), param or (), start or ())

    def for_expression(self, text: str) -> Flags:
        """Return the flags without what they say of variables that do not occur in one of many expressions."""
        names = names_in(" ".join([text, *self.subject_to]))

        def kept(given: Sequence[str]) -> list[str]:
            return [one for one in given if re.match(r"\s*(\w*)", one)[1] in names]  # type: ignore[index]

        return replace(self, variables=kept(self.variables), integer=kept(self.integer), start=kept(self.start))


def problem_of(what: str, flags: Flags) -> Problem:
    """Return the problem of an argument: an expression, a file, or @NAME, with the flags laid over it."""
    if what.startswith("@"):
        from optbench.problem.library import path

        return _of_file(str(path(what[1:])), flags)
    if what.lower().endswith(FILES):
        return _of_file(what, flags)
    try:
        return of_expression(what, flags)
    except ProblemError as error:
        if len(what) < 300 and "\0" not in what and os.path.exists(what):
            hint = f"'{printable(what)}' is also the name of a file; problems are read from .yaml, .yml, .json and .nl files."
            raise ProblemError(*error.mistakes, hint) from None
        raise


def one_problem(what: str, flags: Flags) -> Problem:
    """Return the problem of an argument, or, of -, the one that standard input holds."""
    if what != "-":
        return problem_of(what, flags)
    text = streams.read_input()
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        raise UsageError("Standard input holds no problem; write an expression, or a YAML or JSON document.")
    if begins_document(lines):
        return of_document(text, flags)
    if len(lines) > 1:
        raise UsageError("Standard input has several expressions; here one is taken at a time.")
    return of_expression(lines[0].rstrip("\r"), flags)


def of_expression(text: str, flags: Flags) -> Problem:
    """Return the problem of an expression, whose free names are variables."""
    return _validated(ProblemDraft("minimize", Text(text)), flags, open_names=True)


def of_document(text: str, flags: Flags) -> Problem:
    """Return the problem of a YAML or JSON document."""
    from optbench.problem.reader import reading_of_text

    return of_reading(reading_of_text(text), flags)


def begins_document(lines: Sequence[str]) -> bool:
    """Return whether the first line that is no comment opens a mapping, or has a field's name."""
    first = next((line for line in lines if not line.lstrip().startswith("#")), "#")
    return re.match(r"""\s*(\{|---|#|["']?([A-Za-z]\w*|subject to)["']?\s*:(\s|$))""", first) is not None


def _of_file(path: str, flags: Flags) -> Problem:
    if path.lower().endswith(".nl"):
        return _of_model(path, flags)
    from optbench.problem.reader import reading

    return of_reading(reading(path), flags)


def _of_model(path: str, flags: Flags) -> Problem:
    """The problem of an `.nl` file; flags are laid over it in words, since that is what they are."""
    from optbench.problem.nl import read

    problem = read(path).problem
    if not any(vars(flags).values()):
        return problem
    from optbench.convert.drafted import drafted

    changed = _validated(drafted(problem), flags, open_names=False)
    return replace(changed, warnings=(*problem.warnings, *changed.warnings))


def of_reading(read: Reading, flags: Flags) -> Problem:
    """Return the problem of what was read; raise all mistakes of its form and of its expressions at once."""
    stand_in = read.draft.objective if read.draft.objective.place is None else None  # for one that is missing or faulty
    try:
        problem = _validated(read.draft, flags, open_names=False)
    except ProblemError as error:
        true = [m for m in error.mistakes if stand_in is None or m.place != stand_in.at(0, len(stand_in.value))]
        raise ProblemError(*read.mistakes, *true) from None
    if read.mistakes:
        raise ProblemError(*read.mistakes)
    return problem


def _validated(draft: ProblemDraft, flags: Flags, open_names: bool) -> Problem:
    default = _range(flags.range)
    changed = overridden(draft, flags, default)
    return validated(changed, open_names=open_names or not draft.variables, default_range=default)


def overridden(draft: ProblemDraft, flags: Flags, default: tuple[Values, Values] | None) -> ProblemDraft:
    """Return the draft with the flags laid over it; a variable that a flag concerns has no place in a file any more."""
    variables = {v.name.value: v if default is None else replace(v, range=default) for v in draft.variables}
    for text in flags.variables:
        given = _variable(text)
        known = variables.get(given.name.value, VariableDraft(given.name, default))
        variables[given.name.value] = replace(known, name=given.name, range=given.range or known.range, shape=given.shape or known.shape)
    for text in flags.start:
        name, value = _assignment(text, "--start", "x=1")
        known = variables.get(name, VariableDraft(Text(name), default))
        variables[name] = replace(known, name=Text(name), start=_value(value), starts=())
    for name in flags.integer:
        variables[name] = replace(variables.get(name, VariableDraft(Text(name), default)), integer=True)
    parameters = {p.name.value: p for p in draft.parameters}
    for text in flags.parameters:
        name, value = _assignment(text, "--param", "a=2")
        parameters[name] = ParameterDraft(Text(name), _value(value))
    return replace(
        draft,
        sense="maximize" if flags.maximize else draft.sense,
        variables=tuple(variables.values()),
        parameters=tuple(parameters.values()),
        constraints=(*draft.constraints, *(ConstraintDraft(Text(text)) for text in flags.subject_to)),
        data=draft.data if flags.data is None else _data(draft.data, flags.data),
        known=None if _makes_another_problem(flags, draft) else draft.known,
    )


def _makes_another_problem(flags: Flags, draft: ProblemDraft) -> bool:
    """Whether a published answer of the draft need not be that of what the flags make of it; it may be a formula of parameters."""
    if flags.range or flags.variables or flags.integer or flags.subject_to or flags.data or (flags.maximize and draft.sense == "minimize"):
        return True
    value = None if draft.known is None else draft.known.value
    covered = names_in(value.value) if isinstance(value, Text) else set()
    return not {text.partition("=")[0].strip() for text in flags.parameters} <= covered


def _data(known: DataDraft | None, path: str) -> DataDraft:
    file = Text(str(Path(path).absolute()))
    return DataDraft(file) if known is None else known._replace(file=file)


def _range(ends: tuple[str, str] | None) -> tuple[Values, Values] | None:
    if ends is None:
        return None
    low, high = (_number(end) for end in ends)
    if low is not None and high is not None and low > high:
        raise UsageError(f"--range takes the lower end first: --range {ends[1]} {ends[0]}.")
    return _value(ends[0]), _value(ends[1])


def _variable(text: str) -> VariableDraft:
    match = re.fullmatch(r"\s*(\w+)\s*(?:\[\s*(\w+(?:\s*,\s*\w+)*)\s*\])?\s*(?:=\s*(.+?)\s*)?", text)
    if match is None or not (match[2] or match[3]):
        raise UsageError(
            f"--var takes a range, as x=0..10, 'x=[0, 10)' or 'x[100]=-5..5', or a shape alone, as 'x[100]', not '{printable(text)}'."
        )
    name, sizes, ends = match.groups()
    shape = tuple(int(s) if s.isdecimal() and len(s) < 20 else Text(s) for s in map(str.strip, sizes.split(","))) if sizes else None
    return VariableDraft(Text(name), Text(ends) if ends else None, shape=shape)


def _assignment(text: str, option: str, example: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name.strip() or not value.strip():
        raise UsageError(f"{option} takes a name and a value, as {example}, not '{printable(text)}'.")
    return name.strip(), value.strip()


def _value(text: str, depth: int = 0) -> Values:
    """A number, a list of numbers, or an expression."""
    stripped = text.strip()
    if depth > _DEEPEST:
        raise UsageError(f"Lists are nested more than {_DEEPEST} deep.")
    if stripped.startswith("[") and stripped.endswith("]"):
        parts = [_value(part, depth + 1) for part in _split(stripped[1:-1])]
        return tuple(parts)
    number = _number(stripped)
    return Text(stripped) if number is None else Number(number)


def _split(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def _number(text: str) -> Fraction | None:
    """The exact number of a plain decimal text of moderate size, else None."""
    if len(text) > 400 or not re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", text):
        return None
    return Fraction(text.strip())
