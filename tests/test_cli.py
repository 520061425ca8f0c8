"""The command line: what it prints and returns, for people and for programs."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from optbench.cli import answers, dashes
from optbench.cli.app import run
from optbench.cli.dashes import shielded
from optbench.errors import ExitCode
from optbench.methods.method import names
from optbench.result import Assurance, Attempt, AttemptStatus, ProblemSummary, Result, Status, VariableSummary
from optbench.workbench import engine
from optbench.workbench.engine import Interrupted

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).resolve().parent.parent


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        return dict(json.loads(line, parse_constant=pytest.fail))


@pytest.fixture
def optbench(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*argv: str, stdin: str | bytes | None = None) -> Ran:
        if stdin is not None:
            content = stdin if isinstance(stdin, bytes) else stdin.encode()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = run(argv)
        return Ran(code, *capsys.readouterr())

    return call


QUICK = ("--no-exact", "--method", "bfgs")


# ---- exit codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("solve", "(x-1)^2", *QUICK), 0),
        (("solve", "(x-1)^2", *QUICK, "--require", "feasible"), 0),
        (("check", "@rosenbrock"), 0),
        (("methods",), 0),
        (("--version",), 0),
        (("--help",), 0),
        (("solve", "x^2", "--nonsense"), 2),
        (("solve",), 2),
        ((), 2),
        (("solve", "x^2", "--method", "nonsense"), 2),
        (("solve", "nowhere.yaml"), 2),
        (("solve", "model.nl"), 2),
        (("solve", "x*log("), 3),
        (("check", "x*log("), 3),
        (("solve", "x", "--subject-to", "x >= 0", *QUICK), 4),
        (("solve", "(x-1)^2", *QUICK, "--require", "certified"), 5),
        (("solve", "x + 0*y", "--var", "x=(0, 1]", "--var", "y=[0, 1]", *QUICK), 5),
        (("solve", "log(x)", "--range", "-5", "-1"), 6),
        (("solve", "exp(-x)", "--method", "bfgs", "--exact-time", "100", "--time-limit", "200"), 7),
        (("solve", "x", "--method", "bfgs", "--exact-time", "100", "--time-limit", "200"), 7),
        (("solve", "(x-1)^2", *QUICK, "--time-limit", "0"), 8),
    ],
)
def test_the_exit_code_of_each_situation(optbench: Any, argv: tuple[str, ...], code: int) -> None:
    ran = optbench(*argv)
    assert ran.code == code, ran
    assert "Traceback" not in ran.err


def result(**changes: Any) -> Result:
    summary = ProblemSummary(None, "sha256:0", "minimize", "x", {"x": VariableSummary("[0, 1]", None, None, False, None)}, {}, [])
    return Result(**{"problem": summary, "status": Status.UNKNOWN, "assurance": Assurance.NONE, "sentence": "Words.", **changes})


def test_disagreement_is_exit_code_9_and_both_answers_are_shown(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contradiction = "Answers disagree: bfgs found the value 1, which the proved answer of univariate excludes."
    monkeypatch.setattr(answers, "run", lambda *_: result(disagreements=[contradiction], warnings=[contradiction]))
    assert optbench("solve", "x") == Ran(9, "minimize x\n  x in [0, 1]\n\nWords.\n", f"warning: {contradiction}\n")


def test_an_interrupt_is_exit_code_130_with_what_was_done(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Result:
        raise Interrupted(result(value=1.0, assurance=Assurance.LOCAL))

    monkeypatch.setattr(answers, "run", interrupted)
    ran = optbench("solve", "x")
    assert (ran.code, ran.err) == (130, "interrupted: what was done until then is shown.\n")
    assert "Words." in ran.out
    assert optbench("solve", "x", "--json").json["value"] == 1.0


def test_an_interrupt_before_there_is_anything_is_exit_code_130(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(answers, "run", interrupted)
    assert optbench("solve", "x") == Ran(130, "", "")


def test_a_bug_of_ours_is_exit_code_1_and_a_sentence(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Result:
        raise ValueError("a \x1b[31m fault")

    monkeypatch.setattr(answers, "run", broken)
    sentence = "internal error: ValueError: a \\x1b[31m fault (this is a fault of optbench; --debug shows where)\n"
    assert optbench("solve", "x") == Ran(1, "", sentence)
    with pytest.raises(ValueError, match="fault"):
        optbench("solve", "x", "--debug")


def test_of_several_exit_codes_the_first_of_the_table_applies() -> None:
    assert answers.first_that_applies([ExitCode(c) for c in (0, 5, 3, 8)]) == 3
    assert answers.first_that_applies([ExitCode(c) for c in (4, 8, 0)]) == 8
    assert answers.first_that_applies([ExitCode(c) for c in (0, 0)]) == 0


# ---- what can be solved ---------------------------------------------------------------------------------------------------


def test_an_expression_a_file_and_a_bundled_problem(optbench: Any, tmp_path: Path) -> None:
    for ending, text in ((".yaml", 'minimize: "(x-1)^2"'), (".json", '{"minimize": "(x-1)^2"}'), (".YML", 'minimize: "(x-1)^2"')):
        file = tmp_path / f"p{ending}"
        file.write_text(text)
        assert optbench("solve", str(file), *QUICK, "--json").json["value"] == 0
    assert optbench("solve", "(x-1)^2", *QUICK, "--json").json["value"] == 0
    bundled = optbench("solve", "@rosenbrock", *QUICK, "--json").json
    assert bundled["problem"]["name"]
    assert bundled["value"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "document",
    [
        'minimize: "(x-1)^2 + 2"\n',
        '# a comment\n\nname: with a name first\nminimize: "(x-1)^2 + 2"\n',
        '---\nminimize: "(x-1)^2 + 2"\n',
        '{"minimize": "(x-1)^2 + 2"}',
        '{\n "name": "n",\n "minimize": "(x-1)^2 + 2"\n}\n',
        '\ufeffminimize: "(x-1)^2 + 2"\r\nvariables: {x: [-5, 5]}\r\n',
    ],
)
def test_a_document_on_standard_input(optbench: Any, document: str) -> None:
    ran = optbench("solve", "-", *QUICK, "--json", stdin=document)
    assert (ran.code, ran.json["value"]) == (0, 2.0)
    assert optbench("solve", "-", *QUICK, stdin=document).out.splitlines()[-2].startswith("method ")


def test_a_faulty_document_is_not_taken_for_expressions(optbench: Any) -> None:
    ran = optbench("solve", "-", *QUICK, stdin='minimise: "x^2"\nvariables: {x: [0, 1]}\n')
    assert (ran.code, ran.out) == (3, "")
    assert "Did you mean minimize?" in ran.err


def test_expressions_on_standard_input_give_json_lines_and_a_bad_line_a_row(optbench: Any) -> None:
    ran = optbench("solve", "-", *QUICK, "--var", "x=-5..5", "--start", "y=2", stdin="(x-1)^2\r\n\nx*log(\n-y^2 + y^4\n(x-1)^2 + \u00e9^2")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["status"] for row in found] == ["locally_optimal", "invalid", "locally_optimal", "locally_optimal"]
    assert found[1]["error"].startswith("The expression ends where an operand is needed")
    assert found[0]["problem"]["variables"]["x"]["range"] == "[-5, 5]"
    assert list(found[2]["problem"]["variables"]) == ["y"]
    assert ran.code == 3
    assert ran.err.startswith("error: The expression ends")


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_nothing_on_standard_input_is_a_mistake(optbench: Any, content: str) -> None:
    ran = optbench("solve", "-", stdin=content)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: Standard input holds no problem; write an expression a line, or a YAML or JSON document.\n"


@pytest.mark.parametrize(
    ("argv", "shielded_"),
    [
        (["solve", "-x^2"], ["solve", "--", "-x^2"]),
        (["solve", "-x^2", "--range", "-5", "5", "--json"], ["solve", "--range", "-5", "5", "--json", "--", "-x^2"]),
        (["solve", "--tol", "-1", "-(x)"], ["solve", "--tol", "-1", "--", "-(x)"]),
        (["solve", "-", "-q"], ["solve", "-", "-q"]),
        (["solve", "x", "-h"], ["solve", "x", "-h"]),
        (["solve", "--", "-x"], ["solve", "--", "-x"]),
        (["solve", "--start=x=-1", "-2x"], ["solve", "--start=x=-1", "--", "-2x"]),
    ],
)
def test_an_expression_may_begin_with_a_minus_sign(argv: list[str], shielded_: list[str]) -> None:
    assert shielded(argv) == shielded_


def test_every_option_that_takes_no_value_is_known_to_the_shield() -> None:
    import typer

    from optbench.cli.app import app

    group = typer.main.get_command(app)
    commands = [group, *group.commands.values()]  # type: ignore[attr-defined]
    flags = {opt for c in commands for p in c.params if getattr(p, "is_flag", False) for opt in p.opts}
    assert {f for f in flags if f.startswith("--") and "completion" not in f} <= set(dashes._FLAGS) | {"--help"}
    assert {f for f in flags if not f.startswith("--")} <= set(dashes._FLAGS_WITH_DASH)


# ---- JSON -----------------------------------------------------------------------------------------------------------------

NUMBER, TEXT, LIST, MAP, FLAG = (int, float), str, list, dict, bool
RESULT = {
    "schema": TEXT,
    "problem": MAP,
    "status": TEXT,
    "assurance": TEXT,
    "sentence": TEXT,
    "value": (*NUMBER, None),
    "value_exact": (TEXT, None),
    "value_enclosure": (LIST, None),
    "solutions": LIST,
    "complete": FLAG,
    "closed_form": (MAP, None),
    "certificate": (MAP, None),
    "fit": (MAP, None),
    "attempts": LIST,
    "warnings": LIST,
    "disagreements": LIST,
    "seed": int,
    "options": MAP,
    "environment": MAP,
}
PROBLEM = {
    "name": (TEXT, None),
    "hash": TEXT,
    "sense": TEXT,
    "objective": TEXT,
    "variables": MAP,
    "parameters": MAP,
    "constraints": LIST,
}
VARIABLE = {"range": (TEXT, LIST), "domain": (TEXT, None), "shape": (LIST, None), "integer": FLAG, "unit": (TEXT, None)}
SOLUTION = {
    "point": (MAP, None),
    "exact": (MAP, None),
    "enclosure": (MAP, None),
    "kind": TEXT,
    "unique": FLAG,
    "family": (MAP, None),
    "multipliers": MAP,
    "optimality": (MAP, None),
    "closed_form": (MAP, None),
}
OPTIMALITY = {"stationarity": (*NUMBER, None), "infeasibility": NUMBER, "curvature": (TEXT, None)}
CLOSED_FORM = {
    "verdict": TEXT,
    "class": (TEXT, None),
    "none_in": LIST,
    "scope": (TEXT, None),
    "theorem": (TEXT, None),
    "assumes": LIST,
    "review": (TEXT, None),
    "certificate": (MAP, None),
    "unreviewed": (MAP, None),
    "reason": (TEXT, None),
}
ATTEMPT = {
    "method": TEXT,
    "kind": TEXT,
    "status": TEXT,
    "reason": (TEXT, None),
    "value": (*NUMBER, None),
    "point": (MAP, None),
    "error_value": (*NUMBER, None),
    "error_point": (*NUMBER, None),
    "infeasibility": (*NUMBER, None),
    "iterations": (int, None),
    "objective_evaluations": int,
    "gradient_evaluations": int,
    "hessian_evaluations": int,
    "constraint_evaluations": int,
    "setup_seconds": NUMBER,
    "solve_seconds": NUMBER,
    "seed": (int, None),
    "options": MAP,
    "version": TEXT,
    "trace": (LIST, None),
}


def check_fields(plain: dict[str, Any], expected: dict[str, Any]) -> None:
    assert list(plain) == list(expected)
    for name, kinds in expected.items():
        accepted = kinds if isinstance(kinds, tuple) else (kinds,)
        value = plain[name]
        if value is None:
            assert None in accepted, name
        else:
            assert isinstance(value, tuple(k for k in accepted if k is not None)), name
            assert not isinstance(value, bool) or bool in accepted, name


JSON_CASES = {
    "exact": ("x*log(x)-sqrt(x)", "--range", "0", "10", "--exact-time", "100", "--time-limit", "200"),
    "not attained": ("exp(-x)", "--exact-time", "100", "--time-limit", "200"),
    "unbounded": ("x^3", "--exact-time", "100", "--time-limit", "200"),
    "numerical": ("(x-1)^2", "--no-exact"),
    "array": ("sum((v-1)^2)", "--var", "v[2,3]=-5..5", "--no-exact"),
    "nothing": ("log(-1-x^2)", "--no-exact"),
    "infeasible": ("log(x)", "--range", "-5", "-1"),
    "constrained": ("x + a", "--subject-to", "x >= 0", "--param", "a=2", "--no-exact"),
    "diverged": ("-exp(x^2)", "--no-exact"),
}


@pytest.mark.parametrize("case", JSON_CASES)
def test_json_has_exactly_the_promised_fields_and_types(optbench: Any, case: str) -> None:
    ran = optbench("solve", *JSON_CASES[case], "--json")
    plain = ran.json
    assert ran.out.isascii()
    check_fields(plain, RESULT)
    assert plain["schema"] == "optbench/result/1"
    check_fields(plain["problem"], PROBLEM)
    for variable in plain["problem"]["variables"].values():
        check_fields(variable, VARIABLE)
    for row in plain["attempts"]:
        check_fields(row, ATTEMPT)
        assert row["status"] in {s.value for s in AttemptStatus}
        assert row["kind"] in {"exact", "certified", "numerical"}
    for solution in plain["solutions"]:
        check_fields(solution, SOLUTION)
        if solution["optimality"]:
            check_fields(solution["optimality"], OPTIMALITY)
    for form in [plain["closed_form"], *(s["closed_form"] for s in plain["solutions"])]:
        if form is not None:
            check_fields(form, CLOSED_FORM)
    assert (plain["assurance"] in ("exact", "certified")) >= (plain["status"] in ("optimal", "not_attained", "unbounded", "infeasible"))
    if plain["assurance"] == "exact" and plain["status"] != "infeasible":
        assert plain["value_exact"] is not None
    if plain["value_enclosure"]:
        assert all(re.fullmatch(r"-?(inf|\d+(\.\d+)?(e-?\d+)?)", end) for end in plain["value_enclosure"])
    if plain["value"] is not None:
        assert json.loads(json.dumps(plain)) == plain


def test_an_array_point_mirrors_its_shape(optbench: Any) -> None:
    plain = optbench("solve", *JSON_CASES["array"], "--json").json
    point = plain["solutions"][0]["point"]["v"]
    assert (len(point), [len(row) for row in point]) == (2, [3, 3])
    assert plain["problem"]["variables"]["v"]["shape"] == [2, 3]


@pytest.mark.parametrize(
    "argv", [("x*log(",), ("nowhere.yaml",), ("x", "--tol", "0"), ("x", "--method", "nonsense"), ("x", "--range", "5", "1")]
)
def test_with_json_a_mistake_is_a_result_with_status_invalid(optbench: Any, argv: tuple[str, ...]) -> None:
    ran = optbench("solve", *argv, "--format", "json")
    assert (ran.json["status"], ran.json["assurance"], ran.json["problem"]) == ("invalid", "none", None)
    assert ran.json["error"].startswith(ran.json["sentence"])
    assert set(ran.json) == {*RESULT, "error"}
    assert ran.code in (2, 3)
    assert ran.err.startswith("error: ")


def test_options_reach_the_result(optbench: Any) -> None:
    plain = optbench(
        "solve", "(x-1)^2", *QUICK, "--json", "--seed", "7", "--tol", "1e-4", "--memory-limit", "1GB", "--time-limit", "9"
    ).json
    assert plain["seed"] == 7
    assert plain["options"] == {
        "time_limit": 9.0,
        "exact": False,
        "exact_time": 10.0,
        "certify": True,
        "certify_time": 5.0,
        "memory_limit": 2**30,
        "tolerance": 1e-4,
        "digits": 30,
        "require": "local",
    }


def test_methods_with_options_patterns_and_all(optbench: Any) -> None:
    chosen = optbench(
        "solve", "(x-1)^2", "--no-exact", "--method", "gradient-descent:sufficient_decrease=0.2", "--method", "n*", "--json"
    ).json
    assert [row["method"] for row in chosen["attempts"]] == ["gradient-descent", "nelder-mead", "newton"]
    assert chosen["attempts"][0]["options"]["sufficient_decrease"] == 0.2
    everything = optbench("solve", "(x-1)^2", "--no-exact", "--method", "all", "--json").json
    assert [row["method"] for row in everything["attempts"]] == list(names())


def test_one_method_may_run_with_several_options(optbench: Any) -> None:
    steps = [("--method", f"momentum:{option}") for option in ("step=0.1", "step=0.2", "step=0.10")]
    chosen = optbench("solve", "(x-1)^2", "--no-exact", *steps[0], *steps[1], *steps[2], "--method", "momentum", "--json").json
    assert [(row["method"], row["options"]["step"]) for row in chosen["attempts"]] == [
        ("momentum:step=0.1", 0.1),
        ("momentum:step=0.2", 0.2),
        ("momentum", chosen["attempts"][2]["options"]["step"]),
    ]


def test_quiet_keeps_warnings_to_itself(optbench: Any) -> None:
    loud = optbench("solve", "(x-1)^2", "--range", "0", "2", "--start", "x=9", *QUICK)
    assert loud.err == "warning: The start of x lies outside its range and was projected onto it.\n"
    assert optbench("solve", "(x-1)^2", "--range", "0", "2", "--start", "x=9", "--quiet", *QUICK).err == ""


# ---- the other commands ---------------------------------------------------------------------------------------------------


def test_check_names_what_is_wrong_once_with_its_place(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text('minimize: "x^2"\nvariables: {x: {range: [0, 1], start: 5}}')
    Path("bad.yaml").write_text('minimize: "sinn(x)"')
    ran = optbench("check", "good.yaml", "bad.yaml", "@rosenbrock", "x+*")
    assert ran.code == 3
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["good.yaml", "@rosenbrock"]
    assert ran.out.startswith("good.yaml: valid; minimize x^2 (1 unknown)\n")
    assert "warning: good.yaml: The start of x lies outside its range and was projected onto it." in ran.err
    assert "error: bad.yaml:1:12: There is no function sinn. Did you mean sin?" in ran.err
    assert "error: x+*: A number" in ran.err
    rows = [json.loads(line) for line in optbench("check", "--json", "good.yaml", "bad.yaml", "missing.yaml").out.splitlines()]
    assert [(row["path"], row["valid"], len(row["mistakes"]), len(row["warnings"])) for row in rows] == [
        ("good.yaml", True, 0, 1),
        ("bad.yaml", False, 1, 0),
        ("missing.yaml", False, 1, 0),
    ]
    assert optbench("check", "bad.yaml", "missing.yaml").code == 2


def test_methods_lists_every_method_and_shows_one(optbench: Any) -> None:
    listed = optbench("methods")
    assert [line.split()[0] for line in listed.out.splitlines()] == list(names())
    facts = json.loads(optbench("methods", "--json").out)
    assert [row["name"] for row in facts] == list(names())
    for row in facts:
        page = optbench("methods", row["name"]).out
        assert page.startswith(f"{row['name']}: {row['summary']}")
        assert all(option["name"] in page and option["meaning"] in page for option in row["options"])
        assert row["source"] in page
    assert optbench("methods", "newtom") == Ran(2, "", "error: There is no method 'newtom'. Did you mean newton?\n")


def test_a_command_that_does_not_exist_offers_the_nearest(optbench: Any) -> None:
    ran = optbench("sove", "x")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: No such command 'sove'. Did you mean 'solve'? `optbench --help` shows what is accepted.\n"


# ---- the table ------------------------------------------------------------------------------------------------------------

TABLES = {
    "one_variable": ("(x-1)^2 + 3", "--range", "-5", "5", "--no-exact", "--method", "newton", "--method", "bfgs"),
    "two_variables": ("(x-1)^2 + (y+2)^2", "--start", "x=0", "--start", "y=0", "--no-exact", "--method", "newton"),
    "five_variables": ("a^2 + b^2 + c^2 + d^2 + f^2", "--range", "-1", "1", "--no-exact", "--method", "newton"),
    "array": ("sum((v-1)^2)", "--var", "v[2,3]=-5..5", "--start", "v=0", "--no-exact", "--method", "newton"),
    "constraints": ("x + y", "--subject-to", "x^2 + y^2 <= 1", "--param", "unused=pi/2", "--no-exact"),
    "long_names": (
        "(a_rather_long_name_for_a_variable - 1)^2 + (another_name_that_is_long - 2)^2",
        *("--start", "a_rather_long_name_for_a_variable=0", "--start", "another_name_that_is_long=0"),
        *("--no-exact", "--method", "newton"),
    ),
    "nothing_found": ("log(-1-x^2)", "--no-exact"),
    "maximum": ("1 - (x-1)^2", "--maximize", "--start", "x=0", "--no-exact", "--method", "newton"),
    "integer": ("(n-1)^2", "--integer", "n", "--range", "0", "9", "--no-exact", "--method", "newton"),
    "empty_domain": ("log(x)", "--range", "-5", "-1"),
    "exact": ("x^2 - 2*x", "--method", "newton", "--start", "x=0", "--exact-time", "100", "--time-limit", "200"),
}


def without_times(text: str) -> str:
    """Times, and the blanks before them, replaced by a placeholder."""
    return re.sub(r" +(\d+\.\d+ (ms|s)|time)$", "  TIME", text, flags=re.MULTILINE)


@pytest.mark.parametrize("case", TABLES)
def test_a_piped_table_is_as_it_was(optbench: Any, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")  # a pipe has no width
    ran = optbench("solve", *TABLES[case])
    assert "\x1b" not in ran.out
    assert not set("─│━┃…") & set(ran.out)
    assert without_times(ran.out) == (GOLDEN / f"{case}.txt").read_text(encoding="utf-8")


def test_text_of_users_is_printed_as_text(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        'name: "[red]x[/b] :x: \\e[31m\\x9b"\nminimize: "(x-1)^2"\n'
        'variables: {x: {range: [0, 9], start: 3, unit: "[bold]m\\e[0m"}}\nsubject to: ["x >= 0"]',
        encoding="utf-8",
    )
    ran = optbench("solve", str(file), *QUICK)
    assert ran.out.startswith("[red]x[/b] :x: \\x1b[31m\\x9b: minimize (x - 1)^2\n")
    assert "  x in [0, 9] [bold]m\\x1b[0m\n" in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert "\x1b" not in optbench("solve", str(file), *QUICK, "--json").out


@pytest.mark.parametrize("argument", ["x[red]y", "[/b]", "a[:x:]", "x\x1b[31my", "x\u202ey", "x\x9by", "x\udc80y"])
def test_errors_show_what_was_typed_as_text(optbench: Any, argument: str) -> None:
    for argv in (
        ("solve", argument),
        ("solve", "x", f"--{argument}"),
        ("solve", "x", "--method", argument),
        ("solve", "x", "--var", argument),
    ):
        ran = optbench(*argv)
        assert ran.code in (2, 3)
        assert ran.out == ""
        assert ran.err.startswith("error: ")
        assert all(c.isprintable() or c == "\n" for c in ran.err)
    assert argument.isprintable() <= (argument in optbench("solve", argument).err)


# ---- on a terminal --------------------------------------------------------------------------------------------------------


def on_terminal(*argv: str, **environment: str) -> str:
    """What a process writes to a terminal of its own."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm-256color", "COLUMNS": "110", "LINES": "40", "PYTHONPATH": str(ROOT)}, **environment)
        for name in ("NO_COLOR",):
            if name not in environment:
                os.environ.pop(name, None)
        os.execv(sys.executable, [sys.executable, "-m", "optbench", *argv])
    written = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
    os.waitpid(pid, 0)
    os.close(terminal)
    return written.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;[0-9;]*)m")


