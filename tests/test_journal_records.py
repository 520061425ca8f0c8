"""Reading journals: what is skipped, what replaces what, what is told, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import HEADER, attempt, lines, proof, run, written

from optbench.errors import OptbenchError, ProblemError, UsageError
from optbench.statistics.records import Step, parsed, read


def test_a_record_has_what_its_line_says() -> None:
    fields = attempt(
        "p",
        "bfgs",
        1.5,
        scan={"n": "10", "a": "0.5"},
        base_seed=3,
        gradient_evaluations=4,
        hessian_evaluations=2,
        constraint_evaluations=1,
        setup_seconds=0.25,
        options={"step": 0.1, "start": {"x": 1.0}},
    )
    [record] = run(fields).records
    assert (record.instance.name, record.instance.seed, record.instance.question.scan) == (
        "p (a = 0.5, n = 10)",
        3,
        (("a", "0.5"), ("n", "10")),
    )
    assert (record.evaluations, record.seconds, record.value) == (17, 0.26, 1.5)
    assert record.options == '{"step": 0.1}'
    assert record.whole is None
    assert parsed(lines([fields]), "run.jsonl", whole=True).records[0].whole == fields


def test_of_each_key_the_last_record_wins_over_several_files(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", [attempt("p", "bfgs", 1.0), attempt("q", "bfgs", 2.0), attempt("p", "bfgs", 3.0)])
    second = written(tmp_path / "b.jsonl", [attempt("q", "bfgs", 4.0)])
    found = read([str(first), str(second)])
    assert [record.value for record in found.records] == [3.0, 4.0]
    assert (len(found.headers), found.warnings) == (2, [])


@settings(max_examples=50)
@given(st.data())
def test_the_order_does_not_depend_on_which_worker_was_first(data: st.DataObject) -> None:
    header = {**HEADER, "plan": {"methods": ["newton", "bfgs"]}}
    methods = {"newton": "numerical", "bfgs": "numerical", "exact stage": "exact", "branch-and-bound": "certified", "m10": "numerical"}
    written = [
        attempt(problem, method, kind=kind, base_seed=seed, repeat=repeat, scan={"n": n})
        for problem in ("hs9", "hs10", "Hs10")
        for n in ("0.3", "0.25")
        for method, kind in methods.items()
        for seed in (0, 1)
        for repeat in (0, 1)
    ]
    shuffled = data.draw(st.permutations(written))
    found = parsed([json.dumps(header) + "\n", *lines(shuffled)[1:]], "run.jsonl").records
    assert list(dict.fromkeys(r.instance.name for r in found)) == [
        f"{problem} (n = {n})" for problem in ("hs9", "Hs10", "hs10") for n in ("0.25", "0.3")
    ]
    assert [r.method for r in found[:10:2]] == ["exact stage", "branch-and-bound", "newton", "bfgs", "m10"]
    assert [(r.instance.seed, r.repeat) for r in found[:20:5]] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_lines_of_other_kinds_are_skipped() -> None:
    other = json.dumps({"schema": "optbench/heartbeat/1"}) + "\n"
    found = parsed([*lines([attempt("p", "bfgs")]), other, "\n", "{}\n"], "run.jsonl")
    assert (len(found.records), found.warnings) == (1, [])


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_half_written_last_line_is_left_out_and_told(cut: int) -> None:
    whole = lines([attempt("p", "bfgs"), attempt("q", "bfgs")])
    found = parsed([*whole[:-1], whole[-1][:cut]], "run.jsonl")
    assert [record.instance.problem for record in found.records] == ["p"]
    [warning] = found.warnings
    assert "last line is half written" in warning


def test_a_last_line_that_lacks_only_its_end_counts() -> None:
    whole = lines([attempt("p", "bfgs")])
    found = parsed([*whole[:-1], whole[-1].rstrip("\n")], "run.jsonl")
    assert (len(found.records), found.warnings) == (1, [])


def test_lines_that_are_no_json_are_told_with_their_numbers() -> None:
    found = parsed([*lines([attempt("p", "bfgs")]), "rubbish\n", '{"value": NaN}\n', *lines([])], "run.jsonl")
    assert found.warnings == ["run.jsonl: 2 lines are no JSON and are left out (3, 4)."]


def test_a_problem_that_could_not_be_read_is_no_attempt() -> None:
    bad = {
        **attempt("bad.yaml", "", None),
        "kind": None,
        "method": None,
        "status": "invalid",
        "reason": "it is empty",
        "problem_hash": None,
    }
    found = run(bad)
    assert found.records == []
    assert found.unreadable == [("bad.yaml", "invalid", "it is empty")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({**HEADER, "schema": "optbench/run/2"}, "another version of optbench (optbench/run/2)"),
        ({**attempt("p", "m"), "schema": "optbench/attempt/7"}, "another version of optbench (optbench/attempt/7)"),
        ({**attempt("p", "m"), "value": "3"}, 'a number is expected, not "3"'),
        ({**attempt("p", "m"), "solve_seconds": -1}, "a number from 0 is expected"),
        ({**attempt("p", "m"), "method": None}, "a text is expected, not null"),
        ({**attempt("p", "m"), "scan": 3}, "can't be read"),
        ({**attempt("p", "m"), "value_enclosure": ["x", "y"]}, "can't be read"),
        ({**attempt("p", "m"), "trace": [{"start": 0}]}, "no field 'seconds'"),
        ({k: v for k, v in attempt("p", "m").items() if k != "status"}, "no field 'status'"),
    ],
)
def test_what_is_none_of_ours_is_refused_with_its_line(line: dict[str, Any], words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parsed([*lines([]), json.dumps(line) + "\n"], "run.jsonl")
    assert "run.jsonl:2: " in str(caught.value)
    assert words in str(caught.value)


def test_a_number_beyond_all_doubles_is_refused() -> None:
    line = json.dumps(attempt("p", "m", 12345.0)).replace("12345.0", "1e999")
    with pytest.raises(ProblemError, match="a number is expected"):
        parsed([line], "run.jsonl")


@pytest.mark.parametrize("content", ["", "\n", "x^2\n", '{"schema": "optbench/result/1"}\n', "[1]\n"])
def test_what_is_no_journal_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(content)
    with pytest.raises(ProblemError, match="is no journal of `optbench batch`"):
        read([str(path)])


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        read([str(tmp_path / "run.jsonl")])


def test_the_seconds_of_several_starts_are_added_up() -> None:
    def entry(start: int, evaluations: int, seconds: float, value: float) -> dict[str, Any]:
        counts = {"objective_evaluations": evaluations, "gradient_evaluations": 1}
        return {"start": start, "iteration": 0, **counts, "seconds": seconds, "value": value, "infeasibility": None, "point": {}}

    trace = [entry(0, 1, 0.5, 9.0), entry(0, 3, 1.0, 4.0), entry(1, 5, 0.25, 2.0), entry(2, 7, 0.5, 1.0)]
    [record] = run(attempt("p", "bfgs", 1.0, trace=trace)).records
    assert record.steps == (Step(2, 0.5, 9.0, 0.0), Step(4, 1.0, 4.0, 0.0), Step(6, 1.25, 2.0, 0.0), Step(8, 1.75, 1.0, 0.0))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(attempt("p", "m"))), json_values)
def test_any_value_of_any_field_is_read_or_refused_with_a_sentence(name: str, value: Any) -> None:
    try:
        parsed([*lines([]), json.dumps({**attempt("p", "m"), name: value}) + "\n"], "run.jsonl")
    except OptbenchError as error:
        assert "run.jsonl:2: " in str(error)  # noqa: PT017


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_journal_or_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ProblemError):
        parsed(text.splitlines(keepends=True), "run.jsonl")


def test_a_proof_belongs_to_no_seed() -> None:
    [record] = run(proof("p", 1.0)).records
    assert (record.instance.seed, record.is_proof) == (0, True)
