"""Journals made by hand: records as `optbench batch` writes them, with the fields that a test is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optbench.statistics.records import Run, parsed

HEADER = {
    "schema": "optbench/run/1",
    "run": "0123456789abcdef",
    "options": {"time_limit": 30.0, "jobs": 1},
    "plan": {"seeds": [0], "repeats": 1},
    "environment": {"optbench": "0.1.0", "processor": "one"},
}


def attempt(problem: str, method: str, value: float | None = 0.0, **changes: Any) -> dict[str, Any]:
    """A record of a numerical attempt that converged, but for the changes."""
    fields = {
        "schema": "optbench/attempt/1",
        "run": "0123456789abcdef",
        "started": "2026-01-01T00:00:00.000Z",
        "problem": problem,
        "problem_hash": f"sha256:{hashlib.sha256(problem.encode()).hexdigest()}",
        "sense": "minimize",
        "dimension": 2,
        "constraint_count": 0,
        "known_value": None,
        "file": None,
        "scan": {},
        "base_seed": 0,
        "repeat": 0,
        "method": method,
        "kind": "numerical",
        "status": "converged",
        "reason": None,
        "value": value,
        "infeasibility": 0.0,
        "objective_evaluations": 10,
        "gradient_evaluations": 0,
        "hessian_evaluations": 0,
        "constraint_evaluations": 0,
        "setup_seconds": 0.0,
        "solve_seconds": 0.01,
        "seed": 1,
        "options": {},
        "version": "optbench 0.1.0",
        "trace": None,
        "assurance": "local",
        "value_enclosure": None,
        **changes,
    }
    identity = [fields[name] for name in ("problem_hash", "problem", "method", "kind", "base_seed", "repeat", "scan")]
    return {"key": hashlib.sha256(json.dumps(identity).encode()).hexdigest(), **fields}


def proof(problem: str, value: float | None, assurance: str = "exact", **changes: Any) -> dict[str, Any]:
    """A record of an exact or a certified attempt that succeeded."""
    kind, method = ("exact", "exact stage") if assurance == "exact" else ("certified", "branch-and-bound")
    counts = {"objective_evaluations": 0, "infeasibility": None, "base_seed": None}
    return attempt(problem, method, value, kind=kind, assurance=assurance, **{**counts, **changes})


def lines(records: Iterable[dict[str, Any]], **header: Any) -> list[str]:
    """The lines of a journal."""
    return [json.dumps(entry) + "\n" for entry in ({**HEADER, **header}, *records)]


def run(*records: dict[str, Any], name: str = "run.jsonl", **header: Any) -> Run:
    """A run of these records."""
    return parsed(lines(records, **header), name)


def written(path: Path, records: Iterable[dict[str, Any]], **header: Any) -> Path:
    """A journal in a file."""
    path.write_text("".join(lines(records, **header)), encoding="utf-8")
    return path
