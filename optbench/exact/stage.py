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
from typing import Any

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

STRATEGIES = (  # modules of this package, in order of cost
    "univariate",
    "quadratic",
    "ranges",
    "separable",
    "quadratic_program",
    "posynomial",
    "piecewise_linear",
    "peeled",
    "affine",
    "recession",
    "inactive",
    "vanishing",
    "eliminated",
    "invariant",
    "sinusoids",
    "critical",
    "convex",
    "partial",
    "envelopes",
    "gradient",
)

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the best answer of the strategies; every formula is given with an enclosure of `digits` digits or a few fewer.

    `send` receives the JSON of answers that are better than what was known before, while the work goes on.
    """
    best: ExactAnswer | None = None
    reasons = []
    for name in STRATEGIES:
        strategy = import_module(f"optbench.exact.{name}")
        try:
            answer = strategy.solve(problem, digits, send)
        except NotApplicable as problem_with_it:
            reasons.append(str(problem_with_it))
            continue
        if best is None or answer.assurance.rank < best.assurance.rank:
            best = answer
        if best.assurance is Assurance.EXACT:
            break
    reason = reasons[0 if problem.dimension == 1 else -1] if reasons else None
    return best or ExactAnswer("none", Status.UNKNOWN, Assurance.NONE, reason=reason)
