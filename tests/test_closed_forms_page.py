"""The page on closed forms names every strategy, and no other; and what its examples show is what the program prints."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from optbench.exact.stage import STRATEGIES, WITH_PARAMETERS

PAGE = (Path(__file__).parent.parent / "docs" / "closed-forms.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```console\n\$ optbench (.*)\n((?:.*\n)+?)```$", PAGE, re.MULTILINE)


def test_every_strategy_has_its_row() -> None:
    names = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("# How do you prove")[0], re.MULTILINE))
    assert names == {*STRATEGIES, *WITH_PARAMETERS}


@pytest.mark.parametrize(("command", "lines"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_the_lines_that_an_example_shows_are_printed(command: str, lines: str) -> None:
    run = subprocess.run([sys.executable, "-m", "optbench", *shlex.split(command)], capture_output=True, text=True, timeout=60)
    printed = run.stdout.splitlines()
    assert [line for line in lines.splitlines() if line not in printed] == []
