"""Methods of other packages: found, run, and held in check, whatever they do.

`tests/plugin` is a package of methods that misbehave; the example of `docs/plugins.md` is one that behaves. Most tests put
them on the path as an installer would; the slow ones build and install them with pip.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import optbench
from optbench.errors import UsageError
from optbench.methods import plugins
from optbench.methods.registry import get, names
from optbench.problem.problem import MethodChoice
from optbench.result import Attempt, AttemptStatus
from optbench.workbench import admission
from optbench.workbench.engine import solve
from optbench.workbench.settings import Settings

TESTS = Path(__file__).parent
TROUBLE = TESTS / "plugin"
DOCUMENT = (TESTS.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
BOWL = optbench.define("x^2 + 2*y^2 + x*y", range=(-4, 4), start={"x": 3, "y": 1})
PACKAGE = "optbench-trouble 0.3"


def example() -> dict[str, str]:
    """The files of the example by their names."""
    return dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL))


def put_on_path(folder: Path, pyproject: str) -> None:
    """Write what an installer writes beside a package: its name and version, and its entry points."""
    project = tomllib.loads(pyproject)["project"]
    facts = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    (facts / "entry_points.txt").write_text(
        "".join(f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items()) for group, entries in groups)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both packages, as they are where they are installed."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "optbench_trouble").symlink_to(TROUBLE / "optbench_trouble")
    put_on_path(folder, (TROUBLE / "pyproject.toml").read_text(encoding="utf-8"))
    files = example()
    (folder / "optbench_compass.py").write_text(files["optbench_compass.py"])
    put_on_path(folder, files["pyproject.toml"])
    return folder


@pytest.fixture
def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both packages are there, for this process and for those that it starts."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    _forget()
    yield
    _forget()


def _forget() -> None:
    plugins.found.cache_clear()
    admission._known.clear()
    for module in [name for name in sys.modules if name.startswith(("optbench_trouble", "optbench_compass"))]:
        del sys.modules[module]


def rows(*methods: str, time_limit: float = 60.0) -> dict[str, Attempt]:
    """What became of methods on the bowl; Newton's always runs beside them."""
    chosen = tuple(MethodChoice(name) for name in (*methods, "newton"))
    result = solve(BOWL, Settings(exact=False, certify=False, methods=chosen, time_limit=time_limit))
    found = {row.method: row for row in result.attempts}
    assert found["newton"].status is AttemptStatus.CONVERGED
    assert result.value == pytest.approx(0, abs=1e-12)
    return found


def row(method: str, **settings: Any) -> Attempt:
    return rows(method, **settings)[method]


# ---- found ----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("installed")
def test_a_package_is_found_run_and_named() -> None:
    found = row("halving")
    assert (found.status, found.reason) == (AttemptStatus.CONVERGED, "it is near to 0")
    assert found.version == f"optbench {optbench.__version__}, {PACKAGE}"
    assert found.point == pytest.approx({"x": 0, "y": 0}, abs=1e-12)


@pytest.mark.usefixtures("installed")
def test_names_are_all_there_and_ours_stay_ours() -> None:
    assert set(plugins.all_names()) >= {*names(), "halving", "compass-search", "raises-on-import"}
    assert "halving" not in names()
    assert get("bfgs").origin is None
    assert get("halving").origin == PACKAGE
    with pytest.raises(UsageError, match=r"There is no method 'halfing'. Did you mean halving\?"):
        get("halfing")


@pytest.mark.usefixtures("installed")
def test_patterns_match_them() -> None:
    assert set(rows("halv*", "lie?")) == {"halving", "lies", "newton"}


@pytest.mark.usefixtures("installed")
def test_only_what_is_named_is_imported() -> None:
    rows("halving")
    assert "optbench_trouble.running" in sys.modules
    assert not {"optbench_trouble.declared", "optbench_trouble.prints_on_import", "optbench_compass"} & set(sys.modules)


