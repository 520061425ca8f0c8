"""Which problems a strategy reaches, and the reason that the user reads for the others."""

from __future__ import annotations

from collections.abc import Iterator

from optbench.exact.answer import NotApplicable
from optbench.language.graph import size
from optbench.problem.problem import Problem


def check_reach(problem: Problem, most_unknowns: int, most_parts: int, constraints: bool = False) -> None:
    """Raise `NotApplicable` unless the unknowns are numbers, few enough, and every parameter has a value.

    `most_parts` limits the nodes of objective and constraints together; constraints are refused unless asked for.
    """
    for reason in _beyond(problem, most_unknowns, most_parts, constraints):
        raise NotApplicable(reason)


def _beyond(problem: Problem, most_unknowns: int, most_parts: int, constraints: bool) -> Iterator[str]:
    if problem.constraints and not constraints:
        yield "constraints are beyond this strategy"
    if problem.free_parameters:
        yield f"the parameter {problem.free_parameters[0].name} has no value"
    if problem.has_arrays:
        yield "arrays are beyond the exact strategies so far"
    if any(v.symbol.integer for v in problem.variables):
        yield "whole-number unknowns are beyond the exact strategies so far"
    if problem.dimension > most_unknowns:
        yield f"there are {problem.dimension} unknowns, and at most {most_unknowns} are within reach of this strategy"
    if size(problem.objective, *(c.condition for c in problem.constraints)) > most_parts:
        yield f"the problem has more than {most_parts} parts"
