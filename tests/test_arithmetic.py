"""One expression, read in every arithmetic: the values agree with 50 digits of mpmath, and so does where they are defined.

Every elementwise function of the table goes through every reading that it has, at the same points. Accuracy is counted
in units in the last place (ulps) of the true value; where a function has a zero at no special number (lgamma, digamma),
in ulps of 1. Whole expressions are compared within what arithmetic of 44 bits would leave open.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from exact_values import Unclear, values_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from optbench.arithmetic import NoReading, floats, numpy_arrays
from optbench.arithmetic.balls import as_fraction, between, enclose
from optbench.errors import ExpressionError
from optbench.language.build import add, binary_product, call, condition, constant, power, symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Node, topological
from optbench.language.rootof import real_root

X, Y = symbol("x"), symbol("y")
INF, NAN = math.inf, math.nan
True_ = mpf | None  # the true value; None: undefined

# ---- what is true ------------------------------------------------------------------------------------------------------


def where(defined: bool, value: Callable[[], Any]) -> True_:
    return value() if defined else None


def is_pole(x: mpf) -> bool:
    return bool(x <= 0 and x == mp.floor(x))


UNARY: dict[str, Callable[[mpf], True_]] = {
    "negate": lambda x: -x,
    "sqrt": lambda x: where(x >= 0, lambda: mp.sqrt(x)),
    "cbrt": lambda x: mp.sign(x) * mp.root(abs(x), 3),
    "exp": mp.exp,
    "log": lambda x: where(x > 0, lambda: mp.log(x)),
    "log2": lambda x: where(x > 0, lambda: mp.log(x) / mp.log(2)),
    "log10": lambda x: where(x > 0, lambda: mp.log(x) / mp.log(10)),
    "log1p": lambda x: where(x > -1, lambda: mp.log1p(x)),
    "expm1": mp.expm1,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": lambda x: where(abs(x) <= 1, lambda: mp.asin(x)),
    "acos": lambda x: where(abs(x) <= 1, lambda: mp.acos(x)),
    "atan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": lambda x: mp.sign(x) * mp.asinh(abs(x)),
    "acosh": lambda x: where(x >= 1, lambda: mp.acosh(x)),
    "atanh": lambda x: where(abs(x) < 1, lambda: mp.atanh(x)),
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "relu": lambda x: max(x, mpf(0)),
    "erf": mp.erf,
    "erfc": lambda x: mp.erfc(x) if x < 1e20 else mpf("1e-200000"),
    "gamma": lambda x: where(not is_pole(x), lambda: mp.gamma(x)),
    "lgamma": lambda x: where(not is_pole(x), lambda: mp.loggamma(x).real),
    "digamma": lambda x: where(not is_pole(x), lambda: mp.digamma(x)),
    "trigamma": lambda x: where(not is_pole(x), lambda: mp.polygamma(1, x)),
    "lambertw": lambda x: where(x >= -1 / mp.e, lambda: mp.lambertw(x).real),
    "lambertw_lower": lambda x: where(-1 / mp.e <= x < 0, lambda: mp.lambertw(x, -1).real),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(-abs(x))) + max(x, mpf(0)),
}


def true_power(x: mpf, y: mpf) -> True_:
    """x^y where y is any real number: x >= 0."""
    if x == 0:
        return where(y >= 0, lambda: mpf(1) if y == 0 else mpf(0))
    return where(x > 0, lambda: mp.exp(y * mp.log(x)))


BINARY: dict[str, Callable[[mpf, mpf], True_]] = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: where(y != 0, lambda: x / y),
    "power": true_power,
    "mod": lambda x, y: where(y != 0, lambda: mp.workdps(800)(lambda: x - y * mp.floor(x / y))()),
    "atan2": lambda y, x: where(x != 0 or y != 0, lambda: mp.atan2(y, x)),
    "hypot": lambda x, y: mp.hypot(x, y),
    "minimum": lambda x, y: min(x, y),
    "maximum": lambda x, y: max(x, y),
}
ELSEWHERE = {"if", "pi", "inf", "rootof"}  # elementwise, with tests of their own below

# ---- how near (in ulps; 4 where nothing is said) -----------------------------------------------------------------------------

LIMITS = {
    ("floats", "gamma"): 10,  # the C library's
    ("floats", "lgamma"): 10,
    ("floats", "digamma"): 10,
    ("floats", "trigamma"): 16,  # up to ten terms of the recurrence are added
    ("floats", "lambertw"): 64,  # next to the branch point w changes as a square root, so that iteration loses digits
    ("floats", "lambertw_lower"): 64,
    ("numpy", "erfc"): 32,  # SciPy's
    ("numpy", "gamma"): 32,
    ("numpy", "lgamma"): 32,
    ("numpy", "digamma"): 32,
    ("numpy", "trigamma"): 32,
    ("numpy", "lambertw"): 64,
    ("numpy", "lambertw_lower"): 64,
}
SCALES = {  # where the error is absolute: ulps of this
    ("floats", "lgamma"): 1.0,
    ("floats", "digamma"): 1.0,
    ("numpy", "lgamma"): 1.0,
    ("numpy", "digamma"): 1.0,
    ("numpy", "gamma"): 1e-290,  # SciPy's is 0 left of -170 already
}


def neighbours(x: float) -> list[float]:
    return [math.nextafter(x, -INF), x, math.nextafter(x, INF)]


_SIZES = [
    *(0.0, 5e-324, 1e-310, 1e-300, 1e-160, 1e-20, 1e-9, 1e-4, 0.1, 0.25, 0.3, 1 / 3, 0.36, 0.367, 0.3678, 0.36787, 0.7, 1.25, 2.2, 2.5),
    *(math.e, 3.0, math.pi, 3.5, 5.0, 6.7, 9.9, 10.0, 20.5, 25.0, 37.5, 50.0, 100.0, 170.6, 171.5, 171.7, 180.5, 300.0, 709.7, 709.8),
    *(710.4, 710.5, 745.0, 750.0, 1e4, 100000.5, 1e8, 1e10, 2.0**53, 1e16, 1e19, 1e100, 1e154, 1e160, 1e300, 1.7e308),
    *(1.4616321449683622, 0.504083008264455, 2.4570247382208006),  # next to zeros of digamma and lgamma
    *(near for x in (0.5, 1.0, 1.5, 2.0, math.pi / 2, math.exp(-1)) for near in neighbours(x)),
]
GRID = sorted({sign * size for size in _SIZES for sign in (1.0, -1.0)})
_ENDS = [0.0, 5e-324, 1e-300, 1e-10, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 7.25, 100.0, 1e10, 1e16, 1e300]
PAIRS = [(a * x, b * y) for x in _ENDS for y in _ENDS for a in (1.0, -1.0) for b in (1.0, -1.0)]
TAMED = [(x, y) for x, y in PAIRS if abs(x) < 1e20 and abs(y) < 1e20]  # where x % y is a matter of few digits
BRANCH_POINT = -math.exp(-1)  # the double next to -1/e, a little below it: floats take it for -1/e


def points(name: str) -> list[float]:
    return [x for x in GRID if not (name.startswith("lambertw") and x == BRANCH_POINT)]


def assert_near(name: str, reading: str, at: Any, found: float, true: True_) -> None:
    """Fail where a value is further from the true one than its limit, or not nan where there is none."""
    if true is None:
        assert math.isnan(found), (name, reading, at, found)
        return
    nearest = float(true)
    assert not math.isnan(found), (name, reading, at, nearest)
    if math.isinf(nearest) or math.isinf(found):
        assert found == nearest, (name, reading, at, found, nearest)
        return
    kind = "floats" if reading == "floats" else "numpy"
    allowed = LIMITS.get((kind, name), 4) * math.ulp(max(abs(nearest), SCALES.get((kind, name), 0.0)))
    assert abs(mpf(found) - true) <= allowed, (name, reading, at, found, nearest)


# ---- function by function ------------------------------------------------------------------------------------------------------


def test_every_elementwise_function_is_tested_here() -> None:
    assert {*UNARY, *BINARY, *ELSEWHERE} == {name for name, row in TABLE.items() if row.kind is Kind.ELEMENTWISE}


@pytest.mark.parametrize("name", UNARY)
def test_one_argument(name: str) -> None:
    node, grid = call(name, X), points(name)
    scalar, arrays = floats.function([node], [X]), numpy_arrays.function([node], [X])
    batch = arrays(np.array(grid))[0]
    for x, together in zip(grid, batch, strict=True):
        true = UNARY[name](mpf(x))
        assert_near(name, "floats", x, scalar(x)[0], true)
        assert_near(name, "numpy, many", x, float(together), true)
        assert_near(name, "numpy, one", x, float(arrays(x)[0]), true)


@pytest.mark.parametrize("name", BINARY)
def test_two_arguments(name: str) -> None:
    node, pairs = call(name, X, Y), TAMED if name == "mod" else PAIRS
    scalar, arrays = floats.function([node], [X, Y]), numpy_arrays.function([node], [X, Y])
    batch = arrays(*map(np.array, zip(*pairs, strict=True)))[0]
    for (x, y), together in zip(pairs, batch, strict=True):
        true = BINARY[name](mpf(x), mpf(y))
        assert_near(name, "floats", (x, y), scalar(x, y)[0], true)
        assert_near(name, "numpy, many", (x, y), float(together), true)
        assert_near(name, "numpy, one", (x, y), float(arrays(x, y)[0]), true)


@pytest.mark.parametrize("exponent", [2, 3, 5, 10, -1, -2, -3, 0, 1001, -1000, 10**20, 10**20 + 1, -(10**400), 10**400 + 1])
def test_whole_powers(exponent: int) -> None:
    """However large: (-1)^(10^20 + 1) is -1, though the exponent's double is even."""
    node = call("power", X, exponent)
    scalar, arrays = floats.function([node], [X]), numpy_arrays.function([node], [X])
    for x in (0.0, 0.5, 1.0, 1.5, 3.0, 1e100, -0.5, -1.0, -1.5, -3.0, -1e-100):
        true = where(x != 0 or exponent >= 0, lambda x=x: mpf(x) ** exponent if exponent else mpf(1))
        assert_near("power", "floats", x, scalar(x)[0], true)
        assert_near("power", "numpy, one", x, float(arrays(x)[0]), true)
        assert_near("power", "numpy, many", x, float(np.broadcast_to(arrays(np.array([x]))[0], 1)[0]), true)


