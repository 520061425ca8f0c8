"""The reading in numpy: arrays of doubles, and scalar expressions on many points at once.

Constant parts (data, ranges, index arrays) are computed when the function is made. A value outside the natural domain is
nan: the conditions of definedness are computed along with the expression where numpy itself would return something else.
The special functions come from scipy.special, which is imported only when one is called.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from optbench.arithmetic import NoReading, floats
from optbench.arithmetic.straight_line import compiled, float_of, joined
from optbench.language.build import condition, reduction
from optbench.language.domain import natural_domain
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, Symbol, topological


def function(outputs: Sequence[Node], inputs: Sequence[Symbol], data: Mapping[Symbol, Any] | None = None) -> Callable[..., list[Any]]:
    """Return a function of arrays (or floats) that returns a list with the value of each output.

    `data` are the values of symbols that are no inputs. Where the natural domain's conditions fail, an output is nan:
    entry by entry if nothing in the expression is an array, else as a whole.
    """
    checks = [_defined(output) for output in outputs]
    wanted = [*outputs, *(c for c in checks if c is not None)]
    evaluate = compiled(wanted, inputs, _Numpy(_dependent(wanted, inputs), data or {}))
    count = len(outputs)

    def evaluated(*values: Any) -> list[Any]:
        with np.errstate(all="ignore"):
            found = list(evaluate(*(v if isinstance(v, np.ndarray) else np.float64(v) for v in values)))
            holds = iter(found[count:])
            return [v if c is None else np.where(next(holds), v, np.nan)[()] for v, c in zip(found[:count], checks, strict=True)]

    return evaluated


def _defined(output: Node) -> Node | None:
    """Return one condition for the output to be defined, or None where numpy's own nan says it."""
    conditions = natural_domain(output)
    if not conditions:
        return None
    return condition("and", *(reduction("all", c) for c in conditions))


def _dependent(outputs: Sequence[Node], inputs: Sequence[Symbol]) -> set[Node]:
    depends: set[Node] = set(inputs)
    for node in topological(*outputs):
        if any(a in depends for a in node.args):
            depends.add(node)
    return depends


class _Numpy:
    """`depends`: the nodes that hold an input; all others are constants, computed once."""

    namespace: Mapping[str, Any]

    def __init__(self, depends: set[Node], data: Mapping[Symbol, Any], fold: bool = True) -> None:
        self.namespace, self.depends, self.data, self.fold = _FUNCTIONS, depends, data, fold

    def constant(self, node: Node) -> Any | None:
        if isinstance(node, Number):
            return float_of(node)
        if isinstance(node, Symbol):
            return np.asarray(self.data[node], dtype=float).reshape(node.shape) if node in self.data else None
        assert isinstance(node, Call)
        if node.function == "arange":
            start, _, step = (float_of(a) for a in node.args if isinstance(a, Number))
            return start + step * np.arange(node.shape[0])
        if node.function == "array" and all(isinstance(a, Number) for a in node.args):
            return np.array([float_of(a) for a in node.args if isinstance(a, Number)])
        if not self.fold or node in self.depends:
            return None
        with np.errstate(all="ignore"):
            return compiled([node], (), _Numpy(self.depends, self.data, fold=False))()[0]

    def code(self, node: Call, args: Sequence[str]) -> str:
        name = TABLE[node.function].numpy
        if name is None:
            raise NoReading(f"{node.function} has no reading in numpy.")
        if node.function in _OF_CONSTANTS and node not in self.depends:
            return f"{_OF_CONSTANTS[node.function]}({', '.join(args)})"
        if node.function in _OPERATORS:
            return joined(_OPERATORS[node.function], args)
        if node.function in _STRUCTURE:
            return _STRUCTURE[node.function](node, args)
        match node.function:
            case "negate" | "not":
                return f"{'-' if node.function == 'negate' else '~'}{args[0]}"
            case "power" if isinstance(node.args[1], Number) and node.args[1].value == 2:
                return f"{args[0]} * {args[0]}"
            case "power" if isinstance(node.args[1], Number) and node.args[1].value == 3:
                return f"{args[0]} * {args[0]} * {args[0]}"
            case "power" if isinstance(node.args[1], Number) and node.args[1].integer:
                return f"whole_power({args[0]}, {args[1]}, {node.args[1].value % 2 == 1})"
            case "rootof":
                return f"rootof({node.static[0]!r}, {node.static[1]})"
        return f"{'_if' if name == 'if' else name}({', '.join(args)})"


