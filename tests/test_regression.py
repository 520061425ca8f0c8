"""Fits by least squares: NIST's certified values, linear models against numpy and exact fractions, and data that do not suffice."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Ran
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.api import method_choice
from optbench.cli.arguments import Flags, problem_of
from optbench.errors import ProblemError
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.linear import is_linear
from optbench.methods.qr import DEFICIENT
from optbench.problem.library import path
from optbench.problem.reader import read
from optbench.result import Fit, Result
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.panel import facts_of
from optbench.workbench.regression import fit, responses_of
from optbench.workbench.settings import Settings

CERTIFIED: dict[str, tuple[list[float], list[float], float]] = {  # NIST StRD: estimates, standard deviations, residual standard deviation
    "misra1a": ([2.3894212918e02, 5.5015643181e-04], [2.7070075241e00, 7.2668688436e-06], 1.0187876330e-01),
    "thurber": (
        [1.2881396800e03, 1.4910792535e03, 5.8323836877e02, 7.5416644291e01, 9.6629502864e-01, 3.9797285797e-01, 4.9727297349e-02],
        [4.6647963344e00, 3.9571156086e01, 2.8698696102e01, 5.5675370270e00, 3.1333340687e-02, 1.4984928198e-02, 6.5842344623e-03],
        1.3714600784e01,
    ),
    "eckerle4": (
        [1.5543827178e00, 4.0888321754e00, 4.5154121844e02],
        [1.5408051163e-02, 4.6803020753e-02, 4.6800518816e-02],
        6.7629245447e-03,
    ),
    "longley": (
        [
            -3482258.63459582,
            15.0618722713733,
            -0.0358191792925910,
            -2.02022980381683,
            -1.03322686717359,
            -0.0511041056535807,
            1829.15146461355,
        ],
        [890420.383607373, 84.9149257747669, 0.0334910077722432, 0.488399681651699, 0.214274163161675, 0.226073200069370, 455.478499142212],
        304.854073561965,
    ),
}


def fitted(what: str, **options: Any) -> tuple[Result, Fit]:
    result = solve(problem_of(what, Flags()), Settings(exact=False, certify=False, **options))
    assert result.fit is not None
    return result, result.fit


@pytest.mark.parametrize("name", CERTIFIED)
def test_nist_certified_values(name: str) -> None:
    estimates, deviations, spread = CERTIFIED[name]
    _, found = fitted(f"@{name}")
    assert list(found.parameters.values()) == pytest.approx(estimates, rel=1e-6)
    assert found.standard_errors is not None
    assert list(found.standard_errors.values()) == pytest.approx(deviations, rel=1e-6)
    assert found.residual_standard_deviation == pytest.approx(spread, rel=1e-8)
    assert found.degrees_of_freedom == found.observations - len(estimates)


def test_longley_is_determined_as_nist_says() -> None:
    _, found = fitted("@longley")
    assert found.r_squared == pytest.approx(0.995479004577296, rel=1e-10)


# ---- the field `model` --------------------------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = ["x,y,label", *(f"{x},{2 + 3 * x + math.sin(7 * x) / 5},row {x}" for x in range(9))]
    (tmp_path / "d.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def written(folder: Path, **fields: Any) -> str:
    file = folder / "p.json"
    file.write_text(json.dumps({"data": {"file": "d.csv"}, "variables": {"a": {}, "b": {}}, **fields}), encoding="utf-8")
    return str(file)


def test_a_model_is_the_sum_of_its_squares(data: Path) -> None:
    by_model, found = fitted(written(data, model={"response": "y", "expr": "a + b*x"}))
    by_objective, same = fitted(written(data, minimize="sum((y - (a + b*x))^2)"))
    assert by_model.problem is not None
    assert by_objective.problem is not None
    assert by_model.problem.objective == by_objective.problem.objective
    assert found == same


def test_a_linear_model_is_as_numpy_fits_it(data: Path) -> None:
    """Estimates and errors by numpy's polyfit, whose covariance is scaled by chi^2/(m - n), too."""
    _, found = fitted(written(data, model={"response": "y", "expr": "a + b*x"}))
    x = np.arange(9.0)
    y = 2 + 3 * x + np.sin(7 * x) / 5
    (b, a), covariance = np.polyfit(x, y, 1, cov=True)
    assert found.parameters == pytest.approx({"a": a, "b": b}, rel=1e-9)
    assert found.standard_errors == pytest.approx({"a": math.sqrt(covariance[1, 1]), "b": math.sqrt(covariance[0, 0])}, rel=1e-9)
    assert found.r_squared == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2, rel=1e-9)