def test_an_exponent_that_is_known_to_be_whole_takes_negative_bases() -> None:
    n = symbol("n", (), True)
    whole, real = power(X, n), power(X, Y)
    assert floats.function([whole], [X, n])(-2.0, 3.0) == (-8.0,)
    assert numpy_arrays.function([whole], [X, n])(np.array([-2.0, 0.0]), -1.0)[0].tolist()[0] == -0.5
    assert math.isnan(floats.function([whole], [X, n])(0.0, -1.0)[0])
    assert math.isnan(floats.function([real], [X, Y])(-2.0, 3.0)[0])
    assert math.isnan(numpy_arrays.function([real], [X, Y])(-2.0, 3.0)[0])


def test_the_double_next_to_the_branch_point_counts_as_the_branch_point() -> None:
    """Its exact value lies outside of the domain by 1e-17, but nobody can write a nearer double."""
    for name in ("lambertw", "lambertw_lower"):
        assert floats.function([call(name, X)], [X])(BRANCH_POINT) == (-1.0,)
        assert numpy_arrays.function([call(name, X)], [X])(BRANCH_POINT) == [-1.0]


def test_constants() -> None:
    root = real_root([-1, -1, 0, 0, 0, 1], 0)
    outputs = [constant("pi"), constant("e"), constant("inf"), root]
    wanted = (math.pi, math.e, INF, 1.1673039782614187)
    assert floats.function(outputs, [])() == pytest.approx(wanted, rel=1e-15)
    assert numpy_arrays.function(outputs, [])() == pytest.approx(wanted, rel=1e-15)


