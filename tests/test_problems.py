"""Every bundled problem: readable, its published optimum is one of the function, and the panel finds it or says less."""

from __future__ import annotations

import math

import pytest

from optbench.problem.library import names, path
from optbench.problem.problem import Problem
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.result import Assurance, Result, Status
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.judgement import judge
from optbench.workbench.settings import Settings

# A local method may end elsewhere on these.
MULTIMODAL = {"ackley", "rastrigin", "styblinski_tang", "gramacy_lee", "six_hump_camel", "goldstein_price"}
NAMES = names()


def problem_of(name: str) -> Problem:
    return validated(read(str(path(name))))


def flat(values: object) -> list[float]:
    return [leaf for part in values for leaf in flat(part)] if isinstance(values, list) else [float(values)]  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=NAMES)
def solved(request: pytest.FixtureRequest) -> tuple[str, Problem, Result]:
    problem = problem_of(request.param)
    return request.param, problem, solve(problem, Settings(exact=False))


def test_there_are_fifteen_problems_with_source_and_known_optimum() -> None:
    assert len(NAMES) >= 15
    for name in NAMES:
        known = problem_of(name).known
        assert known is not None, name
        assert known.value is not None, name
        assert known.source, name


@pytest.mark.parametrize("name", NAMES)
def test_the_published_point_has_the_published_value_and_is_locally_optimal(name: str) -> None:
    problem = problem_of(name)
    assert problem.known is not None
    assert problem.known.value is not None
    function = Function(problem)
    coordinates = [c for v in problem.variables for c in flat(problem.known.at[v.name])]
    judged = judge(function, function.space.point(coordinates))
    assert math.isclose(problem.sign * judged.value, problem.known.value, rel_tol=1e-9, abs_tol=1e-9)
    assert judged.assurance is (Assurance.FEASIBLE if name == "ackley" else Assurance.LOCAL)  # Ackley's minimum is a kink


def test_the_panel_finds_the_published_value_or_says_that_it_is_better(solved: tuple[str, Problem, Result]) -> None:
    name, problem, result = solved
    assert problem.known is not None
    assert problem.known.value is not None
    assert result.value is not None
    room = 1e-6 * max(1.0, abs(problem.known.value))
    assert result.value >= problem.known.value - room
    if name in MULTIMODAL and result.value > problem.known.value + room:
        assert any("is better than what was found" in warning for warning in result.warnings)
    else:
        assert abs(result.value - problem.known.value) <= room


def test_an_answer_without_proof_claims_none(solved: tuple[str, Problem, Result]) -> None:
    _, _, result = solved
    assert result.status in (Status.LOCALLY_OPTIMAL, Status.FEASIBLE)
    assert result.assurance in (Assurance.LOCAL, Assurance.FEASIBLE)
    assert result.value_enclosure is None
    assert not result.complete


def test_every_row_tells_its_point_and_costs(solved: tuple[str, Problem, Result]) -> None:
    _, problem, result = solved
    for row in result.attempts:
        assert row.point is not None, row.method
        assert set(row.point) == {v.name for v in problem.variables}
        assert row.objective_evaluations > 0
        assert row.infeasibility == 0
