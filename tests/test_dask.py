"""A batch on a Dask cluster: with real schedulers and workers, which are killed; and the records are those of this machine."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from optbench.cli.arguments import Flags
from optbench.cli.batch_sources import ProblemReader
from optbench.problem.reader import readings
from optbench.workbench.batch import dask_worker
from optbench.workbench.batch.files import LACKS, Catalogue, Content, Visiting, keep
from optbench.workbench.batch.plan import Source

PATIENCE = 120.0
TIMES = ("run", "started", "setup_seconds", "solve_seconds")
QUICK = ("--no-exact", "--no-certify", "--method", "bfgs", "--method", "nelder-mead")
OPTBENCH = (sys.executable, "-m", "optbench")
LINES = "\n".join(f"100*(y - x^2)^2 + (1 - x)^2 + {k}*z^2" for k in range(1, 9))
MANY = ("batch", "-", *QUICK, "--seed", "0..19")  # 320 attempts of the lines
WITHOUT_OPTBENCH = """import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == 'optbench':
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
"""

try:
    import distributed as _  # noqa: F401

    HAS_DASK = True
except ImportError:
    HAS_DASK = False

needs_dask = pytest.mark.skipif(not HAS_DASK, reason="distributed is not installed")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


class Grid:
    """A scheduler and its workers, each a process of its own that nobody starts again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "scheduler", "--port", "0", *options)
        self.workers: list[subprocess.Popen[bytes]] = []
        _wait(self.file.exists)

    def add(self, *options: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until the scheduler knows it."""
        name = f"w{len(self.workers)}"
        shape = ("--nthreads", "1", "--no-nanny", "--name", name, "--local-directory", str(self.folder / name))
        self.workers.append(self._start(name, "worker", *shape, *options, before=before))
        log = self.folder / f"{name}.log"
        _wait(lambda: b"Starting established connection" in log.read_bytes())
        return self.workers[-1]

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, name: str, kind: str, *options: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        shape = ("--scheduler-file", str(self.file), "--host", "127.0.0.1", "--no-dashboard")
        with open(self.folder / f"{name}.log", "wb") as log:
            command = (*before, sys.executable, "-m", "distributed.cli.dask_" + kind, *shape, *options)
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


@pytest.fixture
def grid(tmp_path: Path) -> Iterator[Grid]:
    found = Grid(tmp_path)
    try:
        yield found
    finally:
        found.end()


def _wait(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def records(path: Path) -> list[dict[str, Any]]:
    return [record for record in map(json.loads, path.read_text().splitlines()) if record["schema"] == "optbench/attempt/1"]


def timeless(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["key"]: {name: value for name, value in record.items() if name not in TIMES} for record in found}


def run(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*OPTBENCH, *arguments), input=stdin, capture_output=True, text=True, timeout=PATIENCE, cwd=cwd)


def begun(*arguments: str, stdin: str = LINES) -> subprocess.Popen[str]:
    process = subprocess.Popen((*OPTBENCH, *arguments), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None
    return process


def wait_for_records(path: Path, count: int) -> None:
    _wait(lambda: path.exists() and path.read_bytes().count(b"\n") > count)


def at_home(tmp_path: Path, *arguments: str, stdin: str = LINES, cwd: Path | None = None) -> list[dict[str, Any]]:
    path = tmp_path / "home.jsonl"
    run(*arguments, "--jobs", "2", "--progress", "none", "--out", str(path), stdin=stdin, cwd=cwd)
    return records(path)


def descendants(parent: int) -> set[int]:
    """All processes below one, of which /proc tells."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, IndexError):
            if entry.name.isdigit():
                children.setdefault(int((entry / "stat").read_text().rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, waiting = set[int](), [parent]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# ---- the same records, whatever happens ---------------------------------------------------------------------------------------


@needs_dask
@pytest.mark.slow
def test_killed_workers_lose_nothing(grid: Grid, tmp_path: Path) -> None:
    """One of two is killed in the middle, later the other one, too; a third goes on with what they had."""
    path = tmp_path / "run.jsonl"
    first, second = grid.add(), grid.add()
    process = begun(*MANY, "--dask", str(grid.file), "--out", str(path))
    wait_for_records(path, 60)
    hosts = descendants(first.pid)
    first.kill()
    wait_for_records(path, 140)
    second.kill()
    time.sleep(0.5)
    grid.add()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    found = records(path)
    assert len(found) == len({record["key"] for record in found}) == 320
    assert timeless(found) == timeless(at_home(tmp_path, *MANY))
    assert err.count("has gone; what it did is done again") == 2
    if sys.platform == "linux":
        assert hosts, "there was something to be ended"
        _wait(lambda: not any(map(is_running, hosts)))


@needs_dask
@pytest.mark.slow
def test_ctrl_c_and_the_clients_kill_leave_what_can_be_gone_on_with(grid: Grid, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    workers = [grid.add(), grid.add()]
    command = (*MANY, "--dask", str(grid.file), "--out", str(path), "--resume")
    process = begun(*command)
    wait_for_records(path, 50)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"interrupted: {path} keeps {len(records(path))} records; the same command with --resume runs what is missing." in err
    if sys.platform == "linux":
        _wait(lambda: not any(is_running(pid) for worker in workers for pid in descendants(worker.pid)))
    process = begun(*command)
    wait_for_records(path, 120)
    process.kill()
    process.communicate(timeout=PATIENCE)
    process = begun(*command)
    assert process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    found = records(path)
    assert len(found) == len({record["key"] for record in found}) == 320


@needs_dask
@pytest.mark.slow
def test_without_its_scheduler_a_batch_ends_with_a_sentence_and_goes_on_anywhere(grid: Grid, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    grid.add()
    process = begun(*MANY, "--dask", str(grid.file), "--out", str(path))
    wait_for_records(path, 30)
    grid.scheduler.kill()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "error: The Dask scheduler can't be reached any more" in err
    assert "Traceback" not in err
    kept = records(path)
    assert 0 < len(kept) < 320
    assert run(*MANY, "--out", str(path), "--resume", "--jobs", "2", stdin=LINES).returncode == 0
    found = records(path)
    assert found[: len(kept)] == kept
    assert len(found) == len({record["key"] for record in found}) == 320, "keys are the same here and there"


@needs_dask
@pytest.mark.slow
def test_limits_kill_and_a_problem_that_is_wrong_is_a_record(grid: Grid, tmp_path: Path) -> None:
    """Memory and time, on workers that go on with the next."""
    path = tmp_path / "run.jsonl"
    grid.add()
    stdin = "sum(ones(3000, 3000) * x^2)\nx +* 2\nx^2\n"
    done = run("batch", "-", *QUICK, "--memory-limit", "64MB", "--dask", str(grid.file), "--out", str(path), stdin=stdin)
    assert done.returncode == 10
    found = records(path)
    assert Counter(record["status"] for record in found) == {"killed": 2, "invalid": 1, "converged": 2}
    reasons = {record["reason"] for record in found if record["status"] == "killed"}
    assert reasons == {"while it was prepared, it ran out of its 64 MB of memory"}
    path.unlink()
    long = ("--no-exact", "--no-certify", "--method", "random-search:samples=100000000", "--time-limit", "1")
    done = run("batch", "-", *long, "--dask", str(grid.file), "--out", str(path), stdin="x^2\n")
    [record] = records(path)
    assert record["status"] in ("limit", "killed")
    assert record["value"] is not None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Problems with data, of several documents, a broken one, one whose data are not there, and a model with names."""
    below = tmp_path / "problems"
    (below / "data").mkdir(parents=True)
    (below / "a.yaml").write_text('minimize: "(x - 1)^2"\n---\nminimize: "(x - 2)^2"\n')
    (below / "broken.yaml").write_text('minimize: "x +* 2"\n')
    for name, table in (("fit", "data/t.csv"), ("lacks", "data/u.csv")):
        text = f'minimize: "sum((a*x + b - y)^2)"\nvariables: {{a: {{}}, b: {{}}}}\ndata: {{file: {table}}}\n'
        (below / f"{name}.yaml").write_text(text)
    (below / "data" / "t.csv").write_text("x,y\n1,2\n2,3.5\n3,5\n")
    assert run("convert", str(below / "fit.yaml"), str(below / "model.nl")).returncode == 0
    return tmp_path


@needs_dask
@pytest.mark.slow
def test_workers_without_the_files_are_sent_them(grid: Grid, folder: Path) -> None:
    """In a world of its own, a worker sees an empty folder where the problems are."""
    hidden = ("unshare", "--mount", "--map-root-user", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(folder / "problems"))
    if sys.platform != "linux" or shutil.which("unshare") is None or subprocess.run((*hidden, "true"), capture_output=True).returncode:
        pytest.skip("folders can't be hidden from a process here")
    grid.add(before=hidden)
    for problems in ("problems", str(folder / "problems")):
        path = folder / "run.jsonl"
        done = run("batch", problems, "@beale", *QUICK, "--dask", str(grid.file), "--out", str(path), cwd=folder)
        assert done.returncode == 10, done.stderr
        expected = at_home(folder, "batch", problems, "@beale", *QUICK, cwd=folder)
        assert Counter(record["status"] for record in expected) == {"converged": 10, "invalid": 2}
        assert timeless(records(path)) == timeless(expected), "sentences and all"
        path.unlink()
        (folder / "home.jsonl").unlink()
    assert not [*(folder / "w0").rglob("optbench-*")], "copies are removed"


@needs_dask
@pytest.mark.slow
def test_local_starts_a_cluster_of_two_workers(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    command = ("batch", "@beale", "@booth", "@rosenbrock", *QUICK)
    done = run(*command, "--dask", "local", "--out", str(path))
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert timeless(records(path)) == timeless(at_home(tmp_path, *command))


@needs_dask
@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_local_cluster_ends_with_its_batch(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C goes to all processes of the terminal; the kill to the first of them only."""
    path = tmp_path / "run.jsonl"
    process = begun(*MANY, "--dask", "local", "--out", str(path))
    wait_for_records(path, 20)
    below = descendants(process.pid)
    os.killpg(process.pid, number) if number is signal.SIGINT else process.kill()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == (130 if number is signal.SIGINT else -number)
    assert len(below) >= 6, "two workers, with a host and its child each"
    _wait(lambda: not any(map(is_running, below)))
    found = records(path)
    assert 20 <= len(found) < 320


# ---- what is in the way -----------------------------------------------------------------------------------------------------------


@needs_dask
@pytest.mark.slow
@pytest.mark.parametrize(
    ("preload", "words"),
    [
        (
            "import optbench.workbench.batch.dask_worker as w\nv = w.versions()\nw.versions = lambda: {**v, 'optbench': '0.0.7'}\n",
            "has optbench 0.0.7 instead of",
        ),
        (
            "import optbench.workbench.batch.dask_worker as w\nv = w.versions()\nw.versions = lambda: {**v, 'scipy': '1.0.0'}\n",
            "has scipy 1.0.0 instead of",
        ),
        (WITHOUT_OPTBENCH, "has no optbench"),
        (WITHOUT_OPTBENCH.replace("'optbench'", "'optbench.workbench'"), "has another version of optbench, without optbench.workbench"),
    ],
    ids=["another optbench", "another scipy", "no optbench", "an old optbench"],
)
def test_a_worker_that_is_not_like_here_is_a_sentence(grid: Grid, tmp_path: Path, preload: str, words: str) -> None:
    (tmp_path / "preload.py").write_text(preload)
    grid.add("--preload", str(tmp_path / "preload.py"))
    path = tmp_path / "run.jsonl"
    done = run("batch", "@beale", *QUICK, "--dask", str(grid.file), "--out", str(path))
    assert done.returncode == 2
    assert words in done.stderr
    assert "install the same there as here" in done.stderr
    assert "Traceback" not in done.stderr
    assert not path.exists()


@needs_dask
@pytest.mark.slow
def test_a_scheduler_without_optbench_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "preload.py").write_text(WITHOUT_OPTBENCH)
    grid = Grid(tmp_path, "--preload", str(tmp_path / "preload.py"))
    try:
        done = run("batch", "@beale", "--dask", str(grid.file))
    finally:
        grid.end()
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: The Dask scheduler at '{grid.file}' has no optbench; install the same there as here.\n" == done.stderr


@needs_dask
@pytest.mark.slow
def test_a_worker_that_comes_later_and_is_not_like_here_is_given_nothing(grid: Grid, tmp_path: Path) -> None:
    grid.add()
    (tmp_path / "preload.py").write_text(WITHOUT_OPTBENCH)
    path = tmp_path / "run.jsonl"
    process = begun(*MANY, "--dask", str(grid.file), "--out", str(path))
    wait_for_records(path, 5)
    grid.add("--preload", str(tmp_path / "preload.py"))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "has no optbench; it is given nothing." in err
    assert Counter(record["status"] for record in records(path)).keys() <= {"converged", "stalled"}
    assert len(records(path)) == 320


@needs_dask
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nowhere", "'nowhere' is no address of a Dask scheduler (missing port number"),
        ("foo://x:1", "unknown address scheme 'foo'"),
        ("none.json", "There is no file 'none.json'"),
        (" ", "--dask takes the address of a scheduler"),
    ],
)
def test_what_is_no_address_is_a_sentence(optbench: Any, tmp_path: Path, address: str, words: str) -> None:
    path = tmp_path / "run.jsonl"
    ran = optbench("batch", "@beale", "--dask", address, "--out", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert not path.exists()


@needs_dask
def test_an_unreachable_scheduler_is_a_sentence(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optbench.workbench.batch.dask_cluster._CONNECTING", 0.3)
    ran = optbench("batch", "@beale", "--dask", "tcp://127.0.0.1:1")
    assert ran.code == 2
    assert ran.err.startswith("error: The Dask scheduler at 'tcp://127.0.0.1:1' can't be reached: ")


@needs_dask
def test_the_library_prints_nothing_of_its_own() -> None:
    """A traceback stood before the sentence that the scheduler is gone: a logger of a level of its own wrote it, once in many runs."""
    code = (
        "import logging; from optbench.workbench.batch import dask_cluster; dask_cluster._library(); "
        "print([n for n in [*logging.root.manager.loggerDict, 'distributed.utils'] "
        "if n.split('.')[0] in ('distributed', 'tornado', 'asyncio') and logging.getLogger(n).isEnabledFor(logging.ERROR)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_without_the_library_it_is_a_sentence(optbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = optbench("batch", "@beale", "--dask", "local")
    assert ran.code == 2
    assert ran.err == "error: --dask needs the library distributed: `pip install 'optbench[dask]'`, here and on the workers.\n"


def test_jobs_are_of_this_machine(optbench: Any) -> None:
    ran = optbench("batch", "@beale", "--dask", "local", "--jobs", "2")
    assert ran.code == 2
    assert "--jobs is of this machine" in ran.err


# ---- files on machines that do not have them ---------------------------------------------------------------------------------


def reading(file: str) -> Callable[[Any, Any], Any]:
    def read(work: Any, channel: Any) -> str:
        problem, error, _ = ProblemReader(Flags(), [])(Source(file))
        return str(error) if problem is None else problem.hash

    return read


def visited(home: Path, away: Path, file: str, catalogue: Catalogue) -> tuple[Any, list[str]]:
    """What reading a file comes to where it is not, and what was asked for on the way."""
    visiting, asked = Visiting(reading(file), str(home), str(away)), list[str]()
    while True:
        manifest = catalogue.manifest(file)
        answer = visiting((None, manifest), None)  # type: ignore[arg-type]
        if not (isinstance(answer, dict) and LACKS in answer):
            return answer, asked
        asked.append(answer[LACKS])
        assert len(asked) < 10
        entry = manifest.get(asked[-1])
        if isinstance(entry, Content):
            keep(str(away), entry.digest, Path(asked[-1]).read_bytes())
        else:
            catalogue.add(file, asked[-1])


def test_a_file_of_the_same_content_is_read_where_it_is(folder: Path, tmp_path: Path) -> None:
    file = str(folder / "problems" / "fit.yaml")
    _, asked = visited(folder, tmp_path / "away", file, Catalogue())
    assert asked == [str(folder / "problems" / "data" / "t.csv")], "that it is needed shows on the way; it is there"
    assert not (tmp_path / "away").exists()


def test_another_file_of_that_name_is_not_taken_for_it(folder: Path, tmp_path: Path) -> None:
    """The store has what the manifest says, the place of the file something else."""
    path = folder / "problems" / "broken.yaml"
    manifest = Catalogue().manifest(str(path))
    [(name, entry)] = manifest.items()
    assert isinstance(entry, Content)
    path.write_text('minimize: "x^2"   \n')
    visiting = Visiting(reading(str(path)), str(folder), str(tmp_path / "away"))
    assert visiting((None, manifest), None) == {LACKS: name}  # type: ignore[arg-type]
    keep(str(tmp_path / "away"), entry.digest, b'minimize: "x +* 2"\n')
    assert "broken.yaml:1:15" in visiting((None, manifest), None)  # type: ignore[arg-type]


def test_what_is_not_at_home_is_not_there_either(folder: Path, tmp_path: Path) -> None:
    file = str(folder / "problems" / "lacks.yaml")
    here = reading(file)(None, None)
    there, _ = visited(folder, tmp_path / "away", file, Catalogue())
    assert there == here
    assert "There is no file" in here


def test_without_files_nothing_is_asked_for() -> None:
    assert Visiting(lambda work, channel: len(readings(work)), "/", "/nowhere")(('minimize: "x"\n', {}), None) == 1  # type: ignore[arg-type]


# ---- inside of a worker --------------------------------------------------------------------------------------------------------


def test_a_worker_that_knows_nothing_of_a_batch_says_so() -> None:
    assert dask_worker.perform("none", "worker 1", b"") == (dask_worker.UNKNOWN, None)


@on_linux
def test_a_host_that_ends_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its setup can't be read, so it ends at once."""
    dask_worker.introduce("wrong", b"no pickle", False)
    try:
        assert dask_worker.perform("wrong", "worker 1", pickle.dumps(None)) == (dask_worker.LOST, None)
        assert not dask_worker._busy
        assert not dask_worker._hosts
    finally:
        dask_worker.leave("wrong")
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
