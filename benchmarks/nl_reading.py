"""How long it takes to read an `.nl` file, beside CasADi's own reader: `python benchmarks/nl_reading.py [--variables 10000]`.

Two models: the chained Rosenbrock function with a nonlinear constraint for each pair of neighbours, as Pyomo writes it, and a
linear program with three terms a row. Both sides run in turn, in CPU time; the figure is the ratio of the medians. optbench
makes its exact graph with ranges, starts and constraints; CasADi makes its MX graph with doubles.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import casadi

from optbench.problem.nl import read


def header(variables: int, rows: int, nonlinear: int, jacobian: int, gradient: int) -> list[str]:
    """The ten lines."""
    counts = [f" {variables} {rows} 1 0 0", f" {rows if nonlinear else 0} {int(bool(nonlinear))}", " 0 0"]
    return [
        "g3 1 1 0",
        *counts,
        f" {nonlinear} {nonlinear} {nonlinear}",
        " 0 0 0 1",
        " 0 0 0 0 0",
        f" {jacobian} {gradient}",
        " 0 0",
        " 0 0 0 0 0",
    ]


def rosenbrock(n: int) -> str:
    """Minimise the chained function where x_i^2 + exp(x_{i+1}) <= 100 for all i."""
    lines = header(n, n - 1, n, 2 * (n - 1), n)
    for i in range(n - 1):
        lines += [f"C{i}", "o0", "o5", f"v{i}", "n2", "o44", f"v{i + 1}"]
    lines += ["O0 0", "o54", str(2 * (n - 1))]
    for i in range(n - 1):
        lines += ["o2", "n100", "o5", "o0", f"v{i + 1}", "o16", "o5", f"v{i}", "n2", "n2"]
        lines += ["o5", "o0", "o2", "n-1", f"v{i}", "n1", "n2"]
    lines += [f"x{n}", *(f"{i} {-1.2 if i % 2 == 0 else 1.0}" for i in range(n)), "r", *["1 100"] * (n - 1), "b", *["0 -5 5"] * n]
    lines += [f"k{n - 1}", *(str(2 * i + 1) for i in range(n - 1))]
    for i in range(n - 1):
        lines += [f"J{i} 2", f"{i} 0", f"{i + 1} 0"]
    return "\n".join([*lines, f"G0 {n}", *(f"{i} 0" for i in range(n))]) + "\n"


def linear(n: int) -> str:
    """Minimise the sum of i*x_i where x_i + 2.5*x_{i+1} - 0.1*x_{i+2} >= i."""
    lines = header(n, n - 2, 0, 3 * (n - 2), n)
    for i in range(n - 2):
        lines += [f"C{i}", "n0"]
    lines += ["O0 0", "n0", "r", *(f"2 {i}" for i in range(n - 2)), "b", *["2 0"] * n, f"k{n - 1}", *(str(3 * i) for i in range(n - 1))]
    for i in range(n - 2):
        lines += [f"J{i} 3", f"{i} 1", f"{i + 1} 2.5", f"{i + 2} -0.1"]
    return "\n".join([*lines, f"G0 {n}", *(f"{i} {i + 1}" for i in range(n))]) + "\n"


def by_casadi(path: str) -> Any:
    """What CasADi reads."""
    found = casadi.NlpBuilder()
    found.import_nl(path)
    return found


def seconds(reader: Callable[[str], Any], path: str) -> float:
    """CPU time of one reading; what was read is let go afterwards."""
    begin = time.process_time()
    kept = reader(path)
    taken = time.process_time() - begin
    del kept
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variables", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for model in (rosenbrock, linear):
            path = Path(folder) / f"{model.__name__}.nl"
            path.write_text(model(asked.variables))
            pairs = [(seconds(read, str(path)), seconds(by_casadi, str(path))) for _ in range(asked.repeats)]
            ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
            print(f"{model.__name__}, {asked.variables:,} variables: optbench {ours:.3f} s, CasADi {peer:.3f} s, ratio {ours / peer:.2f}")


if __name__ == "__main__":
    main()
