"""The engine: from a problem to its result.

The exact stage and the methods run side by side in supervised children. Each point that comes back is judged here, on
its own merits; then `verdict` joins what was proved with what was found. Rows can be watched as they finish.
"""

from __future__ import annotations

import importlib
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from optbench import __version__
from optbench.account import Account
from optbench.problem.problem import Problem, domain_text
from optbench.result import Assurance, Attempt, AttemptStatus, ProblemSummary, Result, Status, TraceRecord, VariableSummary
from optbench.workbench import attempt
from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.judgement import Judgement, judge
from optbench.workbench.panel import Entrant, entrants, plain_options
from optbench.workbench.portfolio import Order, Portfolio
from optbench.workbench.preparation import uses_batches
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts, typical_scale
from optbench.workbench.supervisor import Ended, Ending, Limits, Message, Supervisor
from optbench.workbench.verdict import Finding, empty_domain, verdict

if TYPE_CHECKING:
    from optbench.certify.answer import CertifiedAnswer
    from optbench.exact.answer import ExactAnswer

_GRACE = 1.0  # seconds that an attempt gets to report after its own deadline, before it is killed
_OF_ITS_OWN = 0.7  # of its time after which the exact stage ends by itself, with its reasons, before it is killed
_EXACT = "exact stage"
_CERTIFY = "branch-and-bound"
_ACCOUNT = "account"  # no row of the comparison
_ACCOUNT_SECONDS = 10.0
_HEAD_START = 0.4  # seconds that the exact stage has before certification begins, which is not needed if it proves its answer
_PANEL = (2_000, 40_000)  # iterations and evaluations of a method that nobody asked for: who waits for it has its answer already
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
        self.dropped: set[str] = set()  # those of them that a proof has made needless
        self.began = time.monotonic()

    def seconds_left(self) -> float:
        """How much of the time for everything is left."""
        return max(0.0, self.settings.time_limit - (time.monotonic() - self.began))

    @cached_property
    def function(self) -> Function:
        """The function as methods see it; made while the exact stage is at work already."""
        return Function(self.problem)

    @cached_property
    def field(self) -> dict[str, Entrant]:
        """The methods by their labels."""
        chosen = self.settings.methods or self.problem.methods
        return {entrant.label: entrant for entrant in entrants(self.problem, self.function, chosen)}

    def findings(self) -> list[Finding]:
        """The rows in the order of the comparison, exact stage first."""
        order = [_EXACT, _CERTIFY, *self.field]
        return [Finding(*self.rows[name]) for name in order if name in self.rows]

    def attempt_all(self) -> bool:
        """Run everything; return whether it was interrupted, with rows for what was not finished."""
        try:
            self.supervise()
        except KeyboardInterrupt:
            for name in [*([_EXACT] if self.settings.exact else []), *([_CERTIFY] if self.certifying else []), *self.field]:
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
            runnable = self.refuse_some()
            if runnable:
                self.submit_methods(supervisor, runnable)
            for event in supervisor.events():
                if isinstance(event, Message):
                    self.latest[event.key] = event.payload
                elif event.key == _ACCOUNT:
                    self.account = None if event.payload is None else Account.from_json(event.payload)
                elif event.key not in self.dropped and (event.key != _CERTIFY or self.certifying):
                    self.finish(event.key, *self.row_of(event))
                if isinstance(event, Ended):
                    if event.key == _EXACT:
                        self.after_exact(supervisor)
                    self.go_on(supervisor)

    def row_of(self, event: Ended) -> tuple[Attempt, Judgement | None]:
        if event.key == _EXACT:
            return self.exact_row(event), None
        return self.certified_row(event) if event.key == _CERTIFY else self.numerical_row(event)

    def finish(self, name: str, row: Attempt, judgement: Judgement | None) -> None:
        self.rows[name] = (row, judgement)
        self.listener(row)

    # ---- the exact stage ------------------------------------------------------------------------------------------------

    def submit_exact(self, supervisor: Supervisor) -> None:
        problem, digits = self.problem, self.settings.digits
        seconds = min(self.settings.exact_time, self.settings.time_limit)

        def task(send: Callable[[Any], None]) -> Any:
            from optbench.exact.stage import solve as solve_exactly

            return solve_exactly(problem, digits, send, _OF_ITS_OWN * seconds).to_json()

        supervisor.submit(_EXACT, task, Limits(seconds, self.settings.memory_limit))

    def exact_row(self, event: Ended) -> Attempt:
        payload = event.payload if event.ending is Ending.FINISHED else self.latest.get(_EXACT)
        if payload is not None:
            from optbench.exact.answer import ExactAnswer

            self.answer = ExactAnswer.from_json(payload)
        answer = self.answer
        status, reason = _exact_status(event, answer)
        name = _EXACT if answer is None or answer.strategy == "none" else answer.strategy
        row = Attempt(name, "exact", status, reason, solve_seconds=round(event.wall_seconds, 6))
        row = replace(row, version=f"optbench {__version__}")
        if answer is None:
            return row
        return replace(row, value=answer.value, point=answer.solutions[0].point if answer.solutions else None)

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
            from optbench.certify.answer import CertifiedAnswer, NotApplicable
            from optbench.certify.stage import solve as certify
            from optbench.workbench.improvement import improver

            try:
                return certify(problem, settings.digits, settings.tolerance, seconds, improver, settings.certificate).to_json()
            except NotApplicable as reason:
                return CertifiedAnswer(Status.UNKNOWN, Assurance.NONE, reason=str(reason)).to_json()

        delay = _HEAD_START if settings.exact and settings.certificate is None else 0.0
        supervisor.submit(_CERTIFY, task, Limits(seconds + _GRACE, settings.memory_limit), delay)
        self.certifying = True

    def after_exact(self, supervisor: Supervisor) -> None:
        """Drop certification where the exact answer is proved; else there is nothing more to wait for."""
        if self.settings.account:
            self.submit_account(supervisor)
        if not self.certifying or self.settings.certificate is not None:
            return
        if self.answer is not None and self.answer.assurance is Assurance.EXACT:
            self.certifying = False
            supervisor.cancel(_CERTIFY)
        else:
            supervisor.hurry(_CERTIFY)

    def certified_row(self, event: Ended) -> tuple[Attempt, Judgement | None]:
        """The row, and its best point judged as any method's."""
        if event.ending is Ending.FINISHED:
            from optbench.certify.answer import CertifiedAnswer

            self.certified = CertifiedAnswer.from_json(event.payload)
        answer = self.certified
        status, reason = _certified_status(event, answer)
        row = Attempt(_CERTIFY, "certified", status, reason, solve_seconds=round(event.wall_seconds, 6), version=f"optbench {__version__}")
        if answer is None or answer.point is None:
            return row, None
        row = replace(row, value=answer.value, point=self.function.named(answer.point), iterations=answer.boxes)
        return row, judge(self.function, self.function.space.point(list(answer.point)), restore=True)

    # ---- numerical methods ------------------------------------------------------------------------------------------------

    def refuse_some(self) -> list[Entrant]:
        """Give a row to each method that is not applicable; return the others."""
        for name, entrant in self.field.items():
            if entrant.refusal is not None:
                self.finish(name, self.row(entrant, AttemptStatus.NOT_APPLICABLE, entrant.refusal), None)
        return [entrant for entrant in self.field.values() if entrant.refusal is None]

    def submit_methods(self, supervisor: Supervisor, runnable: list[Entrant]) -> None:
        settings, function = self.settings, self.function
        for library in sorted({entrant.method.library for entrant in runnable if entrant.method.library}):
            importlib.import_module(library)  # once here, not in every child
        function.prepare()
        if any(uses_batches(entrant.method, entrant.options) for entrant in runnable):
            function.batch_gradient.prepare()  # the data once here, not in every child
        function.scale = typical_scale(function)
        self.starts = starts(function, settings.seed, settings.starts)
        busy = len(runnable) + settings.exact + settings.certify
        seconds = self.seconds_left() * min(1.0, settings.jobs / busy)
        named = bool(settings.methods or self.problem.methods)
        budget = attempt.Budget(max(0.0, seconds)) if named else attempt.Budget(max(0.0, seconds), *_PANEL)
        for entrant in runnable:
            self.submit(supervisor, Order(entrant, self.starts, budget))
            if entrant.because is not None:
                may_look_elsewhere = len(self.starts) == 1
                self.portfolio = Portfolio(function, entrant, list(entrant.then), budget, settings.seed, may_look_elsewhere)

    def submit(self, supervisor: Supervisor, order: Order, delay: float = 0.0) -> None:
        settings, entrant, budget = self.settings, order.entrant, order.budget
        function, begun = self.function, order.starts
        if entrant.form is not None:
            function, begun = entrant.form.function, [entrant.form.lifted(start) for start in begun]
            function.prepare()
            function.scale = self.function.scale

        def task(send: Callable[[Any], None]) -> Any:
            with silent_numpy():
                return attempt.run(
                    function,
                    entrant.method,
                    entrant.options,
                    begun,
                    budget,
                    settings.tolerance,
                    settings.seed_of(entrant.label),
                    settings.trace,
                    send,
                    order.until_enough,
                )

        supervisor.submit(entrant.label, task, Limits(budget.seconds + _GRACE, settings.memory_limit), delay)

    def go_on(self, supervisor: Supervisor) -> None:
        """Let auto take its next step when its last one has ended; where the answer is proved, there is no more to do."""
        portfolio = self.portfolio
        if portfolio is None:
            return
        label = portfolio.running.label
        if self.is_proved():
            self.portfolio = None
            if label not in self.rows and label in self.orders:
                self.dropped.add(label)
                del self.field[label]
                supervisor.cancel(label)
        elif label in self.rows:
            order = portfolio.next(Finding(*self.rows[label]), self.findings(), self.seconds_left())
            if order is None:
                self.portfolio = None
                return
            self.field[order.entrant.label] = order.entrant
            self.orders[order.entrant.label] = order
            self.submit(supervisor, order, _HEAD_START if self.settings.exact and _EXACT not in self.rows else 0.0)
        elif label in self.orders and _EXACT in self.rows:
            supervisor.hurry(label)

    def is_proved(self) -> bool:
        return any(answer is not None and answer.assurance.is_proof for answer in (self.answer, self.certified))

    def numerical_row(self, event: Ended) -> tuple[Attempt, Judgement | None]:
        entrant = self.field[event.key]
        if event.ending is Ending.FINISHED:
            facts, row = event.payload, self.row(entrant, AttemptStatus(event.payload["status"]), event.payload["reason"])
        else:
            facts = self.latest.get(event.key, {})
            killed = event.ending in (Ending.TIME, Ending.MEMORY, Ending.CANCELLED)
            row = self.row(entrant, AttemptStatus.KILLED if killed else AttemptStatus.CRASHED, event.reason)
        row = replace(_with_costs(row, facts, event), trace=self.traced(facts.get("trace")))
        if facts.get("x") is None:
            return row, None
        x = facts["x"][: self.function.dimension]  # without the further unknowns of a smooth form
        judgement = judge(self.function, self.function.space.point(x), restore=True)
        return self.judged(row, judgement, facts), judgement

    def traced(self, records: list[list[Any]] | None) -> list[Mapping[str, Any]] | None:
        """The iterates, as the result tells them."""
        if records is None:
            return None
        return [self.trace_record(TraceRecord(*record)) for record in records]

    def trace_record(self, record: TraceRecord) -> Mapping[str, Any]:
        value = None if record.value is None else self.problem.sign * record.value + 0.0
        return record._replace(value=value, point=self.function.named(record.point))._asdict()  # type: ignore[arg-type]

    def row(self, entrant: Entrant, status: AttemptStatus, reason: str | None) -> Attempt:
        options = plain_options(entrant.options)
        begun = self.orders[entrant.label].starts if entrant.label in self.orders else self.starts
        if begun and entrant.refusal is None and self.function.dimension <= 100:
            named = [self.function.named(s) for s in begun]
            options["start"] = named if len(named) > 1 else named[0]
        seed = self.settings.seed_of(entrant.label)
        version = _version(entrant.method.library)
        return Attempt(
            entrant.method.name if entrant.stage else entrant.label,
            "numerical",
            status,
            reason,
            seed=seed,
            options=options,
            version=version,
            chosen_because=entrant.because,
            stage=entrant.stage,
        )

    def judged(self, row: Attempt, judgement: Judgement, facts: dict[str, Any]) -> Attempt:
        """The row with its point as we find it; a claim that does not hold is taken back."""
        if judgement.moved:
            row = replace(row, reason=f"{row.reason}; the constraints were violated by {judgement.moved.violation:.1e} and restored")
        if row.status is AttemptStatus.CONVERGED and judgement.reason is not None:
            row = replace(row, status=AttemptStatus.STALLED, reason=f"it says '{row.reason}', but {judgement.reason}")
        usable = math.isfinite(judgement.value)
        return replace(
            row,
            value=self.problem.sign * judgement.value + 0.0 if usable else None,  # never -0
            point=self.function.named(self.function.space.coordinates(judgement.x)),
            infeasibility=_known(judgement.optimality.infeasibility),
        )