def test_on_a_terminal_rows_appear_as_they_finish_in_colour() -> None:
    written = on_terminal("solve", "(x-1)^2", "--range", "0", "9", "--no-exact", "--method", "newton", "--method", "bfgs")
    assert COLOUR.search(written)
    assert written.count("solving ...") >= 3  # before the first row, and after each
    assert written.index("solving ...") < written.index("newton") < written.index("The best minimum found is 0 at x = 1")
    final = written[written.rindex("minimize (x - 1)^2") :]
    assert "solving ..." not in final
    assert final.count("converged") == 2


@pytest.mark.parametrize(("option", "environment"), [("--no-color", {}), ("--no-certify", {"NO_COLOR": "1"})])
def test_no_colour_is_obeyed(option: str, environment: dict[str, str]) -> None:
    written = on_terminal("solve", "(x-1)^2", *QUICK, option, **environment)
    assert "converged" in written
    assert not COLOUR.search(written)


@pytest.mark.parametrize("width", ["40", "60", "80"])
def test_a_narrow_terminal_shows_fewer_columns_and_cuts_no_number(width: str) -> None:
    written = on_terminal("solve", "(x-1)^2 + 1234.5678", "--start", "x=0", *QUICK, COLUMNS=width)
    (row,) = re.findall(r"^.*bfgs.*$", written[written.rindex("minimize") :], re.MULTILINE)
    assert "converged" in row
    assert "1234.5678" in row


def test_quiet_shows_no_progress() -> None:
    assert "solving" not in on_terminal("solve", "(x-1)^2", "--quiet", *QUICK)


def test_the_engine_is_the_one_that_is_tested() -> None:
    assert answers.run is engine.solve
    assert Attempt("m", "numerical", AttemptStatus.CONVERGED).method == "m"
