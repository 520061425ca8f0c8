"""`optbench compare`: from journals to sentences, tables, JSON and exit codes; with real batches, and with hostile ones."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from journals import attempt, lines, proof, run, written
from markdown_it import MarkdownIt

from optbench.report.runs import json as as_json
from optbench.report.runs import markdown, text
from optbench.report.runs.profile_plot import plot
from optbench.statistics.change import compare
from optbench.statistics.profiles import performance_profile
from optbench.statistics.summary import summary
from optbench.workbench import stages

HOSTILE = "<script>alert(1)</script> | `a` **b** [x](y) \x1b[31m\u202e\n---\n" + "é" * 10_000


def journal(path: Path, factor: float = 1.0, **changes: Any) -> str:
    """A journal of two methods on ten problems; the times of m1 multiplied by a factor, and its answer on p0 changed."""
    records = [proof("p0", 0.0)]
    for k in range(10):
        records += [attempt(f"p{k}", "m0", 0.0, solve_seconds=0.01 + k / 1000)]
        records += [attempt(f"p{k}", "m1", **{"value": 0.0, "solve_seconds": factor * (0.02 + k / 1000), **(changes if k == 0 else {})})]
    return str(written(path, records))


# ---- the command -------------------------------------------------------------------------------------------------------------


def test_two_runs_that_are_alike_end_with_0(optbench: Any, tmp_path: Path) -> None:
    ran = optbench("compare", journal(tmp_path / "base.jsonl"), journal(tmp_path / "new.jsonl", 1.05))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].endswith("10 problems and 3 methods in both; no regression.")
    assert "No answer changed." in ran.out
    assert "No method got slower or dearer beyond the noise, which is judged from a factor of 1.2 on." in ran.out


def test_a_slower_method_and_a_lost_answer_end_with_11(optbench: Any, tmp_path: Path) -> None:
    base, new = journal(tmp_path / "base.jsonl"), journal(tmp_path / "new.jsonl", 1.8, value=3.2, status="stalled", reason="no descent")
    ran = optbench("compare", base, new)
    assert ran.code == 11
    first, lost, slower, *_ = ran.out.splitlines()
    assert first.endswith("2 regressions.")
    assert lost == "m1 lost its answer on 1 problem: p0 (0 before, now 3.2, stalled: no descent; the optimum is 0 (exact))."
    assert slower == "m1 got 1.8 x slower on 9 of 9 problems (p = 0.002)."


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 11),
        (["--fail-on", "time"], 11),
        (["--fail-on", "answers, evaluations"], 0),
        (["--fail-on", "none"], 0),
        (["--threshold", "2.5"], 0),
        (["--threshold", "1.5"], 11),
    ],
)
def test_what_a_regression_is_can_be_chosen(optbench: Any, tmp_path: Path, options: list[str], code: int) -> None:
    ran = optbench("compare", journal(tmp_path / "base.jsonl"), journal(tmp_path / "new.jsonl", 2.0), *options)
    assert (ran.code, ran.err) == (code, "")


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--fail-on", "tiem"], 2, "--fail-on takes answers, time, evaluations, with commas between them, or none; not 'tiem'"),
        (["--threshold", "1"], 2, "--threshold takes a ratio above 1"),
        (["--threshold", "nan"], 2, "--threshold takes a ratio above 1"),
        (["--format", "latex"], 2, "'latex' is none of table, markdown, json"),
        (["nowhere.jsonl"], 2, "There is no file 'nowhere.jsonl'"),
    ],
)
def test_a_wrong_call_is_a_sentence(optbench: Any, tmp_path: Path, options: list[str], code: int, words: str) -> None:
    ran = optbench("compare", journal(tmp_path / "run.jsonl"), *options)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.err


def test_journals_that_share_nothing_are_a_mistake_of_content(optbench: Any, tmp_path: Path) -> None:
    ran = optbench("compare", journal(tmp_path / "a.jsonl"), str(written(tmp_path / "b.jsonl", [attempt("q", "m0")])))
    assert (ran.code, ran.out) == (3, "")
    assert "share no problem" in ran.err


def test_one_run_is_summed_up(optbench: Any, tmp_path: Path) -> None:
    ran = optbench("compare", journal(tmp_path / "run.jsonl", value=0.5))
    assert (ran.code, ran.err) == (0, "")
    assert "The optimum is exact for 1 and best known for 9.\nm0 solved all 10 cases." in ran.out
    assert "m1 claims a value that is not the optimum on 1 case: p0." in ran.out
    assert "* m0   + m1" in ran.out


def test_a_half_written_line_is_a_warning(optbench: Any, tmp_path: Path) -> None:
    path = Path(journal(tmp_path / "run.jsonl"))
    path.write_text(path.read_text()[:-100])
    ran = optbench("compare", str(path))
    assert ran.code == 0
    assert ran.err.startswith("warning: ")
    assert "half written" in ran.err


def test_for_programs_it_is_one_line_of_json(optbench: Any, tmp_path: Path) -> None:
    base, new = journal(tmp_path / "base.jsonl"), journal(tmp_path / "new.jsonl", 1.8, value=None, status="crashed")
    found = optbench("compare", base, new, "--json").json
    assert (found["schema"], found["regressions"], found["problems"]) == ("optbench/comparison/1", 2, 10)
    assert [(f["kind"], f["method"], f["regression"]) for f in found["findings"]] == [("answers lost", "m1", True), ("slower", "m1", True)]
    assert found["answers"][0]["new"] == {"value": None, "status": "crashed", "assurance": "local", "solved": 0.0}
    assert found["methods"][2]["time"]["trend"] == "grown"
    assert found["methods"][2]["solved"] == {"base": 10, "new": 9}
    one = optbench("compare", base, "--format", "json").json
    assert (one["schema"], one["methods"][1]["solved"], one["truths"]) == ("optbench/summary/1", 10, {"exact": 1, "best known": 9})
    assert one["profiles"]["time"]["m0"] == [[1.0, 1.0]]
    assert one["profiles"]["expected_evaluations"]["m0"]["p3"] == 10.0


PROBLEMS = "\n".join(f"(x - {k})^2 + exp(x/{k})" for k in range(1, 11))


def test_a_method_that_is_made_slower_is_found_in_real_batches(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(name: str) -> str:
        path = str(tmp_path / name)
        options = ["--method", "bfgs", "--method", "newton", "--no-exact", "--no-certify", "--repeat", "3", "--jobs", "1", "--out", path]
        assert optbench("batch", "-", *options, stdin=PROBLEMS).code == 0
        return path

    base, usual = made("base.jsonl"), stages.method

    def slower(function: Any, entrant: Any, *rest: Any) -> Any:
        if entrant.label == "bfgs":
            time.sleep(0.05)
        return usual(function, entrant, *rest)

    monkeypatch.setattr(stages, "method", slower)
    new = made("new.jsonl")
    ran = optbench("compare", base, new, "--threshold", "2", "--json")
    assert ran.code == 11
    assert ("slower", "bfgs") in [(f["kind"], f["method"]) for f in ran.json["findings"]]
    assert ran.json["answers"] == []
    assert optbench("compare", base, new, "--fail-on", "answers,evaluations").code == 0
    summed = optbench("compare", base, "--json").json
    assert [(m["method"], m["solved"], m["wrong"]) for m in summed["methods"]] == [("bfgs", 10, 0), ("newton", 10, 0)]


# ---- renderings --------------------------------------------------------------------------------------------------------------


def test_texts_of_the_journal_are_shown_as_texts() -> None:
    base = run(attempt(HOSTILE, HOSTILE, 0.0), name=HOSTILE)
    new = run(attempt(HOSTILE, HOSTILE, None, status="crashed", reason=HOSTILE), name=HOSTILE)
    for found in (summary(base), compare(base, new)):
        for shown in (text.render(found), markdown.render(found)):
            assert all(character.isprintable() or character == "\n" for character in shown)
            assert max(map(len, shown.splitlines())) < 2000
        html = MarkdownIt("commonmark").enable("table").render(markdown.render(found))
        assert "<script" not in html
        assert "<a " not in html
        assert html.count("<strong>") == 1
        json.loads(as_json.render(found))


def test_two_hundred_methods_fit_in() -> None:
    one = run(*(attempt("p", f"m{k}", 0.0, solve_seconds=0.001 * (k + 1)) for k in range(200)))
    shown = text.render(summary(one))
    assert "m0, m1, m2, m3, m4 and 195 more solved the only case." in shown
    assert "(and 193 more)" in shown
    assert text.render(compare(one, one))


@pytest.mark.parametrize(
    "records",
    [
        [],
        [{**attempt("bad.yaml", "", None), "kind": None, "method": None, "status": "invalid", "reason": "it is empty"}],
        [attempt("p", "m", None, status="crashed", reason="it fell over")],
        [proof("p", None)],
        [proof("p", None, value_enclosure=["-inf", "-inf"]), attempt("p", "m", -1e308)],
        [attempt("p", "m", 0.0, solve_seconds=0.0, objective_evaluations=0)],
        [attempt("p", "m", 1e308), attempt("p", "n", -1e308)],
    ],
)
def test_runs_with_little_in_them_have_a_text_as_well(records: list[dict[str, Any]]) -> None:
    one = run(*records)
    for found in [summary(one), *([compare(one, one)] if one.records else [])]:
        assert text.render(found)
        assert markdown.render(found)
        json.loads(as_json.render(found), parse_constant=pytest.fail)


def test_a_plot_shows_what_the_curves_say() -> None:
    lines_ = plot(performance_profile({"fast": [1.0, 1.0], "slow": [10.0, 1000.0]}), "Time").splitlines()
    assert lines_[1] == "100 % |" + "*" * 64
    assert lines_[7].index("+") == 7 + 21  # half of the problems at ten times the least time
    assert lines_[14].strip() == "+" + "-" * 64
    assert lines_[-1].strip() == "* fast   + slow"


def test_a_journal_of_ten_thousand_attempts_is_read_and_compared(tmp_path: Path) -> None:
    from optbench.statistics.records import parsed

    whole = lines(attempt(f"p{k}", f"m{m}", 0.0, solve_seconds=0.001 * (1 + m + k % 7)) for k in range(2000) for m in range(5))
    one = parsed(whole, "run.jsonl")
    found = compare(one, one)
    assert (found.problems, found.findings, len(summary(one).profiles.cases)) == (2000, [], 2000)