def test_a_response_may_be_an_expression_of_columns(data: Path) -> None:
    _, found = fitted(written(data, model={"response": "log(y)", "expr": "a + b*x"}))
    assert found.observations == 9
    assert found.r_squared is not None
    assert 0 < found.r_squared < 1


def test_parameters_may_be_arrays(tmp_path: Path) -> None:
    rows = ["u,v,y", *(f"{k},{k * k % 7},{1 + 2 * k - 3 * (k * k % 7) + k % 2}" for k in range(12))]
    (tmp_path / "d.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    content = {
        "data": {"file": "d.csv", "matrices": {"X": ["u", "v"]}},
        "variables": {"c": {}, "w": {"shape": 2}},
        "model": {"response": "y", "expr": "c + X @ w"},
    }
    (tmp_path / "p.json").write_text(json.dumps(content), encoding="utf-8")
    _, found = fitted(str(tmp_path / "p.json"))
    assert found.standard_errors is not None
    A = np.array([[1, k, k * k % 7] for k in range(12)], float)
    y = np.array([1 + 2 * k - 3 * (k * k % 7) + k % 2 for k in range(12)], float)
    estimate, [rss], *_ = np.linalg.lstsq(A, y, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(A.T @ A)) * rss / 9)
    assert [found.parameters["c"], *found.parameters["w"]] == pytest.approx(list(estimate), rel=1e-9)
    assert [found.standard_errors["c"], *found.standard_errors["w"]] == pytest.approx(list(errors), rel=1e-9)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"model": {"response": "z", "expr": "a + b*x"}}, "The name z is not declared"),
        ({"model": {"response": "y", "expr": "a + b*q"}}, "The name q is not declared"),
        ({"model": {"response": "y"}}, "model has no expr."),
        ({"model": {"expr": "a"}}, "model has no response."),
        ({"model": "y = a"}, "model"),
        ({"model": {"response": "a*y", "expr": "b"}}, "a is no column"),
        ({"model": {"response": "log(x)", "expr": "a + b*x"}}, "The response is no finite number in row 1 of the data."),
        ({"model": {"response": "y/(x - 3)", "expr": "a + b*x"}}, "The response is no finite number in row 4 of the data."),
        ({"model": {"response": "log(x - 2) + 1/(5 - x)", "expr": "a + b*x"}}, "The response is no finite number in row 1 of the data."),
        ({"model": {"response": "y/sum(x - 4)", "expr": "a + b*x"}}, "The response is no finite number."),
        ({"model": {"response": "exp(900*x)", "expr": "a + b*x"}}, "The response is no finite number in row 2 of the data."),
        ({"model": {"response": "3", "expr": "a + b"}}, "A response is one number a row of the data"),
        ({"model": {"response": "y", "expr": "x[0:3]*a + b"}}, "The model has the shape 3, the response 9."),
        ({"model": {"response": "y", "expr": "a + b*x"}, "minimize": "a"}, "there is nothing else to minimize"),
        ({"model": {"response": "y", "expr": "a + b*x", "kind": "linear"}}, "kind"),
    ],
)
def test_mistakes_in_a_model_are_sentences_with_their_place(data: Path, optbench: Any, fields: dict[str, Any], sentence: str) -> None:
    ran: Ran = optbench("solve", written(data, **fields))
    assert ran.code == 3
    assert sentence in ran.err
    assert "p.json:1:" in ran.err


