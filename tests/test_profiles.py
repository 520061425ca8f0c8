"""The benchmark of `auto` against bare solvers: its arithmetic, its judge, and a run of each solver."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import optbench
from optbench.statistics.profiles import Curve

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def profiles() -> Iterator[ModuleType]:
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("profiles", FOLDER / "profiles.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["profiles"] = module
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("profiles", None)


def test_a_profile_by_hand(profiles: ModuleType) -> None:
    """Three problems: a is the cheapest once, twice as dear once, and fails once."""
    costs = [{"a": 1.0, "b": 3.0}, {"a": 4.0, "b": 2.0}, {"a": math.inf, "b": 5.0}]
    rows = [
        profiles.Row("", 1, 0, 0.0, {s: profiles.Run(s, seconds=c, solved=math.isfinite(c)) for s, c in cost.items()}) for cost in costs
    ]
    found = profiles.ratios(rows, "seconds")
    assert found == {"a": [1.0, 2.0, math.inf], "b": [3.0, 1.0, 1.0]}
    assert [profiles.rho(found["a"], tau) for tau in (1, 2, math.inf)] == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert [profiles.rho(found["b"], tau) for tau in (1, 2, math.inf)] == pytest.approx([2 / 3, 2 / 3, 1])


def test_arrival_ends_with_the_first_row_that_is_good_enough(profiles: ModuleType) -> None:
    run = profiles.Run("auto", stages=[(5.0, 1.0, 10.0), (2.0, 2.0, 20.0), (2.0, 4.0, 40.0)], seconds=7.0, evaluations=70.0)
    assert (profiles._arrival(run, 3.0).seconds, profiles._arrival(run, 3.0).evaluations) == (3.0, 30.0)
    assert profiles._arrival(run, 1.0).seconds == 7.0


@pytest.mark.parametrize(("point", "value"), [((1, 1), 2), ((1 + 5e-7, 1), 2), ((0, 1.9), None), ((-1e-3, 3), None), ((1e3, 1), 1e6)])
def test_the_judge_takes_what_is_feasible(profiles: ModuleType, point: tuple[float, float], value: float | None) -> None:
    problem = optbench.define("x^2 + y^2", variables={"x": (0, 1000), "y": None}, subject_to=["x + y >= 2"])
    found = profiles.Judge(problem).value(point)
    assert found is None if value is None else found == pytest.approx(value, rel=1e-4)


def test_violations_are_relative_to_large_bounds_alone(profiles: ModuleType) -> None:
    judge = profiles.Judge(optbench.define("x + y", subject_to=["10^6 <= x", "x*y == 1"]))
    assert judge.value([1e6 - 0.5, 1 / (1e6 - 0.5)]) is not None
    assert judge.value([1e6 - 2, 1 / (1e6 - 2)]) is None
    assert judge.value([1e6, 1.1e-6]) is None


def test_every_solver_runs_and_a_constraint_is_too_much_for_one(profiles: ModuleType) -> None:
    problem = optbench.define("(x - 2)^2 + y^2", range=(-5, 5), subject_to=["x + y <= 1", "y >= x^2 - 4"], start={"x": 0, "y": 0})
    row = profiles.measured(profiles.Case("", problem, 0.5, 1e-3), 10.0, 1, ("auto", *profiles.SOLVERS))
    assert {name for name, run in row.runs.items() if not run.solved} == {"L-BFGS-B"}
    assert "does not apply" in row.runs["L-BFGS-B"].words
    assert all(run.evaluations > 0 for run in row.runs.values())
    lines = profiles.summary([row])
    assert sum(line["solved"] for line in lines) == len(lines) - 1
    assert json.loads(profiles.document([row], lines, "python"))["problems"][0]["best"] == 0.5
    assert "rho" in profiles.table(lines, 1)
    assert "auto" in profiles.plot({solver: Curve.of(found) for solver, found in profiles.ratios([row], "seconds").items()}, "Time")


def test_a_collection_in_json_lines(profiles: ModuleType, tmp_path: Path) -> None:
    entry: dict[str, Any] = {
        "id": "plane",
        "sense": "max",
        "objective": "3 - sum((c*x - 1)^2)",
        "variables": [{"name": "x", "shape": [2], "lb": 0, "ub": None, "x0": 4}],
        "params": {"c": 2},
        "constraints": [{"text": "x[0] <= 9"}],
        "fstar": 3.0,
    }
    (tmp_path / "some.jsonl").write_text(json.dumps(entry) + "\n")
    (case,) = profiles.collected(tmp_path / "some.jsonl")
    assert (case.name, case.best, case.problem.dimension) == ("plane", -3.0, 2)
    assert profiles.measured(case, 10.0, 1, ("auto", "SLSQP")).runs["SLSQP"].solved
