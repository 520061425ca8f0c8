"""A small evaluator for tests: the value of an expression graph, exact while it is rational, else at 50 digits.

A `Value` is a Fraction, an mpmath number, or None where the expression is undefined over the reals; it has Python's
operators, so that numpy's arrays of objects and Python's own `eval` compute with it. Where rounding could decide (a
comparison or a floor of two numbers that agree to 30 digits) `Unclear` is raised.

>>> from optbench.language.elaborate import parse
>>> float(evaluate(parse("sqrt(4) + 0.5").node, {})[()])
2.5
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from math import floor
from typing import Any

import numpy as np
from mpmath import mp, mpc, mpf

from optbench.language.graph import Call, Node, Number, Symbol, topological

mp.dps = 50
Real = Fraction | mpf


class Unclear(Exception):
    """Rounding could decide this value."""


class Value:
    """A real number or nothing; `whole` says that the language knows it to be a whole number."""

    __slots__ = ("real", "whole")

    def __init__(self, real: Real | int | None, whole: bool = False) -> None:
        self.real = Fraction(real) if isinstance(real, int) else real
        self.whole = whole or (isinstance(self.real, Fraction) and isinstance(real, int))

    def __float__(self) -> float:
        return float("nan") if self.real is None else float(self.real)

    def __repr__(self) -> str:
        return f"Value({self.real})"

    def __add__(self, other: Any) -> Value:
        return apply("add", self, lifted(other))

    def __radd__(self, other: Any) -> Value:
        return lifted(other) + self

    def __sub__(self, other: Any) -> Value:
        return self + -lifted(other)

    def __mul__(self, other: Any) -> Value:
        return apply("multiply", self, lifted(other))

    def __rmul__(self, other: Any) -> Value:
        return lifted(other) * self

    def __truediv__(self, other: Any) -> Value:
        return apply("divide", self, lifted(other))

    def __mod__(self, other: Any) -> Value:
        return apply("mod", self, lifted(other))

    def __pow__(self, other: Any) -> Value:
        return apply("power", self, lifted(other))

    def __neg__(self) -> Value:
        return apply("negate", self)

    def __pos__(self) -> Value:
        return self


def lifted(number: Any) -> Value:
    return number if isinstance(number, Value) else Value(number)


def real_number(number: Real) -> mpf:
    return mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else mpf(number)


def same(a: Real | None, b: Real | None, digits: int = 30) -> bool:
    """Whether two values agree, to some digits, or are both undefined."""
    if a is None or b is None:
        return a is b
    x, y = real_number(a), real_number(b)
    return abs(x - y) <= mpf(10) ** -digits * max(1, abs(x), abs(y))


def compared(a: Real, b: Real) -> int:
    """Return the sign of a - b."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return (a > b) - (a < b)
    if real_number(a) == real_number(b):
        return 0
    if same(a, b):
        raise Unclear
    return 1 if real_number(a) > real_number(b) else -1


def floored(a: Real) -> Fraction:
    if isinstance(a, Fraction):
        return Fraction(floor(a))
    if same(a, mp.nint(a)):
        raise Unclear
    return Fraction(int(mp.floor(a)))


# ---- one function at numbers -----------------------------------------------------------------------------------------


def apply(function: str, *args: Value) -> Value:
    """Return the value of a function of the table at scalars; None where it is undefined over the reals."""
    whole = _whole(function, args)
    if any(a.real is None for a in args):
        return Value(None)
    numbers = [a.real for a in args]
    if function == "power":
        return Value(_power(args[0].real, args[1].real, args[1].whole), whole)
    if function in _EXACT:
        return Value(_EXACT[function](*numbers), whole)
    return Value(special(function, *map(real_number, numbers)), whole)


def _whole(function: str, args: tuple[Value, ...]) -> bool:
    if function in ("floor", "ceil", "sign"):
        return True
    if function == "power":
        return args[0].whole and args[1].whole and args[1].real is not None and args[1].real >= 0
    return function in ("add", "multiply", "negate", "abs", "minimum", "maximum", "mod", "relu") and all(a.whole for a in args)


def special(function: str, *args: mpf) -> mpf | None:
    """Return mpmath's value where it is finite and real."""
    try:
        value = _MPMATH.get(function, getattr(mp, function, None))(*args)
        if value is None:
            return None
    except (ValueError, ZeroDivisionError):
        return None
    if isinstance(value, mpc):
        value = value.real if value.imag == 0 else mpf("nan")
    return value if mp.isfinite(value) else None


def _power(base: Real, exponent: Real, whole: bool) -> Real | None:
    if isinstance(exponent, Fraction) and (exponent.denominator == 1 or whole) and abs(exponent) < 1000:
        if not whole and compared(base, Fraction(0)) < 0:
            return None
        if base == 0 and exponent < 0:
            return None
        return base ** int(exponent) if isinstance(base, Fraction) else mp.power(base, int(exponent))
    if base == 0:
        return Fraction(0) if compared(exponent, Fraction(0)) > 0 else None
    return special("power", real_number(base), real_number(exponent)) if compared(base, Fraction(0)) > 0 else None