# ---- where there is nothing to say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "expr", "reason"),
    [
        (["1,1", "2,2"], "a + b*x", "there are 2 observations for 2 parameters"),
        (["1,1", "1,2", "1,4"], "a + b*x", "depend on each other"),
        (["1,1", "2,2", "3,5"], "a*x + b*x", "depend on each other"),
    ],
)
def test_what_the_data_do_not_determine_has_no_standard_errors(tmp_path: Path, rows: list[str], expr: str, reason: str) -> None:
    (tmp_path / "d.csv").write_text("\n".join(["x,y", *rows]) + "\n", encoding="utf-8")
    _, found = fitted(written(tmp_path, model={"response": "y", "expr": expr}))
    assert found.standard_errors is None
    assert found.reason is not None
    assert reason in found.reason


def test_a_parameter_at_its_bound_has_no_standard_error(data: Path) -> None:
    _, found = fitted(written(data, model={"response": "y", "expr": "a + b*x"}, variables={"a": [0, 1], "b": {}}))
    assert found.standard_errors is None
    assert found.reason == "a parameter is at an end of its range"


def test_a_fixed_parameter_is_none(data: Path) -> None:
    _, found = fitted(written(data, model={"response": "y", "expr": "a + b*x"}, variables={"a": [2, 2], "b": {}}))
    assert found.standard_errors is not None
    assert found.standard_errors["a"] is None
    assert found.degrees_of_freedom == 8  # the fixed one is none


def test_a_constant_response_has_no_determination(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,3\n2,3\n4,3\n", encoding="utf-8")
    _, found = fitted(written(tmp_path, model={"response": "y", "expr": "a + b*x"}))
    assert found.r_squared is None


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "diabetes_ridge"])
def test_other_sums_of_squares_are_no_regression(name: str) -> None:
    problem = problem_of(f"@{name}", Flags())
    assert not responses_of(problem, Function(problem))


# ---- weights, means and products ---------------------------------------------------------------------------------------------------

FORMS = [
    "mean(({y} - ({f}))^2)",
    "sum(({y} - ({f}))^2)/(2*{m})",
    "norm({y} - ({f}))^2",
    "dot({y} - ({f}), {y} - ({f}))",
    "({f} - {y}) @ ({f} - {y})",
    "pi*sum((({f}) - {y})^2)",
    "sum(({y}[i] - ({fi}))^2 for i in 0..{m}-1)",
    "sum(({y}[:5] - ({f})[:5])^2) + sum(({y}[5:] - ({f})[5:])^2)",
]


@pytest.mark.parametrize("form", FORMS)
def test_a_regression_in_other_words_has_the_same_fit(form: str, tmp_path: Path) -> None:
    """NIST's Misra1a, whose certified values don't depend on a factor or on how the sum is written."""
    words = {"y": "y", "f": "b1*(1 - exp(-b2*x))", "fi": "b1*(1 - exp(-b2*x[i]))", "m": "14"}
    file = read(str(path("misra1a"))).data
    assert file is not None
    variables = {"b1": {"start": 250}, "b2": {"start": 5e-4}}
    content = {"data": {"file": str(path("misra1a").parent / file.file.value)}, "variables": variables, "minimize": form.format(**words)}
    (tmp_path / "p.json").write_text(json.dumps(content), encoding="utf-8")
    _, found = fitted(str(tmp_path / "p.json"), methods=(method_choice("levenberg-marquardt"),))
    estimates, deviations, spread = CERTIFIED["misra1a"]
    assert (found.observations, found.degrees_of_freedom, found.rank) == (14, 12, 2)
    assert list(found.parameters.values()) == pytest.approx(estimates, rel=1e-6)
    assert found.standard_errors is not None
    assert list(found.standard_errors.values()) == pytest.approx(deviations, rel=1e-6)
    assert found.residual_standard_deviation == pytest.approx(spread, rel=1e-8)
    assert found.r_squared == pytest.approx(fitted("@misra1a")[1].r_squared, rel=1e-10)


WEIGHTS = [0.5, 2, 1, 4, 0.25, 3, 1, 1, 2]


