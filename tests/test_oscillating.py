"""Waves that grow: the sequence that is named goes to minus infinity in mpmath too; what is bounded is not said to be unbounded."""

from __future__ import annotations

import re

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.api import define
from optbench.exact import oscillating
from optbench.exact.answer import NotApplicable
from optbench.exact.stage import solve
from optbench.result import Assurance, Status

GROWING = [
    "x*sin(x)",
    "exp(x)*sin(x)",
    "x^2*cos(x)",
    "x*cos(3*x + 1) + log(x^2 + 1)",
    "x*log(3/2 + sin(x))",
    "sqrt(x)*cos(pi*x)",
    "x*sin(x)*cos(2*x)",
    "x/sin(x)",
    "x*sqrt(sin(x) - 1/2) - 2*x",
    "x^3*sin(x/2)^2 - x^2*cos(x/3)",
]


def lowest_along_the_path(objective: str, reason: str) -> list[mpmath.mpf]:
    found = re.fullmatch(r"it falls without bound along x = (.*) for k -> (-?)inf", reason)
    assert found is not None
    names = {name: getattr(mpmath, name) for name in ("sin", "cos", "exp", "log", "sqrt", "pi")}

    def value(text: str, **numbers: mpmath.mpf) -> mpmath.mpf:
        return eval(text.replace("^", "**"), {**names, **numbers})  # formulas of this file and of optbench

    with mpmath.workdps(60):
        ks = [mpmath.mpf(f"{found[2]}1e{n}") for n in range(2, 5)]
        return [value(objective, x=value(found[1], k=k)) for k in ks]


@pytest.mark.parametrize("objective", GROWING)
def test_the_sequence_goes_to_minus_infinity(objective: str) -> None:
    answer = solve(define(objective))
    assert (answer.status, answer.assurance, answer.strategy) == (Status.UNBOUNDED, Assurance.EXACT, "oscillating")
    assert answer.reason is not None
    first, second, third = lowest_along_the_path(objective, answer.reason)
    assert 0 > first > second > third


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2), st.integers(1, 3), st.integers(-3, 3), st.sampled_from(["sin", "cos"]))
def test_the_smaller_of_two_terms_does_not_matter(power: int, rate: int, slope: int, wave: str) -> None:
    """x^power*wave + slope*x^2 is unbounded below if and only if the slope is negative, or 0 and the power positive."""
    problem = define(f"x^{power}*{wave}({rate}*x) + {slope}*x^2", variables={"x": "[0, inf)"})
    unbounded = slope < 0 or (slope == 0 and power > 0) or (power == 2 and slope < 1)
    try:
        assert oscillating.solve(problem).status is Status.UNBOUNDED
        assert unbounded
    except NotApplicable:
        assert not unbounded


@pytest.mark.parametrize(
    "objective", ["sin(x)", "x*sin(x) + x^2", "x^2*sin(x)^2", "sin(x^2)*x", "x", "-x*sqrt(sin(x) - 5)", "x*log(sin(x) - 1)"]
)
def test_what_is_not_shown_by_a_wave_is_left_to_others(objective: str) -> None:
    with pytest.raises(NotApplicable):
        oscillating.solve(define(objective))


def test_other_problems_are_refused() -> None:
    for problem in (define("x*sin(x)", range=(0, 9)), define("x*sin(y)"), define("x*sin(x)", subject_to=["x >= 1"])):
        with pytest.raises(NotApplicable):
            oscillating.solve(problem)
