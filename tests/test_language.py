"""The language as it is written: what DESIGN decides, case by case, and the sentence for every mistake."""

from __future__ import annotations

from fractions import Fraction

import pytest
from exact_values import evaluate, same
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from optbench.errors import ExpressionError
from optbench.language.build import add, call, condition, divide, multiply, negate, number, power, scalar_maker, symbol
from optbench.language.digits import digits, fraction
from optbench.language.domain import natural_domain
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.graph import Call, GraphError, Node, Number, topological
from optbench.language.latex import latex
from optbench.language.text import text

SHAPES = {"v": (4,), "w": (4,), "u": (3,), "A": (3, 4), "B": (4, 5), "I": (2,), "T3": (2, 3, 4)}


def scope(open: bool = True) -> Scope:
    nodes = {name: symbol(name, shape, name == "I") for name, shape in SHAPES.items()}
    return Scope(nodes, {nodes["I"]: [0, 2]}, open=open)


def read(written: str) -> Node:
    return parse(written, scope()).node


def refused(written: str, how: object = parse, where: Scope | None = None) -> str:
    with pytest.raises(ExpressionError) as caught:
        how(written, where or scope())  # type: ignore[operator]
    return str(caught.value)


SAME = [
    # operators and precedence
    ("-x^2", "-(x^2)"), ("2^-x", "2^(-x)"), ("2^3^2", "512"), ("2**3", "8"),
    ("-7 % 3", "(-7) % 3"), ("x % y % z", "(x % y) % z"), ("a - b - c", "(a - b) - c"), ("a/b/c", "(a/b)/c"), ("2*-x", "-2*x"),
    ("x--y", "x + y"), ("--x", "x"), ("+x", "x"), ("-x*y", "(-x)*y"), ("x^-2", "x^(-2)"), ("a/b*c", "(a/b)*c"), ("a % b*c", "(a % b)*c"),
    # implicit products
    ("2x", "2*x"), ("2x^2", "2*(x^2)"), ("3 sin(x)", "3*sin(x)"), ("2(x+1)", "2*(x+1)"), ("(x+1)(x-1)", "(x+1)*(x-1)"), ("e^2x", "(e^2)*x"),
    ("2^3x", "8*x"), ("x y", "x*y"), ("x(y+1)", "x*(y+1)"), ("2x/3", "(2*x)/3"), ("2 pi x", "2*pi*x"), ("pi(x+1)", "pi*(x+1)"),
    ("2e x", "2*e*x"),
    ("2e", "2*e"), ("f(x)", "f*x"), ("(x)(y)(z)", "x*y*z"), ("x sin(y) z", "x*sin(y)*z"), ("-2x", "(-2)*x"), ("x v[0]", "x*v[0]"),
    # numbers
    ("0.1", "1/10"), ("1e-6", "1/1000000"), ("2.50", "5/2"), (".5", "1/2"), ("5.", "5"), ("1E3", "1000"), ("0^0", "1"), ("x^0", "1"),
    ("2e3", "2000"),
    ("4/2", "2"), ("2^-1", "1/2"), ("E", "e"), ("e^x", "exp(x)"), ("exp(1)", "e"), ("(2/3)^2", "4/9"), ("1e9999/1e9999", "1"),
    # bars
    ("|x|", "abs(x)"), ("|x-|y||", "abs(x - abs(y))"), ("||x|-|y||", "abs(abs(x) - abs(y))"), ("|x||y|", "abs(x)*abs(y)"),
    ("2|x|", "2*abs(x)"),
    ("|x|^2", "abs(x)^2"), ("|x*|y|*z|", "abs(x*abs(y)*z)"), ("|x*(|y|)|", "abs(x*abs(y))"), ("max(|x|, |y|)", "max(abs(x), abs(y))"),
    ("|-x|", "abs(-x)"), ("|x|y|z|", "abs(x)*y*abs(z)"),
    # unicode
    ("x × y · z − 1", "x*y*z - 1"), ("√x", "sqrt(x)"), ("√(x+1)", "sqrt(x+1)"), ("√√x", "sqrt(sqrt(x))"), ("√x*y", "sqrt(x)*y"),
    ("x²", "x^2"), ("x³", "x^3"),
    ("2x²y", "2*x^2*y"), ("-x²", "-(x^2)"), ("π", "pi"), ("2πr", "2*pi*r"), ("π²", "pi^2"), ("x π", "x*pi"), ("√(x)^2", "sqrt(x)^2"),
    ("∞", "inf"), ("|x|²", "abs(x)^2"),
    # functions
    ("ln(x)", "log(x)"), ("log(x, 2)", "log(x)/log(2)"), ("where(x > 0, 1, 2)", "if(x > 0, 1, 2)"), ("max(x)", "x"),
    ("lambertw(x, 0)", "lambertw(x)"),
    ("mean(v)", "sum(v)/4"), ("mean(A, axis=0)", "sum(A, axis=0)/3"), ("norm(v)", "sqrt(sum(v^2))"), ("dot(v, w)", "sum(v*w)"),
    ("sin (x)", "sin(x)"),
    ("rootof(2t^2 - 1, 0)", "rootof(4*s^2 - 2, 0)"), ("rootof(t^2/2 - 1/3, 1)", "rootof(3t^2 - 2, 1)"), ("sum(x)", "x"),
    # arrays
    ("v[-1]", "v[3]"), ("v[:-1]", "v[0:3]"), ("v[2/2]", "v[1]"), ("A[1, :]", "A[1]"), ("A[-1, -1]", "A[2, 3]"), ("A.T.T", "A"),
    ("v.T", "v"), ("v[0:4]", "v"), ("[x, y][1]", "y"), ("sum(A, axis=-1)", "sum(A, axis=1)"), ("arange(3)", "arange(0, 3)"),
    ("v[::]", "v"), ("v[-3:-1]", "v[1:3]"),
    # index sums
    ("sum(i for i in 1..10)", "55"), ("prod(i for i in 1..5)", "120"), ("sum(x^i for i in 0..2)", "1 + x + x^2"),
    ("sum(i for i in 3..1)", "0"),
    ("prod(x for i in 3..1)", "1"), ("sum(i*j for i in 1..2 for j in i..2)", "7"), ("max(i^2 - x for i in 0..1)", "max(-x, 1 - x)"),
    ("sum(sum(i*j for j in 0..i) for i in 0..2)", "7"), ("sum(v[i:i+2] for i in 0..1)", "v[0:2] + v[1:3]"),
    ("sum(i(x+1) for i in 1..2)", "(x+1) + 2*(x+1)"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), SAME)
