"""Solvers that need not be installed: each adapter against known minima, limits and exceptions where its library is there.

What every method has to do is in `test_every_method`. Without a library its tests are skipped, and those at the end hold.
"""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import optbench
from optbench.methods.method import Facts, Outcome, Scope
from optbench.methods.options import describe, read_options
from optbench.methods.registry import get, names
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Assurance, Attempt, AttemptStatus
from optbench.workbench.engine import solve
from optbench.workbench.function import Function, importable
from optbench.workbench.objective import LimitReached, MeteredObjective
from optbench.workbench.panel import facts_of
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts

define = optbench.define
LIBRARIES = ("nlopt", "cma", "highspy", "pounce", "pyscipopt")
EXTRAS = [name for name in names() if (get(name).library or "") in LIBRARIES]
INSTALLED = {library: importable(library) for library in LIBRARIES}

VALLEY = define("(1 - x)^2 + 100*(y - x^2)^2", range=(-2, 2), start={"x": -1.2, "y": 1})
PROGRAM = define("x + 2*y - z", subject_to=["x + y >= 1", "x + z <= 5/2", "x - y == 1/4"], range=(0, 3))  # x = 5/8, y = 3/8, z = 15/8
WHOLE = define("-5*x - 4*y - 3*z", variables={n: {"range": (0, 9), "integer": True} for n in "xyz"}, subject_to=[
    "2*x + 3*y + z <= 5", "4*x + y + 2*z <= 11", "3*x + 4*y + 2*z <= 8"])  # fmt: skip
QUADRATIC = define("x^2 + y^2 - x*y - x", subject_to=["x + 2*y >= 2"], range=(-1, 3))


def known(*chosen: str) -> list[Any]:
    """The names, skipped with the reason where the library is missing."""
    return [
        pytest.param(name, marks=() if INSTALLED[library] else pytest.mark.skip(reason=f"{library} is not installed"))
        for name in chosen
        for library in [str(get(name).library)]
    ]


def of(library: str) -> list[Any]:
    return known(*(name for name in EXTRAS if get(name).library == library))


def row(name: str, problem: Problem, **options: Any) -> tuple[Attempt, Any]:
    """What became of a method, through the engine, and the whole result."""
    chosen = (MethodChoice(name, tuple(options.items())),)
    result = solve(problem, Settings(exact=False, certify=False, methods=chosen, time_limit=120.0))
    return result.attempts[0], result


def run(name: str, function: Function, evaluations: int = 100_000) -> Outcome:
    method = get(name)
    with np.errstate(all="ignore"):
        objective = MeteredObjective(function, 1e-8, 3, math.inf, evaluations)
        return method.run(objective, function.space.point(starts(function, 0)[0]), read_options(method, {}), lambda x, value: None)


LOCAL = [name for name in EXTRAS if get(name).scope is Scope.LOCAL and not get(name).linear_only and not get(name).quadratic_only]
ROUGH = {"nlopt-cobyla": 1e-3, "nlopt-mma": 1e-4}  # Powell's linear models, and first-order approximations, creep along the valley


@pytest.mark.parametrize("name", known(*LOCAL, "cma-es", "pyscipopt-scip"))
def test_the_valley_of_rosenbrock(name: str) -> None:
    found, result = row(name, VALLEY)
    assert found.point == pytest.approx({"x": 1, "y": 1}, abs=ROUGH.get(name, 2e-5)), found.reason
    assert f", {get(name).library} " in str(found.version)
    assert result.warnings == []


def choices() -> list[Any]:
    """Every word that an option may have."""
    return [
        pytest.param(*param.values, row_.name, word, marks=param.marks)
        for param in known(*EXTRAS)
        for row_ in describe(get(str(param.values[0])))
        if row_.type == "word"
        for word in row_.range.split(", ")
    ]


@pytest.mark.parametrize(("name", "option", "word"), choices())
def test_every_choice_works(name: str, option: str, word: str) -> None:
    if get(name).linear_only:
        found, _ = row(name, PROGRAM, **{option: word})
        assert found.value == pytest.approx(5 / 8 + 6 / 8 - 15 / 8, abs=1e-5), found.reason
        return
    found, _ = row(name, define("(x - 1)^2 + 2*(y + 1/2)^2", range=(-3, 4), start={"x": -1, "y": 2}), **{option: word})
    assert found.value == pytest.approx(0, abs=1e-2), found.reason


