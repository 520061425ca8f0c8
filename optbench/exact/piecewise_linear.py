"""Functions made of pieces that are linear or quadratic, in several unknowns: abs, max, min, relu, sign and if of linear parts.

A convex one is minimised as a whole. Each max(u, v, ...) that enters with a positive factor, or into what does, is
replaced by a new unknown t with t >= u, t >= v, ...; the least t is the value that it stands for, so the quadratic program
in more unknowns (see `quadratic_program`) has the same minimum at the same points. abs(u) is max(u, -u), relu(u) is
max(u, 0), min(u, v) with a negative factor is a max, and the square of a t >= 0 rises with it.

Other functions are cut into pieces by the signs of what stands in abs, max, min, relu, sign and if. On each piece the
function is quadratic and the conditions linear; the least of the minima of all pieces is the minimum.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("abs(x + 2*y - 1) + abs(x - y)")), open_names=True)).solutions[0].exact
{'x': '1/3', 'y': '1/3'}

Source: S. Boyd, L. Vandenberghe, Convex Optimization (2004), section 4.3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any, NamedTuple

from flint import fmpq

from optbench.exact import quadratic_program
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.programs.complementarity import Curved, minimum
from optbench.exact.programs.rational_program import Polynomial, Program, Row, combined, linear_part, matrix_of, polynomial_of, rational
from optbench.exact.quadratic_program import answer_of, with_value
from optbench.exact.reach import check_reach
from optbench.exact.several import Condition, Point, conditions, infeasible, not_attained, optimal, part, points_of, value_of_minimand
from optbench.language.build import condition, negate, number, substitute
from optbench.language.graph import Call, Node, Number, functions, topological
from optbench.problem.problem import Problem
from optbench.result import Status

NAME = "piecewise_linear"
MAX_UNKNOWNS = 30
MAX_NODES = 2_000
MAX_KINKS = 60
MAX_PIECES = 128
_KINKS = {"abs", "maximum", "minimum", "relu", "sign", "if"}
_ONE = fmpq(1)


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the proved answer for a function of linear and quadratic pieces; raise `NotApplicable` for others."""
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES, constraints=True)
    if not functions(problem.minimand, *(c.condition for c in problem.constraints)) & _KINKS:
        raise NotApplicable("the function has no kinks")
    raised = _Raised(problem)
    objective = raised.above(problem.minimand, 1)
    if objective is not None:
        program, others = raised.program(objective)
        found = minimum(program)
        if not isinstance(found, Curved):
            try:
                return answer_of(problem, program, others, found, NAME, digits)
            except NotApplicable:
                if not others:
                    raise
    return _by_pieces(problem, digits)


# ---- convex functions ----------------------------------------------------------------------------------------------------------


