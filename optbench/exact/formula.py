"""Formulas as the user sees them: simplified, as text, with enclosures, and by which functions they need.

>>> from optbench.language.elaborate import parse
>>> facts(parse("sqrt(2)/2").node).kind, facts(parse("exp(lambertw(1/4))").node).kind
('radicals', 'lambertw')
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from flint import arb

from optbench.arithmetic.balls import Enclosure, as_fraction, decimals, value_of
from optbench.exact.algebraic import is_algebraic
from optbench.exact.answer import FormulaFacts
from optbench.language.graph import Call, Node, Number, functions, topological

MAX_TEXT = 20_000
_ARITHMETIC = {"add", "multiply", "negate", "divide"}
_ROOTS = _ARITHMETIC | {"sqrt", "cbrt", "power"}
_SPECIAL = {"digamma", "erf", "erfc", "gamma", "lgamma", "trigamma"}
_CLASSES = ("rational", "radicals", "elementary", "lambertw", "algebraic_root")  # each needs more than the ones before


def facts(node: Node) -> FormulaFacts:
    """Return the class of a formula without unknowns, by the functions it calls; none where it has special functions."""
    used = functions(node)
    if special := used & _SPECIAL:
        return FormulaFacts("found", reason=f"it is written with {' and '.join(sorted(special))}, so none of the classes is claimed")
    if used <= _ARITHMETIC or isinstance(node, Number):
        return FormulaFacts("found", "rational")
    if used <= _ROOTS and _has_rational_exponents(node):
        return FormulaFacts("found", "radicals")
    if "rootof" not in used and is_algebraic(node):  # roots of unity, and what Cardano's formula is in real numbers
        return FormulaFacts("found", "radicals")
    if used & {"lambertw", "lambertw_lower"}:
        return FormulaFacts("found", "lambertw")
    return FormulaFacts("found", "algebraic_root" if "rootof" in used else "elementary")


def facts_of_point(formulas: Iterable[Node]) -> FormulaFacts:
    """Return the class that all coordinates need together."""
    return max(map(facts, formulas), key=lambda known: (*_CLASSES, None).index(known.kind))


def _has_rational_exponents(node: Node) -> bool:
    return all(isinstance(n.args[1], Number) for n in topological(node) if isinstance(n, Call) and n.function == "power")


def enclosure(node: Node, digits: int) -> tuple[str, str]:
    """Return decimal texts around a number that differ by one in the last of `digits` digits; a short decimal is itself."""
    if isinstance(node, Number) and (exact := _finite_decimal(node.value, digits)) is not None:
        return exact, exact
    return decimals(value_of(node, int(digits * 3.33) + 24), max(digits, 10))


def _finite_decimal(value: Fraction, digits: int) -> str | None:
    """The decimal that is exactly this number, or None if it has more than `digits` digits."""
    places = next((k for k in range(digits) if 10**k % value.denominator == 0), None)
    if places is None or abs(value.numerator) >= 10**digits:
        return None
    written = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{written[:-places]}.{written[-places:]}" if places else sign + written


def as_float(node: Node) -> float:
    """Return the double next to a number, 0 or infinite beyond the doubles."""
    return midpoint(value_of(node, 80))


def midpoint(value: Enclosure) -> float:
    """Return the double next to the middle of an enclosure, 0 or infinite beyond the doubles."""
    if not value.is_bounded or abs(value.lower) > arb(2) ** 1030 or abs(value.lower) < arb(2) ** -1080:
        return float(value.lower)
    return float((as_fraction(value.lower) + as_fraction(value.upper)) / 2)
