"""The pieces of certification, each against a second way: dense samples, eigenvalues, exact numbers, 60 digits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from certificates import asked
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from random_problems import RANGES, evaluated, problem, written

from optbench.arithmetic.balls import compare, decide, enclose, exactly
from optbench.certify.attained import attained
from optbench.certify.boxes import Batch, Pool
from optbench.certify.curvature import krawczyk, positive_definite, quadratic_bound, tangent_bound
from optbench.certify.feasible import Feasible, as_it_is, feasible_near, multipliers_at
from optbench.certify.linear_forms import baumann_point, cut, least_terms, lower_bound, middle, offsets
from optbench.certify.minimisers import clusters
from optbench.certify.model import Model, least_whole, outward
from optbench.certify.record import Record
from optbench.certify.reductions import T, in_entries, peeled, separated
from optbench.certify.stage import PRECISION
from optbench.language.build import add, number, substitute
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Node, Number, symbols
from optbench.problem.problem import Problem
from optbench.verify import forms
from optbench.verify.ranges import Range, Refused

INF = math.inf


@pytest.fixture(autouse=True)
def as_in_a_search() -> Iterator[None]:
    """Infinite ends make nan on the way to bounds; that is provided for."""
    with np.errstate(all="ignore"):
        yield


def model_of(objective: str, *constraints: str, whole: Sequence[str] = (), **ranges: str) -> Model:
    with ctx.workprec(PRECISION):
        return Model(in_entries(asked(objective, *constraints, whole=whole, **ranges)))


# ---- mean-value forms ------------------------------------------------------------------------------------------------

sizes = st.integers(1, 3)
numbers = st.one_of(st.integers(-8, 8).map(float), st.floats(-10, 10), st.sampled_from([0.0, 1e-300, -1e-300, 1e150, -1e150, 1e-16]))


@st.composite
def linear(draw: st.DrawFn) -> tuple[Any, Any, Any, Any]:
    """A box with a point in it, slopes with some of them chosen, and the value at the point."""
    n = draw(sizes)
    ends = [sorted((draw(numbers), draw(numbers))) for _ in range(n)]
    slopes = [sorted((draw(numbers), draw(numbers))) for _ in range(n)]
    centre = [draw(st.sampled_from((low, high, min(max(low / 2 + high / 2, low), high)))) for low, high in ends]
    return np.array(ends).T[:, :, None], np.array(slopes).T[:, :, None], np.array(centre)[:, None], draw(numbers)


def linear_value(slopes: Sequence[float], x: Sequence[float], centre: Any, value: float) -> Fraction:
    """value + g*(x - c), exactly."""
    moves = (Fraction(g) * (Fraction(a) - Fraction(float(c))) for g, a, c in zip(slopes, x, centre[:, 0], strict=True))
    return Fraction(value) + sum(moves)


def corners(array: Any) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = [()]
    for low, high in array[:, :, 0].T.tolist():
        found = [(*c, v) for c in found for v in {low, high}]
    return found


@given(linear())
@settings(max_examples=300, deadline=None)
def test_a_linear_form_is_bounded_below(case: tuple[Any, Any, Any, float]) -> None:
    box, slopes, centre, value = case
    bound = float(lower_bound(np.array([value]), least_terms(slopes, offsets(box, centre)))[0])
    least = min(linear_value(g, x, centre, value) for g in corners(slopes) for x in corners(box))
    assert bound == -INF or Fraction(bound) <= least
    assert bound == -INF or Fraction(bound) >= least - Fraction(1, 10**12) * (1 + abs(least) + magnitude(box, slopes))


def magnitude(box: Any, slopes: Any) -> Fraction:
    return sum(
        (Fraction(float(np.abs(slopes[:, i]).max())) * Fraction(float(np.abs(box[:, i]).max())) * 4 for i in range(box.shape[1])),
        Fraction(0),
    )


@given(linear(), numbers)
@settings(max_examples=300, deadline=None)
def test_a_cut_keeps_all_points_at_which_a_form_can_be_small(case: tuple[Any, Any, Any, float], most: float) -> None:
    """By the search, and by the checker, at corners and at points that are drawn."""
    box, slopes, centre, value = case
    left = cut(np.array([value]), slopes, box, centre, most)
    with ctx.workprec(128):
        pairs, point = box[:, :, 0].T.tolist(), centre[:, 0].tolist()
        g = [forms.interval(*ends) for ends in slopes[:, :, 0].T.tolist()]
        kept = forms.kept(forms.interval(value, value).lower, g, pairs, point, forms.interval(most, most).lower)
    source = random.Random(str(case))
    drawn = [[source.uniform(*ends) if ends[0] < ends[1] else ends[0] for ends in pairs] for _ in range(8)]
    for x in (*corners(box), *(tuple(min(max(a, low), high) for a, (low, high) in zip(d, pairs, strict=True)) for d in drawn)):
        if any(linear_value(s, x, centre, value) <= Fraction(most) for s in corners(slopes)):
            assert not left.empty[0]
            assert all(low <= a <= high for a, low, high in zip(x, *left.box[:, :, 0], strict=True))
            assert all(k is not None and bool(k.lower <= a) and bool(k.upper >= a) for a, k in zip(x, kept, strict=True))


@given(linear())
@settings(max_examples=200, deadline=None)
def test_the_centre_of_baumann_is_in_the_box_and_not_worse(case: tuple[Any, Any, Any, float]) -> None:
    box, slopes, _, _ = case
    best = baumann_point(slopes, box)
    assert (box[0] <= best).all()
    assert (best <= box[1]).all()
    bounds = [lower_bound(np.zeros(1), least_terms(slopes, offsets(box, c)))[0] for c in (best, middle(box))]
    assert bounds[0] >= bounds[1] * (1 + 1e-9) - 1e-9 or np.abs(slopes).max() == 0 or not np.isfinite(bounds).all()


def test_a_point_of_an_infinite_box_is_finite() -> None:
    box = np.array([[[-INF, -INF, 3.0, 1e308, -1e308]], [[INF, -2.0, INF, INF, 1e308]]])
    assert np.isfinite(middle(box)).all()
    assert ((box[0] <= middle(box)) & (middle(box) <= box[1])).all()


@pytest.mark.parametrize("seed", range(5))
def test_bounds_by_slopes_tangents_and_curvature_hold_samples(seed: int) -> None:
    """f = c + g*d + d*H*d/2 itself, with entries that vary: any of them is above the bounds."""
    source = np.random.default_rng(seed)
    for _ in range(100):
        n = source.integers(1, 4)
        box = np.sort(source.normal(0, 2, (2, n)), axis=0)[:, :, None]
        centre = box[0] + (box[1] - box[0]) * source.random((n, 1))
        middle_, radius = source.normal(0, 1, (n, n)), source.random((n, n)) * source.choice([0, 0.1, 1])
        symmetric = np.stack([middle_ + middle_.T - radius - radius.T, middle_ + middle_.T + radius + radius.T])[..., None]
        slope = np.sort(source.normal(0, 1, (2, n)), axis=0)[:, :, None]
        bound = quadratic_bound(np.zeros(1), slope, symmetric, box, centre)[0]
        by_tangent = tangent_bound(np.zeros(1), slope, box, centre)[0]
        convex = positive_definite(symmetric, np.ones((n, 1), bool))[0]
        with ctx.workprec(128):
            entries = [[forms.interval(*symmetric[:, i, j, 0].tolist()) for j in range(n)] for i in range(n)]
            slopes = [forms.interval(*slope[:, i, 0].tolist()) for i in range(n)]
            pairs, at = box[:, :, 0].T.tolist(), centre[:, 0].tolist()
            in_balls = forms.quadratic_bound(forms.interval(0.0, 0.0), slopes, entries, pairs, at)
            assert forms.positive_definite(entries, list(range(n))) or not convex
        for _ in range(40):
            x = box[0, :, 0] + (box[1, :, 0] - box[0, :, 0]) * source.integers(0, 3, n) / 2
            d = x - centre[:, 0]
            t = source.random((n, n))
            h = symmetric[0, ..., 0] + (symmetric[1] - symmetric[0])[..., 0] * (t + t.T) / 2
            g = slope[0, :, 0] + (slope[1] - slope[0])[:, 0] * source.random(n)
            value = g @ d + d @ h @ d / 2
            assert bound <= value + 1e-12
            assert float(in_balls) <= value + 1e-12
            assert not convex or by_tangent <= value + 1e-12


# ---- positive definite matrices --------------------------------------------------------------------------------------


def interval_matrix(matrix: Any, radius: float = 0.0) -> Any:
    return np.stack([matrix - radius, matrix + radius])[..., None]


def definite(matrix: Any, radius: float = 0.0) -> tuple[bool, bool]:
    """What the search says, and what the checker says."""
    n = len(matrix)
    found = interval_matrix(matrix, radius)
    with ctx.workprec(128):
        entries = [[forms.interval(*found[:, i, j, 0].tolist()) for j in range(n)] for i in range(n)]
        return bool(positive_definite(found, np.ones((n, 1), bool))[0]), forms.positive_definite(entries, list(range(n)))


@pytest.mark.parametrize("n", [1, 2, 3, 6, 15])
def test_matrices_are_definite_where_eigenvalues_are_positive(n: int) -> None:
    source = np.random.default_rng(n)
    for _ in range(40):
        q, _ = np.linalg.qr(source.normal(size=(n, n)))
        values = 10 ** source.uniform(-1, 1, n) * 10 ** source.uniform(-200, 100)
        matrix = (q * values) @ q.T
        matrix = (matrix + matrix.T) / 2
        assert definite(matrix) == (True, True)
        assert definite(matrix, 0.01 * values.min() / n) == (True, True)
        negative = (q * np.where(np.arange(n) == 0, -values, values)) @ q.T
        assert definite((negative + negative.T) / 2) == (False, False)
        assert definite(matrix, 1.01 * values.max() + abs(matrix).max()) == (False, False)


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.0]],
        [[-1e-300]],
        [[1.0, 1.0], [1.0, 1.0]],
        [[1.0, 1.0 + 1e-15], [1.0 + 1e-15, 1.0]],
        [[1e300, 1.0], [1.0, 0.5e-300]],
        [[1e-300, 1e-300], [1e-300, 1e-300]],
        [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 6.0, 9.0]],
        [[1.0, 0.0, 0.9], [0.0, 1.0, 0.9], [0.9, 0.9, 1.0]],
        [[INF, 0.0], [0.0, 1.0]],
    ],
)
def test_singular_and_indefinite_matrices_are_not_definite(matrix: list[list[float]]) -> None:
    assert definite(np.array(matrix)) == (False, False)


def test_an_interval_matrix_with_one_singular_member_is_not_definite() -> None:
    """[1, a; a, 1] with a up to 1: the corner is singular, all others are not."""
    low, high = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 1.0], [1.0, 1.0]])
    assert not positive_definite(np.stack([low, high])[..., None], np.ones((2, 1), bool))[0]
    with ctx.workprec(128):
        assert not forms.positive_definite([[forms.interval(low[i, j], high[i, j]) for j in range(2)] for i in range(2)], [0, 1])


def test_coordinates_that_are_held_do_not_count() -> None:
    matrix = interval_matrix(np.array([[1.0, 5.0], [5.0, -3.0]]))
    assert positive_definite(matrix, np.array([[True], [False]]))[0]
    assert not positive_definite(matrix, np.array([[True], [True]]))[0]


# ---- Newton tests ----------------------------------------------------------------------------------------------------

SYSTEMS: list[tuple[Callable[[Any], Any], Callable[[Any, Any], Any], int]] = [  # f, an enclosure of f' over a box, unknowns
    (lambda x: x**2 - 2, lambda low, high: np.array([[[2 * low[0]]], [[2 * high[0]]]]), 1),
    (lambda x: x**3, lambda low, high: np.array([[[3 * max(0, low[0], -high[0]) ** 2]], [[3 * max(-low[0], high[0]) ** 2]]]), 1),
    (
        lambda x: np.array([x[0] + x[1] ** 2 - 1, x[0] - x[1]]),
        lambda low, high: np.array([[[1, 2 * low[1]], [1, -1]], [[1, 2 * high[1]], [1, -1]]]),
        2,
    ),
]
ROOTS = [[(2**0.5,), (-(2**0.5),)], [(0.0,)], [((5**0.5 - 1) / 2,) * 2, (-(5**0.5 + 1) / 2,) * 2]]


@pytest.mark.parametrize("k", range(3))
def test_newton_tests_find_exactly_the_roots(k: int) -> None:
    """No root is cut off, emptiness means none, and a unique one is there."""
    f, slopes, n = SYSTEMS[k]
    source = np.random.default_rng(k)
    seen = set()
    for _ in range(400):
        low = source.uniform(-3, 3, n)
        high = low + 10 ** source.uniform(-6, 0.7, n)
        if source.random() < 0.5:
            root, width = ROOTS[k][source.integers(len(ROOTS[k]))], 10 ** source.uniform(-12, -1)
            low, high = np.array(root) - width * source.random(n), np.array(root) + width * source.random(n)
        centre = low + (high - low) * source.random(n)
        value = f(centre) * np.ones(n)
        room = 1e-13 * (1 + np.abs(value))
        step = krawczyk(
            np.stack([value - room, value + room])[..., None],
            slopes(low, high)[..., None].astype(float),
            np.stack([low, high])[..., None],
            centre[:, None],
            np.ones((n, 1), bool),
        )
        inside = [r for r in ROOTS[k] if (low < r).all() and (high > r).all()]
        if step.empty[0]:
            seen.add("empty")
            assert not inside
        if step.unique[0]:
            seen.add("unique")
            assert len(inside) == 1
        for root in inside:
            assert (step.box[0, :, 0] <= root).all()
            assert (step.box[1, :, 0] >= root).all()
    assert seen >= ({"empty"} if k == 1 else {"empty", "unique"})


def test_a_singular_matrix_says_nothing() -> None:
    """Of x^2 + 2*x*y + y^2 the stationary points are a line; an inverse in doubles is garbage."""
    hessian = np.full((2, 2, 2), 2.0)[..., None] * (1 + np.array([0, 1e-16])).reshape(2, 1, 1, 1)
    box = np.array([[[-1.0], [-1.0]], [[1.0], [1.0]]])
    step = krawczyk(np.zeros((2, 2, 1)) + 0.1, hessian, box, np.array([[0.1], [-0.05]]), np.ones((2, 1), bool))
    assert not step.unique[0]
    assert not step.empty[0]
    assert (step.box == box).all()


# ---- feasible points -------------------------------------------------------------------------------------------------

CONSTRAINED = [
    ("x + y", ["x^2 + y^2 <= 1"], [0.8, 0.7]),
    ("x + y", ["x^2 + y^2 <= 1", "x >= y^2"], [-0.1, 0.2]),
    ("x + y", ["x^2 + y^2 == 1"], [0.8, 0.7]),
    ("x + y", ["x^2 + y^2 == 1", "x == y"], [0.8, 0.7]),
    ("x + y", ["x^2 + y^2 == 1", "x >= 3/5"], [0.6, -0.8]),
    ("x + y", ["exp(x) + y == 2", "sin(y) <= 1/2"], [0.3, 0.6]),
    ("x*y*z", ["x*y*z >= 1/2", "x + y + z == 3"], [1.0, 1.1, 0.95]),
    ("x + y", ["x < 1/10", "x >= 0"], [0.1, 0.5]),
    ("log(x) + y", ["sqrt(x) >= y"], [0.0, 0.5]),
]


@pytest.mark.parametrize(("objective", "constraints", "near"), CONSTRAINED)
def test_points_that_are_proved_feasible_are(objective: str, constraints: list[str], near: list[float]) -> None:
    """A point to 60 digits; of a solution of equations, exactly one lies in the box: Newton's method finds it."""
    names = ["x", "y", "z"][: len(near)]
    model = model_of(objective, *constraints, **dict.fromkeys(names, "[-2, 2]"))
    source, found = random.Random(1), 0
    for _ in range(20):
        x = np.array([c + source.choice((0, 1e-9, 1e-3)) * source.uniform(-1, 1) for c in near])
        point = feasible_near(model, x)
        if point is None:
            continue
        found += 1
        exact = solution_in(model, point)
        at = {s: exactly(v, 200) for s, v in zip(model.symbols, exact, strict=True)}
        for k, constraint in enumerate(model.problem.constraints, 1):
            if k in point.equations:
                [residual] = enclose([model.functions[k]], at, 200)
                assert abs(float(residual.lower)) < 1e-50
            else:
                assert decide(constraint.condition, at, 200) is True
        assert enclose([model.functions[0]], at, 200)[0].lower <= point.upper
    assert found >= 10