def test_two_ways_to_write_the_same(written: str, meant: str) -> None:
    assert read(written) is read(meant)


KEPT_APART = [("0*log(x)", "0"), ("x/x", "1"), ("(1/x)^0", "1"), ("1/0", "0"), ("log(0)", "0"), ("x^(1/3)", "cbrt(x)"), ("sqrt(x)^2", "x")]


@pytest.mark.parametrize(("written", "shorter"), KEPT_APART)
def test_nothing_is_simplified_where_the_domain_would_change(written: str, shorter: str) -> None:
    assert read(written) is not read(shorter)


SHAPE = [
    ("A + v", (3, 4)), ("A*v + 1", (3, 4)), ("A[:, 0:1] + v", (3, 4)), ("A @ v", (3,)), ("u @ A", (4,)), ("v @ w", ()),
    ("A @ B", (3, 5)), ("A.T @ u", (4,)),
    ("v[1:]", (3,)), ("v[::2]", (2,)), ("v[::-1]", (4,)), ("v[5:9]", (0,)), ("A[0]", (4,)), ("A[:, 1]", (3,)),
    ("A[::-1, 1:3]", (3, 2)), ("A[I]", (2, 4)),
    ("A[I, :]", (2, 4)), ("A[:, I]", (3, 2)), ("A[I, I]", (2,)), ("v[I] - v[I+1]", (2,)), ("v[[0, 3]]", (2,)), ("v[arange(3)]", (3,)),
    ("sum(A, axis=0)", (4,)),
    ("sum(A)", ()), ("max(A, axis=1)", (3,)), ("arange(1, 11)", (10,)), ("arange(0, 1, 0.25)", (4,)), ("arange(5, 1)", (0,)),
    ("arange(5, 0, -2)", (3,)),
    ("zeros(3)", (3,)), ("ones(2, 3)", (2, 3)), ("linspace(a, b, 5)", (5,)), ("[1, 2, 3]", (3,)), ("[[1, 2], [3, 4]]", (2, 2)),
    ("[v, w]", (2, 4)),
    ("maximum(v, w, 1)", (4,)), ("norm(A, axis=1)", (3,)), ("if(v > 0, v, A)", (3, 4)), ("T3[:, 1]", (2, 4)), ("T3.T", (4, 3, 2)),
    ("T3[0, :, -1]", (3,)),
    ("v[I[0]:]", (4,)), ("A[I % 2]", (2, 4)), ("v[floor(arange(4)/2)]", (4,)), ("v[arange(2)^2]", (2,)), ("v[I[::-1]]", (2,)),
    ("sum(v[i % 2] for i in 0..9)", ()),
    ("v[7 % 4]", ()), ("sum(v[i] for i in 0..floor(7/2))", ()), ("A[I[1], 0]", ()),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shape"), SHAPE)
def test_shapes_are_numpys(written: str, shape: tuple[int, ...]) -> None:
    assert read(written).shape == shape


@pytest.mark.parametrize("relation", ["x <= 1", "0 <= x <= 1", "1 >= x > 0", "x = 1", "x == 1", "0 ≤ x ≤ 1", "v >= 0", "A @ v <= u"])
def test_constraints(relation: str) -> None:
    node = parse_constraint(relation, scope()).node
    assert node.boolean
    assert parse_constraint(text(node), scope()).node is node


def test_one_equals_sign_is_two_in_a_constraint() -> None:
    assert parse_constraint("x = 1").node is parse_constraint("x == 1").node


def test_chained_rosenbrock_is_that_of_the_index_sum() -> None:
    chained = read("sum(100*(v[1:] - v[:-1]^2)^2 + (1 - v[:-1])^2)")
    summed = read("sum(100*(v[i+1] - v[i]^2)^2 + (1 - v[i])^2 for i in 0..2)")
    point = {"v": [1, Fraction(1, 2), -2, 3]}
    by_hand = 100 * (Fraction(-1, 2) ** 2 + Fraction(-9, 4) ** 2 + Fraction(-1) ** 2) + 0 + Fraction(1, 4) + 9
    assert evaluate(chained, point)[()].real == evaluate(summed, point)[()].real == by_hand


@pytest.mark.parametrize(("k", "coefficients"), [(0, "t^3 - 2"), (0, "t^2 - 2"), (1, "t^2 - 2"), (2, "t^3 - t")])
def test_rootof_counts_real_roots_upwards(k: int, coefficients: str) -> None:
    value = evaluate(read(f"rootof({coefficients}, {k})"), {})[()].real
    roots = {"t^3 - 2": [mp.cbrt(2)], "t^2 - 2": [-mp.sqrt(2), mp.sqrt(2)], "t^3 - t": [-1, 0, 1]}[coefficients]
    assert same(value, mp.mpf(roots[k]))


def test_a_problem_may_declare_e() -> None:
    declared = Scope({"e": symbol("e"), "x": symbol("x")})
    node = parse("e^x + exp(1) + E", declared).node
    assert symbol("e") in node.args[0].args
    assert parse(text(node), declared).node is node
    assert parse("e(x+1)", declared).node is multiply(symbol("e"), add(symbol("x"), 1))


def test_every_declared_name_may_begin_a_product() -> None:
    declared = Scope({"rate": symbol("rate"), "data": symbol("data", (3,)), "n": add(5)})
    assert parse("rate(rate+1)", declared).node is parse("rate*(rate+1)", declared).node
    assert parse("data(rate+1)", declared).node is parse("data*(rate+1)", declared).node
    assert parse("sum(data[i] for i in 0..n-3)", declared).node.shape == ()


def test_free_names_are_collected_in_the_order_of_their_appearance() -> None:
    names = Scope(open=True)
    parse("b*a + gamma(c) + a", names)
    assert list(names.found) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("written", "warned"), [("xy + x + y", ["x*y"]), ("xy + x", []), ("xx + x", ["x*x"]), ("x*y", []), ("pi + p + i", [])]
)
def test_a_joined_name_is_warned_about(written: str, warned: list[str]) -> None:
    warnings = parse(written).warnings
    assert len(warnings) == len(warned)
    assert all(product in warning for product, warning in zip(warned, warnings, strict=True))


