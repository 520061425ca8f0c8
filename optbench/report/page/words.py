"""What a report says beyond the summary of a run: who was quickest where, and what failed, by method and reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from optbench.errors import printable
from optbench.report.plain_words import number
from optbench.report.runs.words import duration
from optbench.statistics.outcomes import Outcome, Outcomes
from optbench.statistics.records import Record, Run
from optbench.statistics.summary import Summary

LONGEST = 120  # characters of a name or a reason
_NAMED = 5
_SIZES = ((1, 1, "in one unknown"), (2, 10, "in 2 to 10 unknowns"), (11, math.inf, "in more than 10 unknowns"))


def short(text: str, longest: int = LONGEST) -> str:
    """Return a text of the user's as one printable line, not too long."""
    line = " ".join(text[: 20 * longest].split())
    return printable(line if len(line) <= longest and len(text) <= 20 * longest else f"{line[: longest - 3]}...")


def quickest(found: Summary, outcomes: Outcomes) -> Iterator[str]:
    """Yield the sentence on which method needed the least time most often, in all and by the number of unknowns."""
    costs, cases = found.profiles.seconds, found.profiles.cases
    if len(costs) < 2:
        return
    dimension = {case: one.last.dimension for its in outcomes.values() for case, one in its.items()}
    parts = []
    groups = [(words, [k for k, case in enumerate(cases) if low <= dimension[case] <= high]) for low, high, words in _SIZES]
    groups = [(words, places) for words, places in groups if places]
    for words, places in [("", range(len(cases))), *(groups if len(groups) > 1 else [])]:
        wins = Counter(name for k in places if (name := _least({m: its[k] for m, its in costs.items()})) is not None)
        if wins:
            (method, most), solved = wins.most_common(1)[0], sum(wins.values())
            parts.append(
                f"{words}{': ' if words else ''}{short(method)}, on {most:,} of {solved:,} solved case{'' if solved == 1 else 's'}"
            )
    if parts:
        yield f"Quickest most often: {'; '.join(parts)}."


def _least(costs: Mapping[str, float]) -> str | None:
    best = min(costs, key=lambda method: costs[method])
    return best if math.isfinite(costs[best]) else None


def versions(run: Run) -> Iterator[str]:
    """Yield a sentence where records stem from several versions of optbench, or from several machines."""
    found = sorted({record.version for record in run.records if record.version.startswith("optbench ")})
    if len(found) > 1:
        yield f"The records were made by several versions ({', '.join(map(short, found[:_NAMED]))}): costs may differ for that reason."
    processors = sorted(
        {str(e.get("processor")) for h in run.headers if isinstance(e := h.get("environment"), Mapping) if e.get("processor")}
    )
    if len(processors) > 1:
        yield f"The records were made on several processors ({', '.join(map(short, processors[:_NAMED]))}): times don't compare."


# ---- what went wrong -------------------------------------------------------------------------------------------------------


class Table(NamedTuple):
    """A table of texts; columns whose heading is in `figures` hold numbers."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: frozenset[str] = frozenset()
    method_of_row: Sequence[int | None] = ()  # whose rows can be hidden


def failures(run: Run, longest: int) -> Table:
    """Return what did not converge, by method, status and reason, the frequent first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for record in run.records:
        if record.status != "converged":
            key = record.method, record.status.replace("_", " "), record.reason or ""
            groups.setdefault(key, []).append(record.instance.name)
    for one in run.unreadable:
        groups.setdefault(("", one.status, one.reason), []).append(one.problem)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    rows = [[short(m), status, short(why), f"{len(names):,}", _names(names)] for (m, status, why), names in ordered[:longest]]
    more = f"; the {longest} most frequent of {len(ordered):,}" if len(ordered) > longest else ""
    return Table(
        f"Attempts that did not converge, by method and reason{more}",
        ["method", "status", "reason", "attempts", "problems"],
        rows,
        frozenset(["attempts"]),
    )


def wrong_claims(outcomes: Outcomes, longest: int) -> Table:
    """Return the attempts that say to have converged, with a value that is not the optimum."""
    rows, count = list[list[str]](), 0
    for record, outcome in _wrong(outcomes):
        count += 1
        if count <= longest:
            truth = outcome.truth
            right = "none, proved" if truth.value is None else f"{truth.value:.9g}"
            rows.append([short(record.method), short(outcome.instance.name), number(record.value, 9), right, truth.basis.value])
    more = f"; the first {longest} of {count:,}" if count > longest else ""
    headings = ["method", "problem", "claimed value", "optimum", "known by"]
    return Table(f"Claims of a value that is not the optimum{more}", headings, rows, frozenset(["claimed value", "optimum"]))


def _wrong(outcomes: Outcomes) -> Iterator[tuple[Record, Outcome]]:
    for its in outcomes.values():
        for one in its.values():
            yield from ((record, one) for record, judged in zip(one.records, one.verdicts, strict=True) if judged.wrong)


def _names(names: Sequence[str]) -> str:
    each = list(dict.fromkeys(names))
    return ", ".join(short(name, 60) for name in each[:_NAMED]) + (f" and {len(each) - _NAMED:,} more" if len(each) > _NAMED else "")


def on_problem(outcomes: Iterable[Outcome], numbers: Mapping[str, int], caption: str) -> Table:
    """Return what each method made of a problem: over its seeds, how often it was right, and medians."""
    by_method: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_method.setdefault(one.method, []).append(one)
    rows = []
    for method, its in by_method.items():
        best = min((r.sign * v for o in its for r in o.records if (v := r.feasible_value) is not None), default=None)
        statuses = Counter(record.status.replace("_", " ") for o in its for record in o.records)
        shown = ", ".join(status if count == sum(statuses.values()) else f"{count:,} {status}" for status, count in statuses.items())
        solved = f"{sum(o.is_solved for o in its):,}/{len(its):,}"
        value = number(None if best is None else its[0].last.sign * best, 10)
        evaluations = f"{_median([o.evaluations for o in its]):,.0f}" if its[0].kind == "numerical" else ""
        rows.append([short(method, 60), shown, solved, value, evaluations, duration(_median([o.seconds for o in its]))])
    headings = ["method", "status", "right", "best value", "evaluations", "time"]
    return Table(caption, headings, rows, frozenset(headings[2:]), [numbers[method] for method in by_method])


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
