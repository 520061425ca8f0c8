"""Convex problems: a minimiser found numerically, its coordinates recognised as formulas, and these proved to be it.

Nothing numerical is trusted. Newton's method on an augmented Lagrange function, with kinks rounded off, finds the minimiser
to a few digits and which conditions and kinks hold there; Newton's method on the equations of Karush, Kuhn and Tucker in
balls then gives hundreds of bits. From these each coordinate is recognised as a rational or algebraic number, as a
logarithm or exponential of one, or as a solution of a stationarity equation that is left with one unknown. A point of
such formulas is the answer only if `convexity` proves that it is a global minimiser: the function and the conditions are
convex, and the conditions for a minimum hold exactly.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("exp(x + y) + x^2 + y^2")), open_names=True)).solutions[0].exact
{'x': '-lambertw(1)/2', 'y': '-lambertw(1)/2'}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, ctx

from optbench.arithmetic import NoReading
from optbench.arithmetic.balls import Enclosure, evaluator
from optbench.arithmetic.floats import function
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.numbers.simplest_fraction import simplest
from optbench.exact.numbers.sums import sign_of
from optbench.exact.programs.augmented_lagrangian import Numerical, Values, newton_step
from optbench.exact.programs.convex_program import ConvexProgram, box_of, choices_of, convex_program
from optbench.exact.programs.recognized_formulas import BITS, FREE, SURE, Near, formula_points
from optbench.exact.programs.subgradients import certify, pivots
from optbench.exact.quadratic_program import satisfies, with_value
from optbench.exact.reach import check_reach
from optbench.exact.several import conditions, optimal
from optbench.language.build import add, call, multiply, negate, number, power, rebuild, subtract, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.graph import Call, GraphError, Node, Symbol, symbols, topological
from optbench.problem.problem import Problem

NAME = "convex"
MAX_UNKNOWNS = 10
MAX_NODES = 600
_POLISHING = 40  # steps of Newton's method in balls
_PINNED = 100  # coordinates up to this are set to a simple number where the minimiser is not the only one
_NEAR = 1e-5  # a kink as close as this is taken for one
_ACTIVE = 1e-6  # a condition as close as this is taken for one that holds tightly

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the proved minimum of a convex problem; raise `NotApplicable` where it is not convex or no formula is found."""
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES, constraints=True)
    return minimised(problem, convex_program(problem), NAME, digits)


def minimised(problem: Problem, program: ConvexProgram, name: str, digits: int, logarithmic: bool = False) -> ExactAnswer:
    """Return the proved minimum of a problem by its convex program, which is one in the logarithms of the unknowns where
    `logarithmic`; raise `NotApplicable` where none is found."""
    try:
        x = Numerical(program, box_of(problem), logarithmic).minimiser()
        for point in formula_points(_polished(program, problem.symbols, x)):
            proof = certify(program, point) if satisfies(problem, conditions(problem), point) else None
            if proof is not None and (not logarithmic or all(sign_of(v) == 1 for v in point.values())):
                return optimal(with_value(problem, point), name, [point], proof.unique, digits, [proof.kind])
    except (GraphError, NotDifferentiable, NoReading, OverflowError) as error:
        raise NotApplicable(str(error)) from None
    raise NotApplicable("no formula for the minimiser was found and verified")


# ---- many digits ---------------------------------------------------------------------------------------------------------------


def _polished(program: ConvexProgram, unknowns: Sequence[Symbol], x: Sequence[float]) -> Near:
    """The minimiser in many bits, from the conditions and kinks that are close at x."""
    at = dict(zip(unknowns, x, strict=True))
    smooth, level = _resolved(program.objective, at)
    for g in program.inequalities:
        inner, more = _resolved(g, at)
        if _number_at(inner, at) > -_ACTIVE:
            level += [inner, *more]
    level += [_resolved(h, at)[0] for h in program.equalities]
    found = _stationary(smooth, level, at)
    pins = (subtract(s, _simple_near(v)) for s, v in at.items() if abs(v) < _PINNED)
    while found is None and (pin := next(pins, None)) is not None:
        found = _stationary(smooth, [*level, pin], at, True)
    return found or Near({s: arb(v) for s, v in at.items()}, smooth, level, 12)


def _simple_near(value: float) -> Fraction:
    """A simple number of the same sign next to a number."""
    ends = sorted((Fraction(value) * Fraction(4, 5), Fraction(value) * Fraction(5, 4)))
    return simplest(*ends) if abs(value) > 1e-3 else Fraction(0)


