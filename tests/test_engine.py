"""The engine: exact counts and limits, a row for whatever a method does, and no claim that the point does not support."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import optbench
from optbench.cli.answers import exit_code
from optbench.errors import ExitCode
from optbench.exact.answer import ExactAnswer, ExactSolution
from optbench.methods.method import Method, Outcome
from optbench.methods.options import read_options
from optbench.methods.registry import get, names
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Assurance, Attempt, AttemptStatus, Result, Status
from optbench.workbench import attempt, panel
from optbench.workbench.engine import Interrupted, solve
from optbench.workbench.function import Function, importable
from optbench.workbench.judgement import Judgement, judge
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts
from optbench.workbench.verdict import Finding, verdict

VALLEY = optbench.define("(1 - x)^2 + 100*(y - x^2)^2", range=(-2, 2), start={"x": -1.2, "y": 1})
BOWL = optbench.define("(x - 1)^2 + 3", range=(-5, 5), start={"x": 4})
HEADLINE = optbench.define("x*log(x) - sqrt(x)", range=(0, 10))
PROBLEMS = {"one variable": BOWL, "two variables": VALLEY}


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def numerically(problem: Problem, *methods: str, **settings: Any) -> Result:
    return solve(problem, Settings(exact=False, certify=False, methods=tuple(map(MethodChoice, methods)), **settings))


def rows(result: Result) -> dict[str, Attempt]:
    return {row.method: row for row in result.attempts}


# ---- counts and limits ----------------------------------------------------------------------------------------------------


class Counted(Function):
    """Counts on its own how often it is asked."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.asked = [0, 0, 0]
        self.points: list[Any] = []

    def value(self, x: Any) -> float:
        self.asked[0] += 1
        self.points.append(self.space.coordinates(x))
        return super().value(x)

    def gradient(self, x: Any) -> Any:
        self.asked[1] += 1
        return super().gradient(x)

    def hessian(self, x: Any) -> Any:
        self.asked[2] += 1
        return super().hessian(x)

    @cached_property
    def least_squares(self) -> Any:
        return CountedSquares(super().least_squares, self)


class CountedSquares:
    """Residuals count as values, their derivatives as gradients."""

    def __init__(self, reading: Any, function: Counted) -> None:
        self.reading, self.function, self.jacobian_sparsity = reading, function, reading.jacobian_sparsity

    def constraints(self, x: Any) -> Any:
        self.function.asked[0] += 1
        self.function.points.append(self.function.space.coordinates(x))
        return self.reading.constraints(x)

    def jacobian(self, x: Any) -> Any:
        self.function.asked[1] += 1
        return self.reading.jacobian(x)

    def prepare(self, wanted: Iterable[str]) -> None:
        self.reading.prepare(wanted)


def run(problem: Problem, name: str, budget: attempt.Budget) -> tuple[Counted, dict[str, Any]]:
    method, begin = get(name), starts(Function(problem), 0)
    function = Counted(problem)
    return function, attempt.run(function, method, read_options(method, {}), begin, budget, 1e-8, 0, True, lambda message: None)


def cases() -> list[tuple[str, str]]:
    general = [name for name in names() if not (get(name).linear_residuals_only or get(name).linear_only or get(name).quadratic_only)]
    general = [name for name in general if importable((get(name).library or "optbench").partition(".")[0])]
    general = [name for name in general if "batches" not in get(name).uses]  # `test_mini_batches` counts what those do
    return [(name, kind) for name in general for kind in PROBLEMS if kind == "one variable" or not get(name).one_variable_only]


@pytest.mark.parametrize(("name", "kind"), cases())
def test_counts_are_exact_and_nothing_is_evaluated_outside_the_bounds(name: str, kind: str) -> None:
    function, facts = run(PROBLEMS[kind], name, attempt.Budget(60, iterations=200))
    assert facts["counts"] == [*function.asked, 0]
    assert facts["counts"][0] > 0
    assert all(low <= c <= high for x in function.points for c, (low, high) in zip(x, function.closed_box, strict=True))
    assert len(facts["trace"]) == facts["iterations"] + 1


