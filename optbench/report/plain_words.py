"""The words in which every format shows a problem, its answer and its attempts: plain text, without any markup.

`heading` has the problem's lines, `formulas` and `remarks` the lines of its answer, `cells` an attempt's row under
`HEADINGS`, `notes` what needs saying about rows. Whatever comes from the user has its control characters escaped.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optbench.errors import printable
from optbench.problem.draft import SYMBOLS
from optbench.report import verdict_words
from optbench.result import Assurance, Attempt, AttemptStatus, Certificate, Fit, ProblemSummary, Result, Solution

HEADINGS = ("method", "status", "value", "point", "true error", "infeasibility", "iterations", "epochs", "evaluations", "time")
WORDS = ("method", "status", "point")  # the columns that hold no numbers
COLOURS = {
    AttemptStatus.CONVERGED: "green",
    AttemptStatus.STALLED: "yellow",
    AttemptStatus.LIMIT: "yellow",
    AttemptStatus.DIVERGED: "red",
    AttemptStatus.CRASHED: "red",
    AttemptStatus.KILLED: "red",
    AttemptStatus.NOT_APPLICABLE: "dim",
}
LONG_FORMULA = 400  # characters; longer formulas are shown in JSON only
LONG_TEXT = 300  # characters of an objective or constraint that are shown
SOLUTIONS = 10  # whose formulas are shown
VARIABLES = 20  # that are listed
_COORDINATES = 4  # of a point that are shown


def heading(problem: ProblemSummary) -> Iterator[str]:
    """Yield the problem's lines: what is asked, and below it, indented, constraints, parameters and variables."""
    title = f"{printable(problem.name)}: " if problem.name else ""
    yield f"{title}{question(problem)}"
    for constraint in problem.constraints:
        yield f"  subject to {shortened(constraint['text'])}"
    for name, value in problem.parameters.items():
        yield f"  {name} is {value}" if value in SYMBOLS else f"  {name} = {shortened(value)}"
    for name in list(problem.variables)[:VARIABLES]:
        yield f"  {_variable(name, problem)}"
    if len(problem.variables) > VARIABLES:
        yield f"  and {len(problem.variables) - VARIABLES:,} more variables"


def question(problem: ProblemSummary) -> str:
    """Return "minimize x^2"."""
    return f"{problem.sense} {shortened(problem.objective)}"


def label(problem: ProblemSummary) -> str:
    """Return by what rows name the problem: its name, or what is asked, in full."""
    return problem.name or f"{problem.sense} {problem.objective}"


def _variable(name: str, problem: ProblemSummary) -> str:
    v = problem.variables[name]
    shape = f"[{', '.join(map(str, v.shape))}]" if v.shape else ""
    ranges = v.range if isinstance(v.range, str) else "a range for each entry"
    whole = ", whole numbers" if v.integer else ""
    unit = f" {printable(v.unit)}" if v.unit else ""
    domain = "" if v.domain is None or v.domain == ranges else printable(v.domain)
    defined = "; defined nowhere" if domain == "empty" else f"; defined on {domain}" if domain else ""
    return f"{name}{shape} in {printable(ranges)}{unit}{whole}{defined}"


def answer(result: Result) -> Iterator[str]:
    """Yield the lines of the answer: its formulas, then what is remarked on them; of a mistake, where it stands."""
    yield from formulas(result)
    yield from remarks(result)
    yield from mistake(result)


def formulas(result: Result) -> Iterator[str]:
    """Yield the exact parts of the answer, one a line, as far as they are not too long to be read."""
    for solution in result.solutions[:SOLUTIONS]:
        family = "".join(f", {name} {kind}" for name, kind in (solution.family or {}).items())
        for name, formula in (solution.exact or {}).items():
            text = entries_text(formula)
            if len(text) > LONG_FORMULA:
                yield f"{name} has a formula of {len(text):,} characters, which JSON has in full"
            else:
                yield f"approached as {name} -> {text}" if solution.kind == "limit" else f"{name} = {text}{family}"
        if solution.exact is None and result.assurance is Assurance.CERTIFIED:
            for name, ends in (solution.enclosure or {}).items():
                text = entries_text(ends)
                yield f"{name} in {text}" if len(text) <= LONG_FORMULA else f"{name} is enclosed entry by entry, which JSON has in full"
    if result.value_exact is not None and len(result.value_exact) <= LONG_FORMULA:
        yield f"value = {result.value_exact}"
    elif result.value_exact is not None:
        yield f"the value has a formula of {len(result.value_exact):,} characters, which JSON has in full"
    if result.value_enclosure is not None:
        yield f"value in [{result.value_enclosure[0]}, {result.value_enclosure[1]}]"


