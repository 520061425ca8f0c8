"""Problems that are the same for all values of their parameters but for the units of the unknowns.

Let x_i = u_i*prod p_j^w_ij for positive parameters p_j. Where every term of the minimand then has one factor prod p_j^k_j, and the
terms of each condition have one factor too, these factors are positive and can be left out: what is left is the problem
with all p_j = 1 in the unknowns u, which is solved without parameters. Its points and value, with the factors, are those
of the whole; so is its status. A negative parameter is -1 times a positive one. The exponents solve linear equations: in a sum
all terms have the same weight; what stands in exp, log, sin and the like has the weight 0.

>>> from optbench.exact.parameters.assumptions import KINDS, Assumptions
>>> from optbench.problem.interval import Interval
>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> a, x = symbol("a"), symbol("x")
>>> given = Assumptions({a: KINDS["positive"]})
>>> rescaled(Question(parse("x^4 - a*x").node, ((x, Interval()),), (), given)).value
-3*2^(1/3)*a^(4/3)/8
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from optbench.exact.answer import NotApplicable
from optbench.exact.numbers.sums import ONE, RADICANDS, Sum
from optbench.exact.parameters.assumptions import Assumptions
from optbench.exact.parameters.parametric_cases import Question
from optbench.exact.parameters.parametric_line import Outcome
from optbench.exact.region.signs import normal_form
from optbench.language.build import multiply, number, power, substitute, subtract
from optbench.language.elaborate import parse
from optbench.language.graph import Call, Node, Number, Symbol, symbols
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Constraint, Problem, Variable
from optbench.result import Assurance, Status

Weight: TypeAlias = dict[Symbol, Fraction]  # a linear form in the unknown exponents
_SAME = ("abs", "relu", "minimum", "maximum", "hypot")
_COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")


class _Unequal(Exception):
    """The expression has no weight."""


def rescaled(question: Question, digits: int = 30) -> Outcome:
    """Return the outcome of the problem without parameters, with the units put back; raise `NotApplicable` where it has no such form."""
    parameters = sorted({s for s in symbols(question.minimand, *question.conditions) if s not in question.symbols}, key=lambda s: s.name)
    for p in parameters:
        if p not in question.given.intervals:
            raise NotApplicable(f"nothing is known of {p.name}")
    signs = {p: question.given.sign(p) for p in parameters}
    if 0 in signs.values():
        raise NotApplicable("a parameter that is 0 is no unit")
    exponents, value_exponents = _exponents(question, parameters)
    units: dict[Node, Node] = {p: number(s) for p, s in signs.items()}
    answer = _solve(question, units, digits)
    sizes = {p: multiply(s, p) for p, s in signs.items()}
    factors = {x: _factor(sizes, exponents[x]) for x in question.symbols}
    return _with_units(question, answer, factors, _factor(sizes, value_exponents))


def _factor(sizes: Mapping[Symbol, Node], exponents: Mapping[Symbol, Fraction]) -> Node:
    return multiply(*(power(sizes[p], number(e)) for p, e in exponents.items() if e)) if any(exponents.values()) else number(1)


# ---- the problem without parameters -----------------------------------------------------------------------------------------


def _solve(
    question: Question, units: dict[Node, Node], digits: int
) -> tuple[Status, Node | None, list[tuple[dict[Symbol, Node], str]], bool]:
    from optbench.exact.stage import solve

    minimand = substitute(question.minimand, units)
    variables = tuple(Variable(s, (interval,)) for s, interval in question.unknowns)
    conditions = [substitute(c, units) for c in question.conditions]
    constraints = tuple(Constraint(f"c{i}", c, text(c)) for i, c in enumerate(conditions, 1))
    problem = Problem(None, "minimize", minimand, variables, text(minimand), constraints=constraints)
    answer = solve(problem, digits).with_representatives()
    if answer.assurance is not Assurance.EXACT:
        raise NotApplicable(answer.reason or "the problem in units of its parameters has no exact answer")
    value = None
    if answer.status in (Status.OPTIMAL, Status.NOT_ATTAINED) and answer.value_exact is not None:
        value = parse(answer.value_exact).node
    points = [
        ({s: parse(solution.exact[s.name]).node for s in question.symbols}, solution.kind)
        for solution in answer.solutions
        if solution.exact is not None and solution.kind != "limit"
    ]
    return answer.status, value, points, answer.complete


def _with_units(
    question: Question,
    answer: tuple[Status, Node | None, list[tuple[dict[Symbol, Node], str]], bool],
    factors: Mapping[Symbol, Node],
    factor: Node,
) -> Outcome:
    status, value, found, complete = answer
    given = question.given
    points = tuple({s: given.simplified(multiply(v, factors[s])) for s, v in p.items()} for p, _ in found)
    full = None if value is None else given.simplified(multiply(value, factor))
    if status is Status.OPTIMAL and not points:
        raise NotApplicable("the solutions of the problem without parameters have no formulas")
    return Outcome(status, full, points if status is Status.OPTIMAL else (), complete, tuple(k for _, k in found))


# ---- weights ------------------------------------------------------------------------------------------------------------------


def _exponents(question: Question, parameters: Sequence[Symbol]) -> tuple[dict[Symbol, Weight], Weight]:
    """For each unknown, and for the value, the exponent of each parameter."""
    equations: list[Weight] = []
    try:
        value = _weight(question.minimand, question.given, equations)
        for c in question.conditions:
            equations += _of_condition(c, question.given)
    except _Unequal:
        raise NotApplicable("the parameters are no units of the unknowns") from None
    for s, interval in question.unknowns:
        if any(end not in (MINUS_INFINITY, INFINITY, number(0)) for end in (interval.lower, interval.upper)):
            equations.append({s: Fraction(1)})
    found: dict[Symbol, Weight] = {s: {} for s in question.symbols}
    for p in parameters:
        solved = _solved(equations, question.symbols, {q: Fraction(q is p) for q in parameters})
        for s, e in solved.items():
            found[s][p] = e
    zero: Weight = {}
    for p in parameters:
        zero[p] = value.get(p, Fraction(0)) + sum((value.get(s, Fraction(0)) * found[s][p] for s in question.symbols), Fraction(0))
    return found, zero


def _solved(equations: Sequence[Weight], unknowns: Sequence[Symbol], fixed: Mapping[Symbol, Fraction]) -> dict[Symbol, Fraction]:
    """Weights of the unknowns with which all linear forms are 0, where those of the parameters are given."""
    n = len(unknowns)
    rows = []
    for form in equations:
        right = -sum((c * fixed[s] for s, c in form.items() if s in fixed), Fraction(0))
        rows.append([form.get(s, Fraction(0)) for s in unknowns] + [right])
    rows = [r for r in rows if any(r)]
    if not rows:
        return {s: Fraction(0) for s in unknowns}
    reduced, rank = fmpq_mat(len(rows), n + 1, [fmpq(c.numerator, c.denominator) for r in rows for c in r]).rref()
    weights = {s: Fraction(0) for s in unknowns}
    for i in range(rank):
        lead = next(j for j in range(n + 1) if reduced[i, j] != 0)
        if lead == n:
            raise NotApplicable("the parameters are no units of the unknowns")
        c = reduced[i, n]
        weights[unknowns[lead]] = Fraction(int(c.p), int(c.q))
    return weights


def _of_condition(c: Node, given: Assumptions) -> list[Weight]:
    if not isinstance(c, Call):
        raise _Unequal
    if c.function in ("and", "or", "not"):
        return [form for a in c.args for form in _of_condition(a, given)]
    if c.function not in _COMPARISONS or any(a.shape for a in c.args):
        raise _Unequal
    equations: list[Weight] = []
    residual = subtract(*c.args)
    if not isinstance(residual, Number):
        _weight(residual, given, equations)
    return equations


def _weight(node: Node, given: Assumptions, equations: list[Weight]) -> Weight:
    """The weight of an expression, with the linear forms that have to be 0 for it to have one."""
    with given.applied():
        form = normal_form(node)
    if form is None:
        raise _Unequal
    top = _of_sum(form.top, given, equations)
    return top if form.bottom == ONE else _minus(top, _of_sum(form.bottom, given, equations))


def _of_sum(terms: Sum, given: Assumptions, equations: list[Weight]) -> Weight:
    weights = []
    for monomial in terms:
        total: Weight = {}
        for atom, e in monomial:
            for s, c in _of_atom(atom, given, equations).items():
                total[s] = total.get(s, Fraction(0)) + e * c
        weights.append(total)
    if not weights:
        return {}
    equations += [_minus(w, weights[0]) for w in weights[1:]]
    return weights[0]


def _minus(a: Weight, b: Weight) -> Weight:
    return {s: a.get(s, Fraction(0)) - b.get(s, Fraction(0)) for s in {**a, **b}}


def _of_atom(atom: Node, given: Assumptions, equations: list[Weight]) -> Weight:
    if isinstance(atom, Symbol):
        return {atom: Fraction(1)}
    if not symbols(atom):
        return {}
    if atom in RADICANDS:
        return _of_sum(RADICANDS[atom], given, equations)
    assert isinstance(atom, Call)
    if atom.boolean or atom.shape:
        raise _Unequal
    weights = [_weight(a, given, equations) for a in _numbers(atom)]
    if atom.function in _SAME:
        equations += [_minus(w, weights[0]) for w in weights[1:]]
        return weights[0]
    equations += weights
    return {}


def _numbers(atom: Call) -> Iterator[Node]:
    for a in atom.args:
        if a.boolean:
            raise _Unequal
        yield a