@pytest.mark.parametrize(
    "form",
    [
        "sum(w*(y - a - b*x)^2)",
        "2*sum(w*(a + b*x - y)^2)",
        "dot(w, (y - a - b*x)^2)",
        "(y - a - b*x) @ (w*(y - a - b*x))",
        "sum((y - a - b*x)^2/(1/w))",
        "sum((sqrt(w)*(y - a - b*x))^2)",
        "sum(((y - a - b*x)/w^(-1/2))^2)",
        "mean(w*(y - a - b*x)^2)",
        "sum(w[i]*(y[i] - a - b*x[i])^2 for i in 0..8)",
    ],
)
def test_weights_are_those_of_numpys_polyfit(form: str, optbench: Any, tmp_path: Path) -> None:
    x = np.arange(9.0)
    y = np.round(2 + 3 * x + np.sin(7 * x) / 5, 3)
    content = {"variables": {"a": {}, "b": {}}, "parameters": {"x": x.tolist(), "y": y.tolist(), "w": WEIGHTS}, "minimize": form}
    (tmp_path / "p.json").write_text(json.dumps(content), encoding="utf-8")
    result, found = fitted(str(tmp_path / "p.json"))
    assert {"qr", "normal-equations"} <= {row.method for row in result.attempts}
    w = np.array(WEIGHTS)
    (b, a), covariance = np.polyfit(x, y, 1, w=np.sqrt(w), cov=True)
    assert found.parameters == pytest.approx({"a": a, "b": b}, rel=1e-8)
    assert found.standard_errors == pytest.approx({"a": math.sqrt(covariance[1, 1]), "b": math.sqrt(covariance[0, 0])}, rel=1e-8)
    rss = float(np.sum(w * (y - a - b * x) ** 2))
    assert found.residual_sum_of_squares == pytest.approx(rss, rel=1e-8)
    assert found.r_squared == pytest.approx(1 - rss / float(w @ (y - np.average(y, weights=w)) ** 2), rel=1e-8)


def test_an_observation_of_weight_0_is_none(tmp_path: Path) -> None:
    def of(rows: list[str]) -> Fit:
        (tmp_path / "d.csv").write_text("\n".join(["x,y,w", *rows]) + "\n", encoding="utf-8")
        return fitted(written(tmp_path, minimize="sum(w*(y - a - b*x)^2)"), methods=(method_choice("qr"),))[1]

    rows = ["1,2,1", "2,4,3", "3,5,1", "5,8,2"]
    without, there = of(rows), of([*rows, "4,100,0"])
    assert (there.observations, there.degrees_of_freedom) == (4, 2)
    assert there.standard_errors == pytest.approx(without.standard_errors, rel=1e-9)
    assert there.r_squared == pytest.approx(without.r_squared, rel=1e-9)


def test_weighted_least_squares_is_exact_where_the_weights_are_rational(tmp_path: Path) -> None:
    """The normal equations with weights in fractions: the gradient is exactly 0."""
    content = {
        "variables": {"a": {}, "b": {}},
        "parameters": {"x": [1, 2, 4], "y": [1, 3, 4], "w": [2, "1/3", 0.5]},
        "minimize": "sum(w*(y - a - b*x)^2)/7",
    }
    (tmp_path / "p.json").write_text(json.dumps(content), encoding="utf-8")
    result = exactly(str(tmp_path / "p.json"))
    assert result.assurance.value == "exact"
    exact = result.solutions[0].exact
    assert exact is not None
    assert result.value_exact is not None
    a, b = Fraction(exact["a"]), Fraction(exact["b"])
    rows = [(1, 1, Fraction(2)), (2, 3, Fraction(1, 3)), (4, 4, Fraction(1, 2))]
    assert sum(w * (y - a - b * x) for x, y, w in rows) == 0
    assert sum(w * x * (y - a - b * x) for x, y, w in rows) == 0
    assert sum(w * (y - a - b * x) ** 2 for x, y, w in rows) / 7 == Fraction(result.value_exact)


@pytest.mark.parametrize(
    ("name", "rows"), [("two arrays", "sum((y - a)^2) + sum((x - b)^2)"), ("one is no response", "sum((y - a)^2) + b^2")]
)
def test_several_arrays_of_residuals_are_one_fit_if_all_are_of_data(name: str, rows: str, data: Path) -> None:
    problem = problem_of(written(data, minimize=rows), Flags())
    assert len(responses_of(problem, Function(problem))) == (2 if name == "two arrays" else 0)


