"""Linear least squares with arrays and data: the normal equations in fractions, which is the closed form that everybody is taught.

If f(x) = (A x + b)'W(A x + b) + c with a diagonal W >= 0, then f(x) - f(y) = (x - y)'A'W A(x - y) >= 0 for every y with A'W(A y + b) = 0.
So each such y is a global minimiser, it is the only one if A'W A is regular, and if it lies in the ranges it is one there, too. Data are
the decimal numbers that their doubles are written as. Without full rank free unknowns are set to 0, and other minimisers are said to exist.

>>> from optbench.problem.draft import Number, ParameterDraft, ProblemDraft, Text, VariableDraft
>>> from optbench.problem.validate import validated
>>> y = ParameterDraft(Text("y"), tuple(Number(Fraction(k)) for k in (1, 2, 4)))
>>> unknowns = (VariableDraft(Text("a")), VariableDraft(Text("b")))
>>> problem = validated(ProblemDraft("minimize", Text("sum((y - a - b*arange(0, 3))^2)"), variables=unknowns, parameters=(y,)))
>>> answer = solve(problem)
>>> answer.value_exact, answer.solutions[0].exact, answer.complete
('1/6', {'a': '5/6', 'b': '3/2'}, True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import islice
from math import isfinite, prod
from typing import Any

from flint import fmpq, fmpq_mat

from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts, NotApplicable
from optbench.exact.numbers.formula import as_float, enclosure
from optbench.language.build import broadcast, multiply, number, substitute
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.expand import all_entries
from optbench.language.graph import GraphError, Node, Number, Shape, Symbol
from optbench.language.linear import is_linear
from optbench.language.squares import SumOfSquares, sum_of_squares
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem
from optbench.result import Assurance, Status

NAME = "least_squares"
MAX_UNKNOWNS = 40
MAX_ENTRIES = 20_000  # of A
Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the minimum of a linear least-squares problem with arrays; raise `NotApplicable` for other problems."""
    squares = _squares(problem)
    try:
        A, b, W = _matrix(problem, squares)
    except (GraphError, NotDifferentiable) as error:
        raise NotApplicable(str(error)) from None
    y, unique = _minimiser(A, b, W)
    _check_ranges(problem, y)
    r = A * fmpq_mat([[v] for v in y]) + b
    if not all(isfinite(as_float(number(_fraction(v)))) for v in y):
        raise NotApplicable("the minimiser lies beyond the numbers of double precision")
    value = number(sum((_fraction(w * r[i, 0] ** 2) for i, w in enumerate(W)), Fraction(0)) + squares.offset)
    return ExactAnswer(
        NAME,
        Status.OPTIMAL,
        Assurance.EXACT,
        text(value),
        as_float(value),
        enclosure(value, digits),
        (_solution(problem, [number(_fraction(v)) for v in y], digits, unique),),
        unique,
    )


def _squares(problem: Problem) -> SumOfSquares:
    if not problem.has_arrays:
        raise NotApplicable("there are no arrays in it")
    if problem.sense != "minimize" or problem.constraints or problem.free_parameters:
        raise NotApplicable("it is no minimum of a linear least-squares problem without constraints")
    if any(v.symbol.integer for v in problem.variables):
        raise NotApplicable("whole-number unknowns are beyond the exact strategies so far")
    squares = sum_of_squares(problem.objective, problem.data)
    if squares is None or not all(is_linear(square.root, problem.symbols) for square in squares.squares):
        raise NotApplicable("arrays are beyond the exact strategies so far, but for linear least squares")
    rows = sum(prod(r.shape) for r in squares.residuals)
    if problem.dimension > MAX_UNKNOWNS or rows * problem.dimension > MAX_ENTRIES:
        raise NotApplicable(f"there are {rows:,} residuals of {problem.dimension:,} unknowns, more than are solved in fractions")
    return squares


# ---- in fractions ------------------------------------------------------------------------------------------------------------------


