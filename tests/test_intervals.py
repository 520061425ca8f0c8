"""The interval reading: over many boxes at once its bounds hold every value, computed a second way.

The second way is exact rational arithmetic for the operators, balls of 400 bits at single points for everything, and
mpmath for a part. States are compared with what balls say of the same box.
"""

from __future__ import annotations

import math
import platform
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from test_balls import REFERENCE

from optbench.arithmetic import NoReading, balls, interval_lambert, interval_monotone, interval_powers
from optbench.arithmetic.ball_enclosure import Enclosure, as_fraction
from optbench.arithmetic.floats import _FLOATS
from optbench.arithmetic.interval_check import processor_fault
from optbench.arithmetic.interval_constants import constant_value, doubles_around
from optbench.arithmetic.interval_functions import RULES
from optbench.arithmetic.interval_reading import CLOSED, DEFINED, LIBM_ULPS, NOWHERE, PARTIAL, Values, evaluator
from optbench.arithmetic.straight_line import compiled
from optbench.language.build import add, call, condition, constant, divide, multiply, negate, number, power, subtract, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import GraphError, Node, Symbol
from optbench.language.rootof import real_root

INF = math.inf
LARGEST, LEAST = sys.float_info.max, 5e-324
X, Y, Z = symbol("x"), symbol("y"), symbol("z")
BITS = 400  # of balls, where they are the second way
Box = tuple[float, float]

# ---- boxes and the points in them ----------------------------------------------------------------------------------

_SIZES = (0.0, LEAST, 1e-310, 2.0**-1022, 1e-200, 1e-160, 1e-20, 1e-8, 0.1, 0.25, 1 / 3, 1 / math.e, 0.5, 1.0, 1.5, math.pi / 2, 2.0)
_LARGE = (math.e, 3.0, math.pi, 5.0, 10.0, 26.5, 100.0, 709.7, 710.4, 745.2, 1e4, 1e6, 2.0**20, 2.0**53, 1e17, 1e155, 1e300, LARGEST, INF)
SPECIAL = sorted(
    {sign * near for v in (*_SIZES, *_LARGE) for near in (v, math.nextafter(v, 0), math.nextafter(v, INF)) for sign in (1, -1)}
)


def point(source: random.Random) -> float:
    kind = source.random()
    if kind < 0.3:
        return source.choice(SPECIAL)
    if kind < 0.8:
        return source.uniform(-1, 1) * source.choice((1, 1, 2, 4, 4, 10, 50))
    return source.choice((-1, 1)) * 10 ** source.uniform(-12, 12)


def box(source: random.Random) -> Box:
    """Two ends: far apart, close together or equal, finite or not."""
    a, kind = point(source), source.random()
    b = (
        point(source)
        if kind < 0.6
        else a
        if kind < 0.7
        else a + abs(a) * 10 ** source.uniform(-16, 0)
        if kind < 0.9
        else math.nextafter(a, INF)
    )
    lower, upper = min(a, b), max(a, b)
    return (lower, upper) if lower < INF and upper > -INF else (-1.0, 1.0)


def inside(source: random.Random, ends: Box, count: int) -> list[float]:
    """The ends, or the last doubles before infinity, and points between."""
    a, b = max(ends[0], -LARGEST), min(ends[1], LARGEST)
    between = [min(max(a + source.random() * (b / 2 - a / 2) * 2, a), b) for _ in range(count)]
    near = [min(max(point(source), a), b) for _ in range(count)]
    return [a, b, *between, *near]


def part(source: random.Random, ends: Box) -> Box:
    """A smaller box, often with an end of the larger."""
    a, b = sorted(source.choice(inside(source, ends, 2)) for _ in range(2))
    return (ends[0] if source.random() < 0.3 else a), (ends[1] if source.random() < 0.3 else b)


def array_of(boxes: Sequence[Sequence[Box]]) -> np.ndarray:
    """Boxes, each a sequence of ranges, as the reading takes them: (2, n, N)."""
    return np.array(boxes, dtype=float).transpose(2, 1, 0)


def over(node: Node, *ranges: tuple[float, float], inputs: Sequence[Symbol] = (X, Y, Z)) -> tuple[float, float, int]:
    """Bounds and state of an expression over one box."""
    bounds, state = evaluator([node], inputs[: len(ranges)])(array_of([ranges]))
    return bounds[0, 0, 0], bounds[1, 0, 0], int(state[0, 0])


def assert_holds(lower: float, upper: float, state: int, value: Enclosure, what: object) -> None:
    """The bounds hold a value at one point, which balls enclose tightly; not `everywhere` there may mean undefined."""
    assert state != DEFINED or not value.empty, f"undefined at a point of {what}"
    if value.everywhere:
        assert state != NOWHERE, f"defined at a point of {what}"
        assert arb(lower) <= value.upper, f"{what}: {value} is below {lower}"
        assert arb(upper) >= value.lower, f"{what}: {value} is above {upper}"


# ---- every function of the table ------------------------------------------------------------------------------------

WITHOUT = {"gamma", "lgamma", "digamma", "trigamma"}
CONSTANTS = {"pi", "inf", "rootof"}
BINARY = {"divide", "power", "mod", "atan2", "hypot"}
UNARY = sorted(name for name, row in TABLE.items() if row.kind is Kind.ELEMENTWISE and row.args == ("x",) and name not in WITHOUT)
FUNCTIONS = [
    *UNARY,
    *sorted(BINARY),
    "add",
    "multiply",
    "minimum",
    "maximum",
    "if",
    "whole power",
    "rational power",
    "large power",
    "x*log(x)",
]


@cache
def node_of(name: str, variant: int = 0) -> tuple[Node, tuple[Symbol, ...]]:
    if name == "if":
        return call("if", condition("less", X, Y), Y, Z), (X, Y, Z)
    if name == "whole power":
        return power(X, number((2, 3, -1, 4, -2, 0, 5, 7, -3, 64)[variant % 10])), (X,)
    if name == "rational power":
        return power(X, number(Fraction(("1/2", "1/3", "-1/2", "5/4", "-2/3", "7/5", "1/10", "-9/7")[variant % 8]))), (X,)
    if name == "large power":
        return power(X, number((65, 100, -101, 1001, 2**70, 10**30 + 1)[variant % 6])), (X,)
    if name == "x*log(x)":
        return parse(("x*log(x)", "sqrt(x)*log(x)", "x^2*log(x)", "-3*x*y*log(x)")[variant % 4]).node, (X, Y)
    args = (X,) if name in UNARY else (X, Y) if name in BINARY else (X, Y, Z)
    return call(name, *args), args


