"""The report of one problem: its answer with what is proved of it, its picture, the attempts, and how they converged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optbench.report import plain_words
from optbench.report.page import convergence
from optbench.report.page.looks import looks_of, path_colours
from optbench.report.page.template import page
from optbench.report.page.words import Table, short
from optbench.report.picture import svg
from optbench.report.picture.model import Picture
from optbench.result import Attempt, Result
from optbench.statistics.records import FEASIBLE, steps
from optbench.statistics.truth import Basis, Truth

_CORNERS = 400  # of a line of convergence


def render(result: Result, picture: Picture | str | None = None) -> str:
    """Return the page; `picture` may be a sentence on why there is none. Traces of attempts are drawn."""
    numerical = [(k, attempt) for k, attempt in enumerate(result.attempts) if attempt.kind == "numerical"]
    looks = looks_of(k for k, _ in numerical)
    names = [short(plain_words.method_label(attempt), 60) for attempt in result.attempts]
    ways = list(_ways(result, numerical))
    heading = list(plain_words.heading(result.problem)) if result.problem else []
    return page(
        "single.html",
        title=short(heading[0] if heading else result.sentence),
        heading=[line.strip() for line in heading[1:]],
        sentence=result.sentence,
        disagreements=result.disagreements,
        formulas=[*plain_words.formulas(result), *plain_words.mistake(result)],
        remarks=list(plain_words.remarks(result)),
        attempts=_table(result),
        notes=[*plain_words.notes(result.attempts), *result.warnings],
        shown_methods=[(k, names[k]) for k, _ in numerical],
        look=lambda number: looks.get(number, "c0 d0"),
        picture=svg.render(picture, style=False) if isinstance(picture, Picture) else "",
        no_picture=picture if isinstance(picture, str) else "",
        colours=path_colours(picture, {names[k]: looks[k] for k in looks}) if isinstance(picture, Picture) else "",
        charts=convergence.charts(ways, "the problem", _CORNERS),
        numbers=convergence.table(ways, dict(enumerate(names)), convergence.UNTIL),
        basis="the optimum, which is proved" if result.assurance.is_proof else "the best value that was found, as nothing is proved",
    )


def _table(result: Result) -> Table:
    headings, rows = plain_words.table(result.attempts) if result.attempts else ([], [])
    figures = frozenset(headings) - set(plain_words.WORDS)
    return Table("What was tried", headings, rows, figures, range(len(rows)))


def _ways(result: Result, attempts: Sequence[tuple[int, Attempt]]) -> Iterator[convergence.Way]:
    """How the attempts converged towards the answer."""
    sign = -1 if result.problem and result.problem.sense == "maximize" else 1
    truth = Truth(Basis.EXACT if result.assurance.is_proof else Basis.BEST, result.value)
    for number, attempt in attempts:
        evaluations = attempt.objective_evaluations + attempt.gradient_evaluations
        seconds = attempt.setup_seconds + attempt.solve_seconds
        values = list(convergence.of_steps(steps(attempt.trace or ())))
        if attempt.value is not None and (attempt.infeasibility or 0.0) <= FEASIBLE:
            values.append((attempt.value, evaluations, seconds))
        found = convergence.way(number, values, (evaluations, seconds), sign, truth)
        if found is not None:
            yield found
