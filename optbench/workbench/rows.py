"""Rows of the comparison: what became of an attempt, in the engine's own judgement and not in the method's words.

Each of `exact`, `certified` and `numerical` takes the last event of an attempt, and what it had sent before that. Where it
did not finish, the best point that it sent is judged all the same.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from optbench import __version__
from optbench.methods.method import Method
from optbench.result import Attempt, AttemptStatus, TraceRecord
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement, judge_within
from optbench.workbench.lines import Look
from optbench.workbench.panel import Entrant, plain_options
from optbench.workbench.task import Ended, Ending

if TYPE_CHECKING:
    from optbench.certify.answer import CertifiedAnswer
    from optbench.exact.answer import ExactAnswer

EXACT = "exact stage"
CERTIFY = "branch-and-bound"
_KILLED = (Ending.TIME, Ending.MEMORY, Ending.CANCELLED)
_FEW = 100  # unknowns up to which a row repeats where its method began


class Begun(NamedTuple):
    """With what a numerical attempt began, beside the method and its options."""

    seed: int
    starts: Sequence[Sequence[float]]


def exact(ended: Ended, latest: Any = None) -> tuple[Attempt, ExactAnswer | None]:
    """Return the row of the exact stage and its answer, or the best one that it had sent."""
    payload = ended.payload if ended.ending is Ending.FINISHED else latest
    answer = None
    if payload is not None:
        from optbench.exact.answer import ExactAnswer

        answer = ExactAnswer.from_json(payload)
    status, reason = _exact_status(ended, answer)
    name = EXACT if answer is None or answer.strategy == "none" else answer.strategy
    row = Attempt(name, "exact", status, reason, solve_seconds=round(ended.wall_seconds, 6), version=f"optbench {__version__}")
    if answer is None:
        return row, None
    return replace(row, value=answer.value, point=answer.solutions[0].point if answer.solutions else None), answer


def certified(function: Function, ended: Ended, seconds: float = math.inf) -> tuple[Attempt, CertifiedAnswer | None, Judgement | None]:
    """Return the row of certification, its answer, and its best point judged as any method's, in at most so many `seconds`."""
    answer = None
    if ended.ending is Ending.FINISHED:
        from optbench.certify.answer import CertifiedAnswer

        answer = CertifiedAnswer.from_json(ended.payload)
    status, reason = _certified_status(ended, answer)
    row = Attempt(CERTIFY, "certified", status, reason, solve_seconds=round(ended.wall_seconds, 6), version=f"optbench {__version__}")
    if answer is None or answer.point is None:
        return row, answer, None
    row = replace(row, value=answer.value, iterations=answer.boxes)
    if not all(map(math.isfinite, answer.point)):  # the end of a range that has none
        return row, answer, None
    row = replace(row, point=function.named(answer.point))
    return row, answer, judge_within(function, function.space.point(list(answer.point)), seconds)


def numerical(
    function: Function, entrant: Entrant, ended: Ended, latest: Any, begun: Begun, seconds: float = math.inf
) -> tuple[Attempt, Judgement | None]:
    """Return the row of a method and its point as it is judged, in at most so many `seconds`.

    `latest` is the best point that it had sent.
    """
    if ended.ending is Ending.FINISHED:
        facts, row = ended.payload, unfinished(function, entrant, AttemptStatus(ended.payload["status"]), ended.payload["reason"], begun)
    else:
        facts = latest or {}
        row = unfinished(function, entrant, AttemptStatus.KILLED if ended.ending in _KILLED else AttemptStatus.CRASHED, ended.reason, begun)
    row = replace(_with_costs(row, facts, ended), trace=_traced(function, facts.get("trace")), searches=facts.get("searches"))
    if facts.get("x") is None:
        return row, None
    x = facts["x"][: function.dimension]  # without the further unknowns of a smooth form
    judgement = judge_within(function, function.space.point(x), seconds)
    return _judged(function, row, judgement), judgement


def looked_along_lines(function: Function, entrant: Entrant, look: Look, begun: Begun) -> tuple[Attempt, Judgement]:
    """Return the row of a look along lines after which there was nothing more to do, and the point where they begin."""
    row = unfinished(function, entrant, AttemptStatus.CONVERGED, entrant.because, begun)
    return with_look(_judged(function, row, replace(look.begin, moved=None)), look), look.begin


