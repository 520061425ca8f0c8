"""Posynomials, sums of c*x^a*y^b*... with c > 0 and any exponents, on positive numbers: geometric programming.

With weights d_k > 0 of sum 1 the inequality of arithmetic and geometric means says that sum c_k*x^(a_k) is at least the
product of (c_k*x^(a_k)/d_k)^d_k. If the weights make all exponents cancel, sum d_k*a_k = 0, this bound is a constant, and
it is attained where all c_k*x^(a_k)/d_k are equal. A condition g <= 1 enters with weights e_k of sum s by 1 >= g^s >=
product of (s*c_k*x^(a_k)/e_k)^e_k, a condition c*x^a == 1 with any power. Where exponents cancel for one set of weights
only (degree of difficulty 0), these are linear equations, and the minimum is a formula that this proves.

Otherwise the problem is convex in the logarithms of the unknowns, so a point that satisfies the conditions of Karush, Kuhn
and Tucker exactly is a global minimiser (see `convex`). Where a ray x = t^d lets some terms vanish and none grow, the
infimum is that of the other terms, and not attained.

A product that is to be maximised is the reciprocal of a posynomial of one term. An equation of several terms is relaxed to
an inequality, which the minimiser found must satisfy as an equation.

>>> from optbench.problem.draft import ProblemDraft, Text, VariableDraft
>>> from optbench.problem.validate import validated
>>> positive = tuple(VariableDraft(Text(name), range=Text("(0, inf)")) for name in ("x", "y"))
>>> solve(validated(ProblemDraft("minimize", Text("x*y + 1/x + 1/y"), variables=positive))).value_exact
'3'

Source: R. J. Duffin, E. L. Peterson, C. Zener, Geometric Programming: Theory and Application (1967), chapters 1, 3, 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

from flint import fmpq, fmpq_mat

from optbench.arithmetic.balls import enclose
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.convex import minimised
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import sign_of
from optbench.exact.programs.complementarity import Optimum, minimum
from optbench.exact.programs.convex_program import ConvexProgram, narrowed
from optbench.exact.programs.rational_program import Program, Row, Vector, dot, frame_of, node_of, rational
from optbench.exact.quadratic_program import satisfies, with_value
from optbench.exact.reach import check_reach
from optbench.exact.several import Point, conditions, not_attained, optimal, part, points_of, unbounded, value_of_minimand
from optbench.language.build import add, divide, multiply, negate, number, power, subtract
from optbench.language.build import symbol as symbol_of
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols, topological
from optbench.language.text import text
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem

NAME = "posynomial"
MAX_UNKNOWNS = 10
MAX_NODES = 600
MAX_TERMS = 60
_MAX_POWER = 8  # whole powers of sums that are multiplied out
_MAX_CONDITIONS = 6  # conditions whose sets are tried for those that hold tightly

Exponents: TypeAlias = tuple[Fraction, ...]
Terms: TypeAlias = dict[Exponents, Node]  # c*x^a with the constants c by the exponents a

_ZERO, _ONE = fmpq(0), fmpq(1)


class Geometric(NamedTuple):
    """Minimise a posynomial where others are <= 1 and some of one term == 1; all coefficients are proved positive."""

    objective: Terms
    inequalities: list[Terms]
    equalities: list[Terms]


def solve(problem: Problem, digits: int = 30, send: Callable[[dict[str, Any]], None] | None = None) -> ExactAnswer:
    """Return the proved answer for a posynomial to be minimised or a product to be maximised; raise `NotApplicable` for
    others."""
    check_reach(problem, MAX_UNKNOWNS, MAX_NODES, constraints=True)
    try:
        form = _Form(problem)
        direction = _vanishing(form.program)
        return _attained(form, digits) if direction is None else _answer_of_vanishing(form, direction, digits)
    except GraphError as error:
        raise NotApplicable(str(error)) from None


def _attained(form: _Form, digits: int) -> ExactAnswer:
    """The answer where no terms of the objective can vanish."""
    for active in _active_sets(form.program):
        found = _by_weights(form, active, digits)
        if found is not None:
            return found
    return minimised(form.problem, form.convex_program(), NAME, digits, logarithmic=True)


# ---- reading the problem -----------------------------------------------------------------------------------------------------


class _Form:
    """A problem as a geometric program: the minimand is `constant` + f, or `constant` - 1/f where `reciprocal`, with the
    posynomial f of the program. Points at which an unknown is 0 are proved to be infeasible or worse."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.symbols = problem, problem.symbols
        self.places = {s: i for i, s in enumerate(self.symbols)}
        self.never_zero: set[int] = set()
        self.relaxed = False  # whether the program leaves conditions out
        self.constant, self.reciprocal, objective = self._objective()
        self.program = Geometric(objective, [], [])
        for condition in conditions(problem):
            self._take(terms_of(condition.residual, self.places), condition.equality)
        for defined in problem.domain:
            self._check_domain(defined)
        for i, s in enumerate(self.symbols):
            self._check_positive(i, narrowed(problem, s))

    def _objective(self) -> tuple[Node, bool, Terms]:
        terms = terms_of(self.problem.minimand, self.places)
        if terms is None:
            raise NotApplicable("the function is no sum of powers of its unknowns")
        constant = next((terms.pop(a) for a in [*terms] if not any(a)), number(0))
        positive, negative = _signs(terms)
        if positive and not negative:
            return constant, False, positive
        if positive or len(negative) != 1:
            raise NotApplicable("the function is neither a posynomial nor the opposite of a product")
        [(a, c)] = negative.items()
        return constant, True, {tuple(-x for x in a): divide(1, c)}

    def _take(self, terms: Terms | None, equality: bool) -> None:
        """Take a condition terms <= 0, or terms == 0, into the program where it has a place there."""
        above, below = ({}, {}) if terms is None else _signs(terms)
        if equality and len(above) == 1 and len(below) != 1:
            above, below = below, above
        is_whole = len(below) == 1 and (not equality or len(above) == 1)
        is_true = terms is not None and not equality and not above
        self.relaxed = self.relaxed or not (is_whole or is_true)
        if not above or len(below) != 1:
            return
        [(b, d)] = below.items()
        ratio = {tuple(x - y for x, y in zip(a, b, strict=True)): divide(c, d) for a, c in above.items()}
        (self.program.equalities if equality and len(ratio) == 1 else self.program.inequalities).append(ratio)
        for left, right in ((above, b), *((below, a) for a in above if equality and len(above) == 1)):
            if any(not any(a) for a in left):  # a positive constant is at most a product, of which then no factor is 0
                self.never_zero.update(i for i, x in enumerate(right) if x > 0)

    def _check_domain(self, condition: Node) -> None:
        match condition:
            case Call(function="greater" | "greater_equal" | "not_equal", args=(left, Number(value=0))):
                terms = terms_of(left, self.places)
                if terms and not _signs(terms)[1]:
                    if len(terms) == 1 and condition.function != "greater_equal":
                        self.never_zero.update(i for i, x in enumerate(next(iter(terms))) if x > 0)
                    return
        raise NotApplicable("the function is not defined for all positive numbers")

    def _check_positive(self, place: int, interval: Interval) -> None:
        """Raise unless the unknown is positive wherever the minimum may be."""
        [low] = enclose([interval.lower], {}, 64)
        if low.is_positive or (interval.lower is number(0) and (not interval.lower_closed or place in self.never_zero)):
            return
        if interval.lower is not number(0):
            raise NotApplicable(f"{self.symbols[place].name} may be negative")
        [a, *more] = self.program.objective
        if not self.reciprocal or more or a[place] >= 0:
            raise NotApplicable(f"{self.symbols[place].name} may be 0")

    def node(self, terms: Terms) -> Node:
        """Return a sum of powers as an expression."""
        return add(*(multiply(c, *(power(s, number(x)) for s, x in zip(self.symbols, a, strict=True) if x)) for a, c in terms.items()))

    def convex_program(self) -> ConvexProgram:
        """Return the program as expressions, which are convex in the logarithms of the unknowns."""
        objective, inequalities, equalities = self.program
        return ConvexProgram(
            self.node(objective), [subtract(self.node(g), 1) for g in inequalities], [subtract(self.node(h), 1) for h in equalities]
        )

    def value(self, least: Node) -> Node:
        """Return the value of the problem's objective by that of the program's."""
        minimand = subtract(self.constant, divide(1, least)) if self.reciprocal else add(self.constant, least)
        return minimand if self.problem.sense == "minimize" else negate(minimand)


