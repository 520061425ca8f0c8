"""Expressions on which computer algebra runs away, eats memory or crashes: the row says so, the rest stands, nothing is left.

A runaway is planted as a strategy before all others. Nasty expressions, on which a strategy may really run away, have to be
answered within the limits, whatever the answer is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import optbench.exact
from optbench import api
from optbench.exact import stage
from optbench.exact.answer import ExactAnswer
from optbench.exact.time_limit import OutOfTime, time_limit
from optbench.result import Assurance, AttemptStatus, Result, Status
from optbench.workbench import stages

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="memory limits and /proc are those of Linux")
MEMORY = 300 * 2**20
PATIENCE = 8.0  # beyond the limits, on a busy machine
LARGEST = 800 * 2**20  # of the address space of a child that may take `MEMORY` more


def children() -> set[int]:
    """The processes that this one has started and that have not ended."""
    found = set()
    for task in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        found.update(map(int, task.read_text().split()))
    return found


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = children() if sys.platform == "linux" else set()
    yield
    if sys.platform == "linux":
        deadline = time.monotonic() + PATIENCE
        while children() - before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not children() - before


def plant(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> None:
    """Put a strategy before all others that does something before it answers."""
    module = ModuleType("optbench.exact.planted")

    def solve(problem: Any, digits: int, send: Any) -> ExactAnswer:
        work()
        return ExactAnswer("planted", Status.UNKNOWN, Assurance.NONE)

    module.solve = solve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "optbench.exact.planted", module)
    monkeypatch.setattr(optbench.exact, "planted", module, raising=False)
    monkeypatch.setattr(stage, "STRATEGIES", ("planted", *stage.STRATEGIES))


def exact_row(result: Result) -> tuple[AttemptStatus, str]:
    [row] = [a for a in result.attempts if a.kind == "exact"]
    return row.status, row.reason or ""


def loop_in_python() -> None:
    while True:
        pass


def loop_in_c() -> None:
    pow(3, 10**9)


def loop_in_flint() -> None:
    from flint import fmpz

    fmpz((1 << 4_000_000) - 159).factor()


def loop_in_sympy() -> None:
    import sympy

    sympy.factorial(10**7)


def eat_memory() -> None:
    hoarded = []
    while True:
        hoarded.append(bytearray(10**6))


def eat_it_at_once() -> None:
    bytes(10**13)


def eat_it_in_flint() -> None:
    from flint import fmpz

    fmpz(3) ** (10**10)


def recurse() -> None:
    recurse()


def abort() -> None:
    os.abort()


def leave() -> None:
    os._exit(0)


def misbehave() -> None:
    raise ZeroDivisionError("a bug of a strategy")


RUNAWAYS = (loop_in_python, loop_in_c, loop_in_flint, loop_in_sympy)
GLUTTONS = (eat_memory, eat_it_at_once, eat_it_in_flint)
CRASHES = (recurse, abort, leave, misbehave)


def answer(**asked: Any) -> tuple[Result, float]:
    began = time.monotonic()
    result = api.solve("(x - 1)^2 + exp(y) - y", memory_limit=MEMORY, certify=False, **asked)
    return result, time.monotonic() - began


def the_rest_stands(result: Result) -> bool:
    return result.status is Status.LOCALLY_OPTIMAL and abs((result.value or 0) - 1) < 1e-9


@pytest.mark.parametrize("work", RUNAWAYS)
def test_what_runs_away_is_killed_at_the_exact_time(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    plant(monkeypatch, work)
    monkeypatch.setattr(stages, "_OF_ITS_OWN", 100)  # the stage would not end by itself
    result, seconds = answer(exact_time=0.5)
    assert exact_row(result) == (AttemptStatus.KILLED, "ran past its wall limit of 0.5 s and was killed")
    assert seconds < 0.5 + PATIENCE
    assert the_rest_stands(result)


def test_a_strategy_that_loops_loses_its_share_of_the_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, loop_in_python)
    monkeypatch.setattr(stage, "MAX_SHARE", 0.05)  # of the processor's time, of which a busy machine has less than 20 seconds in 20
    result = api.solve("x^2 + x*y + y^2 - 3*x", exact_time=20, certify=False)
    assert exact_row(result) == (AttemptStatus.CONVERGED, "")
    assert result.value_exact == "-3"


@on_linux
@pytest.mark.parametrize("work", GLUTTONS)
def test_what_eats_memory_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    plant(monkeypatch, work)
    result, seconds = answer(exact_time=30)
    assert exact_row(result) == (AttemptStatus.KILLED, "ran out of its 300 MB of memory")
    assert seconds < 30
    assert the_rest_stands(result)


@pytest.mark.parametrize("work", CRASHES)
def test_what_crashes_has_a_row_with_the_reason(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    plant(monkeypatch, work)
    result, _ = answer(exact_time=30)
    status, reason = exact_row(result)
    assert status in (AttemptStatus.CRASHED, AttemptStatus.KILLED)
    assert reason
    assert the_rest_stands(result)


@pytest.mark.parametrize("work", [loop_in_c, abort])
def test_a_child_of_the_strategy_goes_with_it(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None], tmp_path: Path) -> None:
    """A process that a strategy has started ends with it, though it does not wait for it."""
    note = tmp_path / "pid"

    def fork_first() -> None:
        pid = os.fork()
        if pid == 0:
            time.sleep(600)
            os._exit(0)
        note.write_text(str(pid))
        work()

    plant(monkeypatch, fork_first)
    result, _ = answer(exact_time=0.7)
    assert exact_row(result)[0] is not AttemptStatus.CONVERGED
    pid = int(note.read_text())
    deadline = time.monotonic() + PATIENCE
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_better_answer_that_was_sent_before_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was proved by other strategies is not lost where a later one would run away: the first proof ends the work."""
    module = ModuleType("optbench.exact.planted")
    module.solve = lambda problem, digits, send: loop_in_c()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "optbench.exact.planted", module)
    monkeypatch.setattr(optbench.exact, "planted", module, raising=False)
    monkeypatch.setattr(stage, "STRATEGIES", (*stage.STRATEGIES, "planted"))
    result, _ = answer(exact_time=20)
    assert result.assurance is Assurance.EXACT
    assert result.value_exact == "1"


