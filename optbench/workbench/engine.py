"""The engine: from a problem to its result.

The exact stage and the methods run side by side in supervised children. Each point that comes back is judged here, on
its own merits; then `verdict` joins what was proved with what was found. Rows can be watched as they finish.
"""

from __future__ import annotations

import importlib
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from optbench import __version__
from optbench.problem.problem import Problem, domain_text
from optbench.result import Assurance, Attempt, AttemptStatus, ProblemSummary, Result, VariableSummary
from optbench.workbench import attempt, rows, stages
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement
from optbench.workbench.panel import Entrant, entrants, expected
from optbench.workbench.portfolio import Order, Portfolio
from optbench.workbench.preparation import uses_batches
from optbench.workbench.rows import CERTIFY, EXACT, Begun
from optbench.workbench.set_up_limit import SetUpTooLong, set_up_limit
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts, typical_scale
from optbench.workbench.supervisor import Ended, Ending, Limits, Message, Supervisor
from optbench.workbench.verdict import Finding, empty_domain, verdict

if TYPE_CHECKING:
    from optbench.account import Account
    from optbench.certify.answer import CertifiedAnswer
    from optbench.exact.answer import ExactAnswer

_GRACE = 1.0  # seconds that an attempt gets to report after its own deadline, before it is killed
_CERTIFY_GRACE = 4.0  # the same for certification, whose enclosure would be lost: on a busy machine a batch of boxes may take seconds
_ACCOUNT = "account"  # no row of the comparison
_ACCOUNT_SECONDS = 10.0
_HEAD_START = 0.4  # seconds that the exact stage has before certification begins, which is not needed if it proves its answer
_LEAST_SET_UP = 1.0  # seconds that set-up has in any case, or a time limit of 0 would depend on the machine
_JUDGING = 3.0  # seconds for judgements after the time limit
_LEAST_JUDGING = 0.3  # and for one, where these are over
_LONG = 10_000  # characters of a parameter that the result repeats
Listener = Callable[[Attempt], None]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C came; `result` has what was done."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result


def solve(problem: Problem, settings: Settings | None = None, listener: Listener = lambda row: None) -> Result:
    """Return the result of a problem; `listener` is called with each row of the comparison as it finishes.

    Rows that the listener saw lack their true errors, which are known only at the end. Raises `UsageError` for unknown
    methods and options, and on Ctrl-C `Interrupted` with what was done, after every child is gone.
    """
    settings = settings or Settings()
    run = _Run(problem, settings, listener)
    nothing_there = empty_domain(problem)
    if nothing_there is not None:
        _ = run.field  # unknown methods and options are mistakes here too
        return _completed(nothing_there, problem, settings)
    interrupted = run.attempt_all()
    found = verdict(problem, run.function, run.answer, run.certified, run.findings())
    result = replace(_completed(found, problem, settings), account=run.account)
    if interrupted:
        raise Interrupted(result)
    return result


