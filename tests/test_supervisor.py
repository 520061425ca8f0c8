"""The supervisor: every way in which a task can end, and that nothing of it stays behind."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from optbench.workbench import handle
from optbench.workbench import supervisor as module
from optbench.workbench.child import set_alarm
from optbench.workbench.frames import HEADER
from optbench.workbench.supervisor import Ended, Ending, Event, Limits, Message, Send, Supervisor, Task

LONG = Limits(wall_seconds=60, memory_bytes=None)
SHORT = Limits(wall_seconds=0.3, memory_bytes=None)
PATIENCE = 30.0  # seconds; generous, as the machine may be busy

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture(params=["kernel", "elsewhere"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with what Linux offers, and with what is left without it."""
    if request.param == "elsewhere":
        monkeypatch.setattr(module, "_HAS_DEATH_SIGNAL", False)
        monkeypatch.setattr(module, "_pidfd", lambda pid: None)
    return str(request.param)


def run(task: Task, limits: Limits = LONG) -> list[Event]:
    with Supervisor() as supervisor:
        supervisor.submit("task", task, limits)
        return list(supervisor.events())


def ended(task: Task, limits: Limits = LONG) -> Ended:
    last = run(task, limits)[-1]
    assert isinstance(last, Ended)
    return last


def payloads(events: list[Event]) -> list[Any]:
    return [event.payload for event in events if isinstance(event, Message)]