def terms_of(node: Node, places: Mapping[Symbol, int]) -> Terms | None:
    """Return an expression as a sum of powers of positive unknowns, whatever the signs of the factors, else None."""
    known: dict[Node, Terms] = {}
    for inner in topological(node):
        found = _terms_of(inner, known, places)
        if found is None or len(found) > MAX_TERMS:
            return None
        known[inner] = found
    return known[node]


def _terms_of(node: Node, known: Mapping[Node, Terms], places: Mapping[Symbol, int]) -> Terms | None:
    unit = (Fraction(0),) * len(places)
    if isinstance(node, Symbol):
        return {tuple(Fraction(i == places[node]) for i in range(len(places))): number(1)} if node in places else None
    if not symbols(node):
        return {} if node is number(0) else {unit: node}
    assert isinstance(node, Call)
    parts = [known[a] for a in node.args]
    match node.function:
        case "add":
            return _joined(item for part in parts for item in part.items())
        case "negate":
            return {a: negate(c) for a, c in parts[0].items()}
        case "multiply":
            return _product(parts)
        case "divide":
            below = _power(parts[1], Fraction(-1))
            return None if below is None else _product([parts[0], below])
        case "sqrt":
            return _power(parts[0], Fraction(1, 2))
        case "cbrt":
            return _power(parts[0], Fraction(1, 3))
        case "power" if isinstance(node.args[1], Number):
            return _power(parts[0], node.args[1].value)
    return None