@pytest.mark.parametrize("name", known("highspy-linear", "pyscipopt-scip"))
def test_whole_numbers(name: str) -> None:
    """The second way: all of the 1,000 points."""
    best = min(
        -5 * x - 4 * y - 3 * z
        for x in range(10)
        for y in range(10)
        for z in range(10)
        if 2 * x + 3 * y + z <= 5 and 4 * x + y + 2 * z <= 11 and 3 * x + 4 * y + 2 * z <= 8
    )
    found, _ = row(name, WHOLE)
    assert (found.status, found.value) == (AttemptStatus.CONVERGED, best)


@pytest.mark.parametrize("name", known("highspy-quadratic", "pounce-nlp", "nlopt-slsqp"))
def test_quadratic_programs_as_casadi_solves_them(name: str) -> None:
    found, result = row(name, QUADRATIC)
    other, _ = row("casadi-daqp", QUADRATIC)
    assert found.value == pytest.approx(other.value, abs=1e-9)
    assert result.assurance is Assurance.LOCAL, found.reason
    assert list(result.solutions[0].multipliers) == ["c1"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", known("highspy-linear", "highspy-quadratic"))
def test_programs_by_chance_as_casadi_solves_them(name: str, seed: int) -> None:
    """Columns held fixed among them, rows of all kinds, and more than a few entries."""
    chance = np.random.default_rng(seed)
    A, b = chance.integers(-3, 4, (6, 8)), chance.integers(4, 9, 6)
    g = chance.integers(-4, 5, 8)
    cost = " + ".join(f"({c})*x[{i}]" for i, c in enumerate(g))
    if name == "highspy-quadratic":
        cost += " + sum(x^2)/2 + (x[0] - x[1])^2"
    rows = [" + ".join(f"({c})*x[{i}]" for i, c in enumerate(line)) + f" <= {right}" for line, right in zip(A, b, strict=True)]
    ends = [[-2] * 7 + [1], [3] * 7 + [1]]
    problem = define(cost, subject_to=rows, variables={"x": {"shape": 8, "range": ends, "start": 0}})
    found, _ = row(name, problem)
    other, _ = row("casadi-highs" if name == "highspy-linear" else "casadi-daqp", problem)
    assert found.status is AttemptStatus.CONVERGED, found.reason
    assert found.value == pytest.approx(other.value, abs=1e-8)


@pytest.mark.parametrize("name", known("highspy-linear", "pyscipopt-scip", "pounce-nlp", "nlopt-slsqp", "nlopt-cobyla", "nlopt-mma"))
def test_what_can_not_be_satisfied_is_no_success(name: str) -> None:
    found, result = row(name, define("x + y", subject_to=["x + y >= 3", "x + y <= 1"], range=(-4, 4), start={"x": 1, "y": 1}))
    assert found.status is not AttemptStatus.CONVERGED, found.reason
    assert result.assurance is Assurance.NONE


@pytest.mark.parametrize(
    "name", known(*(name for name in EXTRAS if name != "pyscipopt-scip" and name not in ("highspy-linear", "highspy-quadratic")))
)
def test_limits_and_errors_pass_through_each_library(name: str) -> None:
    class Faulty(Function):
        asked = 0

        def value(self, x: Any) -> float:
            self.asked += 1
            if self.asked == 4:
                raise KeyboardInterrupt("planted")
            assert self.asked < 4, "it was asked again after an error"
            return super().value(x)

    with pytest.raises(LimitReached):
        run(name, Function(VALLEY), evaluations=5)
    with pytest.raises(KeyboardInterrupt, match="planted"):
        run(name, Faulty(VALLEY))


@pytest.mark.parametrize("name", known(*EXTRAS))
def test_nothing_is_printed(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    problem = PROGRAM if get(name).linear_only else QUADRATIC if get(name).constraints and get(name).equations else VALLEY
    if get(name).refuses(facts_of(problem, Function(problem))) is None:
        run(name, Function(problem))
    assert capfd.readouterr() == ("", "")


# ---- SCIP, which reads formulas ---------------------------------------------------------------------------------------------

scip = pytest.mark.skipif(not INSTALLED["pyscipopt"], reason="pyscipopt is not installed")
FORMULAS = [
    "x^3 - 2*x*y + y^2/(1 + x^2)",
    "sqrt(x + 3) + exp(-x*y/4) + log(y + 3) + log2(y + 4) + log10(x + 5)",
    "log1p(x + 2) + expm1(y/3) + sin(x)*cos(y) + tan(x/3)",
    "sinh(x/2) + cosh(y) + tanh(x + y)",
    "abs(x - y) + hypot(x, y) + max(x, y, 1/2) + min(x, 3*y) + relu(x) + sigmoid(y) + softplus(x - y)",
    "2^x + pi*y + (x + 3)^(3/2) + 1e-7*x + |x|*y",
    "sum([1, 2]*[x, y]^2) + prod([x, y]) + logsumexp([x, y])",
]


@scip
@pytest.mark.parametrize("text", FORMULAS)
def test_its_formulas_have_the_values_of_ours(text: str) -> None:
    """Both are held at points: SCIP's least f there is the function's value."""
    for point in ({"x": 0.25, "y": -0.75}, {"x": -1.5, "y": 1.25}):
        problem = define(text, variables={n: (v, v + 1e-9) for n, v in point.items()})
        found, _ = row("pyscipopt-scip", problem)
        function = Function(problem)
        assert found.value == pytest.approx(function.value(function.space.point(list(point.values()))), abs=1e-6), found.reason
        assert found.status is AttemptStatus.CONVERGED or "gradient" in str(found.reason), found.reason


@scip
@pytest.mark.parametrize(
    ("text", "lacking"), [("erf(x) + x^2", "erf"), ("gamma(x + 2)", "gamma"), ("if(x < 1, x, x^2)", "if"), ("(x + 2)^x", "powers")]
)
def test_what_it_lacks_is_said(text: str, lacking: str) -> None:
    found, _ = row("pyscipopt-scip", define(text, range=(0, 2), start={"x": 1.5}))
    assert found.status is AttemptStatus.STALLED
    assert f"SCIP has no {lacking}" in str(found.reason)


@scip
def test_its_claim_is_no_proof() -> None:
    found, result = row("pyscipopt-scip", define("x^4 - 3*x^2 + x", range=(-3, 3)))
    assert found.status is AttemptStatus.CONVERGED
    assert result.assurance is Assurance.LOCAL
    assert result.value_enclosure is None


# ---- where they are missing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXTRAS)
def test_a_missing_library_is_named(name: str) -> None:
    method = get(name)
    facts = Facts(2, has_bounds=True, is_boxed=True, linear=True, quadratic=True, missing_libraries=frozenset({str(method.library)}))
    assert method.refuses(facts) == f"needs {method.library}, which can't be imported here"


BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries!r}:
            raise ImportError("blocked by the test")

sys.meta_path.insert(0, Blocked())
sys.argv = ["optbench", *{argv!r}]
from optbench.__main__ import main
sys.exit(main())
"""


def blocked(*argv: str) -> subprocess.CompletedProcess[str]:
    program = BLOCKED.format(libraries=LIBRARIES, argv=argv)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_without_any_of_them_the_others_run() -> None:
    done = blocked(
        "solve", "x^2 + y^2", "--range", "-1", "2", "--no-exact", "--no-certify", "--method", "newton", *(f"--method={n}" for n in EXTRAS)
    )
    assert done.returncode == 0, done.stderr
    for name in EXTRAS:
        assert any(line.startswith(name) and "not applicable" in line for line in done.stdout.splitlines()), name
    assert "needs nlopt, which can't be imported here" in done.stdout


def test_listing_them_imports_none() -> None:
    done = blocked("methods")
    assert done.returncode == 0, done.stderr
    assert all(f"\n{name} " in done.stdout for name in EXTRAS)


@pytest.mark.slow
def test_the_probe_tells_what_works_and_what_is_missing() -> None:
    import json

    done = blocked("methods", "probe", "--json")
    assert done.returncode == 0, done.stderr
    found = {row["method"]: row for row in json.loads(done.stdout)}
    assert set(names()) <= set(found)
    for name in names():
        assert found[name]["state"] == ("not installed" if name in EXTRAS else "works"), found[name]