# ---- nasty expressions -------------------------------------------------------------------------------------------------------


def nested(inner: str, count: int) -> str:
    text = "x"
    for _ in range(count):
        text = inner.replace("#", text)
    return text


NASTY = {
    "a high power of a high power": "(x^1000 + 1)^50",
    "a degree of millions": "x^2000000 - x",
    "a sparse polynomial": "x^99999 - x^3 + 1/7*x",
    "huge coefficients": "9999999999^99*x^4 - 3^5000*x^2 + 7^3000*x",
    "sines inside of sines": nested("sin(#)", 12) + " + x^2",
    "squares inside of squares": nested("((#)^2 - 3)", 60),
    "roots inside of roots": nested("sqrt(# + 2)", 60) + " + 1/x",
    "a tower of powers": "x^x^x^x^x",
    "exponentials inside of exponentials": "exp(exp(exp(exp(x)))) - x",
    "logarithms inside of logarithms": "log(log(log(log(x)))) + 1/x",
    "many sines": " + ".join(f"sin({k}*x + {k * k})/{k}" for k in range(1, 200)),
    "many exponentials": " + ".join(f"{(-1) ** k * k}*exp({k}*x/7)" for k in range(1, 60)),
    "a quotient of high degree": f"({' + '.join(f'{k}*x^{k}' for k in range(1, 60))})/({' + '.join(f'{61 - k}*x^{k}' for k in range(61))})",
    "a system of polynomials": " + ".join(f"(x{i}^2 - x{(i + 1) % 12}*x{(i + 2) % 12} + {i})^2" for i in range(12)),
    "a system of degree 4 in 4 unknowns": " + ".join(f"(x{i}^4 - x{(i + 1) % 4}^3*x{(i + 2) % 4} + {i} + 1)^2" for i in range(4)),
    "many kinks": " + ".join(f"abs({k}*x - {k * k} + sin(y*{k}))" for k in range(1, 40)),
    "maxima inside of maxima": "max(x, max(y, max(x*y, max(x - y, max(x^2 - y, max(y^2 - x, 1 - x - y))))))^2",
    "a product of many factors": "*".join(f"(x - {k} + y/{k})" for k in range(1, 25)),
    "a sum of many unknowns": " + ".join(f"exp(x{k}) - x{k}*x{(k + 1) % 30}" for k in range(30)),
    "jumps": "floor(x*y) + ceil(x/y) + sign(x - y)*(x % y)",
    "a number that cancels to 60 digits": "(x - 1)^2*10^60 - (10^60*x^2 - 2*10^60*x + 10^60) + 1/(1 + x^2)",
    "gamma functions": "gamma(x)*lgamma(x + 1) + digamma(x)^2",
}


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_expression_is_answered_within_the_limits(name: str) -> None:
    began = time.monotonic()
    result = api.solve(NASTY[name], exact_time=1.5, time_limit=4, memory_limit=LARGEST)
    assert time.monotonic() - began < 4 + PATIENCE
    assert exact_row(result)[0] in (AttemptStatus.CONVERGED, AttemptStatus.STALLED, AttemptStatus.NOT_APPLICABLE, AttemptStatus.KILLED)
    assert not result.disagreements


def test_many_constraints_are_answered_within_the_limits() -> None:
    began = time.monotonic()
    result = api.solve(
        "x^2 + y^4 - x*y", subject_to=[f"{i}*x + sin({i})*y >= {i - 150}" for i in range(1, 200)], exact_time=1.5, time_limit=4
    )
    assert time.monotonic() - began < 4 + PATIENCE
    assert not result.disagreements


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_limit_that_a_finaliser_has_swallowed_comes_again() -> None:
    """Python drops what is raised in `__del__`, and in the callbacks of weak references, as those of the table of all nodes."""

    class Swallows:
        def __del__(self) -> None:
            while True:
                pass

    def go_on() -> None:
        with time_limit(0.05):
            Swallows()
            loop_in_python()

    with pytest.raises(OutOfTime):
        go_on()
