"""Every format of a result: golden files of hand-made results, and what other programs read in them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from latex_syntax import check_latex
from markdown_it import MarkdownIt

from optbench import report
from optbench.errors import printable
from optbench.report import csv as csv_format
from optbench.report import latex, markdown, trace_lines
from optbench.report.html_fragment import TONES, fragment
from optbench.report.in_brief import brief
from optbench.result import (
    Assurance,
    Attempt,
    AttemptStatus,
    ClosedForm,
    Optimality,
    ProblemSummary,
    Result,
    Solution,
    Status,
    VariableSummary,
)

GOLDEN = Path(__file__).parent / "golden" / "formats"
ENDINGS = {"table": "txt", "markdown": "md", "latex": "tex"}  # of golden files, where it is not the format's name

HOSTILE = "=cmd|'/c calc'!A1 <script>alert(1)</script> `a` **b** [x](y) | $z$ \\end{x} 100% & a_b^c {} ~ #1 \x1b[31m\u202e \n---\n é"


def problem(**changes: Any) -> ProblemSummary:
    x = VariableSummary("[0, 10]", "(0, 10]", None, False, None)
    return ProblemSummary(
        **{
            "name": None,
            "hash": "sha256:0",
            "sense": "minimize",
            "objective": "x*log(x) - sqrt(x)",
            "variables": {"x": x},
            "parameters": {},
            "constraints": [],
            **changes,
        }
    )


def numerical(method: str, status: AttemptStatus, reason: str, **more: Any) -> Attempt:
    return Attempt(method, "numerical", status, reason, seed=7, version="optbench 1", setup_seconds=0.004, solve_seconds=0.001, **more)


def exact() -> Result:
    """The headline: a closed form, one method that found it, one that did not, one that was not applicable."""
    x = 0.6758406309447073
    form = ClosedForm("found", "lambertw")
    attempts = [
        Attempt("lambert", "exact", AttemptStatus.CONVERGED, None, -1.0868882653329577, {"x": x}, 0.0, 0.0, 0.0, solve_seconds=0.0421),
        numerical(
            "newton",
            AttemptStatus.CONVERGED,
            "the projected gradient is below the tolerance",
            value=-1.0868882653329577,
            point={"x": 0.6758406309405932},
            error_value=0.0,
            error_point=4.11404244005098e-12,
            infeasibility=0.0,
            iterations=3,
            objective_evaluations=4,
            gradient_evaluations=4,
            hessian_evaluations=3,
            options={"patience": 20, "start": {"x": 0.63}},
        ),
        numerical(
            "adam",
            AttemptStatus.LIMIT,
            "reached its limit of 10,000 iterations",
            value=-1.0868,
            point={"x": 0.6757},
            error_value=8.8e-05,
            error_point=0.00014,
            infeasibility=0.0,
            iterations=10000,
            objective_evaluations=10001,
            gradient_evaluations=10000,
            chosen_because="it has one variable: a bracket closes around a minimum without derivatives",
        ),
        numerical("scipy-slsqp", AttemptStatus.NOT_APPLICABLE, "needs scipy, which can't be imported here"),
    ]
    return Result(
        problem(),
        Status.OPTIMAL,
        Assurance.EXACT,
        "The minimum is -1.08688827 at x = 0.675840631: exact, and proved global.",
        -1.0868882653329577,
        "-(2*lambertw(exp(1/2)/4) + 1)/(16*lambertw(exp(1/2)/4)^2)",
        ["-1.086888265332957691537594", "-1.086888265332957691537593"],
        [Solution({"x": x}, {"x": "exp(2*lambertw(exp(1/2)/4) - 1)"}, unique=True, closed_form=form)],
        True,
        form,
        attempts=attempts,
        seed=0,
        options={"require": "local"},
        environment={"optbench": "1"},
    )


def constrained() -> Result:
    """Arrays, constraints, parameters, whole numbers, units; a point that violates a constraint; a multiplier."""
    point = {"v": [[1.0, 2.0, 3.0], [4.0, 5.0, 1e-09]], "n": 2.0}
    asked = problem(
        name="mixed",
        sense="maximize",
        objective="sum(v)/3 - a*n^2 + b_1",
        variables={
            "v": VariableSummary("[-5.12, 5.12]", None, [2, 3], False, "m"),
            "n": VariableSummary("[0, 2*pi)", None, None, True, None),
        },
        parameters={"a": "1/2", "b_1": "positive"},
        constraints=[{"name": "c1", "text": "sum(v^2) <= 9"}, {"name": "near", "text": "0 <= n <= 2"}],
    )
    met = Optimality(1e-09, 0.0, "positive", 2e-12)
    attempts = [
        numerical("casadi-ipopt", AttemptStatus.CONVERGED, "it says so", value=2.5, point=point, infeasibility=1.5e-09, iterations=12),
        numerical("penalty", AttemptStatus.STALLED, "no step decreases it", value=2.75, point=point, infeasibility=0.25, iterations=1234),
    ]
    return Result(
        asked,
        Status.LOCALLY_OPTIMAL,
        Assurance.LOCAL,
        "The best maximum found is 2.5: local; nothing is proved of other points.",
        2.5,
        solutions=[Solution(point, kind="boundary", multipliers={"c1": 0.125, "near": [0.0, 1.0]}, optimality=met)],
        attempts=attempts,
        warnings=["n occurs in one constraint only."],
    )


def hostile() -> Result:
    """Text of a user's that every format could take for its own."""
    asked = problem(name=HOSTILE, objective="x_1*x_2 - 1", variables={"x_1": VariableSummary("(-inf, inf)", None, None, False, HOSTILE)})
    attempts = [numerical("bfgs", AttemptStatus.CRASHED, HOSTILE)]
    return Result(asked, Status.UNKNOWN, Assurance.NONE, f"Nothing was found: {HOSTILE}", attempts=attempts, warnings=[HOSTILE])


