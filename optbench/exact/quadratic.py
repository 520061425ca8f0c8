"""Convex quadratic functions of several numbers with rational coefficients: the minimum from one linear system.

f(x) = x'Qx/2 + b'x + c with Q positive definite has its minimum where Qx = -b; it is the global one on every range that
holds this point. Definiteness is decided exactly, by the signs of the pivots.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("x^2 + x*y + y^2 - 3*x")), open_names=True)).value_exact
'-3'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from optbench.arithmetic.balls import compare
from optbench.exact.answer import ExactAnswer, ExactSolution, NotApplicable
from optbench.exact.numbers.formula import as_float, enclosure, facts_of_point
from optbench.exact.numbers.identities import normal
from optbench.exact.numbers.sums import TooLarge
from optbench.exact.reach import check_reach
from optbench.language.build import number, substitute
from optbench.language.graph import GraphError, Node, Symbol
from optbench.language.text import text
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

NAME = "quadratic"
MAX_UNKNOWNS = 30
MAX_NODES = 2_000


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the minimum of a strictly convex quadratic function that lies inside the range; raise `NotApplicable` for others."""
    unknowns = _unknowns(problem)
    matrix, linear = _coefficients(problem.minimand, unknowns)
    if not _is_positive_definite(matrix):
        raise NotApplicable("the function is not strictly convex and quadratic")
    solved = matrix.solve(fmpq_mat(len(unknowns), 1, [-fmpq(b.numerator, b.denominator) for b in linear]))
    at = [Fraction(int(solved[i, 0].p), int(solved[i, 0].q)) for i in range(len(unknowns))]
    if not all(_is_inside(v, variable.ranges[0]) for v, variable in zip(at, problem.variables, strict=True)):
        raise NotApplicable("the stationary point of the quadratic function lies outside the range")
    return _answer(problem, unknowns, [number(v) for v in at], digits)


def _unknowns(problem: Problem) -> list[Symbol]:
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES)
    if problem.domain:
        raise NotApplicable("the function is not a polynomial")
    return problem.symbols


def _coefficients(function: Node, unknowns: Sequence[Symbol]) -> tuple[Any, list[Fraction]]:
    """Return Q and b of f = x'Qx/2 + b'x + c."""
    try:
        form = normal(function)
    except (TooLarge, GraphError):
        raise NotApplicable("the function is too long to be written out") from None
    if any(monomial for monomial in form.bottom):
        raise NotApplicable("the function is not quadratic")
    scale = form.bottom[frozenset()]
    matrix, linear = fmpq_mat(len(unknowns), len(unknowns)), [Fraction(0)] * len(unknowns)
    for monomial, c in form.top.items():
        if any(not isinstance(atom, Symbol) or e not in (1, 2) for atom, e in monomial) or sum(e for _, e in monomial) > 2:
            raise NotApplicable("the function is not quadratic with rational coefficients")
        places = [unknowns.index(atom) for atom, e in monomial if isinstance(atom, Symbol) for _ in range(int(e))]
        value = c / scale
        if len(places) == 1:
            linear[places[0]] += value
        elif places:
            i, j = places
            matrix[i, j] += fmpq(value.numerator, value.denominator)
            matrix[j, i] += fmpq(value.numerator, value.denominator)
    return matrix, linear


def _is_positive_definite(matrix: Any) -> bool:
    """Sylvester's criterion: all leading principal minors are positive."""
    rows = matrix.tolist()
    return all(fmpq_mat([row[:k] for row in rows[:k]]).det() > 0 for k in range(1, len(rows) + 1))


def _is_inside(value: Fraction, interval: Interval) -> bool:
    low, high = compare(interval.lower, number(value)), compare(number(value), interval.upper)
    return (low == -1 or (low == 0 and interval.lower_closed)) and (high == -1 or (high == 0 and interval.upper_closed))


def _answer(problem: Problem, unknowns: Sequence[Symbol], at: Sequence[Node], digits: int) -> ExactAnswer:
    value = substitute(problem.objective, dict(zip(unknowns, at, strict=True)))
    names = [s.name for s in unknowns]
    solution = ExactSolution(
        {name: as_float(v) for name, v in zip(names, at, strict=True)},
        {name: text(v) for name, v in zip(names, at, strict=True)},
        {name: enclosure(v, digits) for name, v in zip(names, at, strict=True)},
        "interior",
        True,
        facts_of_point(at),
    )
    return ExactAnswer(
        NAME, Status.OPTIMAL, Assurance.EXACT, text(value), as_float(value), enclosure(value, digits), (solution,), True, None, {}
    )
