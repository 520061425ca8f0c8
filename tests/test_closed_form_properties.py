"""Exact answers to problems that nobody has chosen: never refuted, found where they were planted, the same after rewriting.

- Random expressions with ranges and constraints: whatever is claimed to be exact is compared with a fine numerical search
  that shares no code with the package (`fine_search`, `random_problems`).
- Planted optima: problems made around a point that is known to be the minimiser. Most are found, none is contradicted.
- Rewritten problems: scaled, shifted, negated, renamed, reordered, mirrored, with other unknowns; two exact answers agree.

Each problem is solved in a child process that is killed when it takes too long, as computer algebra may run away.
"""

from __future__ import annotations

import json
import os
import random
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from itertools import product
from typing import Any

import mpmath
import pytest
from fine_search import listed, number_of, refutations
from planted_problems import EVERYWHERE, FAMILIES, INF, Planted
from random_problems import Comparison, Random, Range, Tree, evaluated, problem, substituted, written

from optbench.exact import stage
from optbench.exact.answer import ExactAnswer
from optbench.language.elaborate import parse
from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import ProblemError, validated
from optbench.result import Assurance, Status

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are forked, with a limit of memory")
MEMORY = 3 * 2**30  # of the address space of a child
DIGITS = 40


# ---- solving in children ---------------------------------------------------------------------------------------------------


def as_problem(asked: Random, sense: str = "minimize") -> Problem:
    """The problem of the package."""
    variables = tuple(VariableDraft(Text(name), range=Text(str(r))) for name, r in asked.ranges.items())
    constraints = tuple(ConstraintDraft(Text(str(c))) for c in asked.constraints)
    return validated(ProblemDraft(sense, Text(written(asked.objective)), variables=variables, constraints=constraints), open_names=True)  # type: ignore[arg-type]


def in_children(work: Callable[[int], Any], count: int, seconds: float, cap: float = INF, jobs: int = 2) -> dict[int, Any]:
    """Return what `work` returns for 0, 1, ... up to `count`; a number is missing where it took too long or ended the
    child, and where `cap` seconds were over in all."""
    for name in ("numpy", "scipy.special", "scipy.optimize", "sympy", *(f"optbench.exact.{s}" for s in stage.STRATEGIES)):
        import_module(name)  # once, and not in every child
    deadline = time.monotonic() + cap
    waiting = [list(range(k, count, jobs)) for k in range(jobs)]
    running = [_Child(work, numbers) for numbers in waiting]
    found: dict[int, Any] = {}
    while running and time.monotonic() < deadline:
        ready, _, _ = select.select([c.pipe for c in running], [], [], 0.05)
        for child in list(running):
            if child.pipe in ready and child.read(found):
                continue
            if child.pipe in ready or time.monotonic() > child.since + seconds:
                child.end()
                running.remove(child)
                if child.rest:
                    running.append(_Child(work, child.rest))
    for child in running:
        child.end()
    return found


