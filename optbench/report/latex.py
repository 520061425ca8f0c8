r"""The result as LaTeX for a paper: the problem and the exact answer as maths, and a booktabs table of the attempts.

The text is a fragment for a document that loads amsmath and booktabs. Expressions are read again from the result's texts;
what can't be (an objective over data, a very long one) stands as it was typed. Text of the user's is escaped. Characters
beyond ASCII need LuaLaTeX, XeLaTeX, or a font of pdfLaTeX that has them.

>>> print(escaped("100% of a_b\\c"))
100\% of a\_b\textbackslash{}c
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from optbench.errors import OptbenchError, printable
from optbench.language.build import symbol
from optbench.language.elaborate import Parsed, Scope, parse, parse_constraint
from optbench.language.graph import Node
from optbench.language.latex import escaped, latex, latex_condition, latex_name
from optbench.problem.draft import SYMBOLS
from optbench.report import plain_words
from optbench.result import Attempt, ProblemSummary, Result, VariableSummary

BETWEEN = "\n"  # stands between the answers to several problems
_PREAMBLE = "% needs \\usepackage{amsmath,booktabs}"


def render(result: Result) -> str:
    """Return the fragment, with balanced braces and environments."""
    return "\n\n".join(_blocks(result)) + "\n"


def _blocks(result: Result) -> Iterator[str]:
    title = f"% {printable(result.problem.name)}\n" if result.problem and result.problem.name else ""
    yield f"{title}{_PREAMBLE}" + (f"\n{_display(_question(result.problem))}" if result.problem else "")
    yield escaped(result.sentence)
    if lines := [*_formulas(result)]:
        yield _display(lines)
    if lines := [*plain_words.remarks(result)]:
        yield "\n".join(f"{escaped(line[:1].upper() + line[1:])}." for line in lines)
    if lines := [*plain_words.mistake(result)]:
        yield "\n\n".join(rf"\texttt{{{escaped(line)}}}" for line in lines)
    if result.attempts:
        yield _tabular(result.attempts)
    if lines := [*plain_words.notes(result.attempts), *result.warnings]:
        yield "\n\n".join(map(escaped, lines))


def _display(lines: Sequence[str]) -> str:
    return "\n".join(["\\begin{equation*}\n\\begin{aligned}", " \\\\\n".join(lines), "\\end{aligned}\n\\end{equation*}"])


# ---- the problem -------------------------------------------------------------------------------------------------------


def _question(problem: ProblemSummary) -> list[str]:
    """Lines with an & where they line up: the objective, constraints, parameters, ranges."""
    known = scope(problem)
    unknowns = ", ".join(latex_name(name) for name in list(problem.variables)[:5]) + (", \\ldots" if len(problem.variables) > 5 else "")
    lines = [rf"\{problem.sense[:3]}_{{{unknowns}}} \quad & {expression(problem.objective, known)}"]
    lines += _under("subject to", [constraint(c["text"], known) for c in problem.constraints])
    lines += _under("where", [_parameter(name, value) for name, value in problem.parameters.items()])
    told = [_membership(name, v) for name, v in list(problem.variables.items())[: plain_words.VARIABLES]]
    if (more := len(problem.variables) - len(told)) > 0:
        told.append(rf"\text{{and {more:,} more}}")
    return [*lines, "& " + r", \ ".join(told)]


def _under(words: str, lines: Sequence[str]) -> list[str]:
    """The lines, with words in front of the first."""
    return [rf"\text{{{words}}} \quad & {line}" if line is lines[0] else f"& {line}" for line in lines]


def scope(problem: ProblemSummary) -> dict[str, Node]:
    """Return the names of the problem: variables, free parameters, and lists, which keep their names in expressions."""
    known: dict[str, Node] = {name: symbol(name, tuple(v.shape or ()), v.integer) for name, v in problem.variables.items()}
    for name, value in problem.parameters.items():
        known[name] = symbol(name, () if value in SYMBOLS else _shape(value))
    return known


def _shape(value: str) -> tuple[int, ...]:
    try:
        return parse(value).node.shape
    except OptbenchError:
        return ()


def _parameter(name: str, value: str) -> str:
    if value in SYMBOLS:
        return rf"{latex_name(name)} \text{{ {value}}}"
    return f"{latex_name(name)} = {expression(value)}"


def _membership(name: str, variable: VariableSummary) -> str:
    whole = r" \text{ integer}" if variable.integer else ""
    if not isinstance(variable.range, str):
        return rf"{latex_name(name)} \text{{ in a range for each entry}}{whole}"
    sizes = r" \times ".join(map(str, variable.shape or ()))
    power = f"^{{{sizes}}}" if sizes else ""
    return rf"{latex_name(name)} \in {interval(variable.range)}{power}{whole}"


def interval(text: str) -> str:
    """Return the maths of "(0, 2*pi]"."""
    ends = [end.strip() for end in text[1:-1].split(", ")]
    return f"{text[0]}{', '.join(map(expression, ends))}{text[-1]}" if len(ends) == 2 else _as_typed(text)


# ---- the answer --------------------------------------------------------------------------------------------------------


def _formulas(result: Result) -> Iterator[str]:
    for solution in result.solutions[: plain_words.SOLUTIONS]:
        relation = r"\to" if solution.kind == "limit" else "="
        family = "".join(rf", \quad {latex_name(k)} \text{{ {escaped(kind)}}}" for k, kind in (solution.family or {}).items())
        for name, formula in (solution.exact or {}).items():
            if len(plain_words.entries_text(formula)) <= plain_words.LONG_FORMULA:
                yield f"{latex_name(name)} &{relation} {_entries(formula)}{family}"
    if result.value_exact is not None and len(result.value_exact) <= plain_words.LONG_FORMULA:
        yield rf"\text{{value}} &= {expression(result.value_exact)}"
    if result.value_enclosure is not None:
        yield rf"\text{{value}} &\in [{', '.join(map(expression, result.value_enclosure))}]"


def _entries(formula: Any) -> str:
    return rf"\left[{', '.join(map(_entries, formula))}\right]" if isinstance(formula, list) else expression(str(formula))


def expression(text: str, names: Mapping[str, Node] | None = None) -> str:
    """Return the maths of an expression, or its text where it can't be read without the problem's data."""
    if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text):
        return _number(text)
    return _read(text, names, parse)


def constraint(text: str, names: Mapping[str, Node]) -> str:
    """Return the maths of a constraint, or its text where it can't be read without the problem's data."""
    return _read(text, names, parse_constraint)


def _read(text: str, names: Mapping[str, Node] | None, how: Callable[[str, Scope], Parsed]) -> str:
    """The maths of a text; with the problem's names, others are columns of its data, whose length the result does not say."""
    if len(text) > plain_words.LONG_TEXT:
        return _as_typed(text)
    scope = Scope(names or {}, open=True)
    try:
        node = how(text, scope).node
        if names is not None and scope.found:
            node = how(text, Scope({**names, **{name: symbol(name, (_UNKNOWN,)) for name in scope.found}})).node
        written = latex_condition(node) if node.boolean else latex(node)
    except OptbenchError:
        return _as_typed(text)
    return _as_typed(text) if str(_UNKNOWN) in written else written