def test_every_function_of_the_table_has_a_rule_or_none() -> None:
    scalar = {name for name, row in TABLE.items() if row.kind in (Kind.ELEMENTWISE, Kind.CONDITION)}
    named = {name for name in TABLE if TABLE[name].intervals}
    assert named == scalar - WITHOUT
    assert {TABLE[name].intervals for name in named} - CONSTANTS - {"power"} == set(RULES)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_hold_every_sample(name: str) -> None:
    assert_bounds_hold_samples(name, seed=1, variants=10, count=25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_bounds_hold_every_sample_of_many_boxes(name: str, seed: int) -> None:
    assert_bounds_hold_samples(name, seed=100 + seed, variants=10, count=200)


def assert_bounds_hold_samples(name: str, seed: int, variants: int, count: int) -> None:
    source = random.Random(f"{name} {seed}")
    for variant in range(variants):
        node, inputs = node_of(name, variant)
        boxes = [[box(source) for _ in inputs] for _ in range(count)]
        values = evaluator([node], inputs)(array_of(boxes))
        at_points = balls.evaluator([node], inputs)
        assert_harmless(values)
        for k, ranges in enumerate(boxes):
            lower, upper, state = values.bounds[0, 0, k], values.bounds[1, 0, k], values.state[0, k]
            samples = zip(*(source.sample(inside(source, r, 3), 8) for r in ranges), strict=True)
            for sample in samples:
                value = at_points([balls.between(v, v) for v in sample], BITS)[0]
                assert_holds(lower, upper, state, value, (name, variant, ranges, sample))
            if all(abs(end) < 1e9 or abs(end) == INF for r in ranges for end in r):  # arb gives up beyond
                assert_state_agrees(int(state), at_points([balls.between(*r) for r in ranges], BITS)[0], (name, variant, ranges))


def assert_harmless(values: Values) -> None:
    lower, upper = values.bounds
    assert not np.isnan(values.bounds).any()
    assert (lower <= upper).all()
    assert (lower < INF).all()
    assert (upper > -INF).all()
    assert (lower[values.state == NOWHERE] == -INF).all()
    assert (upper[values.state == NOWHERE] == INF).all()


def assert_state_agrees(state: int, enclosure: Enclosure, what: object) -> None:
    """Of conditions joined by `or` and `and`, one of which is defined nowhere, balls know less."""
    assert state != DEFINED or enclosure.everywhere, f"not defined or not continuous everywhere: {what}"
    assert state != NOWHERE or enclosure.empty or ((" or " in str(what) or " and " in str(what)) and not enclosure.everywhere), (
        f"somewhere defined: {what}"
    )


@pytest.mark.parametrize("name", [*UNARY, "divide", "mod", "atan2", "hypot", "power"])
def test_bounds_hold_what_mpmath_says(name: str) -> None:
    """Independent of balls; at arguments of moderate size, at which mpmath is quick."""
    source = random.Random(f"{name} mpmath")
    node, inputs = node_of(name)
    boxes = [[tame(box(source)) for _ in inputs] for _ in range(100)]
    bounds, state = evaluator([node], inputs)(array_of(boxes))
    with mp.workdps(130):
        for k, ranges in enumerate(boxes):
            for sample in zip(*(inside(source, r, 1) for r in ranges), strict=True):
                value = true_value(name, sample)
                if value is None:
                    assert state[0, k] != DEFINED, (name, ranges, sample)
                elif not nearly_undefined(name, sample):
                    slack = abs(value) * mpf(10) ** -95
                    assert state[0, k] != NOWHERE
                    assert bounds[0, 0, k] - slack <= value <= bounds[1, 0, k] + slack, (name, ranges, sample)


def tame(ends: Box) -> Box:
    a, b = (min(max(end, -200.0), 200.0) for end in ends)
    return tuple(0.0 if abs(end) < 1e-30 else end for end in (a, b))  # type: ignore[return-value]


def true_value(name: str, sample: Sequence[float]) -> mpf | None:
    if name == "mod":  # in rationals, since a quotient that is whole must not be rounded
        x, y = map(Fraction, sample)
        return mpf((x % y).numerator) / (x % y).denominator if y else None
    return REFERENCE[name](*map(mpf, sample))


def nearly_undefined(name: str, sample: Sequence[float]) -> bool:
    """Whether mpmath's own digits may not be enough: at huge quotients."""
    return name == "power" and sample[0] == 0


NUMPYS = {*interval_monotone.MONOTONE, "sin", "cos", "tan", "cosh", "hypot", "atan2", "lambertw", "lambertw_lower"} - {"sqrt"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_larger_box_has_larger_bounds(name: str) -> None:
    """To the last bit; of numpy's own functions, which need not rise in the last place, nearly so."""
    source = random.Random(f"{name} isotonic")
    for variant in range(10):
        node, inputs = node_of(name, variant)
        outer = [[box(source) for _ in inputs] for _ in range(200)]
        run = evaluator([node], inputs)
        large, small = run(array_of(outer)), run(array_of([[part(source, r) for r in ranges] for ranges in outer]))
        some = small.state[0] != NOWHERE
        assert (large.state[0][some] != NOWHERE).all()
        assert (small.state[0][large.state[0] == DEFINED] == DEFINED).all()
        slack = 0.0 if name not in NUMPYS else 1e-6 if name.startswith("lambertw") else 1e-14
        for outside, inner in ((large.bounds[0, 0], small.bounds[0, 0]), (-large.bounds[1, 0], -small.bounds[1, 0])):
            with np.errstate(over="ignore"):
                assert ((outside <= inner) | np.isclose(outside, inner, rtol=slack, atol=0))[some].all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_box_has_the_same_bounds_in_any_company(name: str) -> None:
    source = random.Random(f"{name} company")
    node, inputs = node_of(name)
    run = evaluator([node], inputs)
    boxes = [[box(source) for _ in inputs] for _ in range(67)]
    together = run(array_of(boxes))
    for k, ranges in enumerate(boxes):
        alone = run(array_of([ranges]))
        assert alone.state[0, 0] == together.state[0, k]
        np.testing.assert_allclose(alone.bounds[:, 0, 0], together.bounds[:, 0, k], rtol=2e-15, atol=1e-320)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in ("large power", "mod")])
def test_bounds_at_a_point_are_thin(name: str) -> None:
    """At points that are no special ones, some of them undefined."""
    source = random.Random(f"{name} thin")
    node, inputs = node_of(name)
    samples = [[source.uniform(-3, 3) for _ in inputs] for _ in range(200)]
    bounds, state = evaluator([node], inputs)(array_of([[(v, v) for v in sample] for sample in samples]))
    assert set(np.unique(state)) <= {DEFINED, NOWHERE}
    defined = state[0] == DEFINED
    lower, upper = bounds[:, 0, defined]
    assert defined.any()
    near_branch = 1e-7 if name.startswith("lambertw") else 0.0
    tight = 1e-13 if name == "power" else 1e-14
    assert (upper - lower <= tight * (1 + np.maximum(abs(lower), abs(upper))) + near_branch).all()


