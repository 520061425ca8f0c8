"""Linear changes of the unknowns: a function of a few linear forms is one of fewer, or simpler, unknowns.

Let f = F(l1, ..., lm) with linear forms of rank r in n unknowns that all range over all numbers, without constraints. A
basis of r forms takes all values in r dimensions, and every other form is a combination of it, so f has the same values as
a function G of r unknowns u = B x: the infimum is the same, a minimiser u gives the minimisers x with B x = u, which
is one point if r = n. This is done if r < n, or if G is written shorter than f; then it may be separable.

Between ends and under constraints each form has a least and a greatest value on the box. If G is separable, its minimum
between these is a lower bound of f; those of its minimisers u for which x is feasible, if there are any, are all minimisers.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> answer = solve(validated(ProblemDraft("minimize", Text("(x + y - 1)^2 + (x - y)^4 - (x - y)^2")), open_names=True))
>>> answer.value_exact, dict(answer.solutions[0].exact)
('-1/4', {'x': '-sqrt(2)/4 + 1/2', 'y': 'sqrt(2)/4 + 1/2'})
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, islice

from flint import fmpq, fmpq_mat

from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import Case, Send, guarded, least, part_of, solved
from optbench.exact.inactive import feasible_ones
from optbench.exact.region.signs import polynomial_of, tidy
from optbench.exact.separable import is_separable
from optbench.language.build import add, multiply, number, rebuild, symbol
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, Node, Number, Symbol, size, symbols, topological
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.problem import Problem, Variable
from optbench.result import Status

NAME = "affine"
MAX_BASES = 10  # in which the function is written
MAX_TRIALS = 2
_NAMES = ("u", "v", "w", "p", "q", "r", "s", "m", "n", "a", "b", "c")


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the answer in other unknowns; raise `NotApplicable` where they are not fewer, nor the function simpler."""
    return guarded(NAME, _solve, problem, digits)


def _solve(problem: Problem, digits: int) -> ExactAnswer:
    if problem.dimension < 2:
        raise NotApplicable("there is only one unknown")
    ranges = [v.ranges[0] for v in problem.variables]
    forms = _Forms(problem.minimand, problem.symbols)
    if problem.constraints or any(i.lower is not MINUS_INFINITY or i.upper is not INFINITY for i in ranges):
        return _between_ends(problem, forms, digits)
    bases = [forms.vectors[i] for i in forms.independent()]
    if not bases:
        raise NotApplicable("the function is constant")
    if len(bases) < problem.dimension:
        return _in_basis(problem, forms, bases, digits)
    reason = "the function is no simpler in other unknowns"
    for basis in islice(_simpler(problem, forms), MAX_TRIALS):
        try:
            return _in_basis(problem, forms, basis, digits)
        except NotApplicable as not_applicable:
            reason = str(not_applicable)
    raise NotApplicable(reason)


def _between_ends(problem: Problem, forms: _Forms, digits: int) -> ExactAnswer:
    """The answer of a relaxation on a box of the forms, where it is feasible."""
    if is_separable(problem.minimand) or len(forms.independent()) < problem.dimension:
        raise NotApplicable("the unknowns do not range over all numbers")
    unknowns = _fresh(problem, problem.dimension)
    for basis in islice(forms.bases(), MAX_BASES):
        function = _tidied(forms.written_in(basis, unknowns))
        if not is_separable(function):
            continue
        box = [Variable(u, (_range_of(b, problem),)) for u, b in zip(unknowns, basis, strict=True)]
        loose = part_of(problem, function, box, natural_domain(function))
        answer = solved(loose)
        lift: dict[Node, Node] = dict(zip(problem.symbols, _inverse(basis, unknowns, problem.dimension), strict=True))
        found = feasible_ones(problem, NAME, answer, Case(loose, lift), digits) if answer.status is Status.OPTIMAL else None
        if found is not None:
            return found
    raise NotApplicable("in other unknowns the function is not separable with a feasible minimiser")


def _range_of(form: Sequence[Fraction], problem: Problem) -> Interval:
    """The values of a linear form on the box of the ranges."""
    low: list[Node] = []
    high: list[Node] = []
    for c, v in zip(form, problem.variables, strict=True):
        ends = (v.ranges[0].lower, v.ranges[0].upper) if c > 0 else (v.ranges[0].upper, v.ranges[0].lower)
        if c:
            low.append(ends[0] if ends[0] in (INFINITY, MINUS_INFINITY) else multiply(c, ends[0]))
            high.append(ends[1] if ends[1] in (INFINITY, MINUS_INFINITY) else multiply(c, ends[1]))
    lower = MINUS_INFINITY if INFINITY in low or MINUS_INFINITY in low else add(*low)
    upper = INFINITY if INFINITY in high or MINUS_INFINITY in high else add(*high)
    return Interval(lower, upper)


def _simpler(problem: Problem, forms: _Forms) -> list[list[tuple[Fraction, ...]]]:
    """The bases in which the function is shorter or separable, the latter first."""
    unknowns = _fresh(problem, problem.dimension)
    written = [(basis, _tidied(forms.written_in(basis, unknowns))) for basis in islice(forms.bases(), MAX_BASES)]
    ranked = [(not is_separable(f), size(f), basis) for basis, f in written]
    return [basis for mixed, length, basis in sorted(ranked, key=lambda r: r[:2]) if not mixed or length < size(problem.minimand)]


def _tidied(function: Node) -> Node:
    """The normal form, of a product that of each factor."""
    if isinstance(function, Call) and function.function == "multiply":
        return multiply(*map(tidy, function.args))
    return tidy(function)


