"""Linear functions on ellipsoids with parameters.

A linear function c'x has on sum d_i*(x_i - m_i)^2 <= r or == r, with d_i > 0 and r > 0, the minimum c'm - sqrt(r*sum c_i^2/d_i): by the
inequality of Cauchy and Schwarz, which is an equation at one point only unless c = 0. On the surface a function may be replaced by
one that differs by a multiple of the equation's residual, which takes the squares of a distance away.

>>> from optbench.exact.parameters.assumptions import KINDS
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse, parse_constraint
>>> from optbench.problem.interval import Interval
>>> a, x, y = symbol("a"), symbol("x"), symbol("y")
>>> ball = parse_constraint("x^2 + y^2 <= a^2").node
>>> given = Assumptions({a: KINDS["positive"]})
>>> on_ellipsoid(Question(parse("x + y").node, ((x, Interval()), (y, Interval())), (ball,), given), 0).value
-sqrt(2)*a
"""

from __future__ import annotations

from optbench.exact.answer import NotApplicable
from optbench.exact.parameters.assumptions import Assumptions
from optbench.exact.parameters.parametric_cases import Question, Unfit
from optbench.exact.parameters.parametric_line import Outcome
from optbench.language.build import add, divide, multiply, negate, number, power, substitute, subtract
from optbench.language.build import call as build_call
from optbench.language.derivative import gradient, hessian
from optbench.language.graph import Call, Node, Symbol, symbols
from optbench.problem.interval import Interval
from optbench.result import Status


def on_ellipsoid(question: Question, i: int) -> Outcome:
    """Return the minimum of a function that is linear on the ellipsoid of the condition with this number."""
    c = question.conditions[i]
    assert isinstance(c, Call)
    if len(question.conditions) > 1 or any(interval != Interval() for _, interval in question.unknowns):
        raise Unfit("there are more conditions than an ellipsoid")
    given, xs = question.given, question.symbols
    residual = subtract(*c.args) if c.function != "greater_equal" else subtract(c.args[1], c.args[0])
    weights, centre, radius = _ellipsoid(residual, xs, given)
    minimand = question.minimand
    if c.function == "equal":
        minimand = _flattened(minimand, residual, xs, given)
    slopes = [given.simplified(g) for g in gradient(minimand, xs)]
    if any(set(symbols(g)) & set(xs) for g in slopes):
        raise NotApplicable("the function is not linear on the ellipsoid")
    return _cauchy_schwarz(question, minimand, slopes, weights, centre, radius)


def _ellipsoid(residual: Node, xs: list[Symbol], given: Assumptions) -> tuple[list[Node], list[Node], Node]:
    """d, m, r with residual = sum d_i*(x_i - m_i)^2 - r, all d_i > 0 and r > 0."""
    second = [[given.simplified(h) for h in row] for row in hessian(residual, xs)]
    n = len(xs)
    if any(set(symbols(second[i][j])) & set(xs) or (i != j and not given.vanishes(second[i][j])) for i in range(n) for j in range(n)):
        raise Unfit("a condition is no ellipsoid along the axes")
    weights = [given.simplified(divide(second[k][k], 2)) for k in range(n)]
    if any(given.sign(d) <= 0 for d in weights):
        raise Unfit("a condition is no ellipsoid")
    zero: dict[Node, Node] = {x: number(0) for x in xs}
    slopes = [given.simplified(substitute(g, zero)) for g in gradient(residual, xs)]
    centre = [given.simplified(negate(divide(g, multiply(2, d)))) for g, d in zip(slopes, weights, strict=True)]
    table: dict[Node, Node] = dict(zip(xs, centre, strict=True))
    radius = given.simplified(negate(substitute(residual, table)))
    if given.sign(radius) <= 0:
        raise NotApplicable("an ellipsoid is a point or empty for some parameters")
    return weights, centre, radius


def _flattened(minimand: Node, residual: Node, xs: list[Symbol], given: Assumptions) -> Node:
    """The minimand less a multiple of the residual that takes its squares away, if there is one."""
    f, g = (hessian(p, xs[:1])[0][0] for p in (minimand, residual))
    factor = given.simplified(divide(f, g))
    if set(symbols(factor)) & set(xs):
        raise NotApplicable("the function is not quadratic")
    return given.simplified(subtract(minimand, multiply(factor, residual)))


def _cauchy_schwarz(
    question: Question, minimand: Node, slopes: list[Node], weights: list[Node], centre: list[Node], radius: Node
) -> Outcome:
    given, xs = question.given, question.symbols
    norm = given.simplified(add(*(divide(power(c, 2), d) for c, d in zip(slopes, weights, strict=True))))
    if given.sign(norm) == 0:
        return _constant_on_ellipsoid(question, minimand, weights, centre, radius)
    step = build_call("sqrt", divide(radius, norm))
    at = {x: given.simplified(subtract(m, multiply(divide(c, d), step))) for x, m, c, d in zip(xs, centre, slopes, weights, strict=True)}
    table: dict[Node, Node] = dict(zip(xs, centre, strict=True))
    value = subtract(substitute(minimand, table), build_call("sqrt", multiply(radius, norm)))
    return Outcome(Status.OPTIMAL, given.simplified(value), (at,), True, ("boundary",))


def _constant_on_ellipsoid(question: Question, minimand: Node, weights: list[Node], centre: list[Node], radius: Node) -> Outcome:
    """All slopes are 0: every point is a minimiser, the one on the first axis too."""
    given, xs = question.given, question.symbols
    table: dict[Node, Node] = dict(zip(xs, centre, strict=True))
    first = add(centre[0], build_call("sqrt", divide(radius, weights[0])))
    at = {**dict(zip(xs, centre, strict=True)), xs[0]: given.simplified(first)}
    return Outcome(Status.OPTIMAL, given.simplified(substitute(minimand, table)), (at,), False, ("boundary",))
