"""Measure what optbench costs beside what it could be compared with, as ratios of CPU time.

    python benchmarks/figures.py [--write benchmarks/figures.json] [--repeats 15]

Both sides of a figure run in turn (ours, peer, ours, peer, ...) in one run, and each figure is a ratio of medians; so it
says little about the machine and much about the code. Programs are measured with all their children (user and system
time), iterations inside of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import minimize, rosen, rosen_der

from optbench.methods.method import get
from optbench.problem.draft import ProblemDraft, Text, VariableDraft
from optbench.problem.validate import validated
from optbench.workbench.attempt import Budget
from optbench.workbench.attempt import run as attempt
from optbench.workbench.function import Function

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PYTHON = (sys.executable,)
OPTBENCH = (*PYTHON, "-m", "optbench")
HEADLINE = (*OPTBENCH, "solve", "x*log(x)-sqrt(x)", "--range", "0", "10", "--json")

PROGRAMS = (  # what is compared, ours, the peer, the ratio that we want at most
    ("--version", (*OPTBENCH, "--version"), (*PYTHON, "-c", "pass"), 2.5),
    ("--help", (*OPTBENCH, "--help"), (*PYTHON, str(PEERS / "smallest_typer.py"), "--help"), 1.2),
    ("headline, --no-exact", (*HEADLINE, "--no-exact"), (*PYTHON, str(PEERS / "scipy_scalar.py")), 0.5),
    ("headline, everything", HEADLINE, (*PYTHON, str(PEERS / "sympy_stationary.py")), 1.3),
)
METHODS = ("gradient-descent", "bfgs", "newton")
N = 10
START = [-1.2, 1.0] * (N // 2)


@dataclass(frozen=True)
class Figure:
    """One ratio: CPU seconds of ours and of the peer (medians), the goal, and what was run."""

    name: str
    ratio: float
    goal: float
    ours_seconds: float
    peer_seconds: float
    ours: str
    peer: str

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal


def figure(name: str, goal: float, repeats: int, ours: Callable[[], float], peer: Callable[[], float], what: tuple[str, str]) -> Figure:
    """Measure both sides in turn, once to warm up and then `repeats` times."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(repeats)]
    mine, other = (median(side) for side in zip(*pairs, strict=True))
    return Figure(name, round(mine / other, 3), goal, mine, other, *what)


# ---- programs ----------------------------------------------------------------------------------------------------------


def programs(repeats: int) -> Iterator[Figure]:
    for name, ours, peer, goal in PROGRAMS:
        yield figure(name, goal, repeats, lambda: cpu_of(ours), lambda: cpu_of(peer), (_shown(ours), _shown(peer)))  # noqa: B023


def cpu_of(command: tuple[str, ...]) -> float:
    """Return the CPU seconds of a command and of all that it starts; it must end well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=HERE.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}


def _shown(command: tuple[str, ...]) -> str:
    parts = ["python" if part == sys.executable else part for part in command]
    return shlex.join(part.replace(f"{HERE.parent}/", "") for part in parts)


# ---- iterations ----------------------------------------------------------------------------------------------------------


def iterations(repeats: int) -> Iterator[Figure]:
    """Our methods as the engine runs them, counting included, against SciPy's BFGS, on the chained Rosenbrock function."""
    function = rosenbrock()
    peer = f"scipy.optimize.minimize(rosen, jac=rosen_der, method='BFGS'), n = {N}"
    for method in METHODS:
        ours = f"optbench.workbench.attempt.run, {method}, n = {N}"
        yield figure(f"{method}, an iteration", 1.0, repeats, lambda: _our_iteration(function, method), _scipy_iteration, (ours, peer))  # noqa: B023


def rosenbrock() -> Function:
    """The chained Rosenbrock function of N variables, compiled."""
    text = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
    function = Function(validated(ProblemDraft("minimize", Text(text), variables=(VariableDraft(Text("x"), shape=(N,)),))))
    function.prepare()
    return function


def _our_iteration(function: Function, name: str) -> float:
    method = get(name)
    began = time.process_time()
    with np.errstate(all="ignore"):
        facts = attempt(function, method, method.options(), [START], Budget(60.0, iterations=500), 1e-8, 0, False, lambda message: None)
    return (time.process_time() - began) / int(facts["iterations"])


def _scipy_iteration() -> float:
    began = time.process_time()
    found = minimize(rosen, np.array(START), jac=rosen_der, method="BFGS")
    return (time.process_time() - began) / int(found.nit)


# ---- the report ------------------------------------------------------------------------------------------------------------


def environment() -> dict[str, Any]:
    libraries = ("numpy", "scipy", "sympy", "python-flint", "typer", "rich")
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in libraries},
        "processor": _processor(),
        "system": platform.system(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def table(figures: list[Figure]) -> str:
    """Return the figures as lines of text."""
    rows = [_row(f) for f in figures]
    return "\n".join([f"{'CPU time':34} {'ratio':>6} {'goal':>6}  {'met':4} {'ours, ms':>10} {'peer, ms':>10}", *rows])


def _row(f: Figure) -> str:
    return f"{f.name:34} {f.ratio:6.2f} {f.goal:6.2f}  {'yes' if f.met else 'NO':4} {_ms(f.ours_seconds)} {_ms(f.peer_seconds)}"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:10.3f}"


def main() -> None:
    reader = argparse.ArgumentParser(description="Measure the figures of optbench as ratios of CPU time.")
    reader.add_argument("--write", type=Path, metavar="FILE", help="where to write them as JSON")
    reader.add_argument("--repeats", type=int, default=15, help="runs of each side (default 15)")
    options = reader.parse_args()
    figures = [*programs(options.repeats), *iterations(options.repeats)]
    print(table(figures))
    if options.write is not None:
        rows = [{**asdict(f), "met": f.met} for f in figures]
        command = f"python benchmarks/figures.py --repeats {options.repeats}"
        options.write.write_text(json.dumps({"command": command, "environment": environment(), "figures": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