SIGNS = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}


@pytest.mark.parametrize("name", SIGNS)
def test_conditions(name: str) -> None:
    """A comparison with what is undefined is neither true nor false, and so is what hangs on it."""
    test = condition(name, X, Y)
    node = call("if", test, 1, call("if", condition("not", test), 2, 3))
    scalar, arrays = floats.function([node], [X, Y]), numpy_arrays.function([node], [X, Y])
    for x, y in ((1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (0.0, -0.0), (-INF, INF)):
        wanted = 1.0 if eval(f"{x!r} {SIGNS[name]} {y!r}", {"inf": INF}) else 2.0
        assert scalar(x, y)[0] == wanted == float(arrays(x, y)[0])
    assert math.isnan(scalar(NAN, 1.0)[0])


def test_infinities_that_arise_on_the_way_raise_nothing() -> None:
    for name in UNARY:
        scalar = floats.function([call(name, X)], [X])
        for x in (INF, -INF, NAN):
            found = scalar(x)[0]
            assert isinstance(found, float | int)
            assert x == x or found != found
    for name in BINARY:
        scalar = floats.function([call(name, X, Y)], [X, Y])
        for x in (INF, -INF, NAN, 1.0, -1.0, 0.0):
            for y in (INF, -INF, NAN):
                for found in (scalar(x, y)[0], scalar(y, x)[0]):
                    assert isinstance(found, float | int)
                    assert (x == x and y == y) or found != found, (name, x, y)


# ---- the other readings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNARY)
def test_enclosures_of_one_argument(name: str) -> None:
    node = call(name, X)
    for x in GRID:
        true = UNARY[name](mpf(x))
        if true is not None and not mp.mpf("1e-100000") < abs(true) + (true == 0) < mp.mpf("1e100000"):
            continue  # mpmath knows it, but comparing takes long
        assert_enclosed([node], {X: x}, true)


@pytest.mark.parametrize("name", BINARY)
def test_enclosures_of_two_arguments(name: str) -> None:
    node = call(name, X, Y)
    for x, y in TAMED[::3]:
        if name != "power" or abs(y) < 1e5:
            assert_enclosed([node], {X: x, Y: y}, BINARY[name](mpf(x), mpf(y)))


def assert_enclosed(nodes: list[Node], point: dict[Any, float], true: True_) -> None:
    [found] = enclose(nodes, {s: between(x, x) for s, x in point.items()})
    if true is None:
        assert found.empty, (nodes, point)
        return
    assert not found.empty, (nodes, point)
    lower, upper = map(_exactly, (found.lower, found.upper))
    slack = abs(true) * mpf(10) ** -45
    assert lower - slack <= true <= upper + slack, (nodes, point)


def _exactly(end: Any) -> mpf:
    if not end.is_finite():
        return mpf(float(end))
    value = as_fraction(end)
    return mpf(value.numerator) / value.denominator


@pytest.mark.parametrize("name", [name for name in (*UNARY, *BINARY) if TABLE[name].sympy is not None])
def test_sympy(name: str) -> None:
    """Where the true value exists SymPy has it too; where it does not, SymPy says nothing real and finite."""
    sympy = pytest.importorskip("sympy")
    from optbench.arithmetic.sympy_terms import to_sympy

    names = [sympy.Symbol("x", real=True), sympy.Symbol("y", real=True)][: 1 if name in UNARY else 2]
    term = to_sympy(call(name, *(X, Y)[: len(names)]), dict(zip((X, Y), names, strict=False)))
    singles = [(x,) for x in (-20.5, -3.0, -2.0, -1.0, -0.5, -0.3, 0.0, 0.25, 0.7, 1.0, 1.5, 2.0, 10.0, 30.25)]
    doubles = [(x, y) for x in (-3.0, -1.0, -0.5, 0.0, 0.5, 2.0, 7.25) for y in (-2.0, -0.5, 0.0, 0.5, 3.0)]
    for point in singles if name in UNARY else doubles:
        true = (UNARY[name] if name in UNARY else BINARY[name])(*map(mpf, point))
        found = term.xreplace(dict(zip(names, map(sympy.Rational, point), strict=True))).evalf(40)
        real = bool(found.is_real and found.is_finite)
        if true is None:
            assert not real or (name == "power" and point[0] < 0), (point, found)  # SymPy's power takes whole exponents by their value
        else:
            assert real, (point, found)
            assert abs(mpf(found) - true) <= mpf(10) ** -35 * max(1, abs(true)), (point, found)


# ---- whole expressions --------------------------------------------------------------------------------------------------------

_CALLS = sorted({*UNARY, "atan2", "hypot", "min", "max"} - {"negate", "lambertw_lower"})
_LEAVES = st.sampled_from(["x", "y", "2", "3", "0.5", "1/3", "10", "pi", "0.1"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = {"atan2", "hypot", "min", "max"}
    return st.one_of(
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, st.sampled_from("+-*/%^"), inner),
        st.builds(lambda f, a, b: f"{f}({a}, {b})" if f in two else f"{f}({a})", st.sampled_from(_CALLS), inner, inner),
        st.builds(lambda a, sign, b, c, d: f"if({a} {sign} {b}, {c}, {d})", inner, st.sampled_from(["<", ">="]), inner, inner, inner),
        st.builds("(-{})^2".format, inner),
    )


EXPRESSIONS = st.recursive(_LEAVES, _larger, max_leaves=10)
COORDINATES = st.one_of(st.floats(-20, 20), st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -2.5]))


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=3))
def test_expressions_have_one_value_in_all_readings(text: str, where_: list[tuple[float, float]]) -> None:
    """Where 44 bits leave no doubt that it is defined (or undefined), and nothing on the way leaves the doubles."""
    try:
        node = parse(text).node
    except ExpressionError:
        assume(False)
    scalar, arrays = floats.function([node], [X, Y]), numpy_arrays.function([node], [X, Y])
    batch = np.broadcast_to(arrays(*map(np.array, zip(*where_, strict=True)))[0], len(where_))
    for (x, y), together in zip(where_, batch, strict=True):
        allowed = _allowed(node, x, y)
        if allowed is None:
            continue
        for found in (scalar(x, y)[0], float(arrays(x, y)[0]), float(together)):
            if allowed == ():
                assert math.isnan(found), (text, x, y, found)
            else:
                assert allowed[0] <= found <= allowed[1], (text, x, y, found, allowed)