_UNKNOWN = 7919  # stands for the length of a column; what shows it can't be set as maths


def _as_typed(text: str) -> str:
    return rf"\text{{\ttfamily {escaped(plain_words.shortened(text))}}}"


def _number(text: str) -> str:
    """A decimal number: 1.2e-09 as 1.2 times a power of ten.

    >>> print(_number("-1.2e-09"))
    -1.2 \\cdot 10^{-9}
    """
    mantissa, _, exponent = text.replace("inf", r"\infty").partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


# ---- the attempts ------------------------------------------------------------------------------------------------------


def _tabular(attempts: Sequence[Attempt]) -> str:
    headings, rows = plain_words.table(attempts)
    columns = "".join("l" if heading in plain_words.WORDS else "r" for heading in headings)
    lines = [" & ".join(map(_cell, headings, row)) for row in rows]
    body = [rf"\begin{{tabular}}{{{columns}}}", "\\toprule", f"{' & '.join(headings)} \\\\", "\\midrule"]
    return "\n".join([*body, *(rf"{line} \\" for line in lines), "\\bottomrule", "\\end{tabular}"])


def _cell(heading: str, cell: str) -> str:
    if heading == "point":
        return f"${_point(cell)}$" if cell else ""
    if heading in ("value", "true error", "infeasibility"):
        return f"${_number(cell)}$" if cell else ""
    return escaped(cell).replace(" + ", " $+$ ")


def _point(cell: str) -> str:
    """The maths of "x1 = 0.5, v = [1, 2, ...]"."""
    named = re.sub(r"\w+(?= = )", lambda found: latex_name(found[0]), cell)
    return re.sub(r"-?[\d.]+e[+-]\d+|\binf\b", lambda found: _number(found[0]), named).replace("...", r"\ldots")