def exists(pid: int) -> bool:
    """Return whether a process lives; a zombie that awaits another parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def vanishes(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not exists(pid)


def loop_for_ever(send: Send) -> None:
    while True:
        pass


def sleep(send: Send) -> None:
    send(os.getpid())
    time.sleep(600)


# Answers and messages


@pytest.mark.parametrize("answer", [None, True, 3, 0.1, "a\nb \x1b é", [1, [2]], {"x": [1.5, None]}, math.inf, -math.inf, "x" * 3_000_000])
def test_the_answer_comes_back(system: str, answer: Any) -> None:
    last = ended(lambda send: answer)
    assert (last.key, last.ending, last.payload) == ("task", Ending.FINISHED, answer)
    assert 0 <= last.wall_seconds < PATIENCE
    assert 0 < last.cpu_seconds < PATIENCE


def test_not_a_number_comes_back() -> None:
    assert math.isnan(ended(lambda send: math.nan).payload)


def test_messages_arrive_in_order(system: str) -> None:
    def task(send: Send) -> str:
        for i in range(5000):
            send([i, "x" * (i % 100)])
        return "done"

    events = run(task)
    assert payloads(events) == [[i, "x" * (i % 100)] for i in range(5000)]
    assert events[-1].payload == "done"


def test_messages_arrive_though_the_child_is_killed(system: str) -> None:
    def task(send: Send) -> None:
        for i in range(1000):
            send(i)
        loop_for_ever(send)

    events = run(task, Limits(1.5, None))
    assert payloads(events) == list(range(1000))
    assert isinstance(events[-1], Ended)
    assert events[-1].ending is Ending.TIME


def test_messages_of_several_threads_do_not_mix() -> None:
    def task(send: Send) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: send([i] * 20_000), range(40)))

    assert sorted(payloads(run(task))) == [[i] * 20_000 for i in range(40)]


def test_a_half_message_is_dropped() -> None:
    def task(send: Send) -> None:
        send("whole")
        send("x" * 20_000_000)

    with Supervisor() as supervisor:
        supervisor.submit("task", task, LONG)
        events = supervisor.events()
        first = next(events)
        supervisor.cancel("task")
        rest = list(events)
    assert first == Message("task", "whole")
    assert [type(event) for event in rest] == [Ended]


def test_a_message_too_large_ends_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "_LARGEST_MESSAGE", 2**20)
    last = ended(lambda send: send("x" * 2**21))
    assert last.ending is Ending.CRASHED
    assert last.reason == "sent a message of 2.097 MB, where 1 MB are accepted, and was killed"


def test_too_many_messages_end_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "_LARGEST_TOTAL", 2**20)

    def flood(send: Send) -> None:
        while True:
            send("x" * 1000)

    events = run(flood)
    assert len(events) > 500
    assert isinstance(events[-1], Ended)
    assert (events[-1].ending, events[-1].reason) == (Ending.CRASHED, "sent more than 1 MB in all and was killed")


# Limits


def test_a_loop_is_killed_at_its_limit(system: str) -> None:
    last = ended(loop_for_ever, SHORT)
    assert last.ending is Ending.TIME
    assert last.reason == "ran past its wall limit of 0.3 s and was killed"
    assert 0.3 <= last.wall_seconds < PATIENCE
    assert last.cpu_seconds > 0


def test_a_computation_that_holds_the_interpreter_is_killed(system: str) -> None:
    last = ended(lambda send: pow(3, 10**9) and None, SHORT)
    assert last.ending is Ending.TIME
    assert last.wall_seconds < PATIENCE


def test_a_stopped_child_is_killed() -> None:
    assert ended(lambda send: os.kill(os.getpid(), signal.SIGSTOP), SHORT).ending is Ending.TIME


def test_the_limit_counts_from_the_start_of_the_child() -> None:
    with Supervisor(jobs=1) as supervisor:
        for key in "abcd":
            supervisor.submit(key, lambda send: time.sleep(0.4), Limits(1.5, None))
        endings = [event.ending for event in supervisor.events() if isinstance(event, Ended)]
    assert endings == [Ending.FINISHED] * 4


def test_an_infinite_limit_is_none() -> None:
    assert ended(lambda send: 1, Limits(math.inf, None)).ending is Ending.FINISHED


def test_a_slow_reader_does_not_make_a_task_late() -> None:
    with Supervisor() as supervisor:
        supervisor.submit("task", lambda send: "in time", Limits(1, None))
        time.sleep(1.5)
        (last,) = supervisor.events()
    assert isinstance(last, Ended)
    assert (last.ending, last.payload) == (Ending.FINISHED, "in time")
    assert last.wall_seconds < 1


@on_linux
def test_the_limit_holds_though_nobody_reads() -> None:
    with Supervisor() as supervisor:
        supervisor.submit("task", sleep, SHORT)
        pid = supervisor._running["task"].pid
        assert vanishes(pid)
        last = list(supervisor.events())[-1]
    assert isinstance(last, Ended)
    assert last.ending is Ending.TIME


def hoard(send: Send) -> None:
    hoarded = []
    while True:
        hoarded.append(bytearray(10**6))


def hoard_pages_of_lists(send: Send) -> None:
    hoarded: list[Any] = []
    while True:
        hoarded = [hoarded, [0] * 7]


def abort_as_gmp_does(send: Send) -> None:
    os.write(2, b"GNU MP: Cannot reallocate memory (old_size=16 new_size=1992187536)\n")
    os.abort()


def raise_as_casadi_does(send: Send) -> None:
    raise RuntimeError("std::bad_alloc")


@on_linux
@pytest.mark.parametrize("task", [hoard, hoard_pages_of_lists, lambda send: len(bytes(10**12)), abort_as_gmp_does, raise_as_casadi_does])
def test_a_task_without_memory_ends_with_that_reason(task: Task) -> None:
    last = ended(task, Limits(60, 64 * 2**20))
    assert (last.ending, last.reason) == (Ending.MEMORY, "ran out of its 64 MB of memory")


@on_linux
def test_native_code_without_memory_ends_with_that_reason() -> None:
    flint = pytest.importorskip("flint")
    last = ended(lambda send: str(flint.fmpz(3) ** (10**10)), Limits(60, 64 * 2**20))
    assert last.ending is Ending.MEMORY


@on_linux
def test_the_memory_limit_counts_what_the_task_adds() -> None:
    ours = bytearray(200 * 2**20)
    last = ended(lambda send: len(ours) + len(bytes(40 * 2**20)), Limits(60, 100 * 2**20))
    assert last.payload == 240 * 2**20


def test_an_abort_without_a_limit_is_a_crash() -> None:
    last = ended(abort_as_gmp_does)
    assert (last.ending, last.reason) == (Ending.CRASHED, "was ended by signal 6 (aborted)")


# Crashes


def recurse(send: Send) -> None:
    recurse(send)


def divide(send: Send) -> float:
    return 1 / 0


def fail(text: str) -> Task:
    def task(send: Send) -> None:
        raise ValueError(text)

    return task


def give_up_without_words(send: Send) -> None:
    raise KeyError


def close_everything(send: Send) -> None:
    os.closerange(3, 100)


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("even this fails")


def raise_unprintable(send: Send) -> None:
    raise Unprintable


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (divide, "raised ZeroDivisionError: division by zero"),
        (recurse, "raised RecursionError: maximum recursion depth exceeded"),
        (fail("a\x1b[31m\nb"), "raised ValueError: a\\x1b[31m\\nb"),
        (fail("x" * 10**6), f"raised ValueError: {'x' * 297}..."),
        (fail("{seconds} {"), "raised ValueError: {seconds} {"),
        (give_up_without_words, "raised KeyError"),
        (raise_unprintable, "raised Unprintable"),
        (lambda send: sys.exit(4), "raised SystemExit: 4"),
        (lambda send: {1, 2}, "raised TypeError: Object of type set is not JSON serializable"),
        (lambda send: os._exit(3), "ended with exit code 3 without an answer"),
        (lambda send: os._exit(0), "ended with exit code 0 without an answer"),
        (close_everything, "ended with exit code 1 without an answer"),
        (lambda send: os.kill(os.getpid(), signal.SIGSEGV), "was ended by signal 11 (segmentation fault)"),
        (lambda send: os.kill(os.getpid(), signal.SIGTERM), "was ended by signal 15 (terminated)"),
        (lambda send: os.kill(os.getpid(), signal.SIGKILL), "was ended by signal 9 (killed), sent by another process or by the system"),
    ],
)
def test_a_crash_is_told_with_its_reason(system: str, task: Task, reason: str) -> None:
    last = ended(task)
    assert (last.ending, last.payload) == (Ending.CRASHED, None)
    assert last.reason.startswith(reason)


def test_a_message_that_cannot_be_read_ends_the_task() -> None:
    def task(send: Send) -> None:
        os.write(send.__self__._writer, HEADER.pack(0, 3, 0.0) + b"{]\n")  # type: ignore[attr-defined]
        time.sleep(600)

    last = ended(task)
    assert last.ending is Ending.CRASHED
    assert last.reason.startswith("sent a message that can't be read (")


def test_a_child_that_cannot_be_started_is_a_crash_of_this_task_only(monkeypatch: pytest.MonkeyPatch) -> None:
    fork = os.fork
    with Supervisor() as supervisor:
        before = len(os.listdir("/dev/fd"))
        monkeypatch.setattr(os, "fork", lambda: (_ for _ in ()).throw(BlockingIOError(11, "Resource temporarily unavailable")))
        supervisor.submit("a", lambda send: 1, LONG)
        assert len(os.listdir("/dev/fd")) == before
        monkeypatch.setattr(os, "fork", fork)
        supervisor.submit("b", lambda send: 2, LONG)
        events = list(supervisor.events())
    assert [event.payload for event in events] == [None, 2]
    assert events[0] == Ended("a", Ending.CRASHED, "could not be started: Resource temporarily unavailable", None, 0.0, 0.0)


# Grandchildren


def leave_grandchild(send: Send) -> str:
    """Start a process that keeps the pipe open, and end before it."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    send(pid)
    return "done"


