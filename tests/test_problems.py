"""Every bundled problem: readable, its published optimum is one of the function, and the panel finds it or says less."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import yaml

from optbench.arithmetic.balls import Enclosure, evaluator, value_of
from optbench.language.elaborate import parse
from optbench.language.expand import all_entries, entries
from optbench.language.graph import Call, Node, Symbol
from optbench.problem.library import names, path
from optbench.problem.problem import MethodChoice, Problem
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.result import Assurance, AttemptStatus, Result, Status
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge
from optbench.workbench.settings import Settings

NAMES = names()
PLACES = {"one-variable", "unconstrained", "bounds", "constrained"}  # where the minimum is sought: one of these a problem
COLLECTIONS = {  # tag: how its problems are cited, and how many there are at least
    "more-garbow-hillstrom": ("Moré, Garbow, Hillstrom", 10),
    "hock-schittkowski": ("Hock, Schittkowski", 10),
    "nist": ("NIST StRD", 5),
}
OTHERS = {
    *("smooth", "nonsmooth", "minimax", "convex", "multimodal", "several-solutions", "singular", "badly-scaled", "large", "separable"),
    *("linear", "quadratic", "polynomial", "linear-constraints", "nonlinear-constraints", "closed-form"),
    *("least-squares", "regression", "data", "engineering", "integer"),
}
PRECISION = 200  # bits of the enclosures: far more than the 30 digits of the files
SLOW = {  # seconds a problem
    *("alpine", "cantilever", "chained_lq", "eckerle4", "goffin", "hs007", "hs013", "hs106", "iris_network"),
    *("l1hilb", "lennard_jones_7", "longley", "maxhilb", "rosenbrock_100", "thurber"),
}
# At their best points the gradient as written is 0/0, though the function is smooth there.
REMOVABLE = {"drop_wave"}
# The feasible set of HS 13 ends in a cusp: what a tolerance of 1e-6 adds to it is worth 0.02.
ROOM = {"hs013": 0.05}


@cache
def problem_of(name: str) -> Problem:
    return validated(read(str(path(name))))


@cache
def document(name: str) -> dict[str, Any]:
    """The file as plain data: numbers of `known` keep all their digits."""
    found: dict[str, Any] = yaml.safe_load(path(name).read_text(encoding="utf-8"))
    return found


def flat(values: Any) -> list[Any]:
    return [leaf for part in values for leaf in flat(part)] if isinstance(values, list) else [values]


def tagged(tag: str) -> list[str]:
    return [name for name in NAMES if tag in problem_of(name).tags]


def known_point(name: str) -> list[float]:
    """The published point in floats, all variables in order."""
    problem = problem_of(name)
    assert problem.known is not None
    return [float(c) for v in problem.variables for c in flat(problem.known.at[v.name])]


# ---- the collection --------------------------------------------------------------------------------------------------------


def test_there_are_enough_problems_of_every_kind() -> None:
    assert len(NAMES) >= 60
    for tag, (citation, least) in COLLECTIONS.items():
        assert len(tagged(tag)) >= least, tag
        for name in tagged(tag):
            assert citation in document(name)["known"]["source"], name
    assert len(tagged("nonsmooth")) >= 8
    assert len(tagged("constrained")) >= 10
    assert len(tagged("closed-form")) >= 8
    assert len(tagged("regression")) >= 5
    assert sum(document(name).get("maximize") is not None for name in NAMES) >= 3


def test_no_two_problems_have_the_same_name_and_every_data_file_is_used() -> None:
    titles = [document(name)["name"] for name in NAMES]
    assert len(set(titles)) == len(titles)
    folder = path(NAMES[0]).parent
    used = {document(name)["data"]["file"] for name in NAMES if "data" in document(name)}
    assert used == {f"data/{file.name}" for file in (folder / "data").iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_without_warnings_and_names_its_optimum_and_its_source(name: str) -> None:
    problem, known = problem_of(name), problem_of(name).known
    assert problem.warnings == ()
    assert known is not None
    assert known.value is not None
    assert math.isfinite(known.value)
    assert known.source
    assert list(known.at) == [v.name for v in problem.variables]
    assert len(known_point(name)) == problem.dimension
    head = [line for line in path(name).read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert 1 <= len(head) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_tags_are_those_of_the_vocabulary_and_say_what_is_there(name: str) -> None:
    problem, tags = problem_of(name), set(problem_of(name).tags)
    assert tags <= PLACES | OTHERS | set(COLLECTIONS)
    assert len(tags & PLACES) == 1
    assert len(tags & {"smooth", "nonsmooth"}) == 1
    assert ("constrained" in tags) == bool(problem.constraints)
    assert len(tags & {"linear-constraints", "nonlinear-constraints"}) == bool(problem.constraints)
    if not problem.constraints:
        assert ("one-variable" in tags) == (problem.dimension == 1)
    if "unconstrained" in tags:
        assert all(math.isinf(end) for v in problem.variables for interval in v.entry_ranges() for end in interval.floats)
    assert ("data" in tags) == ("data" in document(name))
    assert ("integer" in tags) == any(v.symbol.integer for v in problem.variables)


# ---- what `known` says, in rigorous arithmetic -----------------------------------------------------------------------------------


def enclosed(text: object) -> Enclosure:
    return value_of(parse(str(text)).node, PRECISION)


def exact_data(name: str) -> dict[Symbol, list[Fraction]]:
    """The problem's data, with the decimals of its CSV file instead of the nearest doubles."""
    problem, described = problem_of(name), document(name).get("data")
    if described is None:
        return {symbol: list(map(Fraction, values)) for symbol, values in problem.data.items()}
    header, *rows = csv.reader((path(name).parent / described["file"]).read_text(encoding="utf-8").splitlines())
    columns = {title: [Fraction(row[place]) for row in rows] for place, title in enumerate(header)}
    matrices = described.get("matrices", {})
    return {s: [v for row in zip(*(columns[c] for c in matrices.get(s.name, [s.name])), strict=True) for v in row] for s in problem.data}