# ---- linear least squares ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=8, unique_by=lambda row: row[0]))
def test_a_line_is_fitted_as_in_exact_fractions(rows: list[tuple[int, int]]) -> None:
    """The normal equations of a line in fractions, against both methods."""
    from optbench.api import define

    m, sx, sy = len(rows), sum(x for x, _ in rows), sum(y for _, y in rows)
    sxx, sxy = sum(x * x for x, _ in rows), sum(x * y for x, y in rows)
    slope = Fraction(m * sxy - sx * sy, m * sxx - sx * sx)
    intercept = (sy - slope * sx) / m
    problem = define(
        "sum((y - (a + b*x))^2)",
        variables={"a": None, "b": None},
        parameters={"x": [x for x, _ in rows], "y": [y for _, y in rows]},
    )
    from optbench.api import method_choice

    methods = tuple(map(method_choice, ["qr", "normal-equations"]))
    result = solve(problem, Settings(exact=False, certify=False, methods=methods))
    for row in result.attempts:
        assert row.iterations == 1
        assert row.point is not None
        assert [row.point["a"], row.point["b"]] == pytest.approx([float(intercept), float(slope)], abs=1e-9)


@pytest.mark.parametrize(
    ("text", "linear"),
    [
        ("A @ x - b", True),
        ("b - x[0:2]*3 + x[1]", True),
        ("b*x[0] + x[2]/7", True),
        ("sum(x) + 2", True),
        ("b", True),
        ("x[0]*x[1] + b", False),
        ("b/x[0]", False),
        ("exp(x[0])*b", False),
        ("abs(x[0:2])", False),
        ("x[0]^2 + b", False),
    ],
)
def test_linear_expressions(text: str, linear: bool) -> None:
    x = symbol("x", (3,))
    node = parse(text, Scope({"x": x, "A": symbol("A", (2, 3)), "b": symbol("b", (2,))})).node
    assert is_linear(node, [x]) == linear


@pytest.mark.parametrize("name", ["longley", "misra1a", "rosenbrock"])
def test_only_linear_least_squares_is_for_linear_methods(name: str) -> None:
    problem = problem_of(f"@{name}", Flags())
    assert facts_of(problem, Function(problem)).linear_residuals == (name == "longley")


