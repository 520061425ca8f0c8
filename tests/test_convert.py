"""`optbench convert`: whatever it writes says the same as the problem that it was made of.

Problem files are read again; Python code is run by an interpreter that finds no optbench; models are read by our own reader
and, as the independent way, by CasADi's. All are compared at random points with numpy's reading of the graph.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex_syntax import check_latex

from optbench.arithmetic.numpy_arrays import function
from optbench.cli.arguments import Flags, of_document, problem_of
from optbench.convert import constants, endings, format_of, formats, nl_file, write
from optbench.convert.affine import apart
from optbench.convert.document import decimal
from optbench.convert.entries import entry_names
from optbench.convert.rows import names as row_names
from optbench.convert.rows import rows
from optbench.convert.yaml_file import quoted
from optbench.errors import ExitCode, ProblemError
from optbench.language.build import symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import functions
from optbench.problem.interval import Interval
from optbench.problem.library import names
from optbench.problem.problem import Problem
from optbench.problem.reader import read_text
from optbench.problem.validate import validated

GOLDEN = Path(__file__).parent / "golden" / "convert"
BUNDLED = names()
POINTS = 10
WITHOUT_NL = {"gamma_valley": "gamma", "expression 5": "erf, erfc, gamma, lgamma or digamma", "expression 6": "lambertw"}

# Every function and every way of handling arrays, and names that mean something in Python.
EXPRESSIONS = (
    "x^3 - 2^x + x^y + (x + 3)^-2 - (-x)^2 + 3^-x",
    "x % y + floor(x*3) + ceil(y) + sign(x - 1) + abs(x - y)",
    "if(x < y, x^2, if(x > 1, exp(x), sin(y)))",
    "min(x, y, x*y) + max(x, y) + max(x, 1, y, x + y)",
    "atan2(x, y) + hypot(x, y) + cbrt(x - 1) + log2(x) + log10(y) + log1p(x) + expm1(y)",
    "erf(x) + erfc(y) + gamma(x) + lgamma(y) + digamma(x*y)",
    "lambertw(x) + lambertw(-exp(-1 - y), -1)",
    "sigmoid(x) + softplus(y) + relu(x - y) + tanh(x) + asinh(y) + acosh(1 + x) + atanh(x/10)",
    "(-pi)^2*x + (-1/3)^-3*y + 0^(x + 1) + (pi - 4)^(x + 1)*0 + sqrt(pi^3)*y",
    "rootof(t^5 - t - 1, 0)*x + pi*y + e^x + sqrt(2)^y + pi^x + erf(1)*x",
    "x/3 + y/7 - 1e-7*x + 123456789012345678901*y + 0.1*x*y",
    "-(x + y)*-(x - y)/(-(x*y)) - (x - (y - 1)) - -x",
    "x^(1/3) + y^1.5 + (x*y)^(-1/2) + 1/(x - 2*y)^3/(4/x/y)",
    "asin(x/9)*acos(y/9) + tan(x/5) + sinh(x) + cosh(y) + atan(x) + sqrt(x + y)*log(x + y)",
)
DOCUMENTS = {
    "vectors": """
minimize: "sum((A@v - b)^2) + norm(v) + prod(v) + max(v) + min(v) + logsumexp(v) + mean(v)"
variables: {v: {shape: 3}}
parameters: {A: [[1, 2, 3], [4, 5, 6]], b: [1, 0.5]}
subject to: ["A@v <= b", "0 <= v <= 1", "sum(v) == 1", "v[0] <= v[1]"]
""",
    "matrices": """
minimize: "sum(M@M.T) + sum(max(M, axis=0)) + sum(prod(M, axis=1)) + M[0, 1]*M[-1, -1] + sum(M[:, 1])"
variables: {M: {shape: [2, 3], unit: kg}}
subject to: {rows: "sum(M, axis=1) <= 1", all of them: "M >= 0", both: "0 <= sum(M) <= 5"}
""",
    "indices": """
minimize: "sum(x[I]*x[J]) + sum((i+1)*x[i]^2 for i in 0..3) + sum(linspace(0,1,4)^2*x) + sum(x[::2]) + sum(x[::-1]*arange(4)^-1.5)"
variables: {x: {shape: 4, range: [[0, 1, 2, 3], [4, null, 4, 9]]}}
parameters: {I: [0, 1, 2], J: [1, 2, 3]}
""".replace("arange(4)^-1.5", "(arange(4) + 1)^-2"),
    "pieces": """
