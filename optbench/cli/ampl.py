"""`optbench-ampl STUB -AMPL [name=value ...]`: optbench as a solver that AMPL, Pyomo and others call by name.

It reads STUB.nl, solves it, and writes STUB.sol. Keywords come from the command line and, before those, from the
environment variable `optbench_options` (or `optbench-ampl_options`, as Pyomo names it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from optbench import __version__
from optbench.cli import streams
from optbench.cli.ampl_keywords import KEYWORDS, listing, read_keywords, words_of
from optbench.errors import ExitCode, OptbenchError, UsageError, printable

_ENVIRONMENT = ("optbench_options", "optbench_ampl_options", "optbench-ampl_options")
_USAGE = """usage: optbench-ampl STUB [-AMPL] [name=value ...]

Solve the model in STUB.nl and write STUB.sol (without -AMPL: show the answer).

  -AMPL  as AMPL and Pyomo call it
  -v     the version
  -=     the keywords
  -h     this text"""
_WRITE, _SHOW_POINT, _SHOW_MULTIPLIERS, _NO_MESSAGE = 1, 2, 4, 8  # of wantsol


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code: 0 whenever the answer, of whatever kind, was written."""
    try:
        streams.prepare()
        return _invoked(list(argv))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OptbenchError as error:
        streams.complain(error)
        return error.exit_code
    except BrokenPipeError:
        streams.leave_quietly()
        return ExitCode.ANSWERED


def _invoked(argv: list[str]) -> int:
    asked = {"-v": f"optbench {__version__}", "--version": f"optbench {__version__}", "-=": listing(), "-h": _USAGE, "-?": _USAGE}
    for word in argv:
        if word in asked:
            print(asked[word])
            return ExitCode.ANSWERED
    for_ampl = "-AMPL" in argv
    words = [word for word in argv if word != "-AMPL"]
    if not words:
        raise UsageError("The name of a model is missing: optbench-ampl model.nl -AMPL.")
    if unknown := [word for word in words if word.startswith("-")]:
        raise UsageError(f"There is no option '{printable(unknown[0][:80])}'; `optbench-ampl -h` shows what there is.")
    from_environment = [word for name in _ENVIRONMENT for word in words_of(os.environ.get(name, ""))]
    keywords = {k.name: k.default for k in KEYWORDS} | {"method": ["auto"]}
    return _solved(words[0], for_ampl, keywords | read_keywords(from_environment) | read_keywords(words[1:]))


def _solved(stub: str, for_ampl: bool, keywords: dict[str, Any]) -> int:
    """Read, solve, write and show."""
    from optbench.cli import answers
    from optbench.problem.nl import read
    from optbench.report.ampl_solution import code_of, message, solution_file

    settings = answers.settings(
        methods=keywords["method"],
        memory_limit=keywords["memory_limit"],
        require="local",
        exact=bool(keywords["exact"]),
        certify=bool(keywords["certify"]),
        tolerance=keywords["tol"],
        certificate=None,
        **{name: keywords[name] for name in ("seed", "starts", "exact_time", "certify_time", "time_limit", "digits")},
    )
    wanted = keywords["wantsol"]
    target = _target(stub)
    if for_ampl or wanted & _WRITE:
        _check_writable(target)
    model = read(str(target.with_suffix(".nl")))
    result, interrupted = answers.solved(model.problem, settings)
    code = code_of(result, interrupted=interrupted)
    words = message(result, code, __version__)
    for sentence in result.warnings:
        print(f"warning: {printable(sentence)}", file=sys.stderr)
    if keywords["outlev"]:
        from optbench.report import render

        print(render("table", result), end="")
    if for_ampl or wanted & _WRITE:
        _write(target, solution_file(result, model, code, words))
    if not for_ampl:
        _show(result, model, words, wanted)
    return ExitCode.ANSWERED


def _target(stub: str) -> Path:
    """The solution file of a model, which is named with its ending .nl or without."""
    return Path(stub).with_suffix(".sol") if stub.lower().endswith(".nl") else Path(f"{stub}.sol")


def _check_writable(target: Path) -> None:
    """Raise `UsageError`, before anything is solved, for a file that can't be written."""
    folder = target.parent
    if target.is_dir() or not folder.is_dir() or not os.access(target if target.exists() else folder, os.W_OK):
        raise UsageError(f"The solution can't be written to '{printable(str(target))}': it is no file that can be written.")


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"The solution can't be written to '{printable(str(target))}': {reason}.") from None


def _show(result: Any, model: Any, words: str, wanted: int) -> None:
    from optbench.report.ampl_solution import multipliers_of, point_of

    if not wanted & _NO_MESSAGE:
        print("\n".join(map(printable, words.split("\n"))))
    if wanted & _SHOW_POINT:
        for variable, value in zip(model.problem.variables, point_of(result, model), strict=False):
            print(f"{variable.name} = {value!r}")
    if wanted & _SHOW_MULTIPLIERS:
        for row, value in zip(model.rows, multipliers_of(result, model), strict=False):
            if row is not None:
                print(f"{printable(row)}: {value!r}")