def at_the_known_point(name: str, roots: Sequence[Node]) -> list[list[Enclosure]]:
    """Enclosures of all entries of the expressions at the published point, which is taken with all its digits."""
    problem = problem_of(name)
    expanded = all_entries(roots, exact_data(name))
    symbols = [entry for v in problem.variables for entry in entries(v.symbol)]
    point = [enclosed(text) for v in problem.variables for text in flat(document(name)["known"]["at"][v.name])]
    values = iter(evaluator([node for part in expanded for node in part], symbols)(point, PRECISION))  # type: ignore[arg-type]
    return [[next(values) for _ in part] for part in expanded]


@pytest.mark.parametrize("name", NAMES)
def test_the_known_value_is_that_of_the_function_at_the_known_point(name: str) -> None:
    [[value]] = at_the_known_point(name, [problem_of(name).objective])
    published = enclosed(document(name)["known"]["value"])
    assert value.everywhere
    assert value.is_bounded
    farthest = max(abs(float(value.upper - published.lower)), abs(float(value.lower - published.upper)))
    assert farthest <= 1e-20 * max(1e-3, abs(float(published.upper)))


def comparisons(condition: Node) -> Iterator[Call]:
    assert isinstance(condition, Call)
    if condition.function == "and":
        for part in condition.args:
            yield from comparisons(part)
    else:
        yield condition


@pytest.mark.parametrize("name", tagged("constrained"))
def test_the_known_point_satisfies_every_constraint(name: str) -> None:
    tests = [test for c in problem_of(name).constraints for test in comparisons(c.condition)]
    sides = at_the_known_point(name, [side for test in tests for side in test.args])
    for test, left, right in zip(tests, sides[::2], sides[1::2], strict=True):
        for a, b in zip(left * (len(right) if len(left) == 1 else 1), right * (len(left) if len(right) == 1 else 1), strict=True):
            assert test.function in ("less_equal", "greater_equal", "equal")
            if test.function != "greater_equal":
                assert float(a.upper - b.lower) <= 1e-18
            if test.function != "less_equal":
                assert float(b.upper - a.lower) <= 1e-18


@pytest.mark.parametrize("name", NAMES)
def test_the_known_point_is_feasible_and_locally_optimal_as_the_engine_judges(name: str) -> None:
    problem = problem_of(name)
    assert problem.known is not None
    assert problem.known.value is not None
    function = Function(problem)
    point = function.space.point(known_point(name))
    judged = judge(function, point)
    assert math.isclose(problem.sign * judged.value, problem.known.value, rel_tol=1e-9, abs_tol=1e-9)
    assert function.violation(point) <= 1e-9 * max(1.0, *map(abs, known_point(name)))
    if "smooth" in problem.tags and not problem.constraints and name not in REMOVABLE:
        assert judged.assurance is Assurance.LOCAL
    else:  # a kink, or constraints, about which the engine may say less
        assert judged.assurance in (Assurance.LOCAL, Assurance.FEASIBLE)


# ---- what the tags say ---------------------------------------------------------------------------------------------------------


def sampled(name: str, count: int) -> Iterator[Any]:
    """Random points of the ranges, or near the published point where there is no bound."""
    chance, function = random.Random(name), Function(problem_of(name))
    for _ in range(count):
        near = [c + chance.uniform(-3, 3) * max(1.0, abs(c)) for c in known_point(name)]
        ends = [(max(low, min(x, high) - 5), min(high, max(x, low) + 5)) for x, (low, high) in zip(near, function.closed_box, strict=True)]
        yield function.space.point([chance.uniform(low, high) for low, high in ends])


