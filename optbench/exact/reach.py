"""Which problems the exact strategies reach so far, and the reason that the user reads for the others."""

from __future__ import annotations

from collections.abc import Iterator

from optbench.exact.answer import NotApplicable
from optbench.language.graph import size
from optbench.problem.problem import Problem


def check_reach(problem: Problem, most_unknowns: int, most_parts: int) -> None:
    """Raise `NotApplicable` unless the problem has numbers as unknowns, few enough, and nothing but ranges around them."""
    for reason in _beyond(problem, most_unknowns, most_parts):
        raise NotApplicable(reason)


def _beyond(problem: Problem, most_unknowns: int, most_parts: int) -> Iterator[str]:
    if problem.constraints:
        yield "constraints are beyond the exact strategies so far"
    if problem.free_parameters:
        yield f"the parameter {problem.free_parameters[0].name} has no value, which is beyond the exact strategies so far"
    if problem.has_arrays:
        yield "arrays are beyond the exact strategies so far"
    if any(v.symbol.integer for v in problem.variables):
        yield "whole-number unknowns are beyond the exact strategies so far"
    if problem.dimension > most_unknowns:
        yield f"there are {problem.dimension} unknowns, and at most {most_unknowns} are within reach of this strategy"
    if size(problem.objective) > most_parts:
        yield f"the function has more than {most_parts} parts"