class _Child:
    """A process that works on some numbers one after the other and says which one it begins."""

    def __init__(self, work: Callable[[int], Any], numbers: Sequence[int]) -> None:
        self.rest, self.since, self.buffer = list(numbers), time.monotonic(), b""
        self.pipe, other = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                for k in numbers:
                    os.write(other, f"{json.dumps([k, work(k)])}\n".encode())
            except BaseException as error:
                os.write(other, f"{json.dumps([k, ['error', repr(error)]])}\n".encode())
            finally:
                os._exit(0)
        os.close(other)

    def read(self, found: dict[int, Any]) -> bool:
        """Take what was written; return whether the process goes on."""
        chunk = os.read(self.pipe, 1 << 16)
        *lines, self.buffer = (self.buffer + chunk).split(b"\n")
        for line in lines:
            k, value = json.loads(line)
            found[k] = value
            self.rest = self.rest[self.rest.index(k) + 1 :]
            self.since = time.monotonic()
        return bool(chunk)

    def end(self) -> None:
        """Kill it; what it was working on is given up."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.pipe)
        self.rest = self.rest[1:]


# ---- random expressions ------------------------------------------------------------------------------------------------------


def judged(asked: Random) -> list[str] | None:
    """What is wrong with the exact answer to a problem; None where there is none."""
    try:
        answer = stage.solve(as_problem(asked))
    except ProblemError:
        return None
    wrong = [w for w in refutations(asked, answer) if not w.startswith("perhaps")]
    return (
        [f"{asked}: {answer.strategy} says {answer.status.value} {answer.value_exact}, but {w}" for w in wrong] if proved(answer) else None
    )


def proved(answer: ExactAnswer) -> bool:
    """Whether an answer claims to be exact."""
    return answer.assurance is Assurance.EXACT


def refuted(first: int, count: int, seconds: float, cap: float = INF) -> tuple[list[str], int]:
    """What is wrong with exact answers to random problems, and how many there were."""
    found = in_children(lambda k: judged(problem(random.Random(first + k))), count, seconds, cap)
    answers = [wrong for wrong in found.values() if wrong is not None]
    return [w for wrong in answers for w in wrong], len(answers)


def test_no_exact_answer_to_random_expressions_is_refuted() -> None:
    wrong, count = refuted(first=1, count=200, seconds=2, cap=25)
    assert not wrong, "\n".join(wrong)
    assert count > 40


@pytest.mark.slow
def test_no_exact_answer_to_two_thousand_random_expressions_is_refuted() -> None:
    wrong, count = refuted(first=10_000, count=2_000, seconds=1)
    assert not wrong, "\n".join(wrong)
    assert count > 600


# ---- planted optima ----------------------------------------------------------------------------------------------------------


def contradiction(planted: Planted, answer: ExactAnswer) -> str | None:
    """What is wrong with an exact answer to a problem whose minimum is known."""
    if answer.status is not Status.OPTIMAL or answer.value_exact is None:
        return f"{planted.asked}: {answer.status.value}"
    with mpmath.workdps(DIGITS):
        value, there = number_of(parse(answer.value_exact).node), number_of(parse(written(planted.value)).node)
        if abs(value - there) > mpmath.mpf(10) ** -30 * (1 + abs(there)):
            return f"{planted.asked}: {answer.value_exact} is not {written(planted.value)}"
        at = {name: number_of(parse(written(f)).node) for name, f in planted.at.items()}
        points = list(listed(planted.asked, answer))
        near = any(all(abs(p[n] - at[n]) < mpmath.mpf(10) ** -25 for n in at) for p in points)
        if answer.complete and not near and not any("k" in f for s in answer.solutions for f in (s.exact or {}).values()):
            return f"{planted.asked}: the point {written_point(planted)} is not listed among all"
    wrong = [w for w in refutations(planted.asked, answer) if not w.startswith("perhaps")]
    return f"{planted.asked}: {wrong[0]}" if wrong else None


def written_point(planted: Planted) -> str:
    return ", ".join(f"{name} = {written(f)}" for name, f in planted.at.items())


def planted_judged(make: Callable[[random.Random], Planted], seed: int) -> str | None:
    """ "" where a planted optimum was found, None where there is no exact answer, else what is wrong with it."""
    planted = make(random.Random(seed))
    answer = stage.solve(as_problem(planted.asked))
    return (contradiction(planted, answer) or "") if proved(answer) else None


def check_family(name: str, first: int, count: int) -> None:
    make, share = FAMILIES[name]
    found = in_children(lambda k: planted_judged(make, first + k), count, seconds=6)
    wrong = [w for w in found.values() if w]
    assert not wrong, "\n".join(map(str, wrong))
    assert sum(w is not None for w in found.values()) >= share * count, [
        str(make(random.Random(first + k)).asked) for k in range(count) if found.get(k) is None
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_planted_optima_are_found(name: str) -> None:
    check_family(name, first=1, count=10)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_many_planted_optima_are_found(name: str) -> None:
    check_family(name, first=1_000, count=25)


# ---- rewritten problems ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rewriting:
    """Another way to write a problem, and what becomes of a value and of a point; values are those of the minimand."""

    of: Callable[[Random], Random]
    value: Callable[[Any], Any] = lambda value: value
    point: Callable[[dict[str, Any]], dict[str, Any]] = lambda at: at  # back to the first unknowns
    sense: str = "minimize"


def with_objective(asked: Random, change: Callable[[Tree], Tree]) -> Random:
    return asked._replace(objective=change(asked.objective))


def in_other_unknowns(asked: Random, change: Mapping[str, Tree], ranges: Mapping[str, Range]) -> Random:
    constraints = [Comparison(substituted(c.left, change), c.relation, substituted(c.right, change)) for c in asked.constraints]
    return Random(substituted(asked.objective, change), ranges, constraints)


def renamed(asked: Random) -> Random:
    table = dict(zip("xyz", ("w2", "a", "beta"), strict=True))
    return in_other_unknowns(asked, table, {table[n]: r for n, r in asked.ranges.items()})


def mirrored(asked: Random) -> Random:
    ranges = {n: Range(-r.high + 0.0, -r.low + 0.0, r.high_closed, r.low_closed) for n, r in asked.ranges.items()}
    return in_other_unknowns(asked, {n: ("-", 0, n) for n in asked.ranges}, ranges)


def stretched(asked: Random) -> Random:
    """x = 2*u + 1."""
    ranges = {n: Range((r.low - 1) / 2, (r.high - 1) / 2, r.low_closed, r.high_closed) for n, r in asked.ranges.items()}
    return in_other_unknowns(asked, {n: ("+", ("*", 2, n), 1) for n in asked.ranges}, ranges)


def reordered(asked: Random) -> Random:
    return Random(asked.objective, dict(reversed(asked.ranges.items())), [*reversed(asked.constraints)])


def turned_round(asked: Random) -> Random:
    """Constraints with their sides exchanged, each twice."""
    other = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "==": "=="}
    turned = [Comparison(c.right, other[c.relation], c.left) for c in asked.constraints]
    return asked._replace(constraints=[*turned, *asked.constraints])


REWRITINGS = {
    "scaled": Rewriting(lambda p: with_objective(p, lambda f: ("*", 3, f)), lambda v: 3 * v),
    "shifted": Rewriting(lambda p: with_objective(p, lambda f: ("+", f, Fraction(7, 2))), lambda v: v + mpmath.mpf("3.5")),
    "negated": Rewriting(lambda p: with_objective(p, lambda f: ("-", 0, f)), lambda v: -v, sense="maximize"),
    "renamed": Rewriting(renamed, point=lambda at: {n: at[m] for n, m in zip("xyz", ("w2", "a", "beta"), strict=True) if m in at}),
    "mirrored": Rewriting(mirrored, point=lambda at: {n: -x for n, x in at.items()}),
    "stretched": Rewriting(stretched, point=lambda at: {n: 2 * x + 1 for n, x in at.items()}),
    "reordered": Rewriting(reordered),
    "turned_round": Rewriting(turned_round),
}


def disagreement(asked: Random, name: str) -> str | None:
    """ "" where two exact answers agree, None where one of them is missing, else what is different."""
    change = REWRITINGS[name]
    other = change.of(asked)
    try:
        first, second = stage.solve(as_problem(asked)), stage.solve(as_problem(other, change.sense))
    except ProblemError:
        return None
    if not proved(first) or not proved(second):
        return None
    claims = [f"{a.strategy} says {a.status.value} {a.value_exact}" for a in (first, second)]
    said = f"{asked}: {claims[0]}, but {name} {claims[1]}"
    if first.status is not second.status:
        return said
    if first.value is None or first.value_exact is None or second.value_exact is None:
        return ""
    with mpmath.workdps(DIGITS):
        value, there = change.value(number_of(parse(first.value_exact).node)), number_of(parse(second.value_exact).node)
        if abs(value - there) > mpmath.mpf(10) ** -25 * (1 + abs(value)):
            return said
        if first.complete and second.complete and first.status is Status.OPTIMAL:
            mine, others = points_of(asked, first), [change.point(p) for p in points_of(other, second)]
            if not (all(_near(p, others) for p in mine if _is_small(p)) and all(_near(p, mine) for p in others if _is_small(p))):
                return f"{said}, at other points"
    return ""


def points_of(asked: Random, answer: ExactAnswer) -> list[dict[str, Any]]:
    """The points of an answer; of a family those whose numbers are not large."""
    return [p for p in listed(asked, answer) if max(map(abs, p.values())) < 8]


def _is_small(at: Mapping[str, Any]) -> bool:
    """Whether a point of a family is listed in both ways to write the problem, which stretch it by 2 at most."""
    return max(map(abs, at.values())) < 3


def _near(at: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> bool:
    return any(all(abs(at[n] - p[n]) < mpmath.mpf(10) ** -20 * (1 + abs(at[n])) for n in at) for p in points)


def check_rewritings(first: int, count: int, cap: float = INF) -> None:
    pairs = [(first + k, name) for k, name in product(range(count), REWRITINGS)]
    found = in_children(lambda i: disagreement(problem(random.Random(pairs[i][0])), pairs[i][1]), len(pairs), seconds=3, cap=cap)
    wrong = [w for w in found.values() if w]
    assert not wrong, "\n".join(map(str, wrong))
    assert sum(w is not None for w in found.values()) > 0.3 * len(found)


def test_a_problem_written_in_another_way_has_the_same_answer() -> None:
    check_rewritings(first=50_000, count=25, cap=25)


@pytest.mark.slow
def test_many_problems_written_in_another_way_have_the_same_answers() -> None:
    check_rewritings(first=60_000, count=30)


# ---- symptoms ----------------------------------------------------------------------------------------------------------------


def exact_answer(objective: str, *constraints: str, **ranges: str) -> ExactAnswer:
    variables = tuple(VariableDraft(Text(name), range=Text(r)) for name, r in ranges.items())
    given = tuple(ConstraintDraft(Text(c)) for c in constraints)
    return stage.solve(validated(ProblemDraft("minimize", Text(objective), variables=variables, constraints=given), open_names=True))


@pytest.mark.parametrize(
    ("objective", "x", "y", "value"),
    [
        ("(x - 1)^2*y + x^2 - 2*x", "[0, 2]", "(0, 1)", "-1"),
        ("(x - 1)^2*y - cos(x - 1)", "[0, 2]", "(0, 1)", "-1"),
        ("x^2 - x^4*y^2", "[-1/2, 1/2]", "(-1, 1)", "0"),
        ("x*y + 2*abs(x)", "[-1, 1]", "(-1, 1)", "0"),
    ],
)
def test_an_open_end_does_not_hide_points_between_the_ends(objective: str, x: str, y: str, value: str) -> None:
    """Where the function does not depend on y for the best x, it attains there what it approaches at an open end of y."""
    answer = exact_answer(objective, x=x, y=y)
    assert (answer.status, answer.value_exact) in ((Status.OPTIMAL, value), (Status.UNKNOWN, None))
    assert not answer.complete


@pytest.mark.parametrize(
    ("objective", "constraint", "x", "y"),
    [
        ("x - min(x, y) - x^2", None, "[0, 1]", "[0, 2]"),  # (1, y) for all y from 1 to 2
        ("x - min(x, y) - x^2", None, "[0, 1]", "(1, 2)"),
        ("-(x + y)^2", "x + y <= 2", "[0, 2]", "[0, 2]"),
        ("(acosh(x) + y^2)^0", None, "(0, inf)", "[0, inf)"),  # 1 everywhere
        ("(sqrt(x) + y^2 + 1)^0", None, "(-inf, inf)", "(-inf, inf)"),
    ],
)
def test_a_family_of_minimisers_is_not_called_complete(objective: str, constraint: str | None, x: str, y: str) -> None:
    """Edges on which a function that is nowhere convex is level; a power of exponent 0, which does not rise."""
    answer = exact_answer(objective, *([constraint] if constraint else []), x=x, y=y)
    assert answer.status in (Status.OPTIMAL, Status.UNKNOWN)
    assert not answer.complete
    assert not any(solution.unique for solution in answer.solutions)


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges"),
    [
        ("(y^x + max(x, x))*(y^2 - (z + y))", ["x/3 + 2*y - z + 1/2 <= 1/2"], {"x": "[0, 1]", "y": "(-inf, 0]", "z": "(0, 2)"}),
        ("(x - y)*(x - y) + atan(1)", ["x + 3/2*y + 1/2 <= 0"], {"x": "(-3/5, inf)", "y": "(-1, 2]"}),
        ("asin(y^0) - abs(cos(x))", ["x + y + 1/2 >= 2"], {"x": "(-inf, inf)", "y": "(-inf, inf)"}),
        (
            "(x^2/2 + 7/2*x*y - 3/2*x + 2*y + 3/2)*(2*abs(5*x + y + 3/2) - 5*abs(3/2*x + 1) + abs(x/2 - 3/2*y + 2)/2)",
            [],
            {"x": "[0, 1]", "y": "[0, inf)"},
        ),
    ],
)
def test_no_strategy_crashes(objective: str, constraints: list[str], ranges: dict[str, str]) -> None:
    """Sums that are 0 have no factors, terms may have no arguments, and flint can't sort factors with large coefficients."""
    assert exact_answer(objective, *constraints, **ranges).status in Status


