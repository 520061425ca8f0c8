"""The pages of the methods are what the table of methods says, and their examples are problems that there are."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from optbench.methods.registry import names
from optbench.problem.library import names as problems

DOCS = Path(__file__).parent.parent / "docs"
PAGES = runpy.run_path(str(DOCS / "make_method_pages.py"))["pages"]


def test_every_page_is_up_to_date() -> None:
    wanted = PAGES()
    stale = [file.name for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    assert not stale, f"run `python docs/make_method_pages.py`: {', '.join(stale)}"
    assert {file.name for file in (DOCS / "methods").glob("*.md")} == {file.name for file in wanted}


def test_there_is_a_page_a_method() -> None:
    assert {file.stem for file in PAGES()} == {"README", *names()}


def test_examples_are_bundled_problems() -> None:
    assert {name for text in PAGES().values() for name in re.findall(r"solve @(\w+)", text)} <= set(problems())
