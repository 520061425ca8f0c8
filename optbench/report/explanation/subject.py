"""What a lesson is about: a result, its account, and how its maths is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from optbench.account import Account, Zero
from optbench.problem.draft import SYMBOLS
from optbench.report.explanation.model import Math, Notation, function_letter
from optbench.report.latex import scope
from optbench.result import ProblemSummary, Result

_KINKED = re.compile(r"\||%|\b(abs|sign|min|max|minimum|maximum|floor|ceil|if|where|relu|cbrt|hypot)\(")
_ARGUMENTS = 4  # of the function that are written


@dataclass(frozen=True)
class Subject:
    """A result that has a problem, and its account."""

    result: Result
    problem: ProblemSummary
    account: Account
    notation: Notation

    @classmethod
    def of(cls, result: Result) -> Subject:
        """Return the subject of a result, also where its account did not come in time; ValueError where it has no problem."""
        if result.problem is None:
            raise ValueError("what is no valid problem can't be explained")
        account = result.account or Account(result.problem.objective, None, (), (), None)
        unknowns = list(result.problem.variables)
        arguments = ", ".join([*unknowns[:_ARGUMENTS], *(["..."] if len(unknowns) > _ARGUMENTS else [])])
        letter = function_letter([*unknowns, *result.problem.parameters])
        return cls(result, result.problem, account, Notation(scope(result.problem), letter, arguments))

    @property
    def function(self) -> str:
        """The objective with the values of its parameters."""
        return self.account.function

    @cached_property
    def is_on_line(self) -> bool:
        """Whether there is one unknown number."""
        return len(self.problem.variables) == 1 and not next(iter(self.problem.variables.values())).shape

    @property
    def is_told(self) -> bool:
        """Whether the account came."""
        return self.result.account is not None

    @property
    def has_kinks(self) -> bool:
        """Whether there may be kinks or jumps, where derivatives say nothing."""
        return _KINKED.search(self.function) is not None

    @property
    def is_searched(self) -> bool:
        """Whether the account has all candidates, proved to be all."""
        search = self.account.search
        return search is not None and not search.doubts and all(piece.proved for piece in search.pieces)

    @property
    def unknown(self) -> str:
        """The first unknown."""
        return next(iter(self.problem.variables))

    def is_free(self, name: str) -> bool:
        """Whether a parameter has no value."""
        return self.problem.parameters[name] in SYMBOLS

    @property
    def best(self) -> str:
        """What is looked for: "minimum" or "maximum"."""
        return "minimum" if self.problem.sense == "minimize" else "maximum"

    @property
    def least(self) -> str:
        """Which value wins: "least" or "greatest"."""
        return "least" if self.problem.sense == "minimize" else "greatest"

    def slope(self, unknown: str) -> Math:
        """Return the derivative's name."""
        return self.notation.f(1) if self.is_on_line else self.notation.partial(unknown)

    @cached_property
    def points(self) -> dict[Zero, str]:
        """The stationary points on the line with their names, in ascending order."""
        pieces = () if self.account.search is None else self.account.search.pieces
        zeros = [zero for piece in pieces for zero in piece.zeros]
        return {zero: f"{self.unknown}_{number}" for number, zero in enumerate(zeros, 1)}
