"""What runs in a child: the exact stage, certification and a method, each from the problem to the JSON that it answers.

>>> from optbench import define
>>> exact_stage(define("x^2 + 1"), 30, 5.0, lambda message: None)["value_exact"]
'1'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optbench.problem.problem import Problem
from optbench.result import Assurance, Status
from optbench.workbench import attempt
from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.panel import Entrant
from optbench.workbench.settings import Settings

_OF_ITS_OWN = 0.7  # of its time after which the exact stage ends by itself, with its reasons, before it is killed
Send = Callable[[Any], None]


def exact_stage(problem: Problem, digits: int, seconds: float, send: Send) -> dict[str, Any]:
    """Return the answer of the exact stage, which is to be killed after so many `seconds`; `send` gets what is known before."""
    from optbench.exact.stage import solve

    return solve(problem, digits, send, _OF_ITS_OWN * seconds).to_json()


def certification(problem: Problem, settings: Settings, seconds: float) -> dict[str, Any]:
    """Return what is certified in so many `seconds`; where nothing can be, the answer says why."""
    from optbench.certify.answer import CertifiedAnswer, NotApplicable
    from optbench.certify.stage import solve
    from optbench.workbench.improvement import improver

    try:
        return solve(problem, settings.digits, settings.tolerance, seconds, improver, settings.certificate).to_json()
    except NotApplicable as reason:
        return CertifiedAnswer(Status.UNKNOWN, Assurance.NONE, reason=str(reason)).to_json()


def method(
    function: Function,
    entrant: Entrant,
    starts: Sequence[Sequence[float]],
    budget: attempt.Budget,
    settings: Settings,
    send: Send,
    until_enough: bool = False,
) -> dict[str, Any]:
    """Return the facts of the best run of a method, see `attempt.run`; on the smooth form where the entrant has one."""
    form, begun = entrant.form, [list(start) for start in starts]
    if form is not None:
        form.function.prepare()
        form.function.scale = function.scale
        function, begun = form.function, [form.lifted(start) for start in begun]
    seed = settings.seed_of(entrant.label)
    with silent_numpy():
        return attempt.run(
            function, entrant.method, entrant.options, begun, budget, settings.tolerance, seed, settings.trace, send, until_enough
        )