minimize: "sum(if(x > a, x^2, -x)) + sum(maximum(x, a, 0)) + sum(minimum(x, a)) + sum(abs(x)) + n*x[0]"
variables: {x: {shape: 4}}
parameters: {a: [0.1, 0.2, -0.3, 0.4], n: 3}
""",
    "names": """
maximize: "lambda*f + gradient*np_ + point - t1*t1*(1+t1*t1)^2*exp(1+t1*t1) + _padded"
variables: {lambda: [0, 1], f: "(0, 1]", gradient: {start: 1}, np_: {range: [0, 3], integer: true}, point: [0, 1],
  t1: [0, 1], _padded: [0, 1]}
subject to: ["f^2 + lambda >= exp(f)", "f < 1", "0 <= f + point <= 1", "f*point + lambda == 1/2 + t1", "1 <= 2"]
""",
    "products": """
minimize: "sum(w*tanh(W@x)) + x @ W.T @ w"
variables: {W: {shape: [2, 2]}, x: {shape: 2}, w: {shape: 2}, c: [0, 1]}
subject to: ["W @ x <= w + c", "c >= norm(x)"]
""",
    "shared": """
minimize: "(x*y + z)^2 + sqrt((x*y + z)^2 + 1) + b*b2 + k"
variables: {x: [0, 2], y: {range: [0, 5], integer: true}, z: [0, 1], b: {range: [0, 1], integer: true}, b2: [0, 1],
  k: {range: [0, 9], integer: true}}