def _mod(x: Real, y: Real) -> Real | None:
    if compared(y, Fraction(0)) == 0:
        return None
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x % y
    quotient = real_number(x) / real_number(y)
    return real_number(x) - real_number(y) * real_number(floored(quotient))


def _divide(x: Real, y: Real) -> Real | None:
    if compared(y, Fraction(0)) == 0:
        return None
    return x / y if isinstance(x, Fraction) and isinstance(y, Fraction) else real_number(x) / real_number(y)


def _sum(*terms: Real) -> Real:
    return sum(terms, Fraction(0)) if all(isinstance(t, Fraction) for t in terms) else mp.fsum(map(real_number, terms))


def _product(*factors: Real) -> Real:
    exact = all(isinstance(f, Fraction) for f in factors)
    return reduce(lambda a, b: a * b, factors if exact else map(real_number, factors))


def _least(*numbers: Real) -> Real:
    return reduce(lambda a, b: a if (a is b or compared(a, b) <= 0) else b, numbers)


_EXACT: dict[str, Callable[..., Real | None]] = {
    "add": _sum,
    "multiply": _product,
    "negate": lambda x: -x,
    "divide": _divide,
    "mod": _mod,
    "abs": abs,
    "sign": lambda x: Fraction(compared(x, Fraction(0))),
    "floor": floored,
    "ceil": lambda x: -floored(-x),
    "minimum": _least,
    "maximum": lambda *xs: -_least(*(-x for x in xs)),
    "relu": lambda x: x if compared(x, Fraction(0)) > 0 else Fraction(0),
}
_MPMATH: dict[str, Callable[..., Any]] = {
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": mp.log10,
    "log1p": lambda x: mp.log(1 + x),
    "atan2": lambda y, x: mp.atan2(y, x) if x or y else None,
    "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
    "trigamma": lambda x: mp.psi(1, x),
    "lambertw_lower": lambda x: mp.lambertw(x, -1),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "pi": lambda: +mp.pi,
}

# ---- a whole graph ---------------------------------------------------------------------------------------------------


def evaluate(root: Node, point: Mapping[str, Any]) -> Any:
    """Return the value of an expression as an array of `Value` (of True, False, None for conditions)."""
    return values_of([root], point)[0]


def values_of(roots: list[Node], point: Mapping[str, Any]) -> list[Any]:
    """Return the values of expressions, and compute what they share once."""
    known: dict[Node, Any] = {}
    for node in topological(*roots):
        known[node] = _value(node, [known[a] for a in node.args], point)
    return [known[root] for root in roots]


def array_of(numbers: Any) -> Any:
    """Return an array of `Value` from nested lists of numbers or one number."""
    if not np.shape(numbers):
        return _scalar(lifted(numbers))
    return np.frompyfunc(lifted, 1, 1)(np.array(numbers, dtype=object))


def _scalar(value: Any) -> Any:
    holder = np.empty((), dtype=object)
    holder[()] = value
    return holder


def _value(node: Node, args: list[Any], point: Mapping[str, Any]) -> Any:
    if isinstance(node, Number):
        return _scalar(Value(node.value, node.integer))
    if isinstance(node, Symbol):
        return array_of(point[node.name])
    assert isinstance(node, Call)
    if node.function in _ARRAYS:
        result = _ARRAYS[node.function](node, *args)
        return result if isinstance(result, np.ndarray) else _scalar(result)
    if node.function == "rootof":
        from optbench.language.rootof import real_roots

        return _scalar(Value(mpf(str(real_roots(node.static[0])[node.static[1]].mid().str(40, radius=False)))))
    rule = _RULES.get(node.function) or (lambda *values: apply(node.function, *values))
    if node.function == "power":
        rule = lambda base, exponent: Value(_none_or(_power, base.real, exponent.real, node.args[1].integer))  # noqa: E731
    if not node.shape:
        return _scalar(rule(*(a[()] for a in args)))
    result = np.frompyfunc(rule, len(args), 1)(*args)
    return result if isinstance(result, np.ndarray) else _scalar(result)


def _none_or(function: Callable[..., Any], *args: Any) -> Any:
    return None if any(a is None for a in args) else function(*args)


def _relation(holds: Callable[[int], bool]) -> Callable[[Value, Value], bool | None]:
    return lambda a, b: None if a.real is None or b.real is None else holds(compared(a.real, b.real))


def _and(*tests: bool | None) -> bool | None:
    return False if False in tests else None if None in tests else True


def _not(test: bool | None) -> bool | None:
    return None if test is None else not test