def _allowed(node: Node, x: float, y: float) -> tuple[float, ...] | None:
    """Return bounds of what floats may say, () for nan, None where that is not clear."""
    order = [n for n in topological(node) if not n.boolean]
    try:
        values = [v[()].real for v in values_of(order, {"x": mpf(x), "y": mpf(y)})]
    except (Unclear, OverflowError, mp.NoConvergence):
        return None
    if any(v is not None and v != 0 and not 1e-150 < abs(v) < 1e150 for v in values):
        return None
    [rough] = enclose([node], {X: between(x, x), Y: between(y, y)}, 44)
    if rough.empty:
        assert values[-1] is None
        return ()
    if not rough.everywhere or not rough.is_bounded or values[-1] is None:  # the second way knows whole exponents below 1000
        return None
    low, high = float(rough.lower), float(rough.upper)
    margin = 1e-13 * max(abs(low), abs(high), 1e-150)
    assert low - margin <= values[-1] <= high + margin
    return low - margin, high + margin


def test_what_a_branch_not_taken_says_does_not_count() -> None:
    node = parse("if(x > 0, log(x), sqrt(-x)) + if(x < 5, 0, 1/(x - 5))").node
    scalar, arrays = floats.function([node], [X]), numpy_arrays.function([node], [X])
    wanted = [2.0, 0.0, 0.0, NAN, math.log(6) + 1]
    at = [-4.0, 0.0, 1.0, 5.0, 6.0]
    assert [scalar(x)[0] for x in at] == pytest.approx(wanted, nan_ok=True)
    assert [float(arrays(x)[0]) for x in at] == pytest.approx(wanted, nan_ok=True)
    assert arrays(np.array(at))[0] == pytest.approx(wanted, nan_ok=True)


