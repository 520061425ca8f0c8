"""Every method: that it finds known minima, ends by itself, stays inside the bounds, and says honestly what happened.

Register it and it is tested: most tests go over all methods of the folder. What a paper publishes, or SciPy computes in
another way, is compared in the tests at the end.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.errors import UsageError
from optbench.methods.bracket import Bracket, bracket
from optbench.methods.conjugate_gradient import Arc, good_step
from optbench.methods.conjugate_gradient import direction as direction_of_hager_and_zhang
from optbench.methods.coordinate_descent import Place as Along
from optbench.methods.coordinate_descent import vertex
from optbench.methods.lbfgs import Pair, restricted, two_loops
from optbench.methods.levenberg_marquardt import Damping
from optbench.methods.method import NOT_DEFINED_AT_START, Facts, Outcome, Scope, projected_gradient
from optbench.methods.nelder_mead import NelderMeadOptions, Vertex, descend, restarted, simplex_gradient
from optbench.methods.newton import direction
from optbench.methods.options import describe, read_options
from optbench.methods.random_search import scattered, widths
from optbench.methods.registry import get, methods, names
from optbench.methods.simulated_annealing import Walker, adjusted
from optbench.methods.space import Euclidean, Line, Space

OWN = [name for name in names() if get(name).library is None and not get(name).linear_residuals_only]
ANY_FUNCTION = [name for name in OWN if "residuals" not in get(name).uses]
LOCAL = [name for name in OWN if get(name).scope is Scope.LOCAL]  # they come near to a minimum, and say so
GLOBAL = [name for name in OWN if get(name).scope is Scope.GLOBAL]  # they go over the whole range, and what they find is rough
SEVERAL = [name for name in OWN if not get(name).one_variable_only]
WITHOUT_DERIVATIVES = [name for name in SEVERAL if get(name).uses == {"value"}]
SECOND_ORDER = ["newton", "bfgs", "lbfgs", "levenberg-marquardt"]
FIRST_ORDER = ["conjugate-gradient", "barzilai-borwein", "nesterov", "coordinate-descent"]  # quick enough for narrow valleys
SLOW_AND_STEADY: dict[str, dict[str, Any]] = {  # what suits the small problems here
    "momentum": {"step": 0.01},
    "adam": {"step": 0.05},
    "sgd": {"epochs": 3000},
    "random-search": {"samples": 3000},
    "simulated-annealing": {"cooling": 0.6},
}
LIMIT = 60_000  # evaluations of one run


@pytest.fixture(autouse=True)
def overflow_is_no_error() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


class Stop(Exception):
    """What an engine raises through an evaluation."""


@dataclass
class Function:
    """An objective as an engine would make it: counts, limits, and refuses points outside of the bounds."""

    f: Callable[[Any], float]
    g: Callable[[Any], Any]
    h: Callable[[Any], Any]
    space: Space
    lower: Any = None
    upper: Any = None
    tolerance: float = 1e-8
    small: float = 1e-7  # projected gradient of a stationary point
    limit: int = LIMIT
    evaluations: int = 0
    r: Callable[[Any], Any] | None = None  # residuals, where f is a sum of squares and perhaps a constant
    j: Callable[[Any], Any] | None = None
    seed: int = 0
    rows: int = 3  # each of them a third of f

    def __post_init__(self) -> None:
        self.lower = self.space.full(-math.inf) if self.lower is None else self.lower
        self.upper = self.space.full(math.inf) if self.upper is None else self.upper
        self.seen: list[Any] = []

    def value(self, x: Any) -> float:
        self._count(x)
        self.seen.append(x)
        return float(self.f(x))

    def gradient(self, x: Any) -> Any:
        self._count(x)
        return self.g(x)

    def batch_gradient(self, x: Any, rows: Any) -> Any:
        assert 0 < len(rows) <= self.rows
        return self.gradient(x)

    def hessian(self, x: Any) -> Any:
        self._count(x)
        return self.h(x)

    def residuals(self, x: Any) -> Any:
        assert self.r is not None
        self._count(x)
        self.seen.append(x)
        return np.array(self.r(x), dtype=float)

    def residual_jacobian(self, x: Any) -> Any:
        assert self.j is not None
        self._count(x)
        return np.array(self.j(x), dtype=float)

    def project(self, x: Any) -> Any:
        return self.space.clip(x, self.lower, self.upper)

    def is_stationary(self, x: Any, value: float, gradient: Any) -> bool:
        return self.space.max_abs(projected_gradient(self, x, gradient)) <= self.small

    def random(self) -> random.Random:
        return random.Random(self.seed)

    def _count(self, x: Any) -> None:
        assert self.space.equal(x, self.project(x)), f"evaluated outside of the bounds, at {x}"
        self.evaluations += 1
        if self.evaluations > self.limit:
            raise Stop


def run(name: str, function: Function, start: Any, **options: Any) -> tuple[list[tuple[Any, float]], Outcome | None]:
    """Return the iterates of a method and its outcome, None if the limit of evaluations stopped it."""
    method = get(name)
    path: list[tuple[Any, float]] = []
    try:
        return path, method.run(function, start, read_options(method, options), lambda x, value: path.append((x, value)))
    except Stop:
        return path, None


def one(f: Any, g: Any, h: Any, lower: float = -math.inf, upper: float = math.inf, **more: Any) -> Function:
    return Function(f, g, h, Line(), lower, upper, **more)


def entropy_minus_root(lower: float = 0.0, upper: float = 10.0) -> Function:
    """x log(x) - sqrt(x), undefined at 0 and below."""
    return one(
        lambda x: x * math.log(x) - math.sqrt(x) if x > 0 else math.nan,
        lambda x: math.log(x) + 1 - 0.5 / math.sqrt(x) if x > 0 else math.nan,
        lambda x: 1 / x + 0.25 * x**-1.5 if x > 0 else math.nan,
        lower,
        upper,
    )


def quadratic(A: np.ndarray, minimiser: np.ndarray, lower: Any = None, upper: Any = None) -> Function:
    half = np.linalg.cholesky(A / 2).T
    return Function(
        lambda x: 0.5 * (x - minimiser) @ A @ (x - minimiser),
        lambda x: A @ (x - minimiser),
        lambda x: A,
        Euclidean(len(minimiser)),
        lower,
        upper,
        r=lambda x: half @ (x - minimiser),
        j=lambda x: half,
    )


def rosenbrock(n: int, lower: Any = None, upper: Any = None) -> Function:
    from scipy.optimize import rosen, rosen_der, rosen_hess

    def residuals(x: Any) -> Any:
        return np.concatenate((10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]))

    def jacobian(x: Any) -> Any:
        k = np.arange(n - 1)
        J = np.zeros((2 * n - 2, n))
        J[k, k], J[k, k + 1], J[n - 1 + k, k] = -20 * x[:-1], 10, -1
        return J

    return Function(rosen, rosen_der, rosen_hess, Euclidean(n), lower, upper, r=residuals, j=jacobian)


def squares(r: Callable[[Any], Any], j: Callable[[Any], Any], n: int, lower: Any = None, upper: Any = None, **more: Any) -> Function:
    """r(x)'r(x), and a Hessian without the residuals' own."""
    return Function(
        lambda x: r(x) @ r(x), lambda x: 2 * r(x) @ j(x), lambda x: 2 * j(x).T @ j(x), Euclidean(n), lower, upper, r=r, j=j, **more
    )


def beale() -> Function:
    powers = np.arange(1, 4)
    return squares(
        lambda x: np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** powers),
        lambda x: np.stack((x[1] ** powers - 1, x[0] * powers * x[1] ** (powers - 1)), axis=1),
        2,
    )


def powell_singular() -> Function:
    """Of degree 4 along two directions at its minimum (Powell 1962)."""
    five, ten = math.sqrt(5), math.sqrt(10)

    def residuals(x: Any) -> Any:
        return np.array([x[0] + 10 * x[1], five * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, ten * (x[0] - x[3]) ** 2])

    def jacobian(x: Any) -> Any:
        a, b = 2 * (x[1] - 2 * x[2]), 2 * ten * (x[0] - x[3])
        return np.array([[1, 10, 0, 0], [0, 0, five, -five], [0, a, -2 * a, 0], [b, 0, 0, -b]])

    return squares(residuals, jacobian, 4)


def spd(seed: int, n: int, condition: float) -> np.ndarray:
    """A random symmetric matrix with eigenvalues from 1 to `condition`."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return np.asarray(Q * np.linspace(1, condition, n) @ Q.T)


def precision(name: str) -> float:
    """How near to a minimiser a method must come on small well-conditioned problems."""
    return 1e-6 if "gradient" in get(name).uses else 2e-6