# ---- operators, by exact rational arithmetic -------------------------------------------------------------------------

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-10, 10),
    st.sampled_from([v for v in SPECIAL if abs(v) < INF]),
    st.integers(-8, 8).map(float),
)
OPERATIONS: list[tuple[str, Callable[[Fraction, Fraction], Fraction | None]]] = [
    ("x + y", lambda x, y: x + y),
    ("x - y", lambda x, y: x - y),
    ("x + y + x", lambda x, y: x + y + x),
    ("x*y", lambda x, y: x * y),
    ("x/y", lambda x, y: x / y if y else None),
    ("1/x", lambda x, y: 1 / x if x else None),
    ("-x", lambda x, y: -x),
    ("x^2", lambda x, y: x**2),
    ("x^3", lambda x, y: x**3),
    ("x^6", lambda x, y: x**6),
    ("x^17", lambda x, y: x**17),
    ("x^-2", lambda x, y: x**-2 if x else None),
    ("2*x", lambda x, y: 2 * x),
    ("x/4", lambda x, y: x / 4),
    ("2.1*x", lambda x, y: Fraction(21, 10) * x),
    ("x/3", lambda x, y: x / 3),
    ("-7*x*y", lambda x, y: -7 * x * y),
    ("x*10^200", lambda x, y: x * 10**200),
    ("x/10^300", lambda x, y: x / 10**300),
    ("x*y*x", lambda x, y: x * y * x),
    ("abs(x)", lambda x, y: abs(x)),
    ("max(x, y)", max),
    ("min(x, y)", min),
    ("floor(x)", lambda x, y: Fraction(math.floor(x))),
    ("ceil(x)", lambda x, y: Fraction(math.ceil(x))),
    ("x % 1", lambda x, y: x % 1),
    ("relu(x)", lambda x, y: max(x, Fraction(0))),
]


@pytest.mark.parametrize(("text", "exact"), OPERATIONS, ids=[text for text, _ in OPERATIONS])
@given(xs=st.tuples(numbers, numbers), ys=st.tuples(numbers, numbers))
@settings(max_examples=60, deadline=None)
def test_operators_are_rounded_outward(text: str, exact: Callable[..., Fraction | None], xs: Box, ys: Box) -> None:
    """At the corners of a box; and at a corner taken for itself the bounds are next to the value."""
    xs, ys = tuple(sorted(xs)), tuple(sorted(ys))  # type: ignore[assignment]
    run = evaluator([parse(text).node], [X, Y])
    corners = [(x, y) for x in xs for y in ys]
    bounds, state = run(array_of([(xs, ys), *(((x, x), (y, y)) for x, y in corners)]))
    for k, (x, y) in enumerate(corners, start=1):
        value = exact(Fraction(x), Fraction(y))
        if value is None:
            assert state[0, 0] != DEFINED
            assert state[0, k] == NOWHERE or "^" in text
        else:
            for column in (0, k):
                assert bounds[0, 0, column] <= value <= bounds[1, 0, column]
            assert_near(bounds[:, 0, k], value, _UNITS.get(text, 8))


_UNITS = {"x^17": 80, "x^6": 25, "x + y + x": INF, "x*y*x": INF, "x % 1": INF}


def assert_near(bounds: np.ndarray, value: Fraction, units: float) -> None:
    """Both bounds are within some units in the last place of a value; an exact 0 is 0, and no sign is lost."""
    if value == 0:
        assert units == INF or bounds.tolist() == [0, 0]
    elif units < INF:
        assert bounds[0] >= 0 if value > 0 else bounds[1] <= 0
        if 1e-150 < abs(value) < 1e150:
            assert max(value - Fraction(bounds[0]), Fraction(bounds[1]) - value) <= units * Fraction(math.ulp(float(value)))
        elif abs(value) <= 1e-150:
            assert bounds[1] - bounds[0] <= 1e-149
        else:
            assert bounds[0] >= 1e149 if value > 0 else bounds[1] <= -1e149


@pytest.mark.parametrize("n", [2, 3, 4, 6, 17, 64])
def test_whole_powers_near_overflow_and_underflow(n: int) -> None:
    """Where a product overflows whose exact value is within the doubles, and where one loses all digits."""
    for size in (LARGEST, 2.0**-1000, 2.0**-1022, LEAST):
        x = math.exp(math.log(size) / n)
        points = [x * (1 + k * 2.0**-51) for k in range(-60, 60)]
        bounds, state = evaluator([power(X, n), power(X, -n)], [X])(array_of([[(v, v)] for v in points]))
        for k, v in enumerate(points):
            assert bounds[0, 0, k] <= Fraction(v) ** n <= bounds[1, 0, k]
            assert bounds[0, 1, k] <= Fraction(v) ** -n <= bounds[1, 1, k]
        assert (state[0] == DEFINED).all()


def test_a_power_that_overflows_below_the_largest_double() -> None:
    """Squaring rounds up to infinity here, though the exact power is a little below the largest double."""
    x = float.fromhex("0x1.75a07cfb107edp+46")
    assert over(power(X, 22), (x, x))[0] <= Fraction(x) ** 22 < LARGEST


def test_a_factor_that_is_no_double() -> None:
    """Both roundings, of the factor and of the product, are as large as can be."""
    x, factor = float.fromhex("0x1.40c270e893302p+0"), Fraction(1335153199845590040575, 2**70)
    lower, upper, _ = over(multiply(factor, X), (x, x))
    assert lower <= factor * Fraction(x) <= upper


def test_a_modulus_next_to_its_steps() -> None:
    source = random.Random("mod")
    for _ in range(40):
        y = source.choice((0.1, 1.0, 3.0, 1 / 3, 1e-5, source.uniform(0.01, 10))) * source.choice((1, -1))
        multiples = [float(source.randint(-(10**k), 10**k) * Fraction(y)) for k in range(25)]
        points = [near for v in multiples for near in (v, math.nextafter(v, -INF), math.nextafter(v, INF))]
        bounds, _ = evaluator([call("mod", X, Y)], [X, Y])(array_of([((v, v), (y, y)) for v in points]))
        for k, v in enumerate(points):
            assert bounds[0, 0, k] <= Fraction(v) % Fraction(y) <= bounds[1, 0, k], (v, y)


def test_boxes_just_around_poles_and_turning_points() -> None:
    """The last doubles before and behind an odd multiple of pi/2, of all sizes."""
    source = random.Random("poles")
    with mp.workdps(60):
        halves = [(2 * source.randint(-(2**k), 2**k) + 1) * mp.pi / 2 for k in range(1, 19) for _ in range(1000)]
        below = [v if v < half else math.nextafter(v, -INF) for half, v in ((half, float(half)) for half in halves)]
    boxes = array_of([[(v, math.nextafter(v, INF))] for v in below])
    bounds, state = evaluator([call("tan", X), call("sin", X)], [X])(boxes)
    assert (state[0] == PARTIAL).all()
    assert (np.maximum(-bounds[0, 1], bounds[1, 1]) == 1).all()