def wait_for_grandchild(send: Send) -> None:
    leave_grandchild(send)
    time.sleep(600)


def leave_program(send: Send) -> None:
    send(subprocess.Popen(["sleep", "600"]).pid)
    time.sleep(600)


@on_linux
@pytest.mark.parametrize("task", [leave_grandchild, wait_for_grandchild, leave_program])
def test_a_grandchild_goes_with_its_group(system: str, task: Task) -> None:
    events = run(task, Limits(1, None))
    (pid,) = payloads(events)
    assert vanishes(pid)
    assert isinstance(events[-1], Ended)
    assert events[-1].ending is (Ending.FINISHED if task is leave_grandchild else Ending.TIME)


def test_a_fork_that_comes_back_from_the_task_answers_nothing() -> None:
    def task(send: Send) -> str:
        pid = os.fork()
        if pid == 0:
            return "the grandchild"
        os.waitpid(pid, 0)
        return "the child"

    assert ended(task).payload == "the child"


def test_a_task_may_supervise_tasks() -> None:
    def task(send: Send) -> Any:
        return [event.payload for event in run(lambda send: 7)]

    assert ended(task).payload == [7]


@on_linux
def test_a_supervisor_within_a_killed_task_leaves_no_child() -> None:
    def task(send: Send) -> None:
        with Supervisor() as inner:
            inner.submit("inner", sleep, LONG)
            for event in inner.events():
                send(event.payload)

    events = run(task, Limits(1.5, None))
    assert [vanishes(pid) for pid in payloads(events)] == [True]