# Known minima ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SEVERAL if name in LOCAL])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 4), condition=st.floats(1, 20))
def test_a_convex_quadratic(name: str, seed: int, n: int, condition: float) -> None:
    rng = np.random.default_rng(seed)
    minimiser, start = rng.uniform(-2, 2, n), rng.uniform(-2, 2, n)
    with np.errstate(all="ignore"):
        path, outcome = run(name, quadratic(spd(seed, n, condition), minimiser), start, **SLOW_AND_STEADY.get(name, {}))
    assert outcome is not None
    assert outcome.converged, outcome
    assert path[-1][0] == pytest.approx(minimiser, abs=precision(name))


@pytest.mark.parametrize("name", [name for name in ANY_FUNCTION if name in LOCAL])
@pytest.mark.parametrize("start", [1e-6, 0.1, 0.6758, 3.0, 10.0])
def test_the_headline(name: str, start: float) -> None:
    path, outcome = run(name, entropy_minus_root(), start, **SLOW_AND_STEADY.get(name, {}))
    assert outcome is not None
    assert outcome.converged, outcome
    assert path[0][0] == start
    assert path[-1][0] == pytest.approx(0.675840630944707, abs=1e-6 if name in ("momentum", "adam") else 1e-7)
    assert all(math.isfinite(value) for _, value in path)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("start", [-4.0, 1.5, 30.0])
def test_a_minimum_without_curvature(name: str, start: float) -> None:
    """(x - 1)^4: the Hessian vanishes at the solution; all that is asked for is a small gradient, or a small interval."""
    options = {"momentum": {"step": 0.25 / (start - 1) ** 2}}.get(name, SLOW_AND_STEADY.get(name, {}))
    quartic = one(
        lambda x: (x - 1) ** 4,
        lambda x: 4 * (x - 1) ** 3,
        lambda x: 12 * (x - 1) ** 2,
        r=lambda x: [(x - 1) ** 2],
        j=lambda x: [[2 * (x - 1)]],
    )
    path, _ = run(name, quartic, start, **options)
    assert path[-1][1] < 1e-4


@pytest.mark.parametrize("name", LOCAL)
@pytest.mark.parametrize(("lower", "upper", "solution"), [(1.0, 2.0, 1.0), (-2.0, -1.0, -1.0), (1.0, math.inf, 1.0), (-1.0, 1.0, 0.0)])
def test_a_minimum_at_a_bound(name: str, lower: float, upper: float, solution: float) -> None:
    parabola = one(lambda x: x * x, lambda x: 2 * x, lambda x: 2.0, lower, upper, r=lambda x: [x], j=lambda x: [[1.0]])
    for start in (lower, max(lower, min(upper, 1.5)) * 0.9 + 0.1 * solution, upper if upper < math.inf else 7.0):
        path, outcome = run(name, parabola, start, **SLOW_AND_STEADY.get(name, {}))
        assert outcome is not None
        assert outcome.converged, outcome
        assert path[-1][0] == pytest.approx(solution, abs=1e-6)
        if solution:
            assert path[-1][0] == pytest.approx(solution, abs=1e-15 if name != "adam" else 1e-7)


@pytest.mark.parametrize("name", [name for name in SEVERAL if name in LOCAL])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 5))
def test_a_convex_quadratic_in_a_box(name: str, seed: int, n: int) -> None:
    """The second way: SciPy's L-BFGS-B."""
    n = 2 if name == "nelder-mead" else n  # in more variables a simplex may fall flat onto a bound, and says that it stalls
    rng = np.random.default_rng(seed)
    function = quadratic(spd(seed, n, 8.0), rng.uniform(-2, 2, n), -np.ones(n), rng.uniform(0, 1, n))
    start = function.project(rng.uniform(-2, 2, n))
    with np.errstate(all="ignore"):
        path, outcome = run(name, function, start, **SLOW_AND_STEADY.get(name, {}))
    known = scipy.optimize.minimize(
        function.f, start, jac=function.g, bounds=[*zip(function.lower, function.upper, strict=True)], method="L-BFGS-B", tol=1e-14
    )
    assert path[-1][1] == pytest.approx(known.fun, abs=1e-5 if name == "nelder-mead" else 1e-9)
    assert outcome is not None
    assert outcome.converged or name == "nelder-mead", outcome


