"""The reading in SymPy: every function there and back, against values of 30 digits."""

from __future__ import annotations

import pytest
import sympy

from optbench.arithmetic import NoReading
from optbench.arithmetic.balls import decimals, value_of
from optbench.arithmetic.sympy_terms import from_sympy, to_sympy
from optbench.language.build import substitute, symbol
from optbench.language.elaborate import parse
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Node, Number

X = symbol("x")
POINTS = ("1/3", "-2/5", "7/3", "-1/5")
SKIPPED = {"add", "multiply", "negate", "divide", "power", "mod", "pi", "inf", "rootof", "if", "minimum", "maximum", "hypot", "atan2"}


def same(term: object, node: Node) -> bool:
    low, _ = decimals(value_of(node, 120), 34)
    value = sympy.N(term, 30)
    return bool(abs(value - sympy.Float(low, 34)) <= sympy.Float("1e-25") * (1 + abs(value)))


@pytest.mark.parametrize("name", sorted(n for n, row in TABLE.items() if row.kind is Kind.ELEMENTWISE and n not in SKIPPED))
def test_every_function_has_the_same_value(name: str) -> None:
    function = "lambertw(x, -1)" if name == "lambertw_lower" else f"{name}(x)"
    node = parse(function).node
    for point in POINTS:
        at = substitute(node, {X: parse(point).node})
        if value_of(at).everywhere:
            assert same(to_sympy(at, {}), at), f"{function} at {point}"


@pytest.mark.parametrize(
    "text",
    [
        "x*log(x) - sqrt(x)",
        "exp(2*lambertw(exp(1/2)/4) - 1)",
        "(x + 1)^(2/3)/(x^2 + 1)",
        "sin(x)^2 + cos(pi*x)",
        "lambertw(-1/6, -1)",
        "atan2(1, -2)",
        "max(1, 2*pi, x)",
        "rootof(t^5 - t - 1, 0)",
        "rootof(t^4 - 10*t^2 + 1, 2)",
        "x % 2",
        "hypot(3, x)",
    ],
)
def test_there_and_back(text: str) -> None:
    node = parse(text).node
    unknown = sympy.Symbol("x", positive=True)
    term = to_sympy(node, {X: unknown})
    back = from_sympy(term, {"x": X})
    for point in ("1/3", "7/3"):
        at, other = (substitute(n, {X: parse(point).node}) for n in (node, back))
        assert same(to_sympy(at, {}), other)


def test_repeated_roots_are_counted_once() -> None:
    t = sympy.Symbol("t")
    polynomial = sympy.Poly(((t**5 - t - 1) ** 2 * (t**3 - t + 3)).expand(), t)
    for root in set(polynomial.real_roots(radicals=False)):
        node = from_sympy(root, {})
        assert not isinstance(node, Number)
        assert same(root, node)


@pytest.mark.parametrize(
    "term",
    [
        sympy.I,
        1 + sympy.sqrt(2) * sympy.I,
        sympy.LambertW(-1, 1),
        sympy.Function("f")(1),
        sympy.Symbol("y"),
        sympy.zoo,
        sympy.nan,
        sympy.Piecewise((1, sympy.Symbol("x") > 0), (2, True)),
        sympy.CRootOf(sympy.Symbol("t") ** 5 - sympy.Symbol("t") - 1, 1),
        sympy.Integral(sympy.Symbol("x"), sympy.Symbol("x")),
    ],
)
def test_what_is_not_real_and_known_is_refused(term: object) -> None:
    with pytest.raises(NoReading):
        from_sympy(term, {})
