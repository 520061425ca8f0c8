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
from optbench.methods.method import NOT_DEFINED_AT_START, Facts, Outcome, describe, get, methods, names, projected_gradient, read_options
from optbench.methods.nelder_mead import NelderMeadOptions, Vertex, descend, restarted, simplex_gradient
from optbench.methods.newton import direction
from optbench.methods.space import Euclidean, Line, Space

OWN = [name for name in names() if not name.startswith(("scipy-", "casadi-"))]
SEVERAL = [name for name in OWN if not get(name).one_variable_only]
SECOND_ORDER = ["newton", "bfgs"]
SLOW_AND_STEADY = {"momentum": {"step": 0.01}, "adam": {"step": 0.05}}  # what suits the small problems here
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

    def hessian(self, x: Any) -> Any:
        self._count(x)
        return self.h(x)

    def project(self, x: Any) -> Any:
        return self.space.clip(x, self.lower, self.upper)

    def is_stationary(self, x: Any, value: float, gradient: Any) -> bool:
        return self.space.max_abs(projected_gradient(self, x, gradient)) <= self.small

    def random(self) -> random.Random:
        return random.Random(0)

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
    n = len(minimiser)
    return Function(
        lambda x: 0.5 * (x - minimiser) @ A @ (x - minimiser), lambda x: A @ (x - minimiser), lambda x: A, Euclidean(n), lower, upper
    )


def rosenbrock(n: int, lower: Any = None, upper: Any = None) -> Function:
    from scipy.optimize import rosen, rosen_der, rosen_hess

    return Function(rosen, rosen_der, rosen_hess, Euclidean(n), lower, upper)


def spd(seed: int, n: int, condition: float) -> np.ndarray:
    """A random symmetric matrix with eigenvalues from 1 to `condition`."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return np.asarray(Q * np.linspace(1, condition, n) @ Q.T)


def precision(name: str) -> float:
    """How near to a minimiser a method must come on small well-conditioned problems."""
    return 1e-6 if "gradient" in get(name).uses else 2e-6


# Known minima ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SEVERAL)
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


@pytest.mark.parametrize("name", OWN)
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
    quartic = one(lambda x: (x - 1) ** 4, lambda x: 4 * (x - 1) ** 3, lambda x: 12 * (x - 1) ** 2)
    path, _ = run(name, quartic, start, **options)
    assert path[-1][1] < 1e-4


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(("lower", "upper", "solution"), [(1.0, 2.0, 1.0), (-2.0, -1.0, -1.0), (1.0, math.inf, 1.0), (-1.0, 1.0, 0.0)])
def test_a_minimum_at_a_bound(name: str, lower: float, upper: float, solution: float) -> None:
    parabola = one(lambda x: x * x, lambda x: 2 * x, lambda x: 2.0, lower, upper)
    for start in (lower, max(lower, min(upper, 1.5)) * 0.9 + 0.1 * solution, upper if upper < math.inf else 7.0):
        path, outcome = run(name, parabola, start, **SLOW_AND_STEADY.get(name, {}))
        assert outcome is not None
        assert outcome.converged, outcome
        assert path[-1][0] == pytest.approx(solution, abs=1e-6)
        if solution:
            assert path[-1][0] == pytest.approx(solution, abs=1e-15 if name != "adam" else 1e-7)


@pytest.mark.parametrize("name", SEVERAL)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 5))
def test_a_convex_quadratic_in_a_box(name: str, seed: int, n: int) -> None:
    """The second way: SciPy's L-BFGS-B."""
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


@pytest.mark.parametrize("name", ["newton", "bfgs", "gradient-descent", "nelder-mead"])
def test_rosenbrock_with_active_bounds(name: str) -> None:
    function = rosenbrock(3, np.full(3, -2.0), np.full(3, 0.5))
    path, outcome = run(name, function, np.array([-1.2, 0.3, -2.0]))
    assert outcome is not None
    assert outcome.converged
    bounds = [(-2.0, 0.5)] * 3
    known = scipy.optimize.minimize(scipy.optimize.rosen, [0.4, 0.2, 0.1], jac=scipy.optimize.rosen_der, bounds=bounds, tol=1e-14)
    assert path[-1][1] == pytest.approx(known.fun, abs=1e-9)


@pytest.mark.parametrize("name", SEVERAL)
def test_entries_fixed_by_equal_bounds_stay(name: str) -> None:
    function = quadratic(spd(3, 3, 5.0), np.zeros(3), np.array([-3, 1.0, -3]), np.array([3, 1.0, 3]))
    path, outcome = run(name, function, np.array([2.0, 1.0, -1.0]), **SLOW_AND_STEADY.get(name, {}))
    A = spd(3, 3, 5.0)
    free = [0, 2]
    expected = np.linalg.solve(A[np.ix_(free, free)], -A[np.ix_(free, [1])][:, 0])
    assert path[-1][0] == pytest.approx([expected[0], 1.0, expected[1]], abs=1e-5)
    assert outcome is not None
    assert outcome.converged or name == "nelder-mead"


