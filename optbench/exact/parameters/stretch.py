"""Intervals of x whose ends may be formulas of parameters, and the signs of an expression on them.

>>> from optbench.exact.parameters.assumptions import KINDS
>>> from optbench.language.build import negate, symbol
>>> a, x = symbol("a"), symbol("x")
>>> stretch = Stretch(x, Assumptions({a: KINDS["positive"]}), upper=a)
>>> clipped(Chart((negate(a), a), (1, -1, 1)), stretch)
Chart(roots=(-a,), signs=(1, -1), touches=False)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from optbench.exact.answer import NotApplicable
from optbench.exact.parameters.assumptions import Assumptions
from optbench.exact.region.signs import NEGATIVE, NOT_NEGATIVE, NOT_POSITIVE, POSITIVE
from optbench.language.build import number, subtract
from optbench.language.graph import Node, Symbol, symbols
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval


class Chart(NamedTuple):
    """Zeros in ascending order and the signs between them; `touches`: there may be zeros at which the sign does not change."""

    roots: tuple[Node, ...]
    signs: tuple[int, ...]
    touches: bool = False


@dataclass(frozen=True)
class Stretch:
    """An open interval of x, whose ends may be formulas of the parameters, and what is assumed of these."""

    variable: Symbol
    assumptions: Assumptions
    lower: Node = MINUS_INFINITY
    upper: Node = INFINITY

    @cached_property
    def inside(self) -> Assumptions:
        """What holds at all its points."""
        given = self.assumptions.with_symbol(self.variable, self._numerical())
        for end, signs in ((self.lower, POSITIVE), (self.upper, NEGATIVE)):
            if end not in (MINUS_INFINITY, INFINITY, number(0)):
                given = given.with_fact(subtract(self.variable, end), signs)
        return given

    def _numerical(self) -> Interval:
        """An interval with numbers as ends around it."""
        low, high = self.lower, self.upper
        if symbols(low):
            low = number(0) if self.assumptions.signs(low) <= NOT_NEGATIVE else MINUS_INFINITY
        if symbols(high):
            high = number(0) if self.assumptions.signs(high) <= NOT_POSITIVE else INFINITY
        found = Interval(low, high, False, False)
        if found.is_empty:
            raise NotApplicable("a range is empty for the parameters of one of the cases")
        return found

    def between(self, lower: Node, upper: Node) -> Stretch:
        """Return another interval of the same variable."""
        return Stretch(self.variable, self.assumptions, lower, upper)

    def depends(self, node: Node) -> bool:
        """Whether an expression depends on x."""
        return self.variable in symbols(node)

    def order(self, a: Node, b: Node) -> int:
        """Return the sign of a - b, where either may be infinite."""
        if a is b:
            return 0
        if a is MINUS_INFINITY or b is INFINITY:
            return -1
        if b is MINUS_INFINITY or a is INFINITY:
            return 1
        return self.assumptions.sign(subtract(a, b))


def constant_chart(sign: int) -> Chart:
    """Return the chart of what has one sign."""
    return Chart((), (sign,))


def product(a: Chart, b: Chart, stretch: Stretch) -> Chart:
    """Return the chart of a product: zeros in one order, signs multiplied, zeros of both left out where the sign stays."""
    roots: list[Node] = []
    signs = [a.signs[0] * b.signs[0]]
    i = j = 0
    touches = a.touches or b.touches
    while i < len(a.roots) or j < len(b.roots):
        order = -1 if j == len(b.roots) else 1 if i == len(a.roots) else stretch.order(a.roots[i], b.roots[j])
        root = a.roots[i] if order <= 0 else b.roots[j]
        i, j = i + (order <= 0), j + (order >= 0)
        sign = a.signs[i] * b.signs[j]
        if sign == signs[-1]:
            touches = True
        else:
            roots.append(root)
            signs.append(sign)
    return Chart(tuple(roots), tuple(signs), touches)


def clipped(found: Chart, stretch: Stretch) -> Chart:
    """Return the part of a chart of the whole line that lies on the stretch."""
    roots, signs = list(found.roots), list(found.signs)
    while roots and stretch.order(roots[0], stretch.lower) <= 0:
        del roots[0], signs[0]
    while roots and stretch.order(roots[-1], stretch.upper) >= 0:
        del roots[-1], signs[-1]
    return Chart(tuple(roots), tuple(signs), found.touches)
