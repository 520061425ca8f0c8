"""The result as people read it: the problem, the answer in a sentence, and a table with a row for each attempt.

Whatever comes from the user is printed as `Text`, never as markup, with control characters escaped. Without a terminal
there is no colour, no box and no truncation.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from optbench.errors import printable
from optbench.result import Assurance, Attempt, AttemptStatus, ProblemSummary, Result, Solution

_WIDE = 100_000  # characters of a line that nothing wraps
_LONG_FORMULA = 400  # longer formulas are shown in JSON only
_COORDINATES = 4  # of a point that are shown
_VARIABLES = 20  # that are listed
_COLOURS = {
    AttemptStatus.CONVERGED: "green",
    AttemptStatus.STALLED: "yellow",
    AttemptStatus.LIMIT: "yellow",
    AttemptStatus.DIVERGED: "red",
    AttemptStatus.CRASHED: "red",
    AttemptStatus.KILLED: "red",
    AttemptStatus.NOT_APPLICABLE: "dim",
}
_HEADINGS = ("method", "status", "value", "point", "true error", "iterations", "evaluations", "time")
_DISPENSABLE = ("iterations", "evaluations", "time", "point", "true error")  # left out in this order on a narrow terminal
_POINT_WIDTH = 16  # characters to which points are folded before a column is left out


def render(result: Result) -> str:
    """Return the text for a pipe or a file."""
    out = io.StringIO()
    console = Console(file=out, width=_WIDE, color_system=None, force_terminal=False, highlight=False, markup=False, emoji=False)
    console.print(picture(result, boxed=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def picture(result: Result, boxed: bool = True, width: int = _WIDE) -> Group:
    """Return what a console of this width prints."""
    parts: list[RenderableType] = []
    if result.problem is not None:
        parts += [*(Text(line) for line in heading(result.problem)), Text()]
    parts.append(Text(printable(result.sentence), style="bold"))
    parts += [Text("  " + line) for line in _answer(result)]
    if result.attempts:
        parts += [Text(), rows(result.attempts, boxed, width), *_notes(result.attempts)]
    return Group(*parts)


def rows(attempts: Sequence[Attempt], boxed: bool = True, width: int = _WIDE) -> Table:
    """Return the table of attempts; no number in it is ever cut, a narrow one has fewer columns."""
    lines = [dict(zip(_HEADINGS, _cells(attempt), strict=True)) for attempt in attempts]
    table = Table(box=box.SIMPLE_HEAD if boxed else None, show_edge=False, pad_edge=False, header_style="bold" if boxed else "")
    shown = _fitting(lines, width)
    for heading in shown:
        right = heading not in ("method", "status", "point")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "point", overflow="fold")
    for line in lines:
        table.add_row(*(line[heading] for heading in shown))
    return table


def _fitting(lines: Sequence[Mapping[str, Text]], width: int) -> list[str]:
    """The headings of the columns for which there is room; a terminal shows no empty ones."""
    widths = {h: max(len(h), *(line[h].cell_len for line in lines)) for h in _HEADINGS} if lines else dict.fromkeys(_HEADINGS, 0)
    widths["point"] = min(widths["point"], _POINT_WIDTH)
    empty = [h for h in _DISPENSABLE if not any(line[h].plain for line in lines)]
    shown = [h for h in _HEADINGS if width == _WIDE or h not in empty]
    for heading in (h for h in _DISPENSABLE if h in shown):
        if sum(widths[h] + _GAP for h in shown) <= width:
            break
        shown = [h for h in shown if h != heading]
    return shown


_GAP = 3  # characters between two columns


def _cells(attempt: Attempt) -> Iterator[Text]:
    yield Text(f"exact: {attempt.method}" if attempt.kind == "exact" and attempt.method != "exact stage" else attempt.method)
    yield Text(attempt.status.value.replace("_", " "), style=_COLOURS[attempt.status])
    yield Text(_number(attempt.value, 10))
    yield Text(_point(attempt.point))
    yield Text(_number(attempt.error_value, 2))
    yield Text("" if attempt.iterations is None else f"{attempt.iterations:,}")
    yield Text(_evaluations(attempt))
    yield Text(_duration(attempt.setup_seconds + attempt.solve_seconds))


def _notes(attempts: Sequence[Attempt]) -> Iterator[Text]:
    """Why rows are what they are, where that needs saying."""
    explained: dict[str, list[str]] = {}
    for attempt in attempts:
        if attempt.reason and attempt.status is not AttemptStatus.CONVERGED:
            explained.setdefault(attempt.reason, []).append(attempt.method)
    if explained:
        yield Text()
    for reason, methods in explained.items():
        yield Text(f"{', '.join(methods)}: {printable(reason)}", style="dim")


def heading(problem: ProblemSummary) -> Iterator[str]:
    """Return the problem's lines: what is asked, of which variables, on which ranges."""
    title = f"{printable(problem.name)}: " if problem.name else ""
    yield f"{title}{problem.sense} {printable(_shortened(problem.objective))}"
    for constraint in problem.constraints:
        yield f"  subject to {printable(_shortened(constraint['text']))}"
    for name, value in problem.parameters.items():
        yield f"  {name} = {printable(_shortened(value))}" if value.split()[0] not in _KINDS else f"  {name} is {value}"
    for name, v in list(problem.variables.items())[:_VARIABLES]:
        shape = f"[{', '.join(map(str, v.shape))}]" if v.shape else ""
        ranges = v.range if isinstance(v.range, str) else "a range for each entry"
        whole = ", whole numbers" if v.integer else ""
        unit = f" {printable(v.unit)}" if v.unit else ""
        domain = "" if v.domain is None or v.domain == ranges else printable(v.domain)
        defined = "; defined nowhere" if domain == "empty" else f"; defined on {domain}" if domain else ""
        yield f"  {name}{shape} in {printable(ranges)}{unit}{whole}{defined}"
    if len(problem.variables) > _VARIABLES:
        yield f"  and {len(problem.variables) - _VARIABLES:,} more variables"


