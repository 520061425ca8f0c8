"""Bad input, each in a process of its own: a sentence, an exit code, no traceback, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from optbench.cli.app import run

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "optbench"]
PATIENCE = 60.0  # seconds; generous, as the machine may be busy
MARKER = f"OPTBENCH_TEST_{uuid.uuid4().hex}"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", MARKER: "1", **more}


def processes() -> list[int]:
    """Every process that inherited our marker, this one excepted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if MARKER.encode() in (folder / "environ").read_bytes() and "State:\tZ" not in (folder / "status").read_text():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def wait_until(condition: Any) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    yield
    assert wait_until(lambda: not processes())


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def optbench(*argv: str | bytes, stdin: bytes = b"", cwd: Path | None = None, **more: str) -> Ran:
    done = subprocess.run(
        [*COMMAND, *argv], input=stdin, capture_output=True, cwd=cwd, env=environment(**more), timeout=PATIENCE, check=False
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    for word in ("Traceback", "Exception ignored", "internal error"):
        assert word not in ran.err, ran.err
    return ran


def refused(ran: Ran, code: int, sentence: str) -> None:
    """A sentence, the code, and no answer."""
    first = ran.err.splitlines()[0] if ran.err else ""
    assert first == f"error: {sentence}", ran
    assert (ran.code, ran.out) == (code, "")
    assert len(ran.err) < 3000


# ---- expressions ----------------------------------------------------------------------------------------------------------

NESTED = "The expression is nested more than 200 deep, which is the limit."
EXPRESSIONS = {
    "x*log(": "The expression ends where an operand is needed, and this '(' is never closed.",
    "x +* 2": "A number, a name or '(' is needed here, not '*'.",
    "sinn(x)": "There is no function sinn. Did you mean sin?",
    "sin x": "sin is a function; its argument needs parentheses.",
    "1/2x": "A product without a sign after '/' can be read in two ways.",
    "x[1,2,3]": "x is a scalar and has no entries (declare a shape: --var x[10]=-5..5).",
    "__import__('os').system('id')": (
        "A prime has no meaning here; write the derivative out, or give the function and let optbench derive it."
    ),
    "().__class__": "There is nothing between these parentheses.",
    "lambda x: x": "':' can't stand here.",
    "9^9^9^9": "This power has more than 10,000 digits, which is the limit.",
    "1e999999999": "This number has more than 10,000 digits, which is the limit.",
    "(" * 100_000 + "x": NESTED,
    "x[red]y": "x is a scalar and has no entries (declare a shape: --var x[10]=-5..5).",
    "x\x1b[31my": "The character '\\x1b' is not part of the language.",
    "": "The expression is empty.",
    "3": "There is no variable in this problem.",
}


@pytest.mark.parametrize("text", EXPRESSIONS, ids=lambda text: text[:30] or "empty")
def test_a_bad_expression_is_a_sentence_with_its_place(text: str) -> None:
    ran = optbench("solve", text)
    refused(ran, 3, EXPRESSIONS[text])
    assert "^" in ran.err.splitlines()[2]


def test_every_bad_expression_of_a_list_is_a_row() -> None:
    """The same through standard input, with what no argument can hold: NUL bytes and a line of 10 MB."""
    texts = {
        **{text: sentence for text, sentence in EXPRESSIONS.items() if text},
        "x\0y": "The character '\\x00' is not part of the language.",
        "x" * 10_000_000: "The expression has 10,000,000 characters; the limit is 1,000,000.",
    }
    ran = optbench("solve", "-", "--json", stdin="\n".join(texts).encode())
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(row["status"], row["sentence"]) for row in found] == [("invalid", sentence) for sentence in texts.values()]
    assert all(row["error"].startswith(row["sentence"]) for row in found)
    assert len(ran.out) < 100_000
    assert ran.code == 3


def test_a_bad_expression_with_a_colon_is_not_taken_for_a_document() -> None:
    ran = optbench("solve", "-", stdin=b"lambda x: x")
    assert (ran.code, json.loads(ran.out)["sentence"]) == (3, EXPRESSIONS["lambda x: x"])