def invalid() -> Result:
    sentence = "The expression ends where an operand is needed, and this '(' is never closed."
    return Result(None, Status.INVALID, Assurance.NONE, sentence, error=f"{sentence}\n  x*log(\n       ^")


def not_attained() -> Result:
    """No attempts, a limit at infinity, a family of solutions."""
    solution = Solution(None, {"x": "inf"}, kind="limit")
    family = Solution({"x": 0.0}, {"x": "2*pi*k"}, family={"k": "integer"})
    return Result(
        problem(objective="exp(-x)", variables={"x": VariableSummary("[0, inf)", "[0, inf)", None, False, None)}),
        Status.NOT_ATTAINED,
        Assurance.EXACT,
        "The infimum 0 is approached as x grows, and attained nowhere.",
        0.0,
        "0",
        ["0", "0"],
        [solution, family],
    )


RESULTS = {make.__name__: make() for make in (exact, constrained, hostile, invalid, not_attained)}
FORMATS = report.formats()


# ---- all formats -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", RESULTS)
@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_as_it_was(name: str, case: str) -> None:
    expected = (GOLDEN / f"{case}.{ENDINGS.get(name, name)}").read_bytes().decode()
    assert report.render(name, RESULTS[case]) == expected


@pytest.mark.parametrize("case", RESULTS)
def test_python_shows_a_result_as_it_did(case: str) -> None:
    assert repr(RESULTS[case]) == brief(RESULTS[case]) == (GOLDEN / f"{case}.repr").read_text(encoding="utf-8").removesuffix("\n")
    assert RESULTS[case]._repr_html_() == fragment(RESULTS[case]) == (GOLDEN / f"{case}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_passes_a_control_character_on(name: str) -> None:
    text = report.render(name, RESULTS["hostile"]).replace("\r\n", "\n")
    assert text.endswith("\n")
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("name", FORMATS)
def test_several_results_make_one_text_each_as_it_comes(name: str) -> None:
    taken: list[str] = []

    def results() -> Iterator[Result]:
        for case in ("exact", "invalid", "exact"):
            taken.append(case)
            yield RESULTS[case]

    pieces = report.render_all(name, results())
    first = next(pieces)
    assert taken == ["exact"]
    if name != "csv":
        assert first == report.render(name, RESULTS["exact"])
    assert len([*pieces]) == 2
    assert [*report.render_all(name, [])] == []


def test_the_formats_are_those_of_the_design() -> None:
    assert set(FORMATS) >= {"table", "json", "jsonl", "csv", "markdown", "latex"}


# ---- JSON --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", RESULTS)
@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_is_one_line_with_the_whole_result(name: str, case: str) -> None:
    text = report.render(name, RESULTS[case])
    assert text.count("\n") == 1
    assert json.loads(text) == RESULTS[case].to_dict()


def test_a_trace_is_a_line_an_iterate() -> None:
    records = [{"start": 0, "iteration": i, "value": v, "point": {"x": v}} for i, v in enumerate((1.0, 0.5))]
    traced = numerical("newton", AttemptStatus.CONVERGED, "", trace=records)
    untraced = numerical("bfgs", AttemptStatus.CONVERGED, "")
    lines = trace_lines.render(Result(problem(), Status.UNKNOWN, Assurance.NONE, "", attempts=[untraced, traced])).splitlines()
    named = {"problem": "minimize x*log(x) - sqrt(x)", "method": "newton"}
    assert [json.loads(line) for line in lines] == [{**named, **record} for record in records]
    assert trace_lines.render(RESULTS["invalid"]) == ""


# ---- CSV ---------------------------------------------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_numbers_read_back_the_same() -> None:
    read = rows(report.render("csv", RESULTS["exact"]))
    for row, attempt in zip(read, RESULTS["exact"].attempts, strict=True):
        for name in ("value", "error_value", "error_point", "infeasibility", "iterations", "objective_evaluations", "solve_seconds"):
            value = getattr(attempt, name)
            assert row[name] == "" if value is None else float(row[name]) == value
        assert row["x"] == "" if attempt.point is None else float(row["x"]) == attempt.point["x"]
        assert json.loads(row["options"] or "{}") == attempt.options
        assert row["status"] == attempt.status.value


def test_csv_of_numbers_that_are_none_is_empty() -> None:
    attempt = numerical(
        "bfgs", AttemptStatus.DIVERGED, "it falls", value=float("-inf"), point={"x": float("nan")}, infeasibility=float("inf")
    )
    (row,) = rows(report.render("csv", Result(problem(), Status.UNKNOWN, Assurance.NONE, "", attempts=[attempt])))
    assert [row[name] for name in ("value", "x", "infeasibility")] == ["", "", ""]


def test_csv_follows_rfc_4180() -> None:
    for case in RESULTS:
        text = report.render("csv", RESULTS[case])
        assert "\n" not in text.replace("\r\n", "")
        assert text.endswith("\r\n")
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert len({len(row) for row in table}) == 1
        assert len(table[0]) == len(set(table[0]))


def test_csv_has_a_column_for_each_coordinate_of_an_array() -> None:
    (row, _) = rows(report.render("csv", RESULTS["constrained"]))
    assert [row[f"v[{i},{j}]"] for i in range(2) for j in range(3)] == ["1.0", "2.0", "3.0", "4.0", "5.0", "1e-09"]
    assert row["n"] == "2.0"


def test_csv_of_many_coordinates_has_the_point_as_json() -> None:
    for size, column in ((100, "v[99]"), (101, "point")):
        asked = problem(variables={"v": VariableSummary("[0, 1]", None, [size], False, None)})
        attempt = numerical("bfgs", AttemptStatus.CONVERGED, "", point={"v": [0.5] * size})
        (row,) = rows(report.render("csv", Result(asked, Status.UNKNOWN, Assurance.NONE, "", attempts=[attempt])))
        assert json.loads(row[column]) == (0.5 if size == 100 else {"v": [0.5] * size})


def test_csv_of_variables_that_are_called_like_columns() -> None:
    asked = problem(variables={name: VariableSummary("[0, 1]", None, None, False, None) for name in ("value", "seed", "problem", "x")})
    attempt = numerical("bfgs", AttemptStatus.CONVERGED, "", value=9.0, point={"value": 1.0, "seed": 2.0, "problem": 3.0, "x": 4.0})
    (row,) = rows(report.render("csv", Result(asked, Status.UNKNOWN, Assurance.NONE, "", attempts=[attempt])))
    found = [row[name] for name in ("value", "point.value", "point.seed", "point.problem", "x", "seed")]
    assert found == ["9.0", "1.0", "2.0", "3.0", "4.0", "7"]


def test_csv_of_several_results_has_one_header_and_points_as_json() -> None:
    results = [RESULTS["exact"], RESULTS["invalid"], RESULTS["constrained"], RESULTS["not_attained"]]
    read = rows("".join(report.render_all("csv", results)))
    assert [row["status"] for row in read] == [
        *(a.status.value for a in RESULTS["exact"].attempts),
        "invalid",
        "converged",
        "stalled",
        "not_attained",
    ]
    assert json.loads(read[0]["point"]) == {"x": 0.6758406309447073}
    assert read[4]["reason"].endswith("this '(' is never closed. x*log(")
    assert read[-1]["value"] == "0.0"


@given(st.text())
@example("=1+1")
@example("-x^2")
@example("\t=1")
@example("＝1")
def test_no_text_in_csv_becomes_a_formula(text: str) -> None:
    asked = problem(name=text)
    attempt = numerical("bfgs", AttemptStatus.CRASHED, text)
    content = report.render("csv", Result(asked, Status.UNKNOWN, Assurance.NONE, "", attempts=[attempt]))
    (row,) = rows(content)
    for cell in (row["problem"], row["reason"]):
        assert not cell.startswith((*csv_format._BEGINS_FORMULA, "\t", "\r", "\n"))
    assert row["reason"].removeprefix("'" if text.startswith(csv_format._BEGINS_FORMULA) else "") == printable(text)


# ---- Markdown ----------------------------------------------------------------------------------------------------------

GFM = MarkdownIt("commonmark").enable("table")


class Words(HTMLParser):
    """The text of an HTML document, and its tags."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.text, self.tags, self.attributes = "", [], []  # type: ignore[var-annotated]
        self.feed(document)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("case", RESULTS)
def test_markdown_is_read_as_a_heading_lists_and_a_table_without_html(case: str) -> None:
    result = RESULTS[case]
    read = Words(GFM.render(report.render("markdown", result)))
    assert set(read.tags) <= {"h2", "p", "strong", "ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td"}
    assert read.tags.count("tr") == (len(result.attempts) + 1 if result.attempts else 0)
    assert " ".join(printable(result.sentence).split()) in " ".join(read.text.split())


def test_markdown_shows_text_of_users_letter_by_letter() -> None:
    read = Words(GFM.render(report.render("markdown", RESULTS["hostile"])))
    assert read.text.count(printable(HOSTILE)) == 5  # the name, a unit, the sentence, a reason, a warning
    assert read.tags.count("strong") == 1
    assert "script" not in read.tags


@given(st.text())
@example("a|b \\| `c` <b>d</b> &amp; http://x.y www.x.y *e* _f_ ~~g~~ [h](i) ![j](k) <http://l> $m$ #n @o")
def test_markdown_escapes_are_undone_by_its_readers(text: str) -> None:
    cell = " ".join(printable(text).split())
    table = markdown.table(["method", "status"], [[cell, "x"]])
    read = Words(GFM.render(table))
    assert read.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert [line.strip() for line in read.text.split("\n") if line.strip()] == ["method", "status", *([cell] if cell else []), "x"]


@given(st.text(alphabet=st.characters(codec="utf-8")))
@example("`")
@example("a ``b`` c`")
def test_inline_code_in_markdown_holds_backticks(text: str) -> None:
    shown = printable(text)
    if shown.strip():
        read = Words(GFM.render(f"x {markdown.code(text)} y"))
        assert read.tags == ["p", "code"]
        assert "".join(read.text.split()) == "".join(f"x{shown}y".split())


# ---- LaTeX -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", RESULTS)
def test_latex_is_balanced_and_escaped(case: str) -> None:
    check_latex(report.render("latex", RESULTS[case]))


@given(st.text())
def test_latex_escapes_any_text(text: str) -> None:
    result = Result(problem(name=text), Status.UNKNOWN, Assurance.NONE, text, attempts=[numerical("bfgs", AttemptStatus.CRASHED, text)])
    check_latex(report.render("latex", result))


@pytest.mark.parametrize(
    ("objective", "parameters", "expected"),
    [
        ("x^2/2", {}, r"\frac{{x}^{2}}{2}"),
        ("sum((y - x)^2)", {}, r"\sum \left({\left(y - x\right)}^{2}\right)"),  # y: a column of the data
        ("sum(y[1:]*x)", {}, r"\text{\ttfamily sum(y[1:]*x)}"),  # its length is not known, so it can't be set
        ("sum(c*x)", {"c": "[1, 2]"}, r"\sum \left(c x\right)"),
        ("b*x", {"b": "positive"}, "b x"),
        ("x*(", {}, r"\text{\ttfamily x*(}"),
        ("x + " * 200 + "x", {}, r"\text{\ttfamily x + x"),
    ],
)
def test_latex_sets_what_can_be_read_as_maths(objective: str, parameters: dict[str, str], expected: str) -> None:
    text = report.render("latex", Result(problem(objective=objective, parameters=parameters), Status.UNKNOWN, Assurance.NONE, ""))
    assert rf"\min_{{x}} \quad & {expected}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("case", RESULTS)
def test_latex_compiles(case: str, tmp_path: Path) -> None:
    text = report.render("latex", RESULTS[case])
    head = "\\documentclass{article}\n\\usepackage[utf8]{inputenc}\n\\usepackage{amsmath,booktabs}\n\\begin{document}\n"
    source = f"{head}{text}\\end{{document}}\n"
    (tmp_path / "t.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_numbers_in_latex_have_powers_of_ten() -> None:
    assert latex._number("1e-09") == r"1 \cdot 10^{-9}"
    assert latex._point("x12 = -1.5e+20, v = [inf, ...]") == r"x_{12} = -1.5 \cdot 10^{20}, v = [\infty, \ldots]"


# ---- HTML --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", RESULTS)
def test_the_fragment_for_notebooks_stands_alone(case: str) -> None:
    read = Words(fragment(RESULTS[case]))
    allowed = {"div", "p", "br", "strong", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "span"}
    assert set(read.tags) <= allowed
    assert {name for name, _ in read.attributes} <= {"style", "aria-hidden"}
    assert not re.search(r"url\(|https?:|@import|<!--", fragment(RESULTS[case]).replace(printable(HOSTILE), ""))
    assert printable(RESULTS[case].sentence) in read.text


def test_the_fragment_escapes_text_of_users_from_html_and_mathjax() -> None:
    text = fragment(RESULTS["hostile"])
    assert "<script>" not in text
    assert not re.search(r"(?<!<span>)[$\\]", text)
    assert Words(text).text.count(printable(HOSTILE)) == 5


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
def test_status_colours_are_told_apart_from_light_and_dark_pages(tone: str, background: str) -> None:
    """WCAG 2.2, success criterion 1.4.11: 3:1 for graphical objects."""
    light, dark = sorted((luminance(TONES[tone]), luminance(background)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3
