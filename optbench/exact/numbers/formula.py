"""Formulas as the user sees them: simplified, as text, with enclosures, and by which functions they need.

>>> from optbench.language.elaborate import parse
>>> [facts(parse(formula).node).kind for formula in ("sqrt(2)/2", "cos(acos(1/3)/5 + pi/7)", "cos(1)", "exp(lambertw(1/4))")]
['radicals', 'radicals', 'elementary', 'lambertw']
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from flint import arb

from optbench.arithmetic.balls import Enclosure, as_fraction, decimals, value_of
from optbench.exact.answer import FormulaFacts
from optbench.exact.numbers.algebraic import pi_multiple
from optbench.language.graph import Call, Node, Number, functions, topological

MAX_TEXT = 20_000
_ARITHMETIC = {"add", "multiply", "negate", "divide"}
_ROOTS = _ARITHMETIC | {"sqrt", "cbrt", "power"}
_CIRCULAR = {"sin", "cos", "tan"}
_SPECIAL = {"digamma", "erf", "erfc", "gamma", "lgamma", "trigamma"}
_CLASSES = ("rational", "radicals", "elementary", "lambertw", "algebraic_root")  # each needs more than the ones before


def facts(node: Node) -> FormulaFacts:
    """Return the class of a formula without unknowns, by the functions it calls; none where it has special functions."""
    used = functions(node)
    if special := used & _SPECIAL:
        return FormulaFacts("found", reason=f"it is written with {' and '.join(sorted(special))}, so none of the classes is claimed")
    if used <= _ARITHMETIC or isinstance(node, Number):
        return FormulaFacts("found", "rational")
    if _is_in_radicals(node):
        return FormulaFacts("found", "radicals")
    if used & {"lambertw", "lambertw_lower"}:
        return FormulaFacts("found", "lambertw")
    return FormulaFacts("found", "algebraic_root" if "rootof" in used else "elementary")


def facts_of_point(formulas: Iterable[Node]) -> FormulaFacts:
    """Return the class that all coordinates need together."""
    return max(map(facts, formulas), key=lambda known: (*_CLASSES, None).index(known.kind))


def _is_in_radicals(node: Node) -> bool:
    """Whether a number is written with roots, and with sines and cosines of fractions of pi and of angles whose cosines are such.

    With cos(t) = w both exp(i*t) = w + i*sqrt(1 - w^2) and its powers with rational exponents are made by roots.
    """
    return all(_is_root_step(part) for part in topological(node, enter=_numbers_in))


def _is_root_step(node: Node) -> bool:
    if not isinstance(node, Call):
        return True  # a number or a parameter
    if node.function in _CIRCULAR:
        return _cosines(node.args[0]) is not None
    return node.function in _ROOTS and (node.function != "power" or isinstance(node.args[1], Number))


def _numbers_in(node: Node) -> tuple[Node, ...]:
    """The numbers that a number is made of: its arguments, but for an angle those of the inverse functions in it."""
    return (_cosines(node.args[0]) or ()) if isinstance(node, Call) and node.function in _CIRCULAR else node.args


def _cosines(angle: Node) -> tuple[Node, ...] | None:
    """The w of an angle that is a sum of rational multiples of pi and of acos(w), asin(w), atan(w); None for another one."""
    if pi_multiple(angle) is not None:
        return ()
    if not isinstance(angle, Call):
        return None
    match angle.function:
        case "add":
            parts = [_cosines(part) for part in angle.args]
            return None if None in parts else tuple(w for part in parts if part for w in part)
        case "negate":
            return _cosines(angle.args[0])
        case "divide" if isinstance(angle.args[1], Number):
            return _cosines(angle.args[0])
        case "multiply" if len(angle.args) == 2 and isinstance(angle.args[0], Number):
            return _cosines(angle.args[1])
        case "acos" | "asin" | "atan":
            return angle.args
    return None


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