_RULES: dict[str, Callable[..., Any]] = {
    "if": lambda test, a, b: Value(None) if test is None else a if test else b,
    "less": _relation(lambda sign: sign < 0),
    "less_equal": _relation(lambda sign: sign <= 0),
    "greater": _relation(lambda sign: sign > 0),
    "greater_equal": _relation(lambda sign: sign >= 0),
    "equal": _relation(lambda sign: sign == 0),
    "not_equal": _relation(lambda sign: sign != 0),
    "and": _and,
    "or": lambda *tests: _not(_and(*map(_not, tests))),
    "not": _not,
}


def _reduced(rule: Callable[[list[Any]], Any]) -> Callable[[Call, Any], Any]:
    def over(node: Call, x: Any) -> Any:
        axis = node.static[0]
        if axis is None:
            return rule(list(x.ravel()))
        rows = np.moveaxis(x, axis, -1)
        out = np.empty(rows.shape[:-1], dtype=object)
        for where in np.ndindex(*out.shape):
            out[where] = rule(list(rows[where]))
        return out

    return over


def _logsumexp(values: list[Value]) -> Value:
    return apply("log", apply("add", *(apply("exp", v) for v in values)))


def _spec(static: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(p if isinstance(p, int) else slice(p[0], None if p[1] < 0 else p[1], p[2]) for p in static)


def _zeros(shape: tuple[int, ...], value: int = 0) -> Any:
    out = np.empty(shape, dtype=object)
    for where in np.ndindex(*shape):
        out[where] = Value(value)
    return out


def _pad(node: Call, x: Any) -> Any:
    out = _zeros(node.static[1])
    out[_spec(node.static[0])] = x if x.shape else x[()]
    return out


def _positions(*arrays: Any) -> list[Any]:
    return [np.frompyfunc(lambda v: int(v.real), 1, 1)(a).astype(int) if a.shape else int(a[()].real) for a in arrays]


def _take(node: Call, x: Any, *indices: Any) -> Any:
    where = _positions(*indices)
    return x[tuple(where)] if node.static[0] is None else x[(slice(None),) * node.static[0] + (where[0],)]


def _scatter(node: Call, x: Any, *indices: Any) -> Any:
    axis, shape = node.static
    out = _zeros(shape)
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    where = _positions(*indices)
    targets = numbers[tuple(where)] if axis is None else numbers[(slice(None),) * axis + (where[0],)]
    flat = out.reshape(-1)
    for target, value in zip(np.ravel(targets), np.broadcast_to(x, np.shape(targets)).ravel(), strict=True):
        flat[target] = flat[target] + value
    return out


def _others(node: Call, x: Any) -> Any:
    axis = node.static[0]
    out = np.empty(x.shape, dtype=object)
    for where in np.ndindex(*x.shape):
        row = x.ravel() if axis is None else x[(*where[:axis], slice(None), *where[axis + 1 :])]
        rest = np.delete(row, np.ravel_multi_index(where, x.shape) if axis is None else where[axis])
        out[where] = apply("multiply", *rest) if len(rest) else Value(1)
    return out


def _arange(node: Call, start: Any, stop: Any, step: Any) -> Any:
    first, by = start[()].real, step[()].real
    return array_of([first + k * by for k in range(node.shape[0])]) if node.shape[0] else _zeros((0,))


def _linspace(node: Call, a: Any, b: Any) -> Any:
    n = node.shape[0]
    out = np.empty(n, dtype=object)
    for k in range(n):
        out[k] = a[()] + (b[()] - a[()]) * Value(Fraction(k, max(1, n - 1)))
    return out


def _array(node: Call, *entries: Any) -> Any:
    out = np.empty(node.shape, dtype=object)
    for k, entry in enumerate(entries):
        out[k] = entry if entry.shape else entry[()]
    return out


_ARRAYS: dict[str, Callable[..., Any]] = {
    "sum": _reduced(lambda values: apply("add", *values)),
    "prod": _reduced(lambda values: apply("multiply", *values) if values else Value(1)),
    "min": _reduced(lambda values: apply("minimum", *values)),
    "max": _reduced(lambda values: apply("maximum", *values)),
    "logsumexp": _reduced(_logsumexp),
    "all": _reduced(lambda tests: _and(*tests)),
    "index": lambda node, x: x[_spec(node.static)],
    "take": _take,
    "array": _array,
    "transpose": lambda node, x: x.T,
    "matmul": lambda node, a, b: np.dot(a, b),
    "reshape": lambda node, x: x.reshape(node.shape),
    "broadcast": lambda node, x: np.broadcast_to(x, node.shape),
    "pad": _pad,
    "scatter": _scatter,
    "others": _others,
    "arange": _arange,
    "linspace": _linspace,
    "zeros": lambda node: _zeros(node.shape),
    "ones": lambda node: _zeros(node.shape, 1),
}