def test_methods_of_ours_ask_no_package(folder: Path) -> None:
    code = "import sys; from optbench.__main__ import main; main(); sys.exit('importlib.metadata' in sys.modules)"
    argv = ["solve", "x^2", "--no-exact", "--no-certify", "--method", "newton"]
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("what", ["clash", "copy"])
def test_two_packages_of_one_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    other = {"clash": "optbench-other", "copy": "optbench-compass"}[what]
    put_on_path(tmp_path, example()["pyproject.toml"].replace("optbench-compass", other))
    for path in (folder, tmp_path):
        monkeypatch.syspath_prepend(str(path))
    _forget()
    found = row("compass-search")
    if what == "copy":  # the same package in two folders of the path
        assert found.status is AttemptStatus.CONVERGED
    else:
        assert found.status is AttemptStatus.NOT_APPLICABLE
        assert found.reason == (
            "can't be used: they declare a method of one name; only one of them can be installed "
            "(it comes from optbench-compass 1.0, optbench-other 1.0)"
        )
    _forget()


# ---- those that can't be used ----------------------------------------------------------------------------------------------

UNUSABLE = {
    "raises-on-import": r"importing it raised ZeroDivisionError: division by zero\x1b[31m",
    "leaves-on-import": "importing it raised SystemExit: 0",
    "exits-on-import": "importing it ended with exit code 0 without an answer",
    "no-module": "importing it raised ModuleNotFoundError: No module named 'optbench_trouble.nowhere'",
    "no-attribute": "importing it raised AttributeError: module 'optbench_trouble.running' has no attribute 'NOTHING'",
    "wrong-type": "what it declares is no Method of optbench.plugin but of type dict",
    "other-name": "its entry point is named 'other-name', but its method 'halving'",
    "no-algorithm": "it needs either an algorithm or an adapter, which is a function",
    "wrong-uses": "its field 'uses' must be some of batches, gradient, hessian, residuals, value, not frozenset({'values'})",
    "no-summary": "its field 'summary' must be str, not None",
    "bare-options": "its options are no dataclass that is derived from Options",
    "plain-option": "its option 'step' is not declared by option(default, meaning)",
    "wrong-default": "its option 'step' has a default that it does not accept itself: -1.0",
    "Bad_Name": "its name is none that a method can have (small letters, digits and hyphens; not auto, all or probe)",
    "probe": "its name is none that a method can have (small letters, digits and hyphens; not auto, all or probe)",
}


@pytest.mark.usefixtures("installed")
def test_what_can_not_be_used_is_a_row_with_the_reason() -> None:
    found = rows(*UNUSABLE)
    for name, reason in UNUSABLE.items():
        assert found[name].status is AttemptStatus.NOT_APPLICABLE
        assert found[name].reason == f"can't be used: {reason} (it comes from {PACKAGE})"
        assert found[name].version == f"optbench {optbench.__version__}, {PACKAGE}"


@pytest.mark.usefixtures("installed")
def test_options_of_what_can_not_be_used_are_not_read() -> None:
    chosen = (MethodChoice("raises-on-import", (("step", "3"),)),)
    (found,) = solve(BOWL, Settings(exact=False, certify=False, methods=chosen)).attempts
    assert found.status is AttemptStatus.NOT_APPLICABLE


@pytest.mark.usefixtures("installed")
def test_an_import_that_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "SECONDS", 0.5)
    found = row("hangs-on-import")
    assert found.status is AttemptStatus.NOT_APPLICABLE
    assert found.reason == f"can't be used: importing it ran past its wall limit of 0.5 s and was killed (it comes from {PACKAGE})"


@pytest.mark.usefixtures("installed")
def test_what_an_import_prints_is_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    assert row("prints-on-import").status is AttemptStatus.CONVERGED
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("installed")
def test_a_missing_library_is_named() -> None:
    found = row("needs-library")
    assert (found.status, found.reason) == (AttemptStatus.NOT_APPLICABLE, "needs no_such_library_here, which can't be imported here")


