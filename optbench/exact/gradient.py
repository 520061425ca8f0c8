"""Stationary points of smooth functions of a few numbers from SymPy: verified formulas, but no proof that they are the minimum.

Every point that `solve` finds for grad f = 0 is translated back, verified in all equations by the zero test of
`identities`, and kept if it lies inside the range. The lowest of them is given, as `local`, unless a sample of the range
shows a lower value.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("exp(x) - x + (x - y)^2")), open_names=True)).value_exact
'1'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, product
from typing import Any, TypeAlias

from optbench.arithmetic import NoReading
from optbench.arithmetic.balls import compare, enclose
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.exact.line.pieces import Undecided, Undefined, hull, truth
from optbench.exact.line.pieces import point as place_of
from optbench.exact.numbers.formula import as_float, enclosure, facts_of_point
from optbench.exact.numbers.identities import is_zero, simplified
from optbench.exact.reach import check_reach
from optbench.language.build import substitute
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.functions import TABLE
from optbench.language.graph import GraphError, Node, functions
from optbench.language.text import text
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

NAME = "gradient"
MAX_UNKNOWNS = 3  # systems of more equations rarely end within the time of the exact stage
MAX_NODES = 300
MAX_POINTS = 60
MAX_SAMPLES = 20_000

Point: TypeAlias = dict[Node, Node]  # a formula for each unknown


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the lowest stationary point, as local; raise `NotApplicable` where there is none or the problem is of another kind."""
    _check(problem)
    try:
        equations = gradient(problem.minimand, problem.symbols)
        found = [p for p in _points(equations, problem) if _is_solution(equations, p, problem)]
        if not found:
            raise NotApplicable("no stationary point was found and verified")
        lowest = _lowest(problem, found)
    except (GraphError, NotDifferentiable) as error:
        raise NotApplicable(str(error)) from None
    return _answer(problem, lowest, digits)


def _check(problem: Problem) -> None:
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES)
    if problem.dimension == 1:
        raise NotApplicable("there is only one unknown")
    rough = sorted(f for f in functions(problem.objective) if not TABLE[f].smooth)
    if rough:
        raise NotApplicable(f"{rough[0]} has kinks or jumps, which in several unknowns no exact strategy follows yet")


def _points(equations: Sequence[Node], problem: Problem) -> list[Point]:
    import sympy

    from optbench.arithmetic.sympy_terms import from_sympy, to_sympy

    signs = {v.symbol: {"positive": True} if _is_positive(v.ranges[0]) else {"real": True} for v in problem.variables}
    unknowns = {s: sympy.Symbol(s.name, **sign) for s, sign in signs.items()}
    try:
        found = sympy.solve([to_sympy(g, unknowns) for g in equations], list(unknowns.values()), dict=True)
    except Exception:  # whatever SymPy's solvers fail with, there is no formula
        raise NotApplicable("no formula was found for the stationary points") from None
    points: list[Point] = []
    for solution in islice(found, MAX_POINTS):
        try:
            points.append({s: simplified(from_sympy(solution[unknown], {})) for s, unknown in unknowns.items()})
        except (NoReading, KeyError):
            continue
    return points


def _is_positive(interval: Interval) -> bool:
    return bool(hull(interval.lower, interval.upper).lower >= 0)


def _is_solution(equations: Sequence[Node], point: Point, problem: Problem) -> bool:
    """Whether the point lies strictly inside the range, the function is defined there, and the gradient is 0."""
    for variable in problem.variables:
        value = point[variable.symbol]
        interval = variable.ranges[0]
        if compare(interval.lower, value) != -1 or compare(value, interval.upper) != -1:
            return False
    place = place_of(problem.symbols[0], point[problem.symbols[0]])
    try:
        if not all(truth(substitute(c, point), place) for c in problem.domain):
            return False
    except (Undecided, Undefined, NotApplicable):
        return False
    return all(enclose([substitute(g, point)], {}, 64)[0].everywhere and is_zero(substitute(g, point)) is True for g in equations)


def _lowest(problem: Problem, found: Sequence[Point]) -> Point:
    """The point with the smallest value, if no sample of the range has a smaller one."""
    values = [as_float(substitute(problem.minimand, p)) for p in found]
    least = min(range(len(found)), key=values.__getitem__)
    evaluate = function([problem.minimand], problem.symbols)
    margin = 1e-9 * max(1.0, abs(values[least]))
    axes = [_samples(v.ranges[0]) for v in problem.variables]
    if any(evaluate(*x)[0] < values[least] - margin for x in islice(product(*axes), MAX_SAMPLES)):
        raise NotApplicable("the lowest stationary point that was found is not the minimum")
    return found[least]


def _samples(interval: Interval) -> list[float]:
    """Some numbers of a range, those nearest to 0 or an end first."""
    low, high = interval.floats
    steps = (0.0, 0.5, 1.0, 2.0, 10.0, 1000.0)
    if low == float("-inf") and high == float("inf"):
        return [0.0, *(s * v for v in steps[1:] for s in (1, -1))]
    if low == float("-inf"):
        return [high - v for v in steps]
    return [low + v for v in (1e-3, *steps)] if high == float("inf") else [low + (high - low) * k / 8 for k in range(9)]


def _answer(problem: Problem, point: Point, digits: int) -> ExactAnswer:
    value = simplified(substitute(problem.objective, point))
    solution = ExactSolution(
        {s.name: as_float(point[s]) for s in problem.symbols},
        {s.name: text(point[s]) for s in problem.symbols},
        {s.name: enclosure(point[s], digits) for s in problem.symbols},
        "interior",
        False,
        facts_of_point(point[s] for s in problem.symbols),
    )
    return ExactAnswer(
        NAME,
        Status.LOCALLY_OPTIMAL,
        Assurance.LOCAL,
        text(value),
        as_float(value),
        enclosure(value, digits),
        (solution,),
        False,
        "it is not proved that this stationary point is the minimum",
        stationary=True,
    )
