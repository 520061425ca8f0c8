"""What changed between two runs: rank tests against SciPy and by counting, the rules by hand, false alarms by simulation."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import attempt, proof, run
from scipy import stats

from optbench.errors import ProblemError
from optbench.statistics.change import REGRESSIONS, AnswerKind, Comparison, FindingKind, compare
from optbench.statistics.cost_change import Trend
from optbench.statistics.rank_tests import rank_sums, signed_ranks, signs

# ---- rank tests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 5, 20, 50, 51, 200])
def test_signed_ranks_are_those_of_scipy(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.2, 1.0, count)
    method = {"method": "exact"} if count <= 50 else {"method": "asymptotic", "correction": True}
    expected = stats.wilcoxon(differences, alternative="greater", **method).pvalue
    assert signed_ranks(list(differences)) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(st.lists(st.integers(-4, 4), max_size=8))
def test_signed_ranks_with_ties_by_counting_all_signs(differences: list[int]) -> None:
    sizes = [abs(d) for d in differences if d]
    ranks = stats.rankdata(sizes) if sizes else np.zeros(0)
    observed = sum(rank for rank, d in zip(ranks, filter(None, differences), strict=True) if d > 0)
    sums = [
        sum(rank for rank, plus in zip(ranks, pattern, strict=True) if plus) for pattern in itertools.product((0, 1), repeat=len(sizes))
    ]
    assert signed_ranks([float(d) for d in differences]) == pytest.approx(np.mean([s >= observed - 1e-9 for s in sums]))


@pytest.mark.parametrize(("first", "second"), [(3, 4), (8, 6)])
def test_rank_sums_of_one_stratum_are_those_of_mann_and_whitney(first: int, second: int) -> None:
    chance = np.random.default_rng(0)
    before, after = chance.normal(0, 1, first), chance.normal(0.5, 1, second)
    expected = stats.mannwhitneyu(after, before, alternative="greater", method="exact").pvalue
    assert rank_sums([(list(before), list(after))]) == pytest.approx(expected)


small_samples = st.tuples(*[st.lists(st.integers(0, 3).map(float), min_size=1, max_size=3)] * 2)


@settings(deadline=None)
@given(st.lists(small_samples, min_size=1, max_size=2))
def test_rank_sums_of_strata_by_counting_all_assignments(strata: list[tuple[list[float], list[float]]]) -> None:
    ranked = [(stats.rankdata([*before, *after]), len(before)) for before, after in strata]
    observed = sum(sum(ranks[count:]) for ranks, count in ranked)
    each = [[sum(chosen) for chosen in itertools.combinations(ranks, len(ranks) - count)] for ranks, count in ranked]
    sums = [sum(chosen) for chosen in itertools.product(*each)]
    assert rank_sums(strata) == pytest.approx(np.mean([s >= observed - 1e-9 for s in sums]))


def test_rank_sums_of_many_strata_are_near_to_what_permutations_say() -> None:
    chance = np.random.default_rng(1)
    strata = [(list(chance.normal(0, 1, 6)), list(chance.normal(0.12, 1, 6))) for _ in range(60)]
    ranks = np.array([stats.rankdata([*before, *after]) for before, after in strata])
    permuted = chance.permuted(np.repeat(ranks[None], 4000, axis=0), axis=2)[:, :, 6:].sum(axis=(1, 2))
    assert rank_sums(strata) == pytest.approx(np.mean(permuted >= ranks[:, 6:].sum()), abs=0.02)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_signs_are_a_binomial_test(above: int, below: int) -> None:
    expected = stats.binomtest(above, above + below, alternative="greater").pvalue if above + below else 1.0
    assert signs(above, below) == pytest.approx(expected)


# ---- costs -----------------------------------------------------------------------------------------------------------------

Timings = dict[str, list[list[float]]]  # by method, of each problem the times of its repeats


def timed(times: Timings, evaluations: dict[str, int] | None = None, **header: Any) -> Any:
    """A run in which all methods solve all problems, in these times."""
    return run(
        *(
            attempt(f"p{k}", method, 0.0, repeat=r, solve_seconds=t, objective_evaluations=(evaluations or {}).get(method, 10))
            for method, its in times.items()
            for k, repeats in enumerate(its)
            for r, t in enumerate(repeats)
        ),
        **header,
    )


def noisy(
    seed: int, methods: int = 3, problems: int = 20, repeats: int = 1, noise: float = 0.3, factors: dict[str, float] | None = None
) -> Timings:
    """Times with lognormal noise around a time of each problem, some methods slower by a factor."""
    typical, chance = random.Random(0), random.Random(seed)
    base = {f"m{k}": [typical.uniform(0.005, 0.5) for _ in range(problems)] for k in range(methods)}
    return {
        method: [[t * (factors or {}).get(method, 1.0) * chance.lognormvariate(0, noise) for _ in range(repeats)] for t in its]
        for method, its in base.items()
    }


def kinds(found: Comparison) -> list[tuple[FindingKind, str]]:
    return [(finding.kind, finding.method) for finding in found.findings]


def test_a_method_that_was_made_slower_is_found_and_no_other() -> None:
    found = compare(timed(noisy(1)), timed(noisy(2, factors={"m1": 2.0})))
    assert kinds(found) == [(FindingKind.SLOWER, "m1")]
    cost = found.findings[0].cost
    assert cost is not None
    assert cost.median == pytest.approx(2.0, rel=0.3)
    assert compare(timed(noisy(2, factors={"m1": 2.0})), timed(noisy(1))).findings[0].kind is FindingKind.FASTER


def test_a_slowdown_below_the_threshold_is_none() -> None:
    base, new = noisy(1, noise=0.01), noisy(2, noise=0.01, factors={"m1": 1.1})
    assert kinds(compare(timed(base), timed(new))) == []
    assert kinds(compare(timed(base), timed(new), threshold=1.05)) == [(FindingKind.SLOWER, "m1")]


def test_noise_alone_raises_hardly_any_alarm() -> None:
    alarms = sum(bool(compare(timed(noisy(2 * k, noise=0.5)), timed(noisy(2 * k + 1, noise=0.5))).findings) for k in range(60))
    assert alarms <= 6  # at most 5 % each way are promised


def test_a_slowdown_on_some_problems_is_found() -> None:
    base, new = noisy(1, problems=60, noise=0.05), noisy(2, problems=60, noise=0.05)
    new["m0"] = [[5 * t for t in its] if k % 4 == 0 else its for k, its in enumerate(new["m0"])]
    found = compare(timed(base), timed(new))
    assert kinds(found) == [(FindingKind.SLOWER, "m0")]
    cost = found.methods[0].time
    assert cost is not None
    assert (cost.trend, len(cost.grown)) == (Trend.GROWN_ON_SOME, 15)


def test_of_few_problems_without_repeats_nothing_is_claimed() -> None:
    found = compare(timed(noisy(1, 1, 4)), timed(noisy(1, 1, 4, factors={"m0": 3.0})))
    assert found.findings == []
    assert [method.time.trend for method in found.methods if method.time] == [Trend.UNCLEAR]


def test_repeats_make_up_for_few_problems() -> None:
    base, new = noisy(1, 1, 2, repeats=6, noise=0.1), noisy(2, 1, 2, repeats=6, noise=0.1, factors={"m0": 2.0})
    assert kinds(compare(timed(base), timed(new))) == [(FindingKind.SLOWER, "m0")]
    assert kinds(compare(timed(new), timed(base))) == [(FindingKind.FASTER, "m0")]
    assert kinds(compare(timed(base), timed(noisy(2, 1, 2, repeats=6, noise=0.1)))) == []


def test_the_warm_up_makes_no_method_slower() -> None:
    base = {"m0": [[0.1, 0.1, 0.1] for _ in range(12)]}
    new = {"m0": [[0.9, 0.1, 0.1] for _ in range(12)]}
    assert compare(timed(base), timed(new)).findings == []


def test_a_disturbed_repeat_makes_no_method_slower() -> None:
    base = {"m0": [[0.1, 0.1, 0.1] for _ in range(12)]}
    new = {"m0": [[0.1, 0.9, 0.1] for _ in range(12)]}
    assert compare(timed(base), timed(new)).findings == []


def test_times_whose_repeats_overlap_make_no_method_slower() -> None:
    base, new = ({"m0": [[0.1, *times]] * 12} for times in ([0.10, 0.20, 0.30], [0.15, 0.25, 0.30]))
    found = compare(timed(base), timed(new))
    assert found.findings == []
    assert found.methods[0].time is not None
    assert found.methods[0].time.median == pytest.approx(1.5)
    assert kinds(compare(timed({"m0": [[0.1, 0.10, 0.12]] * 12}), timed({"m0": [[0.1, 0.15, 0.2]] * 12}))) == [(FindingKind.SLOWER, "m0")]


def test_more_evaluations_are_found() -> None:
    times = noisy(1, 2, 12)
    found = compare(timed(times), timed(times, {"m1": 15}))
    assert kinds(found) == [(FindingKind.DEARER, "m1")]
    assert kinds(compare(timed(times, {"m1": 15}), timed(times))) == [(FindingKind.CHEAPER, "m1")]


def test_that_all_methods_changed_alike_is_told() -> None:
    found = compare(timed(noisy(1, noise=0.02)), timed(noisy(2, noise=0.02, factors={"m0": 1.5, "m1": 1.5, "m2": 1.5})))
    assert len(found.regressions()) == 3
    assert (
        "All 3 methods got slower, with ratios from 1.5 to 1.5: what they share has changed, or what else the machine was doing."
        in found.notes
    )


@settings(deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 100.0))
def test_a_comparison_does_not_depend_on_the_unit_of_time(seed: int, unit: float) -> None:
    base, new = noisy(seed, 1, 10), noisy(seed + 1, 1, 10, factors={"m0": 1.5})
    unit *= 100  # all stay above what the clock resolves
    scaled = [{m: [[unit * t for t in r] for r in its] for m, its in times.items()} for times in (base, new)]
    assert kinds(compare(timed(scaled[0]), timed(scaled[1]))) == kinds(compare(timed(base), timed(new)))


# ---- answers ---------------------------------------------------------------------------------------------------------------


def changes(base: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[tuple[str, AnswerKind]]:
    found = compare(run(*base, name="base.jsonl"), run(*new, name="new.jsonl"))
    return [(change.method, change.kind) for change in found.answers]


RIGHT, WRONG, STALLED = attempt("p", "m", 0.0), attempt("p", "m", 1.0), attempt("p", "m", 1.0, status="stalled")
FAILED, EXACT = attempt("p", "m", None, status="crashed", reason="it fell over"), proof("p", 0.0)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (RIGHT, RIGHT, None),
        (RIGHT, attempt("p", "m", 5e-7), None),
        (RIGHT, WRONG, AnswerKind.LOST),
        (RIGHT, FAILED, AnswerKind.LOST),
        (STALLED, WRONG, AnswerKind.WRONG),
        (WRONG, STALLED, AnswerKind.RIGHTED),
        (STALLED, RIGHT, AnswerKind.GAINED),
        (STALLED, attempt("p", "m", 2.0, status="stalled"), AnswerKind.MOVED),
        (STALLED, FAILED, AnswerKind.MOVED),
        (FAILED, FAILED, None),
    ],
)
def test_how_an_answer_changed(before: dict[str, Any], after: dict[str, Any], kind: AnswerKind | None) -> None:
    assert changes([EXACT, before], [EXACT, after]) == ([] if kind is None else [("m", kind)])


def test_a_lost_answer_is_a_regression_and_a_found_one_is_none() -> None:
    lost = compare(run(EXACT, RIGHT), run(EXACT, FAILED))
    assert kinds(lost) == [(FindingKind.LOST, "m")]
    assert [len(lost.regressions([name])) for name in REGRESSIONS] == [1, 0, 0]
    found = compare(run(EXACT, FAILED), run(EXACT, RIGHT))
    assert (kinds(found), found.regressions()) == ([(FindingKind.GAINED, "m")], [])


def test_the_truth_is_that_of_both_runs() -> None:
    assert changes([RIGHT], [WRONG]) == [("m", AnswerKind.LOST)]
    assert changes([WRONG], [RIGHT]) == [("m", AnswerKind.GAINED)]


def test_a_proof_that_is_lost_is_told_even_if_its_value_is_right() -> None:
    certified = proof("p", 0.0, "certified")
    open_ = {**certified, "assurance": "none", "status": "limit"}
    assert changes([certified], [open_]) == [("branch-and-bound", AnswerKind.PROOF_LOST)]
    assert changes([open_], [certified]) == [("branch-and-bound", AnswerKind.PROOF_FOUND)]


def of_seeds(values: list[float], problem: str = "p") -> list[dict[str, Any]]:
    status = ["converged" if v == 0.0 else "stalled" for v in values]
    return [attempt(problem, "sa", v, base_seed=k, status=s) for k, (v, s) in enumerate(zip(values, status, strict=True))]


def test_with_several_seeds_an_answer_is_lost_only_with_all_of_them() -> None:
    assert changes([EXACT, *of_seeds([0.0, 0.0])], [EXACT, *of_seeds([1.0, 0.0])]) == [("sa", AnswerKind.FEWER)]
    assert changes([EXACT, *of_seeds([0.0, 0.0])], [EXACT, *of_seeds([1.0, 1.0])]) == [("sa", AnswerKind.LOST)]
    assert changes([EXACT, *of_seeds([1.0, 0.0])], [EXACT, *of_seeds([0.0, 1.0])]) == []


def test_a_method_that_is_right_less_often_on_many_problems_got_worse() -> None:
    names = [f"p{k}" for k in range(12)]
    base = [fields for name in names for fields in (proof(name, 0.0), *of_seeds([0.0, 0.0, 0.0], name))]
    new = [fields for name in names for fields in (proof(name, 0.0), *of_seeds([0.0, 1.0, 1.0], name))]
    assert kinds(compare(run(*base), run(*new))) == [(FindingKind.WORSE, "sa")]
    assert kinds(compare(run(*base[:20]), run(*new[:20]))) == []
    assert kinds(compare(run(*new), run(*base))) == [(FindingKind.BETTER, "sa")]


# ---- what does not match ---------------------------------------------------------------------------------------------------


def test_a_run_is_no_different_from_itself() -> None:
    one = timed(noisy(1, repeats=3))
    found = compare(one, one)
    assert (found.findings, found.answers, found.notes) == ([], [], [])


def test_other_machines_options_methods_and_problems_are_told() -> None:
    base = run(RIGHT, attempt("q", "m"), attempt("old", "m"), attempt("p", "gone"), name="base.jsonl")
    new = run(
        {**RIGHT, "options": {"step": 2}},
        attempt("q", "m", problem_hash="sha256:00"),
        attempt("p", "fresh"),
        name="new.jsonl",
        environment={"optbench": "0.2.0", "processor": "one", "python": "3.12"},
        options={"time_limit": 10.0, "jobs": 1},
        plan={"seeds": [0, 1], "repeats": 1},
    )
    assert compare(base, new).notes == [
        "The machines or versions differ: optbench 0.1.0 and 0.2.0.",
        "The options of the batches differ: time_limit 30.0 and 10.0.",
        "The plans differ: seeds [0] and [0, 1].",
        "A method only in the base run: gone.",
        "A method only in the new run: fresh.",
        "The options of m differ between the runs.",
        "2 problems are only in base.jsonl: old, q.",
        "1 problem is only in new.jsonl: q.",
        "Of these, with the same name but another text, so not compared: q.",
    ]


def test_attempts_that_are_missing_are_told() -> None:
    found = compare(run(RIGHT, attempt("p", "n"), attempt("q", "n"), name="base.jsonl"), run(RIGHT, attempt("q", "n"), name="new.jsonl"))
    assert found.notes == ["1 attempt is in base.jsonl only, though both have the problem and the method."]


@pytest.mark.parametrize(
    ("base", "new", "words"),
    [
        ([RIGHT], [attempt("q", "m")], "share no problem"),
        ([RIGHT], [attempt("p", "n")], "share no method"),
        ([RIGHT], [attempt("p", "m", base_seed=7)], "share no seed"),
        ([], [RIGHT], "'base.jsonl' has no attempt"),
    ],
)
def test_runs_with_nothing_in_common_are_refused(base: list[dict[str, Any]], new: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        compare(run(*base, name="base.jsonl"), run(*new, name="new.jsonl"))


def test_a_value_that_contradicts_a_proof_is_told() -> None:
    found = compare(run(EXACT, RIGHT), run(EXACT, attempt("p", "m", -1.0)))
    assert "p: the exact value is in doubt: m found -1 at a feasible point." in found.notes
