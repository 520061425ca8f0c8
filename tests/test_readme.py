"""The README shows real output: every command in it is run, and what it prints is compared, but for costs and times."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"(?s)```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"))

AMPL = "-c 'import sys; from optbench.__main__ import ampl; sys.exit(ampl())'"
PROGRAMS = {"optbench": "-m optbench", "optbench-ampl": AMPL, "python": ""}


def steps(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what it is said to print."""
    return [(command, shown) for command, _, shown in (step.partition("\n") for step in re.split(r"(?m)^\$ ", block)[1:])]


def without_costs(text: str) -> list[str]:
    """What stands above the table of methods."""
    return [line.rstrip() for line in takewhile(lambda line: not re.match(r"\s*method +(status|solved)", line), text.strip().split("\n"))]


@pytest.mark.parametrize("block", [b for b in BLOCKS if "--scan" not in b], ids=lambda b: b.split("\n")[0][:60])
def test_what_a_command_prints(block: str, tmp_path: Path) -> None:
    (tmp_path / "problems").symlink_to(ROOT / "problems")
    scripts = tmp_path / "bin"
    scripts.mkdir()
    for name, arguments in PROGRAMS.items():
        script = scripts / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    for command, shown in steps(block):
        if command.startswith("cat ") and (file := tmp_path / command.split()[1]).suffix in (".yaml", ".py"):
            file.write_text(shown, encoding="utf-8")
            continue
        environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", f"{command} 2>&1"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert without_costs(done.stdout) == without_costs(shown), command


def test_there_is_something_to_run() -> None:
    assert sum(len(steps(block)) for block in BLOCKS) >= 12