@pytest.mark.parametrize("name", SECOND_ORDER)
@pytest.mark.parametrize("n", [2, 10])
def test_rosenbrock(name: str, n: int) -> None:
    start = np.tile([-1.2, 1.0], n // 2)
    path, outcome = run(name, rosenbrock(n), start)
    assert outcome is not None
    assert outcome.converged
    x, value = path[-1]
    known = scipy.optimize.minimize(scipy.optimize.rosen, x, jac=scipy.optimize.rosen_der, method="BFGS", options={"gtol": 1e-10})
    assert x == pytest.approx(known.x, abs=1e-6)  # a local minimum (at n = 10 there are two) ...
    assert value == pytest.approx(known.fun, abs=1e-12)
    assert len(path) < 150  # ... and quickly
    near, outcome = run(name, rosenbrock(n), np.full(n, 0.8))
    assert near[-1][0] == pytest.approx(np.ones(n), abs=1e-6)


VALLEYS = {
    "rosenbrock": (lambda: rosenbrock(2), [-1.2, 1.0]),
    "beale": (beale, [1.0, 1.0]),
    "powell singular": (powell_singular, [3.0, -1.0, 0.0, 1.0]),
    "condition 10,000": (lambda: quadratic(spd(3, 5, 1e4), np.arange(5.0)), [0.0] * 5),
}


@pytest.mark.parametrize("name", [*SECOND_ORDER, *FIRST_ORDER])
@pytest.mark.parametrize("valley", VALLEYS)
def test_narrow_valleys_are_followed_to_their_end(name: str, valley: str) -> None:
    make, start = VALLEYS[valley]
    function = make()
    path, outcome = run(name, function, np.array(start))
    assert outcome is not None
    assert outcome.converged, outcome
    assert path[-1][1] < 1e-8
    assert function.evaluations < (500 if name in SECOND_ORDER else 15_000)


@pytest.mark.parametrize("name", [*SECOND_ORDER, *FIRST_ORDER, "gradient-descent", "nelder-mead"])
def test_rosenbrock_with_active_bounds(name: str) -> None:
    function = rosenbrock(3, np.full(3, -2.0), np.full(3, 0.5))
    path, outcome = run(name, function, np.array([-1.2, 0.3, -2.0]))
    assert outcome is not None
    assert outcome.converged
    bounds = [(-2.0, 0.5)] * 3
    known = scipy.optimize.minimize(scipy.optimize.rosen, [0.4, 0.2, 0.1], jac=scipy.optimize.rosen_der, bounds=bounds, tol=1e-14)
    assert path[-1][1] == pytest.approx(known.fun, abs=1e-9)


@pytest.mark.parametrize("name", [name for name in SEVERAL if name in LOCAL])
def test_entries_fixed_by_equal_bounds_stay(name: str) -> None:
    function = quadratic(spd(3, 3, 5.0), np.zeros(3), np.array([-3, 1.0, -3]), np.array([3, 1.0, 3]))
    path, outcome = run(name, function, np.array([2.0, 1.0, -1.0]), **SLOW_AND_STEADY.get(name, {}))
    A = spd(3, 3, 5.0)
    free = [0, 2]
    expected = np.linalg.solve(A[np.ix_(free, free)], -A[np.ix_(free, [1])][:, 0])
    assert path[-1][0] == pytest.approx([expected[0], 1.0, expected[1]], abs=1e-5)
    assert outcome is not None
    assert outcome.converged or name == "nelder-mead"


@pytest.mark.parametrize("name", ["newton", "bfgs", "lbfgs", *FIRST_ORDER])
def test_negative_curvature_is_no_trap(name: str) -> None:
    """x^4/4 - x^2 has a maximum at 0, near which the Hessian is negative."""
    double_well = one(lambda x: x**4 / 4 - x**2, lambda x: x**3 - 2 * x, lambda x: 3 * x**2 - 2)
    path, outcome = run(name, double_well, 1e-3)
    assert outcome is not None
    assert outcome.converged
    assert path[-1][0] == pytest.approx(math.sqrt(2), abs=1e-6)


# Honesty -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(("value", "reason"), [(math.nan, NOT_DEFINED_AT_START), (math.inf, "the function is infinite at the start")])
def test_nothing_is_found_from_an_undefined_start(name: str, value: float, reason: str) -> None:
    function = one(lambda x: value, lambda x: value, lambda x: value, r=lambda x: [value], j=lambda x: [[value]])
    assert run(name, function, 1.0) == ([], Outcome(False, reason))
    assert function.evaluations == 1


@pytest.mark.parametrize("name", ANY_FUNCTION)
def test_a_start_outside_of_the_bounds_is_projected(name: str) -> None:
    path, _ = run(name, entropy_minus_root(), 12.0)
    assert path[0][0] == 10.0


@pytest.mark.parametrize("name", SEVERAL)
def test_nan_half_way_is_never_accepted(name: str) -> None:
    """The function ends on the way to its minimum: at best a method comes near to the edge, and it says that it stalled."""
    function = Function(
        lambda x: float(x @ x) if x[0] > 1 else math.nan,
        lambda x: 2 * x if x[0] > 1 else np.full(2, math.nan),
        lambda x: 2 * np.eye(2),
        Euclidean(2),
        r=lambda x: x if x[0] > 1 else np.full(2, math.nan),
        j=lambda x: np.eye(2) if x[0] > 1 else np.full((2, 2), math.nan),
    )
    path, outcome = run(name, function, np.array([3.0, 1.0]), **SLOW_AND_STEADY.get(name, {}))
    assert all(math.isfinite(value) and x[0] > 1 for x, value in path)
    assert outcome is None or not outcome.converged or name in ("nelder-mead", "simulated-annealing")


@pytest.mark.parametrize("name", [name for name in OWN if "gradient" in get(name).uses])
def test_an_undefined_gradient_is_a_reason(name: str) -> None:
    function = one(lambda x: (x - 1) ** 2, lambda x: math.nan, lambda x: 2.0, r=lambda x: [x - 1], j=lambda x: [[math.nan]])
    path, outcome = run(name, function, 3.0)
    assert len(path) == 1
    assert outcome == Outcome(False, "the gradient is not defined at the last iterate")


def test_an_undefined_hessian_is_a_reason() -> None:
    _, outcome = run("newton", one(lambda x: x * x, lambda x: 2 * x, lambda x: math.nan), 3.0)
    assert outcome == Outcome(False, "the Hessian is not defined at the last iterate")


@pytest.mark.parametrize("name", ANY_FUNCTION)
def test_a_fall_without_end_is_no_success(name: str) -> None:
    _, outcome = run(name, one(lambda x: -x, lambda x: -1.0, lambda x: 0.0, limit=5000), 1.0)
    assert outcome is None or not outcome.converged, outcome


@pytest.mark.parametrize("name", ["golden-section", "brent"])
def test_the_place_of_an_endless_fall_is_named(name: str) -> None:
    _, outcome = run(name, one(lambda x: -x, None, None), 1.0)
    assert outcome is not None
    assert outcome.reason.startswith("the function still decreases at x = 1.")


@pytest.mark.parametrize("name", ["gradient-descent", "momentum"])
def test_divergence_is_visible(name: str) -> None:
    options = {"line_search": "fixed"} if name == "gradient-descent" else {}
    path, outcome = run(name, one(lambda x: x * x, lambda x: 2 * x, lambda x: 2.0), 1.0, step=5.0, **options)
    assert path[-1][1] == math.inf
    assert outcome == Outcome(False, "the iterates diverge")


@pytest.mark.parametrize("name", ANY_FUNCTION)
@pytest.mark.parametrize(
    "function",
    [
        lambda: one(lambda x: 1 + 1e-30 * x * x, lambda x: 1.0, lambda x: 1.0),  # a gradient that f contradicts
        lambda: one(abs, lambda x: math.copysign(1.0, x), lambda x: 0.0, small=0.0),  # a kink
        lambda: one(lambda x: math.floor(3 * x) ** 2, lambda x: 2 * x, lambda x: 2.0, small=0.0),  # steps
        lambda: one(lambda x: (x - 1 / 3) ** 2 + 1e6, lambda x: 2 * (x - 1 / 3) + 1e-9, lambda x: 2.0, small=0.0),  # rounding
        lambda: one(lambda x: 0.0, lambda x: 1e-3, lambda x: 0.0, small=0.0),  # flat
        lambda: one(lambda x: x * x, lambda x: -2 * x, lambda x: 2.0),  # a wrong gradient
    ],
    ids=["contradiction", "kink", "steps", "rounding", "flat", "wrong gradient"],
)
def test_it_ends_by_itself_where_no_progress_is_possible(name: str, function: Callable[[], Function]) -> None:
    options = SLOW_AND_STEADY.get(name, {}) | ({} if "patience" not in {f.name for f in fields(get(name).options)} else {"patience": 50})
    path, outcome = run(name, function(), 0.7, **options)
    assert outcome is not None or path[-1][1] < 1e-3  # what is small at x = 0 may go on until the floats end
    if outcome is not None and "gradient" in get(name).uses:
        assert not outcome.converged or path[-1][0] == 0


@pytest.mark.parametrize("name", ANY_FUNCTION)
def test_every_exception_passes(name: str) -> None:
    for limit in range(1, 40):
        function = entropy_minus_root()
        function.limit = limit
        _, outcome = run(name, function, 9.0)
        assert function.evaluations == limit + 1 if outcome is None else function.evaluations <= limit


@pytest.mark.parametrize("name", ANY_FUNCTION)
def test_two_runs_are_equal(name: str) -> None:
    first, second = (run(name, entropy_minus_root(), 9.0, **SLOW_AND_STEADY.get(name, {})) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", [name for name in SEVERAL if name in ANY_FUNCTION])
@pytest.mark.parametrize("bounds", [(-math.inf, math.inf), (0.5, 4.0)])
def test_one_variable_is_n_variables_with_n_one(name: str, bounds: tuple[float, float]) -> None:
    def cosh(lift: Callable[[float], Any], drop: Callable[[Any], float], space: Space) -> Function:
        return Function(
            lambda x: float(np.cosh(drop(x) - 1)) + drop(x) ** 2,
            lambda x: lift(float(np.sinh(drop(x) - 1)) + 2 * drop(x)),
            lambda x: lift(math.cosh(drop(x) - 1) + 2) if isinstance(space, Line) else np.array([[math.cosh(drop(x) - 1) + 2]]),
            space,
            lift(bounds[0]),
            lift(bounds[1]),
        )

    options = {name: row for name, row in SLOW_AND_STEADY.items() if name in GLOBAL}.get(name, {})
    line, line_outcome = run(name, cosh(float, float, Line()), 3.0, **options)
    space, outcome = run(name, cosh(lambda x: np.array([x]), lambda x: float(x[0]), Euclidean(1)), np.array([3.0]), **options)
    both = [*zip(line, space, strict=False)][:30]
    assert [x for (x, _), _ in both] == pytest.approx([float(x[0]) for _, (x, _) in both], rel=1e-9)
    assert abs(len(line) - len(space)) <= 1
    assert line_outcome is not None
    assert outcome is not None
    assert line_outcome.converged == outcome.converged


@pytest.mark.parametrize("name", ["newton", "nelder-mead", "golden-section", "brent", "lbfgs", *FIRST_ORDER, *GLOBAL])
@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20])
def test_a_factor_of_the_function_changes_no_iterate(name: str, factor: float) -> None:
    """Exactly, as the factor is a power of two; methods whose first step is as long as the gradient are not listed."""
    f = entropy_minus_root()
    scaled = one(lambda x: factor * f.f(x), lambda x: factor * f.g(x), lambda x: factor * f.h(x), 0.0, 10.0, small=f.small * factor)
    options = SLOW_AND_STEADY.get(name, {})
    assert [x for x, _ in run(name, f, 5.0, **options)[0]] == [x for x, _ in run(name, scaled, 5.0, **options)[0]]


@pytest.mark.parametrize("name", ["newton", "bfgs", "gradient-descent", "momentum", "adam"])
@settings(max_examples=10, deadline=None)
@given(shift=st.integers(-8, 8))
def test_a_shift_of_x_shifts_the_iterates(name: str, shift: int) -> None:
    A, start = spd(1, 3, 5.0), np.array([1.0, -1.0, 0.5])
    paths = [[x - by for x, _ in run(name, quadratic(A, np.zeros(3) + by), start + by)[0]] for by in (0.0, float(shift))]
    for here, there in islice(zip(*paths, strict=False), 10):
        assert here == pytest.approx(there, abs=1e-9)


@pytest.mark.parametrize("name", ["lbfgs", "conjugate-gradient", "barzilai-borwein", "nesterov", "levenberg-marquardt"])
def test_the_order_of_the_variables_does_not_matter(name: str) -> None:
    order = np.array([2, 0, 3, 1])
    A, minimiser, start = spd(4, 4, 30.0), np.arange(4.0), np.array([3.0, -1.0, 0.5, 2.0])
    bounds = np.full(4, -0.5), np.array([1.0, 0.5, 5.0, 5.0])
    path, _ = run(name, quadratic(A, minimiser, *bounds), start)
    other, _ = run(name, quadratic(A[np.ix_(order, order)], minimiser[order], *(end[order] for end in bounds)), start[order])
    assert path[-1][0][order] == pytest.approx(other[-1][0], abs=1e-7)
    for (x, _), (y, _) in islice(zip(path, other, strict=False), 6):
        assert x[order] == pytest.approx(y, abs=1e-9)


# Options and applicability -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_every_method_describes_itself(name: str) -> None:
    method = get(name)
    assert method.name == name
    assert method.summary.endswith(".")
    assert method.source
    assert method.uses <= {"value", "gradient", "hessian", "residuals", "batches"}
    rows = describe(method)
    assert read_options(method, {row.name: row.default for row in rows}) == method.options()
    assert all(row.meaning and not row.meaning.endswith(".") for row in rows)


