"""Certification in the whole: rows, options, exit codes, JSON, disagreements, formulas that a certificate proves, and `verify`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from certificates import asked, ends, lines, written

import optbench as package
from optbench.certify.answer import CertifiedAnswer
from optbench.certify.stage import solve as certify
from optbench.cli.answers import exit_code
from optbench.cli.app import run
from optbench.errors import ExitCode
from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts
from optbench.problem.problem import Problem
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Status
from optbench.verify import check
from optbench.workbench.function import Function
from optbench.workbench.improvement import improver
from optbench.workbench.judgement import judge
from optbench.workbench.proof import disagreement, joined
from optbench.workbench.settings import Settings
from optbench.workbench.verdict import Finding, verdict

WAVES = "sin(3*x)*sin(3*y) + (x - 2)^2 + y^2"


def solved(objective: str, *constraints: str, methods: Sequence[str] = ("bfgs",), **options: Any) -> Result:
    return package.solve(objective, subject_to=constraints, methods=methods, **{"exact": False, **options})


def row_of(result: Result) -> Any:
    [row] = [row for row in result.attempts if row.kind == "certified"]
    return row


# ---- rows and facts --------------------------------------------------------------------------------------------------


def test_a_certified_minimum_has_a_row_and_its_facts(tmp_path: Path) -> None:
    file = tmp_path / "proof.jsonl"
    result = solved(WAVES, range=(-4, 4), certificate=file)
    row = row_of(result)
    assert (row.method, row.status, row.value) == ("branch-and-bound", AttemptStatus.CONVERGED, pytest.approx(-0.6265977595795176))
    assert (result.status, result.assurance, result.complete) == (Status.OPTIMAL, Assurance.CERTIFIED, True)
    facts = result.certificate
    assert facts is not None
    assert (facts.closed, facts.boxes, facts.possible, facts.relaxed, facts.file) == (True, row.iterations, [], None, str(file))
    assert facts.assumes == ["numpy's elementary functions are within 4 ulp"]
    assert facts.gap is not None
    assert facts.gap < 1e-8
    assert check(file).claim["value_enclosure"] == result.value_enclosure
    [solution] = result.solutions
    assert (solution.unique, solution.kind, solution.exact) == (True, "interior", None)
    assert solution.enclosure is not None
    assert all(Fraction(low) < Fraction(high) for low, high in solution.enclosure.values())
    [bfgs] = [row for row in result.attempts if row.method == "bfgs"]
    assert bfgs.error_value is not None
    assert bfgs.reached_optimum is (bfgs.error_value < 1e-5)


def test_without_certification_there_is_no_row() -> None:
    result = solved(WAVES, range=(-4, 4), certify=False)
    assert {row.kind for row in result.attempts} == {"numerical"}
    assert (result.certificate, result.value_enclosure, result.assurance) == (None, None, Assurance.LOCAL)


def test_without_time_nothing_is_claimed() -> None:
    result = solved(WAVES, range=(-4, 4), certify_time=0)
    assert row_of(result).status in (AttemptStatus.LIMIT, AttemptStatus.NOT_APPLICABLE)
    assert result.assurance is Assurance.LOCAL
    if result.value_enclosure is not None:
        low, high = ends(result.value_enclosure)
        assert low <= Fraction("-0.626597759579517615548410452064") <= high + 1


def test_an_enclosure_stands_where_nothing_is_attained() -> None:
    """The infimum of exp(-x) + x^2*0: the value is enclosed, and no minimum is claimed."""
    result = solved("exp(-x)", range=(0, "inf"), methods=["nelder-mead"])
    assert result.assurance in (Assurance.LOCAL, Assurance.FEASIBLE, Assurance.NONE)
    assert row_of(result).status is AttemptStatus.LIMIT
    assert row_of(result).reason == "it is not proved that the value is attained"
    if result.value_enclosure is not None:
        assert ends(result.value_enclosure)[0] == 0


def test_an_enclosure_below_certified_bounds_what_others_found() -> None:
    result = solved(
        "abs(x - 1/3) + abs(y*x - 1/7) + sin(x + y) + exp(-y)", variables={"x": (-5, 5), "y": (-5, "inf")}, methods=["nelder-mead"]
    )
    assert not result.assurance.is_proof or result.certificate is not None
    if result.value_enclosure is not None and result.value is not None:
        low, high = ends(result.value_enclosure)
        assert low <= Fraction(result.value) + Fraction(1, 10**6)
        assert low <= high


def test_what_can_not_be_certified_has_a_row_with_the_reason() -> None:
    result = solved("gamma(x) + x", range=(1, 3))
    assert (row_of(result).status, row_of(result).reason) == (AttemptStatus.NOT_APPLICABLE, "no interval rule for gamma")
    assert result.certificate is None


def test_no_feasible_point_is_proved() -> None:
    result = solved("x + y", "x^2 + y^2 <= 1", "x + y >= 2", range=(-5, 5), methods=["scipy-slsqp"])
    assert (result.status, result.assurance) == (Status.INFEASIBLE, Assurance.CERTIFIED)
    assert exit_code(result, Settings()) is ExitCode.INFEASIBLE


def test_a_certificate_is_written_beside_an_exact_answer(tmp_path: Path) -> None:
    file = tmp_path / "proof.jsonl"
    result = package.solve("x*log(x) - sqrt(x)", range=(0, 10), methods=["brent"], certificate=file)
    assert result.assurance is Assurance.EXACT
    assert result.certificate is not None
    assert result.certificate.file == str(file)
    low, high = ends(check(file).claim["value_enclosure"])
    least, greatest = ends(result.value_enclosure or [])
    assert low <= greatest
    assert least <= high


# ---- the command line ------------------------------------------------------------------------------------------------


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*argv: str) -> Ran:
        return Ran(run(argv), *capsys.readouterr())

    return call


def test_a_certificate_from_the_command_line_is_verified(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "proof.jsonl"
    made = command("solve", WAVES, "--range", "-4", "4", "--certificate", str(file), "--method", "bfgs", "--require", "certified", "--json")
    assert (made.code, made.err) == (0, "")
    answer = json.loads(made.out)
    assert answer["certificate"]["file"] == str(file)
    assert (answer["assurance"], answer["certificate"]["closed"], answer["certificate"]["relaxed"]) == ("certified", True, None)
    accepted = command("verify", str(file))
    assert (accepted.code, accepted.err) == (0, "")
    assert accepted.out.startswith(f"{file}: accepted: the minimum of {WAVES} lies in [{answer['value_enclosure'][0]}, ")
    facts = json.loads(command("verify", "--json", str(file)).out)
    assert (facts["accepted"], facts["value_enclosure"], facts["status"]) == (True, answer["value_enclosure"], "optimal")
    assert facts["objective"] == WAVES


def test_a_changed_certificate_is_refused_with_code_9(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "proof.jsonl"
    certify(asked("x^2 - cos(x)", x="[-2, 2]"), seconds=5, file=str(file))
    content = lines(file)
    content[0]["claim"]["value_enclosure"] = ["-0.9", "-0.8"]
    written(file, content)
    refused = command("verify", str(file))
    assert (refused.code, refused.err) == (9, "")
    assert refused.out == f"{file}: refused: the value is not proved to lie in the enclosure that is claimed.\n"
    assert json.loads(command("verify", "--json", str(file)).out) == {
        "path": str(file),
        "accepted": False,
        "reason": "the value is not proved to lie in the enclosure that is claimed",
    }
    file.write_bytes(b"\x00\xff")
    assert command("verify", str(file)).code == 9


def test_what_can_not_be_read_is_a_mistake_of_usage(command: Any, tmp_path: Path) -> None:
    missing = command("verify", str(tmp_path / "missing"))
    assert (missing.code, missing.out) == (2, "")
    assert "There is no file" in missing.err
    assert command("verify", str(tmp_path)).code == 2


def test_the_worst_of_several_files_counts(command: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    certify(asked("x^2", x="[-2, 2]"), seconds=5, file=str(good))
    bad.write_text("{}\n")
    ran = command("verify", str(good), str(bad))
    assert ran.code == 9
    assert [line.split(": ")[1] for line in ran.out.splitlines()] == ["accepted", "refused"]


def test_options_that_exclude_each_other(command: Any, tmp_path: Path) -> None:
    assert command("solve", "x^2", "--no-certify", "--certificate", str(tmp_path / "c")).code == 2
    assert command("solve", "x^2", "--certificate", str(tmp_path)).code == 2
    assert command("solve", "x^2", "--certificate", str(tmp_path / "missing" / "c")).code == 2
    assert command("solve", "x^2", "--certify-time", "-1").code == 2


def test_a_requirement_that_is_not_met_has_its_code(command: Any) -> None:
    ran = command(
        "solve", WAVES, "--range", "-4", "4", "--no-exact", "--no-certify", "--method", "bfgs", "--require", "certified", "--json"
    )
    assert ran.code == 5
    assert json.loads(ran.out)["certificate"] is None
    assert command("solve", WAVES, "--range", "-4", "4", "--no-exact", "--certify-time", "0", "--method", "bfgs", "--json").code == 0


# ---- a value proved without a place --------------------------------------------------------------------------------


def test_a_proof_that_leaves_too_many_places_still_shows_a_point() -> None:
    """Powell's singular function twice: the boxes around its minimiser, at which the Hessian is singular, are too many."""
    objective = "sum((x[::4] + 10*x[1::4])^2 + 5*(x[2::4] - x[3::4])^2 + (x[1::4] - 2*x[2::4])^4 + 10*(x[::4] - x[3::4])^4)"
    result = package.solve(objective, variables={"x": {"shape": 8, "start": 1}}, methods=["bfgs"], certify_time=20)
    assert (result.status, result.complete, result.value) == (Status.OPTIMAL, False, 0)
    [solution] = result.solutions
    assert solution.point is not None
    assert solution.point["x"] == pytest.approx([0] * 8, abs=1e-3)
    assert not solution.unique


