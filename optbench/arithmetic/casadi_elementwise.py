"""The functions that CasADi computes entry by entry: its own, and ours of them where it has none, or one of other values.

Whole powers are products, functions that are smooth at 0 are differentiated so there, and numbers are added to arrays in
the form in which CasADi does not write them out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import casadi as ca
import numpy as np

from optbench.language.graph import Node, Number

_MOST_FACTORS = 2**10  # of a power of an array of whole numbers


def elementwise(name: str, *args: Any) -> Any:
    """Return the function of the arguments, whose name is that of the table's CasADi column; `power` is not among them."""
    return _OWN[name](*args) if name in _OWN else _of_casadi(name, *args)


def _of_casadi(name: str, *args: Any) -> Any:
    """Return one of CasADi's own functions of the arguments."""
    code = _CODES.get(name)
    return ca.SX.unary(code, *args) if code is not None and isinstance(args[0], ca.SX) else getattr(ca, name)(*args)


_UNARY = ("sqrt", "exp", "log", "log1p", "expm1", "sin", "cos", "tan", "asin", "acos", "atan")
_CODES = {name: getattr(ca, f"OP_{name.upper()}") for name in (*_UNARY, "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "fabs")}


def _add(*terms: Any) -> Any:
    number = sum(term for term in terms if isinstance(term, float))
    others = [term for term in terms if not isinstance(term, float)]
    total = reduce(_plus, others)
    return _shifted(total, number) if number else total


def _operator(code: int, plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return an operator that is given to SX by its code, which is ten times quicker than to have CasADi see what it is given."""
    binary = ca.SX.binary

    def applied(a: Any, b: Any) -> Any:
        if isinstance(a, ca.SX):
            return binary(code, a, b if isinstance(b, ca.SX) else ca.SX(b))
        return binary(code, ca.SX(a), b) if isinstance(b, ca.SX) else plain(a, b)

    return applied


_plus = _operator(ca.OP_ADD, operator.add)
_times = _operator(ca.OP_MUL, operator.mul)
_over = _operator(ca.OP_DIV, operator.truediv)


def _shifted(x: Any, number: float) -> Any:
    """x + number; of an MX as a difference, since CasADi spreads a number to an array in a sum and left of a minus sign."""
    if not isinstance(x, ca.MX):
        return _plus(x, number)
    return -(x.dep(0) - number) if x.is_op(ca.OP_NEG) else x - -number


def _multiply(*factors: Any) -> Any:
    return reduce(_times, sorted(factors, key=lambda factor: not isinstance(factor, float)))


def power(base: Any, exponent: Any, node: Node, number: Any | None) -> Any:
    """Return base^exponent; whole powers as products, which are right for negative bases and in all derivatives at 0.

    `node` is that of the exponent, `number` its value where that is constant.
    """
    if isinstance(node, Number) and node.integer:
        return _whole_power(base, int(node.value))
    if number is None:
        return ca.power(base, exponent)
    if np.all(number == np.round(number)) and np.all(np.abs(number) <= _MOST_FACTORS):
        return _whole_powers(base, number.astype(int)) if node.shape else _whole_power(base, int(number))
    return ca.sqrt(base) if np.all(number == 0.5) else ca.power(base, exponent)


def _whole_power(x: Any, n: int) -> Any:
    """x^n by squaring where n is small, else by the C library; a double does not hold whether a large n is odd."""
    if n == 1:
        return x
    if not n or abs(n) > 32:
        is_odd_and_large = n % 2 and abs(n) >= 2**53
        return ca.sign(x) * ca.fabs(x) ** _double(n) if is_odd_and_large else ca.power(x, _double(n))
    if n < 0:
        return _over(1.0, _whole_power(x, -n))
    root = _whole_power(x, n // 2)
    return _times(x, _times(root, root)) if n % 2 else _times(root, root)


def _double(n: int) -> float:
    try:
        return float(n)
    except OverflowError:
        return np.inf if n > 0 else -np.inf


def _whole_powers(x: Any, n: Any) -> Any:
    """x^n entry by entry for an array of numbers n: what is squared further is 1 where no higher square is needed."""
    if np.any(n < 0):
        x, n = _where(n < 0, 1 / _where(n < 0, x, 1.0), x), np.abs(n)
    product = 1.0
    while True:
        product = product * _where(n % 2 == 1, x, 1.0)
        n = n // 2
        if not np.any(n):
            return product
        root = _where(n > 0, x, 1.0)
        x = root * root


def _where(mask: Any, yes: Any, no: Any) -> Any:
    if mask.all() or not mask.any():
        return yes if mask.all() else no
    return ca.if_else(ca.DM(mask.astype(float)), yes, no)


_MISSING_OF_A_THIRD = 1.850371707708594e-17  # 1/3 less the double next to it, which shows where x is far from 1


def _cbrt(x: Any) -> Any:
    size = ca.fabs(x)
    return ca.sign(x) * (ca.power(size, 1 / 3) * ca.power(size, _MISSING_OF_A_THIRD))


def _mod(x: Any, y: Any) -> Any:
    """The floor modulus, by way of C's, which has the sign of x."""
    rest = ca.fmod(x, y)
    other_sign = ca.logic_and(ca.ne(rest, 0), ca.ne(ca.lt(rest, 0), ca.lt(y, 0)))
    return rest + ca.if_else(other_sign, y, 0)


def _atan2(y: Any, x: Any) -> Any:
    """There is no negative 0: what is added is 0, and makes it one."""
    return ca.atan2(y + ca.lt(y, -np.inf), x)


def _size_and_sign(x: Any) -> tuple[Any, Any]:
    """|x| and whether x >= 0, differentiated at 0 as on its right: for functions that are smooth there."""
    positive = ca.ge(x, 0)
    return ca.if_else(positive, x, -x), positive


def _sigmoid(x: Any) -> Any:
    size, positive = _size_and_sign(x)
    small = ca.exp(-size)
    return ca.if_else(positive, 1, small) / _shifted(small, 1.0)


def _softplus(x: Any) -> Any:
    size, positive = _size_and_sign(x)
    return ca.if_else(positive, x, 0) + ca.log1p(ca.exp(-size))


_OWN: dict[str, Callable[..., Any]] = {
    "add": _add,
    "multiply": _multiply,
    "negate": lambda x: -x,
    "divide": _over,
    "mod": _mod,
    "if": ca.if_else,
    "minimum": lambda *args: reduce(ca.fmin, args),
    "maximum": lambda *args: reduce(ca.fmax, args),
    "relu": lambda x: ca.fmax(x, 0),
    "cbrt": _cbrt,
    "log2": lambda x: ca.log(x) / np.log(2),
    "log10": lambda x: ca.log(x) / np.log(10),
    "atan2": _atan2,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logic_and": lambda *args: reduce(ca.logic_and, args),
    "logic_or": lambda *args: reduce(ca.logic_or, args),
}
