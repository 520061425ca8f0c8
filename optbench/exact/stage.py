"""The exact stage: one strategy after the other, the cheap ones first, until one proves its answer.

The caller runs `solve` in a child process that may be killed at any moment, since computer algebra can't be stopped from
inside. What is known by then has been handed to `send`.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("x^4 - x^2")), open_names=True)).value_exact
'-1/4'
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Any

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.time_limit import OutOfTime, time_limit
from optbench.language.text import beside
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

STRATEGIES = (  # modules of this package, in order of cost
    "periodic",
    "univariate",
    "oscillating",
    "quadratic",
    "least_squares",
    "ranges",
    "bounds",
    "logarithms",
    "separable",
    "quadratic_program",
    "posynomial",
    "piecewise_linear",
    "peeled",
    "affine",
    "recession",
    "decaying",
    "critical",
    "inactive",
    "vanishing",
    "convex",
    "eliminated",
    "invariant",
    "sinusoids",
    "mirrored",
    "partial",
    "envelopes",
    "computer_algebra",
    "gradient",
)
WITH_PARAMETERS = ("parametric",)  # for problems with parameters that have no value, which all others refuse
WIDEST = ("critical", "convex")  # most of what others solve, one of these would solve too, if it were small and had formulas
MAX_SECONDS = 7.0  # for one problem, where nothing else is said
MAX_SECONDS_OF_VERDICTS = 3.0  # on whether points have closed forms, on the processor
MAX_SHARE = 0.4  # of it for one of several strategies, on the processor

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None, seconds: float = MAX_SECONDS) -> ExactAnswer:
    """Return the best answer of the strategies; every formula is given with an enclosure of `digits` digits or a few fewer.

    `send` receives the JSON of answers that are better than what was known before, while the work goes on. After about so
    many `seconds` no strategy begins, and what runs then ends as soon as it can be interrupted.
    """
    with beside([*(v.name for v in problem.variables), *(p.name for p in problem.parameters)]):
        return _solved(problem, digits, send, seconds)


def _solved(problem: Problem, digits: int, send: Send | None, seconds: float) -> ExactAnswer:
    end = perf_counter() + seconds
    best: ExactAnswer | None = None
    reasons: dict[str, str] = {}
    names = WITH_PARAMETERS if problem.free_parameters else STRATEGIES
    share = seconds * (MAX_SHARE if len(names) > 1 else 1)
    for name in names:
        if (left := end - perf_counter()) <= 0:
            break
        strategy = import_module(f"optbench.exact.{name}")
        try:
            with time_limit(min(share, left)):
                answer = _confirmed(problem, strategy.solve(problem, digits, send), digits)
        except (NotApplicable, OutOfTime) as problem_with_it:
            reasons[name] = str(problem_with_it)
            continue
        if best is None or answer.assurance.rank < best.assurance.rank:
            best = answer
            if send is not None and best.assurance is not Assurance.NONE:
                send(best.to_json())
            best = _with_verdicts(problem, best, send)
        if best.assurance is Assurance.EXACT or _is_settled(best):
            break
    if best is not None:
        return best
    return _with_verdicts(problem, ExactAnswer("none", Status.UNKNOWN, Assurance.NONE, reason=_summary(problem, reasons)), send)


def _confirmed(problem: Problem, answer: ExactAnswer, digits: int) -> ExactAnswer:
    """The answer, proved where its value is the least that the parts of the function allow."""
    if answer.assurance is not Assurance.LOCAL:
        return answer
    from optbench.exact.bounds import reached

    try:
        return reached(problem, answer, digits)
    except NotApplicable:
        return answer


def _with_verdicts(problem: Problem, answer: ExactAnswer, send: Send | None) -> ExactAnswer:
    """The answer with what is proved of closed forms of its points, as far as that takes little time."""
    if not answer.solutions and not problem.free_parameters:
        return answer
    from optbench.exact.absence.verdict import judged

    try:
        with time_limit(MAX_SECONDS_OF_VERDICTS):
            answer = judged(problem, answer)
    except OutOfTime:
        return answer
    if send is not None and answer.assurance is not Assurance.NONE:
        send(answer.to_json())
    return answer


def _is_settled(answer: ExactAnswer) -> bool:
    """Whether the value is enclosed, and an argument says of every point that not even Lambert's W gives a formula."""
    facts = [s.closed_form for s in answer.solutions]
    return answer.assurance is Assurance.CERTIFIED and all(f is not None and f.unreviewed is not None for f in facts)


def _summary(problem: Problem, reasons: dict[str, str]) -> str:
    """Why nothing is known: the reasons of the strategies that reach furthest."""
    widest = ("univariate",) if problem.dimension == 1 else WIDEST
    return "; ".join(dict.fromkeys(reasons[name] for name in widest if name in reasons)) or list(reasons.values())[-1]
