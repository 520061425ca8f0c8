"""The minimum of a function of one number on an interval: stationary points, kinks, ends and limits; the smallest wins.

On each of the open pieces from `pieces` the function is smooth, and the sign of its derivative between the zeros is
proved. So it is monotone there, and its infimum over the range is the least of: its values at zeros where the derivative
turns from minus to plus, at the points between pieces and at closed ends, and its limits at those ends of pieces towards
which it falls. If each of these numbers and each comparison is proved, so is the minimum.

A zero without a formula is isolated all the same, and the function enclosed there to any precision. If the least value is
such a one the answer is `certified`: an enclosure of the minimum, proved, without a formula.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("cosh(x) + (x - 1)^2")), open_names=True), digits=10)
>>> answer.assurance.value, answer.value_enclosure
('certified', ('1.341291659', '1.341291660'))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flint import arb, ctx

from optbench.arithmetic.balls import Enclosure, decimals
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts, NotApplicable
from optbench.exact.line.comparison import least, shown_point
from optbench.exact.line.enclosed import EnclosedRoot, real_enclosure
from optbench.exact.line.pieces import Place
from optbench.exact.line.search import MAX_NODES, Candidate, Search, candidates, find_pieces, parts
from optbench.exact.numbers.formula import as_float, enclosure, facts, midpoint
from optbench.exact.numbers.identities import simplified
from optbench.exact.reach import check_reach
from optbench.language.build import multiply
from optbench.language.derivative import NotDifferentiable
from optbench.language.graph import GraphError, Node, functions
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

NAME = "univariate"
MAX_VALUES = 3  # formulas of one value, of which the shortest is shown
_LAMBERT = frozenset(("lambertw", "lambertw_lower"))

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None, computer_algebra: bool = False) -> ExactAnswer:
    """Return the minimum of a problem in one number; raise `NotApplicable` for others and where nothing is found.

    With `computer_algebra` SymPy is asked for formulas that nothing else finds.
    """
    _check(problem)
    interval = problem.domains[problem.variables[0].name][0]
    if interval.is_empty:
        return _infeasible(Search(problem, digits))
    answers, failures = list[ExactAnswer](), list[NotApplicable]()
    for part in parts(problem, interval):
        try:
            answers.append(_solve_on(Search(problem, digits, computer_algebra), part, send))
        except NotApplicable as not_applicable:
            failures.append(not_applicable)
            continue
        if answers[-1].assurance.is_proof:
            return answers[-1]
    if not answers:
        raise failures[-1]
    return min(answers, key=lambda answer: answer.assurance.rank)


def _solve_on(search: Search, interval: Interval, send: Send | None) -> ExactAnswer:
    found, best = examined(search, interval, send)
    with search.timed("formulas"), _numbers_of_moderate_size():
        return _answer(search, found, best)


def examined(search: Search, interval: Interval, send: Send | None = None) -> tuple[list[Candidate], list[Candidate]]:
    """Return all candidates on an interval and those with the least value; `search` then has the pieces, and what is in doubt.

    Raises `NotApplicable` where nothing can be said.
    """
    with _numbers_of_moderate_size():
        with search.timed("equations"):
            find_pieces(search, interval)
        with search.timed("candidates"):
            found = list(candidates(search, interval))
        if send is not None:
            send(_preliminary(search, found).to_json())
        with search.timed("comparison"):
            return found, least(search, found)


@contextmanager
def _numbers_of_moderate_size() -> Iterator[None]:
    """What the graph refuses is not for this strategy."""
    try:
        yield
    except (GraphError, NotDifferentiable) as error:
        raise NotApplicable(str(error)) from None
    except OverflowError:
        raise NotApplicable("numbers of extreme size appear") from None


def _check(problem: Problem) -> None:
    if problem.dimension != 1:
        raise NotApplicable("there is more than one unknown")
    check_reach(problem, 1, MAX_NODES)


# ---- the answer ------------------------------------------------------------------------------------------------------------------


def _infeasible(search: Search) -> ExactAnswer:
    reason = "the function is defined nowhere in the range"
    return ExactAnswer(NAME, Status.INFEASIBLE, Assurance.EXACT, reason=reason, seconds=search.seconds)


def _answer(search: Search, candidates: list[Candidate], best: list[Candidate]) -> ExactAnswer:
    if any(c.value is MINUS_INFINITY for c in best):
        return _unbounded(search, best)
    proved = not search.doubts and all(c.proved for c in candidates)
    if not best:
        if proved:
            return _infeasible(search)
        raise NotApplicable(search.doubts[0])
    if not proved:
        return _local(search, candidates, best)
    attained = [c for c in best if c.attained]
    if not attained:
        return _built(search, Status.NOT_ATTAINED, Assurance.EXACT, best, complete=True)
    complete = not search.undecided and not any(c.constant for c in attained)
    if search.undecided or not any(isinstance(c.value, Node) for c in attained):
        return _certified(search, attained, complete)
    return _built(search, Status.OPTIMAL, Assurance.EXACT, attained, complete)


def _certified(search: Search, best: list[Candidate], complete: bool) -> ExactAnswer:
    """The answer without a formula: the least of these values, which may all be equal, is the minimum."""
    bits = int(search.digits * 3.33) + 24
    boxes = [real_enclosure(c.value, bits) for c in best]
    least = Enclosure(min(b.lower for b in boxes), min(b.upper for b in boxes), True)
    value = least if search.problem.sense == "minimize" else Enclosure(*_negated(least), True)
    return ExactAnswer(
        NAME,
        Status.OPTIMAL,
        Assurance.CERTIFIED,
        None,
        midpoint(value),
        decimals(value, max(search.digits, 10)),
        tuple(_solution(search, c, complete and len(best) == 1) for c in best),
        complete,
        search.without_formula if not search.undecided else "it can't be decided whether the values at several points are equal",
        search.seconds,
    )


def _negated(value: Enclosure) -> tuple[arb, arb]:
    with ctx.workprec(100_000):
        return -value.upper, -value.lower


def _unbounded(search: Search, best: list[Candidate]) -> ExactAnswer:
    infinite, moves = ("-inf", "falls") if search.problem.sense == "minimize" else ("inf", "grows")
    solutions = tuple(_solution(search, c, False) for c in best)
    reason = f"it {moves} without bound as {search.variable.name} -> {shown_point(best[0].at)}"
    return ExactAnswer(NAME, Status.UNBOUNDED, Assurance.EXACT, infinite, None, None, solutions, False, reason, search.seconds)


def _local(search: Search, candidates: list[Candidate], best: list[Candidate]) -> ExactAnswer:
    """The best point that is known, if no limit that is known lies lower."""
    points = [c for c in best if c.attained and not c.constant and isinstance(c.value, Node)]
    reason = "; ".join(dict.fromkeys(search.doubts)) or "a formula could not be verified in f'(x) = 0"
    if not points or _is_undercut(search, points[0]):
        return ExactAnswer(NAME, Status.UNKNOWN, Assurance.NONE, reason=reason, seconds=search.seconds)
    return _built(search, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, points, False, reason)


def _is_undercut(search: Search, best: Candidate) -> bool:
    """Whether the function is lower at one of some sample points, so that the best candidate would mislead."""
    evaluate = function([search.minimand], [search.variable])
    assert isinstance(best.value, Node)
    value = as_float(best.value)
    margin = 1e-9 * max(1.0, abs(value))
    return any(evaluate(x)[0] < value - margin for piece in search.pieces for x in _samples(piece.place))


def _samples(place: Place) -> list[float]:
    """Points of a place, dense near a finite end, far out towards an infinite one."""
    low, high = (as_float(e) if e not in (INFINITY, MINUS_INFINITY) else None for e in (place.lower, place.upper))
    steps = [2.0**k for k in range(-20, 21)]
    if low is not None and high is not None:
        return [low + (high - low) * k / 200 for k in range(1, 200)] + [low + (high - low) * s for s in steps if s < 1]
    return [low + s for s in steps] if low is not None else [high - s for s in steps] if high is not None else [-s for s in steps] + steps


def _preliminary(search: Search, candidates: list[Candidate]) -> ExactAnswer:
    """The lowest of the points so far, before anything about it is proved."""
    points = [c for c in candidates if c.attained and isinstance(c.value, Node)]
    if not points:
        return ExactAnswer(NAME, Status.UNKNOWN, Assurance.NONE, reason="the search is not finished")
    lowest = min(points, key=lambda c: as_float(c.value) if isinstance(c.value, Node) else 0.0)
    return _built(search, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, [lowest], False, "the search is not finished")


def _built(
    search: Search, status: Status, assurance: Assurance, best: list[Candidate], complete: bool, reason: str | None = None
) -> ExactAnswer:
    value = _value(search, best)
    solutions = tuple(_solution(search, c, complete and len(best) == 1) for c in best)
    return ExactAnswer(
        NAME,
        status,
        assurance,
        text(value),
        as_float(value),
        enclosure(value, search.digits),
        solutions,
        complete and status is Status.OPTIMAL,
        reason,
        search.seconds,
    )


def _value(search: Search, best: list[Candidate]) -> Node:
    """The value of the user's objective as the shortest formula that the candidates give."""
    sign = 1 if search.problem.sense == "minimize" else -1
    formulas = [c.value for c in best if isinstance(c.value, Node)]
    return min((search.shortest(multiply(sign, v)) for v in formulas[:MAX_VALUES]), key=lambda node: len(text(node)))


