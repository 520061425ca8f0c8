r"""A problem as a paper states it, in LaTeX: minimise ... subject to ... where ..., with units and data.

Formulas are the user's own, with the names of parameters in them; where these are needed as numbers (in an index, say)
they are numbers. The document needs amsmath and amssymb.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from optbench.convert.document import decimal
from optbench.convert.drafted import drafted
from optbench.convert.written import Written
from optbench.errors import OptbenchError, ProblemError
from optbench.language.build import add, symbol
from optbench.language.elaborate import Parsed, Scope, parse, parse_constraint
from optbench.language.graph import Call, GraphError, Node
from optbench.language.latex import escaped, latex, latex_condition, latex_name
from optbench.language.text import TooLong
from optbench.problem.draft import Number, ParameterDraft, ProblemDraft, Scalar, Text, Values
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem, Variable

ENDINGS = (".tex",)

_LINE = 150  # characters of TeX in a line of maths
_ENTRIES = 12  # entries of a list that are shown
_ROWS = 8  # rows of a matrix that are shown
_REAL = r"\mathbb{R}"
_SIGNS = {"positive": "> 0", "nonnegative": r"\ge 0", "negative": "< 0", "real": r"\in \mathbb{R}", "integer": r"\in \mathbb{Z}"}


def write(problem: Problem, target: Path | None) -> Written:
    """Return the document; raise `ProblemError` for a formula of more than 2 million characters."""
    try:
        text = "\n".join(_document(problem))
    except TooLong:
        raise ProblemError("The problem has a formula that would be longer than 2,000,000 characters in LaTeX.") from None
    return Written(f"{text}\n")


def _document(problem: Problem) -> Iterator[str]:
    yield from (r"\documentclass{article}", r"\usepackage{amsmath,amssymb}", r"\begin{document}", "")
    if problem.name:
        yield from (rf"\section*{{{escaped(problem.name)}}}", "")
    if problem.description:
        yield from (escaped(" ".join(problem.description.split())), "")
    formulas = _formulas(problem)
    rows = [*_objective(problem, formulas.objective), *_constraints(problem, formulas), *_ranges(problem), *_parameters(formulas.draft)]
    yield from (r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}", "")
    for sentence in _sentences(problem, formulas.draft):
        yield from (sentence, "")
    yield r"\end{document}"


def _maths(node: Node) -> str:
    return latex(node, decimals=True)


# ---- formulas ----------------------------------------------------------------------------------------------------------


class _Formulas(NamedTuple):
    """The objective and the constraints, and the draft that says what else there is."""

    objective: Node
    constraints: list[Node]
    draft: ProblemDraft


def _formulas(problem: Problem) -> _Formulas:
    """The formulas with the names of parameters, or without where a parameter has to be a number."""
    draft = drafted(problem)
    if problem.written is not None:
        try:
            scope = _scope(problem, draft)
            objective = parse(draft.objective.value, scope).node
            return _Formulas(objective, [parse_constraint(c.text.value, scope).node for c in draft.constraints], draft)
        except (OptbenchError, GraphError):
            pass
    return _Formulas(problem.objective, [c.condition for c in problem.constraints], draft)


def _scope(problem: Problem, draft: ProblemDraft) -> Scope:
    """All names as symbols."""
    nodes: dict[str, Node] = {s.name: s for s in [*problem.symbols, *problem.data]}
    for parameter in draft.parameters:
        name = parameter.name.value
        nodes.setdefault(name, symbol(name, _shape(parameter.value, Scope(nodes, problem.data))))
    return Scope(nodes, problem.data)


def _shape(value: Values, scope: Scope) -> tuple[int, ...]:
    if isinstance(value, tuple):
        return (len(value), *_shape(value[0], scope))
    return parse(value.value, scope).node.shape if isinstance(value, Text) and value.value not in _SIGNS else ()


def _objective(problem: Problem, objective: Node) -> list[str]:
    names = [latex_name(v.name) for v in problem.variables]
    under = ", ".join(names) if len(names) <= 6 else rf"{names[0]}, \ldots, {names[-1]}"
    sense = f"{problem.sense[:-3]}ise"
    first, *rest = _lines(objective)
    return [rf"\underset{{{under}}}{{\text{{{sense}}}}} \quad & {first}", *(rf"& \quad {line}" for line in rest)]


def _lines(node: Node) -> list[str]:
    """The maths of an expression; a long sum is broken between its terms."""
    whole = _maths(node)
    if len(whole) <= _LINE or not isinstance(node, Call) or node.function != "add":
        return [whole]
    groups: list[list[Node]] = [[]]
    length = 0
    for term in node.args:
        size = len(_maths(term)) + 3
        if groups[-1] and length + size > _LINE:
            groups.append([])
            length = 0
        groups[-1].append(term)
        length += size
    lines = [_maths(add(*group)) for group in groups]
    return [lines[0], *(f"{{}}{line}" if line.startswith("-") else f"{{}}+ {line}" for line in lines[1:])]


def _constraints(problem: Problem, formulas: _Formulas) -> Iterator[str]:
    for position, (node, draft) in enumerate(zip(formulas.constraints, formulas.draft.constraints, strict=True)):
        label = "" if draft.name is None else rf" && \text{{({escaped(draft.name.value)})}}"
        yield f"{_head('subject to', position)}& {latex_condition(node, decimals=True)}{label}"


def _head(words: str, position: int) -> str:
    return rf"\text{{{words}}} \quad " if position == 0 else ""


# ---- ranges ------------------------------------------------------------------------------------------------------------


def _ranges(problem: Problem) -> Iterator[str]:
    """The ranges of all variables, those that follow one another with the same range together."""
    first = len(problem.constraints)
    for alike, group in groupby(problem.variables, lambda v: (v.ranges, v.shape, v.symbol.integer)):
        names = [latex_name(v.name) for v in group]
        told = [_membership(", ".join(names[i : i + 8]), *alike) for i in range(0, len(names), 8)]
        for line in told:
            yield f"{_head('over' if not problem.constraints else 'subject to', first)}& {line}"
            first += 1


def _membership(names: str, ranges: Sequence[Interval], shape: tuple[int, ...], whole: bool) -> str:
    field = r"\mathbb{Z}" if whole else _REAL
    space = _power(field, shape)
    also = rf" \quad {names} \in {space}"
    if len(ranges) > 1:
        ends = [[_maths(e) for e in side] for side in zip(*((i.lower, i.upper) for i in ranges), strict=True)]
        if len(ranges) > _ENTRIES or len(shape) > 1:
            return rf"{names} \in {space} \text{{, each entry in a range of its own}}"
        return rf"({', '.join(ends[0])}) \le {names} \le ({', '.join(ends[1])}),{also}"
    interval = ranges[0]
    below, above = ("<", ">") if not interval.lower_closed else (r"\le", r"\ge")
    last = r"\le" if interval.upper_closed else "<"
    if interval.lower is MINUS_INFINITY and interval.upper is INFINITY:
        return rf"{names} \in {space}"
    if interval.upper is INFINITY:
        bounds = f"{names} {above} {_maths(interval.lower)}"
    else:
        before = "" if interval.lower is MINUS_INFINITY else f"{_maths(interval.lower)} {below} "
        bounds = f"{before}{names} {last} {_maths(interval.upper)}"
    return f"{bounds},{also}" if shape or whole else bounds


def _power(field: str, shape: tuple[int, ...]) -> str:
    """The space of arrays of a shape."""
    sizes = r" \times ".join(map(str, shape))
    return f"{field}^{{{sizes}}}" if shape else field


# ---- parameters --------------------------------------------------------------------------------------------------------


def _parameters(draft: ProblemDraft) -> Iterator[str]:
    for position, parameter in enumerate(draft.parameters):
        yield f"{_head('where', position)}& {_defined(parameter)}"


def _defined(parameter: ParameterDraft) -> str:
    name, value = latex_name(parameter.name.value), parameter.value
    if isinstance(value, Text) and value.value in _SIGNS:
        return f"{name} {_SIGNS[value.value]}"
    if not isinstance(value, tuple):
        return f"{name} = {_scalar(value)}"
    shape = _lengths(value)
    if len(shape) == 1 and shape[0] <= _ENTRIES:
        return rf"{name} = \left({', '.join(map(_entry, value))}\right)"
    if len(shape) == 2 and shape[0] <= _ROWS and shape[1] <= _ROWS:
        body = r" \\ ".join(" & ".join(map(_entry, row)) for row in value if isinstance(row, tuple))
        return rf"{name} = \begin{{pmatrix}} {body} \end{{pmatrix}}"
    return rf"{name} \in {_power(_REAL, shape)} \text{{ (given numbers)}}"


def _lengths(value: Values) -> tuple[int, ...]:
    return (len(value), *_lengths(value[0])) if isinstance(value, tuple) and value else ()


def _entry(value: Values) -> str:
    return rf"\left({', '.join(map(_entry, value))}\right)" if isinstance(value, tuple) else _scalar(value)


def _scalar(value: Scalar) -> str:
    if value is None:
        return r"\text{none}"
    return _number(value.value) if isinstance(value, Number) else _read(value.value, parse)


def _number(value: Fraction) -> str:
    """A number as people write it: 0.26, 1.2 times a power of ten."""
    mantissa, _, exponent = (decimal(value) or str(value)).partition("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa


def _read(text: str, how: Callable[[str, Scope], Parsed]) -> str:
    """The maths of an expression on names that need no declaration here, or its text."""
    try:
        return _number(Fraction(text)) if _is_decimal(text) else _maths(how(text, Scope({}, open=True)).node)
    except (OptbenchError, GraphError):
        return rf"\text{{\ttfamily {escaped(text)}}}"


def _is_decimal(text: str) -> bool:
    return len(text) < 100 and text.strip("+-").replace(".", "", 1).isdecimal() and text.isascii()


# ---- sentences ---------------------------------------------------------------------------------------------------------


def _sentences(problem: Problem, draft: ProblemDraft) -> Iterator[str]:
    """What a paper says below the formulas: units, data, the start, the optimum."""
    units = [rf"${latex_name(v.name)}$ in {escaped(v.unit)}" for v in problem.variables if v.unit]
    if units:
        yield f"Units: {', '.join(units)}."
    if draft.data is not None:
        yield _data(problem, draft)
    if any(v.starts for v in problem.variables) and problem.dimension <= _ENTRIES:
        yield f"Start: {', '.join(_start(v) for v in problem.variables if v.starts)}."
    if draft.known is not None and draft.known.value is not None:
        at = [f"${latex_name(name.value)} = {_entry(value)}$" for name, value in draft.known.at if math.prod(_lengths(value)) <= _ENTRIES]
        where = f" at {', '.join(at)}" if at else ""
        yield f"Known optimum: ${_scalar(draft.known.value)}${where}."
    if draft.known is not None and draft.known.source is not None:
        yield f"Source: {escaped(draft.known.source.value).removesuffix('.')}."


def _data(problem: Problem, draft: ProblemDraft) -> str:
    assert draft.data is not None
    listed = {p.name.value for p in draft.parameters}
    columns = [s for s in problem.data if s.name not in listed]
    names = ", ".join(rf"${latex_name(s.name)} \in {_power(_REAL, s.shape)}$" for s in columns)
    return rf"Data: {names} from \texttt{{{escaped(Path(draft.data.file.value).name)}}}."


def _start(variable: Variable) -> str:
    values = [r"\text{any}" if v is None else _number(Fraction(repr(v))) for v in variable.starts[0]]
    told = values[0] if not variable.shape else rf"\left({', '.join(values)}\right)"
    return f"${latex_name(variable.name)} = {told}$"
