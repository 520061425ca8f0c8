"""The report of a run: one page with its summary, profiles, failures, attempts, and each problem in turn.

What is bounded is said in the page: sections, charts of convergence and pictures of more problems than these limits would
make a file that no browser is fond of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optbench.report.page import convergence, words
from optbench.report.page.charts import Chart
from optbench.report.page.looks import looks_of, path_colours
from optbench.report.page.numbers import numbers
from optbench.report.page.profiles import figures
from optbench.report.page.template import page
from optbench.report.page.words import short
from optbench.report.picture import svg
from optbench.report.picture.model import Picture
from optbench.report.runs import words as run_words
from optbench.statistics.outcomes import Outcome, Outcomes, outcomes
from optbench.statistics.records import Question, Run
from optbench.statistics.summary import summary
from optbench.statistics.truth import Basis, truths

SECTIONS = 300  # problems with a section of their own
_ROWS = 100  # of the tables of failures
_CORNERS = 120  # of a line of convergence, at most
_ALL_CORNERS = 80_000  # of all of them in a page
_CHARTS = 120  # problems with charts of convergence
_WAYS = 60  # lines in one of them
_IN_LEGEND = 16  # methods that it names; the list of all methods shows all


@dataclass(frozen=True)
class Section:
    """What the page has of a problem."""

    number: int
    name: str
    aside: str
    facts: Sequence[str]
    table: words.Table
    picture: str  # markup, or nothing
    colours: str  # a style that gives the picture's paths the colours of their methods
    charts: Sequence[Chart]
    methods: Sequence[tuple[int, str]]  # in the charts
    numbers: words.Table | None  # behind them


def render(run: Run, pictures: Mapping[Question, Picture | str] | None = None, title: str = "") -> str:
    """Return the page; `pictures` has for a problem its picture, or a sentence on why there is none."""
    found = summary(run)
    its = outcomes(run.records, truths(run.records))
    methods = [method.method for method in found.methods]
    number_of = {method: number for number, method in enumerate(methods)}
    shown = [(number_of[m.method], short(m.method, 60)) for m in found.methods if m.kind == "numerical"]
    looks = looks_of(number for number, _ in shown)
    problems = _by_problem(its)
    table = run_words.run_table(found)
    return page(
        "run.html",
        title=short(title or f"Report of {run.name}"),
        sentences=[*run_words.of_run(found), *words.quickest(found, its)] if run.records or run.unreadable else [],
        warnings=[*map(short, run.warnings), *words.versions(run)],
        methods_table=words.Table("Methods", table.headings, table.rows, frozenset(table.headings) - set(table.words), range(len(methods))),
        notes=list(run_words.notes_on_run(found)),
        shown_methods=shown,
        look=lambda number: looks.get(number, "c0 d0"),
        figures=figures(found.profiles, number_of),
        traced=found.profiles.is_traced,
        failures=words.failures(run, _ROWS),
        wrong=words.wrong_claims(its, _ROWS),
        problems=list(_sections(problems, pictures or {}, number_of, looks)),
        left_out=max(0, len(problems) - SECTIONS),
        numbers=numbers(run, found, its, methods, [group[0].instance for group in problems]),
    )


def _by_problem(found: Outcomes) -> list[list[Outcome]]:
    """The outcomes on each problem, at each point of a scan, over all seeds."""
    grouped: dict[tuple[str, Question], list[Outcome]] = {}
    for its in found.values():
        for instance, one in its.items():
            grouped.setdefault((instance.name, instance.question), []).append(one)
    return list(grouped.values())


def _sections(
    problems: Sequence[Sequence[Outcome]],
    pictures: Mapping[Question, Picture | str],
    number_of: Mapping[str, int],
    looks: Mapping[int, str],
) -> list[Section]:
    shown = problems[:SECTIONS]
    lines = sum(min(_WAYS, len(its)) for its in shown[:_CHARTS])
    corners = max(8, min(_CORNERS, _ALL_CORNERS // max(1, 2 * lines)))
    return [_section(k, its, pictures, number_of, looks, corners if k < _CHARTS else 0) for k, its in enumerate(shown)]


def _section(
    number: int,
    its: Sequence[Outcome],
    pictures: Mapping[Question, Picture | str],
    number_of: Mapping[str, int],
    looks: Mapping[int, str],
    corners: int,
) -> Section:
    instance = its[0].instance
    name = short(instance.name)
    ways = convergence.of_outcomes(its, number_of)[:_WAYS] if corners else []
    numerical = [one for one in its if one.kind == "numerical"]
    picture = pictures.get(instance.question)
    facts = [*_facts(its), *([picture] if isinstance(picture, str) else [])]
    if not ways:
        facts.append("No convergence is shown: " + ("no error can be told." if corners else f"only the first {_CHARTS} problems have it."))
    elif not any(one.last.steps for one in numerical):
        facts.append("The attempts have no iterates (batch --trace), so only their ends are shown.")
    elif len(its) > _WAYS:
        facts.append(f"The convergence of {_WAYS} attempts is shown.")
    solved = sum(one.is_solved for one in numerical)
    present = dict.fromkeys(way.method for way in ways)
    return Section(
        number,
        name,
        f"{solved:,} of {len(numerical):,} numerical cases solved",
        facts,
        words.on_problem(its, number_of, f"What each method made of {name}"),
        svg.render(picture, name=f"picture-{number}", style=False) if isinstance(picture, Picture) else "",
        path_colours(picture, {short(m, 60): looks[k] for m, k in number_of.items() if k in looks}) if isinstance(picture, Picture) else "",
        convergence.charts(ways, name, corners),
        [(m, short(method, 60)) for method, m in number_of.items() if m in present] if len(present) <= _IN_LEGEND else [],
        _until(ways, its, number_of, name),
    )


def _until(ways: Sequence[convergence.Way], its: Sequence[Outcome], number_of: Mapping[str, int], name: str) -> words.Table | None:
    """The numbers behind charts of convergence; without iterates there are none but those of the ends."""
    if not any(one.last.steps for one in its):
        return None
    return convergence.table(ways, {m: short(method, 60) for method, m in number_of.items()}, f"{convergence.UNTIL}, on {name}")


def _facts(its: Sequence[Outcome]) -> list[str]:
    one = its[0]
    record, truth = one.last, one.truth
    told = (record.whole or {}).get("constraint_count")
    constraints = told if isinstance(told, int) else 0
    size = f"{record.dimension:,} unknown{'' if record.dimension == 1 else 's'}"
    many = f", {constraints:,} constraint{'' if constraints == 1 else 's'}" if constraints else ""
    optimum = "infeasible" if truth.value is None else f"{truth.value:.10g}"
    known = "The optimum is not known." if truth.basis is Basis.NONE else f"The optimum is {optimum} ({truth.basis.value})."
    return [f"{record.sense}, {size}{many}.", known, *([f"Dispute: {short(truth.dispute)}."] if truth.dispute else [])]