def test_dependent_columns_are_told(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,1\n2,2\n3,5\n", encoding="utf-8")
    result, _ = fitted(written(tmp_path, model={"response": "y", "expr": "a*x + b*x"}))
    rows = {row.method: row for row in result.attempts}
    assert "depend on each other" in (rows["normal-equations"].reason or "")
    assert rows["qr"].value == pytest.approx(rows["bfgs"].value or math.nan, rel=1e-9)


def test_the_fit_of_a_maximum_is_none() -> None:
    from optbench.api import define

    problem = define("-sum((y - a)^2)", variables={"a": None}, parameters={"y": [1, 2, 4]}, maximize=True)
    assert fit(problem, Function(problem), [2.0]) is None


# ---- the closed form, in fractions ---------------------------------------------------------------------------------------------------


def exactly(what: str) -> Result:
    return solve(problem_of(what, Flags()), Settings(certify=False, methods=()))


def test_longley_in_fractions_agrees_with_nist_to_every_certified_digit() -> None:
    result = exactly("@longley")
    assert (result.assurance.value, result.complete) == ("exact", True)
    exact = result.solutions[0].exact
    assert exact is not None
    for (name, formula), certified in zip(exact.items(), CERTIFIED["longley"][0], strict=True):
        assert float(Fraction(formula)) == pytest.approx(certified, rel=1e-14), name


def test_the_exact_fit_is_the_least(data: Path) -> None:
    """No other point of a grid in fractions is lower, and the gradient is exactly 0."""
    result = exactly(written(data, model={"response": "y", "expr": "a + b*x"}))
    exact = result.solutions[0].exact
    assert exact is not None
    assert result.value_exact is not None
    x = [Fraction(k) for k in range(9)]
    y = [Fraction(repr(2 + 3 * k + math.sin(7 * k) / 5)) for k in range(9)]  # data are the decimals that they are written as
    a, b = Fraction(exact["a"]), Fraction(exact["b"])

    def value(a: Fraction, b: Fraction) -> Fraction:
        return sum(((v - a - b * u) ** 2 for u, v in zip(x, y, strict=True)), Fraction(0))

    assert value(a, b) == Fraction(result.value_exact)
    assert sum(v - a - b * u for u, v in zip(x, y, strict=True)) == 0
    assert sum(u * (v - a - b * u) for u, v in zip(x, y, strict=True)) == 0
    assert all(value(a + Fraction(i, 7), b + Fraction(j, 11)) > value(a, b) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)


def test_the_certified_minimum_of_branch_and_bound_agrees(data: Path) -> None:
    """Two proofs of one minimum, which read the data in the same way."""
    problem = problem_of(written(data, model={"response": "y", "expr": "a + b*x"}, variables={"a": [0, 5], "b": [0, 5]}), Flags())
    exact = solve(problem, Settings(certify=False, methods=()))
    both = solve(problem, Settings(methods=(), certify_time=20.0, certificate=str(data / "proof.jsonl")))
    assert not both.disagreements
    assert exact.value_exact == both.value_exact
    certified = [row for row in both.attempts if row.kind == "certified"]
    assert certified[0].status.value == "converged", certified[0].reason


def test_arrays_have_their_formulas_in_their_shapes(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("u,v,y\n1,0,1\n0,1,2\n1,1,4\n", encoding="utf-8")
    content = {
        "data": {"file": "d.csv", "matrices": {"X": ["u", "v"]}},
        "variables": {"w": {"shape": 2}},
        "model": {"response": "y", "expr": "X @ w"},
    }
    (tmp_path / "p.json").write_text(json.dumps(content), encoding="utf-8")
    result = exactly(str(tmp_path / "p.json"))
    assert result.solutions[0].exact == {"w": ["4/3", "7/3"]}
    assert result.value_exact == "1/3"
    again = Result.to_dict(result)["solutions"][0]
    assert [len(pair) for pair in again["enclosure"]["w"]] == [2, 2]


def test_deficient_rank_is_said(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,1\n2,2\n3,5\n", encoding="utf-8")
    result = exactly(written(tmp_path, model={"response": "y", "expr": "a*x + b*x"}))
    assert (result.status.value, result.assurance.value, result.complete) == ("optimal", "exact", False)
    assert result.value_exact == "10/7"
    assert "Other points may have the same value." in result.sentence


@pytest.mark.parametrize(
    ("variables", "exact"),
    [({"a": [0, 10], "b": [0, 10]}, True), ({"a": [5, 10], "b": {}}, False), ({"a": [0, "sqrt(200)"], "b": {}}, False)],
)
def test_bounds_that_hold_do_not_matter(data: Path, variables: dict[str, Any], exact: bool) -> None:
    result = exactly(written(data, model={"response": "y", "expr": "a + b*x"}, variables=variables))
    assert (result.assurance.value == "exact") == exact


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(-4, 4), min_size=4, max_size=4), min_size=1, max_size=6))
def test_least_squares_in_fractions_is_never_beaten(rows: list[list[int]]) -> None:
    """Against numpy's singular values, also where the rank is deficient."""
    from optbench.api import define
    from optbench.exact.least_squares import solve as strategy

    problem = define(
        "sum((A @ x - y)^2)", variables={"x": {"shape": 3}}, parameters={"A": [r[:3] for r in rows], "y": [r[3] for r in rows]}
    )
    answer = strategy(problem)
    A, y = np.array([r[:3] for r in rows], float), np.array([r[3] for r in rows], float)
    best = np.linalg.lstsq(A, y, rcond=None)[0]
    assert answer.value == pytest.approx(float(np.sum((A @ best - y) ** 2)), abs=1e-9)
    assert answer.complete == (np.linalg.matrix_rank(A) == 3)


# ---- what was wrong once -----------------------------------------------------------------------------------------------------


def columns(folder: Path, text: str, **fields: Any) -> str:
    (folder / "d.csv").write_text(text, encoding="utf-8")
    return written(folder, model={"response": "y", "expr": "a + b*x"}, **fields)


