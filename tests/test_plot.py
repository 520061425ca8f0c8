"""`optbench plot` as a person types it: pictures of the right thing, and a sentence where there is none."""

from __future__ import annotations

import io
import math
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from optbench.api import define
from optbench.cli.drawing import drawn
from optbench.problem.problem import MethodChoice
from optbench.report.picture.answer import known
from optbench.report.picture.drawn import Detail
from optbench.report.picture.model import MarkKind, Picture
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.settings import Settings

BARE = ("--no-exact", "--no-certify")


def looked_at(text: str, *, methods: tuple[str, ...] = (), exact: bool = True, **asked: Any) -> Picture:
    """The picture of a problem that was solved for it."""
    problem = define(text, **asked)
    chosen = tuple(MethodChoice(name) for name in methods)
    settings = Settings(exact=exact, certify=False, methods=chosen, numerical=bool(methods), trace=True, account=exact)
    function = Function(problem)
    return drawn(problem, function, known(solve(problem, settings), function.entry_names()), Detail(columns=31, rows=31))


def test_all_stationary_points_are_marked_for_what_they_are() -> None:
    whole = looked_at("x^4 - 3*x^2 + x", range=(-2, 2))
    kinds = [mark.kind for mark in sorted(whole.marks, key=lambda mark: mark.at)]
    assert kinds == [MarkKind.PROVED, MarkKind.MAXIMUM, MarkKind.MINIMUM]
    for mark in whole.marks:
        x, y = mark.at
        assert 4 * x**3 - 6 * x + 1 == pytest.approx(0, abs=1e-9)
        assert y == pytest.approx(x**4 - 3 * x**2 + x)


def test_a_maximum_is_drawn_of_the_function_as_it_was_written() -> None:
    whole = looked_at("x*exp(-x)", maximize=True, range=(0, 5))
    [mark] = whole.marks
    assert (mark.kind, *mark.at) == (MarkKind.PROVED, pytest.approx(1), pytest.approx(1 / math.e))
    assert max(y for piece in whole.curves for _, y in piece) == pytest.approx(1 / math.e)


def test_periods_are_marked_again_and_again() -> None:
    whole = looked_at("sin(x) + sin(2*x)")
    proved = sorted(mark.at[0] for mark in whole.marks if mark.kind is MarkKind.PROVED)
    assert len(proved) >= 2
    assert proved[1] - proved[0] == pytest.approx(2 * math.pi)


def test_the_path_of_a_method_is_that_of_its_trace() -> None:
    whole = looked_at(
        "(x - 1)^2 + 10*(y + 1)^2", methods=("gradient-descent", "newton"), range=(-3, 3), start={"x": 2, "y": 2}, exact=False
    )
    assert [path.name for path in whole.paths] == ["gradient-descent", "newton"]
    assert all(path.points[0] == (2, 2) for path in whole.paths)
    assert whole.paths[1].points[-1] == (pytest.approx(1), pytest.approx(-1))
    [mark] = whole.marks
    assert mark.kind is MarkKind.BEST
    assert "No global optimum was proved." in whole.notes


def test_constraints_bound_what_is_feasible() -> None:
    whole = looked_at("x + y", range=(-2, 2), subject_to=["x^2 + y^2 <= 1", "x - y == 0"])
    assert any(box.low[0] <= 1.5 <= box.high[0] and box.low[1] <= 1.5 <= box.high[1] for box in whole.infeasible)
    assert not any(box.low[0] < 0 < box.high[0] and box.low[1] < 0 < box.high[1] for box in whole.infeasible)
    for line in whole.limits:
        assert all(abs(x - y) < 1e-9 or math.hypot(x, y) == pytest.approx(1, abs=0.02) for x, y in line)
    [mark] = whole.marks
    assert mark.at == (pytest.approx(-(0.5**0.5)), pytest.approx(-(0.5**0.5)))


def test_whole_numbers_are_dots() -> None:
    whole = looked_at("(n - 2.4)^2", variables={"n": {"range": (0, 5), "integer": True}})
    assert whole.curves == tuple(((float(n), pytest.approx((n - 2.4) ** 2)),) for n in range(6))
    whole = looked_at("(n - 2.4)^2 + x^2", variables={"n": {"range": (0, 5), "integer": True}, "x": (-1, 1)}, exact=False)
    assert "n takes whole numbers only; what is drawn between them is no part of the problem." in whole.notes


