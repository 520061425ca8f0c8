"""Measure optbench on problems with long arrays: 100,000 unknowns, a grid, a million rows of data.

    python benchmarks/scale.py [--write benchmarks/scale.json] [--sklearn PYTHON]

As in `figures.py`, both sides run in turn in one run, and times are CPU time, children included. Memory is what all
processes of a command hold together at its worst moment (shared pages count once, so this needs Linux). scikit-learn is no
dependency of optbench: `--sklearn` names an interpreter that has it, and without one that figure is left out.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import shlex
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from figures import (
    OPTBENCH,
    PEERS,
    PYTHON,
    Figure,
    _cpu_of_call,
    _environment,
    _shown,
    environment,
    figure,
    one_thread,
    table,
)

import optbench
from optbench.problem.problem import Problem
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.workbench.function import Function
from optbench.workbench.objective import MeteredObjective

SIZES = (10, 100, 1_000, 10_000, 100_000)
GIB = 1024.0  # in MiB
GRID = 200
ROWS, COLUMNS = 1_000_000, 10
ROSENBROCK = """\
minimize: "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
variables: {{x: {{shape: {n}, start: "-1.2 + 2.2*(arange({n}) % 2)"}}}}
"""
LOGISTIC = """\
minimize: "sum(softplus(X @ w + b) - y*(X @ w + b)) + 0.5*sum(w^2)"
data: {file: logistic.csv, matrices: {X: [x0, x1, x2, x3, x4, x5, x6, x7, x8, x9]}}
variables: {w: {shape: 10, start: 0}, b: {start: 0}}
"""
OBSTACLE = """\
minimize: "sum((u[1:] - u[:-1])^2)/2 + sum((u[:, 1:] - u[:, :-1])^2)/2
  + (sum(u[0]^2) + sum(u[-1]^2) + sum(u[:, 0]^2) + sum(u[:, -1]^2))/4 - h^2*sum(u)"
parameters: {{n: {n}, h: 1/(n + 1), y: "zeros(n, n) + arange(1, n + 1)*h", x: "y.T"}}
variables: {{u: {{shape: [n, n], range: ["sin(3.2*x)*sin(3.3*y)", 2000], start: 1}}}}
"""


@dataclass(frozen=True)
class Setting:
    """Where files are written, how often each side runs, and who has scikit-learn."""

    folder: Path
    repeats: int
    sklearn: str | None

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


# ---- many unknowns ---------------------------------------------------------------------------------------------------


def rosenbrock(setting: Setting) -> Iterator[Figure]:
    """Set-up and gradient of the chained Rosenbrock function, and the memory of a whole run with 100,000 unknowns."""
    by_hand = compiled_by_cc(setting.folder)
    for n in SIZES:
        file = setting.file(f"rosenbrock_{n}.yaml", ROSENBROCK.format(n=n))
        x = np.full(n, 1.1)
        what = ("read, validate and compile (value and gradient)", "cc -O2 peers/rosenbrock_gradient.c")
        ours = lambda file=file: _cpu_of_call(lambda: _compiled(file))  # noqa: E731
        yield figure(f"set-up, n = {n}", 1.0, setting.repeats, ours, lambda: _cpu_of_call(lambda: cc(setting.folder)), what, "s", _ours)
        objective = MeteredObjective(_compiled(file), 1e-8, 0, float("inf"), 10**15)
        calls = max(2, 100_000 // n)
        sides = [lambda call=call: _least(call, calls) for call in (lambda: objective.gradient(x), by_hand(x))]  # noqa: B023
        yield figure(f"gradient, n = {n}", 6.0, setting.repeats, *sides, (f"MeteredObjective.gradient(x), n = {n}", "gradient() in C"))
    command = (*OPTBENCH, "solve", str(file), "--method", "lbfgs", "--time-limit", "10", "--json")
    yield memory(f"memory, n = {n}", command)


def problem_of(file: Path) -> Problem:
    return validated(read(str(file)))


def _compiled(file: Path) -> Function:
    function = Function(problem_of(file))
    function.prepare()
    return function


def _least(call: Callable[[], object], calls: int) -> float:
    """Return the seconds of a call in the best of many short runs: what else runs has no part in that."""
    return min(timeit.repeat(call, number=calls, repeat=30)) / calls


def _ours(mine: float, other: float) -> float:
    return mine


def cc(folder: Path) -> Path:
    library = folder / "rosenbrock_gradient.so"
    source = PEERS / "rosenbrock_gradient.c"
    subprocess.run(("cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)), check=True)
    return library


def compiled_by_cc(folder: Path) -> Callable[[Any], Callable[[], Any]]:
    """Return the gradient written by hand, bound to a point: a function of none."""
    gradient = ctypes.CDLL(str(cc(folder))).gradient
    gradient.argtypes, gradient.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long], None

    def at(x: Any) -> Callable[[], Any]:
        g = np.empty_like(x)
        arguments = x.ctypes.data, g.ctypes.data, len(x)
        return lambda x=x, g=g: gradient(*arguments)  # both arrays live as long as it does

    return at


# ---- a million rows ----------------------------------------------------------------------------------------------------


def logistic(setting: Setting) -> Iterator[Figure]:
    """Logistic regression against scikit-learn, reading excluded on both sides; the values reached must agree."""
    if setting.sklearn is None:
        print("logistic regression is left out: --sklearn names no interpreter with scikit-learn", file=sys.stderr)
        return
    write_rows(setting.folder / "logistic.csv")
    problem = problem_of(setting.file("logistic.yaml", LOGISTIC))
    command = (setting.sklearn, str(PEERS / "sklearn_logistic.py"), str(setting.folder / "logistic.csv"), str(setting.repeats))
    peer = json.loads(_output(command))
    ours, value = _timed_solutions(problem, "lbfgs", setting.repeats)
    assert abs(value - peer["value"]) <= 1e-9 * abs(value), (value, peer["value"])
    what = ("optbench.solve(problem, methods='lbfgs', exact=False, certify=False)", "python peers/sklearn_logistic.py")
    mine, other = median(ours), median(peer["seconds"])
    yield Figure(f"logistic, {ROWS:,} x {COLUMNS}", "ratio", round(mine / other, 3), 3.0, mine, other, *what)
    file = str(setting.folder / "logistic.csv")
    yield figure("reading its CSV", 3.0, 3, *_readers(file), ("optbench.problem.data.read_columns", "numpy.loadtxt"))


def write_rows(path: Path) -> None:
    chance = np.random.default_rng(0)
    X = chance.standard_normal((ROWS, COLUMNS))
    y = chance.random(ROWS) < 1 / (1 + np.exp(0.5 - X @ np.linspace(-1, 1, COLUMNS)))
    header = ",".join([*(f"x{i}" for i in range(COLUMNS)), "y"])
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", fmt="%.6g", header=header, comments="")


def _readers(file: str) -> Iterator[Callable[[], float]]:
    from optbench.problem.data import read_columns

    yield lambda: _cpu_of_call(lambda: read_columns(file))
    yield lambda: _cpu_of_call(lambda: np.loadtxt(file, delimiter=",", skiprows=1))


def _timed_solutions(problem: Problem, method: str, repeats: int) -> tuple[list[float], float]:
    """Return the CPU seconds of each run, and the value."""
    results: list[Any] = []
    ask = lambda: results.append(optbench.solve(problem, methods=method, exact=False, certify=False, time_limit=120))  # noqa: E731
    seconds = [_cpu_of_call(ask) for _ in range(repeats)]
    return seconds, results[-1].value


def _output(command: tuple[str, ...]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, env=_environment()).stdout


# ---- a grid ------------------------------------------------------------------------------------------------------------


def obstacle(setting: Setting) -> Iterator[Figure]:
    """The obstacle problem with a bound for each of 40,000 unknowns: what `auto` picks, and others, beside SciPy's L-BFGS-B."""
    file = setting.file("obstacle.yaml", OBSTACLE.format(n=GRID))
    problem = problem_of(file)
    peer = json.loads(_output((*PYTHON, str(PEERS / "scipy_obstacle.py"), str(GRID))))
    for method in ("auto", "lbfgs", "scipy-l-bfgs-b", "casadi-ipopt"):
        (mine,), value = _timed_solutions(problem, method, 1)
        assert abs(value - peer["value"]) <= 1e-6 * abs(value), (method, value, peer["value"])
        what = (f"optbench.solve(problem, methods='{method}', exact=False, certify=False)", f"python peers/scipy_obstacle.py {GRID}")
        other = peer["seconds"][0]
        yield Figure(f"obstacle {GRID} x {GRID}, {method}", "ratio", round(mine / other, 3), 3.0, mine, other, *what)
    yield memory(f"memory, obstacle, auto and {method}", (*OPTBENCH, "solve", str(file), "--method", "auto", "--method", method, "--json"))


