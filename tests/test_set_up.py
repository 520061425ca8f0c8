"""Set-up ends with the time limit, and costs what the size of a problem costs: no part of it is looked at again and again."""

from __future__ import annotations

import math
import os
import signal
import threading
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from optbench import define
from optbench.arithmetic import floats, straight_line
from optbench.cli.answers import exit_code
from optbench.errors import ExitCode
from optbench.language.build import add, call, multiply, number, symbol
from optbench.language.derivative import gradient
from optbench.language.domain import natural_domain
from optbench.language.graph import Node, Symbol, size, symbols
from optbench.language.linear import degree, degrees
from optbench.problem import problem as problems
from optbench.problem.interval import Interval
from optbench.problem.problem import Constraint, Problem, Variable
from optbench.result import Assurance, AttemptStatus, Result, Status
from optbench.workbench import engine, judgement
from optbench.workbench.engine import Interrupted, solve
from optbench.workbench.function import Function
from optbench.workbench.kkt import nonnegative_least_squares
from optbench.workbench.set_up_limit import SetUpTooLong, set_up_limit
from optbench.workbench.settings import Settings

BOWL = define("(x - 1)^2 + (y - 2)^2 + 3", range=(-5, 5))


def endlessly(*_: Any, **__: Any) -> NoReturn:
    while True:
        pass


def hurried(problem: Problem = BOWL, **options: Any) -> Result:
    return solve(problem, Settings(exact=False, certify=False, time_limit=0.05, **options))


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LEAST_SET_UP", 0.05)


# ---- the limit --------------------------------------------------------------------------------------------------------------


def test_the_limit_ends_work_and_leaves_no_trace() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(SetUpTooLong), set_up_limit(0.01):
        endlessly()
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_ordinary_handlers_do_not_take_it_for_a_failure() -> None:
    def stubborn() -> None:
        try:
            endlessly()
        except Exception:  # as around the import of a library
            endlessly()

    with pytest.raises(SetUpTooLong), set_up_limit(0.01):
        stubborn()


def test_a_timer_of_somebody_else_is_left_alone() -> None:
    previous = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 100.0)
        with pytest.raises(SetUpTooLong), set_up_limit(0.0) as check:
            check()
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_away_from_the_main_thread_the_work_is_asked() -> None:
    ended: list[bool] = []

    def work() -> None:
        try:
            with set_up_limit(0.0) as check:
                check()
        except SetUpTooLong:
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]


# ---- the engine -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_patience")
def test_endless_compiling_ends_with_rows_that_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Function, "prepare", endlessly)
    result = hurried()
    assert {(row.status, row.reason) for row in result.attempts} == {(AttemptStatus.LIMIT, "set-up took the whole time limit of 0.05 s")}
    assert (result.status, exit_code(result, Settings())) == (Status.UNKNOWN, ExitCode.LIMIT)


@pytest.mark.usefixtures("no_patience")
def test_endless_looking_at_the_function_ends_with_the_methods_that_would_have_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "entrants", endlessly)
    result = hurried()
    assert {row.status for row in result.attempts} == {AttemptStatus.LIMIT}
    assert [row.method for row in result.attempts] == ["gradient-descent", "newton", "bfgs", "nelder-mead", "auto"]


def test_an_interrupt_during_set_up_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        endlessly()

    monkeypatch.setattr(engine, "entrants", interrupted)
    with pytest.raises(Interrupted) as caught:
        solve(BOWL, Settings(exact=False, certify=False, time_limit=600.0))
    assert {row.reason for row in caught.value.result.attempts} == {"was interrupted"}


def test_a_point_that_there_is_no_time_to_check_is_feasible_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "judge", endlessly)
    function = Function(BOWL)
    found = judgement.judge_within(function, function.space.point([1.0, 2.0]), 0.01)
    assert (found.assurance, found.value) == (Assurance.FEASIBLE, 3.0)
    outside = judgement.judge_within(function, function.space.point([1.0, 9.0]), 0.01)
    assert outside.assurance is Assurance.NONE


# ---- sizes ------------------------------------------------------------------------------------------------------------------


def nested(depth: int) -> tuple[Symbol, Node]:
    x = symbol("x")
    node: Node = x
    for _ in range(depth):
        node = call("sin", node)
    return x, node


@pytest.mark.parametrize("depth", [100, 5_000])
def test_the_slope_of_a_chain_is_as_long_as_the_chain(depth: int) -> None:
    x, chain = nested(depth)
    (slope,) = gradient(chain, [x])
    assert size(slope) < 4 * depth
    inner, expected = 0.7, 1.0
    for _ in range(depth):
        inner, expected = math.sin(inner), expected * math.cos(inner)
    assert floats.function([slope], [x])(0.7)[0] == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.tuples(st.sampled_from(["add", "multiply", "divide", "sin"]), st.integers(0, 40), st.integers(0, 40)), min_size=8))
def test_code_in_pieces_computes_the_same(steps: list[tuple[str, int, int]]) -> None:
    inputs = [symbol(f"x{i}") for i in range(3)]
    nodes: list[Node] = [*inputs, number(3)]
    for function, i, j in steps:
        a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
        nodes.append(call(function, *([a] if function == "sin" else [a, b])))
    outputs, point = nodes[::3], (0.3, -1.7, 2.2)
    whole = floats.function(outputs, inputs)(*point)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(straight_line, "_PIECE", 2)
        assert repr(floats.function(outputs, inputs)(*point)) == repr(whole)  # nan is nan


def test_degrees_of_several_expressions_are_those_of_each() -> None:
    x, y = symbol("x"), symbol("y")
    roots = [add(x, y), multiply(x, y), multiply(x, x, y), call("exp", x), number(2), multiply(call("exp", x), 0)]
    assert degrees(roots, [x, y]) == [degree(root, [x, y]) for root in roots]


def test_the_domain_of_each_unknown_comes_from_the_conditions_on_it_alone() -> None:
    n = 300
    unknowns = [symbol(f"x{i}") for i in range(n)]
    terms = [multiply(x, call("log", x if i % 2 else add(x, unknowns[i - 2]))) for i, x in enumerate(unknowns)]
    problem = Problem(None, "minimize", add(*terms), tuple(Variable(x, (Interval(),)) for x in unknowns), "f")
    for x in unknowns:
        alone = [c for c in natural_domain(problem.objective) if symbols(c) == [x]]
        interval, rest = problem.domains[x.name]
        assert (str(interval), rest) == (("(0, inf)" if alone else "(-inf, inf)"), ())


def test_constraints_that_share_a_long_part_have_short_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "_PRINTED_IN_ALL", 100)
    unknowns = [symbol(f"x{i}") for i in range(20)]
    long = call("exp", add(*unknowns))
    rows = tuple(Constraint(f"c{i}", call("less_equal", multiply(x, long), 1)) for i, x in enumerate(unknowns))
    problem = Problem(None, "minimize", add(*unknowns), tuple(Variable(x, (Interval(),)) for x in unknowns), "f", constraints=rows)
    texts = problem.constraint_texts
    assert texts[0] == rows[0].text
    assert texts[-1].startswith("an expression of 26 parts (sha256 ")
    assert len(set(texts)) == 20


@pytest.mark.parametrize("seed", range(4))
def test_many_multipliers_found_at_once_are_those_of_scipy(seed: int) -> None:
    chance = np.random.default_rng(seed)
    M, b = chance.standard_normal((160, 120)), chance.standard_normal(160)
    found = nonnegative_least_squares(M, b, np.zeros(120, dtype=bool))
    assert found == pytest.approx(nnls(M, b)[0], abs=1e-9)
