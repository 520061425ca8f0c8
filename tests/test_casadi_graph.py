"""The reading in CasADi agrees with floats and numpy in values and domains, and with the graph's own derivatives."""

from __future__ import annotations

import gc
import math
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optbench.arithmetic import NoReading, floats, numpy_arrays
from optbench.arithmetic.casadi_graph import Reading, lacking, prepared, reading
from optbench.errors import ExpressionError
from optbench.language.build import add, binary_product, call, condition, constant, multiply, number, power, reduction, symbol
from optbench.language.derivative import gradient, hessian
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.expand import all_entries, entries
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Symbol, functions, topological
from optbench.language.rootof import real_root

ca: Any = pytest.importorskip("casadi")
casadi_functions: Any = pytest.importorskip("optbench.arithmetic.casadi_functions")
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
NAN, INF = math.nan, math.inf
X, Y = symbol("x"), symbol("y")
V, W, U = symbol("v", (4,)), symbol("w", (4,)), symbol("u", (3,))
A, B, C, K = symbol("A", (3, 4)), symbol("B", (3, 1)), symbol("C", (2, 3, 4)), symbol("k", (1,))
UNKNOWNS = [X, Y, V, W, U, A, B, C, K]
COLUMNS, ROWS, D = symbol("I", (5,), True), symbol("J", (5,), True), symbol("D", (3, 4))
DATA = {COLUMNS: [0, 2, 2, 3, -1], ROWS: [0, 1, 1, 2, 0], D: np.arange(12.0).reshape(3, 4) / 7}
EXACT = {s: [Fraction(n) for n in DATA[s]] for s in (COLUMNS, ROWS)} | {D: [Fraction(n, 7) for n in range(12)]}
SCOPE = Scope({s.name: s for s in (*UNKNOWNS, *DATA)}, {s: DATA[s] for s in (COLUMNS, ROWS)})
CHAINED = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"


