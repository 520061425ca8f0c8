"""JSON Lines: one result a line, so that the results of several problems can follow one another (jsonlines.org)."""

from __future__ import annotations

from optbench.report.json import render

__all__ = ["render"]
