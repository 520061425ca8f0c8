"""Truths, outcomes, profiles and summaries: small cases by hand, the definitions written differently in numpy, and properties."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import attempt, proof, run

from optbench.statistics import profiles
from optbench.statistics.arrivals import TARGETS, arrival, arrivals, start_gap
from optbench.statistics.outcomes import outcomes
from optbench.statistics.profiles import Curve
from optbench.statistics.records import Record
from optbench.statistics.summary import shifted_geometric_mean, summary
from optbench.statistics.truth import Basis, Truth, truth, truths, verdict

# ---- truth -----------------------------------------------------------------------------------------------------------------


def records(*fields: dict[str, Any]) -> list[Record]:
    return run(*({**f, "key": f"{n:02x}"} for n, f in enumerate(fields))).records


def test_an_exact_answer_is_the_truth_before_all_others() -> None:
    better, certified, exact = attempt("p", "bfgs", 0.9, known_value=0.8), proof("p", 1.0, "certified"), proof("p", 1.0)
    assert truth(records(certified, exact)) == Truth(Basis.EXACT, 1.0)
    assert truth(records(certified)) == Truth(Basis.CERTIFIED, 1.0)
    disputed = truth(records(better, certified, exact))
    assert (disputed.value, disputed.dispute) == (1.0, "bfgs found 0.9 at a feasible point")


def test_a_published_value_holds_until_a_feasible_point_is_better() -> None:
    worse, better = attempt("p", "bfgs", 3.0, known_value=2.0), attempt("p", "newton", 1.0, known_value=2.0)
    assert truth(records(worse)) == Truth(Basis.PUBLISHED, 2.0)
    found = truth(records(worse, better))
    assert (found.basis, found.value) == (Basis.BEST, 1.0)
    assert found.dispute == "the published value 2 is not the best: newton found 1 at a feasible point"


def test_only_feasible_points_make_a_truth() -> None:
    infeasible = attempt("p", "a", 0.0, infeasibility=1e-3)
    refused = attempt("p", "b", 0.5, assurance="none", status="stalled")
    assert truth(records(infeasible, refused)) == Truth(Basis.NONE)
    assert truth(records(infeasible, refused, attempt("p", "c", 1.0, infeasibility=1e-7))) == Truth(Basis.BEST, 1.0)


def test_of_a_maximum_the_greatest_value_is_the_best() -> None:
    found = records(*(attempt("p", name, value, sense="maximize") for name, value in (("a", 1.0), ("b", 2.0))))
    assert truth(found) == Truth(Basis.BEST, 2.0)
    assert [verdict(record, truth(found)).solved for record in found] == [False, True]


@pytest.mark.parametrize(
    ("value", "status", "solved", "claimed", "wrong"),
    [
        (100.00005, "converged", True, True, False),
        (99.99995, "converged", True, True, False),
        (100.0002, "converged", False, True, True),
        (100.0002, "stalled", False, False, False),
        (100.0, "limit", True, False, False),
        (None, "converged", False, True, True),
        (None, "crashed", False, False, False),
    ],
)
def test_what_an_attempt_is_worth(value: float | None, status: str, solved: bool, claimed: bool, wrong: bool) -> None:
    [record] = records(attempt("p", "bfgs", value, status=status))
    found = verdict(record, Truth(Basis.EXACT, 100.0))
    assert (found.solved, found.claimed, found.wrong) == (solved, claimed, wrong)


def test_a_proof_that_there_is_no_optimum_makes_every_claim_wrong() -> None:
    unbounded = records(proof("p", None, value_enclosure=["-inf", "-inf"]), attempt("p", "bfgs", -1e9))
    infeasible = records(proof("p", None), attempt("p", "bfgs", 1.0))
    for found, value in ((unbounded, -math.inf), (infeasible, None)):
        one = truth(found)
        assert (one.basis, one.value) == (Basis.EXACT, value)
        assert [verdict(record, one).solved for record in found] == [True, False]
        assert [verdict(record, one).wrong for record in found] == [False, True]
        assert one.dispute is None


def test_a_second_proof_that_there_is_no_optimum_is_right_as_well() -> None:
    found = records(proof("p", None), proof("p", None, "certified"), proof("p", 1.0, "certified"))
    assert [verdict(record, truth(found)).solved for record in found] == [True, True, False]


def test_each_point_of_a_scan_has_its_own_truth() -> None:
    found = records(*(attempt("p", "bfgs", float(n), scan={"n": str(n)}) for n in (1, 2)))
    assert sorted(one.value or 0.0 for one in truths(found).values()) == [1.0, 2.0]


# ---- outcomes ----------------------------------------------------------------------------------------------------------------


def test_the_first_repeat_does_not_count_for_the_time_but_for_the_answer() -> None:
    times, values = (9.0, 1.0, 3.0, 2.0), (5.0, 0.0, 0.0, 0.0)
    fields = [attempt("p", "bfgs", v, repeat=r, solve_seconds=t) for r, (t, v) in enumerate(zip(times, values, strict=True))]
    found = records(*reversed(fields))
    [outcome] = outcomes(found, truths(found))["bfgs"].values()
    assert [record.repeat for record in outcome.records] == [0, 1, 2, 3]
    assert (outcome.seconds, outcome.spread) == (2.0, 1.0)
    assert (outcome.solved, outcome.is_solved, outcome.is_wrong) == (0.75, False, True)


def test_a_single_repeat_counts() -> None:
    found = records(attempt("p", "bfgs", solve_seconds=0.5))
    [outcome] = outcomes(found, truths(found))["bfgs"].values()
    assert (outcome.seconds, outcome.spread) == (0.5, None)


# ---- profiles ----------------------------------------------------------------------------------------------------------------

INF = math.inf


def test_a_performance_profile_by_hand() -> None:
    curves = profiles.performance_profile({"a": [1.0, 2.0, INF, INF], "b": [3.0, 1.0, 5.0, INF]})
    assert [curves["a"].at(tau) for tau in (0.5, 1.0, 1.9, 2.0, 1e9)] == [0.0, 0.25, 0.25, 0.5, 0.5]
    assert [curves["b"].at(tau) for tau in (1.0, 2.9, 3.0)] == [0.5, 0.5, 0.75]
    assert list(curves["b"].steps()) == [(1.0, 0.5), (3.0, 0.75)]


def test_a_data_profile_by_hand() -> None:
    curves = profiles.data_profile({"a": [30.0, 22.0, INF]}, [2, 10, 1])
    assert [curves["a"].at(kappa) for kappa in (1.9, 2.0, 10.0)] == [0.0, 1 / 3, 2 / 3]


def test_an_ecdf_counts_targets() -> None:
    curves = profiles.ecdf({"a": [[4.0, 8.0], [INF, INF]]}, [2, 1])
    assert [curves["a"].at(x) for x in (1.0, 2.0, 4.0)] == [0.0, 0.25, 0.5]


def test_the_expected_running_time_by_hand() -> None:
    assert profiles.expected_running_time([10.0, INF, 20.0], [15.0, 100.0, 20.0]) == 65.0
    assert profiles.expected_running_time([INF], [100.0]) == INF


def test_a_method_may_be_left_out_of_the_least_cost() -> None:
    costs = {"a": [2.0], "b": [4.0], "part of a": [1.0]}
    found = profiles.ratios(costs, {"a": ["part of a"], "b": ["part of a"], "part of a": ["a"]})
    assert found == {"a": [1.0], "b": [2.0], "part of a": [1.0]}


costs_of_solvers = (
    st.integers(1, 4)
    .flatmap(
        lambda methods: st.integers(1, 8).flatmap(
            lambda problems: st.lists(
                st.lists(st.floats(1e-3, 1e3) | st.just(INF), min_size=problems, max_size=problems), min_size=methods, max_size=methods
            )
        )
    )
    .map(lambda rows: {f"m{k}": row for k, row in enumerate(rows)})
)
taus = st.floats(1.0, 1e7)


def in_numpy(costs: dict[str, list[float]], tau: float) -> dict[str, float]:
    """The definition, problem by problem: solved, and at no more than tau times the least."""
    table = np.array(list(costs.values()))
    within = np.isfinite(table) & (table / np.where(np.isfinite(table), table, np.inf).min(axis=0) <= tau)
    return dict(zip(costs, within.mean(axis=1), strict=True))


@settings(deadline=None)
@given(costs_of_solvers, taus)
def test_a_profile_is_what_the_definition_says(costs: dict[str, list[float]], tau: float) -> None:
    with np.errstate(invalid="ignore"):
        expected = in_numpy(costs, tau)
    found = profiles.performance_profile(costs)
    assert {name: curve.at(tau) for name, curve in found.items()} == pytest.approx(expected)


@settings(deadline=None)
@given(costs_of_solvers, st.lists(taus, min_size=2, max_size=6))
def test_a_profile_never_falls_and_ends_at_the_share_that_is_solved(costs: dict[str, list[float]], points: list[float]) -> None:
    for name, curve in profiles.performance_profile(costs).items():
        shares = [curve.at(tau) for tau in sorted(points)]
        assert shares == sorted(shares)
        assert all(0 <= share <= 1 for share in shares)
        assert curve.at(INF) == sum(map(math.isfinite, costs[name])) / len(costs[name])
        assert [share for _, share in curve.steps()] == sorted({share for _, share in curve.steps()})


@settings(deadline=None)
@given(costs_of_solvers, st.integers(-9, 9))
def test_a_profile_does_not_depend_on_the_unit_of_time(costs: dict[str, list[float]], power: int) -> None:
    scaled = {name: [cost * 2.0**power for cost in row] for name, row in costs.items()}
    assert profiles.performance_profile(scaled) == profiles.performance_profile(costs)


@settings(deadline=None)
@given(costs_of_solvers, st.floats(1.0, 10.0))
def test_a_slower_solver_changes_nothing_for_the_others(costs: dict[str, list[float]], factor: float) -> None:
    slower = {**costs, "slower": [factor * min(column) for column in zip(*costs.values(), strict=True)]}
    found = profiles.performance_profile(slower)
    assert {name: found[name] for name in costs} == profiles.performance_profile(costs)


@settings(deadline=None)
@given(costs_of_solvers)
def test_some_method_is_the_cheapest_of_each_problem_that_is_solved(costs: dict[str, list[float]]) -> None:
    solved = sum(any(map(math.isfinite, column)) for column in zip(*costs.values(), strict=True))
    count = len(next(iter(costs.values())))
    assert sum(curve.at(1.0) for curve in profiles.performance_profile(costs).values()) * count >= solved - 1e-9


@settings(deadline=None)
@given(st.lists(st.floats(0, 100) | st.just(INF), min_size=1), st.floats(0, 100))
def test_a_curve_counts(costs: list[float], x: float) -> None:
    assert Curve.of(costs).at(x) == sum(cost <= x for cost in costs) / len(costs)


# ---- arrivals ----------------------------------------------------------------------------------------------------------------


def trace(*steps: tuple[int, float]) -> list[dict[str, Any]]:
    return [
        {"start": 0, "objective_evaluations": n, "gradient_evaluations": 0, "seconds": n / 100, "value": v, "infeasibility": None}
        for n, v in steps
    ]


def test_an_arrival_is_the_first_iterate_that_is_good_enough() -> None:
    [record] = records(attempt("p", "m", 0.0, trace=trace((1, 100.0), (5, 0.5), (9, 1e-4)), objective_evaluations=12, solve_seconds=0.2))
    zero = Truth(Basis.EXACT, 0.0)
    assert [arrival(record, zero, target).evaluations for target in (100.0, 1.0, 1e-3, 1e-8)] == [1, 5, 9, 12]
    assert arrival(record, zero, 1e-3).seconds == 0.09
    assert arrival(record, Truth(Basis.EXACT, -1.0), 1e-3).evaluations == INF


def test_without_a_trace_an_arrival_is_the_end() -> None:
    [record] = records(attempt("p", "m", 0.5, objective_evaluations=12))
    assert [arrival(record, Truth(Basis.EXACT, 0.0), target).evaluations for target in (100.0, 0.5, 0.1)] == [12, 12, INF]


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12))
def test_many_targets_are_looked_up_as_one_by_one(values: list[float]) -> None:
    [record] = records(attempt("p", "m", min(values), trace=trace(*enumerate(values, 1)), objective_evaluations=20))
    found = Truth(Basis.EXACT, min(values))
    expected = [
        next((n for n, v in enumerate(values, 1) if (v - min(values)) / max(1, abs(min(values))) <= t + 1e-12), 20) for t in TARGETS
    ]
    assert [one.evaluations for one in arrivals(record, found, TARGETS)] == expected


def test_the_profiles_of_a_traced_run_by_going_through_every_iterate() -> None:
    chance = np.random.default_rng(0)
    ways = {(p, m): np.sort(chance.lognormal(0, 4, 30))[::-1] * np.array([1.0] + [0.9] * 29) for p in range(6) for m in ("a", "b")}
    fields = [proof(f"p{p}", 0.0, dimension=p + 1) for p in range(6)]
    for (p, m), values in ways.items():
        steps = [(3 * k + 1, float(v)) for k, v in enumerate(values)]
        fields.append(attempt(f"p{p}", m, float(values[-1]), trace=trace(*steps), objective_evaluations=100, dimension=p + 1))
    found = summary(run(*fields)).profiles
    assert found.is_traced
    first = [max(ways[p, m][0] for m in "ab") for p in range(6)]
    for m in "ab":
        for kappa in (1.0, 5.0, 20.0):
            within = [[3 * k + 1 <= kappa * (p + 2) for k in range(30)] for p in range(6)]
            for tau, curves in found.data.items():
                solved = [any(ways[p, m][k] <= tau * first[p] and within[p][k] for k in range(30)) for p in range(6)]
                assert curves[m].at(kappa) == pytest.approx(np.mean(solved))
            budget = [[3 * k + 1 <= kappa * (p + 1) for k in range(30)] for p in range(6)]
            hit = [[any(ways[p, m][k] <= t and budget[p][k] for k in range(30)) for t in TARGETS] for p in range(6)]
            assert found.ecdf[m].at(kappa) == pytest.approx(np.mean(hit))


def test_targets_are_those_of_coco() -> None:
    assert (len(TARGETS), TARGETS[0], TARGETS[-1]) == (51, 100.0, pytest.approx(1e-8))


def test_the_gap_of_the_start_is_the_first_value_of_a_trace() -> None:
    found = records(attempt("p", "a", 10.0, trace=trace((1, 60.0))), attempt("p", "b", 10.0))
    its = [one for by_instance in outcomes(found, truths(found)).values() for one in by_instance.values()]
    assert start_gap(its) == 5.0
    assert start_gap(its[1:]) == 1.0


# ---- summaries ---------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.floats(1e-3, 100))
def test_a_shifted_geometric_mean_is_what_numpy_says_and_lies_between_its_ends(values: list[float], shift: float) -> None:
    found = shifted_geometric_mean(values, shift)
    assert found == pytest.approx(np.prod((np.array(values) + shift) ** (1 / len(values))) - shift, rel=1e-9, abs=1e-9 * shift)
    assert min(values) - 1e-6 * (shift + min(values)) <= found <= max(values) + 1e-6 * (shift + max(values))


def small_run() -> Any:
    return run(
        proof("p", 0.0),
        attempt("p", "good", 0.0, solve_seconds=0.02),
        attempt("p", "bad", 1.0, solve_seconds=0.04),
        attempt("q", "good", 5.0, known_value=5.0, solve_seconds=0.08, status="limit"),
        attempt("q", "bad", 5.0, solve_seconds=0.02),
        {**attempt("r", "bad", None, status="crashed", reason="it fell over"), "solve_seconds": 0.5},
    )


def test_a_summary_by_hand() -> None:
    found = summary(small_run())
    assert (found.problems, found.cases, found.attempts, found.limit_seconds, found.common) == (3, 3, 6, 30.0, 1)
    assert (found.bases, found.without_optimum) == ({"exact": 1, "published": 1, "unknown": 1}, 0)
    methods = {method.method: method for method in found.methods}
    good, bad = methods["good"], methods["bad"]
    assert (good.solved, good.claimed, good.wrong, good.statuses) == (2, 1, 0, {"converged": 1, "limit": 1})
    assert (bad.solved, bad.claimed, bad.wrong, bad.wrong_on) == (1, 2, 1, ["p"])
    assert good.seconds == pytest.approx(math.sqrt(0.03 * 0.09) - 0.01)
    assert bad.seconds == pytest.approx((30.01 * 0.03 * 30.01) ** (1 / 3) - 0.01)
    assert (good.common_seconds, bad.common_seconds) == (pytest.approx(0.08), pytest.approx(0.02))
    assert methods["exact stage"].solved == 1
    assert methods["exact stage"].evaluations is None
    assert {name: curve.at(1.0) for name, curve in found.profiles.by_seconds.items()} == {"good": 1 / 3, "bad": 1 / 3}
    assert found.profiles.expected["good"] == {"p": 10.0, "q": 10.0}
    assert found.profiles.expected["bad"] == {"p": INF, "q": 10.0, "r": INF}
    assert (found.profiles.missing, found.profiles.is_traced) == (1, False)


def test_problems_that_are_proved_to_have_no_optimum_are_counted() -> None:
    assert summary(run(proof("p", None), proof("q", 1.0), attempt("r", "m", None, status="crashed"))).without_optimum == 1


def test_without_a_limit_in_the_header_the_longest_time_is_the_limit() -> None:
    found = summary(run(attempt("p", "bfgs", None, status="killed", solve_seconds=7.0), attempt("p", "newton"), options={}))
    assert found.limit_seconds == 7.0


def test_several_seeds_are_cases_of_their_own_and_runs_of_one_expected_time() -> None:
    found = summary(
        run(
            proof("p", 0.0),
            *(attempt("p", "sa", value, base_seed=seed, objective_evaluations=n) for seed, value, n in ((0, 0.0, 10), (1, 1.0, 50))),
        )
    )
    assert (found.problems, found.cases) == (1, 2)
    assert found.profiles.expected["sa"] == {"p": 60.0}


def test_problems_with_the_same_name_are_told_apart() -> None:
    found = summary(run(attempt("p", "m"), attempt("p", "m", problem_hash="sha256:00000000abcdef01", key="77")))
    assert "p [abcdef01]" in found.profiles.expected["m"]
    assert len(found.profiles.expected["m"]) == 2
    assert found.cases == 2


def test_a_run_of_failures_only_has_a_summary() -> None:
    bad = {**attempt("bad.yaml", "m", None), "kind": None, "method": None, "status": "invalid", "problem_hash": None}
    found = summary(run(bad))
    assert (found.methods, found.cases, len(found.unreadable)) == ([], 0, 1)
    nothing = summary(run(attempt("p", "m", None, status="crashed")))
    assert nothing.profiles.by_seconds["m"].at(INF) == 0.0