def entries_text(formula: Any) -> str:
    """Return a formula or the ends of an enclosure, or the lists of those of an array, as text.

    >>> entries_text(["1/2", "pi"]), entries_text([("0", "1"), ("2", "3")])
    ('[1/2, pi]', '[[0, 1], [2, 3]]')
    """
    return f"[{', '.join(map(entries_text, formula))}]" if isinstance(formula, list | tuple) else str(formula)


def remarks(result: Result) -> Iterator[str]:
    """Yield what is known of the answer beside its formulas."""
    if result.closed_form is not None and (
        result.closed_form.verdict != "not_found" or result.closed_form.unreviewed or result.assurance.is_proof
    ):
        yield from verdict_words.lines(result.closed_form, result.assurance is Assurance.EXACT)
    if result.certificate is not None and result.assurance is Assurance.CERTIFIED:
        yield f"proof: {'; '.join(_proof(result.certificate))}"
    if result.fit is not None:
        yield from fit(result.fit)
    if result.solutions:
        if not result.assurance.is_proof:
            yield from _conditions(result.solutions[0])
        if result.solutions[0].multipliers:
            yield f"multipliers: {', '.join(coordinates(result.solutions[0].multipliers))}"


def fit(found: Fit) -> Iterator[str]:
    """Yield the lines on a regression: how well the data are met, and each parameter with its standard error."""
    spread = "" if found.residual_standard_deviation is None else f", residual standard deviation {found.residual_standard_deviation:.9g}"
    determination = "" if found.r_squared is None else f", R^2 = {found.r_squared:.9g}"
    observations = "1 observation" if found.observations == 1 else f"{found.observations:,} observations"
    yield f"fit: {observations}, residual sum of squares {found.residual_sum_of_squares:.9g}{spread}{determination}"
    if found.standard_errors is None:
        yield f"no standard errors: {found.reason}"
        return
    for name, estimate in list(found.parameters.items())[:VARIABLES]:
        errors = found.standard_errors[name]
        if isinstance(estimate, list):
            pairs = zip(leaves(estimate), leaves(errors), strict=True)
            shown = [_estimate(e, s) for e, s in itertools.islice(pairs, VARIABLES)]
            yield f"{name} = [{', '.join(shown)}{', ...' if len(list(leaves(estimate))) > VARIABLES else ''}]"
        else:
            yield f"{name} = {_estimate(estimate, errors)}"


def _estimate(value: float, error: float | None) -> str:
    """An estimate with its standard error, or a fixed parameter."""
    return f"{value:.9g} (fixed)" if error is None else f"{value:.9g} (standard error {error:.6g})"


def _proof(certificate: Certificate) -> Iterator[str]:
    boxes, places = certificate.boxes, len(certificate.possible)
    yield f"{boxes:,} box{'' if boxes == 1 else 'es'}"
    if places:
        yield "the place is not proved to hold one point only" if places == 1 else f"{places} places are not proved to hold one point each"
    if certificate.assumes:
        yield f"it assumes that {' and '.join(certificate.assumes)}"
    if certificate.file is not None:
        yield f"written to {printable(certificate.file)}"


def mistake(result: Result) -> Iterator[str]:
    """Yield what follows the sentence of an invalid problem: the line at fault, the advice, further mistakes."""
    lines = (result.error or "").removeprefix(result.sentence).split("\n")
    yield from (printable(line.strip()) for line in lines if line.strip("^ "))


def _conditions(solution: Solution) -> Iterator[str]:
    optimality = solution.optimality
    if optimality is not None and optimality.stationarity is not None:
        curvature = f", curvature {optimality.curvature}" if optimality.curvature else ""
        slack = f", complementarity {optimality.complementarity:.1e}" if optimality.complementarity is not None else ""
        yield f"checked at the point ({solution.kind}): scaled gradient {optimality.stationarity:.1e}{slack}{curvature}"


