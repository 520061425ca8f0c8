"""Functions of one unknown that are unbounded because a wave in them grows, such as x*sin(x) and exp(x)*cos(2*x) - x.

Let P be a common period of all waves in f: sines, cosines and tangents of linear functions of x. Along the points t + k*P,
with whole k, each wave keeps its value at t, so that f is there a function of x without waves. If that tends to minus
infinity for one t, then f is unbounded below.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("x*sin(x) + 3*x")), open_names=True))
>>> answer.status.value, answer.reason
('unbounded', 'it falls without bound along x = 2*pi*k for k -> -inf')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from optbench.arithmetic.balls import decide
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.line.limits import Indeterminate, limit, sign_towards
from optbench.exact.line.search import MAX_NODES
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import TooLarge
from optbench.exact.periodic import is_wave, period_of_waves
from optbench.exact.reach import check_reach
from optbench.exact.several import unbounded
from optbench.language.build import add, divide, multiply, substitute, subtract, symbol
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, GraphError, Node, Symbol, symbols
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Problem

NAME = "oscillating"
_PHASES = 24  # places in the period that are tried

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return that the function is unbounded; raise `NotApplicable` where no wave shows it."""
    check_reach(problem, 1, MAX_NODES)
    if problem.dimension != 1 or problem.constraints:
        raise NotApplicable("there are constraints")
    [variable] = problem.variables
    interval = variable.ranges[0]
    ends = [end for end in (INFINITY, MINUS_INFINITY) if end in (interval.lower, interval.upper)]
    if not ends:
        raise NotApplicable("the range is bounded")
    try:
        period, outside = period_of_waves(problem.minimand, variable.symbol)
    except (TooLarge, GraphError):
        raise NotApplicable("no period of the waves was found") from None
    waves = [node for node in outside if is_wave(node, variable.symbol)]
    conditions = natural_domain(problem.minimand)
    for k in sorted(range(_PHASES), key=lambda k: (4 % Fraction(k, _PHASES).denominator, k)):
        phase = simplified(multiply(divide(period, _PHASES), k))
        for end in ends:
            if _falls(problem.minimand, conditions, waves, variable.symbol, phase, end):
                return unbounded(problem, NAME, _path(variable.symbol, phase, period, end))
    raise NotApplicable("the function does not fall along any of the sequences that were tried")


def _falls(function: Node, conditions: Sequence[Node], waves: list[Node], x: Symbol, phase: Node, end: Node) -> bool:
    """Whether the function, with its waves as they are at the phase, is defined far out and tends to minus infinity."""
    try:
        fixed = {wave: simplified(substitute(wave, {x: phase})) for wave in waves}
        if not all(_holds_far_out(substitute(c, fixed), x, end) for c in conditions):
            return False
        return limit(substitute(function, fixed), x, end, -1 if end is INFINITY else 1) is MINUS_INFINITY
    except (Indeterminate, GraphError, NotApplicable):
        return False


def _holds_far_out(condition: Node, x: Symbol, end: Node) -> bool:
    if not isinstance(condition, Call) or condition.function not in ("greater", "greater_equal", "not_equal"):
        return decide(condition, {}) is True if x not in symbols(condition) else False
    sign = sign_towards(subtract(*condition.args), x, end, -1 if end is INFINITY else 1)
    return sign > 0 or (sign != 0 and condition.function == "not_equal")


def _path(x: Symbol, phase: Node, period: Node, end: Node) -> str:
    at = add(multiply(period, symbol("k" if x.name != "k" else "n")), phase)
    return f"along {x.name} = {text(at)} for {'k' if x.name != 'k' else 'n'} -> {text(end)}"
