"""Two runs of the same problems: answers that changed, and methods that got slower, dearer or worse beyond the noise.

The truth of a problem is that of both runs together. The answer of a method on a problem is lost if it was right with
every seed and repeat and now is right with none; where it is right with fewer, that is a change but no loss by itself, and
only many of those make the method worse (a sign test over the problems). Costs are judged in `cost_change`. All tests of
times and answers together raise a false alarm with a probability of at most 5 % (Bonferroni), if noise strikes both runs
alike. Evaluations are counted, not measured: there each method's tests have these 5 % for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from optbench.errors import ProblemError, printable
from optbench.statistics.cost_change import CostChange, Pair, Problem, Trend, evaluation_change, time_change
from optbench.statistics.outcomes import Outcome, Outcomes, outcomes
from optbench.statistics.rank_tests import signs
from optbench.statistics.records import Instance, Run
from optbench.statistics.truth import CLOSE, Truth, disputes, truths

FALSE_ALARMS = 0.05  # probability
THRESHOLD = 1.2
_ALL_ALIKE = 3  # methods of which it is told that all of them changed


class AnswerKind(Enum):
    """How an answer changed."""

    LOST = "lost"
    PROOF_LOST = "proof lost"
    WRONG = "now wrong"  # a claim of a value that is not the truth, where there was none
    FEWER = "right less often"
    MORE = "right more often"
    MOVED = "another value"  # not the truth before, and not now
    PROOF_FOUND = "proof found"
    RIGHTED = "no longer wrong"
    GAINED = "found"


class AnswerChange(NamedTuple):
    """An answer that changed; `base` and `new` are outcomes of one seed that show it."""

    method: str
    problem: Problem
    kind: AnswerKind
    base: Outcome
    new: Outcome

    @property
    def name(self) -> str:
        """The problem and the point of the scan."""
        return self.base.instance.name

    @property
    def truth(self) -> Truth:
        """What is right."""
        return self.new.truth


class FindingKind(Enum):
    """What is found of a method; the value goes into JSON."""

    LOST = "answers lost"
    PROOFS_LOST = "proofs lost"
    WRONG = "wrong answers"
    WORSE = "fewer answers"
    SLOWER = "slower"
    DEARER = "more evaluations"
    GAINED = "answers found"
    PROOFS_FOUND = "proofs found"
    RIGHTED = "no longer wrong"
    BETTER = "more answers"
    FASTER = "faster"
    CHEAPER = "fewer evaluations"


REGRESSIONS = {  # what is one, by the word that asks for it
    "answers": (FindingKind.LOST, FindingKind.PROOFS_LOST, FindingKind.WRONG, FindingKind.WORSE),
    "time": (FindingKind.SLOWER,),
    "evaluations": (FindingKind.DEARER,),
}
_OF_ANSWERS = {
    AnswerKind.LOST: FindingKind.LOST,
    AnswerKind.PROOF_LOST: FindingKind.PROOFS_LOST,
    AnswerKind.WRONG: FindingKind.WRONG,
    AnswerKind.GAINED: FindingKind.GAINED,
    AnswerKind.PROOF_FOUND: FindingKind.PROOFS_FOUND,
    AnswerKind.RIGHTED: FindingKind.RIGHTED,
}
_GROWN, _SHRUNK = (Trend.GROWN, Trend.GROWN_ON_SOME), (Trend.SHRUNK, Trend.SHRUNK_ON_SOME)


class Finding(NamedTuple):
    """Something that got worse or better, beyond the noise."""

    kind: FindingKind
    method: str
    answers: Sequence[AnswerChange] = ()
    cost: CostChange | None = None

    @property
    def is_regression(self) -> bool:
        """Whether it got worse."""
        return any(self.kind in kinds for kinds in REGRESSIONS.values())


@dataclass(frozen=True)
class MethodChange:
    """A method in both runs, over the cases that both have."""

    method: str
    kind: str
    cases: int
    solved: tuple[int, int]  # in base and in new
    claimed: tuple[int, int]
    wrong: tuple[int, int]
    time: CostChange | None  # None where no case is solved in both
    evaluations: CostChange | None
    answers: list[AnswerChange]


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs."""

    base: str
    new: str
    threshold: float
    problems: int  # that both have
    methods: list[MethodChange]
    findings: list[Finding]  # regressions first
    notes: list[str]  # sentences: what does not match, and what contradicts itself

    @property
    def answers(self) -> list[AnswerChange]:
        """All answers that changed."""
        return [change for method in self.methods for change in method.answers]

    def regressions(self, which: Iterable[str] = tuple(REGRESSIONS)) -> list[Finding]:
        """Return the findings of some kinds of regressions: answers, time, evaluations."""
        kinds = {kind for name in which for kind in REGRESSIONS[name]}
        return [finding for finding in self.findings if finding.kind in kinds]