_OPERATORS = {
    **{"add": " + ", "multiply": " * ", "divide": " / ", "matmul": " @ ", "and": " & ", "or": " | "},
    **{"less": " < ", "less_equal": " <= ", "greater": " > ", "greater_equal": " >= ", "equal": " == ", "not_equal": " != "},
}
_OF_CONSTANTS = {"divide": "np.divide", "not": "np.logical_not"}  # whose operators mean something else for Python's own numbers


# ---- structure: (node, names of its arguments) -> code ---------------------------------------------------------------


def _slices(spec: Sequence[Any]) -> str:
    return ", ".join(str(p) if isinstance(p, int) else f"{p[0]}:{p[1] if p[1] >= 0 else ''}:{p[2]}" for p in spec)


def _reduced(node: Call, args: Sequence[str]) -> str:
    return f"{node.function}_entries({args[0]}, {node.static[0]})"


def _take(node: Call, args: Sequence[str]) -> str:
    indices = ", ".join(f"whole({i})" for i in args[1:])
    return f"{args[0]}[{':, ' * (node.static[0] or 0)}{indices}]"


def _scatter(node: Call, args: Sequence[str]) -> str:
    leading = "slice(None), " * (node.static[0] or 0)
    indices = ", ".join(f"whole({i})" for i in args[1:])
    return f"scatter({args[0]}, ({leading}{indices},), {node.static[1]})"


def _array(node: Call, args: Sequence[str]) -> str:
    parts = [f"np.broadcast_to({a}, {node.shape[1:]})" if node.shape[1:] else a for a in args]
    return (
        f"np.stack([{', '.join(parts)}])"
        if node.shape[1:]
        else f"np.array([{', '.join(parts)}], dtype={'bool' if node.boolean else 'float'})"
    )


_STRUCTURE: dict[str, Callable[[Call, Sequence[str]], str]] = {
    **dict.fromkeys(("sum", "prod", "min", "max", "logsumexp", "all"), _reduced),
    "index": lambda node, args: f"{args[0]}[{_slices(node.static)}]",
    "take": _take,
    "scatter": _scatter,
    "pad": lambda node, args: f"padded({args[0]}, np.s_[{_slices(node.static[0])}], {node.static[1]})",
    "others": lambda node, args: f"others({args[0]}, {node.static[0]})",
    "array": _array,
    "transpose": lambda node, args: f"{args[0]}.T",
    "reshape": lambda node, args: f"np.reshape({args[0]}, {node.static[0]})",
    "broadcast": lambda node, args: f"np.broadcast_to({args[0]}, {node.static[0]})",
    "linspace": lambda node, args: f"np.linspace({args[0]}, {args[1]}, {node.static[0]})",
    "zeros": lambda node, args: f"np.zeros({node.static[0]})",
    "ones": lambda node, args: f"np.ones({node.static[0]})",
}


# ---- functions -----------------------------------------------------------------------------------------------------------


def _whole(indices: Any) -> Any:
    return np.asarray(indices).astype(np.intp)


def _padded(values: Any, where: Any, shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape)
    result[where] = values
    return result


def _scattered(values: Any, where: Any, shape: tuple[int, ...]) -> Any:
    """Zeros plus values at indices that may repeat."""
    if len(shape) == 1 and len(where) == 1:
        flat = np.broadcast_to(values, where[0].shape).ravel()
        return np.bincount(where[0].ravel() % shape[0], weights=flat, minlength=shape[0])
    result = np.zeros(shape)
    np.add.at(result, where, values)
    return result


def _others(x: Any, axis: int | None) -> Any:
    """For each entry the product of all others along the axis, from running products on both sides."""
    flat = np.moveaxis(np.asarray(x), axis, -1) if axis is not None else np.ravel(x)
    ones = np.ones((*flat.shape[:-1], 1))
    before = np.concatenate([ones, np.cumprod(flat[..., :-1], axis=-1)], axis=-1)
    after = np.concatenate([np.cumprod(flat[..., :0:-1], axis=-1)[..., ::-1], ones], axis=-1)
    return np.moveaxis(before * after, -1, axis) if axis is not None else (before * after).reshape(np.shape(x))


