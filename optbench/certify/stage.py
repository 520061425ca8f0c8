"""Certification: from a problem to an enclosure of its global minimum and of all minimisers, as far as time allows.

The problem is taken apart (`reductions`), each part is searched (`search`), and what is left is made into solutions
(`minimisers`, `refinement`). Whoever calls this says how to search locally, since that is no part of a proof.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("exp(x) + exp(-2*x) + abs(y - 1)")), open_names=True), seconds=10)
>>> answer.assurance.value, answer.value_enclosure
('certified', ('1.88988157484230974715081591091', '1.88988157484230974715081591092'))
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from flint import arb, ctx

from optbench import __version__
from optbench.arithmetic import NoReading
from optbench.arithmetic.ball_enclosure import Enclosure, decimals
from optbench.arithmetic.interval_check import processor_fault
from optbench.arithmetic.interval_reading import LIBM_ASSUMPTION
from optbench.certify.answer import CertifiedAnswer, CertifiedSolution, NotApplicable
from optbench.certify.parts import PRECISION, Found, Improver, Minimiser, Solver, range_of
from optbench.certify.record import lines
from optbench.certify.reductions import in_entries
from optbench.language.graph import Call, GraphError, Node, Number, size, symbols, topological
from optbench.language.text import text
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

MOST_UNKNOWNS = 500
MOST_NODES = 20_000
_ARITHMETIC = frozenset(  # functions whose intervals rest on the operations of IEEE 754 alone
    [
        "add",
        "multiply",
        "negate",
        "divide",
        "sqrt",
        "abs",
        "sign",
        "floor",
        "ceil",
        "minimum",
        "maximum",
        "if",
        "relu",
        "mod",
        "pi",
        "rootof",
        "hypot",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "equal",
        "not_equal",
        "and",
        "or",
        "not",
    ]
)


def solve(
    problem: Problem,
    digits: int = 30,
    tolerance: float = 1e-8,
    seconds: float = 5.0,
    improver: Improver = lambda problem: lambda start: None,
    file: str | None = None,
) -> CertifiedAnswer:
    """Return what can be proved of the problem's global minimum in so many `seconds`.

    `tolerance` is the width of the value's enclosure that counts as closed, relative above 1; minimisers that are proved to
    be unique are known to `digits` digits. `improver` makes, for a problem in scalar unknowns, a function that returns a
    better point near a given one, or None; nothing is believed of it. The proof is written to `file`, if that is given.
    Raises `NotApplicable`.
    """
    _check(problem)
    with ctx.workprec(PRECISION), np.errstate(all="ignore"):
        try:
            scalar = in_entries(problem)
            if size(scalar.objective, *(c.condition for c in scalar.constraints)) > MOST_NODES:
                raise NotApplicable(f"written out entry by entry, the problem has more than {MOST_NODES:,} parts")
            solver = Solver(digits, tolerance / 4, time.monotonic() + seconds, improver, recording=file is not None)
            found = solver.solve(scalar)
        except (GraphError, NoReading) as error:
            raise NotApplicable(_reason(error)) from None
        answer = _answer(problem, scalar, found, digits, tolerance)
        return answer if file is None else _with_file(problem, scalar, answer, found, solver, file)


def _with_file(problem: Problem, scalar: Problem, answer: CertifiedAnswer, found: Found, solver: Solver, file: str) -> CertifiedAnswer:
    """Write the proof, whole or not at all."""
    given_up = next((record.given_up for _, record in solver.proofs if record.given_up), None)
    if given_up is not None:
        return replace(answer, not_written=f"{given_up}, too many to be written down")
    header = {
        "optbench": __version__,
        "problem": {
            "name": problem.name,
            "hash": problem.hash,
            "sense": problem.sense,
            "objective": problem.objective_text,
            "parameters": {p.name: p.value for p in problem.parameters},
            "minimand": text(scalar.objective),
            "unknowns": [{"name": v.name, **range_of(v.ranges[0]), "integer": v.symbol.integer} for v in scalar.variables],
            "constraints": [text(c.condition) for c in scalar.constraints],
        },
        "claim": {
            "status": answer.status.value,
            "value_enclosure": answer.value_enclosure,
            "complete": answer.complete,
            "solutions": [{"enclosure": s.enclosure, "unique": s.unique} for s in answer.solutions],
        },
        "structure": found.structure,
    }
    path = Path(file)
    if path.exists() and not path.is_file():
        return replace(answer, not_written=f"'{file}' can't be written: it is no regular file")
    half_written = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(half_written, "w", encoding="ascii") as opened:
            opened.writelines(lines(header, solver.proofs))
        half_written.replace(path)
    except OSError as error:
        with suppress(OSError):
            half_written.unlink(missing_ok=True)
        return replace(answer, not_written=f"'{file}' can't be written: {os.strerror(error.errno or 0).lower()}")
    return replace(answer, file=file)


def _check(problem: Problem) -> None:
    if fault := processor_fault():
        raise NotApplicable(fault)
    if problem.free_parameters:
        raise NotApplicable(f"the parameter {problem.free_parameters[0].name} has no value")
    if problem.dimension > MOST_UNKNOWNS:
        raise NotApplicable(f"there are {problem.dimension:,} unknowns, and at most {MOST_UNKNOWNS} are within reach of certification")


def _reason(error: Exception) -> str:
    words = str(error).rstrip(".")
    return words[0].lower() + words[1:]


# ---- the answer ----------------------------------------------------------------------------------------------------------------


def _answer(problem: Problem, scalar: Problem, found: Found, digits: int, tolerance: float) -> CertifiedAnswer:
    counts = CertifiedAnswer(
        Status.UNKNOWN,
        Assurance.NONE,
        point=None if found.best is None else tuple(found.best[s] for s in scalar.symbols),
        boxes=found.boxes,
        boxes_open=found.boxes_open,
        assumes=_assumptions(scalar),
        reason=found.reason,
    )
    if found.infeasible:
        return replace(counts, status=Status.INFEASIBLE, assurance=Assurance.CERTIFIED, closed=True, reason=None)
    value = found.value if problem.sense == "minimize" else Enclosure(-found.value.upper, -found.value.lower, True)
    if not value.is_bounded:
        return replace(counts, reason=_shortfall(problem, found))
    gap, size = float(value.width), max(1.0, abs(float(value.upper)))
    solutions = tuple(_solution(m, scalar, digits) for m in found.minimisers)
    answer = replace(
        counts,
        value=_attained_end(value, problem.sense),
        value_enclosure=decimals(value, max(digits, 17)),
        gap=gap,
        closed=gap <= tolerance * size,
        complete=found.complete,
        solutions=solutions,
        possible=tuple(s.enclosure for s in solutions if not s.unique),
    )
    if answer.closed and found.attained:
        return replace(answer, status=Status.OPTIMAL, assurance=Assurance.CERTIFIED, reason=found.reason)
    open_end = "it is not proved that the value is attained" if answer.closed else found.reason
    return replace(answer, complete=False, reason=open_end or "the bounds did not meet")


def _shortfall(problem: Problem, found: Found) -> str:
    """Why there is no enclosure."""
    reason = f"; {found.reason}" if found.reason else ""
    if not found.value.lower.is_finite():
        direction = "below" if problem.sense == "minimize" else "above"
        return f"no bound from {direction} was found{reason}"
    return f"no point was proved to satisfy the constraints{reason}"


def _solution(m: Minimiser, scalar: Problem, digits: int) -> CertifiedSolution:
    boxes = [m.box[s] for s in scalar.symbols]
    return CertifiedSolution(
        tuple(m.point[s] for s in scalar.symbols),
        tuple(decimals(box, max(digits, 17)) for box in boxes),
        "boundary" if m.boundary else "interior",
        m.unique,
        m.stationary,
        tuple(_inward(m.region[s]) for s in scalar.symbols),
    )


def _inward(region: Enclosure) -> tuple[str, str]:
    """The ends of a box of doubles, exactly."""
    return decimals(region, max(map(_digits, (region.lower, region.upper))))


def _digits(end: arb) -> int:
    """A bound for the decimal digits of m*2^k: those of m*2^k, or of m*5^-k."""
    if not end.is_finite():
        return 1
    mantissa, exponent = (int(part) for part in end.man_exp())
    bits = mantissa.bit_length() + (exponent if exponent > 0 else 2.33 * -exponent)
    return int(0.302 * bits) + 2


def _attained_end(value: Enclosure, sense: str) -> float:
    """The end of the enclosure that a feasible point is known to reach."""
    return float(value.upper if sense == "minimize" else value.lower) + 0.0


def _assumptions(problem: Problem) -> tuple[str, ...]:
    """What the intervals rest on beside the operations of IEEE 754."""
    nodes = topological(problem.objective, *(c.condition for c in problem.constraints))
    return (LIBM_ASSUMPTION,) if any(map(_needs_library, nodes)) else ()


def _needs_library(node: Node) -> bool:
    if not isinstance(node, Call) or not symbols(node):
        return False
    if node.function == "power":
        return not (isinstance(node.args[1], Number) and node.args[1].integer)
    return node.function not in _ARITHMETIC