class _Run:
    """The attempts on one problem."""

    def __init__(self, problem: Problem, settings: Settings, listener: Listener) -> None:
        self.problem, self.settings, self.listener = problem, settings, listener
        self.rows: dict[str, tuple[Attempt, Judgement | None]] = {}
        self.latest: dict[str, Any] = {}  # the last message of each attempt that still runs
        self.answer: ExactAnswer | None = None
        self.certified: CertifiedAnswer | None = None
        self.account: Account | None = None
        self.certifying = False  # whether certification is on its way, and its answer will be wanted
        self.starts: list[list[float]] = []
        self.portfolio: Portfolio | None = None  # of `auto`, while it may still do something
        self.orders: dict[str, Order] = {}  # its later steps by their labels
        self.began = time.monotonic()

    def seconds_left(self) -> float:
        """How much of the time for everything is left."""
        return max(0.0, self.settings.time_limit - (time.monotonic() - self.began))

    def seconds_to_judge(self) -> float:
        """How long a point may be looked at: for a while after the time for everything, too, or points found late would be nothing."""
        return max(_LEAST_JUDGING, self.settings.time_limit + _JUDGING - (time.monotonic() - self.began))

    @cached_property
    def function(self) -> Function:
        """The function as methods see it; made while the exact stage is at work already."""
        return Function(self.problem)

    @cached_property
    def field(self) -> dict[str, Entrant]:
        """The methods by their labels."""
        if not self.settings.numerical:
            return {}
        chosen = self.settings.methods or self.problem.methods
        return {entrant.label: entrant for entrant in entrants(self.problem, self.function, chosen)}

    def findings(self) -> list[Finding]:
        """The rows in the order of the comparison, exact stage first."""
        order = [EXACT, CERTIFY, *self.field]
        return [Finding(*self.rows[name]) for name in order if name in self.rows]

    def attempt_all(self) -> bool:
        """Run everything; return whether it was interrupted, with rows for what was not finished."""
        try:
            self.supervise()
        except KeyboardInterrupt:
            self.expect_methods()
            for name in [*([EXACT] if self.settings.exact else []), *([CERTIFY] if self.certifying else []), *self.field]:
                if name not in self.rows:
                    ended = Ended(name, Ending.CANCELLED, "was interrupted", None, 0.0, 0.0)
                    self.rows[name] = self.row_of(ended)
            return True
        return False

    def supervise(self) -> None:
        with Supervisor(jobs=self.settings.jobs, debug=self.settings.debug) as supervisor:
            if self.settings.exact:
                self.submit_exact(supervisor)
            if self.settings.certify:
                self.submit_certification(supervisor)
            if self.set_up(lambda check: self.field):
                runnable = self.refuse_some()
                if runnable and self.set_up(lambda check: self.compile(runnable, check)):
                    self.submit_methods(supervisor, runnable)
            for event in supervisor.events():
                if isinstance(event, Message):
                    self.latest[event.key] = event.payload
                elif event.key == _ACCOUNT:
                    self.account = _account(event.payload)
                elif event.key != CERTIFY or self.certifying:
                    self.finish(event.key, *self.row_of(event))
                if isinstance(event, Ended):
                    if event.key == EXACT:
                        self.after_exact(supervisor)
                    self.go_on(supervisor)

    def row_of(self, event: Ended) -> tuple[Attempt, Judgement | None]:
        if event.key == EXACT:
            return self.exact_row(event), None
        return self.certified_row(event) if event.key == CERTIFY else self.numerical_row(event)

    def finish(self, name: str, row: Attempt, judgement: Judgement | None) -> None:
        self.rows[name] = (row, judgement)
        self.listener(row)

    # ---- the exact stage ------------------------------------------------------------------------------------------------

    def submit_exact(self, supervisor: Supervisor) -> None:
        problem, digits = self.problem, self.settings.digits
        seconds = min(self.settings.exact_time, self.settings.time_limit)

        def task(send: Callable[[Any], None]) -> Any:
            return stages.exact_stage(problem, digits, seconds, send)

        supervisor.submit(EXACT, task, Limits(seconds, self.settings.memory_limit))

    def exact_row(self, event: Ended) -> Attempt:
        row, self.answer = rows.exact(event, self.latest.get(EXACT))
        return row

    def submit_account(self, supervisor: Supervisor) -> None:
        problem, strategy = self.problem, "none" if self.answer is None else self.answer.strategy

        def task(send: Callable[[Any], None]) -> Any:
            from optbench.exact.narration import narrated

            return narrated(problem, strategy).to_json()

        supervisor.submit(_ACCOUNT, task, Limits(min(_ACCOUNT_SECONDS, self.seconds_left()), self.settings.memory_limit))

    # ---- certification ---------------------------------------------------------------------------------------------------

    def submit_certification(self, supervisor: Supervisor) -> None:
        """Let certification begin after a head start of the exact stage, or at once where it is to be done in any case."""
        problem, settings = self.problem, self.settings
        seconds = min(settings.certify_time, self.seconds_left())

        def task(send: Callable[[Any], None]) -> Any:
            return stages.certification(problem, settings, seconds)

        delay = _HEAD_START if settings.exact and settings.certificate is None else 0.0
        supervisor.submit(CERTIFY, task, Limits(seconds + _CERTIFY_GRACE, settings.memory_limit), delay)
        self.certifying = True

    def after_exact(self, supervisor: Supervisor) -> None:
        """Drop certification where the exact answer is proved; else there is nothing more to wait for."""
        if self.settings.account:
            self.submit_account(supervisor)
        if not self.certifying or self.settings.certificate is not None:
            return
        if self.answer is not None and self.answer.assurance is Assurance.EXACT:
            self.certifying = False
            supervisor.cancel(CERTIFY)
        else:
            supervisor.hurry(CERTIFY)

    def certified_row(self, event: Ended) -> tuple[Attempt, Judgement | None]:
        """The row, and its best point judged as any method's."""
        row, self.certified, judgement = rows.certified(self.function, event, self.seconds_to_judge())
        return row, judgement

    # ---- numerical methods ------------------------------------------------------------------------------------------------

    def refuse_some(self) -> list[Entrant]:
        """Give a row to each method that is not applicable; return the others."""
        for name, entrant in self.field.items():
            if entrant.refusal is not None:
                self.finish(
                    name, rows.unfinished(self.function, entrant, AttemptStatus.NOT_APPLICABLE, entrant.refusal, self.begun(entrant)), None
                )
        return [entrant for entrant in self.field.values() if entrant.refusal is None]

    def set_up(self, work: Callable[[Callable[[], None]], object]) -> bool:
        """Do a part of what comes before the methods; return whether it was done in time. Where it wasn't, their rows say so."""
        try:
            with set_up_limit(max(_LEAST_SET_UP, self.seconds_left())) as check:
                work(check)
        except SetUpTooLong:
            self.expect_methods()
            reason = f"set-up took the whole time limit of {self.settings.time_limit:g} s"
            for name, entrant in self.field.items():
                if name not in self.rows:
                    row = rows.unfinished(self.function, entrant, AttemptStatus.LIMIT, reason, self.begun(entrant))
                    self.finish(name, row, None)
            return False
        return True

    def expect_methods(self) -> None:
        """Let the field be what is known of it without a look at the function, where it was not yet made."""
        if "field" not in vars(self) and self.settings.numerical:
            self.field = {entrant.label: entrant for entrant in expected(self.problem, self.settings.methods or self.problem.methods)}

    def compile(self, runnable: list[Entrant], check: Callable[[], None]) -> None:
        """Make what all methods share: once here, not in every child."""
        function = self.function
        for library in sorted({entrant.method.library for entrant in runnable if entrant.method.library and not entrant.method.origin}):
            with suppress(Exception), warnings.catch_warnings(action="ignore"):  # where it can't be, the row says so
                importlib.import_module(library)
        check()
        for one in (function, *(entrant.form.function for entrant in runnable if entrant.form is not None)):
            one.prepare()
            check()
        if any(uses_batches(entrant.method, entrant.options) for entrant in runnable):
            function.batch_gradient.prepare()
        function.scale = typical_scale(function)
        self.starts = starts(function, self.settings.seed, self.settings.starts)
        check()

    def submit_methods(self, supervisor: Supervisor, runnable: list[Entrant]) -> None:
        settings, function = self.settings, self.function
        busy = len(runnable) + settings.exact + settings.certify
        seconds = self.seconds_left() * min(1.0, settings.jobs / busy)
        named = bool(settings.methods or self.problem.methods)
        budget = attempt.Budget(max(0.0, seconds)) if named else attempt.Budget(max(0.0, seconds), *attempt.PANEL)
        for entrant in runnable:
            self.submit(supervisor, Order(entrant, self.starts, budget))
            if entrant.because is not None:
                may_look_elsewhere = len(self.starts) == 1
                self.portfolio = Portfolio(function, entrant, list(entrant.then), budget, settings.seed, may_look_elsewhere)

    def submit(self, supervisor: Supervisor, order: Order) -> None:
        settings, function, entrant, budget = self.settings, self.function, order.entrant, order.budget

        def task(send: Callable[[Any], None]) -> Any:
            return stages.method(function, entrant, order.starts, budget, settings, send, order.until_enough)

        supervisor.submit(entrant.label, task, Limits(budget.seconds + _GRACE, settings.memory_limit))

    def go_on(self, supervisor: Supervisor) -> None:
        """Let auto take its next step when its last one has ended, and what could prove the answer has not.

        It waits for the proofs, so that which steps there are does not depend on what was quicker.
        """
        portfolio = self.portfolio
        proving = (self.settings.exact and EXACT not in self.rows) or (self.certifying and CERTIFY not in self.rows)
        if portfolio is None or proving or portfolio.running.label not in self.rows:
            return
        row = Finding(*self.rows[portfolio.running.label])
        order = None if self.is_proved() else self.next_order(portfolio, row)
        if order is None:
            self.portfolio = None
            return
        name, entrant = order.entrant.label, order.entrant
        self.field[name], self.orders[name] = entrant, order
        if order.starts:
            self.submit(supervisor, order)
            return
        assert order.look is not None
        self.portfolio = None
        self.finish(name, *rows.looked_along_lines(self.function, entrant, order.look, self.begun(entrant)))

    def next_order(self, portfolio: Portfolio, row: Finding) -> Order | None:
        """What auto does next, compiled; None where it does nothing more, or would not be ready in time."""
        with suppress(SetUpTooLong), set_up_limit(max(_LEAST_SET_UP, self.seconds_left())):
            order = portfolio.next(row, self.findings(), self.seconds_left())
            if order is not None and order.entrant.form is not None:
                order.entrant.form.function.prepare()
            return order
        return None

    def is_proved(self) -> bool:
        return any(answer is not None and answer.assurance.is_proof for answer in (self.answer, self.certified))

    def numerical_row(self, event: Ended) -> tuple[Attempt, Judgement | None]:
        entrant = self.field[event.key]
        latest, begun = self.latest.get(event.key), self.begun(entrant)
        row, judgement = rows.numerical(self.function, entrant, event, latest, begun, self.seconds_to_judge())
        order = self.orders.get(event.key)
        return rows.with_look(row, order.look if order else None), judgement

    def begun(self, entrant: Entrant) -> Begun:
        """With what an attempt began."""
        starts = self.orders[entrant.label].starts if entrant.label in self.orders else self.starts
        return Begun(self.settings.seed_of(entrant.label), starts)