def compare(base: Run, new: Run, threshold: float = THRESHOLD) -> Comparison:
    """Return what differs between two runs; raise `ProblemError` if they have no attempt in common."""
    truth_of = truths([*base.records, *new.records])
    before, after = outcomes(base.records, truth_of), outcomes(new.records, truth_of)
    pairs = {m: its for m in before if m in after and (its := _pairs(before[m], after[m]))}
    if not pairs:
        raise ProblemError(_nothing_in_common(base, new, before, after))
    level = FALSE_ALARMS / (3 * len(pairs))  # two tests of the time, one of answers, for each method
    methods = [_of_method(method, its, threshold, level) for method, its in pairs.items()]
    findings = [finding for method in methods for finding in _findings(method, level)]
    order = list(FindingKind)
    return Comparison(
        base.name,
        new.name,
        threshold,
        len({(p.instance.problem, p.instance.question) for its in pairs.values() for p in its}),
        methods,
        sorted(findings, key=lambda finding: order.index(finding.kind)),
        [*_notes(base, new, before, after), *_alike(methods, threshold), *_disputes(truth_of, pairs)],
    )


def _pairs(before: Mapping[Instance, Outcome], after: Mapping[Instance, Outcome]) -> list[Pair]:
    return [Pair(one, after[instance]) for instance, one in before.items() if instance in after]


def _of_method(method: str, pairs: Sequence[Pair], threshold: float, level: float) -> MethodChange:
    both = [pair for pair in pairs if pair.base.is_solved and pair.new.is_solved]
    return MethodChange(
        method,
        pairs[0].new.kind,
        len(pairs),
        (sum(p.base.is_solved for p in pairs), sum(p.new.is_solved for p in pairs)),
        (sum(p.base.is_claimed for p in pairs), sum(p.new.is_claimed for p in pairs)),
        (sum(p.base.is_wrong for p in pairs), sum(p.new.is_wrong for p in pairs)),
        time_change(both, threshold, level),
        evaluation_change(both, threshold, FALSE_ALARMS / 2),
        list(_answer_changes(method, pairs)),
    )


# ---- answers ---------------------------------------------------------------------------------------------------------------


def _answer_changes(method: str, pairs: Sequence[Pair]) -> Iterator[AnswerChange]:
    by_problem: dict[Problem, list[Pair]] = {}
    for pair in pairs:
        by_problem.setdefault((pair.instance.problem, pair.instance.question), []).append(pair)
    for problem, its in by_problem.items():
        kind = _kind_of_change(its)
        if kind is not None:
            shown = next((p for p in its if p.base.solved != p.new.solved or p.base.is_wrong != p.new.is_wrong), its[0])
            yield AnswerChange(method, problem, kind, shown.base, shown.new)


def _kind_of_change(pairs: Sequence[Pair]) -> AnswerKind | None:
    before, after = (_share([one.solved for one in its]) for its in ([p.base for p in pairs], [p.new for p in pairs]))
    was_wrong, is_wrong = any(p.base.is_wrong for p in pairs), any(p.new.is_wrong for p in pairs)
    was_proved, is_proved = _proved([p.base for p in pairs]), _proved([p.new for p in pairs])
    if before == 1 and after == 0:
        return AnswerKind.LOST
    if is_wrong and not was_wrong:
        return AnswerKind.WRONG
    if was_proved != is_proved and (before == after or is_proved):
        return AnswerKind.PROOF_FOUND if is_proved else AnswerKind.PROOF_LOST
    if before == 0 and after == 1:
        return AnswerKind.GAINED
    if was_wrong and not is_wrong:
        return AnswerKind.RIGHTED
    if before != after:
        return AnswerKind.FEWER if after < before else AnswerKind.MORE
    return AnswerKind.MOVED if before == 0 and any(_moved(p.base, p.new) for p in pairs) else None


def _share(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares)


def _proved(its: Sequence[Outcome]) -> bool:
    return all(one.last.is_proof for one in its)


def _moved(base: Outcome, new: Outcome) -> bool:
    """Whether the values differ clearly, or there is one in one run only."""
    before, after = base.last.feasible_value, new.last.feasible_value
    if before is None or after is None:
        return before is not after
    return abs(after - before) > CLOSE * max(1.0, abs(before))


# ---- findings --------------------------------------------------------------------------------------------------------------


def _findings(method: MethodChange, level: float) -> Iterator[Finding]:
    for answer, kind in _OF_ANSWERS.items():
        if changes := [change for change in method.answers if change.kind is answer]:
            yield Finding(kind, method.method, changes)
    fewer = [c for c in method.answers if c.new.solved < c.base.solved]
    more = [c for c in method.answers if c.new.solved > c.base.solved]
    if signs(len(fewer), len(more)) <= level:
        yield Finding(FindingKind.WORSE, method.method, fewer)
    if signs(len(more), len(fewer)) <= level:
        yield Finding(FindingKind.BETTER, method.method, more)
    for cost, grown, shrunk in (
        (method.time, FindingKind.SLOWER, FindingKind.FASTER),
        (method.evaluations, FindingKind.DEARER, FindingKind.CHEAPER),
    ):
        if cost is not None and cost.trend in (*_GROWN, *_SHRUNK):
            yield Finding(grown if cost.trend in _GROWN else shrunk, method.method, cost=cost)


