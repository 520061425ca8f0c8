"""One unknown, with formulas from SymPy's `solve`: the same search and the same proofs as in `univariate`.

SymPy takes half a second to import and may run for very long, so this comes after all else; what is known by then has
been handed over, and stands where this is killed. SymPy only gives candidates: that they are zeros, and all of them, is
proved as in `equation`.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("x^2 - x")), open_names=True)).value_exact
'-1/4'
"""

from __future__ import annotations

from dataclasses import replace

from optbench.exact import univariate
from optbench.exact.answer import ExactAnswer
from optbench.exact.univariate import Send
from optbench.problem.problem import Problem

NAME = "computer_algebra"


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the minimum of a problem in one number; raise `NotApplicable` for others and where nothing is found."""
    return replace(univariate.solve(problem, digits, None, computer_algebra=True), strategy=NAME)
