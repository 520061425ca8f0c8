"""`auto` as one attempt: its steps in turn, as the engine would take them, and their costs added up.

The engine lets each step run as a child and shows each as a row. In a batch the whole is one row, which is what a user of
`auto` gets: the best point of all steps, and what they cost together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from optbench.result import Attempt
from optbench.workbench import rows, stages
from optbench.workbench.attempt import Budget
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement
from optbench.workbench.panel import Entrant
from optbench.workbench.portfolio import Order, Portfolio
from optbench.workbench.rows import Begun
from optbench.workbench.settings import Settings
from optbench.workbench.task import Ended, Ending
from optbench.workbench.verdict import Finding, best_of

_COSTS = ("objective_evaluations", "gradient_evaluations", "hessian_evaluations", "constraint_evaluations")
_SECONDS = ("setup_seconds", "solve_seconds")


def automatic(
    function: Function,
    first: Entrant,
    starts: Sequence[Sequence[float]],
    budget: Budget,
    settings: Settings,
    note: Callable[[Any], None],
) -> tuple[Attempt, Judgement | None]:
    """Return the row of `auto`, whose first step is given, and its point as it is judged.

    `note` gets the best point of the step that runs, with the costs of those before it. Nothing is known here of what else
    is proved of the problem: further starts are tried as if nothing were.
    """
    ends = time.monotonic() + budget.seconds
    portfolio = Portfolio(function, first, list(first.then), budget, settings.seed, may_look_elsewhere=len(starts) == 1)
    order: Order | None = Order(first, [list(start) for start in starts], budget)
    findings: list[Finding] = []
    while order is not None:
        if not order.starts and order.look is not None:
            begun = Begun(settings.seed_of(order.entrant.label), [])
            findings.append(Finding(*rows.looked_along_lines(function, order.entrant, order.look, begun)))
            break
        findings.append(_step(function, order, settings, _with_costs_before(note, findings)))
        order = portfolio.next(findings[-1], findings, max(0.0, ends - time.monotonic()))
    best = best_of(findings) or findings[0]
    return _summed(best.row, findings), best.judgement


def _step(function: Function, order: Order, settings: Settings, note: Callable[[Any], None]) -> Finding:
    began = time.monotonic()
    facts = stages.method(function, order.entrant, order.starts, order.budget, settings, note, order.until_enough)
    ended = Ended("auto", Ending.FINISHED, Ending.FINISHED.value, facts, time.monotonic() - began, 0.0)
    row, judgement = rows.numerical(function, order.entrant, ended, None, Begun(settings.seed_of(order.entrant.label), order.starts))
    return Finding(rows.with_look(row, order.look), judgement)


def _with_costs_before(note: Callable[[Any], None], findings: Sequence[Finding]) -> Callable[[Any], None]:
    spent = [sum(getattr(finding.row, cost) for finding in findings) for cost in _COSTS]
    return lambda message: note({**message, "counts": [a + b for a, b in zip(message["counts"], spent, strict=True)]})


def _summed(best: Attempt, findings: Sequence[Finding]) -> Attempt:
    """The row of the best step as that of all."""
    steps = [finding.row for finding in findings]
    costs = {name: sum(getattr(row, name) for row in steps) for name in _COSTS}
    seconds = {name: round(sum(getattr(row, name) for row in steps), 6) for name in _SECONDS}
    epochs = [row.epochs for row in steps if row.epochs is not None]
    return replace(
        best,
        method="auto",
        stage=None,
        iterations=sum(row.iterations or 0 for row in steps),
        epochs=round(sum(epochs), 6) if epochs else None,
        options={**best.options, "steps": [row.method if row.stage is None else f"{row.method} ({row.stage})" for row in steps]},
        chosen_because=steps[0].chosen_because,
        **costs,
        **seconds,
    )
