"""Periodic functions of one unknown on an infinite range: solved on one period, the minimisers given as families.

Where the unknown stands only inside of sines, cosines and tangents of a*x + b, with rates a that are rational multiples of
each other, the function has a common period P (2*pi over the greatest common divisor of the rates; a tangent counts with
twice its rate), and so has the set where it is defined. Every value is taken in each interval of length P that holds one
of its ends. So the minimisers are those of one such interval in the range, and all their translates by multiples of P
that lie in the range. A smaller period P/n is used where the normal form proves that f(x + P/n) = f(x), and that both are
defined at the same points.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("sin(x)^4 + cos(x)^4")), open_names=True))
>>> answer.value_exact, answer.solutions[0].exact, answer.solutions[0].family
('1/2', {'x': 'pi*k/2 + pi/4'}, {'k': 'integer'})
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from optbench.exact import univariate
from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.exact.line.search import MAX_NODES
from optbench.exact.numbers.atoms import by_powers
from optbench.exact.numbers.identities import normal, simplified
from optbench.exact.numbers.sums import ONE, Monomial, Quotient, Sum, TooLarge, product_node, sign_of
from optbench.exact.reach import check_reach
from optbench.language.build import add, call, constant, divide, multiply, number, power, rebuild, substitute, subtract, symbol
from optbench.language.domain import natural_domain
from optbench.language.elaborate import parse
from optbench.language.graph import Call, GraphError, Node, Symbol, symbols, topological
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "periodic"
_WAVES = {"sin": 1, "cos": 1, "tan": 2}
_WINDOWS = (Fraction(1, 2), Fraction(7, 16), Fraction(5, 16), Fraction(11, 32))  # where the period begins, as a part of it
_LETTERS = ("k", "n", "m", "j")

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the minimum of a periodic function on an infinite range; raise `NotApplicable` for other problems."""
    interval, period = _range_and_period(problem)
    return _with_families(problem, interval, period, digits, send)


def one_period(problem: Problem) -> tuple[Problem, Node]:
    """Return the problem on one period of its range, and the period; raise `NotApplicable` where it has none."""
    interval, period = _range_and_period(problem)
    return _on(problem, next(_windows(interval, period))), period


def _range_and_period(problem: Problem) -> tuple[Interval, Node]:
    check_reach(problem, 1, MAX_NODES)
    if problem.dimension != 1:
        raise NotApplicable("there is no unknown")
    [variable] = problem.variables
    interval = variable.ranges[0]
    if interval.is_bounded:
        raise NotApplicable("the range is bounded")
    try:
        return interval, _least_period(problem.minimand, variable.symbol)
    except (TooLarge, GraphError):
        raise NotApplicable("no period of the function was found") from None


# ---- the period ---------------------------------------------------------------------------------------------------------------


def _least_period(function: Node, x: Symbol) -> Node:
    period = _common_period(function, x)
    smooth = _without_bars(function)
    form = normal(smooth)
    defined = _conditions(function, x, number(0))
    for n in (2, 2, 3, 5):
        shorter = simplified(divide(period, n))
        if normal(substitute(smooth, {x: add(x, shorter)})) == form and _conditions(function, x, shorter) == defined:
            period = shorter
    return period


def _conditions(function: Node, x: Symbol, shift: Node) -> list[tuple[str, Quotient]]:
    """Where f(x + shift) is defined: comparisons of normal forms with 0, in an order that does not depend on the shift."""
    found = []
    for c in natural_domain(function):
        if not isinstance(c, Call) or len(c.args) != 2:
            raise TooLarge
        residual = _without_bars(substitute(subtract(*c.args), {x: add(x, shift)}))
        found.append((c.function, normal(power(residual, 2) if c.function == "not_equal" else residual)))
    return found


def _common_period(function: Node, x: Symbol) -> Node:
    if x not in symbols(function):
        raise NotApplicable("the function is constant")
    period, outside = period_of_waves(function, x)
    if x in outside:
        raise NotApplicable("the unknown does not stand in sines, cosines and tangents only")
    return period


def period_of_waves(function: Node, x: Symbol) -> tuple[Node, list[Node]]:
    """Return 2*pi over the greatest common divisor of the rates, and all nodes that are in no wave, the waves themselves with them."""
    outside = topological(function, enter=lambda n: () if _wave_rate(n, x) is not None else n.args)
    rates = [(rate, _WAVES[n.function]) for n in outside if isinstance(n, Call) and (rate := _wave_rate(n, x)) is not None]
    if not rates:
        raise NotApplicable("the function has no waves")
    if len({monomial for (monomial, _), _ in rates}) != 1:
        raise NotApplicable("the periods of two parts have no common multiple")
    [monomial] = {m for (m, _), _ in rates}
    values = [abs(c) * weight for (_, c), weight in rates]
    bottom = lcm(*(v.denominator for v in values))
    common = Fraction(gcd(*(int(v * bottom) for v in values)), bottom)
    period = simplified(divide(multiply(2, constant("pi")), product_node(common, monomial, [])))
    sign = sign_of(period)
    if sign is None:
        raise NotApplicable("the sign of a period is not known")
    return simplified(multiply(sign, period)), list(outside)