_KINDS = ("positive", "nonnegative", "negative", "real", "integer")


def _answer(result: Result) -> Iterator[str]:
    """The exact parts of the answer, one a line."""
    for solution in result.solutions[:10]:
        for name, formula in (solution.exact or {}).items():
            if len(str(formula)) <= _LONG_FORMULA:
                yield f"approached as {name} -> {formula}" if solution.kind == "limit" else f"{name} = {formula}"
    if result.value_exact is not None and len(result.value_exact) <= _LONG_FORMULA:
        yield f"value = {result.value_exact}"
    if result.value_enclosure is not None:
        yield f"value in [{result.value_enclosure[0]}, {result.value_enclosure[1]}]"
    if result.closed_form is not None and result.closed_form.verdict == "found":
        proof = "verified exactly" if result.assurance is Assurance.EXACT else "not proved to be the global one"
        yield f"closed form: found ({(result.closed_form.cls or '').replace('_', ' ')}), {proof}"
    if result.solutions and (result.assurance is not Assurance.EXACT):
        yield from _conditions(result.solutions[0])


def _conditions(solution: Solution) -> Iterator[str]:
    optimality = solution.optimality
    if optimality is not None and optimality.stationarity is not None:
        curvature = f", curvature {optimality.curvature}" if optimality.curvature else ""
        yield f"checked at the point ({solution.kind}): scaled gradient {optimality.stationarity:.1e}{curvature}"


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def _point(point: Mapping[str, Any] | None) -> str:
    if point is None:
        return ""
    shown = []
    for name, value in point.items():
        entries = value if isinstance(value, list) else [value]
        flat = list(_leaves(entries))
        text = ", ".join(f"{e:.6g}" for e in flat[:_COORDINATES]) + (", ..." if len(flat) > _COORDINATES else "")
        shown.append(f"{name} = [{text}]" if isinstance(value, list) else f"{name} = {value:.9g}")
    return ", ".join(shown[:_COORDINATES]) + (", ..." if len(shown) > _COORDINATES else "")


def _leaves(values: Any) -> Iterator[float]:
    for value in values:
        if isinstance(value, list):
            yield from _leaves(value)
        else:
            yield value


def _evaluations(attempt: Attempt) -> str:
    """Objective, gradient and Hessian evaluations, as 12 + 5 + 3."""
    counts = [attempt.objective_evaluations, attempt.gradient_evaluations, attempt.hessian_evaluations]
    while len(counts) > 1 and not counts[-1]:
        counts.pop()
    return " + ".join(f"{c:,}" for c in counts) if any(counts) else ""


def _duration(seconds: float) -> str:
    if not seconds:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
