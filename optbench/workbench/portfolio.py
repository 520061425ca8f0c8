"""What `auto` does after its first method: it goes on from the best point, and looks elsewhere, on one budget.

Where no method has reached a point that passes as a local optimum, the next of the ladder goes on from the best point known,
and from one beside it, so that a saddle or a kink does not hold it as well. Where one has, the problem is not seen to be
convex, nothing is proved, and the function falls again on lines from there (`lines`), it starts in the valleys seen there where
these are few. Where they are many, or one is lower, further starts are tried all over the range, until the stopping rule of
`multistart` says that they are enough. If that is not so in the end, and every unknown has a finite range, a global method
searches, and a local one goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from optbench.methods.method import Method
from optbench.methods.options import Options
from optbench.result import Assurance, Attempt, AttemptStatus
from optbench.workbench.attempt import Budget
from optbench.workbench.auto import Step
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement
from optbench.workbench.lines import Look, is_worth_a_look, look
from optbench.workbench.panel import Entrant, entrant
from optbench.workbench.starts import starts
from optbench.workbench.verdict import Finding, best_of

CONTINUED, LINES, VALLEYS = "continued", "lines", "valleys"
FURTHER, GLOBAL, POLISHED = "further starts", "global search", "polished"
_BESIDE = 1e-2  # relative distance of the second start from the best point
_STARTS = ((2, 40), (10, 30), (50, 20), (200, 10))  # further starts, by the number of variables up to which there are so many
_MOST_GLOBALLY = 30  # unknowns up to which a global method has a chance
_GLOBALLY = 0.8  # of what is left of the budget; a local method needs the rest
_LOWER = 1e-6  # relative difference of values from which one is lower
_LOOKING = 0.1  # of the budget, for looks along lines
_EACH, _AT_LEAST = 5, 300  # a further start may cost so many times what the first search did, or so many evaluations
_CAREFULLY = {"levenberg-marquardt": (("damping", "100"),)}  # from anywhere: a first long step often ends where a model is flat
_NOTHING = 1e-15  # of a sum of squares, relative to the constant beside it
_WORTH_WHILE = 0.01  # seconds of a budget with which it is worth to begin


@dataclass(frozen=True)
class Order:
    """A further attempt."""

    entrant: Entrant
    starts: list[list[float]]
    budget: Budget
    until_enough: bool = False  # whether the stopping rule ends it
    look: Look | None = None  # what was seen along lines before it; without starts there is nothing else to do


@dataclass
class Portfolio:
    """What is left of `auto`: the steps of its ladder, its budget, and whether it looks elsewhere."""

    function: Function
    running: Entrant
    steps: list[Step]
    budget: Budget
    seed: int
    may_look_elsewhere: bool
    done: list[tuple[Finding, Entrant]] = field(default_factory=list)

    def next(self, finished: Finding, all_rows: Iterable[Finding], seconds_left: float) -> Order | None:
        """Return the next attempt after the one that has finished, or None where auto is done."""
        self.done.append((finished, self.running))
        self._spend(finished, seconds_left)
        if self.budget.seconds < _WORTH_WHILE or self.budget.evaluations <= 0 or self.budget.iterations <= 0:
            return None
        best = best_of(list(all_rows))
        arrived = best is not None and _is_local(best)
        if self.running.stage in (LINES, POLISHED) or (self.running.stage == GLOBAL and arrived):
            return None
        if self.running.stage == GLOBAL:
            return self._polished(finished)
        if self.running.stage == FURTHER:
            return self._globally(finished) or (self._polished(finished) if _was_cut_short(best) else None)
        if self.running.stage == VALLEYS and best is not None:
            return self._after_valleys(best)
        if best is None or best.judgement is None or not arrived:
            return self._further_down(best, finished)
        return None if self._is_least(best.judgement.value) else self._elsewhere(best.judgement)

    def _spend(self, finished: Finding, seconds_left: float) -> None:
        """The first attempt has a budget of its own, all others share one as large."""
        if len(self.done) == 1:
            self.budget = replace(self.budget, seconds=min(self.budget.seconds, seconds_left))
            return
        row = finished.row
        self.budget = Budget(
            min(self.budget.seconds - row.solve_seconds, seconds_left),
            self.budget.iterations - (row.iterations or 0),
            self.budget.evaluations - _evaluations(row),
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

    def _elsewhere(self, known: Judgement) -> Order | None:
        """A look along lines, and further starts with the method that arrived, where they may find anything better."""
        if not (self._most_starts() and self.may_look_elsewhere) or self.function.is_seen_convex:
            return None
        seen, because = None, "the problem is not seen to be convex"
        if is_worth_a_look(self.function, known):
            seen = look(self.function, known, self.seed, _LOOKING * self.budget.seconds)
            if seen.only_rises:
                return self._nowhere(seen)
            if seen.valleys and not seen.is_rugged:
                return self._in_valleys(seen)
            because += ", and the function falls again on lines from there to other points" if seen.valleys else ""
        return self._all_over(because, seen)

    def _most_starts(self) -> int:
        """How many further starts there are at most."""
        return next((count for most, count in _STARTS if self.function.dimension <= most), 0)

    def _all_over(self, because: str, seen: Look | None = None) -> Order | None:
        """Further starts all over the range, until the stopping rule ends them."""
        found = self._in_place(FURTHER, because)
        begins = starts(self.function, self.seed, 1 + self._most_starts())[1:]
        return Order(found, begins, self._for_each(seen), until_enough=True, look=seen) if found is not None and begins else None

    def _in_valleys(self, seen: Look) -> Order | None:
        """Starts in the few valleys that were seen along lines."""
        count = len(seen.valleys)
        words = "another valley" if count == 1 else f"{count} other valleys"
        found = self._in_place(VALLEYS, f"it saw {words} on lines from there")
        return (
            None
            if found is None
            else Order(found, [self.function.space.coordinates(x) for x in seen.valleys], self._for_each(seen), look=seen)
        )

    def _for_each(self, seen: Look | None) -> Budget:
        """What is left, and how much of it each start may cost."""
        first = next((_evaluations(f.row) for f, _ in self.done if _is_local(f)), 0)
        left = self.budget.seconds - (0.0 if seen is None else seen.seconds)
        return replace(self.budget, seconds=left, each=max(_AT_LEAST, _EACH * first))

    def _after_valleys(self, best: Finding) -> Order | None:
        """Further starts all over the range, if a valley was lower than the point from where it was seen."""
        before = min(f.judgement.value for f, by in self.done if f.judgement is not None and by.stage != VALLEYS)
        lower = best.judgement is not None and best.judgement.value < before - _LOWER * max(1.0, abs(before))
        return self._all_over("one of these valleys is lower") if lower else None

    def _nowhere(self, seen: Look) -> Order:
        """No further start, since the function only rises."""
        because = f"the function only rises along {seen.lines} lines from there to points all over the range"
        self.running = Entrant(Method("auto", "What auto does itself.", "none"), Options(), None, f"auto ({LINES})", because, stage=LINES)
        return Order(self.running, [], self.budget, look=seen)

    def _globally(self, finished: Finding) -> Order | None:
        """A search over the whole box, where the further starts were not enough to know the minima."""
        function = self.function
        searches = finished.row.searches
        if searches is None or searches["enough"] or not function.is_boxed or function.dimension > _MOST_GLOBALLY:
            return None
        name = "scipy-differential-evolution" if function.constraint_count else "simulated-annealing"
        because = f"{searches['different']} of {searches['made']} starts led to different points"
        found = entrant(function.problem, function, Step(name, because), f"{name} ({GLOBAL})", GLOBAL)
        if found.refusal is not None:
            return None
        point = _point(finished)
        begins = starts(function, self.seed + 1, 1) if point is None else [function.space.coordinates(point)]
        self.running = found
        most = int(_GLOBALLY * self.budget.iterations), int(_GLOBALLY * self.budget.evaluations)
        return Order(found, begins, Budget(_GLOBALLY * self.budget.seconds, *most))

    def _polished(self, finished: Finding) -> Order | None:
        """The method that had arrived elsewhere, from where the global one has ended."""
        point = _point(finished)
        found = None if point is None else self._in_place(POLISHED, "a local method comes nearer")
        return None if found is None else Order(found, [self.function.space.coordinates(point)], self.budget)

    def _in_place(self, stage: str, because: str) -> Entrant | None:
        """The method that arrived, or else the one that ran last, for another stage."""
        by = next((by for f, by in self.done if _is_local(f)), self.running)
        step = Step(by.method.name, because, by.form is not None)
        options = _CAREFULLY.get(step.method, ()) if stage == FURTHER else ()
        found = entrant(self.function.problem, self.function, step, f"{step.method} ({stage})", stage, options)
        if found.refusal is not None:
            return None
        self.running = found
        return found

    def _is_least(self, value: float) -> bool:
        """Whether a sum of squares has come down to nothing: it has no lower values anywhere."""
        squares = self.function.squares
        return squares is not None and value - float(squares.offset) <= _NOTHING * max(1.0, abs(float(squares.offset)))

    def _beside(self, point: Any) -> list[float]:
        function, chance = self.function, Random(self.seed)
        size = _BESIDE * max(1.0, function.space.max_abs(point))
        moved = [c + size * chance.gauss(0, 1) for c in function.space.coordinates(point)]
        return function.space.coordinates(function.space.clip(function.space.point(moved), function.lower, function.upper))


def _was_cut_short(best: Finding | None) -> bool:
    """Whether the best point is where a further start came to its limit of evaluations."""
    return best is not None and best.row.stage == FURTHER and best.row.status is AttemptStatus.LIMIT


def _is_local(finding: Finding) -> bool:
    return finding.judgement is not None and finding.judgement.assurance is Assurance.LOCAL


def _evaluations(row: Attempt) -> int:
    return row.objective_evaluations + row.gradient_evaluations + row.hessian_evaluations + row.constraint_evaluations


def _point(finding: Finding) -> Any:
    return None if finding.judgement is None else finding.judgement.x