@pytest.mark.parametrize("found", [1e-9, 0.5])
def test_the_point_of_a_proof_without_one_has_the_proved_value(found: float) -> None:
    problem = asked("cosh(x)", x="[-3, 3]")
    function = Function(problem)
    certified = replace(certified_answer(problem), solutions=(), complete=False)
    row = Attempt("fake", "numerical", AttemptStatus.CONVERGED, value=1.0, point={"x": found})
    result = verdict(problem, function, None, certified, [Finding(row, judge(function, function.space.point([found])))])
    assert (result.status, result.assurance) == (Status.OPTIMAL, Assurance.CERTIFIED)
    assert [s.point for s in result.solutions] == ([{"x": found}] if found < 0.1 else [])
    assert [a.error_point for a in result.attempts] == [None]  # of a point that is not proved to be the place, nothing is measured


# ---- proofs joined ---------------------------------------------------------------------------------------------------

VALLEY = "cosh(x - log(2)) + (y - x)^2*exp(y)"  # stationary at x = y = log(2), which is not seen to be the minimum


def exact_answer(value: str, status: Status = Status.OPTIMAL, assurance: Assurance = Assurance.EXACT, **facts: Any) -> ExactAnswer:
    """An answer as the exact stage would give it; `value` is its enclosure, too."""
    solution = ExactSolution({"x": 0.0}, {"x": "0"}, {"x": ("0", "0")}, "interior", True, FormulaFacts("found"))
    bounded = status in (Status.OPTIMAL, Status.NOT_ATTAINED)
    pair = (value, value) if bounded else None
    return ExactAnswer(
        "fake", status, assurance, value if bounded else None, float(Fraction(value)), pair, (solution,), True, None, **facts
    )