# The books: order, cancelling, leaving


def test_jobs_are_limited_and_started_in_order(tmp_path: Path) -> None:
    def task(name: str) -> Task:
        def count(send: Send) -> int:
            mine = tmp_path / name
            mine.touch()
            at_once = len(list(tmp_path.iterdir()))
            time.sleep(0.1)
            mine.unlink()
            return at_once

        return count

    keys = [f"task {i}" for i in range(7)]
    with Supervisor(jobs=3) as supervisor:
        for key in keys:
            supervisor.submit(key, task(key), LONG)
        assert list(supervisor._running) == keys[:3]
        events = list(supervisor.events())
    assert sorted(event.key for event in events) == keys
    assert max(event.payload for event in events) <= 3


def test_a_supervisor_needs_a_job() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Supervisor(jobs=0)


def test_a_key_in_use_is_refused() -> None:
    with Supervisor() as supervisor:
        supervisor.submit("a", sleep, LONG)
        with pytest.raises(ValueError, match="not over"):
            supervisor.submit("a", sleep, LONG)


def test_a_task_may_be_submitted_while_events_are_read() -> None:
    with Supervisor() as supervisor:
        supervisor.submit("0", lambda send: 0, LONG)
        seen = []
        for event in supervisor.events():
            seen.append(event.key)
            if len(seen) < 4:
                supervisor.submit(str(len(seen)), lambda send: 0, LONG)
    assert seen == ["0", "1", "2", "3"]


def test_cancelling_kills_and_drops(system: str) -> None:
    with Supervisor(jobs=1) as supervisor:
        supervisor.submit("runs", sleep, LONG)
        supervisor.submit("waits", sleep, LONG)
        supervisor.submit("stays", lambda send: 1, LONG)
        events = supervisor.events()
        next(events)
        supervisor.cancel("waits")
        supervisor.cancel("runs")
        supervisor.cancel("nobody")
        endings = {event.key: event.ending for event in events if isinstance(event, Ended)}
        supervisor.cancel("runs")
        assert list(supervisor.events()) == []
    assert endings == {"runs": Ending.CANCELLED, "waits": Ending.CANCELLED, "stays": Ending.FINISHED}