# ---- attempts ----------------------------------------------------------------------------------------------------------


def table(attempts: Sequence[Attempt]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and the rows of cells; infeasibility has a column where there is any, epochs where they tell anything."""
    empty = [] if any(attempt.infeasibility for attempt in attempts) else ["infeasibility"]
    empty += [] if any(map(_has_batches, attempts)) else ["epochs"]
    shown = [h for h in HEADINGS if h not in empty]
    return shown, [[row[h] for h in shown] for row in map(cells, attempts)]


def _has_batches(attempt: Attempt) -> bool:
    """Whether gradients of parts of the data were evaluated; else an epoch is a gradient evaluation."""
    return attempt.epochs not in (None, attempt.gradient_evaluations)


def cells(attempt: Attempt) -> dict[str, str]:
    """Return the text of each cell of an attempt's row."""
    row = (
        method_label(attempt),
        attempt.status.value.replace("_", " "),
        number(attempt.value, 10),
        "" if attempt.point is None else ", ".join(coordinates(attempt.point)),
        number(attempt.error_value, 2),
        number(attempt.infeasibility, 2),
        "" if attempt.iterations is None else f"{attempt.iterations:,}",
        number(attempt.epochs, 6),
        _evaluations(attempt),
        _duration(attempt.setup_seconds + attempt.solve_seconds),
    )
    return dict(zip(HEADINGS, row, strict=True))


def method_label(attempt: Attempt) -> str:
    """Return the method's name, with "exact: " before a strategy of the exact stage, and the stage of `auto` after it."""
    if attempt.kind == "exact" and attempt.method != "exact stage":
        return f"exact: {attempt.method}"
    return f"{attempt.method} ({attempt.stage})" if attempt.stage else attempt.method


def notes(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield why rows are what they are, where that needs saying; methods with the same reason share a line."""
    for row in attempts:
        if row.chosen_because:
            yield f"auto {_DOES[row.stage].format(row.method)}, as {printable(row.chosen_because)}"
    if missed := [method_label(row) for row in attempts if row.reached_optimum is False]:
        yield f"not the global optimum: {', '.join(missed)}"
    explained: dict[str, list[str]] = {}
    for attempt in attempts:
        if attempt.reason and attempt.status is not AttemptStatus.CONVERGED:
            explained.setdefault(attempt.reason, []).append(method_label(attempt))
    for reason, methods in explained.items():
        yield f"{', '.join(methods)}: {printable(reason)}"


_DOES = {
    None: "chose {}",
    "epigraph form": "chose {}",
    "continued": "went on with {} from the best point",
    "lines": "tried no further starts",
    "valleys": "tried further starts with {}",
    "further starts": "tried further starts with {}",
    "global search": "searched the whole box with {}",
    "polished": "went on with {} from there",
}


def coordinates(point: Mapping[str, Any]) -> list[str]:
    """Return "x = 1" for each variable of a point, or of the first four.

    >>> coordinates({"x": 0.5, "v": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]})
    ['x = 0.5', 'v = [1, 2, 3, 4, ...]']
    """
    shown = [f"{name} = {coordinate(value)}" for name, value in list(point.items())[:_COORDINATES]]
    return [*shown, "..."] if len(point) > _COORDINATES else shown


def coordinate(value: Any) -> str:
    """Return a number, or the first entries of an array."""
    if not isinstance(value, list):
        return f"{value:.9g}"
    flat = list(leaves(value))
    return f"[{', '.join(f'{e:.6g}' for e in flat[:_COORDINATES])}{', ...' if len(flat) > _COORDINATES else ''}]"


def leaves(values: Any) -> Iterator[Any]:
    """Yield the entries of nested lists in row-major order."""
    for value in values:
        if isinstance(value, list):
            yield from leaves(value)
        else:
            yield value


def number(value: float | None, digits: int) -> str:
    """Return a number with so many significant digits, or an empty text."""
    return "" if value is None else f"{value:.{digits}g}"


def shortened(text: str) -> str:
    """Return a text of the user's as it is shown: printable, and not too long."""
    return printable(text if len(text) <= LONG_TEXT else f"{text[: LONG_TEXT - 3]}...")


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
