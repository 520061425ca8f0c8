"""The workers of a batch: whatever ends one is reported as the end of its work, and another takes its place."""

from __future__ import annotations

import ctypes
import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.errors import UsageError
from optbench.workbench.batch import pool as module
from optbench.workbench.batch.blackboard import Blackboard
from optbench.workbench.batch.executor import Channel, Perform, Report
from optbench.workbench.batch.pool import Pool
from optbench.workbench.task import Ending

PATIENCE = 60.0
MEMORY = 512 * 2**20

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def reports(pool: Pool, works: list[Any], seconds: float = PATIENCE) -> list[Report]:
    """Let a pool do all works, in order."""
    waiting, found = list(works), []
    until = time.monotonic() + PATIENCE
    while len(found) < len(works):
        assert time.monotonic() < until
        for worker in pool.idle():
            if waiting:
                pool.give(worker, waiting.pop(0), seconds)
        if (report := pool.next_report(0.2)) is not None:
            found.append(report)
    return found


def only(perform: Perform, work: Any = None, seconds: float = PATIENCE, **options: Any) -> Report:
    with Pool(perform, jobs=1, **options) as pool:
        return reports(pool, [work], seconds)[0]


def test_a_worker_does_one_work_after_the_other() -> None:
    with Pool(lambda work, channel: [work, os.getpid()], jobs=1) as pool:
        found = [report.ended.payload for report in reports(pool, list(range(20)))]
    assert [work for work, _ in found] == list(range(20))
    assert len({pid for _, pid in found}) == 1


def test_workers_work_side_by_side() -> None:
    def slowly(work: Any, channel: Channel) -> int:
        time.sleep(0.05)
        return os.getpid()

    with Pool(slowly, jobs=2) as pool:
        found = reports(pool, list(range(6)))
    assert {report.worker for report in found} == {"worker 1", "worker 2"}
    assert len({report.ended.payload for report in found}) == 2


def busy_for_ever(work: Any, channel: Channel) -> None:
    ctypes.PyDLL(None).sleep(1000)  # holds the interpreter's lock, as a busy loop of C would


def test_a_limit_kills_what_holds_the_interpreter() -> None:
    report = only(busy_for_ever, seconds=0.3)
    assert report.ended.ending is Ending.TIME
    assert report.ended.reason == "ran past its wall limit of 0.3 s and was killed"
    assert not report.has_begun


def test_the_best_that_was_told_outlives_a_kill() -> None:
    def perform(work: Any, channel: Channel) -> None:
        channel.begin(0.3)
        channel.note({"value": 2.0})
        channel.note({"value": 1.0})
        busy_for_ever(work, channel)

    report = only(perform)
    assert report.has_begun
    assert report.latest == {"value": 1.0}
    assert report.ended.reason == "ran past its wall limit of 0.3 s and was killed", "its time began anew"


def test_time_that_begins_anew_before_the_limit_is_not_cut_off_by_it() -> None:
    def perform(work: Any, channel: Channel) -> str:
        channel.begin(PATIENCE)
        time.sleep(1.5)
        return "done"

    report = only(perform, seconds=1.0)
    assert (report.ended.ending, report.ended.payload, report.has_begun) == (Ending.FINISHED, "done", True)


def test_nothing_of_the_time_of_a_work_is_left_to_the_next() -> None:
    def perform(work: str, channel: Channel) -> None:
        if work == "long":
            channel.begin(PATIENCE)
        else:
            busy_for_ever(work, channel)

    with Pool(perform, jobs=1) as pool:
        long, stuck = reports(pool, ["long", "stuck"], seconds=0.3)
    assert long.ended.ending is Ending.FINISHED
    assert (stuck.ended.reason, stuck.has_begun) == ("ran past its wall limit of 0.3 s and was killed", False)


@pytest.mark.parametrize("sizes", [(5,), (10**6,), (5, 10**6), (10**6, 5), (10**6, 5, 10**6)], ids=str)
def test_the_last_note_stands_whatever_its_size(sizes: tuple[int, ...]) -> None:
    def perform(work: Any, channel: Channel) -> None:
        for number, size in enumerate(sizes):
            channel.note([number, "a" * size])
        os.kill(os.getpid(), signal.SIGSEGV)

    assert only(perform).latest == [len(sizes) - 1, "a" * sizes[-1]]


def test_a_note_is_whole_when_its_worker_is_killed_while_it_writes() -> None:
    def perform(work: Any, channel: Channel) -> None:
        channel.note("0" * 60_000)
        channel.begin(0.1)
        for digit in itertools.cycle("0123456789"):
            channel.note(digit * 60_000)

    with Pool(perform, jobs=1) as pool:
        found = reports(pool, [None] * 5)
    for report in found:
        assert report.ended.ending is Ending.TIME
        assert report.latest == report.latest[0] * 60_000


