"""Measure what a batch costs beyond its solvers, whether its limits hold, and whether a kill loses anything.

    python benchmarks/batch.py [--write benchmarks/batch.json] [--attempts 10000] [--only overhead|limits|kills]

The cost of an attempt is CPU time: that of the whole command, children included, less what the same attempts take when
nothing but the methods runs. How much faster two workers are than one is measured by the clock, in turns; so nothing else
should run meanwhile, and the load of the machine before is written beside.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from figures import OPTBENCH, _cpu, _environment, environment, one_thread

from optbench.cli.arguments import Flags, of_expression
from optbench.methods.registry import get
from optbench.workbench import attempt
from optbench.workbench.batch.executor import Channel
from optbench.workbench.batch.pool import Pool
from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.preparation import prepare
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts, typical_scale
from optbench.workbench.task import Ending

METHODS = ("bfgs", "lbfgs", "newton", "nelder-mead", "scipy-l-bfgs-b")
LIMIT = 1.0  # seconds
SPIN = "void spin(void) { volatile long i; for (i = 0;; i++); }\n"


@dataclass(frozen=True)
class Figure:
    """One figure, its goal, and what it is made of."""

    name: str
    unit: str
    measured: float
    goal: float
    met: bool
    parts: dict[str, Any]


def at_most(name: str, unit: str, measured: float, goal: float, **parts: Any) -> Figure:
    return Figure(name, unit, round(measured, 3), goal, measured <= goal, parts)


def at_least(name: str, unit: str, measured: float, goal: float, **parts: Any) -> Figure:
    return Figure(name, unit, round(measured, 3), goal, measured >= goal, parts)


# ---- what it costs ---------------------------------------------------------------------------------------------------------


def problems(count: int) -> list[str]:
    """Return small problems of two unknowns, each another one."""
    chance = random.Random(1)
    numbers = [tuple(round(chance.uniform(1, 9), 3) for _ in range(3)) for _ in range(count)]
    kinds = (
        "{0}*(y - x^2)^2 + (1 - x)^2/{1}",
        "{0}*(x - {1})^2 + exp(y/{2}) - y + x*y/10",
        "log(1 + {0}*x^2 + (y - {1})^2) + (x + y)^2/{2}",
        "(x - {0})^4 + {1}*(y - x)^2",
    )
    return [kinds[k % len(kinds)].format(*three) for k, three in enumerate(numbers)]


def overhead(count: int, repeats: int) -> Iterator[Figure]:
    """Cost beyond the solvers, gain of a second worker, memory of the parent."""
    lines = problems(count // (2 * len(METHODS)))
    load = os.getloadavg()[0]
    solvers = seconds_of_methods(lines) * 2
    ones, twos = [], []
    for _ in range(repeats):
        ones.append(whole(lines, 1))
        twos.append(whole(lines, 2))
    attempts = 2 * len(METHODS) * len(lines)
    for runs, name in ((ones, "one worker"), (twos, "two workers")):
        cpu = median(run["cpu"] for run in runs)
        cost = 1000 * (cpu - solvers) / attempts
        parts = {"attempts": attempts, "cpu_seconds": cpu, "cpu_seconds_of_methods": solvers, "load_before": load}
        yield at_most(f"an attempt beyond its solver, {name}", "ms", cost, 3.0, **parts)
    one, two = (median(run["wall"] for run in runs) for runs in (ones, twos))
    yield at_least("two workers, how much faster", "times", one / two, 1.8, seconds=[one, two], load_before=load)
    growth = max(run["memory"][-1] - run["memory"][0] for run in [*ones, *twos])
    yield at_most("parent's memory, growth after a tenth of it", "MiB", growth, 5.0, of=ones[0]["memory"])


def seconds_of_methods(lines: list[str]) -> float:
    """Return the CPU seconds of the methods alone, once each: no set-up, no judgement, no processes."""
    settings, total = Settings(), 0.0
    for line in lines:
        function = Function(of_expression(line, Flags()))
        function.prepare()
        function.scale = typical_scale(function)
        begin = starts(function, 0)
        for name in METHODS:
            method = get(name)
            options = method.options()
            prepare(function, method, options)
            budget = attempt.Budget(30.0)
            began = _cpu()
            with silent_numpy():
                attempt.run(
                    function, method, options, begin, budget, settings.tolerance, settings.seed_of(name), False, lambda message: None
                )
            total += _cpu() - began
    return total


def whole(lines: list[str], jobs: int) -> dict[str, Any]:
    """Run the batch; return its seconds, on the clock and of CPU, and the MiB of the parent at each tenth."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder, "run.jsonl")
        methods = [word for name in METHODS for word in ("--method", name)]
        options = ("--repeat", "2", "--no-exact", "--no-certify", "--jobs", str(jobs), "--progress", "none", "--out", str(journal))
        began, cpu = time.monotonic(), children()
        process = subprocess.Popen((*OPTBENCH, "batch", "-", *methods, *options), stdin=subprocess.PIPE, env=_environment())
        assert process.stdin is not None
        process.stdin.write("\n".join(lines).encode())
        process.stdin.close()
        memory: list[float] = []
        size = 2 * len(METHODS) * len(lines)
        lines_of_journal = growing(journal)
        while process.poll() is None:
            done = next(lines_of_journal)
            if done * 10 >= (len(memory) + 1) * size and len(memory) < 9:
                memory.append(resident(process.pid))
            time.sleep(0.05)
        assert process.returncode == 0
        assert next(lines_of_journal) == size + 1
        return {"wall": time.monotonic() - began, "cpu": children() - cpu, "memory": memory}