@pytest.mark.parametrize(("name", "kind"), cases())
@pytest.mark.parametrize("evaluations", [0, 1, 7])
def test_a_budget_of_evaluations_is_obeyed_exactly(name: str, kind: str, evaluations: int) -> None:
    function, facts = run(PROBLEMS[kind], name, attempt.Budget(60, evaluations=evaluations))
    assert facts["counts"] == [*function.asked, 0]
    assert sum(function.asked) <= evaluations
    if facts["status"] == "limit":
        assert sum(function.asked) == evaluations
        assert facts["reason"] == f"reached its limit of {evaluations} evaluations"
    assert (facts["x"] is None) == (function.asked[0] == 0)


@pytest.mark.parametrize(("name", "kind"), cases())
def test_a_deadline_that_has_passed_is_obeyed(name: str, kind: str) -> None:
    function, facts = run(PROBLEMS[kind], name, attempt.Budget(0))
    assert (function.asked, facts["status"], facts["reason"]) == ([0, 0, 0], "limit", "reached its time limit")


def test_a_limit_of_iterations_is_obeyed() -> None:
    _, facts = run(VALLEY, "gradient-descent", attempt.Budget(60, iterations=5))
    assert (facts["iterations"], facts["status"], facts["reason"]) == (5, "limit", "reached its limit of 5 iterations")


def test_no_time_at_all_is_an_answer() -> None:
    result = numerically(BOWL, time_limit=0.0)
    assert {row.status for row in result.attempts} == {AttemptStatus.LIMIT}
    assert result.sentence == "Nothing was found before the limits were reached; the reasons are under the table."
    assert (result.status, exit_code(result, Settings())) == (Status.UNKNOWN, ExitCode.LIMIT)


# ---- whatever a method does, it is a row ----------------------------------------------------------------------------------


def walk_then(what: Callable[[Any], Any]) -> Callable[..., Any]:
    """An algorithm that finds the value 1 at x = 2 and then misbehaves."""

    def algorithm(objective: Any, x: Any, value: float, options: Any) -> Any:
        for x in (3.0, 2.0):
            yield x, objective.value(x)
        end = what(objective)
        if isinstance(end, tuple) and not isinstance(end, Outcome):
            yield end
        return end if isinstance(end, Outcome) else Outcome(False, "it gave up")

    return algorithm


def misbehaving(name: str, what: Callable[[Any], Any]) -> Method:
    return Method(name, "Misbehaves.", "nobody", walk_then(what))


def raise_error(objective: Any) -> None:
    raise ZeroDivisionError("float division by zero")


def loop_evaluating(objective: Any) -> None:
    while True:
        objective.value(3.0)


def loop_silently(objective: Any) -> None:
    while True:
        pass


def allocate(objective: Any) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(2**24))


def end_of_process(objective: Any) -> None:
    os._exit(3)


