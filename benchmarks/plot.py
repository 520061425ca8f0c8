"""What a picture in the terminal costs: CPU time of `optbench plot` beyond that of evaluating the function once.

    python benchmarks/plot.py [--repeats 15]

Both sides run in turn; a figure is the difference of their medians, user and system time with children, in milliseconds.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path

PEER = Path(__file__).parent / "peers" / "evaluated.py"
GOAL = 60.0  # milliseconds
ALONE = ("--no-exact", "--no-certify")
CASES = {
    "graph": ("x*log(x)-sqrt(x)", "0", "10"),
    "graph with poles": ("tan(x) + 1/x", "-6", "6"),
    "contour map": ("sin(3x)*cos(2y) + (x^2+y^2)/20", "-3", "3"),
}


def cpu_of(argv: list[str]) -> float:
    """Return the CPU seconds of a program and all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(case: tuple[str, str, str], solved: bool, repeats: int) -> tuple[float, float]:
    """Return the medians of both sides, in milliseconds."""
    text, low, high = case
    ours = [sys.executable, "-m", "optbench", "plot", text, "--range", low, high, *(() if solved else ALONE)]
    peer = [sys.executable, str(PEER), text, low, high, *(("solved",) if solved else ())]
    found: list[list[float]] = [[], []]
    for run in range(repeats + 1):
        for times, argv in zip(found, (ours, peer), strict=True):
            seconds = cpu_of(argv)
            if run:  # the first one compiles the code
                times.append(1000 * seconds)
    return statistics.median(found[0]), statistics.median(found[1])


def main() -> None:
    """Measure all cases and print them beside the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    for name, case in CASES.items():
        for solved in (False, True):
            ours, peer = measured(case, solved, repeats)
            what = f"{name}, {'with its optima' if solved else 'alone'}"
            print(f"{what:36} {ours:7.1f} ms, without the picture {peer:7.1f} ms: {ours - peer:5.1f} ms more (goal {GOAL:g} ms)")


if __name__ == "__main__":
    main()
