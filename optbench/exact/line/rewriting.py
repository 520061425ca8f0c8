"""How an equation was brought into the form in which it was solved, for the account of it.

Each rewriting is equivalent to f(x) = 0 on the place, as the solver of `equation` uses it: without factors that have no zero
there, factored, in Lambert's form, or as a polynomial in one function of the unknown.

>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> from optbench.problem.interval import INFINITY
>>> place = Place(symbol("x"), parse("0").node, INFINITY)
>>> for r in rewritings(parse("1/2 + log(x) - 1/x").node, place, Solver.LAMBERT):
...     print(r.left, "=", r.right, "|", r.letter, "=", r.meaning)
w*exp(w) = exp(1/2) | w = log(x) + 1/2
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from optbench.account import Rewriting, Solver
from optbench.exact.line import lambert, polynomial, trigonometric
from optbench.exact.line.equation import core, forms
from optbench.exact.line.kernels import in_terms_of, only_inside
from optbench.exact.line.pieces import Place
from optbench.exact.numbers.atoms import factors, without_negative_powers
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import Sum, TooLarge, sum_node
from optbench.language.build import add, multiply, power, substitute, symbol
from optbench.language.graph import Call, GraphError, Node, Symbol, size, symbols
from optbench.language.text import text

MAX_NODES = 120  # of an equation that is shown
_LETTERS = ("y", "u", "s")
_OF_LAMBERT = ("w", "y", "u", "s")
_ZERO = "0"


def rewritings(function: Node, place: Place, solver: Solver) -> tuple[Rewriting, ...]:
    """Return the steps from f = 0 to what was solved; none where there is nothing to tell, or nothing short."""
    makers = {Solver.POLYNOMIAL: _of_polynomial, Solver.LAMBERT: _of_lambert, Solver.KERNELS: _of_kernels}
    if solver not in makers:
        return ()
    try:
        return tuple(makers[solver](function, place))
    except (GraphError, TooLarge, OverflowError):
        return ()


def _of_polynomial(function: Node, place: Place) -> Iterator[Rewriting]:
    terms = core(function, place)
    if terms is None:
        return
    yield from _plain(sum_node(terms), place.variable, function)
    read = polynomial.in_powers(terms, place.variable)
    if read is None:
        return
    coefficients, q = read
    t = place.variable if q == 1 else symbol(_letter(place.variable))
    meaning = None if q == 1 else text(power(place.variable, Fraction(1, q)))
    product = multiply(*(power(_polynomial(f, t), count) for f, count in polynomial.factored(coefficients)))
    if q > 1 or (size(product) <= MAX_NODES and len(polynomial.factored(coefficients)) > 1):
        yield Rewriting(text(product), _ZERO, None if q == 1 else t.name, meaning)


def _polynomial(coefficients: list[int], t: Symbol) -> Node:
    return add(*(multiply(c, power(t, k)) for k, c in reversed(list(enumerate(coefficients))) if c))


def _plain(form: Node, x: Symbol, function: Node) -> Iterator[Rewriting]:
    """The equation without what can't be 0, if that is news, and short."""
    if x in symbols(form) and _terms(form) != _terms(function) and size(form) <= MAX_NODES:
        yield Rewriting(text(form), _ZERO)


def _terms(node: Node) -> frozenset[Node]:
    return frozenset(node.args) if isinstance(node, Call) and node.function == "add" else frozenset([node])


def _of_lambert(function: Node, place: Place) -> Iterator[Rewriting]:
    yield from of_lambert(forms(function, place), place.variable, function)


def of_lambert(candidates: Sequence[Node], x: Symbol, function: Node) -> tuple[Rewriting, ...]:
    """Return the first of some forms of f(x) = 0 that Lambert's W solves, and w*exp(w) = z, which w = W(z) solves (`lambert.Form`)."""
    for candidate in candidates:
        form = lambert.recognised(candidate, x)
        if form is not None and size(candidate) <= MAX_NODES:
            right, meaning = simplified(form.argument), form.inner(x)
            letter = next(name for name in _OF_LAMBERT if all(name != s.name for s in symbols(right, meaning)))
            inverse = Rewriting(f"{letter}*exp({letter})", text(right), letter, text(meaning))
            return (*_plain(candidate, x, function), inverse)
    return ()


def _of_kernels(function: Node, place: Place) -> Iterator[Rewriting]:
    terms = core(function, place)
    if terms is None:
        return
    parts = factors(trigonometric.of_one_angle(without_negative_powers(terms), place.variable), place.variable)
    yield from _plain(multiply(*map(sum_node, parts)), place.variable, function)
    for part in parts:
        found = _in_one_function(part, place.variable)
        if found is not None and place.variable not in symbols(found[1]) and size(found[1]) <= MAX_NODES:
            yield Rewriting(text(found[1]), _ZERO, _letter(place.variable), text(found[0]))


def _in_one_function(terms: Sum, x: Symbol) -> tuple[Node, Node] | None:
    """The one function in which alone the unknown stands, and the equation's left side with a letter for it; or None."""
    y = symbol(_letter(x))
    try:
        wave, equation, letter = trigonometric.in_one_number(terms, x)
        return wave, substitute(sum_node(equation), {letter: y})
    except TooLarge:
        kernel = _only_kernel(terms, x)
        return None if kernel is None else (kernel, sum_node(in_terms_of(kernel, terms, y)))


def _only_kernel(terms: Sum, x: Symbol) -> Node | None:
    """The one function in which alone the unknown stands, or None."""
    atoms = {atom for monomial in terms for atom, _ in monomial if x in symbols(atom)}
    kernel = next(iter(atoms)) if len(atoms) == 1 else only_inside(atoms, x)
    return None if kernel is x else kernel


def _letter(x: Symbol) -> str:
    return next(letter for letter in _LETTERS if letter != x.name)
