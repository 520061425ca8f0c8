"""SLSQP ends where rounding keeps it from what it wants."""

from __future__ import annotations

import pytest

import optbench
from optbench.problem.library import path
from optbench.result import AttemptStatus, Status


def test_it_does_not_go_on_for_ever_where_an_equation_is_met_to_rounding_only() -> None:
    """HS 7: the violation stays at 3e-10, which is more than SLSQP accepts and as little as its steps can bring."""
    problem = optbench.define("log(1 + x^2) - y", range=(-10, 10), subject_to=["(1 + x^2)^2 + y^2 == 4"], start={"x": 2, "y": 2})
    result = optbench.solve(problem, methods="scipy-slsqp", exact=False, certify=False)
    (row,) = result.attempts
    assert result.status is Status.LOCALLY_OPTIMAL
    assert result.value == pytest.approx(-(3**0.5), abs=1e-8)
    assert row.iterations is not None
    assert row.iterations < 100


def test_a_cusp_ends_it_as_a_stall() -> None:
    """HS 13: multipliers grow without end towards the minimum, and the last iterates only tremble."""
    result = optbench.solve(path("hs013"), methods="scipy-slsqp", exact=False, certify=False)
    (row,) = result.attempts
    assert row.status is AttemptStatus.STALLED
    assert result.value == pytest.approx(1, abs=1e-2)
    assert row.iterations is not None
    assert row.iterations < 200


def test_steps_that_change_nothing_but_rounding_end_it() -> None:
    """HS 29: its violation stays at 1e-11, and each search along a line asked for eleven values in vain."""
    result = optbench.solve(path("hs029"), methods="scipy-slsqp", exact=False, certify=False)
    (row,) = result.attempts
    assert row.status is AttemptStatus.CONVERGED
    assert result.value == pytest.approx(-16 * 2**0.5, abs=1e-9)
    assert row.objective_evaluations < 80


def test_a_point_that_stands_in_a_steep_function_counts_as_reached() -> None:
    """HS 19: what the constraints are violated by is no less where the function is divided by its slope."""
    result = optbench.solve(path("hs019"), methods="scipy-slsqp", exact=False, certify=False)
    assert result.attempts[0].status is AttemptStatus.CONVERGED
    assert result.value == pytest.approx(-6961.81387558, rel=1e-9)