# ---- mistakes ---------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("x*log(", "never closed", "     ^", None),
    ("x +* 2", "is needed here, not '*'", "   ^", None),
    ("sinn(x)", "There is no function sinn. Did you mean sin?", "^^^^", None),
    ("sin x", "its argument needs parentheses", "^^^^^", "Write sin(x)."),
    ("sin 2x", "its argument needs parentheses", "^^^^^^", "Write sin(2x)."),
    ("log x^2", "its argument needs parentheses", "^^^^^^^", "Write log(x^2)."),
    ("sin", "its argument needs parentheses", "^^^", "Write sin(x)."),
    ("1/2x", "two ways", "^^^^", "Write (1/2)*x or 1/(2*x)."),
    ("1/2x^2", "two ways", "^^^^", "Write (1/2)*x^2 or 1/(2*x^2)."),
    ("a/b(c)", "two ways", "^^^^", "Write (a/b)*(c) or a/(b*(c))."),
    ("a*b/c d", "two ways", "^^^^^^^", "Write (a*b/c)*d or a*b/(c*d)."),
    ("(a+b)/c d", "two ways", "^^^^^^^^^", "Write ((a+b)/c)*d or (a+b)/(c*d)."),
    ("x % 2y", "two ways", "^^^^^^", "Write (x%2)*y or x%(2*y)."),
    ("A @ v x", "two ways", "^^^^^^^", "Write (A @ v)*x or A @ (v*x)."),
    ("√2x", "two ways", "^^^", "Write sqrt(2)*x or sqrt(2*x)."),
    ("√x²", "two ways", "^^^", "Write sqrt(x)^2 or sqrt(x^2)."),
    ("x²³", "two ways", "^^^", "Write x^23 or (x^2)^3."),
    ("x²^3", "two ways", "^^^^", "Write (x^2)^3 or x^(2^3)."),
    ("x[1,2,3]", "x is a scalar", "^^^^^^^^", None),
    ("v[1,2,3]", "3 indices for an array of 1 axes", "^^^^^^^^", None),
    ("__import__('os').system('id')", "A prime has no meaning", "           ^", None),
    ("().__class__", "nothing between these parentheses", "^^", None),
    ("x.__class__", "After a dot only T", " ^", None),
    ("lambda x: x", "':' can't stand here", "        ^", None),
    ("9^9^9^9", "more than 10,000 digits", "  ^^^^^", None),
    ("1e999999999", "more than 10,000 digits", "^^^^^^^^^^^", None),
    ("x'", "A prime has no meaning", " ^", None),
    ("f(x) = x", "has no '='", "^^^^^^^^", None),
    ("y == x", "A comparison belongs", "^^^^^^", None),
    ("x < 1", "A comparison belongs", "^^^^^", None),
    (";", "A semicolon has no meaning", "^", None),
    ("2 3", "a sign is missing", "^^^", "For a product write 2*3."),
    ("x 2", "a sign is missing", "^^^", "For a product write x*2."),
    ("(x) 2", "a sign is missing", "  ^^^", None),
    ("0x1", "Numbers are decimal", "^^^", "For a product write 0*x1."),
    ("1_000", "no '_'", "^^", None),
    ("1,5", "none is open here", " ^", "Decimals take a point: 1.5."),
    ("x[red]y", "x is a scalar", "^^^^^^", None),
    ("x⁴", "is not part of the language", " ^", "Write ^4."),
    ("x₁", "is not part of the language", " ^", "Write 1."),
    ("½x", "is not part of the language", "^", "Write 1/2."),
    ("٣", "is not part of the language", "^", "Write 3."),
    ("x and y", "There is no 'and'", "  ^^^", None),
    ("if(x > 0 or y > 0, 1, 2)", "There is no 'or'", "         ^^", None),
    ("x//2", "There is no '//'", " ^^", "Write floor(x/y)."),
    ("x!", "no factorial sign; write gamma(n + 1)", " ^", None),
    ("x != 1", "no comparison of this language", "  ^^", None),
    ("\\frac{1}{2}", "LaTeX is not read", "^", None),
    ("x|", "never closed", " ^", None),
    ("|x", "This '|' is never closed", "^", None),
    ("(x", "This '(' is never closed", "^", None),
    ("x)", "closes nothing", " ^", None),
    ("x[", "never closed", " ^", None),
    ("v[1", "This '[' is never closed", " ^", None),
    ("", "empty", "^", None),
    ("   ", "empty", "^", None),
    ("f(x, y)", "',' can't stand here", "   ^", None),
    ("foo(x)", "There is no function foo.", "^^^", "For a product write foo*(...)."),
    ("sin(x, y)", "can't take 2 arguments", "^^^^^^^^^", None),
    ("sin()", "can't take no arguments", "^^^^^", None),
    ("add(x, y)", "There is no function add", "^^^", None),
    ("max(v, 1)", "write maximum(a, b)", "^^^^^^^^^", None),
    ("sin(v, axis=0)", "takes no axis", "^^^^^^^^^^^^^^", None),
    ("sum(v, axis=0, axis=0)", "given twice", "               ^^^^", None),
    ("sum(v, axis=2)", "There is no axis 2", "^^^^^^^^^^^^^^", None),
    ("if(x > 0, 1, 2, axis=0)", "takes a condition and two values", "^", None),
    ("if(x, 1, 2)", "is one comparison", "   ^", None),
    ("if(x = 1, 1, 2)", "is one comparison", "   ^^^^^", None),
    ("if(0 < x < 1, 1, 2)", "is one comparison", "   ^^^^^^^^^", None),
    ("v[v > 0]", "A condition can't choose entries", "  ^^^", None),
    ("v[x]", "An index is a whole number", "  ^", None),
    ("v[0.5]", "An index is a whole number", "  ^^^", None),
    ("v[4]", "The index 4 lies outside 0..3", "  ^", None),
    ("v[-5]", "The index -5 lies outside 0..3", "  ^^", None),
    ("v[arange(5)]", "The index 4 lies outside 0..3", "  ^^^^^^^^^", None),
    ("v[::0]", "can't be 0", "  ^^^", None),
    ("A + u", "do not fit together", "^^^^^", None),
    ("A @ A", "equal inner sizes", "^^^^^", None),
    ("x @ v", "for a scalar write *", "^^^^^", None),
    ("dot(A, v)", "two vectors", "^^^^^^^^^", None),
    ("[1, [2, 3]]", "same shape", "^^^^^^^^^^^", None),
    ("[]", "at least one entry", "^^", None),
    ("zeros(0)", "sizes of an array", "^^^^^^^^", None),
    ("zeros(1e8)", "the limit is 10,000,000", "^^^^^^^^^^", None),
    ("arange(1e8)", "the limit is 10,000,000", "^^^^^^^^^^^", None),
    ("ones(10000, 1001)", "the limit is 10,000,000", "^^^^^^^^^^^^^^^^^", None),
    ("sum(v[i] for i in 0..4)", "The index 4 lies outside", "    ^^^^", None),
    ("sum(v[i-1] for i in 0..3)", "The index -1 lies outside", "    ^^^^^^", None),
    ("sum(i for i in 0..x)", "whole numbers that are known", "                  ^", None),
    ("sum(i for i in 0..1e9)", "the limit", "^", None),
    ("sum(i for v in 0..3)", "v has a meaning already", "          ^", None),
    ("sum(i for max in 0..3)", "max has a meaning already", "          ^^^", None),
    ("sum(i for i in 0..3 for i in 0..3)", "is used twice", "                        ^", None),
    ("min(i for i in 3..1)", "empty range", "^", None),
    ("mean(i for i in 0..3)", "takes no 'for'", "^", None),
    ("sum(for i in 0..3)", "belongs to an index sum", "    ^^^", None),
    ("rootof(t^5 - t - 1, 1)", "has 1 real root;", "^", None),
    ("rootof((t-1)^2, 0)", "repeated root", "^", None),
    ("rootof(t^2 + 1, 0)", "has 0 real roots", "^", None),
    ("rootof(x*t - 2, 0)", "exactly one unknown", "       ^", None),
    ("rootof(sin(t), 0)", "polynomial with rational coefficients", "       ^", None),
    ("rootof(t^300 - 1, 0)", "of degree 1 to 200", "       ^", None),
    ("lambertw(x, 1)", "branch 0 or -1", "^", None),
    ("x\x00y", "'\\x00' is not part", " ^", None),
    ("x\x1b[31m", "'\\x1b' is not part", " ^", None),
    ("x\u202ey", "'\\u202e' is not part", " ^", None),
]


