"""The bundled problems can be listed and found by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from optbench.errors import ExitCode, UsageError
from optbench.problem import library


def test_names_are_sorted_and_include_the_headline() -> None:
    names = library.names()
    assert names == sorted(names)
    assert "entropy_root" in names
    assert len(names) >= 60


@pytest.mark.parametrize("name", library.names())
def test_every_name_has_a_file_that_opens_with_a_comment(name: str) -> None:
    assert library.path(name).read_text(encoding="utf-8").startswith("# ")


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        library.path("rosenbrok")
    assert str(caught.value) == ("There is no bundled problem 'rosenbrok'. Did you mean rosenbrock?\n  `optbench problems` lists them all.")
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("name", ["", "../pyproject", "data/iris", "rosenbrock.yaml", "a\x1b[31mb", "x\0y", "y" * 10_000_000])
def test_a_name_that_is_no_problem_is_a_short_sentence(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        library.path(name)
    assert len(str(caught.value)) < 300
    assert "\x1b" not in str(caught.value)


def test_an_installed_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "optbench"
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "beside.yaml").touch()
    monkeypatch.setattr(library, "_PACKAGE", package)
    assert library.names() == ["beside"]
    (package / "problems").mkdir(parents=True)
    (package / "problems" / "inside.yaml").touch()
    assert library.names() == ["inside"]
    assert library.path("inside") == package / "problems" / "inside.yaml"