def kill_itself(objective: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


MISBEHAVIOUR = {
    "raises": (raise_error, AttemptStatus.CRASHED, "raised ZeroDivisionError: float division by zero"),
    "nan": (lambda objective: (2.0, math.nan), AttemptStatus.DIVERGED, "the function is not defined in iteration 3"),
    "infinite": (lambda objective: (2.0, math.inf), AttemptStatus.DIVERGED, "the function is infinite in iteration 3"),
    "bottomless": (lambda objective: (2.0, -2e300), AttemptStatus.DIVERGED, "the function falls below -1e+300 in iteration 3"),
    "evaluates": (loop_evaluating, AttemptStatus.LIMIT, "reached its"),
    "loops": (loop_silently, AttemptStatus.KILLED, "ran past its wall limit"),
    "allocates": (allocate, AttemptStatus.KILLED, "ran out of"),
    "exits": (end_of_process, AttemptStatus.CRASHED, ""),
    "segfaults": (kill_itself, AttemptStatus.CRASHED, ""),
    "leaves": (lambda objective: (9.0, -7.0), AttemptStatus.STALLED, "it gave up"),
    "lies": (lambda objective: Outcome(True, "all is well"), AttemptStatus.STALLED, "it says 'all is well', but the scaled gradient is"),
}
METHODS = {name: misbehaving(name, what) for name, (what, _, _) in MISBEHAVIOUR.items()}


@pytest.fixture(scope="module")
def parade() -> Result:
    """All of them together, with a method that behaves among them."""
    with pytest.MonkeyPatch.context() as patch:
        known: dict[str, Method] = {**METHODS, "bfgs": get("bfgs")}
        patch.setattr(panel, "get", known.__getitem__)
        patch.setattr(panel, "names", lambda: tuple(known))
        return numerically(BOWL, "all", time_limit=24.0, memory_limit=2**28)


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_whatever_a_method_does_is_a_row_with_its_best_point(parade: Result, name: str) -> None:
    row, (_, status, reason) = rows(parade)[name], MISBEHAVIOUR[name]
    assert row.status is status
    assert (row.reason or "").startswith(reason)
    assert row.reason
    assert row.value is not None
    if name in ("loops", "allocates", "exits", "segfaults"):  # what it told before it was cut off
        assert row.value in (12.0, 7.0, 4.0)
    else:
        assert (row.value, row.point) == (4.0, {"x": 2.0})
        assert row.objective_evaluations >= 3


def test_the_rest_stands_whatever_the_others_do(parade: Result) -> None:
    assert rows(parade)["bfgs"].status is AttemptStatus.CONVERGED
    assert (parade.status, parade.value) == (Status.LOCALLY_OPTIMAL, 3.0)
    assert [row.method for row in parade.attempts] == [*MISBEHAVIOUR, "bfgs"]
    json.loads(parade.to_json(), parse_constant=pytest.fail)


def test_no_start_at_which_the_function_is_defined_is_said() -> None:
    result = numerically(optbench.define("log(x^2 - 100) + x", range=(-1, 1)))
    assert {row.reason for row in result.attempts} == {"the function is not defined at the start"}
    assert result.assurance is Assurance.NONE
    assert result.value is None


# ---- the judgement --------------------------------------------------------------------------------------------------------


def judged(expression: str, point: Mapping[str, float], **asked: Any) -> Judgement:
    problem = optbench.define(expression, **asked)
    function = Function(problem)
    return judge(function, function.space.point([point[v.name] for v in problem.variables]))


@pytest.mark.parametrize(
    ("expression", "point", "asked", "reason"),
    [
        ("x*y", {"x": 0, "y": 0}, {}, "the curvature is indefinite there"),
        ("x^2 - y^2", {"x": 0, "y": 0}, {}, "the curvature is indefinite there"),
        ("x^3 - 3*x*y^2", {"x": 0, "y": 0}, {}, "there are lower values nearby"),
        ("x^2 - y^4", {"x": 0, "y": 0}, {}, "there are lower values nearby"),
        ("x^3", {"x": 0}, {}, "there are lower values nearby"),
        ("x^5", {"x": 0}, {}, "there are lower values nearby"),
        ("x^9", {"x": 0}, {}, "there are lower values nearby"),
        ("-x^4", {"x": 0}, {}, "there are lower values nearby"),
        ("-x^2", {"x": 0}, {}, "the curvature is negative there"),
        ("cos(x)", {"x": 0}, {}, "the curvature is negative there"),
        ("-x^2", {"x": 0}, {"range": (0, 1)}, "the curvature is negative there"),
        ("-abs(x)", {"x": 0}, {}, "there are lower values nearby"),
        ("x^2", {"x": 1}, {"range": (0, 1)}, "the scaled gradient is 2.0e+00 there"),
        ("x", {"x": 0.5}, {"range": (0, 1)}, "the scaled gradient is 1.0e+00 there"),
        ("abs(x) + y^2", {"x": 0.1, "y": 0}, {}, "the scaled gradient is 1.0e+00 there"),
        ("x", {"x": 5e-324}, {"range": ("0", "1"), "variables": {"x": "(0, 1]"}}, "the range is open at the end it leans on"),
        ("log(x)", {"x": 5e-324}, {"range": (0, 1)}, "the range is open at the end it leans on"),
        ("floor(x) + x^2", {"x": -2.7e-9}, {}, "the function jumps next to it"),
        ("y^2 + x % 1", {"x": 1e-12, "y": 0}, {}, "the function jumps next to it"),
        ("gamma(x)", {"x": -2.9999999999999996}, {"range": (-3, 3)}, "the function grows without bound next to it"),
    ],
)
def test_what_is_no_minimum_is_never_called_local(expression: str, point: dict[str, float], asked: dict[str, Any], reason: str) -> None:
    found = judged(expression, point, **asked)
    assert (found.assurance, found.reason) == (Assurance.FEASIBLE, reason)


@pytest.mark.parametrize(
    ("expression", "point", "asked", "reason"),
    [
        ("log(x)", {"x": -1}, {}, "the function is not defined there"),
        ("sqrt(x)", {"x": -1e-9}, {}, "the function is not defined there"),
        ("1/x", {"x": 0}, {}, "the function is not defined there"),
        ("x + 0*log(y)", {"x": 0, "y": -1}, {"variables": {"x": (0, 1)}}, "the function is not defined there"),
        ("x^2", {"x": 0}, {"range": (1, 2)}, "it lies outside the range"),
        ("x^2", {"x": 1 - 1e-7}, {"range": (1, 2)}, "it lies outside the range"),
        ("x^2", {"x": 0}, {"subject_to": ["x >= 1"]}, "it violates a constraint by 1.0e+00"),
        ("exp(x)", {"x": 1000}, {}, "the function is not defined there"),
    ],
)
def test_a_point_that_is_none_is_refused(expression: str, point: dict[str, float], asked: dict[str, Any], reason: str) -> None:
    found = judged(expression, point, **asked)
    assert (found.assurance, found.reason) == (Assurance.NONE, reason)


@pytest.mark.parametrize(
    ("expression", "point", "asked", "kind"),
    [
        ("x^2", {"x": 0}, {}, "interior"),
        ("x^4", {"x": 0}, {}, "interior"),
        ("(x - 1)^8 + (y + 1)^4", {"x": 1, "y": -1}, {}, "interior"),
        ("abs(x)", {"x": 0}, {}, "kink"),
        ("max(x % 1, 0.5) + (x - 2.25)^2", {"x": 2.25}, {}, "interior"),
        ("abs(x - 0.3) + x/2", {"x": 0.3}, {}, "kink"),
        ("max(x, -2*x)", {"x": 0}, {}, "kink"),
        ("max(abs(x) - 1, 0)", {"x": 0.5}, {}, "interior"),
        ("x", {"x": 0}, {"range": (0, 1)}, "boundary"),
        ("-x", {"x": 1}, {"range": (0, 1)}, "boundary"),
        ("sqrt(x)", {"x": 0}, {"range": (0, 1)}, "boundary"),
        ("x^2 + y", {"x": 0, "y": -1}, {"range": (-1, 1)}, "boundary"),
        ("x*log(x) - sqrt(x)", {"x": 0.6758406309447072}, {"range": (0, 10)}, "interior"),
        ("1e-9*(x - 3)^2", {"x": 3}, {}, "interior"),
        ("x - 2*exp(-1e6*x^2)", {"x": -2.5e-7}, {"range": (-1, 1)}, "interior"),
    ],
)
def test_what_is_a_minimum_is_called_local(expression: str, point: dict[str, float], asked: dict[str, Any], kind: str) -> None:
    found = judged(expression, point, **asked)
    assert (found.assurance, found.kind, found.reason) == (Assurance.LOCAL, kind, None)


@given(st.floats(-3, 3), st.floats(-3, 3))
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_point_with_a_clear_slope_is_never_local(x: float, y: float) -> None:
    slope = max(abs(2 * x + y), abs(2 * y + x))
    assert (judged("x^2 + x*y + y^2", {"x": x, "y": y}).assurance is Assurance.LOCAL) <= (slope < 1e-4)


@pytest.mark.parametrize("text", ["(y - x^2)*(y - 3*x^2)", "(y - x^2)*(y - 3*x^2) + z^2", "(z + y - x^3)^2 - x^8"])
def test_what_falls_along_a_curve_only_is_no_minimum(text: str) -> None:
    """Peano's surface: along every line through 0 it has a minimum there."""
    found = judged(text, dict.fromkeys("xyz"[: 2 + ("z" in text)], 0.0))
    assert (found.assurance, found.reason) == (Assurance.FEASIBLE, "there are lower values nearby")


@pytest.mark.parametrize("text", ["(y - x^2)^2 + x^6", "x^4 + y^2", "(x + y)^2", "(y - x^2)*(y - x^2/3) + x^4"])
def test_a_flat_valley_is_a_minimum(text: str) -> None:
    assert judged(text, {"x": 0.0, "y": 0.0}).assurance is Assurance.LOCAL


def test_a_saddle_is_found_but_not_called_a_minimum() -> None:
    result = numerically(optbench.define("x^2 - y^2", start={"x": 1, "y": 0}), "newton", "gradient-descent")
    assert result.status is not Status.LOCALLY_OPTIMAL
    assert exit_code(result, Settings()) == ExitCode.BELOW_REQUIREMENT
    assert result.sentence.startswith("The lowest value found is ")
    assert "it is not shown to be even a local minimum, since " in result.sentence


# ---- joined with what is proved -------------------------------------------------------------------------------------------


def fake(value: float, x: float, status: Status = Status.OPTIMAL, assurance: Assurance = Assurance.EXACT) -> ExactAnswer:
    text = repr(value)
    solution = ExactSolution({"x": x}, {"x": str(x)}, None, "interior", True, None)
    return ExactAnswer("fake", status, assurance, text, value, (text, text), (solution,), True)


def joined(problem: Problem, answer: ExactAnswer | None, x: float) -> Result:
    function = Function(problem)
    point = judge(function, x)
    row = Attempt("seeker", "numerical", AttemptStatus.CONVERGED, value=problem.sign * point.value, point={"x": x})
    return verdict(problem, function, answer, None, [Finding(row, point)])


@pytest.mark.parametrize("sense", ["minimize", "maximize"])
def test_a_point_below_a_proved_minimum_is_a_disagreement(sense: str) -> None:
    problem = BOWL if sense == "minimize" else optbench.define("-(x - 1)^2 - 3", range=(-5, 5), maximize=True)
    result = joined(problem, fake(problem.sign * 3.5, 0.0), 1.0)
    assert result.disagreements == [
        f"Answers disagree: seeker found the value {problem.sign * 3:g}, which the proved answer of fake excludes."
    ]
    assert result.warnings == result.disagreements
    assert result.status is Status.LOCALLY_OPTIMAL
    assert exit_code(result, Settings()) == ExitCode.DISAGREEMENT
    assert exit_code(joined(problem, fake(problem.sign * 3.0, 1.0), 1.0), Settings()) == ExitCode.ANSWERED


def test_a_point_where_nothing_should_be_is_a_disagreement() -> None:
    nowhere = ExactAnswer("fake", Status.INFEASIBLE, Assurance.EXACT)
    assert exit_code(joined(BOWL, nowhere, 1.0), Settings()) == ExitCode.DISAGREEMENT


def test_rounding_is_no_disagreement() -> None:
    result = joined(HEADLINE, fake(-1.0868882653329577, 0.6758406309447072), 0.67584063)
    assert result.disagreements == []
    assert (result.status, result.assurance) == (Status.OPTIMAL, Assurance.EXACT)


def test_a_wrong_published_value_is_a_disagreement_with_what_is_proved() -> None:
    from optbench.problem.reader import read_text
    from optbench.problem.validate import validated

    problem = validated(read_text('minimize: "(x - 1)^2 + 3"\nvariables: {x: [-5, 5]}\nknown: {value: 2.9}'))
    assert joined(problem, fake(3.0, 1.0), 1.0).disagreements == ["The published value 2.9 differs from the proved one."]
    assert joined(problem, None, 1.0).warnings == ["The published value 2.9 is better than what was found."]
    assert joined(problem, None, 1.0).disagreements == []


def test_a_formula_without_proof_stands_only_until_a_lower_value_is_found() -> None:
    formula = fake(3.0, 1.0, Status.LOCALLY_OPTIMAL, Assurance.LOCAL)
    assert joined(BOWL, formula, 1.0).value_exact == "3.0"
    lower = joined(optbench.define("x^4 - 2*x^2 + x/10", range=(-2, 2)), fake(-0.8975, 0.9872, assurance=Assurance.LOCAL), -1.0123)
    assert lower.value_exact is None
    assert lower.value is not None
    assert lower.value < -1


def test_true_errors_are_shown_where_the_exact_value_is_known() -> None:
    row = rows(joined(BOWL, fake(3.0, 1.0), 1.5))["seeker"]
    assert (row.error_value, row.error_point) == (0.25, 0.5)
    assert rows(joined(BOWL, None, 1.5))["seeker"].error_value is None


def test_the_headline_is_exact_and_every_method_gets_its_true_error() -> None:
    result = solve(HEADLINE, Settings(exact_time=60.0, time_limit=120.0))
    assert (result.status, result.assurance, result.complete) == (Status.OPTIMAL, Assurance.EXACT, True)
    assert result.solutions[0].exact == {"x": "exp(2*lambertw(exp(1/2)/4) - 1)"}
    assert result.attempts[0].kind == "exact"
    for row in result.attempts:
        assert row.error_value is not None
        assert row.error_value < 1e-12
        assert row.error_point is not None
        assert row.error_point < 1e-6


def test_an_empty_domain_is_infeasible_without_running_anything() -> None:
    result = solve(optbench.define("log(x)", range=(-5, -1)), Settings())
    assert (result.status, result.assurance, result.attempts) == (Status.INFEASIBLE, Assurance.EXACT, [])
    assert exit_code(result, Settings()) == ExitCode.INFEASIBLE


@pytest.mark.parametrize(
    ("assurance", "require", "code"),
    [
        (Assurance.EXACT, "exact", 0),
        (Assurance.CERTIFIED, "exact", 5),
        (Assurance.LOCAL, "local", 0),
        (Assurance.LOCAL, "certified", 5),
        (Assurance.FEASIBLE, "local", 5),
        (Assurance.FEASIBLE, "feasible", 0),
        (Assurance.NONE, "feasible", 4),
    ],
)
def test_the_exit_code_follows_what_is_required(assurance: Assurance, require: str, code: int) -> None:
    result = Result(None, Status.UNKNOWN, assurance, "")
    assert exit_code(result, Settings(require=Assurance(require))) == code


@pytest.mark.parametrize(("status", "code"), [(Status.UNBOUNDED, 7), (Status.NOT_ATTAINED, 7), (Status.INFEASIBLE, 6), (Status.OPTIMAL, 0)])
def test_the_exit_code_follows_what_is_proved(status: Status, code: int) -> None:
    assert exit_code(Result(None, status, Assurance.EXACT, ""), Settings()) == code


# ---- the same again -------------------------------------------------------------------------------------------------------


def without_times(result: Result) -> dict[str, Any]:
    plain = result.to_dict()
    for row in plain["attempts"]:
        row["setup_seconds"] = row["solve_seconds"] = 0
    return plain


@pytest.mark.parametrize("problem", [HEADLINE, optbench.define("x^2 + cos(3*y) + y^2/9")], ids=["scalar", "vector"])
def test_the_same_seed_gives_the_same_result_and_another_one_another_start(problem: Problem) -> None:
    first, again, other = (numerically(problem, seed=seed) for seed in (5, 5, 6))
    assert without_times(first) == without_times(again)
    assert (first.seed, other.seed) == (5, 6)
    assert [row.seed for row in first.attempts] != [row.seed for row in other.attempts]
    assert all(row.seed is not None for row in first.attempts)
    assert first.attempts[0].options["start"] != other.attempts[0].options["start"]


def test_rows_are_announced_as_they_finish() -> None:
    seen: list[str] = []
    result = solve(BOWL, Settings(exact=False, certify=False), lambda row: seen.append(row.method))
    assert sorted(seen) == sorted(row.method for row in result.attempts)


def test_an_interrupt_carries_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"loops": misbehaving("loops", loop_evaluating), "bfgs": get("bfgs")}
    monkeypatch.setattr(panel, "get", known.__getitem__)
    monkeypatch.setattr(panel, "names", lambda: tuple(known))

    def interrupt(row: Attempt) -> None:
        assert row.method == "bfgs"
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted) as caught:
        solve(BOWL, Settings(exact=False, certify=False, methods=(MethodChoice("all"),), time_limit=600), interrupt)
    found = rows(caught.value.result)
    assert (found["loops"].status, found["loops"].reason) == (AttemptStatus.KILLED, "was interrupted")
    assert found["bfgs"].value == 3.0
    assert caught.value.result.value == 3.0