# ---- what does not match ---------------------------------------------------------------------------------------------------


def _nothing_in_common(base: Run, new: Run, before: Outcomes, after: Outcomes) -> str:
    names = f"'{printable(base.name)}' and '{printable(new.name)}'"
    for run in (base, new):
        if not run.records:
            return f"'{printable(run.name)}' has no attempt, so there is nothing to compare."
    problems = [{(i.problem, i.question) for its in run.values() for i in its} for run in (before, after)]
    if set(before) & set(after) and problems[0] & problems[1]:
        return f"{names} share no seed on any problem and method, so there is nothing to compare."
    if set(before) & set(after):
        return f"{names} share no problem, so there is nothing to compare; a problem counts as the same if its text and name are."
    return f"{names} share no method, so there is nothing to compare."


def _notes(base: Run, new: Run, before: Outcomes, after: Outcomes) -> Iterator[str]:
    yield from (f"The {what}" for what in _differences(base, new, "environment", "machines or versions differ"))
    yield from (f"The {what}" for what in _differences(base, new, "options", "options of the batches differ"))
    yield from (f"The {what}" for what in _differences(base, new, "plan", "plans differ", ("seeds", "repeats")))
    yield from _methods_that_differ(before, after)
    problems = [{(i.problem, i.question) for its in run.values() for i in its} for run in (before, after)]
    for run, own, other in ((base, problems[0], problems[1]), (new, problems[1], problems[0])):
        if only := own - other:
            yield f"{_counted(len(only), 'problem')} only in {printable(run.name)}: {_listed(name for name, _ in only)}."
    if changed := {name for name, _ in problems[0] - problems[1]} & {name for name, _ in problems[1] - problems[0]}:
        yield f"Of these, with the same name but another text, so not compared: {_listed(changed)}."
    missing = sum(i not in after[m] and (i.problem, i.question) in problems[1] for m, its in before.items() if m in after for i in its)
    if missing:
        yield f"{_counted(missing, 'attempt')} in {printable(base.name)} only, though both have the problem and the method."


def _differences(base: Run, new: Run, part: str, words: str, only: Sequence[str] = ()) -> Iterator[str]:
    """A sentence on the fields of the headers that are not the same."""
    before, after = ([h[part] for h in run.headers if isinstance(h.get(part), Mapping)] for run in (base, new))
    if not before or not after:
        return
    keys = [key for key in only or before[0] if all(key in fields for fields in (*before, *after))]
    found = [f"{key} {old} and {now}" for key in keys if (old := _values(before, key)) != (now := _values(after, key))]
    if found:
        yield f"{words}: {'; '.join(found)}."


def _values(headers: Sequence[Mapping[str, Any]], key: str) -> str:
    return printable(", ".join(dict.fromkeys(str(fields[key])[:80] for fields in headers)))


def _methods_that_differ(before: Outcomes, after: Outcomes) -> Iterator[str]:
    for names, where in ((before.keys() - after.keys(), "base"), (after.keys() - before.keys(), "new")):
        if names:
            yield f"{'Methods' if len(names) > 1 else 'A method'} only in the {where} run: {_listed(names)}."
    both = [method for method in before if method in after]
    if changed := [m for m in both if _options(before[m]) != _options(after[m])]:
        yield f"The options of {_listed(changed)} differ between the runs."


def _options(its: Mapping[Instance, Outcome]) -> set[str]:
    return {record.options for one in its.values() for record in one.records if record.status != "not_applicable"}


def _alike(methods: Sequence[MethodChange], threshold: float) -> Iterator[str]:
    """Where the times of all methods change in the same direction, the methods are not the first suspects."""
    medians = [method.time.median for method in methods if method.time is not None]
    if len(medians) >= _ALL_ALIKE and (min(medians) >= threshold or max(medians) <= 1 / threshold):
        direction = "slower" if min(medians) > 1 else "faster"
        yield (
            f"All {len(medians)} methods got {direction}, with ratios from {min(medians):.2g} to {max(medians):.2g}: "
            "what they share has changed, or what else the machine was doing."
        )


def _disputes(truth_of: Mapping[Any, Truth], pairs: Mapping[str, Sequence[Pair]]) -> Iterator[str]:
    names = {p.instance.question: p.instance.name for its in pairs.values() for p in its}
    for question, clause in disputes(truth_of).items():
        if question in names:
            yield f"{printable(names[question])}: the {truth_of[question].basis.value} value is in doubt: {printable(clause)}."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{' is' if count == 1 else 's are'}"


def _listed(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    shown = sorted(printable(name if len(name) <= 60 else f"{name[:57]}...") for name in names)
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5:,} more" if len(shown) > 5 else "")
