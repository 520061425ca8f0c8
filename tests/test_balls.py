"""Enclosures: what they must contain is computed a second way, with mpmath at 80 digits and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from random import Random

import mpmath
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from optbench.arithmetic.ball_enclosure import rounded
from optbench.arithmetic.ball_functions import RULES
from optbench.arithmetic.balls import Enclosure, as_fraction, between, compare, decide, decimals, enclose, evaluator, exactly, value_of
from optbench.language.build import add, binary_product, call, condition, constant, divide, multiply, negate, number, power, symbol
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols, topological
from optbench.language.rootof import real_root

DIGITS = 80
INF = float("inf")
Value = mpf | None  # None: undefined

# ---- the second way: values by mpmath ------------------------------------------------------------------------------


def where(defined: bool, value: Callable[[], mpf]) -> Value:
    return value() if defined else None


def is_pole(x: mpf) -> bool:
    return bool(x <= 0 and x == mp.floor(x))


def general_power(x: mpf, y: mpf) -> Value:
    if y == mp.floor(y) and abs(y) < 1000:
        return where(bool(x != 0 or y >= 0), lambda: x ** int(y) if y else mpf(1))
    if x == 0:
        return where(bool(y >= 0), lambda: mpf(0) if y > 0 else mpf(1))
    return where(bool(x > 0), lambda: mp.exp(y * mp.log(x)))


def real_exponent_power(x: mpf, y: mpf) -> Value:
    """x^y where y is not known to be whole: x >= 0 even if it is."""
    return where(bool(x >= 0), lambda: general_power(x, y))  # type: ignore[arg-type, return-value]


def log_gamma(x: mpf) -> mpf:
    return mp.loggamma(x).real if x > 0 else mp.log(abs(mp.gamma(x)))


def branch() -> mpf:
    return -1 / mp.e  # compared with rationals only, which are never equal to it


UNARY: dict[str, Callable[[mpf], Value]] = {
    "negate": lambda x: -x,
    "sqrt": lambda x: where(x >= 0, lambda: mp.sqrt(x)),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "exp": mp.exp,
    "log": lambda x: where(x > 0, lambda: mp.log(x)),
    "log2": lambda x: where(x > 0, lambda: mp.log(x) / mp.log(2)),
    "log10": lambda x: where(x > 0, lambda: mp.log10(x)),
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
    "asinh": mp.asinh,
    "acosh": lambda x: where(x >= 1, lambda: mp.acosh(x)),
    "atanh": lambda x: where(abs(x) < 1, lambda: mp.atanh(x)),
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "relu": lambda x: max(x, mpf(0)),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "gamma": lambda x: where(not is_pole(x), lambda: mp.gamma(x)),
    "lgamma": lambda x: where(not is_pole(x), lambda: log_gamma(x)),
    "digamma": lambda x: where(not is_pole(x), lambda: mp.psi(0, x)),
    "trigamma": lambda x: where(not is_pole(x), lambda: mp.psi(1, x)),
    "lambertw": lambda x: where(x >= branch(), lambda: mp.lambertw(x, 0).real),
    "lambertw_lower": lambda x: where(branch() <= x < 0, lambda: mp.lambertw(x, -1).real),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(-abs(x))) + max(x, 0),
}
BINARY: dict[str, Callable[[mpf, mpf], Value]] = {
    "divide": lambda x, y: where(y != 0, lambda: x / y),
    "power": real_exponent_power,
    "mod": lambda x, y: where(y != 0, lambda: x - y * mp.floor(x / y)),
    "atan2": lambda y, x: where(x != 0 or y != 0, lambda: mp.atan2(y, x)),
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
}
MANY: dict[str, Callable[..., Value]] = {
    "add": lambda *terms: sum(terms, mpf(0)),
    "multiply": lambda *factors: mp.fprod(factors),
    "minimum": lambda *args: min(args),
    "maximum": lambda *args: max(args),
    "if": lambda test, x, y: x if test else y,
}
CONDITIONS: dict[str, Callable[..., bool]] = {
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "and": lambda *tests: all(tests),
    "or": lambda *tests: any(tests),
    "not": lambda test: not test,
}
CONSTANTS: dict[str, Callable[[], mpf]] = {"pi": lambda: mp.pi + 0, "inf": lambda: mp.inf}
REFERENCE: dict[str, Callable[..., Value]] = {**UNARY, **BINARY, **MANY, **CONSTANTS, **CONDITIONS}

# Continuous on a part of the domain only: equal pieces, no jump.
PIECES: dict[str, Callable[..., object]] = {
    "floor": mp.floor,
    "ceil": mp.ceil,
    "sign": mp.sign,
    "tan": lambda x: mp.floor(x / mp.pi - mpf(1) / 2),
    "gamma": lambda x: min(mp.floor(x), 0),
    "lgamma": lambda x: min(mp.floor(x), 0),
    "digamma": lambda x: min(mp.floor(x), 0),
    "trigamma": lambda x: min(mp.floor(x), 0),
    "divide": lambda x, y: mp.sign(y),
    "mod": lambda x, y: mp.floor(x / y),
    "atan2": lambda y, x: y < 0 if x < 0 else None,
}


def exact(value: Fraction) -> mpf:
    """The rational to the working precision; exact where it is a binary fraction."""
    return mpf(value.numerator) / value.denominator


def end_of(end: arb) -> mpf:
    if not end.is_finite():
        return mp.inf if end > 0 else -mp.inf
    mantissa, exponent = end.man_exp()
    with mp.workprec(max(int(mantissa).bit_length(), 1)):
        return mp.ldexp(mpf(int(mantissa)), int(exponent))


def assert_contains(enclosure: Enclosure, value: mpf, what: object, slack: mpf | None = None) -> None:
    error = abs(value) * mpf(10) ** (20 - DIGITS) if slack is None else slack
    assert not enclosure.empty, f"{what}: nowhere, but there is the value {value}"
    assert end_of(enclosure.lower) <= value + error, f"{what}: {value} lies below {enclosure}"
    assert end_of(enclosure.upper) >= value - error, f"{what}: {value} lies above {enclosure}"


@pytest.fixture(autouse=True)
def _many_digits() -> object:
    before = ctx.prec
    with mp.workdps(DIGITS):
        yield
    assert ctx.prec == before


# ---- boxes and the points in them ----------------------------------------------------------------------------------

SPECIAL = [
    *map(Fraction, (0, 1, -1, 2, -2, 3, -3, 5, 10, -10, 100)),
    *map(Fraction, ("1/2", "-1/2", "3/2", "-3/2", "1/3", "-1/3", "-5/2", "7/3", "-7/3", "1/10", "-1/10", "1/1024", "-1/1024")),
    *map(Fraction, ("1e-30", "-1e-30", "1e5", "-1e5", "355/113", "22/7", "11/7", "-11/7", "333/106", "999/1000", "1001/1000", "-999/1000")),
    *map(
        Fraction, ("-367879/1000000", "-36787/100000", "-46/125", "37/100", "146163/100000", "73081607/50000000", "1461632144/1000000000")
    ),
]
Ends = tuple[Fraction, Fraction]
points = st.one_of(
    st.sampled_from(SPECIAL),
    st.fractions(-4, 4, max_denominator=100),
    st.integers(-(2**20), 2**20).map(lambda n: Fraction(n, 2**17)),
    st.fractions(-60, 60, max_denominator=8),
)


@st.composite
def boxes(draw: st.DrawFn) -> Ends:
    """Two ends: far apart, close together, or equal."""
    a = draw(points)
    b = draw(st.one_of(points, st.just(a), st.sampled_from(["1/64", "1e-3", "1e-9", "1e-25"]).map(lambda d: a + Fraction(d))))
    return min(a, b), max(a, b)


def inside(ends: Ends, count: int = 6) -> list[Fraction]:
    """Both ends, the middle and points between, some of them special."""
    a, b = ends
    random = Random(hash(ends))
    between_ends = [a + (b - a) * Fraction(random.randrange(1, 1 << 30), 1 << 30) for _ in range(count)]
    return [a, b, (a + b) / 2, *between_ends, *[v for v in SPECIAL if a <= v <= b][:6]]


@cache
def node_of(name: str) -> tuple[Node, tuple[Symbol, ...]]:
    count = 1 if name in UNARY else 2 if name in BINARY else 3
    args = tuple(symbol(letter) for letter in "xyz"[:count])
    if name == "if":
        return call("if", condition("less", args[0], args[1]), args[1], args[2]), args
    return call(name, *args), args


def reference(name: str, *sample: Fraction) -> Value:
    if name == "mod":  # in rationals, since a quotient that is whole must not be rounded
        return exact(sample[0] % sample[1]) if sample[1] else None
    args = [*map(exact, sample)]
    return (args[1] if args[0] < args[1] else args[2]) if name == "if" else REFERENCE[name](*args)


def over(name: str, *ends: tuple[object, object], precision: int = 128) -> Enclosure:
    node, args = node_of(name)
    return enclose([node], {a: between(*e) for a, e in zip(args, ends, strict=True)}, precision)[0]  # type: ignore[arg-type]


POSITIVE = (Fraction(1, 1000), 60)
DEFINED: dict[str, tuple[Fraction, Fraction | int]] = {  # a part of the domain
    **dict.fromkeys(("log", "log2", "log10", "gamma", "lgamma", "trigamma"), POSITIVE),
    **dict.fromkeys(("asin", "acos"), (Fraction(-1), 1)),
    "sqrt": (Fraction(0), 60),
    "log1p": (Fraction(-999, 1000), 60),
    "acosh": (Fraction(1), 60),
    "atanh": (Fraction(-999, 1000), Fraction(999, 1000)),
    "lambertw": (Fraction(-36, 100), 60),
    "lambertw_lower": (Fraction(-36, 100), Fraction(-1, 1000)),
}
FUNCTIONS = [*UNARY, *BINARY, *MANY]
EXAMPLES = settings(max_examples=25, deadline=None)


def test_every_function_of_the_table_has_a_rule_and_a_second_way() -> None:
    scalar = {name for name, row in TABLE.items() if row.kind in (Kind.ELEMENTWISE, Kind.CONDITION)} - {"rootof"}
    assert scalar == set(REFERENCE)
    assert scalar - {"power"} == set(RULES)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
@EXAMPLES
def test_an_enclosure_contains_every_sample(name: str, data: st.DataObject) -> None:
    ends = [data.draw(boxes()) for _ in node_of(name)[1]]
    enclosure = over(name, *ends, precision=data.draw(st.sampled_from([53, 128, 200])))
    samples = list(zip(*(Random(k).sample(inside(e, 9)[:9], 9) for k, e in enumerate(ends)), strict=True))
    samples += [tuple(e[0] for e in ends), tuple(e[1] for e in ends), tuple(e[k % 2] for k, e in enumerate(ends))]
    pieces = set()
    for sample in samples:
        value = reference(name, *sample)
        if value is None:
            assert not enclosure.everywhere, f"{name} is undefined at {sample}"
        else:
            assert_contains(enclosure, value, (name, ends, sample))
            if name in PIECES:
                pieces.add(sample[0] // sample[1] if name == "mod" else PIECES[name](*map(exact, sample)))
    assert not enclosure.everywhere or len(pieces - {None}) <= 1, f"{name} jumps on {ends}"


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
@EXAMPLES
def test_an_infinite_box_contains_every_sample(name: str, data: st.DataObject) -> None:
    bounds = [data.draw(boxes()) for _ in node_of(name)[1]]
    opened = [data.draw(st.sampled_from([(-INF, b), (a, INF), (-INF, INF), (a, b)])) for a, b in bounds]
    enclosure, finite = over(name, *opened), over(name, *bounds)
    assert finite.empty or not enclosure.empty
    assert finite.empty or finite.everywhere or not enclosure.everywhere
    for k in range(8):
        sample = [far(e, k + m) for m, e in enumerate(opened)]
        value = reference(name, *sample)
        if value is None:
            assert not enclosure.everywhere, f"{name} is undefined at {sample}"
        else:
            assert_contains(enclosure, value, (name, opened, sample))


def far(ends: tuple[object, object], k: int) -> Fraction:
    """The k-th point of a box, towards infinity where it has no end."""
    a, b = (e if isinstance(e, Fraction) else None for e in ends)
    step = Fraction([0, 1, 7, 50, 1000, 12345][k % 6])
    if a is not None and b is not None:
        return a + (b - a) * Fraction(k % 5, 4)
    return a + step if a is not None else b - step if b is not None else step * (-1) ** k


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
@EXAMPLES
def test_an_enclosure_at_a_point_is_thin(name: str, data: st.DataObject) -> None:
    """At a binary fraction, which the box holds exactly."""
    sample = [Fraction(data.draw(st.integers(-(2**14), 2**14)), 2 ** data.draw(st.integers(6, 12))) for _ in node_of(name)[1]]
    enclosure = over(name, *((v, v) for v in sample))
    value = reference(name, *sample)
    if value is None:
        assert enclosure.empty
    else:
        assert end_of(enclosure.width) <= (abs(value) + mpf(2) ** -30) * mpf(2) ** -90, (name, sample, enclosure)
        cut = name == "atan2" and sample[0] == 0 and sample[1] <= 0
        assert enclosure.everywhere or cut or (name == "power" and sample[0] == 0), (name, sample)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
@EXAMPLES
def test_a_larger_box_has_a_larger_enclosure(name: str, data: st.DataObject) -> None:
    outer = [data.draw(boxes()) for _ in node_of(name)[1]]
    parts = [sorted(data.draw(st.fractions(0, 1, max_denominator=64)) for _ in range(2)) for _ in outer]
    inner = [(a + (b - a) * s, a + (b - a) * t) for (a, b), (s, t) in zip(outer, parts, strict=True)]
    large, small = over(name, *outer), over(name, *inner)
    if small.empty:
        return
    assert not large.empty
    for lower, upper in ((large.lower, small.lower), (small.upper, large.upper)):
        slack = (1 + abs(end_of(lower))) * mpf(2) ** -100 if lower.is_finite() else mpf(0)
        assert end_of(lower) <= end_of(upper) + slack, (name, outer, inner, large, small)
    assert small.everywhere or not large.everywhere


@pytest.mark.parametrize(
    "name", [n for n in UNARY if TABLE[n].monotone or n in ("gamma", "lgamma", "sin", "cos", "cosh", "abs", "trigamma")]
)
@given(ends=boxes())
@EXAMPLES
def test_a_function_of_one_variable_has_a_tight_range(name: str, ends: Ends) -> None:
    """On a box where it is defined everywhere, the enclosure is hardly wider than the range of 200 samples."""
    low, high = DEFINED.get(name, (-60, 60))
    a, b = (low + (high - low) * (end + 60) / 120 for end in (max(min(e, Fraction(60)), Fraction(-60)) for e in ends))
    ends = a, min(b, a + 4)
    enclosure = over(name, ends)
    assert enclosure.everywhere or name in ("floor", "ceil", "sign")
    values = [UNARY[name](exact(ends[0] + (ends[1] - ends[0]) * Fraction(k, 50))) for k in range(51)]
    least, greatest = min(values), max(values)  # type: ignore[type-var]
    steps = max(abs(a - b) for a, b in pairwise(values))  # type: ignore[operator]
    slack = steps + abs(greatest) * mpf(2) ** -100 + mpf(10) ** -35  # type: ignore[arg-type]
    assert end_of(enclosure.lower) >= least - slack
    assert end_of(enclosure.upper) <= greatest + slack


# ---- half-infinite and touching boxes ------------------------------------------------------------------------------

CASES = [
    # expression, box of x, lower and upper end (to 1e-30), everywhere
    ("log(x)", (0, 1), -INF, 0, False),
    ("log(x)", (1, INF), 0, INF, True),
    ("1/x", (0, 2), "0.5", INF, False),
    ("1/x", (-2, 0), -INF, "-0.5", False),
    ("1/x", (-1, 2), -INF, INF, False),
    ("1/x", (2, INF), 0, "0.5", True),
    ("(x + 1)/x", (0, 2), "0.5", INF, False),
    ("-3/x", (0, 2), -INF, "-1.5", False),
    ("x^-2", (-1, 2), "0.25", INF, False),
    ("x^-1", (0, 4), "0.25", INF, False),
    ("x^2", (-INF, 2), 0, INF, True),
    ("x*x", (-1, 2), 0, 4, True),
    ("x^3", (-INF, 2), -INF, 8, True),
    ("x^(1/3)", (-1, 8), 0, 2, False),
    ("x^(1/3)", (0, 8), 0, 2, True),
    ("x^(-1/2)", (0, 4), "0.5", INF, False),
    ("x^0", (-1, 1), 1, 1, True),
    ("2^x", (-INF, 3), 0, 8, True),
    ("0.5^x", (-INF, 3), "0.125", INF, True),
    ("x^x", (1, 2), 1, 4, True),
    ("0^x", (1, 2), 0, 0, True),
    ("0^x", (0, 2), 0, 1, False),
    ("exp(x)", (-INF, 0), 0, 1, True),
    ("exp(-x^2)", (-INF, INF), 0, 1, True),
    ("x*exp(-x)", (0, INF), 0, INF, True),
    ("x*0", (-INF, INF), 0, 0, True),
    ("x - exp(x)", (0, INF), -INF, INF, True),
    ("x*log(x)", (0, 1), "-0.36787944117144232159552377016146", 0, False),
    ("x*log(x)", (0, INF), "-0.36787944117144232159552377016146", INF, False),
    ("-2*x*log(x)", (0, 1), 0, "0.73575888234288464319104754032292", False),
    ("sqrt(x)*log(x)", (0, 1), "-0.73575888234288464319104754032292", 0, False),
    ("x^2*log(x)", (0, 1), "-0.18393972058572116079776188508073", 0, False),
    ("x^2*log(x)", (-1, 1), "-0.18393972058572116079776188508073", 0, False),
    ("sqrt(x)", (-1, 4), 0, 2, False),
    ("atanh(x)", (-1, 1), -INF, INF, False),
    ("asin(x)", (-3, 0), "-1.5707963267948966192313216916398", 0, False),
    ("acosh(x)", (0, INF), 0, INF, False),
    ("log1p(x)", (-1, 0), -INF, 0, False),
    ("tan(x)", (1, 2), -INF, INF, False),
    ("sin(x)", (0, INF), -1, 1, True),
    ("sin(x)", (1, 2), "0.84147098480789650665250232163030", 1, True),
    ("cos(x)", (1, 4), -1, "0.54030230586813971740093660744298", True),
    ("atan(x)", (0, INF), 0, "1.5707963267948966192313216916398", True),
    ("tanh(x)", (-INF, INF), -1, 1, True),
    ("erfc(x)", (0, INF), 0, 1, True),
    ("gamma(x)", (0, 1), 1, INF, False),
    ("gamma(x)", (1, 2), "0.88560319441088870027881590058259", 1, True),
    ("gamma(x)", (1, INF), "0.88560319441088870027881590058259", INF, True),
    ("gamma(x)", (-1, 0), -INF, 0, False),
    ("gamma(x)", (-2, -1), 0, INF, False),
    ("gamma(x)", (-3, 1), -INF, INF, False),
    ("lgamma(x)", (1, 2), "-0.12148629053584960809551455717769", 0, True),
    ("digamma(x)", (0, 1), -INF, "-0.57721566490153286060651209008240", False),
    ("digamma(x)", (-1, 0), -INF, INF, False),
    ("trigamma(x)", (0, INF), 0, INF, False),
    ("trigamma(x)", (1, INF), 0, "1.6449340668482264364724151666460", True),
    ("lambertw(x)", (-1, 0), -1, 0, False),
    ("lambertw(x)", (0, INF), 0, INF, True),
    ("lambertw(x, -1)", (-1, 0), -INF, -1, False),
    ("sigmoid(x)", (-INF, 0), 0, "0.5", True),
    ("softplus(x)", (-INF, INF), 0, INF, True),
    ("abs(x)", (-INF, 3), 0, INF, True),
    ("floor(x)", ("1.5", INF), 1, INF, False),
    ("floor(x)", (1, "1.5"), 1, 1, True),
    ("sign(x)", (-1, 1), -1, 1, False),
    ("sign(x)", (0, 1), 0, 1, False),
    ("x % 3", (4, 5), 1, 2, True),
    ("x % 3", (-1, 1), 0, 3, False),
    ("x % -3", (-1, 1), -3, 0, False),
    ("x % 1", (0, INF), 0, 1, False),
    ("atan2(x, 1)", (-INF, 1), "-1.5707963267948966192313216916398", "0.78539816339744830961566084581988", True),
    ("atan2(x, -1)", (-1, 1), "-3.1415926535897932384626433832796", "3.1415926535897932384626433832796", False),
    ("atan2(1, x)", (-INF, INF), 0, "3.1415926535897932384626433832796", True),
    ("if(x > 0, log(x), 0)", (-1, 1), -INF, 0, False),
    ("if(x > 0, log(x), 7)", (-2, -1), 7, 7, True),
    ("if(x >= 1, x, -x)", (1, 2), 1, 2, True),
    ("max(x, 1)", (-INF, 2), 1, 2, True),
    ("min(x, 1, 2*x)", (0, INF), 0, 1, True),
    ("relu(x)", (-3, 3), 0, 3, True),
    ("x + inf", (0, 1), INF, INF, False),
]


@pytest.mark.parametrize(("text", "box", "lower", "upper", "everywhere"), CASES, ids=[f"{c[0]} on {c[1]}" for c in CASES])
def test_ranges_known_beforehand(text: str, box: tuple[object, object], lower: object, upper: object, everywhere: bool) -> None:
    node = parse(text).node
    ends = [Fraction(e) if isinstance(e, str) else e for e in box]
    enclosure = enclose([node], {symbol("x"): between(*ends)})[0]  # type: ignore[arg-type]
    for got, expected in ((enclosure.lower, mpf(lower)), (enclosure.upper, mpf(upper))):
        assert end_of(got) == expected if mp.isinf(expected) else abs(end_of(got) - expected) < mpf(10) ** -30, enclosure
    assert enclosure.everywhere == everywhere


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("log(x)", (-2, 0)),
        ("sqrt(x)", (-2, -1)),
        ("1/x", (0, 0)),
        ("x % 0", (1, 2)),
        ("asin(x)", (2, 3)),
        ("gamma(x)", (-2, -2)),
        ("atanh(x)", (1, 2)),
        ("lambertw(x)", (-2, -1)),
        ("lambertw(x, -1)", (0, 2)),
        ("x^(-1/2)", (-1, 0)),
        ("x^0.5", (-2, -1)),
        ("0^x", (-2, -1)),
        ("atan2(x, 0)", (0, 0)),
        ("x*log(x)", (-1, 0)),
        ("1 + max(0, sqrt(x))", (-2, -1)),
    ],
)
def test_nowhere_defined(text: str, box: tuple[int, int]) -> None:
    enclosure = enclose([parse(text).node], {symbol("x"): between(*box)})[0]
    assert enclosure.empty
    assert not enclosure.everywhere


@pytest.mark.parametrize("precision", [10, 30, 53, 128, 1000])
def test_ends_with_more_bits_than_the_precision_stay_enclosed(precision: int) -> None:
    """arb rounds even -x and |x| to the working precision, which once made inexact ends."""
    x = symbol("x")
    third = exactly(Fraction(1, 3), 300)
    for text in ("-x", "abs(x)", "abs(-x)", "floor(x)", "max(x, -x)", "x % 1", "relu(x)", "1/x", "x^2", "-x^3", "-x - -x"):
        enclosure = enclose([parse(text).node], {x: third}, precision)[0]
        assert enclosure.lower.is_exact()
        assert enclosure.upper.is_exact()
        assert as_fraction(enclosure.lower) <= evaluate_exactly(text) <= as_fraction(enclosure.upper)


def evaluate_exactly(text: str) -> Fraction:
    third = Fraction(1, 3)
    table = {"-x": -third, "floor(x)": Fraction(0), "1/x": Fraction(3), "x^2": third**2, "-x^3": -(third**3), "-x - -x": Fraction(0)}
    return table.get(text, third)


def test_the_turning_point_of_gamma_is_bracketed() -> None:
    from optbench.arithmetic.ball_turning import _GAMMA_TURN

    a, b = (mpf(int(q.p)) / int(q.q) for q in _GAMMA_TURN)
    assert mp.psi(0, a) < 0 < mp.psi(0, b)


def test_lambert_close_to_its_branch_point() -> None:
    for bits in (20, 60, 100, 118, 124, 126):
        for sign in (1, -1):
            point = Fraction(*mpmath.libmp.to_rational((branch() + sign * mpf(2) ** -bits)._mpf_))
            for name in ("lambertw", "lambertw_lower"):
                enclosure = over(name, (point, point))
                value = UNARY[name](exact(point))
                if value is None:
                    assert enclosure.empty or bits > 110
                else:
                    assert_contains(enclosure, value, (name, bits))
                    assert end_of(enclosure.width) < mpf(2) ** -min(bits // 2, 50)


def test_whole_exponents_allow_negative_bases() -> None:
    x, n = symbol("x"), symbol("n", (), True)
    node = power(x, n)
    for base, low, high in (((-3, -2), 1, 3), ((-2, 3), 0, 4), ((-2, 0), -2, 2), ((0, 2), 0, 2), ((-2, -2), 3, 3)):
        enclosure = enclose([node], {x: between(*base), n: between(low, high)})[0]
        for v in inside((Fraction(base[0]), Fraction(base[1]))):
            for k in range(low, high + 1):
                value = general_power(exact(v), mpf(k))
                if value is not None:
                    assert_contains(enclosure, value, (v, k))
                else:
                    assert not enclosure.everywhere


# ---- random expressions --------------------------------------------------------------------------------------------

X, Y = symbol("x"), symbol("y")
LARGEST = 10**4  # larger arguments of functions are left out: mpmath may take for ever


NUMBERS = [Fraction(text) for text in ("0", "1", "2", "-1", "1/2", "1/3", "-5/4", "3", "7/5")]
LEAVES = [X, Y, *map(number, NUMBERS), constant("pi"), constant("e")]
EXPONENTS = [Fraction(text) for text in ("2", "3", "-1", "-2", "1/2", "-3/2", "5/3", "4")]
TWO = sorted(set(BINARY) - {"power"})


@st.composite
def expressions(draw: st.DrawFn, steps: int) -> Node:
    """Some steps, each of which applies a function to what is there already, so that parts are shared."""
    pool: list[Node] = [*LEAVES]
    for _ in range(draw(st.integers(1, steps))):
        a, b, c = (pool[-1 - draw(st.integers(0, len(pool) - 1))] for _ in range(3))
        kind = draw(st.sampled_from(["one", "one", "two", "many", "many", "power", "general", "if"]))
        if kind == "one":
            new = call(draw(st.sampled_from(sorted(UNARY))), a)
        elif kind == "two":
            new = call(draw(st.sampled_from(TWO)), a, b)
        elif kind == "many":
            new = call(draw(st.sampled_from(["add", "multiply", "minimum", "maximum"])), a, b, c)
        elif kind == "power":
            new = power(a, number(draw(st.sampled_from(EXPONENTS))))
        elif kind == "general":
            new = a if b.integer else power(a, b)
        else:
            new = call("if", draw_condition(draw, a, b, c), b, c)
        pool.append(new)
    return pool[-1]


def draw_condition(draw: st.DrawFn, a: Node, b: Node, c: Node) -> Node:
    names = st.sampled_from(["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"])
    first, second = condition(draw(names), a, b), condition(draw(names), a, c)
    join = draw(st.sampled_from(["and", "or", "not", "first"]))
    return first if join == "first" else condition("not", first) if join == "not" else condition(join, first, second)


class TooLarge(Exception):
    pass


def value_at(root: Node, at: dict[Symbol, Fraction]) -> Value:
    """The value by mpmath, None where the expression is undefined."""
    done: dict[Node, object] = {}
    for node in topological(root):
        if isinstance(node, Number):
            done[node] = exact(node.value)
        elif isinstance(node, Symbol):
            done[node] = exact(at[node])
        else:
            assert isinstance(node, Call)
            done[node] = value_of_call(node, [done[a] for a in node.args])
    return done[root]  # type: ignore[return-value]


def value_of_call(node: Call, args: list[object]) -> object:
    if node.function == "if":
        return None if args[0] is None else args[1] if args[0] else args[2]
    if node.function == "and" and any(a is False for a in args):
        return False
    if node.function == "or" and any(a is True for a in args):
        return True
    if any(a is None for a in args):
        return None
    if node.function not in ("add", "multiply", "negate") and any(isinstance(a, mpf) and abs(a) > LARGEST for a in args):
        raise TooLarge
    if node.function == "power" and isinstance(node.args[1], Number):
        return general_power(*args)  # type: ignore[arg-type]
    return REFERENCE[node.function](*args)


@given(expressions(6), boxes(), boxes(), st.sampled_from([40, 64, 128]))
@settings(max_examples=400, deadline=None)
def test_random_expressions_contain_their_values(root: Node, xs: Ends, ys: Ends, precision: int) -> None:
    [enclosure] = enclose([root], {X: between(*xs), Y: between(*ys)}, precision)
    for x, y in list(zip(inside(xs, 4), reversed(inside(ys, 4)), strict=False))[:8]:
        try:
            value = value_at(root, {X: x, Y: y})
            with mp.workdps(2 * DIGITS):
                again = value_at(root, {X: x, Y: y})
        except (TooLarge, OverflowError, mpmath.libmp.NoConvergence):
            continue
        if value is None and again is None:
            assert not enclosure.everywhere, (root, x, y)
        elif value is not None and again is not None and mp.isfinite(value):
            assert_contains(enclosure, again, (root, xs, ys, x, y), 2 * abs(value - again) + abs(value) * mpf(10) ** -70)


@given(expressions(5), boxes(), boxes())
@settings(max_examples=150, deadline=None)
def test_halves_of_a_box_stay_inside_the_whole(root: Node, xs: Ends, ys: Ends) -> None:
    run = evaluator([root], [X, Y])
    [whole] = run([between(*xs), between(*ys)], 128)
    middle = (xs[0] + xs[1]) / 2
    for half in ((xs[0], middle), (middle, xs[1])):
        [part] = run([between(*half), between(*ys)], 128)
        assert part.empty or not whole.empty
        assert part.everywhere or not whole.everywhere or part.empty


# ---- conditions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "box", "answer"),
    [
        ("x < 2", (0, 1), True),
        ("x < 1", (0, 1), None),
        ("x <= 1", (0, 1), True),
        ("x > 1", (0, 1), False),
        ("x >= 1", (0, 1), None),
        ("x == 1", (1, 1), True),
        ("x == 1", (0, 2), None),
        ("x == 1", (2, 3), False),
        ("0 <= x <= 1", (0, 1), True),
        ("0 <= x <= 1", (2, 3), False),
        ("0 <= x <= 1", (0, 3), None),
        ("log(x) <= 0", (-1, 1), True),
        ("log(x) > 5", (-2, -1), False),
        ("exp(x) > 0", (-5, INF), True),
        ("x^2 >= 0", (-INF, INF), True),
        ("sin(x) <= 1", (-INF, INF), True),
    ],
)
def test_conditions_are_decided_in_three_ways(text: str, box: tuple[float, float], answer: bool | None) -> None:
    assert decide(parse_constraint(text).node, {symbol("x"): between(*box)}) is answer


def test_conditions_are_joined() -> None:
    x = symbol("x")
    low, high, undefined = condition("less", x, 1), condition("greater", x, 3), condition("greater", call("log", x), -100)
    at = lambda test, a, b: decide(test, {x: between(a, b)})  # noqa: E731
    assert at(condition("or", low, high), 0, 4) is None
    assert at(condition("or", low, high), 4, 5) is True
    assert at(condition("or", low, high), 1, 3) is False
    assert at(condition("and", low, condition("not", high)), 0, Fraction(1, 2)) is True
    assert at(condition("not", low), 0, Fraction(1, 2)) is False
    assert at(condition("or", low, undefined), -2, -1) is True
    assert at(condition("and", low, undefined), -2, -1) is False
    assert at(undefined, -2, -1) is False
    assert at(condition("not_equal", x, 2), 0, 1) is True
    assert at(condition("not_equal", x, 2), 2, 2) is False
    assert at(condition("not_equal", x, 2), 0, 4) is None


# ---- values without symbols ----------------------------------------------------------------------------------------

ENTROPY_LESS_ROOT = "-exp(lambertw(exp(1/2)/4) - 1/2)*(exp(lambertw(exp(1/2)/4) - 1/2) + 1/2)"  # least x*log(x) - sqrt(x)


@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        ("exp(1)", "5/2", 1),
        ("pi", "22/7", -1),
        ("exp(1)", "exp(1)", 0),
        ("1/3", "1/3", 0),
        ("1/3", "1/2", -1),
        ("sqrt(2)*sqrt(2)", "2", None),
        ("sin(pi)", "0", None),
        ("exp(pi*sqrt(163))", "262537412640768744", -1),
        ("log(-1)", "0", None),
        ("log(-1)", "log(-1)", None),
        ("inf", "5", 1),
        ("-inf", "-exp(100)", -1),
        ("-inf", "inf", -1),
        ("inf + sqrt(sin(pi))", "0", None),
        ("inf - inf", "0", None),
        ("1/inf", "0", None),
        ("1/sin(pi)", "0", None),
    ],
)
def test_values_are_compared(left: str, right: str, sign: int | None) -> None:
    assert compare(parse(left).node, parse(right).node, 1024) == sign


@pytest.mark.parametrize("precision", [30, 128, 1000, 5000])
@pytest.mark.parametrize(
    "text", ["-exp(lambertw(exp(1/2)/4) - 1/2)*(exp(lambertw(exp(1/2)/4) - 1/2) + 1/2)", "exp(1) - 2.71828182845904523536", "gamma(1/3)"]
)
def test_a_value_is_as_narrow_as_asked(text: str, precision: int) -> None:
    value = value_of(parse(text).node, precision)
    width, size = as_fraction(value.upper) - as_fraction(value.lower), abs(as_fraction(value.lower))
    assert value.everywhere
    assert width <= size / 2**precision


def test_values_that_can_not_be_narrow() -> None:
    zero = value_of(parse("sin(pi)").node, 100)
    assert zero.contains_zero
    assert end_of(zero.width) < mpf(10) ** -1000
    assert value_of(parse("sqrt(-1)").node).empty
    assert value_of(parse("inf").node).lower == INF
    assert value_of(parse("0*1").node).is_thin


def test_roots_of_polynomials() -> None:
    root = real_root([-1, -1, 0, 0, 0, 1], 0)
    value = value_of(root, 2000)
    low, high = as_fraction(value.lower), as_fraction(value.upper)
    assert low**5 - low - 1 < 0 < high**5 - high - 1
    assert high - low < Fraction(1, 2**1990)
    assert [compare(real_root([-2, 0, 1], k), number(0)) for k in (0, 1)] == [-1, 1]
    assert value_of(add(power(real_root([-2, 0, 1], 1), 2), -2)).contains_zero


def test_what_is_no_scalar_or_has_no_range_is_refused() -> None:
    vector = parse("sum(v)", Scope({"v": symbol("v", (3,))})).node
    with pytest.raises(GraphError, match="entry by entry"):
        enclose([vector], {})
    with pytest.raises(GraphError, match="no range for x"):
        enclose([symbol("x")], {})
    with pytest.raises(GraphError):
        value_of(symbol("x"))
    with pytest.raises(ValueError, match="no box"):
        between(2, 1)
    with pytest.raises(ValueError, match="no box"):
        between(float("nan"), 1)


def test_precision_is_restored_after_an_error() -> None:
    before = ctx.prec
    huge = condition("less", multiply(2, 1), 3)
    with pytest.raises(ValueError, match="zip"):
        evaluator([add(X, 1)], [X])([], 300)
    assert decide(huge, {}) is True
    assert ctx.prec == before


def test_common_parts_and_other_precisions() -> None:
    f = parse("x^2 + exp(1)*x").node
    run = evaluator([f, negate(f)], [symbol("x")])
    for precision in (53, 128, 53, 400):
        plus, minus = run([between(1, 1)], precision)
        assert plus.lower == -minus.upper or precision > ctx.prec
        assert end_of(plus.width) < mpf(2) ** (6 - precision)


def test_deep_expressions_need_no_recursion() -> None:
    node: Node = X
    for k in range(5000):
        node = call("sin", node) if k % 2 else binary_product(add(node, 1), divide(1, 3))
    assert not enclose([node], {X: between(0, 1)})[0].empty


# ---- decimals ------------------------------------------------------------------------------------------------------


@given(st.fractions(-(10**6), 10**6), st.integers(-300, 300), st.fractions(0, 1), st.integers(1, 40), st.integers(20, 300))
@settings(max_examples=300, deadline=None)
def test_decimals_enclose(value: Fraction, scale: int, wider: Fraction, digits: int, precision: int) -> None:
    low = value * Fraction(10) ** scale
    box = between(low, low + wider * abs(low), precision)
    lower, upper = decimals(box, digits)
    ends = as_fraction(box.lower), as_fraction(box.upper)
    assert Fraction(lower) <= ends[0] <= ends[1] <= Fraction(upper)
    for text, end in zip((lower, upper), ends, strict=True):
        assert abs(Fraction(text) - end) <= abs(end) * Fraction(10) ** (1 - digits)
        assert float(text) == pytest.approx(float(end), rel=10.0 ** (1 - digits) + 1e-15)
        assert mpf(text) == mpf(Fraction(text).numerator) / Fraction(text).denominator or digits > 60


@pytest.mark.parametrize(
    ("text", "digits", "expected"),
    [
        ("1/4", 5, ("0.25", "0.25")),
        ("-1/3", 4, ("-0.3334", "-0.3333")),
        ("0", 4, ("0", "0")),
        ("1234567", 3, ("1230000", "1240000")),
        ("10^30/7", 4, ("1.428e29", "1.429e29")),
        ("1/7/10^30", 4, ("1.428e-31", "1.429e-31")),
        ("99999", 4, ("99990", "100000")),
        ("-inf", 4, ("-inf", "-inf")),
        (
            ENTROPY_LESS_ROOT,
            26,
            ("-1.0868882653329576915375938", "-1.0868882653329576915375937"),
        ),
    ],
)
def test_decimals_read_well(text: str, digits: int, expected: tuple[str, str]) -> None:
    assert decimals(value_of(parse(text).node), digits) == expected


def test_decimals_of_extreme_ends() -> None:
    with ctx.workprec(64):
        tiny, huge = arb(-(10**8)).exp().upper(), arb(10**8).exp().lower()
    lower, upper = decimals(Enclosure(tiny, huge, True), 5)
    assert (lower, upper) == ("0", "inf")
    lower, upper = decimals(Enclosure(huge, huge, True), 5)
    assert lower.startswith("1e1")
    assert upper == "inf"
    lower, upper = decimals(Enclosure(huge.neg(exact=True), tiny.neg(exact=True), True), 5)
    assert lower == "-inf"
    assert upper == "0"
    lower, upper = decimals(Enclosure(tiny, tiny, True), 5)
    assert lower == "0"
    assert upper.startswith("1e-1")
    assert len(decimals(value_of(constant("pi"), 20_000), 5000)[0]) == 5001
    with pytest.raises(ValueError, match="empty"):
        decimals(Enclosure.nowhere(), 5)


def test_helpers_of_enclosures() -> None:
    box = between(Fraction(1, 3), 2)
    assert box.is_positive
    assert not box.is_negative
    assert not box.contains_zero
    assert box.contains(Fraction(1, 3))
    assert box.contains(2)
    assert not box.contains(Fraction(2) + Fraction(1, 10**60))
    assert between(-INF, INF).width == INF
    assert between(-INF, 5).contains(-(10**100))
    assert between(1, 1).is_thin
    assert Enclosure.nowhere().empty
    assert not Enclosure.nowhere().contains(0)
    assert rounded(Enclosure.nowhere()) is Enclosure.nowhere()
    assert symbols(X)[0] is X
    assert isinstance(inside((Fraction(0), Fraction(1))), Sequence)