def with_look(row: Attempt, look: Look | None) -> Attempt:
    """The row with the costs of the look along lines that came before it, if there was one."""
    if look is None:
        return row
    return replace(
        row,
        objective_evaluations=row.objective_evaluations + look.values,
        constraint_evaluations=row.constraint_evaluations + look.constraints,
        solve_seconds=round(row.solve_seconds + look.seconds, 6),
    )


def unfinished(function: Function, entrant: Entrant, status: AttemptStatus, reason: str | None, begun: Begun) -> Attempt:
    """Return the row of a method without costs and without a point."""
    options = plain_options(entrant.options)
    if begun.starts and entrant.refusal is None and function.dimension <= _FEW:
        named = [function.named(s) for s in begun.starts]
        options["start"] = named if len(named) > 1 else named[0]
    return Attempt(
        entrant.method.name if entrant.stage else entrant.label,
        "numerical",
        status,
        reason,
        seed=begun.seed,
        options=options,
        version=_version(entrant.method),
        chosen_because=entrant.because,
        stage=entrant.stage,
    )


def _judged(function: Function, row: Attempt, judgement: Judgement) -> Attempt:
    """The row with its point as we find it; a claim that does not hold is taken back."""
    if judgement.moved:
        row = replace(row, reason=f"{row.reason}; the constraints were violated by {judgement.moved.violation:.1e} and restored")
    if row.status is AttemptStatus.CONVERGED and judgement.reason is not None:
        row = replace(row, status=AttemptStatus.STALLED, reason=f"it says '{row.reason}', but {judgement.reason}")
    usable = math.isfinite(judgement.value)
    return replace(
        row,
        value=function.problem.sign * judgement.value + 0.0 if usable else None,  # never -0
        point=function.named(function.space.coordinates(judgement.x)),
        infeasibility=_known(judgement.optimality.infeasibility),
    )


def _traced(function: Function, records: list[list[Any]] | None) -> list[Mapping[str, Any]] | None:
    """The iterates, as the result tells them."""
    if records is None:
        return None
    return [_trace_record(function, TraceRecord(*record)) for record in records]


def _trace_record(function: Function, record: TraceRecord) -> Mapping[str, Any]:
    value = None if record.value is None else function.problem.sign * record.value + 0.0
    return record._replace(value=value, point=function.named(record.point))._asdict()  # type: ignore[arg-type]


def _exact_status(ended: Ended, answer: ExactAnswer | None) -> tuple[AttemptStatus, str | None]:
    if ended.ending is not Ending.FINISHED:
        return (AttemptStatus.KILLED if ended.ending in _KILLED else AttemptStatus.CRASHED), ended.reason
    assert answer is not None
    if answer.assurance.is_proof:
        return AttemptStatus.CONVERGED, answer.reason
    return (AttemptStatus.STALLED if answer.value_exact is not None else AttemptStatus.NOT_APPLICABLE), answer.reason


def _certified_status(ended: Ended, answer: CertifiedAnswer | None) -> tuple[AttemptStatus, str | None]:
    if answer is None:
        return (AttemptStatus.KILLED if ended.ending in _KILLED else AttemptStatus.CRASHED), ended.reason
    if answer.assurance.is_proof:
        return AttemptStatus.CONVERGED, answer.reason
    return (AttemptStatus.LIMIT if answer.boxes else AttemptStatus.NOT_APPLICABLE), answer.reason


def _with_costs(row: Attempt, facts: dict[str, Any], ended: Ended) -> Attempt:
    values, gradients, hessians, constraints = facts.get("counts", [0, 0, 0, 0])
    solved = facts.get("solve_seconds", ended.wall_seconds)
    return replace(
        row,
        iterations=facts.get("iterations"),
        objective_evaluations=values,
        gradient_evaluations=gradients,
        hessian_evaluations=hessians,
        constraint_evaluations=constraints,
        epochs=None if facts.get("epochs") is None else round(facts["epochs"], 6),
        setup_seconds=round(max(0.0, ended.wall_seconds - solved), 6),
        solve_seconds=round(solved, 6),
    )


def _version(method: Method) -> str:
    """What ran: optbench, the package that a method comes from, and the library that it stands on."""
    name = method.library.partition(".")[0] if method.library else None
    module = sys.modules.get(name) if name else None
    library = f"{name} {version_of(module)}" if name and module is not None else None
    return ", ".join(part for part in (f"optbench {__version__}", method.origin, library) if part)


def version_of(module: ModuleType) -> str:
    """Return the version of a library that is imported: its own word, else that of its package."""
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    from importlib import metadata

    packages = metadata.packages_distributions().get(module.__name__, [])
    return metadata.version(packages[0]) if packages else "of an unknown version"


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None
