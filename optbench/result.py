"""The result: what every answer of optbench is, as typed data and as JSON (`"schema": "optbench/result/1"`).

A field is a number or None, or text, never both. Exact things and bounds are text, numbers are doubles. Later versions
only add fields.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from optbench.account import Account

SCHEMA = "optbench/result/1"
OPTIONAL = ("scan", "account", "error")  # fields that JSON has only where there is something in them


class Status(Enum):
    """What is known of the problem's optimum."""

    OPTIMAL = "optimal"
    LOCALLY_OPTIMAL = "locally_optimal"
    FEASIBLE = "feasible"
    NOT_ATTAINED = "not_attained"
    UNBOUNDED = "unbounded"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"
    INVALID = "invalid"


class Assurance(Enum):
    """How well the answer is known, from the best downwards."""

    EXACT = "exact"
    CERTIFIED = "certified"
    LOCAL = "local"
    FEASIBLE = "feasible"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return list(Assurance).index(self)

    @property
    def is_proof(self) -> bool:
        """Whether the answer is proved to be the global one."""
        return self in (Assurance.EXACT, Assurance.CERTIFIED)


class AttemptStatus(Enum):
    """How an attempt ended; the value goes into JSON."""

    CONVERGED = "converged"
    STALLED = "stalled"
    LIMIT = "limit"
    DIVERGED = "diverged"
    CRASHED = "crashed"
    KILLED = "killed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class VariableSummary:
    """A variable as the problem states it."""

    range: Any  # text, or a list of texts in the variable's shape where the entries differ
    domain: str | None  # where the problem is defined, as far as it was inferred for this variable alone
    shape: list[int] | None
    integer: bool
    unit: str | None


@dataclass(frozen=True)
class ProblemSummary:
    """The problem as it was understood."""

    name: str | None
    hash: str
    sense: str
    objective: str
    variables: Mapping[str, VariableSummary]
    parameters: Mapping[str, str]
    constraints: list[dict[str, str]]


@dataclass(frozen=True)
class Optimality:
    """The optimality conditions, evaluated at a point."""

    stationarity: float | None  # relative projected gradient: max |g_i|*max(|x_i|, 1) / max(|value|, scale)
    infeasibility: float  # greatest violation of a bound or constraint
    curvature: str | None  # positive, negative, semidefinite, indefinite: of the second derivative on the free directions
    complementarity: float | None = None  # greatest |multiplier * slack| of an inequality constraint; None without constraints


@dataclass(frozen=True)
class ClosedForm:
    """Whether a stationary point has a closed form."""

    verdict: str  # found, none, not_found
    cls: str | None = None  # rational, radicals, elementary, lambertw, algebraic_root; `class` in JSON
    none_in: list[str] = field(default_factory=list)
    scope: str | None = None
    theorem: str | None = None
    assumes: list[str] = field(default_factory=list)
    review: str | None = None
    certificate: Any = None
    unreviewed: Any = None
    reason: str | None = None


@dataclass(frozen=True)
class Solution:
    """A point where the optimum is, or is approached."""

    point: Mapping[str, Any] | None  # floats in the variables' shapes; None for a limit at infinity
    exact: Mapping[str, Any] | None = None
    enclosure: Mapping[str, Any] | None = None
    kind: str = "interior"  # interior, boundary, kink, limit
    unique: bool = False
    family: Mapping[str, str] | None = None
    multipliers: Mapping[str, Any] = field(default_factory=dict)  # by constraint: a float, or a list for an array constraint
    optimality: Optimality | None = None
    closed_form: ClosedForm | None = None


@dataclass(frozen=True)
class Fit:
    """The statistics of a fit by least squares, at the best point known."""

    observations: int  # m, without those of weight 0
    degrees_of_freedom: int  # m - rank, or m - n with n parameters that are not fixed where the rank is not known
    residual_sum_of_squares: float  # RSS, with the weights
    residual_standard_deviation: float | None  # sqrt(RSS/(m - rank)); None without degrees of freedom
    r_squared: float | None  # 1 - RSS/sum(w*(y - mean(y))^2), where the mean has the weights w; None where the response is constant
    parameters: Mapping[str, Any]  # the estimates, in the variables' shapes
    standard_errors: Mapping[str, Any] | None  # by the linearised model, in the same shapes
    reason: str | None = None  # why there are no standard errors
    rank: int | None = None  # of the Jacobian of the residuals in the parameters that are not fixed, to rounding