def solution_in(model: Model, found: Feasible) -> list[Fraction]:
    """The point, or the solution of its equations, by Newton's method with rational numbers of 60 digits."""
    x = [Fraction(float(low)) / 2 + Fraction(float(high)) / 2 for low, high in found.box.T]
    if not found.equations:
        assert (found.box[0] == found.box[1]).all()
        return x
    with mpmath.workdps(70):

        def residuals(*moving: Any) -> list[Any]:
            at = {s: exactly(v, 300) for s, v in zip(model.symbols, x, strict=True)}
            for i, m in zip(found.coordinates, moving, strict=True):
                at[model.symbols[i]] = exactly(rational(m), 300)
            return [mpmath.mpf(e.lower.str(75, radius=False)) for e in enclose([model.functions[k] for k in found.equations], at, 300)]

        start = [mpmath.mpf(x[i].numerator) / x[i].denominator for i in found.coordinates]
        root = [mpmath.findroot(lambda m: residuals(m)[0], start[0])] if len(start) == 1 else mpmath.findroot(residuals, start, tol=1e-100)
        for i, r in zip(found.coordinates, root, strict=True):
            x[i] = rational(r)
            assert Fraction(float(found.box[0, i])) - Fraction(1, 10**40) <= x[i] <= Fraction(float(found.box[1, i])) + Fraction(1, 10**40)
    return x


