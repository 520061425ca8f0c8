"""Methods on mini-batches of rows: planted problems, a second implementation in numpy, honest ends, and what is counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.language.row_sums import RowSum
from optbench.methods.mini_batches import SCHEDULES, Plan, Shuffled, length
from optbench.methods.options import read_options
from optbench.methods.registry import get
from optbench.problem.problem import MethodChoice, Problem
from optbench.problem.reader import read_text
from optbench.problem.validate import validated
from optbench.report.plain_words import table
from optbench.result import Result
from optbench.workbench import attempt
from optbench.workbench.batches import BatchGradient
from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.objective import GRADIENT, OBJECTIVE, MeteredObjective
from optbench.workbench.panel import entrants
from optbench.workbench.starts import typical_scale

M, K = 60, 3
PLANTED = np.array([1.0, -2.0, 0.5])
X = np.sin(np.outer(np.arange(1, M + 1) ** 2, np.sqrt(np.arange(1, K + 1))))
NOISE = np.cos(np.arange(M) ** 3)
FILE = f"""
minimize: "{{}}"
parameters:
  X: "sin([arange(1, {M + 1})^2].T @ [sqrt(arange(1, {K + 1}))])"
  y: "X @ [1, -2, 0.5]"
  noise: "cos(arange({M})^3)"
variables: {{{{w: {{{{shape: {K}, start: 0}}}}}}}}
"""
EXACT = "mean((X @ w - y)^2)"
NOISY = "mean((X @ w - y - noise)^2)"
LOGISTIC = "sum(softplus(X @ w) - if(y + noise > 0, 1, 0)*(X @ w)) + sum(w^2)/10"


@cache
def problem_of(text: str) -> Problem:
    return validated(read_text(FILE.format(text)))


def run(text: str, name: str = "sgd", seed: int = 3, evaluations: int = 100_000, function: Function | None = None, **options: Any) -> Any:
    """The facts of an attempt from 0, without a child, with its path."""
    function = function or Function(problem_of(text))
    function.scale = typical_scale(function)
    method, budget = get(name), attempt.Budget(60, evaluations=evaluations)
    with silent_numpy():
        return attempt.run(function, method, read_options(method, options), [[0.0] * K], budget, 1e-8, seed, True, lambda _: None)


def gradient_of(text: str) -> Callable[[Any, Any], Any]:
    """The gradient's estimate from some rows, by hand."""
    target = X @ PLANTED + (0 if text == EXACT else NOISE)
    if text in (EXACT, NOISY):
        return lambda w, rows: 2 * X[rows].T @ (X[rows] @ w - target[rows]) / len(rows)
    labels = target > 0
    return lambda w, rows: M / len(rows) * X[rows].T @ (1 / (1 + np.exp(-X[rows] @ w)) - labels[rows]) + w / 5


def orders(seed: int) -> Any:
    """The source of the epochs' orders."""
    function = Function(problem_of(EXACT))
    return np.random.default_rng(MeteredObjective(function, 1e-8, seed, math.inf, 1).random().getrandbits(64))


# ---- minima ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [0, 1, 7, M, 10 * M])
def test_planted_weights_are_found_where_every_row_agrees(batch: int) -> None:
    facts = run(EXACT, batch=batch, epochs=1000)
    assert facts["status"] == "converged", facts["reason"]
    assert facts["x"] == pytest.approx(PLANTED, abs=1e-6)


@pytest.mark.parametrize("options", [{}, {"average": False}, {"momentum": 0.5}, {"batch": 1}], ids=str)
@pytest.mark.parametrize("text", [NOISY, LOGISTIC])
def test_noisy_rows_leave_an_error_that_halving_makes_small(text: str, options: dict[str, Any]) -> None:
    best = run(text, "lbfgs")
    facts = run(text, epochs=400, **options)
    assert best["value"] - 1e-12 <= facts["value"] <= best["value"] * 1.001
    assert facts["x"] == pytest.approx(best["x"], abs=0.1)


@pytest.mark.parametrize(
    ("name", "options"), [("adam", {"batch": 10}), ("adam", {"batch": 10, "decay": "sqrt"}), ("momentum", {"batch": 10})]
)
def test_adam_and_momentum_on_batches(name: str, options: dict[str, Any]) -> None:
    facts = run(NOISY, name, epochs=400, **options)
    assert facts["value"] <= run(NOISY, "lbfgs")["value"] * 1.001


def test_whole_batches_descend_as_the_gradient_does() -> None:
    """With all rows in a batch and a fixed step it is gradient descent."""
    facts = run(NOISY, batch=M, step=0.3, schedule="constant", average=False, epochs=20)
    w = np.zeros(K)
    for _ in range(20):
        w = w - 0.3 * gradient_of(NOISY)(w, np.arange(M))
    assert facts["trace"][-1][-1] == pytest.approx(w, rel=1e-10)