def _joined(items: Iterator[tuple[Exponents, Node]]) -> Terms:
    total: Terms = {}
    for a, c in items:
        total[a] = add(total[a], c) if a in total else c
    return {a: c for a, c in total.items() if c is not number(0)}


def _product(factors: Sequence[Terms]) -> Terms | None:
    result: Terms = {(Fraction(0),) * len(next(iter(factors[0]), ())): number(1)}
    for factor in factors:
        if len(result) * len(factor) > MAX_TERMS:
            return None
        result = _joined(
            (tuple(x + y for x, y in zip(a, b, strict=True)) if a else b, multiply(c, d))
            for a, c in result.items()
            for b, d in factor.items()
        )
    return result


def _power(terms: Terms, exponent: Fraction) -> Terms | None:
    """One positive term to any power, more of them or a negative one to a small whole power."""
    if len(terms) == 1:
        [(a, c)] = terms.items()
        if exponent.denominator == 1 or sign_of(c) == 1:
            return {tuple(x * exponent for x in a): power(c, number(exponent))}
    if exponent.denominator == 1 and 0 < exponent <= _MAX_POWER and terms:
        return _product([terms] * int(exponent))
    return None


def _signs(terms: Terms) -> tuple[Terms, Terms]:
    """The terms with positive and, with their signs turned, those with negative coefficients."""
    positive: Terms = {}
    negative: Terms = {}
    for a, c in terms.items():
        sign = sign_of(c)
        if sign is None:
            raise NotApplicable("the sign of a coefficient is not known")
        (positive if sign > 0 else negative)[a] = c if sign > 0 else negate(c)
    return positive, negative


# ---- rays along which terms vanish ---------------------------------------------------------------------------------------------


def _vanishing(program: Geometric) -> Vector | None:
    """A direction d such that along x = t^d no term grows, and as many terms of the objective as can vanish."""
    n, m = len(next(iter(program.objective))), len(program.objective)
    rows = []
    for k, a in enumerate(program.objective):
        rows.append(Row([*map(rational, a), *_unit(k, m)], _ZERO))
        rows.append(Row([_ZERO] * n + _unit(k, m), _ONE))
        rows.append(Row([_ZERO] * n + [-e for e in _unit(k, m)], _ZERO))
    rows += [Row([*map(rational, a), *[_ZERO] * m], _ZERO) for g in program.inequalities for a in g]
    rows += [Row([*map(rational, a), *[_ZERO] * m], _ZERO, True) for h in program.equalities for a in h]
    found = minimum(Program([[_ZERO] * (n + m) for _ in range(n + m)], [_ZERO] * n + [-_ONE] * m, rows))
    assert isinstance(found, Optimum)  # 0 is feasible, and at most m terms vanish
    return found.point[:n] if any(found.point[n:]) else None


def _unit(place: int, count: int) -> Vector:
    return [_ONE if k == place else _ZERO for k in range(count)]


def _answer_of_vanishing(form: _Form, direction: Vector, digits: int) -> ExactAnswer:
    """The answer where some terms of the objective vanish along a ray: the infimum is that of the others."""
    program = form.program
    if form.relaxed:
        raise NotApplicable("it is not known whether the conditions cut the ray on which the infimum is approached")
    left = {a: c for a, c in program.objective.items() if not dot(list(map(rational, a)), direction)}
    if not left:
        ones: Point = {s: number(1) for s in form.symbols}
        if not satisfies(form.problem, conditions(form.problem), ones):
            raise NotApplicable("the infimum is approached at infinity or 0, from where no feasible point is known")
        path = _path_text(ones, direction)
        return (
            unbounded(form.problem, NAME, path) if form.reciprocal else not_attained(form.problem, NAME, form.constant, path, None, digits)
        )
    if program.inequalities or program.equalities:
        raise NotApplicable("the infimum is approached at infinity or 0, under conditions")
    inside = symbols(form.node(left))
    positive = (Interval(number(0), lower_closed=False),)
    inner = part(form.problem, form.node(left), [replace(v, ranges=positive) for v in form.problem.variables if v.symbol in inside])
    answer = _attained(_Form(inner), digits)
    infimum = add(form.constant, value_of_minimand(answer, inner))
    start: Point = {s: number(1) for s in form.symbols} | dict(points_of(answer, inner)[0])
    return not_attained(form.problem, NAME, infimum, _path_text(start, direction), None, digits)