def children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def growing(journal: Path) -> Iterator[int]:
    """Yield how many lines a journal has by now; each is read once, since who looks takes time from the workers."""
    while not journal.exists():
        yield 0
    count = 0
    with journal.open("rb") as file:
        while True:
            count += file.read().count(b"\n")
            yield count


def resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


# ---- whether limits hold -----------------------------------------------------------------------------------------------------


def limits(count: int, repeats: int) -> Iterator[Figure]:
    """A loop in C that holds the interpreter's lock, and a SymPy that has run away, each 50 times."""
    import sympy

    with tempfile.TemporaryDirectory() as folder:
        library = spinning(Path(folder))

        def perform(work: str, channel: Channel) -> None:
            if work == "C":
                library.spin()
            else:
                sympy.expand(sum(sympy.symbols("x0:12")) ** 40)

        works = ["C", "SymPy"] * 50
        taken: list[float] = []
        given: dict[str, float] = {}
        with Pool(perform, jobs=2, memory_limit=2**30) as pool:
            while len(taken) < 100:
                for worker in pool.idle():
                    if works:
                        given[worker] = time.monotonic()
                        pool.give(worker, works.pop(), LIMIT)
                report = pool.next_report(1.0)
                if report is not None and report.ended.ending is Ending.TIME:
                    taken.append(time.monotonic() - given[report.worker])
    taken.sort()
    facts = {"seconds": [round(taken[0], 3), round(taken[49], 3), round(taken[94], 3), round(taken[99], 3)], "load": os.getloadavg()[0]}
    yield at_least("ended by a limit of 1 s, with no process left", "of 100", 100 - left_behind(), 100, **facts)
    yield at_least("of them within 1.2 s", "of 100", sum(t <= 1.2 for t in taken), 95, **facts)
    yield at_most("the slowest of them", "s", taken[-1], 3.0, **facts)


def spinning(folder: Path) -> Any:
    source, library = folder / "spin.c", folder / "spin.so"
    source.write_text(SPIN)
    subprocess.run(("cc", "-O0", "-shared", "-fPIC", "-o", str(library), str(source)), check=True)
    return ctypes.PyDLL(str(library))


