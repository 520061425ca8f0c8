"""`optbench verify` on results: what it prints, its exit codes, certificates' files beside closed forms, and files that are none."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from test_verify_closed_forms import Json, certificate_of, replaced, solved

from optbench.cli.app import run
from optbench.verify import result_in


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda *argv: Ran(run(argv), *capsys.readouterr())


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Json], str]:
    def write(result: Json) -> str:
        file = tmp_path / "result.json"
        file.write_text(json.dumps(result, indent=2))
        return str(file)

    return write


def test_the_command_says_what_is_proved(command: Any, written: Callable[[Json], str]) -> None:
    file = written(solved("cosine"))
    ran = command("verify", file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[:2] == [
        f"{file}: accepted: 2 proofs on x^2/2 - sin(x).",
        "  closed form of x = 0.7390851332151607: none from integers by + - * /, roots of polynomials, exp and log: "
        "proved, if Schanuel's conjecture is true (Lin 1983)",
    ]
    facts = json.loads(command("verify", "--json", file).out)
    assert (facts["accepted"], [f["theorem"] for f in facts["closed_forms"]]) == (True, ["lin1983", "kernel-lambertw"])
    assert facts["closed_forms"][0]["at"] == {"x": 0.7390851332151607}


def test_the_command_refuses_with_code_9(command: Any, written: Callable[[Json], str]) -> None:
    result = solved("cosine")
    certificate_of(result)["polynomials"] = ["w^4 + 4*w^2*z^2 + 2*w^2 + 3"]
    file = written(result)
    ran = command("verify", file)
    assert (ran.code, ran.out) == (9, f"{file}: refused: the polynomials of the certificate are not those of the equation.\n")
    assert json.loads(command("verify", "--json", file).out)["accepted"] is False


def test_a_check_that_takes_too_long_is_a_refusal(command: Any, written: Callable[[Json], str], monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr("optbench.cli.verify._SECONDS", 0.2)
    monkeypatch.setattr("optbench.verify.check_result", lambda *_: time.sleep(60))
    ran = command("verify", written(solved("cosine")))
    assert ran.code == 9
    assert "refused: the check ran past its wall limit of 0.2 s" in ran.out


def test_both_the_certificate_and_the_closed_form_are_checked(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = command("solve", "x*log(x) - sqrt(x)", "--range", "0", "10", "--certificate", "proof.jsonl", "--method", "bfgs", "--json")
    Path("answer.json").write_text(made.out)
    accepted = command("verify", "answer.json")
    assert (accepted.code, accepted.out.splitlines()[0]) == (0, "answer.json: accepted: 2 proofs on x*log(x) - sqrt(x).")
    assert "the minimum of x*log(x) - sqrt(x) lies in [-1.0868882653329" in accepted.out
    result = json.loads(made.out)
    for path, changed in [
        (("problem", "hash"), "sha256:0"),
        (("problem", "variables", "x", "range"), "[0, 9]"),
        (("value_enclosure",), ["-2", "-1.9"]),
        (("certificate", "file"), "answer.json"),
        (("certificate", "file"), "."),
    ]:
        other = copy.deepcopy(result)
        replaced(other, path, changed)
        Path("other.json").write_text(json.dumps(other))
        assert command("verify", "other.json").code == 9, path
    Path("proof.jsonl").unlink()
    assert command("verify", "answer.json").code == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"schema": "optbench/result/2"}', b"\xff", b"[" * 100_000])
def test_what_is_no_result_is_left_to_the_check_of_certificates(content: bytes, command: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    assert result_in(file) is None
    assert command("verify", str(file)).code == 9


@pytest.mark.parametrize("path", [("value_enclosure", 0), ("value_enclosure", 1), ("status",)], ids=str)
def test_a_certified_result_says_what_its_certificate_proves(
    path: tuple[Any, ...], command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = command("solve", "x^2/2 - sin(x)", "--range", "0.5", "2", "--certificate", "proof.jsonl", "--method", "bfgs", "--json")
    result = json.loads(made.out)
    assert result["assurance"] == "certified"
    Path("right.json").write_text(json.dumps(result), encoding="utf-8")
    assert command("verify", "right.json").code == 0
    replaced(result, path, "locally_optimal" if path == ("status",) else result["value_enclosure"][path[1]] + "1")
    Path("wrong.json").write_text(json.dumps(result), encoding="utf-8")
    ran = command("verify", "wrong.json")
    assert (ran.code, "the result is not what its certificate proves" in ran.out) == (9, True)


@pytest.mark.parametrize("content", [{}, {"problem": None}, {"problem": {}, "solutions": 5, "closed_form": 1, "certificate": []}])
def test_a_result_without_its_fields_is_refused(content: Json, command: Any, written: Callable[[Json], str]) -> None:
    ran = command("verify", written({"schema": "optbench/result/1", **content}))
    assert (ran.code, ran.err) == (9, "")


def test_a_power_that_would_never_end_is_refused(command: Any, written: Callable[[Json], str]) -> None:
    result = solved("cosine")
    certificate_of(result)["polynomials"] = ["(w + z + x + y0 + y1 + y2 + y3 + a0 + a1 + a2)^60"]
    ran = command("verify", written(result))
    assert (ran.code, "a power is too great" in ran.out) == (9, True)