def _matrix(problem: Problem, squares: SumOfSquares) -> tuple[fmpq_mat, fmpq_mat, list[fmpq]]:
    """A and b of what is squared, A x + b, entry by entry, and the diagonal of W."""
    known, shapes = len(problem.symbols), [square.residual.shape for square in squares.squares]
    roots = [_spread(square.root, shape) for square, shape in zip(squares.squares, shapes, strict=True)]
    weights = [_spread(multiply(number(q.factor), q.weight), shape) for q, shape in zip(squares.squares, shapes, strict=True)]
    written = all_entries([*problem.symbols, *roots, *weights], problem.data)
    unknowns = [x for entries in written[:known] for x in entries if isinstance(x, Symbol)]
    linear, constant = (
        [entry for entries in part for entry in entries] for part in (written[known : -len(weights)], written[-len(weights) :])
    )
    nowhere: dict[Node, Node] = {x: number(0) for x in unknowns}
    A = [[_rational(slope) for slope in gradient(entry, unknowns)] for entry in linear]
    return fmpq_mat(A), fmpq_mat([[_rational(substitute(entry, nowhere))] for entry in linear]), list(map(_rational, constant))


def _spread(node: Node, shape: Shape) -> Node:
    return node if node.shape == shape else broadcast(node, shape)


def _rational(node: Node) -> fmpq:
    if not isinstance(node, Number):
        raise NotApplicable("its coefficients are not rational numbers")
    return fmpq(node.value.numerator, node.value.denominator)


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _minimiser(A: fmpq_mat, b: fmpq_mat, W: Sequence[fmpq]) -> tuple[list[fmpq], bool]:
    """A solution of A'W A x = -A'W b, and whether it is the only one."""
    n = A.ncols()
    T = fmpq_mat([[w * entry for entry in row] for w, row in zip(W, A.tolist(), strict=True)]).transpose()
    right = T * b
    reduced, rank = fmpq_mat([[*row, -right[i, 0]] for i, row in enumerate((T * A).tolist())]).rref()
    y = [fmpq(0)] * n
    for i in range(rank):
        pivot = next(j for j in range(n) if reduced[i, j] != 0)
        y[pivot] = reduced[i, n]
    return y, rank == n


# ---- the answer ------------------------------------------------------------------------------------------------------------------


def _check_ranges(problem: Problem, y: Sequence[fmpq]) -> None:
    values = iter(y)
    for variable in problem.variables:
        for interval, value in zip(variable.entry_ranges(), islice(values, variable.size), strict=True):
            if not _holds(interval, _fraction(value)):
                raise NotApplicable("the minimum without bounds does not satisfy them")


def _holds(interval: Interval, value: Fraction) -> bool:
    """Whether a number is seen to lie in an interval with rational ends."""
    low, high = interval.lower, interval.upper
    above = low is MINUS_INFINITY or (isinstance(low, Number) and (low.value < value or (low.value == value and interval.lower_closed)))
    below = high is INFINITY or (isinstance(high, Number) and (value < high.value or (value == high.value and interval.upper_closed)))
    return above and below


def _solution(problem: Problem, y: Sequence[Node], digits: int, unique: bool) -> ExactSolution:
    point = _shaped(problem, [as_float(v) for v in y])
    formulas, ends = _shaped(problem, [text(v) for v in y]), _shaped(problem, [list(enclosure(v, digits)) for v in y])
    return ExactSolution(point, formulas, ends, "interior", unique, FormulaFacts("found", "rational"))


def _shaped(problem: Problem, values: Sequence[Any]) -> dict[str, Any]:
    """One thing an unknown number, as nested lists in the variables' shapes."""
    rest = iter(values)
    return {v.name: _nested(list(islice(rest, v.size)), v.shape) for v in problem.variables}


def _nested(values: list[Any], shape: Sequence[int]) -> Any:
    if not shape:
        return values[0]
    step = prod(shape[1:])
    return [_nested(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]
