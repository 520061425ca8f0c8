"""The entry point: `optbench ...` and `python -m optbench ...`."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line and return its exit code; `--version` needs nothing but the version."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from optbench import __version__

        print(f"optbench {__version__}")
        return 0
    _one_thread_each()
    try:
        from optbench.cli.app import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules are loaded
        return 130


def ampl() -> int:
    """Run `optbench-ampl`, as AMPL and Pyomo call it, and return its exit code."""
    _one_thread_each()
    try:
        from optbench.cli.ampl import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules are loaded
        return 130


def _one_thread_each() -> None:
    """Methods run side by side, and threads of theirs would fight for the cores."""
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


if __name__ == "__main__":
    sys.exit(main())