def test_a_part_that_is_undefined_makes_the_whole_undefined_even_times_zero() -> None:
    for text in (
        "0*log(x)",
        "min(1, log(x))",
        "if(log(x) < 0, 1, 2)",
        "1/(1/x)",
        "x^0*log(x)",
        "atan(1/x)",
        "exp(-1/x^2)",
        "log(x)^x",
        "log(x)^0",
        "1^log(x)",
    ):
        node = parse(text).node
        assert math.isnan(floats.function([node], [X])(0.0)[0]), text
        assert math.isnan(float(numpy_arrays.function([node], [X])(0.0)[0])), text


@pytest.mark.parametrize("reading", [floats.function, numpy_arrays.function])
def test_long_sums_and_deep_chains_compile(reading: Callable[..., Any]) -> None:
    wide = add(*(binary_product(k + 2, call("sin", add(X, k))) for k in range(10_000)))
    many = call("maximum", *(add(X, k) for k in range(10_000)))
    deep = X
    for _ in range(10_000):
        deep = call("atan", add(deep, 1))
    total, largest, end = reading([wide, many, deep], [X])(0.5)
    assert total == pytest.approx(math.fsum((k + 2) * math.sin(0.5 + k) for k in range(10_000)), rel=1e-9)
    assert largest == 9999.5
    assert end == pytest.approx(1.132267725272885)  # atan(x + 1) = x


