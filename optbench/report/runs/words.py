"""What is said of a run, or of two: sentences, the important ones first, and tables, as plain text without any markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from optbench.errors import printable
from optbench.report.plain_words import number
from optbench.statistics.change import AnswerChange, AnswerKind, Comparison, Finding, FindingKind, MethodChange
from optbench.statistics.cost_change import CostChange, Trend
from optbench.statistics.profiles import Curve
from optbench.statistics.summary import MethodSummary, Summary, knows_truth
from optbench.statistics.truth import Basis, Truth

TAUS = (1.0, 2.0, 10.0)  # ratios of the profiles in the table
_NAMED = 5  # problems that a sentence names
_LONGEST = 80  # characters of a name or a reason


class Table(NamedTuple):
    """A table; columns with a heading of `words` are aligned to the left."""

    headings: list[str]
    rows: list[list[str]]
    words: tuple[str, ...] = ("method", "failures", "trend")


# ---- one run ---------------------------------------------------------------------------------------------------------------


def of_run(found: Summary) -> Iterator[str]:
    """Yield the sentences on a run."""
    numerical = [method for method in found.methods if method.kind == "numerical"]
    yield (
        f"{_short(found.name)}: {_counted(found.problems, 'problem')}, {_counted(len(found.methods), 'method')}, "
        f"{_counted(found.attempts, 'attempt')}."
    )
    if found.bases:
        none = f"; {found.without_optimum:,} of them proved to have none" if found.without_optimum else ""
        yield f"The optimum is {_joined([f'{basis} for {count:,}' for basis, count in _by_rank(found.bases)])}{none}."
        if not knows_truth(found.bases):
            yield "So whatever is the best found counts as solved: nothing better is known."
    if numerical:
        yield _who_solved_most(numerical, found.cases)
    for method in found.methods:
        if method.wrong:
            named = [*map(_short, method.wrong_on[:_NAMED]), *(["..."] if len(method.wrong_on) > _NAMED else [])]
            count = _counted(method.wrong, "case")
            yield f"{_short(method.method)} claims a value that is not the optimum on {count}: {', '.join(named)}."
    if found.unreadable:
        first = found.unreadable[0]
        reason = first.reason.partition("\n")[0]
        yield (
            f"{_counted(len(found.unreadable), 'problem')} could not be read"
            f"{', the first of them' if len(found.unreadable) > 1 else ''}: {_short(first.problem)}: {_short(reason)}."
        )


def _who_solved_most(methods: Sequence[MethodSummary], cases: int) -> str:
    most = max(method.solved for method in methods)
    best = [_short(method.method) for method in methods if method.solved == most]
    named = _joined(best if len(best) <= _NAMED else [*best[:_NAMED], f"{len(best) - _NAMED:,} more"])
    if not most:
        return "No numerical method solved anything."
    if most == cases:
        return f"{named} solved {'the only case' if cases == 1 else f'all {cases:,} cases'}."
    return f"{named} solved most: {most:,} of {_counted(cases, 'case')}."


def _by_rank(bases: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(basis.value, bases[basis.value]) for basis in Basis if basis.value in bases]


def notes_on_run(found: Summary) -> Iterator[str]:
    """Yield what needs saying below the table."""
    yield (
        f"time and evaluations: shifted geometric means (shifts of 10 ms and 10); a case that is not solved counts with "
        f"{duration(found.limit_seconds)} and {found.limit_evaluations:,.0f}"
    )
    if found.common and any(method.solved < method.cases for method in found.methods if method.kind == "numerical"):
        yield f"common: the same over the {_counted(found.common, 'case')} that all numerical methods solved"
    if any(curve.count for curve in found.profiles.by_seconds.values()):
        yield "rho(t): the share of the cases solved within t times the least time of any numerical method"
    if any(method.spread is not None for method in found.methods):
        yield "spread: the range of the times of the repeats, without the first, over their median; the median over the cases"
    if found.profiles.missing:
        yield f"{_counted(found.profiles.missing, 'attempt')} missing in the journal; in profiles they count as unsolved"
    yield from map(_short_sentence, found.disputes)


def run_table(found: Summary) -> Table:
    """Return the table of the methods."""
    has_common = found.common and any(m.solved < m.cases for m in found.methods if m.kind == "numerical")
    has_spread = any(method.spread is not None for method in found.methods)
    headings = ["method", "solved", "claimed", "wrong", "time", "evaluations"]
    headings += ["time, common", "evaluations, common"] if has_common else []
    headings += ["spread"] if has_spread else []
    headings += [f"rho({tau:g})" for tau in TAUS] + ["failures"]
    rows = []
    for method in found.methods:
        row = [_short(method.method), f"{method.solved:,}/{method.cases:,}", f"{method.claimed:,}", f"{method.wrong:,}"]
        row += [duration(method.seconds), number(method.evaluations, 3)]
        row += [_duration_or_nothing(method.common_seconds), number(method.common_evaluations, 3)] if has_common else []
        row += ["" if method.spread is None else f"{100 * method.spread:.0f} %"] if has_spread else []
        row += [*_shares(found.profiles.by_seconds.get(method.method)), _failures(method)]
        rows.append(row)
    return Table(headings, rows)


def _shares(curve: Curve | None) -> list[str]:
    return ["" if curve is None else f"{curve.at(tau):.2f}" for tau in TAUS]


def _failures(method: MethodSummary) -> str:
    return ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in method.statuses.items() if status != "converged")


# ---- two runs --------------------------------------------------------------------------------------------------------------


def of_comparison(found: Comparison) -> Iterator[str]:
    """Yield the sentences on what changed: first what got worse."""
    regressions = sum(finding.is_regression for finding in found.findings)
    verdict = _counted(regressions, "regression") if regressions else "no regression"
    yield (
        f"{_short(found.new)} against {_short(found.base)}: {_counted(found.problems, 'problem')} and "
        f"{_counted(len(found.methods), 'method')} in both; {verdict}."
    )
    yield from (of_finding(finding, found) for finding in found.findings)
    told = {id(change) for finding in found.findings for change in finding.answers}
    others = [change for change in found.answers if id(change) not in told]
    if others:
        yield f"{_counted(len(others), 'other answer')} changed: {_answers(others, with_method=True)}."
    if not found.answers:
        yield "No answer changed."
    for method in found.methods:
        for cost, what in ((method.time, "time"), (method.evaluations, "evaluations")):
            if cost is not None and cost.trend is Trend.UNCLEAR:
                yield (
                    f"{_short(method.method)}: the {what} changed by a factor of {cost.median:.2g}, the median of "
                    f"{_counted(len(cost.ratios), 'problem')}: too few to tell from noise."
                )
    if not any(finding.cost for finding in found.findings):
        yield f"No method got slower or dearer beyond the noise, which is judged from a factor of {found.threshold:g} on."


def of_finding(finding: Finding, found: Comparison) -> str:
    """Return the sentence on something that got worse or better."""
    method = _short(finding.method)
    if finding.cost is not None:
        return f"{method} {_of_cost(finding.kind, finding.cost)} (p = {finding.cost.p_value or 0.0:.1g})."
    count = _counted(len(finding.answers), "problem")
    shown = _answers(finding.answers)
    match finding.kind:
        case FindingKind.LOST:
            return f"{method} lost its answer on {count}: {shown}."
        case FindingKind.PROOFS_LOST:
            return f"{method} no longer proves its answer on {count}: {shown}."
        case FindingKind.WRONG:
            return f"{method} now claims a value that is not the optimum on {count}: {shown}."
        case FindingKind.WORSE:
            return f"{method} is right less often on {count}: {shown}."
        case FindingKind.GAINED:
            return f"{method} found an answer on {count}: {shown}."
        case FindingKind.PROOFS_FOUND:
            return f"{method} now proves its answer on {count}: {shown}."
        case FindingKind.RIGHTED:
            return f"{method} no longer claims a value that is not the optimum on {count}: {shown}."
        case _:
            return f"{method} is right more often on {count}: {shown}."


def _of_cost(kind: FindingKind, cost: CostChange) -> str:
    grown = kind in (FindingKind.SLOWER, FindingKind.DEARER)
    problems = f"on {len(cost.grown if grown else cost.shrunk):,} of {_counted(len(cost.ratios), 'problem')}"
    factor = cost.typical_growth if grown else 1 / cost.typical_fall
    match kind:
        case FindingKind.SLOWER:
            return f"got {_factor(factor)} x slower {problems}"
        case FindingKind.FASTER:
            return f"got {_factor(factor)} x faster {problems}"
        case FindingKind.DEARER:
            return f"needs {_factor(factor)} x the evaluations {problems}"
        case _:
            return f"needs {_factor(1 / factor)} x the evaluations {problems}"


def _factor(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 100 else f"{ratio:,.0f}"


def _answers(changes: Sequence[AnswerChange], with_method: bool = False) -> str:
    shown = [f"{_short(c.method)} on {_answer(c)}" if with_method else _answer(c) for c in changes[:_NAMED]]
    return "; ".join(shown) + (f"; and {len(changes) - _NAMED:,} more" if len(changes) > _NAMED else "")


def _answer(change: AnswerChange) -> str:
    return f"{_short(change.name)} ({answer_in_short(change)})"


def answer_in_short(change: AnswerChange) -> str:
    """Return what was the answer and what it is now: "0 before, now 3.2, stalled; the optimum is 0"."""
    before, after = change.base.last, change.new.last
    right = _truth(change.truth)
    if change.kind in (AnswerKind.FEWER, AnswerKind.MORE):
        return f"{_of_repeats(change.base.solved)} before, now {_of_repeats(change.new.solved)}{right}"
    was, now = _value(before.feasible_value), _value(after.feasible_value)
    status = after.status.replace("_", " ")
    reason = f": {_short(after.reason)}" if after.reason and after.status != "converged" else ""
    return f"{was} before, now {now}, {status}{reason}{right}"


def _truth(found: Truth) -> str:
    if found.value is not None:
        return f"; the optimum is {found.value:.9g} ({found.basis.value})"
    return "; there is no optimum, proved" if found.is_proved else ""


def _of_repeats(share: float) -> str:
    return f"right in {100 * share:.0f} % of the runs"


def _value(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.9g}"


def comparison_table(found: Comparison) -> Table:
    """Return the table of the methods in both runs."""
    headings = ["method", "solved", "wrong", "time", "quartiles", "evaluations", "quartiles", "trend"]
    rows = []
    for method in found.methods:
        row = [_short(method.method), _arrow(method.solved), _arrow(method.wrong)]
        rows.append([*row, *_ratio(method.time), *_ratio(method.evaluations), _trend(method)])
    return Table(headings, rows)


def notes_on_comparison(found: Comparison) -> Iterator[str]:
    """Yield what needs saying below the table."""
    yield "time, evaluations: new over base, the median over the problems that both runs solved"
    yield from map(_short_sentence, found.notes)


def _arrow(counts: tuple[int, int]) -> str:
    return f"{counts[0]:,} -> {counts[1]:,}"


def _ratio(cost: CostChange | None) -> list[str]:
    return ["", ""] if cost is None else [f"{cost.median:.2f}", f"{cost.quartiles[0]:.2f} to {cost.quartiles[1]:.2f}"]


def _trend(method: MethodChange) -> str:
    words = []
    for cost, grown, shrunk in ((method.time, "slower", "faster"), (method.evaluations, "more evaluations", "fewer evaluations")):
        if cost is not None and cost.trend is not Trend.STEADY:
            word = {Trend.GROWN: grown, Trend.SHRUNK: shrunk, Trend.GROWN_ON_SOME: f"{grown} on some", Trend.UNCLEAR: "too few to tell"}
            words.append(word.get(cost.trend, f"{shrunk} on some"))
    return ", ".join(words)


# ---- words -----------------------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Return a time with three digits: 12.3 ms, 1.23 s."""
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _duration_or_nothing(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _joined(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _short(text: str) -> str:
    """A text of the user's, printable and not too long."""
    line = " ".join(text.split()).rstrip(".")
    return printable(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}...")


def _short_sentence(text: str) -> str:
    return printable(text if len(text) <= 10 * _LONGEST else f"{text[: 10 * _LONGEST]}...").rstrip(".")