@pytest.mark.parametrize(
    ("name", "last"), [("exp", 709.782712893384), ("sinh", 710.4758600739439), ("cosh", 710.4758600739439), ("expm1", 709.782712893384)]
)
def test_functions_near_overflow(name: str, last: float) -> None:
    points = [last + k * 2.0**-43 for k in range(-40, 40)]
    run = balls.evaluator([call(name, X)], [X])
    bounds, state = evaluator([call(name, X)], [X])(array_of([[(v, v)] for v in points]))
    for k, v in enumerate(points):
        assert_holds(bounds[0, 0, k], bounds[1, 0, k], state[0, k], run([balls.between(v, v)], BITS)[0], (name, v))


CASES = [
    # expression, box of x, bounds (texts: within 1e-14 outside), state
    ("x + x", (LARGEST, LARGEST), "1.7976931348623157e308", INF, DEFINED),
    ("-x - x", (LARGEST, LARGEST), -INF, "-1.7976931348623157e308", DEFINED),
    ("x + x", (-INF, LARGEST), -INF, INF, DEFINED),
    ("x - x", (-INF, INF), -INF, INF, DEFINED),
    ("x - x", (0, INF), -INF, INF, DEFINED),
    ("x - exp(x)", (0, INF), -INF, INF, DEFINED),
    ("2*x", (LARGEST, INF), LARGEST, INF, DEFINED),
    ("x^2", (1e200, 1e201), "1.7976931348623157e308", INF, DEFINED),
    ("x^3", (-1e200, 1e200), -INF, INF, DEFINED),
    ("x^2", (-INF, 2), 0, INF, DEFINED),
    ("x^2", (-1, 2), 0, 4.000000000000001, DEFINED),
    ("x^2", (-1e-200, 1e-200), 0, 2.0**-1070, DEFINED),
    ("x^2", (LEAST, LEAST), 0, 2.0**-1070, DEFINED),
    ("x*x", (-1, 2), 0, 4.000000000000001, DEFINED),
    ("x*0", (-INF, INF), 0, 0, DEFINED),
    ("x*exp(x)", (-INF, 0), -INF, 0, DEFINED),
    ("x*exp(-x)", (0, INF), 0, INF, DEFINED),
    ("exp(-x^2)", (-INF, INF), 0, "1", DEFINED),
    ("0^x", (-1, 0), 1, 1, PARTIAL),
    ("exp(x)", (1000, 1001), "1.7976931348623157e308", INF, DEFINED),
    ("exp(x)", (-1001, -1000), 0, 2.0**-1070, DEFINED),
    ("1/x", (0, 2), "0.5", INF, PARTIAL),
    ("1/x", (-2, 0), -INF, "-0.5", PARTIAL),
    ("1/x", (-1, 2), -INF, INF, PARTIAL),
    ("1/x", (0, 0), -INF, INF, NOWHERE),
    ("0*x/x", (0, 2), 0, 0, PARTIAL),
    ("0*x/x", (-1, 2), 0, 0, PARTIAL),
    ("1/x", (LEAST, LEAST), "1.7976931348623157e308", INF, DEFINED),
    ("x/(x + 1)", (0, INF), 0, INF, DEFINED),
    ("-3/x", (0, 2), -INF, "-1.5", PARTIAL),
    ("x^-2", (-1, 2), "0.25", INF, PARTIAL),
    ("x^-2", (0, 0), -INF, INF, NOWHERE),
    ("x^-1", (0, 4), "0.25", INF, PARTIAL),
    ("x^0", (-1, 1), 1, 1, DEFINED),
    ("x^(1/3)", (-1, 8), 0, "2", CLOSED),
    ("x^(1/3)", (0, 8), 0, "2", DEFINED),
    ("x^(7/5)", (-1, 0), 0, 0, CLOSED),
    ("x^(-1/2)", (0, 4), "0.5", INF, PARTIAL),
    ("x^(-1/2)", (-1, 0), -INF, INF, NOWHERE),
    ("2^x", (-INF, 3), 0, "8", DEFINED),
    ("x^x", (1, 2), "1", "4", DEFINED),
    ("0^x", (1, 2), 0, 0, DEFINED),
    ("0^x", (0, 2), 0, 1, PARTIAL),
    ("x*log(x)", (0, 1), "-0.36787944117144233", 0, PARTIAL),
    ("x*log(x)", (0, INF), "-0.36787944117144233", INF, PARTIAL),
    ("x^2*log(x)", (-1, 1), "-0.18393972058572117", "0", PARTIAL),
    ("x*log(x)", (-1, 0), -INF, INF, NOWHERE),
    ("sqrt(x)", (-1, 4), 0, "2", CLOSED),
    ("sqrt(x)", (-2, -LEAST), -INF, INF, NOWHERE),
    ("sqrt(sqrt(x) - 1)", (-1, 4), 0, "1", CLOSED),
    ("sqrt(log(x))", (-1, math.e), 0, "1", PARTIAL),
    ("log(x)", (0, 1), -INF, 0, PARTIAL),
    ("log(x)", (-1, 0), -INF, INF, NOWHERE),
    ("log1p(x)", (-1, 0), -INF, 0, PARTIAL),
    ("asin(x)", (0.5, 3), "0.5235987755982988", "1.5707963267948966", CLOSED),
    ("acos(x)", (-3, 1), 0, "3.141592653589793", CLOSED),
    ("acosh(x)", (0, INF), 0, INF, CLOSED),
    ("atanh(x)", (-1, 1), -INF, INF, PARTIAL),
    ("sin(x)", (0, INF), -1, 1, DEFINED),
    ("sin(x)", (1, 2), "0.8414709848078965", 1, DEFINED),
    ("sin(x)", (0, 1), 0, "0.8414709848078965", DEFINED),
    ("cos(x)", (1, 4), -1, "0.5403023058681398", DEFINED),
    ("tan(x)", (1, 2), -INF, INF, PARTIAL),
    ("tan(x)", (-1, 1), "-1.5574077246549023", "1.5574077246549023", DEFINED),
    ("erfc(x)", (0, INF), 0, "1", DEFINED),
    ("tanh(x)", (-INF, INF), -1, 1, DEFINED),
    ("lambertw(x)", (-1, 0), -1, 0, CLOSED),
    ("lambertw(x)", (0, INF), 0, INF, DEFINED),
    ("lambertw(x)", (-2, -1), -INF, INF, NOWHERE),
    ("lambertw(x, -1)", (-1, 0), -INF, -1, PARTIAL),
    ("lambertw(x, -1)", (-1, -0.1), "-3.577152063957297", -1, CLOSED),
    ("floor(x)", (1.5, INF), 1, INF, PARTIAL),
    ("floor(x)", (1, 1.5), 1, 1, DEFINED),
    ("sign(x)", (0, 1), 0, 1, PARTIAL),
    ("x % 1", (0, INF), 0, 1, PARTIAL),
    ("x % 3", (4, 5), "1", "2", DEFINED),
    ("x % 3", (3, 5), 0, "2", DEFINED),
    ("x % -3", (-6, -4), -3, 0, PARTIAL),
    ("x % -3", (-5.5, -3), "-2.5", 0, DEFINED),
    ("x % 0", (1, 2), -INF, INF, NOWHERE),
    ("atan2(1, x)", (-INF, INF), 0, "3.141592653589793", DEFINED),
    ("atan2(x, -1)", (-1, 1), "-3.141592653589793", "3.141592653589793", PARTIAL),
    ("atan2(x, 0)", (0, 0), -INF, INF, NOWHERE),
    ("if(x > 0, log(x), 0)", (-1, 1), -INF, 0, PARTIAL),
    ("if(x > 0, log(x), 7)", (-2, -1), 7, 7, DEFINED),
    ("if(x >= 1, sqrt(x - 2), -x)", (1, 3), 0, "1", CLOSED),
    ("if(x >= 1, log(-x), x)", (0, 3), 0, 3, PARTIAL),
    ("if(log(x) > 0, 1, 2)", (-2, -1), -INF, INF, NOWHERE),
    ("if(log(x) > -1000, 1, 2)", (-1, 1), 1, 2, PARTIAL),
    ("max(x, 1)", (-INF, 2), 1, 2, DEFINED),
    ("x + inf", (0, 1), "1.7976931348623157e308", INF, PARTIAL),
    ("x + log(-1)", (0, 1), -INF, INF, NOWHERE),
    ("x*10^5000", (1, 2), "1.7976931348623157e308", INF, DEFINED),
    ("x/10^5000", (1, 2), 0, 1.1125369292536086e-308, DEFINED),
    ("pi*x", (1, 1), "3.141592653589793", "3.1415926535897936", DEFINED),
]