# ---- what every result says of its making ----------------------------------------------------------------------------------


def _completed(result: Result, problem: Problem, settings: Settings) -> Result:
    return replace(
        result,
        problem=summary(problem),
        warnings=[*problem.warnings, *result.warnings],
        seed=settings.seed,
        options=settings.as_options(),
        environment=environment(),
    )


def _account(payload: Any) -> Account | None:
    from optbench.account import Account

    return None if payload is None else Account.from_json(payload)


def summary(problem: Problem) -> ProblemSummary:
    """Return the problem as the result states it."""
    variables = {}
    for v in problem.variables:
        ranges: Any = str(v.ranges[0]) if len(v.ranges) == 1 else [str(r) for r in v.ranges]
        domain = None if v.shape else domain_text(*problem.domains[v.name])
        variables[v.name] = VariableSummary(ranges, domain, list(v.shape) or None, v.symbol.integer, v.unit)
    return ProblemSummary(
        problem.name,
        problem.hash,
        problem.sense,
        problem.objective_text,
        variables,
        {p.name: p.value if len(p.value) <= _LONG else f"{p.value[:_LONG]}..." for p in problem.parameters},
        [{"name": c.name, "text": text} for c, text in zip(problem.constraints, problem.constraint_texts, strict=True)],
    )


def environment() -> dict[str, Any]:
    """Return the versions in use, the processor and the number of threads."""
    import os

    libraries = {name: sys.modules[name] for name in ("numpy", "scipy", "sympy", "casadi", "flint") if name in sys.modules}
    versions = {("python-flint" if name == "flint" else name): module.__version__ for name, module in libraries.items()}
    machine = os.uname()
    return {
        "optbench": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        **versions,
        "system": f"{machine.sysname} {machine.machine}",
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }
