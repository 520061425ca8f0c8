"""The command line: what it prints and returns, for people and for programs."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran

from optbench import report
from optbench.cli import answers
from optbench.cli.dashes import shielded
from optbench.errors import ExitCode
from optbench.methods.registry import names
from optbench.problem.library import names as problem_names
from optbench.problem.library import path as library_path
from optbench.result import Assurance, Attempt, AttemptStatus, ProblemSummary, Result, Status, VariableSummary
from optbench.workbench import engine
from optbench.workbench.engine import Interrupted

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).resolve().parent.parent


QUICK = ("--no-exact", "--no-certify", "--method", "bfgs")


def test_enclosures_of_arrays_are_shown_as_long_as_they_can_be_read(optbench: Any) -> None:
    text = "sum((x - 3)^2*(x + 1)^2 + x)"
    few = optbench("solve", text, "--var", "x[2]=-4..4", "--no-exact", "--method", "bfgs", "--digits", "10")
    assert re.search(r"^  x in \[\[-1\.0\d+, -1\.0\d+\], \[-1\.0\d+, -1\.0\d+\]\]$", few.out, re.MULTILINE)
    many = optbench("solve", text, "--var", "x[9]=-4..4", "--no-exact", "--method", "bfgs")
    assert "x is enclosed entry by entry, which JSON has in full" in many.out


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
    ("arguments", "shielded_"),
    [
        (["-x^2"], ["--", "-x^2"]),
        (["-x^2", "--range", "-5", "5", "--json"], ["--range", "-5", "5", "--json", "--", "-x^2"]),
        (["--tol", "-1", "-(x)"], ["--tol", "-1", "--", "-(x)"]),
        (["-", "-q"], ["-", "-q"]),
        (["x", "-h"], ["x", "-h"]),
        (["--", "-x"], ["--", "-x"]),
        (["--start=x=-1", "-2x"], ["--start=x=-1", "--", "-2x"]),
        (["--unknown", "-2", "-3x"], ["--unknown", "-2", "--", "-3x"]),
    ],
)
def test_an_expression_may_begin_with_a_minus_sign(arguments: list[str], shielded_: list[str]) -> None:
    assert shielded(arguments, {"--range": 2, "--json": 0, "--tol": 1, "-q": 0, "-h": 0, "--start": 1}) == shielded_


def test_every_option_of_every_command_leaves_an_expression_alone(optbench: Any) -> None:
    """The options are read from the commands themselves: each is followed by as many values as it takes."""
    import typer

    from optbench.cli.app import app
    from optbench.cli.values import _values_of_options

    for command in typer.main.get_command(app).commands.values():  # type: ignore[attr-defined]
        known = _values_of_options(command.get_params(typer.Context(command)))
        for option, values in known.items():
            given = [option, *["-1"] * values]
            assert shielded([*given, "-x^2"], known) == [*given, "--", "-x^2"]
            assert shielded(["-x^2", *given], known) == [*given, "--", "-x^2"]


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
OPTIMALITY = {
    "stationarity": (*NUMBER, None),
    "infeasibility": NUMBER,
    "curvature": (TEXT, None),
    "complementarity": (*NUMBER, None),
}
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
    "epochs": (*NUMBER, None),
    "setup_seconds": NUMBER,
    "solve_seconds": NUMBER,
    "seed": (int, None),
    "options": MAP,
    "version": TEXT,
    "trace": (LIST, None),
    "chosen_because": (TEXT, None),
    "reached_optimum": (bool, None),
    "stage": (TEXT, None),
    "searches": (MAP, None),
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
    "numerical": ("(x-1)^2", "--no-exact", "--no-certify"),
    "array": ("sum((v-1)^2)", "--var", "v[2,3]=-5..5", "--no-exact", "--no-certify"),
    "nothing": ("log(-1-x^2)", "--no-exact", "--no-certify"),
    "infeasible": ("log(x)", "--range", "-5", "-1"),
    "constrained": ("x + a", "--subject-to", "x >= 0", "--param", "a=2", "--no-exact", "--no-certify"),
    "diverged": ("-exp(x^2)", "--no-exact", "--no-certify"),
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
        *("solve", "(x-1)^2", *QUICK, "--json", "--seed", "7", "--tol", "1e-4", "--memory-limit", "1GB", "--time-limit", "9"),
        *("--starts", "3"),
    ).json
    assert plain["seed"] == 7
    assert plain["options"] == {
        "time_limit": 9.0,
        "exact": False,
        "exact_time": 10.0,
        "certify": False,
        "certify_time": 5.0,
        "memory_limit": 2**30,
        "tolerance": 1e-4,
        "digits": 30,
        "starts": 3,
        "require": "local",
    }


def test_methods_with_options_patterns_and_all(optbench: Any) -> None:
    chosen = optbench(
        "solve", "(x-1)^2", "--no-exact", "--no-certify", "--method", "gradient-descent:sufficient_decrease=0.2", "--method", "n*", "--json"
    ).json
    assert [row["method"] for row in chosen["attempts"]] == ["gradient-descent", *fnmatch.filter(names(), "n*")]
    assert chosen["attempts"][0]["options"]["sufficient_decrease"] == 0.2
    everything = optbench("solve", "(x-1)^2", "--no-exact", "--no-certify", "--method", "all", "--json").json
    assert [row["method"] for row in everything["attempts"]] == list(names())


def test_one_method_may_run_with_several_options(optbench: Any) -> None:
    steps = [("--method", f"momentum:{option}") for option in ("step=0.1", "step=0.2", "step=0.10")]
    chosen = optbench(
        "solve", "(x-1)^2", "--no-exact", "--no-certify", *steps[0], *steps[1], *steps[2], "--method", "momentum", "--json"
    ).json
    assert [(row["method"], row["options"]["step"]) for row in chosen["attempts"]] == [
        ("momentum:step=0.1", 0.1),
        ("momentum:step=0.2", 0.2),
        ("momentum", chosen["attempts"][2]["options"]["step"]),
    ]


def test_quiet_keeps_warnings_to_itself(optbench: Any) -> None:
    loud = optbench("solve", "(x-1)^2", "--range", "0", "2", "--start", "x=9", *QUICK)
    assert loud.err == "warning: The start of x lies outside its range and was projected onto it.\n"
    assert optbench("solve", "(x-1)^2", "--range", "0", "2", "--start", "x=9", "--quiet", *QUICK).err == ""


# ---- formats and copies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", report.formats())
def test_every_format_of_one_problem_of_a_document_and_of_lines(optbench: Any, name: str) -> None:
    one = optbench("solve", "(x-1)^2", *QUICK, "--format", name)
    document = optbench("solve", "-", *QUICK, "--format", name, stdin='minimize: "(x-1)^2"')
    lines = optbench("solve", "-", *QUICK, "--format", name, stdin="(x-1)^2\ny^2 + 3\n")
    assert (one.code, document.code, lines.code) == (0, 0, 0)
    assert without_costs(one.out) == without_costs(document.out)
    assert "y" in lines.out
    assert one.err + document.err + lines.err == ""


def without_costs(text: str) -> str:
    """Seconds replaced, and blanks, whose number depends on them."""
    return re.sub(r"[ -]+", " ", re.sub(r"\d+\.\d+ (ms|s)|\d\.\d{3,6}\b|\d\.\d*e-\d+", "TIME", text))


def test_lines_are_json_lines_unless_another_format_is_asked_for(optbench: Any) -> None:
    text = "(x-1)^2\nx*log(\n-y^2 + y^4\n"
    assert [json.loads(line)["status"] for line in optbench("solve", "-", *QUICK, stdin=text).out.splitlines()][1] == "invalid"
    rows = list(csv.DictReader(io.StringIO(optbench("solve", "-", *QUICK, "--format", "csv", stdin=text).out)))
    assert [row["status"] for row in rows] == ["converged", "invalid", "converged"]
    assert rows[1]["reason"].endswith("is never closed. x*log(")
    assert [list(json.loads(row["point"])) for row in rows if row["point"]] == [["x"], ["y"]]
    table = optbench("solve", "-", *QUICK, "--format", "table", stdin=text)
    assert table.out.count("\nmethod  status") == 2
    assert "never closed.\n  x*log(\n\nminimize" in table.out
    assert table.code == 3


def test_a_mistake_is_a_row_for_programs_and_a_sentence_for_people(optbench: Any) -> None:
    for name in report.formats():
        ran = optbench("solve", "x*log(", "--format", name)
        assert ran.code == 3
        assert ran.err.startswith("error: The expression ends where")
        assert (ran.out != "") == (name in ("csv", "json", "jsonl"))


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("--format", "jsn"), "--format knows no format 'jsn'. Did you mean json?"),
        (("--export", "word=a"), "--export knows no format 'word'. There are csv, json, jsonl, latex, markdown, table."),
        (("--export", "csv"), "--export takes a format and a file, as csv=rows.csv, not 'csv'."),
        (("--export", "csv="), "--export takes a format and a file, as csv=rows.csv, not 'csv='."),
        (("--export", "csv=-"), "--export writes files; for standard output write --format csv."),
        (("--trace", "-"), "--trace writes a file, and - is none."),
        (("--report", "-"), "--report writes a file, and - is none."),
        (("--starts", "0"), "--starts takes a whole number from 1 to 1000, not 0."),
        (("--starts", "1001"), "--starts takes a whole number from 1 to 1000, not 1001."),
    ],
)
def test_what_is_no_format_is_said_before_anything_is_solved(
    optbench: Any, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr(answers, "run", pytest.fail)
    assert optbench("solve", "x", *argv) == Ran(2, "", f"error: {sentence}\n")
    assert optbench("solve", "x", "--json", *argv).json["sentence"] == sentence


@pytest.mark.parametrize("argv", [("--nonsense",), ("--tol", "small"), ("--range", "5"), ("--require", "certain"), ("y",)])
def test_with_json_a_mistake_in_options_is_a_result_as_well(optbench: Any, argv: tuple[str, ...]) -> None:
    """Also one that Typer finds, before any of our code runs."""
    plain = optbench("solve", "x", *argv)
    assert (plain.code, plain.out) == (2, "")
    for asked in (("--json",), ("--format", "json"), ("--format=jsonl",)):
        ran = optbench("solve", "x", *asked, *argv)
        assert (ran.json["status"], ran.code) == ("invalid", 2)
        assert ran.err == plain.err == f"error: {ran.json['error']}\n"
    (row,) = csv.DictReader(io.StringIO(optbench("solve", "x", "--format", "csv", *argv).out))
    assert (row["status"], row["method"]) == ("invalid", "")


def test_copies_are_the_same_result_in_other_formats(optbench: Any, tmp_path: Path) -> None:
    files = {name: tmp_path / f"copy.{name}" for name in report.formats()}
    exports = [text for name, file in files.items() for text in ("--export", f"{name}={file}")]
    ran = optbench("solve", "(x-1)^2", *QUICK, "--json", *exports)
    assert ran.code == 0
    assert files["json"].read_text() == files["jsonl"].read_text() == ran.out
    (row,) = csv.DictReader(io.StringIO(files["csv"].read_text(), newline=""))
    assert float(row["solve_seconds"]) == ran.json["attempts"][0]["solve_seconds"]
    assert files["table"].read_text().startswith("minimize (x - 1)^2\n")
    assert files["markdown"].read_text().startswith("## minimize `(x - 1)^2`\n")
    assert "\\toprule" in files["latex"].read_text()


def test_copies_of_several_lines_hold_all_of_them(optbench: Any, tmp_path: Path) -> None:
    rows, page = tmp_path / "rows.csv", tmp_path / "page.md"
    ran = optbench("solve", "-", *QUICK, "--export", f"csv={rows}", "--export", f"markdown={page}", stdin="(x-1)^2\nx*log(\ny^2\n")
    assert (ran.code, len(ran.out.splitlines())) == (3, 3)
    assert [row["status"] for row in csv.DictReader(io.StringIO(rows.read_text()))] == ["converged", "invalid", "converged"]
    assert page.read_text().count("\n## ") == 1


def test_a_copy_of_a_mistake_leaves_no_older_answer_in_its_file(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    assert optbench("solve", "(x-1)^2", *QUICK, "--export", f"json={file}").code == 0
    assert optbench("solve", "x*log(", "--export", f"json={file}").code == 3
    assert json.loads(file.read_text())["status"] == "invalid"


RECORD = ["problem", "method", "start", "iteration", "objective_evaluations", "gradient_evaluations", "seconds", "value"]


def test_a_trace_has_every_iterate_and_the_result_has_none(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    ran = optbench("solve", "(x-1)^4 + x", "--range", "-3", "3", *QUICK, "--method", "newton", "--json", "--trace", str(file))
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert all(list(record) == [*RECORD, "infeasibility", "point"] for record in records)
    assert {record["problem"] for record in records} == {"minimize (x - 1)^4 + x"}
    assert [row["trace"] for row in ran.json["attempts"]] == [None, None]
    for row in ran.json["attempts"]:
        own = [record for record in records if record["method"] == row["method"]]
        assert [record["iteration"] for record in own] == list(range(row["iterations"] + 1))
        assert own[-1]["point"]["x"] == pytest.approx(row["point"]["x"])


def test_a_trace_of_several_lines_is_one_file(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text("what was there before\n")
    optbench("solve", "-", *QUICK, "--trace", str(file), stdin="(x-1)^2\nx*log(\ny^2 + y\n")
    assert {json.loads(line)["problem"] for line in file.read_text().splitlines()} == {"minimize (x - 1)^2", "minimize y^2 + y"}


def test_several_starts_reach_the_methods(optbench: Any) -> None:
    plain = optbench("solve", "x^4 - 3*x^2 + x", "--range", "-3", "3", *QUICK, "--starts", "5", "--json").json
    assert plain["options"]["starts"] == 5
    assert len(plain["attempts"][0]["options"]["start"]) == 5


@pytest.mark.parametrize(
    ("target", "reason"),
    [(".", "is a directory"), ("no/where", "no such file or directory"), ("/dev/full", "no space left on device")],
)
@pytest.mark.parametrize("option", ["--export", "--trace"])
def test_a_file_that_can_not_be_written_leaves_the_answer(optbench: Any, tmp_path: Path, target: str, reason: str, option: str) -> None:
    file = tmp_path / target
    ran = optbench("solve", "(x-1)^2", *QUICK, "--json", option, f"csv={file}" if option == "--export" else str(file))
    assert (ran.code, ran.json["status"]) == (2, "locally_optimal")
    assert ran.err == f"error: '{file}' can't be written: {reason}.\n"


def test_an_interrupt_writes_the_copies_too(optbench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: Any) -> Result:
        raise Interrupted(result(value=1.0, assurance=Assurance.LOCAL))

    monkeypatch.setattr(answers, "run", interrupted)
    files = [tmp_path / name for name in ("one.jsonl", "lines.jsonl")]
    assert optbench("solve", "x", "--export", f"jsonl={files[0]}").code == 130
    assert optbench("solve", "-", "--export", f"jsonl={files[1]}", stdin="x\ny\n").code == 130
    assert [json.loads(line)["value"] for file in files for line in file.read_text().splitlines()] == [1.0, 1.0]


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


def test_methods_lists_those_that_match_a_pattern(optbench: Any) -> None:
    listed = [line.split()[0] for line in optbench("methods", "casadi-*").out.splitlines()]
    assert listed == [name for name in names() if name.startswith("casadi-")]
    assert optbench("methods", "z*") == Ran(2, "", "error: No method matches 'z*'; `optbench methods` lists them.\n")


def test_check_reads_the_problems_of_a_folder_and_takes_no_folders_name_for_an_expression(
    optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    Path("models/b.yaml").write_text('minimize: "x^2"')
    Path("models/a.json").write_text('{"minimize": "sinn(x)"}')
    ran = optbench("check", "models")
    assert (ran.code, ran.out) == (3, "models/b.yaml: valid; minimize x^2 (1 unknown)\n")
    assert "error: models/a.json:1:" in ran.err
    Path("nothing").mkdir()
    assert optbench("check", "nothing").code == 2


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


def test_problems_lists_every_bundled_problem(optbench: Any) -> None:
    listed = optbench("problems")
    heading, *lines = listed.out.splitlines()
    assert (listed.code, heading.split()) == (0, ["name", "unknowns", "constraints", "optimum", "tags", "source"])
    assert [line.split()[0] for line in lines] == problem_names()
    facts = json.loads(optbench("problems", "--json").out)
    assert [row["name"] for row in facts] == problem_names()
    (rosenbrock,) = (row for row in facts if row["name"] == "rosenbrock")
    assert (rosenbrock["unknowns"], rosenbrock["constraints"], rosenbrock["optimum"], rosenbrock["at"]) == (2, 0, 0.0, {"x": [1.0, 1.0]})


def test_problems_are_chosen_by_name_and_tag(optbench: Any) -> None:
    chosen = [row["name"] for row in json.loads(optbench("problems", "r*", "--tag", "smooth", "--tag", "least-squares", "--json").out)]
    assert "rosenbrock" in chosen
    assert all(name.startswith("r") for name in chosen)
    assert optbench("problems", "list", "@rosenbrock").out.splitlines()[1].startswith("rosenbrock ")
    assert optbench("problems", "--tag", "nonsense") == Ran(0, "", "No bundled problem has these tags.\n")
    sentence = "error: There is no bundled problem 'rosenbrok'. Did you mean rosenbrock?\n  `optbench problems` lists them all.\n"
    for command in ((), ("list",), ("show",), ("export",)):
        assert optbench("problems", *command, "rosenbrok") == Ran(2, "", sentence)


def test_a_problem_is_shown_as_its_file_or_its_facts(optbench: Any) -> None:
    assert optbench("problems", "show", "misra1a").out == library_path("misra1a").read_text(encoding="utf-8")
    assert optbench("problems", "show", "@misra1a").out == optbench("problems", "export", "misra1a", "-").out
    assert json.loads(optbench("problems", "show", "misra1a", "--json").out) == json.loads(optbench("problems", "misra1a", "--json").out)[0]


def test_an_exported_problem_runs_from_where_it_is(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert optbench("problems", "export", "misra1a").out == "misra1a.yaml\ndata/misra1a.csv\n"
    assert optbench("problems", "export", "misra1a", "new/folder").code == 0
    assert optbench("problems", "export", "misra1a", "other/mine.yaml").out == "other/mine.yaml\nother/data/misra1a.csv\n"
    for copy in ("misra1a.yaml", "new/folder/misra1a.yaml", "other/mine.yaml"):
        assert optbench("check", copy).code == 0


def test_an_export_overwrites_nothing_unless_forced(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert optbench("problems", "export", "misra1a").code == 0
    assert optbench("problems", "export", "misra1a").code == 0  # the same again changes nothing
    Path("data/misra1a.csv").write_text("mine")
    Path("misra1a.yaml").unlink()
    assert optbench("problems", "export", "misra1a") == Ran(2, "", "error: 'data/misra1a.csv' is there already; --force overwrites it.\n")
    assert (Path("data/misra1a.csv").read_text(), Path("misra1a.yaml").exists()) == ("mine", False)
    assert optbench("problems", "export", "misra1a", "--force").code == 0
    assert optbench("check", "misra1a.yaml").code == 0
    Path("link.yaml").symlink_to("nowhere")
    assert optbench("problems", "export", "misra1a", "link.yaml").code == 2


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("a.json", "'a.json': a bundled problem is copied as YAML; give a name that ends in .yaml, or a folder."),
        ("file/p.yaml", "'file/p.yaml' can't be written: file exists."),
        ("/dev/null/p.yaml", "'/dev/null/p.yaml' can't be written: file exists."),
    ],
)
def test_an_export_that_can_not_be_written_is_a_sentence(
    optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    ran = optbench("problems", "export", "rosenbrock", target)
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {sentence}\n")


def test_info_says_what_there_is(optbench: Any) -> None:
    facts = json.loads(optbench("info", "--json").out)
    assert facts["libraries"]["numpy"]
    assert "pytest" not in facts["libraries"]
    assert (facts["methods"], facts["problems"]) == (len(names()), len(problem_names()))
    assert facts["defaults"]["time_limit"] == 30
    assert facts["usable_cores"] >= 1
    shown = optbench("info").out
    assert all(name in shown for name in facts["libraries"])
    assert f"{len(names())} methods" in shown


def test_info_names_a_library_that_is_missing(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    required = ["numpy>=2.0", "nowhere-to-be-found>=1; extra == 'solvers'", "pytest>=8; extra == 'test'"]
    monkeypatch.setattr(metadata, "requires", lambda name: required)
    assert list(json.loads(optbench("info", "--json").out)["libraries"].items())[1:] == [("nowhere-to-be-found", None)]
    assert "nowhere-to-be-found  missing\n" in optbench("info").out


# ---- completion -----------------------------------------------------------------------------------------------------------

OPTBENCH = [sys.executable, "-c", "import sys; sys.argv[0] = 'optbench'; from optbench.__main__ import main; sys.exit(main())"]


def completed(shell: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_OPTBENCH_COMPLETE": f"complete_{shell}", **variables}
    return subprocess.run(OPTBENCH, capture_output=True, text=True, env=environment, timeout=60, check=False)


def in_bash(*words: str) -> list[str]:
    """What Bash is offered for the last word; it cuts words at @ : and = before it asks."""
    done = completed("bash", COMP_WORDS="\n".join(("optbench", *words)), COMP_CWORD=str(len(words)))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("so",), ["solve"]),
        (("solve", "x", "--method", "new"), ["newton"]),
        (("solve", "x", "--method", "=", "newton"), ["newton"]),
        (("solve", "x", "--method", "a"), ["auto", "all", "adam"]),
        (("solve", "x", "--method", "newton", ":", "pat"), ["patience="]),
        (("solve", "x", "--method", "newton", ":", "shrink", "=", "0.5,pat"), ["0.5,patience="]),
        (("solve", "x", "--method", "nonsense", ":"), []),
        (("solve", "-x^2", "--form"), ["--format"]),
        (("solve", "'x^2 + 1'", "--format", "m"), ["markdown"]),
        (("solve", "x", "--export", "c"), ["csv="]),
        (("solve", "x", "--require", "c"), ["certified"]),
        (("solve", "@", "rosenbrock_n"), ["@rosenbrock_nonsmooth"]),
        (("solve", "@", "himm"), ["@himmelblau"]),
        (("check", "@rosenbrock", "@", "himm"), ["@himmelblau"]),
        (("solve", "somefile"), []),  # and the shell offers files
        (("problems", "show", "himm"), ["himmelblau"]),
        (("problems", "export", "himm"), ["himmelblau"]),
        (("problems", ""), ["list", "show", "export"]),
        (("methods", "bf"), ["bfgs"]),
        (("schema", ""), ["problem", "result"]),
    ],
)
def test_bash_is_offered_what_fits(words: tuple[str, ...], offered: list[str]) -> None:
    found = in_bash(*words)
    assert [word for word in found if word in offered] == offered
    assert len(found) == len(offered) or words[-1] == "a"


def test_bash_is_offered_every_bundled_problem() -> None:
    assert in_bash("solve", "@") == [f"@{name}" for name in problem_names()]


def test_zsh_and_fish_are_offered_whole_words() -> None:
    assert '"@himmelblau"' in completed("zsh", _TYPER_COMPLETE_ARGS="optbench solve @himm").stdout
    words = {"_TYPER_COMPLETE_ARGS": "optbench solve @himm", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert completed("fish", **words).stdout.split() == ["@himmelblau"]
    assert completed("fish", **{**words, "_TYPER_COMPLETE_FISH_ACTION": "is-args"}).returncode == 0
    words = {"_TYPER_COMPLETE_ARGS": "optbench solve somefile", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
    assert completed("fish", **words).returncode == 1  # so that fish offers files


@pytest.mark.skipif(shutil.which("bash") is None, reason="Bash is not installed")
def test_a_tab_in_bash_completes(tmp_path: Path) -> None:
    """The whole way: the script that Typer installs, in a Bash with a terminal."""
    program = tmp_path / "optbench"
    program.write_text(f"#!{sys.executable}\nimport sys; sys.path.insert(0, {str(ROOT)!r})\n{OPTBENCH[2]}\n")
    program.chmod(0o755)
    script = subprocess.run([*OPTBENCH, "--show-completion", "bash"], capture_output=True, text=True, timeout=60, check=True).stdout
    (tmp_path / "completion.sh").write_text(script)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"PATH": f"{tmp_path}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "", "HOME": str(tmp_path)})
        os.execvp("bash", ["bash", "--norc", "--noprofile"])
    os.write(terminal, f"source {tmp_path}/completion.sh\n".encode())
    for typed, whole in (("solve @himm", "solve @himmelblau"), ("solve x --method newton:pat", "solve x --method newton:patience=")):
        os.write(terminal, f"optbench {typed}\t\x01echo = \n".encode())  # to the line's beginning, to have it printed
        assert f"\n= optbench {whole}" in read_until(terminal, f"\n= optbench {whole}").replace("\r", "")
    os.write(terminal, b"\nexit\n")
    read_until(terminal, "\0")
    os.waitpid(pid, 0)
    os.close(terminal)


def read_until(terminal: int, words: str) -> str:
    """What a terminal shows until `words` appear, at most for 30 seconds, or to its end."""
    shown, end = "", time.monotonic() + 30
    while words not in shown.replace("\r", "") and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 65536).decode()
            except OSError:
                break
    return shown


# ---- mistyped commands ----------------------------------------------------------------------------------------------------


def test_a_command_that_does_not_exist_offers_the_nearest(optbench: Any) -> None:
    ran = optbench("sove", "x")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: No such command 'sove'. Did you mean 'solve'? `optbench --help` shows what is accepted.\n"


# ---- the table ------------------------------------------------------------------------------------------------------------

TABLES = {
    "one_variable": ("(x-1)^2 + 3", "--range", "-5", "5", "--no-exact", "--no-certify", "--method", "newton", "--method", "bfgs"),
    "two_variables": ("(x-1)^2 + (y+2)^2", "--start", "x=0", "--start", "y=0", "--no-exact", "--no-certify", "--method", "newton"),
    "five_variables": ("a^2 + b^2 + c^2 + d^2 + f^2", "--range", "-1", "1", "--no-exact", "--no-certify", "--method", "newton"),
    "array": ("sum((v-1)^2)", "--var", "v[2,3]=-5..5", "--start", "v=0", "--no-exact", "--no-certify", "--method", "newton"),
    "constraints": ("x + y", "--subject-to", "x^2 + y^2 <= 1", "--param", "unused=pi/2", *QUICK),
    "long_names": (
        "(a_rather_long_name_for_a_variable - 1)^2 + (another_name_that_is_long - 2)^2",
        *("--start", "a_rather_long_name_for_a_variable=0", "--start", "another_name_that_is_long=0"),
        *("--no-exact", "--no-certify", "--method", "newton"),
    ),
    "nothing_found": ("log(-1-x^2)", "--no-exact", "--no-certify", "--method", "newton", "--method", "bfgs"),
    "maximum": ("1 - (x-1)^2", "--maximize", "--start", "x=0", "--no-exact", "--no-certify", "--method", "newton"),
    "integer": ("(n-1)^2", "--integer", "n", "--range", "0", "9", "--no-exact", "--no-certify", "--method", "newton"),
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
    written = on_terminal("solve", "(x-1)^2", "--range", "0", "9", "--no-exact", "--no-certify", "--method", "newton", "--method", "bfgs")
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
