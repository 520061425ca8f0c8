"""Brent's method in one variable: steps to the minimum of a parabola, safeguarded by golden sections."""

from __future__ import annotations

import math

from .bracket import bracket, height, lowest_end, tolerances
from .golden_section import SECTION
from .method import Iterates, Method, Objective, Outcome
from .options import Options


def brent(objective: Objective, x: float, value: float, options: Options) -> Iterates:
    """Brent 1973, section 5.8, procedure localmin, with its letters; it begins at the start, not at a golden cut."""
    found = yield from bracket(objective, x, value)
    if isinstance(found, Outcome):
        return found
    a, b, x, fx = found
    eps, t = tolerances(objective, found)
    v = w = x  # x is the lowest point, w the second lowest, v what w was before
    fv = fw = fx
    d = e = 0.0  # the last step and the one before
    while True:
        m = 0.5 * (a + b)
        tol = eps * abs(x) + t
        if abs(x - m) <= 2 * tol - 0.5 * (b - a):
            break
        p, q = _parabola(x, w, v, fx, fw, fv) if abs(e) > tol else (0.0, 0.0)
        r, e = e, d
        if abs(p) < abs(0.5 * q * r) and q * (a - x) < p < q * (b - x):
            d = p / q
            u = x + d
            if u - a < 2 * tol or b - u < 2 * tol:  # f must not be evaluated too close to a or b
                d = tol if x < m else -tol
        else:
            e = (b if x < m else a) - x
            d = SECTION * e
        u = x + (d if abs(d) >= tol else math.copysign(tol, d))  # nor too close to x
        u = min(max(u, a), b)
        fu = height(objective, u)
        if fu <= fx:
            a, b = (a, x) if u < x else (x, b)
            v, fv, w, fw, x, fx = w, fw, x, fx, u, fu
        else:
            a, b = (u, b) if u < x else (a, u)
            if fu <= fw or w == x:
                v, fv, w, fw = w, fw, u, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
        yield x, fx
    yield from lowest_end(objective, a, b, x, fx)
    return Outcome(True, "the interval is as short as the tolerance")


def _parabola(x: float, w: float, v: float, fx: float, fw: float, fv: float) -> tuple[float, float]:
    """Return p and q >= 0 with the minimum at x + p/q of the parabola through three points; 0 and 0 if one is infinite."""
    if not (math.isfinite(fw) and math.isfinite(fv)):
        return 0.0, 0.0
    r = (x - w) * (fx - fv)
    q = (x - v) * (fx - fw)
    p = (x - v) * q - (x - w) * r
    q = 2 * (q - r)
    return (-p, q) if q > 0 else (p, -q)


METHOD = Method(
    name="brent",
    summary="Goes to the minimum of a parabola through the three best points, safeguarded by golden sections; one variable.",
    source="R. P. Brent 1973, Algorithms for Minimization without Derivatives, chapter 5",
    algorithm=brent,
    one_variable_only=True,
)
