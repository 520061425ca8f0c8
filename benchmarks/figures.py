"""Measure what optbench costs beside what it could be compared with, as ratios of CPU time.

    python benchmarks/figures.py [--write benchmarks/figures.json] [--repeats 15]

Both sides of a figure run in turn (ours, peer, ours, peer, ...) in one run, and most figures are ratios of medians; so they
say little about the machine and much about the code. Programs are measured with all their children (user and system
time), iterations inside of this process.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import shlex
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import casadi
import numpy as np
from published import CAMEL, published
from scipy.optimize import differential_evolution, minimize, rosen, rosen_der

import optbench
from optbench.arithmetic.interval_reading import evaluator
from optbench.arithmetic.numpy_arrays import function as numpy_function
from optbench.certify.stage import solve as certify
from optbench.language.build import symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse
from optbench.methods.registry import get
from optbench.problem.draft import ProblemDraft, Text, VariableDraft
from optbench.problem.validate import validated
from optbench.workbench.attempt import Budget
from optbench.workbench.attempt import run as attempt
from optbench.workbench.function import Function
from optbench.workbench.improvement import improver
from optbench.workbench.objective import MeteredObjective

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PYTHON = (sys.executable,)
OPTBENCH = (*PYTHON, "-m", "optbench")
HEADLINE = (*OPTBENCH, "solve", "x*log(x)-sqrt(x)", "--range", "0", "10", "--json")

PROGRAMS = (  # what is compared, ours, the peer, the ratio that we want at most
    ("--version", (*OPTBENCH, "--version"), (*PYTHON, "-c", "pass"), 2.5),
    ("--help", (*OPTBENCH, "--help"), (*PYTHON, str(PEERS / "smallest_typer.py"), "--help"), 1.2),
    ("headline, methods only", (*HEADLINE, "--no-exact", "--no-certify"), (*PYTHON, str(PEERS / "scipy_scalar.py")), 0.5),
    ("headline, certified", (*HEADLINE, "--no-exact"), (*PYTHON, str(PEERS / "scipy_global.py")), 1.0),
    ("headline, everything", HEADLINE, (*PYTHON, str(PEERS / "sympy_stationary.py")), 0.5),
)
METHODS = ("gradient-descent", "bfgs", "newton")
N = 10
START = [-1.2, 1.0] * (N // 2)


@dataclass(frozen=True)
class Figure:
    """One figure: CPU seconds of ours and of the peer (medians), what is made of them, the goal, and what was run."""

    name: str
    unit: str  # ratio: ours / peer; us or ms: ours - peer, or ours alone where the peer is only shown
    measured: float
    goal: float
    ours_seconds: float
    peer_seconds: float
    ours: str
    peer: str

    @property
    def met(self) -> bool:
        return self.measured <= self.goal


def figure(
    name: str,
    goal: float,
    repeats: int,
    ours: Callable[[], float],
    peer: Callable[[], float],
    what: tuple[str, str],
    unit: str = "ratio",
    measure: Callable[[float, float], float] = lambda mine, other: mine / other,
) -> Figure:
    """Measure both sides in turn, once to warm up and then `repeats` times."""
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(repeats)]
    mine, other = (median(side) for side in zip(*pairs, strict=True))
    return Figure(name, unit, round(measure(mine, other), 3), goal, mine, other, *what)


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
    """That of an installed program: what is imported has been compiled before, as the peers' libraries were when installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "COLUMNS": "120", "NO_COLOR": "1"}


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


def rosenbrock(n: int = N) -> Function:
    """The chained Rosenbrock function of n variables, compiled."""
    text = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
    function = Function(validated(ProblemDraft("minimize", Text(text), variables=(VariableDraft(Text("x"), shape=(n,)),))))
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


# ---- gradients -----------------------------------------------------------------------------------------------------------


