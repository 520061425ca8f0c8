"""docs/certificates.md: its session prints what it says, and it explains every step that the checker knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optbench.verify.replay import _STEPS
from tests.test_docs_json import shell

PAGE = (Path(__file__).parent.parent / "docs" / "certificates.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("session", SESSIONS, ids=range(len(SESSIONS)))
def test_a_session_prints_what_it_says(session: str, tmp_path: Path) -> None:
    commands = "\n".join(line.removeprefix("$ ") for line in session.splitlines() if line.startswith("$ "))
    expected = "".join(f"{line}\n" for line in session.splitlines() if not line.startswith("$ "))
    done = shell(commands, tmp_path)
    assert (done.stdout, done.stderr) == (expected, "")


def test_every_step_is_explained() -> None:
    explained = set(re.findall(r"`([\w ]+)`", PAGE))
    assert {step for step in _STEPS if not step.startswith("bound by ")} <= explained