def test_the_list_of_methods_is_the_folder() -> None:
    assert {"gradient-descent", "momentum", "adam", "newton", "bfgs", "nelder-mead", "golden-section", "brent"} <= set(names())
    assert {*SECOND_ORDER, *FIRST_ORDER, "random-search", "simulated-annealing"} <= set(names())
    assert list(methods()) == list(names()) == sorted(names())


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"step": "0.5"}, ("step", 0.5)),
        ({"step": Fraction(1, 4)}, ("step", 0.25)),
        ({"step": 2}, ("step", 2.0)),
        ({"line-search": "fixed"}, ("line_search", "fixed")),
        ({"patience": "7"}, ("patience", 7)),
        ({"patience": Fraction(7)}, ("patience", 7)),
    ],
)
def test_options_are_read(given: dict[str, Any], read: tuple[str, Any]) -> None:
    value = getattr(read_options(get("gradient-descent"), given), read[0])
    assert (value, type(value)) == (read[1], type(read[1]))


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("momentum", {"step": "abc"}, "momentum: step must be a number above 0, not 'abc'."),
        ("momentum", {"step": "-1"}, "momentum: step must be a number above 0, not '-1'."),
        ("momentum", {"step": "nan"}, "momentum: step must be a number above 0, not 'nan'."),
        ("momentum", {"step": "1e999"}, "momentum: step must be a number above 0, not '1e999'."),
        ("momentum", {"step": True}, "momentum: step must be a number above 0, not true."),
        ("momentum", {"step": Fraction(10**400)}, "not a number of that size."),
        ("momentum", {"step": Fraction(1, 10**5000)}, "not a number of that size."),
        ("momentum", {"momentum": "1"}, "momentum: momentum must be a number at least 0 and below 1, not '1'."),
        ("momentum", {"patience": "1.5"}, "momentum: patience must be a whole number at least 1, not '1.5'."),
        ("momentum", {"patience": "9" * 9999}, "momentum: patience must be a whole number at least 1, not '999"),
        ("momentum", {"stepp": 1}, "momentum has no option 'stepp'. Did you mean step?"),
        ("momentum", {"x\x1b": 1}, "momentum has no option 'x\\x1b'. Its options are step, momentum, patience, batch, schedule, epochs."),
        ("gradient-descent", {"line_search": "wolfe"}, "line_search must be one of armijo, fixed, not 'wolfe'."),
        ("gradient-descent", {"line_search": 1}, "line_search must be one of armijo, fixed, not 1."),
        ("nelder-mead", {"adaptive": "perhaps"}, "nelder-mead: adaptive must be true or false, not 'perhaps'."),
        ("brent", {"step": 1}, "brent has no options, so none named 'step'."),
    ],
)
def test_wrong_options_are_sentences(name: str, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_options(get(name), given)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 200


def test_all_wrong_options_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        read_options(get("momentum"), {"step": 0, "momentun": 0.5})
    assert len(caught.value.mistakes) == 2


@pytest.mark.parametrize(("name", "nearest"), [("bgfs", "Did you mean bfgs?"), ("gradient_descent", "Did you mean gradient-descent?")])
def test_an_unknown_method_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"There is no method '{name}'. {nearest.replace('?', '[?]')}"):
        get(name)


@pytest.mark.parametrize("name", ["method", "space", "line-search", "__init__", "", "x\x1b[31m", "../bfgs"])
def test_what_is_no_method_is_not_imported(name: str) -> None:
    with pytest.raises(UsageError, match="There is no method"):
        get(name)


@pytest.mark.parametrize(
    ("name", "facts", "reason"),
    [
        ("brent", Facts(3), "handles one variable only, and this problem has 3"),
        ("bfgs", Facts(3, has_constraints=True), "handles no constraints"),
        ("bfgs", Facts(3, has_integers=True), "handles no integer variables"),
        (
            "bfgs",
            Facts(1, gradient_missing_because="there is no derivative rule for f"),
            "needs a gradient, and there is no derivative rule",
        ),
        ("newton", Facts(1, hessian_missing_because="it is large"), "needs a Hessian, and it is large"),
        ("newton", Facts(2001), "handles at most 2000 variables, and this problem has 2001"),
        ("newton", Facts(2, smooth=False), "needs second derivatives everywhere, and this function has kinks or jumps"),
        ("nelder-mead", Facts(2, has_bounds=True, smooth=False, gradient_missing_because="it is missing"), None),
    ],
)
def test_a_method_refuses_with_the_reason(name: str, facts: Facts, reason: str | None) -> None:
    refused = get(name).refuses(facts)
    assert refused is None if reason is None else refused is not None and refused.startswith(reason)


# What is published, and what SciPy computes ----------------------------------------------------------------------------


def test_golden_section_leaves_the_golden_part_of_the_interval() -> None:
    """Kiefer 1953: each evaluation shortens the interval by (sqrt(5) - 1)/2."""
    ratio = (math.sqrt(5) - 1) / 2
    function = one(lambda x: (x - 0.3) ** 2, None, None, 0.0, 1.0)
    _, outcome = run("golden-section", function, 1 - ratio)
    assert outcome == Outcome(True, "the interval is as short as the tolerance")
    distances = [min(abs(a - b) for a, b in pairwise(sorted(function.seen[:k]))) for k in range(2, 20)]
    assert distances == pytest.approx([ratio**k * (2 * ratio - 1) for k in range(18)], rel=1e-6)
    assert len(function.seen) <= math.ceil(math.log(2e-8 * 0.3) / math.log(ratio)) + 2


@pytest.mark.parametrize(
    ("f", "lower", "upper"),
    [
        (lambda x: x * math.log(x) - math.sqrt(x), 1e-3, 10.0),
        (lambda x: math.sin(x) + x / 10, 2.0, 7.0),
        (lambda x: (x - 1) ** 4 + x, -3.0, 5.0),
        (lambda x: abs(x - 0.7), -1.0, 3.0),
        (lambda x: sum(((2 * i - 5) / (x - i * i)) ** 2 for i in range(1, 21)), 1.0001, 3.9999),  # Brent 1973, section 5.6
    ],
)
def test_brent_looks_where_scipy_looks(f: Callable[[float], float], lower: float, upper: float) -> None:
    start = lower + (3 - math.sqrt(5)) / 2 * (upper - lower)
    function = one(f, None, None, lower, upper)
    path, _ = run("brent", function, start)
    looked: list[float] = []
    known = scipy.optimize.fminbound(lambda x: looked.append(float(x)) or f(float(x)), lower, upper, xtol=1e-9)
    assert function.seen[:9] == pytest.approx(looked[:9], rel=1e-9)
    assert path[-1][0] == pytest.approx(known, abs=1e-7)
    assert len(function.seen) <= len(looked) + 15


def test_brent_finds_the_published_minimum() -> None:
    """Brent 1973, table in section 5.6: the first minimum of his sum of squared poles, 3.0229153 with the value 3.6766990169."""
    function = one(lambda x: sum(((2 * i - 5) / (x - i * i)) ** 2 for i in range(1, 21)), None, None, 1 + 1e-9, 4 - 1e-9)
    path, _ = run("brent", function, 2.0)
    assert path[-1] == pytest.approx((3.0229153, 3.6766990169), abs=1e-7)
    assert len(function.seen) < 30


@settings(max_examples=50, deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.booleans(), st.booleans())
def test_a_bracket_has_a_low_point_inside(start: float, minimiser: float, left: bool, right: bool) -> None:
    lower, upper = (min(start, minimiser) - 1 if left else -math.inf), (max(start, minimiser) + 1 if right else math.inf)
    function = one(lambda x: abs(x - minimiser), None, None, lower, upper)
    search = bracket(function, start, function.value(start))
    try:
        while True:
            next(search)
    except StopIteration as stop:
        found = stop.value
    assert isinstance(found, Bracket)
    assert lower <= found.a <= minimiser <= found.b <= upper
    assert found.a <= found.x <= found.b
    assert found.value == function.f(found.x) <= min(map(function.f, function.seen))