def _log_sum_exp(x: Any, axis: int | None) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    shifted = np.log(np.sum(np.exp(x - top), axis=axis))
    return shifted + (top.ravel()[0] if axis is None else np.squeeze(top, axis))


def _if(condition_: Any, yes: Any, no: Any) -> Any:
    return np.where(condition_, yes, no)[()]


def _power(x: Any, y: Any) -> Any:
    """x^y with numpy's float power; a negative base with a whole exponent is right, as is 0^0 = 1."""
    return np.power(np.asarray(x, dtype=float), y)[()]


def _whole_power(x: Any, n: float, odd: bool) -> Any:
    """x^n for a whole number n, of which a double does not hold whether it is odd where it is large."""
    size = np.power(np.abs(x), n)
    return np.copysign(size, x) if odd else size


def _arctan2(y: Any, x: Any) -> Any:
    """There is no negative 0."""
    return np.arctan2(y + 0.0, x)


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return (np.where(np.asarray(x) >= 0, 1.0, small) / (1.0 + small))[()]


def _special(name: str, *leading: int) -> Callable[..., Any]:
    """A function of scipy.special, imported when it is first called."""
    return lambda x: getattr(importlib.import_module("scipy.special"), name)(*leading, x)


def _lgamma(x: Any) -> Any:
    """scipy's is infinite next to 0, where gamma(x) is 1/x."""
    size = np.abs(x)
    return np.where(size < 1e-300, -np.log(size), _special("gammaln")(x))[()]


def _digamma(x: Any) -> Any:
    """scipy's is wrong next to its poles; hence the reflection (DLMF 5.5.4) by hand, on what x is off a whole number."""
    left = np.asarray(x) < 0
    there = _special("psi")(np.where(left, 1.0 - x, x))
    return np.where(left, there - np.pi / np.tan(np.pi * (x - np.rint(x))), there)[()]


def _one_by_one(function: Callable[[float], float]) -> Callable[..., Any]:
    """A function of floats, entry by entry: slower, but scipy's W loses half of its digits next to the branch point."""
    every = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(every(x), dtype=float)[()]


def _root(coefficients: tuple[int, ...], k: int) -> float:
    from optbench.language.rootof import real_roots

    return float(real_roots(coefficients)[k])


_UFUNCS = (
    *("sqrt", "cbrt", "exp", "log", "log2", "log10", "log1p", "expm1", "sin", "cos", "tan", "arcsin", "arccos"),
    *("arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "abs", "sign", "floor", "ceil", "hypot", "mod"),
)
_FUNCTIONS: dict[str, Any] = {
    "np": np,
    "pi": lambda: np.pi,
    "inf": lambda: np.inf,
    **{name: getattr(np, name) for name in _UFUNCS},
    "power": _power,
    "whole_power": _whole_power,
    "arctan2": _arctan2,
    "minimum": lambda *args: reduce(np.minimum, args),
    "maximum": lambda *args: reduce(np.maximum, args),
    "_if": _if,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),  # logaddexp takes four times as long
    "erf": _special("erf"),
    "erfc": _special("erfc"),
    "gamma": _special("gamma"),
    "lgamma": _lgamma,
    "digamma": _digamma,
    "trigamma": _special("polygamma", 1),
    "lambertw": _one_by_one(floats.lambertw),
    "lambertw_lower": _one_by_one(floats.lambertw_lower),
    "rootof": _root,
    "sum_entries": lambda x, axis: np.sum(x, axis=axis),
    "prod_entries": lambda x, axis: np.prod(x, axis=axis),
    "min_entries": lambda x, axis: np.min(x, axis=axis),
    "max_entries": lambda x, axis: np.max(x, axis=axis),
    "all_entries": lambda x, axis: np.all(x, axis=axis),
    "logsumexp_entries": _log_sum_exp,
    "whole": _whole,
    "padded": _padded,
    "scatter": _scattered,
    "others": _others,
}
