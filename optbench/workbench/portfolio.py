"""What `auto` does after its first method: it goes on from the best point, and looks elsewhere, on one budget.

Where no method has reached a point that passes as a local optimum, the next of the ladder goes on from the best point known,
and from one beside it, so that a saddle or a kink does not hold it as well. Where one has, the problem is not seen to be
convex and nothing is proved, further starts are tried, until the stopping rule of `multistart` says that they are enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from optbench.result import Assurance, AttemptStatus
from optbench.workbench.attempt import Budget
from optbench.workbench.auto import Step
from optbench.workbench.function import Function
from optbench.workbench.panel import Entrant, entrant
from optbench.workbench.starts import starts
from optbench.workbench.verdict import Finding, best_of

CONTINUED, FURTHER = "continued", "further starts"
_BESIDE = 1e-2  # relative distance of the second start from the best point
_STARTS = ((2, 40), (10, 30), (50, 20), (200, 10))  # further starts, by the number of variables up to which there are so many
_NOTHING = 1e-15  # of a sum of squares, relative to the constant beside it
_WORTH_WHILE = 0.01  # seconds of a budget with which it is worth to begin


@dataclass(frozen=True)
class Order:
    """A further attempt."""

    entrant: Entrant
    starts: list[list[float]]
    budget: Budget
    until_enough: bool = False  # whether the stopping rule ends it


@dataclass
class Portfolio:
    """What is left of `auto`: the steps of its ladder, its budget, and whether it looks elsewhere."""

    function: Function
    running: Entrant
    steps: list[Step]
    budget: Budget
    seed: int
    may_look_elsewhere: bool
    looked: bool = False
    done: list[tuple[Finding, Entrant]] = field(default_factory=list)

    def next(self, finished: Finding, all_rows: Iterable[Finding], seconds_left: float) -> Order | None:
        """Return the next attempt after the one that has finished, or None where auto is done."""
        self.done.append((finished, self.running))
        self._spend(finished, seconds_left)
        if self.looked or self.budget.seconds < _WORTH_WHILE or self.budget.evaluations <= 0 or self.budget.iterations <= 0:
            return None
        rows = list(all_rows)
        best = best_of(rows)
        if best is not None and best.judgement is not None and best.judgement.assurance is Assurance.LOCAL:
            return None if self._is_least(best.judgement.value) else self._elsewhere()
        return self._further_down(best, finished)

    def _spend(self, finished: Finding, seconds_left: float) -> None:
        """The first attempt has a budget of its own, all others share one as large."""
        if len(self.done) == 1:
            self.budget = replace(self.budget, seconds=min(self.budget.seconds, seconds_left))
            return
        row = finished.row
        evaluations = row.objective_evaluations + row.gradient_evaluations + row.hessian_evaluations + row.constraint_evaluations
        self.budget = Budget(
            min(self.budget.seconds - row.solve_seconds, seconds_left),
            self.budget.iterations - (row.iterations or 0),
            self.budget.evaluations - evaluations,
        )

    def _further_down(self, best: Finding | None, finished: Finding) -> Order | None:
        """The next method of the ladder that is applicable, from the best point known and one beside it."""
        problem = self.function.problem
        while self.steps:
            step = self.steps.pop(0)
            follower = entrant(problem, self.function, step, f"{step.method} ({CONTINUED})", CONTINUED)
            if follower.refusal is not None:
                continue
            point = _point(best or finished)
            if point is None:
                begins = starts(self.function, self.seed + 1, 1)
            else:
                begins = [self.function.space.coordinates(point), self._beside(point)]
            words = "stalled" if finished.row.status in (AttemptStatus.STALLED, AttemptStatus.CONVERGED) else "did not arrive"
            because = f"{finished.row.method} {words}: {step.because}"
            self.running = replace(follower, because=because)
            return Order(self.running, begins, self.budget)
        return None

    def _elsewhere(self) -> Order | None:
        """Further starts with the method that arrived, where they may find anything better."""
        self.looked = True
        count = next((count for most, count in _STARTS if self.function.dimension <= most), 0)
        if not (count and self.may_look_elsewhere) or self.function.is_seen_convex:
            return None
        arrived = (by for f, by in self.done if f.judgement is not None and f.judgement.assurance is Assurance.LOCAL)
        by = next(arrived, self.running)
        step = Step(by.method.name, "the problem is not seen to be convex", by.form is not None)
        follower = entrant(self.function.problem, self.function, step, f"{step.method} ({FURTHER})", FURTHER)
        if follower.refusal is not None:
            return None
        self.running = follower
        begins = starts(self.function, self.seed, 1 + count)[1:]
        return Order(follower, begins, self.budget, until_enough=True) if begins else None

    def _is_least(self, value: float) -> bool:
        """Whether a sum of squares has come down to nothing: it has no lower values anywhere."""
        squares = self.function.squares
        return squares is not None and value - float(squares.offset) <= _NOTHING * max(1.0, abs(float(squares.offset)))

    def _beside(self, point: Any) -> list[float]:
        function, chance = self.function, Random(self.seed)
        size = _BESIDE * max(1.0, function.space.max_abs(point))
        moved = [c + size * chance.gauss(0, 1) for c in function.space.coordinates(point)]
        return function.space.coordinates(function.space.clip(function.space.point(moved), function.lower, function.upper))


def _point(finding: Finding) -> Any:
    return None if finding.judgement is None else finding.judgement.x