def rational(x: Any) -> Fraction:
    """A number of mpmath, exactly."""
    mantissa, exponent = x.man_exp
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent) * (-1 if x < 0 < mantissa else 1)


@pytest.mark.parametrize(
    ("constraints", "x", "holds"),
    [
        (["x^2 == 2"], [2**0.5], False),
        (["x^2 == 4"], [2.0], True),
        (["x < 1"], [1.0], False),
        (["x <= 1"], [1.0], True),
        (["sqrt(x) <= 0"], [0.0], True),
        (["log(x) <= 0"], [0.0], False),
        (["10*x == 1"], [0.1], False),
    ],
)
def test_a_point_as_it_is(constraints: list[str], x: list[float], holds: bool) -> None:
    assert (as_it_is(model_of("x", *constraints, x="[-5, 5]"), np.array(x)) is not None) is holds


def test_points_outside_of_open_and_irrational_ranges_are_not_feasible() -> None:
    assert as_it_is(model_of("x", x="(0, 1]"), np.array([0.0])) is None
    assert as_it_is(model_of("x", x="[pi, 4]"), np.array([math.pi])) is None  # the double is below pi
    assert as_it_is(model_of("x", x="[pi, 4]"), np.array([math.nextafter(math.pi, 4)])) is not None
    assert as_it_is(model_of("x", x="[-inf, inf]"), np.array([INF])) is None