# ---- what a change of the question changes in the answer ------------------------------------------------------------------


def mirrored(result: Result) -> list[Any]:
    return [(row.status, row.point, None if row.value is None else -row.value + 0.0, row.objective_evaluations) for row in result.attempts]


@pytest.mark.parametrize("expression", ["x^2 - 3*x", "x^4 - x + y^2", "x*exp(-x^2 - y^2)", "log(x) + 1/x"])
def test_maximising_f_mirrors_minimising_its_opposite(expression: str) -> None:
    least = numerically(optbench.define(expression, range=("1/10", 3)))
    most = numerically(optbench.define(f"-({expression})", range=("1/10", 3), maximize=True))
    assert [(row.status, row.point, row.value, row.objective_evaluations) for row in most.attempts] == mirrored(least)
    assert most.value is not None
    assert least.value == -most.value
    assert [s.point for s in most.solutions] == [s.point for s in least.solutions]


FEW = hypothesis_settings(max_examples=6, deadline=None)


@given(st.integers(-3, 3), st.integers(1, 9), st.integers(-9, 9))
@FEW
def test_shifting_and_scaling_move_the_answer_with_them(shift: int, factor: int, constant: int) -> None:
    expression = f"{factor}*((x - ({shift}))^4 + (x - ({shift}))^2) + ({constant})"
    result = numerically(optbench.define(expression, start={"x": shift + 1}), "newton", "bfgs", "brent")
    assert result.status is Status.LOCALLY_OPTIMAL
    for row in result.attempts:
        assert row.point is not None
        assert math.isclose(row.point["x"], shift, abs_tol=1e-4)
        assert row.value is not None
        assert math.isclose(row.value, constant, abs_tol=1e-7)


