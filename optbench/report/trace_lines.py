"""The iterates of traced attempts as JSON Lines, one record an iterate: `problem`, `method`, and the fields of `TraceRecord`."""

from __future__ import annotations

import json

from optbench.report.plain_words import label
from optbench.result import Result


def render(result: Result) -> str:
    """Return a line for each iterate of each traced attempt, or an empty text where none was traced."""
    plain = result.to_dict()
    problem = result.problem and label(result.problem)
    lines = [
        json.dumps({"problem": problem, "method": attempt["method"], **record}, allow_nan=False)
        for attempt in plain["attempts"]
        for record in attempt["trace"] or []
    ]
    return "".join(f"{line}\n" for line in lines)