@pytest.mark.parametrize("name", tagged("convex"))
def test_a_function_that_is_called_convex_lies_below_its_chords(name: str) -> None:
    function = Function(problem_of(name))
    value = function.value
    for x, y in pairwise(sampled(name, 50)):
        fx, fy, middle = value(x), value(y), value(x + (y - x) / 2)
        if math.isfinite(fx) and math.isfinite(fy):
            assert middle <= (fx + fy) / 2 + 1e-9 * max(1.0, abs(fx), abs(fy))


@pytest.mark.parametrize("name", [*tagged("quadratic"), *tagged("linear")])
def test_a_function_that_is_called_quadratic_or_linear_has_the_differences_of_one(name: str) -> None:
    value = Function(problem_of(name)).value
    points = list(sampled(name, 20))
    for x, y in pairwise(points):
        values = [value(x + k * (y - x)) for k in range(4)]
        room = 1e-9 * max(1.0, *map(abs, values))
        assert abs(values[3] - 3 * values[2] + 3 * values[1] - values[0]) <= 8 * room
        if "linear" in problem_of(name).tags:
            assert abs(values[2] - 2 * values[1] + values[0]) <= 4 * room


@pytest.mark.parametrize("name", tagged("linear-constraints"))
def test_constraints_that_are_called_linear_have_the_differences_of_linear_ones(name: str) -> None:
    problem, points = problem_of(name), list(sampled(name, 10))
    tests = [test for c in problem.constraints for test in comparisons(c.condition)]
    expanded = [node for part in all_entries([side for test in tests for side in test.args], problem.data) for node in part]
    evaluate = evaluator(expanded, [entry for v in problem.variables for entry in entries(v.symbol)])  # type: ignore[arg-type]
    for x, y in pairwise(points):
        ways = [[enclosed(repr(float(c))) for c in x + k * (y - x)] for k in range(3)]
        for a, b, c in zip(*(evaluate(way, PRECISION) for way in ways), strict=True):
            assert abs(float(a.lower - 2 * b.lower + c.lower)) <= 1e-9 * max(1.0, abs(float(a.lower)), abs(float(c.lower)))


# ---- what the panel makes of them ------------------------------------------------------------------------------------------------


def room_of(problem: Problem, name: str) -> float:
    """How far a value may lie from the published one; tolerated violations of constraints lower a value in proportion."""
    assert problem.known is not None
    assert problem.known.value is not None
    return ROOM.get(name, (1e-5 if problem.constraints else 1e-6) * max(1.0, abs(problem.known.value)))


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if name in SLOW else []


def claims_no_more_than_is_shown(result: Result) -> None:
    assert result.status in (Status.LOCALLY_OPTIMAL, Status.FEASIBLE)
    assert result.assurance in (Assurance.LOCAL, Assurance.FEASIBLE)
    assert result.value_enclosure is None
    assert not result.complete


def tells_its_points_and_costs(problem: Problem, result: Result) -> None:
    for row in result.attempts:
        if row.status is AttemptStatus.NOT_APPLICABLE:
            assert row.reason, row.method
            continue
        assert row.status is not AttemptStatus.CRASHED, row.reason
        assert row.point is not None, row.method
        assert set(row.point) == {v.name for v in problem.variables}
        assert row.objective_evaluations > 0
        if row.status is AttemptStatus.CONVERGED:
            assert row.infeasibility is not None
            assert row.infeasibility <= (1e-6 if problem.constraints else 0)


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in NAMES])
def test_the_panel_finds_the_published_value_or_says_that_it_is_better(name: str) -> None:
    problem = problem_of(name)
    chosen = (MethodChoice("auto"),) if name in SLOW else ()  # the panel takes long there
    result = solve(problem, Settings(exact=False, certify=False, methods=chosen))
    if all(row.status is AttemptStatus.NOT_APPLICABLE for row in result.attempts):
        pytest.skip("no method of the panel is applicable")
    assert problem.known is not None
    assert problem.known.value is not None
    assert result.value is not None
    worse = problem.sign * (result.value - problem.known.value)
    assert worse >= -room_of(problem, name)
    if {"multimodal", "nonsmooth"} & set(problem.tags) and worse > room_of(problem, name):  # a local method may end elsewhere
        assert any("is better than what was found" in warning for warning in result.warnings)
    else:
        assert worse <= room_of(problem, name)
    claims_no_more_than_is_shown(result)
    tells_its_points_and_costs(problem, result)