@pytest.mark.parametrize(("written", "sentence", "caret", "hint"), MISTAKES)
def test_a_mistake_has_a_sentence_a_place_and_what_to_write(written: str, sentence: str, caret: str, hint: str | None) -> None:
    lines = refused(written).splitlines()
    assert sentence in lines[0]
    assert lines[2].startswith("  " + caret)
    if hint is not None:
        assert lines[3].strip() == hint


def test_the_whole_picture_of_a_mistake() -> None:
    assert refused("2*sinn(x)") == "There is no function sinn. Did you mean sin?\n  2*sinn(x)\n    ^^^^\n  For a product write sinn*(...)."


def test_a_mistake_in_the_second_line_shows_that_line() -> None:
    assert refused("x +\n y +* 2").splitlines()[1:] == ["   y +* 2", "      ^"]


@pytest.mark.parametrize(
    ("relation", "sentence"),
    [
        ("x", "needs a comparison"),
        ("0 <= x >= 1", "one direction"),
        ("1 <= x = 2", "one direction"),
        ("x != 1", "no comparison"),
        ("x <", "ends where"),
    ],
)
def test_a_mistake_in_a_constraint(relation: str, sentence: str) -> None:
    assert sentence in refused(relation, parse_constraint).splitlines()[0]


def test_an_undeclared_name_is_named_with_the_nearest() -> None:
    where = Scope({"alpha": symbol("alpha")})
    assert refused("2*alhpa", where=where).splitlines()[0] == "The name alhpa is not declared. Did you mean alpha?"


