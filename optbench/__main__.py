"""The entry point: `optbench ...` and `python -m optbench ...`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code; `--version` needs nothing but the version."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from optbench import __version__

        print(f"optbench {__version__}")
        return 0
    from optbench.cli.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