@pytest.mark.parametrize("name", ["newton", "bfgs"])
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
    function = one(lambda x: value, lambda x: value, lambda x: value)
    assert run(name, function, 1.0) == ([], Outcome(False, reason))
    assert function.evaluations == 1


@pytest.mark.parametrize("name", OWN)
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
    )
    path, outcome = run(name, function, np.array([3.0, 1.0]), **SLOW_AND_STEADY.get(name, {}))
    assert all(math.isfinite(value) and x[0] > 1 for x, value in path)
    assert outcome is None or not outcome.converged or name == "nelder-mead"


@pytest.mark.parametrize("name", [name for name in OWN if "gradient" in get(name).uses])
def test_an_undefined_gradient_is_a_reason(name: str) -> None:
    function = one(lambda x: (x - 1) ** 2, lambda x: math.nan, lambda x: 2.0)
    path, outcome = run(name, function, 3.0)
    assert len(path) == 1
    assert outcome == Outcome(False, "the gradient is not defined at the last iterate")


def test_an_undefined_hessian_is_a_reason() -> None:
    _, outcome = run("newton", one(lambda x: x * x, lambda x: 2 * x, lambda x: math.nan), 3.0)
    assert outcome == Outcome(False, "the Hessian is not defined at the last iterate")


@pytest.mark.parametrize("name", OWN)
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


@pytest.mark.parametrize("name", OWN)
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


@pytest.mark.parametrize("name", OWN)
def test_every_exception_passes(name: str) -> None:
    for limit in range(1, 40):
        function = entropy_minus_root()
        function.limit = limit
        _, outcome = run(name, function, 9.0)
        assert function.evaluations == limit + 1 if outcome is None else function.evaluations <= limit


@pytest.mark.parametrize("name", OWN)
def test_two_runs_are_equal(name: str) -> None:
    assert run(name, entropy_minus_root(), 9.0) == run(name, entropy_minus_root(), 9.0)


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("bounds", [(-math.inf, math.inf), (0.5, 4.0)])
def test_one_variable_is_n_variables_with_n_one(name: str, bounds: tuple[float, float]) -> None:
    def cosh(lift: Callable[[float], Any], drop: Callable[[Any], float], space: Space) -> Function:
        return Function(
            lambda x: math.cosh(drop(x) - 1) + drop(x) ** 2,
            lambda x: lift(math.sinh(drop(x) - 1) + 2 * drop(x)),
            lambda x: lift(math.cosh(drop(x) - 1) + 2) if isinstance(space, Line) else np.array([[math.cosh(drop(x) - 1) + 2]]),
            space,
            lift(bounds[0]),
            lift(bounds[1]),
        )

    line, line_outcome = run(name, cosh(float, float, Line()), 3.0)
    space, outcome = run(name, cosh(lambda x: np.array([x]), lambda x: float(x[0]), Euclidean(1)), np.array([3.0]))
    both = [*zip(line, space, strict=False)][:30]
    assert [x for (x, _), _ in both] == pytest.approx([float(x[0]) for _, (x, _) in both], rel=1e-9)
    assert abs(len(line) - len(space)) <= 1
    assert line_outcome is not None
    assert outcome is not None
    assert line_outcome.converged == outcome.converged


@pytest.mark.parametrize("name", ["newton", "nelder-mead", "golden-section", "brent"])
@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20])
def test_a_factor_of_the_function_changes_no_iterate(name: str, factor: float) -> None:
    """Exactly, as the factor is a power of two; methods whose first step is as long as the gradient are not listed."""
    f = entropy_minus_root()
    scaled = one(lambda x: factor * f.f(x), lambda x: factor * f.g(x), lambda x: factor * f.h(x), 0.0, 10.0, small=f.small * factor)
    assert [x for x, _ in run(name, f, 5.0)[0]] == [x for x, _ in run(name, scaled, 5.0)[0]]


@pytest.mark.parametrize("name", ["newton", "bfgs", "gradient-descent", "momentum", "adam"])
@settings(max_examples=10, deadline=None)
@given(shift=st.integers(-8, 8))
def test_a_shift_of_x_shifts_the_iterates(name: str, shift: int) -> None:
    A, start = spd(1, 3, 5.0), np.array([1.0, -1.0, 0.5])
    paths = [[x - by for x, _ in run(name, quadratic(A, np.zeros(3) + by), start + by)[0]] for by in (0.0, float(shift))]
    for here, there in islice(zip(*paths, strict=False), 10):
        assert here == pytest.approx(there, abs=1e-9)


# Options and applicability -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_every_method_describes_itself(name: str) -> None:
    method = get(name)
    assert method.name == name
    assert method.summary.endswith(".")
    assert method.source
    assert method.uses <= {"value", "gradient", "hessian"}
    rows = describe(method)
    assert read_options(method, {row.name: row.default for row in rows}) == method.options()
    assert all(row.meaning and not row.meaning.endswith(".") for row in rows)


def test_the_list_of_methods_is_the_folder() -> None:
    assert {"gradient-descent", "momentum", "adam", "newton", "bfgs", "nelder-mead", "golden-section", "brent"} <= set(names())
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
        ("momentum", {"x\x1b": 1}, "momentum has no option 'x\\x1b'. Its options are step, momentum, patience."),
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