@pytest.mark.parametrize("name", ["golden-section", "brent"])
def test_a_domain_that_ends_inside_of_the_range_is_no_obstacle(name: str) -> None:
    path, outcome = run(name, entropy_minus_root(-math.inf, math.inf), 20.0)
    assert outcome is not None
    assert outcome.converged
    assert path[-1][0] == pytest.approx(0.675840630944707, abs=1e-7)


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("n", [2, 4])
def test_nelder_mead_goes_where_scipy_goes(adaptive: bool, n: int) -> None:
    start = np.array([-1.2, 1.0, 0.7, 1.5])[:n]
    path, _ = run("nelder-mead", rosenbrock(n), start, adaptive=adaptive, restart=False)
    known: list[float] = []
    scipy.optimize.minimize(
        scipy.optimize.rosen,
        start,
        method="Nelder-Mead",
        callback=lambda intermediate_result: known.append(intermediate_result.fun),
        options={"adaptive": adaptive, "xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000, "maxfev": 9000},
    )
    ours = [value for _, value in path[1:]]
    assert ours[:60] == pytest.approx(known[:60], rel=1e-9)
    assert ours[-1] == pytest.approx(known[-1], abs=1e-12)


def mckinnon() -> Function:
    """McKinnon 1998 (SIAM J. Optim. 9), (tau, theta, phi) = (2, 6, 60): convex, minimum -0.25 at (0, -0.5)."""

    def f(x: Any) -> float:
        return float((360 if x[0] <= 0 else 6) * x[0] ** 2 + x[1] + x[1] ** 2)

    return Function(f, None, None, Euclidean(2))  # type: ignore[arg-type]


def mckinnon_simplex(function: Function) -> list[Vertex]:
    points = [np.zeros(2), np.ones(2), np.array([(1 + math.sqrt(33)) / 8, (1 - math.sqrt(33)) / 8])]
    return sorted((Vertex(x, function.f(x)) for x in points), key=lambda vertex: vertex.height)


def test_nelder_mead_stagnates_where_mckinnon_says_and_the_restart_helps() -> None:
    function = mckinnon()
    simplex = mckinnon_simplex(function)
    for _ in descend(function, simplex, NelderMeadOptions(), 1.0):
        pass
    assert simplex[0].x == pytest.approx(np.zeros(2), abs=1e-6)  # no minimum
    again = restarted(function, simplex, 1.0)
    assert again is not None
    for _ in descend(function, again, NelderMeadOptions(), 1.0):
        pass
    assert again[0].x == pytest.approx([0, -0.5], abs=1e-6)


def test_the_simplex_gradient_of_a_linear_function_is_its_gradient() -> None:
    rng = np.random.default_rng(0)
    slope = rng.normal(size=4)
    function = Function(lambda x: float(slope @ x), None, None, Euclidean(4))  # type: ignore[arg-type]
    simplex = [Vertex(x, function.f(x)) for x in rng.normal(size=(5, 4))]
    gradient, flatness, _ = simplex_gradient(function, simplex)
    assert gradient == pytest.approx(slope, rel=1e-9)
    assert 0 < flatness <= 1


def test_newton_solves_a_quadratic_in_one_step() -> None:
    minimiser = np.array([1.0, -2.0, 3.0])
    path, _ = run("newton", quadratic(spd(5, 3, 100.0), minimiser), np.zeros(3))
    assert len(path) == 2
    assert path[-1][0] == pytest.approx(minimiser, rel=1e-12)


def test_newton_converges_quadratically() -> None:
    path, _ = run("newton", one(lambda x: math.exp(x) - 2 * x, lambda x: math.exp(x) - 2, math.exp, small=1e-14), 1.0)
    errors = [abs(x - math.log(2)) for x, _ in path]
    assert all(after <= before**2 + 1e-15 for before, after in pairwise(errors))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_newtons_direction_descends_whatever_the_hessian(seed: int) -> None:
    rng = np.random.default_rng(seed)
    H, g = rng.normal(size=(4, 4)), rng.normal(size=4)
    assert direction(Euclidean(4), H + H.T, g, 1e-3) @ g < 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_the_bfgs_update_with_exact_steps_ends_on_a_quadratic_after_n(seed: int, n: int) -> None:
    """Nocedal & Wright 2006, theorem 6.4: then H is the inverse of the Hessian."""
    A, x, space = spd(seed, n, 30.0), np.random.default_rng(seed).normal(size=n), Euclidean(n)
    H = space.identity()
    for _ in range(n):
        g = A @ x
        p = -space.times(H, g)
        s = -(g @ p) / (p @ A @ p) * p
        x, y = x + s, A @ s
        H = space.bfgs_update(H, s, y, space.dot(s, y))
    assert x == pytest.approx(np.zeros(n), abs=1e-8)
    assert pytest.approx(np.eye(n), abs=1e-6) == H @ A


def test_bfgs_ends_on_a_quadratic_after_a_few_times_n_steps() -> None:
    path, outcome = run("bfgs", quadratic(spd(2, 6, 30.0), np.arange(6.0)), np.zeros(6))
    assert outcome is not None
    assert outcome.converged
    assert len(path) <= 30


def test_bfgs_copes_with_a_kink_as_lewis_and_overton_say() -> None:
    """Their nonsmooth Rosenbrock function 8 |x1^2 - x2| + (1 - x1)^2 (2013), at whose minimum there is no gradient."""

    def gradient(x: Any) -> Any:
        sign = math.copysign(8.0, x[0] ** 2 - x[1])
        return np.array([2 * sign * x[0] - 2 * (1 - x[0]), -sign])

    function = Function(lambda x: 8 * abs(x[0] ** 2 - x[1]) + (1 - x[0]) ** 2, gradient, lambda x: np.eye(2), Euclidean(2))
    path, outcome = run("bfgs", function, np.array([-1.0, 1.3]))
    assert path[-1][1] < 1e-10
    assert outcome is not None
    assert not outcome.converged


def test_bfgs_takes_few_evaluations() -> None:
    """No more than SciPy's BFGS by half, on the function by which its cost is measured."""
    function, start = rosenbrock(10), np.tile([-1.2, 1.0], 5)
    run("bfgs", function, start)
    known = scipy.optimize.minimize(scipy.optimize.rosen, start, jac=scipy.optimize.rosen_der, method="BFGS", options={"gtol": 1e-7})
    assert len(function.seen) <= 1.5 * known.nfev


def test_momentum_is_polyaks_recursion() -> None:
    path, _ = run("momentum", one(lambda x: x * x, lambda x: 2 * x, lambda x: 2.0), 1.0, step=0.1, momentum=0.5)
    x = [1.0, 0.8]
    for _ in range(10):
        x.append(x[-1] - 0.1 * 2 * x[-1] + 0.5 * (x[-1] - x[-2]))
    assert [point for point, _ in path[:12]] == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_adams_first_steps_have_the_length_alpha(scale: float) -> None:
    """Kingma & Ba 2015, section 2.1: with a gradient of one sign |step| is about alpha, whatever the scale."""
    path, _ = run("adam", one(lambda x: scale * x, lambda x: scale, lambda x: 0.0, limit=50), 1.0, step=0.01)
    steps = [before - after for (before, _), (after, _) in pairwise(path)]
    assert steps == pytest.approx([0.01] * len(steps), rel=1e-4)


def test_adams_decaying_steps_shrink_as_the_root() -> None:
    path, _ = run("adam", one(lambda x: x, lambda x: 1.0, lambda x: 0.0, limit=50), 1.0, step=0.01, decay="sqrt")
    steps = [before - after for (before, _), (after, _) in pairwise(path)]
    assert steps == pytest.approx([0.01 / math.sqrt(t) for t in range(1, len(steps) + 1)], rel=1e-4)


def test_armijo_never_ascends() -> None:
    path, _ = run("gradient-descent", rosenbrock(2), np.array([-1.2, 1.0]))
    assert all(after < before for (_, before), (_, after) in pairwise(path[:1000]))


# L-BFGS ----------------------------------------------------------------------------------------------------------------


def pairs_of(A: np.ndarray, count: int, seed: int) -> list[Pair]:
    """Steps and the changes of the gradient of a quadratic along them."""
    steps = np.random.default_rng(seed).normal(size=(count, len(A)))
    return [Pair(s, A @ s, float(s @ A @ s)) for s in steps]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), memory=st.integers(0, 8), gamma=st.floats(0.1, 10))
def test_the_two_loops_are_the_matrix_of_bfgs(seed: int, n: int, memory: int, gamma: float) -> None:
    """Nocedal & Wright 2006, (7.19): the recursion is the product with the matrix after the same updates."""
    space, A = Euclidean(n), spd(seed, n, 30.0)
    pairs, g = pairs_of(A, memory, seed), np.random.default_rng(seed + 1).normal(size=n)
    before = g.copy()
    H = gamma * space.identity()
    for s, y, sy in pairs:
        H = space.bfgs_update(H, s, y, sy)
    found = two_loops(space, pairs, g, gamma)
    assert found == pytest.approx(H @ g, rel=1e-6, abs=1e-6 * np.abs(H).max())
    assert g.tolist() == before.tolist()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 8))
def test_lbfgs_with_exact_steps_and_memory_enough_is_bfgs_and_ends_after_n(seed: int, n: int) -> None:
    A, space = spd(seed, n, 30.0), Euclidean(n)
    x = other = np.random.default_rng(seed).normal(size=n)
    H, pairs = space.identity(), []
    for _ in range(n):
        assert x == pytest.approx(other, abs=1e-6)
        p, q = -two_loops(space, pairs, A @ x, 1.0), -H @ A @ other
        s, t = (-(d @ A @ z) / (d @ A @ d) * d if np.abs(z).max() > 1e-9 else 0 * d for d, z in ((p, x), (q, other)))
        x, other = x + s, other + t
        if s @ A @ s < 1e-20:
            break
        pairs.append(Pair(s, A @ s, float(s @ A @ s)))
        H = space.bfgs_update(H, t, A @ t, float(t @ A @ t))
    assert x == pytest.approx(np.zeros(n), abs=1e-7)