@pytest.mark.parametrize(("text", "box", "lower", "upper", "state"), CASES, ids=[f"{c[0]} on {c[1]}" for c in CASES])
def test_ranges_known_beforehand(text: str, box: Box, lower: float | str, upper: float | str, state: int) -> None:
    low, high, got = over(parse(text).node, box)
    assert got == state
    assert low <= float(lower)
    assert low >= float(lower) - (1e-14 * (1 + abs(float(lower))) if isinstance(lower, str) else 0)
    assert high >= float(upper)
    assert high <= float(upper) + (1e-14 * (1 + abs(float(upper))) if isinstance(upper, str) else 0)


@pytest.mark.parametrize(
    ("text", "box", "answer"),
    [
        ("x < 2", (0, 1), (1, 1, DEFINED)),
        ("x < 1", (0, 1), (0, 1, DEFINED)),
        ("x <= 1", (0, 1), (1, 1, DEFINED)),
        ("x > 1", (0, 1), (0, 0, DEFINED)),
        ("x >= 1", (0, 1), (0, 1, DEFINED)),
        ("x == 1", (1, 1), (1, 1, DEFINED)),
        ("x == 1", (0, 2), (0, 1, DEFINED)),
        ("x == 1", (2, 3), (0, 0, DEFINED)),
        ("0 <= x <= 1", (0, 1), (1, 1, DEFINED)),
        ("0 <= x <= 1", (2, 3), (0, 0, DEFINED)),
        ("0 <= x <= 1", (0, 3), (0, 1, DEFINED)),
        ("log(x) <= 0", (-1, 1), (1, 1, PARTIAL)),
        ("log(x) > 5", (-2, -1), (-INF, INF, NOWHERE)),
        ("x <= 10^400", (0, INF), (0, 1, DEFINED)),
        ("x^2 >= 0", (-INF, INF), (1, 1, DEFINED)),
        ("sin(x) <= 1", (-INF, INF), (1, 1, DEFINED)),
    ],
)
def test_conditions_are_decided_in_three_ways(text: str, box: Box, answer: tuple[float, float, int]) -> None:
    assert over(parse_constraint(text).node, box) == answer


LOW, HIGH, UNDEFINED, ROOT = (
    condition("less", X, 1),
    condition("greater", X, 3),
    condition("greater", call("log", X), -100),
    condition("less_equal", call("sqrt", X), 5),
)


@pytest.mark.parametrize(
    ("test", "box", "answer"),
    [
        (condition("or", LOW, HIGH), (0, 4), (0, 1, DEFINED)),
        (condition("or", LOW, HIGH), (4, 5), (1, 1, DEFINED)),
        (condition("or", LOW, HIGH), (1, 3), (0, 0, DEFINED)),
        (condition("or", LOW, UNDEFINED), (-2, -1), (1, 1, DEFINED)),
        (condition("or", LOW, UNDEFINED), (-2, 0.5), (1, 1, DEFINED)),
        (condition("or", HIGH, UNDEFINED), (-2, 2), (0, 1, PARTIAL)),
        (condition("or", HIGH, UNDEFINED), (-2, -1), (-INF, INF, NOWHERE)),
        (condition("or", condition("less", X, Y), UNDEFINED), (-2, -1), (1, 1, PARTIAL)),
        (condition("or", HIGH, ROOT), (-2, 2), (1, 1, CLOSED)),
        (condition("or", HIGH, ROOT), (-2, 4), (1, 1, PARTIAL)),
        (condition("and", LOW, condition("not", HIGH)), (0, 0.5), (1, 1, DEFINED)),
        (condition("and", LOW, UNDEFINED), (-2, -1), (-INF, INF, NOWHERE)),
        (condition("and", condition("less", X, Y), UNDEFINED), (-2, -1), (0, 0, PARTIAL)),
        (condition("and", HIGH, UNDEFINED), (-2, -1), (0, 0, DEFINED)),
        (condition("and", HIGH, UNDEFINED), (-2, 1), (0, 0, DEFINED)),
        (condition("and", LOW, ROOT), (-2, 0.5), (1, 1, CLOSED)),
        (condition("and", UNDEFINED, ROOT), (-2, -1), (-INF, INF, NOWHERE)),
        (condition("not", LOW), (0, 0.5), (0, 0, DEFINED)),
        (condition("not_equal", X, 2), (0, 1), (1, 1, DEFINED)),
        (condition("not_equal", X, 2), (2, 2), (0, 0, DEFINED)),
        (condition("not_equal", X, 2), (0, 4), (0, 1, DEFINED)),
    ],
)
def test_conditions_are_joined(test: Node, box: Box, answer: tuple[float, float, int]) -> None:
    assert over(test, box, (-3, 3)) == answer


