"""`optbench-ampl`: its words, the solution file, and AMPL's codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Ran
from nl_files import model

from optbench import __version__
from optbench.cli.ampl import run
from optbench.cli.ampl_keywords import KEYWORDS, read_keywords
from optbench.errors import UsageError
from optbench.problem.nl import NlModel, parsed
from optbench.report.ampl_solution import Code, code_of, solution_file
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Solution, Status


@pytest.fixture
def ampl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    for name in ("optbench_options", "optbench_ampl_options", "optbench-ampl_options"):
        monkeypatch.delenv(name, raising=False)
    return lambda *argv: Ran(run(list(map(str, argv))), *capsys.readouterr())


@pytest.fixture
def parabola(tmp_path: Path) -> Path:
    """Minimise (x1 - 1)^2 + x2 for x1 + x2 >= 3 and a constraint without bounds: x1 = 3/2, x2 = 3/2, multiplier 1."""
    path = tmp_path / "parabola.nl"
    rows = [("3", "v0", {}), ("2 3", "n0", {0: "1", 1: "1"})]
    path.write_text(model(["3", "3"], "o5 o0 v0 n-1 n2", {1: "1"}, rows, nonlinear="1 1 1"))
    return path


def numbers(path: Path) -> tuple[list[str], list[list[float]], str]:
    """The message, then options, sizes, multipliers and point, and the last line of a solution file."""
    lines = path.read_text().split("\n")
    assert lines.pop() == ""
    begin = lines.index("Options")
    assert lines[begin - 1] == ""
    count = int(lines[begin + 1])
    options, rest = lines[begin + 2 : begin + 2 + count], lines[begin + 2 + count :]
    sizes = list(map(int, rest[:4]))
    values = list(map(float, rest[4 : 4 + sizes[1] + sizes[3]]))
    assert len(rest) == 5 + sizes[1] + sizes[3]
    return lines[: begin - 1], [list(map(float, options)), list(map(float, sizes)), values[: sizes[1]], values[sizes[1] :]], rest[-1]


# ---- the command -----------------------------------------------------------------------------------------------------------


def test_a_solution_file_has_message_options_multipliers_point_and_code(ampl: Callable[..., Ran], parabola: Path) -> None:
    ran = ampl(parabola.with_suffix(""), "-AMPL")
    assert (ran.code, ran.out) == (0, "")
    message, (options, sizes, multipliers, point), last = numbers(parabola.with_suffix(".sol"))
    assert message[0] == f"optbench {__version__}: optimal, exact and proved global; objective 1.75"
    assert message[1] == "objective 7/4 exactly"
    assert options == [1, 1, 0]
    assert sizes == [2, 2, 2, 2]
    assert multipliers == pytest.approx([0, 1])
    assert point == pytest.approx([1.5, 1.5])
    assert last == "objno 0 0"


def test_options_of_ampl_with_a_tolerance_are_repeated(ampl: Callable[..., Ran], parabola: Path) -> None:
    parabola.write_text(parabola.read_text().replace("g3 1 1 0\t", "g3 2 3 0 1e-06\t"))
    assert ampl(parabola, "-AMPL", "certify=0").code == 0
    lines = parabola.with_suffix(".sol").read_text().split("\n")
    begin = lines.index("Options")
    assert lines[begin + 1 : begin + 10] == ["5", "2", "3", "0", "2", "2", "2", "2", "1e-06"]


def test_without_ampl_the_answer_is_shown(ampl: Callable[..., Ran], parabola: Path) -> None:
    ran = ampl(parabola, "wantsol=6")
    assert ran.out.startswith(f"optbench {__version__}: optimal, exact")
    assert "x1 = 1.5\nx2 = 1.5\nc2: " in ran.out
    assert not parabola.with_suffix(".sol").exists()
    assert ampl(parabola, "wantsol=9").out == ""
    assert parabola.with_suffix(".sol").exists()


def test_keywords_come_from_the_environment_and_then_from_the_command_line(
    ampl: Callable[..., Ran], parabola: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("optbench_options", "exact=0 certify 0 wantsol=8")
    assert ampl(parabola, "wantsol=0").out.startswith(f"optbench {__version__}: locally optimal")
    monkeypatch.setenv("optbench_options", "exact='0")
    assert "quotation mark" in ampl(parabola).err


def test_version_keywords_and_help(ampl: Callable[..., Ran]) -> None:
    assert ampl("-v").out == f"optbench {__version__}\n"
    assert [line.split()[0] for line in ampl("-=").out.splitlines()] == [keyword.name for keyword in KEYWORDS]
    assert ampl("-h").out.startswith("usage: optbench-ampl STUB")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tool=1"], "There is no keyword 'tool'. Did you mean tol?"),
        (["tol=0"], "tol takes a number from"),
        (["tol=nan"], "tol takes a number from"),
        (["seed=1.5"], "seed takes a whole number"),
        (["tol"], "needs a value"),
        (["-x"], "There is no option '-x'"),
        (["memory_limit=much"], "takes a size"),
        (["method=nonsense"], "nonsense"),
    ],
)
def test_wrong_words_are_refused(ampl: Callable[..., Ran], parabola: Path, words: list[str], sentence: str) -> None:
    ran = ampl(parabola, "-AMPL", *words)
    assert ran.code == 2
    assert sentence in ran.err
    assert not parabola.with_suffix(".sol").exists()


def test_keywords_may_stand_apart_from_their_values() -> None:
    assert read_keywords(["TOL", "1e-6", "timelim=3", "method=bfgs", "method=lbfgs"]) == {
        "tol": 1e-6,
        "time_limit": 3.0,
        "method": ["bfgs", "lbfgs"],
    }
    with pytest.raises(UsageError):
        read_keywords(["=3"])


def test_no_model_no_file_and_no_way_to_write_are_sentences(ampl: Callable[..., Ran], parabola: Path) -> None:
    assert "name of a model is missing" in ampl("-AMPL").err
    missing = ampl(parabola.with_name("other"), "-AMPL")
    assert (missing.code, "There is no file" in missing.err) == (2, True)
    parabola.with_suffix(".sol").mkdir()
    ran = ampl(parabola, "-AMPL")
    assert ran.code == 2
    assert "can't be written" in ran.err


def test_a_model_that_can_not_be_read_is_a_sentence_and_no_solution(ampl: Callable[..., Ran], parabola: Path) -> None:
    parabola.write_text(parabola.read_text()[:-10])
    ran = ampl(parabola, "-AMPL")
    assert ran.code == 3
    assert "cut off" in ran.err
    assert not parabola.with_suffix(".sol").exists()


# ---- codes ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "assurance", "attempt", "code"),
    [
        (Status.OPTIMAL, Assurance.EXACT, AttemptStatus.CONVERGED, Code.EXACT),
        (Status.OPTIMAL, Assurance.CERTIFIED, AttemptStatus.CONVERGED, Code.CERTIFIED),
        (Status.LOCALLY_OPTIMAL, Assurance.LOCAL, AttemptStatus.CONVERGED, Code.LOCAL),
        (Status.FEASIBLE, Assurance.FEASIBLE, AttemptStatus.CONVERGED, Code.FEASIBLE),
        (Status.FEASIBLE, Assurance.FEASIBLE, AttemptStatus.LIMIT, Code.LIMIT_FEASIBLE),
        (Status.UNKNOWN, Assurance.NONE, AttemptStatus.KILLED, Code.LIMIT),
        (Status.UNKNOWN, Assurance.NONE, AttemptStatus.DIVERGED, Code.FAILURE),
        (Status.INFEASIBLE, Assurance.CERTIFIED, AttemptStatus.DIVERGED, Code.INFEASIBLE),
        (Status.UNBOUNDED, Assurance.EXACT, AttemptStatus.DIVERGED, Code.UNBOUNDED),
        (Status.NOT_ATTAINED, Assurance.EXACT, AttemptStatus.DIVERGED, Code.NOT_ATTAINED),
    ],
)
def test_codes_say_no_more_than_is_known(status: Status, assurance: Assurance, attempt: AttemptStatus, code: Code) -> None:
    row = Attempt("bfgs", "numerical", attempt)
    assert code_of(Result(None, status, assurance, "", attempts=[row])) is code
    disagreeing = Result(None, status, assurance, "", attempts=[row], disagreements=["a is not b"])
    assert code_of(disagreeing) is Code.DISAGREEMENT


def test_codes_lie_in_the_bands_of_ampls_convention() -> None:
    bands = {0: "solved", 1: "solved?", 2: "infeasible", 3: "unbounded", 4: "limit", 5: "failure"}
    assert {code.name: bands[code.number // 100] for code in Code} == {
        "EXACT": "solved",
        "CERTIFIED": "solved",
        "LOCAL": "solved",
        "FEASIBLE": "solved?",
        "NOT_ATTAINED": "solved?",
        "INFEASIBLE": "infeasible",
        "UNBOUNDED": "unbounded",
        "LIMIT_FEASIBLE": "limit",
        "LIMIT": "limit",
        "INTERRUPTED": "limit",
        "FAILURE": "failure",
        "DISAGREEMENT": "failure",
    }


def test_what_is_not_known_is_left_out_of_the_file(tmp_path: Path) -> None:
    found: NlModel = parsed(model(["3", "3"], "v0", {}, [("1 1", "v1", {})]).encode(), str(tmp_path / "m.nl"))
    nothing = Result(None, Status.UNKNOWN, Assurance.NONE, "nothing")
    path = tmp_path / "m.sol"
    path.write_text(solution_file(nothing, found, Code.FAILURE, "words"))
    assert numbers(path)[1][1:] == [[1, 0, 2, 0], [], []]
    partly = Result(None, Status.FEASIBLE, Assurance.FEASIBLE, "a point", solutions=[Solution({"x1": 1.0, "x2": -0.5})])
    path.write_text(solution_file(partly, found, Code.FEASIBLE, "words"))
    assert numbers(path)[1][1:] == [[1, 0, 2, 2], [], [1.0, -0.5]]
    assert numbers(path)[2] == "objno 0 100"


def test_the_page_has_every_keyword_and_code() -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "ampl.md").read_text(encoding="utf-8")
    rows = [f"| `{word.name}` | {word.default} | {word.words} |" for word in KEYWORDS]
    assert all(row in page for row in [*rows, *(f"| {code.number} | {code.words} |" for code in Code)])