# ---- memory --------------------------------------------------------------------------------------------------------------


def memory(name: str, command: tuple[str, ...]) -> Figure:
    """Return the figure of a command's greatest memory, beside that of an interpreter with numpy and SciPy alone.

    Both are in MiB, also where a figure has seconds.
    """
    alone = (*PYTHON, "-c", "import numpy, scipy.optimize, time; time.sleep(0.1)")
    mine, other = peak(command), peak(alone)
    shown = " ".join(part.rpartition("/")[2] for part in _shown(command).split())  # without the folder of this run
    return Figure(name, "MiB", round(mine, 1), GIB, mine, other, shown, shlex.join(("python", *alone[1:])))


def peak(command: tuple[str, ...]) -> float:
    """Return the greatest memory in MiB that a command and all that it starts hold together, looked at every 20 ms."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=_environment())
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(map(_held, _family(process.pid))))
        time.sleep(0.02)
    assert process.returncode in (0, 5, 8), process.returncode
    return most


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _held(pid: int) -> float:
    """Its memory in MiB, pages that others share counted by their part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


# ---- the report ------------------------------------------------------------------------------------------------------------


def main() -> None:
    reader = argparse.ArgumentParser(description="Measure optbench on problems with long arrays.")
    reader.add_argument("--write", type=Path, metavar="FILE", help="where to write the figures as JSON")
    reader.add_argument("--repeats", type=int, default=5, help="runs of each side (default 5)")
    reader.add_argument("--sklearn", metavar="PYTHON", help="an interpreter with scikit-learn")
    parts = (rosenbrock, logistic, obstacle)
    reader.add_argument("--only", choices=[part.__name__ for part in parts], help="one part of them")
    options = reader.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(Path(folder), options.repeats, options.sklearn)
        figures = [f for part in parts if part.__name__ in (options.only or part.__name__) for f in part(setting)]
    print(table([f for f in figures if f.unit != "MiB"]))
    print("\n".join(f"{f.name:34} {f.measured:6.0f} {f.goal:6.0f} MiB; peer {f.peer_seconds:.0f} MiB" for f in figures if f.unit == "MiB"))
    if options.write is not None:
        rows = [{**asdict(f), "met": f.met} for f in figures]
        command = f"python benchmarks/scale.py --repeats {options.repeats} --sklearn PYTHON"
        options.write.write_text(json.dumps({"command": command, "environment": environment(), "figures": rows}, indent=2) + "\n")


if __name__ == "__main__":
    one_thread()
    main()