def left_behind() -> int:
    """Return how many processes have this one as their parent."""
    me, count = str(os.getpid()), 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            count += status.read_text().rpartition(")")[2].split()[1] == me
        except OSError:
            continue
    return count


# ---- whether a kill loses anything ---------------------------------------------------------------------------------------------


def kills(count: int, repeats: int) -> Iterator[Figure]:
    """kill -9 of the parent at 50 random moments; after --resume every attempt is there once."""
    chance = random.Random(2)
    lines = problems(20)
    complete = kept = orphans = 0
    with tempfile.TemporaryDirectory() as folder:
        took = timed(lambda: batch(lines, Path(folder, "whole.jsonl")).wait())
        expected = keys(Path(folder, "whole.jsonl"))
        for k in range(50):
            journal = Path(folder, f"{k}.jsonl")
            process = batch(lines, journal)
            time.sleep(chance.uniform(0, took))
            process.kill()
            process.wait()
            time.sleep(0.1)
            orphans += in_session(process.pid)
            kept += len(keys(journal))
            assert batch(lines, journal).wait() == 0
            found = keys(journal)
            complete += len(found) == len(set(found)) and set(found) == set(expected)
    parts = {"attempts": len(expected), "kept_on_average": kept / 50}
    yield at_least("kill -9: complete after --resume, each attempt once", "of 50", complete, 50, **parts)
    yield at_most("kill -9: workers that outlive their parent by 0.1 s", "of 50", orphans, 0)


def batch(lines: list[str], journal: Path) -> subprocess.Popen[bytes]:
    """Start or resume a batch on two workers, in a session of its own."""
    methods = [word for name in METHODS for word in ("--method", name)]
    options = ("--no-exact", "--no-certify", "--jobs", "2", "--progress", "none", "--out", str(journal), "--resume")
    command = (*OPTBENCH, "batch", "-", *methods, *options)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, env=_environment())
    assert process.stdin is not None
    process.stdin.write("\n".join(lines).encode())
    process.stdin.close()
    return process


def timed(call: Callable[[], object]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def keys(journal: Path) -> list[str]:
    """Return the keys of all whole lines."""
    if not journal.exists():
        return []
    whole = journal.read_text().rpartition("\n")[0]
    return [record["key"] for record in map(json.loads, whole.splitlines()) if "key" in record]


def in_session(leader: int) -> int:
    """Return whether any process of a session still runs; what is dead and waits for init to take note is gone."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = status.read_text().rpartition(")")[2].split()[:4]
            if session == str(leader) and state not in "ZX":
                return 1
        except OSError:
            continue
    return 0


def main() -> None:
    reader = argparse.ArgumentParser(description="Measure what a batch costs, and whether it keeps its promises.")
    reader.add_argument("--write", type=Path, metavar="FILE", help="where to write the figures as JSON")
    reader.add_argument("--attempts", type=int, default=10_000, help="of the batch whose cost is measured (default 10,000)")
    reader.add_argument("--repeats", type=int, default=3, help="runs with each number of workers (default 3)")
    parts = (overhead, limits, kills)
    reader.add_argument("--only", choices=[part.__name__ for part in parts], help="one part of them")
    options = reader.parse_args()
    figures = []
    for part in parts:
        if part.__name__ in (options.only or part.__name__):
            for found in part(options.attempts, options.repeats):
                figures.append(found)
                print(
                    f"{found.name:58} {found.measured:9g} {found.unit:7} goal {found.goal:g}{'' if found.met else '  missed'}", flush=True
                )
    if options.write is not None:
        rows = [asdict(f) for f in figures]
        command = f"python benchmarks/batch.py --attempts {options.attempts} --repeats {options.repeats}"
        options.write.write_text(json.dumps({"command": command, "environment": environment(), "figures": rows}, indent=2) + "\n")


if __name__ == "__main__":
    one_thread()
    sys.exit(main())