def test_lbfgs_leaves_entries_that_a_bound_holds_to_the_gradient() -> None:
    space, free = Euclidean(4), np.array([True, False, True, True])
    A, g = spd(1, 4, 10.0), np.array([1.0, -2.0, 3.0, 0.5])
    kept = restricted(space, pairs_of(A, 3, 0), free, 0.5)
    assert kept
    assert all(s[1] == 0 == y[1] and sy == pytest.approx(s @ y) for s, y, sy in kept)
    assert two_loops(space, kept, g, 0.5)[1] == 0.5 * g[1]
    assert restricted(space, [Pair(np.eye(4)[1], np.eye(4)[1], 1.0)], free, 1.0) == []


def test_lbfgs_takes_few_evaluations() -> None:
    """No more than SciPy's L-BFGS-B by half, with and without bounds that matter."""
    for bounds in (None, [(-2.0, 0.7)] * 50):
        function, start = rosenbrock(50, *(np.array(bounds).T if bounds else ())), np.tile([-1.2, 0.5], 25)
        path, outcome = run("lbfgs", function, start)
        known = scipy.optimize.minimize(
            scipy.optimize.rosen,
            start,
            jac=scipy.optimize.rosen_der,
            method="L-BFGS-B",
            bounds=bounds,
            options={"gtol": 1e-7, "ftol": 0, "maxiter": 5000},
        )
        assert outcome is not None
        assert outcome.converged
        assert path[-1][1] == pytest.approx(known.fun, abs=1e-9)
        assert len(function.seen) <= 1.5 * known.nfev


def test_lbfgs_has_no_matrix() -> None:
    """With 100,000 variables one would have 80 GB."""
    n = 100_000
    curvature, minimiser = np.linspace(1, 30, n), np.sin(np.arange(n))
    function = Function(
        lambda x: 0.5 * float(curvature @ (x - minimiser) ** 2),
        lambda x: curvature * (x - minimiser),
        lambda x: None,
        Euclidean(n),
        np.full(n, -0.5),
        np.full(n, 2.0),
    )
    path, outcome = run("lbfgs", function, np.zeros(n), memory=5)
    assert outcome is not None
    assert outcome.converged
    assert np.abs(path[-1][0] - np.maximum(minimiser, -0.5)).max() < 1e-6
    assert len(path) < 80


# Conjugate gradients ---------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 8))
def test_conjugate_directions_with_exact_steps_are_those_of_the_linear_method(seed: int, n: int) -> None:
    """Hestenes & Stiefel 1952, and the minimum after n steps."""
    A, space = spd(seed, n, 30.0), Euclidean(n)
    x = np.random.default_rng(seed).normal(size=n)
    start, g = x, A @ x
    d, r, p = -g, -g, -g
    linear = x
    for _ in range(n):
        if np.abs(g).max() < 1e-9 * np.abs(start).max():
            break
        assert d == pytest.approx(p, rel=1e-5, abs=1e-6 * np.abs(start).max())
        x = x - (g @ d) / (d @ A @ d) * d
        alpha = (r @ r) / (p @ A @ p)
        linear, residual = linear + alpha * p, r - alpha * A @ p
        r, p = residual, residual + (residual @ residual) / (r @ r) * p
        d, g = direction_of_hager_and_zhang(space, A @ x, A @ x - g, d, None), A @ x
    assert x == pytest.approx(np.zeros(n), abs=1e-7)
    assert linear == pytest.approx(x, abs=1e-7)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 5))
def test_conjugate_directions_descend_whatever_the_line_search(seed: int, n: int) -> None:
    """Hager & Zhang 2005, theorem 1.1: d'g <= -7/8 g'g if d'y is not 0, here after a direction that descends."""
    rng = np.random.default_rng(seed)
    g, y, d = rng.normal(size=(3, n))
    d = -np.sign(d @ (g - y)) * d
    assert direction_of_hager_and_zhang(Euclidean(n), g, y, d, None) @ g <= -0.875 * (g @ g) * (1 - 1e-9)


@settings(max_examples=50, deadline=None)
@given(
    coefficients=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    first=st.floats(1e-6, 1e6),
    delta=st.floats(0.01, 0.45),
    part=st.floats(0.1, 0.95),
)
def test_a_good_step_satisfies_the_conditions(coefficients: list[float], first: float, delta: float, part: float) -> None:
    """On quartics that are bounded below: the Wolfe conditions T1, or T2 with f no higher than at the start."""
    a, b, c = coefficients
    f, slope = (lambda x: x**4 + a * x**3 + b * x**2 + c * x), (lambda x: 4 * x**3 + 3 * a * x**2 + 2 * b * x + c)
    sigma = delta + part * (1 - delta)
    function = one(f, slope, lambda x: 0.0)
    g = slope(0.3)
    if abs(g) < 1e-3:
        return
    found = good_step(Arc(function, 0.3, f(0.3), g, -g, False), first / abs(g), delta, sigma)
    assert found is not None
    fall, end, begin = found.phi - f(0.3), -slope(found.x) * g, -g * g
    assert end >= sigma * begin
    assert fall <= delta * found.t * begin or (fall <= 1e-11 * abs(f(0.3)) and end <= (2 * delta - 1) * begin * (1 - 1e-9))


def test_conjugate_gradients_need_fewer_evaluations_than_a_descent() -> None:
    counts = {}
    for name in ("conjugate-gradient", "gradient-descent"):
        function = quadratic(spd(1, 10, 1000.0), np.arange(10.0))
        _, outcome = run(name, function, np.zeros(10))
        counts[name] = function.evaluations
        assert outcome is not None
        assert outcome.converged
    assert counts["conjugate-gradient"] < 0.1 * counts["gradient-descent"]


# Levenberg-Marquardt ---------------------------------------------------------------------------------------------------


@dataclass
class Certified:
    """A regression problem of NIST's Statistical Reference Datasets: data, starts, and what is certified to 11 digits."""

    x: list[float]
    y: list[float]
    model: Callable[[Any, Any], Any]
    slopes: Callable[[Any, Any], list[Any]]
    starts: list[list[float]]
    parameters: list[float]
    squares: float

    def function(self) -> Function:
        x, y = np.array(self.x), np.array(self.y)
        n = len(self.parameters)
        return squares(lambda b: y - self.model(b, x), lambda b: -np.stack(self.slopes(b, x), axis=1), n, small=1e-8 * self.squares)


def saturating_slopes(b: Any, x: Any) -> list[Any]:
    return [1 - np.exp(-b[1] * x), b[0] * x * np.exp(-b[1] * x)]


def logistic_slopes(b: Any, x: Any) -> list[Any]:
    power = np.exp(b[1] - b[2] * x)
    return [1 / (1 + power), -b[0] * power / (1 + power) ** 2, b[0] * x * power / (1 + power) ** 2]


CERTIFIED = {
    "Misra1a": Certified(
        [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
        [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78],
        lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
        saturating_slopes,
        [[500, 0.0001], [250, 0.0005]],
        [2.3894212918e02, 5.5015643181e-04],
        1.2455138894e-01,
    ),
    "BoxBOD": Certified(
        [1, 2, 3, 5, 7, 10],
        [109, 149, 149, 191, 213, 224],
        lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
        saturating_slopes,
        [[100, 0.75]],  # from the other one, (1, 1), MINPACK too goes to b2 = inf, where f is stationary
        [2.1380940889e02, 5.4723748542e-01],
        1.1680088766e03,
    ),
    "Rat42": Certified(
        [9, 14, 21, 28, 42, 57, 63, 70, 79],
        [8.93, 10.80, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08],
        lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)),
        logistic_slopes,
        [[100, 1, 0.1], [75, 2.5, 0.07]],
        [7.2462237576e01, 2.6180768402e00, 6.7359200066e-02],
        8.0565229338e00,
    ),
}


