"""The reading in Python's own floats, for expressions without arrays: quick for few variables, and no import but math.

Every function returns nan outside its domain and an infinity where a defined value is too large; nothing raises. A
comparison with nan is neither true nor false (None), and so is what hangs on it.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> function([parse("x*log(x)").node], [symbol("x")])(1.0)
(0.0,)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optbench.arithmetic import NoReading
from optbench.arithmetic.straight_line import compiled, float_of, joined
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, Symbol

_INF, _NAN = math.inf, math.nan


def function(outputs: Sequence[Node], inputs: Sequence[Symbol]) -> Callable[..., tuple[float, ...]]:
    """Return a function of floats that returns the values of the outputs; raise `NoReading` for arrays."""
    return compiled(outputs, inputs, _FLOATS)


class _Floats:
    namespace: Mapping[str, Any]

    def __init__(self) -> None:
        self.namespace = {"nan": _NAN, "inf": _INF, **_FUNCTIONS}

    def constant(self, node: Node) -> Any | None:
        if isinstance(node, Number):
            return float_of(node)
        if isinstance(node, Call) and node.function in _CONSTANTS:
            return _CONSTANTS[node.function]
        if isinstance(node, Call) and node.function == "rootof":
            return _root(node)
        return None

    def code(self, node: Call, args: Sequence[str]) -> str:
        if node.shape or TABLE[node.function].floats is None:
            raise NoReading(f"{node.function} has no reading in plain floats.")
        match node.function:
            case "add":
                return joined(" + ", args)
            case "multiply":
                return joined(" * ", args)
            case "negate":
                return f"-{args[0]}"
            case "divide":
                return f"{args[0]} / {args[1]} if {args[1]} else nan"
            case "power":
                return _power_code(node.args[1], *args)
            case "less" | "less_equal" | "greater" | "greater_equal" | "equal" | "not_equal":
                a, b = args
                return f"({a} {_SIGNS[node.function]} {b}) if {a} == {a} and {b} == {b} else None"
        return f"{'_' if node.function in ('if', 'and', 'or', 'not') else ''}{node.function}({', '.join(args)})"


def _power_code(exponent: Node, base: str, power: str) -> str:
    if isinstance(exponent, Number) and exponent.integer:
        if exponent.value == 2:
            return f"{base} * {base}"
        return f"whole_power({base}, {int(exponent.value)})"
    return f"whole_power({base}, {power})" if exponent.integer else f"real_power({base}, {power})"


_SIGNS = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}
_CONSTANTS = {"pi": math.pi, "inf": math.inf}


def _root(node: Call) -> float:
    from optbench.language.rootof import real_roots

    return float(real_roots(node.static[0])[node.static[1]])


# ---- the functions, total on floats --------------------------------------------------------------------------------


def whole_power(x: float, n: float) -> float:
    """x^n for whole n, an int of any size or a float; 0^0 is 1, 0^-1 is undefined."""
    if x < 0 and abs(n) < _INF and n % 2:
        return -whole_power(-x, n)  # a double does not hold whether a large int is odd
    if x != x or n != n or (x == 0 and n < 0):  # nan^0 would be 1
        return _NAN
    try:
        return float(x ** _as_float(n))
    except OverflowError:
        return _INF


def _as_float(n: float) -> float:
    try:
        return float(n)
    except OverflowError:
        return _INF if n > 0 else -_INF


def real_power(x: float, y: float) -> float:
    """x^y for x >= 0; 0^0 is 1."""
    if not x >= 0 or y != y or (x == 0 and y < 0):  # nan^0 and 1^nan would be 1
        return _NAN
    try:
        return float(x**y)
    except OverflowError:
        return _INF


def _guarded(f: Callable[[float], float], overflow: Callable[[float], float] = lambda x: _INF) -> Callable[[float], float]:
    """f with nan outside its domain and `overflow(x)` where the value is too large."""

    def guarded(x: float) -> float:
        try:
            return f(x)
        except ValueError:
            return _NAN
        except OverflowError:
            return overflow(x)

    return guarded


def _signed_infinity(x: float) -> float:
    return math.copysign(_INF, x)


def mod(x: float, y: float) -> float:
    """x - y*floor(x/y), with the sign of y."""
    return x % y if y and math.isfinite(x) else _NAN


def tan(x: float) -> float:
    """tangent; no double is a pole."""
    return math.tan(x) if math.isfinite(x) else _NAN


def atan2(y: float, x: float) -> float:
    """Angle of (x, y), undefined at the origin; there is no negative 0."""
    return math.atan2(y + 0.0, x) if x or y else _NAN


def hypot(x: float, y: float) -> float:
    """sqrt(x^2 + y^2)."""
    return math.hypot(x, y) if x == x and y == y else _NAN  # with one of them infinite, math.hypot overlooks a nan


def sign(x: float) -> float:
    """-1, 0, 1, or nan."""
    return float((x > 0) - (x < 0)) if x == x else _NAN


def _rounded(f: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: float(f(x)) if math.isfinite(x) else x


def minimum(*args: float) -> float:
    """Smallest argument; nan if one is."""
    return _NAN if any(a != a for a in args) else min(args)


def maximum(*args: float) -> float:
    """Greatest argument; nan if one is."""
    return _NAN if any(a != a for a in args) else max(args)


def _if(condition: bool | None, yes: float, no: float) -> float:
    return _NAN if condition is None else yes if condition else no


def _and(*conditions: bool | None) -> bool | None:
    return False if False in conditions else None if None in conditions else True


def _or(*conditions: bool | None) -> bool | None:
    return True if True in conditions else None if None in conditions else False


def _not(condition: bool | None) -> bool | None:
    return None if condition is None else not condition


def gamma(x: float) -> float:
    """Gamma function; a pole is undefined."""
    try:
        return math.gamma(x)
    except ValueError:
        return _NAN
    except OverflowError:
        return math.copysign(_INF, x)  # of negative numbers only those next to 0 are too large, where gamma(x) is 1/x


def digamma(x: float) -> float:
    """Logarithmic derivative of gamma: recurrence to x >= 10, then the asymptotic series (DLMF 5.11.2); reflection (5.5.4)."""
    if x <= 0:
        return digamma(1 - x) - math.pi / math.tan(_turn(x)) if x % 1 > 0 else _NAN
    shift = 0.0
    while x < 10:
        shift, x = shift - 1 / x, x + 1
    y = 1 / x / x
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return shift + (math.log(x) - 0.5 / x - series)


def trigamma(x: float) -> float:
    """Derivative of digamma: recurrence to x >= 10, then the asymptotic series (DLMF 5.15.8); reflection (5.15.6)."""
    if x <= 0:
        return _square(math.pi / math.sin(_turn(x))) - trigamma(1 - x) if x % 1 > 0 else _NAN
    shift = 0.0
    while x < 10:
        shift, x = shift + _square(1 / x), x + 1
    y = 1 / x / x
    series = y * (1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * (691 / 2730 - y * 7 / 6))))))
    return shift + (1 / x + y / 2 + series / x)


def _turn(x: float) -> float:
    """pi*x but for whole turns, accurate also next to whole numbers."""
    return math.pi * math.remainder(x, 1)


def _square(x: float) -> float:
    return x * x


_BRANCH_POINT = -math.exp(-1)  # the double next to -1/e, a little below it
_BEYOND_BRANCH_POINT = 1.2428753672788363e-17  # how far: -1/e is the sum of the two
_BRANCH_SERIES = (-1, 1, -1 / 3, 11 / 72, -43 / 540, 769 / 17280, -221 / 8505, 680863 / 43545600, -1963 / 204120)
_NEAR_BRANCH_POINT = 0.02  # where the series is exact to rounding, and iteration would lose digits


def lambertw(x: float) -> float:
    """Principal branch of Lambert's W, by Halley's method (Corless et al. 1996, (5.9)); the double next to -1/e counts as -1/e."""
    if not x >= _BRANCH_POINT or x == 0 or x == _INF:
        return x if x >= 0 else _NAN
    p = _from_branch_point(x)
    if p < _NEAR_BRANCH_POINT:
        return _branch_series(p)
    w = -1 + p - p * p / 3 if x < 0.3 else math.log1p(x) * (1 - math.log1p(math.log1p(x)) / (2 + math.log1p(x)))
    for _ in range(50):
        residual = w - x * math.exp(-w)  # w*exp(w) - x divided by exp(w) does not overflow
        step = residual / ((w + 1) - (w + 2) * residual / (2 * w + 2))
        w -= step
        if abs(step) <= 4e-16 * abs(w):
            break
    return w


def lambertw_lower(x: float) -> float:
    """The branch -1 of Lambert's W, for -1/e <= x < 0: w + log(-w) = log(-x), by Newton's method."""
    if not _BRANCH_POINT <= x < 0:
        return _NAN
    p = -_from_branch_point(x)
    if p > -_NEAR_BRANCH_POINT:
        return _branch_series(p)
    logarithm = math.log(-x)
    w = -1 + p - p * p / 3 if x < -0.25 else logarithm - math.log(-logarithm)
    for _ in range(50):
        step = (w + math.log(-w) - logarithm) / (1 + 1 / w)
        w -= step
        if abs(step) <= 4e-16 * abs(w):
            break
    return w


def _from_branch_point(x: float) -> float:
    """sqrt(2*(e*x + 1)), without cancellation."""
    return math.sqrt(max(0.0, 2 * math.e * (x - _BRANCH_POINT - _BEYOND_BRANCH_POINT)))


def _branch_series(p: float) -> float:
    """W near its branch point (Corless et al. 1996, (4.22))."""
    w = 0.0
    for coefficient in reversed(_BRANCH_SERIES):
        w = w * p + coefficient
    return w


def sigmoid(x: float) -> float:
    """1/(1 + exp(-x)) without overflow."""
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x)) if x == x else _NAN


def softplus(x: float) -> float:
    """log(1 + exp(x)) without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if x == x else _NAN


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _guarded(getattr(math, name)) for name in ("sqrt", "log2", "log10", "log1p", "sin", "cos", "asin", "acos")},
    **{name: _guarded(getattr(math, name)) for name in ("acosh", "atanh", "exp", "expm1", "cosh", "lgamma")},
    "log": _guarded(math.log),
    "sinh": _guarded(math.sinh, _signed_infinity),
    **{name: getattr(math, name) for name in ("cbrt", "atan", "tanh", "asinh", "erf", "erfc")},
    "abs": abs,
    "floor": _rounded(math.floor),
    "ceil": _rounded(math.ceil),
    "relu": lambda x: maximum(x, 0.0),
    **{f.__name__: f for f in (whole_power, real_power, mod, tan, atan2, hypot, sign, minimum, maximum, _if, _and, _or, _not)},
    **{f.__name__: f for f in (gamma, digamma, trigamma, lambertw, lambertw_lower, sigmoid, softplus)},
}
_FLOATS = _Floats()
