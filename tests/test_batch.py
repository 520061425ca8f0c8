"""`optbench batch`: each attempt a record, whatever happens to it; and the same records whoever makes them."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.api import method_choice
from optbench.cli.arguments import Flags
from optbench.cli.batch_sources import ProblemReader, sources
from optbench.errors import ProblemError
from optbench.workbench.batch import run as running
from optbench.workbench.batch.executor import Report, Work
from optbench.workbench.batch.journal import Stream, short
from optbench.workbench.batch.performer import Performer
from optbench.workbench.batch.plan import Judge, Open, Plan, ProblemFacts, Source, Try
from optbench.workbench.batch.run import Batch, Listener
from optbench.workbench.settings import Settings
from optbench.workbench.task import Ended, Ending

SCHEMA = "optbench/attempt/1"
ROSENBROCK = "100*(y - x^2)^2 + (1 - x)^2"
QUICK = ("--no-exact", "--no-certify", "--method", "bfgs", "--method", "nelder-mead", "--progress", "none", "--jobs", "1")
TIMES = ("run", "started", "setup_seconds", "solve_seconds")
PATIENCE = 120.0


class Inline:
    """An executor without processes: what it is given is done when it is asked for reports."""

    def __init__(self, perform: Any, workers: int = 1) -> None:
        self.perform = perform
        self.given: deque[tuple[str, Work]] = deque()
        self.names = [f"worker {k}" for k in range(workers)]

    def idle(self) -> list[str]:
        return [name for name in self.names if name not in [worker for worker, _ in self.given]]

    def give(self, worker: str, work: Work, seconds: float) -> None:
        self.given.append((worker, work))

    def next_report(self, patience: float) -> Report | None:
        worker, work = self.given.popleft()
        payload = json.loads(json.dumps(self.perform(work, self)))
        return Report(worker, work, Ended(worker, Ending.FINISHED, "finished", payload, 0.0, 0.0), None, True)

    def cancel(self) -> None:
        raise AssertionError("nothing was interrupted")

    def note(self, payload: Any) -> None:
        pass

    def begin(self, seconds: float) -> None:
        pass


class Records(Stream):
    """A sink that keeps what it is given."""

    def __init__(self, done: dict[bytes, str] | None = None) -> None:
        self.done = done or {}
        self.records: list[dict[str, Any]] = []

    def write(self, record: Any) -> None:
        self.records.append(json.loads(json.dumps(record, allow_nan=False)))


def plan(*methods: str, **options: Any) -> Plan:
    chosen = tuple(map(method_choice, methods or ("bfgs", "nelder-mead")))
    shape = {name: options.pop(name) for name in ("seeds", "repeats", "shard") if name in options}
    return Plan(Settings(**{"exact": False, "certify": False, "methods": chosen, **options}), **shape)


def texts(*expressions: str) -> list[Source]:
    return [Source(text=text) for text in expressions]


def made(plan: Plan, found: list[Source], workers: int = 1, done: dict[bytes, str] | None = None) -> list[dict[str, Any]]:
    sink = Records(done)
    Batch(plan, found, Inline(Performer(ProblemReader(Flags(), []), plan), workers), sink, Listener()).run()
    return sink.records


def timeless(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["key"]: {name: value for name, value in record.items() if name not in TIMES} for record in records}


def attempts_in(text: str) -> list[dict[str, Any]]:
    return [record for record in map(json.loads, text.splitlines()) if record["schema"] == SCHEMA]


# ---- the plan and its records -------------------------------------------------------------------------------------------------


def test_every_unit_is_a_record() -> None:
    found = made(plan(seeds=(0, 3), repeats=2, exact=True, certify=True), texts("(x - 1)^2 + y^2", "exp(x) - x"))
    counted = Counter((record["problem"], record["kind"], record["method"]) for record in found)
    expected = {
        ("exact", "exact stage"): 1,
        ("certified", "branch-and-bound"): 1,
        ("numerical", "bfgs"): 4,
        ("numerical", "nelder-mead"): 4,
    }
    assert counted == {(problem, *unit): count for problem in ("(x - 1)^2 + y^2", "exp(x) - x") for unit, count in expected.items()}
    assert len({record["key"] for record in found}) == len(found)
    for record in found:
        assert record["schema"] == SCHEMA
        assert record["sense"] == "minimize"
        assert (record["base_seed"], record["repeat"]) in [(None, 0), *((seed, repeat) for seed in (0, 3) for repeat in (0, 1))]


def test_a_record_has_what_solve_says_of_the_same_attempt() -> None:
    """Another way to the same rows: the engine, which runs each in a child of its own."""
    names = ("bfgs", "newton", "nelder-mead", "scipy-l-bfgs-b", "simulated-annealing")
    result = optbench.solve(ROSENBROCK, methods=names, exact=False, certify=False)
    engine = {row.method: row for row in result.attempts}
    for record in made(plan(*names), texts(ROSENBROCK)):
        row = engine[record["method"]]
        assert record["status"] == row.status.value
        for field in ("value", "point", "reason", "iterations", "objective_evaluations", "seed", "options", "version", "infeasibility"):
            assert record[field] == getattr(row, field), field


def test_auto_is_one_attempt_with_the_costs_of_all_its_steps() -> None:
    result = optbench.solve(ROSENBROCK + " + sin(3*x)", methods="auto", exact=False, certify=False)
    [record] = made(plan("auto"), texts(ROSENBROCK + " + sin(3*x)"))
    rows = [row for row in result.attempts if row.kind == "numerical"]
    assert len(rows) > 1
    assert record["method"] == "auto"
    assert [step.partition(" ")[0] for step in record["options"]["steps"]] == [row.method for row in rows]
    for cost in ("iterations", "objective_evaluations", "gradient_evaluations"):
        assert record[cost] == sum(getattr(row, cost) or 0 for row in rows), cost
    assert record["value"] == result.value


def test_proofs_come_with_their_enclosures() -> None:
    found = {record["kind"]: record for record in made(plan(exact=True, certify=True), texts("x^4 - 3*x"))}
    assert found["exact"]["assurance"] == "exact"
    assert found["certified"]["assurance"] == "certified"
    assert found["numerical"]["assurance"] == "local"
    for kind in ("exact", "certified"):
        low, high = map(float, found[kind]["value_enclosure"])
        assert low <= found["numerical"]["value"] + 1e-9
        assert found["numerical"]["value"] <= high + 1e-9
    assert found["numerical"]["value_enclosure"] is None


@pytest.mark.parametrize(
    ("text", "outcome"), [("x^2", "optimal"), ("x^3", "unbounded"), ("exp(-x)", "not_attained"), ("log(-x^2 - 1)", "infeasible")]
)
def test_what_is_proved_of_a_problem_stands_in_its_exact_record(text: str, outcome: str) -> None:
    exact, numerical = made(plan("bfgs", exact=True), texts(text))
    assert (exact["assurance"], exact["outcome"]) == ("exact", outcome)
    assert numerical["outcome"] is None


def test_what_does_not_apply_is_a_record_with_its_reason() -> None:
    found = made(plan("qr", "bfgs"), texts("cos(x) + y^2"))
    assert [(record["method"], record["status"]) for record in found] == [("qr", "not_applicable"), ("bfgs", "converged")]
    assert "sum of squares" in found[0]["reason"]


def test_a_problem_that_is_defined_nowhere_is_attempted_by_nobody() -> None:
    found = made(plan("bfgs", exact=True), texts("log(x) + log(-x - 1)"))
    assert [(record["kind"], record["status"], record["assurance"]) for record in found] == [
        ("exact", "converged", "exact"),
        ("numerical", "not_applicable", "none"),
    ]


@pytest.mark.parametrize("workers", [2, 5])
def test_results_do_not_depend_on_the_number_of_workers(workers: int) -> None:
    problems = texts(ROSENBROCK, "exp(x) - 2*x", "x^2 + sin(5*x)", "abs(x) + (y - 1)^4")
    asked = plan("bfgs", "simulated-annealing", "auto", seeds=(0, 1))
    assert timeless(made(asked, problems, workers)) == timeless(made(asked, problems))


def test_results_do_not_depend_on_the_order() -> None:
    problems = texts(ROSENBROCK, "exp(x) - 2*x", "x^2 + sin(5*x)")
    asked = plan("random-search", "scipy-dual-annealing", seeds=(2,))
    assert timeless(made(asked, problems[::-1])) == timeless(made(asked, problems))


def test_what_is_done_is_not_done_again() -> None:
    whole = made(plan(), texts(ROSENBROCK, "exp(x) - x"))
    done = {short(record["key"]): record["status"] for record in whole[1:3]}
    rest = made(plan(), texts(ROSENBROCK, "exp(x) - x"), done=done)
    assert [record["key"] for record in rest] == [whole[0]["key"], whole[3]["key"]]


@pytest.mark.parametrize(
    "other",
    [
        plan("bfgs:sufficient_decrease=0.001"),
        plan("bfgs", tolerance=1e-6),
        plan("bfgs", time_limit=7.0),
        plan("bfgs", starts=2),
        plan("bfgs", seeds=(1,)),
    ],
)
def test_whatever_changes_an_attempt_changes_its_key(other: Plan) -> None:
    [usual], [changed] = made(plan("bfgs"), texts(ROSENBROCK)), made(other, texts(ROSENBROCK))
    assert usual["key"] != changed["key"]


def test_another_start_is_another_problem(tmp_path: Path) -> None:
    for name, start in (("a", 1), ("b", 2), ("c", 1)):
        (tmp_path / f"{name}.yaml").write_text(f'minimize: "(x - 1)^4"\nvariables: {{x: {{start: {start}}}}}\n')
    heard: list[str] = []

    class Ear(Listener):
        def told(self, sentence: str) -> None:
            heard.append(sentence)

    asked, sink = plan("bfgs"), Records()
    progress = Batch(asked, sources([str(tmp_path)], []), Inline(Performer(ProblemReader(Flags(), []), asked)), sink, Ear()).run()
    assert [Path(record["file"]).name for record in sink.records] == ["a.yaml", "b.yaml"]
    assert progress.twice == 1
    [sentence] = heard
    assert "c.yaml is the same problem as" in sentence


@given(count=st.integers(1, 5), seeds=st.integers(1, 6), repeats=st.integers(1, 3))
def test_shards_are_parts_of_the_whole(count: int, seeds: int, repeats: int) -> None:
    asked = Plan(plan().settings, tuple(range(seeds)), repeats)
    reader = ProblemReader(Flags(), [])
    facts = ProblemFacts.from_json(Performer(reader, asked)(Open(Source(text="x^2")), Inline(None))["problem"])
    units = list(asked.units(Source(text="x^2"), facts))
    parts = [Plan(asked.settings, asked.seeds, repeats, (k, count)) for k in range(1, count + 1)]
    owners = [[part.shard[0] for part in parts if part.keys(unit, facts)[1]] for unit in units]
    assert all(len(owner) == 1 for owner in owners)
    assert len({part.keys(unit, facts)[0] for unit in units for part in parts}) == len(units)


def test_more_memory_is_not_needed_for_more_attempts() -> None:
    """What is known of a problem goes when its last attempt is recorded."""
    asked = plan("nelder-mead", repeats=3)
    batch = Batch(asked, texts("x^2", "x^2 + 1", "x^2 + 2"), Inline(Performer(ProblemReader(Flags(), []), asked)), Records(), Listener())
    batch.run()
    assert not batch.facts
    assert not batch.missing
    assert not batch.queues


def test_what_does_the_works_can_be_sent_to_another_machine() -> None:
    asked = plan("bfgs", seeds=(1,))
    performer = Performer(ProblemReader(Flags(range=("0", "3")), []), asked)
    sent = pickle.loads(pickle.dumps(performer))
    facts = ProblemFacts.from_json(sent(Open(Source(text="cos(x)")), Inline(None))["problem"])
    [unit] = asked.units(Source(text="cos(x)"), facts)
    assert pickle.loads(pickle.dumps(Try(unit))) == Try(unit)
    assert sent(Try(unit), Inline(None))["value"] == performer(Try(unit), Inline(None))["value"] == pytest.approx(math.cos(3))


# ---- what goes wrong ----------------------------------------------------------------------------------------------------------


class Failing(Inline):
    """An executor whose workers end while they do some of their works."""

    def __init__(self, perform: Any, fails: Any, latest: Any = None) -> None:
        super().__init__(perform)
        self.fails, self.latest = fails, latest

    def next_report(self, patience: float) -> Report | None:
        worker, work = self.given[0]
        if not self.fails(work):
            return super().next_report(patience)
        self.given.popleft()
        return Report(
            worker, work, Ended(worker, Ending.TIME, "ran past its wall limit of 1 s and was killed", None, 1.0, 0.0), self.latest, True
        )


def failing(fails: Any, latest: Any = None) -> list[dict[str, Any]]:
    asked, sink = plan(), Records()
    executor = Failing(Performer(ProblemReader(Flags(), []), asked), fails, latest)
    progress = Batch(asked, texts("(x - 1)^2 + (y - 1)^2"), executor, sink, Listener()).run()
    assert progress.failures(running.FAILURES) == sum(record["status"] == "killed" for record in sink.records)
    return sink.records


def test_a_killed_attempt_is_a_record_with_its_best_point() -> None:
    killed, other = failing(
        lambda work: isinstance(work, Try) and work.unit.method == "bfgs", {"x": [1.0, 2.0], "value": 1.0, "counts": [7, 3, 0, 0]}
    )
    assert (killed["status"], killed["value"], killed["point"]) == ("killed", 1.0, {"x": 1.0, "y": 2.0})
    assert killed["reason"] == "ran past its wall limit of 1 s and was killed"
    assert killed["objective_evaluations"] == 7
    assert killed["solve_seconds"] == 1.0
    assert killed["assurance"] == "feasible", "it is judged, and no minimum"
    assert other["status"] == "converged"


def test_a_killed_attempt_without_a_point_is_a_record() -> None:
    killed, _ = failing(lambda work: isinstance(work, Try) and work.unit.method == "bfgs")
    assert (killed["status"], killed["value"], killed["assurance"]) == ("killed", None, "none")
    assert killed["options"]["start"], "what it was given is told"


def test_where_even_its_judgement_is_killed_the_attempt_is_a_record() -> None:
    killed, _ = failing(lambda work: isinstance(work, Judge) or (isinstance(work, Try) and work.unit.method == "bfgs"), {"x": [1.0, 2.0]})
    assert (killed["method"], killed["status"], killed["value"], killed["kind"]) == ("bfgs", "killed", None, "numerical")


def test_a_problem_whose_reading_is_killed_is_a_record() -> None:
    [killed] = failing(lambda work: isinstance(work, Open))
    assert (killed["status"], killed["kind"], killed["method"]) == ("killed", None, None)
    assert killed["reason"] == "reading it ran past its wall limit of 1 s and was killed"


def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    """What is recorded under a hash is of the problem with that hash."""
    path = tmp_path / "a.yaml"
    path.write_text('minimize: "x^2"\n')
    asked = plan("bfgs")
    first, other = (Performer(ProblemReader(Flags(), []), asked) for _ in range(2))
    facts = ProblemFacts.from_json(first(Open(Source(str(path))), Inline(None))["problem"])
    [unit] = asked.units(Source(str(path)), facts)
    path.write_text('minimize: "x^2 + 1"\n')
    assert first(Try(unit), Inline(None))["value"] == 0, "it has been read"
    with pytest.raises(ProblemError, match=r"a.yaml has been changed"):
        other(Try(unit), Inline(None))


def test_records_of_all_kinds_have_the_same_fields() -> None:
    [invalid] = made(plan(), texts("x +* 2"))
    [attempt, _] = made(plan(), texts("x^2"))
    assert set(invalid) == set(attempt)


# ---- the command line ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three problems in two folders, of which one file has two; a broken one; and what is no problem."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.yaml").write_text('name: parabola\nminimize: "(x - 1)^2"\n')
    (tmp_path / "broken.yaml").write_text('minimize: "x +* 2"\n')
    (tmp_path / "deep" / "two.yml").write_text('minimize: "exp(x) - x"\n---\nmaximize: "-x^4"\n')
    (tmp_path / "notes.txt").write_text("no problem")
    return tmp_path


def test_a_broken_file_among_good_ones_is_a_record(optbench: Any, folder: Path) -> None:
    ran = optbench("batch", str(folder), *QUICK, "--out", str(folder / "run.jsonl"))
    assert ran.code == 10
    assert ran.out == ""
    records = attempts_in((folder / "run.jsonl").read_text())
    assert Counter(record["status"] for record in records) == {"converged": 6, "invalid": 1}
    [invalid] = [record for record in records if record["status"] == "invalid"]
    assert invalid["file"] == str(folder / "broken.yaml")
    assert "broken.yaml:1:15: A number, a name or" in invalid["reason"]
    assert {Path(record["file"]).name for record in records} == {"a.yaml", "broken.yaml", "two.yml"}


def test_what_counts_as_failed_can_be_chosen(optbench: Any, folder: Path) -> None:
    assert optbench("batch", str(folder), *QUICK, "--fail-on", "crashed,killed").code == 0
    assert optbench("batch", str(folder), *QUICK, "--fail-on", "none").code == 0
    assert optbench("batch", str(folder / "a.yaml"), *QUICK, "--fail-on", "converged").code == 10


def test_without_a_journal_records_go_to_standard_output(optbench: Any) -> None:
    ran = optbench("batch", "@beale", "@booth", *QUICK)
    assert ran.code == 0
    header, *records = map(json.loads, ran.out.splitlines())
    assert header["schema"] == "optbench/run/1"
    assert header["plan"]["methods"] == ["bfgs", "nelder-mead"]
    assert {record["run"] for record in records} == {header["run"]}
    assert sorted({record["file"] for record in records}) == ["@beale", "@booth"]


def test_expressions_come_a_line_each(optbench: Any) -> None:
    ran = optbench("batch", "-", *QUICK, "--range", "0", "10", stdin="x*log(x) - sqrt(x)\n\n-x + *\n-y^2 + 3*y\n")
    assert ran.code == 10
    records = attempts_in(ran.out)
    assert [record["problem"] for record in records if record["method"] in ("bfgs", None)] == [
        "x*log(x) - sqrt(x)",
        "-x + *",
        "-y^2 + 3*y",
    ]
    assert [record["value"] for record in records if record["method"] == "bfgs"][-1] == -70


def test_a_document_with_several_problems_comes_on_standard_input(optbench: Any) -> None:
    ran = optbench("batch", "-", *QUICK, stdin='minimize: "x^2 + 1"\n---\nminimize: "x^2 + 2"\n---\nminimize: "x^2 +"\n')
    assert ran.code == 10
    found = [
        (record["problem"], record["status"], record["value"]) for record in attempts_in(ran.out) if record["method"] in ("bfgs", None)
    ]
    assert found == [("x^2 + 1", "converged", 1), ("x^2 + 2", "converged", 2), ("standard input, document 3", "invalid", None)]


def test_a_scan_makes_a_problem_of_each_point(optbench: Any) -> None:
    ran = optbench("batch", "-", *QUICK, "--scan", "a=1,2.5", stdin="(x - a)^2 + a\nx^2\n")
    found = [(record["scan"], record["status"], record["value"]) for record in attempts_in(ran.out) if record["method"] in ("bfgs", None)]
    assert found == [
        ({"a": "1"}, "converged", 1),
        ({"a": "2.5"}, "converged", 2.5),
        ({"a": "1"}, "invalid", None),
        ({"a": "2.5"}, "invalid", None),
    ]
    assert "the problem does not depend on a" in attempts_in(ran.out)[-1]["reason"]


def test_a_parameter_after_a_number_has_its_value(optbench: Any) -> None:
    ran = optbench("batch", "-", *QUICK, "--param", "a=2", stdin="(x - 2a)^2\n")
    assert {row["dimension"] for row in attempts_in(ran.out)} == {1}


def test_options_for_some_problems_leave_the_others_alone(optbench: Any) -> None:
    ran = optbench("batch", "-", *QUICK, "--param", "a=4", "--var", "y=1..2", stdin="(x - a)^2\ny^2\n")
    assert [record["value"] for record in attempts_in(ran.out) if record["method"] == "bfgs"] == [0, 1]
    assert [record["dimension"] for record in attempts_in(ran.out)] == [1] * 4


def test_a_resumed_batch_makes_what_is_missing(optbench: Any, folder: Path) -> None:
    path = folder / "run.jsonl"
    command = ("batch", str(folder / "a.yaml"), str(folder / "deep"), *QUICK, "--out", str(path))
    assert optbench(*command).code == 0
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:50])
    ran = optbench(*(word if word != "none" else "auto" for word in command), "--resume")
    assert ran.code == 0
    assert "is half written, and is cut off" in ran.err.replace("was half", "is half")
    assert "4 records" in ran.err
    assert timeless(attempts_in(path.read_text())) == timeless(attempts_in(whole.decode()))
    ran = optbench(*command, "--resume")
    assert ran.code == 0
    assert len(attempts_in(path.read_text())) == 6, "nothing was missing"


def test_failures_of_before_count_as_well(optbench: Any, folder: Path) -> None:
    command = ("batch", str(folder), *QUICK, "--out", str(folder / "run.jsonl"))
    assert optbench(*command).code == 10
    assert optbench(*command, "--resume").code == 10
    assert Counter(r["status"] for r in attempts_in((folder / "run.jsonl").read_text()))["invalid"] == 1
    (folder / "broken.yaml").write_text('minimize: "x^2 + 2"\n')
    assert optbench(*command, "--resume").code == 0, "it is mended"


def test_shards_and_their_merger_make_the_whole(optbench: Any, folder: Path) -> None:
    command = ("batch", str(folder), *QUICK, "--seed", "0..3")
    whole = attempts_in(optbench(*command).out)
    parts = [str(folder / f"{k}.jsonl") for k in (1, 2, 3)]
    for k, part in enumerate(parts, 1):
        optbench(*command, "--shard", f"{k}/3", "--out", part)
        assert 0 < len(attempts_in(Path(part).read_text())) < len(whole)
    ran = optbench("merge", *parts, "--out", str(folder / "all.jsonl"))
    assert ran.code == 0
    assert ran.err == f"{len(whole)} records of 3 runs\n"
    assert timeless(attempts_in((folder / "all.jsonl").read_text())) == timeless(whole)
    for out, words in ((parts[0], f"There is '{parts[0]}' already; give --out another name."), ("-", "- is none")):
        ran = optbench("merge", *parts, "-o", out)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err


def test_a_dash_is_standard_output(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(attempts_in(optbench("batch", "@beale", *QUICK, "-o", "-").out)) == len(attempts_in(optbench("batch", "@beale", *QUICK).out))
    assert list(tmp_path.iterdir()) == []


def test_counts_of_a_dry_run_stand_below_one_another(optbench: Any) -> None:
    shown = optbench("batch", "@beale", "--method", "gradient-descent:line_search=fixed,step=0.01", "--method", "bfgs", "--dry-run").out
    rows = [line for line in shown.splitlines() if line[-1:].isdigit()]
    assert len(rows) == 7
    assert len({len(line) for line in rows}) == 1


def test_a_dry_run_counts_and_makes_nothing(optbench: Any, folder: Path) -> None:
    path = folder / "run.jsonl"
    command = ("batch", str(folder), *QUICK, "--seed", "0..4", "--out", str(path))
    ran = optbench(*command, "--dry-run")
    assert ran.code == 0
    assert not path.exists()
    counts = {line[:20].strip(): line[20:].split()[0] for line in ran.out.splitlines() if line[20:30].strip().isdecimal()}
    assert counts == {"problems": "3", "not to be read": "1", "attempts": "30", "bfgs": "15", "nelder-mead": "15", "to be done": "31"}
    assert "at most" in ran.out
    assert optbench(*command).code == 10
    ran = optbench(*command, "--dry-run", "--resume")
    assert "in the journal              31" in ran.out
    assert "to be done                   0" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "No problems are given"),
        (("nowhere",), "There is no file or folder 'nowhere'"),
        (("none*.yaml",), "No problem file (.yaml, .yml, .json, .nl) matches 'none*.yaml'"),
        (("@beal",), "Did you mean beale?"),
        (("@beale", "--method", "bgfs"), "Did you mean bfgs?"),
        (("@beale", "--method", "bfgs:step=1"), "bfgs has no option 'step'"),
        (("@beale", "--seed", "3..1"), "--seed takes a whole number"),
        (("@beale", "--repeat", "0"), "--repeat takes a whole number from 1"),
        (("@beale", "--jobs", "0"), "--jobs takes a whole number from 1"),
        (("@beale", "--shard", "4/3"), "--shard takes a part and the number of parts"),
        (("@beale", "--fail-on", "crash"), "Did you mean crashed?"),
        (("@beale", "--resume"), "--resume needs the journal"),
        (("@beale", "--scan", "n"), "--scan takes a parameter and its values"),
        (("@beale", "--out", "/nowhere/run.jsonl"), "The journal '/nowhere/run.jsonl' can't be written: no such file or directory"),
    ],
)
def test_what_can_not_be_run_is_a_sentence(optbench: Any, arguments: tuple[str, ...], words: str) -> None:
    ran = optbench("batch", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert words in ran.err


def test_a_file_of_another_kind_is_not_taken_for_an_expression(optbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x").write_text("not a problem")
    ran = optbench("batch", "x")
    assert (ran.code, ran.out) == (2, "")
    assert "'x' has none of the endings .yaml, .yml, .json, .nl" in ran.err


def test_an_empty_folder_is_a_sentence(optbench: Any, tmp_path: Path) -> None:
    ran = optbench("batch", str(tmp_path))
    assert (ran.code, ran.err) == (2, f"error: The folder '{tmp_path}' holds no problems (.yaml, .yml, .json, .nl).\n")


def test_methods_of_a_file_that_there_are_not_are_a_record(optbench: Any, folder: Path) -> None:
    (folder / "a.yaml").write_text('minimize: "x^2"\nmethods: [bgfs]\n')
    ran = optbench("batch", str(folder / "a.yaml"), "--no-exact", "--no-certify", "--jobs", "1", "--progress", "none")
    [record] = attempts_in(ran.out)
    assert record["status"] == "invalid"
    assert "Did you mean bfgs?" in record["reason"]


def test_progress_is_json_for_programs(optbench: Any, folder: Path) -> None:
    ran = optbench("batch", str(folder), *QUICK, "--progress", "json", "--out", str(folder / "run.jsonl"))
    events = [json.loads(line) for line in ran.err.splitlines()]
    [failure] = [event for event in events if event["event"] == "failure"]
    assert (failure["status"], failure["file"]) == ("invalid", str(folder / "broken.yaml"))
    assert events[-1]["event"] == "end"
    assert (events[-1]["done"], events[-1]["total"], events[-1]["failures"]) == (7, 7, 1)
    assert events[-1]["statuses"] == {"converged": 6, "invalid": 1}


def test_progress_for_people_is_lines(optbench: Any, folder: Path) -> None:
    ran = optbench("batch", str(folder), *QUICK, "--progress", "auto", "--out", str(folder / "run.jsonl"))
    *_, failure, last = ran.err.splitlines()
    assert failure.startswith(f"invalid: {folder}/broken.yaml: ")
    assert last.startswith("7 records in ")
    assert last.endswith("s: 6 converged, 1 invalid")


def test_traces_come_where_they_are_asked_for(optbench: Any) -> None:
    [plain, _] = attempts_in(optbench("batch", "@beale", *QUICK).out)
    [traced, _] = attempts_in(optbench("batch", "@beale", *QUICK, "--trace").out)
    assert plain["trace"] is None
    assert plain["iterations"] == traced["trace"][-1]["iteration"]
    assert plain["key"] == traced["key"]


def test_a_worker_without_memory_is_a_record(optbench: Any) -> None:
    ran = optbench("batch", "-", *QUICK, "--memory-limit", "64MB", stdin="sum(ones(3000, 3000) * x^2)\nx^2\n")
    assert ran.code == 10
    *hogs, third, fourth = attempts_in(ran.out)
    assert {(hog["status"], hog["reason"]) for hog in hogs} == {("killed", "while it was prepared, it ran out of its 64 MB of memory")}
    assert (third["status"], fourth["status"]) == ("converged", "converged")


# ---- interrupts and kills ----------------------------------------------------------------------------------------------------------


COMMAND = (
    sys.executable,
    "-m",
    "optbench",
    "batch",
    "-",
    "--no-exact",
    "--no-certify",
    "--method",
    "nelder-mead",
    "--method",
    "bfgs",
    "--jobs",
    "2",
)
LINES = "\n".join(f"100*(y - x^2)^2 + (1 - x)^2 + {k}*z^2" for k in range(1, 9))


def begun(path: Path, *options: str) -> subprocess.Popen[str]:
    command = (*COMMAND, "--seed", "0..19", "--out", str(path), *options)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdin is not None
    process.stdin.write(LINES)
    process.stdin.close()
    process.stdin = None
    return process


def wait_for_records(path: Path, count: int) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_ctrl_c_ends_a_batch_in_order(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    process = begun(path)
    wait_for_records(path, 10)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    kept = len(attempts_in(path.read_text()))
    assert f"interrupted: {path} keeps {kept} records; the same command with --resume runs what is missing." in err
    assert 8 <= kept < 320


def test_ctrl_c_twice_ends_a_batch_at_once(tmp_path: Path) -> None:
    """The attempts that run would take all of their time."""
    path = tmp_path / "run.jsonl"
    process = begun(path, "--method", "random-search:samples=100000000", "--time-limit", "1000")
    wait_for_records(path, 1)
    time.sleep(0.5)
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Ctrl-C once more ends it at once" in err
    assert f"interrupted: {path} keeps" in err
    assert len(attempts_in(path.read_text())) < 480
    assert time.monotonic() - began < PATIENCE


def test_a_full_disk_is_a_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    """A limit on the size of files acts as a full disk does."""
    path = tmp_path / "run.jsonl"
    command = [*COMMAND, "--seed", "0..19", "--out", str(path), "--progress", "none", "--resume"]
    limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", *command]
    done = subprocess.run(limited, input=LINES, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert f"error: The journal '{path}' takes no more: file too large. What it has is kept;" in done.stderr
    assert path.read_bytes().endswith(b"\n")
    kept = attempts_in(path.read_text())
    assert 0 < len(kept) < 320
    records = resumed(path)
    assert records[: len(kept)] == kept
    assert len({record["key"] for record in records}) == len(records) == 320


def resumed(path: Path) -> list[dict[str, Any]]:
    process = begun(path, "--resume")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return attempts_in(path.read_text())


@pytest.mark.parametrize(
    "moments", [(0.3, 5, 60, 200), pytest.param(tuple(range(0, 300, 15)), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_after_kill_minus_nine_every_attempt_is_there_once(moments: tuple[float, ...], tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    for count in moments:
        process = begun(path, "--resume")
        if count < 1:
            time.sleep(count)
        else:
            wait_for_records(path, int(count))
        process.kill()
        process.communicate(timeout=PATIENCE)
    records = resumed(path)
    assert len(records) == len({record["key"] for record in records}) == 320
    assert {record["status"] for record in records} <= {"converged", "stalled"}


# ---- other programs ----------------------------------------------------------------------------------------------------------------


PAGE = Path(__file__).parent.parent / "docs" / "batch.md"
needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


def blocks(language: str) -> list[str]:
    return [block.split("```")[0] for block in PAGE.read_text(encoding="utf-8").split(f"```{language}\n")[1:]]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal")
    command = (sys.executable, "-m", "optbench", "batch", "@beale", "@booth", "-", *QUICK, "--repeat", "2", "--out", "run.jsonl")
    done = subprocess.run(command, cwd=folder, input="x^2\nx +\n", text=True, capture_output=True)
    assert done.returncode == 10, done.stderr
    return folder


@needs_jq
def test_one_liners_of_jq_work(journal: Path) -> None:
    commands = [line for block in blocks("bash") for line in block.splitlines() if line.startswith("jq ")]
    assert len(commands) >= 3
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=journal, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip(), command


@pytest.mark.parametrize("library", ["pandas", "duckdb"])
def test_one_liners_of_libraries_work(
    library: str, journal: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")
    monkeypatch.chdir(journal)
    [code] = [block for block in blocks("python") if f"import {library}" in block]
    exec(compile(code, str(PAGE), "exec"), {})
    assert capfd.readouterr().out.count("nelder-mead") == 1
