"""The Python API: what it takes and what it says of what it does not."""

from __future__ import annotations

from typing import Any

import pytest

import optbench
from optbench.errors import UsageError


def test_mistakes_are_caught_without_knowing_the_modules() -> None:
    with pytest.raises(optbench.OptbenchError, match="never closed"):
        optbench.define("sin(x")


def test_shapes_are_lengths_or_texts() -> None:
    assert optbench.define("sum(x^2)", variables={"x": {"shape": "n"}}, parameters={"n": 3}).dimension == 3
    assert optbench.define("sum(x^2)", variables={"x": {"shape": ["2", 4]}}).dimension == 8
    for wrong in (2.5, [], [2.5], {"n": 2}, True):
        with pytest.raises(UsageError, match="The shape of x is a length or a sequence of lengths"):
            optbench.define("sum(x^2)", variables={"x": {"shape": wrong}})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tol": -1}, "tol is a number between 0 and 1, not -1"),
        ({"tol": float("nan")}, "tol is a number between 0 and 1, not nan"),
        ({"digits": 0}, "digits is a whole number from 1 to 1000, not 0"),
        ({"seed": -1}, "seed is a whole number from 0"),
        ({"seed": 1.5}, "seed is a whole number from 0"),
        ({"memory_limit": "4GB"}, "memory_limit is a whole number of bytes from 1048576 to .*, not '4GB'"),
        ({"time_limit": -1}, "time_limit is a number of seconds from 0, not -1"),
        ({"exact_time": float("inf")}, "exact_time is a number of seconds from 0, not inf"),
        ({"require": "proved"}, "require is one of exact, certified, local, feasible, not proved"),
        ({"variables": ["x"]}, "variables are a mapping of names to ranges or fields"),
    ],
)
def test_what_the_command_line_refuses_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        optbench.solve("x^2", **given)


def test_numbers_of_numpy_are_numbers_and_one_constraint_needs_no_list() -> None:
    import numpy as np

    result = optbench.solve(
        "x^2", subject_to="x >= 1", methods="casadi-ipopt", seed=np.int64(3), tol=np.float32(1e-6), starts=np.int32(1), certify=False
    )
    assert (result.value_exact, result.solutions[0].exact) == ("1", {"x": "1"})
    assert result.to_json()
