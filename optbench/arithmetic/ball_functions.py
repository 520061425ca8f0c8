"""One rule a function of the table: enclosures of the arguments in, an enclosure of the values out.

`RULES` maps the name in the table's column `balls` to the rule. A rule works at the precision that is set in
`flint.ctx`, on ends of no more bits than that; no argument of it is empty, but for `if`, `and` and `or`. What a function
is not defined at is cut off its arguments, and the result is then not `everywhere`.

A nan of arb (it could not enclose a value) never becomes an end: the range takes its place, and `everywhere` is False.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import INFINITY, NOWHERE, ONE, ZERO, Enclosure, bounded
from optbench.arithmetic.ball_monotone import MONOTONE, Rule
from optbench.arithmetic.ball_operators import (
    absolute,
    add,
    ceil,
    choose,
    divide,
    floor,
    maximum,
    minimum,
    mod,
    multiply,
    negate,
    relu,
    sign,
)
from optbench.arithmetic.ball_turning import atan2, cosh, digamma, gamma, hypot, lgamma, sine_wave, tan, trigamma

# ---- constants -----------------------------------------------------------------------------------------------------


def pi() -> Enclosure:
    return bounded(arb.pi(), arb.pi(), True)


def infinity() -> Enclosure:
    """`inf` stands for a bound and is no real number, so what holds it is not defined everywhere."""
    return Enclosure(INFINITY, INFINITY, False)


def root_of(coefficients: tuple[int, ...], k: int) -> Enclosure:
    return _root_of(coefficients, k, ctx.prec)


@lru_cache(maxsize=256)
def _root_of(coefficients: tuple[int, ...], k: int, precision: int) -> Enclosure:
    from optbench.language.rootof import real_roots

    root = real_roots(coefficients)[k]
    return bounded(root, root, True)


# ---- conditions: 1 where they hold, 0 where not --------------------------------------------------------------------


def _verdict(holds: bool, fails: bool, everywhere: bool) -> Enclosure:
    return Enclosure(ONE if holds else ZERO, ZERO if fails else ONE, everywhere)


def less(x: Enclosure, y: Enclosure) -> Enclosure:
    return _verdict(bool(x.upper < y.lower), bool(x.lower >= y.upper), x.everywhere and y.everywhere)


def less_equal(x: Enclosure, y: Enclosure) -> Enclosure:
    return _verdict(bool(x.upper <= y.lower), bool(x.lower > y.upper), x.everywhere and y.everywhere)


def equal(x: Enclosure, y: Enclosure) -> Enclosure:
    same = bool(x.lower == x.upper == y.lower == y.upper)
    return _verdict(same, bool(x.upper < y.lower or y.upper < x.lower), x.everywhere and y.everywhere)


def opposite(test: Enclosure) -> Enclosure:
    return Enclosure(1 - test.upper, 1 - test.lower, test.everywhere)


def any_of(*tests: Enclosure) -> Enclosure:
    """`or`: it holds where one test holds, whether or not the others are defined there."""
    known = [t for t in tests if not t.empty]
    if not known:
        return NOWHERE
    settled = any(t.lower == 1 and t.everywhere for t in known)
    everywhere = settled or (len(known) == len(tests) and all(t.everywhere for t in known))
    return Enclosure(max(t.lower for t in known), max(t.upper for t in known), everywhere)


def all_of(*tests: Enclosure) -> Enclosure:
    """`and`: it fails where one test fails, whether or not the others are defined there."""
    known = [t for t in tests if not t.empty]
    if not known:
        return NOWHERE
    settled = any(t.upper == 0 and t.everywhere for t in known)
    everywhere = settled or (len(known) == len(tests) and all(t.everywhere for t in known))
    upper = min(t.upper for t in known) if len(known) == len(tests) else ZERO
    return Enclosure(min(upper, *(t.lower for t in known)), upper, everywhere)


RULES: dict[str, Rule] = MONOTONE | {
    "add": add,
    "multiply": multiply,
    "negate": negate,
    "divide": divide,
    "mod": mod,
    "abs": absolute,
    "relu": relu,
    "floor": floor,
    "ceil": ceil,
    "sign": sign,
    "minimum": minimum,
    "maximum": maximum,
    "if": choose,
    "sin": partial(sine_wave, at=arb.sin, offset=Fraction(1, 2)),
    "cos": partial(sine_wave, at=arb.cos, offset=Fraction(0)),
    "tan": tan,
    "cosh": cosh,
    "hypot": hypot,
    "atan2": atan2,
    "gamma": gamma,
    "lgamma": lgamma,
    "digamma": digamma,
    "trigamma": trigamma,
    "pi": pi,
    "inf": infinity,
    "less": less,
    "less_equal": less_equal,
    "greater": lambda x, y: less(y, x),
    "greater_equal": lambda x, y: less_equal(y, x),
    "equal": equal,
    "not_equal": lambda x, y: opposite(equal(x, y)),
    "not": opposite,
    "or": any_of,
    "and": all_of,
}
TAKES_EMPTY = frozenset(("if", "or", "and"))