# ---- limits -----------------------------------------------------------------------------------------------------------

NESTED = {
    "parentheses": lambda n: "(" * n + "x" + ")" * n,
    "parentheses in a sum": lambda n: "1+2*(" * n + "x" + ")" * n,
    "signs": lambda n: "-(" * n + "x" + ")" * n,
    "calls": lambda n: "sin(" * n + "x" + ")" * n,
    "bars": lambda n: "|1+" * n + "x" + "|" * n,
    "powers": lambda n: "^".join(["x"] * (n + 1)),
    "negative powers": lambda n: "^-".join(["x"] * (n + 1)),
    "bracketed powers": lambda n: "x^(" * n + "x" + ")" * n,
    "roots": lambda n: "√" * n + "x",
    "lists": lambda n: "[" * n + "x" + "]" * n,
    "conditions": lambda n: "if(x > 0, 1, " * n + "x" + ")" * n,
    "transposes": lambda n: "x" + ".T" * n,
}


@pytest.mark.parametrize("kind", NESTED)
def test_200_levels_work_and_one_more_is_refused(kind: str) -> None:
    node = read(NESTED[kind](200))
    assert read(text(node)) is node
    assert latex(node)
    assert "nested more than 200 deep" in refused(NESTED[kind](201)).splitlines()[0]