@on_linux
@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_leaving_early_kills_what_runs(system: str, error: type[BaseException] | None) -> None:
    pids = []

    def leave_early() -> None:
        with Supervisor() as supervisor:
            supervisor.submit("a", sleep, LONG)
            supervisor.submit("b", sleep, LONG)
            supervisor.submit("c", sleep, LONG)
            for event in supervisor.events():
                pids.append(event.payload)
                if len(pids) == 2:
                    if error:
                        raise error
                    return

    if error:
        with pytest.raises(error):
            leave_early()
    else:
        leave_early()
    assert not any(exists(pid) for pid in pids)


def test_an_interrupt_while_waiting_kills_at_once() -> None:
    def interrupt_parent(send: Send) -> None:
        time.sleep(0.2)
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(600)

    def wait_for_it(supervisor: Supervisor) -> None:
        for _ in supervisor.events():
            pass

    with Supervisor() as supervisor:
        supervisor.submit("a", interrupt_parent, LONG)
        with pytest.raises(KeyboardInterrupt):
            wait_for_it(supervisor)
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)


def test_an_interrupt_during_the_fork_leaves_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    fork = os.fork

    def interrupted_fork() -> int:
        pid = fork()
        if pid:
            signal.raise_signal(signal.SIGINT)
        return pid

    monkeypatch.setattr(os, "fork", interrupted_fork)
    with pytest.raises(KeyboardInterrupt), Supervisor() as supervisor:
        supervisor.submit("a", sleep, LONG)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_descriptor_is_left(system: str) -> None:
    run(sleep, SHORT)
    before = set(os.listdir("/dev/fd"))
    for task in (sleep, divide, lambda send: 1):
        run(task, SHORT)
    assert set(os.listdir("/dev/fd")) == before


# The child's surroundings


def test_what_a_child_prints_does_not_reach_us(capfd: pytest.CaptureFixture[str]) -> None:
    def task(send: Send) -> str:
        print("printed")
        print("printed", file=sys.stderr)
        os.write(1, b"written")
        os.write(2, b"written")
        os.system("echo echoed; echo echoed >&2")
        sys.stdout.flush()
        return sys.stdin.read()

    print("ours", end="")
    assert ended(task).payload == ""
    assert capfd.readouterr() == ("ours", "")


def test_much_on_stderr_does_not_block_a_task() -> None:
    def task(send: Send) -> None:
        for _ in range(1000):
            print("x" * 1000, file=sys.stderr, flush=True)
        os.system("yes | head -c 1000000 >&2")

    assert ended(task).ending is Ending.FINISHED


def test_stderr_passes_for_debugging(capfd: pytest.CaptureFixture[str]) -> None:
    with Supervisor(debug=True) as supervisor:
        supervisor.submit("a", lambda send: print("seen", file=sys.stderr) or print("hidden"), LONG)
        list(supervisor.events())
    assert capfd.readouterr() == ("", "seen\n")


def test_a_child_has_plain_signals_and_no_core_dump() -> None:
    def task(send: Send) -> list[Any]:
        return [
            signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
            signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
            sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            os.getpgrp() == os.getpid(),
            resource.getrlimit(resource.RLIMIT_CORE)[0],
        ]

    mask = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))
    assert ended(task).payload == [True, True, mask, True, 0]


@on_linux
def test_a_child_does_not_hold_its_siblings_pipes() -> None:
    def task(send: Send) -> int:
        links = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
        return sum("pipe:" in os.readlink(link) or "pidfd" in os.readlink(link) for link in links if link.is_symlink())

    alone = ended(task).payload
    with Supervisor(jobs=5) as supervisor:
        for key in "abcd":
            supervisor.submit(key, sleep, LONG)
        supervisor.submit("task", task, LONG)
        last = next(event for event in supervisor.events() if event.key == "task")
    assert last.payload == alone


# The parent's end, in a program of its own