@pytest.mark.parametrize(("dataset", "start"), [(dataset, start) for dataset, known in CERTIFIED.items() for start in known.starts])
def test_levenberg_marquardt_finds_what_nist_certifies(dataset: str, start: list[float]) -> None:
    known = CERTIFIED[dataset]
    function = known.function()
    path, _ = run("levenberg-marquardt", function, np.array(start, dtype=float))
    assert path[-1][0] == pytest.approx(known.parameters, rel=1e-8)
    assert path[-1][1] == pytest.approx(known.squares, rel=1e-10)
    assert len(path) < 30
    by_scipy = scipy.optimize.least_squares(function.r, start, jac=function.j, method="lm", x_scale="jac")
    assert path[-1][1] <= 2 * by_scipy.cost * (1 + 1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_levenberg_marquardt_with_bounds_ends_where_scipy_ends(seed: int) -> None:
    """The second way: the trust region reflective method, on fits of a decaying oscillation, three bounds of which may hold."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 3, 12)
    y = rng.uniform(1, 2) * np.exp(-rng.uniform(0.2, 1) * t) + rng.uniform(-0.3, 0.3) + 0.05 * rng.normal(size=12)
    lower, upper = np.array([0.5, 0.4, -0.1]), np.array([1.6, 3.0, 0.1])
    function = squares(
        lambda b: b[0] * np.exp(-b[1] * t) + b[2] - y,
        lambda b: np.stack((np.exp(-b[1] * t), -b[0] * t * np.exp(-b[1] * t), np.ones(12)), axis=1),
        3,
        lower,
        upper,
    )
    start = np.array([1.0, 1.0, 0.0])
    path, outcome = run("levenberg-marquardt", function, start)
    known = scipy.optimize.least_squares(
        function.r, start, jac=function.j, bounds=(lower, upper), method="trf", xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    assert outcome is not None
    assert outcome.converged
    assert path[-1][1] <= 2 * known.cost + 1e-8
    assert len(path) < 60


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 4), constant=st.floats(-10, 10))
def test_levenberg_marquardt_solves_linear_problems_as_lapack_does(seed: int, n: int, constant: float) -> None:
    """And the constant part of f, which residuals don't show, is in the values."""
    rng = np.random.default_rng(seed)
    J, b = rng.normal(size=(2 * n, n)), rng.normal(size=2 * n)
    function = squares(lambda x: J @ x - b, lambda x: J, n)
    plain = function.f
    function.f = lambda x: plain(x) + constant
    path, outcome = run("levenberg-marquardt", function, rng.normal(size=n))
    x, rest, *_ = np.linalg.lstsq(J, b)
    assert path[-1][0] == pytest.approx(x, abs=1e-6 * (1 + np.abs(x).max()))
    assert path[-1][1] == pytest.approx(float(rest[0]) + constant, abs=1e-9)
    assert outcome is not None
    assert outcome.converged
    assert len(path) <= 12


def test_units_of_the_variables_change_no_iterate_of_levenberg_marquardt() -> None:
    """Exactly, as they are powers of two: More 1978, section 6."""
    units = np.array([2.0**20, 2.0**-20])
    plain, base = beale(), beale()
    assert base.r is not None
    assert base.j is not None
    r, j = base.r, base.j
    scaled = squares(lambda x: r(x * units), lambda x: j(x * units) * units, 2, small=0.0)
    plain.small = 0.0
    ours = [x.tolist() for x, _ in run("levenberg-marquardt", plain, np.array([1.0, 1.0]))[0][:8]]
    assert ours == [(x * units).tolist() for x, _ in run("levenberg-marquardt", scaled, np.array([1.0, 1.0]) / units)[0][:8]]


def test_in_one_variable_the_points_of_levenberg_marquardt_are_floats() -> None:
    function = one(
        lambda x: (math.exp(x) - 2) ** 2 + 1,
        lambda x: 2 * (math.exp(x) - 2) * math.exp(x),
        lambda x: 0.0,
        r=lambda x: [math.exp(x) - 2, 1.0],
        j=lambda x: [[math.exp(x)], [0.0]],
    )
    path, outcome = run("levenberg-marquardt", function, 2.0)
    assert {type(x) for x, _ in path} == {float}
    assert path[-1][0] == pytest.approx(math.log(2), abs=1e-7)
    assert outcome is not None
    assert outcome.converged


@pytest.mark.parametrize(
    ("gain", "factor"), [(0.0, 2.0), (0.25, 1.125), (0.5, 1.0), (0.75, 0.875), (0.9, 0.488), (1.0, 1 / 3), (9.0, 1 / 3)]
)
def test_the_damping_after_a_step_is_nielsens(gain: float, factor: float) -> None:
    damping = Damping(1.0)
    damping.succeeded(gain)
    assert damping.mu == pytest.approx(factor)
    damping.failed()
    damping.failed()
    assert (damping.mu, damping.nu) == (pytest.approx(8 * factor), 8.0)


# Nesterov --------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 20), condition=st.floats(1, 1e6), backtracks=st.booleans(), boxed=st.booleans())
def test_nesterov_is_as_quick_as_beck_and_teboulle_prove(seed: int, n: int, condition: float, backtracks: bool, boxed: bool) -> None:
    """Theorem 4.4: F(x_k) - F* <= 2 alpha L |x_0 - x*|^2 / (k + 1)^2, where alpha is the growth with backtracking and else 1."""
    rng = np.random.default_rng(seed)
    d = np.linspace(1, condition, n) if n > 1 else np.array([condition])
    minimiser = rng.normal(size=n)
    lower, upper = (np.full(n, -0.5), np.full(n, 0.5)) if boxed else (None, None)
    function = quadratic(np.diag(d), minimiser, lower, upper)
    function.limit = 500
    best = function.project(minimiser)  # of a separable function
    start = function.project(rng.normal(size=n))
    options = {"lipschitz": 1e-3 * condition if backtracks else condition, "relaxation": 0.9 if backtracks else 1.0, "restart": "none"}
    with np.errstate(all="ignore"):
        path, _ = run("nesterov", function, start, **options)
    bound = 2 * (2 if backtracks else 1) * condition * float((start - best) @ (start - best))
    for k, (_, value) in enumerate(path):
        assert k == 0 or value - function.f(best) <= bound / (k + 1) ** 2 * (1 + 1e-9) + 1e-12 * (1 + abs(value))


def test_nesterov_with_a_known_constant_is_the_recursion_of_the_paper() -> None:
    A, start = spd(0, 4, 10.0), np.array([1.0, -1.0, 2.0, 0.5])
    path, _ = run("nesterov", quadratic(A, np.zeros(4)), start, lipschitz=10.0, relaxation=1.0, restart="none")
    x = y = start
    t = 1.0
    for found, _ in path[1:40]:
        x, last = y - A @ y / 10, x
        t, before = (1 + math.sqrt(1 + 4 * t * t)) / 2, t
        y = x + (before - 1) / t * (x - last)
        assert found == pytest.approx(x, abs=1e-12)


def test_restarts_save_most_of_the_iterations() -> None:
    """O'Donoghue & Candes 2015, figure 2: linear convergence without knowing the condition."""
    lengths = {}
    for restart in ("gradient", "function", "none"):
        path, outcome = run("nesterov", quadratic(spd(2, 20, 1e4), np.ones(20)), np.zeros(20), restart=restart, patience=10**6)
        assert outcome is not None
        assert outcome.converged
        lengths[restart] = len(path)
    assert max(lengths["gradient"], lengths["function"]) < 0.5 * lengths["none"]


# Barzilai and Borwein --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["long", "short"])
def test_barzilai_borwein_is_the_two_point_recursion_where_nothing_holds_it_back(length: str) -> None:
    A = spd(5, 3, 10.0)
    path, _ = run("barzilai-borwein", quadratic(A, np.zeros(3)), np.array([1.0, 2.0, -1.0]), length=length, memory=1000)
    points = [x for x, _ in path]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        s, y = here - before, A @ (here - before)
        alpha = (s @ s) / (s @ y) if length == "long" else (s @ y) / (y @ y)
        assert after == pytest.approx(here - alpha * A @ here, abs=1e-12)


def test_barzilai_borwein_in_one_variable_is_the_secant_method() -> None:
    path, _ = run("barzilai-borwein", one(lambda x: 3 * (x - 2) ** 2, lambda x: 6 * (x - 2), lambda x: 6.0), 10.0)
    assert len(path) <= 4
    assert path[-1][0] == pytest.approx(2, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), condition=st.floats(1, 100))
def test_barzilai_borwein_converges_superlinearly_in_two_variables(seed: int, condition: float) -> None:
    """Barzilai & Borwein 1988, section 3: on convex quadratics of two variables."""
    rng = np.random.default_rng(seed)
    function = quadratic(spd(seed, 2, condition), rng.normal(size=2))
    function.small = 1e-12
    with np.errstate(all="ignore"):
        path, _ = run("barzilai-borwein", function, rng.normal(size=2), length="long", memory=1000)
    assert len(path) < 60
    assert path[-1][1] < 1e-18


@pytest.mark.parametrize("length", ["adaptive", "long", "short"])
@pytest.mark.parametrize("memory", [1, 5, 10])
def test_f_never_rises_above_the_last_values(length: str, memory: int) -> None:
    """Grippo, Lampariello & Lucidi 1986."""
    function = rosenbrock(4)
    function.limit = 2000
    path, _ = run("barzilai-borwein", function, np.array([-1.2, 1.0, 0.3, 2.0]), length=length, memory=memory)
    values = [value for _, value in path]
    assert all(value <= max(values[max(0, k - memory) : k]) * (1 + 1e-12) for k, value in enumerate(values) if k)  # up to rounding


# Coordinate descent ----------------------------------------------------------------------------------------------------