def test_a_fit_without_free_parameters_is_no_internal_error(tmp_path: Path) -> None:
    _, found = fitted(columns(tmp_path, "x,y\n1,2\n2,4\n3,5\n", variables={"a": [1, 1], "b": [2, 2]}))
    assert (found.residual_sum_of_squares, found.degrees_of_freedom) == (6.0, 3)
    assert found.standard_errors == {"a": None, "b": None}


@pytest.mark.parametrize("scale", [1e-300, 1e-170])
def test_columns_whose_squares_are_no_doubles_are_not_said_to_depend_on_each_other(tmp_path: Path, scale: float) -> None:
    result, found = fitted(columns(tmp_path, f"x,y\n{scale},2\n{3 * scale},4\n{2 * scale},1\n"), methods=(method_choice("qr"),))
    assert result.attempts[0].reason != DEFICIENT
    assert found.parameters == pytest.approx({"a": 1 / 3, "b": 1 / scale}, rel=1e-9)
    assert found.standard_errors == pytest.approx({"a": math.sqrt(56) / 3, "b": math.sqrt(4 / 3) / scale}, rel=1e-9)


def test_a_deficient_rank_takes_no_degrees_of_freedom(tmp_path: Path) -> None:
    """Where x is constant only a + b is determined, by the mean: numpy's standard deviation about it is the residual one."""
    _, found = fitted(columns(tmp_path, "x,y\n1,2\n1,4\n1,5\n1,4\n"))
    assert (found.rank, found.degrees_of_freedom) == (1, 3)
    assert found.residual_standard_deviation == pytest.approx(np.std([2, 4, 5, 4], ddof=1), rel=1e-9)
    assert found.standard_errors is None
    assert found.reason is not None
    assert "the Jacobian has rank 1" in found.reason


def test_estimates_that_are_no_minimum_have_no_standard_errors(tmp_path: Path) -> None:
    """Adam stops at its limit, on the way."""
    (tmp_path / "d.csv").write_text("x,y\n1,1\n2,1.8\n3,4.2\n4,7.7\n5,16.5\n", encoding="utf-8")
    variables = {"a": {"start": 1}, "b": {"start": 0.1}, "c": {"start": 0}}
    what = written(tmp_path, model={"response": "y", "expr": "a*exp(b*x) + c"}, variables=variables)
    result, found = fitted(what, methods=(method_choice("adam"),))
    assert result.status.value not in ("optimal", "locally_optimal")
    assert (found.standard_errors, found.reason) == (None, "these estimates are not seen to be a minimum")
    assert found.rank == 3


def test_degrees_of_freedom_are_never_negative(tmp_path: Path) -> None:
    _, found = fitted(columns(tmp_path, "x,y\n1,2\n"))
    assert (found.observations, found.rank, found.degrees_of_freedom) == (1, 1, 0)
    assert (found.residual_standard_deviation, found.standard_errors) == (None, None)


def test_a_constant_column_that_doubles_round_has_no_determination(tmp_path: Path) -> None:
    """The mean of three times 0.1 is not 0.1 in doubles."""
    _, found = fitted(columns(tmp_path, "x,y\n1,0.1\n2,0.1\n4,0.1\n"))
    assert found.r_squared is None


def test_one_observation_is_counted_as_one(tmp_path: Path) -> None:
    _, found = fitted(columns(tmp_path, "x,y\n1,2\n"))
    assert found.reason == "there is 1 observation for 2 parameters"


def test_a_minimiser_beyond_the_doubles_is_not_shown_as_inf(tmp_path: Path) -> None:
    result = exactly(columns(tmp_path, "x,y\n1e-320,2\n3e-320,4\n2e-320,1\n"))
    assert result.assurance.value != "exact"
    assert "inf" not in result.sentence


def test_a_faulty_cell_is_the_only_mistake(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as raised:
        problem_of(columns(tmp_path, "x,y\n1,2\n2,nan\n3,5\n"), Flags())
    [mistake] = raised.value.mistakes
    assert "Column 'y': 'nan' is not accepted" in mistake.sentence
