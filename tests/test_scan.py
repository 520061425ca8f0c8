"""`--scan`: one problem at several values of its parameters, and how the costs of methods grow with them."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran
from hypothesis import given
from hypothesis import strategies as st

from optbench.cli import answers
from optbench.cli.scans import MOST_POINTS, points
from optbench.errors import UsageError
from optbench.report.cost_growth import exponent, growth
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Status
from optbench.workbench.engine import Interrupted

QUICK = ("--no-exact", "--no-certify", "--quiet")
CHAINED = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"

# ---- what is scanned ----------------------------------------------------------------------------------------------------------


def test_values_are_listed_or_stepped_and_several_multiply() -> None:
    assert points(["n=10,100,1e3"]) == [{"n": 10}, {"n": 100}, {"n": 1000}]
    assert points(["a=0..1:0.1"]) == [{"a": Fraction(k, 10)} for k in range(11)]  # 0.1 is 1/10
    assert points(["n=1,2", "a=-1..0 : 1/2".replace("1/2", "0.5")]) == [{"n": n, "a": a} for n in (1, 2) for a in (-1, Fraction(-1, 2), 0)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("n", "as n=10"),
        ("=1,2", "as n=10"),
        ("n=", "as n=10"),
        ("n=a,b", "numbers"),
        ("n=1,,2", "numbers"),
        ("n=3..1:1", "upwards"),
        ("n=1..3:0", "upwards"),
        ("n=1..3:-1", "upwards"),
        ("n=0..1e9:0.001", f"{MOST_POINTS:,}"),
        ("n=1e999999999", "numbers"),
        ("n=0x10", "numbers"),
    ],
)
def test_what_is_no_scan_is_a_sentence(text: str, word: str) -> None:
    with pytest.raises(UsageError, match=word.replace("(", r"\(")):
        points([text])


def test_too_many_points_in_all() -> None:
    with pytest.raises(UsageError, match="1,000,000 points"):
        points(["a=1..1000:1", "b=1..1000:1"])
    with pytest.raises(UsageError, match="twice"):
        points(["a=1", "a=2"])


# ---- the command ----------------------------------------------------------------------------------------------------------------


def lines(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_every_point_is_a_result_with_its_values(optbench: Any) -> None:
    ran = optbench("solve", "(x - a)^2 + b", "--scan", "a=1,2", "--scan", "b=0,5", *QUICK, "--method", "newton", "--json")
    assert ran.code == 0
    found = lines(ran)
    assert [r["scan"] for r in found] == [{"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 5.0}, {"a": 2.0, "b": 0.0}, {"a": 2.0, "b": 5.0}]
    assert [r["value"] for r in found] == [pytest.approx(b, abs=1e-12) for b in (0, 5, 0, 5)]
    assert [r["problem"]["parameters"] for r in found][1] == {"a": "1", "b": "5"}
    assert len({r["problem"]["hash"] for r in found}) == 4


def test_sizes_are_scanned_by_parameters_in_shapes(optbench: Any) -> None:
    ran = optbench("solve", CHAINED, "--var", "x[n]=-5..5", "--scan", "n=2,5,9", *QUICK, "--method", "lbfgs", "--json")
    assert [r["problem"]["variables"]["x"]["shape"] for r in lines(ran)] == [[2], [5], [9]]
    assert all(r["value"] < 1e-9 for r in lines(ran))


def test_a_file_may_have_its_sizes_as_parameters(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text('minimize: "sum((x - 1)^2)"\nparameters: {n: 2}\nvariables: {x: {shape: [n, "n + 1"]}}\n', encoding="utf-8")
    alone = optbench("solve", str(file), *QUICK, "--method", "bfgs", "--json")
    assert alone.json["problem"]["variables"]["x"]["shape"] == [2, 3]
    ran = optbench("solve", str(file), "--scan", "n=1,4", *QUICK, "--method", "bfgs", "--json")
    assert [r["problem"]["variables"]["x"]["shape"] for r in lines(ran)] == [[1, 2], [4, 5]]


@pytest.mark.parametrize(
    ("shape", "sentence"), [("n", "whole number"), ("-2", "whole number"), ("m", "The name m is not declared"), ("10^9", "limit")]
)
def test_a_length_that_is_none_is_a_sentence(optbench: Any, tmp_path: Path, shape: str, sentence: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(f'minimize: "sum(x)"\nparameters: {{n: 5/2}}\nvariables: {{x: {{shape: "{shape}"}}}}\n', encoding="utf-8")
    ran = optbench("solve", str(file))
    assert ran.code == 3
    assert sentence in ran.err


def test_the_table_ends_with_how_the_costs_grow(optbench: Any) -> None:
    ran = optbench("solve", CHAINED, "--var", "x[n]=-5..5", "--scan", "n=4,8,16", *QUICK, "--method", "lbfgs", "--method", "bfgs")
    assert ran.code == 0
    assert [line for line in ran.out.splitlines() if line.startswith("n = ")][2].startswith("n = 16: The best minimum found is")
    table = ran.out[ran.out.index("How the costs grow with n:") :].splitlines()
    assert table[1].split()[0] == "method"
    assert [row.split()[:6] for row in table[2:]] == [["lbfgs", "3", "points", "n", "=", "16"], ["bfgs", "3", "points", "n", "=", "16"]]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("(x - 1)^2", "--scan", "a=1,2"), "the problem does not depend on a"),
        (("(x - a)^2", "--scan", "a"), "--scan takes a parameter"),
        (("-", "--scan", "a=1,2"), "not on standard input"),
        (("(x - a)^2", "--scan", "a=1,2", "--certificate", "proof.jsonl"), "a scan has several"),
    ],
)
def test_scans_that_make_no_sense(optbench: Any, argv: tuple[str, ...], sentence: str) -> None:
    ran = optbench("solve", *argv)
    assert ran.code == 2
    assert sentence in ran.err


def test_the_exit_code_is_that_of_all_points(optbench: Any) -> None:
    ran = optbench("solve", "a*x^2", "--scan", "a=1,-1", "--no-certify", "--quiet", "--method", "newton", "--json")
    assert ran.code == 7  # unbounded at -1
    assert [r["status"] for r in lines(ran)] == ["optimal", "unbounded"]


@pytest.mark.parametrize("name", ["csv", "markdown", "latex", "jsonl"])
def test_other_formats_tell_the_points_apart(optbench: Any, name: str) -> None:
    ran = optbench("solve", "(x - a)^2", "--scan", "a=1,2", *QUICK, "--method", "newton", "--format", name)
    assert ran.code == 0
    assert "a=1" in ran.out
    assert "a=2" in ran.out


# ---- growth ----------------------------------------------------------------------------------------------------------------------


@given(st.floats(-3, 3), st.floats(1e-6, 1e6), st.lists(st.floats(1, 1e6), min_size=2, max_size=8, unique_by=lambda n: round(n, 1)))
def test_the_exponent_of_a_power_is_found(p: float, factor: float, sizes: list[float]) -> None:
    assert exponent(sizes, [factor * n**p for n in sizes]) == pytest.approx(p, abs=1e-3)


@pytest.mark.parametrize(("sizes", "costs"), [([1.0], [1.0]), ([1.0, 1.0], [1.0, 2.0]), ([0.0, 1.0], [1.0, 1.0]), ([1.0, 2.0], [0.0, 1.0])])
def test_there_is_no_exponent_of_too_little(sizes: list[float], costs: list[float]) -> None:
    assert exponent(sizes, costs) is None


def result(n: float, *rows: Attempt) -> Result:
    return Result(None, Status.FEASIBLE, Assurance.FEASIBLE, "", attempts=list(rows), scan={"n": n})


def test_growth_is_told_of_what_converged() -> None:
    converged, limit = AttemptStatus.CONVERGED, AttemptStatus.LIMIT
    results = [
        result(
            n,
            Attempt("a", "numerical", converged, solve_seconds=1e-3 * n**2, objective_evaluations=3),
            Attempt("b", "numerical", converged if n < 1000 else limit, "out of time", solve_seconds=n, objective_evaluations=int(n)),
            Attempt("exact stage", "exact", converged),
        )
        for n in (10, 100, 1000)
    ]
    first, second = growth(results, "n")
    assert (first.method, first.points, first.largest, first.time, first.last_time, first.evaluations) == ("a", 3, 1000, 2.0, 2.0, 0.0)
    assert (second.points, second.largest, second.time, second.ended_by) == (2, 100, None, "out of time")


def test_what_auto_does_after_its_first_method_is_no_method_whose_costs_grow() -> None:
    def row(n: int, stage: str | None, seconds: float) -> Attempt:
        return Attempt("newton", "numerical", AttemptStatus.CONVERGED, solve_seconds=seconds, objective_evaluations=n, stage=stage)

    rows = {
        n: [row(n, None, n / 100), row(99, "further starts", 1.0), replace(row(168, "lines", 0.1), method="auto")] for n in (10, 20, 40)
    }
    [found] = growth([result(n, *attempts) for n, attempts in rows.items()], "n")
    assert (found.method, found.time, found.evaluations) == ("newton", pytest.approx(1), pytest.approx(1))


def test_points_that_are_near_each_other_tell_no_exponent() -> None:
    results = [result(n, Attempt("a", "numerical", AttemptStatus.CONVERGED, solve_seconds=n, objective_evaluations=3)) for n in (1, 28, 29)]
    [found] = growth(results, "n")
    assert (found.time, found.last_time) == (1.0, None)


def test_an_interrupt_of_a_scan_is_told_with_what_was_done(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Result:
        raise Interrupted(replace(result(1.0), status=Status.FEASIBLE, sentence="Words."))

    monkeypatch.setattr(answers, "run", interrupted)
    ran = optbench("solve", "(x-n)^2", "--scan", "n=1,2")
    assert (ran.code, ran.err) == (130, "interrupted: the points that were solved until then are shown.\n")
    assert ran.out.startswith("n = 1: Words.")
    assert "n = 2" not in ran.out