# ---- those that misbehave ---------------------------------------------------------------------------------------------------

MISBEHAVING = {
    "yields-words": (AttemptStatus.CRASHED, "raised "),
    "yields-another-shape": (AttemptStatus.CRASHED, "raised "),
    "yields-nan": (AttemptStatus.DIVERGED, "the function is not defined in iteration 1"),
    "returns-nothing": (AttemptStatus.CRASHED, "raised TypeError: a method has to return an Outcome with a reason, not NoneType"),
    "exits": (AttemptStatus.CRASHED, "ended with exit code 0 without an answer"),
    "raises": (AttemptStatus.CRASHED, r"raised RuntimeError: no\x1b[31m more"),
    "lies": (AttemptStatus.STALLED, "it says 'the start is as good as any', but "),
    "claims-a-value": (AttemptStatus.STALLED, "it says 'it is near to 0', but "),
    "prints": (AttemptStatus.CONVERGED, "it is near to 0"),
}


@pytest.mark.usefixtures("installed")
def test_whatever_one_does_is_its_row_alone(capfd: pytest.CaptureFixture[str]) -> None:
    found = rows(*MISBEHAVING, "leaves-the-box")
    for name, (status, reason) in MISBEHAVING.items():
        assert found[name].status is status, (name, found[name])
        assert (found[name].reason or "").startswith(reason), (name, found[name].reason)
    for name in ("lies", "claims-a-value", "exits", "raises"):
        assert found[name].value == pytest.approx(9 + 2 + 3), name  # that of the start, whatever it claims
    outside = found["leaves-the-box"]
    assert outside.status is not AttemptStatus.CONVERGED
    assert all(-4 <= c <= 4 for c in (outside.point or {"x": 0}).values())
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("installed")
def test_one_that_never_returns_is_killed_and_its_best_point_is_judged() -> None:
    found = row("never-returns", time_limit=1.5)
    assert found.status is AttemptStatus.KILLED
    assert found.value is not None


