"""Derivatives of the graph agree with differences at 50 digits, for every function and every structure."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from exact_values import Unclear, evaluate, real_number, same
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from optbench.errors import ExpressionError
from optbench.language.build import power, symbol
from optbench.language.derivative import NotDifferentiable, gradient, hessian, hessian_product
from optbench.language.elaborate import Scope, parse
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Node
from optbench.language.text import text

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
SHAPES = {"x": (), "y": (), "v": (3,), "w": (3,), "A": (3, 3), "B": (2, 3), "C": (3, 1), "k": (1,)}
SYMBOLS = {name: symbol(name, shape) for name, shape in SHAPES.items()}
SCOPE = Scope({**SYMBOLS, "I": symbol("I", (4,), True)}, {symbol("I", (4,), True): [0, 2, 2, 1]})
POINT: dict[str, Any] = {
    "x": Fraction(1409, 1007),  # awkward numbers, away from kinks
    "y": Fraction(-757, 1009),
    "v": [Fraction(509, 1013), Fraction(1249, 1019), Fraction(2267, 1021)],
    "w": [Fraction(3, 7), Fraction(13, 6), Fraction(8, 5)],
    "A": [[Fraction(1, 3), 2, Fraction(6, 5)], [Fraction(7, 9), Fraction(11, 10), 3], [Fraction(17, 8), Fraction(1, 7), Fraction(5, 7)]],
    "B": [[Fraction(2, 5), Fraction(8, 3), 1], [Fraction(9, 5), Fraction(4, 9), Fraction(12, 11)]],
    "C": [[Fraction(4, 3)], [Fraction(2, 9)], [Fraction(19, 10)]],
    "k": [Fraction(21, 13)],
    "I": [0, 2, 2, 1],
}
STEP = mpf(10) ** -14


def read(written: str) -> Node:
    return parse(written, SCOPE).node


def difference(root: Node, name: str, where: tuple[int, ...], point: dict[str, Any]) -> mpf:
    """Return the central difference by one entry of a variable."""
    sides = []
    for step in (STEP, -STEP):
        moved = np.array(point[name], dtype=object)
        moved[where] = real_number(moved[where]) + step
        value = evaluate(root, {**point, name: moved.tolist() if moved.shape else moved[()]})[()].real
        if value is None:
            raise Unclear
        sides.append(real_number(value))
    return (sides[0] - sides[1]) / (2 * STEP)


def assert_gradient(root: Node, point: dict[str, Any], digits: int = 18) -> None:
    variables = [s for s in SYMBOLS.values() if s.name in point]
    for variable, slope in zip(variables, gradient(root, variables), strict=True):
        assert slope.shape == variable.shape
        values = evaluate(slope, point)
        for where in np.ndindex(*variable.shape):
            expected, found = difference(root, variable.name, where, point), values[where].real
            assert same(found, expected, digits), (variable, where, float(expected), found, slope)


ONE_ARGUMENT = sorted(n for n, row in TABLE.items() if row.kind is Kind.ELEMENTWISE and row.args == ("x",) and row.derivative)
GRID = [Fraction(n, 7) for n in range(-25, 26)] + [Fraction(-1, 40), Fraction(1, 40), Fraction(-36, 100)]


@pytest.mark.parametrize("function", ONE_ARGUMENT)
def test_the_derivative_in_the_table_is_that_of_the_function(function: str) -> None:
    x = SYMBOLS["x"]
    node = parse(_called(function)).node
    slope = gradient(node, [x])[0]
    for at in GRID:
        around = [evaluate(node, {"x": value})[()].real for value in (real_number(at) + STEP, real_number(at) - STEP, at)]
        if None in around or (at.denominator == 1 and not TABLE[function].smooth):
            continue
        expected = (real_number(around[0]) - real_number(around[1])) / (2 * STEP)
        if function == "cbrt" and at == 0:
            continue
        assert same(evaluate(slope, {"x": at})[()].real, expected, 20), at


def _called(function: str) -> str:
    return {"lambertw_lower": "lambertw(x, -1)", "negate": "-x"}.get(function, f"{function}(x)")


TWO_ARGUMENTS = "x^y; x/y; x*y; x + y; x % y; atan2(x, y); hypot(x, y); max(x, y); min(x, y, 1/3); log(x, 3); log(3, x)"


@pytest.mark.parametrize("written", TWO_ARGUMENTS.split("; "))
@pytest.mark.parametrize("point", [(Fraction(7, 5), Fraction(3, 4)), (Fraction(2, 9), Fraction(-5, 3))])
def test_derivatives_of_functions_of_two_arguments(written: str, point: tuple[Fraction, Fraction]) -> None:
    assert_gradient(read(written), dict(zip("xy", point, strict=True)))


ARRAYS = [
    "sum(v^2)",
    "sum(v)",
    "prod(v)",
    "prod(A)",
    "sum(prod(A, axis=0)*v)",
    "sum(prod(A, axis=1)*v)",
    "min(v)*x",
    "max(A)",
    "sum(max(A, axis=0)^2)",
    "sum(min(A, axis=1)*w)",
    "logsumexp(v)",
    "sum(logsumexp(A, axis=1)*w)",
    "sum(logsumexp(A, axis=0)*w)",
    "mean(A)",
    "sum(mean(A, axis=1)^2)",
    "norm(v - w)",
    "dot(v, w)",
    "v[0]*v[-1]",
    "sum(v[1:]*w[:-1])",
    "sum(v[::2]^3) + sum(v[::-1]*w)",
    "sum(A[1, :]*v) + sum(A[:, 2]^2)",
    "sum(A[::-1, 1:]^2)",
    "sum(A[0]*w)",
    "sum(v[I]^2)",
    "sum(v[I]*w[I]^2)",
    "sum(A[I]^3)",
    "sum(A[:, I]^2*k)",
    "sum(A[I, I]^2)",
    "sum((v[I] - w[I])^2)*x",
    "v @ w",
    "(A @ v) @ w",
    "sum(A @ v)",
    "sum(v @ A * w)",
    "sum((B @ A)^2)",
    "sum((A @ A @ A) * A)",
    "(B @ v) @ (B @ w)",
    "v @ B.T @ B @ w",
    "sum(A.T*A)",
    "sum(B.T @ B)",
    "sum((C @ C.T)*A)",
    "sum(A + v)",
    "sum(A*C)",
    "sum(A*C*v*x)",
    "sum(A/v - C^2)",
    "sum(A^C)",
    "sum(k*v) + sum(k + A)",
    "sum(C*v)",
    "sum(x + v)",
    "sum(x*A)",
    "sum([x, y, x*y]*v)",
    "sum([v, w]^2)",
    "sum([[x, y], [1, x^2]] @ [x, y])",
    "sum(linspace(x, y, 5)^2)",
    "sum(linspace(x, 1, 1)^2)",
    "linspace(0, x, 4) @ linspace(y, 1, 4)",
    "sum(v*arange(3) + zeros(3) + x*ones(3))",
    "sum(maximum(v, w))",
    "sum(minimum(A, v, 1))",
    "sum(if(v > w, v^2, w*x))",
    "sum(if(A > 1, log(A), v))",
    "sum(if(v > x, A, 0)*A)",
    "if(x > 0, sum(v), sum(w))",
    "sum(exp(A)*sigmoid(v))",
    "sum(atan2(v, C))",
    "sum(v[i]^2*(i+1) for i in 0..2)",
    "sum(v[i]*w[j] for i in 0..1 for j in i+1..2)",
    "sum(A[i, j]*x^(i + j) for i in 0..2 for j in 0..2)",
    "prod(v[i] + i for i in 0..2)",
    "max(v[i]*w[i] for i in 0..2)",
    "sum((v[i:] @ w[i:])^2 for i in 0..2)",
    "sum(100*(v[1:] - v[:-1]^2)^2 + (1 - v[:-1])^2)",
    "sum(abs(v - 1)*hypot(v, w))",
    "sum(v*v*v*w*w) + prod(v*w*x*v*y)",
    "sum(v[1:1]) + x",
    "prod(v[1:1])*x",
    "sum(relu(A - 1))",
]


@pytest.mark.parametrize("written", ARRAYS)
def test_gradients_of_arrays_agree_with_differences(written: str) -> None:
    assert_gradient(read(written), POINT)


SECOND = ["prod(v)*x", "sum(A @ v*w)", "logsumexp(v)", "sum(v[I]^2*w[I])", "norm(v)", "sum(A^C)"]


@pytest.mark.parametrize("written", SECOND)
def test_second_derivatives_of_arrays_agree_with_differences(written: str) -> None:
    root = read(written)
    variables = [v for v in (SYMBOLS["v"], SYMBOLS["A"]) if v.name in written]
    for variable in variables:
        directions, product = hessian_product(root, [variable])
        for where in list(np.ndindex(*variable.shape))[:4]:
            unit = np.zeros(variable.shape, dtype=int).astype(object)
            unit[where] = 1
            found = evaluate(product[0], {**POINT, directions[0].name: unit.tolist()})
            slopes = gradient(root, [variable])[0]
            sides = []
            for step in (STEP, -STEP):
                moved = np.array(POINT[variable.name], dtype=object)
                moved[where] = real_number(Fraction(moved[where])) + step
                sides.append(evaluate(slopes, {**POINT, variable.name: moved.tolist()}))
            for place in np.ndindex(*variable.shape):
                expected = (real_number(sides[0][place].real) - real_number(sides[1][place].real)) / (2 * STEP)
                assert same(found[place].real, expected, 16), (where, place)


SMOOTH = sorted(
    n for n, row in TABLE.items() if row.public and row.derivative and row.args == ("x",) and n not in ("gamma", "digamma", "lgamma")
)


def _smooth(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda a, s, b: f"({a}){s}({b})", inner, st.sampled_from("+-*/^"), inner),
        st.builds("({})^{}".format, inner, st.sampled_from(["2", "3", "-1", "0.5", "(1/3)", "y"])),
        st.builds("{}({})".format, st.sampled_from(SMOOTH), inner),
        st.builds("if({} > {}, {}, {})".format, inner, inner, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("prod({}*v)".format, inner),
    )


smooth_texts = st.recursive(st.sampled_from(["x", "y", "v[0]", "sum(v)", "2", "0.5", "x*y"]), _smooth, max_leaves=6)


@given(smooth_texts)
@settings(deadline=None, derandomize=True, max_examples=250, suppress_health_check=list(HealthCheck))
def test_gradients_of_random_expressions_agree_with_differences(written: str) -> None:
    point = {name: POINT[name] for name in ("x", "y", "v")}
    try:
        root = read(written)
        value = evaluate(root, point)[()].real
        assume(value is not None and abs(float(value)) < 1e6)
        expected = {name: [difference(root, name, where, point) for where in np.ndindex(*SHAPES[name])] for name in point}
        doubled = [difference(power(root, 1), "x", (), point)]
    except (Unclear, OverflowError, ExpressionError):
        assume(False)
    assume(all(abs(e) < 1e8 for row in expected.values() for e in [*row, *doubled]))
    slopes = gradient(root, [SYMBOLS[name] for name in point])
    for name, slope in zip(point, slopes, strict=True):
        try:
            found = np.broadcast_to(evaluate(slope, point), SHAPES[name]).ravel()
        except Unclear:
            assume(False)
        for a, b in zip(found, expected[name], strict=True):
            assume(a.real is not None)  # on the border of a domain, as in acos(x/x)
            assert same(a.real, b, 8), (name, slope)


@pytest.mark.parametrize("written", ["x^3*y^2", "x*log(x) - sqrt(y + 1)", "exp(x*y)/(1 + y^2)", "x^y", "atan2(x, y)", "sin(x)*cos(y)*x*y"])
def test_the_hessian_is_symmetric_and_that_of_differences(written: str) -> None:
    root, variables = read(written), [SYMBOLS["x"], SYMBOLS["y"]]
    point = {"x": Fraction(7, 5), "y": Fraction(3, 4)}
    rows = [[evaluate(entry, point)[()].real for entry in row] for row in hessian(root, variables)]
    slopes = gradient(root, variables)
    for i in range(2):
        assert same(rows[i][1 - i], rows[1 - i][i])
        for j, name in enumerate("xy"):
            assert same(rows[i][j], difference(slopes[i], name, (), point), 20)


def test_a_branch_that_is_not_taken_may_be_undefined() -> None:
    slope = gradient(read("if(x > 0, x*log(x), 0)"), [SYMBOLS["x"]])[0]
    assert evaluate(slope, {"x": -1})[()].real == 0
    assert same(evaluate(slope, {"x": 2})[()].real, mp.log(2) + 1)


def test_a_branch_of_arrays_that_is_not_taken_may_be_undefined() -> None:
    slope = gradient(read("sum(if(v > 0, v*log(v), 0))"), [SYMBOLS["v"]])[0]
    found = evaluate(slope, {"v": [-1, 2, 0]})
    assert [found[0].real, found[2].real] == [0, 0]
    assert same(found[1].real, mp.log(2) + 1)


def test_a_nested_branch_that_is_not_taken_may_be_undefined() -> None:
    slope = gradient(read("if(x > 0, if(x > 1, log(x - 1), sqrt(1 - x)), x^2)"), [SYMBOLS["x"]])[0]
    for at, expected in ((Fraction(-1), -2), (Fraction(2), 1), (Fraction(3, 4), -1)):
        assert same(evaluate(slope, {"x": at})[()].real, mpf(expected))


def test_a_branch_shared_with_the_rest_keeps_both_parts() -> None:
    slope = gradient(read("if(x > 0, sin(x), 0) + sin(x)"), [SYMBOLS["x"]])[0]
    assert same(evaluate(slope, {"x": 1})[()].real, 2 * mp.cos(1))
    assert same(evaluate(slope, {"x": -1})[()].real, mp.cos(1))


@pytest.mark.parametrize("written", ["prod(v)", "prod(A)", "x*y*v[0]*v[1]*v[2]", "sum(prod(A, axis=0))"])
def test_the_gradient_of_a_product_is_defined_at_zeros(written: str) -> None:
    point = {**POINT, "x": 0, "v": [0, 0, 2], "A": [[0, 1, 2], [0, 3, 0], [4, 5, 6]]}
    assert_gradient(read(written), {n: point[n] for n in ("x", "y", "v", "A")})


@pytest.mark.parametrize("written", ["x^2", "x^1", "x^3", "sum(v^2)", "x*abs(y)", "hypot(x, 1)", "x^2*log(y + 2)"])
def test_the_gradient_is_defined_at_zero_where_the_function_is_smooth(written: str) -> None:
    assert_gradient(read(written), {"x": 0, "y": 1, "v": [0, 0, 0]})


def test_the_gradient_of_what_does_not_depend_on_a_variable_is_zero() -> None:
    assert text(gradient(read("x + 1"), [SYMBOLS["y"]])[0]) == "0"
    assert gradient(read("x + 1"), [SYMBOLS["A"]])[0].shape == (3, 3)


def test_a_function_without_a_rule_is_named() -> None:
    with pytest.raises(NotDifferentiable, match="trigamma"):
        gradient(read("trigamma(x)"), [SYMBOLS["x"]])


LONG = {
    "quotients": "x" + "/2" * 10_000,
    "remainders": "x" + "%7" * 10_000,
    "powers": "+".join(f"x^{i}" for i in range(10_000)),
    "sines": "-".join(f"sin({i}*x)" for i in range(10_000)),
}


@pytest.mark.parametrize("written", LONG.values(), ids=LONG.keys())
def test_ten_thousand_terms_and_depths_are_no_trouble(written: str) -> None:
    node = parse(written).node
    assert parse(text(node)).node is node
    slope = gradient(node, [SYMBOLS["x"]])[0]
    assert evaluate(slope, {"x": 1})[()].real is not None


@pytest.mark.parametrize("written", ["x" + "/x" * 10_000, "*".join(f"(x+{i})" for i in range(10_000))], ids=["over", "times"])
def test_the_gradient_of_ten_thousand_factors_has_linear_size(written: str) -> None:
    from optbench.language.graph import size

    node = parse(written).node
    assert size(gradient(node, [SYMBOLS["x"]])[0]) < 200_000
