"""Bounds by parts, logarithms taken apart, exponentials that decay, mirror images: random expressions against samples, and known minima."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optbench.arithmetic.floats import function
from optbench.exact import affine, bounds, decaying, logarithms, mirrored, recession, stage
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.cases import region_of
from optbench.exact.numbers.formula import as_float
from optbench.exact.region.signs import Region
from optbench.language.elaborate import parse
from optbench.language.graph import GraphError
from optbench.result import Assurance, Status
from tests.sampled import check, problem_of, same_number

SHAPES = (
    "({0})^2", "({0})^3", "abs({0})", "exp({0})", "-({0})", "cos({0})", "sin({0})", "sqrt(({0})^2 + 1)", "1/(({0})^2 + 2)",
    "tanh({0})", "2*({0}) - 1", "atan({0})", "log(({0})^2 + 1)", "({0}) + ({1})", "({0})*({1})", "({0}) - ({1})", "({0})/(2 + cos({1}))",
    "cos({0})*exp(-({1})^2)",
)  # fmt: skip
expressions = st.recursive(
    st.sampled_from(["x", "y", "x - 1", "x + 2*y", "1/2", "x^2 + y^2", "cos(x)", "exp(-y^2)"]),
    lambda inner: st.builds(lambda shape, a, b: shape.format(a, b), st.sampled_from(SHAPES), inner, inner),
    max_leaves=5,
)
ranges = st.sampled_from(["(-inf, inf)", "[0, inf)", "[-1, 2]", "(0, 3]", "(-inf, -1]"])


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions, ranges, ranges, st.integers(0, 10**6))
def test_bounds_hold_at_samples_and_equations_where_they_are_reached(source: str, x: str, y: str, seed: int) -> None:
    try:
        problem = problem_of(f"{source} + 0*x*y", x=x, y=y)
        found = bounds._Parts(region_of(problem)).of(problem.minimand)
    except (NotApplicable, GraphError):
        return
    value = function([problem.minimand], problem.symbols)
    random_ = random.Random(seed)
    for bound, side in ((found.low, 1), (found.high, -1)):
        if bound is None:
            continue
        level = as_float(bound.value)
        residuals = None if bound.when is None else function(list(bound.when), problem.symbols)
        for at in _points(problem.variables, random_):
            try:
                [f], distances = value(*at), [] if residuals is None else residuals(*at)
            except OverflowError:
                continue
            if not math.isfinite(f):
                continue
            assert side * (f - level) >= -1e-9 * max(1.0, abs(level)), (source, at, f, level)
            if residuals is not None and all(d == 0 for d in distances):
                assert f == pytest.approx(level, rel=1e-9, abs=1e-9), (source, at, f, level)


def _points(variables: object, source: random.Random) -> list[tuple[float, ...]]:
    ends = [v.ranges[0].floats for v in variables]  # type: ignore[attr-defined]
    clipped = [(max(low, -6.0), min(high, 6.0)) for low, high in ends]
    corners = [(a, b) for a in clipped[0] for b in clipped[1]]
    whole = [(float(a), float(b)) for a in range(-2, 4) for b in range(-2, 4)]
    inside = [p for p in whole if all(low < c < high for c, (low, high) in zip(p, ends, strict=True))]
    return corners + inside + [tuple(source.uniform(*c) for c in clipped) for _ in range(25)]


def proved(answer: ExactAnswer, value: str, count: int | None = None) -> None:
    assert (answer.assurance, answer.status) == (Assurance.EXACT, Status.OPTIMAL)
    assert answer.value_exact is not None
    assert same_number(answer.value_exact, value)
    assert count is None or (answer.complete and len(answer.solutions) == count)


@pytest.mark.parametrize(
    ("objective", "value", "count"),
    [
        ("-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)", "-1", 1),  # Easom
        ("-20*exp(-1/5*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2) + e + 20", "0", 1),  # Ackley
        ("20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)", "0", 1),  # Rastrigin
        ("(x^2 + y^2)/4000 - cos(x)*cos(y/sqrt(2)) + 1", "0", 1),  # Griewank
        ("x^2 + 2*y^2 - 3/10*cos(3*pi*x)*cos(4*pi*y) + 3/10", "0", 1),  # Bohachevsky
        ("1/2 + (sin(x^2 - y^2)^2 - 1/2)/(1 + (x^2 + y^2)/1000)^2", "0", 1),  # Schaffer
        ("sin(3*pi*x)^2 + (x - 1)^2*(1 + sin(3*pi*y)^2) + (y - 1)^2*(1 + sin(2*pi*y)^2)", "0", 1),  # Lévi
        ("2 - exp(-abs(x*y - 1)) - exp(-(x - y)^2)", "0", 2),
    ],
)
def test_known_functions_reach_their_bounds(objective: str, value: str, count: int | None) -> None:
    problem = problem_of(objective)
    answer = bounds.solve(problem)
    proved(answer, value, count)
    check(problem, answer)


@pytest.mark.parametrize(
    "objective",
    [
        "exp(-x^2) + y^2",  # 0 is not reached
        "x^2 - cos(x - 1) + y^2",  # not at the same point
        "sin(x)^2 + cos(x)^2 + y^2",
        "(x - y)^2 + (x + y - 1)^2 + (x - 2)^2",
        "cos(x)*cos(y)*(2 - exp(-x^2)) + y^2",  # 2 - exp is below 2 everywhere
        "x*y",
        "abs(x - y) - 2*cos(x + y)",  # at infinitely many points, which is left to others
    ],
)
def test_bounds_that_are_not_reached_are_no_minima(objective: str) -> None:
    with pytest.raises(NotApplicable):
        bounds.solve(problem_of(objective))


def test_a_root_and_what_it_nearly_cancels() -> None:
    """c*sqrt(a) + b with c^2*a = b^2 is 0 only where b has the other sign."""
    problem = problem_of("x + y", x="(0, inf)", y="[0, inf)")
    region = Region({v.symbol: v.ranges[0] for v in problem.variables})
    signs = {
        "sqrt(x^2 + y^2 + 1) - x": {1},
        "x - 1 - sqrt(x^2 + y^2)": {-1, 0, 1},
        "sqrt(x^2) + x": {1},
        "2*sqrt(x^2 + 1) - x": {1},
        "x - hypot(x, y)": {-1, 0},
    }
    x, y = (symbol.name for symbol in problem.symbols)
    assert (x, y) == ("x", "y")
    for source, expected in signs.items():
        assert expected <= set(region.signs(parse(source).node)) | ({0} if source.startswith("sqrt") else set()), source
        assert region.signs(parse(source).node) <= frozenset(expected), source


def test_roots_that_tend_to_their_asymptotes() -> None:
    answer = recession.solve(problem_of("sqrt(x^2 + y^2 + 1) - x"))
    assert (answer.status, answer.value_exact) == (Status.NOT_ATTAINED, "0")


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        ("x + y - log(x*y)", "2"),
        ("x^2 + y^2 - 2*log(x*y)", "2"),
        ("x + y - log(sqrt(x)*y^2)", "5/2 - 3/2*log(2)"),
        ("x + y^2/2 - log(x/exp(-y))", "1 - 1/2"),
    ],
)
def test_logarithms_of_products(objective: str, value: str) -> None:
    problem = problem_of(objective, x="(0, inf)", y="(0, inf)")
    answer = logarithms.solve(problem)
    proved(answer, value, 1)
    check(problem, answer)


def test_logarithms_of_products_of_any_sign_stay() -> None:
    with pytest.raises(NotApplicable):
        logarithms.solve(problem_of("x^2 + y^2 - log(x*y)"))


@pytest.mark.parametrize(
    ("objective", "value", "count"),
    [
        ("-(x^2 + 2*y^2)*exp(-x^2 - y^2)", "-2*exp(-1)", 2),
        ("x*y*exp(-x^2 - y^2)", "-exp(-1)/2", 2),
        ("-(x + y)/exp(x^2 + y^2)", "-exp(-1/2)", 1),
        ("(x^2 - y^2)*exp(-(x^2 + y^2)/2)", "-2*exp(-1)", 2),
        ("(x - 2*y)*exp(x*y - x^2 - y^2)", None, 1),
    ],
)
def test_polynomials_times_decaying_exponentials(objective: str, value: str | None, count: int) -> None:
    problem = problem_of(objective)
    answer = decaying.solve(problem)
    assert (answer.assurance, answer.complete, len(answer.solutions)) == (Assurance.EXACT, True, count)
    assert value is None or same_number(answer.value_exact or "", value)
    check(problem, answer)


@pytest.mark.parametrize(
    "objective",
    [
        "x*exp(-x^2 + y^2)",  # grows
        "x*y*exp(-(x - y)^2)",  # constant along a line
        "(x^2 + y^2)*exp(-x^2 - y^2)",  # not below 0: the minimum is no matter of decay
        "x*exp(-x^2) + y*exp(-y^2)",  # two exponentials
        "(1 + x^2)*exp(-x^2 - y^2)",
    ],
)
def test_what_does_not_decay_or_is_not_negative_is_not_applicable(objective: str) -> None:
    with pytest.raises(NotApplicable):
        decaying.solve(problem_of(objective))


@pytest.mark.parametrize(
    ("objective", "constraints", "value", "count"),
    [
        ("x^2 + y^2 + 1/(x^2*y^2)", [], "3", 4),
        ("x^2 + y + 1/(x^2*y)", [], "3", 2),
        ("x^4 + y^2 - abs(x)", ["x^2 + y^2 <= 4"], "-3/4*4^(-1/3)", 2),
    ],
)
def test_even_functions_have_mirror_images(objective: str, constraints: list[str], value: str, count: int) -> None:
    problem = problem_of(objective, *constraints, y="(0, inf)" if "+ y +" in objective else "(-inf, inf)")
    answer = mirrored.solve(problem)
    proved(answer, value, count)
    points = {tuple(sorted((s.exact or {}).items())) for s in answer.solutions}
    assert len(points) == count
    check(problem, answer)


@pytest.mark.parametrize(
    ("objective", "constraints"),
    [("x^3 + x*y", []), ("x^2 + y^3", ["x + y <= 1"]), ("x^2 + 1/(x - 1)^2 + (y - 1)^2", []), ("x^2*y", ["x^2 + x <= y"])],
)
def test_what_is_not_even_has_none(objective: str, constraints: list[str]) -> None:
    with pytest.raises(NotApplicable):
        mirrored.solve(problem_of(objective, *constraints))


@pytest.mark.parametrize(
    ("objective", "ranges", "value", "count"),
    [
        ("-(x^2 + y^2)*exp(-x - y)", {"x": "[0, inf)", "y": "[0, inf)"}, "-4*exp(-2)", 2),
        ("-x*y*exp(-x - 2*y)", {"x": "[0, inf)", "y": "[0, inf)"}, "-exp(-2)/2", 1),
        ("(x - y)*exp(-x - y)", {"x": "[1, inf)", "y": "[0, 5]"}, None, 1),
        ("-(x + y)*exp(-x^2 - y^2)", {"x": "[2, inf)", "y": "(-inf, inf)"}, None, 1),
        ("-(x + y)*exp(-y^2)", {"x": "[0, 1]", "y": "(-inf, inf)"}, None, 1),
    ],
)
def test_decay_between_ends(objective: str, ranges: dict[str, str], value: str | None, count: int) -> None:
    problem = problem_of(objective, **ranges)
    answer = decaying.solve(problem)
    assert (answer.assurance, answer.complete, len(answer.solutions)) == (Assurance.EXACT, True, count)
    assert value is None or same_number(answer.value_exact or "", value)
    check(problem, answer)


@pytest.mark.parametrize(
    ("objective", "ranges"),
    [
        ("-(x^2 + y^2)*exp(-x - y)", {"x": "(0, inf)", "y": "(0, inf)"}),  # least at ends that do not belong to it
        ("-x*y*exp(-x - y)", {"x": "[0, inf)", "y": "(-inf, inf)"}),  # grows
        ("-x*y*exp(-x)", {"x": "[0, inf)", "y": "[0, inf)"}),  # no decay in y
    ],
)
def test_no_decay_between_ends(objective: str, ranges: dict[str, str]) -> None:
    with pytest.raises(NotApplicable):
        decaying.solve(problem_of(objective, **ranges))


def test_linear_changes_between_ends() -> None:
    """McCormick's function: the minimum in x + y and x - y lies in the box."""
    problem = problem_of("sin(x + y) + (x - y)^2 - 3/2*x + 5/2*y + 1", x="[-3/2, 4]", y="[-3, 4]")
    answer = affine.solve(problem)
    proved(answer, "-sqrt(3)/2 - pi/3", 1)
    check(problem, answer)
    with pytest.raises(NotApplicable):  # there it lies outside
        affine.solve(problem_of("sin(x + y) + (x - y)^2 - 3/2*x + 5/2*y + 1", x="[0, 4]", y="[-3, 4]"))


@pytest.mark.parametrize(
    ("objective", "ends", "value"),
    [
        ("sin(x^2)", "(-inf, inf)", "-1"),
        ("sin(1/x)", "(0, 1)", "-1"),
        ("exp(sin(x^2))", "(-inf, inf)", "exp(-1)"),
        ("2 - cos(x) - cos(sqrt(2)*x)", "(-inf, inf)", "0"),  # at 0 only, though its values come near it again and again
    ],
)
def test_one_point_at_a_bound_is_a_minimum_where_stationary_points_have_no_end(objective: str, ends: str, value: str) -> None:
    answer = stage.solve(problem_of(objective, x=ends))
    assert (answer.status, answer.assurance, answer.value_exact) == (Status.OPTIMAL, Assurance.EXACT, value)
    assert not answer.complete


def test_a_bound_that_is_reached_outside_of_the_range_only_is_no_minimum() -> None:
    with pytest.raises(NotApplicable):
        bounds.solve(problem_of("2 - cos(x) - cos(sqrt(2)*x)", x="(0, inf)"))