@pytest.mark.usefixtures("installed")
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_what_one_forks_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTBENCH_TROUBLE", str(tmp_path / "pids"))
    assert row("forks").status is AttemptStatus.CONVERGED
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert pids
    deadline = time.monotonic() + 30
    while any(_lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(_lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# ---- the probe ---------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("installed")
def test_the_probe_tells_of_each_what_became_of_it() -> None:
    from optbench.cli.probe import State, probe

    found = {row.method: row for row in probe(["compass-search", "exits", "halving", "needs-library", "newton", "no-module", "lies"])}
    assert {name: row.state for name, row in found.items()} == {
        "compass-search": State.WORKS,
        "exits": State.FAILS,
        "halving": State.FAILS,  # the minimum of the probe's problem is not at 0
        "lies": State.FAILS,
        "needs-library": State.NOT_INSTALLED,
        "newton": State.WORKS,
        "no-module": State.FAILS,
    }
    assert found["compass-search"].version == f"optbench {optbench.__version__}, optbench-compass 1.0"
    assert found["exits"].reason == "ended with exit code 0 without an answer"


def test_a_library_that_ends_the_program_takes_its_own_methods_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optbench.cli.probe import State, probe

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "cma", raising=False)
    (tmp_path / "cma.py").write_text("import os\nos._exit(3)\n")
    broken, fine = probe(["cma-es", "newton"])
    assert (broken.state, broken.reason) == (State.FAILS, "importing cma ended with exit code 3 without an answer")
    assert fine.state is State.WORKS


# ---- on the command line ----------------------------------------------------------------------------------------------------


def command(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "optbench", *argv], capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("installed")
def test_the_list_says_where_each_comes_from_and_what_is_wrong(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from optbench.cli.app import run

    monkeypatch.setattr(admission, "SECONDS", 3.0)  # for the one that hangs
    assert run(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(names()) + len(plugins.found())
    assert any(re.fullmatch(rf"halving +A method that halving\. \(from {PACKAGE}\)", line) for line in lines)
    ours, theirs = (line for line in lines if line.startswith("bfgs "))
    assert "from" not in ours
    assert theirs.endswith(f"can't be used: optbench has a method of that name itself (it comes from {PACKAGE})")
    assert run(["methods", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    refused = {row["name"]: row["refusal"] for row in facts if row["refusal"]}
    assert set(refused) == {*UNUSABLE, "hangs-on-import", "bfgs"}
    assert {row["origin"] for row in facts} == {None, PACKAGE, "optbench-compass 1.0"}


@pytest.mark.usefixtures("installed")
def test_one_is_shown_or_refused_with_a_sentence() -> None:
    shown = command("methods", "compass-search")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.strip() in DOCUMENT
    refused = command("methods", "no-module")
    assert refused.returncode == 2
    assert refused.stderr == (
        "error: The method 'no-module' can't be used: importing it raised ModuleNotFoundError: No module named "
        f"'optbench_trouble.nowhere' (it comes from {PACKAGE}).\n"
    )


@pytest.mark.usefixtures("installed")
def test_the_example_of_the_documentation_does_what_it_shows() -> None:
    argv = re.findall(r"^\$ optbench solve (.*)$", DOCUMENT, re.MULTILINE)
    assert len(argv) == 1
    import shlex

    done = command("solve", *shlex.split(argv[0]))
    assert done.returncode == 0, done.stderr
    timeless = [re.sub(r"[\d.]+ m?s\b", "T", line).split() for line in (done.stdout, DOCUMENT.partition(argv[0])[2].partition("```")[0])]
    assert timeless[0] == timeless[1]


@pytest.mark.usefixtures("installed")
def test_batches_run_them(tmp_path: Path) -> None:
    (tmp_path / "bowl.yaml").write_text(
        'minimize: "x^2 + y^2"\nvariables: {x: {range: [-2, 2], start: 1}, y: {range: [-2, 2], start: 1}}\n'
    )
    journal = tmp_path / "run.jsonl"
    argv = ["--method", "halving", "--method", "raises", "--method", "no-module", "--method", "exits", "--no-exact", "--no-certify"]
    done = command("batch", str(tmp_path / "bowl.yaml"), *argv, "--out", str(journal))
    assert "Traceback" not in done.stderr
    records = [json.loads(line) for line in journal.read_text().splitlines()]
    statuses = {record["method"]: (record["status"], record["version"]) for record in records if "method" in record}
    assert {name: status for name, (status, _) in statuses.items()} == {
        "halving": "converged",
        "raises": "crashed",
        "no-module": "not_applicable",
        "exits": "crashed",
    }
    assert PACKAGE in statuses["halving"][1]


# ---- built and installed ------------------------------------------------------------------------------------------------------


def install(source: Path, target: Path) -> None:
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--target", str(target)]
    done = subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling builds the packages, and it is not installed")
def test_packages_that_pip_builds_and_installs_are_found_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, source = tmp_path / "target", tmp_path / "compass"
    source.mkdir()
    for name, text in example().items():
        (source / name).write_text(text)
    install(source, target)
    install(TROUBLE, target)
    monkeypatch.setenv("PYTHONPATH", str(target))
    done = command(
        "solve", "x^2 + y^2", "--range", "-3", "3", "--no-exact", "--no-certify", "--json", *_methods("compass-search", "halving", "exits")
    )
    found = {row["method"]: row for row in json.loads(done.stdout)["attempts"]}
    assert {name: row["status"] for name, row in found.items()} == {
        "compass-search": "converged",
        "halving": "converged",
        "exits": "crashed",
    }
    assert found["compass-search"]["version"].endswith("optbench-compass 1.0")
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(source)], capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout


def _methods(*names: str) -> list[str]:
    return [word for name in names for word in ("--method", name)]
