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

from optbench.cli.arguments import Flags, problem_of
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.linear import is_linear
from optbench.result import Fit, Result
from optbench.workbench.engine import solve
from optbench.workbench.function import Function
from optbench.workbench.panel import facts_of
from optbench.workbench.regression import fit, response_of
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
    assert response_of(problem, Function(problem)) is None


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
