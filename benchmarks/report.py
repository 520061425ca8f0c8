"""What a report of 10,000 attempts costs: seconds to write it, its size, and seconds until Chromium has opened it and answered a click.

    python benchmarks/report.py --write benchmarks/report.json

The journals are made up: many problems, or many methods, or iterates in every record. The browser is Debian's `chromium`, driven by
Playwright (the extra [test]); without one of them its figures are left out.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

GOALS = {"written_seconds": 10.0, "megabytes": 5.0, "answered_seconds": 3.0}


class Shape(NamedTuple):
    """A journal: problems, methods, seeds, and iterates in each record."""

    problems: int
    methods: int
    seeds: int
    iterates: int

    @property
    def attempts(self) -> int:
        return self.problems * self.methods * self.seeds


SHAPES = {
    "1,000 problems": Shape(1000, 10, 1, 0),
    "200 methods": Shape(50, 200, 1, 0),
    "with iterates": Shape(100, 10, 10, 20),
    "5,000 problems": Shape(5000, 2, 1, 0),
}


def records(shape: Shape) -> Iterator[dict[str, Any]]:
    """Yield the header and the records of a journal of that shape."""
    chance = random.Random(1)
    yield {"schema": "optbench/run/1", "run": "1", "options": {"time_limit": 30.0}, "environment": {}}
    for p in range(shape.problems):
        for m in range(shape.methods):
            for seed in range(shape.seeds):
                yield _record(p, m, seed, shape.iterates, chance)


def _record(p: int, m: int, seed: int, iterates: int, chance: random.Random) -> dict[str, Any]:
    error = 10 ** chance.uniform(-14, -4)
    seconds = 10 ** chance.uniform(-4, 0)
    steps = [(10 ** (2 + (math.log10(error) - 2) * k / iterates), seconds * k / iterates, 7 * k) for k in range(1, iterates + 1)]
    return {
        "schema": "optbench/attempt/1",
        "key": f"{p}-{m}-{seed}",
        "run": "1",
        "problem": f"a problem with a usual name {p}",
        "problem_hash": f"sha256:{p}",
        "sense": "minimize",
        "dimension": 1 + p % 40,
        "known_value": 0.0,
        "scan": {},
        "base_seed": seed,
        "repeat": 0,
        "method": f"method-{m}",
        "kind": "numerical",
        "status": "converged" if error < 1e-6 else "stalled",
        "reason": None if error < 1e-6 else f"no descent for {m} iterations",
        "value": error,
        "infeasibility": None,
        "objective_evaluations": 7 * max(iterates, chance.randrange(1, 1000)),
        "setup_seconds": 0.0,
        "solve_seconds": seconds,
        "options": {},
        "version": "optbench",
        "assurance": "local",
        "trace": [
            {
                "start": 0,
                "seconds": s,
                "objective_evaluations": n,
                "gradient_evaluations": 0,
                "value": value,
                "infeasibility": None,
                "point": {"x": value},
            }
            for value, s, n in steps
        ]
        or None,
    }


def measured(shape: Shape, folder: Path) -> dict[str, float]:
    """Return the figures of a journal of that shape."""
    journal, page = folder / "run.jsonl", folder / "report.html"
    journal.write_text("".join(json.dumps(record) + "\n" for record in records(shape)), encoding="utf-8")
    began, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "optbench", "report", str(journal), "-o", str(page)], check=True)
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    found = {"attempts": float(shape.attempts), "written_seconds": wall, "cpu_seconds": spent, "megabytes": page.stat().st_size / 1e6}
    return found | in_browser(page)


def in_browser(page: Path) -> dict[str, float]:
    """Return the seconds until the page is open and a click on a heading is answered; nothing without a browser."""
    chromium = shutil.which("chromium")
    if chromium is None or find_spec("playwright") is None:
        return {}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view = browser.new_page()
        began = time.perf_counter()
        view.goto(page.resolve().as_uri())
        opened = time.perf_counter() - began
        view.get_by_role("button", name="relative error").click()
        view.wait_for_selector("th[aria-sort=ascending]")
        answered = time.perf_counter() - began
        began = time.perf_counter()
        view.locator("[data-method='1']").click()
        view.wait_for_function("document.getElementById('hidden').textContent !== ''")
        hidden = time.perf_counter() - began
        browser.close()
    return {"opened_seconds": opened, "answered_seconds": answered, "hidden_seconds": hidden}


def main() -> None:
    """Measure, and print what was seen beside the goals."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", metavar="FILE", help="keep the figures as JSON")
    arguments = parser.parse_args()
    figures = {}
    for name, shape in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = measured(shape, Path(folder))
        shown = ", ".join(f"{key.replace('_', ' ')} {value:.2f}{_goal(key)}" for key, value in figures[name].items() if key != "attempts")
        print(f"{name} ({shape.attempts:,} attempts): {shown}")
    if arguments.write:
        machine = {"python": platform.python_version(), "processors": os.cpu_count()}
        Path(arguments.write).write_text(json.dumps({"goals": GOALS, "machine": machine, "figures": figures}, indent=1) + "\n")


def _goal(key: str) -> str:
    return f" (goal {GOALS[key]:g})" if key in GOALS else ""


if __name__ == "__main__":
    main()