def _stationary(smooth: Node, level: Sequence[Node], at: Mapping[Symbol, float], pinned: bool = False) -> Near | None:
    """The stationary point next to a point on the set where functions are 0; with `pinned` the last one is not needed."""
    unknowns = list(at)
    slopes = {h: [_number_at(g, at) for g in gradient(h, unknowns)] for h in dict.fromkeys(level)}
    kept = [list(slopes)[i] for i in sorted(i for i, _ in pivots(list(slopes.values())))]
    duals = [symbol(f"multiplier{k}'") for k in range(len(kept))]
    lagrangian = add(smooth, *(multiply(m, h) for m, h in zip(duals, kept, strict=True)))
    guess = _dual_guess([_number_at(g, at) for g in gradient(smooth, unknowns)], [slopes[h] for h in kept])
    found = _newton_in_balls([*gradient(lagrangian, unknowns), *kept], [*unknowns, *duals], [*at.values(), *guess])
    room = _PINNED if pinned else 1e-2
    if found is None or any(abs(float(v) - a) > room * (1 + abs(a)) for v, a in zip(found, at.values(), strict=False)):
        return None
    if pinned and abs(found[-1]) > arb(2) ** (FREE - SURE):
        return None
    return Near(dict(zip(unknowns, found, strict=False)), smooth, kept, SURE)


def _number_at(node: Node, at: Mapping[Symbol, float]) -> float:
    return function([node], list(at))(*at.values())[0]


def _resolved(root: Node, at: Mapping[Symbol, float]) -> tuple[Node, list[Node]]:
    """The expression without its kinks, and what is 0 at those that lie close to the point."""
    done: dict[Node, Node] = {}
    level: list[Node] = []
    for node in topological(root):
        done[node] = node
        if isinstance(node, Call):
            done[node] = _resolved_call(rebuild(node, tuple(done[a] for a in node.args)), at, level)
    return done[root], level


def _resolved_call(node: Node, at: Mapping[Symbol, float], level: list[Node]) -> Node:
    if not isinstance(node, Call) or not symbols(node):
        return node
    if node.function in ("sqrt", "hypot") and abs(_number_at(node, at)) < _NEAR:
        squares = node.args if node.function == "hypot" else _terms(node.args[0])
        level.extend(a.args[0] if isinstance(a, Call) and a.function == "power" else a for a in squares)
        return number(0)
    if node.function == "hypot":
        return call("sqrt", add(*(power(a, 2) for a in node.args)))
    if node.function == "minimum":
        return negate(_best([negate(a) for a in node.args], at, level))
    choices = choices_of(node)
    return node if choices is None else _best(choices, at, level)


def _best(choices: Sequence[Node], at: Mapping[Symbol, float], level: list[Node]) -> Node:
    values = [_number_at(u, at) for u in choices]
    best = values.index(max(values))
    level.extend(
        subtract(u, choices[best]) for i, (u, v) in enumerate(zip(choices, values, strict=True)) if i != best and v > values[best] - _NEAR
    )
    return choices[best]


def _terms(node: Node) -> tuple[Node, ...]:
    return node.args if isinstance(node, Call) and node.function == "add" else (node,)


def _dual_guess(slope: Sequence[float], rows: Sequence[Sequence[float]]) -> list[float]:
    """The multipliers with the least sum of squares of slope + sum of m_k*row_k."""
    gram = [[sum(a * b for a, b in zip(r, q, strict=True)) for q in rows] for r in rows]
    right = [sum(a * b for a, b in zip(r, slope, strict=True)) for r in rows]
    return newton_step(Values(0.0, right, gram)) if rows else []


def _newton_in_balls(equations: Sequence[Node], unknowns: Sequence[Symbol], start: Sequence[float]) -> list[arb] | None:
    """A solution in `BITS` bits, None where Newton's method does not lead there."""
    m = len(unknowns)
    run = evaluator([*equations, *(g for e in equations for g in gradient(e, unknowns))], unknowns)
    with ctx.workprec(BITS):
        z = [arb(v) for v in start]
        for _ in range(_POLISHING):
            values = run([Enclosure(v, v, True) for v in z], BITS)
            if not all(v.is_bounded for v in values):
                return None
            middles = [((v.lower + v.upper) / 2).mid() for v in values]
            try:
                step = arb_mat(m, m, middles[m:]).solve(arb_mat(m, 1, middles[:m]))
            except ZeroDivisionError:
                return None
            z = [(a - step[i, 0]).mid() for i, a in enumerate(z)]
            if all(abs(step[i, 0]) < arb(2) ** -SURE * (1 + abs(a)) for i, a in enumerate(z)):
                return z
    return None