def test_an_equation_of_one_unknown_is_a_line() -> None:
    whole = looked_at("x^2", range=(-2, 2), subject_to=["x^3 = 1/2"], exact=False)
    [line] = whole.limits
    assert [x for x, _ in line] == [pytest.approx(0.5 ** (1 / 3))] * 2


# ---- the command line ------------------------------------------------------------------------------------------------------


def test_the_problem_may_come_on_standard_input(optbench: Any) -> None:
    size = ["--range", "-1", "1", "--width", "30", "--height", "8", *BARE]
    assert optbench("plot", "-", *size, stdin="x^2\n").out == optbench("plot", "x^2", *size).out
    assert "several expressions" in optbench("plot", "-", stdin="x^2\nx\n").err


def test_what_is_marked_without_a_proof_and_without_a_method_is_told(optbench: Any) -> None:
    note = "No method was run for this picture; --method auto draws what one finds."
    plain = ["exp(x)*sin(y)^2 + gamma(x)*y^2 + sin(x*y)", "--range", "1", "9", "--certify-time", "0.2", "--exact-time", "0.2"]
    assert note in optbench("plot", *plain).out
    assert note not in optbench("plot", *plain, "--method", "bfgs").out
    assert note not in optbench("plot", "x^2", "--range", "-1", "1").out


def test_a_graph_in_characters(optbench: Any) -> None:
    ran = optbench("plot", "x^2", "--range", "-1", "1", "--width", "30", "--height", "8", *BARE)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.splitlines() == [
        "minimize x^2",
        "1 ┤⠢⣄                       ⣠⠔",
        "  │ ⠈⠳⢄                   ⡠⠞⠁",
        "  │    ⠉⠲⢄⡀           ⢀⡠⠖⠉",
        "0 ┤       ⠈⠑⠒⠦⠤⠤⠤⠤⠤⠴⠒⠊⠁",
        "  └┬────────────┬────────────┬",
        "   -1           0            1",
        "  x",
    ]


def test_the_answer_stands_below(optbench: Any) -> None:
    ran = optbench("plot", "x^2", "--range", "-1", "1", "--height", "9", "--method", "newton")
    assert "★ global optimum, proved: 0 at x = 0" in ran.out
    assert re.search(r"a newton: its start and \d+ iterates?", ran.out)
    assert max(map(len, ran.out.splitlines())) <= 80


def test_an_expression_may_begin_with_a_minus_sign(optbench: Any) -> None:
    assert optbench("plot", "-x^2", "--range", "-1", "1", *BARE).out.startswith("minimize -x^2\n")


def test_files_and_bundled_problems(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text('name: bowl\nminimize: "x^2 + y^2 + z^2"\nvariables: {x: [-1, 1], y: [-1, 1], z: [-1, 1]}\n', encoding="utf-8")
    ran = optbench("plot", str(file), "--slice", "z=1/2", *BARE)
    assert ran.out.startswith("bowl: minimize x^2 + y^2 + z^2, with z = 0.5\n")
    assert "x to the right, y upwards" in ran.out
    assert "x[0] to the right, x[1] upwards" in optbench("plot", "@rosenbrock", *BARE).out


def test_a_slice_of_an_array(optbench: Any) -> None:
    ran = optbench("plot", "sum(x^2)", "--var", "x[6]=-1..1", "--slice", "x[1:]=0", "--no-certify")
    assert "★ global optimum, proved: 0 at x[0] = 0" in ran.out
    assert ran.out.splitlines()[-2].strip() == "x[0]" or "x[0]" in ran.out


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["x^2 + y^2 + z^2"], 2, "3 unknowns are free (x, y, z)"),
        (["sum(x^2)", "--var", "x[5000]=-1..1"], 2, "5,000 unknowns are free"),
        (["x + y", "--slice", "x=1,y=2"], 2, "every unknown has one value only"),
        (["a*x^2", "--param", "a=positive"], 2, "a has no value; --param a=2"),
        (["a*x^2 + b", "--param", "a=positive", "--param", "b=real"], 2, "a, b have no value"),
        (["x^2", "--slice", "y=1"], 2, "there is no unknown 'y'"),
        (["x^2", "--out", "picture.gif"], 2, ".svg, .png or .pdf"),
        (["x^2", "--out", "/nowhere/at/all.svg"], 2, "can't be written"),
        (["x^2", "--width", "100000"], 2, "--width takes characters from 20 to 1,000"),
        (["x^2", "--height", "1"], 2, "--height takes characters from 8 to 500"),
        (["x^2", "--out", "a.svg", "--width", "20"], 2, "--width takes pixels from 200 to 10,000"),
        (["log(x)", "--range", "-2", "-1"], 6, "defined nowhere on its range (proved)"),
        (["log(-1 - x^2)"], 3, "at none of the points that were looked at"),
        (["x^2 +"], 3, "error"),
        (["x^2", "--method", "newtn"], 2, "newtn"),
    ],
)
def test_bad_input_is_a_sentence(optbench: Any, argv: list[str], code: int, words: str) -> None:
    ran = optbench("plot", *argv, *BARE)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    assert "internal error" not in ran.err