def test_multipliers_have_the_right_sign_and_nothing_left() -> None:
    model = model_of("(x - 5)^2 + y^2", "x^2 <= y", "x >= -3", "x + y == 1 + x^2", x="[-9, 9]", y="[-9, 9]")
    found = multipliers_at(model, np.array([1.0, 1.0]))
    assert (found[~model.equality] >= 0).all()
    assert found[1] == 0


# ---- ranges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end", ["0", "1/3", "-2/7", "pi", "-exp(1)", "sqrt(2)/10^9", "10^400", "-10^400", "1/10^400", "2^53 + 1", "1e-320"]
)
def test_ends_lie_between_neighbours(end: str) -> None:
    node = parse(end).node
    with ctx.workprec(PRECISION):
        low, high = outward(node)
    assert high in (low, math.nextafter(low, INF))
    for side, near in ((1, low), (-1, high)):
        assert math.isinf(near) or compare(node, number(Fraction(near))) in (0, side)
    given = {"lower": end, "upper": "inf", "lower_closed": True, "upper_closed": False, "integer": False}
    assert Range(given).sides[0] == (low, high)


@given(st.fractions(-50, 50, max_denominator=40), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whole_numbers_begin_at_the_first_one(end: Fraction, closed: bool) -> None:
    first = math.ceil(end) + (not closed and end == math.ceil(end))
    with ctx.workprec(PRECISION):
        assert least_whole(number(end), closed) == first
    given = {"lower": str(end), "upper": "inf", "lower_closed": closed, "upper_closed": False, "integer": True}
    assert Range(given).sides[0] == (first, first)
    mirrored = {"lower": "-inf", "upper": str(-end), "lower_closed": False, "upper_closed": closed, "integer": True}
    assert Range(mirrored).sides[1] == (-first, -first)


@pytest.mark.parametrize("lower", ["sin(pi)", "2*sin(pi/4)^2 - 1", "log(0)", "inf"])
def test_ends_that_are_not_known_are_refused_by_the_checker(lower: str) -> None:
    with pytest.raises(Refused, match="range"):
        _ = Range({"lower": lower, "upper": "inf", "lower_closed": False, "upper_closed": False, "integer": False}).sides


# ---- taking problems apart -------------------------------------------------------------------------------------------


OUTER = [  # objective, F(t), g
    ("exp(x^2 + 1)", "exp(t + 1)", "x^2"),
    ("-log(1 + x^2)", "-log(-t + 1)", "-x^2"),
    ("3*sqrt(x + y^2)/2 - 1", "3*sqrt(t)/2 - 1", "x + y^2"),
    ("(x - y)^3", "t^3", "x - y"),
    ("(x - y)^(1/2)", "t^(1/2)", "x - y"),
    ("acos(x*y)", "acos(-t)", "-(x*y)"),
    ("atan(exp(x) - y)", "atan(t)", "exp(x) - y"),
    ("erfc(x^2)", "erfc(-t)", "-x^2"),
    ("(x - y)^2", "t", "(x - y)^2"),
    ("abs(x)", "t", "abs(x)"),
    ("1/(x^2 + 1)", "t", "1/(x^2 + 1)"),
    ("floor(x)", "t", "floor(x)"),
    ("x*y", "t", "x*y"),
]


@pytest.mark.parametrize(("objective", "outer", "inner"), OUTER)
def test_what_is_peeled_is_the_function_again_and_rises(objective: str, outer: str, inner: str) -> None:
    problem_ = in_entries(asked(objective))
    shell, rest = peeled(problem_)
    known = Scope({"t": T})  # type: ignore[dict-item]
    assert shell is parse(outer, known).node
    assert rest.objective is parse(inner, Scope({s.name: s for s in problem_.symbols})).node
    assert_same_function(problem_.objective, substitute(shell, {T: rest.objective}), problem_)
    assert_rises(shell, outer)


def assert_same_function(one: Node, other: Node, problem_: Problem) -> None:
    source = random.Random(str(one))
    for _ in range(40):
        at = {s: exactly(Fraction(source.randint(-40, 40), 16), 200) for s in problem_.symbols}
        a, b = enclose([one, other], at, 200)
        assert a.empty == b.empty
        assert a.empty or (a.lower <= b.upper and b.lower <= a.upper)


def assert_rises(shell: Node, what: str) -> None:
    values = [enclose([shell], {T: exactly(Fraction(k, 16), 200)}, 200)[0] for k in range(-64, 65)]
    defined = [v for v in values if v.everywhere]
    assert len(defined) >= 2, what
    assert all(a.upper < b.lower for a, b in pairwise(defined)) or shell is T


def test_the_domain_of_an_outer_function_becomes_a_constraint() -> None:
    _, rest = peeled(in_entries(asked("log(sqrt(x - y))")))
    assert [str(c.condition) for c in rest.constraints] == ["sqrt(x - y) > 0", "x - y >= 0"]


@pytest.mark.parametrize("seed", range(3))
def test_random_problems_taken_apart_are_the_same(seed: int) -> None:
    source = random.Random(seed)
    apart = 0
    for _ in range(60):
        drawn = problem(source)
        try:
            whole = in_entries(
                asked(written(drawn.objective), *map(str, drawn.constraints), **{n: str(r) for n, r in drawn.ranges.items()})
            )
        except Exception:  # what is no problem at all
            continue
        shell, rest = peeled(whole)
        assert_same_function(whole.objective, substitute(shell, {T: rest.objective}), whole)
        pieces = separated(rest)
        apart += len(pieces) > 1
        assert_same_function(rest.objective, add(*(p.objective for p in pieces)), whole)
        assert sorted(s.name for p in pieces for s in p.symbols) == sorted(s.name for s in whole.symbols)
        assert sum(len(p.constraints) for p in pieces) == len(rest.constraints)
        for piece in pieces:
            assert set(symbols(piece.objective, *(c.condition for c in piece.constraints))) <= set(piece.symbols)
    assert apart


# ---- whether there is a minimum --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "constraints", "range_", "box", "there"),
    [
        ("x^2", [], "[-1, 1]", (-0.1, 0.1), True),
        ("x", [], "(0, 1]", (0.0, 0.1), False),
        ("x", [], "(0, 1]", (0.1, 0.2), True),
        ("x", [], "(pi, 4]", (math.pi, 3.2), False),
        ("-x", [], "[0, 1)", (0.5, 1.0), False),
        ("sqrt(x)", [], "[-1, 1]", (-0.1, 0.1), True),
        ("log(x)", [], "[-1, 1]", (-0.1, 0.1), False),
        ("1/x", [], "[-1, 1]", (-0.1, 0.1), False),
        ("floor(x)", [], "[-1, 1]", (-0.1, 0.1), False),
        ("floor(x)", [], "[-1, 1]", (0.1, 0.2), True),
        ("x", ["x > 0"], "[-1, 1]", (-0.1, 0.1), False),
        ("x", ["x > 0"], "[-1, 1]", (0.1, 0.2), True),
        ("x", ["x >= 0"], "[-1, 1]", (-0.1, 0.1), True),
        ("x", [], "(-inf, inf)", (5.0, INF), False),
        ("if(x > 0, x, 1)", [], "[-1, 1]", (-0.1, 0.1), False),
    ],
)
def test_whether_an_infimum_is_attained(objective: str, constraints: list[str], range_: str, box: tuple[float, float], there: bool) -> None:
    model = model_of(objective, *constraints, x=range_)
    assert attained(model, Batch.whole(np.array([[box[0]], [box[1]]]))) is there