@pytest.fixture(params=["SX", "MX"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Every reading made here has this kind, whatever its size."""
    with monkeypatch.context() as patch:
        patch.setattr(casadi_functions, "_SCALAR_WORK", 10**9 if request.param == "SX" else -1)
        patch.setattr(casadi_functions, "_SCALAR_LENGTH", -1)
        yield request.param


def read(text: str) -> Node:
    return parse(text, SCOPE).node


def size(symbols: Sequence[Symbol]) -> int:
    return sum(math.prod(s.shape) for s in symbols)


def cut(x: Any, symbols: Sequence[Symbol]) -> list[Any]:
    """A flat point as one value a symbol."""
    ends = np.cumsum([math.prod(s.shape) for s in symbols])
    return [part.reshape(s.shape) for part, s in zip(np.split(x, ends[:-1]), symbols, strict=True)]


def in_numpy(nodes: Sequence[Node], x: Any, symbols: Sequence[Symbol]) -> Any:
    """All entries of the nodes in order, as numpy computes them."""
    values = numpy_arrays.function(nodes, symbols, DATA)(*cut(x, symbols))
    return np.concatenate([np.broadcast_to(value, node.shape).ravel() for value, node in zip(values, nodes, strict=True)]).astype(float)


def points(count: int, symbols: Sequence[Symbol], low: float = 0.2, high: float = 2.5) -> Any:
    return np.random.default_rng(20240229).uniform(low, high, (count, size(symbols)))


# ---- functions, one by one -------------------------------------------------------------------------------------------

ELEMENTWISE = [name for name, row in TABLE.items() if row.kind is Kind.ELEMENTWISE and row.casadi is not None]
UNARY = [name for name in ELEMENTWISE if TABLE[name].args == ("x",)]
BINARY = [name for name in ELEMENTWISE if name in ("add", "multiply", "divide", "power", "mod", "atan2", "hypot", "minimum", "maximum")]
LACKING = [name for name, row in TABLE.items() if row.casadi is None]
_SIZES = [0.0, 1e-300, 1e-9, 0.1, 1 / 3, 0.5, math.nextafter(1, 0), 1.0, math.nextafter(1, 2), 1.5, math.pi / 2, 2.0, 2.5]
GRID = sorted({s * x for x in [*_SIZES, 3.0, 7.25, 20.5, 37.5, 709.7, 710.5, 745.0, 1e4, 1e10, 1e100, 1e300] for s in (1.0, -1.0)})
PAIRS = [(a, b) for a in GRID[::2] for b in GRID]
LIMIT = 4  # in units in the last place


def near(found: float, wanted: float) -> bool:
    if math.isnan(wanted) or math.isinf(wanted):
        return found == wanted or (math.isnan(found) and math.isnan(wanted))
    return abs(found - wanted) <= LIMIT * math.ulp(wanted)


def test_every_function_that_casadi_has_is_tested_here() -> None:
    assert {*UNARY, *BINARY, "if", "pi", "inf"} == set(ELEMENTWISE)
    assert set(LACKING) == {"erfc", "gamma", "lgamma", "digamma", "trigamma", "lambertw", "lambertw_lower", "rootof"}


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_values_and_where_they_are_defined(name: str) -> None:
    """One by one as SX, and all that are defined together as MX."""
    arguments = [X] if name in UNARY else [X, Y]
    grid = [(x,) for x in GRID] if name in UNARY else [(x, y) for x, y in PAIRS if name != "mod" or max(abs(x), abs(y)) < 1e20]
    scalar = floats.function([call(name, *arguments)], arguments)
    one = reading(call(name, *arguments), arguments)
    assert one.kind == "SX"
    for at in grid:
        assert near(one.value(at), scalar(*at)[0]), (at, one.value(at), scalar(*at)[0])
    defined = [at for at in grid if not math.isnan(scalar(*at)[0])]
    columns = [symbol(s.name, (len(defined),)) for s in arguments]
    many = reading(number(0), columns, None, [call(name, *columns)])
    assert many.kind == "MX" or len(defined) < 50
    for at, found in zip(defined, many.constraints(np.ravel(np.array(defined).T)), strict=True):
        assert near(found, scalar(*at)[0]), (at, found, scalar(*at)[0])


AWKWARD = [-2.7, -1.31, -0.62, -0.07, 0.07, 0.31, 0.83, 1.17, 2.9]


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_first_and_second_derivatives_of_functions(name: str) -> None:
    arguments = [X] if name in UNARY else [X, Y]
    node = call(name, *arguments)
    found = reading(node, arguments)
    slopes = floats.function(gradient(node, arguments), arguments)
    second = floats.function([entry for row in hessian(node, arguments) for entry in row], arguments)
    for at in product(AWKWARD, repeat=len(arguments)):
        if math.isnan(found.value(at)):
            assert np.isnan(found.gradient(at)).all()
            assert np.isnan(found.hessian(at)).all()
            continue
        if name in ("minimum", "maximum", "mod") and at[0] == at[-1] and len(at) == 2:
            continue  # a kink
        assert found.gradient(at) == pytest.approx(np.array(slopes(*at)), rel=1e-11, abs=1e-14, nan_ok=True), at
        assert found.hessian_sparsity.dense(found.hessian(at)).ravel() == pytest.approx(second(*at), rel=1e-9, abs=1e-12, nan_ok=True), at


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_smooth_functions_in_two_pieces_are_smooth_where_they_meet(name: str, kind: str) -> None:
    node = reduction("sum", call(name, V))
    found, x = reading(node, [V]), np.array([0.0, -0.0, 1e-12, -1e-12])
    slope, curvature = (0.25, 0.0) if name == "sigmoid" else (0.5, 0.25)
    assert found.gradient(x) == pytest.approx(slope, abs=1e-11)
    assert np.diag(found.hessian_sparsity.dense(found.hessian(x))) == pytest.approx(curvature, abs=1e-11)


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_they_are_finite_far_out(name: str) -> None:
    found = reading(call(name, X), [X])
    for x in (-1e300, -800.0, -400.0, 400.0, 800.0, 1e300):
        limit = float(x > 0) if name == "softplus" else 0.0
        assert found.gradient([x]) == pytest.approx([limit], abs=1e-170)
        assert found.hessian([x]) == pytest.approx([0.0], abs=1e-170)


@pytest.mark.parametrize(
    "exponent", [0, 1, 2, 3, 4, 5, 7, 10, 31, 32, 33, 101, -1, -2, -3, -40, 10**20, 10**20 + 1, -(10**400), 10**400 + 1]
)
def test_whole_powers(exponent: int) -> None:
    """However large, and of negative numbers: (-1)^(10^20 + 1) is -1, though the exponent's double is even."""
    node = call("power", X, exponent)
    scalar, found = floats.function([node], [X]), reading(node, [X])
    for x in (0.0, 0.5, 1.0, 1.5, 3.0, -0.5, -1.0, -1.5, -3.0):
        assert found.value([x]) == pytest.approx(scalar(x)[0], rel=1e-14, nan_ok=True), x


@pytest.mark.parametrize("exponent", [Fraction(1, 2), Fraction(1, 3), Fraction(-5, 2), Fraction(7, 2)])
def test_other_powers_need_a_base_that_is_not_negative(exponent: Fraction) -> None:
    node = call("power", X, exponent)
    scalar, found = floats.function([node], [X]), reading(node, [X])
    for x in (-1.0, 0.0, 1e-300, 0.3, 1.0, 7.0):
        assert found.value([x]) == pytest.approx(scalar(x)[0], rel=1e-15, nan_ok=True), x


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_whole_powers_are_products(n: int) -> None:
    v = symbol("v", (100,))
    made = casadi_functions.translated(*[[reduction("sum", power(v, n))]] * 2, [v], {})
    assert "pow" not in str(made.minimand)


@pytest.mark.parametrize("exponents", [[0, 1, 2, 3], [3, 0, 7, 1], [-1, 2, -3, 0], [0, 0, 0, 0], [40, 1, 2, 0]])
def test_an_array_of_whole_powers_has_all_derivatives_at_zero(exponents: list[int], kind: str) -> None:
    """Of 1, x, x^2, ... at 0; where a large power of a large number overflows, the others are as they were."""
    node = reduction("sum", power(V, call("array", *exponents)))
    found = reading(node, [V])
    x = np.array([0.0 if n >= 0 else -1.5 for n in exponents])
    for factor in (1.0, 1e10):
        at = x + (factor > 1) * factor * (np.array(exponents) < 30)
        wanted = [(float(n) * a ** (n - 1) if n else 0.0) for a, n in zip(at.tolist(), exponents, strict=True)]
        assert found.gradient(at) == pytest.approx(wanted, rel=1e-13)
        second = [(float(n * (n - 1)) * a ** (n - 2) if n * (n - 1) else 0.0) for a, n in zip(at.tolist(), exponents, strict=True)]
        assert np.diag(found.hessian_sparsity.dense(found.hessian(at))) == pytest.approx(second, rel=1e-13)


def test_an_exponent_that_is_known_to_be_whole_takes_negative_bases() -> None:
    n = symbol("n", (), True)
    assert reading(power(X, n), [X, n]).value([-2.0, 3.0]) == -8.0
    assert math.isnan(reading(power(X, n), [X, n]).value([0.0, -1.0]))
    assert math.isnan(reading(power(X, Y), [X, Y]).value([-2.0, 3.0]))
    assert reading(power(X, Y), [X, Y]).value([0.0, 0.0]) == 1.0
    assert reading(power(X, n), [X], {n: 3}).value([-2.0]) == -8.0


@pytest.mark.parametrize("name", ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"])
def test_conditions(name: str) -> None:
    test = condition(name, X, Y)
    node = call("if", test, 1, call("if", condition("not", test), 2, 3))
    scalar, found = floats.function([node], [X, Y]), reading(node, [X, Y])
    for at in ((1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (0.0, -0.0), (-INF, INF)):
        assert found.value(at) == scalar(*at)[0]


def test_constants_are_computed_beforehand() -> None:
    """Even by functions that CasADi lacks."""
    root = real_root([-1, -1, 0, 0, 0, 1], 0)
    node = add(multiply(constant("pi"), X), root, call("gamma", call("array", 4, 5)))
    found = reading(reduction("sum", node), [X])
    assert found.value([1.0]) == pytest.approx(2 * (math.pi + 1.1673039782614187) + 30, rel=1e-15)
    data = symbol("d", (3,))
    assert reading(reduction("sum", multiply(X, call("lgamma", data))), [X], {data: [1, 4, 5]}).value([2.0]) == pytest.approx(
        2 * math.log(6 * 24)
    )


def test_there_is_no_negative_zero() -> None:
    found = reading(read("atan2(-x, y)"), [X, Y])
    assert found.value([0.0, -1.0]) == math.pi
    assert found.gradient([0.5, 2.0]) == pytest.approx([-2 / 4.25, 0.5 / 4.25])


# ---- what CasADi lacks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in LACKING if name != "rootof"])
def test_a_function_that_casadi_lacks_is_named(name: str) -> None:
    node = add(call("sin", X), call(name, X))
    assert lacking(node) == name
    with pytest.raises(NoReading, match=f"^{name} has no reading in CasADi.$"):
        reading(X, [X], None, [node])


def test_what_holds_no_unknown_is_not_lacking() -> None:
    data = symbol("d", (3,))
    node = multiply(X, reduction("sum", call("erfc", data)))
    assert lacking(node) == "erfc"
    assert lacking(node, data={data}) is None
    assert lacking(multiply(X, call("gamma", 5))) is None
    assert lacking(*map(read, ARRAYS)) is None


def test_asking_what_is_lacking_imports_no_library() -> None:
    code = (
        "import sys\nfrom optbench.arithmetic.casadi_graph import lacking\nfrom optbench.language.elaborate import parse\n"
        "assert lacking(parse('x + gamma(x)').node) == 'gamma'\nassert lacking(parse('x*log(x)').node) is None\n"
        "print({'casadi', 'numpy', 'scipy', 'sympy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_index_that_is_an_unknown_has_no_reading() -> None:
    i = symbol("i", (2,), True)
    with pytest.raises(NoReading, match="An index that is an unknown"):
        reading(reduction("sum", call("take", V, i, static=(0,))), [V, i])


def test_a_symbol_without_a_value_is_named() -> None:
    with pytest.raises(KeyError, match=r"symbols without a value: \['y'\]"):
        reading(add(X, Y), [X])


# ---- arrays ----------------------------------------------------------------------------------------------------------

ARRAYS = [
    *("sum(v)", "prod(v)", "min(v)", "max(v)", "logsumexp(v)", "mean(A, axis=0)", "norm(A, axis=1)", "sum(A, axis=1)"),
    *("prod(A, axis=0)", "prod(A, axis=1)", "min(A, axis=-1)", "max(A, axis=0)", "logsumexp(A, axis=1)", "logsumexp(A, axis=0)"),
    *("logsumexp(800*v)", "sum(C, axis=0)", "sum(C, axis=1)", "max(C, axis=2)", "prod(C, axis=1)", "sum(C^3)", "logsumexp(C, axis=1)"),
    *("A @ v", "v @ A.T", "A.T @ A", "A @ A.T", "v @ w", "(A @ v) @ u", "D @ v", "u @ D", "A @ D.T", "A.T @ u"),
    *("v[I]", "A[:, I]", "A[J, I]", "A[J]", "C[1, J, I]", "D[J, I]*v[I]", "C[:, :, I]"),
    *("v[1:] - v[:-1]", "A[1, ::-1]", "A[-1]", "v[::2]", "v[::-2]", "A[1:, 1:-1]", "C[0, :, 2]", "C[:, ::-1, 1:]", "v[2]", "v[1:1]"),
    *("D*A + v", "A*B", "B*v", "u[0] + A", "k*v", "k + A", "B + B.T", "C*A - v", "A^2/v", "x*A", "v^B", "C*k", "u*B", "2^v", "v^x"),
    *("dot(v, w)", "sum(v^2*w)", "sum(x*v*w)", "sum(3*v)", "sum(y*v)", "sum((v - w)^2 + 2*w^2)", "sum(v^2 - w^2)"),
    *("sum(-(v*w))", "sum((v + 1)^2 + (x - 3)^2)", "sum(v*w + w)", "norm(v - w)", "sum(A*A*D)", "sum((A - D)^2 + (1 - A)^2)"),
    *("v^arange(4)", "x^arange(4)", "sum(v[i]*x^i for i in 0..3)", "linspace(v[0], v[3], 5)", "linspace(0, x, 4)", "linspace(x, 1, 1)"),
    *("if(A > D, A, D)", "if(v > x, v, w)", "if(x > y, v, w)", "if(D > 1, A, v)", "if(v > 1, 1, 2)", "minimum(v, 1) + maximum(A, 0)"),
    *("minimum(v, w, x, 1)", "max(x, y, 2)", "[v[0], v[1]*w[2]]", "[v, w, 2*v]", "[[x, 1], [2, y]]", "[A, D]", "zeros(2, 4) + v"),
    *("ones(3)*x", "A.T", "C.T", "A.T[::-1, 1]", "sum(A.T*D.T)", "relu(A - 1)", "v % 0.7", "A % v", "max(v[i]*w[i] for i in 0..3)"),
    *("sum(v[i]*w[j] for i in 0..2 for j in i+1..3)", "prod(v[i] + i for i in 0..3)", "sum(sigmoid(v) + softplus(w))", "atan2(A, v)"),
    *("(v - y) - v", "A + (x - A)", "x*v/v", "v - v", "sum((v + x) - v)"),
    *("prod(v[1:1])", "sum(v[1:1])", "sum(C[:, 1:1, :], axis=1)", "(A @ A.T) @ (D @ D.T)", "hypot(A, B)", "sum(exp(D)*A)", "3 - A"),
]


@pytest.mark.parametrize("text", ARRAYS)
def test_arrays(text: str, kind: str) -> None:
    node = read(text)
    found = reading(number(0), UNKNOWNS, DATA, [node])
    assert found.kind == kind
    assert found.constraint_count == math.prod(node.shape)
    for x in points(3, UNKNOWNS):
        np.testing.assert_allclose(found.constraints(x), in_numpy([node], x, UNKNOWNS), rtol=1e-13, atol=1e-13)


_ENDS = st.one_of(st.none(), st.integers(-5, 5))
_PARTS = st.one_of(st.integers(-2, 1), st.builds(slice, _ENDS, _ENDS, st.sampled_from([None, 1, 2, 3, -1, -2])))


def _written(part: int | slice) -> str:
    if isinstance(part, int):
        return str(part)
    return ":".join("" if end is None else str(end) for end in (part.start, part.stop, part.step))


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.tuples(_PARTS, _PARTS, _PARTS))
def test_slices(spec: tuple[Any, ...]) -> None:
    """Any of three axes, with steps and negative ends; and the adjoint, which fills the same places of zeros."""
    try:
        node = read(f"C[{', '.join(map(_written, spec))}]")
    except ExpressionError:
        assume(False)
    values = points(1, [C])[0]
    wanted = values.reshape(C.shape)[spec]
    assert reading(number(0), [C], None, [node]).constraints(values).tolist() == np.ravel(wanted).tolist()
    if isinstance(node, Node) and functions(node) == {"index"} and node.args[0] is C:
        filled = call("pad", symbol("p", node.shape), static=(node.static, C.shape))  # type: ignore[attr-defined]
        empty = np.zeros(C.shape)
        empty[spec] = wanted
        found = reading(number(0), [symbol("p", node.shape)], None, [filled])
        assert found.constraints(np.ravel(wanted)).tolist() == empty.ravel().tolist()


def test_scatter_adds_up_at_repeated_indices(kind: str) -> None:
    for shape, axis, own in (((4,), None, (5,)), ((3, 4), 1, (3, 5)), ((3, 4), None, (5,)), ((2, 4, 3), 1, (2, 5, 3))):
        w = symbol("w", own)
        node = call("scatter", w, *((ROWS, COLUMNS) if axis is None and len(shape) == 2 else (COLUMNS,)), static=(axis, shape))
        x = points(1, [w])[0]
        np.testing.assert_allclose(reading(number(0), [w], DATA, [node]).constraints(x), in_numpy([node], x, [w]), rtol=1e-15)


def test_the_product_of_the_others_is_right_with_zeros_among_them(kind: str) -> None:
    w = symbol("w", (2, 3))
    x = np.array([2.0, 0.0, 3.0, 0.0, 5.0, 0.0])
    for axis in (None, 0, 1):
        node = call("others", w, static=(axis,))
        assert reading(number(0), [w], None, [node]).constraints(x).tolist() == in_numpy([node], x, [w]).tolist()


@pytest.mark.parametrize("text", ["prod(v)", "prod(A)", "sum(prod(A, axis=0))", "x*y*v[0]*v[1]"])
def test_the_gradient_of_a_product_is_right_with_zeros_among_the_factors(text: str, kind: str) -> None:
    x = points(1, UNKNOWNS)[0]
    x[[0, 2, 4, 14, 15, 19]] = 0.0
    assert reading(read(text), UNKNOWNS).gradient(x) == pytest.approx(in_numpy(gradient(read(text), UNKNOWNS), x, UNKNOWNS), rel=1e-13)


def test_conditions_of_arrays(kind: str) -> None:
    tests = [
        call("all", condition("greater", V, 0)),
        call("all", condition("and", condition("greater", A, 0.5), condition("less", A, 2)), static=(1,)),
        condition("or", condition("less", A, 1), condition("not", condition("equal", V, W))),
        call("all", call("array", condition("less", X, 1), condition("less", X, 2))),
    ]
    found = reading(number(0), [X, V, W, A], None, tests)
    for x in points(10, [X, V, W, A], -0.1, 2.2):
        assert found.constraints(x).tolist() == in_numpy(tests, x, [X, V, W, A]).tolist()


def test_a_matrix_of_unknowns_is_in_row_major_order() -> None:
    found = reading(read("A[0, 1]*10 + A[2, 3]^2 + sum(A[1])"), [A])
    x = np.arange(12.0)
    assert found.value(x) == 10 + 11**2 + 4 + 5 + 6 + 7
    assert found.gradient(x).tolist() == [0, 10, 0, 0, 1, 1, 1, 1, 0, 0, 0, 22]
    found = reading(number(0), [A], {V: [1, 0, 0, 0]}, [A, read("A.T"), read("A @ v")])
    wanted = [*x, *x.reshape(3, 4).T.ravel(), 0, 4, 8]
    assert found.constraints(x).tolist() == wanted
    assert found.jacobian_sparsity.dense(found.jacobian(x))[1].tolist() == [0, 1, *[0] * 10]
    assert found.jacobian_sparsity.dense(found.jacobian(x))[13].tolist() == [0, 0, 0, 0, 1, *[0] * 7]


# ---- where it is defined ---------------------------------------------------------------------------------------------

UNDEFINED = ["0*log(x)", "min(1, log(x))", "if(log(x) < 0, 1, 2)", "1/(1/x)", "x^0*log(x)", "atan(1/x)", "exp(-1/x^2)", "log(x)^x"]
UNDEFINED += [
    "log(x)^0",
    "1^log(x)",
    "floor(log(x))",
    "x*(1/x)",
    "sqrt(x - 1)^2",
    "acosh(x)",
    "x % (2*x)",
    "x + log(-1)",
    "x + 1/0",
    "inf*(1/x)",
]


@pytest.mark.parametrize("text", UNDEFINED)
def test_a_part_that_is_undefined_makes_the_whole_undefined_even_times_zero(text: str, kind: str) -> None:
    found = reading(read(text), [X])
    assert math.isnan(found.value([0.0]))
    assert np.isnan(found.gradient([0.0])).all()
    assert np.isnan(found.hessian([0.0])).all()


def test_where_one_entry_is_undefined_everything_is(kind: str) -> None:
    found = reading(read("sum(v*log(v)) + v[0]*w[1]"), [V, W])
    inside, outside = points(2, [V, W])
    outside[2] = -0.5
    assert np.isfinite([found.value(inside), *found.gradient(inside), *found.hessian(inside)]).all()
    assert np.isnan([found.value(outside), *found.gradient(outside), *found.hessian(outside)]).all()
    assert found.value(inside) == pytest.approx(in_numpy([read("sum(v*log(v)) + v[0]*w[1]")], inside, [V, W])[0])


def test_a_constraint_that_is_undefined_is_so_as_a_whole_and_alone(kind: str) -> None:
    found = reading(read("x + v[0]"), [X, V], None, [read("log(v) - x"), read("x*v"), read("sqrt(x)")])
    x = np.array([2.0, 1.0, 1.0, -1.0, 1.0])
    assert found.value(x) == 3.0
    assert found.gradient(x).tolist() == [1, 1, 0, 0, 0]
    assert np.isnan(found.constraints(x)).tolist() == [True] * 4 + [False] * 5
    assert np.isnan(found.jacobian(x)).tolist() == (found.jacobian_sparsity.rows < 4).tolist()
    assert np.isnan(found.lagrangian_hessian(x, 1.0, np.ones(9))).all()
    x[3] = 1.0
    assert np.isfinite([*found.constraints(x), *found.jacobian(x), *found.lagrangian_hessian(x, 1.0, np.ones(9))]).all()


def test_nothing_is_checked_where_everything_is_defined() -> None:
    made = casadi_functions.translated(*[[read("sum(sin(v)) + x^2 + exp(y)")]] * 2, [X, Y, V], {})
    assert made.undefined is None
    assert made.residuals_undefined is None


# ---- branches --------------------------------------------------------------------------------------------------------


def test_what_a_branch_not_taken_says_does_not_count(kind: str) -> None:
    node = read("if(x > 0, log(x), sqrt(-x)) + if(x < 5, 0, 1/(x - 5))")
    found = reading(node, [X])
    wanted = {-4.0: 2.0, 1.0: 0.0, 5.0: NAN, 6.0: math.log(6) + 1}
    assert [found.value([x]) for x in wanted] == pytest.approx(list(wanted.values()), nan_ok=True)
    assert [found.gradient([x])[0] for x in wanted] == pytest.approx([-0.25, 1.0, NAN, 1 / 6 - 1], nan_ok=True)
    assert [found.hessian([x])[0] for x in wanted] == pytest.approx([-1 / 32, -1.0, NAN, -1 / 36 + 2], nan_ok=True)


BRANCHES = [
    *("sqrt(x)", "cbrt(x)", "exp(1000*x)", "log(x)", "log2(x)", "log10(x)", "log1p(x - 1)", "expm1(1000*x)", "tan(x)", "asin(x)"),
    *("acos(x)", "acosh(x + 1)", "atanh(x)", "sinh(1000*x)", "cosh(1000*x)", "1/x", "x % x", "atan2(x, 2*x)", "hypot(x, x)", "x^0.5"),
    *("x^-1", "x^-2", "x^x", "x^2.5*log(x)", "1/(1/x)", "exp(1/x)", "sqrt(exp(1000*x))", "log(x)*sqrt(x)/x", "x^50"),
]


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("nested", [False, True])
def test_derivatives_see_nothing_of_a_branch_not_taken(branch: str, nested: bool, kind: str) -> None:
    """Neither nan nor inf, at any point; where the branch is taken, its derivatives are those of the graph."""
    test = condition("and", *(parse_constraint(text).node for text in ("x > 0.1", "x < 0.9")))
    node = call("if", test, parse(branch).node, parse("2*x + y^2").node)
    if nested:
        node = add(call("if", parse_constraint("y > 1").node, node, power(X, 2)), parse("-y*x").node)
    found = reading(node, [X, Y])
    slopes = floats.function([node, *gradient(node, [X, Y])], [X, Y])
    second = floats.function([entry for row in hessian(node, [X, Y]) for entry in row], [X, Y])
    for x in ([0.0, 2.0], [-1.0, 2.0], [3.0, 2.0], [1.0, 2.0], [0.0, 0.0], [1.0, 0.5], [0.4, 2.0], [0.4, 0.5], [-800.0, 3.0], [1e10, 3.0]):
        wanted, *gradient_there = slopes(*x)
        matrix = found.hessian_sparsity.dense(found.hessian(x)).ravel()
        assert found.value(x) == pytest.approx(wanted, rel=1e-13)
        assert found.gradient(x) == pytest.approx(np.array(gradient_there), rel=1e-11)
        assert matrix == pytest.approx(np.array(second(*x)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "sum(if(v > 0, v*log(v), 0))",
        "sum(if(v > 0, x*log(v), log(x)*v))",
        "if(x > 0, sum(log(v)), sum(v))",
        "if(x > 0, sum(log(v)*w), 0)*y",
        "sum(if(A > 0, log(A)*sqrt(B), exp(v)))",
        "sum(if(v > 0, sqrt(v)*sum(w), 0)^2)",
        "sum(if(B > 0, sqrt(A)/B, v))",
        "sum(if(v > 0, sin(v)/v, 1))",
        "if(x > 0.1, sum(log(x*[1, 2])), y^2)",
    ],
)
def test_derivatives_see_nothing_of_entries_not_taken(text: str, kind: str) -> None:
    symbols = [X, Y, V, W, A, B]
    node = read(text)
    found = reading(node, symbols)
    rng = np.random.default_rng(7)
    for _ in range(10):
        x = rng.uniform(-1.5, 2, size(symbols)) * (rng.random(size(symbols)) < 0.9)
        wanted = in_numpy([node], x, symbols)[0]
        assert found.value(x) == pytest.approx(wanted, rel=1e-13, nan_ok=True)
        if math.isnan(wanted):
            assert np.isnan(found.gradient(x)).all()
        else:
            slope = in_numpy(gradient(node, symbols), x, symbols)
            defined = np.isfinite(slope)
            assert found.gradient(x)[defined] == pytest.approx(slope[defined], rel=1e-12, abs=1e-13)


def test_the_square_of_a_norm_is_smooth_at_zero(kind: str) -> None:
    found = reading(read("norm(v)^2 + sqrt(x)^2"), [V, X])
    assert found.gradient(np.zeros(5)).tolist() == [0, 0, 0, 0, 1]
    assert found.hessian(np.zeros(5)).tolist() == [2.0] * 4
    assert math.isnan(found.value([0, 0, 0, 0, -1]))


@pytest.mark.parametrize(
    "text",
    ["sum(if(D > 0, A/D, A))", "sum(if(D > 0, log(D)*A, A^2))", "sum(if(A > 100, A/D, A))", "if(x < 0, log(-1)*x, x)", "if(x > 0, x, 1/0)"],
)
def test_constants_of_a_branch_not_taken_may_be_undefined(text: str, kind: str) -> None:
    """D has a zero; no slope is multiplied by what is infinite there."""
    found, x = reading(read(text), [X, A], DATA), points(1, [X, A])[0]
    assert found.value(x) == pytest.approx(in_numpy([read(text)], x, [X, A])[0], rel=1e-13)
    assert np.isfinite([*found.gradient(x), *found.hessian(x)]).all()
    assert math.isnan(reading(read("sum(if(D < 1, log(D), 1)*A)"), [A], DATA).value(x[1:]))


def test_a_branch_shared_with_the_rest_keeps_both_parts() -> None:
    found = reading(parse("if(x > 0, log(x), 0) + log(x + 3)").node, [X])
    assert found.gradient([1.0]) == pytest.approx([1.25])
    assert found.gradient([-1.0]) == pytest.approx([0.5])


def test_the_prepared_graph_has_the_same_values() -> None:
    for text in [*ARRAYS, "sum(if(v > 0, v*log(v), 0))", "sum((1 - v)^2 + 3*(v - w)^2)"]:
        node = read(text)
        for x in points(2, UNKNOWNS):
            same = in_numpy(prepared([node], DATA), x, UNKNOWNS)
            np.testing.assert_allclose(same, in_numpy([node], x, UNKNOWNS), rtol=1e-13, atol=1e-13)


def test_sums_are_not_taken_apart_where_that_loses_digits() -> None:
    """1e8 entries' worth of a difference that is small beside its terms."""
    v = symbol("v", (1000,))
    found = reading(parse("sum(exp(v) - v - 1)", Scope({"v": v})).node, [v])
    x = np.full(1000, 1e-6)
    assert found.value(x) == pytest.approx(1000 * (math.exp(1e-6) - 1e-6 - 1), rel=1e-12)


# ---- derivatives -----------------------------------------------------------------------------------------------------

SMOOTH = [text for text in ARRAYS if not any(sign in text for sign in ("[1:1]", "C[:, 1:1", "% v", "800"))]


def scalars(symbols: Sequence[Symbol]) -> list[Any]:
    return [entry for s in symbols for entry in entries(s)]


def close(found: Any, wanted: Any) -> None:
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("text", SMOOTH)
def test_derivatives_agree_with_those_of_the_graph(text: str, kind: str) -> None:
    """The gradient as an expression of arrays, the Hessian (and that it is complete) from everything written out."""
    node = read(f"sum(({text})*cos({text}/9))")
    found, x = reading(node, UNKNOWNS, DATA), points(1, UNKNOWNS)[0]
    close(found.gradient(x), in_numpy(gradient(node, UNKNOWNS), x, UNKNOWNS))
    used = [s for s in UNKNOWNS if s in topological(node)]
    if size(used) > 14:
        return
    [[written]] = all_entries([node], EXACT)
    rows = hessian(written, scalars(used))
    values = floats.function([entry for row in rows for entry in row], scalars(used))
    small, at = (
        reading(node, used, DATA),
        np.concatenate([part.ravel() for s, part in zip(UNKNOWNS, cut(x, UNKNOWNS), strict=True) if s in used]),
    )
    matrix = small.hessian_sparsity.dense(small.hessian(at))
    close(matrix, np.array(values(*at)).reshape(matrix.shape))
    close(matrix, matrix.T)


CONSTRAINTS = ["A @ v - u", "x*v - w^2", "sum(v*w) - y", "exp(x*y)", "prod(v)", "v[1:]*w[:-1]", "x + 2*y - 3", "u[0]", "A*v"]


def test_jacobians_and_the_hessian_of_the_lagrangian_agree_with_those_of_the_graph(kind: str) -> None:
    symbols = [X, Y, V, W, U, A]
    nodes = [read(text) for text in CONSTRAINTS]
    minimand = read("sum(v^3*w) + x^2*y + sum(u^2)")
    found, x = reading(minimand, symbols, None, nodes), points(1, symbols)[0]
    assert found.constraint_count == sum(math.prod(node.shape) for node in nodes)
    close(found.constraints(x), in_numpy(nodes, x, symbols))
    written = [entry for row in all_entries(nodes) for entry in row]
    slopes = floats.function([g for c in written for g in gradient(c, scalars(symbols))], scalars(symbols))
    jacobian = found.jacobian_sparsity.dense(found.jacobian(x))
    assert jacobian.shape == found.jacobian_sparsity.shape == (found.constraint_count, found.dimension)
    close(jacobian, np.array(slopes(*x)).reshape(jacobian.shape))
    multipliers = np.random.default_rng(3).normal(size=found.constraint_count)
    for factor in (0.0, 1.5):
        [[minimand_written]] = all_entries([minimand])
        parts = [call("multiply", m, c) for m, c in zip(map(symbol, _names(len(written))), written, strict=True)]
        lagrangian = add(multiply(symbol("factor"), minimand_written), *parts)
        rows = hessian(lagrangian, scalars(symbols))
        inputs = [*scalars(symbols), symbol("factor"), *map(symbol, _names(len(written)))]
        wanted = floats.function([entry for row in rows for entry in row], inputs)(*x, factor, *multipliers)
        matrix = found.lagrangian_sparsity.dense(found.lagrangian_hessian(x, factor, multipliers))
        close(matrix, np.array(wanted).reshape(matrix.shape))


@pytest.mark.parametrize(
    "text", ["x + v", "(x + v)*v", "x - v^2", "[x*y, u[0]*x]", "sum(v)*x - 1", "v + sum(A)", "A @ v + x*u", "atan2(x, v)"]
)
def test_the_jacobian_of_few_residuals_of_many_unknowns(text: str, kind: str) -> None:
    """CasADi's own loses what flows into a scalar that is added to an array, where it works by rows."""
    symbols = [X, Y, V, W, U, A, symbol("z", (50,))]
    node, x = read(text), points(1, symbols)[0]
    found = reading(number(0), symbols, None, [node])
    weights = symbol("weights", node.shape)
    slopes = numpy_arrays.function(gradient(reduction("sum", multiply(weights, node)), symbols), [*symbols, weights])
    rows = [slopes(*cut(x, symbols), unit.reshape(node.shape)) for unit in np.eye(found.constraint_count)]
    wanted = [np.concatenate([np.broadcast_to(g, s.shape).ravel() for g, s in zip(row, symbols, strict=True)]) for row in rows]
    close(found.jacobian_sparsity.dense(found.jacobian(x)), wanted)


def test_hessians_whose_pattern_conditions_make_asymmetric_keep_what_flows_into_scalars() -> None:
    symbols = [X, V, W, A]
    node = read("sum(if(x*A >= v, v[0], v*w) + (x + v)*v)")
    [[written]] = all_entries([node])
    second = floats.function([entry for row in hessian(written, scalars(symbols)) for entry in row], scalars(symbols))
    x = points(1, symbols)[0]
    found = reading(node, symbols)
    close(found.hessian_sparsity.dense(found.hessian(x)), np.array(second(*x.tolist())).reshape(21, 21))


def _names(count: int) -> list[str]:
    return [f"multiplier {i}" for i in range(count)]


def test_places_come_by_column_and_within_a_column_by_row(kind: str) -> None:
    found = reading(read("prod(v)*x + sum(w^2)"), [X, Y, V, W], None, [read("v*w"), read("x*y")])
    for places in (found.hessian_sparsity, found.jacobian_sparsity, found.lagrangian_sparsity):
        order = places.columns * places.shape[0] + places.rows
        assert (np.diff(order) > 0).all()
    assert found.hessian_sparsity.shape == found.lagrangian_sparsity.shape == (10, 10)
    for places in (found.hessian_sparsity, found.lagrangian_sparsity):
        pairs = set(zip(places.rows.tolist(), places.columns.tolist(), strict=True))
        assert pairs == {(j, i) for i, j in pairs}


@pytest.mark.parametrize("text", ["if(x > 0, y^2, 0)", "floor(x)*y^2", "sign(x)*y*x", "sum(if(v > x, w^2, w^3))", "sum(floor(v)*w^2)*y"])
def test_the_pattern_of_a_hessian_is_symmetric_though_conditions_count_as_dependence(text: str, kind: str) -> None:
    symbols = [X, Y, V, W]
    found, x = reading(read(text), symbols), points(1, symbols)[0]
    matrix = found.hessian_sparsity.dense(found.hessian(x))
    [[written]] = all_entries([read(text)])
    wanted = floats.function([e for row in hessian(written, scalars(symbols)) for e in row], scalars(symbols))(*x.tolist())
    close(matrix, np.array(wanted).reshape(matrix.shape))
    pairs = set(zip(found.hessian_sparsity.rows.tolist(), found.hessian_sparsity.columns.tolist(), strict=True))
    assert pairs == {(j, i) for i, j in pairs}


def test_sparse_hessians_stay_sparse_and_dense_ones_are_quick() -> None:
    n = 300
    x = symbol("x", (n,))
    at = np.random.default_rng(1).random(n)
    chained = reading(parse(CHAINED, Scope({"x": x})).node, [x])
    assert len(chained.hessian_sparsity.rows) == 3 * n - 2
    arrow = reading(parse("x[0]*sum(x^3)", Scope({"x": x})).node, [x])
    assert len(arrow.hessian_sparsity.rows) == 3 * n - 2
    dense = reading(parse("sum(x)^3 + sum(x^2)", Scope({"x": x})).node, [x])
    wanted = 6 * at.sum() + 2 * np.eye(n)
    np.testing.assert_allclose(dense.hessian_sparsity.dense(dense.hessian(at)), wanted, rtol=1e-12)


# ---- random expressions ----------------------------------------------------------------------------------------------

_ONE = sorted({name for name in UNARY if TABLE[name].public} - {"floor", "ceil", "sign"})
_LEAVES = st.sampled_from(["x", "y", "2", "3", "0.5", "1/3", "pi", "v[0]", "sum(v)"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.sampled_from(["atan2", "hypot", "min", "max"])
    return st.one_of(
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, st.sampled_from("+-*/%^"), inner),
        st.builds("{}({})".format, st.sampled_from(_ONE), inner),
        st.builds("{}({}, {})".format, two, inner, inner),
        st.builds(lambda a, sign, b, c, d: f"if({a} {sign} {b}, {c}, {d})", inner, st.sampled_from(["<", ">="]), inner, inner, inner),
        st.builds("(-({}))^{}".format, inner, st.sampled_from(["2", "3", "-1", "-2"])),
        st.builds(
            "{}({}*{})".format, st.sampled_from(["sum", "prod", "max", "norm", "logsumexp"]), inner, st.sampled_from(["v", "w", "A"])
        ),
    )


EXPRESSIONS = st.recursive(_LEAVES, _larger, max_leaves=8)
_MOVED = 1 + 1e-8


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, st.integers(0, 2**32), st.booleans())
def test_random_expressions_have_the_values_and_derivatives_of_the_graph(text: str, seed: int, arrays: bool) -> None:
    """Where neither changes much if the point changes a little (elsewhere rounding decides), and nothing is huge."""
    symbols = [X, Y, V, W, A]
    try:
        node = read(text)
    except ExpressionError:
        assume(False)
    before = casadi_functions._SCALAR_WORK, casadi_functions._SCALAR_LENGTH
    try:
        if arrays:
            casadi_functions._SCALAR_WORK = casadi_functions._SCALAR_LENGTH = -1
        found = reading(node, symbols)
    finally:
        casadi_functions._SCALAR_WORK, casadi_functions._SCALAR_LENGTH = before
    x = np.random.default_rng(seed).uniform(-2, 3, size(symbols))
    parts = [part for part in topological(node) if not part.boolean and part.args]
    # not where CasADi may multiply 0 by an infinite slope, nor where what cancels leaves the rounding
    assume(np.all(~(np.abs(in_numpy(parts, x, symbols)) <= 1e-12)) if parts else True)
    assume(not ties(node, x, symbols))
    compare(lambda at: np.array([found.value(at)]), [node], x, symbols)
    if not math.isnan(found.value(x)):
        compare(found.gradient, gradient(node, symbols), x, symbols)
        constraint = add(multiply(node, V), Y)
        weights, rows = np.random.default_rng(seed + 1).normal(size=4), reading(number(0), symbols, None, [constraint])
        weighted = reduction("sum", multiply(call("array", *map(Fraction, weights)), constraint))
        compare(lambda at: weights @ rows.jacobian_sparsity.dense(rows.jacobian(at)), gradient(weighted, symbols), x, symbols)


def ties(node: Node, x: Any, symbols: Sequence[Symbol]) -> bool:
    """Whether two different things that are compared agree here up to rounding: which is larger is then a matter of the order
    in which sums are added, and so is the derivative."""
    compared = [part.args for part in topological(node) if isinstance(part, Call) and part.function in _COMPARING]
    pairs = [pair for args in compared for pair in combinations(args, 2) if pair[0] is not pair[1]]
    if not pairs:
        return False
    left, right = (np.concatenate([in_numpy([add(pair[i], multiply(0, pair[1 - i]))], x, symbols) for pair in pairs]) for i in (0, 1))
    return bool((np.abs(left - right) <= 1e-9 * np.abs(left)).any())


_COMPARING = frozenset({"minimum", "maximum", "less", "less_equal", "greater", "greater_equal"})


def compare(found: Any, nodes: Sequence[Node], x: Any, symbols: Sequence[Symbol]) -> None:
    wanted, moved, back = (in_numpy(nodes, at, symbols) for at in (x, x * _MOVED, x / _MOVED))
    with np.errstate(all="ignore"):
        change = np.maximum(np.abs(moved - wanted), np.abs(back - wanted))
    clear = np.isfinite(wanted) & np.isfinite(moved) & np.isfinite(back) & (np.abs(wanted) < 1e8) & (change < 1e-5 * (1 + np.abs(wanted)))
    nowhere = np.isnan(wanted) & np.isnan(moved) & np.isnan(back)
    np.testing.assert_allclose(found(x)[clear], wanted[clear], rtol=1e-7, atol=1e-7)
    if len(nodes) == 1:
        assert np.isnan(found(x)[nowhere]).all()


# ---- how it is bound -------------------------------------------------------------------------------------------------


def chained(n: int) -> Reading:
    x = symbol("x", (n,))
    return reading(parse(CHAINED, Scope({"x": x})).node, [x], None, [parse("x[1:]*x[:-1] - 1", Scope({"x": x})).node])


def test_results_share_no_memory() -> None:
    for n in (2, 200):
        found = chained(n)
        x, z = np.full(n, 1.5), np.full(n, -0.5)
        for evaluate in (found.gradient, found.hessian, found.constraints, found.jacobian):
            first = evaluate(x)
            kept = first.copy()
            second = evaluate(z)
            assert first.tolist() == kept.tolist() != second.tolist()
            assert not np.shares_memory(first, second)
        first = found.lagrangian_hessian(x, 1.0, np.ones(n - 1))
        kept = first.copy()
        assert not np.shares_memory(first, found.lagrangian_hessian(z, 2.0, np.ones(n - 1)))
        assert first.tolist() == kept.tolist()
        assert x.tolist() == [1.5] * n


def test_a_point_may_be_anything_with_these_entries() -> None:
    found = chained(3)
    wanted = found.gradient(np.array([1.0, 2.0, 3.0])).tolist()
    for point in ([1, 2, 3], (1.0, 2.0, 3.0), np.array([1, 2, 3]), np.arange(6.0)[::2] / 2 + 1, np.array([[1.0, 2.0, 3.0]])[0]):
        assert found.gradient(point).tolist() == wanted
    assert isinstance(found.value([1, 2, 3]), float)


def test_buffers_survive_the_reading_and_garbage_collection() -> None:
    kept = []
    for n in (2, 300):
        found = chained(n)
        kept.append((n, found.value, found.gradient, found.hessian, found.value(np.zeros(n))))
        del found
    for _ in range(3):
        gc.collect()
        scattered = [np.random.default_rng(i).random(1000) for i in range(200)]
        [chained(50).gradient(np.zeros(50)) for _ in range(20)]
        del scattered
    for n, value, slope, curvature, wanted in kept:
        assert value(np.zeros(n)) == wanted == n - 1
        assert slope(np.zeros(n)).tolist() == [-2.0] * (n - 1) + [0.0]
        assert len(curvature(np.zeros(n))) == 3 * n - 2


def test_each_function_is_made_once() -> None:
    found = chained(5)
    assert found.value is found.value
    assert found.gradient is found.gradient
    assert found.hessian is found.hessian
    assert found.jacobian is found.jacobian


def _in_child(found: Reading, pipe: Any) -> None:
    x = np.full(found.dimension, 0.5)
    pipe.send([found.value(x), found.gradient(x).tolist(), found.jacobian(x).tolist()])


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.parametrize("n", [2, 200])
def test_a_forked_child_uses_what_its_parent_made(n: int) -> None:
    found = chained(n)
    x = np.full(n, 0.5)
    wanted = [found.value(x), found.gradient(x).tolist()]  # the Jacobian is first asked for in the child
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=_in_child, args=(found, there))
    child.start()
    assert here.poll(60)
    assert here.recv() == [*wanted, found.jacobian(x).tolist()]
    child.join()
    assert child.exitcode == 0


def test_a_constant_and_a_linear_minimand() -> None:
    found = reading(number(7), [X, V])
    assert found.value(np.zeros(5)) == 7.0
    assert found.gradient(np.zeros(5)).tolist() == [0.0] * 5
    assert found.hessian(np.zeros(5)).tolist() == []
    assert reading(read("3*x + 0*log(x)"), [X]).hessian([1.0]).tolist() == []
    assert found.hessian_sparsity.dense(found.hessian(np.zeros(5))).tolist() == np.zeros((5, 5)).tolist()


def test_without_constraints_there_is_nothing_to_compute(kind: str) -> None:
    found = reading(read("x^2 + sum(v^2)"), [X, V])
    assert found.constraint_count == 0
    assert found.constraints(np.zeros(5)).shape == (0,)
    assert found.jacobian(np.zeros(5)).shape == (0,)
    assert found.jacobian_sparsity.shape == (0, 5)
    assert found.lagrangian_hessian(np.zeros(5), 2.0, np.zeros(0)).tolist() == [4.0] * 5


# ---- large and small -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "n", "kind_of_graph"), [(CHAINED, 2, "SX"), (CHAINED, 100, "MX"), ("sum(x)", 10**4, "MX"), ("x[0]*x[1]", 50, "SX")]
)
def test_small_expressions_become_sx_and_arrays_mx(text: str, n: int, kind_of_graph: str) -> None:
    x = symbol("x", (n,))
    assert reading(parse(text, Scope({"x": x})).node, [x]).kind == kind_of_graph


def test_a_text_without_arrays_becomes_sx_however_long() -> None:
    names = [symbol(f"x{i}") for i in range(300)]
    node = add(*(power(add(a, multiply(-1, power(b, 2))), 2) for a, b in zip(names[1:], names[:-1], strict=True)))
    found = reading(node, names)
    x = np.random.default_rng(5).random(300)
    assert found.kind == "SX"
    assert found.value(x) == pytest.approx(np.sum((x[1:] - x[:-1] ** 2) ** 2))


def test_the_gradient_has_no_more_instructions_than_one_written_by_hand() -> None:
    x = symbol("x", (100,))
    node = parse(CHAINED, Scope({"x": x})).node
    made = casadi_functions.translated([node], prepared([node]), [x], {})
    z = ca.MX.sym("z", 100)
    by_hand = ca.sum1(100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2)
    assert made.gradient().n_instructions() < ca.Function("g", [z], [ca.gradient(by_hand, z)], {"cse": True}).n_instructions()
    assert made.value().n_instructions() < ca.Function("f", [z], [by_hand], {"cse": True}).n_instructions()


def test_many_rows_of_data() -> None:
    n = 100_000
    rng = np.random.default_rng(11)
    rows, targets, b = symbol("R", (n, 4)), symbol("t", (n,)), symbol("b", (4,))
    data = {rows: rng.normal(size=(n, 4)), targets: rng.random(n)}
    scope = Scope({"R": rows, "t": targets, "b": b})
    found = reading(parse("sum((R @ b - t)^2)", scope).node, [b], data)
    at = rng.random(4)
    rest = data[rows] @ at - data[targets]
    assert found.kind == "MX"
    assert found.value(at) == pytest.approx(rest @ rest, rel=1e-12)
    assert found.gradient(at) == pytest.approx(2 * data[rows].T @ rest, rel=1e-11)
    np.testing.assert_allclose(found.hessian_sparsity.dense(found.hessian(at)), 2 * data[rows].T @ data[rows], rtol=1e-9, atol=1e-6)
    fitted = parse("sum((t - b[0]*exp(-b[1]*R[:, 0]) - b[2])^2)", scope).node
    close(reading(fitted, [b], data).gradient(at), numpy_arrays.function(gradient(fitted, [b]), [b], data)(at)[0])


@pytest.mark.parametrize("arrays", [False, True])
def test_long_sums_and_deep_chains(arrays: bool) -> None:
    x: Node = symbol("x", (100,)) if arrays else X
    wide = add(*(binary_product(k + 2, call("sin", add(x, k))) for k in range(3000)))
    deep = x
    for _ in range(10_000):
        deep = call("atan", add(deep, 1))
    node = add(reduction("sum", wide), reduction("sum", deep))
    found = reading(node, [x])  # type: ignore[list-item]
    count = 100 if arrays else 1
    at = np.full(count, 0.5)
    total = math.fsum((k + 2) * math.sin(0.5 + k) for k in range(3000)) + 1.132267725272885
    assert found.kind == ("MX" if arrays else "SX")
    assert found.value(at) == pytest.approx(count * total, rel=1e-8)
    assert found.gradient(at) == pytest.approx(math.fsum((k + 2) * math.cos(0.5 + k) for k in range(3000)), rel=1e-8)


def test_nested_branches_are_no_trouble() -> None:
    node: Node = X
    for k in range(60):
        node = call("if", condition("greater", X, k), node, call("log", add(X, -k, -1)))
    found = reading(node, [X])
    assert found.value([100.0]) == 100.0
    assert found.gradient([100.0]).tolist() == [1.0]