class _Raised:
    """A problem with new unknowns for the values of convex functions with kinks."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.places = {s: i for i, s in enumerate(problem.symbols)}
        self.count = len(self.places)
        self.above_zero: list[Polynomial] = []  # what is >= 0, by the new unknowns
        self.known: dict[tuple[Node, int], Polynomial | None] = {}

    def program(self, objective: Polynomial) -> tuple[Program, list[Condition]]:
        """Return the program in all unknowns, and the conditions that are no part of it."""
        kept, others = [], []
        for c in conditions(self.problem):
            residual = polynomial_of(c.residual, self.places) if c.equality else self.above(c.residual, 1)
            if residual is None or _degree(residual) > 1:
                others.append(c)
            else:
                kept.append((residual, c))
        rows = [Row(linear_part(p, self.count), -p.get((), 0 * _ONE), c.equality, c.strict) for p, c in kept]
        rows += [Row([-a for a in linear_part(p, self.count)], p.get((), 0 * _ONE)) for p in self.above_zero]
        return Program(*matrix_of(objective, self.count), rows), others

    def above(self, node: Node, sign: int) -> Polynomial | None:
        """Return a polynomial whose least value, by the new unknowns, is sign*node; None where that is not seen to be
        convex."""
        if (node, sign) not in self.known:
            self.known[node, sign] = self._above(node, sign)
        return self.known[node, sign]

    def _above(self, node: Node, sign: int) -> Polynomial | None:
        plain = polynomial_of(node, self.places)
        if plain is not None:
            return combined([(sign * _ONE, plain)])
        if not isinstance(node, Call):
            return None
        match node.function:
            case "add":
                return self._sum([(sign, _ONE, a) for a in node.args])
            case "negate":
                return self.above(node.args[0], -sign)
            case "multiply" if sum(not isinstance(a, Number) for a in node.args) == 1:
                return self._multiple(node.args, sign)
            case "divide" if isinstance(node.args[1], Number) and node.args[1].value:
                return self._multiple((node.args[0], number(1 / node.args[1].value)), sign)
            case "power" if node.args[1] is number(2) and sign > 0:
                return self._square(node.args[0])
        choices = _choices(node)
        if choices is None or (sign > 0) == (node.function == "minimum"):
            return None
        return self._greatest([self.above(choice, sign) for choice in choices])

    def _sum(self, terms: Sequence[tuple[int, fmpq, Node]]) -> Polynomial | None:
        parts = [(factor, self.above(node, sign)) for sign, factor, node in terms]
        known = [(factor, p) for factor, p in parts if p is not None]
        return combined(known) if len(known) == len(parts) else None

    def _multiple(self, factors: Sequence[Node], sign: int) -> Polynomial | None:
        constant = Fraction(1)
        for factor in factors:
            constant *= factor.value if isinstance(factor, Number) else 1
        [node] = [factor for factor in factors if not isinstance(factor, Number)]
        return self._sum([(sign if constant > 0 else -sign, rational(abs(constant)), node)])

    def _square(self, node: Node) -> Polynomial | None:
        """The square of a value that is not negative."""
        choices = _choices(node)
        if choices is None or node.function == "minimum" or not _has_sign(node):  # type: ignore[attr-defined]
            return None
        inner = self.above(node, 1)
        if inner is None or len(inner) != 1:
            return None
        [(unknown, factor)] = inner.items()
        return {(*unknown, *unknown): factor * factor} if len(unknown) == 1 else None

    def _greatest(self, parts: Sequence[Polynomial | None]) -> Polynomial | None:
        """A new unknown that is at least each part."""
        known = [p for p in parts if p is not None and _degree(p) <= 1]
        if len(known) < len(parts) or len(self.above_zero) > 2 * MAX_KINKS:
            return None
        new: Polynomial = {(self.count,): _ONE}
        self.count += 1
        self.above_zero.extend(combined([(_ONE, new), (-_ONE, p)]) for p in known)
        return new


def _degree(polynomial: Polynomial) -> int:
    return max(map(len, polynomial), default=0)


def _choices(node: Node) -> tuple[Node, ...] | None:
    """The expressions of which the node is the greatest, or the smallest if it is a minimum."""
    match node:
        case Call(function="abs", args=(u,)) | Call(function="sqrt", args=(Call(function="power", args=(u, Number(value=2))),)):
            return u, negate(u)
        case Call(function="relu", args=(u,)):
            return u, number(0)
        case Call(function="maximum" | "minimum", args=choices):
            return choices
    return None


def _has_sign(node: Node) -> bool:
    """Whether the greatest of some choices is surely not negative."""
    choices = _choices(node) or ()
    return any(isinstance(u, Number) and u.value >= 0 for u in choices) or negate(choices[0]) in choices


# ---- by pieces -----------------------------------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """What stands for a function on a part of the space, and the conditions that say where that is."""

    stands: Node
    where: tuple[Node, ...]


def _by_pieces(problem: Problem, digits: int) -> ExactAnswer:
    roots = [problem.minimand, *(c.condition for c in problem.constraints)]
    kinks = [n for n in topological(*roots) if isinstance(n, Call) and n.function in _KINKS]
    pieces = [_pieces(kink) for kink in kinks]
    if prod(map(len, pieces)) > MAX_PIECES:
        raise NotApplicable(f"the function has more than {MAX_PIECES} pieces")
    answers = []
    for choice in product(*pieces):
        smooth = _smooth_part(problem, roots, kinks, choice)
        answers.append((smooth, quadratic_program.solve(smooth, digits)))
    return _least(problem, answers, digits)


def _smooth_part(problem: Problem, roots: Sequence[Node], kinks: Sequence[Node], choice: Sequence[Piece]) -> Problem:
    """The problem on the part of the space that a piece of each kink, the inner ones first, leaves."""
    values: dict[Node, Node] = {}
    bounds: list[Node] = []
    for kink, piece in zip(kinks, choice, strict=True):
        bounds.extend(substitute(c, values) for c in piece.where)
        values[kink] = substitute(piece.stands, values)
    minimand, *constraints = (substitute(root, values) for root in roots)
    return part(problem, minimand, constraints=[*constraints, *dict.fromkeys(bounds)])


def _pieces(kink: Call) -> list[Piece]:
    u = kink.args[0]
    match kink.function:
        case "abs":
            return [Piece(u, (condition("greater_equal", u, 0),)), Piece(negate(u), (condition("less_equal", u, 0),))]
        case "relu":
            return [Piece(u, (condition("greater_equal", u, 0),)), Piece(number(0), (condition("less_equal", u, 0),))]
        case "sign":
            relations = {1: "greater", 0: "equal", -1: "less"}
            return [Piece(number(s), (condition(relation, u, 0),)) for s, relation in relations.items()]
        case "if":
            test, yes, no = kink.args
            return [Piece(yes, (c,)) for c in _either(test, True)] + [Piece(no, (c,)) for c in _either(test, False)]
    relation = "greater_equal" if kink.function == "maximum" else "less_equal"
    return [Piece(a, tuple(condition(relation, a, b) for b in kink.args if b is not a)) for a in dict.fromkeys(kink.args)]


_OPPOSITE = {"less": "greater_equal", "less_equal": "greater", "greater": "less_equal", "greater_equal": "less"}


def _either(test: Node, wanted: bool) -> Iterator[Node]:
    """Comparisons of which exactly one holds where the test is as wanted."""
    assert isinstance(test, Call)
    if test.function not in (*_OPPOSITE, "equal", "not_equal"):
        raise NotApplicable("the condition of an if is no comparison of two numbers")
    if test.function in _OPPOSITE:
        yield test if wanted else condition(_OPPOSITE[test.function], *test.args)
    elif (test.function == "equal") == wanted:
        yield condition("equal", *test.args)
    else:
        yield condition("less", *test.args)
        yield condition("greater", *test.args)


def _least(problem: Problem, answers: Sequence[tuple[Problem, ExactAnswer]], digits: int) -> ExactAnswer:
    """The answer to the whole from those to all of its pieces."""
    for _, answer in answers:
        if answer.status is Status.UNBOUNDED:
            return replace(answer, strategy=NAME, value_exact="-inf" if problem.sense == "minimize" else "inf")
    known = [(_value(answer, smooth), smooth, answer) for smooth, answer in answers if answer.status is not Status.INFEASIBLE]
    if not known:
        return infeasible(NAME, "the linear conditions contradict one another on each piece of the function")
    least = min(value for value, _, _ in known)
    best = [(smooth, answer) for value, smooth, answer in known if value == least]
    attained = [(smooth, answer) for smooth, answer in best if answer.status is Status.OPTIMAL]
    if not attained:
        return not_attained(problem, NAME, number(least), "at a point that the strict conditions exclude", None, digits)
    points: dict[tuple[Node, ...], Point] = {}
    for smooth, answer in attained:
        points.update((tuple(p.values()), p) for p in points_of(answer, smooth))
    complete = all(answer.complete for _, answer in attained)
    kinds = [_kind(problem, p) for p in points.values()]
    answer = optimal(with_value(problem, next(iter(points.values()))), NAME, list(points.values()), complete, digits, kinds)
    return replace(answer, reason=next((a.reason for _, a in attained if a.reason), None))


def _value(answer: ExactAnswer, smooth: Problem) -> Fraction:
    value = value_of_minimand(answer, smooth)
    assert isinstance(value, Number)  # of a quadratic function with rational coefficients at a rational point
    return value.value


def _kind(problem: Problem, point: Point) -> str:
    tight = (substitute(c.residual, dict(point)) is number(0) for c in conditions(problem) if not c.equality)
    return "boundary" if any(tight) else "interior"
