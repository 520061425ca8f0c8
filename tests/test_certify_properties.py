"""Certified answers to thousands of problems: against a fine search, planted minima, counting, and the same problem said otherwise.

Every certificate that is made here has to be accepted by the checker.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import fine_search
import mpmath
import numpy as np
import pytest
from certificates import answered, asked, ends, holders
from random_problems import RANGES, Random, Range, precisely, problem, substituted, written
from test_certify_rules import planted

from optbench.certify import parts
from optbench.certify.answer import CertifiedAnswer, NotApplicable
from optbench.certify.search import Budget
from optbench.errors import ProblemError
from optbench.result import Status

INF = float("inf")
BOUNDED = [Range(-3, 3, True, True), Range(-0.125, 0.75, True, True), Range(0, 2, False, False), Range(0.25, 2.125, False, True)]


@pytest.fixture(autouse=True)
def few_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches end after a number of boxes, not of seconds, so that each run is the same."""
    limit_boxes(monkeypatch, 1_500)


def limit_boxes(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(parts, "Budget", lambda deadline, gap: Budget(deadline, most, gap))


def problems(seed: str, count: int, ranges: Sequence[Range] = RANGES, unknowns: int | None = None) -> list[Random]:
    """Random problems that are problems at all, with ranges of these."""
    source, found = random.Random(seed), []
    while len(found) < count:
        drawn = problem(source, unknowns)
        drawn = drawn._replace(ranges={name: source.choice(list(ranges)) for name in drawn.ranges})
        try:
            question(drawn)
        except ProblemError:
            continue
        found.append(drawn)
    return found


def question(drawn: Random, **options: Any) -> Any:
    ranges = {name: str(r) for name, r in drawn.ranges.items()}
    return asked(written(drawn.objective), *map(str, drawn.constraints), **options, **ranges)


def answer_to(drawn: Random, folder: Path, **options: Any) -> CertifiedAnswer | None:
    try:
        return answered(question(drawn, **options), folder).answer
    except NotApplicable:
        return None


# ---- against a search ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_refuted_by_a_fine_search(seed: int, tmp_path: Path) -> None:
    for drawn in problems(f"search {seed}", 8, [*RANGES, *BOUNDED, *BOUNDED]):
        assert_not_refuted(drawn, answer_to(drawn, tmp_path), 2_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_refuted_by_a_fine_search_of_many(seed: int, tmp_path: Path) -> None:
    for drawn in problems(f"many {seed}", 22, [*RANGES, *BOUNDED, *BOUNDED]):
        assert_not_refuted(drawn, answer_to(drawn, tmp_path), 6_000)


def assert_not_refuted(drawn: Random, answer: CertifiedAnswer | None, count: int) -> None:
    """No feasible point where there is said to be none, none below the enclosure, none as low beside the solutions."""
    if answer is None or (answer.value_enclosure is None and answer.status is not Status.INFEASIBLE):
        return
    found = fine_search.searched(drawn, count)
    with mpmath.workdps(fine_search.DIGITS):
        if answer.status is Status.INFEASIBLE:
            assert not fine_search._infeasible(drawn, found), drawn
            return
        low, high = map(mpmath.mpf, answer.value_enclosure or ())
        room = mpmath.mpf(10) ** -25 * (1 + abs(low))
        for row, value in zip(found.points[:40], found.values[:40], strict=True):
            if value < float(low) + 1e-9 * (1 + abs(float(low))):
                exact = fine_search._exactly(drawn, row)
                assert exact is None or exact >= low - room, f"{drawn}: {exact} at {row}"
    if not answer.complete:
        return
    margin = 1e-13 * (1 + abs(float(high)))
    for row, value in zip(found.points[:100], found.values[:100], strict=True):
        assert value > float(high) + margin or holders(answer, row.tolist(), 1e-3), f"{drawn}: also at {row}"


# ---- planted minima --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_planted_minima_are_found(seed: int, tmp_path: Path) -> None:
    assert_planted_are_found(random.Random(f"planted {seed}"), 8, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_many_planted_minima_are_found(seed: int, tmp_path: Path) -> None:
    assert_planted_are_found(random.Random(f"planted many {seed}"), 20, tmp_path)


def assert_planted_are_found(source: random.Random, count: int, folder: Path) -> None:
    certified = 0
    for _ in range(count):
        given = planted(source)
        answer = answered(given.problem, folder).answer
        assert answer.status is not Status.INFEASIBLE, given
        if answer.value_enclosure is not None:
            low, high = ends(answer.value_enclosure)
            assert low <= 0 <= high, given
        if answer.status is Status.OPTIMAL:
            certified += 1
            assert holders(answer, given.at), given
            assert len(holders(answer, given.at)) == 1 or not answer.complete, given
    assert certified >= count // 3


# ---- whole numbers, counted ------------------------------------------------------------------------------------------

WHOLE = (
    *(Range(-4, 4, True, True), Range(-3, 5, False, True), Range(0, 6, True, False), Range(-2.5, 3.5, True, True)),
    *(Range(1, 1, True, True), Range(-1, 0, False, False), Range(0, 1, True, True)),
)


@pytest.mark.parametrize("seed", range(3))
def test_whole_numbers_are_as_counted(seed: int, tmp_path: Path) -> None:
    for drawn in problems(f"whole {seed}", 25, WHOLE, unknowns=1 + seed % 2):
        assert_as_counted(drawn, answer_to(drawn, tmp_path, whole=list(drawn.ranges)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_whole_numbers_are_as_counted_in_many(seed: int, tmp_path: Path) -> None:
    for drawn in problems(f"whole many {seed}", 120, WHOLE, unknowns=1 + seed % 2):
        assert_as_counted(drawn, answer_to(drawn, tmp_path, whole=list(drawn.ranges)))


def assert_as_counted(drawn: Random, answer: CertifiedAnswer | None) -> None:
    """Compared with the values at all points, to 40 digits; powers with whole unknowns in the exponent are left out."""
    if answer is None or any(f"^({n}" in written(drawn.objective) for n in "(xy"):
        return
    with mpmath.workdps(40):
        values = dict(counted(drawn))
        best = min(values.values(), default=None)
        if answer.status is Status.INFEASIBLE:
            assert not values, drawn
        if answer.value_enclosure is None:
            return
        assert best is not None, drawn
        low, high = map(mpmath.mpf, answer.value_enclosure)
        room = mpmath.mpf(10) ** -25 * (1 + abs(best))
        assert low - room <= best <= high + room, drawn
        if answer.complete:
            places = [x for x, value in values.items() if value <= best + room]
            assert all(len(holders(answer, x)) == 1 for x in places), drawn


def counted(drawn: Random) -> Any:
    """Yield all feasible points and the values there."""
    grids = [[k for k in range(-9, 10) if in_range(k, r)] for r in drawn.ranges.values()]
    for x in itertools.product(*grids):
        at = dict(zip(drawn.ranges, map(mpmath.mpf, x), strict=True))
        try:
            if all(_holds(c.relation, precisely(c.left, at), precisely(c.right, at)) for c in drawn.constraints):
                yield x, precisely(drawn.objective, at)
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):
            continue


def in_range(k: int, r: Range) -> bool:
    return (k > r.low or (k == r.low and r.low_closed)) and (k < r.high or (k == r.high and r.high_closed))


def _holds(relation: str, left: Any, right: Any) -> bool:
    return bool({"<=": left <= right, ">=": left >= right, "==": left == right, "<": left < right, ">": left > right}[relation])


# ---- the same problem, said otherwise --------------------------------------------------------------------------------


def image(answer: CertifiedAnswer, factor: Fraction, shift: Fraction) -> tuple[Fraction, Fraction]:
    """What the enclosure becomes for factor*f + shift."""
    low, high = sorted(factor * end + shift for end in ends(answer.value_enclosure or ()))
    return low, high


def assert_agree(
    one: CertifiedAnswer | None, other: CertifiedAnswer | None, factor: Fraction = Fraction(1), shift: Fraction = Fraction(0)
) -> None:
    if one is None or other is None:
        return
    statuses = {one.status, other.status}
    assert statuses != {Status.OPTIMAL, Status.INFEASIBLE}
    if one.value_enclosure and other.value_enclosure:
        (low, high), (least, greatest) = image(one, factor, shift), ends(other.value_enclosure)
        assert low <= greatest
        assert least <= high
    if one.complete and other.complete:
        assert len(one.solutions) == len(other.solutions)


@pytest.mark.parametrize("seed", range(2))
def test_scaled_shifted_negated_and_renamed_problems_have_the_same_answer(seed: int, tmp_path: Path) -> None:
    assert_said_otherwise(problems(f"otherwise {seed}", 6, BOUNDED), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_many_problems_said_otherwise_have_the_same_answer(seed: int, tmp_path: Path) -> None:
    assert_said_otherwise(problems(f"otherwise many {seed}", 7, BOUNDED), tmp_path)


def assert_said_otherwise(drawn: Sequence[Random], folder: Path) -> None:
    source = random.Random(1)
    for one in drawn:
        first = answer_to(one, folder)
        factor, shift = Fraction(source.choice((2, 3, 10)), source.choice((1, 7))), Fraction(source.randint(-5, 5), 3)
        scaled = one._replace(objective=("+", ("*", factor, one.objective), shift))
        assert_agree(first, answer_to(scaled, folder), factor, shift)
        negated = one._replace(objective=("-", 0, one.objective))
        assert_agree(first, answer_to(negated, folder, sense="maximize"), Fraction(-1))
        assert_agree(first, answer_to(renamed(one), folder))
        assert_agree(first, answer_to(moved(one, Fraction(1, 2)), folder))


def renamed(drawn: Random) -> Random:
    """The unknowns in other names, in the opposite order."""
    names = dict(zip(drawn.ranges, ("t", "u1", "alpha"), strict=False))
    trees = dict(names)
    ranges = {names[old]: r for old, r in reversed(list(drawn.ranges.items()))}
    constraints = [c._replace(left=substituted(c.left, trees), right=substituted(c.right, trees)) for c in drawn.constraints]
    return Random(substituted(drawn.objective, trees), ranges, constraints)


def moved(drawn: Random, step: Fraction) -> Random:
    """x - step for x, on a range that is moved as far."""
    trees = {name: ("-", name, step) for name in drawn.ranges}
    ranges = {name: r._replace(low=r.low + float(step), high=r.high + float(step)) for name, r in drawn.ranges.items()}
    constraints = [c._replace(left=substituted(c.left, trees), right=substituted(c.right, trees)) for c in drawn.constraints]
    return Random(substituted(drawn.objective, trees), ranges, constraints)


# ---- budgets ---------------------------------------------------------------------------------------------------------


def test_few_boxes_give_a_valid_enclosure_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = problems("budget", 8, BOUNDED)
    enough = [answer_to(one, tmp_path) for one in drawn]
    for boxes in (0, 1, 10, 100):
        limit_boxes(monkeypatch, boxes)
        for one, full in zip(drawn, enough, strict=True):
            assert_agree(full, answer_to(one, tmp_path))


def test_no_random_problem_is_lost_to_an_error(tmp_path: Path) -> None:
    """Overflow, ends of domains, huge exponents: an answer or a reason, never an exception or a warning."""
    for drawn in problems("wild", 6):
        with np.errstate(all="raise"):
            answer = answer_to(drawn, tmp_path)
        assert answer is None or answer.status in (Status.OPTIMAL, Status.INFEASIBLE, Status.UNKNOWN)
