"""The result as one line of JSON (DESIGN: `"schema": "optbench/result/1"`)."""

from __future__ import annotations

from optbench.result import Result


def render(result: Result) -> str:
    """Return the JSON text, ending with a newline."""
    return result.to_json() + "\n"
