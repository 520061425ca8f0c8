"""All zeros of a function on an open interval, with the proof that they are all, and its sign between them.

The solvers are tried in order of cost, one file each: `polynomial` for functions that are polynomials up to factors
without zeros, `lambert` for the equations of Lambert's W, `log_linear` for sums of logarithms, `kernels` for what is a
polynomial in one function of the unknown, then, where the caller allows it, `sympy_solve`. A solver gives formulas; that
each satisfies the equation is proved here by the zero test of `identities`, and that none is missing by `zeros`, unless the
solver's algebra proves both. Zeros for which there is no formula are isolated and enclosed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cmp_to_key
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from optbench.account import Solver
from optbench.arithmetic.balls import as_fraction, compare, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.line import lambert, log_linear, polynomial
from optbench.exact.line.enclosed import EnclosedRoot, real_enclosure, simple_numbers
from optbench.exact.line.pieces import Place, Undecided, sample, sign
from optbench.exact.line.polynomial import Candidates
from optbench.exact.line.two_products import with_logarithms
from optbench.exact.line.zeros import Isolation, are_all_zeros, isolated
from optbench.exact.numbers.identities import is_zero, normal
from optbench.exact.numbers.sums import Quotient, Sum, TooLarge, sign_of, sum_node, without_common_factors
from optbench.language.build import add, divide, number, substitute, subtract
from optbench.language.graph import Call, GraphError, Node, size, symbols, topological
from optbench.language.products import cancelled
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY

QUICK = 40  # cells for the question whether there is a zero at all
_MAX_MET = 6  # rational zeros that turn up while zeros are isolated


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
    isolated: Isolated | None = None  # all zeros, where that is proved but some have no formula
    solver: Solver = Solver.NONE  # what settled it


class Isolated(NamedTuple):
    """All zeros, ascending, with and without formulas, and the signs between them and the ends."""

    roots: tuple[Node | EnclosedRoot, ...]
    signs: tuple[int, ...]


def zeros(function: Node, place: Place, computer_algebra: bool = True) -> Zeros:
    """Return the zeros of a smooth function on an open interval, as far as they are found and proved.

    With `computer_algebra` SymPy is asked last, which is slow.
    """
    if not symbols(function):
        return replace(_of_constant(function), solver=Solver.CONSTANT)
    if not has_possible_zero(function, place):
        return _with_signs(function, place, (), Solver.SIGN)
    form = _normal_form(function)
    if form is not None and not form.top:
        return Zeros((), (), True, identically=True, solver=Solver.CONSTANT)
    by_algebra = _by_polynomial(function, form, place)
    return by_algebra or _by_formulas(function, form, place, computer_algebra)


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
    return _with_signs(function, place, _inside(found, place), Solver.POLYNOMIAL)


def core(function: Node, place: Place) -> Sum | None:
    """Return the numerator of a function without factors that have no zero on the place; None where there is no normal form."""
    form = _normal_form(function)
    return None if form is None else _core(form, place)


def forms(function: Node, place: Place) -> list[Node]:
    """Return the function up to factors without zeros in a few ways, the shortest first."""
    return _forms(function, _normal_form(function), place)


def _core(form: Quotient, place: Place) -> Sum:
    """The numerator without common factors that have no zero on the place."""

    def vanishes(factor: Node) -> bool:
        try:
            return sign(factor, place) == 0
        except (Undecided, NotApplicable):
            return True

    return without_common_factors(form.top, vanishes)


def _by_formulas(function: Node, form: Quotient | None, place: Place, computer_algebra: bool) -> Zeros:
    """Formulas, and the proof that they are zeros and that there is no other, on either of several forms."""
    forms = _forms(function, form, place)
    found, known = list[Node](), Zeros((), (), False, f"no formula was found for the zeros of {shown(function)}")
    for solver in _solvers(computer_algebra):
        if solver is not _lambert and not known.roots and any(are_all_zeros(f, (), place, QUICK) for f in forms):
            return _with_signs(function, place, (), Solver.SIGN)
        candidates = solver(forms, form, place)
        found += candidates.formulas
        if not (candidates.complete or candidates.formulas):
            continue
        known = _proved(function, forms, place, candidates.formulas if candidates.complete else found, candidates.complete)
        if known.proved:
            return replace(known, solver=_SOLVERS[solver])
    return _with_enclosures(function, forms, place, known)


_SIMPLE = (Fraction(0), *(sign * q for q in (Fraction(1), Fraction(2), Fraction(3), Fraction(1, 2)) for sign in (1, -1)))
_Solver: TypeAlias = Callable[[Sequence[Node], Quotient | None, Place], Candidates]


def _solvers(computer_algebra: bool) -> Iterator[_Solver]:
    yield _lambert
    yield _log_linear
    yield _kernels
    if computer_algebra:
        yield _sympy


def _lambert(forms: Sequence[Node], form: Quotient | None, place: Place) -> Candidates:
    return Candidates([r for f in forms for r in lambert.solutions(f, place.variable)], False)


def _log_linear(forms: Sequence[Node], form: Quotient | None, place: Place) -> Candidates:
    return Candidates([r for f in forms for r in log_linear.solutions(f, place.variable)], False)


def _kernels(forms: Sequence[Node], form: Quotient | None, place: Place) -> Candidates:
    from optbench.exact.line import kernels

    return Candidates([], False) if form is None else kernels.solutions(_core(form, place), place)


def _sympy(forms: Sequence[Node], form: Quotient | None, place: Place) -> Candidates:
    from optbench.exact.line import sympy_solve

    return Candidates(sympy_solve.solutions(forms[0], place), False)


_SOLVERS: dict[_Solver, Solver] = {
    _lambert: Solver.LAMBERT,
    _log_linear: Solver.LOGARITHMS,
    _kernels: Solver.KERNELS,
    _sympy: Solver.COMPUTER_ALGEBRA,
}


def _with_enclosures(function: Node, forms: Sequence[Node], place: Place, known: Zeros) -> Zeros:
    """The zeros, those without a formula isolated; what was known where that does not succeed."""
    formulas = list(known.verified)
    simple = [z for z in _simple_zeros(function, place) if z not in formulas]
    for _ in range(_MAX_MET):
        formulas.sort(key=cmp_to_key(_order))
        found = next((i for f in forms if (i := isolated(f, formulas, place)) is not None), None)
        if found is None and simple:  # where f' is 0 too, a zero can't be isolated, only guessed
            formulas, simple = [*formulas, *simple], []
            continue
        if found is None:
            return known
        if found.met is None:
            return _merged(function, place, formulas, found, known)
        formulas.append(number(found.met))
    return known


def _simple_zeros(function: Node, place: Place) -> tuple[Node, ...]:
    """Small whole numbers and halves that are zeros."""
    candidates, _ = _sorted_inside(map(number, _SIMPLE), place)
    return tuple(c for c in candidates if is_zero(substitute(function, {place.variable: c})))


def _merged(function: Node, place: Place, formulas: Sequence[Node], found: Isolation, known: Zeros) -> Zeros:
    enclosed = [_recognised(EnclosedRoot(bracket)) for bracket in found.brackets]
    every = tuple(sorted([*formulas, *enclosed], key=cmp_to_key(_order_of_reals)))
    if not any(isinstance(r, EnclosedRoot) for r in every):
        return _with_signs(function, place, tuple(r for r in every if isinstance(r, Node)), Solver.ISOLATION)
    signs = _signs_between(function, place, every)
    if signs is None:
        return known
    reason = f"no formula was found for {'the' if len(every) == 1 else 'all'} zeros of {shown(function)}"
    verified = tuple(r for r in every if isinstance(r, Node))
    return Zeros(verified, (), False, reason, frozenset(verified), isolated=Isolated(every, signs), solver=Solver.ISOLATION)


def _recognised(root: EnclosedRoot) -> Node | EnclosedRoot:
    """The formula of a root that is a simple number, proved."""
    for candidate in simple_numbers(root):
        if is_zero(substitute(root.function, {root.bracket.variable: candidate})):
            return candidate
    return root


def _order_of_reals(left: Node | EnclosedRoot, right: Node | EnclosedRoot) -> int:
    if isinstance(left, Node) and isinstance(right, Node):
        return _order(left, right)
    for bits in (64, 256, 1024):
        a, b = real_enclosure(left, bits), real_enclosure(right, bits)
        if a.upper < b.lower or b.upper < a.lower:
            return -1 if a.upper < b.lower else 1
    raise NotApplicable("two zeros can't be told apart")


def _signs_between(function: Node, place: Place, roots: Sequence[Node | EnclosedRoot]) -> tuple[int, ...] | None:
    """The sign between two zeros, that at a rational point; None where one is not known."""
    boxes = [real_enclosure(r, 64) for r in roots]
    lows = [place.lower, *(number(as_fraction(b.upper)) for b in boxes)]
    highs = [*(number(as_fraction(b.lower)) for b in boxes), place.upper]
    signs = [sign_of(substitute(function, {place.variable: number(sample(a, b))})) for a, b in zip(lows, highs, strict=True)]
    return None if any(s is None for s in signs) else tuple(s for s in signs if s is not None)


def _proved(function: Node, forms: Sequence[Node], place: Place, found: Iterable[Node], complete: bool) -> Zeros:
    """The formulas that satisfy the equation, and whether they are all; `complete`: no zero is missing among them."""
    candidates, left_out = _sorted_inside(found, place)
    verified = frozenset(r for r in candidates if any(is_zero(substitute(f, {place.variable: r})) for f in forms))
    roots = tuple(r for r in candidates if r in verified)
    if any(r not in verified and sign_of(substitute(function, {place.variable: r})) is None for r in candidates):
        return Zeros(candidates, (), False, f"a formula for a zero of {shown(function)} could not be verified", verified)
    if (complete and not left_out) or any(are_all_zeros(f, roots, place) for f in forms):
        return _with_signs(function, place, roots)
    what = "it is not proved that these are all" if roots else "no formula was found for the"
    return Zeros(roots, (), False, f"{what} zeros of {shown(function)}", verified)


def _forms(function: Node, form: Quotient | None, place: Place) -> list[Node]:
    """The function up to factors without zeros in a few ways, the shortest first."""
    forms = [function, _divided_through(function, place)]
    if form is not None:
        forms.append(sum_node(_core(form, place)))
    forms += [found for f in forms if (found := with_logarithms(f, place)) is not None]
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


def _with_signs(function: Node, place: Place, roots: tuple[Node, ...], solver: Solver = Solver.NONE) -> Zeros:
    """The zeros, proved; the sign between two of them is that at any point."""
    ends = [place.lower, *roots, place.upper]
    signs = [sign_of(substitute(function, {place.variable: number(sample(a, b))})) for a, b in pairwise(ends)]
    if any(s is None for s in signs):
        return Zeros(roots, (), False, "the sign of the derivative could not be computed", frozenset(roots))
    return Zeros(roots, tuple(s for s in signs if s is not None), True, verified=frozenset(roots), solver=solver)


def _inside(candidates: Iterable[Node], place: Place) -> tuple[Node, ...]:
    """The candidates that lie strictly inside the place, ascending, each number once; raise `NotApplicable` in doubt."""
    kept, left_out = _sorted_inside(candidates, place)
    if left_out:
        raise NotApplicable("it can't be decided whether two numbers are equal")
    return kept


def _sorted_inside(candidates: Iterable[Node], place: Place) -> tuple[tuple[Node, ...], bool]:
    """The candidates strictly inside, and whether some are left out since they can't be told from others or from the ends."""
    kept: list[Node] = []
    left_out = False
    for candidate in dict.fromkeys(candidates):
        value = value_of(candidate)
        if value.empty:
            continue
        try:
            if not value.is_bounded:
                raise NotApplicable("a number is not known to be finite")
            if _order(place.lower, candidate) < 0 and _order(candidate, place.upper) < 0 and all(_order(candidate, k) for k in kept):
                kept.append(candidate)
        except NotApplicable:
            left_out = True
    return tuple(sorted(kept, key=cmp_to_key(_order))), left_out


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
