"""A problem in words: the draft that it was made of, completed, or one made from its graph where there is none.

Whoever writes a problem file starts from here: the words are the user's own where there are any, so that names of
parameters, exact numbers and texts survive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from optbench.errors import ProblemError
from optbench.language.graph import Node, Shape
from optbench.language.graph import Number as NumberNode
from optbench.language.text import TooLong, beside, text
from optbench.problem.draft import (
    ConstraintDraft,
    CoordinateDraft,
    Flag,
    KnownDraft,
    MethodDraft,
    ModelDraft,
    Number,
    Option,
    OptionDraft,
    ParameterDraft,
    ProblemDraft,
    Scalar,
    Text,
    Values,
    VariableDraft,
)
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import MethodChoice, Problem, Variable


def drafted(problem: Problem) -> ProblemDraft:
    """Return a draft that declares every variable, and from which this problem is made again.

    Raises `ProblemError` for a formula of more than 2 million characters that nobody has written.
    """
    with beside([*(v.name for v in problem.variables), *(p.name for p in problem.parameters)]):
        if problem.written is None:
            return _of_graph(problem)
        declared = {v.name.value: v for v in problem.written.variables}
        return replace(problem.written, variables=tuple(declared.get(v.name) or _variable(v) for v in problem.variables))


def _of_graph(problem: Problem) -> ProblemDraft:
    model = problem.model and ModelDraft(_text(problem.model.response), _text(problem.model.prediction))
    return ProblemDraft(
        problem.sense,
        _text(problem.objective),
        model=model,
        name=_words(problem.name),
        description=_words(problem.description),
        variables=tuple(map(_variable, problem.variables)),
        parameters=tuple(_parameters(problem)),
        constraints=tuple(
            ConstraintDraft(_text(c.condition), None if c.name == f"c{i}" else Text(c.name)) for i, c in enumerate(problem.constraints, 1)
        ),
        methods=tuple(map(_method, problem.methods)),
        known=_known(problem),
        tags=tuple(map(Text, problem.tags)),
    )


def _text(node: Node) -> Text:
    try:
        return Text(text(node, decimals=True))
    except TooLong as error:
        raise ProblemError("Written out, this problem has a formula of more than 2,000,000 characters, which is the limit.") from error


def _words(given: str | None) -> Text | None:
    return None if given is None else Text(given)


def _parameters(problem: Problem) -> list[ParameterDraft]:
    """Free parameters, and lists of numbers: all others are numbers in the formulas already."""
    free = [ParameterDraft(Text(p.name), Text(p.value)) for p in problem.free_parameters]
    return free + [ParameterDraft(Text(s.name), nested([_number(v) for v in values], s.shape)) for s, values in problem.data.items()]


def _variable(variable: Variable) -> VariableDraft:
    starts = [nested([None if v is None else _number(v) for v in start], variable.shape) for start in variable.starts]
    return VariableDraft(
        Text(variable.name),
        range=_range(variable),
        start=starts[0] if len(starts) == 1 else None,
        starts=tuple(starts) if len(starts) > 1 else (),
        shape=variable.shape or None,
        integer=variable.symbol.integer,
        unit=_words(variable.unit),
    )


def _range(variable: Variable) -> Text | tuple[Values, Values] | None:
    if len(variable.ranges) > 1:
        lower, upper = zip(*(_ends(interval) for interval in variable.ranges), strict=True)
        return nested(lower, variable.shape), nested(upper, variable.shape)
    interval = variable.ranges[0]
    if interval == Interval():
        return None
    return _ends(interval) if interval == Interval(interval.lower, interval.upper) else Text(str(interval))


def _ends(interval: Interval) -> tuple[Scalar, Scalar]:
    return _end(interval.lower), _end(interval.upper)


def _end(node: Node) -> Scalar:
    if node is INFINITY or node is MINUS_INFINITY:
        return None
    return Number(node.value) if isinstance(node, NumberNode) else _text(node)


def nested(entries: Sequence[Scalar], shape: Shape) -> Values:
    """Return entries in row-major order as a list of lists, or the one entry of a scalar."""
    if not shape:
        return entries[0]
    step = math.prod(shape[1:])
    return tuple(nested(entries[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0]))


def _number(value: Fraction | float) -> Number:
    """The exact number; a double is the shortest decimal that reads as it."""
    return Number(Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value))


def _method(choice: MethodChoice) -> MethodDraft:
    return MethodDraft(Text(choice.name), tuple(OptionDraft(Text(name), _option(value)) for name, value in choice.options))


def _option(value: str | Fraction | bool) -> Option:
    if isinstance(value, bool):
        return Flag(value)
    return Text(value) if isinstance(value, str) else Number(value)


def _known(problem: Problem) -> KnownDraft | None:
    known = problem.known
    if known is None:
        return None
    at = tuple(CoordinateDraft(Text(name), _coordinate(value)) for name, value in known.at.items())
    return KnownDraft(None if known.value is None else _number(known.value), at, _words(known.source))


def _coordinate(value: Any) -> Values:
    if isinstance(value, list):
        return tuple(map(_coordinate, value))
    return None if value is None else _number(float(value))
