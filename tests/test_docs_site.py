"""The pages of docs/: what their commands print is what they say, the site has no broken link, and it loads nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
RUN = ("getting-started.md", "language.md", "plot.md")  # whose commands are run here; others have a test of their own
STEP = re.compile(r"```console\n\$ ([^\n]*)\n(.*?)```", re.DOTALL)
STEPS = [(name, *step) for name in RUN for step in STEP.findall((DOCS / name).read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("name", "command", "shown"), STEPS, ids=[f"{name} {command[:50]}" for name, command, _ in STEPS])
def test_what_a_command_prints(name: str, command: str, shown: str) -> None:
    run = command.replace("optbench ", f"{shlex.quote(sys.executable)} -m optbench ", 1)
    surroundings = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(["bash", "-c", f"{run} 2>&1"], capture_output=True, text=True, timeout=120, check=False, env=surroundings)
    table = re.compile(r"(?ms)^method +status.*")  # it has times
    assert table.sub("", done.stdout).strip() == table.sub("", shown).strip()


def test_the_page_on_the_language_is_written_from_the_table() -> None:
    spec = importlib.util.spec_from_file_location("make_language_page", DOCS / "make_language_page.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run python docs/make_language_page.py"


class Loaded(HTMLParser):
    """What a page loads when it is looked at, links that are to be clicked left out."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.addresses += [value for name in ("src", "srcset", "data", "poster") if (value := given.get(name))]
        if tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.addresses.append(given.get("href") or "")


def test_the_site_builds_without_a_broken_link_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    for package in ("mkdocs", "material"):
        pytest.importorskip(package, reason="the extra `docs` is not installed")
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(DOCS / "site" / "mkdocs.yml"), "-d", str(tmp_path)]
    surroundings = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env=surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    built = {path.relative_to(tmp_path).with_suffix(".md").as_posix() for path in tmp_path.rglob("*.html")}
    written = {path.relative_to(DOCS).as_posix().replace("README", "index") for path in DOCS.rglob("*.md")}
    assert written <= built
    for page in tmp_path.rglob("*.html"):
        reader = Loaded()
        reader.feed(page.read_text(encoding="utf-8"))
        assert reader.addresses
        assert not [address for address in reader.addresses if re.match(r"(https?:)?//", address)], page
    for style in tmp_path.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_every_page_can_be_found() -> None:
    nav = (DOCS / "site" / "mkdocs.yml").read_text(encoding="utf-8")
    for path in DOCS.glob("*.md"):
        assert f": {path.name}\n" in nav, f"docs/site/mkdocs.yml leaves {path.name} out"