def test_coordinate_descent_on_a_separable_quadratic_needs_a_few_evaluations_a_variable() -> None:
    function = quadratic(np.diag([1.0, 1e6, 1e-6]), np.array([3.0, -2.0, 40.0]))
    path, outcome = run("coordinate-descent", function, np.zeros(3))
    assert path[1][0] == pytest.approx([3, -2, 40], rel=1e-4)
    assert path[-1][0] == pytest.approx([3, -2, 40], rel=1e-7)
    assert outcome is not None
    assert outcome.converged
    assert function.evaluations < 150


@pytest.mark.parametrize("acceleration", [True, False])
def test_coordinate_descent_says_that_it_stalls_at_a_kink(acceleration: bool) -> None:
    """3|x - y| + (x + y - 4)^2/10: at all points with x = y no step along a coordinate helps, and the minimum is at x = y = 2."""
    function = Function(
        lambda x: float(3 * abs(x[0] - x[1]) + (x[0] + x[1] - 4) ** 2 / 10),
        lambda x: x,
        lambda x: x,
        Euclidean(2),
    )
    path, outcome = run("coordinate-descent", function, np.array([-1.0, -1.0]), acceleration=acceleration)
    assert outcome is not None
    assert not outcome.converged
    assert "kink" in outcome.reason
    assert path[-1][1] > 0.1


def test_coordinate_descent_trusts_a_kink_in_one_variable() -> None:
    path, outcome = run("coordinate-descent", one(lambda x: abs(x - 0.3), None, None), 2.0)
    assert outcome is not None
    assert outcome.converged
    assert path[-1][0] == pytest.approx(0.3, abs=1e-7)


def test_the_search_along_the_way_saves_most_rounds() -> None:
    function, start = quadratic(spd(1, 3, 300.0), np.ones(3)), np.zeros(3)
    quick, slow = (run("coordinate-descent", function, start, acceleration=acceleration)[0] for acceleration in (True, False))
    assert len(quick) < 0.3 * len(slow)


@given(st.floats(0.1, 10), st.floats(-3, 3), st.lists(st.floats(-4, 4), min_size=3, max_size=3))
def test_the_vertex_is_that_of_the_parabola(curvature: float, at: float, places: list[float]) -> None:
    a, b, c = places
    if min(abs(a - b), abs(b - c), abs(a - c)) < 0.1:
        return
    found = vertex(*(Along(t, t, curvature * (t - at) ** 2) for t in places))
    assert found == pytest.approx(at, abs=1e-6)
    assert math.isnan(vertex(Along(a, a, 1.0), Along(b, b, 1.0), Along(c, c, 1.0)))
    assert math.isnan(vertex(Along(a, a, math.inf), Along(b, b, 1.0), Along(c, c, 2.0)))


# Global methods --------------------------------------------------------------------------------------------------------


def rastrigin(n: int, lower: float = -5.0, upper: float = 5.0, **more: Any) -> Function:
    """The lowest of its many minima is 0, at 0."""

    def value(x: Any) -> float:
        return float(10 * n + x @ x - 10 * np.cos(2 * math.pi * x).sum())

    return Function(value, lambda x: x, lambda x: x, Euclidean(n), np.full(n, lower), np.full(n, upper), **more)


@pytest.mark.parametrize("name", GLOBAL)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_lowest_of_many_minima_is_found(name: str, seed: int) -> None:
    path, outcome = run(name, rastrigin(2, seed=seed), np.array([4.1, -3.2]))
    assert outcome is not None
    assert path[-1][0] == pytest.approx(np.zeros(2), abs=1e-5)
    assert path[-1][1] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("name", GLOBAL)
def test_the_lowest_of_many_minima_is_found_without_bounds(name: str) -> None:
    path, _ = run(name, rastrigin(2, -math.inf, math.inf, seed=5), np.array([4.1, -3.2]))
    assert path[-1][1] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("name", GLOBAL)
def test_chance_is_repeatable_and_seeded(name: str) -> None:
    first, same, other = (run(name, rastrigin(2, seed=seed), np.ones(2), **SLOW_AND_STEADY[name])[0] for seed in (1, 1, 2))
    assert [x.tolist() for x, _ in first] == [x.tolist() for x, _ in same]
    assert [x.tolist() for x, _ in first] != [x.tolist() for x, _ in other]


@pytest.mark.parametrize("name", GLOBAL)
@pytest.mark.parametrize("start", [1e-6, 0.1, 0.6758, 3.0, 10.0])
def test_a_global_method_comes_near_to_the_headline(name: str, start: float) -> None:
    path, outcome = run(name, entropy_minus_root(), start, **SLOW_AND_STEADY[name])
    assert path[0][0] == start
    assert path[-1][0] == pytest.approx(0.675840630944707, abs=1e-6)
    assert all(after <= before for (_, before), (_, after) in pairwise(path))
    assert outcome is not None
    assert outcome.converged == (name == "simulated-annealing")  # samples prove nothing


@pytest.mark.parametrize("name", GLOBAL)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 2))
def test_a_global_method_reaches_a_corner_exactly(name: str, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.choice([-1.0, 2.0], n)
    function = quadratic(np.diag(rng.uniform(1, 5, n)), 2 * corner, np.full(n, -1.0), np.full(n, 2.0))
    function.seed = seed
    with np.errstate(all="ignore"):
        path, _ = run(name, function, rng.uniform(-1, 2, n), **SLOW_AND_STEADY[name])
    assert path[-1][0].tolist() == corner.tolist()


@pytest.mark.parametrize("name", GLOBAL)
def test_a_global_method_leaves_entries_fixed_by_equal_bounds(name: str) -> None:
    function = quadratic(spd(3, 3, 5.0), np.zeros(3), np.array([-3, 1.0, -3]), np.array([3, 1.0, 3]))
    path, _ = run(name, function, np.array([2.0, 1.0, -1.0]), **SLOW_AND_STEADY[name])
    A, free = spd(3, 3, 5.0), [0, 2]
    expected = np.linalg.solve(A[np.ix_(free, free)], -A[np.ix_(free, [1])][:, 0])
    assert path[-1][0] == pytest.approx([expected[0], 1.0, expected[1]], abs=1e-3)


@given(samples=st.integers(1, 60), exploration=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 99))
def test_random_search_draws_as_many_samples_as_it_is_told(samples: int, exploration: float, seed: int) -> None:
    function = rastrigin(2, seed=seed)
    path, outcome = run("random-search", function, np.ones(2), samples=samples, exploration=exploration)
    assert outcome == Outcome(False, f"all {samples} samples are drawn")
    assert len(function.seen) == samples + 1
    assert path[-1][1] == min(map(function.f, function.seen))


def test_pure_random_search_is_uniform_over_the_box() -> None:
    """The means and variances of 4,000 samples, to five standard errors."""
    function = Function(lambda x: 1.0, lambda x: x, lambda x: x, Euclidean(2), np.array([-1.0, 5.0]), np.array([3.0, 6.0]))
    run("random-search", function, np.array([0.0, 5.5]), samples=4000, exploration=1.0)
    drawn = np.array(function.seen[1:])
    assert drawn.mean(axis=0) == pytest.approx([1, 5.5], abs=5 * 4 / math.sqrt(12 * 4000))
    assert drawn.var(axis=0) == pytest.approx([16 / 12, 1 / 12], rel=0.1)


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e3), st.booleans(), st.booleans(), st.integers(0, 99))
def test_scattered_points_lie_inside(x: float, room: float, left: bool, right: bool, seed: int) -> None:
    function = one(lambda x: x, None, None, x - room if left else -math.inf, x + room if right else math.inf)
    (width,) = widths(function, x)
    assert width == (pytest.approx(2 * room) if left and right else max(1.0, abs(x)))
    chance = random.Random(seed)
    assert all(function.lower <= scattered(function, chance, x, width) <= function.upper for _ in range(20))


@pytest.mark.parametrize(("ratio", "factor"), [(0.0, 1 / 3), (0.2, 0.5), (0.4, 1.0), (0.5, 1.0), (0.6, 1.0), (0.8, 2.0), (1.0, 3.0)])
def test_the_steps_of_annealing_aim_at_half_of_the_moves(ratio: float, factor: float) -> None:
    """Corana et al. 1987, step 4, with c = 2."""
    assert adjusted(1.0, ratio) == pytest.approx(factor)


def test_annealing_without_heat_never_climbs() -> None:
    function = rastrigin(1)
    walker = Walker(function, np.array([1.3]), function.value(np.array([1.3])))
    for _ in range(300):
        before = walker.value
        moved = walker.moves(0, 0.1, 1e-300)
        assert walker.value <= before if moved else walker.value == before


def test_annealing_in_great_heat_goes_everywhere() -> None:
    function = rastrigin(1)
    walker = Walker(function, np.array([1.3]), function.value(np.array([1.3])))
    assert all(walker.moves(0, 1.0, 1e9) for _ in range(300))
    assert {math.floor(x[0]) for x in function.seen} >= set(range(-4, 4))