def test_limits_are_checked(optbench: Any) -> None:
    ran = optbench("plot", "x^2", "--exact-time", "-1")
    assert (ran.code, ran.out) == (2, "")
    assert "--exact-time" in ran.err


@pytest.mark.parametrize(
    "argv",
    [
        ["7 + 0*x", "--range", "0", "1"],
        ["7 + 0*x + 0*y", "--range", "0", "1"],
        ["x^2", "--range", "1", "1"],
        ["1e300*x^2", "--range", "-10", "10"],
        ["x^2", "--range", "-1e308", "1e308"],
        ["x", "--range", "0", "5e-324"],
        ["x^2", "--range", "1e15", "1000000000000001"],
        ["1/x + tan(x)", "--range", "-5", "5"],
        ["1/(x*y)", "--range", "-1", "1"],
        ["floor(x)"],
        ["exp(exp(x))"],
        ["x^2", "--integer", "x", "--range", "-3", "3"],
        ["if(x < 0, 1, 2)"],
        ["sqrt(x^2 - 4) - x/2", "--range", "-6", "6"],
        ["x + y", "--subject-to", "x*y == 1", "--subject-to", "log(x) <= 1"],
        ["x", "--subject-to", "x^2 >= 4", "--subject-to", "x == 1"],
    ],
    ids=" ".join,
)
def test_anything_else_is_drawn(optbench: Any, argv: list[str], tmp_path: Path) -> None:
    ran = optbench("plot", *argv, *BARE)
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) >= 24
    assert max(map(len, ran.out.splitlines())) <= 80
    file = tmp_path / "picture.svg"
    assert optbench("plot", *argv, *BARE, "--out", str(file)).out == f"{file}\n"
    if find_spec("matplotlib"):
        told = optbench("plot", *argv, *BARE, "--out", str(file.with_suffix(".png"))).err
        assert all(line.startswith("note: ") for line in told.splitlines())
    assert not re.search(r"\b(nan|inf)\b", re.sub(r"<(title|desc|text)[^>]*>[^<]*", "", file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_files_are_what_their_names_say(optbench: Any, tmp_path: Path, ending: str) -> None:
    if ending != "svg":
        pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    file = tmp_path / f"picture.{ending.upper()}"
    ran = optbench("plot", "x^2 + y^2", "--range", "-1", "1", "--method", "bfgs", "--out", str(file), *BARE)
    assert (ran.code, ran.out) == (0, f"{file}\n")
    assert file.read_bytes().startswith({"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[ending])


def test_without_matplotlib_a_sentence_says_what_is_missing(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optbench.report.picture.paper.find_spec", lambda name: None)
    ran = optbench("plot", "x^2", "--out", "picture.png", *BARE)
    assert ran.code == 2
    assert "pip install 'optbench[plots]'" in ran.err


class Terminal(io.TextIOWrapper):
    """A standard output that says that it is a terminal."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


def shown(monkeypatch: pytest.MonkeyPatch, *argv: str, encoding: str = "utf-8") -> str:
    from optbench.cli.app import run

    terminal = Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: os.terminal_size((64, 20)))
    assert run(("plot", "x^2", *BARE, *argv)) == 0
    terminal.flush()
    return terminal.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined,no-any-return]


def test_a_terminal_gets_colours_and_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    colored = shown(monkeypatch)
    assert "\x1b[36m" in colored
    plain = re.sub(r"\x1b\[[\d;]*m", "", colored)
    assert max(map(len, plain.splitlines())) == 64
    assert len(plain.splitlines()) == 14
    assert shown(monkeypatch, "--no-color") == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(monkeypatch) == plain


def test_a_terminal_without_braille_gets_plain_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(monkeypatch, encoding="latin-1").isascii()
