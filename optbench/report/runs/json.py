"""A run, or two compared, as one line of JSON: `"schema": "optbench/summary/1"` or `"optbench/comparison/1"`.

Costs that are infinite, as of what is never solved, are null; curves are lists of pairs of a cost and a share.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from optbench.report.runs.words import of_comparison, of_finding, of_run
from optbench.result import plain
from optbench.statistics.change import AnswerChange, Comparison, Finding, MethodChange
from optbench.statistics.cost_change import CostChange
from optbench.statistics.profiles import Curve
from optbench.statistics.records import Record
from optbench.statistics.summary import Summary


def render(found: Summary | Comparison) -> str:
    """Return the line."""
    fields = _comparison(found) if isinstance(found, Comparison) else _summary(found)
    return json.dumps(plain(fields), allow_nan=False) + "\n"


def _summary(found: Summary) -> dict[str, Any]:
    profiles = found.profiles
    return {
        "schema": "optbench/summary/1",
        "run": found.name,
        "sentences": list(of_run(found)),
        "problems": found.problems,
        "cases": found.cases,
        "attempts": found.attempts,
        "unreadable": [one._asdict() for one in found.unreadable],
        "truths": found.bases,
        "without_optimum": found.without_optimum,
        "disputes": found.disputes,
        "limit_seconds": found.limit_seconds,
        "limit_evaluations": found.limit_evaluations,
        "common": found.common,
        "methods": found.methods,
        "profiles": {
            "time": _curves(profiles.by_seconds),
            "evaluations": _curves(profiles.by_evaluations),
            "data": [{"tau": tau, "methods": _curves(curves)} for tau, curves in profiles.data.items()],
            "ecdf": _curves(profiles.ecdf),
            "expected_evaluations": profiles.expected,
            "missing": profiles.missing,
            "traced": profiles.is_traced,
        },
        "warnings": found.warnings,
    }


def _curves(curves: Mapping[str, Curve]) -> dict[str, Any]:
    return {method: [list(step) for step in curve.steps()] for method, curve in curves.items()}


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "schema": "optbench/comparison/1",
        "base": found.base,
        "new": found.new,
        "threshold": found.threshold,
        "sentences": list(of_comparison(found)),
        "problems": found.problems,
        "regressions": sum(finding.is_regression for finding in found.findings),
        "findings": [_finding(finding, found) for finding in found.findings],
        "answers": [_answer(change) for change in found.answers],
        "methods": list(map(_method, found.methods)),
        "notes": found.notes,
    }


def _finding(finding: Finding, found: Comparison) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "method": finding.method,
        "regression": finding.is_regression,
        "problems": [change.name for change in finding.answers],
        "cost": _cost(finding.cost),
        "sentence": of_finding(finding, found),
    }


def _answer(change: AnswerChange) -> dict[str, Any]:
    return {
        "method": change.method,
        "problem": change.name,
        "change": change.kind,
        "truth": change.truth.value,
        "truth_is": change.truth.basis,
        "base": _attempt(change.base.last, change.base.solved),
        "new": _attempt(change.new.last, change.new.solved),
    }


def _attempt(record: Record, solved: float) -> dict[str, Any]:
    return {"value": record.feasible_value, "status": record.status, "assurance": record.assurance, "solved": solved}


def _method(method: MethodChange) -> dict[str, Any]:
    pairs = {name: {"base": its[0], "new": its[1]} for name in ("solved", "claimed", "wrong") if (its := getattr(method, name))}
    costs = {"time": _cost(method.time), "evaluations": _cost(method.evaluations)}
    return {"method": method.method, "kind": method.kind, "cases": method.cases, **pairs, **costs}


def _cost(cost: CostChange | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {
        "trend": cost.trend,
        "problems": len(cost.ratios),
        "ratio": cost.median,
        "quartiles": cost.quartiles,
        "grown": [problem for problem, _ in cost.grown],
        "shrunk": [problem for problem, _ in cost.shrunk],
        "p_value": cost.p_value,
    }
