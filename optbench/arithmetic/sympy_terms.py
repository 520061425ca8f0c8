"""The reading in SymPy: expressions to SymPy terms, and real SymPy terms back to expressions.

`to_sympy` uses the table's column `sympy`; `from_sympy` knows what SymPy's solvers return for real problems and refuses
the rest (the imaginary unit, conditions, functions that the table does not have). Importing this module imports SymPy,
which takes half a second: import it late.

>>> from optbench.language.elaborate import parse
>>> x = symbol("x")
>>> from_sympy(to_sympy(parse("x*log(x) - sqrt(x)").node, {x: sympy.Symbol("x", positive=True)}), {"x": x})
-sqrt(x) + x*log(x)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from optbench.arithmetic import NoReading
from optbench.language.build import add, call, condition, constant, divide, multiply, negate, number, power, symbol
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, topological
from optbench.language.rootof import real_root

MAX_TERMS = 20_000

__all__ = ["from_sympy", "symbol", "to_sympy"]


def to_sympy(root: Node, symbols: Mapping[Symbol, Any]) -> Any:
    """Return the SymPy term of a scalar expression; raise `NoReading` for arrays and functions that SymPy lacks."""
    done: dict[Node, Any] = {}
    for node in topological(root):
        if node.shape:
            raise NoReading("arrays have no reading in SymPy")
        if isinstance(node, Number):
            done[node] = sympy.Rational(node.value.numerator, node.value.denominator)
        elif isinstance(node, Symbol):
            done[node] = symbols[node]
        elif isinstance(node, Call):
            done[node] = _call(node, [done[a] for a in node.args])
    return done[root]


def _call(node: Call, args: list[Any]) -> Any:
    special = _TO_SYMPY.get(node.function)
    if special is not None:
        return special(*args)
    if node.function == "rootof":
        t = sympy.Symbol("t")
        polynomial = sympy.Poly(list(reversed(node.static[0])), t)
        return sorted(polynomial.real_roots(), key=lambda r: r.evalf(50))[node.static[1]]
    name = TABLE[node.function].sympy
    if name is None or not hasattr(sympy, name):
        raise NoReading(f"{node.function} has no reading in SymPy.")
    return getattr(sympy, name)(*args)


_TO_SYMPY: dict[str, Callable[..., Any]] = {
    "add": lambda *terms: sympy.Add(*terms),
    "multiply": lambda *factors: sympy.Mul(*factors),
    "negate": lambda x: -x,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "mod": lambda x, y: x - y * sympy.floor(x / y),
    "cbrt": lambda x: sympy.real_root(x, 3) if not x.is_nonnegative else sympy.cbrt(x),
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "minimum": lambda *args: sympy.Min(*args),
    "maximum": lambda *args: sympy.Max(*args),
    "if": lambda test, yes, no: sympy.Piecewise((yes, test), (no, True)),
    "relu": lambda x: sympy.Max(x, 0),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "lgamma": lambda x: sympy.log(sympy.Abs(sympy.gamma(x))),
    "digamma": lambda x: sympy.polygamma(0, x),
    "trigamma": lambda x: sympy.polygamma(1, x),
    "lambertw_lower": lambda x: sympy.LambertW(x, -1),
    "inf": lambda: sympy.oo,
    "pi": lambda: sympy.pi,
    "less": lambda x, y: sympy.Lt(x, y),
    "less_equal": lambda x, y: sympy.Le(x, y),
    "greater": lambda x, y: sympy.Gt(x, y),
    "greater_equal": lambda x, y: sympy.Ge(x, y),
    "equal": lambda x, y: sympy.Eq(x, y),
    "not_equal": lambda x, y: sympy.Ne(x, y),
    "and": lambda *args: sympy.And(*args),
    "or": lambda *args: sympy.Or(*args),
    "not": lambda x: sympy.Not(x),
}


# ---- back ----------------------------------------------------------------------------------------------------------------


def from_sympy(term: Any, names: Mapping[str, Node]) -> Node:
    """Return the expression of a real SymPy term; `names` says what its symbols stand for.

    Raises `NoReading` for what has no reading here: imaginary parts, unknown functions, unevaluated objects.
    """
    if sum(1 for _ in zip(sympy.preorder_traversal(term), range(MAX_TERMS + 1), strict=False)) > MAX_TERMS:
        raise NoReading("the formula is too long")
    try:
        return _node(term, names)
    except GraphError as error:
        raise NoReading(str(error)) from None


def _node(term: Any, names: Mapping[str, Node]) -> Node:
    if isinstance(term, sympy.Rational):
        return number(Fraction(int(term.p), int(term.q)))
    if isinstance(term, sympy.Symbol):
        if term.name in names:
            return names[term.name]
        raise NoReading(f"{term.name} is unknown")
    if term in _CONSTANTS:
        return _CONSTANTS[term]()
    if isinstance(term, sympy.CRootOf):
        return _root_object(term)
    if isinstance(term, sympy.Pow):
        return _power(term, names)
    rule = _FROM_SYMPY.get(type(term).__name__)
    if rule is None:
        raise NoReading(f"{type(term).__name__} has no reading")
    return rule(*(_node(a, names) for a in term.args))


def _power(term: Any, names: Mapping[str, Node]) -> Node:
    base, exponent = _node(term.base, names), _node(term.exp, names)
    if isinstance(exponent, Number):
        root = {Fraction(1, 2): call("sqrt", base), Fraction(-1, 2): divide(1, call("sqrt", base))}.get(exponent.value)
        if root is not None:
            return root
        if exponent.value < 0:
            return divide(1, power(base, -exponent.value))
    return power(base, exponent)


def _root_object(term: Any) -> Node:
    """CRootOf counts real roots first, in ascending order, each as often as its multiplicity; ours counts each once."""
    if not term.is_real:
        raise NoReading("a complex root has no reading")
    polynomial = term.poly
    if not all(c.is_Rational for c in polynomial.all_coeffs()):
        raise NoReading("a root of a polynomial with irrational coefficients has no reading")
    squarefree = sympy.Poly(polynomial.sqf_part(), *polynomial.gens)
    distinct = list(dict.fromkeys(polynomial.real_roots(radicals=False)))
    coefficients = [Fraction(int(c.p), int(c.q)) for c in reversed(squarefree.all_coeffs())]
    return real_root(coefficients, distinct.index(term) if term in distinct else term.index)


def _lambert(z: Node, branch: Node | None = None) -> Node:
    if branch is None or branch is number(0):
        return call("lambertw", z)
    if branch is number(-1):
        return call("lambertw_lower", z)
    raise NoReading("a complex branch of W has no reading")


def _piecewise(*pairs: Node) -> Node:
    raise NoReading("a case distinction has no reading")


_CONSTANTS: dict[Any, Callable[[], Node]] = {
    sympy.pi: lambda: constant("pi"),
    sympy.E: lambda: constant("e"),
    sympy.oo: lambda: constant("inf"),
    -sympy.oo: lambda: negate(constant("inf")),
    sympy.GoldenRatio: lambda: divide(add(1, call("sqrt", 5)), 2),
}

_OF_ONE_NAME = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    *("erf", "erfc", "gamma", "floor", "sign"),
)

_FROM_SYMPY: dict[str, Callable[..., Node]] = {
    "Add": lambda *terms: add(*sorted(terms, key=lambda t: isinstance(t, Number))),
    "Mul": lambda *factors: _quotient(factors),
    "exp": lambda x: call("exp", x),
    "log": lambda x, base=None: call("log", x) if base is None else divide(call("log", x), call("log", base)),
    "LambertW": _lambert,
    "Abs": lambda x: call("abs", x),
    "ceiling": lambda x: call("ceil", x),
    "Max": lambda *args: call("maximum", *args),
    "Min": lambda *args: call("minimum", *args),
    "cot": lambda x: divide(1, call("tan", x)),
    "sec": lambda x: divide(1, call("cos", x)),
    "csc": lambda x: divide(1, call("sin", x)),
    "acot": lambda x: call("if", condition("equal", x, 0), divide(constant("pi"), 2), call("atan", divide(1, x))),
    **{name: (lambda function: lambda x: call(function, x))(name) for name in _OF_ONE_NAME},
    "atan2": lambda y, x: call("atan2", y, x),
}


def _quotient(factors: tuple[Node, ...]) -> Node:
    """a * (1/b) and 1/b * a are written a/b, numbers last in a sum."""
    above: list[Node] = []
    below: list[Node] = []
    for factor in factors:
        if isinstance(factor, Number) and factor.value.denominator > 1:
            above.append(number(factor.value.numerator))
            below.append(number(factor.value.denominator))
        elif isinstance(factor, Call) and factor.function == "divide" and factor.args[0] is number(1):
            below.append(factor.args[1])
        else:
            above.append(factor)
    return divide(multiply(1, *above), multiply(1, *below)) if below else multiply(1, *above)