def is_wave(node: Node, x: Symbol) -> bool:
    """Whether a node is a sine, cosine or tangent of a linear function of x."""
    return _wave_rate(node, x) is not None


def _wave_rate(wave: Node, x: Symbol) -> tuple[Monomial, Fraction] | None:
    """m, c for a sine, cosine or tangent of c*m*x + b."""
    if not isinstance(wave, Call) or wave.function not in _WAVES or x not in symbols(wave):
        return None
    form = normal(wave.args[0])
    powers: dict[tuple[Fraction, ...], Sum] = by_powers(form.top, [x])
    linear = powers.get((Fraction(1),), {})
    rest = [atom for terms in powers.values() for monomial in terms for atom, _ in monomial]
    if form.bottom != ONE or not powers.keys() <= {(Fraction(0),), (Fraction(1),)} or len(linear) != 1 or x in symbols(*rest):
        return None
    [(monomial, c)] = linear.items()
    return monomial, c


def _without_bars(function: Node) -> Node:
    """The function with sqrt(u^2) for |u|, of which the normal form knows more."""
    done: dict[Node, Node] = {}
    for node in topological(function):
        if isinstance(node, Call):
            args = tuple(done[a] for a in node.args)
            done[node] = call("sqrt", power(args[0], 2)) if node.function == "abs" else rebuild(node, args)
        else:
            done[node] = node
    return done[function]


# ---- one period, and the others ---------------------------------------------------------------------------------------------------


def _with_families(problem: Problem, interval: Interval, period: Node, digits: int, send: Send | None) -> ExactAnswer:
    for window in _windows(interval, period):
        answer = univariate.solve(_on(problem, window), digits)
        if answer.status is not Status.OPTIMAL:
            return replace(answer, strategy=NAME)
        begins = text(window.lower)
        if interval.is_bounded or not any(s.exact and begins in s.exact.values() for s in answer.solutions):
            break
        if interval.lower is not MINUS_INFINITY or interval.upper is not INFINITY:
            break
    side = 0 if interval.lower is MINUS_INFINITY and interval.upper is INFINITY else 1 if interval.upper is INFINITY else -1
    solutions = tuple(_family(problem, s, period, side, digits) for s in answer.solutions)
    complete = answer.complete and all(s.family for s in solutions)
    return replace(answer, strategy=NAME, solutions=solutions, complete=complete)


def _windows(interval: Interval, period: Node) -> Iterator[Interval]:
    """Intervals of one period in the range, each with one of its ends."""
    if interval.lower is not MINUS_INFINITY:
        upper = simplified(add(interval.lower, period))
        yield Interval(interval.lower, upper, interval.lower_closed, not interval.lower_closed)
    elif interval.upper is not INFINITY:
        lower = simplified(subtract(interval.upper, period))
        yield Interval(lower, interval.upper, not interval.upper_closed, interval.upper_closed)
    else:
        for part in _WINDOWS:
            lower, upper = (simplified(multiply(p, period)) for p in (-part, 1 - part))
            yield Interval(lower, upper, True, False)


def _on(problem: Problem, window: Interval) -> Problem:
    return replace(problem, variables=(replace(problem.variables[0], ranges=(window,), starts=()),))


def _family(problem: Problem, solution: ExactSolution, period: Node, side: int, digits: int) -> ExactSolution:
    """A minimiser and its translates; the point is the one nearest to 0, or to the end of the range."""
    if solution.exact is None:
        return replace(solution, unique=False)
    x = problem.variables[0].symbol
    first = parse(solution.exact[x.name]).node
    if not side and sign_of(subtract(first, divide(period, 2))) == 1:
        first = simplified(subtract(first, period))
    letter = next(name for name in _LETTERS if name != x.name)
    formula = add(_times(period, symbol(letter, integer=True), side), first)
    moved = univariate.solution_at(problem, first, solution.kind, digits)
    kind = "integer" if not side else "nonnegative integer"
    return replace(moved, exact={x.name: text(formula)}, family={letter: kind}, first=moved.exact)


def _times(period: Node, k: Symbol, side: int) -> Node:
    """2*pi*k, pi*k/2, -2*pi*k."""
    form = normal(period)
    sign = -1 if side < 0 else 1
    if form.bottom != ONE or len(form.top) != 1:
        return multiply(sign, k, period)
    [(monomial, c)] = form.top.items()
    return divide(multiply(sign * c.numerator, product_node(Fraction(1), monomial, []), k), c.denominator)
