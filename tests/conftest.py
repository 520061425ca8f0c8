"""For all tests: linear algebra in one thread, as the program sets it, since tests run side by side; and signals that do
what they do in a terminal, also where the suite runs in the background: a shell starts such a job with Ctrl-C ignored,
`nohup` with the hang-up ignored, and every child inherits that."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Any

import pytest
from command_line import Ran
from hypothesis import settings

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # before anything loads numpy

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

collect_ignore = ["plugin"]  # modules that exit, hang or raise when they are imported

# The same examples at every run, whatever their time, so that a red run says something about the change;
# `--hypothesis-profile=default` looks for others.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture
def optbench(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the command line; returns its exit code and what it printed."""

    def call(*argv: str, stdin: str | bytes | None = None) -> Ran:
        if stdin is not None:
            content = stdin if isinstance(stdin, bytes) else stdin.encode()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        from optbench.cli.app import run

        code = run(argv)
        return Ran(code, *capsys.readouterr())

    return call