def gradients(repeats: int) -> Iterator[Figure]:
    """The gradient through the objective that methods see, counting included, against CasADi's own with nothing around it."""
    for n in (2, 100, 1000, 10_000):
        objective, x = MeteredObjective(rosenbrock(n), 1e-8, 0, math.inf, 10**15), np.full(n, 1.1)
        trigger, _kept = casadi_gradient(n, x)
        calls = max(100, 200_000 // n)
        ours, peer = (partial(_seconds_a_call, call, calls) for call in (partial(objective.gradient, x), trigger))
        what = (f"MeteredObjective.gradient(x), n = {n}", "casadi.Function.buffer() of casadi.gradient, its trigger alone")
        if n == 2:
            yield figure("gradient, n = 2", 1.0, repeats, ours, peer, what, "us", lambda mine, other: 1e6 * mine)
        else:
            yield figure(f"gradient, n = {n}", 1.6, repeats, ours, peer, what)


def casadi_gradient(n: int, x: Any) -> tuple[Callable[[], None], Any]:
    """Return the bare call, and what must live as long as it is used."""
    z = casadi.MX.sym("z", n)
    f = casadi.sum1(100 * (z[1:] - z[:-1] ** 2) ** 2 + (1 - z[:-1]) ** 2)
    function = casadi.Function("gradient", [z], [casadi.gradient(f, z)])
    buffer, trigger = function.buffer()
    argument, result = np.array(x), np.zeros(n)
    buffer.set_arg(0, memoryview(argument))
    buffer.set_res(0, memoryview(result))
    return trigger, (function, buffer, argument, result)


def _seconds_a_call(call: Callable[[], object], calls: int) -> float:
    return min(timeit.repeat(call, number=calls, repeat=3)) / calls


# ---- what the engine adds ----------------------------------------------------------------------------------------------------


def overhead(repeats: int) -> Iterator[Figure]:
    """`solve` with one method against the bare call of the same solver, both warm: CPU time, children included."""
    problem = optbench.define("(1 - x)^2 + 100*(y - x^2)^2", range=(-2, 2), start={"x": -1.2, "y": 1})

    def ours() -> float:
        return _cpu_of_call(lambda: optbench.solve(problem, methods=["scipy-l-bfgs-b"], exact=False, certify=False))

    def peer() -> float:
        bounds = [(-2, 2)] * 2
        return _cpu_of_call(lambda: minimize(rosen, np.array([-1.2, 1.0]), jac=rosen_der, method="L-BFGS-B", bounds=bounds))

    what = (
        "optbench.solve(problem, methods=['scipy-l-bfgs-b'], exact=False, certify=False)",
        "scipy.optimize.minimize(..., method='L-BFGS-B')",
    )
    yield figure("solve beyond the solver, n = 2", 60.0, repeats, ours, peer, what, "ms", lambda mine, other: 1000 * (mine - other))


def _cpu_of_call(call: Callable[[], object]) -> float:
    before = _cpu()
    call()
    return _cpu() - before


def _cpu() -> float:
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


# ---- certification ---------------------------------------------------------------------------------------------------------


def certification(repeats: int) -> Iterator[Figure]:
    """Boxes and CPU seconds for all minimisers, beside SciPy's differential evolution, which proves nothing; and how many
    boxes a second are evaluated, with their slopes."""
    for name, problem, boxes, seconds in published():
        answers: list[Any] = []
        ours = partial(_cpu_of_call, lambda: answers.append(certify(problem, seconds=60.0, improver=improver)))  # noqa: B023
        what = (f"optbench.certify.stage.solve, {name}", "scipy.optimize.differential_evolution, penalties for constraints")
        found = figure(
            f"{name}, {'boxes' if boxes else 'all of it'}", boxes or seconds or 0.0, min(repeats, 3), ours, _evolution(problem), what
        )
        assert all(a.assurance.value == "certified" for a in answers)
        measured = float(answers[-1].boxes) if boxes else found.ours_seconds
        yield replace(found, measured=round(measured, 3), unit="boxes" if boxes else "s")
    yield _boxes_a_second(repeats)


def _evolution(problem: Any) -> Callable[[], float]:
    """SciPy's differential evolution on the same function, evaluated as our methods evaluate it."""
    function = Function(problem)
    bounds = list(zip(function.space.coordinates(function.lower), function.space.coordinates(function.upper), strict=True))

    def value(x: Any) -> float:
        excess = function.excess(function.constraints(x)) if function.constraint_count else 0.0
        return float(function.value(x)) + 1e6 * excess

    return partial(_cpu_of_call, lambda: differential_evolution(value, bounds, seed=0, maxiter=200))


def _boxes_a_second(repeats: int) -> Figure:
    """The six-hump camel function with its gradient over 1,024 boxes at once, beside numpy's own values of the same."""
    x, y = symbols = [symbol("x"), symbol("y")]
    camel = parse(CAMEL, Scope({"x": x, "y": y})).node
    over, at = evaluator([camel, *gradient(camel, symbols)], symbols), numpy_function([camel, *gradient(camel, symbols)], symbols)
    low = np.random.default_rng(0).uniform(-3, 3, (2, 1024))
    boxes = np.stack([low, low + 0.1])
    ours, peer = (partial(_seconds_a_call, call, 20) for call in (partial(over, boxes), partial(at, *low)))
    what = ("interval_reading.evaluator([f, *gradient]), 1,024 boxes", "numpy_arrays.function of the same, 1,024 points")
    name = "six-hump camel, a box with slopes"
    return figure(name, 1e6 / 300_000, repeats, ours, peer, what, "us", lambda mine, other: 1e6 * mine / 1024)


# ---- the report ------------------------------------------------------------------------------------------------------------


def environment() -> dict[str, Any]:
    libraries = ("numpy", "scipy", "sympy", "casadi", "python-flint", "typer", "rich")
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
    return "\n".join([f"{'CPU time':34} {'figure':>6} {'goal':>6} {'unit':6} {'met':4} {'ours, ms':>10} {'peer, ms':>10}", *rows])


def _row(f: Figure) -> str:
    return (
        f"{f.name:34} {f.measured:6.2f} {f.goal:6.2f} {f.unit:6} {'yes' if f.met else 'NO':4} {_ms(f.ours_seconds)} {_ms(f.peer_seconds)}"
    )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:10.3f}"


def main() -> None:
    reader = argparse.ArgumentParser(description="Measure the figures of optbench as ratios of CPU time.")
    reader.add_argument("--write", type=Path, metavar="FILE", help="where to write them as JSON")
    reader.add_argument("--repeats", type=int, default=15, help="runs of each side (default 15)")
    parts = (programs, iterations, gradients, overhead, certification)
    reader.add_argument("--only", choices=[part.__name__ for part in parts], help="one part of them")
    options = reader.parse_args()
    figures = [f for part in parts if part.__name__ in (options.only or part.__name__) for f in part(options.repeats)]
    print(table(figures))
    if options.write is not None:
        rows = [{**asdict(f), "met": f.met} for f in figures]
        command = f"python benchmarks/figures.py --repeats {options.repeats}"
        options.write.write_text(json.dumps({"command": command, "environment": environment(), "figures": rows}, indent=2) + "\n")


def one_thread() -> None:
    """Begin again with one thread for linear algebra, as the program itself sets it before numpy is loaded."""
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        one = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **one})


if __name__ == "__main__":
    one_thread()
    main()
