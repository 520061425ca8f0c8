"""The Python API as one meets it at a prompt and in a notebook."""

from __future__ import annotations

import subprocess
import sys

import pytest

import optbench
from optbench.errors import UsageError
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Status

QUICK = {"exact": False, "certify": False, "methods": "bfgs"}


def test_a_result_shows_itself_in_a_few_short_lines() -> None:
    lines = repr(optbench.solve("x^2 - 2*x", methods="newton", exact_time=100, time_limit=200)).split("\n")
    assert lines[:3] == ["The minimum is -1 at x = 1: exact, and proved global.", "  x = 1", "  value = -1"]
    assert [line.split()[:2] for line in lines[-2:]] == [["exact:", "univariate"], ["newton", "converged"]]
    assert len(lines) <= 8
    assert all(len(line) <= 120 for line in lines)


def test_a_long_result_is_still_short() -> None:
    attempt = Attempt("m" * 200, "numerical", AttemptStatus.CONVERGED)
    shown = repr(Result(None, Status.UNKNOWN, Assurance.NONE, "s" * 500, attempts=[attempt] * 50))
    assert (len(shown.split("\n")), max(map(len, shown.split("\n")))) == (22, 120)
    assert shown.endswith("\nand 30 more attempts")


def test_a_notebook_gets_html() -> None:
    html = optbench.solve("(x-1)^2 + 3", **QUICK)._repr_html_()
    assert html.startswith("<div>\n<p><code>minimize (x - 1)^2 + 3</code>")
    assert html.count("<tr>") == 2
    assert "converged</td>" in html


def test_methods_are_one_text_or_several() -> None:
    one = optbench.solve("(x-1)^2", exact=False, certify=False, methods="bfgs:patience=7")
    several = optbench.solve("(x-1)^2", exact=False, certify=False, methods=["bfgs", "newton"])
    assert [(row.method, row.options["patience"]) for row in one.attempts] == [("bfgs", 7)]
    assert [row.method for row in several.attempts] == ["bfgs", "newton"]


def test_starts_and_traces() -> None:
    result = optbench.solve("x^4 - 3*x^2 + x", range=(-3, 3), starts=4, trace=True, **QUICK)
    (row,) = result.attempts
    assert len(row.options["start"]) == 4
    assert row.trace is not None
    assert {record["start"] for record in row.trace} == {0, 1, 2, 3}
    assert min(record["value"] for record in row.trace) == pytest.approx(row.value)
    assert optbench.solve("(x-1)^2", **QUICK).attempts[0].trace is None


@pytest.mark.parametrize("starts", [0, 1001])
def test_a_number_of_starts_out_of_range_is_a_mistake(starts: int) -> None:
    with pytest.raises(UsageError, match="starts is a whole number from 1 to 1000"):
        optbench.solve("x", starts=starts)


def test_showing_a_result_needs_no_terminal_library() -> None:
    code = (
        "import sys; sys.modules['rich'] = None; import optbench;"
        "r = optbench.solve('(x-1)^2', exact=False, certify=False, methods='bfgs'); print(repr(r), r._repr_html_())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "converged" in done.stdout
