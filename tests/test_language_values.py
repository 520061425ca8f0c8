"""Properties of the language: printing reads back, rewriting keeps values and domains, no text does harm."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import pytest
from exact_values import Unclear, Value, apply, evaluate, same, special, values_of
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from optbench.errors import ExpressionError
from optbench.language.build import symbol
from optbench.language.domain import natural_domain
from optbench.language.elaborate import Parsed, Scope, parse, parse_constraint
from optbench.language.functions import TABLE, Kind, callable_names
from optbench.language.graph import Node
from optbench.language.latex import latex
from optbench.language.row_texts import conditions
from optbench.language.text import text

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
QUICK = settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=list(HealthCheck))
SCALAR_CALLS = sorted(n for n, row in TABLE.items() if row.public and row.kind is Kind.ELEMENTWISE and n not in ("if", "rootof"))
NUMBERS = ["0", "1", "2", "3", "10", "0.1", "2.50", "1/3", "1e-7", "1e30", "7/12", "0.000123", "123456789.125", "1e-30", "33/100"]


def scope() -> Scope:
    shapes = {"x": (), "y": (), "z": (), "v": (3,), "w": (3,), "A": (3, 3), "B": (3, 1), "I": (3,)}
    nodes = {name: symbol(name, shape, name == "I") for name, shape in shapes.items()}
    return Scope(nodes, {nodes["I"]: [0, 2, 1]})


def read(written: str) -> Node:
    return parse(written, scope()).node


def _called(function: str, *args: str) -> str:
    count = len([name for name in TABLE[function].args if name != "..."])
    return f"{function}({', '.join(args[:count])})"


def _operands(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    sign = st.sampled_from(["+", "-", "*", "/", " % ", "^", "*-", "/-", "^-", "-(-", "--"])
    chain = st.builds(lambda a, s, b: f"{a}{s}{b}{')' if '(' in s else ''}", inner, sign, inner)
    return st.one_of(
        chain,
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("-({})".format, inner),
        st.builds("|{}|".format, inner),
    )


def _scalars(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    calls = st.sampled_from(SCALAR_CALLS)
    return st.one_of(
        _operands(inner),
        st.builds(_called, calls, inner, inner),
        st.builds(lambda f, a, b, c: f"{f}({a}, {b}, {c})", st.sampled_from(["min", "max"]), inner, inner, inner),
        st.builds("if({} {} {}, {}, {})".format, inner, st.sampled_from(["<", "<=", "==", ">", ">="]), inner, inner, inner),
        st.builds("lambertw({}, -1)".format, inner),
        st.builds("log({}, 2)".format, inner),
    )


scalars = st.recursive(st.sampled_from(["x", "y", "z", "pi", "e", "rootof(t^3-2, 0)", *NUMBERS]), _scalars, max_leaves=8)


def _arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    subscript = st.sampled_from(["[0]", "[-1]", "[1:]", "[::-1]", "[:,1]", "[I]", "[[2,0]]", "[0,1:]", "[I,I]", "[:,[1,0]]", ".T"])
    reduction = st.sampled_from(["sum", "prod", "min", "max", "logsumexp", "mean", "norm"])
    axis = st.sampled_from(["", ", axis=0", ", axis=-1"])
    return st.one_of(
        _operands(inner),
        st.builds("({} @ {})".format, inner, inner),
        st.builds("{} @ {}".format, inner, inner),
        st.builds("({}){}".format, inner, subscript),
        st.builds("{}({}{})".format, reduction, inner, axis),
        st.builds("{}({}, {})".format, st.sampled_from(["minimum", "maximum", "dot", "atan2"]), inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("sqrt({})".format, inner),
        st.builds("if({} > 0, {}, 1)".format, inner, inner),
        st.builds("sum(({})[i]*(i+1) for i in 0..2)".format, inner),
        st.builds("max(({})[i] - {} for i in 0..1)".format, inner, inner),
    )


arrays = st.recursive(
    st.sampled_from(["v", "w", "A", "B", "x", "I", "2", "1/3", "linspace(0, 1, 3)", "arange(3)", "ones(3)", "zeros(3, 3)"]),
    _arrays,
    max_leaves=7,
)


def well_formed(written: str) -> Node:
    """Return the graph of a random text, or give the example up where its shapes or readings do not fit."""
    try:
        return read(written)
    except ExpressionError:
        assume(False)
        raise


@given(st.one_of(scalars, arrays))
@QUICK
@example("x + -2*y/3/4")
@example("x - -2*y/3/4")
@example("-(A @ v)/2")
@example("(-x)^2 - (-2)^x")
@example("2^-x^-y")
@example("exp(1)^x")
def test_what_is_printed_reads_back_to_the_same_node(written: str) -> None:
    node = well_formed(written)
    assert read(text(node)) is node
    assert read(text(node, decimals=True)) is node


@given(st.one_of(scalars, arrays))
@QUICK
def test_latex_is_balanced(written: str) -> None:
    printed = latex(well_formed(written))
    depth = 0
    for brace in re.sub(r"\\[{}_]", "", printed):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        assert depth >= 0
    assert depth == 0
    assert printed.count(r"\left") - printed.count(r"\leftarrow") == printed.count(r"\right")
    assert printed.count(r"\begin{cases}") == printed.count(r"\end{cases}")


def _refusal(written: str, how: Callable[[str, Scope], Parsed]) -> str | None:
    try:
        text(how(written, Scope(scope().nodes, open=True)).node)
    except ExpressionError as error:
        return str(error)
    return None


def _is_a_sentence(refusal: str) -> bool:
    return refusal.splitlines()[0].endswith((".", "?")) and all(c == "\n" or c.isprintable() for c in refusal)


ALPHABET = [*"xyzvAt0123456789.+-*/^%@()[]|,:<>=;'\"! \n\t²³√×·−≤≥∞π_\x00\x1b½⁴"]
ALPHABET += ["sin", "sum", "max", "if(", "for ", " in ", "..", "axis=", "rootof("]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(ALPHABET), max_size=25).map("".join)))
@settings(QUICK, max_examples=600)
@example("9^9^9^9")
@example("0^-1")
@example("x" + ".T" * 300)
@example("sum(i for i in 0..999999)")
def test_any_text_is_read_or_refused_with_a_sentence(written: str) -> None:
    assert all(refusal is None or _is_a_sentence(refusal) for refusal in (_refusal(written, parse), _refusal(written, parse_constraint)))


# ---- values ---------------------------------------------------------------------------------------------------------------

points = st.sampled_from([*map(Fraction, (0, 1, -1, 2, -7)), Fraction(1, 2), Fraction(-3, 2), Fraction(5, 3)])
PLAIN_CALLS = [n for n in SCALAR_CALLS if n not in ("log", "lambertw", "gamma", "lgamma", "digamma", "trigamma", "expm1")]


def _python(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    exponent = st.sampled_from(["2", "3", "0", "1", "-1", "-2", "(1/2)", "(1/3)", "-0.5", "y", "-y", "floor(y)", "(2/3)"])
    return st.one_of(
        st.builds(lambda a, s, b: f"{a}{s}{b}", inner, st.sampled_from(["+", "-", "*", "/", "%", "*-", "--", "/-"]), inner),
        st.builds("({})".format, inner),
        st.builds("({})^{}".format, inner, exponent),
        st.builds("-({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("-x^{}".format, exponent),
        st.builds(_called, st.sampled_from(PLAIN_CALLS), inner, inner),
        st.builds("log({})".format, inner),
    )


python_texts = st.recursive(st.sampled_from(["x", "y", "0", "1", "2", "1.5", "0.1", "7"]), _python, max_leaves=7)


def python_value(written: str, x: Fraction, y: Fraction) -> Value:
    """Evaluate a text by Python itself: its operators bind as ours do."""
    lifted = re.sub(r"(?<![\w.])(\d+\.?\d*)(?![\w.])", r"N('\1')", written.replace("^", "**"))
    names = {f: partial(apply, f) for f in (*PLAIN_CALLS, "log")}
    number = {"N": lambda digits: Value(Fraction(digits), "." not in digits), "x": Value(x), "y": Value(y)}
    return eval(lifted, {"__builtins__": {}}, {**names, **number})


@given(python_texts, points, points)
@settings(QUICK, max_examples=600)
@example("0*log(x)", Fraction(-1), Fraction(0))
@example("(1/x)^0", Fraction(0), Fraction(0))
@example("(x)^-1*x", Fraction(0), Fraction(0))
@example("x/x", Fraction(0), Fraction(0))
@example("x-x/y", Fraction(1), Fraction(0))
@example("(x)^y", Fraction(-2), Fraction(2))
@example("(x)^floor(y)", Fraction(-2), Fraction(2))
def test_rewriting_changes_neither_value_nor_domain(written: str, x: Fraction, y: Fraction) -> None:
    node = well_formed(written)
    try:
        expected = python_value(written, x, y).real
        found, *tests = values_of([node, *natural_domain(node)], {"x": x, "y": y})
        assume(expected is None or abs(float(expected)) < 1e40)
    except (Unclear, OverflowError):
        assume(False)
    value = found[()].real
    assert same(value, expected, 20), (value, expected)
    assert all(test[()] is True for test in tests) == (expected is not None)


@given(arrays)
@settings(QUICK, max_examples=150)
def test_printing_keeps_the_value_of_arrays(written: str) -> None:
    node = well_formed(written)
    vectors = {"x": Fraction(3, 2), "v": [1, -2, 3], "w": [Fraction(1, 2), 2, 5], "I": [0, 2, 1]}
    point = {**vectors, "A": [[1, 2, 3], [0, -1, 1], [2, 2, 7]], "B": [[1], [2], [3]]}
    try:
        before, after = (evaluate(n, point) for n in (node, read(text(node, decimals=True))))
    except (Unclear, OverflowError):
        assume(False)
    assert before.shape == after.shape == node.shape
    assert all(same(a.real, b.real) for a, b in zip(before.ravel(), after.ravel(), strict=True))


# ---- the table ------------------------------------------------------------------------------------------------------------

GRID = [Fraction(n, 4) for n in range(-20, 21)] + [Fraction(n, 1000) for n in (1, -1, 999, -370, -360)]
ENTRYWISE = [name for name, row in TABLE.items() if row.kind is Kind.ELEMENTWISE and row.args and "..." not in row.args]
SPECIALS = sorted(set(ENTRYWISE) - {"if", "power"})


@pytest.mark.parametrize("function", SPECIALS)
def test_the_natural_domain_is_where_a_real_value_exists(function: str) -> None:
    count = len(TABLE[function].args)
    variables = [symbol(name) for name in ("x", "y")[:count]]
    tests = conditions(function, variables)
    for x in GRID:
        for y in GRID[::3] if count == 2 else [Fraction(0)]:
            held = [v[()] for v in values_of(tests, {"x": x, "y": y})] if tests else []
            value = apply(function, *[Value(x), Value(y)][:count]).real
            assert all(held) == (value is not None), (x, y, value)


@pytest.mark.parametrize("name", callable_names())
def test_every_function_has_a_summary_and_a_latex_name(name: str) -> None:
    if name in TABLE:
        assert TABLE[name].summary


def test_special_values_are_real() -> None:
    assert special("sqrt", mpf(-1)) is None
    assert special("log", mpf(0)) is None
    assert same(special("lambertw", mpf(1)), mp.lambertw(1).real)
