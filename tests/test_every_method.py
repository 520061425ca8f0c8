"""One suite for every registered method, ours and foreign ones: register it and it is tested.

Each test goes over all names. What a method can't handle it has to refuse with a reason; what it handles it has to solve,
obey and repeat. The budget and the deadline are tested the same way in `test_engine`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import optbench
from optbench.methods.method import Method, Scope
from optbench.methods.options import read_options
from optbench.methods.registry import get, names
from optbench.problem.problem import MethodChoice, Problem
from optbench.workbench import attempt
from optbench.workbench.function import Function, importable, silent_numpy
from optbench.workbench.panel import entrants
from optbench.workbench.starts import starts, typical_scale

PROGRAMS = [name for name in names() if get(name).linear_only or get(name).quadratic_only]  # `test_highs.py`, `test_programs.py`
NAMES = tuple(
    name if importable(library) else pytest.param(name, marks=pytest.mark.skip(reason=f"{library} is not installed"))
    for name in names()
    if name not in PROGRAMS
    for library in [(get(name).library or "optbench").partition(".")[0]]
)
SLOW_AND_STEADY: dict[str, dict[str, Any]] = {"momentum": {"step": 0.02}, "adam": {"step": 0.05}}  # steps that suit what is solved here
SEED = 7


def run(
    name: str,
    problem: Problem,
    start: list[float] | None = None,
    seed: int = SEED,
    evaluations: int = 60_000,
    kind: type[Function] = Function,
) -> dict[str, Any]:
    """The facts of an attempt, without a child."""
    method, function = get(name), kind(problem)
    options = read_options(method, SLOW_AND_STEADY.get(name, {}))
    begin = starts(function, 0) if start is None else [start]
    function.scale = typical_scale(function)
    with silent_numpy():
        return attempt.run(function, method, options, begin, attempt.Budget(60, evaluations=evaluations), 1e-8, seed, False, lambda _: None)


def refusal(name: str, problem: Problem) -> str | None:
    (entrant,) = entrants(problem, Function(problem), [MethodChoice(name)])
    return entrant.refusal


def room(method: Method) -> float:
    """How near to a minimiser a method has to come: a search by chance only tells the neighbourhood."""
    return 0.3 if method.name == "random-search" else 2e-3 if method.random and method.scope is Scope.GLOBAL else 1e-4


# ---- a known minimum, however the problem is written --------------------------------------------------------------------------

# (u - 1)^2 + 2*(v + 1/2)^2 + u*v/2, as a sum of squares where that matters; its minimiser solves 2 equations
MINIMISER = np.linalg.solve([[2.0, 0.5], [0.5, 4.0]], [2.0, -2.0])


def bowl(u: str, v: str) -> str:
    """The function with expressions for u and v."""
    return f"({u} - 1)^2 + 2*({v} + 1/2)^2 + (({u}) + ({v}))^2/4 - ({u})^2/4 - ({v})^2/4"


def squares(u: str, v: str) -> str:
    """Another one with the same minimiser, as a sum of squares."""
    a, b = map(float, MINIMISER)
    return f"({u} - ({Fraction(a)}))^2 + 2*(({u}) + ({v}) - ({Fraction(a + b)}))^2"


def on_rows(method: Method, text: str) -> str:
    """The function as a sum over three rows, for methods that need one."""
    return f"sum([1/2, 1/8, 3/8]*({text}))" if "batches" in method.uses else text


def text_for(method: Method, u: str, v: str) -> str:
    return squares(u, v) if "residuals" in method.uses else on_rows(method, bowl(u, v))


Point = Mapping[str, float]
WRITTEN: dict[str, tuple[tuple[str, str], Any, bool]] = {  # u and v in terms of x and y, the minimiser (x, y), reordered
    "as it is": (("x", "y"), lambda u, v: {"x": u, "y": v}, False),
    "shifted": (("(x - 2)", "(y + 1)"), lambda u, v: {"x": u + 2, "y": v - 1}, False),
    "scaled": (("(x/4)", "(8*y)"), lambda u, v: {"x": 4 * u, "y": v / 8}, False),
    "renamed": (("beta_1", "alpha"), lambda u, v: {"beta_1": u, "alpha": v}, False),
    "reordered": (("x", "y"), lambda u, v: {"x": u, "y": v}, True),
}
BOXES = {"x": (-3, 5), "y": (-4, 2), "alpha": (-4, 2), "beta_1": (-3, 5)}
BOXES_WHEN_SCALED = {"x": (-12, 20), "y": (-0.5, 0.25)}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("name", NAMES)
def test_the_known_minimum_however_the_problem_is_written(name: str, how: str) -> None:
    method = get(name)
    if method.one_variable_only:
        pytest.skip("of one variable")
    if name in SLOW_AND_STEADY and how == "scaled":
        pytest.skip("its steps are the user's: in other units they are other steps")
    if "batches" in method.uses and how == "scaled":
        pytest.skip("where curvatures differ by a factor of 2^10, its epochs are over before")
    (u, v), minimiser, reordered = WRITTEN[how]
    expected: Point = minimiser(*map(float, MINIMISER))
    boxes = BOXES_WHEN_SCALED if how == "scaled" else BOXES
    order = sorted(expected, reverse=reordered)
    begin = {n: boxes[n][0] + 0.3 * (boxes[n][1] - boxes[n][0]) for n in order}
    problem = optbench.define(text_for(method, u, v), variables={n: boxes[n] if method.bounds else None for n in order}, start=begin)
    assert refusal(name, problem) is None
    facts = run(name, problem)
    found = Function(problem).named(facts["x"])
    for variable, value in expected.items():
        width = boxes[variable][1] - boxes[variable][0]
        assert abs(found[variable] - value) <= room(method) * width / 6, (facts["status"], facts["reason"])


@pytest.mark.parametrize("factor", ["1", "1e6", "1e-6"])
@pytest.mark.parametrize("name", NAMES)
def test_the_headline_times_a_factor(name: str, factor: str) -> None:
    method = get(name)
    text, minimiser = "x*log(x) - sqrt(x)", 0.675840630944707
    if "residuals" in method.uses:
        text, minimiser = "(x*log(x) - 1)^2", math.exp(0.5671432904097838)  # W(1)
    if method.linear_residuals_only:
        pytest.skip("its residuals are not linear")
    problem = optbench.define(on_rows(method, f"{factor}*({text})"), range=(0, 10), start={"x": 1.5})
    if name in SLOW_AND_STEADY and factor != "1":
        pytest.skip("its steps are the user's: scaled with the function they are other steps")
    facts = run(name, problem)
    nearness = room(method) if method.uses & {"gradient", "residuals"} or method.library is None else 1e-3  # absolute tolerances
    assert abs(facts["x"][0] - minimiser) <= 3 * nearness, (facts["status"], facts["reason"])


@pytest.mark.parametrize("name", NAMES)
def test_the_maximum_is_the_minimum_of_the_opposite(name: str) -> None:
    method = get(name)
    box = (-2, 3) if method.bounds else (None, None)
    problem = optbench.define(on_rows(method, "4 - (x - 1)^2"), range=box, start={"x": -1}, maximize=True)
    assert refusal(name, problem) is None
    facts = run(name, problem)
    assert abs(facts["x"][0] - 1) <= room(method)
    assert facts["value"] == pytest.approx(-4, abs=room(method))


@pytest.mark.parametrize("name", NAMES)
def test_a_minimum_in_a_corner_of_the_box(name: str) -> None:
    method = get(name)
    corner = optbench.define(on_rows(method, "(x - 3)^2 + (y + 3)^2"), range=(-1, 2), start={"x": 0, "y": 0})
    if method.one_variable_only or not method.bounds:
        assert refusal(name, corner) is not None
        return
    facts = run(name, corner)
    assert facts["x"] == pytest.approx([2, -1], abs=room(method)), facts["reason"]
    assert all(-1 <= c <= 2 for c in facts["x"])


# ---- constraints ----------------------------------------------------------------------------------------------------------------

CONSTRAINED = {  # objective, constraints, minimiser
    "a line": ("x^2 + y^2", ["x + y >= 1"], (0.5, 0.5)),
    "a circle": ("x + y", ["x^2 + y^2 <= 2"], (-1, -1)),
    "an equation": ("(x - 2)^2 + (y - 1)^2", ["x - 2*y == -1"], (1.8, 1.4)),
    "both (HS14)": ("(x - 2)^2 + (y - 1)^2", ["x - 2*y == -1", "x^2/4 + y^2 <= 1"], ((math.sqrt(7) - 1) / 2, (math.sqrt(7) + 1) / 4)),
    "nothing active": ("(x - 1)^2 + y^2", ["x + y <= 5", "x^2 + y^2 <= 9"], (1, 0)),
}


@pytest.mark.parametrize("which", CONSTRAINED)
@pytest.mark.parametrize("name", NAMES)
def test_constraints_hold_at_the_known_minimum_or_are_refused(name: str, which: str) -> None:
    objective, constraints, minimiser = CONSTRAINED[which]
    problem = optbench.define(objective, subject_to=constraints, range=(-4, 4), start={"x": 2, "y": 2})
    method = get(name)
    if not method.constraints or (not method.equations and any("==" in text for text in constraints)):
        assert refusal(name, problem) is not None
        return
    assert refusal(name, problem) is None
    facts = run(name, problem)
    assert facts["x"] == pytest.approx(minimiser, abs=max(room(method), 1e-4)), facts["reason"]
    function = Function(problem)
    assert function.violation(function.space.point(facts["x"])) <= 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_constraints_that_cannot_hold_are_no_success(name: str) -> None:
    if not get(name).constraints:
        return
    problem = optbench.define("x^2 + y^2", subject_to=["x + y >= 3", "x + y <= 1"], range=(-4, 4), start={"x": 2, "y": 2})
    facts = run(name, problem, evaluations=5_000)
    function = Function(problem)
    violation = math.inf if facts["x"] is None else function.violation(function.space.point(facts["x"]))
    assert facts["status"] != "converged" or violation >= 0.9  # the judgement then takes the claim back
    assert violation >= 0.9


# ---- where the function is undefined ------------------------------------------------------------------------------------------------


def undefined_below(method: Method) -> str:
    """A function that is defined for x + y > 0 only and has its minimum where x + y = 1."""
    term = "log(x + y)^2" if "residuals" in method.uses else "x + y - log(x + y)"
    return on_rows(method, f"{term} + (x - y)^2")


@pytest.mark.parametrize("name", NAMES)
def test_a_start_at_which_nothing_is_defined(name: str) -> None:
    method = get(name)
    problem = optbench.define("log(x^2 - 1)^2" if method.one_variable_only else undefined_below(method), range=(-3, 3))
    start = [0.5] if method.one_variable_only else [-1.0, -1.0]
    facts = run(name, problem, start)
    assert facts["status"] == "stalled"
    assert facts["reason"] == "the function is not defined at the start"
    assert facts["x"] is None
    assert sum(facts["counts"]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_is_undefined_half_way(name: str) -> None:
    method = get(name)
    if method.one_variable_only:
        problem, start = optbench.define("x^2 - x - log(x^2 - 1)", range=(-9, 9)), [8.0]
    else:
        problem, start = optbench.define(undefined_below(method), range=(-9, 9)), [6.0, 0.02]
    facts = run(name, problem, start, evaluations=3_000)
    function = Function(problem)
    assert facts["status"] in ("converged", "stalled", "limit", "diverged")
    assert math.isfinite(facts["value"])
    assert facts["value"] <= function.value(function.space.point(start))
    assert function.defined(function.space.point(facts["x"]))


@pytest.mark.parametrize("name", NAMES)
def test_an_exception_from_the_function_passes_unchanged(name: str) -> None:
    class Faulty(Function):
        asked = 0

        def value(self, x: Any) -> float:
            self.asked += 1
            if self.asked > 3:
                raise ZeroDivisionError("planted")
            return super().value(x)

    method = get(name)
    if "residuals" in method.uses:
        pytest.skip("it asks for residuals, not for values")
    if name == "pyscipopt-scip":
        pytest.skip("it reads formulas, and asks for a value at its answer only")
    text = "x^2 + exp(x)" if method.one_variable_only else "x^2 + exp(x) + (y - x)^2"
    problem = optbench.define(on_rows(method, text), range=(-3, 2))
    function = Faulty(problem)
    with pytest.raises(ZeroDivisionError, match="planted"):
        attempt.run(
            function, method, read_options(method, {}), starts(Function(problem), 0), attempt.Budget(60), 1e-8, 0, False, lambda _: None
        )


# ---- repeatable --------------------------------------------------------------------------------------------------------------------


class Remembering(Function):
    """Remembers where it was asked."""

    asked: list[Any]

    def value(self, x: Any) -> float:
        self.asked.append(self.space.coordinates(x))
        return super().value(x)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_run_and_chance_needs_a_seed(name: str) -> None:
    method = get(name)
    text = "cos(3*x) + x^2/5" if method.one_variable_only else "(x - 1)^2*(1 + x^2*y^2)^2 + (y - cos(3*x))^2"
    problem = optbench.define(on_rows(method, text), range=(-3, 4))

    def told(seed: int) -> dict[str, Any]:
        asked: list[Any] = []
        facts = run(name, problem, seed=seed, evaluations=1500, kind=type("One", (Remembering,), {"asked": asked}))
        return {**facts, "solve_seconds": None, "asked": asked}

    first, again, other = told(7), told(7), told(8)
    assert first == again
    assert (first != other) == method.random


@pytest.mark.parametrize("name", NAMES)
def test_facts_say_what_every_method_needs(name: str) -> None:
    method = get(name)
    assert method.summary.endswith(".")
    assert method.source
    assert (method.algorithm is None) != (method.adapter is None)
    assert (method.library is not None) == (method.adapter is not None)
    assert method.library is None or name.startswith(method.library.partition(".")[0] + "-")
    assert method.uses <= {"value", "gradient", "hessian", "residuals", "batches"}
