"""Writing out arrays: the scalar expressions have the values that numpy gives the array expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.arithmetic.balls import between, enclose
from optbench.language.build import add, array, call, condition, multiply, negate, power, reduction, structure, symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse
from optbench.language.expand import all_entries, entries, scalar
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols, topological

X = symbol("x", (5,))
Y = symbol("y", (5,))
A = symbol("A", (3, 4))
B = symbol("B", (4, 5))
V = symbol("v", (4,))
S = symbol("s")
I = symbol("I", (3,), True)  # noqa: E741
J = symbol("J", (3,), True)
M = symbol("M", (2, 2), True)
D = symbol("d", (5,))
SCOPE = Scope({n.name: n for n in (X, Y, A, B, V, S, I, J, M, D)}, values={I: [2, 0, 2], J: [-1, 3, 0], M: [0, 1, 2, 2]})
DATA = {I: [2, 0, 2], J: [-1, 3, 0], M: [0, 1, 2, 2], D: [Fraction(1, 2), Fraction(1, 3), 0, Fraction(-2), 7]}
VALUES = {X: [0.5, 1.25, 2.0, 0.75, 1.5], Y: [1.0, 0.25, 2.5, 3.0, 0.125], V: [0.5, 1.5, 1.0, 2.0], S: [1.75]}
VALUES |= {A: [0.1 * k + 0.3 for k in range(12)], B: [1.7 - 0.1 * k for k in range(20)]}

# ---- the second way: a small reading by numpy ------------------------------------------------------------------------

ENTRYWISE: dict[str, Callable[..., Any]] = {
    "add": lambda *args: sum(args[1:], args[0]),
    "multiply": lambda *args: math.prod(args[1:], start=args[0]),
    "negate": np.negative,
    "divide": np.divide,
    "power": np.power,
    "mod": np.mod,
    "minimum": lambda *args: np.minimum.reduce(np.broadcast_arrays(*args)),
    "maximum": lambda *args: np.maximum.reduce(np.broadcast_arrays(*args)),
    "if": np.where,
    "relu": lambda x: np.maximum(x, 0),
    "pi": lambda: np.float64(np.pi),
    **{name: getattr(np, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "abs", "sign", "floor", "hypot")},
    **{name: getattr(np, name) for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")},
    "and": lambda *args: np.logical_and.reduce(np.broadcast_arrays(*args)),
    "or": lambda *args: np.logical_or.reduce(np.broadcast_arrays(*args)),
    "not": np.logical_not,
}
REDUCED: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "prod": np.prod,
    "min": np.min,
    "max": np.max,
    "all": np.all,
    "logsumexp": lambda x, axis: np.log(np.sum(np.exp(x), axis=axis)),
}


def spec_of(static: Sequence[Any]) -> tuple[Any, ...]:
    """An index as numpy takes it; lists of positions, since a stop of -1 means something else to numpy."""
    return tuple(part if isinstance(part, int) else slice(part[0], None if part[1] < 0 else part[1], part[2]) for part in static)


def taken(axis: int | None, indices: Sequence[Any]) -> tuple[Any, ...]:
    whole = [np.asarray(i).astype(int) for i in indices]
    return tuple(whole) if axis is None else (*(slice(None),) * axis, *whole)


def moved(node: Call, args: list[Any]) -> Any:
    static = node.static
    match node.function:
        case "index":
            return args[0][spec_of(static)]
        case "take":
            return args[0][taken(static[0], args[1:])]
        case "array":
            return np.stack(args)
        case "transpose":
            return args[0].T
        case "matmul":
            return args[0] @ args[1]
        case "reshape":
            return np.reshape(args[0], static[0])
        case "broadcast":
            return np.broadcast_to(args[0], static[0])
        case "pad" | "scatter":
            result = np.zeros(static[1])
            place = spec_of(static[0]) if node.function == "pad" else taken(static[0], args[1:])
            np.add.at(result, place, args[0])
            return result
        case "others":
            return others(args[0], static[0])
        case "arange":
            return np.arange(*args)
        case "linspace":
            return np.linspace(*args, static[0])
        case "zeros" | "ones":
            return np.full(node.shape, float(node.function == "ones"))
    raise AssertionError(node.function)


def others(x: Any, axis: int | None) -> Any:
    result = np.empty_like(x)
    for place in np.ndindex(x.shape):
        one = x.copy()
        one[place] = 1.0
        result[place] = np.prod(one) if axis is None else np.prod(one, axis=axis)[place[:axis] + place[axis + 1 :]]
    return result


def by_numpy(root: Node, values: Mapping[Symbol, Sequence[Any]]) -> Any:
    done: dict[Node, Any] = {}
    for node in topological(root):
        if isinstance(node, Number):
            done[node] = float(node.value)
        elif isinstance(node, Symbol):
            done[node] = np.array([float(v) for v in values[node]]).reshape(node.shape)
        else:
            assert isinstance(node, Call)
            args, kind = [done[a] for a in node.args], TABLE[node.function].kind
            if kind is Kind.REDUCTION:
                done[node] = REDUCED[node.function](args[0], axis=node.static[0])
            else:
                done[node] = moved(node, args) if kind is Kind.STRUCTURE else ENTRYWISE[node.function](*args)
            assert np.shape(done[node]) == node.shape
    return done[root]


def entry_values(names: Sequence[Symbol]) -> dict[Symbol, list[float]]:
    """Values of the scalar symbols into which arrays are written out."""
    found: dict[Symbol, list[float]] = {S: [1.75]}
    for name in names:
        for k, place in enumerate(np.ndindex(name.shape)):
            if name.shape:
                found[symbol(f"{name.name}[{', '.join(map(str, place))}]", (), name.integer)] = [VALUES[name][k]]
    return found


ENTRY_VALUES = entry_values(list(VALUES))


def check(root: Node) -> None:
    written = entries(root, DATA)
    expected = np.ravel(by_numpy(root, {**VALUES, **DATA}))
    assert len(written) == len(expected)
    for node, value in zip(written, expected, strict=True):
        assert not node.shape
        assert not any(part.shape for part in topological(node))
        assert node.boolean == root.boolean
        assert float(by_numpy(node, ENTRY_VALUES)) == pytest.approx(float(value), rel=1e-12, abs=1e-12)


# ---- every operation -------------------------------------------------------------------------------------------------

TEXTS = """
x + y; x*y - s; 2*x^2; x/y; x % y; -x; sqrt(x) + sin(y)*s; hypot(x, y); minimum(x, y); maximum(x, s, 1); abs(x - y)
x[0]; x[-1]; x[1:]; x[:-1]; x[::2]; x[::-1]; x[3:0:-1]; x[4:4]; A[0, 1]; A[1]; A[:, 2]; A[1:, ::2]; A[::-1, ::-1]; A[-1, 1:3]
sum(x); sum(A); sum(A, axis=0); sum(A, axis=1); prod(x); prod(A, axis=0); prod(A, axis=1); min(x); max(A); min(A, axis=0)
max(A, axis=1); logsumexp(x); logsumexp(A, axis=0); logsumexp(A, axis=1); mean(x); mean(A, axis=1); norm(x); dot(x, y)
x[I]; x[J]; A[I]; A[:, I]; A[I, J]; A[M, M]; x[I] - x[J]; sum(x[I]*d[J]); x[M]; A[:, M]; A[1, J]; A[I, 0]
d; d + x; d*d; sum(d*x); x @ y; A @ v; v @ B; A @ B; x @ B.T; A.T; A.T @ [1, 2, 3]; (A @ B).T; [x[0], s, 2]; [x, y]; [x, y] + x
arange(5)*x; sum(arange(1, 6)*x); arange(2, 12, 2) + x; arange(5, 0, -1)*x; linspace(0, 1, 5)*x; linspace(x[0], s, 3); linspace(s, 2, 1)
zeros(5) + x; ones(3, 4)*A; A + v; A*A[:, 0:1]; A - A[0:1]; sum(A, axis=0)*v; x - sum(x); A.T - A.T[:, 0:1]; x*pi + s
if(x > 1, x, y); if(x >= y, x - s, 0); where(x < 1, 1, x^2); if(s > 1, x, y); max(x[0], s, x[2]); relu(x - 1) - s
sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2); sum((i+1)*x[i] for i in 0..4); sum(A[i, j]*x[i + j]/(i + 1) for i in 0..1 for j in 0..3)
prod(x[i] + y[4 - i] for i in 0..4); max(x[i]*y[i] for i in 0..4); sum(x[i]*x[j] for i in 0..3 for j in i+1..4)
"""
EXPRESSIONS = [text.strip() for line in TEXTS.strip().splitlines() for text in line.split(";")]
SMOOTH = [t for t in EXPRESSIONS if "%" not in t and "abs" not in t]


def read(text: str) -> Node:
    return parse(text, SCOPE).node


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_written_out_expressions_have_the_same_values(text: str) -> None:
    check(read(text))


@pytest.mark.parametrize("text", SMOOTH)
def test_so_have_their_gradients(text: str) -> None:
    node = read(text)
    weights = structure("arange", (add(1), add(1 + math.prod(node.shape)), add(1)), ())
    root = reduction("sum", multiply(node, structure("reshape", (weights,), (node.shape,)))) if node.shape else node
    if math.prod(node.shape) == 0:
        return
    variables = [s for s in symbols(root) if s in VALUES]
    for slope in gradient(root, variables):
        check(slope)
    written = scalar(root, DATA)
    for variable, slope in zip(variables, gradient(root, variables), strict=True):
        scalars = entries(variable)
        of_written = gradient(written, scalars)  # type: ignore[arg-type]
        for a, b in zip(entries(slope, DATA), of_written, strict=True):
            assert float(by_numpy(a, ENTRY_VALUES)) == pytest.approx(float(by_numpy(b, ENTRY_VALUES)), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(
    "root",
    [
        structure("pad", (V,), (((0, 4, 1), 2), (4, 5))),
        structure("pad", (V,), (((6, -2, -2),), (7,))),
        structure("scatter", (structure("index", (X,), ((0, 3, 1),)), I), (None, (5,))),
        structure("scatter", (structure("index", (X,), ((0, 3, 1),)), I, J), (None, (3, 4))),
        structure("scatter", (structure("index", (A,), ((0, 3, 1), (0, 3, 1))), I), (1, (3, 4))),
        structure("others", (X,), (None,)),
        structure("others", (A,), (0,)),
        structure("others", (A,), (1,)),
        structure("others", (A,), (None,)),
        structure("reshape", (A,), ((2, 6),)),
        structure("broadcast", (V,), ((3, 4),)),
        structure("broadcast", (S,), ((2, 3),)),
        structure("broadcast", (structure("reshape", (X,), ((5, 1),)),), ((2, 5, 3),)),
        structure("transpose", (structure("reshape", (A,), ((2, 3, 2),)),), ()),
        reduction("sum", structure("reshape", (A,), ((2, 3, 2),)), 1),
        condition("less", X, Y),
        condition("and", condition("less", X, Y), condition("not", condition("greater", X, S))),
        condition("or", condition("less", A, V), condition("equal", S, 1)),
        reduction("all", condition("less_equal", X, Y)),
        reduction("all", condition("less_equal", A, V), 0),
        call("if", condition("less", A, V), negate(A), power(V, 2)),
        array([X, Y, multiply(X, Y)]),
        structure("zeros", (), ((2, 2),)),
        structure("ones", (), ((3,),)),
    ],
    ids=str,
)
def test_operations_that_can_not_be_typed(root: Node) -> None:
    check(root)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_slices_of_slices(data: st.DataObject) -> None:
    def part() -> str:
        start, stop = (data.draw(st.sampled_from(["", "0", "1", "2", "-1", "-3", "9"])) for _ in range(2))
        return f"{start}:{stop}:{data.draw(st.sampled_from(['1', '2', '-1', '-2', '3']))}"

    check(read(f"(3*{data.draw(st.sampled_from(['A', 'B']))})[{part()}, {part()}]"))


# ---- names, limits, mistakes -----------------------------------------------------------------------------------------


def test_entries_are_named_after_the_array() -> None:
    assert entries(X)[3] is symbol("x[3]")
    assert entries(A)[5] is symbol("A[1, 1]")
    assert entries(symbol("n", (2,), True))[0].integer
    assert str(scalar(read("sum(x[:2]^2) + s"))) == "x[0]^2 + x[1]^2 + s"


def test_data_become_exact_numbers() -> None:
    assert entries(D, DATA)[1] is add(Fraction(1, 3))
    assert scalar(reduction("sum", D), DATA) is add(Fraction(35, 6))
    assert scalar(multiply(S, symbol("k")), {symbol("k"): [Fraction(1, 7)]}) is multiply(Fraction(1, 7), S)


def test_scalar_expressions_stay_as_they_are() -> None:
    node = parse("if(x > 0, log(x) + gamma(x)*pi, rootof(t^5 - t - 1, 0))^2").node
    assert scalar(node) is node


def test_common_parts_are_written_out_once() -> None:
    f, g = all_entries([read("sum(x^2)"), read("x^2")])
    assert f[0].args == tuple(g)


def test_an_index_that_is_not_known_is_refused() -> None:
    with pytest.raises(GraphError, match="known beforehand"):
        entries(read("x[I]"))
    with pytest.raises(GraphError, match="outside"):
        entries(read("x[I]"), {**DATA, I: [Fraction(5), Fraction(0), Fraction(0)]})


def test_the_number_of_entries_is_limited() -> None:
    large = symbol("z", (400,))
    with pytest.raises(GraphError, match="the limit is 100"):
        entries(power(large, 2), None, 100)
    with pytest.raises(GraphError, match="the limit is 100,000"):
        entries(structure("matmul", (symbol("P", (100, 100)), symbol("Q", (100, 100))), ()))
    with pytest.raises(GraphError, match="an array"):
        scalar(X)


def test_deep_expressions_need_no_recursion() -> None:
    node: Node = X
    for _ in range(3000):
        node = call("sin", node)
    assert len(entries(node)) == 5


def test_enclosures_read_the_result() -> None:
    [f] = [scalar(read("sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"))]
    box = {symbol(f"x[{k}]"): between(1, 1) for k in range(5)}
    assert enclose([f], box)[0].upper == 0