# ---- arrays -------------------------------------------------------------------------------------------------------------------

V, A = symbol("v", (4,)), symbol("A", (3, 4))
ROWS, COLUMNS, D = symbol("R", (5,), True), symbol("I", (5,), True), symbol("D", (3, 4))
DATA = {COLUMNS: [0, 2, 2, 3, -1], ROWS: [0, 1, 1, 2, 0], D: np.arange(12.0).reshape(3, 4) / 7}
v0, a0, d0 = np.array([0.5, -1.5, 2.0, 3.0]), np.linspace(-1, 2, 12).reshape(3, 4), DATA[D]
i0, r0 = np.array(DATA[COLUMNS]), np.array(DATA[ROWS])


def _logsumexp(x: Any, axis: int | None = None) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis))


ARRAYS: dict[str, Callable[[], Any]] = {
    "sum(v)": lambda: v0.sum(),
    "prod(v)": lambda: v0.prod(),
    "min(v)": lambda: v0.min(),
    "max(v)": lambda: v0.max(),
    "logsumexp(v)": lambda: _logsumexp(v0),
    "mean(A, axis=0)": lambda: a0.mean(axis=0),
    "norm(A, axis=1)": lambda: np.linalg.norm(a0, axis=1),
    "sum(A, axis=1)": lambda: a0.sum(axis=1),
    "prod(A, axis=0)": lambda: a0.prod(axis=0),
    "min(A, axis=-1)": lambda: a0.min(axis=-1),
    "max(A, axis=0)": lambda: a0.max(axis=0),
    "logsumexp(A, axis=1)": lambda: _logsumexp(a0, 1),
    "logsumexp(800*v)": lambda: 2400.0,
    "A @ v": lambda: a0 @ v0,
    "v @ A.T": lambda: v0 @ a0.T,
    "A.T @ A": lambda: a0.T @ a0,
    "v[I]": lambda: v0[i0],
    "A[:, I]": lambda: a0[:, i0],
    "A[R, I]": lambda: a0[r0, i0],
    "v[1:] - v[:-1]": lambda: np.diff(v0),
    "A[1, ::-1]": lambda: a0[1, ::-1],
    "A[-1]": lambda: a0[-1],
    "D*A + v": lambda: d0 * a0 + v0,
    "dot(v, [1, 2, 3, 4])": lambda: v0 @ [1, 2, 3, 4],
    "v^arange(4)": lambda: v0 ** np.arange(4),
    "linspace(v[0], v[3], 5)": lambda: np.linspace(v0[0], v0[3], 5),
    "if(A > D, A, D)": lambda: np.where(a0 > d0, a0, d0),
    "[v[0], v[1]*v[2]]": lambda: np.array([v0[0], v0[1] * v0[2]]),
    "minimum(v, 1) + maximum(A, 0)": lambda: np.minimum(v0, 1) + np.maximum(a0, 0),
    "zeros(2, 3) + ones(3)": lambda: np.ones((2, 3)),
}