@pytest.mark.parametrize(("objective", "value"), [("if(x >= 0, x, x^2 + 1) + y^2", "0"), ("max(x, 2)^2 + sign(y^4)", "4")])
def test_no_kink_is_left_in_a_value(objective: str, value: str) -> None:
    assert exact_answer(objective, "x + y >= 0").value_exact in (value, None)


def test_the_search_of_these_tests_refutes_wrong_answers() -> None:
    """A search that finds nothing wrong would let everything pass."""
    asked = Random(("+", ("^", "x", 2), ("^", "y", 2)), {"x": EVERYWHERE, "y": Range(-1, 1, True, True)}, [])
    right = stage.solve(as_problem(asked))
    assert refutations(asked, right) == []
    for other in refuted_answers(asked):
        assert [w for w in refutations(asked, other) if not w.startswith("perhaps")]


def refuted_answers(asked: Random) -> Iterator[ExactAnswer]:
    """Answers to other problems, which are wrong for x^2 + y^2."""
    x, y = asked.ranges
    for objective, ranges in (
        ("x^2 + y^2 + 1", asked.ranges),
        ("x^2 + (y - 1)^2", asked.ranges),
        ("x^2 + y^2", {x: Range(1, INF, True, False), y: EVERYWHERE}),
        ("x^2 + y^2", {x: Range(0, INF, False, False), y: EVERYWHERE}),
        ("x^2 + y^2", {x: Range(2, 1, True, True), y: EVERYWHERE}),
    ):
        try:
            yield exact_answer(objective, **{n: str(r) for n, r in ranges.items()})
        except ProblemError:
            continue
    yield exact_answer("0", "x^2 + y^2 < 0")


def test_both_ways_to_evaluate_agree() -> None:
    """The arithmetic of these tests in floats and in many digits, and that of the package."""
    from random_problems import precisely

    from optbench.arithmetic.floats import function

    for seed in range(300):
        source = random.Random(seed)
        asked = problem(source)
        at = {n: source.choice((0.3, 1.7, -0.6, 2.25)) for n in asked.ranges}
        with mpmath.workdps(30):
            try:
                expected = float(precisely(asked.objective, {n: mpmath.mpf(x) for n, x in at.items()}))
            except (ValueError, OverflowError):
                continue
        mine = float(evaluated(asked.objective, at))
        try:
            parsed = as_problem(asked)
        except ProblemError:
            continue
        theirs = function([parsed.objective], parsed.symbols)(*(at[s.name] for s in parsed.symbols))[0]
        for value in (mine, theirs):
            assert value == pytest.approx(expected, rel=1e-7, abs=1e-9), (str(asked), at)
