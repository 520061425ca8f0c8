"""Candidates for the zeros of a function from SymPy's `solve`, nothing of which is trusted.

The unknown is declared positive or negative where the interval says so, which SymPy needs to undo logarithms and roots.
Solutions of periodic equations come from one period; the others in a bounded interval are a whole number of periods away.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from optbench.arithmetic import NoReading
from optbench.arithmetic.balls import as_fraction, enclose, value_of
from optbench.exact.line.pieces import Place
from optbench.exact.numbers.identities import simplified
from optbench.language.build import add, multiply
from optbench.language.graph import Call, Node, Symbol, functions, size, symbols, topological
from optbench.problem.interval import INFINITY, MINUS_INFINITY

MAX_NODES = 400
MAX_REPEATS = 200
_PERIODIC = {"sin", "cos", "tan"}
_EXPONENTIAL = {"exp", "sinh", "cosh", "tanh"}


def solutions(function: Node, place: Place) -> list[Node]:
    """Return formulas that may be zeros of the function on the place: neither surely zeros, nor surely all."""
    if size(function) > MAX_NODES or _is_mixed(function, place.variable):
        return []
    from optbench.arithmetic.sympy_terms import to_sympy

    periodic = bool(functions(function) & _PERIODIC)
    unknown = _unknown(place, periodic)
    try:
        term = to_sympy(function, {place.variable: unknown})
    except NoReading:
        return []
    found = _read(_solved(term, unknown))
    return _repeated(found, term, unknown, place) if periodic else found


def _is_mixed(function: Node, x: Symbol) -> bool:
    """Whether the unknown stands both in functions of one kind and outside of them, in a way for which SymPy has no method:
    with sines, or with exponentials of several rates."""
    waves = [n for n in topological(function) if isinstance(n, Call) and n.function in _PERIODIC and x in symbols(n)]
    if waves and x in topological(function, enter=lambda n: () if n in waves else n.args):
        return True
    growing = {n for n in topological(function) if isinstance(n, Call) and n.function in _EXPONENTIAL and x in symbols(n)}
    several = len({n.args[0] for n in growing}) > 1 or any(n.function != "exp" for n in growing)
    return several and x in topological(function, enter=lambda n: () if n in growing else n.args)


def _unknown(place: Place, periodic: bool) -> Any:
    """The unknown with a sign that helps; solutions of a period that begins below 0 may lie there."""
    import sympy

    name = place.variable.name
    if periodic and place.lower is not MINUS_INFINITY and place.upper is not INFINITY:
        return sympy.Symbol(name, real=True)
    if place.box.lower >= 0:
        return sympy.Symbol(name, positive=True)
    return sympy.Symbol(name, negative=True) if place.box.upper <= 0 else sympy.Symbol(name, real=True)


def _solved(term: Any, unknown: Any) -> list[Any]:
    import sympy

    try:
        found = sympy.solve(term, unknown, check=False, simplify=False)
    except Exception:  # whatever SymPy's solvers fail with, there is no formula
        return []
    return list(found) if isinstance(found, list) else []


def _read(terms: list[Any]) -> list[Node]:
    from optbench.arithmetic.sympy_terms import from_sympy

    found = []
    for term in terms:
        try:
            node = from_sympy(term, {})
        except NoReading:
            continue
        if not enclose([node], {}, 64)[0].empty:
            found.append(node if functions(node) & {"lambertw", "lambertw_lower"} else simplified(node))
    return found


def _repeated(roots: list[Node], term: Any, unknown: Any, place: Place) -> list[Node]:
    """The roots and all numbers that are a whole number of half periods away from one of them, within a bounded place."""
    period = _period(term, unknown)
    if period is None or place.lower is MINUS_INFINITY or place.upper is INFINITY:
        return roots
    low, high, step = (as_fraction(value_of(n).lower) for n in (place.lower, place.upper, period))
    found = []
    for root in roots:
        at = as_fraction(value_of(root).lower)
        first, last = 2 * (low - at) // step, 2 * (high - at) // step + 1
        if last - first > MAX_REPEATS:
            return roots
        found += [simplified(add(root, multiply(Fraction(k, 2), period))) for k in range(first, last + 1)]
    return found


def _period(term: Any, unknown: Any) -> Node | None:
    import sympy

    try:
        period = sympy.periodicity(term, unknown)
    except Exception:  # whatever it fails with, no period is known
        return None
    if period is None or not period.is_positive:
        return None
    found = _read([period])
    return found[0] if found else None