def certified_answer(problem: Problem) -> CertifiedAnswer:
    return certify(problem, seconds=5, improver=improver)


def test_a_formula_that_a_certificate_proves_is_exact() -> None:
    result = package.solve(VALLEY, range=(-3, 3), methods=["bfgs"])
    assert (result.assurance, result.status, result.complete) == (Assurance.EXACT, Status.OPTIMAL, True)
    assert result.value_exact == "1"
    assert [dict(s.exact or {}) for s in result.solutions] == [{"x": "log(2)", "y": "log(2)"}]
    assert result.solutions[0].unique
    assert result.certificate is not None


def test_without_a_certificate_the_formula_is_local() -> None:
    result = package.solve(VALLEY, range=(-3, 3), methods=["bfgs"], certify=False)
    assert (result.assurance, result.value_exact) == (Assurance.LOCAL, "1")


@pytest.mark.parametrize(
    ("change", "proved"),
    [
        ({}, Assurance.EXACT),
        ({"stationary": False}, Assurance.CERTIFIED),
        ({"solutions": ()}, Assurance.CERTIFIED),
        ({"elsewhere": True}, Assurance.CERTIFIED),
    ],
)
def test_a_formula_is_proved_in_the_one_place_only(change: dict[str, Any], proved: Assurance) -> None:
    problem = asked("x^2 + cosh(x)", x="[-3, 3]")
    formula = replace(exact_answer("1", assurance=Assurance.LOCAL), complete=False, stationary=True)
    if change.pop("elsewhere", False):
        moved = replace(formula.solutions[0], enclosure={"x": ("1", "1")})
        formula = replace(formula, solutions=(moved,))
    answer = joined(problem, replace(formula, **change), certified_answer(problem))
    assert answer is not None
    assert (answer.assurance, answer.complete) == (proved, True)


