"""Textbook problems in several unknowns: each has its exact answer, which is also held against a search at random."""

from __future__ import annotations

import math

import pytest

from optbench.exact import cases
from optbench.exact.stage import solve
from optbench.result import Assurance
from tests.sampled import check, problem_of, same_number
from tests.textbook_constrained import CONSTRAINED
from tests.textbook_free import FREE, Row

ROWS = [*FREE, *CONSTRAINED]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found for the parts of other problems does not count."""
    monkeypatch.setattr(cases, "_work", cases._Work())


@pytest.mark.parametrize("row", ROWS, ids=[r.name for r in ROWS])
def test_textbook(row: Row) -> None:
    problem = problem_of(row.objective, *row.constraints, sense=row.sense, **row.ranges)
    answer = solve(problem)
    assert answer.assurance is Assurance.EXACT, answer.reason
    assert answer.status is row.status
    if row.value is None:
        assert answer.value_exact is None
        return
    assert answer.value_exact is not None
    if "inf" in row.value:
        assert answer.value_exact == row.value
    else:
        assert same_number(answer.value_exact, row.value), answer.value_exact
        assert math.isclose(answer.value or 0.0, float(answer.value_enclosure[0]), rel_tol=1e-9, abs_tol=1e-9)  # type: ignore[index]
    if row.count is not None:
        assert (answer.complete, len(answer.solutions)) == (True, row.count)
    check(problem, answer, equalities=any("==" in c for c in row.constraints))