# ---- a second implementation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["constant", "inverse", "cosine"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("text", [NOISY, LOGISTIC])
def test_the_path_is_that_of_a_loop_in_numpy(text: str, momentum: float, schedule: str) -> None:
    step = 0.002 if text == LOGISTIC else 0.1
    facts = run(text, seed=11, batch=8, step=step, momentum=momentum, schedule=schedule, average=False, epochs=6)
    chance, w, last, path = orders(11), np.zeros(K), np.zeros(K), []
    for epoch in range(6):
        batches = np.array_split(chance.permutation(M), 8)  # 7 or 8 rows each
        for number, rows in enumerate(sorted_by_ends(batches)):
            at = epoch + number / 8
            factor = {"constant": 1.0, "inverse": 1 / (1 + at), "cosine": (1 + math.cos(math.pi * at / 6)) / 2}[schedule]
            last = momentum * last - step * factor * gradient_of(text)(w, rows)
            w = w + last
        path.append(w)
    assert [record[-1] for record in facts["trace"][1:]] == [pytest.approx(w, rel=1e-9, abs=1e-12) for w in path]


def sorted_by_ends(batches: list[Any]) -> list[Any]:
    """The same order cut at i*M//8, as batches of equal length to one row."""
    order = np.concatenate(batches)
    return [order[i * M // 8 : (i + 1) * M // 8] for i in range(8)]


def test_adam_is_that_of_a_loop_in_numpy() -> None:
    facts = run(NOISY, "adam", seed=5, batch=20, schedule="constant", epochs=4)
    chance, w, m, v, t = orders(5), np.zeros(K), np.zeros(K), np.zeros(K), 0
    for _ in range(4):
        order = chance.permutation(M)
        for rows in (order[:20], order[20:40], order[40:]):
            g, t = gradient_of(NOISY)(w, rows), t + 1
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    assert facts["trace"][-1][-1] == pytest.approx(w, rel=1e-9)


def test_the_mean_of_the_second_half_of_an_epoch_is_taken_where_it_is_better() -> None:
    function = Function(problem_of(NOISY))
    better = set()
    for seed in range(8):
        facts = run(NOISY, seed=seed, batch=5, step=0.4, schedule="constant", epochs=1)
        w, path = np.zeros(K), []
        order = orders(seed).permutation(M)
        for i in range(12):
            w = w - 0.4 * gradient_of(NOISY)(w, order[5 * i : 5 * (i + 1)])
            path.append(w)
        mean = np.mean(path[6:], axis=0)
        better.add(function.value(mean) < function.value(w))
        assert facts["trace"][-1][-1] == pytest.approx(mean if function.value(mean) < function.value(w) else w, rel=1e-10)
    assert better == {True, False}


# ---- chance ------------------------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(1, 250), st.integers(0, 1000))
def test_every_epoch_has_each_row_once_in_batches_of_equal_length(rows: int, batch: int, seed: int) -> None:
    class Rows:
        def random(self) -> Any:
            import random

            return random.Random(seed)

    objective: Any = Rows()
    objective.rows = rows
    shuffled = Shuffled(objective, batch)
    epochs = [shuffled.batches() for _ in range(2)]
    for batches in epochs:
        assert sorted(np.concatenate(batches)) == list(range(rows))
        assert len(batches) == math.ceil(rows / batch)
        assert max(map(len, batches)) <= batch
        assert max(map(len, batches)) - min(map(len, batches)) <= 1


@pytest.mark.parametrize(("name", "options"), [("sgd", {}), ("adam", {"batch": 9}), ("momentum", {"batch": 9})])
def test_the_same_seed_has_the_same_path_and_another_another(name: str, options: dict[str, Any]) -> None:
    def path(seed: int) -> Any:
        return [record[-1] for record in run(NOISY, name, seed=seed, epochs=5, **options)["trace"]]

    assert path(1) == path(1)
    assert path(1)[0] == path(2)[0]
    assert path(1) != path(2)


# ---- honest ends -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("text", [EXACT, NOISY, LOGISTIC])
def test_converged_is_said_only_of_a_whole_gradient_within_the_tolerance(text: str, schedule: str) -> None:
    function = Function(problem_of(text))
    facts = run(text, function=function, schedule=schedule, epochs=60)
    objective = MeteredObjective(function, 1e-8, 0, math.inf, 100)
    x = np.array(facts["x"])
    stationary = objective.is_stationary(x, function.value(x), function.gradient(x))
    assert (facts["status"] == "converged") == stationary, facts["reason"]


def test_noise_that_is_left_is_told() -> None:
    facts = run(NOISY, schedule="constant", batch=1, epochs=1000, patience=7)
    assert (facts["status"], facts["reason"]) == ("stalled", "no epoch of the last 7 has lowered the function: what is left is noise")
    assert facts["iterations"] < 1000


def test_the_end_of_its_epochs_is_told() -> None:
    assert run(NOISY, epochs=3)["reason"] == "its 3 epochs are over"
    assert run(NOISY, epochs=1)["reason"] == "its 1 epoch is over"
    assert run(NOISY, epochs=3)["iterations"] == 3


def test_steps_that_are_too_long_are_halved_or_told_as_divergence() -> None:
    assert run(NOISY, step=1e3, epochs=60)["value"] <= run(NOISY, "lbfgs")["value"] * 1.01
    assert run(NOISY, step=1e3, epochs=300, schedule="constant", average=False)["status"] == "diverged"


def test_steps_that_are_too_short_grow() -> None:
    assert run(NOISY, step=1e-7)["value"] <= run(NOISY, "lbfgs")["value"] * 1.01


def test_an_epoch_is_never_worse_than_the_one_before_where_it_would_be_undone() -> None:
    values = [record[5] for record in run(NOISY, step=2.0, batch=1)["trace"]]
    assert values == sorted(values, reverse=True)


def test_a_step_out_of_the_domain_is_undone() -> None:
    text = "sum(exp(3*X[:, 0])*w[0] - log(w[0]) + (w[1] - X[:, 1])^2 + w[2]^2)"
    facts = run(text, function=started_at_one(text))
    assert facts["status"] in ("converged", "stalled")
    assert facts["x"][0] == pytest.approx(1 / np.mean(np.exp(3 * X[:, 0])), rel=0.02)


def started_at_one(text: str) -> Function:
    """The function with a range that starts where it is defined: the start 0 is projected."""
    return Function(validated(read_text(FILE.format(text).replace("start: 0", 'start: 1, range: "[0.01, 100]"'))))


# ---- what is counted ------------------------------------------------------------------------------------------------------------------


class CountingBatches(BatchGradient):
    """Counts the rows by itself."""

    seen = 0

    def __call__(self, x: Any, rows: Any) -> Any:
        self.seen += len(rows)
        return super().__call__(x, rows)


class Counting(Function):
    """Counts by itself what is asked for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.asked = {"values": 0, "gradients": 0}
        assert isinstance(self.row_sum, RowSum)
        self.batches = CountingBatches(self.row_sum, problem.symbols, problem.data, False, True)
        self.__dict__["batch_gradient"] = self.batches

    def value(self, x: Any) -> float:
        self.asked["values"] += 1
        return super().value(x)

    def gradient(self, x: Any) -> Any:
        self.asked["gradients"] += 1
        return super().gradient(x)


@pytest.mark.parametrize(
    ("name", "options"),
    [("sgd", {"epochs": 30}), ("sgd", {"batch": 1}), ("adam", {"batch": 7, "epochs": 9}), ("momentum", {"batch": 50}), ("lbfgs", {})],
)
def test_epochs_are_the_rows_that_were_seen(name: str, options: dict[str, Any]) -> None:
    function = Counting(problem_of(NOISY))
    scale = typical_scale(function)
    function.asked["values"] = 0
    facts = run_counted(function, name, options, scale)
    asked, rows = function.asked, function.batches.seen
    assert facts["epochs"] == pytest.approx(asked["gradients"] + rows / M, rel=1e-12)
    assert facts["counts"][OBJECTIVE] == asked["values"]
    assert facts["counts"][GRADIENT] == asked["gradients"] + math.ceil(rows / M)


def run_counted(function: Function, name: str, options: dict[str, Any], scale: float, starts: int = 1) -> Any:
    function.scale = scale
    method, budget = get(name), attempt.Budget(60)
    begin = [[0.0] * K, [1.0] * K][:starts]
    return attempt.run(function, method, read_options(method, options), begin, budget, 1e-8, 3, False, lambda _: None)


def test_the_epochs_of_several_starts_add_up() -> None:
    function = Counting(problem_of(NOISY))
    facts = run_counted(function, "sgd", {"epochs": 4}, 1.0, starts=2)
    assert facts["epochs"] == pytest.approx(function.asked["gradients"] + function.batches.seen / M, rel=1e-12)
    assert facts["iterations"] == 8


@pytest.mark.parametrize("evaluations", range(1, 14))
def test_the_limit_of_evaluations_is_obeyed_exactly(evaluations: int) -> None:
    facts = run(NOISY, evaluations=evaluations)
    assert facts["status"] == "limit"
    assert facts["reason"] == f"reached its limit of {evaluations:,} evaluations"
    assert sum(facts["counts"]) == evaluations


@pytest.mark.parametrize("name", ["sgd", "adam", "momentum"])
def test_a_deadline_that_has_passed_is_obeyed(name: str) -> None:
    function = Counting(problem_of(NOISY))
    method, options = get(name), {} if name == "sgd" else {"batch": 7}
    facts = attempt.run(function, method, read_options(method, options), [[0.0] * K], attempt.Budget(0), 1e-8, 0, False, lambda _: None)
    assert (function.asked, function.batches.seen) == ({"values": 0, "gradients": 0}, 0)
    assert (facts["status"], facts["reason"], facts["epochs"]) == ("limit", "reached its time limit", None)


def test_a_deadline_in_an_epoch_is_obeyed() -> None:
    function = Function(problem_of(NOISY))
    options = read_options(get("sgd"), {"batch": 1, "epochs": 10_000, "schedule": "constant", "patience": 10_000})
    facts = attempt.run(function, get("sgd"), options, [[0.0] * K], attempt.Budget(0.2, evaluations=10**9), 1e-8, 0, False, lambda _: None)
    assert facts["reason"] == "reached its time limit"
    assert facts["x"] is not None


@pytest.mark.parametrize(
    ("name", "options"), [("sgd", {"step": 3.0}), ("sgd", {}), ("adam", {"batch": 7, "step": 1.0}), ("momentum", {"batch": 7})]
)
def test_nothing_is_evaluated_outside_of_the_bounds(name: str, options: dict[str, Any]) -> None:
    problem = validated(read_text(FILE.format(NOISY).replace("start: 0", 'start: 0, range: "[-1, 0.4]"')))

    class Watching(CountingBatches):
        def __call__(self, x: Any, rows: Any) -> Any:
            assert np.all((x >= -1) & (x <= 0.4))
            return super().__call__(x, rows)

    function = Function(problem)
    assert isinstance(function.row_sum, RowSum)
    function.__dict__["batch_gradient"] = watching = Watching(function.row_sum, problem.symbols, problem.data, False, True)
    facts = run(NOISY, name, function=function, epochs=60, **options)
    assert watching.seen
    assert facts["value"] == pytest.approx(run(NOISY, "lbfgs", function=function)["value"], rel=0.01)


def test_problems_without_rows_have_no_epochs() -> None:
    assert optbench.solve("(x - 1)^2 + y^2", methods="bfgs", exact=False, certify=False).attempts[0].epochs is None


def solved(*methods: str, text: str = NOISY) -> Result:
    return optbench.solve(problem_of(text), methods=list(methods), exact=False, certify=False)


def test_the_result_and_the_table_have_the_epochs() -> None:
    full, batches, simplex = solved("lbfgs", "sgd:epochs=5", "nelder-mead").attempts
    assert full.epochs == full.gradient_evaluations
    assert batches.epochs is not None
    assert batches.gradient_evaluations - 2 < batches.epochs <= batches.gradient_evaluations
    assert simplex.epochs is None
    assert "epochs" in table([full, batches, simplex])[0]
    assert "epochs" not in table([full, simplex])[0]  # there it says what the count of gradients says


# ---- what is refused --------------------------------------------------------------------------------------------------------------------


def refusal(text: str, method: str, problem: Problem | None = None) -> str | None:
    problem = problem or optbench.define(text)
    name, _, given = method.partition(":")
    options = tuple(tuple(part.split("=")) for part in given.split(",") if part)
    (entrant,) = entrants(problem, Function(problem), [MethodChoice(name, options)])  # type: ignore[arg-type]
    return entrant.refusal


@pytest.mark.parametrize("method", ["sgd", "adam:batch=10", "momentum:batch=10"])
def test_what_has_no_rows_is_refused_with_the_reason(method: str) -> None:
    assert refusal("x^2 + y^2", method) == "needs a sum over rows of data, and this function is not seen to be one"
    each = validated(read_text('minimize: "sum((x - arange(9))^2)"\nvariables: {x: {shape: 9}}\n'))
    assert refusal("", method, each) == "needs a sum over rows of data, and the unknown x has an entry for each row"


@pytest.mark.parametrize("method", ["sgd", "adam:batch=10", "adam", "momentum"])
def test_what_has_rows_is_not(method: str) -> None:
    assert refusal("", method, problem_of(NOISY)) is None


def test_without_batches_adam_and_momentum_need_no_rows() -> None:
    assert refusal("x^2 + y^2", "adam") is None
    assert refusal("x^2 + y^2", "momentum:batch=0") is None


def test_lengths_of_steps() -> None:
    assert length(Plan(10, "cosine", 1), 0) == 1
    assert length(Plan(10, "cosine", 1), 10) == pytest.approx(0, abs=1e-15)
    assert length(Plan(10, "inverse", 1), 3) == 0.25
    assert length(Plan(10, "halving", 1), 3) == length(Plan(10, "constant", 1), 3) == 1