# ---- clusters, pools, records ----------------------------------------------------------------------------------------


def test_boxes_that_touch_are_one_cluster() -> None:
    model = model_of("(x^2 - 1)^2", x="[-2, 2]")
    boxes = np.array([[-1.001, -1.0, 0.999, 1.0], [-1.0, -0.999, 1.0, 1.001]])[:, None, :]
    left = Batch(boxes, np.zeros(4), np.zeros((1, 4), bool), np.zeros(4, bool), np.arange(4))
    found = clusters(model, left, isolated=True)
    assert [c.box[:, 0].tolist() for c in found] == [[-1.001, -0.999], [0.999, 1.001]]
    assert [(c.unique, c.stationary) for c in found] == [(True, True)] * 2
    assert len(clusters(model, left, isolated=False)) == 1


def test_two_whole_numbers_are_no_one_minimiser() -> None:
    model = model_of("(x - 1/2)^2", whole=["x"], x="[-3, 3]")
    left = Batch.whole(np.array([[0.0], [1.0]]))
    assert [c.unique for c in clusters(model, left, isolated=False)] == [False]


def test_a_pool_gives_the_least_first_and_loses_nothing() -> None:
    source = np.random.default_rng(1)
    pool, n = Pool(2), 100
    for _ in range(3):
        pool.add(Batch(source.random((2, 2, n)), source.random(n), np.zeros((2, n), bool), np.zeros(n, bool), np.arange(n)))
    assert (len(pool), pool.least_bound) == (300, pool.boxes.bound.min())
    taken = pool.take(50)
    assert taken.bound.max() <= pool.boxes.bound.min()
    assert (taken.count, len(pool), pool.take_all().count, len(pool)) == (50, 250, 250, 0)