@pytest.mark.parametrize("text", ARRAYS)
def test_arrays(text: str) -> None:
    scope = Scope({s.name: s for s in (V, A, COLUMNS, ROWS, D)}, {s: [int(k) for k in DATA[s]] for s in (COLUMNS, ROWS)})
    node = parse(text, scope).node
    [found] = numpy_arrays.function([node], [V, A], DATA)(v0, a0)
    wanted = np.asarray(ARRAYS[text](), dtype=float)
    assert np.shape(found) == wanted.shape == node.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-14)


def test_scatter_adds_up_at_repeated_indices() -> None:
    for shape, axis, values in (((4,), None, np.arange(5.0)), ((3, 4), 1, np.arange(15.0).reshape(3, 5)), ((3, 4), None, np.arange(5.0))):
        x = symbol("w", values.shape)
        indices = (ROWS, COLUMNS) if axis is None and len(shape) == 2 else (COLUMNS,)
        node = call("scatter", x, *indices, static=(axis, shape))
        wanted = np.zeros(shape)
        where_ = (slice(None), i0) if axis == 1 else tuple(DATA[s] for s in indices)
        np.add.at(wanted, where_, values)
        np.testing.assert_array_equal(numpy_arrays.function([node], [x], DATA)(values)[0], wanted)


def test_the_product_of_the_others_is_right_with_zeros_among_them() -> None:
    x = symbol("w", (2, 3))
    values = np.array([[2.0, 0.0, 3.0], [0.0, 5.0, 0.0]])
    for axis in (None, 0, 1):
        found = numpy_arrays.function([call("others", x, static=(axis,))], [x])(values)[0]
        for place in np.ndindex(2, 3):
            replaced = values.copy()
            replaced[place] = 1.0
            line = replaced.ravel() if axis is None else replaced[:, place[1]] if axis == 0 else replaced[place[0]]
            assert found[place] == line.prod(), (axis, place)


def test_conditions_of_arrays_hold_only_if_they_hold_everywhere() -> None:
    test = call("all", condition("greater", V, 0))
    rows = call("all", condition("and", condition("greater", A, 0), condition("less", A, 2)), static=(1,))
    holds, each = numpy_arrays.function([test, rows], [V, A])(v0, a0)
    assert not holds
    assert each.dtype == bool
    assert each.tolist() == ((a0 > 0) & (a0 < 2)).all(axis=1).tolist()
    listed = call("array", condition("less", X, 1), condition("less", X, 2))
    assert numpy_arrays.function([listed], [X])(1.5)[0].tolist() == [False, True]


def test_where_one_entry_is_undefined_the_array_is() -> None:
    """A sum of logarithms is nan if one of them is; what is nan in a branch not taken is not."""
    log_sum = parse("sum(log(v))", Scope({"v": V})).node
    chosen = parse("sum(if(v > 0, log(v), 0))", Scope({"v": V})).node
    found = numpy_arrays.function([log_sum, chosen], [V])(v0)
    assert math.isnan(found[0])
    assert found[1] == pytest.approx(math.log(3.0))


def test_constant_parts_are_computed_once() -> None:
    node = parse("sum((exp(D) + sin(D))*A)", Scope({"D": D, "A": A})).node
    evaluate = numpy_arrays.function([node], [A], DATA)
    [code] = [cell.cell_contents.__code__ for cell in evaluate.__closure__ or () if hasattr(cell.cell_contents, "__code__")]
    assert "exp" not in code.co_names
    assert "sin" not in code.co_names
    assert evaluate(a0)[0] == pytest.approx(((np.exp(d0) + np.sin(d0)) * a0).sum())


def test_floats_refuse_arrays() -> None:
    with pytest.raises(NoReading, match="no reading in plain floats"):
        floats.function([parse("v + 1", Scope({"v": V})).node], [V])


def test_a_symbol_without_a_value_is_named() -> None:
    with pytest.raises(KeyError, match="symbols without a value"):
        floats.function([add(X, Y)], [X])
