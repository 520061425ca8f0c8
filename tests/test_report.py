"""`optbench report` without a browser: geometry against the curves it draws, texts against the statistics, and bad input."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from journals import attempt, lines, proof, run, written
from latex_syntax import check_latex
from markdown_it import MarkdownIt

from optbench.cli.report_pictures import pictures
from optbench.errors import ProblemError
from optbench.report.page import charts, convergence
from optbench.report.page import run as run_page
from optbench.report.page.charts import Axis, Series
from optbench.report.runs import csv as csv_format
from optbench.report.runs import latex
from optbench.statistics.profiles import Curve
from optbench.statistics.records import parsed
from optbench.statistics.summary import summary
from optbench.statistics.truth import Basis, Truth

HOSTILE = "</script><script>hacked = 1</script> <img src=x onerror='hacked = 1'> \" ' & | `a` $x$ {{ 7*7 }} \x1b[31m\u202e \\end{tabular}"
LONG = "é" * 10_000


def some(problems: int = 4) -> list[dict[str, Any]]:
    """Attempts of two methods, of which m1 is slower and wrong on the last problem; the first problem has a proof."""
    records = [proof("p0", 0.0)]
    for k in range(problems):
        last = k == problems - 1
        records.append(attempt(f"p{k}", "m0", 0.0, known_value=0.0, objective_evaluations=10 + k))
        records.append(attempt(f"p{k}", "m1", 1.0 if last else 0.0, known_value=0.0, objective_evaluations=30, solve_seconds=0.05))
    return records


class Seen(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


# ---- geometry ----------------------------------------------------------------------------------------------------------------

positive = st.floats(1e-300, 1e300)


@given(st.lists(positive, min_size=1), st.booleans())
def test_an_axis_holds_all_values_and_its_ticks_ascend(values: list[float], as_powers: bool) -> None:
    axis = charts.around(values, "x", as_powers=as_powers)
    assert all(0 <= axis.fraction(value) <= 1 for value in values)
    places = [tick.at for tick in axis.ticks()]
    assert places == sorted(places)
    assert 2 <= len(places) <= 9
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)


@given(st.lists(st.floats(1, 1e6) | st.just(float("inf")), min_size=1, max_size=60))
def test_the_line_of_a_distribution_is_its_curve(ratios: list[float]) -> None:
    curve, axis = Curve.of(ratios), Axis("ratio", 1.0, 1e4)
    path = charts.distribution(Series(0, list(curve.steps())), axis).path
    x, y, drawn = 0.0, 0.0, []
    for sign, numbers in re.findall(r"([MHV])([\d. ]+)", path):
        if sign == "M":
            x, y = map(float, numbers.split())
        elif sign == "H":
            drawn.append((x, float(numbers), y))
            assert float(numbers) >= x
            x = float(numbers)
        else:
            assert float(numbers) <= y
            y = float(numbers)
    assert x == charts.WIDTH - charts.RIGHT
    for left, right, height in drawn:
        if right - left > 2:  # inside of a level the share is that of the curve
            middle = axis.low * (axis.high / axis.low) ** (((left + right) / 2 - charts.LEFT) / (charts.WIDTH - charts.LEFT - charts.RIGHT))
            assert height == pytest.approx(charts.upwards(curve.at(middle)), abs=0.51)


def test_convergence_is_the_best_feasible_value_until_then() -> None:
    truth = Truth(Basis.EXACT, 2.0)
    values = [(4.0, 1, 0.1), (5.0, 2, 0.2), (3.0, 3, 0.3), (2.0, 4, 0.4)]
    found = convergence.way(7, values, (6, 0.6), 1, truth)
    assert found is not None
    assert found.steps == [(1, 0.1, 1.0), (3, 0.3, 0.5), (4, 0.4, 1e-16), (6, 0.6, 1e-16)]
    table = convergence.table([found], {7: "m"}, "until")
    assert table.rows == [["m", "4", "4", "4", "4", "4"]]
    maximum = convergence.way(7, [(1.0, 1, 0.1)], (1, 0.1), -1, truth)
    assert maximum is not None
    assert maximum.steps[0] == (1, 0.1, 0.5)
    assert convergence.way(7, values, (6, 0.6), 1, Truth(Basis.NONE)) is None


# ---- the page ----------------------------------------------------------------------------------------------------------------


def test_the_page_says_who_solved_what_and_what_failed() -> None:
    records = [*some(), attempt("p9", "m1", None, status="crashed", reason="out of memory", known_value=0.0)]
    page = Seen(run_page.render(run(*records)))
    assert "m0 solved most: 4 of 5 cases." in page.text
    assert "Quickest most often: m0, on 4 of 4 solved cases." in page.text
    assert "m1 claims a value that is not the optimum on 1 case: p3." in page.text
    assert "out of memory" in page.text
    assert page.text.index("out of memory") < page.text.rindex("Problem by problem")


def test_where_methods_are_quickest_is_told_by_size() -> None:
    records = []
    for n in (1, 5, 50):
        for name, seconds in (("slow", 0.5), ("quick", 0.1 if n < 50 else 0.9)):
            records.append(attempt(f"p{n}", name, 0.0, known_value=0.0, dimension=n, solve_seconds=seconds))
    words = Seen(run_page.render(run(*records))).text
    assert (
        "Quickest most often: quick, on 2 of 3 solved cases; in one unknown: quick, on 1 of 1 solved case; "
        "in 2 to 10 unknowns: quick, on 1 of 1 solved case; in more than 10 unknowns: slow, on 1 of 1 solved case." in words
    )


def test_the_policy_allows_the_script_of_the_page_and_nothing_from_elsewhere() -> None:
    page = run_page.render(run(*some()))
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page
    for tag, attributes in Seen(page).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form")
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_every_table_has_a_caption_and_every_picture_a_title_and_words() -> None:
    trace = [{"start": 0, "seconds": 0.1, "objective_evaluations": 3, "gradient_evaluations": 0, "value": 1.0, "point": {"x": 1.0}}]
    page = run_page.render(run(*some(), attempt("p0", "m2", 0.0, trace=trace)))
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) > 5
    assert all("<caption" in table and 'scope="col"' in table for table in tables if 'id="table"' not in table)
    for picture in re.findall(r"<svg[^>]*role=.*?</svg>", page, re.DOTALL):
        title, words = re.search(r'aria-labelledby="(\S+) (\S+)"', picture).groups()  # type: ignore[union-attr]
        assert f'<title id="{title}">' in picture
        assert f'<desc id="{words}">' in picture
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def hostile_run() -> list[dict[str, Any]]:
    """A run in which every text is hostile."""
    steps = [
        {"start": 0, "seconds": 0.1, "objective_evaluations": k, "gradient_evaluations": 0, "value": 1 / k, "point": {HOSTILE: 1.0}}
        for k in (1, 2)
    ]
    return [
        attempt(
            HOSTILE, HOSTILE, 0.5, reason=HOSTILE, status="stalled", trace=steps, file=HOSTILE, scan={HOSTILE: HOSTILE}, version=HOSTILE
        ),
        attempt(LONG, LONG, 1.0, reason=LONG, status="converged", known_value=0.0),
        attempt(HOSTILE + "2", "m", 1.0, kind=None, status="invalid", reason=HOSTILE),
    ]


def test_hostile_names_stay_text() -> None:
    page = run_page.render(run(*hostile_run(), name=HOSTILE), {}, HOSTILE)
    seen = Seen(page)
    assert "img" not in {tag for tag, _ in seen.tags}
    assert [attributes for tag, attributes in seen.tags if tag == "script"] == [{"type": "application/json", "id": "numbers"}, {}]
    assert "{{ 7*7 }}" in seen.text
    assert "\\x1b[31m" in seen.text
    assert "\x1b" not in page
    assert len(page) < 200_000
    check_latex(latex.render(summary(run(*hostile_run()))))


def test_the_numbers_read_back_as_the_records() -> None:
    page = run_page.render(run(*some()))
    data = json.loads(re.search(r'<script type="application/json" id="numbers">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    problems, methods, _, verdicts, values, errors, evaluations, *_ = data["attempts"]
    rows = [
        (data["problems"][p], data["methods"][m], data["verdicts"][v], value, error, count)
        for p, m, v, value, error, count in zip(problems, methods, verdicts, values, errors, evaluations, strict=True)
    ]
    assert ("p3", "m1", "wrong claim", 1.0, 1.0, 30) in rows
    assert ("p2", "m0", "right", 0.0, 0.0, 12) in rows
    assert len(rows) == 9
    assert data["costs"]["evaluations"] == [[1, [10, 11, 12, 13]], [2, [30, 30, 30, None]]]


@pytest.mark.parametrize(
    "records",
    [
        [],
        [attempt("p", "m", None, status="crashed", reason="no memory")],
        [attempt("p", "m", None, kind=None, status="invalid", reason="no such name")],
        [attempt("p", "m", 0.0)],
        [proof("p", None, value_enclosure=["-inf", "-inf"]), attempt("p", "m", -1e300, status="diverged")],
        [attempt("p", "m", 1.7e308, known_value=-1.7e308), attempt("q", "m", 5e-324, known_value=0.0)],
        [attempt(f"p{k % 2}", f"method {k}", 0.0, objective_evaluations=k) for k in range(200)],
        [attempt("p", "m", 0.0, version="optbench 0.1.0"), attempt("p", "n", 0.0, version="optbench 9.0.0")],
        [attempt("p", "m", 0.0, objective_evaluations=0, solve_seconds=0.0, dimension=0)],
        [proof("p", 1.0)],
    ],
    ids=["none", "failures", "unreadable", "one", "unbounded", "extreme", "200 methods", "versions", "no cost", "a proof only"],
)
def test_every_format_takes_every_run(records: list[dict[str, Any]], optbench: Any, tmp_path: Path) -> None:
    path = str(written(tmp_path / "run.jsonl", records))
    for format_ in ("html", "markdown", "csv", "latex", "json"):
        ran = optbench("report", path, "--format", format_)
        assert (ran.code, ran.err) == (0, ""), format_
        assert ran.out
        assert "NaN" not in ran.out
    assert "<html" in optbench("report", path).out


def test_records_of_several_versions_are_noted() -> None:
    words = Seen(run_page.render(run(attempt("p", "m", 0.0), attempt("p", "n", 0.0, version="optbench 9.0.0")))).text
    assert "The records were made by several versions (optbench 0.1.0, optbench 9.0.0): costs may differ for that reason." in words


def test_what_does_not_fit_is_told() -> None:
    words = Seen(run_page.render(run(*(attempt(f"p{k}", "m", 0.0, known_value=0.0) for k in range(run_page.SECTIONS + 20))))).text
    assert "Of 20 more problems the table above has the attempts" in words
    assert "No convergence is shown: only the first 120 problems have it." in words


# ---- pictures ----------------------------------------------------------------------------------------------------------------


def test_a_problem_that_is_still_there_has_its_picture(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problem = "minimize: '(x - 1)^2 + a*y^2'\nvariables: {x: [-2, 2], y: [-1, 1]}\nparameters: {a: 2}\n"
    (tmp_path / "two.yaml").write_text(f"name: first\nminimize: x^2\n---\nname: second\n{problem}")
    options = ["--method", "bfgs", "--no-certify", "--trace", "--progress", "none"]
    assert optbench("batch", "two.yaml", "@booth", *options, "--out", "files.jsonl").code == 0
    flags = ["--range", "-3", "4", "--var", "y=-1..1"]  # which the journal's header tells, as it has the command line
    batch = [sys.executable, "-m", "optbench", "batch", "-", *flags, *options, "--out", "texts.jsonl"]
    subprocess.run(batch, input="x^2 - sin(3*x)\nexp(x) - y\n", text=True, check=True)
    page = optbench("report", "files.jsonl", "texts.jsonl").out
    assert len(re.findall('class="ob-picture"', page)) == 5
    assert "second: minimize (x - 1)^2 + 2*y^2" in page
    assert len(re.findall('class="ob-path" data-method="bfgs"', page)) == 5
    (tmp_path / "two.yaml").write_text(problem)
    page = Seen(optbench("report", "files.jsonl").out).text
    assert "No picture: what is read in its place is no longer the problem that was solved." in page
    (tmp_path / "two.yaml").unlink()
    page = Seen(optbench("report", "files.jsonl").out).text
    assert "No picture: the problem can't be read again: There is no file 'two.yaml'." in page


def test_a_scanned_problem_has_its_picture_at_each_point(optbench: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("minimize: 'x^2 + a*x'\nvariables: {x: [-5, 5]}\nparameters: {a: 1}\n")
    journal = str(tmp_path / "run.jsonl")
    assert (
        optbench("batch", str(path), "--scan", "a=1,2.5", "--method", "bfgs", "--no-certify", "--progress", "none", "--out", journal).code
        == 0
    )
    assert len(re.findall('class="ob-picture"', optbench("report", journal).out)) == 2


# ---- other formats -----------------------------------------------------------------------------------------------------------


def test_csv_has_every_attempt_and_its_worth() -> None:
    records = some()
    rows = list(csv.DictReader(io.StringIO(csv_format.render(run(*records)))))
    assert len(rows) == len(records)
    found = summary(run(*records))
    for method in found.methods:
        mine = [row for row in rows if row["method"] == method.method]
        assert (len(mine), sum(row["solved"] == "true" for row in mine)) == (method.attempts, method.solved)
        assert sum(row["wrong"] == "true" for row in mine) == method.wrong
    assert float(rows[-1]["relative_error"]) == 1.0
    hostile = list(csv.DictReader(io.StringIO(csv_format.render(run(attempt("=HYPERLINK(1)", "m", 0.0))))))
    assert hostile[0]["problem"] == "'=HYPERLINK(1)"


def test_latex_and_markdown_have_the_same_table() -> None:
    found = summary(run(*some()))
    text = latex.render(found)
    check_latex(text)
    assert r"m1 & 3/4 & 4 & 1" in text
    from optbench.report.runs import latex as as_latex
    from optbench.report.runs import markdown

    shown = MarkdownIt("gfm-like", {"linkify": False}).render(markdown.render(found))
    assert len(re.findall("<tr>", shown)) == 4
    assert as_latex.render(found).count(r"\\") == 4


def test_figures_for_a_paper(optbench: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra [plots] is not installed")
    path, folder = str(written(tmp_path / "run.jsonl", [*some(), attempt("p1", "a_b$c$", 0.0)])), tmp_path / "new" / "figures"
    ran = optbench("report", path, "--figures", str(folder), "--format", "json")
    assert ran.code == 0
    assert ran.err == f"14 files written to {folder}\n"
    names = {file.name for file in folder.iterdir()}
    assert {"performance-time.svg", "performance-evaluations.png", "data-1e-05.svg", "ecdf.png"} <= names
    assert (folder / "ecdf.png").read_bytes().startswith(b"\x89PNG")
    assert ">a_b$c$</text>" in (folder / "performance-time.svg").read_text()
    first = (folder / "ecdf.svg").read_bytes()
    optbench("report", path, "--figures", str(folder), "--format", "json")
    assert (folder / "ecdf.svg").read_bytes() == first


def test_without_matplotlib_figures_are_a_sentence(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optbench.report.runs.paper_figures.is_possible", lambda: False)
    ran = optbench("report", str(written(tmp_path / "run.jsonl", some())), "--figures", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "--figures can't draw: matplotlib is not installed" in ran.err
    assert "pip install 'optbench[plots]'" in ran.err


# ---- the command line ----------------------------------------------------------------------------------------------------------


def test_the_page_is_written_to_its_file(optbench: Any, tmp_path: Path) -> None:
    path, page = str(written(tmp_path / "run.jsonl", some())), tmp_path / "report.html"
    ran = optbench("report", path, "-o", str(page), "--title", "Whose <method> is best?")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert "<title>Whose &lt;method&gt; is best?</title>" in page.read_text()


def test_some_problems_alone(optbench: Any, tmp_path: Path) -> None:
    path = str(written(tmp_path / "run.jsonl", some()))
    assert optbench("report", path, "--problem", "p[13]", "--format", "json").json["problems"] == 2
    assert optbench("report", path, "--problem", "p0", "--problem", "p3", "--format", "json").json["attempts"] == 5
    ran = optbench("report", path, "--problem", "nothing")
    assert (ran.code, ran.err) == (2, "error: --problem: no problem of the run is named 'nothing'.\n")


@pytest.mark.parametrize(
    ("content", "options", "code", "words"),
    [
        (None, [], 2, "There is no file"),
        ("", [], 3, "is no journal of `optbench batch`"),
        ("nothing\n", [], 3, "is no journal of `optbench batch`"),
        ('{"schema": "optbench/attempt/2"}\n', [], 3, "another version of optbench (optbench/attempt/2)"),
        (lines(some()), ["-o", "JOURNAL"], 2, "is a journal that the report is made of"),
        (lines(some()), ["-o", "nowhere/report.html"], 2, "'nowhere/report.html' can't be written: no such file or directory."),
        (lines(some()), ["-o", "."], 2, "'.' can't be written: is a directory."),
        (lines(some()), ["-o", "a\0b"], 2, "can't be written: it is no name of a file."),
        (lines(some()), ["--format", "pdf"], 2, "'pdf' is none of html, markdown, csv, latex, json"),
        (lines(some()), ["--figures", "JOURNAL", "--format", "json"], 2, "--figures can't write to"),
    ],
)
def test_a_wrong_call_is_a_sentence(
    optbench: Any, tmp_path: Path, content: Any, options: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "--figures" in options:
        pytest.importorskip("matplotlib", reason="the extra [plots] is not installed")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.jsonl"
    if content is not None:
        path.write_text("".join(content))
    ran = optbench("report", str(path), *(str(path) if option == "JOURNAL" else option for option in options))
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err
    if content is not None:
        assert path.read_text() == "".join(content)


def test_nan_and_half_a_line_are_left_out_with_a_warning(optbench: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    faulty = json.dumps(attempt("q", "m", 0.0)).replace('"value": 0.0', '"value": NaN')
    path.write_text("".join(lines([*some()])) + faulty + "\n" + '{"schema": "optbench/att')
    ran = optbench("report", str(path))
    assert ran.code == 0
    assert "1 line is no JSON and is left out" in ran.err
    assert "half written" in Seen(ran.out).text


things = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(attempt("x^2", "m"))), things)
@example("file", "a\0b.yaml")
@example("file", "-")
@example("file", "@nothing")
@example("scan", {"n": "1e999999999"})
@example("scan", {"n": "1/0"})
@example("constraint_count", "many")
def test_a_record_with_any_value_in_a_field_is_shown_or_refused_in_a_sentence(name: str, value: Any) -> None:
    steps = [{"start": 0, "seconds": 0.1, "objective_evaluations": 1, "gradient_evaluations": 0, "value": 1.0, "point": {"x": 1.0}}]
    records = [attempt("x^2", "m", 0.0, dimension=1, trace=steps), {**attempt("x^2", "n", 0.0, dimension=1, trace=steps), name: value}]
    try:
        found = parsed(lines(records), "run.jsonl", whole=True)
    except ProblemError:
        return
    assert run_page.render(found, pictures(found))


@given(st.sampled_from(["run", "command", "options", "environment", "plan"]), things)
@example("command", ["optbench", "batch", "--range", "1"])
@example("command", ["optbench", "batch", "--help", "--nothing"])
def test_a_header_with_any_value_in_a_field_is_borne(name: str, value: Any) -> None:
    found = parsed(lines([attempt("x^2", "m", 0.0, dimension=1)], **{name: value}), "run.jsonl", whole=True)
    assert run_page.render(found, pictures(found))


# ---- one problem ----------------------------------------------------------------------------------------------------------------


def test_solve_writes_the_page_of_a_problem(optbench: Any, tmp_path: Path) -> None:
    page, plain = tmp_path / "one.html", ["solve", "x^4 - 3x^2 + x", "--range", "-3", "3", "--method", "bfgs", "--json"]
    ran = optbench(*plain, "--report", str(page))
    assert (ran.code, ran.err) == (0, "")
    assert ran.json.keys() == optbench(*plain).json.keys()
    assert ran.json["attempts"][-1]["trace"] is None
    seen = Seen(page.read_text())
    assert ran.json["sentence"] in seen.text
    assert "x = rootof(4*t^3 - 6*t + 1, 0)" in seen.text or "x = " in seen.text
    assert "local maximum" in seen.text
    assert "Error against evaluations" in seen.text
    assert 'data-method="bfgs"' in page.read_text()


def test_a_problem_without_a_picture_says_why(optbench: Any, tmp_path: Path) -> None:
    page = tmp_path / "three.html"
    assert optbench("solve", "x^2 + y^2 + z^2", "--method", "bfgs", "--quiet", "--report", str(page)).code == 0
    assert "No picture: a picture shows one or two unknowns, and there are 3." in Seen(page.read_text()).text
    assert optbench("solve", "a*x^2", "--param", "a=positive", "--quiet", "--report", str(page)).code == 0
    assert "No picture: a has no value" in Seen(page.read_text()).text
    assert optbench("solve", "log(x)", "--range", "-2", "-1", "--quiet", "--report", str(page)).code == 6
    assert "No picture: There is nothing to draw" in Seen(page.read_text()).text


@pytest.mark.parametrize(("what", "words"), [(["-"], "not standard input"), (["a*x^2", "--scan", "a=1,2"], "a scan has several")])
def test_a_page_is_of_one_problem(optbench: Any, tmp_path: Path, what: list[str], words: str) -> None:
    ran = optbench("solve", *what, "--report", str(tmp_path / "page.html"), stdin="x^2\n")
    assert ran.code == 2
    assert "--report takes one problem" in ran.err
    assert words in ran.err


def test_a_page_that_cannot_be_written_leaves_the_answer(optbench: Any, tmp_path: Path) -> None:
    ran = optbench("solve", "x^2", "--method", "bfgs", "--report", str(tmp_path / "nowhere" / "page.html"))
    assert ran.code == 2
    assert "The minimum is 0 at x = 0" in ran.out
    assert "can't be written: no such file or directory" in ran.err
