"""The journal: nothing that was written is lost, and nothing is written to what is no journal."""

from __future__ import annotations

import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.workbench.batch.journal import HEADER_SCHEMA, Journal, JournalError, as_line, examined, merge, short
from optbench.workbench.batch.plan import SCHEMA, digest

HEADER = {"schema": HEADER_SCHEMA, "run": "r"}


def record(number: int, status: str = "converged", **fields: Any) -> dict[str, Any]:
    return {"schema": SCHEMA, "key": digest({"number": number}), "status": status, "solve_seconds": 0.5, **fields}


def written(path: Path, *records: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(map(as_line, records)))
    return path


def numbers(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_written_is_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(str(path), resume=False) as journal:
        journal.write(HEADER)
        journal.write(record(1))
        assert numbers(path) == [HEADER, record(1)]


def test_a_journal_knows_what_is_done(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, record(1), record(2, "killed"), {"schema": "optbench/later/3"})
    with Journal(str(path), resume=True) as journal:
        assert journal.done == {short(record(1)["key"]): "converged", short(record(2)["key"]): "killed"}
        assert journal.found.seconds == 0.5
        journal.write(record(3))
    assert numbers(path)[-1] == record(3)
    assert len(numbers(path)) == 5


@given(cut=st.integers(1, 400))
def test_a_journal_cut_anywhere_keeps_its_whole_lines(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cut") / "run.jsonl"
    whole = b"".join(map(as_line, [HEADER, record(1), record(2)]))
    path.write_bytes(whole[:cut])
    lines = whole[: min(cut, len(whole))].split(b"\n")
    with Journal(str(path), resume=True) as journal:
        journal.write(record(9))
    kept = [line for line in path.read_bytes().split(b"\n") if line]
    assert kept[-1] == as_line(record(9)).strip()
    complete = lines[:-1] + [lines[-1]] * (lines[-1] in whole.split(b"\n") and lines[-1] != b"")
    assert kept[:-1] == complete, "only what was half written is gone"


@pytest.mark.parametrize(
    "noise", [b"\0" * 100, b"\0" * 100 + b"\n", b"{\n", b'"text"\n'], ids=["zeros", "line of zeros", "half", "no object"]
)
def test_a_last_line_that_a_crash_has_spoilt_is_cut_off(noise: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, record(1))
    path.write_bytes(path.read_bytes() + noise)
    with Journal(str(path), resume=True) as journal:
        assert journal.found.half == len(noise)
    assert numbers(path) == [HEADER, record(1)]


def refused(path: Path, resume: bool = True) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(JournalError) as error:
        Journal(str(path), resume)
    assert before is None or path.read_bytes() == before, "it is as it was"
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"schema":"optbench/run/2"}\n', "is a journal of another version of optbench (line 1 has the schema optbench/run/2"),
        (as_line(HEADER) + b'{"schema":"optbench/attempt/2","key":"ab"}\n', "line 2 has the schema optbench/attempt/2"),
        (b'{"minimize": "x^2"}\n', "is no journal of `optbench batch`"),
        (b"minimize: x^2\nvariables: {x: [0, 1]}\n", "Line 1 of"),
        (as_line(HEADER) + b"spoilt\n" + as_line(record(1)), "Line 2 of"),
        (as_line(record(1)), "its first line is no header"),
    ],
    ids=["run 2", "attempt 2", "a problem", "yaml", "spoilt", "no header"],
)
def test_what_is_no_journal_is_left_alone(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    assert words in refused(path)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER)
    assert "There is" in refused(path, resume=False)
    assert "with --resume it gets what it lacks" in refused(path, resume=False)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    assert "no such file or directory" in refused(tmp_path / "nowhere" / "run.jsonl")
    assert "is a directory" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "it is no ordinary file" in refused(tmp_path / "pipe")
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        assert "permission denied" in refused(tmp_path / "closed" / "run.jsonl")


def test_two_batches_can_not_have_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(str(path), resume=False) as journal:
        journal.write(HEADER)
        assert "Another batch writes to" in refused(path)
        with pytest.raises(JournalError, match="merge when it has ended"):
            merge([str(path)], str(tmp_path / "all.jsonl"))
    Journal(str(path), resume=True).__exit__(None, None, None)


def test_a_record_that_does_not_fit_leaves_no_half_behind(tmp_path: Path) -> None:
    """A limit on the size of files acts as a full disk does: a part of the line is written."""
    path = tmp_path / "run.jsonl"
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Journal(str(path), resume=False) as journal:
            journal.write(HEADER)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
            journal.write(record(1))
            with pytest.raises(JournalError, match=r"takes no more: file too large. What it has is kept; .* --resume"):
                journal.write(record(2, reason="long" * 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert numbers(path) == [HEADER, record(1)]
    with Journal(str(path), resume=True) as journal:
        assert journal.found.half == 0


def test_merged_journals_have_every_record_once(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", HEADER, record(1, "killed"), record(2), {"schema": "optbench/later/3"})
    second = written(tmp_path / "b.jsonl", HEADER | {"run": "s"}, record(3), record(1))
    second.write_bytes(second.read_bytes() + b'{"schema"')
    merged = merge([str(first), str(second)], str(tmp_path / "all.jsonl"))
    assert (merged.headers, merged.records, merged.repeated) == (2, 3, 1)
    assert examined(str(tmp_path / "all.jsonl")).statuses == {short(record(k)["key"]): "converged" for k in (1, 2, 3)}
    assert {"schema": "optbench/later/3"} in numbers(tmp_path / "all.jsonl"), "what later versions add is kept"


def test_merging_writes_over_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", HEADER, record(1))
    with pytest.raises(JournalError, match="There is"):
        merge([str(path)], str(path))
    with pytest.raises(JournalError, match="can't be read: no such file"):
        merge([str(tmp_path / "none.jsonl")], str(tmp_path / "all.jsonl"))
    assert numbers(path) == [HEADER, record(1)]