def _path_text(start: Point, direction: Vector) -> str:
    name = next(n for n in ("t", "s", "u", "t_", "s_", "u_", "path") if n not in {s.name for s in symbols(*start)})
    along = (multiply(v, power(symbol_of(name), node_of(d))) for v, d in zip(start.values(), direction, strict=True))
    return f"along {', '.join(f'{text(s)} = {text(a)}' for s, a in zip(start, along, strict=True))} as {name} -> inf"


# ---- degree of difficulty 0 ------------------------------------------------------------------------------------------------------


def _active_sets(program: Geometric) -> Iterator[Geometric]:
    """The program with some of its inequalities only."""
    if len(program.inequalities) > _MAX_CONDITIONS:
        return
    for count in range(len(program.inequalities) + 1):
        for chosen in combinations(program.inequalities, count):
            yield program._replace(inequalities=list(chosen))


def _by_weights(form: _Form, program: Geometric, digits: int) -> ExactAnswer | None:
    """The minimum by the only weights for which all exponents cancel; None where these are not the only ones or not
    positive, or where the minimiser violates a condition that the program leaves out."""
    groups = [program.objective, *program.inequalities]
    exponents = [a for terms in (*groups, *program.equalities) for a in terms]
    weights = _weights(exponents, len(program.objective))
    if weights is None or any(w <= 0 for w in weights[: sum(map(len, groups))]):
        return None
    least, powers = _least(groups, program.equalities, weights)
    point, is_only = _point(form.symbols, exponents, powers)
    if not satisfies(form.problem, conditions(form.problem), point):
        return None
    plain = with_value(form.problem, point).objective
    value = min((simplified(form.value(least)), simplified(plain)), key=lambda node: len(text(node)))
    kind = "boundary" if program.inequalities else "interior"
    return optimal(replace(form.problem, objective=value), NAME, [point], is_only, digits, [kind])


def _weights(exponents: Sequence[Exponents], count: int) -> Vector | None:
    """The only weights with which exponents cancel and of which the first `count` add up to 1."""
    rows = [Row([rational(a[i]) for a in exponents], _ZERO, True) for i in range(len(exponents[0]))]
    rows.append(Row([_ONE if k < count else _ZERO for k in range(len(exponents))], _ONE, True))
    size = len(exponents)
    frame = frame_of(Program([[_ZERO] * size for _ in range(size)], [_ZERO] * size, rows))
    return None if frame is None or frame.columns else frame.origin


def _least(groups: Sequence[Terms], equalities: Sequence[Terms], weights: Vector) -> tuple[Node, list[Node]]:
    """The minimum, and the value that each power x^a has there."""
    shares = iter(weights)
    factors: list[Node] = []
    ratios: list[Node] = []
    for terms in groups:
        own = [next(shares) for _ in terms]
        total = sum(own, _ZERO)
        for c, w in zip(terms.values(), own, strict=True):
            ratios.append(divide(node_of(w / total), c))
            factors.append(power(divide(1, ratios[-1]), node_of(w)))
    for [c] in (h.values() for h in equalities):
        ratios.append(divide(1, c))
        factors.append(power(c, node_of(next(shares))))
    least = simplified(multiply(*factors))
    count = len(groups[0])
    return least, [multiply(r, least) if k < count else r for k, r in enumerate(ratios)]


def _point(unknowns: Sequence[Symbol], exponents: Sequence[Exponents], powers: Sequence[Node]) -> tuple[Point, bool]:
    """A positive x with x^a of the given values, and whether there is no other; unknowns that are free are 1."""
    n, m = len(unknowns), len(exponents)
    echelon, _ = fmpq_mat([[*map(rational, a), *_unit(k, m)] for k, a in enumerate(exponents)]).rref()
    point: dict[Node, Node] = {s: number(1) for s in unknowns}
    pivots = []
    for row in echelon.tolist():
        place = next((i for i in range(n) if row[i]), None)
        if place is not None:
            pivots.append(place)
            point[unknowns[place]] = simplified(multiply(*(power(p, node_of(e)) for p, e in zip(powers, row[n:], strict=True) if e)))
    return point, len(pivots) == n
