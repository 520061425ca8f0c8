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
    for library in ("OPENBLAS", "OMP", "MKL"):  # methods run side by side, and threads of theirs would fight for the cores
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    try:
        from optbench.cli.app import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules are loaded
        return 130


if __name__ == "__main__":
    sys.exit(main())