def _in_basis(problem: Problem, forms: _Forms, basis: Sequence[tuple[Fraction, ...]], digits: int) -> ExactAnswer:
    unknowns = _fresh(problem, len(basis))
    function = forms.written_in(basis, unknowns)
    function = _tidied(function) if function.total else function
    part = part_of(problem, function, [Variable(u, (Interval(),)) for u in unknowns], natural_domain(function))
    lift: dict[Node, Node] = dict(zip(problem.symbols, _inverse(basis, unknowns, problem.dimension), strict=True))
    written = ", ".join(f"{u.name} = {text(_form(b, problem.symbols))}" for u, b in zip(unknowns, basis, strict=True))
    case = Case(part, lift, complete=len(basis) == problem.dimension, path=written)
    return least(problem, NAME, [case], digits)


def _fresh(problem: Problem, count: int) -> list[Symbol]:
    """Names for new unknowns."""
    taken = {v.name for v in problem.variables}
    names = [n for n in (*_NAMES, *(f"{n}_" for n in _NAMES)) if n not in taken]
    found = [symbol(n) for n in names[:count]]
    return [s for s in found if isinstance(s, Symbol)]


def _form(vector: Sequence[Fraction], unknowns: Sequence[Symbol]) -> Node:
    return add(*(multiply(c, s) for c, s in zip(vector, unknowns, strict=True) if c))


class _Forms:
    """The linear expressions through which the unknowns enter a function."""

    def __init__(self, function: Node, unknowns: Sequence[Symbol]) -> None:
        self.function, self.unknowns = function, list(unknowns)
        self.linear: dict[Node, tuple[tuple[Fraction, ...], Fraction]] = {}
        for node in topological(function):
            if symbols(node) and (isinstance(node, Symbol) or not isinstance(node, Number)) and not node.boolean:
                self._add(node)
        self.vectors = list(dict.fromkeys(self.linear[node][0] for node in self._entered()))

    def _add(self, node: Node) -> None:
        """Note a node that is linear in the unknowns and not constant."""
        if isinstance(node, Call) and not (
            node.function in ("add", "negate", "multiply", "divide") and any(a in self.linear for a in node.args)
        ):
            return
        terms = polynomial_of(node)
        if terms is None or any(sum(e for _, e in m) > 1 for m in terms) or not any(terms.keys()):
            return
        vector = tuple(terms.get(frozenset({(s, 1)}), Fraction(0)) for s in self.unknowns)
        if node.total:
            self.linear[node] = vector, terms.get(frozenset(), Fraction(0))

    def _entered(self) -> list[Node]:
        """The linear expressions that are not part of larger ones."""
        order = topological(self.function, enter=lambda n: () if n in self.linear else n.args)
        return [n for n in order if n in self.linear]

    def independent(self) -> list[int]:
        """Places of forms that make up a basis, the first that are independent."""
        chosen: list[int] = []
        for i in range(len(self.vectors)):
            if _rank([self.vectors[k] for k in (*chosen, i)]) > len(chosen):
                chosen.append(i)
        return chosen

    def bases(self) -> Iterator[list[tuple[Fraction, ...]]]:
        """Bases of forms, those with several unknowns first; in the plane each with the form that is orthogonal to it."""
        ordered = sorted(self.vectors, key=lambda v: -sum(map(bool, v)))
        for v in ordered if len(self.unknowns) == 2 else ():
            if all(v):
                yield [v, (v[1], -v[0])]
        for chosen in combinations(ordered, len(self.unknowns)):
            if _rank(chosen) == len(chosen):
                yield list(chosen)

    def written_in(self, basis: Sequence[tuple[Fraction, ...]], unknowns: Sequence[Symbol]) -> Node:
        """The function in unknowns that are the values of a basis of forms."""
        done: dict[Node, Node] = {}
        for node in topological(self.function, enter=lambda n: () if n in self.linear else n.args):
            if node in self.linear:
                vector, constant = self.linear[node]
                coefficients = _coordinates(vector, basis)
                done[node] = add(*(multiply(c, u) for c, u in zip(coefficients, unknowns, strict=True) if c), constant)
            else:
                done[node] = rebuild(node, tuple(done[a] for a in node.args)) if isinstance(node, Call) else node
        return done[self.function]


# ---- linear algebra -----------------------------------------------------------------------------------------------------------


def _matrix(rows: Sequence[Sequence[Fraction]]) -> fmpq_mat:
    return fmpq_mat(len(rows), len(rows[0]), [fmpq(c.numerator, c.denominator) for row in rows for c in row])


def _rank(rows: Sequence[Sequence[Fraction]]) -> int:
    return int(_matrix(rows).rref()[1])


def _coordinates(vector: Sequence[Fraction], basis: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """c with vector = sum of c_i*basis_i, by the normal equations of the independent rows."""
    b, v = _matrix(basis), _matrix([vector])
    solved = (b * b.transpose()).solve(b * v.transpose())
    return [_fraction(solved[i, 0]) for i in range(len(basis))]


def _inverse(basis: Sequence[Sequence[Fraction]], unknowns: Sequence[Symbol], dimension: int) -> list[Node]:
    """The shortest x with basis*x = u, for each coordinate of x."""
    b = _matrix(basis)
    right = b.transpose() * (b * b.transpose()).inv()
    rows = [[_fraction(right[i, j]) for j in range(len(basis))] for i in range(dimension)]
    return [add(*(multiply(c, u) for c, u in zip(row, unknowns, strict=True) if c), number(0)) for row in rows]


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
