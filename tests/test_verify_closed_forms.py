"""Results that are verified: each kind of proof that there is no closed form is accepted, and nothing in which something was changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench import api
from optbench.arithmetic.sympy_polynomials import degrees_modulo
from optbench.verify import Refused, check_result

Json = dict[str, Any]

SOLVED: dict[str, tuple[str, Mapping[str, Any], list[str]]] = {  # objective, options, and the theorems
    "quintic": ("x^6/6 - x^2/2 - x", {"range": (-3, 3)}, ["galois"]),
    "octic": ("x^9/9 - x^2/2 - x", {"range": (0.5, 2)}, ["galois"]),
    "degree 51": ("x^51/51 - x^2/2 - x", {"range": (0, 3)}, ["galois"]),
    "square of a root": ("(x^3 - 2)^2 + 3*sqrt(x)", {"range": (0.5, 3)}, ["galois"]),
    "real roots": ("x^6/6 - 5*x^4 + 125*x^2/2 - 3*x", {"range": (0.02, 1)}, ["galois"]),
    "composed": ("x^12/12 - x^4/4 - x^2/2", {"range": (0.2, 2)}, ["galois"]),
    "two unknowns": ("x^6/6 - x^2/2 - x + (y - x)^2", {}, ["galois"]),
    "cosine": ("x^2/2 - sin(x)", {"range": (0.5, 2)}, ["lin1983", "kernel-lambertw"]),
    "exponential": ("exp(x) + x^4 + x", {"range": (-2, 1)}, ["lin1983", "kernel-lambertw"]),
    "softplus": ("x^2/2 - log(1 + exp(-3*x))", {"range": (-3, 0.5)}, ["lin1983", "kernel-lambertw"]),
    "root and exponential": ("sqrt(x)*exp(-x) + x/8", {"range": (0.1, 2), "maximize": True}, ["lin1983", "kernel-lambertw"]),
    "arc tangent": ("x^2*atan(x) - x", {"range": (0.2, 2)}, ["lin1983", "kernel-lambertw"]),
    "arc cosine": ("x^2/9 - x*acos(x)", {"range": (0.1, 0.95)}, ["lin1983"]),
    "inside of a root": ("(x - 2)^2 + exp(sqrt(x))", {"range": (0, 4)}, ["lin1983", "kernel-lambertw"]),
    "two roots": ("sqrt(x) + sqrt(5 - x) + cos(x)/3", {"range": (0.5, 4.5), "maximize": True}, ["lin1983"]),
    "a root object": ("x^3/3 - rootof(t^5 - t - 1, 0)*sin(x)", {"range": (0.2, 3)}, ["lin1983"]),
    "a kink elsewhere": ("abs(x - 5) + x^2 - sin(x)", {"range": (-3, 3)}, ["lin1983", "kernel-lambertw"]),
    "with W": ("x*log(x) - sqrt(x)", {"range": (0, 10)}, ["lin1983"]),
    "two kernels": ("exp(x) + x*log(x) - 2*x", {"range": (0.1, 2)}, ["kernels"]),
    "cosh and sine": ("cosh(x) - sin(x)", {"range": (-1, 2)}, ["kernels"]),
    "a constant e": ("(x - 1)*exp(x) + x^3/3 - 2*e*x", {"range": (0, 2)}, ["kernels"]),
    "two kernels and a root": ("exp(sqrt(x)) + x^2*log(x + 2)/3 - 2*x", {"range": (0.5, 3)}, ["kernels"]),
    "Kepler": ("x^2/2 + a*cos(x) - b*x", {"parameters": {"a": "positive", "b": "positive"}}, ["function"]),
    "a function by W": ("(x - 1)*exp(x) - a*x", {"parameters": {"a": "positive"}}, ["function"]),
}
DEAR = ("degree 51", "two roots")
NOWHERE = Path("result.json")


@cache
def _solved(name: str) -> str:
    objective, options, _ = SOLVED[name]
    return api.solve(objective, methods=["bfgs"], **options).to_json()


def solved(name: str) -> Json:
    """A result, to be changed."""
    result: Json = json.loads(_solved(name))
    return result


def form_of(result: Json) -> Json:
    """The first verdict, which the result has twice; a change of this one changes both."""
    if result["solutions"]:
        result["closed_form"] = result["solutions"][0]["closed_form"]
    form: Json = result["closed_form"]
    return form


def certificate_of(result: Json) -> Json:
    form = form_of(result)
    certificate: Json = form["certificate"] or form["unreviewed"]["certificate"]
    return certificate


@pytest.mark.parametrize("name", SOLVED)
def test_what_the_prover_says_is_accepted(name: str) -> None:
    found = check_result(solved(name), NOWHERE)
    assert [finding.theorem for finding in found.closed_forms] == SOLVED[name][2]
    assert found.objective == solved(name)["problem"]["objective"]
    assert all(finding.assumes == ("Schanuel",) for finding in found.closed_forms if finding.theorem not in ("galois", "function"))


# ---- one thing changed -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [25, pytest.param(10_000, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("name", SOLVED)
def test_no_certificate_with_one_thing_changed_is_accepted(name: str, most: int) -> None:
    """Each digit of a polynomial, a prime, a pattern, a kernel, a root, a formula; each name; each part left out."""
    found = [c for c in changes(certificate_of(solved(name))) if c[0][:2] != ("number", "in")]  # of the interval see below
    for path, changed in found[:: 1 + len(found) // (most if name not in DEAR else most // 5)]:
        result = solved(name)
        replaced(certificate_of(result), path, changed)
        assert_refused(result, path, changed)


def changes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield places in a JSON value, with what could stand there instead; `...` for nothing."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), ...
            yield from changes(inner, (*path, key))
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield path, value[:k] + value[k + 1 :]
            yield from changes(inner, (*path, k))
    elif isinstance(value, str):
        yield from ((path, value[: d.start()] + str((int(d[0]) + 1) % 10) + value[d.end() :]) for d in re.finditer(r"\d", value))
        yield path, f"{value} "[:-2] + "?"
    elif isinstance(value, int):
        yield from ((path, value + step) for step in (-1, 1, 2))


def replaced(value: Any, path: Sequence[Any], by: Any) -> None:
    *outer, last = path
    for key in outer:
        value = value[key]
    if by is ...:
        del value[last]
    else:
        value[last] = by


def assert_refused(result: Json, *what: object) -> None:
    assert refusal(result), what


def refusal(result: Json) -> str | None:
    """Why a result is refused; None if it is accepted."""
    try:
        check_result(result, NOWHERE)
    except Refused as reason:
        return str(reason)
    return None


FIELDS: Mapping[str, Sequence[Any]] = {
    "verdict": ("found", "none", "not_found", None, []),
    "class": (None, "rational", "radicals", "elementary", "lambertw", "algebraic_root"),
    "none_in": ([], ["radicals"], ["L"], ["L_W"], ["EL"], ["L", "L_W"], None),
    "scope": ("number", "function_of_parameter", None),
    "theorem": ("galois", "lin1983", "kernels", "kernel-lambertw", "function", None, "unheard-of"),
    "assumes": ([], ["Schanuel"], ["Riemann"], None),
    "review": ("literature", "internal", None),
    "certificate": (None, {}),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", SOLVED)
def test_a_verdict_that_says_something_else_than_its_certificate_is_refused(name: str, field: str) -> None:
    for value in FIELDS[field]:
        for unreviewed in (False, True):
            result = solved(name)
            form = form_of(result)
            claim = form["unreviewed"] if unreviewed else form
            if claim is None or claim.get(field) == value or (unreviewed and field in ("verdict", "class", "scope", "review")):
                continue
            claim[field] = value
            assert_refused(result, field, value)


@pytest.mark.parametrize("more", [{"review": "literature"}, {"theorem": "lin1983", "none_in": ["L"], "certificate": "that of Lin"}])
def test_only_an_argument_that_awaits_publication_stands_where_these_do(more: Json) -> None:
    result = solved("cosine")
    form = form_of(result)
    form["unreviewed"] |= {key: form["certificate"] if key == "certificate" else value for key, value in more.items()}
    assert_refused(result)


OTHERS_HAVE_THIS_SLOPE_THERE = ("two unknowns", "a kink elsewhere", "Kepler", "a function by W")


@pytest.mark.parametrize("name", [name for name in SOLVED if name not in OTHERS_HAVE_THIS_SLOPE_THERE])
def test_another_problem_is_refused(name: str) -> None:
    """Each digit of the objective; the sense; the name of the unknown."""
    objective = solved(name)["problem"]["objective"]
    for _, changed in changes(objective):
        result = solved(name)
        result["problem"]["objective"] = changed
        assert_refused(result, changed)
    result = solved(name)
    result["problem"]["variables"] = {"t": result["problem"]["variables"]["x"]}
    assert_refused(result, "another unknown")


@pytest.mark.parametrize(
    "change",
    [
        {"objective": 3},
        {"objective": "x + " * 30_000 + "x"},
        {"sense": "least"},
        {"variables": {}},
        {"variables": {"x": {"integer": True}}},
        {"variables": {"x": {"shape": [1]}}},
        {"variables": {"x": {}, "y": {}}},
        {"parameters": {f"q{k}": "positive" for k in range(5)}},
        {"constraints": 3},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("name", ["cosine", "Kepler"])
def test_a_problem_that_the_theorems_do_not_speak_of_is_refused(name: str, change: Json) -> None:
    """Several unknowns, whole numbers, arrays: these have no derivative by one real number."""
    result = solved(name)
    facts = result["problem"]["variables"]["x"]
    if "variables" in change:
        change = {"variables": {n: {**facts, **more} for n, more in change["variables"].items()}}
    result["problem"] |= change
    if change == {"constraints": 3}:
        assert refusal(result) is None  # the theorems are on stationary points, and say nothing of constraints
    else:
        assert_refused(result, change)


def test_a_pole_of_the_derivative_is_no_zero_of_it() -> None:
    """The derivative of log(abs(cos(x) - x)) changes its sign at 0.739..., where it has a pole."""
    result = solved("cosine")
    result["problem"]["objective"] = "log(abs(cos(x) - x))"
    for sense in ("minimize", "maximize"):
        result["problem"]["sense"] = sense
        assert_refused(result, sense)


@pytest.mark.parametrize("name", ["cosine", "two kernels", "with W"])
def test_another_sense_is_refused(name: str) -> None:
    result = solved(name)
    result["problem"]["sense"] = "maximize"
    assert_refused(result)


@pytest.mark.parametrize("name", ["cosine", "two kernels", "with W"])
@pytest.mark.parametrize(
    ("low", "high"), [("1.0", "1.1"), ("-1e-50", "1e-50"), ("0.7", "0.6"), ("0.5", "0.5"), ("-inf", "inf"), ("nan", "1"), ("x", "y")]
)
def test_an_interval_that_does_not_hold_the_number_is_refused(name: str, low: str, high: str) -> None:
    result = solved(name)
    certificate_of(result)["number"]["in"] = [low, high]
    assert_refused(result)


@pytest.mark.parametrize("name", ["cosine", "two kernels", "with W"])
def test_the_solution_has_to_be_the_number(name: str) -> None:
    original = solved(name)["solutions"][0]
    [x] = original["point"].values()
    low, high = original["enclosure"]["x"]
    for field, value in [
        ("point", {"x": x + 1e-12}),
        ("point", {}),
        ("point", None),
        ("enclosure", {"x": [high, high + "1"]}),
        ("enclosure", {"x": [low, low]}),
        ("enclosure", None),
        ("kind", "boundary"),
        ("exact", {"x": "1/2"}),
    ]:
        result = solved(name)
        result["solutions"][0][field] = value
        assert_refused(result, field, value)


def test_the_polynomial_of_a_number_that_is_enclosed() -> None:
    """The same number without a formula; and another interval, and the other zero of the derivative."""
    result = solved("quintic")
    result["solutions"][0]["exact"] = None
    digits = "1.167303978261418684256045899854842180720560371525489"
    certificate_of(result)["number"] = {"unknown": "x", "in": [digits, digits[:-1] + "91"]}
    [finding] = check_result(result, NOWHERE).closed_forms
    assert finding.none_in == ("radicals",)
    result["problem"]["objective"] = "x^6/6 - x^2/2 - x*1000000001/1000000000"
    assert_refused(result)


@pytest.mark.parametrize("formula", ["rootof(t^5 - t - 2, 0)", "rootof(t^5 - t - 1, 0) + 1/10^30", "7/6", "1/0", "x", "rootof("])
def test_a_formula_of_another_number_is_refused(formula: str) -> None:
    result = solved("quintic")
    result["solutions"][0]["exact"] = {"x": formula}
    certificate_of(result)["number"]["formula"] = formula
    assert_refused(result)


def test_a_certificate_of_another_number_is_refused() -> None:
    """A root of t^5 - t - 3, which has no radicals either, in the place of the solution."""
    result = solved("quintic")
    patterns = [[p, degrees] for p in (2, 5, 7, 11, 13) if (degrees := degrees_modulo([-3, -1, 0, 0, 0, 1], p)) in ([2, 3], [1, 1, 3])]
    other = {"number": {"formula": "rootof(t^5 - t - 3, 0)"}, "polynomial": ["-3", "-1", "0", "0", "0", "1"], "patterns": patterns[:1]}
    certificate_of(result).update(other)
    assert refusal(result) == "the number is not one of the solution's"


@pytest.mark.parametrize("name", ["cosine", "two kernels"])
def test_a_solution_that_is_said_to_have_no_formula_has_none(name: str) -> None:
    """Not even one that agrees to 120 digits."""
    result = solved(name)
    equation = {"cosine": lambda x: x - mpmath.cos(x), "two kernels": lambda x: mpmath.exp(x) + mpmath.log(x) - 1}[name]
    with mpmath.workdps(130):
        digits = mpmath.nstr(mpmath.findroot(equation, result["solutions"][0]["point"]["x"]), 120)
    result["solutions"][0]["exact"] = {"x": digits}
    assert "formula where its verdict says that there is none" in str(refusal(result))


def test_a_solution_that_is_said_to_have_a_formula_has_one() -> None:
    result = solved("with W")
    result["solutions"][0]["exact"] = None
    assert_refused(result)


def test_the_formula_of_a_solution_lies_in_its_enclosure() -> None:
    result = solved("quintic")
    result["solutions"][0]["enclosure"]["x"] = ["1.16730397826141868425604589987", "1.16730397826141868425604589988"]
    assert refusal(result) == "a formula is not in the enclosure of the solution"


def test_a_function_of_parameters_is_a_stationary_point() -> None:
    result = solved("a function by W")
    result["solutions"][0]["kind"] = "boundary"
    assert_refused(result)


@pytest.mark.parametrize("name", SOLVED)
def test_a_certificate_with_a_field_more_is_refused(name: str) -> None:
    result = solved(name)
    certificate_of(result)["note"] = "it also proves Fermat's last theorem"
    assert_refused(result)


def test_the_verdict_of_the_result_is_that_of_its_first_solution() -> None:
    result = solved("quintic")
    result["closed_form"] = {**result["closed_form"], "none_in": ["L"]}
    assert_refused(result)


def test_a_result_without_proofs_is_refused() -> None:
    with pytest.raises(Refused, match="no proof"):
        check_result(json.loads(api.solve("x^2", methods=["bfgs"]).to_json()), NOWHERE)


# ---- the same thing in other words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cosine", {"polynomials": ["1 + 2*w^2 + w^4 + (2*w*z)^2"]}),
        ("cosine", {"polynomials": ["-(w^2 + 1)^2/2 - 2*w^2*z^2"]}),
        ("cosine", {"kernel": "exp(i*x)"}),
        ("inside of a root", {"roots": {"a0": "(x)^(1/2)"}}),
    ],
)
def test_the_same_in_other_words_is_accepted(name: str, change: Json) -> None:
    result = solved(name)
    certificate_of(result).update(change)
    check_result(result, NOWHERE)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SOLVED)), st.data())
def test_whatever_stands_in_a_result_there_is_a_sentence(name: str, data: st.DataObject) -> None:
    """Any JSON value at any place of the verdict, the solution or the problem is refused with a reason, or changes nothing."""
    result = solved(name)
    parts = [form_of(result), result["problem"], *result["solutions"]]
    path, _ = data.draw(st.sampled_from([c for part in range(len(parts)) for c in changes(parts[part], (part,)) if len(c[0]) > 1]))
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["1e999999", "9^9^9^9", "x'"])
    replaced(parts, path, data.draw(st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))))
    reason = refusal(result)
    assert reason != ""
    if reason is None:
        assert {finding.theorem for finding in check_result(result, NOWHERE).closed_forms} <= set(SOLVED[name][2])
