"""Reading CSV columns: what is accepted, and for each mistake its line, its column and the one cell at fault."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench.errors import ExitCode, OptbenchError, Place, ProblemError, UsageError
from optbench.problem import data
from optbench.problem.data import read_columns
from optbench.problem.reader import read
from optbench.problem.regular_file import regular_file
from optbench.problem.validate import validated


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "points.csv"


def mistakes(file: Path, content: str | bytes, wanted: list[str] | None = None) -> str:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ProblemError) as caught:
        read_columns(file, wanted)
    assert caught.value.exit_code == ExitCode.CONTENT
    return str(caught.value)


def test_columns_are_read_in_order(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbfy, "x"\r\n 1, 2.5 \r\n-1e-3,"+3"\r\n\r\n')
    columns = read_columns(file)
    assert list(columns) == ["y", "x"]
    assert columns["y"].tolist() == [1, -0.001]
    assert columns["x"].tolist() == [2.5, 3]
    assert columns["x"].dtype == np.float64


def test_only_wanted_columns_must_hold_numbers(file: Path) -> None:
    file.write_text("label,x,y\nsetosa,1,2\nvirginica,3,nan\n")
    assert {name: values.tolist() for name, values in read_columns(file, ["x"]).items()} == {"x": [1, 3]}


def test_a_problem_may_use_no_column(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("u,v\n1,2\n")
    (tmp_path / "problem.yaml").write_text('minimize: "x^2"\ndata: {file: points.csv}\n')
    assert [v.name for v in validated(read(str(tmp_path / "problem.yaml")), open_names=True).variables] == ["x"]


CONTENT = {
    "": ":1: The file is empty; its first line must name the columns.",
    "\n\n": ":1: The file is empty",
    "1,2\n3,4\n": ":1: The names of the columns are missing; the first line begins with '1'.",
    "x,y\n": ":1: There are no data below the names of the columns.",
    "x,\n1,2\n": ":1: Column 2 has no name.",
    "x,y, x\n1,2,3\n": ":1: Columns 1 and 3 have the same name 'x'.",
    "x;y\n1;2\n": ":1: Commas must separate the columns, not semicolons or tabs.",
    "x,y\n1,2\n3\n": ":3: The line has 1 cell, the header has 2.",
    "x,y\n1,2,3\n": ":2: The line has 3 cells, the header has 2.",
    "x,y\n1,2\n3,abc\n": ":3: Column 'y': 'abc' is not a number.",
    "x,y\n1,\n": ":2: Column 'y': the cell is empty; a number is expected.",
    "x\n1\nnan\n": ":3: Column 'x': 'nan' is not accepted; leave the line out",
    "x\n1\n-inf\n": ":3: Column 'x': '-inf' is not accepted",
    "x\n1e999\n": ":2: Column 'x': '1e999' is too large for a double-precision number.",
    "x\n1_000\n": ":2: Column 'x': '1_000' is not a number.",
    "x\n١٢\n": ":2: Column 'x': '١٢' is not a number.",
    "x\na\x1b[31m\n": ":2: Column 'x': 'a\\x1b[31m' is not a number.",
    "x\n" + "a" * 100 + "\n": ":2: Column 'x': '" + "a" * 37 + "...' is not a number.",
    'x\n"1\n': "A cell begins with a quotation mark that is never closed.",
    'x\n"1"2\n': ":2: A cell goes on after its closing quotation mark",
    "x\n" + "1" * 200_000 + "\n": ":2: A cell has more than 131,072 characters.",
    "x\n1\n\x00\n": ":3: There is a NUL character; this is not a text file.",
    'x\n"1,5"\n': ":2: Column 'x': '1,5' is not a number; write a point before decimals and nothing between thousands.",
    'x,y\n1,"12,345.5"\n': ":2: Column 'y': '12,345.5' is not a number; write a point before decimals",
    "x\n1 234\n": ":2: Column 'x': '1 234' is not a number; write a point before decimals",
    "# weights\nx\n1\n": ":1: The first line must name the columns, and begins with '# weights'; comments are not accepted.",
    'x\n""\n': ":2: Column 'x': the cell is empty; a number is expected.",
    'x,y\n"1\n",2\n3,b\n': ":4: Column 'y': 'b' is not a number.",
}


@pytest.mark.parametrize("content", CONTENT)
def test_a_mistake_names_its_line_and_one_cell(file: Path, content: str) -> None:
    said = mistakes(file, content)
    assert CONTENT[content] in said
    assert said.startswith(f"{file}:")
    assert len(said.splitlines()) == 1


def test_a_cell_beside_the_fault_is_not_shown(file: Path) -> None:
    assert "4711" not in mistakes(file, "x,y\n4711,abc\n")


def test_bytes_that_are_not_utf8(file: Path) -> None:
    assert "Byte 0xe9 here or soon after is not UTF-8; save the file in that encoding." in mistakes(file, b"x\n1\ncaf\xe9\n")


def test_an_unknown_column_offers_the_nearest(file: Path) -> None:
    said = mistakes(file, "height,width\n1,2\n", ["heigth", "z"])
    assert "There is no column 'heigth'. Did you mean height?\n  The columns are height, width." in said
    assert "There is no column 'z'." in said


def test_lines_of_blanks_alone_are_blank(file: Path) -> None:
    file.write_text("x,y\n   \n1,2\n\t\n\n3,4\n \n")
    assert read_columns(file)["y"].tolist() == [2, 4]


def test_mistakes_come_line_by_line(file: Path) -> None:
    said = mistakes(file, "x,y\n?,1\n1,?\n2\n?,?\n")
    assert [int(line.split(":")[1]) for line in said.splitlines()] == [2, 3, 4, 5, 5]


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that is listed as regular and can't be read")
def test_a_file_that_can_not_be_read_after_all(file: Path) -> None:
    with pytest.raises(UsageError, match=r"'/proc/self/mem' can't be read: input/output error\."):
        read_columns("/proc/self/mem")
    with pytest.raises(ProblemError, match=r"a\.yaml:4:14: '/proc/self/mem' can't be read: input/output error\."):
        read_columns("/proc/self/mem", named_at=Place("data: {file: points.csv}", 13, 23, "a.yaml", 4))


def test_a_file_that_grows_while_it_is_read_is_no_larger_than_the_limit(file: Path) -> None:
    file.write_bytes(b"x\n1\n")
    with regular_file(file, 10) as opened:
        with file.open("ab") as more:
            more.write(b"2\n" * 10)
        with pytest.raises(ProblemError, match="is larger than 0 MB, the most that is read"):
            opened.read()


def test_all_mistakes_are_reported_up_to_twenty(file: Path) -> None:
    said = mistakes(file, "x,y\n1\na,b\n3,4,5\n")
    assert sorted(line.split(":")[1] for line in said.splitlines()) == ["2", "3", "3", "4"]
    many = mistakes(file, "x\n" + "a\n" * 100)
    assert many.count("is not a number") == 20
    assert "Reading stopped after 20 mistakes." in many


def test_too_many_rows_or_bytes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MAX_ROWS", 3)
    assert ":5: There are more than 3 rows." in mistakes(file, "x\n1\n2\n3\n4\n5\n")
    with file.open("wb") as written:
        written.truncate(257 * 2**20)
    with pytest.raises(ProblemError, match="is larger than 256 MB"):
        read_columns(file)


def test_a_file_that_cannot_be_opened(file: Path) -> None:
    (file.parent / "point.csv").touch()
    with pytest.raises(UsageError, match=r"There is no file '.*points\.csv'\. Did you mean point\.csv\?"):
        read_columns(file)
    os.mkfifo(file)
    with pytest.raises(UsageError, match="a regular file is expected"):
        read_columns(file)
    with pytest.raises(UsageError, match="is a folder; a file is expected"):
        read_columns(file.parent)


def test_a_missing_file_that_a_problem_names_is_a_mistake_of_the_problem(file: Path) -> None:
    place = Place("data: {file: points.csv}", 13, 23, "a.yaml", 4)
    with pytest.raises(ProblemError, match=r"a\.yaml:4:14: There is no file") as caught:
        read_columns(file, named_at=place)
    assert caught.value.exit_code == ExitCode.CONTENT


def test_mistakes_are_found_in_every_block(file: Path) -> None:
    rows = [str(i) for i in range(25_000)]
    rows[20_001] = "?"
    assert ":20003: Column 'x': '?' is not a number." in mistakes(file, "x\n" + "\n".join(rows))
    rows[20_001] = "0.5"
    file.write_text("x\n" + "\n".join(rows))
    assert len(read_columns(file)["x"]) == 25_000


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=20))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]]) -> None:
    file = tmp_path_factory.getbasetemp() / "back.csv"
    file.write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    columns = read_columns(file)
    assert list(zip(columns["a"].tolist(), columns["b"].tolist(), strict=True)) == rows


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text('ab1,.\n\r"e-;', max_size=60).map(str.encode))
def test_any_content_is_read_or_explained(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(content)
    try:
        columns = read_columns(file)
    except OptbenchError as error:
        assert len(error.mistakes) <= 21  # noqa: PT017
    else:
        assert all(np.isfinite(values).all() for values in columns.values())


def test_numbers_with_more_digits_than_a_double_are_not_taken_as_written_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("a,b,c,d\n0.1,9007199254740993,0.12345678901234568,1e-400\n2,1,0.5,0\n", encoding="utf-8")
    warnings: list[str] = []
    read_columns(file, warn=warnings.append)
    assert [re.search(r":2: Column '(\w)' has more digits than a double keeps", w)[1] for w in warnings] == ["b", "d"]  # type: ignore[index]


def outcome(file: Path, wanted: list[str] | None = None) -> object:
    """What is read, or the mistakes; and the warnings."""
    warnings: list[str] = []
    try:
        columns = read_columns(file, wanted, warn=warnings.append)
    except OptbenchError as error:
        return [str(mistake) for mistake in error.mistakes], warnings
    return [(name, [value.hex() for value in values.tolist()]) for name, values in columns.items()], warnings


cells = st.one_of(
    st.floats().map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["", " 1 ", '"2"', "1_0", "0", "-0.0", "1e-400", "0.1e-0400", "1e999", "0x1", "1 2", "\x0b1", "\x1c3", "١", "\0", "a"]),
)
lines = st.lists(cells, min_size=2, max_size=2).map(",".join) | st.sampled_from(["", " ", "1", "1,2,3", '"1\n",2'])


@settings(deadline=None, max_examples=300)
@given(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([None, ["b"], []]), st.integers(1, 5))
def test_lines_that_are_read_together_are_read_as_one_cell_after_the_other(
    tmp_path_factory: pytest.TempPathFactory, content: list[str], end: str, wanted: list[str] | None, together: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "both.csv"
    file.write_text("a,b\n" + "".join(line + end for line in content), newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "_BLOCK", together)
        found = outcome(file, wanted)
        patch.setattr(data, "plain_rows", lambda *_: None)
        assert found == outcome(file, wanted)


def test_a_fault_after_many_plain_lines_has_its_line(file: Path) -> None:
    plain = "x,y\n" + "1,2.5\n" * 25_000
    assert ":25002: Column 'y': '?' is not a number." in mistakes(file, plain + "1,?\n")
    assert "Byte 0xe9 here or soon after is not UTF-8; save the file in that encoding." in mistakes(file, plain.encode() + b"1,caf\xe9\n")
    file.write_text(plain + "1,0.30000000000000001\n")
    assert outcome(file)[1] == [f"{file}:25002: Column 'y' has more digits than a double keeps; its numbers are rounded to doubles."]  # type: ignore[index]
