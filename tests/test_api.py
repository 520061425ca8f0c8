"""The Python API: what it takes and what it says of what it does not."""

from __future__ import annotations

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