@dataclass(frozen=True)
class Certificate:
    """What branch and bound proved, and what the proof rests on."""

    closed: bool  # the enclosure of the value is as narrow as was asked for
    gap: float | None  # its width; None where there is no enclosure
    boxes: int  # that were looked at
    boxes_open: int  # that are left: every global optimum lies in one of them
    possible: list[list[list[str]]]  # boxes in which optima may be that are not proved to be unique there, two texts an unknown
    relaxed: str | None  # which constraints hold in a wider sense only; None: all hold as written
    assumes: list[str]  # beside the arithmetic of the processor; `optbench verify` assumes none of it
    verified: bool  # whether the file was checked
    file: str | None


@dataclass(frozen=True)
class Attempt:
    """One row of the comparison: what one method did, at what cost, and how far off it is."""

    method: str
    kind: str  # exact, certified, numerical
    status: AttemptStatus
    reason: str | None = None
    value: float | None = None
    point: Mapping[str, Any] | None = None
    error_value: float | None = None  # |value - exact value|
    error_point: float | None = None  # distance to the nearest exact solution, infinity norm
    infeasibility: float | None = None
    iterations: int | None = None
    objective_evaluations: int = 0
    gradient_evaluations: int = 0
    hessian_evaluations: int = 0
    constraint_evaluations: int = 0
    epochs: float | None = None  # passes over the rows of the data for gradients; None where there are no rows, or no gradients
    setup_seconds: float = 0.0
    solve_seconds: float = 0.0
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    trace: list[Mapping[str, Any]] | None = None  # one record an iterate, see `TraceRecord`
    chosen_because: str | None = None  # why `auto` chose this method; None where it was asked for by name
    reached_optimum: bool | None = None  # whether `value` is the proved optimum, to six digits; None where none is proved
    stage: str | None = None  # of `auto`: epigraph form, continued, lines, valleys, further starts, global search, polished; or None
    searches: Mapping[str, Any] | None = None  # of further starts: how many were made, led to different points, are expected, are enough


class TraceRecord(NamedTuple):
    """One iterate of a traced attempt; in `Attempt.trace` as a mapping."""

    start: int  # number of the start it came from, from 0
    iteration: int
    objective_evaluations: int  # until then, as are the others
    gradient_evaluations: int
    seconds: float  # since the start began
    value: float | None  # of the function as the user wrote it
    infeasibility: float | None  # None without constraints
    point: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """The whole answer."""

    problem: ProblemSummary | None
    status: Status
    assurance: Assurance
    sentence: str
    value: float | None = None
    value_exact: str | None = None
    value_enclosure: list[str] | None = None
    solutions: list[Solution] = field(default_factory=list)
    complete: bool = False
    closed_form: ClosedForm | None = None
    certificate: Certificate | None = None
    fit: Fit | None = None  # regression only
    attempts: list[Attempt] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)  # answers that exclude each other, or a published value
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    scan: Mapping[str, float] | None = None  # the values of the scanned parameters; only in a scan
    account: Account | None = None  # how it was solved; only where it was asked for
    error: str | None = None  # only with status invalid

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object, as dicts and lists."""
        whole = plain(self)
        for name in OPTIONAL:
            if whole[name] is None:
                del whole[name]
        return {"schema": SCHEMA, **whole}

    def to_json(self) -> str:
        """Return the JSON text of one ASCII line; numbers are the shortest that read back the same, never NaN or Infinity."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def __repr__(self) -> str:
        """The answer in a few short lines, for Python's prompt."""
        from optbench.report.in_brief import brief

        return brief(self)

    def _repr_html_(self) -> str:
        """The answer as HTML, for notebooks."""
        from optbench.report.html_fragment import fragment

        return fragment(self)


def plain(value: Any) -> Any:
    """Return a value of the result as JSON has it; numbers that are not finite are null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"class" if f.name == "cls" else f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