@given(st.permutations(["a", "b", "zeta"]))
@FEW
def test_renaming_variables_renames_the_answer(new: list[str]) -> None:
    expression = "(x - 1)^2 + (y + 2)^2 + x*z + z^2"
    old = ["x", "y", "z"]
    renamed = dict(zip(old, new, strict=True))
    starts = dict.fromkeys(old, 0.5)
    first = numerically(optbench.define(expression, start=starts), "bfgs", "nelder-mead")
    text = "".join(renamed.get(c, c) for c in expression)
    second = numerically(optbench.define(text, start={renamed[v]: 0.5 for v in old}), "bfgs", "nelder-mead")
    for one, other in zip(first.attempts, second.attempts, strict=True):
        assert one.point is not None
        assert other.point is not None
        assert {renamed[v]: c for v, c in one.point.items()} == pytest.approx(dict(other.point), abs=1e-6)
        assert one.value == pytest.approx(other.value, abs=1e-9)


def test_a_parameter_without_value_is_a_reason_not_an_error() -> None:
    result = numerically(optbench.define("a*x^2 + b*x", parameters={"a": "positive", "b": "real"}))
    assert (result.status, result.assurance) == (Status.UNKNOWN, Assurance.NONE)
    for row in result.attempts:
        assert (row.status, row.reason) == (AttemptStatus.NOT_APPLICABLE, "needs numbers, and the parameters a, b have no value")


def test_a_hessian_that_can_not_be_had_is_a_reason_not_an_error() -> None:
    result = numerically(optbench.define("digamma(x)^2", range=(1, 2)))
    reasons = {row.method: row.reason for row in result.attempts}
    assert reasons["newton"] == "needs a Hessian, and there is no derivative rule for trigamma"
    assert result.assurance is Assurance.LOCAL


def test_every_start_has_its_share_of_the_iterations() -> None:
    """A first start that uses all it may leaves as much to the next one."""
    crawl = MethodChoice("gradient-descent", (("step", Fraction(1, 10**6)), ("line_search", "fixed")))
    result = solve(BOWL, Settings(exact=False, certify=False, trace=True, starts=2, methods=(crawl,)))
    [row] = result.attempts
    assert row.trace is not None
    by_start = [sum(record["start"] == k for record in row.trace) for k in (0, 1)]
    assert by_start == [5001, 5001]  # the start and its iterates
    assert row.reason == "reached its limit of 5,000 iterations"