def _solution(search: Search, candidate: Candidate, unique: bool) -> ExactSolution:
    if candidate.at in (INFINITY, MINUS_INFINITY):
        return ExactSolution(None, None, None, "limit", unique, None)
    if isinstance(candidate.at, EnclosedRoot):
        return _enclosed_solution(search, candidate.at, candidate.kind, unique)
    return replace(solution_at(search.problem, candidate.at, candidate.kind, search.digits), unique=unique)


def solution_at(problem: Problem, at: Node, kind: str, digits: int) -> ExactSolution:
    """Return the solution at a formula, not said to be the only one."""
    name = problem.variables[0].name
    if functions(at) & _LAMBERT and not functions(plain := simplified(at)) & _LAMBERT:  # W(2*exp(2)) is 2
        at = plain
    return ExactSolution({name: as_float(at)}, {name: text(at)}, {name: enclosure(at, digits)}, kind, False, facts(at))


def _enclosed_solution(search: Search, at: EnclosedRoot, kind: str, unique: bool) -> ExactSolution:
    name, box = search.variable.name, at.enclosure(int(search.digits * 3.33) + 24)
    none = FormulaFacts("not_found", reason=search.without_formula)
    return ExactSolution({name: midpoint(box)}, None, {name: decimals(box, max(search.digits, 10))}, kind, unique, none)