def test_two_places_prove_no_formula() -> None:
    problem = asked("(x^2 - 1)^2 + cosh(x^2 - 1)", x="[-3, 3]")
    solution = replace(exact_answer("1").solutions[0], exact={"x": "1"}, enclosure={"x": ("1", "1")}, point={"x": 1.0})
    formula = replace(exact_answer("1", assurance=Assurance.LOCAL), solutions=(solution,), stationary=True)
    answer = joined(problem, formula, certified_answer(problem))
    assert answer is not None
    assert (answer.assurance, answer.value_exact, len(answer.solutions)) == (Assurance.CERTIFIED, None, 2)


def test_an_exact_answer_stands_beside_a_certified_one() -> None:
    problem, exact = asked("x^2", x="[-3, 3]"), exact_answer("0")
    assert joined(problem, exact, certified_answer(problem)) is exact
    assert joined(problem, exact, None) is exact
    assert joined(problem, None, None) is None


def test_two_proofs_that_exclude_each_other_are_told() -> None:
    """An exact answer that is wrong: both are withdrawn, and the exit code says so."""
    problem = asked("x^2 + cosh(x)", x="[-3, 3]")
    wrong, certified = exact_answer("0"), certified_answer(problem)
    assert (
        disagreement(problem, wrong, certified) == "Answers disagree: the value of fake lies outside of the enclosure of branch-and-bound."
    )
    result = verdict(problem, Function(problem), wrong, certified, [])
    assert not result.assurance.is_proof
    assert result.disagreements
    assert exit_code(result, Settings()) is ExitCode.DISAGREEMENT
    assert disagreement(problem, exact_answer("1"), certified) is None
    assert disagreement(problem, replace(wrong, assurance=Assurance.LOCAL), certified) is None
    assert disagreement(problem, wrong, None) is None


def test_proofs_that_differ_on_feasibility_are_told() -> None:
    problem = asked("x", "x^2 <= -1", x="[-3, 3]")
    certified = certified_answer(problem)
    assert certified.status is Status.INFEASIBLE
    assert "whether any point is feasible" in (disagreement(problem, exact_answer("0"), certified) or "")
    assert disagreement(problem, exact_answer("0", Status.INFEASIBLE), certified) is None


def test_proofs_that_differ_on_a_bound_or_on_attainment_are_told() -> None:
    problem = asked("x^2 + cosh(x)", x="[-3, 3]")
    certified = certified_answer(problem)
    fallen = replace(exact_answer("0", Status.UNBOUNDED), value_exact="-inf", value=None, value_enclosure=None)
    assert "lies outside" in (disagreement(problem, fallen, certified) or "")
    approached = exact_answer("1", Status.NOT_ATTAINED)
    assert "attained" in (disagreement(problem, approached, certified) or "")
    highest = asked("-x^2 - cosh(x)", x="[-3, 3]")
    grown = replace(fallen, value_exact="inf")
    assert "lies outside" in (disagreement(replace(highest, sense="maximize"), grown, certified_answer(highest)) or "")


def test_a_power_of_a_function_has_more_stationary_points_than_the_function() -> None:
    """(x^2 - 2*x)^3 is stationary at 0, which is no minimum: a certificate for x^2 - 2*x does not make one of it."""
    answer = certified_answer(asked("(x^2 - 2*x + cos(x)/9)^3", x="[-1, 2]"))
    assert answer.complete
    assert not any(s.stationary for s in answer.solutions)