DEEP = ["(" * 100_000, "-x^" * 100_000 + "x", "x" + ".T" * 100_000, "|" * 100_000, "[" * 100_000, "√" * 100_000, "sin(" * 100_000]


@pytest.mark.parametrize("written", DEEP, ids=range(len(DEEP)))
def test_very_deep_text_is_refused(written: str) -> None:
    assert "nested more than 200 deep" in refused(written)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("x+" * 5_000_000 + "x", "the limit is 1,000,000"),
        ("a" * 900_000, "more than 255 characters"),
        ("1" * 900_000, "more than 10,000 digits"),
        ("1" * 10_001, "more than 10,000 digits"),
        ("1e10000", "more than 10,000 digits"),
        ("1e-10000", "more than 10,000 digits"),
        ("9^9^9^9", "more than 10,000 digits"),
        ("2^33220", "more than 10,000 digits"),
        ("(1/3)^100000", "more than 10,000 digits"),
        ("3^(10^11)", "more than 10,000 digits"),
        ("(10^9000)^2", "more than 10,000 digits"),
        ("10^9000*10^9000", "more than 10,000 digits"),
        ("sum(i*j for i in 1..100000 for j in 1..100000)", "the limit"),
        ("prod(10^i for i in 1..200)", "more than 10,000 digits"),
        ("linspace(0, 1, 1e8)", "the limit is 10,000,000"),
        ("zeros(4000)*zeros(4000, 1)", "the limit is 10,000,000"),
    ],
)
def test_what_would_cost_too_much_is_refused(written: str, sentence: str) -> None:
    assert sentence in refused(written)