@pytest.mark.parametrize("seed", range(3))
def test_conditions_are_read_as_balls_read_them(seed: int) -> None:
    """On boxes of small whole numbers, where rounding decides nothing."""
    source = random.Random(seed)
    root, logarithm = (add(f, Fraction(1, 3)) for f in (call("sqrt", X), call("log", Y)))
    for _ in range(150):
        test = random_condition(source, lambda: source.choice((X, Y, root, logarithm, number(1))), 2)
        boxes = [[tuple(sorted(source.choices(range(-3, 4), k=2))) for _ in "xy"] for _ in range(20)]
        bounds, state = evaluator([test], [X, Y])(array_of(boxes))
        run = balls.evaluator([test], [X, Y])
        for k, ranges in enumerate(boxes):
            truth = run([balls.between(*r) for r in ranges], BITS)[0]
            assert truth.everywhere == (state[0, k] == DEFINED), (test, ranges)
            if state[0, k] != NOWHERE:  # where a part is defined nowhere, more is known here than to balls
                assert float(truth.lower) <= bounds[0, 0, k] <= bounds[1, 0, k], (test, ranges)
                assert bounds[1, 0, k] <= float(truth.upper) or "or" in str(test), (test, ranges)


def random_condition(source: random.Random, term: Callable[[], Node], depth: int) -> Node:
    kind = source.choice(("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "and", "or", "not"))
    if depth == 0 or kind not in ("and", "or", "not"):
        return condition(kind if kind not in ("and", "or", "not") else "less", term(), term())
    return condition(kind, *(random_condition(source, term, depth - 1) for _ in range(1 if kind == "not" else 2)))


# ---- whole expressions ------------------------------------------------------------------------------------------------

_NUMBERS = [Fraction(text) for text in ("1", "2", "3", "-1", "1/2", "1/3", "-5/4", "0.1", "10", "7/5")]
_EXPONENTS = [Fraction(text) for text in ("2", "2", "3", "-1", "-2", "1/2", "-3/2", "5/3", "4", "6", "7/5", "0", "70")]


def expression(source: random.Random, symbols: Sequence[Symbol], depth: int) -> Node:
    """A tree of any functions of the table that have a rule."""

    def below() -> Node:
        return expression(source, symbols, depth - 1)

    if depth == 0 or source.random() < 0.1:
        return source.choice((*symbols, *symbols, *symbols, number(source.choice(_NUMBERS)), constant("pi")))
    kind = source.random()
    if kind < 0.35:
        return source.choice((add, subtract, multiply, multiply))(below(), below())
    if kind < 0.45:
        return divide(below(), below())
    if kind < 0.6:
        return power(below(), number(source.choice(_EXPONENTS)))
    if kind < 0.65:
        a = below()
        return multiply(source.choice((a, power(a, 2), call("sqrt", a))), call("log", a), below())
    if kind < 0.9:
        return call(source.choice(UNARY), below())
    if kind < 0.97:
        return call(source.choice(("minimum", "maximum", *sorted(BINARY))), below(), below())
    return call("if", random_condition(source, below, 1), below(), below())


def assert_expressions_hold_samples(source: random.Random, expressions: int, slopes: bool) -> None:
    for _ in range(expressions):
        inputs = (X, Y, Z)[: source.randint(1, 3)]
        try:
            root = expression(source, inputs, source.randint(1, 5))
            roots = gradient(root, inputs) if slopes else [root]
        except (GraphError, NotDifferentiable):
            continue
        assert_samples_inside(source, roots, inputs)


def assert_samples_inside(source: random.Random, roots: list[Node], inputs: Sequence[Symbol]) -> None:
    outer = [[box(source) for _ in inputs] for _ in range(8)]
    inner = [[part(source, r) for r in ranges] for ranges in outer]
    values = evaluator(roots, inputs)(array_of([*outer, *inner]))
    at_points = balls.evaluator(roots, inputs)
    assert_harmless(values)
    assert_isotonic(values, len(outer), roots)
    for k, ranges in enumerate(outer):
        for sample in zip(*(source.sample(inside(source, r, 1), 3) for r in ranges), strict=True):
            for i, value in enumerate(at_points([balls.between(v, v) for v in sample], BITS)):
                assert_holds(values.bounds[0, i, k], values.bounds[1, i, k], values.state[i, k], value, (roots[i], ranges, sample))


def assert_isotonic(values: Values, count: int, roots: list[Node]) -> None:
    """The second half of the boxes are parts of the first."""
    (outer_lower, lower), (outer_upper, upper) = (np.split(b, [count], axis=1) for b in values.bounds)
    outer_state, state = np.split(values.state, [count], axis=1)
    some = state != NOWHERE
    assert (outer_state[some] != NOWHERE).all(), roots
    assert (outer_lower[some] <= lower[some]).all(), roots
    assert (outer_upper[some] >= upper[some]).all(), roots
    assert (state[outer_state == DEFINED] == DEFINED).all(), roots


@pytest.mark.parametrize("seed", range(4))
def test_random_expressions_hold_their_values(seed: int) -> None:
    assert_expressions_hold_samples(random.Random(f"expressions {seed}"), 500, slopes=False)


def test_random_gradients_hold_their_values() -> None:
    assert_expressions_hold_samples(random.Random("gradients"), 200, slopes=True)


@pytest.mark.slow
@pytest.mark.parametrize("slopes", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_thousands_of_random_expressions_hold_their_values(seed: int, slopes: bool) -> None:
    assert_expressions_hold_samples(random.Random(f"many {seed}"), 300 if slopes else 1000, slopes)


@pytest.mark.parametrize("seed", range(3))
def test_states_of_random_expressions_agree_with_balls(seed: int) -> None:
    """On moderate boxes, where rounding decides nothing."""
    source = random.Random(f"states {seed}")
    for _ in range(150):
        inputs = (X, Y)[: source.randint(1, 2)]
        try:
            root = expression(source, inputs, source.randint(1, 4))
        except GraphError:
            continue
        boxes = [[tuple(sorted(source.uniform(-4, 4) for _ in "ab")) for _ in inputs] for _ in range(10)]
        _, state = evaluator([root], inputs)(array_of(boxes))
        run = balls.evaluator([root], inputs)
        for k, ranges in enumerate(boxes):
            assert_state_agrees(state[0, k], run([balls.between(*r) for r in ranges], BITS)[0], (root, ranges))


# ---- what is assumed of numpy ----------------------------------------------------------------------------------------

LIBM: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    **{name: (row.at, row.ulps or 0.5) for name, row in interval_monotone._AT_ENDS.items()},
    "sin": (np.sin, LIBM_ULPS),
    "cos": (np.cos, LIBM_ULPS),
    "tan": (np.tan, LIBM_ULPS),
    "cosh": (np.cosh, LIBM_ULPS),
}
_BETWEEN = {
    **dict.fromkeys(("sin", "cos", "tan"), (-(2.0**20), 2.0**20)),
    **dict.fromkeys(("asin", "acos", "atanh"), (-1, 1)),
    **dict.fromkeys(("sqrt", "log", "log2", "log10"), (0, 1e308)),
    **dict.fromkeys(("exp", "expm1", "sinh", "cosh", "sigmoid", "softplus"), (-720, 709)),
    **dict.fromkeys(("erf", "erfc"), (-30, 26)),
    "log1p": (-1, 1e308),
    "acosh": (1, 1e308),
}


def arguments(name: str, count: int) -> np.ndarray:
    """Evenly over the domain, evenly near its middle, and of all sizes."""
    source = np.random.default_rng(len(name))
    low, high = _BETWEEN.get(name, (-1e308, 1e308))
    even = source.uniform(max(low, -1e300), min(high, 1e300), count)
    small = source.uniform(-4, 4, count)
    sizes = 10 ** source.uniform(-300, 300, count) * source.choice([-1, 1], count)
    if name in ("sin", "cos", "tan"):  # where digits cancel in the reduction of the argument
        return np.concatenate([even[: count // 2], np.rint(even[count // 2 :]) * (math.pi / 8)])
    near_one = 1 + 10 ** source.uniform(-16, 0, count) * source.choice([-1, 1], count)
    everything = np.concatenate([even, small, sizes, near_one])
    return source.choice(everything[(everything > low) & (everything < high)], count)


@pytest.mark.parametrize("name", LIBM)
def test_elementary_functions_are_as_accurate_as_assumed(name: str) -> None:
    f, limit = LIBM[name]
    points = arguments(name, 3000)
    with np.errstate(all="ignore"):
        values = f(np.array([points, points]))[1]
    run = balls.evaluator([call(name, X)], [X])
    for x, got in zip(points, values, strict=True):
        assert_within_ulps(got, run([balls.between(x, x)], 200)[0], limit, (name, x))


@pytest.mark.parametrize(("name", "f"), [("atan2", np.arctan2), ("hypot", np.hypot)])
def test_functions_of_two_are_as_accurate_as_assumed(name: str, f: Callable[..., np.ndarray]) -> None:
    xs, ys = arguments("hypot", 3000), arguments("atan2", 3000)
    run = balls.evaluator([call(name, X, Y)], [X, Y])
    for x, y, got in zip(xs, ys, f(xs, ys), strict=True):
        assert_within_ulps(got, run([balls.between(x, x), balls.between(y, y)], 400)[0], LIBM_ULPS, (name, x, y))


def assert_within_ulps(got: float, value: Enclosure, limit: float, what: object) -> None:
    exact = as_fraction(value.lower) if abs(value.lower) > 2.0**-1080 else Fraction(0)
    if abs(exact) <= LARGEST:
        assert abs(Fraction(got) - exact) <= Fraction(limit) * Fraction(math.ulp(float(exact))), what


def test_a_function_is_0_where_its_row_says() -> None:
    for name, row in interval_monotone._AT_ENDS.items():
        if row.zero is not None:
            assert row.at(np.array([float(row.zero)]))[0] == 0
            assert balls.value_of(call(name, number(row.zero))).contains_zero
            assert over(call(name, X), (row.zero, row.zero)) == (0, 0, DEFINED)


# ---- constants that the rules rest on ----------------------------------------------------------------------------------


def test_doubles_enclose_the_constants_of_the_rules() -> None:
    with mp.workdps(60):
        assert interval_lambert.BELOW_BRANCH_POINT < -1 / mp.e < interval_lambert.ABOVE_BRANCH_POINT
        assert interval_powers._BELOW_TURN < 1 / mp.e < interval_powers._TURN
        for name in ("asin", "acos", "atan"):
            limits = interval_monotone._range(name)
            assert limits is not None
            assert -limits[0, 0] <= REFERENCE[name](mpf(1 if name == "acos" else -1 if name == "asin" else -(10**40)))
            assert limits[1, 0] >= REFERENCE[name](mpf(-1 if name == "acos" else 1 if name == "asin" else 10**40))


@given(st.fractions(), st.integers(-400, 400))
def test_doubles_next_to_a_fraction(value: Fraction, exponent: int) -> None:
    value *= Fraction(10) ** exponent
    lower, upper = doubles_around(value)
    assert lower <= value <= upper
    assert upper in (lower, math.nextafter(lower, INF))


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("pi", DEFINED),
        ("exp(1)", DEFINED),
        ("gamma(1/3)", DEFINED),
        ("lambertw(exp(1/2)/4)", DEFINED),
        ("exp(1000)", DEFINED),
        ("-exp(1000)", DEFINED),
        ("exp(-1000)", DEFINED),
        ("exp(-exp(exp(30)))", DEFINED),
        ("exp(exp(30))", DEFINED),
        ("inf", PARTIAL),
        ("-inf", PARTIAL),
        ("sqrt(sin(pi))", PARTIAL),
        ("log(-1)", NOWHERE),
    ],
)
def test_constants_are_enclosed_once_for_all(text: str, state: int) -> None:
    node = parse(text).node
    ends, states = constant_value(node)
    assert ends.shape == (2, 1)
    assert (DEFINED if states is None else states[0]) == state
    value = balls.value_of(node, 100)
    if state == DEFINED:
        assert_holds(-ends[0, 0], ends[1, 0], state, value, text)
        assert ends[0, 0] + ends[1, 0] <= 2 * math.ulp(ends[1, 0]) or ends[1, 0] == INF or ends[0, 0] == INF
    bounds, got = evaluator([add(X, node)], [X])(np.zeros((2, 1, 3)))
    assert got.tolist() == [[state] * 3]
    assert not np.isnan(bounds).any()


def test_roots_of_polynomials() -> None:
    root = real_root([-1, -1, 0, 0, 0, 1], 0)
    lower, upper, state = over(multiply(root, X), (1.0, 1.0))
    assert Fraction(lower) ** 5 - Fraction(lower) - 1 < 0 < Fraction(upper) ** 5 - Fraction(upper) - 1
    assert upper - lower < 1e-14
    assert state == DEFINED


# ---- the reading itself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_a_function_without_a_rule_is_named(name: str) -> None:
    with pytest.raises(NoReading, match=f"^no interval rule for {name}$"):
        evaluator([add(1, call(name, X))], [X])


def test_arrays_have_no_reading() -> None:
    for text in ("sum(v)", "v[0]*v[1]"):
        with pytest.raises(NoReading):
            evaluator([parse(text, Scope({"v": symbol("v", (3,))})).node], [symbol("v", (3,))])
    with pytest.raises(NoReading):
        evaluator([parse("x*sum(arange(5))").node], [X])


def test_a_symbol_without_a_range_is_refused() -> None:
    with pytest.raises(KeyError, match="y"):
        evaluator([add(X, Y)], [X])


def test_shapes_of_what_comes_out() -> None:
    run = evaluator([X, number(3), multiply(X, Y), call("sqrt", Y)], [X, Y, Z])
    for count in (0, 1, 5):
        bounds, state = run(np.zeros((2, 3, count)))
        assert bounds.shape == (2, 4, count)
        assert state.shape == (4, count)
        assert state.dtype == np.int8
    bounds, state = evaluator([number(Fraction(1, 3))], [])(np.zeros((2, 0, 2)))
    assert bounds[0, 0, 0] < Fraction(1, 3) < bounds[1, 0, 1]
    assert evaluator([], [X])(np.zeros((2, 1, 4))).bounds.shape == (2, 0, 4)


def test_boxes_are_left_as_they_are() -> None:
    boxes = array_of([[(-1.0, 2.0), (0.0, INF)], [(1.0, 1.0), (-INF, 3.0)]])
    before = boxes.copy()
    run = evaluator([parse("x^2 + y*x - 3*sqrt(y) + abs(x)").node, X, negate(X)], [X, Y])
    first = run(boxes)
    np.testing.assert_array_equal(boxes, before)
    again = run(boxes)
    np.testing.assert_array_equal(first.bounds, again.bounds)
    np.testing.assert_array_equal(first.bounds[:, 1], boxes[:, 0])
    assert not np.signbit(evaluator([multiply(X, 0), X], [X])(np.zeros((2, 1, 1))).bounds).any()


def test_whole_exponents_allow_negative_bases() -> None:
    n = symbol("n", (), True)
    node = power(X, n)
    for base, exponents in (
        ((-3, -2), (1, 3)),
        ((-2, 3), (0, 4)),
        ((-2, 0), (-2, 2)),
        ((0, 2), (0, 2)),
        ((-2, -2), (3, 3)),
        ((-2, 3), (2, 2)),
    ):
        lower, upper, state = over(node, base, exponents, inputs=(X, n))
        for v in np.linspace(*base, 9):
            for k in range(exponents[0], exponents[1] + 1):
                if v or k >= 0:
                    assert lower <= Fraction(v) ** k <= upper
                else:
                    assert state != DEFINED
    assert over(node, (-2, 3), (2, 2), inputs=(X, n)) == (0, 9.000000000000002, DEFINED)
    assert over(node, (-2, -2), (3, 3), inputs=(X, n))[2] == DEFINED


def test_lambert_close_to_its_branch_point() -> None:
    x = interval_lambert.BELOW_BRANCH_POINT
    for _ in range(50):
        for name in ("lambertw", "lambertw_lower"):
            lower, upper, state = over(call(name, X), (x, x))
            value = balls.enclose([call(name, X)], {X: balls.between(x, x)}, BITS)[0]
            assert (state == NOWHERE) == value.empty
            assert_holds(lower, upper, state, value, (name, x))
            assert upper - lower < 1e-6 or state == NOWHERE
        x = math.nextafter(x, 0) if x > -0.3678794411714 else x + (x - interval_lambert.BELOW_BRANCH_POINT) + math.ulp(x)


def test_deep_expressions_need_no_recursion() -> None:
    node: Node = X
    for k in range(3000):
        node = call("sin", node) if k % 2 else multiply(add(node, 1), Fraction(1, 3))
    assert over(node, (0.0, 1.0))[2] == DEFINED


def test_names_and_memory_serve_again() -> None:
    node: Node = X
    for _ in range(500):
        node = call("sin", add(node, Y))
    assert compiled([node, X], [X, Y], _FLOATS).__code__.co_nlocals <= 4


def test_long_sums_and_products() -> None:
    many = [symbol(f"x{i}") for i in range(400)]
    total = add(*(power(s, 2) for s in many))
    bounds, _ = evaluator([total, *gradient(total, many)], many)(np.full((2, 400, 3), 0.5))
    assert (bounds[0, 0] <= 100).all()
    assert (bounds[1, 0] >= 100).all()
    assert (bounds[1, 0] - bounds[0, 0] < 1e-10).all()
    lower, upper, _ = over(multiply(*[add(X, 1)] * 70), (-2.0, 1.0))  # a power
    assert lower == 0
    assert 2.0**70 <= upper <= 2.0**70 * (1 + 1e-10)


def test_exponents_of_extreme_size() -> None:
    tiny = Fraction(1, 10**400)
    assert over(multiply(power(X, tiny), call("log", X)), (1.0, 2.0))[2] == DEFINED
    lower, upper, state = over(power(X, 10**400), (-0.5, 0.5))
    assert (lower, state) == (0, DEFINED)
    assert upper <= 1e-300
    assert over(power(X, 10**400 + 1), (-2.0, -2.0))[1] < -1e300


# ---- the processor -----------------------------------------------------------------------------------------------------


def test_this_processor_computes_as_assumed() -> None:
    assert processor_fault() is None


_ROUNDINGS = {"x86_64": {"upward": 0x800, "downward": 0x400, "to zero": 0xC00}}
_ROUNDINGS["aarch64"] = {"upward": 0x400000, "downward": 0x800000, "to zero": 0xC00000}
_ENVIRONMENT = {"x86_64": ("28, 4", 1 << 15, 1 << 6), "aarch64": ("0, 4", 1 << 24, 1 << 24)}
glibc_only = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or platform.machine() not in _ROUNDINGS, reason="how to set the processor is known for glibc only"
)


def fault_after(setting: str) -> str:
    """What a new interpreter says of the processor after a setting made through the C library."""
    code = (
        "import ctypes, ctypes.util\nimport numpy\nfrom optbench.arithmetic.interval_check import processor_fault\n"
        f"m = ctypes.CDLL(ctypes.util.find_library('m') or 'libm.so.6')\n{setting}\nprint(processor_fault())"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@glibc_only
@pytest.mark.parametrize("direction", ["upward", "downward", "to zero"])
def test_another_rounding_is_reported(direction: str) -> None:
    said = fault_after(f"m.fesetround({_ROUNDINGS[platform.machine()][direction]})")
    assert said == "The processor does not round to nearest, so that intervals can't be rounded outward."


@glibc_only
@pytest.mark.parametrize("which", [1, 2], ids=["results", "arguments"])
def test_flushing_to_zero_is_reported(which: int) -> None:
    place, bit = _ENVIRONMENT[platform.machine()][0], _ENVIRONMENT[platform.machine()][which]
    start, size = map(int, place.split(","))
    setting = (
        "b = ctypes.create_string_buffer(64); m.fegetenv(b); raw = bytearray(b.raw)\n"
        f"raw[{start}:{start + size}] = (int.from_bytes(raw[{start}:{start + size}], 'little') | {bit}).to_bytes({size}, 'little')\n"
        "m.fesetenv(ctypes.create_string_buffer(bytes(raw)))"
    )
    assert fault_after(setting) == "The processor flushes subnormal numbers to 0, so that intervals can't be rounded outward."
