"""Slices of problems: what is held is held, what is free stays as it was, and mistakes are sentences."""

from __future__ import annotations

import pytest

from optbench.api import define
from optbench.errors import UsageError
from optbench.problem.problem import Problem
from optbench.problem.slice import free_entries, sliced
from optbench.workbench.function import Function


def box() -> Problem:
    x = {"range": (-1, 1), "shape": 4, "start": (0.5, 0.5, 0.5, 0.5)}
    return define("sum(x^2) + A[0, 1] + A[1, 2]", variables={"x": x, "A": {"range": (0, 9), "shape": (2, 3)}})


@pytest.mark.parametrize(
    ("texts", "free"),
    [
        ([], range(10)),
        (["x=0"], range(4, 10)),
        (["x[2:]=0, A=1"], [0, 1]),
        (["x[:-1]=0.5", "A[:, 0]=1", "A[0, :]=2"], [3, 8, 9]),
        (["x[-1]=0,x[0]=1/2,A[1,1:]=pi"], [1, 2, 4, 5, 6, 7]),
    ],
)
def test_what_is_free(texts: list[str], free: list[int]) -> None:
    assert free_entries(sliced(box(), texts)) == list(free)


def test_values_are_exact_and_the_later_one_counts() -> None:
    cut = sliced(box(), ["x=0.1", "x[1] = 1/3"])
    assert [str(r) for r in cut.variables[0].ranges] == ["[0.1, 0.1]", "[1/3, 1/3]", "[0.1, 0.1]", "[0.1, 0.1]"]
    assert cut.variables[0].starts == ((0.1, 1 / 3, 0.1, 0.1),)


def test_the_function_is_the_same_one() -> None:
    whole, cut = Function(box()), Function(sliced(box(), ["x[1:]=0.5", "A=1"]))
    point = whole.space.point([0.25, 0.5, 0.5, 0.5, *[1.0] * 6])
    assert cut.value(point) == whole.value(point)
    assert sliced(box(), ["x=0"]).hash != box().hash
    assert sliced(box(), []) == box()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "values of unknowns"),
        ("x=", "values of unknowns"),
        ("=1", "values of unknowns"),
        ("y=1", "there is no unknown 'y'"),
        ("B=1", "The unknowns are x, A"),
        ("x[4]=0", "no entry 4; the last one is 3"),
        ("x[a]=0", "'a' is no index of x"),
        ("x[0,1]=0", "an array with 1 index"),
        ("A[0]=0", "an array with 2 indices"),
        ("x=2", "lies in"),
        ("x=1/0", "one finite number"),
        ("x=inf", "one finite number"),
        ("x=q+1", "no value that can be read"),
        ("x=1 2", "no value that can be read"),
        ("x=ones(2)", "one finite number"),
    ],
)
def test_mistakes_are_sentences(text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        sliced(box(), [text])
    assert words in str(raised.value)


def test_open_ends_and_whole_numbers_are_heeded() -> None:
    problem = define("x^2 + n", variables={"x": "[0, 1)", "n": {"range": (0, 5), "integer": True}})
    for text in ("x=1", "n=1/2"):
        with pytest.raises(UsageError):
            sliced(problem, [text])
    assert free_entries(sliced(problem, ["x=0", "n=3"])) == []
