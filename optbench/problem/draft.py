"""A problem as it was written: every expression still a text, every number exact, everything with its place.

A draft is the one border between whoever writes a problem (a file, the flags of the command line, the Python API) and
the step that makes a validated `Problem` of it. Nothing in here is parsed: `x: "[0, 10)"` is a `Text` until that step
reads it, and it reports a mistake in `text.value[start:end]` at `text.at(start, end)`. Places take no part in `==`.

>>> ends = (Number(Fraction(0)), Text("2*pi"))
>>> draft = ProblemDraft("minimize", Text("x^2"), variables=(VariableDraft(Text("x"), range=ends),))
>>> draft.variables[0].range
(Number(value=Fraction(0, 1), place=None), Text(value='2*pi', place=None, column=None))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from optbench.errors import Place

Sense = Literal["minimize", "maximize"]

SYMBOLS = ("positive", "nonnegative", "negative", "real", "integer")  # what a parameter without a value may be


@dataclass(frozen=True, slots=True)
class Text:
    """A text that nobody has read yet."""

    value: str  # what the language parses, without quotes and escapes
    place: Place | None = field(default=None, compare=False)  # the whole of it, with its quotes; None: not from a file
    column: int | None = field(
        default=None, compare=False
    )  # where `value` begins in `place.line_text`; None: not on one line letter by letter

    def at(self, start: int, end: int) -> Place:
        """Return the place of `value[start:end]`: in the file's line if the value stands there as it is, else in the value.

        >>> whole = Place('minimize: "x + y z"', 10, 19, "a.yaml", 3)
        >>> print(Text("x + y z", whole, 11).at(4, 7).picture())
          minimize: "x + y z"
                         ^^^
        """
        if self.place is None:
            return Place.in_text(self.value, start, end)
        if self.column is None:
            return Place.in_text(self.value, start, end)._replace(file=self.place.file, line=self.place.line)
        return self.place._replace(start=self.column + start, end=self.column + end)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, exactly as written: 0.1 is 1/10."""

    value: Fraction
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false, as the value of a method's option."""

    value: bool
    place: Place | None = field(default=None, compare=False)


Scalar: TypeAlias = Number | Text | None  # a number, an expression (also "inf"), or null: no bound, no start
Values: TypeAlias = Scalar | tuple["Values", ...]  # one for all entries, or a nested list with one an entry
Option: TypeAlias = Number | Text | Flag | None


@dataclass(frozen=True, slots=True)
class VariableDraft:
    """One variable, a number or an array."""

    name: Text
    range: Text | tuple[Values, Values] | None = None  # "[0, 10)" or "0..10", or (lower, upper); None: the natural domain
    start: Values = None  # where methods begin
    starts: tuple[Values, ...] = ()  # several starts, each like `start`
    shape: tuple[int | Text, ...] | None = (
        None  # lengths, also by parameters; None: not said, a scalar unless its range or start has entries
    )
    integer: bool = False  # whole numbers only
    unit: Text | None = None  # shown, never computed with
    place: Place | None = field(default=None, compare=False)  # its name in the file


class ParameterDraft(NamedTuple):
    """A named constant, or a symbol that keeps its name in closed forms."""

    name: Text
    value: Values  # number, expression or nested list; or a Text that is one of SYMBOLS

    @property
    def is_symbol(self) -> bool:
        """Whether it has no value, only a sign or kind."""
        return isinstance(self.value, Text) and self.value.value in SYMBOLS


class ConstraintDraft(NamedTuple):
    """One constraint, such as x + y <= 9."""

    text: Text
    name: Text | None = None


class MatrixDraft(NamedTuple):
    """A matrix whose columns are columns of the data."""

    name: Text
    columns: tuple[Text, ...]


class DataDraft(NamedTuple):
    """A file with columns of numbers, and how to group them."""

    file: Text  # relative to the draft's folder
    matrices: tuple[MatrixDraft, ...] = ()


class OptionDraft(NamedTuple):
    """An option of a method, such as step: 0.1."""

    name: Text
    value: Option


class MethodDraft(NamedTuple):
    """A method to run: a name, a pattern such as scipy-*, auto or all."""

    name: Text
    options: tuple[OptionDraft, ...] = ()


class CoordinateDraft(NamedTuple):
    """What is known of one variable of the solution."""

    name: Text
    value: Values


class KnownDraft(NamedTuple):
    """The published answer: compared with ours, never used to find it."""

    value: Scalar = None
    at: tuple[CoordinateDraft, ...] = ()
    source: Text | None = None


class ModelDraft(NamedTuple):
    """A regression: the sum of the squares of response - model is to be minimised."""

    response: Text  # a column of the data, or an expression of columns
    expr: Text  # the model for it


@dataclass(frozen=True, slots=True)
class ProblemDraft:
    """A whole problem as written."""

    sense: Sense
    objective: Text  # where there is a model, that model's sum of squares
    model: ModelDraft | None = field(default=None, kw_only=True)
    name: Text | None = None
    description: Text | None = None
    variables: tuple[VariableDraft, ...] = ()  # in the order written
    parameters: tuple[ParameterDraft, ...] = ()
    constraints: tuple[ConstraintDraft, ...] = ()
    data: DataDraft | None = None
    methods: tuple[MethodDraft, ...] = ()
    known: KnownDraft | None = None
    tags: tuple[Text, ...] = ()
    faulty: frozenset[str] = field(default=frozenset(), compare=False)  # names whose declaration was found to be wrong on reading
    folder: Path | None = field(default=None, compare=False)  # what the data's file is relative to; None: the working folder
    file: str | None = field(default=None, compare=False)  # the file as the user named it, for messages
