"""docs/json.md: its commands are run, its outputs compared, and no field and no exit code is left out of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optbench.cli.answers import _ORDER
from optbench.errors import ExitCode
from optbench.report import formats
from optbench.report.result_schema import schema

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CONSOLE = [body for language, body in FENCES if language == "console"]
COMMANDS = [line for language, body in FENCES if language == "sh" for line in body.splitlines()]

needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script of Bash in which `optbench` is this program."""
    program = f'optbench() {{ "{sys.executable}" -m optbench "$@"; }}\n{script}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


@needs_jq
@pytest.mark.parametrize("session", CONSOLE, ids=range(len(CONSOLE)))
def test_a_session_prints_what_it_says(session: str, tmp_path: Path) -> None:
    commands = "\n".join(line.removeprefix("$ ") for line in session.splitlines() if line.startswith("$ "))
    expected = "".join(f"{line}\n" for line in session.splitlines() if not line.startswith("$ "))
    done = shell(commands, tmp_path)
    assert (done.stdout, done.stderr) == (expected, "")


@needs_jq
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_prints_something(command: str, tmp_path: Path) -> None:
    done = shell(f"set -euo pipefail\n{command}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@needs_jq
def test_the_script_does_what_it_says(tmp_path: Path) -> None:
    (script,) = (body for language, body in FENCES if language == "bash")
    (expected,) = (body for language, body in FENCES if language == "text")
    done = shell(script, tmp_path)
    assert (done.stdout, done.stderr) == (expected, "")


def test_there_are_enough_one_liners() -> None:
    assert sum(body.count("| jq ") + body.count("$ jq ") for body in [*CONSOLE, *COMMANDS]) >= 8


def test_every_field_is_explained() -> None:
    fields = {name for part in (schema(), *schema()["$defs"].values()) for name in part["properties"]}
    explained = set(re.findall(r"`(\w+)`", TEXT))
    assert not fields - explained


def test_every_choice_of_a_field_is_explained() -> None:
    for choices in re.findall(r"'enum': \[([^\]]*)\]", str(schema())):
        assert all(f"`{choice}`" in TEXT for choice in re.findall(r"'(\w+)'", choices))


def test_every_exit_code_is_explained_in_order() -> None:
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)]
    assert sorted(listed) == sorted(ExitCode)
    assert f"the first of {', '.join(map(str, _ORDER))} that" in " ".join(TEXT.split())


def test_every_format_is_named() -> None:
    assert all(f"`{name}`" in TEXT for name in formats())