@given(notes=st.lists(st.binary(max_size=20) | st.just(b"a" * 65_536) | st.just(b"too long" * 8_193)))
def test_a_board_has_the_last_note_that_fits(notes: list[bytes]) -> None:
    board, last = Blackboard(), None
    for note in notes:
        assert board.write(note) is (len(note) <= 65_536)
        last = note if len(note) <= 65_536 else last
        assert board.note() == last
    board.wipe()
    assert (board.note(), board.begun()) == (None, None)


def test_after_a_kill_the_next_work_has_its_whole_time_and_nothing_of_the_last_one() -> None:
    def perform(work: str, channel: Channel) -> str:
        if work == "bad":
            channel.note("of the bad one")
            busy_for_ever(work, channel)
        return work

    with Pool(perform, jobs=1) as pool:
        bad, good = reports(pool, ["bad", "good"], seconds=1.0)
    assert (bad.ended.ending, bad.latest) == (Ending.TIME, "of the bad one")
    assert (good.ended.ending, good.ended.payload, good.latest) == (Ending.FINISHED, "good", None)


def test_an_idle_worker_has_no_limit() -> None:
    with Pool(lambda work, channel: os.getpid(), jobs=1) as pool:
        [first] = reports(pool, [None], seconds=0.2)
        time.sleep(0.6)
        [second] = reports(pool, [None], seconds=0.2)
    assert first.ended.payload == second.ended.payload


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGSEGV, "signal 11 (segmentation fault)"), (signal.SIGABRT, "signal 6 (aborted)")], ids=["SEGV", "ABRT"]
)
def test_a_signal_is_named(number: int, words: str) -> None:
    report = only(lambda work, channel: os.kill(os.getpid(), number))
    assert report.ended.ending is Ending.CRASHED
    assert report.ended.reason == f"was ended by {words}"


def test_an_exception_is_named() -> None:
    report = only(lambda work, channel: 1 / 0)
    assert report.ended.ending is Ending.CRASHED
    assert report.ended.reason == "raised ZeroDivisionError: division by zero"


@on_linux
def test_a_work_without_memory_ends_and_the_next_has_all_of_it() -> None:
    def perform(size: int, channel: Channel) -> int:
        return len(bytearray(size))

    with Pool(perform, jobs=1, memory_limit=MEMORY) as pool:
        hog, modest = reports(pool, [2 * MEMORY, MEMORY // 4])
    assert (hog.ended.ending, hog.ended.reason) == (Ending.MEMORY, "ran out of its 512 MB of memory")
    assert modest.ended.payload == MEMORY // 4


@on_linux
def test_a_worker_that_has_grown_too_large_leaves_between_two_works() -> None:
    kept: list[bytearray] = []

    def perform(work: Any, channel: Channel) -> int:
        kept.append(bytearray(MEMORY // 5))
        return os.getpid()

    with Pool(perform, jobs=1, memory_limit=MEMORY) as pool:
        found = reports(pool, list(range(8)))
    assert all(report.ended.ending is Ending.FINISHED for report in found)
    assert len({report.ended.payload for report in found}) > 1


def test_a_work_given_to_a_worker_that_has_just_ended_is_done_by_the_next() -> None:
    with Pool(lambda work, channel: os.getpid(), jobs=1) as pool:
        [first] = reports(pool, [None])
        os.kill(first.ended.payload, signal.SIGKILL)
        time.sleep(0.2)
        [second] = reports(pool, [None])
    assert second.ended.ending is Ending.FINISHED
    assert second.ended.payload != first.ended.payload


def test_workers_that_can_not_be_kept_running_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_serving", lambda *arguments: lambda send: None)
    with Pool(lambda work, channel: None, jobs=1) as pool, pytest.raises(UsageError, match="No worker can be kept running"):
        [pool.next_report(PATIENCE) for _ in range(1000)]


def test_what_runs_is_reported_as_cancelled() -> None:
    with Pool(busy_for_ever, jobs=2) as pool:
        for worker in pool.idle():
            pool.give(worker, worker, PATIENCE)
        pool.cancel()
        endings = []
        while len(endings) < 2:
            if (report := pool.next_report(PATIENCE)) is not None:
                endings.append(report.ended.ending)
    assert endings == [Ending.CANCELLED] * 2


def test_workers_have_none_of_the_parents_files() -> None:
    """A journal's copy in a worker would keep its lock after the parent's end."""
    with open(__file__, "rb") as file:
        number = file.fileno()

        def is_open(work: Any, channel: Channel) -> bool:
            try:
                os.fstat(number)
            except OSError:
                return False
            return True

        assert only(is_open).ended.payload is True
        assert only(is_open, inherited=[number]).ended.payload is False