def test_a_record_gives_up_as_a_whole() -> None:
    record = Record()
    record.note("split", np.arange(3), {"coordinate": np.zeros(3, int)})
    assert [line[0] for line in record.boxes()] == [0, 1, 2]
    record.give_up("why")
    record.give_up("another reason")
    record.note("split", np.arange(3), {})
    assert (record.given_up, list(record.boxes())) == ("why", [])


# ---- models ----------------------------------------------------------------------------------------------------------


def test_random_models_enclose_samples() -> None:
    """Values of all functions, by another evaluation, in boxes of the range."""
    source = random.Random(3)
    looked = 0
    while looked < 60:
        drawn = problem(source, 2)
        drawn = drawn._replace(
            ranges={n: source.choice([r for r in RANGES if abs(r.low) + abs(r.high) < INF]) for n in drawn.ranges}, constraints=[]
        )
        try:
            model = model_of(written(drawn.objective), **{n: str(r) for n, r in drawn.ranges.items()})
        except Exception:  # what is no problem, or has no intervals
            continue
        looked += 1
        points = np.stack([np.array([source.uniform(r.low, r.high) for r in drawn.ranges.values()]) for _ in range(50)], axis=1)
        boxes = np.stack([points - 0.1, points + 0.1])
        found = model.values(boxes)
        values = np.broadcast_to(evaluated(drawn.objective, dict(zip(drawn.ranges, points, strict=True))), 50)
        room = 1e-9 * (1 + np.abs(values))
        inside = (found.bounds[0, 0] - room <= values) & (values <= found.bounds[1, 0] + room)
        assert (inside | np.isnan(values)).all(), drawn
        assert not any(isinstance(f, Number) for f in model.functions) or len(model.functions) == 1
