"""What a command does not need it does not import: the program starts fast, and a problem of one variable knows no numpy."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = ("numpy", "scipy", "sympy", "flint", "casadi", "yaml", "pydantic", "jinja2")

# Runs the command line with imports that raise, in the program itself and in all that it forks.
_RUN = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name in {refused!r}:
            raise ImportError(name + " was imported")

sys.meta_path.insert(0, Refused())
sys.argv = ["optbench", *{argv!r}]
from optbench.__main__ import main
sys.exit(main())
"""


def run(argv: list[str], refused: tuple[str, ...], **environment: str) -> subprocess.CompletedProcess[str]:
    program = _RUN.format(refused=refused, argv=argv)
    surroundings = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=surroundings)


LIGHT = [
    ["--version"],
    ["--help"],
    ["solve", "--help"],
    ["methods"],
    ["problems", "--help"],
    ["problems", "show", "rosenbrock"],
    ["schema"],
    ["schema", "result"],
    ["info"],
]


@pytest.mark.parametrize("argv", LIGHT, ids=" ".join)
def test_a_command_that_computes_nothing_imports_nothing_heavy(argv: list[str]) -> None:
    done = run(argv, HEAVY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_version_imports_no_option_parser_either() -> None:
    done = run(["--version"], (*HEAVY, "typer", "rich", "dataclasses", "fractions", "json"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("optbench ")


def test_help_knows_nothing_of_the_language_and_of_results() -> None:
    done = run(["--help"], (*HEAVY, "optbench.language", "optbench.problem", "optbench.workbench", "optbench.result"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", ["solve x --method ne", "solve x --method newton:", "solve @ro", "solve x --format ", "problems show b"])
def test_completion_imports_nothing_heavy(words: str) -> None:
    refused = (*HEAVY, "rich", "optbench.language", "optbench.workbench")
    done = run([], refused, _OPTBENCH_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=f"optbench {words}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("_arguments ")


@pytest.mark.parametrize("text", ["x*log(x) - sqrt(x)", "lgamma(x + 1) + erf(x) - digamma(x + 1)/3"])
def test_one_variable_is_solved_without_numpy_by_every_method(text: str) -> None:
    """Nor in the children: what one of them misses is a row that crashed."""
    done = run(["solve", text, "--range", "0", "10", "--no-exact", "--no-certify", "--json", "--method", "all"], HEAVY)
    assert done.returncode == 0, done.stderr
    rows = {row["method"]: (row["status"], row["reason"]) for row in json.loads(done.stdout)["attempts"]}
    assert len(rows) >= 8
    assert not [(name, *facts) for name, facts in rows.items() if facts[0] in ("crashed", "killed")]