def _exact_status(event: Ended, answer: ExactAnswer | None) -> tuple[AttemptStatus, str | None]:
    if event.ending is not Ending.FINISHED:
        killed = event.ending in (Ending.TIME, Ending.MEMORY, Ending.CANCELLED)
        return (AttemptStatus.KILLED if killed else AttemptStatus.CRASHED), event.reason
    assert answer is not None
    if answer.assurance.is_proof:
        return AttemptStatus.CONVERGED, answer.reason
    return (AttemptStatus.STALLED if answer.value_exact is not None else AttemptStatus.NOT_APPLICABLE), answer.reason


def _certified_status(event: Ended, answer: CertifiedAnswer | None) -> tuple[AttemptStatus, str | None]:
    if answer is None:
        killed = event.ending in (Ending.TIME, Ending.MEMORY, Ending.CANCELLED)
        return (AttemptStatus.KILLED if killed else AttemptStatus.CRASHED), event.reason
    if answer.assurance.is_proof:
        return AttemptStatus.CONVERGED, answer.reason
    return (AttemptStatus.LIMIT if answer.boxes else AttemptStatus.NOT_APPLICABLE), answer.reason


def _with_costs(row: Attempt, facts: dict[str, Any], event: Ended) -> Attempt:
    values, gradients, hessians, constraints = facts.get("counts", [0, 0, 0, 0])
    solved = facts.get("solve_seconds", event.wall_seconds)
    return replace(
        row,
        iterations=facts.get("iterations"),
        objective_evaluations=values,
        gradient_evaluations=gradients,
        hessian_evaluations=hessians,
        constraint_evaluations=constraints,
        epochs=None if facts.get("epochs") is None else round(facts["epochs"], 6),
        setup_seconds=round(max(0.0, event.wall_seconds - solved), 6),
        solve_seconds=round(solved, 6),
    )


def _version(library: str | None) -> str:
    """What ran: optbench, and the library that a method stands on."""
    name = library.partition(".")[0] if library else None
    module = sys.modules.get(name) if name else None
    return f"optbench {__version__}" + (f", {name} {module.__version__}" if module is not None else "")


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


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
        [{"name": c.name, "text": c.text} for c in problem.constraints],
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
