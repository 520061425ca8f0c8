"""Equalities solved for one unknown, which then goes: the feasible points with fewer coordinates.

If an equality holds exactly where x = g(y) for one of finitely many formulas g (see `isolated`), the feasible points are
the points (g(y), y) for the y at which g lies in the range of x and all conditions hold; so the minimum is the least one of
the problems in y, one a formula, and their solutions are all solutions. Where the coefficient a of x in a*x + b = 0 may be
0 and holds one unknown only, the numbers at which it is 0 are problems of their own.

>>> from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> equality = ConstraintDraft(Text("x + 2*y == 5"))
>>> solve(validated(ProblemDraft("minimize", Text("x^2 + y^2"), constraints=(equality,)), open_names=True)).value_exact
'5'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from optbench.exact import several
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Infeasible, Send, comparisons, guarded, least, part_of, region_of, replaced, with_range
from optbench.exact.ranges import holding
from optbench.exact.region.isolated import Branch, polynomial_in, solved_for
from optbench.exact.region.signs import Region
from optbench.language.build import condition, divide, negate, subtract
from optbench.language.graph import Call, Node, Symbol, size, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Problem, Variable

NAME = "eliminated"
MAX_TRIALS = 4  # ways to eliminate an unknown that are followed
MAX_CASES = 8


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer with one unknown less; raise `NotApplicable` where no equality can be solved for one."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    region = region_of(problem)
    equalities = [c for c in comparisons(problem) if isinstance(c, Call) and c.function == "equal"]
    if not equalities:
        raise NotApplicable("there is no equality")
    ways = sorted(_ways(problem, equalities, region), key=lambda way: way[0])
    reason = "no equality can be solved for one unknown"
    for _, variable, branches, others in islice(ways, MAX_TRIALS):
        try:
            return _by_branches(problem, variable, branches, others, digits)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
    for equality in equalities:
        try:
            return _by_coefficient(problem, equality, region, digits)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
    raise NotApplicable(reason)


def residual(equality: Node) -> Node:
    """Return the left side of an equality minus the right one."""
    return subtract(*equality.args)


def _ways(
    problem: Problem, equalities: Sequence[Node], region: Region
) -> Iterator[tuple[tuple[int, int, int, int], Variable, list[Branch], list[Node]]]:
    """Unknowns with the formulas that equalities give, and the conditions without that equality, the simplest to be first."""
    for place, equality in enumerate(equalities):
        others = [c for c in comparisons(problem) if c is not equality]
        for variable in problem.variables:
            try:
                branches = solved_for(residual(equality), variable.symbol, region)
            except NotApplicable:
                continue
            bounds = sum(end not in (INFINITY, MINUS_INFINITY) for end in (variable.ranges[0].lower, variable.ranges[0].upper))
            needed = sum(len(b.conditions) for b in branches)
            length = sum(size(b.formula) for b in branches)
            yield (len(branches), needed + bounds, length, place), variable, branches, others


def _by_branches(problem: Problem, variable: Variable, branches: Sequence[Branch], others: Sequence[Node], digits: int) -> ExactAnswer:
    without = part_without(problem, others)
    cases = []
    for branch in branches:
        try:
            put_in: dict[Node, Node] = {variable.symbol: branch.formula}
            cases.append(Case(replaced(without, put_in, branch.conditions), put_in))
        except Infeasible:
            continue
    if not cases:
        return several.infeasible(NAME, f"no value of {variable.name} satisfies all conditions")
    return least(problem, NAME, cases, digits)


def part_without(problem: Problem, conditions: Sequence[Node]) -> Problem:
    """Return the problem under these conditions only, and where all of it was defined."""
    implied = set(several.part(problem, problem.minimand, None, list(conditions)).domain)
    return several.part(problem, problem.minimand, None, [*conditions, *(c for c in problem.domain if c not in implied)])


# ---- coefficients that may be 0 ---------------------------------------------------------------------------------------------


def _by_coefficient(problem: Problem, equality: Node, region: Region, digits: int) -> ExactAnswer:
    """a(z)*x + b = 0 by the numbers z at which a is 0, and the intervals of z on which it is not."""
    for variable in problem.variables:
        coefficients = polynomial_in(residual(equality), variable.symbol, 1)
        if coefficients is None or len(coefficients) != 2 or not symbols(coefficients[1]):
            continue
        if len(symbols(coefficients[1])) > 1:
            return least(problem, NAME, _split_by_zero(problem, variable, equality, coefficients), digits)
        [z] = symbols(coefficients[1])
        cases = list(_split(problem, z, coefficients[1], region))
        if len(cases) <= MAX_CASES:
            return least(problem, NAME, cases, digits)
    raise NotApplicable("no equality can be solved for one unknown")


def _split_by_zero(problem: Problem, variable: Variable, equality: Node, coefficients: Sequence[Node]) -> list[Case]:
    """Where a is not 0, x is -b/a; where it is, b is 0 too."""
    b, a = coefficients
    others = [c for c in comparisons(problem) if c is not equality]
    cases = []
    try:
        put_in: dict[Node, Node] = {variable.symbol: divide(negate(b), a)}
        cases.append(Case(replaced(part_without(problem, others), put_in, [condition("not_equal", a, 0)]), put_in))
    except Infeasible:
        pass
    try:
        zeros = [condition("equal", a, 0), condition("equal", b, 0)]
        cases.append(Case(part_of(problem, problem.minimand, problem.variables, [*problem.domain, *others, *zeros])))
    except Infeasible:
        pass
    return cases


def _split(problem: Problem, z: Symbol, coefficient: Node, region: Region) -> Iterator[Case]:
    variable = next(v for v in problem.variables if v.symbol is z)
    conditions = [*problem.domain, *comparisons(problem)]
    for c in (condition("less", coefficient, 0), condition("equal", coefficient, 0), condition("greater", coefficient, 0)):
        for interval in holding([c], z, region.intervals[z]):
            try:
                if interval.is_fixed:
                    yield Case(replaced(problem, {z: interval.lower}), {z: interval.lower})
                    continue
                narrower = with_range(variable, interval)
                variables = [narrower if v is variable else v for v in problem.variables]
                yield Case(part_of(problem, problem.minimand, variables, conditions))
            except Infeasible:
                continue
