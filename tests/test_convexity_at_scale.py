"""What `auto` sees to be convex is convex: along segments, in floats; and what it must see, it sees."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from optbench.api import define
from optbench.errors import OptbenchError
from optbench.language.functions import TABLE
from optbench.workbench.convexity import is_convex
from optbench.workbench.function import Function

V: dict[str, Any] = {"v": {"shape": 5}}
CONVEX = [
    ("x^2 + exp(x)", {}),
    ("x*log(x) - sqrt(x)", {}),
    ("1/x + x", {"range": (0.1, 5)}),
    ("abs(x - 1) + abs(x - 2)", {}),
    ("max(x, 1 - x, y^2)", {}),
    ("sqrt((x - 1)^2 + (y - 2)^2) + sqrt(x^2 + y^2)", {}),
    ("log(exp(x) + exp(y)) + softplus(x)", {}),
    ("-log(x) - log(1 - x - y) - log(y)", {}),
    ("(x - y)^4 + hypot(x, y)", {}),
    ("2^(x + y) + 3*relu(x)", {}),
    ("norm(v - 1) + sum(abs(v)) + max(v^2)", {"variables": V}),
    ("sum(softplus(v)) + v @ v + logsumexp(3*v)", {"variables": V}),
    ("sum(exp(v[1:] - v[:-1])) + mean(v^2)/3", {"variables": V}),
    ("x^2/y", {"range": (0.5, 2)}),
    ("x^1.5 + y^-0.5 - y^0.3", {"range": (0, 4)}),
    ("x^2", {"variables": {"x": {"integer": True, "range": (0, 4)}}}),
]
OTHERS = [
    ("x^3", {}),
    ("sin(x)", {}),
    ("x*y", {}),
    ("log(x)", {}),
    ("min(x, y)", {}),
    ("1/x", {}),
    ("1/(x - 1)^2", {}),
    ("exp(-x^2)", {}),
    ("(x^2 - 1)^2", {}),
    ("max(v)*v[0]", {"variables": V}),
    ("if(x > 0, x, 2*x)", {}),
]


@pytest.mark.parametrize(("text", "asked"), CONVEX)
def test_convex_functions_are_seen(text: str, asked: dict[str, Any]) -> None:
    assert is_convex(define(text, **asked))


@pytest.mark.parametrize(("text", "asked"), OTHERS)
def test_others_are_not(text: str, asked: dict[str, Any]) -> None:
    assert not is_convex(define(text, **asked))


def test_constraints_count() -> None:
    assert is_convex(define("x + y", subject_to=["x^2 + y^2 <= 1", "x - y = 0.5", "0 <= x <= 1"]))
    assert not is_convex(define("x + y", subject_to=["x^2 + y^2 >= 1"]))
    assert not is_convex(define("x + y", subject_to=["x^2 + y^2 = 1"]))


def test_rows_of_data_are_seen_as_one_array(tmp_path: Any) -> None:
    """Nothing is written out: the rows are seen as one array."""
    file = tmp_path / "rows.csv"
    file.write_text("a,b,y\n" + "1.5,2.5,1\n-0.5,1,0\n" * 100)
    problem = define("sum(log(1 + exp(-(2*y - 1)*(w[0]*a + w[1]*b)))) + 0.1*sum(w^2)", variables={"w": {"shape": 2}}, data=str(file))
    assert is_convex(define("sum(softplus(w[0]*a - b) - y*w[1])", variables={"w": {"shape": 2}}, data=str(file)))
    assert is_convex(problem)


_ONE = sorted(name for name, row in TABLE.items() if row.public and row.args == ("x",) and row.intervals and row.floats)
_LEAVES = st.sampled_from(["x", "y", "2", "0.5", "(x + y)", "(2*x - y)", "(1 - x)"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({})".format, st.sampled_from(_ONE), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["hypot", "min", "max"]), inner, inner),
        st.builds("({})^{}".format, inner, st.sampled_from(["2", "3", "-1", "-2", "0.5", "1.5", "-0.5"])),
        st.builds("(-({}))".format, inner),
    )


@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(st.recursive(_LEAVES, _larger, max_leaves=6), st.sampled_from([(-3, 3), (0, 2), (0.5, 4), (-4, -0.5)]), st.integers(0, 2**32))
def test_what_is_seen_to_be_convex_lies_below_its_chords(text: str, ends: tuple[float, float], seed: int) -> None:
    try:
        problem = define(text, range=ends)
    except OptbenchError:
        assume(False)
    assume(problem.variables)
    if not is_convex(problem):
        return
    function, chance = Function(problem), np.random.default_rng(seed)
    for a, b in chance.uniform(*ends, (20, 2, problem.dimension)):
        t = chance.random()
        value, *chord = (function.value(function.space.point(p.tolist())) for p in ((1 - t) * a + t * b, a, b))
        if not all(map(math.isfinite, chord)):
            continue
        above = (1 - t) * chord[0] + t * chord[1]
        assert value <= above + 1e-9 * (1 + abs(above) + max(map(abs, chord)))