@pytest.mark.parametrize("written", ["1" * 10_000, "1e9999", "1e-9999", "-1/3^20000", "0." + "1" * 9_000])
def test_numbers_of_10000_digits_are_exact_and_print(written: str) -> None:
    node = read(written)
    assert read(text(node)) is node
    assert read(text(node, decimals=True)) is node
    assert latex(node)


def test_digits_read_back() -> None:
    for value in (0, 1, -1, 10**3_999, 10**4_000, 10**4_000 - 1, -(10**9_999) - 7, 3**20_000):
        assert fraction(digits(abs(value))) == abs(value)
        assert digits(value).startswith("-") == (value < 0)


def test_a_long_sum_reads_and_prints() -> None:
    written = " + ".join(f"{i}*x{i}" for i in range(2, 10_000))
    node = read(written)
    assert text(node) == written


def test_a_million_characters_are_read() -> None:
    node = read("x+" * 100_000 + "x")
    assert len(node.args) == 100_001


# ---- printing ---------------------------------------------------------------------------------------------------------

PRINTED = [
    ("2x - -1/3*(y+1)^2", "2*x + 1/3*(y + 1)^2"),
    ("x^(1/2)", "x^(1/2)"),
    ("-(x+y)", "-(x + y)"),
    ("x-(y-z)", "x - (y - z)"),
    ("(a*b)/(c*d)", "a*b/(c*d)"),
    ("2^(-x)", "2^(-x)"),
    ("(x^y)^z", "(x^y)^z"),
    ("|x|", "abs(x)"),
    ("v[::-2]", "v[::-2]"),
    ("(-2)^x", "(-2)^x"),
]


@pytest.mark.parametrize(("written", "printed"), PRINTED)
def test_text_is_written_as_a_person_would(written: str, printed: str) -> None:
    assert text(read(written)) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("0.26", "0.26"),
        ("1/3", "1/3"),
        ("0.5", "1/2"),
        ("1e-6", "1e-6"),
        ("-0.0000000125", "-1.25e-8"),
        ("12.75", "51/4"),
        ("0.01", "0.01"),
        ("1.05", "1.05"),
    ],
)
def test_decimals_are_as_exact_as_quotients(value: str, printed: str) -> None:
    assert text(read(value), decimals=True) == printed


