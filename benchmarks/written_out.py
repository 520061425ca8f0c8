"""What `optbench solve` costs where thousands of unknowns are written out, as in models from AMPL and Pyomo.

    python benchmarks/written_out.py [--write benchmarks/written_out.json]

Models: the chained Rosenbrock function with half as many constraints x_i^2 + x_{i+1}^2 <= 2 as unknowns, a linear program,
a sum of x*log(x), and a sine nested 100,000 times, on which methods do not end in time. Set-up is all that comes before the
first iterate of IPOPT: reading, what is seen of the function, compiling, derivatives. `command` is the wall time of the whole
command with --time-limit 20, answer included; memory is the greatest of any one process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nl_reading import header, linear

from optbench.problem.nl import read
from optbench.workbench.function import Function
from optbench.workbench.panel import entrants
from optbench.workbench.preparation import prepare

LIMIT = 20.0
SIZES = (1_000, 3_000, 10_000)
DEPTH = 100_000


def rosenbrock(n: int) -> str:
    """The chained function, begun at 0.5, with a disc for each pair of unknowns."""
    rows = [["o0", "o5", f"v{2 * i}", "n2", "o5", f"v{2 * i + 1}", "n2"] for i in range(n // 2)]
    terms = [f"o2 n100 o5 o0 v{i + 1} o16 o5 v{i} n2 n2 o5 o0 o2 n-1 v{i} n1 n2".split() for i in range(n - 1)]
    return model(n, rows, [["o54", str(2 * (n - 1))], *terms], "1 2", "0 -5 5", start="0.5")


def entropy(n: int) -> str:
    """The sum of x*log(x) with log(x_i) + x_{i+1} >= -1 for each pair."""
    rows = [["o0", "o43", f"v{2 * i}", f"v{2 * i + 1}"] for i in range(n // 2)]
    return model(n, rows, [["o54", str(n)], *(["o2", f"v{i}", "o43", f"v{i}"] for i in range(n))], "2 -1", "2 0", start="1")


def model(n: int, rows: list[list[str]], objective: list[list[str]], limit: str, bound: str, start: str) -> str:
    """A model in which constraint i holds the unknowns 2i and 2i + 1."""
    lines = header(n, len(rows), n, 2 * len(rows), n)
    for i, row in enumerate(rows):
        lines += [f"C{i}", *row]
    lines += ["O0 0", *(word for part in objective for word in part)]
    lines += [f"x{n}", *(f"{i} {start}" for i in range(n)), "r", *[limit] * len(rows), "b", *[bound] * n]
    lines += [f"k{n - 1}", *(str(i + 1) for i in range(n - 1))]
    for i in range(len(rows)):
        lines += [f"J{i} 2", f"{2 * i} 0", f"{2 * i + 1} 0"]
    return "\n".join([*lines, f"G0 {n}", *(f"{i} 0" for i in range(n))]) + "\n"


def nested(depth: int) -> str:
    """A sine of a sine of a sine ..."""
    lines = [*header(1, 0, 1, 0, 1), "O0 0", *["o41"] * depth, "v0", "b", "0 -5 5", "k0", "G0 1", "0 0"]
    return "\n".join(lines) + "\n"


def set_up_seconds(path: str) -> float:
    """CPU time from the file to the first iterate of IPOPT, libraries loaded."""
    begin = time.process_time()
    problem = read(path).problem
    function = Function(problem)
    field = entrants(problem, function, [])
    function.prepare()
    for entrant in field:
        if entrant.method.name == "casadi-ipopt":
            prepare(function, entrant.method, entrant.options)
    return time.process_time() - begin


def command(path: str) -> dict[str, Any]:
    """Wall time, memory and answer of the command."""
    arguments = [sys.executable, "-m", "optbench", "solve", path, "--no-exact", "--no-certify", "--json", "--time-limit", str(LIMIT)]
    begin = time.monotonic()
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    wall = time.monotonic() - begin
    found = json.loads(done.stdout)
    rows = {
        row["method"]: [row["status"], round(row["solve_seconds"], 2)] for row in found["attempts"] if row["status"] != "not_applicable"
    }
    return {"command": round(wall, 1), "status": found["status"], "value": found["value"], "methods": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="a JSON file for the figures")
    asked = parser.parse_args()
    cases: list[tuple[Callable[[int], str], int]] = [(make, n) for make in (rosenbrock, linear, entropy) for n in SIZES]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder) / "warm.nl"
        warm.write_text(rosenbrock(100))
        set_up_seconds(str(warm))
        for make, n in [*cases, (nested, DEPTH)]:
            path = Path(folder) / f"{make.__name__}.nl"
            path.write_text(make(n))
            seconds = None if make is nested else round(set_up_seconds(str(path)), 2)
            figures.append({"model": make.__name__, "size": n, "set_up": seconds, **command(str(path))})
            print(json.dumps(figures[-1]), flush=True)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"greatest memory of a command: {memory:.0f} MiB")
    if asked.write:
        asked.write.write_text(json.dumps({"limit": LIMIT, "memory_mib": round(memory), "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