subject to: ["exp(x*z + 1) + sin(x*z + 1) <= 9", "(x*y + z)^3 + k <= 50", "b + k <= 7"]
""",
}
CASES = {**{f"expression {i}": text for i, text in enumerate(EXPRESSIONS)}, **DOCUMENTS}


@cache
def bundled(name: str) -> Problem:
    return problem_of(f"@{name}", Flags())


@cache
def case(name: str) -> Problem:
    text = CASES[name]
    return of_document(text, Flags()) if name in DOCUMENTS else problem_of(text, Flags())


def any_problem(name: str) -> Problem:
    return case(name) if name in CASES else bundled(name)


# ---- points ------------------------------------------------------------------------------------------------------------


def coordinate(interval: Interval, start: float | None, wide: bool, chance: random.Random) -> float:
    """A number of the range, between 0.1 and 2 where it allows for it, or near the start of a published problem."""
    low, high = interval.floats
    if start is not None and not wide:
        return min(max(start * chance.uniform(0.9, 1.1) + chance.uniform(-0.01, 0.01), low), high)
    below, above = max(low, 0.1 if high > 0.1 else high - 1), min(high, 2.0 if low < 2 else low + 1)
    return chance.uniform(below, above)


def points(problem: Problem, wide: bool = False) -> list[list[Any]]:
    """Random values of the variables."""
    chance = random.Random(problem.hash)
    found = []
    for _ in range(POINTS):
        point: list[Any] = []
        for v in problem.variables:
            starts = v.starts[0] if v.starts else (None,) * v.size
            values = [coordinate(i, s, wide, chance) for i, s in zip(v.entry_ranges(), starts, strict=True)]
            point.append(np.array(values).reshape(v.shape) if v.shape else values[0])
        found.append(point)
    return found


def flat(values: Sequence[Any]) -> list[float]:
    return [float(entry) for value in values for entry in np.ravel(value)]


def by_name(problem: Problem, point: Sequence[Any]) -> dict[str, float]:
    names_ = [name for v in problem.variables for name in entry_names(v.name, v.shape)]
    return dict(zip(names_, flat(point), strict=True))


def close(found: Sequence[float], expected: Sequence[float], tolerance: float = 1e-12) -> bool:
    """Equal up to rounding; where ours is no number, everything is right."""
    scale = max((abs(e) for e in expected if math.isfinite(e)), default=1.0)
    return len(found) == len(expected) and all(
        f == e or not math.isfinite(e) or abs(f - e) <= tolerance * max(abs(e), 1e-3 * scale) for f, e in zip(found, expected, strict=True)
    )


# ---- problem files -----------------------------------------------------------------------------------------------------


def rewritten(problem: Problem, ending: str, folder: Path) -> Problem:
    """The problem, written and read again."""
    target = folder / f"again{ending}"
    keep(problem, target)
    return problem_of(str(target), Flags())


def keep(problem: Problem, target: Path) -> None:
    format_ = format_of(target.name)
    assert format_ is not None
    written = write(format_, problem, target)
    for file, content in ((target, written.text.encode()), *written.beside):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


@pytest.mark.parametrize("name", [*BUNDLED, *CASES])
def test_a_problem_file_gives_the_same_problem(name: str, tmp_path: Path) -> None:
    problem = any_problem(name)
    found = rewritten(rewritten(problem, ".json", tmp_path / "a"), ".yaml", tmp_path / "b")
    assert found == problem
    assert found.hash == problem.hash


@pytest.mark.parametrize("name", [*BUNDLED, *CASES])
def test_so_does_one_that_is_made_of_the_graph(name: str) -> None:
    problem = any_problem(name)
    for format_ in ("yaml", "json"):
        found = validated(read_text(write(format_, replace(problem, written=None), None).text))
        assert found.objective is problem.objective
        assert [c.condition for c in found.constraints] == [c.condition for c in problem.constraints]
        assert found.variables == problem.variables


@pytest.mark.parametrize("name", [name for name in BUNDLED if bundled(name).data])
def test_a_text_alone_has_its_data_in_it(name: str) -> None:
    problem = bundled(name)
    found = validated(read_text(write("yaml", problem, None).text))
    ours = function([problem.objective], problem.symbols, problem.data)
    theirs = function([found.objective], found.symbols, found.data)
    for point in points(problem):
        assert ours(*point) == theirs(*point)


@given(st.fractions() | st.decimals(allow_nan=False, allow_infinity=False).map(Fraction))
def test_decimals_are_exact(value: Fraction) -> None:
    written = decimal(value)
    if written is None:
        assert any(value.denominator % prime == 0 for prime in (3, 7)) or (10**400 % value.denominator)
    else:
        assert Fraction(written) == value


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_survives(text: str) -> None:
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        return
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    document = f'name: {quoted(plain)}\nminimize: "x^2"\nsubject to: {{{quoted(plain)}: "x >= 1"}}\n'
    problem = validated(read_text(document))
    assert problem.name == plain
    assert problem.constraints[0].name == plain
    for format_ in ("yaml", "json"):
        again = validated(read_text(write(format_, problem, None).text))
        assert (again.name, again.constraints) == (plain, problem.constraints)


def test_numbers_that_no_decimal_says_become_quotients() -> None:
    problem = problem_of("x/3", Flags(parameters=[]))
    interval = Interval(parse("1/3").node, parse("10^30/7").node)
    problem = replace(problem, written=None, variables=(replace(problem.variables[0], ranges=(interval,)),))
    for format_ in ("yaml", "json"):
        assert validated(read_text(write(format_, problem, None).text)).variables == problem.variables


def test_flags_are_part_of_the_problem(optbench: Any) -> None:
    ran = optbench("convert", "e*x", "-", "--to", "yaml", "--var", "x=[0, 1)", "--start", "e=2", "--maximize", "--subject-to", "x + e <= 3")
    found = validated(read_text(ran.out))
    asked = problem_of("e*x", Flags(variables=["x=[0, 1)"], start=["e=2"], maximize=True, subject_to=["x + e <= 3"]))
    assert found == asked
    assert found.hash == asked.hash


# ---- Python ------------------------------------------------------------------------------------------------------------

RUNNER = """
import importlib.util, json, sys
import numpy as np
sys.modules["optbench"] = None  # whoever imports it fails
found = {}
for name, points in json.load(open(sys.argv[1])).items():
    spec = importlib.util.spec_from_file_location("module", name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = []
    for point in [*points, module.START]:
        row = [[float(module.f(point))], module.gradient(point).tolist()]
        if hasattr(module, "constraints"):
            row += [module.constraints(point).tolist(), module.jacobian(point).tolist()]
        rows.append(row)
    found[name] = rows
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def run_by_python(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """For each problem, what its module computes at each point, in an interpreter of its own."""
    folder = tmp_path_factory.mktemp("modules")
    asked = {}
    for name in [*BUNDLED, *CASES]:
        target = folder / f"{name}.py"
        keep(any_problem(name), target)
        asked[str(target)] = [flat(point) for point in points(any_problem(name))]
    (folder / "asked.json").write_text(json.dumps(asked))
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error::SyntaxWarning", "-c", RUNNER, str(folder / "asked.json")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {Path(file).stem: rows_ for file, rows_ in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", [*BUNDLED, *CASES])
def test_python_code_computes_the_same(name: str, run_by_python: dict[str, list[Any]]) -> None:
    problem = any_problem(name)
    bodies = [row.body for row in rows(problem)]
    value = function([problem.objective], problem.symbols, problem.data)
    slopes = function(gradient(problem.objective, problem.symbols), problem.symbols, problem.data)
    bounded = function(bodies, problem.symbols, problem.data)
    for point, (f, g, *constraints) in zip(points(problem), run_by_python[name][:-1], strict=True):
        assert close(f, flat(value(*point)))
        assert close(g, flat(np.broadcast_to(s, v.shape) for s, v in zip(slopes(*point), problem.variables, strict=True)))  # type: ignore[arg-type]
        if bodies:
            assert close(constraints[0], flat([np.broadcast_to(b, n.shape) for b, n in zip(bounded(*point), bodies, strict=True)]))


@pytest.mark.parametrize("name", [name for name in [*BUNDLED, *CASES] if any_problem(name).constraints])
def test_its_jacobian_agrees_with_differences(name: str, run_by_python: dict[str, list[Any]]) -> None:
    """Differences of our own reading, along each entry: the derivative's graph takes no part in it."""
    problem = any_problem(name)
    bodies = [row.body for row in rows(problem)]
    bounded = function(bodies, problem.symbols, problem.data)
    point, (_, _, values, jacobian) = points(problem)[0], run_by_python[name][0]

    def at(vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        pieces, start = [], 0
        for v in problem.variables:
            pieces.append(vector[start : start + v.size].reshape(v.shape) if v.shape else vector[start])
            start += v.size
        return np.array(flat([np.broadcast_to(b, n.shape) for b, n in zip(bounded(*pieces), bodies, strict=True)]))

    center = np.array(flat(point))
    scale = np.max(np.abs(values)) + 1
    for k, column in enumerate(np.array(jacobian).T):
        step = 1e-6 * max(1.0, abs(center[k])) * (np.arange(len(center)) == k)
        difference = (at(center + step) - at(center - step)) / (2 * step[k])
        assert np.allclose(column, difference, rtol=1e-5, atol=1e-8 * scale / step[k] * 1e-1, equal_nan=True)


def test_a_module_runs_as_a_program(tmp_path: Path) -> None:
    keep(bundled("hs071"), tmp_path / "hs071.py")
    done = subprocess.run([sys.executable, "-I", "hs071.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "f(START) = 16.0\ngradient(START) = [12.  1.  2. 11.]\n"


def test_long_data_stand_in_a_file_beside_the_module(tmp_path: Path) -> None:
    rows_ = "\n".join(f"{i / 7!r},{i}" for i in range(2_000))
    (tmp_path / "data.csv").write_text(f"a,b\n{rows_}\n")
    document = (
        'minimize: "sum((a*x - b)^2) + sum((M[:, 0] - b)^2)"\ndata: {file: data.csv, matrices: {M: [b, a]}}\nvariables: {x: [0, 1]}\n'
    )
    (tmp_path / "p.yaml").write_text(document)
    keep(problem_of(str(tmp_path / "p.yaml"), Flags()), tmp_path / "out" / "p.py")
    assert sorted(os.listdir(tmp_path / "out")) == ["p.py", "p_data.csv"]
    spec = importlib.util.spec_from_file_location("p", tmp_path / "out" / "p.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.M.shape == (2_000, 2)
    assert module.f([0.5]) == pytest.approx(math.fsum((i / 14 - i) ** 2 for i in range(2_000)), rel=1e-14)


# ---- .nl ---------------------------------------------------------------------------------------------------------------


def model(name: str, folder: Path) -> Path:
    target = folder / "model.nl"
    keep(any_problem(name), target)
    return target


def columns(target: Path) -> list[str]:
    return target.with_suffix(".col").read_text().splitlines()


@pytest.mark.parametrize("name", [name for name in [*BUNDLED, *CASES] if name not in WITHOUT_NL])
def test_a_model_survives_to_yaml(name: str, tmp_path: Path) -> None:
    """YAML to .nl, read by our reader, to YAML, read again."""
    problem = any_problem(name)
    target = model(name, tmp_path)
    found = rewritten(problem_of(str(target), Flags()), ".yaml", tmp_path)
    order = columns(target)
    assert found.sense == problem.sense
    assert len(found.variables) == len(order) == problem.dimension
    entries = {n: (v, k) for v in problem.variables for k, n in enumerate(entry_names(v.name, v.shape))}
    for name_, v in zip(order, found.variables, strict=True):
        original, k = entries[name_]
        assert v.symbol.integer == original.symbol.integer
        assert v.ranges[0].floats == original.entry_ranges()[k].floats
        assert (v.starts[0][0] if v.starts else None) == (original.starts[0][k] if original.starts else None)
    ours = function([problem.objective], problem.symbols, problem.data)
    theirs = function([found.objective], found.symbols, found.data)
    for point in points(problem):
        named = by_name(problem, point)
        assert close(flat(theirs(*(named[n] for n in order))), flat(ours(*point)))


@pytest.mark.parametrize("name", WITHOUT_NL)
def test_functions_that_models_lack_are_named(name: str) -> None:
    with pytest.raises(ProblemError, match=f"have no {WITHOUT_NL[name]}, so"):
        write("nl", any_problem(name), None)


@pytest.mark.parametrize("name", [n for n in [*BUNDLED, *CASES] if any_problem(n).constraints and n not in WITHOUT_NL])
def test_constraints_survive_too(name: str, tmp_path: Path) -> None:
    problem = any_problem(name)
    target = model(name, tmp_path)
    found = problem_of(str(target), Flags())
    order, made = columns(target), rows(found)
    lower, upper = (
        [None if s is None else function([s], [])()[0] for s in side] for side in zip(*((r.lower, r.upper) for r in made), strict=True)
    )
    theirs = function([row.body for row in made], found.symbols, found.data)
    for point in points(problem):
        named = by_name(problem, point)
        same_constraints(problem, point, target, flat(theirs(*(named[n] for n in order))), lower, upper)


def same_constraints(
    problem: Problem, point: Any, target: Path, values: Sequence[float], lower: Sequence[float | None], upper: Sequence[float | None]
) -> None:
    """Each row is as far from its bounds as ours, by its name: constants may stand on either side of it."""
    asked = rows(problem)
    bodies = function([row.body for row in asked], problem.symbols, problem.data)(*point)
    ours: dict[str, tuple[float, tuple[float | None, float | None]]] = {}
    for row, name, body in zip(asked, row_names(asked), bodies, strict=True):
        own = flat([np.broadcast_to(body, row.body.shape)])
        ours |= {n: (value, bounds) for (n, bounds), value in zip(row_bounds(problem, row, name), own, strict=True)}
    labels = target.with_suffix(".row").read_text().splitlines()[:-1]
    for label, value, *sides in zip(labels, values, lower, upper, strict=True):
        expected, bounds = ours[label]
        for side, bound in zip(sides, bounds, strict=True):
            assert (side is None) == (bound is None)
            if side is not None and bound is not None and math.isfinite(expected):
                assert abs((value - side) - (expected - bound)) <= 1e-12 * max(1.0, abs(bound), abs(expected))


def row_bounds(problem: Problem, row: Any, name: str) -> list[tuple[str, tuple[float | None, float | None]]]:
    shape = row.body.shape
    sides = [None if s is None else np.broadcast_to(function([s], [], problem.data)()[0], shape).ravel() for s in (row.lower, row.upper)]
    labels = entry_names(name, shape)
    return [
        (n, (None if sides[0] is None else float(sides[0][k]), None if sides[1] is None else float(sides[1][k])))
        for k, n in enumerate(labels)
    ]


CASADI = """
import json, sys
import casadi
found = {}
for name, points in json.load(open(sys.argv[1])).items():
    model = casadi.NlpBuilder()
    try:
        model.import_nl(name)
    except RuntimeError as error:
        found[name] = str(error)
        continue
    x = casadi.vertcat(*model.x)
    f = casadi.Function("f", [x], [model.f, casadi.vertcat(*model.g)])
    found[name] = {
        "values": [[float(v) for v in part.full().ravel()] for point in points for part in f(point)],
        "bounds": [list(map(float, b)) for b in (model.x_lb, model.x_ub, model.g_lb, model.g_ub)],
        "integer": list(model.discrete),
        "start": list(map(float, model.x_init)),
    }
json.dump(found, sys.stdout)
"""
UNKNOWN_TO_CASADI = {"minimum", "maximum", "min", "max", "relu", "if", "sign", "cbrt"}  # it reads no n-ary operators but sums, and no if


@pytest.fixture(scope="module")
def read_by_casadi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What CasADi's own reader makes of every model, in a child, as it may crash."""
    pytest.importorskip("casadi")
    folder = tmp_path_factory.mktemp("models")
    asked = {}
    for name in [*BUNDLED, *CASES]:
        problem, target = any_problem(name), folder / f"{name}.nl"
        if name not in WITHOUT_NL:
            keep(problem, target)
            order = columns(target)
            asked[str(target)] = [[by_name(problem, point)[n] for n in order] for point in points(problem)]
    (folder / "asked.json").write_text(json.dumps(asked))
    command = [sys.executable, "-c", CASADI, str(folder / "asked.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {Path(file).stem: {"file": Path(file), "model": told} for file, told in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", [name for name in [*BUNDLED, *CASES] if name not in WITHOUT_NL])
def test_casadi_reads_the_same_model(name: str, read_by_casadi: dict[str, Any]) -> None:
    problem = any_problem(name)
    target, told = read_by_casadi[name].values()
    order = columns(target)
    if isinstance(told, str):
        assert functions(problem.objective, *(row.body for row in rows(problem))) & UNKNOWN_TO_CASADI, told
        pytest.skip("CasADi's reader lacks a function of this model")
    ours = function([problem.objective], problem.symbols, problem.data)
    for point, (value,) in zip(points(problem), told["values"][::2], strict=True):
        assert close([problem.sign * value], flat(ours(*point)))  # it turns a maximum into a minimum
    lower, upper = ([v if math.isfinite(v) else None for v in side] for side in told["bounds"][2:])
    for point, values in zip(points(problem), told["values"][1::2], strict=True):
        same_constraints(problem, point, target, values, lower, upper)
    entries = {n: (v, v.entry_ranges()[k]) for v in problem.variables for k, n in enumerate(entry_names(v.name, v.shape))}
    assert told["integer"] == [entries[n][0].symbol.integer for n in order]
    assert list(zip(*told["bounds"][:2], strict=True)) == [entries[n][1].floats for n in order]


def test_variables_stand_in_the_order_of_the_format(tmp_path: Path) -> None:
    """Gay's table 3: nonlinear in both, in constraints, in the objective (whole ones last in each), linear, binary, other whole."""
    target = model("shared", tmp_path)
    assert columns(target) == ["x", "z", "y", "b2", "b", "k"]
    header = [line.split("\t")[0].split() for line in target.read_text().splitlines()[:10]]
    assert header[1] == ["6", "3", "1", "0", "0"]
    assert header[4] == ["3", "5", "3"]
    assert header[6] == ["0", "1", "1", "0", "1"]
    assert header[9] == ["1", "0", "0", "1", "0"]


@given(st.integers(-5, 5), st.integers(-5, 5), st.integers(1, 5), st.integers(-5, 5))
def test_linear_parts_stand_apart(a: int, b: int, c: int, d: int) -> None:
    x, y = symbol("x"), symbol("y")
    node = parse(f"{a}*x - (({b}*y + x)/{c} - {d}*(sin(x) + 2)) + pi*y", Scope({"x": x, "y": y})).node
    parts = apart(node)
    rest = 0 if parts.rest is None else function([parts.rest], [x, y])(0.3, 0.7)[0]
    value = float(parts.constant) + float(parts.linear.get(x, 0)) * 0.3 + float(parts.linear.get(y, 0)) * 0.7 + rest
    assert value == pytest.approx(function([node], [x, y])(0.3, 0.7)[0], abs=1e-12)
    assert (parts.rest is not None) == (d != 0)


# ---- hostile texts, and all fields -----------------------------------------------------------------------------------------

HOSTILE = '"""); import os; os.abort() #\\" \' $x$ \\end{document} 100% & a_b^c {} ~ | < \x1b[31m\u202e \n---\n é'
EVERYTHING = f"""
name: {quoted(HOSTILE)}
description: {quoted(HOSTILE)}
model: {{response: y, expr: "a*x^n + c"}}
variables:
  a: {{range: "(0, 2*pi]", starts: [1, "pi/2"], unit: {quoted(HOSTILE)}}}
  c: {{range: [null, 5], start: 0.1}}
parameters: {{n: 2, k: [1, "sqrt(2)"]}}
subject to: [{{{quoted(HOSTILE)}: "a + c <= k[1] + 9"}}, "a >= c - 4"]
data: {{file: d.csv}}
methods: [bfgs, "scipy-*", {{gradient-descent: {{step: 0.1, line_search: fixed, restart: true}}}}]
known: {{value: "1/3", at: {{a: 1, c: "sqrt(2)"}}, source: {quoted(HOSTILE)}}}
tags: [regression, {quoted(HOSTILE)}]
"""


@pytest.fixture
def everything(tmp_path: Path) -> Problem:
    """A problem with every field, and texts that each language could take for its own."""
    (tmp_path / "d.csv").write_text("x,label,y,sqrt,os,m\n1,a,2,1,-,-\n2,b,4.5,2,-,-\n3,c,8,3,-,-\n")
    (tmp_path / "p.yaml").write_text(EVERYTHING)
    return problem_of(str(tmp_path / "p.yaml"), Flags())


@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_every_field_survives(ending: str, everything: Problem, tmp_path: Path) -> None:
    found = rewritten(everything, ending, tmp_path / "other")
    assert found == everything
    assert found.model is not None
    assert (tmp_path / "other" / "d.csv").read_bytes() == (tmp_path / "d.csv").read_bytes()
    alone = validated(read_text(write(ending[1:], everything, None).text))
    assert (alone.methods, alone.known, alone.tags) == (everything.methods, everything.known, everything.tags)


def test_text_is_never_code(everything: Problem, tmp_path: Path) -> None:
    keep(everything, tmp_path / "m.py")
    done = subprocess.run([sys.executable, "-I", "m.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("f(START) = ")
    assert "\x1b" not in (tmp_path / "m.py").read_text()


def test_hostile_text_is_set_letter_by_letter(everything: Problem) -> None:
    check_latex(write("latex", everything, None).text)


def test_a_model_has_one_name_a_line(everything: Problem, tmp_path: Path) -> None:
    keep(everything, tmp_path / "m.nl")
    assert len((tmp_path / "m.row").read_text().split("\n")) == 4
    assert problem_of(str(tmp_path / "m.nl"), Flags()).dimension == 2


@pytest.mark.parametrize("kind", ["positive", "nonnegative", "negative", "real", "integer"])
def test_free_parameters_stay_free(kind: str) -> None:
    problem = problem_of("a*x^2 + x", Flags(parameters=[f"a={kind}"]))
    for asked in (problem, replace(problem, written=None)):
        assert validated(read_text(write("yaml", asked, None).text)) == problem
    assert "a" in write("latex", problem, None).text


# ---- LaTeX -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*BUNDLED, *CASES])
def test_latex_is_balanced(name: str) -> None:
    check_latex(write("latex", any_problem(name), None).text)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", [*BUNDLED, *CASES])
def test_latex_compiles(name: str, tmp_path: Path) -> None:
    keep(any_problem(name), tmp_path / "t.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_latex_keeps_the_names_of_parameters() -> None:
    text = write(
        "latex",
        of_document('{"minimize": "a*x^2 + sum(b)*x", "variables": {"x": "(0, 2*pi]"}, "parameters": {"a": 0.25, "b": [1, 2]}}', Flags()),
        None,
    ).text
    assert r"& a {x}^{2} + \left(\sum b\right) x \\" in text
    assert r"0 < x \le 2 \pi" in text
    assert r"\text{where} \quad & a = 0.25 \\" in text


# ---- golden files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", formats())
def test_a_whole_file_of_each_format(format_: str) -> None:
    assert write(format_, bundled("hs071"), None).text == (GOLDEN / f"hs071.{format_}").read_text(encoding="utf-8")


def test_every_format_has_endings_of_its_own() -> None:
    assert len(endings()) == len(set(endings())) >= len(formats())
    assert {format_of(f"a{ending}") for ending in endings()} == set(formats())


# ---- mistakes ----------------------------------------------------------------------------------------------------------


def mistake(ran: Any, code: ExitCode) -> str:
    assert ran.code == code, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    return str(ran.err)


def test_what_is_there_already_is_kept(optbench: Any, tmp_path: Path) -> None:
    out = tmp_path / "p.yaml"
    out.write_text("mine")
    assert "is there already; --force overwrites it." in mistake(optbench("convert", "x^2", str(out)), ExitCode.USAGE)
    assert out.read_text() == "mine"
    assert optbench("convert", "x^2", str(out), "--force").code == 0
    assert optbench("convert", "x^2", str(out)).code == 0  # the same content is no loss
    (tmp_path / "m.row").write_text("mine")
    assert "m.row' is there already" in mistake(optbench("convert", "x^2", str(tmp_path / "m.nl")), ExitCode.USAGE)
    assert not (tmp_path / "m.nl").exists()


def test_the_problem_itself_is_never_overwritten(optbench: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("minimize: x^2\n")
    (tmp_path / "q.yaml").symlink_to(path)
    for other in (path, tmp_path / "q.yaml", tmp_path / "." / "p.yaml"):
        assert "is the problem itself" in mistake(optbench("convert", str(path), str(other), "--force"), ExitCode.USAGE)


def test_endings_and_formats_that_there_are_not(optbench: Any, tmp_path: Path) -> None:
    assert "no ending that says the language" in mistake(optbench("convert", "x^2", str(tmp_path / "p.txt")), ExitCode.USAGE)
    assert "is a folder" in mistake(optbench("convert", "x^2", str(tmp_path)), ExitCode.USAGE)
    assert "say in which language" in mistake(optbench("convert", "x^2", "-"), ExitCode.USAGE)
    assert "Did you mean python?" in mistake(optbench("convert", "x^2", "-", "--to", "pyton"), ExitCode.USAGE)
    assert optbench("convert", "x^2", str(tmp_path / "p.txt"), "--to", "yaml").code == 0


def test_an_unwritable_file(optbench: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = mistake(optbench("convert", "x^2", str(tmp_path / "file" / "p.yaml")), ExitCode.USAGE)
    assert "can't be written: " in said
    assert said.count("\n") == 1
    assert "can't be written: " in mistake(optbench("convert", "x^2", str(tmp_path / f"{'p' * 300}.yaml")), ExitCode.USAGE)


@pytest.mark.parametrize("format_", ["nl", "python"])
def test_free_parameters_need_numbers(format_: str, optbench: Any) -> None:
    said = mistake(optbench("convert", "alpha*x^2", "-", "--to", format_, "--param", "alpha=positive"), ExitCode.CONTENT)
    assert "alpha has none; give it one, as --param alpha=2." in said
    assert optbench("convert", "alpha*x^2", "-", "--to", format_, "--param", "alpha=2").code == 0


def test_functions_that_ampl_lacks_are_named(optbench: Any) -> None:
    said = mistake(optbench("convert", "erf(x) + gamma(x) + lambertw(2)*x", "-", "--to", "nl"), ExitCode.CONTENT)
    assert said == "error: AMPL's .nl files have no erf or gamma, so this problem can't be written as one.\n"


def test_a_function_without_a_derivative_is_named(optbench: Any) -> None:
    assert "trigamma" in mistake(optbench("convert", "trigamma(x)", "-", "--to", "python"), ExitCode.CONTENT)


def test_arrays_too_large_to_be_written_out(optbench: Any) -> None:
    said = mistake(optbench("convert", "sum(x^2)", "-", "--to", "nl", "--var", "x[3000000]=0..1"), ExitCode.CONTENT)
    assert "the limit is 1,000,000" in said


def test_what_a_model_cannot_say_is_told(optbench: Any, tmp_path: Path) -> None:
    ran = optbench("convert", "x + y", "-", "--to", "nl", "--var", "x=(0, 1]", "--subject-to", "x*y < 3")
    assert "no strict inequalities" in ran.err
    assert "no open ends" in ran.err


@pytest.mark.parametrize(
    ("objective", "start"), [("1/x", "[1.0]"), ("gamma(x) + y", "[1.0, 0.0]"), ("1/(x*(x - 1))", "[-1.0]"), ("log(x)", "[1.0]")]
)
def test_a_module_starts_where_the_problem_is_defined(optbench: Any, objective: str, start: str) -> None:
    assert f"\nSTART = np.array({start})\n" in optbench("convert", objective, "-", "--to", "python").out


def test_standard_input(optbench: Any) -> None:
    assert optbench("convert", "-", "-", "--to", "yaml", stdin="x^2\n").out == 'minimize: "x^2"\nvariables: {x: null}\n'
    assert "several expressions" in mistake(optbench("convert", "-", "-", "--to", "yaml", stdin="x\ny\n"), ExitCode.USAGE)
    assert "holds no problem" in mistake(optbench("convert", "-", "-", "--to", "yaml", stdin="\n"), ExitCode.USAGE)


# ---- the page ----------------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parent.parent / "docs" / "convert.md").read_text(encoding="utf-8")


def test_the_page_shows_real_output(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    for block in re.findall(r"(?s)```console\n(.*?)```", PAGE):
        for step in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, shown = step.partition("\n")
            script = f'optbench() {{ "{sys.executable}" -m optbench "$@"; }}\n{command}'
            done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
            assert done.stdout.rstrip() == shown.rstrip(), command


def test_the_page_tells_every_format_and_limit() -> None:
    assert set(re.findall(r"(?m)^\| (`.+?`) \|", PAGE)) >= {"`nl`", "`python`", "`latex`"}
    for name in [*formats(), *endings()]:
        assert f"`{name}`" in PAGE
    for limit in (nl_file.LIMIT, constants.SHORT):
        assert f"{limit:,}" in PAGE


def test_scipy_takes_a_module_as_it_is(tmp_path: Path) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    keep(bundled("hs071"), tmp_path / "m.py")
    spec = importlib.util.spec_from_file_location("m", tmp_path / "m.py")
    assert spec is not None
    assert spec.loader is not None
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    bound = optimize.NonlinearConstraint(m.constraints, m.CONSTRAINT_LOWER, m.CONSTRAINT_UPPER, m.jacobian)
    bounds = list(zip(m.LOWER, m.UPPER, strict=True))
    found = optimize.minimize(m.f, m.START, jac=m.gradient, bounds=bounds, constraints=[bound], method="trust-constr")
    assert found.fun == pytest.approx(17.0140172891563, abs=1e-5)