def test_with_json_a_bad_expression_is_a_result() -> None:
    ran = optbench("solve", "x*log(", "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["status"] == "invalid"
    assert json.loads(ran.out)["error"] == "\n".join([EXPRESSIONS["x*log("], "  x*log(", "       ^"])


def test_an_expression_that_begins_with_a_minus_sign_is_solved() -> None:
    ran = optbench("solve", "-x^2", "--range", "-1", "2", "--no-exact", "--no-certify", "--method", "bfgs", "--json")
    assert (ran.code, json.loads(ran.out)["value"]) == (0, -4.0)


def test_a_range_outside_the_natural_domain_is_infeasible() -> None:
    ran = optbench("solve", "log(x)", "--range", "-5", "-1")
    assert (ran.code, ran.err) == (6, "")
    assert "The problem is infeasible: on the range of x the function is defined nowhere." in ran.out


# ---- options --------------------------------------------------------------------------------------------------------------

OPTIONS = {
    ("--range", "5", "1"): (2, "--range takes the lower end first: --range 1 5."),
    ("--range", "pi", "1"): (3, "The range [pi, 1] of x is empty; the lower end comes first."),
    ("--range", "5"): (2, "Option '--range' requires 2 arguments. `optbench solve --help` shows what is accepted."),
    ("--tol", "0"): (2, "--tol takes a number between 0 and 1, not 0."),
    ("--tol", "nan"): (2, "--tol takes a number between 0 and 1, not nan."),
    ("--digits", "0"): (2, "--digits takes a number from 1 to 1000, not 0."),
    ("--digits", "100000000"): (2, "--digits takes a number from 1 to 1000, not 100000000."),
    ("--time-limit", "-1"): (2, "--time-limit takes a number of seconds from 0, not -1."),
    ("--time-limit", "inf"): (2, "--time-limit takes a number of seconds from 0, not inf."),
    ("--exact-time", "nan"): (2, "--exact-time takes a number of seconds from 0, not nan."),
    ("--memory-limit", "x"): (2, "--memory-limit takes a size of at least 1MB, such as 512MB or 4GB, not 'x'."),
    ("--memory-limit", "1"): (2, "--memory-limit takes a size of at least 1MB, such as 512MB or 4GB, not '1'."),
    ("--seed", "9" * 30): (2, f"--seed takes a whole number from 0 to 9007199254740991, not {'9' * 30}."),
    ("--seed", "-1"): (2, "--seed takes a whole number from 0 to 9007199254740991, not -1."),
    ("--method", "newtn"): (2, "There is no method newtn. Did you mean newton? `optbench methods` lists them."),
    ("--method", "zz*"): (2, "No method matches 'zz*'; `optbench methods` lists them."),
    ("--method", "newton:patienc=3"): (2, "newton has no option 'patienc'. Did you mean patience?"),
    ("--method", "newton:patience=x"): (2, "newton: patience must be a whole number at least 1, not 'x'."),
    ("--method", "newton:patience"): (2, "'newton:patience' is no method with options; write NAME:option=value,option=value."),
    ("--methd", "newton"): (2, None),
    ("--require", "certain"): (2, None),
    ("--starts", "0"): (2, "--starts takes a whole number from 1 to 1000, not 0."),
    ("--starts", "1.5"): (2, None),
    ("--format", "tabel"): (2, "--format knows no format 'tabel'. Did you mean table?"),
    ("--export", "rows.csv"): (2, "--export takes a format and a file, as csv=rows.csv, not 'rows.csv'."),
    ("--export", "\x1b[31m=a"): (2, "--export knows no format '\\x1b[31m'. There are csv, json, jsonl, latex, markdown, table."),
    ("--start", "x="): (2, "--start takes a name and a value, as x=1, not 'x='."),
    ("--start", "x=1/0"): (3, "The start of x is no finite number."),
    ("--start", "y=1"): (3, "y does not occur in the expression."),
    ("--param", "x"): (2, "--param takes a name and a value, as a=2, not 'x'."),
    ("--var", "x"): (2, "--var takes a range, as x=0..10, 'x=[0, 10)' or 'x[100]=-5..5', or a shape alone, as 'x[100]', not 'x'."),
    ("--var", "x=5"): (3, "'5' is no range; write [0, 10], (0, inf) or 0..10."),
    ("--var", "x[99999999]=0..1"): (3, "x has 99,999,999 entries; the limit is 10,000,000."),
    ("--subject-to", "x >"): (3, "The expression ends where an operand is needed."),
    ("--data", "nowhere.csv"): (2, None),
}


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_a_bad_option_is_a_sentence(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: what is refused before anything runs needs none of its own."""
    code, sentence = OPTIONS[options]
    ran = Ran(run(["solve", "(x-1)^2", "--no-exact", "--no-certify", *options]), *capsys.readouterr())
    assert "internal error" not in ran.err
    if sentence is None:
        assert (ran.code, ran.out) == (code, "")
        assert re.match(r"error: .+[.?)]\n", ran.err)
    else:
        refused(ran, code, sentence)


# ---- files ----------------------------------------------------------------------------------------------------------------

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES: dict[str, tuple[str | bytes, list[str]]] = {
    "unknown and duplicate keys": (
        'minimize: "x^2"\nvariable: {x: [0, 1]}\nminimize: y\n',
        [
            "p.yaml:2:1: A problem has no field 'variable'. Did you mean variables?",
            "p.yaml:3:1: 'minimize' is given twice; the first is on line 1.",
        ],
    ),
    "bars without quotes": (
        "minimize: |x-1|+x\n",
        ["p.yaml:1:11: In YAML | begins a text of several lines, so an expression with it needs quotes."],
    ),
    "a tag": ('minimize: !!python/object/apply:os.system ["id"]\n', ["p.yaml:1:11: In YAML ! begins a tag, which is not accepted"]),
    "a bomb": (BOMB, ["p.yaml:1:1: ", "In YAML & sets an anchor, which is not accepted (a small file could unfold into a huge one)"]),
    "NUL bytes": (b'minimize: "x\0"\n', ["p.yaml:1:13: The character '\\x00' is not allowed in YAML."]),
    "no UTF-8": (b'minimize: "x\xff"\n', ["p.yaml:1:13: Byte 0xff is not UTF-8; save the file in that encoding."]),
    "a line of 10 MB": (
        'minimize: "' + "x" * 10_000_000 + '"\n',
        ["p.yaml:1:12: The expression has 10,000,000 characters; the limit is 1,000,000."],
    ),
    "nothing": ("", ["There is no problem in this document"]),
    "a missing CSV": ('minimize: "sum(d)*x"\ndata: {file: no.csv}\n', ["p.yaml:2:14: There is no file 'no.csv'."]),
    "a ragged CSV": ('minimize: "sum(d)*x"\ndata: {file: ragged.csv}\n', ["ragged.csv:3: The line has 1 cell, the header has 2."]),
    "words in a CSV": ('minimize: "sum(d)*x"\ndata: {file: words.csv}\n', ["words.csv:3: Column 'd': 'foo' is not a number."]),
    "nan in a CSV": ('minimize: "sum(d)*x"\ndata: {file: nan.csv}\n', ["nan.csv:2: Column 'd': 'nan' is not accepted"]),
    "a folder as CSV": (
        'minimize: "sum(d)*x"\ndata: {file: folder.yaml}\n',
        ["p.yaml:2:14: 'folder.yaml' is a folder; a file is expected."],
    ),
    "a pipe as CSV": ('minimize: "sum(d)*x"\ndata: {file: pipe.yaml}\n', ["p.yaml:2:14: 'pipe.yaml' is a pipe, a socket or a device"]),
    "an unknown method": ('minimize: "x^2"\nmethods: [newtn]\n', ["There is no method newtn. Did you mean newton?"]),
    "control characters": ('minimize: "sinn(x)"\n"\\e[31m[/b]": 1\n', ["p.yaml:2:1: A problem has no field '\\x1b[31m[/b]'."]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ragged.csv").write_text("d,e\n1,2\n3\n")
    (tmp_path / "words.csv").write_text("d,e\n1,2\nfoo,3\n")
    (tmp_path / "nan.csv").write_text("d,e\nnan,2\n")
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    return tmp_path


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_sentences_with_places(case: str, folder: Path) -> None:
    content, sentences = FILES[case]
    (folder / "p.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = optbench("solve", "p.yaml", cwd=folder)
    assert (ran.code, ran.out) == (2 if case == "an unknown method" else 3, "")
    assert ran.err.startswith("error: ")
    for sentence in sentences:
        assert sentence in ran.err
    assert all(c.isprintable() or c == "\n" for c in ran.err)
    assert len(ran.err) < 12_000
    assert not list(folder.glob("id*"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("folder.yaml", "'folder.yaml' is a folder; a file is expected."),
        ("pipe.yaml", "'pipe.yaml' is a pipe, a socket or a device; a regular file is expected (standard input is written -)."),
        ("missing.yaml", "There is no file 'missing.yaml'."),
        ("no/p.yaml", "There is no folder 'no'."),
        ("model.nl", "There is no file 'model.nl'."),
        ("@rosenbrok", "There is no bundled problem 'rosenbrok'. Did you mean rosenbrock?"),
    ],
)
def test_what_is_no_problem_file_is_a_sentence(name: str, sentence: str, folder: Path) -> None:
    refused(optbench("solve", name, cwd=folder), 2, sentence)
    as_json = optbench("solve", name, "--json", cwd=folder)
    assert (as_json.code, json.loads(as_json.out)["status"]) == (2, "invalid")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("/dev/zero", "'/dev/zero' is a pipe, a socket or a device; a regular file is expected."),
        ("/dev/stdin", "'/dev/stdin' is a pipe, a socket or a device; a regular file is expected."),
        ("pipe.csv", "'pipe.csv' is a pipe, a socket or a device; a regular file is expected."),
        ("zero.csv", "'zero.csv' is a pipe, a socket or a device; a regular file is expected."),
        ("folder.yaml", "'folder.yaml' is a folder; a file is expected."),
        ("/proc/self/mem", "'/proc/self/mem' can't be read: input/output error."),
        ("huge.csv", "'huge.csv' is larger than 256 MB, the most that is read."),
        ("missing.csv", "There is no file 'missing.csv'."),
    ],
)
def test_what_can_not_be_data_is_a_sentence_at_once(data: str, sentence: str, folder: Path) -> None:
    """Named in a problem file it has a place there; on the command line it is how the program was called, but for the size."""
    os.mkfifo(folder / "pipe.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    with (folder / "huge.csv").open("wb") as written:
        written.truncate(300 * 2**20)
    text = 'minimize: "sum((y - a*x)^2)"\nvariables: {a: {}}\ndata: {file: "%s"}\n'
    (folder / "d.yaml").write_text(text % data, encoding="utf-8")
    ran = optbench("solve", "d.yaml", cwd=folder)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.splitlines()[0].startswith(f"error: d.yaml:3:14: {sentence}")
    assert ran.err.count("error:") == 1
    flag = optbench("solve", "sum((y - a*x)^2)", "--data", data, cwd=folder)
    assert flag.code == (3 if data == "huge.csv" else 2)
    assert flag.err.count("error:") == 1
    assert sentence.partition("'")[0] in flag.err


@pytest.mark.parametrize("name", ["/dev/zero", "pipe.yaml", "folder.yaml"])
def test_proofs_are_not_read_from_devices(name: str, folder: Path) -> None:
    ran = optbench("verify", name, cwd=folder)
    assert (ran.code, ran.out) == (2, "")
    assert "file is expected" in ran.err


@pytest.mark.parametrize(
    ("objective", "sentence"),
    [
        ("sum(x*i^2 for i in 0..10^9)", "This sum has more than 10,000,000 terms, which is the limit."),
        ("sum(x*i*j for i in 0..10^5 for j in 0..10^5)", "terms, which is the limit."),
        ("sum(zeros(10^9)) + x", "An array of shape 1000000000 has 1,000,000,000 entries; the limit is 10,000,000."),
        ("sum(ones(10^5, 10^5)) + x", "An array of shape 100000 x 100000 has 10,000,000,000 entries; the limit is 10,000,000."),
        ("sum(y)", "y has 100,000,000 entries; the limit is 10,000,000."),
    ],
)
def test_what_is_too_large_is_refused_without_taking_memory(objective: str, sentence: str) -> None:
    """In 1 GiB of addresses, of which numpy and Python take half."""
    limited = [
        "sh",
        "-c",
        'ulimit -v 1048576; exec "$@"',
        "sh",
        *COMMAND,
        "solve",
        objective,
        *(["--var", "y[10000, 10000]=0..1"] if "y" in objective else []),
    ]
    done = subprocess.run(limited, capture_output=True, env=environment(OPENBLAS_NUM_THREADS="1"), timeout=PATIENCE, check=False)
    assert done.returncode == 3
    assert sentence in done.stderr.decode().splitlines()[0]


def test_a_file_of_another_ending_is_pointed_out(folder: Path) -> None:
    ran = optbench("solve", "ragged.csv", cwd=folder)
    assert ran.code == 3
    assert "'ragged.csv' is also the name of a file; problems are read from .yaml, .yml, .json and .nl files." in ran.err


def test_bytes_on_standard_input_that_are_no_text() -> None:
    refused(optbench("solve", "-", stdin=b"x^2\n\xff\xfe"), 2, "Standard input is not UTF-8: byte 0xff on line 2.")
    refused(optbench("solve", "-", stdin=b"x" * (16 * 2**20 + 1)), 2, "Standard input has more than 16 MB, which is the limit.")


# ---- streams --------------------------------------------------------------------------------------------------------------

SHORT = "(x-1)^2 --no-exact --no-certify --method bfgs"
SHORT_QUOTED = "'(x-1)^2' --no-exact --no-certify --method bfgs"


def shell(line: str, **more: str) -> Ran:
    """Run a line of the shell in which `optbench` is this program."""
    script = f'set -o pipefail; optbench() {{ "{sys.executable}" -m optbench "$@"; }}; {line}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, env=environment(**more), timeout=PATIENCE, check=False)
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err
    assert "Exception ignored" not in ran.err
    return ran


def test_a_reader_who_leaves_ends_it_quietly() -> None:
    lines = "\n".join(["(x-1)^2"] * 40)
    ran = shell(f"printf '{lines}' | optbench solve - --no-exact --no-certify --method newton | head -1")
    assert (ran.code, ran.err, len(ran.out.splitlines())) == (0, "", 1)
    assert json.loads(ran.out)["value"] == 0
    assert shell("optbench solve '(x-1)^2' --no-exact --no-certify | true").err == ""
    assert shell("optbench --help | true").err == ""
    for what in (f"solve {SHORT_QUOTED} --format csv", "problems", "schema result", "info"):
        assert shell(f"optbench {what} | head -1").err == "", what


def test_a_reader_who_leaves_takes_no_copy_along(tmp_path: Path) -> None:
    one, lines, trace = (tmp_path / name for name in ("one.csv", "lines.csv", "trace.jsonl"))
    assert shell(f"optbench solve {SHORT_QUOTED} --export csv={one} --trace {trace} | true").err == ""
    assert len(one.read_text().splitlines()) == 2
    assert trace.read_text()
    printed = "\n".join(["(x-1)^2"] * 30)
    shell(f"printf '{printed}' | optbench solve - --no-exact --no-certify --method newton --export csv={lines} | head -1")
    assert len(lines.read_text().splitlines()) > 1


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("folder.yaml", "is a directory"),
        ("no/folder/a.csv", "no such file or directory"),
        ("ragged.csv/a", "not a directory"),
        ("/dev/full", "no space left on device"),
        ("a" * 300, "file name too long"),
    ],
)
@pytest.mark.parametrize("option", ["--export csv=", "--trace "])
def test_a_copy_that_can_not_be_written_is_a_sentence_after_the_answer(folder: Path, option: str, target: str, reason: str) -> None:
    ran = shell(f"cd {folder}; optbench solve {SHORT_QUOTED} --json {option}{target}")
    assert (ran.code, json.loads(ran.out)["value"]) == (2, 0.0)
    assert ran.err == f"error: '{target}' can't be written: {reason}.\n"


@pytest.mark.parametrize("name", ["pipe", "link to a pipe", "folder.yaml"])
def test_a_certificate_takes_the_place_of_no_pipe_or_device(name: str, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "link to a pipe").symlink_to("pipe")
    refused(
        optbench("solve", "x^2", "--certificate", name, cwd=folder),
        2,
        f"--certificate can't write '{name}': it is no file in a folder that can be written to.",
    )
    assert (folder / "pipe").is_fifo()


def test_each_of_several_copies_is_tried(tmp_path: Path) -> None:
    good = tmp_path / "good.md"
    ran = shell(f"optbench solve {SHORT_QUOTED} --quiet --export json=/dev/full --export csv={tmp_path} --export markdown={good}")
    assert (ran.code, len(ran.err.splitlines())) == (2, 2)
    assert good.read_text().startswith("## minimize")


def test_a_full_disk_is_a_sentence() -> None:
    solved = [SHORT, f"{SHORT} --json", f"{SHORT} --format latex", "x --json --nonsense"]
    others = ["methods", "check @rosenbrock", "--help", "problems", "problems export rosenbrock -", "schema", "info"]
    for what in (*(f"solve {line}" for line in solved), *others):
        ran = shell(f"optbench {what.replace('(x-1)^2', chr(39) + '(x-1)^2' + chr(39))} > /dev/full")
        assert (ran.code, ran.err) == (2, "error: The answer can't be written to standard output: no space left on device.\n"), what


def test_closed_streams_are_a_sentence_or_silence() -> None:
    closed = shell("optbench solve '(x-1)^2' --no-exact --no-certify >&-")
    assert (closed.code, closed.err) == (2, "error: Standard output is closed, so the answer can't be given.\n")
    mute = shell("optbench solve '(x-1)^2' --range 0 2 --start x=9 --no-exact --no-certify 2>&-")
    assert mute.code == 0
    assert mute.out.startswith("minimize (x - 1)^2\n")
    assert "warning" not in mute.out
    deaf = shell("optbench solve - <&-")
    assert (deaf.code, deaf.err) == (2, "error: Standard input is closed; a problem is expected there.\n")
    assert shell("optbench solve '(x-1)^2' --no-exact --no-certify <&-").code == 0


def test_a_narrow_encoding_is_enough() -> None:
    narrow = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    ran = optbench("solve", "√(\u00e9²+1) + sinn(x)", **narrow)
    assert ran.code == 3
    assert "  \\u221a(\\xe9\\xb2+1) + sinn(x)" in ran.err
    solved = optbench("solve", "(\u00e9-1)²", "--no-exact", "--no-certify", "--method", "bfgs", **narrow)
    assert solved.code == 0
    assert "\\xe9 in (-inf, inf)" in solved.out
    lines = optbench("solve", "-", "--no-exact", "--no-certify", "--method", "bfgs", stdin="(\u00e9-1)²".encode(), **narrow)
    assert list(json.loads(lines.out)["solutions"][0]["point"]) == ["\u00e9"]
    assert optbench("solve", b"x\xff^2", "--no-exact", "--no-certify", **narrow).code == 3


# ---- signals --------------------------------------------------------------------------------------------------------------

ENDLESS = """
import sys, time
from optbench.methods.method import Method, Outcome
from optbench.methods.registry import get
from optbench.workbench import panel

def algorithm(objective, x, value, options):
    yield 2.0, objective.value(2.0)
    while True:
        time.sleep(0.01)
        objective.value(3.0)

known = {"endless": Method("endless", "Goes on.", "nobody", algorithm), "bfgs": get("bfgs")}
panel.get, panel.names = known.__getitem__, lambda: tuple(known)
from optbench.cli.app import run
sys.exit(run(sys.argv[1:]))
"""


def endless(*options: str) -> subprocess.Popen[str]:
    """A run with one method that never ends, begun and with children."""
    argv = [
        sys.executable,
        "-c",
        ENDLESS,
        "solve",
        "(x-1)^2",
        "--start",
        "x=5",
        "--no-exact",
        "--no-certify",
        "--method",
        "endless",
        "--method",
        "bfgs",
        "--time-limit",
        "600",
        *options,
    ]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True)
    assert wait_until(lambda: len(processes()) >= 2)
    return process


@pytest.mark.parametrize("to_group", [False, True], ids=["process", "terminal"])
def test_an_interrupt_prints_what_was_done_and_leaves_no_child(to_group: bool) -> None:
    process = endless("--json")
    time.sleep(1.0)  # bfgs ends in the meantime, or is interrupted as well
    (os.killpg if to_group else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "interrupted: what was done until then is shown.\n")
    row = {row["method"]: row for row in json.loads(out)["attempts"]}["endless"]
    assert (row["status"], row["reason"]) == ("killed", "was interrupted")
    assert row["value"] == 1.0
    assert not processes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_a_parent_that_is_killed(number: int) -> None:
    process = endless()
    assert len(processes()) >= 2
    os.kill(process.pid, number)
    process.communicate(timeout=PATIENCE)
    assert wait_until(lambda: not processes())
