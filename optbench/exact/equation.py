"""All zeros of a function on an open interval, with the proof that they are all, and its sign between them.

The solvers are tried in order of cost, one file each: `polynomial` for functions that are polynomials up to factors
without zeros, `lambert` for the equations of Lambert's W, then `sympy_solve`. A solver gives formulas; that each satisfies the
equation is proved here by the zero test of `identities`, and that none is missing by `zeros`, unless the solver's algebra
proves both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise

from optbench.arithmetic.balls import compare, value_of
from optbench.exact import lambert, polynomial
from optbench.exact.answer import NotApplicable
from optbench.exact.identities import is_zero, normal
from optbench.exact.pieces import Place, Undecided, sample, sign
from optbench.exact.sums import Quotient, Sum, TooLarge, sign_of, sum_node, without_common_factors
from optbench.exact.zeros import are_all_zeros
from optbench.language.build import add, divide, number, substitute, subtract
from optbench.language.graph import Call, GraphError, Node, size, symbols, topological
from optbench.language.products import cancelled
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY

QUICK = 40  # cells for the question whether there is a zero at all


@dataclass(frozen=True)
class Zeros:
    """The zeros of a function on an open interval.

    `roots`: formulas, ascending, strictly inside; `signs`: of the function on each of the gaps between them and the ends
    (one more than roots; empty where the function is 0 throughout or nothing is proved); `proved`: that each root is a
    zero and that there is no other; `verified`: the roots that are proved to be zeros.
    """

    roots: tuple[Node, ...]
    signs: tuple[int, ...]
    proved: bool
    reason: str | None = None
    verified: frozenset[Node] = frozenset()
    identically: bool = False


def zeros(function: Node, place: Place) -> Zeros:
    """Return the zeros of a smooth function on an open interval, as far as they are found and proved."""
    if not symbols(function):
        return _of_constant(function)
    if not has_possible_zero(function, place):
        return _with_signs(function, place, ())
    form = _normal_form(function)
    if form is not None and not form.top:
        return Zeros((), (), True, identically=True)
    by_algebra = _by_polynomial(function, form, place)
    return by_algebra or _by_formulas(function, form, place)


def _of_constant(value: Node) -> Zeros:
    sign = sign_of(value)
    if sign is not None:
        return Zeros((), (sign,), True)
    if is_zero(value):
        return Zeros((), (), True, identically=True)
    return Zeros((), (), False, f"it can't be decided whether {value} is 0")


def has_possible_zero(function: Node, place: Place) -> bool:
    """Whether one enclosure over the whole place leaves room for a zero."""
    return place.enclosure(function).contains_zero


def _normal_form(function: Node) -> Quotient | None:
    try:
        return normal(function)
    except (TooLarge, GraphError):
        return None


def _by_polynomial(function: Node, form: Quotient | None, place: Place) -> Zeros | None:
    """Real roots of the numerator, where that is a polynomial times factors that have no zero."""
    if form is None:
        return None
    found = polynomial.real_roots(_core(form, place), place.variable)
    if found is None:
        return None
    return _with_signs(function, place, _inside(found, place))


def _core(form: Quotient, place: Place) -> Sum:
    """The numerator without common factors that have no zero on the place."""

    def vanishes(factor: Node) -> bool:
        try:
            return sign(factor, place) == 0
        except (Undecided, NotApplicable):
            return True

    return without_common_factors(form.top, vanishes)


def _by_formulas(function: Node, form: Quotient | None, place: Place) -> Zeros:
    """Formulas, and the proof that they are zeros and that there is no other, on either of several forms.

    Lambert's W is tried first; SymPy is imported only if that does not prove everything.
    """
    forms = _forms(function, form, place)
    if any(are_all_zeros(f, (), place, QUICK) for f in forms):
        return _with_signs(function, place, ())
    found = [r for f in forms for r in lambert.solutions(f, place.variable)]
    if found:
        by_lambert = _proved(function, forms, place, found)
        if by_lambert.proved:
            return by_lambert
    from optbench.exact import sympy_solve

    return _proved(function, forms, place, sympy_solve.solutions(forms[0], place))


def _proved(function: Node, forms: Sequence[Node], place: Place, found: Iterable[Node]) -> Zeros:
    """The formulas that satisfy the equation, and whether they are all."""
    candidates = _inside(found, place)
    verified = frozenset(r for r in candidates if any(is_zero(substitute(f, {place.variable: r})) for f in forms))
    roots = tuple(r for r in candidates if r in verified)
    if any(r not in verified and sign_of(substitute(function, {place.variable: r})) is None for r in candidates):
        return Zeros(candidates, (), False, f"a formula for a zero of {shown(function)} could not be verified", verified)
    if any(are_all_zeros(f, roots, place) for f in forms):
        return _with_signs(function, place, roots)
    what = "it is not proved that these are all" if roots else "no formula was found for the"
    return Zeros(roots, (), False, f"{what} zeros of {shown(function)}", verified)


def _forms(function: Node, form: Quotient | None, place: Place) -> list[Node]:
    """The function up to factors without zeros in up to three ways, the shortest first."""
    forms = [function, _divided_through(function, place)]
    if form is not None:
        forms.append(sum_node(_core(form, place)))
    return sorted(dict.fromkeys(forms), key=size)


def _divided_through(function: Node, place: Place) -> Node:
    """The sum without the exponentials that stand in each of its terms."""
    if not (isinstance(function, Call) and function.function == "add"):
        return function
    for factor in topological(function.args[0]):
        if isinstance(factor, Call) and factor.function == "exp" and symbols(factor):
            terms = [cancelled(term, divide(1, factor)) for term in function.args]
            if all(size(new) < size(old) for new, old in zip(terms, function.args, strict=True)):
                return add(*terms)
    return function


def shown(node: Node) -> str:
    """A short expression as it is, a long one as what it is."""
    written = text(node)
    return written if len(written) <= 80 else "a long expression"


def _with_signs(function: Node, place: Place, roots: tuple[Node, ...]) -> Zeros:
    """The zeros, proved; the sign between two of them is that at any point."""
    ends = [place.lower, *roots, place.upper]
    signs = [sign_of(substitute(function, {place.variable: number(sample(a, b))})) for a, b in pairwise(ends)]
    if any(s is None for s in signs):
        return Zeros(roots, (), False, "the sign of the derivative could not be computed", frozenset(roots))
    return Zeros(roots, tuple(s for s in signs if s is not None), True, verified=frozenset(roots))


def _inside(candidates: Iterable[Node], place: Place) -> tuple[Node, ...]:
    """The candidates that lie strictly inside the place, ascending, each number once; raise `NotApplicable` in doubt."""
    kept: list[Node] = []
    for candidate in candidates:
        value = value_of(candidate)
        if value.empty or not value.is_bounded:
            continue
        if _order(place.lower, candidate) < 0 and _order(candidate, place.upper) < 0 and all(_order(candidate, k) for k in kept):
            kept.append(candidate)
    return tuple(sorted(kept, key=cmp_to_key(_order)))


def _order(left: Node, right: Node) -> int:
    """The sign of left - right for numbers without unknowns and infinite ends."""
    if left is MINUS_INFINITY or right is INFINITY:
        return -1
    if left is INFINITY or right is MINUS_INFINITY:
        return 1
    found = compare(left, right, 256)
    if found is None:
        found = 0 if is_zero(subtract(left, right)) else compare(left, right)
    if found is None:
        raise NotApplicable(f"it can't be decided which of {left} and {right} is the smaller one")
    return found