PROGRAM = """
    import os, subprocess, sys, time, atexit
    from optbench.workbench import child, supervisor as module
    from optbench.workbench.supervisor import Limits, Supervisor
    if sys.argv[1] == "elsewhere":
        module._HAS_DEATH_SIGNAL = False
        module._pidfd = lambda pid: None
    if sys.argv[1] == "late":
        prctl = child.prctl()
        child.prctl = lambda: time.sleep(0.3) or prctl
    def task(send):
        grandchild = os.fork()
        if grandchild == 0:
            time.sleep(600)
        send([os.getpid(), grandchild])
        time.sleep(600)
    atexit.register(print, "ending")
    with Supervisor() as supervisor:
        supervisor.submit("a", task, Limits(600, None))
        supervisor.submit("b", task, Limits(600, None))
        for event in supervisor.events():
            print(*event.payload, flush=True)
            sys.stdout.write("")
"""


@on_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV])
@pytest.mark.parametrize("system_name", ["kernel", "elsewhere"])
def test_no_child_outlives_its_parent(system_name: str, number: signal.Signals) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), system_name]
    root = str(Path(__file__).parent.parent)
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for _ in range(2) for word in parent.stdout.readline().split()]
        assert len(pids) == 4
        assert all(exists(pid) for pid in pids)
        parent.send_signal(number)
        parent.wait(PATIENCE)
        assert [pid for pid in pids if not vanishes(pid)] == []
        assert parent.stdout.read() == ("ending\n" if number == signal.SIGINT else "")


@on_linux
def test_a_grandchild_that_loses_its_parent_before_it_is_tied_to_it_ends() -> None:
    test_no_child_outlives_its_parent("late", signal.SIGKILL)


def test_a_program_without_standard_streams_can_supervise(tmp_path: Path) -> None:
    program = """
        import os, sys
        os.closerange(0, 3)
        from optbench.workbench.supervisor import Limits, Supervisor
        with Supervisor() as supervisor:
            supervisor.submit("a", lambda send: 5, Limits(60, None))
            answers = [event.payload for event in supervisor.events()]
        open(sys.argv[1], "w").write(str(answers))
    """
    root = str(Path(__file__).parent.parent)
    subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "answers")], cwd=root, timeout=PATIENCE, check=False)
    assert (tmp_path / "answers").read_text() == "[5]"


def test_importing_it_is_light() -> None:
    root = str(Path(__file__).parent.parent)
    code = "import sys, optbench.workbench.supervisor; print([m for m in ('ctypes', 'multiprocessing', 'numpy') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


# ---- tasks that live long ------------------------------------------------------------------------------------------------


def test_time_begins_anew_where_more_is_allowed() -> None:
    def two_rounds(send: Send) -> str:
        for _ in range(2):
            set_alarm(PATIENCE)
            send("begun")
            time.sleep(0.9)
        return "done"

    with Supervisor() as supervisor:
        supervisor.submit("task", two_rounds, Limits(1.5, None))
        for event in supervisor.events():
            if isinstance(event, Message):
                supervisor.allow("task", PATIENCE)
    assert isinstance(event, Ended)
    assert event.payload == "done"
    assert event.wall_seconds < 1.5, "since its time began anew"


def test_time_that_begins_anew_ends_too() -> None:
    def long(send: Send) -> None:
        set_alarm(math.inf)
        send("begun")
        time.sleep(PATIENCE)

    with Supervisor() as supervisor:
        supervisor.submit("task", long, LONG)
        for event in supervisor.events():
            if isinstance(event, Message):
                supervisor.allow("task", 0.1)
    assert isinstance(event, Ended)
    assert (event.ending, event.reason) == (Ending.TIME, "ran past its wall limit of 0.1 s and was killed")


def test_one_may_wait_for_an_event_for_a_while() -> None:
    with Supervisor() as supervisor:
        assert supervisor.next_event() is None, "nothing runs"
        supervisor.submit("task", lambda send: time.sleep(PATIENCE), LONG)
        assert supervisor.next_event(0.05) is None
        supervisor.cancel("task")
        event = supervisor.next_event(PATIENCE)
        assert isinstance(event, Ended)
        assert event.ending is Ending.CANCELLED