LATEX = [
    ("x*log(x) - sqrt(x)", r"x \log\left(x\right) - \sqrt{x}"),
    ("x^(1/2)/3", r"\frac{{x}^{\frac{1}{2}}}{3}"),
    ("-1/3*x", r"-\frac{1}{3} x"),
    ("cbrt(x)", r"\sqrt[3]{x}"),
    ("|x|", r"\left|x\right|"),
    ("floor(x)", r"\left\lfloor x\right\rfloor "),
    ("2*3^x", r"2 \cdot {3}^{x}"),
    ("lambertw(x) + lambertw(x, -1)", r"W_{0}\left(x\right) + W_{-1}\left(x\right)"),
    ("alpha*step_size + x1", r"\alpha \mathrm{step\_size} + x_{1}"),
    ("max(a, b)", r"\max\left(a, b\right)"),
    ("v[0]", "{v}_{0}"),
    ("sum(v)", r"\sum v"),
    ("e^x + pi", r"e^{x} + \pi"),
    ("if(x > 0, x, 1)", r"\begin{cases}x & \text{if } x > 0 \\ 1 & \text{otherwise}\end{cases}"),
    ("erf(x)", r"\operatorname{erf}\left(x\right)"),
]


@pytest.mark.parametrize(("written", "printed"), LATEX)
def test_latex(written: str, printed: str) -> None:
    assert latex(read(written)) == printed


def test_build_folds_exactly() -> None:
    assert isinstance(read("1/3 + 1/6"), Number)
    x = symbol("x")
    assert power(2, 10) is add(1024)
    assert negate(divide(x, 2)) is negate(divide(x, 2))


_MADE = ("add", "multiply", "power", "atan2", "less_equal", "equal", "negate", "abs", "floor", "exp", "log", "sqrt", "acosh", "sin")


@pytest.mark.parametrize("function", _MADE)
@pytest.mark.parametrize("kinds", ["xx", "nn", "xn", "lx", "x2", "nl", "l2"])  # real, whole, log of a real one, 2
def test_quickly_made_calls_are_those_that_are_made_with_care(function: str, kinds: str) -> None:
    def operands(prefix: str) -> list[Node]:
        made = {"x": lambda name: symbol(name), "n": lambda name: symbol(name, (), True), "l": lambda name: call("log", symbol(name))}
        parts = [number(2) if kind == "2" else made[kind](f"{prefix}{i}") for i, kind in enumerate(kinds)]
        if function == "multiply":
            parts.sort(key=lambda part: not isinstance(part, Number))  # a number stands in front
        return parts if function in _MADE[:6] else parts[:1]

    carefully = condition if function in ("less_equal", "equal") else call
    quick, careful = scalar_maker(function)(tuple(operands("p"))), carefully(function, *operands("q"))
    assert isinstance(careful, Call)
    assert [getattr(quick, fact) for fact in _FACTS] == [getattr(careful, fact) for fact in _FACTS]
    assert carefully(function, *quick.args) is quick
    assert scalar_maker(function)(careful.args) is careful


_FACTS = ("function", "static", "shape", "integer", "boolean", "total")


def test_a_condition_is_no_operand_of_a_quickly_made_call() -> None:
    with pytest.raises(GraphError, match="condition"):
        scalar_maker("add")((symbol("x"), condition("less", symbol("x"), 1)))


@given(
    st.recursive(st.sampled_from("xyz"), lambda inner: st.tuples(st.sampled_from(["add", "power", "atan2"]), inner, inner), max_leaves=20)
)
def test_arguments_come_before_the_calls_that_use_them(tree: object) -> None:
    def made(part: object) -> Node:
        return symbol(part) if isinstance(part, str) else call(part[0], made(part[1]), made(part[2]))  # type: ignore[index]

    found: list[Node] = []

    def walk(node: Node) -> None:
        for arg in node.args:
            walk(arg)
        found.append(node)

    walk(root := made(tree))
    assert topological(root) == list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("sum(v^v[0])", "[v > 0 or (v == 0 and v[0] >= 0)]"),  # the base is an array, its exponent an entry of it
        ("sum(if(v[1:] > 0, log(v)[1:], 0))", "[all(not (v[1:] > 0)) or all(v > 0)]"),  # a slice between the branch and what it needs
    ],
)
def test_domains_of_arrays_whose_shapes_change_on_the_way(text: str, domain: str) -> None:
    assert str(natural_domain(parse(text, Scope({"v": symbol("v", (3,))})).node)) == domain
